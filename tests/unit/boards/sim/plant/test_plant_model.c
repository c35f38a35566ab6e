/* The simulated bus: frames, spoilt frames and exceptions of the slave, and the devices behind it. */
#include "boards/sim/plant/modbus_slave.h"
#include "boards/sim/plant/plant_model.h"
#include "tests/lib/check.h"

#include <math.h>
#include <string.h>

#define MS 1000000LL

static struct fg_plant_model model;
static struct fg_modbus_slave slave;
static uint8_t answer[FG_MODBUS_FRAME_MAX + 8];
static size_t answer_count;
static unsigned answers;
static int64_t now_ns;

static void keep_answer(void *context, uint8_t unit, const uint8_t *bytes, size_t count)
{
    (void)context;
    CHECK_INT(unit, bytes[0]);
    CHECK(count <= sizeof(answer));
    memcpy(answer, bytes, count);
    answer_count = count;
    answers++;
}

static void fresh(void)
{
    now_ns = 1000 * MS;
    fg_plant_model_init(&model, now_ns, 1234567.0);
    memset(&slave, 0, sizeof(slave));
    slave.handlers = fg_plant_model_handlers(&model);
    slave.handlers.answer = keep_answer;
    answers = 0;
    answer_count = 0;
}

static void wait_ms(int64_t ms)
{
    now_ns += ms * MS;
    fg_plant_model_advance(&model, now_ns);
    (void)fg_modbus_slave_tick(&slave, now_ns);
}

/* Sends count bytes with their CRC. */
static void ask(const uint8_t *bytes, size_t count)
{
    uint8_t frame[FG_MODBUS_FRAME_MAX];
    uint16_t crc = fg_modbus_crc(bytes, count);

    memcpy(frame, bytes, count);
    frame[count] = (uint8_t)crc;
    frame[count + 1] = (uint8_t)(crc >> 8);
    answer_count = 0;
    fg_modbus_slave_take(&slave, frame, count + 2, now_ns);
}

static void ask6(uint8_t unit, uint8_t function, uint16_t address, uint16_t value)
{
    uint8_t bytes[6] = {
        unit, function, (uint8_t)(address >> 8), (uint8_t)address, (uint8_t)(value >> 8), (uint8_t)value};

    ask(bytes, sizeof(bytes));
}

/* A float of two registers, from the order on the wire to the number. */
static float float_of(uint8_t unit, uint16_t address, unsigned order)
{
    static const uint8_t places[4][4] = {{0, 1, 2, 3}, {2, 3, 0, 1}, {1, 0, 3, 2}, {3, 2, 1, 0}};
    uint32_t bits = 0;
    float value;

    ask6(unit, 3, address, 2);
    CHECK_INT(answer_count, 9);
    for (unsigned i = 0; i < 4; i++)
        bits = bits << 8 | answer[3 + places[order][i]];
    memcpy(&value, &bits, sizeof(value));
    return value;
}

TEST("the CRC is the one of the MODBUS serial line specification")
{
    static const uint8_t bytes[] = {0x02, 0x07};

    CHECK_INT(fg_modbus_crc(bytes, sizeof(bytes)), 0x1241);
}

TEST("answers carry a good CRC and a frame may arrive in pieces")
{
    static const uint8_t frame[] = {1, 1, 0, 0, 0, 8, 0x3D, 0xCC};

    fresh();
    for (size_t i = 0; i < sizeof(frame); i++)
        fg_modbus_slave_take(&slave, frame + i, 1, now_ns);
    CHECK_INT(answers, 1);
    CHECK_INT(answer_count, 6);
    CHECK_INT(fg_modbus_crc(answer, 4), answer[4] | answer[5] << 8);
    CHECK_INT(answer[3], 0);
}

TEST("a spoilt, a cut and a foreign frame get no answer, and the next good one does")
{
    static const uint8_t spoilt[] = {1, 1, 0, 0, 0, 8, 0x3D, 0xCD};
    static const uint8_t cut[] = {1, 3, 0};

    fresh();
    fg_modbus_slave_take(&slave, spoilt, sizeof(spoilt), now_ns);
    CHECK_INT(answers, 0);
    ask6(1, 1, 0, 8); /* still within the same burst: a slave can't know where a frame begins */
    CHECK_INT(answers, 0);
    wait_ms(25);
    fg_modbus_slave_take(&slave, cut, sizeof(cut), now_ns);
    wait_ms(25);
    ask6(9, 3, 0, 1);
    ask6(0, 3, 0, 1);
    CHECK_INT(answers, 0);
    ask6(1, 1, 0, 8);
    CHECK_INT(answers, 1);
}

TEST("bad functions, addresses and counts get exceptions 1, 2 and 3")
{
    fresh();
    ask6(3, 3, 9999, 1);
    CHECK_INT(answer[1], 0x83);
    CHECK_INT(answer[2], 2);
    ask6(3, 3, 246, 0);
    CHECK_INT(answer[2], 3);
    ask6(3, 3, 246, 126);
    CHECK_INT(answer[2], 3);
    ask6(3, 3, 65535, 2);
    CHECK_INT(answer[2], 2);
    ask6(1, 5, 0, 0x1234);
    CHECK_INT(answer[1], 0x85);
    CHECK_INT(answer[2], 3);
    ask6(1, 2, 3, 1);
    CHECK_INT(answer[2], 2);
    ask6(2, 1, 0, 1);
    CHECK_INT(answer[2], 1);
    answers = 0;
    ask6(1, 0x2B, 0, 0);
    wait_ms(25);
    CHECK_INT(answers, 1);
    CHECK_INT(answer[1], 0xAB);
    CHECK_INT(answer[2], 1);
}

TEST("FAIL-CLOSED: a timed coil falls by itself, and a new command moves the end")
{
    fresh();
    ask6(1, 5, 0x0200, 4);
    CHECK_INT(answer_count, 8);
    CHECK(model.nozzle.valve_open);
    wait_ms(300);
    ask6(1, 5, 0x0200, 4);
    wait_ms(399);
    CHECK(model.nozzle.valve_open);
    CHECK_INT(fg_plant_model_next_ns(&model), now_ns + MS);
    wait_ms(1);
    CHECK(!model.nozzle.valve_open);
    CHECK_INT(fg_plant_model_next_ns(&model), 0);
    ask6(1, 1, 0, 8);
    CHECK_INT(answer[3], 0);
}

TEST("coils: on, off, all, many at once; a shut command ends a timed one")
{
    static const uint8_t many[] = {1, 0x0F, 0, 0, 0, 3, 1, 0x06};

    fresh();
    ask6(1, 5, 0x0200, 50);
    ask6(1, 5, 0, 0x0000);
    CHECK(!model.nozzle.valve_open);
    ask(many, sizeof(many));
    ask6(1, 1, 0, 8);
    CHECK_INT(answer[3], 0x06);
    ask6(1, 5, 0x00FF, 0xFF00);
    ask6(1, 1, 0, 8);
    CHECK_INT(answer[3], 0xFF);
    ask6(1, 5, 0x00FF, 0);
    ask6(1, 1, 0, 8);
    CHECK_INT(answer[3], 0);
}

TEST("buttons are inputs that let go by themselves")
{
    fresh();
    fg_plant_model_press(&model, FG_INPUT_START, 100);
    fg_plant_model_press(&model, FG_INPUT_ESTOP, 0);
    ask6(1, 2, 0, 3);
    CHECK_INT(answer[3], 0x03);
    wait_ms(100);
    ask6(1, 2, 0, 3);
    CHECK_INT(answer[3], 0x01);
    fg_plant_model_release(&model, FG_INPUT_ESTOP);
    ask6(1, 2, 0, 3);
    CHECK_INT(answer[3], 0x00);
}

TEST("the meter's floats follow its byte order register")
{
    static const uint8_t set[] = {3, 0x10, 2, 8, 0, 1, 2, 0, 3};

    fresh();
    CHECK(fabsf(float_of(3, 262, 1) - 1234567.0f) < 0.5f);
    for (uint16_t order = 0; order <= 3; order++) {
        ask6(3, 6, 520, order);
        CHECK_INT(answer[1], 6);
        CHECK(fabsf(float_of(3, 262, order) - 1234567.0f) < 0.5f);
    }
    ask(set, sizeof(set));
    CHECK_INT(answer_count, 8);
    CHECK_INT(model.meter_order, 3);
    ask6(3, 6, 520, 4);
    CHECK_INT(answer[2], 3);
    ask6(3, 3, 38, 1);
    CHECK_INT(answer[4], 70);
    ask6(3, 3, 44, 1);
    CHECK_INT(answer[4], 60);
}

TEST("GAS-ADDS-UP: what the inventory register counts is what the cylinder gained")
{
    struct fg_gas_cylinder cylinder = {.medium = FG_MEDIUM_CNG,
                                       .water_l = 70.0,
                                       .mass_g = 1600.0,
                                       .temperature_c = 15.0,
                                       .ambient_c = 15.0,
                                       .tare_g = 60000.0};

    fresh();
    model.nozzle.cylinders[model.nozzle.count++] = &cylinder;
    model.speed = 10.0;
    ask6(1, 5, 0x0200, 50);
    wait_ms(1000);
    CHECK(float_of(3, 246, 1) > 70.0f);
    CHECK(float_of(2, 2, 0) > 30.0f);
    CHECK(float_of(2, 6, 0) > 15.0f);
    ask6(1, 5, 0, 0);
    wait_ms(10);
    CHECK(cylinder.mass_g > 2300.0);
    CHECK(fabs((double)float_of(3, 262, 1) - 1234567.0 - (cylinder.mass_g - 1600.0)) <= 1.0);
    CHECK(fabs((double)float_of(3, 258, 1) - (cylinder.mass_g - 1600.0)) <= 1.0);
    CHECK(fabs((double)float_of(4, 0x1000, 0) * 1000.0 - 60000.0 - cylinder.mass_g) < 1.0);
    CHECK(fabs((double)float_of(4, 0x1008, 0) * 1000.0 - cylinder.mass_g) < 1.0);
}

TEST("faults: silence, NaN, wrong word order and a stuck meter show on the wire")
{
    fresh();
    fg_plant_model_fault(&model, FG_UNIT_METER, FG_FAULT_SILENT, true);
    ask6(3, 3, 262, 2);
    CHECK_INT(answers, 0);
    ask6(2, 3, 2, 2);
    CHECK_INT(answers, 1);
    fg_plant_model_fault(&model, 0, FG_FAULT_SILENT, false);
    fg_plant_model_fault(&model, 0, FG_FAULT_NAN, true);
    CHECK(isnan(float_of(3, 262, 1)));
    CHECK(isnan(float_of(2, 2, 0)));
    fg_plant_model_fault(&model, 0, FG_FAULT_NAN, false);
    fg_plant_model_fault(&model, 0, FG_FAULT_WRONG_ORDER, true);
    CHECK(fabsf(float_of(3, 262, 0) - 1234567.0f) < 0.5f);
    fg_plant_model_fault(&model, 0, FG_FAULT_WRONG_ORDER, false);
    fg_plant_model_fault(&model, FG_UNIT_METER, FG_FAULT_STUCK_METER, true);
    CHECK(fabsf(float_of(3, 262, 1) - 1234567.0f) < 0.5f);
    model.nozzle.leak_g_s = 1000.0;
    wait_ms(1000);
    CHECK(fabsf(float_of(3, 262, 1) - 1234567.0f) < 0.5f);
    fg_plant_model_fault(&model, FG_UNIT_METER, FG_FAULT_STUCK_METER, false);
    CHECK(float_of(3, 262, 1) > 1235000.0f);
    CHECK_INT(fg_bus_fault_named("late-answer"), FG_FAULT_LATE_ANSWER);
    CHECK_INT(fg_bus_fault_named("nothing"), FG_FAULT_COUNT);
}

TEST("a device can be busy for so many answers, or until told otherwise")
{
    fresh();
    fg_plant_model_refuse(&model, FG_UNIT_METER, 5, 2);
    for (int i = 0; i < 2; i++) {
        ask6(3, 3, 262, 2);
        CHECK_INT(answer[1], 0x83);
        CHECK_INT(answer[2], 5);
    }
    ask6(3, 3, 262, 2);
    CHECK_INT(answer[1], 3);
    fg_plant_model_refuse(&model, 0, 6, -1);
    ask6(2, 3, 2, 2);
    CHECK_INT(answer[2], 6);
    ask6(1, 5, 0x0200, 4);
    CHECK_INT(answer[2], 6);
    CHECK(!model.nozzle.valve_open);
    fg_plant_model_refuse(&model, 0, 6, 0);
    ask6(2, 3, 2, 2);
    CHECK_INT(answer[1], 3);
}

TEST("an instrument can freeze, be wrong once, or lie, while the plant goes on")
{
    struct fg_signal_fault *pressure = &model.signal_faults.of[FG_SIGNAL_PRESSURE_KPA];
    struct fg_signal_fault *inventory = &model.signal_faults.of[FG_SIGNAL_INVENTORY_G];
    float before;

    fresh();
    before = float_of(2, 2, 0);
    *pressure = (struct fg_signal_fault){.kind = FG_SIGNAL_FAULT_FROZEN};
    CHECK(fabsf(float_of(2, 2, 0) - before) < 0.001f);
    *pressure = (struct fg_signal_fault){.kind = FG_SIGNAL_FAULT_LIE, .percent = 50};
    CHECK(fabsf(float_of(2, 2, 0) - before / 2.0f) < 0.001f);
    *inventory = (struct fg_signal_fault){.kind = FG_SIGNAL_FAULT_ZERO, .left = 1};
    CHECK(float_of(3, 262, 1) < 0.5f);
    CHECK(fabsf(float_of(3, 262, 1) - 1234567.0f) < 0.5f);
    *inventory = (struct fg_signal_fault){.kind = FG_SIGNAL_FAULT_ABSURD, .left = 2};
    CHECK(float_of(3, 262, 1) > 4.9e6f);
    CHECK(float_of(3, 262, 1) > 4.9e6f);
    CHECK(fabsf(float_of(3, 262, 1) - 1234567.0f) < 0.5f);
    CHECK_INT(fg_signal_fault_signal("scale"), FG_SIGNAL_SCALE_G);
    CHECK_INT(fg_signal_fault_signal("valve"), FG_SIM_NUMBERS);
    CHECK_INT(fg_signal_fault_kind("frozen"), FG_SIGNAL_FAULT_FROZEN);
    CHECK_INT(fg_signal_fault_kind("cold"), FG_SIGNAL_FAULT_NONE);
}

TEST("a valve can be welded, blind or stuck, and its coil reads as such a one does")
{
    static const struct {
        const char *fault;
        bool open_when_told_open;
        bool open_when_told_shut;
        bool reads_when_told_shut;
    } cases[] = {{"welded", true, true, true}, {"blind", true, true, false}, {"stuck", false, false, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fresh();
        CHECK(fg_plant_model_valve_fault(&model, cases[i].fault, true));
        ask6(1, 5, 0x0200, 50);
        CHECK_INT(model.nozzle.valve_open, cases[i].open_when_told_open);
        ask6(1, 1, 0, 1);
        CHECK_INT(answer[3], 1);
        ask6(1, 5, 0, 0x0000);
        CHECK_INT(model.nozzle.valve_open, cases[i].open_when_told_shut);
        ask6(1, 1, 0, 1);
        CHECK_INT(answer[3], cases[i].reads_when_told_shut);
        CHECK(fg_plant_model_valve_fault(&model, cases[i].fault, false));
        CHECK(!model.nozzle.valve_open);
        ask6(1, 1, 0, 1);
        CHECK_INT(answer[3], 0);
    }
    CHECK(!fg_plant_model_valve_fault(&model, "open", true));
}

TEST("the button box has the two buttons, and can fall silent alone")
{
    fresh();
    fg_plant_model_press(&model, FG_INPUT_STOP, 0);
    ask6(5, 2, 0, 2);
    CHECK_INT(answer[3], 0x02);
    ask6(5, 2, 0, 3);
    CHECK_INT(answer[2], 2);
    ask6(5, 3, 0, 1);
    CHECK_INT(answer[2], 1);
    fg_plant_model_fault(&model, FG_UNIT_BUTTONS, FG_FAULT_SILENT, true);
    ask6(1, 2, 0, 3);
    CHECK_INT(answer[3], 0x04);
    answers = 0;
    ask6(5, 2, 0, 2);
    CHECK_INT(answers, 0);
}
