/* Implementation of hand_over.h. */
#include "host/cli/point/hand_over.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/point/point_ask.h"

/* A list of a million rows takes some seconds to verify and store. */
#define DEADLINE_MS 120000

enum cli_exit cli_hand_file(const struct cli_call *call, const char *socket_path, enum fg_control_kind kind,
                            struct fg_control_answer *ret_answer)
{
    struct fg_control_request request = {.kind = (uint8_t)kind};
    const char *path = call->arguments[0];
    char *absolute = realpath(path, NULL);
    struct fg_error error;
    enum fg_err result;

    if (absolute == NULL)
        result = fg_fail(&error, FG_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    else if ((size_t)snprintf(request.path, sizeof(request.path), "%s", absolute) >= sizeof(request.path))
        result = fg_fail(&error, FG_E_SIZE, "%s: the path is too long", absolute);
    else
        result = fg_control_call(socket_path, &request, ret_answer, DEADLINE_MS, &error);
    free(absolute);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    if (ret_answer->result == FG_OK)
        return CLI_OK;
    result = fg_fail(&error, ret_answer->result, "%.*s", (int)sizeof(error.text) - 1, ret_answer->text);
    (void)cli_fail(call, result, &error);
    return CLI_NO;
}

enum cli_exit cli_hand_over(const struct cli_call *call, enum fg_control_kind kind)
{
    struct fg_control_answer answer = {0};
    const char *socket_path = cli_value(call, "--socket");
    enum cli_exit exit_code;

    if (socket_path == NULL)
        return cli_usage(call, "give --socket FILE, the control socket of the controller");
    exit_code = cli_hand_file(call, socket_path, kind, &answer);
    return exit_code == CLI_OK ? cli_point_tell(call, &answer) : exit_code;
}
