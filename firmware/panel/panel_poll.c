/* The thread that asks fillgated how it stands and puts what it says into the feed (private.h).
 *
 * Every wait has a deadline; a fillgated that is away or silent makes the feed say so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/panel/private.h"
#include "lib/base/monotime.h"

#define INTERVAL_WATCHED_MS 50 /* while a page is open */
#define INTERVAL_ALONE_MS 1000
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 1000

/* ---- asking ---- */

static enum fg_err ask(struct fg_panel *panel, uint8_t kind, struct fg_error *error)
{
    struct fg_control_request request = {.kind = kind};
    enum fg_err code = FG_OK;

    if (panel->client == NULL)
        code = fg_control_client_open(panel->control_socket, FG_PANEL_CONTROL_MAX_MS, &panel->client, error);
    if (code == FG_OK)
        code = fg_control_client_ask(panel->client, &request, panel->answer, FG_PANEL_CONTROL_MAX_MS, error);
    if (code != FG_OK) {
        fg_control_client_close(panel->client);
        panel->client = NULL;
        return code;
    }
    if (panel->answer->result != FG_OK)
        return fg_fail(error, panel->answer->result, "fillgated: %.300s", panel->answer->text);
    return FG_OK;
}

/* ---- the feed; the mutex is held ---- */

static void replace(char **text, char *with)
{
    free(*text);
    *text = with;
}

static void feed_gone(struct fg_panel *panel, const struct fg_error *error)
{
    struct fg_panel_feed *feed = &panel->feed;
    char *text = fg_panel_text_json(error->text);

    if (text != NULL && (!feed->gone || feed->gone_text == NULL || strcmp(feed->gone_text, text) != 0))
        feed->change++;
    feed->gone = true;
    if (text != NULL)
        replace(&feed->gone_text, text);
}

static void feed_state(struct fg_panel *panel, char *text, char *still_text, enum fg_panel_display display)
{
    struct fg_panel_feed *feed = &panel->feed;

    if (feed->gone || feed->still_text == NULL || strcmp(feed->still_text, still_text) != 0)
        feed->change++;
    feed->gone = false;
    feed->display = display;
    replace(&feed->state_text, text);
    replace(&feed->still_text, still_text);
}

static void feed_board(struct fg_panel *panel, char *text)
{
    if (panel->feed.board_text == NULL || strcmp(panel->feed.board_text, text) != 0)
        panel->feed.board_change++;
    replace(&panel->feed.board_text, text);
}

/* ---- one round ---- */

static void poll_board(struct fg_panel *panel)
{
    char *text;

    if (panel->board_known && panel->board_version == panel->state.board_version)
        return;
    if (ask(panel, FG_CONTROL_BOARD, NULL) != FG_OK || !panel->answer->has_board)
        return;
    text = fg_panel_board_json(&panel->answer->board);
    if (text == NULL)
        return;
    panel->board_known = true;
    panel->board_version = panel->answer->board.version;
    (void)pthread_mutex_lock(&panel->mutex);
    feed_board(panel, text);
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
}

static enum fg_err poll_state(struct fg_panel *panel, int64_t begun_mono_ms, struct fg_error *error)
{
    struct fg_panel_link link = {0};
    enum fg_panel_display display;
    char *text;
    char *still_text;
    enum fg_err code = ask(panel, FG_CONTROL_STATE, error);

    if (code == FG_OK && !panel->answer->has_state)
        code = fg_fail(error, FG_E_FORMAT, "fillgated tells no state");
    if (code != FG_OK)
        return code;
    panel->state = panel->answer->state;
    panel->settings.link(panel->settings.link_context, &link);
    display = fg_panel_display_step(&panel->memory, &panel->state, fg_mono_ms());
    text = fg_panel_state_json(&panel->state, display, &link);
    fg_panel_state_still(&panel->answer->state);
    still_text = fg_panel_state_json(&panel->answer->state, display, &link);
    if (text == NULL || still_text == NULL) {
        free(text);
        free(still_text);
        return fg_fail(error, FG_E_MEMORY, "the panel has no memory for fillgated's state");
    }
    (void)pthread_mutex_lock(&panel->mutex);
    feed_state(panel, text, still_text, display);
    panel->feed.polled_mono_ms = begun_mono_ms;
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
    return FG_OK;
}

static void poll_once(struct fg_panel *panel)
{
    struct fg_error error = {0};
    int64_t begun_mono_ms = fg_mono_ms();

    if (poll_state(panel, begun_mono_ms, &error) == FG_OK) {
        panel->failures = 0;
        poll_board(panel);
        return;
    }
    if (panel->failures < 16)
        panel->failures++;
    (void)pthread_mutex_lock(&panel->mutex);
    feed_gone(panel, &error);
    panel->feed.polled_mono_ms = begun_mono_ms;
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
}

/* ---- the thread ---- */

static int64_t interval_ms(const struct fg_panel *panel)
{
    int64_t backoff_ms = BACKOFF_MIN_MS;

    if (panel->sessions.streams == 0)
        return INTERVAL_ALONE_MS;
    if (panel->failures == 0)
        return INTERVAL_WATCHED_MS;
    for (uint32_t i = 1; i < panel->failures && backoff_ms < BACKOFF_MAX_MS; i++)
        backoff_ms *= 2;
    return backoff_ms < BACKOFF_MAX_MS ? backoff_ms : BACKOFF_MAX_MS;
}

static void *poll_on(void *context)
{
    struct fg_panel *panel = context;
    int64_t begun_mono_ms;

    (void)pthread_mutex_lock(&panel->mutex);
    while (!panel->stopping) {
        panel->wake = false;
        begun_mono_ms = fg_mono_ms();
        (void)pthread_mutex_unlock(&panel->mutex);
        poll_once(panel);
        (void)pthread_mutex_lock(&panel->mutex);
        /* Woken by every change: the interval goes on unless somebody wants to know at once. */
        while (!panel->stopping && !panel->wake && fg_mono_ms() < begun_mono_ms + interval_ms(panel))
            fg_panel_wait_until(panel, begun_mono_ms + interval_ms(panel));
    }
    (void)pthread_mutex_unlock(&panel->mutex);
    fg_control_client_close(panel->client);
    panel->client = NULL;
    return NULL;
}

enum fg_err fg_panel_poller_start(struct fg_panel *panel, struct fg_error *error)
{
    if (pthread_create(&panel->poller, NULL, poll_on, panel) != 0)
        return fg_fail(error, FG_E_IO, "the panel cannot start a thread");
    panel->polling = true;
    return FG_OK;
}

void fg_panel_poller_end(struct fg_panel *panel)
{
    if (!panel->polling)
        return;
    (void)pthread_mutex_lock(&panel->mutex);
    panel->stopping = true;
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
    (void)pthread_join(panel->poller, NULL);
    panel->polling = false;
}
