/* Requests of the bureau's pages in tests, without a server: parameters go through the table of routes, the
 * handler is called as the guard would after it let the request in.
 *
 * Not: the guard's checks. Every function ends the test on failure. Relies on: host/bureau. */
#ifndef FG_TESTS_HANDLER_FIXTURE_H
#define FG_TESTS_HANDLER_FIXTURE_H

#include <cjson/cJSON.h>

#include "host/sql/sql.h"

/* Asks GET url ("/api/v1/entries?code=X%20Y", percent-encoded) at a time; nobody in particular asks. Returns
 * the answer's JSON, which the caller deletes, or NULL with *ret_status (may be NULL) from 400 up. Alarm
 * settings are the defaults. */
cJSON *fg_fixture_web_get(struct fg_sql *sql, const char *url, int64_t now_ms, uint16_t *ret_status);

/* Members by path, "entry.code", "days[2].fills"; the test ends when there is none. */
const cJSON *fg_fixture_json(const cJSON *root, const char *path);
const char *fg_fixture_json_text(const cJSON *root, const char *path);
int64_t fg_fixture_json_number(const cJSON *root, const char *path);
int fg_fixture_json_count(const cJSON *root, const char *path);

#endif
