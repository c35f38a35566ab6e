/* The bureau's registry: cylinders, stations, filling points and operators as records of named fields, each
 * change kept with who, when and why.
 *
 * A kind of record is a table of its fields; reading, changing, importing and exporting work by that table
 * alone. Values are texts as clerks write them (dates YYYY-MM-DD, words, whole numbers); the database has
 * numbers. Not: lists made from it (publish.h), devices and their certificates (enrolment.h). Relies on:
 * host/sql. One database object, one thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_RECORD_H
#define FG_HOST_BUREAU_REGISTRY_RECORD_H

#include <stdio.h>

#include "host/sql/sql.h"
#include "lib/domain/types.h"

#define FG_RECORD_FIELDS_MAX 16
#define FG_RECORD_TEXT_MAX 12288 /* all values of one record together */
#define FG_RECORD_FAULTS_MAX 20  /* that an import reports before it stops reading */

enum fg_field_type {
    FG_FIELD_CODE, /* of a cylinder */
    FG_FIELD_NAME, /* 1 to FG_NAME_MAX letters, digits, '.', '_', '-' */
    FG_FIELD_TEXT, /* UTF-8 without control characters, at most `most` bytes */
    FG_FIELD_UID,  /* hex, or empty */
    FG_FIELD_NUMBER,
    FG_FIELD_DAY,   /* YYYY-MM-DD, or empty */
    FG_FIELD_WORD,  /* one of `words`, stored as its place */
    FG_FIELD_RULES, /* station rules as INI text; must be good rules, or empty */
};

struct fg_field {
    const char *name; /* also the column */
    enum fg_field_type type;
    int64_t least;
    int64_t most;
    const char *const *words; /* ended by NULL; an empty word cannot be chosen */
    const char
        *otherwise; /* the value when an import or a new record does not give it; NULL: must be given */
};

/* fields[0] is the key. */
struct fg_record_kind {
    const char *name; /* also the table */
    size_t field_count;
    const struct fg_field *fields;
    bool key_has_no_case; /* keys that differ only in case name the same: there can be one of them */
};

/* "cylinder", "station", "point" or "operator"; NULL when there is no such kind. */
const struct fg_record_kind *fg_record_kind(const char *name);
/* The place of a field; -1 when the kind has none of this name. */
int fg_record_field(const struct fg_record_kind *kind, const char *name);

/* One record; values[] point into text, NULL = not given. */
struct fg_record {
    const struct fg_record_kind *kind;
    const char *values[FG_RECORD_FIELDS_MAX];
    size_t used;
    char text[FG_RECORD_TEXT_MAX];
};
void fg_record_start(struct fg_record *record, const struct fg_record_kind *kind);
/* Checks the value and copies it in, in canonical form. FG_E_RANGE says what it must be, FG_E_SIZE. */
enum fg_err fg_record_give(struct fg_record *record, size_t field, const char *value, struct fg_error *error);

struct fg_change_by {
    const char *who; /* 1 to FG_NAME_MAX bytes */
    const char *why; /* 1 to 200 bytes */
    int64_t now_ms;
};

/* FG_E_NOT_FOUND. */
enum fg_err fg_record_find(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           struct fg_record *ret_record, struct fg_error *error);

/* Makes the record, or changes the fields that are given; the key must be. Each field that really changes is
 * one entry of the history; all of it inside the caller's transaction. *ret_changed (may be NULL): number of
 * fields changed, a new record counts all. FG_E_RANGE: a new record without a field that it needs, or whose
 * key names what has a record already, or nobody says who and why. */
enum fg_err fg_record_put(struct fg_sql *sql, const struct fg_record *record, const struct fg_change_by *by,
                          uint32_t *ret_changed, struct fg_error *error);

typedef enum fg_err (*fg_record_visit)(void *context, const struct fg_record *record, struct fg_error *error);
/* Every record of a kind in key order. */
enum fg_err fg_record_each(struct fg_sql *sql, const struct fg_record_kind *kind, fg_record_visit visit,
                           void *context, struct fg_error *error);

struct fg_change {
    int64_t at_ms;
    const char *field; /* "" = the record was made */
    const char *old_value;
    const char *new_value;
    const char *who;
    const char *why;
};
/* Notes a change that is no field's and shows no values, with what stands in its field; inside the caller's
 * transaction. FG_E_RANGE: nobody says who and why. */
enum fg_err fg_change_note(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           const char *what, const struct fg_change_by *by, struct fg_error *error);

typedef enum fg_err (*fg_change_visit)(void *context, const struct fg_change *change, struct fg_error *error);
/* The history of one record, oldest first. */
enum fg_err fg_change_each(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                           fg_change_visit visit, void *context, struct fg_error *error);

struct fg_import_result {
    uint64_t lines;   /* records read */
    uint64_t changed; /* records made or changed */
};
/* line and column from 1; column counts fields, 0 = the whole line. */
typedef void (*fg_import_report)(void *context, uint64_t line, size_t column, const char *text);
/* Imports CSV (csv.h) whose first line names fields; columns of other names are passed over, an empty value
 * of a field that has another value otherwise means that one. All of it in one transaction of its own: with
 * any fault nothing is imported. FG_E_FORMAT when there were faults (reported one by one, the first also in
 * *error); others. dry: everything is tried and rolled back. */
enum fg_err fg_record_import(struct fg_sql *sql, const struct fg_record_kind *kind, FILE *stream,
                             const char *name, const struct fg_change_by *by, bool dry,
                             fg_import_report report, void *context, struct fg_import_result *ret_result,
                             struct fg_error *error);

/* A decree moves dates: every cylinder that matches gets field (inspection_due or end_of_life) moved by
 * months, set to so many months after its day of manufacture, or set to a day. Empty texts and zeros match
 * everything; a cylinder whose day of manufacture is not known matches no made_... */
struct fg_redate {
    const char *field;
    int32_t months;      /* used when the next two are 0 */
    int32_t made_months; /* 1 to 1200 after manufacture; used when to_day is 0 */
    int32_t to_day;      /* days since 1970 */
    uint8_t medium;      /* enum fg_medium */
    const char *owner;
    const char *area;
    int32_t from_day;  /* only dates from ... */
    int32_t until_day; /* ... to this day, inclusive */
    int32_t made_from_day;
    int32_t made_until_day; /* inclusive */
};
/* In one transaction of its own, with one entry of the history for each cylinder; dry rolls back. visit (may
 * be NULL) sees each change. Cylinders without such a date are passed over, unless made_months gives them
 * one. Codes and dates of all that match are in memory meanwhile, 44 bytes each. */
enum fg_err fg_record_redate(struct fg_sql *sql, const struct fg_redate *redate,
                             const struct fg_change_by *by, bool dry, fg_change_visit visit, void *context,
                             uint64_t *ret_count, struct fg_error *error);

#endif
