/* Any bytes as a client certificate: refused, or a peer whose names are harmless and whose keys are on the
 * curve; and any text as a request's target or Range header. */
#include <stdlib.h>
#include <string.h>

#include "lib/net/server/private.h"
#include "lib/net/server/server_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
    size_t length = strnlen(name, FG_NAME_MAX + 1);

    if (length == 0 || length > FG_NAME_MAX || strpbrk(name, "/\\ \n'\"") != NULL)
        abort();
}

static void check_peer(const uint8_t *data, size_t size)
{
    struct fg_peer peer;
    struct fg_public_key key;
    struct fg_error error;

    if (fg_peer_parse(data, size, &peer, &error) != FG_OK)
        return;
    check_name(peer.role);
    check_name(peer.id);
    if (peer.kind != FG_PEER_CERTIFIED || fg_public_key_from_point(peer.key.point, &key, &error) != FG_OK)
        abort();
    if (peer.has_device_key && fg_public_key_from_point(peer.device_key.point, &key, &error) != FG_OK)
        abort();
}

static void check_range(const char *text, uint64_t total)
{
    uint16_t status = 0;
    uint64_t from = 0;
    uint64_t length = 0;

    fg_server_range_parse(text, total, &status, &from, &length);
    if (status == 200 ? from != 0 || length != total : status != 206 && status != 416)
        abort();
    if (status == 206 && (length == 0 || from >= total || length > total - from))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    uint16_t status;

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_peer(data, size);
    check_range(text, 0);
    check_range(text, 1000);
    check_range(text, UINT64_MAX);
    status = fg_server_target_check(text);
    if (status != 0 && status != 400 && status != 414)
        abort();
    free(text);
    return 0;
}
