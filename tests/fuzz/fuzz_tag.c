/* Any bytes as a tag's memory: parsing never reads outside it, and what parses can be built and parsed again.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/point/tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read as far as is asked for, and on: that ends, and what parses whole parses from that much. */
static void try_extent(const uint8_t *data, size_t size)
{
    struct fg_tag_record whole;
    struct fg_tag_record part;
    size_t known = 28;
    size_t wanted;

    if (size > FG_TAG_MEMORY_MAX || size < known)
        return;
    while ((wanted = fg_tag_extent(data, known)) > known && wanted <= size)
        known = wanted;
    if (wanted > FG_TAG_MEMORY_MAX)
        abort();
    if (wanted <= size && fg_tag_parse(data, size, &whole, NULL) == FG_OK &&
        (fg_tag_parse(data, known, &part, NULL) != FG_OK || memcmp(&whole, &part, sizeof(whole)) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t header[16] = {[12] = 0xE1, 0x10, 0x6D, 0x00};
    struct fg_tag_record record;
    struct fg_tag_record again;
    struct fg_error error;
    uint8_t memory[sizeof(header) + FG_TAG_BUILD_MAX];
    size_t length;

    try_extent(data, size);
    if (fg_tag_parse(data, size, &record, &error) != FG_OK)
        return 0;
    memcpy(memory, header, sizeof(header));
    if (fg_tag_build(&record, memory + sizeof(header), FG_TAG_BUILD_MAX, &length, &error) != FG_OK ||
        fg_tag_parse(memory, sizeof(header) + length, &again, &error) != FG_OK ||
        memcmp(&record, &again, sizeof(record)) != 0)
        abort();
    return 0;
}
