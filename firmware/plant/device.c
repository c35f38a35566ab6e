/* One device on a bus (device.h). */
#include "firmware/plant/device.h"

#include "firmware/plant/codec.h"
#include "lib/base/monotime.h"

#include <stdio.h>
#include <string.h>

struct item {
    uint8_t number;
    uint8_t table;
    uint8_t words;
    uint8_t class;
    uint16_t address;
};

static enum fg_read_class class_of(unsigned signal)
{
    return signal >= FG_SIGNAL_VALVE_OPEN ? FG_READ_INPUTS : FG_READ_VALUES;
}

static unsigned collect(const struct fg_profile *profile, struct item *items)
{
    unsigned count = 0;

    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_profile_signal *signal = &profile->signals[i];

        uint16_t first = 0;
        uint16_t words = fg_signal_span(signal, &first);

        if (signal->present)
            items[count++] =
                (struct item){(uint8_t)i, signal->table, (uint8_t)words, (uint8_t)class_of(i), first};
    }
    if (profile->status.present)
        items[count++] =
            (struct item){FG_ITEM_STATUS, profile->status.table, 1, FG_READ_INPUTS, profile->status.address};
    for (unsigned i = 0; i < FG_OUTPUT_COUNT; i++) {
        if (profile->outputs[i].form != FG_FORM_NONE)
            items[count++] = (struct item){(uint8_t)(FG_ITEM_OUTPUT + i), FG_TABLE_COIL, 1, FG_READ_OUTPUTS,
                                           profile->outputs[i].address};
    }
    return count;
}

static bool stands_before(const struct item *a, const struct item *b)
{
    return a->table != b->table ? a->table < b->table : a->address < b->address;
}

static void sort_items(struct item *items, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        for (unsigned j = i; j > 0 && stands_before(&items[j], &items[j - 1]); j--) {
            struct item other = items[j];

            items[j] = items[j - 1];
            items[j - 1] = other;
        }
    }
}

static bool joins(const struct fg_block *block, const struct item *item, uint8_t gap)
{
    unsigned end = (unsigned)block->address + block->count;

    return block->table == item->table && item->address <= end + gap &&
           (unsigned)item->address + item->words - block->address <= FG_BUS_BLOCK_MAX;
}

enum fg_err fg_device_plan(struct fg_device *device, struct fg_error *error)
{
    struct item items[FG_ITEM_COUNT];
    unsigned count = collect(&device->profile, items);
    struct fg_block *block = NULL;

    sort_items(items, count);
    device->block_count = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned end;

        if (block == NULL || !joins(block, &items[i], device->profile.block_gap)) {
            if (device->block_count == FG_BLOCKS_MAX)
                return fg_fail(error, FG_E_SIZE, "device %s: needs more than %d reads", device->settings.name,
                               FG_BLOCKS_MAX);
            block = &device->blocks[device->block_count++];
            *block = (struct fg_block){items[i].table, items[i].class, items[i].address, 0, 0, false};
        }
        end = (unsigned)items[i].address + items[i].words - block->address;
        if (end > block->count)
            block->count = (uint16_t)end;
        if (items[i].class < block->class)
            block->class = items[i].class;
        block->items |= 1u << items[i].number;
    }
    return FG_OK;
}

bool fg_device_is_due(const struct fg_device *device, int64_t now_mono_ms)
{
    if (now_mono_ms < device->quiet_until_mono_ms)
        return false;
    return !device->is_down || now_mono_ms >= device->probe_at_mono_ms;
}

enum fg_err fg_device_ask_order(struct fg_device *device, struct fg_bus *bus, struct fg_error *error)
{
    const struct fg_profile_order *asked = &device->profile.order;
    enum fg_byte_order order = FG_ORDER_1234;
    uint16_t value = 0;
    enum fg_err err;

    if (!asked->present || device->order_known)
        return FG_OK;
    err = fg_bus_read(bus, device->settings.unit, (enum fg_table)asked->table, asked->address, 1,
                      device->profile.silence_ms, &value, error);
    if (err != FG_OK)
        return err;
    if (fg_codec_order(asked, value, &order) != FG_OK) {
        bus->outcome = FG_OUTCOME_UNKNOWN_ORDER;
        return fg_fail(error, FG_E_RANGE, "device %s: tells byte order %u, which its profile does not know",
                       device->settings.name, value);
    }
    device->order = (uint8_t)order;
    device->order_known = true;
    return FG_OK;
}

bool fg_device_can_decode(const struct fg_device *device, const struct fg_block *block, uint32_t age_max_ms,
                          int64_t now_mono_ms)
{
    const struct fg_profile *profile = &device->profile;
    bool asks_order = false;
    bool asks_status = false;

    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        if ((block->items & (1u << i)) == 0)
            continue;
        asks_order = asks_order || profile->signals[i].order == FG_ORDER_ASKED;
        asks_status = profile->status.present && (block->items & (1u << FG_ITEM_STATUS)) == 0;
    }
    if (asks_order && !device->order_known)
        return false;
    return !asks_status ||
           (device->status_known && now_mono_ms - device->status_at_mono_ms <= (int64_t)age_max_ms);
}

static void decode_signal(const struct fg_device *device, unsigned number, const uint16_t *words,
                          int64_t now_mono_ms, struct fg_reading *ret_reading)
{
    const struct fg_profile_signal *signal = &device->profile.signals[number];
    enum fg_byte_order order = (enum fg_byte_order)signal->order;

    ret_reading->at_mono_ms = now_mono_ms;
    ret_reading->state = FG_READING_FAULT;
    if (order == FG_ORDER_ASKED)
        order = (enum fg_byte_order)device->order;
    if (device->profile.status.present) {
        if (device->status_at_mono_ms < now_mono_ms)
            ret_reading->at_mono_ms = device->status_at_mono_ms;
        if (!device->status_known || !device->status_good)
            return;
    }
    if (signal->order == FG_ORDER_ASKED && !device->order_known)
        return;
    ret_reading->state = (uint8_t)fg_codec_decode(signal, order, words, &ret_reading->value);
}

/* Within these a value may differ from the one before it without being read again. A wrong one that is so
 * near the right one does no harm; one that is not is hardly met twice in a row. */
static const int64_t steps_max[FG_SIGNAL_COUNT] = {
    [FG_SIGNAL_PRESSURE_KPA] = 1000, [FG_SIGNAL_TEMPERATURE_DC] = 100, [FG_SIGNAL_FLOW_G_MIN] = 3000,
    [FG_SIGNAL_TOTAL_G] = 2000,      [FG_SIGNAL_INVENTORY_G] = 2000,   [FG_SIGNAL_SCALE_G] = 2000,
};

static bool reading_repeats(const struct fg_reading *one, const struct fg_reading *other, unsigned signal)
{
    int64_t step = one->value > other->value ? one->value - other->value : other->value - one->value;

    if (one->state != other->state)
        return false;
    return one->state != FG_READING_GOOD || step <= steps_max[signal];
}

bool fg_device_repeats(const struct fg_block_result *one, const struct fg_block_result *other)
{
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        if ((one->items & (1u << i)) != 0 && !reading_repeats(&one->readings[i], &other->readings[i], i))
            return false;
    }
    return true;
}

bool fg_device_speaks_for_shutting(const struct fg_block_result *result, const struct fg_reading *before)
{
    static const enum fg_signal stops[] = {FG_SIGNAL_EMERGENCY_STOP, FG_SIGNAL_STOP_BUTTON};

    for (unsigned i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        const struct fg_reading *reading = &result->readings[stops[i]];
        const struct fg_reading *old = &before[stops[i]];

        if ((result->items & (1u << stops[i])) != 0 && reading->state == FG_READING_GOOD &&
            reading->value != 0 && (old->state != FG_READING_GOOD || old->value == 0))
            return true;
    }
    return false;
}

void fg_device_decode(struct fg_device *device, const struct fg_block *block, const uint16_t *words,
                      int64_t now_mono_ms, struct fg_block_result *ret_result)
{
    const struct fg_profile *profile = &device->profile;
    uint16_t first = 0;

    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->items = block->items;
    if ((block->items & (1u << FG_ITEM_STATUS)) != 0) {
        uint16_t word = words[profile->status.address - block->address];

        device->status_known = true;
        device->status_at_mono_ms = now_mono_ms;
        device->status_good = (word & profile->status.mask) == profile->status.good;
    }
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        if ((block->items & (1u << i)) == 0)
            continue;
        (void)fg_signal_span(&profile->signals[i], &first);
        decode_signal(device, i, &words[first - block->address], now_mono_ms, &ret_result->readings[i]);
    }
    for (unsigned i = 0; i < FG_OUTPUT_COUNT; i++) {
        if ((block->items & (1u << (FG_ITEM_OUTPUT + i))) != 0)
            ret_result->outputs_on[i] = words[profile->outputs[i].address - block->address] != 0;
    }
}

enum fg_err fg_device_read(struct fg_device *device, struct fg_bus *bus, const struct fg_block *block,
                           struct fg_block_result *ret_result, struct fg_error *error)
{
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    /* The age counts from before the question: the device may have measured right after it. */
    int64_t asked_mono_ms = fg_mono_ms();
    enum fg_err err;

    err = fg_bus_read(bus, device->settings.unit, (enum fg_table)block->table, block->address, block->count,
                      device->profile.silence_ms, words, error);
    if (err == FG_OK)
        fg_device_decode(device, block, words, asked_mono_ms, ret_result);
    return err;
}

static bool is_refusal(enum fg_outcome outcome)
{
    return outcome == FG_OUTCOME_ILLEGAL_FUNCTION || outcome == FG_OUTCOME_ILLEGAL_ADDRESS ||
           outcome == FG_OUTCOME_ILLEGAL_VALUE;
}

enum fg_err fg_device_read_again(struct fg_device *device, struct fg_bus *bus, struct fg_block *block,
                                 struct fg_block_result *ret_result, struct fg_error *error)
{
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    uint16_t half = (uint16_t)(block->count / 2);
    enum fg_table table = (enum fg_table)block->table;
    uint8_t unit = device->settings.unit;
    uint8_t silence_ms = device->profile.silence_ms;
    int64_t asked_mono_ms = fg_mono_ms();
    enum fg_err err;

    if (bus->settings->kind != FG_BUS_RTU || half == 0 || block->is_whole || table == FG_TABLE_COIL ||
        table == FG_TABLE_DISCRETE)
        return fg_device_read(device, bus, block, ret_result, error);
    err = fg_bus_read(bus, unit, table, block->address, half, silence_ms, words, error);
    if (err == FG_OK)
        err = fg_bus_read(bus, unit, table, (uint16_t)(block->address + half),
                          (uint16_t)(block->count - half), silence_ms, words + half, error);
    if (err == FG_OK)
        fg_device_decode(device, block, words, asked_mono_ms, ret_result);
    if (err == FG_OK || !is_refusal(bus->outcome))
        return err;
    block->is_whole = true;
    return fg_device_read(device, bus, block, ret_result, error);
}

enum fg_err fg_device_drive_valve(struct fg_device *device, struct fg_bus *bus, bool open,
                                  struct fg_error *error)
{
    const struct fg_profile_output *valve = &device->profile.outputs[FG_OUTPUT_VALVE];
    uint8_t unit = device->settings.unit;
    uint8_t silence_ms = device->profile.silence_ms;
    enum fg_err err;

    if (!open)
        return fg_bus_write_coil(bus, unit, valve->address, false, silence_ms, error);
    if (valve->form == FG_FORM_TIMED)
        return fg_bus_write_coil_value(bus, unit, valve->timed_address,
                                       (uint16_t)(valve->release_ms / valve->tick_ms), silence_ms, error);
    err = fg_bus_write_register(bus, unit, valve->heartbeat, ++device->heartbeat, silence_ms, error);
    if (err != FG_OK)
        return err;
    return fg_bus_write_coil(bus, unit, valve->address, true, silence_ms, error);
}

void fg_device_book(struct fg_device *device, enum fg_outcome outcome, const struct fg_error *error,
                    uint32_t response_ms, int64_t now_mono_ms)
{
    const struct fg_outcome_row *row = fg_outcome_row(outcome);

    device->status.requests++;
    if (outcome == FG_OUTCOME_ANSWERED) {
        device->failures_in_row = 0;
        device->is_down = false;
        device->status.link = FG_LINK_UP;
        return;
    }
    device->status.failures++;
    device->failures_in_row++;
    (void)snprintf(device->status.last_error, sizeof(device->status.last_error), "%.127s", error->text);
    if (row->retry == FG_RETRY_AFTER_QUIET)
        device->quiet_until_mono_ms = now_mono_ms + response_ms;
    if (row->asks_again)
        fg_device_forget(device);
    device->is_down = device->is_down || device->failures_in_row >= row->down_after;
    device->status.link = device->is_down ? FG_LINK_DOWN : FG_LINK_PROBING;
    if (device->is_down)
        device->probe_at_mono_ms = now_mono_ms + FG_DEVICE_PROBE_MS;
}

void fg_device_forget(struct fg_device *device)
{
    device->order_known = false;
    device->status_known = false;
}
