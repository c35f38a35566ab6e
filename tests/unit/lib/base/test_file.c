/* Files read whole and written whole or not at all, and what is said when they cannot be had. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/lib/check.h"

/* The longest path that can be written. */
#define LONGEST (FG_FILE_PATH_BYTES - 5)

static struct fg_error error;
static uint8_t bytes[64];
static size_t length;

static enum fg_err file_read(const char *name, size_t capacity)
{
    memset(bytes, 0, sizeof(bytes));
    length = 4711;
    return fg_file_read(fg_test_path(name), FG_FILE_OPTIONAL | FG_FILE_NO_LINK | FG_FILE_BEGINNING, bytes,
                        capacity, &length, &error);
}

TEST("what is written is read, replaced whole, for its owner alone, and leaves no other file")
{
    struct stat status;

    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "No such file");
    CHECK_INT(length, 4711);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "a longer text", 13, &error), &error);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_INT(length, 4);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(stat(fg_test_path("f"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK(access(fg_test_path("f.new"), F_OK) != 0);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, bytes, 0, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_INT(length, 0);
}

TEST("of a longer file as much is read as there is room for")
{
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "0123456789", 10, &error), &error);
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
    CHECK_HAS(error.text, "not a regular file");
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_INT(symlink(fg_test_path("f"), fg_test_path("link")), 0);
    CHECK_INT(file_read("link", 64), FG_E_IO);
    CHECK_HAS(error.text, "cannot open: ");
    CHECK_INT(length, 4711);
}

TEST("FAIL-CLOSED: what cannot be written is said, and what was there before stays")
{
    char path[2 * LONGEST];

    CHECK_INT(fg_file_write(fg_test_path("missing/f"), 0600, bytes, 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "missing/f.new: cannot create: No such file");
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_INT(mkdir(fg_test_path("f.new"), 0700), 0);
    CHECK_INT(fg_file_write(fg_test_path("f"), 0600, "more", 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "f.new: ");
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(fg_file_write(fg_test_path("folder"), 0600, bytes, 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "folder: cannot put in place: ");
    CHECK_INT(fg_file_write("/dev/full/f", 0600, bytes, 4, &error), FG_E_IO);
    memset(path, '/', sizeof(path));
    path[LONGEST + 1] = '\0';
    CHECK_INT(fg_file_write(path, 0600, bytes, 4, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "too long");
}

TEST("a path may be as long as it may be, and have no folder in it")
{
    char path[LONGEST + 2];
    char before[512];
    size_t at = strlen(fg_test_directory());

    memset(path, '/', sizeof(path));
    memcpy(path, fg_test_directory(), at);
    path[LONGEST - 1] = 'f';
    path[LONGEST] = '\0';
    CHECK_OK(fg_file_write(path, 0600, "text", 4, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_OK(fg_file_remove(path, &error), &error);
    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK(getcwd(before, sizeof(before)) != NULL);
    CHECK_INT(chdir(fg_test_directory()), 0);
    CHECK_OK(fg_file_write("g", 0600, "text", 4, &error), &error);
    CHECK_OK(fg_file_remove("g", &error), &error);
    CHECK_INT(chdir(before), 0);
    CHECK_INT(file_read("g", 64), FG_E_NOT_FOUND);
}

TEST("a file is removed for good, also when there was none; what cannot be removed is said")
{
    CHECK_OK(fg_file_remove(fg_test_path("f"), &error), &error);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_OK(fg_file_remove(fg_test_path("f"), &error), &error);
    CHECK_INT(file_read("f", 64), FG_E_NOT_FOUND);
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(fg_file_remove(fg_test_path("folder"), &error), FG_E_IO);
    CHECK_HAS(error.text, "folder: cannot be removed: ");
    CHECK_INT(fg_file_remove(fg_test_path("missing/f"), &error), FG_E_IO);
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

    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    for (rlim_t room = 0; room < 8; room += 4) {
        enum fg_err code;

        size_limit_set(room);
        code = fg_file_write(fg_test_path("f"), 0600, "moremore", 8, &error);
        size_limit_set(RLIM_INFINITY);
        CHECK_INT(code, FG_E_IO);
        CHECK_HAS(error.text, "f.new: cannot write: File too large");
        CHECK_OK(file_read("f", 64), &error);
        CHECK_TEXT((const char *)bytes, "text");
    }
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "moremore", 8, &error), &error);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "moremore");
    CHECK(signal(SIGXFSZ, before) == SIG_IGN);
}

TEST("BAD-INPUT-IS-SAFE: a link in the place of the new file is not followed, and is no obstacle")
{
    CHECK_OK(fg_file_write(fg_test_path("other"), 0600, "text", 4, &error), &error);
    CHECK_INT(symlink(fg_test_path("other"), fg_test_path("f.new")), 0);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "more", 4, &error), &error);
    CHECK_OK(file_read("other", 64), &error);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "more");
}

TEST("what is left of an earlier try does not lend the file its mode")
{
    struct stat status;

    CHECK_OK(fg_file_write(fg_test_path("f.new"), 0644, "half", 4, &error), &error);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_INT(stat(fg_test_path("f"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
}

TEST("a longer file is refused unless its beginning is asked for; one that just fits is read")
{
    char *text = NULL;

    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "0123456789", 10, &error), &error);
    length = 4711;
    CHECK_INT(fg_file_read(fg_test_path("f"), 0, bytes, 9, &length, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "f: longer than 9 bytes");
    CHECK_INT(length, 4711);
    CHECK_OK(fg_file_read(fg_test_path("f"), 0, bytes, 10, &length, &error), &error);
    CHECK_INT(length, 10);
    CHECK_INT(fg_file_read_text(fg_test_path("f"), 0, 9, &text, &length, &error), FG_E_SIZE);
    CHECK(text == NULL);
    CHECK_OK(fg_file_read_text(fg_test_path("f"), 0, 10, &text, &length, &error), &error);
    CHECK_TEXT(text, "0123456789");
    CHECK_INT(length, 10);
    free(text);
}

TEST("a missing file is told apart only where there need not be one")
{
    CHECK_INT(fg_file_read(fg_test_path("f"), 0, bytes, 9, &length, &error), FG_E_IO);
    CHECK_HAS(error.text, "f: cannot open: No such file");
    CHECK_INT(fg_file_read(fg_test_path("f"), FG_FILE_OPTIONAL, bytes, 9, &length, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_INT(fg_file_read(fg_test_path("f/below"), FG_FILE_OPTIONAL, bytes, 9, &length, &error), FG_E_IO);
}

TEST("a secret that its group or others may touch is not read")
{
    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_OK(fg_file_read(fg_test_path("f"), FG_FILE_SECRET, bytes, 9, &length, &error), &error);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        CHECK_INT(chmod(fg_test_path("f"), 0600 | bit), 0);
        CHECK_INT(fg_file_read(fg_test_path("f"), FG_FILE_SECRET, bytes, 9, &length, &error), FG_E_DENIED);
        CHECK_HAS(error.text, "chmod 600 it");
        CHECK_OK(fg_file_read(fg_test_path("f"), 0, bytes, 9, &length, &error), &error);
    }
}

TEST("BAD-INPUT-IS-SAFE: a pipe does not hold up who expects a file, and is read to its end where it may be "
     "one")
{
    int pair[2];
    char path[32];

    CHECK_INT(mkfifo(fg_test_path("pipe"), 0600), 0);
    CHECK_INT(fg_file_read(fg_test_path("pipe"), 0, bytes, 9, &length, &error), FG_E_IO);
    CHECK_HAS(error.text, "pipe: not a regular file");
    CHECK_INT(pipe(pair), 0);
    CHECK_INT(write(pair[1], "te", 2), 2);
    CHECK_INT(write(pair[1], "xt", 2), 2);
    CHECK_INT(close(pair[1]), 0);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", pair[0]);
    CHECK_OK(fg_file_read(path, FG_FILE_STREAM, bytes, 9, &length, &error), &error);
    CHECK_INT(length, 4);
    CHECK_BYTES(bytes, "text", 4);
    CHECK_INT(close(pair[0]), 0);
}

TEST("a file in an open folder is read by its name there")
{
    int folder = open(fg_test_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    CHECK_OK(fg_file_write(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_OK(fg_file_read_at(folder, "f", 0, bytes, 9, &length, &error), &error);
    CHECK_INT(length, 4);
    CHECK_INT(close(folder), 0);
}

TEST("a new file is made once and never overwritten; nothing is left of one that cannot be written")
{
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    enum fg_err code;

    CHECK_OK(fg_file_create(fg_test_path("f"), 0600, "text", 4, &error), &error);
    CHECK_INT(fg_file_create(fg_test_path("f"), 0600, "more", 4, &error), FG_E_EXISTS);
    CHECK_HAS(error.text, "f: exists and is not overwritten");
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "text");
    CHECK_INT(fg_file_create(fg_test_path("no/f"), 0600, "text", 4, &error), FG_E_IO);
    CHECK_HAS(error.text, "no/f: cannot create: ");
    size_limit_set(2);
    code = fg_file_create(fg_test_path("g"), 0600, "text", 4, &error);
    size_limit_set(RLIM_INFINITY);
    CHECK_INT(code, FG_E_IO);
    CHECK_INT(access(fg_test_path("g"), F_OK), -1);
    CHECK(signal(SIGXFSZ, before) == SIG_IGN);
}

TEST("a draft takes the place of the file when it is finished well, and is gone otherwise")
{
    static struct fg_file_draft draft;
    const char *path = fg_test_path("f");
    struct stat status;
    mode_t before = umask(077);

    CHECK_OK(fg_file_write(path, 0600, "old", 3, &error), &error);
    CHECK_OK(fg_file_draft_start(&draft, path, 0644, &error), &error);
    (void)umask(before);
    CHECK_INT(fputs("new", draft.stream) >= 0, true);
    CHECK_INT(fg_file_draft_finish(&draft, FG_E_AUTH, &error), FG_E_AUTH);
    CHECK_INT(access(draft.temporary, F_OK), -1);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "old");
    CHECK_OK(fg_file_draft_start(&draft, path, 0644, &error), &error);
    CHECK_INT(fputs("new", draft.stream) >= 0, true);
    CHECK_OK(fg_file_draft_finish(&draft, FG_OK, &error), &error);
    CHECK_INT(access(draft.temporary, F_OK), -1);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "new");
    CHECK_INT(stat(path, &status), 0);
    CHECK_INT(status.st_mode & 0777, 0644);
    CHECK_INT(fg_file_draft_start(&draft, fg_test_path("no/f"), 0644, &error), FG_E_IO);
}

TEST("FAIL-CLOSED: a draft that the disk had no room for does not take the place of the file")
{
    static struct fg_file_draft draft;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    const char *path = fg_test_path("f");
    enum fg_err code;

    CHECK_OK(fg_file_write(path, 0600, "old", 3, &error), &error);
    CHECK_OK(fg_file_draft_start(&draft, path, 0644, &error), &error);
    CHECK_INT(fputs("newer", draft.stream) >= 0, true);
    size_limit_set(2);
    code = fg_file_draft_finish(&draft, FG_OK, &error);
    size_limit_set(RLIM_INFINITY);
    CHECK_INT(code, FG_E_IO);
    CHECK_HAS(error.text, "cannot write: File too large");
    CHECK_INT(access(draft.temporary, F_OK), -1);
    CHECK_OK(file_read("f", 64), &error);
    CHECK_TEXT((const char *)bytes, "old");
    CHECK(signal(SIGXFSZ, before) == SIG_IGN);
}
