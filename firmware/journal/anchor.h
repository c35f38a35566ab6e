/* The anchor: a small file beside the journal (PATH.anchor) that remembers a signed head, so that a journal
 * whose tail was cut, or that was put back to an older copy, contradicts it. It also carries the writer's
 * lock.
 *
 * Two slots in two sectors are written in turn, each synced after the entry it names is durable: one slot is
 * whole at any moment, and the anchor is never ahead of the journal. Not: proof against somebody who puts
 * back journal and anchor together; that shows at the bureau, which holds a later head. Relies on: an SQLite
 * VFS as its file layer (so that a test can cut the power under it), proto/journal/chain.h. */
#ifndef FG_FIRMWARE_JOURNAL_ANCHOR_H
#define FG_FIRMWARE_JOURNAL_ANCHOR_H

#include "lib/base/err.h"
#include "proto/journal/chain.h"

struct fg_anchor;

/* What the anchor file says. known false: no slot was ever written whole. The signature is not verified. */
struct fg_anchor_state {
    bool known;
    struct fg_head head;
    struct fg_signature signature;
};

/* Opens or creates PATH.anchor of the journal at path and takes the writer's lock (FG_E_BUSY when another
 * holds it). */
enum fg_err fg_anchor_open(const char *path, const char *vfs_name, struct fg_anchor **ret_anchor,
                           struct fg_anchor_state *ret_state, struct fg_error *error);
void fg_anchor_close(struct fg_anchor *anchor); /* may be NULL */

/* Replaces the older slot, synced. On error the newer slot still stands. */
enum fg_err fg_anchor_write(struct fg_anchor *anchor, const struct fg_head *head,
                            const struct fg_signature *signature, struct fg_error *error);

/* Reads without lock and without creating; known is false when there is no file. */
enum fg_err fg_anchor_read(const char *path, const char *vfs_name, struct fg_anchor_state *ret_state,
                           struct fg_error *error);

#endif
