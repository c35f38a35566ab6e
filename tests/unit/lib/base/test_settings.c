/* Settings by a table: every kind of value, and every way to write them wrong, named by line. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/settings.h"
#include "tests/lib/check.h"

struct sample {
    char name[FG_NAME_MAX + 1];
    char path[FG_SETTING_PATH_MAX + 1];
    char url[FG_SETTING_PATH_MAX + 1];
    uint16_t port;
    uint32_t wait_ms;
    uint64_t bytes;
    bool on;
    uint8_t colour;
};

static const struct fg_setting_choice colours[] = {{"red", 3}, {"green", 4}, {NULL, 0}};
static const struct fg_setting table[] = {
    {"a", "name", FG_SETTING_NAME, offsetof(struct sample, name), 0, 0, NULL, false},
    {"a", "path", FG_SETTING_PATH, offsetof(struct sample, path), 0, 0, NULL, false},
    {"a", "url", FG_SETTING_TEXT, offsetof(struct sample, url), 0, 0, NULL, false},
    {"b", "port", FG_SETTING_U16, offsetof(struct sample, port), 1, 65535, NULL, false},
    {"b", "wait_ms", FG_SETTING_U32, offsetof(struct sample, wait_ms), 10, 1000, NULL, true},
    {"b", "bytes", FG_SETTING_U64, offsetof(struct sample, bytes), 0, UINT64_MAX, NULL, false},
    {"b", "on", FG_SETTING_BOOL, offsetof(struct sample, on), 0, 0, NULL, false},
    {"b", "colour", FG_SETTING_CHOICE, offsetof(struct sample, colour), 0, 0, colours, true},
};
#define GOOD_A "[a]\nname = HZ-001\npath = x/y.db\nurl = https://a:1\n"
#define GOOD_B "[b]\nport = 8443\nbytes = 18446744073709551615\non = yes\n"

static enum fg_err read_text(const char *text, struct sample *sample, struct fg_error *error)
{
    memset(sample, 0, sizeof(*sample));
    sample->wait_ms = 55;
    sample->colour = 9;
    return fg_settings_parse(text, strlen(text), "/etc/fillgate/s.ini", table,
                             sizeof(table) / sizeof(table[0]), sample, sizeof(*sample), error);
}

TEST("settings of every kind are read; what is optional and missing stays as it was")
{
    struct sample sample;
    struct fg_error error;

    CHECK_OK(read_text(GOOD_A GOOD_B "; a remark\n", &sample, &error), &error);
    CHECK_TEXT(sample.name, "HZ-001");
    CHECK_TEXT(sample.path, "/etc/fillgate/x/y.db");
    CHECK_TEXT(sample.url, "https://a:1");
    CHECK_INT(sample.port, 8443);
    CHECK_INT(sample.wait_ms, 55);
    CHECK(sample.bytes == UINT64_MAX);
    CHECK(sample.on);
    CHECK_INT(sample.colour, 9);
    CHECK_OK(read_text(GOOD_A GOOD_B "wait_ms = 10\ncolour = green\n", &sample, &error), &error);
    CHECK_INT(sample.wait_ms, 10);
    CHECK_INT(sample.colour, 4);
}

TEST("BAD-INPUT-IS-SAFE: a wrong setting is named with file, line and reason, and changes nothing")
{
    static const struct {
        const char *text;
        enum fg_err code;
        const char *says;
    } cases[] = {
        {GOOD_A GOOD_B "colour = blue\n", FG_E_RANGE, "s.ini:9: [b] colour: must be red or green"},
        {GOOD_A GOOD_B "wait_ms = 5\n", FG_E_RANGE, "from 10 to 1000"},
        {GOOD_A GOOD_B "wait_ms = 50 \nwait_ms = 51\n", FG_E_FORMAT, ":10: [b] wait_ms: given twice"},
        {GOOD_A GOOD_B "wait_ms = -50\n", FG_E_RANGE, "whole number"},
        {GOOD_A GOOD_B "wait_ms = 50x\n", FG_E_RANGE, "whole number"},
        {GOOD_A GOOD_B "speed = 1\n", FG_E_FORMAT, "unknown key"},
        {GOOD_A GOOD_B "[c]\nport = 1\n", FG_E_FORMAT, "unknown key or section"},
        {GOOD_A GOOD_B "nonsense\n", FG_E_FORMAT, ":9: neither"},
        {GOOD_A "[b]\nport = 1\nbytes = 1\n", FG_E_NOT_FOUND, "[b] on is missing"},
        {GOOD_A "[b]\nport = 1\nbytes = 1\non = maybe\n", FG_E_RANGE, "must be yes or no"},
        {"[a]\nname = a b\n", FG_E_RANGE, "letters, digits"},
        {"[a]\nname = 0123456789012345678901234567890123\n", FG_E_RANGE, "1 to 31"},
        {"[a]\nurl =\n", FG_E_RANGE, "1 to 255 bytes"},
        {"", FG_E_NOT_FOUND, "[a] name is missing"},
    };
    struct sample sample;
    struct sample untouched;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum fg_err code = read_text(cases[i].text, &sample, &error);

        CHECK_INT(code, cases[i].code);
        CHECK_HAS(error.text, cases[i].says);
        memset(&untouched, 0, sizeof(untouched));
        untouched.wait_ms = 55;
        untouched.colour = 9;
        CHECK_BYTES(&sample, &untouched, sizeof(sample));
    }
}

TEST("BAD-INPUT-IS-SAFE: a line too long, a zero byte, a directory and a missing file are named")
{
    struct sample sample;
    struct fg_error error;
    char line[1000];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    CHECK_INT(read_text(line, &sample, &error), FG_E_SIZE);
    CHECK_INT(fg_settings_parse("[a]\0x", 5, "s.ini", table, 1, &sample, sizeof(sample), &error),
              FG_E_FORMAT);
    CHECK_INT(fg_settings_read("/", table, 1, &sample, sizeof(sample), &error), FG_E_IO);
    CHECK_INT(mkfifo(fg_test_path("pipe.ini"), 0600), 0);
    CHECK_INT(fg_settings_read(fg_test_path("pipe.ini"), table, 1, &sample, sizeof(sample), &error), FG_E_IO);
    CHECK_HAS(error.text, "not a regular file");
    CHECK_INT(fg_settings_read("/nonexistent.ini", table, 1, &sample, sizeof(sample), &error), FG_E_IO);
    CHECK_HAS(error.text, "/nonexistent.ini");
}

TEST("each kind of value is taken up to its bound, and no further")
{
    struct sample sample;
    struct fg_error error;

    CHECK_OK(
        read_text("[a]\nname = 0123456789ABCDEFabcdef._-zZyYxX\npath = x\nurl = u\n" GOOD_B, &sample, &error),
        &error);
    CHECK_TEXT(sample.name, "0123456789ABCDEFabcdef._-zZyYxX");
    CHECK_OK(read_text(GOOD_A GOOD_B "wait_ms = 1000\ncolour = red\n", &sample, &error), &error);
    CHECK_INT(sample.wait_ms, 1000);
    CHECK_INT(sample.colour, 3);
    CHECK_INT(read_text(GOOD_A GOOD_B "wait_ms = 1001\n", &sample, &error), FG_E_RANGE);
    CHECK_INT(read_text(GOOD_A GOOD_B "wait_ms = 9\n", &sample, &error), FG_E_RANGE);
    CHECK_OK(read_text(GOOD_A "[b]\nport = 65535\nbytes = 0\non = no\n", &sample, &error), &error);
    CHECK_INT(sample.port, 65535);
    CHECK_INT(sample.bytes, 0);
    CHECK(!sample.on);
    CHECK_INT(read_text(GOOD_A "[b]\nport = 0\n", &sample, &error), FG_E_RANGE);
    CHECK_INT(read_text(GOOD_A "[b]\nport = 65536\n", &sample, &error), FG_E_RANGE);
    CHECK_INT(read_text(GOOD_A "[b]\nbytes = 18446744073709551616\n", &sample, &error), FG_E_RANGE);
    CHECK_INT(read_text(GOOD_A "[b]\nbytes = +1\n", &sample, &error), FG_E_RANGE);
    CHECK_INT(read_text(GOOD_A "[b]\nbytes = :\n", &sample, &error), FG_E_RANGE);
}

TEST("a relative path counts from the settings file's directory, and from here when it has none")
{
    struct sample sample = {.wait_ms = 1};
    struct fg_error error;

    CHECK_OK(fg_settings_parse("[a]\nname = n\npath = x.db\n", 25, "s.ini", table, 2, &sample, sizeof(sample),
                               &error),
             &error);
    CHECK_TEXT(sample.path, "x.db");
    CHECK_OK(fg_settings_parse("[a]\nname = n\npath = /x.db\n", 26, "/etc/s.ini", table, 2, &sample,
                               sizeof(sample), &error),
             &error);
    CHECK_TEXT(sample.path, "/x.db");
    CHECK_OK(fg_settings_parse("[a]\nname = n\npath = x.db", 24, "/s.ini", table, 2, &sample, sizeof(sample),
                               &error),
             &error);
    CHECK_TEXT(sample.path, "/x.db");
}

TEST("a path has up to 255 bytes with its directory")
{
    struct sample sample = {.wait_ms = 1};
    struct fg_error error;
    char path[FG_SETTING_PATH_MAX + 2];

    memset(path, 'd', sizeof(path));
    path[0] = '/';
    memcpy(path + sizeof(path) - 8, "/s.ini", 7);
    CHECK_INT(strlen(path), FG_SETTING_PATH_MAX);
    CHECK_OK(
        fg_settings_parse("[a]\nname = n\npath = x.ini", 25, path, table, 2, &sample, sizeof(sample), &error),
        &error);
    CHECK_INT(strlen(sample.path), FG_SETTING_PATH_MAX);
    CHECK_INT(fg_settings_parse("[a]\nname = n\npath = x.iniX", 26, path, table, 2, &sample, sizeof(sample),
                                &error),
              FG_E_RANGE);
}

TEST("a settings file and its table are read up to their bounds, and no further")
{
    static struct fg_setting many[FG_SETTINGS_KEYS_MAX + 1];
    static char text[FG_SETTINGS_BYTES_MAX + 2];
    struct sample sample;
    struct fg_error error;
    FILE *file;

    for (size_t i = 0; i <= FG_SETTINGS_KEYS_MAX; i++)
        many[i] = (struct fg_setting){"c", "never", FG_SETTING_BOOL, 0, 0, 0, NULL, true};
    many[FG_SETTINGS_KEYS_MAX - 1] =
        (struct fg_setting){"c", "last", FG_SETTING_BOOL, offsetof(struct sample, on), 0, 0, NULL, false};
    memset(&sample, 0, sizeof(sample));
    CHECK_OK(fg_settings_parse("[c]\nlast = yes\n", 15, "s.ini", many, FG_SETTINGS_KEYS_MAX, &sample,
                               sizeof(sample), &error),
             &error);
    CHECK(sample.on);
    CHECK_INT(
        fg_settings_parse("[c]\n", 4, "s.ini", many, FG_SETTINGS_KEYS_MAX, &sample, sizeof(sample), &error),
        FG_E_NOT_FOUND);
    CHECK_INT(fg_settings_parse("[c]\n", 4, "s.ini", many, FG_SETTINGS_KEYS_MAX + 1, &sample, sizeof(sample),
                                &error),
              FG_E_ARG);
    memset(text, '\n', sizeof(text));
    memcpy(text, GOOD_A GOOD_B, strlen(GOOD_A GOOD_B));
    CHECK_OK(fg_settings_parse(text, FG_SETTINGS_BYTES_MAX, "s.ini", table, sizeof(table) / sizeof(table[0]),
                               &sample, sizeof(sample), &error),
             &error);
    CHECK_INT(fg_settings_parse(text, FG_SETTINGS_BYTES_MAX + 1, "s.ini", table,
                                sizeof(table) / sizeof(table[0]), &sample, sizeof(sample), &error),
              FG_E_SIZE);
    file = fopen(fg_test_path("s.ini"), "w");
    CHECK(file != NULL);
    CHECK_INT(fwrite(text, 1, FG_SETTINGS_BYTES_MAX, file), FG_SETTINGS_BYTES_MAX);
    CHECK_INT(fclose(file), 0);
    memset(&sample, 0, sizeof(sample));
    CHECK_OK(fg_settings_read(fg_test_path("s.ini"), table, sizeof(table) / sizeof(table[0]), &sample,
                              sizeof(sample), &error),
             &error);
    CHECK_INT(sample.port, 8443);
    file = fopen(fg_test_path("s.ini"), "a");
    CHECK(file != NULL);
    CHECK(fputc('\n', file) != EOF);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(fg_settings_read(fg_test_path("s.ini"), table, sizeof(table) / sizeof(table[0]), &sample,
                               sizeof(sample), &error),
              FG_E_SIZE);
}
