/* How far a fill is (firmware/controller/progress.h): against the limits of core, with readings that rise,
 * stand still, or are not there. */
#include <string.h>

#include "firmware/controller/progress.h"
#include "firmware/core/limits.h"
#include "tests/lib/check.h"

static const struct fg_fill_settings settings = {.gas = FG_GAS_METHANE,
                                                 .pre_check_max_ms = 60000,
                                                 .resume_max_ms = 10000,
                                                 .fill_max_ms = 600000,
                                                 .closing_max_ms = 3000,
                                                 .post_check_max_ms = 30000};
static struct fg_progress progress;
static struct fg_progress_shown shown;
static struct fg_fill fill;
static struct fg_plant_state plant;
static int64_t now;

static void begin(enum fg_programme programme)
{
    memset(&progress, 0, sizeof(progress));
    memset(&fill, 0, sizeof(fill));
    memset(&plant, 0, sizeof(plant));
    now = 1000000;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++)
        plant.readings[i].state = FG_READING_GOOD;
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].value = 200;
    fill.scan = (struct fg_fill_scan){
        .programme = (uint8_t)programme, .nominal_kpa = 20000, .tare_g = 16000, .maximum_fill_g = 14000};
    fill.phase = FG_FILL_FILLING;
    fill.authorised_sequence = 7;
    fill.authorised_mono_ms = fill.phase_since_mono_ms = now;
}

static void run(enum fg_signal signal, int64_t rise, int steps)
{
    for (int i = 0; i < steps; i++) {
        fg_progress_watch(&progress, &fill, &plant, now);
        now += 100;
        plant.readings[signal].value += rise;
    }
}

static void tell(void)
{
    fg_progress_tell(&progress, &fill, &settings, &plant, now, &shown);
}

TEST("a pressure fill goes from the start's pressure to the limit at the present temperature")
{
    uint32_t limit_kpa = fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 200);

    begin(FG_PROGRAMME_PRESSURE);
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = 4000;
    tell();
    CHECK_INT(shown.target, limit_kpa);
    CHECK_INT(shown.progress_permille, 0);
    CHECK_INT(shown.remaining_ms, 0);
    CHECK_INT(shown.phase_left_ms, 600000);
    run(FG_SIGNAL_PRESSURE_KPA, 10, 50);
    tell();
    CHECK_INT(shown.progress_permille, 500 * 1000 / ((int64_t)limit_kpa - 4000));
    /* 10 kPa each 100 ms */
    CHECK_INT(shown.remaining_ms, ((int64_t)limit_kpa - 4500) * 10);
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].value = 0;
    tell();
    CHECK_INT(shown.target, fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 0));
    CHECK(shown.target < limit_kpa);
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = 21000;
    tell();
    CHECK_INT(shown.progress_permille, 1000);
    CHECK_INT(shown.remaining_ms, 0);
}

TEST("a mass fill goes by the scale to tare and maximum fill")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 18000;
    run(FG_SIGNAL_SCALE_G, 40, 100);
    tell();
    CHECK_INT(shown.target, fg_limit_gross_g(16000, 14000));
    CHECK_INT(shown.progress_permille, 4000 * 1000 / 12000);
    CHECK_INT(shown.remaining_ms, 8000 / 40 * 100);
    plant.readings[FG_SIGNAL_SCALE_G].value = 17000;
    tell();
    CHECK_INT(shown.progress_permille, 0);
}

TEST("the estimate goes by the last seconds only, and says nothing when nothing rises or after a pause")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 16000;
    run(FG_SIGNAL_SCALE_G, 100, 50);
    run(FG_SIGNAL_SCALE_G, 10, 150);
    tell();
    CHECK_INT(shown.remaining_ms, (30000 - 22500) / 10 * 100);
    run(FG_SIGNAL_SCALE_G, 0, 150);
    tell();
    CHECK_INT(shown.remaining_ms, 0);
    run(FG_SIGNAL_SCALE_G, 10, 50);
    fill.phase = FG_FILL_SUSPENDED;
    run(FG_SIGNAL_SCALE_G, 0, 5);
    tell();
    CHECK_INT(shown.remaining_ms, 0);
    CHECK(shown.progress_permille > 0);
    fill.phase = FG_FILL_FILLING;
    run(FG_SIGNAL_SCALE_G, 10, 10);
    tell();
    CHECK_INT(shown.remaining_ms, 0);
}

TEST("without good readings, a programme or a limit there is no target and no progress")
{
    begin(FG_PROGRAMME_PRESSURE);
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].state = FG_READING_TIME_OUT;
    tell();
    CHECK_INT(shown.target, 0);
    for (int i = 0; i < 2; i++) {
        /* cut to 32 bits it would read 20.0 degC */
        int64_t far = (INT64_C(1) << 32) * (i == 0 ? 1 : -1) + 200;

        plant.readings[FG_SIGNAL_TEMPERATURE_DC] = (struct fg_reading){far, 0, FG_READING_GOOD};
        tell();
        CHECK_INT(shown.target, 0);
    }
    begin(FG_PROGRAMME_NONE);
    run(FG_SIGNAL_SCALE_G, 10, 50);
    tell();
    CHECK_INT(shown.target, 0);
    CHECK_INT(shown.progress_permille, 0);
    begin(FG_PROGRAMME_PRESSURE);
    plant.readings[FG_SIGNAL_PRESSURE_KPA].state = FG_READING_FAULT;
    run(FG_SIGNAL_PRESSURE_KPA, 10, 50);
    tell();
    CHECK(shown.target > 0);
    CHECK_INT(shown.progress_permille, 0);
    fill.phase = FG_FILL_IDLE;
    tell();
    CHECK_INT(shown.target, 0);
}

TEST("each phase says how long it may last")
{
    const struct {
        enum fg_fill_phase phase;
        int64_t left_ms;
    } cases[] = {{FG_FILL_IDLE, 0},           {FG_FILL_PRE_CHECK, 55000}, {FG_FILL_AUTHORISING, 0},
                 {FG_FILL_FILLING, 595000},   {FG_FILL_SUSPENDED, 5000},  {FG_FILL_CLOSING, 1},
                 {FG_FILL_POST_CHECK, 25000}, {FG_FILL_RECORDING, 0}};

    begin(FG_PROGRAMME_PRESSURE);
    now += 5000;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fill.phase = (uint8_t)cases[i].phase;
        tell();
        CHECK_INT(shown.phase_left_ms, cases[i].left_ms);
    }
    fill.phase = FG_FILL_SUSPENDED;
    fill.authorised_mono_ms = now - 599000;
    tell();
    CHECK_INT(shown.phase_left_ms, 1000);
}

TEST("another fill starts from nothing")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 20000;
    run(FG_SIGNAL_SCALE_G, 10, 50);
    fill.authorised_sequence = 9;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    tell();
    CHECK_INT(shown.progress_permille, 0);
    CHECK_INT(shown.remaining_ms, 0);
}
