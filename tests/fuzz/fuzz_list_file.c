/* Any bytes as a list file: read bucket by bucket behind an unverified manifest, and offered to a store that
 * trusts nobody. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"

static void read_through(struct fg_list_file *file)
{
    struct fg_manifest manifest;
    struct fg_error error;
    const uint8_t *bytes;
    size_t length;
    uint32_t rows;

    bytes = fg_list_file_manifest(file, &length);
    if (fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, &manifest,
                           &error) != FG_OK ||
        fg_list_file_expect(file, &manifest, &error) != FG_OK)
        return;
    for (uint32_t i = 0; fg_list_file_next(file, &bytes, &length, &error) == FG_OK; i++)
        (void)fg_bucket_check(bytes, length, i, manifest.bucket_bits, &rows, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_list *list;
    struct fg_list_file *file;
    struct fg_manifest manifest;
    struct fg_error error;
    char path[64];
    int fd = memfd_create("list", MFD_CLOEXEC);

    if (fd < 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (list == NULL && fg_list_open(":memory:", NULL, NULL, 0, &list, &error) != FG_OK)
        list = NULL;
    if (write(fd, data, size) == (ssize_t)size) {
        if (fg_list_file_open(path, &file, &error) == FG_OK) {
            read_through(file);
            fg_list_file_close(file);
        }
        if (list != NULL)
            (void)fg_list_import(list, path, 0, &manifest, &error);
    }
    (void)close(fd);
    return 0;
}
