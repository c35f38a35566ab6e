/* Tests of the thread that works by turns (lib/system/turns.h). What ends a rest is shown with rests of an
 * hour: a rest that nothing ended would show as a test program that does not end. */
#include "lib/system/turns.h"

#include <stdatomic.h>
#include <time.h>

#include "tests/lib/check.h"

#define HOUR_MS INT64_C(3600000)

struct worker {
    struct fg_turns turns;
    int64_t rest_ms;
    bool may_be_woken;
    atomic_int count;
};

static struct fg_error error;

static void *work(void *context)
{
    struct worker *worker = context;

    do {
        (void)atomic_fetch_add(&worker->count, 1);
    } while (fg_turns_rest(&worker->turns, worker->rest_ms, worker->may_be_woken));
    return NULL;
}

/* False: a minute was not enough. */
static bool worked(struct worker *worker, int count)
{
    const struct timespec little = {.tv_nsec = 1000000};

    for (int i = 0; i < 60000 && atomic_load(&worker->count) < count; i++)
        (void)nanosleep(&little, NULL);
    return atomic_load(&worker->count) >= count;
}

TEST("turns follow each other, and stopping ends the rest between them")
{
    struct worker often = {.rest_ms = 1};
    struct worker seldom = {.rest_ms = HOUR_MS};

    CHECK_OK(fg_turns_start(&often.turns, work, &often, "often", &error), &error);
    CHECK_OK(fg_turns_start(&seldom.turns, work, &seldom, "seldom", &error), &error);
    CHECK(worked(&often, 3));
    CHECK(worked(&seldom, 1));
    fg_turns_stop(&often.turns);
    fg_turns_stop(&seldom.turns);
    CHECK_INT(atomic_load(&seldom.count), 1);
}

TEST("a rest that may be woken ends when it is, also when that came before it began; another does not")
{
    struct worker light = {.rest_ms = HOUR_MS, .may_be_woken = true};
    struct worker deep = {.rest_ms = HOUR_MS};

    CHECK_OK(fg_turns_start(&light.turns, work, &light, "light", &error), &error);
    CHECK_OK(fg_turns_start(&deep.turns, work, &deep, "deep", &error), &error);
    fg_turns_wake(&light.turns);
    fg_turns_wake(&deep.turns);
    CHECK(worked(&light, 2));
    fg_turns_wake(&light.turns);
    CHECK(worked(&light, 3));
    CHECK(worked(&deep, 1));
    fg_turns_stop(&light.turns);
    fg_turns_stop(&deep.turns);
    CHECK_INT(atomic_load(&deep.count), 1);
}

static void *work_until(void *context)
{
    const struct timespec little = {.tv_nsec = 1000000};
    struct worker *worker = context;

    while (atomic_load(&worker->count) == 0 || fg_turns_go_on(&worker->turns))
        (void)nanosleep(&little, NULL);
    return NULL;
}

TEST("a thread that does not end in time goes on, and is waited for again")
{
    struct worker worker = {.count = 0};

    CHECK_OK(fg_turns_start(&worker.turns, work_until, &worker, "busy", &error), &error);
    CHECK(fg_turns_go_on(&worker.turns));
    CHECK(!fg_turns_stop_within(&worker.turns, 20));
    CHECK(!fg_turns_go_on(&worker.turns));
    atomic_store(&worker.count, 1);
    CHECK(fg_turns_stop_within(&worker.turns, HOUR_MS));
}
