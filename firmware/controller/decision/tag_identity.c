/* Judging a tag's bytes (tag_identity.h). */
#include "firmware/controller/decision/tag_identity.h"

#include <string.h>

#include "proto/point/tag.h"

void fg_genuine_tags_forget(struct fg_genuine_tags *genuine)
{
    memset(genuine, 0, sizeof(*genuine));
}

/* Of all that a verification depends on but the keys. */
static void record_digest(const struct fg_tag_record *record, const struct fg_uid *uid,
                          struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, &uid->length, 1);
    fg_sha256_add(&stream, uid->bytes, uid->length);
    fg_sha256_add(&stream, record->code.text, strlen(record->code.text) + 1);
    fg_sha256_add(&stream, record->key.bytes, sizeof(record->key.bytes));
    fg_sha256_add(&stream, record->signature.bytes, sizeof(record->signature.bytes));
    fg_sha256_finish(&stream, ret_digest);
}

static bool is_genuine(struct fg_genuine_tags *genuine, const struct fg_tag_record *record,
                       const struct fg_uid *uid, const struct fg_public_key *trusted, size_t trusted_count)
{
    struct fg_digest digest;
    struct fg_digest *place;

    record_digest(record, uid, &digest);
    place = &genuine->digests[((size_t)digest.bytes[0] << 8 | digest.bytes[1]) % FG_GENUINE_TAGS_MAX];
    if (memcmp(place, &digest, sizeof(digest)) == 0)
        return true;
    if (fg_tag_verify(record, uid, trusted, trusted_count, NULL) != FG_OK)
        return false;
    *place = digest;
    return true;
}

void fg_identify_tag(struct fg_genuine_tags *genuine, const struct fg_reader_report *report,
                     const struct fg_public_key *trusted, size_t trusted_count,
                     struct fg_identified *ret_identified)
{
    struct fg_identified identified = {
        .tag = FG_TAG_OK, .identity = FG_IDENTITY_BARE_UID, .uid = report->uid};
    struct fg_tag_record record;

    if (!report->complete || report->memory_length > sizeof(report->memory)) {
        identified.tag = FG_TAG_UNREADABLE;
    } else if (fg_tag_parse(report->memory, report->memory_length, &record, NULL) != FG_OK) {
        identified.tag = FG_TAG_BAD_FORMAT;
    } else {
        identified.code = record.code;
        if (is_genuine(genuine, &record, &report->uid, trusted, trusted_count))
            identified.identity = FG_IDENTITY_SIGNED_TAG;
        else
            identified.tag = FG_TAG_BAD_SIGNATURE;
    }
    *ret_identified = identified;
}
