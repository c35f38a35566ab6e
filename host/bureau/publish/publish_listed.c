/* Implementation of publishing and handing on (publish_listed.h). */
#include "host/bureau/publish/publish_listed.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES (2 * FG_LISTING_PATH_MAX)

/* Was a version recorded that the listing does not have? */
static enum fg_err is_lost(struct fg_sql *sql, const char *directory, const char *station, bool *ret_lost,
                           struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char path[PATH_BYTES];
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT MAX(version) FROM list_version WHERE list_id = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        (void)snprintf(path, sizeof(path), "%s/%s/%lld.fgl", directory, station,
                       (long long)fg_sql_int(statement, 0));
        *ret_lost = !fg_sql_is_null(statement, 0) && access(path, R_OK) != 0;
    }
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_publish_listed(struct fg_sql *sql, struct fg_listing *listing, const char *directory,
                              const struct fg_publish_order *order, struct fg_publish_result *ret_result,
                              struct fg_error *error)
{
    static atomic_uint counter;
    struct fg_publish_order listed = *order;
    struct fg_publish_result published = {0};
    char path[PATH_BYTES];
    bool lost = false;
    enum fg_err result;

    /* A number of each own, so that the schedule and the pages are not in each other's way; small, so that
     * files that a crash left are written over. */
    if ((size_t)snprintf(path, sizeof(path), "%s/.publishing-%u.fgl", directory,
                         atomic_fetch_add(&counter, 1) % 16) >= sizeof(path))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", directory);
    (void)unlink(path);
    result = is_lost(sql, directory, order->station, &lost, error);
    listed.forced = order->forced || lost;
    listed.out_path = path;
    if (result == FG_OK)
        result = fg_publish(sql, &listed, &published, error);
    if (result == FG_OK && published.published)
        result = fg_listing_take(listing, order->station, path, error);
    (void)unlink(path);
    if (result == FG_OK)
        *ret_result = published;
    return result;
}
