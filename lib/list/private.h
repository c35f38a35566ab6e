/* What the files of the list store share: the object, and the functions that one file offers the others.
 *
 * list_store.c and list_accept.c at the bottom, list_verify.c and list_in_force.c on them, then the ways in
 * which a list comes and goes, list.c on top. Nobody outside of the room includes this. */
#ifndef FG_LIB_LIST_PRIVATE_H
#define FG_LIB_LIST_PRIVATE_H

#include <sqlite3.h>

#include "lib/list/list.h"

enum fg_list_statement {
    FG_LIST_BEGIN,
    FG_LIST_BEGIN_WRITE,
    FG_LIST_COMMIT,
    FG_LIST_ROLLBACK,
    FG_LIST_DATA_VERSION,
    FG_LIST_GET_MANIFEST,
    FG_LIST_PUT_MANIFEST,
    FG_LIST_GET_SEEN,
    FG_LIST_PUT_SEEN,
    FG_LIST_GET_BUCKET,
    FG_LIST_PUT_BUCKET,
    FG_LIST_GET_NODE,
    FG_LIST_PUT_NODE,
    FG_LIST_CLEAR_BUCKETS,
    FG_LIST_CLEAR_NODES,
    FG_LIST_DROP_BUCKETS,
    FG_LIST_DROP_NODES,
    FG_LIST_ALL_BUCKETS,
    FG_LIST_COUNT_NODES,
    FG_LIST_STATEMENTS
};

struct fg_list_repair;

struct fg_list {
    sqlite3 *db;
    sqlite3_stmt *statements[FG_LIST_STATEMENTS];
    struct fg_public_key *trusted;
    size_t trusted_count;
    bool loaded; /* state and manifest are those of data_version */
    int64_t data_version;
    uint8_t state; /* enum fg_list_state */
    struct fg_manifest manifest;
    /* What a manifest must name; "" = anything. */
    char pinned_id[FG_NAME_MAX + 1];
    char pinned_station[FG_NAME_MAX + 1];
    /* The highest version this process has seen: outlives an exchange of the file under it. */
    char highest_id[FG_NAME_MAX + 1];
    uint64_t highest_version;
    struct fg_list_repair *repair; /* under way (list_repair.c), else NULL */
};

/* ---- list_store.c ---- */

/* Opens or creates the file into *list, with its tables and statements. On failure fg_list_store_close still
 * releases what was opened. FG_E_CORRUPT, FG_E_BUSY, FG_E_IO, FG_E_MEMORY. */
enum fg_err fg_list_store_open(struct fg_list *list, const char *path, const char *vfs_name,
                               struct fg_error *error);
void fg_list_store_close(struct fg_list *list);

/* Turns an SQLite result into an error that names what was done. FG_E_CORRUPT, FG_E_BUSY, FG_E_IO. */
enum fg_err fg_list_sqlite_fail(struct fg_list *list, int code, const char *doing, struct fg_error *error);

/* Runs a statement that gives no row. */
enum fg_err fg_list_run(struct fg_list *list, enum fg_list_statement which, struct fg_error *error);

/* Reads the blob (column 0) of the row with this id. The statement stays open and the pointer valid until
 * fg_list_release. FG_E_NOT_FOUND when there is no such row. */
enum fg_err fg_list_get(struct fg_list *list, enum fg_list_statement which, int64_t id,
                        const uint8_t **ret_bytes, size_t *ret_length, struct fg_error *error);
void fg_list_release(struct fg_list *list, enum fg_list_statement which);
enum fg_err fg_list_put(struct fg_list *list, enum fg_list_statement which, int64_t id, const uint8_t *bytes,
                        size_t length, struct fg_error *error);
/* The same unless the row that `get` reads has these bytes already: then nothing is written. */
enum fg_err fg_list_put_changed(struct fg_list *list, enum fg_list_statement get, enum fg_list_statement put,
                                int64_t id, const uint8_t *bytes, size_t length, struct fg_error *error);

/* Removes the rows with these ids (FG_LIST_DROP_...), first and last included. */
enum fg_err fg_list_drop(struct fg_list *list, enum fg_list_statement which, int64_t first, int64_t last,
                         struct fg_error *error);

/* Id of a node group in the store. */
int64_t fg_list_node_id(uint8_t level, uint32_t index);

/* Begins a transaction and makes state and manifest those of the file as this transaction sees it. On failure
 * there is no transaction. End it with fg_list_run(COMMIT) or fg_list_abandon. */
enum fg_err fg_list_begin(struct fg_list *list, enum fg_list_statement begin, struct fg_error *error);
void fg_list_abandon(struct fg_list *list);

/* Highest version ever seen of a list, 0 = never seen. In a transaction. */
enum fg_err fg_list_highest_version(struct fg_list *list, const char *list_id, uint64_t *ret_version,
                                    struct fg_error *error);
enum fg_err fg_list_put_highest_version(struct fg_list *list, const char *list_id, uint64_t version,
                                        struct fg_error *error);
/* Keeps the version in memory if it is the highest. */
void fg_list_remember_version(struct fg_list *list, const char *list_id, uint64_t version);

/* ---- list_accept.c ---- */

/* Whether signed bytes are a manifest that this store may use at all: signed with a trusted key, of the list
 * and the station that fg_list_pin asked for (FG_E_AUTH), and not expired at now_ms (FG_E_EXPIRED; 0 = not
 * tested). */
enum fg_err fg_list_accept(const struct fg_list *list, const uint8_t *signed_bytes, size_t length,
                           int64_t now_ms, struct fg_manifest *ret_manifest, struct fg_error *error);

/* ---- list_verify.c ---- */

/* In a transaction: fg_list_verify without its frame. */
enum fg_err fg_list_verify_inside(struct fg_list *list, struct fg_error *error);

/* ---- list_in_force.c ---- */

/* In a transaction: may this verified manifest come into force? FG_E_OLD when not. *ret_again: its version is
 * in force already but does not prove, so that it may be taken once more. */
enum fg_err fg_list_check_version(struct fg_list *list, const struct fg_manifest *manifest, bool *ret_again,
                                  struct fg_error *error);

/* Ends a write transaction whose content has proven: the signed manifest comes into force with it. On failure
 * the transaction is still open. */
enum fg_err fg_list_put_in_force(struct fg_list *list, const uint8_t *signed_bytes, size_t length,
                                 const struct fg_manifest *manifest, struct fg_error *error);

/* ---- list_import_delta.c ---- */

/* fg_list_import of a delta file. */
enum fg_err fg_list_import_delta(struct fg_list *list, const char *file_path, int64_t now_ms,
                                 struct fg_manifest *ret_manifest, struct fg_error *error);

#endif
