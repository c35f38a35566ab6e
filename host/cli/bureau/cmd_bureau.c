/* fillgate bureau verify|alarms|close-alarm: the auditor's look at the bureau's store, and the clerk's at its
 * alarms. Not: the work itself (host/bureau/audit/audit_walk.h, alarms.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/device/known_devices.h"
#include "host/cli/cli_database.h"
#include "lib/base/file.h"
#include "lib/domain/phrase.h"
#include "proto/journal/chain.h"

/* ---- verify ---- */

#define FOUND_MAX 1000

struct verifying {
    const struct cli_call *call;
    struct cli_json *json;
    cJSON *findings;
    struct fg_audit_finding *found; /* FOUND_MAX */
    size_t count;
};

static void finding_take(void *context, const struct fg_audit_finding *finding)
{
    struct verifying *verifying = context;

    if (verifying->count < FOUND_MAX)
        verifying->found[verifying->count++] = *finding;
}

/* Since when: it was altered between these two times. */
static void times_print(const struct verifying *verifying, cJSON *object,
                        const struct fg_audit_finding_times *times)
{
    char found[CLI_TIME_TEXT];
    char whole[CLI_TIME_TEXT];

    if (verifying->call->json) {
        cli_json_number(verifying->json, object, "found_ms", times->found_ms);
        cli_json_number(verifying->json, object, "whole_ms", times->whole_ms);
        return;
    }
    cli_time_text(times->found_ms, found);
    cli_time_text(times->whole_ms, whole);
    if (times->found_ms > 0)
        printf("    %s %s", cli_text(verifying->call, FG_TEXT_CLI_FOUND_FIRST), found);
    if (times->found_ms > 0 && times->whole_ms > 0)
        printf(", %s %s", cli_text(verifying->call, FG_TEXT_CLI_FOUND_WHOLE), whole);
    if (times->found_ms > 0)
        printf("\n");
}

static void finding_print(const struct verifying *verifying, const struct fg_audit_finding *finding,
                          const struct fg_audit_finding_times *times)
{
    cJSON *object = NULL;

    if (verifying->call->json) {
        object = cli_json_push_object(verifying->json, verifying->findings);
        cli_json_text(verifying->json, object, "controller", finding->controller);
        cli_json_number(verifying->json, object, "sequence", (int64_t)finding->sequence);
        cli_json_text(verifying->json, object, "text", finding->text);
    } else if (finding->controller[0] == '\0') {
        printf("%s: %s\n", cli_text(verifying->call, FG_TEXT_STATION_BUREAU), finding->text);
    } else if (finding->sequence != 0) {
        printf("%s: entry %" PRIu64 ": %s\n", finding->controller, finding->sequence, finding->text);
    } else {
        printf("%s: %s\n", finding->controller, finding->text);
    }
    times_print(verifying, object, times);
}

/* Keeps the findings, so that the overview has them from now on, and prints them with since when. A database
 * that may only be read keeps nothing: the findings are printed all the same. */
static void findings_print(const struct verifying *verifying, struct fg_sql *sql, int64_t started_ms)
{
    const struct cli_call *call = verifying->call;
    struct fg_audit_finding_times times;

    (void)fg_audit_findings_keep(sql, call->argument_count > 0 ? call->arguments[0] : NULL, verifying->found,
                                 verifying->count, started_ms, NULL);
    for (size_t i = 0; i < verifying->count; i++) {
        const struct fg_audit_finding *finding = &verifying->found[i];

        memset(&times, 0, sizeof(times));
        (void)fg_audit_finding_times(sql, finding->controller, finding->sequence, &times, NULL);
        finding_print(verifying, finding, &times);
    }
}

/* A receipt file, as controllers and stations keep it. */
static enum fg_err receipt_read(const char *path, const struct fg_public_key *key,
                                struct fg_receipt *ret_receipt, struct fg_error *error)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX + 1];
    struct fg_signature signature;
    size_t length = 0;
    enum fg_err result = fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_BEGINNING | FG_FILE_STREAM, bytes,
                                      sizeof(bytes), &length, error);

    if (result != FG_OK)
        return result;
    result = fg_receipt_decode(bytes, length, ret_receipt, &signature, error);
    if (result == FG_OK && key != NULL)
        result = fg_receipt_verify(ret_receipt, &signature, key, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s", path);
}

static enum fg_err settings_read(const struct cli_call *call, struct fg_public_key *key,
                                 struct fg_receipt receipts[CLI_REPEAT_MAX],
                                 struct fg_audit_settings *settings, struct fg_error *error)
{
    const char *key_path = cli_value(call, "--receipt-key");
    const char *const *paths;
    size_t count = cli_values(call, "--receipt", &paths);
    enum fg_err result = FG_OK;

    if (count > 0 && key_path == NULL)
        return fg_fail(error, FG_E_ARG, "--receipt needs --receipt-key, to tell whether it is genuine");
    if (key_path != NULL) {
        result = fg_public_key_read(key_path, key, error);
        settings->receipt_key = key;
    }
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = receipt_read(paths[i], key, &receipts[i], error);
    settings->receipts = receipts;
    settings->receipt_count = count;
    return result;
}

static enum cli_exit result_print(const struct cli_call *call, struct cli_json *json,
                                  const struct fg_audit_result *sum)
{
    if (call->json) {
        cli_json_number(json, json->root, "controllers", (int64_t)sum->controllers);
        cli_json_number(json, json->root, "entries", (int64_t)sum->entries);
        cli_json_number(json, json->root, "signatures", (int64_t)sum->signatures);
        cli_json_number(json, json->root, "finding_count", (int64_t)sum->findings);
        cli_json_text(json, json->root, "result", sum->findings == 0 ? "OK" : "TAMPERED");
        if (!cli_json_print(json, stdout))
            return CLI_FAILURE;
    } else {
        printf("%s: %" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " %s\n",
               cli_text(call, sum->findings == 0 ? FG_TEXT_CLI_VERIFIED : FG_TEXT_CLI_NOT_VERIFIED),
               sum->controllers, cli_text(call, FG_TEXT_CLI_JOURNALS), sum->entries,
               cli_text(call, FG_TEXT_CLI_ENTRIES), sum->signatures, cli_text(call, FG_TEXT_CLI_SIGNATURES),
               sum->findings, cli_text(call, FG_TEXT_CLI_FINDINGS));
    }
    return sum->findings == 0 ? CLI_OK : CLI_NO;
}

static enum cli_exit bureau_verify(const struct cli_call *call)
{
    struct cli_json json = {0};
    struct verifying verifying = {
        .call = call, .json = &json, .found = calloc(FOUND_MAX, sizeof(*verifying.found))};
    struct fg_audit_settings settings = {
        .directory = fg_known_devices, .report = finding_take, .context = &verifying};
    struct fg_receipt receipts[CLI_REPEAT_MAX];
    struct fg_public_key key;
    struct fg_audit_result sum = {0};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    int64_t started_ms = (int64_t)time(NULL) * 1000;
    enum fg_err result = verifying.found != NULL ? settings_read(call, &key, receipts, &settings, &error)
                                                 : fg_fail(&error, FG_E_MEMORY, "no memory");

    if (result == FG_OK)
        result = cli_database_open(call, &sql, &error);
    if (result != FG_OK)
        goto done;
    if (call->json) {
        cli_json_start(&json);
        verifying.findings = cli_json_array(&json, json.root, "findings");
    }
    result =
        fg_bureau_verify(sql, &settings, call->argument_count > 0 ? call->arguments[0] : NULL, &sum, &error);
    if (result == FG_OK)
        findings_print(&verifying, sql, started_ms);
done:
    fg_sql_close(sql);
    free(verifying.found);
    if (result == FG_OK)
        return result_print(call, &json, &sum);
    cJSON_Delete(json.root);
    return cli_finish(call, result, &error);
}

/* ---- alarms ---- */

static enum fg_err alarm_print(void *context, const struct fg_alarm *alarm, struct fg_error *error)
{
    struct verifying *listing = context;
    struct cli_json *json = listing->json;
    enum fg_alarm_kind kind = (enum fg_alarm_kind)alarm->kind;
    char since[CLI_TIME_TEXT];
    char last[CLI_TIME_TEXT];
    char chinese[4 * FG_ALARM_DETAIL_MAX];
    cJSON *object;
    bool in_chinese = listing->call->language == FG_LANGUAGE_CHINESE &&
                      fg_phrase_chinese(alarm->detail, chinese, sizeof(chinese));

    (void)error;
    cli_time_text(alarm->since_ms, since);
    cli_time_text(alarm->last_ms, last);
    if (!listing->call->json) {
        printf("%s  %-17s %s  %" PRIu64 "x, %s  %s%s%s\n    %s\n", since, fg_alarm_name(kind), alarm->subject,
               alarm->count, last, fg_alarm_text(listing->call->language, kind),
               alarm->closed_ms != 0 ? "  - " : "", alarm->closed_ms != 0 ? alarm->closed_by : "",
               in_chinese ? chinese : alarm->detail);
        return FG_OK;
    }
    object = cli_json_push_object(json, listing->findings);
    cli_json_text(json, object, "kind", fg_alarm_name(kind));
    cli_json_text(json, object, "subject", alarm->subject);
    cli_json_number(json, object, "count", (int64_t)alarm->count);
    cli_json_number(json, object, "since_ms", alarm->since_ms);
    cli_json_number(json, object, "last_ms", alarm->last_ms);
    cli_json_text(json, object, "controller", alarm->controller);
    cli_json_text(json, object, "station", alarm->station);
    cli_json_text(json, object, "code", alarm->code);
    cli_json_number(json, object, "sequence", (int64_t)alarm->sequence);
    cli_json_text(json, object, "detail", alarm->detail);
    cli_json_number(json, object, "closed_ms", alarm->closed_ms);
    cli_json_text(json, object, "closed_by", alarm->closed_by);
    cli_json_text(json, object, "closed_why", alarm->closed_why);
    return FG_OK;
}

static enum cli_exit bureau_alarms(const struct cli_call *call)
{
    const char *kind = cli_value(call, "--alarm");
    struct cli_json json = {0};
    struct verifying listing = {.call = call, .json = &json};
    struct fg_alarm_filter filter = {.closed_too = cli_value(call, "--all") != NULL};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (kind != NULL)
        filter.kind = (uint8_t)fg_alarm_by_name(kind);
    if (kind != NULL && filter.kind == FG_ALARM_NONE)
        return cli_usage(call, "there is no alarm %s", kind);
    result = cli_database_open(call, &sql, &error);
    if (result != FG_OK)
        return cli_finish(call, result, &error);
    if (call->json) {
        cli_json_start(&json);
        listing.findings = cli_json_array(&json, json.root, "alarms");
    }
    result = fg_alarm_each(sql, &filter, alarm_print, &listing, &error);
    fg_sql_close(sql);
    if (result != FG_OK) {
        cJSON_Delete(json.root);
        return cli_finish(call, result, &error);
    }
    return !call->json || cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static enum cli_exit bureau_close_alarm(const struct cli_call *call)
{
    enum fg_alarm_kind kind = fg_alarm_by_name(call->arguments[0]);
    const char *why = cli_value(call, "--why");
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (kind == FG_ALARM_NONE)
        return cli_usage(call, "there is no alarm %s", call->arguments[0]);
    if (why == NULL)
        return cli_usage(call, "give --why TEXT");
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = fg_alarm_close(sql, kind, call->arguments[1], cli_who(call), why, cli_now_ms(), &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

#define DATABASE                                                                                             \
    {                                                                                                        \
        "--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false                                              \
    }

static const struct cli_option verify_options[] = {
    DATABASE,
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {"--receipt", "FILE", FG_TEXT_CLI_OPTION_RECEIPT, true},
    {0}};
static const struct cli_option alarms_options[] = {DATABASE,
                                                   {"--alarm", "KIND", FG_TEXT_CLI_OPTION_ALARM, false},
                                                   {"--all", NULL, FG_TEXT_CLI_OPTION_ALL_ALARMS, false},
                                                   {0}};
static const struct cli_option close_options[] = {DATABASE,
                                                  {"--why", "TEXT", FG_TEXT_CLI_OPTION_WHY, false},
                                                  {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
                                                  {0}};

const struct cli_command cli_bureau_commands[] = {
    {"bureau", "verify", "[CONTROLLER]", FG_TEXT_CLI_BUREAU_VERIFY, 0, 1, verify_options, bureau_verify},
    {"bureau", "alarms", "", FG_TEXT_CLI_BUREAU_ALARMS, 0, 0, alarms_options, bureau_alarms},
    {"bureau", "close-alarm", "KIND SUBJECT", FG_TEXT_CLI_BUREAU_CLOSE_ALARM, 2, 2, close_options,
     bureau_close_alarm},
    {0},
};
