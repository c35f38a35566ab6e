/* The settings of the bureau's pages, and what of the bureau they work with.
 *
 * Not: the server (web_server.h). Relies on: lib/base/settings.h. */
#ifndef FG_HOST_BUREAU_WEB_WEB_SETTINGS_H
#define FG_HOST_BUREAU_WEB_WEB_SETTINGS_H

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/journal/ingest.h"
#include "lib/base/settings.h"
#include "lib/list/serve/list_routes.h"

/* Section [web] of bureau.ini. address "" = no pages. */
struct fg_web_config {
    char address[FG_SETTING_PATH_MAX + 1];
    uint16_t port;
    char certificate_path[FG_SETTING_PATH_MAX + 1]; /* "" with key_path: plain HTTP, on loopback alone */
    char key_path[FG_SETTING_PATH_MAX + 1];
    char names[FG_SETTING_PATH_MAX + 1]; /* further names that browsers may call it by, with commas */
    bool public_lookup;
    uint32_t connections_max;
    uint32_t request_max_ms;
};
void fg_web_defaults(struct fg_web_config *config);
/* FG_E_ARG, FG_E_FORMAT: what in the settings cannot be. */
enum fg_err fg_web_config_check(const struct fg_web_config *config, struct fg_error *error);

struct fg_web_settings {
    const struct fg_web_config *config; /* outlives the server, as do the pointers below */
    const char *database_url;
    uint32_t database_deadline_ms;
    const struct fg_private_key *receipt_key; /* also signs summaries of exports */
    struct fg_device_lookup directory;        /* the controllers' keys */
    struct fg_listing *listing;               /* NULL: pages cannot publish, as with list_sign_key_path "" */
    const char *list_directory;               /* the listing's */
    const char *list_sign_key_path;           /* private; read anew for each list */
    const struct fg_alarm_settings *alarms;   /* its thresholds tell what is silent, and the time zone */
    int64_t (*now_ms)(void *context);
    bool (*clock_doubt)(void *context, char *ret_doubt); /* as of the publisher (publisher.h); may be NULL */
    void (*log)(void *context, const char *line);
    void *context;
};

#endif
