/* The SQLite file of the list store: its tables, statements and transactions. The first thing that a
 * transaction does is to find out which manifest is in force in the file as it sees it.
 *
 * Not: what the bytes prove (list_find.c, list_verify.c), changing which list is in force (list_in_force.c).
 */
#include "lib/list/private.h"

#include <string.h>

#define SCHEMA_VERSION 1
#define BUSY_MS 2000
#define VALUE_BYTES_MAX (1 << 20)

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS manifest(id INTEGER PRIMARY KEY CHECK(id = 1), signed BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS seen(list_id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS bucket(idx INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS node(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);"
    "PRAGMA user_version = 1;"
    "COMMIT;";

/* The page cache is small because a controller has little memory; imports spill to the WAL. */
static const char settings[] = "PRAGMA cache_size = -2000; PRAGMA mmap_size = 0; PRAGMA temp_store = FILE;"
                               "PRAGMA secure_delete = OFF; PRAGMA trusted_schema = OFF;"
                               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

static const char *const statement_texts[FG_LIST_STATEMENTS] = {
    [FG_LIST_BEGIN] = "BEGIN",
    [FG_LIST_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [FG_LIST_COMMIT] = "COMMIT",
    [FG_LIST_ROLLBACK] = "ROLLBACK",
    [FG_LIST_DATA_VERSION] = "PRAGMA data_version",
    [FG_LIST_GET_MANIFEST] = "SELECT signed FROM manifest WHERE id = ?1",
    [FG_LIST_PUT_MANIFEST] = "INSERT OR REPLACE INTO manifest(id, signed) VALUES(?1, ?2)",
    [FG_LIST_GET_SEEN] = "SELECT version FROM seen WHERE list_id = ?1",
    [FG_LIST_PUT_SEEN] = "INSERT OR REPLACE INTO seen(list_id, version) VALUES(?1, ?2)",
    [FG_LIST_GET_BUCKET] = "SELECT bytes FROM bucket WHERE idx = ?1",
    [FG_LIST_PUT_BUCKET] = "INSERT OR REPLACE INTO bucket(idx, bytes) VALUES(?1, ?2)",
    [FG_LIST_GET_NODE] = "SELECT hashes FROM node WHERE id = ?1",
    [FG_LIST_PUT_NODE] = "INSERT OR REPLACE INTO node(id, hashes) VALUES(?1, ?2)",
    [FG_LIST_CLEAR_BUCKETS] = "DELETE FROM bucket",
    [FG_LIST_CLEAR_NODES] = "DELETE FROM node",
    [FG_LIST_DROP_BUCKETS] = "DELETE FROM bucket WHERE idx BETWEEN ?1 AND ?2",
    [FG_LIST_DROP_NODES] = "DELETE FROM node WHERE id BETWEEN ?1 AND ?2",
    [FG_LIST_ALL_BUCKETS] = "SELECT idx, bytes FROM bucket ORDER BY idx",
    [FG_LIST_COUNT_NODES] = "SELECT count(*) FROM node",
};

enum fg_err fg_list_sqlite_fail(struct fg_list *list, int code, const char *doing, struct fg_error *error)
{
    const char *text = list->db != NULL ? sqlite3_errmsg(list->db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fg_fail(error, FG_E_BUSY, "list store: %s: another process holds it; try again", doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
        return fg_fail(error, FG_E_CORRUPT,
                       "list store: %s: damaged (%s); move the file away and import the list", doing, text);
    case SQLITE_NOMEM:
        return fg_fail(error, FG_E_MEMORY, "list store: %s: out of memory", doing);
    default:
        return fg_fail(error, FG_E_IO, "list store: %s: %s", doing, text);
    }
}

enum fg_err fg_list_run(struct fg_list *list, enum fg_list_statement which, struct fg_error *error)
{
    int code = sqlite3_step(list->statements[which]);

    (void)sqlite3_reset(list->statements[which]); /* repeats the result of the step */
    if (code != SQLITE_DONE)
        return fg_list_sqlite_fail(list, code, statement_texts[which], error);
    return FG_OK;
}

enum fg_err fg_list_get(struct fg_list *list, enum fg_list_statement which, int64_t id,
                        const uint8_t **ret_bytes, size_t *ret_length, struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[which];
    int code = sqlite3_bind_int64(statement, 1, id);
    enum fg_err result;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *ret_bytes = sqlite3_column_blob(statement, 0);
        *ret_length = (size_t)sqlite3_column_bytes(statement, 0);
        return FG_OK;
    }
    if (code == SQLITE_DONE)
        result = fg_fail(error, FG_E_NOT_FOUND, "list store: %s: no row %lld", statement_texts[which],
                         (long long)id);
    else
        result = fg_list_sqlite_fail(list, code, statement_texts[which], error);
    (void)sqlite3_reset(statement);
    return result;
}

void fg_list_release(struct fg_list *list, enum fg_list_statement which)
{
    (void)sqlite3_reset(list->statements[which]);
}

enum fg_err fg_list_put(struct fg_list *list, enum fg_list_statement which, int64_t id, const uint8_t *bytes,
                        size_t length, struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[which];
    int code = sqlite3_bind_int64(statement, 1, id);

    if (code == SQLITE_OK)
        code = sqlite3_bind_blob(statement, 2, length > 0 ? (const void *)bytes : "", (int)length,
                                 SQLITE_STATIC);
    if (code != SQLITE_OK)
        return fg_list_sqlite_fail(list, code, statement_texts[which], error);
    return fg_list_run(list, which, error);
}

enum fg_err fg_list_put_changed(struct fg_list *list, enum fg_list_statement get, enum fg_list_statement put,
                                int64_t id, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    const uint8_t *old;
    size_t old_length;
    bool same = false;
    enum fg_err result = fg_list_get(list, get, id, &old, &old_length, error);

    if (result == FG_OK) {
        same = old_length == length && (length == 0 || memcmp(old, bytes, length) == 0);
        fg_list_release(list, get);
    } else if (result != FG_E_NOT_FOUND) {
        return result;
    }
    return same ? FG_OK : fg_list_put(list, put, id, bytes, length, error);
}

enum fg_err fg_list_drop(struct fg_list *list, enum fg_list_statement which, int64_t first, int64_t last,
                         struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[which];
    int code = sqlite3_bind_int64(statement, 1, first);

    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 2, last);
    if (code != SQLITE_OK)
        return fg_list_sqlite_fail(list, code, statement_texts[which], error);
    return fg_list_run(list, which, error);
}

int64_t fg_list_node_id(uint8_t level, uint32_t index)
{
    return (int64_t)level << 32 | index;
}

void fg_list_remember_version(struct fg_list *list, const char *list_id, uint64_t version)
{
    if (strcmp(list->highest_id, list_id) == 0 && version <= list->highest_version)
        return;
    (void)strncpy(list->highest_id, list_id, sizeof(list->highest_id) - 1);
    list->highest_version = version;
}

enum fg_err fg_list_highest_version(struct fg_list *list, const char *list_id, uint64_t *ret_version,
                                    struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_GET_SEEN];
    uint64_t version = 0;
    int code = sqlite3_bind_text(statement, 1, list_id, -1, SQLITE_STATIC);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW && sqlite3_column_int64(statement, 0) > 0)
        version = (uint64_t)sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fg_list_sqlite_fail(list, code, "reading the highest version", error);
    if (strcmp(list->highest_id, list_id) == 0 && version < list->highest_version)
        version = list->highest_version;
    *ret_version = version;
    return FG_OK;
}

enum fg_err fg_list_put_highest_version(struct fg_list *list, const char *list_id, uint64_t version,
                                        struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_PUT_SEEN];
    int code = sqlite3_bind_text(statement, 1, list_id, -1, SQLITE_STATIC);
    enum fg_err result;

    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 2, (int64_t)version);
    if (code != SQLITE_OK)
        result = fg_list_sqlite_fail(list, code, "keeping the highest version", error);
    else
        result = fg_list_run(list, FG_LIST_PUT_SEEN, error);
    (void)sqlite3_clear_bindings(statement);
    return result;
}

/* Sets state and manifest from the file. A manifest that does not verify is a state, not an error. */
static enum fg_err load_manifest(struct fg_list *list, struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t highest;
    enum fg_err result = fg_list_get(list, FG_LIST_GET_MANIFEST, 1, &bytes, &length, error);

    if (result == FG_E_NOT_FOUND) {
        list->state = FG_LIST_MISSING;
        return FG_OK;
    }
    if (result != FG_OK)
        return result;
    result = fg_list_accept(list, bytes, length, 0, &list->manifest, error);
    fg_list_release(list, FG_LIST_GET_MANIFEST);
    if (result != FG_OK) {
        list->state = FG_LIST_NOT_AUTHENTIC;
        return FG_OK;
    }
    result = fg_list_highest_version(list, list->manifest.list_id, &highest, error);
    if (result != FG_OK)
        return result;
    if (highest > list->manifest.version)
        list->state = FG_LIST_ROLLED_BACK;
    else if (highest < list->manifest.version) /* every import keeps its version: somebody took it away */
        list->state = FG_LIST_NOT_AUTHENTIC;
    else
        list->state = FG_LIST_IN_FORCE;
    if (list->state == FG_LIST_IN_FORCE)
        fg_list_remember_version(list, list->manifest.list_id, list->manifest.version);
    return FG_OK;
}

static enum fg_err refresh(struct fg_list *list, struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_DATA_VERSION];
    int code = sqlite3_step(statement);
    int64_t version = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    enum fg_err result;

    (void)sqlite3_reset(statement);
    if (code != SQLITE_ROW)
        return fg_list_sqlite_fail(list, code, "asking whether the file changed", error);
    if (list->loaded && version == list->data_version)
        return FG_OK;
    list->loaded = false;
    result = load_manifest(list, error);
    if (result == FG_OK) {
        list->loaded = true;
        list->data_version = version;
    }
    return result;
}

enum fg_err fg_list_begin(struct fg_list *list, enum fg_list_statement begin, struct fg_error *error)
{
    enum fg_err result = fg_list_run(list, begin, error);

    if (result != FG_OK)
        return result;
    result = refresh(list, error);
    if (result != FG_OK)
        fg_list_abandon(list);
    return result;
}

void fg_list_abandon(struct fg_list *list)
{
    /* SQLite may have rolled back on its own after a failure; then there is nothing to end. */
    if (sqlite3_get_autocommit(list->db) == 0)
        (void)fg_list_run(list, FG_LIST_ROLLBACK, NULL);
}

static enum fg_err prepare(struct fg_list *list, struct fg_error *error)
{
    for (int i = 0; i < FG_LIST_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(list->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &list->statements[i], NULL);

        if (code != SQLITE_OK)
            return fg_list_sqlite_fail(list, code, statement_texts[i], error);
    }
    return FG_OK;
}

enum fg_err fg_list_store_open(struct fg_list *list, const char *path, const char *vfs_name,
                               struct fg_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sqlite3_stmt *statement = NULL;
    int version = -1;
    int code = sqlite3_open_v2(path, &list->db, flags, vfs_name);

    if (code != SQLITE_OK)
        return fg_list_sqlite_fail(list, code, "opening the file", error);
    (void)sqlite3_busy_timeout(list->db, BUSY_MS);
    (void)sqlite3_limit(list->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    /* Nobody puts triggers or views into this file but a forger. */
    (void)sqlite3_db_config(list->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(list->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    code = sqlite3_exec(list->db, settings, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(list->db, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    if (code != SQLITE_OK)
        return fg_list_sqlite_fail(list, code, "opening the file", error);
    if (version != 0 && version != SCHEMA_VERSION)
        return fg_fail(error, FG_E_CORRUPT, "list store: written by another version of fillgate (%d)",
                       version);
    if (version == 0)
        code = sqlite3_exec(list->db, schema, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return fg_list_sqlite_fail(list, code, "creating the tables", error);
    return prepare(list, error);
}

void fg_list_store_close(struct fg_list *list)
{
    for (int i = 0; i < FG_LIST_STATEMENTS; i++)
        (void)sqlite3_finalize(list->statements[i]);
    (void)sqlite3_close(list->db);
}
