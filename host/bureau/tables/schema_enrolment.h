/* The tables of enrolment: one-time codes, devices, certificates, rosters, suspensions, and who changed what.
 * A part of the bureau's schema (schema.h); SQL for both back ends. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_ENROLMENT_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_ENROLMENT_H

#define FG_SCHEMA_ENROLMENT                                                                                  \
    "CREATE TABLE enrol_code (hash BYTES NOT NULL PRIMARY KEY, device TEXT NOT NULL, role TEXT NOT NULL,"    \
    " station TEXT NOT NULL, list_id TEXT NOT NULL, who TEXT NOT NULL, created_ms BIGINT NOT NULL,"          \
    " expires_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL DEFAULT 0);"                                       \
    "CREATE TABLE device (device TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, station TEXT NOT NULL,"      \
    " list_id TEXT NOT NULL, tls_point BYTES NOT NULL, device_point BYTES, suspended BIGINT NOT NULL "       \
    "DEFAULT 0,"                                                                                             \
    " enrolled_ms BIGINT NOT NULL, certificate_end_ms BIGINT NOT NULL);"                                     \
    "CREATE INDEX device_of_station ON device (station);"                                                    \
    "CREATE INDEX device_of_key ON device (tls_point);"                                                      \
    "CREATE TABLE certificate (device TEXT NOT NULL, serial BYTES NOT NULL, issued_ms BIGINT NOT NULL,"      \
    " end_ms BIGINT NOT NULL, bytes BYTES NOT NULL, PRIMARY KEY (device, serial));"                          \
    "CREATE TABLE device_change (device TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL,"       \
    " what TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (device, number));"

/* From here on a code's key signs its request and names are given by the bureau (one_time_code.h). Codes from
 * before have no point and join nobody. A device from before has NULL as names: those of its newest
 * certificate count until a renewal keeps them. */
#define FG_SCHEMA_NAMES                                                                                      \
    "ALTER TABLE enrol_code RENAME COLUMN hash TO code_id;"                                                  \
    "ALTER TABLE enrol_code ADD COLUMN code_point BYTES DEFAULT NULL;"                                       \
    "ALTER TABLE enrol_code ADD COLUMN names TEXT NOT NULL DEFAULT '';"                                      \
    "ALTER TABLE device ADD COLUMN names TEXT;"

/* The newest version of each station's roster, and the digest of whom it names (roster_make.h). */
#define FG_SCHEMA_ROSTERS                                                                                    \
    "CREATE TABLE roster (station TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL,"                       \
    " issued_ms BIGINT NOT NULL, digest BYTES NOT NULL);"

/* Which entries came in while their controller was suspended (suspension.h), and the index by which marked
 * entries are found. Until now nothing was taken of a suspended controller: what comes now is the first. */
#define FG_SCHEMA_SUSPENSIONS                                                                                \
    "CREATE TABLE suspension (controller TEXT NOT NULL, number BIGINT NOT NULL, since_ms BIGINT NOT NULL,"   \
    " from_sequence BIGINT NOT NULL, until_ms BIGINT NOT NULL, until_sequence BIGINT NOT NULL,"              \
    " PRIMARY KEY (controller, number));"                                                                    \
    "INSERT INTO suspension SELECT d.device, 1, COALESCE((SELECT MAX(c.at_ms) FROM device_change c WHERE"    \
    " c.device = d.device AND c.what = 'suspended'), 1), COALESCE((SELECT h.next_sequence FROM journal_head" \
    " h WHERE h.controller = d.device), 1), 0, 0 FROM device d WHERE d.suspended <> 0 AND"                   \
    " d.role = 'controller';"                                                                                \
    "CREATE INDEX journal_entry_of_mark ON journal_entry (marks, wall_ms, controller COLLATE \"C\","         \
    " sequence) WHERE marks <> 0;"

#endif
