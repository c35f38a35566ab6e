/* Implementation of list_file.h. */
#include "proto/list/list_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/input_file.h"
#include "proto/list/bucket.h"
#include "proto/list/manifest.h"

struct fg_list_file {
    struct fg_input_file input;
    uint64_t body_left;
    uint32_t buckets_left;
    size_t manifest_length;
    uint8_t manifest[FG_MANIFEST_SIGNED_MAX];
    uint8_t bucket[FG_BUCKET_BYTES_MAX];
};

static enum fg_err read_length(struct fg_list_file *file, uint32_t *ret_length, struct fg_error *error)
{
    uint8_t bytes[FG_LIST_FILE_LENGTH_BYTES];
    enum fg_err result = fg_input_file_read(&file->input, bytes, sizeof(bytes), error);

    if (result == FG_OK)
        *ret_length = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                      (uint32_t)bytes[3] << 24;
    return result;
}

static enum fg_err read_head(struct fg_list_file *file, struct fg_error *error)
{
    char magic[FG_LIST_FILE_MAGIC_BYTES];
    uint32_t length;
    enum fg_err result = fg_input_file_read(&file->input, magic, sizeof(magic), error);

    if (result != FG_OK)
        return result;
    if (memcmp(magic, FG_LIST_FILE_MAGIC, sizeof(magic)) != 0)
        return fg_fail(error, FG_E_FORMAT, "list file: does not begin with FGLIST1; is it a list file?");
    result = read_length(file, &length, error);
    if (result != FG_OK)
        return result;
    if (length < FG_MANIFEST_SIGNED_MIN || length > FG_MANIFEST_SIGNED_MAX)
        return fg_fail(error, FG_E_SIZE, "list file: manifest of %u bytes, %d to %d are allowed", length,
                       FG_MANIFEST_SIGNED_MIN, FG_MANIFEST_SIGNED_MAX);
    file->manifest_length = length;
    return fg_input_file_read(&file->input, file->manifest, length, error);
}

enum fg_err fg_list_file_open(const char *path, struct fg_list_file **ret_file, struct fg_error *error)
{
    struct fg_list_file *file = calloc(1, sizeof(*file));
    enum fg_err result;

    if (file == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    result = fg_input_file_open(path, "list file", &file->input, error);
    if (result == FG_OK)
        result = read_head(file, error);
    if (result != FG_OK) {
        fg_list_file_close(file);
        return result;
    }
    *ret_file = file;
    return FG_OK;
}

void fg_list_file_close(struct fg_list_file *file)
{
    if (file == NULL)
        return;
    fg_input_file_close(&file->input);
    free(file);
}

const uint8_t *fg_list_file_manifest(const struct fg_list_file *file, size_t *ret_length)
{
    *ret_length = file->manifest_length;
    return file->manifest;
}

enum fg_err fg_list_file_expect(struct fg_list_file *file, const struct fg_manifest *manifest,
                                struct fg_error *error)
{
    uint64_t head = FG_LIST_FILE_MAGIC_BYTES + FG_LIST_FILE_LENGTH_BYTES + file->manifest_length;

    if (file->input.size_bytes < head || file->input.size_bytes - head != manifest->body_bytes)
        return fg_fail(error, FG_E_SIZE, "list file: %llu bytes, its manifest promises %llu; fetch it again",
                       (unsigned long long)file->input.size_bytes,
                       (unsigned long long)(head + manifest->body_bytes));
    file->body_left = manifest->body_bytes;
    file->buckets_left = (uint32_t)1 << manifest->bucket_bits;
    return FG_OK;
}

enum fg_err fg_list_file_next(struct fg_list_file *file, const uint8_t **ret_bytes, size_t *ret_length,
                              struct fg_error *error)
{
    uint32_t length;
    enum fg_err result;

    if (file->buckets_left == 0) {
        if (file->body_left != 0 || fgetc(file->input.stream) != EOF)
            return fg_fail(error, FG_E_SIZE, "list file: goes on after its last bucket");
        return fg_fail(error, FG_E_NOT_FOUND, "list file: no further bucket");
    }
    result = read_length(file, &length, error);
    if (result != FG_OK)
        return result;
    if (length > FG_BUCKET_BYTES_MAX || file->body_left < FG_LIST_FILE_LENGTH_BYTES + (uint64_t)length)
        return fg_fail(error, FG_E_SIZE, "list file: a bucket of %u bytes is larger than what may follow",
                       length);
    result = fg_input_file_read(&file->input, file->bucket, length, error);
    if (result != FG_OK)
        return result;
    file->body_left -= FG_LIST_FILE_LENGTH_BYTES + (uint64_t)length;
    file->buckets_left--;
    *ret_bytes = file->bucket;
    *ret_length = length;
    return FG_OK;
}
