/* What routes and publishing share. Private to lib/list/serve. */
#ifndef FG_LIB_LIST_SERVE_PRIVATE_H
#define FG_LIB_LIST_SERVE_PRIVATE_H

#include <pthread.h>

#include "lib/list/list.h"
#include "lib/list/serve/list_routes.h"

#define FG_LISTING_STORES_MAX 16 /* stores kept open for serving */

struct fg_listing_store {
    char list_id[FG_NAME_MAX + 1];
    struct fg_list *list; /* NULL = free */
    uint64_t used;
};

struct fg_listing {
    char directory[FG_LISTING_PATH_MAX];
    struct fg_public_key *trusted;
    size_t trusted_count;
    fg_listing_allowed allowed;
    void *allowed_context;
    pthread_mutex_t publishing;
    pthread_mutex_t serving; /* holds for stores and uses */
    struct fg_listing_store stores[FG_LISTING_STORES_MAX];
    uint64_t uses;
};

#endif
