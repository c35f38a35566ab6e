/* The list store: the bureau's signed list in an SQLite file of its own, looked up with proof.
 *
 * Not: building or signing lists (host/bureau), deciding (firmware/core). One thread. Relies on: SQLite,
 * proto. */
#ifndef FG_LIST_LIST_H
#define FG_LIST_LIST_H

#include "proto/err.h"
#include "proto/sign.h"
#include "proto/types.h"

struct fg_list;

/* Opens or creates the store at path. vfs_name NULL = SQLite's default (tests give their own). A manifest in
 * force is verified with one of the trusted keys; if that fails the store opens all the same with state
 * NOT_AUTHENTIC. */
enum fg_err fg_list_open(const char *path, const char *vfs_name, const struct fg_public_key *trusted,
                         size_t trusted_count, struct fg_list **ret_list, struct fg_error *error);
void fg_list_close(struct fg_list *list); /* list may be NULL */

/* enum fg_list_state of firmware/core/rules.h as it stands now. */
uint8_t fg_list_state(struct fg_list *list);

/* The manifest in force. FG_E_NOT_FOUND when there is none, FG_E_AUTH when it does not verify. */
enum fg_err fg_list_manifest(struct fg_list *list, struct fg_manifest *ret_manifest, struct fg_error *error);

/* Imports a signed list file (proto/PROTOCOL.md, "list file") in one transaction: verified first to last,
 * version higher than the one in force, not expired at now_ms. On any error the old list stays in force.
 * now_ms 0: expiry is not tested (clock unknown). Errors: FG_E_AUTH, FG_E_OLD, FG_E_EXPIRED, FG_E_FORMAT,
 * FG_E_SIZE, FG_E_IO. */
enum fg_err fg_list_import(struct fg_list *list, const char *file_path, int64_t now_ms,
                           struct fg_manifest *ret_manifest, struct fg_error *error);

/* One verified look-up: reads the code's bucket and the nodes beside its path, hashes to the root.
 * FG_OK: *ret_row proven present. FG_E_NOT_FOUND: proven absent. FG_E_AUTH: the store does not prove. */
enum fg_err fg_list_find(struct fg_list *list, const struct fg_code *code, struct fg_row *ret_row,
                         struct fg_error *error);

/* The same with the proof laid open, for `fillgate list show`. Works for presence and absence. */
struct fg_list_proof {
    uint32_t bucket_index;
    uint8_t depth;
    struct fg_digest bucket;
    struct fg_digest siblings[24];
    struct fg_digest root;
    uint32_t bucket_rows;
};
enum fg_err fg_list_prove(struct fg_list *list, const struct fg_code *code, struct fg_row *ret_row,
                          struct fg_list_proof *ret_proof, struct fg_error *error);

/* Verifies every bucket and node. FG_E_AUTH names the first bucket or node that does not prove. */
enum fg_err fg_list_verify(struct fg_list *list, struct fg_error *error);

#endif
