/* Reading no more of a tag than its record needs (nfc.h): the block with the capability container and the
 * first bytes of data, then the pages that these ask for, in as few frames as the tag knows. Type 2 tags: NFC
 * Forum Type 2 Tag specification; FAST_READ: NXP data sheets NTAG213/215/216 and MF0ULx1; MIFARE Ultralight
 * and Ultralight C answer it with a NAK. */
#include <string.h>

#include "firmware/reader/private.h"
#include "proto/point/tag.h"

#define CONTAINER_PAGE 3
#define FAST_PAGES_MAX (FG_NFC_ANSWER_MAX / FG_NFC_PAGE_BYTES)
#define GROW_PAGES_MIN 4
#define COMMAND_FAST_READ 0x3A

/* A memory under way. */
struct reading {
    struct fg_nfc *nfc;
    uint8_t memory[FG_TAG_MEMORY_MAX + FG_NFC_BLOCK_BYTES];
    size_t pages; /* read so far, from page 0 on */
    bool fast_refused;
    bool ended; /* the tag has no more pages */
};

/* A READ at the end of some tags goes on from page 0. How many of a block's pages come before that? The first
 * pages hold the UID, which no other page does. */
static size_t pages_before_wrap(const struct fg_uid *uid, const uint8_t block[FG_NFC_BLOCK_BYTES])
{
    for (size_t page = 0; page < 4; page++) {
        const uint8_t *at = block + page * FG_NFC_PAGE_BYTES;

        if (uid->length == 7 && memcmp(at, uid->bytes, 3) == 0 &&
            at[3] == (uint8_t)(0x88 ^ at[0] ^ at[1] ^ at[2]) &&
            (page == 3 || memcmp(at + 4, uid->bytes + 3, 4) == 0))
            return page;
    }
    return 4;
}

/* The next pages by FAST_READ. FG_E_NOT_FOUND: the tag refused; it is selected again. */
static enum fg_err fast_read(struct reading *reading, size_t pages, struct fg_error *error)
{
    size_t count = pages < FAST_PAGES_MAX ? pages : FAST_PAGES_MAX;
    uint8_t command[3] = {COMMAND_FAST_READ, (uint8_t)reading->pages, (uint8_t)(reading->pages + count - 1)};
    enum fg_err code = fg_nfc_exchange(reading->nfc, FG_NFC_THROUGH, command, sizeof(command),
                                       reading->memory + reading->pages * FG_NFC_PAGE_BYTES,
                                       count * FG_NFC_PAGE_BYTES, error);
    enum fg_err again;

    if (code == FG_OK)
        reading->pages += count;
    if (code != FG_E_NOT_FOUND)
        return code;
    reading->fast_refused = true;
    again = fg_nfc_select_again(reading->nfc, error);
    return again == FG_OK ? FG_E_NOT_FOUND : again;
}

/* The next four pages by READ. A tag that answers elsewhere but not here has ended. */
static enum fg_err slow_read(struct reading *reading, struct fg_error *error)
{
    uint8_t block[FG_NFC_BLOCK_BYTES];
    uint8_t first[FG_NFC_BLOCK_BYTES];
    enum fg_err code = fg_nfc_block_patiently(reading->nfc, (uint8_t)reading->pages, block, error);
    size_t pages;

    if (code == FG_E_NOT_FOUND && fg_nfc_select_again(reading->nfc, error) == FG_OK &&
        fg_nfc_block_patiently(reading->nfc, 0, first, error) == FG_OK) {
        reading->ended = true;
        return FG_OK;
    }
    if (code != FG_OK)
        return code;
    pages = pages_before_wrap(&reading->nfc->uid, block);
    reading->ended = pages < 4;
    memcpy(reading->memory + reading->pages * FG_NFC_PAGE_BYTES, block, pages * FG_NFC_PAGE_BYTES);
    reading->pages += pages;
    return FG_OK;
}

/* Reads on up to a page; every exchange gives more pages, or ends it. */
static enum fg_err read_until(struct reading *reading, size_t until_page, struct fg_error *error)
{
    enum fg_err code = FG_OK;

    while (code == FG_OK && !reading->ended && reading->pages < until_page) {
        code = FG_E_NOT_FOUND;
        if (!reading->fast_refused) {
            code = fast_read(reading, until_page - reading->pages, error);
            if (code == FG_E_NOT_FOUND && !reading->nfc->holds)
                return code;
        }
        if (code == FG_E_NOT_FOUND)
            code = slow_read(reading, error);
    }
    return code;
}

/* How far to read next. A memory that asks for one page more has only shown that it goes on: then as much
 * again, so that a tag of nothing but empty TLVs takes few steps; but not beyond what its container promises.
 */
static size_t next_page(const struct reading *reading, size_t wanted_bytes)
{
    size_t wanted = (wanted_bytes + FG_NFC_PAGE_BYTES - 1) / FG_NFC_PAGE_BYTES;
    size_t promised =
        FG_NFC_FIRST_USER_PAGE + (size_t)reading->memory[CONTAINER_PAGE * FG_NFC_PAGE_BYTES + 2] * 2;
    size_t more = reading->pages + (reading->pages > GROW_PAGES_MIN ? reading->pages : GROW_PAGES_MIN);

    if (wanted > reading->pages + 1)
        return wanted;
    if (more > promised)
        more = promised;
    if (more > FG_TAG_MEMORY_MAX / FG_NFC_PAGE_BYTES)
        more = FG_TAG_MEMORY_MAX / FG_NFC_PAGE_BYTES;
    return more > wanted ? more : wanted;
}

/* On and on as the memory itself asks for. */
static enum fg_err extent_read(struct reading *reading, size_t *ret_bytes, struct fg_error *error)
{
    enum fg_err code = FG_OK;
    size_t wanted = fg_tag_extent(reading->memory, reading->pages * FG_NFC_PAGE_BYTES);

    while (code == FG_OK && !reading->ended && wanted > reading->pages * FG_NFC_PAGE_BYTES) {
        code = read_until(reading, next_page(reading, wanted), error);
        wanted = fg_tag_extent(reading->memory, reading->pages * FG_NFC_PAGE_BYTES);
    }
    *ret_bytes = reading->pages * FG_NFC_PAGE_BYTES;
    return code;
}

enum fg_err fg_nfc_read(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error)
{
    struct fg_reader_report report = {.kind = FG_READER_TAG, .tag_count = 1, .uid = nfc->uid};
    struct reading reading = {.nfc = nfc};
    size_t bytes = 0;
    uint8_t block[FG_NFC_BLOCK_BYTES];
    enum fg_err code = fg_nfc_block_patiently(nfc, CONTAINER_PAGE, block, error);

    if (code == FG_OK) {
        memcpy(reading.memory + CONTAINER_PAGE * FG_NFC_PAGE_BYTES, block, sizeof(block));
        reading.pages = CONTAINER_PAGE + pages_before_wrap(&nfc->uid, block);
        code = extent_read(&reading, &bytes, error);
    }
    if (code != FG_OK && code != FG_E_NOT_FOUND)
        return code;
    report.complete = code == FG_OK;
    if (bytes > FG_TAG_MEMORY_MAX)
        bytes = FG_TAG_MEMORY_MAX;
    report.memory_length = (uint16_t)bytes;
    memcpy(report.memory, reading.memory, bytes);
    *ret_report = report;
    return FG_OK;
}
