/* What station.ini says (boards/sim/station.ini documents every key).
 *
 * Not: reading INI (lib/base/settings.h). Relies on: lib/base/settings.h. No global state. */
#ifndef FG_HOST_STATION_BASE_CONFIG_H
#define FG_HOST_STATION_BASE_CONFIG_H

#include "lib/base/settings.h"

#define FG_STATION_LISTS_MAX 4
#define FG_STATION_LIST_KEYS_MAX 4
#define FG_STATION_PATH (FG_SETTING_PATH_MAX + 1)

struct fg_station_config {
    char id[FG_NAME_MAX + 1];
    char address[FG_STATION_PATH];
    uint16_t port;
    char certificate[FG_STATION_PATH];
    char key[FG_STATION_PATH];
    char ca[FG_STATION_PATH];
    uint32_t threads;
    uint32_t connections_max;
    uint32_t connections_per_address_max;
    uint32_t request_max_ms;

    char store[FG_STATION_PATH];
    uint32_t verify_every_h;     /* the whole store is verified at start and so often */
    uint64_t disk_reserve_bytes; /* nothing is taken in while less is free */
    uint64_t quota_bytes;        /* that one controller may store in a day */

    char url[FG_STATION_PATH];
    char peer_name[FG_STATION_PATH]; /* empty: the URL's host */
    char receipt_key[FG_STATION_PATH];
    char keyring[FG_STATION_PATH]; /* the kept key rings; keyring.bin beside the store when not given */
    uint8_t continuous;            /* 0 or 1 */
    char window_start[FG_STATION_PATH];
    uint32_t window_start_s; /* of the local day; read from window_start */
    uint32_t window_length_min;
    uint32_t retry_min_s;
    uint32_t retry_max_s;
    uint32_t report_s;
    uint32_t connect_max_ms;
    uint32_t answer_max_ms;
    uint32_t renew_days; /* the certificate is renewed when it has fewer left; 0 = never */

    char list_folder[FG_STATION_PATH];
    char list_ids[FG_STATION_LISTS_MAX][FG_NAME_MAX + 1]; /* empty: not used */
    char list_keys[FG_STATION_LIST_KEYS_MAX][FG_STATION_PATH];
    uint32_t list_update_s;
};

/* FG_E_IO, FG_E_FORMAT, FG_E_NOT_FOUND (a key is missing), FG_E_RANGE. */
enum fg_err fg_station_config_read(const char *path, struct fg_station_config *ret_config,
                                   struct fg_error *error);

/* "22:30" as seconds of the day. FG_E_FORMAT. */
enum fg_err fg_station_time_of_day(const char *text, uint32_t *ret_second, struct fg_error *error);

#endif
