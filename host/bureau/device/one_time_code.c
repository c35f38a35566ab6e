/* Implementation of one-time codes at the bureau (one_time_code.h). */
#include "host/bureau/device/one_time_code.h"

#include <stdio.h>
#include <string.h>

#include "host/bureau/trail/ledger.h"

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= FG_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* ---- making ---- */

static enum fg_err order_check(const struct fg_one_time_order *order, int64_t now_ms, struct fg_error *error)
{
    if (strcmp(order->role, FG_ROLE_CONTROLLER) != 0 && strcmp(order->role, FG_ROLE_STATION) != 0)
        return fg_fail(error, FG_E_RANGE, "\"%s\": the role is controller or station", order->role);
    if (!name_is_good(order->device) || !name_is_good(order->station) || !name_is_good(order->list_id))
        return fg_fail(error, FG_E_RANGE,
                       "device, station and list id are 1 to %d letters, digits, '.', '_' or '-' each",
                       FG_NAME_MAX);
    if (order->expires_ms <= now_ms)
        return fg_fail(error, FG_E_RANGE, "the code would have expired already");
    return fg_device_names_fit(&order->names, order->role, error);
}

static enum fg_err code_put(struct fg_sql *sql, const struct fg_one_time_order *order,
                            const struct fg_public_key *key, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char names[FG_DEVICE_NAMES_TEXT_MAX + 1];
    char hex[FG_LEDGER_HEX_BYTES];
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO enrol_code (code_id, code_point, device, role, station, list_id, names, "
                       "who, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_device_names_text(&order->names, names);
    fg_sql_bind_bytes(statement, 1, key->id.bytes, FG_KEY_ID_BYTES);
    fg_sql_bind_bytes(statement, 2, key->point, FG_POINT_BYTES);
    fg_sql_bind_text(statement, 3, order->device);
    fg_sql_bind_text(statement, 4, order->role);
    fg_sql_bind_text(statement, 5, order->station);
    fg_sql_bind_text(statement, 6, order->list_id);
    fg_sql_bind_text(statement, 7, names);
    fg_sql_bind_text(statement, 8, order->who);
    fg_sql_bind_int(statement, 9, now_ms);
    fg_sql_bind_int(statement, 10, order->expires_ms);
    result = fg_sql_run(statement, NULL, error);
    if (result != FG_OK)
        return result;
    return fg_ledger_added(
        sql, &(struct fg_ledger_row){"enrol_code", {fg_ledger_hex(key->id.bytes, FG_KEY_ID_BYTES, hex)}},
        order->who, error);
}

enum fg_err fg_one_time_code_new(struct fg_sql *sql, const struct fg_one_time_order *order, int64_t now_ms,
                                 char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_error *error)
{
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    char code[FG_ONE_TIME_CODE_TEXT];
    enum fg_err result = order_check(order, now_ms, error);

    if (result == FG_OK)
        result = fg_enrol_code_new(code, &key, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = code_put(sql, order, &key.public_key, now_ms, error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        memcpy(ret_code, code, sizeof(code));
    else
        fg_sql_rollback(sql);
    return result;
}

/* ---- using ---- */

static enum fg_err unknown(struct fg_error *error)
{
    return fg_fail(
        error, FG_E_DENIED,
        "the one-time code is unknown, used, expired, or for another kind of device; ask the bureau for "
        "a new one");
}

static void copy_name(char target[FG_NAME_MAX + 1], const char *text)
{
    (void)snprintf(target, FG_NAME_MAX + 1, "%s", text);
}

static enum fg_err code_find(struct fg_sql *sql, const struct fg_enrol_frame *frame, const char *role,
                             int64_t now_ms, struct fg_one_time_found *ret_found, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_public_key key;
    const uint8_t *point;
    size_t length = 0;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT code_point, device, role, station, list_id, names FROM enrol_code WHERE code_id "
        "= $1 AND used_ms = 0 AND expires_ms > $2 AND role = $3",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, frame->key_id.bytes, FG_KEY_ID_BYTES);
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_text(statement, 3, role);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return unknown(error);
    if (result != FG_OK)
        return result;
    point = fg_sql_bytes(statement, 0, &length);
    if (length != FG_POINT_BYTES || fg_public_key_from_point(point, &key, NULL) != FG_OK ||
        fg_sign_verify(&key, FG_PURPOSE_ENROL_CODE, frame->message, frame->message_length, &frame->signature,
                       NULL) != FG_OK)
        result = unknown(error);
    copy_name(ret_found->device, fg_sql_text(statement, 1));
    copy_name(ret_found->role, fg_sql_text(statement, 2));
    copy_name(ret_found->station, fg_sql_text(statement, 3));
    copy_name(ret_found->list_id, fg_sql_text(statement, 4));
    if (result == FG_OK)
        result = fg_device_names_parse(fg_sql_text(statement, 5), &ret_found->names, error);
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_one_time_code_use(struct fg_sql *sql, const struct fg_enrol_frame *frame, const char *role,
                                 int64_t now_ms, struct fg_one_time_found *ret_found, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_one_time_found found;
    char hex[FG_LEDGER_HEX_BYTES];
    int64_t changed = 0;
    enum fg_err result = code_find(sql, frame, role, now_ms, &found, error);

    if (result == FG_OK)
        result = fg_ledger_touch(
            sql,
            &(struct fg_ledger_row){"enrol_code", {fg_ledger_hex(frame->key_id.bytes, FG_KEY_ID_BYTES, hex)}},
            found.device, error);
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "UPDATE enrol_code SET used_ms = $2 WHERE code_id = $1 AND used_ms = 0",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, frame->key_id.bytes, FG_KEY_ID_BYTES);
    fg_sql_bind_int(statement, 2, now_ms);
    result = fg_sql_run(statement, &changed, error);
    /* Whoever comes second changes no row. */
    if (result == FG_OK && changed != 1)
        result = unknown(error);
    if (result == FG_OK)
        *ret_found = found;
    return result;
}
