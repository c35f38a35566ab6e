/* Implementation of the kept heads (heads.h).
 *
 * The file: "FGHEADS1", the number of heads (8 bytes, big end first), of each its length (2 bytes) and an
 * FgSignedStatement of a head, and the SHA-256 of all that. */
#include "host/station/store/heads.h"

#include <stdlib.h>
#include <string.h>

#include "host/station/store/kept_file.h"
#include "host/station/store/private.h"

#define KEPT_HEADS "the kept heads"

static const uint8_t magic[8] = {'F', 'G', 'H', 'E', 'A', 'D', 'S', '1'};

/* ---- bytes ---- */

static uint64_t number_get(const uint8_t *bytes, size_t count)
{
    uint64_t number = 0;

    for (size_t i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void number_put(uint8_t *bytes, size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(number >> (8 * (count - 1 - i)));
}

enum fg_err fg_station_heads_decode(const uint8_t *bytes, size_t length, struct fg_station_heads *ret_heads,
                                    struct fg_error *error)
{
    size_t end = length - FG_DIGEST_BYTES;
    size_t at = sizeof(magic) + 8;
    struct fg_digest digest;
    uint64_t count;

    if (length < at + FG_DIGEST_BYTES || length > FG_STATION_HEADS_BYTES_MAX ||
        memcmp(bytes, magic, sizeof(magic)) != 0)
        return fg_fail(error, FG_E_FORMAT, "the kept heads: not a file of heads");
    fg_sha256(bytes, end, &digest);
    if (!fg_bytes_equal(digest.bytes, bytes + end, sizeof(digest.bytes)))
        return fg_fail(error, FG_E_CORRUPT, "the kept heads: edited or damaged: the check sum is wrong");
    count = number_get(bytes + sizeof(magic), 8);
    if (count > FG_STATION_HEADS_MAX)
        return fg_fail(error, FG_E_FORMAT, "the kept heads: more than %d", FG_STATION_HEADS_MAX);
    ret_heads->count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = end - at >= 2 ? (size_t)number_get(bytes + at, 2) : SIZE_MAX;
        enum fg_err result;

        if (end - at < 2 || size > end - at - 2)
            return fg_fail(error, FG_E_FORMAT, "the kept heads: the file breaks off at head %zu", i + 1);
        result = fg_head_decode(bytes + at + 2, size, &ret_heads->heads[i].head,
                                &ret_heads->heads[i].signature, error);
        if (result != FG_OK)
            return fg_fail_in(error, FG_E_FORMAT, "the kept heads: head %zu: ", i + 1);
        ret_heads->count++;
        at += 2 + size;
    }
    return at == end ? FG_OK : fg_fail(error, FG_E_FORMAT, "the kept heads: bytes after the last head");
}

static enum fg_err heads_encode(const struct fg_station_heads *heads, uint8_t *bytes, size_t *ret_length,
                                struct fg_error *error)
{
    size_t at = sizeof(magic) + 8;
    struct fg_digest digest;

    memcpy(bytes, magic, sizeof(magic));
    number_put(bytes + sizeof(magic), 8, heads->count);
    for (size_t i = 0; i < heads->count; i++) {
        size_t size = 0;
        enum fg_err result = fg_head_encode(&heads->heads[i].head, &heads->heads[i].signature, bytes + at + 2,
                                            FG_STATEMENT_BYTES_MAX, &size, error);

        if (result != FG_OK)
            return result;
        number_put(bytes + at, 2, size);
        at += 2 + size;
    }
    fg_sha256(bytes, at, &digest);
    memcpy(bytes + at, digest.bytes, sizeof(digest.bytes));
    *ret_length = at + sizeof(digest.bytes);
    return FG_OK;
}

/* ---- the file ---- */

static enum fg_err file_read(const char *path, struct fg_station_heads *ret_heads, struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_STATION_HEADS_BYTES_MAX + 1);
    size_t length = 0;
    enum fg_err result;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the kept heads");
    result = fg_kept_file_read(path, KEPT_HEADS, bytes, FG_STATION_HEADS_BYTES_MAX + 1, &length, error);
    if (result == FG_OK)
        result = fg_station_heads_decode(bytes, length, ret_heads, error);
    free(bytes);
    return result;
}

enum fg_err fg_station_heads_path(const char *store_path, char *ret_path, size_t capacity,
                                  struct fg_error *error)
{
    return fg_kept_file_path(store_path, ".heads", ret_path, capacity, error);
}

enum fg_err fg_station_heads_each(const char *path, fg_station_head_visit visit, void *context,
                                  struct fg_error *error)
{
    struct fg_station_heads *heads = malloc(sizeof(*heads));
    enum fg_err result = heads == NULL ? fg_fail(error, FG_E_MEMORY, "no memory for the kept heads")
                                       : file_read(path, heads, error);

    for (size_t i = 0; result == FG_OK && i < heads->count; i++)
        result = visit(context, &heads->heads[i].head, error);
    free(heads);
    return result;
}

/* ---- keeping ---- */

/* The controller's signature over its last entry here. FG_E_NOT_FOUND: no entry, or it is not signed. */
static enum fg_err signature_read(struct fg_station_store *store, const struct fg_head *head,
                                  struct fg_signature *ret_signature, struct fg_error *error)
{
    struct fg_sql_statement *row = NULL;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result = fg_sql_prepare(
        store->sql, "SELECT head_signature FROM entry WHERE controller = $1 AND sequence = $2", &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(row, 1, head->controller);
    fg_sql_bind_int(row, 2, (int64_t)head->sequence);
    result = fg_sql_next(row, error);
    if (result != FG_OK)
        return result;
    bytes = fg_sql_bytes(row, 0, &length);
    if (length == sizeof(ret_signature->bytes))
        memcpy(ret_signature->bytes, bytes, length);
    else
        result = FG_E_NOT_FOUND;
    fg_sql_reset(row);
    return result;
}

/* Puts one controller's head in, unless a later one is there; *changed. */
static enum fg_err head_take(struct fg_station_heads *heads, const struct fg_station_controller *controller,
                             struct fg_station_store *store, bool *changed, struct fg_error *error)
{
    struct fg_head head = {.sequence = controller->next_sequence - 1, .hash = controller->head};
    struct fg_signature signature;
    size_t index = 0;
    enum fg_err result;

    fg_station_copy_text(head.controller, sizeof(head.controller), controller->id);
    while (index < heads->count && strcmp(heads->heads[index].head.controller, head.controller) != 0)
        index++;
    if (head.sequence == 0 || (index < heads->count && heads->heads[index].head.sequence >= head.sequence))
        return FG_OK;
    if (index == FG_STATION_HEADS_MAX)
        return fg_fail(error, FG_E_FULL, "the kept heads: of more than %d controllers", FG_STATION_HEADS_MAX);
    result = signature_read(store, &head, &signature, error);
    if (result == FG_E_NOT_FOUND || result != FG_OK)
        return result == FG_E_NOT_FOUND ? FG_OK : result;
    if (fg_head_verify(&head, &signature, &controller->device_key, NULL) != FG_OK)
        return FG_OK; /* verifying the store names it */
    heads->heads[index].head = head;
    heads->heads[index].signature = signature;
    heads->count += index == heads->count;
    *changed = true;
    return FG_OK;
}

static enum fg_err heads_write(const char *path, const struct fg_station_heads *heads, struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_STATION_HEADS_BYTES_MAX);
    size_t length = 0;
    enum fg_err result = bytes == NULL ? fg_fail(error, FG_E_MEMORY, "no memory for the kept heads")
                                       : heads_encode(heads, bytes, &length, error);

    if (result == FG_OK)
        result = fg_kept_file_write(path, KEPT_HEADS, bytes, length, error);
    free(bytes);
    return result;
}

enum fg_err fg_station_heads_keep(const char *path, struct fg_station_store *store, struct fg_error *error)
{
    struct fg_station_controller *controllers = calloc(FG_STATION_CONTROLLERS_MAX, sizeof(*controllers));
    struct fg_station_heads *heads = calloc(1, sizeof(*heads));
    size_t count = 0;
    bool changed = false;
    enum fg_err result = controllers == NULL || heads == NULL
                             ? fg_fail(error, FG_E_MEMORY, "no memory for the kept heads")
                             : file_read(path, heads, error);

    if (result == FG_E_NOT_FOUND) {
        heads->count = 0;
        changed = true; /* an empty file says that heads are kept */
        result = FG_OK;
    }
    if (result == FG_OK)
        result = fg_station_store_controllers(store, controllers, FG_STATION_CONTROLLERS_MAX, &count, error);
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = head_take(heads, &controllers[i], store, &changed, error);
    if (result == FG_OK && changed)
        result = heads_write(path, heads, error);
    free(heads);
    free(controllers);
    return result;
}
