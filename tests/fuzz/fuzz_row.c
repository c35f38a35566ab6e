/* Any bytes as a row and as a bucket: parsed or refused, and what parses encodes again. */
#include <stdlib.h>

#include "proto/list/bucket.h"
#include "proto/list/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[FG_ROW_BYTES_MAX];
    struct fg_row row;
    struct fg_error error;
    size_t length;
    uint32_t rows;

    if (fg_row_decode(data, size, &row, &error) == FG_OK) {
        if (fg_row_encode(&row, bytes, sizeof(bytes), &length, &error) != FG_OK)
            abort();
        (void)fg_bucket_find(data, size, &row.code, &row, &rows, &error);
    }
    (void)fg_bucket_check(data, size, 0, 0, &rows, &error);
    return 0;
}
