/* The thread that publishes lists on schedule: every station's next list, when something changed or the old
 * one runs out.
 *
 * Not: building them (publish.h), handing them on (lib/list/serve). Relies on: host/sql, POSIX threads. It
 * opens a database object of its own. Only for bureaus whose list key is on the server. */
#ifndef FG_HOST_BUREAU_PUBLISH_PUBLISHER_H
#define FG_HOST_BUREAU_PUBLISH_PUBLISHER_H

#include "host/sql/sql.h"
#include "lib/crypto/sign.h"
#include "lib/list/serve/list_routes.h"

struct fg_publisher;

struct fg_publisher_settings {
    const struct fg_sql_settings *sql; /* only used during new */
    struct fg_listing *listing;        /* outlives the publisher */
    const char *directory;             /* of the lists; a file is made in it and removed again */
    const char *key_path;              /* private; read anew each time, never kept in memory */
    uint32_t every_min;
    int64_t (*now_ms)(void *context);
    bool clock_insisted; /* doubts about this machine's clock are told, and lists published all the same */
    /* What speaks against the clock just now, in FG_OWN_CLOCK_DOUBT_BYTES; false: nothing. NULL: nobody asks.
     */
    bool (*clock_doubt)(void *context, char *ret_doubt);
    void (*log)(void *context, const char *line);
    void *context;
};

/* The first round begins at once. Texts need not outlive the call. */
enum fg_err fg_publisher_new(const struct fg_publisher_settings *settings,
                             struct fg_publisher **ret_publisher, struct fg_error *error);
/* Ends after the list under way; may be NULL. */
void fg_publisher_free(struct fg_publisher *publisher);

#endif
