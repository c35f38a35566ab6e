/* fillgate bureau publish|prepare and key sign-manifest: lists from the registry, signed here or on another
 * machine. Not: building and handing on (host/bureau/publish/publish.h, lib/list/serve). Relies on: those. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/publish/publish.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_file.h"
#include "host/cli/cli_operator.h"
#include "lib/base/file.h"
#include "lib/list/serve/list_routes.h"
#include "proto/list/manifest.h"

#define PATH_BYTES 512

struct publishing {
    const struct cli_call *call;
    struct fg_sql *sql;
    struct fg_listing *listing;
    const char *directory;
    struct fg_publish_order order;
};

/* The clock that dates the list. What speaks against it has to be overruled by --insist. */
static void clock_ask(const struct cli_call *call, char doubt[FG_OWN_CLOCK_DOUBT_BYTES],
                      struct fg_publish_order *order)
{
    order->clock_insisted = cli_value(call, "--insist") != NULL;
    if (fg_own_clock_doubt(NULL, fg_own_clock_synchronised(), 0, doubt))
        order->clock_doubt = doubt;
}

/* Says once more what was overruled. */
static enum cli_exit clock_finish(const struct cli_call *call, const struct fg_publish_order *order,
                                  enum fg_err result, const struct fg_error *error)
{
    if (order->clock_insisted && order->clock_doubt != NULL)
        (void)fprintf(stderr, "%s: %s\n", cli_text(call, FG_TEXT_CLI_INSISTED), order->clock_doubt);
    return cli_finish(call, result, error);
}

static enum cli_exit result_print(const struct cli_call *call, const struct fg_publish_result *published)
{
    const struct fg_manifest *manifest = &published->manifest;
    struct cli_json json;

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "list_id", manifest->list_id);
        cli_json_bool(&json, json.root, "published", published->published);
        cli_json_number(&json, json.root, "version", (int64_t)manifest->version);
        cli_json_number(&json, json.root, "row_count", (int64_t)manifest->row_count);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    if (published->published)
        printf("%s %s %" PRIu64 ", %" PRIu64 " %s\n", cli_text(call, FG_TEXT_CLI_PUBLISHED),
               manifest->list_id, manifest->version, manifest->row_count, cli_text(call, FG_TEXT_CLI_ROWS));
    else
        printf("%s: %s\n", manifest->list_id, cli_text(call, FG_TEXT_CLI_NOTHING_NEW));
    return CLI_OK;
}

/* The list file is made beside the folders, handed on, and removed: the folder has its own copy. */
static enum fg_err publish_one(void *context, const char *station, struct fg_error *error)
{
    struct publishing *publishing = context;
    struct fg_publish_order order = publishing->order;
    struct fg_publish_result published;
    char path[PATH_BYTES];
    enum fg_err result;

    if ((size_t)snprintf(path, sizeof(path), "%s/.publishing-%s-%ld", publishing->directory, station,
                         (long)getpid()) >= sizeof(path))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", publishing->directory);
    order.station = station;
    order.out_path = path;
    result = fg_publish(publishing->sql, &order, &published, error);
    if (result == FG_OK && published.published)
        result = fg_listing_take(publishing->listing, station, path, error);
    (void)unlink(path);
    if (result == FG_OK)
        (void)result_print(publishing->call, &published);
    return result;
}

static enum fg_err publish_run(struct publishing *publishing, const struct fg_public_key *key,
                               struct fg_error *error)
{
    const struct cli_call *call = publishing->call;
    enum fg_err result = cli_database_open(call, &publishing->sql, error);

    if (result == FG_OK)
        result = fg_listing_new(publishing->directory, key, 1, NULL, NULL, &publishing->listing, error);
    if (result == FG_OK && call->argument_count > 0)
        result = publish_one(publishing, call->arguments[0], error);
    else if (result == FG_OK)
        result = fg_publish_stations(publishing->sql, publish_one, publishing, error);
    fg_listing_free(publishing->listing);
    fg_sql_close(publishing->sql);
    return result;
}

static enum cli_exit publish(const struct cli_call *call)
{
    const char *signed_path = cli_value(call, "--signed");
    const char *key_path = cli_value(call, signed_path != NULL ? "--list-key" : "--key");
    struct publishing publishing = {.call = call, .directory = cli_value(call, "--lists")};
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    uint8_t bytes[FG_MANIFEST_SIGNED_MAX];
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES];
    struct fg_manifest manifest;
    struct fg_error error;
    enum fg_err result;

    if (publishing.directory == NULL || key_path == NULL)
        return cli_usage(call, "give --lists DIR, and --key FILE, or --signed FILE with --list-key FILE");
    if (signed_path != NULL && call->argument_count == 0)
        return cli_usage(call, "--signed is for one station: name it");
    publishing.order = (struct fg_publish_order){
        .now_ms = cli_now_ms(), .who = cli_who(call), .forced = cli_value(call, "--force") != NULL};
    clock_ask(call, doubt, &publishing.order);
    if (signed_path != NULL) {
        result = fg_public_key_read(key_path, &key.public_key, &error);
        if (result == FG_OK)
            result =
                cli_file_read(signed_path, bytes, sizeof(bytes), &publishing.order.signed_length, &error);
        if (result == FG_OK)
            result = fg_manifest_verify(bytes, publishing.order.signed_length, &key.public_key, 1, &manifest,
                                        &error);
        publishing.order.signed_manifest = bytes;
    } else {
        result = fg_private_key_read(key_path, &key, &error);
        publishing.order.key = &key;
    }
    if (result == FG_OK)
        result = publish_run(&publishing, &key.public_key, &error);
    fg_private_key_wipe(&key);
    return clock_finish(call, &publishing.order, result, &error);
}

static enum cli_exit prepare(const struct cli_call *call)
{
    struct fg_publish_order order = {
        .station = call->arguments[0], .now_ms = cli_now_ms(), .who = cli_who(call)};
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES];
    size_t length = 0;
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = cli_database_open(call, &sql, &error);

    clock_ask(call, doubt, &order);
    if (result == FG_OK)
        result = fg_publish_prepare(sql, &order, bytes, sizeof(bytes), &length, &error);
    fg_sql_close(sql);
    if (result == FG_OK)
        result = fg_file_write(call->arguments[1], 0644, bytes, length, &error);
    if (result == FG_OK && !call->json)
        printf("%s: %s\n", call->arguments[1], cli_text(call, FG_TEXT_CLI_PREPARED));
    return clock_finish(call, &order, result, &error);
}

/* Shows what it signs: whoever signs must see it. */
static enum cli_exit sign(const struct cli_call *call)
{
    const char *key_path = cli_value(call, "--key");
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_manifest manifest;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    uint8_t signed_bytes[FG_MANIFEST_SIGNED_MAX];
    char issued[CLI_TIME_TEXT];
    char expires[CLI_TIME_TEXT];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result;

    if (key_path == NULL)
        return cli_usage(call, "give --key FILE, the private key that signs lists");
    result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = fg_manifest_decode(bytes, length, &manifest, &error);
    if (result == FG_OK)
        result = fg_private_key_read(key_path, &key, &error);
    if (result == FG_OK)
        result = fg_manifest_sign(&manifest, &key, signed_bytes, sizeof(signed_bytes), &length, &error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_file_write(call->arguments[1], 0644, signed_bytes, length, &error);
    if (result == FG_OK && !call->json) {
        cli_time_text(manifest.issued_ms, issued);
        cli_time_text(manifest.expires_ms, expires);
        printf("%s %s %" PRIu64 ", %" PRIu64 " %s, %s ... %s\n", cli_text(call, FG_TEXT_CLI_MANIFEST_SIGNED),
               manifest.list_id, manifest.version, manifest.row_count, cli_text(call, FG_TEXT_CLI_ROWS),
               issued, expires);
        cli_operators_print(&manifest.rules);
    }
    return cli_finish(call, result, &error);
}

static const struct cli_option publish_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--lists", "DIR", FG_TEXT_CLI_OPTION_LISTS, false},
    {"--key", "FILE", FG_TEXT_CLI_OPTION_LIST_SIGNING_KEY, false},
    {"--signed", "FILE", FG_TEXT_CLI_OPTION_SIGNED, false},
    {"--list-key", "FILE", FG_TEXT_CLI_OPTION_RING_LIST_KEY, false},
    {"--force", NULL, FG_TEXT_CLI_OPTION_FORCE, false},
    {"--insist", NULL, FG_TEXT_CLI_OPTION_INSIST, false},
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
    {0},
};
static const struct cli_option prepare_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--insist", NULL, FG_TEXT_CLI_OPTION_INSIST, false},
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
    {0},
};
static const struct cli_option sign_options[] = {
    {"--key", "FILE", FG_TEXT_CLI_OPTION_LIST_SIGNING_KEY, false},
    {0},
};

const struct cli_command cli_publish_commands[] = {
    {"bureau", "publish", "[STATION]", FG_TEXT_CLI_BUREAU_PUBLISH, 0, 1, publish_options, publish},
    {"bureau", "prepare", "STATION FILE", FG_TEXT_CLI_BUREAU_PREPARE, 2, 2, prepare_options, prepare},
    {"key", "sign-manifest", "FILE SIGNED", FG_TEXT_CLI_SIGN_MANIFEST, 2, 2, sign_options, sign},
    {0},
};
