/* Implementation of requests of the pages in tests (handler_fixture.h). */
#include "tests/lib/handler_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/directory.h"
#include "host/bureau/web_call.h"
#include "host/bureau/web_error.h"
#include "host/bureau/web_private.h"
#include "tests/lib/bureau_fixture.h"
#include "tests/lib/check.h"

#define URL_MAX 2048

static int64_t web_now_ms;

static int64_t now(void *context)
{
    (void)context;
    return web_now_ms;
}

static void say(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == '%' && strlen(text) > 2) {
            char digits[3] = {text[1], text[2], '\0'};

            *to++ = (char)strtoul(digits, NULL, 16);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

static const struct fg_web_route *route_find(const char *path, struct fg_web_segments *ret_segments)
{
    size_t count = 0;
    const struct fg_web_route *routes = fg_web_routes(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].method, "GET") == 0 && fg_web_path_fits(routes[i].path, path, ret_segments))
            return &routes[i];
    }
    fg_test_fail(__FILE__, __LINE__, "no route fits %s", path);
}

/* The query's parameters; text stays as long as the call. */
static enum fg_err query_take(struct fg_web_call *call, char *query, struct fg_error *error)
{
    enum fg_err result = FG_OK;
    char *rest = NULL;

    for (char *name = strtok_r(query, "&", &rest); result == FG_OK && name != NULL;
         name = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(name, '=');

        if (value == NULL)
            return fg_fail(error, FG_E_RANGE, "parameter %s has no value", name);
        *value = '\0';
        decode(name);
        decode(value + 1);
        result = fg_web_query_take(call->route->parameters, call->route->parameter_count, name, value + 1,
                                   call->values, error);
    }
    return result;
}

static enum fg_err serve(struct fg_web_call *call, char *query, struct fg_error *error)
{
    const struct fg_web_route *route = call->route;
    enum fg_err result =
        fg_web_segments_take(route->parameters, route->parameter_count, &call->segments, call->values, error);

    if (result == FG_OK && query != NULL)
        result = query_take(call, query, error);
    if (result == FG_OK)
        result = fg_web_values_check(route->parameters, route->parameter_count, call->values, error);
    return result == FG_OK ? route->handle(call, error) : result;
}

cJSON *fg_fixture_web_get(struct fg_sql *sql, const char *url, int64_t now_ms, uint16_t *ret_status)
{
    struct fg_alarm_settings alarms;
    struct fg_web web = {.settings = {.receipt_key = fg_fixture_bureau_receipt_key(),
                                      .directory = fg_device_directory,
                                      .alarms = &alarms,
                                      .now_ms = now,
                                      .log = say}};
    struct fg_peer peer = {.address = "127.0.0.1"};
    struct fg_request request = {.method = "GET", .peer = &peer};
    struct fg_answer answer = {.status = 500, .file_descriptor = -1};
    struct fg_web_call call = {.web = &web, .request = &request, .answer = &answer, .sql = sql};
    struct fg_error error = {0};
    char path[URL_MAX];
    char *query;
    cJSON *root = NULL;
    enum fg_err result;

    fg_alarm_defaults(&alarms);
    web_now_ms = call.now_ms = now_ms;
    CHECK(strlen(url) < sizeof(path));
    (void)strcpy(path, url);
    query = strchr(path, '?');
    if (query != NULL)
        *query++ = '\0';
    decode(path);
    request.path = path;
    call.route = route_find(path, &call.segments);
    result = serve(&call, query, &error);
    if (result != FG_OK)
        answer.status = fg_web_error_status(fg_web_error_of(result));
    if (result != FG_OK && answer.status >= 500)
        fg_test_fail(__FILE__, __LINE__, "%s: %s", url, error.text);
    if (ret_status != NULL)
        *ret_status = answer.status;
    if (answer.status < 400) {
        root = cJSON_ParseWithLength(answer.body, answer.body_length);
        CHECK(root != NULL);
    }
    free(answer.body);
    return root;
}

const cJSON *fg_fixture_json(const cJSON *root, const char *path)
{
    const cJSON *at = root;
    const char *rest = path;

    while (at != NULL && *rest != '\0') {
        char name[64] = "";
        size_t length = strcspn(rest, ".[");

        CHECK(length < sizeof(name));
        memcpy(name, rest, length);
        if (length > 0)
            at = cJSON_GetObjectItemCaseSensitive(at, name);
        rest += length;
        if (*rest == '[' && at != NULL) {
            char *end = NULL;

            at = cJSON_GetArrayItem(at, (int)strtol(rest + 1, &end, 10));
            rest = end + 1;
        }
        rest += *rest == '.';
    }
    if (at == NULL)
        fg_test_fail(__FILE__, __LINE__, "the answer has no member %s", path);
    return at;
}

const char *fg_fixture_json_text(const cJSON *root, const char *path)
{
    const cJSON *item = fg_fixture_json(root, path);

    CHECK(cJSON_IsString(item));
    return item->valuestring;
}

int64_t fg_fixture_json_number(const cJSON *root, const char *path)
{
    const cJSON *item = fg_fixture_json(root, path);

    CHECK(cJSON_IsNumber(item));
    return (int64_t)item->valuedouble;
}

int fg_fixture_json_count(const cJSON *root, const char *path)
{
    const cJSON *item = fg_fixture_json(root, path);

    CHECK(cJSON_IsArray(item));
    return cJSON_GetArraySize(item);
}
