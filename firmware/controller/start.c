/* Implementation of the start and its second tries (start.h). */
#include "firmware/controller/start.h"

#include <string.h>

#include "lib/system/writable.h"

/* Says why something is not there, once for each cause. */
static void failed(struct fg_start *start, struct fg_retry *retry, const char *what,
                   const struct fg_error *error, int64_t now_mono_ms)
{
    if (fg_retry_failed(retry, error, now_mono_ms))
        fg_log_line(&start->log, "%s: %s (%s); trying again", what, error->text, fg_err_name(error->code));
}

/* ---- keys ---- */

struct key_look {
    bool failed;
    struct fg_error first;
};

static void key_missing(void *context, const char *what, const struct fg_error *error)
{
    struct key_look *look = context;

    if (!look->failed) {
        look->first = *error;
        (void)fg_fail_in(&look->first, error->code, "%s: ", what);
    }
    look->failed = true;
}

/* Keys that cannot be read are left out meanwhile: what they signed does not verify, and scans are refused.
 */
static bool keys_try(struct fg_start *start, int64_t now_mono_ms)
{
    struct key_look look = {0};
    struct fg_keys keys;
    bool changed;

    fg_keys_start(start->config, key_missing, &look, &keys);
    changed =
        keys.ring.version != start->keys.ring.version || keys.ring.key_count != start->keys.ring.key_count;
    start->keys = keys;
    if (look.failed)
        failed(start, &start->keys_retry, "keys", &look.first, now_mono_ms);
    else
        fg_retry_done(&start->keys_retry);
    return changed;
}

/* The receipt key comes with the enrolment, perhaps long after the start. */
static bool receipt_key_try(struct fg_start *start, int64_t now_mono_ms)
{
    struct fg_public_key key;
    struct fg_error error = {0};

    if (fg_keys_receipt(&start->keys, &key, &error) != FG_OK) {
        failed(start, &start->receipt_retry, "receipt key (receipts are refused until it is there)", &error,
               now_mono_ms);
        return false;
    }
    start->receipt_key = key;
    start->has_receipt_key = true;
    fg_retry_done(&start->receipt_retry);
    return true;
}

size_t fg_start_keys(const struct fg_start *start, uint8_t purpose,
                     struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX])
{
    return fg_keyring_keys(&start->keys.ring, purpose, ret_keys, FG_KEYRING_KEYS_MAX);
}

/* ---- journal ---- */

static void entry_appended(void *context, const struct fg_entry *entry)
{
    struct fg_start *start = context;

    fg_clock_entry(start->clock, entry->wall_ms, entry->clock_quality);
}

static enum fg_err journal_open(struct fg_start *start, struct fg_error *error)
{
    const struct fg_config *config = start->config;
    struct fg_journal_settings settings = {
        .path = config->journal_path,
        .controller = config->controller,
        .key = &start->device_key,
        .bytes_max = config->journal_bytes_max,
        .warn_percent = config->journal_warn_percent,
        .stop_reserve_entries = config->journal_stop_reserve_entries,
        .fill_reserve_percent = config->journal_fill_reserve_percent,
        .appended = entry_appended,
        .appended_context = start,
        .progress = start->progress,
        .progress_context = start->progress_context,
        .zero_fill_g = config->fill.zero_fill_g,
        .receipt_key = start->has_receipt_key ? &start->receipt_key : NULL,
    };
    enum fg_err code = fg_private_key_read(config->device_key_path, &start->device_key, error);

    if (code != FG_OK)
        return fg_fail_in(error, code, "device key: ");
    return fg_journal_open(&settings, &start->stores.journal, &start->stores.journal_start, error);
}

static bool journal_try(struct fg_start *start, int64_t now_mono_ms)
{
    struct fg_error error = {0};
    enum fg_err code = journal_open(start, &error);

    start->stores.journal_tampered = code == FG_E_CORRUPT || code == FG_E_AUTH;
    if (code != FG_OK) {
        start->stores.journal = NULL;
        failed(start, &start->journal_retry,
               start->stores.journal_tampered ? "the journal does not verify and is left as it is"
                                              : "the journal cannot be opened",
               &error, now_mono_ms);
        return false;
    }
    fg_clock_vouch(start->clock, start->stores.journal_start.vouched_ms);
    fg_retry_done(&start->journal_retry);
    return true;
}

/* ---- list ---- */

/* A manifest that a synchronised clock saw in force before it was issued proves nothing. */
void fg_start_list_changed(struct fg_start *start)
{
    const struct fg_journal_start *logged = &start->stores.journal_start;
    struct fg_manifest manifest;
    bool seen_ahead;

    if (start->stores.list == NULL || fg_list_manifest(start->stores.list, &manifest, NULL) != FG_OK) {
        fg_clock_signed(start->clock, 0, false);
        return;
    }
    /* Without a journal no list is logged. */
    seen_ahead = strcmp(logged->vouched_list_id, manifest.list_id) == 0 &&
                 logged->vouched_list_version == manifest.version &&
                 manifest.issued_ms > logged->vouched_ms + FG_CLOCK_AHEAD_MS;
    start->ahead_logged_ms = seen_ahead ? manifest.issued_ms : 0;
    fg_clock_signed(start->clock, manifest.issued_ms, seen_ahead);
}

static enum fg_err list_open(struct fg_start *start, struct fg_error *error)
{
    const struct fg_config *config = start->config;
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_start_keys(start, FG_KEYRING_LIST, keys);
    struct fg_list *list = NULL;
    enum fg_err code = fg_writable_check(config->list_path, error);

    if (code == FG_OK)
        code = fg_list_open(config->list_path, NULL, keys, count, &list, error);
    if (code == FG_OK)
        code = fg_list_pin(list, config->list_id, config->station, error);
    if (code != FG_OK) {
        fg_list_close(list);
        return code;
    }
    start->stores.list = list;
    return FG_OK;
}

static bool list_try(struct fg_start *start, int64_t now_mono_ms)
{
    struct fg_error error = {0};

    if (list_open(start, &error) != FG_OK) {
        failed(start, &start->list_retry, "the list store cannot be opened", &error, now_mono_ms);
        return false;
    }
    fg_retry_done(&start->list_retry);
    return true;
}

static enum fg_err list_trust(struct fg_start *start, struct fg_error *error)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_start_keys(start, FG_KEYRING_LIST, keys);
    enum fg_err code = FG_OK;

    if (start->stores.list != NULL)
        code = fg_list_trust(start->stores.list, keys, count, error);
    fg_start_list_changed(start);
    return code;
}

/* A list that only a retired key signed is no longer authentic: the point then refuses until a newer one
 * comes. */
enum fg_err fg_start_take_ring(struct fg_start *start, const char *path, struct fg_error *error)
{
    enum fg_err code = fg_keys_take(&start->keys, path, error);

    if (code == FG_OK)
        code = list_trust(start, error);
    if (code == FG_OK)
        start->receipt_retry = (struct fg_retry){0}; /* the ring may name another */
    return code;
}

/* ---- all ---- */

unsigned fg_start_try(struct fg_start *start, int64_t now_mono_ms)
{
    struct fg_error error = {0};
    unsigned news = 0;

    if (fg_retry_is_due(&start->keys_retry, now_mono_ms) && keys_try(start, now_mono_ms)) {
        news |= FG_START_KEYS;
        if (list_trust(start, &error) != FG_OK)
            fg_log_line(&start->log, "list: %s (%s)", error.text, fg_err_name(error.code));
    }
    if (fg_retry_is_due(&start->receipt_retry, now_mono_ms) && receipt_key_try(start, now_mono_ms))
        news |= FG_START_RECEIPT_KEY;
    if (fg_retry_is_due(&start->journal_retry, now_mono_ms) && journal_try(start, now_mono_ms))
        news |= FG_START_JOURNAL;
    if (fg_retry_is_due(&start->list_retry, now_mono_ms) && list_try(start, now_mono_ms))
        news |= FG_START_LIST;
    if ((news & (FG_START_JOURNAL | FG_START_LIST)) != 0)
        fg_start_list_changed(start);
    return news;
}

void fg_start_begin(struct fg_start *ret_start, const struct fg_config *config, struct fg_clock *clock,
                    const struct fg_log *log, void (*progress)(void *context), void *progress_context,
                    int64_t now_mono_ms)
{
    memset(ret_start, 0, sizeof(*ret_start));
    ret_start->config = config;
    ret_start->clock = clock;
    ret_start->log = *log;
    ret_start->progress = progress;
    ret_start->progress_context = progress_context;
    (void)fg_start_try(ret_start, now_mono_ms);
}

void fg_start_end(struct fg_start *start)
{
    fg_list_close(start->stores.list);
    fg_journal_close(start->stores.journal);
    start->stores.list = NULL;
    start->stores.journal = NULL;
    fg_private_key_wipe(&start->device_key);
}
