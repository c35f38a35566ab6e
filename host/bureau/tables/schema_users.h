/* The tables of the people who use the bureau's pages: users and what was changed of them, their sessions and
 * known browsers, the trail. A part of the bureau's schema (schema.h); SQL for both back ends. Sessions and
 * browsers are kept as digests: who reads the tables cannot use them. */
#ifndef FG_HOST_BUREAU_TABLES_SCHEMA_USERS_H
#define FG_HOST_BUREAU_TABLES_SCHEMA_USERS_H

#define FG_SCHEMA_USERS                                                                                      \
    "CREATE TABLE web_user (login TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"        \
    " hash TEXT NOT NULL, must_change BIGINT NOT NULL, suspended BIGINT NOT NULL DEFAULT 0,"                 \
    " totp_secret BYTES NOT NULL DEFAULT '', totp_pending BYTES NOT NULL DEFAULT '',"                        \
    " totp_step BIGINT NOT NULL DEFAULT 0, created_ms BIGINT NOT NULL,"                                      \
    " signed_in_ms BIGINT NOT NULL DEFAULT 0);"                                                              \
    "CREATE TABLE web_user_change (login TEXT NOT NULL, number BIGINT NOT NULL, at_ms BIGINT NOT NULL,"      \
    " what TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (login, number));"               \
    "CREATE TABLE web_session (hash BYTES NOT NULL PRIMARY KEY, login TEXT NOT NULL,"                        \
    " created_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL);"                                                 \
    "CREATE INDEX web_session_of_user ON web_session (login, seen_ms);"                                      \
    "CREATE TABLE web_known (login TEXT NOT NULL, mark BYTES NOT NULL, seen_ms BIGINT NOT NULL,"             \
    " PRIMARY KEY (login, mark));"                                                                           \
    "CREATE TABLE trail (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, login TEXT NOT NULL,"    \
    " role TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,"               \
    " detail TEXT NOT NULL, outcome TEXT NOT NULL, hash BYTES NOT NULL);"                                    \
    "CREATE INDEX trail_of_user ON trail (login, number);"                                                   \
    "CREATE INDEX trail_of_action ON trail (action, number);"                                                \
    "CREATE TABLE trail_tip (one BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, hash BYTES NOT NULL);" \
    "INSERT INTO trail_tip (one, number, hash) VALUES (1, 0, '');"                                           \
    "CREATE TABLE trail_head (number BIGINT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL,"                    \
    " hash BYTES NOT NULL, key_id BYTES NOT NULL, signature BYTES NOT NULL);"

/* What a sign-in or a session was decided on (user.h). */
#define FG_SCHEMA_USER_VERSIONS                                                                              \
    "ALTER TABLE web_user ADD COLUMN version BIGINT NOT NULL DEFAULT 1;"                                     \
    "ALTER TABLE web_session ADD COLUMN user_version BIGINT NOT NULL DEFAULT 1;"

#endif
