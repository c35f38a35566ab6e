/* Implementation of operator_records.h. */
#include "host/bureau/registry/operator_records.h"
#include "host/bureau/trail/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "lib/crypto/pin.h"
#include "proto/list/operators.h"

static enum fg_err bytes_read(const struct fg_sql_statement *statement, unsigned column, size_t expected,
                              uint8_t *ret_bytes, const char *id, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(statement, column, &length);

    if (length != expected)
        return fg_fail(error, FG_E_CORRUPT,
                       "operator %s: %zu bytes are stored in place of %zu; set the PIN again", id, length,
                       expected);
    memcpy(ret_bytes, bytes, length);
    return FG_OK;
}

static enum fg_err operator_read(const struct fg_sql_statement *statement, struct fg_operator *ret_operator,
                                 struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *card = fg_sql_bytes(statement, 2, &length);
    int64_t rounds = fg_sql_int(statement, 3);
    enum fg_err result;

    memset(ret_operator, 0, sizeof(*ret_operator));
    (void)snprintf(ret_operator->id, sizeof(ret_operator->id), "%s", fg_sql_text(statement, 0));
    ret_operator->certificate_end_day = (int32_t)fg_sql_int(statement, 1);
    if (length > FG_UID_MAX || rounds < 0 || rounds > FG_PIN_ROUNDS_MAX)
        return fg_fail(error, FG_E_CORRUPT, "operator %s: a card of %zu bytes, %" PRId64 " rounds of its PIN",
                       ret_operator->id, length, rounds);
    memcpy(ret_operator->card.bytes, card, length);
    ret_operator->card.length = (uint8_t)length;
    ret_operator->pin_rounds = (uint32_t)rounds;
    if (rounds == 0)
        return FG_OK;
    result = bytes_read(statement, 4, FG_PIN_SALT_BYTES, ret_operator->pin_salt, ret_operator->id, error);
    return result == FG_OK ? bytes_read(statement, 5, FG_PIN_DIGEST_BYTES, ret_operator->pin_digest,
                                        ret_operator->id, error)
                           : result;
}

/* By bytes: what a database's collation would do, differs from one to the next. */
static int by_id(const void *left, const void *right)
{
    return strcmp(((const struct fg_operator *)left)->id, ((const struct fg_operator *)right)->id);
}

enum fg_err fg_operators_of_station(struct fg_sql *sql, const char *station,
                                    struct fg_operator ret_operators[FG_OPERATORS_MAX], uint8_t *ret_count,
                                    struct fg_error *error)
{
    struct fg_operator operators[FG_OPERATORS_MAX];
    struct fg_sql_statement *statement;
    size_t count = 0;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT operator, certificate_end, card_uid, pin_rounds, pin_salt, "
                                        "pin_digest FROM operator WHERE station = $1",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        if (count < FG_OPERATORS_MAX)
            result = operator_read(statement, &operators[count], error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
        count++;
    }
    if (result != FG_E_NOT_FOUND)
        return result;
    if (count > FG_OPERATORS_MAX)
        return fg_fail(
            error, FG_E_SIZE,
            "station %.40s: it has %zu operators, its rules can carry %d; give the field station of "
            "those who left another value",
            station, count, FG_OPERATORS_MAX);
    qsort(operators, count, sizeof(operators[0]), by_id);
    result = fg_operators_check(operators, count, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "station %.40s: ", station);
    memcpy(ret_operators, operators, count * sizeof(operators[0]));
    *ret_count = (uint8_t)count;
    return FG_OK;
}

enum fg_err fg_operator_has_pin(struct fg_sql *sql, const char *id, bool *ret_has, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT pin_rounds FROM operator WHERE operator = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "operator %.40s: not in the registry", id);
    if (result == FG_OK) {
        *ret_has = fg_sql_int(statement, 0) != 0;
        fg_sql_reset(statement);
    }
    return result;
}

static enum fg_err pin_store(struct fg_sql *sql, const char *id, const struct fg_operator *person,
                             const char *who, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_ledger_touch(sql, &(struct fg_ledger_row){"operator", {id}}, who, error);

    if (result == FG_OK)
        result = fg_sql_prepare(
            sql, "UPDATE operator SET pin_rounds = $2, pin_salt = $3, pin_digest = $4 WHERE operator = $1",
            &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_int(statement, 2, person->pin_rounds);
    fg_sql_bind_bytes(statement, 3, person->pin_salt, person->pin_rounds > 0 ? FG_PIN_SALT_BYTES : 0);
    fg_sql_bind_bytes(statement, 4, person->pin_digest, person->pin_rounds > 0 ? FG_PIN_DIGEST_BYTES : 0);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_operator_pin_put(struct fg_sql *sql, const char *id, const char *pin,
                                const struct fg_change_by *by, bool *ret_changed, struct fg_error *error)
{
    struct fg_operator person = {0};
    bool has = false;
    enum fg_err result = fg_operator_has_pin(sql, id, &has, error);
    bool changes = pin != NULL || has;

    if (result == FG_OK && pin != NULL)
        result = fg_pin_set(&person, pin, error);
    if (result == FG_OK && changes)
        result = pin_store(sql, id, &person, by->who, error);
    if (result == FG_OK && changes)
        result = fg_change_note(sql, fg_record_kind("operator"), id, pin != NULL ? "pin set" : "pin cleared",
                                by, error);
    mbedtls_platform_zeroize(&person, sizeof(person));
    if (result == FG_OK && ret_changed != NULL)
        *ret_changed = changes;
    return result;
}
