/* Implementation of turns.h. */
#include "lib/system/turns.h"

#include <time.h>

#define S_MS 1000
#define MS_NS 1000000L
#define S_NS 1000000000L

static struct timespec time_after(int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / S_MS);
    until.tv_nsec += (long)(ms % S_MS) * MS_NS;
    if (until.tv_nsec >= S_NS) {
        until.tv_sec++;
        until.tv_nsec -= S_NS;
    }
    return until;
}

static void release(struct fg_turns *turns)
{
    (void)pthread_cond_destroy(&turns->changed);
    (void)pthread_mutex_destroy(&turns->lock);
}

enum fg_err fg_turns_start(struct fg_turns *turns, void *(*run)(void *context), void *context,
                           const char *what, struct fg_error *error)
{
    pthread_condattr_t attributes;

    turns->stopping = false;
    turns->woken = false;
    (void)pthread_mutex_init(&turns->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&turns->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_create(&turns->thread, NULL, run, context) == 0)
        return FG_OK;
    release(turns);
    return fg_fail(error, FG_E_IO, "%s: the thread cannot be started", what);
}

bool fg_turns_go_on(struct fg_turns *turns)
{
    bool go_on;

    (void)pthread_mutex_lock(&turns->lock);
    go_on = !turns->stopping;
    (void)pthread_mutex_unlock(&turns->lock);
    return go_on;
}

bool fg_turns_rest(struct fg_turns *turns, int64_t rest_ms, bool may_be_woken)
{
    struct timespec until = time_after(rest_ms);
    int waited = 0;
    bool go_on;

    (void)pthread_mutex_lock(&turns->lock);
    while (!turns->stopping && waited == 0 && !(may_be_woken && turns->woken))
        waited = pthread_cond_timedwait(&turns->changed, &turns->lock, &until);
    turns->woken = false;
    go_on = !turns->stopping;
    (void)pthread_mutex_unlock(&turns->lock);
    return go_on;
}

static void tell(struct fg_turns *turns, bool *what)
{
    (void)pthread_mutex_lock(&turns->lock);
    *what = true;
    (void)pthread_cond_signal(&turns->changed);
    (void)pthread_mutex_unlock(&turns->lock);
}

void fg_turns_wake(struct fg_turns *turns)
{
    tell(turns, &turns->woken);
}

void fg_turns_tell_to_stop(struct fg_turns *turns)
{
    tell(turns, &turns->stopping);
}

void fg_turns_stop(struct fg_turns *turns)
{
    fg_turns_tell_to_stop(turns);
    (void)pthread_join(turns->thread, NULL);
    release(turns);
}

bool fg_turns_stop_within(struct fg_turns *turns, int64_t wait_ms)
{
    struct timespec until = time_after(wait_ms);

    fg_turns_tell_to_stop(turns);
    if (pthread_clockjoin_np(turns->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
        return false;
    release(turns);
    return true;
}
