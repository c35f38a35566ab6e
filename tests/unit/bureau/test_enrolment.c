/* Enrolment at the bureau, on both back ends: codes, joining, renewal, suspension. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/enrolment.h"
#include "host/bureau/schema.h"
#include "proto/enrol.h"
#include "tests/lib/check.h"
#include "tests/lib/postgres_fixture.h"

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
