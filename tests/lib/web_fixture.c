/* Implementation of the pages' server for tests (web_fixture.h). */
#include "tests/lib/web_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/bureau/directory.h"
#include "host/bureau/schema.h"
#include "host/bureau/user.h"
#include "tests/lib/check.h"
#include "tests/lib/postgres_fixture.h"

static int64_t clock_read(void *context)
{
    const struct fg_web_fixture *fixture = context;

    return fixture->now_ms;
}

static void log_drop(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* Lists can be published from the pages. */
static void listing_make(struct fg_web_fixture *fixture, struct fg_web_settings *settings)
{
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    struct fg_error error;

    (void)snprintf(fixture->list_directory, sizeof(fixture->list_directory), "%s", fg_test_path("lists"));
    (void)snprintf(fixture->list_key, sizeof(fixture->list_key), "%s", fg_test_path("list.pem"));
    (void)unlink(fixture->list_key);
    CHECK_OK(fg_private_key_write(fixture->list_key, key, &error), &error);
    CHECK_OK(
        fg_listing_new(fixture->list_directory, &key->public_key, 1, NULL, NULL, &fixture->listing, &error),
        &error);
    settings->listing = fixture->listing;
    settings->list_directory = fixture->list_directory;
    settings->list_sign_key_path = fixture->list_key;
}

struct fg_web_fixture *fg_fixture_web(bool postgres)
{
    struct fg_web_fixture *fixture = calloc(1, sizeof(*fixture));
    struct fg_web_settings settings = {.database_deadline_ms = 10000,
                                       .receipt_key = fg_fixture_bureau_receipt_key(),
                                       .directory = fg_device_directory,
                                       .now_ms = clock_read,
                                       .log = log_drop};
    struct fg_sql_settings sql = {.deadline_ms = 10000};
    struct fg_error error;

    CHECK(fixture != NULL);
    (void)snprintf(fixture->url, sizeof(fixture->url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("bureau.db"));
    sql.url = fixture->url;
    CHECK_OK(fg_sql_open(&sql, &fixture->sql, &error), &error);
    CHECK_OK(fg_sql_migrate(fixture->sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error),
             &error);
    fg_web_defaults(&fixture->config);
    (void)snprintf(fixture->config.address, sizeof(fixture->config.address), "127.0.0.1");
    fixture->config.public_lookup = true;
    fixture->now_ms = FG_FIXTURE_BUREAU_MS;
    settings.config = &fixture->config;
    settings.alarms = &fixture->alarms;
    settings.database_url = fixture->url;
    settings.context = fixture;
    listing_make(fixture, &settings);
    CHECK_OK(fg_web_start(&settings, &fixture->web, &error), &error);
    return fixture;
}

void fg_fixture_web_stop(struct fg_web_fixture *fixture)
{
    fg_web_stop(fixture->web);
    fg_listing_free(fixture->listing);
    fg_sql_close(fixture->sql);
    free(fixture);
}

void fg_fixture_web_user(struct fg_web_fixture *fixture, const char *user, const char *role)
{
    static char hash[FG_PASSWORD_HASH_TEXT];
    struct fg_user_by by = {"test", "test", fixture->now_ms, 0};
    struct fg_error error;

    if (hash[0] == '\0')
        CHECK_OK(fg_password_hash(FG_FIXTURE_PASSWORD, FG_PASSWORD_KNOWN, hash, &error), &error);
    CHECK_OK(fg_sql_begin(fixture->sql, &error), &error);
    CHECK_OK(fg_user_add(fixture->sql, user, user, role, hash, false, &by, &error), &error);
    CHECK_OK(fg_sql_commit(fixture->sql, &error), &error);
}

/* ---- asking ---- */

static int connect_from(const char *from, uint16_t port)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    CHECK_INT(inet_pton(AF_INET, from[0] != '\0' ? from : "127.0.0.1", &own.sin_addr), 1);
    CHECK_INT(inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr), 1);
    CHECK_INT(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    return fd;
}

int fg_fixture_web_raw(struct fg_web_fixture *fixture, const char *request)
{
    int fd = connect_from(fixture->from, fg_web_port(fixture->web));
    size_t length = strlen(request);
    size_t used = 0;
    ssize_t got;

    while (length > 0 && (got = send(fd, request, length, MSG_NOSIGNAL)) > 0) {
        request += got;
        length -= (size_t)got;
    }
    while (used + 1 < sizeof(fixture->answer) &&
           (got = recv(fd, fixture->answer + used, sizeof(fixture->answer) - 1 - used, 0)) > 0)
        used += (size_t)got;
    fixture->answer[used] = '\0';
    (void)close(fd);
    return strncmp(fixture->answer, "HTTP/1.1 ", 9) == 0 ? atoi(fixture->answer + 9) : -1;
}

int fg_fixture_web_ask(struct fg_web_fixture *fixture, const char *method, const char *path, const char *body,
                       const char *more)
{
    size_t capacity = 4096 + strlen(path) + (body != NULL ? strlen(body) : 0);
    char *request = malloc(capacity);
    unsigned port = fg_web_port(fixture->web);
    int status;

    CHECK(request != NULL);
    (void)snprintf(request, capacity,
                   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\nConnection: "
                   "close\r\n%s%s%s%s%s%s%sContent-Length: %zu\r\n%s\r\n%s",
                   method, path, port, port, fixture->cookie[0] != '\0' ? "Cookie: " : "", fixture->cookie,
                   fixture->cookie[0] != '\0' ? "\r\n" : "",
                   fixture->token[0] != '\0' ? "X-Fillgate-Token: " : "", fixture->token,
                   fixture->token[0] != '\0' ? "\r\n" : "",
                   body != NULL ? "Content-Type: application/json\r\n" : "", body != NULL ? strlen(body) : 0,
                   more != NULL ? more : "", body != NULL ? body : "");
    status = fg_fixture_web_raw(fixture, request);
    free(request);
    return status;
}

const char *fg_fixture_web_cookie(const struct fg_web_fixture *fixture, const char *name)
{
    static char value[100];
    char start[60];
    const char *at;

    (void)snprintf(start, sizeof(start), "Set-Cookie: %s=", name);
    at = strstr(fixture->answer, start);
    value[0] = '\0';
    if (at != NULL)
        (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(start), ";"),
                       at + strlen(start));
    return value;
}

const char *fg_fixture_web_text(const struct fg_web_fixture *fixture, const char *name)
{
    static char value[300];
    char start[60];
    const char *at;

    (void)snprintf(start, sizeof(start), "\"%s\":\"", name);
    at = strstr(fixture->answer, start);
    value[0] = '\0';
    if (at != NULL)
        (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(start), "\""),
                       at + strlen(start));
    return value;
}

int fg_fixture_web_sign_in(struct fg_web_fixture *fixture, const char *user, const char *password)
{
    char body[600];
    char browser[80];
    int status;

    (void)snprintf(body, sizeof(body), "{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
    status = fg_fixture_web_ask(fixture, "POST", "/api/v1/session", body, NULL);
    if (status == 200) {
        (void)snprintf(browser, sizeof(browser), "%s", fg_fixture_web_cookie(fixture, "fillgate-browser"));
        (void)snprintf(fixture->cookie, sizeof(fixture->cookie), "fillgate=%s; fillgate-browser=%s",
                       fg_fixture_web_cookie(fixture, "fillgate"), browser);
        (void)snprintf(fixture->token, sizeof(fixture->token), "%s", fg_fixture_web_text(fixture, "token"));
    }
    return status;
}
