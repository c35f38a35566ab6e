/* The names of the trade's numbers as programs read them: in JSON, in CSV, on the command line.
 *
 * Never translated, never changed. Not: what people read of them (catalogue.h). Relies on: types.h. Pure
 * functions, any thread. */
#ifndef FG_LIB_DOMAIN_NAMES_H
#define FG_LIB_DOMAIN_NAMES_H

#include <stdint.h>

/* Of enum fg_cylinder_state: "IN_SERVICE" ...; "" for 0, "?" for a number that is no state. */
const char *fg_state_name(int64_t state);
/* Of enum fg_medium: "NONE", "CNG" ...; "?" for a number that is no medium. */
const char *fg_medium_name(int64_t medium);
/* Of enum fg_identity: "NONE", "MANUAL" ...; "?" for a number that is no identity. */
const char *fg_identity_name(int64_t identity);

#endif
