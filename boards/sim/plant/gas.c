/* The gas model of gas.h: state equation, flow through the nozzle, heating. Not: anything that a controller
 * sees. Relies on: gas.h. */
#include "boards/sim/plant/gas.h"

#include <math.h>

/* Two isochores of natural gas (GERG-2008, the mixture of the project's isochore table): density, pressure at
 * 20 degC, and the slope of pressure over temperature, which is straight within 1 % from -40 to 65 degC. */
#define DENSITY_A 182.9423
#define PRESSURE_A 20000.0
#define SLOPE_A 161.7
#define DENSITY_B 216.5172
#define PRESSURE_B 25000.0
#define SLOPE_B 215.5
/* Below them: an ideal gas of 17.43 g/mol, and one point (10 MPa at 20 degC, compressibility 0.83). */
#define GAS_CONSTANT 0.47702 /* kJ/(kg K) */
#define DENSITY_C 86.0
#define COMPRESSIBILITY_C 0.83

#define REFERENCE_C 20.0
#define KELVIN 273.15
#define STEP_MAX_S 0.25
#define HEAT_J_G 72.0           /* net heating by compression, Joule-Thomson cooling at the valve taken off */
#define GAS_HEAT_J_G_K 1.7      /* at constant volume */
#define WALL_HEAT_J_L_K 123.0   /* the part of the wall that warms along during a fill, per litre of water */
#define COOLING_S 600.0         /* time constant towards ambient */
#define LPG_FULL_G_L 500.0      /* liquid at high fill */
#define LPG_PRESSURE_20_KPA 700 /* a propane-butane mixture's vapour pressure */
#define LPG_SLOPE_KPA_K 18.0
#define LPG_PUMP_KPA 400.0 /* above vapour pressure */

/* (Z - 1) / density at 20 degC as a quadratic through three points (Newton's divided differences). */
static double compressibility(double density)
{
    const double kelvin = REFERENCE_C + KELVIN;
    const double a = (PRESSURE_A / (DENSITY_A * GAS_CONSTANT * kelvin) - 1.0) / DENSITY_A;
    const double b = (PRESSURE_B / (DENSITY_B * GAS_CONSTANT * kelvin) - 1.0) / DENSITY_B;
    const double c = (COMPRESSIBILITY_C - 1.0) / DENSITY_C;
    const double ca = (a - c) / (DENSITY_A - DENSITY_C);
    const double ab = (b - a) / (DENSITY_B - DENSITY_A);
    const double cab = (ab - ca) / (DENSITY_B - DENSITY_C);

    return 1.0 +
           density * (c + ca * (density - DENSITY_C) + cab * (density - DENSITY_C) * (density - DENSITY_A));
}

/* Slope of pressure over temperature: ideal for little gas, the isochores' for much. */
static double slope_kpa_k(double density)
{
    const double a = (SLOPE_A / (DENSITY_A * GAS_CONSTANT) - 1.0) / DENSITY_A;
    const double b = (SLOPE_B / (DENSITY_B * GAS_CONSTANT) - 1.0) / DENSITY_B;
    const double ab = (b - a) / (DENSITY_B - DENSITY_A);

    return density * GAS_CONSTANT * (1.0 + density * (a + ab * (density - DENSITY_A)));
}

double fg_gas_pressure_kpa(double density_kg_m3, double temperature_c)
{
    double at_reference =
        density_kg_m3 * GAS_CONSTANT * (REFERENCE_C + KELVIN) * compressibility(density_kg_m3);

    return at_reference + slope_kpa_k(density_kg_m3) * (temperature_c - REFERENCE_C);
}

double fg_gas_density_kg_m3(double pressure_kpa, double temperature_c)
{
    double low = 0.0;
    double high = 300.0;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2.0;

        if (fg_gas_pressure_kpa(middle, temperature_c) < pressure_kpa)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2.0;
}

double fg_gas_cylinder_kpa(const struct fg_gas_cylinder *cylinder)
{
    if (cylinder->medium == FG_MEDIUM_LPG)
        return LPG_PRESSURE_20_KPA + LPG_SLOPE_KPA_K * (cylinder->temperature_c - REFERENCE_C);
    return fg_gas_pressure_kpa(cylinder->mass_g / cylinder->water_l, cylinder->temperature_c);
}

double fg_gas_nozzle_kpa(const struct fg_gas_nozzle *nozzle)
{
    double sum = 0.0;

    if (nozzle->count == 0)
        return FG_GAS_ATMOSPHERE_KPA;
    for (unsigned i = 0; i < nozzle->count; i++) {
        const struct fg_gas_cylinder *cylinder = nozzle->cylinders[i];

        sum += fg_gas_cylinder_kpa(cylinder);
        if (cylinder->medium == FG_MEDIUM_LPG && nozzle->valve_open)
            sum += LPG_PUMP_KPA;
    }
    return sum / nozzle->count;
}

/* Flow into one cylinder: choked up to half the supply's pressure, falling to nothing at equal pressures. */
static double flow_g_s(const struct fg_gas_nozzle *nozzle, const struct fg_gas_cylinder *cylinder)
{
    double ratio;
    double full;

    if (cylinder->medium == FG_MEDIUM_LPG)
        return cylinder->mass_g < cylinder->water_l * LPG_FULL_G_L ? FG_GAS_LPG_FLOW_G_S : 0.0;
    full = FG_GAS_CNG_FLOW_G_S * nozzle->supply_kpa / FG_GAS_SUPPLY_KPA;
    ratio = nozzle->supply_kpa > 0.0 ? fg_gas_cylinder_kpa(cylinder) / nozzle->supply_kpa : 1.0;
    if (ratio >= 1.0)
        return 0.0;
    return ratio <= 0.5 ? full : full * 2.0 * sqrt(ratio * (1.0 - ratio));
}

void fg_gas_rest(struct fg_gas_cylinder *cylinder, double seconds)
{
    double distance = cylinder->temperature_c - cylinder->ambient_c;

    cylinder->temperature_c = cylinder->ambient_c + distance * exp(-seconds / COOLING_S);
}

static void fill(struct fg_gas_cylinder *cylinder, double grams)
{
    double heat_j_k = cylinder->mass_g * GAS_HEAT_J_G_K + cylinder->water_l * WALL_HEAT_J_L_K;

    if (cylinder->medium == FG_MEDIUM_CNG)
        cylinder->temperature_c += grams * HEAT_J_G / heat_j_k;
    cylinder->mass_g += grams;
}

static void step(struct fg_gas_nozzle *nozzle, double seconds)
{
    double moved = nozzle->leak_g_s * seconds;

    nozzle->leaked_g += moved;
    for (unsigned i = 0; i < nozzle->count; i++) {
        double grams = 0.0;

        if (nozzle->valve_open)
            grams = flow_g_s(nozzle, nozzle->cylinders[i]) * seconds / nozzle->count;
        fill(nozzle->cylinders[i], grams);
        fg_gas_rest(nozzle->cylinders[i], seconds);
        moved += grams;
    }
    nozzle->flow_g_s = moved / seconds;
    nozzle->inventory_g += moved;
}

void fg_gas_step(struct fg_gas_nozzle *nozzle, double seconds)
{
    while (seconds > 1e-9) {
        double part = seconds < STEP_MAX_S ? seconds : STEP_MAX_S;

        step(nozzle, part);
        seconds -= part;
    }
}
