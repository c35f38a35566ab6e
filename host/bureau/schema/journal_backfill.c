/* Implementation of filling in the details of entries that are held (journal_backfill.h). */
#include "host/bureau/schema/journal_backfill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/history/day_sums.h"
#include "host/bureau/journal/journal_columns.h"

#define PAGE_ROWS 500

/* An entry with something to fill in. */
struct found {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;
    struct fg_entry entry;
};

struct backfill {
    struct fg_sql *sql;
    char controller[FG_NAME_MAX + 1]; /* the last entry looked at */
    uint64_t sequence;
    size_t looked; /* entries of this page */
    size_t count;  /* of found */
    struct found *found;
    bool repeats; /* some entry stands for several occurrences */
    struct fg_error *error;
};

/* Is it what the columns of an entry that says nothing hold, as for most? */
static bool has_no_details(const struct fg_entry *entry)
{
    static const struct fg_entry silent = {0};
    struct fg_sql_value values[FG_JOURNAL_DETAIL_COUNT];
    struct fg_sql_value empty[FG_JOURNAL_DETAIL_COUNT];

    fg_journal_details(entry, values);
    fg_journal_details(&silent, empty);
    for (size_t i = 0; i < FG_JOURNAL_DETAIL_COUNT; i++) {
        if (values[i].type == FG_SQL_TEXT ? strcmp(values[i].bytes, empty[i].bytes) != 0
                                          : values[i].number != empty[i].number)
            return false;
    }
    return true;
}

static void entry_look(struct backfill *backfill, const struct fg_sql_statement *row)
{
    struct found *found = &backfill->found[backfill->count];
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 2, &length);

    (void)snprintf(backfill->controller, sizeof(backfill->controller), "%s", fg_sql_text(row, 0));
    backfill->sequence = (uint64_t)fg_sql_int(row, 1);
    backfill->looked++;
    if (fg_entry_decode(bytes, length, &found->entry, NULL) != FG_OK || has_no_details(&found->entry))
        return;
    memcpy(found->controller, backfill->controller, sizeof(found->controller));
    found->sequence = backfill->sequence;
    backfill->repeats = backfill->repeats || fg_entry_occurrences(&found->entry) > 1;
    backfill->count++;
}

static enum fg_err page_look(struct backfill *backfill)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(backfill->sql,
                                        "SELECT controller, sequence, bytes FROM journal_entry WHERE "
                                        "(controller, sequence) > ($1, $2) ORDER BY controller, sequence "
                                        "LIMIT $3",
                                        &statement, backfill->error);

    if (result != FG_OK)
        return result;
    backfill->looked = 0;
    backfill->count = 0;
    fg_sql_bind_text(statement, 1, backfill->controller);
    fg_sql_bind_int(statement, 2, (int64_t)backfill->sequence);
    fg_sql_bind_int(statement, 3, PAGE_ROWS);
    while ((result = fg_sql_next(statement, backfill->error)) == FG_OK)
        entry_look(backfill, statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err entry_fill(const struct backfill *backfill, const struct found *found)
{
    struct fg_sql_value values[FG_JOURNAL_DETAIL_COUNT];
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        backfill->sql,
        "UPDATE journal_entry SET second_person = $3, operator_proof = $4, second_proof = $5, checks_failed "
        "= $6, repeats = $7, repeat_first_wall_ms = $8, repeat_last_wall_ms = $9, clock_floor_ms = $10, "
        "clock_floor_before_ms = $11 WHERE controller = $1 AND sequence = $2",
        &statement, backfill->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, found->controller);
    fg_sql_bind_int(statement, 2, (int64_t)found->sequence);
    fg_journal_details(&found->entry, values);
    for (unsigned i = 0; i < FG_JOURNAL_DETAIL_COUNT; i++) {
        if (values[i].type == FG_SQL_TEXT)
            fg_sql_bind_text(statement, 3 + i, values[i].bytes);
        else
            fg_sql_bind_int(statement, 3 + i, values[i].number);
    }
    return fg_sql_run(statement, NULL, backfill->error);
}

enum fg_err fg_journal_backfill(struct fg_sql *sql, struct fg_error *error)
{
    struct backfill backfill = {.sql = sql, .error = error};
    enum fg_err result = FG_OK;

    backfill.found = calloc(PAGE_ROWS, sizeof(*backfill.found));
    if (backfill.found == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a page of entries");
    do {
        result = page_look(&backfill);
        for (size_t i = 0; result == FG_OK && i < backfill.count; i++)
            result = entry_fill(&backfill, &backfill.found[i]);
    } while (result == FG_OK && backfill.looked == PAGE_ROWS);
    if (result == FG_OK && backfill.repeats)
        result = fg_day_sums_forget(sql, error);
    free(backfill.found);
    return result;
}
