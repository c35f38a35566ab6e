/* Implementation of list_update.h: which way an update goes, and when it falls back on the next. */
#include "lib/list/list_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list_update_private.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"

#define TRIES_MAX 3 /* of one update, when the list changes at the source meanwhile */

static enum fg_err fetch_manifest(struct fg_update *update, struct fg_error *error)
{
    enum fg_err result =
        update->source->manifest(update->source->context, update->signed_manifest,
                                 sizeof(update->signed_manifest), &update->signed_length, error);

    if (result != FG_OK)
        return result;
    update->result.bytes_fetched += update->signed_length;
    result = fg_list_accept(update->list, update->signed_manifest, update->signed_length, update->now_ms,
                            &update->manifest, error);
    if (result == FG_OK && strcmp(update->manifest.list_id, update->list_id) != 0)
        result = fg_fail(error, FG_E_AUTH, "the source offers the list %s in place of %s",
                         update->manifest.list_id, update->list_id);
    return result;
}

/* What the store has, and whether the source's manifest may follow it. *ret_same: it is in force already. */
static enum fg_err look_at_store(struct fg_update *update, bool *ret_same, struct fg_error *error)
{
    struct fg_list *list = update->list;
    const struct fg_manifest *base = &list->manifest;
    uint64_t highest = 0;
    bool held = false;
    enum fg_err result = fg_list_begin(list, FG_LIST_BEGIN, error);

    if (result != FG_OK)
        return result;
    result = fg_list_highest_version(list, update->list_id, &highest, error);
    held = list->state == FG_LIST_IN_FORCE && strcmp(base->list_id, update->list_id) == 0;
    fg_list_abandon(list);
    if (result != FG_OK)
        return result;
    if (update->manifest.version < highest)
        return fg_fail(error, FG_E_OLD, "the source offers version %llu of %s, version %llu was seen before",
                       (unsigned long long)update->manifest.version, update->list_id,
                       (unsigned long long)highest);
    *ret_same = held && base->version == update->manifest.version;
    if (*ret_same && !fg_bytes_equal(&base->root, &update->manifest.root, sizeof(base->root)))
        return fg_fail(error, FG_E_AUTH, "there are two lists %s of version %llu; tell the bureau",
                       update->list_id, (unsigned long long)base->version);
    update->has_base = held && base->bucket_bits == update->manifest.bucket_bits;
    update->result.version_before = held ? base->version : 0;
    if (held)
        update->base = *base;
    return FG_OK;
}

static enum fg_err get_delta(struct fg_update *update, int fd, uint64_t done, uint64_t bytes_max,
                             struct fg_error *error)
{
    return update->source->delta(update->source->context, update->base.version, update->manifest.version, fd,
                                 done, bytes_max, error);
}

static enum fg_err get_file(struct fg_update *update, int fd, uint64_t done, uint64_t bytes_max,
                            struct fg_error *error)
{
    if (done == bytes_max) /* all there, from an update that was cut off behind the fetch */
        return FG_OK;
    return update->source->file(update->source->context, update->manifest.version, fd, done, bytes_max,
                                error);
}

/* The file must be for the manifest that was accepted, not for another one that the bureau signed too. */
static enum fg_err check_manifest(const struct fg_update *update, const uint8_t *bytes, size_t length,
                                  struct fg_error *error)
{
    if (length != update->signed_length || memcmp(bytes, update->signed_manifest, length) != 0)
        return fg_fail(error, FG_E_AUTH, "the file is not for the manifest that the source named");
    return FG_OK;
}

static enum fg_err check_delta(const struct fg_update *update, const char *path, struct fg_error *error)
{
    struct fg_delta_file *file = NULL;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_delta_file_open(path, &file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_delta_file_manifest(file, &length);
    result = check_manifest(update, bytes, length, error);
    fg_delta_file_close(file);
    return result;
}

static enum fg_err check_file(const struct fg_update *update, const char *path, struct fg_error *error)
{
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_file_open(path, &file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(file, &length);
    result = check_manifest(update, bytes, length, error);
    fg_list_file_close(file);
    return result;
}

/* What was fetched and does not prove is removed, so that the next try does not go on behind it. */
static enum fg_err by_delta(struct fg_update *update, const char *part_name, const char *name,
                            struct fg_error *error)
{
    char part[FG_UPDATE_PATH_MAX];
    char path[FG_UPDATE_PATH_MAX];
    bool resumed;
    enum fg_err result =
        fg_update_fetch(update, part_name, fg_delta_bytes_max(&update->manifest), get_delta, &resumed, error);

    if (result == FG_OK)
        result = fg_update_path(update, part_name, part, error);
    if (result == FG_OK)
        result = fg_update_path(update, name, path, error);
    if (result != FG_OK)
        return result;
    result = check_delta(update, part, error);
    if (result == FG_OK)
        result = fg_list_import(update->list, part, update->now_ms, &update->result.manifest, error);
    /* Kept for handing on; the list is in force whether or not that works. */
    if (result != FG_OK || rename(part, path) != 0)
        (void)unlink(part);
    return result;
}

static enum fg_err by_file_once(struct fg_update *update, const char *name, bool *ret_resumed,
                                struct fg_error *error)
{
    uint64_t bytes = FG_LIST_FILE_MAGIC_BYTES + FG_LIST_FILE_LENGTH_BYTES + update->signed_length +
                     update->manifest.body_bytes;
    char path[FG_UPDATE_PATH_MAX];
    enum fg_err result = fg_update_fetch(update, name, bytes, get_file, ret_resumed, error);

    if (result == FG_E_NOT_FOUND)
        update->incomplete = true;
    if (result == FG_OK)
        result = fg_update_path(update, name, path, error);
    if (result != FG_OK) {
        *ret_resumed = false;
        return result;
    }
    result = check_file(update, path, error);
    if (result == FG_OK)
        result = fg_list_import(update->list, path, update->now_ms, &update->result.manifest, error);
    if (result != FG_E_BUSY && result != FG_E_IO)
        (void)unlink(path);
    return result;
}

/* A file that does not prove may be the fault of the part that lay here: then once more from its start. */
static enum fg_err by_file(struct fg_update *update, const char *name, struct fg_error *error)
{
    bool resumed = false;
    enum fg_err result = by_file_once(update, name, &resumed, error);

    if (resumed && (result == FG_E_AUTH || result == FG_E_FORMAT || result == FG_E_SIZE))
        result = by_file_once(update, name, &resumed, error);
    return result;
}

/* This way failed, but another one may still succeed. */
static bool may_go_another_way(enum fg_err result)
{
    return result == FG_E_NOT_FOUND || result == FG_E_AUTH || result == FG_E_FORMAT || result == FG_E_SIZE ||
           result == FG_E_RANGE || result == FG_E_STATE || result == FG_E_CORRUPT;
}

static enum fg_err bring_up_to_date(struct fg_update *update, struct fg_error *error)
{
    char delta[64];
    char delta_part[72];
    char file[64];
    enum fg_err result = FG_E_STATE;

    (void)snprintf(delta, sizeof(delta), "%llu-%llu.fgd", (unsigned long long)update->base.version,
                   (unsigned long long)update->manifest.version);
    (void)snprintf(delta_part, sizeof(delta_part), "%s.part", delta);
    (void)snprintf(file, sizeof(file), "%llu.fgl.part", (unsigned long long)update->manifest.version);
    fg_update_clean(update, delta_part, file);
    if (update->has_base && !update->healing) {
        update->result.way = FG_LIST_UPDATE_DELTA;
        result = by_delta(update, delta_part, delta, error);
    }
    if (update->has_base && may_go_another_way(result)) {
        update->result.way = FG_LIST_UPDATE_REPAIR;
        result = fg_update_repair(update, error);
    }
    if (may_go_another_way(result) && !update->incomplete) {
        update->result.way = FG_LIST_UPDATE_FILE;
        result = by_file(update, file, error);
    }
    return result;
}

static enum fg_err run_once(struct fg_update *update, struct fg_error *error)
{
    bool same = false;
    enum fg_err result = look_at_store(update, &same, error);

    if (result != FG_OK)
        return result;
    update->incomplete = false;
    if (same && update->healing)
        same = fg_list_verify(update->list, NULL) == FG_OK;
    if (!same)
        return bring_up_to_date(update, error);
    update->result.way = FG_LIST_UPDATE_NONE;
    update->result.manifest = update->base;
    return FG_OK;
}

static enum fg_err run(struct fg_update *update, struct fg_error *error)
{
    enum fg_err result = fetch_manifest(update, error);

    for (int tries = 1; result == FG_OK; tries++) {
        uint64_t version = update->manifest.version;

        result = run_once(update, error);
        if (result == FG_OK || !update->incomplete)
            return result;
        if (tries == TRIES_MAX)
            return fg_fail(error, FG_E_BUSY, "the list %s keeps changing at the source; try again later",
                           update->list_id);
        /* A newer manifest explains what was not found; the same one means that the source is incomplete. */
        result = fetch_manifest(update, error);
        if (result == FG_OK && update->manifest.version == version)
            return fg_fail(error, FG_E_BUSY,
                           "the source does not hold all of version %llu of %s; try again later",
                           (unsigned long long)version, update->list_id);
    }
    return result;
}

static enum fg_err begin(struct fg_update *start, struct fg_list_update_result *ret_result,
                         struct fg_error *error)
{
    struct fg_update *update;
    enum fg_err result;

    if (start->list_id[0] == '\0' || strnlen(start->list_id, FG_NAME_MAX + 1) > FG_NAME_MAX)
        return fg_fail(error, FG_E_ARG, "list update: not a list id");
    update = malloc(sizeof(*update));
    if (update == NULL)
        return fg_fail(error, FG_E_MEMORY, "list update: out of memory");
    *update = *start;
    result = run(update, error);
    if (result == FG_OK)
        *ret_result = update->result;
    free(update);
    return result;
}

enum fg_err fg_list_update(struct fg_list *list, const char *list_id, const struct fg_list_source *source,
                           const char *work_directory, int64_t now_ms,
                           struct fg_list_update_result *ret_result, struct fg_error *error)
{
    struct fg_update start = {
        .list = list, .list_id = list_id, .source = source, .directory = work_directory, .now_ms = now_ms};

    return begin(&start, ret_result, error);
}

enum fg_err fg_list_heal(struct fg_list *list, const char *list_id, const struct fg_list_source *source,
                         const char *work_directory, int64_t now_ms, struct fg_list_update_result *ret_result,
                         struct fg_error *error)
{
    struct fg_update start = {.list = list,
                              .list_id = list_id,
                              .source = source,
                              .directory = work_directory,
                              .now_ms = now_ms,
                              .healing = true};

    return begin(&start, ret_result, error);
}
