/* Kept key rings and the answers of a next hop, from anywhere. The first byte tells how many of the others
 * are the kept file (the share of 127), and whether the answer is signed by the key that is in force: without
 * that, nothing would come behind the check of signatures. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/hop/keyring_fetch.h"

#define ANSWERS_MAX 3

struct hop {
    const uint8_t *bytes;
    size_t length;
    bool sign;
    unsigned answers;
};

static struct fg_private_key key;
static char path[64];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum fg_err answer(void *context, uint64_t after, uint8_t *buffer, size_t *ret_length,
                          struct fg_error *error)
{
    struct hop *hop = context;

    (void)after;
    if (hop->answers++ == ANSWERS_MAX || hop->length > FG_KEYRING_BYTES_MAX)
        return fg_fail(error, FG_E_NOT_FOUND, "no more rings");
    memcpy(buffer, hop->bytes, hop->length);
    *ret_length = hop->length;
    if (hop->sign)
        return fg_keyring_sign(buffer, hop->length, &key, buffer, FG_KEYRING_BYTES_MAX, ret_length, error);
    return FG_OK;
}

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void start(void)
{
    struct fg_error error;

    if (path[0] != '\0')
        return;
    require(fg_private_key_new(&key, &error) == FG_OK);
    (void)snprintf(path, sizeof(path), "/tmp/fuzz-keyring-%ld", (long)getpid());
}

static void keep(const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    require(file != NULL);
    require(fwrite(bytes, 1, length, file) == length);
    require(fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_keyring_source source = {.next = answer};
    struct fg_keyring_fetch_result result;
    struct fg_keyring first;
    struct fg_keyring ring;
    struct fg_error error;
    struct hop hop;
    size_t kept;

    start();
    if (length == 0)
        return 0;
    kept = (length - 1) * (bytes[0] >> 1) / 127;
    hop = (struct hop){.bytes = bytes + 1 + kept, .length = length - 1 - kept, .sign = bytes[0] & 1};
    source.context = &hop;
    keep(bytes + 1, kept);
    require(fg_keyring_first(&key.public_key, 1, NULL, &first, &error) == FG_OK);
    if (fg_keyring_file_load(path, &first, &ring, &error) != FG_OK) {
        ring = first;
        (void)unlink(path);
    }
    (void)fg_keyring_fetch(&source, path, &first, &ring, &result, &error);
    /* Whatever came: what is kept now is a chain that holds. */
    require(fg_keyring_file_load(path, &first, &ring, &error) == FG_OK);
    (void)unlink(path);
    return 0;
}
