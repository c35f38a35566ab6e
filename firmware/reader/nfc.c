/* The libnfc calls of nfc.h, and what libnfc 1.8 must be told so that it stays within bounds:
 * finite selects (a select otherwise waits 300 ms and more), never time-out 0 (which waits for ever), no
 * nfc_abort_command (which loses aborts and leaks a descriptor each), a port lock of our own (libnfc's is
 * lost), and the field switched off and on before a search, because a listed tag is left halted and deaf. */
#include "firmware/reader/nfc.h"

#include "proto/port_lock.h"

#include <nfc/nfc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES 4
#define BLOCK_BYTES 16
#define FIRST_USER_PAGE 4
#define CONTAINER_MAGIC 0xE1
#define TRIES 3
#define EXCHANGE_MS 60
#define SEARCH_POLLS 12 /* a held tag hides a second one: search anew at every such poll */
#define COMMAND_READ 0x30
#define COMMAND_WRITE 0xA2

struct fg_nfc {
    nfc_context *context;
    nfc_device *device;
    int lock_fd;
    bool holds; /* a tag is selected */
    bool first_known;
    struct fg_uid uid;
    uint8_t first_block[BLOCK_BYTES];
    unsigned polls_held;
};

static const nfc_modulation type_a = {.nmt = NMT_ISO14443A, .nbr = NBR_106};

/* ---- opening -------------------------------------------------------------------------------------- */

/* The device path within "driver:PATH[:BAUD]"; false when the string names none. */
static bool port_of(const char *connection, char path[256])
{
    const char *start = strchr(connection, ':');
    size_t length;

    if (start == NULL || (start[1] != '/' && start[1] != '.'))
        return false;
    start++;
    length = strcspn(start, ":");
    if (length == 0 || length >= 256)
        return false;
    memcpy(path, start, length);
    path[length] = '\0';
    return true;
}

static enum fg_err port_lock(const char *connection, int *ret_fd, struct fg_error *error)
{
    char path[256];

    if (!port_of(connection, path)) {
        *ret_fd = -1;
        return FG_OK;
    }
    return fg_port_lock(path, ret_fd, error);
}

static enum fg_err device_open(struct fg_nfc *nfc, const char *connection, struct fg_error *error)
{
    nfc_connstring name = "";
    int length = snprintf(name, sizeof(name), "%s", connection);

    if (length < 0 || (size_t)length >= sizeof(name))
        return fg_fail(error, FG_E_SIZE, "connection string longer than %zu bytes", sizeof(name) - 1);
    nfc_init(&nfc->context);
    if (nfc->context == NULL)
        return fg_fail(error, FG_E_MEMORY, "libnfc cannot be initialised");
    nfc->device = nfc_open(nfc->context, name);
    if (nfc->device == NULL)
        return fg_fail(error, FG_E_IO, "%.150s: no reader answers", connection);
    if (nfc_initiator_init(nfc->device) < 0 ||
        nfc_device_set_property_bool(nfc->device, NP_INFINITE_SELECT, false) < 0 ||
        nfc_device_set_property_bool(nfc->device, NP_AUTO_ISO14443_4, false) < 0)
        return fg_fail(error, FG_E_IO, "%.100s: %.100s", connection, nfc_strerror(nfc->device));
    return FG_OK;
}

enum fg_err fg_nfc_open(const char *connection, struct fg_nfc **ret_nfc, struct fg_error *error)
{
    struct fg_nfc *nfc = calloc(1, sizeof(*nfc));
    enum fg_err code;

    if (nfc == NULL)
        return fg_fail(error, FG_E_MEMORY, "out of memory");
    nfc->lock_fd = -1;
    code = port_lock(connection, &nfc->lock_fd, error);
    if (code == FG_OK)
        code = device_open(nfc, connection, error);
    if (code != FG_OK) {
        fg_nfc_close(nfc);
        return code;
    }
    fg_port_seal(nfc->lock_fd);
    *ret_nfc = nfc;
    return FG_OK;
}

void fg_nfc_close(struct fg_nfc *nfc)
{
    if (nfc == NULL)
        return;
    if (nfc->device != NULL)
        nfc_close(nfc->device);
    if (nfc->context != NULL)
        nfc_exit(nfc->context);
    if (nfc->lock_fd >= 0)
        (void)close(nfc->lock_fd);
    free(nfc);
}

/* ---- one exchange --------------------------------------------------------------------------------- */

/* Is this a failure of the device, not of the air? (NFC_EINVARG is the chip's "no such target".) */
static bool is_device_failure(int result)
{
    return result == NFC_EIO || result == NFC_EDEVNOTSUPP || result == NFC_ENOTSUCHDEV ||
           result == NFC_ESOFT || result == NFC_ENOTIMPL;
}

static enum fg_err device_fail(const struct fg_nfc *nfc, const char *what, struct fg_error *error)
{
    return fg_fail(error, FG_E_IO, "%s: %.150s", what, nfc_strerror(nfc->device));
}

/* READ of one block. FG_E_NOT_FOUND: no answer, or NAK. */
static enum fg_err block_read(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[BLOCK_BYTES],
                              struct fg_error *error)
{
    uint8_t command[2] = {COMMAND_READ, page};
    uint8_t block[BLOCK_BYTES + 8];
    int result = nfc_initiator_transceive_bytes(nfc->device, command, sizeof(command), block, sizeof(block),
                                                EXCHANGE_MS);

    if (result == BLOCK_BYTES) {
        memcpy(ret_block, block, BLOCK_BYTES);
        return FG_OK;
    }
    if (result < 0 && is_device_failure(result))
        return device_fail(nfc, "reading", error);
    return fg_fail(error, FG_E_NOT_FOUND, "page %u does not answer", page);
}

static bool uid_of(const nfc_target *target, struct fg_uid *ret_uid)
{
    const nfc_iso14443a_info *info = &target->nti.nai;

    if (info->szUidLen == 0 || info->szUidLen > FG_UID_MAX)
        return false;
    memset(ret_uid, 0, sizeof(*ret_uid));
    ret_uid->length = (uint8_t)info->szUidLen;
    memcpy(ret_uid->bytes, info->abtUid, info->szUidLen);
    return true;
}

/* ---- polling -------------------------------------------------------------------------------------- */

static enum fg_err field_reset(struct fg_nfc *nfc, struct fg_error *error)
{
    if (nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, false) < 0 ||
        nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, true) < 0)
        return device_fail(nfc, "switching the field", error);
    return FG_OK;
}

/* Looks for tags anew: how many (at most 2), and selects a single one. */
static enum fg_err tags_search(struct fg_nfc *nfc, uint8_t *ret_count, struct fg_error *error)
{
    nfc_target targets[2];
    struct fg_uid uid;
    enum fg_err code = field_reset(nfc, error);
    int found;

    if (code != FG_OK)
        return code;
    found = nfc_initiator_list_passive_targets(nfc->device, type_a, targets, 2);
    if (found < 0)
        return device_fail(nfc, "searching", error);
    if (found == 1) {
        code = field_reset(nfc, error);
        if (code != FG_OK)
            return code;
        found = nfc_initiator_select_passive_target(nfc->device, type_a, NULL, 0, &targets[0]);
        if (found < 0)
            return device_fail(nfc, "selecting", error);
        nfc->holds = found > 0 && uid_of(&targets[0], &uid);
        if (nfc->holds)
            nfc->uid = uid;
        found = nfc->holds ? 1 : 0;
    }
    *ret_count = (uint8_t)found;
    return FG_OK;
}

/* Does the selected tag still answer, and with the same UID pages? */
static enum fg_err held_check(struct fg_nfc *nfc, bool *ret_present, struct fg_error *error)
{
    uint8_t block[BLOCK_BYTES];
    enum fg_err code = block_read(nfc, 0, block, error);

    if (code == FG_E_NOT_FOUND) {
        *ret_present = false;
        return FG_OK;
    }
    if (code != FG_OK)
        return code;
    if (!nfc->first_known)
        memcpy(nfc->first_block, block, BLOCK_BYTES);
    nfc->first_known = true;
    *ret_present = memcmp(nfc->first_block, block, 2 * PAGE_BYTES) == 0;
    return FG_OK;
}

enum fg_err fg_nfc_poll(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error)
{
    struct fg_reader_report report = {.kind = FG_READER_POLL};
    bool present = false;
    enum fg_err code = FG_OK;

    if (nfc->holds && ++nfc->polls_held % SEARCH_POLLS != 0) {
        code = held_check(nfc, &present, error);
        if (code == FG_OK && present)
            report.tag_count = 1;
    }
    if (code == FG_OK && !present) {
        nfc->holds = false;
        nfc->first_known = false;
        code = tags_search(nfc, &report.tag_count, error);
    }
    if (code != FG_OK)
        return code;
    if (report.tag_count == 1)
        report.uid = nfc->uid;
    *ret_report = report;
    return FG_OK;
}

/* ---- reading and writing --------------------------------------------------------------------------- */

static enum fg_err select_again(struct fg_nfc *nfc, struct fg_error *error)
{
    uint8_t count = 0;
    struct fg_uid wanted = nfc->uid;
    enum fg_err code = tags_search(nfc, &count, error);

    if (code != FG_OK)
        return code;
    if (count != 1 || nfc->uid.length != wanted.length ||
        memcmp(nfc->uid.bytes, wanted.bytes, wanted.length) != 0)
        return fg_fail(error, FG_E_NOT_FOUND, "the tag left the field");
    return FG_OK;
}

static enum fg_err block_read_patiently(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[BLOCK_BYTES],
                                        struct fg_error *error)
{
    enum fg_err code = FG_E_NOT_FOUND;

    for (int i = 0; i < TRIES && code == FG_E_NOT_FOUND; i++) {
        /* A tag that said NAK has gone back to idle and must be selected anew. */
        if (i > 0 && select_again(nfc, error) != FG_OK)
            return FG_E_NOT_FOUND;
        code = block_read(nfc, page, ret_block, error);
    }
    return code;
}

/* Bytes from page 0 that the capability container in page 3 promises; 16 when there is none. */
static size_t memory_size(const uint8_t first[BLOCK_BYTES])
{
    size_t size = BLOCK_BYTES;

    if (first[3 * PAGE_BYTES] == CONTAINER_MAGIC)
        size += (size_t)first[3 * PAGE_BYTES + 2] * 8;
    return size;
}

/* Some tags answer a read behind their end from page 0 again. No other block can equal the first: it holds
 * the UID. */
static bool is_wrapped(const uint8_t first[BLOCK_BYTES], const uint8_t block[BLOCK_BYTES])
{
    return memcmp(first, block, BLOCK_BYTES) == 0;
}

enum fg_err fg_nfc_read(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error)
{
    struct fg_reader_report report = {.kind = FG_READER_TAG, .tag_count = 1, .uid = nfc->uid};
    size_t size = BLOCK_BYTES;
    size_t done = 0;
    bool wrapped = false;
    enum fg_err code = FG_OK;

    while (done < size && done < FG_TAG_MEMORY_MAX) {
        uint8_t block[BLOCK_BYTES];
        size_t take = size - done < BLOCK_BYTES ? size - done : BLOCK_BYTES;

        code = block_read_patiently(nfc, (uint8_t)(done / PAGE_BYTES), block, error);
        wrapped = code == FG_OK && done > 0 && is_wrapped(report.memory, block);
        if (code != FG_OK || wrapped)
            break;
        memcpy(report.memory + done, block, take);
        if (done == 0)
            size = memory_size(block);
        done += take;
    }
    if (code != FG_OK && code != FG_E_NOT_FOUND)
        return code;
    report.complete = code == FG_OK && !wrapped && done == size;
    report.memory_length = (uint16_t)done;
    *ret_report = report;
    return FG_OK;
}

static enum fg_err page_write_once(struct fg_nfc *nfc, uint8_t page, const uint8_t data[PAGE_BYTES],
                                   struct fg_error *error)
{
    uint8_t command[2 + PAGE_BYTES] = {COMMAND_WRITE, page};
    uint8_t answer[BLOCK_BYTES];
    int result;

    memcpy(command + 2, data, PAGE_BYTES);
    result = nfc_initiator_transceive_bytes(nfc->device, command, sizeof(command), answer, sizeof(answer),
                                            EXCHANGE_MS);
    if (result < 0)
        return fg_fail(error, FG_E_IO, "page %u cannot be written: locked, or the tag moved", page);
    return FG_OK;
}

/* Writing the same bytes again does no harm, so a page gets several tries. */
static enum fg_err page_write(struct fg_nfc *nfc, uint8_t page, const uint8_t data[PAGE_BYTES],
                              struct fg_error *error)
{
    enum fg_err code = FG_E_IO;

    for (int i = 0; i < TRIES && code == FG_E_IO; i++) {
        if (i > 0 && select_again(nfc, error) != FG_OK)
            return FG_E_NOT_FOUND;
        code = page_write_once(nfc, page, data, error);
    }
    return code;
}

static enum fg_err read_back(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error)
{
    for (size_t done = 0; done < write->length; done += BLOCK_BYTES) {
        uint8_t block[BLOCK_BYTES];
        size_t take = write->length - done < BLOCK_BYTES ? write->length - done : BLOCK_BYTES;
        enum fg_err code =
            block_read_patiently(nfc, (uint8_t)(FIRST_USER_PAGE + done / PAGE_BYTES), block, error);

        if (code != FG_OK)
            return code;
        if (memcmp(block, write->data + done, take) != 0)
            return fg_fail(error, FG_E_AUTH, "read back differs from what was written at byte %zu", done);
    }
    return FG_OK;
}

/* The dynamic lock bytes of the NTAG21x family: page and value, by the size in the capability container
 * (NXP data sheet NTAG213/215/216, 8.5.3). */
static bool dynamic_lock_of(uint8_t size_code, uint8_t *ret_page, uint8_t ret_bytes[PAGE_BYTES])
{
    static const struct {
        uint8_t size_code;
        uint8_t page;
        uint8_t bytes[PAGE_BYTES];
    } locks[] = {{0x12, 0x28, {0xFF, 0x0F, 0x3F, 0}},
                 {0x3E, 0x82, {0xFF, 0, 0x0F, 0}},
                 {0x6D, 0xE2, {0xFF, 0x3F, 0x7F, 0}}};

    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        if (locks[i].size_code == size_code) {
            *ret_page = locks[i].page;
            memcpy(ret_bytes, locks[i].bytes, PAGE_BYTES);
            return true;
        }
    }
    return false;
}

/* Did the tag take the read-only mark and the static lock bits? */
static enum fg_err lock_check(struct fg_nfc *nfc, struct fg_error *error)
{
    uint8_t block[BLOCK_BYTES];
    enum fg_err code = block_read_patiently(nfc, 0, block, error);

    if (code != FG_OK)
        return code;
    if (block[2 * PAGE_BYTES + 2] != 0xFF || block[2 * PAGE_BYTES + 3] != 0xFF ||
        (block[3 * PAGE_BYTES + 3] & 0x0F) != 0x0F)
        return fg_fail(error, FG_E_AUTH, "the tag was written but does not show as locked");
    return FG_OK;
}

/* Read-only in the capability container first, the static lock bits last: they lock the way back. */
static enum fg_err tag_lock(struct fg_nfc *nfc, const uint8_t first[BLOCK_BYTES], struct fg_error *error)
{
    static const uint8_t static_lock[PAGE_BYTES] = {0, 0, 0xFF, 0xFF};
    uint8_t container[PAGE_BYTES];
    uint8_t dynamic[PAGE_BYTES];
    uint8_t dynamic_page = 0;
    enum fg_err code;

    memcpy(container, first + 3 * PAGE_BYTES, PAGE_BYTES);
    container[3] |= 0x0F;
    code = page_write(nfc, 3, container, error);
    if (code == FG_OK && dynamic_lock_of(container[2], &dynamic_page, dynamic))
        code = page_write(nfc, dynamic_page, dynamic, error);
    if (code == FG_OK)
        code = page_write(nfc, 2, static_lock, error);
    if (code == FG_OK)
        code = lock_check(nfc, error);
    return code;
}

enum fg_err fg_nfc_write(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error)
{
    uint8_t first[BLOCK_BYTES];
    enum fg_err code;

    if (!nfc->holds || nfc->uid.length != write->uid.length ||
        memcmp(nfc->uid.bytes, write->uid.bytes, write->uid.length) != 0)
        return fg_fail(error, FG_E_NOT_FOUND, "the tag to be written is not in the field");
    code = block_read_patiently(nfc, 0, first, error);
    if (code != FG_OK)
        return code;
    if (memory_size(first) < BLOCK_BYTES + (size_t)write->length)
        return fg_fail(error, FG_E_SIZE, "the tag holds %zu bytes, %u are needed",
                       memory_size(first) - BLOCK_BYTES, write->length);
    for (size_t done = 0; done < write->length && code == FG_OK; done += PAGE_BYTES)
        code = page_write(nfc, (uint8_t)(FIRST_USER_PAGE + done / PAGE_BYTES), write->data + done, error);
    if (code == FG_OK)
        code = read_back(nfc, write, error);
    if (code == FG_OK && write->lock)
        code = tag_lock(nfc, first, error);
    return code;
}
