/* The bureau's alarms, on both back ends: what raises each, what does not, and that none is doubled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/device/reports.h"
#include "host/bureau/watch/station_positions.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *one; /* at S1 */
    struct fg_fixture_journal *two; /* at S2, 100 km to the north */
    struct fg_alarm_settings settings;
};

#define PLACE(station, latitude)                                                                             \
    "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, list_medium, "          \
    "list_days, "                                                                                            \
    "rules) VALUES ('" station "', '', '', '', " latitude ", 120000000, 0, 30, '')"

static void bench_open(struct bench *bench, bool postgres)
{
    bench->sql = fg_fixture_bureau(postgres);
    fg_fixture_bureau_pair(bench->sql, &bench->one, &bench->two);
    fg_fixture_sql_run(bench->sql, PLACE("S1", "30000000"));
    fg_fixture_sql_run(bench->sql, PLACE("S2", "30899300"));
    fg_alarm_defaults(&bench->settings);
    bench->settings.place = fg_station_position_find;
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->one);
    free(bench->two);
}

/* Sends what was added since `from` and lets the alarms read it. */
static void send(struct bench *bench, const struct fg_fixture_journal *journal, uint64_t from)
{
    CHECK_INT(fg_fixture_bureau_send(bench->sql, journal, journal == bench->one ? "S1" : "S2", from,
                                     journal->count, NULL),
              FG_SYNC_HELD);
}

static void follow(struct bench *bench)
{
    struct fg_error error;
    bool more = true;

    while (more)
        CHECK_OK(fg_alarms_follow(bench->sql, &bench->settings, 10000, NOW, &more, &error), &error);
}

static enum fg_err keep(void *context, const struct fg_alarm *alarm, struct fg_error *error)
{
    struct fg_alarm *kept = context;

    (void)error;
    *kept = *alarm;
    return FG_OK;
}

/* The open alarm of this kind (count 0: none). */
static struct fg_alarm find(struct bench *bench, enum fg_alarm_kind kind)
{
    struct fg_alarm alarm = {0};
    struct fg_alarm_filter filter = {.kind = (uint8_t)kind};
    struct fg_error error;

    CHECK_OK(fg_alarm_each(bench->sql, &filter, keep, &alarm, &error), &error);
    return alarm;
}

static void two_places(bool postgres)
{
    struct bench bench;
    struct fg_alarm alarm;

    bench_open(&bench, postgres);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 4 * HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-2", NOW - 4 * HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.two, "HZ-1", NOW - 4 * HOUR_MS + 50 * MINUTE_MS,
                            9000); /* 100 km in 50 min */
    fg_fixture_journal_fill(bench.two, "HZ-2", NOW - 4 * HOUR_MS + 20 * MINUTE_MS, 9000); /* in 20 min */
    send(&bench, bench.two, 1); /* the later sighting comes first */
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_TWO_PLACES).count, 0);
    send(&bench, bench.one, 1);
    follow(&bench);
    alarm = find(&bench, FG_ALARM_TWO_PLACES);
    CHECK_INT(alarm.count, 1);
    CHECK_TEXT(alarm.code, "HZ-2");
    CHECK_TEXT(alarm.controller, "ctl-1");
    CHECK_HAS(alarm.detail, "at S1 and at S2, 100.0 km apart, with 1200 s between");
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 7"), 1);
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_TWO_PLACES).count, 1);
    bench_close(&bench);
}

TEST("CLONES-SHOW: a cylinder at two places that it cannot have travelled between raises an alarm, in "
     "whichever "
     "order the stations send (SQLite)")
{
    two_places(false);
}

TEST("CLONES-SHOW: a cylinder at two places that it cannot have travelled between raises an alarm, in "
     "whichever "
     "order the stations send (PostgreSQL)")
{
    two_places(true);
}

TEST(
    "CLONES-SHOW: a refused scan counts as a sighting; one by an unknown clock or beyond the window does not")
{
    struct bench bench;
    struct fg_entry refused = {.kind = FG_ENTRY_REFUSED, .wall_ms = NOW - HOUR_MS};
    struct fg_entry unknown = {
        .kind = FG_ENTRY_REFUSED, .wall_ms = NOW - HOUR_MS, .clock_quality = FG_CLOCK_UNKNOWN};

    bench_open(&bench, false);
    refused.reasons = (struct fg_reasons){1, {FG_REASON_UID_MISMATCH}};
    unknown.reasons = refused.reasons;
    (void)snprintf(refused.row.code.text, sizeof(refused.row.code.text), "HZ-1");
    (void)snprintf(unknown.row.code.text, sizeof(unknown.row.code.text), "HZ-2");
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-2", NOW - HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-3", NOW - HOUR_MS, 9000);
    fg_fixture_journal_add(bench.two, &refused);
    fg_fixture_journal_add(bench.two, &unknown);
    fg_fixture_journal_fill(bench.two, "HZ-3", NOW - 40 * HOUR_MS, 9000);
    send(&bench, bench.one, 1);
    send(&bench, bench.two, 1);
    follow(&bench);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 7"), 1);
    CHECK_TEXT(find(&bench, FG_ALARM_TWO_PLACES).code, "HZ-1");
    bench_close(&bench);
}

TEST("CLONES-SHOW: stations without a known place are not compared")
{
    struct bench bench;

    bench_open(&bench, false);
    fg_fixture_sql_run(bench.sql,
                       "UPDATE station SET latitude_udeg = 0, longitude_udeg = 0 WHERE station = 'S2'");
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.two, "HZ-1", NOW - HOUR_MS, 9000);
    send(&bench, bench.one, 1);
    send(&bench, bench.two, 1);
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_TWO_PLACES).count, 0);
    bench_close(&bench);
}

static void too_many_fills(bool postgres)
{
    struct bench bench;
    struct fg_alarm alarm;

    bench_open(&bench, postgres);
    bench.settings.fills_max = 3;
    bench.settings.speed_max_km_h = 0;
    /* NOW is 00:00 UTC, 08:00 at the stations: -8 h begins the local day. */
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 9 * HOUR_MS, 9000); /* the day before */
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 7 * HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 6 * HOUR_MS, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 5 * HOUR_MS, 0); /* nothing was filled */
    fg_fixture_journal_fill(bench.two, "HZ-1", NOW - 4 * HOUR_MS, 9000);
    send(&bench, bench.one, 1);
    send(&bench, bench.two, 1);
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_TOO_MANY_FILLS).count, 0);
    fg_fixture_journal_fill(bench.two, "HZ-1", NOW - 3 * HOUR_MS, 9000);
    send(&bench, bench.two, 3);
    follow(&bench);
    alarm = find(&bench, FG_ALARM_TOO_MANY_FILLS);
    CHECK_INT(alarm.count, 1);
    CHECK_TEXT(alarm.code, "HZ-1");
    CHECK_HAS(alarm.detail, "4 fills within 24 h");
    bench_close(&bench);
}

TEST("a cylinder filled more often in a day than the rule allows, at any stations, raises an alarm (SQLite)")
{
    too_many_fills(false);
}

TEST("a cylinder filled more often in a day than the rule allows, at any stations, raises an alarm "
     "(PostgreSQL)")
{
    too_many_fills(true);
}

static void gas_adds_up(bool postgres)
{
    struct bench bench;
    struct fg_alarm alarm;

    bench_open(&bench, postgres);
    for (int i = 0; i < 5; i++)
        fg_fixture_journal_fill(bench.one, "HZ-1", NOW - 5 * HOUR_MS + i * HOUR_MS, 9000);
    send(&bench, bench.one, 1);
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_UNACCOUNTED_GAS).count, 0);
    bench.one->inventory_g += 5000; /* flowed between two fills, and batches */
    fg_fixture_journal_fill(bench.one, "HZ-2", NOW, 9000);
    send(&bench, bench.one, 11);
    follow(&bench);
    alarm = find(&bench, FG_ALARM_UNACCOUNTED_GAS);
    CHECK_INT(alarm.count, 1);
    CHECK_TEXT(alarm.subject, "ctl-1");
    CHECK_HAS(alarm.detail, "5000 g between entry 10 and entry 11");
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm"), 1);
    bench_close(&bench);
}

TEST("GAS-ADDS-UP: gas between one fill's end and the next fill's start raises an alarm with its amount "
     "(SQLite)")
{
    gas_adds_up(false);
}

TEST("GAS-ADDS-UP: gas between one fill's end and the next fill's start raises an alarm with its amount "
     "(PostgreSQL)")
{
    gas_adds_up(true);
}

TEST("GAS-ADDS-UP: amounts too small for an alarm each add up to one")
{
    struct bench bench;
    struct fg_alarm alarm;

    bench_open(&bench, false);
    bench.settings.fills_max = 0;
    for (int i = 0; i < 15; i++) {
        fg_fixture_journal_fill(bench.one, "HZ-1", NOW - HOUR_MS, 9000);
        bench.one->inventory_g += 150;
    }
    send(&bench, bench.one, 1);
    follow(&bench);
    alarm = find(&bench, FG_ALARM_UNACCOUNTED_GAS);
    CHECK_INT(alarm.count, 1);
    CHECK_HAS(alarm.detail, "2100 g in small amounts between entry 2 and entry 29");
    bench_close(&bench);
}

TEST("GAS-ADDS-UP: a meter that went back raises an alarm; gas while it could not be read is told later")
{
    struct bench bench;
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .wall_ms = NOW, .event = FG_EVENT_DEVICE_BACK};

    bench_open(&bench, false);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - HOUR_MS, 9000);
    fg_fixture_journal_add(bench.one, &entry); /* no meter */
    entry.meter_state = FG_READING_GOOD;
    entry.inventory_g = bench.one->inventory_g + 700;
    fg_fixture_journal_add(bench.one, &entry);
    send(&bench, bench.one, 1);
    follow(&bench);
    CHECK_HAS(find(&bench, FG_ALARM_UNACCOUNTED_GAS).detail, "700 g between entry 2 and entry 4");
    entry.inventory_g = 5;
    fg_fixture_journal_add(bench.one, &entry);
    send(&bench, bench.one, 5);
    follow(&bench);
    CHECK_HAS(find(&bench, FG_ALARM_METER_BACK).detail, "to 5 g (entry 5)");
    CHECK_INT(find(&bench, FG_ALARM_UNACCOUNTED_GAS).count, 1);
    bench_close(&bench);
}

TEST("GAS-ADDS-UP: a fill that a power cut ended accounts for its gas; numbers beyond all bounds break "
     "nothing")
{
    struct bench bench;
    struct fg_entry entry = {
        .kind = FG_ENTRY_AUTHORISED, .wall_ms = NOW, .meter_state = FG_READING_GOOD, .inventory_g = 1000};

    bench_open(&bench, false);
    fg_fixture_journal_add(bench.one, &entry);
    entry.kind = FG_ENTRY_BOOT;
    entry.meter_state = FG_READING_TIME_OUT;
    fg_fixture_journal_add(bench.one, &entry);
    entry.kind = FG_ENTRY_ENDED;
    entry.meter_state = FG_READING_GOOD;
    entry.start_inventory_g = 1000;
    entry.quantity_g = 7000;
    entry.inventory_g = 8000;
    entry.stop = FG_STOP_POWER_LOST;
    fg_fixture_journal_add(bench.one, &entry);
    send(&bench, bench.one, 1);
    follow(&bench);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm"), 0);
    entry.inventory_g = INT64_MAX;
    entry.kind = FG_ENTRY_BOOT;
    fg_fixture_journal_add(bench.one, &entry);
    entry.inventory_g = INT64_MIN;
    fg_fixture_journal_add(bench.one, &entry);
    entry.kind = FG_ENTRY_AUTHORISED;
    fg_fixture_journal_add(bench.one, &entry);
    entry.kind = FG_ENTRY_ENDED;
    entry.start_inventory_g = INT64_MAX;
    entry.quantity_g = INT64_MAX;
    fg_fixture_journal_add(bench.one, &entry);
    send(&bench, bench.one, 4);
    follow(&bench);
    CHECK(find(&bench, FG_ALARM_METER_BACK).count > 0);
    bench_close(&bench);
}

static void odd_entries(bool postgres)
{
    struct bench bench;
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .wall_ms = NOW, .event = FG_EVENT_JOURNAL_TAMPERED};

    bench_open(&bench, postgres);
    fg_fixture_journal_add_bytes(bench.one, "\xff\xff", 2);
    fg_fixture_journal_add(bench.one, &entry);
    fg_fixture_journal_add(bench.one, &entry);
    entry.event = FG_EVENT_DEVICE_FAULT; /* not grave */
    fg_fixture_journal_add(bench.one, &entry);
    entry.wall_ms = INT64_MAX;
    fg_fixture_journal_add(bench.one, &entry);
    fg_fixture_journal_fill(bench.one, "HZ-1", INT64_MAX, 9000);
    fg_fixture_journal_fill(bench.one, "HZ-1", INT64_MIN + 60000, 9000);
    send(&bench, bench.one, 1);
    follow(&bench);
    CHECK_HAS(find(&bench, FG_ALARM_ENTRY_ODD).detail, "entry 1 cannot be decoded");
    CHECK_INT(find(&bench, FG_ALARM_ENTRY_FUTURE).count, 3);
    CHECK_INT(find(&bench, FG_ALARM_GRAVE_EVENT).count, 2);
    CHECK_TEXT(find(&bench, FG_ALARM_GRAVE_EVENT).subject, "ctl-1 JOURNAL_TAMPERED");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: grave events, odd and future-dated entries raise alarms and stop nothing (SQLite)")
{
    odd_entries(false);
}

TEST("TAMPER-SHOWS: grave events, odd and future-dated entries raise alarms and stop nothing (PostgreSQL)")
{
    odd_entries(true);
}

TEST("a backlog longer than a chunk is followed to its end, each entry once")
{
    struct bench bench;
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .wall_ms = NOW, .event = FG_EVENT_VALVE_FAULT};
    struct fg_error error;
    bool more = false;

    bench_open(&bench, false);
    for (int i = 0; i < 1100; i++)
        fg_fixture_journal_add(bench.one, &entry);
    for (uint64_t first = 1; first <= 1100; first += 500)
        CHECK_INT(fg_fixture_bureau_send(bench.sql, bench.one, "S1", first,
                                         first + 499 < 1100 ? first + 499 : 1100, NULL),
                  FG_SYNC_HELD);
    CHECK_OK(fg_alarms_follow(bench.sql, &bench.settings, 100, NOW, &more, &error), &error);
    CHECK(more);
    follow(&bench);
    CHECK_INT(find(&bench, FG_ALARM_GRAVE_EVENT).count, 1100);
    bench_close(&bench);
}

static void closing(bool postgres)
{
    struct bench bench;
    struct fg_alarm alarm = {.kind = FG_ALARM_FORK, .subject = "ctl-1", .detail = "first"};
    struct fg_alarm_filter closed = {.closed_too = true, .subject = "ctl-1"};
    struct fg_alarm seen = {0};
    struct fg_error error;

    bench_open(&bench, postgres);
    CHECK_OK(fg_alarm_raise(bench.sql, &alarm, NOW, &error), &error);
    CHECK_OK(fg_alarm_raise(bench.sql, &alarm, NOW + 5, &error), &error);
    CHECK_OK(fg_alarm_ensure(bench.sql, &alarm, NOW + 6, &error), &error);
    seen = find(&bench, FG_ALARM_FORK);
    CHECK_INT(seen.count, 2);
    CHECK_INT(seen.since_ms, NOW);
    CHECK_INT(seen.last_ms, NOW + 5);
    CHECK_OK(fg_alarm_close(bench.sql, FG_ALARM_FORK, "ctl-1", "clerk", "seized", NOW + 9, &error), &error);
    CHECK_INT(fg_alarm_close(bench.sql, FG_ALARM_FORK, "ctl-1", "clerk", "again", NOW + 9, &error),
              FG_E_NOT_FOUND);
    CHECK_INT(find(&bench, FG_ALARM_FORK).count, 0);
    CHECK_OK(fg_alarm_each(bench.sql, &closed, keep, &seen, &error), &error);
    CHECK_TEXT(seen.closed_by, "clerk");
    CHECK_TEXT(seen.closed_why, "seized");
    CHECK_OK(fg_alarm_raise(bench.sql, &alarm, NOW + 20, &error), &error);
    CHECK_INT(find(&bench, FG_ALARM_FORK).number, 2);
    CHECK_INT(find(&bench, FG_ALARM_FORK).count, 1);
    bench_close(&bench);
}

TEST("an alarm is counted while open, closed with who and why, and opened anew when it comes again (SQLite)")
{
    closing(false);
}

TEST("an alarm is counted while open, closed with who and why, and opened anew when it comes again "
     "(PostgreSQL)")
{
    closing(true);
}

/* ---- reports and time ---- */

static void sweep(struct bench *bench, int64_t now_ms)
{
    struct fg_error error;

    CHECK_OK(fg_alarms_sweep(bench->sql, &bench->settings, now_ms, &error), &error);
}

static struct fg_sync_report report_of(const char *device, int64_t wall_ms)
{
    struct fg_sync_report report = {.wall_ms = wall_ms,
                                    .clock_quality = FG_CLOCK_SYNCHRONISED,
                                    .list_version = 7,
                                    .list_issued_ms = wall_ms - HOUR_MS,
                                    .disk_free_bytes = UINT64_C(8) << 30,
                                    .list_id = "city",
                                    .version = "1.0"};

    (void)snprintf(report.device, sizeof(report.device), "%s", device);
    return report;
}

static void report(struct bench *bench, const struct fg_sync_reports *reports, int64_t now_ms)
{
    struct fg_peer peer = fg_fixture_bureau_peer("station", reports->self.device);
    struct fg_sync_report_answer answer;
    struct fg_error error;

    CHECK_OK(fg_reports_keep(bench->sql, &peer, reports, now_ms, &answer, &error), &error);
    CHECK_INT(answer.wall_ms, now_ms);
}

static void entries_lost(bool postgres)
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, postgres);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW - HOUR_MS, 9000);
    send(&bench, bench.one, 1);
    reports->self = report_of("S1", NOW);
    reports->below_count = 1;
    reports->below[0] = report_of("ctl-1", NOW);
    reports->below[0].heard_ms = NOW;
    reports->below[0].last_sequence = 9; /* of which the bureau has 2 and never had more */
    reports->below[0].unsent = 7;
    report(&bench, reports, NOW);
    sweep(&bench, NOW);
    CHECK_INT(find(&bench, FG_ALARM_ENTRIES_LOST).count, 0);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry");
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_head");
    sweep(&bench, NOW + 1000);
    sweep(&bench, NOW + 2000);
    CHECK_INT(find(&bench, FG_ALARM_ENTRIES_LOST).count, 1);
    CHECK_TEXT(find(&bench, FG_ALARM_ENTRIES_LOST).subject, "ctl-1");
    CHECK_HAS(find(&bench, FG_ALARM_ENTRIES_LOST).detail, "receipt for entry 2, the bureau holds 0");
    free(reports);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a device that has receipts for entries which the bureau does not hold raises an alarm "
     "(SQLite)")
{
    entries_lost(false);
}

TEST("TAMPER-SHOWS: a device that has receipts for entries which the bureau does not hold raises an alarm "
     "(PostgreSQL)")
{
    entries_lost(true);
}

static void silence(bool postgres)
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, postgres);
    bench.settings.station_silent_min = 60;
    bench.settings.controller_silent_min = 60;
    reports->self = report_of("S1", NOW);
    reports->below_count = 1;
    reports->below[0] = report_of("ctl-1", NOW);
    reports->below[0].heard_ms = NOW;
    report(&bench, reports, NOW);
    sweep(&bench, NOW + 59 * MINUTE_MS);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm"), 0);
    sweep(&bench, NOW + 61 * MINUTE_MS); /* S1 is silent; S2 and its ctl-2 never spoke */
    sweep(&bench, NOW + 62 * MINUTE_MS);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 11"), 2);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 12"), 1);
    CHECK_TEXT(find(&bench, FG_ALARM_CONTROLLER_SILENT).subject, "ctl-2");
    /* S1 is back, but did not hear its controller since. */
    reports->self = report_of("S1", NOW + 70 * MINUTE_MS);
    report(&bench, reports, NOW + 70 * MINUTE_MS);
    sweep(&bench, NOW + 71 * MINUTE_MS);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 11 AND closed_ms = 0"), 1);
    CHECK_TEXT(find(&bench, FG_ALARM_STATION_SILENT).subject, "S2");
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 12 AND subject = 'ctl-1'"),
        1);
    fg_fixture_sql_run(bench.sql, "UPDATE device SET suspended = 1");
    sweep(&bench, NOW + 72 * MINUTE_MS);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms = 0"), 0);
    free(reports);
    bench_close(&bench);
}

TEST("a silent station and a controller that its station does not hear raise alarms that heal (SQLite)")
{
    silence(false);
}

TEST("a silent station and a controller that its station does not hear raise alarms that heal (PostgreSQL)")
{
    silence(true);
}

TEST("an old list, a wrong clock, overdue entries and a full disk raise alarms that heal")
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, false);
    reports->self = report_of("S1", NOW);
    reports->below_count = 1;
    reports->below[0] = report_of("ctl-1", NOW - 300000); /* five minutes behind */
    reports->below[0].heard_ms = NOW;
    reports->below[0].list_issued_ms = NOW - 73 * HOUR_MS;
    reports->below[0].unsent = 12;
    reports->below[0].oldest_unsent_ms = NOW - 50 * HOUR_MS;
    reports->below[0].disk_free_bytes = 1000;
    report(&bench, reports, NOW);
    sweep(&bench, NOW);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE subject = 'ctl-1'"), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE subject = 'S1'"), 0);
    CHECK_HAS(find(&bench, FG_ALARM_LIST_OLD).detail, "73 h");
    CHECK_HAS(find(&bench, FG_ALARM_CLOCK_OFFSET).detail, "300 s slow");
    CHECK_HAS(find(&bench, FG_ALARM_ENTRIES_OVERDUE).detail, "12 entries");
    CHECK(find(&bench, FG_ALARM_DISK_LOW).count == 1);
    reports->below[0] = report_of("ctl-1", NOW + 1000);
    reports->below[0].heard_ms = NOW + 1000;
    reports->self = report_of("S1", NOW + 1000);
    report(&bench, reports, NOW + 1000);
    sweep(&bench, NOW + 2000);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms = 0"), 0);
    free(reports);
    bench_close(&bench);
}

TEST("a device's certificate that was not renewed raises an alarm 30 days ahead, which heals by its renewal")
{
    struct bench bench;
    char command[160];

    bench_open(&bench, false);
    bench.settings.station_silent_min = bench.settings.controller_silent_min = 0;
    (void)snprintf(command, sizeof(command),
                   "UPDATE device SET certificate_end_ms = %lld WHERE device = 'ctl-1'",
                   (long long)(NOW + 30 * 24 * HOUR_MS));
    fg_fixture_sql_run(bench.sql, command);
    sweep(&bench, NOW);
    CHECK_INT(find(&bench, FG_ALARM_CERTIFICATE_ENDS).count, 0);
    sweep(&bench, NOW + HOUR_MS);
    CHECK_INT(find(&bench, FG_ALARM_CERTIFICATE_ENDS).count, 1);
    CHECK_TEXT(find(&bench, FG_ALARM_CERTIFICATE_ENDS).subject, "ctl-1");
    CHECK_HAS(find(&bench, FG_ALARM_CERTIFICATE_ENDS).detail, "in 29 days");
    sweep(&bench, NOW + 31 * 24 * HOUR_MS);
    CHECK_INT(find(&bench, FG_ALARM_CERTIFICATE_ENDS).count, 1);
    fg_fixture_sql_run(bench.sql, "UPDATE device SET certificate_end_ms = certificate_end_ms * 2");
    sweep(&bench, NOW + 31 * 24 * HOUR_MS);
    CHECK_INT(find(&bench, FG_ALARM_CERTIFICATE_ENDS).count, 0);
    bench_close(&bench);
}

TEST("a station's own wrong clock is not taken for its controllers'")
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, false);
    reports->self = report_of("S1", NOW + HOUR_MS);
    reports->below_count = 1;
    reports->below[0] = report_of("ctl-1", NOW);
    reports->below[0].heard_ms = NOW + HOUR_MS; /* by the station's clock */
    report(&bench, reports, NOW);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT clock_offset_ms FROM device_report WHERE device = 'ctl-1'"),
        0);
    sweep(&bench, NOW);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14"), 1);
    CHECK_TEXT(find(&bench, FG_ALARM_CLOCK_OFFSET).subject, "S1");
    free(reports);
    bench_close(&bench);
}

static void who_is_wrong(bool postgres)
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(2, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, postgres);
    /* Three synchronised devices agree with each other: the bureau is five minutes ahead. */
    reports[0].self = report_of("S1", NOW - 300000);
    reports[0].below_count = 1;
    reports[0].below[0] = report_of("ctl-1", NOW - 300000);
    reports[0].below[0].heard_ms = NOW - 300000;
    reports[1].self = report_of("S2", NOW - 301000);
    report(&bench, &reports[0], NOW);
    sweep(&bench, NOW);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND subject = '(bureau)'"),
              0); /* two of two prove nothing against a synchronised clock */
    report(&bench, &reports[1], NOW);
    sweep(&bench, NOW);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND closed_ms = 0"), 1);
    CHECK_INT(fg_fixture_sql_number(
                  bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND closed_ms = 0 AND "
                             "subject = '(bureau)' AND detail LIKE '%300 s fast, compared with 3 of 3%'"),
              1);
    /* One that is right by the bureau's clock is wrong by all the others. */
    reports[1].below_count = 1;
    reports[1].below[0] = report_of("ctl-2", NOW);
    reports[1].below[0].heard_ms = NOW - 301000;
    report(&bench, &reports[1], NOW);
    sweep(&bench, NOW);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND closed_ms = 0 AND "
                                    "subject = 'ctl-2' AND detail LIKE '%s fast'"),
              1);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND closed_ms = 0"), 2);
    /* The bureau's clock was set right. */
    report(&bench, &reports[0], NOW - 300000 + 1000);
    fg_fixture_sql_run(bench.sql, "UPDATE device_report SET clock_offset_ms = 0");
    sweep(&bench, NOW);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14 AND closed_ms = 0"), 0);
    free(reports);
    bench_close(&bench);
}

TEST("when most synchronised devices agree against the bureau, the alarm is about its clock (SQLite)")
{
    who_is_wrong(false);
}
TEST("when most synchronised devices agree against the bureau, the alarm is about its clock (PostgreSQL)")
{
    who_is_wrong(true);
}

TEST("against a bureau whose clock is not synchronised, one synchronised device is enough")
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));

    CHECK(reports != NULL);
    bench_open(&bench, false);
    bench.settings.own_clock_doubted = true;
    reports->self = report_of("S1", NOW + 90000);
    report(&bench, reports, NOW);
    sweep(&bench, NOW);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 14"), 1);
    CHECK_TEXT(find(&bench, FG_ALARM_CLOCK_OFFSET).subject, "(bureau)");
    CHECK_HAS(find(&bench, FG_ALARM_CLOCK_OFFSET).detail, "90 s slow, compared with 1 of 1");
    free(reports);
    bench_close(&bench);
}

static void strange_reports(bool postgres)
{
    struct bench bench;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    struct fg_sync_report_answer answer;
    struct fg_error error;

    CHECK(reports != NULL);
    bench_open(&bench, postgres);
    reports->self = report_of("S2", NOW);
    CHECK_INT(fg_reports_keep(bench.sql, &peer, reports, NOW, &answer, &error), FG_E_DENIED);
    reports->self = report_of("S1", NOW);
    reports->self.wall_ms = INT64_MIN;
    reports->self.list_issued_ms = INT64_MIN;
    reports->self.unsent = UINT64_MAX;
    reports->self.last_sequence = UINT64_MAX;
    reports->self.oldest_unsent_ms = INT64_MIN;
    reports->below_count = 3;
    reports->below[0] = report_of("ctl-2", NOW);
    reports->below[0].heard_ms = NOW;
    reports->below[1] = report_of("ctl-1", INT64_MAX);
    reports->below[1].heard_ms = INT64_MAX;
    reports->below[2] = report_of("nobody", NOW);
    CHECK_OK(fg_reports_keep(bench.sql, &peer, reports, NOW, &answer, &error), &error);
    CHECK_HAS(answer.text, "2 devices");
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM device_report"), 2);
    sweep(&bench, NOW);
    free(reports);
    bench_close(&bench);
}

TEST("a station reports only for itself and its own controllers; absurd numbers break nothing (SQLite)")
{
    strange_reports(false);
}

TEST("a station reports only for itself and its own controllers; absurd numbers break nothing (PostgreSQL)")
{
    strange_reports(true);
}

static void gap_stays(bool postgres)
{
    struct bench bench;

    bench_open(&bench, postgres);
    bench.settings.station_silent_min = 0;
    bench.settings.controller_silent_min = 0;
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW, 1);
    fg_fixture_journal_fill(bench.one, "HZ-1", NOW, 1);
    CHECK_INT(fg_fixture_bureau_send(bench.sql, bench.one, "S1", 3, 4, NULL), FG_SYNC_GAP);
    sweep(&bench, NOW + 59 * MINUTE_MS);
    CHECK_INT(find(&bench, FG_ALARM_GAP_STAYS).count, 0);
    sweep(&bench, NOW + 61 * MINUTE_MS);
    sweep(&bench, NOW + 62 * MINUTE_MS);
    CHECK_INT(find(&bench, FG_ALARM_GAP_STAYS).count, 1);
    CHECK_HAS(find(&bench, FG_ALARM_GAP_STAYS).detail, "entries 1 to 2 are missing");
    send(&bench, bench.one, 1);
    sweep(&bench, NOW + 63 * MINUTE_MS);
    CHECK_INT(find(&bench, FG_ALARM_GAP_STAYS).count, 0);
    bench_close(&bench);
}

TEST("NO-LOSS: a gap that stays raises an alarm, which heals when it is filled (SQLite)")
{
    gap_stays(false);
}

TEST("NO-LOSS: a gap that stays raises an alarm, which heals when it is filled (PostgreSQL)")
{
    gap_stays(true);
}

TEST("every alarm has a name and texts, and is found by its name")
{
    CHECK_TEXT(fg_alarm_name(FG_ALARM_TWO_PLACES), "TWO_PLACES");
    CHECK_INT(fg_alarm_by_name("TWO_PLACES"), FG_ALARM_TWO_PLACES);
    CHECK_INT(fg_alarm_by_name("nothing"), FG_ALARM_NONE);
    CHECK_TEXT(fg_alarm_text(FG_LANGUAGE_CHINESE, FG_ALARM_FORK), "日志出现分叉");
    CHECK_TEXT(fg_alarm_text(FG_LANGUAGE_ENGLISH, (enum fg_alarm_kind)99), "?");
    CHECK_TEXT(fg_alarm_name((enum fg_alarm_kind)99), "?");
}

TEST("the place of a station is the registry's, if it is given there")
{
    struct bench bench;
    struct fg_error error;
    int32_t latitude = 0;
    int32_t longitude = 0;

    bench_open(&bench, false);
    CHECK_OK(fg_station_position_find(NULL, bench.sql, "S1", &latitude, &longitude, &error), &error);
    CHECK_INT(latitude, 30000000);
    CHECK_INT(longitude, 120000000);
    CHECK_INT(fg_station_position_find(NULL, bench.sql, "S9", &latitude, &longitude, &error), FG_E_NOT_FOUND);
    bench_close(&bench);
}
