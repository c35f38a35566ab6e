/* TAMPER-SHOWS as a matrix: every table and index of the point's journal, of the list stores, of the
 * station's store and of the bureau's (on both back ends), as the live schemas have them, x what somebody who
 * may write to the store can do to it. The files beside these tables: test_tamper_files.c.
 *
 * Each table has a claim: which deeds verifying must find, and for those that it need not, why they do no
 * harm or who shows them instead. A table that is added to a schema fails here until it has a claim; a claim
 * that promises less than verifying finds fails, too. With TAMPER_MATRIX=FILE the matrix is written there as
 * a table of Markdown. */
#include <ctype.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/device/reports.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/ledger_tables.h"
#include "host/bureau/trail/ledger_verify.h"
#include "host/bureau/trail/trail.h"
#include "host/station/store/heads.h"
#include "host/station/store/store_verify.h"
#include "lib/list/list.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/postgres_fixture.h"
#include "tests/lib/fixture/host/station_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/sqlite_file.h"

#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation" /* names of tables and columns are short */
#endif

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define COLUMNS_MAX 40
#define TABLES_MAX 64
#define TREES_MAX 256
#define NAME_BYTES 64
#define SQL_BYTES 4096

static struct fg_error error;

enum deed { EDITED, DELETED, INSERTED, SWAPPED, CUT, DEEDS };
static const char *const deed_names[DEEDS] = {"row edited", "row deleted", "row inserted", "rows swapped",
                                              "tail cut"};

#define ALL ((1U << DEEDS) - 1)
#define BIT(deed) (1U << (deed))

/* found: the deeds that verifying must show. why: for the others. free: columns, each between blanks, whose
 * edit alone is not shown, with why. */
struct claim {
    const char *table;
    unsigned found;
    const char *why;
    const char *free;
};

/* A store under test: how to reach its tables, and how to verify it. */
struct store {
    const char *name;
    const char *command;
    char url[300];
    struct fg_sql *sql;   /* what verifies */
    struct fg_sql *hands; /* of whoever tampers; opened again before it holds too many statements */
    unsigned done;
    const struct claim *claims;
    size_t claim_count;
    bool
        has_trees; /* its tables' own trees are emptied too, not only its indices: nothing reads them whole */
    bool (*find)(struct store *store); /* true: something was found; store->text says what */
    bool (*find_row)(struct store *store, const char *table); /* of an edited row; NULL: as find */
    void *context;
    char text[400];
};

/* A database that the rows are kept in meanwhile is at hand under the name kept. */
static struct fg_sql *hands(struct store *store)
{
    struct fg_sql_settings settings = {.url = store->url, .deadline_ms = 10000};
    char text[400];

    if (store->hands != NULL && ++store->done % 150 != 0)
        return store->hands;
    fg_sql_close(store->hands);
    CHECK_OK(fg_sql_open(&settings, &store->hands, &error), &error);
    /* Nothing of what these do has to outlive a power cut. */
    if (strncmp(store->url, "sqlite:", 7) == 0)
        fg_fixture_sql_run(store->hands, "PRAGMA synchronous = OFF");
    (void)snprintf(text, sizeof(text), "ATTACH '%s' AS kept", fg_test_path("kept.db"));
    fg_fixture_sql_run(store->hands,
                       strncmp(store->url, "sqlite:", 7) == 0 ? text : "CREATE SCHEMA IF NOT EXISTS kept");
    return store->hands;
}

static void done(struct store *store, const char *text)
{
    fg_fixture_sql_run(hands(store), text);
}

/* false: the database itself refuses, by a unique key or a bound. */
static bool done_if_it_may_be(struct store *store, const char *text)
{
    struct fg_sql_statement *statement;
    enum fg_err result;

    CHECK_OK(fg_sql_prepare(hands(store), text, &statement, &error), &error);
    result = fg_sql_run(statement, NULL, &error);
    CHECK(result == FG_OK || result == FG_E_EXISTS || result == FG_E_RANGE);
    return result == FG_OK;
}

/* ---- the live schema ---- */

struct column {
    char name[NAME_BYTES];
    char type; /* 't', 'i', 'b' */
    bool key;
};
struct table {
    char name[NAME_BYTES];
    char row_id[NAME_BYTES]; /* by what the back end knows a row */
    size_t count;
    struct column columns[COLUMNS_MAX];
};

static bool is_sqlite(const struct store *store)
{
    return strcmp(fg_sql_kind(store->sql), "sqlite") == 0;
}

static struct fg_sql_statement *asked(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;

    CHECK_OK(fg_sql_prepare(sql, text, &statement, &error), &error);
    return statement;
}

static char type_of(const char *type)
{
    char first = (char)tolower((unsigned char)type[0]);

    return strncmp(type, "BLOB", 4) == 0 || strncmp(type, "bytea", 5) == 0                ? 'b'
           : first == 't'                                                                 ? 't'
           : first == 'i' || strncmp(type, "big", 3) == 0 || strncmp(type, "BIG", 3) == 0 ? 'i'
                                                                                          : '?';
}

static void columns_read(struct store *store, struct table *table)
{
    char text[SQL_BYTES];
    struct fg_sql_statement *row;

    if (is_sqlite(store))
        (void)snprintf(text, sizeof(text), "SELECT name, type, pk FROM pragma_table_info('%s')", table->name);
    else
        (void)snprintf(
            text, sizeof(text),
            "SELECT a.attname::text, format_type(a.atttypid, NULL), (SELECT COUNT(*) FROM pg_index i WHERE "
            "i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) FROM pg_attribute a "
            "WHERE a.attrelid = '%s'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            table->name);
    row = asked(hands(store), text);
    while (fg_sql_next(row, &error) == FG_OK) {
        struct column *column = &table->columns[table->count++];

        CHECK(table->count <= COLUMNS_MAX);
        (void)snprintf(column->name, sizeof(column->name), "%s", fg_sql_text(row, 0));
        column->type = type_of(fg_sql_text(row, 1));
        column->key = fg_sql_int(row, 2) > 0;
    }
    fg_sql_reset(row);
    CHECK(table->count > 0);
}

/* A table without row ids goes by its key. */
static void row_id_read(struct store *store, struct table *table)
{
    char text[SQL_BYTES];

    (void)snprintf(table->row_id, sizeof(table->row_id), "%s", is_sqlite(store) ? "rowid" : "ctid");
    if (!is_sqlite(store))
        return;
    (void)snprintf(text, sizeof(text), "SELECT wr FROM pragma_table_list WHERE name = '%s'", table->name);
    if (fg_fixture_sql_number(hands(store), text) != 0)
        (void)snprintf(table->row_id, sizeof(table->row_id), "%s", table->columns[0].name);
}

static size_t tables_read(struct store *store, struct table *tables)
{
    struct fg_sql_statement *row = asked(
        hands(store),
        is_sqlite(store)
            ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
            : "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = "
              "current_schema()::regnamespace ORDER BY 1");
    size_t count = 0;

    while (fg_sql_next(row, &error) == FG_OK) {
        CHECK(count < TABLES_MAX);
        (void)snprintf(tables[count++].name, NAME_BYTES, "%s", fg_sql_text(row, 0));
    }
    fg_sql_reset(row);
    for (size_t i = 0; i < count; i++) {
        columns_read(store, &tables[i]);
        row_id_read(store, &tables[i]);
    }
    return count;
}

/* ---- doing and undoing ---- */

static const char *other(const struct store *store, const struct column *column, char text[256])
{
    if (column->type == 't')
        (void)snprintf(text, 256, "COALESCE(%s, '') || 'x'", column->name);
    else if (column->type == 'b')
        (void)snprintf(text, 256, is_sqlite(store) ? "CAST('tampered' AS BLOB)" : "'tampered'::bytea");
    else
        (void)snprintf(text, 256, "%s + 1000003", column->name);
    return text;
}

/* "The first (or last) row" by where the back end keeps it. */
static void place(const struct table *table, const char *which, char text[256])
{
    (void)snprintf(text, 256, "%s = (SELECT %s(%s) FROM %s)", table->row_id, which, table->row_id,
                   table->name);
}

static void keep(struct store *store, const struct table *table)
{
    char text[SQL_BYTES];

    (void)snprintf(text, sizeof(text), "DROP TABLE IF EXISTS kept.%s", table->name);
    done(store, text);
    (void)snprintf(text, sizeof(text), "CREATE TABLE kept.%s AS SELECT * FROM %s", table->name, table->name);
    done(store, text);
}

static void restore(struct store *store, const struct table *table)
{
    char text[SQL_BYTES];

    (void)snprintf(text, sizeof(text), "DELETE FROM %s", table->name);
    done(store, text);
    (void)snprintf(text, sizeof(text), "INSERT INTO %s SELECT * FROM kept.%s", table->name, table->name);
    done(store, text);
}

static bool edit(struct store *store, const struct table *table, const struct column *column)
{
    char text[SQL_BYTES];
    char where[256];
    char value[256];

    place(table, "MIN", where);
    (void)snprintf(text, sizeof(text), "UPDATE %s SET %s = %s WHERE %s", table->name, column->name,
                   other(store, column, value), where);
    return done_if_it_may_be(store, text);
}

static void remove_one(struct store *store, const struct table *table, const char *which)
{
    char text[SQL_BYTES];
    char where[256];

    place(table, which, where);
    (void)snprintf(text, sizeof(text), "DELETE FROM %s WHERE %s", table->name, where);
    done(store, text);
}

/* A copy of the last row under another key. */
static bool insert(struct store *store, const struct table *table)
{
    char text[SQL_BYTES];
    char where[256];
    char value[256];
    size_t used = (size_t)snprintf(text, sizeof(text), "INSERT INTO %s SELECT ", table->name);

    for (size_t i = 0; i < table->count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "",
                                 table->columns[i].key ? other(store, &table->columns[i], value)
                                                       : table->columns[i].name);
    place(table, "MAX", where);
    (void)snprintf(text + used, sizeof(text) - used, " FROM %s WHERE %s", table->name, where);
    return done_if_it_may_be(store, text);
}

/* Everything but the key of the first and the last row, exchanged. false: there is nothing to exchange. */
static bool swap(struct store *store, const struct table *table)
{
    char text[SQL_BYTES];
    char first[256];
    char last[256];
    char names[2048] = "";
    char olds[2048] = "";
    size_t used = 0;
    size_t old_used = 0;
    const char *id = table->row_id;

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].key)
            continue;
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used > 0 ? ", " : "",
                                 table->columns[i].name);
        old_used += (size_t)snprintf(olds + old_used, sizeof(olds) - old_used, "%so.%s",
                                     old_used > 0 ? ", " : "", table->columns[i].name);
    }
    (void)snprintf(text, sizeof(text), "SELECT COUNT(*) FROM %s", table->name);
    if (used == 0 || fg_fixture_sql_number(hands(store), text) < 2)
        return false;
    place(table, "MIN", first);
    place(table, "MAX", last);
    (void)snprintf(
        text, sizeof(text),
        "UPDATE %s SET (%s) = (SELECT %s FROM kept.%s o WHERE o.%s = (SELECT %s(%s) FROM kept.%s)) WHERE %s",
        table->name, names, olds, table->name, id, "MAX", id, table->name, first);
    if (!is_sqlite(store) ||
        strcmp(id, "rowid") != 0) { /* numbers of places differ between the table and its copy */
        (void)snprintf(
            text, sizeof(text),
            "UPDATE %s SET (%s) = (SELECT %s FROM %s o WHERE o.%s = (SELECT MAX(%s) FROM %s)) WHERE %s",
            table->name, names, olds, table->name, id, id, table->name, first);
    }
    return done_if_it_may_be(store, text);
}

/* ---- the matrix ---- */

static FILE *matrix;

static void cell(const struct store *store, const struct table *table, const char *deed, const char *column,
                 bool found, const char *why)
{
    if (matrix != NULL)
        (void)fprintf(matrix, "| %s | %s | %s%s%s | %s | %s |\n", store->name, table->name, deed,
                      column[0] != '\0' ? ": " : "", column, found ? store->command : "-",
                      found ? store->text : why);
}

static const struct claim *claim_of(const struct store *store, const char *table)
{
    for (size_t i = 0; i < store->claim_count; i++) {
        if (strcmp(store->claims[i].table, table) == 0)
            return &store->claims[i];
    }
    return NULL;
}

static bool is_free(const struct claim *claim, const char *column)
{
    char name[NAME_BYTES + 2];

    (void)snprintf(name, sizeof(name), " %s ", column);
    return claim->free != NULL && strstr(claim->free, name) != NULL;
}

static unsigned wrong;

static void judge(struct store *store, const struct table *table, enum deed deed, const char *column,
                  bool wanted, const char *why)
{
    bool found =
        deed == EDITED && store->find_row != NULL ? store->find_row(store, table->name) : store->find(store);

    if (found != wanted) {
        wrong++;
        printf("    %s, %s, %s %s: %s\n", store->name, table->name, deed_names[deed], column,
               found ? "is found, but the claim says otherwise:" : "is NOT found");
        if (found)
            printf("        %s\n", store->text);
    }
    cell(store, table, deed_names[deed], column, found, why != NULL ? why : "");
}

/* false: the database itself refuses this deed, or there is nothing to do it to. */
static bool is_done(struct store *store, const struct table *table, enum deed deed)
{
    if (deed == SWAPPED)
        return swap(store, table);
    if (deed == INSERTED)
        return insert(store, table);
    remove_one(store, table, deed == DELETED ? "MIN" : "MAX");
    return true;
}

static void table_try(struct store *store, const struct table *table)
{
    const struct claim *claim = claim_of(store, table->name);

    if (claim == NULL) {
        wrong++;
        printf("    %s: table %s is new: say in its claim what shows when it is tampered with\n", store->name,
               table->name);
        return;
    }
    keep(store, table);
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        bool wanted = (claim->found & BIT(EDITED)) != 0 && !is_free(claim, column->name);

        /* The comparison is the same code on both back ends: here one column a table. */
        if (!is_sqlite(store) && i + 1 != table->count)
            continue;
        if (!edit(store, table, column)) {
            cell(store, table, deed_names[EDITED], column->name, false, "the schema takes no other value");
            continue;
        }
        judge(store, table, EDITED, column->name, wanted, claim->why);
        restore(store, table);
    }
    for (enum deed deed = DELETED; deed < DEEDS; deed++) {
        if (!is_done(store, table, deed))
            continue;
        judge(store, table, deed, "", (claim->found & BIT(deed)) != 0, claim->why);
        restore(store, table);
    }
}

/* ---- indices ---- */

/* A tree of the file: an index, or the table's own. */
struct tree {
    char name[NAME_BYTES];
    char table[NAME_BYTES];
    bool is_index;
    bool is_whole; /* it has every row of its table: then it is found by its name, not only by a lost page */
};

static size_t trees_read(struct store *store, struct tree *trees)
{
    struct fg_sql_statement *row = asked(
        hands(store),
        is_sqlite(store)
            ? "SELECT name, tbl_name, type = 'index', type = 'index' AND COALESCE(sql, '') NOT LIKE '% WHERE "
              "%' "
              "FROM sqlite_schema WHERE rootpage > 0 AND tbl_name NOT LIKE 'sqlite%' ORDER BY name"
            : "SELECT MIN(c.relname::text), t.relname::text, 1, 1 FROM pg_index i JOIN pg_class c ON c.oid = "
              "i.indexrelid JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = "
              "current_schema()::regnamespace AND t.relkind = 'r' GROUP BY 2 ORDER BY 1");
    size_t count = 0;

    while (fg_sql_next(row, &error) == FG_OK) {
        bool is_index = fg_sql_int(row, 2) != 0;

        if (!is_index && !store->has_trees)
            continue;
        CHECK(count < TREES_MAX);
        (void)snprintf(trees[count].name, NAME_BYTES, "%s", fg_sql_text(row, 0));
        (void)snprintf(trees[count].table, NAME_BYTES, "%s", fg_sql_text(row, 1));
        trees[count].is_index = is_index;
        trees[count++].is_whole = fg_sql_int(row, 3) != 0;
    }
    fg_sql_reset(row);
    return count;
}

/* What makes an empty tree of the same kind, under the name decoy. */
static void decoy_sql(const struct tree *tree, const struct table *table, char text[256])
{
    const char *column = table->columns[0].name;

    if (tree->is_index)
        (void)snprintf(text, 256, "CREATE INDEX decoy ON %s (%s) WHERE %s IS NULL AND %s IS NOT NULL",
                       table->name, column, column, column);
    else if (strcmp(table->row_id, "rowid") == 0)
        (void)snprintf(text, 256, "CREATE TABLE decoy (a INTEGER PRIMARY KEY, b)");
    else
        (void)snprintf(text, 256, "CREATE TABLE decoy (a TEXT PRIMARY KEY, b) WITHOUT ROWID");
}

#define ROOT_OF(name) "(SELECT rootpage FROM sqlite_schema WHERE name = '" name "')"

/* Every row is there, but no look-up by this tree finds one. Returns where the tree was. */
static int64_t tree_empty(const struct store *store, const struct tree *tree, const struct table *table)
{
    const char *path = store->url + strlen("sqlite:");
    char text[SQL_BYTES];
    char decoy[256];
    int64_t root;

    (void)snprintf(text, sizeof(text), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", tree->name);
    root = fg_fixture_sql_number(store->hands, text);
    decoy_sql(tree, table, decoy);
    (void)snprintf(
        text, sizeof(text),
        "PRAGMA synchronous = OFF; %s; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage "
        "= " ROOT_OF("decoy") " WHERE name = '%s'; DELETE FROM sqlite_schema WHERE name = 'decoy'",
        decoy, tree->name);
    (void)fg_test_sqlite_edit(path, text);
    return root;
}

static void tree_put_back(const struct store *store, const struct tree *tree, const struct table *table,
                          int64_t root)
{
    const char *path = store->url + strlen("sqlite:");
    int64_t version = fg_fixture_sql_number(store->hands, "SELECT schema_version FROM pragma_schema_version");
    char text[SQL_BYTES];
    char decoy[256];

    decoy_sql(tree, table, decoy);
    (void)snprintf(
        text, sizeof(text),
        "PRAGMA synchronous = OFF; PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('%s', "
        "'decoy', '%s', " ROOT_OF("%s") ", '%s'); UPDATE sqlite_schema SET rootpage = %" PRId64
                                        " WHERE name = '%s'; PRAGMA schema_version = %" PRId64,
        tree->is_index ? "index" : "table", tree->is_index ? table->name : "decoy", tree->name, decoy, root,
        tree->name, version + 1);
    (void)fg_test_sqlite_edit(path, text);
    (void)fg_test_sqlite_edit(path, tree->is_index ? "PRAGMA synchronous = OFF; DROP INDEX decoy"
                                                   : "PRAGMA synchronous = OFF; DROP TABLE decoy");
}

/* PostgreSQL's pages are nobody's to edit while it runs; what its catalogue lets be done is to put an index
 * out of use. */
static void index_use(struct store *store, const struct tree *tree, bool is_used)
{
    char text[SQL_BYTES];

    (void)snprintf(text, sizeof(text),
                   "UPDATE pg_index SET indisvalid = %s WHERE indexrelid = '%s'::regclass",
                   is_used ? "true" : "false", tree->name);
    done(store, text);
}

static void tree_try(struct store *store, const struct tree *tree, const struct table *table)
{
    const char *deed = !is_sqlite(store) ? "index out of use"
                       : tree->is_index  ? "index emptied"
                                         : "tree emptied";
    int64_t root = 0;
    bool found;

    (void)hands(store);
    if (is_sqlite(store))
        root = tree_empty(store, tree, table);
    else
        index_use(store, tree, false);
    found = store->find(store);
    if (!found || (tree->is_whole && strstr(store->text, tree->name) == NULL)) {
        wrong++;
        printf("    %s, %s, %s %s: is NOT found%s\n", store->name, table->name, deed, tree->name,
               found ? " by its name: " : "");
        if (found)
            printf("        %s\n", store->text);
    }
    cell(store, table, deed, tree->name, found, "");
    if (is_sqlite(store))
        tree_put_back(store, tree, table, root);
    else
        index_use(store, tree, true);
}

static void trees_try(struct store *store, const struct table *tables, size_t table_count)
{
    static struct tree trees[TREES_MAX];
    size_t count = trees_read(store, trees);

    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < table_count && strcmp(tables[at].name, trees[i].table) != 0)
            at++;
        CHECK(at < table_count);
        tree_try(store, &trees[i], &tables[at]);
    }
}

static void store_try(struct store *store)
{
    static struct table tables[TABLES_MAX];
    const char *path = getenv("TAMPER_MATRIX");
    size_t count;

    memset(tables, 0, sizeof(tables));
    if (path != NULL)
        matrix = fopen(path, "a");
    wrong = 0;
    count = tables_read(store, tables);
    if (store->find(store))
        printf("    untouched, but: %s\n", store->text);
    CHECK(!store->find(store)); /* the untouched store must verify, or the rest proves nothing */
    for (size_t i = 0; i < count; i++)
        table_try(store, &tables[i]);
    trees_try(store, tables, count);
    CHECK(!store->find(store)); /* and everything was put back */
    if (matrix != NULL)
        (void)fclose(matrix);
    matrix = NULL;
    CHECK_INT(wrong, 0);
}

/* The first thing that was found; what is said of an index tells more than what is said of its pages. */
static void text_keep(struct store *store, const char *whose, const char *text)
{
    if (store->text[0] == '\0' || (strstr(text, " index ") != NULL && strstr(store->text, " index ") == NULL))
        (void)snprintf(store->text, sizeof(store->text), "%s%s%s", whose, whose[0] != '\0' ? ": " : "", text);
}

/* ---- the bureau ---- */

/* Two rows of each of the ledger's tables that have none yet: texts are the column's name and the row's
 * number. */
static void rows_make(struct fg_sql *sql, bool postgres)
{
    for (size_t i = 0; i < fg_ledger_table_count; i++) {
        const struct fg_ledger_table *table = &fg_ledger_tables[i];

        for (int number = 1; number <= 2; number++) {
            char names[1024] = "";
            char values[2048] = "";
            char text[SQL_BYTES];
            size_t used = 0;
            size_t value_used = 0;

            for (size_t c = 0; table->columns[c].name != NULL; c++) {
                used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", c > 0 ? ", " : "",
                                         table->columns[c].name);
                value_used += (size_t)snprintf(values + value_used, sizeof(values) - value_used,
                                               table->columns[c].type == FG_LEDGER_TEXT  ? "%s'%s%d'"
                                               : table->columns[c].type == FG_LEDGER_INT ? "%s /*%s*/ %d"
                                               : postgres                                ? "%s'%s%d'::bytea"
                                                          : "%sCAST('%s%d' AS BLOB)",
                                               c > 0 ? ", " : "", table->columns[c].name, number);
            }
            (void)snprintf(text, sizeof(text), "INSERT INTO %s (%s) VALUES (%s)", table->name, names, values);
            fg_fixture_sql_run(sql, text);
        }
    }
}

#define LEDGER(table)                                                                                        \
    {                                                                                                        \
        table, ALL, NULL, NULL                                                                               \
    }
static const struct claim bureau_claims[] = {
    LEDGER("alarm"),
    LEDGER("certificate"),
    LEDGER("change"),
    LEDGER("cylinder"),
    LEDGER("device"),
    LEDGER("device_change"),
    LEDGER("enrol_code"),
    LEDGER("hazard_case"),
    LEDGER("hazard_step"),
    LEDGER("journal_evidence"),
    LEDGER("list_version"),
    LEDGER("operator"),
    LEDGER("point"),
    LEDGER("sample"),
    LEDGER("sample_key"),
    LEDGER("station"),
    LEDGER("suspension"),
    LEDGER("trail_conflict"),
    LEDGER("web_export"),
    LEDGER("web_user_change"),
    {"web_user", ALL, "each sign-in moves it; it opens nothing", " signed_in_ms totp_step totp_pending "},
    {"journal_entry", ALL, NULL, NULL},
    {"journal_head", ALL, "only an alarm about a gap, which heals, is read from it",
     " gap_since_ms gap_sequence "},
    {"controller_sum", ALL, NULL, NULL},
    {"station_day", ALL, NULL, NULL},
    {"station_night", ALL, NULL, NULL},
    {"sum_follow", ALL, NULL, NULL},
    {"follow", BIT(EDITED) | BIT(INSERTED) | BIT(SWAPPED),
     "what the alarms remember between two looks: without it they read the journal again and count what they "
     "find anew",
     " meter_known meter_g meter_sequence fill_open unaccounted_g unaccounted_sequence "},
    {"device_report", BIT(INSERTED) | BIT(SWAPPED),
     "the device's own words: its next report, minutes later, replaces them", NULL},
    {"finding", 0, "every verification writes it anew", NULL},
    {"roster", 0, "it is made again from the table of devices, under a version that is at least the time",
     NULL},
    {"verified", 0, "every verification writes it anew", NULL},
    {"web_session", BIT(EDITED) | BIT(INSERTED) | BIT(SWAPPED),
     "a session less, or one that ends sooner: sign in again", " seen_ms user_version hash "},
    {"web_known", 0, "only how fast sign-ins may be tried goes by it", NULL},
    {"hazard_counter", ALL, NULL, NULL},
    {"sample_counter", ALL, NULL, NULL},
    {"schema_version", ALL, NULL, NULL},
    {"trail", ALL, NULL, NULL},
    {"trail_row", ALL, NULL, NULL},
    {"trail_tip", ALL, NULL, NULL},
    {"trail_head", BIT(EDITED) | BIT(INSERTED) | BIT(SWAPPED),
     "the next head, a minute later, covers the same records; earlier ones are in the bureau's log",
     " key_id "},
};

static void take(void *context, const struct fg_audit_finding *finding)
{
    text_keep(context, finding->controller, finding->text);
}

static bool bureau_find(struct store *store)
{
    const struct fg_audit_settings settings = {.directory = fg_known_devices,
                                               .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                               .report = take,
                                               .context = store};
    struct fg_audit_result result = {0};
    enum fg_err code;

    store->text[0] = '\0';
    code = fg_bureau_verify(store->sql, &settings, NULL, &result, &error);
    if (code != FG_OK)
        (void)snprintf(store->text, sizeof(store->text), "%s", error.text);
    return code != FG_OK || result.findings > 0;
}

static void ledger_take(void *context, const char *text)
{
    struct store *store = context;

    if (store->text[0] == '\0')
        (void)snprintf(store->text, sizeof(store->text), "%s", text);
}

/* A row of the ledger's is found by that part of verifying alone, which is quicker. */
static bool bureau_find_row(struct store *store, const char *table)
{
    if (fg_ledger_table_find(table) == NULL)
        return bureau_find(store);
    store->text[0] = '\0';
    CHECK_OK(fg_ledger_verify(store->sql, ledger_take, store, &error), &error);
    return store->text[0] != '\0';
}

static void report_keep(struct fg_sql *sql, const char *station, const char *controller, uint64_t held)
{
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    struct fg_sync_report_answer answer;
    struct fg_peer peer = fg_fixture_bureau_peer("station", station);

    CHECK(reports != NULL);
    reports->self = (struct fg_sync_report){.wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    (void)snprintf(reports->self.device, sizeof(reports->self.device), "%s", station);
    reports->below_count = 1;
    reports->below[0] = (struct fg_sync_report){
        .wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED, .heard_ms = NOW_MS, .last_sequence = held};
    (void)snprintf(reports->below[0].device, sizeof(reports->below[0].device), "%s", controller);
    CHECK_OK(fg_reports_keep(sql, &peer, reports, NOW_MS, &answer, &error), &error);
    free(reports);
}

static struct fg_sql *bureau_make(const char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    bool postgres = strncmp(url, "sqlite:", 7) != 0;
    struct fg_sql *sql = NULL;
    struct fg_fixture_journal *journals[2];
    struct fg_alarm_settings alarms;
    struct fg_trail_record signed_in = {NOW_MS, "login1", "auditor", "", "SIGN_IN", "", "", FG_TRAIL_DONE};
    struct fg_trail_head head;
    bool more = true;

    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    fg_fixture_bureau_pair(sql, &journals[0], &journals[1]);
    for (unsigned i = 0; i < 2; i++) {
        fg_fixture_journal_fill(journals[i], "HZ-1", NOW_MS - 7200000, 9000);
        fg_fixture_journal_fill(journals[i], "HZ-2", NOW_MS - 3600000, 9000);
        fg_fixture_journal_fill(journals[i], "HZ-3", NOW_MS - 1800000, 9000);
        CHECK_INT(fg_fixture_bureau_send(sql, journals[i], i == 0 ? "S1" : "S2", 1, 2, NULL), FG_SYNC_HELD);
        CHECK_INT(fg_fixture_bureau_send(sql, journals[i], i == 0 ? "S1" : "S2", 3, i == 0 ? 4 : 6, NULL),
                  FG_SYNC_HELD);
        report_keep(sql, i == 0 ? "S1" : "S2", i == 0 ? "ctl-1" : "ctl-2", i == 0 ? 4 : 6);
        free(journals[i]);
    }
    rows_make(sql, postgres);
    fg_alarm_defaults(&alarms);
    while (more)
        CHECK_OK(fg_alarms_follow(sql, &alarms, 1000, NOW_MS, &more, &error), &error);
    for (more = true; more;)
        CHECK_OK(fg_day_sums_follow(sql, 480, 1000, &more, &error), &error);
    fg_fixture_sql_run(sql, "UPDATE trail_conflict SET heard_ms = 0"); /* settled: nothing to find */
    fg_fixture_sql_run(sql, "UPDATE hazard_counter SET last = 2");
    fg_fixture_sql_run(sql, "UPDATE sample_counter SET last = 2");
    for (int i = 0; i < 2; i++) {
        CHECK_OK(fg_trail_note(sql, &signed_in, &error), &error);
        CHECK_OK(fg_trail_sign(sql, fg_fixture_bureau_receipt_key(), NOW_MS + i, &head, &error), &error);
        signed_in.user = "login2";
    }
    fg_fixture_sql_run(
        sql, postgres ? "INSERT INTO web_session (hash, login, created_ms, seen_ms) VALUES ('a', "
                        "'login1', 1795392000000, 1), ('b', 'login2', 1795392000000, 1)"
                      : "INSERT INTO web_session (hash, login, created_ms, seen_ms) VALUES (CAST('a' "
                        "AS BLOB), 'login1', 1795392000000, 1), (CAST('b' AS BLOB), 'login2', "
                        "1795392000000, 1)");
    fg_fixture_sql_run(
        sql, postgres ? "INSERT INTO web_known (login, mark, seen_ms) VALUES ('login1', 'a', 1), "
                        "('login2', 'b', 1)"
                      : "INSERT INTO web_known (login, mark, seen_ms) VALUES ('login1', CAST('a' AS "
                        "BLOB), 1), ('login2', CAST('b' AS BLOB), 1)");
    fg_fixture_sql_run(
        sql, postgres ? "INSERT INTO roster (station, version, issued_ms, digest) VALUES ('S1', 1, 1, "
                        "'a'), ('S2', 1, 1, 'b')"
                      : "INSERT INTO roster (station, version, issued_ms, digest) VALUES ('S1', 1, 1, "
                        "CAST('a' AS BLOB)), ('S2', 1, 1, CAST('b' AS BLOB))");
    fg_fixture_sql_run(
        sql, "INSERT INTO finding (controller, sequence, found_ms, text) VALUES ('ctl-1', 1, 1, 'a'), "
             "('ctl-1', 2, 1, 'b')");
    fg_fixture_sql_run(
        sql, "INSERT INTO verified (controller, whole_ms, checked_ms, findings) VALUES ('ctl-1', 1, 1, "
             "0), ('ctl-2', 1, 1, 0)");
    fg_fixture_bureau_adopt(sql);
    return sql;
}

static void bureau_matrix(bool postgres)
{
    struct store store = {.name = postgres ? "bureau (PostgreSQL)" : "bureau (SQLite)",
                          .command = "fillgate bureau verify",
                          .claims = bureau_claims,
                          .claim_count = sizeof(bureau_claims) / sizeof(bureau_claims[0]),
                          .find = bureau_find,
                          .find_row = bureau_find_row};

    if (postgres)
        (void)snprintf(store.url, sizeof(store.url), "%s", fg_postgres_database());
    else
        (void)snprintf(store.url, sizeof(store.url), "sqlite:%s", fg_test_path("bureau.db"));
    store.sql = bureau_make(store.url);
    store_try(&store);
    fg_sql_close(store.sql);
    fg_sql_close(store.hands);
}

TEST("TAMPER-SHOWS: the matrix of the bureau's tables (SQLite)")
{
    bureau_matrix(false);
}

TEST("TAMPER-SHOWS: the matrix of the bureau's tables (PostgreSQL)")
{
    bureau_matrix(true);
}

/* ---- the list stores of point, link, station and bureau: one schema ---- */

static const struct claim list_claims[] = {
    {"manifest", ALL, NULL, NULL},
    {"bucket", ALL, NULL, NULL},
    {"node", ALL, NULL, NULL},
    {"seen", BIT(EDITED) | BIT(DELETED) | BIT(CUT),
     "the lowest version of another list than the one that counts here", NULL},
};

/* As somebody who has just opened it: who has it open remembers the version besides. */
static bool list_find(struct store *store)
{
    struct fg_list *list = NULL;
    enum fg_err code =
        fg_list_open(store->url + strlen("sqlite:"), NULL, &fg_fixture_key()->public_key, 1, &list, &error);

    if (code == FG_OK)
        code = fg_list_pin(list, "city", "S1", &error);
    if (code == FG_OK)
        code = fg_list_verify(list, &error);
    (void)snprintf(store->text, sizeof(store->text), "%s", code != FG_OK ? error.text : "");
    fg_list_close(list);
    return code != FG_OK;
}

TEST("TAMPER-SHOWS: the matrix of the list stores' tables")
{
    struct store store = {.name = "list store",
                          .command = "fillgate list verify",
                          .claims = list_claims,
                          .claim_count = sizeof(list_claims) / sizeof(list_claims[0]),
                          .has_trees = true,
                          .find = list_find};
    struct fg_sql_settings settings = {.url = store.url, .deadline_ms = 10000};
    struct fg_manifest manifest;
    struct fg_list *list = fg_fixture_store(fg_test_path("list.db"));

    CHECK_OK(fg_list_import(list, fg_fixture_list("l.fgl", fg_fixture_registry("r.csv", 600, NULL), 5, 8), 0,
                            &manifest, &error),
             &error);
    fg_list_close(list);
    (void)snprintf(store.url, sizeof(store.url), "sqlite:%s", fg_test_path("list.db"));
    CHECK_OK(fg_sql_open(&settings, &store.sql, &error), &error);
    store_try(&store);
    fg_sql_close(store.sql);
    fg_sql_close(store.hands);
}

/* ---- the station ---- */

static const struct claim station_claims[] = {
    {"controller", ALL,
     "only what a device says of itself, when it was heard, and what the bureau last answered",
     " first_contact_ms contact_ms upstream_ms upstream_verdict upstream_text report_ms clock_offset_ms "
     "clock_quality "
     "list_id list_version list_issued_ms last_sequence unsent oldest_unsent_ms disk_free_bytes version "
     "forks refusals "},
    {"entry", ALL, "when it came; what is read from the bytes goes by the earlier of the two",
     " arrived_ms "},
    {"receipt", BIT(EDITED) | BIT(INSERTED) | BIT(SWAPPED),
     "what is not acknowledged is sent again, and the bureau gives the same receipt", " arrived_ms "},
    {"evidence", ALL, "when it came, and whether the bureau was shown it: it is shown again",
     " verdict arrived_ms shown_ms "},
    {"upstream", 0, "what the daemon shows of itself; it writes it anew every few seconds", NULL},
    {"verification", 0, "what the daemon shows of itself; the next verification writes it anew", NULL},
    {"schema_version", ALL, NULL, NULL},
};

static void station_take(void *context, const char *controller, const char *text)
{
    text_keep(context, controller, text);
}

static bool station_find(struct store *store)
{
    char heads[300];
    const struct fg_station_verify wanted = {.heads_path = heads, .found = station_take, .context = store};
    struct fg_station_verified sum = {0};
    enum fg_err code;

    store->text[0] = '\0';
    CHECK_OK(fg_station_heads_path(fg_test_path("station.db"), heads, sizeof(heads), &error), &error);
    code = fg_station_store_check(store->context, &wanted, &sum, &error);
    if (code != FG_OK)
        (void)snprintf(store->text, sizeof(store->text), "%s", error.text);
    return code != FG_OK || sum.findings > 0;
}

static void station_receipt(struct fg_station_store *store, const struct fg_fixture_journal *journal,
                            uint64_t next)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = journal->hashes[next - 1]};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    memcpy(receipt.controller, journal->controller, sizeof(receipt.controller));
    CHECK_OK(fg_receipt_sign(&receipt, fg_fixture_bureau_receipt_key(), &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_station_store_put_receipt(store, journal->controller, bytes, length, next, NOW_MS, &error),
             &error);
}

static struct fg_station_store *station_make(void)
{
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 10000};
    struct fg_station_verification verification = {.heads_kept = true};
    struct fg_station_upstream upstream = {.started_ms = 1};
    struct fg_station_store *store = NULL;
    char heads[300];

    CHECK_OK(fg_station_store_open(&settings, &store, &error), &error);
    CHECK_OK(fg_station_store_trust(store, &fg_fixture_bureau_receipt_key()->public_key, 1, &error), &error);
    for (unsigned i = 0; i < 2; i++) {
        struct fg_fixture_journal *journal = fg_fixture_journal(i == 0 ? "C1" : "C2");
        struct fg_fixture_journal *fork = fg_fixture_journal(i == 0 ? "C1" : "C2");

        fork->key = journal->key;
        for (unsigned fill = 0; fill < 2 + i; fill++) {
            fg_fixture_journal_fill(journal, "HZ-1", NOW_MS - 600000 + fill, 5000);
            fg_fixture_journal_fill(fork, "HZ-9", NOW_MS - 600000 + fill, 5000);
        }
        CHECK_INT(fg_fixture_station_send(store, journal, 1, 2, NOW_MS), FG_SYNC_HELD);
        CHECK_INT(fg_fixture_station_send(store, journal, 3, journal->count, NOW_MS), FG_SYNC_HELD);
        CHECK_INT(fg_fixture_station_send(store, fork, 1, 2, NOW_MS), FG_SYNC_FORK);
        station_receipt(store, journal, 3 + i);
        free(journal);
        free(fork);
    }
    CHECK_OK(fg_station_store_put_upstream(store, &upstream, &error), &error);
    CHECK_OK(fg_station_store_put_verification(store, &verification, &error), &error);
    CHECK_OK(fg_station_heads_path(fg_test_path("station.db"), heads, sizeof(heads), &error), &error);
    CHECK_OK(fg_station_heads_keep(heads, store, &error), &error);
    return store;
}

TEST("TAMPER-SHOWS: the matrix of the station's tables")
{
    struct store store = {.name = "station",
                          .command = "fillgate station status --verify",
                          .claims = station_claims,
                          .claim_count = sizeof(station_claims) / sizeof(station_claims[0]),
                          .find = station_find};
    struct fg_sql_settings settings = {.url = store.url, .deadline_ms = 10000};

    (void)snprintf(store.url, sizeof(store.url), "sqlite:%s", fg_test_path("station.db"));
    store.context = station_make();
    CHECK_OK(fg_sql_open(&settings, &store.sql, &error), &error);
    store_try(&store);
    fg_sql_close(store.sql);
    fg_sql_close(store.hands);
    fg_station_store_close(store.context);
}

/* ---- the point ---- */

static const struct claim point_claims[] = {
    {"entry", ALL, NULL, NULL},
    {"meta", 0,
     "the flag that an anchor was written counts when the anchor is gone; a receipt or mark proves itself",
     NULL},
    {"filler", 0, "room that nothing else may use: with less of it, filling stops earlier", NULL},
};

static struct fg_private_key device_key;

static bool point_find(struct store *store)
{
    struct fg_journal_verdict verdict;
    enum fg_err code =
        fg_journal_verify(fg_test_path("journal.db"), NULL, &device_key.public_key, &verdict, &error);

    (void)snprintf(store->text, sizeof(store->text), "%s", code != FG_OK ? error.text : "");
    return code != FG_OK;
}

static void point_make(void)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "ctl-1",
                                           .key = &device_key,
                                           .bytes_max = 1 << 20,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 4,
                                           .fill_reserve_percent = 10};
    struct fg_entry entry = {
        .kind = FG_ENTRY_EVENT, .clock_quality = FG_CLOCK_INFORMATIVE, .wall_ms = NOW_MS};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    uint64_t sequence;

    CHECK_OK(fg_private_key_new(&device_key, &error), &error);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    for (int i = 0; i < 4; i++) {
        entry.event = (uint8_t)(i + 1);
        CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    }
    fg_journal_close(journal);
}

TEST("TAMPER-SHOWS: the matrix of the point's journal")
{
    struct store store = {.name = "point",
                          .command = "fillgate journal verify",
                          .claims = point_claims,
                          .claim_count = sizeof(point_claims) / sizeof(point_claims[0]),
                          .find = point_find};
    struct fg_sql_settings settings = {.url = store.url, .deadline_ms = 10000};

    (void)snprintf(store.url, sizeof(store.url), "sqlite:%s", fg_test_path("journal.db"));
    point_make();
    CHECK_OK(fg_sql_open(&settings, &store.sql, &error), &error);
    store_try(&store);
    fg_sql_close(store.sql);
    fg_sql_close(store.hands);
}
