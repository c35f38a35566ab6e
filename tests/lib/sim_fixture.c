/* The point of sim_fixture.h. */
#include "tests/lib/sim_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/monotime.h"
#include "tests/lib/check.h"

#define NAP_MAX_NS 5000000

static struct fg_sim sim;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static bool stopping;

static void *serve(void *unused)
{
    bool stop = false;

    (void)unused;
    while (!stop) {
        struct pollfd wait[2];
        struct timespec nap = {0, NAP_MAX_NS};
        int64_t next_ns;

        (void)pthread_mutex_lock(&mutex);
        next_ns = fg_sim_next_ns(&sim);
        wait[0] = (struct pollfd){sim.plant_port.master, POLLIN, 0};
        wait[1] = (struct pollfd){sim.nfc_port.master, POLLIN, 0};
        (void)pthread_mutex_unlock(&mutex);
        if (next_ns != 0 && next_ns - fg_mono_ns() < NAP_MAX_NS)
            nap.tv_nsec = next_ns > fg_mono_ns() ? (long)(next_ns - fg_mono_ns()) : 0;
        (void)ppoll(wait, 2, &nap, NULL);
        (void)pthread_mutex_lock(&mutex);
        fg_sim_advance(&sim, fg_mono_ns());
        if ((wait[0].revents & POLLIN) != 0)
            fg_sim_serve_plant(&sim);
        if ((wait[1].revents & POLLIN) != 0)
            fg_sim_serve_reader(&sim);
        stop = stopping;
        (void)pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

void fg_sim_fixture_begin(const char *directory)
{
    struct fg_error error = {FG_OK, ""};

    CHECK_OK(fg_sim_init(&sim, directory, fg_mono_ns(), &error), &error);
    stopping = false;
    CHECK_INT(pthread_create(&thread, NULL, serve, NULL), 0);
}

void fg_sim_fixture_end(void)
{
    (void)pthread_mutex_lock(&mutex);
    stopping = true;
    (void)pthread_mutex_unlock(&mutex);
    (void)pthread_join(thread, NULL);
    fg_sim_close(&sim);
}

void fg_sim_fixture_do(const char *command)
{
    static char reply[FG_SIM_REPLY_MAX];
    struct fg_error error = {FG_OK, ""};
    struct fg_sim_pause pause;
    enum fg_err code;

    (void)pthread_mutex_lock(&mutex);
    fg_sim_advance(&sim, fg_mono_ns());
    code = fg_sim_execute(&sim, command, strlen(command), reply, &pause, &error);
    (void)pthread_mutex_unlock(&mutex);
    CHECK_OK(code, &error);
}

bool fg_sim_fixture_valve_is_open(void)
{
    bool open;

    (void)pthread_mutex_lock(&mutex);
    open = sim.plant.nozzle.valve_open;
    (void)pthread_mutex_unlock(&mutex);
    return open;
}

void fg_sim_fixture_device(struct fg_plant_settings *settings, const char *name, const char *profile,
                           uint8_t unit)
{
    struct fg_device_settings *device = &settings->devices[settings->device_count++];

    (void)snprintf(device->name, sizeof(device->name), "%s", name);
    (void)snprintf(device->bus, sizeof(device->bus), "%s", settings->buses[0].name);
    (void)snprintf(device->profile_path, sizeof(device->profile_path), "%s", profile);
    device->unit = unit;
}

void fg_sim_fixture_point(struct fg_plant_settings *ret_settings, const char *bus_path,
                          const char *meter_profile, uint32_t response_max_ms, uint32_t reading_age_max_ms)
{
    struct fg_bus_settings *bus = &ret_settings->buses[0];

    memset(ret_settings, 0, sizeof(*ret_settings));
    ret_settings->bus_count = 1;
    (void)snprintf(bus->name, sizeof(bus->name), "main");
    (void)snprintf(bus->path, sizeof(bus->path), "%s", bus_path);
    bus->kind = FG_BUS_RTU;
    bus->baud = 115200;
    bus->parity = 'N';
    bus->stop_bits = 1;
    bus->response_max_ms = response_max_ms;
    bus->cycle_ms = 60;
    ret_settings->reading_age_max_ms = reading_age_max_ms;
    ret_settings->lease_ms = 200;
    fg_sim_fixture_device(ret_settings, "relay", "boards/sim/profiles/point-io.profile", 1);
    fg_sim_fixture_device(ret_settings, "pressure", "boards/profiles/keller-33x.profile", 2);
    fg_sim_fixture_device(ret_settings, "meter", meter_profile, 3);
}
