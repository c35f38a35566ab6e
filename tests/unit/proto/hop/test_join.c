/* Joining and renewing as a device meets them: a server stands where station and bureau are, and answers what
 * a test wants. Nothing is taken that is not proven. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/pki/ca.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/server/https_server.h"
#include "proto/hop/join.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol_code.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795392000000)
#define DAY_MS INT64_C(86400000)
#define CODE "7K2M9-QXW4T-B3N8R-H5VDC"

/* What the answer's certificate is made from, and what is done to the answer before and after it is signed.
 */
struct play {
    struct fg_certificate_order order;
    void (*change)(struct fg_enrol_answer *answer);
    struct fg_ca *issuer; /* NULL: the true one */
    struct fg_ca *signer;
};

static struct world {
    struct fg_ca *ca;
    struct fg_ca *other;
    struct fg_server *server;
    struct fg_https *https;
    struct fg_authority authority;
    struct fg_private_key tls;
    struct fg_private_key device;
    struct fg_private_key stranger;
    struct play play;
    struct fg_error error;
} world;

static int64_t now(void *context)
{
    (void)context;
    return NOW_MS;
}

/* ---- the bureau's side ---- */

static void certify(struct fg_enrol_answer *answer)
{
    struct fg_certificate certificate;

    CHECK_OK(fg_ca_issue(world.play.issuer != NULL ? world.play.issuer : world.ca, &world.play.order,
                         &certificate, &world.error),
             &world.error);
    memcpy(answer->certificate, certificate.bytes, certificate.length);
    answer->certificate_length = certificate.length;
}

static void answer_fill(struct fg_enrol_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    (void)snprintf(answer->id, sizeof(answer->id), "%s", world.play.order.id);
    (void)snprintf(answer->station, sizeof(answer->station), "S1");
    (void)snprintf(answer->list_id, sizeof(answer->list_id), "S1");
    answer->has_receipt_key = true;
    answer->receipt_key = world.stranger.public_key;
    answer->list_key_count = answer->tag_key_count = 1;
    answer->list_keys[0] = answer->tag_keys[0] = world.stranger.public_key;
    certify(answer);
}

static void serve_join(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_enrol_answer answer;
    struct fg_key_id key_id;
    struct fg_signature signature;
    size_t length = 0;

    (void)context;
    answer_fill(&answer);
    answer.has_request_digest = true;
    fg_sha256(request->body, request->body_length, &answer.request_digest);
    if (world.play.change != NULL)
        world.play.change(&answer);
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes + FG_ENROL_FRAME_BYTES,
                                    sizeof(bytes) - FG_ENROL_FRAME_BYTES, &length, &world.error),
             &world.error);
    CHECK_OK(fg_ca_sign(world.play.signer != NULL ? world.play.signer : world.ca, FG_PURPOSE_ENROL_ANSWER,
                        bytes + FG_ENROL_FRAME_BYTES, length, &key_id, &signature, &world.error),
             &world.error);
    fg_enrol_frame_put(bytes, &key_id, &signature);
    fg_answer_bytes(ret_answer, 200, bytes, length + FG_ENROL_FRAME_BYTES);
}

static void serve_renewal(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    struct fg_enrol_answer answer;
    size_t length = 0;

    (void)context;
    (void)request;
    answer_fill(&answer);
    if (world.play.change != NULL)
        world.play.change(&answer);
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &world.error), &world.error);
    fg_answer_bytes(ret_answer, 200, bytes, length);
}

/* ---- the world ---- */

static void key_file(const char *name, const struct fg_private_key *key)
{
    CHECK_OK(fg_private_key_write(fg_test_path(name), key, &world.error), &world.error);
}

static void certificate_file(const char *name, const struct fg_certificate_order *order)
{
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};

    CHECK_OK(fg_ca_issue(world.ca, order, &certificate, &world.error), &world.error);
    part.length = certificate.length;
    CHECK_OK(fg_certificates_write(fg_test_path(name), &part, 1, &world.error), &world.error);
}

static void authority_make(const char *name, struct fg_ca **ret_ca)
{
    CHECK_OK(fg_ca_create(fg_test_path(name), "test", NOW_MS - 1000 * DAY_MS, 3000, &world.error),
             &world.error);
    CHECK_OK(fg_ca_open(fg_test_path(name), ret_ca, &world.error), &world.error);
}

static void server_make(void)
{
    static struct fg_route routes[] = {
        {"POST", FG_SYNC_PATH_ENROL, FG_ENROL_BYTES_MAX, false, serve_join, NULL},
        {"POST", FG_SYNC_PATH_RENEW, FG_ENROL_BYTES_MAX, true, serve_renewal, NULL}};
    struct fg_private_key key;
    struct fg_certificate_order order = {.role = FG_ROLE_BUREAU,
                                         .id = "bureau",
                                         .key = &key.public_key,
                                         .name_count = 1,
                                         .names = {"127.0.0.1"},
                                         .from_ms = NOW_MS - DAY_MS,
                                         .to_ms = NOW_MS + 100 * DAY_MS};
    char paths[3][300];
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .certificate_path = paths[0],
                                          .key_path = paths[1],
                                          .ca_path = paths[2],
                                          .now_ms = now,
                                          .threads = 1,
                                          .connections_max = 8,
                                          .request_max_ms = 20000,
                                          .routes = routes,
                                          .route_count = 2};

    CHECK_OK(fg_private_key_new(&key, &world.error), &world.error);
    certificate_file("bureau.pem", &order);
    key_file("bureau.key", &key);
    (void)snprintf(paths[0], sizeof(paths[0]), "%s", fg_test_path("bureau.pem"));
    (void)snprintf(paths[1], sizeof(paths[1]), "%s", fg_test_path("bureau.key"));
    (void)snprintf(paths[2], sizeof(paths[2]), "%s", fg_test_path("ca/ca.pem"));
    CHECK_OK(fg_server_start(&settings, &world.server, &world.error), &world.error);
}

/* The device has a certificate already, for its renewals. */
static void world_make(const char *role)
{
    bool controller = strcmp(role, FG_ROLE_CONTROLLER) == 0;
    char url[64];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_BUREAU,
                                         .now_ms = now,
                                         .connect_max_ms = 8000,
                                         .write_max_ms = 8000,
                                         .first_byte_max_ms = 8000,
                                         .whole_max_ms = 8000};

    memset(&world, 0, sizeof(world));
    authority_make("ca", &world.ca);
    authority_make("other", &world.other);
    CHECK_OK(fg_private_key_new(&world.tls, &world.error), &world.error);
    CHECK_OK(fg_private_key_new(&world.device, &world.error), &world.error);
    CHECK_OK(fg_private_key_new(&world.stranger, &world.error), &world.error);
    world.play.order =
        (struct fg_certificate_order){.role = role,
                                      .id = controller ? "ctl-1" : "S1",
                                      .key = &world.tls.public_key,
                                      .device_key = controller ? &world.device.public_key : NULL,
                                      .name_count = !controller,
                                      .names = {"s1.example"},
                                      .from_ms = NOW_MS - DAY_MS,
                                      .to_ms = NOW_MS + 20 * DAY_MS};
    key_file("tls.key", &world.tls);
    certificate_file("tls.pem", &world.play.order);
    world.play.order.to_ms = NOW_MS + 300 * DAY_MS;
    server_make();
    CHECK_OK(fg_authority_read(fg_test_path("ca/ca.pem"), &world.authority, &world.error), &world.error);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", fg_server_port(world.server));
    settings.ca_pem = world.authority.pem;
    settings.certificate_path = fg_test_path("tls.pem");
    settings.key_path = fg_test_path("tls.key");
    CHECK_OK(fg_https_new(&settings, &world.https, &world.error), &world.error);
}

static void world_end(void)
{
    fg_https_free(world.https);
    fg_server_stop(world.server);
    fg_ca_close(world.ca);
    fg_ca_close(world.other);
}

static enum fg_err join(struct fg_enrol_answer *ret_answer)
{
    bool controller = strcmp(world.play.order.role, FG_ROLE_STATION) != 0;
    struct fg_join asked = {.role = controller ? FG_ROLE_CONTROLLER : FG_ROLE_STATION,
                            .code = CODE,
                            .tls_key = &world.tls,
                            .device_key = controller ? &world.device : NULL,
                            .authority = &world.authority,
                            .now_ms = NOW_MS};

    return fg_join_ask(world.https, &asked, ret_answer, &world.error);
}

/* ---- joining ---- */

TEST("an answer that is all proven is taken")
{
    struct fg_enrol_answer answer;

    world_make(FG_ROLE_CONTROLLER);
    CHECK_OK(join(&answer), &world.error);
    CHECK_TEXT(answer.id, "ctl-1");
    CHECK_BYTES(answer.list_keys[0].point, world.stranger.public_key.point, FG_POINT_BYTES);
    world_end();
}

TEST("a station's answer with its names is taken, and without a name refused")
{
    struct fg_enrol_answer answer;

    world_make(FG_ROLE_STATION);
    CHECK_OK(join(&answer), &world.error);
    world.play.order.name_count = 0;
    CHECK_INT(join(&answer), FG_E_AUTH);
    CHECK_HAS(world.error.text, "no name");
    world_end();
}

static void without_digest(struct fg_enrol_answer *answer)
{
    answer->has_request_digest = false;
}
static void other_digest(struct fg_enrol_answer *answer)
{
    answer->request_digest.bytes[31] ^= 1;
}
static void other_id(struct fg_enrol_answer *answer)
{
    answer->id[0] = 'x';
}
static void without_receipt_key(struct fg_enrol_answer *answer)
{
    answer->has_receipt_key = false;
}
static void without_list_key(struct fg_enrol_answer *answer)
{
    answer->list_key_count = 0;
}
static void without_tag_key(struct fg_enrol_answer *answer)
{
    answer->tag_key_count = 0;
}
static void without_certificate(struct fg_enrol_answer *answer)
{
    answer->certificate_length = 0;
    (void)snprintf(answer->text, sizeof(answer->text), "no more places");
}
static void garbage(struct fg_enrol_answer *answer)
{
    memset(answer->certificate, 'x', answer->certificate_length);
}
static void cut_short(struct fg_enrol_answer *answer)
{
    answer->certificate_length -= 10;
}

struct bad {
    void (*change)(struct fg_enrol_answer *answer);
    enum fg_err code;
    const char *text;
};

TEST("LIST-IS-SIGNED: an answer that lacks a proof or a key, or is for somebody else, is refused and named")
{
    static const struct bad bad[] = {{without_digest, FG_E_AUTH, "for another request"},
                                     {other_digest, FG_E_AUTH, "for another request"},
                                     {other_id, FG_E_AUTH, "and the answer"},
                                     {without_receipt_key, FG_E_AUTH, "has no list, tag or receipt key"},
                                     {without_list_key, FG_E_AUTH, "has no list, tag or receipt key"},
                                     {without_tag_key, FG_E_AUTH, "has no list, tag or receipt key"},
                                     {without_certificate, FG_E_DENIED, "no more places"},
                                     {garbage, FG_E_FORMAT, "certificate"},
                                     {cut_short, FG_E_FORMAT, "certificate"}};
    struct fg_enrol_answer answer;

    world_make(FG_ROLE_CONTROLLER);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        world.play.change = bad[i].change;
        CHECK_INT(join(&answer), bad[i].code);
        CHECK_HAS(world.error.text, bad[i].text);
    }
    world.play.change = NULL;
    world.play.signer = world.other;
    CHECK_INT(join(&answer), FG_E_AUTH);
    CHECK_HAS(world.error.text, "did not sign");
    world_end();
}

/* The certificates that must not be taken, one after another. */
static void certificates_refused(enum fg_err (*get)(void))
{
    const struct fg_certificate_order good = world.play.order;

    world.play.order.key = &world.stranger.public_key;
    CHECK_INT(get(), FG_E_AUTH);
    CHECK_HAS(world.error.text, "for another key");
    world.play.order = good;
    world.play.order.device_key = &world.stranger.public_key;
    CHECK_INT(get(), FG_E_AUTH);
    CHECK_HAS(world.error.text, "another journal key");
    world.play.order.device_key = NULL;
    CHECK_INT(get(), FG_E_AUTH);
    world.play.order = good;
    world.play.order.role = FG_ROLE_BUREAU;
    CHECK_INT(get(), FG_E_AUTH);
    CHECK_HAS(world.error.text, "is for a bureau, not for a controller");
    world.play.order = good;
    world.play.order.from_ms = NOW_MS - 50 * DAY_MS;
    world.play.order.to_ms = NOW_MS - DAY_MS;
    CHECK_INT(get(), FG_E_EXPIRED);
    world.play.order.from_ms = NOW_MS + DAY_MS;
    world.play.order.to_ms = NOW_MS + 900 * DAY_MS;
    CHECK_INT(get(), FG_E_EXPIRED);
    world.play.order = good;
    world.play.issuer = world.other;
    CHECK_INT(get(), FG_E_AUTH);
    world.play.issuer = NULL;
}

static enum fg_err join_only(void)
{
    struct fg_enrol_answer answer;

    return join(&answer);
}

TEST("an answer with a certificate for another key, role or journal key, out of its dates, or of another "
     "authority "
     "is refused")
{
    world_make(FG_ROLE_CONTROLLER);
    certificates_refused(join_only);
    CHECK_OK(join_only(), &world.error);
    world_end();
}

TEST("what is no one-time code is told before anything is asked")
{
    struct fg_join asked = {.role = FG_ROLE_STATION, .code = "12345"};
    struct fg_enrol_answer answer;
    struct fg_error error;

    CHECK_INT(fg_join_ask(NULL, &asked, &answer, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "20 letters and digits");
}

/* ---- renewing ---- */

static enum fg_err renew(void)
{
    char paths[3][300];
    struct fg_renewal renewal = {.role = FG_ROLE_CONTROLLER,
                                 .key_path = paths[0],
                                 .certificate_path = paths[1],
                                 .ca_path = paths[2],
                                 .now_ms = NOW_MS};

    (void)snprintf(paths[0], sizeof(paths[0]), "%s", fg_test_path("tls.key"));
    (void)snprintf(paths[1], sizeof(paths[1]), "%s", fg_test_path("tls.pem"));
    (void)snprintf(paths[2], sizeof(paths[2]), "%s", fg_test_path("ca/ca.pem"));
    return fg_certificate_renew(world.https, &renewal, &world.error);
}

static int64_t days_left(void)
{
    int64_t end_ms = 0;

    CHECK_OK(fg_certificate_times(fg_test_path("tls.pem"), NULL, &end_ms, &world.error), &world.error);
    return (end_ms - NOW_MS) / DAY_MS;
}

TEST("a renewal that is garbage, for another key, role, id or journal key, expired, of another authority or "
     "older "
     "never replaces a good certificate")
{
    static const struct bad bad[] = {{garbage, FG_E_FORMAT, "certificate"},
                                     {cut_short, FG_E_FORMAT, "certificate"},
                                     {without_certificate, FG_E_DENIED, "no more places"}};

    world_make(FG_ROLE_CONTROLLER);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        world.play.change = bad[i].change;
        CHECK_INT(renew(), bad[i].code);
        CHECK_HAS(world.error.text, bad[i].text);
        CHECK_INT(days_left(), 20);
    }
    world.play.change = NULL;
    certificates_refused(renew);
    CHECK_INT(days_left(), 20);
    world.play.order.id = "ctl-2";
    CHECK_INT(renew(), FG_E_AUTH);
    CHECK_HAS(world.error.text, "and we are ctl-1");
    world.play.order.id = "ctl-1";
    world.play.order.to_ms = NOW_MS + 19 * DAY_MS;
    CHECK_INT(renew(), FG_E_OLD);
    CHECK_INT(days_left(), 20);
    world.play.order.to_ms = NOW_MS + 300 * DAY_MS;
    CHECK_OK(renew(), &world.error);
    CHECK_INT(days_left(), 300);
    world_end();
}

TEST("with the old authority and the new one side by side, a renewal of the new one is taken")
{
    char path[300];
    struct fg_renewal renewal = {.role = FG_ROLE_CONTROLLER, .ca_path = path, .now_ms = NOW_MS};
    char key[300];
    char certificate[300];
    char command[1000];

    world_make(FG_ROLE_CONTROLLER);
    (void)snprintf(key, sizeof(key), "%s", fg_test_path("tls.key"));
    (void)snprintf(certificate, sizeof(certificate), "%s", fg_test_path("tls.pem"));
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("both.pem"));
    (void)snprintf(command, sizeof(command), "cd %s && cat ca/ca.pem other/ca.pem >both.pem",
                   fg_test_directory());
    CHECK_INT(system(command), 0);
    renewal.key_path = key;
    renewal.certificate_path = certificate;
    world.play.issuer = world.other;
    CHECK_OK(fg_certificate_renew(world.https, &renewal, &world.error), &world.error);
    CHECK_INT(days_left(), 300);
    world_end();
}

/* ---- fingerprints ---- */

TEST("a fingerprint is read however it is written, and what is none is refused")
{
    static const char plain[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    static const char *const bad[] = {"", "00",
                                      "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
    char typed[100] = "";
    struct fg_digest digest;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(plain) - 1; i += 2)
        (void)snprintf(typed + strlen(typed), sizeof(typed) - strlen(typed), "%s%c%c", i > 0 ? ":" : "",
                       plain[i], plain[i + 1] >= 'a' ? plain[i + 1] - 32 : plain[i + 1]);
    CHECK_OK(fg_fingerprint_parse(typed, &digest, &error), &error);
    for (unsigned i = 0; i < FG_DIGEST_BYTES; i++)
        CHECK_INT(digest.bytes[i], i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_fingerprint_parse(bad[i], &digest, &error), FG_E_FORMAT);
    (void)snprintf(typed, sizeof(typed), "%s0", plain);
    CHECK_INT(fg_fingerprint_parse(typed, &digest, &error), FG_E_FORMAT);
}
