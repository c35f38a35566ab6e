/* Settings files with any content. */
#include <stddef.h>
#include <stdint.h>

#include "lib/base/settings.h"

struct sample {
    char name[FG_NAME_MAX + 1];
    char path[FG_SETTING_PATH_MAX + 1];
    uint32_t number;
    bool on;
};

static const struct fg_setting table[] = {
    {"a", "name", FG_SETTING_NAME, offsetof(struct sample, name), 0, 0, NULL, true},
    {"a", "path", FG_SETTING_PATH, offsetof(struct sample, path), 0, 0, NULL, true},
    {"b", "number", FG_SETTING_U32, offsetof(struct sample, number), 1, 9, NULL, true},
    {"b", "on", FG_SETTING_BOOL, offsetof(struct sample, on), 0, 0, NULL, true},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct sample sample = {0};
    struct fg_error error;

    (void)fg_settings_parse((const char *)bytes, length, "/etc/x.ini", table, 4, &sample, sizeof(sample),
                            &error);
    return 0;
}
