/* Any bytes as a manifest: parsed or refused, and what parses encodes again. */
#include <stdlib.h>

#include "proto/list/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    struct fg_manifest manifest;
    struct fg_error error;
    size_t length;

    if (fg_manifest_decode(data, size, &manifest, &error) == FG_OK &&
        fg_manifest_encode(&manifest, bytes, sizeof(bytes), &length, &error) != FG_OK)
        abort();
    (void)fg_manifest_verify(data, size, NULL, 0, &manifest, &error);
    return 0;
}
