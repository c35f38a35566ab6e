/* Implementation of the bureau's keys at a station (station_keys.h). */
#include "host/station/up/station_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/station/base/station_log.h"

/* The configured keys; the ring in force is the first one. */
static enum fg_err configured(const struct fg_station_config *config, struct fg_station_keys *ret_keys,
                              struct fg_error *error)
{
    struct fg_public_key keys[FG_STATION_LIST_KEYS_MAX];
    struct fg_station_keys made = {.config = config};
    size_t count = 0;
    enum fg_err result = fg_public_key_read(config->receipt_key, &made.receipt_key, error);

    for (size_t i = 0; i < FG_STATION_LIST_KEYS_MAX && result == FG_OK; i++) {
        if (config->list_keys[i][0] != '\0')
            result = fg_public_key_read(config->list_keys[i], &keys[count++], error);
    }
    if (result == FG_OK)
        result = fg_keyring_first(keys, count, NULL, &made.first, error);
    if (result != FG_OK)
        return result;
    made.ring = made.first;
    *ret_keys = made;
    return FG_OK;
}

enum fg_err fg_station_keys_start(const struct fg_station_config *config, struct fg_station_keys *ret_keys,
                                  struct fg_error *error)
{
    struct fg_station_keys made;
    struct fg_error trouble;
    enum fg_err result = configured(config, &made, error);

    if (result != FG_OK)
        return result;
    if (fg_keyring_file_start(config->keyring, &made.first, &made.ring, &trouble) != FG_OK)
        fg_station_log("kept key rings do not hold: %s", trouble.text);
    *ret_keys = made;
    return FG_OK;
}

enum fg_err fg_station_keys_read(const struct fg_station_config *config, struct fg_station_keys *ret_keys,
                                 struct fg_error *error)
{
    struct fg_keyring ring;
    enum fg_err result = configured(config, ret_keys, error);

    if (result == FG_OK)
        result = fg_keyring_file_load(config->keyring, &ret_keys->first, &ring, error);
    if (result == FG_OK)
        ret_keys->ring = ring;
    return result;
}

enum fg_err fg_station_keys_fetch(struct fg_station_keys *keys, const struct fg_keyring_source *source,
                                  bool *ret_taken, struct fg_error *error)
{
    struct fg_keyring_fetch_result result = {0};
    struct fg_error why = {.text = ""};
    enum fg_err code =
        fg_keyring_fetch(source, keys->config->keyring, &keys->first, &keys->ring, &result, &why);

    *ret_taken = result.taken > 0;
    if (*ret_taken)
        fg_station_log("key ring %" PRIu64 " is in force", keys->ring.version);
    if (code != FG_OK && !result.answered)
        return fg_fail(error, code, "%s", why.text);
    if (code != FG_OK && strcmp(keys->trouble, why.text) != 0)
        fg_station_log_peer("key ring not taken, version %" PRIu64 " stays in force: %s", keys->ring.version,
                            why.text);
    memcpy(keys->trouble, why.text, sizeof(keys->trouble));
    if (code == FG_OK)
        keys->trouble[0] = '\0';
    return FG_OK;
}

size_t fg_station_keys_list(const struct fg_station_keys *keys,
                            struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX])
{
    return fg_keyring_keys(&keys->ring, FG_KEYRING_LIST, ret_keys, FG_KEYRING_KEYS_MAX);
}

struct fg_public_key fg_station_keys_receipt(const struct fg_station_keys *keys)
{
    struct fg_public_key key = keys->receipt_key;

    (void)fg_keyring_keys(&keys->ring, FG_KEYRING_RECEIPT, &key, 1);
    return key;
}

size_t fg_station_keys_receipts(const struct fg_station_keys *keys,
                                struct fg_public_key ret_keys[FG_STATION_RECEIPT_KEYS_MAX])
{
    size_t count =
        fg_keyring_keys(&keys->ring, FG_KEYRING_RECEIPT, ret_keys, FG_STATION_RECEIPT_KEYS_MAX - 1);

    ret_keys[count++] = keys->receipt_key;
    return count;
}

size_t fg_station_keys_rosters(const struct fg_station_keys *keys,
                               struct fg_public_key ret_keys[FG_STATION_RECEIPT_KEYS_MAX])
{
    size_t count = fg_keyring_keys(&keys->ring, FG_KEYRING_RECEIPT, ret_keys, FG_STATION_RECEIPT_KEYS_MAX);

    if (count == 0)
        ret_keys[count++] = keys->receipt_key;
    return count;
}
