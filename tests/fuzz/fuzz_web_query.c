/* Fuzz target: path and query of a request to the bureau's pages, against every route's table. The input is
 * a path, then NAME=VALUE parts, separated by '\n'. */
#include <stdlib.h>
#include <string.h>

#include "host/bureau/server/web_routes.h"
#include "host/bureau/web/web_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void route_try(const struct fg_web_route *route, const char *path, char *query)
{
    struct fg_web_value values[FG_WEB_PARAMETERS_MAX] = {0};
    struct fg_web_segments segments;
    struct fg_error error;
    char *saved = NULL;

    if (!fg_web_path_fits(route->path, path, &segments) ||
        fg_web_segments_take(route->parameters, route->parameter_count, &segments, values, &error) != FG_OK)
        return;
    for (char *part = strtok_r(query, "\n", &saved); part != NULL; part = strtok_r(NULL, "\n", &saved)) {
        char *value = strchr(part, '=');

        if (value != NULL)
            *value++ = '\0';
        (void)fg_web_query_take(route->parameters, route->parameter_count, part, value, values, &error);
    }
    (void)fg_web_values_check(route->parameters, route->parameter_count, values, &error);
    for (size_t i = 0; i < route->parameter_count; i++) {
        if (values[i].text != NULL && route->parameters[i].type == FG_WEB_NUMBER &&
            (values[i].number < route->parameters[i].least || values[i].number > route->parameters[i].most))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    const struct fg_web_route *routes = fg_web_routes(&count);

    for (size_t i = 0; i < count; i++) {
        char *text = calloc(1, size + 2);
        char *query;

        if (text == NULL)
            return 0;
        memcpy(text, data, size);
        query = text + strcspn(text, "\n");
        if (*query != '\0')
            *query++ = '\0';
        route_try(&routes[i], text, query);
        free(text);
    }
    return 0;
}
