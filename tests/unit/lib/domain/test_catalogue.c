/* Behaviour of the catalogue of texts and of the error scheme. */
#include "lib/base/err.h"
#include "lib/domain/catalogue.h"
#include "tests/lib/check.h"

#include <string.h>

TEST("every reason has a name, an English and a Chinese text")
{
    unsigned count = 0;

    for (int number = 1; number < 256; number++) {
        const char *name = fg_reason_name((enum fg_reason)number);

        if (strcmp(name, "?") == 0)
            continue;
        count++;
        CHECK_INT(fg_reason_by_name(name), number);
        CHECK(strlen(fg_reason_text(FG_LANGUAGE_ENGLISH, (enum fg_reason)number)) > 5);
        CHECK((unsigned char)fg_reason_text(FG_LANGUAGE_CHINESE, (enum fg_reason)number)[0] >= 0x80);
    }
    CHECK(count >= 30);
    CHECK(count <= FG_REASONS_MAX);
}

TEST("the language follows LANG, English unless it begins with zh")
{
    CHECK_INT(fg_language_of("zh_CN.UTF-8"), FG_LANGUAGE_CHINESE);
    CHECK_INT(fg_language_of("en_GB"), FG_LANGUAGE_ENGLISH);
    CHECK_INT(fg_language_of(NULL), FG_LANGUAGE_ENGLISH);
}

TEST("an error keeps its code and gains context in front")
{
    struct fg_error error;

    CHECK_INT(fg_fail(&error, FG_E_FORMAT, "row %d", 3), FG_E_FORMAT);
    CHECK_INT(fg_fail_in(&error, FG_E_FORMAT, "%s: ", "list.fgl"), FG_E_FORMAT);
    CHECK_TEXT(error.text, "list.fgl: row 3");
    CHECK_TEXT(fg_err_name(error.code), "FORMAT");
}

TEST("every kind of journal entry has a name and texts")
{
    for (int kind = FG_ENTRY_BOOT; kind <= FG_ENTRY_EVENT; kind++) {
        const char *name = fg_entry_kind_name((enum fg_entry_kind)kind);

        CHECK_INT(fg_entry_kind_by_name(name), kind);
        CHECK(strcmp(fg_entry_kind_text(FG_LANGUAGE_CHINESE, (enum fg_entry_kind)kind), "?") != 0);
    }
}

TEST("every reason has an advice in both languages, and every advice a reason")
{
    const char *name;
    const char *text;

    for (size_t i = 0; fg_table_text(FG_TABLE_REASON, i, FG_LANGUAGE_ENGLISH, &name, &text); i++) {
        enum fg_reason reason = fg_reason_by_name(name);

        CHECK(strlen(fg_advice_text(FG_LANGUAGE_ENGLISH, reason)) > 20);
        CHECK((unsigned char)fg_advice_text(FG_LANGUAGE_CHINESE, reason)[0] >= 0x80);
    }
    for (size_t i = 0; fg_table_text(FG_TABLE_ADVICE, i, FG_LANGUAGE_ENGLISH, &name, &text); i++)
        CHECK(fg_reason_by_name(name) != FG_REASON_NONE);
    CHECK_TEXT(fg_advice_text(FG_LANGUAGE_ENGLISH, FG_REASON_NONE), "?");
}

/* Names are a key in JSON: one twice would hide the other. */
static size_t texts_counted(enum fg_text_table table)
{
    size_t count = 0;
    const char *english;
    const char *chinese;
    const char *name;
    const char *other;

    while (fg_table_text(table, count, FG_LANGUAGE_ENGLISH, &name, &english)) {
        CHECK(fg_table_text(table, count, FG_LANGUAGE_CHINESE, &other, &chinese));
        CHECK_TEXT(name, other);
        CHECK(english[0] != '\0' && chinese[0] != '\0');
        for (size_t i = 0; i < count && fg_table_text(table, i, FG_LANGUAGE_ENGLISH, &other, &english); i++)
            CHECK(strcmp(name, other) != 0);
        count++;
    }
    return count;
}

TEST("every text of the panel's tables stands in both languages under a name of its own")
{
    CHECK(texts_counted(FG_TABLE_PANEL) >= 100);
    CHECK(texts_counted(FG_TABLE_REASON) >= 30);
    CHECK_INT(texts_counted(FG_TABLE_ADVICE), texts_counted(FG_TABLE_REASON));
    CHECK(texts_counted(FG_TABLE_STOP) >= 10);
    CHECK(texts_counted(FG_TABLE_EVENT) >= 10);
    CHECK_INT(texts_counted(FG_TABLE_COUNT), 0);
    CHECK_TEXT(fg_table_name(FG_TABLE_ADVICE), "advice");
    CHECK_TEXT(fg_table_name(FG_TABLE_COUNT), "?");
}

/* Values of the panel's {0} and {1} are put in by the page: both languages must take the same. */
TEST("a text of the panel takes the same values in both languages")
{
    static const char *const places[] = {"{0}", "{1}", "{2}"};
    const char *english;
    const char *chinese;
    const char *name;

    for (size_t i = 0; fg_table_text(FG_TABLE_PANEL, i, FG_LANGUAGE_ENGLISH, &name, &english); i++) {
        CHECK(fg_table_text(FG_TABLE_PANEL, i, FG_LANGUAGE_CHINESE, &name, &chinese));
        for (size_t place = 0; place < sizeof(places) / sizeof(places[0]); place++)
            CHECK_INT(strstr(english, places[place]) != NULL, strstr(chinese, places[place]) != NULL);
    }
}
