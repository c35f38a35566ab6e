/* Entries to the next hop, receipts to fillgated (link_push.h). */
#include "firmware/link/link_push.h"

#include <string.h>

#include "lib/base/monotime.h"
#include "lib/base/random.h"
#include "proto/hop/push.h"

/* Then other jobs have their turn; a backlog goes on right after. */
#define BATCHES_A_PUSH 16

static enum fg_err read_batch(void *context, uint64_t from, uint8_t *buffer, size_t capacity,
                              size_t *ret_length, uint64_t *ret_next, struct fg_error *error)
{
    struct fg_link_context *link = context;
    struct fg_control_request request = {.kind = FG_CONTROL_JOURNAL, .from_sequence = from};
    enum fg_err code = fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, error);

    if (code != FG_OK)
        return code;
    if (link->answer.batch_length > capacity || link->answer.next_sequence <= from)
        return fg_fail(error, FG_E_FORMAT, "fillgated gave no batch from entry %llu on",
                       (unsigned long long)from);
    memcpy(buffer, link->answer.batch, link->answer.batch_length);
    *ret_length = link->answer.batch_length;
    *ret_next = link->answer.next_sequence;
    return FG_OK;
}

static enum fg_err hand_receipt(void *context, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    struct fg_link_context *link = context;
    struct fg_control_request request = {.kind = FG_CONTROL_RECEIPT};
    struct fg_error own = {0};
    enum fg_err code;

    (void)error;
    if (length > sizeof(request.receipt))
        return FG_E_SIZE;
    memcpy(request.receipt, bytes, length);
    request.receipt_length = (uint16_t)length;
    code = fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, &own);
    if (code != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_RECEIPT, "receipt: %s", own.text);
    else
        fg_link_forget(link, FG_LINK_SAY_RECEIPT);
    return code;
}

/* Does the next hop hold entries that the journal does not have? Entries that came since the state was asked
 * for may have been sent too, so it is asked for again, now that the answer is here. */
static bool holds_more(struct fg_link_context *link, uint64_t next_sequence)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};

    if (next_sequence <= link->state.journal_last_sequence + 1)
        return false;
    if (fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, NULL) != FG_OK || !link->answer.has_state)
        return false;
    link->state = link->answer.state;
    return next_sequence > link->state.journal_last_sequence + 1;
}

/* What a person should know of the outcome; nothing when all went well. */
static void tell_outcome(struct fg_link_context *link, const struct fg_push_result *result)
{
    unsigned long long next = (unsigned long long)result->next_sequence;

    if (result->verdict == FG_SYNC_FORK)
        fg_link_tell(link, FG_LINK_SAY_PUSH,
                     "FORK: the next hop holds other entries under our numbers; a person must look: %s",
                     result->text);
    else if (result->verdict == FG_SYNC_REFUSED)
        fg_link_tell(link, FG_LINK_SAY_PUSH, "entries refused: %s", result->text);
    else if (result->verdict == FG_SYNC_BUSY)
        fg_link_tell(link, FG_LINK_SAY_PUSH, "the next hop is busy: %s", result->text);
    else if (result->verdict != 0 && holds_more(link, result->next_sequence))
        fg_link_tell(link, FG_LINK_SAY_PUSH,
                     "the next hop expects entry %llu, but the journal ends at %llu: was it put back to an "
                     "older copy?",
                     next, (unsigned long long)link->state.journal_last_sequence);
    else if (result->verdict == FG_SYNC_GAP)
        fg_link_tell(link, FG_LINK_SAY_PUSH, "the next hop keeps asking for other entries, now for %llu",
                     next);
    else
        fg_link_forget(link, FG_LINK_SAY_PUSH);
}

void fg_link_push(struct fg_link_context *link)
{
    struct fg_push_source source = {.context = link, .read = read_batch, .take_receipt = hand_receipt};
    struct fg_link_facts facts = {link->state.journal_last_sequence, link->state.journal_unsent};
    uint64_t from = fg_link_plan_push_from(&link->plan, &facts);
    struct fg_push_result result = {0};
    struct fg_error error = {0};
    enum fg_err code = fg_link_connect(link, &error);

    if (code == FG_OK)
        code = fg_push_journal(link->https, &source, &from, BATCHES_A_PUSH, link->buffer, &result, &error);
    if (code != FG_OK) {
        fg_link_tell(link, FG_LINK_SAY_PUSH, "entries not sent: %s", error.text);
        fg_link_status_bad(link->status, error.text);
        link->plan.from = from;
        fg_link_job_failed(link, FG_LINK_PUSH, code);
        return;
    }
    tell_outcome(link, &result);
    if (result.verdict == FG_SYNC_HELD)
        fg_link_status_good(link->status, fg_link_now_ms(link));
    else if (result.verdict != 0)
        fg_link_status_bad(link->status, link->said[FG_LINK_SAY_PUSH]);
    fg_link_plan_pushed(&link->plan, &link->config.times, &facts, from, result.verdict, fg_mono_ms(),
                        fg_random_spread());
}
