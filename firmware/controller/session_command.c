/* Requests of the control socket carried out on the session (session.h, fg_session_command). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "firmware/controller/session_private.h"

void fg_session_answer(struct fg_control_answer *answer, enum fg_err result, const char *format, ...)
{
    va_list arguments;

    answer->result = result;
    va_start(arguments, format);
    (void)vsnprintf(answer->text, sizeof(answer->text), format, arguments);
    va_end(arguments);
}

/* ---- the fill ---- */

static void check(struct fg_session *session, const struct fg_control_request *request,
                  const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_fill_event event = {
        .kind = FG_FILL_EVENT_CHECKED, .checks = request->checks, .check_failed = request->check_failed};
    uint8_t phase = session->fill.phase;

    if (phase != FG_FILL_PRE_CHECK && phase != FG_FILL_POST_CHECK) {
        fg_session_answer(answer, FG_E_STATE, "no check is due in phase %s",
                          fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_step(session, &event, now);
    fg_session_answer(answer, FG_OK, "%s", request->check_failed ? "recorded as failed" : "confirmed");
}

static void start(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = &session->fill;
    uint8_t phase = fill->phase;

    if (phase != FG_FILL_PRE_CHECK) {
        fg_session_answer(answer, FG_E_STATE, "nothing to start in phase %s",
                          fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_step_kind(session, FG_FILL_EVENT_START, now);
    if (fill->phase == FG_FILL_PRE_CHECK)
        fg_session_answer(answer, FG_E_STATE, "not started: check items still to be confirmed: mask 0x%x",
                          fill->scan.pre_checks_wanted & ~fill->pre_checks_done);
    else if (fill->phase == FG_FILL_IDLE)
        fg_session_answer(answer, FG_E_IO, "not started: the fill could not be authorised");
    else
        fg_session_answer(answer, FG_OK, "started, entry %llu",
                          (unsigned long long)fill->authorised_sequence);
}

static void stop(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    bool busy = session->fill.phase != FG_FILL_IDLE;

    /* Always fed: a stop that comes late or twice must never be argued with. */
    fg_session_step_kind(session, FG_FILL_EVENT_STOP, now);
    fg_session_answer(answer, FG_OK, "%s", busy ? "stopped" : "nothing was running");
}

static void suspend(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = &session->fill;
    const char *phase = fg_fill_phase_name((enum fg_fill_phase)fill->phase);

    if (fill->phase != FG_FILL_FILLING && fill->phase != FG_FILL_SUSPENDED) {
        fg_session_answer(answer, FG_E_STATE, "nothing to suspend in phase %s", phase);
        return;
    }
    fg_session_step_kind(session, FG_FILL_EVENT_SUSPEND, now);
    if (fill->suspended_by_operator)
        fg_session_answer(answer, FG_OK, "suspended");
    else
        fg_session_answer(answer, FG_E_STATE, "not suspended, the fill ends: %s",
                          fg_stop_text(session->settings.language, (enum fg_stop)fill->stop));
}

static void resume(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = &session->fill;

    if (fill->phase != FG_FILL_SUSPENDED)
        fg_session_answer(answer, FG_E_STATE, "nothing to resume in phase %s",
                          fg_fill_phase_name((enum fg_fill_phase)fill->phase));
    else if (!fill->suspended_by_operator)
        fg_session_answer(answer, FG_E_STATE,
                          "the tag is gone: put it back, then the fill goes on by itself");
    else if (!fill->tag_present)
        fg_session_answer(answer, FG_E_STATE,
                          "not resumed: put the cylinder's tag back into the field first");
    if (answer->result != FG_OK)
        return;
    fg_session_step_kind(session, FG_FILL_EVENT_RESUME, now);
    if (fill->phase == FG_FILL_FILLING)
        fg_session_answer(answer, FG_OK, "resumed");
    else
        fg_session_answer(answer, FG_E_STATE, "not resumed, the fill ends: %s",
                          fg_stop_text(session->settings.language, (enum fg_stop)fill->stop));
}

static void clear_lock_out(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer)
{
    if (!session->fill.locked_out) {
        fg_session_answer(answer, FG_E_STATE, "the point is not locked out");
        return;
    }
    fg_session_step_kind(session, FG_FILL_EVENT_CLEAR_LOCK_OUT, now);
    if (session->fill.locked_out)
        fg_session_answer(answer, FG_E_STATE, "still locked out");
    else
        fg_session_answer(answer, FG_OK, "lock-out cleared");
}

static void decision_answer(const struct fg_session *session, struct fg_control_answer *answer)
{
    const struct fg_reasons *reasons = &session->scan.decision.reasons;

    if (reasons->count == 0)
        fg_session_answer(answer, FG_OK, "accepted: %s", session->scan.identified.code.text);
    else
        fg_session_answer(answer, FG_E_DENIED, "refused: %s",
                          fg_reason_text(session->settings.language, (enum fg_reason)reasons->reasons[0]));
}

static void manual(struct fg_session *session, const struct fg_control_request *request,
                   const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_identified identified = {
        .tag = FG_TAG_OK, .identity = FG_IDENTITY_MANUAL, .code = request->code};

    if (request->code.text[0] == '\0') {
        fg_session_answer(answer, FG_E_ARG, "code is empty");
        return;
    }
    if (session->fill.phase != FG_FILL_IDLE || session->shutting_down) {
        fg_session_answer(answer, FG_E_BUSY, "a fill is under way");
        return;
    }
    memcpy(identified.second_person, request->second_person, sizeof(identified.second_person));
    session->tag_done = session->presence.uid.length != 0;
    fg_session_decide(session, &identified, now);
    decision_answer(session, answer);
}

static void recheck(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_identified identified;

    if (session->fill.phase != FG_FILL_IDLE || session->shutting_down) {
        fg_session_answer(answer, FG_E_BUSY, "a fill is under way");
        return;
    }
    if (session->presence.uid.length == 0 || session->tag.uid.length != session->presence.uid.length ||
        memcmp(session->tag.uid.bytes, session->presence.uid.bytes, session->tag.uid.length) != 0) {
        fg_session_answer(answer, FG_E_NOT_FOUND, "no tag is in the field");
        return;
    }
    session->tag_done = true;
    if (fg_session_card_sign_in(session, now)) {
        fg_session_answer(answer, FG_E_STATE, "the tag in the field is an operator's card");
        return;
    }
    fg_identify_tag(&session->tag, session->settings.trusted, session->settings.trusted_count, &identified);
    fg_session_decide(session, &identified, now);
    decision_answer(session, answer);
}

static void import_list(struct fg_session *session, const struct fg_control_request *request,
                        const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_manifest manifest;
    struct fg_error error = {0};
    bool clock_known = now->clock_quality != FG_CLOCK_UNKNOWN;
    enum fg_err code;

    if (request->path[0] != '/') {
        fg_session_answer(answer, FG_E_ARG, "path must be absolute");
        return;
    }
    if (session->stores.list == NULL) {
        fg_session_answer(answer, FG_E_STATE, "the list store is not open");
        return;
    }
    /* An import takes as long as its list is large; the loop must be free while the valve is open. */
    if (session->fill.phase != FG_FILL_IDLE) {
        fg_session_answer(answer, FG_E_BUSY, "a fill is under way; import when it has ended");
        return;
    }
    code = fg_list_import(session->stores.list, request->path, clock_known ? now->wall_ms : 0, &manifest,
                          &error);
    if (code != FG_OK) {
        if (code == FG_E_AUTH || code == FG_E_OLD || code == FG_E_FORMAT || code == FG_E_EXPIRED)
            fg_session_raise(session, FG_EVENT_LIST_REFUSED, error.text, now);
        fg_session_answer(answer, code, "list not imported: %s", error.text);
        return;
    }
    fg_session_list_changed(session, now);
    answer->list_version = manifest.version;
    fg_session_answer(answer, FG_OK, "list %s version %llu in force", manifest.list_id,
                      (unsigned long long)manifest.version);
}

/* ---- sending ---- */

static void send_journal(struct fg_session *session, const struct fg_control_request *request,
                         struct fg_control_answer *answer)
{
    struct fg_error error = {0};
    size_t length = 0;
    enum fg_err code;

    if (session->stores.journal == NULL) {
        fg_session_answer(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    code = fg_journal_batch(session->stores.journal, request->from_sequence, request->count_max,
                            answer->batch, sizeof(answer->batch), &length, &answer->next_sequence, &error);
    if (code != FG_OK) {
        fg_session_answer(answer, code, "%s", error.text);
        return;
    }
    answer->batch_length = (uint16_t)length;
    fg_session_answer(answer, FG_OK, "entries %llu to %llu", (unsigned long long)request->from_sequence,
                      (unsigned long long)answer->next_sequence - 1);
}

/* A genuine receipt that contradicts the journal is evidence of tampering, told once: the same receipt comes
 * again with every batch. */
static void take_receipt(struct fg_session *session, const struct fg_control_request *request,
                         const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_journal *journal = session->stores.journal;
    struct fg_error error = {0};
    uint64_t before;
    enum fg_err code;

    if (journal == NULL) {
        fg_session_answer(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    if (!session->has_receipt_key) {
        fg_session_answer(answer, FG_E_STATE,
                          "receipt refused: the bureau's receipt key ([files] receipt_key) is not there yet");
        return;
    }
    before = fg_journal_receipt_next(journal);
    code = fg_journal_take_receipt(journal, request->receipt, request->receipt_length, &session->receipt_key,
                                   now->wall_ms, &error);
    answer->next_sequence = fg_journal_receipt_next(journal);
    if (code == FG_E_CORRUPT && !session->receipt_tamper_told) {
        session->receipt_tamper_told = true;
        fg_session_raise(session, FG_EVENT_JOURNAL_TAMPERED, "the bureau's receipt contradicts the journal",
                         now);
    }
    if (code != FG_OK) {
        fg_session_log(session, "receipt refused: %s", error.text);
        fg_session_answer(answer, code, "receipt refused: %s", error.text);
        return;
    }
    if (answer->next_sequence != before)
        fg_session_log(session, "receipt: the bureau holds every entry before %llu, %llu are unsent",
                       (unsigned long long)answer->next_sequence,
                       (unsigned long long)fg_journal_unsent(journal));
    fg_session_answer(answer, FG_OK, "entries before %llu are held by the bureau",
                      (unsigned long long)answer->next_sequence);
}

void fg_session_set_receipt_key(struct fg_session *session, const struct fg_public_key *key)
{
    session->receipt_key = *key;
    session->has_receipt_key = true;
}

void fg_session_set_tag_keys(struct fg_session *session, const struct fg_public_key *keys, size_t count)
{
    struct fg_session_settings *settings = &session->settings;

    settings->trusted_count =
        (uint8_t)(count < FG_SESSION_TAG_KEYS_MAX ? count : (size_t)FG_SESSION_TAG_KEYS_MAX);
    memcpy(settings->trusted, keys, settings->trusted_count * sizeof(*keys));
}

/* What only the present operator may ask for. STOP is not among them: anybody may stop. */
static bool needs_operator(uint8_t kind)
{
    switch (kind) {
    case FG_CONTROL_CHECK:
    case FG_CONTROL_START:
    case FG_CONTROL_SUSPEND:
    case FG_CONTROL_RESUME:
    case FG_CONTROL_CLEAR_LOCK_OUT:
    case FG_CONTROL_MANUAL:
    case FG_CONTROL_RECHECK:
        return true;
    default:
        return false;
    }
}

/* Requests about the fill; false: it is none. */
static bool fill_command(struct fg_session *session, const struct fg_control_request *request,
                         const struct fg_moment *now, struct fg_control_answer *answer)
{
    switch (request->kind) {
    case FG_CONTROL_CHECK:
        check(session, request, now, answer);
        return true;
    case FG_CONTROL_START:
        start(session, now, answer);
        return true;
    case FG_CONTROL_STOP:
        stop(session, now, answer);
        return true;
    case FG_CONTROL_SUSPEND:
        suspend(session, now, answer);
        return true;
    case FG_CONTROL_RESUME:
        resume(session, now, answer);
        return true;
    case FG_CONTROL_CLEAR_LOCK_OUT:
        clear_lock_out(session, now, answer);
        return true;
    case FG_CONTROL_MANUAL:
        manual(session, request, now, answer);
        return true;
    case FG_CONTROL_RECHECK:
        recheck(session, now, answer);
        return true;
    default:
        return false;
    }
}

/* What link and panel ask all the time is not worth a line each time. */
static bool is_worth_a_line(uint8_t kind)
{
    return kind != FG_CONTROL_STATE && kind != FG_CONTROL_BOARD && kind != FG_CONTROL_JOURNAL &&
           kind != FG_CONTROL_RECEIPT;
}

void fg_session_command(struct fg_session *session, const struct fg_control_request *request,
                        bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *ret_answer)
{
    memset(ret_answer, 0, sizeof(*ret_answer));
    session->port.read(session->port.context, &session->plant);
    if (is_worth_a_line(request->kind))
        fg_session_log(session, "control: %s", fg_control_kind_name(request->kind));
    if (needs_operator(request->kind)) {
        if (session->operator_id[0] == '\0') {
            fg_session_answer(ret_answer, FG_E_DENIED, "an operator must be signed in for %s",
                              fg_control_kind_name(request->kind));
            return;
        }
        fg_session_operator_used(session, now);
    }
    if (fill_command(session, request, now, ret_answer))
        return;
    if (request->kind == FG_CONTROL_STATE)
        fg_session_tell_state(session, now, ret_answer);
    else if (request->kind == FG_CONTROL_BOARD)
        fg_session_tell_board(session, now, ret_answer);
    else if (request->kind == FG_CONTROL_SIGN_IN)
        fg_session_sign_in(session, request, asker_is_own, now, ret_answer);
    else if (request->kind == FG_CONTROL_SIGN_OUT)
        fg_session_sign_out(session, now, ret_answer);
    else if (request->kind == FG_CONTROL_IMPORT_LIST)
        import_list(session, request, now, ret_answer);
    else if (request->kind == FG_CONTROL_JOURNAL)
        send_journal(session, request, ret_answer);
    else if (request->kind == FG_CONTROL_RECEIPT)
        take_receipt(session, request, now, ret_answer);
    else
        fg_session_answer(ret_answer, FG_E_ARG, "unknown request %u", request->kind);
}
