/* Any bytes as the mark of pruning; what decodes must encode to what it decodes from again. */
#include <stdlib.h>

#include "proto/journal/mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_mark mark;
    struct fg_signature signature;
    struct fg_error error;
    uint8_t bytes[FG_MARK_BYTES_MAX];
    size_t length = 0;

    if (fg_mark_decode(data, size, &mark, &signature, &error) == FG_OK &&
        (fg_mark_encode(&mark, &signature, bytes, sizeof(bytes), &length, &error) != FG_OK ||
         fg_mark_decode(bytes, length, &mark, &signature, &error) != FG_OK))
        abort();
    return 0;
}
