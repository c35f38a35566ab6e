/* The gas model against GERG-2008 off the grid of its table, and against the isochores of limits. Relies on:
 * firmware/core/gas_model.h, tests/data/gas_pressure.csv (run from the top directory). */
#include "firmware/core/gas_model.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check.h"

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

TEST("pressure and density are those of GERG-2008, within 65 kPa and 0.3 kg/m3")
{
    FILE *file = fopen("tests/data/gas_pressure.csv", "r");
    char line[128];
    int points = 0;

    CHECK(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        char name[16];
        double density = 0.0;
        double temperature = 0.0;
        double pressure = 0.0;
        enum fg_gas gas;

        if (line[0] == '#' ||
            sscanf(line, "%15[^,],%lf,%lf,%lf", name, &density, &temperature, &pressure) != 4)
            continue;
        gas = strcmp(name, "methane") == 0 ? FG_GAS_METHANE : FG_GAS_NATURAL;
        if (pressure > 40000.0)
            continue;
        points++;
        CHECK(apart(fg_gas_model_pressure_kpa(gas, (int64_t)(density * 100), (int64_t)(temperature * 10)),
                    (int64_t)pressure) <= 65);
        CHECK(apart(fg_gas_model_density_cg_l(gas, (int64_t)pressure, (int64_t)(temperature * 10)),
                    (int64_t)(density * 100)) <= 32);
    }
    (void)fclose(file);
    CHECK(points > 200);
}

TEST("the densities at nominal pressure and 20 degC are those of the isochore table")
{
    CHECK(apart(fg_gas_model_density_cg_l(FG_GAS_METHANE, 20000, 200), 16220) <= 30);
    CHECK(apart(fg_gas_model_density_cg_l(FG_GAS_METHANE, 25000, 200), 19354) <= 30);
    CHECK(apart(fg_gas_model_density_cg_l(FG_GAS_NATURAL, 20000, 200), 18294) <= 30);
    CHECK(apart(fg_gas_model_density_cg_l(FG_GAS_NATURAL, 25000, 200), 21652) <= 30);
}

TEST("pressure and density undo each other, and rise together")
{
    for (int gas = 0; gas < FG_GAS_COUNT; gas++) {
        for (int64_t temperature_dc = -400; temperature_dc <= 650; temperature_dc += 150) {
            int64_t before_kpa = -1;

            for (int64_t density = 0; density <= FG_GAS_DENSITY_MAX_CG_L; density += 333) {
                int64_t kpa = fg_gas_model_pressure_kpa((enum fg_gas)gas, density, temperature_dc);

                CHECK(kpa > before_kpa);
                CHECK(apart(fg_gas_model_density_cg_l((enum fg_gas)gas, kpa, temperature_dc), density) <= 3);
                before_kpa = kpa;
            }
        }
    }
}

TEST("what is outside the table counts as its edge, and an unknown gas as none")
{
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_METHANE, -1, 200), 0);
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_METHANE, INT64_MAX, 650), 69592);
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_METHANE, FG_GAS_DENSITY_MAX_CG_L, INT64_MAX), 69592);
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_METHANE, 1000, INT64_MIN), 1152);
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_METHANE, FG_GAS_DENSITY_MAX_CG_L, INT64_MIN), 25986);
    CHECK_INT(fg_gas_model_pressure_kpa(FG_GAS_COUNT, 1000, 200), 0);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_COUNT, 1000, 200), 0);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, 0, 200), 0);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, -5000, 200), 0);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, INT64_MAX, 200), FG_GAS_DENSITY_MAX_CG_L);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, 69592, INT64_MAX), FG_GAS_DENSITY_MAX_CG_L);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, 23385, INT64_MIN), 27000);
}

TEST("half the pressure of the table's first point is half its density")
{
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, 1152 / 2, -400), 500);
    CHECK_INT(fg_gas_model_density_cg_l(FG_GAS_METHANE, 1722 / 2, 650), 500);
}

TEST("mass is density times capacity")
{
    CHECK_INT(fg_gas_model_mass_g(16220, 700), 11354);
    CHECK_INT(fg_gas_model_mass_g(16220, 0), 0);
}

/* Pressure is a smooth function of density, so a digit that is wrong in one point shows as a kink: with steps
 * of 10 kg/m3 the fourth difference of the model is below 10 kPa, one of 1 % in a point is far above. */
TEST("every point of the table lies on a smooth line with its neighbours")
{
    const int64_t temperatures_dc[] = {-400, -50, 300, 650};
    const int64_t step = 1000;

    for (int gas = 0; gas < FG_GAS_COUNT; gas++) {
        for (size_t t = 0; t < sizeof(temperatures_dc) / sizeof(temperatures_dc[0]); t++) {
            CHECK_INT(fg_gas_model_pressure_kpa((enum fg_gas)gas, 0, temperatures_dc[t]), 0);
            for (int64_t density = 2 * step; density <= FG_GAS_DENSITY_MAX_CG_L - 2 * step; density += step) {
                int64_t kpa[5];

                for (int i = 0; i < 5; i++)
                    kpa[i] = fg_gas_model_pressure_kpa((enum fg_gas)gas, density + (i - 2) * step,
                                                       temperatures_dc[t]);
                CHECK(apart(kpa[0] + 6 * kpa[2] + kpa[4], 4 * kpa[1] + 4 * kpa[3]) < 10);
            }
        }
    }
}
