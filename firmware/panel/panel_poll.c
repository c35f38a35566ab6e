/* Asking fillgated (panel_poll.h). */
#include "firmware/panel/panel_poll.h"

#include <stdlib.h>

#include "lib/base/backoff.h"
#include "lib/base/monotime.h"

#define INTERVAL_WATCHED_MS 50 /* while a page is open */
#define INTERVAL_ALONE_MS 1000
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 1000
#define CONTROL_MAX_MS 1000 /* fillgated answers within, or is gone */

/* ---- asking ---- */

static enum fg_err ask(struct fg_panel_poller *poller, uint8_t kind, struct fg_error *error)
{
    struct fg_control_request request = {.kind = kind};
    enum fg_err code = FG_OK;

    if (poller->client == NULL)
        code = fg_control_client_open(poller->control_socket, CONTROL_MAX_MS, &poller->client, error);
    if (code == FG_OK)
        code = fg_control_client_ask(poller->client, &request, poller->answer, CONTROL_MAX_MS, error);
    if (code != FG_OK) {
        fg_control_client_close(poller->client);
        poller->client = NULL;
        return code;
    }
    if (poller->answer->result != FG_OK)
        return fg_fail(error, poller->answer->result, "fillgated: %.300s", poller->answer->text);
    return FG_OK;
}

/* ---- one round ---- */

static void poll_board(struct fg_panel_poller *poller)
{
    char *text;

    if (poller->board_known && poller->board_version == poller->state.board_version)
        return;
    if (ask(poller, FG_CONTROL_BOARD, NULL) != FG_OK || !poller->answer->has_board)
        return;
    text = fg_panel_board_json(&poller->answer->board);
    if (text == NULL)
        return;
    poller->board_known = true;
    poller->board_version = poller->answer->board.version;
    fg_panel_feed_put_board(poller->feed, text);
}

static enum fg_err poll_state(struct fg_panel_poller *poller, int64_t begun_mono_ms, struct fg_error *error)
{
    struct fg_panel_link link = {0};
    enum fg_panel_display display;
    char *text;
    char *still_text;
    enum fg_err code = ask(poller, FG_CONTROL_STATE, error);

    if (code == FG_OK && !poller->answer->has_state)
        code = fg_fail(error, FG_E_FORMAT, "fillgated tells no state");
    if (code != FG_OK)
        return code;
    poller->state = poller->answer->state;
    poller->link(poller->link_context, &link);
    display = fg_panel_display_step(&poller->memory, &poller->state, fg_mono_ms());
    text = fg_panel_state_json(&poller->state, display, &link);
    fg_panel_state_still(&poller->answer->state);
    still_text = fg_panel_state_json(&poller->answer->state, display, &link);
    if (text == NULL || still_text == NULL) {
        free(text);
        free(still_text);
        return fg_fail(error, FG_E_MEMORY, "the panel has no memory for fillgated's state");
    }
    fg_panel_feed_put_state(poller->feed, text, still_text, display, begun_mono_ms);
    return FG_OK;
}

static void poll_once(struct fg_panel_poller *poller)
{
    struct fg_error error = {0};
    int64_t begun_mono_ms = fg_mono_ms();

    if (poll_state(poller, begun_mono_ms, &error) == FG_OK) {
        poller->failures = 0;
        poll_board(poller);
        return;
    }
    if (poller->failures < 16)
        poller->failures++;
    fg_panel_feed_put_gone(poller->feed, fg_panel_text_json(error.text), begun_mono_ms);
}

/* ---- the thread ---- */

/* The feed's mutex is held. */
static int64_t interval_ms(const struct fg_panel_poller *poller)
{
    if (poller->feed->watchers == 0)
        return INTERVAL_ALONE_MS;
    if (poller->failures == 0)
        return INTERVAL_WATCHED_MS;
    return fg_backoff_ms(poller->failures, BACKOFF_MIN_MS, BACKOFF_MAX_MS, 0);
}

static void *poll_on(void *context)
{
    struct fg_panel_poller *poller = context;
    struct fg_panel_feed *feed = poller->feed;
    int64_t begun_mono_ms;

    (void)pthread_mutex_lock(&feed->mutex);
    while (!feed->stopping) {
        feed->wake = false;
        begun_mono_ms = fg_mono_ms();
        (void)pthread_mutex_unlock(&feed->mutex);
        poll_once(poller);
        (void)pthread_mutex_lock(&feed->mutex);
        /* Woken by every change: the interval goes on unless somebody wants to know at once. */
        while (!feed->stopping && !feed->wake && fg_mono_ms() < begun_mono_ms + interval_ms(poller))
            fg_panel_feed_wait_until(feed, begun_mono_ms + interval_ms(poller));
    }
    (void)pthread_mutex_unlock(&feed->mutex);
    fg_control_client_close(poller->client);
    poller->client = NULL;
    return NULL;
}

enum fg_err fg_panel_poller_start(struct fg_panel_poller *poller, struct fg_panel_feed *feed,
                                  struct fg_error *error)
{
    poller->feed = feed;
    poller->answer = calloc(1, sizeof(*poller->answer));
    if (poller->answer == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the panel");
    if (pthread_create(&poller->thread, NULL, poll_on, poller) != 0)
        return fg_fail(error, FG_E_IO, "the panel cannot start a thread");
    poller->polling = true;
    return FG_OK;
}

void fg_panel_poller_end(struct fg_panel_poller *poller)
{
    if (poller->polling) {
        fg_panel_feed_stop_all(poller->feed);
        (void)pthread_join(poller->thread, NULL);
    }
    poller->polling = false;
    free(poller->answer);
    poller->answer = NULL;
}
