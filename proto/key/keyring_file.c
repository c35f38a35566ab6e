/* Implementation of the kept key rings (keyring_file.h). Each ring stands behind its length, two bytes, least
 * first. */
#include "proto/key/keyring_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"

#define LENGTH_BYTES 2
#define FILE_BYTES_MAX (FG_KEYRING_FILE_RINGS_MAX * (LENGTH_BYTES + FG_KEYRING_BYTES_MAX))
#define PATH_BYTES 512

struct kept {
    size_t length;
    size_t ring_count;
    size_t newest_at; /* where the newest ring's bytes begin; meaningful when there is one */
    uint8_t bytes[FILE_BYTES_MAX + 1];
};

enum fg_err fg_keyring_first(const struct fg_public_key *list_keys, size_t list_key_count,
                             const struct fg_public_key *receipt_key, struct fg_keyring *ret_ring,
                             struct fg_error *error)
{
    struct fg_keyring ring = {0};

    if (list_key_count == 0 || list_key_count > 4)
        return fg_fail(error, FG_E_ARG, "a device starts with 1 to 4 list keys, not %zu", list_key_count);
    for (size_t i = 0; i < list_key_count; i++) {
        ring.keys[ring.key_count++] = (struct fg_keyring_key){FG_KEYRING_LIST, list_keys[i]};
        ring.keys[ring.key_count++] = (struct fg_keyring_key){FG_KEYRING_TAG, list_keys[i]};
    }
    if (receipt_key != NULL)
        ring.keys[ring.key_count++] = (struct fg_keyring_key){FG_KEYRING_RECEIPT, *receipt_key};
    *ret_ring = ring;
    return FG_OK;
}

/* A file that is not there is an empty one. */
static enum fg_err kept_read(const char *path, struct kept *kept, struct fg_error *error)
{
    enum fg_err result;

    kept->length = 0;
    result = fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_BEGINNING, kept->bytes, sizeof(kept->bytes),
                          &kept->length, error);
    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result == FG_OK && kept->length > FILE_BYTES_MAX)
        return fg_fail(error, FG_E_CORRUPT, "%s: longer than %d kept key rings can be", path,
                       FG_KEYRING_FILE_RINGS_MAX);
    return result;
}

/* The ring that begins at *at, behind its length; *at moves behind it. number is for the message. */
static enum fg_err kept_step(const char *path, const struct kept *kept, size_t number, size_t *at,
                             const uint8_t **ret_bytes, size_t *ret_length, struct fg_error *error)
{
    size_t left = kept->length - *at;
    size_t length =
        left < LENGTH_BYTES ? SIZE_MAX : (size_t)(kept->bytes[*at] | (unsigned)kept->bytes[*at + 1] << 8);

    if (length > FG_KEYRING_BYTES_MAX || length > left - LENGTH_BYTES)
        return fg_fail(error, FG_E_CORRUPT, "%s: key ring %zu breaks off", path, number);
    *ret_bytes = kept->bytes + *at + LENGTH_BYTES;
    *ret_length = length;
    *at += LENGTH_BYTES + length;
    return FG_OK;
}

static enum fg_err kept_verify(const char *path, struct kept *kept, const struct fg_keyring *first,
                               struct fg_keyring *ret_ring, struct fg_error *error)
{
    struct fg_keyring in_force = *first;
    size_t at = 0;

    kept->ring_count = 0;
    while (at < kept->length) {
        struct fg_keyring next;
        struct fg_error why = {0};
        const uint8_t *bytes = NULL;
        size_t length = 0;
        enum fg_err code = kept_step(path, kept, kept->ring_count + 1, &at, &bytes, &length, error);

        if (code != FG_OK)
            return code;
        code = fg_keyring_verify(bytes, length, &in_force, &next, &why);
        if (code != FG_OK)
            return fg_fail(error, code, "%s: key ring %zu does not follow from the one before: %s", path,
                           kept->ring_count + 1, why.text);
        kept->newest_at = (size_t)(bytes - kept->bytes);
        kept->ring_count++;
        in_force = next;
    }
    *ret_ring = in_force;
    return FG_OK;
}

enum fg_err fg_keyring_file_load(const char *path, const struct fg_keyring *first,
                                 struct fg_keyring *ret_ring, struct fg_error *error)
{
    struct kept *kept = malloc(sizeof(*kept));
    enum fg_err result;

    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the key rings");
    result = kept_read(path, kept, error);
    if (result == FG_OK)
        result = kept_verify(path, kept, first, ret_ring, error);
    free(kept);
    return result;
}

static bool is_of_the_file(enum fg_err code)
{
    return code != FG_E_IO && code != FG_E_MEMORY;
}

enum fg_err fg_keyring_file_start(const char *path, const struct fg_keyring *first,
                                  struct fg_keyring *ret_ring, struct fg_error *error)
{
    struct fg_error why = {0};
    enum fg_err code = fg_keyring_file_load(path, first, ret_ring, &why);
    char aside[PATH_BYTES];

    if (code == FG_OK)
        return FG_OK;
    *ret_ring = *first;
    if (!is_of_the_file(code) ||
        (size_t)snprintf(aside, sizeof(aside), "%s.damaged", path) >= sizeof(aside) ||
        rename(path, aside) != 0)
        return fg_fail(error, code, "only the configured keys count: %s", why.text);
    return fg_fail(error, code,
                   "only the configured keys count until the rings arrive again; put aside as "
                   "%s: %s",
                   aside, why.text);
}

static enum fg_err kept_pick(const char *path, const struct kept *kept, uint64_t after, bool newest,
                             uint8_t *buffer, size_t *ret_length, uint64_t *ret_version,
                             struct fg_error *error)
{
    const uint8_t *found = NULL;
    size_t found_length = 0;
    uint64_t found_version = 0;
    size_t at = 0;

    for (size_t number = 1; at < kept->length; number++) {
        struct fg_keyring ring;
        const uint8_t *bytes = NULL;
        size_t length = 0;
        enum fg_err code = kept_step(path, kept, number, &at, &bytes, &length, error);

        if (code == FG_OK)
            code = fg_keyring_decode(bytes, length, &ring, NULL, error);
        if (code != FG_OK)
            return code;
        if (ring.version <= after ||
            (found != NULL && (newest ? ring.version < found_version : ring.version >= found_version)))
            continue;
        found = bytes;
        found_length = length;
        found_version = ring.version;
    }
    if (found == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "there is no key ring after version %llu",
                       (unsigned long long)after);
    memcpy(buffer, found, found_length);
    *ret_length = found_length;
    *ret_version = found_version;
    return FG_OK;
}

enum fg_err fg_keyring_file_next(const char *path, uint64_t after, bool newest, uint8_t *buffer,
                                 size_t *ret_length, uint64_t *ret_version, struct fg_error *error)
{
    struct kept *kept = malloc(sizeof(*kept));
    enum fg_err result;

    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the key rings");
    result = kept_read(path, kept, error);
    if (result == FG_OK)
        result = kept_pick(path, kept, after, newest, buffer, ret_length, ret_version, error);
    free(kept);
    return result;
}

static bool kept_is_newest(const struct kept *kept, const uint8_t *bytes, size_t length)
{
    return kept->ring_count > 0 && kept->length - kept->newest_at == length &&
           memcmp(kept->bytes + kept->newest_at, bytes, length) == 0;
}

static enum fg_err kept_append(const char *path, struct kept *kept, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    if (kept->ring_count >= FG_KEYRING_FILE_RINGS_MAX)
        return fg_fail(
            error, FG_E_FULL,
            "%s: %d key rings are kept; give this device newer list keys by hand and remove the file", path,
            FG_KEYRING_FILE_RINGS_MAX);
    kept->bytes[kept->length] = (uint8_t)length;
    kept->bytes[kept->length + 1] = (uint8_t)(length >> 8);
    memcpy(kept->bytes + kept->length + LENGTH_BYTES, bytes, length);
    kept->length += LENGTH_BYTES + length;
    /* Were a ring that was taken gone after a power cut, old keys would be good again. */
    return fg_file_write(path, 0644, kept->bytes, kept->length, error);
}

enum fg_err fg_keyring_file_add(const char *path, const struct fg_keyring *first, const uint8_t *bytes,
                                size_t length, struct fg_keyring *ret_ring, struct fg_error *error)
{
    struct kept *kept = malloc(sizeof(*kept));
    struct fg_keyring in_force;
    struct fg_keyring next;
    enum fg_err result;

    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the key rings");
    result = kept_read(path, kept, error);
    if (result == FG_OK)
        result = kept_verify(path, kept, first, &in_force, error);
    if (result != FG_OK)
        goto done;
    if (kept_is_newest(kept, bytes, length)) {
        *ret_ring = in_force;
        goto done;
    }
    result = fg_keyring_verify(bytes, length, &in_force, &next, error);
    if (result == FG_OK)
        result = kept_append(path, kept, bytes, length, error);
    if (result == FG_OK)
        *ret_ring = next;
done:
    free(kept);
    return result;
}
