/* What the operators of a station may be, wherever they come from: a manifest, a clerk's file, the registry.
 *
 * Not: signing in (firmware/controller), PINs (pin.h). Relies on: types.h. Pure functions, any thread. */
#ifndef FG_PROTO_OPERATORS_H
#define FG_PROTO_OPERATORS_H

#include "proto/err.h"
#include "proto/types.h"

/* An id stands in journals and on pages: 1 to FG_NAME_MAX letters, digits, '.', '_' or '-', ended within
 * FG_NAME_MAX + 1 bytes. */
bool fg_operator_id_is_good(const char *id);

/* FG_E_RANGE names the first operator, by place and id, that no list may have, and its field: a bad id, a
 * certificate's end outside 0 to FG_DAY_MAX, a card of another length than 0, 4, 7 or 10, more than
 * FG_PIN_ROUNDS_MAX rounds, a salt or digest without rounds; an id or a card that stands twice. */
enum fg_err fg_operators_check(const struct fg_operator *operators, size_t count, struct fg_error *error);

#endif
