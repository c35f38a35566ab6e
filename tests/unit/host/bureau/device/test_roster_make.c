/* Rosters as the bureau makes them from its table of devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/device/enrolment.h"
#include "host/bureau/device/roster_make.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

struct bench {
    struct fg_sql *sql;
    struct fg_private_key device_key;
    struct fg_roster roster;
    uint8_t bytes[FG_ROSTER_BYTES_MAX];
    size_t length;
    struct fg_error error;
};

static void make(struct bench *bench, const char *station, int64_t now_ms)
{
    CHECK_OK(fg_roster_make(bench->sql, station, fg_fixture_bureau_receipt_key(), now_ms, bench->bytes,
                            &bench->length, &bench->error),
             &bench->error);
    CHECK_OK(fg_roster_verify(bench->bytes, bench->length, &fg_fixture_bureau_receipt_key()->public_key, 1,
                              &bench->roster, &bench->error),
             &bench->error);
    CHECK_TEXT(bench->roster.station, station);
}

static struct bench *bench_open(bool postgres)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench != NULL);
    bench->sql = fg_fixture_bureau(postgres);
    CHECK_OK(fg_private_key_new(&bench->device_key, &bench->error), &bench->error);
    fg_fixture_bureau_device(bench->sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(bench->sql, "ctl-b", "controller", "S1", &bench->device_key.public_key);
    fg_fixture_bureau_device(bench->sql, "ctl-a", "controller", "S1", &bench->device_key.public_key);
    fg_fixture_bureau_device(bench->sql, "ctl-z", "controller", "S2", &bench->device_key.public_key);
    return bench;
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench);
}

static void suspend(struct bench *bench, const char *device, bool suspended, int64_t now_ms)
{
    CHECK_OK(fg_device_suspend(bench->sql, device, suspended, "clerk", "seal broken", now_ms, &bench->error),
             &bench->error);
}

static void check_versions(bool postgres)
{
    struct bench *bench = bench_open(postgres);
    uint64_t first;

    make(bench, "S1", NOW_MS);
    first = bench->roster.version;
    CHECK_INT(first, NOW_MS);
    CHECK_INT(bench->roster.count, 2);
    CHECK_TEXT(bench->roster.devices[0].id, "ctl-a");
    CHECK_TEXT(bench->roster.devices[1].id, "ctl-b");
    CHECK_BYTES(bench->roster.devices[0].device_key.point, bench->device_key.public_key.point,
                FG_POINT_BYTES);
    make(bench, "S1", NOW_MS + 5000);
    CHECK_INT(bench->roster.version, first);
    CHECK_INT(bench->roster.issued_ms, NOW_MS);

    suspend(bench, "ctl-b", true, NOW_MS + 6000);
    make(bench, "S1", NOW_MS - 1000); /* a clock that was set back gives no lower version */
    CHECK_INT(bench->roster.version, first + 1);
    CHECK_INT(bench->roster.devices[0].suspended_ms, 0);
    CHECK_INT(bench->roster.devices[1].suspended_ms, NOW_MS + 6000);
    suspend(bench, "ctl-b", true, NOW_MS + 6500); /* said again: a list from between goes on stopping it */
    make(bench, "S1", NOW_MS + 6600);
    CHECK_INT(bench->roster.version, first + 1);
    CHECK_INT(bench->roster.devices[1].suspended_ms, NOW_MS + 6000);
    suspend(bench, "ctl-b", false, NOW_MS + 7000);
    make(bench, "S1", NOW_MS + 8000);
    CHECK_INT(bench->roster.version, NOW_MS + 8000);
    CHECK_INT(bench->roster.devices[1].suspended_ms, 0);
    bench_close(bench);
}

TEST("a roster's version rises when a device is suspended or released, and only then (SQLite)")
{
    check_versions(false);
}

TEST("a roster's version rises when a device is suspended or released, and only then (PostgreSQL)")
{
    check_versions(true);
}

TEST("FAIL-CLOSED: a suspended controller whose suspension is lost gets no list, whenever it was made")
{
    struct bench *bench = bench_open(false);

    suspend(bench, "ctl-b", true, NOW_MS);
    fg_fixture_sql_run(bench->sql, "DELETE FROM suspension");
    make(bench, "S1", NOW_MS);
    CHECK_INT(bench->roster.devices[1].suspended_ms, INT64_MAX);
    bench_close(bench);
}

TEST("each station has its own roster, and one without controllers an empty one")
{
    struct bench *bench = bench_open(false);

    make(bench, "S2", NOW_MS);
    CHECK_INT(bench->roster.count, 1);
    CHECK_TEXT(bench->roster.devices[0].id, "ctl-z");
    make(bench, "S3", NOW_MS);
    CHECK_INT(bench->roster.count, 0);
    CHECK(bench->roster.version > 0);
    bench_close(bench);
}

TEST("when a station has had more controllers than a roster holds, those suspended longest ago are left out")
{
    struct bench *bench = bench_open(false);
    char id[FG_NAME_MAX + 1];

    for (int i = 0; i < FG_ROSTER_DEVICES_MAX; i++) {
        (void)snprintf(id, sizeof(id), "old-%03d", i);
        fg_fixture_bureau_device(bench->sql, id, "controller", "S1", &bench->device_key.public_key);
        suspend(bench, id, true, NOW_MS + 1000 + i);
    }
    make(bench, "S1", NOW_MS + 5000);
    CHECK_INT(bench->roster.count, FG_ROSTER_DEVICES_MAX);
    CHECK(fg_roster_find(&bench->roster, "ctl-a") != NULL);
    CHECK(fg_roster_find(&bench->roster, "ctl-b") != NULL);
    CHECK(fg_roster_find(&bench->roster, "old-001") == NULL);
    CHECK(fg_roster_find(&bench->roster, "old-002") != NULL);
    fg_fixture_sql_run(bench->sql, "UPDATE device SET suspended = 0");
    CHECK_INT(fg_roster_make(bench->sql, "S1", fg_fixture_bureau_receipt_key(), NOW_MS, bench->bytes,
                             &bench->length, &bench->error),
              FG_E_FULL);
    bench_close(bench);
}
