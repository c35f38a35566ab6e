/* Any bytes as a delta file: read patch by patch behind an unverified manifest, each patch applied to a
 * bucket, and the file offered to a store that trusts nobody. Input that begins with 'P' is a patch alone,
 * behind a bucket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket_patch.h"
#include "proto/list/delta.h"
#include "proto/list/manifest.h"

static uint8_t made[FG_BUCKET_BYTES_MAX];

/* Three rows of the codes A, C and E, with a field or two. */
static const uint8_t bucket[] = {
    7, 0, 0x0a, 1, 'A', 0x18, 1, 0x20, 1, 5, 0, 0x0a, 1, 'C', 0x18, 2, 3, 0, 0x0a, 1, 'E',
};

static void apply(const uint8_t *patch, size_t length)
{
    struct fg_error error;
    size_t made_length;

    if (fg_bucket_patch_apply(bucket, sizeof(bucket), patch, length, made, sizeof(made), &made_length,
                              &error) == FG_OK &&
        made_length > sizeof(made))
        abort();
    (void)fg_bucket_patch_apply(bucket, 0, patch, length, made, sizeof(made), &made_length, &error);
}

/* What comes out of a patch can be reached again from where it started. */
static void make(const uint8_t *patch, size_t length)
{
    static uint8_t again[FG_BUCKET_PATCH_MAX];
    static uint8_t check[FG_BUCKET_BYTES_MAX];
    struct fg_bucket_patch_counts counts = {0};
    struct fg_error error;
    size_t made_length;
    size_t again_length;
    size_t check_length;

    if (fg_bucket_patch_apply(bucket, sizeof(bucket), patch, length, made, sizeof(made), &made_length,
                              &error) != FG_OK ||
        fg_bucket_patch_make(bucket, sizeof(bucket), made, made_length, again, sizeof(again), &again_length,
                             &counts, &error) != FG_OK)
        return;
    if (fg_bucket_patch_apply(bucket, sizeof(bucket), again, again_length, check, sizeof(check),
                              &check_length, &error) != FG_OK ||
        check_length != made_length || memcmp(check, made, made_length) != 0)
        abort();
}

static void read_through(struct fg_delta_file *file)
{
    struct fg_manifest manifest;
    struct fg_error error;
    const uint8_t *bytes;
    size_t length;
    uint32_t index;

    bytes = fg_delta_file_manifest(file, &length);
    if (fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, &manifest,
                           &error) != FG_OK ||
        fg_delta_file_expect(file, &manifest, &error) != FG_OK)
        return;
    while (fg_delta_file_next(file, &index, &bytes, &length, &error) == FG_OK) {
        if (index >> manifest.bucket_bits != 0)
            abort();
        apply(bytes, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_list *list;
    struct fg_delta_file *file;
    struct fg_manifest manifest;
    struct fg_error error;
    char path[64];
    int fd;

    if (size > 0 && data[0] == 'P') {
        apply(data + 1, size - 1);
        make(data + 1, size - 1);
        return 0;
    }
    fd = memfd_create("delta", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (list == NULL && fg_list_open(":memory:", NULL, NULL, 0, &list, &error) != FG_OK)
        list = NULL;
    if (write(fd, data, size) == (ssize_t)size) {
        if (fg_delta_file_open(path, &file, &error) == FG_OK) {
            read_through(file);
            fg_delta_file_close(file);
        }
        if (list != NULL)
            (void)fg_list_import(list, path, 0, &manifest, &error);
    }
    (void)close(fd);
    return 0;
}
