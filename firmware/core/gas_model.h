/* How pressure, density and temperature of natural gas in a cylinder belong together.
 *
 * Not: where a fill must stop (limits.h, by isochores that are exact at the nominal pressures) or whether a
 * meter lies (overfill.h). Pure; integer arithmetic only. Relies on: lib/domain/types.h. Source: GERG-2008
 * (ISO 20765-2), reference implementation usnistgov/AGA8; the test compares it with
 * tests/data/gas_pressure.csv.
 */
#ifndef FG_FIRMWARE_CORE_GAS_MODEL_H
#define FG_FIRMWARE_CORE_GAS_MODEL_H

#include "lib/domain/types.h"

#define FG_GAS_TEMPERATURE_MIN_DC (-400)
#define FG_GAS_TEMPERATURE_MAX_DC 650
#define FG_GAS_DENSITY_MAX_CG_L 28000

/* Pressure (kPa, absolute) of gas of density_cg_l (0.01 g/L, which is 0.01 kg/m3) at temperature_dc (0.1
 * degC). Arguments outside the table count as its edge; an unknown gas gives 0. Within 65 kPa up to 40 MPa.
 */
int64_t fg_gas_model_pressure_kpa(enum fg_gas gas, int64_t density_cg_l, int64_t temperature_dc);

/* The inverse: density (0.01 g/L), 0 to FG_GAS_DENSITY_MAX_CG_L. */
int64_t fg_gas_model_density_cg_l(enum fg_gas gas, int64_t pressure_kpa, int64_t temperature_dc);

/* Mass (g) of gas of density_cg_l (0 to FG_GAS_DENSITY_MAX_CG_L) in water_capacity_dl (0.1 L). */
int64_t fg_gas_model_mass_g(int64_t density_cg_l, uint32_t water_capacity_dl);

#endif
