/* The tables of what was taken out of the history: summaries of exports, and random samples. A part of the
 * bureau's schema (schema.h); SQL for both back ends. Rows are only ever added.
 *
 * web_export.done: 1 = taken to its end, with a signed summary; 0 = given up, nothing is signed.
 * sample_key.key is what was drawn, in the order of the draw (sample.h). */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_EXPORTS_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_EXPORTS_H

#define FG_SCHEMA_EXPORTS                                                                                    \
    "CREATE TABLE web_export (id TEXT NOT NULL PRIMARY KEY, login TEXT NOT NULL, ended_ms BIGINT NOT NULL,"  \
    " done BIGINT NOT NULL, records BIGINT NOT NULL, bytes BIGINT NOT NULL, sha256 BYTES NOT NULL,"          \
    " signed TEXT NOT NULL, signature BYTES NOT NULL, key_id BYTES NOT NULL);"                               \
    "CREATE TABLE sample (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, login TEXT NOT NULL,"   \
    " role TEXT NOT NULL, of_kind BIGINT NOT NULL, wanted BIGINT NOT NULL, seed TEXT NOT NULL,"              \
    " seed_given BIGINT NOT NULL, station TEXT NOT NULL, medium BIGINT NOT NULL, outcome BIGINT NOT NULL,"   \
    " from_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, population BIGINT NOT NULL,"                        \
    " digest BYTES NOT NULL, signed TEXT NOT NULL, signature BYTES NOT NULL, key_id BYTES NOT NULL);"        \
    "CREATE TABLE sample_key (number BIGINT NOT NULL, place BIGINT NOT NULL, key TEXT NOT NULL,"             \
    " PRIMARY KEY (number, place));"                                                                         \
    "CREATE TABLE sample_counter (one BIGINT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);"                   \
    "INSERT INTO sample_counter (one, last) VALUES (1, 0);"

#endif
