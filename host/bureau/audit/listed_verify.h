/* Whether the folder of published lists holds what the database says was published: the newest version of
 * each list, with the root that was recorded, as a file and in the list's store.
 *
 * A folder that is put back to an older copy agrees with itself; devices that have seen a newer list refuse
 * it, but one that is new here would take it. Not: the rows of the table of versions (ledger_verify.h), the
 * deltas, which whoever fetches them proves. Relies on: lib/list, the folder as lib/list/serve keeps it.
 */
#ifndef FG_HOST_BUREAU_AUDIT_LISTED_VERIFY_H
#define FG_HOST_BUREAU_AUDIT_LISTED_VERIFY_H

#include "host/sql/sql.h"
#include "lib/crypto/sign.h"

/* From the database's record of a version to its file: it is not missed before. */
#define FG_LISTED_GRACE_MS INT64_C(600000)

struct fg_listed {
    const char *directory;            /* of all lists; each has a folder of its own there, named by its id */
    const struct fg_public_key *keys; /* that sign lists */
    size_t key_count;
    int64_t now_ms; /* the bureau's clock */
};

/* One thing that does not hold. The text stays only for the call, which must not use the database. */
typedef void (*fg_listed_found)(void *context, const char *text);

/* FG_OK when everything could be looked at, whatever was found. Reads each store whole. Errors of the
 * database. */
enum fg_err fg_listed_verify(struct fg_sql *sql, const struct fg_listed *listed, fg_listed_found found,
                             void *context, struct fg_error *error);

#endif
