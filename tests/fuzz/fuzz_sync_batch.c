/* Journal batches: whatever decodes points into its own bytes, encodes again and means the same. */
#include <stdlib.h>
#include <string.h>

#include "proto/journal/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t again[FG_SYNC_BATCH_BYTES_MAX];
    static struct fg_sync_batch batch;
    static struct fg_sync_batch back;
    size_t again_length = 0;

    if (fg_sync_batch_decode(bytes, length, &batch, NULL) != FG_OK)
        return 0;
    for (size_t i = 0; i < batch.count; i++) {
        if (batch.entries[i].bytes < bytes ||
            batch.entries[i].bytes + batch.entries[i].length > bytes + length)
            abort();
    }
    /* Overlong numbers and unknown fields are dropped, so the message never grows. */
    if (fg_sync_batch_encode(&batch, again, sizeof(again), &again_length, NULL) != FG_OK ||
        again_length > length || fg_sync_batch_decode(again, again_length, &back, NULL) != FG_OK ||
        back.count != batch.count || back.first_sequence != batch.first_sequence)
        abort();
    for (size_t i = 0; i < batch.count; i++) {
        if (back.entries[i].length != batch.entries[i].length ||
            memcmp(back.entries[i].bytes, batch.entries[i].bytes, back.entries[i].length) != 0)
            abort();
    }
    return 0;
}
