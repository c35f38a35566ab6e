/* The keys of station.ini (config.h). */
#include "host/station/base/config.h"

#include "host/station/base/quota.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct fg_station_config, member)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct fg_setting settings[] = {
    {"station", "id", FG_SETTING_NAME, AT(id), 0, 0, NULL, false},
    {"server", "address", FG_SETTING_TEXT, AT(address), 0, 0, NULL, false},
    {"server", "port", FG_SETTING_U16, AT(port), 0, 65535, NULL, false},
    {"server", "certificate", FG_SETTING_PATH, AT(certificate), 0, 0, NULL, false},
    {"server", "key", FG_SETTING_PATH, AT(key), 0, 0, NULL, false},
    {"server", "ca", FG_SETTING_PATH, AT(ca), 0, 0, NULL, false},
    {"server", "threads", FG_SETTING_U32, AT(threads), 1, 64, NULL, true},
    {"server", "connections_max", FG_SETTING_U32, AT(connections_max), 4, 4096, NULL, true},
    {"server", "connections_per_address_max", FG_SETTING_U32, AT(connections_per_address_max), 0, 4096, NULL,
     true},
    {"server", "request_max_ms", FG_SETTING_U32, AT(request_max_ms), 1000, 600000, NULL, true},
    {"store", "path", FG_SETTING_PATH, AT(store), 0, 0, NULL, false},
    {"store", "disk_reserve_bytes", FG_SETTING_U64, AT(disk_reserve_bytes), 0, UINT64_C(1) << 50, NULL, true},
    {"store", "quota_bytes", FG_SETTING_U64, AT(quota_bytes), 1 << 20, FG_STATION_QUOTA_MAX, NULL, true},
    {"store", "verify_every_h", FG_SETTING_U32, AT(verify_every_h), 1, 720, NULL, true},
    {"bureau", "url", FG_SETTING_TEXT, AT(url), 0, 0, NULL, false},
    {"bureau", "name", FG_SETTING_TEXT, AT(peer_name), 0, 0, NULL, true},
    {"bureau", "receipt_key", FG_SETTING_PATH, AT(receipt_key), 0, 0, NULL, false},
    {"bureau", "keyring", FG_SETTING_PATH, AT(keyring), 0, 0, NULL, true},
    {"bureau", "continuous", FG_SETTING_BOOL, AT(continuous), 0, 0, NULL, true},
    {"bureau", "window_start", FG_SETTING_TEXT, AT(window_start), 0, 0, NULL, true},
    {"bureau", "window_length_min", FG_SETTING_U32, AT(window_length_min), 10, 1440, NULL, true},
    {"bureau", "retry_min_s", FG_SETTING_U32, AT(retry_min_s), 1, 3600, NULL, true},
    {"bureau", "retry_max_s", FG_SETTING_U32, AT(retry_max_s), 1, 86400, NULL, true},
    {"bureau", "report_s", FG_SETTING_U32, AT(report_s), 1, 86400, NULL, true},
    {"bureau", "connect_max_ms", FG_SETTING_U32, AT(connect_max_ms), 100, 600000, NULL, true},
    {"bureau", "answer_max_ms", FG_SETTING_U32, AT(answer_max_ms), 100, 600000, NULL, true},
    {"bureau", "renew_days", FG_SETTING_U32, AT(renew_days), 0, 3650, NULL, true},
    {"list", "folder", FG_SETTING_PATH, AT(list_folder), 0, 0, NULL, false},
    {"list", "id", FG_SETTING_NAME, AT(list_ids[0]), 0, 0, NULL, false},
    {"list", "id_2", FG_SETTING_NAME, AT(list_ids[1]), 0, 0, NULL, true},
    {"list", "id_3", FG_SETTING_NAME, AT(list_ids[2]), 0, 0, NULL, true},
    {"list", "id_4", FG_SETTING_NAME, AT(list_ids[3]), 0, 0, NULL, true},
    {"list", "key", FG_SETTING_PATH, AT(list_keys[0]), 0, 0, NULL, false},
    {"list", "key_2", FG_SETTING_PATH, AT(list_keys[1]), 0, 0, NULL, true},
    {"list", "key_3", FG_SETTING_PATH, AT(list_keys[2]), 0, 0, NULL, true},
    {"list", "key_4", FG_SETTING_PATH, AT(list_keys[3]), 0, 0, NULL, true},
    {"list", "update_s", FG_SETTING_U32, AT(list_update_s), 1, 86400, NULL, true},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum fg_err fg_station_time_of_day(const char *text, uint32_t *ret_second, struct fg_error *error)
{
    uint32_t hour;
    uint32_t minute;

    if (strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' ||
        !is_digit(text[3]) || !is_digit(text[4]))
        return fg_fail(error, FG_E_FORMAT, "\"%.40s\" is not a time of the day: write 22:30", text);
    hour = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    minute = (uint32_t)(text[3] - '0') * 10 + (uint32_t)(text[4] - '0');
    if (hour > 23 || minute > 59)
        return fg_fail(error, FG_E_FORMAT, "\"%.40s\" is not a time of the day: 00:00 to 23:59", text);
    *ret_second = hour * 3600 + minute * 60;
    return FG_OK;
}

static enum fg_err keyring_beside_store(struct fg_station_config *config, struct fg_error *error)
{
    const char *slash = strrchr(config->store, '/');
    int folder_length = slash == NULL ? 0 : (int)(slash - config->store) + 1;

    if (config->keyring[0] != '\0')
        return FG_OK;
    if ((size_t)snprintf(config->keyring, sizeof(config->keyring), "%.*skeyring.bin", folder_length,
                         config->store) >= sizeof(config->keyring))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long for keyring.bin beside it", config->store);
    return FG_OK;
}

enum fg_err fg_station_config_read(const char *path, struct fg_station_config *ret_config,
                                   struct fg_error *error)
{
    struct fg_station_config config = {
        .threads = 8,
        .connections_max = 256,
        .connections_per_address_max = 32,
        .request_max_ms = 30000,
        .disk_reserve_bytes = UINT64_C(64) << 20,
        .quota_bytes = UINT64_C(16) << 20,
        .window_start = "22:00",
        .window_length_min = 360,
        .retry_min_s = 10,
        .retry_max_s = 900,
        .verify_every_h = 24,
        .report_s = 300,
        .connect_max_ms = 10000,
        .answer_max_ms = 30000,
        .renew_days = 45,
        .list_update_s = 180,
    };
    enum fg_err result = fg_settings_read(path, settings, COUNT(settings), &config, sizeof(config), error);

    if (result == FG_OK) {
        result = fg_station_time_of_day(config.window_start, &config.window_start_s, error);
        if (result != FG_OK)
            return fg_fail_in(error, result, "%s: [bureau] window_start: ", path);
    }
    if (result == FG_OK)
        result = keyring_beside_store(&config, error);
    if (result != FG_OK)
        return result;
    if (config.retry_max_s < config.retry_min_s)
        return fg_fail(error, FG_E_RANGE, "%s: [bureau] retry_max_s is less than retry_min_s", path);
    *ret_config = config;
    return FG_OK;
}
