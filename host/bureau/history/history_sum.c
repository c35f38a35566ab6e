/* Sums over the entries of one cylinder, vehicle, operator, station, controller or point (history.h). */
#include <string.h>

#include "host/bureau/history/private.h"
#include "host/bureau/journal/journal_columns.h"

#define SUM_OF(fills, refusals, quantity)                                                                    \
    "SELECT " fills ", " refusals ", CAST(COALESCE(" quantity ", 0) AS BIGINT) FROM "
/* As the day sums count: occurrences, neither undecodable nor of another place, no quantity that cannot be.
 */
#define OF_ENTRIES                                                                                           \
    SUM_OF("COALESCE(SUM(CASE WHEN kind = 6 THEN 1 ELSE 0 END), 0)",                                         \
           "CAST(COALESCE(SUM(CASE WHEN kind = 4 THEN repeats ELSE 0 END), 0) AS BIGINT)",                   \
           "SUM(CASE WHEN kind = 6 AND quantity_g > 0 AND quantity_g < 1000000000 THEN quantity_g ELSE 0 "   \
           "END)")                                                                                           \
    "journal_entry WHERE marks IN " FG_MARKS_COUNT " AND kind IN (4, 6) AND "
#define OF_SUMS                                                                                              \
    SUM_OF("CAST(COALESCE(SUM(CASE WHEN kind = 6 THEN entries ELSE 0 END), 0) AS BIGINT)",                   \
           "CAST(COALESCE(SUM(CASE WHEN kind = 4 THEN entries ELSE 0 END), 0) AS BIGINT)",                   \
           "SUM(CASE WHEN kind = 6 THEN quantity_g ELSE 0 END)")

static enum fg_err sum_take(struct fg_sql_statement *statement, struct fg_history_sums *sums,
                            struct fg_error *error)
{
    enum fg_err result = fg_sql_next(statement, error);

    if (result == FG_OK) {
        sums->fills += fg_sql_int(statement, 0);
        sums->refusals += fg_sql_int(statement, 1);
        sums->quantity_g += fg_sql_int(statement, 2);
    }
    fg_sql_reset(statement);
    return result;
}

static enum fg_err one_sum(struct fg_sql *sql, const char *text, const char *name,
                           struct fg_history_sums *sums, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, text, &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, name);
    return sum_take(statement, sums, error);
}

/* A controller for a stretch of time, by its entries. */
static enum fg_err span_sum(struct fg_sql *sql, const struct fg_history_span *span,
                            struct fg_history_sums *sums, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result;

    if (span->from_ms == INT64_MIN && span->until_ms == INT64_MAX)
        return one_sum(sql, OF_SUMS "controller_sum WHERE controller = $1", span->controller, sums, error);
    result = fg_sql_prepare(sql, OF_ENTRIES "controller = $1 AND wall_ms >= $2 AND wall_ms < $3", &statement,
                            error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, span->controller);
    fg_sql_bind_int(statement, 2, span->from_ms);
    fg_sql_bind_int(statement, 3, span->until_ms);
    return sum_take(statement, sums, error);
}

static enum fg_err point_sum(struct fg_sql *sql, const struct fg_history_filter *filter,
                             struct fg_history_sums *sums, struct fg_error *error)
{
    struct fg_history_filter whole;
    struct fg_history_spans spans;
    enum fg_err result;

    fg_history_filter_start(&whole);
    memcpy(whole.point, filter->point, sizeof(whole.point));
    memcpy(whole.controller, filter->controller, sizeof(whole.controller));
    result = fg_history_spans_find(sql, &whole, &spans, error);
    for (size_t i = 0; result == FG_OK && i < spans.count; i++)
        result = span_sum(sql, &spans.spans[i], sums, error);
    return result;
}

enum fg_err fg_history_sum(struct fg_sql *sql, const struct fg_history_filter *filter,
                           struct fg_history_sums *ret_sums, struct fg_error *error)
{
    struct fg_history_sums sums = {0};
    enum fg_err result;

    if (filter->code[0] != '\0')
        result = one_sum(sql, OF_ENTRIES "code = $1 AND code <> ''", filter->code, &sums, error);
    else if (filter->plate[0] != '\0')
        result = one_sum(sql, OF_ENTRIES "plate = $1 AND plate <> ''", filter->plate, &sums, error);
    else if (filter->operator_id[0] != '\0')
        result = one_sum(sql, OF_ENTRIES "operator_id = $1 AND operator_id <> ''", filter->operator_id, &sums,
                         error);
    else if (filter->station[0] != '\0')
        result = one_sum(sql, OF_SUMS "station_day WHERE station = $1", filter->station, &sums, error);
    else
        result = point_sum(sql, filter, &sums, error);
    if (result == FG_OK)
        *ret_sums = sums;
    return result;
}
