/* One device without a bus: which signals share a request, and what the words of an answer come to. */
#include "firmware/plant/device.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

static struct fg_error error;
static struct fg_device device;

/* A number at an address, in one register of type u16 or two of type u32. */
static void put_signal(enum fg_signal signal, enum fg_table table, uint16_t address, enum fg_value_type type)
{
    device.profile.signals[signal] = (struct fg_profile_signal){.present = true,
                                                                .table = (uint8_t)table,
                                                                .type = (uint8_t)type,
                                                                .address = address,
                                                                .active = true,
                                                                .scale = 1.0,
                                                                .factor = 1.0,
                                                                .minimum = 0.0,
                                                                .maximum = 1e9};
}

static void begin(uint8_t gap)
{
    memset(&device, 0, sizeof(device));
    device.profile.block_gap = gap;
}

static void check_block(unsigned number, uint16_t address, uint16_t count, uint32_t items)
{
    CHECK(number < device.block_count);
    CHECK_INT(device.blocks[number].address, address);
    CHECK_INT(device.blocks[number].count, count);
    CHECK_INT(device.blocks[number].items, items);
}

#define BIT(item) (1u << (item))
#define A FG_SIGNAL_TOTAL_G
#define B FG_SIGNAL_INVENTORY_G

TEST("two signals share a request up to the gap that the profile allows and up to what one request may hold")
{
    static const struct {
        uint8_t gap;
        uint16_t second;
        enum fg_table table; /* of the second */
        bool shared;
    } cases[] = {{0, 12, FG_TABLE_HOLDING, true},     {0, 13, FG_TABLE_HOLDING, false},
                 {5, 17, FG_TABLE_HOLDING, true},     {5, 18, FG_TABLE_HOLDING, false},
                 {0, 12, FG_TABLE_INPUT, false},      {200, 108, FG_TABLE_HOLDING, true},
                 {200, 109, FG_TABLE_HOLDING, false}, {0, 11, FG_TABLE_HOLDING, true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned swapped = 0; swapped < 2; swapped++) {
            enum fg_signal first = swapped == 0 ? A : B;
            enum fg_signal second = swapped == 0 ? B : A;

            begin(cases[i].gap);
            put_signal(first, FG_TABLE_HOLDING, 10, FG_TYPE_U32);
            put_signal(second, cases[i].table, cases[i].second, FG_TYPE_U32);
            CHECK_OK(fg_device_plan(&device, &error), &error);
            CHECK_INT(device.block_count, cases[i].shared ? 1 : 2);
            if (cases[i].shared) {
                check_block(0, 10, (uint16_t)(cases[i].second + 2 - 10), BIT(A) | BIT(B));
            } else {
                check_block(0, 10, 2, BIT(first));
                check_block(1, cases[i].second, 2, BIT(second));
            }
        }
    }
}

TEST("a signal inside of another one's registers makes their request no shorter")
{
    begin(0);
    put_signal(A, FG_TABLE_HOLDING, 10, FG_TYPE_F64);
    put_signal(B, FG_TABLE_HOLDING, 11, FG_TYPE_U16);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    CHECK_INT(device.block_count, 1);
    check_block(0, 10, 4, BIT(A) | BIT(B));
}

TEST("FAIL-CLOSED: a request that serves several classes is made as early as the first of them")
{
    begin(0);
    put_signal(FG_SIGNAL_PRESSURE_KPA, FG_TABLE_HOLDING, 10, FG_TYPE_U16);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    CHECK_INT(device.blocks[0].class, FG_READ_VALUES);
    put_signal(FG_SIGNAL_VALVE_OPEN, FG_TABLE_HOLDING, 11, FG_TYPE_BIT);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    CHECK_INT(device.block_count, 1);
    CHECK_INT(device.blocks[0].class, FG_READ_INPUTS);
    begin(0);
    put_signal(FG_SIGNAL_SCALE_G, FG_TABLE_HOLDING, 10, FG_TYPE_U16);
    device.profile.status =
        (struct fg_profile_status){.present = true, .table = FG_TABLE_HOLDING, .address = 9, .mask = 1};
    CHECK_OK(fg_device_plan(&device, &error), &error);
    check_block(0, 9, 2, BIT(FG_SIGNAL_SCALE_G) | BIT(FG_ITEM_STATUS));
    CHECK_INT(device.blocks[0].class, FG_READ_INPUTS);
    begin(0);
    device.profile.outputs[FG_OUTPUT_VALVE] = (struct fg_profile_output){.form = FG_FORM_TIMED, .address = 4};
    device.profile.outputs[FG_OUTPUT_RED] = (struct fg_profile_output){.form = FG_FORM_PLAIN, .address = 6};
    put_signal(FG_SIGNAL_STOP_BUTTON, FG_TABLE_COIL, 5, FG_TYPE_BIT);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    check_block(0, 4, 3,
                BIT(FG_SIGNAL_STOP_BUTTON) | BIT(FG_ITEM_OUTPUT + FG_OUTPUT_VALVE) |
                    BIT(FG_ITEM_OUTPUT + FG_OUTPUT_RED));
    CHECK_INT(device.blocks[0].class, FG_READ_OUTPUTS);
}

TEST("the words of an answer reach the signal, the status and the output that lie there")
{
    static const uint16_t words[] = {7, 0x0103, 1, 2, 0, 9, 1};
    struct fg_block_result result;

    begin(8);
    put_signal(A, FG_TABLE_HOLDING, 22, FG_TYPE_U32);
    put_signal(B, FG_TABLE_HOLDING, 25, FG_TYPE_U16);
    device.profile.status = (struct fg_profile_status){
        .present = true, .table = FG_TABLE_HOLDING, .address = 21, .mask = 0x0F0F, .good = 0x0103};
    CHECK_OK(fg_device_plan(&device, &error), &error);
    check_block(0, 21, 5, BIT(A) | BIT(B) | BIT(FG_ITEM_STATUS));
    fg_device_decode(&device, &device.blocks[0], words + 1, 500, &result);
    CHECK_INT(result.items, device.blocks[0].items);
    CHECK_INT(result.readings[A].state, FG_READING_GOOD);
    CHECK_INT(result.readings[A].value, 65538);
    CHECK_INT(result.readings[A].at_mono_ms, 500);
    CHECK_INT(result.readings[B].value, 9);
    CHECK_INT(result.readings[FG_SIGNAL_SCALE_G].state, 0);
    device.profile.status.good = 0x0102;
    fg_device_decode(&device, &device.blocks[0], words + 1, 600, &result);
    CHECK_INT(result.readings[A].state, FG_READING_FAULT);
    CHECK_INT(result.readings[B].state, FG_READING_FAULT);
    device.profile.status.good = 0x0103;
    fg_device_decode(&device, &device.blocks[0], words + 1, 650, &result);
    CHECK_INT(result.readings[A].state, FG_READING_GOOD);
    fg_device_forget(&device); /* good or not, nobody knows any more */
    device.blocks[0].items &= ~BIT(FG_ITEM_STATUS);
    fg_device_decode(&device, &device.blocks[0], words + 1, 660, &result);
    CHECK_INT(result.readings[A].state, FG_READING_FAULT);
    device.blocks[0].items |= BIT(FG_ITEM_STATUS);
    device.profile.status.mask = 0x0002;
    device.profile.status.good = 0x0002;
    fg_device_decode(&device, &device.blocks[0], words + 1, 700, &result);
    CHECK_INT(result.readings[A].state, FG_READING_GOOD);

    begin(8);
    device.profile.outputs[FG_OUTPUT_VALVE] =
        (struct fg_profile_output){.form = FG_FORM_TIMED, .address = 30};
    device.profile.outputs[FG_OUTPUT_GREEN] =
        (struct fg_profile_output){.form = FG_FORM_PLAIN, .address = 34};
    device.profile.outputs[FG_OUTPUT_RED] = (struct fg_profile_output){.form = FG_FORM_PLAIN, .address = 36};
    CHECK_OK(fg_device_plan(&device, &error), &error);
    fg_device_decode(&device, &device.blocks[0], words, 500, &result);
    CHECK(result.outputs_on[FG_OUTPUT_VALVE]);
    CHECK(!result.outputs_on[FG_OUTPUT_GREEN]);
    CHECK(result.outputs_on[FG_OUTPUT_RED]);
}

TEST("readings repeat within the step of their own signal, and only when both are good")
{
    static const struct {
        enum fg_signal signal;
        int64_t step;
    } steps[] = {{FG_SIGNAL_PRESSURE_KPA, 1000}, {FG_SIGNAL_TEMPERATURE_DC, 100},
                 {FG_SIGNAL_FLOW_G_MIN, 3000},   {FG_SIGNAL_TOTAL_G, 2000},
                 {FG_SIGNAL_INVENTORY_G, 2000},  {FG_SIGNAL_SCALE_G, 2000},
                 {FG_SIGNAL_VALVE_OPEN, 0},      {FG_SIGNAL_EMERGENCY_STOP, 0}};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (int64_t over = 0; over < 2; over++) {
            struct fg_block_result one = {.items = BIT(steps[i].signal)};
            struct fg_block_result other;

            one.readings[steps[i].signal] = (struct fg_reading){.value = 5000, .state = FG_READING_GOOD};
            other = one;
            other.readings[steps[i].signal].value += steps[i].step + over;
            CHECK_INT(fg_device_repeats(&one, &other), over == 0);
            CHECK_INT(fg_device_repeats(&other, &one), over == 0);
            one.readings[steps[i].signal].state = FG_READING_FAULT;
            CHECK(!fg_device_repeats(&one, &other));
            other.readings[steps[i].signal].state = FG_READING_FAULT;
            CHECK(fg_device_repeats(&one, &other));
            one.items = 0;
            other.readings[steps[i].signal].state = FG_READING_GOOD;
            CHECK(fg_device_repeats(&one, &other));
        }
    }
}

TEST("a byte order that is known, or that no profile asks for, is not asked")
{
    struct fg_bus *none = NULL;

    begin(0);
    CHECK_INT(fg_device_ask_order(&device, none, &error), FG_OK);
    device.profile.order.present = true;
    device.order_known = true;
    CHECK_INT(fg_device_ask_order(&device, none, &error), FG_OK);
}
