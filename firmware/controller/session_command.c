/* Requests of the control socket carried out on the session (session.h, fg_session_command). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "firmware/controller/session_private.h"

static void answer_give(struct fg_control_answer *answer, enum fg_err result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void answer_give(struct fg_control_answer *answer, enum fg_err result, const char *format, ...)
{
    va_list arguments;

    answer->result = result;
    va_start(arguments, format);
    (void)vsnprintf(answer->text, sizeof(answer->text), format, arguments);
    va_end(arguments);
}

/* ---- operators ---- */

static void sign_out(struct fg_session *session, const struct fg_moment *now,
                     struct fg_control_answer *answer)
{
    struct fg_error error = {0};

    if (session->operator_id[0] == '\0') {
        answer_give(answer, FG_E_STATE, "nobody is signed in");
        return;
    }
    /* The fill is stopped first and logged as this operator's; only then does the operator leave. */
    fg_session_step_kind(session, FG_FILL_EVENT_OPERATOR_LEFT, now);
    if (fg_session_write_operator(session, session->operator_id, false, now, &error) != FG_OK)
        fg_session_log(session, "operator: sign-out of %s not logged: %s", session->operator_id, error.text);
    fg_session_log(session, "operator: %s signed out", session->operator_id);
    answer_give(answer, FG_OK, "%s signed out", session->operator_id);
    session->operator_id[0] = '\0';
    session->certificate_end_day = 0;
}

static void sign_in(struct fg_session *session, const struct fg_control_request *request,
                    const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_error error = {0};

    if (request->operator_id[0] == '\0') {
        answer_give(answer, FG_E_ARG, "operator_id is empty");
        return;
    }
    if (session->fill.phase != FG_FILL_IDLE) {
        answer_give(answer, FG_E_BUSY, "a fill is under way; sign in when it has ended");
        return;
    }
    if (session->operator_id[0] != '\0')
        sign_out(session, now, answer);
    if (fg_session_write_operator(session, request->operator_id, true, now, &error) != FG_OK) {
        answer_give(answer, error.code, "not signed in: %s", error.text);
        return;
    }
    memcpy(session->operator_id, request->operator_id, sizeof(session->operator_id));
    session->certificate_end_day = request->certificate_end_day;
    fg_session_log(session, "operator: %s signed in", session->operator_id);
    answer_give(answer, FG_OK, "%s signed in", session->operator_id);
}

/* ---- the fill ---- */

static void check(struct fg_session *session, const struct fg_control_request *request,
                  const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_fill_event event = {
        .kind = FG_FILL_EVENT_CHECKED, .checks = request->checks, .check_failed = request->check_failed};
    uint8_t phase = session->fill.phase;

    if (phase != FG_FILL_PRE_CHECK && phase != FG_FILL_POST_CHECK) {
        answer_give(answer, FG_E_STATE, "no check is due in phase %s",
                    fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_step(session, &event, now);
    answer_give(answer, FG_OK, "%s", request->check_failed ? "recorded as failed" : "confirmed");
}

static void start(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_fill *fill = &session->fill;
    uint8_t phase = fill->phase;

    if (phase != FG_FILL_PRE_CHECK) {
        answer_give(answer, FG_E_STATE, "nothing to start in phase %s",
                    fg_fill_phase_name((enum fg_fill_phase)phase));
        return;
    }
    fg_session_step_kind(session, FG_FILL_EVENT_START, now);
    if (fill->phase == FG_FILL_PRE_CHECK)
        answer_give(answer, FG_E_STATE, "not started: check items still to be confirmed: mask 0x%x",
                    fill->scan.pre_checks_wanted & ~fill->pre_checks_done);
    else if (fill->phase == FG_FILL_IDLE)
        answer_give(answer, FG_E_IO, "not started: the fill could not be authorised");
    else
        answer_give(answer, FG_OK, "started, entry %llu", (unsigned long long)fill->authorised_sequence);
}

static void stop(struct fg_session *session, const struct fg_moment *now, struct fg_control_answer *answer)
{
    bool busy = session->fill.phase != FG_FILL_IDLE;

    /* Always fed: a stop that comes late or twice must never be argued with. */
    fg_session_step_kind(session, FG_FILL_EVENT_STOP, now);
    answer_give(answer, FG_OK, "%s", busy ? "stopped" : "nothing was running");
}

static void clear_lock_out(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer)
{
    if (session->operator_id[0] == '\0') {
        answer_give(answer, FG_E_DENIED, "an operator must be signed in to clear the lock-out");
        return;
    }
    if (!session->fill.locked_out) {
        answer_give(answer, FG_E_STATE, "the point is not locked out");
        return;
    }
    fg_session_step_kind(session, FG_FILL_EVENT_CLEAR_LOCK_OUT, now);
    if (session->fill.locked_out)
        answer_give(answer, FG_E_STATE, "still locked out");
    else
        answer_give(answer, FG_OK, "lock-out cleared");
}

static void decision_answer(const struct fg_session *session, struct fg_control_answer *answer)
{
    const struct fg_reasons *reasons = &session->scan.decision.reasons;

    if (reasons->count == 0)
        answer_give(answer, FG_OK, "accepted: %s", session->scan.identified.code.text);
    else
        answer_give(answer, FG_E_DENIED, "refused: %s",
                    fg_reason_text(session->settings.language, (enum fg_reason)reasons->reasons[0]));
}

static void manual(struct fg_session *session, const struct fg_control_request *request,
                   const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_identified identified = {
        .tag = FG_TAG_OK, .identity = FG_IDENTITY_MANUAL, .code = request->code};

    if (request->code.text[0] == '\0') {
        answer_give(answer, FG_E_ARG, "code is empty");
        return;
    }
    if (session->fill.phase != FG_FILL_IDLE || session->shutting_down) {
        answer_give(answer, FG_E_BUSY, "a fill is under way");
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
        answer_give(answer, FG_E_BUSY, "a fill is under way");
        return;
    }
    if (session->presence.uid.length == 0 || session->tag.uid.length != session->presence.uid.length ||
        memcmp(session->tag.uid.bytes, session->presence.uid.bytes, session->tag.uid.length) != 0) {
        answer_give(answer, FG_E_NOT_FOUND, "no tag is in the field");
        return;
    }
    session->tag_done = true;
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
        answer_give(answer, FG_E_ARG, "path must be absolute");
        return;
    }
    if (session->stores.list == NULL) {
        answer_give(answer, FG_E_STATE, "the list store is not open");
        return;
    }
    /* An import takes as long as its list is large; the loop must be free while the valve is open. */
    if (session->fill.phase != FG_FILL_IDLE) {
        answer_give(answer, FG_E_BUSY, "a fill is under way; import when it has ended");
        return;
    }
    code = fg_list_import(session->stores.list, request->path, clock_known ? now->wall_ms : 0, &manifest,
                          &error);
    if (code != FG_OK) {
        if (code == FG_E_AUTH || code == FG_E_OLD || code == FG_E_FORMAT || code == FG_E_EXPIRED)
            fg_session_raise(session, FG_EVENT_LIST_REFUSED, error.text, now);
        answer_give(answer, code, "list not imported: %s", error.text);
        return;
    }
    fg_session_list_changed(session, now);
    answer->list_version = manifest.version;
    answer_give(answer, FG_OK, "list %s version %llu in force", manifest.list_id,
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
        answer_give(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    code = fg_journal_batch(session->stores.journal, request->from_sequence, request->count_max,
                            answer->batch, sizeof(answer->batch), &length, &answer->next_sequence, &error);
    if (code != FG_OK) {
        answer_give(answer, code, "%s", error.text);
        return;
    }
    answer->batch_length = (uint16_t)length;
    answer_give(answer, FG_OK, "entries %llu to %llu", (unsigned long long)request->from_sequence,
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
        answer_give(answer, FG_E_STATE, "the journal is not open");
        return;
    }
    if (!session->has_receipt_key) {
        answer_give(answer, FG_E_STATE,
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
        answer_give(answer, code, "receipt refused: %s", error.text);
        return;
    }
    if (answer->next_sequence != before)
        fg_session_log(session, "receipt: the bureau holds every entry before %llu, %llu are unsent",
                       (unsigned long long)answer->next_sequence,
                       (unsigned long long)fg_journal_unsent(journal));
    answer_give(answer, FG_OK, "entries before %llu are held by the bureau",
                (unsigned long long)answer->next_sequence);
}

/* ---- state ---- */

static void state_tell_machine(const struct fg_session *session, struct fg_control_state *state)
{
    const struct fg_fill *fill = &session->fill;
    const struct fg_station_rules *rules = &session->manifest.rules;
    bool busy = fill->phase != FG_FILL_IDLE;

    memcpy(state->controller, session->settings.controller, sizeof(state->controller));
    memcpy(state->point, session->settings.point, sizeof(state->point));
    state->medium = session->settings.medium;
    state->boot = session->stores.journal_start.boot;
    state->phase = fill->phase;
    (void)snprintf(state->phase_name, sizeof(state->phase_name), "%s",
                   fg_fill_phase_name((enum fg_fill_phase)fill->phase));
    state->valve_commanded = session->valve_held;
    state->locked_out = fill->locked_out;
    if (busy) {
        state->programme = fill->scan.programme;
        state->authorised_sequence = fill->authorised_sequence;
        state->pre_checks_wanted = fill->scan.pre_checks_wanted;
        state->pre_checks_done = fill->pre_checks_done;
        state->post_checks_wanted = fill->scan.post_checks_wanted;
        state->post_checks_done = fill->post_checks_done;
        if (fill->phase >= FG_FILL_FILLING)
            state->quantity_g = fg_fill_quantity_g(fill, &session->plant);
    }
    if (session->manifest_known) {
        state->pre_check_count = rules->pre_check_count;
        state->post_check_count = rules->post_check_count;
        memcpy(state->pre_checks, rules->pre_checks, sizeof(state->pre_checks));
        memcpy(state->post_checks, rules->post_checks, sizeof(state->post_checks));
    }
    state->fills_ended = session->fills_ended;
    state->last_stop = session->last_stop;
    state->last_ended_sequence = session->last_ended_sequence;
    state->last_quantity_g = session->last_quantity_g;
}

static void state_tell_scan(const struct fg_session *session, struct fg_control_state *state)
{
    const struct scan *scan = &session->scan;

    state->tag_present = session->presence.uid.length != 0;
    state->uid = session->presence.uid;
    state->code = scan->identified.code;
    memcpy(state->plate, scan->row.plate, sizeof(state->plate));
    state->decisions = session->decisions;
    state->identity = scan->identified.identity;
    state->reasons = scan->decision.reasons;
    state->failing_code = scan->decision.failing_code;
    state->failing_reason = scan->decision.failing_reason;
    state->decision_sequence = session->decision_sequence;
    memcpy(state->operator_id, session->operator_id, sizeof(state->operator_id));
    state->certificate_end_day = session->certificate_end_day;
}

static void state_tell_stores(struct fg_session *session, const struct fg_moment *now,
                              struct fg_control_state *state)
{
    state->list_state = fg_session_list_state(session);
    if (session->manifest_known) {
        const struct fg_manifest *manifest = &session->manifest;

        memcpy(state->list_id, manifest->list_id, sizeof(state->list_id));
        state->list_version = manifest->version;
        state->list_issued_ms = manifest->issued_ms;
        state->list_expires_ms = manifest->expires_ms;
        state->list_age_ms = now->wall_ms - manifest->issued_ms;
        state->list_age_warning = manifest->rules.list_warn_age_h != 0 &&
                                  state->list_age_ms / 3600000 >= manifest->rules.list_warn_age_h;
    }
    state->journal_state = fg_session_journal_state(session);
    if (session->stores.journal != NULL) {
        state->journal_count = fg_journal_count(session->stores.journal);
        state->journal_unsent = fg_journal_unsent(session->stores.journal);
        state->oldest_unsent_ms = fg_journal_oldest_unsent_ms(session->stores.journal);
        state->receipt_next = fg_journal_receipt_next(session->stores.journal);
        state->receipt_taken_ms = fg_journal_receipt_ms(session->stores.journal);
    }
    state->journal_last_sequence = session->last_sequence;
    state->clock_quality = now->clock_quality;
    state->wall_ms = now->wall_ms;
}

static void state_tell_plant(struct fg_session *session, const struct fg_moment *now,
                             struct fg_control_state *state)
{
    uint8_t count = session->port.device_count(session->port.context);

    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_reading *reading = &session->plant.readings[i];

        state->readings[i].configured = session->plant.configured[i];
        state->readings[i].state = reading->state;
        state->readings[i].value = reading->state == FG_READING_GOOD ? reading->value : 0;
        state->readings[i].age_ms =
            reading->state == FG_READING_MISSING ? 0 : now->mono_ms - reading->at_mono_ms;
    }
    for (uint8_t i = 0; i < count && i < FG_CONTROL_DEVICES_MAX; i++) {
        struct fg_control_device *device = &state->devices[i];
        struct fg_device_status status;

        session->port.device_status(session->port.context, i, &status);
        memcpy(device->name, status.name, sizeof(device->name));
        device->link = status.link;
        device->requests = status.requests;
        device->failures = status.failures;
        memcpy(device->last_error, status.last_error, sizeof(device->last_error));
        state->device_count++;
    }
    state->reader_up = session->reader_up;
    state->reader_restarts = session->reader_restarts;
    memcpy(state->reader_text, session->reader_text, sizeof(state->reader_text));
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

void fg_session_command(struct fg_session *session, const struct fg_control_request *request,
                        const struct fg_moment *now, struct fg_control_answer *ret_answer)
{
    struct fg_control_answer *answer = ret_answer;

    memset(answer, 0, sizeof(*answer));
    session->port.read(session->port.context, &session->plant);
    /* What the link asks every second is not worth a line each time. */
    if (request->kind != FG_CONTROL_STATE && request->kind != FG_CONTROL_JOURNAL &&
        request->kind != FG_CONTROL_RECEIPT)
        fg_session_log(session, "control: %s", fg_control_kind_name(request->kind));
    if (request->kind == FG_CONTROL_STATE) {
        answer->has_state = true;
        state_tell_machine(session, &answer->state);
        state_tell_scan(session, &answer->state);
        state_tell_stores(session, now, &answer->state);
        state_tell_plant(session, now, &answer->state);
    } else if (request->kind == FG_CONTROL_SIGN_IN) {
        sign_in(session, request, now, answer);
    } else if (request->kind == FG_CONTROL_SIGN_OUT) {
        sign_out(session, now, answer);
    } else if (request->kind == FG_CONTROL_CHECK) {
        check(session, request, now, answer);
    } else if (request->kind == FG_CONTROL_START) {
        start(session, now, answer);
    } else if (request->kind == FG_CONTROL_STOP) {
        stop(session, now, answer);
    } else if (request->kind == FG_CONTROL_CLEAR_LOCK_OUT) {
        clear_lock_out(session, now, answer);
    } else if (request->kind == FG_CONTROL_MANUAL) {
        manual(session, request, now, answer);
    } else if (request->kind == FG_CONTROL_IMPORT_LIST) {
        import_list(session, request, now, answer);
    } else if (request->kind == FG_CONTROL_RECHECK) {
        recheck(session, now, answer);
    } else if (request->kind == FG_CONTROL_JOURNAL) {
        send_journal(session, request, answer);
    } else if (request->kind == FG_CONTROL_RECEIPT) {
        take_receipt(session, request, now, answer);
    } else {
        answer_give(answer, FG_E_ARG, "unknown request %u", request->kind);
    }
}
