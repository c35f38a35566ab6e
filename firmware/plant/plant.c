/* The plant of one filling point (plant.h): the bus threads and what other threads ask of them.
 *
 * Each round of a bus: valve, lamps, outputs read back, inputs, readings. Between any two requests, and in
 * the silence that a device needs before one, the valve is looked after first if it is due, so that shutting
 * waits for at most one request, and the timed release is renewed before the longest possible request could
 * let it run out. */
#include "firmware/plant/plant.h"

#include "firmware/plant/device.h"
#include "firmware/plant/plant_check.h"
#include "lib/base/monotime.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define VALVE_TRIES 3
#define VALVE_RETRY_MS 100
#define WAIT_SLICE_MS 20
#define READS_AGAIN 2 /* of a value that jumped */
#define ALL_SIGNALS UINT32_MAX
#define SILENCES_MAX 4 /* before one request: an order for the valve breaks the silence */

enum sent { SENT_UNKNOWN = 0, SENT_SHUT, SENT_OPEN };

/* What the valve's bus thread knows of the valve; no other thread looks at it. */
struct drive {
    enum sent sent;
    int64_t sent_at_mono_ms;
    int64_t retry_at_mono_ms;
    uint64_t tried_serial; /* the shut request that the last attempt served */
    uint64_t sent_serial;
};

struct line {
    struct fg_plant *plant;
    struct fg_bus bus;
    uint8_t index;
    bool running;
    bool woken; /* under the mutex */
    pthread_t thread;
    pthread_cond_t wake;
};

struct fg_plant {
    struct fg_plant_settings settings;
    struct line lines[FG_BUSES_MAX];
    uint8_t device_line[FG_DEVICES_MAX];
    struct fg_device devices[FG_DEVICES_MAX];
    uint8_t valve_device;
    struct drive drive;
    int event_fd;
    bool made_locks;

    pthread_mutex_t mutex; /* guards all below, line.woken and every device's status */
    pthread_cond_t confirmed;
    bool stopping;
    bool shut_pending;
    bool shut_confirmed;
    uint64_t shut_serial;
    int64_t lease_until_mono_ms;
    bool lamps[FG_LAMP_COUNT];
    struct fg_plant_state state;
};

static void lock(struct fg_plant *plant)
{
    (void)pthread_mutex_lock(&plant->mutex);
}

static void unlock(struct fg_plant *plant)
{
    (void)pthread_mutex_unlock(&plant->mutex);
}

static void notify(const struct fg_plant *plant)
{
    const uint64_t one = 1;

    /* Fails only when the counter is full, and then the descriptor is readable anyway. */
    if (write(plant->event_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
        return;
}

static struct line *valve_line(struct fg_plant *plant)
{
    return &plant->lines[plant->device_line[plant->valve_device]];
}

/* ---- making ------------------------------------------------------------------------------------------- */

static enum fg_err find_line(struct fg_plant *plant, uint8_t device, struct fg_error *error)
{
    const struct fg_device_settings *wanted = &plant->settings.devices[device];

    for (uint8_t i = 0; i < plant->settings.bus_count; i++) {
        if (strcmp(plant->settings.buses[i].name, wanted->bus) == 0) {
            plant->device_line[device] = i;
            return FG_OK;
        }
    }
    return fg_fail(error, FG_E_NOT_FOUND, "device %s: no bus is named \"%s\"", wanted->name, wanted->bus);
}

static enum fg_err load_device(struct fg_plant *plant, uint8_t index, struct fg_error *error)
{
    struct fg_device *device = &plant->devices[index];
    enum fg_err err;

    device->settings = plant->settings.devices[index];
    memcpy(device->status.name, device->settings.name, sizeof(device->status.name));
    device->status.name[sizeof(device->status.name) - 1] = '\0';
    if (device->settings.unit < 1 || device->settings.unit > 247)
        return fg_fail(error, FG_E_RANGE, "device %s: unit must be 1 to 247", device->settings.name);
    if ((err = find_line(plant, index, error)) != FG_OK)
        return err;
    for (uint8_t i = 0; i < index; i++) {
        if (plant->device_line[i] == plant->device_line[index] &&
            plant->devices[i].settings.unit == device->settings.unit)
            return fg_fail(error, FG_E_EXISTS, "devices %s and %s: same bus and unit",
                           plant->devices[i].settings.name, device->settings.name);
    }
    if ((err = fg_profile_load(device->settings.profile_path, &device->profile, error)) != FG_OK)
        return fg_fail_in(error, err, "device %s: ", device->settings.name);
    return fg_device_plan(device, error);
}

static enum fg_err combine_signals(struct fg_plant *plant, struct fg_error *error)
{
    for (unsigned signal = 0; signal < FG_SIGNAL_COUNT; signal++) {
        const char *giver = NULL;

        for (uint8_t i = 0; i < plant->settings.device_count; i++) {
            if (!plant->devices[i].profile.signals[signal].present)
                continue;
            if (giver != NULL)
                return fg_fail(error, FG_E_EXISTS, "signal %s is given by %s and by %s; keep one",
                               fg_signal_name((enum fg_signal)signal), giver,
                               plant->devices[i].settings.name);
            giver = plant->devices[i].settings.name;
            plant->state.configured[signal] = true;
        }
    }
    if (!plant->state.configured[FG_SIGNAL_VALVE_OPEN])
        return fg_fail(error, FG_E_NOT_FOUND, "no device reads the valve back (signal valve_open)");
    return FG_OK;
}

static enum fg_err combine_outputs(struct fg_plant *plant, struct fg_error *error)
{
    static const char *const names[FG_OUTPUT_COUNT] = {"valve", "green lamp", "red lamp"};

    for (unsigned output = 0; output < FG_OUTPUT_COUNT; output++) {
        const char *giver = NULL;

        for (uint8_t i = 0; i < plant->settings.device_count; i++) {
            if (plant->devices[i].profile.outputs[output].form == FG_FORM_NONE)
                continue;
            if (giver != NULL)
                return fg_fail(error, FG_E_EXISTS, "the %s is an output of %s and of %s; keep one",
                               names[output], giver, plant->devices[i].settings.name);
            giver = plant->devices[i].settings.name;
            if (output == FG_OUTPUT_VALVE)
                plant->valve_device = i;
        }
        if (giver == NULL && output == FG_OUTPUT_VALVE)
            return fg_fail(error, FG_E_NOT_FOUND, "no device has a valve output");
    }
    return FG_OK;
}

/* A request on the valve's bus may take a third of the release time at most: then the latest refresh comes
 * at two thirds of it. */
static uint32_t response_ms(const struct fg_plant *plant, uint8_t line)
{
    uint32_t third_ms = plant->devices[plant->valve_device].profile.outputs[FG_OUTPUT_VALVE].release_ms / 3;
    uint32_t wanted_ms = plant->settings.buses[line].response_max_ms;

    return line == plant->device_line[plant->valve_device] && wanted_ms > third_ms ? third_ms : wanted_ms;
}

static enum fg_err make_locks(struct fg_plant *plant, struct fg_error *error)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);

    if (failed == 0) {
        failed |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        failed |= pthread_mutex_init(&plant->mutex, NULL);
        failed |= pthread_cond_init(&plant->confirmed, &attributes);
        for (unsigned i = 0; i < FG_BUSES_MAX; i++)
            failed |= pthread_cond_init(&plant->lines[i].wake, &attributes);
        (void)pthread_condattr_destroy(&attributes);
    }
    plant->made_locks = failed == 0;
    return failed == 0 ? FG_OK : fg_fail(error, FG_E_MEMORY, "plant: cannot make locks");
}

static enum fg_err check_settings(const struct fg_plant_settings *settings, struct fg_error *error)
{
    if (settings->bus_count == 0 || settings->bus_count > FG_BUSES_MAX)
        return fg_fail(error, FG_E_RANGE, "plant: 1 to %d buses", FG_BUSES_MAX);
    if (settings->device_count == 0 || settings->device_count > FG_DEVICES_MAX)
        return fg_fail(error, FG_E_RANGE, "plant: 1 to %d devices", FG_DEVICES_MAX);
    if (settings->lease_ms == 0 || settings->reading_age_max_ms == 0)
        return fg_fail(error, FG_E_RANGE, "plant: lease_ms and reading_age_max_ms must not be 0");
    for (uint8_t i = 0; i < settings->bus_count; i++) {
        if (settings->buses[i].cycle_ms == 0)
            return fg_fail(error, FG_E_RANGE, "bus %s: cycle_ms must not be 0", settings->buses[i].name);
    }
    return FG_OK;
}

static enum fg_err check_line(const struct fg_plant *plant, uint8_t line, struct fg_error *error)
{
    struct fg_check_bus bus = {.settings = &plant->settings.buses[line],
                               .response_ms = response_ms(plant, line),
                               .has_valve = line == plant->device_line[plant->valve_device]};

    for (uint8_t i = 0; i < plant->settings.device_count; i++) {
        if (plant->device_line[i] == line)
            bus.devices[bus.device_count++] = &plant->devices[i];
    }
    return fg_check_times(&bus, plant->settings.reading_age_max_ms, error);
}

static enum fg_err fill_plant(struct fg_plant *plant, struct fg_error *error)
{
    enum fg_err err = make_locks(plant, error);

    for (uint8_t i = 0; err == FG_OK && i < plant->settings.device_count; i++)
        err = load_device(plant, i, error);
    if (err != FG_OK || (err = combine_signals(plant, error)) != FG_OK ||
        (err = combine_outputs(plant, error)) != FG_OK)
        return err;
    for (uint8_t i = 0; err == FG_OK && i < plant->settings.bus_count; i++)
        err = check_line(plant, i, error);
    for (uint8_t i = 0; err == FG_OK && i < plant->settings.bus_count; i++) {
        plant->lines[i].plant = plant;
        plant->lines[i].index = i;
        err = fg_bus_init(&plant->lines[i].bus, &plant->settings.buses[i], response_ms(plant, i), error);
    }
    if (err != FG_OK)
        return err;
    plant->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (plant->event_fd < 0)
        return fg_fail(error, FG_E_IO, "plant: eventfd: %s", strerror(errno));
    return FG_OK;
}

enum fg_err fg_plant_new(const struct fg_plant_settings *settings, struct fg_plant **ret_plant,
                         struct fg_error *error)
{
    struct fg_plant *plant;
    enum fg_err err = check_settings(settings, error);

    if (err != FG_OK)
        return err;
    plant = calloc(1, sizeof(*plant));
    if (plant == NULL)
        return fg_fail(error, FG_E_MEMORY, "plant: no memory");
    plant->settings = *settings;
    plant->event_fd = -1;
    plant->shut_pending = true;
    plant->shut_serial = 1;
    err = fill_plant(plant, error);
    if (err != FG_OK) {
        fg_plant_destroy(plant);
        return err;
    }
    *ret_plant = plant;
    return FG_OK;
}

enum fg_err fg_plant_suits(const struct fg_plant *plant, uint8_t medium, uint32_t valve_follow_max_ms,
                           struct fg_error *error)
{
    uint8_t line = plant->device_line[plant->valve_device];
    const struct fg_bus_settings *bus = &plant->settings.buses[line];
    uint32_t needed_ms = 2 * bus->cycle_ms + response_ms(plant, line);

    if (valve_follow_max_ms < needed_ms)
        return fg_fail(
            error, FG_E_RANGE,
            "valve_follow_max_ms is %u, and the valve is read back after %u ms at the latest (two times "
            "cycle_ms of bus %s and %u ms for the answer): set it to %u or more",
            valve_follow_max_ms, needed_ms, bus->name, response_ms(plant, line), needed_ms);
    return fg_check_signals(plant->state.configured, medium, error);
}

/* ---- what a bus thread does ---------------------------------------------------------------------------- */

static bool is_wanted_open(const struct fg_plant *plant, int64_t now_mono_ms)
{
    return !plant->stopping && !plant->shut_pending && now_mono_ms < plant->lease_until_mono_ms;
}

static void forget_line(struct line *line)
{
    struct fg_plant *plant = line->plant;

    for (uint8_t i = 0; i < plant->settings.device_count; i++) {
        if (plant->device_line[i] == line->index)
            fg_device_forget(&plant->devices[i]);
    }
}

/* Under the mutex: every device of the bus says whether somebody else is on it. */
static void tell_company(struct line *line)
{
    struct fg_plant *plant = line->plant;
    bool shared = fg_bus_is_shared(&line->bus, fg_mono_ms());

    for (uint8_t i = 0; i < plant->settings.device_count; i++) {
        struct fg_device_status *status = &plant->devices[i].status;

        if (plant->device_line[i] != line->index)
            continue;
        status->bus = line->index;
        status->bus_shared = shared;
        if (shared)
            memcpy(status->bus_text, line->bus.company.text, sizeof(status->bus_text));
    }
}

/* Under the mutex: gives these signals of a device a state, if it has them. */
static void mark(struct fg_plant *plant, const struct fg_device *device, uint32_t items,
                 enum fg_reading_state state)
{
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        if (device->profile.signals[i].present && (items & (1u << i)) != 0)
            plant->state.readings[i].state = (uint8_t)state;
    }
}

/* Books what the last request of the line came to. items: the signals that it was about, or rest on it. */
static void book(struct line *line, struct fg_device *device, uint32_t items, const struct fg_error *error)
{
    struct fg_plant *plant = line->plant;
    enum fg_outcome outcome = line->bus.outcome;
    const struct fg_outcome_row *row = fg_outcome_row(outcome);

    lock(plant);
    fg_device_book(device, outcome, error, line->bus.response_ms, fg_mono_ms());
    if (row->reading == FG_EFFECT_FAULT)
        mark(plant, device, items, FG_READING_FAULT);
    if (device->status.link == FG_LINK_DOWN || row->reading == FG_EFFECT_MISSING)
        mark(plant, device, ALL_SIGNALS, FG_READING_TIME_OUT);
    tell_company(line);
    unlock(plant);
    if (outcome == FG_OUTCOME_LINK_LOST)
        forget_line(line);
}

static bool may_ask(struct line *line, const struct fg_device *device);

/* The valve's coil was read back: confirms a shut request, or shows that what was sent is not so. */
static void take_read_back(struct fg_plant *plant, bool is_on)
{
    struct drive *drive = &plant->drive;

    if (!is_on && drive->sent == SENT_SHUT && drive->sent_serial == plant->shut_serial &&
        !plant->shut_pending) {
        plant->shut_confirmed = true;
        (void)pthread_cond_broadcast(&plant->confirmed);
    }
    if ((is_on && drive->sent == SENT_SHUT) || (!is_on && drive->sent == SENT_OPEN))
        drive->sent = SENT_UNKNOWN;
}

static void publish(struct fg_plant *plant, struct fg_device *device, const struct fg_block_result *result)
{
    bool changed = false;

    lock(plant);
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_reading *old = &plant->state.readings[i];

        if ((result->items & (1u << i)) == 0)
            continue;
        changed =
            changed || old->state != result->readings[i].state || old->value != result->readings[i].value;
        plant->state.readings[i] = result->readings[i];
    }
    if ((result->items & (1u << (FG_ITEM_OUTPUT + FG_OUTPUT_VALVE))) != 0)
        take_read_back(plant, result->outputs_on[FG_OUTPUT_VALVE]);
    for (unsigned lamp = 0; lamp < FG_LAMP_COUNT; lamp++) {
        unsigned output = FG_OUTPUT_GREEN + lamp;

        if ((result->items & (1u << (FG_ITEM_OUTPUT + output))) != 0 &&
            result->outputs_on[output] != plant->lamps[lamp])
            (void)snprintf(device->status.last_error, sizeof(device->status.last_error),
                           "lamp output %u read back unlike commanded", lamp);
    }
    unlock(plant);
    if (changed)
        notify(plant);
}

/* Reads a block for the first time in a round, or again to confirm that. */
static bool read_once(struct line *line, struct fg_device *device, struct fg_block *block, bool again,
                      struct fg_block_result *ret_result)
{
    struct fg_error error = {0};
    bool rests_on_it = (block->items & (1u << FG_ITEM_STATUS)) != 0;
    enum fg_err err = again ? fg_device_read_again(device, &line->bus, block, ret_result, &error)
                            : fg_device_read(device, &line->bus, block, ret_result, &error);

    book(line, device, rests_on_it ? ALL_SIGNALS : block->items, &error);
    return err == FG_OK;
}

/* Is the result what was known before, or a reason to shut? Then it counts at once. */
static bool counts_at_once(struct fg_plant *plant, const struct fg_block_result *result)
{
    struct fg_block_result known = {.items = result->items};
    bool counts;

    lock(plant);
    memcpy(known.readings, plant->state.readings, sizeof(known.readings));
    counts = fg_device_repeats(result, &known) || fg_device_speaks_for_shutting(result, known.readings);
    unlock(plant);
    return counts;
}

/* Reads a block. A value that jumps counts only when the next request, of another shape, tells it, too: an
 * answer that was meant for somebody else on the bus, or that a device got wrong once, is no reading. */
static void read_block(struct line *line, struct fg_device *device, struct fg_block *block)
{
    struct fg_block_result result;
    struct fg_block_result before;
    bool counts;

    if (!read_once(line, device, block, false, &result))
        return;
    counts = counts_at_once(line->plant, &result);
    for (int i = 0; !counts && i < READS_AGAIN; i++) {
        before = result;
        if (!may_ask(line, device) || !read_once(line, device, block, i % 2 == 0, &result))
            return;
        counts = fg_device_repeats(&before, &result) || counts_at_once(line->plant, &result);
    }
    if (counts) {
        publish(line->plant, device, &result);
        return;
    }
    lock(line->plant);
    (void)snprintf(device->status.last_error, sizeof(device->status.last_error),
                   "%s at %u: no two readings in a row agree", device->settings.name, block->address);
    unlock(line->plant);
}

static void read_valve_back(struct line *line)
{
    struct fg_plant *plant = line->plant;
    struct fg_device *device = &plant->devices[plant->valve_device];
    struct fg_block_result result;

    if (!line->bus.is_open || !fg_device_is_due(device, fg_mono_ms()))
        return;
    for (uint8_t i = 0; i < device->block_count; i++) {
        if ((device->blocks[i].items & (1u << (FG_ITEM_OUTPUT + FG_OUTPUT_VALVE))) == 0 ||
            !read_once(line, device, &device->blocks[i], false, &result))
            continue;
        lock(plant);
        take_read_back(plant, result.outputs_on[FG_OUTPUT_VALVE]);
        unlock(plant);
    }
}

/* One attempt; true when the device acknowledged it. */
static bool send_valve(struct line *line)
{
    struct fg_plant *plant = line->plant;
    struct fg_device *device = &plant->devices[plant->valve_device];
    struct drive *drive = &plant->drive;
    struct fg_error error = {0};
    int64_t now_mono_ms = fg_mono_ms();
    enum fg_err err;
    bool open;

    lock(plant);
    open = is_wanted_open(plant, now_mono_ms);
    drive->tried_serial = plant->shut_serial;
    unlock(plant);
    err = fg_device_drive_valve(device, &line->bus, open, &error);
    book(line, device, 0, &error);
    if (err != FG_OK) {
        drive->sent = SENT_UNKNOWN;
        return false;
    }
    drive->sent = open ? SENT_OPEN : SENT_SHUT;
    drive->sent_at_mono_ms = now_mono_ms;
    if (open)
        return true;
    drive->sent_serial = drive->tried_serial;
    lock(plant);
    if (plant->shut_serial == drive->sent_serial)
        plant->shut_pending = false;
    unlock(plant);
    return true;
}

static void drive_valve(struct line *line)
{
    struct fg_plant *plant = line->plant;
    bool done = false;
    bool confirm;

    for (int i = 0; !done && i < VALVE_TRIES && line->bus.is_open; i++)
        done = send_valve(line);
    plant->drive.retry_at_mono_ms = done ? 0 : fg_mono_ms() + VALVE_RETRY_MS;
    lock(plant);
    confirm = done && plant->drive.sent == SENT_SHUT && !plant->shut_confirmed;
    unlock(plant);
    if (confirm)
        read_valve_back(line);
}

static bool valve_is_due(struct line *line)
{
    struct fg_plant *plant = line->plant;
    const struct drive *drive = &plant->drive;
    int64_t now_mono_ms = fg_mono_ms();
    uint32_t release_ms = plant->devices[plant->valve_device].profile.outputs[FG_OUTPUT_VALVE].release_ms;
    bool open;
    bool pending;
    bool fresh;

    lock(plant);
    open = is_wanted_open(plant, now_mono_ms);
    pending = plant->shut_pending;
    fresh = drive->tried_serial != plant->shut_serial;
    unlock(plant);
    if (fresh)
        return true;
    if (now_mono_ms < drive->retry_at_mono_ms)
        return false;
    if (!open)
        return pending || drive->sent != SENT_SHUT;
    return drive->sent != SENT_OPEN ||
           now_mono_ms + line->bus.response_ms >= drive->sent_at_mono_ms + release_ms * 2 / 3;
}

/* Stands before every request that is not the valve's own. */
static void valve_first(struct line *line)
{
    if (line == valve_line(line->plant) && line->bus.is_open && valve_is_due(line))
        drive_valve(line);
}

static bool wait_slice(struct line *line, int64_t until_mono_ms);

/* The silence that a device needs passes here, where an order for the valve ends the waiting; what is left of
 * it afterwards passes in the request. */
static void silence_pass(struct line *line, const struct fg_device *device)
{
    for (int i = 0; i < SILENCES_MAX; i++) {
        int64_t until_mono_ms = fg_bus_silent_at_mono_ms(&line->bus, device->profile.silence_ms);

        if (!line->bus.is_open || fg_mono_ms() >= until_mono_ms)
            return;
        (void)wait_slice(line, until_mono_ms);
        valve_first(line);
    }
}

static bool may_ask(struct line *line, const struct fg_device *device)
{
    valve_first(line);
    if (line == valve_line(line->plant) && fg_device_is_due(device, fg_mono_ms()))
        silence_pass(line, device);
    return line->bus.is_open && fg_device_is_due(device, fg_mono_ms());
}

static void drive_lamps(struct line *line, struct fg_device *device)
{
    struct fg_plant *plant = line->plant;

    for (unsigned lamp = 0; lamp < FG_LAMP_COUNT; lamp++) {
        const struct fg_profile_output *output = &device->profile.outputs[FG_OUTPUT_GREEN + lamp];
        struct fg_error error = {0};
        bool on;

        if (output->form == FG_FORM_NONE || !may_ask(line, device))
            continue;
        lock(plant);
        on = plant->lamps[lamp];
        unlock(plant);
        (void)fg_bus_write_coil(&line->bus, device->settings.unit, output->address, on,
                                device->profile.silence_ms, &error);
        book(line, device, 0, &error); /* read back in the same round */
    }
}

/* The signals that are decoded in the byte order that the device tells. */
static uint32_t asked_order_items(const struct fg_device *device)
{
    uint32_t items = 0;

    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        if (device->profile.signals[i].order == FG_ORDER_ASKED)
            items |= 1u << i;
    }
    return items;
}

static bool class_needs_order(const struct fg_device *device, enum fg_read_class class)
{
    for (uint8_t i = 0; i < device->block_count; i++) {
        if (device->blocks[i].class == class && (device->blocks[i].items & asked_order_items(device)) != 0)
            return !device->order_known;
    }
    return false;
}

/* What cannot be decoded is not read: the last reading stays and grows old. */
static void read_class(struct line *line, struct fg_device *device, enum fg_read_class class)
{
    uint32_t age_max_ms = line->plant->settings.reading_age_max_ms;
    struct fg_error error = {0};

    if (class_needs_order(device, class) && may_ask(line, device)) {
        (void)fg_device_ask_order(device, &line->bus, &error);
        book(line, device, asked_order_items(device), &error);
    }
    for (uint8_t i = 0; i < device->block_count; i++) {
        if (device->blocks[i].class == class && may_ask(line, device) &&
            fg_device_can_decode(device, &device->blocks[i], age_max_ms, fg_mono_ms()))
            read_block(line, device, &device->blocks[i]);
    }
}

/* The valve comes first whatever it was told before: between two rounds the link may have been lost. */
static void run_round(struct line *line)
{
    struct fg_plant *plant = line->plant;

    if (line == valve_line(plant) && (valve_is_due(line) || fg_mono_ms() >= plant->drive.retry_at_mono_ms))
        drive_valve(line);
    for (uint8_t i = 0; i < plant->settings.device_count; i++) {
        if (plant->device_line[i] == line->index)
            drive_lamps(line, &plant->devices[i]);
    }
    for (unsigned class = 0; class < FG_READ_CLASS_COUNT; class ++) {
        for (uint8_t i = 0; i < plant->settings.device_count; i++) {
            if (plant->device_line[i] == line->index)
                read_class(line, &plant->devices[i], (enum fg_read_class) class);
        }
    }
    notify(plant);
}

/* The link is down: every device on it is silent. */
static void mark_line_down(struct line *line, const struct fg_error *error)
{
    struct fg_plant *plant = line->plant;

    lock(plant);
    for (uint8_t i = 0; i < plant->settings.device_count; i++) {
        struct fg_device *device = &plant->devices[i];

        if (plant->device_line[i] != line->index)
            continue;
        device->status.link = FG_LINK_DOWN;
        if (error->code != FG_E_BUSY)
            (void)snprintf(device->status.last_error, sizeof(device->status.last_error), "%.127s",
                           error->text);
        for (unsigned s = 0; s < FG_SIGNAL_COUNT; s++) {
            if (device->profile.signals[s].present)
                plant->state.readings[s].state = FG_READING_TIME_OUT;
        }
    }
    unlock(plant);
}

static void open_line(struct line *line)
{
    struct fg_error error = {0};

    if (line->bus.is_open)
        return;
    if (fg_bus_open(&line->bus, &error) != FG_OK) {
        mark_line_down(line, &error);
        notify(line->plant);
        return;
    }
    forget_line(line);
}

/* Sleeps until woken or until_mono_ms, in slices on the valve's bus. True when the thread shall end. */
static bool wait_slice(struct line *line, int64_t until_mono_ms)
{
    struct fg_plant *plant = line->plant;
    int64_t now_mono_ms = fg_mono_ms();
    int64_t end_mono_ms = until_mono_ms;
    struct timespec end;
    bool stopping;

    if (line == valve_line(plant) && end_mono_ms > now_mono_ms + WAIT_SLICE_MS)
        end_mono_ms = now_mono_ms + WAIT_SLICE_MS;
    end.tv_sec = (time_t)(end_mono_ms / 1000);
    end.tv_nsec = (long)(end_mono_ms % 1000) * 1000000;
    lock(plant);
    if (!line->woken && !plant->stopping && end_mono_ms > now_mono_ms)
        (void)pthread_cond_timedwait(&line->wake, &plant->mutex, &end);
    line->woken = false;
    stopping = plant->stopping;
    unlock(plant);
    return stopping;
}

static void *run_line(void *argument)
{
    struct line *line = argument;
    const struct fg_bus_settings *settings = line->bus.settings;
    bool stopping = false;

    while (!stopping) {
        int64_t next_mono_ms = fg_mono_ms() + settings->cycle_ms;

        open_line(line);
        if (line->bus.is_open)
            run_round(line);
        do {
            stopping = wait_slice(line, next_mono_ms);
            valve_first(line);
        } while (!stopping && fg_mono_ms() < next_mono_ms);
    }
    if (line == valve_line(line->plant) && line->bus.is_open)
        drive_valve(line);
    return NULL;
}

/* ---- what other threads ask -----------------------------------------------------------------------------
 */

static void wake_line(struct line *line)
{
    line->woken = true;
    (void)pthread_cond_signal(&line->wake);
}

enum fg_err fg_plant_start(struct fg_plant *plant, struct fg_error *error)
{
    enum fg_err err;

    for (uint8_t i = 0; i < plant->settings.bus_count; i++) {
        if (!plant->lines[i].running && (err = fg_bus_claim(&plant->lines[i].bus, error)) != FG_OK)
            return err;
    }
    for (uint8_t i = 0; i < plant->settings.bus_count; i++) {
        struct line *line = &plant->lines[i];
        int failed;

        if (line->running)
            return fg_fail(error, FG_E_STATE, "plant: started already");
        failed = pthread_create(&line->thread, NULL, run_line, line);
        if (failed != 0)
            return fg_fail(error, FG_E_MEMORY, "bus %s: no thread: %s", plant->settings.buses[i].name,
                           strerror(failed));
        line->running = true;
    }
    return FG_OK;
}

void fg_plant_read(struct fg_plant *plant, struct fg_plant_state *ret_state)
{
    int64_t now_mono_ms;

    lock(plant);
    *ret_state = plant->state;
    unlock(plant);
    now_mono_ms = fg_mono_ms();
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        struct fg_reading *reading = &ret_state->readings[i];

        if (reading->state != FG_READING_MISSING &&
            now_mono_ms - reading->at_mono_ms > (int64_t)plant->settings.reading_age_max_ms)
            reading->state = FG_READING_TIME_OUT;
    }
}

int fg_plant_event_fd(const struct fg_plant *plant)
{
    return plant->event_fd;
}

void fg_plant_hold_open(struct fg_plant *plant)
{
    lock(plant);
    plant->lease_until_mono_ms = fg_mono_ms() + plant->settings.lease_ms;
    wake_line(valve_line(plant));
    unlock(plant);
}

static void shut_locked(struct fg_plant *plant)
{
    plant->lease_until_mono_ms = 0;
    plant->shut_pending = true;
    plant->shut_confirmed = false;
    plant->shut_serial++;
    wake_line(valve_line(plant));
}

void fg_plant_shut(struct fg_plant *plant)
{
    lock(plant);
    shut_locked(plant);
    unlock(plant);
}

enum fg_err fg_plant_shut_wait(struct fg_plant *plant, uint32_t timeout_ms, struct fg_error *error)
{
    int64_t end_mono_ms = fg_mono_ms() + timeout_ms;
    struct timespec end = {(time_t)(end_mono_ms / 1000), (long)(end_mono_ms % 1000) * 1000000};
    bool confirmed;
    int waited = 0;

    lock(plant);
    shut_locked(plant);
    while (!plant->shut_confirmed && waited == 0)
        waited = pthread_cond_timedwait(&plant->confirmed, &plant->mutex, &end);
    confirmed = plant->shut_confirmed;
    unlock(plant);
    if (!confirmed)
        return fg_fail(error, FG_E_TIMEOUT, "valve: device %s did not confirm that it is shut within %u ms",
                       plant->devices[plant->valve_device].settings.name, timeout_ms);
    return FG_OK;
}

void fg_plant_set_lamp(struct fg_plant *plant, enum fg_lamp lamp, bool on)
{
    if ((unsigned)lamp >= FG_LAMP_COUNT)
        return;
    lock(plant);
    plant->lamps[lamp] = on;
    unlock(plant);
}

uint8_t fg_plant_device_count(const struct fg_plant *plant)
{
    return plant->settings.device_count;
}

void fg_plant_device_status(struct fg_plant *plant, uint8_t index, struct fg_device_status *ret_status)
{
    memset(ret_status, 0, sizeof(*ret_status));
    if (index >= plant->settings.device_count)
        return;
    lock(plant);
    *ret_status = plant->devices[index].status;
    unlock(plant);
}

static void stop_threads(struct fg_plant *plant)
{
    lock(plant);
    shut_locked(plant);
    plant->stopping = true;
    for (uint8_t i = 0; i < plant->settings.bus_count; i++)
        wake_line(&plant->lines[i]);
    unlock(plant);
    for (uint8_t i = 0; i < plant->settings.bus_count; i++) {
        if (plant->lines[i].running)
            (void)pthread_join(plant->lines[i].thread, NULL);
    }
}

void fg_plant_destroy(struct fg_plant *plant)
{
    if (plant == NULL)
        return;
    if (plant->made_locks)
        stop_threads(plant);
    for (unsigned i = 0; i < FG_BUSES_MAX; i++)
        fg_bus_destroy(&plant->lines[i].bus);
    if (plant->made_locks) {
        for (unsigned i = 0; i < FG_BUSES_MAX; i++)
            (void)pthread_cond_destroy(&plant->lines[i].wake);
        (void)pthread_cond_destroy(&plant->confirmed);
        (void)pthread_mutex_destroy(&plant->mutex);
    }
    if (plant->event_fd >= 0)
        (void)close(plant->event_fd);
    free(plant);
}
