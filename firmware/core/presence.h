/* Is the tag still in the field? "Gone" only after K misses in a row, or when it was not seen for a set time,
 * whatever else was reported meanwhile: one miss is normal radio. Pure. Relies on: lib/domain/types.h. */
#ifndef FG_FIRMWARE_CORE_PRESENCE_H
#define FG_FIRMWARE_CORE_PRESENCE_H

#include "lib/domain/types.h"

struct fg_presence_settings {
    uint8_t misses_max;      /* K: gone at the K-th miss in a row */
    uint32_t silence_max_ms; /* gone when no poll has seen it for so long */
};

struct fg_presence {
    struct fg_uid uid; /* length 0: nothing in the field */
    uint8_t misses;
    int64_t seen_mono_ms; /* when a poll saw it last */
};

enum fg_presence_change { FG_PRESENCE_SAME = 0, FG_PRESENCE_ARRIVED, FG_PRESENCE_GONE, FG_PRESENCE_SWAPPED };

/* Feeds one poll of the reader: uid->length 0 means no tag answered. */
enum fg_presence_change fg_presence_poll(struct fg_presence *presence,
                                         const struct fg_presence_settings *settings,
                                         const struct fg_uid *uid, int64_t now_mono_ms);

/* To be called at least every 20 ms: GONE when the tag was not seen for too long. */
enum fg_presence_change fg_presence_tick(struct fg_presence *presence,
                                         const struct fg_presence_settings *settings, int64_t now_mono_ms);

/* The reader itself failed: what it saw counts no longer, whatever a new one will see. GONE when a tag was
 * there. */
enum fg_presence_change fg_presence_drop(struct fg_presence *presence);

#endif
