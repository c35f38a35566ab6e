/* Implementation of the trail (trail.h). */
#include "host/bureau/trail/trail.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRIES 20
#define TRY_AGAIN_NS 20000000
#define TEXTS 7

/* ---- one record ---- */

static void put_number(uint8_t *bytes, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

/* Fixed order, each text with its length before it: two different records never have the same bytes. */
static void hash_of(const struct fg_digest *previous, uint64_t number, const struct fg_trail_record *record,
                    struct fg_digest *ret_hash)
{
    const char *texts[TEXTS] = {record->user,    record->role,   record->address, record->action,
                                record->subject, record->detail, record->outcome};
    struct fg_sha256_stream stream;
    uint8_t bytes[8];

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, FG_PURPOSE_TRAIL, sizeof(FG_PURPOSE_TRAIL));
    fg_sha256_add(&stream, previous->bytes, sizeof(previous->bytes));
    put_number(bytes, number);
    fg_sha256_add(&stream, bytes, sizeof(bytes));
    put_number(bytes, (uint64_t)record->at_ms);
    fg_sha256_add(&stream, bytes, sizeof(bytes));
    for (size_t i = 0; i < TEXTS; i++) {
        size_t length = strlen(texts[i]);

        put_number(bytes, length);
        fg_sha256_add(&stream, bytes, sizeof(bytes));
        fg_sha256_add(&stream, texts[i], length);
    }
    fg_sha256_finish(&stream, ret_hash);
}

static void text_cut(const char *text, char ret_text[FG_TRAIL_TEXT_MAX + 1])
{
    size_t length = strnlen(text, FG_TRAIL_TEXT_MAX + 1);

    if (length > FG_TRAIL_TEXT_MAX) {
        length = FG_TRAIL_TEXT_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

/* ---- the tip ---- */

static enum fg_err digest_take(const struct fg_sql_statement *row, unsigned column,
                               struct fg_digest *ret_digest, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    if (length != 0 && length != sizeof(ret_digest->bytes))
        return fg_fail(error, FG_E_CORRUPT, "trail: a hash has %zu bytes", length);
    memset(ret_digest->bytes, 0, sizeof(ret_digest->bytes));
    if (length != 0)
        memcpy(ret_digest->bytes, bytes, length);
    return FG_OK;
}

enum fg_err fg_trail_tip(struct fg_sql *sql, struct fg_trail_head *ret_head, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_trail_head head = {0};
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT number, hash FROM trail_tip WHERE one = 1", &statement, error);

    if (result != FG_OK)
        return result;
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        result = fg_fail(error, FG_E_CORRUPT, "trail: its tip is gone from the database");
    if (result == FG_OK) {
        head.number = (uint64_t)fg_sql_int(statement, 0);
        result = digest_take(statement, 1, &head.hash, error);
    }
    fg_sql_reset(statement);
    if (result == FG_OK)
        *ret_head = head;
    return result;
}

/* The row's lock makes everybody else who appends wait until this transaction ends. */
static enum fg_err tip_lock(struct fg_sql *sql, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE trail_tip SET number = number + 1 WHERE one = 1", &statement, error);

    return result == FG_OK ? fg_sql_run(statement, NULL, error) : result;
}

enum fg_err fg_trail_next(struct fg_sql *sql, uint64_t *ret_number, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_trail_head tip;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE trail_tip SET number = number WHERE one = 1", &statement, error);

    if (result == FG_OK)
        result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result = fg_trail_tip(sql, &tip, error);
    if (result == FG_OK)
        *ret_number = tip.number + 1;
    return result;
}

static enum fg_err tip_set(struct fg_sql *sql, const struct fg_digest *hash, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE trail_tip SET hash = $1 WHERE one = 1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, hash->bytes, sizeof(hash->bytes));
    return fg_sql_run(statement, NULL, error);
}

/* ---- appending ---- */

static enum fg_err record_insert(struct fg_sql *sql, uint64_t number, const struct fg_trail_record *record,
                                 const struct fg_digest *hash, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO trail (number, at_ms, login, role, address, action, subject, detail, "
                       "outcome, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, (int64_t)number);
    fg_sql_bind_int(statement, 2, record->at_ms);
    fg_sql_bind_text(statement, 3, record->user);
    fg_sql_bind_text(statement, 4, record->role);
    fg_sql_bind_text(statement, 5, record->address);
    fg_sql_bind_text(statement, 6, record->action);
    fg_sql_bind_text(statement, 7, record->subject);
    fg_sql_bind_text(statement, 8, record->detail);
    fg_sql_bind_text(statement, 9, record->outcome);
    fg_sql_bind_bytes(statement, 10, hash->bytes, sizeof(hash->bytes));
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_trail_append(struct fg_sql *sql, const struct fg_trail_record *record, uint64_t *ret_number,
                            struct fg_error *error)
{
    const char *given[TEXTS] = {record->user,    record->role,   record->address, record->action,
                                record->subject, record->detail, record->outcome};
    char cut[TEXTS][FG_TRAIL_TEXT_MAX + 1];
    struct fg_trail_record kept = {record->at_ms, cut[0], cut[1], cut[2], cut[3], cut[4], cut[5], cut[6]};
    struct fg_trail_head tip;
    struct fg_digest hash;
    enum fg_err result = tip_lock(sql, error);

    for (size_t i = 0; i < TEXTS; i++)
        text_cut(given[i], cut[i]);
    if (result == FG_OK)
        result = fg_trail_tip(sql, &tip, error);
    if (result != FG_OK)
        return result;
    hash_of(&tip.hash, tip.number, &kept, &hash);
    result = record_insert(sql, tip.number, &kept, &hash, error);
    if (result == FG_OK)
        result = tip_set(sql, &hash, error);
    if (result == FG_OK && ret_number != NULL)
        *ret_number = tip.number;
    return result;
}

static enum fg_err note_once(struct fg_sql *sql, const struct fg_trail_record *record, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK)
        result = fg_trail_append(sql, record, NULL, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_trail_note(struct fg_sql *sql, const struct fg_trail_record *record, struct fg_error *error)
{
    const struct timespec pause = {.tv_nsec = TRY_AGAIN_NS};
    enum fg_err result = note_once(sql, record, error);

    for (unsigned i = 1; i < TRIES && (result == FG_E_BUSY || result == FG_E_GONE); i++) {
        (void)nanosleep(&pause, NULL);
        result = note_once(sql, record, error);
    }
    return result;
}

/* ---- signed heads ---- */

static enum fg_err newest_signed(struct fg_sql *sql, int64_t *ret_number, struct fg_error *error)
{
    return fg_sql_number(sql, "SELECT COALESCE(MAX(number), 0) FROM trail_head", ret_number, error);
}

static enum fg_err head_put(struct fg_sql *sql, const struct fg_trail_head *head, int64_t at_ms,
                            const struct fg_private_key *key, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_trail_statement made;
    enum fg_err result = fg_trail_statement_sign(head, at_ms, key, &made, error);

    /* Another thread may have signed the same one just now. */
    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "INSERT INTO trail_head (number, at_ms, hash, key_id, signature) VALUES ($1, "
                                "$2, $3, $4, $5) ON CONFLICT DO NOTHING",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, (int64_t)head->number);
    fg_sql_bind_int(statement, 2, at_ms);
    fg_sql_bind_bytes(statement, 3, head->hash.bytes, sizeof(head->hash.bytes));
    fg_sql_bind_bytes(statement, 4, made.key_id.bytes, sizeof(made.key_id.bytes));
    fg_sql_bind_bytes(statement, 5, made.signature.bytes, sizeof(made.signature.bytes));
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_trail_sign(struct fg_sql *sql, const struct fg_private_key *key, int64_t now_ms,
                          struct fg_trail_head *ret_head, struct fg_error *error)
{
    struct fg_trail_head head = {0};
    int64_t already = 0;
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK)
        result = fg_trail_tip(sql, &head, error);
    if (result == FG_OK)
        result = newest_signed(sql, &already, error);
    if (result == FG_OK && head.number > (uint64_t)already)
        result = head_put(sql, &head, now_ms, key, error);
    else
        head.number = 0;
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    else
        *ret_head = head;
    return result;
}

enum fg_err fg_trail_newest(struct fg_sql *sql, struct fg_trail_statement *ret_statement,
                            struct fg_error *error)
{
    struct fg_trail_statement made = {.at_ms = 0};
    struct fg_sql_statement *row;
    const uint8_t *key_id;
    const uint8_t *signature;
    size_t key_length = 0;
    size_t length = 0;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT number, at_ms, hash, key_id, signature FROM trail_head ORDER BY number DESC LIMIT 1",
        &row, error);

    if (result == FG_OK)
        result = fg_sql_next(row, error);
    if (result != FG_OK)
        return result;
    made.head.number = (uint64_t)fg_sql_int(row, 0);
    made.at_ms = fg_sql_int(row, 1);
    result = digest_take(row, 2, &made.head.hash, error);
    key_id = fg_sql_bytes(row, 3, &key_length);
    signature = fg_sql_bytes(row, 4, &length);
    if (result == FG_OK &&
        (key_length != sizeof(made.key_id.bytes) || length != sizeof(made.signature.bytes)))
        result = fg_fail(error, FG_E_CORRUPT, "trail: the newest signed head was edited");
    if (result == FG_OK) {
        memcpy(made.key_id.bytes, key_id, sizeof(made.key_id.bytes));
        memcpy(made.signature.bytes, signature, sizeof(made.signature.bytes));
        *ret_statement = made;
    }
    fg_sql_reset(row);
    return result;
}

/* ---- heads kept elsewhere ---- */

enum fg_err fg_trail_compare(struct fg_sql *sql, const struct fg_trail_head *head,
                             enum fg_trail_standing *ret_standing, struct fg_error *error)
{
    struct fg_sql_statement *row;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result = fg_sql_prepare(sql, "SELECT hash FROM trail WHERE number = $1", &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, (int64_t)head->number);
    result = fg_sql_next(row, error);
    if (result == FG_E_NOT_FOUND) {
        *ret_standing = FG_TRAIL_MISSING;
        return FG_OK;
    }
    if (result != FG_OK)
        return result;
    bytes = fg_sql_bytes(row, 0, &length);
    *ret_standing = length == sizeof(head->hash.bytes) && memcmp(bytes, head->hash.bytes, length) == 0
                        ? FG_TRAIL_HOLDS
                        : FG_TRAIL_OTHER;
    fg_sql_reset(row);
    return FG_OK;
}

const char *fg_trail_standing_text(enum fg_trail_standing standing)
{
    return standing == FG_TRAIL_MISSING
               ? "missing: the trail was cut, or the database was put back to an older copy"
           : standing == FG_TRAIL_OTHER ? "another one: the trail was rewritten"
                                        : "as it was";
}

/* ---- verification ---- */

struct walk {
    const struct fg_public_key *key;
    const struct fg_trail_head *anchor;
    struct fg_digest previous;
    struct fg_trail_verdict verdict;
};

static void broken(struct walk *walk, uint64_t number, const char *why)
{
    walk->verdict.broken = number;
    (void)snprintf(walk->verdict.why, sizeof(walk->verdict.why), "%s", why);
}

/* Columns 10 to 13: the signed head of this record, if there is one. */
static enum fg_err head_check(struct walk *walk, uint64_t number, const struct fg_digest *hash,
                              const struct fg_sql_statement *row, struct fg_error *error)
{
    struct fg_trail_statement statement = {.head.number = number, .at_ms = fg_sql_int(row, 10)};
    size_t key_length = 0;
    size_t length = 0;
    const uint8_t *key_id = fg_sql_bytes(row, 12, &key_length);
    const uint8_t *signature = fg_sql_bytes(row, 13, &length);
    enum fg_err result = digest_take(row, 11, &statement.head.hash, error);

    if (result != FG_OK)
        return result;
    if (!fg_bytes_equal(hash->bytes, statement.head.hash.bytes, sizeof(hash->bytes))) {
        broken(walk, number, "the signed head of this record has another hash");
        return FG_OK;
    }
    if (walk->key == NULL || key_length != sizeof(walk->key->id.bytes) ||
        memcmp(key_id, walk->key->id.bytes, key_length) != 0) {
        walk->verdict.heads_unproven++;
        return FG_OK;
    }
    statement.key_id = walk->key->id;
    if (length == sizeof(statement.signature.bytes))
        memcpy(statement.signature.bytes, signature, length);
    if (length != sizeof(statement.signature.bytes) ||
        fg_trail_statement_verify(&statement, walk->key, 1, NULL) != FG_OK) {
        broken(walk, number, "the signature of this record's head is invalid");
        return FG_OK;
    }
    walk->verdict.heads++;
    walk->verdict.signed_to = number;
    return FG_OK;
}

static enum fg_err record_check(struct walk *walk, const struct fg_sql_statement *row, struct fg_error *error)
{
    struct fg_trail_record record = {fg_sql_int(row, 1),  fg_sql_text(row, 2), fg_sql_text(row, 3),
                                     fg_sql_text(row, 4), fg_sql_text(row, 5), fg_sql_text(row, 6),
                                     fg_sql_text(row, 7), fg_sql_text(row, 8)};
    uint64_t number = (uint64_t)fg_sql_int(row, 0);
    struct fg_digest stored;
    struct fg_digest hash;
    enum fg_err result = digest_take(row, 9, &stored, error);

    if (result != FG_OK)
        return result;
    if (number != walk->verdict.records + 1) {
        broken(walk, walk->verdict.records + 1, "this record is missing");
        return FG_OK;
    }
    hash_of(&walk->previous, number, &record, &hash);
    if (!fg_bytes_equal(hash.bytes, stored.bytes, sizeof(hash.bytes))) {
        broken(walk, number, "this record's hash is not that of its fields and of the hash before it");
        return FG_OK;
    }
    if (walk->anchor != NULL && walk->anchor->number == number &&
        !fg_bytes_equal(hash.bytes, walk->anchor->hash.bytes, sizeof(hash.bytes))) {
        broken(walk, number, "this record's hash is not the one that was kept elsewhere");
        return FG_OK;
    }
    walk->verdict.records++;
    walk->previous = hash;
    return fg_sql_is_null(row, 10) ? FG_OK : head_check(walk, number, &hash, row, error);
}

static enum fg_err records_walk(struct fg_sql *sql, struct walk *walk, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT t.number, t.at_ms, t.login, t.role, t.address, t.action, t.subject, t.detail, t.outcome, "
        "t.hash, h.at_ms, h.hash, h.key_id, h.signature FROM trail t LEFT JOIN trail_head h ON h.number = "
        "t.number WHERE t.number <= $1 ORDER BY t.number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, (int64_t)walk->verdict.tip.number);
    while (walk->verdict.broken == 0 && (result = fg_sql_next(statement, error)) == FG_OK) {
        result = record_check(walk, statement, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* A signed head without its record: the end was cut off. */
static enum fg_err lost_head(struct fg_sql *sql, int64_t *ret_number, struct fg_error *error)
{
    return fg_sql_number(
        sql,
        "SELECT COALESCE(MIN(h.number), 0) FROM trail_head h LEFT JOIN trail t ON t.number = "
        "h.number WHERE t.number IS NULL",
        ret_number, error);
}

static void end_check(struct walk *walk, uint64_t lost)
{
    struct fg_trail_verdict *verdict = &walk->verdict;

    if (verdict->broken != 0)
        return;
    if (verdict->records < verdict->tip.number || lost != 0 ||
        (walk->anchor != NULL && walk->anchor->number > verdict->records))
        broken(walk, verdict->records + 1, "this record is missing: the end was cut off");
    else if (!fg_bytes_equal(walk->previous.bytes, verdict->tip.hash.bytes, sizeof(walk->previous.bytes)))
        broken(walk, verdict->records, "this record's hash is not the one that the next would continue");
}

enum fg_err fg_trail_verify(struct fg_sql *sql, const struct fg_public_key *key,
                            const struct fg_trail_head *anchor, struct fg_trail_verdict *ret_verdict,
                            struct fg_error *error)
{
    struct walk walk = {.key = key, .anchor = anchor};
    int64_t lost = 0;
    enum fg_err result = fg_trail_tip(sql, &walk.verdict.tip, error);

    if (result == FG_OK)
        result = records_walk(sql, &walk, error);
    if (result == FG_OK)
        result = lost_head(sql, &lost, error);
    if (result != FG_OK)
        return result;
    end_check(&walk, (uint64_t)lost);
    *ret_verdict = walk.verdict;
    return FG_OK;
}
