/* When the link does what: pushes, reports, list updates, certificate renewal, each with its own interval and
 * back-off.
 *
 * Pure: time and chance come with the call, so that every rule can be tested. Not: doing it
 * (firmware/link). Relies on: lib/base/backoff.h, proto/journal/sync.h for the verdicts. */
#ifndef FG_PROTO_HOP_HOP_PLAN_H
#define FG_PROTO_HOP_HOP_PLAN_H

#include "lib/base/err.h"
#include "proto/journal/sync.h"

enum fg_link_job {
    FG_LINK_NOTHING,
    FG_LINK_PUSH,   /* journal entries to the next hop */
    FG_LINK_REPORT, /* how this controller is doing */
    FG_LINK_LIST,   /* is there a newer list? */
    FG_LINK_RENEW,  /* is the certificate about to end? */
    FG_LINK_JOBS
};

struct fg_link_times {
    uint32_t report_ms;
    uint32_t list_ms;
    uint32_t renew_ms;
    uint32_t ask_again_ms; /* entries without receipt: the newest is sent again so often, to be given the
                              receipt */
    uint32_t retry_min_ms; /* first delay after a failure; doubles with each */
    uint32_t retry_max_ms;
};

/* What fillgated said last. */
struct fg_link_facts {
    uint64_t last_sequence;
    uint64_t unsent;
};

struct fg_link_plan {
    uint64_t from;        /* first entry that the next hop is not known to hold; 0 = not known */
    uint64_t pushed_last; /* newest entry when a push was last completed */
    int64_t ask_due_mono_ms;
    int64_t due_mono_ms[FG_LINK_JOBS];
    uint32_t failures[FG_LINK_JOBS]; /* in a row */
    bool network_down;
};

/* Everything is due at once. */
void fg_link_plan_start(struct fg_link_plan *ret_plan);

/* The most urgent job that is due: entries first, then the list, the report, the certificate. */
enum fg_link_job fg_link_plan_next(const struct fg_link_plan *plan, const struct fg_link_facts *facts,
                                   int64_t now_mono_ms);

/* Where the next push begins. A hop that is not known, or has everything, is asked with the newest entry: it
 * says what it expects. 0 = there is no entry at all. */
uint64_t fg_link_plan_push_from(const struct fg_link_plan *plan, const struct fg_link_facts *facts);

/* A push came to an end without error. random is any number. */
void fg_link_plan_pushed(struct fg_link_plan *plan, const struct fg_link_times *times,
                         const struct fg_link_facts *facts, uint64_t from, uint8_t verdict,
                         int64_t now_mono_ms, uint32_t random);

/* Another job was done. */
void fg_link_plan_done(struct fg_link_plan *plan, const struct fg_link_times *times, enum fg_link_job job,
                       int64_t now_mono_ms, uint32_t random);

/* A job failed with this error: it is due again after a back-off, which is never longer than the job's own
 * interval. When the network was down and a later job gets through, all that failed are due again at once. */
void fg_link_plan_failed(struct fg_link_plan *plan, const struct fg_link_times *times, enum fg_link_job job,
                         enum fg_err code, int64_t now_mono_ms, uint32_t random);

#endif
