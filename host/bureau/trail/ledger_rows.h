/* A record of rows in the making: what stands in trail_row, and the one record of the trail that covers it.
 *
 * Private to the ledger (ledger.h). Relies on: trail.h, host/sql. */
#ifndef FG_HOST_BUREAU_TRAIL_LEDGER_ROWS_H
#define FG_HOST_BUREAU_TRAIL_LEDGER_ROWS_H

#include "host/bureau/trail/ledger.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

struct fg_ledger_change {
    const char *table;
    const char *keys[FG_LEDGER_KEYS_MAX]; /* "" beyond the key */
    const struct fg_digest *before;       /* NULL = there was no such row */
    const struct fg_digest *after;        /* NULL = there is none any more */
};

struct fg_ledger_record {
    const char *who;
    uint64_t number; /* of the trail's record; 0 until the first row is added */
    uint64_t rows;
    struct fg_sha256_stream stream;
    char first[160]; /* the first row, in words */
};

void fg_ledger_record_start(struct fg_ledger_record *record, const char *who);
/* Keeps the row. From the first one on nobody else appends to the trail until the transaction ends. */
enum fg_err fg_ledger_record_add(struct fg_sql *sql, struct fg_ledger_record *record,
                                 const struct fg_ledger_change *change, struct fg_error *error);
/* Appends the trail's record; nothing when no row was added. */
enum fg_err fg_ledger_record_end(struct fg_sql *sql, struct fg_ledger_record *record, struct fg_error *error);

/* One row's part of the digest that a record's detail holds. */
void fg_ledger_change_hash(struct fg_sha256_stream *stream, const struct fg_ledger_change *change);
/* The detail of a record over so many rows. */
#define FG_LEDGER_DETAIL_BYTES 112
void fg_ledger_detail(struct fg_sha256_stream *stream, uint64_t rows,
                      char ret_detail[FG_LEDGER_DETAIL_BYTES]);

#endif
