/* When the link does what: urgency, intervals, back-off, and where a push begins. */
#include "proto/hop/hop_plan.h"

#include "tests/lib/check.h"

static const struct fg_link_times times = {.report_ms = 60000,
                                           .list_ms = 180000,
                                           .renew_ms = 3600000,
                                           .ask_again_ms = 120000,
                                           .retry_min_ms = 1000,
                                           .retry_max_ms = 60000};

static struct fg_link_plan quiet_plan(int64_t now)
{
    struct fg_link_plan plan;

    fg_link_plan_start(&plan);
    fg_link_plan_done(&plan, &times, FG_LINK_LIST, now, 0);
    fg_link_plan_done(&plan, &times, FG_LINK_REPORT, now, 0);
    fg_link_plan_done(&plan, &times, FG_LINK_RENEW, now, 0);
    return plan;
}

TEST("at the start everything is due, entries first")
{
    struct fg_link_facts facts = {.last_sequence = 3, .unsent = 3};
    struct fg_link_plan plan;

    fg_link_plan_start(&plan);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_PUSH);
    fg_link_plan_pushed(&plan, &times, &facts, 4, FG_SYNC_HELD, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_LIST);
    fg_link_plan_done(&plan, &times, FG_LINK_LIST, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_REPORT);
    fg_link_plan_done(&plan, &times, FG_LINK_REPORT, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_RENEW);
    fg_link_plan_done(&plan, &times, FG_LINK_RENEW, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_NOTHING);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 60000), FG_LINK_REPORT);
}

TEST("NO-LOSS: a new entry is pushed at once, from the first that the next hop does not hold")
{
    struct fg_link_facts facts = {.last_sequence = 5, .unsent = 5};
    struct fg_link_plan plan = quiet_plan(0);

    CHECK_INT(fg_link_plan_push_from(&plan, &facts), 5);
    fg_link_plan_pushed(&plan, &times, &facts, 6, FG_SYNC_HELD, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 10), FG_LINK_NOTHING);
    facts.last_sequence = 7;
    CHECK_INT(fg_link_plan_next(&plan, &facts, 10), FG_LINK_PUSH);
    CHECK_INT(fg_link_plan_push_from(&plan, &facts), 6);
}

TEST("NO-LOSS: a push that stopped before the newest entry goes on at once")
{
    struct fg_link_facts facts = {.last_sequence = 500, .unsent = 500};
    struct fg_link_plan plan = quiet_plan(0);

    fg_link_plan_pushed(&plan, &times, &facts, 100, FG_SYNC_HELD, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 0), FG_LINK_PUSH);
    CHECK_INT(fg_link_plan_push_from(&plan, &facts), 100);
}

TEST("NO-LOSS: entries without receipt are asked for again from time to time, with the newest")
{
    struct fg_link_facts facts = {.last_sequence = 9, .unsent = 4};
    struct fg_link_plan plan = quiet_plan(0);

    fg_link_plan_pushed(&plan, &times, &facts, 10, FG_SYNC_HELD, 0, 0);
    plan.due_mono_ms[FG_LINK_REPORT] = plan.due_mono_ms[FG_LINK_LIST] = INT64_MAX;
    CHECK_INT(fg_link_plan_next(&plan, &facts, 119999), FG_LINK_NOTHING);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 120000), FG_LINK_PUSH);
    CHECK_INT(fg_link_plan_push_from(&plan, &facts), 9);
    facts.unsent = 0;
    CHECK_INT(fg_link_plan_next(&plan, &facts, 120000), FG_LINK_NOTHING);
}

TEST("TAMPER-SHOWS: a hop that holds more than the journal is still sent what the journal has")
{
    struct fg_link_facts facts = {.last_sequence = 5, .unsent = 5};
    struct fg_link_plan plan = quiet_plan(0);

    fg_link_plan_pushed(&plan, &times, &facts, 90, FG_SYNC_HELD, 0, 0);
    facts.last_sequence = facts.unsent = 6;
    CHECK_INT(fg_link_plan_next(&plan, &facts, 1), FG_LINK_PUSH);
    CHECK_INT(fg_link_plan_push_from(&plan, &facts), 6);
    /* a journal that became shorter is asked about too */
    fg_link_plan_pushed(&plan, &times, &facts, 90, FG_SYNC_HELD, 0, 0);
    facts.last_sequence = facts.unsent = 2;
    CHECK_INT(fg_link_plan_next(&plan, &facts, 1), FG_LINK_PUSH);
}

TEST("failures wait longer each time, to a bound, never in step, and a success forgets them")
{
    struct fg_link_facts facts = {.last_sequence = 5, .unsent = 5};
    struct fg_link_plan plan = quiet_plan(0);

    fg_link_plan_failed(&plan, &times, FG_LINK_PUSH, FG_E_TIMEOUT, 0, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 999), FG_LINK_NOTHING);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 1000), FG_LINK_PUSH);
    fg_link_plan_failed(&plan, &times, FG_LINK_PUSH, FG_E_TIMEOUT, 1000, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_PUSH], 3000);
    fg_link_plan_pushed(&plan, &times, &facts, 6, FG_SYNC_HELD, 3000, 0);
    CHECK_INT(plan.failures[FG_LINK_PUSH], 0);
}

TEST("what waited for the network goes on as soon as one request gets through")
{
    struct fg_link_facts facts = {.last_sequence = 5, .unsent = 5};
    struct fg_link_plan plan = quiet_plan(0);

    for (int i = 0; i < 9; i++)
        fg_link_plan_failed(&plan, &times, FG_LINK_PUSH, FG_E_GONE, 0, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_PUSH], 60000);
    fg_link_plan_done(&plan, &times, FG_LINK_RENEW, 100, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 100), FG_LINK_NOTHING);
    fg_link_plan_done(&plan, &times, FG_LINK_REPORT, 100, 0);
    CHECK_INT(fg_link_plan_next(&plan, &facts, 100), FG_LINK_PUSH);
}

TEST("a job that fails never waits longer than its own interval")
{
    struct fg_link_times often = times;
    struct fg_link_plan plan = quiet_plan(0);

    often.list_ms = 5000;
    for (int i = 0; i < 9; i++)
        fg_link_plan_failed(&plan, &often, FG_LINK_LIST, FG_E_NOT_FOUND, 0, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_LIST], 5000);
}

TEST("a fork and a refusal wait long, a busy hop shortly")
{
    struct fg_link_facts facts = {.last_sequence = 5, .unsent = 5};
    struct fg_link_plan plan = quiet_plan(0);

    fg_link_plan_pushed(&plan, &times, &facts, 5, FG_SYNC_FORK, 0, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_PUSH], 60000);
    fg_link_plan_pushed(&plan, &times, &facts, 5, FG_SYNC_REFUSED, 0, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_PUSH], 60000);
    plan = quiet_plan(0);
    fg_link_plan_pushed(&plan, &times, &facts, 5, FG_SYNC_BUSY, 0, 0);
    CHECK_INT(plan.due_mono_ms[FG_LINK_PUSH], 1000);
}
