/* Lists and their publishing by the pages: GET /api/v1/lists, POST /api/v1/lists/{id}/publish. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/api/publications.h"
#include "host/bureau/clock/own_clock.h"
#include "host/bureau/publish/publish_listed.h"
#include "host/bureau/web/web_page.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"

#define PUBLISH_POLL_MS 50

static bool can_publish(const struct fg_web_call *call)
{
    const struct fg_web_settings *settings = &call->web->settings;

    return settings->listing != NULL && settings->list_sign_key_path != NULL &&
           settings->list_sign_key_path[0] != '\0';
}

/* ---- GET /lists ---- */

static void list_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const numbers[] = {"version", "issued_ms", "expires_ms", "rows", "published_ms"};

    fg_web_json_text(json, object, "id", fg_sql_text(row, 0));
    for (unsigned i = 0; i < 5; i++)
        fg_web_json_number(json, object, numbers[i], fg_sql_int(row, i + 1));
    fg_web_json_text(json, object, "who", fg_sql_text(row, 6));
}

enum fg_err fg_web_lists_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result = fg_sql_prepare(
        call->sql,
        "SELECT s.station, COALESCE(v.version, 0), COALESCE(v.issued_ms, 0), COALESCE(v.expires_ms, 0), "
        "COALESCE(v.row_count, 0), COALESCE(v.published_ms, 0), COALESCE(v.who, '') FROM station s LEFT JOIN "
        "list_version v ON v.list_id = s.station AND v.version = (SELECT MAX(n.version) FROM list_version n "
        "WHERE n.list_id = s.station) WHERE s.station > $1 AND s.rules <> '' ORDER BY s.station LIMIT $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "lists");
    fg_web_json_bool(&page.json, page.json.root, "can_publish", can_publish(call));
    fg_sql_bind_text(statement, 1, fg_web_text_or_empty(call, "after"));
    fg_sql_bind_int(statement, 2, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        list_write(&page.json, object, statement);
        fg_web_page_key(&page, fg_sql_text(statement, 0));
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}

/* ---- POST /lists/{id}/publish ---- */

/* The key is in memory only while a list is signed. */
static enum fg_err publish(struct fg_web_call *call, const char *station, bool forced, int64_t now_ms,
                           struct fg_publish_result *ret_result, struct fg_error *error)
{
    const struct fg_web_settings *settings = &call->web->settings;
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_publish_order order = {.station = station,
                                     .key = &key,
                                     .now_ms = now_ms,
                                     .who = call->user.user,
                                     .forced = forced,
                                     .clock_insisted = true};
    enum fg_err result = fg_private_key_read(settings->list_sign_key_path, &key, error);

    if (result == FG_OK)
        result = fg_publish_listed(call->sql, settings->listing, settings->list_directory, &order, ret_result,
                                   error);
    else if (result == FG_E_NOT_FOUND)
        result = fg_fail(error, FG_E_IO, "the key that signs lists is not at the path in the settings");
    fg_private_key_wipe(&key);
    return result;
}

/* FG_E_STATE: what speaks against the clock that would date the list. */
static enum fg_err clock_check(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_web_settings *settings = &call->web->settings;
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES];

    if (settings->clock_doubt != NULL && settings->clock_doubt(settings->context, doubt))
        return fg_fail(error, FG_E_STATE, "%s", doubt);
    return fg_own_clock_check(call->sql, call->now_ms, error);
}

/* By the clock as it is now: the request may have waited for others, whose lists must not be dated later. */
static enum fg_err publish_once(struct fg_web_call *call, const struct fg_web_publish_order *order,
                                struct fg_publish_result *ret_result, struct fg_error *error)
{
    const struct fg_web_settings *settings = &call->web->settings;
    int64_t now_ms = settings->now_ms(settings->context);
    enum fg_err result;

    if (now_ms < order->not_before_ms)
        now_ms = order->not_before_ms;
    if (pthread_mutex_trylock(&call->web->publishing) != 0)
        return fg_fail(error, FG_E_BUSY, "other lists are being published");
    result = publish(call, order->station, order->forced, now_ms, ret_result, error);
    (void)pthread_mutex_unlock(&call->web->publishing);
    return result;
}

enum fg_err fg_web_publish_station(struct fg_web_call *call, const struct fg_web_publish_order *order,
                                   struct fg_publish_result *ret_result, struct fg_error *error)
{
    enum fg_err result;

    if (!can_publish(call))
        return fg_fail(error, FG_E_STATE, "lists are signed on another machine");
    result = clock_check(call, error);
    if (result != FG_OK)
        return result;
    while ((result = publish_once(call, order, ret_result, error)) == FG_E_BUSY &&
           fg_mono_ms() < order->give_up_mono_ms && !atomic_load(&call->web->stopping))
        fg_sleep_ms(PUBLISH_POLL_MS);
    return result;
}

enum fg_err fg_web_list_publish(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_publish_result published = {0};
    struct fg_web_json json;
    enum fg_err result;

    if (!can_publish(call))
        return fg_fail(error, FG_E_STATE, "lists are signed on another machine");
    result = fg_web_number_of(call, "insist", 0) != 0 ? FG_OK : clock_check(call, error);
    if (result == FG_E_STATE) {
        fg_web_refuse(call, FG_WEB_E_CLOCK_DOUBT, error->text);
        return FG_OK;
    }
    if (result != FG_OK)
        return result;
    if (pthread_mutex_trylock(&call->web->publishing) != 0)
        return fg_fail(error, FG_E_STATE, "a list is being published");
    result = publish(call, fg_web_text_of(call, "id"), fg_web_number_of(call, "force", 0) != 0, call->now_ms,
                     &published, error);
    (void)pthread_mutex_unlock(&call->web->publishing);
    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    fg_web_json_bool(&json, json.root, "published", published.published);
    fg_web_json_text(&json, json.root, "id", published.manifest.list_id);
    fg_web_json_number(&json, json.root, "version", (int64_t)published.manifest.version);
    fg_web_json_number(&json, json.root, "rows", (int64_t)published.manifest.row_count);
    fg_web_json_number(&json, json.root, "issued_ms", published.manifest.issued_ms);
    fg_web_json_number(&json, json.root, "expires_ms", published.manifest.expires_ms);
    return fg_web_answer_json(call, 200, &json);
}
