/* Implementation of the pages' settings (web_settings.h). */
#include "host/bureau/web/web_settings.h"

#include <string.h>

#include "lib/net/page/page_guard.h"

#define CONNECTIONS_MAX 256
#define REQUEST_MAX_MS 30000

void fg_web_defaults(struct fg_web_config *config)
{
    memset(config, 0, sizeof(*config));
    config->connections_max = CONNECTIONS_MAX;
    config->request_max_ms = REQUEST_MAX_MS;
}

enum fg_err fg_web_config_check(const struct fg_web_config *config, struct fg_error *error)
{
    bool https = config->certificate_path[0] != '\0';
    struct fg_page_names names;

    if (config->address[0] == '\0')
        return FG_OK;
    if (https != (config->key_path[0] != '\0'))
        return fg_fail(error, FG_E_ARG, "[web]: certificate and key must be given together");
    if (!https && !fg_page_is_loopback(config->address))
        return fg_fail(error, FG_E_ARG,
                       "[web]: beyond loopback (%s) pages are only served over HTTPS: give certificate and "
                       "key",
                       config->address);
    return fg_page_names_make(config->names, config->address, config->port, https, &names, error);
}
