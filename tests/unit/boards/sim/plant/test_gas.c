/* The simulated gas is plausible: state equation, fill time, heating, and no gram appears or vanishes. */
#include "boards/sim/plant/gas.h"
#include "tests/lib/check.h"

#include <math.h>

static struct fg_gas_cylinder cng_70_l(double pressure_kpa)
{
    struct fg_gas_cylinder cylinder = {
        .medium = FG_MEDIUM_CNG, .water_l = 70.0, .temperature_c = 15.0, .ambient_c = 15.0};

    cylinder.mass_g = 70.0 * fg_gas_density_kg_m3(pressure_kpa, 15.0);
    return cylinder;
}

TEST("pressure follows the 20 and 25 MPa isochores of natural gas within 2 %")
{
    static const double points[][3] = {
        {182.9423, -40, 10282.7}, {182.9423, 0, 16759.3}, {182.9423, 20, 20000.0}, {182.9423, 65, 27256.6},
        {216.5172, -40, 12069.3}, {216.5172, 0, 20680.6}, {216.5172, 20, 25000.0}, {216.5172, 65, 34670.6},
    };

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        double kpa = fg_gas_pressure_kpa(points[i][0], points[i][1]);

        if (fabs(kpa - points[i][2]) > 0.02 * points[i][2])
            fg_test_fail(__FILE__, __LINE__, "%.0f kg/m3 at %.0f degC: %.0f kPa, not %.0f", points[i][0],
                         points[i][1], kpa, points[i][2]);
    }
}

TEST("pressure rises with density everywhere and density is its inverse")
{
    for (double density = 1.0; density < 260.0; density += 1.0) {
        double kpa = fg_gas_pressure_kpa(density, 20.0);

        CHECK(fg_gas_pressure_kpa(density + 1.0, 20.0) > kpa);
        CHECK(fabs(fg_gas_density_kg_m3(kpa, 20.0) - density) < 0.001);
    }
}

TEST("a 70 L cylinder goes from 3 to 20 MPa in 2 to 4 minutes, moves 8 to 12 kg and heats up")
{
    struct fg_gas_cylinder cylinder = cng_70_l(3000.0);
    struct fg_gas_nozzle nozzle = {
        .valve_open = true, .supply_kpa = FG_GAS_SUPPLY_KPA, .count = 1, .cylinders = {&cylinder}};
    double before = cylinder.mass_g;
    double seconds = 0.0;
    double moved;

    while (fg_gas_cylinder_kpa(&cylinder) < 21800.0 && seconds < 600.0) {
        fg_gas_step(&nozzle, 0.1);
        seconds += 0.1;
    }
    moved = cylinder.mass_g - before;
    if (seconds < 120.0 || seconds > 240.0)
        fg_test_fail(__FILE__, __LINE__, "the fill took %.0f s", seconds);
    if (moved < 8000.0 || moved > 12000.0)
        fg_test_fail(__FILE__, __LINE__, "%.0f g moved", moved);
    if (cylinder.temperature_c < 38.0 || cylinder.temperature_c > 60.0)
        fg_test_fail(__FILE__, __LINE__, "%.1f degC at the end", cylinder.temperature_c);
    CHECK(fabs(nozzle.inventory_g - moved) < 0.001);
    nozzle.valve_open = false;
    fg_gas_step(&nozzle, 3600.0);
    CHECK(cylinder.temperature_c < 16.0);
    CHECK(fabs(nozzle.inventory_g - moved) < 0.001);
    CHECK(nozzle.flow_g_s == 0.0);
}

TEST("the inventory is what the cylinders got plus what leaked, whatever the valve does")
{
    struct fg_gas_cylinder a = cng_70_l(3000.0);
    struct fg_gas_cylinder b = cng_70_l(9000.0);
    struct fg_gas_nozzle nozzle = {
        .supply_kpa = FG_GAS_SUPPLY_KPA, .leak_g_s = 1.5, .count = 2, .cylinders = {&a, &b}};
    double before = a.mass_g + b.mass_g;

    for (int i = 0; i < 500; i++) {
        nozzle.valve_open = i % 7 < 4;
        fg_gas_step(&nozzle, 0.37);
    }
    CHECK(fabs(nozzle.leaked_g - 1.5 * 0.37 * 500) < 0.001);
    CHECK(fabs(nozzle.inventory_g - (a.mass_g + b.mass_g - before) - nozzle.leaked_g) < 0.001);
}

TEST("a shut valve and a full cylinder both mean no flow")
{
    struct fg_gas_cylinder full = cng_70_l(FG_GAS_SUPPLY_KPA + 10.0);
    struct fg_gas_nozzle nozzle = {.supply_kpa = FG_GAS_SUPPLY_KPA, .count = 1, .cylinders = {&full}};

    fg_gas_step(&nozzle, 1.0);
    CHECK(nozzle.flow_g_s == 0.0);
    nozzle.valve_open = true;
    fg_gas_step(&nozzle, 0.1);
    CHECK(nozzle.flow_g_s == 0.0);
    nozzle.count = 0;
    fg_gas_step(&nozzle, 1.0);
    CHECK(nozzle.inventory_g == 0.0);
    CHECK(fabs(fg_gas_nozzle_kpa(&nozzle) - FG_GAS_ATMOSPHERE_KPA) < 0.001);
}

TEST("LPG comes at the pump's constant flow until the cylinder is full")
{
    struct fg_gas_cylinder lpg = {.medium = FG_MEDIUM_LPG,
                                  .water_l = 35.5,
                                  .mass_g = 500.0,
                                  .temperature_c = 15.0,
                                  .ambient_c = 15.0,
                                  .tare_g = 16500.0};
    struct fg_gas_nozzle nozzle = {.valve_open = true, .count = 1, .cylinders = {&lpg}};

    fg_gas_step(&nozzle, 60.0);
    CHECK(fabs(lpg.mass_g - 500.0 - 60.0 * FG_GAS_LPG_FLOW_G_S) < 0.5);
    CHECK(fg_gas_nozzle_kpa(&nozzle) > fg_gas_cylinder_kpa(&lpg));
    fg_gas_step(&nozzle, 600.0);
    CHECK(nozzle.flow_g_s == 0.0);
    CHECK(lpg.mass_g < 35.5 * 500.0 + FG_GAS_LPG_FLOW_G_S);
}
