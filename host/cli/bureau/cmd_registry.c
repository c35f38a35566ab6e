/* fillgate registry: the bureau's records of cylinders, stations, points and operators. Not: the records
 * themselves (host/bureau/registry/record.h). Relies on: host/bureau/registry/record.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/operator_records.h"
#include "host/bureau/registry/record.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_number.h"
#include "host/cli/cli_operator.h"

#define FIELD_FILE_MAX 8192
#define SAMPLES_MAX 10

static const struct fg_record_kind *kind_of(const struct cli_call *call, enum cli_exit *ret_exit)
{
    const struct fg_record_kind *kind = fg_record_kind(call->arguments[0]);

    if (kind == NULL)
        *ret_exit = cli_usage(call, "\"%s\" is not a kind of record: cylinder, station, point or operator",
                              call->arguments[0]);
    return kind;
}

static struct fg_change_by by_of(const struct cli_call *call)
{
    return (struct fg_change_by){
        .who = cli_who(call), .why = cli_value(call, "--why"), .now_ms = cli_now_ms()};
}

static void record_json(struct cli_json *json, cJSON *object, const struct fg_record *record)
{
    for (size_t i = 0; i < record->kind->field_count; i++)
        cli_json_text(json, object, record->kind->fields[i].name, record->values[i]);
}

/* ---- show, list ---- */

/* Of an operator also whether there is a PIN: *ret_pin is "" for other kinds. */
static enum fg_err show_read(struct fg_sql *sql, const char *key, struct fg_record *record,
                             const char **ret_pin, struct fg_error *error)
{
    bool has = false;
    enum fg_err result = fg_record_find(sql, record->kind, key, record, error);

    *ret_pin = "";
    if (result != FG_OK || strcmp(record->kind->name, "operator") != 0)
        return result;
    result = fg_operator_has_pin(sql, key, &has, error);
    *ret_pin = has ? "yes" : "no";
    return result;
}

static enum cli_exit show(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    const struct fg_record_kind *kind = kind_of(call, &exit_code);
    const char *pin = "";
    struct fg_record *record = malloc(sizeof(*record));
    struct fg_sql *sql = NULL;
    struct fg_error error;
    struct cli_json json;
    enum fg_err result;

    if (kind == NULL || record == NULL) {
        free(record);
        return kind == NULL ? exit_code : CLI_FAILURE;
    }
    fg_record_start(record, kind);
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = show_read(sql, call->arguments[1], record, &pin, &error);
    fg_sql_close(sql);
    if (result != FG_OK) {
        exit_code = result == FG_E_NOT_FOUND ? CLI_NO : CLI_FAILURE;
        (void)cli_finish(call, result, &error);
    } else if (call->json) {
        cli_json_start(&json);
        record_json(&json, json.root, record);
        if (pin[0] != '\0')
            cli_json_bool(&json, json.root, "pin", strcmp(pin, "yes") == 0);
        exit_code = cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    } else {
        for (size_t i = 0; i < kind->field_count; i++)
            printf("%-20s %s\n", kind->fields[i].name, record->values[i]);
        if (pin[0] != '\0')
            printf("%-20s %s\n", "pin", pin);
    }
    free(record);
    return exit_code;
}

static void csv_put(const char *value)
{
    if (strpbrk(value, ",\"\n\r") == NULL) {
        (void)fputs(value, stdout);
        return;
    }
    (void)putchar('"');
    for (; *value != '\0'; value++) {
        if (*value == '"')
            (void)putchar('"');
        (void)putchar(*value);
    }
    (void)putchar('"');
}

static enum fg_err record_print(void *context, const struct fg_record *record, struct fg_error *error)
{
    const struct cli_call *call = context;
    struct cli_json json;

    if (call->json) {
        cli_json_start(&json);
        record_json(&json, json.root, record);
        return cli_json_print(&json, stdout) ? FG_OK : fg_fail(error, FG_E_IO, "cannot print");
    }
    for (size_t i = 0; i < record->kind->field_count; i++) {
        if (i > 0)
            (void)putchar(',');
        csv_put(record->values[i]);
    }
    return putchar('\n') != EOF ? FG_OK : fg_fail(error, FG_E_IO, "cannot print: %s", strerror(errno));
}

static enum cli_exit list(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    const struct fg_record_kind *kind = kind_of(call, &exit_code);
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (kind == NULL)
        return exit_code;
    result = cli_database_open(call, &sql, &error);
    for (size_t i = 0; result == FG_OK && !call->json && i < kind->field_count; i++)
        printf("%s%s", kind->fields[i].name, i + 1 < kind->field_count ? "," : "\n");
    if (result == FG_OK)
        result = fg_record_each(sql, kind, record_print, (void *)(uintptr_t)call, &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

/* ---- set ---- */

/* "name=value", or "name=@FILE" for the content of a file. */
static enum fg_err field_give(struct fg_record *record, const char *text, struct fg_error *error)
{
    const char *equals = strchr(text, '=');
    char name[32];
    char *content = NULL;
    FILE *file;
    size_t length;
    int field = -1;
    enum fg_err result;

    if (equals != NULL && (size_t)(equals - text) < sizeof(name)) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
        field = fg_record_field(record->kind, name);
    }
    if (field < 0)
        return fg_fail(error, FG_E_ARG, "\"%.40s\": give FIELD=VALUE with a field of a %s", text,
                       record->kind->name);
    if (equals[1] != '@')
        return fg_record_give(record, (size_t)field, equals + 1, error);
    content = calloc(1, FIELD_FILE_MAX + 1);
    file = fopen(equals + 2, "re");
    if (content == NULL || file == NULL) {
        result = fg_fail(error, FG_E_IO, "%s: cannot open: %s", equals + 2, strerror(errno));
    } else {
        length = fread(content, 1, FIELD_FILE_MAX + 1, file);
        result = length > FIELD_FILE_MAX
                     ? fg_fail(error, FG_E_SIZE, "%s: longer than %d bytes", equals + 2, FIELD_FILE_MAX)
                     : fg_record_give(record, (size_t)field, content, error);
    }
    if (file != NULL)
        (void)fclose(file);
    free(content);
    return result;
}

static enum fg_err set_run(const struct cli_call *call, struct fg_record *record, uint32_t *ret_changed,
                           struct fg_error *error)
{
    const char *const *texts = NULL;
    size_t count = cli_values(call, "--field", &texts);
    struct fg_change_by by = by_of(call);
    struct fg_sql *sql = NULL;
    enum fg_err result = fg_record_give(record, 0, call->arguments[1], error);

    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = field_give(record, texts[i], error);
    if (result == FG_OK)
        result = cli_database_open(call, &sql, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = fg_record_put(sql, record, &by, ret_changed, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_close(sql);
    return result;
}

static enum cli_exit set(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    const struct fg_record_kind *kind = kind_of(call, &exit_code);
    struct fg_record *record;
    struct fg_error error;
    uint32_t changed = 0;
    enum fg_err result;

    if (kind == NULL)
        return exit_code;
    record = malloc(sizeof(*record));
    if (record == NULL)
        return CLI_FAILURE;
    fg_record_start(record, kind);
    result = set_run(call, record, &changed, &error);
    free(record);
    if (result == FG_OK && !call->json)
        printf("%s %s: %" PRIu32 " %s\n", kind->name, call->arguments[1], changed,
               cli_text(call, FG_TEXT_CLI_FIELDS_CHANGED));
    return cli_finish(call, result, &error);
}

/* ---- import ---- */

static void fault_print(void *context, uint64_t line, size_t column, const char *text)
{
    const struct cli_call *call = context;

    (void)fprintf(stderr, "%s:%" PRIu64 ":%zu: %s\n", call->arguments[1], line, column, text);
}

static enum cli_exit import(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    const struct fg_record_kind *kind = kind_of(call, &exit_code);
    struct fg_change_by by = by_of(call);
    struct fg_import_result imported;
    struct fg_sql *sql = NULL;
    struct fg_error error;
    FILE *stream;
    enum fg_err result;

    if (kind == NULL)
        return exit_code;
    stream = fopen(call->arguments[1], "re");
    result = stream != NULL
                 ? cli_database_open(call, &sql, &error)
                 : fg_fail(&error, FG_E_IO, "%s: cannot open: %s", call->arguments[1], strerror(errno));
    if (result == FG_OK)
        result =
            fg_record_import(sql, kind, stream, call->arguments[1], &by, cli_value(call, "--dry-run") != NULL,
                             fault_print, (void *)(uintptr_t)call, &imported, &error);
    fg_sql_close(sql);
    if (stream != NULL)
        (void)fclose(stream);
    if (result == FG_OK && !call->json)
        printf("%" PRIu64 " %s, %" PRIu64 " %s\n", imported.lines, cli_text(call, FG_TEXT_CLI_RECORDS_READ),
               imported.changed,
               cli_text(call, cli_value(call, "--dry-run") != NULL ? FG_TEXT_CLI_RECORDS_WOULD_CHANGE
                                                                   : FG_TEXT_CLI_RECORDS_CHANGED));
    return cli_finish(call, result, &error);
}

/* ---- history ---- */

static enum fg_err change_print(void *context, const struct fg_change *change, struct fg_error *error)
{
    const struct cli_call *call = context;
    struct cli_json json;
    char time[CLI_TIME_TEXT];

    if (call->json) {
        cli_json_start(&json);
        cli_json_number(&json, json.root, "at_ms", change->at_ms);
        cli_json_text(&json, json.root, "field", change->field);
        cli_json_text(&json, json.root, "old", change->old_value);
        cli_json_text(&json, json.root, "new", change->new_value);
        cli_json_text(&json, json.root, "who", change->who);
        cli_json_text(&json, json.root, "why", change->why);
        return cli_json_print(&json, stdout) ? FG_OK : fg_fail(error, FG_E_IO, "cannot print");
    }
    cli_time_text(change->at_ms, time);
    if (change->field[0] == '\0')
        printf("%s  %s  (%s: %s)\n", time, cli_text(call, FG_TEXT_CLI_RECORD_MADE), change->who, change->why);
    else if (change->old_value[0] == '\0' && change->new_value[0] == '\0')
        printf("%s  %s  (%s: %s)\n", time, change->field, change->who, change->why);
    else
        printf("%s  %s: \"%.80s\" -> \"%.80s\"  (%s: %s)\n", time, change->field, change->old_value,
               change->new_value, change->who, change->why);
    return FG_OK;
}

static enum cli_exit history(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    const struct fg_record_kind *kind = kind_of(call, &exit_code);
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (kind == NULL)
        return exit_code;
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = fg_change_each(sql, kind, call->arguments[1], change_print, (void *)(uintptr_t)call, &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

/* ---- re-dating ---- */

struct samples {
    const struct cli_call *call;
    size_t count;
};

static enum fg_err sample_print(void *context, const struct fg_change *change, struct fg_error *error)
{
    struct samples *samples = context;

    (void)error;
    if (samples->count++ < SAMPLES_MAX && !samples->call->json)
        printf("  %-32s %s -> %s\n", change->field, change->old_value, change->new_value);
    return FG_OK;
}

/* *months stays as it is when the option is not given. */
static enum fg_err months_read(const struct cli_call *call, const char *option, int32_t *months,
                               struct fg_error *error)
{
    const char *text = cli_value(call, option);
    char *end = NULL;
    long number;

    if (text == NULL)
        return FG_OK;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < -9999 || number > 9999)
        return fg_fail(error, FG_E_ARG, "%s is a whole number, not \"%.20s\"", option, text);
    *months = (int32_t)number;
    return FG_OK;
}

static enum fg_err redate_read(const struct cli_call *call, struct fg_redate *ret_redate,
                               struct fg_error *error)
{
    static const char *const media[] = {"cng", "lpg"};
    const char *medium = cli_value(call, "--medium");
    const struct {
        const char *option;
        int32_t *day;
    } days[] = {{"--to", &ret_redate->to_day},
                {"--from", &ret_redate->from_day},
                {"--until", &ret_redate->until_day},
                {"--made-from", &ret_redate->made_from_day},
                {"--made-until", &ret_redate->made_until_day}};
    enum fg_err result;

    ret_redate->field = call->arguments[0];
    ret_redate->owner = cli_value(call, "--owner");
    ret_redate->area = cli_value(call, "--area");
    for (uint8_t i = 0; medium != NULL && i < 2; i++) {
        if (strcmp(medium, media[i]) == 0)
            ret_redate->medium = (uint8_t)(i + 1);
    }
    if (medium != NULL && ret_redate->medium == FG_MEDIUM_NONE)
        return fg_fail(error, FG_E_ARG, "--medium is cng or lpg, not \"%.20s\"", medium);
    result = months_read(call, "--months", &ret_redate->months, error);
    if (result == FG_OK)
        result = months_read(call, "--made-months", &ret_redate->made_months, error);
    for (size_t i = 0; result == FG_OK && i < sizeof(days) / sizeof(days[0]); i++) {
        if (cli_value(call, days[i].option) != NULL)
            result = cli_day_parse(cli_value(call, days[i].option), days[i].day, error);
    }
    return result == FG_OK ? FG_OK : FG_E_ARG;
}

static enum cli_exit redate(const struct cli_call *call)
{
    bool dry = cli_value(call, "--apply") == NULL;
    struct fg_redate order = {0};
    struct fg_change_by by = by_of(call);
    struct samples samples = {.call = call};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    struct cli_json json;
    uint64_t count = 0;
    enum fg_err result = redate_read(call, &order, &error);

    if (result == FG_OK)
        result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = fg_record_redate(sql, &order, &by, dry, sample_print, &samples, &count, &error);
    fg_sql_close(sql);
    if (result != FG_OK)
        return cli_finish(call, result, &error);
    if (call->json) {
        cli_json_start(&json);
        cli_json_number(&json, json.root, "cylinders", (int64_t)count);
        cli_json_bool(&json, json.root, "applied", !dry);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    printf("%" PRIu64 " %s\n", count, cli_text(call, dry ? FG_TEXT_CLI_REDATE_DRY : FG_TEXT_CLI_REDATE_DONE));
    return CLI_OK;
}

#define DATABASE                                                                                             \
    {                                                                                                        \
        "--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false                                              \
    }
#define WHO_AND_WHY                                                                                          \
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},                                                        \
    {                                                                                                        \
        "--why", "TEXT", FG_TEXT_CLI_OPTION_WHY, false                                                       \
    }
static const struct cli_option read_options[] = {DATABASE, {0}};
static const struct cli_option set_options[] = {
    DATABASE, WHO_AND_WHY, {"--field", "FIELD=VALUE", FG_TEXT_CLI_OPTION_FIELD, true}, {0}};
static const struct cli_option import_options[] = {
    DATABASE, WHO_AND_WHY, {"--dry-run", NULL, FG_TEXT_CLI_OPTION_DRY_RUN, false}, {0}};
static const struct cli_option pin_options[] = {DATABASE,
                                                WHO_AND_WHY,
                                                {"--pin-file", "FILE", FG_TEXT_CLI_OPTION_PIN_FILE, false},
                                                {"--clear", NULL, FG_TEXT_CLI_OPTION_PIN_CLEAR, false},
                                                {0}};
static const struct cli_option redate_options[] = {
    DATABASE,
    WHO_AND_WHY,
    {"--months", "N", FG_TEXT_CLI_OPTION_MONTHS, false},
    {"--to", "DATE", FG_TEXT_CLI_OPTION_TO_DAY, false},
    {"--medium", "WORD", FG_TEXT_CLI_OPTION_MEDIUM, false},
    {"--owner", "UNIT", FG_TEXT_CLI_OPTION_OWNER, false},
    {"--area", "AREA", FG_TEXT_CLI_OPTION_AREA, false},
    {"--from", "DATE", FG_TEXT_CLI_OPTION_FROM_DAY, false},
    {"--until", "DATE", FG_TEXT_CLI_OPTION_UNTIL_DAY, false},
    {"--made-months", "N", FG_TEXT_CLI_OPTION_MADE_MONTHS, false},
    {"--made-from", "DATE", FG_TEXT_CLI_OPTION_MADE_FROM, false},
    {"--made-until", "DATE", FG_TEXT_CLI_OPTION_MADE_UNTIL, false},
    {"--apply", NULL, FG_TEXT_CLI_OPTION_APPLY, false},
    {0},
};

const struct cli_command cli_registry_commands[] = {
    {"registry", "import", "KIND FILE", FG_TEXT_CLI_REGISTRY_IMPORT, 2, 2, import_options, import},
    {"registry", "set", "KIND KEY", FG_TEXT_CLI_REGISTRY_SET, 2, 2, set_options, set},
    {"registry", "show", "KIND KEY", FG_TEXT_CLI_REGISTRY_SHOW, 2, 2, read_options, show},
    {"registry", "list", "KIND", FG_TEXT_CLI_REGISTRY_LIST, 1, 1, read_options, list},
    {"registry", "history", "KIND KEY", FG_TEXT_CLI_REGISTRY_HISTORY, 2, 2, read_options, history},
    {"registry", "pin", "OPERATOR", FG_TEXT_CLI_REGISTRY_PIN, 1, 1, pin_options, cli_registry_pin},
    {"registry", "redate", "FIELD", FG_TEXT_CLI_REGISTRY_REDATE, 1, 1, redate_options, redate},
    {0},
};
