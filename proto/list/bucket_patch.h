/* Patches: how the bytes of one bucket become those of the next version (PROTOCOL.md 4, "Delta file").
 *
 * A patch is a sequence of operations on rows as bytes; rows are never decoded or encoded anew. Nothing in a
 * patch is believed: what comes out is only good once it has proven against a signed root. Not: the file that
 * carries patches (delta.h). Relies on: bucket.h, row.h, varint.h. Pure functions; any thread. */
#ifndef FG_PROTO_LIST_BUCKET_PATCH_H
#define FG_PROTO_LIST_BUCKET_PATCH_H

#include "lib/base/err.h"
#include "proto/list/bucket.h"

/* More than any patch between two buckets needs. */
#define FG_BUCKET_PATCH_MAX (2 * FG_BUCKET_BYTES_MAX)

/* Writes the bucket that patch makes of old to new (capacity FG_BUCKET_BYTES_MAX is always enough; the
 * buffers must not overlap). FG_E_FORMAT when the patch does not fit the bucket or does not parse, FG_E_SIZE
 * when a row or the bucket becomes too large. */
enum fg_err fg_bucket_patch_apply(const uint8_t *old_bytes, size_t old_length, const uint8_t *patch,
                                  size_t patch_length, uint8_t *new_bytes, size_t capacity,
                                  size_t *ret_length, struct fg_error *error);

/* What a patch does, and the bytes that it takes for it. */
struct fg_bucket_patch_counts {
    uint64_t changed_rows;
    uint64_t changed_bytes;
    uint64_t inserted_rows;
    uint64_t inserted_bytes;
    uint64_t deleted_rows;
    uint64_t deleted_bytes;
};

/* Makes a patch that turns the old bucket into the new one; *counts is added to. FG_E_FORMAT when one of the
 * buckets does not hold rows, FG_E_SIZE, FG_E_MEMORY. */
enum fg_err fg_bucket_patch_make(const uint8_t *old_bytes, size_t old_length, const uint8_t *new_bytes,
                                 size_t new_length, uint8_t *patch, size_t capacity, size_t *ret_length,
                                 struct fg_bucket_patch_counts *counts, struct fg_error *error);

#endif
