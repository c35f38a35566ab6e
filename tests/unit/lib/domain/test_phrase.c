/* Texts that programs made in English, said in Chinese where they are shown. */
#include "lib/domain/phrase.h"
#include "tests/lib/check.h"

#include <string.h>

static const struct {
    const char *english;
    const char *chinese;
} patterns[] = {
#define FG_PHRASE(english, chinese) {english, chinese},
#define FG_EVENT(number, name, grave, english, chinese) {english, chinese},
#define FG_REASON FG_EVENT
#define FG_STOP(number, name, english, chinese) {english, chinese},
#include "lib/domain/phrases.def"

#include "lib/domain/events.def"
#include "lib/domain/reasons.def"
#include "lib/domain/stops.def"
};

static char chinese[512];

static const char *said(const char *english)
{
    return fg_phrase_chinese(english, chinese, sizeof(chinese)) ? chinese : NULL;
}

TEST("a text without values is said as its phrase")
{
    CHECK_TEXT(said("it has no list"), "没有名单");
}

TEST("values of a text are put where the Chinese sentence has them")
{
    CHECK_TEXT(said("from 500 g (entry 3) to 20 g (entry 4)"), "由 500 g（第 3 条）变为 20 g（第 4 条）");
    CHECK_TEXT(said("the bureau's own clock is 90 s slow, compared with 1 of 2 synchronised devices"),
               "与 2 台已同步设备中的 1 台相比，监管平台自身时钟慢 90 秒");
}

TEST("a value that is a phrase itself is said in Chinese, another one as it is")
{
    CHECK_TEXT(said("due_day is missing"), "缺少整改期限");
    CHECK_TEXT(said("colour is missing"), "缺少colour");
    CHECK_TEXT(said("entry 7: A device failed"), "第 7 条：设备故障");
}

TEST("narrow patterns come before wide ones")
{
    CHECK_TEXT(said("column code is missing"), "缺少列 code");
    CHECK_TEXT(said("entry 4 cannot be decoded; its bytes are kept"), "第 4 条无法解码，已保存其字节");
}

TEST("a text that no pattern fits is not said")
{
    CHECK(said("something else") == NULL);
    CHECK_TEXT(chinese, "");
    CHECK(said("") == NULL);
    CHECK(said("column  is missing at its end") == NULL);
    CHECK(said("no contact for  min") == NULL);
}

TEST("a text that is too long is cut between characters")
{
    char small[9];

    CHECK(fg_phrase_chinese("it has no list", small, sizeof(small)));
    CHECK_TEXT(small, "没有");
    CHECK(fg_phrase_chinese("it has no list", small, 1));
    CHECK_TEXT(small, "");
}

TEST("every pattern fits itself, so none is hidden by an earlier one")
{
    unsigned hidden = 0;

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const char *english = patterns[i].english;
        char first[512];

        if (strstr(english, "[") != NULL || strstr(english, "{") != NULL)
            continue;
        CHECK(fg_phrase_chinese(english, first, sizeof(first)));
        if (strcmp(first, patterns[i].chinese) != 0)
            hidden++;
    }
    CHECK_INT(hidden, 0);
}
