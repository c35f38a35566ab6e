/* One Modbus bus (bus.h). */
#include "firmware/plant/bus.h"
#include "proto/monotime.h"

#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* So many time-outs in a row, over all devices, and the link itself is doubted: it is closed and reopened. */
#define TIMEOUTS_REOPEN 12

enum fg_err fg_bus_init(struct fg_bus *bus, const struct fg_bus_settings *settings, uint32_t response_ms,
                        struct fg_error *error)
{
    modbus_t *context;

    memset(bus, 0, sizeof(*bus));
    if (response_ms == 0 || response_ms > 5000)
        return fg_fail(error, FG_E_RANGE, "bus %s: response_max_ms must be 1 to 5000", settings->name);
    if (settings->kind == FG_BUS_RTU)
        context =
            modbus_new_rtu(settings->path, (int)settings->baud, settings->parity, 8, settings->stop_bits);
    else if (settings->kind == FG_BUS_TCP)
        context = modbus_new_tcp(settings->path, settings->tcp_port);
    else
        return fg_fail(error, FG_E_ARG, "bus %s: neither RTU nor TCP", settings->name);
    if (context == NULL)
        return fg_fail(error, FG_E_ARG, "bus %s: %s: %s", settings->name, settings->path,
                       modbus_strerror(errno));
    (void)modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE);
    (void)modbus_set_response_timeout(context, response_ms / 1000, response_ms % 1000 * 1000);
    (void)modbus_set_byte_timeout(context, 0, 0);
    bus->settings = settings;
    bus->context = context;
    bus->response_ms = response_ms;
    bus->back_off_ms = FG_BUS_BACK_OFF_MIN_MS;
    return FG_OK;
}

void fg_bus_close(struct fg_bus *bus)
{
    if (bus->is_open)
        modbus_close(bus->context);
    bus->is_open = false;
}

void fg_bus_destroy(struct fg_bus *bus)
{
    if (bus->context == NULL)
        return;
    fg_bus_close(bus);
    modbus_free(bus->context);
    bus->context = NULL;
}

static void postpone_opening(struct fg_bus *bus)
{
    bus->reopen_at_mono_ms = fg_mono_ms() + bus->back_off_ms;
    bus->back_off_ms *= 2;
    if (bus->back_off_ms > FG_BUS_BACK_OFF_MAX_MS)
        bus->back_off_ms = FG_BUS_BACK_OFF_MAX_MS;
}

/* libmodbus 3.1.6 selects on its descriptor unchecked, and the C library aborts on one beyond FD_SETSIZE. */
static bool next_descriptor_fits(void)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (next >= 0)
        (void)close(next);
    return next >= 0 && next < FD_SETSIZE - 8;
}

enum fg_err fg_bus_open(struct fg_bus *bus, struct fg_error *error)
{
    if (bus->is_open)
        return FG_OK;
    if (fg_mono_ms() < bus->reopen_at_mono_ms)
        return fg_fail(error, FG_E_BUSY, "bus %s: waits before it is opened again", bus->settings->name);
    if (!next_descriptor_fits()) {
        postpone_opening(bus);
        return fg_fail(error, FG_E_FULL, "bus %s: too many open files in this process", bus->settings->name);
    }
    if (modbus_connect(bus->context) != 0) {
        int why = errno;

        postpone_opening(bus);
        return fg_fail(error, FG_E_GONE, "bus %s: cannot open %s: %s", bus->settings->name,
                       bus->settings->path, modbus_strerror(why));
    }
    bus->is_open = true;
    bus->timeouts_in_row = 0;
    bus->openings++;
    return FG_OK;
}

/* The back-off goes back to its start only with an answer: a server that accepts and closes at once must
 * not be called in a tight loop. */
static enum fg_err succeed(struct fg_bus *bus)
{
    bus->idle_since_mono_ms = fg_mono_ms();
    bus->timeouts_in_row = 0;
    bus->back_off_ms = FG_BUS_BACK_OFF_MIN_MS;
    return FG_OK;
}

static enum fg_err fail(struct fg_bus *bus, uint8_t unit, const char *what, int why, struct fg_error *error)
{
    enum fg_err code = FG_E_GONE;

    bus->idle_since_mono_ms = fg_mono_ms();
    if (why == ETIMEDOUT)
        code = ++bus->timeouts_in_row < TIMEOUTS_REOPEN ? FG_E_TIMEOUT : FG_E_GONE;
    else if (why > MODBUS_ENOBASE && why <= EMBXGTAR)
        code = FG_E_RANGE;
    else if (why > EMBXGTAR)
        code = FG_E_FORMAT;
    if (code == FG_E_RANGE || code == FG_E_FORMAT)
        bus->timeouts_in_row = 0;
    if (code == FG_E_GONE) {
        fg_bus_close(bus);
        postpone_opening(bus);
    }
    return fg_fail(error, code, "bus %s unit %u: %s: %s", bus->settings->name, unit, what,
                   modbus_strerror(why));
}

static enum fg_err prepare(struct fg_bus *bus, uint8_t unit, uint8_t silence_ms, struct fg_error *error)
{
    int64_t wait_ms = bus->idle_since_mono_ms + silence_ms - fg_mono_ms();

    if (!bus->is_open)
        return fg_fail(error, FG_E_GONE, "bus %s: link is closed", bus->settings->name);
    if (wait_ms > 0 && wait_ms <= silence_ms)
        fg_sleep_ms(wait_ms);
    if (modbus_set_slave(bus->context, unit) != 0)
        return fg_fail(error, FG_E_ARG, "bus %s: unit %u cannot be asked", bus->settings->name, unit);
    if (modbus_flush(bus->context) < 0)
        return fail(bus, unit, "flush", errno, error);
    return FG_OK;
}

static int read_bits(modbus_t *context, enum fg_table table, uint16_t address, uint16_t count,
                     uint16_t *ret_words)
{
    uint8_t bits[FG_BUS_BLOCK_MAX] = {0};
    int got = table == FG_TABLE_COIL ? modbus_read_bits(context, address, count, bits)
                                     : modbus_read_input_bits(context, address, count, bits);

    for (int i = 0; i < got; i++)
        ret_words[i] = bits[i];
    return got;
}

enum fg_err fg_bus_read(struct fg_bus *bus, uint8_t unit, enum fg_table table, uint16_t address,
                        uint16_t count, uint8_t silence_ms, uint16_t *ret_words, struct fg_error *error)
{
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    enum fg_err err;
    int got;

    if (count == 0 || count > FG_BUS_BLOCK_MAX)
        return fg_fail(error, FG_E_ARG, "bus %s: a read of %u", bus->settings->name, count);
    if ((err = prepare(bus, unit, silence_ms, error)) != FG_OK)
        return err;
    errno = 0;
    if (table == FG_TABLE_HOLDING)
        got = modbus_read_registers(bus->context, address, count, words);
    else if (table == FG_TABLE_INPUT)
        got = modbus_read_input_registers(bus->context, address, count, words);
    else
        got = read_bits(bus->context, table, address, count, words);
    if (got != count)
        return fail(bus, unit, "read", got < 0 ? errno : EMBBADDATA, error);
    memcpy(ret_words, words, count * sizeof(words[0]));
    return succeed(bus);
}

enum fg_err fg_bus_write_coil(struct fg_bus *bus, uint8_t unit, uint16_t address, bool on, uint8_t silence_ms,
                              struct fg_error *error)
{
    enum fg_err err = prepare(bus, unit, silence_ms, error);

    if (err != FG_OK)
        return err;
    if (modbus_write_bit(bus->context, address, on ? 1 : 0) != 1)
        return fail(bus, unit, "write coil", errno, error);
    return succeed(bus);
}

enum fg_err fg_bus_write_register(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                  uint8_t silence_ms, struct fg_error *error)
{
    enum fg_err err = prepare(bus, unit, silence_ms, error);

    if (err != FG_OK)
        return err;
    if (modbus_write_register(bus->context, address, value) != 1)
        return fail(bus, unit, "write register", errno, error);
    return succeed(bus);
}

bool fg_bus_is_echo(const uint8_t *answer, size_t length, uint8_t unit, uint16_t address, uint16_t value)
{
    return length >= 6 && answer[0] == unit && answer[1] == MODBUS_FC_WRITE_SINGLE_COIL &&
           answer[2] == address >> 8 && answer[3] == (address & 0xFF) && answer[4] == value >> 8 &&
           answer[5] == (value & 0xFF);
}

enum fg_err fg_bus_write_coil_value(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                    uint8_t silence_ms, struct fg_error *error)
{
    const uint8_t request[] = {unit,
                               MODBUS_FC_WRITE_SINGLE_COIL,
                               (uint8_t)(address >> 8),
                               (uint8_t)(address & 0xFF),
                               (uint8_t)(value >> 8),
                               (uint8_t)(value & 0xFF)};
    uint8_t answer[MODBUS_MAX_ADU_LENGTH] = {0};
    enum fg_err err = prepare(bus, unit, silence_ms, error);
    int before;
    int got;

    if (err != FG_OK)
        return err;
    before = modbus_get_header_length(bus->context) - 1; /* bytes in front of the unit id */
    if (modbus_send_raw_request(bus->context, request, (int)sizeof(request)) < 0)
        return fail(bus, unit, "write timed coil", errno, error);
    got = modbus_receive_confirmation(bus->context, answer);
    if (got < 0)
        return fail(bus, unit, "write timed coil", errno, error);
    if (got < before || !fg_bus_is_echo(answer + before, (size_t)(got - before), unit, address, value))
        return fail(bus, unit, "write timed coil", EMBBADDATA, error);
    return succeed(bus);
}
