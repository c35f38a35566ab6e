/* Where stations stand, for the alarm about one cylinder at two places (the registry's table station).
 *
 * Relies on: host/sql. */
#ifndef FG_HOST_BUREAU_WATCH_STATION_POSITIONS_H
#define FG_HOST_BUREAU_WATCH_STATION_POSITIONS_H

#include "host/sql/sql.h"

/* Millionths of a degree, WGS 84. FG_E_NOT_FOUND: no such station, or its place is not given (both 0).
 * context is not used (fg_alarm_settings.place). */
enum fg_err fg_station_position_find(void *context, struct fg_sql *sql, const char *station,
                                     int32_t *ret_latitude_udeg, int32_t *ret_longitude_udeg,
                                     struct fg_error *error);

#endif
