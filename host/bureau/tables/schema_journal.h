/* The tables of the journals, of what stations report, and of the alarms. A part of the bureau's schema
 * (schema.h), migration "journal"; SQL for both back ends. Keys lead with the controller (or device), so that
 * the tables can be distributed by it. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_JOURNAL_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_JOURNAL_H

/* journal_entry: the bytes are the truth; all columns behind `arrived_ms` are read from them and exist for
 * look-ups alone (journal_columns.h). head_signature stands at the last entry of each batch. code and plate
 * are indexed for the look-ups of one cylinder or vehicle.
 *
 * journal_head: how far each journal is held, and the bureau's own newest receipt.
 * journal_evidence: batches that contradict what is held (a fork) or whose head signature is false.
 * follow: how far the alarms have read each journal, and what they must remember of it. */
#define FG_SCHEMA_JOURNAL                                                                                    \
    "CREATE TABLE journal_entry (controller TEXT NOT NULL, sequence BIGINT NOT NULL, bytes BYTES NOT NULL,"  \
    " hash BYTES NOT NULL, head_signature BYTES, station TEXT NOT NULL, arrived_ms BIGINT NOT NULL,"         \
    " marks BIGINT NOT NULL, kind BIGINT NOT NULL, wall_ms BIGINT NOT NULL, clock_quality BIGINT NOT NULL,"  \
    " code TEXT NOT NULL, plate TEXT NOT NULL, operator_id TEXT NOT NULL, medium BIGINT NOT NULL,"           \
    " identity BIGINT NOT NULL, reason BIGINT NOT NULL, stop BIGINT NOT NULL, event BIGINT NOT NULL,"        \
    " quantity_g BIGINT NOT NULL, start_inventory_g BIGINT NOT NULL, inventory_g BIGINT NOT NULL,"           \
    " meter_state BIGINT NOT NULL, authorised_sequence BIGINT NOT NULL, list_id TEXT NOT NULL,"              \
    " list_version BIGINT NOT NULL, PRIMARY KEY (controller, sequence));"                                    \
    "CREATE INDEX journal_entry_of_code ON journal_entry (code, wall_ms) WHERE code <> '';"                  \
    "CREATE TABLE journal_head (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL,"        \
    " head BYTES NOT NULL, receipt BYTES NOT NULL, station TEXT NOT NULL, arrived_ms BIGINT NOT NULL,"       \
    " gap_since_ms BIGINT NOT NULL DEFAULT 0, gap_sequence BIGINT NOT NULL DEFAULT 0);"                      \
    "CREATE TABLE journal_evidence (controller TEXT NOT NULL, number BIGINT NOT NULL, digest BYTES NOT "     \
    "NULL,"                                                                                                  \
    " kind BIGINT NOT NULL, arrived_ms BIGINT NOT NULL, peer TEXT NOT NULL, sequence BIGINT NOT NULL,"       \
    " signed BIGINT NOT NULL, batch BYTES NOT NULL, PRIMARY KEY (controller, number));"                      \
    "CREATE TABLE device_report (device TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, via TEXT NOT NULL,"   \
    " contact_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, clock_quality BIGINT NOT NULL,"                   \
    " clock_offset_ms BIGINT NOT NULL, list_id TEXT NOT NULL, list_version BIGINT NOT NULL,"                 \
    " list_issued_ms BIGINT NOT NULL, last_sequence BIGINT NOT NULL, unsent BIGINT NOT NULL,"                \
    " oldest_unsent_ms BIGINT NOT NULL, disk_free_bytes BIGINT NOT NULL, version TEXT NOT NULL);"            \
    "CREATE TABLE follow (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL,"              \
    " meter_known BIGINT NOT NULL, meter_g BIGINT NOT NULL, meter_sequence BIGINT NOT NULL,"                 \
    " fill_open BIGINT NOT NULL, unaccounted_g BIGINT NOT NULL, unaccounted_sequence BIGINT NOT NULL);"      \
    "CREATE TABLE alarm (kind BIGINT NOT NULL, subject TEXT NOT NULL, since_ms BIGINT NOT NULL,"             \
    " last_ms BIGINT NOT NULL, count BIGINT NOT NULL, controller TEXT NOT NULL, station TEXT NOT NULL,"      \
    " code TEXT NOT NULL, sequence BIGINT NOT NULL, detail TEXT NOT NULL, closed_ms BIGINT NOT NULL,"        \
    " closed_by TEXT NOT NULL, closed_why TEXT NOT NULL, number BIGINT NOT NULL,"                            \
    " PRIMARY KEY (kind, subject, number));"                                                                 \
    "CREATE UNIQUE INDEX alarm_open ON alarm (kind, subject) WHERE closed_ms = 0;"

/* Further columns of journal_entry that are read from the bytes (journal_columns.h, FG_JOURNAL_DETAILS);
 * those of the entries that are held already are filled in by journal_backfill.h. */
#define FG_SCHEMA_ENTRY_DETAILS                                                                              \
    "ALTER TABLE journal_entry ADD COLUMN second_person TEXT NOT NULL DEFAULT '';"                           \
    "ALTER TABLE journal_entry ADD COLUMN operator_proof BIGINT NOT NULL DEFAULT 0;"                         \
    "ALTER TABLE journal_entry ADD COLUMN second_proof BIGINT NOT NULL DEFAULT 0;"                           \
    "ALTER TABLE journal_entry ADD COLUMN checks_failed BIGINT NOT NULL DEFAULT 0;"                          \
    "ALTER TABLE journal_entry ADD COLUMN repeat_first_wall_ms BIGINT NOT NULL DEFAULT 0;"                   \
    "ALTER TABLE journal_entry ADD COLUMN repeat_last_wall_ms BIGINT NOT NULL DEFAULT 0;"                    \
    "ALTER TABLE journal_entry ADD COLUMN clock_floor_ms BIGINT NOT NULL DEFAULT 0;"                         \
    "ALTER TABLE journal_entry ADD COLUMN clock_floor_before_ms BIGINT NOT NULL DEFAULT 0;"

#endif
