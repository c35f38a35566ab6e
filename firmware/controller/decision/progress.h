/* How far the present fill is: its target, the part of the way that is done, the time that is left.
 *
 * Only to be shown: the fill machine decides for itself when to stop. Both take the limits from
 * core/limits.h. Not: quantities (core/fill.h). Pure; one object, one thread. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_PROGRESS_H
#define FG_FIRMWARE_CONTROLLER_DECISION_PROGRESS_H

#include "firmware/core/fill.h"

#define FG_PROGRESS_SAMPLES 20
#define FG_PROGRESS_SAMPLE_MS 500

/* Zero-initialise, then watch. */
struct fg_progress {
    uint64_t authorised_sequence; /* of the fill that this is about, 0 = none */
    bool start_known;
    int64_t start_value; /* kPa or g, as the target */
    uint8_t sample_count;
    struct fg_progress_sample {
        int64_t at_mono_ms;
        int64_t value;
    } samples[FG_PROGRESS_SAMPLES]; /* oldest first, of the last seconds in which the valve was open */
};

struct fg_progress_shown {
    int64_t target;            /* kPa at the present temperature, or gross g; 0 = none */
    int64_t progress_permille; /* 0 to 1000, from the start's reading to the target */
    int64_t remaining_ms;      /* at the rate of the last seconds; 0 = not known */
    int64_t phase_left_ms;     /* until the present phase ends by itself; 0 = it does not */
};

/* Looks at fill and plant; to be called at every tick. */
void fg_progress_watch(struct fg_progress *progress, const struct fg_fill *fill,
                       const struct fg_plant_state *plant, int64_t now_mono_ms);

/* What there is to show at this moment. */
void fg_progress_tell(const struct fg_progress *progress, const struct fg_fill *fill,
                      const struct fg_fill_settings *settings, const struct fg_plant_state *plant,
                      int64_t now_mono_ms, struct fg_progress_shown *ret_shown);

#endif
