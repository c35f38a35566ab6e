/* The search of the history, on both back ends, against a plain loop over the same entries: random entries
 * with hostile texts and equal times, random filters, pages in both orders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/history/history.h"
#include "host/bureau/journal/journal_columns.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define ENTRIES 1000
#define FILTERS 60
#define BASE_MS INT64_C(1795000000000)

static const char *const codes[] = {
    "", "", "A-1", "A-2", "HZ-CNG-00000001", "0", "-", "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"};
static const char *const plates[] = {
    "", "%", "_", "' OR 1=1 --", "<script>", "\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5", "\x01\x02\x7f", "\\\"';"};
static const char *const stations[] = {"S1", "S2", "s1", "S-1"};
static const char *const controllers[] = {"ctl-1", "ctl-2", "CTL-1", "ctl.1", "ctl_1"};
static const char *const operators[] = {"", "op-1", "op-2", "O'Neil", "%", "\xe5\xbc\xa0"};
#define ANY(array) (array)[draw(sizeof(array) / sizeof((array)[0]))]

static uint64_t state;

static size_t draw(size_t below)
{
    return fg_test_draw(&state, below);
}

struct world {
    struct fg_sql *sql;
    struct fg_history_row rows[ENTRIES];
};

/* Row i as it should be found again. */
static void row_draw(struct fg_history_row *row, uint64_t *sequences)
{
    size_t controller = draw(sizeof(controllers) / sizeof(controllers[0]));

    memset(row, 0, sizeof(*row));
    (void)strcpy(row->controller, controllers[controller]);
    row->sequence = ++sequences[controller];
    /* Controllers move now and then. */
    (void)strcpy(row->station, stations[(controller + (draw(20) == 0)) % 4]);
    row->wall_ms = draw(50) == 0   ? INT64_MAX
                   : draw(50) == 0 ? INT64_MIN
                   : draw(50) == 0 ? 0
                                   : BASE_MS + (int64_t)draw(200) * 1000;
    row->kind = (uint8_t)(1 + draw(7));
    row->arrived_ms = BASE_MS + (int64_t)draw(1000);
    row->clock_quality = "UIS"[draw(3)];
    row->identity = (uint8_t)draw(6);
    row->marks = draw(5) == 0 ? (uint32_t)draw(16) : 0;
    row->medium = (uint8_t)draw(3);
    row->reason = row->kind == FG_ENTRY_REFUSED ? (uint8_t)(10 + draw(5)) : 0;
    (void)strcpy(row->code, ANY(codes));
    (void)strcpy(row->plate, ANY(plates));
    (void)strcpy(row->operator_id, ANY(operators));
    row->quantity_g = row->kind == FG_ENTRY_ENDED ? (int64_t)draw(20000) : 0;
    row->authorised_sequence = row->kind == FG_ENTRY_ENDED ? row->sequence - 1 : 0;
    row->stop = row->kind == FG_ENTRY_ENDED ? 1 : 0;
    (void)strcpy(row->second_person, ANY(operators));
    row->operator_proof = (uint8_t)draw(4);
    row->second_proof = (uint8_t)draw(4);
    row->checks_failed = (uint32_t)draw(256);
    row->repeats = (uint32_t)(1 + draw(3));
    row->repeat_first_wall_ms = row->repeats > 1 ? BASE_MS + (int64_t)draw(1000) : 0;
    row->repeat_last_wall_ms = row->repeats > 1 ? BASE_MS + (int64_t)draw(1000) : 0;
    row->clock_floor_ms = (int64_t)draw(1000);
    row->clock_floor_before_ms = (int64_t)draw(1000);
    for (size_t i = 0; i < FG_DIGEST_BYTES; i++)
        row->hash.bytes[i] = (uint8_t)draw(256);
}

static void row_add(struct fg_sql_bulk *bulk, const struct fg_history_row *row)
{
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    struct fg_entry entry = {.kind = row->kind,
                             .wall_ms = row->wall_ms,
                             .clock_quality = (uint8_t)row->clock_quality,
                             .identity = row->identity,
                             .quantity_g = row->quantity_g,
                             .authorised_sequence = row->authorised_sequence,
                             .stop = row->stop,
                             .operator_proof = row->operator_proof,
                             .second_proof = row->second_proof,
                             .checks_failed = row->checks_failed,
                             .repeat_count = row->repeats > 1 ? row->repeats : 0,
                             .repeat_first_wall_ms = row->repeat_first_wall_ms,
                             .repeat_last_wall_ms = row->repeat_last_wall_ms,
                             .clock_floor_ms = row->clock_floor_ms,
                             .clock_floor_before_ms = row->clock_floor_before_ms};
    struct fg_journal_place place = {.controller = row->controller,
                                     .sequence = row->sequence,
                                     .bytes = (const uint8_t *)"x",
                                     .length = 1,
                                     .hash = &row->hash,
                                     .station = row->station,
                                     .arrived_ms = row->arrived_ms};
    struct fg_error error;

    (void)strcpy(entry.row.code.text, row->code);
    (void)strcpy(entry.row.plate, row->plate);
    (void)strcpy(entry.operator_id, row->operator_id);
    (void)strcpy(entry.second_person, row->second_person);
    entry.row.medium = row->medium;
    entry.reasons.count = row->reason != 0;
    entry.reasons.reasons[0] = row->reason;
    fg_journal_values(&place, &entry, row->marks, values);
    CHECK_OK(fg_sql_bulk_add(bulk, values, FG_JOURNAL_COLUMN_COUNT, &error), &error);
}

static struct world *world_new(bool postgres, uint64_t seed)
{
    struct world *world = calloc(1, sizeof(*world));
    uint64_t sequences[8] = {0};
    struct fg_sql_bulk *bulk = NULL;
    struct fg_error error;

    CHECK(world != NULL);
    state = seed;
    world->sql = fg_fixture_bureau(postgres);
    CHECK_OK(fg_sql_begin(world->sql, &error), &error);
    CHECK_OK(fg_sql_bulk_start(world->sql, "journal_entry", FG_JOURNAL_COLUMNS, &bulk, &error), &error);
    for (size_t i = 0; i < ENTRIES; i++) {
        row_draw(&world->rows[i], sequences);
        row_add(bulk, &world->rows[i]);
    }
    CHECK_OK(fg_sql_bulk_finish(bulk, &error), &error);
    CHECK_OK(fg_sql_commit(world->sql, &error), &error);
    return world;
}

static void world_free(struct world *world)
{
    fg_sql_close(world->sql);
    free(world);
}

/* ---- the plain loop ---- */

static bool is_or_any(const char *wanted, const char *text)
{
    return wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

static bool fits(const struct fg_history_filter *filter, const struct fg_history_row *row)
{
    return is_or_any(filter->code, row->code) && is_or_any(filter->plate, row->plate) &&
           is_or_any(filter->station, row->station) && is_or_any(filter->controller, row->controller) &&
           is_or_any(filter->operator_id, row->operator_id) &&
           (filter->medium == 0 || filter->medium == row->medium) &&
           (filter->kind == 0 || filter->kind == row->kind) &&
           (filter->reason == 0 || filter->reason == row->reason) &&
           (filter->identity == 0 || filter->identity == row->identity) &&
           (filter->mark == 0 || (row->marks & FG_MARK_OF(filter->mark)) != 0) &&
           row->wall_ms >= filter->from_ms &&
           (filter->until_ms == INT64_MAX || row->wall_ms < filter->until_ms);
}

static int in_order(const void *one, const void *other)
{
    const struct fg_history_row *a = *(const struct fg_history_row *const *)one;
    const struct fg_history_row *b = *(const struct fg_history_row *const *)other;

    if (a->wall_ms != b->wall_ms)
        return a->wall_ms < b->wall_ms ? -1 : 1;
    if (strcmp(a->controller, b->controller) != 0)
        return strcmp(a->controller, b->controller);
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static size_t expect(const struct world *world, const struct fg_history_filter *filter,
                     const struct fg_history_row **found)
{
    size_t count = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        if (fits(filter, &world->rows[i]))
            found[count++] = &world->rows[i];
    }
    qsort(found, count, sizeof(found[0]), in_order);
    for (size_t i = 0; !filter->oldest_first && i < count / 2; i++) {
        const struct fg_history_row *other = found[i];

        found[i] = found[count - 1 - i];
        found[count - 1 - i] = other;
    }
    return count;
}

static void filter_draw(struct fg_history_filter *filter)
{
    fg_history_filter_start(filter);
    if (draw(4) == 0)
        (void)strcpy(filter->code, ANY(codes));
    if (draw(4) == 0)
        (void)strcpy(filter->plate, ANY(plates));
    if (draw(3) == 0)
        (void)strcpy(filter->station, ANY(stations));
    if (draw(3) == 0)
        (void)strcpy(filter->controller, ANY(controllers));
    if (draw(3) == 0)
        (void)strcpy(filter->operator_id, ANY(operators));
    filter->medium = draw(3) == 0 ? (uint8_t)(1 + draw(2)) : 0;
    filter->kind = draw(3) == 0 ? (uint8_t)(1 + draw(7)) : 0;
    filter->reason = draw(5) == 0 ? (uint8_t)(10 + draw(6)) : 0;
    filter->identity = draw(4) == 0 ? (uint8_t)(1 + draw(5)) : 0;
    filter->mark = draw(4) == 0 ? (uint8_t)(1 + draw(4)) : 0;
    if (draw(3) == 0)
        filter->from_ms = BASE_MS + (int64_t)draw(200) * 1000;
    if (draw(3) == 0)
        filter->until_ms = BASE_MS + (int64_t)draw(220) * 1000;
    filter->oldest_first = draw(2) == 0;
}

static void row_check(const struct fg_history_row *actual, const struct fg_history_row *expected)
{
    CHECK_TEXT(actual->controller, expected->controller);
    CHECK_INT(actual->sequence, expected->sequence);
    CHECK_INT(actual->wall_ms, expected->wall_ms);
    CHECK(memcmp(actual, expected, sizeof(*actual)) == 0);
}

/* Goes through all pages of the filter. */
static void pages_check(const struct world *world, const struct fg_history_filter *filter, size_t limit)
{
    static const struct fg_history_row *expected[ENTRIES];
    static struct fg_history_row rows[FG_HISTORY_PAGE_MAX];
    size_t total = expect(world, filter, expected);
    struct fg_history_key key;
    struct fg_error error;
    size_t done = 0;
    size_t count = 0;
    bool more = true;

    while (more) {
        char text[FG_HISTORY_KEY_BYTES];

        CHECK_OK(
            fg_history_page(world->sql, filter, done > 0 ? &key : NULL, limit, rows, &count, &more, &error),
            &error);
        CHECK(done + count <= total);
        for (size_t i = 0; i < count; i++)
            row_check(&rows[i], expected[done + i]);
        done += count;
        CHECK(more == (done < total) && (count > 0 || !more));
        if (!more)
            break;
        /* The key goes through its text, as between two requests. */
        fg_history_key_of(&rows[count - 1], &key);
        fg_history_key_write(&key, text);
        memset(&key, 0xff, sizeof(key));
        CHECK_OK(fg_history_key_read(text, &key, &error), &error);
    }
    CHECK_INT(done, total);
}

static void compare(bool postgres)
{
    static const size_t limits[] = {1, 2, 7, 50, 200, 2000};
    struct world *world = world_new(postgres, postgres ? 77 : 78);
    struct fg_history_filter filter;

    for (size_t i = 0; i < FILTERS; i++) {
        filter_draw(&filter);
        pages_check(world, &filter, limits[2 + draw(4)]);
    }
    /* Pages of one and two, where ties of times are cut through. */
    for (size_t i = 0; i < 6; i++) {
        fg_history_filter_start(&filter);
        filter.oldest_first = i % 2 == 0;
        (void)strcpy(filter.station, i < 2 ? "S1" : "");
        (void)strcpy(filter.operator_id, i >= 4 ? "op-1" : "");
        pages_check(world, &filter, limits[i % 2]);
    }
    world_free(world);
}

TEST("filters and pages find what a plain loop finds, in both orders (SQLite)")
{
    compare(false);
}

TEST("filters and pages find what a plain loop finds, in both orders (PostgreSQL)")
{
    compare(true);
}
