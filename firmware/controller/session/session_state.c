/* What is so now, told to whoever asks: single facts, and the answers to STATE and BOARD, everything that a
 * panel shows, gathered at the moment of asking. Not: changing any of it. */
#include <stdio.h>
#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/controller/session/private.h"

const struct fg_fill *fg_session_fill(const struct fg_session *session)
{
    return &session->fill;
}

const char *fg_session_operator(const struct fg_session *session)
{
    return session->operator_in.id;
}

const struct fg_code *fg_session_code(const struct fg_session *session)
{
    return &session->judgement.identified.code;
}

const struct fg_reasons *fg_session_reasons(const struct fg_session *session)
{
    return &session->judgement.decision.reasons;
}

enum fg_language fg_session_language(const struct fg_session *session)
{
    return session->settings.language;
}

const struct fg_session_stores *fg_session_stores(const struct fg_session *session)
{
    return &session->stores;
}

const struct fg_log *fg_session_log(const struct fg_session *session)
{
    return &session->log;
}

static void state_tell_machine(const struct fg_session *session, struct fg_control_state *state)
{
    const struct fg_fill *fill = &session->fill;
    const struct fg_station_rules *rules = &session->look.manifest.rules;
    bool busy = fill->phase != FG_FILL_IDLE;

    memcpy(state->controller, session->settings.controller, sizeof(state->controller));
    memcpy(state->point, session->settings.point, sizeof(state->point));
    state->medium = session->settings.medium;
    state->boot = session->stores.journal_start.boot;
    state->phase = fill->phase;
    (void)snprintf(state->phase_name, sizeof(state->phase_name), "%s",
                   fg_fill_phase_name((enum fg_fill_phase)fill->phase));
    state->valve_commanded = session->plant.valve_held;
    state->locked_out = fill->locked_out;
    if (busy) {
        state->programme = fill->scan.programme;
        state->authorised_sequence = fill->authorised_sequence;
        state->pre_checks_wanted = fill->scan.pre_checks_wanted;
        state->pre_checks_done = fill->pre_checks_done;
        state->post_checks_wanted = fill->scan.post_checks_wanted;
        state->post_checks_done = fill->post_checks_done;
        if (fill->phase >= FG_FILL_FILLING)
            state->quantity_g = fg_fill_quantity_g(fill);
    }
    if (session->look.manifest_known) {
        state->pre_check_count = rules->pre_check_count;
        state->post_check_count = rules->post_check_count;
        memcpy(state->pre_checks, rules->pre_checks, sizeof(state->pre_checks));
        memcpy(state->post_checks, rules->post_checks, sizeof(state->post_checks));
    }
    state->fills_ended = session->recorder.fills_ended;
    state->last_stop = session->recorder.last_stop;
    state->last_ended_sequence = session->recorder.last_ended_sequence;
    state->last_quantity_g = session->recorder.last_quantity_g;
}

static void state_tell_scan(const struct fg_session *session, struct fg_control_state *state)
{
    const struct fg_judgement *scan = &session->judgement;

    state->tag_present = fg_tag_watch_is_present(&session->tag);
    state->uid = session->tag.presence.uid;
    state->code = scan->identified.code;
    memcpy(state->plate, scan->row.plate, sizeof(state->plate));
    state->decisions = session->decisions;
    state->identity = scan->identified.identity;
    memcpy(state->second_person, scan->identified.second_person, sizeof(state->second_person));
    state->second_proof = scan->identified.second_proof;
    state->reasons = scan->decision.reasons;
    state->failing_code = scan->decision.failing_code;
    (void)snprintf(state->check_text, sizeof(state->check_text), "%s", fg_session_check_text(session));
    state->failing_reason = scan->decision.failing_reason;
    state->decision_sequence = session->decision_sequence;
    state->row_known = scan->row_known;
    if (scan->row_known)
        state->row = scan->row;
}

static void state_tell_operator(const struct fg_session *session, const struct fg_moment *now,
                                struct fg_control_state *state)
{
    memcpy(state->operator_id, session->operator_in.id, sizeof(state->operator_id));
    state->certificate_end_day = session->operator_in.certificate_end_day;
    state->operator_idle_left_ms =
        session->fill.phase == FG_FILL_IDLE
            ? fg_operator_idle_left_ms(&session->operator_in, session->settings.operator_idle_max_ms,
                                       now->mono_ms)
            : 0;
    state->operator_proof = session->operator_in.proof;
    state->sign_in_blocked_left_ms = fg_pin_gate_left_ms(&session->pins, now->mono_ms);
    state->sign_in_blocked = state->sign_in_blocked_left_ms > 0;
}

static void state_tell_manual(const struct fg_session *session, const struct fg_moment *now,
                              struct fg_control_state *state)
{
    const struct fg_second *second = &session->second;

    state->manual_entry =
        session->look.state == FG_LIST_IN_FORCE && session->look.manifest.rules.manual_entry;
    state->second_left_ms = fg_second_left_ms(second, now->mono_ms);
    if (second->is_wanted)
        state->second_code = second->judgement.identified.code;
}

static void state_tell_progress(const struct fg_session *session, const struct fg_moment *now,
                                struct fg_control_state *state)
{
    struct fg_progress_shown shown;

    fg_progress_tell(&session->progress, &session->fill, &session->settings.fill, &session->plant.state,
                     now->mono_ms, &shown);
    state->phase_left_ms = shown.phase_left_ms;
    state->target = shown.target;
    state->progress_permille = shown.progress_permille;
    state->remaining_ms = shown.remaining_ms;
    state->suspended_by_operator = session->fill.suspended_by_operator;
    state->stop = session->fill.stop;
}

static bool point_is_blocked(const struct fg_session *session)
{
    const struct fg_station_rules *rules = &session->look.manifest.rules;

    if (!session->look.manifest_known)
        return false;
    for (size_t i = 0; i < rules->blocked_count && i < FG_POINTS_BLOCKED_MAX; i++) {
        if (strcmp(rules->blocked_points[i], session->settings.point) == 0)
            return true;
    }
    return false;
}

static void state_tell_stores(struct fg_session *session, const struct fg_moment *now,
                              struct fg_control_state *state)
{
    fg_session_look_at_list(session);
    state->list_state = session->look.state;
    if (session->look.manifest_known) {
        const struct fg_manifest *manifest = &session->look.manifest;

        memcpy(state->list_id, manifest->list_id, sizeof(state->list_id));
        state->list_version = manifest->version;
        state->list_issued_ms = manifest->issued_ms;
        state->list_expires_ms = manifest->expires_ms;
        state->list_age_ms = now->wall_ms - manifest->issued_ms;
        state->list_age_warning = manifest->rules.list_warn_age_h != 0 &&
                                  state->list_age_ms / 3600000 >= manifest->rules.list_warn_age_h;
    }
    state->journal_state = fg_recorder_journal_state(&session->recorder);
    if (session->stores.journal != NULL) {
        state->journal_count = fg_journal_count(session->stores.journal);
        state->journal_unsent = fg_journal_unsent(session->stores.journal);
        state->oldest_unsent_ms = fg_journal_oldest_unsent_ms(session->stores.journal);
        state->receipt_next = fg_journal_receipt_next(session->stores.journal);
        state->receipt_taken_ms = fg_journal_receipt_ms(session->stores.journal);
    }
    state->journal_last_sequence = session->recorder.last_sequence;
    state->clock_quality = now->clock_quality;
    state->wall_ms = now->wall_ms;
}

static void state_tell_plant(struct fg_session *session, const struct fg_moment *now,
                             struct fg_control_state *state)
{
    uint8_t count = session->plant.port.device_count(session->plant.port.context);

    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_reading *reading = &session->plant.state.readings[i];

        state->readings[i].configured = session->plant.state.configured[i];
        state->readings[i].state = reading->state;
        state->readings[i].value = reading->state == FG_READING_GOOD ? reading->value : 0;
        state->readings[i].age_ms =
            reading->state == FG_READING_MISSING ? 0 : now->mono_ms - reading->at_mono_ms;
    }
    for (uint8_t i = 0; i < count && i < FG_CONTROL_DEVICES_MAX; i++) {
        struct fg_control_device *device = &state->devices[i];
        struct fg_device_status status;

        session->plant.port.device_status(session->plant.port.context, i, &status);
        memcpy(device->name, status.name, sizeof(device->name));
        device->link = status.link;
        device->requests = status.requests;
        device->failures = status.failures;
        memcpy(device->last_error, status.last_error, sizeof(device->last_error));
        state->device_count++;
    }
    state->reader_up = session->tag.reader_up;
    state->reader_restarts = session->reader_restarts;
    memcpy(state->reader_text, session->tag.reader_text, sizeof(state->reader_text));
}

void fg_session_tell_state(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer)
{
    struct fg_control_state *state = &answer->state;

    answer->has_state = true;
    state_tell_stores(session, now, state); /* first: it looks at the list anew */
    state_tell_machine(session, state);
    state_tell_scan(session, state);
    state_tell_operator(session, now, state);
    state_tell_manual(session, now, state);
    state_tell_progress(session, now, state);
    state_tell_plant(session, now, state);
    state->device_fault = fg_session_plant_is_faulty(session, now);
    state->emergency_stop = fg_plant_watch_value(&session->plant.state, FG_SIGNAL_EMERGENCY_STOP) != 0;
    state->point_blocked = point_is_blocked(session);
    state->board_version = session->recorder.board.version;
    state->utc_offset_s = now->utc_offset_s;
    state->today = fg_clock_local_day(now->wall_ms, now->utc_offset_s);
}

void fg_session_tell_board(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer)
{
    const struct fg_station_rules *rules = &session->look.manifest.rules;
    struct fg_control_board *board = &answer->board;

    fg_recorder_board_day(&session->recorder, now);
    answer->has_board = true;
    fg_board_tell(&session->recorder.board, board);
    fg_session_look_at_list(session);
    if (session->look.state != FG_LIST_IN_FORCE)
        return;
    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        struct fg_control_operator *shown = &board->operators[board->operator_count++];

        memcpy(shown->id, rules->operators[i].id, sizeof(shown->id));
        shown->certificate_end_day = rules->operators[i].certificate_end_day;
        shown->has_card = rules->operators[i].card.length != 0;
        shown->has_pin = rules->operators[i].pin_rounds != 0;
    }
}
