/* Runs the tests of one program (check.h), each in order of registration; prints a line per failure and,
 * last, "N passed, N failed". An argument runs only the tests whose name contains it; -l lists them. No test
 * at all, or none of that name, is a failure: it would pass for ever. */
#include "tests/lib/check.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BUFFERS 8
#define BASE_MAX 32

static struct fg_test *first_test;
static struct fg_test **last_link = &first_test;
static jmp_buf ended_early;
static enum outcome { PASSED, FAILED, SKIPPED, OUTCOMES } outcome; /* of the running test */
static char directory[BASE_MAX + sizeof("/fillgate-test-XXXXXX")];

void fg_test_register(struct fg_test *test)
{
    *last_link = test;
    last_link = &test->next;
}

void fg_test_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    printf("    %s:%d: ", file, line);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    outcome = FAILED;
    longjmp(ended_early, 1);
}

void fg_test_skip(const char *why)
{
    printf("    %s\n", why);
    outcome = SKIPPED;
    longjmp(ended_early, 1);
}

void fg_check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        fg_test_fail(file, line, "%s is %lld, expected %lld", what, (long long)actual, (long long)expected);
}

void fg_check_text(const char *file, int line, const char *what, const char *actual, const char *expected)
{
    if (strcmp(actual, expected) != 0)
        fg_test_fail(file, line, "%s is \"%s\", expected \"%s\"", what, actual, expected);
}

void fg_check_bytes(const char *file, int line, const char *what, const void *actual, const void *expected,
                    size_t length)
{
    const uint8_t *a = actual;
    const uint8_t *b = expected;

    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i])
            fg_test_fail(file, line, "%s differs at byte %zu: %02x, expected %02x", what, i, a[i], b[i]);
    }
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *where)
{
    (void)status;
    (void)flag;
    (void)where;
    return remove(path);
}

static void remove_directory(void)
{
    if (directory[0] != '\0')
        (void)nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    directory[0] = '\0';
}

/* Short, so that a socket's name fits. */
static const char *temporary_base(void)
{
    const char *base = getenv("TMPDIR");

    return base == NULL || base[0] != '/' || strlen(base) > BASE_MAX ? "/tmp" : base;
}

const char *fg_test_directory(void)
{
    if (directory[0] == '\0') {
        (void)snprintf(directory, sizeof(directory), "%s/fillgate-test-XXXXXX", temporary_base());
        if (mkdtemp(directory) == NULL)
            fg_test_fail(__FILE__, __LINE__, "cannot make the directory %s", directory);
    }
    return directory;
}

const char *fg_test_path(const char *name)
{
    static char paths[PATH_BUFFERS][192];
    static unsigned next;
    char *path = paths[next++ % PATH_BUFFERS];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", fg_test_directory(), name);
    return path;
}

size_t fg_test_draw(uint64_t *state, size_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (size_t)(*state % below);
}

static void run_one(const struct fg_test *test)
{
    static const char *const words[OUTCOMES] = {"  ok  ", "  FAIL", "  skip"};

    outcome = PASSED;
    if (setjmp(ended_early) == 0)
        test->run();
    remove_directory();
    printf("%s %s\n", words[outcome], test->name);
    (void)fflush(stdout);
}

static void list_all(void)
{
    for (const struct fg_test *test = first_test; test != NULL; test = test->next)
        printf("%s\n", test->name);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    unsigned counts[OUTCOMES] = {0};

    if (only != NULL && strcmp(only, "-l") == 0) {
        list_all();
        return first_test == NULL ? 1 : 0;
    }
    for (const struct fg_test *test = first_test; test != NULL; test = test->next) {
        if (only != NULL && strstr(test->name, only) == NULL)
            continue;
        run_one(test);
        counts[outcome]++;
    }
    if (counts[PASSED] + counts[FAILED] + counts[SKIPPED] == 0) {
        printf("  FAIL no test %s%s\n",
               only == NULL ? "is here" : "has a name with: ", only == NULL ? "" : only);
        counts[FAILED]++;
    }
    if (counts[SKIPPED] > 0)
        printf("%u skipped\n", counts[SKIPPED]);
    printf("%u passed, %u failed\n", counts[PASSED], counts[FAILED]);
    /* A leak found at exit ends the program without writing what is still buffered. */
    (void)fflush(stdout);
    return counts[FAILED] == 0 ? 0 : 1;
}
