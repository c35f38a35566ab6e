/* Implementation of the pass over a journal (walk.h). */
#include "firmware/journal/walk.h"

#include <string.h>

#include "firmware/journal/journal.h"
#include "firmware/journal/journal_sql.h"
#include "firmware/journal/safety.h"
#include "proto/journal/chain.h"
#include "proto/journal/entry.h"

typedef unsigned long long ull;

/* One stored row, valid until the statement steps on. */
struct stored {
    uint64_t sequence;
    const uint8_t *bytes;
    size_t length;
    struct fg_digest hash;
    struct fg_signature signature;
};

void fg_entry_columns(const struct fg_entry *entry, const struct fg_entry *open_fill,
                      struct fg_entry_columns *ret_columns)
{
    const struct fg_row *row = &entry->row;

    memset(ret_columns, 0, sizeof(*ret_columns));
    if (entry->kind == FG_ENTRY_ENDED && row->code.text[0] == '\0' && open_fill != NULL)
        row = &open_fill->row;
    ret_columns->kind = entry->kind;
    ret_columns->wall_ms = entry->wall_ms;
    ret_columns->identity = entry->identity;
    ret_columns->quantity_g = entry->quantity_g;
    memcpy(ret_columns->code, row->code.text, sizeof(ret_columns->code));
    memcpy(ret_columns->plate, row->plate, sizeof(ret_columns->plate));
}

static enum fg_err bad(struct fg_walk *walk, uint64_t sequence, enum fg_err code, const char *text,
                       struct fg_error *error)
{
    walk->first_bad_sequence = sequence;
    return fg_fail(error, code, "%s: entry %llu: %s; keep the file as evidence", walk->path, (ull)sequence,
                   text);
}

static enum fg_err take_row(struct fg_walk *walk, sqlite3_stmt *statement, struct stored *ret_row,
                            struct fg_error *error)
{
    uint64_t expected = walk->head.sequence + 1;

    ret_row->sequence = (uint64_t)sqlite3_column_int64(statement, 0);
    ret_row->bytes = sqlite3_column_blob(statement, 1);
    ret_row->length = (size_t)sqlite3_column_bytes(statement, 1);
    if (ret_row->sequence > expected)
        return bad(walk, expected, FG_E_CORRUPT,
                   walk->mark == NULL && expected == 1 ? "it is missing, and no mark says that it was pruned"
                                                       : "it is missing",
                   error);
    if (ret_row->sequence < expected)
        return bad(walk, walk->mark != NULL && (int64_t)ret_row->sequence > 0 ? ret_row->sequence : expected,
                   FG_E_CORRUPT,
                   walk->mark != NULL ? "the mark says that it was pruned, but it is there"
                                      : "its number is impossible",
                   error);
    if (ret_row->bytes == NULL || ret_row->length == 0 || ret_row->length > FG_ENTRY_BYTES_MAX ||
        sqlite3_column_bytes(statement, 2) != FG_DIGEST_BYTES ||
        sqlite3_column_bytes(statement, 3) != FG_SIGNATURE_BYTES)
        return bad(walk, expected, FG_E_CORRUPT, "its bytes, hash or signature have an impossible length",
                   error);
    memcpy(ret_row->hash.bytes, sqlite3_column_blob(statement, 2), FG_DIGEST_BYTES);
    memcpy(ret_row->signature.bytes, sqlite3_column_blob(statement, 3), FG_SIGNATURE_BYTES);
    return FG_OK;
}

/* Says what an entry whose hash does not follow really is. */
static enum fg_err name_break(struct fg_walk *walk, const struct stored *row, const struct fg_entry *entry,
                              bool decoded, struct fg_error *error)
{
    char text[128];

    if (!decoded)
        return bad(walk, row->sequence, FG_E_CORRUPT, "it was edited: its bytes are no entry any more",
                   error);
    if (entry->sequence != row->sequence) {
        (void)sqlite3_snprintf((int)sizeof(text), text,
                               "out of order: it holds entry %llu, swapped in or replayed",
                               (ull)entry->sequence);
        return bad(walk, row->sequence, FG_E_CORRUPT, text, error);
    }
    return bad(walk, row->sequence, FG_E_CORRUPT, "it was edited: it does not follow from the one before",
               error);
}

static enum fg_err check_controller(struct fg_walk *walk, const struct fg_entry *entry,
                                    struct fg_error *error)
{
    char text[160];

    if (walk->found_controller[0] == '\0')
        memcpy(walk->found_controller, walk->controller != NULL ? walk->controller : entry->controller,
               strnlen(walk->controller != NULL ? walk->controller : entry->controller, FG_NAME_MAX));
    if (strcmp(entry->controller, walk->found_controller) == 0)
        return FG_OK;
    (void)sqlite3_snprintf((int)sizeof(text), text, "it is another controller's: %s, expected %s",
                           entry->controller, walk->found_controller);
    return bad(walk, entry->sequence, FG_E_CORRUPT, text, error);
}

/* The rules between entries: each AUTHORISED has one ENDED before the next. */
static enum fg_err follow_fill(struct fg_walk *walk, const struct fg_entry *entry, struct fg_error *error)
{
    if (entry->kind == FG_ENTRY_AUTHORISED) {
        if (walk->fill_open)
            return bad(walk, entry->sequence, FG_E_CORRUPT, "a fill was authorised while another was open",
                       error);
        walk->fill_open = true;
        walk->open_fill = *entry;
    } else if (entry->kind == FG_ENTRY_ENDED) {
        if (!walk->fill_open || entry->authorised_sequence != walk->open_fill.sequence)
            return bad(walk, entry->sequence, FG_E_CORRUPT, "it ends a fill that is not open", error);
        walk->fill_open = false;
    }
    return FG_OK;
}

/* The index columns answer history look-ups, so they must say what the bytes say. */
static bool columns_agree(sqlite3_stmt *statement, const struct fg_walk *walk, const struct fg_entry *entry)
{
    struct fg_entry_columns columns;
    const char *code = (const char *)sqlite3_column_text(statement, 8);
    const char *plate = (const char *)sqlite3_column_text(statement, 9);

    fg_entry_columns(entry, walk->fill_open ? &walk->open_fill : NULL, &columns);
    return code != NULL && plate != NULL && sqlite3_column_int64(statement, 4) == columns.kind &&
           sqlite3_column_int64(statement, 5) == columns.wall_ms &&
           sqlite3_column_int64(statement, 6) == columns.identity &&
           sqlite3_column_int64(statement, 7) == columns.quantity_g && strcmp(code, columns.code) == 0 &&
           strcmp(plate, columns.plate) == 0;
}

static enum fg_err check_signature(struct fg_walk *walk, struct fg_error *error)
{
    enum fg_err code = fg_head_verify(&walk->head, &walk->signature, walk->key, NULL);

    if (code == FG_OK)
        return FG_OK;
    return bad(
        walk, walk->head.sequence, FG_E_AUTH,
        "its head signature is invalid: the chain was rewritten, or it is another controller's journal",
        error);
}

/* Only a synchronised clock vouches for a time; the bureau's clock statement ends what was vouched before. */
static void take_time(struct fg_walk *walk, const struct fg_entry *entry)
{
    if (entry->kind == FG_ENTRY_EVENT && entry->event == FG_EVENT_CLOCK_FLOOR_LOWERED)
        walk->vouched_ms = entry->clock_floor_ms;
    if (entry->clock_quality != FG_CLOCK_SYNCHRONISED)
        return;
    if (entry->wall_ms > walk->vouched_ms)
        walk->vouched_ms = entry->wall_ms;
    memcpy(walk->vouched_list_id, entry->list_id, sizeof(walk->vouched_list_id));
    walk->vouched_list_version = entry->list_version;
}

/* What the entry itself tells; walk->head and walk->signature are already this entry's. */
static enum fg_err take_entry(struct fg_walk *walk, sqlite3_stmt *statement, const struct fg_entry *entry,
                              struct fg_error *error)
{
    enum fg_err code;

    if (!columns_agree(statement, walk, entry))
        return bad(walk, entry->sequence, FG_E_CORRUPT, "its index columns were edited", error);
    code = follow_fill(walk, entry, error);
    if (code != FG_OK)
        return code;
    if (entry->pruned_sequence != 0) {
        walk->pruned_sequence = entry->pruned_sequence;
        walk->pruned_hash = entry->pruned_hash;
    }
    if (entry->boot > walk->last_boot)
        walk->last_boot = entry->boot;
    if (entry->kind == FG_ENTRY_LIST) {
        memcpy(walk->list_id, entry->list_id, sizeof(walk->list_id));
        walk->list_version = entry->list_version;
    }
    take_time(walk, entry);
    fg_safety_take(&walk->kept, entry, walk->zero_fill_g);
    return FG_OK;
}

static enum fg_err walk_row(struct fg_walk *walk, sqlite3_stmt *statement, struct fg_error *error)
{
    struct stored row;
    struct fg_entry entry;
    struct fg_digest hash;
    bool decoded;
    enum fg_err code = take_row(walk, statement, &row, error);

    if (code != FG_OK)
        return code;
    decoded = fg_entry_decode(row.bytes, row.length, &entry, NULL) == FG_OK;
    if (decoded) {
        code = check_controller(walk, &entry, error);
        if (code != FG_OK)
            return code;
    }
    if (walk->head.sequence == 0)
        fg_chain_start(walk->found_controller, &walk->head.hash);
    fg_chain_next(&walk->head.hash, row.bytes, row.length, &hash);
    if (!fg_bytes_equal(&hash, &row.hash, sizeof(hash)) || (decoded && entry.sequence != row.sequence))
        return name_break(walk, &row, &entry, decoded, error);
    memcpy(walk->head.controller, walk->found_controller, sizeof(walk->head.controller));
    walk->head.sequence = row.sequence;
    walk->head.hash = hash;
    walk->signature = row.signature;
    if (walk->every_signature)
        code = check_signature(walk, error);
    if (code == FG_OK && decoded)
        code = take_entry(walk, statement, &entry, error);
    if (code == FG_OK && decoded && walk->count_entry != NULL)
        walk->count_entry(walk->count_context, &entry, row.length);
    if (code == FG_OK && walk->receipt != NULL && walk->receipt->next_sequence - 1 == row.sequence &&
        !fg_bytes_equal(&hash, &walk->receipt->head, sizeof(hash)))
        return bad(walk, row.sequence, FG_E_CORRUPT,
                   "it differs from the bureau's receipt: the journal was rolled back and written on", error);
    if (code != FG_OK || !walk->anchor->known || walk->anchor->head.sequence != row.sequence)
        return code;
    if (!fg_bytes_equal(&hash, &walk->anchor->head.hash, sizeof(hash)))
        return bad(walk, row.sequence, FG_E_CORRUPT,
                   "it differs from the anchor: the journal was rolled back and written on", error);
    return FG_OK;
}

/* The chain names what was pruned, so that a mark cannot be put back to an older one or exchanged. */
static enum fg_err check_mark_named(struct fg_walk *walk, struct fg_error *error)
{
    static const struct fg_mark none;
    const struct fg_mark *mark = walk->mark != NULL ? &walk->mark->mark : &none;

    if (walk->pruned_sequence == mark->sequence &&
        (mark->sequence == 0 || fg_bytes_equal(&walk->pruned_hash, &mark->hash, sizeof(mark->hash))))
        return FG_OK;
    return bad(walk, mark->sequence + 1, FG_E_CORRUPT,
               "the mark of pruning before it is not the one that the chain names", error);
}

/* Where the pass begins: the mark must be the device's own. */
static enum fg_err start_at_mark(struct fg_walk *walk, struct fg_error *error)
{
    const struct fg_mark *mark = &walk->mark->mark;

    if (walk->found_controller[0] == '\0')
        memcpy(walk->found_controller, mark->controller, sizeof(walk->found_controller));
    if (strcmp(mark->controller, walk->found_controller) != 0)
        return bad(walk, mark->sequence, FG_E_CORRUPT, "the mark of pruning after it is another controller's",
                   error);
    if (fg_mark_verify(mark, &walk->mark->signature, walk->key, NULL) != FG_OK)
        return bad(walk, mark->sequence, FG_E_AUTH,
                   "the mark of pruning after it is invalid: entries were removed by somebody else", error);
    memcpy(walk->head.controller, walk->found_controller, sizeof(walk->head.controller));
    walk->head.sequence = mark->sequence;
    walk->head.hash = mark->hash;
    walk->kept = mark->kept;
    return FG_OK;
}

static enum fg_err check_against_mark(struct fg_walk *walk, struct fg_error *error)
{
    const struct fg_mark *mark = &walk->mark->mark;
    const struct fg_receipt *receipt = walk->receipt;

    if (receipt != NULL && receipt->next_sequence - 1 == mark->sequence &&
        !fg_bytes_equal(&mark->hash, &receipt->head, sizeof(mark->hash)))
        return bad(walk, mark->sequence, FG_E_CORRUPT, "it differs from the bureau's receipt", error);
    if (walk->anchor->known && walk->anchor->head.sequence == mark->sequence &&
        !fg_bytes_equal(&mark->hash, &walk->anchor->head.hash, sizeof(mark->hash)))
        return bad(walk, mark->sequence, FG_E_CORRUPT,
                   "it differs from the anchor: the journal was rolled back and written on", error);
    return FG_OK;
}

static enum fg_err check_end(struct fg_walk *walk, struct fg_error *error)
{
    const struct fg_anchor_state *anchor = walk->anchor;

    if (anchor->known && anchor->head.sequence > walk->head.sequence) {
        walk->first_bad_sequence = walk->head.sequence + 1;
        return fg_fail(error, FG_E_CORRUPT,
                       "%s: entry %llu: missing: the tail was cut or the journal rolled back, for its anchor "
                       "knows entry %llu; keep the file as evidence",
                       walk->path, (ull)walk->head.sequence + 1, (ull)anchor->head.sequence);
    }
    if (walk->receipt != NULL && walk->receipt->next_sequence - 1 > walk->head.sequence) {
        walk->first_bad_sequence = walk->head.sequence + 1;
        return fg_fail(
            error, FG_E_CORRUPT,
            "%s: entry %llu: missing: the tail was cut or the journal rolled back, for the bureau's "
            "receipt covers entry %llu; keep the file as evidence",
            walk->path, (ull)walk->head.sequence + 1, (ull)walk->receipt->next_sequence - 1);
    }
    if (walk->receipt != NULL && walk->head.sequence != 0 &&
        strcmp(walk->receipt->controller, walk->found_controller) != 0)
        return bad(walk, walk->head.sequence, FG_E_CORRUPT,
                   "the receipt kept beside it is another controller's", error);
    if (walk->anchored && !anchor->known) {
        walk->first_bad_sequence = walk->head.sequence;
        return fg_fail(error, FG_E_CORRUPT,
                       "%s: entry %llu: its anchor %s.anchor is missing or damaged, so that a cut tail would "
                       "not show; keep the file as evidence",
                       walk->path, (ull)walk->head.sequence, walk->path);
    }
    if (walk->head.sequence == (walk->mark == NULL ? 0 : walk->mark->mark.sequence))
        return check_mark_named(walk, error);
    if (!walk->every_signature && check_signature(walk, error) != FG_OK)
        return FG_E_AUTH;
    return check_mark_named(walk, error);
}

enum fg_err fg_walk_run(struct fg_walk *walk, sqlite3 *database, struct fg_error *error)
{
    static const char sql[] = "SELECT sequence, bytes, hash, signature, kind, wall_ms, identity, quantity_g,"
                              " code, plate FROM entry ORDER BY sequence";
    sqlite3_stmt *statement = NULL;
    uint64_t walked = 0;
    enum fg_err code = FG_OK;
    int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (walk->controller != NULL)
        memcpy(walk->found_controller, walk->controller, strnlen(walk->controller, FG_NAME_MAX));
    memcpy(walk->head.controller, walk->found_controller, sizeof(walk->head.controller));
    fg_chain_start(walk->found_controller, &walk->head.hash);
    if (walk->mark != NULL)
        code = start_at_mark(walk, error);
    if (code != FG_OK)
        goto done;
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        code = walk_row(walk, statement, error);
        if (code != FG_OK)
            goto done;
        if (walk->progress != NULL && ++walked % FG_JOURNAL_PROGRESS_ENTRIES == 0)
            walk->progress(walk->progress_context);
    }
    if (result != SQLITE_DONE) {
        walk->first_bad_sequence = walk->head.sequence + 1;
        code = fg_journal_sqlite_fail(database, result, walk->path, "reading the journal", error);
        goto done;
    }
    code = check_end(walk, error);
    if (code == FG_OK && walk->mark != NULL)
        code = check_against_mark(walk, error);
done:
    (void)sqlite3_finalize(statement);
    return code;
}
