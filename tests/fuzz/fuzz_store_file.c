/* SQLite files as they are found at start, written over in places: the point's journal, the station's store,
 * the bureau's. The first byte chooses the file; then, again and again, two bytes of place, one of length,
 * and so many bytes. Opening and verifying must end with an error that says what is wrong, or with none, and
 * never more. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/schema/schema.h"
#include "host/station/store/store_verify.h"
#include "proto/journal/entry.h"

#define FILE_MAX (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static char paths[3][64];
static uint8_t *files[3];
static size_t sizes[3];
static struct fg_private_key key;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void journal_make(void)
{
    struct fg_journal_settings settings = {.path = paths[0],
                                           .controller = "ctl-1",
                                           .key = &key,
                                           .bytes_max = 1 << 20,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 4,
                                           .fill_reserve_percent = 10};
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .clock_quality = FG_CLOCK_INFORMATIVE, .wall_ms = 1};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    struct fg_error error;
    uint64_t sequence;

    require(fg_journal_open(&settings, &journal, &start, &error) == FG_OK);
    for (int i = 0; i < 3; i++)
        require(fg_journal_append(journal, &entry, &sequence, &error) == FG_OK);
    fg_journal_close(journal);
}

static void station_make(void)
{
    struct fg_station_store_settings settings = {.path = paths[1], .deadline_ms = 1000};
    struct fg_station_store *store = NULL;
    struct fg_error error;

    require(fg_station_store_open(&settings, &store, &error) == FG_OK);
    require(fg_station_store_add_controller(store, "C1", &key.public_key, 1, &error) == FG_OK);
    fg_station_store_close(store);
}

static struct fg_sql *bureau_open(struct fg_error *error)
{
    char url[80];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 1000};
    struct fg_sql *sql = NULL;

    (void)snprintf(url, sizeof(url), "sqlite:%s", paths[2]);
    if (fg_sql_open(&settings, &sql, error) != FG_OK)
        return NULL;
    if (fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, error) == FG_OK)
        return sql;
    fg_sql_close(sql);
    return NULL;
}

/* Everything in the file itself, and no log beside it. */
static void file_take(size_t index)
{
    sqlite3 *database = NULL;
    FILE *file;

    require(sqlite3_open(paths[index], &database) == SQLITE_OK);
    require(sqlite3_exec(database, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK);
    require(sqlite3_close(database) == SQLITE_OK);
    file = fopen(paths[index], "rb");
    files[index] = malloc(FILE_MAX);
    require(file != NULL && files[index] != NULL);
    sizes[index] = fread(files[index], 1, FILE_MAX, file);
    (void)fclose(file);
    require(sizes[index] > 0 && sizes[index] < FILE_MAX);
}

static void start(void)
{
    struct fg_error error;
    struct fg_sql *sql;

    require(fg_private_key_new(&key, &error) == FG_OK);
    for (size_t i = 0; i < 3; i++)
        (void)snprintf(paths[i], sizeof(paths[i]), "/tmp/fuzz-store-%ld-%zu", (long)getpid(), i);
    journal_make();
    station_make();
    sql = bureau_open(&error);
    require(sql != NULL);
    fg_sql_close(sql);
    for (size_t i = 0; i < 3; i++)
        file_take(i);
}

static void beside_remove(const char *path)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal"};
    char name[96];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void patched_write(size_t index, const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(sizes[index]);
    FILE *file = fopen(paths[index], "wb");

    require(copy != NULL && file != NULL);
    memcpy(copy, files[index], sizes[index]);
    while (length > 3) {
        size_t place = ((size_t)bytes[0] << 8 | bytes[1]) * 7 % sizes[index];
        size_t count = bytes[2] % 32;

        bytes += 3;
        length -= 3;
        for (; count > 0 && length > 0 && place < sizes[index]; count--, length--)
            copy[place++] = *bytes++;
    }
    require(fwrite(copy, 1, sizes[index], file) == sizes[index] && fclose(file) == 0);
    free(copy);
    beside_remove(paths[index]);
}

static void nothing(void *context, const char *controller, const char *text)
{
    (void)context;
    require(controller != NULL && text[0] != '\0');
}

static void finding(void *context, const struct fg_audit_finding *found)
{
    (void)context;
    require(found->text[0] != '\0');
}

static void station_try(void)
{
    const struct fg_station_verify wanted = {.found = nothing};
    struct fg_station_store_settings settings = {.path = paths[1], .deadline_ms = 1000};
    struct fg_station_store *store = NULL;
    struct fg_station_verified sum;
    struct fg_error error;

    if (fg_station_store_open(&settings, &store, &error) != FG_OK)
        return;
    (void)fg_station_store_check(store, &wanted, &sum, &error);
    fg_station_store_close(store);
}

static void bureau_try(void)
{
    const struct fg_audit_settings settings = {.directory = fg_known_devices, .report = finding};
    struct fg_audit_result result;
    struct fg_error error;
    struct fg_sql *sql = bureau_open(&error);

    if (sql == NULL)
        return;
    (void)fg_bureau_verify(sql, &settings, NULL, &result, &error);
    fg_sql_close(sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_journal_verdict verdict;
    struct fg_error error;
    size_t index;

    if (files[0] == NULL)
        start();
    if (length < 1)
        return 0;
    index = bytes[0] % 3;
    patched_write(index, bytes + 1, length - 1);
    if (index == 0)
        (void)fg_journal_verify(paths[0], NULL, &key.public_key, &verdict, &error);
    else if (index == 1)
        station_try();
    else
        bureau_try();
    return 0;
}
