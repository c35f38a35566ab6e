/* The safety signals: what of the plant must be read, and read well, before and while gas flows.
 *
 * One set for deciding on a scan, for starting, filling and resuming: a device that would refuse the next
 * scan also ends the fill under way. Not: what the values mean (fill.h, overfill.h), how they are read
 * (plant). Pure: no I/O, no allocation, no clock. Relies on: lib/domain/types.h. */
#ifndef FG_FIRMWARE_CORE_SIGNALS_H
#define FG_FIRMWARE_CORE_SIGNALS_H

#include "lib/domain/types.h"

#define FG_SIGNAL_BIT(signal) (UINT32_C(1) << (signal))
/* No instrument measures more; a greater value is not plausible, whatever the device says of it. */
#define FG_SIGNAL_VALUE_MAX INT64_C(1000000000000000)

/* The programme that fills a medium: PRESSURE for CNG, MASS for LPG, NONE for any other. */
enum fg_programme fg_programme_of_medium(uint8_t medium);

/* Which signals must be good, as bits of FG_SIGNAL_BIT.
 *
 * Always: flow, inventory, and the valve's feedback (without it a welded valve shows nowhere). By programme:
 * pressure and temperature for PRESSURE, the scale for MASS, all three for any other programme, which fills
 * nothing anyway. Where the point has them: emergency stop, start button and stop button. */
uint32_t fg_signals_needed(uint8_t programme, const bool configured[FG_SIGNAL_COUNT]);

/* Reads one signal. True: configured, good, at most age_max_ms old at now_mono_ms and within
 * FG_SIGNAL_VALUE_MAX; *ret_value is set. False: *ret_value is left as it was. */
bool fg_signal_read(const struct fg_plant_state *plant, enum fg_signal signal, int64_t now_mono_ms,
                    uint32_t age_max_ms, int64_t *ret_value);

/* The needed signals that cannot be read now (fg_signal_read); 0 = the plant is in order. */
uint32_t fg_signals_bad(const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms,
                        uint32_t age_max_ms);

/* Why filling must not go on by the signals alone: EMERGENCY_STOP when it reads pressed, else what is wrong
 * with the first bad signal in the order of enum fg_signal: NOT_PLAUSIBLE (out of range, device fault) or
 * DEVICE_SILENT (missing, no answer, too old). NONE = the plant is in order. */
enum fg_stop fg_signals_stop(const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms,
                             uint32_t age_max_ms);

#endif
