/* What requests of the bureau's pages may say: values, paths, queries and bodies by table. */
#include "tests/lib/check.h"

#include <stdlib.h>
#include <string.h>

#include "host/bureau/web/web_parameters.h"

static const char *const orders[] = {"newest", "oldest", NULL};
static const struct fg_web_parameter table[] = {
    {"code", FG_WEB_PATH, FG_WEB_CODE, true, 1, 32, NULL},
    {"limit", FG_WEB_QUERY, FG_WEB_NUMBER, false, 1, 200, NULL},
    {"order", FG_WEB_QUERY, FG_WEB_WORD, false, 0, 0, orders},
    {"plate", FG_WEB_QUERY, FG_WEB_TEXT, false, 1, 15, NULL},
    {"user", FG_WEB_BODY, FG_WEB_NAME, true, 1, 31, NULL},
    {"password", FG_WEB_BODY, FG_WEB_SECRET, true, 1, 256, NULL},
    {"open", FG_WEB_BODY, FG_WEB_BOOL, false, 0, 0, NULL},
    {"count", FG_WEB_BODY, FG_WEB_NUMBER, false, 1, 200, NULL},
};
#define COUNT (sizeof(table) / sizeof(table[0]))

static enum fg_err take(enum fg_web_type type, int64_t least, int64_t most, const char *text)
{
    const struct fg_web_parameter parameter = {"p", FG_WEB_QUERY, type, false, least, most, orders};
    struct fg_web_value value = {NULL, -1};
    struct fg_error error = {0};
    enum fg_err result = fg_web_value_take(&parameter, text, &value, &error);

    CHECK((result == FG_OK) == (value.text != NULL));
    if (result != FG_OK)
        CHECK_HAS(error.text, "p must ");
    return result;
}

TEST("a value is taken only with the characters and bounds of its type")
{
    CHECK_INT(take(FG_WEB_CODE, 1, 32, "HZ-CNG-1"), FG_OK);
    CHECK_INT(take(FG_WEB_CODE, 1, 32, "hz"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_CODE, 1, 32, ""), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_CODE, 1, 4, "ABCDE"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_CODE, 1, 32, "A'--"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_NAME, 1, 31, "op-wang_2.x"), FG_OK);
    CHECK_INT(take(FG_WEB_NAME, 1, 31, "a b"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_TEXT, 1, 15, "浙ED9101"), FG_OK);
    CHECK_INT(take(FG_WEB_TEXT, 1, 15, "a\nb"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_TEXT, 1, 15, "\xff"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_SECRET, 1, 15, "p w \"'"), FG_OK);
    CHECK_INT(take(FG_WEB_UPPER, 1, 40, "TOO_SOON"), FG_OK);
    CHECK_INT(take(FG_WEB_UPPER, 1, 40, "TOO1"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_HEX, 2, 4, "0fa9"), FG_OK);
    CHECK_INT(take(FG_WEB_HEX, 2, 4, "0FA9"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_KEY, 1, 20, "a.B_~:-9"), FG_OK);
    CHECK_INT(take(FG_WEB_KEY, 1, 20, "a/b"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_DAY, 0, 0, "2026-11-23"), FG_OK);
    CHECK_INT(take(FG_WEB_DAY, 0, 0, "2026-13-23"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_DAY, 0, 0, ""), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_WORD, 0, 0, "oldest"), FG_OK);
    CHECK_INT(take(FG_WEB_WORD, 0, 0, "old"), FG_E_RANGE);
    CHECK_INT(take(FG_WEB_BOOL, 0, 0, "true"), FG_OK);
    CHECK_INT(take(FG_WEB_BOOL, 0, 0, "1"), FG_E_RANGE);
}

TEST("a number is decimal digits within its bounds and nothing else")
{
    static const char *const bad[] = {"",   "0",   "201", "-1",  "+1", " 1",
                                      "1 ", "1e1", "0x",  "1.0", "٣",  "99999999999999999999999"};

    CHECK_INT(take(FG_WEB_NUMBER, 1, 200, "1"), FG_OK);
    CHECK_INT(take(FG_WEB_NUMBER, 1, 200, "200"), FG_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(take(FG_WEB_NUMBER, 1, 200, bad[i]), FG_E_RANGE);
}

TEST("a path fits its pattern segment by segment, to the end")
{
    struct fg_web_segments segments;
    char path[400] = "/api/v1/entries/";

    CHECK(fg_web_path_fits("/api/v1/entries/{c}/{s}/proof", "/api/v1/entries/ctl-1/17/proof", &segments));
    CHECK_INT(segments.count, 2);
    CHECK_TEXT(segments.text[0], "ctl-1");
    CHECK_TEXT(segments.text[1], "17");
    CHECK(!fg_web_path_fits("/api/v1/entries/{c}/{s}", "/api/v1/entries/ctl-1/17/proof", &segments));
    CHECK(!fg_web_path_fits("/api/v1/entries/{c}/{s}", "/api/v1/entries/ctl-1", &segments));
    CHECK(!fg_web_path_fits("/api/v1/entries/{c}/{s}", "/api/v1/entries//17", &segments));
    CHECK(!fg_web_path_fits("/api/v1/entries", "/api/v1/entries/", &segments));
    CHECK(!fg_web_path_fits("/api/v1/entries", "/api/v1/entrie", &segments));
    memset(path + 16, 'A', FG_WEB_SEGMENT_MAX + 1);
    CHECK(!fg_web_path_fits("/api/v1/entries/{c}", path, &segments));
    path[16 + FG_WEB_SEGMENT_MAX] = '\0';
    CHECK(fg_web_path_fits("/api/v1/entries/{c}", path, &segments));
}

TEST("a parameter that the table does not name, or that comes twice, is refused")
{
    struct fg_web_value values[COUNT] = {0};
    struct fg_error error = {0};

    CHECK_INT(fg_web_query_take(table, COUNT, "limit", "20", values, &error), FG_OK);
    CHECK_INT(values[1].number, 20);
    CHECK_INT(fg_web_query_take(table, COUNT, "limit", "20", values, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "given twice");
    CHECK_INT(fg_web_query_take(table, COUNT, "limits", "20", values, &error), FG_E_RANGE);
    CHECK_INT(fg_web_query_take(table, COUNT, "order", NULL, values, &error), FG_E_RANGE);
    /* Those of path and body are none of the query. */
    CHECK_INT(fg_web_query_take(table, COUNT, "code", "A", values, &error), FG_E_RANGE);
    CHECK_INT(fg_web_query_take(table, COUNT, "user", "a", values, &error), FG_E_RANGE);
    CHECK_INT(fg_web_query_take(table, COUNT, "\x01\xff", "a", values, &error), FG_E_RANGE);
    CHECK_TEXT(error.text, "\"?\" is not known here");
}

static enum fg_err body(const char *text, struct fg_web_value values[COUNT])
{
    struct fg_error error = {0};
    cJSON *tree = NULL;
    enum fg_err result;

    memset(values, 0, COUNT * sizeof(values[0]));
    result = fg_web_body_take(table, COUNT, (const uint8_t *)text, strlen(text), values, &tree, &error);
    cJSON_Delete(tree);
    return result;
}

TEST("a body is one JSON object of known members of the right types")
{
    struct fg_web_value values[COUNT];
    struct fg_error error = {0};

    CHECK_INT(body("{\"user\":\"a\",\"password\":\"b\",\"open\":true,\"count\":200} \r\n", values), FG_OK);
    CHECK_INT(values[6].number, 1);
    CHECK_INT(values[7].number, 200);
    CHECK_INT(body("{}", values), FG_OK);
    values[0].text = "A";
    CHECK_INT(fg_web_values_check(table, COUNT, values, &error), FG_E_RANGE);
    CHECK_TEXT(error.text, "user is missing");
    CHECK_INT(body("", values), FG_E_FORMAT);
    CHECK_INT(body("[]", values), FG_E_FORMAT);
    CHECK_INT(body("\"user\"", values), FG_E_FORMAT);
    CHECK_INT(body("{\"user\":\"a\"", values), FG_E_FORMAT);
    CHECK_INT(body("{\"user\":\"a\"}x", values), FG_E_FORMAT);
    CHECK_INT(body("{\"user\":\"a\\u0000b\"}", values), FG_E_FORMAT);
    CHECK_INT(body("{\"user\":\"a\",\"user\":\"b\"}", values), FG_E_RANGE);
    CHECK_INT(body("{\"user\":1}", values), FG_E_RANGE);
    CHECK_INT(body("{\"user\":null}", values), FG_E_RANGE);
    CHECK_INT(body("{\"user\":{}}", values), FG_E_RANGE);
    CHECK_INT(body("{\"open\":\"true\"}", values), FG_E_RANGE);
    CHECK_INT(body("{\"count\":\"5\"}", values), FG_E_RANGE);
    CHECK_INT(body("{\"count\":1.5}", values), FG_E_RANGE);
    CHECK_INT(body("{\"count\":-1}", values), FG_E_RANGE);
    CHECK_INT(body("{\"count\":1e300}", values), FG_E_RANGE);
    CHECK_INT(body("{\"limit\":5}", values), FG_E_RANGE);
    CHECK_INT(body("{\"__proto__\":5}", values), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: a body nested deeper than any is refused")
{
    struct fg_web_value values[COUNT];
    char *text = malloc(16001);

    CHECK(text != NULL);
    memset(text, '[', 16000);
    text[16000] = '\0';
    CHECK_INT(body(text, values), FG_E_FORMAT);
    free(text);
}
