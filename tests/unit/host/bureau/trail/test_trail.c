/* The trail on both back ends: records are chained and signed, and every kind of tampering is found, with the
 * first record that it touches. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/trail.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

#define RECORDS 6

static struct fg_error error;

static const struct fg_private_key *key(void)
{
    return fg_fixture_bureau_receipt_key();
}

static void note(struct fg_sql *sql, int64_t at_ms, const char *detail)
{
    struct fg_trail_record record = {at_ms,     "li", "auditor", "127.0.0.1",
                                     "ENTRIES", "",   detail,    FG_TRAIL_DONE};

    CHECK_OK(fg_trail_note(sql, &record, &error), &error);
}

/* RECORDS records; the head is signed after the fourth. */
static struct fg_sql *filled(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    struct fg_trail_head head = {0};
    char detail[20];

    for (int i = 1; i <= RECORDS; i++) {
        (void)snprintf(detail, sizeof(detail), "plate=浙%d", i);
        note(sql, FG_FIXTURE_BUREAU_MS + i, detail);
        if (i == 4)
            CHECK_OK(fg_trail_sign(sql, key(), FG_FIXTURE_BUREAU_MS, &head, &error), &error);
    }
    CHECK_INT(head.number, 4);
    return sql;
}

static struct fg_trail_verdict verified(struct fg_sql *sql, const struct fg_trail_head *anchor)
{
    struct fg_trail_verdict verdict;

    CHECK_OK(fg_trail_verify(sql, &key()->public_key, anchor, &verdict, &error), &error);
    return verdict;
}

static void whole(bool postgres)
{
    struct fg_sql *sql = filled(postgres);
    struct fg_trail_head head = {0};
    struct fg_trail_verdict verdict = verified(sql, NULL);

    CHECK_INT(verdict.broken, 0);
    CHECK_INT(verdict.records, RECORDS);
    CHECK_INT(verdict.heads, 1);
    CHECK_INT(verdict.signed_to, 4);
    CHECK_INT(verdict.tip.number, RECORDS);
    CHECK_OK(fg_trail_sign(sql, key(), FG_FIXTURE_BUREAU_MS, &head, &error), &error);
    CHECK_INT(head.number, RECORDS);
    CHECK_OK(fg_trail_sign(sql, key(), FG_FIXTURE_BUREAU_MS, &head, &error), &error);
    CHECK_INT(head.number, 0);
    CHECK_INT(verified(sql, NULL).signed_to, RECORDS);
    CHECK_OK(fg_trail_verify(sql, NULL, NULL, &verdict, &error), &error);
    CHECK_INT(verdict.heads_unproven, 2);
    fg_sql_close(sql);
}

TEST("a trail that nobody touched holds, with its signed heads (SQLite)")
{
    whole(false);
}
TEST("a trail that nobody touched holds, with its signed heads (PostgreSQL)")
{
    whole(true);
}

static void tampered(bool postgres)
{
    static const struct {
        const char *change;
        uint64_t broken;
    } cases[] = {
        {"UPDATE trail SET detail = 'plate=X' WHERE number = 3", 3},
        {"UPDATE trail SET at_ms = at_ms + 1 WHERE number = 2", 2},
        {"UPDATE trail SET login = '' WHERE number = 5", 5},
        {"UPDATE trail SET outcome = 'REFUSED' WHERE number = 6", 6},
        /* The text moves from one field into the next. */
        {"UPDATE trail SET role = 'auditor127.0.0.1', address = '' WHERE number = 1", 1},
        {"DELETE FROM trail WHERE number = 2", 2},
        {"DELETE FROM trail WHERE number = 6", 6},
        {"DELETE FROM trail WHERE number > 3", 4},
        {"UPDATE trail SET hash = (SELECT hash FROM trail WHERE number = 1) WHERE number = 2", 2},
        {"UPDATE trail_head SET at_ms = at_ms + 1", 4},
        {"UPDATE trail_head SET hash = (SELECT hash FROM trail WHERE number = 1)", 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_sql *sql = filled(postgres);
        struct fg_trail_verdict verdict;

        fg_fixture_sql_run(sql, cases[i].change);
        verdict = verified(sql, NULL);
        if (verdict.broken != cases[i].broken)
            fg_test_fail(__FILE__, __LINE__, "%s: broken at %d", cases[i].change, (int)verdict.broken);
        CHECK(verdict.why[0] != '\0');
        fg_sql_close(sql);
        if (!postgres)
            CHECK_INT(remove(fg_test_path("bureau.db")), 0);
    }
}

TEST("TAMPER-SHOWS: what is changed, taken out or cut off in the trail is told with its number (SQLite)")
{
    tampered(false);
}
TEST("TAMPER-SHOWS: what is changed, taken out or cut off in the trail is told with its number (PostgreSQL)")
{
    tampered(true);
}

TEST("TAMPER-SHOWS: a trail whose end was cut off with tip and heads shows against a head kept elsewhere")
{
    struct fg_sql *sql = filled(false);
    struct fg_trail_head kept = verified(sql, NULL).tip;

    CHECK_INT(verified(sql, &kept).broken, 0);
    fg_fixture_sql_run(sql, "DELETE FROM trail WHERE number > 3");
    fg_fixture_sql_run(sql, "DELETE FROM trail_head");
    fg_fixture_sql_run(sql,
                       "UPDATE trail_tip SET number = 3, hash = (SELECT hash FROM trail WHERE number = 3)");
    CHECK_INT(verified(sql, NULL).broken, 0);
    CHECK_INT(verified(sql, &kept).broken, 4);
    for (int i = 4; i <= RECORDS; i++)
        note(sql, FG_FIXTURE_BUREAU_MS + i, "plate=other");
    CHECK_INT(verified(sql, NULL).broken, 0);
    CHECK_INT(verified(sql, &kept).broken, RECORDS);
    fg_sql_close(sql);
}

static void shared_fate(bool postgres)
{
    struct fg_sql *sql = filled(postgres);
    struct fg_trail_record record = {1, "", "", "", "TEST", "", "", FG_TRAIL_REFUSED};
    uint64_t number = 0;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_trail_append(sql, &record, &number, &error), &error);
    CHECK_INT(number, RECORDS + 1);
    fg_sql_rollback(sql);
    CHECK_INT(verified(sql, NULL).records, RECORDS);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_trail_append(sql, &record, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_INT(verified(sql, NULL).records, RECORDS + 1);
    fg_sql_close(sql);
}

TEST("a record shares the fate of the transaction that it is written in (SQLite)")
{
    shared_fate(false);
}
TEST("a record shares the fate of the transaction that it is written in (PostgreSQL)")
{
    shared_fate(true);
}

TEST("long texts are cut between characters, and the record still holds")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    char text[FG_TRAIL_TEXT_MAX + 40];

    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "浙", 4);
    note(sql, 1, text);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT length(detail) FROM trail"), FG_TRAIL_TEXT_MAX / 3);
    CHECK_INT(verified(sql, NULL).broken, 0);
    fg_sql_close(sql);
}

#define WRITERS 4
#define EACH 15

static void *write_some(void *argument)
{
    struct fg_sql_settings settings = {.url = argument, .deadline_ms = 20000};
    struct fg_sql *sql = NULL;
    struct fg_trail_record record = {1, "u", "r", "a", "RACE", "", "", FG_TRAIL_DONE};
    void *failed = NULL;

    if (fg_sql_open(&settings, &sql, NULL) != FG_OK)
        return argument;
    for (unsigned i = 0; i < EACH && failed == NULL; i++) {
        if (fg_trail_note(sql, &record, NULL) != FG_OK)
            failed = argument;
    }
    fg_sql_close(sql);
    return failed;
}

static void race(const char *given)
{
    pthread_t threads[WRITERS];
    char url[256];
    struct fg_sql *sql = NULL;
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 20000};

    (void)snprintf(url, sizeof(url), "%s", given);
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    for (size_t i = 0; i < WRITERS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, write_some, url), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed = NULL;

        CHECK_INT(pthread_join(threads[i], &failed), 0);
        CHECK(failed == NULL);
    }
    CHECK_INT(verified(sql, NULL).records, WRITERS * EACH);
    CHECK_INT(verified(sql, NULL).broken, 0);
    fg_sql_close(sql);
}

TEST("several that write at once keep one chain (SQLite)")
{
    char url[256];

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("race.db"));
    race(url);
}
TEST("several that write at once keep one chain (PostgreSQL)")
{
    race(fg_postgres_database());
}
