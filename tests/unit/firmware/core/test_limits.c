/* The pressure limit against the published isochores, and the mass limit. Relies on:
 * firmware/core/limits.h, tests/data/cng_isochore.csv (run from the top directory). */
#include "firmware/core/limits.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check.h"

#define POINTS_MAX 128

struct point {
    char gas[16];
    unsigned nominal_kpa;
    int temperature_c;
    double pressure_kpa;
};

static struct point points[POINTS_MAX];

static int points_read(void)
{
    FILE *file = fopen("tests/data/cng_isochore.csv", "r");
    char line[256];
    int count = 0;

    CHECK(file != NULL);
    while (count < POINTS_MAX && fgets(line, sizeof(line), file) != NULL) {
        struct point *point = &points[count];
        double density;

        if (line[0] != '#' && sscanf(line, "%15[^,],%u,%lf,%d,%lf", point->gas, &point->nominal_kpa, &density,
                                     &point->temperature_c, &point->pressure_kpa) == 5)
            count++;
    }
    (void)fclose(file);
    return count;
}

static enum fg_gas gas_of(const struct point *point)
{
    return strcmp(point->gas, "methane") == 0 ? FG_GAS_METHANE : FG_GAS_NATURAL;
}

TEST("every point of the published table is met within 1 kPa, or the cap of 1.25 times nominal")
{
    int count = points_read();

    CHECK_INT(count, 88);
    for (int i = 0; i < count; i++) {
        double cap_kpa = points[i].nominal_kpa * 1.25;
        double wanted_kpa = points[i].pressure_kpa < cap_kpa ? points[i].pressure_kpa : cap_kpa;
        double got_kpa =
            fg_limit_pressure_kpa(gas_of(&points[i]), points[i].nominal_kpa, points[i].temperature_c * 10);

        CHECK(got_kpa - wanted_kpa <= 0.1);
        CHECK(wanted_kpa - got_kpa <= 1.0);
    }
}

/* Twice the step is four times the error, so what is seen here bounds the error of the real table. */
TEST("the interpolation error, seen by leaving out every second point, stays below 2 kPa")
{
    int count = points_read();
    double worst_kpa = 0;

    for (int i = 1; i + 1 < count; i++) {
        double error_kpa =
            (points[i - 1].pressure_kpa + points[i + 1].pressure_kpa) / 2 - points[i].pressure_kpa;

        if (points[i - 1].temperature_c + 10 != points[i + 1].temperature_c)
            continue;
        if (error_kpa < 0)
            error_kpa = -error_kpa;
        worst_kpa = error_kpa > worst_kpa ? error_kpa : worst_kpa;
    }
    printf("largest interpolation error at double step: %.2f kPa\n", worst_kpa);
    CHECK(worst_kpa > 0);
    CHECK(worst_kpa < 2);
}

TEST("the limit never falls with temperature or with nominal pressure, and never passes the cap")
{
    for (int gas = 0; gas < FG_GAS_COUNT; gas++) {
        for (uint32_t nominal = 20000; nominal <= 25000; nominal += 250) {
            uint32_t before = 0;

            for (int32_t dc = -400; dc <= 650; dc += 7) {
                uint32_t limit = fg_limit_pressure_kpa((enum fg_gas)gas, nominal, dc);

                CHECK(limit >= before && limit <= nominal * 5 / 4);
                before = limit;
                if (nominal > 20000)
                    CHECK(limit >= fg_limit_pressure_kpa((enum fg_gas)gas, nominal - 250, dc));
            }
        }
    }
}

TEST("outside the table there is no limit, so no fill")
{
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 200), 20000);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 19999, 200), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 25001, 200), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, -401), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 651), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, INT32_MIN), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, INT32_MAX), 0);
    CHECK_INT(fg_limit_pressure_kpa(FG_GAS_COUNT, 20000, 200), 0);
    CHECK(fg_limit_pressure_kpa(FG_GAS_NATURAL, 25000, 650) > 0);
    CHECK(fg_limit_pressure_kpa(FG_GAS_NATURAL, 25000, -400) > 0);
}

TEST("the mass limit is tare plus maximum fill; nothing missing, nothing that overflows")
{
    CHECK_INT(fg_limit_gross_g(16500, 15000), 31500);
    CHECK_INT(fg_limit_gross_g(0, 15000), 0);
    CHECK_INT(fg_limit_gross_g(16500, 0), 0);
    CHECK_INT(fg_limit_gross_g(UINT32_MAX, 1), 0);
    CHECK_INT(fg_limit_gross_g(UINT32_MAX, 2), 0);
    CHECK_INT(fg_limit_gross_g(2, UINT32_MAX), 0);
    CHECK_INT(fg_limit_gross_g(UINT32_MAX - 1, 1), UINT32_MAX);
}

TEST("between the table's temperatures the limit lies on the straight line, rounded down, up to the cap")
{
    int count = points_read();
    int lines = 0;

    for (int i = 0; i + 1 < count; i++) {
        const struct point *low = &points[i];
        const struct point *high = &points[i + 1];

        if (low->temperature_c + 5 != high->temperature_c || low->nominal_kpa != high->nominal_kpa)
            continue;
        lines++;
        for (int32_t part_dc = 1; part_dc < 50; part_dc++) {
            double line_kpa = low->pressure_kpa + (high->pressure_kpa - low->pressure_kpa) * part_dc / 50;
            double cap_kpa = low->nominal_kpa * 1.25;
            double wanted_kpa = line_kpa < cap_kpa ? line_kpa : cap_kpa;
            double got_kpa =
                fg_limit_pressure_kpa(gas_of(low), low->nominal_kpa, low->temperature_c * 10 + part_dc);

            CHECK(got_kpa - wanted_kpa <= 0.1);
            CHECK(wanted_kpa - got_kpa <= 1.1);
        }
    }
    CHECK_INT(lines, 84);
}

TEST("a pressure fill stops for each cause, in the order of danger, and goes on below the limit")
{
    const uint32_t nominal_kpa = 20000;
    const int32_t temperature_max_dc = 600;
    const struct {
        int64_t pressure_kpa;
        int64_t temperature_dc;
        enum fg_stop stop;
    } looks[] = {
        {25001, 200, FG_STOP_OVER_PRESSURE},
        {25001, 601, FG_STOP_OVER_PRESSURE},
        {25000, 601, FG_STOP_OVER_TEMPERATURE},
        {25000, 600, FG_STOP_TARGET_REACHED},
        {20000, 200, FG_STOP_TARGET_REACHED},
        {19999, 200, FG_STOP_NONE},
        {1, (int64_t)INT32_MIN, FG_STOP_NOT_PLAUSIBLE},
        {1, (int64_t)INT32_MIN - 1, FG_STOP_NOT_PLAUSIBLE},
        {1, (int64_t)1 << 33, FG_STOP_OVER_TEMPERATURE},
    };

    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
        CHECK_INT(fg_limit_pressure_stop(FG_GAS_NATURAL, nominal_kpa, looks[i].pressure_kpa,
                                         looks[i].temperature_dc, temperature_max_dc),
                  looks[i].stop);
    CHECK_INT(fg_limit_pressure_stop(FG_GAS_NATURAL, 19999, 1, 200, temperature_max_dc),
              FG_STOP_NOT_PLAUSIBLE);
}
