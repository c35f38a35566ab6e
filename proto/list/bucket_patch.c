/* Applying a patch to a bucket. */
#include "proto/list/bucket_patch.h"

#include <string.h>

#include "lib/base/varint.h"
#include "proto/list/bucket_patch_private.h"
#include "proto/list/row.h"

struct apply {
    const uint8_t *old_bytes;
    size_t old_length;
    size_t old_at;
    const uint8_t *patch;
    size_t patch_length;
    size_t patch_at;
    uint8_t *new_bytes;
    size_t capacity;
    size_t new_length;
    size_t last_at; /* where the row put out last begins, behind its length; 0 = none yet */
};

static enum fg_err take_number(struct apply *apply, uint32_t *ret_value, struct fg_error *error)
{
    if (!fg_varint_get(apply->patch, apply->patch_length, &apply->patch_at, ret_value))
        return fg_fail(error, FG_E_FORMAT, "patch: no number at byte %zu", apply->patch_at);
    return FG_OK;
}

static enum fg_err put_row(struct apply *apply, const uint8_t *row, size_t length, struct fg_error *error)
{
    size_t before = apply->new_length;
    enum fg_err result =
        fg_bucket_append(apply->new_bytes, apply->capacity, &apply->new_length, row, length, error);

    if (result == FG_OK)
        apply->last_at = before + (apply->new_length - before - length);
    return result;
}

static enum fg_err take_old(struct apply *apply, struct fg_bucket_row *ret_row, struct fg_error *error)
{
    enum fg_err result = fg_bucket_next(apply->old_bytes, apply->old_length, &apply->old_at, ret_row, error);

    return result == FG_E_NOT_FOUND ? fg_fail(error, FG_E_FORMAT, "patch: names a row after the last one")
                                    : result;
}

static enum fg_err add_bytes(uint8_t row[FG_ROW_BYTES_MAX], size_t *length, const uint8_t *bytes,
                             size_t count, struct fg_error *error)
{
    if (count > FG_ROW_BYTES_MAX - *length)
        return fg_fail(error, FG_E_SIZE, "patch: a row of more than %d bytes", FG_ROW_BYTES_MAX);
    memcpy(row + *length, bytes, count);
    *length += count;
    return FG_OK;
}

/* One hunk: bytes of the base kept, then removed, then inserted bytes. */
static enum fg_err apply_hunk(struct apply *apply, const uint8_t *base, size_t base_length, size_t *base_at,
                              uint8_t row[FG_ROW_BYTES_MAX], size_t *length, bool *ret_more,
                              struct fg_error *error)
{
    uint32_t kept;
    uint32_t removed;
    uint32_t inserted;
    enum fg_err result = take_number(apply, &kept, error);

    if (result == FG_OK)
        result = take_number(apply, &removed, error);
    if (result == FG_OK)
        result = take_number(apply, &inserted, error);
    if (result != FG_OK)
        return result;
    *ret_more = (kept & 1) != 0;
    kept >>= 1;
    if (kept > base_length - *base_at || removed > base_length - *base_at - kept)
        return fg_fail(error, FG_E_FORMAT, "patch: a hunk reaches past its row's %zu bytes", base_length);
    if (inserted > apply->patch_length - apply->patch_at)
        return fg_fail(error, FG_E_FORMAT, "patch: a hunk inserts more bytes than follow");
    result = add_bytes(row, length, base + *base_at, kept, error);
    if (result == FG_OK)
        result = add_bytes(row, length, apply->patch + apply->patch_at, inserted, error);
    *base_at += kept + removed;
    apply->patch_at += inserted;
    return result;
}

static enum fg_err put_patched(struct apply *apply, const uint8_t *base, size_t base_length,
                               struct fg_error *error)
{
    uint8_t row[FG_ROW_BYTES_MAX];
    size_t length = 0;
    size_t base_at = 0;
    bool more = true;
    enum fg_err result = FG_OK;

    while (result == FG_OK && more)
        result = apply_hunk(apply, base, base_length, &base_at, row, &length, &more, error);
    if (result == FG_OK)
        result = add_bytes(row, &length, base + base_at, base_length - base_at, error);
    return result == FG_OK ? put_row(apply, row, length, error) : result;
}

static enum fg_err put_near(struct apply *apply, struct fg_error *error)
{
    struct fg_bucket_row base = {0};
    size_t at = apply->old_at;
    enum fg_err result = FG_OK;

    if (apply->last_at > 0) {
        base.bytes = apply->new_bytes + apply->last_at;
        base.length = apply->new_length - apply->last_at;
    } else {
        result = take_old(apply, &base, error);
        apply->old_at = at;
    }
    return result == FG_OK ? put_patched(apply, base.bytes, base.length, error) : result;
}

static enum fg_err put_whole(struct apply *apply, struct fg_error *error)
{
    const uint8_t *row;
    uint32_t length;
    enum fg_err result = take_number(apply, &length, error);

    if (result != FG_OK)
        return result;
    if (length > apply->patch_length - apply->patch_at)
        return fg_fail(error, FG_E_FORMAT, "patch: a new row of more bytes than follow");
    row = apply->patch + apply->patch_at;
    apply->patch_at += length;
    return put_row(apply, row, length, error);
}

static enum fg_err apply_one(struct apply *apply, struct fg_error *error)
{
    struct fg_bucket_row row;
    uint32_t head;
    enum fg_err result = take_number(apply, &head, error);

    for (uint32_t left = head >> FG_PATCH_KIND_BITS; result == FG_OK && left > 0; left--) {
        result = take_old(apply, &row, error);
        if (result == FG_OK)
            result = put_row(apply, row.bytes, row.length, error);
    }
    if (result != FG_OK)
        return result;
    switch (head & ((1U << FG_PATCH_KIND_BITS) - 1)) {
    case FG_PATCH_CHANGE:
        result = take_old(apply, &row, error);
        return result == FG_OK ? put_patched(apply, row.bytes, row.length, error) : result;
    case FG_PATCH_INSERT:
        return put_whole(apply, error);
    case FG_PATCH_DELETE:
        return take_old(apply, &row, error);
    default:
        return put_near(apply, error);
    }
}

enum fg_err fg_bucket_patch_apply(const uint8_t *old_bytes, size_t old_length, const uint8_t *patch,
                                  size_t patch_length, uint8_t *new_bytes, size_t capacity,
                                  size_t *ret_length, struct fg_error *error)
{
    struct apply apply = {.old_bytes = old_bytes,
                          .old_length = old_length,
                          .patch = patch,
                          .patch_length = patch_length,
                          .new_bytes = new_bytes,
                          .capacity = capacity};
    enum fg_err result = FG_OK;

    while (result == FG_OK && apply.patch_at < patch_length)
        result = apply_one(&apply, error);
    while (result == FG_OK && apply.old_at < old_length) {
        struct fg_bucket_row row;

        result = take_old(&apply, &row, error);
        if (result == FG_OK)
            result = put_row(&apply, row.bytes, row.length, error);
    }
    if (result == FG_OK)
        *ret_length = apply.new_length;
    return result;
}
