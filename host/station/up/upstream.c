/* Implementation of the upstream thread (upstream.h). */
#include "host/station/up/upstream.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "host/station/base/station_log.h"
#include "host/station/store/head_witness.h"
#include "host/station/store/station_report.h"
#include "host/station/store/store_verifier.h"
#include "host/station/up/forward.h"
#include "host/station/up/roster_fetch.h"
#include "lib/base/backoff.h"
#include "lib/base/monotime.h"
#include "lib/base/random.h"
#include "lib/crypto/certificate_file.h"
#include "lib/crypto/certificate_watch.h"
#include "lib/list/list_update.h"
#include "lib/net/https_client.h"
#include "proto/hop/authority_update.h"
#include "proto/hop/join.h"

#define STORE_DEADLINE_MS 10000
#define TURN_MS 1000
#define STATUS_EVERY_MS 30000
#define ALONE_SAID_EVERY_MS 3600000
#define HOUR_MS INT64_C(3600000)
#define HEAL_EVERY_MS (6 * HOUR_MS)
#define CERTIFICATE_EVERY_MS HOUR_MS
#define CERTIFICATE_SOON_MS 10000
#define DAY_MS (24 * HOUR_MS)

struct fg_upstream {
    struct fg_upstream_settings settings;
    struct fg_station_store *store;
    struct fg_https *https;
    struct fg_digest https_certificate; /* the one that lay there just before it was made */
    struct fg_forward *forward;
    struct fg_station_verifier *verifier;
    struct fg_station_keys keys;
    struct fg_list *lists[FG_STATION_LISTS_MAX];
    struct fg_station_upstream state;
    struct fg_backoff backoff; /* of the bureau as a whole */
    int64_t list_due_ms;       /* monotonic, as the next five */
    int64_t brought_due_ms;
    int64_t heal_due_ms[FG_STATION_LISTS_MAX]; /* the whole store is verified then, and healed */
    int64_t report_due_ms;
    int64_t status_due_ms;
    int64_t certificate_due_ms;
    struct fg_certificate_watch certificate; /* of this station, towards bureau and controllers */
    int64_t alone_said_ms;                   /* 0 = not alone */
    char list_trouble[FG_SYNC_TEXT_MAX + 1]; /* said already, as the next */
    char roster_trouble[FG_SYNC_TEXT_MAX + 1];
    char authority_trouble[FG_SYNC_TEXT_MAX + 1];
    char certificate_trouble[FG_SYNC_TEXT_MAX + 1];
    bool
        authority_wanted; /* the bureau's certificate was not good: by a change that is not known here yet? */
    struct fg_sync_reports reports;
    struct fg_station_witness witness;

    pthread_t thread;
    pthread_mutex_t lock; /* for the flags below */
    pthread_cond_t changed;
    bool stop;
    bool wake;
    bool reload;
};

struct fg_https_settings fg_station_https_settings(const struct fg_station_config *config,
                                                   int64_t (*now_ms)(void *context), void *now_context)
{
    struct fg_https_settings https = {
        .url = config->url,
        .peer_name = config->peer_name[0] != '\0' ? config->peer_name : NULL,
        .ca_path = config->ca,
        .peer_roles = FG_HTTPS_BUREAU,
        .certificate_path = config->certificate,
        .key_path = config->key,
        .now_ms = now_ms,
        .now_context = now_context,
        .connect_max_ms = config->connect_max_ms,
        .write_max_ms = config->answer_max_ms,
        .first_byte_max_ms = config->answer_max_ms,
        .whole_max_ms = 2 * config->answer_max_ms,
    };

    return https;
}

static bool is_stopping(void *context)
{
    struct fg_upstream *upstream = context;
    bool stop;

    (void)pthread_mutex_lock(&upstream->lock);
    stop = upstream->stop;
    (void)pthread_mutex_unlock(&upstream->lock);
    return stop;
}

static struct fg_forward_moment moment_now(struct fg_upstream *upstream)
{
    struct fg_forward_moment moment = {.now_ms = upstream->settings.now_ms(upstream->settings.clock_context),
                                       .mono_ms = fg_mono_ms(),
                                       .random = fg_random_spread()};
    time_t seconds = (time_t)(moment.now_ms / 1000);
    struct tm local;

    if (localtime_r(&seconds, &local) != NULL)
        moment.second = (uint32_t)(local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec % 60);
    return moment;
}

static void save_state(struct fg_upstream *upstream)
{
    struct fg_error error;

    upstream->state.updated_ms = upstream->settings.now_ms(upstream->settings.clock_context);
    upstream->status_due_ms = fg_mono_ms() + STATUS_EVERY_MS;
    if (fg_station_store_put_upstream(upstream->store, &upstream->state, &error) != FG_OK)
        fg_station_log("store: the status cannot be written: %s", error.text);
}

static void heard(struct fg_upstream *upstream)
{
    int64_t now_ms = upstream->settings.now_ms(upstream->settings.clock_context);

    if (upstream->state.failures > 0)
        fg_station_log("the bureau answers again, after %.1f h",
                       upstream->state.contact_ms > 0
                           ? (double)(now_ms - upstream->state.contact_ms) / (double)HOUR_MS
                           : 0.0);
    upstream->state.contact_ms = now_ms;
    upstream->state.failures = 0;
    upstream->backoff = (struct fg_backoff){0};
    upstream->alone_said_ms = 0;
}

static void not_heard(struct fg_upstream *upstream, const char *what, const struct fg_error *error)
{
    const struct fg_station_config *config = upstream->settings.config;
    struct fg_station_upstream *state = &upstream->state;
    int64_t now_ms = upstream->settings.now_ms(upstream->settings.clock_context);

    state->failures++;
    state->error_ms = now_ms;
    upstream->authority_wanted = error->code == FG_E_AUTH;
    (void)snprintf(state->error_text, sizeof(state->error_text), "%s: %.*s", what, FG_SYNC_TEXT_MAX - 20,
                   error->text);
    fg_backoff_fail(&upstream->backoff, config->retry_min_s * 1000, config->retry_max_s * 1000, fg_mono_ms(),
                    fg_random_spread());
    if (upstream->alone_said_ms != 0 && fg_mono_ms() - upstream->alone_said_ms < ALONE_SAID_EVERY_MS)
        return;
    upstream->alone_said_ms = fg_mono_ms();
    if (state->contact_ms == 0)
        fg_station_log("alone: the bureau has never answered: %s", state->error_text);
    else
        fg_station_log("alone for %.1f h: the bureau does not answer: %s",
                       (double)(now_ms - state->contact_ms) / (double)HOUR_MS, state->error_text);
}

static enum fg_err connect_anew(struct fg_upstream *upstream, struct fg_error *error)
{
    struct fg_https_settings settings = fg_station_https_settings(
        upstream->settings.config, upstream->settings.now_ms, upstream->settings.clock_context);
    struct fg_https *https = NULL;
    struct fg_digest certificate = {{0}};
    enum fg_err result;

    /* Before and not after: when another one comes meanwhile, the next look finds that it is another. */
    (void)fg_certificate_file_digest(upstream->settings.config->certificate, &certificate, NULL);
    result = fg_https_new(&settings, &https, error);
    if (result != FG_OK)
        return result;
    fg_https_free(upstream->https);
    upstream->https = https;
    upstream->https_certificate = certificate;
    upstream->backoff = (struct fg_backoff){0};
    return FG_OK;
}

/* ---- entries ---- */

static enum fg_err push(void *context, const struct fg_push_source *source, uint64_t *from,
                        uint32_t batches_max, uint8_t *buffer, struct fg_push_result *ret_result,
                        struct fg_error *error)
{
    struct fg_upstream *upstream = context;

    upstream->state.attempts++;
    upstream->state.attempt_ms = upstream->settings.now_ms(upstream->settings.clock_context);
    return fg_push_journal(upstream->https, source, from, batches_max, buffer, ret_result, error);
}

/* true: again at once. */
static bool forward_entries(struct fg_upstream *upstream)
{
    struct fg_forward_moment moment = moment_now(upstream);
    struct fg_forward_result result;
    struct fg_error error = {.text = ""};
    enum fg_err code = fg_forward_pass(upstream->forward, &moment, &result, &error);

    if (result.asked > 0)
        heard(upstream);
    if (code != FG_OK)
        not_heard(upstream, "journal", &error);
    if (result.asked > 0 || code != FG_OK)
        save_state(upstream);
    return code == FG_OK && result.more;
}

/* ---- authorities ---- */

static void authorities_in_force(struct fg_upstream *upstream, uint64_t version)
{
    struct fg_error error;

    fg_station_log("authorities, version %" PRIu64 ", are in force", version);
    if (connect_anew(upstream, &error) != FG_OK)
        fg_station_log("the new authorities are not used towards the bureau: %s", error.text);
    upstream->certificate_due_ms = 0; /* the new one issues from now on */
    if (upstream->settings.renewed != NULL)
        upstream->settings.renewed(upstream->settings.renewed_context);
}

/* A change that is not taken changes nothing, and is told once. false: the bureau does not answer. */
static bool update_authorities(struct fg_upstream *upstream)
{
    struct fg_https_settings settings = fg_station_https_settings(
        upstream->settings.config, upstream->settings.now_ms, upstream->settings.clock_context);
    struct fg_authority_update update;
    struct fg_error error = {.text = ""};
    enum fg_err code = fg_authority_update(upstream->https, &settings, true, &update, &error);

    if (update.taken > 0)
        authorities_in_force(upstream, update.version);
    if (code == FG_OK)
        upstream->authority_trouble[0] = '\0';
    else if (!update.answered)
        not_heard(upstream, "authorities", &error);
    else if (strncmp(upstream->authority_trouble, error.text, FG_SYNC_TEXT_MAX) != 0) {
        (void)snprintf(upstream->authority_trouble, sizeof(upstream->authority_trouble), "%.*s",
                       FG_SYNC_TEXT_MAX, error.text);
        fg_station_log_peer("change of authorities not taken: %s", error.text);
    }
    upstream->authority_wanted = false; /* asked just now */
    return code == FG_OK || update.answered;
}

/* ---- keys ---- */

/* What stored receipts are proven with. */
static void receipts_trust(struct fg_upstream *upstream)
{
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    size_t count = fg_station_keys_receipts(&upstream->keys, keys);

    (void)fg_station_store_trust(upstream->store, keys, count, NULL);
    if (upstream->verifier != NULL)
        fg_station_verifier_trust(upstream->verifier, keys, count);
}

static enum fg_err verifier_start(struct fg_upstream *upstream, struct fg_error *error)
{
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    const struct fg_station_verifier_settings settings = {
        .store_path = upstream->settings.config->store,
        .receipt_keys = keys,
        .receipt_key_count = fg_station_keys_receipts(&upstream->keys, keys),
        .every_h = upstream->settings.config->verify_every_h,
        .now_ms = upstream->settings.now_ms,
        .context = upstream->settings.clock_context};

    return fg_station_verifier_start(&settings, &upstream->verifier, error);
}

static void trust(struct fg_upstream *upstream)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_public_key roster_keys[FG_STATION_RECEIPT_KEYS_MAX];
    struct fg_public_key receipt_key = fg_station_keys_receipt(&upstream->keys);
    size_t count = fg_station_keys_list(&upstream->keys, keys);
    struct fg_error error = {.text = ""};
    enum fg_err result = fg_listing_trust(upstream->settings.listing, keys, count, &error);

    for (size_t i = 0; i < FG_STATION_LISTS_MAX && result == FG_OK; i++) {
        if (upstream->lists[i] != NULL)
            result = fg_list_trust(upstream->lists[i], keys, count, &error);
    }
    fg_forward_trust(upstream->forward, &receipt_key);
    receipts_trust(upstream);
    fg_station_roster_trust(upstream->settings.roster, roster_keys,
                            fg_station_keys_rosters(&upstream->keys, roster_keys));
    if (result != FG_OK)
        fg_station_log("key ring: not every list is judged by it before the next start: %s", error.text);
}

/* Before the lists, so that a manifest of a new key is understood. false: the bureau does not answer. */
static bool update_keys(struct fg_upstream *upstream)
{
    struct fg_keyring_source source = fg_keyring_https_source(upstream->https);
    struct fg_error error = {.text = ""};
    bool taken = false;
    enum fg_err code = fg_station_keys_fetch(&upstream->keys, &source, &taken, &error);

    if (taken)
        trust(upstream);
    if (code != FG_OK)
        not_heard(upstream, "keys", &error);
    return code == FG_OK;
}

/* Is it the connection, and not what came over it? */
static bool is_connection(enum fg_err code)
{
    return code == FG_E_TIMEOUT || code == FG_E_GONE || code == FG_E_DENIED || code == FG_E_IO ||
           code == FG_E_BUSY;
}

/* ---- roster ---- */

/* What became of a roster, once each time. */
static void say_roster(struct fg_upstream *upstream, enum fg_err code, bool taken, const char *how,
                       const struct fg_error *error)
{
    uint64_t version = fg_station_roster_version(upstream->settings.roster);

    if (taken)
        fg_station_log("roster %" PRIu64 " is in force%s", version, how);
    if (code == FG_OK) {
        upstream->roster_trouble[0] = '\0';
    } else if (strncmp(upstream->roster_trouble, error->text, FG_SYNC_TEXT_MAX) != 0) {
        (void)snprintf(upstream->roster_trouble, sizeof(upstream->roster_trouble), "%.*s", FG_SYNC_TEXT_MAX,
                       error->text);
        fg_station_log("roster%s not taken, %s: %s", how,
                       version > 0 ? "the one in force stays" : "there is none yet", error->text);
    }
}

/* One that somebody left here, with or without the bureau. */
static void take_brought_roster(struct fg_upstream *upstream)
{
    struct fg_error error = {.text = ""};
    bool taken = false;
    enum fg_err code = fg_station_roster_take_brought(upstream->settings.roster, &taken, &error);

    if (code != FG_E_NOT_FOUND)
        say_roster(upstream, code, taken, " (brought by hand)", &error);
}

/* A roster that is not taken changes nothing. false: the bureau does not answer. */
static bool update_roster(struct fg_upstream *upstream)
{
    struct fg_station_roster *roster = upstream->settings.roster;
    struct fg_error error = {.text = ""};
    bool answered = false;
    bool taken = false;
    enum fg_err code = fg_station_roster_fetch(roster, upstream->https, &answered, &taken, &error);

    if (code == FG_OK || (answered && !is_connection(code)))
        heard(upstream);
    else if (is_connection(code))
        not_heard(upstream, "roster", &error);
    if (code == FG_OK)
        upstream->state.roster_checked_ms = upstream->state.contact_ms;
    if (answered)
        say_roster(upstream, code, taken, "", &error);
    return answered;
}

/* ---- lists ---- */

static enum fg_err open_list(struct fg_upstream *upstream, size_t index, struct fg_error *error)
{
    const struct fg_upstream_settings *settings = &upstream->settings;
    const char *id = settings->config->list_ids[index];
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t key_count = fg_station_keys_list(&upstream->keys, keys);
    char path[FG_LISTING_PATH_MAX];
    enum fg_err result = fg_listing_store_path(settings->listing, id, path, error);

    if (result == FG_OK)
        result = fg_list_open(path, NULL, keys, key_count, &upstream->lists[index], error);
    if (result == FG_OK)
        result = fg_list_pin(upstream->lists[index], id, "", error);
    return result;
}

/* What of the list's state is told to the bureau and shown: the first list's. */
static void note_list(struct fg_upstream *upstream, size_t index)
{
    struct fg_manifest *manifest = calloc(1, sizeof(*manifest));

    if (manifest != NULL && fg_list_manifest(upstream->lists[index], manifest, NULL) == FG_OK) {
        upstream->settings.list_dated(upstream->settings.clock_context, index, manifest->issued_ms);
        if (index == 0) {
            memcpy(upstream->state.list_id, manifest->list_id, sizeof(upstream->state.list_id));
            upstream->state.list_version = manifest->version;
            upstream->state.list_issued_ms = manifest->issued_ms;
            upstream->state.list_expires_ms = manifest->expires_ms;
        }
    }
    free(manifest);
}

static enum fg_err update_list(struct fg_upstream *upstream, size_t index, struct fg_error *error)
{
    static const char *const ways[] = {"nothing new", "delta", "repair", "whole file"};
    const struct fg_upstream_settings *settings = &upstream->settings;
    const char *id = settings->config->list_ids[index];
    struct fg_list_https remote = {.https = upstream->https};
    struct fg_list_source source;
    struct fg_list_update_result *result = NULL;
    char work[FG_LISTING_PATH_MAX];
    char delta[FG_LISTING_PATH_MAX + 64] = "";
    enum fg_err code = FG_OK;

    result = calloc(1, sizeof(*result));
    if (result == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a list update");
    if ((size_t)snprintf(work, sizeof(work), "%s/fetch-%s", settings->config->list_folder, id) >=
        sizeof(work))
        code = fg_fail(error, FG_E_SIZE, "%s: the path is too long", settings->config->list_folder);
    else if (mkdir(work, 0700) != 0 && errno != EEXIST)
        code = fg_fail(error, FG_E_IO, "%s: cannot create: %s", work, strerror(errno));
    memcpy(remote.list_id, id, sizeof(remote.list_id));
    fg_list_https_source(&remote, &source);
    if (code == FG_OK)
        code = (fg_mono_ms() >= upstream->heal_due_ms[index] ? fg_list_heal : fg_list_update)(
            upstream->lists[index], id, &source, work, settings->now_ms(settings->clock_context), result,
            error);
    if (code == FG_OK && fg_mono_ms() >= upstream->heal_due_ms[index])
        upstream->heal_due_ms[index] = fg_mono_ms() + HEAL_EVERY_MS;
    if (code == FG_OK && result->way == FG_LIST_UPDATE_DELTA)
        (void)snprintf(delta, sizeof(delta), "%s/%" PRIu64 "-%" PRIu64 ".fgd", work, result->version_before,
                       result->manifest.version);
    if (code == FG_OK && result->way != FG_LIST_UPDATE_NONE)
        fg_station_log("list %s: version %" PRIu64 " in force (%s, %" PRIu64 " bytes)", id,
                       result->manifest.version, ways[result->way], result->bytes_fetched);
    if (code == FG_OK)
        code = fg_listing_take_store(settings->listing, id, delta[0] != '\0' ? delta : NULL, error);
    free(result);
    return code;
}

static void say_list_trouble(struct fg_upstream *upstream, const char *id, const char *text)
{
    char trouble[FG_SYNC_TEXT_MAX + 1];

    (void)snprintf(trouble, sizeof(trouble), "%s: %.*s", id, FG_SYNC_TEXT_MAX - 40, text);
    if (strcmp(trouble, upstream->list_trouble) != 0)
        fg_station_log("list %s is not updated, the old one stays: %s", id, text);
    memcpy(upstream->list_trouble, trouble, sizeof(trouble));
}

/* A list that somebody imported into its store by hand is handed down like one that was fetched, also while
 * the bureau does not answer. What is wrong with a store is told when it is updated. */
static void take_brought_lists(struct fg_upstream *upstream)
{
    const struct fg_upstream_settings *settings = &upstream->settings;

    upstream->brought_due_ms = fg_mono_ms() + (int64_t)settings->config->list_update_s * 1000;
    for (size_t i = 0; i < FG_STATION_LISTS_MAX; i++) {
        if (settings->config->list_ids[i][0] != '\0' &&
            fg_listing_take_store(settings->listing, settings->config->list_ids[i], NULL, NULL) == FG_OK)
            note_list(upstream, i);
    }
}

static void update_lists(struct fg_upstream *upstream)
{
    const struct fg_station_config *config = upstream->settings.config;
    struct fg_error error = {.text = ""};
    bool connected;

    upstream->list_due_ms = fg_mono_ms() + (int64_t)config->list_update_s * 1000;
    connected = update_authorities(upstream) && update_keys(upstream) && update_roster(upstream);
    for (size_t i = 0; i < FG_STATION_LISTS_MAX && connected && !is_stopping(upstream); i++) {
        enum fg_err code;

        if (config->list_ids[i][0] == '\0')
            continue;
        upstream->state.attempts++;
        upstream->state.attempt_ms = upstream->settings.now_ms(upstream->settings.clock_context);
        code = update_list(upstream, i, &error);
        if (code == FG_OK) {
            heard(upstream);
            upstream->state.list_checked_ms = upstream->state.contact_ms;
            upstream->list_trouble[0] = '\0';
            note_list(upstream, i);
        } else if (is_connection(code)) {
            connected = false;
            not_heard(upstream, "list", &error);
        } else {
            if (code == FG_E_NOT_FOUND)
                heard(upstream);
            say_list_trouble(upstream, config->list_ids[i], error.text);
        }
    }
    save_state(upstream);
}

/* ---- reports ---- */

static enum fg_err ask_report(struct fg_upstream *upstream, struct fg_error *error)
{
    const struct fg_station_config *config = upstream->settings.config;
    uint8_t *body = malloc(FG_SYNC_REPORT_BYTES_MAX);
    uint8_t answer_bytes[FG_SYNC_ANSWER_BYTES_MAX * 2];
    struct fg_sync_report_answer answer;
    struct fg_https_answer answered = {0};
    struct fg_https_request request = {.method = "POST",
                                       .path = FG_SYNC_PATH_REPORT,
                                       .body = body,
                                       .answer_max = sizeof(answer_bytes),
                                       .answer_buffer = answer_bytes};
    int64_t now_ms = upstream->settings.now_ms(upstream->settings.clock_context);
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    enum fg_err result;

    if (body == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a report");
    result = fg_station_report(upstream->store, config->id, config->store, upstream->settings.version, now_ms,
                               &upstream->reports, error);
    if (result == FG_OK) {
        fg_station_witness_hand_back(&upstream->witness, &upstream->reports);
        result = fg_sync_reports_encode(&upstream->reports, body, FG_SYNC_REPORT_BYTES_MAX,
                                        &request.body_length, error);
    }
    if (result == FG_OK)
        result = fg_https_ask(upstream->https, &request, &answered, error);
    if (result == FG_OK && answered.status != 200)
        result = fg_fail(error, answered.status == 401 || answered.status == 403 ? FG_E_DENIED : FG_E_BUSY,
                         "the bureau answered the report with HTTP %u", answered.status);
    if (result == FG_OK)
        result = fg_sync_report_answer_decode(answer_bytes, (size_t)answered.length, &answer, error);
    if (result == FG_OK && answer.wall_ms > 0 && answer.wall_ms < INT64_MAX / 2)
        upstream->state.clock_offset_ms = now_ms - answer.wall_ms;
    if (result == FG_OK)
        fg_station_witness_take(&upstream->witness, keys, fg_station_keys_rosters(&upstream->keys, keys),
                                &answer, now_ms);
    free(body);
    return result;
}

static void send_report(struct fg_upstream *upstream)
{
    struct fg_error error = {.text = ""};

    upstream->report_due_ms = fg_mono_ms() + (int64_t)upstream->settings.config->report_s * 1000;
    upstream->state.attempts++;
    upstream->state.attempt_ms = upstream->settings.now_ms(upstream->settings.clock_context);
    if (ask_report(upstream, &error) == FG_OK)
        heard(upstream);
    else
        not_heard(upstream, "report", &error);
    save_state(upstream);
}

/* ---- the certificate ---- */

/* Once each time that it is another trouble. */
static void say_certificate_trouble(struct fg_upstream *upstream, const char *text)
{
    if (strncmp(upstream->certificate_trouble, text, FG_SYNC_TEXT_MAX) == 0)
        return;
    (void)snprintf(upstream->certificate_trouble, sizeof(upstream->certificate_trouble), "%.*s",
                   FG_SYNC_TEXT_MAX, text);
    if (text[0] != '\0')
        fg_station_log("%s", text);
}

/* Nothing can be asked with a certificate that has ended, or that no authority in force issued. */
static void say_way_back(struct fg_upstream *upstream, const char *with_what)
{
    fg_station_log(
        "with %s the bureau takes nothing: get a new one-time code from it and run fillgate station "
        "enrol again in the same directory; keys and entries stay",
        with_what);
    (void)snprintf(upstream->certificate_trouble, sizeof(upstream->certificate_trouble), "%s", with_what);
}

static void say_certificate(struct fg_upstream *upstream, int64_t now_ms)
{
    char line[FG_CERTIFICATE_LINE];

    if (fg_certificate_watch_look(&upstream->certificate, upstream->settings.config->certificate,
                                  "this station's certificate", now_ms, line))
        fg_station_log("%s", line);
}

/* Is it another than the connection to the bureau was made with? */
static bool is_certificate_new(const struct fg_upstream *upstream)
{
    struct fg_digest digest;

    return fg_certificate_file_digest(upstream->settings.config->certificate, &digest, NULL) == FG_OK &&
           !fg_bytes_equal(&digest, &upstream->https_certificate, sizeof(digest));
}

static enum fg_err renew(struct fg_upstream *upstream, const struct fg_renewal *renewal)
{
    struct fg_error error = {.text = ""};
    char text[FG_SYNC_TEXT_MAX + 64];
    enum fg_err code = fg_certificate_renew(upstream->https, renewal, &error);

    if (code == FG_OK) {
        fg_station_log("certificate renewed");
        say_certificate_trouble(upstream, "");
    } else {
        (void)snprintf(text, sizeof(text), "certificate not renewed, the old one stays: %.*s",
                       FG_SYNC_TEXT_MAX - 64, error.text);
        say_certificate_trouble(upstream, text);
    }
    return code;
}

/* What is wrong with it, so that only a person can help; NULL: nothing. *ret_outgrown: the authority that
 * issues now is to be asked for another. */
static const char *certificate_judge(const struct fg_station_config *config, int64_t end_ms, int64_t now_ms,
                                     bool *ret_outgrown)
{
    *ret_outgrown = false;
    if (end_ms <= now_ms)
        return "an ended certificate";
    if (fg_authority_outgrown(config->ca, config->certificate, ret_outgrown, NULL) == FG_E_AUTH)
        return "a certificate of an authority that is no longer in force";
    return NULL;
}

/* Renews in time, and says what is left when that does not succeed. Whoever waits for a person, or for the
 * authority that issues now, looks more often. */
static void look_after_certificate(struct fg_upstream *upstream)
{
    const struct fg_station_config *config = upstream->settings.config;
    struct fg_renewal renewal = {.role = FG_ROLE_STATION,
                                 .key_path = config->key,
                                 .certificate_path = config->certificate,
                                 .ca_path = config->ca,
                                 .now_ms = upstream->settings.now_ms(upstream->settings.clock_context)};
    const char *useless = NULL;
    int64_t end_ms = 0;
    bool outgrown = false;
    bool is_new = false;
    bool waits = false;

    if (fg_certificate_times(config->certificate, NULL, &end_ms, NULL) == FG_OK) {
        /* The station has joined again, by hand. */
        is_new = is_certificate_new(upstream);
        useless = certificate_judge(config, end_ms, renewal.now_ms, &outgrown);
        waits = useless != NULL;
        if (useless == NULL && (outgrown || end_ms - renewal.now_ms < (int64_t)config->renew_days * DAY_MS)) {
            bool renewed = renew(upstream, &renewal) == FG_OK;

            is_new = renewed || is_new;
            waits = outgrown && !renewed;
        }
    }
    upstream->certificate_due_ms = fg_mono_ms() + (waits ? CERTIFICATE_SOON_MS : CERTIFICATE_EVERY_MS);
    say_certificate(upstream, renewal.now_ms);
    if (useless != NULL && strcmp(upstream->certificate_trouble, useless) != 0)
        say_way_back(upstream, useless);
    if (is_new && upstream->settings.renewed != NULL)
        upstream->settings.renewed(upstream->settings.renewed_context);
}

/* ---- the thread ---- */

/* Waits until something is to be done. false: the end. */
static bool wait_for_turn(struct fg_upstream *upstream, bool at_once)
{
    struct timespec until;
    struct fg_error error;
    bool reload;
    bool stop;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TURN_MS / 1000;
    (void)pthread_mutex_lock(&upstream->lock);
    while (!at_once && !upstream->stop && !upstream->wake && !upstream->reload) {
        if (pthread_cond_timedwait(&upstream->changed, &upstream->lock, &until) == ETIMEDOUT)
            break;
    }
    stop = upstream->stop;
    reload = upstream->reload;
    upstream->wake = false;
    upstream->reload = false;
    (void)pthread_mutex_unlock(&upstream->lock);
    if (reload && connect_anew(upstream, &error) != FG_OK)
        fg_station_log("certificate towards the bureau not taken, the old one stays: %s", error.text);
    return !stop;
}

static void *run(void *context)
{
    struct fg_upstream *upstream = context;
    uint64_t ticket;
    bool at_once = false;

    while (wait_for_turn(upstream, at_once)) {
        at_once = false;
        take_brought_roster(upstream);
        if (fg_mono_ms() >= upstream->brought_due_ms)
            take_brought_lists(upstream);
        if (upstream->authority_wanted)
            (void)update_authorities(upstream);
        if (fg_backoff_is_over(&upstream->backoff, fg_mono_ms()))
            at_once = forward_entries(upstream);
        if (fg_backoff_is_over(&upstream->backoff, fg_mono_ms()) && fg_mono_ms() >= upstream->list_due_ms)
            update_lists(upstream);
        if (fg_backoff_is_over(&upstream->backoff, fg_mono_ms()) &&
            fg_station_roster_is_wanted(upstream->settings.roster, &ticket))
            (void)update_roster(upstream);
        if (fg_backoff_is_over(&upstream->backoff, fg_mono_ms()) && fg_mono_ms() >= upstream->report_due_ms)
            send_report(upstream);
        if (fg_mono_ms() >= upstream->certificate_due_ms)
            look_after_certificate(upstream);
        if (fg_mono_ms() >= upstream->status_due_ms)
            save_state(upstream);
    }
    return NULL;
}

static void release(struct fg_upstream *upstream)
{
    if (upstream == NULL)
        return;
    for (size_t i = 0; i < FG_STATION_LISTS_MAX; i++)
        fg_list_close(upstream->lists[i]);
    fg_station_verifier_stop(upstream->verifier);
    fg_forward_free(upstream->forward);
    fg_https_free(upstream->https);
    fg_station_store_close(upstream->store);
    (void)pthread_cond_destroy(&upstream->changed);
    (void)pthread_mutex_destroy(&upstream->lock);
    free(upstream);
}

static enum fg_err open_parts(struct fg_upstream *upstream, struct fg_error *error)
{
    const struct fg_station_config *config = upstream->settings.config;
    struct fg_station_store_settings store = {.path = config->store, .deadline_ms = STORE_DEADLINE_MS};
    struct fg_forward_settings forward = {
        .window = fg_forward_window_of(config->id, config->continuous != 0, config->window_start_s,
                                       config->window_length_min * 60),
        .retry_min_s = config->retry_min_s,
        .retry_max_s = config->retry_max_s,
        .push = push,
        .push_context = upstream,
        .stopping = is_stopping,
        .stopping_context = upstream,
        .receipt_key = fg_station_keys_receipt(&upstream->keys),
    };
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    enum fg_err result = fg_station_store_open(&store, &upstream->store, error);

    forward.store = upstream->store;
    if (result == FG_OK)
        receipts_trust(upstream);
    if (result == FG_OK)
        result = fg_station_witness_start(
            config->store, keys, fg_station_keys_receipts(&upstream->keys, keys), &upstream->witness, error);
    if (result == FG_OK)
        result = verifier_start(upstream, error);
    if (result == FG_OK)
        result = fg_forward_new(&forward, &upstream->forward, error);
    if (result == FG_OK)
        result = fg_station_store_upstream(upstream->store, &upstream->state, error);
    for (size_t i = 0; result == FG_OK && i < FG_STATION_LISTS_MAX; i++) {
        if (config->list_ids[i][0] == '\0')
            continue;
        result = open_list(upstream, i, error);
        if (result == FG_OK)
            note_list(upstream, i);
    }
    if (result != FG_OK)
        return result;
    if (config->continuous == 0)
        fg_station_log("forwarding begins at %02u:%02u:%02u each night, %u s into the window",
                       (forward.window.start_s + forward.window.offset_s) / 3600 % 24,
                       (forward.window.start_s + forward.window.offset_s) / 60 % 60,
                       (forward.window.start_s + forward.window.offset_s) % 60, forward.window.offset_s);
    return connect_anew(upstream, error);
}

enum fg_err fg_upstream_start(const struct fg_upstream_settings *settings, struct fg_upstream **ret_upstream,
                              struct fg_error *error)
{
    struct fg_upstream *upstream = calloc(1, sizeof(*upstream));
    pthread_condattr_t attributes;
    enum fg_err result;

    if (upstream == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the upstream thread");
    upstream->settings = *settings;
    upstream->keys = *settings->keys;
    (void)pthread_mutex_init(&upstream->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&upstream->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    result = open_parts(upstream, error);
    if (result == FG_OK) {
        upstream->state.started_ms = settings->now_ms(settings->clock_context);
        save_state(upstream);
        if (pthread_create(&upstream->thread, NULL, run, upstream) != 0)
            result = fg_fail(error, FG_E_IO, "the upstream thread cannot be started");
    }
    if (result != FG_OK) {
        release(upstream);
        return result;
    }
    *ret_upstream = upstream;
    return FG_OK;
}

static void tell(struct fg_upstream *upstream, bool *flag)
{
    (void)pthread_mutex_lock(&upstream->lock);
    *flag = true;
    (void)pthread_cond_signal(&upstream->changed);
    (void)pthread_mutex_unlock(&upstream->lock);
}

void fg_upstream_wake(struct fg_upstream *upstream)
{
    tell(upstream, &upstream->wake);
}

void fg_upstream_reload(struct fg_upstream *upstream)
{
    tell(upstream, &upstream->reload);
}

bool fg_upstream_stop(struct fg_upstream *upstream, uint32_t wait_max_ms)
{
    struct timespec until;

    if (upstream == NULL)
        return true;
    tell(upstream, &upstream->stop);
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_max_ms / 1000;
    if (pthread_clockjoin_np(upstream->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
        return false;
    release(upstream);
    return true;
}
