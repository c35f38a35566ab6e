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
                                                     .list_keys = &bench->receipt.public_key};
}

static void bench_close(struct bench *bench)
{
    fg_ca_close(bench->ca);
    fg_sql_close(bench->sql);
}

static void code_new(struct bench *bench, const char *device, const char *role)
{
    struct fg_one_time_order order = {.device = device,
                                      .role = role,
                                      .station = "HZ-001",
                                      .list_id = "HZ-001",
                                      .who = "clerk",
                                      .expires_ms = NOW_MS + HOUR_MS};
    struct fg_error error;

    CHECK_OK(fg_enrolment_code_new(bench->sql, &order, NOW_MS, bench->code, &error), &error);
}

static enum fg_err join(struct bench *bench, const char *code, const char *role,
                        const struct fg_private_key *device, int64_t now_ms,
                        struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_enrol_request request;

    CHECK_OK(fg_enrol_request_make(role, code, &bench->tls, device, NULL, 0, &request, error), error);
    return fg_enrolment_join(bench->sql, &bench->settings, &request, now_ms, ret_answer, error);
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
    CHECK_INT(join(&bench, "x", "controller", &bench.device, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_INT(join(&bench, bench.code, "controller", NULL, NOW_MS, &answer, &error), FG_E_FORMAT);
    CHECK_OK(join(&bench, bench.code, "controller", &bench.device, NOW_MS, &answer, &error), &error);
    bench_close(&bench);
}

TEST("the code itself is nowhere in the database, only its hash")
{
    struct bench bench;
    char command[256];

    bench_open(&bench, false);
    code_new(&bench, "HZ-001-1", "controller");
    fg_sql_close(bench.sql);
    bench.sql = NULL;
    (void)snprintf(command, sizeof(command), "grep -q -e '%s' %s", bench.code, fg_test_path("bureau.db"));
    CHECK(system(command) != 0);
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
    CHECK_OK(
        fg_enrol_request_make("controller", bench.code, &bench.tls, &bench.device, NULL, 0, &request, &error),
        &error);
    request.device_key = bench.receipt.public_key;
    CHECK_INT(fg_enrolment_join(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error), FG_E_AUTH);
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
    CHECK_OK(fg_enrol_request_make("station", "", &bench.tls, NULL, NULL, 0, &request, &error), &error);
    CHECK_OK(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS + 300 * 24 * HOUR_MS, &answer,
                                &error),
             &error);
    CHECK_TEXT(answer.id, "HZ-001");
    CHECK_OK(fg_device_find(bench.sql, "HZ-001", &record, &error), &error);
    CHECK(record.certificate_end_ms == NOW_MS + 665 * 24 * HOUR_MS);
    CHECK_OK(fg_enrol_request_make("station", "", &other, NULL, NULL, 0, &request, &error), &error);
    CHECK_INT(fg_enrolment_renew(bench.sql, &bench.settings, &request, NOW_MS, &answer, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "new one-time code");
    CHECK_OK(fg_device_suspend(bench.sql, "HZ-001", true, "clerk", "licence withdrawn", NOW_MS, &error),
             &error);
    CHECK_OK(fg_enrol_request_make("station", "", &bench.tls, NULL, NULL, 0, &request, &error), &error);
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
