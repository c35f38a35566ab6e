/* A PN532 reader chip on its high-speed UART, as libnfc meets it: frames, ACK and NACK, the commands that
 * libnfc sends, up to two tags in the field, and faults on command.
 *
 * Source: NXP UM0701-02 (PN532 user manual), sections 6.2 and 7. Not: the pty (pty_port.h), the tags' memory
 * (tags.h). Relies on: tags.h. One thread; the caller reads the line, feeds the bytes, and sends what is in
 * out. */
#ifndef FG_BOARDS_SIM_TAG_PN532_H
#define FG_BOARDS_SIM_TAG_PN532_H

#include "boards/sim/tag/tags.h"

#define FG_PN532_FRAME_MAX 300
#define FG_PN532_OUT_MAX 2048
#define FG_PN532_TAGS_MAX 2

enum fg_pn532_fault {
    FG_PN532_FAULT_NAD = 0,  /* status byte with the NAD bit, on which libnfc aborts its process */
    FG_PN532_FAULT_BAD_LCS,  /* wrong checksum of the length */
    FG_PN532_FAULT_BAD_DCS,  /* wrong checksum of the data */
    FG_PN532_FAULT_NO_REPLY, /* acknowledges, then says nothing */
    FG_PN532_FAULT_NO_ACK,   /* answers without acknowledging */
    FG_PN532_FAULT_GARBAGE,  /* noise instead of an answer */
    FG_PN532_FAULT_TRICKLE,  /* one byte now and then, without end */
    FG_PN532_FAULT_SILENT,   /* says nothing at all */
    FG_PN532_FAULT_SCRAMBLE, /* a proper frame with another content: length and bytes as chance has it */
    FG_PN532_FAULT_COUNT
};

struct fg_pn532 {
    struct fg_sim_tag *tags[FG_PN532_TAGS_MAX]; /* in the field; NULL = none. Owned by the caller */
    bool halted[FG_PN532_TAGS_MAX];             /* deselected: deaf until the field was off */
    int targets[FG_PN532_TAGS_MAX];             /* which tag has target number 1, 2; below 0 = none */
    int active;                                 /* the tag spoken to last, -1 = none */
    uint32_t faults[FG_PN532_FAULT_COUNT];      /* how many more replies each spoils */
    int64_t trickle_next_ms;
    uint64_t replies;

    uint8_t in[FG_PN532_FRAME_MAX];
    size_t in_count;
    uint8_t out[FG_PN532_OUT_MAX]; /* to be sent; the caller takes it and sets out_count to 0 */
    size_t out_count;
};

void fg_pn532_init(struct fg_pn532 *chip);

/* Puts one or two tags into the field (NULL = none). A tag that was not there before is not halted. */
void fg_pn532_place(struct fg_pn532 *chip, struct fg_sim_tag *first, struct fg_sim_tag *second);

/* Arms a fault for the next count replies (0 = off; UINT32_MAX = until switched off). */
void fg_pn532_arm(struct fg_pn532 *chip, enum fg_pn532_fault fault, uint32_t count);

/* Name of a fault as scripts write it ("bad-lcs"), and back (FG_PN532_FAULT_COUNT = no such). */
const char *fg_pn532_fault_name(enum fg_pn532_fault fault);
enum fg_pn532_fault fg_pn532_fault_by_name(const char *name);

/* Feeds bytes from the host; answers are appended to out. Any bytes are safe. */
void fg_pn532_feed(struct fg_pn532 *chip, const uint8_t *bytes, size_t count);

/* To be called every 50 ms or so: lets a trickle flow. */
void fg_pn532_tick(struct fg_pn532 *chip, int64_t now_ms);

#endif
