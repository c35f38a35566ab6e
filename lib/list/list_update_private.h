/* One update while it runs. Private to lib/list/list_update*.c. */
#ifndef FG_LIB_LIST_LIST_UPDATE_PRIVATE_H
#define FG_LIB_LIST_LIST_UPDATE_PRIVATE_H

#include "lib/list/list_update.h"
#include "lib/list/private.h"
#include "proto/list/manifest.h"

#define FG_UPDATE_PATH_MAX 512

struct fg_update {
    struct fg_list *list;
    const char *list_id;
    const struct fg_list_source *source;
    const char *directory;
    int64_t now_ms;  /* fixed once: all expiry tests of this update are against it */
    bool healing;    /* the version in force is compared too */
    bool incomplete; /* the source no longer holds what its manifest named */
    struct fg_manifest manifest;
    size_t signed_length;
    uint8_t signed_manifest[FG_MANIFEST_SIGNED_MAX];
    bool has_base; /* base is in force and of the same shape */
    struct fg_manifest base;
    struct fg_list_update_result result;
};

/* Fetches into DIR/name, going on behind what is there already; at most bytes_max bytes in all. The bytes
 * stay there when the fetch is interrupted, and are removed when they cannot be good. */
typedef enum fg_err (*fg_update_fetcher)(struct fg_update *update, int file_descriptor, uint64_t bytes_done,
                                         uint64_t bytes_max, struct fg_error *error);
enum fg_err fg_update_fetch(struct fg_update *update, const char *name, uint64_t bytes_max,
                            fg_update_fetcher fetcher, bool *ret_resumed, struct fg_error *error);
enum fg_err fg_update_path(const struct fg_update *update, const char *name,
                           char ret_path[FG_UPDATE_PATH_MAX], struct fg_error *error);
/* Removes what earlier updates left for other versions. */
void fg_update_clean(const struct fg_update *update, const char *keep_delta, const char *keep_file);

/* Compares trees and exchanges the buckets that differ. FG_E_STATE: more than half of them do, or more than
 * FG_UPDATE_BUCKETS_MAX: the whole file is cheaper. */
#define FG_UPDATE_BUCKETS_MAX 65536
enum fg_err fg_update_repair(struct fg_update *update, struct fg_error *error);

#endif
