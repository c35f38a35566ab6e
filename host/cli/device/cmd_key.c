/* fillgate key: making and showing keys. Relies on: lib/crypto/sign.h. */
#include <string.h>
#include <unistd.h>

#include "host/cli/cli.h"

#define PATH_TEXT 512

static bool print_key(const struct cli_call *call, const char *path, const char *public_path,
                      const struct fg_public_key *key)
{
    struct cli_json json;
    char id[2 * FG_KEY_ID_BYTES + 1];
    char point[2 * FG_POINT_BYTES + 1];

    cli_hex(key->id.bytes, FG_KEY_ID_BYTES, id);
    cli_hex(key->point, FG_POINT_BYTES, point);
    if (!call->json) {
        printf("%s %s\n", cli_text(call, FG_TEXT_CLI_KEY_ID), id);
        printf("%s %s\n", cli_text(call, FG_TEXT_CLI_KEY_POINT), point);
        if (public_path != NULL)
            printf("%s %s\n%s %s\n", cli_text(call, FG_TEXT_CLI_KEY_PRIVATE_FILE), path,
                   cli_text(call, FG_TEXT_CLI_KEY_PUBLIC_FILE), public_path);
        return true;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "key_id", id);
    cli_json_text(&json, json.root, "point", point);
    cli_json_text(&json, json.root, "file", path);
    if (public_path != NULL)
        cli_json_text(&json, json.root, "public_file", public_path);
    return cli_json_print(&json, stdout);
}

static enum cli_exit key_new(const struct cli_call *call)
{
    const char *path = call->arguments[0];
    char public_path[PATH_TEXT];
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_error error;
    enum fg_err result;
    enum cli_exit exit_code = CLI_OK;

    if ((size_t)snprintf(public_path, sizeof(public_path), "%s.pub", path) >= sizeof(public_path))
        return cli_usage(call, "the file name is too long");
    if (access(public_path, F_OK) == 0) {
        result = fg_fail(&error, FG_E_EXISTS, "%s: exists and is not overwritten", public_path);
        return cli_fail(call, result, &error);
    }
    result = fg_private_key_new(&key, &error);
    if (result == FG_OK)
        result = fg_private_key_write(path, &key, &error);
    if (result == FG_OK) {
        result = fg_public_key_write(public_path, &key.public_key, &error);
        /* Half a pair would stop the next try. */
        if (result != FG_OK)
            (void)unlink(path);
    }
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    else if (!print_key(call, path, public_path, &key.public_key))
        exit_code = CLI_FAILURE;
    fg_private_key_wipe(&key);
    return exit_code;
}

static enum cli_exit key_show(const struct cli_call *call)
{
    struct fg_public_key key;
    struct fg_private_key private_key;
    struct fg_error error;
    enum fg_err result = fg_public_key_read(call->arguments[0], &key, &error);

    if (result == FG_E_FORMAT && fg_private_key_read(call->arguments[0], &private_key, &error) == FG_OK) {
        key = private_key.public_key;
        fg_private_key_wipe(&private_key);
        result = FG_OK;
    }
    if (result != FG_OK)
        return cli_fail(call, error.code, &error);
    return print_key(call, call->arguments[0], NULL, &key) ? CLI_OK : CLI_FAILURE;
}

static const struct cli_option no_options[] = {{0}};

const struct cli_command cli_key_commands[] = {
    {"key", "new", "FILE", FG_TEXT_CLI_KEY_NEW, 1, 1, no_options, key_new},
    {"key", "show", "FILE", FG_TEXT_CLI_KEY_SHOW, 1, 1, no_options, key_show},
    {0},
};
