/* Which controllers stood at a filling point, and when (private.h).
 *
 * Entries name controllers only; the registry says which controller is a point's, and its changes say since
 * when. The first controller counts from the beginning of time, since a point may have worked before it was
 * registered; but not when another point had that controller before: then from when the point was. */
#include <string.h>

#include "host/bureau/history/private.h"

/* Changes of one point that are gone through. */
#define CHANGES_MAX 1000

/* Cuts a span to the filter and keeps it unless nothing is left. The oldest fall off. */
static void span_add(const struct fg_history_filter *filter, const struct fg_history_span *span,
                     struct fg_history_spans *spans)
{
    struct fg_history_span cut = *span;

    if (cut.from_ms < filter->from_ms)
        cut.from_ms = filter->from_ms;
    if (cut.until_ms > filter->until_ms)
        cut.until_ms = filter->until_ms;
    if (cut.controller[0] == '\0' || cut.from_ms >= cut.until_ms ||
        (filter->controller[0] != '\0' && strcmp(filter->controller, cut.controller) != 0))
        return;
    if (spans->count == FG_HISTORY_SPANS_MAX)
        memmove(&spans->spans[0], &spans->spans[1], --spans->count * sizeof(cut));
    spans->spans[spans->count++] = cut;
}

static void name_take(const char *text, char to[FG_NAME_MAX + 1])
{
    size_t length = strnlen(text, FG_NAME_MAX);

    memset(to, 0, FG_NAME_MAX + 1);
    memcpy(to, text, length);
}

/* Since when the point's first controller counts: since *ret_from_ms = when the point was registered, if
 * the changes tell of this controller at another point before. */
static enum fg_err first_find(struct fg_sql *sql, const char *point, int64_t *ret_from_ms,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT m.at_ms FROM change m WHERE m.kind = 'point' AND m.subject = $1 AND m.field = '' AND EXISTS "
        "(SELECT 1 FROM change o WHERE o.kind = 'point' AND o.subject <> $1 AND o.field = 'controller' AND "
        "o.old_value <> '' AND o.old_value = COALESCE((SELECT f.old_value FROM change f WHERE f.kind = "
        "'point' AND f.subject = $1 AND f.field = 'controller' ORDER BY f.number LIMIT 1), (SELECT "
        "p.controller FROM point p WHERE p.point = $1))) ORDER BY m.number LIMIT 1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, point);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_from_ms = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* The spans that have ended, by the changes; *span is then the last, still without its controller. */
static enum fg_err ended_find(struct fg_sql *sql, const struct fg_history_filter *filter,
                              struct fg_history_span *span, struct fg_history_spans *spans,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT at_ms, old_value FROM change WHERE kind = 'point' AND subject = $1 AND field "
                       "= 'controller' ORDER BY number LIMIT $2",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, filter->point);
    fg_sql_bind_int(statement, 2, CHANGES_MAX);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        span->until_ms = fg_sql_int(statement, 0);
        name_take(fg_sql_text(statement, 1), span->controller);
        span_add(filter, span, spans);
        span->from_ms = span->until_ms;
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* The one that is there now. */
static enum fg_err present_find(struct fg_sql *sql, const struct fg_history_filter *filter,
                                struct fg_history_span *span, struct fg_history_spans *spans,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT controller FROM point WHERE point = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, filter->point);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        span->until_ms = INT64_MAX;
        name_take(fg_sql_text(statement, 0), span->controller);
        span_add(filter, span, spans);
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_history_spans_find(struct fg_sql *sql, const struct fg_history_filter *filter,
                                  struct fg_history_spans *ret_spans, struct fg_error *error)
{
    struct fg_history_span span = {.from_ms = filter->from_ms, .until_ms = filter->until_ms};
    enum fg_err result;

    memset(ret_spans, 0, sizeof(*ret_spans));
    if (filter->point[0] == '\0') {
        memcpy(span.controller, filter->controller, sizeof(span.controller));
        if (span.from_ms < span.until_ms)
            ret_spans->spans[ret_spans->count++] = span;
        return FG_OK;
    }
    span.from_ms = INT64_MIN;
    result = first_find(sql, filter->point, &span.from_ms, error);
    if (result == FG_OK)
        result = ended_find(sql, filter, &span, ret_spans, error);
    if (result == FG_OK)
        result = present_find(sql, filter, &span, ret_spans, error);
    return result;
}
