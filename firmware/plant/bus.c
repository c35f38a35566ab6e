/* One Modbus bus (bus.h). */
#include "firmware/plant/bus.h"
#include "firmware/plant/rtu.h"
#include "lib/base/monotime.h"
#include "lib/system/port_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

/* So many time-outs in a row, over all devices, and the link itself is doubted: it is closed and reopened. */
#define TIMEOUTS_REOPEN 12
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
/* A line that never falls quiet must not keep the valve's order from it. */
#define LISTEN_MAX_NS (10 * NS_PER_MS)
#define LATE_MAX 12
#define LATE_MS 5000 /* no answer of our own comes later than this */
#define FRAMES_MAX 4 /* of others, before the answer is given up */
#define ADU_MAX 260

enum fg_err fg_bus_init(struct fg_bus *bus, const struct fg_bus_settings *settings, uint32_t response_ms,
                        struct fg_error *error)
{
    modbus_t *context;

    memset(bus, 0, sizeof(*bus));
    bus->lock_fd = -1;
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
    return FG_OK;
}

void fg_bus_close(struct fg_bus *bus)
{
    if (bus->is_open)
        modbus_close(bus->context);
    bus->is_open = false;
    if (bus->lock_fd >= 0)
        (void)close(bus->lock_fd);
    bus->lock_fd = -1;
}

void fg_bus_destroy(struct fg_bus *bus)
{
    if (bus->context == NULL)
        return;
    fg_bus_close(bus);
    modbus_free(bus->context);
    bus->context = NULL;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static void postpone_opening(struct fg_bus *bus)
{
    fg_backoff_fail(&bus->reopening, FG_BUS_BACK_OFF_MIN_MS, FG_BUS_BACK_OFF_MAX_MS, fg_mono_ms(), 0);
}

/* libmodbus 3.1.6 selects on its descriptor unchecked, and the C library aborts on one beyond FD_SETSIZE. */
static bool next_descriptor_fits(void)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (next >= 0)
        (void)close(next);
    return next >= 0 && next < FD_SETSIZE - 8;
}

enum fg_err fg_bus_claim(struct fg_bus *bus, struct fg_error *error)
{
    struct fg_error why = {FG_OK, ""};

    if (bus->settings->kind != FG_BUS_RTU || bus->lock_fd >= 0)
        return FG_OK;
    if (fg_port_lock(bus->settings->path, &bus->lock_fd, &why) == FG_E_BUSY)
        return fg_fail(error, FG_E_BUSY, "bus %s: %s", bus->settings->name, why.text);
    return FG_OK;
}

static void expect_late(struct fg_bus *bus)
{
    if (bus->company.late_expected < LATE_MAX)
        bus->company.late_expected++;
    bus->company.late_until_mono_ms = fg_mono_ms() + LATE_MS;
}

static enum fg_err open_failed(struct fg_bus *bus, enum fg_err code, const char *what, struct fg_error *error)
{
    if (bus->lock_fd >= 0)
        (void)close(bus->lock_fd);
    bus->lock_fd = -1;
    postpone_opening(bus);
    return fg_fail(error, code, "bus %s: %s", bus->settings->name, what);
}

enum fg_err fg_bus_open(struct fg_bus *bus, struct fg_error *error)
{
    struct fg_error why = {FG_OK, ""};
    char what[sizeof(why.text)];

    if (bus->is_open)
        return FG_OK;
    if (!fg_backoff_is_over(&bus->reopening, fg_mono_ms()))
        return fg_fail(error, FG_E_BUSY, "bus %s: waits before it is opened again", bus->settings->name);
    if (!next_descriptor_fits())
        return open_failed(bus, FG_E_FULL, "too many open files in this process", error);
    if (fg_bus_claim(bus, &why) != FG_OK) {
        postpone_opening(bus);
        return fg_fail(error, FG_E_GONE, "%s", why.text);
    }
    if (modbus_connect(bus->context) != 0) {
        (void)snprintf(what, sizeof(what), "cannot open %.200s: %s", bus->settings->path,
                       modbus_strerror(errno));
        return open_failed(bus, FG_E_GONE, what, error);
    }
    fg_port_seal(bus->lock_fd);
    bus->is_open = true;
    bus->timeouts_in_row = 0;
    expect_late(bus); /* what was on its way before we came */
    bus->openings++;
    return FG_OK;
}

/* ---- are we alone? ------------------------------------------------------------------------------------ */

bool fg_bus_is_shared(const struct fg_bus *bus, int64_t now_mono_ms)
{
    return now_mono_ms < bus->company.shared_until_mono_ms;
}

/* A sign of somebody else. certain: one is enough, because no noise looks like it. */
static void note_sign(struct fg_bus *bus, bool certain, const char *what)
{
    struct fg_bus_company *company = &bus->company;
    int64_t now_mono_ms = fg_mono_ms();

    if (company->signs == 0 || now_mono_ms - company->first_mono_ms > FG_BUS_SIGNS_MS) {
        company->signs = 0;
        company->first_mono_ms = now_mono_ms;
    }
    company->signs += certain ? 2 : 1;
    company->doubt_until_mono_ms = now_mono_ms + FG_BUS_DOUBT_MS;
    (void)snprintf(company->text, sizeof(company->text), "bus %s: %s", bus->settings->name, what);
    if (company->signs < 2)
        return;
    company->doubt_until_mono_ms = now_mono_ms + FG_BUS_DOUBT_SHARED_MS;
    company->shared_until_mono_ms = now_mono_ms + FG_BUS_SHARED_MS;
}

/* Bytes came that are no answer to what is asked now. Few are noise of the line; a frame may be the late
 * answer of a device of ours, as many as were given up; every other one is somebody else's. */
static void judge_strays(struct fg_bus *bus, size_t count, bool certain, const char *what)
{
    if (count < FG_RTU_FRAME_MIN)
        return;
    if (fg_mono_ms() >= bus->company.late_until_mono_ms)
        bus->company.late_expected = 0;
    if (bus->company.late_expected > 0)
        bus->company.late_expected--;
    else
        note_sign(bus, certain, what);
}

/* Takes everything that has arrived; how many bytes, -1 when the port is gone. */
static ssize_t drain(int fd)
{
    uint8_t bytes[FG_RTU_FRAME_MAX];
    ssize_t total = 0;
    int waiting = 0;

    while (total < 4 * FG_RTU_FRAME_MAX && ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0) {
        ssize_t got = read(fd, bytes, sizeof(bytes));

        if (got <= 0)
            return got < 0 && errno != EAGAIN && errno != EINTR ? -1 : total;
        total += got;
    }
    return total;
}

/* 3.5 characters of silence end a frame (MODBUS over serial line V1.02, 2.5.1.1). */
static int64_t gap_ns(const struct fg_bus_settings *settings)
{
    int64_t bits = 9 + (settings->parity == 'N' ? 0 : 1) + settings->stop_bits;

    return settings->baud == 0 ? 0 : bits * NS_PER_S * 7 / 2 / settings->baud;
}

static enum fg_outcome listen_first(struct fg_bus *bus, uint8_t silence_ms)
{
    int64_t gap = gap_ns(bus->settings);
    int64_t now_ns = fg_mono_ns();
    int64_t end_ns = now_ns + silence_ms * NS_PER_MS + LISTEN_MAX_NS;
    int64_t until_ns =
        bus->idle_since_mono_ns + (silence_ms * NS_PER_MS > gap ? silence_ms * NS_PER_MS : gap);
    int fd = modbus_get_socket(bus->context);
    size_t strays = 0;

    for (;;) {
        struct pollfd wait = {fd, POLLIN, 0};
        int64_t left_ns = until_ns - now_ns;
        struct timespec left = {0, (long)(left_ns > 0 && left_ns < NS_PER_S ? left_ns : 0)};
        int ready = ppoll(&wait, 1, &left, NULL);
        ssize_t got;

        if (ready == 0)
            break;
        got = ready > 0 ? drain(fd) : 0;
        if (got < 0 || (got == 0 && (wait.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0))
            return FG_OUTCOME_LINK_LOST;
        strays += (size_t)got;
        now_ns = fg_mono_ns();
        until_ns = now_ns + gap;
        if (until_ns > end_ns)
            break;
    }
    judge_strays(bus, strays, false, "bytes that nobody asked for: another master is on it");
    return FG_OUTCOME_ANSWERED;
}

/* ---- one request -------------------------------------------------------------------------------------- */

static enum fg_outcome outcome_of_errno(int why)
{
    if (why == ETIMEDOUT)
        return FG_OUTCOME_TIME_OUT;
    if (why == EMBBADCRC || why == EMBBADDATA)
        return FG_OUTCOME_BAD_CRC;
    if (why == EMBBADSLAVE)
        return FG_OUTCOME_WRONG_UNIT;
    if (why > MODBUS_ENOBASE && why <= EMBXGTAR)
        return fg_outcome_of_exception((uint8_t)(why - MODBUS_ENOBASE));
    return why > EMBXGTAR ? FG_OUTCOME_WRONG_ANSWER : FG_OUTCOME_LINK_LOST;
}

static void set_response(struct fg_bus *bus, int64_t ms)
{
    uint32_t bounded_ms = ms < 1 ? 1u : (uint32_t)ms;

    (void)modbus_set_response_timeout(bus->context, bounded_ms / 1000, bounded_ms % 1000 * 1000);
}

/* Length of a frame of another unit, which libmodbus reads to its end and does not tell. */
static size_t frame_bytes(const uint8_t *frame)
{
    if ((frame[1] & 0x80u) != 0)
        return FG_RTU_FRAME_MIN;
    return frame[1] >= FG_RTU_READ_COILS && frame[1] <= FG_RTU_READ_INPUT ? 5u + frame[2] : 8u;
}

/* One frame, or why there is none. answer has ADU_MAX bytes. */
static enum fg_outcome receive_frame(struct fg_bus *bus, const uint8_t *request, uint8_t *answer)
{
    enum fg_outcome outcome;
    int got;

    memset(answer, 0, ADU_MAX);
    got = modbus_receive_confirmation(bus->context, answer);
    if (got > 0)
        return fg_rtu_judge(request, answer, (size_t)got);
    if (got == 0)
        return fg_rtu_crc_is_good(answer, frame_bytes(answer)) ? FG_OUTCOME_WRONG_UNIT : FG_OUTCOME_BAD_CRC;
    outcome = outcome_of_errno(errno);
    if (outcome == FG_OUTCOME_TIME_OUT && (answer[0] != 0 || answer[1] != 0))
        outcome = FG_OUTCOME_SHORT_ANSWER;
    if (outcome != FG_OUTCOME_LINK_LOST && fg_rtu_is_own_request(request, answer, FG_RTU_FRAME_MIN))
        outcome = FG_OUTCOME_ECHO;
    return outcome;
}

/* Frames of others are passed over while there is time: a device of ours that answers late must not cost the
 * next one its answer. */
static enum fg_outcome receive_answer(struct fg_bus *bus, const uint8_t *request, uint8_t *answer)
{
    int64_t end_mono_ms = fg_mono_ms() + bus->response_ms;
    enum fg_outcome outcome = FG_OUTCOME_TIME_OUT;

    for (int i = 0; i < FRAMES_MAX; i++) {
        enum fg_outcome next;

        set_response(bus, end_mono_ms - fg_mono_ms());
        next = receive_frame(bus, request, answer);
        outcome = i > 0 && next == FG_OUTCOME_TIME_OUT ? outcome : next;
        if (next != FG_OUTCOME_WRONG_UNIT && next != FG_OUTCOME_WRONG_ANSWER)
            break;
        judge_strays(bus, FG_RTU_FRAME_MIN, true,
                     next == FG_OUTCOME_WRONG_UNIT
                         ? "an answer of a unit that was not asked: another master is on it"
                         : "an answer to another request: another master is on it");
    }
    return outcome;
}

/* What comes right after the answer shows that it may have been another one's. */
static enum fg_outcome look_after(struct fg_bus *bus, enum fg_outcome outcome)
{
    ssize_t strays = drain(modbus_get_socket(bus->context));

    if (strays < FG_RTU_FRAME_MIN)
        return outcome;
    judge_strays(bus, (size_t)strays, false, "more than one answer: another master is on it");
    return outcome == FG_OUTCOME_ANSWERED ? FG_OUTCOME_STRANGER : outcome;
}

static enum fg_outcome exchange_rtu(struct fg_bus *bus, const uint8_t *request, uint8_t silence_ms,
                                    uint8_t *answer)
{
    enum fg_outcome outcome = listen_first(bus, silence_ms);

    if (outcome != FG_OUTCOME_ANSWERED)
        return outcome;
    if (modbus_send_raw_request(bus->context, request, FG_RTU_REQUEST_BYTES) < 0)
        return FG_OUTCOME_LINK_LOST;
    outcome = receive_answer(bus, request, answer);
    bus->idle_since_mono_ns = fg_mono_ns();
    if (outcome == FG_OUTCOME_ECHO)
        note_sign(bus, true, "the request itself came back: the adapter hears its own sending (echo)");
    if (fg_outcome_row(outcome)->retry == FG_RETRY_AFTER_QUIET)
        expect_late(bus);
    return outcome == FG_OUTCOME_LINK_LOST ? outcome : look_after(bus, outcome);
}

/* Closes a link that failed. Its back-off goes to the start only with an answer: a server that accepts and
 * closes at once must not be called in a tight loop. */
static enum fg_err settle(struct fg_bus *bus, const uint8_t *request, enum fg_outcome outcome,
                          struct fg_error *error)
{
    bool silent = outcome == FG_OUTCOME_TIME_OUT || outcome == FG_OUTCOME_SHORT_ANSWER;

    bus->idle_since_mono_ns = fg_mono_ns();
    bus->timeouts_in_row = silent ? bus->timeouts_in_row + 1 : 0;
    if (bus->timeouts_in_row >= TIMEOUTS_REOPEN)
        outcome = FG_OUTCOME_LINK_LOST;
    bus->outcome = outcome;
    if (outcome == FG_OUTCOME_ANSWERED) {
        bus->reopening = (struct fg_backoff){0};
        return FG_OK;
    }
    if (outcome == FG_OUTCOME_LINK_LOST) {
        fg_bus_close(bus);
        postpone_opening(bus);
    }
    return fg_fail(error, fg_outcome_row(outcome)->code, "bus %s unit %u: function %u at %u: %s",
                   bus->settings->name, request[0], request[1], (unsigned)request[2] << 8 | request[3],
                   fg_outcome_row(outcome)->name);
}

int64_t fg_bus_silent_at_mono_ms(const struct fg_bus *bus, uint8_t silence_ms)
{
    return bus->idle_since_mono_ns / NS_PER_MS + silence_ms;
}

static enum fg_err prepare(struct fg_bus *bus, uint8_t unit, uint8_t silence_ms, struct fg_error *error)
{
    int64_t wait_ms = fg_bus_silent_at_mono_ms(bus, silence_ms) - fg_mono_ms();

    if (!bus->is_open) {
        bus->outcome = FG_OUTCOME_LINK_LOST;
        return fg_fail(error, FG_E_GONE, "bus %s: link is closed", bus->settings->name);
    }
    if (modbus_set_slave(bus->context, unit) != 0)
        return fg_fail(error, FG_E_ARG, "bus %s: unit %u cannot be asked", bus->settings->name, unit);
    if (bus->settings->kind == FG_BUS_RTU)
        return FG_OK;
    if (wait_ms > 0 && wait_ms <= silence_ms)
        fg_sleep_ms(wait_ms);
    set_response(bus, bus->response_ms);
    return FG_OK;
}

static void request_make(uint8_t *ret_request, uint8_t unit, uint8_t function, uint16_t address,
                         uint16_t number)
{
    ret_request[0] = unit;
    ret_request[1] = function;
    ret_request[2] = (uint8_t)(address >> 8);
    ret_request[3] = (uint8_t)address;
    ret_request[4] = (uint8_t)(number >> 8);
    ret_request[5] = (uint8_t)number;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void words_of(enum fg_table table, const uint8_t *answer, uint16_t count, uint16_t *ret_words)
{
    bool is_bits = table == FG_TABLE_COIL || table == FG_TABLE_DISCRETE;
    const uint8_t *values = answer + 3;

    for (unsigned i = 0; i < count; i++) {
        if (is_bits)
            ret_words[i] = (uint16_t)((values[i / 8] >> (i % 8)) & 1);
        else
            ret_words[i] = (uint16_t)(values[2 * i] << 8 | values[2 * i + 1]);
    }
}

/* Here libmodbus tells answers apart, by their transaction number. */
static enum fg_outcome read_tcp(struct fg_bus *bus, enum fg_table table, uint16_t address, uint16_t count,
                                uint16_t *ret_words)
{
    uint8_t bits[FG_BUS_BLOCK_MAX] = {0};
    bool is_bits = table == FG_TABLE_COIL || table == FG_TABLE_DISCRETE;
    int got;

    if (modbus_flush(bus->context) < 0)
        return FG_OUTCOME_LINK_LOST;
    errno = 0;
    if (table == FG_TABLE_HOLDING)
        got = modbus_read_registers(bus->context, address, count, ret_words);
    else if (table == FG_TABLE_INPUT)
        got = modbus_read_input_registers(bus->context, address, count, ret_words);
    else if (table == FG_TABLE_COIL)
        got = modbus_read_bits(bus->context, address, count, bits);
    else
        got = modbus_read_input_bits(bus->context, address, count, bits);
    if (got != count)
        return got < 0 ? outcome_of_errno(errno) : FG_OUTCOME_WRONG_ANSWER;
    for (unsigned i = 0; is_bits && i < count; i++)
        ret_words[i] = bits[i];
    return FG_OUTCOME_ANSWERED;
}

enum fg_err fg_bus_read(struct fg_bus *bus, uint8_t unit, enum fg_table table, uint16_t address,
                        uint16_t count, uint8_t silence_ms, uint16_t *ret_words, struct fg_error *error)
{
    static const uint8_t functions[] = {[FG_TABLE_COIL] = FG_RTU_READ_COILS,
                                        [FG_TABLE_DISCRETE] = FG_RTU_READ_DISCRETE,
                                        [FG_TABLE_HOLDING] = FG_RTU_READ_HOLDING,
                                        [FG_TABLE_INPUT] = FG_RTU_READ_INPUT};
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    uint8_t request[FG_RTU_REQUEST_BYTES];
    uint8_t answer[ADU_MAX];
    enum fg_outcome outcome;
    enum fg_err err;

    if (count == 0 || count > FG_BUS_BLOCK_MAX || table < FG_TABLE_COIL || table > FG_TABLE_INPUT)
        return fg_fail(error, FG_E_ARG, "bus %s: a read of %u", bus->settings->name, count);
    if ((err = prepare(bus, unit, silence_ms, error)) != FG_OK)
        return err;
    request_make(request, unit, functions[table], address, count);
    if (bus->settings->kind == FG_BUS_TCP) {
        outcome = read_tcp(bus, table, address, count, words);
    } else {
        outcome = exchange_rtu(bus, request, silence_ms, answer);
        if (outcome == FG_OUTCOME_ANSWERED)
            words_of(table, answer, count, words);
    }
    if (outcome == FG_OUTCOME_ANSWERED && fg_mono_ms() < bus->company.doubt_until_mono_ms)
        outcome = FG_OUTCOME_STRANGER;
    if ((err = settle(bus, request, outcome, error)) == FG_OK)
        memcpy(ret_words, words, count * sizeof(words[0]));
    return err;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

bool fg_bus_is_echo(const uint8_t *answer, size_t length, uint8_t unit, uint16_t address, uint16_t value)
{
    return length >= 6 && answer[0] == unit && answer[1] == MODBUS_FC_WRITE_SINGLE_COIL &&
           answer[2] == address >> 8 && answer[3] == (address & 0xFF) && answer[4] == value >> 8 &&
           answer[5] == (value & 0xFF);
}

/* A coil's value of the device's own is not among those that libmodbus writes. */
static enum fg_outcome write_coil_tcp(struct fg_bus *bus, const uint8_t *request, uint16_t address,
                                      uint16_t value)
{
    uint8_t answer[ADU_MAX] = {0};
    int before = modbus_get_header_length(bus->context) - 1; /* bytes in front of the unit id */
    int got;

    if (modbus_flush(bus->context) < 0 ||
        modbus_send_raw_request(bus->context, request, FG_RTU_REQUEST_BYTES) < 0)
        return FG_OUTCOME_LINK_LOST;
    got = modbus_receive_confirmation(bus->context, answer);
    if (got < 0)
        return outcome_of_errno(errno);
    if (got >= before + 3 && answer[before] == request[0] && answer[before + 1] == (request[1] | 0x80u))
        return fg_outcome_of_exception(answer[before + 2]);
    return got >= before &&
                   fg_bus_is_echo(answer + before, (size_t)(got - before), request[0], address, value)
               ? FG_OUTCOME_ANSWERED
               : FG_OUTCOME_WRONG_ANSWER;
}

static enum fg_outcome write_register_tcp(struct fg_bus *bus, uint16_t address, uint16_t value)
{
    if (modbus_flush(bus->context) < 0)
        return FG_OUTCOME_LINK_LOST;
    if (modbus_write_register(bus->context, address, value) != 1)
        return outcome_of_errno(errno);
    return FG_OUTCOME_ANSWERED;
}

static enum fg_err write_one(struct fg_bus *bus, uint8_t unit, uint8_t function, uint16_t address,
                             uint16_t value, uint8_t silence_ms, struct fg_error *error)
{
    uint8_t request[FG_RTU_REQUEST_BYTES];
    uint8_t answer[ADU_MAX];
    enum fg_outcome outcome;
    enum fg_err err = prepare(bus, unit, silence_ms, error);

    if (err != FG_OK)
        return err;
    request_make(request, unit, function, address, value);
    if (bus->settings->kind == FG_BUS_RTU)
        outcome = exchange_rtu(bus, request, silence_ms, answer);
    else if (function == FG_RTU_WRITE_COIL)
        outcome = write_coil_tcp(bus, request, address, value);
    else
        outcome = write_register_tcp(bus, address, value);
    return settle(bus, request, outcome, error);
}

enum fg_err fg_bus_write_coil(struct fg_bus *bus, uint8_t unit, uint16_t address, bool on, uint8_t silence_ms,
                              struct fg_error *error)
{
    return write_one(bus, unit, FG_RTU_WRITE_COIL, address, on ? 0xFF00 : 0x0000, silence_ms, error);
}

enum fg_err fg_bus_write_coil_value(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                    uint8_t silence_ms, struct fg_error *error)
{
    return write_one(bus, unit, FG_RTU_WRITE_COIL, address, value, silence_ms, error);
}

enum fg_err fg_bus_write_register(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                  uint8_t silence_ms, struct fg_error *error)
{
    return write_one(bus, unit, FG_RTU_WRITE_REGISTER, address, value, silence_ms, error);
}
