/* Any bytes as what a host sends to the simulated PN532, with two tags in the field: nothing is read or
 * written outside. First byte: faults that are armed; second: bytes raw, or commands to be framed. */
#include <stdlib.h>
#include <string.h>

#include "boards/sim/tag/pn532.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds one command in a frame with right checksums, so that fuzzing gets behind them. */
static void feed_framed(struct fg_pn532 *chip, const uint8_t *bytes, size_t count)
{
    uint8_t head[] = {0x00, 0x00, 0xFF, (uint8_t)(count + 1), (uint8_t)(0U - (count + 1)), 0xD4};
    uint8_t sum = 0xD4;

    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    sum = (uint8_t)(0U - sum);
    fg_pn532_feed(chip, head, sizeof(head));
    fg_pn532_feed(chip, bytes, count);
    fg_pn532_feed(chip, &sum, 1);
}

static void tag_make(struct fg_sim_tag *tag, const char *type, size_t pages)
{
    memset(tag, 0, sizeof(*tag));
    memcpy(tag->type, type, strlen(type));
    tag->length = pages * 4;
    tag->uid.length = 7;
    memcpy(tag->uid.bytes, type, 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_pn532 chip;
    struct fg_sim_tag first;
    struct fg_sim_tag second;

    if (size < 2)
        return 0;
    tag_make(&first, "ntag213", 45);
    tag_make(&second, "rollover", 16);
    fg_pn532_init(&chip);
    fg_pn532_place(&chip, &first, &second);
    for (int fault = 0; fault < 8; fault++)
        fg_pn532_arm(&chip, (enum fg_pn532_fault)fault, (uint32_t)(data[0] >> fault & 1));
    if ((data[1] & 1) == 0) {
        fg_pn532_feed(&chip, data + 2, size - 2);
    } else {
        for (size_t at = 2; at < size;) {
            size_t count = data[at] % 64;

            at++;
            if (count > size - at)
                count = size - at;
            feed_framed(&chip, data + at, count);
            at += count;
        }
    }
    fg_pn532_tick(&chip, 1000);
    if (chip.out_count > sizeof(chip.out) || chip.in_count > sizeof(chip.in) || first.length != 180)
        abort();
    return 0;
}
