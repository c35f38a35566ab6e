/* fillgate journal: showing, exporting and verifying a controller's journal. Opens it read-only, so that it
 * may be done beside a running fillgated. Not: how entries look (cli_entry.c). Relies on:
 * firmware/journal/journal.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "host/cli/cli_entry.h"
#include "host/cli/point/cli_paths.h"
#include "lib/domain/code.h"

#define PATH_TEXT 512

enum form { FORM_LINES, FORM_CSV, FORM_JSON };

struct output {
    const struct cli_call *call;
    FILE *file;
    enum form form;
};

static enum fg_err print_entry(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                               size_t byte_count, struct fg_error *error)
{
    struct output *output = context;
    bool ok = true;

    (void)bytes;
    (void)byte_count;
    if (output->form == FORM_CSV)
        cli_entry_csv(output->file, entry);
    else if (output->form == FORM_JSON)
        ok = cli_entry_json(output->call, output->file, entry);
    else
        cli_entry_print(output->call, output->file, entry);
    if (!ok || ferror(output->file))
        return fg_fail(error, FG_E_IO, "the output could not be written");
    return FG_OK;
}

/* The filters of the call; a wrong one is a wrong call. */
static enum fg_err read_filter(const struct cli_call *call, struct fg_journal_filter *ret_filter,
                               struct fg_error *error)
{
    struct fg_journal_filter filter = {0};
    const char *from = cli_value(call, "--from");
    const char *to = cli_value(call, "--to");
    const char *code = cli_value(call, "--code");
    const char *plate = cli_value(call, "--plate");
    const char *kind = cli_value(call, "--kind");
    const char *reason = cli_value(call, "--reason");
    enum fg_err result = FG_OK;

    if (from != NULL)
        result = cli_time_parse(from, false, &filter.from_ms, error);
    if (result == FG_OK && to != NULL)
        result = cli_time_parse(to, true, &filter.to_ms, error);
    if (result == FG_OK && code != NULL)
        result = fg_code_parse(code, &filter.code, error);
    if (result == FG_OK && plate != NULL &&
        (size_t)snprintf(filter.plate, sizeof(filter.plate), "%s", plate) >= sizeof(filter.plate))
        result = fg_fail(error, FG_E_ARG, "--plate %.40s is longer than %d bytes", plate, FG_PLATE_MAX);
    if (result == FG_OK && kind != NULL) {
        filter.kind = (uint8_t)fg_entry_kind_by_name(kind);
        if (filter.kind == 0)
            result =
                fg_fail(error, FG_E_ARG,
                        "--kind %.40s is not one of BOOT LIST OPERATOR REFUSED AUTHORISED ENDED EVENT", kind);
    }
    if (result == FG_OK && reason != NULL) {
        filter.reason = (uint8_t)fg_reason_by_name(reason);
        if (filter.reason == 0)
            result = fg_fail(error, FG_E_ARG, "--reason %.40s is not the name of a reason", reason);
    }
    if (result == FG_OK)
        *ret_filter = filter;
    return result;
}

/* The journal's path; NULL with *ret_exit set when the call or the configuration is wrong. */
static const char *journal_path(const struct cli_call *call, const struct fg_config **ret_config,
                                enum cli_exit *ret_exit)
{
    const char *path = call->argument_count > 0 ? call->arguments[0] : cli_value(call, "--journal");
    struct fg_error error;
    enum fg_err result = cli_config(call, ret_config, &error);

    if (result != FG_OK) {
        *ret_exit = cli_fail(call, result, &error);
        return NULL;
    }
    if (path == NULL && *ret_config != NULL)
        path = (*ret_config)->journal_path;
    if (path == NULL)
        *ret_exit = cli_usage(call, "name the journal FILE or give --config FILE");
    return path;
}

static enum cli_exit print_all(const struct cli_call *call, FILE *file, enum form form)
{
    struct output output = {.call = call, .file = file, .form = form};
    const struct fg_config *config = NULL;
    enum cli_exit exit_code = CLI_OK;
    struct fg_journal_filter filter;
    struct fg_error error;
    enum fg_err result;
    const char *path;

    if (read_filter(call, &filter, &error) != FG_OK)
        return cli_usage(call, "%s", error.text);
    path = journal_path(call, &config, &exit_code);
    if (path == NULL)
        return exit_code;
    if (form == FORM_CSV)
        cli_entry_csv_header(file);
    result = fg_journal_each(path, &filter, print_entry, &output, &error);
    return result == FG_OK ? CLI_OK : cli_fail(call, result, &error);
}

static enum cli_exit journal_show(const struct cli_call *call)
{
    return print_all(call, stdout, call->json ? FORM_JSON : FORM_LINES);
}

/* A new file only: an export must not silently replace evidence. */
static FILE *open_output(const char *path, struct fg_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    if (file == NULL) {
        (void)fg_fail(error, errno == EEXIST ? FG_E_EXISTS : FG_E_IO, "%s: %s", path, strerror(errno));
        if (descriptor >= 0)
            (void)close(descriptor);
    }
    return file;
}

static enum cli_exit journal_export(const struct cli_call *call)
{
    const char *format = cli_value(call, "--format");
    const char *output = cli_value(call, "--output");
    enum form form = call->json ? FORM_JSON : FORM_CSV;
    enum cli_exit exit_code;
    struct fg_error error;
    FILE *file = stdout;

    if (format != NULL && strcmp(format, "jsonl") == 0)
        form = FORM_JSON;
    else if (format != NULL && strcmp(format, "csv") == 0)
        form = FORM_CSV;
    else if (format != NULL)
        return cli_usage(call, "--format %s is neither csv nor jsonl", format);
    if (output != NULL)
        file = open_output(output, &error);
    if (file == NULL)
        return cli_fail(call, error.code, &error);
    exit_code = print_all(call, file, form);
    if (output == NULL)
        return exit_code;
    if (fclose(file) != 0 && exit_code == CLI_OK)
        exit_code = cli_fail(call, fg_fail(&error, FG_E_IO, "%s: %s", output, strerror(errno)), &error);
    if (exit_code != CLI_OK)
        (void)unlink(output);
    return exit_code;
}

/* --key, or else the public half that `key new` put beside the controller's key. */
static enum fg_err read_controller_key(const struct cli_call *call, const struct fg_config *config,
                                       struct fg_public_key *ret_key, struct fg_error *error)
{
    const char *path = cli_value(call, "--key");
    char beside[PATH_TEXT];

    if (path == NULL && config != NULL) {
        if ((size_t)snprintf(beside, sizeof(beside), "%s.pub", config->device_key_path) >= sizeof(beside))
            return fg_fail(error, FG_E_SIZE, "%s: the path is too long", config->device_key_path);
        path = beside;
    }
    if (path == NULL)
        return fg_fail(error, FG_E_ARG, "give the controller's public key with --key FILE");
    return fg_public_key_read(path, ret_key, error);
}

/* The kept receipt with --receipt-key, or else the key that the configuration names, if it is there. */
static enum fg_err verify_receipt(const struct cli_call *call, const struct fg_config *config,
                                  const struct fg_journal_verdict *verdict, bool *ret_verified,
                                  struct fg_error *error)
{
    const char *path = cli_value(call, "--receipt-key");
    struct fg_public_key key;
    enum fg_err result;

    *ret_verified = false;
    if (!verdict->receipt_known)
        return FG_OK;
    if (path == NULL && config != NULL && access(config->receipt_key_path, R_OK) == 0)
        path = config->receipt_key_path;
    if (path == NULL)
        return FG_OK;
    result = fg_public_key_read(path, &key, error);
    if (result != FG_OK)
        return result;
    if (fg_receipt_verify(&verdict->receipt, &verdict->receipt_signature, &key, NULL) != FG_OK)
        return fg_fail(
            error, FG_E_AUTH,
            "the bureau's receipt kept in the journal was not signed with %s: it was exchanged or edited",
            path);
    *ret_verified = true;
    return FG_OK;
}

static enum cli_exit journal_verify(const struct cli_call *call)
{
    const struct fg_config *config = NULL;
    struct fg_journal_verdict verdict = {0};
    enum cli_exit exit_code = CLI_OK;
    struct fg_public_key key;
    struct fg_error error;
    struct cli_json json;
    char head[2 * FG_DIGEST_BYTES + 1];
    const char *path = journal_path(call, &config, &exit_code);
    bool receipt_verified = false;
    enum fg_err result;

    if (path == NULL)
        return exit_code;
    result = read_controller_key(call, config, &key, &error);
    if (result == FG_E_ARG)
        return cli_usage(call, "%s", error.text);
    if (result == FG_OK)
        result = fg_journal_verify(path, NULL, &key, &verdict, &error);
    if (result == FG_OK)
        result = verify_receipt(call, config, &verdict, &receipt_verified, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    cli_hex(verdict.head.bytes, FG_DIGEST_BYTES, head);
    if (!call->json) {
        printf("%s: %" PRIu64 " %s, %s\n", cli_text(call, FG_TEXT_CLI_VERIFIED), verdict.entries,
               cli_text(call, FG_TEXT_CLI_ENTRIES), head);
        if (verdict.first_sequence > 1)
            printf("%s %" PRIu64 "\n", cli_text(call, FG_TEXT_CLI_PRUNED_BEFORE), verdict.first_sequence);
        if (verdict.receipt_known)
            printf("%s %" PRIu64 "%s%s\n", cli_text(call, FG_TEXT_CLI_RECEIPT_COVERS),
                   verdict.receipt.next_sequence, receipt_verified ? "" : "; ",
                   receipt_verified ? "" : cli_text(call, FG_TEXT_CLI_RECEIPT_UNVERIFIED));
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "result", "OK");
    cli_json_number(&json, json.root, "entries", (int64_t)verdict.entries);
    cli_json_number(&json, json.root, "first", (int64_t)verdict.first_sequence);
    cli_json_text(&json, json.root, "head", head);
    cli_json_number(&json, json.root, "receipt_next",
                    verdict.receipt_known ? (int64_t)verdict.receipt.next_sequence : 0);
    cli_json_bool(&json, json.root, "receipt_verified", receipt_verified);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

#define JOURNAL                                                                                              \
    {                                                                                                        \
        "--journal", "FILE", FG_TEXT_CLI_OPTION_JOURNAL, false                                               \
    }
#define CONFIG                                                                                               \
    {                                                                                                        \
        "--config", "FILE", FG_TEXT_CLI_OPTION_CONFIG, false                                                 \
    }
#define FROM                                                                                                 \
    {                                                                                                        \
        "--from", "TIME", FG_TEXT_CLI_OPTION_FROM, false                                                     \
    }
#define TO                                                                                                   \
    {                                                                                                        \
        "--to", "TIME", FG_TEXT_CLI_OPTION_TO, false                                                         \
    }
#define CODE                                                                                                 \
    {                                                                                                        \
        "--code", "CODE", FG_TEXT_CLI_OPTION_CODE, false                                                     \
    }
#define PLATE                                                                                                \
    {                                                                                                        \
        "--plate", "PLATE", FG_TEXT_CLI_OPTION_PLATE, false                                                  \
    }
#define KIND                                                                                                 \
    {                                                                                                        \
        "--kind", "KIND", FG_TEXT_CLI_OPTION_KIND, false                                                     \
    }
#define REASON                                                                                               \
    {                                                                                                        \
        "--reason", "REASON", FG_TEXT_CLI_OPTION_REASON, false                                               \
    }

static const struct cli_option show_options[] = {JOURNAL, CONFIG, FROM, TO, CODE, PLATE, KIND, REASON, {0}};
static const struct cli_option export_options[] = {JOURNAL,
                                                   CONFIG,
                                                   FROM,
                                                   TO,
                                                   CODE,
                                                   PLATE,
                                                   KIND,
                                                   REASON,
                                                   {"--format", "FORMAT", FG_TEXT_CLI_OPTION_FORMAT, false},
                                                   {"--output", "FILE", FG_TEXT_CLI_OPTION_OUTPUT, false},
                                                   {0}};
static const struct cli_option verify_options[] = {
    JOURNAL,
    CONFIG,
    {"--key", "FILE", FG_TEXT_CLI_OPTION_CONTROLLER_KEY, false},
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {0}};

const struct cli_command cli_journal_commands[] = {
    {"journal", "show", "[FILE]", FG_TEXT_CLI_JOURNAL_SHOW, 0, 1, show_options, journal_show},
    {"journal", "export", "[FILE]", FG_TEXT_CLI_JOURNAL_EXPORT, 0, 1, export_options, journal_export},
    {"journal", "verify", "[FILE]", FG_TEXT_CLI_JOURNAL_VERIFY, 0, 1, verify_options, journal_verify},
    {0},
};
