/* One operator as a line of a rules file: "op-wang, 2030-01-01, card=04900000000A01, pin=ROUNDS:SALT:DIGEST".
 *
 * The PIN stands there as what it is checked against, salt and digest in hex. Not: the registry's operators
 * (operator_records.h). Relies on: proto/list/operators.h. Pure functions, any thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_OPERATOR_LINE_H
#define FG_HOST_BUREAU_REGISTRY_OPERATOR_LINE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_OPERATOR_PIN_TEXT (6 + 1 + 2 * FG_PIN_SALT_BYTES + 1 + 2 * FG_PIN_DIGEST_BYTES + 1)

/* Id and last day of the certificate (empty: none), then in any order and as wanted card=UID, pin=VALUE. NULL
 * when it is good, else what it must be. */
const char *fg_operator_line_parse(const char *line, struct fg_operator *ret_operator);

/* The value of pin= for an operator that has a PIN. */
void fg_operator_pin_text(const struct fg_operator *person, char ret_text[FG_OPERATOR_PIN_TEXT]);

#endif
