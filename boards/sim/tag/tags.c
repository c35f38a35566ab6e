/* What a type 2 tag answers (tags.h). Lock bits: static ones in page 2 guard pages 3 to 15, bit by page; the
 * NTAG's dynamic ones, in the first page behind the user memory, guard the user pages from 16 on in groups.
 */
#include "boards/sim/tag/tags.h"

#include <string.h>

#define PAGE_BYTES 4
#define READ_PAGES 4
#define LOCK_PAGE 2
#define CONTAINER_PAGE 3

enum command {
    COMMAND_READ = 0x30,
    COMMAND_FAST_READ = 0x3A,
    COMMAND_READ_SIG = 0x3C,
    COMMAND_GET_VERSION = 0x60,
    COMMAND_COMPATIBILITY_WRITE = 0xA0,
    COMMAND_WRITE = 0xA2,
};

struct kind {
    const char *name;
    uint8_t product; /* byte 2 of GET_VERSION; 0 = neither that nor FAST_READ is known to the chip */
    uint8_t storage; /* byte 6 of GET_VERSION */
    uint8_t dynamic_lock_page;  /* 0 = none that is simulated */
    uint8_t pages_per_lock_bit; /* of the dynamic lock bits */
    bool rolls_over;            /* READ beyond the end starts again at page 0 instead of a NAK */
};

static const struct kind kinds[] = {
    {"ultralight", 0, 0, 0, 0, false},
    {"ultralight_c", 0, 0, 0, 0, false},
    {"ultralight_ev1", 3, 0x0E, 0x24, 2, false},
    {"ntag213", 4, 0x0F, 0x28, 2, false},
    {"ntag215", 4, 0x11, 0x82, 16, false},
    {"ntag216", 4, 0x13, 0xE2, 16, false},
    {"rollover", 0, 0, 0, 0, true},
};

static const struct kind *kind_of(const struct fg_sim_tag *tag)
{
    for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(tag->type, kinds[i].name) == 0)
            return &kinds[i];
    }
    return &kinds[0];
}

static size_t page_count(const struct fg_sim_tag *tag)
{
    return tag->length / PAGE_BYTES;
}

static bool page_is_locked(const struct fg_sim_tag *tag, size_t page)
{
    const struct kind *kind = kind_of(tag);
    const uint8_t *locks = tag->memory + LOCK_PAGE * PAGE_BYTES + 2;
    const uint8_t *dynamic = tag->memory + (size_t)kind->dynamic_lock_page * PAGE_BYTES;
    size_t bit;

    if (page < 2)
        return true;
    if (page >= CONTAINER_PAGE && page < 16)
        return (locks[page / 8] >> (page % 8) & 1) != 0;
    if (kind->dynamic_lock_page == 0 || page < 16 || page >= kind->dynamic_lock_page)
        return false;
    bit = (page - 16) / kind->pages_per_lock_bit;
    return bit < 16 && (dynamic[bit / 8] >> (bit % 8) & 1) != 0;
}

/* Lock bytes and the capability container can only be set, never cleared. */
static void page_write(struct fg_sim_tag *tag, size_t page, const uint8_t data[PAGE_BYTES])
{
    const struct kind *kind = kind_of(tag);
    uint8_t *target = tag->memory + page * PAGE_BYTES;
    bool only_set = page == LOCK_PAGE || page == CONTAINER_PAGE ||
                    (kind->dynamic_lock_page != 0 && page == kind->dynamic_lock_page);

    for (size_t i = 0; i < PAGE_BYTES; i++) {
        if (page == LOCK_PAGE && i < 2)
            continue;
        target[i] = only_set ? (uint8_t)(target[i] | data[i]) : data[i];
    }
}

static enum fg_sim_tag_reply write_do(struct fg_sim_tag *tag, const uint8_t *command, size_t count)
{
    /* COMPATIBILITY_WRITE carries four pages and writes the first; the chip hands it over in one piece. */
    size_t pages = command[0] == COMMAND_WRITE ? 1 : READ_PAGES;

    if (count != 2 + pages * PAGE_BYTES || command[1] >= page_count(tag) || page_is_locked(tag, command[1]))
        return FG_SIM_TAG_NAK;
    page_write(tag, command[1], command + 2);
    return FG_SIM_TAG_ACK;
}

static enum fg_sim_tag_reply read_do(const struct fg_sim_tag *tag, size_t first, uint8_t *ret_answer,
                                     size_t *ret_count)
{
    size_t pages = page_count(tag);

    if (first >= pages && !kind_of(tag)->rolls_over)
        return FG_SIM_TAG_NAK;
    for (size_t i = 0; i < READ_PAGES; i++)
        memcpy(ret_answer + i * PAGE_BYTES, tag->memory + (first + i) % pages * PAGE_BYTES, PAGE_BYTES);
    *ret_count = READ_PAGES * PAGE_BYTES;
    return FG_SIM_TAG_DATA;
}

static enum fg_sim_tag_reply fast_read_do(const struct fg_sim_tag *tag, const uint8_t *command, size_t count,
                                          uint8_t *ret_answer, size_t *ret_count)
{
    size_t bytes;

    if (kind_of(tag)->product == 0 || count != 3 || command[2] >= page_count(tag) || command[1] > command[2])
        return FG_SIM_TAG_NAK;
    bytes = (size_t)(command[2] - command[1] + 1) * PAGE_BYTES;
    if (bytes > FG_SIM_TAG_ANSWER_MAX - 2)
        return FG_SIM_TAG_NAK;
    memcpy(ret_answer, tag->memory + (size_t)command[1] * PAGE_BYTES, bytes);
    *ret_count = bytes;
    return FG_SIM_TAG_DATA;
}

static enum fg_sim_tag_reply version_do(const struct fg_sim_tag *tag, uint8_t *ret_answer, size_t *ret_count)
{
    const struct kind *kind = kind_of(tag);
    const uint8_t version[8] = {0x00, 0x04, kind->product, 0x02, 0x01, 0x00, kind->storage, 0x03};

    if (kind->product == 0)
        return FG_SIM_TAG_NAK;
    memcpy(ret_answer, version, sizeof(version));
    *ret_count = sizeof(version);
    return FG_SIM_TAG_DATA;
}

enum fg_sim_tag_reply fg_sim_tag_exchange(struct fg_sim_tag *tag, const uint8_t *command, size_t count,
                                          uint8_t *ret_answer, size_t *ret_count)
{
    if (count == 0 || tag->length % PAGE_BYTES != 0 || tag->length < 4 * PAGE_BYTES)
        return FG_SIM_TAG_NAK;
    switch (command[0]) {
    case COMMAND_READ:
        return count == 2 ? read_do(tag, command[1], ret_answer, ret_count) : FG_SIM_TAG_NAK;
    case COMMAND_FAST_READ:
        return fast_read_do(tag, command, count, ret_answer, ret_count);
    case COMMAND_READ_SIG:
        if (kind_of(tag)->product == 0)
            return FG_SIM_TAG_NAK;
        memset(ret_answer, 0, 32);
        *ret_count = 32;
        return FG_SIM_TAG_DATA;
    case COMMAND_GET_VERSION:
        return version_do(tag, ret_answer, ret_count);
    case COMMAND_WRITE:
    case COMMAND_COMPATIBILITY_WRITE:
        return write_do(tag, command, count);
    default:
        return FG_SIM_TAG_NAK;
    }
}
