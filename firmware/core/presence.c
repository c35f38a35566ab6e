/* Counting of misses, and of time without a sight of the tag (presence.h). */
#include "firmware/core/presence.h"

static enum fg_presence_change presence_lose(struct fg_presence *presence)
{
    presence->uid.length = 0;
    return FG_PRESENCE_GONE;
}

enum fg_presence_change fg_presence_poll(struct fg_presence *presence,
                                         const struct fg_presence_settings *settings,
                                         const struct fg_uid *uid, int64_t now_mono_ms)
{
    bool had_one = presence->uid.length != 0;

    if (uid->length == 0 || uid->length > FG_UID_MAX) {
        if (!had_one)
            return FG_PRESENCE_SAME;
        presence->misses++;
        return presence->misses >= settings->misses_max ? presence_lose(presence) : FG_PRESENCE_SAME;
    }
    presence->misses = 0;
    presence->seen_mono_ms = now_mono_ms;
    if (fg_uid_is_same(&presence->uid, uid))
        return FG_PRESENCE_SAME;
    presence->uid = *uid;
    return had_one ? FG_PRESENCE_SWAPPED : FG_PRESENCE_ARRIVED;
}

enum fg_presence_change fg_presence_tick(struct fg_presence *presence,
                                         const struct fg_presence_settings *settings, int64_t now_mono_ms)
{
    if (presence->uid.length == 0)
        return FG_PRESENCE_SAME;
    if (now_mono_ms - presence->seen_mono_ms <= (int64_t)settings->silence_max_ms)
        return FG_PRESENCE_SAME;
    return presence_lose(presence);
}

enum fg_presence_change fg_presence_drop(struct fg_presence *presence)
{
    return presence->uid.length == 0 ? FG_PRESENCE_SAME : presence_lose(presence);
}
