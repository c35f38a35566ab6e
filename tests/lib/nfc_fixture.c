/* The thread that serves the chip of nfc_fixture.h. */
#include "tests/lib/nfc_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boards/sim/pty_port.h"
#include "proto/monotime.h"
#include "tests/lib/check.h"

#define SERVE_MS 5

static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    bool running;
    bool stop;
    bool plugged;
    char directory[64];
    char port_path[96];
    char connection[128];
    struct fg_pty_port port;
    struct fg_pn532 chip;
} fixture = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void chip_serve(void)
{
    uint8_t bytes[512];
    ssize_t count;

    if (!fixture.plugged)
        return;
    count = read(fixture.port.master, bytes, sizeof(bytes));
    if (count > 0)
        fg_pn532_feed(&fixture.chip, bytes, (size_t)count);
    fg_pn532_tick(&fixture.chip, fg_mono_ms());
    if (fixture.chip.out_count > 0)
        (void)!write(fixture.port.master, fixture.chip.out, fixture.chip.out_count);
    fixture.chip.out_count = 0;
}

static void *serve_run(void *unused)
{
    bool stop = false;

    while (!stop) {
        struct pollfd port = {.fd = -1, .events = POLLIN};

        (void)pthread_mutex_lock(&fixture.lock);
        port.fd = fixture.plugged ? fixture.port.master : -1;
        (void)pthread_mutex_unlock(&fixture.lock);
        (void)poll(&port, 1, SERVE_MS);
        (void)pthread_mutex_lock(&fixture.lock);
        chip_serve();
        stop = fixture.stop;
        (void)pthread_mutex_unlock(&fixture.lock);
    }
    return unused;
}

void fg_nfc_fixture_plug(void)
{
    struct fg_error error = {.text = ""};
    enum fg_err code;

    (void)pthread_mutex_lock(&fixture.lock);
    code = fg_pty_port_plug(&fixture.port, fixture.port_path, &error);
    fixture.plugged = code == FG_OK;
    (void)pthread_mutex_unlock(&fixture.lock);
    if (code != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "%s", error.text);
}

void fg_nfc_fixture_unplug(void)
{
    (void)pthread_mutex_lock(&fixture.lock);
    fixture.plugged = false;
    fg_pty_port_unplug(&fixture.port);
    (void)pthread_mutex_unlock(&fixture.lock);
}

void fg_nfc_fixture_start(void)
{
    const struct sched_param before_others = {.sched_priority = 1};

    fg_nfc_fixture_stop();
    fg_pn532_init(&fixture.chip);
    fixture.stop = false;
    (void)snprintf(fixture.directory, sizeof(fixture.directory), "/tmp/fillgate-nfc-XXXXXX");
    if (mkdtemp(fixture.directory) == NULL)
        fg_test_fail(__FILE__, __LINE__, "cannot make a directory in /tmp");
    (void)snprintf(fixture.port_path, sizeof(fixture.port_path), "%s/nfc", fixture.directory);
    (void)snprintf(fixture.connection, sizeof(fixture.connection), "pn532_uart:%s", fixture.port_path);
    fg_nfc_fixture_plug();
    if (pthread_create(&fixture.thread, NULL, serve_run, NULL) != 0)
        fg_test_fail(__FILE__, __LINE__, "cannot start a thread");
    /* A real chip does not wait for the machine, and libnfc gives up an answer that is late. Where it is not
     * allowed the chip is as late as the machine makes it. */
    (void)pthread_setschedparam(fixture.thread, SCHED_RR, &before_others);
    fixture.running = true;
}

void fg_nfc_fixture_stop(void)
{
    if (!fixture.running)
        return;
    (void)pthread_mutex_lock(&fixture.lock);
    fixture.stop = true;
    (void)pthread_mutex_unlock(&fixture.lock);
    (void)pthread_join(fixture.thread, NULL);
    fixture.running = false;
    fg_nfc_fixture_unplug();
    (void)rmdir(fixture.directory);
}

const char *fg_nfc_fixture_port(void)
{
    return fixture.port_path;
}

const char *fg_nfc_fixture_connection(void)
{
    return fixture.connection;
}

void fg_nfc_fixture_tag(struct fg_sim_tag *tag, const char *type, uint8_t seed)
{
    static const struct {
        const char *name;
        uint8_t size_code;
        size_t pages;
    } types[] = {{"ultralight", 0x06, 16}, {"ultralight_c", 0x12, 44}, {"ultralight_ev1", 0x10, 41},
                 {"ntag213", 0x12, 45},    {"ntag215", 0x3E, 135},     {"ntag216", 0x6D, 231}};
    size_t message;
    size_t which = 0;
    uint8_t *m = tag->memory;

    while (which < sizeof(types) / sizeof(types[0]) - 1 && strcmp(types[which].name, type) != 0)
        which++;
    memset(tag, 0, sizeof(*tag));
    (void)snprintf(tag->name, sizeof(tag->name), "%s-%u", type, seed);
    (void)snprintf(tag->type, sizeof(tag->type), "%s", types[which].name);
    tag->length = types[which].pages * 4;
    tag->uid.length = 7;
    tag->uid.bytes[0] = 0x04;
    for (size_t i = 1; i < 7; i++)
        tag->uid.bytes[i] = (uint8_t)(seed + i - 1);
    memcpy(m, tag->uid.bytes, 3);
    m[3] = (uint8_t)(0x88 ^ m[0] ^ m[1] ^ m[2]);
    memcpy(m + 4, tag->uid.bytes + 3, 4);
    m[8] = (uint8_t)(m[4] ^ m[5] ^ m[6] ^ m[7]);
    memcpy(m + 12, (uint8_t[]){0xE1, 0x10, types[which].size_code, 0x00}, 4);
    message = (size_t)types[which].size_code * 8 - 4;
    memcpy(m + 16, (uint8_t[]){0x03, 0xFF, (uint8_t)(message >> 8), (uint8_t)message}, 4);
    for (size_t i = 20; i < 20 + message; i++)
        m[i] = (uint8_t)(i * 7 + seed);
}

void fg_nfc_fixture_place(struct fg_sim_tag *first, struct fg_sim_tag *second)
{
    (void)pthread_mutex_lock(&fixture.lock);
    fg_pn532_place(&fixture.chip, first, second);
    (void)pthread_mutex_unlock(&fixture.lock);
}

void fg_nfc_fixture_arm(enum fg_pn532_fault fault, uint32_t count)
{
    (void)pthread_mutex_lock(&fixture.lock);
    fg_pn532_arm(&fixture.chip, fault, count);
    (void)pthread_mutex_unlock(&fixture.lock);
}

uint64_t fg_nfc_fixture_replies(void)
{
    uint64_t replies;

    (void)pthread_mutex_lock(&fixture.lock);
    replies = fixture.chip.replies;
    (void)pthread_mutex_unlock(&fixture.lock);
    return replies;
}

void fg_nfc_fixture_memory(const struct fg_sim_tag *tag, uint8_t *ret_bytes, size_t length)
{
    (void)pthread_mutex_lock(&fixture.lock);
    memcpy(ret_bytes, tag->memory, length < tag->length ? length : tag->length);
    (void)pthread_mutex_unlock(&fixture.lock);
}
