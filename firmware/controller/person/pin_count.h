/* Wrong PINs at this point: how many in a row, whom they named, and for how long PINs are blocked.
 *
 * They are counted for the whole point, whoever is named, in front of signing in and of the second person of
 * a typed code alike. A good PIN forgets the wrong ones only when all of them named its owner: else somebody
 * with a PIN of his own could search for a colleague's without end. An hour without a wrong one forgets them
 * too.
 *
 * Not: whether a PIN fits (lib/crypto/pin.h), keeping the count over a restart (pin_store.h). Pure: no I/O,
 * no clock. Relies on: proto/list/operators.h. */
#ifndef FG_FIRMWARE_CONTROLLER_PERSON_PIN_COUNT_H
#define FG_FIRMWARE_CONTROLLER_PERSON_PIN_COUNT_H

#include "proto/list/operators.h"

#define FG_PIN_TRIES 5 /* wrong ones in a row, then PINs are blocked */
/* The first block; each further one in a row is twice as long, up to the longest. */
#define FG_PIN_BLOCK_MS 60000
#define FG_PIN_BLOCK_MAX_MS 900000
/* So long without a wrong PIN and outside of a block, and all is forgotten. */
#define FG_PIN_CALM_MS 3600000

struct fg_pin_count {
    uint8_t wrong;                  /* since the last block, below FG_PIN_TRIES */
    uint8_t blocks;                 /* in a row */
    bool is_blocked;                /* a block began; fg_pin_block_left_ms says whether it lasts */
    char tried_id[FG_NAME_MAX + 1]; /* whom all of them named; "*" = more than one, or nobody's id */
    int64_t since_mono_ms;          /* when the block began, or the last wrong PIN came */
};

/* What a count is when the one that was kept is gone: as blocked as can be. */
void fg_pin_count_lost(struct fg_pin_count *ret_count, int64_t now_mono_ms);

/* Until a PIN is looked at again; 0 = now. */
int64_t fg_pin_block_left_ms(const struct fg_pin_count *count, int64_t now_mono_ms);

/* How long the block that a count is in lasts from its beginning. */
int64_t fg_pin_block_ms(const struct fg_pin_count *count);

/* Counts a try on this id as a wrong one, before the PIN is looked at: who cuts the power between the look
 * and the count must gain nothing. Only while no block lasts. The last try begins a block. When the PIN
 * proves good, the count from before the try goes on, with fg_pin_count_good. */
void fg_pin_count_try(struct fg_pin_count *count, const char *id, int64_t now_mono_ms);

/* A good PIN of this operator. */
void fg_pin_count_good(struct fg_pin_count *count, const char *id, int64_t now_mono_ms);

/* What time does to a count: a block ends, and calm forgets. True: it changed. */
bool fg_pin_count_watch(struct fg_pin_count *count, int64_t now_mono_ms);

/* Forgets everything: a technician at the board answered for somebody. */
void fg_pin_count_clear(struct fg_pin_count *count);

#endif
