/* Any bytes as a signed head and as a receipt; what decodes must encode to what it decodes from again. */
#include <stdlib.h>

#include "proto/journal/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_head head;
    struct fg_receipt receipt;
    struct fg_signature signature;
    struct fg_error error;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    if (fg_head_decode(data, size, &head, &signature, &error) == FG_OK &&
        (fg_head_encode(&head, &signature, bytes, sizeof(bytes), &length, &error) != FG_OK ||
         fg_head_decode(bytes, length, &head, &signature, &error) != FG_OK))
        abort();
    if (fg_receipt_decode(data, size, &receipt, &signature, &error) == FG_OK &&
        (fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error) != FG_OK ||
         fg_receipt_decode(bytes, length, &receipt, &signature, &error) != FG_OK))
        abort();
    return 0;
}
