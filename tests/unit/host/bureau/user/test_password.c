/* Passwords: which are good enough, their Argon2id hashes, two at a time. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "host/bureau/user/password.h"
#include "tests/lib/check.h"

#define GOOD "correct horse battery"

static struct fg_error error;

static enum fg_err checked(const char *password)
{
    error.text[0] = '\0';
    return fg_password_check(password, "auditor", &error);
}

TEST("a password of twelve letters or more is taken, whatever the letters")
{
    CHECK_OK(checked(GOOD), &error);
    CHECK_OK(checked("监管平台口令要够长才好用吧"), &error);
    CHECK_OK(checked("k3&<>\"'\\x;--/*"), &error);
}

TEST("short, repeated, well-known passwords and the user's own name are refused, and never shown")
{
    static const char *const bad[] = {"",
                                      "elevenchars",
                                      "监管平台口令要够长才好",
                                      "aaaaaaaaaaaaaaaa",
                                      "abababababab",
                                      "Password12345",
                                      "1QAZ2wsx3edc",
                                      "auditor12345"};
    char longest[FG_PASSWORD_BYTES_MAX + 2];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(checked(bad[i]), FG_E_RANGE);
        CHECK(bad[i][0] == '\0' || strstr(error.text, bad[i]) == NULL);
    }
    for (size_t i = 0; i < sizeof(longest) - 1; i++)
        longest[i] = (char)('a' + i % 20);
    longest[sizeof(longest) - 1] = '\0';
    CHECK_INT(checked(longest), FG_E_RANGE);
    CHECK_INT(fg_password_verify(NULL, longest, FG_PASSWORD_KNOWN, &error), FG_E_AUTH);
    longest[FG_PASSWORD_BYTES_MAX] = '\0';
    CHECK_OK(checked(longest), &error);
}

TEST("a hash fits its password alone, carries its cost, and is another each time")
{
    char hash[FG_PASSWORD_HASH_TEXT];
    char other[FG_PASSWORD_HASH_TEXT];

    CHECK_OK(fg_password_hash(GOOD, FG_PASSWORD_STRANGER, hash, &error), &error);
    CHECK_OK(fg_password_hash(GOOD, FG_PASSWORD_KNOWN, other, &error), &error);
    CHECK_HAS(hash, "$argon2id$v=19$m=19456,t=2,p=1$");
    CHECK(strcmp(hash, other) != 0);
    CHECK_OK(fg_password_verify(hash, GOOD, FG_PASSWORD_STRANGER, &error), &error);
    CHECK_OK(fg_password_verify(other, GOOD, FG_PASSWORD_KNOWN, &error), &error);
    CHECK_INT(fg_password_verify(hash, "correct horse batterz", FG_PASSWORD_KNOWN, &error), FG_E_AUTH);
    CHECK_INT(fg_password_verify(hash, "", FG_PASSWORD_KNOWN, &error), FG_E_AUTH);
}

TEST("nobody's password never fits")
{
    CHECK_INT(fg_password_verify(NULL, GOOD, FG_PASSWORD_KNOWN, &error), FG_E_AUTH);
    CHECK_INT(fg_password_verify("", GOOD, FG_PASSWORD_KNOWN, &error), FG_E_AUTH);
}

TEST("BAD-INPUT-IS-SAFE: a stored text that is no hash, or asks for too much memory, is refused")
{
    static const char *const bad[] = {
        "plain",
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=19456,t=900,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=19456,t=2,p=1$!$!"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_password_verify(bad[i], GOOD, FG_PASSWORD_KNOWN, &error), FG_E_CORRUPT);
}

TEST("one-time passwords are good enough and never the same")
{
    char one[FG_PASSWORD_ONE_TIME_TEXT];
    char two[FG_PASSWORD_ONE_TIME_TEXT];

    CHECK_OK(fg_password_one_time(one, &error), &error);
    CHECK_OK(fg_password_one_time(two, &error), &error);
    CHECK_INT(strlen(one), FG_PASSWORD_ONE_TIME_TEXT - 1);
    CHECK(strcmp(one, two) != 0);
    CHECK_OK(checked(one), &error);
}

#define THREADS 6

static void *verify(void *argument)
{
    return fg_password_verify(argument, GOOD, FG_PASSWORD_STRANGER, NULL) == FG_OK ? argument : NULL;
}

TEST("many at the same time wait for one another, and each gets its answer")
{
    char hash[FG_PASSWORD_HASH_TEXT];
    pthread_t threads[THREADS];

    CHECK_OK(fg_password_hash(GOOD, FG_PASSWORD_KNOWN, hash, &error), &error);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, verify, hash), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *answer = NULL;

        CHECK_INT(pthread_join(threads[i], &answer), 0);
        CHECK(answer == hash);
    }
}
