/* Any bytes as a device profile: parsed or refused with a message; a parsed one can be planned. */
#include "firmware/plant/device.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_device device = {0};
    struct fg_error error = {0};

    if (fg_profile_parse("fuzz", (const char *)data, size, &device.profile, &error) != FG_OK) {
        assert(strlen(error.text) > 0);
        return 0;
    }
    if (fg_device_plan(&device, &error) != FG_OK)
        return 0;
    for (unsigned i = 0; i < device.block_count; i++)
        assert(device.blocks[i].count >= 1 && device.blocks[i].count <= FG_BUS_BLOCK_MAX &&
               (unsigned)device.blocks[i].address + device.blocks[i].count <= 65536);
    return 0;
}
