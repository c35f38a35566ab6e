/* Where stations stand, for the alarm about one cylinder at two places (table station_place).
 *
 * Relies on: host/sql. */
#ifndef FG_BUREAU_PLACES_H
#define FG_BUREAU_PLACES_H

#include "host/sql/sql.h"

/* Millionths of a degree, WGS 84: latitude -90 to 90, longitude -180 to 180 degrees. Replaces what was known.
 * FG_E_RANGE. */
enum fg_err fg_place_set(struct fg_sql *sql, const char *station, int32_t latitude_udeg,
                         int32_t longitude_udeg, struct fg_error *error);

/* FG_E_NOT_FOUND. context is not used (fg_alarm_settings.place). */
enum fg_err fg_place_find(void *context, struct fg_sql *sql, const char *station, int32_t *ret_latitude_udeg,
                          int32_t *ret_longitude_udeg, struct fg_error *error);

#endif
