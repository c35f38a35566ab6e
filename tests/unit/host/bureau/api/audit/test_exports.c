/* Exports at the pages' server, on both back ends: the stream, its summary, the trail, who may, how many, and
 * what is left of a download that was given up. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/bureau/api/audit/exports.h"
#include "host/bureau/export/export_stream.h"
#include "host/bureau/trail/trail.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/history_fixture.h"
#include "tests/lib/fixture/host/web_fixture.h"

#define MANY 40000

static struct fg_web_fixture *world(bool postgres, size_t entries)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);

    fg_fixture_web_user(fixture, "chen", "auditor");
    fg_fixture_web_user(fixture, "zhao", "supervisor");
    fg_fixture_web_user(fixture, "li", "registrar");
    fg_fixture_web_user(fixture, "admin", "administrator");
    fg_fixture_history(fixture->sql, 3, entries);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "chen", FG_FIXTURE_PASSWORD), 200);
    return fixture;
}

/* The chunked body of the last answer, put together in place. */
static char *body_of(struct fg_web_fixture *fixture, size_t *ret_length)
{
    char *at = strstr(fixture->answer, "\r\n\r\n");
    char *body;
    size_t length = 0;

    CHECK(at != NULL);
    CHECK_HAS(fixture->answer, "Transfer-Encoding: chunked");
    at += 4;
    body = at;
    for (;;) {
        char *end = NULL;
        size_t chunk = strtoul(at, &end, 16);

        CHECK(end != at && strncmp(end, "\r\n", 2) == 0);
        if (chunk == 0)
            break;
        memmove(body + length, end + 2, chunk);
        length += chunk;
        at = end + 2 + chunk + 2;
    }
    body[length] = '\0';
    *ret_length = length;
    return body;
}

static const char *header(const struct fg_web_fixture *fixture, const char *name)
{
    static char value[100];
    const char *at = strstr(fixture->answer, name);

    CHECK(at != NULL);
    at = at != NULL ? at + strlen(name) : "";
    (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

struct expected {
    char *bytes;
    size_t length;
    uint64_t records;
};

static void expect(void *context, const struct fg_history_row *row)
{
    struct expected *expected = context;

    if (strcmp(row->station, "S1") != 0 || row->kind != FG_ENTRY_ENDED)
        return;
    expected->length += fg_export_record(FG_EXPORT_CSV, row, expected->bytes + expected->length);
    expected->records++;
}

static void proof_check(struct fg_web_fixture *fixture, const char *id, const struct expected *expected)
{
    const struct fg_public_key *key = &fg_fixture_bureau_receipt_key()->public_key;
    struct fg_export_proof proof;
    struct fg_digest digest;
    struct fg_error error;
    const char *json;
    char path[100];

    (void)snprintf(path, sizeof(path), "/api/v1/exports/%s", id);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", path, NULL, NULL), 200);
    json = strstr(fixture->answer, "\r\n\r\n") + 4;
    CHECK_OK(fg_export_proof_read(json, strlen(json), &proof, &error), &error);
    CHECK_OK(fg_export_proof_verify(&proof, key, &error), &error);
    CHECK_TEXT(proof.summary.user, "chen");
    CHECK_TEXT(proof.summary.role, "auditor");
    CHECK_TEXT(proof.summary.filter, "station=S1 outcome=ENDED");
    CHECK_INT(proof.summary.begun_ms, FG_FIXTURE_BUREAU_MS);
    CHECK_INT(proof.summary.records, expected->records);
    CHECK_INT(proof.summary.bytes, expected->length);
    fg_sha256(expected->bytes, expected->length, &digest);
    CHECK_BYTES(proof.summary.sha256.bytes, digest.bytes, FG_DIGEST_BYTES);
}

static void export_check(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, 1500);
    struct expected expected = {.bytes = malloc(1 << 20)};
    char id[FG_EXPORT_ID_DIGITS + 1];
    size_t length = 0;
    char *body;

    CHECK(expected.bytes != NULL);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?station=S1&outcome=ENDED", NULL, NULL),
              200);
    CHECK_HAS(fixture->answer, "Content-Type: text/csv; charset=utf-8");
    CHECK_HAS(fixture->answer, "Cache-Control: no-store");
    (void)snprintf(id, sizeof(id), "%s", header(fixture, "X-Fillgate-Export: "));
    CHECK_HAS(header(fixture, "Content-Disposition: "), "attachment; filename=\"fillgate-");
    body = body_of(fixture, &length);
    expected.length = fg_export_head(FG_EXPORT_CSV, expected.bytes);
    fg_fixture_history_each(fixture->sql, expect, &expected);
    CHECK(expected.records > 20);
    CHECK_INT(length, expected.length);
    CHECK_BYTES(body, expected.bytes, length);
    proof_check(fixture, id, &expected);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail WHERE action = 'EXPORT' AND login = "
                                    "'chen' AND detail = 'format=csv station=S1 outcome=ENDED'"),
              1);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail t, web_export e WHERE t.action = "
                                    "'EXPORT_DONE' AND t.subject = e.id AND e.done = 1 AND t.detail "
                                    "LIKE 'format=csv records=%sha256=%station=S1 outcome=ENDED'"),
              1);
    free(expected.bytes);
    fg_fixture_web_stop(fixture);
}

TEST("an export comes whole, its summary verifies, the trail has who, filter and count: SQLite")
{
    export_check(false);
}

TEST("an export comes whole, its summary verifies, the trail has who, filter and count: PostgreSQL")
{
    export_check(true);
}

TEST("who may not export gets nothing; summaries are for who made them; bad requests are refused")
{
    struct fg_web_fixture *fixture = world(false, 10);
    char path[100];

    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/jsonl?code=NOTHING", NULL, NULL), 200);
    (void)snprintf(path, sizeof(path), "/api/v1/exports/%s", header(fixture, "X-Fillgate-Export: "));
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", path, NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"records\":0,\"bytes\":0");
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/xls", NULL, NULL), 400);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?order=newest", NULL, NULL), 400);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?reason=NO_SUCH", NULL, NULL), 400);
    CHECK_INT(fg_fixture_web_ask(fixture, "HEAD", "/api/v1/export/csv", NULL, NULL), 405);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/export/csv", NULL, NULL), 405);
    CHECK_INT(
        fg_fixture_web_ask(fixture, "GET", "/api/v1/exports/0123456789abcdef0123456789abcdef", NULL, NULL),
        404);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/exports/..%2f..", NULL, NULL), 400);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "zhao", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?code=NOTHING", NULL, NULL), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", path, NULL, NULL), 404);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv", NULL, NULL), 403);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "admin", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv", NULL, NULL), 403);
    fixture->cookie[0] = '\0';
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv", NULL, NULL), 401);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM web_export"), 2);
    fg_fixture_web_stop(fixture);
}

/* ---- somebody who reads slowly or not at all ---- */

static int slow_reader(const struct fg_web_fixture *fixture)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(fg_web_port(fixture->web))};
    const int small = 4096;
    char request[700];
    char first[16];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    CHECK_INT(inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr), 1);
    CHECK_INT(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    (void)snprintf(request, sizeof(request),
                   "GET /api/v1/export/jsonl HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nCookie: %s\r\n\r\n",
                   fg_web_port(fixture->web), fixture->cookie);
    CHECK_INT(send(fd, request, strlen(request), 0), strlen(request));
    CHECK(recv(fd, first, sizeof(first), MSG_WAITALL) == (ssize_t)sizeof(first));
    CHECK_BYTES(first, "HTTP/1.1 200 OK\r", sizeof(first));
    return fd;
}

static void given_up_await(struct fg_web_fixture *fixture, int64_t count)
{
    for (int i = 0; i < 600; i++) {
        if (fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM web_export WHERE done = 0") == count)
            return;
        fg_sleep_ms(50);
    }
    fg_test_fail(__FILE__, __LINE__, "%lld exports given up, not %lld",
                 (long long)fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM web_export"),
                 (long long)count);
}

static void slow_check(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, MANY);
    int first = slow_reader(fixture);
    int second = slow_reader(fixture);

    /* Two of one person, and others are answered meanwhile. */
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?code=NOTHING", NULL, NULL), 429);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/entries?station=S1", NULL, NULL), 200);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "zhao", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?code=NOTHING", NULL, NULL), 200);
    (void)close(first);
    (void)close(second);
    given_up_await(fixture, 2);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail WHERE action = 'EXPORT_GIVEN_UP' "
                                    "AND login = 'chen' AND detail LIKE 'format=jsonl records=%'"),
              2);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "chen", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/export/csv?code=NOTHING", NULL, NULL), 200);
    fg_fixture_web_stop(fixture);
}

TEST("a download that is given up frees its place and stands in the trail: SQLite")
{
    slow_check(false);
}

TEST("a download that is given up frees its place and stands in the trail: PostgreSQL")
{
    slow_check(true);
}

TEST("a server that stops in the middle of a download leaves nothing behind")
{
    struct fg_web_fixture *fixture;
    int reader;
    char buffer[4096];
    ssize_t got;

    fixture = world(false, MANY);
    reader = slow_reader(fixture);
    fg_web_stop(fixture->web);
    fixture->web = NULL;
    while ((got = recv(reader, buffer, sizeof(buffer), 0)) > 0)
        ;
    (void)close(reader);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM web_export WHERE done = 1"), 0);
    fg_fixture_web_stop(fixture);
}
