/* The operators of a station as the registry has them: who goes into its signed rules, and their PINs.
 *
 * Ids, cards and certificates are records (record.h). PINs are not: they are never shown, imported or
 * exported, only set and cleared, and the history says no more than that. Not: signing in
 * (firmware/controller). Relies on: record.h, lib/crypto/pin.h. One database object, one thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_OPERATOR_RECORDS_H
#define FG_HOST_BUREAU_REGISTRY_OPERATOR_RECORDS_H

#include "host/bureau/registry/record.h"

/* Those whose field station is this one, ordered by the bytes of their ids. FG_E_SIZE: more than
 * FG_OPERATORS_MAX; FG_E_RANGE: two of them have the same card; each names the station. */
enum fg_err fg_operators_of_station(struct fg_sql *sql, const char *station,
                                    struct fg_operator ret_operators[FG_OPERATORS_MAX], uint8_t *ret_count,
                                    struct fg_error *error);

/* Keeps the digest of a PIN, or with NULL clears it, with an entry of the history; inside the caller's
 * transaction. *ret_changed (may be NULL): false when there was none to clear. FG_E_FORMAT: not a PIN;
 * FG_E_NOT_FOUND: no such operator; FG_E_RANGE: nobody says who and why. */
enum fg_err fg_operator_pin_put(struct fg_sql *sql, const char *id, const char *pin,
                                const struct fg_change_by *by, bool *ret_changed, struct fg_error *error);

/* FG_E_NOT_FOUND. */
enum fg_err fg_operator_has_pin(struct fg_sql *sql, const char *id, bool *ret_has, struct fg_error *error);

#endif
