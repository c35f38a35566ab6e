/* The heads that a station keeps beside its store: of each controller the newest chain head that was held
 * here, as the controller signed it, in a small file of its own.
 *
 * A store that is put back to an older copy, cut, or robbed of a controller with everything that is about it,
 * agrees with itself; this file remembers. It never goes back: a head is replaced by a later one alone.
 * Whoever puts back both files is found by the bureau's receipts and the controllers' reports. Not: the
 * entries (store.h). Relies on: proto/journal/chain.h, POSIX files. One process writes a file. */
#ifndef FG_HOST_STATION_STORE_HEADS_H
#define FG_HOST_STATION_STORE_HEADS_H

#include "host/station/store/store.h"

#define FG_STATION_HEADS_MAX 128 /* of controllers that are held or were once */
#define FG_STATION_HEADS_BYTES_MAX (16 + FG_STATION_HEADS_MAX * (2 + FG_STATEMENT_BYTES_MAX) + 32)

struct fg_station_heads {
    size_t count;
    struct {
        struct fg_head head;
        struct fg_signature signature;
    } heads[FG_STATION_HEADS_MAX];
};

/* The file's bytes as heads. FG_E_FORMAT, FG_E_CORRUPT (its check sum is wrong). Signatures are not verified.
 */
enum fg_err fg_station_heads_decode(const uint8_t *bytes, size_t length, struct fg_station_heads *ret_heads,
                                    struct fg_error *error);

/* Each head in the file at path. FG_E_NOT_FOUND: there is no file; FG_E_IO, and as decoding; or what visit
 * returns, which ends it. */
typedef enum fg_err (*fg_station_head_visit)(void *context, const struct fg_head *head,
                                             struct fg_error *error);
enum fg_err fg_station_heads_each(const char *path, fg_station_head_visit visit, void *context,
                                  struct fg_error *error);

/* Brings the file up to what the store holds now, durably; it is written only when something changed. A file
 * that does not hold is not written over: FG_E_FORMAT, FG_E_CORRUPT. FG_E_FULL: more than
 * FG_STATION_HEADS_MAX. */
enum fg_err fg_station_heads_keep(const char *path, struct fg_station_store *store, struct fg_error *error);

/* Where the file of a store lies: the store's path and ".heads". FG_E_SIZE. */
enum fg_err fg_station_heads_path(const char *store_path, char *ret_path, size_t capacity,
                                  struct fg_error *error);

#endif
