/* Implementation of the places of stations (station_positions.h). */
#include "host/bureau/watch/station_positions.h"

enum fg_err fg_station_position_find(void *context, struct fg_sql *sql, const char *station,
                                     int32_t *ret_latitude_udeg, int32_t *ret_longitude_udeg,
                                     struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT latitude_udeg, longitude_udeg FROM station WHERE station = "
                                        "$1 AND (latitude_udeg <> 0 OR longitude_udeg <> 0)",
                                        &statement, error);

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
