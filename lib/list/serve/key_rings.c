/* Implementation of handing key rings on (key_rings.h). */
#include "lib/list/serve/key_rings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/list/serve/list_folder.h"

/* What was found so far. */
struct pick {
    uint64_t after;
    bool newest;
    bool found;
    uint64_t version;
    size_t length;
    char name[256];
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
};

static bool is_better(const struct pick *pick, uint64_t version, const char *name)
{
    if (version <= pick->after)
        return false;
    if (!pick->found || version == pick->version)
        return !pick->found || strcmp(name, pick->name) < 0;
    return pick->newest ? version > pick->version : version < pick->version;
}

/* One file; whatever is no ring changes nothing. */
static void look(struct pick *pick, int folder, const char *name)
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_keyring ring;
    size_t length = 0;

    if (fg_file_read_at(folder, name, 0, bytes, sizeof(bytes), &length, NULL) != FG_OK || length == 0 ||
        fg_keyring_decode(bytes, length, &ring, NULL, NULL) != FG_OK || !is_better(pick, ring.version, name))
        return;
    pick->found = true;
    pick->version = ring.version;
    pick->length = length;
    (void)snprintf(pick->name, sizeof(pick->name), "%s", name);
    memcpy(pick->bytes, bytes, pick->length);
}

static enum fg_err look_into(struct pick *pick, const char *path, DIR *folder, struct fg_error *error)
{
    const struct dirent *entry;
    unsigned count = 0;

    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (++count > FG_KEY_RINGS_FOLDER_MAX)
            return fg_fail(error, FG_E_FULL, "%s: more than %d files where only key rings should be", path,
                           FG_KEY_RINGS_FOLDER_MAX);
        look(pick, dirfd(folder), entry->d_name);
    }
    return FG_OK;
}

enum fg_err fg_key_rings_pick(const char *path, uint64_t after, bool newest, uint8_t *buffer,
                              size_t *ret_length, uint64_t *ret_version, struct fg_error *error)
{
    struct pick pick = {.after = after, .newest = newest};
    DIR *folder = opendir(path);
    enum fg_err code = FG_OK;

    if (folder != NULL) {
        code = look_into(&pick, path, folder, error);
        (void)closedir(folder);
    } else if (errno == ENOTDIR) {
        look(&pick, AT_FDCWD, path);
    } else if (errno != ENOENT) {
        code = fg_fail(error, FG_E_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (code == FG_OK && !pick.found)
        code = fg_fail(error, FG_E_NOT_FOUND, "there is no key ring after version %llu",
                       (unsigned long long)after);
    if (code != FG_OK)
        return code;
    memcpy(buffer, pick.bytes, pick.length);
    *ret_length = pick.length;
    *ret_version = pick.version;
    return FG_OK;
}

void fg_key_rings_answer(fg_key_rings_from from, const char *path, const struct fg_request *request,
                         struct fg_answer *ret_answer)
{
    const char *text = fg_request_query(request, "after");
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    uint64_t after = 0;
    uint64_t version = 0;
    size_t length = 0;
    enum fg_err code = FG_E_NOT_FOUND;

    if (text != NULL && strcmp(text, "0") != 0 && !fg_folder_number(text, strnlen(text, 20), &after)) {
        fg_answer_text(ret_answer, 400, "after= must be a whole number");
        return;
    }
    if (path[0] != '\0')
        code = from(path, after, text == NULL, bytes, &length, &version, NULL);
    if (code == FG_OK)
        fg_answer_bytes(ret_answer, 200, bytes, length);
    else if (code == FG_E_NOT_FOUND)
        fg_answer_text(ret_answer, 404, "there is no %skey ring", after > 0 ? "newer " : "");
    else
        fg_answer_text(ret_answer, 503, "the key rings cannot be read just now");
}
