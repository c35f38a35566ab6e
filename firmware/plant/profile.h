/* Device profiles: what a device on the bus says where, as data read from a file.
 *
 * A profile is an INI file that states everything about each signal and output; boards/profiles/README.md
 * describes it. Nothing has a default: what is left open, unknown or given twice is refused with file, line
 * and reason. Not: talking to the device (bus.h) or turning registers into values (codec.h). Relies on:
 * inih. */
#ifndef FG_FIRMWARE_PLANT_PROFILE_H
#define FG_FIRMWARE_PLANT_PROFILE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PROFILE_BYTES_MAX 65536
#define FG_PROFILE_NAME_MAX 63
#define FG_FAULTS_MAX 4
#define FG_OVERFLOW_APART_MAX 32 /* registers between the parts of a total */

enum fg_table { FG_TABLE_COIL = 1, FG_TABLE_DISCRETE, FG_TABLE_HOLDING, FG_TABLE_INPUT };
enum fg_value_type {
    FG_TYPE_BIT = 1,
    FG_TYPE_U16,
    FG_TYPE_I16,
    FG_TYPE_U32,
    FG_TYPE_I32,
    FG_TYPE_F32,
    FG_TYPE_F64
};
/* Order of the bytes on the wire; 1 is the most significant byte of a 32-bit value. For 64 bits the same two
 * swaps apply: of the words, and of the bytes in each word. Values 0 to 3 are two flags: bit 0 words
 * reversed, bit 1 bytes swapped. */
enum fg_byte_order {
    FG_ORDER_1234 = 0,
    FG_ORDER_3412 = 1,
    FG_ORDER_2143 = 2,
    FG_ORDER_4321 = 3,
    FG_ORDER_ASKED = 4, /* the device tells it: struct fg_profile.order */
};
enum fg_output { FG_OUTPUT_VALVE = 0, FG_OUTPUT_GREEN, FG_OUTPUT_RED, FG_OUTPUT_COUNT };
enum fg_output_form { FG_FORM_NONE = 0, FG_FORM_PLAIN, FG_FORM_TIMED, FG_FORM_WATCHDOG };

struct fg_profile_signal {
    bool present;
    uint8_t table; /* enum fg_table */
    uint8_t type;  /* enum fg_value_type */
    uint8_t order; /* enum fg_byte_order */
    uint8_t bit;   /* BIT in a register: which, 0 = least significant */
    bool active;   /* BIT: the bit's value that means 1 */
    uint16_t address;
    /* A total in two parts, SUM and OVERFLOW, in the same type, order, table and unit: the second counts in
     * whole multiples of overflow_step, and what it says is added. Both are read in one request. */
    bool has_overflow;
    uint16_t overflow_address;
    double overflow_step;
    double scale;  /* raw times scale is in the profile's unit, in which minimum and maximum are given */
    double factor; /* then times factor plus offset is in the unit of enum fg_signal */
    double offset;
    double minimum;
    double maximum;
    uint8_t fault_count;
    uint64_t faults[FG_FAULTS_MAX]; /* raw bits, most significant byte first, that mean a fault */
};

struct fg_profile_output {
    uint8_t form;           /* enum fg_output_form */
    uint16_t address;       /* coil that switches and reads back */
    uint16_t timed_address; /* TIMED: coil address that takes a time in ticks */
    uint16_t heartbeat;     /* WATCHDOG: holding register that must change */
    uint32_t tick_ms;       /* TIMED */
    uint32_t release_ms;    /* the device falls back to shut so long after the last refresh */
};

/* The register that tells the byte order, and what its values mean. */
struct fg_profile_order {
    bool present;
    uint8_t table; /* HOLDING or INPUT */
    uint16_t address;
    uint8_t count;
    uint16_t values[4];
    uint8_t orders[4];
};

/* A status word: readings of the device are good only while (word & mask) == good. */
struct fg_profile_status {
    bool present;
    uint8_t table; /* HOLDING or INPUT */
    uint16_t address;
    uint16_t mask;
    uint16_t good;
};

struct fg_profile {
    char name[FG_PROFILE_NAME_MAX + 1];
    uint8_t block_gap;  /* registers or bits nobody asked for that one read may pass over */
    uint8_t silence_ms; /* pause the device needs before a request */
    struct fg_profile_order order;
    struct fg_profile_status status;
    struct fg_profile_signal signals[FG_SIGNAL_COUNT];
    struct fg_profile_output outputs[FG_OUTPUT_COUNT];
};

/* Parses text (length bytes, need not end in NUL). file names it in messages. Any thread. Errors: FG_E_SIZE
 * too long, FG_E_FORMAT syntax, unknown, double or missing keys, FG_E_RANGE values; text has file:line. */
enum fg_err fg_profile_parse(const char *file, const char *text, size_t length,
                             struct fg_profile *ret_profile, struct fg_error *error);

/* Reads and parses a file of at most FG_PROFILE_BYTES_MAX bytes. FG_E_IO when it cannot be read. */
enum fg_err fg_profile_load(const char *path, struct fg_profile *ret_profile, struct fg_error *error);

/* Stable name of a signal as profiles write it ("pressure"). Never NULL for a valid signal. */
const char *fg_signal_name(enum fg_signal signal);

/* The registers that a signal's parts lie in: from *ret_first on, how many. */
uint16_t fg_signal_span(const struct fg_profile_signal *signal, uint16_t *ret_first);

/* Registers that a type takes: 1, 2 or 4. Bits: 1. */
uint8_t fg_type_words(enum fg_value_type type);

#endif
