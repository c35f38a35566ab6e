/* Configuration files: any text is refused with a message that names the file, or read and free
 * of values that contradict each other. */
#include "firmware/config/config.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_config config;
    struct fg_error error;

    if (fg_config_parse((const char *)data, size, "/etc/fillgate/fillgated.ini", &config, &error) != FG_OK) {
        assert(strstr(error.text, "/etc/fillgate/fillgated.ini") != NULL);
        return 0;
    }
    assert(config.presence.silence_max_ms >= config.reader_step_max_ms);
    assert(config.fill.closing_max_ms >= config.fill.valve_follow_max_ms);
    assert((config.medium == FG_MEDIUM_CNG) == (config.fill_pressure_kpa != 0));
    return 0;
}
