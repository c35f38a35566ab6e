/* Answers to journal batches and to reports: whatever decodes encodes again. */
#include <stdlib.h>
#include <string.h>

#include "proto/journal/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_sync_answer answer;
    struct fg_sync_answer back;
    struct fg_sync_report_answer report;
    uint8_t again[FG_SYNC_ANSWER_BYTES_MAX];
    size_t again_length = 0;

    if (fg_sync_answer_decode(bytes, length, &answer, NULL) == FG_OK) {
        if (fg_sync_answer_encode(&answer, again, sizeof(again), &again_length, NULL) != FG_OK ||
            fg_sync_answer_decode(again, again_length, &back, NULL) != FG_OK ||
            memcmp(&answer, &back, sizeof(back)) != 0)
            abort();
    }
    if (fg_sync_report_answer_decode(bytes, length, &report, NULL) == FG_OK &&
        fg_sync_report_answer_encode(&report, again, sizeof(again), &again_length, NULL) != FG_OK)
        abort();
    return 0;
}
