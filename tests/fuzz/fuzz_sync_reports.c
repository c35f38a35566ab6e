/* Reports of a device and of what hangs below it: whatever decodes encodes again and means the same. */
#include <stdlib.h>
#include <string.h>

#include "proto/journal/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct fg_sync_reports reports;
    static struct fg_sync_reports back;
    static uint8_t again[FG_SYNC_REPORT_BYTES_MAX];
    size_t again_length = 0;

    if (fg_sync_reports_decode(bytes, length, &reports, NULL) != FG_OK)
        return 0;
    if (fg_sync_reports_encode(&reports, again, sizeof(again), &again_length, NULL) != FG_OK ||
        fg_sync_reports_decode(again, again_length, &back, NULL) != FG_OK ||
        memcmp(&reports, &back, sizeof(back)) != 0)
        abort();
    return 0;
}
