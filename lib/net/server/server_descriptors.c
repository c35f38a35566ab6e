/* Descriptors for the connections of this process's HTTPS servers (private.h): a stranger who opens as
 * many connections as there may be must not use up those of files and databases, nor make a server ask for
 * one again and again that it does not get.
 *
 * Not: how many connections there are (server_seats.c). Relies on: RLIMIT_NOFILE, which is the process's, as
 * is the number that is promised here. */
#include <pthread.h>
#include <sys/resource.h>

#include "lib/net/server/private.h"

#define OWN_DESCRIPTORS 256 /* of everything that is no connection */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t promised;

/* The soft limit is raised as far as it must be and may be; what it is then. */
static uint64_t limit_raise(uint64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        struct rlimit higher = {.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max,
                                .rlim_max = limit.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
            limit = higher;
    }
    return limit.rlim_cur;
}

uint32_t fg_server_descriptors_take(uint32_t count)
{
    uint64_t limit;
    uint64_t room;

    (void)pthread_mutex_lock(&mutex);
    limit = limit_raise(OWN_DESCRIPTORS + promised + count);
    room = limit > OWN_DESCRIPTORS + promised ? limit - OWN_DESCRIPTORS - promised : 0;
    if (room < count)
        count = (uint32_t)room;
    promised += count;
    (void)pthread_mutex_unlock(&mutex);
    return count;
}

void fg_server_descriptors_give(uint32_t count)
{
    (void)pthread_mutex_lock(&mutex);
    promised -= count;
    (void)pthread_mutex_unlock(&mutex);
}
