/* What becomes of trust while a seed runs: a device suspended and released by a clerk, certificates that
 * are renewed ahead of their end or end before that, and hops on the way that cheat.
 *
 * Everything is drawn when the seed begins, from a stream of its own. Not: what chance does (misfortune.h),
 * what a cheat says (hop.h). Relies on: host/bureau's own code in place of a clerk, the program fillgate for
 * joining again. One thread. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_TRUST_H
#define FG_TESTS_PROGRAMS_NOLOSS_TRUST_H

#include "tests/programs/noloss/city.h"

/* Of this worker, once: the hops that the proxies may lead to. */
void trust_prepare(struct city *city);
void trust_draw(struct city *city, uint64_t seed);
/* Does what is due. elapsed_ms: since the seed began. */
void trust_go_on(struct city *city, int64_t elapsed_ms);
/* Goes on with what takes its time, and begins what had not begun; true: everybody is trusted again. A hop
 * may still have cheats left. */
bool trust_is_well(struct city *city);
void trust_close(struct city *city);

#endif
