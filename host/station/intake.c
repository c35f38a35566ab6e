/* Implementation of taking in batches (intake.h). */
#include "host/station/intake.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/domain/catalogue.h"
#include "proto/journal/batch_judge.h"
#include "proto/key/enrol.h"

/* One intake at work. */
struct work {
    struct fg_station_store *store;
    const struct fg_sync_batch *batch;
    int64_t now_ms;
    struct fg_station_controller controller;
    struct fg_batch_held held;
    struct fg_batch_judgement judgement;
    struct fg_intake_result result;
};

enum fg_err fg_intake_may_speak(const struct fg_peer *peer, const char *controller, struct fg_error *error)
{
    if (peer->kind != FG_PEER_CERTIFIED)
        return fg_fail(error, FG_E_DENIED, "no certificate");
    if (strcmp(peer->role, FG_ROLE_CONTROLLER) != 0)
        return fg_fail(error, FG_E_DENIED, "%s %s is not a controller", peer->role, peer->id);
    if (strcmp(peer->id, controller) != 0)
        return fg_fail(error, FG_E_DENIED, "controller %s may not speak for controller %s", peer->id,
                       controller);
    if (!peer->has_device_key)
        return fg_fail(
            error, FG_E_DENIED,
            "controller %s: its certificate names no device key: enrol it again with its journal key",
            peer->id);
    return FG_OK;
}

enum fg_err fg_intake_admit(struct fg_station_store *store, const struct fg_peer *peer, int64_t now_ms,
                            struct fg_station_controller *ret_controller, struct fg_error *error)
{
    enum fg_err result = fg_station_store_controller(store, peer->id, ret_controller, error);

    if (result == FG_E_NOT_FOUND) {
        result = fg_station_store_add_controller(store, peer->id, &peer->device_key, now_ms, error);
        if (result == FG_OK)
            result = fg_station_store_controller(store, peer->id, ret_controller, error);
    }
    if (result != FG_OK)
        return result;
    if (!fg_bytes_equal(ret_controller->device_key.point, peer->device_key.point, FG_POINT_BYTES))
        return fg_fail(
            error, FG_E_DENIED,
            "controller %s: its device key is not the one that signed the entries held here: a new "
            "journal needs a new controller id",
            peer->id);
    return FG_OK;
}

static void answer(struct work *work, uint8_t verdict, bool logged, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void answer(struct work *work, uint8_t verdict, bool logged, const char *format, ...)
{
    va_list arguments;

    work->result.answer.verdict = verdict;
    work->result.answer.next_sequence = work->controller.next_sequence;
    work->result.logged = logged;
    va_start(arguments, format);
    (void)vsnprintf(work->result.answer.text, sizeof(work->result.answer.text), format, arguments);
    va_end(arguments);
}

static bool is_signed(void *context, const struct fg_head *head, const struct fg_signature *signature)
{
    const struct work *work = context;

    return fg_head_verify(head, signature, &work->controller.device_key, NULL) == FG_OK;
}

/* What is held of the journal, as far as the batch touches it. */
static enum fg_err read_held(struct work *work, struct fg_error *error)
{
    const struct fg_sync_batch *batch = work->batch;
    struct fg_batch_held *held = &work->held;
    size_t overlap = fg_batch_overlap(batch, work->controller.next_sequence);
    enum fg_err result;

    held->next_sequence = work->controller.next_sequence;
    held->head = work->controller.head;
    if (overlap == 0)
        return FG_OK;
    result = fg_station_store_hash(work->store, batch->controller, batch->first_sequence - 1, &held->previous,
                                   error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_CORRUPT,
                       "journal of %s: entry %" PRIu64 " is missing in the store; verify the store",
                       batch->controller, batch->first_sequence - 1);
    return result == FG_OK ? fg_station_store_hashes(work->store, batch->controller, batch->first_sequence,
                                                     overlap, held->hashes, error)
                           : result;
}

/* A controller that signed something else under numbers that are held: both stay, and it is said. */
static enum fg_err take_fork(struct work *work, struct fg_error *error)
{
    const struct fg_batch_judgement *judgement = &work->judgement;
    uint64_t sequence = work->batch->first_sequence + judgement->fork;

    work->controller.forks++;
    answer(work, FG_SYNC_FORK, true,
           "controller %s sends another entry %" PRIu64 " than the one held, %s: kept as evidence",
           work->controller.id, sequence,
           judgement->is_signed ? "signed with its key" : "with an invalid head signature");
    return fg_station_store_evidence(work->store, sequence, &judgement->hashes[judgement->fork], FG_SYNC_FORK,
                                     work->batch, work->now_ms, error);
}

/* A head signature that does not fit: either it is false or the controller's past is not the one held here.
 */
static enum fg_err take_unsigned(struct work *work, struct fg_error *error)
{
    const struct fg_sync_batch *batch = work->batch;

    work->controller.refusals++;
    answer(work, FG_SYNC_REFUSED, true,
           "controller %s: entries %" PRIu64 " to %" PRIu64
           " with its head signature do not continue what is held: altered, or its journal was replaced",
           batch->controller, batch->first_sequence, batch->first_sequence + batch->count - 1);
    return fg_station_store_evidence(work->store, batch->first_sequence, &work->judgement.hashes[0],
                                     FG_SYNC_REFUSED, batch, work->now_ms, error);
}

static enum fg_err store_new(struct work *work, struct fg_error *error)
{
    const struct fg_sync_batch *batch = work->batch;
    size_t overlap = work->judgement.overlap;
    enum fg_err result = FG_OK;

    for (size_t i = overlap; i < batch->count && result == FG_OK; i++) {
        struct fg_station_entry entry = {
            .sequence = batch->first_sequence + i,
            .slice = batch->entries[i],
            .hash = work->judgement.hashes[i],
            .head_signature = i + 1 == batch->count ? &batch->head_signature : NULL,
            .arrived_ms = work->now_ms,
        };
        bool urgent;

        fg_station_entry_look(work->controller.id, &entry, &urgent);
        if (urgent)
            work->controller.urgent_sequence = entry.sequence;
        work->result.urgent |= urgent;
        if (entry.mark != FG_STATION_MARK_NONE)
            work->result.marked++;
        result = fg_station_store_add_entry(work->store, batch->controller, &entry, error);
    }
    if (result != FG_OK)
        return result;
    if (overlap == batch->count)
        return fg_station_store_sign_entry(work->store, batch->controller,
                                           batch->first_sequence + batch->count - 1, &batch->head_signature,
                                           error);
    work->controller.next_sequence = batch->first_sequence + batch->count;
    work->controller.head = work->judgement.hashes[batch->count - 1];
    work->controller.marked += work->result.marked;
    work->result.stored = batch->count - overlap;
    return FG_OK;
}

/* HELD carries the bureau's newest receipt, so that the controller learns what has arrived there. */
static enum fg_err answer_held(struct work *work, struct fg_error *error)
{
    struct fg_sync_answer *held = &work->result.answer;
    uint64_t next = 0;
    enum fg_err result;

    if (work->result.marked > 0)
        answer(work, FG_SYNC_HELD, true,
               "controller %s: %" PRIu64 " of its new entries before %" PRIu64
               " cannot be decoded, stand in the wrong place or are dated in the future: held all the same",
               work->controller.id, work->result.marked, work->controller.next_sequence);
    else
        answer(work, FG_SYNC_HELD, false, "%s", "");
    result = fg_station_store_receipt(work->store, work->controller.id, held->receipt, &held->receipt_length,
                                      &next, error);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Does what the judgement of the batch asks for; the answer is set. */
static enum fg_err follow(struct work *work, struct fg_error *error)
{
    enum fg_err result;

    work->controller.contact_ms = work->now_ms;
    result = read_held(work, error);
    if (result != FG_OK)
        return result;
    fg_batch_judge(&work->held, work->batch, is_signed, work, &work->judgement);
    switch (work->judgement.verdict) {
    case FG_SYNC_GAP:
        answer(work, FG_SYNC_GAP, false, "entries from %" PRIu64 " on are missing here",
               work->held.next_sequence);
        return FG_OK;
    case FG_SYNC_FORK:
        return take_fork(work, error);
    case FG_SYNC_REFUSED:
        return take_unsigned(work, error);
    default:
        break;
    }
    result = work->judgement.is_signed ? store_new(work, error) : FG_OK;
    return result == FG_OK ? answer_held(work, error) : result;
}

/* The part inside the transaction. *ret_denied: nothing is to be written. */
static enum fg_err take(struct work *work, const struct fg_peer *peer, bool *ret_denied,
                        struct fg_error *error)
{
    struct fg_error reason;
    enum fg_err result = fg_intake_admit(work->store, peer, work->now_ms, &work->controller, &reason);

    *ret_denied = result == FG_E_DENIED;
    if (result == FG_E_DENIED) {
        answer(work, FG_SYNC_REFUSED, true, "%.*s", FG_SYNC_TEXT_MAX, reason.text);
        return FG_OK;
    }
    if (result != FG_OK)
        return fg_fail(error, result, "%s", reason.text);
    result = follow(work, error);
    return result == FG_OK ? fg_station_store_update_controller(work->store, &work->controller, error)
                           : result;
}

enum fg_err fg_intake_take(struct fg_station_store *store, const struct fg_peer *peer,
                           const struct fg_sync_batch *batch, int64_t now_ms,
                           struct fg_intake_result *ret_result, struct fg_error *error)
{
    struct work *work = NULL;
    struct fg_error reason;
    bool denied = false;
    enum fg_err result;

    work = calloc(1, sizeof(*work));
    if (work == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a batch");
    work->store = store;
    work->batch = batch;
    work->now_ms = now_ms;
    work->controller.next_sequence = 1;
    if (fg_intake_may_speak(peer, batch->controller, &reason) != FG_OK) {
        answer(work, FG_SYNC_REFUSED, true, "%.*s", FG_SYNC_TEXT_MAX, reason.text);
        goto done;
    }
    if (!fg_batch_is_possible(batch)) {
        answer(work, FG_SYNC_REFUSED, true, "controller %s: entry numbers that cannot be", batch->controller);
        goto done;
    }
    result = fg_station_store_begin(store, error);
    if (result == FG_OK)
        result = take(work, peer, &denied, error);
    if (result == FG_OK && !denied)
        result = fg_station_store_commit(store, error);
    if (result != FG_OK || denied)
        fg_station_store_rollback(store);
    if (result != FG_OK) {
        free(work);
        return result;
    }
done:
    *ret_result = work->result;
    free(work);
    return FG_OK;
}

enum fg_err fg_intake_report(struct fg_station_store *store, const struct fg_peer *peer,
                             const struct fg_sync_report *report, int64_t now_ms, struct fg_error *error)
{
    struct fg_station_controller *controller = NULL;
    enum fg_err result = fg_intake_may_speak(peer, report->device, error);

    if (result != FG_OK)
        return result;
    controller = calloc(1, sizeof(*controller));
    if (controller == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a report");
    result = fg_station_store_begin(store, error);
    if (result == FG_OK)
        result = fg_intake_admit(store, peer, now_ms, controller, error);
    if (result == FG_OK)
        result = fg_station_store_report(store, peer->id, report, now_ms, error);
    if (result == FG_OK)
        result = fg_station_store_commit(store, error);
    if (result != FG_OK)
        fg_station_store_rollback(store);
    free(controller);
    return result;
}
