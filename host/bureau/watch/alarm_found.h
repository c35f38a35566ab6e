/* Alarms found while rows of a statement are being read, when nothing can be written yet. Private to the
 * alarms.
 *
 * One per kind and subject, counted. Relies on: alarms.h. */
#ifndef FG_HOST_BUREAU_WATCH_ALARM_FOUND_H
#define FG_HOST_BUREAU_WATCH_ALARM_FOUND_H

#include "host/bureau/alarm/alarms.h"

struct fg_alarm_list {
    struct fg_alarm *alarms;
    size_t count;
    size_t capacity;
};

/* The alarm of this kind and subject, counted once more, for its detail to be set; NULL when memory ran out.
 * Valid until the next call. */
struct fg_alarm *fg_alarm_list_add(struct fg_alarm_list *list, enum fg_alarm_kind kind, const char *subject);

/* Raises all of them and empties the list. */
enum fg_err fg_alarm_list_raise(struct fg_alarm_list *list, struct fg_sql *sql, int64_t now_ms,
                                struct fg_error *error);
void fg_alarm_list_free(struct fg_alarm_list *list);

#endif
