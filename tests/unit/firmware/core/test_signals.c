/* The set of safety signals: who needs which, and why a signal cannot be read. Relies on:
 * firmware/core/signals.h. */
#include "firmware/core/signals.h"

#include <string.h>

#include "tests/lib/check.h"

#define NOW_MS 100000
#define AGE_MAX_MS 500
#define BIT FG_SIGNAL_BIT
#define ALWAYS (BIT(FG_SIGNAL_FLOW_G_MIN) | BIT(FG_SIGNAL_INVENTORY_G) | BIT(FG_SIGNAL_VALVE_OPEN))
#define GAS (BIT(FG_SIGNAL_PRESSURE_KPA) | BIT(FG_SIGNAL_TEMPERATURE_DC))

static struct fg_plant_state plant;

static void begin(void)
{
    memset(&plant, 0, sizeof(plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant.configured[i] = true;
        plant.readings[i].state = FG_READING_GOOD;
        plant.readings[i].at_mono_ms = NOW_MS;
    }
}

static enum fg_stop stop(uint8_t programme)
{
    return fg_signals_stop(&plant, programme, NOW_MS, AGE_MAX_MS);
}

TEST("the needed signals follow the programme and what the point has")
{
    bool nothing[FG_SIGNAL_COUNT] = {false};

    CHECK_INT(fg_signals_needed(FG_PROGRAMME_PRESSURE, nothing), ALWAYS | GAS);
    CHECK_INT(fg_signals_needed(FG_PROGRAMME_MASS, nothing), ALWAYS | BIT(FG_SIGNAL_SCALE_G));
    CHECK_INT(fg_signals_needed(FG_PROGRAMME_NONE, nothing), ALWAYS | GAS | BIT(FG_SIGNAL_SCALE_G));
    for (int i = FG_SIGNAL_EMERGENCY_STOP; i <= FG_SIGNAL_STOP_BUTTON; i++) {
        bool one[FG_SIGNAL_COUNT] = {false};

        one[i] = true;
        CHECK_INT(fg_signals_needed(FG_PROGRAMME_MASS, one), ALWAYS | BIT(FG_SIGNAL_SCALE_G) | BIT(i));
    }
}

TEST("a medium has its programme, an unknown one has none")
{
    CHECK_INT(fg_programme_of_medium(FG_MEDIUM_CNG), FG_PROGRAMME_PRESSURE);
    CHECK_INT(fg_programme_of_medium(FG_MEDIUM_LPG), FG_PROGRAMME_MASS);
    CHECK_INT(fg_programme_of_medium(FG_MEDIUM_NONE), FG_PROGRAMME_NONE);
    CHECK_INT(fg_programme_of_medium(200), FG_PROGRAMME_NONE);
}

TEST("FAIL-CLOSED: a signal reads only when it is configured, good, young and within what can be measured")
{
    struct fg_reading *reading = &plant.readings[FG_SIGNAL_SCALE_G];
    int64_t value = 77;

    begin();
    reading->value = FG_SIGNAL_VALUE_MAX;
    reading->at_mono_ms = NOW_MS - AGE_MAX_MS;
    CHECK(fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    CHECK_INT(value, FG_SIGNAL_VALUE_MAX);
    value = 77;
    reading->at_mono_ms--;
    CHECK(!fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    begin();
    plant.configured[FG_SIGNAL_SCALE_G] = false;
    CHECK(!fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    begin();
    reading->state = FG_READING_FAULT;
    CHECK(!fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    begin();
    reading->value = -FG_SIGNAL_VALUE_MAX;
    CHECK(fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    CHECK_INT(value, -FG_SIGNAL_VALUE_MAX);
    value = 77;
    reading->value = FG_SIGNAL_VALUE_MAX + 1;
    CHECK(!fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    reading->value = -FG_SIGNAL_VALUE_MAX - 1;
    CHECK(!fg_signal_read(&plant, FG_SIGNAL_SCALE_G, NOW_MS, AGE_MAX_MS, &value));
    CHECK_INT(value, 77);
}

TEST("FAIL-CLOSED: every needed signal that cannot be read stops, with its own reason")
{
    const uint8_t states[] = {FG_READING_MISSING, FG_READING_TIME_OUT, FG_READING_RANGE, FG_READING_FAULT};
    const enum fg_stop stops[] = {FG_STOP_DEVICE_SILENT, FG_STOP_DEVICE_SILENT, FG_STOP_NOT_PLAUSIBLE,
                                  FG_STOP_NOT_PLAUSIBLE};

    for (uint8_t programme = FG_PROGRAMME_NONE; programme <= FG_PROGRAMME_MASS; programme++) {
        for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
            bool needed = false;

            begin();
            needed = (fg_signals_needed(programme, plant.configured) & BIT(i)) != 0;
            for (int s = 0; s < 4; s++) {
                plant.readings[i].state = states[s];
                CHECK_INT(stop(programme), needed ? stops[s] : FG_STOP_NONE);
            }
            plant.configured[i] = false;
            CHECK_INT(stop(programme),
                      needed && i < FG_SIGNAL_EMERGENCY_STOP ? FG_STOP_DEVICE_SILENT : FG_STOP_NONE);
        }
    }
}

TEST("an old reading is a silent device, an impossible value is not plausible")
{
    begin();
    plant.readings[FG_SIGNAL_FLOW_G_MIN].at_mono_ms = NOW_MS - AGE_MAX_MS - 1;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_DEVICE_SILENT);
    CHECK_INT(fg_signals_bad(&plant, FG_PROGRAMME_MASS, NOW_MS, AGE_MAX_MS), BIT(FG_SIGNAL_FLOW_G_MIN));
    begin();
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = INT64_MAX;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_NOT_PLAUSIBLE);
}

TEST("a device that fell silent is silent, whatever it said last")
{
    begin();
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = INT64_MAX;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_TIME_OUT;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_DEVICE_SILENT);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_MISSING;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_DEVICE_SILENT);
}

TEST("the emergency stop goes before everything else, but only when it is read")
{
    begin();
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_FAULT;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_EMERGENCY_STOP);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_GOOD;
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].state = FG_READING_TIME_OUT;
    CHECK_INT(stop(FG_PROGRAMME_MASS), FG_STOP_DEVICE_SILENT);
}
