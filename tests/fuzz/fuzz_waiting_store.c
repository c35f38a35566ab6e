/* Kept entries that waited, from anywhere. The first byte tells whether the rest is signed by this
 * controller's key first: without that, nothing would come behind the check of the signature. */
#include <stdint.h>
#include <string.h>

#include "firmware/controller/record/waiting_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool held)
{
    if (!held)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const uint8_t scalar[32] = {[31] = 7};
    static struct fg_private_key key;
    static uint8_t file[FG_WAITING_BYTES_MAX];
    static struct fg_waiting waiting;
    struct fg_waiting_store store = {.controller = "ctl-1", .key = &key};
    struct fg_signature signature;
    struct fg_error error;
    size_t used = length - 1;

    if (key.public_key.point[0] == 0)
        require(fg_private_key_from_scalar(scalar, &key, &error) == FG_OK);
    if (length == 0)
        return 0;
    if ((bytes[0] & 1) == 0 || used > sizeof(file) - FG_SIGNATURE_BYTES) {
        (void)fg_waiting_decode(&store, bytes + 1, length - 1, &waiting, &error);
        return 0;
    }
    memcpy(file, bytes + 1, used);
    require(fg_sign(&key, FG_PURPOSE_WAITING, file, used, &signature, &error) == FG_OK);
    memcpy(file + used, signature.bytes, FG_SIGNATURE_BYTES);
    if (fg_waiting_decode(&store, file, used + FG_SIGNATURE_BYTES, &waiting, &error) == FG_OK) {
        require(waiting.count <= FG_WAITING_MAX);
        require(fg_waiting_encode(&store, &waiting, file, &used, &error) == FG_OK);
    }
    return 0;
}
