/* The table of outcomes: what is documented is what is acted by, and each row is booked as it says. */
#include "firmware/plant/device.h"
#include "firmware/plant/rtu.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

static struct fg_error error = {FG_E_TIMEOUT, "unit 1: it failed"};

static void row_text(const struct fg_outcome_row *row, char *ret_text, size_t size)
{
    static const char *const effects[] = {"new", "kept", "fault", "missing"};
    static const char *const retries[] = {"next round", "after quiet", "reopened"};
    char down[8] = "-";

    if (row->down_after != 0)
        (void)snprintf(down, sizeof(down), "%u", row->down_after);
    (void)snprintf(ret_text, size, "| %s | %s | %s | %s | %s |\n", row->name, effects[row->reading],
                   retries[row->retry], down, row->asks_again ? "asked again" : "kept");
}

TEST("the documented table of outcomes is the one in force")
{
    static char text[65536];
    FILE *file = fopen("firmware/plant/README.md", "r");
    size_t length;

    CHECK(file != NULL);
    length = fread(text, 1, sizeof(text) - 1, file);
    CHECK_INT(fclose(file), 0);
    text[length] = '\0';
    for (unsigned i = 0; i < FG_OUTCOME_COUNT; i++) {
        char row[160];

        row_text(fg_outcome_row((enum fg_outcome)i), row, sizeof(row));
        if (strstr(text, row) == NULL)
            fg_test_fail(__FILE__, __LINE__, "firmware/plant/README.md lacks: %s", row);
    }
}

TEST("every exception has an outcome, and none is an answer")
{
    static const struct {
        uint8_t exception;
        enum fg_outcome outcome;
    } known[] = {
        {1, FG_OUTCOME_ILLEGAL_FUNCTION}, {2, FG_OUTCOME_ILLEGAL_ADDRESS}, {3, FG_OUTCOME_ILLEGAL_VALUE},
        {4, FG_OUTCOME_DEVICE_FAILURE},   {5, FG_OUTCOME_ACKNOWLEDGE},     {6, FG_OUTCOME_BUSY},
        {7, FG_OUTCOME_OTHER_EXCEPTION},  {8, FG_OUTCOME_MEMORY_PARITY},   {9, FG_OUTCOME_OTHER_EXCEPTION},
        {10, FG_OUTCOME_GATEWAY_PATH},    {11, FG_OUTCOME_GATEWAY_TARGET}, {12, FG_OUTCOME_OTHER_EXCEPTION},
        {255, FG_OUTCOME_OTHER_EXCEPTION}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK_INT(fg_outcome_of_exception(known[i].exception), known[i].outcome);
    for (unsigned i = 0; i < 256; i++)
        CHECK(fg_outcome_of_exception((uint8_t)i) != FG_OUTCOME_ANSWERED);
    CHECK_INT(fg_outcome_row(FG_OUTCOME_COUNT)->code, FG_E_GONE);
}

TEST("after an answer that may still come the device is left quiet for a response time, after busy it is not")
{
    static const enum fg_outcome quiet[] = {FG_OUTCOME_TIME_OUT,     FG_OUTCOME_SHORT_ANSWER,
                                            FG_OUTCOME_BAD_CRC,      FG_OUTCOME_WRONG_UNIT,
                                            FG_OUTCOME_WRONG_ANSWER, FG_OUTCOME_ECHO};
    static const enum fg_outcome at_once[] = {FG_OUTCOME_ACKNOWLEDGE, FG_OUTCOME_BUSY, FG_OUTCOME_STRANGER,
                                              FG_OUTCOME_ILLEGAL_ADDRESS, FG_OUTCOME_GATEWAY_TARGET};

    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
        struct fg_device device = {0};

        fg_device_book(&device, quiet[i], &error, 100, 5000);
        CHECK(!fg_device_is_due(&device, 5099));
        CHECK(fg_device_is_due(&device, 5100));
        CHECK_INT(device.status.link, FG_LINK_PROBING);
    }
    for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++) {
        struct fg_device device = {0};

        fg_device_book(&device, at_once[i], &error, 100, 5000);
        CHECK(fg_device_is_due(&device, 5000));
    }
}

TEST("a silent device is down after three failures, a busy one after twenty, and each is asked once a second "
     "then")
{
    static const struct {
        enum fg_outcome outcome;
        unsigned failures;
    } kinds[] = {{FG_OUTCOME_TIME_OUT, 3}, {FG_OUTCOME_BUSY, 20}, {FG_OUTCOME_LINK_LOST, 1}};

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct fg_device device = {.order_known = true, .status_known = true};

        for (unsigned i = 1; i < kinds[k].failures; i++) {
            fg_device_book(&device, kinds[k].outcome, &error, 100, 1000);
            CHECK_INT(device.status.link, FG_LINK_PROBING);
        }
        CHECK_INT(device.order_known, kinds[k].outcome == FG_OUTCOME_BUSY || kinds[k].failures == 1);
        fg_device_book(&device, kinds[k].outcome, &error, 100, 1000);
        CHECK_INT(device.status.link, FG_LINK_DOWN);
        CHECK_TEXT(device.status.last_error, error.text);
        CHECK(!fg_device_is_due(&device, 1000 + FG_DEVICE_PROBE_MS - 1));
        CHECK(fg_device_is_due(&device, 1000 + FG_DEVICE_PROBE_MS));
        fg_device_book(&device, FG_OUTCOME_ANSWERED, NULL, 100, 3000);
        CHECK_INT(device.status.link, FG_LINK_UP);
        CHECK(fg_device_is_due(&device, 3001));
        CHECK_INT(device.status.requests, kinds[k].failures + 1);
        CHECK_INT(device.status.failures, kinds[k].failures);
    }
}

static void load(struct fg_device *device, const char *profile)
{
    memset(device, 0, sizeof(*device));
    CHECK_OK(fg_profile_load(profile, &device->profile, &error), &error);
    CHECK_OK(fg_device_plan(device, &error), &error);
}

TEST("FAIL-CLOSED: emergency stop, buttons and the valve's feedback are read before any measured value")
{
    struct fg_device device;
    uint32_t inputs = 0;

    load(&device, "boards/sim/profiles/point-io.profile");
    for (unsigned i = 0; i < device.block_count; i++) {
        CHECK(device.blocks[i].class != FG_READ_VALUES);
        inputs |= device.blocks[i].class == FG_READ_INPUTS ? device.blocks[i].items : 0;
    }
    CHECK_INT(inputs,
              1u << FG_SIGNAL_EMERGENCY_STOP | 1u << FG_SIGNAL_START_BUTTON | 1u << FG_SIGNAL_STOP_BUTTON);
    load(&device, "boards/profiles/keller-33x.profile");
    for (unsigned i = 0; i < device.block_count; i++)
        CHECK_INT(device.blocks[i].class, FG_READ_VALUES);
}

TEST("FAIL-CLOSED: a value is as old as the status word that it rests on, and without one it is not decoded")
{
    struct fg_device device;
    struct fg_block_result result;
    uint16_t words[FG_BUS_BLOCK_MAX] = {0};
    const struct fg_block *status = NULL;
    const struct fg_block *values = NULL;

    load(&device, "boards/profiles/endress-promass-83.profile");
    device.order_known = true;
    for (unsigned i = 0; i < device.block_count; i++) {
        if ((device.blocks[i].items & 1u << FG_ITEM_STATUS) != 0)
            status = &device.blocks[i];
        if ((device.blocks[i].items & 1u << FG_SIGNAL_FLOW_G_MIN) != 0)
            values = &device.blocks[i];
    }
    CHECK(status != NULL && values != NULL && status != values);
    CHECK(!fg_device_can_decode(&device, values, 500, 1000));
    CHECK(fg_device_can_decode(&device, status, 500, 1000));
    words[0] = 1;
    fg_device_decode(&device, status, words, 1000, &result);
    words[0] = 0;
    CHECK(fg_device_can_decode(&device, values, 500, 1500));
    CHECK(!fg_device_can_decode(&device, values, 500, 1501));
    fg_device_decode(&device, values, words, 1400, &result);
    CHECK_INT(result.readings[FG_SIGNAL_FLOW_G_MIN].state, FG_READING_GOOD);
    CHECK_INT(result.readings[FG_SIGNAL_FLOW_G_MIN].at_mono_ms, 1000);
    device.order_known = false;
    CHECK(!fg_device_can_decode(&device, values, 500, 1400));
    fg_device_forget(&device);
    device.order_known = true;
    CHECK(!fg_device_can_decode(&device, values, 500, 1400));
}

TEST("an answer of another unit, function, length or content is none to this request")
{
    static const uint8_t request[] = {2, 3, 0, 2, 0, 2};
    static const uint8_t good[] = {2, 3, 4, 1, 2, 3, 4, 0, 0};
    static const uint8_t write[] = {1, 5, 2, 0, 0, 3};
    static const uint8_t echoed[] = {1, 5, 2, 0, 0, 3, 0, 0};
    static const uint8_t busy[] = {2, 0x83, 6, 0, 0};
    static const uint8_t bits[] = {1, 2, 0, 0, 0, 9};
    uint8_t bad[sizeof(good)];

    CHECK_INT(fg_rtu_judge(request, good, sizeof(good)), FG_OUTCOME_ANSWERED);
    CHECK_INT(fg_rtu_judge(request, busy, sizeof(busy)), FG_OUTCOME_BUSY);
    CHECK_INT(fg_rtu_judge(request, busy, 4), FG_OUTCOME_SHORT_ANSWER);
    for (size_t i = 0; i < 3; i++) {
        memcpy(bad, good, sizeof(bad));
        bad[i] ^= 0x04;
        CHECK_INT(fg_rtu_judge(request, bad, sizeof(bad)),
                  i == 0 ? FG_OUTCOME_WRONG_UNIT : FG_OUTCOME_WRONG_ANSWER);
    }
    CHECK_INT(fg_rtu_judge(request, good, sizeof(good) - 1), FG_OUTCOME_WRONG_ANSWER);
    CHECK_INT(fg_rtu_judge(write, echoed, sizeof(echoed)), FG_OUTCOME_ANSWERED);
    for (size_t i = 0; i < FG_RTU_REQUEST_BYTES; i++) {
        memcpy(bad, echoed, sizeof(echoed));
        bad[i] ^= 0x40;
        CHECK(fg_rtu_judge(write, bad, sizeof(echoed)) != FG_OUTCOME_ANSWERED);
    }
    CHECK_INT(fg_rtu_answer_bytes(bits), 7);
    CHECK_INT(fg_rtu_answer_bytes(request), 9);
    CHECK(fg_rtu_is_own_request(request, request, 6));
    CHECK(!fg_rtu_is_own_request(request, good, sizeof(good)));
    CHECK(!fg_rtu_is_own_request(request, request, 4));
    CHECK(!fg_rtu_is_own_request(write, write, 6));
}

TEST("what speaks for shutting counts at once, what jumps does not")
{
    struct fg_block_result one = {.items = 1u << FG_SIGNAL_EMERGENCY_STOP | 1u << FG_SIGNAL_PRESSURE_KPA};
    struct fg_block_result other;
    struct fg_reading before[FG_SIGNAL_COUNT] = {0};

    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++)
        before[i] = one.readings[i] = (struct fg_reading){.value = 0, .state = FG_READING_GOOD};
    other = one;
    CHECK(fg_device_repeats(&one, &other));
    other.readings[FG_SIGNAL_PRESSURE_KPA].value = 1000;
    CHECK(fg_device_repeats(&one, &other));
    CHECK(fg_device_repeats(&other, &one));
    other.readings[FG_SIGNAL_PRESSURE_KPA].value = 1001;
    CHECK(!fg_device_repeats(&one, &other));
    CHECK(!fg_device_repeats(&other, &one));
    other.readings[FG_SIGNAL_PRESSURE_KPA] = (struct fg_reading){.value = 0, .state = FG_READING_FAULT};
    CHECK(!fg_device_repeats(&one, &other));
    CHECK(!fg_device_speaks_for_shutting(&one, before));
    one.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    CHECK(fg_device_speaks_for_shutting(&one, before));
    before[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    CHECK(!fg_device_speaks_for_shutting(&one, before));
    one.items |= 1u << FG_SIGNAL_STOP_BUTTON;
    one.readings[FG_SIGNAL_STOP_BUTTON].value = 1;
    CHECK(fg_device_speaks_for_shutting(&one, before));
}

/* Puts the check sum behind length bytes: the remainder by x^16 + x^15 + x^2 + 1, lowest bit first. */
static void put_check_sum(uint8_t *frame, size_t length)
{
    uint16_t sum = 0xFFFF;

    for (size_t bit = 0; bit < length * 8; bit++) {
        bool in = ((frame[bit / 8] >> bit % 8) & 1) != (sum & 1);

        sum = (uint16_t)(sum / 2 ^ (in ? 0xA001 : 0));
    }
    frame[length] = (uint8_t)sum;
    frame[length + 1] = (uint8_t)(sum >> 8);
}

TEST("BAD-INPUT-IS-SAFE: a check sum is right only when every bit is, in frames of every length there is")
{
    static const uint8_t published[] = {0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD};
    static const size_t lengths[] = {FG_RTU_FRAME_MIN - 1, FG_RTU_FRAME_MIN, 9, FG_RTU_FRAME_MAX,
                                     FG_RTU_FRAME_MAX + 1};
    uint8_t frame[FG_RTU_FRAME_MAX + 2];

    CHECK(fg_rtu_crc_is_good(published, sizeof(published)));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        bool allowed = lengths[i] >= FG_RTU_FRAME_MIN && lengths[i] <= FG_RTU_FRAME_MAX;

        for (size_t at = 0; at < sizeof(frame); at++)
            frame[at] = (uint8_t)(at * 37 + 5);
        put_check_sum(frame, lengths[i] - 2);
        CHECK_INT(fg_rtu_crc_is_good(frame, lengths[i]), allowed);
        for (size_t bit = 0; allowed && bit < lengths[i] * 8; bit++) {
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(!fg_rtu_crc_is_good(frame, lengths[i]));
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

TEST("an answer is as long as its request makes it, also beyond 255 of what is asked")
{
    static const struct {
        uint8_t function;
        uint16_t count;
        size_t bytes;
    } requests[] = {{FG_RTU_READ_COILS, 1, 6},
                    {FG_RTU_READ_COILS, 8, 6},
                    {FG_RTU_READ_DISCRETE, 9, 7},
                    {FG_RTU_READ_DISCRETE, 256, 37},
                    {FG_RTU_READ_HOLDING, 256, 517},
                    {FG_RTU_READ_INPUT, 1, 7},
                    {FG_RTU_WRITE_REGISTER, 7, 8},
                    {FG_RTU_WRITE_COIL, 0xFF00, 8},
                    {0, 1, 0},
                    {7, 1, 0}};

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const uint8_t request[FG_RTU_REQUEST_BYTES] = {
            1, requests[i].function, 0, 0, (uint8_t)(requests[i].count >> 8), (uint8_t)requests[i].count};

        CHECK_INT(fg_rtu_answer_bytes(request), requests[i].bytes);
    }
}

TEST("FAIL-CLOSED: the answer to each function is known by unit, function, length and content, and so is its "
     "refusal")
{
    for (uint8_t function = FG_RTU_READ_COILS; function <= FG_RTU_WRITE_REGISTER; function++) {
        const uint8_t request[] = {2, function, 1, 2, 0, 9, 0xEE}; /* and what is no more of it */
        const bool is_write = function >= FG_RTU_WRITE_COIL;
        const size_t length = fg_rtu_answer_bytes(request);
        uint8_t refusal[] = {2, function | 0x80u, 6, 1, 1, 1};
        uint8_t answer[64] = {2, function, (uint8_t)(length - 5)};

        if (is_write)
            memcpy(answer, request, FG_RTU_REQUEST_BYTES);
        CHECK_INT(fg_rtu_judge(request, answer, length), FG_OUTCOME_ANSWERED);
        CHECK_INT(fg_rtu_judge(request, answer, length - 1), FG_OUTCOME_WRONG_ANSWER);
        CHECK_INT(fg_rtu_judge(request, answer, length + 1), FG_OUTCOME_WRONG_ANSWER);
        answer[2] ^= 1;
        CHECK_INT(fg_rtu_judge(request, answer, length), FG_OUTCOME_WRONG_ANSWER);
        answer[2] ^= 1;
        answer[1] ^= 7;
        CHECK_INT(fg_rtu_judge(request, answer, length), FG_OUTCOME_WRONG_ANSWER);
        answer[0] = 3;
        CHECK_INT(fg_rtu_judge(request, answer, length), FG_OUTCOME_WRONG_UNIT);
        CHECK_INT(fg_rtu_judge(request, refusal, FG_RTU_FRAME_MIN), FG_OUTCOME_BUSY);
        CHECK_INT(fg_rtu_judge(request, refusal, FG_RTU_FRAME_MIN + 1), FG_OUTCOME_WRONG_ANSWER);
        for (size_t given = FG_RTU_FRAME_MIN - 1; given <= FG_RTU_REQUEST_BYTES + 2; given++) {
            uint8_t heard[FG_RTU_REQUEST_BYTES + 2] = {0};

            memcpy(heard, request, FG_RTU_REQUEST_BYTES);
            CHECK_INT(fg_rtu_is_own_request(request, heard, given), !is_write && given >= FG_RTU_FRAME_MIN);
            heard[FG_RTU_REQUEST_BYTES - 1] ^= 1;
            CHECK_INT(fg_rtu_is_own_request(request, heard, given), !is_write && given == FG_RTU_FRAME_MIN);
        }
    }
    CHECK(
        !fg_rtu_is_own_request((const uint8_t[]){2, 0, 1, 2, 0, 9}, (const uint8_t[]){2, 0, 1, 2, 0, 9}, 6));
}

TEST("the code of an outcome says whether a device refused, was busy, was silent, was not understood, or is "
     "gone")
{
    static const struct {
        enum fg_err code;
        uint32_t outcomes; /* bits */
    } kinds[] = {
        {FG_OK, 1u << FG_OUTCOME_ANSWERED},
        {FG_E_RANGE, 1u << FG_OUTCOME_ILLEGAL_FUNCTION | 1u << FG_OUTCOME_ILLEGAL_ADDRESS |
                         1u << FG_OUTCOME_ILLEGAL_VALUE | 1u << FG_OUTCOME_DEVICE_FAILURE |
                         1u << FG_OUTCOME_MEMORY_PARITY | 1u << FG_OUTCOME_OTHER_EXCEPTION |
                         1u << FG_OUTCOME_UNKNOWN_ORDER},
        {FG_E_BUSY, 1u << FG_OUTCOME_ACKNOWLEDGE | 1u << FG_OUTCOME_BUSY},
        {FG_E_TIMEOUT, 1u << FG_OUTCOME_TIME_OUT | 1u << FG_OUTCOME_SHORT_ANSWER |
                           1u << FG_OUTCOME_GATEWAY_PATH | 1u << FG_OUTCOME_GATEWAY_TARGET},
        {FG_E_FORMAT, 1u << FG_OUTCOME_BAD_CRC | 1u << FG_OUTCOME_WRONG_UNIT | 1u << FG_OUTCOME_WRONG_ANSWER |
                          1u << FG_OUTCOME_ECHO | 1u << FG_OUTCOME_STRANGER},
        {FG_E_GONE, 1u << FG_OUTCOME_LINK_LOST},
    };
    uint32_t told = 0;

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        told |= kinds[k].outcomes;
        for (unsigned i = 0; i < FG_OUTCOME_COUNT; i++) {
            if ((kinds[k].outcomes & 1u << i) != 0)
                CHECK_INT(fg_outcome_row((enum fg_outcome)i)->code, kinds[k].code);
        }
    }
    CHECK_INT(told, (1u << FG_OUTCOME_COUNT) - 1);
}
