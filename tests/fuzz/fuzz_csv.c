/* Any bytes as CSV, and as the bureau's registry behind a good header. */
#include <stdio.h>

#include "host/bureau/registry/csv.h"
#include "host/bureau/registry/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *stream;
    struct fg_csv csv;
    struct fg_error error;
    size_t column;
    enum fg_err result;

    if (size == 0)
        return 0;
    stream = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (stream == NULL)
        return 0;
    fg_csv_start(&csv, stream);
    do {
        result = fg_csv_next(&csv, &column, &error);
        for (size_t i = 0; result == FG_OK && i < csv.count; i++) {
            int32_t day;
            uint32_t number;

            (void)fg_value_day(csv.fields[i], &day);
            (void)fg_value_number(csv.fields[i], UINT32_MAX, &number);
            (void)fg_value_text(csv.fields[i]);
        }
    } while (result == FG_OK || result == FG_E_FORMAT || result == FG_E_SIZE);
    (void)fclose(stream);
    return 0;
}
