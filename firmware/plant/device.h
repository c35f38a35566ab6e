/* One device on a bus: what is read of it in which requests, how it fares, and its outputs.
 *
 * Signals that stand near each other are read in one request. A device that fails is asked once a round
 * (PROBING), and after some failures once a second (DOWN), so that a dead one costs the others little; which
 * failure counts how is in outcome.h. A value whose byte order or status word is not known is not read at
 * all: what was read before stays, with its age. A value that jumps is read again before it counts. Not:
 * threads, locks or leases (plant.h). One thread at a time. Relies on: bus.h, codec.h, profile.h. */
#ifndef FG_FIRMWARE_PLANT_DEVICE_H
#define FG_FIRMWARE_PLANT_DEVICE_H

#include "firmware/plant/bus.h"

#define FG_BLOCKS_MAX 16
#define FG_DEVICE_PROBE_MS 1000

/* What one read serves, in the order in which a round reads them. */
enum fg_read_class { FG_READ_OUTPUTS = 0, FG_READ_INPUTS, FG_READ_VALUES, FG_READ_CLASS_COUNT };

/* Items: the signals, then these. */
#define FG_ITEM_STATUS FG_SIGNAL_COUNT
#define FG_ITEM_OUTPUT (FG_SIGNAL_COUNT + 1) /* + enum fg_output: the output's coil read back */
#define FG_ITEM_COUNT (FG_ITEM_OUTPUT + FG_OUTPUT_COUNT)

struct fg_block {
    uint8_t table;
    uint8_t class;
    uint16_t address;
    uint16_t count;
    uint32_t items; /* bit n: item n is in it */
    bool is_whole;  /* the device refuses to give parts of it */
};

struct fg_device {
    struct fg_device_settings settings;
    struct fg_profile profile;
    struct fg_device_status status;
    uint8_t block_count;
    struct fg_block blocks[FG_BLOCKS_MAX];
    bool order_known;
    uint8_t order; /* enum fg_byte_order, as told by the device */
    bool status_known;
    bool status_good;
    int64_t status_at_mono_ms; /* when the device was asked for it */
    bool is_down;
    uint32_t failures_in_row;
    int64_t quiet_until_mono_ms; /* after a time-out: a late answer may still come */
    int64_t probe_at_mono_ms;
    uint16_t heartbeat;
};

/* What one request gave. */
struct fg_block_result {
    uint32_t items; /* the ones that follow */
    struct fg_reading readings[FG_SIGNAL_COUNT];
    bool outputs_on[FG_OUTPUT_COUNT];
};

/* Lays out the reads of a loaded profile. FG_E_SIZE when there are too many. */
enum fg_err fg_device_plan(struct fg_device *device, struct fg_error *error);

/* May this device be asked now (not in its quiet time, not waiting for its next probe)? */
bool fg_device_is_due(const struct fg_device *device, int64_t now_mono_ms);

/* Asks the device its byte order if the profile wants that and it is not known since the last failure or
 * reopening. Errors as fg_bus_read; FG_E_RANGE, outcome UNKNOWN_ORDER, for one that the profile does not
 * know. */
enum fg_err fg_device_ask_order(struct fg_device *device, struct fg_bus *bus, struct fg_error *error);

/* Reads one block and decodes it, when fg_device_can_decode. Errors as fg_bus_read. */
enum fg_err fg_device_read(struct fg_device *device, struct fg_bus *bus, const struct fg_block *block,
                           struct fg_block_result *ret_result, struct fg_error *error);

/* Reads a block once more to confirm what was read before. On RTU, where nothing but its shape tells an
 * answer from one that was meant for somebody else, registers are asked for in two parts: who asks the same
 * unit for as many registers as we did is not answered like that. Not of a device that refuses it, nor of a
 * single register, nor of bits. Errors as fg_bus_read. */
enum fg_err fg_device_read_again(struct fg_device *device, struct fg_bus *bus, struct fg_block *block,
                                 struct fg_block_result *ret_result, struct fg_error *error);

/* May the block be decoded, with what is known of byte order and status word at now_mono_ms? The block that
 * holds the status word itself may. A status word older than age_max_ms is not known. */
bool fg_device_can_decode(const struct fg_device *device, const struct fg_block *block, uint32_t age_max_ms,
                          int64_t now_mono_ms);

/* Do two results of one block tell the same, within what a plant moves between two requests? */
bool fg_device_repeats(const struct fg_block_result *one, const struct fg_block_result *other);

/* Does a result speak for shutting where the readings before it did not: emergency stop or stop button? Such
 * a one counts at once. before: FG_SIGNAL_COUNT readings. */
bool fg_device_speaks_for_shutting(const struct fg_block_result *result, const struct fg_reading *before);

/* Decodes the words of a block; needs no bus. A value that rests on a status word is as old as that. */
void fg_device_decode(struct fg_device *device, const struct fg_block *block, const uint16_t *words,
                      int64_t now_mono_ms, struct fg_block_result *ret_result);

/* One request that holds the valve open for its release time, or that shuts it. */
enum fg_err fg_device_drive_valve(struct fg_device *device, struct fg_bus *bus, bool open,
                                  struct fg_error *error);

/* Books the outcome of a request as its row in outcome.h says: counts, link state, quiet time, when to probe,
 * what must be asked again. error is read on failure. */
void fg_device_book(struct fg_device *device, enum fg_outcome outcome, const struct fg_error *error,
                    uint32_t response_ms, int64_t now_mono_ms);

/* The link was closed or opened anew: nothing the device told before is believed. */
void fg_device_forget(struct fg_device *device);

#endif
