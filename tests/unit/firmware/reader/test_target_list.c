/* The chip's list of tags: what is taken, and what is not. */
#include "firmware/reader/target_list.h"
#include "tests/lib/check.h"

static struct fg_target_list list;
static struct fg_error error;

#define PARSE(...)                                                                                           \
    fg_target_list_parse((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), &list,      \
                         &error)

TEST("a list says how many tags there are and who the first is")
{
    CHECK_INT(PARSE(0), FG_OK);
    CHECK_INT(list.count, 0);
    CHECK_INT(list.uid.length, 0);
    CHECK_INT(PARSE(1, 1, 0x00, 0x44, 0x00, 4, 1, 2, 3, 4), FG_OK);
    CHECK_INT(list.count, 1);
    CHECK_INT(list.uid.length, 4);
    CHECK_BYTES(list.uid.bytes, ((uint8_t[]){1, 2, 3, 4}), 4);
    CHECK_INT(PARSE(2, 1, 0x00, 0x44, 0x00, 7, 4, 2, 3, 4, 5, 6, 7, 2, 0x00, 0x44, 0x00, 4, 9, 9, 9, 9),
              FG_OK);
    CHECK_INT(list.count, 2);
    CHECK_INT(list.uid.length, 7);
    CHECK_BYTES(list.uid.bytes, ((uint8_t[]){4, 2, 3, 4, 5, 6, 7}), 7);
    /* An answer to select may follow the first. */
    CHECK_INT(PARSE(1, 1, 0x03, 0x44, 0x20, 4, 8, 2, 3, 4, 2, 0x75), FG_OK);
    CHECK_INT(list.uid.length, 4);
}

TEST("cascade tags are no part of a UID")
{
    CHECK_INT(PARSE(1, 1, 0x00, 0x44, 0x00, 8, 0x88, 1, 2, 3, 4, 5, 6, 7), FG_OK);
    CHECK_INT(list.uid.length, 7);
    CHECK_BYTES(list.uid.bytes, ((uint8_t[]){1, 2, 3, 4, 5, 6, 7}), 7);
    CHECK_INT(PARSE(1, 1, 0x00, 0x44, 0x00, 12, 0x88, 1, 2, 3, 0x88, 4, 5, 6, 7, 8, 9, 10), FG_OK);
    CHECK_INT(list.uid.length, 10);
    CHECK_BYTES(list.uid.bytes, ((uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), 10);
    CHECK_INT(PARSE(1, 1, 0x00, 0x44, 0x00, 10, 0x88, 1, 2, 3, 0x88, 4, 5, 6, 7, 8), FG_OK);
    CHECK_BYTES(list.uid.bytes, ((uint8_t[]){0x88, 1, 2, 3, 0x88, 4, 5, 6, 7, 8}), 10);
    CHECK_INT(PARSE(1, 1, 0x00, 0x44, 0x00, 4, 0x88, 1, 2, 3), FG_OK);
    CHECK_INT(list.uid.length, 4);
}

TEST("BAD-INPUT-IS-SAFE: a list of too many tags, a first tag that is cut off or a UID of no length that "
     "there is, is refused")
{
    static const struct {
        uint8_t bytes[20];
        size_t count;
        const char *says;
    } cases[] = {
        {{0}, 0, "empty"},
        {{3, 1, 0, 0x44, 0, 4, 1, 2, 3, 4}, 10, "more tags"},
        {{255}, 1, "more tags"},
        {{1}, 1, "cut off"},
        {{1, 1, 0, 0x44, 0}, 5, "cut off"},
        {{1, 1, 0, 0x44, 0, 4, 1, 2, 3}, 9, "cut off"},
        {{2, 1, 0, 0x44, 0, 255, 1, 2, 3, 4}, 10, "cut off"},
        {{1, 1, 0, 0x44, 0, 0}, 6, "no UID"},
        {{1, 1, 0, 0x44, 0, 5, 1, 2, 3, 4, 5}, 11, "no UID"},
        {{1, 1, 0, 0x44, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, 14, "no UID"},
        {{1, 1, 0, 0x44, 0, 12, 0x88, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 18, "no UID"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_target_list kept = {.count = 9};

        CHECK_INT(fg_target_list_parse(cases[i].bytes, cases[i].count, &kept, &error), FG_E_FORMAT);
        CHECK_HAS(error.text, cases[i].says);
        CHECK_INT(kept.count, 9);
    }
}
