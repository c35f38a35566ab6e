/* Behaviour of one RTU bus on a pty: no transaction ids here, so late answers, noise and silence matter. */
#include "firmware/plant/bus.h"
#include "firmware/plant/rtu.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"

#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define RESPONSE_MS 300

/* What the other end of the wire does with the requests, one after the other. */
enum answer {
    ANSWER_PROPERLY = 0,
    ANSWER_LATE,
    ANSWER_NOT,
    ANSWER_NOISE,
    ANSWER_OTHER_UNIT,
    ANSWER_OTHER_FIRST, /* another unit's frame, then the right one */
    ANSWER_OTHERS,      /* other units' frames without end, as far as the time goes */
    ANSWER_AND_NOISE,   /* the right one and, with it, fewer bytes than a frame has */
    ANSWER_AND_MORE,    /* and as many as the shortest frame has */
    ANSWER_ECHO,
    ANSWER_HALF
};

struct wire {
    int master;
    int slave; /* kept open, so that the pty stays up while the bus is closed */
    char path[64];
    pthread_t thread;
    modbus_t *context;
    modbus_mapping_t *map;
    int count;
    const enum answer *answers;
    int64_t asked_ns[32];    /* when a request was here at the latest */
    int64_t answered_ns[32]; /* when its answer had not yet left */
};

static struct wire wire;
static struct fg_error error;
static struct fg_bus_settings settings;
/* What another unit answers to somebody else, and its length without check sum. */
static uint8_t other[12] = {9, 0x03, 0x04, 1, 2, 3, 4};
static size_t other_count = 7;

/* Adds the check sum (CRC-16/MODBUS) to a frame, and sends it with more bytes in one piece. */
static void send_frame(const uint8_t *bytes, size_t count, size_t more)
{
    uint8_t frame[64] = {0};
    unsigned crc = 0xFFFF;

    memcpy(frame, bytes, count);
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    frame[count] = (uint8_t)(crc & 0xFF);
    frame[count + 1] = (uint8_t)(crc >> 8);
    CHECK_INT(write(wire.master, frame, count + 2 + more), (ssize_t)(count + 2 + more));
}

static void answer_one(enum answer answer, const uint8_t *query, int length)
{
    static const uint8_t noise[] = {0x01, 0x03, 0x04, 0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0x00};
    static const uint8_t right[] = {1, 0x03, 0x04, 0x03, 0xEA, 0x03, 0xEB}; /* 1002, 1003 */

    if (answer == ANSWER_NOT)
        return;
    for (int i = 0; answer == ANSWER_OTHERS && i < 6; i++)
        send_frame(other, other_count, 0);
    if (answer == ANSWER_OTHER_FIRST)
        send_frame(other, other_count, 0);
    if (answer >= ANSWER_OTHER_FIRST) {
        if (answer == ANSWER_ECHO)
            send_frame(query, FG_RTU_REQUEST_BYTES, 0);
        else if (answer == ANSWER_HALF)
            CHECK_INT(write(wire.master, right, 4), 4);
        else if (answer != ANSWER_OTHERS)
            send_frame(right, sizeof(right),
                       answer == ANSWER_AND_NOISE  ? FG_RTU_FRAME_MIN - 1
                       : answer == ANSWER_AND_MORE ? FG_RTU_FRAME_MIN
                                                   : 0);
        return;
    }
    if (answer == ANSWER_NOISE)
        CHECK_INT(write(wire.master, noise, sizeof(noise)), sizeof(noise));
    else if (answer == ANSWER_OTHER_UNIT)
        send_frame(other, other_count, 0);
    else if (query[1] == MODBUS_FC_WRITE_SINGLE_COIL && query[2] == 2)
        CHECK_INT(write(wire.master, query, (size_t)length), length);
    else {
        if (answer == ANSWER_LATE)
            fg_sleep_ms(RESPONSE_MS * 3 / 2);
        (void)modbus_reply(wire.context, query, length, wire.map);
    }
}

static void *serve(void *argument)
{
    (void)argument;
    for (int i = 0; i < wire.count; i++) {
        uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
        struct pollfd wait = {wire.master, POLLIN, 0};
        int length;

        if (poll(&wait, 1, 10000) != 1)
            break;
        length = modbus_receive(wire.context, query);
        wire.asked_ns[i] = fg_mono_ns();
        wire.answered_ns[i] = wire.asked_ns[i];
        if (length > 0)
            answer_one(wire.answers[i], query, length);
    }
    return NULL;
}

static void wire_start(const enum answer *answers, int count)
{
    struct termios raw;

    memset(&wire, 0, sizeof(wire));
    wire.answers = answers;
    wire.count = count;
    wire.master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(wire.master >= 0);
    CHECK_INT(grantpt(wire.master), 0);
    CHECK_INT(unlockpt(wire.master), 0);
    CHECK_INT(ptsname_r(wire.master, wire.path, sizeof(wire.path)), 0);
    wire.slave = open(wire.path, O_RDWR | O_NOCTTY);
    CHECK(wire.slave >= 0);
    CHECK_INT(tcgetattr(wire.slave, &raw), 0);
    cfmakeraw(&raw);
    CHECK_INT(tcsetattr(wire.slave, TCSANOW, &raw), 0);
    wire.context = modbus_new_rtu(wire.path, 115200, 'N', 8, 1);
    wire.map = modbus_mapping_new(16, 16, 16, 16);
    CHECK(wire.context != NULL && wire.map != NULL);
    CHECK_INT(modbus_set_socket(wire.context, wire.master), 0);
    CHECK_INT(modbus_set_slave(wire.context, 1), 0);
    for (uint16_t i = 0; i < 16; i++)
        wire.map->tab_registers[i] = (uint16_t)(1000 + i);
    wire.map->tab_input_registers[3] = 77;
    CHECK_INT(pthread_create(&wire.thread, NULL, serve, NULL), 0);
}

static void bus_start(struct fg_bus *bus)
{
    memset(&settings, 0, sizeof(settings));
    (void)snprintf(settings.name, sizeof(settings.name), "pty");
    (void)snprintf(settings.path, sizeof(settings.path), "%s", wire.path);
    settings.kind = FG_BUS_RTU;
    settings.baud = 115200;
    settings.parity = 'N';
    settings.stop_bits = 1;
    CHECK_OK(fg_bus_init(bus, &settings, RESPONSE_MS, &error), &error);
    CHECK_OK(fg_bus_open(bus, &error), &error);
}

static void end(struct fg_bus *bus)
{
    (void)pthread_join(wire.thread, NULL);
    fg_bus_destroy(bus);
    modbus_free(wire.context);
    modbus_mapping_free(wire.map);
    (void)close(wire.slave);
    (void)close(wire.master);
}

TEST("an answer that comes after the time-out is not taken for the next one")
{
    static const enum answer answers[] = {ANSWER_LATE, ANSWER_PROPERLY, ANSWER_PROPERLY};
    uint16_t words[2] = {0};
    struct fg_bus bus;

    wire_start(answers, 3);
    bus_start(&bus);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error), FG_E_TIMEOUT);
    fg_sleep_ms(RESPONSE_MS * 2);
    for (uint16_t i = 0; i < 2; i++) {
        CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, (uint16_t)(6 + i), 2, 0, words, &error), &error);
        CHECK_INT(words[0], 1006 + i);
    }
    end(&bus);
}

TEST("every function does what it says, a timed coil is echoed")
{
    static const enum answer answers[7] = {ANSWER_PROPERLY};
    uint16_t words[4] = {0};
    struct fg_bus bus;

    wire_start(answers, 7);
    bus_start(&bus);
    CHECK_OK(fg_bus_write_coil(&bus, 1, 3, true, 2, &error), &error);
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_COIL, 2, 3, 2, words, &error), &error);
    CHECK_INT(words[0] * 100 + words[1] * 10 + words[2], 10);
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_DISCRETE, 0, 1, 0, words, &error), &error);
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_INPUT, 3, 1, 0, words, &error), &error);
    CHECK_INT(words[0], 77);
    CHECK_OK(fg_bus_write_register(&bus, 1, 5, 4321, 0, &error), &error);
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 5, 1, 0, words, &error), &error);
    CHECK_INT(words[0], 4321);
    CHECK_OK(fg_bus_write_coil_value(&bus, 1, 0x200, 3, 0, &error), &error);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_COIL, 0, FG_BUS_BLOCK_MAX + 1, 0, words, &error), FG_E_ARG);
    end(&bus);
}

TEST("BAD-INPUT-IS-SAFE: silence, noise, another unit and a refusal are told apart and pass")
{
    static const enum answer answers[] = {ANSWER_NOT,      ANSWER_NOISE,    ANSWER_OTHER_UNIT,
                                          ANSWER_PROPERLY, ANSWER_PROPERLY, ANSWER_NOT};
    uint16_t words[2] = {0};
    struct fg_bus bus;

    wire_start(answers, 6);
    bus_start(&bus);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error), FG_E_TIMEOUT);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error), FG_E_FORMAT);
    CHECK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error) != FG_OK);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 500, 2, 0, words, &error), FG_E_RANGE);
    CHECK_TEXT(error.text, "bus pty unit 1: function 3 at 500: exception 2, illegal address");
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error), &error);
    CHECK_INT(words[0], 1002);
    CHECK_INT(fg_bus_write_coil_value(&bus, 1, 0x200, 3, 0, &error), FG_E_TIMEOUT);
    end(&bus);
}

/* Bytes that nobody asked for. */
static void stray(size_t count)
{
    static const uint8_t bytes[64] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55};

    int64_t end_ms = fg_mono_ms() + 10000;
    int there = 0;

    CHECK_INT(write(wire.master, bytes, count), (ssize_t)count);
    do {
        CHECK_INT(ioctl(wire.slave, FIONREAD, &there), 0);
    } while ((size_t)there < count && fg_mono_ms() < end_ms);
    CHECK_INT(there, count);
}

static enum fg_err ask(struct fg_bus *bus)
{
    uint16_t words[2] = {0};
    enum fg_err code = fg_bus_read(bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error);

    CHECK_INT(words[0] * 10 + words[1], code == FG_OK ? 1002 * 10 + 1003 : 0);
    return code;
}

/* From here on nothing that comes may be an answer of our own that was late. */
static void expect_nothing(struct fg_bus *bus)
{
    bus->company.late_expected = 0;
}

static void forget_company(struct fg_bus *bus)
{
    memset(&bus->company, 0, sizeof(bus->company));
}

static bool is_doubted(const struct fg_bus *bus)
{
    return fg_mono_ms() < bus->company.doubt_until_mono_ms;
}

TEST("what is shorter than a frame is noise of the line, a frame that nobody asked for is a sign of another "
     "master")
{
    static const enum answer answers[6] = {ANSWER_PROPERLY};
    struct fg_bus bus;

    wire_start(answers, 6);
    bus_start(&bus);
    stray(FG_RTU_FRAME_MIN);
    CHECK_OK(ask(&bus), &error); /* what was on its way before we came */
    CHECK_INT(bus.company.signs, 0);
    stray(FG_RTU_FRAME_MIN - 1);
    CHECK_OK(ask(&bus), &error);
    CHECK_INT(bus.company.signs, 0);
    stray(FG_RTU_FRAME_MIN);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_STRANGER);
    CHECK_INT(bus.company.signs, 1);
    CHECK_TEXT(bus.company.text, "bus pty: bytes that nobody asked for: another master is on it");
    CHECK(!fg_bus_is_shared(&bus, fg_mono_ms()));
    CHECK_INT(ask(&bus), FG_E_FORMAT); /* in doubt for a while */
    bus.company.doubt_until_mono_ms = 0;
    CHECK_OK(ask(&bus), &error);
    stray(30);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.company.signs, 2);
    CHECK(fg_bus_is_shared(&bus, fg_mono_ms()));
    CHECK(bus.company.doubt_until_mono_ms - fg_mono_ms() > FG_BUS_DOUBT_MS);
    end(&bus);
}

TEST("two signs make a bus a shared one only when they are near each other, and a sign is forgotten in time")
{
    static const enum answer answers[5] = {ANSWER_PROPERLY};
    struct fg_bus bus;
    int64_t now_ms;

    wire_start(answers, 5);
    bus_start(&bus);
    expect_nothing(&bus);
    stray(8);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    bus.company.first_mono_ms -= FG_BUS_SIGNS_MS + 1;
    stray(8);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.company.signs, 1);
    CHECK(fg_mono_ms() - bus.company.first_mono_ms < FG_BUS_SIGNS_MS);
    bus.company.first_mono_ms -= FG_BUS_SIGNS_MS / 2;
    stray(8);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.company.signs, 2);
    now_ms = bus.company.shared_until_mono_ms - FG_BUS_SHARED_MS;
    CHECK(now_ms <= fg_mono_ms());
    CHECK_INT(bus.company.doubt_until_mono_ms, now_ms + FG_BUS_DOUBT_SHARED_MS);
    CHECK(fg_bus_is_shared(&bus, now_ms + FG_BUS_SHARED_MS - 1));
    CHECK(!fg_bus_is_shared(&bus, now_ms + FG_BUS_SHARED_MS));
    forget_company(&bus);
    CHECK_OK(ask(&bus), &error);
    CHECK_OK(fg_bus_write_coil(&bus, 1, 3, true, 0, &error), &error);
    end(&bus);
}

TEST("as many late answers as were given up are forgiven, while they can still come")
{
    static const enum answer answers[6] = {ANSWER_NOT, ANSWER_HALF, ANSWER_PROPERLY, ANSWER_PROPERLY};
    struct fg_bus bus;

    wire_start(answers, 6);
    bus_start(&bus);
    expect_nothing(&bus);
    CHECK_INT(ask(&bus), FG_E_TIMEOUT);
    CHECK_INT(bus.outcome, FG_OUTCOME_TIME_OUT);
    CHECK_INT(ask(&bus), FG_E_TIMEOUT);
    CHECK_INT(bus.outcome, FG_OUTCOME_SHORT_ANSWER);
    CHECK_INT(bus.company.late_expected, 2);
    stray(9);
    CHECK_OK(ask(&bus), &error);
    CHECK_INT(bus.company.late_expected, 1);
    CHECK_INT(bus.company.signs, 0);
    bus.company.late_until_mono_ms = fg_mono_ms();
    stray(9);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.company.late_expected, 0);
    CHECK_INT(bus.company.signs, 1);
    forget_company(&bus);
    CHECK_OK(fg_bus_write_register(&bus, 1, 5, 4321, 0, &error), &error);
    CHECK_OK(ask(&bus), &error);
    end(&bus);
}

TEST("an answer of another unit is passed over for the right one, and shows another master at once")
{
    static const enum answer answers[4] = {ANSWER_OTHER_FIRST, ANSWER_OTHER_FIRST, ANSWER_OTHERS,
                                           ANSWER_PROPERLY};
    struct fg_bus bus;

    wire_start(answers, 4);
    bus_start(&bus);
    CHECK_OK(ask(&bus), &error); /* it may be late */
    CHECK_INT(bus.company.signs, 0);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_STRANGER);
    CHECK_INT(bus.company.signs, 2);
    CHECK(fg_bus_is_shared(&bus, fg_mono_ms()));
    CHECK_TEXT(bus.company.text, "bus pty: an answer of a unit that was not asked: another master is on it");
    forget_company(&bus);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_WRONG_UNIT);
    CHECK(bus.company.signs >= 8); /* four frames, no more, before it was given up */
    forget_company(&bus);
    CHECK_OK(ask(&bus), &error);
    end(&bus);
}

TEST("a frame of another unit is known as one whatever it answers")
{
    static const enum answer answers[9] = {ANSWER_OTHER_UNIT, ANSWER_OTHER_UNIT, ANSWER_OTHER_UNIT,
                                           ANSWER_OTHER_UNIT, ANSWER_OTHER_UNIT, ANSWER_OTHER_UNIT,
                                           ANSWER_OTHER_UNIT, ANSWER_OTHER_UNIT, ANSWER_NOISE};
    static const struct {
        uint8_t bytes[12];
        size_t count;
    } frames[] = {{{9, 1, 6, 0xFF, 1, 2, 3, 4, 5}, 9},
                  {{9, 2, 5, 1, 0, 9, 9, 9}, 8},
                  {{9, 3, 4, 1, 2, 3, 4}, 7},
                  {{9, 4, 6, 7, 7, 6, 6, 5, 5}, 9},
                  {{9, 5, 0, 1, 0xFF, 0}, 6},
                  {{9, 6, 0, 1, 0, 9}, 6},
                  {{9, 0x81, 2}, 3},
                  {{9, 0x86, 11}, 3}};
    struct fg_bus bus;

    wire_start(answers, 9);
    bus_start(&bus);
    bus.response_ms = 60;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        memcpy(other, frames[i].bytes, sizeof(other));
        other_count = frames[i].count;
        forget_company(&bus);
        CHECK_INT(ask(&bus), FG_E_FORMAT);
        CHECK_INT(bus.outcome, FG_OUTCOME_WRONG_UNIT);
        CHECK_INT(bus.company.signs, 2);
    }
    memcpy(other, frames[2].bytes, sizeof(other));
    other_count = frames[2].count;
    forget_company(&bus);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_BAD_CRC);
    end(&bus);
}

TEST("FAIL-CLOSED: an answer that more follows may be another one's and does not count; mere noise does no "
     "harm")
{
    static const enum answer answers[4] = {ANSWER_AND_NOISE, ANSWER_AND_MORE, ANSWER_AND_MORE,
                                           ANSWER_PROPERLY};
    struct fg_bus bus;

    wire_start(answers, 4);
    bus_start(&bus);
    CHECK_OK(ask(&bus), &error);
    CHECK_INT(bus.company.signs, 0);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_STRANGER);
    CHECK_INT(bus.company.signs, 0); /* it may be late */
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.company.signs, 1);
    CHECK_TEXT(bus.company.text, "bus pty: more than one answer: another master is on it");
    forget_company(&bus);
    CHECK_OK(ask(&bus), &error);
    end(&bus);
}

TEST("FAIL-CLOSED: a line that gives back what is sent is named at once and nothing read on it counts")
{
    static const enum answer answers[2] = {ANSWER_ECHO, ANSWER_PROPERLY};
    struct fg_bus bus;

    wire_start(answers, 2);
    bus_start(&bus);
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_ECHO);
    CHECK(fg_bus_is_shared(&bus, fg_mono_ms()));
    CHECK_HAS(bus.company.text, "echo");
    CHECK_INT(ask(&bus), FG_E_FORMAT);
    CHECK_INT(bus.outcome, FG_OUTCOME_STRANGER);
    CHECK(is_doubted(&bus));
    end(&bus);
}

/* Nanoseconds of silence that 3.5 characters of so many bits are. */
static int64_t gap_of(int64_t bits, int64_t baud)
{
    return bits * 7 * INT64_C(500000000) / baud;
}

TEST("before a request the line is silent for 3.5 characters, or for as long as the device wants")
{
    static const enum answer answers[12] = {ANSWER_PROPERLY};
    static const struct {
        int baud;
        char parity;
        uint8_t stop_bits;
        uint8_t silence_ms;
        int64_t bits;
    } lines[] = {
        {4800, 'N', 1, 0, 10}, {4800, 'E', 1, 0, 11}, {4800, 'N', 2, 0, 11}, {115200, 'N', 1, 15, 0}};
    struct fg_bus bus;
    uint16_t words[2];
    int asked = 0;

    wire_start(answers, 12);
    bus_start(&bus);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int64_t gap_ns = lines[i].silence_ms > 0 ? lines[i].silence_ms * INT64_C(1000000)
                                                 : gap_of(lines[i].bits, lines[i].baud);
        int64_t begun_ns;

        settings.baud = (uint32_t)lines[i].baud;
        settings.parity = lines[i].parity;
        settings.stop_bits = lines[i].stop_bits;
        CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, lines[i].silence_ms, words, &error), &error);
        CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, lines[i].silence_ms, words, &error), &error);
        CHECK(wire.asked_ns[asked + 1] - wire.answered_ns[asked] >= gap_ns);
        fg_sleep_ms(20);
        stray(1);
        begun_ns = fg_mono_ns();
        CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, lines[i].silence_ms, words, &error), &error);
        CHECK(lines[i].silence_ms > 0 || wire.asked_ns[asked + 2] - begun_ns >= gap_ns);
        asked += 3;
    }
    end(&bus);
}

TEST("a port that fails to open is left alone for a time that doubles up to its greatest, and an answer ends "
     "that")
{
    static const enum answer answers[1] = {ANSWER_PROPERLY};
    static const uint32_t waits_ms[] = {200, 400, 800, 1600, 3200, 5000, 5000};
    struct fg_bus bus;

    wire_start(answers, 1);
    bus_start(&bus);
    fg_bus_destroy(&bus);
    (void)snprintf(settings.path, sizeof(settings.path), "/dev/nowhere");
    CHECK_OK(fg_bus_init(&bus, &settings, RESPONSE_MS, &error), &error);
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        int64_t begun_ms = fg_mono_ms();

        CHECK_INT(fg_bus_open(&bus, &error), FG_E_GONE);
        CHECK(bus.reopening.until_mono_ms >= begun_ms + waits_ms[i]);
        CHECK(bus.reopening.until_mono_ms <= fg_mono_ms() + waits_ms[i]);
        CHECK_INT(fg_bus_open(&bus, &error), FG_E_BUSY);
        CHECK_HAS(error.text, "waits before it is opened again");
        bus.reopening.until_mono_ms = 0;
    }
    CHECK_INT(fg_bus_write_coil(&bus, 1, 0, false, 0, &error), FG_E_GONE);
    CHECK_INT(bus.outcome, FG_OUTCOME_LINK_LOST);
    CHECK_HAS(error.text, "bus pty: link is closed");
    fg_bus_destroy(&bus);
    bus_start(&bus);
    bus.reopening.failures = 6;
    CHECK_INT(bus.openings, 1);
    CHECK_OK(ask(&bus), &error);
    CHECK_INT(bus.reopening.failures, 0);
    end(&bus);
}

TEST("a link on which nothing answers any more is opened again, one on which something does is not")
{
    static const enum answer answers[14] = {ANSWER_PROPERLY, ANSWER_NOT, ANSWER_NOT, ANSWER_NOT, ANSWER_NOT,
                                            ANSWER_NOT,      ANSWER_NOT, ANSWER_NOT, ANSWER_NOT, ANSWER_NOT,
                                            ANSWER_NOT,      ANSWER_NOT, ANSWER_NOT, ANSWER_NOT};
    int64_t asked_mono_ms;
    struct fg_bus bus;

    wire_start(answers, 14);
    bus_start(&bus);
    bus.timeouts_in_row = 11;
    CHECK_OK(ask(&bus), &error);
    bus.response_ms = 20;
    for (int i = 0; i < 11; i++) {
        CHECK_INT(ask(&bus), FG_E_TIMEOUT);
        CHECK(bus.is_open);
    }
    asked_mono_ms = fg_mono_ms();
    CHECK_INT(ask(&bus), FG_E_GONE);
    CHECK_INT(bus.outcome, FG_OUTCOME_LINK_LOST);
    CHECK(!bus.is_open);
    CHECK(bus.reopening.until_mono_ms > asked_mono_ms);
    bus.reopening.until_mono_ms = 0;
    CHECK_OK(fg_bus_open(&bus, &error), &error);
    CHECK_INT(bus.openings, 2);
    CHECK_INT(ask(&bus), FG_E_TIMEOUT);
    end(&bus);
}

TEST("a bus that cannot be is refused when it is made, and a read that cannot be before it is sent")
{
    static const enum answer answers[1] = {ANSWER_PROPERLY};
    struct fg_bus_settings odd;
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    struct fg_bus bus;

    wire_start(answers, 1);
    bus_start(&bus);
    CHECK_INT(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 0, 0, words, &error), FG_E_ARG);
    CHECK_INT(fg_bus_read(&bus, 1, (enum fg_table)0, 2, 1, 0, words, &error), FG_E_ARG);
    CHECK_INT(fg_bus_read(&bus, 1, (enum fg_table)(FG_TABLE_INPUT + 1), 2, 1, 0, words, &error), FG_E_ARG);
    CHECK_INT(fg_bus_read(&bus, 248, FG_TABLE_HOLDING, 2, 1, 0, words, &error), FG_E_ARG);
    CHECK_HAS(error.text, "unit 248 cannot be asked");
    CHECK_OK(ask(&bus), &error);
    odd = settings;
    for (unsigned i = 0; i < 2; i++) {
        struct fg_bus second;

        CHECK_INT(fg_bus_init(&second, &odd, 0, &error), FG_E_RANGE);
        CHECK_INT(fg_bus_init(&second, &odd, 5001, &error), FG_E_RANGE);
        CHECK_OK(fg_bus_init(&second, &odd, i == 0 ? 1 : 5000, &error), &error);
        fg_bus_destroy(&second);
        fg_bus_destroy(&second);
    }
    odd.kind = 99;
    {
        struct fg_bus second;

        CHECK_INT(fg_bus_init(&second, &odd, 100, &error), FG_E_ARG);
        CHECK_HAS(error.text, "neither RTU nor TCP");
    }
    end(&bus);
}

TEST("answers are taken in every length that a read may have")
{
    static const uint8_t coils[] = {1, 1, 0, 0, 0, 0};
    uint8_t request[FG_RTU_REQUEST_BYTES];
    static const struct {
        uint8_t function;
        uint8_t count;
        size_t bytes;
    } cases[] = {{1, 1, 6},     {1, 8, 6}, {1, 9, 7}, {2, 16, 7},  {2, 100, 18}, {3, 1, 7},
                 {3, 100, 205}, {4, 2, 9}, {5, 0, 8}, {6, 200, 8}, {7, 1, 0},    {0, 1, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(request, coils, sizeof(request));
        request[1] = cases[i].function;
        request[5] = cases[i].count;
        CHECK_INT(fg_rtu_answer_bytes(request), cases[i].bytes);
    }
}

TEST("a port that fails to open again and again costs no descriptor")
{
    struct fg_bus bus;
    int first;
    int last;

    settings = (struct fg_bus_settings){"b", FG_BUS_RTU, "/dev/nowhere", 0, 9600, 'N', 1, 100, 100};
    CHECK_OK(fg_bus_init(&bus, &settings, RESPONSE_MS, &error), &error);
    first = dup(0);
    for (int i = 0; i < 20; i++) {
        bus.reopening.until_mono_ms = 0;
        CHECK_INT(fg_bus_open(&bus, &error), FG_E_GONE);
    }
    last = dup(0);
    CHECK_INT(last, first + 1);
    (void)close(first);
    (void)close(last);
    fg_bus_destroy(&bus);
}
