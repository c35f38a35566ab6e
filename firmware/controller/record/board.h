/* What the operator's panel shows beside the present fill: today's sums at this point and the newest
 * attempts.
 *
 * Fed with each entry that was written; rebuilt from the newest part of the journal at the start and whenever
 * the local day changes, so that a clock that was put right counts the right day. Not: operators, and how it
 * travels (proto/point/control.h). Relies on: journal.h, clock.h. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_BOARD_H
#define FG_FIRMWARE_CONTROLLER_RECORD_BOARD_H

#include "proto/point/control.h"

/* So many of the newest entries are read to rebuild the board: a busy point's day has a few hundred. A day
 * with more shows the sums of these. */
#define FG_BOARD_TAIL 2000

struct fg_board {
    uint32_t version; /* rises with every change */
    bool day_known;
    int32_t day; /* the local day that the sums are of */
    uint32_t fills;
    uint32_t refusals;
    int64_t quantity_g;
    uint32_t reason_counts[UINT8_MAX + 1]; /* by first reason */
    uint8_t attempt_count;
    struct fg_control_attempt attempts[FG_CONTROL_ATTEMPTS_MAX]; /* newest first */
};

/* An empty board of no day. Versions begin at the boot's number times 65536, so that who asked before a
 * restart sees that there is another board. */
void fg_board_start(struct fg_board *ret_board, uint32_t boot);

/* Takes one entry that is in the journal; kinds other than REFUSED, AUTHORISED and ENDED change nothing. An
 * ENDED takes the place of its AUTHORISED among the attempts. Entries of another day than the board's count
 * as attempts only. */
void fg_board_take(struct fg_board *board, const struct fg_entry *entry, int32_t utc_offset_s);

/* Forgets everything and reads the newest FG_BOARD_TAIL entries up to last_sequence of the journal at path
 * (NULL: reads nothing); sums count those of `today`. Errors as fg_journal_each; the board then holds what
 * was read before. */
enum fg_err fg_board_rebuild(struct fg_board *board, const char *path, uint64_t last_sequence, int32_t today,
                             int32_t utc_offset_s, struct fg_error *error);

/* Fills everything but the operators of *ret_shown. */
void fg_board_tell(const struct fg_board *board, struct fg_control_board *ret_shown);

#endif
