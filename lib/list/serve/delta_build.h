/* Making a delta file from two list files of one list.
 *
 * Reads both once, side by side, with one bucket of each in memory. The files are the caller's own: their
 * manifests are not verified here; whoever applies the delta proves it. Not: which deltas are kept
 * (list_routes.h). Relies on: proto. One thread. */
#ifndef FG_LIB_LIST_SERVE_DELTA_BUILD_H
#define FG_LIB_LIST_SERVE_DELTA_BUILD_H

#include "lib/base/err.h"
#include "proto/list/bucket_patch.h"

struct fg_delta_build_result {
    uint64_t from_version;
    uint64_t to_version;
    uint64_t file_bytes;
    uint32_t bucket_count; /* buckets that change */
    struct fg_bucket_patch_counts counts;
};

/* Writes out_path (temporary file, sync, rename). FG_E_STATE: there is no delta between these two (other
 * list, other number of buckets, version not higher, or it would be larger than the new list file). FG_E_IO,
 * FG_E_FORMAT, FG_E_SIZE, FG_E_MEMORY. */
enum fg_err fg_delta_build(const char *from_path, const char *to_path, const char *out_path,
                           struct fg_delta_build_result *ret_result, struct fg_error *error);

#endif
