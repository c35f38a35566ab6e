/* Any bytes as station rules. */
#include "host/bureau/registry/station_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_station_rules rules;
    struct fg_error error;

    (void)fg_rules_parse("fuzz", (const char *)data, size, &rules, &error);
    return 0;
}
