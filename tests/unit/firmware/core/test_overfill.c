/* Whether the instruments of one fill agree. Relies on: firmware/core/overfill.h. */
#include "firmware/core/overfill.h"

#include "firmware/core/gas_model.h"
#include "tests/lib/check.h"

static const struct fg_overfill_settings settings = {.tolerance_percent = 10,
                                                     .follow_percent = 50,
                                                     .follow_pressure_kpa = 3000,
                                                     .pressure_lead_kpa = 5000,
                                                     .follow_mass_g = 1000,
                                                     .capacity_unknown_dl = 0};
static struct fg_overfill_vessel vessel;
static struct fg_overfill_look look;
static struct fg_overfill overfill;

static bool start_gas(uint32_t capacity_dl, int64_t pressure_kpa)
{
    vessel = (struct fg_overfill_vessel){.programme = FG_PROGRAMME_PRESSURE,
                                         .gas = FG_GAS_METHANE,
                                         .nominal_kpa = 20000,
                                         .water_capacity_dl = capacity_dl};
    look = (struct fg_overfill_look){.counter = {100000, 1000},
                                     .weighed = {pressure_kpa, 1000},
                                     .temperature_dc = 200,
                                     .now_mono_ms = 1000};
    return fg_overfill_start(&settings, &vessel, &look, &overfill);
}

static bool start_mass(uint32_t maximum_fill_g)
{
    vessel = (struct fg_overfill_vessel){.programme = FG_PROGRAMME_MASS, .maximum_fill_g = maximum_fill_g};
    look =
        (struct fg_overfill_look){.counter = {100000, 1000}, .weighed = {18000, 1000}, .now_mono_ms = 1000};
    return fg_overfill_start(&settings, &vessel, &look, &overfill);
}

/* The next look: so much more by the counter, so much more pressure or weight, both read now. */
static bool next(int64_t counter_g, int64_t weighed)
{
    look.now_mono_ms += 100;
    look.counter = (struct fg_overfill_sample){look.counter.value + counter_g, look.now_mono_ms};
    look.weighed = (struct fg_overfill_sample){look.weighed.value + weighed, look.now_mono_ms};
    return fg_overfill_agrees(&overfill, &settings, &vessel, &look);
}

TEST("the meter's limit is what the capacity holds, less what is in, plus the tolerance of the whole")
{
    CHECK(start_gas(700, 0));
    CHECK_INT(overfill.limit_g - 100000, 11351 + 1135);
    CHECK(start_gas(700, 20000));
    CHECK_INT(overfill.limit_g - 100000, 1135);
    CHECK(start_gas(1400, 0));
    CHECK_INT(overfill.limit_g - 100000, 22702 + 2270);
    CHECK(start_mass(14500));
    CHECK_INT(overfill.limit_g - 100000, 14500 + 1450);
}

TEST("the counter may reach the limit, not pass it")
{
    CHECK(start_mass(900));
    CHECK(next(990, 990));
    CHECK(!next(1, 1));
}

TEST("FAIL-CLOSED: no capacity, no nominal pressure, no maximum fill: nothing is filled")
{
    struct fg_overfill_settings assumed = settings;

    CHECK(!start_gas(0, 5000));
    CHECK(!start_mass(0));
    CHECK(start_gas(700, 5000));
    vessel.nominal_kpa = 0;
    CHECK(!fg_overfill_start(&settings, &vessel, &look, &overfill));
    assumed.capacity_unknown_dl = 500;
    vessel.nominal_kpa = 20000;
    vessel.water_capacity_dl = 0;
    look.weighed.value = 0;
    CHECK(fg_overfill_start(&assumed, &vessel, &look, &overfill));
    CHECK_INT(overfill.limit_g - 100000, 8108 + 810);
    vessel.water_capacity_dl = 700;
    CHECK(fg_overfill_start(&assumed, &vessel, &look, &overfill));
    CHECK_INT(overfill.limit_g - 100000, 11351 + 1135);
}

TEST(
    "weight must be up by half of what the counter says, each time that is a kilogram, from the last time on")
{
    CHECK(start_mass(14500));
    CHECK(next(999, 0));
    CHECK(next(1, 500));
    CHECK(next(1000, 500));
    CHECK(!next(1000, 499));
}

TEST("pressure must be up by half of what the gas model says, each time that is 3 MPa, to the gram")
{
    int64_t start_kpa = 0;
    int64_t rise_kpa = 0;

    CHECK(start_gas(700, 5000));
    start_kpa = fg_gas_model_pressure_kpa(FG_GAS_METHANE, overfill.start_density_cg_l, 200);
    for (int64_t grams = 1; rise_kpa < 3000; grams++) {
        rise_kpa =
            fg_gas_model_pressure_kpa(FG_GAS_METHANE, overfill.start_density_cg_l + grams * 1000 / 700, 200) -
            start_kpa;
        CHECK(next(1, 0) == (rise_kpa < 3000));
    }
}

TEST("weight or pressure that runs ahead of the counter by more than the lead is not believed")
{
    CHECK(start_mass(14500));
    CHECK(next(0, 1000));
    CHECK(!next(0, 1));
    CHECK(start_mass(14500));
    CHECK(next(100, 1200));
    CHECK(!next(0, 1));
    CHECK(start_gas(700, 5000));
    CHECK(next(0, 4990));
    CHECK(!next(0, 40));
}

TEST("readings of different times accuse nobody: the older counter is compared, and the older weight")
{
    CHECK(start_mass(14500));
    look.now_mono_ms += 100;
    look.counter = (struct fg_overfill_sample){102000, look.now_mono_ms}; /* the scale has not answered yet */
    CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    look.now_mono_ms += 100;
    look.weighed = (struct fg_overfill_sample){20000, look.now_mono_ms};
    CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    look.now_mono_ms += 100;
    look.weighed = (struct fg_overfill_sample){22000, look.now_mono_ms}; /* now the meter has not */
    CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    look.now_mono_ms += 100;
    look.counter = (struct fg_overfill_sample){102001, look.now_mono_ms};
    look.weighed.at_mono_ms = look.now_mono_ms;
    CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    look.weighed.value += 2000;
    look.now_mono_ms += 100;
    look.weighed.at_mono_ms = look.counter.at_mono_ms = look.now_mono_ms;
    CHECK(!fg_overfill_agrees(&overfill, &settings, &vessel, &look));
}

TEST("FAIL-CLOSED: of two counter readings the one that is not younger than the weight is compared, not one "
     "before it")
{
    CHECK(start_mass(14500));
    look.now_mono_ms += 100;
    look.counter = (struct fg_overfill_sample){102000, look.now_mono_ms};
    CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    look.weighed.at_mono_ms = look.now_mono_ms; /* the scale has not moved since */
    look.now_mono_ms += 100;
    look.counter.at_mono_ms = look.now_mono_ms;
    CHECK(!fg_overfill_agrees(&overfill, &settings, &vessel, &look));
}

TEST("the counter must be up by half of what the flow adds up to, each time that is a kilogram")
{
    CHECK(start_mass(14500));
    look.flow_g_min = 60000;
    for (int i = 0; i < 9; i++)
        CHECK(next(50, 50));
    CHECK(next(50, 50));
    for (int i = 0; i < 9; i++)
        CHECK(next(50, 50));
    CHECK(!next(49, 49));
}

TEST("flow adds up only while the valve is open, backwards flow and time not at all, a late step as one "
     "second")
{
    CHECK(start_mass(14500));
    look.flow_g_min = 60000;
    for (int i = 0; i < 9; i++)
        CHECK(next(0, 0));
    look.now_mono_ms += 60000;
    fg_overfill_resume(&overfill, &look);
    for (int i = 0; i < 9; i++)
        CHECK(next(0, 0));
    look.flow_g_min = -60000;
    CHECK(next(0, 0));
    look.flow_g_min = 60000;
    look.now_mono_ms -= 200;
    CHECK(next(0, 0));
    CHECK(!next(0, 0));
    CHECK(start_mass(14500));
    look.flow_g_min = 54000;
    look.now_mono_ms += 100000;
    CHECK(next(0, 0));
    look.flow_g_min = INT64_MAX;
    CHECK(!next(0, 0));
}

/* The mass fill of start_mass, in which flow of so much came for so long in one step; does that agree with a
 * counter that is up by counter_g? */
static bool flow_agrees(int64_t flow_g_min, int64_t elapsed_ms, int64_t counter_g)
{
    CHECK(start_mass(INT32_MAX));
    look.flow_g_min = flow_g_min;
    look.now_mono_ms += elapsed_ms;
    look.counter.value += counter_g;
    return fg_overfill_agrees(&overfill, &settings, &vessel, &look);
}

TEST("FAIL-CLOSED: flow is held against the counter from one kilogram on, and half of it must be counted")
{
    CHECK(flow_agrees(59999, 1000, 0));
    CHECK(!flow_agrees(60000, 1000, 0));
    CHECK(!flow_agrees(60000, 1000, 499));
    CHECK(flow_agrees(60000, 1000, 500));
    CHECK(!flow_agrees(30000000, 1000, 249999)); /* 500 kg */
    CHECK(flow_agrees(30000000, 1000, 250000));
}

TEST("a step that comes late adds the flow of one second, to the millisecond")
{
    CHECK(!flow_agrees(60000, 1001, 0));
    CHECK(flow_agrees(59950, 1001, 0));
    CHECK(!flow_agrees(60000, 60000, 0));
    CHECK(flow_agrees(59950, 60000, 0));
}

TEST("FAIL-CLOSED: flow adds up in the shortest steps, too")
{
    CHECK(start_mass(14500));
    look.flow_g_min = 60000;
    for (int i = 1; i < 1000; i++) {
        look.now_mono_ms++;
        CHECK(fg_overfill_agrees(&overfill, &settings, &vessel, &look));
    }
    look.now_mono_ms++;
    CHECK(!fg_overfill_agrees(&overfill, &settings, &vessel, &look));
}

/* One look in which counter and scale are as they were read at these times. */
static bool look_at(int64_t counter_g, int64_t counter_mono_ms, int64_t weighed_mono_ms)
{
    look.now_mono_ms += 100;
    look.counter = (struct fg_overfill_sample){counter_g, counter_mono_ms};
    look.weighed.at_mono_ms = weighed_mono_ms;
    return fg_overfill_agrees(&overfill, &settings, &vessel, &look);
}

TEST("FAIL-CLOSED: a counter reading that is seen twice does not push out the one before it")
{
    CHECK(start_mass(14500));
    CHECK(look_at(102000, 1100, 1000));
    CHECK(look_at(102000, 1200, 1000));
    CHECK(!look_at(102000, 1200, 1150)); /* the scale has not moved since the counter of 1100 */
}

TEST("a weight that is older than both counter readings accuses nobody")
{
    vessel = (struct fg_overfill_vessel){.programme = FG_PROGRAMME_MASS, .maximum_fill_g = 14500};
    look = (struct fg_overfill_look){.counter = {0, 1000}, .weighed = {18000, 1000}, .now_mono_ms = 1000};
    CHECK(fg_overfill_start(&settings, &vessel, &look, &overfill));
    CHECK(look_at(1000, 1100, 1000));
    CHECK(look_at(3000, 1200, 1000));
    CHECK(look_at(5000, 1300, 1000));
}
