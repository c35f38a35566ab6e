/* The rules of counter.h. */
#include "firmware/core/counter.h"

#define MS_PER_MIN 60000
#define SLACK_MS 1000
#define ELAPSED_MAX_MS INT64_C(86400000) /* more time explains no more gas: a day is enough */

int64_t fg_counter_rise_max_g(const struct fg_counter_rules *rules, int64_t elapsed_ms)
{
    int64_t elapsed = elapsed_ms;

    if (elapsed < 0)
        elapsed = 0;
    if (elapsed > ELAPSED_MAX_MS)
        elapsed = ELAPSED_MAX_MS;
    return (int64_t)rules->rise_max_g_min * (elapsed + SLACK_MS) / MS_PER_MIN;
}

static bool is_possible(const struct fg_counter_rules *rules, int64_t rise_g, int64_t elapsed_ms)
{
    return rise_g >= 0 && rise_g <= fg_counter_rise_max_g(rules, elapsed_ms);
}

static void accept(struct fg_counter *counter)
{
    counter->value_g = counter->seen_g;
    counter->value_mono_ms = counter->seen_mono_ms;
}

/* Counts how many readings in a row are possible after each other; the same one seen again is no other. */
static void see(struct fg_counter *counter, const struct fg_counter_rules *rules, int64_t value_g,
                int64_t at_mono_ms)
{
    bool possible = is_possible(rules, value_g - counter->seen_g, at_mono_ms - counter->seen_mono_ms);

    if (counter->agreeing > 0 && value_g == counter->seen_g && at_mono_ms == counter->seen_mono_ms)
        return;
    if (counter->agreeing == 0 || !possible)
        counter->agreeing = 1;
    else if (counter->agreeing < FG_COUNTER_SETTLED)
        counter->agreeing++;
    counter->seen_g = value_g;
    counter->seen_mono_ms = at_mono_ms;
}

bool fg_counter_take(struct fg_counter *counter, const struct fg_counter_rules *rules, int64_t value_g,
                     int64_t at_mono_ms, int64_t now_mono_ms, bool may_settle)
{
    bool found_lying = false;

    see(counter, rules, value_g, at_mono_ms);
    if (counter->lies && may_settle) {
        counter->lies = false;
        counter->settled = false;
        counter->agreeing = 1;
    }
    if (!counter->settled) {
        accept(counter);
        counter->settled = may_settle && counter->agreeing >= FG_COUNTER_SETTLED;
        return false;
    }
    if (counter->lies)
        return false;
    if (is_possible(rules, value_g - counter->value_g, at_mono_ms - counter->value_mono_ms))
        accept(counter);
    else if (!fg_counter_is_sure(counter))
        found_lying = now_mono_ms - counter->value_mono_ms > (int64_t)rules->age_max_ms;
    counter->lies = found_lying;
    return found_lying;
}

bool fg_counter_is_sure(const struct fg_counter *counter)
{
    /* A reading equal to the accepted one is possible, so it was accepted. */
    return counter->settled && !counter->lies && counter->seen_g == counter->value_g;
}

bool fg_counter_read(const struct fg_counter *counter, const struct fg_counter_rules *rules,
                     int64_t now_mono_ms, int64_t *ret_value_g)
{
    if (!counter->settled || counter->lies ||
        now_mono_ms - counter->value_mono_ms > (int64_t)rules->age_max_ms)
        return false;
    *ret_value_g = counter->value_g;
    return true;
}
