/* The indices that the history is searched by, and the day sums that the overview is made of. A part of the
 * bureau's schema (schema.h), migration "history"; SQL for both back ends. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_HISTORY_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_HISTORY_H

/* What kind, medium, identity and reason say together, as one number: each is at most 255. Few of these
 * classes exist, so that a search by any of the four asks for some classes, each by index and in order of
 * time (history.c). */
#define FG_HISTORY_CLASS "(kind * 16777216 + medium * 65536 + identity * 256 + reason)"

/* Every index but the one of controllers ends with the order of the history, so that a page is read off
 * it. The partial ones leave out what nobody asks for; their conditions must stand in the statements. The
 * order of controllers at the same time is that of their bytes, on both back ends. */
#define FG_SCHEMA_HISTORY                                                                                    \
    "DROP INDEX journal_entry_of_code;"                                                                      \
    "CREATE INDEX journal_entry_of_code ON journal_entry (code, wall_ms, controller COLLATE \"C\", "         \
    "sequence) WHERE code "                                                                                  \
    "<> '';"                                                                                                 \
    "CREATE INDEX journal_entry_of_plate ON journal_entry (plate, wall_ms, controller COLLATE \"C\", "       \
    "sequence) WHERE "                                                                                       \
    "plate <> '';"                                                                                           \
    "CREATE INDEX journal_entry_of_time ON journal_entry (wall_ms, controller COLLATE \"C\", sequence);"     \
    "CREATE INDEX journal_entry_of_class ON journal_entry (" FG_HISTORY_CLASS                                \
    ", wall_ms, controller COLLATE \"C\", sequence);"                                                        \
    "CREATE INDEX journal_entry_of_station ON journal_entry (station, " FG_HISTORY_CLASS                     \
    ", wall_ms, controller COLLATE \"C\", sequence);"                                                        \
    "CREATE INDEX journal_entry_of_controller ON journal_entry (controller, station, " FG_HISTORY_CLASS      \
    ", wall_ms, sequence);"                                                                                  \
    "CREATE INDEX journal_entry_of_operator ON journal_entry (operator_id, controller, " FG_HISTORY_CLASS    \
    ", wall_ms, sequence) WHERE operator_id <> '';"

/* Sums that entries are added to once each, in the order of their journals (day_sums.h). station_day:
 * decisions and fills by day of the controllers' clocks; station_night: whatever arrived, from noon to noon;
 * controller_sum: over all time; sum_follow: how far each journal has been read, and where days began then.
 *
 * finding: what verifications found altered and still find; verified: when each journal was found whole. */
#define FG_SCHEMA_DAYS                                                                                       \
    "CREATE TABLE station_day (day BIGINT NOT NULL, station TEXT NOT NULL, kind BIGINT NOT NULL, reason "    \
    "BIGINT NOT NULL, entries BIGINT NOT NULL, quantity_g BIGINT NOT NULL, PRIMARY KEY (day, station, "      \
    "kind, reason));"                                                                                        \
    "CREATE INDEX station_day_of_station ON station_day (station);"                                          \
    "CREATE TABLE station_night (station TEXT NOT NULL, day BIGINT NOT NULL, entries BIGINT NOT NULL, "      \
    "PRIMARY KEY (station, day));"                                                                           \
    "CREATE TABLE controller_sum (controller TEXT NOT NULL, kind BIGINT NOT NULL, entries BIGINT NOT NULL, " \
    "quantity_g BIGINT NOT NULL, PRIMARY KEY (controller, kind));"                                           \
    "CREATE TABLE sum_follow (controller TEXT NOT NULL PRIMARY KEY, next_sequence BIGINT NOT NULL, "         \
    "utc_offset_min BIGINT NOT NULL);"                                                                       \
    "CREATE TABLE finding (controller TEXT NOT NULL, sequence BIGINT NOT NULL, found_ms BIGINT NOT NULL, "   \
    "text TEXT NOT NULL, PRIMARY KEY (controller, sequence));"                                               \
    "CREATE TABLE verified (controller TEXT NOT NULL PRIMARY KEY, whole_ms BIGINT NOT NULL, checked_ms "     \
    "BIGINT NOT NULL, findings BIGINT NOT NULL);"                                                            \
    "CREATE INDEX cylinder_of_area ON cylinder (area, state, inspection_due);"                               \
    "CREATE INDEX point_of_station ON point (station);"                                                      \
    "CREATE INDEX alarm_of_station ON alarm (station, closed_ms);"                                           \
    "CREATE INDEX alarm_of_code ON alarm (code) WHERE code <> '';"                                           \
    "CREATE INDEX alarm_of_controller ON alarm (controller) WHERE controller <> '';"                         \
    "CREATE INDEX alarm_of_time ON alarm (since_ms);"

/* How many occurrences an entry stands for (repeat_count of its bytes, 1 without it). */
#define FG_SCHEMA_REPEATS "ALTER TABLE journal_entry ADD COLUMN repeats BIGINT NOT NULL DEFAULT 1;"

#endif
