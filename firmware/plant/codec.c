/* Registers to values and back (codec.h). */
#include "firmware/plant/codec.h"

#include <math.h>
#include <string.h>

#define VALUE_LIMIT 9.0e15 /* beyond this a double no longer holds every integer */

static uint16_t swap_bytes(uint16_t word)
{
    return (uint16_t)((word << 8) | (word >> 8));
}

uint64_t fg_codec_join(enum fg_value_type type, enum fg_byte_order order, const uint16_t *registers)
{
    unsigned words = fg_type_words(type);
    uint64_t raw = 0;

    for (unsigned i = 0; i < words; i++) {
        uint16_t word = registers[((unsigned)order & 1u) != 0 ? words - 1 - i : i];

        raw = (raw << 16) | (((unsigned)order & 2u) != 0 ? swap_bytes(word) : word);
    }
    return raw;
}

void fg_codec_split(enum fg_value_type type, enum fg_byte_order order, uint64_t raw, uint16_t *ret_registers)
{
    unsigned words = fg_type_words(type);

    for (unsigned i = 0; i < words; i++) {
        uint16_t word = (uint16_t)(raw >> (16 * (words - 1 - i)));

        ret_registers[((unsigned)order & 1u) != 0 ? words - 1 - i : i] =
            ((unsigned)order & 2u) != 0 ? swap_bytes(word) : word;
    }
}

static enum fg_err encode_integer(double number, double minimum, double maximum, uint64_t mask,
                                  uint64_t *ret_raw)
{
    double rounded = round(number);

    if (!(rounded >= minimum && rounded <= maximum))
        return FG_E_RANGE;
    *ret_raw = (uint64_t)(int64_t)rounded & mask;
    return FG_OK;
}

static enum fg_err encode_f32(double number, uint64_t *ret_raw)
{
    float narrow = (float)number;
    uint32_t bits;

    if (!isfinite(narrow))
        return FG_E_RANGE;
    memcpy(&bits, &narrow, sizeof(bits));
    *ret_raw = bits;
    return FG_OK;
}

enum fg_err fg_codec_encode(enum fg_value_type type, double number, uint64_t *ret_raw)
{
    if (!isfinite(number) || fabs(number) > 1e30)
        return FG_E_RANGE;
    switch (type) {
    case FG_TYPE_BIT:
        return encode_integer(number, 0.0, 1.0, 1, ret_raw);
    case FG_TYPE_U16:
        return encode_integer(number, 0.0, 65535.0, UINT16_MAX, ret_raw);
    case FG_TYPE_I16:
        return encode_integer(number, -32768.0, 32767.0, UINT16_MAX, ret_raw);
    case FG_TYPE_U32:
        return encode_integer(number, 0.0, 4294967295.0, UINT32_MAX, ret_raw);
    case FG_TYPE_I32:
        return encode_integer(number, -2147483648.0, 2147483647.0, UINT32_MAX, ret_raw);
    case FG_TYPE_F32:
        return encode_f32(number, ret_raw);
    case FG_TYPE_F64:
        memcpy(ret_raw, &number, sizeof(*ret_raw));
        return FG_OK;
    default:
        return FG_E_ARG;
    }
}

static double number_of(enum fg_value_type type, uint64_t raw)
{
    uint32_t low = (uint32_t)raw;
    float narrow;
    double wide;

    switch (type) {
    case FG_TYPE_I16:
        return raw >= 0x8000u ? (double)raw - 65536.0 : (double)raw;
    case FG_TYPE_I32:
        return raw >= 0x80000000u ? (double)raw - 4294967296.0 : (double)raw;
    case FG_TYPE_F32:
        memcpy(&narrow, &low, sizeof(narrow));
        return (double)narrow;
    case FG_TYPE_F64:
        memcpy(&wide, &raw, sizeof(wide));
        return wide;
    case FG_TYPE_BIT:
    case FG_TYPE_U16:
    case FG_TYPE_U32:
    default:
        return (double)raw;
    }
}

/* The number that one part of a value says, in the profile's unit. */
static bool part_of(const struct fg_profile_signal *signal, enum fg_byte_order order,
                    const uint16_t *registers, double *ret_number)
{
    enum fg_value_type type = (enum fg_value_type)signal->type;
    uint64_t raw = fg_codec_join(type, order, registers);
    double number;

    for (unsigned i = 0; i < signal->fault_count; i++) {
        if (raw == signal->faults[i])
            return false;
    }
    number = number_of(type, raw);
    if (!isfinite(number))
        return false;
    *ret_number = number * signal->scale;
    return true;
}

/* A float holds no multiple of the step exactly once it is large: the nearest multiple is meant. */
static bool overflow_of(const struct fg_profile_signal *signal, enum fg_byte_order order,
                        const uint16_t *registers, double *ret_number)
{
    double number = 0.0;

    if (!part_of(signal, order, registers, &number))
        return false;
    *ret_number = round(number / signal->overflow_step) * signal->overflow_step;
    return true;
}

enum fg_reading_state fg_codec_decode(const struct fg_profile_signal *signal, enum fg_byte_order order,
                                      const uint16_t *registers, int64_t *ret_value)
{
    double number = 0.0;
    double overflow = 0.0;
    uint16_t first = 0;

    if (signal->type == FG_TYPE_BIT) {
        *ret_value = ((((unsigned)registers[0] >> signal->bit) & 1u) != 0) == signal->active ? 1 : 0;
        return FG_READING_GOOD;
    }
    (void)fg_signal_span(signal, &first);
    if (!part_of(signal, order, registers + (signal->address - first), &number))
        return FG_READING_FAULT;
    if (signal->has_overflow &&
        !overflow_of(signal, order, registers + (signal->overflow_address - first), &overflow))
        return FG_READING_FAULT;
    number += overflow;
    if (!(number >= signal->minimum && number <= signal->maximum))
        return FG_READING_RANGE;
    number = number * signal->factor + signal->offset;
    if (!(fabs(number) < VALUE_LIMIT))
        return FG_READING_RANGE;
    *ret_value = (int64_t)llround(number);
    return FG_READING_GOOD;
}

enum fg_err fg_codec_order(const struct fg_profile_order *order, uint16_t value,
                           enum fg_byte_order *ret_order)
{
    for (unsigned i = 0; i < order->count; i++) {
        if (order->values[i] == value) {
            *ret_order = (enum fg_byte_order)order->orders[i];
            return FG_OK;
        }
    }
    return FG_E_RANGE;
}
