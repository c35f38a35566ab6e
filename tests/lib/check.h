/* The test harness: named behaviours, checks that print both values, one summary line.
 *
 * A test program defines functions with TEST("behaviour in words") { ... } and nothing else; check.c has
 * main. A failed check ends its test, not the program. Not: mocking. Relies on: the C library (and a
 * constructor to register). */
#ifndef FG_TESTS_LIB_CHECK_H
#define FG_TESTS_LIB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fg_test {
    const char *name;
    void (*run)(void);
    struct fg_test *next;
};

void fg_test_register(struct fg_test *test);
_Noreturn void fg_test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the running test, which then counts neither as passed nor as failed. */
_Noreturn void fg_test_skip(const char *why);
void fg_check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected);
void fg_check_text(const char *file, int line, const char *what, const char *actual, const char *expected);
void fg_check_bytes(const char *file, int line, const char *what, const void *actual, const void *expected,
                    size_t length);

/* A fresh empty directory for the running test, in TMPDIR or /tmp, removed after it. */
const char *fg_test_directory(void);
/* directory/name, in one of a few static buffers. */
const char *fg_test_path(const char *name);

/* The next number below a bound of the row that *state (not 0) begins; xorshift64 of Marsaglia, so that a
 * seed that failed can be played again. */
size_t fg_test_draw(uint64_t *state, size_t below);

#define FG_TEST_JOIN_(a, b) a##b
#define FG_TEST_JOIN(a, b) FG_TEST_JOIN_(a, b)

#define TEST(behaviour)                                                                                      \
    static void FG_TEST_JOIN(test_run_, __LINE__)(void);                                                     \
    __attribute__((constructor)) static void FG_TEST_JOIN(test_register_, __LINE__)(void)                    \
    {                                                                                                        \
        static struct fg_test test = {behaviour, FG_TEST_JOIN(test_run_, __LINE__), NULL};                   \
        fg_test_register(&test);                                                                             \
    }                                                                                                        \
    static void FG_TEST_JOIN(test_run_, __LINE__)(void)

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fg_test_fail(__FILE__, __LINE__, "not true: %s", #condition);                                    \
    } while (0)
#define CHECK_INT(actual, expected)                                                                          \
    fg_check_int(__FILE__, __LINE__, #actual, (int64_t)(actual), (int64_t)(expected))
#define CHECK_TEXT(actual, expected) fg_check_text(__FILE__, __LINE__, #actual, actual, expected)
#define CHECK_BYTES(actual, expected, length)                                                                \
    fg_check_bytes(__FILE__, __LINE__, #actual, actual, expected, length)
/* The text contains the part; for messages. */
#define CHECK_HAS(text, part)                                                                                \
    do {                                                                                                     \
        if (__builtin_strstr(text, part) == NULL)                                                            \
            fg_test_fail(__FILE__, __LINE__, "\"%s\" does not contain \"%s\"", text, part);                  \
    } while (0)
/* Failing call: prints the error's text. */
#define CHECK_OK(call, error)                                                                                \
    do {                                                                                                     \
        enum fg_err check_code = (call);                                                                     \
        if (check_code != FG_OK)                                                                             \
            fg_test_fail(__FILE__, __LINE__, "%s: %s", #call, (error)->text);                                \
    } while (0)

#endif
