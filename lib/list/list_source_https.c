/* The source of list data behind an HTTPS connection: which request asks for what, and what the answers mean
 * (PROTOCOL.md 10). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list_update.h"
#include "proto/journal/sync.h"
#include "proto/list/tree.h"

#define NODE_MAX 4096 /* a group of nodes; any refusal's text, too */

_Static_assert(NODE_MAX >= FG_TREE_GROUP_DIGESTS * FG_DIGEST_BYTES, "groups of nodes fit");

static enum fg_err check_status(uint16_t status, const char *path, struct fg_error *error)
{
    switch (status) {
    case 200:
    case 206:
        return FG_OK;
    case 404:
        return fg_fail(error, FG_E_NOT_FOUND, "%s: the source does not have it", path);
    case 416:
        return fg_fail(error, FG_E_RANGE, "%s: the source does not go on there", path);
    case 401:
    case 403:
        return fg_fail(error, FG_E_DENIED, "%s: the source refuses us (HTTP %d)", path, status);
    case 429:
    case 503:
        return fg_fail(error, FG_E_BUSY, "%s: the source is busy; try again later", path);
    default:
        return fg_fail(error, FG_E_IO, "%s: HTTP %d", path, status);
    }
}

static enum fg_err ask(struct fg_list_https *source, const char *path, uint8_t *buffer, size_t capacity,
                       size_t *ret_length, struct fg_error *error)
{
    struct fg_https_request request = {
        .method = "GET", .path = path, .answer_max = capacity, .answer_buffer = buffer};
    struct fg_https_answer answer;
    enum fg_err result = fg_https_ask(source->https, &request, &answer, error);

    if (result == FG_OK)
        result = check_status(answer.status, path, error);
    if (result == FG_OK)
        *ret_length = (size_t)answer.length;
    return result;
}

static enum fg_err get_manifest(void *context, uint8_t *buffer, size_t capacity, size_t *ret_length,
                                struct fg_error *error)
{
    struct fg_list_https *source = context;
    char path[FG_HTTPS_PATH_MAX + 1];

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_LIST "%s/manifest", source->list_id);
    return ask(source, path, buffer, capacity, ret_length, error);
}

static enum fg_err get_node(void *context, uint64_t version, uint8_t level, uint32_t index,
                            struct fg_digest *ret_digests, size_t count, struct fg_error *error)
{
    struct fg_list_https *source = context;
    char path[FG_HTTPS_PATH_MAX + 1];
    uint8_t buffer[NODE_MAX];
    size_t length;
    enum fg_err result;

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_LIST "%s/node?version=%llu&level=%d&index=%u",
                   source->list_id, (unsigned long long)version, level, index);
    result = ask(source, path, buffer, sizeof(buffer), &length, error);
    if (result != FG_OK)
        return result;
    if (length != count * sizeof(*ret_digests))
        return fg_fail(error, FG_E_FORMAT, "%s: %zu bytes in place of %zu", path, length,
                       count * sizeof(*ret_digests));
    memcpy(ret_digests, buffer, length);
    return FG_OK;
}

static enum fg_err get_bucket(void *context, uint64_t version, uint32_t index, uint8_t *buffer,
                              size_t capacity, size_t *ret_length, struct fg_error *error)
{
    struct fg_list_https *source = context;
    char path[FG_HTTPS_PATH_MAX + 1];

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_LIST "%s/bucket?version=%llu&index=%u", source->list_id,
                   (unsigned long long)version, index);
    return ask(source, path, buffer, capacity, ret_length, error);
}

static enum fg_err take_bytes(void *context, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    int fd = *(const int *)context;

    while (length > 0) {
        ssize_t count = write(fd, bytes, length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fg_fail(error, errno == ENOSPC ? FG_E_FULL : FG_E_IO,
                           "what is fetched cannot be written: %s", strerror(errno));
        bytes += count;
        length -= (size_t)count;
    }
    return FG_OK;
}

/* The body is written before the status is known here: a refusal's text is taken off again, and a source that
 * answers with the whole in place of the rest is asked once more by the caller (FG_E_RANGE). */
static enum fg_err get_into(struct fg_list_https *source, const char *path, int fd, uint64_t done,
                            uint64_t bytes_max, struct fg_error *error)
{
    struct fg_https_request request = {.method = "GET",
                                       .path = path,
                                       .range_from = done,
                                       .answer_max = bytes_max - done,
                                       .taker = take_bytes,
                                       .taker_context = &fd};
    struct fg_https_answer answer;
    enum fg_err result;

    if (done >= bytes_max)
        return fg_fail(error, FG_E_RANGE, "%s: nothing is left to fetch", path);
    result = fg_https_ask(source->https, &request, &answer, error);
    if (result != FG_OK)
        return result;
    result = check_status(answer.status, path, error);
    if (result == FG_OK && done > 0 && answer.status != 206)
        result = fg_fail(error, FG_E_RANGE, "%s: the source does not go on at byte %llu", path,
                         (unsigned long long)done);
    if (result != FG_OK && ftruncate(fd, (off_t)done) != 0)
        return fg_fail(error, FG_E_IO, "%s: what came cannot be taken off again: %s", path, strerror(errno));
    return result;
}

static enum fg_err get_delta(void *context, uint64_t from, uint64_t to, int file_descriptor,
                             uint64_t bytes_done, uint64_t bytes_max, struct fg_error *error)
{
    struct fg_list_https *source = context;
    char path[FG_HTTPS_PATH_MAX + 1];

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_LIST "%s/delta?from=%llu&to=%llu", source->list_id,
                   (unsigned long long)from, (unsigned long long)to);
    return get_into(source, path, file_descriptor, bytes_done, bytes_max, error);
}

static enum fg_err get_file(void *context, uint64_t version, int file_descriptor, uint64_t bytes_done,
                            uint64_t bytes_max, struct fg_error *error)
{
    struct fg_list_https *source = context;
    char path[FG_HTTPS_PATH_MAX + 1];

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_LIST "%s/file?version=%llu", source->list_id,
                   (unsigned long long)version);
    return get_into(source, path, file_descriptor, bytes_done, bytes_max, error);
}

void fg_list_https_source(struct fg_list_https *context, struct fg_list_source *ret_source)
{
    *ret_source = (struct fg_list_source){.context = context,
                                          .manifest = get_manifest,
                                          .delta = get_delta,
                                          .node = get_node,
                                          .bucket = get_bucket,
                                          .file = get_file};
}
