/* Implementation of stations as witnesses of the trail (trail_witness.h). */
#include "host/bureau/watch/trail_witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/trail/ledger.h"

#define WHO "fillgate-bureau"
#define ALARM_SUBJECT "bureau"
#define FINDING_BYTES 240

/* ---- what a person has settled ---- */

/* When the alarm was last closed; 0 = never. */
static enum fg_err settled_read(struct fg_sql *sql, int64_t *ret_settled_ms, struct fg_error *error)
{
    struct fg_sql_statement *row;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT COALESCE(MAX(closed_ms), 0) FROM alarm WHERE kind = $1 AND subject = $2", &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, FG_ALARM_TRAIL_CUT);
    fg_sql_bind_text(row, 2, ALARM_SUBJECT);
    result = fg_sql_next(row, error);
    if (result != FG_OK)
        return result;
    *ret_settled_ms = fg_sql_int(row, 0);
    fg_sql_reset(row);
    return FG_OK;
}

/* ---- one head that the trail contradicts ---- */

struct conflict {
    const struct fg_trail_statement *statement;
    const char *station;
    enum fg_trail_standing standing;
    int64_t settled_ms;
};

/* Since when it is kept; 0 = it is not. */
static enum fg_err heard_read(struct fg_sql *sql, const struct fg_trail_head *head, int64_t *ret_heard_ms,
                              struct fg_error *error)
{
    struct fg_sql_statement *row;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT heard_ms FROM trail_conflict WHERE number = $1 AND hash = $2", &row, error);

    *ret_heard_ms = 0;
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, (int64_t)head->number);
    fg_sql_bind_bytes(row, 2, head->hash.bytes, sizeof(head->hash.bytes));
    result = fg_sql_next(row, error);
    if (result == FG_OK)
        *ret_heard_ms = fg_sql_int(row, 0);
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Does nothing when as many are kept as may be, or another station's report brought it just now. */
static enum fg_err row_add(struct fg_sql *sql, const struct conflict *conflict, int64_t now_ms,
                           struct fg_error *error)
{
    const struct fg_trail_statement *statement = conflict->statement;
    char number[24];
    char hash[FG_LEDGER_HEX_BYTES];
    struct fg_sql_statement *row;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO trail_conflict (number, hash, signed_ms, key_id, signature, station, heard_ms) SELECT "
        "$1, $2, $3, $4, $5, $6, $7 FROM (SELECT COUNT(*) AS kept FROM trail_conflict WHERE signed_ms > $8 "
        "AND heard_ms > $8) AS counted WHERE kept < $9 ON CONFLICT DO NOTHING RETURNING number",
        &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, (int64_t)statement->head.number);
    fg_sql_bind_bytes(row, 2, statement->head.hash.bytes, sizeof(statement->head.hash.bytes));
    fg_sql_bind_int(row, 3, statement->at_ms);
    fg_sql_bind_bytes(row, 4, statement->key_id.bytes, sizeof(statement->key_id.bytes));
    fg_sql_bind_bytes(row, 5, statement->signature.bytes, sizeof(statement->signature.bytes));
    fg_sql_bind_text(row, 6, conflict->station);
    fg_sql_bind_int(row, 7, now_ms);
    fg_sql_bind_int(row, 8, conflict->settled_ms);
    fg_sql_bind_int(row, 9, FG_WITNESS_CONFLICTS_MAX);
    result = fg_sql_next(row, error);
    fg_sql_reset(row);
    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result != FG_OK)
        return result;
    (void)snprintf(number, sizeof(number), "%" PRIu64, statement->head.number);
    return fg_ledger_added(
        sql,
        &(struct fg_ledger_row){
            "trail_conflict",
            {number, fg_ledger_hex(statement->head.hash.bytes, sizeof(statement->head.hash.bytes), hash)}},
        WHO, error);
}

static enum fg_err conflict_keep(struct fg_sql *sql, const struct conflict *conflict, int64_t heard_ms,
                                 int64_t now_ms, struct fg_error *error)
{
    struct fg_alarm alarm = {.kind = FG_ALARM_TRAIL_CUT, .subject = ALARM_SUBJECT};
    enum fg_err result = fg_sql_begin(sql, error);

    (void)snprintf(alarm.station, sizeof(alarm.station), "%s", conflict->station);
    (void)snprintf(alarm.detail, sizeof(alarm.detail),
                   "%s keeps the signed head of record %" PRIu64 " of the trail; that record is %s",
                   conflict->station, conflict->statement->head.number,
                   fg_trail_standing_text(conflict->standing));
    if (result == FG_OK && heard_ms == 0)
        result = row_add(sql, conflict, now_ms, error);
    if (result == FG_OK)
        result = fg_alarm_ensure(sql, &alarm, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

/* ---- what a station hands back ---- */

/* What the heads of one report come to. */
struct judgement {
    uint64_t newest;   /* the highest number of a good one */
    bool contradicted; /* by the trail, and not settled */
};

/* A head that the trail agrees with accuses nobody, whoever signed it. FG_E_FORMAT, FG_E_NOT_FOUND,
 * FG_E_AUTH: it would accuse, but this bureau's key did not sign it. */
static enum fg_err head_judge(struct fg_sql *sql, const struct fg_public_key *key, const char *station,
                              const struct fg_sync_trail_head *handed, int64_t now_ms,
                              struct judgement *judgement, struct fg_error *error)
{
    struct fg_trail_statement statement;
    struct conflict conflict = {.statement = &statement, .station = station};
    int64_t heard_ms = 0;
    enum fg_err result = fg_trail_statement_decode(handed->bytes, handed->length, &statement, error);

    if (result == FG_OK)
        result = fg_trail_compare(sql, &statement.head, &conflict.standing, error);
    if (result == FG_OK && conflict.standing != FG_TRAIL_HOLDS)
        result = fg_trail_statement_verify(&statement, key, 1, error);
    if (result != FG_OK)
        return result;
    if (statement.head.number > judgement->newest)
        judgement->newest = statement.head.number;
    if (conflict.standing == FG_TRAIL_HOLDS)
        return FG_OK;
    result = settled_read(sql, &conflict.settled_ms, error);
    if (result == FG_OK)
        result = heard_read(sql, &statement.head, &heard_ms, error);
    if (result != FG_OK || statement.at_ms <= conflict.settled_ms ||
        (heard_ms != 0 && heard_ms <= conflict.settled_ms))
        return result;
    judgement->contradicted = true;
    return conflict_keep(sql, &conflict, heard_ms, now_ms, error);
}

static enum fg_err heads_judge(struct fg_sql *sql, const struct fg_public_key *key, const char *station,
                               const struct fg_sync_reports *reports, int64_t now_ms,
                               struct fg_sync_report_answer *answer, struct judgement *judgement,
                               struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < reports->trail_head_count; i++) {
        result = head_judge(sql, key, station, &reports->trail_heads[i], now_ms, judgement, error);
        if (result != FG_E_FORMAT && result != FG_E_NOT_FOUND && result != FG_E_AUTH)
            continue;
        (void)snprintf(answer->text, sizeof(answer->text), "not a head of this bureau's trail: %.150s",
                       error->text);
        result = FG_OK;
    }
    if (result == FG_OK && judgement->contradicted)
        (void)snprintf(answer->text, sizeof(answer->text),
                       "TRAIL CUT OR REWRITTEN: it does not have a record whose signed head %s keeps",
                       station);
    return result;
}

/* ---- what it is given ---- */

/* While others write, the one that was signed before is as good. */
static enum fg_err newest_sign(struct fg_sql *sql, const struct fg_private_key *key, int64_t now_ms,
                               struct fg_trail_statement *ret_statement, struct fg_trail_head *ret_signed,
                               struct fg_error *error)
{
    struct fg_trail_head tip;
    struct fg_trail_statement newest = {.at_ms = 0};
    enum fg_err result = fg_trail_tip(sql, &tip, error);

    if (result == FG_OK)
        result = fg_trail_newest(sql, &newest, error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    if (tip.number > newest.head.number) {
        result = fg_trail_sign(sql, key, now_ms, ret_signed, error);
        if (result == FG_OK || (result == FG_E_BUSY && newest.head.number > 0))
            result = fg_trail_newest(sql, &newest, error);
    }
    if (result == FG_OK)
        *ret_statement = newest;
    return result;
}

enum fg_err fg_witness_report(struct fg_sql *sql, const struct fg_private_key *receipt_key,
                              const char *station, const struct fg_sync_reports *reports, int64_t now_ms,
                              struct fg_sync_report_answer *answer, struct fg_trail_head *ret_signed,
                              struct fg_error *error)
{
    struct judgement judgement = {.newest = 0};
    struct fg_trail_statement newest;
    enum fg_err result =
        heads_judge(sql, &receipt_key->public_key, station, reports, now_ms, answer, &judgement, error);

    ret_signed->number = 0;
    if (result != FG_OK)
        return result;
    result = newest_sign(sql, receipt_key, now_ms, &newest, ret_signed, error);
    if (result == FG_E_NOT_FOUND) /* nothing was ever written */
        return FG_OK;
    if (result == FG_E_CORRUPT) { /* reports go on; verifying names it */
        (void)snprintf(answer->text, sizeof(answer->text), "%.190s", error->text);
        return FG_OK;
    }
    if (result != FG_OK || (judgement.contradicted && newest.head.number > judgement.newest))
        return result;
    answer->trail_head.length = FG_TRAIL_STATEMENT_BYTES;
    fg_trail_statement_encode(&newest, answer->trail_head.bytes);
    return FG_OK;
}

/* ---- verification ---- */

struct kept {
    struct fg_trail_head head;
    char station[FG_NAME_MAX + 1];
};

static enum fg_err kept_read(struct fg_sql *sql, int64_t settled_ms, struct kept *kept, size_t *ret_count,
                             struct fg_error *error)
{
    struct fg_sql_statement *row;
    size_t count = 0;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT number, hash, station FROM trail_conflict WHERE signed_ms > "
                                        "$1 AND heard_ms > $1 ORDER BY number, station LIMIT $2",
                                        &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, settled_ms);
    fg_sql_bind_int(row, 2, FG_WITNESS_CONFLICTS_MAX);
    while (count < FG_WITNESS_CONFLICTS_MAX && (result = fg_sql_next(row, error)) == FG_OK) {
        struct kept *one = &kept[count++];
        size_t length = 0;
        const uint8_t *hash = fg_sql_bytes(row, 1, &length);

        memset(one, 0, sizeof(*one));
        one->head.number = (uint64_t)fg_sql_int(row, 0);
        if (length == sizeof(one->head.hash.bytes)) /* another length is told by the ledger */
            memcpy(one->head.hash.bytes, hash, length);
        (void)snprintf(one->station, sizeof(one->station), "%s", fg_sql_text(row, 2));
    }
    fg_sql_reset(row);
    *ret_count = count;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_witness_verify(struct fg_sql *sql, fg_witness_found found, void *context,
                              struct fg_error *error)
{
    struct kept kept[FG_WITNESS_CONFLICTS_MAX];
    char text[FINDING_BYTES];
    enum fg_trail_standing standing = FG_TRAIL_HOLDS;
    int64_t settled_ms = 0;
    size_t count = 0;
    enum fg_err result = settled_read(sql, &settled_ms, error);

    if (result == FG_OK)
        result = kept_read(sql, settled_ms, kept, &count, error);
    for (size_t i = 0; result == FG_OK && i < count; i++) {
        result = fg_trail_compare(sql, &kept[i].head, &standing, error);
        if (result != FG_OK || standing == FG_TRAIL_HOLDS)
            continue;
        (void)snprintf(text, sizeof(text), "record %" PRIu64 ", whose signed head station %s keeps, is %s",
                       kept[i].head.number, kept[i].station, fg_trail_standing_text(standing));
        found(context, text);
    }
    return result;
}
