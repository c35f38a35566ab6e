/* The server of pages as its rooms share it (web_server.h): server, web and api. */
#ifndef FG_HOST_BUREAU_WEB_WEB_SHARED_H
#define FG_HOST_BUREAU_WEB_WEB_SHARED_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/bureau/web/web_rate.h"
#include "host/bureau/web/web_settings.h"
#include "host/sql/sql_pool.h"
#include "lib/net/page/page_guard.h"
#include "lib/net/server/https_server.h"

#define FG_WEB_LISTENER_ROUTES 5
#define FG_WEB_COOKIE_NAME_BYTES 40

struct fg_web_exports;
struct fg_web_keeper;
struct fg_web_route;
struct fg_web_verifier;

struct fg_web {
    struct fg_web_settings settings;
    struct fg_server *server;
    struct fg_route routes[FG_WEB_LISTENER_ROUTES]; /* every path comes to one handler */
    const struct fg_web_route *table;               /* what it then looks up */
    size_t table_count;
    /* Written before the first request is served. */
    struct fg_page_names names;
    char cookie_name[FG_WEB_COOKIE_NAME_BYTES];
    pthread_mutex_t starting;   /* held until they are */
    pthread_mutex_t publishing; /* one list at a time */
    struct fg_sql_pool *pool;
    struct fg_web_exports *exports;
    atomic_uint draws;    /* of samples, at present */
    atomic_bool stopping; /* what takes long should end */
    struct fg_web_verifier *verifier;
    struct fg_web_keeper *keeper;
    struct fg_web_rate by_address;
    struct fg_web_rate sign_in; /* by address; what the others are for: account.h */
    struct fg_web_rate sign_in_pair;
    struct fg_web_rate sign_in_user;
    struct fg_web_rate sign_in_own;
    struct fg_web_rate sign_in_note;
    struct fg_web_rate public_by_address;
    struct fg_web_rate public_all;
};

#endif
