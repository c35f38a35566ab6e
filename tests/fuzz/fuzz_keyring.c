/* Key ring files from anywhere. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/key/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_keyring in_force;
    struct fg_keyring ring;
    struct fg_error error;

    memset(&in_force, 0, sizeof(in_force));
    if (fg_keyring_decode(bytes, length, &in_force, NULL, &error) == FG_OK && in_force.version > 0)
        in_force.version--;
    (void)fg_keyring_verify(bytes, length, &in_force, &ring, &error);
    return 0;
}
