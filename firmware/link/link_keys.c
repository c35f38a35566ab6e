/* Key rings from the next hop, and to fillgated (link_keys.h). */
#include "firmware/link/link_keys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/backoff.h"
#include "lib/base/file.h"
#include "lib/base/monotime.h"
#include "lib/base/random.h"
#include "proto/hop/keyring_fetch.h"
#include "proto/key/keyring_file.h"

static void kept_path(const struct fg_link_context *link, char ret_path[FG_LINK_PATH_BYTES])
{
    (void)snprintf(ret_path, FG_LINK_PATH_BYTES, "%s/keyring.bin", link->work_directory);
}

/* ---- start ---- */

void fg_link_keys_start(struct fg_link_context *link, struct fg_link_keys *ret_keys)
{
    struct fg_public_key configured[FG_LINK_LIST_KEYS_MAX];
    struct fg_error error = {0};
    char path[FG_LINK_PATH_BYTES];
    size_t count = 0;

    for (size_t i = 0; i < FG_LINK_LIST_KEYS_MAX; i++) {
        if (link->config.list_keys[i][0] == '\0')
            continue;
        if (fg_public_key_read(link->config.list_keys[i], &configured[count], &error) == FG_OK)
            count++;
        else
            fg_link_tell(link, FG_LINK_SAY_LIST, "list key: %s", error.text);
    }
    ret_keys->has_first = fg_keyring_first(configured, count, NULL, &ret_keys->first_ring, &error) == FG_OK;
    if (!ret_keys->has_first)
        return;
    kept_path(link, path);
    if (fg_keyring_file_start(path, &ret_keys->first_ring, &ret_keys->ring, &error) != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "kept key rings do not hold: %s", error.text);
}

size_t fg_link_list_keys(const struct fg_link_keys *keys, struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX])
{
    return fg_keyring_keys(&keys->ring, FG_KEYRING_LIST, ret_keys, FG_KEYRING_KEYS_MAX);
}

/* ---- from the next hop ---- */

static enum fg_err apply(struct fg_link_context *link, struct fg_link_keys *keys, struct fg_error *error)
{
    struct fg_public_key trusted[FG_KEYRING_KEYS_MAX];
    size_t count = fg_link_list_keys(keys, trusted);
    enum fg_err code = fg_list_trust(link->list, trusted, count, error);

    fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring %llu is in force here",
                 (unsigned long long)keys->ring.version);
    fg_link_keys_want(keys);
    return code;
}

enum fg_err fg_link_fetch_keys(struct fg_link_context *link, struct fg_link_keys *keys,
                               struct fg_error *error)
{
    struct fg_keyring_source source = fg_keyring_https_source(link->https);
    struct fg_keyring_fetch_result result = {0};
    char path[FG_LINK_PATH_BYTES];
    enum fg_err code;

    if (!keys->has_first)
        return FG_OK;
    kept_path(link, path);
    code = fg_keyring_fetch(&source, path, &keys->first_ring, &keys->ring, &result, error);
    if (!result.answered)
        return code;
    if (code != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring not taken, version %llu stays in force: %s",
                     (unsigned long long)keys->ring.version, error->text);
    else if (result.taken == 0)
        fg_link_forget(link, FG_LINK_SAY_KEYS);
    if (result.taken > 0 && apply(link, keys, error) != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring: %s", error->text);
    return FG_OK;
}

/* ---- to fillgated ---- */

void fg_link_keys_want(struct fg_link_keys *keys)
{
    keys->wanted = keys->ring.version > 0;
    keys->due_mono_ms = 0;
    keys->failures = 0;
}

/* Hands one ring over: the newest, or the one after `after`. */
static enum fg_err give(struct fg_link_context *link, uint64_t after, bool newest, uint64_t *ret_version,
                        struct fg_error *error)
{
    struct fg_control_request request = {.kind = FG_CONTROL_KEYRING};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    char path[FG_LINK_PATH_BYTES];
    size_t length = 0;
    enum fg_err code;

    kept_path(link, path);
    code = fg_keyring_file_next(path, after, newest, bytes, &length, ret_version, error);
    if (code != FG_OK)
        return code;
    (void)snprintf(path, sizeof(path), "%s/hand-over.ring", link->work_directory);
    if (strlen(path) >= sizeof(request.path))
        return fg_fail(error, FG_E_SIZE, "%s: path too long for the controller", path);
    memcpy(request.path, path, strlen(path) + 1);
    code = fg_file_write(path, 0644, bytes, length, error);
    if (code == FG_OK)
        code = fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, error);
    (void)unlink(path);
    /* A newer one was brought by hand: nothing is missing. */
    return code == FG_E_OLD ? FG_OK : code;
}

/* fillgated has not the rings in between: it gets all, the oldest first; those that it has do not matter. */
static enum fg_err give_chain(struct fg_link_context *link, const struct fg_link_keys *keys,
                              struct fg_error *error)
{
    uint64_t after = 0;
    enum fg_err code = FG_OK;

    for (int n = 0; n < FG_KEYRING_FILE_RINGS_MAX && code == FG_OK && after < keys->ring.version; n++)
        code = give(link, after, false, &after, error);
    return code;
}

bool fg_link_hand_over_keys(struct fg_link_context *link, struct fg_link_keys *keys)
{
    struct fg_error error = {0};
    uint64_t version = 0;
    enum fg_err code;

    if (!keys->wanted || fg_mono_ms() < keys->due_mono_ms)
        return false;
    code = give(link, 0, true, &version, &error);
    if (code == FG_E_AUTH)
        code = give_chain(link, keys, &error);
    if (code == FG_OK) {
        keys->wanted = false;
        keys->failures = 0;
        fg_link_tell(link, FG_LINK_SAY_KEYS_OVER, "key ring %llu handed over",
                     (unsigned long long)keys->ring.version);
        return true;
    }
    fg_link_tell(link, FG_LINK_SAY_KEYS_OVER, "key ring not handed over: %s", error.text);
    keys->failures++;
    keys->due_mono_ms = fg_mono_ms() + fg_backoff_ms(keys->failures, FG_LINK_RETRY_MIN_MS,
                                                     FG_LINK_RETRY_MAX_MS, fg_random_spread());
    return true;
}
