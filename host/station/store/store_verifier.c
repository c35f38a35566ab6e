/* Implementation of the station's verifying thread (store_verifier.h). */
#include "host/station/store/store_verifier.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/station/base/station_log.h"
#include "host/station/store/heads.h"
#include "lib/base/monotime.h"
#include "lib/system/turns.h"

#define DEADLINE_MS 600000 /* SQLite's own check reads the whole file in one statement */
#define TURN_MS 60000      /* the heads are at most so old */
#define REST_NS 5000000    /* after each piece of entries */
#define HOUR_MS INT64_C(3600000)
#define PATH_BYTES 600

struct fg_station_verifier {
    struct fg_station_verifier_settings settings;
    char heads_path[PATH_BYTES];
    struct fg_station_store *store;
    struct fg_turns turns;
    pthread_mutex_t lock; /* of the keys */
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    size_t key_count;
    struct fg_station_verification state; /* the thread's */
    struct fg_error said;                 /* trouble that the log was told of already */
};

static void state_save(struct fg_station_verifier *verifier)
{
    struct fg_error error;

    if (fg_station_store_put_verification(verifier->store, &verifier->state, &error) != FG_OK)
        fg_station_log("verifying the store: its state cannot be written: %s", error.text);
}

static void trouble_say(struct fg_station_verifier *verifier, const char *text)
{
    if (strcmp(verifier->said.text, text) != 0)
        fg_station_log("%s", text);
    (void)snprintf(verifier->said.text, sizeof(verifier->said.text), "%s", text);
}

static void found(void *context, const char *controller, const char *text)
{
    struct fg_station_verifier *verifier = context;

    fg_station_log("TAMPERED STORE: %s%s%s%s", controller[0] != '\0' ? "controller " : "", controller,
                   controller[0] != '\0' ? ": " : "", text);
    if (verifier->state.findings++ == 0)
        (void)snprintf(verifier->state.text, sizeof(verifier->state.text), "%s%s%s", controller,
                       controller[0] != '\0' ? ": " : "", text);
}

static bool progress(void *context, uint64_t entries)
{
    struct fg_station_verifier *verifier = context;
    const struct timespec rest = {.tv_nsec = REST_NS};

    verifier->state.entries = entries;
    (void)nanosleep(&rest, NULL);
    return fg_turns_go_on(&verifier->turns);
}

static void verify(struct fg_station_verifier *verifier)
{
    const struct fg_station_verify wanted = {
        .heads_path = verifier->heads_path, .found = found, .progress = progress, .context = verifier};
    struct fg_station_verified sum = {0};
    struct fg_error error;
    enum fg_err result;

    verifier->state.started_ms = verifier->settings.now_ms(verifier->settings.context);
    verifier->state.ended_ms = 0;
    verifier->state.entries = 0;
    verifier->state.findings = 0;
    verifier->state.text[0] = '\0';
    state_save(verifier);
    (void)pthread_mutex_lock(&verifier->lock);
    result = fg_station_store_trust(verifier->store, verifier->keys, verifier->key_count, &error);
    (void)pthread_mutex_unlock(&verifier->lock);
    if (result == FG_OK)
        result = fg_station_store_check(verifier->store, &wanted, &sum, &error);
    if (result == FG_OK) {
        verifier->state.ended_ms = verifier->settings.now_ms(verifier->settings.context);
        verifier->state.entries = sum.entries;
        verifier->state.findings = sum.findings;
    } else if (fg_turns_go_on(&verifier->turns)) {
        trouble_say(verifier, error.text);
    }
    state_save(verifier);
}

/* Heads that do not hold stay as they are: they are evidence, and verifying names them. */
static void heads_keep(struct fg_station_verifier *verifier)
{
    struct fg_error error;
    enum fg_err result = fg_station_heads_keep(verifier->heads_path, verifier->store, &error);

    if (result != FG_OK) {
        trouble_say(verifier, error.text);
    } else if (!verifier->state.heads_kept) {
        verifier->state.heads_kept = true;
        state_save(verifier);
    }
}

static void *run(void *argument)
{
    struct fg_station_verifier *verifier = argument;
    int64_t due_mono_ms = 0;

    do {
        if (fg_mono_ms() >= due_mono_ms) {
            verify(verifier);
            due_mono_ms = fg_mono_ms() + (int64_t)verifier->settings.every_h * HOUR_MS;
        }
        heads_keep(verifier);
    } while (fg_turns_rest(&verifier->turns, TURN_MS, false));
    return NULL;
}

static enum fg_err store_open(struct fg_station_verifier *verifier, struct fg_error *error)
{
    const struct fg_station_store_settings settings = {.path = verifier->settings.store_path,
                                                       .deadline_ms = DEADLINE_MS};
    enum fg_err result = fg_station_heads_path(verifier->settings.store_path, verifier->heads_path,
                                               sizeof(verifier->heads_path), error);

    if (result == FG_OK)
        result = fg_station_store_open(&settings, &verifier->store, error);
    return result == FG_OK ? fg_station_store_verification(verifier->store, &verifier->state, error) : result;
}

enum fg_err fg_station_verifier_start(const struct fg_station_verifier_settings *settings,
                                      struct fg_station_verifier **ret_verifier, struct fg_error *error)
{
    struct fg_station_verifier *verifier = calloc(1, sizeof(*verifier));
    enum fg_err result;

    if (verifier == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for verifying the store");
    verifier->settings = *settings;
    (void)pthread_mutex_init(&verifier->lock, NULL);
    fg_station_verifier_trust(verifier, settings->receipt_keys, settings->receipt_key_count);
    result = store_open(verifier, error);
    verifier->settings.receipt_keys = NULL;
    if (result == FG_OK)
        result = fg_turns_start(&verifier->turns, run, verifier, "verifying the store", error);
    if (result != FG_OK) {
        fg_station_store_close(verifier->store);
        (void)pthread_mutex_destroy(&verifier->lock);
        free(verifier);
        return result;
    }
    *ret_verifier = verifier;
    return FG_OK;
}

void fg_station_verifier_trust(struct fg_station_verifier *verifier, const struct fg_public_key *keys,
                               size_t count)
{
    (void)pthread_mutex_lock(&verifier->lock);
    verifier->key_count = count < FG_STATION_RECEIPT_KEYS_MAX ? count : FG_STATION_RECEIPT_KEYS_MAX;
    memcpy(verifier->keys, keys, verifier->key_count * sizeof(*keys));
    (void)pthread_mutex_unlock(&verifier->lock);
}

void fg_station_verifier_stop(struct fg_station_verifier *verifier)
{
    if (verifier == NULL)
        return;
    fg_turns_stop(&verifier->turns);
    fg_station_store_close(verifier->store);
    (void)pthread_mutex_destroy(&verifier->lock);
    free(verifier);
}
