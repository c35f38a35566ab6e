/* A clerk's folder of key rings with anything in it. The first byte tells how many files there are, the
 * second which version is asked after and whether for the newest; the rest is dealt out to them in equal
 * parts. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/list/serve/key_rings.h"

#define FILES_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool held)
{
    if (!held)
        abort();
}

static void put(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    require(file != NULL);
    require(fwrite(bytes, 1, length, file) == length);
    require(fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static char folder[] = "/tmp/fuzz-key-rings-XXXXXX";
    static bool made;
    uint8_t picked[FG_KEYRING_BYTES_MAX];
    struct fg_keyring ring;
    struct fg_error error;
    char path[64];
    uint64_t version = 0;
    uint64_t after;
    size_t picked_length = 0;
    size_t count;

    if (length < 2)
        return 0;
    if (!made)
        require(mkdtemp(folder) != NULL);
    made = true;
    count = bytes[0] % FILES_MAX + 1;
    after = bytes[1] >> 1;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), "%s/%zu", folder, i);
        put(path, bytes + 2 + (length - 2) / count * i, (length - 2) / count);
    }
    if (fg_key_rings_pick(folder, after, (bytes[1] & 1) != 0, picked, &picked_length, &version, &error) ==
        FG_OK) {
        require(version > after);
        require(fg_keyring_decode(picked, picked_length, &ring, NULL, &error) == FG_OK);
        require(ring.version == version);
    }
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), "%s/%zu", folder, i);
        (void)unlink(path);
    }
    return 0;
}
