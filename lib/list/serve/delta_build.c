/* Implementation of delta_build.h. */
#include "lib/list/serve/delta_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/varint.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"

struct build {
    struct fg_list_file *from;
    struct fg_list_file *to;
    struct fg_manifest from_manifest;
    struct fg_manifest to_manifest;
    FILE *stream;
    long head_at;
    uint32_t next_index;
    struct fg_delta_head head;
    struct fg_bucket_patch_counts counts;
    uint8_t patch[FG_BUCKET_PATCH_MAX];
};

static enum fg_err open_list(const char *path, struct fg_list_file **file, struct fg_manifest *manifest,
                             struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_file_open(path, file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(*file, &length);
    result =
        fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, manifest, error);
    if (result == FG_OK)
        result = fg_list_file_expect(*file, manifest, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", path);
}

static enum fg_err check_pair(const struct build *build, struct fg_error *error)
{
    const struct fg_manifest *from = &build->from_manifest;
    const struct fg_manifest *to = &build->to_manifest;

    if (strcmp(from->list_id, to->list_id) != 0 || from->version >= to->version)
        return fg_fail(error, FG_E_STATE, "delta: version %llu of %s does not follow version %llu of %s",
                       (unsigned long long)to->version, to->list_id, (unsigned long long)from->version,
                       from->list_id);
    if (from->bucket_bits != to->bucket_bits)
        return fg_fail(error, FG_E_STATE, "delta: the lists have %d and %d bucket bits", from->bucket_bits,
                       to->bucket_bits);
    return FG_OK;
}

/* The head is written again when its numbers are known. Failed writes show in the stream's error state. */
static void put_start(struct build *build)
{
    uint8_t head[FG_DELTA_HEAD_BYTES];
    uint8_t length_bytes[FG_DELTA_LENGTH_BYTES];
    size_t length;
    const uint8_t *manifest = fg_list_file_manifest(build->to, &length);

    for (int i = 0; i < FG_DELTA_LENGTH_BYTES; i++)
        length_bytes[i] = (uint8_t)(length >> (8 * i));
    (void)fwrite(FG_DELTA_MAGIC, 1, FG_DELTA_MAGIC_BYTES, build->stream);
    (void)fwrite(length_bytes, 1, sizeof(length_bytes), build->stream);
    (void)fwrite(manifest, 1, length, build->stream);
    build->head_at = (long)(FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES + length);
    build->head.from_version = build->from_manifest.version;
    build->head.from_root = build->from_manifest.root;
    fg_delta_head_put(&build->head, head);
    (void)fwrite(head, 1, sizeof(head), build->stream);
}

static void put_end(struct build *build)
{
    uint8_t head[FG_DELTA_HEAD_BYTES];

    (void)fwrite(FG_DELTA_END, 1, FG_DELTA_MAGIC_BYTES, build->stream);
    fg_delta_head_put(&build->head, head);
    if (fseek(build->stream, build->head_at, SEEK_SET) == 0)
        (void)fwrite(head, 1, sizeof(head), build->stream);
}

static enum fg_err put_patch(struct build *build, uint32_t index, size_t length, struct fg_error *error)
{
    uint8_t numbers[2 * FG_VARINT_BYTES_MAX];
    size_t used = fg_varint_put(numbers, sizeof(numbers), index - build->next_index);

    used += fg_varint_put(numbers + used, sizeof(numbers) - used, (uint32_t)length);
    (void)fwrite(numbers, 1, used, build->stream);
    (void)fwrite(build->patch, 1, length, build->stream);
    build->next_index = index + 1;
    build->head.bucket_count++;
    build->head.body_bytes += used + length;
    if (build->head.body_bytes > build->to_manifest.body_bytes)
        return fg_fail(error, FG_E_STATE, "delta: larger than the new list file; fetch that instead");
    return FG_OK;
}

static enum fg_err put_buckets(struct build *build, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (uint32_t index = 0; result == FG_OK && index >> build->to_manifest.bucket_bits == 0; index++) {
        const uint8_t *old;
        const uint8_t *new;
        size_t old_length;
        size_t new_length;
        size_t length;

        result = fg_list_file_next(build->from, &old, &old_length, error);
        if (result == FG_OK)
            result = fg_list_file_next(build->to, &new, &new_length, error);
        if (result != FG_OK)
            return result;
        if (old_length == new_length && memcmp(old, new, new_length) == 0)
            continue;
        result = fg_bucket_patch_make(old, old_length, new, new_length, build->patch, sizeof(build->patch),
                                      &length, &build->counts, error);
        if (result == FG_OK)
            result = put_patch(build, index, length, error);
    }
    return result;
}

static enum fg_err write_stream(struct build *build, struct fg_error *error)
{
    enum fg_err result;

    put_start(build);
    result = put_buckets(build, error);
    if (result != FG_OK)
        return result;
    put_end(build);
    return FG_OK;
}

static enum fg_err write_file(struct build *build, const char *path, struct fg_error *error)
{
    struct fg_file_draft draft;
    enum fg_err result = fg_file_draft_start(&draft, path, 0644, error);

    if (result != FG_OK)
        return result;
    build->stream = draft.stream;
    result = write_stream(build, error);
    build->stream = NULL;
    return fg_file_draft_finish(&draft, result, error);
}

static void tell(const struct build *build, struct fg_delta_build_result *ret_result)
{
    ret_result->from_version = build->from_manifest.version;
    ret_result->to_version = build->to_manifest.version;
    ret_result->file_bytes =
        (uint64_t)build->head_at + FG_DELTA_HEAD_BYTES + build->head.body_bytes + FG_DELTA_MAGIC_BYTES;
    ret_result->bucket_count = build->head.bucket_count;
    ret_result->counts = build->counts;
}

enum fg_err fg_delta_build(const char *from_path, const char *to_path, const char *out_path,
                           struct fg_delta_build_result *ret_result, struct fg_error *error)
{
    struct build *build = calloc(1, sizeof(*build));
    enum fg_err result;

    if (build == NULL)
        return fg_fail(error, FG_E_MEMORY, "delta: out of memory");
    result = open_list(from_path, &build->from, &build->from_manifest, error);
    if (result == FG_OK)
        result = open_list(to_path, &build->to, &build->to_manifest, error);
    if (result == FG_OK)
        result = check_pair(build, error);
    if (result == FG_OK)
        result = write_file(build, out_path, error);
    if (result == FG_OK)
        tell(build, ret_result);
    fg_list_file_close(build->to);
    fg_list_file_close(build->from);
    free(build);
    return result;
}
