/* The tables of the cases: hazards and what was done about them, step by step. A part of the bureau's schema
 * (schema.h); SQL for both back ends.
 *
 * hazard_case.version is the place of the case's newest step; rows of hazard_step are only ever added. An
 * alarm knows its case: 0 = not taken up yet, -1 = it had ended before there were cases. case_noted: that the
 * alarm ended stands in its case. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_CASES_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_CASES_H

#define FG_SCHEMA_CASES                                                                                      \
    "CREATE TABLE hazard_case (number BIGINT NOT NULL PRIMARY KEY, state BIGINT NOT NULL,"                   \
    " version BIGINT NOT NULL, alarm_kind BIGINT NOT NULL, alarm_subject TEXT NOT NULL,"                     \
    " alarm_number BIGINT NOT NULL, alarm_ended_ms BIGINT NOT NULL DEFAULT 0, opened_ms BIGINT NOT NULL,"    \
    " opened_by TEXT NOT NULL, station TEXT NOT NULL, controller TEXT NOT NULL, code TEXT NOT NULL,"         \
    " words TEXT NOT NULL, assigned TEXT NOT NULL DEFAULT '', orders BIGINT NOT NULL DEFAULT 0,"             \
    " order_text TEXT NOT NULL DEFAULT '', recipient TEXT NOT NULL DEFAULT '',"                              \
    " due_day BIGINT NOT NULL DEFAULT 0, ordered_ms BIGINT NOT NULL DEFAULT 0,"                              \
    " ordered_by TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '',"                                 \
    " answered_by TEXT NOT NULL DEFAULT '', answered_ms BIGINT NOT NULL DEFAULT 0,"                          \
    " closed_ms BIGINT NOT NULL DEFAULT 0, closed_by TEXT NOT NULL DEFAULT '',"                              \
    " closed_why TEXT NOT NULL DEFAULT '');"                                                                 \
    "CREATE INDEX hazard_case_of_state ON hazard_case (state, number);"                                      \
    "CREATE INDEX hazard_case_of_station ON hazard_case (station, number);"                                  \
    "CREATE INDEX hazard_case_of_assigned ON hazard_case (assigned, number);"                                \
    "CREATE INDEX hazard_case_opened ON hazard_case (opened_ms);"                                            \
    "CREATE INDEX hazard_case_not_closed ON hazard_case (number) WHERE closed_ms = 0;"                       \
    "CREATE UNIQUE INDEX hazard_case_of_alarm ON hazard_case (alarm_kind, alarm_subject)"                    \
    " WHERE closed_ms = 0 AND alarm_kind > 0;"                                                               \
    "CREATE TABLE hazard_step (number BIGINT NOT NULL, place BIGINT NOT NULL, at_ms BIGINT NOT NULL,"        \
    " step BIGINT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, party TEXT NOT NULL,"                      \
    " words TEXT NOT NULL, due_day BIGINT NOT NULL, PRIMARY KEY (number, place));"                           \
    "CREATE TABLE hazard_counter (one BIGINT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);"                   \
    "INSERT INTO hazard_counter (one, last) VALUES (1, 0);"                                                  \
    "ALTER TABLE alarm ADD COLUMN case_number BIGINT NOT NULL DEFAULT 0;"                                    \
    "ALTER TABLE alarm ADD COLUMN case_noted BIGINT NOT NULL DEFAULT 0;"                                     \
    "UPDATE alarm SET case_number = -1, case_noted = 1 WHERE closed_ms > 0;"                                 \
    "CREATE INDEX alarm_without_case ON alarm (since_ms) WHERE case_number = 0;"                             \
    "CREATE INDEX alarm_end_not_noted ON alarm (closed_ms) WHERE closed_ms > 0 AND case_noted = 0;"

#endif
