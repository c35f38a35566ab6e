/* From what the reader said of a tag to what the rules must know of it: readable, well-formed, genuine.
 *
 * Not: the list (a genuine tag is only a name). Relies on: proto/point/tag.h, core/rules.h, reader/watch.h.
 */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_TAG_IDENTITY_H
#define FG_FIRMWARE_CONTROLLER_DECISION_TAG_IDENTITY_H

#include "firmware/core/rules.h"
#include "firmware/reader/watch.h"
#include "lib/crypto/sign.h"

/* Who stands before the point, as far as tag or manual entry tell. */
struct fg_identified {
    uint8_t tag;      /* enum fg_tag_result */
    uint8_t identity; /* enum fg_identity: SIGNED_TAG only when the signature proved */
    struct fg_uid uid;
    struct fg_code code; /* empty when the tag gave none; also given when the signature is false */
    char second_person[FG_NAME_MAX + 1]; /* manual entry only: who proved himself, as the list spells him */
    uint8_t second_proof;                /* how; enum fg_person_proof */
};

/* The records that were verified, so that a tag that comes back costs no verification: digests of record and
 * UID, each in the one place that it can have; another one in the same place takes it. Zero-initialise. */
#define FG_GENUINE_TAGS_MAX 2048
struct fg_genuine_tags {
    struct fg_digest digests[FG_GENUINE_TAGS_MAX];
};

/* To be called whenever the trusted keys change. */
void fg_genuine_tags_forget(struct fg_genuine_tags *genuine);

/* Judges one FG_READER_TAG report by the trusted keys. Never fails: whatever is wrong with the tag becomes
 * its result. */
void fg_identify_tag(struct fg_genuine_tags *genuine, const struct fg_reader_report *report,
                     const struct fg_public_key *trusted, size_t trusted_count,
                     struct fg_identified *ret_identified);

#endif
