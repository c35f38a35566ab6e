/* Implementation of verifying the store (audit_walk.h). */
#include "host/bureau/audit/audit_walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/journal/gnutls_signature.h"
#include "host/bureau/journal/journal_columns.h"
#include "proto/journal/chain.h"

#define PROGRESS_ENTRIES 256
#define ARRIVED_BACK_MS INT64_C(86400000) /* the bureau's clock may have been set back by so much */

/* One journal being gone through. */
struct walk {
    struct fg_sql *sql;
    const struct fg_audit_settings *settings;
    struct fg_audit_result *result;
    struct fg_error *error;
    char controller[FG_NAME_MAX + 1];
    struct fg_origin origin;
    bool key_known;
    struct fg_suspensions suspensions;
    uint64_t findings; /* of this journal */
    uint64_t sequence; /* of the last entry seen */
    struct fg_digest hash;
    bool signed_end;               /* the last entry has a head signature */
    char station[FG_NAME_MAX + 1]; /* of the batch that the last entry belongs to */
    int64_t arrived_ms;
};

static void find(struct walk *walk, uint64_t sequence, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct walk *walk, uint64_t sequence, const char *format, ...)
{
    struct fg_audit_finding finding = {.sequence = sequence};
    va_list arguments;

    walk->result->findings++;
    if (walk->findings++ >= FG_AUDIT_FINDINGS_MAX || walk->settings->report == NULL)
        return;
    memcpy(finding.controller, walk->controller, sizeof(finding.controller));
    va_start(arguments, format);
    (void)vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    walk->settings->report(walk->settings->context, &finding);
}

/* ---- one entry ---- */

/* A row's parts by their places in FG_JOURNAL_COLUMNS. */
struct row {
    const struct fg_sql_statement *statement;
    uint64_t sequence;
    const uint8_t *bytes;
    size_t length;
    bool has_hash;
    struct fg_digest hash;
    bool has_signature;
    struct fg_signature signature;
};

static void row_take(const struct fg_sql_statement *statement, struct row *ret_row)
{
    const uint8_t *bytes;
    size_t length = 0;

    memset(ret_row, 0, sizeof(*ret_row));
    ret_row->statement = statement;
    ret_row->sequence = (uint64_t)fg_sql_int(statement, 1);
    ret_row->bytes = fg_sql_bytes(statement, 2, &ret_row->length);
    bytes = fg_sql_bytes(statement, 3, &length);
    ret_row->has_hash = length == FG_DIGEST_BYTES;
    if (ret_row->has_hash)
        memcpy(ret_row->hash.bytes, bytes, length);
    bytes = fg_sql_bytes(statement, 4, &length);
    ret_row->has_signature = length == FG_SIGNATURE_BYTES;
    if (ret_row->has_signature)
        memcpy(ret_row->signature.bytes, bytes, length);
}

static void columns_check(struct walk *walk, const struct row *row, struct fg_entry *entry)
{
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    struct fg_journal_place place = {
        .controller = walk->controller,
        .sequence = row->sequence,
        .bytes = row->bytes,
        .length = row->length,
        .hash = &row->hash,
        .head_signature = row->has_signature ? &row->signature : NULL,
        .station = fg_sql_text(row->statement, 5),
        .arrived_ms = fg_sql_int(row->statement, 6),
        .suspensions = &walk->suspensions,
    };
    uint32_t marks = fg_journal_marks(&place, entry);
    const char *column;

    fg_journal_values(&place, entry, marks, values);
    column = fg_journal_difference(row->statement, values);
    if (column != NULL)
        find(walk, row->sequence, "its column %s was edited: its bytes say otherwise%s", column,
             strcmp(column, "marks") == 0 ? ", or when its controller was suspended" : "");
}

/* Says what a row whose hash does not follow really is. */
static void break_name(struct walk *walk, const struct row *row, const struct fg_entry *entry)
{
    if (entry->sequence != 0 && entry->sequence != row->sequence)
        find(walk, row->sequence, "out of order: it holds entry %" PRIu64 ", swapped in or replayed",
             entry->sequence);
    else
        find(walk, row->sequence,
             "it was edited: its bytes and its hash do not follow from the entry before");
}

static void signature_check(struct walk *walk, const struct row *row)
{
    struct fg_head head = {.sequence = row->sequence, .hash = walk->hash};

    if (!walk->key_known)
        return;
    walk->result->signatures++;
    memcpy(head.controller, walk->controller, sizeof(head.controller));
    if (fg_gnutls_head_verify(&head, &row->signature, &walk->origin.device_key, NULL) != FG_OK)
        find(walk, row->sequence,
             "its head signature is invalid: entries up to it were rewritten with their hashes");
}

static void receipts_check(struct walk *walk)
{
    for (size_t i = 0; i < walk->settings->receipt_count; i++) {
        const struct fg_receipt *receipt = &walk->settings->receipts[i];

        if (receipt->next_sequence == walk->sequence + 1 &&
            strcmp(receipt->controller, walk->controller) == 0 &&
            memcmp(receipt->head.bytes, walk->hash.bytes, FG_DIGEST_BYTES) != 0)
            find(walk, walk->sequence, "another history than the receipt that was given for it");
    }
}

/* The entries of one batch came from one station at one time; a batch ends with the controller's signature.
 */
static void arrival_check(struct walk *walk, const struct row *row)
{
    const char *station = fg_sql_text(row->statement, 5);
    int64_t arrived_ms = fg_sql_int(row->statement, 6);

    if (walk->sequence > 0 && !walk->signed_end &&
        (strcmp(walk->station, station) != 0 || walk->arrived_ms != arrived_ms))
        find(walk, row->sequence,
             "its columns station or arrived_ms were edited: the batch it came with says otherwise");
    if (walk->sequence > 0 && walk->signed_end && arrived_ms < walk->arrived_ms - ARRIVED_BACK_MS)
        find(walk, row->sequence, "its column arrived_ms was edited: entries before it came later");
    (void)snprintf(walk->station, sizeof(walk->station), "%s", station);
    walk->arrived_ms = arrived_ms;
}

static void entry_check(struct walk *walk, const struct row *row)
{
    struct fg_entry entry;
    struct fg_digest hash;

    walk->result->entries++;
    if (row->sequence > walk->sequence + 2)
        find(walk, walk->sequence + 1, "missing, as are those up to %" PRIu64, row->sequence - 1);
    else if (row->sequence > walk->sequence + 1)
        find(walk, walk->sequence + 1, "missing");
    else if (row->sequence <= walk->sequence)
        find(walk, row->sequence, "its number is impossible");
    fg_chain_next(&walk->hash, row->bytes, row->length, &hash);
    arrival_check(walk, row);
    columns_check(walk, row, &entry);
    if (!row->has_hash)
        find(walk, row->sequence, "its hash was edited: it has another length");
    else if (memcmp(hash.bytes, row->hash.bytes, sizeof(hash.bytes)) != 0 &&
             row->sequence == walk->sequence + 1)
        break_name(walk, row, &entry);
    /* From here on the stored hash counts, so that one edit is not told of every entry behind it. */
    walk->hash = row->has_hash ? row->hash : hash;
    walk->sequence = row->sequence;
    walk->signed_end = row->has_signature;
    if (row->has_signature)
        signature_check(walk, row);
    receipts_check(walk);
}

static bool may_go_on(const struct walk *walk)
{
    const struct fg_audit_settings *settings = walk->settings;

    return settings->progress == NULL || walk->result->entries % PROGRESS_ENTRIES != 0 ||
           settings->progress(settings->context, walk->result->entries);
}

static enum fg_err entries_check(struct walk *walk)
{
    struct fg_sql_statement *statement;
    struct row row;
    enum fg_err result = fg_sql_prepare(
        walk->sql, "SELECT " FG_JOURNAL_COLUMNS " FROM journal_entry WHERE controller = $1 ORDER BY sequence",
        &statement, walk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    while ((result = fg_sql_next(statement, walk->error)) == FG_OK) {
        row_take(statement, &row);
        entry_check(walk, &row);
        if (!may_go_on(walk)) {
            fg_sql_reset(statement);
            return fg_fail(walk->error, FG_E_STATE, "verifying %s was stopped", walk->controller);
        }
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- the end ---- */

static void receipt_check(struct walk *walk, const uint8_t *bytes, size_t length, uint64_t next_sequence)
{
    struct fg_receipt receipt;
    struct fg_signature signature;

    if (length == 0 && next_sequence == 1)
        return; /* only a gap was ever seen */
    if (fg_receipt_decode(bytes, length, &receipt, &signature, NULL) != FG_OK)
        find(walk, 0, "its stored receipt was edited: it does not parse");
    else if (strcmp(receipt.controller, walk->controller) != 0 || receipt.next_sequence != next_sequence)
        find(walk, 0, "its stored receipt was exchanged: it says %s, next %" PRIu64, receipt.controller,
             receipt.next_sequence);
    else if (receipt.next_sequence == walk->sequence + 1 &&
             memcmp(receipt.head.bytes, walk->hash.bytes, FG_DIGEST_BYTES) != 0)
        find(walk, walk->sequence, "it was edited: the bureau's receipt has another hash");
    else if (walk->settings->receipt_key != NULL &&
             fg_receipt_verify(&receipt, &signature, walk->settings->receipt_key, NULL) != FG_OK)
        find(walk, 0, "its stored receipt is not signed with the bureau's key");
}

static void head_compare(struct walk *walk, const struct fg_sql_statement *row)
{
    uint64_t next_sequence = (uint64_t)fg_sql_int(row, 0);
    size_t length = 0;
    const uint8_t *head = fg_sql_bytes(row, 1, &length);

    if (next_sequence > walk->sequence + 1)
        find(walk, walk->sequence + 1, "missing: the journal was cut; its head row knows entry %" PRIu64,
             next_sequence - 1);
    else if (next_sequence != walk->sequence + 1)
        find(walk, 0, "its head row was put back to entry %" PRIu64 "; entry %" PRIu64 " is held",
             next_sequence - 1, walk->sequence);
    else if (length != FG_DIGEST_BYTES || memcmp(head, walk->hash.bytes, FG_DIGEST_BYTES) != 0)
        find(walk, 0, "its head row was edited: another hash than the last entry's");
    head = fg_sql_bytes(row, 2, &length);
    receipt_check(walk, head, length, next_sequence);
}

static enum fg_err head_check(struct walk *walk)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        walk->sql, "SELECT next_sequence, head, receipt FROM journal_head WHERE controller = $1", &statement,
        walk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    result = fg_sql_next(statement, walk->error);
    if (result == FG_OK)
        head_compare(walk, statement);
    else if (result == FG_E_NOT_FOUND)
        find(walk, 0, "its head row is missing");
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static void end_check(struct walk *walk)
{
    if (walk->sequence > 0 && !walk->signed_end)
        find(walk, walk->sequence,
             "the controller's signature is missing: the entries after it were cut off, "
             "or the signature was removed");
    for (size_t i = 0; i < walk->settings->receipt_count; i++) {
        const struct fg_receipt *receipt = &walk->settings->receipts[i];

        if (strcmp(receipt->controller, walk->controller) == 0 && receipt->next_sequence > walk->sequence + 1)
            find(walk, walk->sequence + 1,
                 "missing: the store was put back to an older state; a receipt covers entry %" PRIu64,
                 receipt->next_sequence - 1);
    }
}

/* ---- one journal, all journals ---- */

static enum fg_err journal_check(struct walk *walk)
{
    const struct fg_device_lookup *directory = &walk->settings->directory;
    enum fg_err result =
        directory->lookup(directory->context, walk->sql, walk->controller, &walk->origin, walk->error);

    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    walk->key_known = result == FG_OK;
    if (!walk->key_known)
        find(walk, 0, "nothing is known of its key: its signatures cannot be verified");
    walk->result->controllers++;
    fg_chain_start(walk->controller, &walk->hash);
    result = fg_suspensions_read(walk->sql, walk->controller, &walk->suspensions, walk->error);
    if (result == FG_OK)
        result = entries_check(walk);
    fg_suspensions_free(&walk->suspensions);
    if (result == FG_OK)
        result = head_check(walk);
    if (result == FG_OK)
        end_check(walk);
    return result;
}

/* The next controller behind `behind` in either table: rows without a head are found too. */
static enum fg_err next_find(struct fg_sql *sql, const char *behind, char ret_next[FG_NAME_MAX + 1],
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT MIN(c) FROM (SELECT MIN(controller) AS c FROM journal_entry WHERE controller > "
        "$1 UNION ALL SELECT MIN(controller) AS c FROM journal_head WHERE controller > $1) t",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, behind);
    result = fg_sql_next(statement, error);
    if (result == FG_OK && fg_sql_is_null(statement, 0))
        result = FG_E_NOT_FOUND;
    else if (result == FG_OK)
        (void)snprintf(ret_next, FG_NAME_MAX + 1, "%s", fg_sql_text(statement, 0));
    fg_sql_reset(statement);
    return result;
}

static enum fg_err known_check(struct fg_sql *sql, const char *controller, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT controller FROM journal_head WHERE controller = $1 UNION SELECT controller "
                       "FROM journal_entry WHERE controller = $1",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "no journal of %s is held here", controller);
    return result;
}

/* In one state of the database: batches that come in meanwhile would look like entries beyond the head. */
static enum fg_err walk_one(struct fg_sql *sql, const struct fg_audit_settings *settings,
                            const char *controller, struct fg_audit_result *result_sum,
                            struct fg_error *error)
{
    struct walk walk = {.sql = sql, .settings = settings, .result = result_sum, .error = error};

    enum fg_err result = fg_sql_begin_snapshot(sql, error);

    if (result != FG_OK)
        return result;
    (void)snprintf(walk.controller, sizeof(walk.controller), "%s", controller);
    result = journal_check(&walk);
    fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_audit_walk(struct fg_sql *sql, const struct fg_audit_settings *settings,
                          const char *controller, struct fg_audit_result *ret_result, struct fg_error *error)
{
    struct fg_audit_result sum = {0};
    char next[FG_NAME_MAX + 1] = "";
    enum fg_err result;

    if (controller != NULL) {
        result = known_check(sql, controller, error);
        if (result == FG_OK)
            result = walk_one(sql, settings, controller, &sum, error);
    } else {
        while ((result = next_find(sql, next, next, error)) == FG_OK) {
            result = walk_one(sql, settings, next, &sum, error);
            if (result != FG_OK)
                break;
        }
        if (result == FG_E_NOT_FOUND)
            result = FG_OK;
    }
    if (result == FG_OK)
        *ret_result = sum;
    return result;
}
