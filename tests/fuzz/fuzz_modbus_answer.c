/* Any registers as the answer of a device: every reading has a known state and a bounded value; any bytes as
 * the confirmation of a timed write or as an RTU frame after any request. The input: type, order and status
 * choices, then the answer. */
#include "firmware/plant/device.h"
#include "firmware/plant/rtu.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_device(struct fg_device *device, const uint8_t *choice)
{
    memset(device, 0, sizeof(*device));
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        struct fg_profile_signal *signal = &device->profile.signals[i];

        signal->present = true;
        signal->table = FG_TABLE_HOLDING;
        signal->type = (uint8_t)(FG_TYPE_BIT + (choice[0] + i) % 7);
        signal->order = (uint8_t)((choice[1] + i) % 5);
        signal->bit = choice[2] % 16;
        signal->address = (uint16_t)(4 * i);
        signal->scale = 0.001 * choice[3] + 0.001;
        signal->factor = 1000.0;
        signal->minimum = -1e15;
        signal->maximum = 1e15;
        signal->fault_count = 1;
        signal->faults[0] = 0x7FA00000;
    }
    device->profile.status.present = (choice[2] & 0x80) != 0;
    device->profile.status.table = FG_TABLE_HOLDING;
    device->profile.status.address = 45;
    device->profile.status.mask = 1;
    device->profile.status.good = 1;
    device->order = choice[1] % 4;
    device->order_known = (choice[1] & 0x80) != 0;
}

/* Only a frame of this unit and function, as long as the answer to the request is, ever answers it. */
static void judge(const uint8_t *request, const uint8_t *frame, size_t length)
{
    enum fg_outcome outcome = fg_rtu_judge(request, frame, length);

    (void)fg_rtu_crc_is_good(frame, length);
    (void)fg_rtu_is_own_request(request, frame, length);
    assert(outcome < FG_OUTCOME_COUNT);
    assert(outcome != FG_OUTCOME_ANSWERED ||
           (frame[0] == request[0] && frame[1] == request[1] && length == fg_rtu_answer_bytes(request)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_device device;
    struct fg_block_result result;
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};

    if (size < 4)
        return 0;
    make_device(&device, data);
    (void)fg_bus_is_echo(data, size, data[0], data[1], data[2]);
    if (size >= FG_RTU_REQUEST_BYTES)
        judge(data, data + FG_RTU_REQUEST_BYTES, size - FG_RTU_REQUEST_BYTES);
    memcpy(words, data + 4, size - 4 < sizeof(words) ? size - 4 : sizeof(words));
    assert(fg_device_plan(&device, NULL) == FG_OK);
    for (unsigned b = 0; b < device.block_count; b++) {
        fg_device_decode(&device, &device.blocks[b], words, 1, &result);
        for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
            uint8_t state = result.readings[i].state;

            if ((result.items & (1u << i)) == 0)
                continue;
            assert(state == FG_READING_GOOD || state == FG_READING_RANGE || state == FG_READING_FAULT);
            assert(state != FG_READING_GOOD || (result.readings[i].value < 10000000000000000 &&
                                                result.readings[i].value > -10000000000000000));
        }
    }
    return 0;
}
