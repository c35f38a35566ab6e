/* A signed head of the bureau's trail: what it was at a moment, so that whoever keeps it can tell later
 * whether records were taken out, rewritten or cut off.
 *
 * On the wire and in files it is FG_TRAIL_STATEMENT_BYTES bytes: key id (8), signature (64), and what is
 * signed: the number of the newest record (8 bytes, big-endian), when it was signed (8, ms since 1970) and
 * the chain's hash there (32). Not: the trail (host/bureau/trail/trail.h), who keeps heads
 * (host/station/store/head_witness.h). Relies on: sign.h. No global state. */
#ifndef FG_PROTO_JOURNAL_TRAIL_HEAD_H
#define FG_PROTO_JOURNAL_TRAIL_HEAD_H

#include "lib/crypto/sign.h"

#define FG_PURPOSE_TRAIL "fillgate trail v1"
#define FG_TRAIL_STATEMENT_BYTES 120
#define FG_TRAIL_HEAD_TEXT_BYTES (20 + 1 + 2 * FG_DIGEST_BYTES + 1)

struct fg_trail_head {
    uint64_t number; /* 0: the trail is empty */
    struct fg_digest hash;
};

struct fg_trail_statement {
    struct fg_key_id key_id; /* of the receipt key that signed */
    struct fg_signature signature;
    struct fg_trail_head head; /* number: 1 to INT64_MAX */
    int64_t at_ms;             /* by the bureau's clock, not negative */
};

/* FG_E_ARG: the key is not usable. */
enum fg_err fg_trail_statement_sign(const struct fg_trail_head *head, int64_t at_ms,
                                    const struct fg_private_key *key,
                                    struct fg_trail_statement *ret_statement, struct fg_error *error);
void fg_trail_statement_encode(const struct fg_trail_statement *statement,
                               uint8_t ret_bytes[FG_TRAIL_STATEMENT_BYTES]);
/* FG_E_FORMAT: another length, or a number or time out of its range. The signature is not verified. */
enum fg_err fg_trail_statement_decode(const uint8_t *bytes, size_t length,
                                      struct fg_trail_statement *ret_statement, struct fg_error *error);
/* FG_E_NOT_FOUND: it is signed with none of these keys; FG_E_AUTH: the signature is false. */
enum fg_err fg_trail_statement_verify(const struct fg_trail_statement *statement,
                                      const struct fg_public_key *keys, size_t key_count,
                                      struct fg_error *error);

bool fg_trail_head_equal(const struct fg_trail_head *one, const struct fg_trail_head *other);
/* "NUMBER:HASH", as logs and commands show a head. */
void fg_trail_head_text(const struct fg_trail_head *head, char ret_text[FG_TRAIL_HEAD_TEXT_BYTES]);

#endif
