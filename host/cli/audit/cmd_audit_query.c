/* fillgate audit query: the fill history by filter, asked of the bureau's API with a user's own sign-in.
 * Relies on: bureau_session.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/export/export_format.h"
#include "host/cli/audit/bureau_session.h"
#include "host/cli/audit/cmd_audit.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_number.h"
#include "lib/domain/catalogue.h"

#define LIMIT 50
#define LIMIT_MAX 100000
#define PAGE 200

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

/* ---- one entry ---- */

static const char *const columns[] = {"controller",
                                      "sequence",
                                      "kind",
                                      "wall_ms",
                                      "clock_quality",
                                      "arrived_ms",
                                      "station",
                                      "code",
                                      "plate",
                                      "operator",
                                      "medium",
                                      "identity",
                                      "reason",
                                      "stop",
                                      "event",
                                      "quantity_g",
                                      "authorised_sequence",
                                      "operator_proof",
                                      "second_person",
                                      "second_proof",
                                      "checks_failed",
                                      "repeats",
                                      "repeat_first_wall_ms",
                                      "repeat_last_wall_ms",
                                      "clock_floor_ms",
                                      "clock_floor_before_ms"};

/* Names from the server, the first after one text, the others after another. */
static void marks_print(const cJSON *entry, const char *before, const char *between)
{
    const char *separator = before;
    const cJSON *mark;

    cJSON_ArrayForEach(mark, cJSON_GetObjectItemCaseSensitive(entry, "marks"))
    {
        printf("%s", separator);
        separator = between;
        cli_session_print(stdout, cJSON_IsString(mark) ? mark->valuestring : "?");
    }
}

static void entry_csv(const cJSON *entry)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(entry, columns[i]);
        const char *text = cli_session_text(entry, columns[i]);
        char *cell = malloc(2 * strlen(text) + 4);

        if (i > 0)
            (void)putchar(',');
        if (cJSON_IsNumber(member))
            printf("%" PRId64, cli_session_number(entry, columns[i]));
        else if (cell != NULL)
            (void)fwrite(cell, 1, fg_export_cell(text, cell), stdout);
        free(cell);
    }
    (void)putchar(',');
    marks_print(entry, "", " ");
    printf("\r\n");
}

/* Why it was refused, how it ended, what happened. */
static const char *detail_of(const struct cli_call *call, const cJSON *entry)
{
    enum fg_reason reason = fg_reason_by_name(cli_session_text(entry, "reason"));
    const char *stop = cli_session_text(entry, "stop");

    if (reason != FG_REASON_NONE)
        return fg_reason_text(call->language, reason);
    return stop[0] != '\0' ? stop : cli_session_text(entry, "event");
}

void cli_audit_entry_print(const struct cli_call *call, const cJSON *entry)
{
    enum fg_entry_kind kind = fg_entry_kind_by_name(cli_session_text(entry, "kind"));
    static const char *const texts[] = {"code", "plate", "station", "operator"};
    int64_t quantity_g = cli_session_number(entry, "quantity_g");
    uint64_t size_g = quantity_g < 0 ? 0 - (uint64_t)quantity_g : (uint64_t)quantity_g;
    char time[CLI_TIME_TEXT];

    cli_time_text(cli_session_number(entry, "wall_ms"), time);
    printf("%-25s  %s", time, kind > 0 ? fg_entry_kind_text(call->language, kind) : "?");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        printf("  ");
        cli_session_print(
            stdout, cli_session_text(entry, texts[i])[0] != '\0' ? cli_session_text(entry, texts[i]) : "-");
    }
    if (quantity_g != 0)
        printf("  %s%" PRIu64 ".%03" PRIu64 " kg", quantity_g < 0 ? "-" : "", size_g / 1000, size_g % 1000);
    printf("  ");
    cli_session_print(stdout, detail_of(call, entry));
    if (cli_session_number(entry, "repeats") > 1)
        printf(" ×%" PRId64, cli_session_number(entry, "repeats"));
    marks_print(entry, "  ! ", ", ");
    printf("  ");
    cli_session_print(stdout, cli_session_text(entry, "controller"));
    printf("/%" PRId64 "\n", cli_session_number(entry, "sequence"));
}

static bool entry_print(const struct cli_call *call, enum form form, const cJSON *entry)
{
    char *text;

    if (form == FORM_TABLE)
        cli_audit_entry_print(call, entry);
    else if (form == FORM_CSV)
        entry_csv(entry);
    else if ((text = cJSON_PrintUnformatted(entry)) != NULL) {
        printf("%s\n", text);
        cJSON_free(text);
    }
    return ferror(stdout) == 0;
}

/* ---- page by page ---- */

static enum fg_err page_print(const struct cli_call *call, enum form form, const cJSON *answer,
                              uint64_t *left, struct fg_error *error)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(answer, "entries"))
    {
        if (*left == 0)
            break;
        if (!entry_print(call, form, entry))
            return fg_fail(error, FG_E_IO, "the output could not be written");
        (*left)--;
    }
    return FG_OK;
}

static enum fg_err pages_print(const struct cli_call *call, struct cli_session *web, enum form form,
                               const char *first, uint64_t left, bool *ret_more, struct fg_error *error)
{
    char path[CLI_SESSION_PATH_BYTES];
    char next[300] = "";
    char count[24];
    enum fg_err result = FG_OK;

    do {
        cJSON *answer = NULL;

        (void)snprintf(path, sizeof(path), "%s", first);
        (void)snprintf(count, sizeof(count), "%" PRIu64, left < PAGE ? left : PAGE);
        result = cli_session_query_add(path, "limit", count, error);
        if (result == FG_OK && next[0] != '\0')
            result = cli_session_query_add(path, "after", next, error);
        if (result == FG_OK)
            result = cli_session_ask(web, "GET", path, NULL, &answer, error);
        if (result != FG_OK)
            break;
        result = page_print(call, form, answer, &left, error);
        (void)snprintf(next, sizeof(next), "%s", cli_session_text(answer, "next"));
        cJSON_Delete(answer);
    } while (result == FG_OK && next[0] != '\0' && left > 0);
    *ret_more = next[0] != '\0';
    return result;
}

static enum fg_err form_take(const struct cli_call *call, enum form *ret_form, struct fg_error *error)
{
    static const char *const names[] = {"table", "csv", "json"};
    const char *format = cli_value(call, "--format");

    *ret_form = call->json ? FORM_JSON : FORM_TABLE;
    for (int i = 0; format != NULL && i < 3; i++) {
        if (strcmp(format, names[i]) == 0) {
            *ret_form = (enum form)i;
            return FG_OK;
        }
    }
    return format == NULL ? FG_OK : fg_fail(error, FG_E_ARG, "--format: table, csv or json");
}

static enum fg_err path_make(const struct cli_call *call, char path[CLI_SESSION_PATH_BYTES],
                             struct fg_error *error)
{
    const char *order = cli_value(call, "--order");
    enum fg_err result;

    (void)snprintf(path, CLI_SESSION_PATH_BYTES, "/api/v1/entries");
    result = cli_session_filter_add(call, path, error);
    if (result == FG_OK && order != NULL)
        result = cli_session_query_add(path, "order", order, error);
    return result;
}

static void csv_head_print(void)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        printf("%s%s", i > 0 ? "," : "", columns[i]);
    printf(",marks\r\n");
}

static enum cli_exit audit_query(const struct cli_call *call)
{
    char path[CLI_SESSION_PATH_BYTES];
    struct cli_session *web = NULL;
    struct fg_error error;
    enum form form = FORM_TABLE;
    uint64_t limit = LIMIT;
    bool more = false;
    enum fg_err result = form_take(call, &form, &error);

    if (result == FG_OK)
        result = cli_number(call, "--limit", 1, LIMIT_MAX, &limit, &error);
    if (result == FG_OK)
        result = path_make(call, path, &error);
    if (result == FG_OK)
        result = cli_session_open(call, &web, &error);
    if (result == FG_OK && form == FORM_CSV)
        csv_head_print();
    if (result == FG_OK)
        result = pages_print(call, web, form, path, limit, &more, &error);
    cli_session_close(web);
    if (result == FG_OK && more && form == FORM_TABLE)
        printf("%s\n", cli_text(call, FG_TEXT_CLI_QUERY_MORE));
    return cli_finish(call, result, &error);
}

static const struct cli_option query_options[] = {
    CLI_SESSION_OPTIONS,
    CLI_FILTER_OPTIONS,
    {"--order", "newest|oldest", FG_TEXT_CLI_QUERY_ORDER, false},
    {"--limit", "N", FG_TEXT_CLI_QUERY_LIMIT, false},
    {"--format", "table|csv|json", FG_TEXT_CLI_QUERY_FORMAT, false},
    {0},
};

const struct cli_command cli_audit_query_commands[] = {
    {"audit", "query", "", FG_TEXT_CLI_AUDIT_QUERY, 0, 0, query_options, audit_query},
    {0},
};
