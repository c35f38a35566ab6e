/* Pairing codes and paired devices, on a real directory. */
#include "proto/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/check.h"

#define NOW INT64_C(1790000000000)

static struct fg_error error;
static char code[FG_PAIR_CODE_DIGITS + 1];
static char secret[FG_PAIR_SECRET_DIGITS + 1];
static char id[FG_PAIR_ID_DIGITS + 1];

static const char *directory(void)
{
    return fg_test_path("panel");
}

static const char *wrong(void)
{
    static char other[FG_PAIR_CODE_DIGITS + 1];

    memcpy(other, code, sizeof(other));
    other[7] = other[7] == '9' ? '0' : (char)(other[7] + 1);
    return other;
}

TEST("a code is good once, and what is kept does not tell it")
{
    struct stat status;
    char text[256] = "";
    FILE *file;

    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_INT(strlen(code), 8);
    CHECK_INT(stat(fg_test_path("panel/pairing-code"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    file = fopen(fg_test_path("panel/pairing-code"), "r");
    CHECK(file != NULL);
    CHECK(fgets(text, sizeof(text), file) != NULL);
    (void)fclose(file);
    CHECK(strstr(text, code) == NULL);
    CHECK_OK(fg_pair_code_try(directory(), code, NOW + 1, &error), &error);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW + 1, &error), FG_E_NOT_FOUND);
}

TEST("a code ends after ten minutes, and a clock set back does not bring it back")
{
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW + FG_PAIR_CODE_MS + 1, &error), FG_E_EXPIRED);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW - 2 * FG_PAIR_CODE_MS, &error), FG_E_EXPIRED);
}

TEST("five wrong codes use up the right one; a new one replaces it")
{
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    for (int i = 0; i < FG_PAIR_TRIES; i++)
        CHECK_INT(fg_pair_code_try(directory(), wrong(), NOW, &error), FG_E_AUTH);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW, &error), FG_E_AUTH);
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    for (int i = 0; i < FG_PAIR_TRIES - 1; i++)
        CHECK_INT(fg_pair_code_try(directory(), wrong(), NOW, &error), FG_E_AUTH);
    CHECK_OK(fg_pair_code_try(directory(), code, NOW, &error), &error);
}

TEST("BAD-INPUT-IS-SAFE: a damaged file of the code is told and gives no right")
{
    static const char *const rows[] = {"", "5",
                                       "6 1790000600000 00112233445566778899aabbccddeeff "
                                       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
                                       "5 1790000600000 00112233445566778899aabbccddee "
                                       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
                                       "5 1790000600000 00112233445566778899aabbccddeeff "
                                       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\nx"};
    static const char good[] = "5 1790000600000 00112233445566778899aabbccddeeff "
                               "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    struct fg_pair_code kept;
    char long_text[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(fg_pair_code_parse(rows[i], strlen(rows[i]), &kept, &error), FG_E_FORMAT);
    memset(long_text, '5', sizeof(long_text));
    CHECK_INT(fg_pair_code_parse(long_text, sizeof(long_text), &kept, &error), FG_E_FORMAT);
    CHECK_OK(fg_pair_code_parse(good, strlen(good), &kept, &error), &error);
    CHECK_INT(kept.tries_left, 5);
    CHECK_INT(kept.end_ms, INT64_C(1790000600000));
    CHECK_INT(kept.salt[15], 0xff);
}

TEST("a device is known by its secret until it is ended")
{
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    char other[FG_PAIR_ID_DIGITS + 1];
    size_t count = 9;

    CHECK_OK(fg_pair_devices(directory(), devices, &count, &error), &error);
    CHECK_INT(count, 0);
    CHECK_OK(fg_pair_device_add(directory(), NOW, "192.168.1.9", secret, id, &error), &error);
    fg_pair_id_of(secret, other);
    CHECK_TEXT(other, id);
    CHECK(fg_pair_device_known(directory(), id));
    CHECK(!fg_pair_device_known(directory(), secret));
    CHECK(!fg_pair_device_known(directory(), ""));
    CHECK(!fg_pair_device_known(directory(), "../pairing-code"));
    CHECK_OK(fg_pair_device_add(directory(), NOW - 5, "fe80::1", secret, other, &error), &error);
    CHECK_OK(fg_pair_devices(directory(), devices, &count, &error), &error);
    CHECK_INT(count, 2);
    CHECK_TEXT(devices[0].note, "fe80::1");
    CHECK_TEXT(devices[1].id, id);
    CHECK_INT(devices[1].paired_ms, NOW);
    CHECK_INT(fg_pair_device_remove(directory(), "abc", &error), FG_E_FORMAT);
    CHECK_INT(fg_pair_device_remove(directory(), "../x", &error), FG_E_FORMAT);
    id[10] = '\0';
    CHECK_OK(fg_pair_device_remove(directory(), id, &error), &error);
    CHECK_INT(fg_pair_device_remove(directory(), id, &error), FG_E_NOT_FOUND);
    CHECK(!fg_pair_device_known(directory(), devices[1].id));
    CHECK(fg_pair_device_known(directory(), other));
}

TEST("there are only so many devices")
{
    for (int i = 0; i < FG_PAIR_DEVICES_MAX; i++)
        CHECK_OK(fg_pair_device_add(directory(), NOW + i, "x", secret, id, &error), &error);
    CHECK_INT(fg_pair_device_add(directory(), NOW, "x", secret, id, &error), FG_E_FULL);
}

TEST("two devices with the same first digits are told apart by more digits")
{
    char name[128];
    FILE *file;

    CHECK_OK(fg_pair_device_add(directory(), NOW, "x", secret, id, &error), &error);
    (void)snprintf(name, sizeof(name), "panel/device-%.5s%059d", id, 7);
    file = fopen(fg_test_path(name), "w");
    CHECK(file != NULL);
    (void)fclose(file);
    id[5] = '\0';
    CHECK_INT(fg_pair_device_remove(directory(), id, &error), FG_E_EXISTS);
}

TEST("a directory that cannot be is told")
{
    CHECK_INT(fg_pair_code_new(fg_test_path("missing/panel"), NOW, code, &error), FG_E_IO);
    CHECK_INT(fg_pair_code_try(fg_test_path("missing"), "12345678", NOW, &error), FG_E_NOT_FOUND);
}
