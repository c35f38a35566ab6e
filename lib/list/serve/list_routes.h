/* Handing lists on: GET /v1/list/... (PROTOCOL.md 10) out of a directory, for station and bureau alike.
 *
 * The directory has one folder per list id:
 *   list.db         the verified store (lib/list), out of which tree nodes and buckets are served
 *   VERSION.fgl     whole list files; the highest is the one whose manifest is told
 *   FROM-TO.fgd     delta files to the highest
 * The bureau publishes with fg_listing_take. A station updates list.db with fg_list_update (its path:
 * fg_listing_store_path) and then calls fg_listing_take_store. Both write the files first readers need last,
 * so that a manifest is told only when what it promises is there. Versions beyond the last FG_LISTING_KEEP
 * go.
 *
 * Not: who may fetch which list (the caller's `allowed`), when to update. Relies on:
 * lib/net/server/https_server.h, lib/list. All functions but new and free may be called from any thread. */
#ifndef FG_LIB_LIST_SERVE_LIST_ROUTES_H
#define FG_LIB_LIST_SERVE_LIST_ROUTES_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/net/server/https_server.h"

#define FG_LISTING_KEEP 14 /* versions that whole files are kept of and deltas made from */
#define FG_LISTING_PATH_MAX 512

/* May this peer fetch this list? Called on the server's threads. */
typedef bool (*fg_listing_allowed)(void *context, const struct fg_peer *peer, const char *list_id);

struct fg_listing;

/* directory is created when it is missing. trusted: the bureau's list keys, copied. allowed NULL: every peer
 * that shows a certificate. FG_E_IO, FG_E_ARG, FG_E_MEMORY. */
enum fg_err fg_listing_new(const char *directory, const struct fg_public_key *trusted, size_t trusted_count,
                           fg_listing_allowed allowed, void *allowed_context, struct fg_listing **ret_listing,
                           struct fg_error *error);
void fg_listing_free(struct fg_listing *listing); /* after the server has stopped; may be NULL */

/* The keys that count from now on (a new key ring). FG_E_MEMORY: the old ones stay. */
enum fg_err fg_listing_trust(struct fg_listing *listing, const struct fg_public_key *trusted,
                             size_t trusted_count, struct fg_error *error);

/* The one route that serves everything under /v1/list/; needs a certificate. Valid as long as the listing. */
struct fg_route fg_listing_route(struct fg_listing *listing);

/* 1 to FG_NAME_MAX of A-Z a-z 0-9 . _ - and not beginning with a dot: safe as a file name. */
bool fg_listing_id_is_valid(const char *list_id);

/* Path of the folder's list.db; the folder is created. FG_E_ARG: not a list id, or the path is too long. */
enum fg_err fg_listing_store_path(const struct fg_listing *listing, const char *list_id,
                                  char ret_path[FG_LISTING_PATH_MAX], struct fg_error *error);

/* When the list whose manifest is told was issued. FG_E_NOT_FOUND: there is none; FG_E_ARG, FG_E_FORMAT. */
enum fg_err fg_listing_issued_ms(const struct fg_listing *listing, const char *list_id,
                                 int64_t *ret_issued_ms, struct fg_error *error);

/* Publishes a list file: copies it in, makes deltas from the last versions, imports it into list.db, and
 * removes what is too old. The file must prove, be of this list and newer (FG_E_AUTH, FG_E_OLD ... as
 * fg_list_import). The file given stays the caller's. Long for large lists; serving goes on meanwhile. */
enum fg_err fg_listing_take(struct fg_listing *listing, const char *list_id, const char *list_file_path,
                            struct fg_error *error);

/* Publishes what list.db now has in force (the list file is exported, proven while it is written).
 * delta_path: the delta that brought it, kept as it came; NULL = none. Nothing to do when that version is
 * published already. */
enum fg_err fg_listing_take_store(struct fg_listing *listing, const char *list_id, const char *delta_path,
                                  struct fg_error *error);

#endif
