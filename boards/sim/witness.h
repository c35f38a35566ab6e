/* The witness for LOG-BEFORE-OPEN: reads the controller's journal from outside, at the moment the valve is
 * told to open. Not: verifying the journal. Relies on: firmware/journal's read-only walk. */
#ifndef FG_BOARDS_SIM_WITNESS_H
#define FG_BOARDS_SIM_WITNESS_H

#include <stdbool.h>

#include "lib/base/err.h"

/* True when the newest AUTHORISED entry of the journal at path has no ENDED entry. False, with the reason in
 * *error, when it has, when there is none, and when the journal can't be read. */
bool fg_witness_authorised(const char *path, struct fg_error *error);

#endif
