/* Implementation of list_file.h. */
#include "proto/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/bucket.h"
#include "proto/manifest.h"

struct fg_list_file {
    FILE *stream;
    uint64_t size;
    uint64_t body_left;
    uint32_t buckets_left;
    size_t manifest_length;
    uint8_t manifest[FG_MANIFEST_SIGNED_MAX];
    uint8_t bucket[FG_BUCKET_BYTES_MAX];
};

static enum fg_err read_bytes(struct fg_list_file *file, void *bytes, size_t length, struct fg_error *error)
{
    if (length == 0 || fread(bytes, 1, length, file->stream) == length)
        return FG_OK;
    if (ferror(file->stream))
        return fg_fail(error, FG_E_IO, "list file: cannot be read: %s", strerror(errno));
    return fg_fail(error, FG_E_FORMAT, "list file: cut off at its end; fetch it again");
}

static enum fg_err read_length(struct fg_list_file *file, uint32_t *ret_length, struct fg_error *error)
{
    uint8_t bytes[FG_LIST_FILE_LENGTH_BYTES];
    enum fg_err result = read_bytes(file, bytes, sizeof(bytes), error);

    if (result == FG_OK)
        *ret_length = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                      (uint32_t)bytes[3] << 24;
    return result;
}

static enum fg_err open_stream(struct fg_list_file *file, const char *path, struct fg_error *error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return fg_fail(error, FG_E_FORMAT, "%s: not a regular file", path);
    }
    file->size = (uint64_t)status.st_size;
    file->stream = fdopen(fd, "rb");
    if (file->stream == NULL) {
        (void)close(fd);
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    }
    return FG_OK;
}

static enum fg_err read_head(struct fg_list_file *file, struct fg_error *error)
{
    char magic[FG_LIST_FILE_MAGIC_BYTES];
    uint32_t length;
    enum fg_err result = read_bytes(file, magic, sizeof(magic), error);

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
    return read_bytes(file, file->manifest, length, error);
}

enum fg_err fg_list_file_open(const char *path, struct fg_list_file **ret_file, struct fg_error *error)
{
    struct fg_list_file *file = calloc(1, sizeof(*file));
    enum fg_err result;

    if (file == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    result = open_stream(file, path, error);
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
    if (file->stream != NULL)
        (void)fclose(file->stream);
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

    if (file->size < head || file->size - head != manifest->body_bytes)
        return fg_fail(error, FG_E_SIZE, "list file: %llu bytes, its manifest promises %llu; fetch it again",
                       (unsigned long long)file->size, (unsigned long long)(head + manifest->body_bytes));
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
        if (file->body_left != 0 || fgetc(file->stream) != EOF)
            return fg_fail(error, FG_E_SIZE, "list file: goes on behind its last bucket");
        return fg_fail(error, FG_E_NOT_FOUND, "list file: no further bucket");
    }
    result = read_length(file, &length, error);
    if (result != FG_OK)
        return result;
    if (length > FG_BUCKET_BYTES_MAX || file->body_left < FG_LIST_FILE_LENGTH_BYTES + (uint64_t)length)
        return fg_fail(error, FG_E_SIZE, "list file: a bucket of %u bytes is larger than what may follow",
                       length);
    result = read_bytes(file, file->bucket, length, error);
    if (result != FG_OK)
        return result;
    file->body_left -= FG_LIST_FILE_LENGTH_BYTES + (uint64_t)length;
    file->buckets_left--;
    *ret_bytes = file->bucket;
    *ret_length = length;
    return FG_OK;
}
