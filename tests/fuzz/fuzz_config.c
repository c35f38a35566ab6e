/* Configuration files: any text either reads or is refused. */
#include "firmware/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_config config;
    struct fg_error error;

    (void)fg_config_parse((const char *)data, size, "/etc/fillgate/fillgated.ini", &config, &error);
    return 0;
}
