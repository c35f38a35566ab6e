/* Taking the chip's list of tags apart (target_list.h). A UID of 7 or 10 bytes may come as it goes over the
 * air, with a cascade tag before each part but the last (ISO/IEC 14443-3, 6.5.4). */
#include "firmware/reader/target_list.h"

#include <string.h>

#define CASCADE_TAG 0x88
#define CASCADE_PART_BYTES 3 /* of the UID, after each cascade tag */
#define LENGTH_AT 5          /* after count, number, ATQA (two bytes) and SAK */
#define UID_AT 6

/* Four bytes are a whole UID, 8 and 12 hold cascade tags. */
static size_t cascade_tags(const uint8_t *bytes, size_t length)
{
    bool first = length >= 8 && bytes[0] == CASCADE_TAG;

    if (length == 8 && first)
        return 1;
    return length == 12 && first && bytes[4] == CASCADE_TAG ? 2 : 0;
}

static bool uid_take(const uint8_t *bytes, size_t length, struct fg_uid *ret_uid)
{
    size_t tags = cascade_tags(bytes, length);
    size_t used = 0;

    if (length - tags != 4 && length - tags != 7 && length - tags != 10)
        return false;
    memset(ret_uid, 0, sizeof(*ret_uid));
    for (size_t i = 0; i < tags; i++, used += CASCADE_PART_BYTES)
        memcpy(ret_uid->bytes + used, bytes + i * (1 + CASCADE_PART_BYTES) + 1, CASCADE_PART_BYTES);
    memcpy(ret_uid->bytes + used, bytes + tags * (1 + CASCADE_PART_BYTES), length - tags - used);
    ret_uid->length = (uint8_t)(length - tags);
    return true;
}

enum fg_err fg_target_list_parse(const uint8_t *answer, size_t count, struct fg_target_list *ret_list,
                                 struct fg_error *error)
{
    struct fg_target_list list = {.count = 0};

    if (count == 0 || answer[0] > FG_TARGETS_MAX)
        return fg_fail(error, FG_E_FORMAT, "the chip's list of tags: %s",
                       count == 0 ? "empty" : "more tags than were asked for");
    list.count = answer[0];
    if (list.count > 0 && (count < UID_AT || answer[LENGTH_AT] > count - UID_AT ||
                           !uid_take(answer + UID_AT, answer[LENGTH_AT], &list.uid)))
        return fg_fail(error, FG_E_FORMAT, "the chip's list of tags: the first is cut off, or has no UID");
    *ret_list = list;
    return FG_OK;
}
