/* Any bytes as a station's file of signed heads of the trail, and as one head on the wire. What decodes has
 * numbers that rise and encodes to the same bytes; whatever the bureau says next, the heads stay within their
 * bound and in order. */
#include <stdlib.h>
#include <string.h>

#include "host/station/store/head_witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fg_station_heads_kept kept;
static uint8_t again[FG_STATION_WITNESS_BYTES_MAX];

static void check_order(void)
{
    if (kept.count > FG_STATION_WITNESS_MAX)
        abort();
    for (size_t i = 1; i < kept.count; i++) {
        if (kept.heads[i].statement.head.number <= kept.heads[i - 1].statement.head.number)
            abort();
    }
}

static void try_statement(const uint8_t *data, size_t size)
{
    struct fg_trail_statement statement;
    uint8_t bytes[FG_TRAIL_STATEMENT_BYTES];
    char text[FG_TRAIL_HEAD_TEXT_BYTES];
    struct fg_error error;

    if (fg_trail_statement_decode(data, size, &statement, &error) != FG_OK)
        return;
    fg_trail_statement_encode(&statement, bytes);
    if (memcmp(bytes, data, sizeof(bytes)) != 0)
        abort();
    fg_trail_head_text(&statement.head, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_error error;
    size_t length = 0;

    try_statement(data, size);
    if (fg_station_witness_decode(data, size, &kept, &error) != FG_OK)
        return 0;
    check_order();
    fg_station_witness_encode(&kept, again, &length);
    if (length != size || memcmp(again, data, size) != 0)
        abort();
    (void)fg_station_witness_is_back(&kept);
    for (size_t i = 0; i < 3 && kept.count > 0; i++) {
        struct fg_witnessed next = kept.heads[kept.count / (i + 1) - (i < kept.count ? 1 : 0)];

        next.statement.head.number += i;
        (void)fg_station_witness_add(&kept, &next.statement, next.arrived_ms, &error);
        check_order();
    }
    return 0;
}
