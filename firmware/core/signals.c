/* The table of signals.h: who needs which signal. */
#include "firmware/core/signals.h"

enum fg_programme fg_programme_of_medium(uint8_t medium)
{
    if (medium == FG_MEDIUM_CNG)
        return FG_PROGRAMME_PRESSURE;
    if (medium == FG_MEDIUM_LPG)
        return FG_PROGRAMME_MASS;
    return FG_PROGRAMME_NONE;
}

static bool is_needed(enum fg_signal signal, uint8_t programme, bool configured)
{
    switch (signal) {
    case FG_SIGNAL_FLOW_G_MIN:
    case FG_SIGNAL_INVENTORY_G:
    case FG_SIGNAL_VALVE_OPEN:
        return true;
    case FG_SIGNAL_PRESSURE_KPA:
    case FG_SIGNAL_TEMPERATURE_DC:
        return programme != FG_PROGRAMME_MASS;
    case FG_SIGNAL_SCALE_G:
        return programme != FG_PROGRAMME_PRESSURE;
    case FG_SIGNAL_EMERGENCY_STOP:
    case FG_SIGNAL_START_BUTTON:
    case FG_SIGNAL_STOP_BUTTON:
        return configured;
    default:
        return false;
    }
}

uint32_t fg_signals_needed(uint8_t programme, const bool configured[FG_SIGNAL_COUNT])
{
    uint32_t needed = 0;

    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        if (is_needed((enum fg_signal)i, programme, configured[i]))
            needed |= FG_SIGNAL_BIT(i);
    }
    return needed;
}

static bool is_in_bounds(int64_t value)
{
    return value >= -FG_SIGNAL_VALUE_MAX && value <= FG_SIGNAL_VALUE_MAX;
}

bool fg_signal_read(const struct fg_plant_state *plant, enum fg_signal signal, int64_t now_mono_ms,
                    uint32_t age_max_ms, int64_t *ret_value)
{
    const struct fg_reading *reading = &plant->readings[signal];

    if (!plant->configured[signal] || reading->state != FG_READING_GOOD || !is_in_bounds(reading->value))
        return false;
    if (now_mono_ms - reading->at_mono_ms > (int64_t)age_max_ms)
        return false;
    *ret_value = reading->value;
    return true;
}

uint32_t fg_signals_bad(const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms,
                        uint32_t age_max_ms)
{
    uint32_t bad = fg_signals_needed(programme, plant->configured);
    int64_t value = 0;

    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        if (fg_signal_read(plant, (enum fg_signal)i, now_mono_ms, age_max_ms, &value))
            bad &= ~FG_SIGNAL_BIT(i);
    }
    return bad;
}

static enum fg_stop stop_of(const struct fg_plant_state *plant, int signal)
{
    const struct fg_reading *reading = &plant->readings[signal];

    if (!plant->configured[signal])
        return FG_STOP_DEVICE_SILENT;
    if (reading->state == FG_READING_RANGE || reading->state == FG_READING_FAULT)
        return FG_STOP_NOT_PLAUSIBLE;
    if (reading->state == FG_READING_GOOD && !is_in_bounds(reading->value))
        return FG_STOP_NOT_PLAUSIBLE;
    return FG_STOP_DEVICE_SILENT;
}

enum fg_stop fg_signals_stop(const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms,
                             uint32_t age_max_ms)
{
    uint32_t bad = fg_signals_bad(plant, programme, now_mono_ms, age_max_ms);
    int64_t pressed = 0;

    if (fg_signal_read(plant, FG_SIGNAL_EMERGENCY_STOP, now_mono_ms, age_max_ms, &pressed) && pressed != 0)
        return FG_STOP_EMERGENCY_STOP;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        if ((bad & FG_SIGNAL_BIT(i)) != 0)
            return stop_of(plant, i);
    }
    return FG_STOP_NONE;
}
