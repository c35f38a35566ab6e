/* The station between a controller and a bureau over real TLS: entries up, receipts and lists down, reports,
 * enrolment passed on, and what remains when the bureau is away. The bureau is a stand-in that takes whatever
 * comes. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "host/station/station_routes.h"
#include "host/station/store/station_report.h"
#include "host/station/up/upstream.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"
#include "lib/list/serve/key_rings.h"
#include "lib/list/serve/list_routes.h"
#include "lib/net/https_client.h"
#include "lib/net/tls.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define WAIT_MAX_MS 60000
#define YEAR_MS (INT64_C(365) * 86400000)

static struct fg_error error;
static uint32_t renew_days; /* of the next bench; 0: the settings' default */

struct bench {
    struct fg_ca *ca;
    struct fg_fixture_journal *journal;
    struct fg_listing *bureau_listing;
    struct fg_route bureau_routes[7];
    atomic_uint renewals;
    atomic_uint renewed; /* times that the station was told of a new certificate */
    char rings[256];     /* folder */
    const struct fg_private_key *receipt_key;
    pthread_mutex_t roster_lock;
    struct fg_roster roster;
    struct fg_station_roster *in_force; /* at the station */
    struct fg_server *bureau;
    atomic_uint reports;
    struct fg_station_config config;
    struct fg_public_key list_key;
    struct fg_station_keys keys;
    struct fg_listing *listing;
    struct fg_upstream *upstream;
    struct fg_station_routes *routes;
    struct fg_route station_routes[FG_STATION_ROUTES + 1];
    struct fg_server *station;
    struct fg_https *https; /* the controller's */
    uint8_t body[300000];
    struct fg_https_answer answer;
};

static int64_t now_ms(void *context)
{
    struct timespec now = {0};

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void list_dated(void *context, size_t index, int64_t issued_ms)
{
    (void)context;
    (void)index;
    (void)issued_ms;
}

static void wake(void *context)
{
    struct bench *bench = context;

    fg_upstream_wake(bench->upstream);
}

/* ---- the bureau's stand-in ---- */

static void bureau_journal(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct bench *bench = context;
    struct fg_sync_answer held = {.verdict = FG_SYNC_HELD};
    struct fg_receipt receipt = {.next_sequence = 1};
    struct fg_signature signature;
    struct fg_sync_batch batch;
    uint8_t bytes[1024];
    size_t length = 0;

    if (fg_sync_batch_decode(request->body, request->body_length, &batch, NULL) != FG_OK)
        return;
    receipt.next_sequence = batch.first_sequence + batch.count;
    memcpy(receipt.controller, batch.controller, sizeof(receipt.controller));
    receipt.head = bench->journal->hashes[receipt.next_sequence - 1];
    held.next_sequence = receipt.next_sequence;
    if (fg_receipt_sign(&receipt, bench->receipt_key, &signature, NULL) == FG_OK &&
        fg_receipt_encode(&receipt, &signature, held.receipt, sizeof(held.receipt), &held.receipt_length,
                          NULL) == FG_OK &&
        fg_sync_answer_encode(&held, bytes, sizeof(bytes), &length, NULL) == FG_OK)
        fg_answer_bytes(ret_answer, 200, bytes, length);
}

static void certify(struct bench *bench, const char *name, const char *role, const char *id,
                    const struct fg_public_key *device_key);

/* The station joins again while its first report is under way: it is connected, and looks at its certificate
 * after that. */
static atomic_bool joins_again;

static void bureau_report(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct bench *bench = context;
    struct fg_sync_report_answer answer = {.wall_ms = now_ms(NULL) - 5000};
    struct fg_sync_reports *reports = malloc(sizeof(*reports));
    uint8_t bytes[1024];
    size_t length = 0;

    if (reports != NULL &&
        fg_sync_reports_decode(request->body, request->body_length, reports, NULL) == FG_OK &&
        strcmp(reports->self.device, "S1") == 0 && strcmp(request->peer->id, "S1") == 0 &&
        fg_sync_report_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL) == FG_OK) {
        bench->reports++;
        if (atomic_exchange(&joins_again, false)) {
            CHECK_INT(unlink(fg_test_path("S1.key")), 0);
            certify(bench, "S1", FG_ROLE_STATION, "S1", NULL);
        }
        fg_answer_bytes(ret_answer, 200, bytes, length);
    }
    free(reports);
}

static void bureau_enrol(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    if (request->body_length == 3)
        fg_answer_text(ret_answer, 403, "the code is unknown");
    else
        fg_answer_bytes(ret_answer, 200, request->body, request->body_length);
}

/* A certificate of two years for whoever shows one of this authority's. */
static void bureau_renew(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static struct fg_enrol_answer answer;
    struct bench *bench = context;
    struct fg_certificate certificate;
    struct fg_certificate_order order = {.role = request->peer->role,
                                         .id = request->peer->id,
                                         .key = &request->peer->key,
                                         .name_count = 1,
                                         .names = {"127.0.0.1"},
                                         .from_ms = now_ms(NULL) - YEAR_MS,
                                         .to_ms = now_ms(NULL) + 2 * YEAR_MS};
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;

    if (fg_ca_issue(bench->ca, &order, &certificate, NULL) != FG_OK)
        return;
    memcpy(answer.certificate, certificate.bytes, certificate.length);
    answer.certificate_length = certificate.length;
    if (fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL) != FG_OK)
        return;
    bench->renewals++;
    fg_answer_bytes(ret_answer, 200, bytes, length);
}

static void count_renewed(void *context)
{
    struct bench *bench = context;

    bench->renewed++;
}

static void bureau_keys(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct bench *bench = context;

    fg_key_rings_answer(fg_key_rings_pick, bench->rings, request, ret_answer);
}

static void bureau_roster(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct bench *bench = context;
    uint8_t *bytes = malloc(FG_ROSTER_BYTES_MAX);
    size_t length = 0;
    enum fg_err result;

    (void)request;
    (void)pthread_mutex_lock(&bench->roster_lock);
    result = fg_roster_sign(&bench->roster, bench->receipt_key, bytes, FG_ROSTER_BYTES_MAX, &length, NULL);
    (void)pthread_mutex_unlock(&bench->roster_lock);
    if (result == FG_OK)
        fg_answer_bytes(ret_answer, 200, bytes, length);
    free(bytes);
}

/* ---- certificates ---- */

/* From the next roster on the bureau vouches for this device, or knows it as suspended. */
static void vouch(struct bench *bench, const char *id, const struct fg_public_key *tls_key,
                  int64_t suspended_ms)
{
    struct fg_roster_device *device;

    (void)pthread_mutex_lock(&bench->roster_lock);
    (void)strcpy(bench->roster.station, "S1");
    bench->roster.version++;
    device = &bench->roster.devices[0];
    bench->roster.count = 1;
    (void)snprintf(device->id, sizeof(device->id), "%s", id);
    (void)strcpy(device->list_id, "city");
    device->tls_key = *tls_key;
    device->device_key = bench->journal->key.public_key;
    device->suspended_ms = suspended_ms;
    (void)pthread_mutex_unlock(&bench->roster_lock);
}

static struct fg_public_key tls_key_of(const char *name)
{
    struct fg_private_key key;
    char file[64];

    (void)snprintf(file, sizeof(file), "%s.key", name);
    CHECK_OK(fg_private_key_read(fg_test_path(file), &key, &error), &error);
    return key.public_key;
}

static void certify(struct bench *bench, const char *name, const char *role, const char *id,
                    const struct fg_public_key *device_key)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part;
    char file[64];
    struct fg_certificate_order order = {.role = role,
                                         .id = id,
                                         .key = &key.public_key,
                                         .device_key = device_key,
                                         .name_count = device_key == NULL ? 1 : 0,
                                         .names = {"127.0.0.1"},
                                         .from_ms = now_ms(NULL) - YEAR_MS,
                                         .to_ms = now_ms(NULL) + YEAR_MS};

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    CHECK_OK(fg_private_key_write(fg_test_path(file), &key, &error), &error);
    CHECK_OK(fg_ca_issue(bench->ca, &order, &certificate, &error), &error);
    part = (struct fg_certificate_part){certificate.bytes, certificate.length};
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    CHECK_OK(fg_certificates_write(fg_test_path(file), &part, 1, &error), &error);
}

static struct fg_server_settings server_settings(const char *certificate, const char *key)
{
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .certificate_path = certificate,
                                          .key_path = key,
                                          .now_ms = now_ms,
                                          .threads = 4,
                                          .connections_max = 32,
                                          .request_max_ms = 20000};
    return settings;
}

static void start_bureau(struct bench *bench)
{
    struct fg_server_settings settings =
        server_settings(fg_test_path("bureau.pem"), fg_test_path("bureau.key"));
    struct fg_fixture_city city = {
        .version = 1, .rows = 40, .bucket_bits = 3, .list_id = "city", .expires_ms = now_ms(NULL) + YEAR_MS};
    char ca[256];
    char list[FG_FIXTURE_PATH];

    bench->list_key = fg_fixture_key()->public_key;
    fg_fixture_city("city.fgl", &city, list);
    CHECK_OK(fg_listing_new(fg_test_path("published"), &bench->list_key, 1, NULL, NULL,
                            &bench->bureau_listing, &error),
             &error);
    CHECK_OK(fg_listing_take(bench->bureau_listing, "city", list, &error), &error);
    bench->bureau_routes[0] =
        (struct fg_route){"POST", FG_SYNC_PATH_JOURNAL, 300000, true, bureau_journal, bench};
    bench->bureau_routes[1] =
        (struct fg_route){"POST", FG_SYNC_PATH_REPORT, 20000, true, bureau_report, bench};
    bench->bureau_routes[2] =
        (struct fg_route){"POST", FG_SYNC_PATH_ENROL, 20000, false, bureau_enrol, bench};
    bench->bureau_routes[3] = fg_listing_route(bench->bureau_listing);
    bench->bureau_routes[4] = (struct fg_route){"GET", FG_SYNC_PATH_KEYS, 0, false, bureau_keys, bench};
    bench->bureau_routes[5] = (struct fg_route){"GET", FG_SYNC_PATH_ROSTER, 0, true, bureau_roster, bench};
    bench->bureau_routes[6] = (struct fg_route){"POST", FG_SYNC_PATH_RENEW, 20000, true, bureau_renew, bench};
    bench->receipt_key = fg_fixture_bureau_receipt_key();
    (void)snprintf(bench->rings, sizeof(bench->rings), "%s", fg_test_path("rings"));
    CHECK_INT(mkdir(bench->rings, 0700), 0);
    (void)snprintf(ca, sizeof(ca), "%s", fg_test_path("ca/ca.pem"));
    settings.ca_path = ca;
    settings.routes = bench->bureau_routes;
    settings.route_count = 7;
    CHECK_OK(fg_server_start(&settings, &bench->bureau, &error), &error);
}

static void put(char *ret_path, const char *name)
{
    (void)snprintf(ret_path, FG_STATION_PATH, "%s", fg_test_path(name));
}

static void write_config(struct bench *bench)
{
    FILE *file = fopen(fg_test_path("station.ini"), "w");

    CHECK(file != NULL);
    (void)fprintf(
        file,
        "[station]\nid = S1\n[server]\naddress = 127.0.0.1\nport = 0\ncertificate = S1.pem\nkey = S1.key\n"
        "ca = ca/ca.pem\n[store]\npath = station.db\ndisk_reserve_bytes = 0\n[bureau]\n"
        "url = https://127.0.0.1:%u\nreceipt_key = receipt.pub\ncontinuous = yes\nretry_min_s = 1\n"
        "retry_max_s = 1\nreport_s = 1\nconnect_max_ms = 5000\nanswer_max_ms = 5000\n[list]\nfolder = lists\n"
        "id = city\nkey = list.pub\nupdate_s = 1\n",
        fg_server_port(bench->bureau));
    CHECK_INT(fclose(file), 0);
    CHECK_OK(fg_station_config_read(fg_test_path("station.ini"), &bench->config, &error), &error);
    if (renew_days != 0)
        bench->config.renew_days = renew_days;
    CHECK_TEXT(bench->config.keyring, fg_test_path("keyring.bin")); /* beside the store, unless given */
}

static int64_t list_issued_ms(void *context, const char *list_id)
{
    (void)context;
    (void)list_id;
    return 1;
}

static bool list_allowed(void *context, const struct fg_peer *peer, const char *list_id)
{
    const struct bench *bench = context;

    return fg_station_routes_list_allowed(bench->routes, peer, list_id);
}

static void start_station(struct bench *bench)
{
    struct fg_server_settings server = server_settings(bench->config.certificate, bench->config.key);
    struct fg_upstream_settings upstream = {.config = &bench->config,
                                            .keys = &bench->keys,
                                            .now_ms = now_ms,
                                            .list_dated = list_dated,
                                            .renewed = count_renewed,
                                            .renewed_context = bench,
                                            .version = "test"};
    struct fg_station_routes_settings routes = {.config = &bench->config,
                                                .list_issued_ms = list_issued_ms,
                                                .now_ms = now_ms,
                                                .wake = wake,
                                                .wake_context = bench};
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_error trouble = {.text = ""};
    size_t key_count;

    CHECK_OK(fg_station_keys_start(&bench->config, &bench->keys, &error), &error);
    key_count = fg_station_keys_list(&bench->keys, keys);
    CHECK_OK(fg_listing_new(bench->config.list_folder, keys, key_count, list_allowed, bench, &bench->listing,
                            &error),
             &error);
    CHECK_OK(fg_station_roster_open(bench->config.store, "S1", keys,
                                    fg_station_keys_rosters(&bench->keys, keys), &bench->in_force, &trouble,
                                    &error),
             &error);
    upstream.listing = bench->listing;
    upstream.roster = bench->in_force;
    routes.roster = bench->in_force;
    CHECK_OK(fg_upstream_start(&upstream, &bench->upstream, &error), &error);
    CHECK_OK(fg_station_routes_new(&routes, &bench->routes, &error), &error);
    fg_station_routes_fill(bench->routes, bench->station_routes);
    bench->station_routes[FG_STATION_ROUTES] = fg_listing_route(bench->listing);
    server.ca_path = bench->config.ca;
    server.knows = fg_station_routes_peer_known;
    server.knows_context = bench->routes;
    server.routes = bench->station_routes;
    server.route_count = FG_STATION_ROUTES + 1;
    CHECK_OK(fg_server_start(&server, &bench->station, &error), &error);
}

/* The peer of the test's requests from now on: the certificate of this file. */
static void start_controller_as(struct bench *bench, const char *name)
{
    char file[64];
    char url[64];
    char paths[2][FG_STATION_PATH];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                         .ca_path = bench->config.ca,
                                         .certificate_path = paths[0],
                                         .key_path = paths[1],
                                         .now_ms = now_ms,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 30000};

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", fg_server_port(bench->station));
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    put(paths[0], file);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    put(paths[1], file);
    fg_https_free(bench->https);
    CHECK_OK(fg_https_new(&settings, &bench->https, &error), &error);
}

static void start_controller(struct bench *bench)
{
    start_controller_as(bench, "C1");
}

static void roster_wait(struct bench *bench, uint64_t version)
{
    int64_t until_ms = fg_mono_ms() + WAIT_MAX_MS;

    while (fg_station_roster_version(bench->in_force) < version && fg_mono_ms() < until_ms)
        fg_sleep_ms(20);
    CHECK_INT(fg_station_roster_version(bench->in_force), version);
}

static struct bench *bench_open(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct fg_public_key key;

    CHECK(bench != NULL);
    CHECK_OK(fg_ca_create(fg_test_path("ca"), "test", now_ms(NULL) - YEAR_MS, 3650, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), &bench->ca, &error), &error);
    bench->journal = fg_fixture_journal("C1");
    for (int i = 0; i < 300; i++)
        fg_fixture_journal_fill(bench->journal, "HZ-CNG-1", now_ms(NULL) - 1000, 5000);
    certify(bench, "bureau", "bureau", "bureau", NULL);
    certify(bench, "S1", "station", "S1", NULL);
    certify(bench, "C1", "controller", "C1", &bench->journal->key.public_key);
    CHECK_OK(fg_public_key_write(fg_test_path("receipt.pub"), &fg_fixture_bureau_receipt_key()->public_key,
                                 &error),
             &error);
    (void)pthread_mutex_init(&bench->roster_lock, NULL);
    key = tls_key_of("C1");
    vouch(bench, "C1", &key, 0);
    start_bureau(bench);
    CHECK_OK(fg_public_key_write(fg_test_path("list.pub"), &bench->list_key, &error), &error);
    write_config(bench);
    start_station(bench);
    start_controller(bench);
    roster_wait(bench, 1);
    return bench;
}

static void stop_station(struct bench *bench)
{
    fg_https_free(bench->https);
    bench->https = NULL;
    fg_server_stop(bench->station);
    CHECK(fg_upstream_stop(bench->upstream, 60000));
    fg_station_routes_free(bench->routes);
    fg_listing_free(bench->listing);
    fg_station_roster_free(bench->in_force);
}

static void bench_close(struct bench *bench)
{
    stop_station(bench);
    fg_server_stop(bench->bureau);
    fg_listing_free(bench->bureau_listing);
    fg_ca_close(bench->ca);
    free(bench->journal);
    free(bench);
}

static uint16_t ask(struct bench *bench, const char *method, const char *path, const void *body,
                    size_t length)
{
    struct fg_https_request request = {.method = method,
                                       .path = path,
                                       .body = body,
                                       .body_length = length,
                                       .answer_max = sizeof(bench->body),
                                       .answer_buffer = bench->body};

    CHECK_OK(fg_https_ask(bench->https, &request, &bench->answer, &error), &error);
    return bench->answer.status;
}

static struct fg_sync_answer send_entries(struct bench *bench, uint64_t first, uint64_t last)
{
    uint8_t *buffer = malloc(FG_SYNC_BATCH_BYTES_MAX);
    struct fg_sync_answer answer;
    struct fg_sync_batch batch;
    size_t length = 0;

    fg_fixture_journal_batch(bench->journal, first, last, &batch);
    CHECK_OK(fg_sync_batch_encode(&batch, buffer, FG_SYNC_BATCH_BYTES_MAX, &length, &error), &error);
    (void)ask(bench, "POST", FG_SYNC_PATH_JOURNAL, buffer, length);
    free(buffer);
    CHECK_OK(fg_sync_answer_decode(bench->body, (size_t)bench->answer.length, &answer, &error), &error);
    return answer;
}

/* Waits until the station's store says that `what` is true. */
static void wait_for(struct bench *bench, const char *what,
                     bool (*is_true)(const struct fg_station_controller *,
                                     const struct fg_station_upstream *))
{
    struct fg_station_store_settings settings = {
        .path = bench->config.store, .deadline_ms = 5000, .read_only = true};
    int64_t until_ms = fg_mono_ms() + WAIT_MAX_MS;
    struct fg_station_store *store = NULL;
    struct fg_station_controller controller = {.receipt_next = 1};
    struct fg_station_upstream upstream;
    bool found = false;

    CHECK_OK(fg_station_store_open(&settings, &store, &error), &error);
    while (!found && fg_mono_ms() < until_ms) {
        (void)fg_station_store_controller(store, "C1", &controller, NULL);
        CHECK_OK(fg_station_store_upstream(store, &upstream, &error), &error);
        found = is_true(&controller, &upstream);
        if (!found)
            fg_sleep_ms(50);
    }
    fg_station_store_close(store);
    if (!found)
        fg_test_fail(__FILE__, __LINE__, "waited in vain: %s", what);
}

static bool all_covered(const struct fg_station_controller *controller,
                        const struct fg_station_upstream *upstream)
{
    (void)upstream;
    return controller->receipt_next == 601;
}

static bool list_is_there(const struct fg_station_controller *controller,
                          const struct fg_station_upstream *upstream)
{
    (void)controller;
    return upstream->list_version == 1 && upstream->clock_offset_ms > 4000 &&
           upstream->clock_offset_ms < 3000000;
}

static bool is_alone(const struct fg_station_controller *controller,
                     const struct fg_station_upstream *upstream)
{
    (void)controller;
    return upstream->failures > 0 && upstream->error_text[0] != '\0';
}

static void report_once(struct bench *bench)
{
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    uint8_t *bytes = malloc(FG_SYNC_REPORT_BYTES_MAX);
    struct fg_sync_report_answer answer;
    size_t length = 0;

    (void)snprintf(reports->self.device, sizeof(reports->self.device), "C1");
    reports->self.wall_ms = now_ms(NULL);
    reports->self.clock_quality = FG_CLOCK_INFORMATIVE;
    CHECK_OK(fg_sync_reports_encode(reports, bytes, FG_SYNC_REPORT_BYTES_MAX, &length, &error), &error);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_REPORT, bytes, length), 200);
    CHECK_OK(fg_sync_report_answer_decode(bench->body, (size_t)bench->answer.length, &answer, &error),
             &error);
    CHECK(answer.wall_ms > 0);
    (void)snprintf(reports->self.device, sizeof(reports->self.device), "C2");
    CHECK_OK(fg_sync_reports_encode(reports, bytes, FG_SYNC_REPORT_BYTES_MAX, &length, &error), &error);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_REPORT, bytes, length), 403);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_REPORT, "x", 1), 400);
    free(bytes);
    free(reports);
}

TEST("NO-LOSS: entries go up through the station, receipts and the list come down, enrolment is passed on")
{
    struct bench *bench = bench_open();
    struct fg_sync_answer answer = send_entries(bench, 1, 300);

    CHECK_INT(answer.verdict, FG_SYNC_HELD);
    answer = send_entries(bench, 301, 600);
    CHECK_INT(answer.verdict, FG_SYNC_HELD);
    wait_for(bench, "the bureau has all entries", all_covered);
    answer = send_entries(bench, 600, 600);
    CHECK(answer.receipt_length > 0);
    CHECK_INT(send_entries(bench, 600, 600).next_sequence, 601);
    report_once(bench);
    wait_for(bench, "list and clock", list_is_there);
    CHECK(bench->reports > 0);
    CHECK_INT(ask(bench, "GET", "/v1/list/city/manifest", NULL, 0), 200);
    CHECK_INT(ask(bench, "GET", "/v1/list/other/manifest", NULL, 0), 403);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_ENROL, "request", 7), 200);
    CHECK_BYTES(bench->body, "request", 7);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_ENROL, "bad", 3), 403);
    CHECK_HAS((const char *)bench->body, "the code is unknown");
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_JOURNAL, "garbage", 7), 400);
    fg_upstream_reload(bench->upstream);
    CHECK_OK(fg_station_routes_reload(bench->routes, &error), &error);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_ENROL, "request", 7), 200);
    bench_close(bench);
}

TEST("without the bureau the station takes entries and hands its list down, and says that it is alone")
{
    struct bench *bench = bench_open();

    wait_for(bench, "list and clock", list_is_there);
    fg_server_stop(bench->bureau);
    bench->bureau = NULL;
    CHECK_INT(send_entries(bench, 1, 100).verdict, FG_SYNC_HELD);
    CHECK_INT(send_entries(bench, 101, 102).receipt_length, 0);
    wait_for(bench, "alone", is_alone);
    CHECK_INT(ask(bench, "GET", "/v1/list/city/manifest", NULL, 0), 200);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_ENROL, "request", 7), 503);
    CHECK_HAS((const char *)bench->body, "cannot reach the bureau");
    bench->config.disk_reserve_bytes = UINT64_MAX;
    CHECK_INT(send_entries(bench, 103, 104).verdict, FG_SYNC_BUSY);
    bench_close(bench);
}

/* ---- the certificate ---- */

static int64_t certificate_days(const struct bench *bench)
{
    int64_t end_ms = 0;

    CHECK_OK(fg_certificate_times(bench->config.certificate, NULL, &end_ms, &error), &error);
    return (end_ms - now_ms(NULL)) / 86400000;
}

TEST("a station renews its certificate by itself in time, once, and serves with the new one when told")
{
    struct bench *bench;

    renew_days = 400;
    bench = bench_open();
    renew_days = 0;
    for (int64_t end_ms = fg_mono_ms() + WAIT_MAX_MS; bench->renewed == 0 && fg_mono_ms() < end_ms;)
        fg_sleep_ms(20);
    CHECK_INT(bench->renewed, 1);
    CHECK(certificate_days(bench) > 700);
    CHECK_OK(fg_server_reload(bench->station, &error), &error);
    fg_upstream_reload(bench->upstream);
    CHECK_INT(send_entries(bench, 1, 100).verdict, FG_SYNC_HELD);
    wait_for(bench, "list and clock", list_is_there);
    CHECK_INT(bench->renewals, 1);
    bench_close(bench);
}

TEST("a station that joins again before it first looks at its certificate is told of the new one")
{
    struct bench *bench;

    atomic_store(&joins_again, true);
    bench = bench_open();
    for (int64_t end_ms = fg_mono_ms() + WAIT_MAX_MS; bench->renewed == 0 && fg_mono_ms() < end_ms;)
        fg_sleep_ms(20);
    CHECK_INT(bench->renewed, 1);
    CHECK_INT(bench->renewals, 0);
    bench_close(bench);
}

TEST("a station whose certificate lasts long enough asks for no other")
{
    struct bench *bench = bench_open();

    wait_for(bench, "list and clock", list_is_there);
    CHECK_INT(bench->renewals, 0);
    CHECK(certificate_days(bench) < 366);
    bench_close(bench);
}

/* ---- rosters ---- */

static uint16_t ask_manifest(struct bench *bench)
{
    return ask(bench, "GET", "/v1/list/city/manifest", NULL, 0);
}

TEST("a suspended controller gets no list made before, and its journal is still taken: no record is lost")
{
    struct bench *bench = bench_open();
    struct fg_public_key key = tls_key_of("C1");

    wait_for(bench, "list and clock", list_is_there);
    CHECK_INT(ask_manifest(bench), 200);
    CHECK_INT(send_entries(bench, 1, 2).verdict, FG_SYNC_HELD);
    vouch(bench, "C1", &key, now_ms(NULL));
    roster_wait(bench, 2);
    CHECK_INT(ask_manifest(bench), 403);
    CHECK_INT(ask(bench, "POST", FG_SYNC_PATH_RENEW, "request", 7), 403);
    CHECK_INT(send_entries(bench, 3, 4).verdict, FG_SYNC_HELD);
    vouch(bench, "C1", &key, 0);
    roster_wait(bench, 3);
    CHECK_INT(ask_manifest(bench), 200);
    bench_close(bench);
}

TEST(
    "a genuine certificate that the roster does not name gets nothing: another id, or a known id's other key")
{
    struct bench *bench = bench_open();

    wait_for(bench, "list and clock", list_is_there);
    certify(bench, "foreign", "controller", "C9", &bench->journal->key.public_key);
    certify(bench, "twin", "controller", "C1", &bench->journal->key.public_key);
    certify(bench, "neighbour", "station", "S2", NULL);
    start_controller_as(bench, "foreign");
    CHECK_INT(ask_manifest(bench), 403);
    CHECK(ask(bench, "POST", FG_SYNC_PATH_RENEW, "request", 7) >= 403);
    start_controller_as(bench, "neighbour");
    CHECK_INT(ask_manifest(bench), 403);
    start_controller_as(bench, "twin");
    CHECK_INT(ask_manifest(bench), 403);
    CHECK(send_entries(bench, 1, 2).verdict >= FG_SYNC_REFUSED);
    start_controller(bench);
    CHECK_INT(send_entries(bench, 1, 2).verdict, FG_SYNC_HELD);
    bench_close(bench);
}

/* ---- strangers with genuine certificates ---- */

#define FOREIGN 62
#define FOREIGN_FIRST 40 /* the rest come when the station's own controller is there */

/* Shakes hands as this controller and asks, but does not end its question. */
static struct fg_tls *foreign_stall(struct bench *bench, unsigned number)
{
    static const char question[] =
        "POST /v1/journal HTTP/1.1\r\nHost: station\r\nContent-Length: 1000\r\n\r\n";
    char paths[2][FG_STATION_PATH];
    struct fg_https_settings settings = {.peer_roles = FG_HTTPS_STATION,
                                         .ca_path = bench->config.ca,
                                         .certificate_path = paths[0],
                                         .key_path = paths[1]};
    struct fg_tls_credentials *credentials = NULL;
    struct fg_tls *tls = NULL;
    char name[32];
    char port[8];

    (void)snprintf(name, sizeof(name), "F%u", number);
    certify(bench, name, "controller", name, &bench->journal->key.public_key);
    (void)snprintf(name, sizeof(name), "F%u.pem", number);
    put(paths[0], name);
    (void)snprintf(name, sizeof(name), "F%u.key", number);
    put(paths[1], name);
    (void)snprintf(port, sizeof(port), "%u", fg_server_port(bench->station));
    CHECK_OK(fg_tls_credentials_read(&settings, &credentials, &error), &error);
    CHECK_OK(fg_tls_open(credentials, "127.0.0.1", port, "127.0.0.1", now_ms(NULL),
                         fg_mono_ms() + WAIT_MAX_MS, &tls, &error),
             &error);
    CHECK_OK(fg_tls_write(tls, question, sizeof(question) - 1, fg_mono_ms() + WAIT_MAX_MS, &error), &error);
    fg_tls_credentials_free(credentials);
    return tls;
}

static uint64_t connections_of(const struct bench *bench)
{
    struct fg_server_counts counts;

    fg_server_counts(bench->station, &counts);
    return counts.connections;
}

TEST("BAD-INPUT-IS-SAFE: more foreign controllers than there are places, each with a genuine certificate and "
     "a question that does not end, take no place from the station's own")
{
    struct fg_tls *foreign[FOREIGN];
    struct bench *bench = bench_open();

    for (unsigned i = 0; i < FOREIGN_FIRST; i++)
        foreign[i] = foreign_stall(bench, i);
    CHECK_INT(send_entries(bench, 1, 2).verdict, FG_SYNC_HELD);
    CHECK_INT(connections_of(bench), FOREIGN_FIRST + 1);
    for (unsigned i = FOREIGN_FIRST; i < FOREIGN; i++)
        foreign[i] = foreign_stall(bench, i);
    CHECK_INT(send_entries(bench, 3, 4).verdict, FG_SYNC_HELD);
    CHECK_INT(ask_manifest(bench), 200);
    CHECK_INT(connections_of(bench), FOREIGN + 1); /* its own is still the first */
    start_controller(bench);
    CHECK_INT(send_entries(bench, 5, 6).verdict, FG_SYNC_HELD); /* and a new one is let in */
    for (unsigned i = 0; i < FOREIGN; i++)
        fg_tls_close(foreign[i]);
    bench_close(bench);
}

TEST("a device that joined is served as soon as the bureau was asked, without a restart")
{
    struct bench *bench = bench_open();
    struct fg_public_key key;
    int64_t until_ms = fg_mono_ms() + WAIT_MAX_MS;

    certify(bench, "again", "controller", "C1", &bench->journal->key.public_key);
    key = tls_key_of("again");
    start_controller_as(bench, "again");
    CHECK(send_entries(bench, 1, 2).verdict >= FG_SYNC_REFUSED);
    vouch(bench, "C1", &key, 0);
    while (send_entries(bench, 1, 2).verdict != FG_SYNC_HELD && fg_mono_ms() < until_ms)
        fg_sleep_ms(50);
    CHECK_INT(send_entries(bench, 1, 2).verdict, FG_SYNC_HELD);
    bench_close(bench);
}

TEST("a controller that has stored its day's bytes is told to come again, and loses nothing")
{
    struct bench *bench = bench_open();
    uint64_t sent = 0;

    stop_station(bench);
    bench->config.quota_bytes = 20000;
    start_station(bench);
    start_controller(bench);
    roster_wait(bench, 1);
    while (sent < 600 && send_entries(bench, sent + 1, sent + 20).verdict == FG_SYNC_HELD)
        sent += 20;
    CHECK(sent >= 20 && sent < 600);
    CHECK_INT(send_entries(bench, sent + 1, sent + 20).verdict, FG_SYNC_BUSY);
    stop_station(bench);
    bench->config.quota_bytes = 10000000;
    start_station(bench);
    start_controller(bench);
    CHECK_INT(send_entries(bench, sent + 1, 600).verdict, FG_SYNC_HELD);
    bench_close(bench);
}

/* ---- key rings ---- */

/* Lays a ring of one list and one receipt key into the bureau's folder, signed by these and by another. */
static void ring_publish(const struct bench *bench, uint64_t version, const struct fg_private_key *by,
                         const struct fg_private_key *list, const struct fg_private_key *receipt)
{
    struct fg_keyring ring = {
        .version = version,
        .key_count = 2,
        .keys = {{FG_KEYRING_LIST, list->public_key}, {FG_KEYRING_RECEIPT, receipt->public_key}}};
    const struct fg_private_key *signers[] = {by, list, receipt};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    char path[300];
    size_t length = 0;

    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    for (size_t i = by == list ? 1 : 0; i < 3; i++)
        CHECK_OK(fg_keyring_sign(bytes, length, signers[i], bytes, sizeof(bytes), &length, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/ring-%llu", bench->rings, (unsigned long long)version);
    fg_fixture_write_bytes(path, bytes, length);
}

static void publish_by(struct bench *bench, uint64_t version, const struct fg_private_key *key)
{
    struct fg_fixture_city city = {.version = version,
                                   .rows = 40,
                                   .bucket_bits = 3,
                                   .list_id = "city",
                                   .expires_ms = now_ms(NULL) + YEAR_MS,
                                   .key = key};
    char list[FG_FIXTURE_PATH];

    fg_fixture_city("city.fgl", &city, list);
    CHECK_OK(fg_listing_trust(bench->bureau_listing, &key->public_key, 1, &error), &error);
    CHECK_OK(fg_listing_take(bench->bureau_listing, "city", list, &error), &error);
}

static void wait_for_answer(struct bench *bench, const char *path, uint16_t status)
{
    int64_t until_ms = fg_mono_ms() + WAIT_MAX_MS;

    while (ask(bench, "GET", path, NULL, 0) != status) {
        CHECK(fg_mono_ms() < until_ms);
        fg_sleep_ms(50);
    }
}

static bool list_2_is_there(const struct fg_station_controller *controller,
                            const struct fg_station_upstream *upstream)
{
    (void)controller;
    return upstream->list_version == 2;
}

TEST(
    "LIST-IS-SIGNED: rings come to the station, are handed down one by one, and say whose lists and receipts "
    "count")
{
    struct bench *bench = bench_open();
    struct fg_private_key list_key;
    struct fg_private_key receipt_key;

    CHECK_OK(fg_private_key_new(&list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&receipt_key, &error), &error);
    wait_for(bench, "list and clock", list_is_there);
    CHECK_INT(ask(bench, "GET", "/v1/keys", NULL, 0), 404);
    CHECK_INT(ask(bench, "GET", "/v1/keys?after=+1", NULL, 0), 400);
    ring_publish(bench, 1, fg_fixture_key(), &list_key, &receipt_key);
    wait_for_answer(bench, "/v1/keys?after=0", 200);
    CHECK_INT(ask(bench, "GET", "/v1/keys?after=1", NULL, 0), 404);
    publish_by(bench, 2, &list_key);
    wait_for(bench, "the list of the new key", list_2_is_there);
    bench->receipt_key = &receipt_key;
    (void)send_entries(bench, 1, 300);
    (void)send_entries(bench, 301, 600);
    wait_for(bench, "receipts of the new key", all_covered);
    stop_station(bench);
    start_station(bench);
    start_controller(bench);
    CHECK_INT(bench->keys.ring.version, 1);
    ring_publish(bench, 2, &list_key, &list_key, &receipt_key);
    wait_for_answer(bench, "/v1/keys?after=1", 200);
    CHECK_INT(ask(bench, "GET", "/v1/keys?after=0", NULL, 0), 200);
    CHECK_INT(ask(bench, "GET", "/v1/keys?after=2", NULL, 0), 404);
    bench_close(bench);
}

/* A source with one answer for every question. */
struct played {
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length;
    enum fg_err failure;
};

static enum fg_err play(void *context, uint64_t after, uint8_t *buffer, size_t *ret_length,
                        struct fg_error *ret_error)
{
    const struct played *played = context;

    (void)after;
    if (played->failure != FG_OK)
        return fg_fail(ret_error, played->failure, "played");
    memcpy(buffer, played->bytes, played->length);
    *ret_length = played->length;
    return FG_OK;
}

static void configure_keys(struct fg_station_config *config)
{
    memset(config, 0, sizeof(*config));
    (void)snprintf(config->receipt_key, sizeof(config->receipt_key), "%s", fg_test_path("receipt.pub"));
    (void)snprintf(config->list_keys[0], sizeof(config->list_keys[0]), "%s", fg_test_path("list.pub"));
    (void)snprintf(config->keyring, sizeof(config->keyring), "%s", fg_test_path("keyring.bin"));
    CHECK_OK(fg_public_key_write(config->receipt_key, &fg_fixture_bureau_receipt_key()->public_key, &error),
             &error);
    CHECK_OK(fg_public_key_write(config->list_keys[0], &fg_fixture_key()->public_key, &error), &error);
}

TEST("TAMPER-SHOWS: a ring that is false changes no key at the station; only a silent bureau is a failure")
{
    static struct fg_station_config config;
    struct fg_station_keys keys;
    struct fg_public_key list[FG_KEYRING_KEYS_MAX];
    struct fg_public_key receipt;
    struct fg_keyring ring = {.version = 1, .key_count = 1};
    struct fg_private_key stranger;
    struct played played = {.length = 0};
    struct fg_keyring_source source = {&played, play};
    bool taken = true;

    configure_keys(&config);
    CHECK_OK(fg_station_keys_start(&config, &keys, &error), &error);
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, stranger.public_key};
    CHECK_OK(fg_keyring_encode(&ring, played.bytes, sizeof(played.bytes), &played.length, &error), &error);
    CHECK_OK(fg_keyring_sign(played.bytes, played.length, &stranger, played.bytes, sizeof(played.bytes),
                             &played.length, &error),
             &error);
    CHECK_OK(fg_station_keys_fetch(&keys, &source, &taken, &error), &error);
    CHECK(!taken);
    CHECK_HAS(keys.trouble, "no list key that is in force has signed it");
    CHECK_INT(fg_station_keys_list(&keys, list), 1);
    CHECK_BYTES(list[0].point, fg_fixture_key()->public_key.point, FG_POINT_BYTES);
    receipt = fg_station_keys_receipt(&keys);
    CHECK_BYTES(receipt.point, fg_fixture_bureau_receipt_key()->public_key.point, FG_POINT_BYTES);
    played.failure = FG_E_TIMEOUT;
    CHECK_INT(fg_station_keys_fetch(&keys, &source, &taken, &error), FG_E_TIMEOUT);
    played.failure = FG_E_NOT_FOUND;
    CHECK_OK(fg_station_keys_fetch(&keys, &source, &taken, &error), &error);
    CHECK_TEXT(keys.trouble, "");
    fg_fixture_write_bytes(config.keyring, (const uint8_t *)"rubbish", 7);
    CHECK_OK(fg_station_keys_start(&config, &keys, &error), &error);
    CHECK_INT(keys.ring.version, 0);
    CHECK_INT(access(fg_test_path("keyring.bin.damaged"), F_OK), 0);
    (void)unlink(config.list_keys[0]);
    CHECK_INT(fg_station_keys_start(&config, &keys, &error), FG_E_NOT_FOUND);
}

TEST("a configuration that cannot be is refused with file, line and reason")
{
    uint32_t second = 0;

    CHECK_OK(fg_station_time_of_day("22:30", &second, &error), &error);
    CHECK_INT(second, 81000);
    CHECK_OK(fg_station_time_of_day("00:00", &second, &error), &error);
    CHECK_INT(fg_station_time_of_day("24:00", &second, &error), FG_E_FORMAT);
    CHECK_INT(fg_station_time_of_day("22:60", &second, &error), FG_E_FORMAT);
    CHECK_INT(fg_station_time_of_day("2:30", &second, &error), FG_E_FORMAT);
    CHECK_INT(fg_station_time_of_day("22.30", &second, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "write 22:30");
}

TEST("the documented example is a valid configuration")
{
    struct fg_station_config config;

    CHECK_OK(fg_station_config_read("boards/sim/station.ini", &config, &error), &error);
    CHECK_TEXT(config.id, "station-1");
    CHECK_INT(config.window_start_s, 22 * 3600);
    CHECK_TEXT(config.keyring, "boards/sim/keyring.bin");
    CHECK_INT(config.continuous, 0);
}
