/* What the sub-commands of `fillgate` share: the command tables, the parsed call, output in text or JSON,
 * exit codes.
 *
 * A family of commands (key, list, tag, journal, point) is one file cmd_FAMILY.c with a table of commands;
 * main.c parses a call against it and runs it. Not: any of the work itself. Relies on: proto, cJSON. One
 * thread. */
#ifndef FG_HOST_CLI_CLI_H
#define FG_HOST_CLI_CLI_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/types.h"

#define CLI_OPTIONS_MAX 32
#define CLI_REPEAT_MAX 8
#define CLI_ARGUMENTS_MAX 4

enum cli_exit {
    CLI_OK = 0,
    CLI_NO = 1,      /* the answer is no: refused, absent, not verified */
    CLI_USAGE = 2,   /* the call itself is wrong */
    CLI_FAILURE = 3, /* it could not be done */
};

struct cli_option {
    const char *name;       /* "--list"; NULL ends a table */
    const char *value_name; /* "FILE", or NULL for a switch */
    enum fg_text_id help;
    bool repeats;
};

struct cli_call;

struct cli_command {
    const char *family; /* NULL ends a table */
    const char *verb;
    const char *arguments; /* "FILE", or "" */
    enum fg_text_id summary;
    size_t argument_min;
    size_t argument_max;
    const struct cli_option *options;
    enum cli_exit (*run)(const struct cli_call *call);
};

/* One parsed call. Texts point into argv. */
struct cli_call {
    const struct cli_command *command;
    enum fg_language language;
    bool json;
    size_t argument_count;
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t value_counts[CLI_OPTIONS_MAX]; /* in the order of the command's options */
    const char *values[CLI_OPTIONS_MAX][CLI_REPEAT_MAX];
};

extern const struct cli_command cli_key_commands[];
extern const struct cli_command cli_list_build_commands[];
extern const struct cli_command cli_list_commands[];
extern const struct cli_command cli_tag_commands[];
extern const struct cli_command cli_journal_commands[];
extern const struct cli_command cli_point_commands[];
extern const struct cli_command cli_ca_commands[];
extern const struct cli_command cli_authority_commands[];
extern const struct cli_command cli_device_commands[];
extern const struct cli_command cli_enrol_commands[];
extern const struct cli_command cli_station_commands[];
extern const struct cli_command cli_roster_commands[];
extern const struct cli_command cli_keyring_commands[];
extern const struct cli_command cli_clock_commands[];
extern const struct cli_command cli_panel_commands[];
extern const struct cli_command cli_registry_commands[];
extern const struct cli_command cli_operator_commands[];
extern const struct cli_command cli_publish_commands[];
extern const struct cli_command cli_bureau_commands[];
extern const struct cli_command cli_user_commands[];
extern const struct cli_command cli_trail_commands[];
extern const struct cli_command cli_proof_commands[];
extern const struct cli_command cli_audit_query_commands[];
extern const struct cli_command cli_audit_export_commands[];
extern const struct cli_command cli_audit_sample_commands[];
extern const struct cli_command cli_bureau_journal_commands[];

/* The option's (last) value, NULL when not given; a switch that was given has the value "". name must be one
 * of the command's options. */
const char *cli_value(const struct cli_call *call, const char *name);
/* All values of an option that repeats; returns how many. */
size_t cli_values(const struct cli_call *call, const char *name, const char *const **ret_values);

/* Prints a failure (stderr, and as JSON on stdout with --json) and returns the exit code: NO for a false
 * signature, a roll-back, an expiry or a contradiction; FAILURE else. */
enum cli_exit cli_fail(const struct cli_call *call, enum fg_err code, const struct fg_error *error);
/* A wrong call: says what, and how to get help. */
enum cli_exit cli_usage(const struct cli_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text of the catalogue in the call's language. */
const char *cli_text(const struct cli_call *call, enum fg_text_id id);

/* JSON building: each add marks the whole as failed when memory runs out, so that only the end is tested. */
struct cli_json {
    cJSON *root;
    bool failed;
};
void cli_json_start(struct cli_json *json);
void cli_json_text(struct cli_json *json, cJSON *object, const char *name, const char *value);
void cli_json_number(struct cli_json *json, cJSON *object, const char *name, int64_t value);
void cli_json_bool(struct cli_json *json, cJSON *object, const char *name, bool value);
void cli_json_hex(struct cli_json *json, cJSON *object, const char *name, const void *bytes, size_t length);
cJSON *cli_json_object(struct cli_json *json, cJSON *parent, const char *name);
cJSON *cli_json_array(struct cli_json *json, cJSON *parent, const char *name);
/* Adds a text, or a new object, to an array. */
void cli_json_push_text(struct cli_json *json, cJSON *array, const char *value);
cJSON *cli_json_push_object(struct cli_json *json, cJSON *array);
/* Prints one line to file and frees. false when memory or the output failed. */
bool cli_json_print(struct cli_json *json, FILE *file);

/* "0a1b..." into ret_text of 2 * length + 1 bytes. */
void cli_hex(const void *bytes, size_t length, char *ret_text);

#define CLI_TIME_TEXT 40
/* A wall time as local time with its zone: "2026-11-23 14:02:28 +0800"; "-" for 0. */
void cli_time_text(int64_t wall_ms, char ret_text[CLI_TIME_TEXT]);
/* A day count as "2026-11-23"; "-" for 0. */
void cli_day_text(int32_t day, char ret_text[CLI_TIME_TEXT]);
/* "2026-11-23" or "2026-11-23T14:02[:28]", local unless Z or +hh:mm follows. end_of_day: a date alone means
 * the first moment of the next day. FG_E_FORMAT. */
enum fg_err cli_time_parse(const char *text, bool end_of_day, int64_t *ret_wall_ms, struct fg_error *error);
/* "2026-11-23" as a day count. */
enum fg_err cli_day_parse(const char *text, int32_t *ret_day, struct fg_error *error);
/* The wall clock. */
int64_t cli_now_ms(void);

#endif
