/* What the operators of a station may be, wherever they come from: a manifest, a clerk's file, the registry.
 *
 * One operator has one name: ids that differ in the case of letters only are the same operator's, wherever
 * they are compared, and what is recorded is the spelling of the signed list. Not: signing in
 * (firmware/controller), PINs (pin.h). Relies on: types.h. Pure functions, any thread. */
#ifndef FG_PROTO_LIST_OPERATORS_H
#define FG_PROTO_LIST_OPERATORS_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* An id stands in journals and on pages: 1 to FG_NAME_MAX letters, digits, '.', '_' or '-', ended within
 * FG_NAME_MAX + 1 bytes. */
bool fg_operator_id_is_good(const char *id);

/* Are they the same operator's? The case of ASCII letters does not count. */
bool fg_operator_id_is_same(const char *id, const char *other);

/* The operator of the rules with this id, or with this card; NULL: there is none. A UID of length 0 is
 * nobody's card. The result lives as long as *rules. */
const struct fg_operator *fg_operator_find(const struct fg_station_rules *rules, const char *id);
const struct fg_operator *fg_operator_of_card(const struct fg_station_rules *rules, const struct fg_uid *uid);

/* Stable English name of an enum fg_person_proof: "NONE", "HAND", "CARD", "PIN"; "?" for any other value. */
const char *fg_person_proof_name(uint8_t proof);

/* FG_E_RANGE names the first operator, by place and id, that no list may have, and its field: a bad id, a
 * certificate's end outside 0 to FG_DAY_MAX, a card of another length than 0, 4, 7 or 10, more than
 * FG_PIN_ROUNDS_MAX rounds, a salt or digest without rounds; an id (in any
 * case of its letters) or a card that stands twice. */
enum fg_err fg_operators_check(const struct fg_operator *operators, size_t count, struct fg_error *error);

#endif
