/* The bureau's API as web/openapi.json describes it, held against the server's table: the same paths,
 * methods, parameters, bounds, roles and records in the trail, in both directions. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/bureau/server/web_routes.h"
#include "host/bureau/user/user.h"
#include "host/bureau/web/web_call.h"
#include "tests/lib/check.h"

#define FILE_BYTES_MAX (1 << 20)

static unsigned faults;

static void fault(const char *method, const char *path, const char *what, const char *more)
{
    printf("    %s %s: %s%s%s\n", method, path, what, more != NULL ? ": " : "", more != NULL ? more : "");
    faults++;
}

static cJSON *api_read(void)
{
    char *text = calloc(1, FILE_BYTES_MAX);
    FILE *file = fopen("host/bureau/api/openapi.json", "r");
    cJSON *api;

    CHECK(text != NULL && file != NULL);
    CHECK(fread(text, 1, FILE_BYTES_MAX - 1, file) > 0);
    (void)fclose(file);
    api = cJSON_Parse(text);
    free(text);
    CHECK(api != NULL);
    return api;
}

/* "GET" is "get" there. */
static const cJSON *operation_of(const cJSON *api, const char *method, const char *path)
{
    const cJSON *paths = cJSON_GetObjectItemCaseSensitive(api, "paths");
    char lower[16] = "";

    for (size_t i = 0; i + 1 < sizeof(lower) && method[i] != '\0'; i++)
        lower[i] = (char)tolower((unsigned char)method[i]);
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(paths, path), lower);
}

static const cJSON *schema_of_body(const cJSON *api, const cJSON *operation)
{
    static const char *const way[] = {"requestBody", "content", "application/json", "schema", "$ref"};
    static const char prefix[] = "#/components/schemas/";
    const cJSON *at = operation;

    for (size_t i = 0; i < 5; i++)
        at = cJSON_GetObjectItemCaseSensitive(at, way[i]);
    if (!cJSON_IsString(at) || strncmp(at->valuestring, prefix, sizeof(prefix) - 1) != 0)
        return NULL;
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(api, "components"), "schemas"),
        at->valuestring + sizeof(prefix) - 1);
}

/* ---- one parameter ---- */

static bool number_is(const cJSON *schema, const char *name, int64_t expected)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(schema, name);

    return cJSON_IsNumber(number) && (int64_t)number->valuedouble == expected;
}

static bool text_is(const cJSON *schema, const char *name, const char *expected)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(schema, name);

    if (expected == NULL)
        return text == NULL;
    return cJSON_IsString(text) && strcmp(text->valuestring, expected) == 0;
}

static bool words_are(const cJSON *schema, const char *const *words)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(schema, "enum");
    int count = 0;

    for (; words[count] != NULL; count++) {
        const cJSON *word = cJSON_GetArrayItem(list, count);

        if (!cJSON_IsString(word) || strcmp(word->valuestring, words[count]) != 0)
            return false;
    }
    return cJSON_GetArraySize(list) == count;
}

static const char *pattern_of(enum fg_web_type type)
{
    switch (type) {
    case FG_WEB_CODE:
        return "^[0-9A-Z-]+$";
    case FG_WEB_NAME:
        return "^[A-Za-z0-9._-]+$";
    case FG_WEB_UPPER:
        return "^[A-Z_]+$";
    case FG_WEB_HEX:
        return "^[0-9a-f]+$";
    case FG_WEB_KEY:
        return "^[A-Za-z0-9._~:-]+$";
    default:
        return NULL;
    }
}

static bool schema_fits(const cJSON *schema, const struct fg_web_parameter *parameter)
{
    switch (parameter->type) {
    case FG_WEB_NUMBER:
        return text_is(schema, "type", "integer") && number_is(schema, "minimum", parameter->least) &&
               number_is(schema, "maximum", parameter->most);
    case FG_WEB_BOOL:
        return text_is(schema, "type", "boolean");
    case FG_WEB_WORD:
        return text_is(schema, "type", "string") && words_are(schema, parameter->words);
    case FG_WEB_DAY:
        return text_is(schema, "type", "string") && text_is(schema, "format", "date");
    default:
        return text_is(schema, "type", "string") && number_is(schema, "minLength", parameter->least) &&
               number_is(schema, "maxLength", parameter->most) &&
               text_is(schema, "pattern", pattern_of(parameter->type));
    }
}

/* ---- one route ---- */

static const cJSON *described_in(const cJSON *list, const char *name, const char *place)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, list)
    {
        if (text_is(one, "name", name) && text_is(one, "in", place))
            return one;
    }
    return NULL;
}

static bool is_required(const cJSON *schema, const char *name)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(schema, "required"))
    {
        if (cJSON_IsString(one) && strcmp(one->valuestring, name) == 0)
            return true;
    }
    return false;
}

static void parameters_check(const cJSON *operation, const cJSON *body, const struct fg_web_route *route)
{
    static const char *const places[] = {"path", "query"};
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(operation, "parameters");
    const cJSON *members = cJSON_GetObjectItemCaseSensitive(body, "properties");
    int count = 0;
    int in_body = 0;

    for (size_t i = 0; i < route->parameter_count; i++) {
        const struct fg_web_parameter *parameter = &route->parameters[i];
        const cJSON *schema = NULL;
        bool needed;

        if (parameter->place == FG_WEB_BODY) {
            in_body++;
            schema = cJSON_GetObjectItemCaseSensitive(members, parameter->name);
            needed = is_required(body, parameter->name);
        } else {
            const cJSON *one = described_in(list, parameter->name, places[parameter->place]);

            count++;
            schema = cJSON_GetObjectItemCaseSensitive(one, "schema");
            needed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "required"));
        }
        if (schema == NULL)
            fault(route->method, route->path, "not described", parameter->name);
        else if (!schema_fits(schema, parameter))
            fault(route->method, route->path, "type or bounds differ", parameter->name);
        else if (needed != parameter->needed)
            fault(route->method, route->path, "needed or not", parameter->name);
    }
    if (count != cJSON_GetArraySize(list) || in_body != cJSON_GetArraySize(members))
        fault(route->method, route->path, "describes parameters that the server does not know", NULL);
}

static bool role_is_named(const cJSON *operation, const char *role)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(operation, "x-roles"))
    {
        if (cJSON_IsString(one) && strcmp(one->valuestring, role) == 0)
            return true;
    }
    return false;
}

static void roles_check(const cJSON *operation, const struct fg_web_route *route)
{
    for (size_t i = 0; fg_user_roles[i] != NULL; i++) {
        struct fg_web_user user = {0};
        bool may;

        (void)snprintf(user.role, sizeof(user.role), "%s", fg_user_roles[i]);
        may = route->access == FG_WEB_OWN ||
              (route->access == FG_WEB_PERMITTED && fg_web_user_may(&user, route->right));
        if (may != role_is_named(operation, fg_user_roles[i]))
            fault(route->method, route->path, "a role differs", fg_user_roles[i]);
    }
}

static void route_check(const cJSON *api, const struct fg_web_route *route)
{
    const cJSON *operation = operation_of(api, route->method, route->path);
    bool trail = route->action != NULL || strcmp(route->method, "GET") != 0;

    if (operation == NULL) {
        fault(route->method, route->path, "served, but not described", NULL);
        return;
    }
    parameters_check(operation, schema_of_body(api, operation), route);
    roles_check(operation, route);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(operation, "x-trail")) != trail)
        fault(route->method, route->path, "x-trail differs", NULL);
}

TEST("every route of the server is described, with its parameters, bounds, roles and trail")
{
    cJSON *api = api_read();
    size_t count = 0;
    const struct fg_web_route *routes = fg_web_routes(&count);

    faults = 0;
    CHECK(count > 0);
    for (size_t i = 0; i < count; i++)
        route_check(api, &routes[i]);
    cJSON_Delete(api);
    CHECK_INT(faults, 0);
}

/* ---- the other direction ---- */

static bool is_served(const char *method, const char *path)
{
    size_t count = 0;
    const struct fg_web_route *routes = fg_web_routes(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(routes[i].method, method) == 0 && strcmp(routes[i].path, path) == 0)
            return true;
    }
    return false;
}

TEST("everything that is described is served")
{
    cJSON *api = api_read();
    const cJSON *path;
    const cJSON *operation;

    faults = 0;
    cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(api, "paths"))
    {
        cJSON_ArrayForEach(operation, path)
        {
            if (!is_served(operation->string, path->string))
                fault(operation->string, path->string, "described, but not served", NULL);
        }
    }
    cJSON_Delete(api);
    CHECK_INT(faults, 0);
}
