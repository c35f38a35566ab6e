/* The hash chain over journal entries, and the two signed statements about it: head and receipt.
 *
 * hash(0) = SHA-256("fillgate chain v1" || controller id), hash(n) = SHA-256(0x02 || hash(n-1) || bytes(n)).
 * A head says "this controller's chain ends here", signed with the device key; a receipt says "I hold all of
 * this controller's entries before number next, and their chain ends in this hash", signed by the bureau.
 * Not: storage. Relies on: sign.h, nanopb. No global state. */
#ifndef FG_PROTO_JOURNAL_CHAIN_H
#define FG_PROTO_JOURNAL_CHAIN_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

/* No encoded head or receipt, signature included, is longer. */
#define FG_STATEMENT_BYTES_MAX 192

struct fg_head {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence; /* of the entry that hash covers last; 0 = before the first entry */
    struct fg_digest hash;
};

struct fg_receipt {
    char controller[FG_NAME_MAX + 1];
    uint64_t next_sequence; /* first entry not yet held, at least 1 */
    struct fg_digest head;  /* hash(next_sequence - 1) */
};

/* hash(0) of a controller. Never fails. */
void fg_chain_start(const char *controller, struct fg_digest *ret_hash);

/* hash(n) from hash(n-1) and the bytes of entry n. ret_hash may be previous. */
void fg_chain_next(const struct fg_digest *previous, const uint8_t *bytes, size_t length,
                   struct fg_digest *ret_hash);

/* Signature over the canonical FgHead or FgReceipt message. */
enum fg_err fg_head_sign(const struct fg_head *head, const struct fg_private_key *key,
                         struct fg_signature *ret_signature, struct fg_error *error);
enum fg_err fg_head_verify(const struct fg_head *head, const struct fg_signature *signature,
                           const struct fg_public_key *key, struct fg_error *error);
enum fg_err fg_receipt_sign(const struct fg_receipt *receipt, const struct fg_private_key *key,
                            struct fg_signature *ret_signature, struct fg_error *error);
enum fg_err fg_receipt_verify(const struct fg_receipt *receipt, const struct fg_signature *signature,
                              const struct fg_public_key *key, struct fg_error *error);

/* As they travel and as files: message FgSignedStatement. Decoding does not verify. FG_E_FORMAT, FG_E_SIZE,
 * FG_E_RANGE. */
enum fg_err fg_head_encode(const struct fg_head *head, const struct fg_signature *signature, uint8_t *bytes,
                           size_t size, size_t *ret_length, struct fg_error *error);
enum fg_err fg_head_decode(const uint8_t *bytes, size_t length, struct fg_head *ret_head,
                           struct fg_signature *ret_signature, struct fg_error *error);
enum fg_err fg_receipt_encode(const struct fg_receipt *receipt, const struct fg_signature *signature,
                              uint8_t *bytes, size_t size, size_t *ret_length, struct fg_error *error);
enum fg_err fg_receipt_decode(const uint8_t *bytes, size_t length, struct fg_receipt *ret_receipt,
                              struct fg_signature *ret_signature, struct fg_error *error);

#endif
