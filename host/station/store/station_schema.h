/* The tables of a station's store, as numbered migrations.
 *
 * Not: reading or writing them (store.h). Relies on: host/sql. */
#ifndef FG_HOST_STATION_STORE_STATION_SCHEMA_H
#define FG_HOST_STATION_STORE_STATION_SCHEMA_H

#include "host/sql/sql.h"

/* All migrations, in order. *ret_count is set always. The memory is static. */
const struct fg_sql_migration *fg_station_schema(size_t *ret_count);

#endif
