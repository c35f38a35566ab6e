/* The settings of fillgate-link: an INI file; boards/sim/link.ini explains every key.
 *
 * Not: reading INI (lib/base/settings.h). */
#ifndef FG_FIRMWARE_LINK_CONFIG_H
#define FG_FIRMWARE_LINK_CONFIG_H

#include "lib/base/settings.h"
#include "proto/hop/hop_plan.h"

#define FG_LINK_LIST_KEYS_MAX 4

struct fg_link_config {
    char control_socket[FG_SETTING_PATH_MAX + 1];

    /* [station]: the next hop, a station or the bureau itself. [station] and [list] are there both or
     * neither; without them url is empty, and the link only serves the panel. */
    char url[FG_SETTING_PATH_MAX + 1];
    char peer_name[FG_SETTING_PATH_MAX + 1]; /* empty = the URL's host */
    char ca_path[FG_SETTING_PATH_MAX + 1];
    char certificate_path[FG_SETTING_PATH_MAX + 1];
    char key_path[FG_SETTING_PATH_MAX + 1];

    /* [list] */
    char list_id[FG_NAME_MAX + 1];
    char list_station[FG_NAME_MAX + 1];
    char list_keys[FG_LINK_LIST_KEYS_MAX][FG_SETTING_PATH_MAX + 1]; /* empty = not given */

    char work_directory[FG_SETTING_PATH_MAX + 1];

    /* [times] */
    uint32_t poll_ms;
    struct fg_link_times times;
    uint32_t renew_days;

    /* [deadlines] */
    uint32_t connect_max_ms;
    uint32_t write_max_ms;
    uint32_t first_byte_max_ms;
    uint32_t whole_max_ms;

    /* [panel]; panel_listen empty = no panel */
    char panel_listen[FG_SETTING_PATH_MAX + 1];
    char panel_certificate[FG_SETTING_PATH_MAX + 1]; /* empty = plain HTTP, on loopback only */
    char panel_key[FG_SETTING_PATH_MAX + 1];
    char panel_names[FG_SETTING_PATH_MAX + 1];
};

/* Errors as fg_settings_read. */
enum fg_err fg_link_config_read(const char *path, struct fg_link_config *ret_config, struct fg_error *error);

#endif
