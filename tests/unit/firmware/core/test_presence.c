/* The presence count: K misses, silence, another tag. Relies on: firmware/core/presence.h. */
#include "firmware/core/presence.h"

#include "tests/lib/check.h"

static const struct fg_presence_settings settings = {.misses_max = 3, .silence_max_ms = 200};
static const struct fg_uid none;
static const struct fg_uid first = {4, {1, 2, 3, 4}};
static const struct fg_uid second = {4, {1, 2, 3, 5}};
static const struct fg_uid longer = {7, {1, 2, 3, 4}};

TEST("a tag arrives, stays, and is gone at the third miss in a row only")
{
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 0), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 10), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 20), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 30), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 40), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 50), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 60), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 70), FG_PRESENCE_GONE);
    CHECK_INT(presence.uid.length, 0);
    CHECK_INT(fg_presence_poll(&presence, &settings, &none, 80), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 90), FG_PRESENCE_ARRIVED);
}

TEST("silence of the reader is the tag gone, once")
{
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_tick(&presence, &settings, 5000), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 5000), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_tick(&presence, &settings, 5200), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_tick(&presence, &settings, 5201), FG_PRESENCE_GONE);
    CHECK_INT(fg_presence_tick(&presence, &settings, 5202), FG_PRESENCE_SAME);
}

TEST("another identifier is a swap, also when only its length differs")
{
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 0), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &second, 1), FG_PRESENCE_SWAPPED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &second, 2), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &longer, 3), FG_PRESENCE_SWAPPED);
}

TEST("an identifier of impossible length counts as a miss")
{
    struct fg_presence presence = {0};
    struct fg_uid wrong = {FG_UID_MAX + 1, {0}};

    CHECK_INT(fg_presence_poll(&presence, &settings, &wrong, 0), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 0), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &wrong, 1), FG_PRESENCE_SAME);
    CHECK_INT(presence.misses, 1);
}

TEST("FAIL-CLOSED: a tag that no poll sees is gone in its time, however many polls are reported meanwhile")
{
    static const struct fg_presence_settings patient = {.misses_max = 50, .silence_max_ms = 200};
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_poll(&presence, &patient, &first, 0), FG_PRESENCE_ARRIVED);
    for (int64_t now = 40; now <= 200; now += 40) {
        CHECK_INT(fg_presence_poll(&presence, &patient, &none, now), FG_PRESENCE_SAME);
        CHECK_INT(fg_presence_tick(&presence, &patient, now), FG_PRESENCE_SAME);
    }
    CHECK_INT(fg_presence_tick(&presence, &patient, 201), FG_PRESENCE_GONE);
}

TEST("CLONES-SHOW: a UID that begins as the one before, and is longer, is another tag")
{
    static const struct fg_uid four = {4, {1, 2, 3, 4}};
    static const struct fg_uid seven = {7, {1, 2, 3, 4, 0, 0, 0}};
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_poll(&presence, &settings, &four, 0), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &seven, 1), FG_PRESENCE_SWAPPED);
    CHECK_INT(fg_presence_poll(&presence, &settings, &four, 2), FG_PRESENCE_SWAPPED);
}

TEST("a tag with an identifier of ten bytes arrives and stays")
{
    const struct fg_uid ten = {FG_UID_MAX, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_poll(&presence, &settings, &ten, 0), FG_PRESENCE_ARRIVED);
    for (int i = 1; i < 6; i++)
        CHECK_INT(fg_presence_poll(&presence, &settings, &ten, i * 10), FG_PRESENCE_SAME);
}

TEST("what a failed reader saw is dropped: gone when a tag was there, nothing else")
{
    struct fg_presence presence = {0};

    CHECK_INT(fg_presence_drop(&presence), FG_PRESENCE_SAME);
    CHECK_INT(fg_presence_poll(&presence, &settings, &first, 0), FG_PRESENCE_ARRIVED);
    CHECK_INT(fg_presence_drop(&presence), FG_PRESENCE_GONE);
    CHECK_INT(presence.uid.length, 0);
    CHECK_INT(fg_presence_drop(&presence), FG_PRESENCE_SAME);
}
