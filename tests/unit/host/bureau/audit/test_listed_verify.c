/* The folder of published lists beside the database's table of versions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/audit/listed_verify.h"
#include "lib/list/list.h"
#include "lib/list/serve/list_routes.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/tamper_files.h"

#define PUBLISHED_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;

struct bench {
    struct fg_sql *sql;
    struct fg_listing *listing;
    struct fg_listed listed;
    unsigned findings;
    char first[512];
};
static struct bench bench;

static void found(void *context, const char *text)
{
    struct bench *to = context;

    if (to->findings++ == 0)
        (void)snprintf(to->first, sizeof(to->first), "%s", text);
}

static void verify(void)
{
    bench.findings = 0;
    bench.first[0] = '\0';
    CHECK_OK(fg_listed_verify(bench.sql, &bench.listed, found, &bench, &error), &error);
}

/* As publishing does it: recorded, then handed on. */
static void publish(const char *list_id, uint64_t version)
{
    struct fg_fixture_city city = {.version = version, .bucket_bits = 3, .rows = 20, .list_id = list_id};
    struct fg_sql_statement *row;
    struct fg_manifest manifest;
    struct fg_list *list;
    char path[FG_FIXTURE_PATH];

    city.suspended_every = (unsigned)version;
    fg_fixture_city("new.fgl", &city, path);
    CHECK_OK(fg_listing_take(bench.listing, list_id, path, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/lists/%s/list.db", fg_test_directory(), list_id);
    list = fg_fixture_store(path);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    fg_list_close(list);
    CHECK_OK(fg_sql_prepare(bench.sql,
                            "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, "
                            "expires_ms, published_ms, who) VALUES ($1, $2, $3, $3, 20, 1, 2, $4, 'test')",
                            &row, &error),
             &error);
    fg_sql_bind_text(row, 1, list_id);
    fg_sql_bind_int(row, 2, (int64_t)version);
    fg_sql_bind_bytes(row, 3, manifest.root.bytes, sizeof(manifest.root.bytes));
    fg_sql_bind_int(row, 4, PUBLISHED_MS);
    CHECK_OK(fg_sql_run(row, NULL, &error), &error);
}

/* Two lists; `before` is the folder as it was when the first one had one version. */
static void bench_open(bool postgres)
{
    static char directory[256];

    memset(&bench, 0, sizeof(bench));
    (void)snprintf(directory, sizeof(directory), "%s", fg_test_path("lists"));
    bench.sql = fg_fixture_bureau(postgres);
    bench.listed = (struct fg_listed){.directory = directory,
                                      .keys = &fg_fixture_key()->public_key,
                                      .key_count = 1,
                                      .now_ms = PUBLISHED_MS + FG_LISTED_GRACE_MS + 1};
    CHECK_OK(fg_listing_new(directory, bench.listed.keys, 1, NULL, NULL, &bench.listing, &error), &error);
    publish("hz-01", 1);
    publish("hz-02", 1);
    fg_tamper_copy("lists", "before");
    publish("hz-01", 2);
    verify();
    CHECK_TEXT(bench.first, "");
}

static void bench_close(void)
{
    fg_listing_free(bench.listing);
    fg_sql_close(bench.sql);
}

static void folder_put_back(bool postgres)
{
    bench_open(postgres);
    fg_tamper_copy("before", "lists");
    verify();
    CHECK_INT(bench.findings, 2);
    CHECK_HAS(bench.first,
              "list hz-01: version 2 was published, but is not in its folder: the folder was put back to an "
              "older copy");
    bench_close();
}

TEST("TAMPER-SHOWS: a folder of lists that was put back to an older copy is named (SQLite)")
{
    folder_put_back(false);
}

TEST("TAMPER-SHOWS: a folder of lists that was put back to an older copy is named (PostgreSQL)")
{
    folder_put_back(true);
}

TEST("TAMPER-SHOWS: a list's store put back alone, taken away or edited is named")
{
    bench_open(false);
    CHECK_INT(rename(fg_test_path("lists/hz-01/list.db"), fg_test_path("away")), 0);
    verify();
    CHECK_INT(bench.findings, 1);
    CHECK_HAS(bench.first, "list hz-01: its store does not prove");
    CHECK_HAS(bench.first, "is missing");
    CHECK(access(fg_test_path("lists/hz-01/list.db"), F_OK) != 0);
    CHECK_INT(rename(fg_test_path("before/hz-01/list.db"), fg_test_path("lists/hz-01/list.db")), 0);
    verify();
    CHECK_INT(bench.findings, 1);
    CHECK_HAS(bench.first, "its store ends at version 1, but version 2 was published");
    bench_close();
}

TEST("TAMPER-SHOWS: another list under the name of a version is named, whoever signed it")
{
    bench_open(false);
    CHECK_INT(rename(fg_test_path("lists/hz-01/1.fgl"), fg_test_path("lists/hz-01/2.fgl")), 0);
    verify();
    CHECK_INT(bench.findings, 1);
    CHECK_HAS(bench.first, "the file of version 2 holds version 1 of hz-01");
    CHECK_INT(rename(fg_test_path("lists/hz-02/1.fgl"), fg_test_path("lists/hz-01/2.fgl")), 0);
    verify();
    CHECK_INT(bench.findings, 2);
    CHECK_HAS(bench.first, "holds version 1 of hz-02");
    fg_fixture_sql_run(bench.sql, "UPDATE list_version SET root = zeroblob(32) WHERE list_id = 'hz-02'");
    fg_tamper_copy("before", "lists");
    verify();
    CHECK_INT(bench.findings, 3);
    bench.listed.key_count = 0;
    verify();
    CHECK_HAS(bench.first, "list hz-01: ");
    bench_close();
}

TEST("a version that is being published is not missed yet, and a row that no program wrote breaks nothing")
{
    bench_open(false);
    fg_tamper_copy("before", "lists");
    bench.listed.now_ms = PUBLISHED_MS + FG_LISTED_GRACE_MS;
    verify();
    CHECK_INT(bench.findings, 0);
    bench.listed.now_ms++;
    verify();
    CHECK_INT(bench.findings, 2);
    fg_fixture_sql_run(bench.sql, "UPDATE list_version SET list_id = '../' || list_id, root = zeroblob(31)");
    verify();
    CHECK_INT(bench.findings, 0);
    bench_close();
}
