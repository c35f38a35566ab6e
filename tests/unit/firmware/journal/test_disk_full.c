/* The journal on a file system without room: SQLite's own write call says ENOSPC, as a full disk does. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "tests/lib/check.h"

static struct fg_private_key key;
static struct fg_error error;
static bool disk_is_full;
static bool disk_is_broken; /* not even what has its blocks already can be written */

/* A full disk still takes bytes over those that have their blocks. */
static bool has_no_room(int fd, off_t end)
{
    struct stat status;

    if (disk_is_broken)
        return true;
    return disk_is_full && (fstat(fd, &status) != 0 || end > status.st_size);
}

static int fallocate_or_full(int fd, off_t offset, off_t length)
{
    if (disk_is_full || disk_is_broken)
        return ENOSPC;
    return posix_fallocate(fd, offset, length);
}

static ssize_t pwrite_or_full(int fd, const void *bytes, size_t count, off_t offset)
{
    if (has_no_room(fd, offset + (off_t)count)) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, bytes, count, offset);
}

static ssize_t write_or_full(int fd, const void *bytes, size_t count)
{
    if (has_no_room(fd, lseek(fd, 0, SEEK_CUR) + (off_t)count)) {
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
    (void)vfs->xSetSystemCall(vfs, "fallocate", (sqlite3_syscall_ptr)fallocate_or_full);
    disk_is_full = false;
    disk_is_broken = false;
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
    disk_is_broken = true;
    CHECK(append(journal, FG_ENTRY_AUTHORISED, &sequence) != FG_OK);
    CHECK_HAS(error.text, "no space is left");
    CHECK_INT(sequence, 0);
    CHECK_INT(fg_journal_count(journal), first);
    fg_journal_close(journal);

    disk_is_broken = false;
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
    disk_is_broken = true;
    for (int i = 0; i < 3; i++)
        CHECK(append(journal, FG_ENTRY_ENDED, &ended) != FG_OK);
    disk_is_broken = false;
    CHECK_OK(append(journal, FG_ENTRY_ENDED, &ended), &error);
    CHECK_INT(ended, authorised + 1);
    CHECK_INT(fg_journal_count(journal), ended);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
}

TEST("ONE-END: a disk that others filled up keeps neither a fill's end nor the next fills from the journal")
{
    struct fg_journal_start start;
    struct fg_journal_verdict verdict;
    struct fg_journal *journal;
    uint64_t sequence = 0;

    disk_take_over();
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    journal = journal_open(&start);
    CHECK_OK(append(journal, FG_ENTRY_BOOT, &sequence), &error);
    disk_is_full = true;
    /* Enough that the write-ahead log is begun again and its pages reach the file a few times. */
    for (int i = 0; i < 200; i++) {
        CHECK_OK(append(journal, FG_ENTRY_AUTHORISED, &sequence), &error);
        CHECK_OK(append(journal, FG_ENTRY_ENDED, &sequence), &error);
    }
    fg_journal_close(journal);
    disk_is_full = false;
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
}
