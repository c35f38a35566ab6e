/* Requests of the control socket carried out on the session, and their answers' texts (session.h,
 * fg_session_command). Knows the session by its public functions only. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "firmware/controller/decision/second_person.h"
#include "firmware/controller/session/session.h"

static void __attribute__((format(printf, 3, 4)))
answer_set(struct fg_control_answer *answer, enum fg_err result, const char *format, ...)
{
    va_list arguments;

    answer->result = result;
    va_start(arguments, format);
    (void)vsnprintf(answer->text, sizeof(answer->text), format, arguments);
    va_end(arguments);
}

static const char *reason_shown(const struct fg_session *session)
{
    return fg_reason_text(fg_session_language(session),
                          (enum fg_reason)fg_session_reasons(session)->reasons[0]);
}

/* ---- the fill ---- */

static void check(struct fg_session *session, const struct fg_control_request *request,
                  const struct fg_moment *now, struct fg_control_answer *answer)
{
    uint8_t phase = fg_session_fill(session)->phase;

    if (phase != FG_FILL_PRE_CHECK && phase != FG_FILL_POST_CHECK) {
        answer_set(answer, FG_E_STATE, "no check is due in phase %s",
                   fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_check(session, request->checks, request->check_failed, now);
    if (request->check_failed)
        answer_set(answer, FG_OK, "recorded as failed: %s", fg_session_check_text(session));
    else
        answer_set(answer, FG_OK, "confirmed");
}

static void start(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = fg_session_fill(session);
    uint8_t phase = fill->phase;

    if (phase != FG_FILL_PRE_CHECK) {
        answer_set(answer, FG_E_STATE, "nothing to start in phase %s",
                   fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_press(session, FG_FILL_EVENT_START, now);
    if (fill->phase == FG_FILL_PRE_CHECK)
        answer_set(answer, FG_E_STATE, "not started: check items still to be confirmed: mask 0x%x",
                   fill->scan.pre_checks_wanted & ~fill->pre_checks_done);
    else if (fill->phase == FG_FILL_IDLE)
        answer_set(answer, FG_E_DENIED, "not started: %s", reason_shown(session));
    else
        answer_set(answer, FG_OK, "started, entry %llu", (unsigned long long)fill->authorised_sequence);
}

static void stop(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    bool busy = fg_session_fill(session)->phase != FG_FILL_IDLE;

    /* Always fed: a stop that comes late or twice must never be argued with. */
    fg_session_press(session, FG_FILL_EVENT_STOP, now);
    answer_set(answer, FG_OK, "%s", busy ? "stopped" : "nothing was running");
}

static void suspend(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = fg_session_fill(session);
    const char *phase = fg_fill_phase_name((enum fg_fill_phase)fill->phase);

    if (fill->phase != FG_FILL_FILLING && fill->phase != FG_FILL_SUSPENDED) {
        answer_set(answer, FG_E_STATE, "nothing to suspend in phase %s", phase);
        return;
    }
    fg_session_press(session, FG_FILL_EVENT_SUSPEND, now);
    if (fill->suspended_by_operator)
        answer_set(answer, FG_OK, "suspended");
    else
        answer_set(answer, FG_E_STATE, "not suspended, the fill ends: %s",
                   fg_stop_text(fg_session_language(session), (enum fg_stop)fill->stop));
}

static void resume(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = fg_session_fill(session);

    if (fill->phase != FG_FILL_SUSPENDED)
        answer_set(answer, FG_E_STATE, "nothing to resume in phase %s",
                   fg_fill_phase_name((enum fg_fill_phase)fill->phase));
    else if (!fill->suspended_by_operator)
        answer_set(answer, FG_E_STATE, "the tag is gone: put it back, then the fill goes on by itself");
    else if (!fill->tag_present)
        answer_set(answer, FG_E_STATE, "not resumed: put the cylinder's tag back into the field first");
    if (answer->result != FG_OK)
        return;
    fg_session_press(session, FG_FILL_EVENT_RESUME, now);
    if (fill->phase == FG_FILL_FILLING)
        answer_set(answer, FG_OK, "resumed");
    else if (fill->stop == FG_STOP_GROUNDS_GONE && fg_session_reasons(session)->count > 0)
        answer_set(answer, FG_E_DENIED, "not resumed, the fill ends: %s", reason_shown(session));
    else
        answer_set(answer, FG_E_STATE, "not resumed, the fill ends: %s",
                   fg_stop_text(fg_session_language(session), (enum fg_stop)fill->stop));
}

static void clear_lock_out(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer)
{
    if (!fg_session_fill(session)->locked_out) {
        answer_set(answer, FG_E_STATE, "the point is not locked out");
        return;
    }
    fg_session_press(session, FG_FILL_EVENT_CLEAR_LOCK_OUT, now);
    if (fg_session_fill(session)->locked_out)
        answer_set(answer, FG_E_STATE, "still locked out");
    else
        answer_set(answer, FG_OK, "lock-out cleared");
}

static void decision_answer(const struct fg_session *session, const struct fg_reasons *reasons,
                            struct fg_control_answer *answer)
{
    if (reasons->count == 0)
        answer_set(answer, FG_OK, "accepted: %s", fg_session_code(session)->text);
    else
        answer_set(answer, FG_E_DENIED, "refused: %s",
                   fg_reason_text(fg_session_language(session), (enum fg_reason)reasons->reasons[0]));
}

static void manual(struct fg_session *session, const struct fg_control_request *request,
                   const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_reasons reasons;
    struct fg_error error = {0};
    bool waits = false;

    if (request->code.text[0] == '\0')
        answer_set(answer, FG_E_ARG, "code is empty");
    else if (fg_session_scan_by_hand(session, &request->code, now, &waits, &reasons, &error) != FG_OK)
        answer_set(answer, error.code, "%s", error.text);
    else if (waits)
        answer_set(answer, FG_OK, "%s waits %d s for a second operator's card or PIN", request->code.text,
                   FG_SECOND_WAIT_MS / 1000);
    else
        decision_answer(session, &reasons, answer);
}

static void second(struct fg_session *session, const struct fg_control_request *request,
                   const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_reasons reasons;
    struct fg_error error = {0};

    if (request->operator_id[0] == '\0' || request->pin[0] == '\0')
        answer_set(answer, FG_E_ARG, "give the second person's operator_id and pin");
    else if (fg_session_second_by_pin(session, request->operator_id, request->pin, now, &reasons, &error) !=
             FG_OK)
        answer_set(answer, error.code, "%s", error.text);
    else
        decision_answer(session, &reasons, answer);
}

static void recheck(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_error error = {0};

    if (fg_session_scan_again(session, now, &error) != FG_OK)
        answer_set(answer, error.code, "%s", error.text);
    else
        answer_set(answer, FG_OK, "the tag is read again");
}

/* ---- the operator ---- */

static void sign_in_by_pin(struct fg_session *session, const struct fg_control_request *request,
                           const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_error error = {0};
    bool already = false;
    enum fg_err code =
        fg_session_sign_in_by_pin(session, request->operator_id, request->pin, now, &already, &error);

    if (code == FG_OK)
        answer_set(answer, FG_OK, "%s %s", fg_session_operator(session),
                   already ? "is signed in already" : "signed in");
    else if (code == FG_E_BUSY || code == FG_E_STATE || code == FG_E_DENIED)
        answer_set(answer, code, "%s", error.text);
    else
        answer_set(answer, code, "not signed in: %s", error.text);
}

/* The date of a certificate is the bureau's to say; a technician at the board may say it in its place. */
static void sign_in_by_hand(struct fg_session *session, const struct fg_control_request *request,
                            bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_error error = {0};
    enum fg_err code;

    if (!asker_is_own) {
        answer_set(answer, FG_E_DENIED,
                   "a certificate date given by hand counts only from the user that fillgated runs as, "
                   "and from root; sign in with a PIN or a card");
        return;
    }
    code =
        fg_session_sign_in_by_hand(session, request->operator_id, request->certificate_end_day, now, &error);
    if (code == FG_OK)
        answer_set(answer, FG_OK, "%s signed in", fg_session_operator(session));
    else
        answer_set(answer, code, "%s%s", code == FG_E_BUSY ? "" : "not signed in: ", error.text);
}

static void sign_in(struct fg_session *session, const struct fg_control_request *request, bool asker_is_own,
                    const struct fg_moment *now, struct fg_control_answer *answer)
{
    bool by_pin = request->pin[0] != '\0';

    if (request->operator_id[0] == '\0')
        answer_set(answer, FG_E_ARG, "operator_id is empty");
    else if (by_pin && request->certificate_end_day != 0)
        answer_set(answer, FG_E_ARG, "give a PIN or a certificate date, not both");
    else if (by_pin)
        sign_in_by_pin(session, request, now, answer);
    else if (request->certificate_end_day == 0)
        answer_set(answer, FG_E_ARG, "the PIN is empty");
    else
        sign_in_by_hand(session, request, asker_is_own, now, answer);
}

static void sign_out(struct fg_session *session, const struct fg_moment *now,
                     struct fg_control_answer *answer)
{
    char id[FG_NAME_MAX + 1];

    (void)snprintf(id, sizeof(id), "%s", fg_session_operator(session));
    if (id[0] == '\0') {
        answer_set(answer, FG_E_STATE, "nobody is signed in");
        return;
    }
    fg_session_sign_out(session, now);
    answer_set(answer, FG_OK, "%s signed out", id);
}

/* ---- the list ---- */

static void import_list(struct fg_session *session, const struct fg_control_request *request,
                        const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_manifest manifest;
    struct fg_error error = {0};
    bool clock_known = now->clock_quality != FG_CLOCK_UNKNOWN;
    enum fg_err code;

    if (request->path[0] != '/') {
        answer_set(answer, FG_E_ARG, "path must be absolute");
        return;
    }
    if (fg_session_stores(session)->list == NULL) {
        answer_set(answer, FG_E_STATE, "the list store is not open");
        return;
    }
    /* An import takes as long as its list is large; the loop must be free while the valve is open. */
    if (fg_session_fill(session)->phase != FG_FILL_IDLE) {
        answer_set(answer, FG_E_BUSY, "a fill is in progress; import when it has ended");
        return;
    }
    code = fg_list_import(fg_session_stores(session)->list, request->path, clock_known ? now->wall_ms : 0,
                          &manifest, &error);
    if (code != FG_OK) {
        if (code == FG_E_AUTH || code == FG_E_OLD || code == FG_E_FORMAT || code == FG_E_EXPIRED)
            fg_session_raise(session, FG_EVENT_LIST_REFUSED, error.text, now);
        answer_set(answer, code, "list not imported: %s", error.text);
        return;
    }
    fg_session_list_changed(session, now);
    answer->list_version = manifest.version;
    answer_set(answer, FG_OK, "list %s version %llu in force", manifest.list_id,
               (unsigned long long)manifest.version);
}

/* ---- sending ---- */

static void send_journal(struct fg_session *session, const struct fg_control_request *request,
                         struct fg_control_answer *answer)
{
    struct fg_error error = {0};
    size_t length = 0;
    enum fg_err code;

    if (fg_session_stores(session)->journal == NULL) {
        answer_set(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    code = fg_journal_batch(fg_session_stores(session)->journal, request->from_sequence, request->count_max,
                            answer->batch, sizeof(answer->batch), &length, &answer->next_sequence, &error);
    if (code != FG_OK) {
        answer_set(answer, code, "%s", error.text);
        return;
    }
    answer->batch_length = (uint16_t)length;
    answer_set(answer, FG_OK, "entries %llu to %llu", (unsigned long long)request->from_sequence,
               (unsigned long long)answer->next_sequence - 1);
}

static void take_receipt(struct fg_session *session, const struct fg_control_request *request,
                         const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_journal *journal = fg_session_stores(session)->journal;
    const struct fg_public_key *key = fg_session_receipt_key(session);
    struct fg_error error = {0};
    uint64_t before;
    enum fg_err code;

    if (journal == NULL) {
        answer_set(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    if (key == NULL) {
        answer_set(answer, FG_E_STATE,
                   "receipt refused: the bureau's receipt key ([files] receipt_key) is missing");
        return;
    }
    before = fg_journal_receipt_next(journal);
    code = fg_journal_take_receipt(journal, request->receipt, request->receipt_length, key, now->wall_ms,
                                   &error);
    answer->next_sequence = fg_journal_receipt_next(journal);
    if (code == FG_E_CORRUPT)
        fg_session_receipt_contradicts(session, now);
    if (code != FG_OK) {
        fg_log_line(fg_session_log(session), "receipt refused: %s", error.text);
        answer_set(answer, code, "receipt refused: %s", error.text);
        return;
    }
    if (answer->next_sequence != before)
        fg_log_line(
            fg_session_log(session), "receipt: the bureau holds every entry before %llu, %llu are unsent",
            (unsigned long long)answer->next_sequence, (unsigned long long)fg_journal_unsent(journal));
    answer_set(answer, FG_OK, "entries before %llu are held by the bureau",
               (unsigned long long)answer->next_sequence);
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
    case FG_CONTROL_SECOND:
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
    case FG_CONTROL_SECOND:
        second(session, request, now, answer);
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
    fg_session_look(session);
    if (is_worth_a_line(request->kind))
        fg_log_line(fg_session_log(session), "control: %s", fg_control_kind_name(request->kind));
    if (needs_operator(request->kind)) {
        if (fg_session_operator(session)[0] == '\0') {
            answer_set(ret_answer, FG_E_DENIED, "an operator must be signed in for %s",
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
        sign_in(session, request, asker_is_own, now, ret_answer);
    else if (request->kind == FG_CONTROL_SIGN_OUT)
        sign_out(session, now, ret_answer);
    else if (request->kind == FG_CONTROL_IMPORT_LIST)
        import_list(session, request, now, ret_answer);
    else if (request->kind == FG_CONTROL_JOURNAL)
        send_journal(session, request, ret_answer);
    else if (request->kind == FG_CONTROL_RECEIPT)
        take_receipt(session, request, now, ret_answer);
    else
        answer_set(ret_answer, FG_E_ARG, "unknown request %u", request->kind);
}
