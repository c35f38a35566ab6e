/* fillgate audit sample: random samples for inspection, drawn, shown and repeated by the bureau, with a
 * user's own sign-in. Relies on: bureau_session.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/audit/bureau_session.h"
#include "host/cli/audit/cmd_audit.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_number.h"

#define COUNT 20
#define COUNT_MAX 200
#define NUMBER_DIGITS 12

/* ---- asking ---- */

static void upper(const char *from, char *to, size_t size)
{
    size_t length = 0;

    for (; from[length] != '\0' && length + 1 < size; length++)
        to[length] = (char)toupper((unsigned char)from[length]);
    to[length] = '\0';
}

static enum fg_err times_add(const struct cli_call *call, cJSON *body, struct fg_error *error)
{
    static const char *const names[][2] = {{"--from", "from_ms"}, {"--until", "until_ms"}};
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < 2; i++) {
        int64_t wall_ms = 0;
        char number[24];

        if (!cli_session_time(call, names[i][0], &wall_ms, &result, error))
            continue;
        (void)snprintf(number, sizeof(number), "%" PRId64, wall_ms);
        if (cJSON_AddRawToObject(body, names[i][1], number) == NULL)
            result = fg_fail(error, FG_E_MEMORY, "no memory");
    }
    return result;
}

/* The order as JSON, for cJSON_free. */
static enum fg_err body_make(const struct cli_call *call, char **ret_text, struct fg_error *error)
{
    static const char *const names[] = {"seed", "station", "medium", "outcome"};
    const char *of = cli_value(call, "--of");
    cJSON *body = cJSON_CreateObject();
    uint64_t count = COUNT;
    char word[16];
    enum fg_err result = cli_number(call, "--count", 1, COUNT_MAX, &count, error);

    upper(of != NULL ? of : "cylinders", word, sizeof(word));
    if (body == NULL || cJSON_AddStringToObject(body, "of", word) == NULL ||
        cJSON_AddNumberToObject(body, "count", (double)count) == NULL)
        result = fg_fail(error, FG_E_MEMORY, "no memory");
    for (size_t i = 0; result == FG_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        char option[20];
        const char *value;

        (void)snprintf(option, sizeof(option), "--%s", names[i]);
        value = cli_value(call, option);
        if (value != NULL && cJSON_AddStringToObject(body, names[i], value) == NULL)
            result = fg_fail(error, FG_E_MEMORY, "no memory");
    }
    if (result == FG_OK)
        result = times_add(call, body, error);
    if (result == FG_OK) {
        *ret_text = cJSON_PrintUnformatted(body);
        if (*ret_text == NULL)
            result = fg_fail(error, FG_E_MEMORY, "no memory");
    }
    cJSON_Delete(body);
    return result;
}

/* Which request the options ask for. */
struct request {
    const char *method;
    char path[CLI_SESSION_PATH_BYTES];
    char *body; /* may be NULL */
    bool repeats;
    bool lists;
};

static enum fg_err number_take(const struct cli_call *call, uint64_t *ret_number, struct fg_error *error)
{
    const char *text = call->argument_count > 1 ? call->arguments[1] : "";
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > NUMBER_DIGITS || text[digits] != '\0')
        return fg_fail(error, FG_E_ARG, "%s: give the NUMBER of a sample", call->arguments[0]);
    *ret_number = strtoull(text, NULL, 10);
    return FG_OK;
}

static enum fg_err request_make(const struct cli_call *call, struct request *request, struct fg_error *error)
{
    const char *word = call->arguments[0];
    bool shows = strcmp(word, "show") == 0;
    uint64_t number = 0;
    enum fg_err result = FG_OK;

    request->lists = strcmp(word, "list") == 0;
    request->repeats = strcmp(word, "repeat") == 0;
    request->method = request->lists || shows ? "GET" : "POST";
    if (shows || request->repeats) {
        result = number_take(call, &number, error);
        (void)snprintf(request->path, sizeof(request->path), "/api/v1/samples/%" PRIu64 "%s", number,
                       shows ? "" : "/repeat");
        return result;
    }
    (void)snprintf(request->path, sizeof(request->path), "/api/v1/samples");
    if (call->argument_count > 1 || (!request->lists && strcmp(word, "draw") != 0))
        return fg_fail(error, FG_E_ARG, "draw, list, show NUMBER or repeat NUMBER");
    return request->lists ? FG_OK : body_make(call, &request->body, error);
}

/* ---- printing ---- */

static void head_print(const struct cli_call *call, const cJSON *sample)
{
    char time[CLI_TIME_TEXT];

    cli_time_text(cli_session_number(sample, "at_ms"), time);
    printf("%6" PRId64 "  %s  ", cli_session_number(sample, "number"), time);
    cli_session_print(stdout, cli_session_text(sample, "user"));
    printf("  %s %" PRId64 " / %" PRId64 "  %s %s\n", cli_session_text(sample, "of"),
           cli_session_number(sample, cJSON_HasObjectItem(sample, "drawn") ? "drawn" : "count"),
           cli_session_number(sample, "population"), cli_text(call, FG_TEXT_CLI_SAMPLE_SEED),
           cli_session_text(sample, "seed"));
}

static void members_print(const struct cli_call *call, const cJSON *sample)
{
    static const char *const texts[] = {"code",           "state", "medium", "plate",
                                        "inspection_due", "owner", "area"};
    const cJSON *one;

    printf("SHA-256 %s\n", cli_session_text(sample, "population_sha256"));
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(sample, "entries"))
    {
        cli_audit_entry_print(call, one);
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(sample, "cylinders"))
    {
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            printf(i > 0 ? "  " : "");
            cli_session_print(
                stdout, cli_session_text(one, texts[i])[0] != '\0' ? cli_session_text(one, texts[i]) : "-");
        }
        printf("\n");
    }
}

static enum cli_exit answer_print(const struct cli_call *call, const struct request *request,
                                  const cJSON *answer)
{
    enum cli_exit exit_code = request->repeats && !cli_session_truth(answer, "same_draw") ? CLI_NO : CLI_OK;
    const cJSON *one;
    char *text;

    if (call->json) {
        text = cJSON_PrintUnformatted(answer);
        if (text == NULL)
            return CLI_FAILURE;
        printf("%s\n", text);
        cJSON_free(text);
        return exit_code;
    }
    if (request->lists) {
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(answer, "samples"))
        {
            head_print(call, one);
        }
        return exit_code;
    }
    head_print(call, answer);
    members_print(call, answer);
    if (request->repeats) {
        printf("%s\n", cli_text(call, cli_session_truth(answer, "population_changed")
                                          ? FG_TEXT_CLI_SAMPLE_CHANGED
                                          : FG_TEXT_CLI_SAMPLE_UNCHANGED));
        printf("%s\n",
               cli_text(call, exit_code == CLI_OK ? FG_TEXT_CLI_SAMPLE_SAME : FG_TEXT_CLI_SAMPLE_OTHER));
    }
    return exit_code;
}

static enum cli_exit audit_sample(const struct cli_call *call)
{
    struct request request = {0};
    struct cli_session *web = NULL;
    cJSON *answer = NULL;
    struct fg_error error;
    enum cli_exit exit_code;
    enum fg_err result = request_make(call, &request, &error);

    if (result == FG_OK)
        result = cli_session_open(call, &web, &error);
    if (result == FG_OK)
        result = cli_session_ask(web, request.method, request.path, request.body, &answer, &error);
    cli_session_close(web);
    exit_code = result == FG_OK ? answer_print(call, &request, answer) : cli_finish(call, result, &error);
    cJSON_Delete(answer);
    cJSON_free(request.body);
    return exit_code;
}

static const struct cli_option sample_options[] = {
    CLI_SESSION_OPTIONS,
    {"--of", "cylinders|entries", FG_TEXT_CLI_SAMPLE_OF, false},
    {"--count", "N", FG_TEXT_CLI_SAMPLE_COUNT, false},
    {"--seed", "HEX", FG_TEXT_CLI_SAMPLE_OPTION_SEED, false},
    {"--station", "STATION", FG_TEXT_CLI_FILTER_STATION, false},
    {"--medium", "CNG|LPG", FG_TEXT_CLI_FILTER_MEDIUM, false},
    {"--outcome", "KIND", FG_TEXT_CLI_OPTION_KIND, false},
    {"--from", "TIME", FG_TEXT_CLI_OPTION_FROM, false},
    {"--until", "TIME", FG_TEXT_CLI_OPTION_TO, false},
    {0},
};

const struct cli_command cli_audit_sample_commands[] = {
    {"audit", "sample", "draw|list|show|repeat [NUMBER]", FG_TEXT_CLI_AUDIT_SAMPLE, 1, 2, sample_options,
     audit_sample},
    {0},
};
