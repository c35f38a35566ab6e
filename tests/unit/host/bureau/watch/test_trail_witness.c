/* Stations as witnesses of the trail, on both back ends: what a report hands back against what the database
 * has, who is believed, what a person settles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/watch/trail_witness.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define RECORDS 8

static struct fg_error error;

static const struct fg_private_key *key(void)
{
    return fg_fixture_bureau_receipt_key();
}

static void note(struct fg_sql *sql, const char *detail)
{
    struct fg_trail_record record = {NOW_MS,    "li", "auditor", "127.0.0.1",
                                     "ENTRIES", "",   detail,    FG_TRAIL_DONE};

    CHECK_OK(fg_trail_note(sql, &record, &error), &error);
}

/* A bureau of two stations with a trail of RECORDS records. */
static struct fg_sql *bureau(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);

    fg_fixture_bureau_device(sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(sql, "S2", "station", "S2", NULL);
    fg_fixture_bureau_adopt(sql);
    while (fg_fixture_sql_number(sql, "SELECT number FROM trail_tip") < RECORDS)
        note(sql, "plate=X");
    return sql;
}

/* What a station of the test keeps: the newest head that came, and what was said. */
struct station {
    const char *id;
    struct fg_trail_statement kept; /* number 0 = none */
    struct fg_sync_report_answer answer;
};

/* A report that hands back one head or none; *station has the answer. */
static void report_with(struct fg_sql *sql, struct station *station, const struct fg_trail_statement *head,
                        int64_t now_ms)
{
    static struct fg_sync_reports reports;
    struct fg_trail_head made;

    memset(&reports, 0, sizeof(reports));
    memset(&station->answer, 0, sizeof(station->answer));
    if (head != NULL) {
        reports.trail_head_count = 1;
        reports.trail_heads[0].length = FG_TRAIL_STATEMENT_BYTES;
        fg_trail_statement_encode(head, reports.trail_heads[0].bytes);
    }
    CHECK_OK(fg_witness_report(sql, key(), station->id, &reports, now_ms, &station->answer, &made, &error),
             &error);
}

static struct fg_trail_statement given(const struct station *station)
{
    struct fg_trail_statement statement;

    CHECK_OK(fg_trail_statement_decode(station->answer.trail_head.bytes, station->answer.trail_head.length,
                                       &statement, &error),
             &error);
    CHECK_OK(fg_trail_statement_verify(&statement, &key()->public_key, 1, &error), &error);
    return statement;
}

/* As a station does it. */
static void report(struct fg_sql *sql, struct station *station, int64_t now_ms)
{
    report_with(sql, station, station->kept.head.number > 0 ? &station->kept : NULL, now_ms);
    if (station->answer.trail_head.length > 0 && given(station).head.number > station->kept.head.number)
        station->kept = given(station);
}

struct seen {
    uint64_t findings;
    char text[300]; /* of the first */
};

static void take(void *context, const struct fg_audit_finding *finding)
{
    struct seen *seen = context;

    if (seen->findings++ == 0)
        (void)snprintf(seen->text, sizeof(seen->text), "%s", finding->text);
}

static struct seen verified(struct fg_sql *sql)
{
    struct seen seen = {0};
    struct fg_audit_result result = {0};
    const struct fg_audit_settings settings = {
        .directory = fg_known_devices, .receipt_key = &key()->public_key, .report = take, .context = &seen};

    CHECK_OK(fg_bureau_verify(sql, &settings, NULL, &result, &error), &error);
    CHECK_INT(seen.findings, result.findings);
    return seen;
}

static int64_t alarms(struct fg_sql *sql)
{
    return fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE kind = 20 AND closed_ms = 0");
}

static int64_t records(struct fg_sql *sql)
{
    return fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail");
}

/* The trail's end is gone, with everything in the database that knows of it. */
static void cut(struct fg_sql *sql, uint64_t last)
{
    char text[200];

    (void)snprintf(text, sizeof(text), "DELETE FROM trail WHERE number > %d", (int)last);
    fg_fixture_sql_run(sql, text);
    (void)snprintf(text, sizeof(text), "DELETE FROM trail_head WHERE number > %d", (int)last);
    fg_fixture_sql_run(sql, text);
    (void)snprintf(text, sizeof(text),
                   "UPDATE trail_tip SET number = %d, hash = (SELECT hash FROM trail WHERE number = %d)",
                   (int)last, (int)last);
    fg_fixture_sql_run(sql, text);
}

/* ---- what is found ---- */

static void cut_shows(bool postgres)
{
    struct fg_sql *sql = bureau(postgres);
    struct station station = {.id = "S1"};

    report(sql, &station, NOW_MS);
    CHECK_INT(station.kept.head.number, RECORDS);
    report(sql, &station, NOW_MS);
    CHECK_TEXT(station.answer.text, "");
    CHECK_INT(verified(sql).findings, 0);

    cut(sql, RECORDS - 2);
    CHECK_INT(verified(sql).findings, 0); /* the database agrees with itself */
    report(sql, &station, NOW_MS + 1);
    CHECK_HAS(station.answer.text, "TRAIL CUT OR REWRITTEN");
    CHECK_INT(alarms(sql), 1);
    CHECK_INT(fg_fixture_sql_number(
                  sql, "SELECT COUNT(*) FROM alarm WHERE kind = 20 AND station = 'S1' AND detail LIKE "
                       "'S1 keeps the signed head of record 8 of the trail; that record is missing%'"),
              1);
    CHECK_HAS(verified(sql).text, "the trail: record 8, whose signed head station S1 keeps, is missing");
    fg_sql_close(sql);
}

TEST("TAMPER-SHOWS: a trail cut at its end shows by the head that a station hands back (SQLite)")
{
    cut_shows(false);
}

TEST("TAMPER-SHOWS: a trail cut at its end shows by the head that a station hands back (PostgreSQL)")
{
    cut_shows(true);
}

static void rewriting_shows(bool postgres)
{
    struct fg_sql *sql = bureau(postgres);
    struct station station = {.id = "S1"};

    report(sql, &station, NOW_MS);
    cut(sql, RECORDS - 2);
    for (int i = 0; i < 6; i++)
        note(sql, "another");
    CHECK_INT(verified(sql).findings, 0);
    report(sql, &station, NOW_MS + 1);
    CHECK_INT(alarms(sql), 1);
    CHECK_HAS(verified(sql).text, "record 8, whose signed head station S1 keeps, is another one");
    fg_sql_close(sql);
}

TEST("TAMPER-SHOWS: a trail that was cut and has grown again shows, too (SQLite)")
{
    rewriting_shows(false);
}

TEST("TAMPER-SHOWS: a trail that was cut and has grown again shows, too (PostgreSQL)")
{
    rewriting_shows(true);
}

TEST("a station that holds what the trail contradicts is given no head that would take its place")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};
    struct station other = {.id = "S2"};
    struct fg_trail_statement kept;

    report(sql, &station, NOW_MS);
    kept = station.kept;
    cut(sql, RECORDS - 4);
    report(sql, &station, NOW_MS + 1);
    CHECK_INT(given(&station).head.number, RECORDS - 3); /* lower: it refuses it, and says so */
    CHECK_INT(station.kept.head.number, RECORDS);
    for (int i = 0; i < 6; i++)
        note(sql, "another");
    report(sql, &station, NOW_MS + 2);
    CHECK_INT(station.answer.trail_head.length, 0);
    CHECK(fg_trail_head_equal(&station.kept.head, &kept.head));
    report(sql, &other, NOW_MS + 3);
    CHECK(other.kept.head.number > RECORDS);
    fg_sql_close(sql);
}

TEST("what was found is told once, and reports then write nothing more")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};
    struct station other = {.id = "S2"};
    int64_t before;

    report(sql, &station, NOW_MS);
    report(sql, &other, NOW_MS);
    before = records(sql);
    report(sql, &station, NOW_MS + 1);
    CHECK_INT(records(sql), before);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail_head"), 1);
    cut(sql, RECORDS - 2);
    report(sql, &station, NOW_MS + 2);
    before = records(sql);
    for (int i = 0; i < 3; i++) {
        report(sql, &station, NOW_MS + 3 + i);
        report(sql, &other, NOW_MS + 3 + i);
    }
    CHECK_INT(records(sql), before);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail_conflict"), 1);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT count FROM alarm WHERE kind = 20"), 1);
    fg_sql_close(sql);
}

/* ---- what a person settles ---- */

static void settled(bool postgres)
{
    struct fg_sql *sql = bureau(postgres);
    struct station station = {.id = "S1"};
    struct station late = {.id = "S2"};

    report(sql, &station, NOW_MS);
    report(sql, &late, NOW_MS);
    cut(sql, RECORDS - 2);
    report(sql, &station, NOW_MS + 1);
    CHECK_INT(verified(sql).findings, 1);
    CHECK_OK(fg_alarm_close(sql, FG_ALARM_TRAIL_CUT, "bureau", "admin", "put back after the fire", NOW_MS + 2,
                            &error),
             &error);
    CHECK_INT(verified(sql).findings, 0);
    report(sql, &station, NOW_MS + 3);
    report(sql, &late, NOW_MS + 3);
    CHECK_TEXT(late.answer.text, "");
    CHECK_INT(alarms(sql), 0);
    for (int i = 0; i < 6; i++)
        note(sql, "after the fire");
    report(sql, &station, NOW_MS + 4);
    CHECK_INT(station.kept.head.number, fg_fixture_sql_number(sql, "SELECT number FROM trail_tip"));
    cut(sql, RECORDS);
    report(sql, &station, NOW_MS + 5);
    CHECK_INT(alarms(sql), 1);
    CHECK_INT(verified(sql).findings > 0, 1);
    fg_sql_close(sql);
}

TEST("closing the alarm settles what was signed until then, and a later cut shows all the same (SQLite)")
{
    settled(false);
}

TEST("closing the alarm settles what was signed until then, and a later cut shows all the same (PostgreSQL)")
{
    settled(true);
}

/* ---- who is believed ---- */

TEST("a station that forges a head, or hands back another key's, raises no alarm")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};
    struct fg_trail_statement forged;
    struct fg_trail_head head = {.number = 4711};
    struct fg_private_key own;

    report(sql, &station, NOW_MS);
    forged = station.kept;
    forged.head.number += 1000;
    report_with(sql, &station, &forged, NOW_MS);
    CHECK_HAS(station.answer.text, "not a head of this bureau's trail");
    CHECK_INT(given(&station).head.number, RECORDS);
    CHECK_OK(fg_private_key_new(&own, &error), &error);
    CHECK_OK(fg_trail_statement_sign(&head, NOW_MS, &own, &forged, &error), &error);
    report_with(sql, &station, &forged, NOW_MS);
    CHECK_HAS(station.answer.text, "key that is not known here");
    forged.key_id = key()->public_key.id; /* pretending */
    report_with(sql, &station, &forged, NOW_MS);
    CHECK_HAS(station.answer.text, "is invalid");
    CHECK_INT(alarms(sql), 0);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail_conflict"), 0);
    fg_private_key_wipe(&own);
    fg_sql_close(sql);
}

TEST("an old genuine head that is handed back again accuses nobody, whoever signed it")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};
    struct fg_trail_statement old;
    struct fg_private_key own;

    report(sql, &station, NOW_MS);
    old = station.kept;
    note(sql, "more");
    report_with(sql, &station, &old, NOW_MS);
    CHECK_TEXT(station.answer.text, "");
    CHECK_INT(given(&station).head.number, RECORDS + 1);
    CHECK_OK(fg_private_key_new(&own, &error), &error);
    CHECK_OK(fg_trail_statement_sign(&old.head, NOW_MS, &own, &old, &error), &error);
    report_with(sql, &station, &old, NOW_MS);
    CHECK_TEXT(station.answer.text, "");
    CHECK_INT(alarms(sql), 0);
    fg_private_key_wipe(&own);
    fg_sql_close(sql);
}

TEST("BAD-INPUT-IS-SAFE: bytes that are no head are named, and the report is answered")
{
    static struct fg_sync_reports reports;
    struct fg_sql *sql = bureau(false);
    struct fg_sync_report_answer answer = {.wall_ms = 1};
    struct fg_trail_head made;

    reports.trail_head_count = FG_SYNC_TRAIL_HEADS_MAX;
    reports.trail_heads[1].length = FG_STATEMENT_BYTES_MAX;
    reports.trail_heads[2].length = FG_TRAIL_STATEMENT_BYTES;
    reports.trail_heads[3].length = FG_TRAIL_STATEMENT_BYTES;
    memset(reports.trail_heads[3].bytes, 0xFF, FG_STATEMENT_BYTES_MAX);
    CHECK_OK(fg_witness_report(sql, key(), "S1", &reports, NOW_MS, &answer, &made, &error), &error);
    CHECK_HAS(answer.text, "not a head of this bureau's trail");
    CHECK_INT(answer.trail_head.length, FG_TRAIL_STATEMENT_BYTES);
    CHECK_INT(made.number, RECORDS);
    fg_sql_close(sql);
}

TEST("of heads that the trail contradicts so many are kept and no more")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};
    struct fg_trail_statement statement;

    for (unsigned i = 0; i < FG_WITNESS_CONFLICTS_MAX + 10; i++) {
        struct fg_trail_head head = {.number = 1000 + i};

        CHECK_OK(fg_trail_statement_sign(&head, NOW_MS, key(), &statement, &error), &error);
        report_with(sql, &station, &statement, NOW_MS + i);
        CHECK_HAS(station.answer.text, "TRAIL CUT");
    }
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail_conflict"), FG_WITNESS_CONFLICTS_MAX);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE kind = 20"), 1);
    CHECK_INT(verified(sql).findings, FG_WITNESS_CONFLICTS_MAX);
    fg_sql_close(sql);
}

TEST("a database whose newest signed head was edited goes on answering, without a head")
{
    struct fg_sql *sql = bureau(false);
    struct station station = {.id = "S1"};

    report(sql, &station, NOW_MS);
    fg_fixture_sql_run(sql, "UPDATE trail_head SET signature = CAST('x' AS BLOB)");
    report(sql, &station, NOW_MS);
    CHECK_HAS(station.answer.text, "newest signed head was edited");
    CHECK_INT(station.answer.trail_head.length, 0);
    fg_sql_close(sql);
}
