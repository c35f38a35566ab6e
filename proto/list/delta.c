/* Implementation of delta.h. */
#include "proto/list/delta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/input_file.h"
#include "lib/base/varint.h"
#include "proto/list/bucket_patch.h"

struct fg_delta_file {
    struct fg_input_file input;
    uint64_t body_left;
    uint32_t buckets_left;
    uint32_t bucket_end; /* 2^bits */
    uint32_t next_index; /* the lowest that may come next */
    size_t manifest_length;
    struct fg_delta_head head;
    uint8_t manifest[FG_MANIFEST_SIGNED_MAX];
    uint8_t patch[FG_BUCKET_PATCH_MAX];
};

static uint64_t get_number(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;

    for (size_t i = length; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static void put_number(uint8_t *bytes, size_t length, uint64_t value)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

uint64_t fg_delta_bytes_max(const struct fg_manifest *manifest)
{
    return 2 * FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES + FG_MANIFEST_SIGNED_MAX + FG_DELTA_HEAD_BYTES +
           manifest->body_bytes;
}

void fg_delta_head_put(const struct fg_delta_head *head, uint8_t *bytes)
{
    put_number(bytes, 8, head->from_version);
    memcpy(bytes + 8, head->from_root.bytes, FG_DIGEST_BYTES);
    put_number(bytes + 8 + FG_DIGEST_BYTES, 4, head->bucket_count);
    put_number(bytes + 12 + FG_DIGEST_BYTES, 8, head->body_bytes);
}

static enum fg_err read_head(struct fg_delta_file *file, struct fg_error *error)
{
    uint8_t start[FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES];
    uint8_t bytes[FG_DELTA_HEAD_BYTES];
    uint64_t length;
    enum fg_err result = fg_input_file_read(&file->input, start, sizeof(start), error);

    if (result != FG_OK)
        return result;
    if (memcmp(start, FG_DELTA_MAGIC, FG_DELTA_MAGIC_BYTES) != 0)
        return fg_fail(error, FG_E_FORMAT, "delta file: does not begin with FGDELT1; is it a delta file?");
    length = get_number(start + FG_DELTA_MAGIC_BYTES, FG_DELTA_LENGTH_BYTES);
    if (length < FG_MANIFEST_SIGNED_MIN || length > FG_MANIFEST_SIGNED_MAX)
        return fg_fail(error, FG_E_SIZE, "delta file: manifest of %llu bytes, %d to %d are allowed",
                       (unsigned long long)length, FG_MANIFEST_SIGNED_MIN, FG_MANIFEST_SIGNED_MAX);
    file->manifest_length = (size_t)length;
    result = fg_input_file_read(&file->input, file->manifest, file->manifest_length, error);
    if (result == FG_OK)
        result = fg_input_file_read(&file->input, bytes, sizeof(bytes), error);
    if (result != FG_OK)
        return result;
    file->head.from_version = get_number(bytes, 8);
    memcpy(file->head.from_root.bytes, bytes + 8, FG_DIGEST_BYTES);
    file->head.bucket_count = (uint32_t)get_number(bytes + 8 + FG_DIGEST_BYTES, 4);
    file->head.body_bytes = get_number(bytes + 12 + FG_DIGEST_BYTES, 8);
    return FG_OK;
}

enum fg_err fg_delta_file_open(const char *path, struct fg_delta_file **ret_file, struct fg_error *error)
{
    struct fg_delta_file *file = calloc(1, sizeof(*file));
    enum fg_err result;

    if (file == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    result = fg_input_file_open(path, "delta file", &file->input, error);
    if (result == FG_OK)
        result = read_head(file, error);
    if (result != FG_OK) {
        fg_delta_file_close(file);
        return result;
    }
    *ret_file = file;
    return FG_OK;
}

void fg_delta_file_close(struct fg_delta_file *file)
{
    if (file == NULL)
        return;
    fg_input_file_close(&file->input);
    free(file);
}

const uint8_t *fg_delta_file_manifest(const struct fg_delta_file *file, size_t *ret_length)
{
    *ret_length = file->manifest_length;
    return file->manifest;
}

const struct fg_delta_head *fg_delta_file_head(const struct fg_delta_file *file)
{
    return &file->head;
}

enum fg_err fg_delta_file_expect(struct fg_delta_file *file, const struct fg_manifest *manifest,
                                 struct fg_error *error)
{
    const struct fg_delta_head *head = &file->head;
    uint64_t frame =
        2 * FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES + file->manifest_length + FG_DELTA_HEAD_BYTES;

    if (head->from_version == 0 || head->from_version >= manifest->version)
        return fg_fail(error, FG_E_FORMAT, "delta file: from version %llu to %llu is not upwards",
                       (unsigned long long)head->from_version, (unsigned long long)manifest->version);
    file->bucket_end = (uint32_t)1 << manifest->bucket_bits;
    if (head->bucket_count > file->bucket_end)
        return fg_fail(error, FG_E_SIZE, "delta file: %u buckets, the list has %u", head->bucket_count,
                       file->bucket_end);
    if (file->input.size_bytes < frame || file->input.size_bytes - frame != head->body_bytes ||
        file->input.size_bytes > fg_delta_bytes_max(manifest))
        return fg_fail(error, FG_E_SIZE, "delta file: %llu bytes do not fit its head; fetch it again",
                       (unsigned long long)file->input.size_bytes);
    file->body_left = head->body_bytes;
    file->buckets_left = head->bucket_count;
    return FG_OK;
}

/* Numbers are read byte by byte, since what follows them is not known before. */
static enum fg_err read_varint(struct fg_delta_file *file, uint32_t *ret_value, struct fg_error *error)
{
    uint8_t bytes[FG_VARINT_BYTES_MAX];
    size_t at = 0;

    for (size_t i = 0; i < sizeof(bytes) && file->body_left > 0; i++) {
        enum fg_err result = fg_input_file_read(&file->input, &bytes[i], 1, error);

        if (result != FG_OK)
            return result;
        file->body_left--;
        if (fg_varint_get(bytes, i + 1, &at, ret_value))
            return FG_OK;
    }
    return fg_fail(error, FG_E_FORMAT, "delta file: no number where one is due");
}

static enum fg_err read_end(struct fg_delta_file *file, struct fg_error *error)
{
    char marker[FG_DELTA_MAGIC_BYTES];
    enum fg_err result = fg_input_file_read(&file->input, marker, sizeof(marker), error);

    if (result != FG_OK)
        return result;
    if (file->body_left != 0 || memcmp(marker, FG_DELTA_END, sizeof(marker)) != 0 ||
        fgetc(file->input.stream) != EOF)
        return fg_fail(error, FG_E_FORMAT, "delta file: does not end after its last bucket");
    return fg_fail(error, FG_E_NOT_FOUND, "delta file: no further bucket");
}

enum fg_err fg_delta_file_next(struct fg_delta_file *file, uint32_t *ret_index, const uint8_t **ret_patch,
                               size_t *ret_length, struct fg_error *error)
{
    uint32_t gap;
    uint32_t length;
    enum fg_err result;

    if (file->buckets_left == 0)
        return read_end(file, error);
    result = read_varint(file, &gap, error);
    if (result == FG_OK)
        result = read_varint(file, &length, error);
    if (result != FG_OK)
        return result;
    if (gap >= file->bucket_end - file->next_index)
        return fg_fail(error, FG_E_FORMAT, "delta file: a bucket after the last of %u", file->bucket_end);
    if (length > FG_BUCKET_PATCH_MAX || length > file->body_left)
        return fg_fail(error, FG_E_SIZE, "delta file: a patch of %u bytes is larger than what may follow",
                       length);
    result = fg_input_file_read(&file->input, file->patch, length, error);
    if (result != FG_OK)
        return result;
    file->body_left -= length;
    file->buckets_left--;
    *ret_index = file->next_index + gap;
    file->next_index = *ret_index + 1;
    *ret_patch = file->patch;
    *ret_length = length;
    return FG_OK;
}
