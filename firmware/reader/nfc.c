/* The libnfc calls of nfc.h, and what libnfc 1.8 must be told so that it stays within bounds:
 * finite selects (a select otherwise waits 300 ms and more), never time-out 0 (which waits for ever), no
 * nfc_abort_command (which loses aborts and leaks a descriptor each), a port lock of our own (libnfc's is
 * lost), and the field switched off and on before a search when a tag may lie halted and deaf in it. */
#include "firmware/reader/nfc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/reader/connection_string.h"
#include "firmware/reader/private.h"
#include "lib/system/port_lock.h"

#define TRIES 3
#define EXCHANGE_MS 100
#define EXCHANGE_BYTES_A_MS 6   /* of an answer: 106 kbit/s in the air, then a serial line of 115,200 baud */
#define SEARCHES_FIELD_RESET 24 /* a tag that came while the chip was busy may lie halted */
#define SEARCH_MS 300           /* of a chip that gives up by itself within 50 ms */
#define COMMAND_READ 0x30
#define COMMAND_LIST 0x4A /* InListPassiveTarget (UM0701-02, 7.3.5) */
#define LIST_TYPE_A 0x00  /* 106 kbit/s, ISO/IEC 14443 type A */

/* ---- opening -------------------------------------------------------------------------------------- */

static enum fg_err port_lock(const char *connection, int *ret_fd, struct fg_error *error)
{
    char path[FG_READER_PATH_BYTES];

    if (!fg_connection_path(connection, path)) {
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
    if (!fg_connection_is_pn53x(connection))
        return fg_fail(error, FG_E_ARG, "%.150s: only readers with a PN531, PN532 or PN533 can be used",
                       connection);
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

enum fg_err fg_nfc_open(const char *connection, const struct fg_nfc_watcher *watcher, struct fg_nfc **ret_nfc,
                        struct fg_error *error)
{
    struct fg_nfc *nfc = calloc(1, sizeof(*nfc));
    enum fg_err code;

    if (nfc == NULL)
        return fg_fail(error, FG_E_MEMORY, "out of memory");
    nfc->watcher = *watcher;
    nfc->lock_fd = -1;
    nfc->field_is_stale = true;
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

static void progress(const struct fg_nfc *nfc, bool seen)
{
    nfc->watcher.progress(nfc->watcher.context, seen);
}

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

enum fg_err fg_nfc_exchange(struct fg_nfc *nfc, enum fg_nfc_way way, const uint8_t *command, size_t count,
                            uint8_t *ret_answer, size_t answer_count, struct fg_error *error)
{
    /* libnfc counts the chip's status byte in; a chip may also answer more than it was asked for. */
    uint8_t answer[FG_NFC_ANSWER_MAX + 8];
    int wait_ms = EXCHANGE_MS + (int)(answer_count / EXCHANGE_BYTES_A_MS);
    int result;

    if (way == FG_NFC_THROUGH && nfc->sleeps) {
        /* What goes through wakes nobody. */
        enum fg_err code = fg_nfc_block(nfc, 0, answer, error);

        if (code != FG_OK)
            return code;
    }
    nfc->sleeps = false;
    if (nfc_device_set_property_bool(nfc->device, NP_EASY_FRAMING, way == FG_NFC_FRAMED) < 0)
        return device_fail(nfc, "framing", error);
    result =
        nfc_initiator_transceive_bytes(nfc->device, command, count, answer,
                                       answer_count == 0 ? FG_NFC_BLOCK_BYTES : answer_count + 8, wait_ms);
    progress(nfc, result >= 0);
    if (result < 0 && is_device_failure(result))
        return device_fail(nfc, "exchanging", error);
    /* Of a WRITE the chip says only that there was an ACK. */
    if (result < 0 || (answer_count > 0 && (size_t)result != answer_count)) {
        nfc->field_is_stale = true;
        return fg_fail(error, FG_E_NOT_FOUND, "page %u does not answer", count > 1 ? command[1] : 0U);
    }
    if (answer_count > 0)
        memcpy(ret_answer, answer, answer_count);
    return FG_OK;
}

enum fg_err fg_nfc_block(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[FG_NFC_BLOCK_BYTES],
                         struct fg_error *error)
{
    uint8_t command[2] = {COMMAND_READ, page};

    return fg_nfc_exchange(nfc, FG_NFC_FRAMED, command, sizeof(command), ret_block, FG_NFC_BLOCK_BYTES,
                           error);
}

enum fg_err fg_nfc_block_patiently(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[FG_NFC_BLOCK_BYTES],
                                   struct fg_error *error)
{
    enum fg_err code = FG_E_NOT_FOUND;

    for (int i = 0; i < TRIES && code == FG_E_NOT_FOUND; i++) {
        /* A tag that said NAK has gone back to idle and must be selected again. */
        code = i == 0 ? FG_OK : fg_nfc_select_again(nfc, error);
        if (code == FG_OK)
            code = fg_nfc_block(nfc, page, ret_block, error);
    }
    return code;
}

/* ---- the field ------------------------------------------------------------------------------------- */

/* Every tag loses power and is awake again. */
static enum fg_err field_reset(struct fg_nfc *nfc, struct fg_error *error)
{
    if (nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, false) < 0 ||
        nfc_device_set_property_bool(nfc->device, NP_ACTIVATE_FIELD, true) < 0)
        return device_fail(nfc, "switching the field", error);
    nfc->field_is_stale = false;
    return FG_OK;
}

/* Which tags are awake in the field? Asked for two, the chip puts the first to sleep and looks for another
 * one in the same command; it wakes the first by itself when it is spoken to. */
static enum fg_err field_list(struct fg_nfc *nfc, uint8_t most, struct fg_target_list *ret_list,
                              struct fg_error *error)
{
    const uint8_t command[] = {COMMAND_LIST, most, LIST_TYPE_A};
    uint8_t answer[FG_TARGET_LIST_BYTES];
    int count = pn53x_transceive(nfc->device, command, sizeof(command), answer, sizeof(answer), SEARCH_MS);

    progress(nfc, false);
    if (count < 0)
        return device_fail(nfc, "searching", error);
    /* A chip whose answer cannot be read has failed like one that does not answer. */
    return fg_target_list_parse(answer, (size_t)count, ret_list, error) == FG_OK ? FG_OK : FG_E_IO;
}

static void hold(struct fg_nfc *nfc, const struct fg_uid *uid, bool sleeps)
{
    nfc->holds = true;
    nfc->sleeps = sleeps;
    nfc->slept = sleeps;
    nfc->first_known = false;
    nfc->uid = *uid;
}

/* Searches the whole field. A tag that is found alone is held from then on. */
static enum fg_err search(struct fg_nfc *nfc, struct fg_error *error)
{
    struct fg_target_list list;
    enum fg_err code = FG_OK;

    nfc->holds = false;
    nfc->has_company = false;
    if (nfc->field_is_stale || ++nfc->searches % SEARCHES_FIELD_RESET == 0)
        code = field_reset(nfc, error);
    if (code == FG_OK)
        code = field_list(nfc, FG_TARGETS_MAX, &list, error);
    if (code != FG_OK)
        return code;
    nfc->has_company = list.count > 1;
    nfc->field_is_stale = nfc->has_company; /* both sleep now */
    if (list.count == 1)
        hold(nfc, &list.uid, true);
    return FG_OK;
}

/* Selects this tag, if it is the one that is awake. */
static enum fg_err tag_select(struct fg_nfc *nfc, const struct fg_uid *wanted, struct fg_error *error)
{
    struct fg_target_list list;
    enum fg_err code = field_list(nfc, 1, &list, error);

    if (code == FG_OK && list.count == 1 && fg_uid_is_same(&list.uid, wanted))
        hold(nfc, wanted, false);
    return code;
}

/* A tag that said NAK is idle again, or asleep if it had slept before: then it must lose power first. */
static enum fg_err select_again_once(struct fg_nfc *nfc, const struct fg_uid *wanted, struct fg_error *error)
{
    enum fg_err code = FG_OK;

    nfc->holds = false;
    if (!nfc->slept)
        code = tag_select(nfc, wanted, error);
    if (code == FG_OK && !nfc->holds)
        code = field_reset(nfc, error);
    if (code == FG_OK && !nfc->holds)
        code = tag_select(nfc, wanted, error);
    nfc->field_is_stale = !nfc->holds;
    return code;
}

enum fg_err fg_nfc_select_again(struct fg_nfc *nfc, struct fg_error *error)
{
    const struct fg_uid wanted = nfc->uid;
    enum fg_err code = FG_E_IO;

    /* One lost frame is no reason to give up a write under way. */
    for (int i = 0; i < TRIES && code == FG_E_IO; i++)
        code = select_again_once(nfc, &wanted, error);
    if (code == FG_OK && !nfc->holds)
        return fg_fail(error, FG_E_NOT_FOUND, "the tag left the field, or another came");
    return code;
}

/* Does the selected tag still answer, and with the same UID pages? */
static enum fg_err held_check(struct fg_nfc *nfc, bool *ret_present, struct fg_error *error)
{
    uint8_t block[FG_NFC_BLOCK_BYTES];
    enum fg_err code = fg_nfc_block(nfc, 0, block, error);

    *ret_present = false;
    if (code == FG_E_NOT_FOUND)
        return FG_OK;
    if (code != FG_OK)
        return code;
    if (!nfc->first_known)
        memcpy(nfc->first_pages, block, sizeof(nfc->first_pages));
    nfc->first_known = true;
    *ret_present = memcmp(nfc->first_pages, block, sizeof(nfc->first_pages)) == 0;
    return FG_OK;
}

/* Ends a look at the field: what is there now. */
static enum fg_err field_tell(struct fg_nfc *nfc, enum fg_err code, struct fg_nfc_field *ret_field)
{
    static const struct fg_uid nothing = {0};

    if (code != FG_OK) {
        nfc->holds = false;
        nfc->field_is_stale = true;
        return code;
    }
    ret_field->tag_count = nfc->has_company ? 2 : nfc->holds ? 1 : 0;
    ret_field->uid = nfc->holds ? nfc->uid : nothing;
    return FG_OK;
}

enum fg_err fg_nfc_find(struct fg_nfc *nfc, struct fg_nfc_field *ret_field, struct fg_error *error)
{
    bool present = false;
    enum fg_err code = FG_OK;

    if (nfc->holds)
        code = held_check(nfc, &present, error);
    if (code == FG_OK && !present) {
        nfc->field_is_stale = nfc->field_is_stale || nfc->holds;
        code = search(nfc, error);
    }
    return field_tell(nfc, code, ret_field);
}

enum fg_err fg_nfc_search(struct fg_nfc *nfc, struct fg_nfc_field *ret_field, struct fg_error *error)
{
    nfc->field_is_stale = true;
    return field_tell(nfc, search(nfc, error), ret_field);
}
