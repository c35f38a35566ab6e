/* Event streams to the pages (panel_events.h). */
#include "firmware/panel/panel_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/monotime.h"

#define WAIT_MAX_MS 500       /* then the server may ask whether to stop */
#define STATE_AGE_MAX_MS 1500 /* what is older is not told as present */
#define PERMIT_EVERY_MS 1000
#define EVENT_MIN_MS 100 /* between two states, unless the one word changes */
#define EVENT_MAX_MS 1000

struct stream {
    struct fg_panel_access *access;
    struct fg_panel_feed *feed;
    uint64_t session_number;
    int64_t opened_mono_ms;
    int64_t permit_mono_ms; /* when the right to listen was looked at last */
    int64_t told_mono_ms;   /* when a state was sent last, 0 = never */
    uint64_t change_told;
    enum fg_panel_display display_told;
    uint64_t board_told;
    uint64_t id;
    char *pending; /* the event being sent, from malloc */
    size_t pending_length;
    size_t pending_sent;
};

static void stream_free(void *context)
{
    struct stream *stream = context;

    fg_panel_feed_leave(stream->feed);
    fg_panel_access_stream_close(stream->access, stream->session_number);
    free(stream->pending);
    free(stream);
}

static void make_event(struct stream *stream, const char *name, const char *data)
{
    char *text = NULL;
    int length = asprintf(&text, "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n", stream->id + 1, name, data);

    if (length < 0)
        return;
    stream->id++;
    free(stream->pending);
    stream->pending = text;
    stream->pending_length = (size_t)length;
    stream->pending_sent = 0;
}

/* When a state is to be told, as far as is known now. */
static int64_t state_due_mono_ms(const struct stream *stream)
{
    const struct fg_panel_feed *feed = stream->feed;

    if (stream->told_mono_ms == 0)
        return 0;
    if (feed->change == stream->change_told)
        return stream->told_mono_ms + EVENT_MAX_MS;
    if (feed->display != stream->display_told)
        return 0;
    return stream->told_mono_ms + EVENT_MIN_MS;
}

/* The feed's mutex is held. Makes the next event if there is one to tell now; else says when to look again.
 */
static int64_t next_event(struct stream *stream, int64_t now_mono_ms)
{
    const struct fg_panel_feed *feed = stream->feed;
    int64_t due_mono_ms = state_due_mono_ms(stream);
    bool fresh = feed->polled_mono_ms >= stream->opened_mono_ms &&
                 now_mono_ms - feed->polled_mono_ms <= STATE_AGE_MAX_MS;

    if (!fresh)
        return now_mono_ms + WAIT_MAX_MS;
    if (due_mono_ms <= now_mono_ms) {
        make_event(stream, feed->gone ? "gone" : "state", feed->gone ? feed->gone_text : feed->state_text);
        stream->told_mono_ms = now_mono_ms;
        stream->change_told = feed->change;
        stream->display_told = feed->display;
        return now_mono_ms;
    }
    if (feed->board_change != stream->board_told && feed->board_text != NULL) {
        make_event(stream, "board", feed->board_text);
        stream->board_told = feed->board_change;
        return now_mono_ms;
    }
    return due_mono_ms;
}

static void give_pending(struct stream *stream, uint8_t *buffer, size_t capacity, size_t *ret_length)
{
    size_t length = stream->pending_length - stream->pending_sent;

    if (length > capacity)
        length = capacity;
    memcpy(buffer, stream->pending + stream->pending_sent, length);
    stream->pending_sent += length;
    *ret_length = length;
}

static enum fg_err give_events(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                               size_t *ret_length)
{
    struct stream *stream = context;
    struct fg_panel_feed *feed = stream->feed;
    int64_t begun_mono_ms = fg_mono_ms();
    int64_t now_mono_ms = begun_mono_ms;
    bool stopping;

    (void)offset;
    if (now_mono_ms - stream->permit_mono_ms >= PERMIT_EVERY_MS) {
        stream->permit_mono_ms = now_mono_ms;
        if (!fg_panel_may(stream->access, stream->session_number)) {
            *ret_length = 0;
            return FG_OK;
        }
    }
    (void)pthread_mutex_lock(&feed->mutex);
    while (!feed->stopping && stream->pending_sent == stream->pending_length &&
           now_mono_ms < begun_mono_ms + WAIT_MAX_MS) {
        int64_t again_mono_ms = next_event(stream, now_mono_ms);

        if (again_mono_ms > begun_mono_ms + WAIT_MAX_MS)
            again_mono_ms = begun_mono_ms + WAIT_MAX_MS;
        if (stream->pending_sent == stream->pending_length)
            fg_panel_feed_wait_until(feed, again_mono_ms);
        now_mono_ms = fg_mono_ms();
    }
    stopping = feed->stopping;
    (void)pthread_mutex_unlock(&feed->mutex);
    *ret_length = 0;
    if (stopping)
        return FG_OK;
    if (stream->pending_sent == stream->pending_length)
        return FG_E_BUSY;
    give_pending(stream, buffer, capacity, ret_length);
    return FG_OK;
}

void fg_panel_events_answer(struct fg_panel_access *access, struct fg_panel_feed *feed,
                            uint64_t session_number, struct fg_answer *ret_answer)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL) {
        fg_panel_access_stream_close(access, session_number);
        return;
    }
    stream->access = access;
    stream->feed = feed;
    stream->session_number = session_number;
    stream->opened_mono_ms = fg_mono_ms();
    stream->permit_mono_ms = stream->opened_mono_ms;
    ret_answer->status = 200;
    ret_answer->content_type = "text/event-stream";
    ret_answer->source = give_events;
    ret_answer->source_context = stream;
    ret_answer->source_free = stream_free;
    fg_panel_feed_watch(feed);
}
