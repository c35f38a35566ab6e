/* Files of the panel's pairing directory from anywhere, after a first byte that tells which: the code's, or a
 * paired device's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/page/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool held)
{
    if (!held)
        abort();
}

static void device(const char *text, size_t length)
{
    struct fg_pair_device device;

    memset(&device, 0x55, sizeof(device));
    fg_pair_device_parse(text, length, &device);
    require(memchr(device.note, '\0', sizeof(device.note)) != NULL);
    for (const char *at = device.note; *at != '\0'; at++)
        require(*at >= ' ' && *at <= '~');
    require(device.paired_ms > -INT64_C(1000000000000000) && device.paired_ms < INT64_C(1000000000000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_pair_code code;
    struct fg_error error;

    if (length == 0)
        return 0;
    if ((bytes[0] & 1) != 0)
        device((const char *)bytes + 1, length - 1);
    else if (fg_pair_code_parse((const char *)bytes + 1, length - 1, &code, &error) == FG_OK)
        require(code.tries_left <= FG_PAIR_TRIES);
    return 0;
}
