/* Building lists: faults of the registry and the rules are named by line and column, and build nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/publish/list_build.h"
#include "host/bureau/registry/station_rules.h"
#include "host/bureau/registry/values.h"
#include "lib/list/list.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"

static struct fg_error error;

struct seen {
    size_t count;
    uint64_t line;
    size_t column;
    char text[256];
};

static void note(void *context, uint64_t line, size_t column, const char *text)
{
    struct seen *seen = context;

    seen->count++;
    seen->line = line;
    seen->column = column;
    (void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static enum fg_err build(const char *csv_path, struct seen *seen)
{
    struct fg_list_build_options options = {
        .csv_path = csv_path,
        .rules_path = fg_fixture_write("rules.ini", "[rules]\nstation = S1\nmedia = cng\n"),
        .out_path = fg_test_path("out.fgl"),
        .key = fg_fixture_key(),
        .list_id = "city",
        .version = 1,
        .issued_ms = 1,
        .expires_ms = 2,
        .bucket_bits = FG_LIST_BUILD_BITS_CHOOSE,
    };
    struct fg_list_build_result built;

    memset(seen, 0, sizeof(*seen));
    return fg_list_build(&options, &built, note, seen, &error);
}

static void check_fault(const char *row, uint64_t line, size_t column, const char *part)
{
    struct seen seen;

    CHECK_INT(build(fg_fixture_registry("r.csv", 2, row), &seen), FG_E_FORMAT);
    CHECK_INT(seen.count, 1);
    CHECK_INT(seen.line, line);
    CHECK_INT(seen.column, column);
    CHECK_HAS(seen.text, part);
    CHECK_HAS(error.text, part);
    CHECK(access(fg_test_path("out.fgl"), F_OK) != 0);
}

TEST("each kind of fault in a row is named by line and column and nothing is built")
{
    check_fault("a,,in_service,cng,0,1,1,1,1,,,,\n", 4, 1, "code");
    check_fault("A,04,in_service,cng,0,1,1,1,1,,,,\n", 4, 2, "uid");
    check_fault("A,,fine,cng,0,1,1,1,1,,,,\n", 4, 3, "state");
    check_fault("A,,lost,gas,0,1,1,1,1,,,,\n", 4, 4, "medium");
    check_fault("A,,lost,cng,2,1,1,1,1,,,,\n", 4, 5, "first_fill");
    check_fault("A,,lost,cng,0,-1,1,1,1,,,,\n", 4, 6, "nominal");
    check_fault("A,,lost,cng,0,1,1,1,1,2026-02-29,,,\n", 4, 10, "inspection_due");
    check_fault("A,,lost,cng,0,1,1,1,1,,,0123456789012345678901234567890123,\n", 4, 12, "owner");
    check_fault("A,,lost,cng,0,1,1,1,1,,,,\xff\n", 4, 13, "plate");
    check_fault("A,,lost\n", 4, 0, "columns");
    check_fault("A,\"x,lost\n", 4, 2, "quote");
    check_fault("T-00001,,lost,cng,0,1,1,1,1,,,,\n", 4, 1, "on line 3 already");
    check_fault("A,04000000000001,lost,cng,0,1,1,1,1,,,,\n", 4, 2, "line 2 has the same uid");
}

TEST("missing columns are named, and reading stops after twenty faults")
{
    struct seen seen;
    char many[2000] = "";

    CHECK_INT(build(fg_fixture_write("h.csv", "code,uid\nA,\n"), &seen), FG_E_FORMAT);
    CHECK_INT(seen.count, 11);
    CHECK_INT(build(fg_fixture_write("e.csv", ""), &seen), FG_E_FORMAT);
    for (int i = 0; i < 40; i++)
        (void)strcat(many, "A,,fine,cng,0,1,1,1,1,,,,\n");
    CHECK_INT(build(fg_fixture_registry("m.csv", 0, many), &seen), FG_E_FORMAT);
    CHECK_INT(seen.count, FG_LIST_BUILD_FAULTS_MAX);
    CHECK_INT(build(fg_test_path("absent.csv"), &seen), FG_E_IO);
}

TEST("cylinders of one plate know each other, and nine are too many")
{
    static const char rows[] = "A,,in_service,cng,0,20000,1,1,1,,,X,E1\n"
                               "B,,in_service,cng,0,20000,1,1,1,,,X,E1\n"
                               "\"C\",,in_service,cng,0,20000,1,1,1,,,\"X, \"\"Y\"\"\",E2\r\n";
    struct fg_list *list = NULL;
    struct fg_manifest manifest;
    struct fg_row row;
    struct fg_code code = fg_fixture_code("B");
    struct seen seen;
    char many[1000] = "";

    CHECK_OK(build(fg_fixture_registry("v.csv", 40, rows), &seen), &error);
    list = fg_fixture_store(fg_test_path("l.db"));
    CHECK_OK(fg_list_import(list, fg_test_path("out.fgl"), 0, &manifest, &error), &error);
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    CHECK_INT(row.other_count, 1);
    CHECK_TEXT(row.others[0].text, "A");
    code = fg_fixture_code("C");
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    CHECK_INT(row.other_count, 0);
    CHECK_TEXT(row.owner, "X, \"Y\"");
    fg_list_close(list);
    CHECK(unlink(fg_test_path("out.fgl")) == 0);
    for (int i = 0; i < 9; i++)
        (void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "A%d,,lost,cng,0,1,1,1,1,,,,E7\n",
                       i);
    CHECK_INT(build(fg_fixture_registry("w.csv", 0, many), &seen), FG_E_FORMAT);
    CHECK_HAS(seen.text, "9 cylinders");
}

TEST("an empty registry gives an empty list")
{
    struct seen seen;

    CHECK_OK(build(fg_fixture_registry("n.csv", 0, NULL), &seen), &error);
}

TEST("dates are days since 1970")
{
    int32_t day = -1;

    CHECK(fg_value_day("1970-01-01", &day) && day == 0);
    CHECK(fg_value_day("2000-03-01", &day) && day == 11017);
    CHECK(fg_value_day("2026-11-23", &day) && day == 20780);
    CHECK(fg_value_day("9999-12-31", &day) && day == 2932896);
    CHECK(fg_value_day("", &day) && day == 0);
    CHECK(!fg_value_day("2100-02-29", &day));
    CHECK(!fg_value_day("2026-1-1", &day));
    CHECK(!fg_value_day("1969-12-31", &day));
}

static enum fg_err rules_of(const char *text, struct fg_station_rules *rules)
{
    return fg_rules_parse("rules.ini", text, strlen(text), rules, &error);
}

TEST("the documented example of station rules reads as it says")
{
    struct fg_station_rules rules;

    CHECK_OK(fg_rules_read("boards/sim/rules.ini", &rules, &error), &error);
    CHECK_TEXT(rules.station, "HZ-01");
    CHECK_INT(rules.media_count, 2);
    CHECK_INT(rules.identity_min, FG_IDENTITY_SIGNED_TAG);
    CHECK_INT(rules.pre_check_count, 3);
    CHECK_TEXT(rules.pre_checks[2], "passengers_out");
    CHECK_INT(rules.fills_per_day_max, 6);
}

TEST("faulty station rules are named by line")
{
    static const char *const bad[] = {
        "[rules]\nstation = S\nmedia = cng\nnoise = 1\n",
        "[rules]\nstation = S\nmedia = cng\nmanual_entry = maybe\n",
        "[rules]\nstation = S\nmedia = cng\nlist_warn_age_h = many\n",
        "[rules]\nstation = S\nmedia = cng\nidentity_min = strong\n",
        "[rules]\nstation = S\nmedia = cng\nlicence_end_day = soon\n",
        "[rules]\nstation = S\nmedia = cng\nstation = T\n",
        "[other]\nstation = S\n\n\n",
    };
    struct fg_station_rules rules;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(rules_of(bad[i], &rules), FG_E_FORMAT);
        CHECK_HAS(error.text, i < 6 ? "rules.ini:4" : "rules.ini:2");
    }
    CHECK_INT(rules_of("[rules]\nstation = S\n", &rules), FG_E_FORMAT);
    CHECK_INT(rules_of("[rules]\nstation = S\nmedia = coal\n", &rules), FG_E_FORMAT);
    CHECK_OK(rules_of("[rules]\nstation = S\nmedia = cng\npre_checks = a, b\n  c\n", &rules), &error);
    CHECK_INT(rules.pre_check_count, 3);
}

TEST("known answer: the list of proto/vectors imports, has its root and answers")
{
    struct fg_public_key key;
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    struct fg_row row;
    struct fg_code code = fg_fixture_code("HZ-CNG-000002");
    char hex[2 * FG_DIGEST_BYTES + 1];

    CHECK_OK(fg_public_key_read("proto/vectors/key_pub.pem", &key, &error), &error);
    CHECK_OK(fg_list_open(fg_test_path("k.db"), NULL, &key, 1, &list, &error), &error);
    CHECK_OK(fg_list_import(list, "proto/vectors/list.fgl", 0, &manifest, &error), &error);
    for (size_t i = 0; i < FG_DIGEST_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", manifest.root.bytes[i]);
    CHECK_TEXT(hex, "8d9b0c866872853f65da8121c6f32074bbc714045361cc72d80f484ce80824e9");
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    CHECK_TEXT(row.others[0].text, "HZ-CNG-000001");
    fg_list_close(list);
}
