/* Implementation of fetching and keeping changes of authorities (authority_update.h). */
#include "proto/hop/authority_update.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "proto/journal/sync.h"

/* ---- files ---- */

static enum fg_err folder_path(const char *ca_path, char ret_path[FG_AUTHORITY_PATH_BYTES],
                               struct fg_error *error)
{
    int length = snprintf(ret_path, FG_AUTHORITY_PATH_BYTES, "%s.changes", ca_path);

    return length > 0 && length < FG_AUTHORITY_PATH_BYTES
               ? FG_OK
               : fg_fail(error, FG_E_SIZE, "%s: the path is too long", ca_path);
}

static enum fg_err change_keep(const char *ca_path, uint64_t version, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    char folder[FG_AUTHORITY_PATH_BYTES];
    char path[FG_AUTHORITY_PATH_BYTES + 32];
    enum fg_err result = folder_path(ca_path, folder, error);

    if (result != FG_OK)
        return result;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot be created: %s", folder, strerror(errno));
    (void)snprintf(path, sizeof(path), "%s/%" PRIu64, folder, version);
    return fg_file_write(path, 0644, bytes, length, error);
}

/* The version that a kept file's name is; 0: it is none. */
static uint64_t version_of(const char *name)
{
    char *end = NULL;
    unsigned long long version;

    if (name[0] < '1' || name[0] > '9' || strlen(name) > 19)
        return 0;
    version = strtoull(name, &end, 10);
    return *end == '\0' ? version : 0;
}

static enum fg_err kept_pick(const char *path, DIR *folder, uint64_t after, uint64_t *ret_version,
                             struct fg_error *error)
{
    const struct dirent *entry;
    unsigned count = 0;

    *ret_version = 0;
    while ((entry = readdir(folder)) != NULL) {
        uint64_t version = version_of(entry->d_name);

        if (entry->d_name[0] != '.' && ++count > FG_AUTHORITY_FOLDER_MAX)
            return fg_fail(error, FG_E_FULL, "%s: more than %d files", path, FG_AUTHORITY_FOLDER_MAX);
        if (version > after && (*ret_version == 0 || version < *ret_version))
            *ret_version = version;
    }
    return *ret_version != 0 ? FG_OK
                             : fg_fail(error, FG_E_NOT_FOUND, "there is no newer change of authorities");
}

static enum fg_err kept_read(int folder, uint64_t version, uint8_t *buffer, size_t *ret_length,
                             struct fg_error *error)
{
    char name[32];
    size_t length = 0;

    (void)snprintf(name, sizeof(name), "%" PRIu64, version);
    if (fg_file_read_at(folder, name, FG_FILE_NO_LINK, buffer, FG_AUTHORITY_CHANGE_BYTES_MAX, &length,
                        NULL) != FG_OK ||
        length == 0)
        return fg_fail(error, FG_E_IO, "change of authorities %" PRIu64 " cannot be read", version);
    *ret_length = length;
    return FG_OK;
}

enum fg_err fg_authority_change_kept(const char *ca_path, uint64_t after, uint8_t *buffer, size_t *ret_length,
                                     struct fg_error *error)
{
    char path[FG_AUTHORITY_PATH_BYTES];
    uint64_t version = 0;
    DIR *folder;
    enum fg_err result = folder_path(ca_path, path, error);

    if (result != FG_OK)
        return result;
    folder = opendir(path);
    if (folder == NULL)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: %s", path, strerror(errno));
    result = kept_pick(path, folder, after, &version, error);
    if (result == FG_OK)
        result = kept_read(dirfd(folder), version, buffer, ret_length, error);
    (void)closedir(folder);
    return result;
}

/* ---- taking ---- */

/* The change is kept first: the file of authorities says last that all is there. */
static enum fg_err step(const char *ca_path, struct fg_authority *in_force, const uint8_t *bytes,
                        size_t length, bool keeps, struct fg_error *error)
{
    struct fg_authority *next = malloc(sizeof(*next));
    enum fg_err result;

    if (next == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the authorities");
    result = fg_authority_change_judge(in_force, bytes, length, next, error);
    if (result == FG_OK && keeps)
        result = change_keep(ca_path, next->version, bytes, length, error);
    if (result == FG_OK)
        *in_force = *next;
    free(next);
    return result;
}

enum fg_err fg_authority_change_take(const char *ca_path, const uint8_t *bytes, size_t length, bool keeps,
                                     uint64_t *ret_version, struct fg_error *error)
{
    struct fg_authority *in_force = malloc(sizeof(*in_force));
    enum fg_err result;

    if (in_force == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the authorities");
    result = fg_authority_read(ca_path, in_force, error);
    if (result == FG_OK)
        result = step(ca_path, in_force, bytes, length, keeps, error);
    if (result == FG_OK)
        result = fg_file_write(ca_path, 0644, in_force->pem, strlen(in_force->pem), error);
    if (result == FG_OK)
        *ret_version = in_force->version;
    free(in_force);
    return result;
}

/* ---- asking ---- */

/* bytes has FG_AUTHORITY_CHANGE_BYTES_MAX bytes. FG_E_NOT_FOUND: the hop has none. */
static enum fg_err ask(struct fg_https *https, uint64_t after, uint8_t *bytes, size_t *ret_length,
                       bool *ret_answered, struct fg_error *error)
{
    char path[96];
    struct fg_https_request request = {
        .method = "GET", .path = path, .answer_max = FG_AUTHORITY_CHANGE_BYTES_MAX, .answer_buffer = bytes};
    struct fg_https_answer answer = {0};
    enum fg_err result;

    (void)snprintf(path, sizeof(path), FG_SYNC_PATH_AUTHORITIES "?after=%" PRIu64, after);
    result = fg_https_ask(https, &request, &answer, error);
    *ret_answered = result == FG_OK;
    if (result != FG_OK)
        return result;
    if (answer.status != 200)
        return fg_fail(error, answer.status == 404 ? FG_E_NOT_FOUND : FG_E_BUSY,
                       "the next hop answered HTTP %u where a change of authorities was asked for",
                       answer.status);
    *ret_length = (size_t)answer.length;
    return FG_OK;
}

/* What the hop has, one after the other, into *in_force. */
static enum fg_err ask_all(struct fg_https *https, const char *ca_path, bool keeps,
                           struct fg_authority *in_force, struct fg_authority_update *update,
                           struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_AUTHORITY_CHANGE_BYTES_MAX);
    size_t length = 0;
    enum fg_err result = FG_OK;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a change of authorities");
    while (result == FG_OK && update->taken < FG_AUTHORITY_UPDATE_MAX) {
        result = ask(https, in_force->version, bytes, &length, &update->answered, error);
        if (result == FG_OK)
            result = step(ca_path, in_force, bytes, length, keeps, error);
        if (result == FG_OK)
            update->taken++;
    }
    free(bytes);
    return result == FG_E_NOT_FOUND && update->answered ? FG_OK : result;
}

/* What came before an error counts. */
static enum fg_err take_all(struct fg_https *https, const char *ca_path, bool keeps,
                            struct fg_authority_update *update, struct fg_error *error)
{
    struct fg_authority *in_force = malloc(sizeof(*in_force));
    enum fg_err result;
    enum fg_err written = FG_OK;

    if (in_force == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the authorities");
    result = fg_authority_read(ca_path, in_force, error);
    if (result == FG_OK)
        result = ask_all(https, ca_path, keeps, in_force, update, error);
    if (update->taken > 0)
        written = fg_file_write(ca_path, 0644, in_force->pem, strlen(in_force->pem),
                                result == FG_OK ? error : NULL);
    if (written != FG_OK)
        update->taken = 0;
    else
        update->version = in_force->version;
    free(in_force);
    return result == FG_OK ? written : result;
}

/* Over a connection that proves nothing of the hop; nothing of ours is shown to it. */
static enum fg_err take_unproven(const struct fg_https_settings *settings, bool keeps,
                                 struct fg_authority_update *update, struct fg_error *error)
{
    struct fg_https_settings unproven = *settings;
    struct fg_https *https = NULL;
    enum fg_err result;

    unproven.ca_path = NULL;
    unproven.ca_pem = NULL;
    unproven.certificate_path = NULL;
    unproven.key_path = NULL;
    unproven.peer_roles = FG_HTTPS_UNPROVEN;
    result = fg_https_new(&unproven, &https, error);
    if (result == FG_OK)
        result = take_all(https, settings->ca_path, keeps, update, error);
    fg_https_free(https);
    return result;
}

enum fg_err fg_authority_update(struct fg_https *https, const struct fg_https_settings *settings, bool keeps,
                                struct fg_authority_update *ret_update, struct fg_error *error)
{
    struct fg_authority_update second = {.taken = 0};
    struct fg_error why = {.text = ""};
    enum fg_err result;
    enum fg_err code;

    *ret_update = (struct fg_authority_update){.taken = 0};
    result = take_all(https, settings->ca_path, keeps, ret_update, error);
    if (result != FG_E_AUTH || ret_update->answered)
        return result;
    /* The hop's certificate is not good: by a change that has not come here yet? */
    code = take_unproven(settings, keeps, &second, &why);
    if (second.taken > 0) {
        *ret_update = second;
        return FG_OK;
    }
    if (code != FG_OK && second.answered)
        return fg_fail_in(error, result, "what it announces is not taken (%s); ", why.text);
    return result;
}

enum fg_err fg_authority_outgrown(const char *ca_path, const char *certificate_path, bool *ret_outgrown,
                                  struct fg_error *error)
{
    struct fg_authority *authority = malloc(sizeof(*authority));
    size_t place = 0;
    enum fg_err result;

    if (authority == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the authorities");
    result = fg_authority_read(ca_path, authority, error);
    if (result == FG_OK)
        result = fg_authority_place(authority, certificate_path, &place, error);
    if (result == FG_OK)
        *ret_outgrown = authority->version > 0 && place > 0;
    free(authority);
    return result;
}
