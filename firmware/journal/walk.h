/* One pass over a stored journal, first entry (or mark of pruning) to last: sequence, chain, signatures, one
 * end per fill, index columns, anchor, mark. Start-up and verification are both this pass.
 *
 * Not: writing. Relies on: SQLite, proto/journal/chain.h, proto/journal/entry.h, anchor.h. Private to the
 * journal room. */
#ifndef FG_FIRMWARE_JOURNAL_WALK_H
#define FG_FIRMWARE_JOURNAL_WALK_H

#include <sqlite3.h>

#include "firmware/journal/anchor.h"
#include "firmware/journal/mark_kept.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

/* The index columns of an entry, always derived from its bytes. */
struct fg_entry_columns {
    int64_t kind;
    int64_t wall_ms;
    int64_t identity;
    int64_t quantity_g;
    char code[FG_CODE_MAX + 1];
    char plate[FG_PLATE_MAX + 1];
};

/* open_fill is the AUTHORISED entry that is open before *entry, or NULL: an ENDED is indexed under the
 * cylinder of its fill. */
void fg_entry_columns(const struct fg_entry *entry, const struct fg_entry *open_fill,
                      struct fg_entry_columns *ret_columns);

struct fg_walk {
    /* Set by the caller. */
    const char *path;       /* for messages */
    const char *controller; /* NULL = the first entry's */
    const struct fg_public_key *key;
    bool every_signature; /* false: only the newest */
    bool anchored;        /* the journal says that an anchor was written */
    const struct fg_anchor_state *anchor;
    const struct fg_receipt *receipt; /* the bureau's, as kept; NULL = none */
    const struct fg_mark_kept *mark;  /* from where the chain goes on; NULL = from the first entry */
    uint32_t zero_fill_g;             /* as in fg_journal_settings */
    void (*count_entry)(void *context, const struct fg_entry *entry, size_t length); /* may be NULL */
    void *count_context;
    void (*progress)(void *context); /* as in fg_journal_settings; may be NULL */
    void *progress_context;
    /* Found. */
    char found_controller[FG_NAME_MAX + 1];
    struct fg_head head;
    struct fg_signature signature; /* of the newest entry */
    uint64_t first_bad_sequence;
    uint32_t last_boot;
    int64_t vouched_ms; /* as in fg_journal_start */
    char vouched_list_id[FG_NAME_MAX + 1];
    uint64_t vouched_list_version;
    bool fill_open;
    struct fg_entry open_fill;
    struct fg_fill_kept kept;
    char list_id[FG_NAME_MAX + 1]; /* of the newest LIST */
    uint64_t list_version;
    uint64_t pruned_sequence; /* of the newest JOURNAL_PRUNED */
    struct fg_digest pruned_hash;
};

/* FG_E_CORRUPT or FG_E_AUTH with a text that names file and entry; first_bad_sequence is then set. */
enum fg_err fg_walk_run(struct fg_walk *walk, sqlite3 *database, struct fg_error *error);

#endif
