/* The panel as the link keeps it: started when its settings name one, tried again while its port or its
 * certificate is not to be had, and shown how the link is doing.
 *
 * Not: the panel itself (firmware/panel). One thread, but for the status. */
#ifndef FG_FIRMWARE_LINK_LINK_PANEL_H
#define FG_FIRMWARE_LINK_LINK_PANEL_H

#include "firmware/link/link.h"
#include "lib/crypto/certificate_watch.h"

struct fg_panel;

struct fg_link_panel {
    const struct fg_link_config *config;
    fg_link_say say;
    void *say_context;
    struct fg_link_status status; /* the link's jobs tell it */
    struct fg_panel *panel;       /* NULL: not wanted, or not yet there */
    int64_t due_mono_ms;
    int64_t certificate_due_mono_ms;
    struct fg_certificate_watch certificate;
    char said[320];
};

/* Are the panel's settings possible? FG_OK when there is none. FG_E_FORMAT, FG_E_ARG. */
enum fg_err fg_link_panel_check(const struct fg_link_config *config, struct fg_error *error);

/* config outlives it. */
void fg_link_panel_start(struct fg_link_panel *panel, const struct fg_link_config *config, fg_link_say say,
                         void *say_context);
/* Starts what is wanted and not yet there, now and then, and says when the panel's certificate comes to its
 * end. To be called often. */
void fg_link_panel_tend(struct fg_link_panel *panel);
void fg_link_panel_end(struct fg_link_panel *panel);

#endif
