/* What every job of the link works with: its settings, its log, its clock, its plan, its connection to the
 * next hop and its line to fillgated.
 *
 * Not: a job, nor what a job alone remembers (each has a struct of its own); not lifetime and order (link.c).
 * One thread. Relies on: proto/point/control.h, proto/hop/hop_plan.h, https_client.h, lib/list. */
#ifndef FG_FIRMWARE_LINK_LINK_CONTEXT_H
#define FG_FIRMWARE_LINK_LINK_CONTEXT_H

#include "firmware/link/config.h"
#include "firmware/link/link_status.h"
#include "lib/list/list.h"
#include "lib/net/https_client.h"
#include "proto/hop/hop_plan.h"
#include "proto/journal/sync.h"
#include "proto/point/control.h"

#define FG_LINK_CONTROL_MAX_MS 5000 /* fillgated answers within, but for imports */
#define FG_LINK_RETRY_MIN_MS 2000   /* between attempts to hand something to fillgated */
#define FG_LINK_RETRY_MAX_MS 3600000
#define FG_LINK_PATH_BYTES (FG_CONTROL_PATH_MAX + 64) /* of a file in the work directory */

/* A line that says the same as before on its topic is not repeated for a while. */
enum fg_link_topic {
    FG_LINK_SAY_CONTROL,
    FG_LINK_SAY_PUSH,
    FG_LINK_SAY_RECEIPT,
    FG_LINK_SAY_REPORT,
    FG_LINK_SAY_KEYS,
    FG_LINK_SAY_KEYS_OVER,
    FG_LINK_SAY_AUTHORITY,
    FG_LINK_SAY_LIST,
    FG_LINK_SAY_HAND_OVER,
    FG_LINK_SAY_RENEW,
    FG_LINK_SAY_TOPICS
};

struct fg_link_context {
    struct fg_link_config config;
    char work_directory[FG_CONTROL_PATH_MAX + 1]; /* absolute: fillgated takes no other paths */
    void (*say)(void *context, const char *line);
    void *say_context;
    char said[FG_LINK_SAY_TOPICS][400];
    int64_t said_mono_ms[FG_LINK_SAY_TOPICS];
    struct fg_link_status *status; /* NULL: nobody wants to know */
    struct fg_link_plan plan;

    struct fg_https *https;             /* NULL: not made yet, or to be made again */
    struct fg_digest https_certificate; /* the one that lay there just before it was made */
    struct fg_list *list;               /* the link's own copy */

    /* fillgated's newest state. */
    struct fg_control_state state;
    bool state_known;
    /* What the time is judged by when nothing synchronises the clock (lib/net/network_time.h). */
    int64_t list_ms;
    int64_t certificate_begin_ms;
    int64_t certificate_end_ms;

    struct fg_control_answer answer; /* large; kept off the stack */
    uint8_t buffer[FG_SYNC_BATCH_BYTES_MAX];
};

/* Tells the log, with control characters taken out, unless this was said on the topic a short while ago. */
void fg_link_tell(struct fg_link_context *link, enum fg_link_topic topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The topic is well again: the next trouble is told at once. */
void fg_link_forget(struct fg_link_context *link, enum fg_link_topic topic);

/* The clock that certificates are tested against: the system's, but never before fillgated's own clock,
 * unless it is certainly false (lib/net/network_time.h). */
int64_t fg_link_now_ms(const struct fg_link_context *link);

/* Tell the plan how a job went, so that it knows when the next is due. */
void fg_link_job_done(struct fg_link_context *link, enum fg_link_job job);
void fg_link_job_failed(struct fg_link_context *link, enum fg_link_job job, enum fg_err code);

/* Makes link->https when it is not there. FG_E_* of fg_https_new. */
enum fg_err fg_link_connect(struct fg_link_context *link, struct fg_error *error);
/* Ends it, so that the next one shows and trusts the files of then. */
void fg_link_disconnect(struct fg_link_context *link);
/* What it is made from; valid as long as the link. */
struct fg_https_settings fg_link_connection_settings(struct fg_link_context *link);

/* Asks fillgated; link->answer is then its answer, and its own refusal is this call's result. */
enum fg_err fg_link_ask_control(struct fg_link_context *link, const struct fg_control_request *request,
                                uint32_t deadline_ms, struct fg_error *error);

#endif
