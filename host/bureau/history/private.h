/* Inside the history: the stretches of time and controllers that a filter goes through. Private to
 * history*.c. */
#ifndef FG_HOST_BUREAU_HISTORY_PRIVATE_H
#define FG_HOST_BUREAU_HISTORY_PRIVATE_H

#include "host/bureau/history/history.h"

/* Controllers that stood at one point one after the other; older ones are not looked for. */
#define FG_HISTORY_SPANS_MAX 32

struct fg_history_span {
    char controller[FG_NAME_MAX + 1]; /* "" = all */
    int64_t from_ms;
    int64_t until_ms;
};

struct fg_history_spans {
    size_t count; /* 0: the filter can find nothing */
    struct fg_history_span spans[FG_HISTORY_SPANS_MAX];
};

/* Without a point: the filter's controller and time as they are. With one: the point's controllers by the
 * registry, each from the time that it was put there until the next one was, cut to the filter. */
enum fg_err fg_history_spans_find(struct fg_sql *sql, const struct fg_history_filter *filter,
                                  struct fg_history_spans *ret_spans, struct fg_error *error);

#endif
