/* Implementation of the bureau's keys at a filling point (controller_keys.h). */
#include "firmware/controller/controller_keys.h"

#include <string.h>

#include "lib/base/file.h"

/* The receipt key is left out: it may come after the start, and what a ring is verified with must not change
 * by that. */
static enum fg_err first_make(const struct fg_keys *keys, struct fg_keyring *ret_ring, struct fg_error *error)
{
    return fg_keyring_first(keys->list_keys, keys->list_key_count, NULL, ret_ring, error);
}

void fg_keys_start(const struct fg_config *config, fg_keys_complain complain, void *context,
                   struct fg_keys *ret_keys)
{
    struct fg_keyring first;
    struct fg_error error = {0};

    memset(ret_keys, 0, sizeof(*ret_keys));
    memcpy(ret_keys->kept_path, config->keyring_path, sizeof(ret_keys->kept_path));
    memcpy(ret_keys->receipt_key_path, config->receipt_key_path, sizeof(ret_keys->receipt_key_path));
    for (uint8_t i = 0; i < config->list_key_count; i++) {
        if (fg_public_key_read(config->list_key_paths[i], &ret_keys->list_keys[ret_keys->list_key_count],
                               &error) == FG_OK)
            ret_keys->list_key_count++;
        else
            complain(context, "list key", &error);
    }
    if (first_make(ret_keys, &first, &error) != FG_OK) {
        complain(context, "list keys", &error);
        return;
    }
    ret_keys->ring = first;
    if (fg_keyring_file_load(ret_keys->kept_path, &first, &ret_keys->ring, &error) != FG_OK)
        complain(context, "kept key rings; only the configured keys count", &error);
}

enum fg_err fg_keys_take(struct fg_keys *keys, const char *path, struct fg_error *error)
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_keyring first;
    size_t length = 0;
    enum fg_err code;

    if (path[0] != '/')
        return fg_fail(error, FG_E_ARG, "the path of a key ring must be absolute");
    code = fg_file_read(path, 0, bytes, sizeof(bytes), &length, error);
    if (code == FG_OK)
        code = first_make(keys, &first, error);
    if (code == FG_OK)
        code = fg_keyring_file_add(keys->kept_path, &first, bytes, length, &keys->ring, error);
    return code;
}

enum fg_err fg_keys_receipt(const struct fg_keys *keys, struct fg_public_key *ret_key, struct fg_error *error)
{
    if (fg_keyring_keys(&keys->ring, FG_KEYRING_RECEIPT, ret_key, 1) == 1)
        return FG_OK;
    return fg_public_key_read(keys->receipt_key_path, ret_key, error);
}
