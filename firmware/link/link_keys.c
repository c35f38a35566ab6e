/* Key rings from the next hop into the link's own chain, and from there to fillgated (private.h).
 *
 * The link verifies each ring itself, since its list store lives by them; fillgated verifies them anew. What
 * fillgated has is not known here: the newest ring is handed over when it is new, when fillgated was away,
 * and when it refused a list's signature. Relies on: proto/hop/keyring_fetch.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/link/private.h"
#include "lib/base/monotime.h"
#include "proto/hop/keyring_fetch.h"

#define RETRY_MIN_MS 2000
#define RETRY_MAX_MS 3600000
#define PATH_BYTES (FG_CONTROL_PATH_MAX + 64)

static void kept_path(const struct fg_link *link, char ret_path[PATH_BYTES])
{
    (void)snprintf(ret_path, PATH_BYTES, "%s/keyring.bin", link->work_directory);
}

/* ---- start ---- */

void fg_link_keys_start(struct fg_link *link)
{
    struct fg_public_key keys[FG_LINK_LIST_KEYS_MAX];
    struct fg_error error = {0};
    char path[PATH_BYTES];
    size_t count = 0;

    for (size_t i = 0; i < FG_LINK_LIST_KEYS_MAX; i++) {
        if (link->config.list_keys[i][0] == '\0')
            continue;
        if (fg_public_key_read(link->config.list_keys[i], &keys[count], &error) == FG_OK)
            count++;
        else
            fg_link_tell(link, FG_LINK_SAY_LIST, "list key: %s", error.text);
    }
    link->has_keys = fg_keyring_first(keys, count, NULL, &link->first_ring, &error) == FG_OK;
    if (!link->has_keys)
        return;
    kept_path(link, path);
    if (fg_keyring_file_start(path, &link->first_ring, &link->ring, &error) != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "kept key rings do not hold: %s", error.text);
}

size_t fg_link_list_keys(const struct fg_link *link, struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX])
{
    return fg_keyring_keys(&link->ring, FG_KEYRING_LIST, ret_keys, FG_KEYRING_KEYS_MAX);
}

/* ---- from the next hop ---- */

static enum fg_err apply(struct fg_link *link, struct fg_error *error)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_link_list_keys(link, keys);
    enum fg_err code = fg_list_trust(link->list, keys, count, error);

    fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring %llu is in force here",
                 (unsigned long long)link->ring.version);
    fg_link_keys_want(link);
    return code;
}

bool fg_link_fetch_keys(struct fg_link *link, enum fg_err *ret_code, struct fg_error *ret_error)
{
    struct fg_keyring_source source = fg_keyring_https_source(link->https);
    struct fg_keyring_fetch_result result = {0};
    struct fg_error error = {0};
    char path[PATH_BYTES];
    enum fg_err code;

    if (!link->has_keys)
        return true;
    kept_path(link, path);
    code = fg_keyring_fetch(&source, path, &link->first_ring, &link->ring, &result, &error);
    if (!result.answered) {
        *ret_code = code;
        *ret_error = error;
        return false;
    }
    if (code != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring not taken, version %llu stays in force: %s",
                     (unsigned long long)link->ring.version, error.text);
    else if (result.taken == 0)
        fg_link_forget(link, FG_LINK_SAY_KEYS);
    if (result.taken > 0 && apply(link, &error) != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_KEYS, "key ring: %s", error.text);
    return true;
}

/* ---- to fillgated ---- */

void fg_link_keys_want(struct fg_link *link)
{
    link->keys_wanted = link->ring.version > 0;
    link->keys_due_mono_ms = 0;
    link->keys_failures = 0;
}

static enum fg_err file_write(const char *path, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    enum fg_err code = FG_OK;

    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", path, strerror(errno));
    if (write(descriptor, bytes, length) != (ssize_t)length)
        code = fg_fail(error, FG_E_IO, "%s: cannot write: %s", path, strerror(errno));
    (void)close(descriptor);
    return code;
}

/* Hands one ring over: the newest, or the one after `after`. */
static enum fg_err give(struct fg_link *link, uint64_t after, bool newest, uint64_t *ret_version,
                        struct fg_error *error)
{
    struct fg_control_request request = {.kind = FG_CONTROL_KEYRING};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    char path[PATH_BYTES];
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
    code = file_write(path, bytes, length, error);
    if (code == FG_OK)
        code = fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, error);
    (void)unlink(path);
    /* A newer one was brought by hand: nothing is missing. */
    return code == FG_E_OLD ? FG_OK : code;
}

/* fillgated lacks rings in between: it gets all, the oldest first; those that it has do not matter. */
static enum fg_err give_chain(struct fg_link *link, struct fg_error *error)
{
    uint64_t after = 0;
    enum fg_err code = FG_OK;

    for (int n = 0; n < FG_KEYRING_FILE_RINGS_MAX && code == FG_OK && after < link->ring.version; n++)
        code = give(link, after, false, &after, error);
    return code;
}

bool fg_link_hand_over_keys(struct fg_link *link)
{
    struct fg_error error = {0};
    uint64_t version = 0;
    enum fg_err code;

    if (!link->keys_wanted || fg_mono_ms() < link->keys_due_mono_ms)
        return false;
    code = give(link, 0, true, &version, &error);
    if (code == FG_E_AUTH)
        code = give_chain(link, &error);
    if (code == FG_OK) {
        link->keys_wanted = false;
        link->keys_failures = 0;
        fg_link_tell(link, FG_LINK_SAY_KEYS_OVER, "key ring %llu handed over",
                     (unsigned long long)link->ring.version);
        return true;
    }
    fg_link_tell(link, FG_LINK_SAY_KEYS_OVER, "key ring not handed over: %s", error.text);
    link->keys_failures++;
    link->keys_due_mono_ms =
        fg_mono_ms() + fg_link_backoff_ms(link->keys_failures, RETRY_MIN_MS, RETRY_MAX_MS, fg_link_random());
    return true;
}
