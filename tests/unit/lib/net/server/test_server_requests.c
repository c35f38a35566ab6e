/* Requests at a server: which targets there are, which route a request reaches, what its query says, and how
 * much of a body is taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/server/private.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

TEST("BAD-INPUT-IS-SAFE: a target has a path of up to 1023 bytes, is no longer than twice that, and leads "
     "nowhere "
     "else")
{
    static const struct {
        const char *target;
        uint16_t status;
    } cases[] = {
        {"/", 0},       {"/a", 0},          {"/a/b?c=d", 0},   {"/...", 0},          {"/.a", 0},
        {"/a.", 0},     {"/..a", 0},        {"/a..", 0},       {"/a/...", 0},        {"//", 0},
        {"/%20", 0},    {"/~", 0},          {"/%80", 0},       {"/a?../..", 0},      {"", 400},
        {"a", 400},     {"?", 400},         {"/.", 400},       {"/..", 400},         {"/./a", 400},
        {"/../a", 400}, {"/a/.", 400},      {"/a/..", 400},    {"/a/../b", 400},     {"/a/./b", 400},
        {"/%2e", 400},  {"/%2E%2e/x", 400}, {"/%1f", 400},     {"/%7f", 400},        {"/a%5cb", 400},
        {"/a\\b", 400}, {"/%00", 400},      {"/a?b=%00", 400}, {"/a%2f..%2fb", 400}, {"/%2e%2fa", 400},
    };
    char target[2100];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (fg_server_target_check(cases[i].target) != cases[i].status)
            fg_test_fail(__FILE__, __LINE__, "%s: not %u", cases[i].target, cases[i].status);
    }
    memset(target, 'a', sizeof(target));
    target[0] = '/';
    target[FG_SERVER_PATH_MAX + 1] = '\0';
    CHECK_INT(fg_server_target_check(target), 414);
    target[FG_SERVER_PATH_MAX] = '\0';
    CHECK_INT(fg_server_target_check(target), 0);
    memset(target, 'a', sizeof(target));
    target[0] = '/';
    target[FG_SERVER_PATH_MAX] = '?';
    target[2 * FG_SERVER_PATH_MAX + 1] = '\0';
    CHECK_INT(fg_server_target_check(target), 414);
    target[2 * FG_SERVER_PATH_MAX] = '\0';
    CHECK_INT(fg_server_target_check(target), 0);
}

/* ---- a server of its own routes ---- */

static struct fg_server_fixture fixture;

static bool until_stop(void *context, const char *name, const char *value)
{
    char *text = context;
    size_t used = strlen(text);

    (void)snprintf(text + used, 400 - used, "[%s=%s]", name, value != NULL ? value : "(none)");
    return strcmp(name, "stop") != 0;
}

static void handle(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    char query[400] = "";
    bool all = fg_request_query_each(request, until_stop, query);

    fg_answer_text(ret_answer, 200, "%s %s %zu %s %s", (const char *)context, request->method,
                   request->body_length, query, all ? "all" : "stopped");
}

static const struct fg_route routes[] = {
    {"GET", "/one", 0, false, handle, (void *)(uintptr_t) "one"},
    {"POST", "/one", 5000, false, handle, (void *)(uintptr_t) "posted"},
    {"PUT", "/one", 10, false, handle, (void *)(uintptr_t) "put"},
    {"GET", "/under/*", 0, false, handle, (void *)(uintptr_t) "under"},
    {"GET", "/under/late", 0, false, handle, (void *)(uintptr_t) "never"},
    {"GET", "*", 0, true, handle, (void *)(uintptr_t) "secret"},
};

static void start(void)
{
    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.connections_max = 100;
    fixture.settings.routes = routes;
    fixture.settings.route_count = sizeof(routes) / sizeof(routes[0]) - 1;
    fg_fixture_start(&fixture);
}

static const char *ask(const char *method, const char *target)
{
    char request[256];

    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method,
                   target);
    return fg_fixture_raw(&fixture, request);
}

TEST("the first route that fits counts; a path with other methods says which, one without any is not there")
{
    const char *answer;

    start();
    CHECK_HAS(ask("GET", "/one"), "one GET 0");
    CHECK_HAS(ask("POST", "/one"), "posted POST 0");
    answer = ask("HEAD", "/one");
    CHECK_HAS(answer, " 200 ");
    CHECK(strstr(answer, "one HEAD") == NULL);
    CHECK_HAS(ask("DELETE", "/one"), "Allow: GET, POST, PUT\r\n");
    CHECK_HAS(ask("DELETE", "/under/x"), "Allow: GET\r\n");
    CHECK_HAS(ask("DELETE", "/under/x"), " 405 ");
    CHECK_HAS(ask("GET", "/under/"), "under GET");
    CHECK_HAS(ask("GET", "/under/late"), "under GET");
    CHECK_HAS(ask("GET", "/under"), " 404 ");
    CHECK_HAS(ask("GET", "/one/"), " 404 ");
    CHECK_HAS(ask("GET", "/on"), " 404 ");
    CHECK_HAS(ask("DELETE", "/nowhere"), " 404 ");
    fg_fixture_stop(&fixture);
    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.connections_max = 100;
    fixture.settings.routes = routes;
    fixture.settings.route_count = sizeof(routes) / sizeof(routes[0]);
    fg_fixture_start(&fixture);
    CHECK_HAS(ask("GET", "/nowhere"), " 401 ");
    fg_fixture_stop(&fixture);
}

TEST("each parameter of a query is seen in its order, until somebody has seen enough")
{
    start();
    CHECK_HAS(ask("GET", "/one?b=2&a=%41&b=&c"), "one GET 0 [b=2][a=A][b=][c=(none)] all");
    CHECK_HAS(ask("GET", "/one?a=1&stop=1&b=2"), "one GET 0 [a=1][stop=1] stopped");
    CHECK_HAS(ask("GET", "/one"), "one GET 0  all");
    fg_fixture_stop(&fixture);
}

static const char *post(size_t length)
{
    static char request[80000];
    int used =
        snprintf(request, sizeof(request),
                 "POST /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", length);

    memset(request + used, 'b', length);
    request[(size_t)used + length] = '\0';
    return fg_fixture_raw(&fixture, request);
}

TEST("a body is taken to its last byte, however many pieces it comes in, and one byte more is refused")
{
    static const size_t lengths[] = {1, 4095, 4096, 4097, 4999, 5000};

    start();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "posted POST %zu ", lengths[i]);
        CHECK_HAS(post(lengths[i]), text);
    }
    CHECK_HAS(post(5001), " 413 ");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a field that decides how a request is read comes once, and a length in one way")
{
    static const struct {
        const char *fields;
        const char *says;
    } cases[] = {
        {"Content-Type: a\r\ncontent-type: a\r\n", "came twice"},
        {"X-Fillgate-Token: a\r\nX-Fillgate-Token: a\r\n", "came twice"},
        {"Origin: a\r\nOrigin: a\r\n", "came twice"},
        {"X-Other: a\r\nX-Other: a\r\n", " 200 "},
        {"X!#$%&'*+-.^_`|~9z: a\r\n", " 200 "},
        {"X(: a\r\n", "another character that no name has"},
        {"X,Y: a\r\n", "another character that no name has"},
    };
    char request[512];

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(request, sizeof(request),
                       "GET /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", cases[i].fields);
        if (strstr(fg_fixture_raw(&fixture, request), cases[i].says) == NULL)
            fg_test_fail(__FILE__, __LINE__, "%s: not %s", cases[i].fields, cases[i].says);
    }
    fg_fixture_stop(&fixture);
}
