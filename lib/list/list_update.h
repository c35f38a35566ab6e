/* Bringing a list store up to date from a source: manifest, then the cheapest way that proves: delta, repair
 * of the buckets that differ, whole file. The eight client rules of The Update Framework are kept here and in
 * the store.
 *
 * Not: the network (list_source_https.c implements the source), when to ask. Relies on: list.h, proto. One
 * thread.
 */
#ifndef FG_LIB_LIST_LIST_UPDATE_H
#define FG_LIB_LIST_LIST_UPDATE_H

#include "lib/list/list.h"
#include "lib/net/https_client.h"

/* Where list data comes from. FG_E_NOT_FOUND: the source has no such thing. Sizes are capped by capacity or
 * bytes_max before anything is parsed. */
struct fg_list_source {
    void *context;
    enum fg_err (*manifest)(void *context, uint8_t *buffer, size_t capacity, size_t *ret_length,
                            struct fg_error *error);
    /* The delta from version `from` to `to`, appended to the open file; bytes_done are there already
     * (resume). bytes_max counts those too. FG_E_RANGE: the source cannot go on there; asked again from 0. */
    enum fg_err (*delta)(void *context, uint64_t from, uint64_t to, int file_descriptor, uint64_t bytes_done,
                         uint64_t bytes_max, struct fg_error *error);
    /* The digests of one group of the tree (proto/list/tree.h) of version `version`. */
    enum fg_err (*node)(void *context, uint64_t version, uint8_t level, uint32_t index,
                        struct fg_digest *ret_digests, size_t count, struct fg_error *error);
    enum fg_err (*bucket)(void *context, uint64_t version, uint32_t index, uint8_t *buffer, size_t capacity,
                          size_t *ret_length, struct fg_error *error);
    enum fg_err (*file)(void *context, uint64_t version, int file_descriptor, uint64_t bytes_done,
                        uint64_t bytes_max, struct fg_error *error);
};

enum fg_list_update_way {
    FG_LIST_UPDATE_NONE,   /* already the newest */
    FG_LIST_UPDATE_DELTA,  /* a delta proved */
    FG_LIST_UPDATE_REPAIR, /* only buckets that differ were fetched */
    FG_LIST_UPDATE_FILE    /* the whole file */
};

struct fg_list_update_result {
    enum fg_list_update_way way;
    struct fg_manifest manifest; /* now in force */
    uint64_t version_before;     /* 0 = none */
    uint32_t buckets_fetched;
    uint64_t bytes_fetched;
};

/* One update. work_directory is the caller's own and keeps partly fetched files, so that an interrupted fetch
 * goes on where it was; after an update by delta the delta's file stays there as DIR/FROM-TO.fgd until the
 * next. On any error the old list stays in force. list_id is the only list id that is accepted. Errors as
 * fg_list_import, and the source's; FG_E_BUSY: the list keeps changing at the source. */
enum fg_err fg_list_update(struct fg_list *list, const char *list_id, const struct fg_list_source *source,
                           const char *work_directory, int64_t now_ms,
                           struct fg_list_update_result *ret_result, struct fg_error *error);

/* The same, but when the version offered is in force already, the store is verified, and what does not prove
 * is fetched anew (an edited or damaged store is not healed by a delta). */
enum fg_err fg_list_heal(struct fg_list *list, const char *list_id, const struct fg_list_source *source,
                         const char *work_directory, int64_t now_ms, struct fg_list_update_result *ret_result,
                         struct fg_error *error);

/* The source behind an HTTPS connection (GET /v1/list/...). *ret_source and its context belong to the caller;
 * context is the memory given. */
struct fg_list_https {
    struct fg_https *https;
    char list_id[FG_NAME_MAX + 1];
};
void fg_list_https_source(struct fg_list_https *context, struct fg_list_source *ret_source);

#endif
