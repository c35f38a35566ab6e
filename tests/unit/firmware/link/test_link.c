/* The link between a real journal, control socket and list store on one side and a real HTTPS server with a
 * next hop behind it on the other; only the session of fillgated and the hop's decisions are played. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firmware/controller/control_server.h"
#include "firmware/journal/journal.h"
#include "firmware/link/link.h"
#include "host/pki/ca.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"
#include "lib/list/list.h"
#include "lib/list/serve/authority_route.h"
#include "lib/list/serve/key_rings.h"
#include "lib/list/serve/list_routes.h"
#include "lib/net/server/https_server.h"
#include "proto/hop/authority_update.h"
#include "proto/key/enrol.h"
#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"
#include "tests/lib/fault_proxy.h"
#include "tests/lib/fixture/authority_fixture.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define DAY_MS INT64_C(86400000)
#define NOON_MS INT64_C(1780056000000)

/* ---- the played fillgated ---- */

struct controller {
    pthread_t thread;
    pthread_mutex_t mutex;
    atomic_bool stop;
    struct fg_control_server *server;
    struct fg_private_key key;
    struct fg_journal *journal;
    struct fg_list *list;
    bool filling; /* imports are BUSY */
    bool busy;    /* an entry is written whenever some are read */
    struct fg_keyring first_ring;
    struct fg_keyring ring;
    char ring_path[FG_CONTROL_PATH_MAX + 1]; /* its own chain */
    unsigned rings_given;
    unsigned imports;
    char imported[FG_CONTROL_PATH_MAX + 1];
};

/* ---- the played next hop ---- */

struct hop {
    pthread_mutex_t mutex;
    struct fg_server *server;
    struct fg_listing *listing;
    struct fg_private_key receipt_key;
    struct fg_public_key device_key;
    uint64_t held;
    struct fg_digest head;
    bool gives_receipts;
    uint8_t forced_verdict; /* 0 = judge */
    unsigned batches;
    struct fg_public_key sender_key; /* in the certificate that the last batch came with */
    unsigned reports;
    struct fg_sync_report report;
    struct fg_ca *ca;
    unsigned renewals;
    bool renewal_is_garbage;
    char rings[256];      /* folder */
    char ca_path[256];    /* beside it are the changes of authorities */
    uint16_t ring_status; /* 0 = out of the folder */
    char ring_text[32];
    unsigned ring_asked;
};

static struct controller controller;
static struct hop hop;
static struct fg_link_config config;
static struct fg_link *link_under_test;
static char log_text[65536];
static struct fg_route routes[6];
static uint32_t retry_max_ms = 100;
static int64_t tls_days = 400; /* that the link's first certificate is valid for */

static int64_t real_now_ms(void *context)
{
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell_state(struct fg_control_state *state)
{
    struct fg_manifest manifest;

    (void)snprintf(state->controller, sizeof(state->controller), "ctl-1");
    state->list_state = fg_list_state(controller.list);
    if (fg_list_manifest(controller.list, &manifest, NULL) == FG_OK) {
        memcpy(state->list_id, manifest.list_id, sizeof(state->list_id));
        state->list_version = manifest.version;
        state->list_issued_ms = manifest.issued_ms;
    }
    state->journal_last_sequence = state->journal_count = fg_journal_count(controller.journal);
    state->journal_unsent = fg_journal_unsent(controller.journal);
    state->oldest_unsent_ms = fg_journal_oldest_unsent_ms(controller.journal);
    state->clock_quality = FG_CLOCK_INFORMATIVE;
    state->wall_ms = real_now_ms(NULL);
}

/* As fillgated does it: verified by itself, kept, and its list judged anew. */
static enum fg_err take_ring(const char *path, struct fg_error *error)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t length = 0;
    uint8_t *bytes = fg_fixture_read(path, &length);
    enum fg_err code = fg_keyring_file_add(controller.ring_path, &controller.first_ring, bytes, length,
                                           &controller.ring, error);

    free(bytes);
    controller.rings_given++;
    if (code != FG_OK)
        return code;
    return fg_list_trust(controller.list, keys,
                         fg_keyring_keys(&controller.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX),
                         error);
}

static void append_one(void)
{
    struct fg_error error = {0};
    struct fg_entry entry = {
        .kind = FG_ENTRY_EVENT, .wall_ms = NOON_MS, .clock_quality = FG_CLOCK_INFORMATIVE};
    uint64_t sequence;

    CHECK_OK(fg_journal_append(controller.journal, &entry, &sequence, &error), &error);
}

static void handle_control(void *context, const struct fg_control_request *request,
                           struct fg_control_answer *ret_answer)
{
    struct fg_error error = {0};
    struct fg_manifest manifest;
    size_t length = 0;

    (void)context;
    memset(ret_answer, 0, sizeof(*ret_answer));
    if (request->kind == FG_CONTROL_STATE) {
        ret_answer->has_state = true;
        tell_state(&ret_answer->state);
    } else if (request->kind == FG_CONTROL_JOURNAL) {
        if (controller.busy)
            append_one();
        ret_answer->result =
            fg_journal_batch(controller.journal, request->from_sequence, 4, ret_answer->batch,
                             sizeof(ret_answer->batch), &length, &ret_answer->next_sequence, &error);
        ret_answer->batch_length = (uint16_t)length;
    } else if (request->kind == FG_CONTROL_RECEIPT) {
        ret_answer->result =
            fg_journal_take_receipt(controller.journal, request->receipt, request->receipt_length,
                                    &hop.receipt_key.public_key, NOON_MS, &error);
    } else if (request->kind == FG_CONTROL_KEYRING) {
        ret_answer->result = take_ring(request->path, &error);
        if (ret_answer->result == FG_OK)
            (void)snprintf(error.text, sizeof(error.text), "key ring taken");
    } else if (controller.filling) {
        ret_answer->result = fg_fail(&error, FG_E_BUSY, "a fill is in progress");
    } else {
        controller.imports++;
        memcpy(controller.imported, request->path, sizeof(controller.imported));
        ret_answer->result = fg_list_import(controller.list, request->path, 0, &manifest, &error);
    }
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
}

static void *run_controller(void *context)
{
    struct pollfd polls[FG_CONTROL_POLLS];

    (void)context;
    while (!controller.stop) {
        (void)poll(polls, (nfds_t)fg_control_server_polls(controller.server, polls), 10);
        (void)pthread_mutex_lock(&controller.mutex);
        fg_control_server_serve(controller.server);
        (void)pthread_mutex_unlock(&controller.mutex);
    }
    return NULL;
}

static void append(unsigned count)
{
    (void)pthread_mutex_lock(&controller.mutex);
    for (unsigned i = 0; i < count; i++)
        append_one();
    (void)pthread_mutex_unlock(&controller.mutex);
}

static void controller_start(void)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "ctl-1",
                                           .bytes_max = 8 << 20,
                                           .stop_reserve_entries = 32};
    struct fg_journal_start start;
    struct fg_error error = {0};

    memset(&controller, 0, sizeof(controller));
    (void)pthread_mutex_init(&controller.mutex, NULL);
    CHECK_OK(fg_private_key_new(&controller.key, &error), &error);
    settings.key = &controller.key;
    CHECK_OK(fg_journal_open(&settings, &controller.journal, &start, &error), &error);
    CHECK_OK(fg_list_open(fg_test_path("in-force.db"), NULL, &fg_fixture_key()->public_key, 1,
                          &controller.list, &error),
             &error);
    CHECK_OK(fg_keyring_first(&fg_fixture_key()->public_key, 1, NULL, &controller.first_ring, &error),
             &error);
    controller.ring = controller.first_ring;
    (void)snprintf(controller.ring_path, sizeof(controller.ring_path), "%s", fg_test_path("in-force.bin"));
    CHECK_OK(
        fg_control_server_new(fg_test_path("control.sock"), handle_control, NULL, &controller.server, &error),
        &error);
    CHECK_INT(pthread_create(&controller.thread, NULL, run_controller, NULL), 0);
}

static void controller_stop(void)
{
    controller.stop = true;
    (void)pthread_join(controller.thread, NULL);
    fg_control_server_free(controller.server);
    fg_list_close(controller.list);
    fg_journal_close(controller.journal);
}

/* ---- the hop ---- */

static void give_receipt(struct fg_sync_answer *answer)
{
    struct fg_receipt receipt = {.controller = "ctl-1", .next_sequence = hop.held + 1, .head = hop.head};
    struct fg_signature signature;

    if (!hop.gives_receipts)
        return;
    (void)fg_receipt_sign(&receipt, &hop.receipt_key, &signature, NULL);
    (void)fg_receipt_encode(&receipt, &signature, answer->receipt, sizeof(answer->receipt),
                            &answer->receipt_length, NULL);
}

static void judge(const struct fg_sync_batch *batch, struct fg_sync_answer *answer)
{
    size_t skip;
    struct fg_digest head;

    answer->verdict = FG_SYNC_GAP;
    answer->next_sequence = hop.held + 1;
    if (batch->first_sequence > hop.held + 1)
        return;
    skip = (size_t)(hop.held + 1 - batch->first_sequence);
    if (skip > batch->count)
        skip = batch->count;
    answer->verdict = FG_SYNC_REFUSED;
    if (skip < batch->count &&
        fg_sync_batch_verify(batch, skip, &hop.head, &hop.device_key, &head, NULL) != FG_OK)
        return;
    if (skip < batch->count) {
        hop.head = head;
        hop.held = batch->first_sequence + batch->count - 1;
    }
    answer->verdict = FG_SYNC_HELD;
    answer->next_sequence = hop.held + 1;
    give_receipt(answer);
}

static void handle_journal(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static struct fg_sync_batch batch;
    struct fg_sync_answer answer = {0};
    uint8_t bytes[FG_SYNC_ANSWER_BYTES_MAX];
    size_t length = 0;

    (void)context;
    (void)pthread_mutex_lock(&hop.mutex);
    hop.batches++;
    hop.sender_key = request->peer->key;
    if (fg_sync_batch_decode(request->body, request->body_length, &batch, NULL) != FG_OK) {
        fg_answer_text(ret_answer, 400, "no batch");
    } else {
        judge(&batch, &answer);
        if (hop.forced_verdict != 0)
            answer.verdict = hop.forced_verdict;
        (void)snprintf(answer.text, sizeof(answer.text), "said the hop");
        (void)fg_sync_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL);
        fg_answer_bytes(ret_answer, fg_sync_status(answer.verdict), bytes, length);
    }
    (void)pthread_mutex_unlock(&hop.mutex);
}

static void handle_report(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static struct fg_sync_reports reports;
    struct fg_sync_report_answer answer = {.wall_ms = real_now_ms(NULL) - 90000};
    uint8_t bytes[FG_SYNC_ANSWER_BYTES_MAX];
    size_t length = 0;

    (void)context;
    if (fg_sync_reports_decode(request->body, request->body_length, &reports, NULL) != FG_OK) {
        fg_answer_text(ret_answer, 400, "no report");
        return;
    }
    (void)pthread_mutex_lock(&hop.mutex);
    hop.reports++;
    hop.report = reports.self;
    (void)pthread_mutex_unlock(&hop.mutex);
    (void)fg_sync_report_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL);
    fg_answer_bytes(ret_answer, 200, bytes, length);
}

static void handle_renew(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static struct fg_enrol_request asked;
    static struct fg_enrol_answer answer;
    struct fg_certificate certificate;
    struct fg_public_key key;
    struct fg_certificate_order order = {.role = FG_ROLE_CONTROLLER,
                                         .id = "ctl-1",
                                         .key = &key,
                                         .from_ms = real_now_ms(NULL) - DAY_MS,
                                         .to_ms = real_now_ms(NULL) + 400 * DAY_MS};
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;

    (void)context;
    memset(&answer, 0, sizeof(answer));
    if (fg_enrol_request_decode(request->body, request->body_length, &asked, NULL) != FG_OK ||
        fg_csr_key(asked.request, asked.request_length, &key, NULL) != FG_OK ||
        !fg_bytes_equal(&key, &request->peer->key, sizeof(key)) ||
        fg_ca_issue(hop.ca, &order, &certificate, NULL) != FG_OK)
        return;
    hop.renewals++;
    if (hop.renewal_is_garbage)
        certificate.bytes[certificate.length / 2] ^= 1;
    (void)snprintf(answer.id, sizeof(answer.id), "ctl-1");
    memcpy(answer.certificate, certificate.bytes, certificate.length);
    answer.certificate_length = certificate.length;
    (void)fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL);
    fg_answer_bytes(ret_answer, 200, bytes, length);
}

static void handle_keys(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)pthread_mutex_lock(&hop.mutex);
    hop.ring_asked++;
    if (hop.ring_status == 0)
        fg_key_rings_answer(fg_key_rings_pick, hop.rings, request, ret_answer);
    else
        fg_answer_text(ret_answer, hop.ring_status, "%s", hop.ring_text);
    (void)pthread_mutex_unlock(&hop.mutex);
}

static void certificate_make(struct fg_ca *ca, const char *role, const char *id, const char *file,
                             int64_t days)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    struct fg_certificate_order order = {.role = role,
                                         .id = id,
                                         .key = &key.public_key,
                                         .name_count = strcmp(role, FG_ROLE_STATION) == 0,
                                         .names = {"127.0.0.1"},
                                         .from_ms = real_now_ms(NULL) - DAY_MS,
                                         .to_ms = real_now_ms(NULL) + days * DAY_MS};
    struct fg_error error = {0};
    char path[64];

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_ca_issue(ca, &order, &certificate, &error), &error);
    part.length = certificate.length;
    (void)snprintf(path, sizeof(path), "%s.pem", file);
    CHECK_OK(fg_certificates_write(fg_test_path(path), &part, 1, &error), &error);
    (void)snprintf(path, sizeof(path), "%s.key", file);
    CHECK_OK(fg_private_key_write(fg_test_path(path), &key, &error), &error);
}

static void hop_start(void)
{
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .now_ms = real_now_ms,
                                          .threads = 1,
                                          .connections_max = 8,
                                          .request_max_ms = 20000,
                                          .routes = routes,
                                          .route_count = 6};
    struct fg_error error = {0};
    char paths[3][256];

    memset(&hop, 0, sizeof(hop));
    (void)pthread_mutex_init(&hop.mutex, NULL);
    CHECK_OK(fg_private_key_new(&hop.receipt_key, &error), &error);
    hop.device_key = controller.key.public_key;
    fg_chain_start("ctl-1", &hop.head);
    CHECK_OK(fg_ca_create(fg_test_path("ca"), "test", real_now_ms(NULL) - 2 * DAY_MS, 1000, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), &hop.ca, &error), &error);
    certificate_make(hop.ca, FG_ROLE_STATION, "S1", "station", 400);
    certificate_make(hop.ca, FG_ROLE_CONTROLLER, "ctl-1", "tls", tls_days);
    CHECK_OK(fg_listing_new(fg_test_path("lists"), &fg_fixture_key()->public_key, 1, NULL, NULL, &hop.listing,
                            &error),
             &error);
    routes[0] =
        (struct fg_route){"POST", FG_SYNC_PATH_JOURNAL, FG_SYNC_BATCH_BYTES_MAX, true, handle_journal, NULL};
    routes[1] =
        (struct fg_route){"POST", FG_SYNC_PATH_REPORT, FG_SYNC_REPORT_BYTES_MAX, true, handle_report, NULL};
    routes[2] = fg_listing_route(hop.listing);
    routes[3] = (struct fg_route){"POST", FG_SYNC_PATH_RENEW, FG_ENROL_BYTES_MAX, true, handle_renew, NULL};
    routes[4] = (struct fg_route){"GET", FG_SYNC_PATH_KEYS, 0, false, handle_keys, NULL};
    (void)snprintf(hop.ca_path, sizeof(hop.ca_path), "%s", fg_test_path("hop.pem"));
    routes[5] = fg_authority_changes_route(hop.ca_path);
    (void)snprintf(hop.rings, sizeof(hop.rings), "%s", fg_test_path("rings"));
    (void)mkdir(hop.rings, 0700);
    (void)snprintf(paths[0], sizeof(paths[0]), "%s", fg_test_path("station.pem"));
    (void)snprintf(paths[1], sizeof(paths[1]), "%s", fg_test_path("station.key"));
    (void)snprintf(paths[2], sizeof(paths[2]), "%s", fg_test_path("ca/ca.pem"));
    settings.certificate_path = paths[0];
    settings.key_path = paths[1];
    settings.ca_path = paths[2];
    CHECK_OK(fg_server_start(&settings, &hop.server, &error), &error);
}

/* ---- the link ---- */

static void keep_line(void *context, const char *line)
{
    size_t used = strlen(log_text);

    (void)context;
    (void)snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static void link_restart(uint16_t port)
{
    struct fg_error error = {0};

    fg_link_free(link_under_test);
    link_under_test = NULL;
    (void)snprintf(config.url, sizeof(config.url), "https://127.0.0.1:%u", port);
    CHECK_OK(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), &error);
}

static void link_start(void)
{
    struct fg_error error = {0};

    memset(&config, 0, sizeof(config));
    (void)snprintf(config.control_socket, sizeof(config.control_socket), "%s", fg_test_path("control.sock"));
    (void)snprintf(config.url, sizeof(config.url), "https://127.0.0.1:%u", fg_server_port(hop.server));
    (void)snprintf(config.ca_path, sizeof(config.ca_path), "%s", fg_test_path("ca/ca.pem"));
    (void)snprintf(config.certificate_path, sizeof(config.certificate_path), "%s", fg_test_path("tls.pem"));
    (void)snprintf(config.key_path, sizeof(config.key_path), "%s", fg_test_path("tls.key"));
    (void)snprintf(config.list_id, sizeof(config.list_id), "city");
    (void)snprintf(config.list_station, sizeof(config.list_station), "S1");
    (void)snprintf(config.list_keys[0], sizeof(config.list_keys[0]), "%s", fg_test_path("bureau.pub"));
    (void)snprintf(config.work_directory, sizeof(config.work_directory), "%s", fg_test_path("work"));
    config.times = (struct fg_link_times){.report_ms = 3600000,
                                          .list_ms = 3600000,
                                          .renew_ms = 3600000,
                                          .ask_again_ms = 3600000,
                                          .retry_min_ms = 10,
                                          .retry_max_ms = retry_max_ms};
    config.renew_days = 30;
    config.connect_max_ms = config.write_max_ms = config.first_byte_max_ms = config.whole_max_ms = 10000;
    if (access(config.list_keys[0], F_OK) != 0)
        CHECK_OK(fg_public_key_write(config.list_keys[0], &fg_fixture_key()->public_key, &error), &error);
    CHECK_OK(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), &error);
}

static void world_start(void)
{
    log_text[0] = '\0';
    controller_start();
    hop_start();
    link_start();
}

static void world_end(void)
{
    fg_link_free(link_under_test);
    fg_server_stop(hop.server);
    fg_listing_free(hop.listing);
    fg_ca_close(hop.ca);
    controller_stop();
}

static void turns(void)
{
    while (fg_link_turn(link_under_test))
        ;
}

/* Turns until the condition holds; the link waits after failures. */
#define TURN_UNTIL(condition)                                                                                \
    do {                                                                                                     \
        int64_t until_deadline = fg_mono_ms() + 20000;                                                       \
        while (!(condition)) {                                                                               \
            CHECK(fg_mono_ms() < until_deadline);                                                            \
            if (!fg_link_turn(link_under_test))                                                              \
                fg_sleep_ms(5);                                                                              \
        }                                                                                                    \
    } while (0)

static void publish(uint64_t version, unsigned suspended_every)
{
    struct fg_fixture_city city = {.version = version,
                                   .bucket_bits = 4,
                                   .rows = 200,
                                   .suspended_every = suspended_every,
                                   .expires_ms = INT64_C(4000000000000)};
    struct fg_error error = {0};
    char path[FG_FIXTURE_PATH];

    fg_fixture_city("city.fgl", &city, path);
    CHECK_OK(fg_listing_take(hop.listing, "city", path, &error), &error);
    CHECK_INT(unlink(path), 0);
}

TEST("NO-LOSS: all entries reach the next hop in order, and its receipts reach the journal")
{
    world_start();
    append(11);
    hop.gives_receipts = true;
    turns();
    CHECK_INT(hop.held, 11);
    CHECK_INT(fg_journal_unsent(controller.journal), 0);
    append(1);
    turns();
    CHECK_INT(hop.held, 12);
    CHECK_INT(fg_journal_unsent(controller.journal), 0);
    world_end();
}

TEST("NO-LOSS: a link that starts anew asks with the newest entry and goes on where the next hop is")
{
    unsigned batches;

    world_start();
    append(9);
    turns();
    CHECK_INT(hop.held, 9);
    CHECK_INT(fg_journal_unsent(controller.journal), 9);
    batches = hop.batches;
    fg_link_free(link_under_test);
    link_start();
    turns();
    CHECK_INT(hop.batches, batches + 1);
    append(3);
    turns();
    CHECK_INT(hop.held, 12);
    /* the next hop lost its store: it is given everything again */
    hop.held = 0;
    fg_chain_start("ctl-1", &hop.head);
    append(1);
    turns();
    CHECK_INT(hop.held, 13);
    world_end();
}

TEST("NO-LOSS: while the next hop or fillgated is away nothing is lost, and the log says it once")
{
    const char *found;

    world_start();
    append(2);
    hop.forced_verdict = FG_SYNC_BUSY;
    TURN_UNTIL(hop.batches >= 3);
    CHECK_HAS(log_text, "busy: said the hop");
    found = strstr(log_text, "busy: said the hop");
    CHECK(strstr(found + 1, "busy: said the hop") == NULL);
    hop.held = 0;
    fg_chain_start("ctl-1", &hop.head);
    hop.forced_verdict = 0;
    TURN_UNTIL(hop.held == 2);
    fg_server_stop(hop.server);
    hop.server = NULL;
    append(1);
    (void)fg_link_turn(link_under_test);
    CHECK_HAS(log_text, "entries not sent: ");
    controller_stop();
    (void)fg_link_turn(link_under_test);
    CHECK_HAS(log_text, "fillgated does not answer: ");
    fg_link_free(link_under_test);
    fg_listing_free(hop.listing);
    fg_ca_close(hop.ca);
}

TEST("TAMPER-SHOWS: a fork and a refusal are told to a person and not asked about all the time")
{
    retry_max_ms = 600000; /* however long the turns take */
    world_start();
    append(2);
    hop.forced_verdict = FG_SYNC_FORK;
    turns();
    CHECK_HAS(log_text, "FORK: the next hop holds other entries");
    CHECK_INT(hop.batches, 1);
    fg_link_free(link_under_test);
    link_start();
    hop.forced_verdict = FG_SYNC_REFUSED;
    turns();
    CHECK_HAS(log_text, "entries refused: said the hop");
    retry_max_ms = 100;
    world_end();
}

TEST("TAMPER-SHOWS: a next hop that holds more than the journal is told, entries written while others are "
     "sent are not")
{
    world_start();
    append(3);
    controller.busy = true;
    for (int i = 0; i < 5; i++) {
        (void)fg_link_turn(link_under_test);
        append(1);
    }
    controller.busy = false;
    turns();
    CHECK(hop.held > 8);
    CHECK_INT(hop.held, fg_journal_count(controller.journal));
    CHECK(strstr(log_text, "older copy") == NULL);
    hop.held += 7; /* as if the journal had been put back to what it was seven entries ago */
    append(1);
    turns();
    CHECK_HAS(log_text, "was it put back to an older copy?");
    world_end();
}

TEST("a report tells how the controller stands, and the answer shows the clocks' difference")
{
    int offset_ms = 0;

    world_start();
    append(5);
    turns();
    CHECK_INT(hop.reports, 1);
    CHECK_TEXT(hop.report.device, "ctl-1");
    CHECK_INT(hop.report.last_sequence, 5);
    CHECK_INT(hop.report.unsent, 5);
    CHECK_INT(hop.report.oldest_unsent_ms, NOON_MS);
    CHECK(hop.report.disk_free_bytes > 0);
    CHECK_HAS(log_text, "clock: ");
    CHECK(sscanf(strstr(log_text, "clock: "), "clock: %d ms", &offset_ms) == 1);
    /* The hop is 90 s ahead; the request itself took some time off that. */
    CHECK(offset_ms <= 90000 && offset_ms > 60000);
    world_end();
}

TEST("LIST-IS-SIGNED: a list comes whole, the next version as a delta, and fillgated takes both")
{
    struct fg_manifest manifest;
    struct fg_error error = {0};

    world_start();
    publish(3, 0);
    turns();
    CHECK_OK(fg_list_manifest(controller.list, &manifest, &error), &error);
    CHECK_INT(manifest.version, 3);
    CHECK_HAS(controller.imported, "/work/hand-over.fgl");
    CHECK_INT(access(controller.imported, F_OK), -1);
    publish(4, 50);
    fg_link_free(link_under_test);
    link_start();
    turns();
    CHECK_OK(fg_list_manifest(controller.list, &manifest, &error), &error);
    CHECK_INT(manifest.version, 4);
    CHECK_HAS(controller.imported, "/work/3-4.fgd");
    CHECK_INT(controller.imports, 2);
    world_end();
}

TEST("a list waits for the end of a fill, and is not fetched again meanwhile")
{
    struct fg_manifest manifest;

    world_start();
    publish(1, 0);
    controller.filling = true;
    turns();
    CHECK_INT(controller.imports, 0);
    controller.filling = false;
    TURN_UNTIL(fg_list_manifest(controller.list, &manifest, NULL) == FG_OK);
    CHECK_INT(controller.imports, 1);
    CHECK_INT(manifest.version, 1);
    world_end();
}

TEST("LIST-IS-SIGNED: a list in force that was edited is replaced from the link's copy")
{
    char path[FG_CONTROL_PATH_MAX + 1];

    world_start();
    publish(1, 0);
    turns();
    CHECK_INT(fg_list_state(controller.list), FG_LIST_IN_FORCE);
    /* fillgated starts anew without its list */
    (void)pthread_mutex_lock(&controller.mutex);
    fg_list_close(controller.list);
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("other.db"));
    CHECK_INT(fg_list_open(path, NULL, &fg_fixture_key()->public_key, 1, &controller.list, NULL), FG_OK);
    (void)pthread_mutex_unlock(&controller.mutex);
    TURN_UNTIL(fg_list_state(controller.list) == FG_LIST_IN_FORCE);
    CHECK_INT(controller.imports, 2);
    world_end();
}

/* One network that misbehaves by the seed, then heals: everything must have arrived. */
static void play_seed(uint64_t seed, uint64_t version)
{
    uint64_t random = seed;
    struct fg_proxy_faults faults = {.refuse_percent = fg_random_below(&random, 30),
                                     .cut_percent = fg_random_below(&random, 60),
                                     .cut_bytes_max = 1 + fg_random_below(&random, 12000),
                                     .stall_percent = fg_random_below(&random, 10),
                                     .corrupt_percent = fg_random_below(&random, 20),
                                     .piece_bytes_max = fg_random_below(&random, 2) == 0 ? 0 : 100};
    struct fg_proxy *proxy = fg_proxy_new(fg_server_port(hop.server), seed);
    struct fg_manifest manifest = {.version = 0};

    CHECK(proxy != NULL);
    fg_proxy_set(proxy, &faults, true);
    link_restart(fg_proxy_port(proxy));
    publish(version, 20 + (unsigned)version);
    for (int i = 0; i < 25; i++) {
        append(fg_random_below(&random, 4));
        (void)fg_link_turn(link_under_test);
        if (fg_random_below(&random, 8) == 0)
            link_restart(fg_proxy_port(proxy));
    }
    faults = (struct fg_proxy_faults){.refuse_percent = 0};
    fg_proxy_set(proxy, &faults, true);
    TURN_UNTIL(fg_journal_unsent(controller.journal) == 0 &&
               hop.held == fg_journal_count(controller.journal));
    TURN_UNTIL(fg_list_manifest(controller.list, &manifest, NULL) == FG_OK && manifest.version == version);
    fg_proxy_free(proxy);
}

TEST("NO-LOSS: through a network that refuses, cuts, stalls and changes bytes, every entry, receipt and list "
     "arrives")
{
    const char *seeds = getenv("LINK_SEEDS");
    const char *first = getenv("LINK_SEED");
    uint64_t count = seeds == NULL ? 6 : strtoull(seeds, NULL, 10);
    uint64_t from = first == NULL ? 1 : strtoull(first, NULL, 10);

    world_start();
    hop.gives_receipts = true;
    config.times.list_ms = config.times.ask_again_ms = 50;
    config.connect_max_ms = config.write_max_ms = config.first_byte_max_ms = config.whole_max_ms = 1500;
    for (uint64_t seed = from; seed < from + count; seed++) {
        printf("    seed %llu\n", (unsigned long long)seed);
        play_seed(seed, seed - from + 1);
    }
    link_restart(fg_server_port(hop.server));
    world_end();
}

TEST("a certificate that ends soon is renewed before it ends, and the new one is used")
{
    int64_t end_ms = 0;
    struct fg_error error = {0};

    tls_days = 20;
    world_start();
    tls_days = 400;
    append(1);
    turns();
    CHECK_INT(hop.renewals, 1);
    CHECK_HAS(log_text, "certificate renewed");
    CHECK_OK(fg_certificate_times(config.certificate_path, NULL, &end_ms, &error), &error);
    CHECK(end_ms > real_now_ms(NULL) + 300 * DAY_MS);
    append(1);
    turns();
    CHECK_INT(hop.held, 2);
    world_end();
}

TEST("a device that joins again before the link first looks at its certificate shows the new one")
{
    struct fg_private_key key;
    struct fg_error error = {0};

    world_start();
    append(1);
    CHECK(fg_link_turn(link_under_test)); /* sends, with the certificate that is there */
    CHECK_INT(hop.held, 1);
    CHECK_INT(unlink(config.key_path), 0);
    certificate_make(hop.ca, FG_ROLE_CONTROLLER, "ctl-1", "tls", tls_days);
    CHECK_OK(fg_private_key_read(config.key_path, &key, &error), &error);
    CHECK(!fg_bytes_equal(&hop.sender_key, &key.public_key, sizeof(key.public_key)));
    turns();
    append(1);
    turns();
    CHECK_INT(hop.held, 2);
    CHECK_BYTES(&hop.sender_key, &key.public_key, sizeof(key.public_key));
    world_end();
}

TEST("a renewal that is not the authority's changes nothing, is told, and the link goes on with the "
     "certificate "
     "that it has")
{
    int64_t end_ms = 0;
    struct fg_error error = {0};

    tls_days = 20;
    world_start();
    tls_days = 400;
    hop.renewal_is_garbage = true;
    append(1);
    turns();
    CHECK(hop.renewals > 0);
    CHECK_HAS(log_text, "could not be renewed");
    CHECK_OK(fg_certificate_times(config.certificate_path, NULL, &end_ms, &error), &error);
    CHECK(end_ms < real_now_ms(NULL) + 30 * DAY_MS);
    append(1);
    turns();
    CHECK_INT(hop.held, 2);
    world_end();
}

/* What the bureau announces: another authority than the hop's, which issues from now on. */
static void authorities_change(struct fg_ca *next)
{
    struct fg_fixture_change change = fg_fixture_change(1, next, hop.ca, hop.ca, next);
    struct fg_error error = {0};
    uint64_t version;

    fg_fixture_authority_copy("ca/ca.pem", "hop.pem");
    CHECK_OK(fg_authority_change_take(hop.ca_path, change.bytes, change.length, true, &version, &error),
             &error);
    fg_ca_close(hop.ca);
    hop.ca = next;
}

TEST("a change of authorities comes from the hop, and the link renews under the one that issues from now on")
{
    struct fg_ca *next = NULL;
    struct fg_error error = {0};
    bool outgrown = true;

    world_start();
    CHECK_OK(fg_ca_create(fg_test_path("next"), "test", real_now_ms(NULL) - 2 * DAY_MS, 1000, &error),
             &error);
    CHECK_OK(fg_ca_open(fg_test_path("next"), &next, &error), &error);
    authorities_change(next);
    append(1);
    TURN_UNTIL(hop.renewals == 1);
    TURN_UNTIL(strstr(log_text, "certificate renewed") != NULL);
    CHECK_HAS(log_text, "authorities, version 1, are in force");
    CHECK_OK(fg_authority_outgrown(config.ca_path, config.certificate_path, &outgrown, &error), &error);
    CHECK(!outgrown);
    CHECK_OK(fg_server_reload(hop.server, &error), &error); /* its file is the link's here */
    append(1);
    TURN_UNTIL(hop.held == 2);
    CHECK_INT(hop.renewals, 1);
    world_end();
}

TEST("a certificate of an authority that is no longer in force is told, with the way back")
{
    struct fg_ca *next = NULL;
    struct fg_fixture_change alone;
    struct fg_error error = {0};
    uint64_t version;

    world_start();
    CHECK_OK(fg_ca_create(fg_test_path("next"), "test", real_now_ms(NULL) - 2 * DAY_MS, 1000, &error),
             &error);
    CHECK_OK(fg_ca_open(fg_test_path("next"), &next, &error), &error);
    alone = fg_fixture_change(1, next, NULL, hop.ca, next);
    CHECK_OK(fg_authority_change_take(config.ca_path, alone.bytes, alone.length, false, &version, &error),
             &error);
    fg_ca_close(next);
    TURN_UNTIL(strstr(log_text, "no longer in force: get a new one-time code") != NULL);
    CHECK_HAS(log_text, "enrol again in the same directory");
    world_end();
}

TEST("a certificate that is missing, a station that is another, and a list key that is missing are named")
{
    struct fg_error error = {0};

    world_start();
    fg_link_free(link_under_test);
    (void)snprintf(config.list_keys[1], sizeof(config.list_keys[1]), "%s", fg_test_path("none.pub"));
    (void)snprintf(config.certificate_path, sizeof(config.certificate_path), "%s", fg_test_path("none.pem"));
    CHECK_OK(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), &error);
    CHECK_HAS(log_text, "list key: ");
    CHECK_HAS(log_text, "none.pub");
    (void)fg_link_turn(link_under_test);
    CHECK_HAS(log_text, "list not fetched: ");
    CHECK_HAS(log_text, "none.pem");
    fg_link_free(link_under_test);
    link_start();
    fg_link_free(link_under_test);
    (void)snprintf(config.peer_name, sizeof(config.peer_name), "elsewhere.example");
    CHECK_OK(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), &error);
    append(1);
    (void)fg_link_turn(link_under_test);
    CHECK_HAS(log_text, "entries not sent: ");
    CHECK_HAS(log_text, "certificate is not valid");
    CHECK_INT(hop.held, 0);
    fg_link_free(link_under_test);
    (void)snprintf(config.work_directory, sizeof(config.work_directory), "/proc/none");
    CHECK_INT(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), FG_E_IO);
    CHECK_HAS(error.text, "/proc/none");
    link_start();
    world_end();
}

TEST("LIST-IS-SIGNED: a list made for another station is not fetched")
{
    struct fg_error error = {0};

    world_start();
    fg_link_free(link_under_test);
    (void)snprintf(config.list_station, sizeof(config.list_station), "S2");
    CHECK_OK(fg_link_new(&config, keep_line, NULL, &link_under_test, &error), &error);
    publish(1, 0);
    (void)fg_link_turn(link_under_test);
    CHECK_HAS(log_text, "list not fetched: ");
    CHECK_INT(controller.imports, 0);
    world_end();
}

/* ---- key rings ---- */

#define RING_KEYS 4
static struct fg_private_key ring_keys[RING_KEYS]; /* [0] is the configured one */

static void ring_keys_make(void)
{
    struct fg_error error = {0};

    ring_keys[0] = *fg_fixture_key();
    for (int i = 1; i < RING_KEYS; i++)
        CHECK_OK(fg_private_key_new(&ring_keys[i], &error), &error);
}

/* Lays a ring with one list key into the hop's folder. */
static void ring_publish(uint64_t version, const struct fg_private_key *by, const struct fg_private_key *key)
{
    struct fg_keyring ring = {
        .version = version, .key_count = 1, .keys = {{FG_KEYRING_LIST, key->public_key}}};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    char path[300];
    size_t length = 0;
    struct fg_error error = {0};

    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_keyring_sign(bytes, length, by, bytes, sizeof(bytes), &length, &error), &error);
    if (by != key)
        CHECK_OK(fg_keyring_sign(bytes, length, key, bytes, sizeof(bytes), &length, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/ring-%llu", hop.rings, (unsigned long long)version);
    fg_fixture_write_bytes(path, bytes, length);
}

static void publish_by(uint64_t version, const struct fg_private_key *key)
{
    struct fg_fixture_city city = {
        .version = version, .bucket_bits = 4, .rows = 200, .expires_ms = INT64_C(4000000000000), .key = key};
    struct fg_error error = {0};
    char path[FG_FIXTURE_PATH];

    fg_fixture_city("city.fgl", &city, path);
    CHECK_OK(fg_listing_trust(hop.listing, &key->public_key, 1, &error), &error);
    CHECK_OK(fg_listing_take(hop.listing, "city", path, &error), &error);
}

static uint64_t version_in_force(void)
{
    struct fg_manifest manifest = {.version = 0};
    enum fg_err code;

    (void)pthread_mutex_lock(&controller.mutex);
    code = fg_list_manifest(controller.list, &manifest, NULL);
    (void)pthread_mutex_unlock(&controller.mutex);
    return code == FG_OK ? manifest.version : 0;
}

static unsigned count_in_log(const char *text)
{
    unsigned count = 0;

    for (const char *at = strstr(log_text, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

TEST("LIST-IS-SIGNED: a ring comes before the list that its new key signed, and both reach fillgated")
{
    world_start();
    ring_keys_make();
    publish_by(1, &ring_keys[0]);
    turns();
    CHECK_INT(version_in_force(), 1);
    CHECK_INT(hop.ring_asked, 1);
    CHECK_INT(controller.rings_given, 0);
    ring_publish(1, &ring_keys[0], &ring_keys[1]);
    publish_by(2, &ring_keys[1]);
    config.times.list_ms = 20;
    link_restart(fg_server_port(hop.server));
    TURN_UNTIL(version_in_force() == 2);
    CHECK_INT(controller.ring.version, 1);
    CHECK_INT(controller.rings_given, 1);
    CHECK_HAS(log_text, "key ring 1 is in force here");
    CHECK_HAS(log_text, "key ring 1 handed over");
    /* What the retired key signs counts no longer, with the link running on. */
    publish_by(3, &ring_keys[0]);
    TURN_UNTIL(strstr(log_text, "list not fetched: manifest: signed with key") != NULL);
    CHECK_INT(version_in_force(), 2);
    world_end();
}

TEST("a link and a fillgated several rings behind get each ring in between, after a restart too")
{
    world_start();
    ring_keys_make();
    for (uint64_t i = 1; i < RING_KEYS; i++)
        ring_publish(i, &ring_keys[i - 1], &ring_keys[i]);
    publish_by(1, &ring_keys[RING_KEYS - 1]);
    turns();
    CHECK_INT(controller.ring.version, RING_KEYS - 1);
    CHECK_INT(version_in_force(), 1);
    /* fillgated is another one now, with nothing but its configured key; the hop hands out no ring. */
    (void)pthread_mutex_lock(&controller.mutex);
    CHECK_INT(unlink(controller.ring_path), 0);
    controller.ring = controller.first_ring;
    (void)pthread_mutex_unlock(&controller.mutex);
    hop.ring_status = 404;
    link_restart(fg_server_port(hop.server));
    turns();
    CHECK_INT(controller.ring.version, RING_KEYS - 1);
    CHECK_INT(count_in_log("is in force here"), 1);
    CHECK(strstr(log_text, "not handed over") == NULL);
    CHECK_INT(access(fg_test_path("work/hand-over.ring"), F_OK), -1);
    world_end();
}

TEST("TAMPER-SHOWS: a false ring, a senseless answer and an error are told once and stop no list")
{
    struct fg_private_key stranger;
    struct fg_error error = {0};

    world_start();
    ring_keys_make();
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    config.times.list_ms = 5;
    link_restart(fg_server_port(hop.server));
    ring_publish(7, &stranger, &stranger);
    publish_by(1, &ring_keys[0]);
    TURN_UNTIL(hop.ring_asked >= 4);
    CHECK_INT(version_in_force(), 1);
    CHECK_INT(count_in_log("key ring not taken, version 0 stays in force: key ring: no list key"), 1);
    CHECK_INT(controller.rings_given, 0);
    ring_publish(7, &ring_keys[0], &ring_keys[1]);
    TURN_UNTIL(controller.ring.version == 7);
    hop.ring_status = 200;
    (void)snprintf(hop.ring_text, sizeof(hop.ring_text), "no ring");
    TURN_UNTIL(strstr(log_text, "version 7 stays in force: key ring: not a key ring file") != NULL);
    hop.ring_status = 500;
    TURN_UNTIL(strstr(log_text, "the next hop answered HTTP 500") != NULL);
    hop.ring_status = 0;
    publish_by(2, &ring_keys[1]);
    TURN_UNTIL(version_in_force() == 2);
    CHECK_INT(controller.ring.version, 7);
    world_end();
}

TEST("a ring waits for a fillgated that is away, and its refusal is told and tried again")
{
    struct fg_error error = {0};

    world_start();
    ring_keys_make();
    controller_stop();
    ring_publish(1, &ring_keys[0], &ring_keys[1]);
    TURN_UNTIL(strstr(log_text, "key ring 1 is in force here") != NULL);
    CHECK(strstr(log_text, "handed over") == NULL);
    CHECK_INT(unlink(fg_test_path("journal.db")), 0);
    (void)unlink(fg_test_path("journal.db.anchor"));
    controller_start();
    /* It was configured with another key: nothing follows from that. */
    CHECK_OK(fg_keyring_first(&ring_keys[3].public_key, 1, NULL, &controller.first_ring, &error), &error);
    TURN_UNTIL(strstr(log_text, "key ring not handed over: fillgated: key ring: no list key") != NULL);
    controller.first_ring.keys[0].key = ring_keys[0].public_key;
    TURN_UNTIL(controller.ring.version == 1);
    CHECK_HAS(log_text, "key ring 1 handed over");
    world_end();
}

TEST("TAMPER-SHOWS: a kept ring file that was edited is told, put aside, and the rings come anew")
{
    world_start();
    ring_keys_make();
    ring_publish(1, &ring_keys[0], &ring_keys[1]);
    turns();
    CHECK_INT(controller.ring.version, 1);
    fg_fixture_write_bytes(fg_test_path("work/keyring.bin"), (const uint8_t *)"rubbish", 7);
    link_restart(fg_server_port(hop.server));
    CHECK_HAS(log_text, "kept key rings do not hold: ");
    CHECK_HAS(log_text, "keyring.bin.damaged");
    turns();
    CHECK_INT(count_in_log("key ring 1 is in force here"), 2);
    world_end();
}

TEST("the example of the settings is good, and every wrong value is named")
{
    struct fg_link_config read;
    struct fg_error error = {0};
    FILE *file;

    CHECK_OK(fg_link_config_read("boards/sim/link.ini", &read, &error), &error);
    CHECK_TEXT(read.control_socket, "boards/sim/control.sock");
    CHECK_TEXT(read.list_id, "huzhou-1");
    CHECK_INT(read.times.ask_again_ms, 120000);
    CHECK_TEXT(read.list_keys[1], "");
    file = fopen(fg_test_path("bad.ini"), "w");
    CHECK(file != NULL);
    CHECK(fputs("[station]\nurl = http\nwhat = 1\n", file) >= 0);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(fg_link_config_read(fg_test_path("bad.ini"), &read, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "bad.ini:3");
}
