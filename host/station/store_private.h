/* What the files of the station's store share. Not for anybody else: use store.h. Relies on: host/sql. */
#ifndef FG_STATION_STORE_PRIVATE_H
#define FG_STATION_STORE_PRIVATE_H

#include "host/sql/sql.h"
#include "host/station/store.h"

struct fg_station_store {
    struct fg_sql *sql;
};

/* Copies as much of text as fits. */
void fg_station_copy_text(char *ret_text, size_t capacity, const char *text);

/* A hash in a column. FG_E_CORRUPT when it is none. */
enum fg_err fg_station_take_digest(const struct fg_sql_statement *statement, unsigned column,
                                   struct fg_digest *ret_digest, struct fg_error *error);

#endif
