/* Implementation of the link's plan (hop_plan.h). */
#include "proto/hop/hop_plan.h"

#include <string.h>

#include "lib/base/backoff.h"

void fg_link_plan_start(struct fg_link_plan *ret_plan)
{
    memset(ret_plan, 0, sizeof(*ret_plan));
    for (int job = 0; job < FG_LINK_JOBS; job++)
        ret_plan->due_mono_ms[job] = INT64_MIN;
    ret_plan->ask_due_mono_ms = INT64_MIN;
}

static bool push_is_wanted(const struct fg_link_plan *plan, const struct fg_link_facts *facts,
                           int64_t now_mono_ms)
{
    return facts->unsent > 0 && facts->last_sequence > 0 &&
           (facts->last_sequence != plan->pushed_last || now_mono_ms >= plan->ask_due_mono_ms);
}

enum fg_link_job fg_link_plan_next(const struct fg_link_plan *plan, const struct fg_link_facts *facts,
                                   int64_t now_mono_ms)
{
    static const enum fg_link_job others[] = {FG_LINK_LIST, FG_LINK_REPORT, FG_LINK_RENEW};

    if (now_mono_ms >= plan->due_mono_ms[FG_LINK_PUSH] && push_is_wanted(plan, facts, now_mono_ms))
        return FG_LINK_PUSH;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (now_mono_ms >= plan->due_mono_ms[others[i]])
            return others[i];
    }
    return FG_LINK_NOTHING;
}

uint64_t fg_link_plan_push_from(const struct fg_link_plan *plan, const struct fg_link_facts *facts)
{
    if (plan->from == 0 || plan->from > facts->last_sequence)
        return facts->last_sequence;
    return plan->from;
}

static bool is_of_network(enum fg_err code)
{
    return code == FG_E_IO || code == FG_E_TIMEOUT || code == FG_E_GONE;
}

/* The network works again: whatever waited for it goes on. */
static void network_came(struct fg_link_plan *plan, int64_t now_mono_ms)
{
    if (!plan->network_down)
        return;
    plan->network_down = false;
    for (int job = 0; job < FG_LINK_JOBS; job++) {
        if (plan->failures[job] > 0)
            plan->due_mono_ms[job] = now_mono_ms;
    }
}

static uint32_t interval_ms(const struct fg_link_times *times, enum fg_link_job job)
{
    switch (job) {
    case FG_LINK_REPORT:
        return times->report_ms;
    case FG_LINK_LIST:
        return times->list_ms;
    case FG_LINK_RENEW:
        return times->renew_ms;
    default:
        return 0;
    }
}

static void wait_after_failure(struct fg_link_plan *plan, const struct fg_link_times *times,
                               enum fg_link_job job, int64_t now_mono_ms, uint32_t random)
{
    uint32_t interval = interval_ms(times, job);
    uint32_t longest = interval != 0 && interval < times->retry_max_ms ? interval : times->retry_max_ms;

    if (plan->failures[job] < UINT32_MAX)
        plan->failures[job]++;
    plan->due_mono_ms[job] =
        now_mono_ms + fg_backoff_ms(plan->failures[job], times->retry_min_ms, longest, random);
}

void fg_link_plan_pushed(struct fg_link_plan *plan, const struct fg_link_times *times,
                         const struct fg_link_facts *facts, uint64_t from, uint8_t verdict,
                         int64_t now_mono_ms, uint32_t random)
{
    network_came(plan, now_mono_ms);
    plan->from = from;
    if (verdict == FG_SYNC_HELD || verdict == 0) {
        plan->failures[FG_LINK_PUSH] = 0;
        plan->due_mono_ms[FG_LINK_PUSH] = now_mono_ms;
        if (from > facts->last_sequence) {
            plan->pushed_last = facts->last_sequence;
            plan->ask_due_mono_ms = now_mono_ms + times->ask_again_ms;
        }
        return;
    }
    if (verdict == FG_SYNC_BUSY || verdict == FG_SYNC_GAP) {
        wait_after_failure(plan, times, FG_LINK_PUSH, now_mono_ms, random);
        return;
    }
    /* FORK and REFUSED need a person: asking often cures nothing. */
    plan->failures[FG_LINK_PUSH]++;
    plan->due_mono_ms[FG_LINK_PUSH] = now_mono_ms + times->retry_max_ms;
}

void fg_link_plan_done(struct fg_link_plan *plan, const struct fg_link_times *times, enum fg_link_job job,
                       int64_t now_mono_ms, uint32_t random)
{
    uint32_t interval = interval_ms(times, job);

    /* Looking at one's own certificate proves nothing about the network. */
    if (job != FG_LINK_RENEW)
        network_came(plan, now_mono_ms);
    plan->failures[job] = 0;
    plan->due_mono_ms[job] = now_mono_ms + interval - random % (interval / 8 + 1);
}

void fg_link_plan_failed(struct fg_link_plan *plan, const struct fg_link_times *times, enum fg_link_job job,
                         enum fg_err code, int64_t now_mono_ms, uint32_t random)
{
    if (is_of_network(code))
        plan->network_down = true;
    wait_after_failure(plan, times, job, now_mono_ms, random);
}
