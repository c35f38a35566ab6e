/* Pages of the history: GET /api/v1/entries (entries.h). */
#include "host/bureau/api/entries.h"

#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/journal/journal_columns.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/names.h"
#include "proto/list/operators.h"

#define LIMIT 50
#define LIMIT_MAX 200

static bool is_part(const char *name)
{
    const char *part = NULL;

    for (size_t i = 0; (part = fg_history_filter_name(i)) != NULL; i++) {
        if (strcmp(part, name) == 0)
            return true;
    }
    return false;
}

enum fg_err fg_web_history_filter(const struct fg_web_call *call, struct fg_history_filter *ret_filter,
                                  struct fg_error *error)
{
    const struct fg_web_route *route = call->route;
    struct fg_history_filter filter;
    enum fg_err result = FG_OK;

    fg_history_filter_start(&filter);
    for (size_t i = 0; result == FG_OK && i < route->parameter_count; i++) {
        if (call->values[i].text != NULL && is_part(route->parameters[i].name))
            result = fg_history_filter_set(&filter, route->parameters[i].name, call->values[i].text, error);
    }
    if (result == FG_OK)
        *ret_filter = filter;
    return result;
}

static void marks_write(struct fg_web_json *json, cJSON *object, uint32_t marks)
{
    cJSON *array = fg_web_json_array(json, object, "marks");

    for (size_t i = 1; fg_journal_mark_names[i] != NULL; i++) {
        if ((marks & FG_MARK_OF(i)) != 0)
            fg_web_json_push_text(json, array, fg_journal_mark_names[i]);
    }
}

void fg_web_entry_write(struct fg_web_json *json, cJSON *object, const struct fg_history_row *row)
{
    const char quality[] = {row->clock_quality, '\0'};

    fg_web_json_text(json, object, "controller", row->controller);
    fg_web_json_number(json, object, "sequence", (int64_t)row->sequence);
    fg_web_json_text(json, object, "kind", fg_entry_kind_name((enum fg_entry_kind)row->kind));
    fg_web_json_number(json, object, "wall_ms", row->wall_ms);
    fg_web_json_text(json, object, "clock_quality", quality);
    fg_web_json_number(json, object, "arrived_ms", row->arrived_ms);
    fg_web_json_text(json, object, "station", row->station);
    fg_web_json_text(json, object, "code", row->code);
    fg_web_json_text(json, object, "plate", row->plate);
    fg_web_json_text(json, object, "operator", row->operator_id);
    fg_web_json_text(json, object, "medium", fg_medium_name(row->medium));
    fg_web_json_text(json, object, "identity", fg_identity_name(row->identity));
    fg_web_json_text(json, object, "reason",
                     row->reason != 0 ? fg_reason_name((enum fg_reason)row->reason) : "");
    fg_web_json_text(json, object, "stop", row->stop != 0 ? fg_stop_name((enum fg_stop)row->stop) : "");
    fg_web_json_text(json, object, "event",
                     row->event != 0 ? fg_event_name((enum fg_event_kind)row->event) : "");
    fg_web_json_number(json, object, "quantity_g", row->quantity_g);
    fg_web_json_number(json, object, "authorised_sequence", (int64_t)row->authorised_sequence);
    fg_web_json_text(json, object, "operator_proof", fg_person_proof_name(row->operator_proof));
    fg_web_json_text(json, object, "second_person", row->second_person);
    fg_web_json_text(json, object, "second_proof", fg_person_proof_name(row->second_proof));
    fg_web_json_number(json, object, "checks_failed", row->checks_failed);
    fg_web_json_number(json, object, "repeats", row->repeats);
    fg_web_json_number(json, object, "repeat_first_wall_ms", row->repeat_first_wall_ms);
    fg_web_json_number(json, object, "repeat_last_wall_ms", row->repeat_last_wall_ms);
    fg_web_json_number(json, object, "clock_floor_ms", row->clock_floor_ms);
    fg_web_json_number(json, object, "clock_floor_before_ms", row->clock_floor_before_ms);
    marks_write(json, object, row->marks);
}

enum fg_err fg_web_entries_write(struct fg_sql *sql, const struct fg_history_filter *filter, size_t limit,
                                 struct fg_web_json *json, cJSON *object, const char *name,
                                 struct fg_error *error)
{
    struct fg_history_row *rows = calloc(limit, sizeof(*rows));
    cJSON *array = fg_web_json_array(json, object, name);
    size_t count = 0;
    bool more = false;
    enum fg_err result;

    if (rows == NULL)
        return fg_fail(error, FG_E_MEMORY, "entries: no memory");
    result = fg_history_page(sql, filter, NULL, limit, rows, &count, &more, error);
    for (size_t i = 0; result == FG_OK && i < count; i++)
        fg_web_entry_write(json, fg_web_json_push(json, array), &rows[i]);
    free(rows);
    return result;
}

static enum fg_err page_answer(struct fg_web_call *call, const struct fg_history_row *rows, size_t count,
                               bool more)
{
    char next[FG_HISTORY_KEY_BYTES] = "";
    struct fg_history_key key;
    struct fg_web_json json;
    cJSON *array;

    fg_web_json_start(&json);
    array = fg_web_json_array(&json, json.root, "entries");
    for (size_t i = 0; i < count; i++)
        fg_web_entry_write(&json, fg_web_json_push(&json, array), &rows[i]);
    if (more && count > 0) {
        fg_history_key_of(&rows[count - 1], &key);
        fg_history_key_write(&key, next);
    }
    fg_web_json_text(&json, json.root, "next", next);
    return fg_web_answer_json(call, 200, &json);
}

enum fg_err fg_web_entries_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_history_row *rows = calloc(LIMIT_MAX, sizeof(*rows));
    const char *after = fg_web_text_of(call, "after");
    size_t limit = (size_t)fg_web_number_of(call, "limit", LIMIT);
    struct fg_history_filter filter;
    struct fg_history_key key = {0};
    size_t count = 0;
    bool more = false;
    enum fg_err result = rows != NULL ? FG_OK : fg_fail(error, FG_E_MEMORY, "entries: no memory");

    if (result == FG_OK)
        result = fg_web_history_filter(call, &filter, error);
    if (result == FG_OK && after != NULL)
        result = fg_history_key_read(after, &key, error);
    if (result == FG_OK)
        result = fg_history_page(call->sql, &filter, after != NULL ? &key : NULL, limit, rows, &count, &more,
                                 error);
    if (result == FG_OK)
        result = page_answer(call, rows, count, more);
    free(rows);
    return result;
}
