/* What the files of the journal room share: the writer's state, and the verbs that one file offers the
 * others.
 *
 * journal_sql.c and statements.c at the bottom, space.c (how much room there is and who may use it) and
 * sending.c on it, then append.c; prune.c (what goes when its time is over) and journal.c (opening) on top.
 * Nobody outside of the room includes this. */
#ifndef FG_FIRMWARE_JOURNAL_PRIVATE_H
#define FG_FIRMWARE_JOURNAL_PRIVATE_H

#include <sqlite3.h>

#include "firmware/journal/anchor.h"
#include "firmware/journal/journal.h"
#include "firmware/journal/mark_kept.h"
#include "firmware/journal/outbox.h"

#define FG_JOURNAL_PAGE_BYTES 4096
/* So many entries after one that is dated in the future are looked at for a better date. */
#define FG_JOURNAL_DATING_MAX 1000

enum fg_journal_statement {
    STATEMENT_INSERT,
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_VERSION,
    STATEMENT_PAGES,
    STATEMENT_FREE_PAGES,
    STATEMENT_FILLERS,
    STATEMENT_FREE_FILLER,
    STATEMENT_ANCHORED,
    STATEMENT_FILLS,
    STATEMENT_MANUAL,
    STATEMENT_BYTES_FROM,
    STATEMENT_ENTRIES,
    STATEMENT_PRUNE,
    STATEMENT_PUT_MARK,
    STATEMENT_COUNT
};

/* Room in pages of FG_JOURNAL_PAGE_BYTES, and in bytes of entries (space.c). */
struct fg_journal_space {
    uint64_t pages_max;
    uint64_t pages_used; /* fillers counted as used, whether given back or not */
    uint64_t pages_free;
    uint64_t fillers;
    uint64_t fillers_wanted;
    uint64_t others_bytes;     /* of entries that belong to no fill */
    uint64_t others_bytes_max; /* beyond this only what must be written is */
    uint8_t warn_percent;
};

struct fg_journal {
    char *path;
    sqlite3 *database;
    struct fg_anchor *anchor;
    const struct fg_private_key *key;
    void (*appended)(void *context, const struct fg_entry *entry); /* NULL = nobody is told */
    void *appended_context;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct fg_head head;
    struct fg_signature signature; /* of head, when head.sequence is not 0 */
    uint64_t anchor_sequence;      /* newest head that the anchor holds */
    bool anchored;                 /* the database says that an anchor was written */
    uint32_t boot;
    uint64_t run_first; /* number of the first entry of this run, written or not */
    bool fill_open;
    struct fg_entry open_fill;
    struct fg_journal_space space;
    bool write_failed;
    struct fg_receipt_kept kept;
    struct fg_mark_kept mark;
    uint64_t list_sequence;  /* newest LIST */
    uint32_t zero_fill_g;    /* as in the settings */
    uint64_t prune_looked;   /* entries up to this one were looked at for their age */
    uint64_t prune_old_last; /* all up to this one are past the retention time */
};

/* ---- statements.c ---- */

/* Turns an SQLite result into an error that names the file and what was done. */
enum fg_err fg_journal_fail(struct fg_journal *journal, int result, const char *doing,
                            struct fg_error *error);
/* Prepares all statements; fg_journal_close finalises them. */
enum fg_err fg_journal_prepare(struct fg_journal *journal, struct fg_error *error);
/* Steps a bound statement that gives no row, and resets it. */
enum fg_err fg_journal_step(struct fg_journal *journal, enum fg_journal_statement which, const char *doing,
                            struct fg_error *error);
/* Steps a bound statement that gives one number (NULL counts as 0), and resets it. */
enum fg_err fg_journal_read_number(struct fg_journal *journal, enum fg_journal_statement which,
                                   int64_t *ret_number, struct fg_error *error);

/* ---- space.c ---- */

/* How many fillers a reserve of so many entries takes. */
uint64_t fg_space_fillers(uint32_t reserve_entries);
/* FG_E_ARG: bytes_max is more than can be counted or less than the reserve needs. */
enum fg_err fg_space_check(const struct fg_journal_settings *settings, struct fg_error *error);
/* From the settings; the measure comes later. */
void fg_space_set(struct fg_journal_space *space, const struct fg_journal_settings *settings);
/* Writes the fillers, inside of the transaction that makes the journal. */
enum fg_err fg_space_make_fillers(struct fg_journal *journal, struct fg_error *error);
/* Takes the blocks of the whole journal and of its write-ahead log from the disk, as far as the file system
 * can: from then on a disk that others filled up does not keep an ENDED from being written. */
void fg_space_take_blocks(struct fg_journal *journal);
/* Reads anew what is used and free. */
enum fg_err fg_space_measure(struct fg_journal *journal, struct fg_error *error);
bool fg_space_is_full(const struct fg_journal *journal);
/* May this entry use room now? FG_E_FULL. */
enum fg_err fg_space_allow(const struct fg_journal *journal, const struct fg_entry *entry,
                           struct fg_error *error);
/* Gives a filler back when the entry to come needs it; inside of its transaction. */
enum fg_err fg_space_make_room(struct fg_journal *journal, struct fg_error *error);
/* An entry of so many bytes was written. */
void fg_space_count(struct fg_journal_space *space, const struct fg_entry *entry, size_t length);

/* ---- sending.c ---- */

/* First entry that nobody acknowledged: the receipt kept, or else the mark, says so. */
uint64_t fg_journal_unsent_first(const struct fg_journal *journal);

/* ---- append.c ---- */

/* Something that belongs into the transaction of an entry; runs before the entry is inserted. */
typedef enum fg_err (*fg_journal_beside)(struct fg_journal *journal, void *context, struct fg_error *error);

/* fg_journal_append, with `beside` (may be NULL) in the same transaction. */
enum fg_err fg_journal_append_with(struct fg_journal *journal, struct fg_entry *entry,
                                   fg_journal_beside beside, void *context, uint64_t *ret_sequence,
                                   struct fg_error *error);

/* An entry is in the file: its room is counted, and the newest LIST noted. context is the fg_journal. */
void fg_journal_count_entry(void *context, const struct fg_entry *entry, size_t length);
/* The anchor follows the newest head. A failure to write it is no failure of the entry, which is durable
 * already: the next append tries again, and until then the older anchor counts. */
void fg_journal_move_anchor(struct fg_journal *journal);

#endif
