/* Operators on both back ends: from the registry into the signed rules, their PINs and what may be seen of
 * those; operators in a clerk's rules file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/device/enrolment.h"
#include "host/bureau/publish/publish.h"
#include "host/bureau/registry/operator_line.h"
#include "host/bureau/registry/operator_records.h"
#include "host/bureau/registry/station_rules.h"
#include "host/bureau/schema/schema.h"
#include "lib/crypto/pin.h"
#include "lib/list/list.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define NOW_MS INT64_C(1795392000000)
#define RULES "[rules]\nstation = HZ-01\nmedia = cng\n"
#define HEADER "operator,name,card_uid,certificate_end,station\n"

static const struct fg_change_by by = {.who = "clerk", .why = "test", .now_ms = NOW_MS};
static struct fg_error error;

static struct fg_sql *open_at(bool postgres, size_t migrations)
{
    char url[256];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 5000};
    struct fg_sql *sql = NULL;

    (void)snprintf(url, sizeof(url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("bureau.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, migrations, NULL, &error), &error);
    return sql;
}

static struct fg_sql *open_new(bool postgres)
{
    return open_at(postgres, fg_bureau_migration_count);
}

static enum fg_err import_text(struct fg_sql *sql, const char *text)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    struct fg_import_result imported;
    enum fg_err result;

    CHECK(stream != NULL);
    result = fg_record_import(sql, fg_record_kind("operator"), stream, "t.csv", &by, false, NULL, NULL,
                              &imported, &error);
    (void)fclose(stream);
    return result;
}

static void set(struct fg_sql *sql, const char *kind_name, const char *key, const char *field,
                const char *value)
{
    static struct fg_record record;
    const struct fg_record_kind *kind = fg_record_kind(kind_name);

    fg_record_start(&record, kind);
    CHECK_OK(fg_record_give(&record, 0, key, &error), &error);
    CHECK_OK(fg_record_give(&record, (size_t)fg_record_field(kind, field), value, &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_record_put(sql, &record, &by, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}

/* pin NULL clears. */
static enum fg_err pin_put(struct fg_sql *sql, const char *id, const char *pin, bool *ret_changed)
{
    enum fg_err result;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    result = fg_operator_pin_put(sql, id, pin, &by, ret_changed, &error);
    if (result == FG_OK)
        CHECK_OK(fg_sql_commit(sql, &error), &error);
    fg_sql_rollback(sql);
    return result;
}

/* Publishes as the next version; what a controller gets is what its list store hands out. */
static bool publish(struct fg_sql *sql, struct fg_manifest *ret_manifest)
{
    const struct fg_private_key *key = fg_fixture_key();
    struct fg_publish_order order = {.station = "HZ-01",
                                     .key = key,
                                     .now_ms = NOW_MS,
                                     .who = "clerk",
                                     .out_path = fg_test_path("next.fgl")};
    struct fg_publish_result published;
    struct fg_list *list = NULL;

    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    if (!published.published)
        return false;
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &key->public_key, 1, &list, &error), &error);
    CHECK_OK(fg_list_import(list, order.out_path, NOW_MS, ret_manifest, &error), &error);
    fg_list_close(list);
    return true;
}

/* Points P1 (ctl-1), P2 and P3 (ctl-2); the clerk's own rules block P3. */
static void suspended_points(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    struct fg_manifest manifest;

    set(sql, "station", "HZ-01", "rules", RULES "blocked_points = P3\n");
    fg_fixture_sql_run(sql, "INSERT INTO point (point, station, controller, medium, note) VALUES "
                            "('P1', 'HZ-01', 'ctl-1', 1, ''), ('P3', 'HZ-01', 'ctl-2', 1, ''), "
                            "('P2', 'HZ-01', 'ctl-2', 1, '')");
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "HZ-01", &fg_fixture_key()->public_key);
    fg_fixture_bureau_device(sql, "ctl-2", "controller", "HZ-01", &fg_fixture_key()->public_key);
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.rules.blocked_count, 1);
    CHECK_OK(fg_device_suspend(sql, "ctl-2", true, "clerk", "seal broken", NOW_MS, &error), &error);
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.rules.blocked_count, 2);
    CHECK_TEXT(manifest.rules.blocked_points[0], "P3");
    CHECK_TEXT(manifest.rules.blocked_points[1], "P2");
    CHECK(!publish(sql, &manifest));
    CHECK_OK(fg_device_suspend(sql, "ctl-2", false, "clerk", "new seal", NOW_MS, &error), &error);
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.rules.blocked_count, 1);
    fg_sql_close(sql);
}

TEST("LIST-IS-SIGNED: the next list stops the points of a suspended controller, and lets them go again "
     "(SQLite)")
{
    suspended_points(false);
}

TEST("LIST-IS-SIGNED: the next list stops the points of a suspended controller, and lets them go again "
     "(PostgreSQL)")
{
    suspended_points(true);
}

static void publishing(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    struct fg_manifest manifest;
    const struct fg_operator *first = &manifest.rules.operators[0];
    const struct fg_operator *second = &manifest.rules.operators[1];
    bool changed = false;

    set(sql, "station", "HZ-01", "rules", RULES);
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.rules.operator_count, 0);
    CHECK_OK(import_text(sql, HEADER "op-wang,王,04900000000A01,2030-01-01,HZ-01\nop-Li,,,2026-12-03,HZ-01\n"
                                     "op-else,,,2030-01-01,HZ-02\n"),
             &error);
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.version, 2);
    CHECK_INT(manifest.rules.operator_count, 2);
    CHECK_TEXT(first->id, "op-Li");
    CHECK_INT(first->certificate_end_day, 20790);
    CHECK_INT(first->card.length, 0);
    CHECK_TEXT(second->id, "op-wang");
    CHECK_INT(second->card.length, 7);
    CHECK_BYTES(second->card.bytes, "\x04\x90\x00\x00\x00\x0a\x01", 7);
    CHECK_INT(second->pin_rounds, 0);
    CHECK(!publish(sql, &manifest));
    CHECK_OK(pin_put(sql, "op-Li", "135790", &changed), &error);
    CHECK(changed);
    CHECK(publish(sql, &manifest));
    CHECK(fg_pin_fits(first, "135790"));
    CHECK(!fg_pin_fits(second, "135790"));
    CHECK(!publish(sql, &manifest));
    CHECK_OK(pin_put(sql, "op-Li", "135790", &changed), &error);
    CHECK(publish(sql, &manifest));
    set(sql, "operator", "op-Li", "certificate_end", "2028-01-01");
    CHECK(publish(sql, &manifest));
    CHECK(fg_pin_fits(first, "135790"));
    CHECK_OK(pin_put(sql, "op-Li", NULL, &changed), &error);
    CHECK(changed);
    set(sql, "operator", "op-wang", "station", "LEFT");
    CHECK(publish(sql, &manifest));
    CHECK_INT(manifest.version, 6);
    CHECK_INT(manifest.rules.operator_count, 1);
    CHECK_INT(first->pin_rounds, 0);
    fg_sql_close(sql);
}

TEST("SQLite: a station's operators are in the rules that are signed, and each change of them is published")
{
    publishing(false);
}
TEST("PostgreSQL: a station's operators are in the rules that are signed, and each change of them is "
     "published")
{
    publishing(true);
}

static void bounds(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    const struct fg_private_key *key = fg_fixture_key();
    struct fg_publish_order order = {
        .station = "HZ-01", .key = key, .now_ms = NOW_MS, .who = "clerk", .out_path = fg_test_path("1.fgl")};
    struct fg_publish_result published;
    char text[4096] = HEADER;

    set(sql, "station", "HZ-01", "rules", RULES);
    for (int i = 1; i <= FG_OPERATORS_MAX + 2; i++) {
        size_t used = strlen(text);

        (void)snprintf(text + used, sizeof(text) - used, "op-%02d,,049000%02d,2030-01-01,HZ-01\n", i, i);
    }
    CHECK_OK(import_text(sql, text), &error);
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "station HZ-01: it has 34 operators");
    CHECK_INT(access(order.out_path, F_OK), -1);
    set(sql, "operator", "op-07", "station", "LEFT");
    set(sql, "operator", "op-08", "station", "LEFT");
    CHECK_OK(fg_publish(sql, &order, &published, &error), &error);
    CHECK_INT(published.manifest.rules.operator_count, FG_OPERATORS_MAX);
    CHECK_TEXT(published.manifest.rules.operators[31].id, "op-34");
    set(sql, "operator", "op-02", "card_uid", "04900001");
    CHECK_INT(fg_publish(sql, &order, &published, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "station HZ-01: operators op-01 and op-02 have the same card");
    fg_sql_close(sql);
}

TEST("SQLite: more operators than rules can carry, or one card twice, are not published but named")
{
    bounds(false);
}
TEST("PostgreSQL: more operators than rules can carry, or one card twice, are not published but named")
{
    bounds(true);
}

struct seen {
    size_t count;
    char text[2048];
};

static enum fg_err change_visit(void *context, const struct fg_change *change, struct fg_error *ignored)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);

    (void)ignored;
    seen->count++;
    (void)snprintf(seen->text + used, sizeof(seen->text) - used, "[%s:%s>%s %s]", change->field,
                   change->old_value, change->new_value, change->why);
    return FG_OK;
}

static enum fg_err record_visit(void *context, const struct fg_record *record, struct fg_error *ignored)
{
    struct seen *seen = context;

    (void)ignored;
    for (size_t i = 0; i < record->kind->field_count; i++) {
        size_t used = strlen(seen->text);

        (void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s=%s ", record->kind->fields[i].name,
                       record->values[i]);
    }
    return FG_OK;
}

static void secrecy(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);
    struct seen history = {0};
    struct seen records = {0};
    bool has = true;
    bool changed = true;

    CHECK_OK(import_text(sql, HEADER "op-wang,Wang,,2030-01-01,HZ-01\n"), &error);
    CHECK_OK(fg_operator_has_pin(sql, "op-wang", &has, &error), &error);
    CHECK(!has);
    CHECK_OK(pin_put(sql, "op-wang", NULL, &changed), &error);
    CHECK(!changed);
    CHECK_OK(pin_put(sql, "op-wang", "246810", NULL), &error);
    CHECK_OK(fg_operator_has_pin(sql, "op-wang", &has, &error), &error);
    CHECK(has);
    CHECK_OK(pin_put(sql, "op-wang", NULL, NULL), &error);
    CHECK_OK(fg_operator_has_pin(sql, "op-wang", &has, &error), &error);
    CHECK(!has);
    CHECK_OK(fg_change_each(sql, fg_record_kind("operator"), "op-wang", change_visit, &history, &error),
             &error);
    CHECK_TEXT(history.text, "[:> test][pin set:> test][pin cleared:> test]");
    CHECK_OK(pin_put(sql, "op-wang", "246810", NULL), &error);
    CHECK_OK(fg_record_each(sql, fg_record_kind("operator"), record_visit, &records, &error), &error);
    CHECK_TEXT(records.text,
               "operator=op-wang name=Wang card_uid= certificate_end=2030-01-01 station=HZ-01 ");
    CHECK_OK(import_text(sql, HEADER "op-wang,Wang Li,,2031-01-01,HZ-01\n"), &error);
    CHECK_OK(fg_operator_has_pin(sql, "op-wang", &has, &error), &error);
    CHECK(has);
    CHECK_INT(import_text(sql, "operator,pin,certificate_end,station\nop-li,123456,2030-01-01,HZ-01\n"),
              FG_E_FORMAT);
    CHECK_HAS(error.text, "t.csv:1:2: column pin: PINs are not imported from files");
    fg_sql_close(sql);
}

TEST("SQLite: a PIN is set and cleared; its record, its history and its CSV say nothing of it")
{
    secrecy(false);
}
TEST("PostgreSQL: a PIN is set and cleared; its record, its history and its CSV say nothing of it")
{
    secrecy(true);
}

TEST("a PIN is not set that is none, for nobody, or without who and why")
{
    struct fg_sql *sql = open_new(false);
    struct fg_change_by nobody = {.who = "clerk", .why = "", .now_ms = NOW_MS};
    bool has = true;

    CHECK_INT(pin_put(sql, "op-wang", "246810", NULL), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "op-wang");
    CHECK_OK(import_text(sql, HEADER "op-wang,,,2030-01-01,HZ-01\n"), &error);
    CHECK_INT(pin_put(sql, "op-wang", "12345", NULL), FG_E_FORMAT);
    CHECK_INT(pin_put(sql, "op-wang", "12345x", NULL), FG_E_FORMAT);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(fg_operator_pin_put(sql, "op-wang", "246810", &nobody, NULL, &error), FG_E_RANGE);
    fg_sql_rollback(sql);
    CHECK_OK(fg_operator_has_pin(sql, "op-wang", &has, &error), &error);
    CHECK(!has);
    fg_sql_close(sql);
}

static void older_registry(bool postgres)
{
    struct fg_sql *sql = open_at(postgres, 4);
    struct fg_sql_statement *statement;
    struct fg_manifest manifest;

    CHECK_OK(fg_sql_prepare(sql,
                            "INSERT INTO operator (operator, name, card_uid, certificate_end, station) "
                            "VALUES ('op-old', '', $1, 30000, 'HZ-01')",
                            &statement, &error),
             &error);
    fg_sql_bind_bytes(statement, 1, "\x04\x90\x00\x01", 4);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    set(sql, "station", "HZ-01", "rules", RULES);
    CHECK(publish(sql, &manifest));
    CHECK_TEXT(manifest.rules.operators[0].id, "op-old");
    CHECK_INT(manifest.rules.operators[0].pin_rounds, 0);
    CHECK_INT(manifest.rules.operators[0].card.length, 4);
    CHECK_OK(pin_put(sql, "op-old", "246810", NULL), &error);
    CHECK(publish(sql, &manifest));
    CHECK(fg_pin_fits(&manifest.rules.operators[0], "246810"));
    fg_sql_close(sql);
}

TEST("SQLite: operators of a registry from before there were PINs have none, and get one")
{
    older_registry(false);
}
TEST("PostgreSQL: operators of a registry from before there were PINs have none, and get one")
{
    older_registry(true);
}

static enum fg_err rules_of(const char *text, struct fg_station_rules *rules)
{
    return fg_rules_parse("rules.ini", text, strlen(text), rules, &error);
}

#define SALT "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define DIGEST "bd516dbaa18a64f3f52d7f34f8422c204d0df562220E23E684D4DA442EE9E2EE"

TEST("a rules file has operators, one a line, with card and PIN as wanted")
{
    struct fg_station_rules rules;
    char text[FG_OPERATOR_PIN_TEXT];

    CHECK_OK(rules_of(RULES "operator = op-wang, 2030-01-01, card=04900000000A01, pin=20000:" SALT ":" DIGEST
                            "\npre_checks = a\noperator=op-li,,pin=1:" SALT ":" DIGEST
                            "\noperator = op-new , 2026-12-03\n",
                      &rules),
             &error);
    CHECK_INT(rules.operator_count, 3);
    CHECK_TEXT(rules.operators[0].id, "op-wang");
    CHECK_INT(rules.operators[0].card.length, 7);
    CHECK(fg_pin_fits(&rules.operators[0], "246810"));
    CHECK_INT(rules.operators[1].certificate_end_day, 0);
    CHECK_INT(rules.operators[1].pin_rounds, 1);
    CHECK_INT(rules.operators[1].card.length, 0);
    CHECK_TEXT(rules.operators[2].id, "op-new");
    CHECK_INT(rules.operators[2].certificate_end_day, 20790);
    CHECK_INT(rules.operators[2].pin_rounds, 0);
    fg_operator_pin_text(&rules.operators[0], text);
    CHECK_INT(strlen(text), 5 + 1 + 32 + 1 + 64);
    CHECK_INT(strncmp(text, "20000:" SALT ":bd516d", 45), 0);
}

TEST("the longest operator fits a line of a rules file")
{
    struct fg_station_rules rules;

    CHECK_OK(rules_of(RULES
                      "operator = op-with-a-name-of-31-bytes-long, 2030-01-01, card=049000000000000A0102, "
                      "pin=200000:" SALT ":" DIGEST "\n",
                      &rules),
             &error);
    CHECK_INT(strlen(rules.operators[0].id), FG_NAME_MAX);
    CHECK_INT(rules.operators[0].pin_rounds, FG_PIN_ROUNDS_MAX);
}

TEST("faulty operators of a rules file are named by line and fault")
{
    static const struct {
        const char *line;
        const char *says;
    } bad[] = {
        {"", "id"},
        {"op wang, 2030-01-01", "id"},
        {"op-with-a-name-of-32-bytes-long-x, 2030-01-01", "id"},
        {"op-wang", "last day"},
        {"op-wang, soon", "last day"},
        {"op-wang, 2030-01-01, card=04", "card"},
        {"op-wang, 2030-01-01, card=", "card"},
        {"op-wang, 2030-01-01, card=04900001, card=04900002", "card"},
        {"op-wang, 2030-01-01, pin=246810", "fillgate operator pin"},
        {"op-wang, 2030-01-01, pin=0:" SALT ":" DIGEST, "pin"},
        {"op-wang, 2030-01-01, pin=200001:" SALT ":" DIGEST, "pin"},
        {"op-wang, 2030-01-01, pin=1:" SALT "00:" DIGEST, "pin"},
        {"op-wang, 2030-01-01, pin=1:" SALT ":" DIGEST "0", "pin"},
        {"op-wang, 2030-01-01, pin=1:" SALT ":" DIGEST ", pin=1:" SALT ":" DIGEST, "line"},
        {"op-wang, 2030-01-01, pin=1:" SALT ":bd", "pin"},
        {"op-wang, 2030-01-01, pin=1:", "pin"},
        {"op-wang, 2030-01-01,", "card=UID"},
        {"op-wang, 2030-01-01, colour=red", "card=UID"},
        {"op-li, 2030-01-01", "op-li is listed twice"},
        {"op-wang, 2030-01-01, card=04:90:00:09", "same card"},
        {"op-wang, 2030-01-01, card=04 90 00 09", "same card"},
        {"op-wang, 2030-01-01, card=04-90-00-09", "same card"},
        {"op-wang, 2030-01-01, card=08A1B2C3", "not random"},
        {"op-wang, 2030-01-01, card=00000000", "not random"},
    };
    struct fg_station_rules rules;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                       RULES "operator = op-li, 2030-01-01, card=04900009\noperator = %s\n", bad[i].line);
        CHECK_INT(rules_of(text, &rules), FG_E_FORMAT);
        CHECK_HAS(error.text, "rules.ini:5");
        CHECK_HAS(error.text, bad[i].says);
    }
}

TEST("a rules file has at most 32 operators")
{
    struct fg_station_rules rules;
    char text[2048] = RULES;

    for (int i = 0; i <= FG_OPERATORS_MAX; i++) {
        size_t used = strlen(text);

        CHECK(i == 0 || rules_of(text, &rules) == FG_OK);
        (void)snprintf(text + used, sizeof(text) - used, "operator = op-%d, 2030-01-01\n", i);
    }
    CHECK_INT(rules_of(text, &rules), FG_E_FORMAT);
    CHECK_HAS(error.text, "rules.ini:36: operator: more than 32");
}

TEST("a station's record takes no rules with operators: they would be shown with what PINs are checked "
     "against")
{
    static struct fg_record record;
    const struct fg_record_kind *kind = fg_record_kind("station");

    fg_record_start(&record, kind);
    CHECK_INT(fg_record_give(&record, (size_t)fg_record_field(kind, "rules"),
                             RULES "operator = op-wang, 2030-01-01\n", &error),
              FG_E_RANGE);
    CHECK_HAS(error.text, "without operators");
}

static void one_name(bool postgres)
{
    struct fg_sql *sql = open_new(postgres);

    CHECK_OK(import_text(sql, HEADER "op-wang,,,2030-01-01,HZ-01\n"), &error);
    CHECK_INT(import_text(sql, HEADER "op-li,,,2030-01-01,HZ-01\nOP-WANG,,,2030-01-01,HZ-02\n"), FG_E_FORMAT);
    CHECK_HAS(error.text,
              "t.csv:3:0: operator OP-WANG: op-wang is in the registry and differs only in upper and lower "
              "case");
    CHECK_INT(import_text(sql, HEADER "op-Li,,,2030-01-01,HZ-01\nop-li,,,2030-01-01,HZ-01\n"), FG_E_FORMAT);
    CHECK_HAS(error.text, "operator op-li: op-Li is in the registry");
    CHECK_OK(import_text(sql, HEADER "op-wang,Wang,,2031-01-01,HZ-02\nop-li,,,2030-01-01,HZ-01\n"), &error);
    fg_sql_close(sql);
}

TEST("SQLite: an operator whose id differs from another's only in case is not saved, and both are named")
{
    one_name(false);
}
TEST("PostgreSQL: an operator whose id differs from another's only in case is not saved, and both are named")
{
    one_name(true);
}
