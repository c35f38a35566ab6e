/* Judging a city: while it runs nothing counts as received that the bureau does not hold, and the station's
 * roster never goes back; in the end everything is where it should be, once, in order, byte for byte, and
 * entries of a suspended controller carry the bureau's mark, no others.
 *
 * What is wrong goes to city_fault. Relies on: the product's own readers and verifiers. One thread. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_JUDGE_H
#define FG_TESTS_PROGRAMS_NOLOSS_JUDGE_H

#include "tests/programs/noloss/city.h"

/* Each turn: cheap when nothing changed. */
void judge_look(struct city *city);
/* Does the roster that the station was seen with last name the controllers, with their keys, none suspended?
 */
bool judge_roster_is_right(const struct city *city);
/* The controllers' journals, whole, against the bureau's; once everybody is released. */
void judge_journals(struct city *city);
/* The station's store, verified and compared; once no process runs. */
void judge_store(struct city *city);

#endif
