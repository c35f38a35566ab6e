/* Behaviour of the plant against a Modbus server on loopback that plays relay, pressure transmitter and
 * meter.
 *
 * The server answers, delays, keeps silent or hangs up as told; it notes every request. The relay's timed on
 * is played as the board does it: the coil reads 0 once its time is over. */
#include "firmware/plant/bus.h"
#include "firmware/plant/codec.h"
#include "firmware/plant/device.h"
#include "firmware/plant/plant.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"

#include <errno.h>
#include <math.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 10000
#define UNITS 5
#define NOTES_MAX 4096

struct note {
    int64_t at_ms;
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t value;
};

/* One server = one bus. Guarded by its mutex except the thread's own. */
struct server {
    pthread_mutex_t mutex;
    pthread_t thread;
    modbus_t *context;
    modbus_mapping_t *map;
    int listener;
    int port;
    bool stop;
    bool hang_up;
    bool silent[UNITS];
    bool refuse[UNITS];
    bool ignore_valve;
    bool stuck_open;    /* the valve's coil reads 1 whatever was written */
    bool ignore_lamp;   /* the green one stays dark */
    int late_ms[UNITS]; /* the next answer of this unit comes so late, once */
    int64_t valve_until_ms;
    unsigned connections;
    unsigned note_count;
    struct note notes[NOTES_MAX];
};

static struct server server;
static struct server other;
static struct fg_error error;

static void play_relay(struct server *s)
{
    if (s->map->tab_bits[0] != 0 && s->valve_until_ms != 0 && fg_mono_ms() >= s->valve_until_ms) {
        s->map->tab_bits[0] = 0;
        s->valve_until_ms = 0;
    }
}

/* Returns true when the request is answered here. query: 7 bytes of MBAP header, then function and data. */
static bool note_request(struct server *s, const uint8_t *query)
{
    uint16_t address = (uint16_t)(query[8] << 8 | query[9]);
    uint16_t value = (uint16_t)(query[10] << 8 | query[11]);

    if (s->note_count < NOTES_MAX)
        s->notes[s->note_count++] = (struct note){fg_mono_ms(), query[6], query[7], address, value};
    play_relay(s);
    if (query[7] == MODBUS_FC_WRITE_SINGLE_COIL && address == 0)
        s->valve_until_ms = 0;
    if (query[7] != MODBUS_FC_WRITE_SINGLE_COIL || address < 0x200)
        return false;
    s->map->tab_bits[address - 0x200] = s->ignore_valve ? 0 : 1;
    s->valve_until_ms = fg_mono_ms() + value * 100;
    return true;
}

static bool serve_one(struct server *s)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int length = modbus_receive(s->context, query);
    unsigned unit = query[6];
    bool own;
    bool silent;
    bool refuse;
    int late_ms;

    if (length <= 0)
        return length == 0;
    unit = unit < UNITS ? unit : 0;
    (void)pthread_mutex_lock(&s->mutex);
    own = note_request(s, query);
    silent = s->silent[unit];
    refuse = s->refuse[unit];
    late_ms = s->late_ms[unit];
    s->late_ms[unit] = 0;
    (void)pthread_mutex_unlock(&s->mutex);
    if (silent)
        return true;
    if (late_ms > 0)
        fg_sleep_ms(late_ms);
    if (refuse)
        return modbus_reply_exception(s->context, query, MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS) > 0;
    if (own)
        return send(modbus_get_socket(s->context), query, 12, MSG_NOSIGNAL) == 12;
    (void)pthread_mutex_lock(&s->mutex);
    if (s->stuck_open)
        s->map->tab_bits[0] = 1;
    own = modbus_reply(s->context, query, length, s->map) > 0;
    if (s->ignore_lamp)
        s->map->tab_bits[1] = 0;
    (void)pthread_mutex_unlock(&s->mutex);
    return own;
}

static bool may_go_on(struct server *s)
{
    bool go_on;

    (void)pthread_mutex_lock(&s->mutex);
    go_on = !s->stop && !s->hang_up;
    (void)pthread_mutex_unlock(&s->mutex);
    return go_on;
}

static void *serve(void *argument)
{
    struct server *s = argument;
    bool stop = false;

    while (!stop) {
        struct pollfd wait = {s->listener, POLLIN, 0};

        if (may_go_on(s) && poll(&wait, 1, 10) == 1 && modbus_tcp_accept(s->context, &s->listener) >= 0) {
            bool connected = true;

            (void)pthread_mutex_lock(&s->mutex);
            s->connections++;
            (void)pthread_mutex_unlock(&s->mutex);
            while (connected && may_go_on(s)) {
                struct pollfd data = {modbus_get_socket(s->context), POLLIN, 0};

                if (poll(&data, 1, 10) == 1)
                    connected = serve_one(s);
            }
            modbus_close(s->context);
        } else {
            fg_sleep_ms(2);
        }
        (void)pthread_mutex_lock(&s->mutex);
        stop = s->stop;
        (void)pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

static void set_float(struct server *s, uint16_t address, enum fg_byte_order order, double number)
{
    uint64_t raw = 0;

    CHECK_INT(fg_codec_encode(FG_TYPE_F32, number, &raw), FG_OK);
    (void)pthread_mutex_lock(&s->mutex);
    fg_codec_split(FG_TYPE_F32, order, raw, &s->map->tab_registers[address]);
    (void)pthread_mutex_unlock(&s->mutex);
}

static void server_start(struct server *s)
{
    memset(s, 0, sizeof(*s));
    (void)pthread_mutex_init(&s->mutex, NULL);
    s->map = modbus_mapping_new(1024, 16, 1024, 16);
    CHECK(s->map != NULL);
    for (int port = 20000 + getpid() % 20000; port < 60000; port++) {
        s->context = modbus_new_tcp("127.0.0.1", port);
        CHECK(s->context != NULL);
        s->listener = modbus_tcp_listen(s->context, 1);
        s->port = port;
        if (s->listener >= 0)
            break;
        modbus_free(s->context);
    }
    CHECK(s->listener >= 0);
    set_float(s, 2, FG_ORDER_1234, 200.25);
    set_float(s, 6, FG_ORDER_1234, 21.5);
    s->map->tab_registers[520] = 1;
    set_float(s, 246, FG_ORDER_3412, 10);
    set_float(s, 258, FG_ORDER_3412, 1234);
    set_float(s, 262, FG_ORDER_3412, 98765);
    CHECK_INT(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->stop = true;
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    modbus_mapping_free(s->map);
    modbus_free(s->context);
    (void)pthread_mutex_destroy(&s->mutex);
}

#define SET(s, assignment)                                                                                   \
    do {                                                                                                     \
        (void)pthread_mutex_lock(&(s)->mutex);                                                               \
        assignment;                                                                                          \
        (void)pthread_mutex_unlock(&(s)->mutex);                                                             \
    } while (0)

static void add_bus(struct fg_plant_settings *settings, const char *name, int port)
{
    struct fg_bus_settings *bus = &settings->buses[settings->bus_count++];

    (void)snprintf(bus->name, sizeof(bus->name), "%s", name);
    bus->kind = FG_BUS_TCP;
    (void)snprintf(bus->path, sizeof(bus->path), "127.0.0.1");
    bus->tcp_port = (uint16_t)port;
    bus->response_max_ms = 100;
    bus->cycle_ms = 50;
}

static void add_device(struct fg_plant_settings *settings, const char *name, const char *bus,
                       const char *profile, uint8_t unit)
{
    struct fg_device_settings *device = &settings->devices[settings->device_count++];

    (void)snprintf(device->name, sizeof(device->name), "%s", name);
    (void)snprintf(device->bus, sizeof(device->bus), "%s", bus);
    (void)snprintf(device->profile_path, sizeof(device->profile_path), "%s", profile);
    device->unit = unit;
}

/* The meter stands on meter_bus ("main" or "second"). */
static struct fg_plant_settings point(const char *meter_bus)
{
    struct fg_plant_settings settings = {0};

    add_bus(&settings, "main", server.port);
    if (strcmp(meter_bus, "main") != 0)
        add_bus(&settings, meter_bus, other.port);
    add_device(&settings, "relay", "main", "boards/sim/profiles/point-io.profile", 1);
    add_device(&settings, "pressure", "main", "boards/profiles/keller-33x.profile", 2);
    add_device(&settings, "meter", meter_bus, "boards/profiles/micro-motion-mvd.profile", 3);
    settings.reading_age_max_ms = 60000;
    settings.lease_ms = 60000;
    return settings;
}

static struct fg_plant *start_point(const struct fg_plant_settings *settings)
{
    struct fg_plant *plant = NULL;

    CHECK_OK(fg_plant_new(settings, &plant, &error), &error);
    CHECK_OK(fg_plant_start(plant, &error), &error);
    return plant;
}

static bool wait_reading(struct fg_plant *plant, enum fg_signal signal, uint8_t state, int64_t value)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_plant_state now;

    do {
        fg_plant_read(plant, &now);
        if (now.readings[signal].state == state &&
            (state != FG_READING_GOOD || now.readings[signal].value == value))
            return true;
        fg_sleep_ms(2);
    } while (fg_mono_ms() < end_ms);
    return false;
}

static bool wait_link(struct fg_plant *plant, uint8_t device, uint8_t link)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_device_status status;

    do {
        fg_plant_device_status(plant, device, &status);
        if (status.link == link)
            return true;
        fg_sleep_ms(1);
    } while (fg_mono_ms() < end_ms);
    return false;
}

static bool wait_error(struct fg_plant *plant, uint8_t device, const char *part)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_device_status status;

    do {
        fg_plant_device_status(plant, device, &status);
        if (strstr(status.last_error, part) != NULL)
            return true;
        fg_sleep_ms(5);
    } while (fg_mono_ms() < end_ms);
    return false;
}

/* Requests from note number first that match. */
static unsigned count_notes(struct server *s, unsigned first, uint8_t unit, uint8_t function,
                            uint16_t address)
{
    unsigned count = 0;

    (void)pthread_mutex_lock(&s->mutex);
    for (unsigned i = first; i < s->note_count; i++) {
        if (s->notes[i].unit == unit && s->notes[i].function == function && s->notes[i].address == address)
            count++;
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return count;
}

static unsigned note_mark(struct server *s)
{
    unsigned mark;

    (void)pthread_mutex_lock(&s->mutex);
    mark = s->note_count;
    (void)pthread_mutex_unlock(&s->mutex);
    return mark;
}

TEST("every signal of the point is read in its unit")
{
    static const struct fg_device_status none;
    struct fg_plant_settings settings;
    struct fg_plant_state state;
    struct fg_device_status status;
    struct fg_plant *plant;
    unsigned mark;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    CHECK(wait_reading(plant, FG_SIGNAL_TEMPERATURE_DC, FG_READING_GOOD, 215));
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    CHECK(wait_reading(plant, FG_SIGNAL_TOTAL_G, FG_READING_GOOD, 1234));
    CHECK(wait_reading(plant, FG_SIGNAL_INVENTORY_G, FG_READING_GOOD, 98765));
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
    SET(&server, server.map->tab_input_bits[0] = 1);
    CHECK(wait_reading(plant, FG_SIGNAL_EMERGENCY_STOP, FG_READING_GOOD, 1));
    CHECK(wait_reading(plant, FG_SIGNAL_STOP_BUTTON, FG_READING_GOOD, 0));
    fg_plant_read(plant, &state);
    CHECK(state.configured[FG_SIGNAL_FLOW_G_MIN]);
    CHECK(!state.configured[FG_SIGNAL_SCALE_G]);
    /* What has not jumped is asked once a round; so is the lamp told. */
    mark = note_mark(&server);
    fg_sleep_ms(300);
    CHECK(count_notes(&server, mark, 2, MODBUS_FC_READ_HOLDING_REGISTERS, 2) <=
          count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 1) + 1);
    CHECK_INT(fg_plant_device_count(plant), 3);
    fg_plant_device_status(plant, 2, &status);
    CHECK_TEXT(status.name, "meter");
    fg_plant_device_status(plant, 3, &status);
    CHECK_BYTES(&status, &none, sizeof(status));
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: the first request of a bus shuts the valve, and the last one too")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    struct note last = {0};

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    CHECK_INT(server.notes[0].function, MODBUS_FC_WRITE_SINGLE_COIL);
    CHECK_INT(server.notes[0].address, 0);
    CHECK_INT(server.notes[0].value, 0);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    fg_plant_destroy(plant);
    for (unsigned i = 0; i < server.note_count; i++) {
        if (server.notes[i].function == MODBUS_FC_WRITE_SINGLE_COIL)
            last = server.notes[i];
    }
    CHECK_INT(last.address, 0);
    CHECK_INT(last.value, 0);
    server_stop(&server);
}

TEST("the valve is held by timed writes of 300 ms and shut when told, confirmed by its read-back")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    fg_plant_set_lamp(plant, FG_LAMP_GREEN, true);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    fg_sleep_ms(700);
    CHECK(count_notes(&server, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200) >= 3);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    mark = note_mark(&server);
    SET(&server, CHECK_INT(server.map->tab_bits[0], 0));
    SET(&server, CHECK_INT(server.map->tab_bits[1], 1));
    SET(&server, CHECK_INT(server.map->tab_bits[2], 0));
    fg_sleep_ms(200);
    CHECK_INT(count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200), 0);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: when the lease runs out the valve is shut")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;

    server_start(&server);
    settings = point("main");
    settings.lease_ms = 400;
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
    mark = note_mark(&server);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    CHECK_INT(count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0), 0);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
    CHECK(count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0) >= 1);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: a shut request comes next on the bus although its meter is dead")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    SET(&server, server.silent[3] = true);
    for (int i = 0; i < 5; i++) {
        unsigned others = 0;
        unsigned mark;

        fg_plant_hold_open(plant);
        CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
        fg_sleep_ms(i * 30);
        mark = note_mark(&server);
        fg_plant_shut(plant);
        CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
        (void)pthread_mutex_lock(&server.mutex);
        while (!(server.notes[mark + others].function == MODBUS_FC_WRITE_SINGLE_COIL &&
                 server.notes[mark + others].address == 0 && server.notes[mark + others].value == 0) &&
               mark + others < server.note_count)
            others++;
        (void)pthread_mutex_unlock(&server.mutex);
        /* One may have been on its way when the mark was set, and one when the request was made. */
        CHECK(others <= 2);
    }
    fg_plant_destroy(plant);
    server_stop(&server);
}

/* The pressure transmitter, with the longest silence that a profile may ask for. */
static void patient_profile_make(char *ret_path)
{
    char text[4096];
    FILE *file = fopen("boards/profiles/keller-33x.profile", "re");
    size_t length;
    char *silence;
    int fd;

    CHECK(file != NULL);
    length = fread(text, 1, sizeof(text) - 2, file);
    CHECK_INT(fclose(file), 0);
    text[length] = '\0';
    silence = strstr(text, "silence_ms = 5\n");
    CHECK(silence != NULL);
    memmove(silence + 1, silence, strlen(silence) + 1);
    memcpy(silence, "silence_ms = 20\n", 16);
    (void)strcpy(ret_path, "/tmp/fillgate-profile-XXXXXX");
    fd = mkstemp(ret_path);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, text, length + 1), length + 1);
    CHECK_INT(close(fd), 0);
}

/* Waits until the transmitter's next request, but for this one, must wait out its silence. Returns the number
 * of the request that comes next. */
static unsigned await_silence(void)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;

    for (;;) {
        unsigned next = note_mark(&server);
        const struct note *newest = &server.notes[next - 1];
        int64_t since_ms;

        CHECK(fg_mono_ms() < end_ms);
        (void)pthread_mutex_lock(&server.mutex);
        since_ms = fg_mono_ms() - newest->at_ms;
        if (newest->unit == 2 && newest->address == 2 && since_ms >= 5 && since_ms <= 12 &&
            server.note_count == next) {
            (void)pthread_mutex_unlock(&server.mutex);
            return next;
        }
        (void)pthread_mutex_unlock(&server.mutex);
        fg_sleep_ms(1);
    }
}

TEST("FAIL-CLOSED: a shut request does not wait for the silence that another device needs")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    patient_profile_make(settings.devices[1].profile_path);
    plant = start_point(&settings);
    CHECK_INT(unlink(settings.devices[1].profile_path), 0);
    for (int i = 0; i < 5; i++) {
        unsigned next;

        fg_plant_hold_open(plant);
        CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
        next = await_silence();
        fg_plant_shut(plant);
        CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
        (void)pthread_mutex_lock(&server.mutex);
        CHECK_INT(server.notes[next].unit, 1);
        CHECK_INT(server.notes[next].function, MODBUS_FC_WRITE_SINGLE_COIL);
        (void)pthread_mutex_unlock(&server.mutex);
    }
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("a silent device goes to probing, then down, the others and the valve go on, and it comes back")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    struct fg_device_status status;
    unsigned mark;
    int64_t begun_ms;
    int64_t probes;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    SET(&server, server.silent[3] = true);
    CHECK(wait_link(plant, 2, FG_LINK_PROBING));
    CHECK(wait_link(plant, 2, FG_LINK_DOWN));
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_TIME_OUT, 0));
    mark = note_mark(&server);
    begun_ms = fg_mono_ms();
    fg_sleep_ms(500);
    probes = count_notes(&server, mark, 3, MODBUS_FC_READ_HOLDING_REGISTERS, 520);
    CHECK(probes <= 2 + (fg_mono_ms() - begun_ms) / FG_DEVICE_PROBE_MS);
    fg_plant_device_status(plant, 2, &status);
    CHECK(status.failures >= 3);
    CHECK_HAS(status.last_error, "unit 3");
    CHECK_HAS(status.last_error, "no answer in time");
    set_float(&server, 2, FG_ORDER_1234, 100);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 10000));
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    SET(&server, server.silent[3] = false);
    CHECK(wait_link(plant, 2, FG_LINK_UP));
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("a dead meter on another bus delays nothing on the valve's bus")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;

    server_start(&server);
    server_start(&other);
    SET(&other, other.silent[3] = true);
    settings = point("second");
    settings.buses[1].response_max_ms = 3000;
    plant = start_point(&settings);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    mark = note_mark(&other);
    set_float(&server, 2, FG_ORDER_1234, 100);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 10000));
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    CHECK(note_mark(&other) <= mark + 1);
    CHECK_INT(count_notes(&other, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0), 0);
    CHECK_INT(count_notes(&other, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200), 0);
    fg_plant_destroy(plant);
    server_stop(&other);
    server_stop(&server);
}

TEST("a late answer does not poison the next read")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_TEMPERATURE_DC, FG_READING_GOOD, 215));
    for (int i = 0; i < 3; i++) {
        struct fg_device_status before;
        struct fg_device_status after;

        fg_plant_device_status(plant, 1, &before);
        SET(&server, server.late_ms[2] = 130);
        do {
            fg_sleep_ms(5);
            fg_plant_device_status(plant, 1, &after);
        } while (after.failures == before.failures);
        set_float(&server, 2, FG_ORDER_1234, 50 + i);
        CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 5000 + i * 100));
        CHECK(wait_reading(plant, FG_SIGNAL_TEMPERATURE_DC, FG_READING_GOOD, 215));
    }
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("a closed link is opened again with back-off, and the byte order is asked anew")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    SET(&server, server.hang_up = true);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_TIME_OUT, 0));
    SET(&server, server.map->tab_registers[520] = 0);
    set_float(&server, 246, FG_ORDER_1234, 20);
    set_float(&server, 258, FG_ORDER_1234, 1234);
    set_float(&server, 262, FG_ORDER_1234, 98765);
    SET(&server, server.hang_up = false);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 1200));
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
    SET(&server, CHECK(server.connections >= 2));
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("the back-off doubles from 0.2 s and ends at 5 s")
{
    struct fg_bus_settings settings = {"b", FG_BUS_RTU, "/nonexistent/tty", 0, 9600, 'N', 1, 100, 100};
    struct fg_bus bus;

    CHECK_OK(fg_bus_init(&bus, &settings, 100, &error), &error);
    CHECK_INT(fg_bus_open(&bus, &error), FG_E_GONE);
    CHECK_HAS(error.text, "/nonexistent/tty");
    CHECK_INT(fg_bus_open(&bus, &error), FG_E_BUSY);
    CHECK_INT(bus.reopening.failures, 1);
    for (int i = 0; i < 6; i++) {
        bus.reopening.until_mono_ms = 0;
        CHECK_INT(fg_bus_open(&bus, &error), FG_E_GONE);
    }
    CHECK_INT(bus.reopening.failures, 7);
    CHECK_INT(fg_bus_write_coil(&bus, 1, 0, false, 0, &error), FG_E_GONE);
    fg_bus_destroy(&bus);
    settings.kind = 9;
    CHECK_INT(fg_bus_init(&bus, &settings, 100, &error), FG_E_ARG);
    CHECK_INT(fg_bus_init(&bus, &settings, 0, &error), FG_E_RANGE);
}

TEST("FAIL-CLOSED: a fault, an implausible and an old reading are given as such")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    settings.reading_age_max_ms = 1500;
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    SET(&server, fg_codec_split(FG_TYPE_F32, FG_ORDER_1234, 0x7FC00000, &server.map->tab_registers[2]));
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_FAULT, 0));
    set_float(&server, 2, FG_ORDER_1234, 5000);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_RANGE, 0));
    SET(&server, fg_codec_split(FG_TYPE_F32, FG_ORDER_3412, 0x7FA00000, &server.map->tab_registers[246]));
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_FAULT, 0));
    set_float(&server, 2, FG_ORDER_1234, 100);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 10000));
    SET(&server, server.refuse[2] = true);
    CHECK(wait_error(plant, 1, "exception 2, illegal address"));
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_TIME_OUT, 0));
    SET(&server, server.map->tab_registers[520] = 77);
    SET(&server, server.silent[3] = true);
    CHECK(wait_link(plant, 2, FG_LINK_DOWN));
    SET(&server, server.silent[3] = false);
    CHECK(wait_error(plant, 2, "byte order 77"));
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: a valve that does not follow is not confirmed shut by a dead device")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    SET(&server, server.silent[1] = true);
    CHECK_INT(fg_plant_shut_wait(plant, 300, &error), FG_E_TIMEOUT);
    CHECK_HAS(error.text, "relay");
    SET(&server, server.silent[1] = false);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: a watched valve gets a changing heartbeat while it is held, and none after")
{
    static const char text[] = "[device]\nname = W\nsource = none\nblock_gap = 0\nsilence_ms = 0\n"
                               "[output valve]\nform = watchdog\ntable = coil\naddress = 0\nbase = 0\n"
                               "heartbeat_address = 600\nrelease_ms = 300\n"
                               "[signal valve_open]\ntable = coil\naddress = 0\nbase = 0\ntype = bit\n"
                               "active = 1\n";
    FILE *file = fopen(fg_test_path("watched.profile"), "w");
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;

    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_INT(fclose(file), 0);
    server_start(&server);
    settings = point("main");
    (void)snprintf(settings.devices[0].profile_path, sizeof(settings.devices[0].profile_path), "%s",
                   fg_test_path("watched.profile"));
    plant = start_point(&settings);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    fg_sleep_ms(500);
    SET(&server, CHECK(server.map->tab_registers[600] >= 2));
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    mark = note_mark(&server);
    fg_sleep_ms(200);
    CHECK_INT(count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_REGISTER, 600), 0);
    fg_plant_destroy(plant);
    server_stop(&server);
}

/* The child runs the plant, holds the valve and waits to be killed. Made before there is any thread. */
static pid_t start_child(int *ret_port_pipe)
{
    int ends[2];
    pid_t child;

    CHECK_INT(pipe(ends), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct fg_plant_settings settings;
        struct fg_plant *plant = NULL;

        if (read(ends[0], &server.port, sizeof(server.port)) != (ssize_t)sizeof(server.port))
            _exit(1);
        settings = point("main");
        if (fg_plant_new(&settings, &plant, NULL) != FG_OK || fg_plant_start(plant, NULL) != FG_OK)
            _exit(1);
        for (;;) {
            fg_plant_hold_open(plant);
            fg_sleep_ms(20);
        }
    }
    (void)close(ends[0]);
    *ret_port_pipe = ends[1];
    return child;
}

TEST("FAIL-CLOSED: after SIGKILL of the process the valve falls shut by its timed release")
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    int pipe_end = -1;
    pid_t child = start_child(&pipe_end);
    bool open = false;

    server_start(&server);
    CHECK_INT(write(pipe_end, &server.port, sizeof(server.port)), sizeof(server.port));
    while (count_notes(&server, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200) < 3 && fg_mono_ms() < end_ms)
        fg_sleep_ms(5);
    CHECK(count_notes(&server, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200) >= 3);
    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK_INT(waitpid(child, NULL, 0), child);
    SET(&server, CHECK(server.valve_until_ms <= fg_mono_ms() + 300));
    fg_sleep_ms(310);
    SET(&server, (play_relay(&server), open = server.map->tab_bits[0] != 0));
    CHECK(!open);
    (void)close(pipe_end);
    server_stop(&server);
}

TEST("settings and profiles that contradict each other are refused")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant = NULL;

    server.port = 1502;
    settings = point("main");
    add_device(&settings, "meter2", "main", "boards/profiles/micro-motion-mvd.profile", 4);
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_EXISTS);
    CHECK_HAS(error.text, "meter2");
    settings.device_count = 3;
    settings.devices[2].unit = 2;
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_EXISTS);
    settings.devices[2].unit = 0;
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_RANGE);
    settings = point("main");
    (void)snprintf(settings.devices[1].bus, sizeof(settings.devices[1].bus), "none");
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_NOT_FOUND);
    settings = point("main");
    settings.devices[0] = settings.devices[2];
    settings.device_count = 2;
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "valve");
    settings = point("main");
    add_device(&settings, "relay2", "main", "boards/profiles/waveshare-relay-8ch.profile", 4);
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_EXISTS);
    settings.lease_ms = 0;
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_RANGE);
    settings.bus_count = 0;
    CHECK_INT(fg_plant_new(&settings, &plant, &error), FG_E_RANGE);
    CHECK(plant == NULL);
    fg_plant_destroy(NULL);
}

TEST("a confirmation counts only if it echoes unit, function, address and value")
{
    static const uint8_t good[] = {1, 5, 2, 0, 0, 3};
    uint8_t bad[sizeof(good)];

    CHECK(fg_bus_is_echo(good, sizeof(good), 1, 0x200, 3));
    CHECK(!fg_bus_is_echo(good, sizeof(good) - 1, 1, 0x200, 3));
    for (size_t i = 0; i < sizeof(good); i++) {
        memcpy(bad, good, sizeof(bad));
        bad[i] ^= 0x80;
        CHECK(!fg_bus_is_echo(bad, sizeof(bad), 1, 0x200, 3));
    }
}

/* The other end of a wire that comes back: what was sent before counts for nothing. */
static void hang_up(bool on)
{
    SET(&server, server.hang_up = on);
}

TEST("FAIL-CLOSED: after its bus was lost the valve is told again, before anything else is asked")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;
    int64_t end_ms;

    server_start(&server);
    settings = point("main");
    settings.buses[0].cycle_ms = 3000; /* a round's own order to the valve is far away */
    plant = start_point(&settings);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    hang_up(true);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_TIME_OUT, 0));
    mark = note_mark(&server);
    hang_up(false);
    end_ms = fg_mono_ms() + DEADLINE_MS;
    while (note_mark(&server) == mark && fg_mono_ms() < end_ms)
        fg_sleep_ms(5);
    SET(&server, CHECK_INT(server.notes[mark].function, MODBUS_FC_WRITE_SINGLE_COIL));
    SET(&server, CHECK_INT(server.notes[mark].address, 0));
    SET(&server, CHECK_INT(server.notes[mark].value, 0));
    fg_plant_destroy(plant);
    server_stop(&server);
}

/* How often the valve was told to shut since a mark. */
static unsigned count_shut(unsigned mark)
{
    return count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0);
}

TEST("FAIL-CLOSED: a valve that reads open after it was told to shut is told again before the round is over, "
     "one that "
     "reads shut is not")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;
    int64_t end_ms;

    server_start(&server);
    settings = point("main");
    settings.buses[0].cycle_ms = 20000; /* a round's own order to the valve is far away */
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    mark = note_mark(&server);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    fg_sleep_ms(150);
    CHECK_INT(count_shut(mark), 1);
    SET(&server, server.stuck_open = true);
    mark = note_mark(&server);
    CHECK_INT(fg_plant_shut_wait(plant, 100, &error), FG_E_TIMEOUT);
    end_ms = fg_mono_ms() + DEADLINE_MS;
    while (count_shut(mark) < 4 && fg_mono_ms() < end_ms)
        fg_sleep_ms(5);
    CHECK(count_shut(mark) >= 4);
    SET(&server, server.stuck_open = false);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("a valve is held open between two rounds as well, and no more often than its release time asks for")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;
    unsigned count;
    int64_t begun_ms;
    int64_t end_ms;

    server_start(&server);
    settings = point("main");
    settings.buses[0].cycle_ms = 20000;
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    mark = note_mark(&server);
    begun_ms = fg_mono_ms();
    fg_plant_hold_open(plant);
    end_ms = begun_ms + DEADLINE_MS;
    do {
        fg_sleep_ms(5);
        count = count_notes(&server, mark, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200);
    } while (count < 8 && fg_mono_ms() < end_ms);
    CHECK(count >= 8);
    /* 300 ms of release, two thirds of it less the 100 ms of a request: every 100 ms at the earliest. */
    CHECK(fg_mono_ms() - begun_ms >= 7 * 100);
    CHECK_INT(count_shut(mark), 0);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: the valve is driven through its own device, wherever the lamps are")
{
    static const char text[] = "[device]\nname = L\nsource = none\nblock_gap = 0\nsilence_ms = 0\n"
                               "[output %s]\nform = plain\ntable = coil\naddress = 5\nbase = 0\n";
    static const char valve[] =
        "[device]\nname = V\nsource = none\nblock_gap = 0\nsilence_ms = 0\n"
        "[signal valve_open]\ntable = coil\naddress = 0\nbase = 0\ntype = bit\nactive = 1\n"
        "[output valve]\nform = timed\ntable = coil\naddress = 0\nbase = 0\n"
        "timed_address = 0x200\ntick_ms = 100\nrelease_ms = 300\n";
    struct fg_plant_settings settings = {0};
    struct fg_plant *plant;

    server_start(&server);
    add_bus(&settings, "main", server.port);
    settings.reading_age_max_ms = 60000;
    settings.lease_ms = 60000;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = {"green", "valve", "red"};
        char path[256];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", fg_test_directory(), names[i]);
        file = fopen(path, "w");
        CHECK(file != NULL);
        CHECK((i == 1 ? fputs(valve, file) : fprintf(file, text, names[i])) >= 0);
        CHECK_INT(fclose(file), 0);
        add_device(&settings, names[i], "main", path, (uint8_t)(i + 1));
    }
    plant = start_point(&settings);
    CHECK_OK(fg_plant_shut_wait(plant, DEADLINE_MS, &error), &error);
    fg_plant_set_lamp(plant, FG_LAMP_RED, true);
    fg_plant_hold_open(plant);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 1));
    CHECK(count_notes(&server, 0, 2, MODBUS_FC_WRITE_SINGLE_COIL, 0x200) > 0);
    CHECK_INT(count_notes(&server, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 0x200), 0);
    CHECK_INT(count_notes(&server, 0, 3, MODBUS_FC_WRITE_SINGLE_COIL, 0x200), 0);
    CHECK(count_notes(&server, 0, 1, MODBUS_FC_WRITE_SINGLE_COIL, 5) > 0);
    CHECK(count_notes(&server, 0, 3, MODBUS_FC_WRITE_SINGLE_COIL, 5) > 0);
    CHECK_INT(count_notes(&server, 0, 2, MODBUS_FC_WRITE_SINGLE_COIL, 5), 0);
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("FAIL-CLOSED: a valve that does not answer when the plant ends is told to shut once more before the "
     "port is left")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    unsigned mark;

    server_start(&server);
    settings = point("main");
    settings.buses[0].cycle_ms = 20000;
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    SET(&server, server.silent[1] = true);
    mark = note_mark(&server);
    fg_plant_destroy(plant);
    CHECK(count_shut(mark) > 3); /* three are one order and its repeats */
    server_stop(&server);
}

TEST("a lamp that reads back unlike commanded is told, one that follows is not")
{
    struct fg_plant_settings settings;
    struct fg_device_status status;
    struct fg_plant *plant;
    int64_t end_ms;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    fg_plant_set_lamp(plant, FG_LAMP_GREEN, true);
    fg_plant_set_lamp(plant, FG_LAMP_COUNT, true);
    CHECK(wait_reading(plant, FG_SIGNAL_VALVE_OPEN, FG_READING_GOOD, 0));
    fg_sleep_ms(200);
    fg_plant_device_status(plant, 0, &status);
    CHECK(strstr(status.last_error, "lamp output") == NULL);
    end_ms = fg_mono_ms() + DEADLINE_MS;
    SET(&server, server.ignore_lamp = true);
    do {
        fg_sleep_ms(2);
        fg_plant_device_status(plant, 0, &status);
    } while (strstr(status.last_error, "lamp output 0") == NULL && fg_mono_ms() < end_ms);
    CHECK_HAS(status.last_error, "lamp output 0");
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("between two rounds the bus thread sleeps")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;
    struct timespec before;
    struct timespec after;

    server_start(&server);
    settings = point("main");
    settings.buses[0].cycle_ms = 2000;
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    CHECK_INT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before), 0);
    fg_sleep_ms(1500);
    CHECK_INT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after), 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 500);
    fg_plant_destroy(plant);
    server_stop(&server);
}

/* Destroys what was made in spite of all. */
static enum fg_err make_code(const struct fg_plant_settings *settings)
{
    struct fg_plant *plant = NULL;
    enum fg_err code = fg_plant_new(settings, &plant, &error);

    fg_plant_destroy(plant);
    return code;
}

TEST("each number of the plant's settings is taken up to its bounds and not beyond")
{
    struct fg_plant_settings good;
    struct fg_plant_settings settings;

    server.port = 1502;
    good = point("main");
    CHECK_INT(make_code(&good), FG_OK);
    settings = good;
    settings.lease_ms = 0;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    CHECK_HAS(error.text, "lease_ms");
    settings = good;
    settings.reading_age_max_ms = 0;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    CHECK_HAS(error.text, "reading_age_max_ms must not be 0");
    settings = good;
    settings.lease_ms = 1;
    CHECK_INT(make_code(&settings), FG_OK);
    settings = good;
    settings.bus_count = 0;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    CHECK_HAS(error.text, "1 to 4 buses");
    settings.bus_count = FG_BUSES_MAX + 1;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    settings = good;
    settings.device_count = 0;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    CHECK_HAS(error.text, "devices");
    settings.device_count = FG_DEVICES_MAX + 1;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    settings = good;
    add_bus(&settings, "second", 1503);
    settings.buses[1].cycle_ms = 0;
    CHECK_INT(make_code(&settings), FG_E_RANGE);
    CHECK_HAS(error.text, "bus second: cycle_ms must not be 0");
    settings = good;
    settings.buses[0].cycle_ms = 1;
    CHECK_INT(make_code(&settings), FG_OK);
    settings = good;
    while (settings.bus_count < FG_BUSES_MAX)
        add_bus(&settings, "more", 1504);
    CHECK_INT(make_code(&settings), FG_OK);
}

TEST("a unit is 1 to 247, and two devices may have the same one on two buses, not on one")
{
    static const struct {
        uint8_t unit;
        enum fg_err code;
    } units[] = {{0, FG_E_RANGE}, {1, FG_E_EXISTS}, {2, FG_E_EXISTS},
                 {3, FG_OK},      {247, FG_OK},     {248, FG_E_RANGE}};
    struct fg_plant_settings settings;

    server.port = 1502;
    other.port = 1503;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        settings = point("main");
        settings.devices[2].unit = units[i].unit;
        CHECK_INT(make_code(&settings), units[i].code);
        if (units[i].code == FG_E_RANGE)
            CHECK_HAS(error.text, "device meter: unit must be 1 to 247");
    }
    CHECK_INT(units[0].code, FG_E_RANGE);
    settings = point("second");
    for (uint8_t unit = 1; unit <= 2; unit++) {
        settings.devices[2].unit = unit;
        CHECK_INT(make_code(&settings), FG_OK);
    }
    settings.devices[1].unit = 1;
    CHECK_INT(make_code(&settings), FG_E_EXISTS);
    CHECK_HAS(error.text, "devices relay and pressure: same bus and unit");
}

TEST("a plant that was started does not start again, and one ends at once however long its rounds are")
{
    struct fg_plant_settings settings;
    struct fg_plant_state state;
    struct fg_plant *plant = NULL;
    int64_t begun_ms;

    server_start(&server);
    server_start(&other);
    settings = point("second");
    settings.buses[0].cycle_ms = 20000;
    settings.buses[1].cycle_ms = 20000;
    CHECK_OK(fg_plant_new(&settings, &plant, &error), &error);
    fg_plant_read(plant, &state);
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++)
        CHECK_INT(state.readings[i].state, FG_READING_MISSING);
    CHECK_OK(fg_plant_start(plant, &error), &error);
    CHECK_INT(fg_plant_start(plant, &error), FG_E_STATE);
    CHECK_HAS(error.text, "started already");
    CHECK(wait_reading(plant, FG_SIGNAL_INVENTORY_G, FG_READING_GOOD, 98765));
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    begun_ms = fg_mono_ms();
    fg_plant_destroy(plant);
    CHECK(fg_mono_ms() - begun_ms < DEADLINE_MS);
    server_stop(&other);
    server_stop(&server);
}

TEST("FAIL-CLOSED: a bus that cannot be opened makes its own devices down, says why, and leaves the others")
{
    struct fg_plant_settings settings;
    struct fg_device_status status;
    struct fg_plant_state state;
    struct fg_plant *plant;

    server_start(&server);
    other.port = 1; /* nobody listens there */
    settings = point("second");
    plant = start_point(&settings);
    CHECK(wait_error(plant, 2, "bus second: cannot open 127.0.0.1"));
    fg_plant_read(plant, &state);
    for (unsigned signal = FG_SIGNAL_FLOW_G_MIN; signal <= FG_SIGNAL_INVENTORY_G; signal++)
        CHECK_INT(state.readings[signal].state, FG_READING_TIME_OUT);
    CHECK(wait_reading(plant, FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD, 20025));
    CHECK(wait_link(plant, 1, FG_LINK_UP));
    fg_sleep_ms(50); /* while it waits before the next try, what happened stays said */
    fg_plant_device_status(plant, 2, &status);
    CHECK_INT(status.link, FG_LINK_DOWN);
    CHECK_HAS(status.last_error, "cannot open");
    fg_plant_device_status(plant, 1, &status);
    CHECK_TEXT(status.last_error, "");
    fg_plant_destroy(plant);
    server_stop(&server);
}

/* Waits until the plant says that something is new, and takes that up. */
static bool told_within(const struct fg_plant *plant, int timeout_ms)
{
    struct pollfd wait = {fg_plant_event_fd(plant), POLLIN, 0};
    uint64_t count = 0;

    if (poll(&wait, 1, timeout_ms) != 1)
        return false;
    CHECK_INT(read(wait.fd, &count, sizeof(count)), sizeof(count));
    return count > 0;
}

TEST("who waits for the plant is told of every round, and of a link that cannot be opened")
{
    struct fg_plant_settings settings;
    struct fg_plant *plant;

    server_start(&server);
    settings = point("main");
    plant = start_point(&settings);
    CHECK(wait_reading(plant, FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD, 600));
    for (int i = 0; i < 5; i++)
        CHECK(told_within(plant, DEADLINE_MS));
    hang_up(true);
    CHECK(wait_link(plant, 1, FG_LINK_DOWN));
    for (int i = 0; i < 5; i++)
        CHECK(told_within(plant, DEADLINE_MS));
    fg_plant_destroy(plant);
    server_stop(&server);
}

TEST("a connection that the other end has closed is a lost link at the first request")
{
    struct fg_plant_settings settings = {0};
    uint16_t word = 0;
    struct fg_bus bus;
    int64_t end_ms;

    server_start(&server);
    add_bus(&settings, "main", server.port);
    CHECK_OK(fg_bus_init(&bus, &settings.buses[0], 2000, &error), &error);
    CHECK_OK(fg_bus_open(&bus, &error), &error);
    CHECK_OK(fg_bus_read(&bus, 3, FG_TABLE_HOLDING, 520, 1, 0, &word, &error), &error);
    CHECK_INT(word, 1);
    hang_up(true);
    end_ms = fg_mono_ms() + DEADLINE_MS;
    while (fg_bus_read(&bus, 3, FG_TABLE_HOLDING, 520, 1, 0, &word, &error) == FG_OK && fg_mono_ms() < end_ms)
        fg_sleep_ms(1);
    CHECK_INT(error.code, FG_E_GONE);
    CHECK_INT(bus.outcome, FG_OUTCOME_LINK_LOST);
    CHECK(!bus.is_open);
    fg_bus_destroy(&bus);
    server_stop(&server);
}
