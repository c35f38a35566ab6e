/* fillgate audit trail: who did what at the bureau's pages and on its command line, and whether nobody
 * altered that, also by the heads that a station keeps. Relies on: host/bureau/trail/trail.h,
 * host/station/store/head_witness.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/trail/trail.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_number.h"
#include "host/station/store/head_witness.h"

#define LAST 50
#define LAST_MAX 100000

/* ---- records ---- */

static void record_print(const struct cli_call *call, const struct fg_sql_statement *row)
{
    static const char *const names[] = {"user", "role", "address", "action", "subject", "detail", "outcome"};
    struct cli_json json;
    char time[CLI_TIME_TEXT];
    size_t length = 0;
    const uint8_t *hash = fg_sql_bytes(row, 9, &length);

    if (!call->json) {
        cli_time_text(fg_sql_int(row, 1), time);
        printf("%8" PRId64 "  %s  %-14s %-16s %-8s %s %s\n", fg_sql_int(row, 0), time,
               fg_sql_text(row, 2)[0] != '\0' ? fg_sql_text(row, 2) : "-", fg_sql_text(row, 5),
               fg_sql_text(row, 8), fg_sql_text(row, 6), fg_sql_text(row, 7));
        return;
    }
    cli_json_start(&json);
    cli_json_number(&json, json.root, "number", fg_sql_int(row, 0));
    cli_json_number(&json, json.root, "at_ms", fg_sql_int(row, 1));
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cli_json_text(&json, json.root, names[i], fg_sql_text(row, 2 + i));
    cli_json_hex(&json, json.root, "hash", hash, length <= FG_DIGEST_BYTES ? length : 0);
    (void)cli_json_print(&json, stdout);
}

static enum fg_err records_print(const struct cli_call *call, struct fg_sql *sql, uint64_t last,
                                 struct fg_error *error)
{
    const char *user = cli_value(call, "--user");
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT number, at_ms, login, role, address, action, subject, detail, outcome, hash "
                       "FROM (SELECT * FROM trail WHERE login = $1 OR $2 = 0 ORDER BY number DESC LIMIT $3) "
                       "t ORDER BY number",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user != NULL ? user : "");
    fg_sql_bind_int(statement, 2, user != NULL);
    fg_sql_bind_int(statement, 3, (int64_t)last);
    while ((result = fg_sql_next(statement, error)) == FG_OK)
        record_print(call, statement);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- verification ---- */

/* "NUMBER:HASH", as the bureau's log shows signed heads. */
static enum fg_err anchor_parse(const char *text, struct fg_trail_head *ret_head, struct fg_error *error)
{
    size_t digits = strspn(text, "0123456789");
    const char *hash = text + digits + 1;

    if (digits < 1 || digits > 15 || text[digits] != ':' || strlen(hash) != 2 * FG_DIGEST_BYTES ||
        strspn(hash, "0123456789abcdef") != 2 * FG_DIGEST_BYTES)
        return fg_fail(error, FG_E_ARG, "--head: give NUMBER:HASH, as the bureau's log shows it");
    ret_head->number = strtoull(text, NULL, 10);
    for (size_t i = 0; i < FG_DIGEST_BYTES; i++) {
        char byte[3] = {hash[2 * i], hash[2 * i + 1], '\0'};

        ret_head->hash.bytes[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return FG_OK;
}

/* What came of a station's file. */
struct witnessed {
    bool asked;
    uint64_t heads; /* compared */
    uint64_t newest;
    uint64_t unproven; /* signed with other keys */
};

static enum fg_err head_compare(struct fg_sql *sql, const struct fg_public_key *key, const char *path,
                                const struct fg_trail_statement *statement, struct witnessed *witnessed,
                                struct fg_trail_verdict *verdict, struct fg_error *error)
{
    enum fg_trail_standing standing = FG_TRAIL_HOLDS;
    enum fg_err result = fg_trail_statement_verify(statement, key, 1, error);

    if (result == FG_E_NOT_FOUND) {
        witnessed->unproven++;
        return FG_OK;
    }
    if (result == FG_E_AUTH)
        return fg_fail(error, FG_E_AUTH, "%s was edited: its head %" PRIu64 " is not what the bureau signed",
                       path, statement->head.number);
    if (result == FG_OK)
        result = fg_trail_compare(sql, &statement->head, &standing, error);
    if (result != FG_OK)
        return result;
    witnessed->heads++;
    if (statement->head.number > witnessed->newest)
        witnessed->newest = statement->head.number;
    if (standing != FG_TRAIL_HOLDS && verdict->broken == 0) {
        verdict->broken = statement->head.number;
        (void)snprintf(verdict->why, sizeof(verdict->why), "this record, whose head the station keeps, is %s",
                       fg_trail_standing_text(standing));
    }
    return FG_OK;
}

static enum fg_err witness_compare(struct fg_sql *sql, const struct fg_public_key *key, const char *path,
                                   struct witnessed *ret_witnessed, struct fg_trail_verdict *verdict,
                                   struct fg_error *error)
{
    struct fg_station_heads_kept *kept = calloc(1, sizeof(*kept));
    struct witnessed witnessed = {.asked = true};
    enum fg_err result = kept != NULL ? fg_station_witness_read(path, kept, error)
                                      : fg_fail(error, FG_E_MEMORY, "no memory for a station's heads");

    if (result == FG_E_FORMAT)
        result = fg_fail_in(error, result, "%s: ", path);
    if (result == FG_OK && kept->refused.arrived_ms != 0)
        result = head_compare(sql, key, path, &kept->refused.statement, &witnessed, verdict, error);
    for (size_t i = 0; result == FG_OK && i < kept->count; i++)
        result = head_compare(sql, key, path, &kept->heads[i].statement, &witnessed, verdict, error);
    free(kept);
    if (result == FG_OK)
        *ret_witnessed = witnessed;
    return result;
}

static enum cli_exit verdict_print(const struct cli_call *call, const struct fg_trail_verdict *verdict,
                                   const struct witnessed *witnessed)
{
    enum cli_exit exit_code = verdict->broken == 0 ? CLI_OK : CLI_NO;
    struct cli_json json;

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "result", verdict->broken == 0 ? "OK" : "TAMPERED");
        cli_json_number(&json, json.root, "records", (int64_t)verdict->records);
        cli_json_number(&json, json.root, "heads", (int64_t)verdict->heads);
        cli_json_number(&json, json.root, "heads_unproven", (int64_t)verdict->heads_unproven);
        cli_json_number(&json, json.root, "signed_to", (int64_t)verdict->signed_to);
        cli_json_number(&json, json.root, "broken", (int64_t)verdict->broken);
        cli_json_text(&json, json.root, "why", verdict->why);
        cli_json_hex(&json, json.root, "hash", verdict->tip.hash.bytes, sizeof(verdict->tip.hash.bytes));
        if (witnessed->asked) {
            cli_json_number(&json, json.root, "witnessed", (int64_t)witnessed->heads);
            cli_json_number(&json, json.root, "witnessed_to", (int64_t)witnessed->newest);
            cli_json_number(&json, json.root, "witnessed_unproven", (int64_t)witnessed->unproven);
        }
        return cli_json_print(&json, stdout) ? exit_code : CLI_FAILURE;
    }
    if (verdict->broken != 0)
        printf("%" PRIu64 ": %s\n", verdict->broken, verdict->why);
    if (witnessed->asked)
        printf("%s: %" PRIu64 " (%s %" PRIu64 ")\n", cli_text(call, FG_TEXT_CLI_TRAIL_WITNESSED),
               witnessed->heads, cli_text(call, FG_TEXT_CLI_TRAIL_WITNESSED_TO), witnessed->newest);
    if (witnessed->unproven > 0)
        printf("%s: %" PRIu64 "\n", cli_text(call, FG_TEXT_CLI_TRAIL_UNPROVEN), witnessed->unproven);
    printf("%s: %" PRIu64 " %s, %" PRIu64 " %s (%s %" PRIu64 ")\n",
           cli_text(call, verdict->broken == 0 ? FG_TEXT_CLI_VERIFIED : FG_TEXT_CLI_NOT_VERIFIED),
           verdict->records, cli_text(call, FG_TEXT_CLI_TRAIL_RECORDS), verdict->heads,
           cli_text(call, FG_TEXT_CLI_SIGNATURES), cli_text(call, FG_TEXT_CLI_TRAIL_SIGNED_TO),
           verdict->signed_to);
    return exit_code;
}

static enum cli_exit verify(const struct cli_call *call, struct fg_sql *sql)
{
    const char *key_path = cli_value(call, "--receipt-key");
    const char *head = cli_value(call, "--head");
    const char *witness = cli_value(call, "--witness");
    struct witnessed witnessed = {.asked = false};
    struct fg_trail_head anchor;
    struct fg_trail_verdict verdict = {.broken = 0};
    struct fg_public_key key;
    struct fg_error error;
    enum fg_err result = FG_OK;

    if (key_path != NULL)
        result = fg_public_key_read(key_path, &key, &error);
    if (result == FG_OK && head != NULL)
        result = anchor_parse(head, &anchor, &error);
    if (result == FG_OK)
        result = fg_trail_verify(sql, key_path != NULL ? &key : NULL, head != NULL ? &anchor : NULL, &verdict,
                                 &error);
    if (result == FG_OK && witness != NULL)
        result = witness_compare(sql, &key, witness, &witnessed, &verdict, &error);
    return result == FG_OK ? verdict_print(call, &verdict, &witnessed) : cli_finish(call, result, &error);
}

static enum cli_exit audit_trail(const struct cli_call *call)
{
    uint64_t last = LAST;
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum cli_exit exit_code;
    enum fg_err result;

    if (cli_value(call, "--verify") == NULL &&
        (cli_value(call, "--receipt-key") != NULL || cli_value(call, "--head") != NULL ||
         cli_value(call, "--witness") != NULL))
        return cli_usage(call, "--receipt-key, --head and --witness go with --verify");
    if (cli_value(call, "--witness") != NULL && cli_value(call, "--receipt-key") == NULL)
        return cli_usage(call, "--witness needs --receipt-key, with which the bureau signed its heads");
    result = cli_number(call, "--last", 1, LAST_MAX, &last, &error);
    if (result == FG_OK)
        result = cli_database_open(call, &sql, &error);
    if (result == FG_OK && cli_value(call, "--verify") != NULL) {
        exit_code = verify(call, sql);
        fg_sql_close(sql);
        return exit_code;
    }
    if (result == FG_OK)
        result = records_print(call, sql, last, &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

static const struct cli_option trail_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--verify", NULL, FG_TEXT_CLI_TRAIL_OPTION_VERIFY, false},
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {"--head", "NUMBER:HASH", FG_TEXT_CLI_TRAIL_OPTION_HEAD, false},
    {"--witness", "FILE", FG_TEXT_CLI_TRAIL_OPTION_WITNESS, false},
    {"--user", "USER", FG_TEXT_CLI_TRAIL_OPTION_USER, false},
    {"--last", "N", FG_TEXT_CLI_TRAIL_OPTION_LAST, false},
    {0},
};

const struct cli_command cli_trail_commands[] = {
    {"audit", "trail", "", FG_TEXT_CLI_AUDIT_TRAIL, 0, 0, trail_options, audit_trail},
    {0},
};
