/* What a tag's bytes are worth: readable, a record, genuine. Tags are signed here, and spoilt. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/decision/tag_identity.h"
#include "proto/point/tag.h"
#include "tests/lib/check.h"

static struct fg_private_key bureau;
static struct fg_private_key stranger;
static struct fg_reader_report report;
static struct fg_identified identified;
static struct fg_error error;
static struct fg_genuine_tags genuine;

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
    static struct fg_genuine_tags none_yet;

    fg_genuine_tags_forget(&none_yet);
    fg_identify_tag(&none_yet, &report, &trusted->public_key, 1, &identified);
}

TEST("CLONES-SHOW: only a record that a trusted key signed for this tag is a signed tag; the code is told "
     "anyway")
{
    tag_make();
    identify(&bureau);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    identify(&stranger);
    judged(FG_TAG_BAD_SIGNATURE, FG_IDENTITY_BARE_UID, "HZ-1");
    fg_identify_tag(&genuine, &report, &bureau.public_key, 0, &identified);
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

/* Judges by the stranger's key, among tags of which some are known: whoever still is a signed tag was not
 * verified again. */
static bool is_verified_again(void)
{
    fg_identify_tag(&genuine, &report, &stranger.public_key, 1, &identified);
    return identified.identity != FG_IDENTITY_SIGNED_TAG;
}

static void tag_know(void)
{
    tag_make();
    fg_genuine_tags_forget(&genuine);
    fg_identify_tag(&genuine, &report, &bureau.public_key, 1, &identified);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
}

/* Where a byte of the record lies in the memory: code, key id and signature end before the terminator. */
static size_t signature_end(void)
{
    size_t end = report.memory_length - 1;

    while (end > 0 && report.memory[end] != 0xFE)
        end--;
    return end;
}

TEST("CLONES-SHOW: a genuine record on its own tag is verified once; on another tag, or changed, it is "
     "verified")
{
    size_t last;

    tag_know();
    last = signature_end() - 1;
    CHECK(!is_verified_again());
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    for (size_t i = 0; i < FG_SIGNATURE_BYTES + FG_KEY_ID_BYTES; i++) {
        report.memory[last - i] ^= 1;
        CHECK(is_verified_again());
        report.memory[last - i] ^= 1;
    }
    for (size_t i = 0; i < report.uid.length; i++) {
        report.uid.bytes[i] ^= 1;
        CHECK(is_verified_again());
        report.uid.bytes[i] ^= 1;
    }
    report.uid.length = 4;
    CHECK(is_verified_again());
    report.uid.length = 7;
    CHECK(!is_verified_again());
}

TEST("CLONES-SHOW: what is known of a tag does not outlive the keys, and needs the tag to be read again")
{
    tag_know();
    report.complete = false;
    CHECK(is_verified_again());
    judged(FG_TAG_UNREADABLE, FG_IDENTITY_BARE_UID, "");
    report.complete = true;
    CHECK(!is_verified_again());
    fg_genuine_tags_forget(&genuine);
    CHECK(is_verified_again());
}

TEST("a record that is not genuine is never known")
{
    tag_make();
    fg_genuine_tags_forget(&genuine);
    for (int i = 0; i < 2; i++) {
        CHECK(is_verified_again());
        judged(FG_TAG_BAD_SIGNATURE, FG_IDENTITY_BARE_UID, "HZ-1");
    }
}

TEST("more genuine tags than there are places take each other's, and stay genuine")
{
    struct fg_public_key key;

    tag_know();
    key = bureau.public_key;
    memset(&genuine, 0xFF, sizeof(genuine));
    fg_identify_tag(&genuine, &report, &key, 1, &identified);
    judged(FG_TAG_OK, FG_IDENTITY_SIGNED_TAG, "HZ-1");
    CHECK(!is_verified_again());
}
