/* Implementation of a record of rows (ledger_rows.h). */
#include "host/bureau/trail/ledger_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/bureau/trail/trail.h"

#define PURPOSE "fillgate rows v1"
#define KEY_SHOWN 40

void fg_ledger_record_start(struct fg_ledger_record *record, const char *who)
{
    memset(record, 0, sizeof(*record));
    record->who = who;
    fg_sha256_start(&record->stream);
    fg_sha256_add(&record->stream, PURPOSE, sizeof(PURPOSE));
}

static void piece_add(struct fg_sha256_stream *stream, const void *bytes, size_t length)
{
    uint8_t number[4] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
                         (uint8_t)length};

    fg_sha256_add(stream, number, sizeof(number));
    fg_sha256_add(stream, bytes, length);
}

void fg_ledger_change_hash(struct fg_sha256_stream *stream, const struct fg_ledger_change *change)
{
    piece_add(stream, change->table, strlen(change->table));
    for (size_t i = 0; i < FG_LEDGER_KEYS_MAX; i++)
        piece_add(stream, change->keys[i], strlen(change->keys[i]));
    piece_add(stream, change->before != NULL ? change->before->bytes : (const uint8_t *)"",
              change->before != NULL ? FG_DIGEST_BYTES : 0);
    piece_add(stream, change->after != NULL ? change->after->bytes : (const uint8_t *)"",
              change->after != NULL ? FG_DIGEST_BYTES : 0);
}

void fg_ledger_detail(struct fg_sha256_stream *stream, uint64_t rows, char ret_detail[FG_LEDGER_DETAIL_BYTES])
{
    struct fg_digest digest;
    size_t used = (size_t)snprintf(ret_detail, FG_LEDGER_DETAIL_BYTES, "rows=%" PRIu64 " sha256=", rows);

    fg_sha256_finish(stream, &digest);
    for (size_t i = 0; i < sizeof(digest.bytes); i++)
        used += (size_t)snprintf(ret_detail + used, FG_LEDGER_DETAIL_BYTES - used, "%02x", digest.bytes[i]);
}

static enum fg_err row_insert(struct fg_sql *sql, const struct fg_ledger_record *record,
                              const struct fg_ledger_change *change, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "INSERT INTO trail_row (tab, k1, k2, k3, number, place, was, "
                                        "becomes) VALUES ($1, $2, $3, $4, $5, $6, "
                                        "$7, $8)",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, change->table);
    fg_sql_bind_text(statement, 2, change->keys[0]);
    fg_sql_bind_text(statement, 3, change->keys[1]);
    fg_sql_bind_text(statement, 4, change->keys[2]);
    fg_sql_bind_int(statement, 5, (int64_t)record->number);
    fg_sql_bind_int(statement, 6, (int64_t)record->rows);
    fg_sql_bind_bytes(statement, 7, change->before != NULL ? change->before->bytes : (const uint8_t *)"",
                      change->before != NULL ? FG_DIGEST_BYTES : 0);
    fg_sql_bind_bytes(statement, 8, change->after != NULL ? change->after->bytes : (const uint8_t *)"",
                      change->after != NULL ? FG_DIGEST_BYTES : 0);
    return fg_sql_run(statement, NULL, error);
}

/* "cylinder HZ-1": each key cut between characters. */
static void first_write(struct fg_ledger_record *record, const struct fg_ledger_change *change)
{
    size_t used = (size_t)snprintf(record->first, sizeof(record->first), "%s", change->table);

    for (size_t i = 0; i < FG_LEDGER_KEYS_MAX && change->keys[i][0] != '\0'; i++) {
        int length = (int)strnlen(change->keys[i], KEY_SHOWN);

        while (length == KEY_SHOWN && length > 0 && ((unsigned char)change->keys[i][length] & 0xC0) == 0x80)
            length--;
        used += (size_t)snprintf(record->first + used, sizeof(record->first) - used, " %.*s", length,
                                 change->keys[i]);
    }
}

enum fg_err fg_ledger_record_add(struct fg_sql *sql, struct fg_ledger_record *record,
                                 const struct fg_ledger_change *change, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    if (record->number == 0) {
        result = fg_trail_next(sql, &record->number, error);
        first_write(record, change);
    }
    if (result == FG_OK)
        result = row_insert(sql, record, change, error);
    if (result != FG_OK)
        return result;
    fg_ledger_change_hash(&record->stream, change);
    record->rows++;
    return FG_OK;
}

enum fg_err fg_ledger_record_end(struct fg_sql *sql, struct fg_ledger_record *record, struct fg_error *error)
{
    char detail[FG_LEDGER_DETAIL_BYTES];
    struct fg_trail_record trail = {.at_ms = (int64_t)time(NULL) * 1000,
                                    .user = record->who,
                                    .role = "",
                                    .address = "",
                                    .action = FG_LEDGER_ACTION,
                                    .subject = record->first,
                                    .detail = detail,
                                    .outcome = FG_TRAIL_DONE};
    uint64_t number = 0;
    enum fg_err result;

    if (record->rows == 0)
        return FG_OK;
    fg_ledger_detail(&record->stream, record->rows, detail);
    result = fg_trail_append(sql, &trail, &number, error);
    if (result == FG_OK && number != record->number)
        return fg_fail(error, FG_E_STATE, "ledger: the trail moved on to record %" PRIu64 " meanwhile",
                       number);
    return result;
}
