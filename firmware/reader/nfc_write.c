/* Writing and locking a type 2 tag (nfc.h). What chip it is, and so where its lock bytes are, GET_VERSION
 * says: the capability container is only data, and there are tags whose container is another chip's. Sources:
 * NXP data sheets NTAG210/212, NTAG213/215/216 (8.5.3, 10.1) and MF0ULx1 (8.5, 10.1). */
#include <string.h>

#include "firmware/reader/private.h"

#define TRIES 3
#define CONTAINER_PAGE 3
#define STATIC_LOCK_PAGE 2
#define STATIC_LAST_PAGE 15 /* the static lock bits are for pages 3 to 15 */
#define CONTAINER_MAGIC 0xE1
#define CONTAINER_READ_ONLY 0x0F
#define COMMAND_WRITE 0xA2
#define COMMAND_GET_VERSION 0x60
#define VERSION_BYTES 8
#define MAKER_NXP 0x04
#define PRODUCT_ULTRALIGHT 0x03
#define PRODUCT_NTAG 0x04

/* A kind of chip. */
struct chip {
    uint8_t product; /* byte 2 of GET_VERSION */
    uint8_t storage; /* byte 6 */
    uint8_t last_user_page;
    uint8_t lock_page; /* of the dynamic lock bytes; 0 = none */
    uint8_t lock_bytes[FG_NFC_PAGE_BYTES];
    uint8_t pages_a_bit; /* that one dynamic lock bit locks, from page 16 on */
};

static const struct chip chips[] = {
    {PRODUCT_ULTRALIGHT, 0x0B, 15, 0, {0}, 1},                      /* MF0UL11 */
    {PRODUCT_ULTRALIGHT, 0x0E, 35, 0x24, {0xFF, 0x03, 0x1F, 0}, 2}, /* MF0UL21 */
    {PRODUCT_NTAG, 0x0B, 15, 0, {0}, 1},                            /* NTAG210 */
    {PRODUCT_NTAG, 0x0E, 35, 0x24, {0xFF, 0x03, 0x1F, 0}, 2},       /* NTAG212 */
    {PRODUCT_NTAG, 0x0F, 39, 0x28, {0xFF, 0x0F, 0x3F, 0}, 2},       /* NTAG213 */
    {PRODUCT_NTAG, 0x11, 129, 0x82, {0xFF, 0x00, 0x0F, 0}, 16},     /* NTAG215 */
    {PRODUCT_NTAG, 0x13, 225, 0xE2, {0xFF, 0x3F, 0x7F, 0}, 16},     /* NTAG216 */
};

/* A chip that does not say what it is: only its static lock bits are known, its pages those of its container.
 */
static struct chip chip_unnamed(const uint8_t first[FG_NFC_BLOCK_BYTES])
{
    size_t last = FG_NFC_FIRST_USER_PAGE + (size_t)first[CONTAINER_PAGE * FG_NFC_PAGE_BYTES + 2] * 2 - 1;
    struct chip chip = {.pages_a_bit = 1};

    chip.last_user_page = (uint8_t)(last < 255 ? last : 255);
    return chip;
}

static enum fg_err chip_find(struct fg_nfc *nfc, const uint8_t first[FG_NFC_BLOCK_BYTES],
                             struct chip *ret_chip, struct fg_error *error)
{
    static const uint8_t command[] = {COMMAND_GET_VERSION};
    uint8_t version[VERSION_BYTES];
    enum fg_err code =
        fg_nfc_exchange(nfc, FG_NFC_THROUGH, command, sizeof(command), version, sizeof(version), error);

    *ret_chip = chip_unnamed(first);
    if (code == FG_E_NOT_FOUND)
        return fg_nfc_select_again(nfc, error);
    if (code != FG_OK)
        return code;
    for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
        if (version[1] == MAKER_NXP && version[2] == chips[i].product && version[6] == chips[i].storage)
            *ret_chip = chips[i];
    }
    return FG_OK;
}

/* ---- pages ------------------------------------------------------------------------------------------ */

/* Writing the same bytes again does no harm, so a page gets several tries. FG_E_AUTH: the tag is there and
 * refuses. */
static enum fg_err page_write(struct fg_nfc *nfc, uint8_t page, const uint8_t data[FG_NFC_PAGE_BYTES],
                              struct fg_error *error)
{
    uint8_t command[2 + FG_NFC_PAGE_BYTES] = {COMMAND_WRITE, page};
    enum fg_err code = FG_E_NOT_FOUND;

    memcpy(command + 2, data, FG_NFC_PAGE_BYTES);
    for (int i = 0; i < TRIES && code == FG_E_NOT_FOUND; i++) {
        code = fg_nfc_exchange(nfc, FG_NFC_FRAMED, command, sizeof(command), NULL, 0, error);
        if (code == FG_E_NOT_FOUND && fg_nfc_select_again(nfc, error) != FG_OK)
            return FG_E_NOT_FOUND;
    }
    if (code == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_AUTH, "page %u cannot be written: it is locked", page);
    return code;
}

static enum fg_err page_read(struct fg_nfc *nfc, uint8_t page, uint8_t ret_data[FG_NFC_PAGE_BYTES],
                             struct fg_error *error)
{
    uint8_t block[FG_NFC_BLOCK_BYTES];
    enum fg_err code = fg_nfc_block_patiently(nfc, page, block, error);

    if (code == FG_OK)
        memcpy(ret_data, block, FG_NFC_PAGE_BYTES);
    return code;
}

/* What the pages from 4 on hold now. */
static enum fg_err data_read(struct fg_nfc *nfc, uint8_t *ret_data, size_t length, struct fg_error *error)
{
    for (size_t done = 0; done < length; done += FG_NFC_BLOCK_BYTES) {
        uint8_t block[FG_NFC_BLOCK_BYTES];
        size_t take = length - done < FG_NFC_BLOCK_BYTES ? length - done : FG_NFC_BLOCK_BYTES;
        enum fg_err code = fg_nfc_block_patiently(
            nfc, (uint8_t)(FG_NFC_FIRST_USER_PAGE + done / FG_NFC_PAGE_BYTES), block, error);

        if (code != FG_OK)
            return code;
        memcpy(ret_data + done, block, take);
    }
    return FG_OK;
}

/* Writes the pages that differ: all but the first, under a message of length 0, then the first. */
static enum fg_err data_write(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error)
{
    static const uint8_t empty_message[FG_NFC_PAGE_BYTES] = {0x03, 0x00, 0xFE, 0x00};
    uint8_t present[FG_TAG_MEMORY_MAX];
    enum fg_err code = data_read(nfc, present, write->length, error);

    if (code != FG_OK || memcmp(present, write->data, write->length) == 0)
        return code;
    code = page_write(nfc, FG_NFC_FIRST_USER_PAGE, empty_message, error);
    for (size_t at = FG_NFC_PAGE_BYTES; at < write->length && code == FG_OK; at += FG_NFC_PAGE_BYTES) {
        if (memcmp(present + at, write->data + at, FG_NFC_PAGE_BYTES) != 0)
            code = page_write(nfc, (uint8_t)(FG_NFC_FIRST_USER_PAGE + at / FG_NFC_PAGE_BYTES),
                              write->data + at, error);
    }
    if (code == FG_OK)
        code = page_write(nfc, FG_NFC_FIRST_USER_PAGE, write->data, error);
    if (code == FG_OK)
        code = data_read(nfc, present, write->length, error);
    if (code == FG_OK && memcmp(present, write->data, write->length) != 0)
        return fg_fail(error, FG_E_AUTH, "read back differs from what was written");
    return code;
}

/* ---- locking ---------------------------------------------------------------------------------------- */

/* Sets the bits of a page that can only be set. They may be set, and locked, already. */
static enum fg_err bits_set(struct fg_nfc *nfc, uint8_t page, const uint8_t bits[FG_NFC_PAGE_BYTES],
                            struct fg_error *error)
{
    uint8_t data[FG_NFC_PAGE_BYTES];
    bool missing = false;
    enum fg_err code = page_read(nfc, page, data, error);

    if (code != FG_OK)
        return code;
    for (size_t i = 0; i < FG_NFC_PAGE_BYTES; i++) {
        missing = missing || (data[i] & bits[i]) != bits[i];
        data[i] |= bits[i];
    }
    return missing ? page_write(nfc, page, data, error) : FG_OK;
}

/* Is a page locked? Only its refusal to take what it holds says so. */
static enum fg_err page_try(struct fg_nfc *nfc, size_t page, struct fg_error *error)
{
    uint8_t data[FG_NFC_PAGE_BYTES];
    enum fg_err code = page_read(nfc, (uint8_t)page, data, error);

    if (code == FG_OK)
        code = page_write(nfc, (uint8_t)page, data, error);
    if (code == FG_OK)
        return fg_fail(error, FG_E_AUTH,
                       "written and read back, but not locked: page %zu can still be written", page);
    return code == FG_E_AUTH ? FG_OK : code;
}

/* Tries every page that holds the record, and one page of each lock bit elsewhere. */
static enum fg_err lock_check(struct fg_nfc *nfc, const struct chip *chip, size_t data_bytes,
                              struct fg_error *error)
{
    size_t record_end = FG_NFC_FIRST_USER_PAGE + data_bytes / FG_NFC_PAGE_BYTES;
    size_t page = CONTAINER_PAGE;
    enum fg_err code = FG_OK;

    while (page <= chip->last_user_page && code == FG_OK) {
        code = page_try(nfc, page, error);
        if (page < STATIC_LAST_PAGE + 1 || page + 1 < record_end)
            page++;
        else
            page += chip->pages_a_bit;
    }
    return code;
}

/* Read-only in the capability container first, the static lock bits last: they lock the way back. */
static enum fg_err tag_lock(struct fg_nfc *nfc, const struct chip *chip, size_t data_bytes,
                            struct fg_error *error)
{
    static const uint8_t read_only[FG_NFC_PAGE_BYTES] = {0, 0, 0, CONTAINER_READ_ONLY};
    static const uint8_t static_lock[FG_NFC_PAGE_BYTES] = {0, 0, 0xFF, 0xFF};
    enum fg_err code = bits_set(nfc, CONTAINER_PAGE, read_only, error);

    if (code == FG_OK && chip->lock_page != 0)
        code = bits_set(nfc, chip->lock_page, chip->lock_bytes, error);
    if (code == FG_OK)
        code = bits_set(nfc, STATIC_LOCK_PAGE, static_lock, error);
    if (code == FG_OK)
        code = lock_check(nfc, chip, data_bytes, error);
    return code;
}

/* Bytes that may be written: what the container promises, as far as the chip has it. */
static size_t capacity_of(const struct chip *chip, const uint8_t first[FG_NFC_BLOCK_BYTES])
{
    size_t promised = (size_t)first[CONTAINER_PAGE * FG_NFC_PAGE_BYTES + 2] * 8;
    size_t real = ((size_t)chip->last_user_page + 1 - FG_NFC_FIRST_USER_PAGE) * FG_NFC_PAGE_BYTES;

    if (first[CONTAINER_PAGE * FG_NFC_PAGE_BYTES] != CONTAINER_MAGIC)
        return 0;
    return promised < real ? promised : real;
}

enum fg_err fg_nfc_write(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error)
{
    uint8_t first[FG_NFC_BLOCK_BYTES];
    struct chip chip;
    enum fg_err code;

    if (!nfc->holds || !fg_uid_is_same(&nfc->uid, &write->uid))
        return fg_fail(error, FG_E_NOT_FOUND, "the tag to be written is not in the field");
    code = fg_nfc_block_patiently(nfc, 0, first, error);
    if (code == FG_OK)
        code = chip_find(nfc, first, &chip, error);
    if (code != FG_OK)
        return code;
    if (capacity_of(&chip, first) < write->length)
        return fg_fail(error, FG_E_SIZE, "the tag holds %zu bytes, %u are needed", capacity_of(&chip, first),
                       write->length);
    code = data_write(nfc, write, error);
    if (code == FG_OK && write->lock)
        code = tag_lock(nfc, &chip, write->length, error);
    return code;
}
