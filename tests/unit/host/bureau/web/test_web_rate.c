/* How often somebody may ask. */
#include "tests/lib/check.h"

#include <stdio.h>

#include "host/bureau/web/web_rate.h"

static struct fg_web_rate rate;

static unsigned taken(const char *key, unsigned times, int64_t now_mono_ms)
{
    unsigned count = 0;

    for (unsigned i = 0; i < times; i++)
        count += fg_web_rate_take(&rate, key, now_mono_ms);
    return count;
}

TEST("a burst is let through, then as many as the minute allows")
{
    fg_web_rate_start(&rate, 60, 5);
    CHECK_INT(taken("192.0.2.1", 20, 1000), 5);
    CHECK_INT(taken("192.0.2.1", 20, 1900), 0);
    CHECK_INT(taken("192.0.2.1", 20, 2000), 1);
    CHECK_INT(taken("192.0.2.1", 20, 12000), 5);
    fg_web_rate_end(&rate);
}

TEST("one who asks without end is let in as often as one who waits")
{
    unsigned count = 0;

    fg_web_rate_start(&rate, 6, 1);
    for (int64_t now = 1; now <= 60001; now++)
        count += fg_web_rate_take(&rate, "a", now);
    CHECK_INT(count, 7);
    fg_web_rate_end(&rate);
}

TEST("addresses count apart, those of one IPv6 network together")
{
    fg_web_rate_start(&rate, 1, 2);
    CHECK_INT(taken("192.0.2.1", 3, 1), 2);
    CHECK_INT(taken("192.0.2.2", 3, 1), 2);
    CHECK_INT(taken("2001:db8:1:2::1", 1, 1), 1);
    CHECK_INT(taken("2001:db8:1:2::2", 1, 1), 1);
    CHECK_INT(taken("2001:db8:1:2:ffff::", 1, 1), 0);
    CHECK_INT(taken("2001:db8:1:3::1", 1, 1), 1);
    fg_web_rate_end(&rate);
}

TEST("a table full of addresses still lets new ones in and holds none back for ever")
{
    char key[32];
    unsigned let_in = 0;

    fg_web_rate_start(&rate, 60, 1);
    for (unsigned i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "10.0.%u.%u", i / 256, i % 256);
        let_in += fg_web_rate_take(&rate, key, 1);
    }
    CHECK_INT(let_in, 10000);
    CHECK_INT(taken("10.0.0.1", 1, 100000), 1);
    fg_web_rate_end(&rate);
}
