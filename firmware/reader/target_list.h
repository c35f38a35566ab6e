/* The chip's answer to InListPassiveTarget (UM0701-02, 7.3.5): how many tags of ISO/IEC 14443 type A it
 * found, and who the first is. Not: asking (nfc.c). Relies on: lib/domain/types.h. Pure functions. */
#ifndef FG_FIRMWARE_READER_TARGET_LIST_H
#define FG_FIRMWARE_READER_TARGET_LIST_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_TARGETS_MAX 2 /* more the chip does not list */
/* Count; of each: number, ATQA, SAK, length, UID with cascade tags, and room for an answer to select. */
#define FG_TARGET_LIST_BYTES 255

struct fg_target_list {
    uint8_t count;     /* 0 to FG_TARGETS_MAX */
    struct fg_uid uid; /* of the first, without cascade tags; length 0 when there is none */
};

/* Takes the answer from the count on. FG_E_FORMAT: more tags than were asked for, or the first is cut off or
 * has a UID of no length that there is. */
enum fg_err fg_target_list_parse(const uint8_t *answer, size_t count, struct fg_target_list *ret_list,
                                 struct fg_error *error);

#endif
