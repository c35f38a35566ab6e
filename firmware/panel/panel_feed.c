/* The newest state for the pages, and waiting for it (panel_feed.h). */
#include "firmware/panel/panel_feed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- lifetime ---- */

void fg_panel_feed_start(struct fg_panel_feed *feed)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&feed->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&feed->mutex, NULL);
}

void fg_panel_feed_end(struct fg_panel_feed *feed)
{
    (void)pthread_mutex_destroy(&feed->mutex);
    (void)pthread_cond_destroy(&feed->changed);
    free(feed->state_text);
    free(feed->still_text);
    free(feed->gone_text);
    free(feed->board_text);
}

/* ---- waiting ---- */

static void change_begin(struct fg_panel_feed *feed)
{
    (void)pthread_mutex_lock(&feed->mutex);
}

static void change_end(struct fg_panel_feed *feed)
{
    (void)pthread_cond_broadcast(&feed->changed);
    (void)pthread_mutex_unlock(&feed->mutex);
}

void fg_panel_feed_stop_all(struct fg_panel_feed *feed)
{
    change_begin(feed);
    feed->stopping = true;
    change_end(feed);
}

void fg_panel_feed_wake(struct fg_panel_feed *feed)
{
    change_begin(feed);
    feed->wake = true;
    change_end(feed);
}

void fg_panel_feed_watch(struct fg_panel_feed *feed)
{
    change_begin(feed);
    feed->watchers++;
    feed->wake = true;
    change_end(feed);
}

void fg_panel_feed_leave(struct fg_panel_feed *feed)
{
    change_begin(feed);
    feed->watchers--;
    change_end(feed);
}

void fg_panel_feed_wait_until(struct fg_panel_feed *feed, int64_t until_mono_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_mono_ms / 1000),
                             .tv_nsec = (long)(until_mono_ms % 1000) * 1000000};

    (void)pthread_cond_timedwait(&feed->changed, &feed->mutex, &until);
}

/* ---- putting in ---- */

static bool differs(const char *before, const char *text)
{
    return before == NULL || strcmp(before, text) != 0;
}

static void replace(char **text, char *with)
{
    free(*text);
    *text = with;
}

void fg_panel_feed_put_state(struct fg_panel_feed *feed, char *text, char *still_text,
                             enum fg_panel_display display, int64_t begun_mono_ms)
{
    change_begin(feed);
    if (feed->gone || differs(feed->still_text, still_text))
        feed->change++;
    feed->gone = false;
    feed->display = display;
    replace(&feed->state_text, text);
    replace(&feed->still_text, still_text);
    feed->polled_mono_ms = begun_mono_ms;
    change_end(feed);
}

void fg_panel_feed_put_board(struct fg_panel_feed *feed, char *text)
{
    change_begin(feed);
    if (differs(feed->board_text, text))
        feed->board_change++;
    replace(&feed->board_text, text);
    change_end(feed);
}

void fg_panel_feed_put_gone(struct fg_panel_feed *feed, char *text, int64_t begun_mono_ms)
{
    change_begin(feed);
    if (text != NULL && (!feed->gone || differs(feed->gone_text, text)))
        feed->change++;
    feed->gone = true;
    if (text != NULL)
        replace(&feed->gone_text, text);
    feed->polled_mono_ms = begun_mono_ms;
    change_end(feed);
}
