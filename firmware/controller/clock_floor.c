/* Implementation of reading a clock statement (clock_floor.h). */
#include "firmware/controller/clock_floor.h"

#include <string.h>

#include "lib/base/file.h"

typedef unsigned long long ull;

struct later {
    int64_t vouched_ms;
    uint64_t lowered_sequence; /* of a CLOCK_FLOOR_LOWERED; 0 = none */
};

/* What came after the entry that the statement names. */
static enum fg_err later_look(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *error)
{
    struct later *later = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    if (entry->kind == FG_ENTRY_EVENT && entry->event == FG_EVENT_CLOCK_FLOOR_LOWERED)
        later->lowered_sequence = entry->sequence;
    if (entry->kind != 0 && entry->clock_quality == FG_CLOCK_SYNCHRONISED &&
        entry->wall_ms > later->vouched_ms)
        later->vouched_ms = entry->wall_ms;
    return FG_OK;
}

static enum fg_err hold_against(const struct fg_clock_statement *statement, const char *controller,
                                struct fg_journal *journal, const char *journal_path, int64_t *ret_floor_ms,
                                struct fg_error *error)
{
    struct fg_journal_filter filter = {.from_sequence = statement->sequence + 1};
    struct later later = {.vouched_ms = statement->floor_ms};
    enum fg_err code;

    if (strcmp(statement->controller, controller) != 0)
        return fg_fail(error, FG_E_RANGE, "the clock statement is for controller %s, this one is %s",
                       statement->controller, controller);
    if (statement->sequence > fg_journal_last(journal))
        return fg_fail(error, FG_E_RANGE, "the clock statement names entry %llu, the journal ends at %llu",
                       (ull)statement->sequence, (ull)fg_journal_last(journal));
    if (filter.from_sequence < fg_journal_first(journal))
        return fg_fail(
            error, FG_E_OLD,
            "entries after %llu, which the clock statement names, were pruned; the bureau signs a new "
            "statement",
            (ull)statement->sequence);
    code = fg_journal_each(journal_path, &filter, later_look, &later, error);
    if (code != FG_OK)
        return code;
    if (later.lowered_sequence != 0)
        return fg_fail(
            error, FG_E_OLD,
            "the clock's floor was lowered since, with entry %llu; the bureau signs a new statement",
            (ull)later.lowered_sequence);
    *ret_floor_ms = later.vouched_ms > FG_CLOCK_BUILD_MS ? later.vouched_ms : FG_CLOCK_BUILD_MS;
    return FG_OK;
}

enum fg_err fg_clock_floor_read(const char *path, const struct fg_public_key *keys, size_t key_count,
                                const char *controller, struct fg_journal *journal, const char *journal_path,
                                int64_t vouched_ms, struct fg_clock_floor *ret_floor, struct fg_error *error)
{
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX + 1];
    struct fg_clock_floor floor = {.floor_ms = 0};
    size_t length = 0;
    enum fg_err code;

    if (path[0] != '/')
        return fg_fail(error, FG_E_ARG, "the path of a clock statement must be absolute");
    code = fg_file_read(path, FG_FILE_BEGINNING, bytes, sizeof(bytes), &length, error);
    if (code == FG_OK)
        code = fg_clock_statement_verify(bytes, length, keys, key_count, &floor.statement, error);
    if (code == FG_OK)
        code = hold_against(&floor.statement, controller, journal, journal_path, &floor.floor_ms, error);
    if (code != FG_OK)
        return code;
    if (floor.floor_ms >= vouched_ms)
        return fg_fail(error, FG_E_STATE, "the clock statement would not lower the clock's floor");
    *ret_floor = floor;
    return FG_OK;
}
