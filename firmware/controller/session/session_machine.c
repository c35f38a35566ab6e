/* The fill machine stepped, and its commands carried out: the valve first, then what is to be written. No
 * other file steps the machine or drives the valve while the controller runs.
 *
 * Not: what is decided (session_facts.c gathers, decision/decide.h judges), who or what asked for the step.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "firmware/controller/session/private.h"
#include "firmware/core/bounds.h"

/* Write, its result, and what the result leads to: more steps than that in a row mean nothing. */
#define STEPS_MAX 4

static void names_join(const char names[][FG_NAME_MAX + 1], uint32_t items, char *ret_text, size_t size)
{
    size_t used = 0;

    ret_text[0] = '\0';
    for (unsigned i = 0; i < FG_CHECK_ITEMS_MAX; i++) {
        size_t room = used == 0 ? 0 : 2;

        if ((items & UINT32_C(1) << i) == 0 || used + room + strlen(names[i]) >= size)
            continue;
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", room == 0 ? "" : ", ", names[i]);
    }
}

/* Keeps what the machine forgets with the scan: how far its check was, and which items said no. An answer of
 * no that names no item speaks of all that were still open. */
static void checks_follow(struct fg_session *session, const struct fg_fill_event *event)
{
    const struct fg_fill *fill = &session->fill;
    const struct fg_station_rules *rules = &session->look.manifest.rules;
    struct fg_check_outcome *checks = &session->checks;
    bool before = fill->phase == FG_FILL_PRE_CHECK;
    uint32_t wanted = before ? fill->scan.pre_checks_wanted : fill->scan.post_checks_wanted;
    uint32_t open;

    if (!before && fill->phase != FG_FILL_POST_CHECK)
        return;
    checks->done = before ? fill->pre_checks_done : fill->post_checks_done;
    checks->failed = 0;
    open = wanted & ~checks->done;
    if (event->kind == FG_FILL_EVENT_CHECKED && event->check_failed) {
        checks->failed = event->checks & wanted;
        if (checks->failed == 0)
            checks->failed = open;
    }
    names_join(before ? rules->pre_checks : rules->post_checks, checks->failed != 0 ? checks->failed : open,
               checks->names, sizeof(checks->names));
}

static bool reason_is_of_check(enum fg_reason reason)
{
    return reason == FG_REASON_PRE_CHECK_FAILED || reason == FG_REASON_PRE_CHECK_TIMED_OUT ||
           reason == FG_REASON_PRE_CHECK_LEFT;
}

/* False: it is one of many of its cause, which are counted. */
static bool refused_write(struct fg_session *session, const struct fg_judgement *judgement,
                          const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);
    bool of_check = reason_is_of_check((enum fg_reason)judgement->decision.reasons.reasons[0]);

    session->decision_sequence = 0;
    return fg_recorder_refused(&session->recorder, judgement, of_check ? &session->checks : NULL, &about,
                               &session->decision_sequence) != FG_OK ||
           session->decision_sequence != 0;
}

static void reasons_join(const struct fg_reasons *reasons, char *ret_names, size_t size)
{
    size_t used = 0;

    ret_names[0] = '\0';
    for (uint8_t i = 1; i < reasons->count && used + 64 < size; i++)
        used += (size_t)snprintf(ret_names + used, size - used, ", %s",
                                 fg_reason_name((enum fg_reason)reasons->reasons[i]));
}

static void refused_log(const struct fg_session *session, const struct fg_judgement *judgement)
{
    const struct fg_decision *decision = &judgement->decision;
    enum fg_reason first = (enum fg_reason)decision->reasons.reasons[0];
    bool of_check = reason_is_of_check(first) && session->checks.names[0] != '\0';
    char others[256];

    reasons_join(&decision->reasons, others, sizeof(others));
    fg_log_line(&session->log, "refused: %s: %s (%s%s)%s%s, entry %llu",
                judgement->identified.code.text[0] == '\0' ? "no code" : judgement->identified.code.text,
                fg_reason_text(session->settings.language, first), fg_reason_name(first), others,
                decision->failing_code.text[0] == '\0' && !of_check ? "" : ": ",
                of_check ? session->checks.names : decision->failing_code.text,
                (unsigned long long)session->decision_sequence);
}

/* What was accepted gets no fill. NONE: START found that the grounds are gone, the judgement says which. */
static void scan_dropped(struct fg_session *session, enum fg_reason reason, const struct fg_moment *now)
{
    struct fg_judgement *judgement = &session->judgement;

    if (reason != FG_REASON_NONE)
        judgement->decision.reasons = (struct fg_reasons){.count = 1, .reasons = {(uint8_t)reason}};
    session->decisions++;
    fg_tag_watch_refused(&session->tag, reason != FG_REASON_PRE_CHECK_LEFT && !session->fill_is_manual);
    if (refused_write(session, judgement, now))
        refused_log(session, judgement);
}

static enum fg_err authorised_write(struct fg_session *session, const struct fg_moment *now,
                                    uint64_t *ret_sequence)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);
    enum fg_err code = fg_recorder_authorised(&session->recorder, &session->judgement,
                                              session->fill.pre_checks_done, &about, ret_sequence);

    if (code != FG_OK)
        return code;
    session->authorised_wall_ms = now->wall_ms;
    fg_log_line(&session->log, "authorised: %s, entry %llu", session->judgement.identified.code.text,
                (unsigned long long)*ret_sequence);
    return FG_OK;
}

static enum fg_err ended_write(struct fg_session *session, const struct fg_moment *now,
                               uint64_t *ret_sequence)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    return fg_recorder_ended(&session->recorder, &session->judgement, &session->fill, &session->checks,
                             &session->fill_operator, &about, ret_sequence);
}

static void events_raise(struct fg_session *session, uint32_t events, const struct fg_moment *now)
{
    for (unsigned event = 1; event < 32; event++) {
        if ((events & UINT32_C(1) << event) != 0)
            fg_session_raise(session, (enum fg_event_kind)event, "", now);
    }
}

/* Carries out what a step asked for. True: *ret_next is the result that must be fed back. */
static bool commands_do(struct fg_session *session, const struct fg_fill_commands *commands,
                        const struct fg_moment *now, struct fg_fill_event *ret_next)
{
    enum fg_err written = FG_OK;
    uint64_t sequence = 0;

    /* The valve first: nothing that may take long comes between the machine and shutting it. */
    fg_plant_watch_valve(&session->plant, commands->valve_open, now->mono_ms);
    events_raise(session, commands->raise_events, now);
    if (commands->scan_dropped)
        scan_dropped(session, (enum fg_reason)commands->refusal, now);
    if (!commands->write_authorised && !commands->write_ended)
        return false;
    if (commands->write_authorised)
        written = authorised_write(session, now, &sequence);
    else
        written = ended_write(session, now, &sequence);
    *ret_next = (struct fg_fill_event){
        .kind = written == FG_OK ? FG_FILL_EVENT_WRITTEN : FG_FILL_EVENT_WRITE_FAILED, .sequence = sequence};
    return true;
}

static bool is_core_time(int64_t mono_ms)
{
    return mono_ms >= 0 && mono_ms <= FG_CORE_TIME_MAX_MS;
}

/* Of the moment, and of every reading: both come from one clock, never from a device. */
static bool times_are_within_bounds(const struct fg_plant_state *plant, const struct fg_moment *now)
{
    bool within = is_core_time(now->mono_ms);

    for (int i = 0; i < FG_SIGNAL_COUNT; i++)
        within = within && is_core_time(plant->readings[i].at_mono_ms);
    return within;
}

void fg_session_step(struct fg_session *session, const struct fg_fill_event *event,
                     const struct fg_moment *now)
{
    struct fg_fill_event next = *event;
    bool again = true;

    for (int i = 0; i < STEPS_MAX && again; i++) {
        uint8_t before = session->fill.phase;
        struct fg_fill_commands commands = {0};
        struct fg_fill_event current = next;

        assert(times_are_within_bounds(&session->plant.state, now));
        current.now_mono_ms = now->mono_ms;
        current.plant = &session->plant.state;
        checks_follow(session, &current);
        fg_fill_step(&session->fill, &session->settings.fill, &current, &commands);
        if (session->fill.phase != before)
            fg_log_line(&session->log, "phase: %s",
                        fg_fill_phase_name((enum fg_fill_phase)session->fill.phase));
        again = commands_do(session, &commands, now, &next);
    }
}

void fg_session_step_kind(struct fg_session *session, enum fg_fill_event_kind kind,
                          const struct fg_moment *now)
{
    fg_session_step(session, &(struct fg_fill_event){.kind = (uint8_t)kind}, now);
}

static void scan_accept(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_judgement *judgement = &session->judgement;
    struct fg_fill_event event = {.kind = FG_FILL_EVENT_ACCEPTED, .scan = judgement->scan};

    session->fill_is_manual = judgement->identified.identity == FG_IDENTITY_MANUAL;
    session->fill_operator = session->operator_in;
    session->decision_sequence = 0;
    session->authorised_wall_ms = 0;
    session->checks = (struct fg_check_outcome){0};
    fg_log_line(&session->log, "accepted: %s %s%s", judgement->identified.code.text, judgement->row.plate,
                judgement->decision.list_age_warning ? " (the list is getting old)" : "");
    fg_session_step(session, &event, now);
}

static void scan_refuse(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_judgement *judgement = &session->judgement;

    fg_tag_watch_refused(&session->tag, judgement->identified.identity != FG_IDENTITY_MANUAL);
    if (refused_write(session, judgement, now)) /* strangers must not fill the log either */
        refused_log(session, judgement);
}

void fg_session_take_judgement(struct fg_session *session, const struct fg_moment *now)
{
    session->decisions++;
    if (session->judgement.decision.reasons.count == 0)
        scan_accept(session, now);
    else
        scan_refuse(session, now);
}

void fg_session_decide(struct fg_session *session, const struct fg_identified *identified,
                       const struct fg_moment *now)
{
    fg_operator_used(&session->operator_in, now->mono_ms);
    fg_tag_watch_refused(&session->tag, false);
    fg_session_gather(session, identified, 0, now, &session->judgement);
    fg_session_take_judgement(session, now);
}

void fg_session_refuse_resume(struct fg_session *session, const struct fg_judgement *fresh,
                              const struct fg_moment *now)
{
    session->judgement.decision = fresh->decision;
    session->decisions++;
    fg_tag_watch_refused(&session->tag, true);
    refused_write(session, fresh, now);
    refused_log(session, fresh);
}

const char *fg_session_check_text(const struct fg_session *session)
{
    const struct fg_reasons *reasons = &session->judgement.decision.reasons;
    bool of_check = reasons->count > 0 && reason_is_of_check((enum fg_reason)reasons->reasons[0]);

    return of_check || session->checks.failed != 0 ? session->checks.names : "";
}
