/* Implementation of entries for tests (history_fixture.h). */
#include "tests/lib/history_fixture.h"

#include <stdio.h>
#include <string.h>

#include "host/bureau/journal_columns.h"
#include "proto/sign.h"
#include "tests/lib/check.h"

static const char *const controllers[] = {"ctl-1", "ctl-2", "CTL-1", "ctl.1"};
static const char *const stations[] = {"S1", "S2", "S-3", "+S4"};
static const char *const codes[] = {"HZ-CNG-1", "HZ-CNG-2", "HZ-LPG-3", "-1", ""};
static const char *const plates[] = {"\346\265\231ED9021", "=1+1", "@SUM(A1)", "a,\"b\"", "\r\nx", "'q",
                                     "\xff\xfe",           ""};
static const char *const operators[] = {"op-1",
                                        "=cmd|' /C calc'!A0",
                                        "<script>alert(1)</script>",
                                        "tab\there",
                                        "\357\274\2352+3",
                                        "  =x",
                                        "\x01\x02",
                                        ""};

static uint64_t state;

static size_t draw(size_t below)
{
    return fg_test_draw(&state, below);
}
#define ANY(array) (array)[draw(sizeof(array) / sizeof((array)[0]))]

static void entry_draw(struct fg_entry *entry)
{
    memset(entry, 0, sizeof(*entry));
    entry->kind = (uint8_t)(1 + draw(7));
    entry->wall_ms = draw(100) == 0   ? INT64_MAX
                     : draw(100) == 0 ? INT64_MIN
                                      : FG_FIXTURE_HISTORY_MS + (int64_t)draw(5000) * 1000 + (int64_t)draw(3);
    entry->clock_quality = (uint8_t) "UIS"[draw(3)];
    entry->identity = (uint8_t)draw(6);
    entry->row.medium = (uint8_t)draw(3);
    (void)snprintf(entry->row.code.text, sizeof(entry->row.code.text), "%s", ANY(codes));
    (void)snprintf(entry->row.plate, sizeof(entry->row.plate), "%s", ANY(plates));
    (void)snprintf(entry->operator_id, sizeof(entry->operator_id), "%s", ANY(operators));
    if (entry->kind == FG_ENTRY_REFUSED) {
        entry->reasons.count = 1;
        entry->reasons.reasons[0] = (uint8_t)(10 + draw(5));
        entry->repeat_count = (uint32_t)draw(3) * 1000000;
        entry->repeat_first_wall_ms = (int64_t)draw(2) * FG_FIXTURE_HISTORY_MS;
        entry->operator_proof = (uint8_t)draw(5);
        (void)snprintf(entry->second_person, sizeof(entry->second_person), "%s", ANY(operators));
    }
    if (entry->kind == FG_ENTRY_ENDED) {
        entry->quantity_g = (int64_t)draw(20000) - 5;
        entry->authorised_sequence = 1 + draw(1000);
        entry->stop = 1;
    }
    if (entry->kind == FG_ENTRY_EVENT)
        entry->event = (uint8_t)(1 + draw(3));
}

static void entry_add(struct fg_sql_bulk *bulk, bool postgres, size_t number, uint64_t *sequences)
{
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    struct fg_digest hash;
    struct fg_entry entry;
    struct fg_error error;
    size_t controller = draw(sizeof(controllers) / sizeof(controllers[0]));
    struct fg_journal_place place = {.controller = controllers[controller],
                                     .sequence = ++sequences[controller],
                                     .bytes = (const uint8_t *)"x",
                                     .length = 1,
                                     .hash = &hash,
                                     .station = ANY(stations),
                                     .arrived_ms = FG_FIXTURE_HISTORY_MS + (int64_t)number};

    entry_draw(&entry);
    /* PostgreSQL takes no text that is not UTF-8. */
    if (postgres && strcmp(entry.row.plate, "\xff\xfe") == 0)
        entry.row.plate[0] = '\0';
    fg_sha256(&number, sizeof(number), &hash);
    fg_journal_values(&place, &entry, (uint32_t)draw(8), values);
    CHECK_OK(fg_sql_bulk_add(bulk, values, FG_JOURNAL_COLUMN_COUNT, &error), &error);
}

void fg_fixture_history(struct fg_sql *sql, uint64_t seed, size_t count)
{
    bool postgres = strcmp(fg_sql_kind(sql), "postgresql") == 0;
    uint64_t sequences[sizeof(controllers) / sizeof(controllers[0])] = {0};
    struct fg_sql_bulk *bulk = NULL;
    struct fg_error error;

    state = seed;
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_sql_bulk_start(sql, "journal_entry", FG_JOURNAL_COLUMNS, &bulk, &error), &error);
    for (size_t i = 0; i < count; i++)
        entry_add(bulk, postgres, i, sequences);
    CHECK_OK(fg_sql_bulk_finish(bulk, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}

void fg_fixture_history_each(struct fg_sql *sql,
                             void (*visit)(void *context, const struct fg_history_row *row), void *context)
{
    struct fg_sql_statement *statement;
    struct fg_history_row row;
    struct fg_error error;
    enum fg_err result;

    CHECK_OK(fg_sql_prepare(sql,
                            "SELECT " FG_HISTORY_COLUMNS " FROM journal_entry ORDER BY wall_ms, controller "
                            "COLLATE \"C\", sequence",
                            &statement, &error),
             &error);
    while ((result = fg_sql_next(statement, &error)) == FG_OK) {
        fg_history_row_take(statement, &row);
        visit(context, &row);
    }
    CHECK_INT(result, FG_E_NOT_FOUND);
}
