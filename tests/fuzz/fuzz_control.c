/* Control packets, both directions: whatever decodes must encode again and decode to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "proto/point/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_control_answer answer;
    struct fg_control_request request;
    uint8_t packet[FG_CONTROL_PACKET_MAX];
    size_t length = 0;

    if (fg_control_decode_request(data, size, &request, NULL) == FG_OK) {
        if (fg_control_encode_request(&request, packet, sizeof(packet), &length, NULL) != FG_OK ||
            fg_control_decode_request(packet, length, &request, NULL) != FG_OK)
            abort();
    }
    if (fg_control_decode_answer(data, size, &answer, NULL) == FG_OK) {
        if (fg_control_encode_answer(&answer, packet, sizeof(packet), &length, NULL) != FG_OK ||
            fg_control_decode_answer(packet, length, &answer, NULL) != FG_OK)
            abort();
    }
    return 0;
}
