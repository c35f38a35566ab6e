/* A kept count of wrong PINs from anywhere. The first byte tells whether the rest is signed by this
 * controller's key first: without that, nothing would come behind the check of the signature. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "firmware/controller/person/pin_store.h"

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
    struct fg_pin_store store = {.controller = "ctl-1", .key = &key, .boot = 1};
    uint8_t file[FG_PIN_STORE_BYTES] = {0};
    struct fg_signature signature;
    struct fg_pin_count count;
    struct fg_error error;
    uint32_t boot = 0;

    if (key.public_key.point[0] == 0)
        require(fg_private_key_from_scalar(scalar, &key, &error) == FG_OK);
    if (length == 0)
        return 0;
    if ((bytes[0] & 1) == 0) {
        (void)fg_pin_store_decode(&store, bytes + 1, length - 1, &boot, &count, &error);
        return 0;
    }
    memcpy(file, bytes + 1, length - 1 < sizeof(file) ? length - 1 : sizeof(file));
    require(fg_sign(&key, FG_PURPOSE_PIN_COUNT, file, sizeof(file) - FG_SIGNATURE_BYTES, &signature,
                    &error) == FG_OK);
    memcpy(file + sizeof(file) - FG_SIGNATURE_BYTES, signature.bytes, FG_SIGNATURE_BYTES);
    if (fg_pin_store_decode(&store, file, sizeof(file), &boot, &count, &error) == FG_OK)
        require(count.wrong < FG_PIN_TRIES && strnlen(count.tried_id, sizeof(count.tried_id)) <= FG_NAME_MAX);
    return 0;
}
