/* The history as the pages ask for it: filters from requests, entries as JSON.
 *
 * Relies on: history.h, web_call.h. */
#ifndef FG_HOST_BUREAU_API_ENTRIES_H
#define FG_HOST_BUREAU_API_ENTRIES_H

#include "host/bureau/history/history.h"
#include "host/bureau/web/web_call.h"

/* The filter that a request's parameters make, by their names. FG_E_RANGE as fg_history_filter_set. */
enum fg_err fg_web_history_filter(const struct fg_web_call *call, struct fg_history_filter *ret_filter,
                                  struct fg_error *error);

/* Entry of openapi.json. */
void fg_web_entry_write(struct fg_web_json *json, cJSON *object, const struct fg_history_row *row);

/* The entries that a filter finds, at most limit, as an array named name in *object. */
enum fg_err fg_web_entries_write(struct fg_sql *sql, const struct fg_history_filter *filter, size_t limit,
                                 struct fg_web_json *json, cJSON *object, const char *name,
                                 struct fg_error *error);

#endif
