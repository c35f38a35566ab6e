/* Names, origins and cookies: who is heard by a server of pages. */
#include "lib/net/page/page_guard.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check.h"

static struct fg_error error;

TEST("the address to listen at is numeric, with a port")
{
    static const char *const bad[] = {
        "",         "127.0.0.1",      "127.0.0.1:",   "127.0.0.1:65536", "localhost:80", ":8480",
        "::1:8480", "[127.0.0.1]:80", "127.0.0.1:-1", "[::1]",           "127.1:8480",   "127.0.0.1:80x"};
    char address[FG_PAGE_NAME_BYTES];
    uint16_t port = 0;

    CHECK_OK(fg_page_listen_parse("127.0.0.1:8480", address, &port, &error), &error);
    CHECK_TEXT(address, "127.0.0.1");
    CHECK_INT(port, 8480);
    CHECK_OK(fg_page_listen_parse("[::1]:0", address, &port, &error), &error);
    CHECK_TEXT(address, "::1");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_page_listen_parse(bad[i], address, &port, &error), FG_E_FORMAT);
    CHECK(fg_page_is_loopback("127.9.9.9"));
    CHECK(fg_page_is_loopback("::1"));
    CHECK(!fg_page_is_loopback("0.0.0.0"));
    CHECK(!fg_page_is_loopback("::"));
    CHECK(!fg_page_is_loopback("192.168.1.5"));
}

TEST("a Host that is not one of the panel's names is not heard: DNS rebinding")
{
    static const char *const good[] = {"127.0.0.1:8480",     "localhost:8480",     "LocalHost:8480",
                                       "panel.example:8480", "PANEL.example:8480", "[fe80::1]:8480"};
    static const char *const bad[] = {"",
                                      "evil.example:8480",
                                      "127.0.0.1",
                                      "127.0.0.1:8481",
                                      "localhost:",
                                      "x",
                                      "panel.example.evil.com:8480",
                                      "panel.example:8480:8480",
                                      "localhost:8480/",
                                      "[::1]:8480",
                                      "fe80::1:8480",
                                      ":8480",
                                      "127.0.0.1:08480 ",
                                      "panel.example\t:8480"};
    struct fg_page_names names;

    CHECK_OK(
        fg_page_names_make(" Panel.Example , 192.168.1.5,fe80::1", "127.0.0.1", 8480, false, &names, &error),
        &error);
    CHECK_INT(names.count, 5);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK(fg_page_host_fits(&names, good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(!fg_page_host_fits(&names, bad[i]));
    CHECK(!fg_page_host_fits(&names, NULL));
    names.port = 80;
    CHECK(fg_page_host_fits(&names, "panel.example"));
    names.https = true;
    CHECK(!fg_page_host_fits(&names, "panel.example"));
}

TEST("an address that stands for all is no name")
{
    struct fg_page_names names;

    CHECK_OK(fg_page_names_make("", "0.0.0.0", 8480, true, &names, &error), &error);
    CHECK(!fg_page_host_fits(&names, "0.0.0.0:8480"));
    CHECK(fg_page_host_fits(&names, "localhost:8480"));
}

TEST("names that are none, or too many, are told")
{
    static const char *const bad[] = {"a b", ",", "a,,b", "a/b", "http://a", "a;b"};
    struct fg_page_names names;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_page_names_make(bad[i], "::1", 1, false, &names, &error), FG_E_FORMAT);
    CHECK_INT(fg_page_names_make("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o", "::1", 1, false, &names, &error),
              FG_E_FULL);
}

TEST("only the panel's own origin may ask, and not from another site")
{
    struct fg_page_names names;

    CHECK_OK(fg_page_names_make("", "127.0.0.1", 8480, false, &names, &error), &error);
    CHECK(fg_page_origin_fits(&names, "http://127.0.0.1:8480"));
    CHECK(fg_page_origin_fits(&names, "http://localhost:8480"));
    CHECK(!fg_page_origin_fits(&names, NULL));
    CHECK(!fg_page_origin_fits(&names, "null"));
    CHECK(!fg_page_origin_fits(&names, "https://127.0.0.1:8480"));
    CHECK(!fg_page_origin_fits(&names, "http://127.0.0.1:8481"));
    CHECK(!fg_page_origin_fits(&names, "http://evil.example"));
    CHECK(fg_page_site_fits(NULL));
    CHECK(fg_page_site_fits("same-origin"));
    CHECK(fg_page_site_fits("none"));
    CHECK(!fg_page_site_fits("same-site"));
    CHECK(!fg_page_site_fits("cross-site"));
    CHECK(fg_page_type_fits("application/json"));
    CHECK(fg_page_type_fits("Application/JSON; charset=utf-8"));
    CHECK(!fg_page_type_fits("application/jsonx"));
    CHECK(!fg_page_type_fits("text/plain"));
    CHECK(!fg_page_type_fits(NULL));
}

TEST("a port has up to five digits and is no more than 65535")
{
    char address[FG_PAGE_NAME_BYTES];
    uint16_t port = 0;

    CHECK_OK(fg_page_listen_parse("127.0.0.1:65535", address, &port, &error), &error);
    CHECK_INT(port, 65535);
    CHECK_OK(fg_page_listen_parse("127.0.0.1:00080", address, &port, &error), &error);
    CHECK_INT(port, 80);
    CHECK_INT(fg_page_listen_parse("127.0.0.1:000080", address, &port, &error), FG_E_FORMAT);
    CHECK_INT(fg_page_listen_parse("[]:80", address, &port, &error), FG_E_FORMAT);
    CHECK_INT(fg_page_listen_parse("]:80", address, &port, &error), FG_E_FORMAT);
    CHECK_INT(fg_page_listen_parse("[:80", address, &port, &error), FG_E_FORMAT);
    CHECK_OK(fg_page_listen_parse("[::]:80", address, &port, &error), &error);
    CHECK_TEXT(address, "::");
    CHECK(!fg_page_is_loopback("126.255.255.255"));
    CHECK(!fg_page_is_loopback("128.0.0.1"));
    CHECK(!fg_page_is_loopback("localhost"));
}

TEST("without a port a name is that of the scheme's own port")
{
    struct fg_page_names names;

    CHECK_OK(fg_page_names_make("fe80::1", "127.0.0.1", 80, false, &names, &error), &error);
    CHECK(fg_page_host_fits(&names, "localhost"));
    CHECK(fg_page_host_fits(&names, "localhost:80"));
    CHECK(!fg_page_host_fits(&names, "localhost:443"));
    CHECK(fg_page_host_fits(&names, "[fe80::1]"));
    CHECK(fg_page_origin_fits(&names, "http://[fe80::1]"));
    CHECK(!fg_page_origin_fits(&names, "https://localhost"));
    names.https = true;
    CHECK(!fg_page_host_fits(&names, "localhost"));
    names.port = 443;
    CHECK(fg_page_host_fits(&names, "localhost"));
    CHECK(fg_page_origin_fits(&names, "https://localhost"));
    CHECK(!fg_page_origin_fits(&names, "http://localhost"));
    CHECK(!fg_page_origin_fits(&names, "https:/localhost"));
}

TEST("there is room for 14 names beside one's own, each of up to 125 characters, in any case")
{
    struct fg_page_names names;
    char longest[130];
    char host[140];

    CHECK_OK(fg_page_names_make("a,b,c,d,e,f,g,h,i,j,k,l,m,n", "::1", 1, false, &names, &error), &error);
    CHECK_INT(names.count, 16);
    CHECK(fg_page_host_fits(&names, "n:1"));
    CHECK(!fg_page_host_fits(&names, "o:1"));
    memset(longest, 'x', sizeof(longest));
    longest[125] = '\0';
    CHECK_OK(fg_page_names_make(longest, "::1", 1, false, &names, &error), &error);
    (void)snprintf(host, sizeof(host), "%s:1", longest);
    CHECK(fg_page_host_fits(&names, host));
    longest[125] = 'x';
    longest[126] = '\0';
    CHECK_INT(fg_page_names_make(longest, "::1", 1, false, &names, &error), FG_E_FORMAT);
    CHECK_OK(fg_page_names_make("AZaz09.-", "::1", 1, false, &names, &error), &error);
    CHECK_TEXT(names.names[2], "azaz09.-");
    CHECK_TEXT(names.names[1], "[::1]");
}

TEST("JSON is told by its type, with or without what is added to it")
{
    CHECK(fg_page_type_fits("application/json"));
    CHECK(fg_page_type_fits("application/json;charset=utf-8"));
    CHECK(fg_page_type_fits("application/json ; charset=utf-8"));
    CHECK(!fg_page_type_fits("application/jso"));
    CHECK(!fg_page_type_fits("application/json,text/plain"));
}

TEST("a cookie is found by its whole name and its exact form")
{
    char value[9] = "";

    CHECK(fg_page_cookie_find("a=1; panel=0123abcd; b=2", "panel", 8, value));
    CHECK_TEXT(value, "0123abcd");
    CHECK(fg_page_cookie_find("panel=00000001", "panel", 8, value));
    CHECK(fg_page_cookie_find("panel=short;panel=00000002", "panel", 8, value));
    CHECK_TEXT(value, "00000002");
    CHECK(!fg_page_cookie_find(NULL, "panel", 8, value));
    CHECK(!fg_page_cookie_find("", "panel", 8, value));
    CHECK(!fg_page_cookie_find("xpanel=00000003", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panel=0123ABCD", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panel=000000030", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panel=0000000", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panel", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panel_00000003", "panel", 8, value));
    CHECK(!fg_page_cookie_find("panels00000003", "panel", 8, value));
    CHECK(!fg_page_cookie_find(";;; ;", "panel", 8, value));
}
