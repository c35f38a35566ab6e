/* The journal's anchor on a disk that fails under it alone: what is told, and that the older anchor stays. */
#include <sqlite3.h>
#include <string.h>

#include "firmware/journal/anchor.h"
#include "firmware/journal/journal.h"
#include "tests/lib/check.h"

#define FAULTY_VFS "faulty-anchor"

enum operation { NOTHING = 0, OPEN, SIZE, WRITE, SYNC, LOCK, LOCK_BUSY, READ };

static struct fg_private_key key;
static struct fg_error error;
static enum operation failing;
static sqlite3_vfs *below;
static sqlite3_vfs faulty;
static const sqlite3_io_methods *real;
static sqlite3_io_methods methods;
static sqlite3_int64 written_at;

static int fail_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    written_at = offset;
    return failing == WRITE ? SQLITE_IOERR_WRITE : real->xWrite(file, bytes, count, offset);
}

static int fail_sync(sqlite3_file *file, int flags)
{
    return failing == SYNC ? SQLITE_IOERR_FSYNC : real->xSync(file, flags);
}

static int fail_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return failing == SIZE ? SQLITE_IOERR_FSTAT : real->xFileSize(file, ret_size);
}

static int fail_lock(sqlite3_file *file, int level)
{
    if (failing == LOCK_BUSY)
        return SQLITE_BUSY;
    return failing == LOCK ? SQLITE_IOERR_LOCK : real->xLock(file, level);
}

static int fail_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    return failing == READ ? SQLITE_IOERR_READ : real->xRead(file, bytes, count, offset);
}

static int open_anchor(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
    bool is_anchor = name != NULL && strstr(name, ".anchor") != NULL;
    int result = SQLITE_CANTOPEN;

    (void)vfs;
    if (!is_anchor || failing != OPEN)
        result = below->xOpen(below, name, file, flags, ret_flags);
    if (result != SQLITE_OK || !is_anchor)
        return result;
    real = file->pMethods;
    methods = *real;
    methods.xWrite = fail_write;
    methods.xSync = fail_sync;
    methods.xFileSize = fail_size;
    methods.xLock = fail_lock;
    methods.xRead = fail_read;
    file->pMethods = &methods;
    return SQLITE_OK;
}

static void begin(void)
{
    below = sqlite3_vfs_find(NULL);
    CHECK(below != NULL);
    faulty = *below;
    faulty.zName = FAULTY_VFS;
    faulty.pNext = NULL;
    faulty.xOpen = open_anchor;
    CHECK_INT(sqlite3_vfs_register(&faulty, 0), SQLITE_OK);
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    failing = NOTHING;
}

static void end(void)
{
    (void)sqlite3_vfs_unregister(&faulty);
}

static struct fg_journal_settings settings_for(const char *path)
{
    return (struct fg_journal_settings){.path = path,
                                        .controller = "point-1",
                                        .key = &key,
                                        .vfs_name = FAULTY_VFS,
                                        .bytes_max = 8 << 20,
                                        .warn_percent = 80,
                                        .stop_reserve_entries = 32};
}

static enum fg_err try_open(const char *path, struct fg_journal **ret_journal)
{
    struct fg_journal_settings settings = settings_for(path);
    struct fg_journal_start start;

    *ret_journal = NULL;
    return fg_journal_open(&settings, ret_journal, &start, &error);
}

static void append(struct fg_journal *journal)
{
    struct fg_entry entry = {.kind = FG_ENTRY_BOOT, .clock_quality = FG_CLOCK_INFORMATIVE};
    uint64_t sequence = 0;

    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
}

static uint64_t anchored_sequence(const char *path)
{
    struct fg_anchor_state state;

    CHECK_OK(fg_anchor_read(path, FAULTY_VFS, &state, &error), &error);
    return state.known ? state.head.sequence : 0;
}

static void check_verifies(const char *path)
{
    struct fg_journal_verdict verdict;

    CHECK_OK(fg_journal_verify(path, NULL, &key.public_key, &verdict, &error), &error);
}

TEST("FAIL-CLOSED: without an anchor that is made, synced and locked no journal is opened, and the error "
     "says why")
{
    static const struct {
        enum operation failing;
        enum fg_err code;
        const char *text;
    } kinds[] = {
        {OPEN, FG_E_IO, "anchor: cannot be opened"},   {SIZE, FG_E_IO, "anchor: cannot be created"},
        {WRITE, FG_E_IO, "anchor: cannot be created"}, {SYNC, FG_E_IO, "anchor: cannot be created"},
        {LOCK, FG_E_IO, "anchor: cannot be locked"},   {LOCK_BUSY, FG_E_BUSY, "another controller process"}};

    begin();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char name[32];
        const char *path;
        struct fg_journal *journal;

        (void)sqlite3_snprintf((int)sizeof(name), name, "journal-%d.db", (int)i);
        path = fg_test_path(name);
        failing = kinds[i].failing;
        CHECK_INT(try_open(path, &journal), kinds[i].code);
        CHECK(journal == NULL);
        CHECK_HAS(error.text, kinds[i].text);
        CHECK_HAS(error.text, name);
        failing = NOTHING;
        CHECK_OK(try_open(path, &journal), &error);
        append(journal);
        fg_journal_close(journal);
        check_verifies(path);
    }
    end();
}

TEST("TAMPER-SHOWS: an anchor that cannot be written or synced leaves the one before whole, and is moved "
     "next time")
{
    static const enum operation kinds[] = {WRITE, SYNC};

    begin();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *path = fg_test_path(i == 0 ? "write.db" : "sync.db");
        struct fg_journal *journal;
        sqlite3_int64 kept_at;

        CHECK_OK(try_open(path, &journal), &error);
        append(journal);
        append(journal);
        kept_at = written_at;
        failing = kinds[i];
        for (int k = 0; k < 3; k++) {
            append(journal); /* durable all the same */
            CHECK(written_at != kept_at);
        }
        CHECK(kinds[i] == SYNC || anchored_sequence(path) == 2);
        failing = NOTHING;
        append(journal);
        CHECK(written_at != kept_at);
        CHECK_INT(anchored_sequence(path), 6);
        append(journal);
        CHECK(written_at == kept_at);
        fg_journal_close(journal);
        check_verifies(path);
    }
    end();
}

TEST("a journal whose first anchor could not be written does not claim that it has one")
{
    static const enum operation kinds[] = {WRITE, SYNC};

    begin();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *path = fg_test_path(i == 0 ? "write.db" : "sync.db");
        struct fg_journal *journal;

        CHECK_OK(try_open(path, &journal), &error);
        failing = kinds[i];
        append(journal);
        append(journal);
        fg_journal_close(journal);
        failing = NOTHING;
        check_verifies(path);
        CHECK_OK(try_open(path, &journal), &error);
        CHECK_INT(anchored_sequence(path), 2);
        fg_journal_close(journal);
        check_verifies(path);
    }
    end();
}

TEST("TAMPER-SHOWS: an anchor that cannot be read does not count as one")
{
    const char *path = fg_test_path("journal.db");
    struct fg_journal *journal;

    begin();
    CHECK_OK(try_open(path, &journal), &error);
    append(journal);
    append(journal);
    fg_journal_close(journal);
    failing = READ;
    CHECK_INT(try_open(path, &journal), FG_E_CORRUPT);
    CHECK_HAS(error.text, "anchor");
    failing = NOTHING;
    CHECK_OK(try_open(path, &journal), &error);
    fg_journal_close(journal);
    end();
}

TEST("BAD-INPUT-IS-SAFE: an anchor's path and file layer that cannot be are named")
{
    char long_path[2000];
    struct fg_anchor *anchor = NULL;
    struct fg_anchor_state state;

    begin();
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    CHECK_INT(fg_anchor_open(fg_test_path("a.db"), "nowhere", &anchor, &state, &error), FG_E_ARG);
    CHECK_HAS(error.text, "no file layer named nowhere");
    CHECK_INT(fg_anchor_open(long_path, NULL, &anchor, &state, &error), FG_E_IO);
    CHECK_INT(error.code, FG_E_IO);
    faulty.mxPathname = 1024;
    CHECK_INT(fg_anchor_open(fg_test_path("a.db"), FAULTY_VFS, &anchor, &state, &error), FG_E_IO);
    CHECK_HAS(error.text, "its path cannot be resolved");
    faulty.mxPathname = 1023;
    CHECK_OK(fg_anchor_open(fg_test_path("a.db"), FAULTY_VFS, &anchor, &state, &error), &error);
    CHECK(!state.known);
    fg_anchor_close(anchor);
    fg_anchor_close(NULL);
    end();
}
