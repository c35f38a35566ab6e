/* The journal entry as bytes: protobuf message FgEntry (journal.proto), and back.
 *
 * Encoding is canonical: one entry has one byte string (fields in number order, zero values left out), so
 * that hashes of it are reproducible. Decoding takes any bytes. Not: the chain over entries (chain.h) or
 * their storage. Relies on: nanopb. No global state. */
#ifndef FG_PROTO_JOURNAL_ENTRY_H
#define FG_PROTO_JOURNAL_ENTRY_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* No entry is longer, and none that is longer is read. */
#define FG_ENTRY_BYTES_MAX 1536

/* Encodes *entry into bytes[0..size), size at least FG_ENTRY_BYTES_MAX to be sure. FG_E_RANGE names a field
 * that holds an impossible value (text not UTF-8, count beyond its array, unknown kind), FG_E_SIZE when it
 * does not fit. */
enum fg_err fg_entry_encode(const struct fg_entry *entry, uint8_t *bytes, size_t size, size_t *ret_length,
                            struct fg_error *error);

/* Decodes bytes from anywhere. Unknown fields are skipped, so that a newer controller's entry can be read.
 * FG_E_SIZE, FG_E_FORMAT or FG_E_RANGE. */
enum fg_err fg_entry_decode(const uint8_t *bytes, size_t length, struct fg_entry *ret_entry,
                            struct fg_error *error);

#endif
