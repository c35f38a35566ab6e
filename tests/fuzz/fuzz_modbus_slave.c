/* Fuzz target: any bytes on the simulated plant's bus, the first byte of each record being its length. */
#include <string.h>

#include "boards/sim/plant/plant_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore_answer(void *context, uint8_t unit, const uint8_t *bytes, size_t count)
{
    (void)context;
    (void)unit;
    if (fg_modbus_crc(bytes, count) != 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_plant_model model;
    struct fg_modbus_slave slave;
    int64_t now_ns = 1;

    fg_plant_model_init(&model, now_ns, 0.0);
    memset(&slave, 0, sizeof(slave));
    slave.handlers = fg_plant_model_handlers(&model);
    slave.handlers.answer = ignore_answer;
    for (size_t at = 0; at < size;) {
        uint8_t frame[FG_MODBUS_FRAME_MAX + 2];
        size_t count = data[at] & 0x7F;
        bool mend = (data[at] & 0x80) != 0; /* half of the frames get a good CRC */
        uint16_t crc;

        at++;
        if (count > size - at)
            count = size - at;
        if (count > 0)
            memcpy(frame, data + at, count);
        at += count;
        crc = fg_modbus_crc(frame, count);
        frame[count] = (uint8_t)crc;
        frame[count + 1] = (uint8_t)(crc >> 8);
        now_ns += FG_MODBUS_GAP_NS + 1;
        fg_plant_model_advance(&model, now_ns);
        fg_modbus_slave_take(&slave, frame, mend ? count + 2 : count, now_ns);
    }
    return 0;
}
