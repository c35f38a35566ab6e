/* Numbered schema migrations, forward only (sql.h). Not: the migrations themselves, which their rooms keep.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/sql/private.h"
#include "host/sql/sql_text.h"

#define MIGRATION_LOCK "7163841120453" /* any number that nobody else locks */

/* The word BYTES becomes the back end's own type; SQLite has one order of texts only. */
static enum fg_err text_translate(struct fg_sql *sql, const char *text, char **ret_text,
                                  struct fg_error *error)
{
    bool sqlite = strcmp(sql->backend->kind, "sqlite") == 0;
    const char *type = sqlite ? "BLOB" : "BYTEA";
    size_t length = strlen(text);
    char *result = malloc(length + 1);
    char *to = result;

    if (result == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    while (*text != '\0') {
        if (strncmp(text, " BYTES", 6) == 0 && (text[6] == ' ' || text[6] == ',' || text[6] == ')')) {
            *to++ = ' ';
            memcpy(to, type, strlen(type));
            to += strlen(type);
            text += 6;
        } else if (sqlite && fg_sql_collation_at(text) > 0) {
            text += fg_sql_collation_at(text);
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    *ret_text = result;
    return FG_OK;
}

/* Which migrations the database has: each must be one that this program knows, by number and name. */
static enum fg_err applied_read(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                                size_t *ret_applied, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    size_t applied = 0;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT number, name FROM schema_version ORDER BY number", &statement, error);

    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        int64_t number = fg_sql_int(statement, 0);

        if (applied >= count)
            result = fg_fail(error, FG_E_STATE,
                             "database: it has schema version %" PRId64
                             ", this program knows %zu; use the newer program",
                             number, count);
        else if (number != (int64_t)migrations[applied].number ||
                 strcmp(fg_sql_text(statement, 1), migrations[applied].name) != 0)
            result = fg_fail(error, FG_E_STATE,
                             "database: its migration %" PRId64 " is \"%s\", expected %u \"%s\"", number,
                             fg_sql_text(statement, 1), migrations[applied].number, migrations[applied].name);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
        applied++;
    }
    if (result != FG_E_NOT_FOUND)
        return result;
    *ret_applied = applied;
    return FG_OK;
}

static enum fg_err migration_apply(struct fg_sql *sql, const struct fg_sql_migration *migration,
                                   struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char *text = NULL;
    enum fg_err result = text_translate(sql, migration->text, &text, error);

    if (result == FG_OK)
        result = sql->backend->script(sql, text, error);
    free(text);
    if (result == FG_OK && migration->work != NULL)
        result = migration->work(sql, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "migration %u \"%s\": ", migration->number, migration->name);
    result =
        fg_sql_prepare(sql, "INSERT INTO schema_version (number, name) VALUES ($1, $2)", &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, migration->number);
    fg_sql_bind_text(statement, 2, migration->name);
    return fg_sql_run(statement, NULL, error);
}

/* Programs that start at the same time wait here for each other. SQLite's transactions do by themselves. */
static enum fg_err locked_begin(struct fg_sql *sql, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK && strcmp(sql->backend->kind, "postgresql") == 0)
        result = sql->backend->script(sql, "SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")", error);
    return result;
}

/* All that are missing, in order, and then what they left for the end. */
static enum fg_err missing_apply(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t first,
                                 size_t count, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = first; result == FG_OK && i < count; i++)
        result = migration_apply(sql, &migrations[i], error);
    for (size_t i = first; result == FG_OK && i < count; i++) {
        if (migrations[i].finish != NULL)
            result = migrations[i].finish(sql, error);
        if (result != FG_OK)
            return fg_fail_in(error, result, "end of migration %u \"%s\": ", migrations[i].number,
                              migrations[i].name);
    }
    return result;
}

/* In one transaction, so that nothing is left between a migration and its end. */
static enum fg_err bring_up(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                            size_t *ret_steps, struct fg_error *error)
{
    size_t applied = 0;
    enum fg_err result = locked_begin(sql, error);

    if (result == FG_OK)
        result = sql->backend->script(sql,
                                      "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL "
                                      "PRIMARY KEY, name TEXT NOT NULL)",
                                      error);
    if (result == FG_OK)
        result = applied_read(sql, migrations, count, &applied, error);
    if (result == FG_OK)
        result = missing_apply(sql, migrations, applied, count, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_rollback(sql);
    if (result == FG_OK)
        *ret_steps = count - applied;
    return result;
}

enum fg_err fg_sql_migrate(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                           uint32_t *ret_applied, struct fg_error *error)
{
    struct fg_error passed_over;
    size_t applied = 0;
    size_t steps = 0;
    enum fg_err result = FG_OK;

    /* Mostly nothing is missing, and then a long transaction of somebody else's is not waited for. */
    if (applied_read(sql, migrations, count, &applied, &passed_over) != FG_OK || applied != count)
        result = bring_up(sql, migrations, count, &steps, error);
    if (result == FG_OK && ret_applied != NULL)
        *ret_applied = (uint32_t)steps;
    return result;
}
