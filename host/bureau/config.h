/* The settings of fillgate-bureau (boards/sim/bureau.ini documents each).
 *
 * Relies on: lib/base/settings.h. */
#ifndef FG_HOST_BUREAU_CONFIG_H
#define FG_HOST_BUREAU_CONFIG_H

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/web/web_settings.h"
#include "lib/base/settings.h"

struct fg_bureau_config {
    char database_url[FG_SETTING_PATH_MAX + 1];
    uint32_t verify_every_h; /* the whole store is verified at start and so often */
    uint32_t database_deadline_ms;
    char address[FG_SETTING_PATH_MAX + 1];
    uint16_t port;
    char certificate_path[FG_SETTING_PATH_MAX + 1];
    char key_path[FG_SETTING_PATH_MAX + 1];
    char ca_path[FG_SETTING_PATH_MAX + 1];
    uint32_t threads;
    uint32_t connections_max;
    uint32_t connections_per_address_max;
    uint32_t request_max_ms;
    char receipt_key_path[FG_SETTING_PATH_MAX + 1];
    char list_key_path[FG_SETTING_PATH_MAX + 1];      /* public */
    char list_key_next_path[FG_SETTING_PATH_MAX + 1]; /* public; "" = none */
    char keyring_path[FG_SETTING_PATH_MAX + 1];       /* folder or file of rings; "" = none */
    char list_directory[FG_SETTING_PATH_MAX + 1];
    char ca_directory[FG_SETTING_PATH_MAX + 1]; /* "" = nobody can join here */
    uint32_t certificate_days;
    uint32_t publish_every_min;                          /* 0 = only by command */
    bool publish_insist;                                 /* on schedule also with a clock that is in doubt */
    char publish_list_key_path[FG_SETTING_PATH_MAX + 1]; /* private; "" = lists are signed elsewhere */
    uint32_t sweep_every_s;
    struct fg_alarm_settings alarms;
    struct fg_web_config web;
};

/* FG_E_IO, FG_E_FORMAT and others of fg_settings_read. *ret_config only on success. */
enum fg_err fg_bureau_config_read(const char *path, struct fg_bureau_config *ret_config,
                                  struct fg_error *error);

#endif
