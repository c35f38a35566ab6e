/* Registers to values and back: byte orders, integers and floats, scale, unit, faults, plausible range.
 *
 * All packing is done here by shifts; libmodbus' own float setters are not used, because those of 3.1.6 swap
 * the bytes. Not: knowing where a value stands (profile.h) or fetching it (bus.h). Pure. */
#ifndef FG_FIRMWARE_PLANT_CODEC_H
#define FG_FIRMWARE_PLANT_CODEC_H

#include "firmware/plant/profile.h"

/* The raw bits of a value, most significant first, from fg_type_words(type) registers. order 0 to 3. */
uint64_t fg_codec_join(enum fg_value_type type, enum fg_byte_order order, const uint16_t *registers);

/* The reverse: writes fg_type_words(type) registers. */
void fg_codec_split(enum fg_value_type type, enum fg_byte_order order, uint64_t raw, uint16_t *ret_registers);

/* Raw bits of a number as the type holds it, rounded for integers. FG_E_RANGE when it does not fit. */
enum fg_err fg_codec_encode(enum fg_value_type type, double number, uint64_t *ret_raw);

/* One reading. order is the one in force (what the device told, if the profile asks it). registers: those of
 * fg_signal_span. *ret_value, in the signal's unit, is set only for FG_READING_GOOD. */
enum fg_reading_state fg_codec_decode(const struct fg_profile_signal *signal, enum fg_byte_order order,
                                      const uint16_t *registers, int64_t *ret_value);

/* The byte order that a register value means. FG_E_RANGE when the profile does not map it. */
enum fg_err fg_codec_order(const struct fg_profile_order *order, uint16_t value,
                           enum fg_byte_order *ret_order);

#endif
