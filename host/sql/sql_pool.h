/* A few database objects shared by many threads, each used by one at a time.
 *
 * Relies on: host/sql. Any thread. */
#ifndef FG_HOST_SQL_SQL_POOL_H
#define FG_HOST_SQL_SQL_POOL_H

#include "host/sql/sql.h"

#define FG_SQL_POOL_MAX 64

struct fg_sql_pool;

/* Opens count (1 to FG_SQL_POOL_MAX) objects. */
enum fg_err fg_sql_pool_new(const struct fg_sql_settings *settings, uint32_t count,
                            struct fg_sql_pool **ret_pool, struct fg_error *error);
void fg_sql_pool_free(struct fg_sql_pool *pool); /* all given back; may be NULL */

/* Takes a free one, waiting wait_max_ms at most; NULL when none came free. */
struct fg_sql *fg_sql_pool_take(struct fg_sql_pool *pool, uint32_t wait_max_ms);
/* Gives it back; an open transaction is rolled back. */
void fg_sql_pool_give(struct fg_sql_pool *pool, struct fg_sql *sql);

#endif
