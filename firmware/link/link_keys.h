/* Key rings from the next hop into the link's own chain, and from there to fillgated.
 *
 * The link verifies each ring itself, since its list store lives by them; fillgated verifies them again. What
 * fillgated has is not known here: the newest ring is handed over when it is new, when fillgated was away,
 * and when it refused a list's signature. Not: lists (link_lists.h). Relies on: proto/hop/keyring_fetch.h,
 * proto/key/keyring_file.h. */
#ifndef FG_FIRMWARE_LINK_LINK_KEYS_H
#define FG_FIRMWARE_LINK_LINK_KEYS_H

#include "firmware/link/link_context.h"
#include "proto/key/keyring.h"

/* The bureau's keys. */
struct fg_link_keys {
    struct fg_keyring first_ring; /* as configured */
    struct fg_keyring ring;       /* in force; version 0: as configured */
    bool has_first;               /* false: no configured key could be read, and no ring can follow */
    bool wanted;                  /* the ring is to be handed to fillgated */
    int64_t due_mono_ms;
    uint32_t failures;
};

/* Reads the configured keys and the kept rings. Keys that cannot be read are told and left out. */
void fg_link_keys_start(struct fg_link_context *link, struct fg_link_keys *ret_keys);
/* The list keys in force; returns how many. */
size_t fg_link_list_keys(const struct fg_link_keys *keys, struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX]);

/* What the next hop has of newer key rings, over the connection that is there. A ring that is not good is
 * told and changes nothing. An error: the hop did not answer. */
enum fg_err fg_link_fetch_keys(struct fg_link_context *link, struct fg_link_keys *keys,
                               struct fg_error *error);

/* fillgated may not have the ring in force: it is handed over at the next opportunity. */
void fg_link_keys_want(struct fg_link_keys *keys);
/* Hands the ring over when that is wanted and due. True: it tried, and fillgated's state is to be asked
 * again. */
bool fg_link_hand_over_keys(struct fg_link_context *link, struct fg_link_keys *keys);

#endif
