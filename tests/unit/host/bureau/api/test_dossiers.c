/* Dossiers of cylinder, vehicle, station, point and operator, on both back ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/history/day_sums.h"
#include "host/bureau/registry/record.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/handler_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define HOUR_MS INT64_C(3600000)
#define OFFSET_MIN 480

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *one;
};

static void put(struct fg_sql *sql, const char *kind_name, const char *const *pairs, int64_t at_ms,
                const char *why)
{
    static struct fg_record record;
    const struct fg_record_kind *kind = fg_record_kind(kind_name);
    struct fg_change_by by = {"clerk", why, at_ms};
    struct fg_error error;

    fg_record_start(&record, kind);
    for (; pairs[0] != NULL; pairs += 2)
        CHECK_OK(fg_record_give(&record, (size_t)fg_record_field(kind, pairs[0]), pairs[1], &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_record_put(sql, &record, &by, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}
#define PUT(sql, kind, at_ms, why, ...) put(sql, kind, (const char *const[]){__VA_ARGS__, NULL}, at_ms, why)

static void sums_follow(struct fg_sql *sql)
{
    struct fg_error error;
    bool more = true;

    while (more)
        CHECK_OK(fg_day_sums_follow(sql, OFFSET_MIN, 10000, &more, &error), &error);
}

static void bench_open(struct bench *bench, bool postgres)
{
    bench->sql = fg_fixture_bureau(postgres);
    bench->one = fg_fixture_journal("ctl-1");
    fg_fixture_bureau_device(bench->sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(bench->sql, "ctl-1", "controller", "S1", &bench->one->key.public_key);
    PUT(bench->sql, "station", NOW - 90 * HOUR_MS, "opened", "station", "S1", "name",
        "<script>alert(1)</script>", "area", "north");
    PUT(bench->sql, "cylinder", NOW - 80 * HOUR_MS, "registered", "code", "A-1", "uid", "04010203040506",
        "state", "in_service", "medium", "cng", "nominal_kpa", "20000", "capacity_dl", "700",
        "inspection_due", "2027-05-01", "plate", "ZE'\"%_1", "area", "north");
    PUT(bench->sql, "cylinder", NOW - 80 * HOUR_MS, "registered", "code", "A-2", "state", "in_service",
        "medium", "cng", "nominal_kpa", "20000", "capacity_dl", "700", "inspection_due", "2027-05-01",
        "plate", "ZE'\"%_1", "area", "north");
    PUT(bench->sql, "cylinder", NOW - 70 * HOUR_MS, "tag lost; <b>new</b>", "code", "A-1", "uid",
        "04010203040507");
    PUT(bench->sql, "operator", NOW - 80 * HOUR_MS, "hired", "operator", "op-7", "name",
        "\xe5\xbc\xa0 O'Neil", "certificate_end", "2027-01-01", "station", "S1");
    PUT(bench->sql, "point", NOW - 80 * HOUR_MS, "built", "point", "P1", "station", "S1", "controller",
        "ctl-1", "medium", "cng");
    fg_fixture_journal_fill(bench->one, "A-1", NOW - 3 * HOUR_MS, 9000);
    fg_fixture_journal_fill(bench->one, "A-2", NOW - 2 * HOUR_MS, 8000);
    fg_fixture_journal_fill(bench->one, "B-9", NOW - HOUR_MS, 7000);
    CHECK_INT(fg_fixture_bureau_send(bench->sql, bench->one, "S1", 1, bench->one->count, NULL), FG_SYNC_HELD);
    sums_follow(bench->sql);
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->one);
}

static void cylinder(bool postgres)
{
    struct bench bench;
    uint16_t status = 0;
    cJSON *root;

    bench_open(&bench, postgres);
    root = fg_fixture_web_get(bench.sql, "/api/v1/cylinders/A-1", NOW, NULL);
    CHECK(cJSON_IsTrue(fg_fixture_json(root, "registered")));
    CHECK_TEXT(fg_fixture_json_text(root, "cylinder.plate"), "ZE'\"%_1");
    CHECK_TEXT(fg_fixture_json_text(root, "cylinder.inspection_due"), "2027-05-01");
    CHECK_INT(fg_fixture_json_count(root, "sisters"), 1);
    CHECK_TEXT(fg_fixture_json_text(root, "sisters[0].code"), "A-2");
    CHECK_INT(fg_fixture_json_count(root, "tags"), 2);
    CHECK_TEXT(fg_fixture_json_text(root, "tags[0].uid"), "04010203040507");
    CHECK_INT(fg_fixture_json_number(root, "tags[0].from_ms"), NOW - 70 * HOUR_MS);
    CHECK_INT(fg_fixture_json_number(root, "tags[0].until_ms"), 0);
    CHECK_TEXT(fg_fixture_json_text(root, "tags[1].uid"), "04010203040506");
    CHECK_INT(fg_fixture_json_number(root, "tags[1].until_ms"), NOW - 70 * HOUR_MS);
    CHECK_TEXT(fg_fixture_json_text(root, "tags[1].why"), "tag lost; <b>new</b>");
    CHECK_INT(fg_fixture_json_count(root, "changes"), 2);
    CHECK_INT(fg_fixture_json_count(root, "entries"), 2);
    CHECK_INT(fg_fixture_json_number(root, "fills"), 1);
    CHECK_INT(fg_fixture_json_number(root, "quantity_g"), 9000);
    cJSON_Delete(root);
    root = fg_fixture_web_get(bench.sql, "/api/v1/cylinders/B-9", NOW, NULL);
    CHECK(cJSON_IsFalse(fg_fixture_json(root, "registered")));
    CHECK(cJSON_IsNull(fg_fixture_json(root, "cylinder")));
    CHECK_INT(fg_fixture_json_number(root, "fills"), 1);
    cJSON_Delete(root);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/cylinders/C-0", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    bench_close(&bench);
}

static void vehicle_and_operator(bool postgres)
{
    struct bench bench;
    uint16_t status = 0;
    cJSON *root;

    bench_open(&bench, postgres);
    root = fg_fixture_web_get(bench.sql, "/api/v1/vehicles/ZE'%22%25_1", NOW, NULL);
    CHECK_INT(fg_fixture_json_count(root, "cylinders"), 2);
    CHECK_INT(fg_fixture_json_count(root, "entries"), 0);
    cJSON_Delete(root);
    root = fg_fixture_web_get(bench.sql, "/api/v1/vehicles/TAXI-A-1", NOW, NULL);
    CHECK_INT(fg_fixture_json_count(root, "cylinders"), 0);
    CHECK_INT(fg_fixture_json_count(root, "entries"), 2);
    cJSON_Delete(root);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/vehicles/%25", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    root = fg_fixture_web_get(bench.sql, "/api/v1/operators/op-7", NOW, NULL);
    CHECK_TEXT(fg_fixture_json_text(root, "name"), "\xe5\xbc\xa0 O'Neil");
    CHECK_TEXT(fg_fixture_json_text(root, "certificate_end"), "2027-01-01");
    CHECK_INT(fg_fixture_json_number(root, "fills"), 3);
    CHECK_INT(fg_fixture_json_number(root, "quantity_g"), 24000);
    CHECK_INT(fg_fixture_json_count(root, "changes"), 1);
    cJSON_Delete(root);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/operators/op-0", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    bench_close(&bench);
}

static void station_and_point(bool postgres)
{
    struct bench bench;
    uint16_t status = 0;
    cJSON *root;

    bench_open(&bench, postgres);
    root = fg_fixture_web_get(bench.sql, "/api/v1/stations/S1", NOW, NULL);
    CHECK_TEXT(fg_fixture_json_text(root, "name"), "<script>alert(1)</script>");
    CHECK_INT(fg_fixture_json_count(root, "points"), 1);
    CHECK_INT(fg_fixture_json_count(root, "devices"), 2);
    CHECK_TEXT(fg_fixture_json_text(root, "devices[0].device"), "S1");
    CHECK_INT(fg_fixture_json_number(root, "devices[1].held_sequence"), 6);
    CHECK_INT(fg_fixture_json_count(root, "nights"), 8);
    CHECK_INT(fg_fixture_json_number(root, "nights[0].entries") +
                  fg_fixture_json_number(root, "nights[1].entries"),
              6);
    CHECK_INT(fg_fixture_json_count(root, "entries"), 6);
    CHECK_INT(fg_fixture_json_number(root, "fills"), 3);
    CHECK_INT(fg_fixture_json_number(root, "quantity_g"), 24000);
    cJSON_Delete(root);
    root = fg_fixture_web_get(bench.sql, "/api/v1/points/P1", NOW, NULL);
    CHECK_TEXT(fg_fixture_json_text(root, "point.controller"), "ctl-1");
    CHECK_TEXT(fg_fixture_json_text(root, "device.device"), "ctl-1");
    CHECK_INT(fg_fixture_json_number(root, "fills"), 3);
    CHECK_INT(fg_fixture_json_count(root, "entries"), 6);
    cJSON_Delete(root);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/stations/S0", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/points/P0", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    bench_close(&bench);
}

TEST("a cylinder's dossier has its facts, sisters, tags, changes and history (SQLite)")
{
    cylinder(false);
}

TEST("a cylinder's dossier has its facts, sisters, tags, changes and history (PostgreSQL)")
{
    cylinder(true);
}

TEST("vehicles and operators have dossiers, also those that only entries name (SQLite)")
{
    vehicle_and_operator(false);
}

TEST("vehicles and operators have dossiers, also those that only entries name (PostgreSQL)")
{
    vehicle_and_operator(true);
}

TEST("stations and points have dossiers (SQLite)")
{
    station_and_point(false);
}

TEST("stations and points have dossiers (PostgreSQL)")
{
    station_and_point(true);
}
