/* TAMPER-SHOWS as a matrix: every file of a bureau x what somebody who may write it can do to it, x what
 * finds it and what that says (tests/lib/tamper_files.h).
 *
 * What runs is what the bureau runs at its start, when it verifies, publishes and serves, and what devices do
 * with what they get; the rows of its database, on both back ends: test_tamper_matrix.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/audit/listed_verify.h"
#include "host/bureau/config.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/device/reports.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/ledger.h"
#include "host/bureau/trail/trail.h"
#include "lib/list/list.h"
#include "lib/list/serve/key_rings.h"
#include "lib/list/serve/list_routes.h"
#include "lib/net/https_client.h"
#include "proto/key/enrol.h"
#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/tls_hop_fixture.h"
#include "tests/lib/keyring_fixture.h"
#include "tests/lib/tamper_files.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define LIVE "live"
#define NEXT_CA "next-ca" /* beside the authorities of both bureaus */

static struct fg_error error;

struct bureau {
    const char *list_id;
    struct fg_private_key list_key; /* of lists, and of the first ring */
    struct fg_private_key next_list_key;
    struct fg_private_key receipt_key;
    struct fg_private_key tls_key;
    struct fg_sql *sql;
    struct fg_fixture_journal *journals[2];
    struct fg_listing *listing;
    struct fg_trail_head head; /* as its log has it */
};

static struct bureau ours = {.list_id = "hz-01"};
static struct bureau others = {.list_id = "hz-02"};

/* ---- making the bureau ---- */

static void keys_put(struct bureau *bureau)
{
    CHECK_OK(fg_private_key_new(&bureau->list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->next_list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->tls_key, &error), &error);
    CHECK_OK(fg_private_key_write(fg_tamper_path(LIVE, "list.pem"), &bureau->list_key, &error), &error);
    CHECK_OK(fg_private_key_write(fg_tamper_path(LIVE, "receipt.pem"), &bureau->receipt_key, &error), &error);
    CHECK_OK(fg_public_key_write(fg_tamper_path(LIVE, "list.pem.pub"), &bureau->list_key.public_key, &error),
             &error);
    CHECK_OK(
        fg_public_key_write(fg_tamper_path(LIVE, "receipt.pem.pub"), &bureau->receipt_key.public_key, &error),
        &error);
    CHECK_INT(mkdir(fg_tamper_path(LIVE, "tls"), 0700), 0);
    CHECK_INT(mkdir(fg_tamper_path(LIVE, "rings"), 0700), 0);
    CHECK_OK(fg_private_key_write(fg_tamper_path(LIVE, "tls/tls.key"), &bureau->tls_key, &error), &error);
    fg_tls_hop_authority(LIVE "/ca");
}

static void certificate_put(const struct bureau *bureau, int days)
{
    fg_tls_hop_certificate(LIVE "/ca", FG_ROLE_BUREAU, "bureau", &bureau->tls_key, days,
                           fg_tamper_path(LIVE, "tls/tls.pem"));
}

static void ring_put(const struct bureau *bureau, uint64_t version)
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;

    fg_fixture_ring(version, &bureau->list_key, version == 1 ? &bureau->list_key : &bureau->next_list_key,
                    bytes, &length);
    fg_fixture_write_bytes(fg_tamper_path(LIVE, version == 1 ? "rings/1" : "rings/2"), bytes, length);
}

static void database_open(struct bureau *bureau)
{
    char url[300];
    const struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_tamper_path(LIVE, "bureau.db"));
    CHECK_OK(fg_sql_open(&settings, &bureau->sql, &error), &error);
    CHECK_OK(fg_sql_migrate(bureau->sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error),
             &error);
    fg_fixture_bureau_pair(bureau->sql, &bureau->journals[0], &bureau->journals[1]);
    fg_fixture_bureau_adopt(bureau->sql);
}

/* Two more entries of each controller, and one more record of the trail under a new head. */
static void records_take(struct bureau *bureau, uint64_t first)
{
    struct fg_trail_record record = {NOW_MS, "login1", "auditor", "", "SIGN_IN", "", "", FG_TRAIL_DONE};

    for (int i = 0; i < 2; i++) {
        fg_fixture_journal_fill(bureau->journals[i], "HZ-1", NOW_MS - 7200000 + (int64_t)first, 9000);
        CHECK_INT(fg_fixture_bureau_send(bureau->sql, bureau->journals[i], i == 0 ? "S1" : "S2", first,
                                         first + 1, NULL),
                  FG_SYNC_HELD);
    }
    CHECK_OK(fg_trail_note(bureau->sql, &record, &error), &error);
    CHECK_OK(fg_trail_sign(bureau->sql, &bureau->receipt_key, NOW_MS + (int64_t)first, &bureau->head, &error),
             &error);
}

static void list_publish(struct bureau *bureau, uint64_t version)
{
    struct fg_fixture_city city = {.version = version,
                                   .bucket_bits = 4,
                                   .rows = 40,
                                   .suspended_every = version == 1 ? 0 : 3,
                                   .list_id = bureau->list_id,
                                   .key = &bureau->list_key};
    char path[FG_FIXTURE_PATH];

    fg_fixture_city("new.fgl", &city, path);
    if (bureau->listing == NULL)
        CHECK_OK(fg_listing_new(fg_tamper_path(LIVE, "lists"), &bureau->list_key.public_key, 1, NULL, NULL,
                                &bureau->listing, &error),
                 &error);
    CHECK_OK(fg_listing_take(bureau->listing, bureau->list_id, path, &error), &error);
}

/* As publishing records it, before it hands the list on. */
static void version_record(struct bureau *bureau, uint64_t version)
{
    const struct fg_public_key *key = &bureau->list_key.public_key;
    struct fg_sql_statement *row;
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/lists/%s/list.db", fg_test_path(LIVE), bureau->list_id);
    CHECK_OK(fg_list_open(path, NULL, key, 1, &list, &error), &error);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    fg_list_close(list);
    CHECK_OK(fg_sql_begin(bureau->sql, &error), &error);
    CHECK_OK(fg_sql_prepare(bureau->sql,
                            "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, "
                            "expires_ms, published_ms, who) VALUES ($1, $2, $3, $3, 40, 1, 2, $4, 'test')",
                            &row, &error),
             &error);
    fg_sql_bind_text(row, 1, bureau->list_id);
    fg_sql_bind_int(row, 2, (int64_t)version);
    fg_sql_bind_bytes(row, 3, manifest.root.bytes, sizeof(manifest.root.bytes));
    fg_sql_bind_int(row, 4, NOW_MS);
    CHECK_OK(fg_sql_run(row, NULL, &error), &error);
    CHECK_OK(fg_ledger_added_number(bureau->sql, "list_version", bureau->list_id, (int64_t)version, "test",
                                    &error),
             &error);
    CHECK_OK(fg_sql_commit(bureau->sql, &error), &error);
}

static void bureau_make(struct bureau *bureau, const char *older, const char *newer)
{
    struct fg_list *serving = NULL;
    char path[300];

    CHECK_INT(mkdir(fg_test_path(LIVE), 0700), 0);
    bureau->receipt_key = *fg_fixture_bureau_receipt_key();
    if (bureau == &others)
        CHECK_OK(fg_private_key_new(&bureau->receipt_key, &error), &error);
    keys_put(bureau);
    fg_tls_hop_copy(fg_tamper_path(LIVE, "ca/ca.pem"), fg_tamper_path(LIVE, "authorities.pem"));
    fg_tls_hop_copy("boards/sim/bureau.ini", fg_tamper_path(LIVE, "bureau.ini"));
    certificate_put(bureau, 100);
    ring_put(bureau, 1);
    database_open(bureau);
    records_take(bureau, 1);
    list_publish(bureau, 1);
    version_record(bureau, 1);
    (void)snprintf(path, sizeof(path), "%s/lists/%s/list.db", fg_test_path(LIVE), bureau->list_id);
    CHECK_OK(fg_list_open(path, NULL, &bureau->list_key.public_key, 1, &serving, &error), &error);
    fg_tamper_copy(LIVE, older);
    certificate_put(bureau, 200);
    ring_put(bureau, 2);
    fg_tls_hop_change(fg_tamper_path(LIVE, "authorities.pem"), LIVE "/ca", NEXT_CA, true);
    records_take(bureau, 3);
    list_publish(bureau, 2);
    version_record(bureau, 2);
    fg_tamper_copy(LIVE, newer);
    fg_list_close(serving);
    fg_listing_free(bureau->listing);
    fg_sql_close(bureau->sql);
    for (int i = 0; i < 2; i++)
        free(bureau->journals[i]);
    (void)fg_tamper_copy(LIVE "/ca", bureau == &ours ? "ca" : "other-ca");
    fg_tamper_remove(LIVE);
}

/* ---- what finds it ---- */

struct words {
    char *text;
    size_t capacity;
};

static void found(void *context, const struct fg_audit_finding *finding)
{
    const struct words *words = context;

    fg_tamper_say(words->text, words->capacity, "%s%s%s", finding->controller,
                  finding->controller[0] != '\0' ? ": " : "", finding->text);
}

/* What station S1 reports every few minutes: its controller has a receipt for entry 4. */
static enum fg_err report_take(struct fg_sql *sql)
{
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    struct fg_sync_report_answer answer;
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    enum fg_err code;

    CHECK(reports != NULL);
    reports->self = (struct fg_sync_report){.wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    (void)snprintf(reports->self.device, sizeof(reports->self.device), "S1");
    reports->below_count = 1;
    reports->below[0] = (struct fg_sync_report){
        .wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED, .heard_ms = NOW_MS, .last_sequence = 4};
    (void)snprintf(reports->below[0].device, sizeof(reports->below[0].device), "ctl-1");
    code = fg_reports_keep(sql, &peer, reports, NOW_MS, &answer, &error);
    free(reports);
    return code;
}

/* With the newest head of the trail as the log has it. */
static enum fg_err database_verify(struct fg_sql *sql, const struct fg_public_key *key, struct words *words)
{
    const struct fg_audit_settings settings = {
        .directory = fg_known_devices, .receipt_key = key, .report = found, .context = words};
    struct fg_audit_result result = {0};
    struct fg_trail_verdict verdict;
    enum fg_err code = fg_bureau_verify(sql, &settings, NULL, &result, &error);

    if (code == FG_OK)
        code = fg_trail_verify(sql, key, &ours.head, &verdict, &error);
    if (code == FG_OK && verdict.broken != 0)
        fg_tamper_say(words->text, words->capacity, "the trail: %s", verdict.why);
    if (code == FG_OK && verdict.heads_unproven > 0)
        fg_tamper_say(words->text, words->capacity, "the trail: heads of another key");
    return code;
}

static void database_find(const char *directory, const char *key_name, char *text, size_t capacity)
{
    struct words words = {text, capacity};
    char url[300];
    char path[300];
    const struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_sql *sql = NULL;
    struct fg_public_key key;
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, key_name);
    (void)snprintf(url, sizeof(url), "sqlite:%s/bureau.db", directory);
    code = fg_public_key_read(path, &key, &error);
    if (code == FG_OK)
        code = fg_sql_open(&settings, &sql, &error);
    if (code == FG_OK)
        code = fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error);
    if (code == FG_OK)
        code = report_take(sql);
    if (code == FG_OK)
        code = database_verify(sql, &key, &words);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_sql_close(sql);
}

/* A station takes a receipt that the bureau signs with what it has. */
static void receipt_find(const char *directory, char *text, size_t capacity)
{
    struct fg_receipt receipt = {.controller = "ctl-1", .next_sequence = 5};
    struct fg_signature signature;
    struct fg_private_key key;
    char path[300];
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/receipt.pem", directory);
    code = fg_private_key_read(path, &key, &error);
    if (code == FG_OK)
        code = fg_receipt_sign(&receipt, &key, &signature, &error);
    if (code == FG_OK)
        code = fg_receipt_verify(&receipt, &signature, &fg_fixture_bureau_receipt_key()->public_key, &error);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* The list in force proves by the bureau's own key, and version 3, signed with what there is, comes after it.
 */
static void lists_find(const char *directory, char *text, size_t capacity)
{
    struct fg_fixture_city city = {.version = 3, .bucket_bits = 4, .rows = 40, .list_id = ours.list_id};
    struct fg_manifest manifest;
    struct fg_private_key key;
    struct fg_public_key public_key;
    struct fg_list *list = NULL;
    char made[FG_FIXTURE_PATH];
    char path[300];
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/list.pem.pub", directory);
    code = fg_public_key_read(path, &public_key, &error);
    (void)snprintf(path, sizeof(path), "%s/lists/%s/list.db", directory, ours.list_id);
    if (code == FG_OK)
        code = fg_list_open(path, NULL, &public_key, 1, &list, &error);
    if (code == FG_OK)
        code = fg_list_verify(list, &error);
    (void)snprintf(path, sizeof(path), "%s/list.pem", directory);
    if (code == FG_OK)
        code = fg_private_key_read(path, &key, &error);
    if (code == FG_OK) {
        city.key = &key;
        fg_fixture_city("three.fgl", &city, made);
        code = fg_list_import(list, made, 0, &manifest, &error);
    }
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_list_close(list);
}

static void listed_found(void *context, const char *text)
{
    const struct words *words = context;

    fg_tamper_say(words->text, words->capacity, "%s", text);
}

/* What was published, by the database, an hour later. */
static void listed_find(const char *directory, char *text, size_t capacity)
{
    struct words words = {text, capacity};
    char lists[300];
    char url[300];
    const struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    const struct fg_listed listed = {
        .directory = lists, .keys = &ours.list_key.public_key, .key_count = 1, .now_ms = NOW_MS + 3600000};
    struct fg_sql *sql = NULL;

    (void)snprintf(lists, sizeof(lists), "%s/lists", directory);
    (void)snprintf(url, sizeof(url), "sqlite:%s/bureau.db", directory);
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_listed_verify(sql, &listed, listed_found, &words, &error), &error);
    fg_sql_close(sql);
}

/* A device that has version 1 takes what it was given. */
static void served_find(const char *directory, const char *name, char *text, size_t capacity)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/lists/%s/%s", directory, ours.list_id, name);
    if (access(path, R_OK) != 0)
        return;
    fg_tamper_copy("older", "device");
    if (fg_fixture_take(fg_tamper_path("device", "lists/hz-01/list.db"), &ours.list_key.public_key, 1,
                        ours.list_id, "", path, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* A device that was enrolled with the list key fetches one ring after the other. */
static void rings_find(const char *directory, char *text, size_t capacity)
{
    struct fg_keyring in_force;
    struct fg_keyring next;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    uint64_t version = 0;
    char path[300];
    enum fg_err code = FG_OK;

    (void)snprintf(path, sizeof(path), "%s/rings", directory);
    CHECK_OK(fg_keyring_first(&ours.list_key.public_key, 1, NULL, &in_force, &error), &error);
    while (code == FG_OK &&
           fg_key_rings_pick(path, in_force.version, false, bytes, &length, &version, NULL) == FG_OK) {
        code = fg_keyring_verify(bytes, length, &in_force, &next, &error);
        in_force = next;
    }
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

static void tls_find(const char *directory, char *text, size_t capacity)
{
    struct fg_ca *ca = NULL;
    char paths[4][300];

    (void)snprintf(paths[0], sizeof(paths[0]), "%s/tls/tls.pem", directory);
    (void)snprintf(paths[1], sizeof(paths[1]), "%s/tls/tls.key", directory);
    (void)snprintf(paths[2], sizeof(paths[2]), "%s/authorities.pem", directory);
    (void)snprintf(paths[3], sizeof(paths[3]), "%s/ca", directory);
    if (fg_ca_open(paths[3], &ca, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_ca_close(ca);
    if (fg_tls_hop_serve(paths[0], paths[1], paths[2], "ca", FG_HTTPS_BUREAU, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* A device that has the authority alone that it joined with. */
static void change_find(const char *directory, char *text, size_t capacity)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/authorities.pem", directory);
    if (fg_tls_hop_change_fetch(path, fg_tamper_path("older", "ca/ca.pem"), &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

static void settings_find(const char *directory, char *text, size_t capacity)
{
    static struct fg_bureau_config config;
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/bureau.ini", directory);
    if (fg_bureau_config_read(path, &config, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

static void find(const char *directory, const char *file, char *text, size_t capacity, const char **ret_by)
{
    if (strcmp(file, "bureau.ini") == 0) {
        *ret_by = "start";
        settings_find(directory, text, capacity);
    } else if (strncmp(file, "bureau.db", 9) == 0 || strcmp(file, "receipt.pem.pub") == 0) {
        *ret_by = "fillgate bureau verify; the bureau itself, at its start and daily; devices' next reports";
        database_find(directory, strcmp(file, "receipt.pem.pub") == 0 ? file : "receipt.pem.pub", text,
                      capacity);
    } else if (strcmp(file, "receipt.pem") == 0) {
        *ret_by = "start; the station's next batch";
        receipt_find(directory, text, capacity);
    } else if (strncmp(file, "authorities.pem.changes", 23) == 0) {
        *ret_by = "whoever fetches it";
        change_find(directory, text, capacity);
    } else if (strcmp(file, "authorities.pem") == 0 || strncmp(file, "ca/", 3) == 0 ||
               strncmp(file, "tls/", 4) == 0) {
        *ret_by = "start; a device's next connection";
        tls_find(directory, text, capacity);
    } else if (strncmp(file, "rings/", 6) == 0) {
        *ret_by = "whoever fetches it";
        rings_find(directory, text, capacity);
    } else if (strstr(file, ".fgd") != NULL) {
        *ret_by = "whoever fetches it";
        served_find(directory, "1-2.fgd", text, capacity);
    } else if (strncmp(file, "lists/", 6) == 0) {
        *ret_by = "the bureau itself, at its start and daily: log, overview, alarm; whoever fetches it";
        listed_find(directory, text, capacity);
        if (strstr(file, ".fgl") != NULL)
            served_find(directory, "2.fgl", text, capacity);
    } else {
        *ret_by = "start; the next publishing";
        lists_find(directory, text, capacity);
    }
}

#define RING                                                                                                 \
    "devices that have the ring keep it; the others go on with the one before until it is there again"

static const struct fg_file_claim claims[] = {
    {.file = "bureau.db",
     .says = {"was edited: its bytes say otherwise", "database disk image is malformed",
              "the trail: this record is missing: the end was cut off",
              "the trail: this record is missing: the end was cut off",
              "has a receipt for entry 4, but only 2 are held", "is not the one that was kept elsewhere"},
     .mark = "HZ-1",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "bureau.db-wal",
     .says = {"has a receipt for entry 4, but only 0 are held",
              "has a receipt for entry 4, but only 0 are held",
              "the trail: this record is missing: the end was cut off",
              "the trail: this record is missing: the end was cut off",
              "has a receipt for entry 4, but only 2 are held", "is not the one that was kept elsewhere"},
     .mark = "HZ-1"},
    {.file = "bureau.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "bureau.ini",
     .says = {"uhreads: unknown key or section", "receipt_key is missing", "url is missing", "cannot open",
              NULL, NULL},
     .why = FG_TAMPER_SETTINGS,
     .mark = "threads = "},
    {.file = "receipt.pem",
     .says = {"receipt.pem: private key: not a PEM private key",
              "receipt.pem: private key: not a PEM private key", "receipt.pem: key: not a PEM file",
              "receipt.pem: cannot open", NULL, "signature for \"fillgate receipt v1\" is invalid"}},
    {.file = "receipt.pem.pub",
     .says = {"receipt.pem.pub: public key: not a PEM public key",
              "receipt.pem.pub: public key: not a PEM public key", "receipt.pem.pub: key: not a PEM file",
              "receipt.pem.pub: cannot open", NULL,
              "its stored receipt is not signed with the bureau's key"}},
    {.file = "list.pem",
     .says = {"list.pem: private key: not a PEM private key", "list.pem: private key: not a PEM private key",
              "list.pem: key: not a PEM file", "list.pem: cannot open", NULL, "which is not trusted"}},
    {.file = "list.pem.pub",
     .says = {"list.pem.pub: public key: not a PEM public key",
              "list.pem.pub: public key: not a PEM public key", "list.pem.pub: key: not a PEM file",
              "list.pem.pub: cannot open", NULL, "not authentic or was rolled back"}},
    {.file = "ca/ca.key",
     .says = {"ca.key: private key: not a PEM private key", "ca.key: private key: not a PEM private key",
              "ca.key: key: not a PEM file", "ca.key: cannot open", NULL,
              "is the key of another certificate"}},
    {.file = "ca/ca.pem",
     .says = {"not a certificate in PEM, or not readable", "not a certificate in PEM, or not readable",
              "not a certificate in PEM, or not readable", "not a certificate in PEM, or not readable", NULL,
              "is the key of another certificate"},
     .mark = "MII"},
    {.file = "authorities.pem",
     .says = {"not certificates in PEM", "not certificates in PEM", "not certificates in PEM",
              "authorities.pem: cannot open", NULL, "answered 40"},
     .why = "devices have the change already; until it is taken again, those whose certificate only the "
            "newer authority issued are refused",
     .mark = "MII"},
    {.file = "authorities.pem.changes/*",
     .says = {"authorities: ", "authorities: not a change", "cannot be read", NULL, NULL,
              "authorities: none that is in force has signed the change"},
     .why = "who has taken the change goes by what it wrote; the others go on with the authorities before"},
    {.file = "tls/tls.key",
     .says = {"tls.key: private key: not a PEM private key", "tls.key: private key: not a PEM private key",
              "tls.key: key: not a PEM file", "tls.key: cannot open", NULL,
              "not the certificate of the key"}},
    {.file = "tls/tls.pem",
     .says = {"not 1 to 4 certificates in PEM", "not 1 to 4 certificates in PEM",
              "not 1 to 4 certificates in PEM", "tls.pem: cannot open", NULL,
              "not the certificate of the key"},
     .why = "of the same key and names, and still in date",
     .mark = "MII"},
    {.file = "rings/*",
     .says = {NULL, NULL, NULL, NULL, NULL, "no list key that is in force has signed it"},
     .why = RING},
    {.file = "lists/*/list.db",
     .says = {"its store does not prove: list store: bucket 4", "its store does not prove",
              "no list has been imported", "list.db is missing",
              "its store ends at version 1, but version 2 was published", "not authentic or was rolled back"},
     .mark = "HZ-CNG-00000017",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "lists/*/list.db-wal", .why = FG_TAMPER_LIST_LOG},
    {.file = "lists/*/list.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "lists/*/*.fgl",
     .says = {"the buckets are not the ones that the bureau signed", "its manifest promises",
              "cut off at its end", "version 2 was published, but is not in its folder",
              "the file of version 2 holds version 1", "which is not trusted"},
     .mark = "HZ-CNG-00000017"},
    {.file = "lists/*/*.fgd",
     .says = {"is invalid", "cut off at its end", "cut off at its end", NULL, NULL, "which is not trusted"},
     .why = FG_TAMPER_LIST_PIECES},
};

TEST("TAMPER-SHOWS: the matrix of a bureau's files")
{
    const struct fg_file_owner owner = {
        .name = "bureau", .claims = claims, .claim_count = sizeof(claims) / sizeof(claims[0]), .find = find};

    fg_tls_hop_authority(NEXT_CA);
    bureau_make(&others, "foreign-older", "foreign");
    bureau_make(&ours, "older", "sound");
    fg_tamper_files(&owner);
}
