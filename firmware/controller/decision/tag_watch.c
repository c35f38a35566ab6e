/* Presence and memory of the tag in the field. Two tags at once count as a miss: nobody knows then which
 * cylinder stands at the nozzle. */
#include "firmware/controller/decision/tag_watch.h"

#include <stdio.h>
#include <string.h>

/* A reader that never lost the tag does not read it again by itself; it is asked to, so often. */
#define READ_ASK_MS 300

void fg_tag_watch_start(struct fg_tag_watch *watch, const struct fg_presence_settings *settings)
{
    memset(watch, 0, sizeof(*watch));
    watch->settings = *settings;
}

static enum fg_tag_change tag_arrived(struct fg_tag_watch *watch, const struct fg_uid *fill_uid,
                                      int64_t now_mono_ms)
{
    bool same = fill_uid != NULL && fg_uid_is_same(&watch->presence.uid, fill_uid);

    watch->read_asked_mono_ms = now_mono_ms;
    watch->read_wanted = false;
    watch->fresh = false;
    watch->unread = false;
    watch->done = same;
    watch->card_looked_for = false;
    watch->refused = false;
    return same ? FG_TAG_SAME : FG_TAG_OTHER;
}

static enum fg_tag_change tag_gone(struct fg_tag_watch *watch)
{
    watch->fresh = false;
    watch->done = false;
    watch->refused = false;
    watch->two_told = false;
    return FG_TAG_GONE;
}

static enum fg_tag_change presence_changed(struct fg_tag_watch *watch, enum fg_presence_change change,
                                           const struct fg_uid *fill_uid, int64_t now_mono_ms)
{
    switch (change) {
    case FG_PRESENCE_ARRIVED:
    case FG_PRESENCE_SWAPPED:
        return tag_arrived(watch, fill_uid, now_mono_ms);
    case FG_PRESENCE_GONE:
        return tag_gone(watch);
    case FG_PRESENCE_SAME:
    default:
        return FG_TAG_UNCHANGED;
    }
}

static enum fg_tag_change poll_take(struct fg_tag_watch *watch, const struct fg_reader_report *report,
                                    const struct fg_uid *fill_uid, int64_t now_mono_ms)
{
    static const struct fg_uid nothing = {0};
    const struct fg_uid *uid = report->tag_count == 1 ? &report->uid : &nothing;
    enum fg_tag_change change = presence_changed(
        watch, fg_presence_poll(&watch->presence, &watch->settings, uid, now_mono_ms), fill_uid, now_mono_ms);

    watch->two_in_field = report->tag_count > 1;
    if (report->tag_count == 0) {
        watch->two_told = false;
        watch->refused = watch->refused && watch->presence.uid.length != 0;
    }
    return change;
}

/* Whatever comes from a reader shows that it works. */
static void reader_is_up(struct fg_tag_watch *watch)
{
    watch->reader_up = true;
    watch->reader_text[0] = '\0';
}

enum fg_tag_change fg_tag_watch_report(struct fg_tag_watch *watch, const struct fg_reader_report *report,
                                       const struct fg_uid *fill_uid, int64_t now_mono_ms)
{
    enum fg_tag_change change = FG_TAG_UNCHANGED;

    switch (report->kind) {
    case FG_READER_POLL:
        reader_is_up(watch);
        return poll_take(watch, report, fill_uid, now_mono_ms);
    case FG_READER_TAG:
        reader_is_up(watch);
        change = presence_changed(
            watch, fg_presence_poll(&watch->presence, &watch->settings, &report->uid, now_mono_ms), fill_uid,
            now_mono_ms);
        watch->tag = *report;
        watch->fresh = true;
        /* It was refused for not being readable, and now it is. */
        if (watch->unread && report->complete)
            watch->done = false;
        watch->unread = watch->unread && !report->complete;
        return change;
    case FG_READER_FAULT:
        watch->reader_up = false;
        watch->two_in_field = false;
        (void)snprintf(watch->reader_text, sizeof(watch->reader_text), "%s", report->text);
        /* A reader that is quickly up again must not hide that for a while nobody watched the tag. */
        return presence_changed(watch, fg_presence_drop(&watch->presence), fill_uid, now_mono_ms);
    case FG_READER_BACK:
        reader_is_up(watch);
        return FG_TAG_UNCHANGED;
    default:
        return FG_TAG_UNCHANGED;
    }
}

enum fg_tag_change fg_tag_watch_tick(struct fg_tag_watch *watch, const struct fg_uid *fill_uid,
                                     int64_t now_mono_ms)
{
    return presence_changed(watch, fg_presence_tick(&watch->presence, &watch->settings, now_mono_ms),
                            fill_uid, now_mono_ms);
}

enum fg_tag_due fg_tag_watch_due(struct fg_tag_watch *watch, int64_t now_mono_ms)
{
    if (watch->two_in_field && !watch->two_told) {
        watch->two_told = true;
        return FG_TAG_DUE_TWO;
    }
    if (watch->done || watch->presence.uid.length == 0)
        return FG_TAG_DUE_NOTHING;
    /* Only the UID counts on a card, so that nothing of it needs to be readable. */
    if (!watch->card_looked_for) {
        watch->card_looked_for = true;
        return FG_TAG_DUE_CARD;
    }
    if (!watch->fresh || !fg_uid_is_same(&watch->tag.uid, &watch->presence.uid)) {
        watch->read_wanted = watch->read_wanted || now_mono_ms - watch->read_asked_mono_ms >= READ_ASK_MS;
        return FG_TAG_DUE_NOTHING;
    }
    watch->done = true;
    watch->unread = !watch->tag.complete;
    return FG_TAG_DUE_SCAN;
}

void fg_tag_watch_scan_again(struct fg_tag_watch *watch, int64_t now_mono_ms)
{
    watch->done = false;
    watch->fresh = false;
    watch->unread = false;
    watch->read_wanted = true;
    watch->read_asked_mono_ms = now_mono_ms;
}

bool fg_tag_watch_wants_reading(struct fg_tag_watch *watch, struct fg_uid *ret_uid, int64_t now_mono_ms)
{
    if (!watch->read_wanted || watch->presence.uid.length == 0)
        return false;
    watch->read_wanted = false;
    watch->read_asked_mono_ms = now_mono_ms;
    *ret_uid = watch->presence.uid;
    return true;
}

void fg_tag_watch_done(struct fg_tag_watch *watch)
{
    watch->done = watch->presence.uid.length != 0;
}

void fg_tag_watch_refused(struct fg_tag_watch *watch, bool refused)
{
    watch->refused = refused;
}

const struct fg_reader_report *fg_tag_watch_memory(const struct fg_tag_watch *watch)
{
    if (watch->presence.uid.length == 0 || !fg_uid_is_same(&watch->tag.uid, &watch->presence.uid))
        return NULL;
    return &watch->tag;
}

bool fg_tag_watch_is_present(const struct fg_tag_watch *watch)
{
    return watch->presence.uid.length != 0;
}
