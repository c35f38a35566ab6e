/*
 * The monotonic clock and short sleeps; see monotime.h. Not the time of day. Relies on: clock_gettime,
 * clock_nanosleep.
 */
#include "lib/base/monotime.h"

#include <errno.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define MS_PER_S INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)

int64_t fg_mono_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t fg_mono_ms(void)
{
    return fg_mono_ns() / NS_PER_MS;
}

void fg_sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / MS_PER_S), .tv_nsec = (long)(ms % MS_PER_S * NS_PER_MS)};

    if (ms <= 0)
        return;
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
