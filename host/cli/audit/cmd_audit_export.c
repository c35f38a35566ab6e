/* fillgate audit export: the history by filter into a file, with the bureau's signed summary beside it; and
 * fillgate audit verify-export, which checks such a pair with nothing but the bureau's public key. Relies on:
 * bureau_session.h, host/bureau/export/export_summary.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bureau/export/export_summary.h"
#include "host/cli/audit/bureau_session.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_file.h"
#include "lib/base/file.h"

#define PATH_BYTES 512
#define SUMMARY_SUFFIX ".summary.json"
#define READ_BYTES 65536

/* ---- the file while it comes in ---- */

struct target {
    const char *path;
    char temporary[PATH_BYTES];
    int descriptor; /* -1: none */
    uint64_t bytes;
    struct fg_sha256_stream sha256;
    int problem; /* errno of a failed write */
};

static bool target_take(void *context, const void *bytes, size_t length)
{
    struct target *target = context;
    const char *from = bytes;

    fg_sha256_add(&target->sha256, bytes, length);
    target->bytes += length;
    while (length > 0) {
        ssize_t written = write(target->descriptor, from, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            target->problem = errno;
            return false;
        }
        from += written;
        length -= (size_t)written;
    }
    return true;
}

/* Beside the file that it becomes, so that it can take its name. */
static enum fg_err target_open(const char *path, struct target *target, struct fg_error *error)
{
    struct stat status;

    memset(target, 0, sizeof(*target));
    target->path = path;
    target->descriptor = -1;
    fg_sha256_start(&target->sha256);
    if (lstat(path, &status) == 0)
        return fg_fail(error, FG_E_EXISTS, "%s: exists already", path);
    if ((size_t)snprintf(target->temporary, sizeof(target->temporary), "%s.XXXXXX", path) >=
        sizeof(target->temporary) - sizeof(SUMMARY_SUFFIX))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    target->descriptor = mkostemp(target->temporary, O_CLOEXEC);
    if (target->descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be made: %s", target->temporary, strerror(errno));
    return FG_OK;
}

/* Never over a file that came there meanwhile; not every file system can do that in one step. */
static bool takes_name(const struct target *target)
{
    if (renameat2(AT_FDCWD, target->temporary, AT_FDCWD, target->path, RENAME_NOREPLACE) == 0)
        return true;
    return errno == EINVAL && link(target->temporary, target->path) == 0 && unlink(target->temporary) == 0;
}

/* The summary first: a file without one would look whole and could not be checked. */
static enum fg_err target_keep(struct target *target, const char *summary, struct fg_error *error)
{
    char path[PATH_BYTES];
    enum fg_err result;

    (void)snprintf(path, sizeof(path), "%s" SUMMARY_SUFFIX, target->path);
    if (fsync(target->descriptor) != 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be written: %s", target->temporary, strerror(errno));
    result = fg_file_create(path, 0644, summary, strlen(summary), error);
    if (result != FG_OK)
        return result;
    if (!takes_name(target)) {
        (void)fg_fail(error, errno == EEXIST ? FG_E_EXISTS : FG_E_IO, "%s: cannot be renamed: %s",
                      target->path, strerror(errno));
        (void)unlink(path);
        return errno == EEXIST ? FG_E_EXISTS : FG_E_IO;
    }
    target->temporary[0] = '\0';
    (void)fg_file_sync_folder(target->path, NULL);
    return FG_OK;
}

static void target_close(struct target *target)
{
    if (target->descriptor < 0)
        return;
    (void)close(target->descriptor);
    if (target->temporary[0] != '\0')
        (void)unlink(target->temporary);
}

/* ---- comparing ---- */

static enum fg_err proof_compare(const struct fg_export_proof *proof, uint64_t bytes,
                                 const struct fg_digest *sha256, struct fg_error *error)
{
    if (proof->summary.bytes != bytes)
        return fg_fail(error, FG_E_AUTH, "the file has %" PRIu64 " bytes, the summary says %" PRIu64, bytes,
                       proof->summary.bytes);
    if (memcmp(proof->summary.sha256.bytes, sha256->bytes, FG_DIGEST_BYTES) != 0)
        return fg_fail(error, FG_E_AUTH, "the file is not the one that was exported: its SHA-256 differs");
    return FG_OK;
}

static enum cli_exit summary_print(const struct cli_call *call, const struct fg_export_summary *summary,
                                   const char *file, bool verified)
{
    char begun[CLI_TIME_TEXT];
    char hex[2 * FG_DIGEST_BYTES + 1];
    char key[2 * FG_KEY_ID_BYTES + 1];
    struct cli_json json;

    cli_hex(summary->sha256.bytes, FG_DIGEST_BYTES, hex);
    cli_hex(summary->key.bytes, FG_KEY_ID_BYTES, key);
    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "result", "OK");
        cli_json_text(&json, json.root, "file", file);
        cli_json_bool(&json, json.root, "verified", verified);
        cli_json_text(&json, json.root, "id", summary->id);
        cli_json_text(&json, json.root, "user", summary->user);
        cli_json_number(&json, json.root, "begun_ms", summary->begun_ms);
        cli_json_text(&json, json.root, "filter", summary->filter);
        cli_json_number(&json, json.root, "records", (int64_t)summary->records);
        cli_json_number(&json, json.root, "bytes", (int64_t)summary->bytes);
        cli_json_text(&json, json.root, "sha256", hex);
        cli_json_text(&json, json.root, "key", key);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    cli_time_text(summary->begun_ms, begun);
    printf("%s: %" PRIu64 " %s, %" PRIu64 " B, SHA-256 %s\n", file, summary->records,
           cli_text(call, FG_TEXT_CLI_EXPORT_RECORDS), summary->bytes, hex);
    printf("%s: %s %s (%s), %s, %s %s\n",
           cli_text(call, verified ? FG_TEXT_CLI_VERIFIED : FG_TEXT_CLI_EXPORT_UNPROVEN), summary->id,
           summary->user, summary->role, begun, cli_text(call, FG_TEXT_CLI_EXPORT_FILTER),
           summary->filter[0] != '\0' ? summary->filter : "-");
    printf("%s %s .. %s\n", cli_text(call, FG_TEXT_CLI_KEY_ID), key, summary->last.place);
    return CLI_OK;
}

/* ---- export ---- */

/* The summary as text, checked against what came in; key NULL: the signature is not looked at. */
static enum fg_err summary_fetch(struct cli_session *web, struct target *target, const char *id,
                                 const struct fg_public_key *key, char **ret_text,
                                 struct fg_export_proof *ret_proof, struct fg_error *error)
{
    char path[CLI_SESSION_PATH_BYTES];
    struct fg_digest sha256;
    cJSON *answer = NULL;
    char *text = NULL;
    enum fg_err result = FG_OK;

    if (strlen(id) != FG_EXPORT_ID_DIGITS)
        return fg_fail(error, FG_E_FORMAT, "an export without a number: this is not a bureau");
    (void)snprintf(path, sizeof(path), "/api/v1/exports/%s", id);
    result = cli_session_ask(web, "GET", path, NULL, &answer, error);
    if (result != FG_OK)
        return result;
    text = cJSON_Print(answer);
    cJSON_Delete(answer);
    if (text == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory");
    fg_sha256_finish(&target->sha256, &sha256);
    result = fg_export_proof_read(text, strlen(text), ret_proof, error);
    if (result == FG_OK && strcmp(ret_proof->summary.id, id) != 0)
        result = fg_fail(error, FG_E_FORMAT, "the summary belongs to another export");
    if (result == FG_OK)
        result = proof_compare(ret_proof, target->bytes, &sha256, error);
    if (result == FG_OK && key != NULL)
        result = fg_export_proof_verify(ret_proof, key, error);
    if (result == FG_OK)
        *ret_text = text;
    else
        cJSON_free(text);
    return result;
}

static enum fg_err path_make(const struct cli_call *call, char path[CLI_SESSION_PATH_BYTES],
                             struct fg_error *error)
{
    const char *format = cli_value(call, "--format");

    if (format != NULL && fg_export_format_by_name(format) < 0)
        return fg_fail(error, FG_E_ARG, "--format: csv or jsonl");
    (void)snprintf(path, CLI_SESSION_PATH_BYTES, "/api/v1/export/%s", format != NULL ? format : "csv");
    return cli_session_filter_add(call, path, error);
}

static enum cli_exit audit_export(const struct cli_call *call)
{
    char path[CLI_SESSION_PATH_BYTES];
    char id[CLI_SESSION_EXPORT_BYTES] = "";
    const char *key_path = cli_value(call, "--receipt-key");
    struct target target = {.descriptor = -1};
    struct fg_export_proof proof;
    struct fg_public_key key;
    struct cli_session *web = NULL;
    char *summary = NULL;
    struct fg_error error;
    enum fg_err result = path_make(call, path, &error);

    if (result == FG_OK && key_path != NULL)
        result = fg_public_key_read(key_path, &key, &error);
    if (result == FG_OK)
        result = target_open(call->arguments[0], &target, &error);
    if (result == FG_OK)
        result = cli_session_open(call, &web, &error);
    if (result == FG_OK)
        result = cli_session_download(web, path, target_take, &target, id, &error);
    if (target.problem != 0)
        result = fg_fail(&error, target.problem == ENOSPC ? FG_E_FULL : FG_E_IO, "%s: cannot be written: %s",
                         target.temporary, strerror(target.problem));
    if (result == FG_OK)
        result = summary_fetch(web, &target, id, key_path != NULL ? &key : NULL, &summary, &proof, &error);
    if (result == FG_OK)
        result = target_keep(&target, summary, &error);
    target_close(&target);
    cli_session_close(web);
    cJSON_free(summary);
    if (result != FG_OK)
        return cli_finish(call, result, &error);
    return summary_print(call, &proof.summary, call->arguments[0], key_path != NULL);
}

/* ---- verify-export ---- */

static enum fg_err file_digest(const char *path, uint64_t *ret_bytes, struct fg_digest *ret_sha256,
                               struct fg_error *error)
{
    static uint8_t buffer[READ_BYTES];
    FILE *file = fopen(path, "re");
    struct fg_sha256_stream sha256;
    uint64_t bytes = 0;
    size_t got;
    bool failed;

    if (file == NULL)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    fg_sha256_start(&sha256);
    while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        fg_sha256_add(&sha256, buffer, got);
        bytes += got;
    }
    failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return fg_fail(error, FG_E_IO, "%s: cannot be read", path);
    fg_sha256_finish(&sha256, ret_sha256);
    *ret_bytes = bytes;
    return FG_OK;
}

static enum cli_exit audit_verify_export(const struct cli_call *call)
{
    static uint8_t text[FG_EXPORT_FILE_MAX];
    const char *key_path = cli_value(call, "--receipt-key");
    struct fg_export_proof proof;
    struct fg_public_key key;
    struct fg_digest sha256;
    struct fg_error error;
    size_t length = 0;
    uint64_t bytes = 0;
    enum fg_err result = key_path != NULL ? fg_public_key_read(key_path, &key, &error)
                                          : fg_fail(&error, FG_E_ARG, "give --receipt-key FILE");

    if (result == FG_OK)
        result = cli_file_read(call->arguments[1], text, sizeof(text), &length, &error);
    if (result == FG_OK)
        result = fg_export_proof_read((const char *)text, length, &proof, &error);
    if (result == FG_E_FORMAT)
        result = FG_E_AUTH; /* not a summary of the bureau's: the answer is no */
    if (result == FG_OK)
        result = fg_export_proof_verify(&proof, &key, &error);
    if (result == FG_OK)
        result = file_digest(call->arguments[0], &bytes, &sha256, &error);
    if (result == FG_OK)
        result = proof_compare(&proof, bytes, &sha256, &error);
    if (result != FG_OK)
        return cli_finish(call, result, &error);
    return summary_print(call, &proof.summary, call->arguments[0], true);
}

static const struct cli_option export_options[] = {
    CLI_SESSION_OPTIONS,
    CLI_FILTER_OPTIONS,
    {"--format", "csv|jsonl", FG_TEXT_CLI_OPTION_FORMAT, false},
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {0},
};
static const struct cli_option verify_options[] = {
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {0},
};

const struct cli_command cli_audit_export_commands[] = {
    {"audit", "export", "FILE", FG_TEXT_CLI_AUDIT_EXPORT, 1, 1, export_options, audit_export},
    {"audit", "verify-export", "FILE SUMMARY", FG_TEXT_CLI_AUDIT_VERIFY_EXPORT, 2, 2, verify_options,
     audit_verify_export},
    {0},
};
