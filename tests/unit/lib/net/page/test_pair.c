/* Pairing codes and paired devices, on a real directory. */
#include "lib/net/page/pair.h"

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

TEST("a code is good to its last millisecond, and no longer than ten minutes before it was made")
{
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_OK(fg_pair_code_try(directory(), code, NOW + FG_PAIR_CODE_MS, &error), &error);
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_OK(fg_pair_code_try(directory(), code, NOW - FG_PAIR_CODE_MS, &error), &error);
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK_INT(fg_pair_code_try(directory(), code, NOW - FG_PAIR_CODE_MS - 1, &error), FG_E_EXPIRED);
}

TEST("each wrong code says how many tries are left, and the right one after all of them that there are none")
{
    static const char *const words[] = {"4 tries", "3 tries", "2 tries", "1 tries", "0 tries"};

    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    for (int i = 0; i < FG_PAIR_TRIES; i++) {
        CHECK_INT(fg_pair_code_try(directory(), wrong(), NOW, &error), FG_E_AUTH);
        CHECK_HAS(error.text, words[i]);
    }
    CHECK_INT(fg_pair_code_try(directory(), code, NOW, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "too many");
}

TEST("BAD-INPUT-IS-SAFE: each byte of the kept code's salt and digest is read as it was written")
{
    char text[] = "0 1790000600000 0123456789abcdeffedcba9876543210 "
                  "a0b1c2d3e4f5061728394a5b6c7d8e9fa9b8c7d6e5f4039291807f6e5d4c3b2a\n";
    static const uint8_t salt[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                   0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    struct fg_pair_code kept;

    CHECK_OK(fg_pair_code_parse(text, strlen(text), &kept, &error), &error);
    CHECK_INT(kept.tries_left, 0);
    CHECK_BYTES(kept.salt, salt, sizeof(salt));
    CHECK_INT(kept.digest[0], 0xa0);
    CHECK_INT(kept.digest[5], 0xf5);
    CHECK_INT(kept.digest[31], 0x2a);
    text[16] = 'g';
    CHECK_INT(fg_pair_code_parse(text, strlen(text), &kept, &error), FG_E_FORMAT);
    text[16] = 'A';
    CHECK_INT(fg_pair_code_parse(text, strlen(text), &kept, &error), FG_E_FORMAT);
    text[16] = '0';
    CHECK_INT(fg_pair_code_parse(text, strlen(text) - 2, &kept, &error), FG_E_FORMAT);
    text[0] = '-';
    CHECK_INT(fg_pair_code_parse(text, strlen(text), &kept, &error), FG_E_FORMAT);
}

TEST("a device's file says when it was paired and from where, as far as there is room")
{
    struct fg_pair_device device;
    char text[256];

    memset(text, 'n', sizeof(text));
    memcpy(text, "1790000000000 ", 14);
    fg_pair_device_parse(text, 255, &device);
    CHECK_INT(device.paired_ms, NOW);
    CHECK_INT(strlen(device.note), 63);
    fg_pair_device_parse(text, 256, &device);
    CHECK_INT(device.paired_ms, 0);
    CHECK_TEXT(device.note, "");
    fg_pair_device_parse("5 a b\x1b[2J", 9, &device);
    CHECK_INT(device.paired_ms, 5);
    CHECK_TEXT(device.note, "a b");
    fg_pair_device_parse("none", 4, &device);
    CHECK_INT(device.paired_ms, 0);
}

static void put_device(const char *name, const char *text)
{
    FILE *file = fopen(fg_test_path(name), "w");

    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_INT(fclose(file), 0);
}

#define SIXTY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

TEST("devices are listed from the oldest on, and nothing that is no device's file")
{
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    size_t count = 0;

    CHECK_INT(mkdir(fg_test_path("panel"), 0700), 0);
    put_device("panel/device-" SIXTY "0003", "7 c");
    put_device("panel/device-" SIXTY "0001", "7 a");
    put_device("panel/device-" SIXTY "0002", "6 b");
    put_device("panel/device-" SIXTY "0004", "8 d");
    put_device("panel/device-" SIXTY "000", "1 short");
    put_device("panel/device-" SIXTY "00055", "1 long");
    put_device("panel/device-" SIXTY "000G", "1 no hex");
    put_device("panel/service-" SIXTY "0006", "1 other");
    CHECK_OK(fg_pair_devices(directory(), devices, &count, &error), &error);
    CHECK_INT(count, 4);
    CHECK_TEXT(devices[0].note, "b");
    CHECK_TEXT(devices[1].note, "a");
    CHECK_TEXT(devices[2].note, "c");
    CHECK_TEXT(devices[3].note, "d");
    CHECK_TEXT(devices[3].id, SIXTY "0004");
    CHECK(fg_pair_device_known(directory(), SIXTY "0004"));
    CHECK(!fg_pair_device_known(directory(), SIXTY "000"));
    CHECK(!fg_pair_device_known(directory(), SIXTY "00055"));
    CHECK_INT(fg_pair_device_remove(directory(), SIXTY "00044", &error), FG_E_FORMAT);
    CHECK_INT(fg_pair_device_remove(directory(), SIXTY "000A", &error), FG_E_FORMAT);
    CHECK_OK(fg_pair_device_remove(directory(), SIXTY "0004", &error), &error);
    CHECK_INT(fg_pair_device_remove(directory(), "012", &error), FG_E_FORMAT);
    CHECK_INT(fg_pair_device_remove(directory(), "0123", &error), FG_E_EXISTS);
    CHECK_INT(fg_pair_device_remove(directory(), "0124", &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_pair_device_remove(directory(), SIXTY "0001", &error), &error);
    CHECK_OK(fg_pair_device_remove(directory(), SIXTY "0002", &error), &error);
    CHECK_OK(fg_pair_device_remove(directory(), "0123", &error), &error);
    CHECK_INT(fg_pair_devices(fg_test_path("panel/device-" SIXTY "000"), devices, &count, &error), FG_E_IO);
}

TEST("a device's id is the SHA-256 of its secret")
{
    fg_pair_id_of("abc", id);
    CHECK_TEXT(id, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST("what a power cut left half written is replaced, and only the owner may read what is kept")
{
    struct stat status;

    CHECK_INT(mkdir(fg_test_path("panel"), 0700), 0);
    put_device("panel/pairing-code.new", "half");
    CHECK_OK(fg_pair_code_new(directory(), NOW, code, &error), &error);
    CHECK(access(fg_test_path("panel/pairing-code.new"), F_OK) != 0);
    CHECK_OK(fg_pair_device_add(directory(), NOW, "x", secret, id, &error), &error);
    CHECK_INT(strlen(secret), FG_PAIR_SECRET_DIGITS);
    CHECK_INT(rmdir(fg_test_path("panel/pairing-code.new")), -1);
    {
        char name[128];

        (void)snprintf(name, sizeof(name), "panel/device-%s", id);
        CHECK_INT(stat(fg_test_path(name), &status), 0);
        CHECK_INT(status.st_mode & 0777, 0600);
    }
    CHECK_INT(mkdir(fg_test_path("panel/pairing-code.new"), 0700), 0);
    CHECK_INT(fg_pair_code_new(directory(), NOW, code, &error), FG_E_IO);
    CHECK_INT(fg_pair_code_new(fg_test_path("fresh"), NOW, code, &error), FG_OK);
    CHECK_INT(stat(fg_test_path("fresh"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0700);
}

TEST("BAD-INPUT-IS-SAFE: a directory's name that leaves no room for a file's is refused")
{
    char path[600];

    memset(path, 'd', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    CHECK_INT(fg_pair_code_try(path, "12345678", NOW, &error), FG_E_SIZE);
    CHECK(!fg_pair_device_known(path, SIXTY "0001"));
}
