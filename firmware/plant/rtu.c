/* Frames of rtu.h. */
#include "firmware/plant/rtu.h"

#include <string.h>

#define CRC_BYTES 2

static unsigned number_of(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

size_t fg_rtu_answer_bytes(const uint8_t request[FG_RTU_REQUEST_BYTES])
{
    size_t count = number_of(request + 4);

    switch (request[1]) {
    case FG_RTU_READ_COILS:
    case FG_RTU_READ_DISCRETE:
        return 3 + (count + 7) / 8 + CRC_BYTES;
    case FG_RTU_READ_HOLDING:
    case FG_RTU_READ_INPUT:
        return 3 + 2 * count + CRC_BYTES;
    case FG_RTU_WRITE_COIL:
    case FG_RTU_WRITE_REGISTER:
        return FG_RTU_REQUEST_BYTES + CRC_BYTES;
    default:
        return 0;
    }
}

bool fg_rtu_crc_is_good(const uint8_t *frame, size_t length)
{
    unsigned crc = 0xFFFF;

    if (length < FG_RTU_FRAME_MIN || length > FG_RTU_FRAME_MAX)
        return false;
    for (size_t i = 0; i < length - CRC_BYTES; i++) {
        crc ^= frame[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xA001u : crc >> 1;
    }
    return frame[length - 2] == (crc & 0xFFu) && frame[length - 1] == crc >> 8;
}

enum fg_outcome fg_rtu_judge(const uint8_t request[FG_RTU_REQUEST_BYTES], const uint8_t *frame, size_t length)
{
    if (length < FG_RTU_FRAME_MIN)
        return FG_OUTCOME_SHORT_ANSWER;
    if (frame[0] != request[0])
        return FG_OUTCOME_WRONG_UNIT;
    if (frame[1] == (request[1] | 0x80u))
        return length == FG_RTU_FRAME_MIN ? fg_outcome_of_exception(frame[2]) : FG_OUTCOME_WRONG_ANSWER;
    if (frame[1] != request[1] || length != fg_rtu_answer_bytes(request))
        return FG_OUTCOME_WRONG_ANSWER;
    if (request[1] == FG_RTU_WRITE_COIL || request[1] == FG_RTU_WRITE_REGISTER)
        return memcmp(frame, request, FG_RTU_REQUEST_BYTES) == 0 ? FG_OUTCOME_ANSWERED
                                                                 : FG_OUTCOME_WRONG_ANSWER;
    return frame[2] + 5u == length ? FG_OUTCOME_ANSWERED : FG_OUTCOME_WRONG_ANSWER;
}

bool fg_rtu_is_own_request(const uint8_t request[FG_RTU_REQUEST_BYTES], const uint8_t *bytes, size_t length)
{
    size_t compared = length < FG_RTU_REQUEST_BYTES ? length : FG_RTU_REQUEST_BYTES;

    return request[1] >= FG_RTU_READ_COILS && request[1] <= FG_RTU_READ_INPUT && length >= FG_RTU_FRAME_MIN &&
           memcmp(request, bytes, compared) == 0;
}
