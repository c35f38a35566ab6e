/* The bureau's clock statement: what the entries of one controller up to a number vouch for, of time, counts
 * no more, and from now on its clock may be as early as floor_ms.
 *
 * Signed with a key that signs lists. It can be used once: the entry that records its use comes after the
 * number that it names, and what entries after that number vouch for still counts. Not: what a controller
 * does with it (controller/start.h). Relies on: sign.h, nanopb. No global state. */
#ifndef FG_PROTO_JOURNAL_CLOCK_STATEMENT_H
#define FG_PROTO_JOURNAL_CLOCK_STATEMENT_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

/* No signed statement is longer. */
#define FG_CLOCK_STATEMENT_BYTES_MAX 272

struct fg_clock_statement {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;            /* the controller's newest entry when it was made; at least 1 */
    int64_t floor_ms;             /* wall ms; above 0 */
    char reason[FG_TEXT_MAX + 1]; /* why, for the record; not empty */
};

/* FG_E_RANGE: a field is out of its bounds; FG_E_SIZE: it does not fit into size bytes
 * (FG_CLOCK_STATEMENT_BYTES_MAX is always enough). */
enum fg_err fg_clock_statement_sign(const struct fg_clock_statement *statement,
                                    const struct fg_private_key *key, uint8_t *bytes, size_t size,
                                    size_t *ret_length, struct fg_error *error);

/* Decodes, and demands that one of the keys signed it. FG_E_SIZE, FG_E_FORMAT, FG_E_RANGE; FG_E_AUTH: none of
 * the keys did. */
enum fg_err fg_clock_statement_verify(const uint8_t *bytes, size_t length, const struct fg_public_key *keys,
                                      size_t key_count, struct fg_clock_statement *ret_statement,
                                      struct fg_error *error);

#endif
