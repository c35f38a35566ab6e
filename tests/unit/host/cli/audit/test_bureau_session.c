/* What auditors' commands make of their options before anything goes over a network, and what of the
 * bureau's answers goes to a terminal. */
#include "host/cli/audit/bureau_session.h"

#include <limits.h>
#include <string.h>

#include "tests/lib/check.h"

static const struct cli_option options[] = {CLI_SESSION_OPTIONS, CLI_FILTER_OPTIONS, {0}};
static const struct cli_command command = {"audit", "query", "",      FG_TEXT_CLI_AUDIT_QUERY,
                                           0,       0,       options, NULL};

static void give(struct cli_call *call, const char *name, const char *value)
{
    call->command = &command;
    call->language = FG_LANGUAGE_ENGLISH;
    for (size_t i = 0; options[i].name != NULL; i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        call->values[i][0] = value;
        call->value_counts[i] = 1;
        return;
    }
    CHECK(false);
}

TEST("a value stands percent-encoded in a path, whatever bytes it has")
{
    char path[CLI_SESSION_PATH_BYTES] = "/api/v1/entries";
    struct fg_error error;

    CHECK_OK(cli_session_query_add(path, "plate", "\346\265\231E&=", &error), &error);
    CHECK_TEXT(path, "/api/v1/entries?plate=%E6%B5%99%45%26%3D");
    CHECK_OK(cli_session_query_add(path, "after", "1", &error), &error);
    CHECK_TEXT(path, "/api/v1/entries?plate=%E6%B5%99%45%26%3D&after=%31");
}

TEST("a value that is too long is refused, and the path is as it was")
{
    char path[CLI_SESSION_PATH_BYTES] = "/x";
    char value[CLI_SESSION_PATH_BYTES];
    struct fg_error error;

    memset(value, 'a', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    CHECK_INT(cli_session_query_add(path, "code", value, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "--code");
    CHECK_TEXT(path, "/x");
    /* The longest that fits: name, separator, '=' and NUL beside it. */
    value[(CLI_SESSION_PATH_BYTES - 2 - 4 - 3) / 3] = '\0';
    CHECK_OK(cli_session_query_add(path, "code", value, &error), &error);
    CHECK(strlen(path) < CLI_SESSION_PATH_BYTES);
}

TEST("the filter's options are the API's parameters, times as milliseconds, a day's end included")
{
    struct cli_call call = {0};
    char path[CLI_SESSION_PATH_BYTES] = "/e";
    struct fg_error error;

    give(&call, "--code", "A");
    give(&call, "--identity", "QR");
    give(&call, "--from", "2026-11-23T00:00:00Z");
    give(&call, "--until", "2026-11-23T00:00:01Z");
    CHECK_OK(cli_session_filter_add(&call, path, &error), &error);
    CHECK_TEXT(path, "/e?code=%41&identity=%51%52"
                     "&from_ms=%31%37%39%35%33%39%32%30%30%30%30%30%30"
                     "&until_ms=%31%37%39%35%33%39%32%30%30%31%30%30%30");
    give(&call, "--until", "yesterday");
    CHECK_INT(cli_session_filter_add(&call, path, &error), FG_E_ARG);
    CHECK_HAS(error.text, "--until yesterday");
}

static void address_refused(const char *address, const char *why)
{
    struct cli_call call = {0};
    struct cli_session *web = NULL;
    struct fg_error error;

    give(&call, "--login", "chen");
    if (address != NULL)
        give(&call, "--bureau", address);
    CHECK_INT(cli_session_open(&call, &web, &error), FG_E_ARG);
    CHECK_HAS(error.text, why);
    CHECK(web == NULL);
}

TEST("a password goes nowhere that is no bureau's address: nothing behind the port, no plain HTTP in a "
     "network")
{
    address_refused(NULL, "give --bureau");
    address_refused("bureau.example", "give --bureau");
    address_refused("ftp://bureau.example", "give --bureau");
    address_refused("https://", "nothing else");
    address_refused("https://bureau.example/api", "nothing else");
    address_refused("https://chen@bureau.example", "nothing else");
    address_refused("https://bureau.example?x", "nothing else");
    address_refused("https://bureau.example\n", "nothing else");
    address_refused("http://bureau.example", "https://");
    address_refused("http://127.0.0.1.example", "https://");
    address_refused("http://localhost.example:80", "https://");
}

TEST("nobody signs in without a name")
{
    struct cli_call call = {0};
    struct cli_session *web = NULL;
    struct fg_error error;

    give(&call, "--bureau", "https://bureau.example");
    CHECK_INT(cli_session_open(&call, &web, &error), FG_E_ARG);
    CHECK_HAS(error.text, "--login");
}

TEST("what steers a terminal is not printed, Chinese is")
{
    char printed[64] = "";
    FILE *file = fmemopen(printed, sizeof(printed), "w");

    CHECK(file != NULL);
    cli_session_print(file, "\346\265\231\033[2J\302\233x\177\n\377");
    (void)fclose(file);
    CHECK_TEXT(printed, "\346\265\231?[2J?x???");
}

TEST("numbers of an answer that no integer holds are bounded, absent ones are 0")
{
    cJSON *answer = cJSON_Parse("{\"a\":12,\"b\":1e300,\"c\":-1e300,\"d\":\"x\",\"e\":true}");

    CHECK(answer != NULL);
    CHECK_INT(cli_session_number(answer, "a"), 12);
    CHECK(cli_session_number(answer, "b") == INT64_MAX);
    CHECK(cli_session_number(answer, "c") == INT64_MIN);
    CHECK_INT(cli_session_number(answer, "d"), 0);
    CHECK_INT(cli_session_number(answer, "z"), 0);
    CHECK_TEXT(cli_session_text(answer, "d"), "x");
    CHECK_TEXT(cli_session_text(answer, "a"), "");
    CHECK(cli_session_truth(answer, "e") && !cli_session_truth(answer, "a"));
    cJSON_Delete(answer);
}
