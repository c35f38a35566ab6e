/* Implementation of the list of alarms to raise (alarm_found.h). */
#include "host/bureau/watch/alarm_found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fg_alarm *list_grow(struct fg_alarm_list *list)
{
    size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
    struct fg_alarm *grown;

    if (list->count < list->capacity)
        return &list->alarms[list->count];
    grown = realloc(list->alarms, capacity * sizeof(*grown));
    if (grown == NULL)
        return NULL;
    list->alarms = grown;
    list->capacity = capacity;
    return &list->alarms[list->count];
}

struct fg_alarm *fg_alarm_list_add(struct fg_alarm_list *list, enum fg_alarm_kind kind, const char *subject)
{
    struct fg_alarm *alarm;

    for (size_t i = 0; i < list->count; i++) {
        alarm = &list->alarms[i];
        if (alarm->kind == (uint8_t)kind && strcmp(alarm->subject, subject) == 0) {
            alarm->count++;
            return alarm;
        }
    }
    alarm = list_grow(list);
    if (alarm == NULL)
        return NULL;
    memset(alarm, 0, sizeof(*alarm));
    alarm->kind = (uint8_t)kind;
    alarm->count = 1;
    (void)snprintf(alarm->subject, sizeof(alarm->subject), "%s", subject);
    list->count++;
    return alarm;
}

enum fg_err fg_alarm_list_raise(struct fg_alarm_list *list, struct fg_sql *sql, int64_t now_ms,
                                struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < list->count; i++)
        result = fg_alarm_raise(sql, &list->alarms[i], now_ms, error);
    list->count = 0;
    return result;
}

void fg_alarm_list_free(struct fg_alarm_list *list)
{
    free(list->alarms);
    memset(list, 0, sizeof(*list));
}
