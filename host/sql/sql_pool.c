/* Implementation of the pool of database objects (sql_pool.h). */
#include "host/sql/sql_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct fg_sql_pool {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    uint32_t count;
    uint32_t free_count;
    struct fg_sql *all[FG_SQL_POOL_MAX];
    struct fg_sql *free[FG_SQL_POOL_MAX];
};

static void pool_start(struct fg_sql_pool *pool)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->freed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

enum fg_err fg_sql_pool_new(const struct fg_sql_settings *settings, uint32_t count,
                            struct fg_sql_pool **ret_pool, struct fg_error *error)
{
    struct fg_sql_pool *pool;
    enum fg_err result = FG_OK;

    if (count == 0 || count > FG_SQL_POOL_MAX)
        return fg_fail(error, FG_E_ARG, "database: %u connections, 1 to %d are possible", count,
                       FG_SQL_POOL_MAX);
    pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    pool_start(pool);
    while (result == FG_OK && pool->count < count) {
        result = fg_sql_open(settings, &pool->all[pool->count], error);
        if (result == FG_OK) {
            pool->free[pool->count] = pool->all[pool->count];
            pool->count++;
        }
    }
    pool->free_count = pool->count;
    if (result != FG_OK) {
        fg_sql_pool_free(pool);
        return result;
    }
    *ret_pool = pool;
    return FG_OK;
}

void fg_sql_pool_free(struct fg_sql_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->free_count == pool->count);
    for (uint32_t i = 0; i < pool->count; i++)
        fg_sql_close(pool->all[i]);
    (void)pthread_cond_destroy(&pool->freed);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

struct fg_sql *fg_sql_pool_take(struct fg_sql_pool *pool, uint32_t wait_max_ms)
{
    struct timespec until;
    struct fg_sql *sql = NULL;
    int waited = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_max_ms / 1000);
    until.tv_nsec += (long)(wait_max_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->free_count == 0 && waited == 0)
        waited = pthread_cond_timedwait(&pool->freed, &pool->lock, &until);
    if (pool->free_count > 0)
        sql = pool->free[--pool->free_count];
    (void)pthread_mutex_unlock(&pool->lock);
    return sql;
}

void fg_sql_pool_give(struct fg_sql_pool *pool, struct fg_sql *sql)
{
    fg_sql_rollback(sql);
    (void)pthread_mutex_lock(&pool->lock);
    assert(pool->free_count < pool->count);
    pool->free[pool->free_count++] = sql;
    (void)pthread_cond_signal(&pool->freed);
    (void)pthread_mutex_unlock(&pool->lock);
}
