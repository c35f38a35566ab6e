/* A type 2 tag as a radio peer: its memory, and what it answers to a command.
 *
 * NTAG213/215/216, MIFARE Ultralight, Ultralight C (its dynamic lock bytes and keys left out) and EV1, and
 * phones with a random UID (which answer nothing): READ with page wrap, FAST_READ, WRITE and
 * COMPATIBILITY_WRITE with lock bits and one-time bits, GET_VERSION, READ_SIG; everything else is a NAK.
 * Source: NXP data sheets NTAG213/215/216 and MF0ICU1, MF0ICU2, MF0UL21. Not: the reader chip (pn532.h).
 * Relies on: lib/domain/types.h. */
#ifndef FG_BOARDS_SIM_TAG_TAGS_H
#define FG_BOARDS_SIM_TAG_TAGS_H

#include "lib/domain/types.h"

#define FG_SIM_TAG_ANSWER_MAX 256

struct fg_sim_tag {
    char name[FG_NAME_MAX + 1];
    char type[16]; /* ntag213, ntag215, ntag216, ultralight, ultralight_c, ultralight_ev1, phone, rollover (a
                    * cheap copy of an Ultralight) */
    struct fg_uid uid;
    uint8_t memory[FG_TAG_MEMORY_MAX]; /* from page 0 on */
    size_t length;                     /* a multiple of 4 */
};

enum fg_sim_tag_reply {
    FG_SIM_TAG_NAK = 0, /* also: not understood */
    FG_SIM_TAG_ACK,     /* the four-bit acknowledge of WRITE */
    FG_SIM_TAG_DATA,    /* ret_answer holds bytes */
};

/* Carries out one command of count bytes. ret_answer has FG_SIM_TAG_ANSWER_MAX bytes. */
enum fg_sim_tag_reply fg_sim_tag_exchange(struct fg_sim_tag *tag, const uint8_t *command, size_t count,
                                          uint8_t *ret_answer, size_t *ret_count);

#endif
