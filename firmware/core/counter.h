/* Which readings of a meter's non-resettable counter are to be believed.
 *
 * A counter cannot go backwards, and cannot rise faster than gas can flow. The rules:
 *
 * - A reading is possible after an earlier one when it is not lower, and higher by no more than the greatest
 * flow carries in the time between them and one second more (a meter updates its registers when it likes).
 * - A counter is settled once FG_COUNTER_SETTLED readings in a row were possible after each other. Before
 * that, nothing is known: a stray first reading does no harm.
 * - A reading that is not possible after the last accepted one is as good as none: the accepted one serves
 * until it is older than any reading may be, and meanwhile nothing opens. That rides out a glitch.
 * - After that the counter lies. Once told that it may (no fill open), it is settled again as at the start: a
 *   meter that was really replaced or reset is accepted after FG_COUNTER_SETTLED readings.
 *
 * Not: what gas that flows means (fill.h), whether two instruments agree (overfill.h). Pure: no I/O, no
 * allocation, no clock. Relies on: <stdint.h>, <stdbool.h>. */
#ifndef FG_FIRMWARE_CORE_COUNTER_H
#define FG_FIRMWARE_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define FG_COUNTER_SETTLED 3

struct fg_counter_rules {
    uint32_t rise_max_g_min; /* the greatest flow */
    uint32_t age_max_ms;     /* an accepted reading serves for so long */
};

/* Zero-initialise. */
struct fg_counter {
    bool settled;
    bool lies;        /* said once per lie by fg_counter_take */
    uint8_t agreeing; /* newest readings in a row that were possible after each other */
    int64_t value_g;  /* the newest accepted reading, and when it was taken */
    int64_t value_mono_ms;
    int64_t seen_g; /* the newest reading, accepted or not */
    int64_t seen_mono_ms;
};

/* What the counter can rise by in elapsed_ms (0 to a day; more counts as a day), g. */
int64_t fg_counter_rise_max_g(const struct fg_counter_rules *rules, int64_t elapsed_ms);

/* Takes one reading: value_g (within FG_SIGNAL_VALUE_MAX) of at_mono_ms, seen at now_mono_ms. The same
 * reading may come again and again. may_settle: no fill is open, so that a counter that lies may be believed
 * afresh. Returns true when the counter has just been found to lie. */
bool fg_counter_take(struct fg_counter *counter, const struct fg_counter_rules *rules, int64_t value_g,
                     int64_t at_mono_ms, int64_t now_mono_ms, bool may_settle);

/* Is the newest reading an accepted one of a settled counter? Only then anything may open. */
bool fg_counter_is_sure(const struct fg_counter *counter);

/* The accepted reading, if there is one that is not too old. False: *ret_value_g is left as it was. */
bool fg_counter_read(const struct fg_counter *counter, const struct fg_counter_rules *rules,
                     int64_t now_mono_ms, int64_t *ret_value_g);

#endif
