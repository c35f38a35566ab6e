/* Codes, UIDs, rows, clock statements and varints: what they may hold, at its edges. */
#include <stdio.h>
#include <string.h>

#include "lib/base/varint.h"
#include "lib/domain/code.h"
#include "proto/journal/clock_statement.h"
#include "proto/list/row.h"
#include "tests/lib/check.h"

static struct fg_error error;

TEST("a code has 1 to 32 of the characters 0-9 A-Z and -, and every other byte is named with its place")
{
    struct fg_code code;
    char text[FG_CODE_MAX + 2];

    for (unsigned c = 1; c < 256; c++) {
        bool is_good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-';

        (void)snprintf(text, sizeof(text), "A%cB", (int)c);
        memset(&code, 'x', sizeof(code));
        CHECK_INT(fg_code_parse(text, &code, &error), is_good ? FG_OK : FG_E_FORMAT);
        CHECK_INT(fg_row_code_is_valid(text, 3), is_good);
        if (is_good) {
            CHECK_TEXT(code.text, text);
            continue;
        }
        (void)snprintf(text, sizeof(text), "character 2 (0x%02x)", c);
        CHECK_HAS(error.text, text);
    }
    memset(text, 'Z', sizeof(text));
    CHECK_INT(fg_code_parse_bytes(text, 0, &code, &error), FG_E_FORMAT);
    CHECK_OK(fg_code_parse_bytes(text, 1, &code, &error), &error);
    CHECK_TEXT(code.text, "Z");
    CHECK_OK(fg_code_parse_bytes(text, FG_CODE_MAX, &code, &error), &error);
    CHECK_INT(strlen(code.text), FG_CODE_MAX);
    CHECK_INT(fg_code_parse_bytes(text, FG_CODE_MAX + 1, &code, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "33 characters long, must be 1 to 32");
    CHECK(!fg_row_code_is_valid(text, 0));
    CHECK(fg_row_code_is_valid(text, FG_CODE_MAX));
    CHECK(!fg_row_code_is_valid(text, FG_CODE_MAX + 1));
}

TEST("a UID is read as people write it, and what is left over is refused")
{
    static const struct {
        const char *text;
        const char *uid; /* NULL: none */
    } cases[] = {{"04A1B2C3", "04A1B2C3"},
                 {"04a1b2c3", "04A1B2C3"},
                 {" \t04 A1 B2 C3 \t", "04A1B2C3"},
                 {"04:A1:B2:C3:D4:E5:F6", "04A1B2C3D4E5F6"},
                 {"04-a1-B2-c3-D4-e5-F6-07-18-29", "04A1B2C3D4E5F6071829"},
                 {"09AFaf90", "09AFAF90"},
                 {"", NULL},
                 {"04A1B2", NULL},
                 {"04A1B2C3D4", NULL},
                 {"04A1B2C3D4E5", NULL},
                 {"04A1B2C3D4E5F607", NULL},
                 {"04A1B2C3D4E5F60718", NULL},
                 {"04A1B2C3D4E5F60718293A", NULL},
                 {"04A1B2C3:", NULL},
                 {":04A1B2C3", NULL},
                 {"04::A1:B2:C3", NULL},
                 {"04A1B2C", NULL},
                 {"04A1B2CG", NULL},
                 {"04A1B2G0", NULL},
                 {"04A1B2C/", NULL},
                 {"04A1B2C@", NULL},
                 {"04A1B2C`", NULL},
                 {"04A1B2Cg", NULL},
                 {"04  A1B2C3", NULL},
                 {"04A1B2C3 x", NULL}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_uid uid = {.length = 99};
        char text[FG_UID_TEXT_MAX + 1];
        enum fg_err code = fg_uid_parse(cases[i].text, &uid, &error);

        CHECK_INT(code, cases[i].uid != NULL ? FG_OK : FG_E_FORMAT);
        if (cases[i].uid == NULL) {
            CHECK_INT(uid.length, 99);
            CHECK_HAS(error.text, "UID: ");
            continue;
        }
        fg_uid_format(&uid, text);
        CHECK_TEXT(text, cases[i].uid);
    }
}

TEST("CLONES-SHOW: a random or an empty UID names no tag")
{
    static const struct {
        const char *text;
        bool is_lasting;
    } cases[] = {{"04A1B2C3", true},
                 {"08A1B2C3", false},
                 {"88A1B2C3", false},
                 {"09A1B2C3", true},
                 {"87A1B2C3", true},
                 {"08A1B2C3D4E5F6", true},
                 {"00000000", false},
                 {"FFFFFFFF", false},
                 {"FFFFFFFFFFFFFF", false},
                 {"00000000000000", false},
                 {"00000000000001", true},
                 {"01010101", true},
                 {"FEFEFEFE", true},
                 {"00000000000000000000", false},
                 {"88A1B2C3D4E5F6071829", true}};
    struct fg_uid odd = {.bytes = {4, 5, 6, 7, 8}, .length = 5};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_uid uid = {.length = 0};

        CHECK_INT(fg_uid_parse_lasting(cases[i].text, &uid, &error),
                  cases[i].is_lasting ? FG_OK : FG_E_RANGE);
        CHECK_INT(uid.length, cases[i].is_lasting ? strlen(cases[i].text) / 2 : 0);
        if (!cases[i].is_lasting)
            CHECK_HAS(error.text, "names no tag");
    }
    CHECK(!fg_uid_is_lasting(&odd));
    odd.length = 0;
    CHECK(!fg_uid_is_lasting(&odd));
}

TEST("a row is refused by the name of the field that is out of its bounds")
{
    struct fg_row row;
    static const uint8_t lengths[] = {0, 4, 7, 10};
    uint8_t bytes[FG_ROW_BYTES_MAX];
    struct fg_row again;
    size_t length = 0;

    memset(&row, 0, sizeof(row));
    memcpy(row.code.text, "HZ-1", 5);
    for (uint8_t i = 0; i <= FG_UID_MAX; i++) {
        bool is_good = memchr(lengths, i, sizeof(lengths)) != NULL;

        row.uid.length = i;
        CHECK_INT(fg_row_check(&row, &error), is_good ? FG_OK : FG_E_RANGE);
        if (!is_good)
            CHECK_HAS(error.text, "row: uid is");
    }
    row.state = FG_CYLINDER_LOST;
    row.medium = FG_MEDIUM_LPG;
    row.inspection_due_day = row.end_of_life_day = FG_DAY_MAX;
    memset(row.owner, 'o', sizeof(row.owner) - 1);
    memset(row.plate, 'p', sizeof(row.plate) - 1);
    row.other_count = FG_VEHICLE_OTHERS_MAX;
    for (size_t i = 0; i < FG_VEHICLE_OTHERS_MAX; i++)
        memset(row.others[i].text, '0' + (int)i, FG_CODE_MAX);
    row.first_fill_pending = true;
    row.nominal_pressure_kpa = row.water_capacity_dl = row.tare_g = row.maximum_fill_g = UINT32_MAX;
    memset(row.uid.bytes, 0xA5, sizeof(row.uid.bytes));
    CHECK_OK(fg_row_encode(&row, bytes, sizeof(bytes), &length, &error), &error);
    memset(&again, 0, sizeof(again));
    CHECK_OK(fg_row_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &row, sizeof(row));
    CHECK_INT(fg_row_encode(&row, bytes, length - 1, &length, &error), FG_E_SIZE);
    {
        struct fg_row bad[9];
        static const char *const fields[9] = {
            "code",  "state",  "medium", "inspection_due_day", "end_of_life_day", "owner",
            "plate", "others", "others"};

        for (size_t i = 0; i < 9; i++)
            bad[i] = row;
        bad[0].code.text[0] = 'a';
        bad[1].state++;
        bad[2].medium++;
        bad[3].inspection_due_day++;
        bad[4].end_of_life_day = -1;
        bad[5].owner[sizeof(row.owner) - 1] = 'o';
        bad[6].plate[sizeof(row.plate) - 1] = 'p';
        bad[7].other_count++;
        bad[8].others[FG_VEHICLE_OTHERS_MAX - 1].text[3] = '_';
        for (size_t i = 0; i < 9; i++) {
            char text[64];

            (void)snprintf(text, sizeof(text), "row: %s is not a value", fields[i]);
            CHECK_INT(fg_row_check(&bad[i], &error), FG_E_RANGE);
            CHECK_HAS(error.text, text);
        }
    }
}

static struct fg_clock_statement statement_good(void)
{
    struct fg_clock_statement statement = {.sequence = INT64_MAX, .floor_ms = INT64_MAX};

    memset(statement.controller, 'c', FG_NAME_MAX);
    memset(statement.reason, 'r', FG_TEXT_MAX);
    return statement;
}

TEST("a clock statement at its largest comes through under any of the keys, and none other signs it")
{
    struct fg_clock_statement statement = statement_good();
    struct fg_clock_statement again;
    struct fg_private_key keys[3];
    struct fg_public_key known[2];
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX + 1] = {0};
    size_t length = 0;

    for (size_t i = 0; i < 3; i++)
        CHECK_OK(fg_private_key_new(&keys[i], &error), &error);
    known[0] = keys[0].public_key;
    known[1] = keys[1].public_key;
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(fg_clock_statement_sign(&statement, &keys[i], bytes, FG_CLOCK_STATEMENT_BYTES_MAX, &length,
                                         &error),
                 &error);
        memset(&again, 0, sizeof(again));
        CHECK_INT(fg_clock_statement_verify(bytes, length, known, 2, &again, &error),
                  i < 2 ? FG_OK : FG_E_AUTH);
        if (i < 2)
            CHECK_BYTES(&again, &statement, sizeof(statement));
        CHECK_INT(fg_clock_statement_verify(bytes, length, known, 0, &again, &error), FG_E_AUTH);
    }
    CHECK_INT(fg_clock_statement_sign(&statement, &keys[0], bytes, length - 1, &length, &error), FG_E_SIZE);
    CHECK_OK(fg_clock_statement_sign(&statement, &keys[0], bytes, sizeof(bytes), &length, &error), &error);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 1;
        CHECK(fg_clock_statement_verify(bytes, length, known, 2, &again, &error) != FG_OK);
        bytes[i] ^= 1;
        CHECK(fg_clock_statement_verify(bytes, i, known, 2, &again, &error) != FG_OK);
    }
    CHECK_INT(fg_clock_statement_verify(bytes, sizeof(bytes), known, 2, &again, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "273 bytes, at most 272");
}

TEST("a clock statement without a name, a reason, a number or a time is not signed")
{
    struct fg_clock_statement bad[9];
    static const char *const texts[9] = {"no controller", "no controller", "a reason", "a reason", "a reason",
                                         "newest entry",  "newest entry",  "the time", "the time"};
    struct fg_private_key key;
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 7;

    for (size_t i = 0; i < 9; i++)
        bad[i] = statement_good();
    bad[0].controller[0] = '\0';
    bad[1].controller[3] = '\n';
    bad[2].reason[0] = '\0';
    bad[3].reason[5] = 0x1f;
    bad[4].reason[5] = 0x7f;
    bad[5].sequence = 0;
    bad[6].sequence = (uint64_t)INT64_MAX + 1;
    bad[7].floor_ms = 0;
    bad[8].floor_ms = -1;
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    for (size_t i = 0; i < 9; i++) {
        CHECK_INT(fg_clock_statement_sign(&bad[i], &key, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
        CHECK_HAS(error.text, texts[i]);
    }
    CHECK_INT(length, 7);
    bad[0] = statement_good();
    bad[0].sequence = 1;
    bad[0].floor_ms = 1;
    bad[0].reason[0] = ' ';
    CHECK_OK(fg_clock_statement_sign(&bad[0], &key, bytes, sizeof(bytes), &length, &error), &error);
}

TEST("a varint takes as many bytes as its number needs, and none is read beyond 32 bits or the end")
{
    static const struct {
        uint32_t value;
        size_t length;
    } cases[] = {{0, 1},       {127, 1},     {128, 2},       {16383, 2},     {16384, 3},
                 {2097151, 3}, {2097152, 4}, {268435455, 4}, {268435456, 5}, {UINT32_MAX, 5}};
    static const uint8_t too_large[] = {0xFF, 0xFF, 0xFF, 0xFF, 0x10};
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    uint32_t value = 99;
    size_t at = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[8] = {0};

        CHECK_INT(fg_varint_put(bytes, cases[i].length - 1, cases[i].value), 0);
        CHECK_INT(fg_varint_put(bytes + 1, cases[i].length, cases[i].value), cases[i].length);
        at = 1;
        CHECK(!fg_varint_get(bytes, cases[i].length, &at, &value));
        CHECK_INT(at, 1);
        CHECK(fg_varint_get(bytes, cases[i].length + 1, &at, &value));
        CHECK_INT(at, 1 + cases[i].length);
        CHECK_INT(value, cases[i].value);
    }
    at = 0;
    value = 99;
    CHECK(!fg_varint_get(too_large, sizeof(too_large), &at, &value));
    CHECK(!fg_varint_get(endless, sizeof(endless), &at, &value));
    CHECK(!fg_varint_get(endless, 0, &at, &value));
    CHECK_INT(at, 0);
    CHECK_INT(value, 99);
}
