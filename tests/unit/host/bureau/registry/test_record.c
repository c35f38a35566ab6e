/* The registry on both back ends: records, their history, import, re-dating, and lists published from it. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/publish/publish.h"
#include "host/bureau/registry/record.h"
#include "host/bureau/schema/schema.h"
#include "lib/list/list.h"
#include "proto/list/manifest.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define NOW_MS INT64_C(1795392000000)
#define DAY_MS INT64_C(86400000)
#define HEADER "code,uid,state,medium,nominal_kpa,inspection_due,plate,area,unknown\n"
#define RULES "[rules]\nstation = HZ-01\nmedia = cng\n"

static const struct fg_change_by by = {.who = "clerk", .why = "test", .now_ms = NOW_MS};

/* url: room for 256 bytes */
static struct fg_sql *open_new_at(bool postgres, char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 5000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    (void)snprintf(url, 256, postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("bureau.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    return sql;
}

static struct fg_sql *open_new(bool postgres)
{
    char url[256];

    return open_new_at(postgres, url);
}

struct faults {
    size_t count;
    uint64_t lines[32];
    size_t columns[32];
    char last[256];
};

static void fault_keep(void *context, uint64_t line, size_t column, const char *text)
{
    struct faults *faults = context;

    if (faults->count < 32) {
        faults->lines[faults->count] = line;
        faults->columns[faults->count] = column;
    }
    faults->count++;
    (void)snprintf(faults->last, sizeof(faults->last), "%s", text);
}

static enum fg_err import_text(struct fg_sql *sql, const char *kind, const char *text, bool dry,
                               struct fg_import_result *ret_result, struct faults *faults,
                               struct fg_error *error)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    enum fg_err result;

    CHECK(stream != NULL);
    memset(faults, 0, sizeof(*faults));
    result = fg_record_import(sql, fg_record_kind(kind), stream, "t.csv", &by, dry, fault_keep, faults,
                              ret_result, error);
    (void)fclose(stream);
    return result;
}

static enum fg_err count_visit(void *context, const struct fg_record *record, struct fg_error *error)
{
    (void)record;
    (void)error;
    (*(size_t *)context)++;
    return FG_OK;
}

static size_t count(struct fg_sql *sql, const char *kind)
{
    size_t found = 0;
    struct fg_error error;

    CHECK_OK(fg_record_each(sql, fg_record_kind(kind), count_visit, &found, &error), &error);
    return found;
}

struct history {
    size_t count;
    char text[1024];
};

static enum fg_err history_visit(void *context, const struct fg_change *change, struct fg_error *error)
{
    struct history *history = context;
    size_t used = strlen(history->text);

    (void)error;
    history->count++;
    (void)snprintf(history->text + used, sizeof(history->text) - used, "[%s:%s>%s %s %s]", change->field,
                   change->old_value, change->new_value, change->who, change->why);
    return FG_OK;
}

static void set(struct fg_sql *sql, const char *kind_name, const char *key, const char *field,
                const char *value)
{
    static struct fg_record record;
    const struct fg_record_kind *kind = fg_record_kind(kind_name);
    struct fg_error error;

    fg_record_start(&record, kind);
    CHECK_OK(fg_record_give(&record, 0, key, &error), &error);
    CHECK_OK(fg_record_give(&record, (size_t)fg_record_field(kind, field), value, &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_record_put(sql, &record, &by, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}

static void import_and_history(bool postgres)
{
    static struct fg_record record;
    struct fg_sql *sql = open_new(postgres);
    const struct fg_record_kind *kind = fg_record_kind("cylinder");
    struct fg_import_result result;
    struct faults faults;
    struct history history = {0};
    struct fg_error error;

    CHECK_OK(
        import_text(sql, "cylinder",
                    HEADER
                    "A-1,04aabbccddeeff,in_service,cng,20000,2027-02-28,浙E1,,x\nA-2,,lost,lpg,,,,north,\n",
                    false, &result, &faults, &error),
        &error);
    CHECK_INT(result.lines, 2);
    CHECK_INT(count(sql, "cylinder"), 2);
    CHECK_OK(fg_record_find(sql, kind, "A-1", &record, &error), &error);
    CHECK_TEXT(record.values[fg_record_field(kind, "uid")], "04AABBCCDDEEFF");
    CHECK_TEXT(record.values[fg_record_field(kind, "inspection_due")], "2027-02-28");
    CHECK_TEXT(record.values[fg_record_field(kind, "plate")], "浙E1");
    CHECK_TEXT(record.values[fg_record_field(kind, "tare_g")], "0");
    set(sql, "cylinder", "A-1", "state", "scrapped");
    set(sql, "cylinder", "A-1", "state", "scrapped");
    CHECK_OK(fg_change_each(sql, kind, "A-1", history_visit, &history, &error), &error);
    CHECK_INT(history.count, 2);
    CHECK_HAS(history.text, "[:> clerk test][state:in_service>scrapped clerk test]");
    CHECK_INT(fg_record_find(sql, kind, "A-3", &record, &error), FG_E_NOT_FOUND);
    fg_sql_close(sql);
}

TEST("SQLite: cylinders are imported, read as they were written, and each change is kept once with who and "
     "why")
{
    import_and_history(false);
}
TEST("PostgreSQL: cylinders are imported, read as they were written, and each change is kept once with who "
     "and why")
{
    import_and_history(true);
}

static void import_faults(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    struct fg_import_result result;
    struct faults faults;
    struct fg_error error;

    CHECK_INT(import_text(sql, "cylinder",
                          HEADER "A-1,,in_service,cng,1,,,,\na-2,,flying,cng,1,2027-02-30,,,\nA-3,,lost,cng,"
                                 "1\nA-4,,lost,cng,,,,,\n",
                          false, &result, &faults, &error),
              FG_E_FORMAT);
    CHECK_INT(faults.count, 4);
    CHECK_INT(faults.lines[0], 3);
    CHECK_INT(faults.columns[0], 1);
    CHECK_INT(faults.columns[1], 3);
    CHECK_INT(faults.columns[2], 6);
    CHECK_INT(faults.lines[3], 4);
    CHECK_HAS(error.text, "t.csv:3:1: code \"a-2\"");
    CHECK_INT(count(sql, "cylinder"), 0);
    CHECK_INT(import_text(sql, "cylinder", "code,state\nA-1,lost\n", false, &result, &faults, &error),
              FG_E_FORMAT);
    CHECK_HAS(error.text, "is new: give its medium");
    CHECK_INT(import_text(sql, "cylinder", "state,state\nlost,lost\n", false, &result, &faults, &error),
              FG_E_FORMAT);
    CHECK_INT(faults.count, 2);
    CHECK_INT(import_text(sql, "cylinder", "", false, &result, &faults, &error), FG_E_FORMAT);
    CHECK_INT(
        import_text(sql, "cylinder", HEADER "A-1,,in_service,cng,1,,,,\n", true, &result, &faults, &error),
        FG_OK);
    CHECK_INT(result.changed, 1);
    CHECK_INT(count(sql, "cylinder"), 0);
    fg_sql_close(sql);
}

TEST("SQLite: an import with faults names line and column of each and imports nothing; a dry one neither")
{
    import_faults(false);
}
TEST("PostgreSQL: an import with faults names line and column of each and imports nothing; a dry one neither")
{
    import_faults(true);
}

static const char *value(struct fg_sql *sql, const char *code, const char *field)
{
    static struct fg_record record;
    const struct fg_record_kind *kind = fg_record_kind("cylinder");
    struct fg_error error;

    CHECK_OK(fg_record_find(sql, kind, code, &record, &error), &error);
    return record.values[fg_record_field(kind, field)];
}

static void older_registry(bool postgres)
{
    char url[256];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 5000};
    struct fg_sql *sql = NULL;
    struct fg_sql_statement *statement;
    uint32_t applied = 0;
    struct fg_error error;

    (void)snprintf(url, sizeof(url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("bureau.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, 3, NULL, &error), &error);
    CHECK_OK(fg_sql_prepare(sql,
                            "INSERT INTO cylinder (code, uid, state, medium, first_fill_pending, "
                            "nominal_kpa, capacity_dl, tare_g, maximum_fill_g, inspection_due, "
                            "end_of_life, owner, plate, area) VALUES ('A-1', '', 1, 1, 0, 20000, 700, 0, 0, "
                            "20999, 0, 'u', '', '')",
                            &statement, &error),
             &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, &applied, &error), &error);
    CHECK_INT(applied, fg_bureau_migration_count - 3);
    CHECK_TEXT(value(sql, "A-1", "made"), "");
    CHECK_TEXT(value(sql, "A-1", "inspection_due"), "2027-06-30");
    fg_sql_close(sql);
}

TEST("SQLite: an older registry is brought up to date with its cylinders in it")
{
    older_registry(false);
}
TEST("PostgreSQL: an older registry is brought up to date with its cylinders in it")
{
    older_registry(true);
}

/* The service life of those made to a day begins with their manufacture, whatever end they had. */
static void redate_by_manufacture(struct fg_sql *sql)
{
    struct fg_redate order = {.field = "end_of_life", .made_months = 180, .made_until_day = 10957};
    uint64_t changed = 0;
    struct fg_error error;

    set(sql, "cylinder", "A-1", "made", "2000-01-01"); /* day 10957 */
    set(sql, "cylinder", "A-1", "end_of_life", "2030-01-01");
    set(sql, "cylinder", "A-2", "made", "2000-01-02");
    CHECK_OK(fg_record_redate(sql, &order, &by, false, NULL, NULL, &changed, &error), &error);
    CHECK_INT(changed, 1);
    CHECK_TEXT(value(sql, "A-1", "end_of_life"), "2015-01-01");
    CHECK_TEXT(value(sql, "A-2", "end_of_life"), "");
    CHECK_TEXT(value(sql, "A-3", "end_of_life"), ""); /* made nobody knows when */
    order.made_until_day = 0;
    order.made_from_day = 10958;
    CHECK_OK(fg_record_redate(sql, &order, &by, false, NULL, NULL, &changed, &error), &error);
    CHECK_INT(changed, 1);
    CHECK_TEXT(value(sql, "A-2", "end_of_life"), "2015-01-02");
    order.made_months = -1;
    CHECK_INT(fg_record_redate(sql, &order, &by, true, NULL, NULL, &changed, &error), FG_E_ARG);
}

static void redate(bool postgres)
{
    static struct fg_record record;
    struct fg_sql *sql = open_new(postgres);
    const struct fg_record_kind *kind = fg_record_kind("cylinder");
    struct fg_redate order = {.field = "inspection_due", .months = -12, .medium = FG_MEDIUM_CNG};
    struct fg_import_result result;
    struct faults faults;
    struct history history = {0};
    uint64_t changed = 0;
    struct fg_error error;

    CHECK_OK(import_text(sql, "cylinder",
                         HEADER "A-1,,in_service,cng,1,2028-02-29,,,\nA-2,,in_service,lpg,1,2028-02-29,,,\nA-"
                                "3,,in_service,cng,1,,,,\n",
                         false, &result, &faults, &error),
             &error);
    CHECK_OK(fg_record_redate(sql, &order, &by, true, history_visit, &history, &changed, &error), &error);
    CHECK_INT(changed, 1);
    CHECK_HAS(history.text, "[A-1:2028-02-29>2027-02-28");
    CHECK_OK(fg_record_find(sql, kind, "A-1", &record, &error), &error);
    CHECK_TEXT(record.values[fg_record_field(kind, "inspection_due")], "2028-02-29");
    CHECK_OK(fg_record_redate(sql, &order, &by, false, NULL, NULL, &changed, &error), &error);
    CHECK_OK(fg_record_find(sql, kind, "A-1", &record, &error), &error);
    CHECK_TEXT(record.values[fg_record_field(kind, "inspection_due")], "2027-02-28");
    CHECK_OK(fg_record_find(sql, kind, "A-2", &record, &error), &error);
    CHECK_TEXT(record.values[fg_record_field(kind, "inspection_due")], "2028-02-29");
    redate_by_manufacture(sql);
    order.field = "plate";
    CHECK_INT(fg_record_redate(sql, &order, &by, true, NULL, NULL, &changed, &error), FG_E_ARG);
    fg_sql_close(sql);
}

TEST("SQLite: a decree moves the dates of those it names and of no others, a dry run shows it and moves none")
{
    redate(false);
}
TEST("PostgreSQL: a decree moves the dates of those it names and of no others, a dry run shows it and moves "
     "none")
{
    redate(true);
}

TEST("BAD-INPUT-IS-SAFE: values that cannot be are refused with what they must be")
{
    static struct fg_record record;
    static const struct {
        const char *kind;
        const char *field;
        const char *value;
        const char *says;
    } cases[] = {
        {"cylinder", "code", "abc", "0-9 A-Z -"},
        {"cylinder", "uid", "zz", "hex"},
        {"cylinder", "nominal_kpa", "-1", "number"},
        {"cylinder", "state", "", "in_service, suspended"},
        {"cylinder", "inspection_due", "2027-13-01", "date"},
        {"station", "station", "a b", "letters"},
        {"station", "rules", "[rules]\nnonsense = 1\n", "rules"},
        {"station", "latitude_udeg", "91000000", "number"},
        {"operator", "card_uid", "04", "hex"},
        {"cylinder", "owner", "a\x01", "text"},
    };
    struct fg_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fg_record_kind *kind = fg_record_kind(cases[i].kind);

        fg_record_start(&record, kind);
        CHECK_INT(
            fg_record_give(&record, (size_t)fg_record_field(kind, cases[i].field), cases[i].value, &error),
            FG_E_RANGE);
        CHECK_HAS(error.text, cases[i].says);
    }
    CHECK(fg_record_kind("person") == NULL);
}

static void report_add(struct fg_sql *sql, const char *device, char quality, int64_t contact_ms,
                       int64_t offset_ms)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "INSERT INTO device_report (device, role, via, contact_ms, wall_ms, clock_quality, "
                   "clock_offset_ms, list_id, list_version, list_issued_ms, last_sequence, unsent, "
                   "oldest_unsent_ms, disk_free_bytes, version) VALUES ('%s', 'controller', '', %lld, 0, %d, "
                   "%lld, '', 0, 0, 0, 0, 0, 0, '')",
                   device, (long long)contact_ms, quality, (long long)offset_ms);
    CHECK_OK(fg_sql_prepare(sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
}

TEST("a bureau whose clock most synchronised devices call ahead publishes nothing until it is right")
{
    struct fg_sql *sql = open_new(false);
    struct fg_publish_order order = {
        .station = "HZ-01", .key = fg_fixture_key(), .now_ms = NOW_MS, .who = "clerk", .forced = true};
    struct fg_publish_result published;
    struct fg_error error;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length = 0;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s", fg_test_path("1.fgl"));
    order.out_path = path;
    set(sql, "station", "HZ-01", "rules", RULES);
    report_add(sql, "c-1", FG_CLOCK_SYNCHRONISED, NOW_MS, -600000);
    report_add(sql, "c-2", FG_CLOCK_SYNCHRONISED, NOW_MS, -600000);
    report_add(sql, "c-3", FG_CLOCK_INFORMATIVE, NOW_MS, -600000);
    report_add(sql, "c-4", FG_CLOCK_SYNCHRONISED, NOW_MS - 2 * DAY_MS, -600000);
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error); /* two are not enough to prove it */
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("2.fgl"));
    report_add(sql, "c-5", FG_CLOCK_SYNCHRONISED, NOW_MS, -120001);
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_STATE);
    CHECK_HAS(error.text, "3 of 3 synchronised devices");
    CHECK(access(path, F_OK) != 0);
    CHECK_INT(fg_publish_prepare(sql, &order, bytes, sizeof(bytes), &length, &error), FG_E_STATE);
    order.clock_insisted = true;
    CHECK_OK(fg_publish_prepare(sql, &order, bytes, sizeof(bytes), &length, &error), &error);
    order.clock_insisted = false;
    report_add(sql, "c-6", FG_CLOCK_SYNCHRONISED, NOW_MS, -120000);
    report_add(sql, "c-7", FG_CLOCK_SYNCHRONISED, NOW_MS, 0);
    report_add(sql, "c-8", FG_CLOCK_SYNCHRONISED, NOW_MS, 600000);
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error); /* no more than half say so */
    CHECK_INT(published.manifest.version, 2);
    fg_sql_close(sql);
}

TEST("doubts about the bureau's clock stop a list until somebody insists")
{
    struct fg_sql *sql = open_new(false);
    struct fg_publish_order order = {
        .station = "HZ-01", .key = fg_fixture_key(), .now_ms = NOW_MS, .who = "clerk", .forced = true};
    struct fg_publish_result published;
    struct fg_error error;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s", fg_test_path("1.fgl"));
    order.out_path = path;
    set(sql, "station", "HZ-01", "rules", RULES);
    order.clock_doubt = "its clock is not synchronised";
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_STATE);
    CHECK_HAS(error.text, "nothing is published: its clock is not synchronised");
    CHECK(access(path, F_OK) != 0);
    order.clock_insisted = true;
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK_INT(published.manifest.version, 1);
    /* Set back behind what was published. */
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("2.fgl"));
    order = (struct fg_publish_order){.station = "HZ-01",
                                      .key = fg_fixture_key(),
                                      .now_ms = NOW_MS - 120001,
                                      .who = "clerk",
                                      .forced = true,
                                      .out_path = path};
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_STATE);
    CHECK_HAS(error.text, "was it set back?");
    order.now_ms = NOW_MS - 120000;
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    fg_sql_close(sql);
}

static void publishing(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    const struct fg_private_key *key = fg_fixture_key();
    struct fg_publish_order order = {.station = "HZ-01", .key = key, .now_ms = NOW_MS, .who = "clerk"};
    struct fg_publish_result published;
    struct fg_import_result imported;
    struct faults faults;
    struct fg_list *list = NULL;
    struct fg_row row;
    struct fg_code code = fg_fixture_code("A-1");
    struct fg_manifest manifest;
    struct fg_error error;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s", fg_test_path("1.fgl"));
    order.out_path = path;
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_NOT_FOUND);
    CHECK_OK(import_text(sql, "cylinder",
                         HEADER "A-1,,in_service,cng,20000,,浙E1,north,\nA-2,,in_service,cng,20000,,浙E1,"
                                "south,\nA-3,,lost,cng,1,,,south,\n",
                         false, &imported, &faults, &error),
             &error);
    set(sql, "station", "HZ-01", "rules", RULES);
    set(sql, "station", "HZ-01", "area", "north");
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK(published.published);
    CHECK_INT(published.manifest.version, 1);
    CHECK_INT(published.manifest.row_count, 2);
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &key->public_key, 1, &list, &error), &error);
    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    CHECK_INT(row.other_count, 1);
    CHECK_TEXT(row.others[0].text, "A-2");
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK(!published.published);
    set(sql, "cylinder", "A-1", "state", "scrapped");
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("2.fgl"));
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK(published.published);
    CHECK_INT(published.manifest.version, 2);
    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    CHECK_INT(row.state, FG_CYLINDER_SCRAPPED);
    order.now_ms = NOW_MS + 16 * DAY_MS;
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK(published.published);
    fg_list_close(list);
    fg_sql_close(sql);
}

TEST("SQLite: lists are published from the registry, anew when it changed or half of their days are over")
{
    publishing(false);
}
TEST("PostgreSQL: lists are published from the registry, anew when it changed or half of their days are over")
{
    publishing(true);
}

/* Reading the cylinders suspends the controller, as a clerk may while a list is built. */
static void suspend_while_built(struct fg_sql *sql)
{
    struct fg_import_result result;
    struct faults faults;
    struct fg_error error;

    CHECK_OK(import_text(sql, "cylinder", HEADER "A-1,,in_service,cng,20000,2027-02-28,,,\n", false, &result,
                         &faults, &error),
             &error);
    CHECK_OK(import_text(sql, "point", "point,station,controller,medium\nP1,HZ-01,ctl-1,cng\n", false,
                         &result, &faults, &error),
             &error);
    fg_fixture_sql_run(sql, "INSERT INTO device (device, role, station, list_id, tls_point, device_point, "
                            "suspended, enrolled_ms, certificate_end_ms) VALUES ('ctl-1', 'controller', "
                            "'HZ-01', 'HZ-01', '', '', 0, 0, 0)");
    fg_fixture_sql_run(sql, "ALTER TABLE cylinder RENAME TO cylinder_rows");
    fg_fixture_sql_run(sql, "CREATE FUNCTION suspended_now() RETURNS boolean LANGUAGE plpgsql VOLATILE AS "
                            "'BEGIN UPDATE device SET suspended = 1; RETURN true; END'");
    fg_fixture_sql_run(sql, "CREATE VIEW cylinder AS SELECT * FROM cylinder_rows WHERE suspended_now()");
}

TEST("FAIL-CLOSED: a controller that is suspended while a list is built is stopped by the next one, and "
     "that is the first")
{
    struct fg_sql *sql = open_new(true);
    struct fg_publish_order order = {.station = "HZ-01",
                                     .out_path = fg_test_path("1.fgl"),
                                     .key = fg_fixture_key(),
                                     .now_ms = NOW_MS,
                                     .who = "clerk"};
    struct fg_publish_result published;
    struct fg_error error;

    set(sql, "station", "HZ-01", "rules", RULES);
    suspend_while_built(sql);
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "publish again");
    CHECK(access(order.out_path, F_OK) != 0);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM list_version"), 0);
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK_INT(published.manifest.version, 1);
    CHECK_INT(published.manifest.rules.blocked_count, 1);
    CHECK_TEXT(published.manifest.rules.blocked_points[0], "P1");
    fg_sql_close(sql);
}

/* Two publish the same list again and again; each version must be one's alone. */
#define PUBLISHED_EACH 8
struct rival {
    const char *url;
    char path[256];
    size_t published;
    size_t others; /* failures that are not "published meanwhile" */
};

static void *publish_on(void *argument)
{
    struct rival *rival = argument;
    struct fg_sql_settings settings = {.url = rival->url, .deadline_ms = 20000};
    struct fg_publish_order order = {.station = "HZ-01",
                                     .out_path = rival->path,
                                     .key = fg_fixture_key(),
                                     .now_ms = NOW_MS,
                                     .who = "rival",
                                     .forced = true};
    struct fg_publish_result published;
    struct fg_sql *sql = NULL;
    struct fg_error error;

    if (fg_sql_open(&settings, &sql, &error) != FG_OK)
        return NULL;
    for (int i = 0; i < PUBLISHED_EACH; i++) {
        enum fg_err result = fg_publish(sql, &order, &published, &error);

        rival->published += result == FG_OK;
        rival->others += result != FG_OK && result != FG_E_BUSY;
    }
    fg_sql_close(sql);
    return NULL;
}

static void rivals(bool postgres)
{
    char url[256];
    struct fg_sql *sql = open_new_at(postgres, url);
    struct rival two[2] = {{.url = url}, {.url = url}};
    pthread_t threads[2];
    struct fg_sql_statement *statement;
    struct fg_error error;

    (void)fg_fixture_key();
    set(sql, "station", "HZ-01", "rules", RULES);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(two[i].path, sizeof(two[i].path), "%s-%d", fg_test_path("list"), i);
        CHECK_INT(pthread_create(&threads[i], NULL, publish_on, &two[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(two[0].others + two[1].others, 0);
    CHECK(two[0].published + two[1].published >= PUBLISHED_EACH);
    CHECK_OK(fg_sql_prepare(sql, "SELECT COUNT(*), MAX(version) FROM list_version", &statement, &error),
             &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    CHECK_INT(fg_sql_int(statement, 0), two[0].published + two[1].published);
    CHECK_INT(fg_sql_int(statement, 1), two[0].published + two[1].published);
    fg_sql_close(sql);
}

TEST("SQLite: two who publish the same list at once never give two lists the same version")
{
    rivals(false);
}
TEST("PostgreSQL: two who publish the same list at once never give two lists the same version")
{
    rivals(true);
}

TEST("seeing that nothing changed waits for no writer")
{
    char url[256];
    struct fg_sql *sql = open_new_at(false, url);
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 100};
    struct fg_publish_order order = {.station = "HZ-01",
                                     .out_path = fg_test_path("1.fgl"),
                                     .key = fg_fixture_key(),
                                     .now_ms = NOW_MS,
                                     .who = "clerk"};
    struct fg_publish_result published;
    struct fg_sql *other = NULL;
    struct fg_error error;

    set(sql, "station", "HZ-01", "rules", RULES);
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_sql_open(&settings, &other, &error), &error);
    CHECK_OK(fg_publish(other, &order, &published, &error), &error);
    CHECK(!published.published);
    order.forced = true;
    order.out_path = fg_test_path("2.fgl");
    CHECK_INT(fg_publish(other, &order, &published, &error), FG_E_BUSY);
    CHECK_INT(access(order.out_path, F_OK), -1);
    fg_sql_close(other);
    fg_sql_close(sql);
}

TEST("LIST-IS-SIGNED: a list is signed on another machine, and not when the registry changed meanwhile")
{
    struct fg_sql *sql = open_new(false);
    const struct fg_private_key *key = fg_fixture_key();
    uint8_t bytes[FG_MANIFEST_SIGNED_MAX];
    size_t length = 0;
    struct fg_signature signature;
    struct fg_publish_order order = {
        .station = "HZ-01", .now_ms = NOW_MS, .who = "clerk", .out_path = fg_test_path("1.fgl")};
    struct fg_publish_result published;
    struct fg_import_result imported;
    struct faults faults;
    struct fg_list *list = NULL;
    struct fg_manifest manifest;
    struct fg_error error;

    CHECK_OK(import_text(sql, "cylinder", HEADER "A-1,,in_service,cng,20000,,,,\n", false, &imported, &faults,
                         &error),
             &error);
    set(sql, "station", "HZ-01", "rules", RULES);
    CHECK_OK(fg_publish_prepare(sql, &order, bytes + FG_MANIFEST_SIGNED_MIN, FG_MANIFEST_BYTES_MAX, &length,
                                &error),
             &error);
    CHECK_OK(fg_sign(key, FG_PURPOSE_MANIFEST, bytes + FG_MANIFEST_SIGNED_MIN, length, &signature, &error),
             &error);
    memcpy(bytes, key->public_key.id.bytes, FG_KEY_ID_BYTES);
    memcpy(bytes + FG_KEY_ID_BYTES, signature.bytes, FG_SIGNATURE_BYTES);
    order.signed_manifest = bytes;
    order.signed_length = FG_MANIFEST_SIGNED_MIN + length;
    order.now_ms = NOW_MS + 5000;
    set(sql, "cylinder", "A-1", "state", "lost");
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_STATE);
    CHECK_HAS(error.text, "prepare and sign again");
    set(sql, "cylinder", "A-1", "state", "in_service");
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &key->public_key, 1, &list, &error), &error);
    CHECK_OK(fg_list_import(list, order.out_path, NOW_MS, &manifest, &error), &error);
    CHECK(manifest.issued_ms == NOW_MS);
    fg_list_close(list);
    fg_sql_close(sql);
}
