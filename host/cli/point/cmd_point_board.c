/* fillgate point board: today's sums, the last attempts and the operators of a filling point. Relies on:
 * proto/point/control.h. */
#include <inttypes.h>

#include "host/cli/cli_entry.h"
#include "host/cli/point/cmd_point.h"
#include "host/cli/point/point_ask.h"
#include "proto/list/operators.h"

static void print_attempt(const struct cli_call *call, const struct fg_control_attempt *attempt)
{
    char when[CLI_TIME_TEXT];

    cli_time_text(attempt->wall_ms, when);
    printf("  %s  %s %s  %s", when, attempt->code.text[0] == '\0' ? "-" : attempt->code.text, attempt->plate,
           attempt->operator_id[0] == '\0' ? "-" : attempt->operator_id);
    if (attempt->second_person[0] != '\0')
        printf(" (%s) + %s (%s)", cli_person_proof_text(call, attempt->operator_proof),
               attempt->second_person, cli_person_proof_text(call, attempt->second_proof));
    printf("  ");
    if (attempt->kind == FG_ENTRY_REFUSED)
        printf("%s: %s\n", cli_text(call, FG_TEXT_CLI_REFUSED),
               fg_reason_text(call->language, (enum fg_reason)attempt->reason));
    else if (attempt->kind == FG_ENTRY_ENDED)
        printf("%s, %" PRId64 " g\n", fg_stop_text(call->language, (enum fg_stop)attempt->stop),
               attempt->quantity_g);
    else
        printf("%s\n", fg_entry_kind_text(call->language, FG_ENTRY_AUTHORISED));
}

static void print_board(const struct cli_call *call, const struct fg_control_board *board)
{
    printf("%s: %s %" PRIu32 ", %" PRId64 " g; %s %" PRIu32 "\n", cli_text(call, FG_TEXT_CLI_TODAY),
           cli_text(call, FG_TEXT_CLI_FILLS), board->fills_today, board->quantity_today_g,
           cli_text(call, FG_TEXT_CLI_REFUSALS), board->refusals_today);
    for (size_t i = 0; i < board->reason_count && i < FG_REASONS_MAX; i++)
        printf("  %" PRIu32 " x %s\n", board->reasons[i].count,
               fg_reason_text(call->language, (enum fg_reason)board->reasons[i].reason));
    printf("%s:\n", cli_text(call, FG_TEXT_CLI_ATTEMPTS));
    for (size_t i = 0; i < board->attempt_count && i < FG_CONTROL_ATTEMPTS_MAX; i++)
        print_attempt(call, &board->attempts[i]);
    printf("%s:\n", cli_text(call, FG_TEXT_CLI_OPERATORS));
    for (size_t i = 0; i < board->operator_count && i < FG_OPERATORS_MAX; i++) {
        char end[CLI_TIME_TEXT];

        cli_day_text(board->operators[i].certificate_end_day, end);
        printf("  %s, %s %s%s%s\n", board->operators[i].id, cli_text(call, FG_TEXT_CLI_CERTIFICATE_TO), end,
               board->operators[i].has_card ? ", " : "",
               board->operators[i].has_card ? cli_text(call, FG_TEXT_CLI_CARD) : "");
    }
}

static void json_attempts(struct cli_json *json, const struct fg_control_board *board)
{
    cJSON *attempts = cli_json_array(json, json->root, "attempts");

    for (size_t i = 0; i < board->attempt_count && i < FG_CONTROL_ATTEMPTS_MAX; i++) {
        const struct fg_control_attempt *attempt = &board->attempts[i];
        cJSON *object = cli_json_push_object(json, attempts);

        cli_json_number(json, object, "sequence", (int64_t)attempt->sequence);
        cli_json_number(json, object, "wall_ms", attempt->wall_ms);
        cli_json_text(json, object, "code", attempt->code.text);
        cli_json_text(json, object, "plate", attempt->plate);
        cli_json_text(json, object, "operator", attempt->operator_id);
        cli_json_text(json, object, "operator_proof", fg_person_proof_name(attempt->operator_proof));
        cli_json_text(json, object, "second_person", attempt->second_person);
        cli_json_text(json, object, "second_proof", fg_person_proof_name(attempt->second_proof));
        cli_json_text(json, object, "outcome", fg_entry_kind_name((enum fg_entry_kind)attempt->kind));
        if (attempt->kind == FG_ENTRY_REFUSED)
            cli_json_text(json, object, "reason", fg_reason_name((enum fg_reason)attempt->reason));
        if (attempt->kind == FG_ENTRY_ENDED)
            cli_json_text(json, object, "stop", fg_stop_name((enum fg_stop)attempt->stop));
        cli_json_number(json, object, "identity", attempt->identity);
        cli_json_number(json, object, "quantity_g", attempt->quantity_g);
    }
}

static enum cli_exit json_board(const struct fg_control_board *board)
{
    struct cli_json json;
    cJSON *reasons;
    cJSON *operators;

    cli_json_start(&json);
    cli_json_number(&json, json.root, "version", board->version);
    cli_json_number(&json, json.root, "fills_today", board->fills_today);
    cli_json_number(&json, json.root, "refusals_today", board->refusals_today);
    cli_json_number(&json, json.root, "quantity_today_g", board->quantity_today_g);
    reasons = cli_json_array(&json, json.root, "reasons");
    for (size_t i = 0; i < board->reason_count && i < FG_REASONS_MAX; i++) {
        cJSON *object = cli_json_push_object(&json, reasons);

        cli_json_text(&json, object, "reason", fg_reason_name((enum fg_reason)board->reasons[i].reason));
        cli_json_number(&json, object, "count", board->reasons[i].count);
    }
    json_attempts(&json, board);
    operators = cli_json_array(&json, json.root, "operators");
    for (size_t i = 0; i < board->operator_count && i < FG_OPERATORS_MAX; i++) {
        cJSON *object = cli_json_push_object(&json, operators);

        cli_json_text(&json, object, "id", board->operators[i].id);
        cli_json_number(&json, object, "certificate_end_day", board->operators[i].certificate_end_day);
        cli_json_bool(&json, object, "card", board->operators[i].has_card);
        cli_json_bool(&json, object, "pin", board->operators[i].has_pin);
    }
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

enum cli_exit cli_point_board(const struct cli_call *call)
{
    struct fg_control_request request = {.kind = FG_CONTROL_BOARD};
    struct fg_control_answer answer = {0};
    enum cli_exit result = cli_point_ask(call, &request, &answer);

    if (result != CLI_OK)
        return result;
    if (!answer.has_board) {
        (void)fprintf(stderr, "fillgate: the answer of fillgated holds no board\n");
        return CLI_FAILURE;
    }
    if (call->json)
        return json_board(&answer.board);
    print_board(call, &answer.board);
    return CLI_OK;
}
