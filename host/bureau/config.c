/* Implementation of the bureau's settings (config.h). */
#include "host/bureau/config.h"

#include <stddef.h>
#include <string.h>

#include "host/bureau/watch/station_positions.h"

#define AT(member) offsetof(struct fg_bureau_config, member)
#define NEEDED(section, name, type, member, least, most)                                                     \
    {                                                                                                        \
        section, name, type, AT(member), least, most, NULL, false                                            \
    }
#define OPTIONAL(section, name, type, member, least, most)                                                   \
    {                                                                                                        \
        section, name, type, AT(member), least, most, NULL, true                                             \
    }

static const struct fg_setting table[] = {
    NEEDED("database", "url", FG_SETTING_TEXT, database_url, 0, 0),
    OPTIONAL("database", "deadline_ms", FG_SETTING_U32, database_deadline_ms, 100, 600000),
    OPTIONAL("database", "verify_every_h", FG_SETTING_U32, verify_every_h, 1, 720),
    NEEDED("server", "address", FG_SETTING_TEXT, address, 0, 0),
    NEEDED("server", "port", FG_SETTING_U16, port, 0, 65535),
    NEEDED("server", "certificate", FG_SETTING_PATH, certificate_path, 0, 0),
    NEEDED("server", "key", FG_SETTING_PATH, key_path, 0, 0),
    NEEDED("server", "ca", FG_SETTING_PATH, ca_path, 0, 0),
    OPTIONAL("server", "threads", FG_SETTING_U32, threads, 1, 32),
    OPTIONAL("server", "connections_max", FG_SETTING_U32, connections_max, 8, 60000),
    OPTIONAL("server", "connections_per_address_max", FG_SETTING_U32, connections_per_address_max, 0, 100000),
    OPTIONAL("server", "request_max_ms", FG_SETTING_U32, request_max_ms, 1000, 600000),
    NEEDED("keys", "receipt_key", FG_SETTING_PATH, receipt_key_path, 0, 0),
    NEEDED("keys", "list_key", FG_SETTING_PATH, list_key_path, 0, 0),
    OPTIONAL("keys", "list_key_next", FG_SETTING_PATH, list_key_next_path, 0, 0),
    OPTIONAL("keys", "keyring", FG_SETTING_PATH, keyring_path, 0, 0),
    NEEDED("lists", "directory", FG_SETTING_PATH, list_directory, 0, 0),
    OPTIONAL("lists", "publish_every_min", FG_SETTING_U32, publish_every_min, 0, 10080),
    OPTIONAL("lists", "publish_insist", FG_SETTING_BOOL, publish_insist, 0, 0),
    OPTIONAL("lists", "signing_key", FG_SETTING_PATH, publish_list_key_path, 0, 0),
    OPTIONAL("enrolment", "ca_directory", FG_SETTING_PATH, ca_directory, 0, 0),
    OPTIONAL("enrolment", "certificate_days", FG_SETTING_U32, certificate_days, 1, 3650),
    OPTIONAL("alarms", "sweep_every_s", FG_SETTING_U32, sweep_every_s, 1, 86400),
    OPTIONAL("alarms", "speed_max_km_h", FG_SETTING_U32, alarms.speed_max_km_h, 0, 2000),
    OPTIONAL("alarms", "sighting_window_h", FG_SETTING_U32, alarms.sighting_window_h, 1, 720),
    OPTIONAL("alarms", "clock_tolerance_s", FG_SETTING_U32, alarms.clock_tolerance_s, 0, 86400),
    OPTIONAL("alarms", "fills_max", FG_SETTING_U32, alarms.fills_max, 0, 10000),
    OPTIONAL("alarms", "fills_period_h", FG_SETTING_U32, alarms.fills_period_h, 0, 8760),
    OPTIONAL("alarms", "utc_offset_min", FG_SETTING_U32, alarms.utc_offset_min, 0, 840),
    OPTIONAL("alarms", "unaccounted_g", FG_SETTING_U32, alarms.unaccounted_g, 0, 10000000),
    OPTIONAL("alarms", "unaccounted_total_g", FG_SETTING_U32, alarms.unaccounted_total_g, 0, 100000000),
    OPTIONAL("alarms", "station_silent_min", FG_SETTING_U32, alarms.station_silent_min, 0, 525600),
    OPTIONAL("alarms", "controller_silent_min", FG_SETTING_U32, alarms.controller_silent_min, 0, 525600),
    OPTIONAL("alarms", "list_age_max_h", FG_SETTING_U32, alarms.list_age_max_h, 0, 87600),
    OPTIONAL("alarms", "clock_offset_max_s", FG_SETTING_U32, alarms.clock_offset_max_s, 0, 86400),
    OPTIONAL("alarms", "gap_stays_min", FG_SETTING_U32, alarms.gap_stays_min, 0, 525600),
    OPTIONAL("alarms", "unsent_age_max_h", FG_SETTING_U32, alarms.unsent_age_max_h, 0, 87600),
    OPTIONAL("alarms", "disk_free_min_bytes", FG_SETTING_U64, alarms.disk_free_min_bytes, 0,
             UINT64_C(1) << 50),
    OPTIONAL("alarms", "certificate_days_min", FG_SETTING_U32, alarms.certificate_days_min, 0, 3650),
    OPTIONAL("web", "address", FG_SETTING_TEXT, web.address, 0, 0),
    OPTIONAL("web", "port", FG_SETTING_U16, web.port, 0, 65535),
    OPTIONAL("web", "certificate", FG_SETTING_PATH, web.certificate_path, 0, 0),
    OPTIONAL("web", "key", FG_SETTING_PATH, web.key_path, 0, 0),
    OPTIONAL("web", "names", FG_SETTING_TEXT, web.names, 0, 0),
    OPTIONAL("web", "public_lookup", FG_SETTING_BOOL, web.public_lookup, 0, 0),
    OPTIONAL("web", "connections_max", FG_SETTING_U32, web.connections_max, 8, 256),
    OPTIONAL("web", "request_max_ms", FG_SETTING_U32, web.request_max_ms, 1000, 600000),
};

_Static_assert(sizeof(table) / sizeof(table[0]) <= FG_SETTINGS_KEYS_MAX, "the table fits");

enum fg_err fg_bureau_config_read(const char *path, struct fg_bureau_config *ret_config,
                                  struct fg_error *error)
{
    struct fg_bureau_config config;
    enum fg_err result;

    memset(&config, 0, sizeof(config));
    config.database_deadline_ms = 20000;
    config.verify_every_h = 24;
    config.threads = 4;
    config.connections_max = 4096;
    config.request_max_ms = 60000;
    config.certificate_days = 365;
    config.sweep_every_s = 60;
    fg_alarm_defaults(&config.alarms);
    config.alarms.place = fg_station_position_find;
    fg_web_defaults(&config.web);
    result = fg_settings_read(path, table, sizeof(table) / sizeof(table[0]), &config, sizeof(config), error);
    if (result == FG_OK && config.publish_every_min > 0 && config.publish_list_key_path[0] == '\0')
        result = fg_fail(error, FG_E_RANGE, "%s: publish_every_min needs signing_key", path);
    if (result == FG_OK && fg_web_config_check(&config.web, error) != FG_OK)
        result = fg_fail_in(error, FG_E_RANGE, "%s", path);
    if (result == FG_OK)
        *ret_config = config;
    return result;
}
