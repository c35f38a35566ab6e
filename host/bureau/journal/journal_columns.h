/* The columns of the bureau's table journal_entry: what stands in them for an entry's bytes.
 *
 * Ingest writes them and the audit compares them, both through here, so that there is one answer. Not:
 * storing (ingest.h), verifying (audit_walk.h). Relies on: proto/journal/entry.h, suspension.h,
 * host/sql/sql.h. Any thread. */
#ifndef FG_HOST_BUREAU_JOURNAL_JOURNAL_COLUMNS_H
#define FG_HOST_BUREAU_JOURNAL_JOURNAL_COLUMNS_H

#include "host/bureau/journal/suspension.h"
#include "host/sql/sql.h"
#include "proto/journal/entry.h"

/* Bits of column marks: what is odd about an entry that is held all the same. Values are stored: never
 * renumber. */
#define FG_MARK_UNDECODABLE 1
#define FG_MARK_FUTURE 2    /* dated more than FG_FUTURE_MS after it arrived */
#define FG_MARK_FOREIGN 4   /* its bytes name another controller or sequence than the place it holds */
#define FG_MARK_SUSPENDED 8 /* it came, or says it is, from a time when its controller was suspended */
/* Their names: "", then the one of each bit, from the lowest; NULL ends them. */
extern const char *const fg_journal_mark_names[];
#define FG_MARK_OF(place) (UINT32_C(1) << ((place)-1)) /* by place among the names, from 1 on */

/* In SQL: the marks of entries whose bytes say what happened at this very place. */
#define FG_MARKS_COUNT "(0, 2, 8, 10)"
/* Of those, the ones whose time can be believed. */
#define FG_MARKS_TIMED "(0, 8)"

#define FG_FUTURE_MS INT64_C(86400000)

/* Who answered with what proof, which checks failed, what an entry stands for, the clock's floor: what came
 * to the table after its first columns (journal_backfill.h). */
#define FG_JOURNAL_DETAIL_COUNT 9
#define FG_JOURNAL_DETAILS                                                                                   \
    "second_person, operator_proof, second_proof, checks_failed, repeats, repeat_first_wall_ms, "            \
    "repeat_last_wall_ms, clock_floor_ms, clock_floor_before_ms"

#define FG_JOURNAL_COLUMN_COUNT (26 + FG_JOURNAL_DETAIL_COUNT)
#define FG_JOURNAL_COLUMNS                                                                                   \
    "controller, sequence, bytes, hash, head_signature, station, arrived_ms, marks, kind, wall_ms, "         \
    "clock_quality, code, plate, operator_id, medium, identity, reason, stop, event, quantity_g, "           \
    "start_inventory_g, inventory_g, meter_state, authorised_sequence, list_id, "                            \
    "list_version, " FG_JOURNAL_DETAILS

/* One entry in its place. Pointers are the caller's. */
struct fg_journal_place {
    const char *controller;
    uint64_t sequence;
    const uint8_t *bytes;
    size_t length;
    const struct fg_digest *hash;
    const struct fg_signature *head_signature; /* NULL inside a batch */
    const char *station;                       /* of the controller, or the controller when it has none */
    int64_t arrived_ms;
    const struct fg_suspensions *suspensions; /* of the controller; NULL: it never was suspended */
};

/* Decodes the entry, if it can be, and finds its marks. entry is zeroed when it cannot. */
uint32_t fg_journal_marks(const struct fg_journal_place *place, struct fg_entry *ret_entry);

/* The values of FG_JOURNAL_DETAILS, in its order. They point into *entry. */
void fg_journal_details(const struct fg_entry *entry,
                        struct fg_sql_value ret_values[FG_JOURNAL_DETAIL_COUNT]);

/* The values of all columns in the order of FG_JOURNAL_COLUMNS. They point into *place and *entry. */
void fg_journal_values(const struct fg_journal_place *place, const struct fg_entry *entry, uint32_t marks,
                       struct fg_sql_value ret_values[FG_JOURNAL_COLUMN_COUNT]);

/* Compares a row whose columns are FG_JOURNAL_COLUMNS with the values that its bytes demand. Returns the name
 * of the first column that differs, NULL when all agree. */
const char *fg_journal_difference(const struct fg_sql_statement *row,
                                  const struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT]);

#endif
