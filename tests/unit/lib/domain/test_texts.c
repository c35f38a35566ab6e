/* Every text that a person reads, of every catalogue: both languages take the same values, Chinese is
 * Chinese, and words that the law and the field do not use are not there. */
#include "tests/lib/check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct text {
    const char *place;
    const char *english;
    const char *chinese;
};

#define NAMED(name, english, chinese) {#name, english, chinese},
#define NUMBERED(number, name, grave, english, chinese) {#name, english, chinese},

static const struct text texts[] = {
#define FG_TEXT NAMED
#include "lib/domain/texts.def"
#define FG_PANEL NAMED
#include "lib/domain/panel.def"
#define FG_ADVICE NAMED
#include "lib/domain/advice.def"
#define FG_REASON NUMBERED
#include "lib/domain/reasons.def"
#define FG_EVENT NUMBERED
#include "lib/domain/events.def"
#define FG_STOP(number, name, english, chinese) {#name, english, chinese},
#include "lib/domain/stops.def"
#define FG_PHRASE(english, chinese) {"phrase", english, chinese},
#include "lib/domain/phrases.def"
#define FG_ALARM NUMBERED
#include "host/bureau/alarm/alarms.def"
#define FG_WEB_TEXT NAMED
#include "host/bureau/api/page_texts.def"
#define FG_CHECK_TEXT NAMED
#include "host/bureau/audit/entry_checks.def"
#define FG_WEB_ERROR(name, status, english, chinese) {#name, english, chinese},
#include "host/bureau/web/web_errors.def"
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words of Latin letters that a Chinese text may have: units, formats, short forms of the trade, and what is
 * typed or written in files. */
static const char *const latin[] = {"CNG",
                                    "LPG",
                                    "NFC",
                                    "PIN",
                                    "UID",
                                    "CSV",
                                    "JSON",
                                    "Lines",
                                    "JSONL",
                                    "UTF",
                                    "INI",
                                    "PEM",
                                    "CA",
                                    "SHA",
                                    "QR",
                                    "CODE",
                                    "FILE",
                                    "DIR",
                                    "ID",
                                    "HEX",
                                    "HOST",
                                    "PORT",
                                    "FIELD",
                                    "STATION",
                                    "CONTROLLER",
                                    "DEVICE",
                                    "Z",
                                    "N",
                                    "T14",
                                    "https",
                                    "postgresql",
                                    "sqlite",
                                    "JavaScript",
                                    "kPa",
                                    "MPa",
                                    "kB",
                                    "MB",
                                    "MiB",
                                    "kg",
                                    "g",
                                    "km",
                                    "s",
                                    "English",
                                    "fillgate",
                                    "fillgated",
                                    "libnfc",
                                    "audit",
                                    "export",
                                    "verify",
                                    "registry",
                                    "import",
                                    "panel",
                                    "reader",
                                    "application",
                                    "pair",
                                    "bureau",
                                    "key",
                                    "sign",
                                    "manifest",
                                    "controller",
                                    "station",
                                    "enrol",
                                    "config",
                                    "link",
                                    "ini",
                                    "pin",
                                    "set",
                                    "ca",
                                    "pem",
                                    "pub",
                                    "point",
                                    "status",
                                    "json",
                                    "last",
                                    "sequence",
                                    "summary",
                                    "witness",
                                    "csv",
                                    "jsonl",
                                    "table",
                                    "newest",
                                    "oldest",
                                    "cylinders",
                                    "entries",
                                    "auditor",
                                    "registrar",
                                    "supervisor",
                                    "administrator",
                                    "cng",
                                    "lpg",
                                    "inspection",
                                    "due",
                                    "end",
                                    "of",
                                    "life",
                                    "REFUSED",
                                    "ENDED",
                                    "NOT",
                                    "LISTED",
                                    "FORK",
                                    "TWO",
                                    "PLACES",
                                    "MANUAL",
                                    "BARE",
                                    "SIGNED",
                                    "TAG",
                                    "AUTHENTICATED",
                                    "UNDECODABLE",
                                    "FUTURE",
                                    "FOREIGN",
                                    "SUSPENDED",
                                    "rules",
                                    "media",
                                    "yes",
                                    "no",
                                    "none",
                                    "manual",
                                    "qr",
                                    "bare",
                                    "uid",
                                    "signed",
                                    "tag",
                                    "authenticated",
                                    "arrived",
                                    "ms",
                                    "A",
                                    "FF",
                                    "log"};

static const struct {
    const char *word;
    const char *instead;
} forbidden[] = {
    {"behind", "after, past or slow"},
    {"anew", "again"},
    {" stands ", "is, applies or agrees"},
    {"none of", "not one of"},
    {"no part of", "not in"},
    {"lacks", "has no"},
    {"lacking", "without"},
    {"for once", "one-time"},
    {"in mind", "note"},
    {"proves himself", "identifies himself"},
    {"is false", "is invalid"},
    {"操作员", "充装人员"},
    {"监管机构", "市场监管部门 or 监管平台"},
    {"乘客", "司乘人员"},
    {"责令整改通知书", "特种设备安全监察指令书"},
    {"签到", "登录"},
    {"签退", "退出登录"},
    {"站点", "充装站"},
    {"校验", "核验 or 验证签名"},
    {"使用期限", "设计使用年限"},
    {"检验有效期", "下次检验日期"},
    {"案件", "隐患"},
    {"结案", "销号"},
    {"PIN 码", "PIN"},
};

static bool is_chinese(const char *text, size_t at)
{
    return (unsigned char)text[at] >= 0x80;
}

static bool is_listed(const char *word, size_t length)
{
    for (size_t i = 0; i < COUNT(latin); i++) {
        if (strlen(latin[i]) == length && memcmp(latin[i], word, length) == 0)
            return true;
    }
    return false;
}

/* The first word of Latin letters that is not listed and no option; its length, or 0. */
static size_t latin_find(const char *text, const char **ret_word)
{
    for (const char *at = text; *at != '\0';) {
        size_t length = 0;

        if (strncmp(at, "--", 2) == 0)
            at += strspn(at, "-abcdefghijklmnopqrstuvwxyz");
        while (isalpha((unsigned char)at[length]) || (length > 0 && isdigit((unsigned char)at[length])))
            length++;
        if (length > 0 && !is_listed(at, length)) {
            *ret_word = at;
            return length;
        }
        at += length > 0 || *at == '\0' ? length : 1;
    }
    return 0;
}

TEST("every text is there in both languages")
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (texts[i].english[0] == '\0' || texts[i].chinese[0] == '\0')
            fg_test_fail(__FILE__, __LINE__, "%s: a text is empty", texts[i].place);
    }
    CHECK(COUNT(texts) > 1500);
}

TEST("both languages take the same values")
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (char place = '0'; place <= '9'; place++) {
            const char value[] = {'{', place, '}', '\0'};
            const char phrase[] = {'[', place, ']', '\0'};
            bool english =
                strstr(texts[i].english, value) != NULL || strstr(texts[i].english, phrase) != NULL;
            bool chinese =
                strstr(texts[i].chinese, value) != NULL || strstr(texts[i].chinese, phrase) != NULL;
            bool dropped = strcmp(texts[i].place, "phrase") == 0 && english; /* a phrase may leave one out */

            if (english != chinese && !dropped)
                fg_test_fail(__FILE__, __LINE__, "%s: %s in one language only: %s", texts[i].place, value,
                             texts[i].chinese);
        }
    }
}

TEST("a Chinese text has no English but names that are typed, units and short forms")
{
    unsigned wrong = 0;

    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *word = NULL;
        size_t length =
            strcmp(texts[i].place, "LANGUAGE_OTHER") == 0 ? 0 : latin_find(texts[i].chinese, &word);

        if (length > 0 && wrong++ < 20)
            printf("%s: %.*s: %s\n", texts[i].place, (int)length, word, texts[i].chinese);
    }
    CHECK_INT(wrong, 0);
}

TEST("a Chinese sentence has full-width punctuation")
{
    unsigned wrong = 0;

    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *text = texts[i].chinese;

        for (size_t at = 0; text[at] != '\0'; at++) {
            if (strchr(",.:;!?()", text[at]) == NULL)
                continue;
            if (((at > 0 && is_chinese(text, at - 1)) || is_chinese(text, at + 1)) && wrong++ < 20)
                printf("%s: '%c': %s\n", texts[i].place, text[at], text);
        }
    }
    CHECK_INT(wrong, 0);
}

TEST("no text has a word that was replaced")
{
    unsigned wrong = 0;

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t k = 0; k < COUNT(forbidden); k++) {
            if (strstr(texts[i].english, forbidden[k].word) == NULL &&
                strstr(texts[i].chinese, forbidden[k].word) == NULL)
                continue;
            if (wrong++ < 20)
                printf("%s: not \"%s\" but %s: %s / %s\n", texts[i].place, forbidden[k].word,
                       forbidden[k].instead, texts[i].english, texts[i].chinese);
        }
    }
    CHECK_INT(wrong, 0);
}
