/* Head and receipt signatures at a bureau's pace: the same statements and the same results as
 * fg_head_verify and fg_receipt_sign (proto/journal/chain.h), on GnuTLS, whose P-256 is many times faster
 * than mbedTLS'. A batch costs one of each, whatever its size, so ingest's pace hangs on them.
 *
 * Relies on: GnuTLS (which the server uses anyway), proto/journal/chain.h. Any thread. */
#ifndef FG_HOST_BUREAU_JOURNAL_GNUTLS_SIGNATURE_H
#define FG_HOST_BUREAU_JOURNAL_GNUTLS_SIGNATURE_H

#include "proto/journal/chain.h"

/* FG_OK, or FG_E_AUTH for a false signature, malformed ones included; FG_E_RANGE, FG_E_MEMORY. */
enum fg_err fg_gnutls_head_verify(const struct fg_head *head, const struct fg_signature *signature,
                                  const struct fg_public_key *key, struct fg_error *error);

/* Deterministic (RFC 6979), the very bytes that fg_receipt_sign gives. */
enum fg_err fg_gnutls_receipt_sign(const struct fg_receipt *receipt, const struct fg_private_key *key,
                                   struct fg_signature *ret_signature, struct fg_error *error);

#endif
