/* The journal on a file system without room: SQLite's own write call says ENOSPC, as a full disk does. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "firmware/core/rules.h"
#include "firmware/journal/journal.h"
#include "tests/lib/check.h"

static struct fg_private_key key;
static struct fg_error error;
static bool disk_is_full;

static ssize_t pwrite_or_full(int fd, const void *bytes, size_t count, off_t offset)
{
    if (disk_is_full) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, bytes, count, offset);
}

static ssize_t write_or_full(int fd, const void *bytes, size_t count)
{
    if (disk_is_full) {
        errno = ENOSPC;
        return -1;
    }
    return write(fd, bytes, count);
}

/* SQLite's unix VFS writes through whichever of these it was built with. */
static void disk_take_over(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    CHECK(vfs != NULL);
    (void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)pwrite_or_full);
    (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)pwrite_or_full);
    (void)vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)write_or_full);
    disk_is_full = false;
}

static struct fg_journal *journal_open(struct fg_journal_start *ret_start)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = 8 << 20,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 32};
    struct fg_journal *journal = NULL;

    CHECK_OK(fg_journal_open(&settings, &journal, ret_start, &error), &error);
    return journal;
}

/* ENDED: *ret_sequence names its AUTHORISED before the call. */
static enum fg_err append(struct fg_journal *journal, uint8_t kind, uint64_t *ret_sequence)
{
    struct fg_entry entry = {
        .kind = kind, .wall_ms = INT64_C(1790000000000), .clock_quality = FG_CLOCK_INFORMATIVE};

    if (kind == FG_ENTRY_ENDED)
        entry.authorised_sequence = *ret_sequence;
    return fg_journal_append(journal, &entry, ret_sequence, &error);
}

TEST("LOG-BEFORE-OPEN: with no room on the disk AUTHORISED is not durable, and the journal says why")
{
    struct fg_journal_start start;
    struct fg_journal *journal;
    uint64_t first = 0;
    uint64_t sequence = 0;

    disk_take_over();
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    journal = journal_open(&start);
    CHECK_OK(append(journal, FG_ENTRY_BOOT, &first), &error);
    disk_is_full = true;
    CHECK(append(journal, FG_ENTRY_AUTHORISED, &sequence) != FG_OK);
    CHECK_HAS(error.text, "no space is left");
    CHECK_INT(sequence, 0);
    CHECK_INT(fg_journal_count(journal), first);
    fg_journal_close(journal);

    disk_is_full = false;
    journal = journal_open(&start);
    CHECK_INT(start.last_sequence, first);
    CHECK(!start.fill_open);
    fg_journal_close(journal);
}

TEST("ONE-END: what the full disk refused is taken once there is room again, under the next number")
{
    struct fg_journal_start start;
    struct fg_journal_verdict verdict;
    struct fg_journal *journal;
    uint64_t authorised = 0;
    uint64_t ended = 0;

    disk_take_over();
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    journal = journal_open(&start);
    CHECK_OK(append(journal, FG_ENTRY_AUTHORISED, &authorised), &error);
    ended = authorised;
    disk_is_full = true;
    for (int i = 0; i < 3; i++)
        CHECK(append(journal, FG_ENTRY_ENDED, &ended) != FG_OK);
    disk_is_full = false;
    CHECK_OK(append(journal, FG_ENTRY_ENDED, &ended), &error);
    CHECK_INT(ended, authorised + 1);
    CHECK_INT(fg_journal_count(journal), ended);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
}
