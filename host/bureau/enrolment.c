/* Implementation of enrolment (enrolment.h). */
#include "host/bureau/enrolment.h"

#include <stdio.h>
#include <string.h>

#include "host/bureau/ledger.h"
#include "proto/pk.h"

#define DAY_MS INT64_C(86400000)
#define CODE_DIGITS 20
/* A device's clock may be a little behind the bureau's. */
#define CERTIFICATE_EARLY_MS INT64_C(3600000)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's base 32 */

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= FG_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* As a person types it: any case, O for 0, I and L for 1, dashes and blanks anywhere. */
static bool code_hash(const char *text, struct fg_digest *ret_hash)
{
    char plain[CODE_DIGITS];
    size_t length = 0;

    for (; *text != '\0'; text++) {
        char letter = *text;

        if (letter == '-' || letter == ' ')
            continue;
        if (letter >= 'a' && letter <= 'z')
            letter = (char)(letter - 'a' + 'A');
        if (letter == 'O')
            letter = '0';
        if (letter == 'I' || letter == 'L')
            letter = '1';
        if (strchr(digits, letter) == NULL || length == CODE_DIGITS)
            return false;
        plain[length++] = letter;
    }
    if (length != CODE_DIGITS)
        return false;
    fg_sha256(plain, sizeof(plain), ret_hash);
    return true;
}

static enum fg_err change_keep(struct fg_sql *sql, const char *device, const char *what, const char *who,
                               const char *why, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO device_change (device, number, at_ms, what, who, why) SELECT $1, "
                       "COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5 FROM device_change WHERE device = $1 "
                       "RETURNING number",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_text(statement, 3, what);
    fg_sql_bind_text(statement, 4, who);
    fg_sql_bind_text(statement, 5, why);
    return fg_ledger_insert_run(statement, sql, "device_change", device, NULL, who, error);
}

/* ---- codes ---- */

static enum fg_err code_put(struct fg_sql *sql, const struct fg_one_time_order *order, const char *code,
                            int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest hash;
    char hex[FG_LEDGER_HEX_BYTES];
    enum fg_err result;

    if (!code_hash(code, &hash))
        return fg_fail(error, FG_E_ARG, "one-time code: it does not read as one");
    result = fg_sql_prepare(sql,
                            "INSERT INTO enrol_code (hash, device, role, station, list_id, who, created_ms, "
                            "expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                            &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    fg_sql_bind_text(statement, 2, order->device);
    fg_sql_bind_text(statement, 3, order->role);
    fg_sql_bind_text(statement, 4, order->station);
    fg_sql_bind_text(statement, 5, order->list_id);
    fg_sql_bind_text(statement, 6, order->who);
    fg_sql_bind_int(statement, 7, now_ms);
    fg_sql_bind_int(statement, 8, order->expires_ms);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK
               ? fg_ledger_added(sql,
                                 &(struct fg_ledger_row){
                                     "enrol_code", {fg_ledger_hex(hash.bytes, sizeof(hash.bytes), hex)}},
                                 order->who, error)
               : result;
}

enum fg_err fg_enrolment_code_new(struct fg_sql *sql, const struct fg_one_time_order *order, int64_t now_ms,
                                  char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_error *error)
{
    uint8_t random[CODE_DIGITS];
    char code[FG_ONE_TIME_CODE_TEXT];
    size_t at = 0;
    enum fg_err result;

    if (strcmp(order->role, FG_ROLE_CONTROLLER) != 0 && strcmp(order->role, FG_ROLE_STATION) != 0)
        return fg_fail(error, FG_E_RANGE, "\"%s\" is no role that joins by a code: controller or station",
                       order->role);
    if (!name_is_good(order->device) || !name_is_good(order->station) || !name_is_good(order->list_id))
        return fg_fail(error, FG_E_RANGE,
                       "device, station and list id are 1 to %d letters, digits, '.', '_' or '-' each",
                       FG_NAME_MAX);
    if (order->expires_ms <= now_ms)
        return fg_fail(error, FG_E_RANGE, "the code would have expired already");
    if (fg_random(NULL, random, sizeof(random)) != 0)
        return fg_fail(error, FG_E_IO, "one-time code: no random numbers from the operating system");
    for (size_t i = 0; i < CODE_DIGITS; i++) {
        if (i > 0 && i % 5 == 0)
            code[at++] = '-';
        code[at++] = digits[random[i] % 32];
    }
    code[at] = '\0';
    result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = code_put(sql, order, code, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        memcpy(ret_code, code, sizeof(code));
    else
        fg_sql_rollback(sql);
    return result;
}

struct order_found {
    char device[FG_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    char list_id[FG_NAME_MAX + 1];
};

static void copy_name(char target[FG_NAME_MAX + 1], const char *text)
{
    (void)snprintf(target, FG_NAME_MAX + 1, "%s", text);
}

/* Marks the code as used; whoever comes second changes no row. */
static enum fg_err code_use(struct fg_sql *sql, const char *code, const char *role, int64_t now_ms,
                            struct order_found *ret_order, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest hash;
    char hex[FG_LEDGER_HEX_BYTES];
    int64_t changed = 0;
    enum fg_err result;

    if (!code_hash(code, &hash))
        return fg_fail(error, FG_E_DENIED, "the one-time code is not one: 20 letters and digits");
    result = fg_ledger_touch(
        sql, &(struct fg_ledger_row){"enrol_code", {fg_ledger_hex(hash.bytes, sizeof(hash.bytes), hex)}}, "",
        error);
    if (result != FG_OK)
        return result;
    result = fg_sql_prepare(
        sql,
        "UPDATE enrol_code SET used_ms = $2 WHERE hash = $1 AND used_ms = 0 AND expires_ms > $2 "
        "AND role = $3",
        &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_text(statement, 3, role);
    result = fg_sql_run(statement, &changed, error);
    if (result == FG_OK && changed != 1)
        return fg_fail(
            error, FG_E_DENIED,
            "the one-time code is unknown, used, expired, or for another kind of device; ask the bureau for "
            "a new one");
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "SELECT device, role, station, list_id FROM enrol_code WHERE hash = $1",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    result = fg_sql_next(statement, error);
    if (result != FG_OK)
        return result;
    copy_name(ret_order->device, fg_sql_text(statement, 0));
    copy_name(ret_order->role, fg_sql_text(statement, 1));
    copy_name(ret_order->station, fg_sql_text(statement, 2));
    copy_name(ret_order->list_id, fg_sql_text(statement, 3));
    fg_sql_reset(statement);
    return FG_OK;
}

/* ---- devices ---- */

#define DEVICE_COLUMNS                                                                                       \
    "SELECT device, role, station, list_id, tls_point, device_point, suspended, enrolled_ms, "               \
    "certificate_end_ms "                                                                                    \
    "FROM device"

static enum fg_err device_read(const struct fg_sql_statement *statement, struct fg_device_record *ret_record,
                               struct fg_error *error)
{
    struct fg_device_record record;
    size_t length = 0;
    const uint8_t *point;
    enum fg_err result;

    memset(&record, 0, sizeof(record));
    copy_name(record.device, fg_sql_text(statement, 0));
    copy_name(record.role, fg_sql_text(statement, 1));
    copy_name(record.station, fg_sql_text(statement, 2));
    copy_name(record.list_id, fg_sql_text(statement, 3));
    point = fg_sql_bytes(statement, 4, &length);
    if (length != FG_POINT_BYTES)
        return fg_fail(error, FG_E_CORRUPT, "device %s: its TLS key is %zu bytes long", record.device,
                       length);
    result = fg_public_key_from_point(point, &record.tls_key, error);
    if (result != FG_OK)
        return result;
    point = fg_sql_bytes(statement, 5, &length);
    record.has_device_key = length == FG_POINT_BYTES;
    if (record.has_device_key)
        result = fg_public_key_from_point(point, &record.device_key, error);
    record.suspended = fg_sql_int(statement, 6) != 0;
    record.enrolled_ms = fg_sql_int(statement, 7);
    record.certificate_end_ms = fg_sql_int(statement, 8);
    if (result == FG_OK)
        *ret_record = record;
    return result;
}

enum fg_err fg_device_find(struct fg_sql *sql, const char *device, struct fg_device_record *ret_record,
                           struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, DEVICE_COLUMNS " WHERE device = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "device %s: not enrolled", device);
    if (result == FG_OK) {
        result = device_read(statement, ret_record, error);
        fg_sql_reset(statement);
    }
    return result;
}

enum fg_err fg_device_each(struct fg_sql *sql, fg_device_visit visit, void *context, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_device_record record;
    enum fg_err result = fg_sql_prepare(sql, DEVICE_COLUMNS " ORDER BY device", &statement, error);

    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        result = device_read(statement, &record, error);
        if (result == FG_OK)
            result = visit(context, &record, error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err device_put(struct fg_sql *sql, const struct fg_device_record *record,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_ledger_touch(sql, &(struct fg_ledger_row){"device", {record->device}}, record->device, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "INSERT INTO device (device, role, station, list_id, tls_point, "
                                "device_point, suspended, enrolled_ms, "
                                "certificate_end_ms) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) ON "
                                "CONFLICT (device) DO UPDATE SET role = $2, "
                                "station = $3, list_id = $4, tls_point = $5, device_point = $6, "
                                "enrolled_ms = $7, certificate_end_ms = $8",
                                &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, record->device);
    fg_sql_bind_text(statement, 2, record->role);
    fg_sql_bind_text(statement, 3, record->station);
    fg_sql_bind_text(statement, 4, record->list_id);
    fg_sql_bind_bytes(statement, 5, record->tls_key.point, FG_POINT_BYTES);
    if (record->has_device_key)
        fg_sql_bind_bytes(statement, 6, record->device_key.point, FG_POINT_BYTES);
    else
        fg_sql_bind_null(statement, 6);
    fg_sql_bind_int(statement, 7, record->enrolled_ms);
    fg_sql_bind_int(statement, 8, record->certificate_end_ms);
    return fg_sql_run(statement, NULL, error);
}

/* ---- certificates ---- */

static enum fg_err certificate_put(struct fg_sql *sql, const char *device,
                                   const struct fg_certificate *certificate, int64_t now_ms, int64_t end_ms,
                                   struct fg_error *error)
{
    char hex[FG_LEDGER_HEX_BYTES];
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "INSERT INTO certificate (device, serial, issued_ms, end_ms, bytes) VALUES ($1, $2, $3, $4, $5)",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_bytes(statement, 2, certificate->serial, FG_SERIAL_BYTES);
    fg_sql_bind_int(statement, 3, now_ms);
    fg_sql_bind_int(statement, 4, end_ms);
    fg_sql_bind_bytes(statement, 5, certificate->bytes, certificate->length);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK
               ? fg_ledger_added(
                     sql,
                     &(struct fg_ledger_row){
                         "certificate", {device, fg_ledger_hex(certificate->serial, FG_SERIAL_BYTES, hex)}},
                     device, error)
               : result;
}

static void answer_fill(const struct fg_enrolment_settings *settings, const struct fg_device_record *record,
                        const struct fg_certificate *certificate, struct fg_enrol_answer *ret_answer)
{
    size_t ca_length = 0;
    const uint8_t *ca = fg_ca_certificate(settings->ca, &ca_length);

    memset(ret_answer, 0, sizeof(*ret_answer));
    copy_name(ret_answer->id, record->device);
    copy_name(ret_answer->station, record->station);
    copy_name(ret_answer->list_id, record->list_id);
    memcpy(ret_answer->certificate, certificate->bytes, certificate->length);
    ret_answer->certificate_length = certificate->length;
    if (ca_length <= sizeof(ret_answer->ca)) {
        memcpy(ret_answer->ca, ca, ca_length);
        ret_answer->ca_length = ca_length;
    }
    ret_answer->has_receipt_key = settings->receipt_key != NULL;
    if (settings->receipt_key != NULL)
        ret_answer->receipt_key = *settings->receipt_key;
    for (size_t i = 0; i < settings->list_key_count && i < FG_ENROL_LIST_KEYS_MAX; i++)
        ret_answer->list_keys[ret_answer->list_key_count++] = settings->list_keys[i];
}

/* Issues for *record (whose end date is set here) and records both. */
static enum fg_err issue(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                         const struct fg_enrol_request *request, struct fg_device_record *record,
                         int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_certificate certificate;
    struct fg_certificate_order order = {.role = record->role,
                                         .id = record->device,
                                         .key = &record->tls_key,
                                         .device_key = record->has_device_key ? &record->device_key : NULL,
                                         .from_ms = now_ms - CERTIFICATE_EARLY_MS,
                                         .to_ms = now_ms + (int64_t)settings->certificate_days * DAY_MS};
    enum fg_err result;

    /* Only a server needs names, and a controller must not become one. */
    if (strcmp(record->role, FG_ROLE_STATION) == 0) {
        for (; order.name_count < request->name_count; order.name_count++)
            order.names[order.name_count] = request->names[order.name_count];
    }
    record->certificate_end_ms = order.to_ms;
    result = fg_ca_issue(settings->ca, &order, &certificate, error);
    if (result == FG_OK)
        result = device_put(sql, record, error);
    if (result == FG_OK)
        result = certificate_put(sql, record->device, &certificate, now_ms, order.to_ms, error);
    if (result == FG_OK)
        answer_fill(settings, record, &certificate, ret_answer);
    return result;
}

/* A controller brings its journal key and proves that it holds it; nobody else brings one. */
static enum fg_err device_key_check(const struct fg_enrol_request *request, struct fg_error *error)
{
    bool controller = strcmp(request->role, FG_ROLE_CONTROLLER) == 0;
    enum fg_err result = FG_OK;

    if (controller && !request->has_device_key)
        return fg_fail(error, FG_E_FORMAT, "a controller's request needs its journal key");
    if (!controller && request->has_device_key)
        return fg_fail(error, FG_E_FORMAT, "only a controller has a journal key");
    if (controller)
        result = fg_sign_verify(&request->device_key, FG_PURPOSE_ENROL, request->request,
                                request->request_length, &request->device_signature, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "journal key: ");
}

static enum fg_err join_run(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                            const struct fg_enrol_request *request, const struct fg_public_key *tls_key,
                            int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct order_found order;
    struct fg_device_record record;
    struct fg_device_record before;
    enum fg_err result = code_use(sql, request->code, request->role, now_ms, &order, error);

    if (result != FG_OK)
        return result;
    result = fg_device_find(sql, order.device, &before, error);
    if (result == FG_OK && before.has_device_key &&
        (!request->has_device_key ||
         !fg_bytes_equal(before.device_key.point, request->device_key.point, FG_POINT_BYTES)))
        return fg_fail(error, FG_E_DENIED,
                       "%s joined before with another journal key; a new controller gets a new id",
                       order.device);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    memset(&record, 0, sizeof(record));
    copy_name(record.device, order.device);
    copy_name(record.role, order.role);
    copy_name(record.station, order.station);
    copy_name(record.list_id, order.list_id);
    record.tls_key = *tls_key;
    record.has_device_key = request->has_device_key;
    record.device_key = request->device_key;
    record.enrolled_ms = now_ms;
    result = issue(sql, settings, request, &record, now_ms, ret_answer, error);
    if (result == FG_OK)
        result = change_keep(sql, order.device, "enrolled", "one-time code", "joined", now_ms, error);
    return result;
}

enum fg_err fg_enrolment_join(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                              const struct fg_enrol_request *request, int64_t now_ms,
                              struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_public_key tls_key;
    struct fg_enrol_answer answer;
    enum fg_err result = fg_csr_key(request->request, request->request_length, &tls_key, error);

    if (result == FG_OK)
        result = device_key_check(request, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = join_run(sql, settings, request, &tls_key, now_ms, &answer, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        *ret_answer = answer;
    else
        fg_sql_rollback(sql);
    return result;
}

static enum fg_err renew_run(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                             const struct fg_public_key *tls_key, const struct fg_enrol_request *request,
                             int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_device_record record;
    enum fg_err result = fg_sql_prepare(sql, DEVICE_COLUMNS " WHERE tls_point = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, tls_key->point, FG_POINT_BYTES);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_DENIED,
                       "no device joined with this key; a new key needs a new one-time code from the bureau");
    if (result != FG_OK)
        return result;
    result = device_read(statement, &record, error);
    fg_sql_reset(statement);
    if (result != FG_OK)
        return result;
    if (record.suspended)
        return fg_fail(error, FG_E_DENIED, "%s is suspended", record.device);
    result = issue(sql, settings, request, &record, now_ms, ret_answer, error);
    if (result == FG_OK)
        result =
            change_keep(sql, record.device, "renewed", record.device, "certificate renewed", now_ms, error);
    return result;
}

enum fg_err fg_enrolment_renew(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                               const struct fg_enrol_request *request, int64_t now_ms,
                               struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_public_key tls_key;
    struct fg_enrol_answer answer;
    enum fg_err result = fg_csr_key(request->request, request->request_length, &tls_key, error);

    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = renew_run(sql, settings, &tls_key, request, now_ms, &answer, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        *ret_answer = answer;
    else
        fg_sql_rollback(sql);
    return result;
}

static enum fg_err suspend_run(struct fg_sql *sql, const char *device, bool suspended, const char *who,
                               const char *why, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_ledger_touch(sql, &(struct fg_ledger_row){"device", {device}}, who, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql, "UPDATE device SET suspended = $2 WHERE device = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_int(statement, 2, suspended);
    result = fg_sql_run(statement, &changed, error);
    if (result == FG_OK && changed == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "device %s: not enrolled", device);
    if (result == FG_OK)
        result = change_keep(sql, device, suspended ? "suspended" : "released", who, why, now_ms, error);
    return result;
}

enum fg_err fg_device_suspend(struct fg_sql *sql, const char *device, bool suspended, const char *who,
                              const char *why, int64_t now_ms, struct fg_error *error)
{
    enum fg_err result;

    if (who[0] == '\0' || why[0] == '\0' || strlen(who) > FG_NAME_MAX || strlen(why) > FG_WHY_MAX)
        return fg_fail(error, FG_E_RANGE, "who (at most %d bytes) and why (at most %d) must be given",
                       FG_NAME_MAX, FG_WHY_MAX);
    result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = suspend_run(sql, device, suspended, who, why, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}
