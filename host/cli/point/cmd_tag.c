/* fillgate tag: reading and writing tags with the same reader process as the controller. Not: the tag's
 * format (proto/point/tag.h), libnfc (firmware/reader). Relies on: firmware/reader/watch.h. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/reader/watch.h"
#include "host/cli/point/cli_paths.h"
#include "lib/base/monotime.h"
#include "lib/domain/code.h"
#include "proto/point/tag.h"

#define PATH_TEXT 512
#define TICK_MS 20
#define TIMEOUT_DEFAULT_S 10
#define TIMEOUT_MAX_S 600
#define CC_SIZE_AT 14 /* the capability container's size of the data area, in 8 bytes */

/* A reader in use; program is the text that settings point into. */
struct session {
    const struct cli_call *call;
    const struct fg_config *config;
    struct fg_reader *reader;
    char program[PATH_TEXT];
    uint32_t timeout_s;
    char fault[96]; /* the reader's last complaint, for the message when time is up */
};

/* fillgate-reader, in the directory that this program is in. */
static bool reader_beside(char path[PATH_TEXT])
{
    char self[PATH_TEXT - 32];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (length <= 0)
        return false;
    self[length] = '\0';
    slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    (void)snprintf(path, PATH_TEXT, "%s/fillgate-reader", self);
    return true;
}

/* The program, where a configured name without a slash means beside us too. */
static bool choose_program(struct session *session)
{
    const char *program = cli_value(session->call, "--reader");

    if (program == NULL && session->config != NULL && strchr(session->config->reader_program, '/') != NULL)
        program = session->config->reader_program;
    if (program == NULL)
        return reader_beside(session->program);
    return (size_t)snprintf(session->program, PATH_TEXT, "%s", program) < PATH_TEXT;
}

static enum cli_exit start_session(struct session *session)
{
    const struct cli_call *call = session->call;
    const char *connection = cli_value(call, "--connection");
    const char *timeout = cli_value(call, "--timeout");
    struct fg_reader_settings settings = {.poll_ms = 40, .step_max_ms = 1000, .silence_max_ms = 5000};
    struct fg_error error;
    enum fg_err result = cli_config(call, &session->config, &error);

    session->timeout_s = TIMEOUT_DEFAULT_S;
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    if (timeout != NULL) {
        char *end;
        unsigned long seconds = strtoul(timeout, &end, 10);

        if (*end != '\0' || timeout[0] < '0' || timeout[0] > '9' || seconds < 1 || seconds > TIMEOUT_MAX_S)
            return cli_usage(call, "--timeout %s is not a number from 1 to %d", timeout, TIMEOUT_MAX_S);
        session->timeout_s = (uint32_t)seconds;
    }
    if (connection == NULL && session->config != NULL)
        connection = session->config->reader_connection;
    if (connection == NULL)
        return cli_usage(call,
                         "give --connection STRING (for example pn532_uart:/dev/ttyUSB0) or --config FILE");
    if (!choose_program(session))
        return cli_usage(call, "fillgate-reader is not found; give --reader PROGRAM");
    settings.program = session->program;
    settings.connection = connection;
    result = fg_reader_start(&settings, &session->reader, &error);
    return result == FG_OK ? CLI_OK : cli_fail(call, result, &error);
}

/* Waits for a report of this kind. FG_E_TIMEOUT tells the reader's last complaint. */
static enum fg_err await_report(struct session *session, uint8_t kind, struct fg_reader_report *ret_report,
                                struct fg_error *error)
{
    int64_t deadline = fg_mono_ms() + (int64_t)session->timeout_s * 1000;

    while (fg_mono_ms() < deadline) {
        struct pollfd watched = {.fd = fg_reader_fd(session->reader), .events = POLLIN};

        (void)poll(&watched, watched.fd >= 0 ? 1 : 0, TICK_MS);
        fg_reader_tick(session->reader, fg_mono_ms());
        fg_reader_next(session->reader, fg_mono_ms(), ret_report);
        if (ret_report->kind == FG_READER_FAULT)
            (void)snprintf(session->fault, sizeof(session->fault), "%s", ret_report->text);
        else if (ret_report->kind == FG_READER_BACK)
            session->fault[0] = '\0';
        if (ret_report->kind == FG_READER_POLL && ret_report->tag_count > 1)
            return fg_fail(error, FG_E_STATE, "two or more tags are at the reader; leave only one");
        if (ret_report->kind == kind)
            return FG_OK;
    }
    if (session->fault[0] != '\0')
        return fg_fail(error, FG_E_TIMEOUT, "the reader does not work: %s", session->fault);
    return fg_fail(error, FG_E_TIMEOUT, "no tag within %" PRIu32 " s", session->timeout_s);
}

/* The tag in the field with what it holds. */
static enum fg_err await_tag(struct session *session, struct fg_reader_report *ret_report,
                             struct fg_error *error)
{
    enum fg_err result = await_report(session, FG_READER_TAG, ret_report, error);

    if (result == FG_OK && !ret_report->complete)
        result = fg_fail(error, FG_E_IO, "the tag does not answer reliably; hold it still");
    return result;
}

static bool print_tag(const struct cli_call *call, const struct fg_uid *uid,
                      const struct fg_tag_record *record, enum fg_text_id verdict, const char *verdict_name)
{
    struct cli_json json;
    char uid_text[FG_UID_TEXT_MAX + 1];
    char key[2 * FG_KEY_ID_BYTES + 1];

    fg_uid_format(uid, uid_text);
    cli_hex(record->key.bytes, FG_KEY_ID_BYTES, key);
    if (!call->json) {
        printf("%s: %s\n%s: %s\n%s: %s\n%s\n", cli_text(call, FG_TEXT_CLI_TAG), uid_text,
               cli_text(call, FG_TEXT_CLI_CYLINDER), record->code.text, cli_text(call, FG_TEXT_CLI_KEY_ID),
               key, cli_text(call, verdict));
        return true;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "uid", uid_text);
    cli_json_text(&json, json.root, "code", record->code.text);
    cli_json_text(&json, json.root, "key_id", key);
    cli_json_text(&json, json.root, "result", verdict_name);
    return cli_json_print(&json, stdout);
}

/* Prints the record, verified when there are keys to do it with. */
static enum cli_exit show_record(const struct session *session, const struct fg_reader_report *tag,
                                 const struct fg_tag_record *record)
{
    const struct cli_call *call = session->call;
    struct fg_public_key keys[CLI_REPEAT_MAX];
    size_t key_count = 0;
    struct fg_error error;
    enum fg_err result = cli_trusted_keys(call, "--key", session->config, keys, &key_count, &error);

    if (result == FG_E_ARG)
        return print_tag(call, &tag->uid, record, FG_TEXT_CLI_TAG_NOT_CHECKED, "NOT_CHECKED") ? CLI_OK
                                                                                              : CLI_FAILURE;
    if (result == FG_OK)
        result = fg_tag_verify(record, &tag->uid, keys, key_count, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    return print_tag(call, &tag->uid, record, FG_TEXT_CLI_TAG_GENUINE, "GENUINE") ? CLI_OK : CLI_FAILURE;
}

static enum cli_exit tag_read(const struct cli_call *call)
{
    struct session session = {.call = call};
    enum cli_exit exit_code = start_session(&session);
    struct fg_reader_report tag;
    struct fg_tag_record record;
    struct fg_error error;
    enum fg_err result;

    if (exit_code != CLI_OK)
        return exit_code;
    result = await_tag(&session, &tag, &error);
    if (result != FG_OK) {
        exit_code = cli_fail(call, result, &error);
        goto done;
    }
    result = fg_tag_parse(tag.memory, tag.memory_length, &record, &error);
    if (result == FG_OK) {
        exit_code = show_record(&session, &tag, &record);
    } else {
        /* Being no cylinder's tag is an answer, not a failure to read. */
        (void)cli_fail(call, result, &error);
        exit_code = CLI_NO;
    }
done:
    fg_reader_stop(session.reader);
    return exit_code;
}

/* A record of this code, for this tag and by this key: what an earlier write that did not come to its end
 * left. */
static bool is_taken_up(const struct fg_tag_record *old, const struct fg_private_key *key,
                        const struct fg_uid *uid, const struct fg_code *code)
{
    return strcmp(old->code.text, code->text) == 0 &&
           fg_tag_verify(old, uid, &key->public_key, 1, NULL) == FG_OK;
}

/* Signs what goes on this tag, or takes what is on it already; refuses a tag that is taken. */
static enum fg_err record_choose(const struct cli_call *call, const struct fg_reader_report *tag,
                                 const struct fg_code *code, const struct fg_private_key *key,
                                 struct fg_tag_record *ret_record, struct fg_error *error)
{
    struct fg_tag_record old;

    if (fg_tag_parse(tag->memory, tag->memory_length, &old, NULL) != FG_OK)
        return fg_tag_sign(key, &tag->uid, code, ret_record, error);
    if (is_taken_up(&old, key, &tag->uid, code)) {
        *ret_record = old;
        return FG_OK;
    }
    if (cli_value(call, "--replace") == NULL)
        return fg_fail(error, FG_E_EXISTS, "the tag already carries code %s; --replace overwrites it",
                       old.code.text);
    return fg_tag_sign(key, &tag->uid, code, ret_record, error);
}

/* The record for this tag, and the bytes that carry it. */
static enum fg_err prepare_write(const struct cli_call *call, const struct fg_reader_report *tag,
                                 const struct fg_code *code, struct fg_tag_record *ret_record,
                                 uint8_t data[FG_TAG_BUILD_MAX], size_t *ret_length, struct fg_error *error)
{
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    size_t capacity = (size_t)tag->memory[CC_SIZE_AT] * 8;
    enum fg_err result = fg_private_key_read(cli_value(call, "--key"), &key, error);

    if (result == FG_OK)
        result = record_choose(call, tag, code, &key, ret_record, error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_tag_build(ret_record, data, capacity < FG_TAG_BUILD_MAX ? capacity : FG_TAG_BUILD_MAX,
                              ret_length, error);
    return result;
}

static enum cli_exit tag_write(const struct cli_call *call)
{
    struct session session = {.call = call};
    bool lock = cli_value(call, "--no-lock") == NULL;
    enum cli_exit exit_code;
    struct fg_code code;
    struct fg_reader_report tag;
    struct fg_reader_report answer;
    struct fg_tag_record record;
    uint8_t data[FG_TAG_BUILD_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result;

    if (fg_code_parse(call->arguments[0], &code, &error) != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (cli_value(call, "--key") == NULL)
        return cli_usage(call, "give the bureau's private key with --key FILE");
    exit_code = start_session(&session);
    if (exit_code != CLI_OK)
        return exit_code;
    result = await_tag(&session, &tag, &error);
    if (result == FG_OK)
        result = prepare_write(call, &tag, &code, &record, data, &length, &error);
    if (result == FG_OK)
        result = fg_reader_write_tag(session.reader, &tag.uid, data, length, lock, &error);
    if (result == FG_OK)
        result = await_report(&session, FG_READER_WRITTEN, &answer, &error);
    if (result == FG_OK && !answer.ok)
        result = fg_fail(&error, FG_E_IO, "the tag was not written: %s", answer.text);
    if (result == FG_E_EXISTS) {
        (void)cli_fail(call, result, &error);
        exit_code = CLI_NO;
    } else if (result != FG_OK) {
        exit_code = cli_fail(call, result, &error);
    } else if (!print_tag(call, &tag.uid, &record, lock ? FG_TEXT_CLI_TAG_LOCKED : FG_TEXT_CLI_TAG_WRITTEN,
                          lock ? "LOCKED" : "WRITTEN")) {
        exit_code = CLI_FAILURE;
    }
    fg_reader_stop(session.reader);
    return exit_code;
}

#define READER                                                                                               \
    {"--connection", "STRING", FG_TEXT_CLI_OPTION_CONNECTION, false},                                        \
        {"--reader", "PROGRAM", FG_TEXT_CLI_OPTION_READER, false},                                           \
        {"--config", "FILE", FG_TEXT_CLI_OPTION_CONFIG, false},                                              \
    {                                                                                                        \
        "--timeout", "SECONDS", FG_TEXT_CLI_OPTION_TIMEOUT, false                                            \
    }
static const struct cli_option read_options[] = {
    READER, {"--key", "FILE", FG_TEXT_CLI_OPTION_TAG_TRUSTED, true}, {0}};
static const struct cli_option write_options[] = {READER,
                                                  {"--key", "FILE", FG_TEXT_CLI_OPTION_BUREAU_KEY, false},
                                                  {"--replace", NULL, FG_TEXT_CLI_OPTION_REPLACE, false},
                                                  {"--no-lock", NULL, FG_TEXT_CLI_OPTION_NO_LOCK, false},
                                                  {0}};

const struct cli_command cli_tag_commands[] = {
    {"tag", "read", "", FG_TEXT_CLI_TAG_READ, 0, 0, read_options, tag_read},
    {"tag", "write", "CODE", FG_TEXT_CLI_TAG_WRITE, 1, 1, write_options, tag_write},
    {0},
};
