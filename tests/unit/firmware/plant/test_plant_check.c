/* A configuration that can never work is refused, and the message says what to change. */
#include "firmware/plant/plant_check.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/sim_fixture.h"

#include <stdio.h>
#include <string.h>

static struct fg_error error;
static struct fg_plant_settings settings;
static struct fg_plant *plant;

/* The shipped point, but for its meter. */
static void point(const char *meter_profile)
{
    fg_sim_fixture_point(&settings, "/dev/null", meter_profile, 60, 600);
    fg_sim_fixture_device(&settings, "scale", "boards/sim/profiles/scale.profile", 4);
}

static void shipped(void)
{
    point("boards/profiles/micro-motion-mvd.profile");
}

static enum fg_err make(void)
{
    enum fg_err err;

    plant = NULL;
    memset(&error, 0, sizeof(error));
    err = fg_plant_new(&settings, &plant, &error);
    fg_plant_destroy(plant);
    return err;
}

static enum fg_err suits(uint8_t medium, uint32_t valve_follow_max_ms)
{
    enum fg_err err;

    plant = NULL;
    CHECK_OK(fg_plant_new(&settings, &plant, &error), &error);
    err = fg_plant_suits(plant, medium, valve_follow_max_ms, &error);
    fg_plant_destroy(plant);
    return err;
}

TEST("the shipped point suits both media")
{
    shipped();
    CHECK_OK(make(), &error);
    CHECK_OK(suits(FG_MEDIUM_CNG, 1500), &error);
    CHECK_OK(suits(FG_MEDIUM_LPG, 1500), &error);
}

TEST("a point whose meter is the Promass has what filling needs")
{
    point("boards/profiles/endress-promass-83.profile");
    settings.buses[0].cycle_ms = 80;
    CHECK_OK(suits(FG_MEDIUM_CNG, 1500), &error);
}

TEST("a point without a signal that its medium needs is refused, and all that is missing is named")
{
    static const struct {
        uint8_t device; /* that is left out */
        uint8_t medium;
        enum fg_err code;
        const char *text;
    } cases[] = {
        {1, FG_MEDIUM_CNG, FG_E_NOT_FOUND, "no device gives pressure, temperature"},
        {1, FG_MEDIUM_LPG, FG_OK, ""},
        {2, FG_MEDIUM_CNG, FG_E_NOT_FOUND, "flow, inventory"},
        {2, FG_MEDIUM_LPG, FG_E_NOT_FOUND, "[signal flow]"},
        {3, FG_MEDIUM_LPG, FG_E_NOT_FOUND, "no device gives scale"},
        {3, FG_MEDIUM_CNG, FG_OK, ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        shipped();
        settings.devices[cases[i].device] = settings.devices[3];
        settings.device_count = 3;
        CHECK_INT(suits(cases[i].medium, 1500), cases[i].code);
        if (cases[i].code != FG_OK)
            CHECK_HAS(error.text, cases[i].text);
    }
}

TEST("the valve's feedback must be able to come in time")
{
    shipped();
    CHECK_INT(suits(FG_MEDIUM_CNG, 179), FG_E_RANGE);
    CHECK_HAS(error.text, "valve_follow_max_ms");
    CHECK_HAS(error.text, "180 or more");
    CHECK_OK(suits(FG_MEDIUM_CNG, 180), &error);
}

TEST("a response time that no answer can keep at this baud rate is refused")
{
    shipped();
    settings.buses[0].baud = 1200;
    settings.buses[0].cycle_ms = 5000;
    settings.buses[0].response_max_ms = 1000;
    settings.reading_age_max_ms = 10000;
    CHECK_INT(make(), FG_E_RANGE);
    CHECK_HAS(error.text, "1200 baud");
    CHECK_HAS(error.text, "100 ms are allowed");
    CHECK_HAS(error.text, "a third of its release_ms");
    shipped();
    settings.buses[0].baud = 9600;
    settings.buses[0].cycle_ms = 500;
    settings.reading_age_max_ms = 2000;
    settings.buses[0].response_max_ms = 20;
    CHECK_INT(make(), FG_E_RANGE);
    CHECK_HAS(error.text, "device meter");
    CHECK_HAS(error.text, "raise baud or response_max_ms");
    settings.buses[0].response_max_ms = 60;
    CHECK_OK(make(), &error);
}

TEST("a round that takes longer than its cycle is refused, with the cycle that would do")
{
    shipped();
    settings.buses[0].baud = 9600;
    settings.reading_age_max_ms = 2000;
    CHECK_INT(make(), FG_E_RANGE);
    CHECK_HAS(error.text, "cycle_ms is 60");
    CHECK_HAS(error.text, "its 4 devices");
    settings.buses[0].cycle_ms = 300;
    CHECK_OK(make(), &error);
}

TEST("readings that one lost answer would make too old are refused")
{
    shipped();
    settings.reading_age_max_ms = 179;
    CHECK_INT(make(), FG_E_RANGE);
    CHECK_HAS(error.text, "reading_age_max_ms is 179");
    settings.reading_age_max_ms = 180;
    CHECK_OK(make(), &error);
    shipped();
    settings.buses[0].kind = FG_BUS_TCP;
    settings.buses[0].tcp_port = 502;
    (void)snprintf(settings.buses[0].path, sizeof(settings.buses[0].path), "127.0.0.1");
    settings.buses[0].cycle_ms = 10;
    CHECK_OK(make(), &error);
    settings.buses[0].cycle_ms = 400;
    CHECK_INT(make(), FG_E_RANGE);
}

TEST("the least time on the wire is counted by the character")
{
    static struct fg_device device;
    struct fg_bus_settings bus = {
        .name = "b", .kind = FG_BUS_RTU, .baud = 9600, .parity = 'N', .stop_bits = 1};
    struct fg_check_bus view = {.settings = &bus, .device_count = 1, .devices = {&device}};
    struct fg_check_wire wire;

    (void)snprintf(device.settings.name, sizeof(device.settings.name), "scale");
    CHECK_OK(fg_profile_load("boards/sim/profiles/scale.profile", &device.profile, &error), &error);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    fg_check_wire(&view, &wire);
    /* 8 and 9 characters of 10 bits, and 3.5 before each frame. */
    CHECK_INT((wire.longest_us + 5) / 10, 20 * 10 * 100000 / 9600 + 50 * 100 / 96);
    CHECK_INT((wire.round_us + 5) / 10, 24 * 10 * 100000 / 9600);
    CHECK_TEXT(wire.longest_device, "scale");
    bus.parity = 'E';
    fg_check_wire(&view, &wire);
    CHECK_INT((wire.round_us + 5) / 10, 24 * 11 * 100000 / 9600);
    for (uint8_t table = FG_TABLE_COIL; table <= FG_TABLE_INPUT; table++) {
        bool is_bits = table == FG_TABLE_COIL || table == FG_TABLE_DISCRETE;
        uint64_t least_us;

        device.blocks[0].table = table;
        device.blocks[0].count = 16;
        fg_check_wire(&view, &wire);
        least_us = (8 + 5 + (is_bits ? 2u : 32u) + 7) * UINT64_C(11000000) / 9600;
        CHECK(wire.round_us >= least_us - 10 && wire.round_us <= least_us + 10);
    }
    bus.kind = FG_BUS_TCP;
    fg_check_wire(&view, &wire);
    CHECK_INT(wire.round_us, 0);
}

TEST("times on the wire are rounded up to whole milliseconds, and what is refused says what would do")
{
    static struct fg_device device;
    struct fg_bus_settings bus = {.name = "b",
                                  .kind = FG_BUS_RTU,
                                  .baud = 300,
                                  .parity = 'E',
                                  .stop_bits = 1,
                                  .cycle_ms = 60000,
                                  .response_max_ms = 5000};
    struct fg_check_bus view = {.settings = &bus,
                                .response_ms = 5000,
                                .device_count = 4,
                                .devices = {&device, &device, &device, &device}};
    struct fg_check_wire wire;
    uint32_t round_ms;
    uint32_t longest_ms;
    char text[64];

    CHECK_OK(fg_profile_load("boards/sim/profiles/scale.profile", &device.profile, &error), &error);
    CHECK_OK(fg_device_plan(&device, &error), &error);
    fg_check_wire(&view, &wire);
    CHECK(wire.round_us > 2000000 && wire.round_us % 1000 > 1 && wire.longest_us % 1000 > 1);
    round_ms = (uint32_t)(wire.round_us / 1000) + 1;
    longest_ms = (uint32_t)(wire.longest_us / 1000) + 1;
    CHECK_OK(fg_check_times(&view, 600000, &error), &error);
    bus.cycle_ms = round_ms - 1;
    CHECK_INT(fg_check_times(&view, 600000, &error), FG_E_RANGE);
    (void)snprintf(text, sizeof(text), "set cycle_ms to %u or more", round_ms);
    CHECK_HAS(error.text, text);
    bus.cycle_ms = round_ms;
    CHECK_OK(fg_check_times(&view, 2 * round_ms + 5000, &error), &error);
    CHECK_INT(fg_check_times(&view, 2 * round_ms + 4999, &error), FG_E_RANGE);
    (void)snprintf(text, sizeof(text), "set reading_age_max_ms to %u or more", 2 * round_ms + 5000);
    CHECK_HAS(error.text, text);
    view.response_ms = longest_ms - 1;
    CHECK_INT(fg_check_times(&view, 600000, &error), FG_E_RANGE);
    (void)snprintf(text, sizeof(text), "take at least %u ms at 300 baud, and %u ms are allowed", longest_ms,
                   longest_ms - 1);
    CHECK_HAS(error.text, text);
    CHECK_HAS(error.text, "move the device to a bus of its own");
    bus.response_max_ms = longest_ms - 1;
    CHECK_INT(fg_check_times(&view, 600000, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "raise baud or response_max_ms");
    view.response_ms = longest_ms;
    CHECK_OK(fg_check_times(&view, 600000, &error), &error);
}

TEST("FAIL-CLOSED: two devices that both drive the valve are refused")
{
    static const char text[] = "[device]\nname = V\nsource = none\nblock_gap = 0\nsilence_ms = 0\n"
                               "[output valve]\nform = timed\ntable = coil\naddress = 0\nbase = 0\n"
                               "timed_address = 0x200\ntick_ms = 100\nrelease_ms = 300\n";
    const char *path = fg_test_path("valve.profile");
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_INT(fclose(file), 0);
    shipped();
    settings.device_count = 3;
    fg_sim_fixture_device(&settings, "relay2", path, 4);
    CHECK_INT(make(), FG_E_EXISTS);
    CHECK_HAS(error.text, "valve");
    CHECK_HAS(error.text, "relay2");
}
