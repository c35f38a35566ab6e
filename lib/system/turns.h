/* A thread that works by turns: it does its work, rests, and goes on, until it is told to stop.
 *
 * Not: what the work is, nor what guards its data. Relies on: POSIX threads, the monotonic clock. */
#ifndef FG_LIB_SYSTEM_TURNS_H
#define FG_LIB_SYSTEM_TURNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

/* Belongs to the owner of the thread, and stays where it is while the thread runs. */
struct fg_turns {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    bool woken;
};

/* Begins a thread that calls run(context). FG_E_IO, "WHAT: the thread cannot be started": there is nothing to
 * stop then. */
enum fg_err fg_turns_start(struct fg_turns *turns, void *(*run)(void *context), void *context,
                           const char *what, struct fg_error *error);

/* For the thread. False: it is to end. */
bool fg_turns_go_on(struct fg_turns *turns);
/* Rests so long, or, if it may be woken, until it was woken since the last rest. False: it is to end. */
bool fg_turns_rest(struct fg_turns *turns, int64_t rest_ms, bool may_be_woken);

/* For others, from any thread. */
void fg_turns_wake(struct fg_turns *turns);
/* Tells the thread to end; does not wait for it. */
void fg_turns_tell_to_stop(struct fg_turns *turns);

/* For the owner: tells the thread to end and waits for it. */
void fg_turns_stop(struct fg_turns *turns);
/* The same, but waits at most so long. False: the thread still runs; nothing that it uses may be released. */
bool fg_turns_stop_within(struct fg_turns *turns, int64_t wait_ms);

#endif
