/* The gas of the simulated filling point: a station supply, a nozzle and the cylinders connected to it.
 *
 * A model good enough that pressures, temperatures and times look like a real fill: natural gas by a real-gas
 * approximation that passes through the 20 and 25 MPa isochores (GERG-2008), heating by compression, cooling
 * to ambient; LPG as a pump of constant flow onto a scale. Not: valves, registers or time keeping
 * (plant_model). Relies on: the C library's mathematics. No state of its own, no clock: the caller gives each
 * step its length. */
#ifndef FG_BOARDS_SIM_PLANT_GAS_H
#define FG_BOARDS_SIM_PLANT_GAS_H

#include <stdbool.h>

#include "lib/domain/types.h"

#define FG_GAS_CYLINDERS_MAX 8 /* on one nozzle: a vehicle's cylinders are filled together */
#define FG_GAS_AMBIENT_C 15.0
#define FG_GAS_ATMOSPHERE_KPA 101.325
#define FG_GAS_SUPPLY_KPA 25000.0
#define FG_GAS_CNG_FLOW_G_S 80.0  /* choked flow from the full supply */
#define FG_GAS_LPG_FLOW_G_S 200.0 /* the pump's */

/* What is inside one cylinder. Pressures are absolute. */
struct fg_gas_cylinder {
    enum fg_medium medium;
    double water_l;
    double mass_g; /* of gas */
    double temperature_c;
    double ambient_c;
    double tare_g; /* for the scale */
};

/* The nozzle and what hangs on it; the cylinders belong to the caller and outlive the nozzle's use of them.
 */
struct fg_gas_nozzle {
    bool valve_open;
    double supply_kpa;
    double leak_g_s; /* escapes behind the meter whether the valve is open or not */
    unsigned count;
    struct fg_gas_cylinder *cylinders[FG_GAS_CYLINDERS_MAX];
    double flow_g_s;    /* through the meter at the last step */
    double inventory_g; /* through the meter since the beginning */
    double leaked_g;
};

/* Pressure in kPa of natural gas of density_kg_m3 (0 to 300) at temperature_c (-40 to 100). */
double fg_gas_pressure_kpa(double density_kg_m3, double temperature_c);

/* The inverse: density in kg/m3 at pressure_kpa (0 to 40000). */
double fg_gas_density_kg_m3(double pressure_kpa, double temperature_c);

/* Pressure of one cylinder: natural gas by density, LPG by its vapour pressure. */
double fg_gas_cylinder_kpa(const struct fg_gas_cylinder *cylinder);

/* Pressure at the nozzle: the mean of what is connected, atmosphere when nothing is. */
double fg_gas_nozzle_kpa(const struct fg_gas_nozzle *nozzle);

/* Moves gas for seconds (0 to 3600; taken in parts of at most 0.25 s). */
void fg_gas_step(struct fg_gas_nozzle *nozzle, double seconds);

/* Lets a cylinder that is not connected cool down or warm up for seconds. */
void fg_gas_rest(struct fg_gas_cylinder *cylinder, double seconds);

#endif
