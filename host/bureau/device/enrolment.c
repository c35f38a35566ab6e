/* Implementation of enrolment (enrolment.h). */
#include "host/bureau/device/enrolment.h"

#include <stdio.h>
#include <string.h>

#include "host/bureau/journal/suspension.h"
#include "host/bureau/trail/ledger.h"

#define DAY_MS INT64_C(86400000)
/* A device's clock may be a little behind the bureau's. */
#define CERTIFICATE_EARLY_MS INT64_C(3600000)

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

static void copy_name(char target[FG_NAME_MAX + 1], const char *text)
{
    (void)snprintf(target, FG_NAME_MAX + 1, "%s", text);
}

/* ---- devices ---- */

#define DEVICE_COLUMNS                                                                                       \
    "SELECT device, role, station, list_id, tls_point, device_point, suspended, enrolled_ms, "               \
    "certificate_end_ms, names "                                                                             \
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
    record.has_names = !fg_sql_is_null(statement, 9);
    if (result == FG_OK && record.has_names &&
        fg_device_names_parse(fg_sql_text(statement, 9), &record.names, error) != FG_OK)
        result = fg_fail_in(error, FG_E_CORRUPT, "device %s: ", record.device);
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
    char names[FG_DEVICE_NAMES_TEXT_MAX + 1];
    enum fg_err result =
        fg_ledger_touch(sql, &(struct fg_ledger_row){"device", {record->device}}, record->device, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "INSERT INTO device (device, role, station, list_id, tls_point, "
                                "device_point, suspended, enrolled_ms, certificate_end_ms, names) "
                                "VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9) ON "
                                "CONFLICT (device) DO UPDATE SET role = $2, "
                                "station = $3, list_id = $4, tls_point = $5, device_point = $6, "
                                "enrolled_ms = $7, certificate_end_ms = $8, names = $9",
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
    fg_device_names_text(&record->names, names);
    fg_sql_bind_text(statement, 9, names);
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
    ret_answer->tag_key_count = ret_answer->list_key_count;
    memcpy(ret_answer->tag_keys, ret_answer->list_keys, sizeof(ret_answer->tag_keys));
}

/* Issues for *record (whose end date is set here) and records both. */
static enum fg_err issue(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                         struct fg_device_record *record, int64_t now_ms, struct fg_enrol_answer *ret_answer,
                         struct fg_error *error)
{
    struct fg_certificate certificate;
    struct fg_certificate_order order = {.role = record->role,
                                         .id = record->device,
                                         .key = &record->tls_key,
                                         .device_key = record->has_device_key ? &record->device_key : NULL,
                                         .from_ms = now_ms - CERTIFICATE_EARLY_MS,
                                         .to_ms = now_ms + (int64_t)settings->certificate_days * DAY_MS};
    enum fg_err result = fg_device_names_check(&record->names, settings->own_names, error);

    if (result != FG_OK)
        return fg_fail_in(error, result, "%s: ", record->device);
    for (; order.name_count < record->names.count; order.name_count++)
        order.names[order.name_count] = record->names.names[order.name_count];
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
                            const struct fg_enrol_frame *frame, const struct fg_enrol_request *request,
                            const struct fg_public_key *tls_key, int64_t now_ms,
                            struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_one_time_found order;
    struct fg_device_record record;
    struct fg_device_record before;
    enum fg_err result = fg_one_time_code_use(sql, frame, request->role, now_ms, &order, error);

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
    record.has_names = true;
    record.names = order.names;
    result = issue(sql, settings, &record, now_ms, ret_answer, error);
    if (result == FG_OK)
        result = change_keep(sql, order.device, "enrolled", "one-time code", "joined", now_ms, error);
    return result;
}

enum fg_err fg_enrolment_join(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                              const struct fg_enrol_frame *frame, const struct fg_enrol_request *request,
                              int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error)
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
    result = join_run(sql, settings, frame, request, &tls_key, now_ms, &answer, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        *ret_answer = answer;
    else
        fg_sql_rollback(sql);
    return result;
}

/* The names of a device that joined before names were kept: it has what its newest certificate has. */
static enum fg_err names_take_over(struct fg_sql *sql, struct fg_device_record *record,
                                   struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_certificate_names names = {0};
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT bytes FROM certificate WHERE device = $1 ORDER BY issued_ms DESC, serial LIMIT 1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, record->device);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        result = fg_certificate_names(bytes, length, &names, error);
        fg_sql_reset(statement);
    }
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return fg_fail_in(error, result, "device %s: ", record->device);
    for (size_t i = 0; i < names.count && i < FG_ENROL_NAMES_MAX; i++)
        (void)snprintf(record->names.names[record->names.count++], FG_ENROL_NAME_MAX + 1, "%.*s",
                       FG_ENROL_NAME_MAX, names.names[i]);
    record->has_names = true;
    return FG_OK;
}

static enum fg_err renew_run(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                             const struct fg_public_key *tls_key, int64_t now_ms,
                             struct fg_enrol_answer *ret_answer, struct fg_error *error)
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
    if (!record.has_names)
        result = names_take_over(sql, &record, error);
    if (result == FG_OK)
        result = issue(sql, settings, &record, now_ms, ret_answer, error);
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
    result = renew_run(sql, settings, &tls_key, now_ms, &answer, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result == FG_OK)
        *ret_answer = answer;
    else
        fg_sql_rollback(sql);
    return result;
}

/* ---- what clerks change ---- */

static enum fg_err reason_check(const char *who, const char *why, struct fg_error *error)
{
    if (who[0] == '\0' || why[0] == '\0' || strlen(who) > FG_NAME_MAX || strlen(why) > FG_WHY_MAX)
        return fg_fail(error, FG_E_RANGE, "who (at most %d bytes) and why (at most %d bytes) must be given",
                       FG_NAME_MAX, FG_WHY_MAX);
    return FG_OK;
}

static enum fg_err names_run(struct fg_sql *sql, const char *device, const struct fg_device_names *names,
                             const char *who, const char *why, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_device_record record;
    char text[FG_DEVICE_NAMES_TEXT_MAX + 1];
    enum fg_err result = fg_device_find(sql, device, &record, error);

    if (result == FG_OK)
        result = fg_device_names_fit(names, record.role, error);
    if (result == FG_OK)
        result = fg_ledger_touch(sql, &(struct fg_ledger_row){"device", {device}}, who, error);
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "UPDATE device SET names = $2 WHERE device = $1", &statement, error);
    if (result != FG_OK)
        return result;
    fg_device_names_text(names, text);
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_text(statement, 2, text);
    result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result = change_keep(sql, device, "named", who, why, now_ms, error);
    return result;
}

enum fg_err fg_device_names_give(struct fg_sql *sql, const char *device, const struct fg_device_names *names,
                                 const char *who, const char *why, int64_t now_ms, struct fg_error *error)
{
    enum fg_err result = reason_check(who, why, error);

    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = names_run(sql, device, names, who, why, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
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
        result = suspended ? fg_suspension_begin(sql, device, who, now_ms, error)
                           : fg_suspension_end(sql, device, who, now_ms, error);
    if (result == FG_OK)
        result = change_keep(sql, device, suspended ? "suspended" : "released", who, why, now_ms, error);
    return result;
}

enum fg_err fg_device_suspend(struct fg_sql *sql, const char *device, bool suspended, const char *who,
                              const char *why, int64_t now_ms, struct fg_error *error)
{
    enum fg_err result = reason_check(who, why, error);

    if (result == FG_OK)
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
