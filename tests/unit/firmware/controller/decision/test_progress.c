/* How far a fill is (firmware/controller/decision/progress.h): against the limits of core, with readings that
 * rise, stand still, or are not there. */
#include <string.h>

#include "firmware/controller/decision/progress.h"
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

TEST("a rate counts from two seconds on, by samples of half a second")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 18000;
    run(FG_SIGNAL_SCALE_G, 40, 20); /* the newest sample is 1.5 s after the first */
    tell();
    CHECK_INT(progress.sample_count, 4);
    CHECK_INT(shown.remaining_ms, 0);
    run(FG_SIGNAL_SCALE_G, 40, 1);
    tell();
    CHECK_INT(progress.sample_count, 5);
    CHECK_INT(shown.remaining_ms, (30000 - 18840) * INT64_C(2000) / 800);
    run(FG_SIGNAL_SCALE_G, 40, 200);
    CHECK_INT(progress.sample_count, FG_PROGRESS_SAMPLES);
    CHECK_INT(progress.samples[FG_PROGRESS_SAMPLES - 1].at_mono_ms - progress.samples[0].at_mono_ms,
              (FG_PROGRESS_SAMPLES - 1) * FG_PROGRESS_SAMPLE_MS);
}

TEST("an estimate of a day or more is none")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 16000;
    run(FG_SIGNAL_SCALE_G, 0, 20);
    run(FG_SIGNAL_SCALE_G, 1, 1); /* one gram in two seconds */
    fg_progress_watch(&progress, &fill, &plant, now);
    plant.readings[FG_SIGNAL_SCALE_G].value = 30000 - 43200;
    tell();
    CHECK_INT(shown.remaining_ms, 0);
    now -= 100;
    progress.samples[4].at_mono_ms = progress.samples[0].at_mono_ms + 2000;
    progress.samples[4].value = progress.samples[0].value + 1;
    progress.sample_count = 5;
    tell();
    CHECK_INT(shown.remaining_ms, 0);
    plant.readings[FG_SIGNAL_SCALE_G].value++;
    tell();
    CHECK_INT(shown.remaining_ms, 86398000);
}

TEST("a fill that began at its target, or beyond it, is done; one below its start has done nothing")
{
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 30000;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    tell();
    CHECK_INT(shown.progress_permille, 1000);
    begin(FG_PROGRAMME_MASS);
    plant.readings[FG_SIGNAL_SCALE_G].value = 20000;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    tell();
    CHECK_INT(shown.progress_permille, 0);
    plant.readings[FG_SIGNAL_SCALE_G].value = 20010;
    tell();
    CHECK_INT(shown.progress_permille, 1);
    plant.readings[FG_SIGNAL_SCALE_G].value = 29999;
    tell();
    CHECK_INT(shown.progress_permille, 999);
    plant.readings[FG_SIGNAL_SCALE_G].value = 30000;
    tell();
    CHECK_INT(shown.progress_permille, 1000);
    plant.readings[FG_SIGNAL_SCALE_G].value = 19999;
    tell();
    CHECK_INT(shown.progress_permille, 0);
}

TEST("the start's reading is the first good one with the valve open, and stays over a pause")
{
    begin(FG_PROGRAMME_MASS);
    fill.phase = FG_FILL_PRE_CHECK;
    plant.readings[FG_SIGNAL_SCALE_G].value = 15000;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    CHECK(!progress.start_known);
    fill.phase = FG_FILL_FILLING;
    plant.readings[FG_SIGNAL_SCALE_G] = (struct fg_reading){15500, 0, FG_READING_TIME_OUT};
    run(FG_SIGNAL_SCALE_G, 0, 1);
    CHECK(!progress.start_known);
    plant.readings[FG_SIGNAL_SCALE_G] = (struct fg_reading){16000, 0, FG_READING_GOOD};
    run(FG_SIGNAL_SCALE_G, 10, 10);
    fill.phase = FG_FILL_SUSPENDED;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    CHECK_INT(progress.sample_count, 0);
    fill.phase = FG_FILL_FILLING;
    run(FG_SIGNAL_SCALE_G, 0, 1);
    CHECK_INT(progress.start_value, 16000);
    CHECK_INT(progress.sample_count, 1);
}

TEST("what is left of a phase reads one millisecond when it is over, for 0 would mean that it does not end")
{
    begin(FG_PROGRAMME_PRESSURE);
    fill.phase = FG_FILL_POST_CHECK;
    now = 1000000 + 29999;
    tell();
    CHECK_INT(shown.phase_left_ms, 1);
    now++;
    tell();
    CHECK_INT(shown.phase_left_ms, 1);
    fill.phase = FG_FILL_CLOSING;
    now = 1000000 + 1000;
    tell();
    CHECK_INT(shown.phase_left_ms, 2000);
    fill.phase = FG_FILL_SUSPENDED;
    tell();
    CHECK_INT(shown.phase_left_ms, 9000);
    fill.authorised_mono_ms = now - 591000; /* both end at once */
    tell();
    CHECK_INT(shown.phase_left_ms, 9000);
}
