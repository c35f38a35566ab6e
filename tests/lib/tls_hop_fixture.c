/* Implementation of tls_hop_fixture.h. */
#include "tests/lib/tls_hop_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "proto/authority_update.h"
#include "proto/certificate_file.h"
#include "proto/enrol.h"
#include "proto/https.h"
#include "tests/lib/authority_fixture.h"
#include "tests/lib/check.h"
#include "tests/lib/city_fixture.h"

#define DAY_MS INT64_C(86400000)
#define PATH_BYTES 512

static struct fg_server *server;
static struct fg_error error;

static int64_t now_ms(void *context)
{
    (void)context;
    return FG_TLS_HOP_NOW_MS;
}

static void answer(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)request;
    fg_answer_text(ret_answer, 200, "here");
}

static const struct fg_route route = {"GET", "/here", 0, true, answer, NULL};

void fg_tls_hop_authority(const char *name)
{
    CHECK_OK(fg_ca_create(fg_test_path(name), "test", FG_TLS_HOP_NOW_MS - 2 * DAY_MS, 1000, &error), &error);
}

void fg_tls_hop_certificate(const char *authority, const char *role, const char *id,
                            const struct fg_private_key *key, int days, const char *path)
{
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    struct fg_certificate_order order = {.role = role,
                                         .id = id,
                                         .key = &key->public_key,
                                         .name_count = strcmp(role, FG_ROLE_CONTROLLER) != 0,
                                         .names = {"127.0.0.1"},
                                         .from_ms = FG_TLS_HOP_NOW_MS - DAY_MS,
                                         .to_ms = FG_TLS_HOP_NOW_MS + days * DAY_MS};
    struct fg_ca *ca = NULL;

    CHECK_OK(fg_ca_open(fg_test_path(authority), &ca, &error), &error);
    CHECK_OK(fg_ca_issue(ca, &order, &certificate, &error), &error);
    fg_ca_close(ca);
    part.length = certificate.length;
    (void)unlink(path);
    CHECK_OK(fg_certificates_write(path, &part, 1, &error), &error);
}

void fg_tls_hop_change(const char *path, const char *authority, const char *next, bool keeps)
{
    struct fg_fixture_change change;
    struct fg_ca *old_ca = NULL;
    struct fg_ca *next_ca = NULL;
    uint64_t version = 0;

    CHECK_OK(fg_ca_open(fg_test_path(authority), &old_ca, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path(next), &next_ca, &error), &error);
    change = fg_fixture_change(1, next_ca, old_ca, old_ca, next_ca);
    CHECK_OK(fg_authority_change_take(path, change.bytes, change.length, keeps, &version, &error), &error);
    fg_ca_close(next_ca);
    fg_ca_close(old_ca);
}

enum fg_err fg_tls_hop_change_fetch(const char *ca_path, const char *own_path, struct fg_error *ret_error)
{
    struct fg_authority *in_force = calloc(2, sizeof(*in_force));
    uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];
    size_t length = 0;
    enum fg_err code;

    CHECK(in_force != NULL);
    CHECK_OK(fg_authority_read(own_path, &in_force[0], &error), &error);
    code = fg_authority_change_kept(ca_path, 0, bytes, &length, ret_error);
    if (code == FG_OK)
        code = fg_authority_change_judge(&in_force[0], bytes, length, &in_force[1], ret_error);
    free(in_force);
    return code == FG_E_NOT_FOUND ? FG_OK : code;
}

/* Certificate and key of a fresh pair under the test's directory. */
static void pair_make(const char *authority, const char *role, const char *id)
{
    char path[PATH_BYTES];
    struct fg_private_key key;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/%s.key", fg_test_directory(), id);
    (void)unlink(path);
    CHECK_OK(fg_private_key_write(path, &key, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/%s.pem", fg_test_directory(), id);
    fg_tls_hop_certificate(authority, role, id, &key, 300, path);
}

static enum fg_err start(const char *certificate, const char *key, const char *ca,
                         struct fg_server **ret_server, struct fg_error *ret_error)
{
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .certificate_path = certificate,
                                          .key_path = key,
                                          .ca_path = ca,
                                          .now_ms = now_ms,
                                          .threads = 1,
                                          .connections_max = 8,
                                          .request_max_ms = 20000,
                                          .routes = &route,
                                          .route_count = 1};

    return fg_server_start(&settings, ret_server, ret_error);
}

static enum fg_err ask(uint16_t port, const char *ca, const char *certificate, const char *key,
                       uint8_t peer_roles, struct fg_error *ret_error)
{
    char url[64];
    char body[512] = "";
    struct fg_https_settings settings = {.url = url,
                                         .ca_path = ca,
                                         .certificate_path = certificate,
                                         .key_path = key,
                                         .peer_roles = peer_roles,
                                         .now_ms = now_ms,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 30000};
    struct fg_https_request request = {
        .method = "GET", .path = "/here", .answer_max = sizeof(body) - 1, .answer_buffer = (uint8_t *)body};
    struct fg_https_answer answered = {0};
    struct fg_https *https = NULL;
    enum fg_err code;

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
    code = fg_https_new(&settings, &https, ret_error);
    if (code == FG_OK)
        code = fg_https_ask(https, &request, &answered, ret_error);
    if (code == FG_OK && answered.status != 200)
        code = fg_fail(ret_error, FG_E_DENIED, "answered %u: %s", answered.status, body);
    fg_https_free(https);
    return code;
}

void fg_tls_hop_start(const char *authority, const char *role)
{
    char paths[3][PATH_BYTES];

    pair_make(authority, role, "hop");
    (void)snprintf(paths[0], PATH_BYTES, "%s/hop.pem", fg_test_directory());
    (void)snprintf(paths[1], PATH_BYTES, "%s/hop.key", fg_test_directory());
    (void)snprintf(paths[2], PATH_BYTES, "%s/%s/ca.pem", fg_test_directory(), authority);
    CHECK_OK(start(paths[0], paths[1], paths[2], &server, &error), &error);
}

void fg_tls_hop_stop(void)
{
    fg_server_stop(server);
    server = NULL;
}

enum fg_err fg_tls_hop_call(const char *directory, uint8_t peer_roles, struct fg_error *ret_error)
{
    char paths[3][PATH_BYTES];

    (void)snprintf(paths[0], PATH_BYTES, "%s/ca.pem", directory);
    (void)snprintf(paths[1], PATH_BYTES, "%s/tls.pem", directory);
    (void)snprintf(paths[2], PATH_BYTES, "%s/tls.key", directory);
    return ask(fg_server_port(server), paths[0], paths[1], paths[2], peer_roles, ret_error);
}

enum fg_err fg_tls_hop_serve(const char *certificate, const char *key, const char *ca, const char *authority,
                             uint8_t peer_roles, struct fg_error *ret_error)
{
    struct fg_server *served = NULL;
    char paths[3][PATH_BYTES];
    enum fg_err code = start(certificate, key, ca, &served, ret_error);

    (void)snprintf(paths[0], PATH_BYTES, "%s/caller.pem", fg_test_directory());
    (void)snprintf(paths[1], PATH_BYTES, "%s/caller.key", fg_test_directory());
    (void)snprintf(paths[2], PATH_BYTES, "%s/%s/ca.pem", fg_test_directory(), authority);
    if (access(paths[0], R_OK) != 0)
        pair_make(authority, FG_ROLE_CONTROLLER, "caller");
    if (code == FG_OK)
        code = ask(fg_server_port(served), paths[2], paths[0], paths[1], peer_roles, ret_error);
    fg_server_stop(served);
    return code;
}

void fg_tls_hop_copy(const char *from, const char *to)
{
    size_t length = 0;
    uint8_t *bytes = fg_fixture_read(from, &length);

    fg_fixture_write_bytes(to, bytes, length);
    free(bytes);
}
