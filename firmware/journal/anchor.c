/* Implementation of the anchor file (anchor.h). */
#include "firmware/journal/anchor.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT 2
#define SLOT_BYTES 512      /* one sector, so that a torn write cannot mix two heads */
#define SLOT_DISTANCE 4096  /* slots in different blocks of the medium */
#define SLOT_HEADER_BYTES 6 /* magic and length */
#define CHECK_BYTES 8       /* of SHA-256 over the statement: tells a torn slot from a whole one */

static const uint8_t magic[4] = {'F', 'G', 'A', '1'};

struct fg_anchor {
    sqlite3_filename name;
    sqlite3_file *file;
    unsigned next_slot;
};

static void release(struct fg_anchor *anchor)
{
    if (anchor->file != NULL && anchor->file->pMethods != NULL)
        (void)anchor->file->pMethods->xClose(anchor->file);
    free(anchor->file);
    if (anchor->name != NULL)
        sqlite3_free_filename(anchor->name);
    memset(anchor, 0, sizeof(*anchor));
}

/* Opens the anchor's file with SQLite's open flags; leaves *anchor released on error. */
static enum fg_err open_file(const char *path, const char *vfs_name, int flags, struct fg_anchor *anchor,
                             struct fg_error *error)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(vfs_name);
    char full[1024];
    char *joined = NULL;
    enum fg_err code = FG_OK;

    memset(anchor, 0, sizeof(*anchor));
    if (vfs == NULL)
        return fg_fail(error, FG_E_ARG, "%s.anchor: there is no file layer named %s", path, vfs_name);
    if (vfs->mxPathname >= (int)sizeof(full) ||
        vfs->xFullPathname(vfs, path, (int)sizeof(full), full) != SQLITE_OK) {
        code = fg_fail(error, FG_E_IO, "%s.anchor: its path cannot be resolved", path);
        goto done;
    }
    joined = sqlite3_mprintf("%s.anchor", full);
    anchor->name = joined == NULL ? NULL : sqlite3_create_filename(joined, "", "", 0, NULL);
    anchor->file = calloc(1, (size_t)vfs->szOsFile);
    if (anchor->name == NULL || anchor->file == NULL) {
        code = fg_fail(error, FG_E_MEMORY, "%s.anchor: no memory", path);
        goto done;
    }
    if (vfs->xOpen(vfs, anchor->name, anchor->file, flags, NULL) != SQLITE_OK)
        code =
            fg_fail(error, FG_E_IO, "%s.anchor: cannot be opened; check the directory and its rights", path);
done:
    sqlite3_free(joined);
    if (code != FG_OK)
        release(anchor);
    return code;
}

/* Reads one slot; false when it was never written whole. */
static bool read_slot(struct fg_anchor *anchor, unsigned slot, struct fg_head *ret_head,
                      struct fg_signature *ret_signature)
{
    uint8_t bytes[SLOT_BYTES];
    struct fg_digest digest;
    size_t length;
    int result =
        anchor->file->pMethods->xRead(anchor->file, bytes, SLOT_BYTES, (sqlite3_int64)slot * SLOT_DISTANCE);

    if (result != SQLITE_OK || memcmp(bytes, magic, sizeof(magic)) != 0)
        return false;
    length = (size_t)bytes[4] | (size_t)bytes[5] << 8;
    if (length > FG_STATEMENT_BYTES_MAX)
        return false;
    fg_sha256(bytes + SLOT_HEADER_BYTES, length, &digest);
    if (memcmp(digest.bytes, bytes + SLOT_HEADER_BYTES + length, CHECK_BYTES) != 0)
        return false;
    return fg_head_decode(bytes + SLOT_HEADER_BYTES, length, ret_head, ret_signature, NULL) == FG_OK;
}

static void read_slots(struct fg_anchor *anchor, struct fg_anchor_state *ret_state)
{
    memset(ret_state, 0, sizeof(*ret_state));
    anchor->next_slot = 0;
    for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
        struct fg_head head;
        struct fg_signature signature;

        if (!read_slot(anchor, slot, &head, &signature))
            continue;
        if (ret_state->known && head.sequence <= ret_state->head.sequence)
            continue;
        ret_state->known = true;
        ret_state->head = head;
        ret_state->signature = signature;
        anchor->next_slot = (slot + 1) % SLOT_COUNT;
    }
}

/* Makes the file exist durably: SQLite's file layer syncs a directory only for files of the journal kind, and
 * locks only files of the database kind, hence two openings. */
static enum fg_err create_file(const char *path, const char *vfs_name, struct fg_error *error)
{
    static const uint8_t empty[SLOT_BYTES];
    struct fg_anchor anchor;
    sqlite3_int64 size = 0;
    enum fg_err code =
        open_file(path, vfs_name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUPER_JOURNAL,
                  &anchor, error);

    if (code != FG_OK)
        return code;
    if (anchor.file->pMethods->xFileSize(anchor.file, &size) != SQLITE_OK)
        code = FG_E_IO;
    if (code == FG_OK && size < SLOT_DISTANCE + SLOT_BYTES) {
        /* Extended with zeros only: a slot that stands already stays. */
        if (anchor.file->pMethods->xWrite(anchor.file, empty, SLOT_BYTES, SLOT_DISTANCE) != SQLITE_OK ||
            anchor.file->pMethods->xSync(anchor.file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
            code = FG_E_IO;
    }
    if (code != FG_OK)
        (void)fg_fail(error, code, "%s.anchor: cannot be created; check the disk", path);
    release(&anchor);
    return code;
}

enum fg_err fg_anchor_open(const char *path, const char *vfs_name, struct fg_anchor **ret_anchor,
                           struct fg_anchor_state *ret_state, struct fg_error *error)
{
    struct fg_anchor *anchor = calloc(1, sizeof(*anchor));
    enum fg_err code;
    int result;

    if (anchor == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s.anchor: no memory", path);
    code = create_file(path, vfs_name, error);
    if (code == FG_OK)
        code = open_file(path, vfs_name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, anchor, error);
    if (code != FG_OK)
        goto done;
    result = anchor->file->pMethods->xLock(anchor->file, SQLITE_LOCK_SHARED);
    if (result == SQLITE_OK)
        result = anchor->file->pMethods->xLock(anchor->file, SQLITE_LOCK_RESERVED);
    if (result == SQLITE_BUSY) {
        code = fg_fail(error, FG_E_BUSY, "%s: another controller process writes this journal; stop it first",
                       path);
        goto done;
    }
    if (result != SQLITE_OK) {
        code = fg_fail(error, FG_E_IO, "%s.anchor: cannot be locked", path);
        goto done;
    }
    read_slots(anchor, ret_state);
    *ret_anchor = anchor;
    anchor = NULL;
done:
    fg_anchor_close(anchor);
    return code;
}

void fg_anchor_close(struct fg_anchor *anchor)
{
    if (anchor == NULL)
        return;
    if (anchor->file != NULL && anchor->file->pMethods != NULL)
        (void)anchor->file->pMethods->xUnlock(anchor->file, SQLITE_LOCK_NONE);
    release(anchor);
    free(anchor);
}

enum fg_err fg_anchor_write(struct fg_anchor *anchor, const struct fg_head *head,
                            const struct fg_signature *signature, struct fg_error *error)
{
    uint8_t bytes[SLOT_BYTES] = {0};
    struct fg_digest digest;
    size_t length;
    enum fg_err code = fg_head_encode(head, signature, bytes + SLOT_HEADER_BYTES,
                                      SLOT_BYTES - SLOT_HEADER_BYTES - CHECK_BYTES, &length, error);

    if (code != FG_OK)
        return code;
    memcpy(bytes, magic, sizeof(magic));
    bytes[4] = (uint8_t)(length & 0xff);
    bytes[5] = (uint8_t)(length >> 8);
    fg_sha256(bytes + SLOT_HEADER_BYTES, length, &digest);
    memcpy(bytes + SLOT_HEADER_BYTES + length, digest.bytes, CHECK_BYTES);
    if (anchor->file->pMethods->xWrite(anchor->file, bytes, SLOT_BYTES,
                                       (sqlite3_int64)anchor->next_slot * SLOT_DISTANCE) != SQLITE_OK ||
        anchor->file->pMethods->xSync(anchor->file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
        return fg_fail(error, FG_E_IO, "journal anchor: cannot be written; check the disk");
    anchor->next_slot = (anchor->next_slot + 1) % SLOT_COUNT;
    return FG_OK;
}

enum fg_err fg_anchor_read(const char *path, const char *vfs_name, struct fg_anchor_state *ret_state,
                           struct fg_error *error)
{
    struct fg_anchor anchor;

    (void)error;
    memset(ret_state, 0, sizeof(*ret_state));
    if (open_file(path, vfs_name, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &anchor, NULL) != FG_OK)
        return FG_OK; /* no file: the journal itself says whether there must be one */
    read_slots(&anchor, ret_state);
    release(&anchor);
    return FG_OK;
}
