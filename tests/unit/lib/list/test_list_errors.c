/* What a list's user is told when something fails: by the database, in the store, or at the source. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/private.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/source_fixture.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define BITS 3

static struct fg_error error;
static struct fg_fixture_source source;
static struct fg_list *list;
static struct fg_list_update_result done;
static char work[FG_FIXTURE_PATH];
static const struct fg_fixture_city one = {.version = 1, .bucket_bits = BITS, .rows = 100};
static const struct fg_fixture_city two = {
    .version = 2, .bucket_bits = BITS, .rows = 100, .suspended_every = 50};

static void edit(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("mine.db"), sql);
}

static enum fg_err update(void)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_update(list, "city", &from, work, NOW_MS, &done, &error);
}

static void start(void)
{
    (void)snprintf(work, sizeof(work), "%s", fg_test_path("work"));
    (void)mkdir(work, 0700);
    fg_fixture_source_start(&source);
    list = fg_fixture_store(fg_test_path("mine.db"));
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    source.calls = 0;
}

static void end(void)
{
    fg_list_close(list);
    list = NULL;
    fg_fixture_source_end(&source);
}

TEST("each failure of the list's database has its own error, and the message says what to do")
{
    static const struct {
        int code;
        enum fg_err expected;
        const char *words;
    } cases[] = {
        {SQLITE_BUSY, FG_E_BUSY, "try again"},          {SQLITE_BUSY_SNAPSHOT, FG_E_BUSY, "try again"},
        {SQLITE_LOCKED, FG_E_BUSY, "try again"},        {SQLITE_CORRUPT, FG_E_CORRUPT, "import the list"},
        {SQLITE_CORRUPT_VTAB, FG_E_CORRUPT, "damaged"}, {SQLITE_NOTADB, FG_E_CORRUPT, "import the list"},
        {SQLITE_TOOBIG, FG_E_CORRUPT, "damaged"},       {SQLITE_ERROR, FG_E_CORRUPT, "damaged"},
        {SQLITE_SCHEMA, FG_E_CORRUPT, "damaged"},       {SQLITE_NOMEM, FG_E_MEMORY, "out of memory"},
        {SQLITE_IOERR_READ, FG_E_IO, "doing it"},       {SQLITE_FULL, FG_E_IO, "full"},
        {SQLITE_READONLY, FG_E_IO, "readonly"},         {SQLITE_CANTOPEN, FG_E_IO, "unable to open"},
    };
    struct fg_list nothing = {.db = NULL};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(fg_list_sqlite_fail(&nothing, cases[i].code, "doing it", &error), cases[i].expected);
        CHECK_HAS(error.text, "list store: doing it: ");
        CHECK_HAS(error.text, cases[i].words);
    }
}

TEST("the last bucket or the only one missing is told as that")
{
    start();
    edit("DELETE FROM bucket WHERE idx = 7");
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "buckets are missing");
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &done.manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "buckets are missing");
    edit("DELETE FROM bucket");
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "buckets are missing");
    end();
}

/* The manifest, no delta, a node that the source lacks; then the manifest again, which fails. */
static void fail_twice(struct fg_fixture_source *at)
{
    at->fail_at = at->calls == 3 ? 3 : at->calls == 4 ? 4 : 0;
    at->fail_code = at->calls == 3 ? FG_E_NOT_FOUND : FG_E_TIMEOUT;
}

TEST("when the manifest cannot be asked for again, that is what is told, and not that the source is "
     "incomplete")
{
    start();
    fg_fixture_publish(&source, &two);
    source.delta[0] = '\0';
    source.before_call = fail_twice;
    CHECK_INT(update(), FG_E_TIMEOUT);
    CHECK_INT(source.calls, 4);
    CHECK_INT(source.manifests, 3); /* one of them before */
    source.before_call = NULL;
    source.fail_at = 0;
    CHECK_OK(update(), &error);
    end();
}

TEST("BAD-INPUT-IS-SAFE: a work directory may be as long as leaves room for its files, and no longer")
{
    struct fg_list_source from;
    char directory[600];

    start();
    from = fg_fixture_list_source(&source);
    fg_list_close(list);
    (void)unlink(fg_test_path("mine.db"));
    list = fg_fixture_store(fg_test_path("mine.db"));
    memset(directory, 'd', sizeof(directory));
    directory[0] = '/';
    directory[501] = '\0'; /* with "/1.fgl.part" and the end one byte more than there is room for */
    CHECK_INT(fg_list_update(list, "city", &from, directory, NOW_MS, &done, &error), FG_E_ARG);
    CHECK_HAS(error.text, "too long");
    directory[500] = '\0';
    CHECK_INT(fg_list_update(list, "city", &from, directory, NOW_MS, &done, &error), FG_E_IO);
    end();
}
