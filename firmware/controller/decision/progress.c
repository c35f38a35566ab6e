/* How far the present fill is (progress.h). */
#include "firmware/controller/decision/progress.h"

#include <string.h>

#include "firmware/core/limits.h"

/* Over less time than this a rate says nothing yet. */
#define RATE_MIN_MS 2000
#define REMAINING_MAX_MS INT64_C(86400000)

/* The reading that the programme goes by. False: it is not good. */
static bool value_read(const struct fg_fill *fill, const struct fg_plant_state *plant, int64_t *ret_value)
{
    enum fg_signal signal =
        fill->scan.programme == FG_PROGRAMME_MASS ? FG_SIGNAL_SCALE_G : FG_SIGNAL_PRESSURE_KPA;

    if (fill->scan.programme == FG_PROGRAMME_NONE || plant->readings[signal].state != FG_READING_GOOD)
        return false;
    *ret_value = plant->readings[signal].value;
    return true;
}

static int64_t target_of(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                         const struct fg_plant_state *plant)
{
    const struct fg_reading *temperature = &plant->readings[FG_SIGNAL_TEMPERATURE_DC];

    if (fill->scan.programme == FG_PROGRAMME_MASS)
        return fg_limit_gross_g(fill->scan.tare_g, fill->scan.maximum_fill_g);
    if (fill->scan.programme != FG_PROGRAMME_PRESSURE || temperature->state != FG_READING_GOOD ||
        temperature->value < INT32_MIN || temperature->value > INT32_MAX)
        return 0;
    return fg_limit_pressure_kpa((enum fg_gas)settings->gas, fill->scan.nominal_kpa,
                                 (int32_t)temperature->value);
}

static void sample_add(struct fg_progress *progress, int64_t value, int64_t now_mono_ms)
{
    uint8_t count = progress->sample_count;

    if (count > 0 && now_mono_ms - progress->samples[count - 1].at_mono_ms < FG_PROGRESS_SAMPLE_MS)
        return;
    if (count == FG_PROGRESS_SAMPLES) {
        memmove(&progress->samples[0], &progress->samples[1], (count - 1U) * sizeof(progress->samples[0]));
        count--;
    }
    progress->samples[count] = (struct fg_progress_sample){now_mono_ms, value};
    progress->sample_count = (uint8_t)(count + 1);
}

void fg_progress_watch(struct fg_progress *progress, const struct fg_fill *fill,
                       const struct fg_plant_state *plant, int64_t now_mono_ms)
{
    int64_t value;

    if (fill->authorised_sequence != progress->authorised_sequence) {
        memset(progress, 0, sizeof(*progress));
        progress->authorised_sequence = fill->authorised_sequence;
    }
    if (fill->phase != FG_FILL_FILLING) {
        progress->sample_count = 0;
        return;
    }
    if (!value_read(fill, plant, &value))
        return;
    if (!progress->start_known) {
        progress->start_known = true;
        progress->start_value = value;
    }
    sample_add(progress, value, now_mono_ms);
}

static int64_t remaining_estimate(const struct fg_progress *progress, int64_t value, int64_t target)
{
    const struct fg_progress_sample *first = &progress->samples[0];
    const struct fg_progress_sample *last;
    int64_t time_ms;
    int64_t rise;
    int64_t remaining_ms;

    if (progress->sample_count < 2 || value >= target)
        return 0;
    last = &progress->samples[progress->sample_count - 1];
    time_ms = last->at_mono_ms - first->at_mono_ms;
    rise = last->value - first->value;
    if (time_ms < RATE_MIN_MS || rise <= 0 || target - value > INT32_MAX)
        return 0;
    remaining_ms = (target - value) * time_ms / rise;
    return remaining_ms < REMAINING_MAX_MS ? remaining_ms : 0;
}

static int64_t left_of(int64_t since_mono_ms, uint32_t limit_ms, int64_t now_mono_ms)
{
    int64_t left_ms = since_mono_ms + (int64_t)limit_ms - now_mono_ms;

    /* Over, but the machine has not stepped yet: 0 would mean that it never ends. */
    return left_ms > 0 ? left_ms : 1;
}

static int64_t phase_left(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                          int64_t now_mono_ms)
{
    int64_t since = fill->phase_since_mono_ms;
    int64_t fill_left_ms = left_of(fill->authorised_mono_ms, settings->fill_max_ms, now_mono_ms);
    int64_t left_ms;

    switch (fill->phase) {
    case FG_FILL_PRE_CHECK:
        return left_of(since, settings->pre_check_max_ms, now_mono_ms);
    case FG_FILL_FILLING:
        return fill_left_ms;
    case FG_FILL_SUSPENDED:
        left_ms = left_of(since, settings->resume_max_ms, now_mono_ms);
        return left_ms < fill_left_ms ? left_ms : fill_left_ms;
    case FG_FILL_CLOSING:
        return left_of(since, settings->closing_max_ms, now_mono_ms);
    case FG_FILL_POST_CHECK:
        return left_of(since, settings->post_check_max_ms, now_mono_ms);
    default:
        return 0;
    }
}

void fg_progress_tell(const struct fg_progress *progress, const struct fg_fill *fill,
                      const struct fg_fill_settings *settings, const struct fg_plant_state *plant,
                      int64_t now_mono_ms, struct fg_progress_shown *ret_shown)
{
    struct fg_progress_shown shown = {.phase_left_ms = phase_left(fill, settings, now_mono_ms)};
    int64_t value;

    if (fill->phase != FG_FILL_IDLE)
        shown.target = target_of(fill, settings, plant);
    if (shown.target > 0 && progress->start_known && value_read(fill, plant, &value)) {
        int64_t whole = shown.target - progress->start_value;
        int64_t done = value - progress->start_value;

        if (whole <= 0 || done >= whole)
            shown.progress_permille = 1000;
        else if (done > 0)
            shown.progress_permille = done * 1000 / whole;
        if (fill->phase == FG_FILL_FILLING)
            shown.remaining_ms = remaining_estimate(progress, value, shown.target);
    }
    *ret_shown = shown;
}
