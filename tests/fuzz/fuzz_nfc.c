/* Any results of libnfc, as the reader sees them: a libnfc of our own takes its answers from the input, so
 * that polling, reading, writing and locking are tried with all of them at full speed. */
#include <stdlib.h>
#include <string.h>

#include <nfc/nfc.h>

#include "firmware/reader/nfc.h"
#include "firmware/reader/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_left;
static int token; /* its address stands for contexts and devices */

static uint8_t take(void)
{
    if (input_left == 0)
        return 0;
    input_left--;
    return *input++;
}

static size_t take_bytes(uint8_t *bytes, size_t count)
{
    size_t i = 0;

    for (; i < count && input_left > 0; i++)
        bytes[i] = take();
    return i;
}

/* 0 or one of libnfc's errors (-1 to -90). */
static int take_result(void)
{
    uint8_t byte = take();

    return byte < 200 ? 0 : -(int)(byte - 199);
}

void nfc_init(nfc_context **context)
{
    *context = (nfc_context *)(void *)&token;
}

void nfc_exit(nfc_context *context)
{
    (void)context;
}

nfc_device *nfc_open(nfc_context *context, const nfc_connstring connstring)
{
    (void)context;
    (void)connstring;
    return (nfc_device *)(void *)&token;
}

void nfc_close(nfc_device *device)
{
    (void)device;
}

int nfc_initiator_init(nfc_device *device)
{
    (void)device;
    return 0;
}

int nfc_device_set_property_bool(nfc_device *device, const nfc_property property, const bool enable)
{
    (void)device;
    (void)enable;
    return property == NP_ACTIVATE_FIELD ? take_result() : 0;
}

/* Mostly a list as the chip gives it, at times anything. */
static int list_take(uint8_t *answer, size_t size)
{
    uint8_t way = take();
    size_t length = way < 64 ? take() : 4 + way % 3 * 3U;
    size_t count;

    if (size < 6 + length)
        return NFC_EOVFLOW;
    memset(answer, 0, size);
    count = way < 32 ? take_bytes(answer, length) : 6 + take_bytes(answer + 6, length);
    if (way >= 32) {
        answer[0] = way & 3;
        answer[5] = (uint8_t)length;
    }
    return (int)count;
}

/* Only its list of tags is asked for. */
int pn53x_transceive(struct nfc_device *device, const uint8_t *command, size_t count, uint8_t *ret_answer,
                     size_t size, int wait_ms)
{
    int result = take_result();

    (void)device;
    if (wait_ms <= 0 || count != 3 || command[0] != 0x4A || size < 2)
        abort();
    if (result < 0)
        return result;
    return list_take(ret_answer, size);
}

int nfc_initiator_transceive_bytes(nfc_device *device, const uint8_t *sent, const size_t sent_count,
                                   uint8_t *answer, const size_t answer_max, int timeout)
{
    int result = take_result();
    size_t count = take();

    (void)device;
    /* What the reader promises never to do: wait for ever, or write where no data may stand. */
    if (timeout <= 0 || sent_count < 1 || (sent[0] == 0xA2 && (sent_count != 6 || sent[1] < 2)))
        abort();
    if (result < 0)
        return result;
    if (count > 200) /* what was asked for */
        count = sent[0] == 0x3A && sent_count == 3 && sent[2] >= sent[1] ? 4U * (sent[2] - sent[1] + 1U) : 16;
    if (count > answer_max)
        return NFC_EOVFLOW;
    memset(answer, 0, count);
    (void)take_bytes(answer, count);
    return (int)count;
}

const char *nfc_strerror(const nfc_device *device)
{
    (void)device;
    return "played";
}

static void progress(void *context, bool seen)
{
    (void)context;
    (void)seen;
}

static void try_write(struct fg_nfc *nfc, const struct fg_uid *uid)
{
    struct fg_reader_write write = {.uid = *uid, .lock = (take() & 1) != 0};
    struct fg_error error;

    write.length = (uint16_t)(4 * (take() % 40 + 1));
    (void)fg_nfc_write(nfc, &write, &error);
}

static void try_poll(struct fg_nfc *nfc)
{
    static struct fg_reader_report report;
    struct fg_nfc_field field;
    struct fg_error error;

    if (((take() & 3) == 0 ? fg_nfc_search(nfc, &field, &error) : fg_nfc_find(nfc, &field, &error)) != FG_OK)
        return;
    if (field.tag_count > 2 || (field.tag_count == 1) != (field.uid.length > 0) ||
        field.uid.length > FG_UID_MAX)
        abort();
    if (field.tag_count != 1 || fg_nfc_read(nfc, &report, &error) != FG_OK)
        return;
    if (report.kind != FG_READER_TAG || report.memory_length > FG_TAG_MEMORY_MAX ||
        report.memory_length % 4 != 0 || (report.complete && report.memory_length < 12))
        abort();
    if ((take() & 1) != 0)
        try_write(nfc, &field.uid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fg_nfc_watcher watcher = {progress, NULL};
    struct fg_nfc *nfc = NULL;
    struct fg_error error;

    input = data;
    input_left = size;
    if (fg_nfc_open("pn53x_usb", &watcher, &nfc, &error) != FG_OK)
        abort();
    for (int i = 0; i < 64 && input_left > 0; i++)
        try_poll(nfc);
    fg_nfc_close(nfc);
    return 0;
}
