/* TAMPER-SHOWS as a matrix: every file of a filling point, fillgated's and fillgate-link's, x what somebody
 * who may write it can do to it, x what finds it and what that says (tests/lib/tamper_files.h).
 *
 * The point is a real one but for its plant: what fillgated opens at its start, its session, the link's list
 * store and key rings, and a TLS connection to a station. The rows of the stores: test_tamper_matrix.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firmware/controller/record/waiting_store.h"
#include "firmware/controller/start.h"
#include "firmware/link/link.h"
#include "host/pki/ca.h"
#include "lib/net/https_client.h"
#include "lib/net/page/pair.h"
#include "proto/key/enrol.h"
#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/tls_hop_fixture.h"
#include "tests/lib/keyring_fixture.h"
#include "tests/lib/tamper_files.h"

#define NOW_MS FG_FIXTURE_ISSUED_MS
#define LIVE "live"
#define NEXT_CA "next-ca" /* beside the authority */
#define LINES_BYTES 16384

static struct fg_error error;

/* Whoever the point belongs to; the second one is another city's. */
struct bureau {
    struct fg_private_key list_key;      /* that the device was enrolled with */
    struct fg_private_key next_list_key; /* of the newest ring */
    struct fg_private_key receipt_key;
    char ca[32]; /* directory */
};

struct point {
    const char *controller;
    const char *list_id;
    const struct bureau *bureau;
    struct fg_private_key device_key;
    struct fg_private_key tls_key;
};

static struct fg_list *link_list; /* the link has it open */

static char pairing_code[FG_PAIR_CODE_DIGITS + 1];

static struct bureau ours = {.ca = "ca"};
static struct bureau others = {.ca = "other-ca"};
static struct point point = {.controller = "ctl-1", .list_id = "city", .bureau = &ours};
static struct point foreign = {.controller = "ctl-2", .list_id = "town", .bureau = &ours};

static void bureau_make(struct bureau *bureau)
{
    CHECK_OK(fg_private_key_new(&bureau->list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->next_list_key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau->receipt_key, &error), &error);
    fg_tls_hop_authority(bureau->ca);
}

/* ---- fillgated, started as it starts ---- */

static void plant_read(void *context, struct fg_plant_state *ret_state)
{
    (void)context;
    memset(ret_state, 0, sizeof(*ret_state));
}

static void plant_do(void *context)
{
    (void)context;
}

static void plant_lamp(void *context, enum fg_lamp lamp, bool on)
{
    (void)context;
    (void)lamp;
    (void)on;
}

static uint8_t plant_count(void *context)
{
    (void)context;
    return 0;
}

static void plant_status(void *context, uint8_t index, struct fg_device_status *ret_status)
{
    (void)context;
    (void)index;
    memset(ret_status, 0, sizeof(*ret_status));
}

struct running {
    struct fg_config config;
    struct fg_clock clock;
    struct fg_start start;
    struct fg_session *session;
    char pins[FG_PATH_MAX + 8];
    char lines[LINES_BYTES];
    struct fg_moment now;
};
static struct running running;

static void say(void *context, const char *line)
{
    (void)context;
    fg_tamper_say(running.lines, sizeof(running.lines), "%s", line);
}

static void path_put(char *path, const char *directory, const char *name)
{
    CHECK(snprintf(path, FG_PATH_MAX + 1, "%s/%s", directory, name) <= FG_PATH_MAX);
}

static void config_make(struct fg_config *config, const char *directory, const struct point *of)
{
    memset(config, 0, sizeof(*config));
    (void)snprintf(config->controller, sizeof(config->controller), "%s", of->controller);
    (void)snprintf(config->list_id, sizeof(config->list_id), "%s", of->list_id);
    (void)snprintf(config->station, sizeof(config->station), "S1");
    path_put(config->journal_path, directory, "journal.db");
    path_put(config->list_path, directory, "list.db");
    path_put(config->device_key_path, directory, "device.key");
    path_put(config->list_key_paths[0], directory, "list-1.pub");
    path_put(config->keyring_path, directory, "keyring.bin");
    path_put(config->receipt_key_path, directory, "receipt.pub");
    config->list_key_count = 1;
    config->journal_bytes_max = 1 << 19;
    config->journal_warn_percent = 90;
    config->journal_stop_reserve_entries = 4;
    config->journal_fill_reserve_percent = 10;
}

static void settings_make(struct fg_session_settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    (void)snprintf(settings->point, sizeof(settings->point), "point-1");
    memcpy(settings->controller, running.config.controller, sizeof(settings->controller));
    settings->medium = FG_MEDIUM_CNG;
    settings->fill_pressure_kpa = 20000;
    settings->lease_ms = 200;
    settings->presence = (struct fg_presence_settings){.misses_max = 4, .silence_max_ms = 400};
    settings->journal_path = running.config.journal_path;
    settings->version = "test";
    settings->pin_count_path = running.pins;
    settings->device_key = &running.start.device_key;
}

static void turns(int count, int64_t each_ms)
{
    while (count-- > 0) {
        running.now.mono_ms += each_ms;
        running.now.wall_ms += each_ms;
        fg_session_tick(running.session, &running.now);
    }
}

/* boot: of the test's own time, so that each run comes after the one before. */
static void fillgated_start(const char *directory, const struct point *of, int boot)
{
    const struct fg_log log = {say, NULL};
    const struct fg_plant_port port = {NULL,       plant_read,  plant_do,    plant_do,
                                       plant_lamp, plant_count, plant_status};
    struct fg_session_settings settings;

    memset(&running, 0, sizeof(running));
    config_make(&running.config, directory, of);
    path_put(running.pins, directory, "journal.db.pins");
    running.now = (struct fg_moment){
        .mono_ms = 1000, .wall_ms = NOW_MS + boot * 60000, .clock_quality = FG_CLOCK_SYNCHRONISED};
    fg_clock_start(&running.clock, NULL);
    fg_start_begin(&running.start, &running.config, &running.clock, &log, NULL, NULL, 1000);
    settings_make(&settings);
    CHECK_OK(fg_session_new(&settings, &running.start.stores, &port, say, NULL, &running.session, &error),
             &error);
    if (running.start.has_receipt_key)
        fg_session_set_receipt_key(running.session, &running.start.receipt_key);
    turns(3, 20);
}

static void fillgated_stop(void)
{
    fg_list_close(link_list);
    link_list = NULL;
    fg_session_free(running.session);
    fg_start_end(&running.start);
}

/* ---- making the point ---- */

/* Ring 1 keeps the key of the enrolment, ring 2 replaces it; the link and fillgated have their own. */
static void ring_take(const char *directory, const struct bureau *bureau, uint64_t version)
{
    const struct fg_private_key *first = &bureau->list_key;
    const struct fg_private_key *key = version == 1 ? first : &bureau->next_list_key;

    fg_fixture_ring_add(fg_tamper_path(directory, "keyring.bin"), first, version, first, key);
    fg_fixture_ring_add(fg_tamper_path(directory, "link/keyring.bin"), first, version, first, key);
}

/* As the link does it, and fillgated from its hand. */
static void list_take(const char *directory, const struct point *of, uint64_t version)
{
    const struct fg_private_key *key = version == 1 ? &of->bureau->list_key : &of->bureau->next_list_key;
    struct fg_fixture_city city = {.version = version,
                                   .bucket_bits = 4,
                                   .rows = 40,
                                   .suspended_every = version == 1 ? 0 : 3,
                                   .list_id = of->list_id,
                                   .key = key};
    struct fg_manifest manifest;
    char path[FG_FIXTURE_PATH];

    fg_fixture_city(version == 1 ? "one.fgl" : "two.fgl", &city, path);
    CHECK_OK(fg_list_open(fg_tamper_path(directory, "link/list.db"), NULL, &key->public_key, 1, &link_list,
                          &error),
             &error);
    CHECK_OK(fg_list_import(link_list, path, 0, &manifest, &error), &error);
    CHECK_OK(fg_list_import(running.start.stores.list, path, 0, &manifest, &error), &error);
    fg_session_list_changed(running.session, &running.now);
    turns(2, 20);
}

static void receipt_take(const struct point *of)
{
    struct fg_journal *journal = running.start.stores.journal;
    struct fg_receipt receipt = {.next_sequence = 2};
    struct fg_sync_batch *batch = calloc(1, sizeof(*batch));
    struct fg_signature signature;
    uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX];
    size_t length = 0;
    uint64_t next = 0;

    CHECK(batch != NULL);
    CHECK_OK(fg_journal_batch(journal, 1, 1, bytes, sizeof(bytes), &length, &next, &error), &error);
    CHECK_OK(fg_sync_batch_decode(bytes, length, batch, &error), &error);
    fg_chain_start(of->controller, &receipt.head);
    fg_chain_next(&receipt.head, batch->entries[0].bytes, batch->entries[0].length, &receipt.head);
    (void)snprintf(receipt.controller, sizeof(receipt.controller), "%s", of->controller);
    CHECK_OK(fg_receipt_sign(&receipt, &of->bureau->receipt_key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_journal_take_receipt(journal, bytes, length, &of->bureau->receipt_key.public_key,
                                     running.now.wall_ms, &error),
             &error);
    free(batch);
}

/* What the journal did not take: the end of the fill that is open there, or an event. */
static void waiting_put(const char *directory, const struct point *of, uint64_t authorised)
{
    struct fg_waiting_store store = {.key = &of->device_key};
    struct fg_waiting *waiting = calloc(1, sizeof(*waiting));

    CHECK(waiting != NULL);
    (void)snprintf(store.path, sizeof(store.path), "%s", fg_tamper_path(directory, "journal.db.waiting"));
    (void)snprintf(store.controller, sizeof(store.controller), "%s", of->controller);
    waiting->after = fg_journal_last(running.start.stores.journal);
    waiting->count = 1;
    waiting->entries[0] = (struct fg_entry){.kind = authorised > 0 ? FG_ENTRY_ENDED : FG_ENTRY_EVENT,
                                            .event = authorised > 0 ? 0 : FG_EVENT_CLOCK_STEP,
                                            .boot = running.start.stores.journal_start.boot,
                                            .mono_ms = running.now.mono_ms,
                                            .wall_ms = running.now.wall_ms,
                                            .clock_quality = FG_CLOCK_SYNCHRONISED,
                                            .authorised_sequence = authorised,
                                            .stop = authorised > 0 ? FG_STOP_OPERATOR : 0};
    CHECK_OK(fg_waiting_save(&store, waiting, &error), &error);
    free(waiting);
}

static void files_put(const char *directory, const struct point *of)
{
    CHECK_OK(fg_private_key_write(fg_tamper_path(directory, "device.key"), &of->device_key, &error), &error);
    CHECK_OK(fg_private_key_write(fg_tamper_path(directory, "tls.key"), &of->tls_key, &error), &error);
    CHECK_OK(fg_public_key_write(fg_tamper_path(directory, "list-1.pub"), &of->bureau->list_key.public_key,
                                 &error),
             &error);
    CHECK_OK(fg_public_key_write(fg_tamper_path(directory, "receipt.pub"),
                                 &of->bureau->receipt_key.public_key, &error),
             &error);
    fg_tls_hop_copy(fg_tamper_path(of->bureau->ca, "ca.pem"), fg_tamper_path(directory, "ca.pem"));
    fg_tls_hop_copy("boards/sim/fillgated.ini", fg_tamper_path(directory, "point.ini"));
    fg_tls_hop_copy("boards/sim/link.ini", fg_tamper_path(directory, "link.ini"));
}

static void certificate_put(const struct point *of, int days)
{
    fg_tls_hop_certificate(of->bureau->ca, FG_ROLE_CONTROLLER, of->controller, &of->tls_key, days,
                           fg_tamper_path(LIVE, "tls.pem"));
}

static void pair(const char *directory)
{
    char secret[FG_PAIR_SECRET_DIGITS + 1];
    char id[FG_PAIR_ID_DIGITS + 1];

    CHECK_OK(fg_pair_device_add(fg_tamper_path(directory, "link"), NOW_MS, "192.168.1.7", secret, id, &error),
             &error);
}

static void pairing_code_make(const char *directory)
{
    CHECK_OK(fg_pair_code_new(fg_tamper_path(directory, "link"), NOW_MS, pairing_code, &error), &error);
}

/* What a device of another city has: keys, rings and authority that are nobody's here. */
static void foreign_city_put(const char *directory)
{
    CHECK_INT(unlink(fg_tamper_path(directory, "list-1.pub")), 0);
    CHECK_INT(unlink(fg_tamper_path(directory, "receipt.pub")), 0);
    CHECK_INT(unlink(fg_tamper_path(directory, "keyring.bin")), 0);
    CHECK_INT(unlink(fg_tamper_path(directory, "link/keyring.bin")), 0);
    CHECK_OK(
        fg_public_key_write(fg_tamper_path(directory, "list-1.pub"), &others.list_key.public_key, &error),
        &error);
    CHECK_OK(
        fg_public_key_write(fg_tamper_path(directory, "receipt.pub"), &others.receipt_key.public_key, &error),
        &error);
    ring_take(directory, &others, 1);
    ring_take(directory, &others, 2);
    fg_tls_hop_copy(fg_tamper_path(others.ca, "ca.pem"), fg_tamper_path(directory, "ca.pem"));
}

/* As the link keeps it for fillgated. */
static void delta_put(const char *directory)
{
    struct fg_delta_build_result built;

    CHECK_OK(fg_delta_build(fg_test_path("one.fgl"), fg_test_path("two.fgl"),
                            fg_tamper_path(directory, "link/1-2.fgd"), &built, &error),
             &error);
}

/* Two runs of one point: a copy of the first, as a power cut leaves it, is the older one. */
static void point_make(struct point *of, const char *older, const char *newer)
{
    struct fg_entry authorised = {.kind = FG_ENTRY_AUTHORISED, .clock_quality = FG_CLOCK_SYNCHRONISED};
    char directory[FG_PATH_MAX];
    uint64_t sequence = 0;

    CHECK_OK(fg_private_key_new(&of->device_key, &error), &error);
    CHECK_OK(fg_private_key_new(&of->tls_key, &error), &error);
    (void)snprintf(directory, sizeof(directory), "%s", fg_test_path(LIVE));
    CHECK_INT(mkdir(directory, 0700), 0);
    CHECK_INT(mkdir(fg_test_path(LIVE "/link"), 0700), 0);
    files_put(LIVE, of);
    pair(LIVE);
    pairing_code_make(LIVE);
    ring_take(LIVE, of->bureau, 1);
    certificate_put(of, 100);
    fillgated_start(directory, of, 1);
    list_take(LIVE, of, 1);
    waiting_put(LIVE, of, 0);
    fg_tamper_copy(LIVE, older);
    fillgated_stop();
    ring_take(LIVE, of->bureau, 2);
    certificate_put(of, 200);
    fillgated_start(directory, of, 2);
    list_take(LIVE, of, 2);
    receipt_take(of);
    delta_put(LIVE);
    fg_tls_hop_change(fg_tamper_path(LIVE, "ca.pem"), of->bureau->ca, NEXT_CA, false);
    pairing_code_make(LIVE);
    authorised.wall_ms = running.now.wall_ms;
    CHECK_OK(fg_journal_append(running.start.stores.journal, &authorised, &sequence, &error), &error);
    waiting_put(LIVE, of, sequence);
    fg_tamper_copy(LIVE, newer);
    fillgated_stop();
}

/* ---- what finds it ---- */

static enum fg_err event_keep(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t length, struct fg_error *ignored)
{
    (void)context;
    (void)bytes;
    (void)length;
    (void)ignored;
    if (entry->kind == FG_ENTRY_EVENT && entry->boot == running.start.stores.journal_start.boot &&
        (entry->event == FG_EVENT_JOURNAL_TAMPERED || entry->event == FG_EVENT_LIST_TAMPERED ||
         entry->event == FG_EVENT_PIN_COUNT_LOST))
        fg_tamper_say(running.lines, sizeof(running.lines), "EVENT %s: %s",
                      entry->event == FG_EVENT_JOURNAL_TAMPERED ? "JOURNAL_TAMPERED"
                      : entry->event == FG_EVENT_LIST_TAMPERED  ? "LIST_TAMPERED"
                                                                : "PIN_COUNT_LOST",
                      entry->text);
    return FG_OK;
}

/* The log, and this run's events about tampering, which go to the bureau at once. */
static void fillgated_find(const char *directory, char *text, size_t capacity)
{
    struct fg_journal_filter filter = {0};

    fillgated_start(directory, &point, 3);
    turns(15, 1000); /* a fill that an earlier run left open is closed by then, with or without a meter */
    if (running.start.stores.journal != NULL)
        CHECK_OK(fg_journal_each(running.config.journal_path, &filter, event_keep, NULL, &error), &error);
    (void)snprintf(text, capacity, "%s", running.lines);
    fillgated_stop();
}

/* What the start does not read: each row proves itself at its look-up. */
static void list_verify(const char *directory, const char *name, const struct fg_public_key *key, char *text,
                        size_t capacity)
{
    struct fg_list *list = NULL;
    char path[FG_PATH_MAX + 1];
    enum fg_err code;

    path_put(path, directory, name);
    code = fg_list_open(path, NULL, key, 1, &list, &error);
    if (code == FG_OK)
        code = fg_list_pin(list, point.list_id, "S1", &error);
    if (code == FG_OK)
        code = fg_list_verify(list, &error);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_list_close(list);
}

static void settings_find(const char *directory, const char *file, char *text, size_t capacity)
{
    static struct fg_config config;
    static struct fg_link_config link_config;
    char path[FG_PATH_MAX + 1];
    enum fg_err code;

    path_put(path, directory, file);
    code = strcmp(file, "point.ini") == 0 ? fg_config_read(path, &config, &error)
                                          : fg_link_config_read(path, &link_config, &error);
    if (code != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
}

/* fillgated takes no delta but one that leads from its list to another that the bureau signed. Where there is
 * none, the link hands the whole list over. */
static void delta_find(const char *directory, char *text, size_t capacity)
{
    const struct fg_public_key keys[] = {ours.list_key.public_key, ours.next_list_key.public_key};
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    char path[FG_PATH_MAX + 1];

    path_put(path, directory, "link/1-2.fgd");
    if (access(path, R_OK) != 0)
        return;
    fg_tamper_copy("older", "before");
    CHECK_OK(fg_list_open(fg_tamper_path("before", "list.db"), NULL, keys, 2, &list, &error), &error);
    if (fg_list_import(list, path, 0, &manifest, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    fg_list_close(list);
}

static void pairing_find(const char *directory, char *text, size_t capacity)
{
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    char path[FG_PATH_MAX + 1];
    size_t count = 0;

    path_put(path, directory, "link");
    if (fg_pair_code_try(path, pairing_code, NOW_MS, &error) != FG_OK)
        fg_tamper_say(text, capacity, "%s", error.text);
    CHECK_OK(fg_pair_devices(path, devices, &count, &error), &error);
    fg_tamper_say(text, capacity, "%zu paired", count);
}

/* The link's start, and the list as it would hand it over. */
static void link_find(const char *directory, char *text, size_t capacity)
{
    static struct fg_link_config config;
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_keyring first;
    struct fg_keyring ring;
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    struct fg_link *link = NULL;
    char path[FG_PATH_MAX + 1];
    enum fg_err code;

    memset(&config, 0, sizeof(config));
    path_put(config.list_keys[0], directory, "list-1.pub");
    path_put(config.work_directory, directory, "link");
    (void)snprintf(config.list_id, sizeof(config.list_id), "%s", point.list_id);
    (void)snprintf(config.list_station, sizeof(config.list_station), "S1");
    running.lines[0] = '\0';
    code = fg_link_new(&config, say, NULL, &link, &error);
    fg_tamper_say(text, capacity, "%s%s", running.lines, code != FG_OK ? error.text : "");
    fg_link_free(link);
    if (code != FG_OK)
        return;
    CHECK_OK(fg_keyring_first(&ours.list_key.public_key, 1, NULL, &first, &error), &error);
    path_put(path, directory, "link/keyring.bin");
    CHECK_OK(fg_keyring_file_load(path, &first, &ring, &error), &error);
    path_put(path, directory, "link/list.db");
    CHECK_OK(fg_list_open(path, NULL, keys,
                          fg_keyring_keys(&ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX), &list, &error),
             &error);
    CHECK_OK(fg_list_pin(list, point.list_id, "S1", &error), &error);
    path_put(path, directory, "link/hand-over.fgl");
    if (fg_list_export(list, path, &manifest, &error) != FG_OK)
        fg_tamper_say(text, capacity, "list not handed over: %s", error.text);
    fg_list_close(list);
}

static bool is_one_of(const char *file, const char *names)
{
    char name[80];

    (void)snprintf(name, sizeof(name), " %s ", file);
    return strstr(names, name) != NULL;
}

static void find(const char *directory, const char *file, char *text, size_t capacity, const char **ret_by)
{
    if (is_one_of(file, " point.ini link.ini ")) {
        *ret_by = "start";
        settings_find(directory, file, text, capacity);
    } else if (is_one_of(file, " ca.pem tls.pem tls.key ")) {
        *ret_by = "fillgate-link: its next connection";
        if (fg_tls_hop_call(directory, FG_HTTPS_STATION, &error) != FG_OK)
            fg_tamper_say(text, capacity, "%s", error.text);
    } else if (is_one_of(file, " link/*.fgd ")) {
        *ret_by = "fillgated: its import of the delta";
        delta_find(directory, text, capacity);
    } else if (is_one_of(file, " link/pairing-code link/device-* ")) {
        *ret_by = "the panel's pairing page, fillgate panel devices";
        pairing_find(directory, text, capacity);
    } else if (strncmp(file, "link/", 5) == 0) {
        *ret_by = "fillgate-link: its log";
        link_find(directory, text, capacity);
    } else {
        *ret_by = "fillgated: log and events of its start; fillgate list verify";
        fillgated_find(directory, text, capacity);
        if (strncmp(file, "list.db", 7) == 0)
            list_verify(directory, "list.db", &ours.next_list_key.public_key, text, capacity);
    }
}

/* ---- what does no harm ---- */

struct counts {
    unsigned authorised;
    unsigned ended;
    unsigned power_lost;
    unsigned steps;
};

static enum fg_err entry_count(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                               size_t length, struct fg_error *ignored)
{
    struct counts *counts = context;

    (void)bytes;
    (void)length;
    (void)ignored;
    counts->authorised += entry->kind == FG_ENTRY_AUTHORISED;
    counts->ended += entry->kind == FG_ENTRY_ENDED;
    counts->power_lost += entry->kind == FG_ENTRY_ENDED && entry->stop == FG_STOP_POWER_LOST;
    counts->steps += entry->kind == FG_ENTRY_EVENT && entry->event == FG_EVENT_CLOCK_STEP;
    return FG_OK;
}

/* The start has run on it: the journal is whole, the fill has one end, and the event of long ago stands there
 * once. */
static void after(const char *directory, const char *file, enum fg_file_deed deed, bool is_found)
{
    struct fg_journal_filter filter = {0};
    struct fg_journal_verdict verdict;
    struct counts counts = {0};
    const char *path = fg_tamper_path(directory, "journal.db");

    bool is_lost = strcmp(file, "journal.db.waiting") == 0 && (deed == FG_REMOVED || deed == FG_OLDER);

    if (strncmp(file, "journal.db", 10) != 0 || (is_found && !is_lost))
        return;
    CHECK_OK(fg_journal_verify(path, NULL, &point.device_key.public_key, &verdict, &error), &error);
    CHECK_OK(fg_journal_each(path, &filter, entry_count, &counts, &error), &error);
    CHECK_INT(counts.authorised, 1);
    CHECK_INT(counts.ended, 1);
    CHECK_INT(counts.steps, 1);
    CHECK_INT(counts.power_lost, is_lost);
}

static const struct fg_file_claim claims[] = {
    {.file = "journal.db",
     .says = {"entry 7: it is another controller's", "the file is damaged",
              "entry 1: missing: the tail was cut", "entry 1: missing: the tail was cut",
              "entry 3: missing: the tail was cut", "it is another controller's"},
     .mark = "ctl-1",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "journal.db-wal",
     .says = {"entry 1: missing: the tail was cut", "entry 1: missing: the tail was cut",
              "entry 3: missing: the tail was cut", "entry 3: missing: the tail was cut",
              "entry 3: missing: the tail was cut", "it is another controller's"},
     .mark = "ctl-1"},
    {.file = "journal.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "journal.db.anchor",
     .says = {NULL, "is missing or damaged, so that a cut tail would not show",
              "is missing or damaged, so that a cut tail would not show",
              "is missing or damaged, so that a cut tail would not show", NULL, "it differs from the anchor"},
     .why = "two heads stand in it: the one that is left, or the older one, agrees with the journal, and the "
            "next entries write both again",
     .mark = "FGA1"},
    {.file = "journal.db.pins",
     .says = {"PIN_COUNT_LOST: PINs are blocked for 900 s: not signed", "not a count of wrong PINs",
              "not a count of wrong PINs", "its file cannot be opened",
              "its count is of boot 1, the last was 2", "not signed with this controller's key"}},
    {.file = "journal.db.waiting",
     .says = {"JOURNAL_TAMPERED", "JOURNAL_TAMPERED", "JOURNAL_TAMPERED", "(entry 7), POWER_LOST",
              "(entry 7), POWER_LOST", "JOURNAL_TAMPERED"}},
    {.file = "list.db",
     .says = {"belongs to another bucket", "damaged (database disk image is malformed)",
              "none in force; every scan is refused", "none in force; every scan is refused",
              "LIST_TAMPERED: the manifest in force does not verify",
              "LIST_TAMPERED: the manifest in force does not verify"},
     .mark = "HZ-CNG-00000017",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "list.db-wal", .why = FG_TAMPER_LIST_LOG, .mark = "HZ-CNG-00000017"},
    {.file = "list.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "point.ini",
     .says = {"bontroller: unknown key or section", "controller is missing", "id is missing", "cannot open",
              NULL, NULL},
     .why = FG_TAMPER_SETTINGS,
     .mark = "controller = "},
    {.file = "link.ini",
     .says = {"bontrol_socket: unknown key or section", "control_socket is missing",
              "control_socket is missing", "cannot open", NULL, NULL},
     .why = FG_TAMPER_SETTINGS,
     .mark = "control_socket = "},
    {.file = "keyring.bin",
     .says = {"key ring 2 does not follow from the one before", "key ring 2 breaks off",
              "LIST_TAMPERED: the manifest in force does not verify",
              "LIST_TAMPERED: the manifest in force does not verify",
              "LIST_TAMPERED: the manifest in force does not verify",
              "key ring 1 does not follow from the one before"}},
    {.file = "device.key",
     .says = {"device.key: private key: not a PEM private key",
              "device.key: private key: not a PEM private key", "device.key: key: not a PEM file",
              "device.key: cannot open", NULL, "its head signature is invalid"}},
    {.file = "list-*.pub",
     .says = {"list-1.pub: public key: not a PEM public key", "list-1.pub: public key: not a PEM public key",
              "list-1.pub: key: not a PEM file", "list-1.pub: cannot open", NULL,
              "key ring 1 does not follow from the one before"}},
    {.file = "receipt.pub",
     .says = {"receipt.pub: public key: not a PEM public key",
              "receipt.pub: public key: not a PEM public key", "receipt.pub: key: not a PEM file",
              "receipt.pub: cannot open", NULL, "JOURNAL_TAMPERED: the kept receipt is not the bureau's"}},
    {.file = "ca.pem",
     .says = {"ca.pem: not certificates in PEM alone", "ca.pem: not certificates in PEM alone",
              "ca.pem: not certificates in PEM alone", "ca.pem: cannot be read", NULL,
              "is not correctly signed by the trusted CA"},
     .mark = "MII",
     .why = "the change is asked for again with the next question; until then what only a newer authority "
            "issued is refused"},
    {.file = "tls.key",
     .says = {"tls.key: private key: not a PEM private key", "tls.key: private key: not a PEM private key",
              "tls.key: key: not a PEM file", "tls.key: cannot open", NULL,
              "is the certificate of another key"}},
    {.file = "tls.pem",
     .says = {"tls.pem: not certificates in PEM alone", "tls.pem: not certificates in PEM alone",
              "tls.pem: not certificates in PEM alone", "tls.pem: cannot be read", NULL,
              "is the certificate of another key"},
     .why = "of the same key and name, and still in date: it is renewed again",
     .mark = "MII"},
    {.file = "link/list.db",
     .says = {"the buckets are not the ones that the bureau signed",
              "damaged (database disk image is malformed)", "no list has been imported",
              "no list has been imported", "not authentic or was rolled back",
              "not authentic or was rolled back"},
     .mark = "HZ-CNG-00000017",
     .with = "-wal -shm",
     .is_settled = true},
    {.file = "link/list.db-wal", .why = FG_TAMPER_LIST_LOG, .mark = "HZ-CNG-00000017"},
    {.file = "link/list.db-shm", .why = FG_TAMPER_INDEX},
    {.file = "link/keyring.bin",
     .says = {"key ring 2 does not follow from the one before", "key ring 2 breaks off",
              "not authentic or was rolled back", "not authentic or was rolled back",
              "not authentic or was rolled back", "key ring 1 does not follow from the one before"}},
    {.file = "link/*.fgd",
     .says = {"is invalid", "cut off at its end", "cut off at its end", NULL, NULL,
              "a delta from version 1 of town"},
     .why = "the link hands over the whole list"},
    {.file = "link/pairing-code",
     .says = {"the pairing code", "the pairing code is damaged", "the pairing code is damaged",
              "pairing-code: cannot open: No such file", "this is not the pairing code",
              "this is not the pairing code"}},
    {.file = "link/device-*",
     .says = {NULL, NULL, NULL, "0 paired", NULL, NULL},
     .why =
         "the right is the file's name, the digest of the browser's secret; what stands in it is for people"},
};

TEST("TAMPER-SHOWS: the matrix of a filling point's files")
{
    const struct fg_file_owner owner = {.name = "point",
                                        .claims = claims,
                                        .claim_count = sizeof(claims) / sizeof(claims[0]),
                                        .find = find,
                                        .after = after};

    bureau_make(&ours);
    bureau_make(&others);
    fg_tls_hop_authority(NEXT_CA);
    foreign.bureau = &ours;
    point_make(&foreign, "foreign-older", "foreign");
    foreign_city_put("foreign");
    fg_tamper_remove(LIVE);
    point_make(&point, "older", "sound");
    fg_tls_hop_start(ours.ca, FG_ROLE_STATION);
    fg_tamper_files(&owner);
    fg_tls_hop_stop();
}

TEST("TAMPER-SHOWS: a browser that was unpaired and whose file is put back is on the panel's list again")
{
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    char secret[FG_PAIR_SECRET_DIGITS + 1];
    char id[FG_PAIR_ID_DIGITS + 1];
    size_t count = 0;

    CHECK_INT(mkdir(fg_test_path("link"), 0700), 0);
    CHECK_OK(fg_pair_device_add(fg_test_path("link"), NOW_MS, "192.168.1.7", secret, id, &error), &error);
    fg_tamper_copy("link", "before");
    CHECK_OK(fg_pair_device_remove(fg_test_path("link"), id, &error), &error);
    CHECK(!fg_pair_device_known(fg_test_path("link"), id));
    CHECK_OK(fg_pair_devices(fg_test_path("link"), devices, &count, &error), &error);
    CHECK_INT(count, 0);
    fg_tamper_copy("before", "link");
    CHECK(fg_pair_device_known(fg_test_path("link"), id));
    CHECK_OK(fg_pair_devices(fg_test_path("link"), devices, &count, &error), &error);
    CHECK_INT(count, 1);
    CHECK_TEXT(devices[0].id, id);
}
