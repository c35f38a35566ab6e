/* Names of hosts as certificates and settings have them: what is one, and when two are the same. */
#include <string.h>

#include "lib/base/ini_line.h"
#include "lib/crypto/certificate.h"
#include "tests/lib/check.h"

TEST("a host's name is an address, or labels of letters, digits and hyphens with dots between them")
{
    static const char *const good[] = {"a",     "A-1.b-2",   "127.0.0.1", "::1", "fe80::1", "xn--0",
                                       "1.2.3", "localhost", "z.Z.9.0",   "-",   "a.b.c.d"};
    static const char *const bad[] = {"",    ".",   "a.",    ".a",  "a..b", "a b", "a_b",
                                      "a/b", "a:b", "[::1]", "*.a", "a\n",  "ä",   "a,b"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!fg_host_name_is_good(good[i]))
            fg_test_fail(__FILE__, __LINE__, "%s is a name", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (fg_host_name_is_good(bad[i]))
            fg_test_fail(__FILE__, __LINE__, "%s is no name", bad[i]);
    }
}

TEST("a host's name is no longer than a certificate may have it")
{
    char name[FG_CERTIFICATE_NAME_MAX + 2];

    memset(name, 'n', sizeof(name));
    name[FG_CERTIFICATE_NAME_MAX + 1] = '\0';
    CHECK(!fg_host_name_is_good(name));
    name[FG_CERTIFICATE_NAME_MAX] = '\0';
    CHECK(fg_host_name_is_good(name));
}

TEST("two names are one in any case, two addresses in any way of writing, and a name is no address")
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } cases[] = {{"a.b", "A.B", true},
                 {"a.b", "a.c", false},
                 {"a", "a.b", false},
                 {"::1", "0:0:0:0:0:0:0:1", true},
                 {"::1", "::2", false},
                 {"fe80::A", "fe80::a", true},
                 {"127.0.0.1", "127.0.0.1", true},
                 {"127.0.0.1", "127.0.0.2", false},
                 {"127.0.0.1", "::ffff:127.0.0.1", false},
                 {"127.0.0.1", "localhost", false},
                 {"localhost", "127.0.0.1", false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_INT(fg_host_name_equal(cases[i].a, cases[i].b), cases[i].same);
}

TEST(
    "lines of a text come one by one with their ends, and one that fills its buffer is named with its number")
{
    static const char text[] = "ab\n\nlast";
    struct fg_ini_lines lines = {.path = "x.ini", .next = text, .end = text + sizeof(text) - 1};
    struct fg_error error;
    enum fg_err code = FG_OK;
    char buffer[8];

    CHECK(fg_ini_line(&lines, buffer, 0, &code, &error) == NULL);
    CHECK_INT(lines.line, 0);
    CHECK_TEXT(fg_ini_line(&lines, buffer, sizeof(buffer), &code, &error), "ab\n");
    CHECK_TEXT(fg_ini_line(&lines, buffer, sizeof(buffer), &code, &error), "\n");
    CHECK_INT(lines.line, 2);
    CHECK(fg_ini_line(&lines, buffer, 4, &code, &error) == NULL);
    CHECK_INT(code, FG_E_SIZE);
    CHECK_HAS(error.text, "x.ini:3: line longer than 1 bytes");
    code = FG_OK;
    CHECK_TEXT(fg_ini_line(&lines, buffer, 5, &code, &error), "last");
    CHECK(fg_ini_line(&lines, buffer, sizeof(buffer), &code, &error) == NULL);
    CHECK_INT(code, FG_OK);
}
