/* The plant with the real library on the simulated point: what one odd answer does to a reading, what a
 * device that goes on so does, and what other masters on the bus may not do. */
#include "firmware/plant/plant.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/sim_fixture.h"

#include <stdio.h>
#include <string.h>

#define DEADLINE_MS 10000
#define AGE_MAX_MS 1500
#define RELAY 0
#define PRESSURE 1
#define METER 2
#define BIT(signal) (1u << (signal))
#define METER_SIGNALS (BIT(FG_SIGNAL_FLOW_G_MIN) | BIT(FG_SIGNAL_TOTAL_G) | BIT(FG_SIGNAL_INVENTORY_G))

static struct fg_error error;
static struct fg_plant_settings settings;
static struct fg_plant *plant;

static void settings_make(const char *meter_profile)
{
    fg_sim_fixture_point(&settings, fg_test_path("plant"), meter_profile, 100, AGE_MAX_MS);
    settings.lease_ms = 60000;
}

static bool wait_state(enum fg_signal signal, uint8_t state)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_plant_state now;

    do {
        fg_plant_read(plant, &now);
        if (now.readings[signal].state == state)
            return true;
        fg_sleep_ms(1);
    } while (fg_mono_ms() < end_ms);
    return false;
}

static bool wait_link(uint8_t device, uint8_t link)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_device_status status;

    do {
        fg_plant_device_status(plant, device, &status);
        if (status.link == link)
            return true;
        fg_sleep_ms(1);
    } while (fg_mono_ms() < end_ms);
    return false;
}

/* A point at work: a cylinder with 12,000 kPa on the nozzle. */
static void begin(const char *meter_profile)
{
    fg_sim_fixture_begin(fg_test_directory());
    fg_sim_fixture_do("cylinder a medium=cng capacity_dl=700 pressure_kpa=12000 temperature_dc=150");
    fg_sim_fixture_do("connect a");
    settings_make(meter_profile);
    CHECK_OK(fg_plant_new(&settings, &plant, &error), &error);
    CHECK_OK(fg_plant_start(plant, &error), &error);
    CHECK(wait_state(FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD));
    CHECK(wait_state(FG_SIGNAL_INVENTORY_G, FG_READING_GOOD));
    CHECK(wait_state(FG_SIGNAL_FLOW_G_MIN, FG_READING_GOOD));
}

static void end(void)
{
    fg_plant_destroy(plant);
    plant = NULL;
    fg_sim_fixture_end();
}

static uint64_t failures_of(uint8_t device)
{
    struct fg_device_status status;

    fg_plant_device_status(plant, device, &status);
    return status.failures;
}

/* Which of the signals were anything but good at any look within ms. */
static uint32_t bad_within(uint32_t signals, int64_t ms)
{
    int64_t end_ms = fg_mono_ms() + ms;
    struct fg_plant_state now;
    uint32_t bad = 0;

    do {
        fg_plant_read(plant, &now);
        for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
            if ((signals & BIT(i)) != 0 && now.readings[i].state != FG_READING_GOOD)
                bad |= BIT(i);
        }
    } while (fg_mono_ms() < end_ms);
    return bad;
}

static void ride_out(const char *fault, uint8_t device, uint32_t signals)
{
    for (int i = 0; i < 8; i++) {
        uint64_t before = failures_of(device);
        int64_t end_ms = fg_mono_ms() + DEADLINE_MS;

        fg_sleep_ms(i * 7); /* another place of the round each time */
        fg_sim_fixture_do(fault);
        do {
            CHECK_INT(bad_within(signals, 5), 0);
        } while (failures_of(device) == before && fg_mono_ms() < end_ms);
        CHECK(failures_of(device) > before);
        CHECK_INT(bad_within(signals, 100), 0);
    }
}

TEST("FAIL-CLOSED: one exception 5 or 6 in any place leaves the readings as they are")
{
    begin("boards/profiles/micro-motion-mvd.profile");
    ride_out("fault bus busy 1 unit=3 code=5", METER, METER_SIGNALS);
    ride_out("fault bus busy 1 unit=3 code=6", METER, METER_SIGNALS);
    ride_out("fault bus busy 1 unit=2 code=6", PRESSURE, BIT(FG_SIGNAL_PRESSURE_KPA));
    ride_out("fault bus busy 1 unit=1 code=6", RELAY,
             BIT(FG_SIGNAL_VALVE_OPEN) | BIT(FG_SIGNAL_EMERGENCY_STOP));
    end();
}

/* A meter with a status word: register 38 of the simulated one holds 70. */
static const char *profile_with_status(void)
{
    static const char text[] = "[device]\nname = S\nsource = none\nblock_gap = 2\nsilence_ms = 0\n"
                               "[order]\ntable = holding\naddress = 520\nbase = 0\nmap = 1=3-4-1-2\n"
                               "[status]\ntable = holding\naddress = 38\nbase = 0\nmask = 0xFFFF\ngood = 70\n"
                               "[signal flow]\ntable = holding\naddress = 246\nbase = 0\ntype = f32\n"
                               "order = register:520\nscale = 1\nunit = g/s\nminimum = -50\nmaximum = 2500\n"
                               "fault = nan\n"
                               "[signal inventory]\ntable = holding\naddress = 262\nbase = 0\ntype = f32\n"
                               "order = register:520\nscale = 1\nunit = g\nminimum = 0\nmaximum = 1e9\n"
                               "fault = nan\n";
    const char *path = fg_test_path("status.profile");
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_INT(fclose(file), 0);
    return path;
}

TEST("FAIL-CLOSED: one exception where the status word is asked leaves the readings as they are")
{
    begin(profile_with_status());
    ride_out("fault bus busy 1 unit=3 code=5", METER, BIT(FG_SIGNAL_FLOW_G_MIN) | BIT(FG_SIGNAL_INVENTORY_G));
    end();
}

TEST("FAIL-CLOSED: a device that stays busy gives missing readings, never faults, and comes back")
{
    struct fg_plant_state now;
    int64_t begun_ms;

    begin("boards/profiles/micro-motion-mvd.profile");
    begun_ms = fg_mono_ms();
    fg_sim_fixture_do("fault bus busy on unit=3 code=6");
    do {
        fg_plant_read(plant, &now);
        CHECK(now.readings[FG_SIGNAL_INVENTORY_G].state == FG_READING_GOOD ||
              now.readings[FG_SIGNAL_INVENTORY_G].state == FG_READING_TIME_OUT);
        fg_sleep_ms(2);
    } while (now.readings[FG_SIGNAL_INVENTORY_G].state == FG_READING_GOOD &&
             fg_mono_ms() < begun_ms + DEADLINE_MS);
    CHECK_INT(now.readings[FG_SIGNAL_INVENTORY_G].state, FG_READING_TIME_OUT);
    CHECK(wait_link(METER, FG_LINK_DOWN));
    fg_sim_fixture_do("fault bus busy off unit=3");
    CHECK(wait_state(FG_SIGNAL_INVENTORY_G, FG_READING_GOOD));
    CHECK(wait_link(METER, FG_LINK_UP));
    end();
}

TEST("FAIL-CLOSED: a device that says it failed makes its readings faults at once")
{
    begin("boards/profiles/micro-motion-mvd.profile");
    fg_sim_fixture_do("fault bus busy on unit=3 code=4");
    CHECK(wait_state(FG_SIGNAL_INVENTORY_G, FG_READING_FAULT));
    fg_sim_fixture_do("fault bus busy off unit=3");
    CHECK(wait_state(FG_SIGNAL_INVENTORY_G, FG_READING_GOOD));
    end();
}

TEST("one zero or absurd answer of an instrument is no reading, the second in a row is one")
{
    static const char *const glitches[] = {"fault signal inventory zero 1", "fault signal inventory absurd 1",
                                           "fault signal pressure zero 1", "fault signal pressure absurd 1"};
    struct fg_plant_state now;

    begin("boards/profiles/micro-motion-mvd.profile");
    for (unsigned i = 0; i < 8; i++) {
        int64_t end_ms = fg_mono_ms() + 200;

        fg_sim_fixture_do(glitches[i % 4]);
        do {
            fg_plant_read(plant, &now);
            CHECK_INT(now.readings[FG_SIGNAL_INVENTORY_G].state, FG_READING_GOOD);
            CHECK_INT(now.readings[FG_SIGNAL_INVENTORY_G].value, 1234567);
            CHECK_INT(now.readings[FG_SIGNAL_PRESSURE_KPA].state, FG_READING_GOOD);
            CHECK(now.readings[FG_SIGNAL_PRESSURE_KPA].value > 11000);
        } while (fg_mono_ms() < end_ms);
    }
    fg_sim_fixture_do("fault signal inventory zero 1000");
    do
        fg_plant_read(plant, &now);
    while (now.readings[FG_SIGNAL_INVENTORY_G].value != 0);
    CHECK_INT(now.readings[FG_SIGNAL_INVENTORY_G].state, FG_READING_GOOD);
    end();
}

/* ---- whose bus is it? --------------------------------------------------------------------------------- */

static bool wait_shared(const char *text)
{
    int64_t end_ms = fg_mono_ms() + DEADLINE_MS;
    struct fg_device_status status;

    do {
        fg_plant_device_status(plant, PRESSURE, &status);
        if (status.bus_shared && strstr(status.bus_text, text) != NULL)
            return true;
        fg_sleep_ms(2);
    } while (fg_mono_ms() < end_ms);
    return false;
}

TEST("BAD-INPUT-IS-SAFE: with a second master on the bus no false reading counts, and it is named")
{
    static const char *const faults[] = {"fault bus stranger on every=7", "fault bus stranger on every=13",
                                         "fault bus stranger on every=31"};
    struct fg_plant_state now;

    begin("boards/profiles/micro-motion-mvd.profile");
    for (unsigned i = 0; i < 3; i++) {
        int64_t end_ms = fg_mono_ms() + 1500;

        fg_sim_fixture_do(faults[i]);
        do {
            fg_plant_read(plant, &now);
            CHECK(now.readings[FG_SIGNAL_PRESSURE_KPA].state != FG_READING_GOOD ||
                  (now.readings[FG_SIGNAL_PRESSURE_KPA].value > 11900 &&
                   now.readings[FG_SIGNAL_PRESSURE_KPA].value < 12100));
            CHECK(now.readings[FG_SIGNAL_PRESSURE_KPA].state != FG_READING_FAULT);
        } while (fg_mono_ms() < end_ms);
        CHECK(wait_shared("another master"));
    }
    CHECK(wait_state(FG_SIGNAL_PRESSURE_KPA, FG_READING_TIME_OUT));
    fg_sim_fixture_do("fault bus stranger off");
    CHECK(wait_state(FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD));
    end();
}

TEST("FAIL-CLOSED: a bus that gives back what is sent is named, and nothing read on it counts")
{
    begin("boards/profiles/micro-motion-mvd.profile");
    fg_sim_fixture_do("fault bus echo on");
    CHECK(wait_shared("echo"));
    CHECK(wait_state(FG_SIGNAL_PRESSURE_KPA, FG_READING_TIME_OUT));
    CHECK_INT(bad_within(BIT(FG_SIGNAL_PRESSURE_KPA), 300), BIT(FG_SIGNAL_PRESSURE_KPA));
    fg_sim_fixture_do("fault bus echo off");
    CHECK(wait_state(FG_SIGNAL_PRESSURE_KPA, FG_READING_GOOD));
    end();
}

TEST("a second plant on the port does not start, and says whose it is")
{
    struct fg_plant *second = NULL;

    begin("boards/profiles/micro-motion-mvd.profile");
    CHECK_OK(fg_plant_new(&settings, &second, &error), &error);
    CHECK_INT(fg_plant_start(second, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "bus main");
    CHECK_HAS(error.text, "another process holds this port");
    CHECK_INT(bad_within(METER_SIGNALS, 200), 0);
    fg_plant_destroy(second);
    CHECK_INT(bad_within(METER_SIGNALS, 200), 0);
    end();
}
