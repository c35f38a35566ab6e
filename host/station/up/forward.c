/* Implementation of forwarding (forward.h). */
#include "host/station/up/forward.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/base/station_log.h"
#include "host/station/store/store_verify.h"
#include "lib/base/backoff.h"

#define DAY_S 86400
#define BATCHES_PER_TURN 16    /* then the next controller has its turn */
#define RETRY_REFUSED_FACTOR 6 /* a person has to look first */

/* What is remembered of one controller between passes. */
struct turn {
    char id[FG_NAME_MAX + 1];
    struct fg_backoff backoff;
    uint8_t last_verdict; /* so that a verdict is logged when it comes and not each time */
};

struct fg_forward {
    struct fg_forward_settings settings;
    struct turn turns[FG_STATION_CONTROLLERS_MAX];
    size_t turn_count;
    char next_id[FG_NAME_MAX + 1]; /* begins the next pass, so that nobody is always behind a failing one */
    struct fg_station_controller controllers[FG_STATION_CONTROLLERS_MAX];
    struct fg_backoff evidence_backoff;
    uint8_t buffer[FG_SYNC_BATCH_BYTES_MAX];
    uint8_t evidence[FG_SYNC_BATCH_BYTES_MAX];
};

/* One push at work, seen from its source. */
struct push {
    struct fg_forward *forward;
    const char *controller;
    int64_t now_ms;
    bool store_failed;                          /* the failure is ours, not the bureau's */
    const struct fg_station_evidence *evidence; /* NULL: the controller's entries */
};

struct fg_forward_window fg_forward_window_of(const char *station, bool continuous, uint32_t start_s,
                                              uint32_t length_s)
{
    struct fg_forward_window window = {.continuous = continuous,
                                       .start_s = start_s % DAY_S,
                                       .length_s = length_s > DAY_S ? DAY_S : length_s};
    uint32_t room = window.length_s / 4 * 3;
    struct fg_digest digest;
    uint32_t number;

    fg_sha256(station, strlen(station), &digest);
    number = (uint32_t)digest.bytes[0] << 24 | (uint32_t)digest.bytes[1] << 16 |
             (uint32_t)digest.bytes[2] << 8 | digest.bytes[3];
    window.offset_s = room > 0 ? number % room : 0;
    return window;
}

bool fg_forward_window_is_open(const struct fg_forward_window *window, uint32_t second)
{
    uint32_t since_start = (second % DAY_S + DAY_S - window->start_s) % DAY_S;

    return since_start >= window->offset_s && since_start < window->length_s;
}

enum fg_forward_why fg_forward_due(const struct fg_forward_window *window, uint32_t second,
                                   const struct fg_station_controller *controller)
{
    if (fg_station_unsent(controller) == 0)
        return FG_FORWARD_NOT;
    if (window->continuous)
        return FG_FORWARD_CONTINUOUS;
    if (controller->urgent_sequence >= controller->receipt_next)
        return FG_FORWARD_URGENT;
    return fg_forward_window_is_open(window, second) ? FG_FORWARD_WINDOW : FG_FORWARD_NOT;
}

enum fg_err fg_forward_new(const struct fg_forward_settings *settings, struct fg_forward **ret_forward,
                           struct fg_error *error)
{
    struct fg_forward *forward = calloc(1, sizeof(*forward));

    if (forward == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for forwarding");
    forward->settings = *settings;
    *ret_forward = forward;
    return FG_OK;
}

void fg_forward_free(struct fg_forward *forward)
{
    free(forward);
}

void fg_forward_trust(struct fg_forward *forward, const struct fg_public_key *receipt_key)
{
    forward->settings.receipt_key = *receipt_key;
}

/* The receipt's head must be ours, wherever we hold the entry before it. */
static enum fg_err check_head(struct fg_station_store *store, const struct fg_receipt *receipt,
                              struct fg_error *error)
{
    struct fg_digest held;
    enum fg_err result =
        fg_station_store_hash(store, receipt->controller, receipt->next_sequence - 1, &held, error);

    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result != FG_OK)
        return result;
    if (!fg_bytes_equal(held.bytes, receipt->head.bytes, sizeof(held.bytes)))
        return fg_fail(error, FG_E_AUTH,
                       "the bureau's receipt for controller %s before entry %" PRIu64
                       " is over other entries than those held here",
                       receipt->controller, receipt->next_sequence);
    return FG_OK;
}

enum fg_err fg_forward_take_receipt(struct fg_station_store *store, const struct fg_public_key *receipt_key,
                                    const char *controller, const uint8_t *bytes, size_t length,
                                    int64_t now_ms, struct fg_error *error)
{
    uint8_t kept[FG_STATEMENT_BYTES_MAX];
    struct fg_signature signature;
    struct fg_receipt receipt;
    size_t kept_length = 0;
    uint64_t kept_next = 0;
    enum fg_err result = fg_receipt_decode(bytes, length, &receipt, &signature, error);

    if (result != FG_OK)
        return result;
    result = fg_receipt_verify(&receipt, &signature, receipt_key, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "the bureau's receipt for controller %s: ", controller);
    if (strcmp(receipt.controller, controller) != 0)
        return fg_fail(error, FG_E_AUTH, "the bureau's receipt is for controller %s instead of %s",
                       receipt.controller, controller);
    if (receipt.next_sequence == 0 || receipt.next_sequence > (uint64_t)INT64_MAX)
        return fg_fail(error, FG_E_RANGE, "the bureau's receipt for controller %s has an impossible number",
                       controller);
    result = fg_station_store_receipt(store, controller, kept, &kept_length, &kept_next, error);
    if (result == FG_OK && receipt.next_sequence < kept_next)
        return fg_fail(error, FG_E_OLD,
                       "the bureau's receipt for controller %s covers less (before %" PRIu64
                       ") than an earlier one (before %" PRIu64 "): the bureau has lost entries",
                       controller, receipt.next_sequence, kept_next);
    if (result == FG_OK && receipt.next_sequence == kept_next && kept_length == length &&
        memcmp(kept, bytes, length) == 0)
        return FG_OK;
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    result = check_head(store, &receipt, error);
    if (result != FG_OK)
        return result;
    return fg_station_store_put_receipt(store, controller, bytes, length, receipt.next_sequence, now_ms,
                                        error);
}

static enum fg_err source_read(void *context, uint64_t from, uint8_t *buffer, size_t capacity,
                               size_t *ret_length, uint64_t *ret_next, struct fg_error *error)
{
    struct push *push = context;
    enum fg_err result = fg_station_store_read_batch(push->forward->settings.store, push->controller, from,
                                                     buffer, capacity, ret_length, ret_next, error);

    push->store_failed = result != FG_OK && result != FG_E_NOT_FOUND;
    return result;
}

static enum fg_err source_take_receipt(void *context, const uint8_t *bytes, size_t length,
                                       struct fg_error *error)
{
    struct push *push = context;
    struct fg_error reason;
    enum fg_err result =
        fg_forward_take_receipt(push->forward->settings.store, &push->forward->settings.receipt_key,
                                push->controller, bytes, length, push->now_ms, &reason);

    if (result == FG_OK)
        return FG_OK;
    fg_station_log_peer("receipt not taken: %s", reason.text);
    return fg_fail(error, result, "%s", reason.text);
}

static struct turn *turn_of(struct fg_forward *forward, const char *id)
{
    struct turn *turn;

    for (size_t i = 0; i < forward->turn_count; i++) {
        if (strcmp(forward->turns[i].id, id) == 0)
            return &forward->turns[i];
    }
    turn = &forward->turns[forward->turn_count++]; /* as many as the store holds controllers */
    memcpy(turn->id, id, strlen(id) + 1);
    return turn;
}

/* Does the failure concern this controller alone, so that the others may be tried? */
static bool is_local(const struct push *push, enum fg_err result)
{
    return push->store_failed || result == FG_E_FORMAT || result == FG_E_RANGE || result == FG_E_SIZE ||
           result == FG_E_BUSY;
}

/* What the bureau would see as a false signature may be an edit in our own store: then name the entry. */
static void explain_refusal(struct fg_forward *forward, const char *controller)
{
    struct fg_error reason;

    if (fg_station_store_verify(forward->settings.store, controller, &reason) != FG_OK)
        fg_station_log("TAMPERED STORE: %s", reason.text);
}

static void note_verdict(struct fg_forward *forward, struct turn *turn,
                         const struct fg_forward_moment *moment, uint8_t verdict, const char *text)
{
    struct fg_error reason;

    if (verdict != FG_SYNC_HELD && verdict != turn->last_verdict) {
        fg_station_log("bureau does not take the entries of controller %s: %s: %s", turn->id,
                       verdict == FG_SYNC_FORK      ? "FORK"
                       : verdict == FG_SYNC_REFUSED ? "REFUSED"
                       : verdict == FG_SYNC_GAP     ? "GAP"
                       : verdict == FG_SYNC_BUSY    ? "BUSY"
                                                    : "no answer",
                       text);
        if (verdict == FG_SYNC_FORK || verdict == FG_SYNC_REFUSED)
            explain_refusal(forward, turn->id);
    }
    turn->last_verdict = verdict;
    if (fg_station_store_verdict(forward->settings.store, turn->id, verdict, text, moment->now_ms, &reason) !=
        FG_OK)
        fg_station_log("store: %s", reason.text);
}

/* The receipt that is kept now; 1 without one. */
static uint64_t receipt_next(struct fg_forward *forward, const char *id)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;
    uint64_t next = 1;

    (void)fg_station_store_receipt(forward->settings.store, id, bytes, &length, &next, NULL);
    return next;
}

/* verdict: of the answer that failed; 0 = there was none. */
static void wait_longer(struct fg_forward *forward, struct turn *turn, uint8_t verdict,
                        const struct fg_forward_moment *moment)
{
    uint32_t unit_ms =
        verdict == FG_SYNC_FORK || verdict == FG_SYNC_REFUSED ? RETRY_REFUSED_FACTOR * 1000 : 1000;

    fg_backoff_fail(&turn->backoff, forward->settings.retry_min_s * unit_ms,
                    forward->settings.retry_max_s * unit_ms, moment->mono_ms, moment->random);
}

static enum fg_err push_one(struct fg_forward *forward, const struct fg_station_controller *controller,
                            enum fg_forward_why why, const struct fg_forward_moment *moment,
                            struct fg_forward_result *result, struct fg_error *error)
{
    static const char *const whys[] = {"", "urgent", "night window", "continuous"};
    struct push push = {.forward = forward, .controller = controller->id, .now_ms = moment->now_ms};
    struct fg_push_source source = {&push, source_read, source_take_receipt};
    struct turn *turn = turn_of(forward, controller->id);
    struct fg_push_result pushed = {0};
    uint64_t from = controller->receipt_next;
    uint64_t covered;
    enum fg_err code = forward->settings.push(forward->settings.push_context, &source, &from,
                                              BATCHES_PER_TURN, forward->buffer, &pushed, error);

    covered = receipt_next(forward, controller->id);
    if (covered > controller->receipt_next) {
        result->entries += covered - controller->receipt_next;
        fg_station_log("controller %s: entries before %" PRIu64 " are at the bureau (%s)", controller->id,
                       covered, whys[why]);
    }
    if (code != FG_OK) {
        wait_longer(forward, turn, 0, moment);
        if (!is_local(&push, code))
            return code;
        note_verdict(forward, turn, moment, 0, error != NULL ? error->text : "");
        return FG_OK;
    }
    result->asked++;
    if (pushed.verdict == FG_SYNC_HELD && covered > controller->receipt_next) {
        turn->backoff = (struct fg_backoff){0};
        result->more |= covered < controller->next_sequence;
    } else {
        wait_longer(forward, turn, pushed.verdict, moment);
        if (pushed.verdict == FG_SYNC_HELD)
            (void)snprintf(pushed.text, sizeof(pushed.text),
                           "the bureau holds the entries but gave no good receipt");
    }
    note_verdict(forward, turn, moment, pushed.verdict, pushed.text);
    return FG_OK;
}

/* The one batch that is evidence, whatever number is asked for. */
static enum fg_err source_read_evidence(void *context, uint64_t from, uint8_t *buffer, size_t capacity,
                                        size_t *ret_length, uint64_t *ret_next, struct fg_error *error)
{
    const struct push *push = context;

    if (push->evidence->length > capacity)
        return fg_fail(error, FG_E_SIZE, "evidence of %zu bytes", push->evidence->length);
    memcpy(buffer, push->forward->evidence, push->evidence->length);
    *ret_length = push->evidence->length;
    *ret_next = from + 1;
    return FG_OK;
}

/* Shows the bureau one piece of evidence: it then compares for itself, keeps it and raises its alarm. */
static void show_evidence(struct fg_forward *forward, const struct fg_forward_moment *moment)
{
    struct fg_station_store *store = forward->settings.store;
    struct fg_station_evidence evidence;
    struct push push = {.forward = forward,
                        .controller = evidence.controller,
                        .now_ms = moment->now_ms,
                        .evidence = &evidence};
    struct fg_push_source source = {&push, source_read_evidence, source_take_receipt};
    struct fg_push_result pushed = {0};
    struct fg_error reason;
    uint64_t from;
    enum fg_err code;

    if (!fg_backoff_is_over(&forward->evidence_backoff, moment->mono_ms) ||
        fg_station_store_evidence_next(store, forward->evidence, sizeof(forward->evidence), &evidence,
                                       NULL) != FG_OK)
        return;
    /* The row that was asked says so by its column; the receipt itself decides. */
    if (receipt_next(forward, evidence.controller) <= evidence.sequence)
        return;
    from = evidence.sequence;
    code = forward->settings.push(forward->settings.push_context, &source, &from, 1, forward->buffer, &pushed,
                                  &reason);
    if (code != FG_OK || (pushed.verdict != FG_SYNC_FORK && pushed.verdict != FG_SYNC_REFUSED)) {
        fg_backoff_fail(&forward->evidence_backoff, forward->settings.retry_min_s * 1000,
                        forward->settings.retry_max_s * 1000, moment->mono_ms, moment->random);
        return;
    }
    forward->evidence_backoff = (struct fg_backoff){0};
    fg_station_log("controller %s: the bureau was shown the other entry %" PRIu64 ": %s", evidence.controller,
                   evidence.sequence, pushed.text);
    if (fg_station_store_evidence_shown(store, &evidence, moment->now_ms, &reason) != FG_OK)
        fg_station_log("store: %s", reason.text);
}

/* Where this pass begins. */
static size_t first_of(const struct fg_forward *forward, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(forward->controllers[i].id, forward->next_id) >= 0)
            return i;
    }
    return 0;
}

enum fg_err fg_forward_pass(struct fg_forward *forward, const struct fg_forward_moment *moment,
                            struct fg_forward_result *ret_result, struct fg_error *error)
{
    const struct fg_forward_settings *settings = &forward->settings;
    struct fg_error reason = {.text = ""};
    size_t count = 0;
    size_t first;
    enum fg_err code;

    *ret_result = (struct fg_forward_result){0};
    code = fg_station_store_controllers(settings->store, forward->controllers, FG_STATION_CONTROLLERS_MAX,
                                        &count, error);
    if (code != FG_OK)
        return code;
    first = first_of(forward, count);
    for (size_t i = 0; i < count; i++) {
        const struct fg_station_controller *controller = &forward->controllers[(first + i) % count];
        const struct fg_station_controller *next = &forward->controllers[(first + i + 1) % count];
        enum fg_forward_why why = fg_forward_due(&settings->window, moment->second, controller);

        if (settings->stopping != NULL && settings->stopping(settings->stopping_context))
            break;
        if (why == FG_FORWARD_NOT ||
            !fg_backoff_is_over(&turn_of(forward, controller->id)->backoff, moment->mono_ms))
            continue;
        memcpy(forward->next_id, next->id, sizeof(forward->next_id));
        code = push_one(forward, controller, why, moment, ret_result, &reason);
        if (code != FG_OK)
            return fg_fail(error, code, "%s", reason.text);
    }
    show_evidence(forward, moment);
    return FG_OK;
}
