/* Implementation of fetching key rings (keyring_fetch.h). */
#include "proto/hop/keyring_fetch.h"

#include <stdio.h>

#include "proto/journal/sync.h"

/* Did the hop answer at all, however badly? */
static bool is_answer(enum fg_err code)
{
    return code == FG_OK || code == FG_E_NOT_FOUND || code == FG_E_FORMAT || code == FG_E_SIZE ||
           code == FG_E_BUSY;
}

enum fg_err fg_keyring_fetch(const struct fg_keyring_source *source, const char *path,
                             const struct fg_keyring *first, struct fg_keyring *ring,
                             struct fg_keyring_fetch_result *ret_result, struct fg_error *error)
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_keyring next;
    size_t length = 0;

    *ret_result = (struct fg_keyring_fetch_result){0};
    for (int n = 0; n < FG_KEYRING_FILE_RINGS_MAX; n++) {
        enum fg_err code = source->next(source->context, ring->version, bytes, &length, error);

        ret_result->answered = is_answer(code);
        if (code == FG_E_NOT_FOUND)
            return FG_OK;
        if (code == FG_OK)
            code = fg_keyring_file_add(path, first, bytes, length, &next, error);
        if (code != FG_OK)
            return code;
        if (next.version <= ring->version)
            return FG_OK;
        *ring = next;
        ret_result->taken++;
    }
    return FG_OK;
}

static enum fg_err https_next(void *context, uint64_t after, uint8_t *buffer, size_t *ret_length,
                              struct fg_error *error)
{
    char path[64];
    struct fg_https_answer answer = {0};
    struct fg_https_request request = {
        .method = "GET", .path = path, .answer_max = FG_KEYRING_BYTES_MAX, .answer_buffer = buffer};
    enum fg_err code;

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_KEYS "?after=%llu", (unsigned long long)after);
    code = fg_https_ask(context, &request, &answer, error);
    if (code != FG_OK)
        return code;
    if (answer.status == 404)
        return fg_fail(error, FG_E_NOT_FOUND, "there is no newer key ring");
    if (answer.status != 200)
        return fg_fail(error, FG_E_BUSY, "the next hop answered HTTP %u where a key ring was asked for",
                       answer.status);
    *ret_length = (size_t)answer.length;
    return FG_OK;
}

struct fg_keyring_source fg_keyring_https_source(struct fg_https *https)
{
    return (struct fg_keyring_source){.context = https, .next = https_next};
}
