/* Implementation of asking the running fillgated (point_ask.h). */
#include "host/cli/point/point_ask.h"

#include <stdio.h>

#include "host/cli/point/cli_paths.h"

#define DEADLINE_MS 5000

enum cli_exit cli_point_ask(const struct cli_call *call, const struct fg_control_request *request,
                            struct fg_control_answer *ret_answer)
{
    const struct fg_config *config = NULL;
    const char *path = cli_value(call, "--socket");
    struct fg_error error;
    enum fg_err result = cli_config(call, &config, &error);

    if (result != FG_OK)
        return cli_fail(call, result, &error);
    if (path == NULL && config != NULL)
        path = config->control_socket_path;
    if (path == NULL)
        return cli_usage(call, "give --socket FILE or --config FILE");
    result = fg_control_call(path, request, ret_answer, DEADLINE_MS, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    if (ret_answer->result != FG_OK) {
        result = fg_fail(&error, ret_answer->result, "%.*s", (int)sizeof(error.text) - 1, ret_answer->text);
        (void)cli_fail(call, result, &error);
        return CLI_NO;
    }
    return CLI_OK;
}

enum cli_exit cli_point_tell(const struct cli_call *call, const struct fg_control_answer *answer)
{
    struct cli_json json;

    if (!call->json) {
        printf("%s\n", answer->text);
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "result", "OK");
    cli_json_text(&json, json.root, "text", answer->text);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}
