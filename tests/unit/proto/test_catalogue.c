/* Behaviour of the catalogue of texts and of the error scheme. */
#include "proto/catalogue.h"
#include "proto/err.h"
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
