/* Implementation of records (record.h): values, statements made from a kind's table, history. */
#include "host/bureau/registry/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/station_rules.h"
#include "host/bureau/registry/values.h"
#include "host/bureau/trail/ledger.h"
#include "lib/domain/code.h"

#define STATEMENT_BYTES 2048
#define WHY_MAX 200
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* ---- values ---- */

void fg_record_start(struct fg_record *record, const struct fg_record_kind *kind)
{
    record->kind = kind;
    record->used = 0;
    memset(record->values, 0, sizeof(record->values));
}

static enum fg_err keep(struct fg_record *record, size_t field, const char *text, struct fg_error *error)
{
    size_t length = strlen(text) + 1;

    if (length > sizeof(record->text) - record->used)
        return fg_fail(error, FG_E_SIZE, "%s: its values have more than %d bytes together",
                       record->kind->name, FG_RECORD_TEXT_MAX);
    memcpy(record->text + record->used, text, length);
    record->values[field] = record->text + record->used;
    record->used += length;
    return FG_OK;
}

static bool number_parse(const char *text, int64_t least, int64_t most, int64_t *ret_number)
{
    size_t sign = text[0] == '-';
    char *end = NULL;
    long long number;

    if (strlen(text) > 18 || text[sign] < '0' || text[sign] > '9')
        return false;
    number = strtoll(text, &end, 10);
    *ret_number = number;
    return *end == '\0' && number >= least && number <= most;
}

static enum fg_err words_refuse(const struct fg_field *field, const char *value, struct fg_error *error)
{
    char words[128] = "";

    for (size_t i = 0; field->words[i] != NULL; i++) {
        size_t used = strlen(words);

        if (field->words[i][0] != '\0')
            (void)snprintf(words + used, sizeof(words) - used, "%s%s", used > 0 ? ", " : "", field->words[i]);
    }
    return fg_fail(error, FG_E_RANGE, "%s \"%.40s\": must be one of %s", field->name, value, words);
}

#define TEXT_WANTED "text"
#define NUMBER_WANTED "a whole number"

/* The limits are the field's own: they are said with what is wanted. */
static enum fg_err fault_refuse(const struct fg_field *field, const char *value, const char *wanted,
                                struct fg_error *error)
{
    if (field->type == FG_FIELD_TEXT)
        return fg_fail(error, FG_E_RANGE, "%s \"%.40s\": must be %s of at most %" PRId64 " bytes",
                       field->name, value, wanted, field->most);
    if (field->type == FG_FIELD_NUMBER)
        return fg_fail(error, FG_E_RANGE, "%s \"%.40s\": must be %s from %" PRId64 " to %" PRId64,
                       field->name, value, wanted, field->least, field->most);
    return fg_fail(error, FG_E_RANGE, "%s \"%.40s\": must be %s", field->name, value, wanted);
}

/* NULL when the value is good, else what it must be. */
static const char *value_fault(const struct fg_field *field, const char *value,
                               struct fg_error *ret_rules_error)
{
    struct fg_code code;
    struct fg_uid uid;
    struct fg_station_rules rules;
    int32_t day;
    int64_t number;

    switch (field->type) {
    case FG_FIELD_CODE:
        return fg_code_parse(value, &code, NULL) == FG_OK ? NULL : "1 to 32 characters of 0-9 A-Z -";
    case FG_FIELD_NAME:
        return value[0] != '\0' && strlen(value) <= FG_NAME_MAX &&
                       strspn(value, NAME_CHARACTERS) == strlen(value)
                   ? NULL
                   : "1 to 31 letters, digits, '.', '_' or '-'";
    case FG_FIELD_TEXT:
        return (int64_t)strlen(value) <= field->most && fg_value_text(value) ? NULL : TEXT_WANTED;
    case FG_FIELD_UID:
        return value[0] == '\0' || fg_uid_parse_lasting(value, &uid, NULL) == FG_OK
                   ? NULL
                   : "4, 7 or 10 bytes in hex, not random (08...) and not all 00 or FF, or empty";
    case FG_FIELD_NUMBER:
        return number_parse(value, field->least, field->most, &number) ? NULL : NUMBER_WANTED;
    case FG_FIELD_DAY:
        return fg_value_day(value, &day) ? NULL : "a date YYYY-MM-DD, or empty";
    case FG_FIELD_RULES:
        if (value[0] != '\0' &&
            fg_rules_parse("rules", value, strlen(value), &rules, ret_rules_error) != FG_OK)
            return "station rules";
        /* Rules are shown and exported; what PINs are checked against must not be. */
        return value[0] == '\0' || rules.operator_count == 0 ? NULL
                                                             : "rules without operators: make each a record "
                                                               "of kind operator";
    case FG_FIELD_WORD:
        break;
    }
    return NULL;
}

enum fg_err fg_record_give(struct fg_record *record, size_t field_index, const char *value,
                           struct fg_error *error)
{
    const struct fg_field *field = &record->kind->fields[field_index];
    struct fg_error rules_error = {0};
    const char *fault;
    int64_t number = 0;
    char canonical[24];

    if (field->type == FG_FIELD_WORD && (value[0] == '\0' || fg_value_word(value, field->words) < 0))
        return words_refuse(field, value, error);
    fault = value_fault(field, value, &rules_error);
    if (fault != NULL && rules_error.code != FG_OK)
        return fg_fail(error, FG_E_RANGE, "%s", rules_error.text);
    if (fault != NULL)
        return fault_refuse(field, value, fault, error);
    if (field->type == FG_FIELD_NUMBER) {
        (void)number_parse(value, field->least, field->most, &number);
        (void)snprintf(canonical, sizeof(canonical), "%" PRId64, number);
        return keep(record, field_index, canonical, error);
    }
    if (field->type == FG_FIELD_UID && value[0] != '\0') {
        struct fg_uid uid;
        char text[2 * FG_UID_MAX + 1];

        (void)fg_uid_parse(value, &uid, NULL);
        for (size_t i = 0; i < uid.length; i++)
            (void)snprintf(text + 2 * i, 3, "%02X", uid.bytes[i]);
        return keep(record, field_index, text, error);
    }
    return keep(record, field_index, value, error);
}

/* ---- between texts and the database ---- */

/* bytes must stay until the statement has run. */
static void value_bind(struct fg_sql_statement *statement, unsigned number, const struct fg_field *field,
                       const char *value, struct fg_uid *bytes)
{
    int32_t day = 0;

    switch (field->type) {
    case FG_FIELD_CODE:
    case FG_FIELD_NAME:
    case FG_FIELD_TEXT:
    case FG_FIELD_RULES:
        fg_sql_bind_text(statement, number, value);
        break;
    case FG_FIELD_UID:
        memset(bytes, 0, sizeof(*bytes));
        if (value[0] != '\0')
            (void)fg_uid_parse(value, bytes, NULL);
        fg_sql_bind_bytes(statement, number, bytes->bytes, bytes->length);
        break;
    case FG_FIELD_NUMBER:
        fg_sql_bind_int(statement, number, strtoll(value, NULL, 10));
        break;
    case FG_FIELD_DAY:
        (void)fg_value_day(value, &day);
        fg_sql_bind_int(statement, number, day);
        break;
    case FG_FIELD_WORD:
        fg_sql_bind_int(statement, number, fg_value_word(value, field->words));
        break;
    }
}

static void day_text(int64_t day, char ret_text[16])
{
    fg_value_day_text((int32_t)day, ret_text);
}

static enum fg_err value_read(const struct fg_sql_statement *statement, unsigned column,
                              struct fg_record *record, struct fg_error *error)
{
    const struct fg_field *field = &record->kind->fields[column];
    char text[32] = "";
    size_t length = 0;
    const uint8_t *bytes;
    int64_t number;

    switch (field->type) {
    case FG_FIELD_UID:
        bytes = fg_sql_bytes(statement, column, &length);
        for (size_t i = 0; i < length && i < FG_UID_MAX; i++)
            (void)snprintf(text + 2 * i, 3, "%02X", bytes[i]);
        return keep(record, column, text, error);
    case FG_FIELD_NUMBER:
        (void)snprintf(text, sizeof(text), "%" PRId64, fg_sql_int(statement, column));
        return keep(record, column, text, error);
    case FG_FIELD_DAY:
        day_text(fg_sql_int(statement, column), text);
        return keep(record, column, text, error);
    case FG_FIELD_WORD:
        number = fg_sql_int(statement, column);
        for (int64_t i = 0; field->words[i] != NULL; i++) {
            if (i == number)
                return keep(record, column, field->words[i], error);
        }
        return fg_fail(error, FG_E_CORRUPT, "%s: its %s is stored as %" PRId64 ", which is not a word of it",
                       record->kind->name, field->name, number);
    default:
        return keep(record, column, fg_sql_text(statement, column), error);
    }
}

/* ---- statements ---- */

struct text {
    char bytes[STATEMENT_BYTES];
    size_t used;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->used, sizeof(text->bytes) - text->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used += (size_t)length;
    /* The texts are made of our own tables' names alone and fit by far. */
    if (text->used >= sizeof(text->bytes))
        text->used = sizeof(text->bytes) - 1;
}

static void columns_add(struct text *text, const struct fg_record_kind *kind)
{
    for (size_t i = 0; i < kind->field_count; i++)
        add(text, "%s%s", i > 0 ? ", " : "", kind->fields[i].name);
}

static enum fg_err record_read(const struct fg_sql_statement *statement, const struct fg_record_kind *kind,
                               struct fg_record *ret_record, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    fg_record_start(ret_record, kind);
    for (size_t i = 0; result == FG_OK && i < kind->field_count; i++)
        result = value_read(statement, (unsigned)i, ret_record, error);
    return result;
}

enum fg_err fg_record_find(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           struct fg_record *ret_record, struct fg_error *error)
{
    struct text text = {.used = 0};
    struct fg_sql_statement *statement;
    enum fg_err result;

    add(&text, "SELECT ");
    columns_add(&text, kind);
    add(&text, " FROM %s WHERE %s = $1", kind->name, kind->fields[0].name);
    result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, key);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "%s %.40s: not in the registry", kind->name, key);
    if (result == FG_OK) {
        result = record_read(statement, kind, ret_record, error);
        fg_sql_reset(statement);
    }
    return result;
}

enum fg_err fg_record_each(struct fg_sql *sql, const struct fg_record_kind *kind, fg_record_visit visit,
                           void *context, struct fg_error *error)
{
    struct text text = {.used = 0};
    struct fg_sql_statement *statement;
    struct fg_record *record = malloc(sizeof(*record));
    enum fg_err result;

    if (record == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    add(&text, "SELECT ");
    columns_add(&text, kind);
    add(&text, " FROM %s ORDER BY %s", kind->name, kind->fields[0].name);
    result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        goto done;
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        result = record_read(statement, kind, record, error);
        if (result == FG_OK)
            result = visit(context, record, error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            goto done;
        }
    }
    if (result == FG_E_NOT_FOUND)
        result = FG_OK;
done:
    free(record);
    return result;
}

/* ---- changing ---- */

static enum fg_err change_keep(struct fg_sql *sql, const char *kind, const char *key, const char *field,
                               const char *old_value, const char *new_value, const struct fg_change_by *by,
                               struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO change (kind, subject, number, at_ms, field, old_value, new_value, who, why) SELECT $1, "
        "$2, "
        "COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6, $7, $8 FROM change WHERE kind = $1 AND subject = $2 "
        "RETURNING "
        "number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, kind);
    fg_sql_bind_text(statement, 2, key);
    fg_sql_bind_int(statement, 3, by->now_ms);
    fg_sql_bind_text(statement, 4, field);
    fg_sql_bind_text(statement, 5, old_value);
    fg_sql_bind_text(statement, 6, new_value);
    fg_sql_bind_text(statement, 7, by->who);
    fg_sql_bind_text(statement, 8, by->why);
    return fg_ledger_insert_run(statement, sql, "change", kind, key, by->who, error);
}

static enum fg_err by_check(const struct fg_change_by *by, struct fg_error *error)
{
    if (by->who == NULL || by->why == NULL || by->who[0] == '\0' || by->why[0] == '\0' ||
        strlen(by->who) > FG_NAME_MAX || strlen(by->why) > WHY_MAX || !fg_value_text(by->who) ||
        !fg_value_text(by->why))
        return fg_fail(error, FG_E_RANGE, "say who does this (at most %d bytes) and why (at most %d bytes)",
                       FG_NAME_MAX, WHY_MAX);
    return FG_OK;
}

/* Refuses a new key that is another spelling of one that has a record. */
static enum fg_err other_case_refuse(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                                     struct fg_error *error)
{
    struct text text = {.used = 0};
    struct fg_sql_statement *statement;
    enum fg_err result;

    add(&text, "SELECT %s FROM %s WHERE LOWER(%s) = LOWER($1) LIMIT 1", kind->fields[0].name, kind->name,
        kind->fields[0].name);
    result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, key);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        result = fg_fail(error, FG_E_RANGE,
                         "%s %s: %s is in the registry and differs only in upper and lower case; "
                         "change that one, or give another %s",
                         kind->name, key, fg_sql_text(statement, 0), kind->name);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err record_insert(struct fg_sql *sql, const struct fg_record *record,
                                 const struct fg_change_by *by, struct fg_error *error)
{
    const struct fg_record_kind *kind = record->kind;
    struct text text = {.used = 0};
    struct fg_uid bytes[FG_RECORD_FIELDS_MAX];
    struct fg_sql_statement *statement;
    enum fg_err result;

    add(&text, "INSERT INTO %s (", kind->name);
    columns_add(&text, kind);
    add(&text, ") VALUES (");
    for (size_t i = 0; i < kind->field_count; i++)
        add(&text, "%s$%zu", i > 0 ? ", " : "", i + 1);
    add(&text, ")");
    result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < kind->field_count; i++) {
        const char *value = record->values[i] != NULL ? record->values[i] : kind->fields[i].otherwise;

        if (value == NULL)
            return fg_fail(error, FG_E_RANGE, "%s %s is new: give its %s", kind->name, record->values[0],
                           kind->fields[i].name);
        value_bind(statement, (unsigned)i + 1, &kind->fields[i], value, &bytes[i]);
    }
    result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result =
            fg_ledger_added(sql, &(struct fg_ledger_row){kind->name, {record->values[0]}}, by->who, error);
    return result == FG_OK ? change_keep(sql, kind->name, record->values[0], "", "", "", by, error) : result;
}

static enum fg_err field_update(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                                size_t field, const char *value, const char *who, struct fg_error *error)
{
    struct text text = {.used = 0};
    struct fg_uid bytes;
    struct fg_sql_statement *statement;
    enum fg_err result = fg_ledger_touch(sql, &(struct fg_ledger_row){kind->name, {key}}, who, error);

    add(&text, "UPDATE %s SET %s = $2 WHERE %s = $1", kind->name, kind->fields[field].name,
        kind->fields[0].name);
    if (result == FG_OK)
        result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, key);
    value_bind(statement, 2, &kind->fields[field], value, &bytes);
    return fg_sql_run(statement, NULL, error);
}

static enum fg_err record_update(struct fg_sql *sql, const struct fg_record *before,
                                 const struct fg_record *record, const struct fg_change_by *by,
                                 uint32_t *ret_changed, struct fg_error *error)
{
    const struct fg_record_kind *kind = record->kind;
    enum fg_err result = FG_OK;

    for (size_t i = 1; result == FG_OK && i < kind->field_count; i++) {
        if (record->values[i] == NULL || strcmp(record->values[i], before->values[i]) == 0)
            continue;
        result = field_update(sql, kind, record->values[0], i, record->values[i], by->who, error);
        if (result == FG_OK)
            result = change_keep(sql, kind->name, record->values[0], kind->fields[i].name, before->values[i],
                                 record->values[i], by, error);
        (*ret_changed)++;
    }
    return result;
}

enum fg_err fg_record_put(struct fg_sql *sql, const struct fg_record *record, const struct fg_change_by *by,
                          uint32_t *ret_changed, struct fg_error *error)
{
    struct fg_record *before;
    uint32_t changed = 0;
    enum fg_err result = by_check(by, error);

    if (result != FG_OK)
        return result;
    if (record->values[0] == NULL)
        return fg_fail(error, FG_E_RANGE, "%s: its %s must be given", record->kind->name,
                       record->kind->fields[0].name);
    before = malloc(sizeof(*before));
    if (before == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    result = fg_record_find(sql, record->kind, record->values[0], before, error);
    if (result == FG_E_NOT_FOUND) {
        result = record->kind->key_has_no_case
                     ? other_case_refuse(sql, record->kind, record->values[0], error)
                     : FG_OK;
        if (result == FG_OK)
            result = record_insert(sql, record, by, error);
        changed = (uint32_t)record->kind->field_count;
    } else if (result == FG_OK) {
        result = record_update(sql, before, record, by, &changed, error);
    }
    free(before);
    if (result == FG_OK && ret_changed != NULL)
        *ret_changed = changed;
    return result;
}

enum fg_err fg_change_note(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           const char *what, const struct fg_change_by *by, struct fg_error *error)
{
    enum fg_err result = by_check(by, error);

    return result == FG_OK ? change_keep(sql, kind->name, key, what, "", "", by, error) : result;
}

enum fg_err fg_change_each(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           fg_change_visit visit, void *context, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_change change;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT at_ms, field, old_value, new_value, who, why FROM change WHERE kind = $1 "
                       "AND subject = $2 ORDER BY number",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, kind->name);
    fg_sql_bind_text(statement, 2, key);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        change.at_ms = fg_sql_int(statement, 0);
        change.field = fg_sql_text(statement, 1);
        change.old_value = fg_sql_text(statement, 2);
        change.new_value = fg_sql_text(statement, 3);
        change.who = fg_sql_text(statement, 4);
        change.why = fg_sql_text(statement, 5);
        result = visit(context, &change, error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- re-dating ---- */

/* Months move the day of the month back to the last there is: 31 January and one month is 28 February. */
static int32_t day_move(int32_t day, int32_t months)
{
    char text[16];
    char moved[48];
    int year;
    int month;
    int of_month;
    int32_t result = 0;

    fg_value_day_text(day, text);
    if (sscanf(text, "%d-%d-%d", &year, &month, &of_month) != 3)
        return day;
    month += months - 1;
    year += month / 12;
    month %= 12;
    if (month < 0) {
        month += 12;
        year--;
    }
    for (; of_month > 0; of_month--) {
        (void)snprintf(moved, sizeof(moved), "%04d-%02d-%02d", year, month + 1, of_month);
        if (fg_value_day(moved, &result))
            return result;
    }
    return day;
}

struct dated {
    char code[FG_CODE_MAX + 1];
    int32_t day;
    int32_t made;
};

/* All that match, in memory: a statement between rows would be in the way of the updates. */
static enum fg_err dated_read(struct fg_sql *sql, const struct fg_redate *redate, struct dated **ret_rows,
                              size_t *ret_count, struct fg_error *error)
{
    struct text text = {.used = 0};
    struct fg_sql_statement *statement;
    struct dated *rows = NULL;
    size_t count = 0;
    size_t capacity = 0;
    enum fg_err result;

    add(&text,
        "SELECT code, %s, made FROM cylinder WHERE %s > 0 AND ($1 = 0 OR medium = $1) AND ($2 = '' OR owner "
        "= "
        "$2) AND ($3 = '' OR area = $3) AND %s >= $4 AND %s <= $5 AND ($6 = 0 OR made >= $6) AND ($7 = 0 OR "
        "(made > 0 AND made <= $7)) ORDER BY code",
        redate->field, redate->to_day == 0 && redate->made_months != 0 ? "made" : redate->field,
        redate->field, redate->field);
    result = fg_sql_prepare(sql, text.bytes, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, redate->medium);
    fg_sql_bind_text(statement, 2, redate->owner != NULL ? redate->owner : "");
    fg_sql_bind_text(statement, 3, redate->area != NULL ? redate->area : "");
    fg_sql_bind_int(statement, 4, redate->from_day);
    fg_sql_bind_int(statement, 5, redate->until_day != 0 ? redate->until_day : INT32_MAX);
    fg_sql_bind_int(statement, 6, redate->made_from_day);
    fg_sql_bind_int(statement, 7, redate->made_until_day);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        if (count == capacity) {
            struct dated *more =
                realloc(rows, (capacity = capacity == 0 ? 1024 : capacity * 2) * sizeof(*rows));

            if (more == NULL) {
                fg_sql_reset(statement);
                free(rows);
                return fg_fail(error, FG_E_MEMORY, "registry: no memory for %zu cylinders", capacity);
            }
            rows = more;
        }
        (void)snprintf(rows[count].code, sizeof(rows[count].code), "%s", fg_sql_text(statement, 0));
        rows[count].made = (int32_t)fg_sql_int(statement, 2);
        rows[count++].day = (int32_t)fg_sql_int(statement, 1);
    }
    if (result != FG_E_NOT_FOUND) {
        free(rows);
        return result;
    }
    *ret_rows = rows;
    *ret_count = count;
    return FG_OK;
}

static enum fg_err redate_one(struct fg_sql *sql, const struct fg_redate *redate, const struct dated *row,
                              const struct fg_change_by *by, fg_change_visit visit, void *context,
                              uint64_t *count, struct fg_error *error)
{
    const struct fg_record_kind *kind = fg_record_kind("cylinder");
    int32_t day = redate->to_day != 0        ? redate->to_day
                  : redate->made_months != 0 ? day_move(row->made, redate->made_months)
                                             : day_move(row->day, redate->months);
    char old_text[16];
    char new_text[16];
    struct fg_change change = {.at_ms = by->now_ms,
                               .field = row->code,
                               .old_value = old_text,
                               .new_value = new_text,
                               .who = by->who,
                               .why = by->why};
    enum fg_err result;

    if (day == row->day)
        return FG_OK;
    fg_value_day_text(row->day, old_text);
    fg_value_day_text(day, new_text);
    result = field_update(sql, kind, row->code, (size_t)fg_record_field(kind, redate->field), new_text,
                          by->who, error);
    if (result == FG_OK)
        result = change_keep(sql, kind->name, row->code, redate->field, old_text, new_text, by, error);
    if (result == FG_OK && visit != NULL)
        result = visit(context, &change, error);
    (*count)++;
    return result;
}

enum fg_err fg_record_redate(struct fg_sql *sql, const struct fg_redate *redate,
                             const struct fg_change_by *by, bool dry, fg_change_visit visit, void *context,
                             uint64_t *ret_count, struct fg_error *error)
{
    struct dated *rows = NULL;
    size_t row_count = 0;
    uint64_t count = 0;
    enum fg_err result = by_check(by, error);

    if (strcmp(redate->field, "inspection_due") != 0 && strcmp(redate->field, "end_of_life") != 0)
        return fg_fail(error, FG_E_ARG,
                       "\"%.40s\" is not a date of a cylinder: inspection_due or end_of_life", redate->field);
    if (redate->made_months < 0 || redate->made_months > 1200)
        return fg_fail(error, FG_E_ARG, "give 1 to 1200 months after manufacture");
    if (redate->to_day == 0 && redate->made_months == 0 &&
        (redate->months == 0 || redate->months > 600 || redate->months < -600))
        return fg_fail(error, FG_E_ARG,
                       "give a day, or 1 to 600 months (negative: earlier), or months after manufacture");
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = dated_read(sql, redate, &rows, &row_count, error);
    for (size_t i = 0; result == FG_OK && i < row_count; i++)
        result = redate_one(sql, redate, &rows[i], by, visit, context, &count, error);
    free(rows);
    if (result == FG_OK && !dry)
        result = fg_sql_commit(sql, error);
    else
        fg_sql_rollback(sql);
    if (result == FG_OK)
        *ret_count = count;
    return result;
}
