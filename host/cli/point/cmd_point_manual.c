/* fillgate point manual: a cylinder named by hand, and the second operator who proves himself for it, by PIN
 * or by the card that he holds to the point's reader. The PIN is never an argument. Relies on:
 * proto/point/control.h, cli_pin.h. */
#include <inttypes.h>
#include <mbedtls/platform_util.h>
#include <string.h>
#include <time.h>

#include "host/cli/cli_pin.h"
#include "host/cli/point/cmd_point.h"
#include "host/cli/point/point_ask.h"
#include "lib/base/monotime.h"
#include "lib/domain/code.h"

#define LOOK_AGAIN_MS 200
#define LOOK_LONGER_MS 5000 /* than the controller waits: it says itself that it is too late */

static enum cli_exit told(const struct cli_call *call, const char *result, const char *text)
{
    struct cli_json json;

    if (!call->json) {
        printf("%s\n", text);
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "result", result);
    cli_json_text(&json, json.root, "text", text);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static enum cli_exit second_by_pin(const struct cli_call *call, const char *second)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SECOND};
    struct fg_control_answer answer = {0};
    struct fg_error error;
    enum cli_exit done;
    enum fg_err result;

    (void)snprintf(request.operator_id, sizeof(request.operator_id), "%s", second);
    result = cli_pin_read(call, CLI_PIN_TO_SIGN_IN, request.pin, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    done = cli_point_ask(call, &request, &answer);
    mbedtls_platform_zeroize(request.pin, sizeof(request.pin));
    return done == CLI_OK ? told(call, "OK", answer.text) : done;
}

static void look_later(void)
{
    struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};

    (void)nanosleep(&pause, NULL);
}

/* What was decided when nothing waits any more. */
static enum cli_exit decision_told(const struct cli_call *call, const struct fg_control_state *state)
{
    char text[FG_CONTROL_TEXT_MAX + 1];
    bool accepted = state->reasons.count == 0;

    if (accepted)
        (void)snprintf(text, sizeof(text), "%s: %s (%s)", cli_text(call, FG_TEXT_CLI_MAY_BE_FILLED),
                       state->code.text, state->second_person);
    else
        (void)snprintf(text, sizeof(text), "%s: %s: %s", cli_text(call, FG_TEXT_CLI_REFUSED),
                       state->code.text,
                       fg_reason_text(call->language, (enum fg_reason)state->reasons.reasons[0]));
    if (told(call, accepted ? "OK" : "DENIED", text) != CLI_OK)
        return CLI_FAILURE;
    return accepted ? CLI_OK : CLI_NO;
}

static enum cli_exit second_by_card(const struct cli_call *call)
{
    const struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer = {0};
    enum cli_exit result = cli_point_ask(call, &request, &answer);
    int64_t until_ms = fg_mono_ms() + answer.state.second_left_ms + LOOK_LONGER_MS;

    while (result == CLI_OK && answer.state.second_code.text[0] != '\0' && fg_mono_ms() < until_ms) {
        look_later();
        result = cli_point_ask(call, &request, &answer);
    }
    return result == CLI_OK ? decision_told(call, &answer.state) : result;
}

enum cli_exit cli_point_manual(const struct cli_call *call)
{
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};
    struct fg_control_answer answer = {0};
    const char *second = cli_value(call, "--second");
    struct fg_error error;
    enum cli_exit result;

    if (fg_code_parse(call->arguments[0], &request.code, &error) != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (second != NULL && strlen(second) > FG_NAME_MAX)
        return cli_usage(call, "--second NAME has at most %d bytes", FG_NAME_MAX);
    if (second == NULL && cli_value(call, "--pin-file") != NULL)
        return cli_usage(call, "--pin-file is the PIN of --second NAME");
    result = cli_point_ask(call, &request, &answer);
    if (result != CLI_OK)
        return result;
    if (second != NULL)
        return second_by_pin(call, second);
    (void)fprintf(stderr, "%s\n", cli_text(call, FG_TEXT_CLI_SECOND_CARD));
    return second_by_card(call);
}
