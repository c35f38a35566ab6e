/* Starting the panel, again and again if need be (link_panel.h). */
#include "firmware/link/link_panel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "firmware/panel/panel.h"
#include "lib/base/monotime.h"

#define AGAIN_MS 5000
#define CERTIFICATE_EVERY_MS 3600000

/* The one that ends first of those that are known. */
static int64_t first_end_ms(const struct fg_link_condition *condition)
{
    int64_t own_ms = condition->certificate_end_ms;
    int64_t panel_ms = condition->panel_certificate_end_ms;

    if (own_ms == 0 || panel_ms == 0)
        return own_ms + panel_ms;
    return own_ms < panel_ms ? own_ms : panel_ms;
}

static void read_link(void *context, struct fg_panel_link *ret_link)
{
    struct fg_link_panel *panel = context;
    struct fg_link_condition condition;

    fg_link_status_read(&panel->status, &condition);
    ret_link->connected = condition.connected;
    ret_link->contact_ms = condition.contact_ms;
    (void)snprintf(ret_link->text, sizeof(ret_link->text), "%s", condition.text);
    ret_link->certificate_end_ms = first_end_ms(&condition);
}

static void settings_of(const struct fg_link_config *config, struct fg_panel_settings *ret_settings)
{
    *ret_settings = (struct fg_panel_settings){
        .listen = config->panel_listen,
        .certificate_path = config->panel_certificate[0] != '\0' ? config->panel_certificate : NULL,
        .key_path = config->panel_key[0] != '\0' ? config->panel_key : NULL,
        .names = config->panel_names,
        .control_socket = config->control_socket,
        .work_directory = config->work_directory,
        .link = read_link,
    };
}

enum fg_err fg_link_panel_check(const struct fg_link_config *config, struct fg_error *error)
{
    struct fg_panel_settings settings;
    enum fg_err code;

    if (config->panel_listen[0] == '\0')
        return FG_OK;
    settings_of(config, &settings);
    code = fg_panel_check(&settings, error);
    return code == FG_OK ? FG_OK : fg_fail_in(error, code, "[panel] ");
}

void fg_link_panel_start(struct fg_link_panel *panel, const struct fg_link_config *config, fg_link_say say,
                         void *say_context)
{
    memset(panel, 0, sizeof(*panel));
    panel->config = config;
    panel->say = say;
    panel->say_context = say_context;
    fg_link_status_start(&panel->status);
}

/* The same trouble is told once. */
static void tell(struct fg_link_panel *panel, const char *text)
{
    if (strcmp(panel->said, text) == 0)
        return;
    (void)snprintf(panel->said, sizeof(panel->said), "%s", text);
    panel->say(panel->say_context, panel->said);
}

static void tell_address(struct fg_link_panel *panel)
{
    const char *listen = panel->config->panel_listen;
    char text[FG_SETTING_PATH_MAX + 64];

    (void)snprintf(text, sizeof(text), "the panel is at %s://%.*s:%u/",
                   panel->config->panel_certificate[0] != '\0' ? "https" : "http",
                   (int)(strrchr(listen, ':') - listen), listen, fg_panel_port(panel->panel));
    tell(panel, text);
}

/* A person renews it: it is not of the bureau's authority, or not of this link's key. */
static void watch_certificate(struct fg_link_panel *panel)
{
    char line[FG_CERTIFICATE_LINE];

    if (panel->config->panel_certificate[0] == '\0' || fg_mono_ms() < panel->certificate_due_mono_ms)
        return;
    panel->certificate_due_mono_ms = fg_mono_ms() + CERTIFICATE_EVERY_MS;
    if (fg_certificate_watch_look(&panel->certificate, panel->config->panel_certificate,
                                  "the panel's certificate", (int64_t)time(NULL) * 1000, line))
        panel->say(panel->say_context, line);
    fg_link_status_panel_certificate(&panel->status, panel->certificate.end_ms);
}

void fg_link_panel_tend(struct fg_link_panel *panel)
{
    const struct fg_link_config *config = panel->config;
    struct fg_panel_settings settings;
    struct fg_error error = {0};
    char text[sizeof(error.text) + 64];
    int64_t now_mono_ms = fg_mono_ms();

    watch_certificate(panel);
    if (config->panel_listen[0] == '\0' || panel->panel != NULL || now_mono_ms < panel->due_mono_ms)
        return;
    panel->due_mono_ms = now_mono_ms + AGAIN_MS;
    settings_of(config, &settings);
    settings.link_context = panel;
    settings.say = panel->say;
    settings.say_context = panel->say_context;
    if (mkdir(config->work_directory, 0750) != 0 && errno != EEXIST)
        (void)fg_fail(&error, FG_E_IO, "%s: the work directory cannot be made: %s", config->work_directory,
                      strerror(errno));
    else if (fg_panel_start(&settings, &panel->panel, &error) == FG_OK) {
        tell_address(panel);
        return;
    }
    (void)snprintf(text, sizeof(text), "the panel does not start, and is tried again: %s", error.text);
    tell(panel, text);
}

void fg_link_panel_end(struct fg_link_panel *panel)
{
    fg_panel_stop(panel->panel);
    panel->panel = NULL;
    fg_link_status_end(&panel->status);
}
