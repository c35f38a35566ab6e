/* Any bytes as a journal entry; what decodes must encode and decode to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "proto/journal/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_entry entry;
    struct fg_error error;
    uint8_t first[FG_ENTRY_BYTES_MAX];
    uint8_t second[FG_ENTRY_BYTES_MAX];
    size_t first_length = 0;
    size_t second_length = 0;

    if (fg_entry_decode(data, size, &entry, &error) != FG_OK)
        return 0;
    if (fg_entry_encode(&entry, first, sizeof(first), &first_length, &error) != FG_OK ||
        fg_entry_decode(first, first_length, &entry, &error) != FG_OK ||
        fg_entry_encode(&entry, second, sizeof(second), &second_length, &error) != FG_OK)
        abort();
    if (first_length != second_length || memcmp(first, second, first_length) != 0)
        abort();
    return 0;
}
