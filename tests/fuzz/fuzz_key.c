/* Any bytes as a PEM key: refused or usable, and a private key that is accepted signs. */
#include <stdlib.h>

#include "lib/crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_private_key private_key;
    struct fg_public_key public_key;
    struct fg_signature signature;
    struct fg_error error;

    (void)fg_public_key_parse((const char *)data, size, &public_key, &error);
    if (fg_private_key_parse((const char *)data, size, &private_key, &error) != FG_OK)
        return 0;
    if (fg_sign(&private_key, FG_PURPOSE_TAG, "x", 1, &signature, &error) != FG_OK ||
        fg_sign_verify(&private_key.public_key, FG_PURPOSE_TAG, "x", 1, &signature, &error) != FG_OK)
        abort();
    return 0;
}
