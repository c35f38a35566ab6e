/* Modbus RTU frames as a master meets them: is this the answer to that request, and if not, what is it?
 *
 * RTU has no transaction number: an answer is told from another one only by unit, function, length and, for
 * writes, by what it repeats. All of these are compared here. Not: bytes on a port (bus.h). Pure. Relies on:
 * outcome.h. */
#ifndef FG_FIRMWARE_PLANT_RTU_H
#define FG_FIRMWARE_PLANT_RTU_H

#include "firmware/plant/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FG_RTU_REQUEST_BYTES 6 /* unit, function, address, count or value; without its check sum */
#define FG_RTU_FRAME_MAX 256
#define FG_RTU_FRAME_MIN 5 /* an exception: the shortest frame that a device sends */

/* Functions that fillgate uses. */
enum fg_rtu_function {
    FG_RTU_READ_COILS = 1,
    FG_RTU_READ_DISCRETE = 2,
    FG_RTU_READ_HOLDING = 3,
    FG_RTU_READ_INPUT = 4,
    FG_RTU_WRITE_COIL = 5,
    FG_RTU_WRITE_REGISTER = 6,
};

/* Bytes of the answer to a request, check sum included; 0 for a function that is none of the above. */
size_t fg_rtu_answer_bytes(const uint8_t request[FG_RTU_REQUEST_BYTES]);

/* Is the check sum (CRC-16/MODBUS, low byte first) in the last two of length bytes right? */
bool fg_rtu_crc_is_good(const uint8_t *frame, size_t length);

/* What a frame (length bytes, check sum included, which must be right) is to a request: ANSWERED, an
 * exception's outcome, WRONG_UNIT, or WRONG_ANSWER. */
enum fg_outcome fg_rtu_judge(const uint8_t request[FG_RTU_REQUEST_BYTES], const uint8_t *frame,
                             size_t length);

/* Do the bytes begin with the request itself, as a line that hears its own sender gives it back? length may
 * be as short as FG_RTU_FRAME_MIN. Means nothing for writes, which a device repeats as well. */
bool fg_rtu_is_own_request(const uint8_t request[FG_RTU_REQUEST_BYTES], const uint8_t *bytes, size_t length);

#endif
