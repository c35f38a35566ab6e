/* The table of fillgate-link's settings (config.h). */
#include "firmware/link/config.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct fg_link_config, member)
#define TIME_KEY(section, name, least, most)                                                                 \
    {                                                                                                        \
        section, #name, FG_SETTING_U32, AT(name), least, most, NULL, false                                   \
    }
#define PLAN_KEY(name, least, most)                                                                          \
    {                                                                                                        \
        "times", #name, FG_SETTING_U32, AT(times.name), least, most, NULL, false                             \
    }
#define PATH_KEY(section, name, member, optional)                                                            \
    {                                                                                                        \
        section, name, FG_SETTING_PATH, AT(member), 0, 0, NULL, optional                                     \
    }

static const struct fg_setting table[] = {
    PATH_KEY("controller", "control_socket", control_socket, false),
    {"station", "url", FG_SETTING_TEXT, AT(url), 0, 0, NULL, true},
    {"station", "peer_name", FG_SETTING_TEXT, AT(peer_name), 0, 0, NULL, true},
    PATH_KEY("station", "ca", ca_path, true),
    PATH_KEY("station", "certificate", certificate_path, true),
    PATH_KEY("station", "key", key_path, true),
    {"list", "id", FG_SETTING_NAME, AT(list_id), 0, 0, NULL, true},
    {"list", "station", FG_SETTING_NAME, AT(list_station), 0, 0, NULL, true},
    PATH_KEY("list", "key_1", list_keys[0], true),
    PATH_KEY("list", "key_2", list_keys[1], true),
    PATH_KEY("list", "key_3", list_keys[2], true),
    PATH_KEY("list", "key_4", list_keys[3], true),
    PATH_KEY("files", "work", work_directory, false),
    TIME_KEY("times", poll_ms, 50, 60000),
    PLAN_KEY(report_ms, 1000, 86400000),
    PLAN_KEY(list_ms, 1000, 86400000),
    PLAN_KEY(renew_ms, 1000, 86400000),
    PLAN_KEY(ask_again_ms, 1000, 86400000),
    PLAN_KEY(retry_min_ms, 10, 60000),
    PLAN_KEY(retry_max_ms, 100, 3600000),
    TIME_KEY("times", renew_days, 1, 3650),
    TIME_KEY("deadlines", connect_max_ms, 100, 600000),
    TIME_KEY("deadlines", write_max_ms, 100, 600000),
    TIME_KEY("deadlines", first_byte_max_ms, 100, 600000),
    TIME_KEY("deadlines", whole_max_ms, 100, 3600000),
    {"panel", "listen", FG_SETTING_TEXT, AT(panel_listen), 0, 0, NULL, true},
    PATH_KEY("panel", "certificate", panel_certificate, true),
    PATH_KEY("panel", "key", panel_key, true),
    {"panel", "names", FG_SETTING_TEXT, AT(panel_names), 0, 0, NULL, true},
};

/* The network's keys are there all or none, and something must be left to do. */
static enum fg_err check_sections(const struct fg_link_config *config, const char *path,
                                  struct fg_error *error)
{
    const struct {
        const char *name;
        const char *value;
    } keys[] = {{"[station] url", config->url},
                {"[station] ca", config->ca_path},
                {"[station] certificate", config->certificate_path},
                {"[station] key", config->key_path},
                {"[list] id", config->list_id},
                {"[list] station", config->list_station},
                {"[list] key_1", config->list_keys[0]}};
    size_t given = 0;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        given += keys[i].value[0] != '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].value[0] == '\0' && (given > 0 || config->panel_listen[0] == '\0'))
            return fg_fail(error, FG_E_NOT_FOUND,
                           "%s: %s is missing (a link without [station] and [list] needs [panel])", path,
                           keys[i].name);
    }
    if (config->panel_listen[0] == '\0' && (config->panel_certificate[0] != '\0' ||
                                            config->panel_key[0] != '\0' || config->panel_names[0] != '\0'))
        return fg_fail(error, FG_E_NOT_FOUND, "%s: [panel] listen is missing", path);
    if (given > 0 && strncmp(config->url, "https://", 8) != 0)
        return fg_fail(error, FG_E_RANGE, "%s: [station] url must begin with https://", path);
    return FG_OK;
}

enum fg_err fg_link_config_read(const char *path, struct fg_link_config *ret_config, struct fg_error *error)
{
    struct fg_link_config config;
    enum fg_err code;

    memset(&config, 0, sizeof(config));
    code = fg_settings_read(path, table, sizeof(table) / sizeof(table[0]), &config, sizeof(config), error);
    if (code != FG_OK)
        return code;
    code = check_sections(&config, path, error);
    if (code != FG_OK)
        return code;
    if (config.times.retry_max_ms < config.times.retry_min_ms)
        return fg_fail(error, FG_E_RANGE, "%s: [times] retry_max_ms is smaller than retry_min_ms", path);
    *ret_config = config;
    return FG_OK;
}
