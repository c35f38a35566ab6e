/* Fuzz target: the JSON body of a request to the bureau's pages, against every route's table. */
#include "host/bureau/server/web_routes.h"
#include "host/bureau/web/web_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    const struct fg_web_route *routes = fg_web_routes(&count);

    if (size > FG_WEB_BODY_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct fg_web_value values[FG_WEB_PARAMETERS_MAX] = {0};
        struct fg_error error;
        cJSON *body = NULL;

        if (routes[i].method[0] == 'G')
            continue;
        (void)fg_web_body_take(routes[i].parameters, routes[i].parameter_count, data, size, values, &body,
                               &error);
        cJSON_Delete(body);
    }
    return 0;
}
