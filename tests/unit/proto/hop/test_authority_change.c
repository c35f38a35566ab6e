/* Authorities that change: what a change owes before it is taken, and how it comes from a hop, also from one
 * whose certificate is of an authority that is not known here yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "lib/crypto/certificate_file.h"
#include "lib/list/serve/authority_route.h"
#include "lib/net/server/https_server.h"
#include "proto/hop/authority_update.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/authority_fixture.h"

#define NOW_MS INT64_C(1795392000000)
#define DAY_MS INT64_C(86400000)

static struct fg_error error;
static struct fg_ca *old_ca;
static struct fg_ca *new_ca;
static struct fg_ca *rogue_ca;

static int64_t now(void *context)
{
    (void)context;
    return NOW_MS;
}

/* ---- authorities and changes ---- */

/* All have one name, as a rogue's would. */
static struct fg_ca *authority_make(const char *directory)
{
    struct fg_ca *ca = NULL;

    CHECK_OK(fg_ca_create(fg_test_path(directory), "Huzhou bureau", NOW_MS - 1000 * DAY_MS, 3000, &error),
             &error);
    CHECK_OK(fg_ca_open(fg_test_path(directory), &ca, &error), &error);
    return ca;
}

static void world_make(void)
{
    old_ca = authority_make("old");
    new_ca = authority_make("new");
    rogue_ca = authority_make("rogue");
}

static void world_end(void)
{
    fg_ca_close(old_ca);
    fg_ca_close(new_ca);
    fg_ca_close(rogue_ca);
}

static void in_force_read(const char *name, struct fg_authority *ret_authority)
{
    CHECK_OK(fg_authority_read(fg_test_path(name), ret_authority, &error), &error);
}

static bool trusts(const struct fg_authority *authority, const struct fg_ca *ca)
{
    size_t length = 0;
    const uint8_t *der = fg_ca_certificate(ca, &length);

    return fg_authority_has(authority, der, length);
}

TEST("old and new authority stand side by side by a change that both signed, and the old one falls away by "
     "one "
     "that the new one signed")
{
    struct fg_authority in_force;
    struct fg_fixture_change both;
    struct fg_fixture_change alone;

    world_make();
    in_force_read("old/ca.pem", &in_force);
    CHECK_INT(in_force.version, 0);
    both = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    CHECK_OK(fg_authority_change_judge(&in_force, both.bytes, both.length, &in_force, &error), &error);
    CHECK_INT(in_force.version, 1);
    CHECK(trusts(&in_force, new_ca) && trusts(&in_force, old_ca));
    alone = fg_fixture_change(2, new_ca, NULL, new_ca, NULL);
    CHECK_OK(fg_authority_change_judge(&in_force, alone.bytes, alone.length, &in_force, &error), &error);
    CHECK_INT(in_force.version, 2);
    CHECK(trusts(&in_force, new_ca) && !trusts(&in_force, old_ca));
    world_end();
}

/* What the change is refused with, and that nothing came of it. */
static enum fg_err judged(const struct fg_authority *in_force, const struct fg_fixture_change *change)
{
    struct fg_authority next = {.pem = "untouched"};
    enum fg_err code = fg_authority_change_judge(in_force, change->bytes, change->length, &next, &error);

    if (code != FG_OK)
        CHECK_TEXT(next.pem, "untouched");
    return code;
}

TEST("LIST-IS-SIGNED: an authority that announces itself is not taken, whatever its name and whoever's "
     "signature it bears")
{
    struct fg_authority in_force;
    struct fg_fixture_change change;

    world_make();
    in_force_read("old/ca.pem", &in_force);
    change = fg_fixture_change(1, rogue_ca, NULL, NULL, NULL);
    CHECK_INT(judged(&in_force, &change), FG_E_AUTH);
    change = fg_fixture_change(1, rogue_ca, old_ca, rogue_ca, NULL);
    CHECK_INT(judged(&in_force, &change), FG_E_AUTH);
    CHECK_HAS(error.text, "none that is in force has signed");
    /* The true change's signatures under another text. */
    change = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    change.bytes[40] ^= 1;
    CHECK(judged(&in_force, &change) != FG_OK);
    /* The old one signed a certificate whose key nobody proved to hold. */
    change = fg_fixture_change(1, new_ca, old_ca, old_ca, NULL);
    CHECK_INT(judged(&in_force, &change), FG_E_AUTH);
    CHECK_HAS(error.text, "has not signed");
    change = fg_fixture_change(1, new_ca, old_ca, old_ca, rogue_ca);
    CHECK_INT(judged(&in_force, &change), FG_E_AUTH);
    world_end();
}

TEST("TUF rule: an older change, or the same again, does not bring a removed authority back")
{
    struct fg_authority in_force;
    struct fg_fixture_change both;
    struct fg_fixture_change alone;
    struct fg_fixture_change again;

    world_make();
    in_force_read("old/ca.pem", &in_force);
    both = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    alone = fg_fixture_change(2, new_ca, NULL, new_ca, old_ca);
    again = fg_fixture_change(3, old_ca, new_ca, old_ca, NULL);
    CHECK_OK(fg_authority_change_judge(&in_force, alone.bytes, alone.length, &in_force, &error), &error);
    CHECK_INT(judged(&in_force, &both), FG_E_OLD);
    CHECK_INT(judged(&in_force, &alone), FG_E_OLD);
    CHECK_INT(judged(&in_force, &again), FG_E_AUTH);
    world_end();
}

TEST("BAD-INPUT-IS-SAFE: a change that is cut, empty, too long, or names something else than authorities is "
     "refused")
{
    struct fg_authority_change change = {.version = 1, .count = 1};
    struct fg_authority in_force;
    struct fg_fixture_change made;

    world_make();
    in_force_read("old/ca.pem", &in_force);
    made = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    for (size_t length = 0; length < made.length; length += 7) {
        struct fg_fixture_change cut = made;

        cut.length = length;
        CHECK(judged(&in_force, &cut) != FG_OK);
    }
    CHECK_INT(fg_authority_change_decode(made.bytes, FG_AUTHORITY_CHANGE_BYTES_MAX + 1, &change, &made.length,
                                         &error),
              FG_E_SIZE);
    change = (struct fg_authority_change){.version = 1, .count = 1};
    CHECK_INT(fg_authority_change_encode(&change, made.bytes, &made.length, &error), FG_E_RANGE);
    change.certificates[0].length = 5;
    memcpy(change.certificates[0].der, "hello", 5);
    CHECK_OK(fg_authority_change_encode(&change, made.bytes, &made.length, &error), &error);
    fg_fixture_change_sign(&made, old_ca);
    CHECK_INT(judged(&in_force, &made), FG_E_FORMAT);
    change.version = (uint64_t)INT64_MAX + 1;
    CHECK_INT(fg_authority_change_encode(&change, made.bytes, &made.length, &error), FG_E_RANGE);
    change.version = INT64_MAX;
    change.count = 0;
    CHECK_INT(fg_authority_change_encode(&change, made.bytes, &made.length, &error), FG_E_RANGE);
    world_end();
}

/* ---- files ---- */

static void take(const char *name, const struct fg_fixture_change *change, uint64_t version)
{
    uint64_t in_force = 0;

    CHECK_OK(
        fg_authority_change_take(fg_test_path(name), change->bytes, change->length, true, &in_force, &error),
        &error);
    CHECK_INT(in_force, version);
}

TEST("the file of authorities says which change wrote it, up to the highest version, and keeps the changes "
     "for "
     "others")
{
    struct fg_authority authority;
    struct fg_fixture_change change;
    struct fg_fixture_change kept;
    uint64_t version;

    world_make();
    fg_fixture_authority_copy("old/ca.pem", "ca.pem");
    change = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    take("ca.pem", &change, 1);
    CHECK_INT(
        fg_authority_change_take(fg_test_path("ca.pem"), change.bytes, change.length, true, &version, &error),
        FG_E_OLD);
    CHECK_OK(fg_authority_change_kept(fg_test_path("ca.pem"), 0, kept.bytes, &kept.length, &error), &error);
    CHECK_INT(kept.length, change.length);
    CHECK_BYTES(kept.bytes, change.bytes, change.length);
    CHECK_INT(fg_authority_change_kept(fg_test_path("ca.pem"), 1, kept.bytes, &kept.length, &error),
              FG_E_NOT_FOUND);
    change = fg_fixture_change(INT64_MAX, new_ca, NULL, old_ca, NULL);
    take("ca.pem", &change, INT64_MAX);
    in_force_read("ca.pem", &authority);
    CHECK_INT(authority.version, INT64_MAX);
    CHECK(trusts(&authority, new_ca) && !trusts(&authority, old_ca));
    CHECK_OK(fg_authority_change_kept(fg_test_path("ca.pem"), 1, kept.bytes, &kept.length, &error), &error);
    CHECK_BYTES(kept.bytes, change.bytes, change.length);
    world_end();
}

/* ---- from a hop ---- */

static struct fg_server *hop;
static char url[64];

/* A hop whose certificate this authority issued, with the changes beside hop/ca.pem. */
static void hop_start(struct fg_ca *issuer)
{
    static char ca_path[300];
    static struct fg_route routes[1];
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    char certificate_path[300];
    char key_path[300];
    const struct fg_certificate_order order = {.role = FG_ROLE_STATION,
                                               .id = "S1",
                                               .key = &key.public_key,
                                               .name_count = 1,
                                               .names = {"127.0.0.1"},
                                               .from_ms = NOW_MS - DAY_MS,
                                               .to_ms = NOW_MS + 100 * DAY_MS};
    const struct fg_server_settings settings = {.address = "127.0.0.1",
                                                .certificate_path = certificate_path,
                                                .key_path = key_path,
                                                .ca_path = ca_path,
                                                .now_ms = now,
                                                .threads = 1,
                                                .connections_max = 8,
                                                .request_max_ms = 20000,
                                                .routes = routes,
                                                .route_count = 1};

    (void)snprintf(ca_path, sizeof(ca_path), "%s", fg_test_path("hop.pem"));
    (void)snprintf(certificate_path, sizeof(certificate_path), "%s", fg_test_path("hop-tls.pem"));
    (void)snprintf(key_path, sizeof(key_path), "%s", fg_test_path("hop-tls.key"));
    routes[0] = fg_authority_changes_route(ca_path);
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)unlink(key_path); /* of a hop before */
    CHECK_OK(fg_private_key_write(key_path, &key, &error), &error);
    CHECK_OK(fg_ca_issue(issuer, &order, &certificate, &error), &error);
    part.length = certificate.length;
    CHECK_OK(fg_certificates_write(certificate_path, &part, 1, &error), &error);
    CHECK_OK(fg_server_start(&settings, &hop, &error), &error);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", fg_server_port(hop));
}

static enum fg_err update(struct fg_authority_update *ret_update)
{
    const struct fg_https_settings settings = {.url = url,
                                               .ca_path = fg_test_path("device.pem"),
                                               .peer_roles = FG_HTTPS_STATION,
                                               .now_ms = now,
                                               .connect_max_ms = 8000,
                                               .write_max_ms = 8000,
                                               .first_byte_max_ms = 8000,
                                               .whole_max_ms = 8000};
    struct fg_https *https = NULL;
    enum fg_err code;

    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    code = fg_authority_update(https, &settings, false, ret_update, &error);
    fg_https_free(https);
    return code;
}

static void hop_prepare(void)
{
    struct fg_fixture_change both;
    struct fg_fixture_change alone;

    world_make();
    fg_fixture_authority_copy("old/ca.pem", "device.pem");
    fg_fixture_authority_copy("old/ca.pem", "hop.pem");
    both = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    alone = fg_fixture_change(2, new_ca, NULL, new_ca, NULL);
    take("hop.pem", &both, 1);
    take("hop.pem", &alone, 2);
}

TEST("a device that was away takes every change from its hop, one after the other, and asks for no more")
{
    struct fg_authority_update done;
    struct fg_authority authority;

    hop_prepare();
    hop_start(old_ca);
    CHECK_OK(update(&done), &error);
    CHECK_INT(done.taken, 2);
    CHECK_INT(done.version, 2);
    in_force_read("device.pem", &authority);
    CHECK(trusts(&authority, new_ca) && !trusts(&authority, old_ca));
    fg_server_stop(hop);
    hop_start(new_ca);
    CHECK_OK(update(&done), &error);
    CHECK_INT(done.taken, 0);
    CHECK_INT(done.version, 2);
    fg_server_stop(hop);
    world_end();
}

TEST("a hop whose certificate is of the new authority alone brings the change that it is known by")
{
    struct fg_authority_update done;

    hop_prepare();
    hop_start(new_ca);
    CHECK_OK(update(&done), &error);
    CHECK_INT(done.taken, 2);
    CHECK_OK(update(&done), &error);
    CHECK_INT(done.taken, 0);
    CHECK(done.answered);
    fg_server_stop(hop);
    world_end();
}

TEST("LIST-IS-SIGNED: a rogue hop that announces an authority of its own gets nowhere, with a genuine "
     "certificate or one of its own")
{
    struct fg_authority_update done;
    struct fg_authority before;
    struct fg_authority after;
    struct fg_fixture_change change;

    world_make();
    fg_fixture_authority_copy("old/ca.pem", "device.pem");
    fg_fixture_authority_copy("rogue/ca.pem", "hop.pem");
    in_force_read("device.pem", &before);
    change = fg_fixture_change(1, rogue_ca, NULL, rogue_ca, NULL);
    take("hop.pem", &change, 1);
    hop_start(old_ca);
    CHECK_INT(update(&done), FG_E_AUTH);
    CHECK(done.answered);
    CHECK_INT(done.taken, 0);
    fg_server_stop(hop);
    hop_start(rogue_ca);
    CHECK_INT(update(&done), FG_E_AUTH);
    CHECK_HAS(error.text, "what it announces is not taken");
    CHECK_INT(done.taken, 0);
    in_force_read("device.pem", &after);
    CHECK_TEXT(after.pem, before.pem);
    fg_server_stop(hop);
    world_end();
}

TEST("BAD-INPUT-IS-SAFE: a hop's folder of changes has whatever files it has, and only whole numbers count")
{
    struct fg_authority_update done;
    FILE *file;

    hop_prepare();
    file = fopen(fg_test_path("hop.pem.changes/3x"), "w");
    CHECK(file != NULL);
    CHECK_INT(fclose(file), 0);
    file = fopen(fg_test_path("hop.pem.changes/007"), "w");
    CHECK(file != NULL);
    CHECK_INT(fclose(file), 0);
    hop_start(old_ca);
    CHECK_OK(update(&done), &error);
    CHECK_INT(done.version, 2);
    /* A change that is garbage: what came before it counts, and the connection is well. */
    file = fopen(fg_test_path("hop.pem.changes/3"), "w");
    CHECK(file != NULL);
    CHECK(fputs("garbage", file) >= 0);
    CHECK_INT(fclose(file), 0);
    fg_server_stop(hop);
    hop_start(new_ca);
    CHECK(update(&done) != FG_OK);
    CHECK(done.answered);
    CHECK_INT(done.taken, 0);
    fg_server_stop(hop);
    world_end();
}

/* ---- whose is a certificate? ---- */

static void certificate_make(struct fg_ca *issuer, const char *name)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    const struct fg_certificate_order order = {.role = FG_ROLE_STATION,
                                               .id = "S1",
                                               .key = &key.public_key,
                                               .name_count = 1,
                                               .names = {"127.0.0.1"},
                                               .from_ms = NOW_MS - DAY_MS,
                                               .to_ms = NOW_MS + 100 * DAY_MS};

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_ca_issue(issuer, &order, &certificate, &error), &error);
    part.length = certificate.length;
    CHECK_OK(fg_certificates_write(fg_test_path(name), &part, 1, &error), &error);
}

TEST(
    "a certificate is outgrown when the first authority of a change did not issue it, and nobody's when none "
    "did")
{
    struct fg_fixture_change change;
    bool outgrown = true;

    world_make();
    fg_fixture_authority_copy("old/ca.pem", "ca.pem");
    certificate_make(old_ca, "old.pem");
    certificate_make(new_ca, "new.pem");
    CHECK_OK(fg_authority_outgrown(fg_test_path("ca.pem"), fg_test_path("old.pem"), &outgrown, &error),
             &error);
    CHECK(!outgrown);
    CHECK_INT(fg_authority_outgrown(fg_test_path("ca.pem"), fg_test_path("new.pem"), &outgrown, &error),
              FG_E_AUTH);
    change = fg_fixture_change(1, new_ca, old_ca, old_ca, new_ca);
    take("ca.pem", &change, 1);
    CHECK_OK(fg_authority_outgrown(fg_test_path("ca.pem"), fg_test_path("old.pem"), &outgrown, &error),
             &error);
    CHECK(outgrown);
    CHECK_OK(fg_authority_outgrown(fg_test_path("ca.pem"), fg_test_path("new.pem"), &outgrown, &error),
             &error);
    CHECK(!outgrown);
    CHECK_INT(fg_authority_outgrown(fg_test_path("ca.pem"), fg_test_path("none.pem"), &outgrown, &error),
              FG_E_FORMAT);
    world_end();
}
