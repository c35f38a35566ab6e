/* Parts that several pages about one thing share: changes, alarms, cylinders, devices, entries and sums, as
 * members of a JSON object.
 *
 * Each list is bounded: the newest FG_WEB_FACTS_MAX. Relies on: host/sql, web_json.h. */
#ifndef FG_HOST_BUREAU_API_FACTS_H
#define FG_HOST_BUREAU_API_FACTS_H

#include "host/bureau/history/history.h"
#include "host/bureau/web/web_call.h"

#define FG_WEB_FACTS_MAX 200
#define FG_WEB_FACTS_ENTRIES 50

/* A page being written. A failure is kept and ends every further call with it. */
struct fg_web_facts {
    struct fg_sql *sql;
    struct fg_web_json json;
    enum fg_err result;
    struct fg_error *error;
};

void fg_web_facts_start(struct fg_web_facts *facts, struct fg_web_call *call, struct fg_error *error);
/* Answers 200 with the page, or gives the failure. */
enum fg_err fg_web_facts_answer(struct fg_web_facts *facts, struct fg_web_call *call);

/* A statement whose parameters are texts, ready for the first row; NULL after a failure. limit is bound
 * behind the texts unless 0. */
struct fg_sql_statement *fg_web_facts_ask(struct fg_web_facts *facts, const char *text,
                                          const char *const *values, size_t count, int64_t limit);
/* The next row; false: none. */
bool fg_web_facts_next(struct fg_web_facts *facts, struct fg_sql_statement *statement);
/* Ends a statement whose rows are not read to their end; statement may be NULL. */
void fg_web_facts_done(struct fg_sql_statement *statement);

/* Member "changes": of the registry's record, newest first. */
void fg_web_facts_changes(struct fg_web_facts *facts, const char *kind, const char *key);
/* Member "alarms", newest first; column is "code", "station" or "controller". */
void fg_web_facts_alarms(struct fg_web_facts *facts, const char *column, const char *value);
/* Members "entries", "fills", "refusals", "quantity_g". Returns whether there is any entry. */
bool fg_web_facts_history(struct fg_web_facts *facts, const struct fg_history_filter *filter);
/* Array name of the cylinders of a plate, without that of code. Returns how many. */
size_t fg_web_facts_cylinders(struct fg_web_facts *facts, const char *name, const char *plate,
                              const char *code);
/* Device of openapi.json for each device that the statement's condition finds. */
void fg_web_facts_devices(struct fg_web_facts *facts, cJSON *array, const char *station);
/* The same for one device, as member name, null when it never joined. */
void fg_web_facts_device(struct fg_web_facts *facts, const char *name, const char *device);

#endif
