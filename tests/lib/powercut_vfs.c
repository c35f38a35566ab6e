/* Implementation of the disk that loses power (powercut_vfs.h). */
#include "tests/lib/powercut_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 16
#define NAME_MAX_BYTES 128
#define SECTOR 512
#define SHM_PAGES 8
#define SHM_BYTES 32768

/* A pending write (data) or truncation (data NULL, offset is the new size). */
struct pending {
    struct pending *next;
    int64_t offset;
    int64_t length;
    uint8_t *data;
};

struct content {
    uint8_t *bytes;
    int64_t size;
};

struct disk_file {
    char name[NAME_MAX_BYTES]; /* empty = free */
    struct content now;        /* what a reader sees */
    struct content durable;    /* what is certainly on the medium */
    struct pending *first;
    struct pending **last;
    bool entry_durable;
    bool deleted; /* deletion not yet durable */
};

struct disk {
    struct disk_file files[FILES_MAX];
};

struct handle {
    sqlite3_file base;
    struct disk_file *file;
    bool syncs_directory;
    int lock;
};

static struct disk disk;
static struct disk saved;
static struct disk saved_cut;
static struct handle *writer_lock[FILES_MAX];
static void *shm[FILES_MAX][SHM_PAGES];
static uint64_t steps;
static uint64_t cut_step;
static bool dead;
static bool registered;

static void *must(void *memory)
{
    if (memory == NULL) {
        (void)fputs("powercut_vfs: no memory\n", stderr);
        abort();
    }
    return memory;
}

static void content_resize(struct content *content, int64_t size)
{
    content->bytes = must(realloc(content->bytes, (size_t)size + 1));
    if (size > content->size)
        memset(content->bytes + content->size, 0, (size_t)(size - content->size));
    content->size = size;
}

static void content_write(struct content *content, const uint8_t *data, int64_t length, int64_t offset)
{
    if (offset + length > content->size)
        content_resize(content, offset + length);
    memcpy(content->bytes + offset, data, (size_t)length);
}

static void drop_pending(struct disk_file *file)
{
    while (file->first != NULL) {
        struct pending *next = file->first->next;

        free(file->first->data);
        free(file->first);
        file->first = next;
    }
    file->last = NULL;
}

static void drop_file(struct disk_file *file)
{
    drop_pending(file);
    free(file->now.bytes);
    free(file->durable.bytes);
    memset(file, 0, sizeof(*file));
}

static void add_pending(struct disk_file *file, const uint8_t *data, int64_t length, int64_t offset)
{
    struct pending *pending = must(calloc(1, sizeof(*pending)));

    pending->offset = offset;
    pending->length = length;
    if (data != NULL) {
        pending->data = must(malloc((size_t)length + 1));
        memcpy(pending->data, data, (size_t)length);
    }
    if (file->first == NULL)
        file->first = pending;
    else
        *file->last = pending;
    file->last = &pending->next;
}

static void content_copy(struct content *to, const struct content *from)
{
    memset(to, 0, sizeof(*to));
    content_resize(to, from->size);
    if (from->size > 0)
        memcpy(to->bytes, from->bytes, (size_t)from->size);
}

static void copy_disk(struct disk *to, const struct disk *from)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct disk_file *source = &from->files[i];
        struct disk_file *target = &to->files[i];

        drop_file(target);
        if (source->name[0] == '\0')
            continue;
        memcpy(target->name, source->name, sizeof(target->name));
        content_copy(&target->now, &source->now);
        content_copy(&target->durable, &source->durable);
        target->entry_durable = source->entry_durable;
        target->deleted = source->deleted;
        for (const struct pending *pending = source->first; pending != NULL; pending = pending->next)
            add_pending(target, pending->data, pending->length, pending->offset);
    }
}

/* Counts a step; true when the power goes in this very step. */
static bool power_goes(void)
{
    steps++;
    return cut_step != 0 && steps == cut_step;
}

static struct disk_file *find_file(const char *name)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        if (disk.files[i].name[0] != '\0' && strcmp(disk.files[i].name, name) == 0)
            return &disk.files[i];
    }
    return NULL;
}

static void sync_directory(void)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        disk.files[i].entry_durable = true;
        if (disk.files[i].deleted)
            drop_file(&disk.files[i]);
    }
}

/* ---- file methods ------------------------------------------------------------------------------ */

static int file_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    size_t index = (size_t)(handle->file - disk.files);

    if (writer_lock[index] == handle)
        writer_lock[index] = NULL;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *to, int amount, sqlite3_int64 offset)
{
    const struct content *content = &((struct handle *)base)->file->now;
    int64_t length = content->size - offset;

    if (dead)
        return SQLITE_IOERR_READ;
    if (length >= amount) {
        memcpy(to, content->bytes + offset, (size_t)amount);
        return SQLITE_OK;
    }
    memset(to, 0, (size_t)amount);
    if (length > 0)
        memcpy(to, content->bytes + offset, (size_t)length);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 offset)
{
    struct disk_file *file = ((struct handle *)base)->file;

    if (dead)
        return SQLITE_IOERR_WRITE;
    add_pending(file, from, amount, offset);
    content_write(&file->now, from, amount, offset);
    dead = power_goes(); /* inside the write: its sectors are pending like all others */
    return dead ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct disk_file *file = ((struct handle *)base)->file;

    if (dead)
        return SQLITE_IOERR_TRUNCATE;
    add_pending(file, NULL, 0, size);
    content_resize(&file->now, size);
    dead = power_goes();
    return dead ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;

    (void)flags;
    if (dead)
        return SQLITE_IOERR_FSYNC;
    dead = power_goes(); /* before anything is durable; after it is the next step's cut */
    if (dead)
        return SQLITE_IOERR_FSYNC;
    drop_pending(handle->file);
    free(handle->file->durable.bytes);
    content_copy(&handle->file->durable, &handle->file->now);
    if (handle->syncs_directory)
        sync_directory();
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    *ret_size = ((struct handle *)base)->file->now.size;
    return dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    size_t index = (size_t)(handle->file - disk.files);

    if (level >= SQLITE_LOCK_RESERVED) {
        if (writer_lock[index] != NULL && writer_lock[index] != handle)
            return SQLITE_BUSY;
        writer_lock[index] = handle;
    }
    handle->lock = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    size_t index = (size_t)(handle->file - disk.files);

    if (level < SQLITE_LOCK_RESERVED && writer_lock[index] == handle)
        writer_lock[index] = NULL;
    handle->lock = level;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *ret_reserved)
{
    *ret_reserved = writer_lock[((struct handle *)base)->file - disk.files] != NULL;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    if (operation == SQLITE_FCNTL_PERSIST_WAL) {
        *(int *)argument = 1;
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite assumes of Linux disks */
}

/* The shared index is memory: one process, so locks are always granted, and a power cut forgets it. */
static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret_page)
{
    size_t index = (size_t)(((struct handle *)base)->file - disk.files);

    if (page >= SHM_PAGES || size > SHM_BYTES)
        return SQLITE_IOERR_SHMMAP;
    if (shm[index][page] == NULL && extend != 0)
        shm[index][page] = must(calloc(1, SHM_BYTES));
    *ret_page = shm[index][page];
    return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)base;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void file_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int file_shm_unmap(sqlite3_file *base, int forget)
{
    size_t index = (size_t)(((struct handle *)base)->file - disk.files);

    (void)forget;
    for (size_t page = 0; page < SHM_PAGES; page++) {
        free(shm[index][page]);
        shm[index][page] = NULL;
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- disk methods ------------------------------------------------------------------------------ */

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *ret_flags)
{
    struct handle *handle = (struct handle *)base;
    struct disk_file *file = name == NULL ? NULL : find_file(name);

    (void)vfs;
    memset(handle, 0, sizeof(*handle));
    if (dead || name == NULL || strlen(name) >= NAME_MAX_BYTES)
        return SQLITE_CANTOPEN;
    if (file != NULL && file->deleted) {
        /* Made anew under a name whose deletion is not durable: its old bytes may come back. */
        file->deleted = false;
    }
    for (size_t i = 0; file == NULL && (flags & SQLITE_OPEN_CREATE) != 0 && i < FILES_MAX; i++) {
        if (disk.files[i].name[0] == '\0') {
            file = &disk.files[i];
            memcpy(file->name, name, strlen(name) + 1);
        }
    }
    if (file == NULL)
        return SQLITE_CANTOPEN;
    handle->file = file;
    handle->syncs_directory =
        (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    handle->base.pMethods = &methods;
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int syncs_directory)
{
    struct disk_file *file = find_file(name);

    (void)vfs;
    if (dead)
        return SQLITE_IOERR_DELETE;
    if (file == NULL || file->deleted)
        return SQLITE_IOERR_DELETE_NOENT;
    file->deleted = true;
    drop_pending(file);
    content_resize(&file->now, 0);
    dead = power_goes();
    if (dead)
        return SQLITE_IOERR_DELETE;
    if (syncs_directory != 0 || !file->entry_durable)
        drop_file(file);
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
    const struct disk_file *file = find_file(name);

    (void)vfs;
    *ret_there = file != NULL && !file->deleted && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0);
    return dead ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int size, char *ret_path)
{
    (void)vfs;
    (void)sqlite3_snprintf(size, ret_path, "%s", name);
    return SQLITE_OK;
}

static int disk_random(sqlite3_vfs *vfs, int size, char *ret_bytes)
{
    (void)vfs;
    memset(ret_bytes, 7, (size_t)size); /* the same every time, so that a run can be repeated */
    return size;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int disk_time(sqlite3_vfs *vfs, double *ret_day)
{
    (void)vfs;
    *ret_day = 2461000.5;
    return SQLITE_OK;
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *ret_text)
{
    (void)vfs;
    if (size > 0)
        ret_text[0] = '\0';
    return 0;
}

static sqlite3_vfs vfs_methods = {
    .iVersion = 1,
    .szOsFile = (int)sizeof(struct handle),
    .mxPathname = NAME_MAX_BYTES,
    .zName = FG_POWERCUT_VFS,
    .xOpen = disk_open,
    .xDelete = disk_delete,
    .xAccess = disk_access,
    .xFullPathname = disk_full_path,
    .xRandomness = disk_random,
    .xSleep = disk_sleep,
    .xCurrentTime = disk_time,
    .xGetLastError = disk_last_error,
};

/* ---- what a test calls ------------------------------------------------------------------------- */

void fg_powercut_format(void)
{
    if (!registered && sqlite3_vfs_register(&vfs_methods, 0) != SQLITE_OK)
        abort();
    registered = true;
    for (size_t i = 0; i < FILES_MAX; i++)
        drop_file(&disk.files[i]);
    memset(writer_lock, 0, sizeof(writer_lock));
    dead = false;
    fg_powercut_arm(0);
}

void fg_powercut_arm(uint64_t step)
{
    steps = 0;
    cut_step = step;
}

bool fg_powercut_is_dead(void)
{
    return dead;
}

uint64_t fg_powercut_steps(void)
{
    return steps;
}

void fg_powercut_save(void)
{
    copy_disk(&saved, &disk);
}

void fg_powercut_restore(void)
{
    copy_disk(&disk, &saved);
    dead = false;
}

void fg_powercut_save_cut(void)
{
    copy_disk(&saved_cut, &disk);
}

void fg_powercut_restore_cut(void)
{
    copy_disk(&disk, &saved_cut);
}

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool survives(enum fg_powercut_mode mode, uint64_t *state)
{
    if (mode == FG_POWERCUT_RANDOM)
        return (next_random(state) & 1) != 0;
    return mode == FG_POWERCUT_KEEP;
}

static void settle_write(struct content *content, const struct pending *pending, enum fg_powercut_mode mode,
                         uint64_t *state)
{
    int64_t at = 0;

    while (at < pending->length) {
        int64_t length = SECTOR - (pending->offset + at) % SECTOR;

        if (length > pending->length - at)
            length = pending->length - at;
        if (survives(mode, state))
            content_write(content, pending->data + at, length, pending->offset + at);
        at += length;
    }
}

static void settle_file(struct disk_file *file, enum fg_powercut_mode mode, uint64_t *state)
{
    for (const struct pending *pending = file->first; pending != NULL; pending = pending->next) {
        if (pending->data != NULL)
            settle_write(&file->durable, pending, mode, state);
        else if (survives(mode, state))
            content_resize(&file->durable, pending->offset);
    }
    drop_pending(file);
    free(file->now.bytes);
    content_copy(&file->now, &file->durable);
}

void fg_powercut_restart(enum fg_powercut_mode mode, uint64_t seed)
{
    uint64_t state = seed;

    for (size_t i = 0; i < FILES_MAX; i++) {
        struct disk_file *file = &disk.files[i];

        if (file->name[0] == '\0')
            continue;
        if ((file->deleted && survives(mode, &state)) || (!file->entry_durable && !survives(mode, &state))) {
            drop_file(file);
            continue;
        }
        file->deleted = false;
        file->entry_durable = true;
        settle_file(file, mode, &state);
    }
    memset(writer_lock, 0, sizeof(writer_lock));
    dead = false;
    fg_powercut_arm(0);
}
