/* Implementation of looking addresses up (resolve.h). */
#include "lib/net/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/monotime.h"

#define STACK_BYTES (256 * 1024)

/* Shared by the one who asks and the thread that looks up; whoever of them is last frees it. */
struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool done;      /* code and addresses are set */
    bool abandoned; /* nobody waits any more */
    int code;       /* of getaddrinfo */
    struct addrinfo *addresses;
    char host[FG_HOST_MAX + 1];
    char port[FG_PORT_MAX + 1];
};

static int addresses_find(const char *host, const char *port, int flags, struct addrinfo **ret_addresses)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};

    return getaddrinfo(host, port, &hints, ret_addresses);
}

static void lookup_free(struct lookup *lookup)
{
    (void)pthread_cond_destroy(&lookup->ended);
    (void)pthread_mutex_destroy(&lookup->mutex);
    free(lookup);
}

static void *lookup_run(void *context)
{
    struct lookup *lookup = context;
    struct addrinfo *addresses = NULL;
    int code = addresses_find(lookup->host, lookup->port, 0, &addresses);
    bool abandoned;

    (void)pthread_mutex_lock(&lookup->mutex);
    abandoned = lookup->abandoned;
    lookup->code = code;
    lookup->addresses = addresses;
    lookup->done = true;
    (void)pthread_cond_signal(&lookup->ended);
    (void)pthread_mutex_unlock(&lookup->mutex);
    if (abandoned) {
        if (code == 0)
            freeaddrinfo(addresses);
        lookup_free(lookup);
    }
    return NULL;
}

static struct lookup *lookup_new(const char *host, const char *port)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    pthread_condattr_t monotonic;

    if (lookup == NULL)
        return NULL;
    memcpy(lookup->host, host, strlen(host) + 1);
    memcpy(lookup->port, port, strlen(port) + 1);
    (void)pthread_mutex_init(&lookup->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&lookup->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return lookup;
}

static bool thread_start(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    started = pthread_create(&thread, &attributes, lookup_run, lookup) == 0;
    (void)pthread_attr_destroy(&attributes);
    return started;
}

/* Waits for the thread; after it lookup is the thread's when *ret_done is false, else ours. */
static void lookup_await(struct lookup *lookup, int64_t deadline_mono_ms, bool *ret_done)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_mono_ms / 1000),
                             .tv_nsec = (long)(deadline_mono_ms % 1000) * 1000000};
    int waited = 0;

    (void)pthread_mutex_lock(&lookup->mutex);
    while (!lookup->done && waited == 0)
        waited = pthread_cond_timedwait(&lookup->ended, &lookup->mutex, &until);
    lookup->abandoned = !lookup->done;
    *ret_done = lookup->done;
    (void)pthread_mutex_unlock(&lookup->mutex);
}

static enum fg_err name_find(const char *host, const char *port, int64_t deadline_mono_ms,
                             struct addrinfo **ret_addresses, struct fg_error *error)
{
    struct lookup *lookup = lookup_new(host, port);
    bool done = false;
    int code;

    if (lookup == NULL || !thread_start(lookup)) {
        if (lookup != NULL)
            lookup_free(lookup);
        return fg_fail(error, FG_E_MEMORY, "%s: no memory or thread to look the name up", host);
    }
    lookup_await(lookup, deadline_mono_ms, &done);
    if (!done)
        return fg_fail(error, FG_E_TIMEOUT, "%s: time is over while looking the name up", host);
    code = lookup->code;
    if (code == 0)
        *ret_addresses = lookup->addresses;
    lookup_free(lookup);
    return code == 0 ? FG_OK
                     : fg_fail(error, FG_E_IO, "%s: cannot look the name up: %s", host, gai_strerror(code));
}

enum fg_err fg_resolve(const char *host, const char *port, int64_t deadline_mono_ms,
                       struct addrinfo **ret_addresses, struct fg_error *error)
{
    if (strlen(host) > FG_HOST_MAX || strlen(port) > FG_PORT_MAX)
        return fg_fail(error, FG_E_ARG, "%.80s: longer than a host's name can be", host);
    if (addresses_find(host, port, AI_NUMERICHOST, ret_addresses) == 0)
        return FG_OK;
    if (fg_mono_ms() >= deadline_mono_ms)
        return fg_fail(error, FG_E_TIMEOUT, "%s: time is over before looking the name up", host);
    return name_find(host, port, deadline_mono_ms, ret_addresses, error);
}
