/* The simulated point inside a test: its ptys and devices, served by a thread of this process.
 *
 * For tests of what sits at the other end of its wires, with the real library between. Not: the simulator as
 * a program (boards/sim/sim_main.c). Relies on: boards/sim, pthreads. */
#ifndef FG_TESTS_SIM_FIXTURE_H
#define FG_TESTS_SIM_FIXTURE_H

#include "boards/sim/sim.h"
#include "firmware/plant/plant.h"

/* Makes the point in directory and serves it until fg_sim_fixture_end. One at a time. */
void fg_sim_fixture_begin(const char *directory);
void fg_sim_fixture_end(void);

/* Runs one command of the simulator (boards/sim/README.md), which must succeed. From any thread. */
void fg_sim_fixture_do(const char *command);

/* Whether the gas valve is open, by the simulator's own state. From any thread. */
bool fg_sim_fixture_valve_is_open(void);

/* Another device of the shipped point's one bus. */
void fg_sim_fixture_device(struct fg_plant_settings *settings, const char *name, const char *profile,
                           uint8_t unit);

/* Settings of the shipped point on the serial device at bus_path: relay (device 0), pressure (1) and, with
 * the given profile, meter (2). Answers within response_max_ms; readings of up to reading_age_max_ms count.
 */
void fg_sim_fixture_point(struct fg_plant_settings *ret_settings, const char *bus_path,
                          const char *meter_profile, uint32_t response_max_ms, uint32_t reading_age_max_ms);

#endif
