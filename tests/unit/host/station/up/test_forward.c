/* Forwarding: when entries are due, what a receipt must be, and that one controller never holds back the
 * others. The bureau is a stand-in that does what the test says. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/station/intake.h"
#include "host/station/store/private.h"
#include "host/station/store/store_verify.h"
#include "host/station/up/forward.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/station_fixture.h"
#include "tests/lib/sql_faults.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define HOUR_S 3600
#define CONTROLLERS 3

static struct fg_error error;
#define C3 "C3.has.the.longest.name.that.is" /* FG_NAME_MAX characters */
static const char *const names[CONTROLLERS] = {"C1", "C2", C3};
static_assert(sizeof(C3) == FG_NAME_MAX + 1, "no longer one is possible");

/* What the stand-in bureau does with one controller. */
struct behaviour {
    uint8_t verdict;     /* 0 = takes everything */
    enum fg_err failure; /* instead of an answer */
    bool no_receipt;
    bool false_receipt;
    uint64_t receipt_next; /* of the receipt; 0 = all that was sent */
};

struct bench {
    struct fg_station_store *store;
    struct fg_forward *forward;
    struct fg_fixture_journal *journals[CONTROLLERS];
    struct behaviour behaviours[CONTROLLERS];
    unsigned asked[CONTROLLERS];
    uint64_t held[CONTROLLERS]; /* next sequence at the bureau */
    struct fg_forward_moment moment;
    struct fg_forward_result result;
    bool fork_expected; /* a batch that does not continue what is held is answered with FORK */
    unsigned forks_shown;
    uint8_t fork_verdict; /* 0 = FORK */
    char order[64];       /* of the controllers asked */
};

static void give_receipt(struct bench *bench, size_t index, uint64_t next,
                         const struct fg_push_source *source)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = bench->journals[index]->hashes[next - 1]};
    struct fg_private_key other;
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    (void)snprintf(receipt.controller, sizeof(receipt.controller), "%s", names[index]);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_OK(fg_receipt_sign(
                 &receipt, bench->behaviours[index].false_receipt ? &other : fg_fixture_bureau_receipt_key(),
                 &signature, &error),
             &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    (void)source->take_receipt(source->context, bytes, length, NULL);
}

/* Stands in for fg_push_journal: reads one batch and does what the behaviour says. */
static enum fg_err push(void *context, const struct fg_push_source *source, uint64_t *from,
                        uint32_t batches_max, uint8_t *buffer, struct fg_push_result *ret_result,
                        struct fg_error *ret_error)
{
    struct bench *bench = context;
    struct fg_push_result result = {0};
    struct fg_sync_batch batch;
    size_t length = 0;
    size_t index = 0;
    uint64_t next = 0;
    enum fg_err code =
        source->read(source->context, *from, buffer, FG_SYNC_BATCH_BYTES_MAX, &length, &next, ret_error);

    CHECK(batches_max > 0);
    if (code != FG_OK)
        return code;
    CHECK_OK(fg_sync_batch_decode(buffer, length, &batch, &error), &error);
    while (strcmp(names[index], batch.controller) != 0)
        index++;
    bench->asked[index]++;
    if (strlen(bench->order) + strlen(names[index]) + 2 < sizeof(bench->order))
        (void)strcat(strcat(bench->order, names[index]), " ");
    if (bench->behaviours[index].failure != FG_OK)
        return fg_fail(ret_error, bench->behaviours[index].failure, "as the test says");
    if (bench->fork_expected && batch.first_sequence < bench->held[index]) {
        bench->forks_shown++;
        *ret_result =
            (struct fg_push_result){.verdict = bench->fork_verdict != 0 ? bench->fork_verdict : FG_SYNC_FORK,
                                    .next_sequence = bench->held[index]};
        return FG_OK;
    }
    result.verdict = bench->behaviours[index].verdict != 0 ? bench->behaviours[index].verdict : FG_SYNC_HELD;
    if (result.verdict == FG_SYNC_HELD) {
        CHECK_INT(batch.first_sequence, bench->held[index]);
        if (bench->behaviours[index].receipt_next != 0)
            next = bench->behaviours[index].receipt_next;
        bench->held[index] = next;
        *from = next;
        result.entries = batch.count;
        if (!bench->behaviours[index].no_receipt)
            give_receipt(bench, index, next, source);
    }
    result.next_sequence = *from;
    *ret_result = result;
    return FG_OK;
}

static void take(struct bench *bench, size_t index, uint64_t first, uint64_t last)
{
    CHECK_INT(fg_fixture_station_send(bench->store, bench->journals[index], first, last, NOW_MS),
              FG_SYNC_HELD);
}

static void bench_forward(struct bench *bench, bool continuous)
{
    struct fg_forward_settings settings = {
        .store = bench->store,
        .receipt_key = fg_fixture_bureau_receipt_key()->public_key,
        .window = {.continuous = continuous, .start_s = 22 * HOUR_S, .length_s = 4 * HOUR_S, .offset_s = 600},
        .retry_min_s = 10,
        .retry_max_s = 100,
        .push = push,
        .push_context = bench};

    fg_forward_free(bench->forward);
    CHECK_OK(fg_forward_new(&settings, &bench->forward, &error), &error);
}

static void bench_open(struct bench *bench)
{
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 2000};

    memset(bench, 0, sizeof(*bench));
    CHECK_OK(fg_station_store_open(&settings, &bench->store, &error), &error);
    bench->moment = (struct fg_forward_moment){.now_ms = NOW_MS, .mono_ms = 1000, .second = 12 * HOUR_S};
    for (size_t i = 0; i < CONTROLLERS; i++) {
        bench->journals[i] = fg_fixture_journal(names[i]);
        fg_fixture_journal_fill(bench->journals[i], "HZ-CNG-1", NOW_MS - 5000, 5000);
        fg_fixture_journal_fill(bench->journals[i], "HZ-CNG-2", NOW_MS - 1000, 5000);
        bench->held[i] = 1;
        take(bench, i, 1, 2);
        take(bench, i, 3, 4);
    }
    bench_forward(bench, true);
}

static void bench_close(struct bench *bench)
{
    for (size_t i = 0; i < CONTROLLERS; i++)
        free(bench->journals[i]);
    fg_forward_free(bench->forward);
    fg_station_store_close(bench->store);
}

static enum fg_err pass(struct bench *bench)
{
    return fg_forward_pass(bench->forward, &bench->moment, &bench->result, &error);
}

static struct fg_station_controller controller(struct bench *bench, size_t index)
{
    struct fg_station_controller found;

    CHECK_OK(fg_station_store_controller(bench->store, names[index], &found, &error), &error);
    return found;
}

TEST("the night window is open between its offset and its end, also over midnight")
{
    struct fg_forward_window window = {.start_s = 22 * HOUR_S, .length_s = 4 * HOUR_S, .offset_s = 600};

    CHECK(!fg_forward_window_is_open(&window, 12 * HOUR_S));
    CHECK(!fg_forward_window_is_open(&window, 22 * HOUR_S));
    CHECK(!fg_forward_window_is_open(&window, 22 * HOUR_S + 599));
    CHECK(fg_forward_window_is_open(&window, 22 * HOUR_S + 600));
    CHECK(fg_forward_window_is_open(&window, 0));
    CHECK(fg_forward_window_is_open(&window, 2 * HOUR_S - 1));
    CHECK(!fg_forward_window_is_open(&window, 2 * HOUR_S));
}

TEST(
    "stations begin at different moments, always the same for one, and each has a quarter of the window left")
{
    unsigned tenths[10] = {0};
    char name[16];

    for (unsigned i = 0; i < 2000; i++) {
        struct fg_forward_window window;

        (void)snprintf(name, sizeof(name), "S%u", i);
        window = fg_forward_window_of(name, false, 22 * HOUR_S, 4 * HOUR_S);
        CHECK(window.offset_s < 3 * HOUR_S);
        CHECK_INT(window.offset_s, fg_forward_window_of(name, false, 22 * HOUR_S, 4 * HOUR_S).offset_s);
        tenths[window.offset_s * 10 / (3 * HOUR_S)]++;
    }
    for (unsigned i = 0; i < 10; i++)
        CHECK(tenths[i] > 120 && tenths[i] < 280);
}

TEST("a day's entries wait for the window; a grave one takes its controller's along at once; continuous "
     "never waits")
{
    struct fg_forward_window window = {.start_s = 22 * HOUR_S, .length_s = 4 * HOUR_S};
    struct fg_station_controller some = {.next_sequence = 5, .receipt_next = 3};

    CHECK_INT(fg_forward_due(&window, 12 * HOUR_S, &some), FG_FORWARD_NOT);
    CHECK_INT(fg_forward_due(&window, 23 * HOUR_S, &some), FG_FORWARD_WINDOW);
    some.urgent_sequence = 2; /* is at the bureau already */
    CHECK_INT(fg_forward_due(&window, 12 * HOUR_S, &some), FG_FORWARD_NOT);
    some.urgent_sequence = 3;
    CHECK_INT(fg_forward_due(&window, 12 * HOUR_S, &some), FG_FORWARD_URGENT);
    window.continuous = true;
    some.urgent_sequence = 0;
    CHECK_INT(fg_forward_due(&window, 12 * HOUR_S, &some), FG_FORWARD_CONTINUOUS);
    some.receipt_next = 5;
    CHECK_INT(fg_forward_due(&window, 12 * HOUR_S, &some), FG_FORWARD_NOT);
}

TEST("NO-LOSS: what is sent is what receipts cover, and nothing is sent twice without need")
{
    struct bench bench;

    bench_open(&bench);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.result.entries, 12);
    CHECK_INT(bench.result.asked, 3);
    CHECK_INT(fg_station_unsent(&(struct fg_station_controller){.next_sequence = 5, .receipt_next = 5}), 0);
    CHECK_INT(controller(&bench, 1).receipt_next, 5);
    CHECK_INT(controller(&bench, 1).upstream_verdict, FG_SYNC_HELD);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.result.asked, 0);
    fg_fixture_journal_fill(bench.journals[0], "HZ-CNG-3", NOW_MS, 5000);
    take(&bench, 0, 5, 6);
    bench_forward(&bench, true); /* as after a restart */
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.held[0], 7);
    CHECK_INT(bench.asked[1], 1);
    bench_close(&bench);
}

TEST("outside the window only the controller with a grave entry is forwarded")
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = FG_EVENT_LIST_TAMPERED};
    struct bench bench;

    bench_open(&bench);
    bench_forward(&bench, false);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.result.asked, 0);
    fg_fixture_journal_add(bench.journals[2], &entry);
    take(&bench, 2, 5, 5);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0] + bench.asked[1], 0);
    CHECK_INT(controller(&bench, 2).receipt_next, 6);
    bench.moment.second = 23 * HOUR_S;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 1);
    CHECK_INT(bench.asked[1], 1);
    bench_close(&bench);
}

TEST("NO-LOSS: a controller that is refused, forked or poisons the bureau does not hold back the others")
{
    static const struct behaviour bad[] = {{.verdict = FG_SYNC_REFUSED}, {.verdict = FG_SYNC_FORK},
                                           {.verdict = FG_SYNC_BUSY},    {.failure = FG_E_FORMAT},
                                           {.failure = FG_E_BUSY},       {.failure = FG_E_RANGE},
                                           {.failure = FG_E_SIZE},       {.verdict = FG_SYNC_GAP},
                                           {.no_receipt = true},         {.false_receipt = true}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bench bench;

        bench_open(&bench);
        bench.behaviours[0] = bad[i];
        CHECK_OK(pass(&bench), &error);
        CHECK_INT(controller(&bench, 0).receipt_next, 1);
        CHECK_INT(controller(&bench, 1).receipt_next, 5);
        CHECK_INT(controller(&bench, 2).receipt_next, 5);
        CHECK_INT(bench.asked[0], 1);
        CHECK(controller(&bench, 0).upstream_text[0] != '\0' || bad[i].verdict != 0);
        CHECK_INT(controller(&bench, 0).upstream_ms, NOW_MS);
        CHECK_OK(pass(&bench), &error);
        CHECK_INT(bench.asked[0], 1); /* waits */
        bench.behaviours[0] = (struct behaviour){0};
        bench.held[0] = 1;
        bench.moment.mono_ms += 700000;
        CHECK_OK(pass(&bench), &error);
        CHECK_INT(controller(&bench, 0).receipt_next, 5);
        bench_close(&bench);
        remove(fg_test_path("station.db"));
        remove(fg_test_path("station.db-wal"));
        remove(fg_test_path("station.db-shm"));
    }
}

TEST("a bureau that does not answer ends the pass, and the next one begins with another controller")
{
    struct bench bench;

    bench_open(&bench);
    bench.behaviours[0].failure = FG_E_TIMEOUT;
    CHECK_INT(pass(&bench), FG_E_TIMEOUT);
    CHECK_INT(bench.asked[1], 0);
    bench.moment.mono_ms += 1;
    CHECK_OK(pass(&bench), &error); /* C2, C3; C1 waits */
    CHECK_INT(bench.asked[0], 1);
    CHECK_INT(controller(&bench, 2).receipt_next, 5);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: entries missing in the station's own store hold back their controller alone, and are "
     "named")
{
    struct bench bench;
    struct fg_sql_settings settings = {.deadline_ms = 2000};
    char url[300];
    struct fg_sql *sql = NULL;

    bench_open(&bench);
    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("station.db"));
    settings.url = url;
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    fg_fixture_sql_run(sql, "DELETE FROM entry WHERE controller = 'C2' AND sequence = 2");
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(controller(&bench, 1).receipt_next, 1);
    CHECK_HAS(controller(&bench, 1).upstream_text, "entry 2 is missing");
    CHECK_INT(controller(&bench, 2).receipt_next, 5);
    CHECK_INT(fg_station_store_verify(bench.store, "C2", &error), FG_E_CORRUPT);
    fg_fixture_sql_run(sql,
                       "UPDATE entry SET bytes = CAST('x' AS BLOB) WHERE controller = 'C1' AND sequence = 3");
    CHECK_INT(fg_station_store_verify(bench.store, "C1", &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 3 was edited");
    fg_fixture_sql_run(sql, "DELETE FROM entry WHERE controller = '" C3 "' AND sequence > 2");
    CHECK_INT(fg_station_store_verify(bench.store, C3, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "ends at entry 2");
    fg_sql_close(sql);
    bench_close(&bench);
}

/* A receipt as a test wants it. */
static enum fg_err take_receipt(struct bench *bench, const char *for_controller,
                                const struct fg_receipt *receipt, const struct fg_private_key *key)
{
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_receipt_sign(receipt, key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    return fg_forward_take_receipt(bench->store, &fg_fixture_bureau_receipt_key()->public_key, for_controller,
                                   bytes, length, NOW_MS, &error);
}

TEST("TAMPER-SHOWS: receipts that are false, another's, over another chain or rolled back are not taken")
{
    struct bench bench;
    struct fg_private_key other;
    struct fg_receipt receipt = {.controller = "C1", .next_sequence = 4};
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();

    bench_open(&bench);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    receipt.head = bench.journals[0]->hashes[3];
    CHECK_INT(take_receipt(&bench, "C1", &receipt, &other), FG_E_AUTH);
    CHECK_INT(take_receipt(&bench, "C2", &receipt, key), FG_E_AUTH);
    CHECK_HAS(error.text, "for controller C1 instead of C2");
    receipt.head.bytes[0] ^= 1;
    CHECK_INT(take_receipt(&bench, "C1", &receipt, key), FG_E_AUTH);
    CHECK_HAS(error.text, "other entries");
    receipt.head.bytes[0] ^= 1;
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    receipt.next_sequence = 3;
    receipt.head = bench.journals[0]->hashes[2];
    CHECK_INT(take_receipt(&bench, "C1", &receipt, key), FG_E_OLD);
    CHECK_HAS(error.text, "lost entries");
    CHECK_INT(controller(&bench, 0).receipt_next, 4);
    CHECK_INT(fg_forward_take_receipt(bench.store, &key->public_key, "C1", (const uint8_t *)"\xff", 1, NOW_MS,
                                      &error),
              FG_E_FORMAT);
    bench_close(&bench);
}

static bool stop_now(void *context)
{
    (void)context;
    return true;
}

TEST("a pass ends before the next controller when the station is stopping")
{
    struct bench bench;
    struct fg_forward_settings settings = {
        .window = {.continuous = true}, .push = push, .stopping = stop_now};

    bench_open(&bench);
    settings.store = bench.store;
    settings.push_context = &bench;
    fg_forward_free(bench.forward);
    CHECK_OK(fg_forward_new(&settings, &bench.forward, &error), &error);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0] + bench.asked[1] + bench.asked[2], 0);
    bench_close(&bench);
}

/* Another journal under the name of C1, signed with its key: what a copied or rolled-back controller sends.
 */
static void fork_send(struct bench *bench)
{
    struct fg_fixture_journal *other = fg_fixture_journal(names[0]);
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED, .role = "controller", .has_device_key = true};
    struct fg_intake_result result;
    struct fg_sync_batch batch;

    other->key = bench->journals[0]->key;
    fg_fixture_journal_fill(other, "HZ-CNG-9", NOW_MS - 5000, 700);
    memcpy(peer.id, names[0], sizeof("C1"));
    peer.device_key = other->key.public_key;
    fg_fixture_journal_batch(other, 1, 2, &batch);
    CHECK_OK(fg_intake_take(bench->store, &peer, &batch, NOW_MS, &result, &error), &error);
    CHECK_INT(result.answer.verdict, FG_SYNC_FORK);
    free(other);
}

TEST("TAMPER-SHOWS: a fork that only the station saw is shown to the bureau once it holds the entries that "
     "are contradicted")
{
    struct bench bench;

    bench_open(&bench);
    fork_send(&bench);
    bench.behaviours[0].failure = FG_E_BUSY;
    (void)pass(&bench);
    /* The bureau holds nothing of C1 yet: the fork must not come first and be taken for the truth. */
    CHECK_INT(bench.held[0], 1);
    bench.behaviours[0].failure = FG_OK;
    bench.moment.mono_ms += 200000;
    bench.fork_expected = true;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.held[0], 5);
    CHECK_INT(bench.forks_shown, 1);
    bench.moment.mono_ms += 200000;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.forks_shown, 1);
    bench_close(&bench);
}

/* ---- windows ---- */

TEST("a station's own start is the same with every version: it comes from the digest of its name")
{
    struct fg_forward_window window = fg_forward_window_of("station-1", true, 22 * HOUR_S, 4 * HOUR_S);
    struct fg_digest digest;
    uint64_t number = 0;

    fg_sha256("station-1", 9, &digest);
    for (int i = 0; i < 4; i++)
        number = number * 256 + digest.bytes[i];
    CHECK_INT(window.offset_s, number % (3 * HOUR_S));
    CHECK_INT(window.start_s, 22 * HOUR_S);
    CHECK_INT(window.length_s, 4 * HOUR_S);
    CHECK(window.continuous);
}

TEST("a window is a day at most, begins within the day, and a short one has no offset")
{
    struct fg_forward_window window = fg_forward_window_of("S1", false, 25 * HOUR_S, 30 * HOUR_S);

    CHECK_INT(window.start_s, HOUR_S);
    CHECK_INT(window.length_s, 24 * HOUR_S);
    CHECK(!window.continuous);
    CHECK(window.offset_s < 18 * HOUR_S);
    CHECK_INT(fg_forward_window_of("S1", false, 24 * HOUR_S, 24 * HOUR_S).start_s, 0);
    CHECK_INT(fg_forward_window_of("S1", false, 0, 24 * HOUR_S).length_s, 24 * HOUR_S);
    CHECK_INT(fg_forward_window_of("S1", false, 0, 24 * HOUR_S + 1).length_s, 24 * HOUR_S);
    window = fg_forward_window_of("S1", false, 5, 3);
    CHECK_INT(window.offset_s, 0);
    CHECK(!fg_forward_window_is_open(&window, 4));
    CHECK(fg_forward_window_is_open(&window, 5));
    CHECK(fg_forward_window_is_open(&window, 7));
    CHECK(!fg_forward_window_is_open(&window, 8));
    CHECK(fg_forward_window_is_open(&window, 24 * HOUR_S + 5));
    for (int i = 0; i < 64; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "S%d", i);
        CHECK(fg_forward_window_of(name, false, 0, 4).offset_s < 3);
    }
}

/* ---- waiting ---- */

/* How long C1 waits after its first and its second failure, when chance gives the longest. */
static void waits(struct behaviour behaviour, int64_t first_ms, int64_t second_ms)
{
    struct bench bench;

    bench_open(&bench);
    bench.behaviours[0] = behaviour;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 1);
    bench.held[0] = 1;
    bench.moment.mono_ms += first_ms - 1;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 1);
    bench.moment.mono_ms += 1;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 2);
    bench.held[0] = 1;
    bench.moment.mono_ms += second_ms - 1;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 2);
    bench.moment.mono_ms += 1;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.asked[0], 3);
    bench_close(&bench);
    remove(fg_test_path("station.db"));
    remove(fg_test_path("station.db-wal"));
    remove(fg_test_path("station.db-shm"));
}

TEST("what a person has to look at is sent again six times as rarely as what was only busy")
{
    waits((struct behaviour){.verdict = FG_SYNC_BUSY}, 10000, 20000);
    waits((struct behaviour){.failure = FG_E_FORMAT}, 10000, 20000);
    waits((struct behaviour){.no_receipt = true}, 10000, 20000);
    waits((struct behaviour){.verdict = FG_SYNC_REFUSED}, 60000, 120000);
    waits((struct behaviour){.verdict = FG_SYNC_FORK}, 60000, 120000);
}

TEST("a controller whose entries were taken waits no more, and one with more to send is said to have it")
{
    struct bench bench;

    bench_open(&bench);
    bench.behaviours[0].verdict = FG_SYNC_BUSY;
    CHECK_OK(pass(&bench), &error);
    CHECK(!bench.result.more);
    CHECK_INT(bench.result.entries, 8);
    bench.behaviours[0] = (struct behaviour){.receipt_next = 3};
    bench.moment.mono_ms += 10000;
    CHECK_OK(pass(&bench), &error);
    CHECK(bench.result.more);
    CHECK_INT(bench.result.entries, 2);
    CHECK_INT(bench.result.asked, 1);
    bench.behaviours[0] = (struct behaviour){0};
    CHECK_OK(pass(&bench), &error); /* at once */
    CHECK(!bench.result.more);
    CHECK_INT(bench.result.entries, 2);
    CHECK_INT(controller(&bench, 0).receipt_next, 5);
    bench_close(&bench);
}

/* ---- verdicts ---- */

/* What the log says while a test reads it. */
static int log_kept = -1;

static void log_begin(void)
{
    int file = open(fg_test_path("log"), O_RDWR | O_CREAT | O_TRUNC, 0600);

    CHECK(file >= 0);
    log_kept = dup(STDERR_FILENO);
    CHECK(log_kept >= 0 && dup2(file, STDERR_FILENO) >= 0);
    CHECK_INT(close(file), 0);
}

static const char *log_end(void)
{
    static char text[8192];
    FILE *file = fopen(fg_test_path("log"), "r");

    CHECK(dup2(log_kept, STDERR_FILENO) >= 0);
    CHECK_INT(close(log_kept), 0);
    CHECK(file != NULL);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    CHECK_INT(fclose(file), 0);
    return text;
}

TEST("what the bureau says of a controller is kept each time, and logged when it changes")
{
    static const struct {
        struct behaviour behaviour;
        const char *word;
    } answers[] = {{{.verdict = FG_SYNC_BUSY}, "C1: BUSY"},
                   {{.verdict = FG_SYNC_GAP}, "C1: GAP"},
                   {{.verdict = FG_SYNC_REFUSED}, "C1: REFUSED"},
                   {{.verdict = FG_SYNC_FORK}, "C1: FORK"},
                   {{.failure = FG_E_SIZE}, "C1: no answer: as the test says"}};
    struct bench bench;

    bench_open(&bench);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const char *text;

        bench.behaviours[0] = answers[i].behaviour;
        for (int again = 0; again < 2; again++) {
            bench.moment.mono_ms += 1000000;
            bench.moment.now_ms++;
            log_begin();
            CHECK_OK(pass(&bench), &error);
            text = log_end();
            CHECK_INT(controller(&bench, 0).upstream_ms, bench.moment.now_ms);
            CHECK_INT(controller(&bench, 0).upstream_verdict, answers[i].behaviour.verdict);
            if (again == 0)
                CHECK_HAS(text, answers[i].word);
            else
                CHECK(strstr(text, "does not take") == NULL);
            CHECK(strstr(text, "TAMPERED") == NULL);
        }
    }
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a refusal that an edit of the station's own store caused is logged with the entry")
{
    struct bench bench;
    const char *text;

    bench_open(&bench);
    (void)fg_test_sqlite_edit(fg_test_path("station.db"),
                              "UPDATE entry SET bytes = x'0102' WHERE controller = 'C1' AND sequence = 2");
    for (int i = 0; i < 2; i++) {
        bench.behaviours[0].verdict = i == 0 ? FG_SYNC_REFUSED : FG_SYNC_FORK;
        bench.moment.mono_ms += 1000000;
        log_begin();
        CHECK_OK(pass(&bench), &error);
        text = log_end();
        CHECK_HAS(text, "TAMPERED STORE: controller C1: entry 2 was edited");
    }
    bench.behaviours[0].verdict = FG_SYNC_BUSY;
    bench.moment.mono_ms += 1000000;
    log_begin();
    CHECK_OK(pass(&bench), &error);
    CHECK(strstr(log_end(), "TAMPERED") == NULL);
    bench_close(&bench);
}

TEST("entries that are held without a good receipt are told of as such, and why, and sent again")
{
    struct bench bench;
    const char *text;

    bench_open(&bench);
    bench.behaviours[0].no_receipt = true;
    bench.behaviours[1].false_receipt = true;
    log_begin();
    CHECK_OK(pass(&bench), &error);
    text = log_end();
    CHECK_HAS(text, "controller " C3 ": entries before 5 are at the bureau (continuous)");
    CHECK_HAS(text, "receipt not taken: the bureau's receipt for controller C2: ");
    CHECK(strstr(text, "controller C1: entries before") == NULL);
    CHECK(strstr(text, "does not take") == NULL);
    CHECK_INT(bench.result.asked, 3);
    CHECK_INT(bench.result.entries, 4);
    CHECK_HAS(controller(&bench, 0).upstream_text, "no good receipt");
    CHECK_HAS(controller(&bench, 1).upstream_text, "no good receipt");
    CHECK_TEXT(controller(&bench, 2).upstream_text, "");
    bench_close(&bench);
}

TEST("a pass begins with the controller after the one that the last pass ended with")
{
    struct bench bench;

    bench_open(&bench);
    bench.behaviours[1].failure = FG_E_TIMEOUT;
    CHECK_INT(pass(&bench), FG_E_TIMEOUT);
    CHECK_HAS(error.text, "as the test says");
    CHECK_TEXT(bench.order, "C1 C2 ");
    fg_fixture_journal_fill(bench.journals[0], "HZ-CNG-3", NOW_MS, 5000);
    take(&bench, 0, 5, 6);
    bench.moment.mono_ms += 1000000;
    bench.order[0] = '\0';
    CHECK_INT(pass(&bench), FG_E_TIMEOUT);
    CHECK_TEXT(bench.order, C3 " C1 C2 ");
    (void)fg_test_sqlite_edit(fg_test_path("station.db"), "DELETE FROM controller WHERE id = '" C3 "'");
    bench.moment.mono_ms += 1000000;
    bench.behaviours[1].failure = FG_OK;
    CHECK_OK(pass(&bench), &error); /* it is gone: from the beginning */
    CHECK_INT(controller(&bench, 1).receipt_next, 5);
    bench_close(&bench);
}

TEST("failures that concern the connection end the pass, and their controller waits")
{
    static const enum fg_err codes[] = {FG_E_TIMEOUT, FG_E_GONE, FG_E_IO, FG_E_AUTH, FG_E_DENIED};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench bench;

        bench_open(&bench);
        bench.behaviours[0].failure = codes[i];
        CHECK_INT(pass(&bench), codes[i]);
        CHECK_INT(bench.asked[1] + bench.asked[2], 0);
        CHECK_INT(controller(&bench, 0).upstream_ms, 0);
        bench_close(&bench);
        remove(fg_test_path("station.db"));
        remove(fg_test_path("station.db-wal"));
        remove(fg_test_path("station.db-shm"));
    }
}

/* ---- receipts ---- */

TEST("from a change of the bureau's key on, receipts of the earlier one are not taken")
{
    struct bench bench;
    struct fg_private_key other;

    bench_open(&bench);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    fg_forward_trust(bench.forward, &other.public_key);
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.result.entries, 0);
    fg_forward_trust(bench.forward, &fg_fixture_bureau_receipt_key()->public_key);
    bench.held[0] = 1;
    bench.held[1] = 1;
    bench.held[2] = 1;
    bench.moment.mono_ms += 1000000;
    CHECK_OK(pass(&bench), &error);
    CHECK_INT(bench.result.entries, 12);
    bench_close(&bench);
}

TEST(
    "BAD-INPUT-IS-SAFE: a receipt's number is one that a journal can have, and the same receipt is kept once")
{
    struct bench bench;
    struct fg_receipt receipt = {.controller = "C1"};
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    const char *path = fg_test_path("station.db");

    bench_open(&bench);
    fg_chain_start("C1", &receipt.head);
    CHECK_INT(take_receipt(&bench, "C1", &receipt, key), FG_E_RANGE);
    receipt.next_sequence = (uint64_t)INT64_MAX + 1;
    CHECK_INT(take_receipt(&bench, "C1", &receipt, key), FG_E_RANGE);
    CHECK_HAS(error.text, "impossible number");
    receipt.next_sequence = 1;
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    receipt.next_sequence = 3;
    receipt.head = bench.journals[0]->hashes[2];
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    CHECK_INT(fg_test_sqlite_edit(path, "UPDATE receipt SET arrived_ms = 5 WHERE next_sequence = 3"), 1);
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    CHECK_INT(controller(&bench, 0).receipt_ms, 5);
    receipt.next_sequence = 9; /* of entries that are not here: the store was put back */
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    CHECK_INT(controller(&bench, 0).receipt_next, 9);
    receipt.next_sequence = INT64_MAX;
    CHECK_OK(take_receipt(&bench, "C1", &receipt, key), &error);
    bench_close(&bench);
}

/* ---- evidence ---- */

static void evidence_passes(struct bench *bench, unsigned shown)
{
    CHECK_OK(pass(bench), &error);
    CHECK_INT(bench->forks_shown, shown);
}

TEST("TAMPER-SHOWS: evidence counts as shown when the bureau says FORK or REFUSED, else it is shown again "
     "later")
{
    struct bench bench;
    const char *text;

    bench_open(&bench);
    fork_send(&bench);
    bench.fork_expected = true;
    bench.fork_verdict = FG_SYNC_BUSY;
    evidence_passes(&bench, 1);
    evidence_passes(&bench, 1); /* waits */
    bench.moment.mono_ms += 9999;
    evidence_passes(&bench, 1);
    bench.moment.mono_ms += 1;
    evidence_passes(&bench, 2);
    bench.moment.mono_ms += 19999;
    evidence_passes(&bench, 2);
    bench.moment.mono_ms += 1;
    bench.behaviours[0].failure = FG_E_TIMEOUT;
    evidence_passes(&bench, 2);
    bench.behaviours[0].failure = FG_OK;
    bench.fork_verdict = FG_SYNC_REFUSED;
    bench.moment.mono_ms += 100000;
    log_begin();
    evidence_passes(&bench, 3);
    text = log_end();
    CHECK_HAS(text, "controller C1: the bureau was shown the other entry 1: ");
    CHECK(strstr(text, "store: ") == NULL);
    CHECK_INT(fg_test_sqlite_edit(fg_test_path("station.db"),
                                  "UPDATE evidence SET shown_ms = 0 WHERE shown_ms = 1795392000000"),
              1);
    bench.fork_verdict = FG_SYNC_BUSY;
    evidence_passes(&bench, 4); /* success ended the waiting */
    bench.moment.mono_ms += 10000;
    evidence_passes(&bench, 5);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: evidence is not shown before a receipt proves that the bureau holds what it contradicts")
{
    struct bench bench;

    bench_open(&bench);
    bench.behaviours[0].receipt_next = 3;
    CHECK_OK(pass(&bench), &error);
    bench.behaviours[0] = (struct behaviour){.verdict = FG_SYNC_BUSY};
    fork_send(&bench);
    (void)fg_test_sqlite_edit(fg_test_path("station.db"), "UPDATE evidence SET sequence = 3");
    bench.fork_expected = true;
    evidence_passes(&bench, 0);
    (void)fg_test_sqlite_edit(fg_test_path("station.db"),
                              "UPDATE receipt SET next_sequence = 4 WHERE controller = 'C1'");
    bench.behaviours[0].verdict = 0;
    bench.behaviours[0].failure = FG_E_BUSY;
    bench.moment.mono_ms += 1000000;
    bench.asked[0] = 0;
    evidence_passes(&bench, 0);
    CHECK_INT(bench.asked[0], 1); /* for its entries: the column says so, the receipt does not */
    (void)fg_test_sqlite_edit(fg_test_path("station.db"), "UPDATE evidence SET sequence = 1");
    bench.moment.mono_ms += 1000000;
    bench.asked[0] = 0;
    evidence_passes(&bench, 0);
    CHECK_INT(bench.asked[0], 1);
    bench_close(&bench);
}

TEST("what cannot be noted in the store of a pass is logged, and the pass goes on")
{
    struct bench bench;
    const char *text;

    bench_open(&bench);
    (void)fg_test_sqlite_edit(
        fg_test_path("station.db"),
        "CREATE TRIGGER refuse_one BEFORE UPDATE ON controller WHEN new.id = 'C1' BEGIN "
        "SELECT RAISE(ABORT, 'no verdict'); END; CREATE TRIGGER refuse_two BEFORE UPDATE "
        "ON evidence BEGIN SELECT RAISE(ABORT, 'not shown'); END");
    log_begin();
    CHECK_OK(pass(&bench), &error);
    text = log_end();
    CHECK_HAS(text, "store: ");
    CHECK_HAS(text, "no verdict");
    CHECK_INT(controller(&bench, 2).receipt_next, 5);
    (void)fg_test_sqlite_edit(fg_test_path("station.db"), "DROP TRIGGER refuse_one");
    fork_send(&bench);
    bench.fork_expected = true;
    log_begin();
    evidence_passes(&bench, 1);
    CHECK_HAS(log_end(), "not shown");
    evidence_passes(&bench, 2);
    bench_close(&bench);
}

/* ---- a database that fails ---- */

static enum fg_err receipt_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct bench *bench = context;
    struct fg_receipt receipt = {
        .controller = "C1", .next_sequence = 4, .head = bench->journals[0]->hashes[3]};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    (void)sql;
    CHECK_OK(fg_receipt_sign(&receipt, fg_fixture_bureau_receipt_key(), &signature, ret_error), ret_error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, ret_error), ret_error);
    return fg_forward_take_receipt(bench->store, &fg_fixture_bureau_receipt_key()->public_key, "C1", bytes,
                                   length, NOW_MS, ret_error);
}

TEST(
    "NO-LOSS: a receipt that a failing database interrupts is not taken; a pass it interrupts covers nothing "
    "that no receipt does")
{
    struct bench bench;
    bool came = true;

    bench_open(&bench);
    fg_fault_each(bench.store->sql, fg_test_path("station.db"), FG_OK, receipt_once, &bench);
    bench.held[0] = 4;
    fork_send(&bench);
    bench.fork_expected = true;
    for (unsigned nth = 1; came; nth++) {
        fg_fault_at(bench.store->sql, nth, 1, FG_E_IO);
        bench.moment.mono_ms += 1000000;
        (void)pass(&bench);
        came = fg_fault_end(bench.store->sql);
        for (size_t i = 0; i < CONTROLLERS; i++)
            CHECK(controller(&bench, i).receipt_next <= bench.held[i]);
        (void)fg_test_sqlite_edit(fg_test_path("station.db"), "DELETE FROM receipt WHERE controller <> 'C1'");
        bench.held[1] = 1;
        bench.held[2] = 1;
    }
    bench_close(&bench);
}

TEST("a pass over a store that cannot be read is an error")
{
    struct bench bench;

    bench_open(&bench);
    fg_fault_at(bench.store->sql, 1, 1, FG_E_IO);
    CHECK_INT(pass(&bench), FG_E_IO);
    CHECK(fg_fault_end(bench.store->sql));
    CHECK_INT(bench.asked[0] + bench.result.asked, 0);
    bench_close(&bench);
}
