/* The indices that the history is searched by, and the day sums that the overview is made of. A part of the
 * bureau's schema (schema.h), migration "history"; SQL for both back ends. */
#ifndef FG_BUREAU_SCHEMA_HISTORY_H
#define FG_BUREAU_SCHEMA_HISTORY_H

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

#endif
