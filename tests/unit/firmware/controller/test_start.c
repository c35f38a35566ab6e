/* What start-up opens, and how it gets ready by itself when what was missing comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/controller/start.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"

static struct fg_config config;
static struct fg_clock test_clock;
static struct fg_start start;
static struct fg_private_key device_key;
static struct fg_private_key list_key;
static char log_text[8192];

static void say(void *context, const char *line)
{
    size_t used = strlen(log_text);

    (void)context;
    (void)snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static const struct fg_log test_log = {say, NULL};

static void path_set(char *path, const char *name)
{
    (void)snprintf(path, FG_PATH_MAX + 1, "%s/%s", fg_test_directory(), name);
}

/* Everything is named, and nothing is there but the directory. */
static void config_make(void)
{
    struct fg_error error;

    memset(&config, 0, sizeof(config));
    log_text[0] = '\0';
    (void)snprintf(config.controller, sizeof(config.controller), "ctl-1");
    path_set(config.journal_path, "disk/journal.db");
    path_set(config.list_path, "disk/list.db");
    path_set(config.device_key_path, "device.pem");
    path_set(config.list_key_paths[0], "list.pub");
    path_set(config.keyring_path, "keyring");
    path_set(config.receipt_key_path, "receipt.pub");
    config.list_key_count = 1;
    config.journal_bytes_max = 1 << 22;
    config.journal_warn_percent = 80;
    config.journal_stop_reserve_entries = 8;
    CHECK_OK(fg_private_key_new(&device_key, &error), &error);
    CHECK_OK(fg_private_key_new(&list_key, &error), &error);
    fg_clock_start(&test_clock, NULL);
}

static void keys_write(void)
{
    struct fg_error error;

    CHECK_OK(fg_private_key_write(config.device_key_path, &device_key, &error), &error);
    CHECK_OK(fg_public_key_write(config.list_key_paths[0], &list_key.public_key, &error), &error);
}

static void disk_mount(void)
{
    char path[FG_PATH_MAX + 1];

    path_set(path, "disk");
    CHECK_INT(mkdir(path, 0700), 0);
}

static unsigned lines_with(const char *part)
{
    unsigned count = 0;

    for (const char *at = strstr(log_text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

TEST("FAIL-CLOSED: without keys and without a disk nothing is open, and each cause is kept and said once")
{
    config_make();
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
    CHECK(start.stores.journal == NULL);
    CHECK(start.stores.list == NULL);
    CHECK(!start.stores.journal_tampered);
    CHECK_HAS(start.journal_retry.cause, "device key: ");
    CHECK_HAS(start.list_retry.cause, "disk: cannot be written: No such file or directory");
    CHECK_HAS(start.keys_retry.cause, "list key: ");
    CHECK_HAS(start.keys_retry.cause, "list.pub");
    for (int64_t now = 0; now < 100000; now += 20)
        CHECK_INT(fg_start_try(&start, now), 0);
    CHECK_INT(lines_with("the journal cannot be opened"), 1);
    CHECK_INT(lines_with("the list store cannot be opened"), 1);
    CHECK_INT(lines_with("; trying again"), 4);
    CHECK_INT(lines_with("does not verify"), 0);
    fg_start_end(&start);
}

TEST("keys and disk that come late are taken within ten seconds, and no cause is left")
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    unsigned news = 0;

    config_make();
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
    keys_write();
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS - 1), 0);
    for (int64_t now = FG_RETRY_MIN_MS; now <= FG_RETRY_MAX_MS; now += 20)
        news |= fg_start_try(&start, now);
    CHECK_INT(news, FG_START_KEYS);
    CHECK_INT(fg_start_keys(&start, FG_KEYRING_LIST, keys), 1);
    CHECK_HAS(start.journal_retry.cause, "disk: cannot be written");
    disk_mount();
    news = 0;
    for (int64_t now = FG_RETRY_MAX_MS; now <= 2 * FG_RETRY_MAX_MS; now += 20)
        news |= fg_start_try(&start, now);
    CHECK_INT(news, FG_START_JOURNAL | FG_START_LIST);
    CHECK(start.stores.journal != NULL);
    CHECK(start.stores.list != NULL);
    CHECK_TEXT(start.journal_retry.cause, "");
    CHECK_TEXT(start.list_retry.cause, "");
    CHECK_TEXT(start.keys_retry.cause, "");
    fg_start_end(&start);
}

/* A list store as an earlier run left it. */
static void list_keep(void)
{
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    struct fg_error error;

    CHECK_OK(fg_list_open(config.list_path, NULL, &list_key.public_key, 1, &list, &error), &error);
    CHECK_OK(fg_list_import(list, fg_fixture_list("l.fgl", fg_fixture_registry("r.csv", 3, NULL), 5, -1), 0,
                            &manifest, &error),
             &error);
    fg_list_close(list);
}

TEST("the clock is told of the list that is there at the start")
{
    config_make();
    list_key = *fg_fixture_key();
    keys_write();
    disk_mount();
    list_keep();
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
    CHECK_INT(test_clock.signed_ms, FG_FIXTURE_ISSUED_MS);
    fg_start_end(&start);
}

TEST("the bureau's receipt key is news when it comes, and the device key is wiped at the end")
{
    static const struct fg_private_key wiped;
    struct fg_error error;
    unsigned news = 0;

    config_make();
    keys_write();
    disk_mount();
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
    CHECK(!start.has_receipt_key);
    CHECK(memcmp(&start.device_key, &wiped, sizeof(wiped)) != 0);
    CHECK_OK(fg_public_key_write(config.receipt_key_path, &list_key.public_key, &error), &error);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS - 1), 0);
    for (int64_t now = FG_RETRY_MIN_MS; now <= FG_RETRY_MAX_MS; now += 20)
        news |= fg_start_try(&start, now);
    CHECK_INT(news, FG_START_RECEIPT_KEY);
    CHECK(start.has_receipt_key);
    CHECK_BYTES(start.receipt_key.point, list_key.public_key.point, sizeof(list_key.public_key.point));
    fg_start_end(&start);
    CHECK(memcmp(&start.device_key, &wiped, sizeof(wiped)) == 0);
}

TEST("TAMPER-SHOWS: a journal that does not verify is said to be that, and a disk that is missing is not")
{
    FILE *file;

    config_make();
    keys_write();
    disk_mount();
    file = fopen(config.journal_path, "wb");
    CHECK(file != NULL);
    for (int i = 0; i < 4096; i++)
        CHECK(fputc('x', file) == 'x');
    CHECK_INT(fclose(file), 0);
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
    CHECK(start.stores.journal == NULL);
    CHECK(start.stores.journal_tampered);
    CHECK_INT(lines_with("the journal does not verify and is left as it is"), 1);
    CHECK_INT(unlink(config.journal_path), 0);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS), FG_START_JOURNAL);
    CHECK(!start.stores.journal_tampered);
    fg_start_end(&start);
}

TEST("tries come after one second first, then seldom, at least every ten seconds")
{
    struct fg_retry retry = {0};
    struct fg_error error = {FG_E_IO, "first"};

    CHECK(fg_retry_is_due(&retry, 5));
    CHECK(fg_retry_failed(&retry, &error, 5));
    CHECK(!fg_retry_is_due(&retry, 5 + FG_RETRY_MIN_MS - 1));
    CHECK(fg_retry_is_due(&retry, 5 + FG_RETRY_MIN_MS));
    for (int i = 0; i < 20; i++)
        CHECK(!fg_retry_failed(&retry, &error, 10000));
    CHECK(!fg_retry_is_due(&retry, 10000 + FG_RETRY_MAX_MS - 1));
    CHECK(fg_retry_is_due(&retry, 10000 + FG_RETRY_MAX_MS));
    memcpy(error.text, "other", 6);
    CHECK(fg_retry_failed(&retry, &error, 10000));
    CHECK_TEXT(retry.cause, "other");
    fg_retry_done(&retry);
    CHECK(!fg_retry_is_due(&retry, INT64_MAX));
    CHECK_TEXT(retry.cause, "");
}

TEST("a long cause is cut between characters")
{
    struct fg_retry retry = {0};
    struct fg_error error = {.code = FG_E_IO};

    for (size_t i = 0; i < 99; i++)
        memcpy(error.text + 3 * i, "汽", 4);
    CHECK(fg_retry_failed(&retry, &error, 0));
    CHECK_INT(strlen(retry.cause), FG_CONTROL_CAUSE_MAX / 3 * 3);
    CHECK(!fg_retry_failed(&retry, &error, 0));
}

TEST("each try after a failure waits twice as long as the one before: 1, 2, 4, 8, then 10 seconds")
{
    static const uint32_t waits_ms[] = {1000, 2000, 4000, 8000, 10000, 10000};
    struct fg_retry retry = {0};
    struct fg_error error = {FG_E_IO, "gone"};

    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        (void)fg_retry_failed(&retry, &error, 500);
        CHECK_INT(retry.backoff.until_mono_ms, 500 + waits_ms[i]);
    }
}

TEST("a cause is kept whole up to its greatest length, and a shorter one leaves nothing of it")
{
    struct fg_retry retry = {0};
    struct fg_error error = {.code = FG_E_IO};

    memset(error.text, 'x', FG_CONTROL_CAUSE_MAX + 1);
    CHECK(fg_retry_failed(&retry, &error, 0));
    CHECK_INT(strlen(retry.cause), FG_CONTROL_CAUSE_MAX);
    error.text[FG_CONTROL_CAUSE_MAX] = '\0';
    CHECK(!fg_retry_failed(&retry, &error, 0));
    CHECK_INT(strlen(retry.cause), FG_CONTROL_CAUSE_MAX);
    error.text[2] = '\0';
    CHECK(fg_retry_failed(&retry, &error, 0));
    CHECK_TEXT(retry.cause, "xx");
    memset(error.text, 0x80, FG_CONTROL_CAUSE_MAX + 1); /* no character begins anywhere */
    error.text[FG_CONTROL_CAUSE_MAX + 1] = '\0';
    CHECK(fg_retry_failed(&retry, &error, 0));
    CHECK_TEXT(retry.cause, "");
}

/* ---- what the stores are opened with ---- */

static void world_ready(void)
{
    config_make();
    list_key = *fg_fixture_key();
    keys_write();
    disk_mount();
}

static void begin(void)
{
    fg_clock_start(&test_clock, NULL);
    fg_start_begin(&start, &config, &test_clock, &test_log, NULL, NULL, 0);
}

static uint64_t entry_add(struct fg_entry entry)
{
    struct fg_error error;
    uint64_t sequence = 0;

    CHECK_OK(fg_journal_append(start.stores.journal, &entry, &sequence, &error), &error);
    return sequence;
}

TEST("every entry of the run raises the clock's floor, a synchronised one also that of the next run")
{
    world_ready();
    begin();
    (void)entry_add((struct fg_entry){.kind = FG_ENTRY_EVENT,
                                      .event = FG_EVENT_CLOCK_STEP,
                                      .wall_ms = FG_FIXTURE_ISSUED_MS,
                                      .clock_quality = FG_CLOCK_SYNCHRONISED});
    (void)entry_add((struct fg_entry){.kind = FG_ENTRY_EVENT,
                                      .event = FG_EVENT_CLOCK_STEP,
                                      .wall_ms = FG_FIXTURE_ISSUED_MS + 5000,
                                      .clock_quality = FG_CLOCK_INFORMATIVE});
    CHECK_INT(test_clock.vouched_ms, FG_FIXTURE_ISSUED_MS);
    CHECK_INT(test_clock.run_ms, FG_FIXTURE_ISSUED_MS + 5000);
    fg_start_end(&start);
    CHECK(start.stores.journal == NULL && start.stores.list == NULL);
    begin();
    CHECK_INT(test_clock.vouched_ms, FG_FIXTURE_ISSUED_MS);
    CHECK_INT(test_clock.run_ms, 0);
    fg_start_end(&start);
}

TEST("the journal has the size, the reserves and the bound of a fill of nothing that the configuration says")
{
    uint64_t authorised;

    world_ready();
    config.journal_warn_percent = 1;
    config.fill.zero_fill_g = 50;
    begin();
    CHECK_INT(fg_journal_state(start.stores.journal), FG_JOURNAL_WARN);
    authorised = entry_add((struct fg_entry){.kind = FG_ENTRY_AUTHORISED, .clock_quality = FG_CLOCK_UNKNOWN});
    (void)entry_add((struct fg_entry){.kind = FG_ENTRY_ENDED,
                                      .clock_quality = FG_CLOCK_UNKNOWN,
                                      .stop = FG_STOP_OPERATOR,
                                      .authorised_sequence = authorised,
                                      .quantity_g = 49});
    fg_start_end(&start);
    begin();
    CHECK_INT(start.stores.journal_start.kept.zero_fills, 1);
    fg_start_end(&start);
    config.journal_warn_percent = 80;
    begin();
    CHECK_INT(fg_journal_state(start.stores.journal), FG_JOURNAL_OK);
    fg_start_end(&start);
    config.journal_stop_reserve_entries = 100000;
    begin();
    CHECK(start.stores.journal == NULL); /* it would never have room for a fill */
    fg_start_end(&start);
}

TEST("LIST-IS-SIGNED: only the configured list, for the configured station, is in force")
{
    struct fg_manifest manifest;

    world_ready();
    list_keep();
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    CHECK(fg_list_manifest(start.stores.list, &manifest, NULL) == FG_OK);
    fg_start_end(&start);
    (void)snprintf(config.list_id, sizeof(config.list_id), "another");
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(test_clock.signed_ms, 0);
    fg_start_end(&start);
    (void)snprintf(config.list_id, sizeof(config.list_id), "%s", manifest.list_id);
    (void)snprintf(config.station, sizeof(config.station), "another");
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_NOT_AUTHENTIC);
    fg_start_end(&start);
    (void)snprintf(config.station, sizeof(config.station), "%s", manifest.rules.station);
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    CHECK_INT(test_clock.signed_ms, FG_FIXTURE_ISSUED_MS);
    fg_start_end(&start);
}

/* The run before saw this list in force at a synchronised time so much before it was issued. */
static int64_t ahead_logged(const char *list_id, uint64_t version, int64_t before_ms)
{
    char command[FG_PATH_MAX + 16];
    int64_t ahead_ms;

    world_ready();
    list_keep();
    begin();
    {
        struct fg_entry entry = {.kind = FG_ENTRY_EVENT,
                                 .event = FG_EVENT_CLOCK_STEP,
                                 .wall_ms = FG_FIXTURE_ISSUED_MS - before_ms,
                                 .clock_quality = FG_CLOCK_SYNCHRONISED,
                                 .list_version = version};

        (void)snprintf(entry.list_id, sizeof(entry.list_id), "%s", list_id);
        (void)entry_add(entry);
    }
    fg_start_end(&start);
    begin();
    ahead_ms = start.ahead_logged_ms;
    CHECK_INT(test_clock.ahead_ms, ahead_ms == 0 ? 0 : before_ms);
    fg_start_end(&start);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'/*", fg_test_directory());
    CHECK_INT(system(command), 0);
    return ahead_ms;
}

TEST("a manifest that a synchronised clock saw in force two minutes before its date proves nothing, and is "
     "told")
{
    CHECK_INT(ahead_logged("city", 5, FG_CLOCK_AHEAD_MS + 1), FG_FIXTURE_ISSUED_MS);
    CHECK_INT(ahead_logged("city", 5, FG_CLOCK_AHEAD_MS), 0);
    CHECK_INT(ahead_logged("city", 4, FG_CLOCK_AHEAD_MS + 1), 0);
    CHECK_INT(ahead_logged("town", 5, FG_CLOCK_AHEAD_MS + 1), 0);
}

/* ---- keys ---- */

static void ring_write(const char *path, const struct fg_private_key *key)
{
    struct fg_keyring ring = {.version = 1, .issued_ms = FG_FIXTURE_ISSUED_MS, .key_count = 1};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_error error;
    size_t length;
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, key->public_key};
    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_keyring_sign(bytes, length, &list_key, bytes, sizeof(bytes), &length, &error), &error);
    if (key != &list_key)
        CHECK_OK(fg_keyring_sign(bytes, length, key, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

TEST("LIST-IS-SIGNED: a ring that leaves out the list's key ends that list, now and at the next start")
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_private_key next;
    struct fg_error error;

    world_ready();
    list_keep();
    CHECK_OK(fg_private_key_new(&next, &error), &error);
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    CHECK_INT(fg_start_take_ring(&start, fg_test_path("missing"), &error), FG_E_IO);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    CHECK(start.receipt_retry.backoff.until_mono_ms > 0);
    ring_write(fg_test_path("ring"), &next);
    CHECK_OK(fg_start_take_ring(&start, fg_test_path("ring"), &error), &error);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(test_clock.signed_ms, 0);
    CHECK_INT(start.receipt_retry.backoff.until_mono_ms, 0); /* the ring may name another */
    CHECK_INT(fg_start_keys(&start, FG_KEYRING_LIST, keys), 1);
    CHECK_BYTES(keys[0].point, next.public_key.point, FG_POINT_BYTES);
    fg_start_end(&start);
    begin();
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_NOT_AUTHENTIC);
    fg_start_end(&start);
}

TEST("keys that come late make the list that is there count, and are news once")
{
    struct fg_error error;

    world_ready();
    list_keep();
    CHECK_INT(unlink(config.list_key_paths[0]), 0);
    begin();
    CHECK(start.stores.list != NULL);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(test_clock.signed_ms, 0);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS), 0);
    CHECK_OK(fg_public_key_write(config.list_key_paths[0], &list_key.public_key, &error), &error);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS + 2000), FG_START_KEYS);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    CHECK_INT(test_clock.signed_ms, FG_FIXTURE_ISSUED_MS);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS + 20000), 0);
    fg_start_end(&start);
}

TEST("a ring that keeps the list's key keeps the list, now and at the next start")
{
    struct fg_error error;

    world_ready();
    list_keep();
    begin();
    ring_write(fg_test_path("ring"), &list_key);
    CHECK_OK(fg_start_take_ring(&start, fg_test_path("ring"), &error), &error);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    fg_start_end(&start);
    begin();
    CHECK_INT(start.keys.ring.version, 1);
    CHECK_INT(fg_list_state(start.stores.list), FG_LIST_IN_FORCE);
    fg_start_end(&start);
}

TEST("a journal that opens after the list still tells that the list is ahead")
{
    struct fg_error error;

    world_ready();
    list_keep();
    begin();
    (void)entry_add((struct fg_entry){.kind = FG_ENTRY_EVENT,
                                      .event = FG_EVENT_CLOCK_STEP,
                                      .wall_ms = FG_FIXTURE_ISSUED_MS - FG_CLOCK_AHEAD_MS - 1,
                                      .clock_quality = FG_CLOCK_SYNCHRONISED,
                                      .list_id = "city",
                                      .list_version = 5});
    fg_start_end(&start);
    CHECK_INT(unlink(config.device_key_path), 0);
    begin();
    CHECK(start.stores.list != NULL && start.stores.journal == NULL);
    CHECK_INT(start.ahead_logged_ms, 0);
    CHECK_OK(fg_private_key_write(config.device_key_path, &device_key, &error), &error);
    CHECK_INT(fg_start_try(&start, FG_RETRY_MIN_MS), FG_START_JOURNAL);
    CHECK_INT(start.ahead_logged_ms, FG_FIXTURE_ISSUED_MS);
    fg_start_end(&start);
}

static void piece_count(void *context)
{
    ++*(unsigned *)context;
}

TEST("while a long journal is verified, whoever waits for the start is told of each piece")
{
    unsigned pieces = 0;

    world_ready();
    begin();
    for (int i = 0; i < FG_JOURNAL_PROGRESS_ENTRIES; i++)
        (void)entry_add((struct fg_entry){
            .kind = FG_ENTRY_EVENT, .event = FG_EVENT_CLOCK_STEP, .clock_quality = FG_CLOCK_UNKNOWN});
    fg_start_end(&start);
    fg_start_begin(&start, &config, &test_clock, &test_log, piece_count, &pieces, 0);
    CHECK_INT(pieces, 1);
    fg_start_end(&start);
}

TEST("a receipt that the bureau's key did not sign does not count in the journal that is opened")
{
    struct fg_receipt receipt = {.controller = "ctl-1", .next_sequence = 2};
    struct fg_journal_verdict verdict;
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    struct fg_private_key other;
    struct fg_error error;
    size_t length = 0;

    world_ready();
    begin();
    (void)entry_add((struct fg_entry){
        .kind = FG_ENTRY_EVENT, .event = FG_EVENT_CLOCK_STEP, .clock_quality = FG_CLOCK_UNKNOWN});
    CHECK_OK(fg_journal_verify(config.journal_path, NULL, &device_key.public_key, &verdict, &error), &error);
    receipt.head = verdict.head;
    CHECK_OK(fg_receipt_sign(&receipt, &list_key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_journal_take_receipt(start.stores.journal, bytes, length, &list_key.public_key, 0, &error),
             &error);
    fg_start_end(&start);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    for (int is_false = 0; is_false < 2; is_false++) {
        (void)unlink(config.receipt_key_path);
        CHECK_OK(fg_public_key_write(config.receipt_key_path,
                                     is_false ? &other.public_key : &list_key.public_key, &error),
                 &error);
        begin();
        CHECK_INT(start.stores.journal_start.receipt_false, is_false);
        fg_start_end(&start);
    }
}
