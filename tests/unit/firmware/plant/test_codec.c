/* Behaviour of the register codec: byte orders, types, faults, ranges, units. */
#include "firmware/plant/codec.h"
#include "tests/lib/check.h"

#include <math.h>
#include <string.h>

static struct fg_profile_signal number_signal(enum fg_value_type type)
{
    struct fg_profile_signal signal = {0};

    signal.present = true;
    signal.type = (uint8_t)type;
    signal.scale = 1.0;
    signal.factor = 1.0;
    signal.minimum = -1e14;
    signal.maximum = 1e14;
    return signal;
}

TEST("200.25 as a float stands on the wire as the four orders say")
{
    static const uint16_t expected[4][2] = {
        {0x4348, 0x4000}, {0x4000, 0x4348}, {0x4843, 0x0040}, {0x0040, 0x4843}};
    struct fg_profile_signal signal = number_signal(FG_TYPE_F32);
    uint64_t raw = 0;

    signal.factor = 100.0;
    CHECK_INT(fg_codec_encode(FG_TYPE_F32, 200.25, &raw), FG_OK);
    CHECK_INT(raw, 0x43484000);
    for (unsigned order = 0; order < 4; order++) {
        uint16_t registers[2] = {0};
        int64_t value = 0;

        fg_codec_split(FG_TYPE_F32, (enum fg_byte_order)order, raw, registers);
        CHECK_INT(registers[0], expected[order][0]);
        CHECK_INT(registers[1], expected[order][1]);
        CHECK_INT(fg_codec_decode(&signal, (enum fg_byte_order)order, registers, &value), FG_READING_GOOD);
        CHECK_INT(value, 20025);
    }
}

TEST("every type goes round in every order")
{
    static const struct {
        enum fg_value_type type;
        double number;
    } cases[] = {
        {FG_TYPE_U16, 65535},       {FG_TYPE_U16, 258},          {FG_TYPE_I16, -2},
        {FG_TYPE_I16, 32767},       {FG_TYPE_U32, 4294967295.0}, {FG_TYPE_U32, 16909060},
        {FG_TYPE_I32, -16909060.0}, {FG_TYPE_F32, -1024},        {FG_TYPE_F64, 123456789012.0},
        {FG_TYPE_F64, -3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_profile_signal signal = number_signal(cases[i].type);
        uint64_t raw = 0;

        CHECK_INT(fg_codec_encode(cases[i].type, cases[i].number, &raw), FG_OK);
        for (unsigned order = 0; order < 4; order++) {
            uint16_t registers[4] = {0};
            int64_t value = 0;

            fg_codec_split(cases[i].type, (enum fg_byte_order)order, raw, registers);
            CHECK(fg_codec_join(cases[i].type, (enum fg_byte_order)order, registers) == raw);
            CHECK_INT(fg_codec_decode(&signal, (enum fg_byte_order)order, registers, &value),
                      FG_READING_GOOD);
            CHECK_INT(value, (int64_t)cases[i].number);
        }
    }
}

TEST("a 64-bit float stands in 8 bytes as its order says")
{
    static const uint16_t expected[4][4] = {{0x0102, 0x0304, 0x0506, 0x0708},
                                            {0x0708, 0x0506, 0x0304, 0x0102},
                                            {0x0201, 0x0403, 0x0605, 0x0807},
                                            {0x0807, 0x0605, 0x0403, 0x0201}};

    for (unsigned order = 0; order < 4; order++) {
        uint16_t registers[4] = {0};

        fg_codec_split(FG_TYPE_F64, (enum fg_byte_order)order, 0x0102030405060708u, registers);
        for (unsigned i = 0; i < 4; i++)
            CHECK_INT(registers[i], expected[order][i]);
    }
}

TEST("a number that does not fit its type is not encoded")
{
    uint64_t raw = 7;

    CHECK_INT(fg_codec_encode(FG_TYPE_U16, 65536, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_U16, -1, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_I16, 32768, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_I32, -2147483649.0, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_U32, 4294967296.0, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_F32, 1e29 * 1e29, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_F64, NAN, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_BIT, 2, &raw), FG_E_RANGE);
    CHECK_INT(raw, 7);
    CHECK_INT(fg_codec_encode(FG_TYPE_BIT, 1, &raw), FG_OK);
    CHECK_INT(raw, 1);
}

TEST("FAIL-CLOSED: NaN, infinities and fault patterns are faults")
{
    static const uint32_t bits[] = {0x7FC00000, 0xFFC00001, 0x7F800000, 0xFF800000, 0x7FA00000, 0x12345678};
    struct fg_profile_signal signal = number_signal(FG_TYPE_F32);

    signal.fault_count = 1;
    signal.faults[0] = 0x12345678;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        uint16_t registers[2];
        int64_t value = 42;

        fg_codec_split(FG_TYPE_F32, FG_ORDER_3412, bits[i], registers);
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_3412, registers, &value), FG_READING_FAULT);
        CHECK_INT(value, 42);
    }
}

TEST("FAIL-CLOSED: a value outside the plausible range is not given")
{
    struct fg_profile_signal signal = number_signal(FG_TYPE_I16);
    uint16_t word = (uint16_t)-301;
    int64_t value = 42;

    signal.scale = 0.1;
    signal.minimum = -30.0;
    signal.maximum = 100.0;
    signal.factor = 10.0;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_RANGE);
    word = 1001;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_RANGE);
    CHECK_INT(value, 42);
    word = 215;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_GOOD);
    CHECK_INT(value, 215);
    signal.maximum = 1e15;
    signal.factor = 1e15;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_RANGE);
}

TEST("a bit is read with its polarity, also inside a register")
{
    struct fg_profile_signal signal = {0};
    uint16_t word = 0x0010;
    int64_t value = 0;

    signal.type = FG_TYPE_BIT;
    signal.bit = 4;
    signal.active = true;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_GOOD);
    CHECK_INT(value, 1);
    signal.active = false;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_GOOD);
    CHECK_INT(value, 0);
}

TEST("a byte order code that the profile does not map is refused")
{
    struct fg_profile_order order = {0};
    enum fg_byte_order told = FG_ORDER_4321;

    order.count = 2;
    order.values[1] = 9;
    order.orders[1] = FG_ORDER_2143;
    CHECK_INT(fg_codec_order(&order, 9, &told), FG_OK);
    CHECK_INT(told, FG_ORDER_2143);
    CHECK_INT(fg_codec_order(&order, 5, &told), FG_E_RANGE);
    CHECK_INT(told, FG_ORDER_2143);
}

/* SUM at 2610 and OVERFLOW at 2612, as a Promass totalizer has them. */
static struct fg_profile_signal sum_signal(void)
{
    struct fg_profile_signal signal = number_signal(FG_TYPE_F32);

    signal.minimum = -1e6;
    signal.maximum = 1e14;
    signal.address = 2610;
    signal.has_overflow = true;
    signal.overflow_address = 2612;
    signal.overflow_step = 1e7;
    return signal;
}

static enum fg_reading_state decode_sum(const struct fg_profile_signal *signal, double sum, double overflow,
                                        int64_t *ret_value)
{
    uint16_t registers[4] = {0};
    unsigned second = signal->overflow_address > signal->address ? 2 : 0;
    uint64_t raw = 0;

    CHECK_INT(fg_codec_encode(FG_TYPE_F32, sum, &raw), FG_OK);
    fg_codec_split(FG_TYPE_F32, FG_ORDER_3412, raw, registers + (2 - second));
    CHECK_INT(fg_codec_encode(FG_TYPE_F32, overflow, &raw), FG_OK);
    fg_codec_split(FG_TYPE_F32, FG_ORDER_3412, raw, registers + second);
    return fg_codec_decode(signal, FG_ORDER_3412, registers, ret_value);
}

TEST("GAS-ADDS-UP: a total in two parts is their sum, to the gram and in either order")
{
    struct fg_profile_signal signal = sum_signal();
    int64_t value = 0;

    for (int i = 0; i < 2; i++) {
        CHECK_INT(decode_sum(&signal, 9999999, 0, &value), FG_READING_GOOD);
        CHECK_INT(value, 9999999);
        CHECK_INT(decode_sum(&signal, 1, 1e7, &value), FG_READING_GOOD);
        CHECK_INT(value, 10000001);
        /* 12,345 times ten millions is no 32-bit float; the nearest multiple is meant. */
        CHECK_INT(decode_sum(&signal, 7654321, 12345e7, &value), FG_READING_GOOD);
        CHECK_INT(value, INT64_C(123457654321));
        signal.address = 2612;
        signal.overflow_address = 2610;
    }
}

TEST("FAIL-CLOSED: a fault in either part of a total is one of the whole")
{
    struct fg_profile_signal signal = sum_signal();
    uint16_t registers[4] = {0, 0, 0, 0x7FC0};
    int64_t value = 42;

    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_3412, registers, &value), FG_READING_FAULT);
    registers[1] = 0x7FC0;
    registers[3] = 0;
    CHECK_INT(fg_codec_decode(&signal, FG_ORDER_3412, registers, &value), FG_READING_FAULT);
    CHECK_INT(decode_sum(&signal, 0, 2e14, &value), FG_READING_RANGE);
    CHECK_INT(value, 42);
}

TEST("every type is encoded up to its least and its greatest number, and decoded with their sign")
{
    static const struct {
        enum fg_value_type type;
        double least;
        double greatest;
        uint64_t least_raw;
        uint64_t greatest_raw;
    } types[] = {{FG_TYPE_BIT, 0, 1, 0, 1},
                 {FG_TYPE_U16, 0, 65535, 0, 0xFFFF},
                 {FG_TYPE_I16, -32768, 32767, 0x8000, 0x7FFF},
                 {FG_TYPE_U32, 0, 4294967295.0, 0, 0xFFFFFFFF},
                 {FG_TYPE_I32, -2147483648.0, 2147483647.0, 0x80000000, 0x7FFFFFFF}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct fg_profile_signal signal = number_signal(types[i].type);
        uint16_t registers[2] = {0};
        int64_t value = 0;
        uint64_t raw = 99;

        CHECK_INT(fg_codec_encode(types[i].type, types[i].least - 1, &raw), FG_E_RANGE);
        CHECK_INT(fg_codec_encode(types[i].type, types[i].greatest + 1, &raw), FG_E_RANGE);
        CHECK_INT(raw, 99);
        CHECK_INT(fg_codec_encode(types[i].type, types[i].least, &raw), FG_OK);
        CHECK_INT(raw, types[i].least_raw);
        CHECK_INT(fg_codec_encode(types[i].type, types[i].greatest, &raw), FG_OK);
        CHECK_INT(raw, types[i].greatest_raw);
        if (types[i].type == FG_TYPE_BIT)
            continue;
        fg_codec_split(types[i].type, FG_ORDER_1234, types[i].least_raw, registers);
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, registers, &value), FG_READING_GOOD);
        CHECK_INT(value, (int64_t)types[i].least);
        fg_codec_split(types[i].type, FG_ORDER_1234, types[i].greatest_raw, registers);
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, registers, &value), FG_READING_GOOD);
        CHECK_INT(value, (int64_t)types[i].greatest);
    }
}

TEST("a float is encoded while it is one, and rounds to whole numbers in an integer")
{
    uint64_t raw = 0;

    CHECK_INT(fg_codec_encode(FG_TYPE_F64, 1e30, &raw), FG_OK);
    CHECK_INT(fg_codec_encode(FG_TYPE_F64, -1.01e30, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_F32, INFINITY, &raw), FG_E_RANGE);
    CHECK_INT(fg_codec_encode(FG_TYPE_F32, 1.0, &raw), FG_OK);
    CHECK_INT(raw, 0x3F800000);
    CHECK_INT(fg_codec_encode(FG_TYPE_F64, 1.0, &raw), FG_OK);
    CHECK(raw == UINT64_C(0x3FF0000000000000));
    CHECK_INT(fg_codec_encode(FG_TYPE_U16, 2.5, &raw), FG_OK);
    CHECK_INT(raw, 3);
    CHECK_INT(fg_codec_encode(FG_TYPE_I16, -2.4, &raw), FG_OK);
    CHECK_INT(raw, 0xFFFE);
    CHECK_INT(fg_codec_encode((enum fg_value_type)0, 1.0, &raw), FG_E_ARG);
    CHECK_INT(raw, 0xFFFE);
}

TEST("FAIL-CLOSED: a plausible range holds its ends, and what no double counts exactly is out of it")
{
    struct fg_profile_signal signal = number_signal(FG_TYPE_I16);
    static const struct {
        int word;
        enum fg_reading_state state;
    } words[] = {
        {-301, FG_READING_RANGE}, {-300, FG_READING_GOOD}, {1000, FG_READING_GOOD}, {1001, FG_READING_RANGE}};
    int64_t value = 0;

    signal.scale = 0.5;
    signal.minimum = -150.0;
    signal.maximum = 500.0;
    signal.factor = 10.0;
    signal.offset = 7.0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        uint16_t word = (uint16_t)words[i].word;

        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), words[i].state);
        if (words[i].state == FG_READING_GOOD)
            CHECK_INT(value, words[i].word * 5 + 7);
    }
    signal = number_signal(FG_TYPE_U16);
    signal.offset = -0.4;
    for (unsigned over = 0; over < 2; over++) {
        uint16_t word = (uint16_t)(9000 + over);

        signal.factor = 1e12 - 1;
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value),
                  over == 0 ? FG_READING_GOOD : FG_READING_RANGE);
    }
    CHECK_INT(value, INT64_C(9000) * INT64_C(999999999999));
    {
        uint16_t word = 9000;

        signal.factor = 1e12;
        signal.offset = 0.0;
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_RANGE);
    }
}

TEST("FAIL-CLOSED: each of four fault patterns is one, and a bit is read at either end of its register")
{
    struct fg_profile_signal signal = number_signal(FG_TYPE_U16);
    int64_t value = 0;

    signal.fault_count = 4;
    for (unsigned i = 0; i < 4; i++)
        signal.faults[i] = 100 + i;
    for (uint16_t word = 99; word < 105; word++)
        CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value),
                  word >= 100 && word < 104 ? FG_READING_FAULT : FG_READING_GOOD);
    signal.type = FG_TYPE_BIT;
    signal.active = true;
    for (uint8_t bit = 0; bit < 16; bit++) {
        for (unsigned one = 0; one < 16; one++) {
            uint16_t word = (uint16_t)(1u << one);

            signal.bit = bit;
            CHECK_INT(fg_codec_decode(&signal, FG_ORDER_1234, &word, &value), FG_READING_GOOD);
            CHECK_INT(value, bit == one);
        }
    }
}
