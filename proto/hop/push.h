/* Pushing one controller's entries to the next hop, until everything is held there: the same for controller
 * to station and station to bureau.
 *
 * Not: when to push (link, station), where entries are stored (the source's callbacks). Relies on:
 * https_client.h, sync.h. One thread per push. */
#ifndef FG_PROTO_HOP_PUSH_H
#define FG_PROTO_HOP_PUSH_H

#include "lib/net/https_client.h"
#include "proto/journal/sync.h"

/* The sender's store. Any result but FG_OK ends the push with that result. */
struct fg_push_source {
    void *context;
    /* Fills buffer with an encoded batch of entries from `from` on (as many as fit or are there).
     * FG_E_NOT_FOUND: there is no entry `from` yet. */
    enum fg_err (*read)(void *context, uint64_t from, uint8_t *buffer, size_t capacity, size_t *ret_length,
                        uint64_t *ret_next, struct fg_error *error);
    /* Takes a receipt as it came; verifies it itself. An error is logged by the caller and does not end the
     * push. */
    enum fg_err (*take_receipt)(void *context, const uint8_t *bytes, size_t length, struct fg_error *error);
};

struct fg_push_result {
    uint64_t next_sequence; /* first that the other hop does not hold */
    uint64_t entries;       /* sent in this push, repetitions included */
    uint8_t verdict;        /* of the last answer, enum fg_sync_verdict; 0 = nothing was asked */
    char text[FG_SYNC_TEXT_MAX + 1];
};

/* Sends batches from *from on until nothing is left, batches_max are sent, or a verdict other than HELD comes
 * that sending from another number cannot cure. A GAP moves back (or forward) to the number expected, at most
 * twice in a row. *from is moved to what the other hop holds. Every batch may be sent again without harm.
 * buffer has FG_SYNC_BATCH_BYTES_MAX bytes and is only used during the call. */
enum fg_err fg_push_journal(struct fg_https *https, const struct fg_push_source *source, uint64_t *from,
                            uint32_t batches_max, uint8_t *buffer, struct fg_push_result *ret_result,
                            struct fg_error *error);

/* What one answer means for the push; pure, so that every answer can be tested without a peer. */
struct fg_push_course {
    uint64_t from; /* next entry to send */
    uint8_t gaps;  /* GAP answers in a row */
    bool stop;     /* sending on cures nothing */
};

/* The course after `answer` to a batch of the entries from course->from up to, not including, sent_next.
 * FG_E_FORMAT: the answer contradicts what was sent; *course is then as it was. */
enum fg_err fg_push_steer(struct fg_push_course *course, uint64_t sent_next,
                          const struct fg_sync_answer *answer, struct fg_error *error);

/* The answer in a response of this HTTP status. A peer that answers no journal answer at all is FG_E_DENIED
 * (401, 403), FG_E_BUSY (429, 503) or FG_E_FORMAT. */
enum fg_err fg_push_read_answer(uint16_t status, const uint8_t *bytes, size_t length,
                                struct fg_sync_answer *ret_answer, struct fg_error *error);

#endif
