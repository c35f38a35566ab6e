/* TAMPER-SHOWS as a matrix: every file of a station x what somebody who may write it can do to it, x what
 * finds it and what that says (tests/lib/tamper_files.h).
 *
 * What runs is what the station runs at its start, when it verifies, and when it serves; the rows of its
 * store: test_tamper_matrix.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/station/store/head_witness.h"
#include "host/station/store/heads.h"
#include "host/station/store/roster_kept.h"
#include "host/station/store/store_verify.h"
#include "host/station/up/station_keys.h"
#include "lib/list/list.h"
#include "lib/list/serve/list_routes.h"
#include "lib/net/https_client.h"
#include "proto/key/enrol.h"
#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/host/station_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/tls_hop_fixture.h"
#include "tests/lib/keyring_fixture.h"
#include "tests/lib/tamper_files.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define LIVE "live"
#define NEXT_CA "next-ca" /* beside the authorities of both bureaus */

static struct fg_error error;

struct bureau {
    struct fg_private_key list_key;
    struct fg_private_key next_list_key;
    struct fg_private_key receipt_key;
    const char *ca; /* directory */
};

struct station {
    const char *id;
    const char *list_id;
    const char *controllers[2];
    struct fg_private_key tls_key;
    struct fg_fixture_journal *journals[2];
    struct fg_station_store *store;
    struct fg_list *list; /* as the upstream thread has it open */
};

static struct bureau ours = {.ca = "ca"};
static struct bureau others = {.ca = "other-ca"};
static struct station station = {.id = "S1", .list_id = "hz-01", .controllers = {"C1", "C2"}};
static struct station foreign = {.id = "S2", .list_id = "hz-02", .controllers = {"C8", "C9"}};
static uint8_t newest_roster[FG_ROSTER_BYTES_MAX];
static size_t newest_roster_length;

/* ---- making the station ---- */

static void bureau_make(struct bureau *bureau)
{
    CHECK_OK(fg_private_key_new(&bureau->list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->next_list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->receipt_key, &error), &error);
    fg_tls_hop_authority(bureau->ca);
}

static void trust_put(const char *directory, const struct bureau *bureau)
{
    (void)unlink(fg_tamper_path(directory, "list-1.pub"));
    (void)unlink(fg_tamper_path(directory, "receipt.pub"));
    CHECK_OK(
        fg_public_key_write(fg_tamper_path(directory, "list-1.pub"), &bureau->list_key.public_key, &error),
        &error);
    CHECK_OK(fg_public_key_write(fg_tamper_path(directory, "receipt.pub"), &bureau->receipt_key.public_key,
                                 &error),
             &error);
    fg_tls_hop_copy(fg_tamper_path(bureau->ca, "ca.pem"), fg_tamper_path(directory, "ca.pem"));
}

static void ring_take(const char *directory, const struct bureau *bureau, uint64_t version)
{
    const struct fg_private_key *first = &bureau->list_key;

    fg_fixture_ring_add(fg_tamper_path(directory, "keyring.bin"), first, version, first,
                        version == 1 ? first : &bureau->next_list_key);
}

static void certificate_put(const struct station *of, int days)
{
    fg_tls_hop_certificate(ours.ca, FG_ROLE_STATION, of->id, &of->tls_key, days,
                           fg_tamper_path(LIVE, "tls.pem"));
}

static void receipt_put(struct station *of, const struct fg_fixture_journal *journal, uint64_t next)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = journal->hashes[next - 1]};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    memcpy(receipt.controller, journal->controller, sizeof(receipt.controller));
    CHECK_OK(fg_receipt_sign(&receipt, &ours.receipt_key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(
        fg_station_store_put_receipt(of->store, journal->controller, bytes, length, next, NOW_MS, &error),
        &error);
}

/* Two more entries of each controller, kept as the heads say. */
static void entries_take(struct station *of, uint64_t first)
{
    char heads[300];

    for (int i = 0; i < 2; i++) {
        fg_fixture_journal_fill(of->journals[i], "HZ-1", NOW_MS - 600000 + (int64_t)first, 5000);
        CHECK_INT(fg_fixture_station_send(of->store, of->journals[i], first, first + 1, NOW_MS),
                  FG_SYNC_HELD);
        receipt_put(of, of->journals[i], first + 1);
    }
    CHECK_OK(fg_station_heads_path(fg_tamper_path(LIVE, "station.db"), heads, sizeof(heads), &error), &error);
    CHECK_OK(fg_station_heads_keep(heads, of->store, &error), &error);
}

/* Version 1 vouches for both controllers; with 2 the second one is suspended. */
static void roster_take(const struct station *of, uint64_t version)
{
    struct fg_roster *roster = calloc(1, sizeof(*roster));
    struct fg_station_roster *in_force = NULL;
    struct fg_error trouble;
    bool taken = false;

    CHECK(roster != NULL);
    (void)snprintf(roster->station, sizeof(roster->station), "%s", of->id);
    roster->version = version;
    roster->count = 2;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(roster->devices[i].id, sizeof(roster->devices[i].id), "%s", of->controllers[i]);
        (void)snprintf(roster->devices[i].list_id, sizeof(roster->devices[i].list_id), "%s", of->list_id);
        roster->devices[i].tls_key = fg_fixture_bureau_receipt_key()->public_key; /* as the fixture's peers */
        roster->devices[i].device_key = of->journals[i]->key.public_key;
    }
    roster->devices[1].suspended_ms = version == 1 ? 0 : NOW_MS;
    CHECK_OK(fg_roster_sign(roster, &ours.receipt_key, newest_roster, sizeof(newest_roster),
                            &newest_roster_length, &error),
             &error);
    CHECK_OK(fg_station_roster_open(fg_tamper_path(LIVE, "station.db"), of->id, &ours.receipt_key.public_key,
                                    1, &in_force, &trouble, &error),
             &error);
    CHECK_OK(fg_station_roster_take(in_force, newest_roster, newest_roster_length, &taken, &error), &error);
    CHECK(taken);
    fg_station_roster_free(in_force);
    free(roster);
}

/* As the upstream thread does it: into its store, and from there into the folder that is served. */
static void list_take(struct station *of, uint64_t version)
{
    const struct fg_private_key *key = version == 1 ? &ours.list_key : &ours.next_list_key;
    const struct fg_public_key keys[] = {ours.list_key.public_key, ours.next_list_key.public_key};
    struct fg_fixture_city city = {.version = version,
                                   .bucket_bits = 4,
                                   .rows = 40,
                                   .suspended_every = version == 1 ? 0 : 3,
                                   .list_id = of->list_id,
                                   .key = key};
    struct fg_listing *listing = NULL;
    struct fg_manifest manifest;
    char path[FG_FIXTURE_PATH];

    fg_fixture_city(version == 1 ? "one.fgl" : "two.fgl", &city, path);
    CHECK_OK(fg_listing_new(fg_tamper_path(LIVE, "lists"), keys, 2, NULL, NULL, &listing, &error), &error);
    if (of->list == NULL) {
        char store[FG_LISTING_PATH_MAX];

        CHECK_OK(fg_listing_store_path(listing, of->list_id, store, &error), &error);
        CHECK_OK(fg_list_open(store, NULL, keys, 2, &of->list, &error), &error);
    }
    CHECK_OK(fg_list_import(of->list, path, 0, &manifest, &error), &error);
    CHECK_OK(fg_listing_take_store(listing, of->list_id, NULL, &error), &error);
    fg_listing_free(listing);
}

/* As the upstream thread takes it from the bureau's answer to a report. */
static void head_take(uint64_t number)
{
    struct fg_station_witness witness;
    struct fg_sync_report_answer answer = {.trail_head.length = FG_TRAIL_STATEMENT_BYTES};
    struct fg_trail_head head = {.number = number};
    struct fg_trail_statement statement;

    CHECK_OK(fg_station_witness_start(fg_tamper_path(LIVE, "station.db"), &ours.receipt_key.public_key, 1,
                                      &witness, &error),
             &error);
    CHECK_OK(fg_trail_statement_sign(&head, NOW_MS, &ours.receipt_key, &statement, &error), &error);
    fg_trail_statement_encode(&statement, answer.trail_head.bytes);
    fg_station_witness_take(&witness, &ours.receipt_key.public_key, 1, &answer,
                            NOW_MS + (int64_t)number * 3600000);
    CHECK_INT(witness.kept.heads[witness.kept.count - 1].statement.head.number, number);
}

/* The delta that the last fetching left. */
static void delta_put(const struct station *of)
{
    char name[64];
    struct fg_delta_build_result built;

    (void)snprintf(name, sizeof(name), "lists/fetch-%s", of->list_id);
    CHECK_INT(mkdir(fg_tamper_path(LIVE, name), 0700), 0);
    (void)snprintf(name, sizeof(name), "lists/fetch-%s/1-2.fgd", of->list_id);
    CHECK_OK(fg_delta_build(fg_test_path("one.fgl"), fg_test_path("two.fgl"), fg_tamper_path(LIVE, name),
                            &built, &error),
             &error);
}

static void store_open(struct station *of)
{
    struct fg_station_store_settings settings = {.path = fg_tamper_path(LIVE, "station.db"),
                                                 .deadline_ms = 10000};
    struct fg_station_verification verification = {.heads_kept = true};

    CHECK_OK(fg_station_store_open(&settings, &of->store, &error), &error);
    CHECK_OK(fg_station_store_trust(of->store, &ours.receipt_key.public_key, 1, &error), &error);
    CHECK_OK(fg_station_store_put_verification(of->store, &verification, &error), &error);
}

static void station_make(struct station *of, const char *older, const char *newer)
{
    CHECK_OK(fg_private_key_new(&of->tls_key, &error), &error);
    CHECK_INT(mkdir(fg_test_path(LIVE), 0700), 0);
    CHECK_OK(fg_private_key_write(fg_tamper_path(LIVE, "tls.key"), &of->tls_key, &error), &error);
    trust_put(LIVE, &ours);
    certificate_put(of, 100);
    fg_tls_hop_copy("boards/sim/station.ini", fg_tamper_path(LIVE, "station.ini"));
    for (int i = 0; i < 2; i++)
        of->journals[i] = fg_fixture_journal(of->controllers[i]);
    store_open(of);
    ring_take(LIVE, &ours, 1);
    entries_take(of, 1);
    roster_take(of, 1);
    list_take(of, 1);
    head_take(1);
    fg_tamper_copy(LIVE, older);
    ring_take(LIVE, &ours, 2);
    entries_take(of, 3);
    roster_take(of, 2);
    list_take(of, 2);
    head_take(2);
    delta_put(of);
    certificate_put(of, 200);
    fg_tls_hop_change(fg_tamper_path(LIVE, "ca.pem"), ours.ca, NEXT_CA, true);
    fg_tamper_copy(LIVE, newer);
    fg_list_close(of->list);
    fg_station_store_close(of->store);
    for (int i = 0; i < 2; i++)
        free(of->journals[i]);
    fg_tamper_remove(LIVE);
}

/* ---- what finds it ---- */

struct words {
    char *text;
    size_t capacity;
};

static void found(void *context, const char *controller, const char *text)
{
    const struct words *words = context;

    fg_tamper_say(words->text, words->capacity, "%s%s%s", controller, controller[0] != '\0' ? ": " : "",
                  text);
}

/* With the receipt key that the directory has. */
static void store_find(const char *directory, char *text, size_t capacity)
{
    struct words words = {text, capacity};
    char path[300];
    char heads[320];
    struct fg_station_store_settings settings = {.path = path, .deadline_ms = 10000};
    const struct fg_station_verify wanted = {.heads_path = heads, .found = found, .context = &words};
    struct fg_station_verified sum = {0};
    struct fg_station_store *store = NULL;
    struct fg_public_key key;
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/receipt.pub", directory);
    code = fg_public_key_read(path, &key, &error);
    (void)snprintf(path, sizeof(path), "%s/station.db", directory);
    CHECK_OK(fg_station_heads_path(path, heads, sizeof(heads), &(struct fg_error){0}), &error);
    if (code == FG_OK)
        code = fg_station_store_open(&settings, &store, &error);
    if (code == FG_OK)
        code = fg_station_store_trust(store, &key, 1, &error);
    if (code == FG_OK)
        code = fg_station_store_check(store, &wanted, &sum, &error);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_station_store_close(store);
}

static void roster_find(const char *directory, char *text, size_t capacity)
{
    struct fg_station_roster *roster = NULL;
    struct fg_error trouble;
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/station.db", directory);
    CHECK_OK(
        fg_station_roster_open(path, station.id, &ours.receipt_key.public_key, 1, &roster, &trouble, &error),
        &error);
    if (trouble.text[0] != '\0')
        fg_tamper_say(text, capacity, "the kept roster does not hold: %s", trouble.text);
    if (fg_station_roster_version(roster) == 0)
        fg_tamper_say(text, capacity, "no roster of the bureau yet");
    fg_station_roster_free(roster);
}

static void witness_find(const char *directory, char *text, size_t capacity)
{
    static struct fg_station_heads_kept kept;
    char path[300];
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/station.db.witness", directory);
    code = fg_station_witness_read(path, &kept, &error);
    if (code == FG_OK)
        code = fg_station_witness_check(&kept, &ours.receipt_key.public_key, 1, &error);
    if (code != FG_OK && code != FG_E_NOT_FOUND)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* Keys and rings as the start reads them, and the list in force by them. */
static void keys_find(const char *directory, char *text, size_t capacity)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_keyring first;
    struct fg_keyring ring;
    struct fg_list *list = NULL;
    char path[300];
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/list-1.pub", directory);
    code = fg_public_key_read(path, &keys[0], &error);
    if (code != FG_OK) {
        fg_tamper_say(text, capacity, "%s", error.text);
        return;
    }
    CHECK_OK(fg_keyring_first(keys, 1, NULL, &first, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/keyring.bin", directory);
    if (fg_keyring_file_start(path, &first, &ring, &error) != FG_OK)
        fg_tamper_say(text, capacity, "kept key rings do not hold: %s", error.text);
    (void)snprintf(path, sizeof(path), "%s/lists/%s/list.db", directory, station.list_id);
    code = fg_list_open(path, NULL, keys, fg_keyring_keys(&ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX),
                        &list, &error);
    if (code == FG_OK)
        code = fg_list_pin(list, station.list_id, "", &error);
    if (code == FG_OK)
        code = fg_list_verify(list, &error);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_list_close(list);
}

/* A controller that has list version 1, or none, takes what it was given. */
static void served_find(const char *directory, const char *name, char *text, size_t capacity)
{
    const struct fg_public_key keys[] = {ours.list_key.public_key, ours.next_list_key.public_key};
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (access(path, R_OK) != 0)
        return;
    fg_tamper_copy("older", "controller");
    if (fg_fixture_take(fg_tamper_path("controller", "lists/hz-01/list.db"), keys, 2, station.list_id, "S1",
                        path, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

static void tls_find(const char *directory, char *text, size_t capacity)
{
    char paths[3][300];

    (void)snprintf(paths[0], sizeof(paths[0]), "%s/tls.pem", directory);
    (void)snprintf(paths[1], sizeof(paths[1]), "%s/tls.key", directory);
    (void)snprintf(paths[2], sizeof(paths[2]), "%s/ca.pem", directory);
    if (fg_tls_hop_serve(paths[0], paths[1], paths[2], ours.ca, FG_HTTPS_STATION, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    if (fg_tls_hop_call(directory, FG_HTTPS_BUREAU, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* A controller that has the authorities from before. */
static void change_find(const char *directory, char *text, size_t capacity)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/ca.pem", directory);
    if (fg_tls_hop_change_fetch(path, fg_tamper_path("older", "ca.pem"), &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

static void find(const char *directory, const char *file, char *text, size_t capacity, const char **ret_by)
{
    static struct fg_station_config config;
    char path[300];

    if (strcmp(file, "station.ini") == 0) {
        *ret_by = "start";
        (void)snprintf(path, sizeof(path), "%s/station.ini", directory);
        if (fg_station_config_read(path, &config, &error) != FG_OK)
            fg_tamper_say(text, capacity, "%s", error.text);
    } else if (strcmp(file, "station.db.roster") == 0) {
        *ret_by = "fillgate-station: the log of its start";
        roster_find(directory, text, capacity);
    } else if (strcmp(file, "station.db.witness") == 0) {
        *ret_by = "fillgate station status --verify; the log of the start, which puts it aside";
        witness_find(directory, text, capacity);
    } else if (strncmp(file, "station.db", 10) == 0 || strcmp(file, "receipt.pub") == 0) {
        *ret_by = "fillgate station status --verify; the station itself, at its start and daily";
        store_find(directory, text, capacity);
    } else if (strncmp(file, "ca.pem.changes", 14) == 0) {
        *ret_by = "whoever fetches it";
        change_find(directory, text, capacity);
    } else if (strcmp(file, "ca.pem") == 0 || strncmp(file, "tls.", 4) == 0) {
        *ret_by = "start; the next connection";
        tls_find(directory, text, capacity);
    } else if (strstr(file, ".fgl") != NULL || strstr(file, ".fgd") != NULL) {
        *ret_by = "whoever fetches it";
        served_find(directory, strstr(file, ".fgl") != NULL ? "lists/hz-01/2.fgl" : "lists/hz-01/1-2.fgd",
                    text, capacity);
    } else {
        *ret_by = "the log of the start; fillgate list verify; the next update heals it";
        keys_find(directory, text, capacity);
    }
}

/* ---- what does no harm ---- */

/* The bureau's next answer, within update_s: the change of authorities, the newest roster. */
static void after(const char *directory, const char *file, enum fg_file_deed deed, bool is_found)
{
    struct fg_station_roster *roster = NULL;
    struct fg_error trouble;
    bool taken = false;

    if (strcmp(file, "ca.pem") == 0 && deed == FG_OLDER)
        fg_tls_hop_change(fg_tamper_path(directory, "ca.pem"), ours.ca, NEXT_CA, true);
    if (strcmp(file, "station.db.roster") == 0) {
        CHECK_OK(fg_station_roster_open(fg_tamper_path(directory, "station.db"), station.id,
                                        &ours.receipt_key.public_key, 1, &roster, &trouble, &error),
                 &error);
        CHECK_OK(fg_station_roster_take(roster, newest_roster, newest_roster_length, &taken, &error), &error);
        CHECK(taken);
        CHECK_INT(fg_station_roster_version(roster), 2);
        fg_station_roster_free(roster);
    }
    (void)is_found;
}

#define HELD "entry 4 was held here once: the store was put back to an older copy, its end was cut"

static const struct fg_file_claim claims[] = {
    {.file = "station.db",
     .says = {"entry 4 was edited in the store", "database disk image is malformed", HELD, HELD, HELD, HELD},
     .mark = "HZ-1",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "station.db-wal", .says = {HELD, HELD, HELD, HELD, HELD, HELD}, .mark = "HZ-1"},
    {.file = "station.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "station.db.heads",
     .says = {"the check sum is wrong", "the check sum is wrong", "not a file of heads",
              "station.db.heads: cannot open: No such file", NULL,
              "controller C8: entry 4 was held here once"},
     .why = "the store holds what it names and more; it is brought up again with the next verification"},
    {.file = "station.db.roster",
     .says = {"not signed with a key that signs receipts", "not signed with a key that signs receipts",
              "0 bytes cannot be one", "no roster of the bureau yet", NULL, "it is station S2's"},
     .why = "the bureau's newest is asked for every update_s and takes its place"},
    {.file = "station.db.witness",
     .says = {"head 1 is not what the bureau signed", "it breaks off", "it breaks off", NULL, NULL, NULL},
     .why = "the bureau signed what is left, too: this station is a witness of less, and goes on from there"},
    {.file = "station.ini",
     .says = {"uhreads: unknown key or section", "path is missing", "id is missing", "cannot open", NULL,
              NULL},
     .why = FG_TAMPER_SETTINGS,
     .mark = "threads = "},
    {.file = "keyring.bin",
     .says = {"key ring 2 does not follow from the one before", "key ring 2 breaks off",
              "not authentic or was rolled back", "not authentic or was rolled back",
              "not authentic or was rolled back", "key ring 1 does not follow from the one before"}},
    {.file = "ca.pem",
     .says = {"ca.pem: not certificates in PEM", "ca.pem: not certificates in PEM",
              "ca.pem: not certificates in PEM", "ca.pem: cannot be read", NULL, "answered 40"},
     .mark = "MII",
     .why = "the change is asked for again within update_s; until then what only a newer authority issued is "
            "refused"},
    {.file = "ca.pem.changes/*",
     .says = {"authorities: ", "authorities: not a change", "cannot be read", NULL, NULL,
              "authorities: none that is in force has signed the change"},
     .why = "who has taken the change goes by what it wrote; the others go on with the authorities before"},
    {.file = "tls.key",
     .says = {"tls.key: private key: not a PEM private key", "tls.key: private key: not a PEM private key",
              "tls.key: key: not a PEM file", "tls.key: cannot open", NULL,
              "not the certificate of the key"}},
    {.file = "tls.pem",
     .says = {"not 1 to 4 certificates in PEM", "not 1 to 4 certificates in PEM",
              "not 1 to 4 certificates in PEM", "tls.pem: cannot be read", NULL,
              "not the certificate of the key"},
     .why = "of the same key and names, and still in date: it is renewed again",
     .mark = "MII"},
    {.file = "list-*.pub",
     .says = {"list-1.pub: public key: not a PEM public key", "list-1.pub: public key: not a PEM public key",
              "list-1.pub: key: not a PEM file", "list-1.pub: cannot open", NULL,
              "key ring 1 does not follow from the one before"}},
    {.file = "receipt.pub",
     .says = {"receipt.pub: public key: not a PEM public key",
              "receipt.pub: public key: not a PEM public key", "receipt.pub: key: not a PEM file",
              "receipt.pub: cannot open", NULL, "the stored receipt is not signed with the bureau's key"}},
    {.file = "lists/*/list.db",
     .says = {"belongs to another bucket", "damaged (database disk image is malformed)",
              "no list has been imported", "no list has been imported", "not authentic or was rolled back",
              "not authentic or was rolled back"},
     .mark = "HZ-CNG-00000017",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "lists/*/list.db-wal", .why = FG_TAMPER_LIST_LOG},
    {.file = "lists/*/list.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "lists/*/*.fgl",
     .says = {"the buckets are not the ones that the bureau signed", "its manifest promises",
              "cut off at its end", NULL, "version 1 of hz-01 is already in force",
              "this is list hz-02, this point takes only hz-01"},
     .why = FG_TAMPER_LIST_PIECES,
     .mark = "HZ-CNG-00000017"},
    {.file = "lists/*/*.fgd",
     .says = {"is invalid", "cut off at its end", "cut off at its end", NULL, NULL,
              "this is list hz-02, this point takes only hz-01"},
     .why = FG_TAMPER_LIST_PIECES},
    {.file = "lists/fetch-*/*.fgd",
     .why = "it proved when it was taken, is not read again, and goes with the next update"},
};

TEST("TAMPER-SHOWS: the matrix of a station's files")
{
    const struct fg_file_owner owner = {.name = "station",
                                        .claims = claims,
                                        .claim_count = sizeof(claims) / sizeof(claims[0]),
                                        .find = find,
                                        .after = after};

    bureau_make(&ours);
    bureau_make(&others);
    fg_tls_hop_authority(NEXT_CA);
    station_make(&foreign, "foreign-older", "foreign");
    trust_put("foreign", &others);
    fg_tls_hop_change(fg_tamper_path("foreign", "ca.pem"), others.ca, NEXT_CA, true);
    CHECK_INT(unlink(fg_tamper_path("foreign", "keyring.bin")), 0);
    ring_take("foreign", &others, 1);
    ring_take("foreign", &others, 2);
    station_make(&station, "older", "sound");
    fg_tls_hop_start(ours.ca, FG_ROLE_BUREAU);
    fg_tamper_files(&owner);
    fg_tls_hop_stop();
}
