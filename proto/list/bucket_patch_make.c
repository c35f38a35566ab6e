/* Making a patch between two versions of a bucket: rows are matched by code, changed rows become the cheapest
 * hunks. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/varint.h"
#include "proto/list/bucket_patch.h"
#include "proto/list/bucket_patch_private.h"
#include "proto/list/row.h"

#define HUNK_COST 3 /* bytes of a hunk beside those it inserts, as a rule */
#define CELLS ((FG_ROW_BYTES_MAX + 1) * (FG_ROW_BYTES_MAX + 1))

struct hunk {
    uint32_t kept;
    uint32_t removed;
    uint32_t inserted;
    const uint8_t *bytes;
};

/* The cheapest way from one row to another: for each pair of positions the cost of the rest, when the bytes
 * there are being copied and when a hunk is open. */
struct diff {
    uint16_t copying[CELLS];
    uint16_t editing[CELLS];
    struct hunk hunks[FG_ROW_BYTES_MAX + 1];
    size_t hunk_count;
};

struct make {
    uint8_t *patch;
    size_t capacity;
    size_t length;
    uint32_t gap;
    struct fg_bucket_patch_counts *counts;
    struct diff *diff;
};

/* a and b are what remains of the rows between their common beginning and their common end. */
static void fill_costs(struct diff *diff, const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    size_t width = m + 1;

    for (size_t i = n + 1; i-- > 0;) {
        for (size_t j = m + 1; j-- > 0;) {
            bool same = i < n && j < m && a[i] == b[j];
            size_t at = i * width + j;
            unsigned edit = i == n && j == m ? 0 : UINT16_MAX;
            unsigned copy = edit;

            if (i < n)
                edit = diff->editing[at + width];
            if (j < m && diff->editing[at + 1] + 1U < edit)
                edit = diff->editing[at + 1] + 1U;
            if (same && diff->copying[at + width + 1] < edit)
                edit = diff->copying[at + width + 1];
            if (same)
                copy = diff->copying[at + width + 1];
            if (edit + HUNK_COST < copy)
                copy = edit + HUNK_COST;
            diff->editing[at] = (uint16_t)edit;
            diff->copying[at] = (uint16_t)copy;
        }
    }
}

static void trace_hunks(struct diff *diff, const uint8_t *a, size_t n, const uint8_t *b, size_t m,
                        uint32_t kept)
{
    size_t width = m + 1;
    size_t i = 0;
    size_t j = 0;

    diff->hunk_count = 0;
    while (i < n || j < m) {
        struct hunk *hunk = &diff->hunks[diff->hunk_count];
        bool same = i < n && j < m && a[i] == b[j];

        if (same && diff->copying[i * width + j] == diff->copying[(i + 1) * width + j + 1]) {
            kept++;
            i++;
            j++;
            continue;
        }
        *hunk = (struct hunk){.kept = kept, .bytes = b + j};
        diff->hunk_count++;
        kept = 0;
        while (i < n || j < m) {
            uint16_t cost = diff->editing[i * width + j];

            if (i < n && j < m && a[i] == b[j] && cost == diff->copying[(i + 1) * width + j + 1])
                break;
            /* Insertions first, so that the inserted bytes of a hunk stand together in b either way. */
            if (j < m && cost == diff->editing[i * width + j + 1] + 1U) {
                hunk->inserted++;
                j++;
            } else {
                hunk->removed++;
                i++;
            }
        }
    }
}

static void find_hunks(struct diff *diff, const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    size_t least = n < m ? n : m;
    size_t begin = 0;
    size_t end = 0;

    while (begin < least && a[begin] == b[begin])
        begin++;
    while (end < least - begin && a[n - 1 - end] == b[m - 1 - end])
        end++;
    fill_costs(diff, a + begin, n - begin - end, b + begin, m - begin - end);
    trace_hunks(diff, a + begin, n - begin - end, b + begin, m - begin - end, (uint32_t)begin);
}

/* Writes the hunks found last; 0 when they do not fit. Two equal rows get one hunk that does nothing. */
static size_t write_hunks(const struct diff *diff, uint8_t *bytes, size_t capacity)
{
    static const struct hunk nothing;
    size_t count = diff->hunk_count == 0 ? 1 : diff->hunk_count;
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        const struct hunk *hunk = diff->hunk_count == 0 ? &nothing : &diff->hunks[i];
        uint32_t numbers[3] = {hunk->kept << 1 | (i + 1 < count), hunk->removed, hunk->inserted};

        for (int k = 0; k < 3; k++) {
            size_t used = fg_varint_put(bytes + length, capacity - length, numbers[k]);

            if (used == 0)
                return 0;
            length += used;
        }
        if (hunk->inserted > capacity - length)
            return 0;
        if (hunk->inserted > 0)
            memcpy(bytes + length, hunk->bytes, hunk->inserted);
        length += hunk->inserted;
    }
    return length;
}

static enum fg_err put_operation(struct make *make, enum fg_patch_kind kind, const uint8_t *bytes,
                                 size_t length, uint64_t *rows, uint64_t *counted, struct fg_error *error)
{
    size_t used = fg_varint_put(make->patch + make->length, make->capacity - make->length,
                                make->gap << FG_PATCH_KIND_BITS | (uint32_t)kind);

    if (used == 0 || length > make->capacity - make->length - used)
        return fg_fail(error, FG_E_SIZE, "patch: does not fit %zu bytes", make->capacity);
    memcpy(make->patch + make->length + used, bytes, length);
    make->length += used + length;
    make->gap = 0;
    *rows += 1;
    *counted += used + length;
    return FG_OK;
}

static enum fg_err put_change(struct make *make, const struct fg_bucket_row *from,
                              const struct fg_bucket_row *to, struct fg_error *error)
{
    uint8_t bytes[2 * FG_ROW_BYTES_MAX];
    size_t length;

    if (from->length == to->length && memcmp(from->bytes, to->bytes, to->length) == 0) {
        make->gap++;
        return FG_OK;
    }
    find_hunks(make->diff, from->bytes, from->length, to->bytes, to->length);
    length = write_hunks(make->diff, bytes, sizeof(bytes));
    if (length == 0)
        return fg_fail(error, FG_E_SIZE, "patch: the change of a row does not fit %zu bytes", sizeof(bytes));
    return put_operation(make, FG_PATCH_CHANGE, bytes, length, &make->counts->changed_rows,
                         &make->counts->changed_bytes, error);
}

/* near is what the reader will have at hand as a pattern; bytes NULL when there is nothing. */
static enum fg_err put_insert(struct make *make, const struct fg_bucket_row *near,
                              const struct fg_bucket_row *row, struct fg_error *error)
{
    uint8_t bytes[FG_VARINT_BYTES_MAX + FG_ROW_BYTES_MAX];
    uint8_t hunks[FG_ROW_BYTES_MAX];
    size_t used = fg_varint_put(bytes, sizeof(bytes), (uint32_t)row->length);
    size_t hunks_length = 0;

    memcpy(bytes + used, row->bytes, row->length);
    if (near->bytes != NULL) {
        find_hunks(make->diff, near->bytes, near->length, row->bytes, row->length);
        hunks_length = write_hunks(make->diff, hunks, sizeof(hunks));
    }
    if (hunks_length > 0 && hunks_length < used + row->length)
        return put_operation(make, FG_PATCH_NEAR, hunks, hunks_length, &make->counts->inserted_rows,
                             &make->counts->inserted_bytes, error);
    return put_operation(make, FG_PATCH_INSERT, bytes, used + row->length, &make->counts->inserted_rows,
                         &make->counts->inserted_bytes, error);
}

/* The next row of a bucket; bytes NULL at its end. */
static enum fg_err next_row(const uint8_t *bytes, size_t length, size_t *at, struct fg_bucket_row *ret_row,
                            struct fg_error *error)
{
    enum fg_err result = fg_bucket_next(bytes, length, at, ret_row, error);

    if (result != FG_E_NOT_FOUND)
        return result;
    *ret_row = (struct fg_bucket_row){0};
    return FG_OK;
}

/* Which of two rows comes first: negative the old one, positive the new one, 0 the same code. */
static int compare(const struct fg_bucket_row *from, const struct fg_bucket_row *to)
{
    if (from->bytes == NULL)
        return 1;
    if (to->bytes == NULL)
        return -1;
    return fg_bucket_compare(from->code, from->code_length, to->code, to->code_length);
}

static enum fg_err merge(struct make *make, const uint8_t *old_bytes, size_t old_length,
                         const uint8_t *new_bytes, size_t new_length, struct fg_error *error)
{
    struct fg_bucket_row from = {0};
    struct fg_bucket_row to = {0};
    struct fg_bucket_row last = {0};
    size_t old_at = 0;
    size_t new_at = 0;
    enum fg_err result = next_row(old_bytes, old_length, &old_at, &from, error);

    if (result == FG_OK)
        result = next_row(new_bytes, new_length, &new_at, &to, error);
    while (result == FG_OK && (from.bytes != NULL || to.bytes != NULL)) {
        int order = compare(&from, &to);

        if (order < 0)
            result = put_operation(make, FG_PATCH_DELETE, (const uint8_t *)"", 0, &make->counts->deleted_rows,
                                   &make->counts->deleted_bytes, error);
        else if (order > 0)
            result = put_insert(make, last.bytes != NULL ? &last : &from, &to, error);
        else
            result = put_change(make, &from, &to, error);
        if (result == FG_OK && order >= 0) {
            last = to;
            result = next_row(new_bytes, new_length, &new_at, &to, error);
        }
        if (result == FG_OK && order <= 0)
            result = next_row(old_bytes, old_length, &old_at, &from, error);
    }
    return result;
}

enum fg_err fg_bucket_patch_make(const uint8_t *old_bytes, size_t old_length, const uint8_t *new_bytes,
                                 size_t new_length, uint8_t *patch, size_t capacity, size_t *ret_length,
                                 struct fg_bucket_patch_counts *counts, struct fg_error *error)
{
    struct make make = {.patch = patch, .capacity = capacity, .counts = counts};
    enum fg_err result;

    make.diff = malloc(sizeof(*make.diff));
    if (make.diff == NULL)
        return fg_fail(error, FG_E_MEMORY, "patch: out of memory");
    result = merge(&make, old_bytes, old_length, new_bytes, new_length, error);
    free(make.diff);
    if (result == FG_OK)
        *ret_length = make.length;
    return result;
}
