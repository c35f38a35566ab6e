/* What fillgated said last, ready to be sent: one thread puts it in (panel_poll.h), each open page's thread
 * takes it out (panel_events.h) and waits here for what comes next.
 *
 * Not: asking, nor whom it may be told to. The lock is never held while anything is waited for but `changed`.
 * Any thread. */
#ifndef FG_FIRMWARE_PANEL_PANEL_FEED_H
#define FG_FIRMWARE_PANEL_PANEL_FEED_H

#include <pthread.h>

#include "firmware/panel/panel_display.h"

/* All members are read and written with the mutex held. Texts are from malloc. */
struct fg_panel_feed {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on CLOCK_MONOTONIC */
    bool stopping;
    bool wake; /* fillgated is to be asked now */
    uint32_t watchers;

    int64_t polled_mono_ms; /* when it was asked last, with whatever outcome; 0 = never */
    bool gone;              /* it does not answer; gone_text is to be shown */
    uint64_t change;        /* rises whenever a page should be told */
    enum fg_panel_display display;
    char *state_text; /* JSON, newest */
    char *still_text; /* the same without what passes by itself */
    char *gone_text;  /* JSON */
    uint64_t board_change;
    char *board_text;
};

/* feed is zeroed. */
void fg_panel_feed_start(struct fg_panel_feed *feed);
/* Nobody uses it any more. */
void fg_panel_feed_end(struct fg_panel_feed *feed);

/* Has all who wait or watch stop. */
void fg_panel_feed_stop_all(struct fg_panel_feed *feed);
/* Has fillgated asked at once. */
void fg_panel_feed_wake(struct fg_panel_feed *feed);
/* A page watches from now on, and until it leaves: fillgated is asked more often meanwhile. */
void fg_panel_feed_watch(struct fg_panel_feed *feed);
void fg_panel_feed_leave(struct fg_panel_feed *feed);
/* Waits for `changed` with the mutex held, until then at most. */
void fg_panel_feed_wait_until(struct fg_panel_feed *feed, int64_t until_mono_ms);

/* What came of asking fillgated, begun then. The texts are taken over. */
void fg_panel_feed_put_state(struct fg_panel_feed *feed, char *text, char *still_text,
                             enum fg_panel_display display, int64_t begun_mono_ms);
void fg_panel_feed_put_board(struct fg_panel_feed *feed, char *text);
/* It does not answer. text may be NULL: memory ran out. */
void fg_panel_feed_put_gone(struct fg_panel_feed *feed, char *text, int64_t begun_mono_ms);

#endif
