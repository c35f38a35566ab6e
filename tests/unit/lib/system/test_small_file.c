/* Small files beside the journal: whole or not at all, and what is said when they cannot be had. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/system/small_file.h"
#include "tests/lib/check.h"

static struct fg_error error;
static uint8_t bytes[64];
static size_t length;

static enum fg_err file_read(const char *name, size_t capacity)
{
    memset(bytes, 0, sizeof(bytes));
    length = 4711;
    return fg_small_file_read(fg_test_path(name), bytes, capacity, &length, &error);
}

TEST("what is written is read, replaced whole, for its owner alone, and leaves no other file")
{
    struct stat status;

    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "No such file");
    CHECK_INT(length, 4711);
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"a longer text", 13, &error), &error);
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"text", 4, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_INT(length, 4);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(stat(fg_test_path("f"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK(access(fg_test_path("f.new"), F_OK) != 0);
    CHECK_OK(fg_small_file_write(fg_test_path("f"), bytes, 0, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_INT(length, 0);
}

TEST("of a longer file as much is read as there is room for")
{
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"0123456789", 10, &error), &error);
    CHECK_OK(file_read("f", 4), &error);
    CHECK_INT(length, 4);
    CHECK_TEXT((const char *)bytes, "0123");
    CHECK_OK(file_read("f", 10), &error);
    CHECK_INT(length, 10);
}

TEST("BAD-INPUT-IS-SAFE: a folder or a link in the file's place is not read, and is told apart from none")
{
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(file_read("folder", 64), FG_E_IO);
    CHECK_HAS(error.text, "cannot be read: Is a directory");
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"text", 4, &error), &error);
    CHECK_INT(symlink(fg_test_path("f"), fg_test_path("link")), 0);
    CHECK_INT(file_read("link", 64), FG_E_IO);
    CHECK_HAS(error.text, "cannot be opened: ");
    CHECK_INT(length, 4711);
}

TEST("FAIL-CLOSED: what cannot be written is said, and what was there before stays")
{
    char path[2 * FG_SMALL_FILE_PATH_MAX];

    CHECK_INT(fg_small_file_write(fg_test_path("missing/f"), bytes, 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "missing/f.new: No such file");
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"text", 4, &error), &error);
    CHECK_INT(mkdir(fg_test_path("f.new"), 0700), 0);
    CHECK_INT(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"more", 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "f.new: ");
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(fg_small_file_write(fg_test_path("folder"), bytes, 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "folder: cannot be kept: ");
    CHECK_INT(fg_small_file_write("/dev/full/f", bytes, 4, &error), FG_E_IO);
    memset(path, '/', sizeof(path));
    path[FG_SMALL_FILE_PATH_MAX + 1] = '\0';
    CHECK_INT(fg_small_file_write(path, bytes, 4, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "too long");
}

TEST("a path may be as long as it may be, and have no folder in it")
{
    char path[FG_SMALL_FILE_PATH_MAX + 2];
    char before[512];
    size_t at = strlen(fg_test_directory());

    memset(path, '/', sizeof(path));
    memcpy(path, fg_test_directory(), at);
    path[FG_SMALL_FILE_PATH_MAX - 1] = 'f';
    path[FG_SMALL_FILE_PATH_MAX] = '\0';
    CHECK_OK(fg_small_file_write(path, (const uint8_t *)"text", 4, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_OK(fg_small_file_remove(path, &error), &error);
    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK(getcwd(before, sizeof(before)) != NULL);
    CHECK_INT(chdir(fg_test_directory()), 0);
    CHECK_OK(fg_small_file_write("g", (const uint8_t *)"text", 4, &error), &error);
    CHECK_OK(fg_small_file_remove("g", &error), &error);
    CHECK_INT(chdir(before), 0);
    CHECK_INT(file_read("g", 64), FG_E_NOT_FOUND);
}

TEST("a file is removed for good, also when there was none; what cannot be removed is said")
{
    CHECK_OK(fg_small_file_remove(fg_test_path("f"), &error), &error);
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"text", 4, &error), &error);
    CHECK_OK(fg_small_file_remove(fg_test_path("f"), &error), &error);
    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(fg_small_file_remove(fg_test_path("folder"), &error), FG_E_IO);
    CHECK_HAS(error.text, "folder: cannot be removed: ");
    CHECK_INT(fg_small_file_remove(fg_test_path("missing/f"), &error), FG_E_IO);
    CHECK_HAS(error.text, "its removal is not durable");
}

static void size_limit_set(rlim_t bytes_max)
{
    struct rlimit limit;

    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes_max;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST("FAIL-CLOSED: a file that the disk takes only a part of, or nothing, does not take the place of the old "
     "one")
{
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"text", 4, &error), &error);
    for (rlim_t room = 0; room < 8; room += 4) {
        enum fg_err code;

        size_limit_set(room);
        code = fg_small_file_write(fg_test_path("f"), (const uint8_t *)"moremore", 8, &error);
        size_limit_set(RLIM_INFINITY);
        CHECK_INT(code, FG_E_IO);
        CHECK_HAS(error.text, "f: cannot be kept: File too large");
        CHECK_OK(file_read("f", 64), &error);
        CHECK_TEXT((const char *)bytes, "text");
    }
    CHECK_OK(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"moremore", 8, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "moremore");
    CHECK(signal(SIGXFSZ, before) == SIG_IGN);
}

TEST("BAD-INPUT-IS-SAFE: a link in the place of the new file is not followed")
{
    CHECK_OK(fg_small_file_write(fg_test_path("other"), (const uint8_t *)"text", 4, &error), &error);
    CHECK_INT(symlink(fg_test_path("other"), fg_test_path("f.new")), 0);
    CHECK_INT(fg_small_file_write(fg_test_path("f"), (const uint8_t *)"more", 4, &error), FG_E_IO);
    CHECK_OK(file_read("other", 64), &error);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
}
