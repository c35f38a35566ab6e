/* Implementation of the trail at the pages (trail_pages.h). */
#include "host/bureau/api/account/trail_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user_session.h"
#include "host/bureau/web/web_page.h"
#include "host/bureau/web/web_shared.h"
#include "lib/system/turns.h"

#define KEEP_EVERY_MS 60000

struct fg_web_keeper {
    struct fg_web *web;
    struct fg_sql *sql;
    struct fg_turns turns;
};

/* ---- the thread ---- */

static void head_sign(struct fg_web_keeper *keeper)
{
    struct fg_web_settings *settings = &keeper->web->settings;
    struct fg_trail_head head = {0};
    struct fg_error error;
    char text[FG_TRAIL_HEAD_TEXT_BYTES];

    if (fg_trail_sign(keeper->sql, settings->receipt_key, settings->now_ms(settings->context), &head,
                      &error) != FG_OK) {
        fg_web_say(keeper->web, "the trail's head is not signed: %s", error.text);
        return;
    }
    fg_trail_head_text(&head, text);
    if (head.number != 0)
        fg_web_say(keeper->web, "trail head %s", text);
}

static void keep(struct fg_web_keeper *keeper)
{
    struct fg_web_settings *settings = &keeper->web->settings;
    struct fg_error error;

    head_sign(keeper);
    if (fg_web_sessions_sweep(keeper->sql, settings->now_ms(settings->context), &error) != FG_OK)
        fg_web_say(keeper->web, "ended sessions are not forgotten: %s", error.text);
}

static void *run(void *argument)
{
    struct fg_web_keeper *keeper = argument;
    bool go_on;

    /* Once more at the end: no record is left without a signed head. */
    do {
        go_on = fg_turns_rest(&keeper->turns, KEEP_EVERY_MS, false);
        keep(keeper);
    } while (go_on);
    return NULL;
}

enum fg_err fg_web_keeper_new(struct fg_web *web, const struct fg_sql_settings *sql,
                              struct fg_web_keeper **ret_keeper, struct fg_error *error)
{
    struct fg_web_keeper *keeper = calloc(1, sizeof(*keeper));
    enum fg_err result;

    if (keeper == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the trail");
    keeper->web = web;
    result = fg_sql_open(sql, &keeper->sql, error);
    if (result == FG_OK)
        result = fg_turns_start(&keeper->turns, run, keeper, "the trail", error);
    if (result != FG_OK) {
        fg_sql_close(keeper->sql);
        free(keeper);
        return result;
    }
    *ret_keeper = keeper;
    return FG_OK;
}

void fg_web_keeper_free(struct fg_web_keeper *keeper)
{
    if (keeper == NULL)
        return;
    fg_turns_stop(&keeper->turns);
    fg_sql_close(keeper->sql);
    free(keeper);
}

/* ---- the list ---- */

#define SELECT                                                                                               \
    "SELECT number, at_ms, login, role, address, action, subject, detail, outcome, hash FROM trail WHERE "   \
    "number < $1 "
#define NEWEST_FIRST " ORDER BY number DESC LIMIT $2"

static void record_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const texts[] = {"user", "role", "address", "action", "subject"};
    size_t length = 0;
    const uint8_t *hash = fg_sql_bytes(row, 9, &length);

    fg_web_json_number(json, object, "number", fg_sql_int(row, 0));
    fg_web_json_number(json, object, "at_ms", fg_sql_int(row, 1));
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, 2 + i));
    fg_web_json_phrase(json, object, "detail", fg_sql_text(row, 7));
    fg_web_json_text(json, object, "outcome", fg_sql_text(row, 8));
    fg_web_json_hex(json, object, "hash", hash, length <= FG_DIGEST_BYTES ? length : 0);
}

static enum fg_err after_take(const struct fg_web_call *call, int64_t *ret_before, struct fg_error *error)
{
    const char *after = fg_web_text_of(call, "after");
    int64_t number = 0;

    *ret_before = INT64_MAX;
    if (after == NULL)
        return FG_OK;
    if (strlen(after) > 15 || strspn(after, "0123456789") != strlen(after))
        return fg_fail(error, FG_E_RANGE, "after: not a key of these pages");
    for (; *after != '\0'; after++)
        number = number * 10 + (*after - '0');
    *ret_before = number;
    return FG_OK;
}

static enum fg_err list_prepare(struct fg_web_call *call, struct fg_sql_statement **ret_statement,
                                struct fg_error *error)
{
    static const char *const queries[] = {SELECT NEWEST_FIRST, SELECT "AND login = $3" NEWEST_FIRST,
                                          SELECT "AND action = $4" NEWEST_FIRST,
                                          SELECT "AND login = $3 AND action = $4" NEWEST_FIRST};
    const char *user = fg_web_text_of(call, "user");
    const char *action = fg_web_text_of(call, "action");
    enum fg_err result =
        fg_sql_prepare(call->sql, queries[(user != NULL) + 2 * (action != NULL)], ret_statement, error);

    if (result == FG_OK && user != NULL)
        fg_sql_bind_text(*ret_statement, 3, user);
    if (result == FG_OK && action != NULL)
        fg_sql_bind_text(*ret_statement, 4, action);
    return result;
}

enum fg_err fg_web_trail_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    int64_t before = 0;
    cJSON *object;
    enum fg_err result = after_take(call, &before, error);

    if (result == FG_OK)
        result = list_prepare(call, &statement, error);
    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "records");
    fg_sql_bind_int(statement, 1, before);
    fg_sql_bind_int(statement, 2, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        record_write(&page.json, object, statement);
        fg_web_page_key_number(&page, fg_sql_int(statement, 0));
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}
