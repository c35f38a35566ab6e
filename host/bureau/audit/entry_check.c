/* Implementation of checking one entry (entry_check.h): one statement for the entry and the one before, one
 * that walks on to the signed head and the receipt. */
#include "host/bureau/audit/entry_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/journal/gnutls_signature.h"
#include "host/bureau/journal/journal_columns.h"
#include "proto/journal/chain.h"

/* ---- words ---- */

#define FG_CHECK_TEXT(name, english, chinese) WORDS_##name,
enum words {
#include "host/bureau/audit/entry_checks.def"
    WORDS_COUNT
};
#undef FG_CHECK_TEXT
#define FG_CHECK_TEXT(name, english, chinese) {english, chinese},
static const struct {
    const char *english;
    const char *chinese;
} texts[] = {
#include "host/bureau/audit/entry_checks.def"
};
#undef FG_CHECK_TEXT

/* Copies text with {0} and {1} filled in, as far as there is room. */
static void fill(const char *text, const char *first, const char *second, char ret_text[FG_CHECK_TEXT_BYTES])
{
    size_t used = 0;

    while (*text != '\0' && used + 1 < FG_CHECK_TEXT_BYTES) {
        const char *value = strncmp(text, "{0}", 3) == 0   ? first
                            : strncmp(text, "{1}", 3) == 0 ? second
                                                           : NULL;

        if (value == NULL) {
            ret_text[used++] = *text++;
            continue;
        }
        text += 3;
        while (*value != '\0' && used + 1 < FG_CHECK_TEXT_BYTES)
            ret_text[used++] = *value++;
    }
    ret_text[used] = '\0';
}

static void say(struct fg_check *check, enum fg_verdict verdict, enum words words, const char *first,
                const char *second)
{
    check->verdict = verdict;
    fill(texts[words].english, first, second, check->english);
    fill(texts[words].chinese, first, second, check->chinese);
}

static void say_number(struct fg_check *check, enum fg_verdict verdict, enum words words, uint64_t number,
                       const char *second)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    say(check, verdict, words, text, second);
}

const char *fg_verdict_name(enum fg_verdict verdict)
{
    static const char *const names[] = {"UNKNOWN", "HOLDS", "FALSE"};

    return names[verdict];
}

const char *fg_entry_checks_words(const struct fg_entry_checks *checks)
{
    static const enum fg_verdict order[] = {FG_VERDICT_FALSE, FG_VERDICT_UNKNOWN};

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < FG_CHECK_COUNT; k++) {
            if (checks->checks[k].verdict == order[i])
                return checks->checks[k].english;
        }
    }
    return "";
}

/* ---- the entry and the one before ---- */

struct walk {
    struct fg_sql *sql;
    const char *controller;
    uint64_t sequence; /* of the entry that is checked */
    struct fg_entry_checks *checks;
    struct fg_error *error;
    struct fg_origin origin;
    bool key_known;
    struct fg_suspensions suspensions;
    /* What the walk reached. */
    uint64_t at;
    struct fg_digest hash;   /* from the bytes, beginning at the checked entry */
    uint64_t break_sequence; /* the first entry behind it that does not follow, 0 = none */
    bool head_seen;
    /* The stored receipt. */
    bool has_receipt;
    bool receipt_true;
    struct fg_receipt receipt;
    bool receipt_reached; /* the walk came by the entry that it ends with ... */
    bool receipt_fits;    /* ... and found the hash that it names */
};

static bool hash_take(const struct fg_sql_statement *row, unsigned column, struct fg_digest *ret_hash)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    memset(ret_hash, 0, sizeof(*ret_hash));
    if (length != FG_DIGEST_BYTES)
        return false;
    memcpy(ret_hash->bytes, bytes, length);
    return true;
}

static void columns_check(struct walk *walk, const struct fg_sql_statement *row, const uint8_t *bytes,
                          size_t length)
{
    struct fg_check *check = &walk->checks->checks[FG_CHECK_COLUMNS];
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    struct fg_signature signature = {{0}};
    size_t signature_length = 0;
    const uint8_t *signature_bytes = fg_sql_bytes(row, 4, &signature_length);
    struct fg_journal_place place = {.controller = walk->controller,
                                     .sequence = walk->sequence,
                                     .bytes = bytes,
                                     .length = length,
                                     .hash = &walk->checks->hash,
                                     .station = fg_sql_text(row, 5),
                                     .arrived_ms = fg_sql_int(row, 6),
                                     .suspensions = &walk->suspensions};
    const char *column;

    if (signature_length == FG_SIGNATURE_BYTES) {
        memcpy(signature.bytes, signature_bytes, FG_SIGNATURE_BYTES);
        place.head_signature = &signature;
    }
    fg_journal_values(&place, &walk->checks->entry, fg_journal_marks(&place, &walk->checks->entry), values);
    column = fg_journal_difference(row, values);
    if (column != NULL)
        say(check, FG_VERDICT_FALSE, WORDS_COLUMN_EDITED, column, "");
    else
        say(check, FG_VERDICT_HOLDS, WORDS_COLUMNS_HOLD, "", "");
}

static void chain_check(struct walk *walk, bool has_previous, bool has_hash, const uint8_t *bytes,
                        size_t length)
{
    struct fg_check *check = &walk->checks->checks[FG_CHECK_CHAIN];
    const struct fg_entry *entry = &walk->checks->entry;
    uint64_t before = walk->sequence - 1;

    fg_chain_next(&walk->checks->previous, bytes, length, &walk->hash);
    if (!has_previous)
        say_number(check, FG_VERDICT_FALSE, WORDS_CHAIN_MISSING, before, "");
    else if (!has_hash)
        say(check, FG_VERDICT_FALSE, WORDS_CHAIN_LENGTH, "", "");
    else if (memcmp(walk->hash.bytes, walk->checks->hash.bytes, FG_DIGEST_BYTES) == 0)
        say_number(check, FG_VERDICT_HOLDS, before > 0 ? WORDS_CHAIN_HOLDS : WORDS_CHAIN_STARTS, before, "");
    else if (entry->sequence != 0 && entry->sequence != walk->sequence)
        say_number(check, FG_VERDICT_FALSE, WORDS_CHAIN_SWAPPED, entry->sequence, "");
    else
        say_number(check, FG_VERDICT_FALSE, WORDS_CHAIN_FALSE, before, "");
}

/* The receipt may end before the signed head, where the walk goes on. */
static void receipt_meet(struct walk *walk)
{
    if (!walk->receipt_true || walk->at + 1 != walk->receipt.next_sequence)
        return;
    walk->receipt_reached = true;
    walk->receipt_fits = memcmp(walk->receipt.head.bytes, walk->hash.bytes, FG_DIGEST_BYTES) == 0;
}

/* A head signature at the row, for the hash that the walk reached. */
static void signature_check(struct walk *walk, const struct fg_sql_statement *row, unsigned column)
{
    struct fg_check *check = &walk->checks->checks[FG_CHECK_SIGNATURE];
    struct fg_head head = {.sequence = walk->at, .hash = walk->hash};
    struct fg_signature signature;
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    if (walk->head_seen || length == 0)
        return;
    walk->head_seen = true;
    walk->checks->head_sequence = walk->at;
    (void)snprintf(head.controller, sizeof(head.controller), "%s", walk->controller);
    if (!walk->key_known) {
        say(check, FG_VERDICT_UNKNOWN, WORDS_SIGNATURE_UNKNOWN, "", "");
        return;
    }
    if (length == FG_SIGNATURE_BYTES)
        memcpy(signature.bytes, bytes, length);
    if (length == FG_SIGNATURE_BYTES &&
        fg_gnutls_head_verify(&head, &signature, &walk->origin.device_key, NULL) == FG_OK)
        say_number(check, FG_VERDICT_HOLDS, WORDS_SIGNATURE_HOLDS, walk->at, walk->controller);
    else if (walk->break_sequence != 0)
        say_number(check, FG_VERDICT_FALSE, WORDS_SIGNATURE_BREAK, walk->break_sequence, "");
    else
        say_number(check, FG_VERDICT_FALSE, WORDS_SIGNATURE_FALSE, walk->at, "");
}

/* Reads the row, which stays while it is looked at: columns, chain, and the signature if it stands here. */
static enum fg_err entry_read(struct walk *walk, bool has_previous)
{
    struct fg_sql_statement *statement;
    size_t length = 0;
    const uint8_t *bytes;
    bool has_hash;
    enum fg_err result = fg_sql_prepare(
        walk->sql, "SELECT " FG_JOURNAL_COLUMNS " FROM journal_entry WHERE controller = $1 AND sequence = $2",
        &statement, walk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    fg_sql_bind_int(statement, 2, (int64_t)walk->sequence);
    result = fg_sql_next(statement, walk->error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 2, &length);
        has_hash = hash_take(statement, 3, &walk->checks->hash);
        columns_check(walk, statement, bytes, length);
        chain_check(walk, has_previous, has_hash, bytes, length);
        walk->at = walk->sequence;
        receipt_meet(walk);
        signature_check(walk, statement, 4);
    }
    fg_sql_reset(statement);
    return result;
}

static enum fg_err previous_read(struct walk *walk, bool *ret_has)
{
    struct fg_sql_statement *statement;
    enum fg_err result = FG_OK;

    *ret_has = true;
    if (walk->sequence == 1) {
        fg_chain_start(walk->controller, &walk->checks->previous);
        return FG_OK;
    }
    result =
        fg_sql_prepare(walk->sql, "SELECT hash FROM journal_entry WHERE controller = $1 AND sequence = $2",
                       &statement, walk->error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    fg_sql_bind_int(statement, 2, (int64_t)walk->sequence - 1);
    result = fg_sql_next(statement, walk->error);
    *ret_has = result == FG_OK;
    if (result == FG_OK)
        (void)hash_take(statement, 0, &walk->checks->previous);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- on to the signed head and the receipt ---- */

static void step(struct walk *walk, const struct fg_sql_statement *row)
{
    uint64_t sequence = (uint64_t)fg_sql_int(row, 0);
    struct fg_digest stored;
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 1, &length);
    bool has_hash = hash_take(row, 2, &stored);

    if (walk->break_sequence == 0 && sequence != walk->at + 1)
        walk->break_sequence = walk->at + 1;
    fg_chain_next(&walk->hash, bytes, length, &walk->hash);
    if (walk->break_sequence == 0 &&
        (!has_hash || memcmp(stored.bytes, walk->hash.bytes, FG_DIGEST_BYTES) != 0))
        walk->break_sequence = sequence;
    walk->at = sequence;
    receipt_meet(walk);
    signature_check(walk, row, 3);
}

/* As far as the receipt, or, without one that can be reached, to the signed head. */
static enum fg_err walk_on(struct walk *walk)
{
    struct fg_sql_statement *statement;
    bool near = walk->receipt_true && walk->receipt.next_sequence > walk->sequence &&
                walk->receipt.next_sequence - walk->sequence <= FG_CHECK_WALK_MAX;
    uint64_t last = near ? walk->receipt.next_sequence - 1 : walk->sequence;
    enum fg_err result;

    if (last < walk->sequence + FG_SYNC_BATCH_ENTRIES_MAX)
        last = walk->sequence + FG_SYNC_BATCH_ENTRIES_MAX;
    result = fg_sql_prepare(walk->sql,
                            "SELECT sequence, bytes, hash, head_signature FROM journal_entry WHERE "
                            "controller = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence",
                            &statement, walk->error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    fg_sql_bind_int(statement, 2, (int64_t)walk->sequence);
    fg_sql_bind_int(statement, 3, (int64_t)last);
    while ((!walk->head_seen || (near && walk->at + 1 < walk->receipt.next_sequence)) &&
           (result = fg_sql_next(statement, walk->error)) == FG_OK)
        step(walk, statement);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- receipt ---- */

static enum fg_err receipt_read(struct walk *walk, const struct fg_public_key *key)
{
    struct fg_sql_statement *statement;
    struct fg_signature signature;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result = fg_sql_prepare(walk->sql, "SELECT receipt FROM journal_head WHERE controller = $1",
                                        &statement, walk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, walk->controller);
    result = fg_sql_next(statement, walk->error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        walk->has_receipt = length > 0;
        walk->receipt_true = length > 0 && key != NULL &&
                             fg_receipt_decode(bytes, length, &walk->receipt, &signature, NULL) == FG_OK &&
                             strcmp(walk->receipt.controller, walk->controller) == 0 &&
                             fg_receipt_verify(&walk->receipt, &signature, key, NULL) == FG_OK;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static void receipt_check(struct walk *walk, bool key_known)
{
    struct fg_check *check = &walk->checks->checks[FG_CHECK_RECEIPT];
    uint64_t last = walk->receipt_true ? walk->receipt.next_sequence - 1 : 0;
    char held[24];

    (void)snprintf(held, sizeof(held), "%" PRIu64, walk->at);
    walk->checks->receipt_sequence = last;
    if (!walk->has_receipt || !key_known)
        say(check, walk->has_receipt ? FG_VERDICT_UNKNOWN : FG_VERDICT_FALSE, WORDS_RECEIPT_MISSING, "", "");
    else if (!walk->receipt_true)
        say(check, FG_VERDICT_FALSE, WORDS_RECEIPT_FORGED, "", "");
    else if (last < walk->sequence)
        say_number(check, FG_VERDICT_FALSE, WORDS_RECEIPT_BEHIND, last, "");
    else if (walk->receipt_fits)
        say_number(check, FG_VERDICT_HOLDS, WORDS_RECEIPT_HOLDS, last, "");
    else if (last - walk->sequence >= FG_CHECK_WALK_MAX)
        say_number(check, FG_VERDICT_UNKNOWN, WORDS_RECEIPT_FAR, last, "");
    else if (walk->break_sequence != 0)
        say_number(check, FG_VERDICT_UNKNOWN, WORDS_RECEIPT_BREAK, walk->break_sequence, "");
    else if (!walk->receipt_reached)
        say_number(check, FG_VERDICT_UNKNOWN, WORDS_RECEIPT_SHORT, last, held);
    else
        say_number(check, FG_VERDICT_FALSE, WORDS_RECEIPT_FALSE, last, "");
}

enum fg_err fg_entry_check(struct fg_sql *sql, const struct fg_device_lookup *directory,
                           const struct fg_public_key *receipt_key, const char *controller, uint64_t sequence,
                           struct fg_entry_checks *ret_checks, struct fg_error *error)
{
    struct walk walk = {
        .sql = sql, .controller = controller, .sequence = sequence, .checks = ret_checks, .error = error};
    bool has_previous = false;
    enum fg_err result;

    memset(ret_checks, 0, sizeof(*ret_checks));
    result = directory->lookup(directory->context, sql, controller, &walk.origin, error);
    walk.key_known = result == FG_OK;
    if (result == FG_OK || result == FG_E_NOT_FOUND)
        result = receipt_read(&walk, receipt_key);
    if (result == FG_OK)
        result = previous_read(&walk, &has_previous);
    if (result == FG_OK)
        result = fg_suspensions_read(sql, controller, &walk.suspensions, error);
    if (result == FG_OK)
        result = entry_read(&walk, has_previous);
    fg_suspensions_free(&walk.suspensions);
    if (result == FG_OK)
        result = walk_on(&walk);
    if (result != FG_OK)
        return result;
    if (!walk.head_seen)
        say(&ret_checks->checks[FG_CHECK_SIGNATURE], FG_VERDICT_FALSE, WORDS_SIGNATURE_MISSING, "", "");
    receipt_check(&walk, receipt_key != NULL);
    for (size_t i = 0; i < FG_CHECK_COUNT; i++)
        ret_checks->altered = ret_checks->altered || ret_checks->checks[i].verdict == FG_VERDICT_FALSE;
    ret_checks->itself =
        ret_checks->checks[FG_CHECK_COLUMNS].verdict == FG_VERDICT_FALSE ||
        ret_checks->checks[FG_CHECK_CHAIN].verdict == FG_VERDICT_FALSE ||
        (ret_checks->checks[FG_CHECK_SIGNATURE].verdict == FG_VERDICT_FALSE && walk.break_sequence == 0);
    return FG_OK;
}
