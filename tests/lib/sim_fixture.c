/* The point of sim_fixture.h. */
#include "tests/lib/sim_fixture.h"

#include <poll.h>
#include <pthread.h>
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
