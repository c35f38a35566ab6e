/* Whom the bureau's routes serve: suspended devices bring evidence and get nothing but the list that stops
 * them. The handlers are called as the server calls them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/device/device_routes.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/publish/publish_listed.h"
#include "host/bureau/trail/trail.h"
#include "proto/journal/sync.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

struct bench {
    struct fg_bureau bureau;
    struct fg_sql *sql;
    struct fg_fixture_journal *journal;
    struct fg_route routes[FG_BUREAU_ROUTES_MAX];
    size_t route_count;
    struct fg_answer answer;
};

static struct fg_error error;

static int64_t clock_read(void *context)
{
    (void)context;
    return NOW_MS;
}

static char last_line[640];

static void log_take(void *context, const char *line)
{
    (void)context;
    (void)snprintf(last_line, sizeof(last_line), "%s", line);
}

/* ctl-1 at S1 with list S1. */
static void bench_open(struct bench *bench)
{
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    char url[256];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_alarm_thread_settings watcher = {
        .sql = &settings, .sweep_every_s = 3600, .now_ms = clock_read, .log = log_take};

    memset(bench, 0, sizeof(*bench));
    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("bureau.db"));
    bench->sql = fg_fixture_bureau(false);
    bench->journal = fg_fixture_journal("ctl-1");
    fg_fixture_bureau_device(bench->sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(bench->sql, "ctl-1", "controller", "S1", &bench->journal->key.public_key);
    fg_fixture_sql_run(bench->sql, "UPDATE device SET list_id = 'S1'");
    fg_fixture_sql_run(bench->sql,
                       "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, "
                       "list_medium, list_days, rules) VALUES ('S1', '', '', '', 0, 0, 0, 30, '[rules]\n"
                       "station = S1\nmedia = cng\n')");
    fg_fixture_journal_fill(bench->journal, "HZ-1", NOW_MS - 60000, 9000);
    CHECK_OK(fg_sql_pool_new(&settings, 2, &bench->bureau.pool, &error), &error);
    CHECK_OK(fg_listing_new(fg_test_path("lists"), &key->public_key, 1, fg_bureau_list_allowed,
                            &bench->bureau, &bench->bureau.listing, &error),
             &error);
    fg_alarm_defaults(&watcher.alarms);
    CHECK_OK(fg_alarm_thread_new(&watcher, &bench->bureau.watcher, &error), &error);
    bench->bureau.receipt_key = *key;
    bench->bureau.ingest = *fg_fixture_bureau_ingest();
    bench->bureau.now_ms = clock_read;
    bench->bureau.log = log_take;
    bench->route_count = fg_bureau_routes(&bench->bureau, bench->routes);
}

static void bench_close(struct bench *bench)
{
    fg_alarm_thread_free(bench->bureau.watcher);
    fg_listing_free(bench->bureau.listing);
    fg_sql_pool_free(bench->bureau.pool);
    fg_sql_close(bench->sql);
    free(bench->answer.body);
    free(bench->journal);
}

static void suspend(struct bench *bench, const char *device, int64_t now_ms)
{
    CHECK_OK(fg_device_suspend(bench->sql, device, true, "clerk", "stolen", now_ms, &error), &error);
}

static void publish(struct bench *bench, int64_t now_ms)
{
    struct fg_publish_order order = {.station = "S1",
                                     .key = fg_fixture_bureau_receipt_key(),
                                     .now_ms = now_ms,
                                     .who = "clerk",
                                     .forced = true,
                                     .clock_insisted = true};
    struct fg_publish_result published;

    CHECK_OK(fg_publish_listed(bench->sql, bench->bureau.listing, fg_test_path("lists"), &order, &published,
                               &error),
             &error);
}

static uint16_t ask(struct bench *bench, const char *role, const char *id, const char *path,
                    const uint8_t *body, size_t length)
{
    struct fg_peer peer = fg_fixture_bureau_peer(role, id);
    struct fg_request request = {.method = body != NULL ? "POST" : "GET",
                                 .path = path,
                                 .peer = &peer,
                                 .body = body,
                                 .body_length = length};

    free(bench->answer.body);
    memset(&bench->answer, 0, sizeof(bench->answer));
    for (size_t i = 0; i < bench->route_count; i++) {
        if (strcmp(bench->routes[i].path, path) == 0 &&
            strcmp(bench->routes[i].method, request.method) == 0) {
            bench->routes[i].handler(bench->routes[i].context, &request, &bench->answer);
            return bench->answer.status;
        }
    }
    CHECK(false);
    return 0;
}

static uint16_t send(struct bench *bench, const char *role, const char *id, uint64_t first, uint64_t last)
{
    static uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX];
    struct fg_sync_batch batch;
    size_t length = 0;

    fg_fixture_journal_batch(bench->journal, first, last, &batch);
    CHECK_OK(fg_sync_batch_encode(&batch, bytes, sizeof(bytes), &length, &error), &error);
    return ask(bench, role, id, FG_SYNC_PATH_JOURNAL, bytes, length);
}

static uint16_t report(struct bench *bench, const char *role, const char *id)
{
    static uint8_t bytes[FG_SYNC_REPORT_BYTES_MAX];
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    size_t length = 0;

    CHECK(reports != NULL);
    reports->self = (struct fg_sync_report){.wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    (void)snprintf(reports->self.device, sizeof(reports->self.device), "%s", id);
    CHECK_OK(fg_sync_reports_encode(reports, bytes, sizeof(bytes), &length, &error), &error);
    free(reports);
    return ask(bench, role, id, FG_SYNC_PATH_REPORT, bytes, length);
}

static bool may_fetch(struct bench *bench, const char *role, const char *id)
{
    struct fg_peer peer = fg_fixture_bureau_peer(role, id);

    return fg_bureau_list_allowed(&bench->bureau, &peer, "S1");
}

TEST("NO-LOSS: a suspended controller, and a suspended station for its controllers, still hand entries in")
{
    struct bench bench;

    bench_open(&bench);
    suspend(&bench, "S1", NOW_MS);
    CHECK_INT(send(&bench, "station", "S1", 1, 1), 200);
    suspend(&bench, "ctl-1", NOW_MS);
    CHECK_INT(send(&bench, "station", "S1", 1, 2), 200);
    fg_fixture_sql_run(bench.sql, "UPDATE device SET station = '' WHERE device = 'ctl-1'");
    fg_fixture_journal_fill(bench.journal, "HZ-2", NOW_MS - 1000, 9000);
    CHECK_INT(send(&bench, "controller", "ctl-1", 3, 4), 200);
    CHECK_INT(send(&bench, "controller", "ctl-9", 3, 4), 403);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_entry"), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_entry WHERE marks = 8"), 3);
    bench_close(&bench);
}

TEST("a suspended station gets no roster and no list, and is not believed what it reports")
{
    struct bench bench;

    bench_open(&bench);
    publish(&bench, NOW_MS);
    CHECK_INT(ask(&bench, "station", "S1", FG_SYNC_PATH_ROSTER, NULL, 0), 200);
    CHECK_INT(report(&bench, "station", "S1"), 200);
    CHECK(may_fetch(&bench, "station", "S1"));
    suspend(&bench, "S1", NOW_MS + 1);
    CHECK_INT(ask(&bench, "station", "S1", FG_SYNC_PATH_ROSTER, NULL, 0), 403);
    CHECK_INT(report(&bench, "station", "S1"), 403);
    suspend(&bench, "ctl-1", NOW_MS + 1);
    CHECK_INT(report(&bench, "controller", "ctl-1"), 200);
    publish(&bench, NOW_MS + 2);
    CHECK(!may_fetch(&bench, "station", "S1"));
    bench_close(&bench);
}

TEST("LIST-IS-SIGNED: a suspended controller gets from the bureau only a list made since, which stops its "
     "points")
{
    struct bench bench;

    bench_open(&bench);
    CHECK(may_fetch(&bench, "controller", "ctl-1"));
    publish(&bench, NOW_MS);
    CHECK(may_fetch(&bench, "controller", "ctl-1"));
    suspend(&bench, "ctl-1", NOW_MS + 1000);
    CHECK(!may_fetch(&bench, "controller", "ctl-1"));
    CHECK(may_fetch(&bench, "station", "S1")); /* though all its controllers are suspended */
    publish(&bench, NOW_MS + 999);
    CHECK(!may_fetch(&bench, "controller", "ctl-1"));
    publish(&bench, NOW_MS + 1000);
    CHECK(may_fetch(&bench, "controller", "ctl-1"));
    fg_fixture_sql_run(bench.sql, "DELETE FROM suspension");
    CHECK(!may_fetch(&bench, "controller", "ctl-1"));
    CHECK_HAS(last_line, "since when is lost");
    bench_close(&bench);
}

/* The number of the trail's head in the answer to a report; 0 = there is none. */
static uint64_t head_given(struct bench *bench, const char *role, const char *id)
{
    struct fg_sync_report_answer answer;
    struct fg_trail_statement statement;

    CHECK_INT(report(bench, role, id), 200);
    CHECK_OK(fg_sync_report_answer_decode(bench->answer.body, bench->answer.body_length, &answer, &error),
             &error);
    if (answer.trail_head.length == 0)
        return 0;
    CHECK_OK(fg_trail_statement_decode(answer.trail_head.bytes, answer.trail_head.length, &statement, &error),
             &error);
    CHECK_OK(fg_trail_statement_verify(&statement, &fg_fixture_bureau_receipt_key()->public_key, 1, &error),
             &error);
    return statement.head.number;
}

TEST("a station that reports is given the newest head of the trail, signed at that moment; a controller none")
{
    struct fg_trail_record record = {NOW_MS, "li", "auditor", "", "ENTRIES", "", "", FG_TRAIL_DONE};
    struct fg_trail_head tip;
    struct bench bench;

    bench_open(&bench);
    /* The alarm thread may write to the trail, too. */
    for (int i = 0; i < 2; i++) {
        CHECK_OK(fg_trail_note(bench.sql, &record, &error), &error);
        CHECK_OK(fg_trail_tip(bench.sql, &tip, &error), &error);
        CHECK(head_given(&bench, "station", "S1") >= tip.number);
        CHECK_INT(head_given(&bench, "controller", "ctl-1"), 0);
    }
    bench_close(&bench);
}
