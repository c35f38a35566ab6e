/* The roster in force at a station, and whom it lets in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/station/admission.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

struct bench {
    const struct fg_private_key *bureau;
    struct fg_private_key stranger;
    struct fg_private_key journal_key;
    struct fg_station_store *store;
    struct fg_station_roster *in_force;
    struct fg_error trouble;
    struct fg_error error;
    struct fg_roster roster; /* that the bureau would sign */
    uint8_t bytes[FG_ROSTER_BYTES_MAX];
    size_t length;
    struct fg_station_standing standing;
};

static struct fg_peer peer_of(const struct bench *bench, const char *id)
{
    struct fg_peer peer = fg_fixture_bureau_peer("controller", id);

    peer.has_device_key = true;
    peer.device_key = bench->journal_key.public_key;
    return peer;
}

static void roster_open(struct bench *bench)
{
    memset(&bench->trouble, 0, sizeof(bench->trouble));
    CHECK_OK(fg_station_roster_open(fg_test_path("station.db"), "S1", &bench->bureau->public_key, 1,
                                    &bench->in_force, &bench->trouble, &bench->error),
             &bench->error);
}

static void device_add(struct bench *bench, const char *id, int64_t suspended_ms)
{
    struct fg_roster_device *device = &bench->roster.devices[bench->roster.count++];

    (void)strcpy(device->id, id);
    (void)strcpy(device->list_id, "city");
    device->tls_key = bench->bureau->public_key; /* as fg_fixture_bureau_peer's */
    device->device_key = bench->journal_key.public_key;
    device->suspended_ms = suspended_ms;
}

static struct bench *bench_open(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 2000};

    CHECK(bench != NULL);
    bench->bureau = fg_fixture_bureau_receipt_key();
    CHECK_OK(fg_private_key_new(&bench->stranger, &bench->error), &bench->error);
    CHECK_OK(fg_private_key_new(&bench->journal_key, &bench->error), &bench->error);
    CHECK_OK(fg_station_store_open(&settings, &bench->store, &bench->error), &bench->error);
    (void)strcpy(bench->roster.station, "S1");
    bench->roster.version = 10;
    device_add(bench, "C1", 0);
    device_add(bench, "C2", NOW_MS);
    roster_open(bench);
    return bench;
}

static void bench_close(struct bench *bench)
{
    fg_station_roster_free(bench->in_force);
    fg_station_store_close(bench->store);
    free(bench);
}

/* The bureau's next roster, as bytes. */
static void sign(struct bench *bench, const struct fg_private_key *key)
{
    CHECK_OK(fg_roster_sign(&bench->roster, key, bench->bytes, sizeof(bench->bytes), &bench->length,
                            &bench->error),
             &bench->error);
}

static enum fg_err take_signed_by(struct bench *bench, const struct fg_private_key *key)
{
    bool taken;

    sign(bench, key);
    return fg_station_roster_take(bench->in_force, bench->bytes, bench->length, &taken, &bench->error);
}

static enum fg_err take(struct bench *bench)
{
    return take_signed_by(bench, bench->bureau);
}

/* As it is when the bureau has just answered, unless the test says otherwise. */
static enum fg_err admit(struct bench *bench, const struct fg_peer *peer)
{
    fg_station_roster_answered(bench->in_force, 0, 1000);
    return fg_station_admit(bench->in_force, bench->store, peer, 1000, &bench->standing, &bench->error);
}

TEST("whoever is on the roster is served, and nobody else: no other id, key, journal key or role")
{
    struct bench *bench = bench_open();
    struct fg_peer peer = peer_of(bench, "C1");

    CHECK_OK(take(bench), &bench->error);
    CHECK_OK(admit(bench, &peer), &bench->error);
    peer.key = bench->stranger.public_key;
    CHECK_INT(admit(bench, &peer), FG_E_DENIED);
    CHECK_HAS(bench->error.text, "another key");
    peer = peer_of(bench, "C1");
    peer.device_key = bench->stranger.public_key;
    CHECK_INT(admit(bench, &peer), FG_E_DENIED);
    CHECK_HAS(bench->error.text, "journal key");
    peer = peer_of(bench, "C3");
    CHECK_INT(admit(bench, &peer), FG_E_DENIED);
    CHECK_HAS(bench->error.text, "does not name C3");
    peer = peer_of(bench, "C1");
    (void)strcpy(peer.role, "station");
    CHECK_INT(admit(bench, &peer), FG_E_DENIED);
    bench_close(bench);
}

TEST("LIST-IS-SIGNED: a controller gets its own list, and a suspended one only a list made since")
{
    struct bench *bench = bench_open();
    struct fg_peer peer = peer_of(bench, "C1");

    CHECK_OK(take(bench), &bench->error);
    CHECK_OK(admit(bench, &peer), &bench->error);
    CHECK_OK(fg_station_admit_list(&bench->standing, "city", 0, &bench->error), &bench->error);
    CHECK_INT(fg_station_admit_list(&bench->standing, "town", NOW_MS, &bench->error), FG_E_DENIED);
    peer = peer_of(bench, "C2");
    CHECK_OK(admit(bench, &peer), &bench->error);
    CHECK_INT(fg_station_admit_list(&bench->standing, "city", NOW_MS - 1, &bench->error), FG_E_DENIED);
    CHECK_HAS(bench->error.text, "suspended");
    CHECK_OK(fg_station_admit_list(&bench->standing, "city", NOW_MS, &bench->error), &bench->error);
    bench_close(bench);
}

TEST("TUF rule: an older roster, another of the same version, a stranger's and another station's change "
     "nothing")
{
    struct bench *bench = bench_open();
    struct fg_peer peer = peer_of(bench, "C1");

    CHECK_OK(take(bench), &bench->error);
    bench->roster.count = 0;
    CHECK_INT(take(bench), FG_E_CORRUPT);
    bench->roster.version = 9;
    CHECK_INT(take(bench), FG_E_OLD);
    bench->roster.version = 11;
    CHECK_INT(take_signed_by(bench, &bench->stranger), FG_E_AUTH);
    (void)strcpy(bench->roster.station, "S2");
    CHECK_INT(take(bench), FG_E_RANGE);
    CHECK_INT(fg_station_roster_version(bench->in_force), 10);
    CHECK_OK(admit(bench, &peer), &bench->error);
    (void)strcpy(bench->roster.station, "S1");
    CHECK_OK(take(bench), &bench->error);
    CHECK_INT(admit(bench, &peer), FG_E_DENIED);
    bench_close(bench);
}

TEST("the roster holds over a restart; a kept file that was edited or put together by a stranger counts as "
     "none")
{
    struct bench *bench = bench_open();
    struct fg_peer peer = peer_of(bench, "C1");
    FILE *file;

    CHECK_OK(take(bench), &bench->error);
    fg_station_roster_free(bench->in_force);
    roster_open(bench);
    CHECK_TEXT(bench->trouble.text, "");
    CHECK_OK(admit(bench, &peer), &bench->error);
    fg_station_roster_free(bench->in_force);
    file = fopen(fg_test_path("station.db.roster"), "r+b");
    CHECK(file != NULL);
    CHECK_INT(fseek(file, 100, SEEK_SET), 0);
    CHECK_INT(fputc('x', file), 'x');
    CHECK_INT(fclose(file), 0);
    roster_open(bench);
    CHECK_HAS(bench->trouble.text, "not signed");
    CHECK_INT(fg_station_roster_version(bench->in_force), 0);
    CHECK_OK(take(bench), &bench->error);
    CHECK_OK(admit(bench, &peer), &bench->error);
    bench_close(bench);
}

TEST("before the first roster the controllers whose journals are held are served, and nobody new")
{
    struct bench *bench = bench_open();
    struct fg_peer known = peer_of(bench, "C1");
    struct fg_peer other = peer_of(bench, "C9");

    CHECK_OK(fg_station_store_add_controller(bench->store, "C1", &known.device_key, NOW_MS, &bench->error),
             &bench->error);
    CHECK_OK(admit(bench, &known), &bench->error);
    CHECK(!bench->standing.on_roster);
    CHECK_OK(fg_station_admit_list(&bench->standing, "city", 0, &bench->error), &bench->error);
    CHECK_INT(admit(bench, &other), FG_E_BUSY);
    CHECK_HAS(bench->error.text, "no roster");
    known.device_key = bench->stranger.public_key;
    CHECK_INT(admit(bench, &known), FG_E_DENIED);
    bench_close(bench);
}

TEST(
    "a stranger makes the station ask the bureau, at most every ten seconds, and is refused once it answered")
{
    struct bench *bench = bench_open();
    struct fg_peer other = peer_of(bench, "C9");
    uint64_t ticket;

    CHECK_OK(take(bench), &bench->error);
    fg_station_roster_answered(bench->in_force, 0, 1000);
    CHECK_INT(fg_station_admit(bench->in_force, bench->store, &other, 10999, &bench->standing, &bench->error),
              FG_E_DENIED);
    CHECK(!fg_station_roster_is_wanted(bench->in_force, &ticket));
    CHECK_INT(fg_station_admit(bench->in_force, bench->store, &other, 11000, &bench->standing, &bench->error),
              FG_E_BUSY);
    CHECK(fg_station_roster_is_wanted(bench->in_force, &ticket));
    CHECK(fg_station_roster_doubt(bench->in_force, true, 11000)); /* a device joins meanwhile */
    fg_station_roster_answered(bench->in_force, ticket, 11100);
    CHECK(fg_station_roster_is_wanted(bench->in_force, &ticket)); /* that answer may be older than it */
    CHECK_INT(fg_station_admit(bench->in_force, bench->store, &other, 11101, &bench->standing, &bench->error),
              FG_E_BUSY);
    fg_station_roster_answered(bench->in_force, ticket, 11200);
    CHECK_INT(fg_station_admit(bench->in_force, bench->store, &other, 11201, &bench->standing, &bench->error),
              FG_E_DENIED);
    bench_close(bench);
}

static enum fg_err bring(struct bench *bench)
{
    uint64_t version;

    return fg_station_roster_bring(bench->in_force, bench->bytes, bench->length, &version, &bench->error);
}

TEST("a roster that was brought on a stick waits until the station's program takes it, also over a restart")
{
    struct bench *bench = bench_open();
    struct fg_roster *in_force = malloc(sizeof(*in_force));
    bool taken = true;

    CHECK(in_force != NULL);
    CHECK_INT(fg_station_roster_copy(bench->in_force, in_force, &bench->error), FG_E_NOT_FOUND);
    CHECK_INT(fg_station_roster_take_brought(bench->in_force, &taken, &bench->error), FG_E_NOT_FOUND);
    CHECK(!taken);
    sign(bench, bench->bureau);
    CHECK_OK(bring(bench), &bench->error);
    CHECK(fg_station_roster_waits(bench->in_force));
    CHECK_INT(fg_station_roster_version(bench->in_force), 0);
    fg_station_roster_free(bench->in_force);
    roster_open(bench);
    CHECK_OK(fg_station_roster_take_brought(bench->in_force, &taken, &bench->error), &bench->error);
    CHECK(taken);
    CHECK(!fg_station_roster_waits(bench->in_force));
    CHECK_OK(fg_station_roster_copy(bench->in_force, in_force, &bench->error), &bench->error);
    CHECK_INT(in_force->version, 10);
    CHECK_INT(in_force->devices[1].suspended_ms, NOW_MS);
    CHECK_OK(bring(bench), &bench->error); /* brought twice: nothing changes */
    CHECK_OK(fg_station_roster_take_brought(bench->in_force, &taken, &bench->error), &bench->error);
    CHECK(!taken);
    free(in_force);
    bench_close(bench);
}

TEST("TAMPER-SHOWS: an older roster on a stick, a stranger's, another station's or a cut one is refused, "
     "whether it is brought or laid there")
{
    struct bench *bench = bench_open();
    bool taken = true;
    FILE *file;

    CHECK_OK(take(bench), &bench->error);
    bench->roster.version = 9;
    sign(bench, bench->bureau);
    CHECK_INT(bring(bench), FG_E_OLD);
    bench->roster.version = 11;
    sign(bench, &bench->stranger);
    CHECK_INT(bring(bench), FG_E_AUTH);
    sign(bench, bench->bureau);
    bench->length--;
    CHECK_INT(bring(bench), FG_E_AUTH);
    (void)strcpy(bench->roster.station, "S2");
    sign(bench, bench->bureau);
    CHECK_INT(bring(bench), FG_E_RANGE);
    CHECK(!fg_station_roster_waits(bench->in_force));

    (void)strcpy(bench->roster.station, "S1");
    bench->roster.version = 9;
    sign(bench, bench->bureau);
    file = fopen(fg_test_path("station.db.roster.brought"), "wb");
    CHECK(file != NULL);
    CHECK_INT(fwrite(bench->bytes, 1, bench->length, file), bench->length);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(fg_station_roster_take_brought(bench->in_force, &taken, &bench->error), FG_E_OLD);
    CHECK(!taken);
    CHECK(!fg_station_roster_waits(bench->in_force)); /* told once, not each second */
    CHECK_INT(fg_station_roster_version(bench->in_force), 10);
    bench_close(bench);
}
