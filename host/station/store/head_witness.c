/* Implementation of the station's kept heads of the trail (head_witness.h). */
#include "host/station/store/head_witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/base/station_log.h"

#define WHAT "the kept heads of the trail"
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define MAGIC_BYTES 20

static const char magic[MAGIC_BYTES + 1] = "fillgate witness v1\n";

/* ---- bytes ---- */

static void piece_put(const struct fg_witnessed *head, uint8_t bytes[FG_STATION_WITNESS_PIECE])
{
    memset(bytes, 0, FG_STATION_WITNESS_PIECE);
    if (head->arrived_ms == 0)
        return;
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)head->arrived_ms >> (56 - 8 * i));
    fg_trail_statement_encode(&head->statement, bytes + 8);
}

static enum fg_err piece_get(const uint8_t bytes[FG_STATION_WITNESS_PIECE], struct fg_witnessed *ret_head,
                             struct fg_error *error)
{
    uint64_t arrived_ms = 0;

    for (unsigned i = 0; i < 8; i++)
        arrived_ms = arrived_ms << 8 | bytes[i];
    if (arrived_ms == 0 || arrived_ms > INT64_MAX)
        return fg_fail(error, FG_E_FORMAT, WHAT ": the time of one is impossible");
    ret_head->arrived_ms = (int64_t)arrived_ms;
    return fg_trail_statement_decode(bytes + 8, FG_TRAIL_STATEMENT_BYTES, &ret_head->statement, error);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

enum fg_err fg_station_witness_decode(const uint8_t *bytes, size_t length,
                                      struct fg_station_heads_kept *ret_kept, struct fg_error *error)
{
    const uint8_t *piece = bytes + MAGIC_BYTES;
    uint64_t newest = 0;
    enum fg_err result = FG_OK;

    if (length < MAGIC_BYTES + FG_STATION_WITNESS_PIECE || length > FG_STATION_WITNESS_BYTES_MAX ||
        memcmp(bytes, magic, MAGIC_BYTES) != 0 || (length - MAGIC_BYTES) % FG_STATION_WITNESS_PIECE != 0)
        return fg_fail(error, FG_E_FORMAT, WHAT ": not a file of them, or it breaks off");
    memset(ret_kept, 0, sizeof(*ret_kept));
    if (!is_zero(piece, FG_STATION_WITNESS_PIECE))
        result = piece_get(piece, &ret_kept->refused, error);
    for (piece += FG_STATION_WITNESS_PIECE; result == FG_OK && piece < bytes + length;
         piece += FG_STATION_WITNESS_PIECE) {
        struct fg_witnessed *head = &ret_kept->heads[ret_kept->count++];

        result = piece_get(piece, head, error);
        if (result == FG_OK && head->statement.head.number <= newest)
            result = fg_fail(error, FG_E_FORMAT, WHAT ": their numbers do not rise");
        newest = head->statement.head.number;
    }
    return result;
}

void fg_station_witness_encode(const struct fg_station_heads_kept *kept, uint8_t *ret_bytes,
                               size_t *ret_length)
{
    uint8_t *piece = ret_bytes + MAGIC_BYTES;

    memcpy(ret_bytes, magic, MAGIC_BYTES);
    piece_put(&kept->refused, piece);
    for (size_t i = 0; i < kept->count; i++)
        piece_put(&kept->heads[i], piece += FG_STATION_WITNESS_PIECE);
    *ret_length = (size_t)(piece + FG_STATION_WITNESS_PIECE - ret_bytes);
}

static enum fg_err head_check(const struct fg_trail_statement *statement, const struct fg_public_key *keys,
                              size_t key_count, struct fg_error *error)
{
    if (fg_trail_statement_verify(statement, keys, key_count, NULL) != FG_E_AUTH)
        return FG_OK;
    return fg_fail(error, FG_E_AUTH,
                   WHAT ": edited or damaged: head %" PRIu64 " is not what the bureau signed",
                   statement->head.number);
}

enum fg_err fg_station_witness_check(const struct fg_station_heads_kept *kept,
                                     const struct fg_public_key *keys, size_t key_count,
                                     struct fg_error *error)
{
    enum fg_err result = FG_OK;

    if (kept->refused.arrived_ms != 0)
        result = head_check(&kept->refused.statement, keys, key_count, error);
    for (size_t i = 0; result == FG_OK && i < kept->count; i++)
        result = head_check(&kept->heads[i].statement, keys, key_count, error);
    return result;
}

/* ---- which are kept ---- */

/* Leaves of those before the newest the first of each hour for two days, and the first of each day. */
static void thin(struct fg_station_heads_kept *kept)
{
    struct fg_witnessed newest = kept->heads[kept->count - 1];
    size_t left = 0;

    for (size_t i = 0; i + 1 < kept->count; i++) {
        int64_t at_ms = kept->heads[i].arrived_ms;
        int64_t before_ms = left > 0 ? kept->heads[left - 1].arrived_ms : -DAY_MS;
        bool recent = newest.arrived_ms - at_ms < 2 * DAY_MS;

        if (at_ms / DAY_MS != before_ms / DAY_MS || (recent && at_ms / HOUR_MS != before_ms / HOUR_MS))
            kept->heads[left++] = kept->heads[i];
    }
    kept->heads[left++] = newest;
    kept->count = left;
}

enum fg_err fg_station_witness_add(struct fg_station_heads_kept *kept,
                                   const struct fg_trail_statement *statement, int64_t arrived_ms,
                                   struct fg_error *error)
{
    const struct fg_trail_head *newest =
        kept->count > 0 ? &kept->heads[kept->count - 1].statement.head : NULL;
    struct fg_witnessed came = {arrived_ms, *statement};

    if (newest == NULL || statement->head.number > newest->number) {
        if (kept->count == FG_STATION_WITNESS_MAX) /* then the oldest goes */
            memmove(kept->heads, kept->heads + 1, --kept->count * sizeof(kept->heads[0]));
        kept->heads[kept->count++] = came;
        thin(kept);
        return FG_OK;
    }
    if (fg_trail_head_equal(&statement->head, newest) ||
        (kept->refused.arrived_ms != 0 &&
         fg_trail_head_equal(&statement->head, &kept->refused.statement.head)))
        return fg_fail(error, FG_E_EXISTS, "head %" PRIu64 " of the trail is kept already",
                       statement->head.number);
    kept->refused = came;
    return fg_fail(error, FG_E_OLD,
                   "TRAIL ROLLED BACK: the bureau now gives record %" PRIu64
                   " as the newest of its trail, after it had signed record %" PRIu64 " here",
                   statement->head.number, newest->number);
}

bool fg_station_witness_is_back(const struct fg_station_heads_kept *kept)
{
    return kept->refused.arrived_ms != 0 && kept->count > 0 &&
           kept->refused.statement.head.number <= kept->heads[kept->count - 1].statement.head.number &&
           kept->refused.arrived_ms >= kept->heads[kept->count - 1].arrived_ms;
}

/* ---- the file ---- */

enum fg_err fg_station_witness_path(const char *store_path, char *ret_path, size_t capacity,
                                    struct fg_error *error)
{
    return fg_kept_file_path(store_path, ".witness", ret_path, capacity, error);
}

enum fg_err fg_station_witness_read(const char *path, struct fg_station_heads_kept *ret_kept,
                                    struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_STATION_WITNESS_BYTES_MAX + 1);
    size_t length = 0;
    enum fg_err result;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for " WHAT);
    result = fg_kept_file_read(path, WHAT, bytes, FG_STATION_WITNESS_BYTES_MAX + 1, &length, error);
    if (result == FG_OK)
        result = fg_station_witness_decode(bytes, length, ret_kept, error);
    free(bytes);
    return result;
}

static enum fg_err file_write(const struct fg_station_witness *witness, struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_STATION_WITNESS_BYTES_MAX);
    size_t length = 0;
    enum fg_err result;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for " WHAT);
    fg_station_witness_encode(&witness->kept, bytes, &length);
    result = fg_kept_file_write(witness->path, WHAT, bytes, length, error);
    free(bytes);
    return result;
}

enum fg_err fg_station_witness_start(const char *store_path, const struct fg_public_key *keys,
                                     size_t key_count, struct fg_station_witness *ret_witness,
                                     struct fg_error *error)
{
    char aside[FG_KEPT_FILE_PATH_BYTES + 16];
    enum fg_err result;

    memset(ret_witness, 0, sizeof(*ret_witness));
    result = fg_station_witness_path(store_path, ret_witness->path, sizeof(ret_witness->path), error);
    if (result == FG_OK)
        result = fg_station_witness_read(ret_witness->path, &ret_witness->kept, error);
    if (result == FG_OK)
        result = fg_station_witness_check(&ret_witness->kept, keys, key_count, error);
    if (result == FG_E_NOT_FOUND)
        result = FG_OK;
    if (result != FG_E_FORMAT && result != FG_E_AUTH && result != FG_E_IO)
        return result;
    memset(&ret_witness->kept, 0, sizeof(ret_witness->kept));
    (void)snprintf(aside, sizeof(aside), "%s.damaged", ret_witness->path);
    if (result != FG_E_IO && rename(ret_witness->path, aside) == 0) {
        fg_station_log("%s; put aside as %s", error->text, aside);
        return FG_OK;
    }
    fg_station_log("this station keeps no heads of the bureau's trail until the next start: %s", error->text);
    ret_witness->path[0] = '\0';
    return FG_OK;
}

/* ---- with the bureau ---- */

static void hand_back(const struct fg_witnessed *head, struct fg_sync_reports *reports)
{
    struct fg_sync_trail_head *place = &reports->trail_heads[reports->trail_head_count++];

    place->length = FG_TRAIL_STATEMENT_BYTES;
    fg_trail_statement_encode(&head->statement, place->bytes);
}

void fg_station_witness_hand_back(struct fg_station_witness *witness, struct fg_sync_reports *reports)
{
    const struct fg_station_heads_kept *kept = &witness->kept;

    reports->trail_head_count = 0; /* nothing is kept where the file cannot be read */
    if (kept->count > 0)
        hand_back(&kept->heads[kept->count - 1], reports);
    if (kept->count > 1)
        hand_back(&kept->heads[witness->turn++ % (kept->count - 1)], reports);
}

/* Says it unless it was the last thing said of this. */
static void say_once(char said[FG_SYNC_TEXT_MAX + 1], const char *before, const char *text)
{
    if (strncmp(said, text, FG_SYNC_TEXT_MAX) == 0)
        return;
    (void)snprintf(said, FG_SYNC_TEXT_MAX + 1, "%.*s", FG_SYNC_TEXT_MAX, text);
    if (text[0] != '\0')
        fg_station_log("%s%s", before, text);
}

void fg_station_witness_take(struct fg_station_witness *witness, const struct fg_public_key *keys,
                             size_t key_count, const struct fg_sync_report_answer *answer, int64_t now_ms)
{
    const struct fg_sync_trail_head *given = &answer->trail_head;
    struct fg_trail_statement statement;
    struct fg_error error = {.text = ""};
    enum fg_err result;

    say_once(witness->said, "the bureau says of the report: ", answer->text);
    /* No head comes from an older bureau, and from one whose trail is in doubt. */
    if (given->length == 0 || witness->path[0] == '\0')
        return;
    result = fg_trail_statement_decode(given->bytes, given->length, &statement, &error);
    if (result == FG_OK)
        result = fg_trail_statement_verify(&statement, keys, key_count, &error);
    if (result == FG_OK)
        result = fg_station_witness_add(&witness->kept, &statement, now_ms > 0 ? now_ms : 1, &error);
    if (result == FG_E_EXISTS)
        return;
    say_once(witness->trouble, result == FG_E_OLD ? "" : "a head of the bureau's trail is not taken: ",
             result == FG_OK ? "" : error.text);
    if ((result == FG_OK || result == FG_E_OLD) && file_write(witness, &error) != FG_OK)
        say_once(witness->trouble, "", error.text);
}
