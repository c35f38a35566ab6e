/* Enrolment at the bureau, on both back ends: codes, joining, renewal, suspension. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/device/enrol_routes.h"
#include "host/bureau/device/enrolment.h"
#include "host/bureau/schema/schema.h"
#include "lib/crypto/certificate_file.h"
#include "proto/hop/authority.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/postgres_fixture.h"
#include "tests/lib/sql_faults.h"

#define NOW_MS INT64_C(1795392000000)
#define HOUR_MS INT64_C(3600000)

struct bench {
    struct fg_sql *sql;
    struct fg_ca *ca;
    struct fg_enrolment_settings settings;
    struct fg_private_key receipt;
    struct fg_private_key tls;
    struct fg_private_key device;
    struct fg_own_names own;
    char code[FG_ONE_TIME_CODE_TEXT];
};

static void bench_open(struct bench *bench, bool postgres)
{
    char url[256];
    struct fg_sql_settings sql_settings = {.url = url, .deadline_ms = 5000};
    struct fg_error error;

    memset(bench, 0, sizeof(*bench));
    (void)snprintf(url, sizeof(url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("bureau.db"));
    CHECK_OK(fg_sql_open(&sql_settings, &bench->sql, &error), &error);
    CHECK_OK(fg_sql_migrate(bench->sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error),
             &error);
    CHECK_OK(fg_ca_create(fg_test_path("ca"), "test", NOW_MS, 3650, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), &bench->ca, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->receipt, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->tls, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->device, &error), &error);
    bench->settings = (struct fg_enrolment_settings){.ca = bench->ca,
                                                     .certificate_days = 365,
                                                     .receipt_key = &bench->receipt.public_key,
                                                     .list_key_count = 1,
                                                     .list_keys = &bench->receipt.public_key,
                                                     .own_names = &bench->own};
    CHECK_OK(fg_own_names_add(&bench->own, "bureau.example, localhost,127.0.0.1", &error), &error);
}

static void bench_close(struct bench *bench)
{
    fg_ca_close(bench->ca);
    fg_sql_close(bench->sql);
}

static void code_new_named(struct bench *bench, const char *device, const char *role, const char *names)
{
    struct fg_one_time_order order = {.device = device,
                                      .role = role,
                                      .station = "HZ-001",
                                      .list_id = "HZ-001",
                                      .who = "clerk",
                                      .expires_ms = NOW_MS + HOUR_MS};
    struct fg_error error;

    CHECK_OK(fg_device_names_parse(names, &order.names, &error), &error);
    CHECK_OK(fg_one_time_code_new(bench->sql, &order, NOW_MS, bench->code, &error), &error);
}

static void code_new(struct bench *bench, const char *device, const char *role)
{
    code_new_named(bench, device, role, strcmp(role, "station") == 0 ? "huzhou1.example, 10.0.0.2" : "");
}

static enum fg_err join_as(struct bench *bench, const char *code, const struct fg_enrol_request *request,
                           int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_enrol_frame frame = {.message = bytes};
    struct fg_private_key key;

    CHECK_OK(fg_enrol_request_encode(request, bytes, sizeof(bytes), &frame.message_length, error), error);
    CHECK_OK(fg_enrol_code_key(code, &key, error), error);
    frame.key_id = key.public_key.id;
    CHECK_OK(fg_sign(&key, FG_PURPOSE_ENROL_CODE, bytes, frame.message_length, &frame.signature, error),
             error);
    return fg_enrolment_join(bench->sql, &bench->settings, &frame, request, now_ms, ret_answer, error);
}

static enum fg_err join(struct bench *bench, const char *code, const char *role,
                        const struct fg_private_key *device, int64_t now_ms,
                        struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_enrol_request request;

    CHECK_OK(fg_enrol_request_make(role, false, &bench->tls, device, &request, error), error);
    return join_as(bench, code, &request, now_ms, ret_answer, error);
}

static void code_works_once(bool postgres)
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_device_record record;
    struct fg_error error;
    char typed[FG_ONE_TIME_CODE_TEXT];

    bench_open(&bench, postgres);
    code_new(&bench, "HZ-001-1", "controller");
    for (size_t i = 0; i < sizeof(typed); i++)
        typed[i] = (char)(bench.code[i] == '-'   ? ' '
                          : bench.code[i] >= 'A' ? bench.code[i] + 32
                                                 : bench.code[i]);
    CHECK_OK(join(&bench, typed, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    CHECK_TEXT(answer.id, "HZ-001-1");
    CHECK_TEXT(answer.station, "HZ-001");
    CHECK(answer.certificate_length > 300);
    CHECK(answer.has_receipt_key);
    CHECK_OK(fg_device_find(bench.sql, "HZ-001-1", &record, &error), &error);
    CHECK(record.has_device_key);
    CHECK_BYTES(record.device_key.point, bench.device.public_key.point, FG_POINT_BYTES);
    CHECK_INT(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "ask the bureau");
    bench_close(&bench);
}

TEST("SQLite: a one-time code joins its device, typed in any case, and only once")
{
    code_works_once(false);
}
TEST("PostgreSQL: a one-time code joins its device, typed in any case, and only once")
{
    code_works_once(true);
}

TEST("an expired code, a code for another role and nonsense join nobody, and leave a good code unused")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_INT(join(&bench, bench.code, "controller", &bench.device, NOW_MS + HOUR_MS, &answer, &error),
              FG_E_DENIED);
    CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_INT(join(&bench, "00000-00000-00000-00000", "controller", &bench.device, NOW_MS, &answer, &error),
              FG_E_DENIED);
    CHECK_INT(join(&bench, bench.code, "controller", NULL, NOW_MS, &answer, &error), FG_E_FORMAT);
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    bench_close(&bench);
}

TEST("a signature over another request than the one that came joins nobody, and leaves the code unused")
{
    struct bench bench;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_enrol_frame frame = {.message = bytes};
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_private_key key;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_OK(fg_enrol_code_key(bench.code, &key, &error), &error);
    frame.key_id = key.public_key.id;
    CHECK_OK(fg_enrol_request_make("controller", false, &bench.tls, &bench.device, &request, &error), &error);
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &frame.message_length, &error), &error);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_ENROL_CODE, bytes, frame.message_length, &frame.signature, &error),
             &error);
    bytes[frame.message_length - 1] ^= 1; /* of the nonce */
    CHECK_INT(fg_enrolment_join(bench.sql, &bench.settings, &frame, &request, NOW_MS, &answer, &error),
              FG_E_DENIED);
    bytes[frame.message_length - 1] ^= 1;
    CHECK_OK(fg_enrolment_join(bench.sql, &bench.settings, &frame, &request, NOW_MS, &answer, &error),
             &error);
    bench_close(&bench);
}

TEST("a code that a version before made joins nobody")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_sql_statement *statement;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_OK(fg_sql_begin(bench.sql, &error), &error);
    CHECK_OK(fg_sql_prepare(bench.sql, "UPDATE enrol_code SET code_point = NULL", &statement, &error),
             &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(bench.sql, &error), &error);
    CHECK_INT(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), FG_E_DENIED);
    bench_close(&bench);
}

TEST("neither the code nor the key that it stands for is in the database")
{
    static uint8_t bytes[2000000];
    struct bench bench;
    struct fg_private_key key;
    struct fg_error error;
    char command[256];
    size_t length;
    FILE *file;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    fg_sql_close(bench.sql);
    bench.sql = NULL;
    CHECK_OK(fg_enrol_code_key(bench.code, &key, &error), &error);
    (void)snprintf(command, sizeof(command), "grep -q -e '%s' %s", bench.code, fg_test_path("bureau.db"));
    CHECK(system(command) != 0);
    file = fopen(fg_test_path("bureau.db"), "rb");
    CHECK(file != NULL);
    length = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    CHECK(length < sizeof(bytes) && memmem(bytes, length, key.public_key.point, FG_POINT_BYTES) != NULL);
    CHECK(memmem(bytes, length, key.scalar, sizeof(key.scalar)) == NULL);
    bench_close(&bench);
}

TEST("a journal key that its bringer does not hold is refused")
{
    struct bench bench;
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_OK(fg_enrol_request_make("controller", false, &bench.tls, &bench.device, &request, &error), &error);
    request.device_key = bench.receipt.public_key;
    CHECK_INT(join_as(&bench, bench.code, &request, NOW_MS, &answer, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "journal key");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a controller that joins again with another journal key is refused, with the same one it "
     "is taken")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_private_key other;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    code_new(&bench, "HZ-001-1", "controller");
    CHECK_INT(join(&bench, bench.code, "controller", &other, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "another journal key");
    CHECK_OK(fg_private_key_new(&bench.tls, &error), &error);
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    bench_close(&bench);
}

static void renewal(bool postgres)
{
    struct bench bench;
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_device_record record;
    struct fg_private_key other;
    struct fg_error error;

    bench_open(&bench, postgres);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    CHECK_OK(fg_enrol_request_make("station", true, &bench.tls, NULL, &request, &error), &error);
    CHECK_OK(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS + 300 * 24 * HOUR_MS, &answer,
                                &error),
             &error);
    CHECK_TEXT(answer.id, "HZ-001");
    CHECK_OK(fg_device_find(bench.sql, "HZ-001", &record, &error), &error);
    CHECK(record.certificate_end_ms == NOW_MS + 665 * 24 * HOUR_MS);
    CHECK_OK(fg_enrol_request_make("station", true, &other, NULL, &request, &error), &error);
    CHECK_INT(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "new one-time code");
    CHECK_OK(fg_device_suspend(bench.sql, "HZ-001", true, "clerk", "licence withdrawn", NOW_MS, &error),
             &error);
    CHECK_OK(fg_enrol_request_make("station", true, &bench.tls, NULL, &request, &error), &error);
    CHECK_INT(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "suspended");
    CHECK_OK(fg_device_suspend(bench.sql, "HZ-001", false, "clerk", "licence given back", NOW_MS, &error),
             &error);
    CHECK_OK(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error), &error);
    bench_close(&bench);
}

TEST("SQLite: renewal is for the same key, and not for a suspended or unknown device")
{
    renewal(false);
}
TEST("PostgreSQL: renewal is for the same key, and not for a suspended or unknown device")
{
    renewal(true);
}

TEST("a suspension needs who and why, and a device that is there")
{
    struct bench bench;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_INT(fg_device_suspend(bench.sql, "HZ-009", true, "clerk", "lost", NOW_MS, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_device_suspend(bench.sql, "HZ-009", true, "clerk", "", NOW_MS, &error), FG_E_RANGE);
    bench_close(&bench);
}

/* ---- names ---- */

static void names_are(const struct fg_enrol_answer *answer, const char *expected)
{
    struct fg_certificate_names names;
    char text[400] = "";
    struct fg_error error;

    CHECK_OK(fg_certificate_names(answer->certificate, answer->certificate_length, &names, &error), &error);
    for (size_t i = 0; i < names.count; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", names.names[i]);
    CHECK_TEXT(text, expected);
}

static enum fg_err renew(struct bench *bench, struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    static int64_t later_ms; /* no two certificates are of one moment */
    struct fg_enrol_request request;

    later_ms += HOUR_MS;
    CHECK_OK(fg_enrol_request_make("station", true, &bench->tls, NULL, &request, error), error);
    return fg_enrolment_renew(bench->sql, &bench->settings, &request, NOW_MS + later_ms, ret_answer, error);
}

static void run_sql(struct bench *bench, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    CHECK_OK(fg_sql_begin(bench->sql, &error), &error);
    CHECK_OK(fg_sql_prepare(bench->sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(bench->sql, &error), &error);
}

static void names_fixed(bool postgres)
{
    struct bench bench;
    struct fg_device_names names;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, postgres);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    names_are(&answer, "huzhou1.example 10.0.0.2 ");
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "huzhou1.example 10.0.0.2 ");
    CHECK_OK(fg_device_names_parse("huzhou2.example", &names, &error), &error);
    CHECK_OK(fg_device_names_give(bench.sql, "HZ-001", &names, "clerk", "moved", NOW_MS, &error), &error);
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "huzhou2.example ");
    /* Joined before names were kept: its certificate says how it is called. */
    run_sql(&bench, "UPDATE device SET names = NULL");
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "huzhou2.example ");
    bench_close(&bench);
}

TEST("SQLite: a station's names are those of its code, and renewals repeat them until a clerk gives others")
{
    names_fixed(false);
}
TEST("PostgreSQL: a station's names are those of its code, and renewals repeat them until a clerk gives "
     "others")
{
    names_fixed(true);
}

TEST("LIST-IS-SIGNED: no station is given a name of the bureau, however it is written, and then its code "
     "stays good")
{
    static const char *const bad[] = {"bureau.example", "BUREAU.example", "a.example, localhost",
                                      "127.0.0.1"};
    struct bench bench;
    struct fg_device_names names;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        code_new_named(&bench, "HZ-001", "station", bad[i]);
        CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_DENIED);
        CHECK_HAS(error.text, "a name of the bureau itself");
    }
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    CHECK_OK(fg_device_names_parse("localhost", &names, &error), &error);
    CHECK_OK(fg_device_names_give(bench.sql, "HZ-001", &names, "clerk", "?", NOW_MS, &error), &error);
    CHECK_INT(renew(&bench, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "HZ-001: \"localhost\"");
    bench_close(&bench);
}

TEST("a station must have a name, a controller none, and a name must be a host's")
{
    struct bench bench;
    struct fg_one_time_order order = {.device = "HZ-001",
                                      .role = "station",
                                      .station = "HZ-001",
                                      .list_id = "HZ-001",
                                      .who = "clerk",
                                      .expires_ms = NOW_MS + HOUR_MS};
    struct fg_device_names names;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_INT(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "host name or address");
    order.role = "controller";
    CHECK_OK(fg_device_names_parse("a.example", &order.names, &error), &error);
    CHECK_INT(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_parse("a b", &names, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_parse("a.example.", &names, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_parse("*.example", &names, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_parse("a,b,c,d,e", &names, &error), FG_E_RANGE);
    bench_close(&bench);
}

/* ---- what is kept ---- */

/* FG_ENROL_NAME_MAX characters. */
#define LONGEST_NAME "abcdefghijklmnopqrstuvwxyz-0123456789.abcdefghijklmnopq.example"

static int64_t number(struct bench *bench, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    int64_t found;

    CHECK_OK(fg_sql_prepare(bench->sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    found = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return found;
}

TEST("what joining gives a device is what its code says, its own keys and the bureau's, and all is kept")
{
    struct bench bench;
    struct fg_public_key keys[FG_ENROL_LIST_KEYS_MAX + 1];
    struct fg_enrol_answer answer;
    struct fg_device_record record;
    struct fg_error error;
    const uint8_t *ca;
    size_t ca_length = 0;

    bench_open(&bench, false);
    for (size_t i = 0; i <= FG_ENROL_LIST_KEYS_MAX; i++)
        keys[i] = i % 2 == 0 ? bench.tls.public_key : bench.device.public_key;
    bench.settings.list_keys = keys;
    bench.settings.list_key_count = FG_ENROL_LIST_KEYS_MAX + 1;
    bench.settings.receipt_key = NULL;
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS + 5, &answer, &error), &error);
    ca = fg_ca_certificate(bench.ca, &ca_length);
    CHECK_TEXT(answer.id, "HZ-001");
    CHECK_TEXT(answer.station, "HZ-001");
    CHECK_TEXT(answer.list_id, "HZ-001");
    CHECK_INT(answer.ca_length, ca_length);
    CHECK_BYTES(answer.ca, ca, ca_length);
    CHECK(!answer.has_receipt_key);
    CHECK_INT(answer.list_key_count, FG_ENROL_LIST_KEYS_MAX);
    CHECK_INT(answer.tag_key_count, FG_ENROL_LIST_KEYS_MAX);
    for (size_t i = 0; i < FG_ENROL_LIST_KEYS_MAX; i++) {
        CHECK_BYTES(answer.list_keys[i].point, keys[i].point, FG_POINT_BYTES);
        CHECK_BYTES(answer.tag_keys[i].point, keys[i].point, FG_POINT_BYTES);
    }
    CHECK_OK(fg_device_find(bench.sql, "HZ-001", &record, &error), &error);
    CHECK_TEXT(record.device, "HZ-001");
    CHECK_TEXT(record.role, "station");
    CHECK_TEXT(record.station, "HZ-001");
    CHECK_TEXT(record.list_id, "HZ-001");
    CHECK_BYTES(record.tls_key.point, bench.tls.public_key.point, FG_POINT_BYTES);
    CHECK(!record.has_device_key && !record.suspended && record.has_names);
    CHECK_INT(record.names.count, 2);
    CHECK_TEXT(record.names.names[1], "10.0.0.2");
    CHECK_INT(record.enrolled_ms, NOW_MS + 5);
    CHECK_INT(record.certificate_end_ms, NOW_MS + 5 + 365 * 24 * HOUR_MS);
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM certificate WHERE device = 'HZ-001' AND issued_ms = "
                             "1795392000005 AND end_ms = 1795392000005 + 365 * 86400000"),
              1);
    CHECK_INT(number(&bench, "SELECT length(bytes) FROM certificate"), answer.certificate_length);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM device_change WHERE device = 'HZ-001' AND number = 1 AND "
                     "at_ms = 1795392000005 AND what = 'enrolled' AND who = 'one-time code' AND why = "
                     "'joined'"),
              1);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM enrol_code WHERE device = 'HZ-001' AND role = 'station' AND "
                     "who = 'clerk' AND created_ms = 1795392000000 AND expires_ms = 1795395600000 AND "
                     "used_ms = 1795392000005"),
              1);
    bench.settings.receipt_key = &bench.receipt.public_key;
    CHECK_OK(renew(&bench, &answer, &error), &error);
    CHECK(answer.has_receipt_key);
    CHECK_BYTES(answer.receipt_key.point, bench.receipt.public_key.point, FG_POINT_BYTES);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM device_change WHERE number = 2 AND what = 'renewed' AND who "
                     "= 'HZ-001' AND why = 'certificate renewed'"),
              1);
    CHECK_OK(fg_device_find(bench.sql, "HZ-001", &record, &error), &error);
    CHECK_INT(record.enrolled_ms, NOW_MS + 5);
    bench_close(&bench);
}

TEST("a certificate is good from an hour before it was issued to its last day")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_certificate_part part;
    struct fg_error error;
    int64_t begin_ms = 0;
    int64_t end_ms = 0;

    bench_open(&bench, false);
    bench.settings.certificate_days = 30;
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    part = (struct fg_certificate_part){answer.certificate, answer.certificate_length};
    CHECK_OK(fg_certificates_write(fg_test_path("own.pem"), &part, 1, &error), &error);
    CHECK_OK(fg_certificate_times(fg_test_path("own.pem"), &begin_ms, &end_ms, &error), &error);
    CHECK_INT(begin_ms, NOW_MS - HOUR_MS);
    CHECK_INT(end_ms, NOW_MS + 30 * 24 * HOUR_MS);
    bench_close(&bench);
}

/* ---- codes ---- */

TEST("a code is good until the millisecond before it expires, and is made only for a time to come")
{
    struct bench bench;
    struct fg_device_record record;
    struct fg_enrol_answer answer;
    struct fg_one_time_order order = {.device = "C-1",
                                      .role = "controller",
                                      .station = "HZ-001",
                                      .list_id = "city",
                                      .who = "clerk",
                                      .expires_ms = NOW_MS};
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_INT(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "expired already");
    order.expires_ms = NOW_MS + 1;
    CHECK_OK(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), &error);
    CHECK_INT(join(&bench, bench.code, "controller", &bench.device, NOW_MS + 1, &answer, &error),
              FG_E_DENIED);
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    CHECK_TEXT(answer.station, "HZ-001");
    CHECK_TEXT(answer.list_id, "city");
    CHECK_OK(fg_device_find(bench.sql, "C-1", &record, &error), &error);
    CHECK_TEXT(record.station, "HZ-001");
    CHECK_TEXT(record.list_id, "city");
    bench_close(&bench);
}

TEST("BAD-INPUT-IS-SAFE: a code's names are 1 to 31 letters, digits, dots, lines; its role is one of two")
{
    struct bench bench;
    char name[FG_NAME_MAX + 2];
    static const char *const roles[] = {"", "bureau", "Station", "controllers"};
    struct fg_one_time_order good = {.device = name,
                                     .role = "controller",
                                     .station = "HZ-001",
                                     .list_id = "city",
                                     .who = "clerk",
                                     .expires_ms = NOW_MS + 1};
    struct fg_one_time_order order;
    struct fg_error error;

    bench_open(&bench, false);
    memset(name, 'Z', sizeof(name));
    name[FG_NAME_MAX] = '\0';
    CHECK_OK(fg_one_time_code_new(bench.sql, &good, NOW_MS, bench.code, &error), &error);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        order = good;
        order.role = roles[i];
        CHECK_INT(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), FG_E_RANGE);
        CHECK_HAS(error.text, "the role is controller or station");
    }
    for (int which = 0; which < 9; which++) {
        static char longer[FG_NAME_MAX + 2];
        const char *bad = which % 3 == 0 ? "" : which % 3 == 1 ? "a b" : longer;

        memset(longer, 'z', FG_NAME_MAX + 1);
        order = good;
        order.device = which / 3 == 0 ? bad : "d";
        order.station = which / 3 == 1 ? bad : "s";
        order.list_id = which / 3 == 2 ? bad : "l";
        CHECK_INT(fg_one_time_code_new(bench.sql, &order, NOW_MS, bench.code, &error), FG_E_RANGE);
        CHECK_HAS(error.text, "device, station and list id");
    }
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM enrol_code"), 1);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a code whose key was damaged in the database, or whose names were, joins nobody")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    run_sql(&bench, "UPDATE enrol_code SET names = 'a b'");
    CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_RANGE);
    run_sql(&bench, "UPDATE enrol_code SET names = 'a.example', code_point = zeroblob(length(code_point))");
    CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_DENIED);
    run_sql(&bench, "UPDATE enrol_code SET code_point = x'04'");
    CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_INT(number(&bench, "SELECT used_ms FROM enrol_code"), 0);
    bench_close(&bench);
}

/* ---- devices ---- */

TEST("only a controller brings a journal key, and a known controller does not come back without it")
{
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_enrol_request request;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_INT(join(&bench, bench.code, "station", &bench.device, NOW_MS, &answer, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "only a controller");
    CHECK_INT(join(&bench, bench.code, "controller", NULL, NOW_MS, &answer, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "needs its journal key");
    code_new(&bench, "C-1", "controller");
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    code_new(&bench, "C-1", "station");
    CHECK_INT(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "another journal key");
    CHECK_OK(fg_enrol_request_make("station", false, &bench.tls, NULL, &request, &error), &error);
    request.request[request.request_length - 1] ^= 1;
    CHECK(join_as(&bench, bench.code, &request, NOW_MS, &answer, &error) != FG_OK);
    CHECK(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error) != FG_OK);
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM enrol_code WHERE used_ms <> 0"), 1);
    bench_close(&bench);
}

static enum fg_err device_name(void *context, const struct fg_device_record *record, struct fg_error *error)
{
    char *text = context;

    (void)strcat(strcat(text, record->device), " ");
    return strcmp(record->device, "HZ-002") == 0 ? fg_fail(error, FG_E_STATE, "enough") : FG_OK;
}

TEST("devices come in order until the visitor has enough, and a damaged row is named")
{
    static const struct {
        const char *sql;
        const char *words;
    } edits[] = {{"UPDATE device SET names = 'a b' WHERE device = 'C-1'", "device C-1: \"a b\""},
                 {"UPDATE device SET device_point = zeroblob(length(device_point)) WHERE device = 'C-1'", ""},
                 {"UPDATE device SET tls_point = zeroblob(length(tls_point)) WHERE device = 'C-1'", ""},
                 {"UPDATE device SET tls_point = x'0102' WHERE device = 'C-1'",
                  "device C-1: its TLS key is 2 bytes long"}};
    struct bench bench;
    struct fg_enrol_answer answer;
    struct fg_device_record record;
    struct fg_error error;
    char text[200] = "";

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    code_new(&bench, "C-1", "controller");
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    CHECK_OK(fg_device_each(bench.sql, device_name, text, &error), &error);
    CHECK_TEXT(text, "C-1 HZ-001 ");
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        run_sql(&bench, edits[i].sql);
        memset(&record, 0x5a, sizeof(record));
        CHECK(fg_device_find(bench.sql, "C-1", &record, &error) != FG_OK);
        CHECK_HAS(error.text, edits[i].words);
        CHECK_INT(record.device[0], 0x5a);
        CHECK(fg_device_each(bench.sql, device_name, text, &error) != FG_OK);
    }
    CHECK_TEXT(text, "C-1 HZ-001 ");
    run_sql(&bench, "DELETE FROM device WHERE device = 'C-1'");
    run_sql(&bench, "UPDATE device SET device = 'HZ-002'");
    CHECK_INT(fg_device_each(bench.sql, device_name, text, &error), FG_E_STATE);
    CHECK_INT(fg_device_find(bench.sql, "C-1", &record, &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "device C-1: not enrolled");
    bench_close(&bench);
}

TEST("a suspension and new names need who and why, of the lengths that are kept, and are kept")
{
    struct bench bench;
    struct fg_device_names names;
    struct fg_device_names none = {0};
    struct fg_enrol_answer answer;
    struct fg_error error;
    char why[FG_WHY_MAX + 2];
    char who[FG_NAME_MAX + 2];

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    code_new(&bench, "C-1", "controller");
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    memset(why, 'y', sizeof(why));
    memset(who, 'o', sizeof(who));
    why[FG_WHY_MAX + 1] = '\0';
    who[FG_NAME_MAX + 1] = '\0';
    CHECK_INT(fg_device_suspend(bench.sql, "C-1", true, "", "x", NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_suspend(bench.sql, "C-1", true, "x", "", NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_suspend(bench.sql, "C-1", true, who, why + 1, NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_suspend(bench.sql, "C-1", true, who + 1, why, NOW_MS, &error), FG_E_RANGE);
    CHECK_OK(fg_device_suspend(bench.sql, "C-1", true, who + 1, why + 1, NOW_MS + 9, &error), &error);
    CHECK_INT(number(&bench, "SELECT suspended FROM device WHERE device = 'C-1'"), 1);
    CHECK_INT(number(&bench, "SELECT suspended FROM device WHERE device = 'HZ-001'"), 0);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM device_change WHERE device = 'C-1' AND number = 2 AND what = "
                     "'suspended' AND at_ms = 1795392000009 AND length(who) = 31 AND length(why) = 199"),
              1);
    CHECK_OK(fg_device_suspend(bench.sql, "C-1", false, "clerk", "found", NOW_MS, &error), &error);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM device_change WHERE number = 3 AND what = 'released' AND who "
                     "= 'clerk' AND why = 'found'"),
              1);
    CHECK_OK(fg_device_names_parse("new.example", &names, &error), &error);
    CHECK_INT(fg_device_names_give(bench.sql, "HZ-001", &names, "", "x", NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_give(bench.sql, "HZ-001", &names, "x", why, NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_give(bench.sql, "HZ-009", &names, "x", "y", NOW_MS, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_device_names_give(bench.sql, "C-1", &names, "x", "y", NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(fg_device_names_give(bench.sql, "HZ-001", &none, "x", "y", NOW_MS, &error), FG_E_RANGE);
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM device_change WHERE device = 'HZ-001'"), 1);
    CHECK_OK(fg_device_names_give(bench.sql, "HZ-001", &names, "clerk", "moved", NOW_MS + 4, &error), &error);
    CHECK_INT(number(&bench,
                     "SELECT COUNT(*) FROM device_change WHERE device = 'HZ-001' AND what = 'named' AND "
                     "who = 'clerk' AND why = 'moved' AND at_ms = 1795392000004"),
              1);
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM device WHERE names = 'new.example'"), 1);
    bench_close(&bench);
}

TEST("a device from before names were kept has those of its newest certificate, and none without one")
{
    struct bench bench;
    struct fg_device_names names;
    struct fg_device_record record;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    code_new_named(&bench, "HZ-001", "station", "a.example,b.example,c.example,d.example");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    run_sql(&bench, "UPDATE device SET names = NULL");
    CHECK_OK(fg_device_find(bench.sql, "HZ-001", &record, &error), &error);
    CHECK(!record.has_names);
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "a.example b.example c.example d.example ");
    CHECK_INT(number(&bench, "SELECT COUNT(*) FROM device WHERE names = "
                             "'a.example,b.example,c.example,d.example'"),
              1);
    CHECK_OK(fg_device_names_parse(LONGEST_NAME, &names, &error), &error);
    CHECK_OK(fg_device_names_give(bench.sql, "HZ-001", &names, "clerk", "moved", NOW_MS, &error), &error);
    CHECK_OK(renew(&bench, &answer, &error), &error);
    run_sql(&bench, "UPDATE device SET names = NULL");
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, LONGEST_NAME " ");
    run_sql(&bench, "UPDATE device SET names = NULL");
    run_sql(&bench, "UPDATE certificate SET bytes = x'010203'");
    CHECK(renew(&bench, &answer, &error) != FG_OK);
    CHECK_HAS(error.text, "device HZ-001: ");
    run_sql(&bench, "DELETE FROM certificate");
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "");
    bench_close(&bench);
}

TEST("of a certificate from before names were kept, four names count, as a device can have")
{
    struct bench bench;
    struct fg_certificate certificate;
    struct fg_certificate_order order = {
        .role = "station",
        .id = "HZ-001",
        .key = &bench.tls.public_key,
        .name_count = 5,
        .names = {"a.example", "b.example", "c.example", "d.example", "e.example"},
        .from_ms = NOW_MS,
        .to_ms = NOW_MS + HOUR_MS};
    struct fg_sql_statement *statement;
    struct fg_enrol_answer answer;
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(join(&bench, bench.code, "station", NULL, NOW_MS, &answer, &error), &error);
    CHECK_OK(fg_ca_issue(bench.ca, &order, &certificate, &error), &error);
    run_sql(&bench, "UPDATE device SET names = NULL");
    CHECK_OK(fg_sql_prepare(bench.sql, "UPDATE certificate SET bytes = $1", &statement, &error), &error);
    fg_sql_bind_bytes(statement, 1, certificate.bytes, certificate.length);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    CHECK_OK(renew(&bench, &answer, &error), &error);
    names_are(&answer, "a.example b.example c.example d.example ");
    bench_close(&bench);
}

/* ---- a database that fails ---- */

static struct fg_enrol_request fault_request;

static enum fg_err join_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct bench *bench = context;
    struct fg_enrol_answer answer = {.id = "untouched"};
    enum fg_err result = join_as(bench, bench->code, &fault_request, NOW_MS, &answer, error);

    (void)sql;
    CHECK_INT(strcmp(answer.id, "untouched") == 0, result != FG_OK);
    return result;
}

static enum fg_err renew_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_enrol_answer answer = {.id = "untouched"};
    enum fg_err result = renew(context, &answer, error);

    (void)sql;
    CHECK_INT(strcmp(answer.id, "untouched") == 0, result != FG_OK);
    return result;
}

static enum fg_err code_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_one_time_order order = {.device = "C-9",
                                      .role = "controller",
                                      .station = "HZ-001",
                                      .list_id = "city",
                                      .who = "clerk",
                                      .expires_ms = NOW_MS + 1};
    char code[FG_ONE_TIME_CODE_TEXT] = "";
    enum fg_err result = fg_one_time_code_new(sql, &order, NOW_MS, code, error);

    (void)context;
    CHECK_INT(code[0] == '\0', result != FG_OK);
    return result;
}

static enum fg_err names_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_device_names names = {.count = 1, .names = {"new.example"}};

    (void)context;
    return fg_device_names_give(sql, "HZ-001", &names, "clerk", "moved", NOW_MS, error);
}

static enum fg_err suspend_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    (void)context;
    return fg_device_suspend(sql, "C-1", true, "clerk", "stolen", NOW_MS, error);
}

static enum fg_err release_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    (void)context;
    return fg_device_suspend(sql, "C-1", false, "clerk", "found", NOW_MS, error);
}

static enum fg_err devices_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_device_record record;
    char text[200] = "";
    enum fg_err result = fg_device_find(sql, "HZ-001", &record, error);

    (void)context;
    return result == FG_OK ? fg_device_each(sql, device_name, text, error) : result;
}

TEST("a code that a failing database interrupts stays good, and nothing is half enrolled, renewed or "
     "suspended")
{
    struct bench bench;
    const char *path = fg_test_path("bureau.db");
    struct fg_error error;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(fg_enrol_request_make("station", false, &bench.tls, NULL, &fault_request, &error), &error);
    fg_fault_each(bench.sql, path, FG_OK, join_once, &bench);
    fg_fault_each(bench.sql, path, FG_OK, renew_once, &bench);
    run_sql(&bench, "UPDATE device SET names = NULL");
    fg_fault_each(bench.sql, path, FG_OK, renew_once, &bench);
    CHECK_OK(fg_private_key_new(&bench.tls, &error), &error);
    code_new(&bench, "C-1", "controller");
    CHECK_OK(fg_enrol_request_make("controller", false, &bench.tls, &bench.device, &fault_request, &error),
             &error);
    fg_fault_each(bench.sql, path, FG_OK, join_once, &bench);
    fg_fault_each(bench.sql, path, FG_OK, code_once, NULL);
    fg_fault_each(bench.sql, path, FG_OK, names_once, NULL);
    fg_fault_each(bench.sql, path, FG_OK, suspend_once, NULL);
    fg_fault_each(bench.sql, path, FG_OK, release_once, NULL);
    fg_fault_each(bench.sql, path, FG_OK, devices_once, NULL);
    bench_close(&bench);
}

/* ---- somebody else at the same moment ---- */

static struct bench thief;
static enum fg_err thief_result;

static void thief_joins(void *context)
{
    struct fg_enrol_answer answer;
    struct fg_error error;

    (void)context;
    thief_result = join_as(&thief, thief.code, &fault_request, NOW_MS, &answer, &error);
}

TEST("a one-time code that two bring at the same moment joins one of them")
{
    struct bench bench;
    bool came = true;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_enrol_request_make("station", false, &bench.tls, NULL, &fault_request, &error), &error);
    thief = bench;
    thief.sql = fg_fault_other(fg_test_path("bureau.db"));
    for (unsigned nth = 1; came; nth++) {
        struct fg_enrol_answer answer;
        enum fg_err result;

        code_new(&bench, "HZ-001", "station");
        memcpy(thief.code, bench.code, sizeof(thief.code));
        thief_result = FG_E_BUSY;
        fg_fault_meanwhile(bench.sql, nth, thief_joins, NULL);
        result = join_as(&bench, bench.code, &fault_request, NOW_MS, &answer, &error);
        came = fg_fault_end(bench.sql);
        CHECK_INT((result == FG_OK) + (thief_result == FG_OK), 1);
        CHECK(result == FG_OK || result == FG_E_DENIED);
        CHECK_INT(number(&bench, "SELECT COUNT(*) FROM certificate"), nth);
    }
    fg_sql_close(thief.sql);
    bench_close(&bench);
}

/* ---- the routes ---- */

static struct fg_answer served;
static char served_line[600];

static void line_keep(void *context, const char *line)
{
    (void)context;
    (void)snprintf(served_line, sizeof(served_line), "%s", line);
}

/* Asks as the server does; the answer's text ends with a NUL. */
static uint16_t serve(struct bench *bench, const char *path, const uint8_t *body, size_t length)
{
    struct fg_peer peer = {.address = "10.1.2.3"};
    struct fg_request request = {
        .method = "POST", .path = path, .peer = &peer, .body = body, .body_length = length};
    char *text;

    free(served.body);
    memset(&served, 0, sizeof(served));
    served_line[0] = '\0';
    fg_enrol_serve(bench->sql, &bench->settings, &request, NOW_MS, &served, line_keep, NULL);
    text = realloc(served.body, served.body_length + 1);
    CHECK(text != NULL);
    text[served.body_length] = '\0';
    served.body = text;
    return served.status;
}

/* The body of a request to join, signed with the code's key; its length. */
static size_t join_body(struct bench *bench, const struct fg_enrol_request *request,
                        uint8_t bytes[FG_ENROL_BYTES_MAX])
{
    struct fg_private_key key;
    struct fg_signature signature;
    struct fg_error error;
    size_t length = 0;

    CHECK_OK(fg_enrol_request_encode(request, bytes + FG_ENROL_FRAME_BYTES,
                                     FG_ENROL_BYTES_MAX - FG_ENROL_FRAME_BYTES, &length, &error),
             &error);
    CHECK_OK(fg_enrol_code_key(bench->code, &key, &error), &error);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_ENROL_CODE, bytes + FG_ENROL_FRAME_BYTES, length, &signature, &error),
             &error);
    fg_enrol_frame_put(bytes, &key.public_key.id, &signature);
    return length + FG_ENROL_FRAME_BYTES;
}

TEST("a request to join is answered with what the authority signed for that very request, and logged")
{
    struct bench bench;
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_enrol_frame frame;
    struct fg_authority authority;
    struct fg_digest digest;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_error error;
    size_t length;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_OK(fg_enrol_request_make("station", false, &bench.tls, NULL, &request, &error), &error);
    length = join_body(&bench, &request, bytes);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 200);
    CHECK_TEXT(served_line, "HZ-001 joined from 10.1.2.3");
    CHECK_OK(fg_enrol_frame_read(served.body, served.body_length, &frame, &error), &error);
    CHECK_OK(fg_authority_read(fg_test_path("ca/ca.pem"), &authority, &error), &error);
    CHECK_OK(fg_authority_verify(&authority, FG_PURPOSE_ENROL_ANSWER, &frame.key_id, &frame.signature,
                                 frame.message, frame.message_length, &error),
             &error);
    CHECK_OK(fg_enrol_answer_decode(frame.message, frame.message_length, &answer, &error), &error);
    CHECK_TEXT(answer.id, "HZ-001");
    CHECK(answer.has_request_digest);
    fg_sha256(bytes, length, &digest);
    CHECK_BYTES(answer.request_digest.bytes, digest.bytes, FG_DIGEST_BYTES);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 403);
    CHECK_HAS((const char *)served.body, "unknown, used, expired");
    CHECK_HAS(served_line, "enrolment refused to 10.1.2.3: the one-time code");
    CHECK_OK(fg_enrol_request_make("station", true, &bench.tls, NULL, &request, &error), &error);
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_RENEW, bytes, length), 200);
    CHECK_TEXT(served_line, "HZ-001 renewed its certificate from 10.1.2.3");
    CHECK_OK(fg_enrol_answer_decode(served.body, served.body_length, &answer, &error), &error);
    CHECK_TEXT(answer.id, "HZ-001");
    free(served.body);
    served.body = NULL;
    bench_close(&bench);
}

TEST("BAD-INPUT-IS-SAFE: what is no request to join or renew is told so, and a fault of ours is not told")
{
    static const uint8_t clear[] = "\x0a\x17"
                                   "7K2M9-QXW4T-B3N8R-H5VDC"; /* as programs sent it before */
    struct bench bench;
    struct fg_enrol_request request;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_error error;
    size_t length;

    bench_open(&bench, false);
    code_new(&bench, "HZ-001", "station");
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, (const uint8_t *)"x", 1), 400);
    memset(bytes, 0xff, sizeof(bytes));
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, 200), 400);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_RENEW, bytes, 200), 400);
    CHECK_HAS(served_line, "renewal refused to 10.1.2.3: ");
    CHECK_OK(fg_enrol_request_make("station", true, &bench.tls, NULL, &request, &error), &error);
    memcpy(bytes, clear, sizeof(clear) - 1);
    CHECK_OK(fg_enrol_request_encode(&request, bytes + sizeof(clear) - 1, sizeof(bytes) - sizeof(clear),
                                     &length, &error),
             &error);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length + sizeof(clear) - 1), 403);
    CHECK_HAS((const char *)served.body, "in clear");
    length = join_body(&bench, &request, bytes); /* without a nonce */
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 400);
    CHECK_HAS((const char *)served.body, "without a nonce");
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_RENEW, bytes, length), 403); /* nobody joined with this key */
    CHECK_OK(fg_enrol_request_make("controller", false, &bench.tls, &bench.device, &request, &error), &error);
    request.device_key = bench.receipt.public_key;
    length = join_body(&bench, &request, bytes);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 403);
    CHECK_HAS((const char *)served.body, "journal key");
    CHECK_OK(fg_enrol_request_make("station", false, &bench.tls, NULL, &request, &error), &error);
    length = join_body(&bench, &request, bytes);
    fg_fault_at(bench.sql, 4, 1, FG_E_IO);
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 503);
    CHECK(fg_fault_end(bench.sql));
    CHECK_TEXT((const char *)served.body, "the bureau cannot enrol just now; try again\n");
    CHECK_HAS(served_line, "the test makes piece 4");
    CHECK_INT(serve(&bench, FG_SYNC_PATH_ENROL, bytes, length), 200);
    free(served.body);
    served.body = NULL;
    bench_close(&bench);
}
