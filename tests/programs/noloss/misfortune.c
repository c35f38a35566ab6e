/* Implementation of what befalls a city by chance (misfortune.h). */
#include "tests/programs/noloss/misfortune.h"

#include <signal.h>

#include "lib/base/monotime.h"

static void network_change(struct city *city)
{
    struct fg_proxy_faults faults = {.refuse_percent = fg_random_below(&city->random, 40),
                                     .cut_percent = fg_random_below(&city->random, 60),
                                     .cut_bytes_max = 1 + fg_random_below(&city->random, 9000),
                                     .stall_percent = fg_random_below(&city->random, 15),
                                     .corrupt_percent = fg_random_below(&city->random, 15),
                                     .delay_max_ms = fg_random_below(&city->random, 30),
                                     .piece_bytes_max = fg_random_below(&city->random, 3) == 0 ? 200 : 0};

    fg_proxy_set(city->proxies[fg_random_below(&city->random, CITY_HOPS)], &faults,
                 fg_random_below(&city->random, 2) == 0);
}

/* 0 = the clock stays right. */
static int64_t clock_step_draw(struct city *city)
{
    static const int64_t steps_s[] = {3600, -3600, 86400 * 40, -86400 * 40};
    bool steps = fg_random_below(&city->random, 5) == 0;
    int64_t step_s = steps_s[fg_random_below(&city->random, 4)];

    return steps && city_clock_can_step(city->build) ? step_s : 0;
}

void misfortune_befall(struct city *city)
{
    uint32_t kind = fg_random_below(&city->random, 10);
    size_t index = fg_random_below(&city->random, CITY_PROCESSES);
    int64_t away_ms = 20 + fg_random_below(&city->random, 300);
    int64_t step_s = clock_step_draw(city);

    if (kind < 4) {
        network_change(city);
        return;
    }
    if (city->back_mono_ms[index] != 0)
        return;
    city->back_mono_ms[index] = fg_mono_ms() + away_ms;
    city->back_step_s[index] = step_s;
    if (kind < 7) {
        city_process_kill(city, index);
        city->totals.counts[FAULT_KILL]++;
    } else if (kind < 9) {
        (void)kill(city->pids[index], SIGSTOP);
        city->stopped[index] = true;
        city->totals.counts[FAULT_STOP]++;
    } else {
        city_disk_limit(city, index, true);
        city->totals.counts[FAULT_FULL_DISK]++;
    }
}

void misfortune_heal(struct city *city)
{
    static const struct fg_proxy_faults none;

    for (size_t i = 0; i < CITY_HOPS; i++)
        fg_proxy_set(city->proxies[i], &none, true);
    for (size_t i = 0; i < CITY_PROCESSES; i++) {
        if (city->stopped[i])
            (void)kill(city->pids[i], SIGCONT);
        city_process_kill(city, i);
        city_process_start(city, i, 0);
    }
}
