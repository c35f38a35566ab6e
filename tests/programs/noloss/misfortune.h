/* What befalls a city by chance: processes killed, stopped and starved of disk, networks that misbehave.
 *
 * Not: what a bureau's clerks and a cheat do (trust.h). One thread. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_MISFORTUNE_H
#define FG_TESTS_PROGRAMS_NOLOSS_MISFORTUNE_H

#include "tests/programs/noloss/city.h"

/* One more, drawn from the city's stream. */
void misfortune_befall(struct city *city);
/* The networks are faithful again, and every process is started with the right clock. */
void misfortune_heal(struct city *city);

#endif
