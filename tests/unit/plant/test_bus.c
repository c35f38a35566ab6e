/* Behaviour of one RTU bus on a pty: no transaction ids here, so late answers, noise and silence matter. */
#include "firmware/plant/bus.h"
#include "proto/monotime.h"
#include "tests/lib/check.h"

#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define RESPONSE_MS 300

/* What the other end of the wire does with the requests, one after the other. */
enum answer { ANSWER_PROPERLY = 0, ANSWER_LATE, ANSWER_NOT, ANSWER_NOISE, ANSWER_OTHER_UNIT };

struct wire {
    int master;
    int slave; /* kept open, so that the pty stays up while the bus is closed */
    char path[64];
    pthread_t thread;
    modbus_t *context;
    modbus_mapping_t *map;
    int count;
    const enum answer *answers;
};

static struct wire wire;
static struct fg_error error;
static struct fg_bus_settings settings;

static void answer_one(enum answer answer, const uint8_t *query, int length)
{
    static const uint8_t noise[] = {0x01, 0x03, 0x04, 0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0x00};
    uint8_t other[] = {9, 0x03, 0x04, 1, 2, 3, 4};

    if (answer == ANSWER_NOT)
        return;
    if (answer == ANSWER_NOISE)
        CHECK_INT(write(wire.master, noise, sizeof(noise)), sizeof(noise));
    else if (answer == ANSWER_OTHER_UNIT)
        (void)modbus_send_raw_request(wire.context, other, (int)sizeof(other));
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
    CHECK_HAS(error.text, "unit 1");
    CHECK_OK(fg_bus_read(&bus, 1, FG_TABLE_HOLDING, 2, 2, 0, words, &error), &error);
    CHECK_INT(words[0], 1002);
    CHECK_INT(fg_bus_write_coil_value(&bus, 1, 0x200, 3, 0, &error), FG_E_TIMEOUT);
    end(&bus);
}
