/* The tables of the ledger. A part of the bureau's schema (schema.h); SQL for both back ends.
 *
 * trail_row: what each record ROWS of the trail covers (ledger.h): of each row its table and key, its digest
 * before (was) and after (becomes); empty = there was or is none. Rows are only ever added.
 *
 * trail_conflict: signed heads of the trail that stations handed back and the trail contradicts
 * (trail_witness.h).
 */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_LEDGER_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_LEDGER_H

#define FG_SCHEMA_LEDGER                                                                                     \
    "CREATE TABLE trail_row (tab TEXT NOT NULL, k1 TEXT NOT NULL, k2 TEXT NOT NULL, k3 TEXT NOT NULL,"       \
    " number BIGINT NOT NULL, place BIGINT NOT NULL, was BYTES NOT NULL, becomes BYTES NOT NULL,"            \
    " PRIMARY KEY (tab, k1, k2, k3, number));"                                                               \
    "CREATE UNIQUE INDEX trail_row_of_number ON trail_row (number, place);"

#define FG_SCHEMA_WITNESSES                                                                                  \
    "CREATE TABLE trail_conflict (number BIGINT NOT NULL, hash BYTES NOT NULL, signed_ms BIGINT NOT NULL,"   \
    " key_id BYTES NOT NULL, signature BYTES NOT NULL, station TEXT NOT NULL, heard_ms BIGINT NOT NULL,"     \
    " PRIMARY KEY (number, hash));"

#endif
