/* What a tag's bytes are worth: readable, a record, genuine. Tags are signed here, and spoilt. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/identify.h"
#include "proto/tag.h"
#include "tests/lib/check.h"

static struct fg_private_key bureau;
static struct fg_private_key stranger;
static struct fg_reader_report report;
static struct fg_identified identified;
static struct fg_error error;

/* A genuine tag of HZ-1. */
static void tag_make(void)
{
    const struct fg_uid uid = {7, {4, 1, 2, 3, 4, 5, 6}};
    const struct fg_code code = {"HZ-1"};
    struct fg_tag_record record;
    size_t length = 0;

    if (bureau.public_key.point[0] == 0) {
        CHECK_OK(fg_private_key_new(&bureau, &error), &error);
        CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    }
    report = (struct fg_reader_report){.kind = FG_READER_TAG, .tag_count = 1, .uid = uid, .complete = true};
    CHECK_OK(fg_tag_sign(&bureau, &uid, &code, &record, &error), &error);
    CHECK_OK(fg_tag_build(&record, report.memory + 16, sizeof(report.memory) - 16, &length, &error), &error);
    memcpy(report.memory, uid.bytes, 3);
    report.memory[3] = (uint8_t)(0x88 ^ uid.bytes[0] ^ uid.bytes[1] ^ uid.bytes[2]);
    memcpy(report.memory + 4, uid.bytes + 3, 4);
    report.memory[8] = (uint8_t)(uid.bytes[3] ^ uid.bytes[4] ^ uid.bytes[5] ^ uid.bytes[6]);
    memcpy(report.memory + 12, "\xe1\x10\x12\x00", 4);
    report.memory_length = 16 + 144;
}

static void judged(uint8_t tag, uint8_t identity, const char *code)
{
    CHECK_INT(identified.tag, tag);
    CHECK_INT(identified.identity, identity);
    CHECK_TEXT(identified.code.text, code);
    CHECK_INT(identified.uid.bytes[6], report.uid.bytes[6]);
    CHECK_TEXT(identified.second_person, "");
    CHECK_INT(identified.second_proof, FG_PERSON_PROOF_NONE);
}

static void identify(const struct fg_private_key *trusted)
{
    fg_identify_tag(&report, &trusted->public_key, 1, &identified);
}

TEST("CLONES-SHOW: only a record that a trusted key signed for this tag is a signed tag; the code is told "
     "anyway")
{
    tag_make();
    identify(&bureau);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    identify(&stranger);
    judged(FG_TAG_BAD_SIGNATURE, FG_IDENTITY_BARE_UID, "HZ-1");
    fg_identify_tag(&report, &bureau.public_key, 0, &identified);
    judged(FG_TAG_BAD_SIGNATURE, FG_IDENTITY_BARE_UID, "HZ-1");
    report.uid.bytes[6] = 7;
    identify(&bureau);
    judged(FG_TAG_BAD_SIGNATURE, FG_IDENTITY_BARE_UID, "HZ-1");
}

TEST("BAD-INPUT-IS-SAFE: a reading that is not whole, or longer than any tag, is unreadable; others are no "
     "record")
{
    tag_make();
    report.complete = false;
    identify(&bureau);
    judged(FG_TAG_UNREADABLE, FG_IDENTITY_BARE_UID, "");
    report.complete = true;
    report.memory_length = sizeof(report.memory) + 1;
    identify(&bureau);
    judged(FG_TAG_UNREADABLE, FG_IDENTITY_BARE_UID, "");
    report.memory_length = sizeof(report.memory);
    identify(&bureau);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    report.memory_length = 16;
    identify(&bureau);
    judged(FG_TAG_BAD_FORMAT, FG_IDENTITY_BARE_UID, "");
}

/* Judges by the stranger's key: whoever still is a signed tag was not judged again. */
static bool is_judged_again(struct fg_identified_before before)
{
    fg_identify_tag_once(&before, &report, &stranger.public_key, 1, &identified);
    CHECK(before.known);
    return identified.identity != FG_IDENTITY_SIGNED_TAG;
}

TEST("CLONES-SHOW: the same bytes of the same tag are not judged twice, any others are")
{
    struct fg_identified_before before = {0};

    tag_make();
    CHECK(is_judged_again(before));
    fg_identify_tag_once(&before, &report, &bureau.public_key, 1, &identified);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    CHECK(!is_judged_again(before));
    before.known = false;
    CHECK(is_judged_again(before));
    before.known = true;
    report.memory[report.memory_length - 1] ^= 1;
    CHECK(is_judged_again(before));
    report.memory[report.memory_length - 1] ^= 1;
    report.memory_length++;
    CHECK(is_judged_again(before));
    report.memory_length--;
    report.uid.bytes[6] ^= 1;
    CHECK(is_judged_again(before));
    report.uid.bytes[6] ^= 1;
    report.complete = false;
    CHECK(is_judged_again(before));
    report.complete = true;
    CHECK(!is_judged_again(before));
    report.memory_length = before.report.memory_length = sizeof(report.memory);
    CHECK(!is_judged_again(before));
    report.memory_length = before.report.memory_length = sizeof(report.memory) + 1;
    CHECK(is_judged_again(before));
}

TEST("a tag that is judged again is known from then on by what was found")
{
    struct fg_identified_before before = {0};

    tag_make();
    fg_identify_tag_once(&before, &report, &bureau.public_key, 1, &identified);
    report.memory_length = 16;
    fg_identify_tag_once(&before, &report, &bureau.public_key, 1, &identified);
    judged(FG_TAG_BAD_FORMAT, FG_IDENTITY_BARE_UID, "");
    CHECK_INT(before.report.memory_length, 16);
    CHECK_INT(before.identified.tag, FG_TAG_BAD_FORMAT);
}
