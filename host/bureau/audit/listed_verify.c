/* Implementation of verifying the folder of published lists (listed_verify.h). */
#include "host/bureau/audit/listed_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"

#define PATH_BYTES 1024
#define TEXT_BYTES 256 /* what a finding is kept with */

struct look {
    const struct fg_listed *listed;
    fg_listed_found found;
    void *context;
    char list_id[FG_NAME_MAX + 1]; /* the list that is looked at, and what was published of it */
    uint64_t version;
    struct fg_digest root;
};

static void find(const struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void find(const struct look *look, const char *format, ...)
{
    char text[TEXT_BYTES];
    size_t used = (size_t)snprintf(text, sizeof(text), "list %s: ", look->list_id);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + used, sizeof(text) - used, format, arguments);
    va_end(arguments);
    look->found(look->context, text);
}

/* The manifest of a list file that may be anybody's. */
static enum fg_err manifest_read(const struct look *look, const char *path, struct fg_manifest *ret_manifest,
                                 struct fg_error *error)
{
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result = fg_list_file_open(path, &file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(file, &length);
    result =
        fg_manifest_verify(bytes, length, look->listed->keys, look->listed->key_count, ret_manifest, error);
    fg_list_file_close(file);
    return result;
}

static void file_look(const struct look *look)
{
    struct fg_manifest manifest;
    struct fg_error error;
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s/%" PRIu64 ".fgl", look->listed->directory, look->list_id,
                   look->version);
    if (access(path, F_OK) != 0)
        find(look,
             "version %" PRIu64
             " was published, but is not in its folder: the folder was put back to an older "
             "copy, or the file was removed; publish again",
             look->version);
    else if (manifest_read(look, path, &manifest, &error) != FG_OK)
        find(look, "%.180s", error.text);
    else if (strcmp(manifest.list_id, look->list_id) != 0 || manifest.version != look->version ||
             !fg_bytes_equal(&manifest.root, &look->root, sizeof(look->root)))
        find(look,
             "the file of version %" PRIu64 " holds version %" PRIu64
             " of %s, or another list of that version",
             look->version, manifest.version, manifest.list_id);
}

static enum fg_err store_open(const struct look *look, const char *path, struct fg_list **ret_list,
                              struct fg_error *error)
{
    enum fg_err result = access(path, F_OK) == 0 ? fg_list_open(path, NULL, look->listed->keys,
                                                                look->listed->key_count, ret_list, error)
                                                 : fg_fail(error, FG_E_NOT_FOUND, "%s is missing", path);

    return result == FG_OK ? fg_list_pin(*ret_list, look->list_id, "", error) : result;
}

static void store_look(const struct look *look)
{
    struct fg_manifest manifest = {.version = 0};
    struct fg_list *list = NULL;
    struct fg_error error;
    char path[PATH_BYTES];
    enum fg_err result;

    (void)snprintf(path, sizeof(path), "%s/%s/list.db", look->listed->directory, look->list_id);
    result = store_open(look, path, &list, &error);
    if (result == FG_OK)
        result = fg_list_verify(list, &error);
    if (result == FG_OK)
        result = fg_list_manifest(list, &manifest, &error);
    if (result != FG_OK)
        find(look, "its store does not prove: %.180s", error.text);
    else if (manifest.version < look->version)
        find(look,
             "its store ends at version %" PRIu64 ", but version %" PRIu64
             " was published: it was put back to an older copy; publish again",
             manifest.version, look->version);
    fg_list_close(list);
}

/* false: the row is not one that was ever written; the ledger names it. */
static bool row_take(struct look *look, struct fg_sql_statement *row)
{
    size_t length = 0;
    const uint8_t *root = fg_sql_bytes(row, 2, &length);
    const char *list_id = fg_sql_text(row, 0);

    if (length != sizeof(look->root.bytes) || strlen(list_id) > FG_NAME_MAX || strchr(list_id, '/') != NULL ||
        list_id[0] == '.' || list_id[0] == '\0' || fg_sql_int(row, 1) <= 0)
        return false;
    memcpy(look->list_id, list_id, strlen(list_id) + 1);
    look->version = (uint64_t)fg_sql_int(row, 1);
    memcpy(look->root.bytes, root, length);
    return true;
}

enum fg_err fg_listed_verify(struct fg_sql *sql, const struct fg_listed *listed, fg_listed_found found,
                             void *context, struct fg_error *error)
{
    struct look look = {.listed = listed, .found = found, .context = context};
    struct fg_sql_statement *row;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT v.list_id, v.version, v.root FROM list_version v WHERE v.version = (SELECT MAX(n.version) "
        "FROM list_version n WHERE n.list_id = v.list_id AND n.published_ms < $1) ORDER BY v.list_id",
        &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, listed->now_ms - FG_LISTED_GRACE_MS);
    while ((result = fg_sql_next(row, error)) == FG_OK) {
        if (!row_take(&look, row))
            continue;
        file_look(&look);
        store_look(&look);
    }
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}
