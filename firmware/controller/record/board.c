/* Today's sums and the newest attempts (board.h). */
#include "firmware/controller/record/board.h"

#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/journal/journal.h"

#define VERSIONS_A_BOOT 65536

void fg_board_start(struct fg_board *ret_board, uint32_t boot)
{
    memset(ret_board, 0, sizeof(*ret_board));
    ret_board->version = boot * VERSIONS_A_BOOT;
}

/* Makes room at the front; the oldest falls out. */
static struct fg_control_attempt *attempt_push(struct fg_board *board)
{
    if (board->attempt_count < FG_CONTROL_ATTEMPTS_MAX)
        board->attempt_count++;
    memmove(&board->attempts[1], &board->attempts[0],
            (board->attempt_count - 1U) * sizeof(board->attempts[0]));
    memset(&board->attempts[0], 0, sizeof(board->attempts[0]));
    return &board->attempts[0];
}

static struct fg_control_attempt *attempt_find(struct fg_board *board, uint64_t authorised_sequence)
{
    for (size_t i = 0; i < board->attempt_count; i++) {
        if (board->attempts[i].kind == FG_ENTRY_AUTHORISED &&
            board->attempts[i].sequence == authorised_sequence)
            return &board->attempts[i];
    }
    return NULL;
}

static void attempt_take(struct fg_board *board, const struct fg_entry *entry)
{
    struct fg_control_attempt *attempt = NULL;

    if (entry->kind == FG_ENTRY_ENDED)
        attempt = attempt_find(board, entry->authorised_sequence);
    if (attempt == NULL) {
        attempt = attempt_push(board);
        attempt->wall_ms = entry->wall_ms;
        attempt->code = entry->row.code;
        memcpy(attempt->plate, entry->row.plate, sizeof(attempt->plate));
        memcpy(attempt->operator_id, entry->operator_id, sizeof(attempt->operator_id));
        attempt->operator_proof = entry->operator_proof;
        memcpy(attempt->second_person, entry->second_person, sizeof(attempt->second_person));
        attempt->second_proof = entry->second_proof;
        attempt->identity = entry->identity;
    }
    attempt->sequence = entry->sequence;
    attempt->kind = entry->kind;
    if (entry->kind == FG_ENTRY_REFUSED && entry->reasons.count > 0)
        attempt->reason = entry->reasons.reasons[0];
    if (entry->kind == FG_ENTRY_ENDED) {
        attempt->stop = entry->stop;
        attempt->quantity_g = entry->quantity_g;
    }
}

void fg_board_take(struct fg_board *board, const struct fg_entry *entry, int32_t utc_offset_s)
{
    if (entry->kind != FG_ENTRY_REFUSED && entry->kind != FG_ENTRY_AUTHORISED &&
        entry->kind != FG_ENTRY_ENDED)
        return;
    board->version++;
    attempt_take(board, entry);
    if (!board->day_known || fg_clock_local_day(entry->wall_ms, utc_offset_s) != board->day)
        return;
    if (entry->kind == FG_ENTRY_REFUSED) {
        board->refusals += fg_entry_occurrences(entry);
        if (entry->reasons.count > 0)
            board->reason_counts[entry->reasons.reasons[0]] += fg_entry_occurrences(entry);
    } else if (entry->kind == FG_ENTRY_ENDED) {
        board->fills++;
        board->quantity_g += entry->quantity_g;
    }
}

struct rebuild {
    struct fg_board *board;
    int32_t utc_offset_s;
};

static enum fg_err entry_visit(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                               size_t byte_count, struct fg_error *error)
{
    const struct rebuild *rebuild = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    fg_board_take(rebuild->board, entry, rebuild->utc_offset_s);
    return FG_OK;
}

enum fg_err fg_board_rebuild(struct fg_board *board, const char *path, uint64_t last_sequence, int32_t today,
                             int32_t utc_offset_s, struct fg_error *error)
{
    struct fg_journal_filter filter = {
        .from_sequence = last_sequence > FG_BOARD_TAIL ? last_sequence - FG_BOARD_TAIL + 1 : 1};
    struct rebuild rebuild = {board, utc_offset_s};
    uint32_t version = board->version;

    memset(board, 0, sizeof(*board));
    board->version = version + 1;
    board->day_known = true;
    board->day = today;
    if (path == NULL || last_sequence == 0)
        return FG_OK;
    return fg_journal_each(path, &filter, entry_visit, &rebuild, error);
}

/* Most frequent first; among equals the lower number, so that the order does not flicker. */
static void reasons_tell(const struct fg_board *board, struct fg_control_board *shown)
{
    for (unsigned reason = 1; reason <= UINT8_MAX; reason++) {
        uint32_t count = board->reason_counts[reason];
        size_t at = shown->reason_count;

        if (count == 0 || at >= FG_REASONS_MAX)
            continue;
        for (; at > 0 && shown->reasons[at - 1].count < count; at--)
            shown->reasons[at] = shown->reasons[at - 1];
        shown->reasons[at] = (struct fg_control_reason_count){(uint8_t)reason, count};
        shown->reason_count++;
    }
}

void fg_board_tell(const struct fg_board *board, struct fg_control_board *ret_shown)
{
    memset(ret_shown, 0, sizeof(*ret_shown));
    ret_shown->version = board->version;
    ret_shown->fills_today = board->fills;
    ret_shown->refusals_today = board->refusals;
    ret_shown->quantity_today_g = board->quantity_g;
    reasons_tell(board, ret_shown);
    ret_shown->attempt_count = board->attempt_count;
    memcpy(ret_shown->attempts, board->attempts, board->attempt_count * sizeof(board->attempts[0]));
}
