/* Implementation of checking a database (sql_check.h). */
#include "host/sql/sql_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sql/private.h"

#define FINDINGS_MAX 20
#define TEXT_BYTES 320
#define NAME_BYTES 128
#define MADE_BYTES 8192
#define DEADLINE_MS 10000

struct check {
    struct fg_sql *sql;
    fg_sql_check_report report;
    void *context;
    struct fg_error *error;
};

static void tell(const struct check *check, const char *name, const char *what)
{
    char text[TEXT_BYTES];

    (void)snprintf(text, sizeof(text), "%.200s%s%.100s", name, what[0] != '\0' ? ": " : "", what);
    for (char *at = text; *at != '\0'; at++) /* one line, whatever the database says */
        *at = *at < ' ' && *at >= 0 ? ' ' : *at;
    check->report(check->context, text);
}

/* Tells the first column of every row, with `what`; at most FINDINGS_MAX. A row "ok" is none. */
static enum fg_err rows_tell(const struct check *check, const char *query, const char *what)
{
    struct fg_sql_statement *statement;
    unsigned told = 0;
    enum fg_err result = fg_sql_prepare(check->sql, query, &statement, check->error);

    if (result != FG_OK)
        return result;
    while (told < FINDINGS_MAX && (result = fg_sql_next(statement, check->error)) == FG_OK) {
        if (strcmp(fg_sql_text(statement, 0), "ok") == 0)
            continue;
        tell(check, fg_sql_text(statement, 0), what);
        told++;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- SQLite ---- */

/* One object of a schema: a table, an index, a trigger, a view. */
struct object {
    char name[NAME_BYTES];
    char made[MADE_BYTES]; /* its kind, its table, and the statement that made it */
    bool known;
};

/* Steps to the object after *object in the order of names; known = false at the end. */
static enum fg_err object_step(struct fg_sql *sql, struct object *object, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char behind[NAME_BYTES];
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT name, type || ' ' || tbl_name || ' ' || COALESCE(sql, '') FROM sqlite_master "
                       "WHERE name > $1 AND name NOT LIKE 'sqlite_stat%' ORDER BY name LIMIT 1",
                       &statement, error);

    if (result != FG_OK)
        return result;
    memcpy(behind, object->name, sizeof(behind));
    fg_sql_bind_text(statement, 1, behind);
    result = fg_sql_next(statement, error);
    object->known = result == FG_OK;
    if (result == FG_OK) {
        (void)snprintf(object->name, sizeof(object->name), "%s", fg_sql_text(statement, 0));
        (void)snprintf(object->made, sizeof(object->made), "%s", fg_sql_text(statement, 1));
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Goes through both schemas side by side, each in the order of names. */
static enum fg_err objects_compare(const struct check *check, struct fg_sql *made, struct object *here,
                                   struct object *there)
{
    unsigned told = 0;
    enum fg_err result = object_step(check->sql, here, check->error);

    if (result == FG_OK)
        result = object_step(made, there, check->error);
    while (result == FG_OK && told < FINDINGS_MAX && (here->known || there->known)) {
        int order = !here->known ? 1 : !there->known ? -1 : strcmp(here->name, there->name);

        if (order < 0)
            tell(check, here->name, "nobody's program made it; it was planted in the schema");
        else if (order > 0)
            tell(check, there->name, "it is missing in the schema");
        else if (strcmp(here->made, there->made) != 0)
            tell(check, here->name, "its definition in the schema was edited");
        told += order != 0 || strcmp(here->made, there->made) != 0;
        if (order <= 0)
            result = object_step(check->sql, here, check->error);
        if (result == FG_OK && order >= 0)
            result = object_step(made, there, check->error);
    }
    return result;
}

/* The schema as the migrations make it, in memory, beside the one in the file. */
static enum fg_err sqlite_schema_check(const struct check *check, const struct fg_sql_migration *migrations,
                                       size_t count)
{
    const struct fg_sql_settings settings = {
        .url = "sqlite::memory:", .sqlite_vfs = "unix", .deadline_ms = DEADLINE_MS};
    struct object *objects = calloc(2, sizeof(*objects));
    struct fg_sql *made = NULL;
    enum fg_err result;

    if (objects == NULL)
        return fg_fail(check->error, FG_E_MEMORY, "database: no memory");
    result = fg_sql_open(&settings, &made, check->error);
    if (result == FG_OK)
        result = fg_sql_migrate(made, migrations, count, NULL, check->error);
    if (result == FG_OK)
        result = objects_compare(check, made, &objects[0], &objects[1]);
    fg_sql_close(made);
    free(objects);
    return result;
}

static enum fg_err sqlite_check(const struct check *check, const struct fg_sql_migration *migrations,
                                size_t count)
{
    enum fg_err result = rows_tell(check, "PRAGMA integrity_check(20)", "");

    if (result == FG_OK)
        result = sqlite_schema_check(check, migrations, count);
    if (result == FG_E_CORRUPT) { /* the error's text names the file and what SQLite says of it */
        tell(check, "the database cannot be read through", check->error != NULL ? check->error->text : "");
        result = FG_OK;
    }
    return result;
}

/* ---- PostgreSQL ---- */

#define OURS "c.relnamespace = current_schema()::regnamespace"

static enum fg_err amcheck_find(const struct check *check, bool *ret_there)
{
    int64_t count = 0;
    enum fg_err result = fg_sql_number(
        check->sql, "SELECT COUNT(*) FROM pg_extension WHERE extname = 'amcheck'", &count, check->error);

    if (result == FG_OK)
        *ret_there = count > 0;
    return result;
}

/* The next index behind `name`, by name. */
static enum fg_err index_step(const struct check *check, char name[NAME_BYTES])
{
    struct fg_sql_statement *statement;
    char behind[NAME_BYTES];
    enum fg_err result =
        fg_sql_prepare(check->sql,
                       "SELECT c.relname::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE " OURS
                       " AND c.relkind = 'i' AND a.amname = 'btree' AND c.relname::text > $1 COLLATE \"C\" "
                       "ORDER BY c.relname::text COLLATE \"C\" LIMIT 1",
                       &statement, check->error);

    if (result != FG_OK)
        return result;
    memcpy(behind, name, sizeof(behind));
    fg_sql_bind_text(statement, 1, behind);
    result = fg_sql_next(statement, check->error);
    if (result == FG_OK)
        (void)snprintf(name, NAME_BYTES, "%s", fg_sql_text(statement, 0));
    fg_sql_reset(statement);
    return result;
}

/* Each index by a statement of its own: a damaged one fails with words that say how. */
static enum fg_err indices_check(const struct check *check)
{
    char name[NAME_BYTES] = "";
    struct fg_error why;
    enum fg_err result;

    while ((result = index_step(check, name)) == FG_OK) {
        struct fg_sql_statement *statement;

        result =
            fg_sql_prepare(check->sql, "SELECT bt_index_check($1::regclass, true)", &statement, check->error);
        if (result != FG_OK)
            return result;
        fg_sql_bind_text(statement, 1, name);
        result = fg_sql_run(statement, NULL, &why);
        if (result == FG_E_GONE || result == FG_E_TIMEOUT || result == FG_E_BUSY)
            return fg_fail(check->error, result, "%s", why.text);
        if (result != FG_OK)
            tell(check, name, why.text);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err postgres_check(const struct check *check, bool *ret_indices_checked)
{
    enum fg_err result =
        rows_tell(check,
                  "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE " OURS
                  " AND NOT t.tgisinternal",
                  "a trigger that nobody's program made");

    if (result == FG_OK)
        result = rows_tell(check,
                           "SELECT r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
                           "WHERE " OURS,
                           "a rule or view that nobody's program made");
    if (result == FG_OK)
        result = rows_tell(check,
                           "SELECT c.relname::text FROM pg_class c WHERE " OURS
                           " AND (c.relrowsecurity OR c.relforcerowsecurity)",
                           "row security hides rows of it");
    if (result == FG_OK)
        result = rows_tell(check,
                           "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                           "WHERE " OURS " AND NOT (i.indisvalid AND i.indisready AND i.indislive)",
                           "the index is not in use");
    if (result == FG_OK)
        result = amcheck_find(check, ret_indices_checked);
    if (result == FG_OK && *ret_indices_checked)
        result = indices_check(check);
    return result;
}

/* Which migrations are noted as done: exactly those that the program has. */
static enum fg_err versions_check(const struct check *check, const struct fg_sql_migration *migrations,
                                  size_t count)
{
    struct fg_sql_statement *statement;
    size_t place = 0;
    bool good = true;
    enum fg_err result = fg_sql_prepare(check->sql, "SELECT number, name FROM schema_version ORDER BY number",
                                        &statement, check->error);

    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(statement, check->error)) == FG_OK) {
        good = good && place < count && fg_sql_int(statement, 0) == (int64_t)migrations[place].number &&
               strcmp(fg_sql_text(statement, 1), migrations[place].name) == 0;
        place++;
    }
    if (result == FG_E_NOT_FOUND && (!good || place != count))
        tell(check, "schema_version", "the migrations noted are not the program's");
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_sql_check(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                         fg_sql_check_report report, void *context, bool *ret_indices_checked,
                         struct fg_error *error)
{
    struct fg_error ours;
    const struct check check = {sql, report, context, error != NULL ? error : &ours};
    bool indices = true;
    enum fg_err result = strcmp(sql->backend->kind, "sqlite") == 0 ? sqlite_check(&check, migrations, count)
                                                                   : postgres_check(&check, &indices);

    if (result == FG_OK)
        result = versions_check(&check, migrations, count);
    if (result == FG_OK && ret_indices_checked != NULL)
        *ret_indices_checked = indices;
    return result;
}
