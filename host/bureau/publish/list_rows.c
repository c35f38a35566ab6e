/* Implementation of list_rows.h but for the reading of CSV. */
#include "host/bureau/publish/list_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/list/bucket.h"

#define CHUNK_BYTES ((size_t)1 << 20)

struct fg_list_row_chunk {
    struct fg_list_row_chunk *next;
    size_t used;
    _Alignas(struct fg_list_row) uint8_t bytes[CHUNK_BYTES];
};

enum fg_err fg_list_rows_fault(struct fg_list_row_faults *faults, uint64_t line, size_t column,
                               const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (faults->count < FG_LIST_BUILD_FAULTS_MAX && faults->report != NULL)
        faults->report(faults->context, line, column, text);
    if (faults->count == 0)
        (void)fg_fail(faults->error, FG_E_FORMAT, "%s:%llu:%zu: %s", faults->name, (unsigned long long)line,
                      column, text);
    faults->count++;
    return FG_E_FORMAT;
}

static void *chunk_take(struct fg_list_rows *registry, size_t size)
{
    size_t step = _Alignof(struct fg_list_row);
    struct fg_list_row_chunk *chunk = registry->chunks;

    size = (size + step - 1) / step * step;
    if (chunk == NULL || CHUNK_BYTES - chunk->used < size) {
        chunk = malloc(sizeof(*chunk));
        if (chunk == NULL)
            return NULL;
        chunk->used = 0;
        chunk->next = registry->chunks;
        registry->chunks = chunk;
    }
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

static enum fg_err make_room(struct fg_list_rows *registry, struct fg_error *error)
{
    size_t capacity = registry->capacity == 0 ? 1024 : registry->capacity * 2;
    struct fg_list_row **rows;

    if (registry->count < registry->capacity)
        return FG_OK;
    if (registry->count >= FG_LIST_ROWS_MAX)
        return fg_fail(error, FG_E_SIZE, "registry: more than %u rows", FG_LIST_ROWS_MAX);
    rows = realloc(registry->rows, capacity * sizeof(struct fg_list_row *));
    if (rows == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: out of memory at %zu rows", registry->count);
    registry->rows = rows;
    registry->capacity = capacity;
    return FG_OK;
}

enum fg_err fg_list_rows_add(struct fg_list_rows *registry, const struct fg_row *row, uint32_t line,
                             struct fg_error *error)
{
    struct fg_row alone = *row;
    uint8_t bytes[FG_ROW_BYTES_MAX];
    struct fg_list_row *kept;
    size_t length;
    enum fg_err result;

    alone.other_count = 0;
    result = fg_row_encode(&alone, bytes, sizeof(bytes), &length, error);
    if (result == FG_OK)
        result = make_room(registry, error);
    if (result != FG_OK)
        return result;
    kept = chunk_take(registry, sizeof(*kept) + length);
    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: out of memory at %zu rows", registry->count);
    memset(kept, 0, sizeof(*kept));
    kept->line = line;
    kept->uid = row->uid;
    memcpy(kept->plate, row->plate, sizeof(kept->plate));
    kept->length = (uint16_t)length;
    memcpy(kept->bytes, bytes, length);
    registry->rows[registry->count++] = kept;
    return FG_OK;
}

void fg_list_rows_free(struct fg_list_rows *registry)
{
    while (registry->chunks != NULL) {
        struct fg_list_row_chunk *next = registry->chunks->next;

        free(registry->chunks);
        registry->chunks = next;
    }
    free(registry->rows);
    free(registry->by_plate);
    memset(registry, 0, sizeof(*registry));
}

/* fg_row_encode writes the code first: key, length, text. */
static const char *code_of(const struct fg_list_row *row, size_t *ret_length)
{
    *ret_length = row->bytes[1];
    return (const char *)row->bytes + 2;
}

static int compare_codes(const struct fg_list_row *a, const struct fg_list_row *b)
{
    size_t a_length;
    size_t b_length;
    const char *a_code = code_of(a, &a_length);
    const char *b_code = code_of(b, &b_length);

    return fg_bucket_compare(a_code, a_length, b_code, b_length);
}

static int by_code(const void *a, const void *b)
{
    const struct fg_list_row *const *left = a;
    const struct fg_list_row *const *right = b;
    int order = compare_codes(*left, *right);

    return order != 0 ? order : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

static int by_bucket(const void *a, const void *b)
{
    const struct fg_list_row *const *left = a;
    const struct fg_list_row *const *right = b;

    if ((*left)->bucket != (*right)->bucket)
        return (*left)->bucket < (*right)->bucket ? -1 : 1;
    return by_code(a, b);
}

static int by_uid(const void *a, const void *b)
{
    const struct fg_list_row *const *left = a;
    const struct fg_list_row *const *right = b;
    int order = memcmp(&(*left)->uid, &(*right)->uid, sizeof((*left)->uid));

    return order != 0 ? order : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

static int by_plate(const void *a, const void *b)
{
    const struct fg_list_row *const *left = a;
    const struct fg_list_row *const *right = b;
    int order = strcmp((*left)->plate, (*right)->plate);

    return order != 0 ? order : by_code(a, b);
}

static void find_double_uids(struct fg_list_rows *registry, size_t column, struct fg_list_row_faults *faults)
{
    qsort(registry->rows, registry->count, sizeof(struct fg_list_row *), by_uid);
    for (size_t i = 1; i < registry->count && faults->count < FG_LIST_BUILD_FAULTS_MAX; i++) {
        const struct fg_list_row *before = registry->rows[i - 1];
        const struct fg_list_row *row = registry->rows[i];

        if (row->uid.length != 0 && memcmp(&before->uid, &row->uid, sizeof(row->uid)) == 0)
            (void)fg_list_rows_fault(faults, row->line, column, "line %u has the same uid", before->line);
    }
}

static void find_double_codes(struct fg_list_rows *registry, size_t column, struct fg_list_row_faults *faults)
{
    qsort(registry->rows, registry->count, sizeof(struct fg_list_row *), by_code);
    for (size_t i = 1; i < registry->count && faults->count < FG_LIST_BUILD_FAULTS_MAX; i++) {
        size_t length;
        const char *code = code_of(registry->rows[i], &length);

        if (compare_codes(registry->rows[i - 1], registry->rows[i]) == 0)
            (void)fg_list_rows_fault(faults, registry->rows[i]->line, column,
                                     "code %.*s is on line %u already", (int)length, code,
                                     registry->rows[i - 1]->line);
    }
}

static void join_vehicles(struct fg_list_rows *registry, size_t column, struct fg_list_row_faults *faults)
{
    size_t first = 0;

    for (size_t i = 1; i <= registry->plate_count && faults->count < FG_LIST_BUILD_FAULTS_MAX; i++) {
        size_t count = i - first;

        if (i < registry->plate_count &&
            strcmp(registry->by_plate[first]->plate, registry->by_plate[i]->plate) == 0)
            continue;
        if (count > FG_VEHICLE_CYLINDERS_MAX)
            (void)fg_list_rows_fault(faults, registry->by_plate[i - 1]->line, column,
                                     "plate %s has %zu cylinders, at most %d are allowed",
                                     registry->by_plate[first]->plate, count, FG_VEHICLE_CYLINDERS_MAX);
        for (size_t j = first; count <= FG_VEHICLE_CYLINDERS_MAX && j < i; j++) {
            registry->by_plate[j]->vehicle_first = (uint32_t)first;
            registry->by_plate[j]->vehicle_count = (uint8_t)count;
        }
        first = i;
    }
}

enum fg_err fg_list_rows_join(struct fg_list_rows *registry, const struct fg_list_row_columns *columns,
                              struct fg_list_row_faults *faults, struct fg_error *error)
{
    if (registry->count == 0)
        return FG_OK;
    registry->by_plate = calloc(registry->count, sizeof(struct fg_list_row *));
    if (registry->by_plate == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: out of memory");
    for (size_t i = 0; i < registry->count; i++) {
        if (registry->rows[i]->plate[0] != '\0')
            registry->by_plate[registry->plate_count++] = registry->rows[i];
    }
    qsort(registry->by_plate, registry->plate_count, sizeof(struct fg_list_row *), by_plate);
    find_double_uids(registry, columns->uid, faults);
    find_double_codes(registry, columns->code, faults);
    join_vehicles(registry, columns->plate, faults);
    return faults->count == 0 ? FG_OK : FG_E_FORMAT;
}

void fg_list_rows_order(struct fg_list_rows *registry, uint8_t bits)
{
    for (size_t i = 0; i < registry->count; i++) {
        size_t length;
        const char *code = code_of(registry->rows[i], &length);

        registry->rows[i]->bucket = fg_bucket_of(code, length, bits);
    }
    if (registry->count > 0)
        qsort(registry->rows, registry->count, sizeof(struct fg_list_row *), by_bucket);
}

enum fg_err fg_list_rows_bytes(const struct fg_list_rows *registry, const struct fg_list_row *row,
                               uint8_t *buffer, size_t *ret_length, struct fg_error *error)
{
    struct fg_row full;
    enum fg_err result;

    if (row->vehicle_count < 2) {
        memcpy(buffer, row->bytes, row->length);
        *ret_length = row->length;
        return FG_OK;
    }
    result = fg_row_decode(row->bytes, row->length, &full, error);
    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < row->vehicle_count; i++) {
        const struct fg_list_row *other = registry->by_plate[row->vehicle_first + i];
        size_t length;
        const char *code = code_of(other, &length);

        if (other != row)
            memcpy(full.others[full.other_count++].text, code, length);
    }
    return fg_row_encode(&full, buffer, FG_ROW_BYTES_MAX, ret_length, error);
}
