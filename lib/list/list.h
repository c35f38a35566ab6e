/* The list store: the bureau's signed list in an SQLite file of its own, looked up with proof.
 *
 * Every look-up hashes what it read up to the root of the manifest that was verified, so that a row edited in
 * the file is caught at the next look-up. The highest version ever seen of each list is kept beside it. When
 * another process has written to the file, the manifest is verified anew before the next answer.
 *
 * Not: building or signing lists (host/bureau), deciding (firmware/core). A whole file put back to an older
 * copy cannot be seen from within it: tell fg_list_expect what the journal knows. One object, one thread at a
 * time. Relies on: SQLite, proto. */
#ifndef FG_LIB_LIST_LIST_H
#define FG_LIB_LIST_LIST_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

struct fg_list;

/* Opens or creates the store at path. vfs_name NULL = SQLite's default (tests give their own). A manifest in
 * force is verified with one of the trusted keys; if that fails the store opens all the same with state
 * NOT_AUTHENTIC. */
enum fg_err fg_list_open(const char *path, const char *vfs_name, const struct fg_public_key *trusted,
                         size_t trusted_count, struct fg_list **ret_list, struct fg_error *error);
void fg_list_close(struct fg_list *list); /* list may be NULL */

/* From now on these keys are the trusted ones, copied; what is in force is judged anew by them. FG_E_MEMORY:
 * the keys before stay. */
enum fg_err fg_list_trust(struct fg_list *list, const struct fg_public_key *trusted, size_t trusted_count,
                          struct fg_error *error);

/* enum fg_list_state, as of now. */
uint8_t fg_list_state(struct fg_list *list);

/* From now on only the list of this id, made for this station (manifest: list id, rules.station), counts:
 * another one is not imported (FG_E_AUTH), and one that stands in the store already is NOT_AUTHENTIC. Empty =
 * any. Not kept in the store: to be said after each opening. FG_E_ARG: longer than FG_NAME_MAX bytes. */
enum fg_err fg_list_pin(struct fg_list *list, const char *list_id, const char *station,
                        struct fg_error *error);

/* Raises the lowest version of a list that counts as not rolled back, to what another witness (the journal's
 * last LIST entry) has seen. Never lowers it; kept in the store. list_id is 1 to FG_NAME_MAX bytes.
 * FG_E_ARG, FG_E_IO. */
enum fg_err fg_list_expect(struct fg_list *list, const char *list_id, uint64_t version,
                           struct fg_error *error);

/* The manifest in force. FG_E_NOT_FOUND when there is none, FG_E_AUTH when it does not verify, FG_E_OLD when
 * it was rolled back. */
enum fg_err fg_list_manifest(struct fg_list *list, struct fg_manifest *ret_manifest, struct fg_error *error);

/* Imports a signed list file or a delta file (proto/PROTOCOL.md 4; told apart by their first bytes) in one
 * transaction: verified first to last, version higher than the one in force, not expired at now_ms. On any
 * error the old list stays in force. now_ms 0: expiry is not tested (clock unknown). Errors: FG_E_AUTH,
 * FG_E_OLD, FG_E_EXPIRED, FG_E_FORMAT, FG_E_SIZE, FG_E_IO; FG_E_STATE: the delta does not start at the list
 * in force. The version in force is taken again, from a list file, only when the store does not prove
 * (repair). */
enum fg_err fg_list_import(struct fg_list *list, const char *file_path, int64_t now_ms,
                           struct fg_manifest *ret_manifest, struct fg_error *error);

/* One verified look-up: reads the code's bucket and the nodes beside its path, hashes to the root.
 * FG_OK: *ret_row proven present. FG_E_NOT_FOUND: proven absent. Everything else proves nothing:
 * FG_E_AUTH: the store does not prove, or its manifest is not authentic or rolled back; FG_E_STATE: no list
 * is in force; FG_E_ARG: code is not a code; FG_E_IO, FG_E_BUSY: the store cannot be read. */
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

/* The pieces that a list is handed on in. Each is what the store holds for that very version (FG_E_NOT_FOUND
 * when another one is in force, or when there is no such bucket or group; FG_E_STATE when no good list is in
 * force); the receiver proves them. version 0 stands for the version in force.
 *
 * The signed manifest: capacity FG_MANIFEST_SIGNED_MAX is always enough. */
enum fg_err fg_list_signed_manifest(struct fg_list *list, uint8_t *buffer, size_t capacity,
                                    size_t *ret_length, struct fg_error *error);
/* A bucket's bytes: capacity FG_BUCKET_BYTES_MAX is always enough. */
enum fg_err fg_list_bucket(struct fg_list *list, uint64_t version, uint32_t index, uint8_t *buffer,
                           size_t capacity, size_t *ret_length, struct fg_error *error);
/* The digests of one group of the tree (proto/list/tree.h): ret_digests has room for FG_TREE_GROUP_DIGESTS.
 */
enum fg_err fg_list_node_group(struct fg_list *list, uint64_t version, uint8_t level, uint32_t index,
                               struct fg_digest *ret_digests, size_t *ret_count, struct fg_error *error);

/* Writes the list in force as a list file, the same bytes as the bureau's, proven while it is written
 * (temporary file, sync, rename). FG_E_AUTH when the store does not prove: then nothing is written. */
enum fg_err fg_list_export(struct fg_list *list, const char *path, struct fg_manifest *ret_manifest,
                           struct fg_error *error);

/* Repair: taking over a signed manifest by exchanging only the buckets that differ. Between begin and commit
 * or abandon the store is held in one write transaction: the old list keeps answering other processes, and
 * everything else on this object but the functions below fails. The tree is first computed anew from the
 * buckets that the store really has, so that buckets which somebody edited differ too. FG_E_STATE: no list of
 * the same id and number of buckets is in force (import a list file); FG_E_AUTH, FG_E_OLD and FG_E_EXPIRED as
 * fg_list_import; the version in force is repaired when it does not prove. */
enum fg_err fg_list_repair_begin(struct fg_list *list, const uint8_t *signed_manifest, size_t length,
                                 int64_t now_ms, struct fg_error *error);
/* A group of the tree over the buckets that the store really has. */
enum fg_err fg_list_repair_group(struct fg_list *list, uint8_t level, uint32_t index,
                                 struct fg_digest *ret_digests, struct fg_error *error);
/* The root of that tree. */
enum fg_err fg_list_repair_root(struct fg_list *list, struct fg_digest *ret_root, struct fg_error *error);
/* Puts a bucket; indexes must rise from call to call (FG_E_ARG). FG_E_FORMAT ... when it is no such bucket.
 */
enum fg_err fg_list_repair_put(struct fg_list *list, uint32_t index, const uint8_t *bytes, size_t length,
                               struct fg_error *error);
/* The new manifest comes into force if its root proves, FG_E_AUTH otherwise; ends the repair either way. */
enum fg_err fg_list_repair_commit(struct fg_list *list, struct fg_manifest *ret_manifest,
                                  struct fg_error *error);
void fg_list_repair_abandon(struct fg_list *list); /* also when no repair is under way */

/* Verifies every bucket and node. FG_E_AUTH names the first bucket or node that does not prove. */
enum fg_err fg_list_verify(struct fg_list *list, struct fg_error *error);

#endif
