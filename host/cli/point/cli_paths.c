/* Paths and keys from options or the controller's configuration (cli_paths.h). */
#include "host/cli/point/cli_paths.h"

enum fg_err cli_config(const struct cli_call *call, const struct fg_config **ret_config,
                       struct fg_error *error)
{
    static struct fg_config config;
    const char *path = cli_value(call, "--config");
    enum fg_err result;

    if (path == NULL) {
        *ret_config = NULL;
        return FG_OK;
    }
    result = fg_config_read(path, &config, error);
    if (result == FG_OK)
        *ret_config = &config;
    return result;
}

enum fg_err cli_trusted_keys(const struct cli_call *call, const char *option, const struct fg_config *config,
                             struct fg_public_key ret_keys[CLI_REPEAT_MAX], size_t *ret_count,
                             struct fg_error *error)
{
    const char *const *paths;
    size_t count = cli_values(call, option, &paths);
    bool from_config = count == 0 && config != NULL;

    if (from_config)
        count = config->list_key_count;
    if (count == 0)
        return fg_fail(error, FG_E_ARG, "no key to verify with: give %s FILE or --config FILE", option);
    for (size_t i = 0; i < count; i++) {
        enum fg_err result =
            fg_public_key_read(from_config ? config->list_key_paths[i] : paths[i], &ret_keys[i], error);

        if (result != FG_OK)
            return result;
    }
    *ret_count = count;
    return FG_OK;
}
