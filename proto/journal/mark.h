/* The mark that pruning leaves: from where a journal's chain goes on, signed with the device key.
 *
 * A mark says "the entries of this controller up to `sequence` were pruned, their chain ended in `hash`, this
 * is what they said of the point's safety, and here is the bureau's receipt that covers them". Without it, a
 * journal that does not begin with entry 1 has lost its beginning. Not: pruning or storage
 * (firmware/journal). Relies on: chain.h, sign.h, nanopb. No global state. */
#ifndef FG_PROTO_JOURNAL_MARK_H
#define FG_PROTO_JOURNAL_MARK_H

#include "proto/journal/chain.h"

/* No encoded mark, signature included, is longer. */
#define FG_MARK_BYTES_MAX 416

struct fg_mark {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;        /* the last entry that was pruned, at least 1 */
    struct fg_digest hash;    /* hash(sequence) */
    int64_t pruned_wall_ms;   /* when */
    struct fg_fill_kept kept; /* the point's safety as those entries tell it */
    /* The bureau's receipt: it covers sequence. Its signature is not part of what fg_mark_verify holds. */
    struct fg_receipt receipt;
    struct fg_signature receipt_signature;
};

/* Signature over the canonical FgMark message. FG_E_RANGE: no controller, sequence 0, or a receipt that is
 * another controller's, does not cover sequence, or has another hash there. */
enum fg_err fg_mark_sign(const struct fg_mark *mark, const struct fg_private_key *key,
                         struct fg_signature *ret_signature, struct fg_error *error);

/* FG_E_AUTH: not signed by key. FG_E_RANGE as above. */
enum fg_err fg_mark_verify(const struct fg_mark *mark, const struct fg_signature *signature,
                           const struct fg_public_key *key, struct fg_error *error);

/* As it is stored: message FgSignedMark. Decoding does not verify; a message that is not in canonical form is
 * FG_E_FORMAT. FG_E_SIZE, FG_E_RANGE. */
enum fg_err fg_mark_encode(const struct fg_mark *mark, const struct fg_signature *signature, uint8_t *bytes,
                           size_t size, size_t *ret_length, struct fg_error *error);
enum fg_err fg_mark_decode(const uint8_t *bytes, size_t length, struct fg_mark *ret_mark,
                           struct fg_signature *ret_signature, struct fg_error *error);

#endif
