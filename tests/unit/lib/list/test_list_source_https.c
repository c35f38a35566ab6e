/* The source of list data over HTTPS: what each answer of a server means to an update, and what of a body is
 * kept. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/list_update.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

static struct fg_error error;
static struct fg_server_fixture fixture;
static struct fg_list_https context;
static struct fg_list_source source;
static uint16_t answer_status;
static size_t answer_length;
static char asked[256];
static char asked_range[64];

/* Bytes that tell their place. */
static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 7 + (at >> 8));
}

static void handle(void *unused, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static uint8_t bytes[4096];
    const char *range = fg_request_header(request, "Range");
    static const char *const names[] = {"version", "from", "to", "level", "index"};
    size_t used;

    (void)unused;
    used = (size_t)snprintf(asked, sizeof(asked), "%s", request->path);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = fg_request_query(request, names[i]);

        if (value != NULL)
            used += (size_t)snprintf(asked + used, sizeof(asked) - used, " %s=%s", names[i], value);
    }
    (void)snprintf(asked_range, sizeof(asked_range), "%s", range != NULL ? range : "");
    for (size_t i = 0; i < answer_length; i++)
        bytes[i] = byte_at(i);
    fg_answer_bytes(ret_answer, answer_status, bytes, answer_length);
}

static const struct fg_route routes[] = {{"GET", "/v1/list/*", 0, false, handle, NULL}};

static int64_t now_ms(void *unused)
{
    (void)unused;
    return FG_FIXTURE_NOW_MS;
}

static void start(void)
{
    struct fg_https_settings settings = {.peer_roles = FG_HTTPS_BUREAU,
                                         .now_ms = now_ms,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 20000};
    char url[64];
    char ca[256];

    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=bureau/CN=b1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    fg_fixture_prepare(&fixture, false, 0);
    fixture.settings.routes = routes;
    fixture.settings.route_count = 1;
    fg_fixture_start(&fixture);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", (unsigned)fg_server_port(fixture.server));
    (void)snprintf(ca, sizeof(ca), "%s", fg_test_path("ca.pem"));
    settings.url = url;
    settings.ca_path = ca;
    memset(&context, 0, sizeof(context));
    CHECK_OK(fg_https_new(&settings, &context.https, &error), &error);
    (void)snprintf(context.list_id, sizeof(context.list_id), "city");
    fg_list_https_source(&context, &source);
}

static void stop(void)
{
    fg_https_free(context.https);
    fg_fixture_stop(&fixture);
}

static int open_part(int flags)
{
    int fd = open(fg_test_path("part"), O_CREAT | O_CLOEXEC | flags, 0600);

    CHECK(fd >= 0);
    return fd;
}

static off_t size_of(int fd)
{
    struct stat status;

    CHECK_INT(fstat(fd, &status), 0);
    return status.st_size;
}

TEST("each status of a source has its meaning for an update, and its body is not taken for list data")
{
    static const struct {
        uint16_t status;
        enum fg_err expected;
    } cases[] = {
        {401, FG_E_DENIED}, {403, FG_E_DENIED}, {404, FG_E_NOT_FOUND}, {416, FG_E_RANGE}, {429, FG_E_BUSY},
        {503, FG_E_BUSY},   {400, FG_E_IO},     {500, FG_E_IO},        {204, FG_E_IO},    {201, FG_E_IO},
    };
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    uint8_t buffer[512];

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t length = 99;
        int fd = open_part(O_RDWR | O_TRUNC);

        answer_status = cases[i].status;
        answer_length = cases[i].status == 204 ? 0 : 64;
        CHECK_INT(source.manifest(&context, buffer, sizeof(buffer), &length, &error), cases[i].expected);
        CHECK_INT(length, 99);
        CHECK_INT(source.bucket(&context, 1, 2, buffer, sizeof(buffer), &length, &error), cases[i].expected);
        CHECK_INT(source.node(&context, 1, 0, 0, digests, 2, &error), cases[i].expected);
        CHECK_INT(write(fd, "begun", 5), 5);
        CHECK_INT(source.file(&context, 1, fd, 5, 1000, &error), cases[i].expected);
        CHECK_INT(source.delta(&context, 1, 2, fd, 5, 1000, &error), cases[i].expected);
        CHECK_INT(size_of(fd), 5);
        (void)close(fd);
    }
    stop();
}

TEST("what is asked for is named in the request, and comes into the buffer given")
{
    struct fg_digest digests[2];
    uint8_t buffer[64];
    size_t length = 0;

    start();
    answer_status = 200;
    answer_length = 64;
    CHECK_OK(source.manifest(&context, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_INT(length, 64);
    CHECK_INT(buffer[63], byte_at(63));
    CHECK_TEXT(asked, "/v1/list/city/manifest");
    length = 0;
    CHECK_OK(source.bucket(&context, 7, 300, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_INT(length, 64);
    CHECK_TEXT(asked, "/v1/list/city/bucket version=7 index=300");
    CHECK_INT(source.bucket(&context, 7, 300, buffer, 63, &length, &error), FG_E_SIZE);
    CHECK_OK(source.node(&context, 7, 2, 9, digests, 2, &error), &error);
    CHECK_INT(digests[1].bytes[31], byte_at(63));
    CHECK_TEXT(asked, "/v1/list/city/node version=7 level=2 index=9");
    stop();
}

TEST("BAD-INPUT-IS-SAFE: a group of nodes of another length than its own is refused")
{
    static const size_t lengths[] = {0, 1, 63, 65, 960};
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];

    start();
    answer_status = 200;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        answer_length = lengths[i];
        CHECK_INT(source.node(&context, 7, 2, 9, digests, 2, &error), FG_E_FORMAT);
    }
    answer_length = 960; /* the largest there is */
    CHECK_OK(source.node(&context, 7, 2, 9, digests, FG_TREE_GROUP_DIGESTS, &error), &error);
    answer_length = 4096;
    CHECK_INT(source.node(&context, 7, 2, 9, digests, FG_TREE_GROUP_DIGESTS, &error), FG_E_FORMAT);
    stop();
}

TEST("a file goes on where it was only when the source says that it does, and never beyond its size")
{
    int fd = open_part(O_RDWR | O_TRUNC);
    uint8_t bytes[6];

    start();
    answer_status = 200;
    answer_length = 64;
    CHECK_OK(source.file(&context, 7, fd, 0, 64, &error), &error);
    CHECK_INT(size_of(fd), 64);
    CHECK_TEXT(asked, "/v1/list/city/file version=7");
    CHECK_TEXT(asked_range, "");
    CHECK_INT(ftruncate(fd, 5), 0);
    CHECK_INT(lseek(fd, 5, SEEK_SET), 5);
    CHECK_INT(source.file(&context, 7, fd, 5, 100, &error), FG_E_RANGE); /* the whole in place of the rest */
    CHECK_HAS(error.text, "does not go on at byte 5");
    CHECK_TEXT(asked_range, "bytes=5-");
    CHECK_INT(size_of(fd), 5);
    CHECK_INT(lseek(fd, 5, SEEK_SET), 5);
    answer_status = 206;
    CHECK_OK(source.delta(&context, 3, 7, fd, 5, 69, &error), &error);
    CHECK_TEXT(asked, "/v1/list/city/delta from=3 to=7");
    CHECK_INT(size_of(fd), 69);
    CHECK_INT(pread(fd, bytes, sizeof(bytes), 4), sizeof(bytes));
    CHECK_INT(bytes[1], byte_at(0));
    CHECK_INT(source.delta(&context, 3, 7, fd, 5, 68, &error), FG_E_SIZE);
    asked[0] = '\0';
    CHECK_INT(source.file(&context, 7, fd, 69, 69, &error), FG_E_RANGE);
    CHECK_INT(source.file(&context, 7, fd, 70, 69, &error), FG_E_RANGE);
    CHECK_TEXT(asked, ""); /* nothing is left to ask for */
    answer_length = 1;
    CHECK_INT(lseek(fd, 69, SEEK_SET), 69);
    CHECK_OK(source.file(&context, 7, fd, 69, 70, &error), &error);
    CHECK_INT(size_of(fd), 70);
    (void)close(fd);
    stop();
}

TEST("what cannot be written ends the fetch, and a full disk is called so")
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int read_only = open_part(O_RDONLY);

    start();
    answer_status = 200;
    answer_length = 64;
    CHECK(full >= 0);
    CHECK_INT(source.file(&context, 7, full, 0, 100, &error), FG_E_FULL);
    CHECK_HAS(error.text, "cannot be written");
    CHECK_INT(source.file(&context, 7, read_only, 0, 100, &error), FG_E_IO);
    (void)close(full);
    (void)close(read_only);
    stop();
}
