/* The tables of the registry: cylinders, stations, filling points, operators; every change to them; published
 * lists. A part of the bureau's schema (schema.h); SQL for both back ends. Vehicles are the plates of
 * cylinders. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_REGISTRY_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_REGISTRY_H

#define FG_SCHEMA_REGISTRY                                                                                   \
    "CREATE TABLE cylinder (code TEXT NOT NULL PRIMARY KEY, uid BYTES NOT NULL, state BIGINT NOT NULL,"      \
    " medium BIGINT NOT NULL, first_fill_pending BIGINT NOT NULL, nominal_kpa BIGINT NOT NULL,"              \
    " capacity_dl BIGINT NOT NULL, tare_g BIGINT NOT NULL, maximum_fill_g BIGINT NOT NULL,"                  \
    " inspection_due BIGINT NOT NULL, end_of_life BIGINT NOT NULL, owner TEXT NOT NULL, plate TEXT NOT "     \
    "NULL,"                                                                                                  \
    " area TEXT NOT NULL);"                                                                                  \
    "CREATE INDEX cylinder_of_plate ON cylinder (plate);"                                                    \
    "CREATE TABLE station (station TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL,"      \
    " area TEXT NOT NULL, latitude_udeg BIGINT NOT NULL, longitude_udeg BIGINT NOT NULL, list_medium "       \
    "BIGINT "                                                                                                \
    "NOT NULL,"                                                                                              \
    " list_days BIGINT NOT NULL, rules TEXT NOT NULL);"                                                      \
    "CREATE TABLE point (point TEXT NOT NULL PRIMARY KEY, station TEXT NOT NULL, controller TEXT NOT NULL,"  \
    " medium BIGINT NOT NULL, note TEXT NOT NULL);"                                                          \
    "CREATE INDEX point_of_controller ON point (controller);"                                                \
    "CREATE TABLE operator (operator TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, card_uid BYTES NOT "     \
    "NULL,"                                                                                                  \
    " certificate_end BIGINT NOT NULL, station TEXT NOT NULL);"                                              \
    "CREATE TABLE change (kind TEXT NOT NULL, subject TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT "  \
    "NOT NULL,"                                                                                              \
    " field TEXT NOT NULL, old_value TEXT NOT NULL, new_value TEXT NOT NULL, who TEXT NOT NULL, why TEXT "   \
    "NOT NULL,"                                                                                              \
    " PRIMARY KEY (kind, subject, number));"                                                                 \
    "CREATE TABLE list_version (list_id TEXT NOT NULL, version BIGINT NOT NULL, root BYTES NOT NULL,"        \
    " rules BYTES NOT NULL, row_count BIGINT NOT NULL, issued_ms BIGINT NOT NULL, expires_ms BIGINT NOT "    \
    "NULL,"                                                                                                  \
    " published_ms BIGINT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (list_id, version));"

/* The day of manufacture, which decrees on service life go by; 0 = not known. */
#define FG_SCHEMA_MADE "ALTER TABLE cylinder ADD COLUMN made BIGINT NOT NULL DEFAULT 0;"

/* What an operator's PIN is checked against (lib/crypto/pin.h); no rounds = no PIN. */
#define FG_SCHEMA_PIN                                                                                        \
    "ALTER TABLE operator ADD COLUMN pin_rounds BIGINT NOT NULL DEFAULT 0;"                                  \
    "ALTER TABLE operator ADD COLUMN pin_salt BYTES NOT NULL DEFAULT '';"                                    \
    "ALTER TABLE operator ADD COLUMN pin_digest BYTES NOT NULL DEFAULT '';"                                  \
    "CREATE INDEX operator_of_station ON operator (station);"

/* Also in the order that a vehicle's cylinders are shown in: without statistics PostgreSQL would go through
 * all codes for it. */
#define FG_SCHEMA_PLATES                                                                                     \
    "DROP INDEX cylinder_of_plate;"                                                                          \
    "CREATE INDEX cylinder_of_plate ON cylinder (plate, code);"

/* An operator's id names the same person in upper and lower case (record.c). */
#define FG_SCHEMA_OPERATOR_NAMES "CREATE INDEX operator_of_name ON operator (LOWER(operator));"

#endif
