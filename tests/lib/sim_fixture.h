/* The simulated point inside a test: its ptys and devices, served by a thread of this process.
 *
 * For tests of what sits at the other end of its wires, with the real library between. Not: the simulator as
 * a program (boards/sim/sim_main.c). Relies on: boards/sim, pthreads. */
#ifndef FG_TESTS_SIM_FIXTURE_H
#define FG_TESTS_SIM_FIXTURE_H

#include "boards/sim/sim.h"

/* Makes the point in directory and serves it until fg_sim_fixture_end. One at a time. */
void fg_sim_fixture_begin(const char *directory);
void fg_sim_fixture_end(void);

/* Runs one command of the simulator (boards/sim/README.md), which must succeed. From any thread. */
void fg_sim_fixture_do(const char *command);

/* Whether the gas valve is open, by the simulator's own state. From any thread. */
bool fg_sim_fixture_valve_is_open(void);

#endif
