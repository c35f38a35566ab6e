/* The station's kept heads of the bureau's trail: which are kept, which are refused, the file, and what goes
 * back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/station/store/head_witness.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795392000000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static struct fg_error error;
static struct fg_station_heads_kept kept;
static struct fg_station_witness witness;

static const struct fg_private_key *key(void)
{
    static struct fg_private_key made;

    if (made.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&made, &error), &error);
    return &made;
}

/* A head that nobody signed. */
static struct fg_trail_statement head(uint64_t number, uint8_t branch)
{
    struct fg_trail_statement statement = {.head.number = number, .at_ms = NOW_MS};

    memset(statement.head.hash.bytes, branch, sizeof(statement.head.hash.bytes));
    return statement;
}

static enum fg_err add(uint64_t number, uint8_t branch, int64_t arrived_ms)
{
    struct fg_trail_statement statement = head(number, branch);

    return fg_station_witness_add(&kept, &statement, arrived_ms, &error);
}

static void start_anew(void)
{
    memset(&kept, 0, sizeof(kept));
}

TEST(
    "TAMPER-SHOWS: a lower head than the kept one, or another of its number, is refused and kept as evidence")
{
    start_anew();
    CHECK_OK(add(1000, 1, NOW_MS), &error);
    CHECK(!fg_station_witness_is_back(&kept));
    CHECK_INT(add(1000, 1, NOW_MS + 1), FG_E_EXISTS);
    CHECK_INT(add(990, 2, NOW_MS + 2), FG_E_OLD);
    CHECK_HAS(error.text, "TRAIL ROLLED BACK: the bureau now gives record 990");
    CHECK_HAS(error.text, "after it had signed record 1000 here");
    CHECK(fg_station_witness_is_back(&kept));
    CHECK_INT(add(990, 2, NOW_MS + 3), FG_E_EXISTS); /* told already */
    CHECK_INT(kept.refused.arrived_ms, NOW_MS + 2);
    CHECK_INT(add(1000, 2, NOW_MS + 4), FG_E_OLD);
    CHECK_INT(kept.count, 1);
    CHECK_INT(kept.heads[0].statement.head.hash.bytes[0], 1);
    CHECK_OK(add(1001, 2, NOW_MS + 5), &error);
    CHECK(!fg_station_witness_is_back(&kept));
    CHECK_INT(kept.refused.statement.head.number, 1000);
}

/* Is there a head that came in [from_ms, until_ms)? */
static bool has(int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < kept.count; i++) {
        if (kept.heads[i].arrived_ms >= from_ms && kept.heads[i].arrived_ms < until_ms)
            return true;
    }
    return false;
}

TEST(
    "of ninety days' heads the newest are kept, one an hour for two days, one a day before, within the bound")
{
    int64_t now_ms = NOW_MS;
    uint64_t number = 0;

    start_anew();
    for (; now_ms < NOW_MS + 90 * DAY_MS; now_ms += 10 * MINUTE_MS) {
        CHECK_OK(add(++number, 1, now_ms), &error);
        CHECK(kept.count <= FG_STATION_WITNESS_MAX);
    }
    CHECK_INT(kept.heads[kept.count - 1].statement.head.number, number);
    for (int64_t hour = 1; hour <= 47; hour++)
        CHECK(has(now_ms - (hour + 1) * HOUR_MS, now_ms - (hour - 1) * HOUR_MS));
    for (int64_t day = 2; day < 70; day++)
        CHECK(has(now_ms - (day + 1) * DAY_MS, now_ms - (day - 1) * DAY_MS));
    for (size_t i = 1; i < kept.count; i++)
        CHECK(kept.heads[i].statement.head.number > kept.heads[i - 1].statement.head.number);
}

TEST("a clock that leaps between days keeps the heads within the bound")
{
    start_anew();
    for (uint64_t number = 1; number < 1000; number++) {
        CHECK_OK(add(number, 1, NOW_MS + (number % 2 == 0 ? 0 : 5 * DAY_MS)), &error);
        CHECK(kept.count <= FG_STATION_WITNESS_MAX);
    }
    CHECK_INT(kept.heads[kept.count - 1].statement.head.number, 999);
}

/* ---- the file ---- */

static void bytes_of(uint8_t *bytes, size_t *ret_length)
{
    start_anew();
    CHECK_OK(add(7, 1, NOW_MS), &error);
    CHECK_OK(add(9, 1, NOW_MS + DAY_MS), &error);
    CHECK_INT(add(8, 2, NOW_MS + DAY_MS + 1), FG_E_OLD);
    fg_station_witness_encode(&kept, bytes, ret_length);
}

TEST("kept heads come back from their bytes")
{
    static struct fg_station_heads_kept back;
    static uint8_t bytes[FG_STATION_WITNESS_BYTES_MAX];
    size_t length = 0;

    bytes_of(bytes, &length);
    CHECK_INT(length, 20 + 3 * FG_STATION_WITNESS_PIECE);
    CHECK_OK(fg_station_witness_decode(bytes, length, &back, &error), &error);
    CHECK_INT(back.count, 2);
    CHECK_INT(back.heads[1].arrived_ms, NOW_MS + DAY_MS);
    CHECK(fg_trail_head_equal(&back.heads[1].statement.head, &kept.heads[1].statement.head));
    CHECK(fg_trail_head_equal(&back.refused.statement.head, &kept.refused.statement.head));
    CHECK(fg_station_witness_is_back(&back));
}

TEST("BAD-INPUT-IS-SAFE: a file of heads that is cut, of something else, or out of order is refused")
{
    static struct fg_station_heads_kept back;
    static uint8_t bytes[FG_STATION_WITNESS_BYTES_MAX + FG_STATION_WITNESS_PIECE];
    size_t length = 0;

    bytes_of(bytes, &length);
    for (size_t cut = 0; cut < length; cut++) {
        enum fg_err whole = cut >= 20 + FG_STATION_WITNESS_PIECE && (cut - 20) % FG_STATION_WITNESS_PIECE == 0
                                ? FG_OK
                                : FG_E_FORMAT;

        CHECK_INT(fg_station_witness_decode(bytes, cut, &back, &error), whole);
    }
    bytes[20 + 2 * FG_STATION_WITNESS_PIECE + 8 + 72 + 7] = 7; /* the second's number is the first's */
    CHECK_INT(fg_station_witness_decode(bytes, length, &back, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "do not rise");
    bytes[20 + 2 * FG_STATION_WITNESS_PIECE] = 0x80; /* before 1970 */
    CHECK_INT(fg_station_witness_decode(bytes, length, &back, &error), FG_E_FORMAT);
    bytes[0] = 'F';
    CHECK_INT(fg_station_witness_decode(bytes, length, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_station_witness_decode(bytes, 20 + (FG_STATION_WITNESS_MAX + 2) * FG_STATION_WITNESS_PIECE,
                                        &back, &error),
              FG_E_FORMAT);
}

/* ---- with the bureau ---- */

static void begin(void)
{
    CHECK_OK(fg_station_witness_start(fg_test_path("station.db"), &key()->public_key, 1, &witness, &error),
             &error);
}

/* An hour later the bureau answers with the head of `number`, signed, or with its signature made false. */
static void answered(uint64_t number, bool good)
{
    static int64_t now_ms = NOW_MS;
    struct fg_sync_report_answer answer = {.trail_head.length = FG_TRAIL_STATEMENT_BYTES};
    struct fg_trail_statement statement = head(number, 1);

    CHECK_OK(fg_trail_statement_sign(&statement.head, NOW_MS, key(), &statement, &error), &error);
    statement.signature.bytes[5] ^= good ? 0 : 1;
    fg_trail_statement_encode(&statement, answer.trail_head.bytes);
    fg_station_witness_take(&witness, &key()->public_key, 1, &answer, now_ms += HOUR_MS);
}

static uint64_t handed(size_t place)
{
    static struct fg_sync_reports reports;
    struct fg_trail_statement statement;

    if (place == 0)
        fg_station_witness_hand_back(&witness, &reports);
    if (place >= reports.trail_head_count)
        return 0;
    CHECK_OK(fg_trail_statement_decode(reports.trail_heads[place].bytes, reports.trail_heads[place].length,
                                       &statement, &error),
             &error);
    CHECK_OK(fg_trail_statement_verify(&statement, &key()->public_key, 1, &error), &error);
    return statement.head.number;
}

TEST("the newest head goes back with every report, each of the others in its turn, over restarts too")
{
    begin();
    CHECK_INT(handed(0), 0);
    answered(10, true);
    CHECK_INT(handed(0), 10);
    CHECK_INT(handed(1), 0);
    answered(11, true);
    answered(12, true);
    begin();
    CHECK_INT(handed(0), 12);
    CHECK_INT(handed(1), 10);
    CHECK_INT(handed(0), 12);
    CHECK_INT(handed(1), 11);
    CHECK_INT(handed(0), 12);
    CHECK_INT(handed(1), 10);
}

TEST("a head that no known key signed, or that is garbage, is not taken")
{
    struct fg_sync_report_answer answer = {.trail_head.length = 7};

    begin();
    answered(10, true);
    answered(11, false);
    fg_station_witness_take(&witness, &key()->public_key, 1, &answer, NOW_MS);
    CHECK_INT(handed(0), 10);
    fg_station_witness_take(&witness, NULL, 0, &answer, NOW_MS);
    CHECK_INT(handed(0), 10);
}

TEST("a refused head is kept over a restart, and so is that it came last")
{
    begin();
    answered(10, true);
    answered(9, true);
    CHECK_HAS(witness.trouble, "TRAIL ROLLED BACK");
    begin();
    CHECK(fg_station_witness_is_back(&witness.kept));
    CHECK_INT(witness.kept.refused.statement.head.number, 9);
    CHECK_INT(handed(0), 10);
}

TEST("a file that does not hold is put aside, and keeping begins anew")
{
    FILE *file;
    char path[FG_KEPT_FILE_PATH_BYTES + 16];
    struct stat status;

    begin();
    (void)snprintf(path, sizeof(path), "%s", witness.path);
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("no heads", file) >= 0 && fclose(file) == 0);
    begin();
    CHECK_INT(handed(0), 0);
    (void)snprintf(path, sizeof(path), "%s.damaged", witness.path);
    CHECK_INT(stat(path, &status), 0);
    answered(10, true);
    begin();
    CHECK_INT(handed(0), 10);
    CHECK_OK(fg_station_witness_read(witness.path, &kept, &error), &error);
    kept.heads[0].statement.head.number = 11;
    CHECK_INT(fg_station_witness_check(&kept, &key()->public_key, 1, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "head 11 is not what the bureau signed");
    CHECK_OK(fg_station_witness_check(&kept, NULL, 0, &error), &error);
    witness.kept = kept;
    answered(12, true);
    begin();
    CHECK_INT(handed(0), 0);
}

TEST("where the file cannot be read no heads are kept, and the station goes on")
{
    char path[FG_KEPT_FILE_PATH_BYTES + 16];

    begin();
    (void)snprintf(path, sizeof(path), "%s", witness.path);
    CHECK_INT(mkdir(path, 0700), 0);
    begin();
    answered(10, true);
    CHECK_INT(handed(0), 0);
    CHECK_INT(rmdir(path), 0);
}
