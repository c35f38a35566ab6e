/* Handing lists on over real HTTPS: published at one end, brought up to date at the other, with the requests
 * that nobody honest would make. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "lib/crypto/certificate_file.h"
#include "lib/list/list_update.h"
#include "lib/list/serve/list_routes.h"
#include "lib/net/server/https_server.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define DAY_MS INT64_C(86400000)
#define DEADLINE_MS 20000
#define BITS 6
#define BODY_MAX 100000

static struct fg_error error;
static struct fg_listing *listing;
static struct fg_server *server;
static struct fg_route route;
static char directory[FG_FIXTURE_PATH];
static char published[FG_FIXTURE_PATH];

static int64_t now(void *context)
{
    (void)context;
    return NOW_MS;
}

static void make_certificate(struct fg_ca *ca, const char *role, const char *name)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    struct fg_certificate_order order = {.role = role,
                                         .id = name,
                                         .key = &key.public_key,
                                         .name_count = 1,
                                         .names = {"127.0.0.1"},
                                         .from_ms = NOW_MS - DAY_MS,
                                         .to_ms = NOW_MS + DAY_MS};
    char file[64];

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_ca_issue(ca, &order, &certificate, &error), &error);
    part.length = certificate.length;
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    CHECK_OK(fg_certificates_write(fg_test_path(file), &part, 1, &error), &error);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    CHECK_OK(fg_private_key_write(fg_test_path(file), &key, &error), &error);
}

static bool is_allowed(void *context, const struct fg_peer *peer, const char *list_id)
{
    (void)context;
    return strcmp(peer->id, "c1") == 0 && strcmp(list_id, "secret") != 0;
}

static void start(void)
{
    struct fg_ca *ca;
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .now_ms = now,
                                          .threads = 2,
                                          .connections_max = 50,
                                          .request_max_ms = DEADLINE_MS,
                                          .routes = &route,
                                          .route_count = 1};
    char paths[3][FG_FIXTURE_PATH];

    CHECK_OK(fg_ca_create(fg_test_path("ca"), "test", NOW_MS - 30 * DAY_MS, 300, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), &ca, &error), &error);
    make_certificate(ca, "station", "server");
    make_certificate(ca, "controller", "c1");
    make_certificate(ca, "controller", "c2");
    fg_ca_close(ca);
    (void)snprintf(directory, sizeof(directory), "%s", fg_test_path("lists"));
    CHECK_OK(fg_listing_new(directory, &fg_fixture_key()->public_key, 1, is_allowed, NULL, &listing, &error),
             &error);
    route = fg_listing_route(listing);
    (void)snprintf(paths[0], FG_FIXTURE_PATH, "%s", fg_test_path("server.pem"));
    (void)snprintf(paths[1], FG_FIXTURE_PATH, "%s", fg_test_path("server.key"));
    (void)snprintf(paths[2], FG_FIXTURE_PATH, "%s", fg_test_path("ca/ca.pem"));
    settings.certificate_path = paths[0];
    settings.key_path = paths[1];
    settings.ca_path = paths[2];
    CHECK_OK(fg_server_start(&settings, &server, &error), &error);
    (void)mkdir(fg_test_path("work"), 0700);
}

static void stop(void)
{
    fg_server_stop(server);
    server = NULL;
    fg_listing_free(listing);
    listing = NULL;
}

static struct fg_https *connect_as(const char *name)
{
    char url[64];
    char paths[3][FG_FIXTURE_PATH];
    char file[64];
    struct fg_https *https = NULL;
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                         .ca_path = paths[0],
                                         .certificate_path = paths[1],
                                         .key_path = paths[2],
                                         .now_ms = now,
                                         .connect_max_ms = DEADLINE_MS,
                                         .write_max_ms = DEADLINE_MS,
                                         .first_byte_max_ms = DEADLINE_MS,
                                         .whole_max_ms = DEADLINE_MS};

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", fg_server_port(server));
    (void)snprintf(paths[0], FG_FIXTURE_PATH, "%s", fg_test_path("ca/ca.pem"));
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    (void)snprintf(paths[1], FG_FIXTURE_PATH, "%s", fg_test_path(file));
    (void)snprintf(file, sizeof(file), "%s.key", name);
    (void)snprintf(paths[2], FG_FIXTURE_PATH, "%s", fg_test_path(file));
    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    return https;
}

static void publish(const struct fg_fixture_city *city)
{
    fg_fixture_city("published.fgl", city, published);
    CHECK_OK(fg_listing_take(listing, "city", published, &error), &error);
}

static bool exists(const char *list_id, const char *name)
{
    char path[2 * FG_FIXTURE_PATH];

    (void)snprintf(path, sizeof(path), "%s/%s/%s", directory, list_id, name);
    return access(path, F_OK) == 0;
}

struct client {
    struct fg_list *list;
    struct fg_list_https context;
    struct fg_list_source source;
    struct fg_list_update_result result;
    char work[FG_FIXTURE_PATH];
};

static void client_start(struct client *client, const char *name, const char *list_id)
{
    memset(client, 0, sizeof(*client));
    (void)snprintf(client->work, sizeof(client->work), "%s", fg_test_path("work"));
    client->context.https = connect_as(name);
    (void)snprintf(client->context.list_id, sizeof(client->context.list_id), "%s", list_id);
    fg_list_https_source(&client->context, &client->source);
    client->list = fg_fixture_store(fg_test_path("mine.db"));
}

static void client_end(struct client *client)
{
    fg_list_close(client->list);
    fg_https_free(client->context.https);
}

static enum fg_err client_update(struct client *client)
{
    return fg_list_update(client->list, client->context.list_id, &client->source, client->work, NOW_MS,
                          &client->result, &error);
}

static void check_equal(struct fg_list *list)
{
    struct fg_manifest manifest;
    size_t length;
    size_t expected_length;
    uint8_t *expected = fg_fixture_read(published, &expected_length);
    uint8_t *bytes;

    CHECK_OK(fg_list_export(list, fg_test_path("export.fgl"), &manifest, &error), &error);
    bytes = fg_fixture_read(fg_test_path("export.fgl"), &length);
    CHECK_INT(length, expected_length);
    CHECK_BYTES(bytes, expected, length);
    free(bytes);
    free(expected);
}

TEST("a list published here arrives there: file, delta, repair, nothing")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = BITS, .rows = 800};
    struct client client;

    start();
    client_start(&client, "c1", "city");
    CHECK_INT(client_update(&client), FG_E_NOT_FOUND);
    publish(&city);
    CHECK_OK(client_update(&client), &error);
    CHECK_INT(client.result.way, FG_LIST_UPDATE_FILE);
    check_equal(client.list);
    city.version = 5;
    city.suspended_every = 90;
    publish(&city);
    CHECK_OK(client_update(&client), &error);
    CHECK_INT(client.result.way, FG_LIST_UPDATE_DELTA);
    check_equal(client.list);
    city.version = 6;
    city.suspended_every = 80;
    publish(&city);
    CHECK(exists("city", "1-6.fgd") && exists("city", "5-6.fgd"));
    CHECK(exists("city", "1-5.fgd")); /* for those who have just read the manifest of version 5 */
    CHECK_INT(unlink(fg_test_path("lists/city/5-6.fgd")), 0);
    CHECK_OK(client_update(&client), &error);
    CHECK_INT(client.result.way, FG_LIST_UPDATE_REPAIR);
    CHECK(client.result.buckets_fetched > 5 && client.result.buckets_fetched < 32);
    check_equal(client.list);
    CHECK_OK(client_update(&client), &error);
    CHECK_INT(client.result.way, FG_LIST_UPDATE_NONE);
    client_end(&client);
    stop();
}

TEST("a file broken off goes on by range, and a part that is too long is fetched anew")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = BITS, .rows = 800};
    struct client client;
    size_t length;
    uint8_t *bytes;

    start();
    publish(&city);
    client_start(&client, "c1", "city");
    bytes = fg_fixture_read(published, &length);
    fg_fixture_write_bytes(fg_test_path("work/1.fgl.part"), bytes, length - 1000);
    CHECK_OK(client_update(&client), &error);
    CHECK(client.result.bytes_fetched < 2500);
    check_equal(client.list);
    client_end(&client);
    CHECK_INT(unlink(fg_test_path("mine.db")), 0);
    client_start(&client, "c1", "city");
    bytes[length - 10] ^= 1;
    fg_fixture_write_bytes(fg_test_path("work/1.fgl.part"), bytes, length);
    CHECK_OK(client_update(&client), &error);
    check_equal(client.list);
    client_end(&client);
    free(bytes);
    stop();
}

static uint16_t ask(struct fg_https *https, const char *path, uint64_t from, uint8_t *body,
                    struct fg_https_answer *answer)
{
    struct fg_https_request request = {
        .method = "GET", .path = path, .range_from = from, .answer_max = BODY_MAX, .answer_buffer = body};

    CHECK_OK(fg_https_ask(https, &request, answer, &error), &error);
    return answer->status;
}

TEST("each piece is served as it is, with the version as ETag")
{
    struct fg_fixture_city city = {.version = 7, .bucket_bits = BITS, .rows = 300};
    static uint8_t body[BODY_MAX];
    struct fg_https_answer answer;
    struct fg_manifest manifest;
    struct fg_digest leaf;
    struct fg_digest first;
    struct fg_https *https;
    size_t length;
    uint8_t *bytes;

    start();
    publish(&city);
    https = connect_as("c1");
    CHECK_INT(ask(https, "/v1/list/city/manifest", 0, body, &answer), 200);
    CHECK_TEXT(answer.etag, "\"7\"");
    CHECK_OK(
        fg_manifest_verify(body, (size_t)answer.length, &fg_fixture_key()->public_key, 1, &manifest, &error),
        &error);
    CHECK_INT(manifest.version, 7);
    CHECK_INT(ask(https, "/v1/list/city/bucket?version=7&index=0", 0, body, &answer), 200);
    CHECK_TEXT(answer.etag, "\"7\"");
    fg_tree_leaf(body, (size_t)answer.length, &leaf);
    CHECK_INT(ask(https, "/v1/list/city/node?version=7&level=0&index=0", 0, body, &answer), 200);
    CHECK_INT(answer.length, 30 * sizeof(struct fg_digest));
    memcpy(&first, body, sizeof(first));
    CHECK_BYTES(first.bytes, leaf.bytes, sizeof(leaf));
    CHECK_INT(ask(https, "/v1/list/city/node?version=7&level=1&index=0", 0, body, &answer), 200);
    CHECK_INT(answer.length, 6 * sizeof(struct fg_digest));
    bytes = fg_fixture_read(published, &length);
    CHECK_INT(ask(https, "/v1/list/city/file?version=7", 0, body, &answer), 200);
    CHECK_INT(answer.length, length);
    CHECK_BYTES(body, bytes, length);
    CHECK_INT(ask(https, "/v1/list/city/file?version=7", 1000, body, &answer), 206);
    CHECK_INT(answer.length, length - 1000);
    CHECK_BYTES(body, bytes + 1000, length - 1000);
    CHECK_INT(ask(https, "/v1/list/city/file?version=7", length, body, &answer), 416);
    free(bytes);
    fg_https_free(https);
    stop();
}

static const struct {
    const char *path;
    uint16_t status;
} asked[] = {
    {"/v1/list/", 404},
    {"/v1/list/city", 404},
    {"/v1/list/city/", 404},
    {"/v1/list/city/other", 404},
    {"/v1/list/../manifest", 400},
    {"/v1/list/%2e%2e/manifest", 400},
    {"/v1/list/..%2f..%2fca/manifest", 400},
    {"/v1/list/.hidden/manifest", 404},
    {"/v1/list/a%2fb/manifest", 404},
    {"/v1/list/abcdefghijklmnopqrstuvwxyz012345/manifest", 404},
    {"/v1/list/secret/manifest", 403},
    {"/v1/list/none/manifest", 404},
    {"/v1/list/none/bucket?version=7&index=0", 404},
    {"/v1/list/city/file", 400},
    {"/v1/list/city/file?version=0", 400},
    {"/v1/list/city/file?version=7x", 400},
    {"/v1/list/city/file?version=../7", 400},
    {"/v1/list/city/file?version=99999999999999999999", 400},
    {"/v1/list/city/file?version=8", 404},
    {"/v1/list/city/delta?from=6", 400},
    {"/v1/list/city/delta?from=6&to=7", 404},
    {"/v1/list/city/node?version=7&level=0", 400},
    {"/v1/list/city/node?version=7&level=2&index=0", 404},
    {"/v1/list/city/node?version=7&level=300&index=0", 404},
    {"/v1/list/city/node?version=7&level=0&index=4", 404},
    {"/v1/list/city/node?version=6&level=0&index=0", 404},
    {"/v1/list/city/bucket?version=7&index=64", 404},
    {"/v1/list/city/bucket?version=7&index=4294967296", 404},
    {"/v1/list/city/bucket?version=6&index=0", 404},
    {"/v1/list/city/bucket?version=7&index=-1", 400},
};

TEST("BAD-INPUT-IS-SAFE: paths that lead elsewhere, numbers that are none, lists that are not for the peer")
{
    struct fg_fixture_city city = {.version = 7, .bucket_bits = BITS, .rows = 300};
    static uint8_t body[BODY_MAX];
    struct fg_https_answer answer;
    struct fg_https *https;
    struct client client;

    start();
    publish(&city);
    https = connect_as("c1");
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        uint16_t status = ask(https, asked[i].path, 0, body, &answer);

        if (status != asked[i].status)
            fg_test_fail(__FILE__, __LINE__, "%s: %d in place of %d", asked[i].path, status, asked[i].status);
    }
    fg_https_free(https);
    https = connect_as("c2");
    CHECK_INT(ask(https, "/v1/list/city/manifest", 0, body, &answer), 403);
    fg_https_free(https);
    client_start(&client, "c2", "city");
    CHECK_INT(client_update(&client), FG_E_DENIED);
    client_end(&client);
    stop();
}

TEST("only the last versions are kept, each with a delta to the newest")
{
    struct fg_fixture_city city = {.bucket_bits = 2, .rows = 30};
    char name[64];

    start();
    for (city.version = 1; city.version <= FG_LISTING_KEEP + 3; city.version++) {
        city.suspended_every = (unsigned)city.version;
        publish(&city);
    }
    for (unsigned v = 1; v <= FG_LISTING_KEEP + 3; v++) {
        (void)snprintf(name, sizeof(name), "%u.fgl", v);
        CHECK_INT(exists("city", name), v > 3);
        (void)snprintf(name, sizeof(name), "%u-%u.fgd", v, FG_LISTING_KEEP + 3);
        CHECK_INT(exists("city", name), v >= 3 && v < FG_LISTING_KEEP + 3);
    }
    CHECK(!exists("city", "1-2.fgd") && !exists("city", "new-list"));
    stop();
}

TEST("publishing refuses what is older, not signed, or of another list, and can be done again")
{
    struct fg_fixture_city city = {.version = 5, .bucket_bits = 2, .rows = 30};
    struct fg_private_key stranger;
    char path[FG_FIXTURE_PATH];

    start();
    publish(&city);
    CHECK_OK(fg_listing_take(listing, "city", published, &error), &error);
    city.version = 4;
    fg_fixture_city("four.fgl", &city, path);
    CHECK_INT(fg_listing_take(listing, "city", path, &error), FG_E_OLD);
    city.version = 6;
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    city.key = &stranger;
    fg_fixture_city("six.fgl", &city, path);
    CHECK_INT(fg_listing_take(listing, "city", path, &error), FG_E_AUTH);
    CHECK_INT(fg_listing_take(listing, "town", path, &error), FG_E_AUTH);
    CHECK_INT(fg_listing_take(listing, "../town", path, &error), FG_E_ARG);
    CHECK_INT(fg_listing_take(listing, "city", fg_test_path("none.fgl"), &error), FG_E_IO);
    CHECK_INT(fg_listing_take_store(listing, "empty", NULL, &error), FG_E_NOT_FOUND);
    CHECK(exists("city", "5.fgl") && !exists("city", "6.fgl"));
    stop();
}

TEST("a new key ring counts at once: lists by an old key are neither published nor served in pieces")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 2, .rows = 30};
    static uint8_t body[BODY_MAX];
    struct fg_https_answer answer;
    struct fg_private_key next;
    struct fg_https *https;

    start();
    publish(&city);
    https = connect_as("c1");
    CHECK_INT(ask(https, "/v1/list/city/bucket?version=1&index=0", 0, body, &answer), 200);
    CHECK_OK(fg_private_key_new(&next, &error), &error);
    CHECK_OK(fg_listing_trust(listing, &next.public_key, 1, &error), &error);
    CHECK_INT(ask(https, "/v1/list/city/bucket?version=1&index=0", 0, body, &answer), 404);
    city.version = 2;
    fg_fixture_city("two.fgl", &city, published);
    CHECK_INT(fg_listing_take(listing, "city", published, &error), FG_E_AUTH);
    city.key = &next;
    publish(&city);
    CHECK_INT(ask(https, "/v1/list/city/bucket?version=2&index=0", 0, body, &answer), 200);
    fg_https_free(https);
    stop();
}

TEST("a station hands on what it took over, with the very delta that it got")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = BITS, .rows = 800};
    struct fg_listing *below = NULL;
    char store[FG_LISTING_PATH_MAX];
    char delta[FG_FIXTURE_PATH];
    struct client client;
    size_t length;
    size_t kept_length;
    uint8_t *bytes;
    uint8_t *kept;

    start();
    CHECK_OK(
        fg_listing_new(fg_test_path("below"), &fg_fixture_key()->public_key, 1, NULL, NULL, &below, &error),
        &error);
    CHECK_OK(fg_listing_store_path(below, "city", store, &error), &error);
    client_start(&client, "c1", "city");
    fg_list_close(client.list);
    CHECK_OK(fg_list_open(store, NULL, &fg_fixture_key()->public_key, 1, &client.list, &error), &error);
    publish(&city);
    CHECK_OK(client_update(&client), &error);
    CHECK_OK(fg_listing_take_store(below, "city", NULL, &error), &error);
    city.version = 2;
    city.dated_every = 40;
    publish(&city);
    CHECK_OK(client_update(&client), &error);
    (void)snprintf(delta, sizeof(delta), "%s", fg_test_path("work/1-2.fgd"));
    CHECK_OK(fg_listing_take_store(below, "city", delta, &error), &error);
    CHECK_OK(fg_listing_take_store(below, "city", delta, &error), &error);
    bytes = fg_fixture_read(delta, &length);
    kept = fg_fixture_read(fg_test_path("below/city/1-2.fgd"), &kept_length);
    CHECK_INT(kept_length, length);
    CHECK_BYTES(kept, bytes, length);
    free(kept);
    free(bytes);
    bytes = fg_fixture_read(published, &length);
    kept = fg_fixture_read(fg_test_path("below/city/2.fgl"), &kept_length);
    CHECK_INT(kept_length, length);
    CHECK_BYTES(kept, bytes, length);
    free(kept);
    free(bytes);
    client_end(&client);
    fg_listing_free(below);
    stop();
}

static void *ask_often(void *context)
{
    static const char *const paths[] = {"/v1/list/city/manifest", "/v1/list/city/bucket?version=1&index=3",
                                        "/v1/list/city/node?version=1&level=0&index=1",
                                        "/v1/list/city/file?version=1"};
    struct fg_https *https = context;
    uint8_t *body = malloc(BODY_MAX);
    uintptr_t failures = 0;

    for (int i = 0; body != NULL && i < 60; i++) {
        struct fg_https_request request = {
            .method = "GET", .path = paths[i % 4], .answer_max = BODY_MAX, .answer_buffer = body};
        struct fg_https_answer answer;

        if (fg_https_ask(https, &request, &answer, NULL) != FG_OK ||
            (answer.status != 200 && answer.status != 404))
            failures++;
    }
    free(body);
    return (void *)failures;
}

TEST("many ask at once while a new version is published")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = BITS, .rows = 300};
    pthread_t threads[4];
    struct fg_https *connections[4];

    start();
    publish(&city);
    for (int i = 0; i < 4; i++) {
        connections[i] = connect_as("c1");
        CHECK_INT(pthread_create(&threads[i], NULL, ask_often, connections[i]), 0);
    }
    for (city.version = 2; city.version < 6; city.version++)
        publish(&city);
    for (int i = 0; i < 4; i++) {
        void *failures = NULL;

        CHECK_INT(pthread_join(threads[i], &failures), 0);
        CHECK_INT((uintptr_t)failures, 0);
        fg_https_free(connections[i]);
    }
    stop();
}
