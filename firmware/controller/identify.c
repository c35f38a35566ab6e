/* Judging a tag's bytes (identify.h). */
#include "firmware/controller/identify.h"

#include <string.h>

#include "proto/tag.h"

void fg_identify_tag(const struct fg_reader_report *report, const struct fg_public_key *trusted,
                     size_t trusted_count, struct fg_identified *ret_identified)
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
        if (fg_tag_verify(&record, &report->uid, trusted, trusted_count, NULL) == FG_OK)
            identified.identity = FG_IDENTITY_SIGNED_TAG;
        else
            identified.tag = FG_TAG_BAD_SIGNATURE;
    }
    *ret_identified = identified;
}

static bool is_same_reading(const struct fg_reader_report *a, const struct fg_reader_report *b)
{
    return a->complete == b->complete && fg_uid_is_same(&a->uid, &b->uid) &&
           a->memory_length == b->memory_length && a->memory_length <= sizeof(a->memory) &&
           memcmp(a->memory, b->memory, a->memory_length) == 0;
}

void fg_identify_tag_once(struct fg_identified_before *before, const struct fg_reader_report *report,
                          const struct fg_public_key *trusted, size_t trusted_count,
                          struct fg_identified *ret_identified)
{
    if (!before->known || !is_same_reading(&before->report, report)) {
        fg_identify_tag(report, trusted, trusted_count, &before->identified);
        before->report = *report;
        before->known = true;
    }
    *ret_identified = before->identified;
}
