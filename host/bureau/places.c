/* Implementation of the places of stations (places.h). */
#include "host/bureau/places.h"

#include <stdlib.h>

#define LATITUDE_MAX_UDEG 90000000
#define LONGITUDE_MAX_UDEG 180000000

enum fg_err fg_place_set(struct fg_sql *sql, const char *station, int32_t latitude_udeg,
                         int32_t longitude_udeg, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result;

    if (latitude_udeg < -LATITUDE_MAX_UDEG || latitude_udeg > LATITUDE_MAX_UDEG ||
        longitude_udeg < -LONGITUDE_MAX_UDEG || longitude_udeg > LONGITUDE_MAX_UDEG)
        return fg_fail(error, FG_E_RANGE, "place of %s: beyond 90 degrees of latitude or 180 of longitude",
                       station);
    result = fg_sql_prepare(sql,
                            "INSERT INTO station_place (station, latitude_udeg, longitude_udeg) VALUES ($1, "
                            "$2, $3) ON CONFLICT (station) DO UPDATE SET latitude_udeg = "
                            "excluded.latitude_udeg, longitude_udeg = excluded.longitude_udeg",
                            &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    fg_sql_bind_int(statement, 2, latitude_udeg);
    fg_sql_bind_int(statement, 3, longitude_udeg);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_place_find(void *context, struct fg_sql *sql, const char *station, int32_t *ret_latitude_udeg,
                          int32_t *ret_longitude_udeg, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT latitude_udeg, longitude_udeg FROM station_place WHERE station = $1", &statement, error);

    (void)context;
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        *ret_latitude_udeg = (int32_t)fg_sql_int(statement, 0);
        *ret_longitude_udeg = (int32_t)fg_sql_int(statement, 1);
    }
    fg_sql_reset(statement);
    return result;
}
