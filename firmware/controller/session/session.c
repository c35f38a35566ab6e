/* Events in (time, plant, reader, people), the fill machine stepped, its commands carried out: the valve
 * first, then what is to be written. */
#include "firmware/controller/session/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/controller/session/people.h"
#include "firmware/controller/session/private.h"
#include "firmware/core/bounds.h"
#include "firmware/core/signals.h"

/* Devices may take so long to come up after the start before that is an event. */
#define DEVICES_UP_MS 5000
#define LAMP_BLINK_MS 500
/* Write, its result, and what the result leads to: more steps than that in a row mean nothing. */
#define STEPS_MAX 4

/* ---- making ---- */

/* What earlier runs left of the point's safety, from the journal; what this run saw without one stays. */
static void safety_restore(struct fg_session *session)
{
    struct fg_fill_kept kept = session->recorder.kept;

    kept.locked_out = kept.locked_out || session->fill.locked_out;
    kept.alarm_flow = kept.alarm_flow || session->fill.alarm_flow;
    kept.alarm_valve = kept.alarm_valve || session->fill.alarm_valve;
    fg_fill_restore(&session->fill, &kept);
}

enum fg_err fg_session_new(const struct fg_session_settings *settings, const struct fg_session_stores *stores,
                           const struct fg_plant_port *plant, fg_session_say say, void *say_context,
                           struct fg_session **ret_session, struct fg_error *error)
{
    const struct fg_recorder_settings recorder = {.journal_path = settings->journal_path,
                                                  .version = settings->version,
                                                  .controller = settings->controller,
                                                  .device_key = settings->device_key,
                                                  .zero_fill_g = settings->fill.zero_fill_g,
                                                  .retention_days = settings->journal_retention_days};
    struct fg_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the session");
    session->settings = *settings;
    session->stores = *stores;
    session->log = (struct fg_log){say, say_context};
    memcpy(session->point.name, settings->point, sizeof(session->point.name));
    session->point.medium = settings->medium;
    session->point.fill_pressure_kpa = settings->fill_pressure_kpa;
    fg_plant_watch_start(&session->plant, plant, settings->lease_ms);
    fg_tag_watch_start(&session->tag, &settings->presence);
    fg_recorder_start(&session->recorder, stores->journal, &stores->journal_start, &recorder, &session->log);
    safety_restore(session);
    *ret_session = session;
    return FG_OK;
}

void fg_session_free(struct fg_session *session)
{
    if (session == NULL)
        return;
    session->plant.port.shut(session->plant.port.context);
    free(session);
}

/* ---- what the parts are given ---- */

struct fg_circumstances fg_session_circumstances(const struct fg_session *session,
                                                 const struct fg_moment *now)
{
    return (struct fg_circumstances){
        .now = now,
        .plant = &session->plant.state,
        .fill = &session->fill,
        .look = &session->look,
        .operator_in = &session->operator_in,
    };
}

void fg_session_raise(struct fg_session *session, enum fg_event_kind event, const char *text,
                      const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    fg_recorder_raise(&session->recorder, event, text, &about);
}

static void pending_write(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    fg_recorder_write_pending(&session->recorder, &about);
}

static bool emergency_stop_is_pressed(const struct fg_session *session)
{
    return fg_plant_watch_value(&session->plant.state, FG_SIGNAL_EMERGENCY_STOP) != 0;
}

bool fg_session_plant_is_faulty(const struct fg_session *session, const struct fg_moment *now)
{
    return !fg_fill_plant_is_sound(&session->fill, &session->settings.fill, &session->plant.state,
                                   (uint8_t)fg_programme_of_medium(session->point.medium), now->mono_ms);
}

void fg_session_look(struct fg_session *session)
{
    fg_plant_watch_look(&session->plant);
}

void fg_session_look_at_list(struct fg_session *session)
{
    fg_list_look(session->stores.list, &session->recorder.list_logged, &session->look);
}

/* ---- the machine ---- */

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

static void step(struct fg_session *session, const struct fg_fill_event *event, const struct fg_moment *now)
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
    step(session, &(struct fg_fill_event){.kind = (uint8_t)kind}, now);
}

void fg_session_check(struct fg_session *session, uint32_t checks, bool failed, const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = FG_FILL_EVENT_CHECKED, .checks = checks, .check_failed = failed};

    step(session, &event, now);
}

/* ---- deciding ---- */

/* authorised_wall_ms: of the fill that is about to go on, 0 = it is about to begin. */
void fg_session_gather(struct fg_session *session, const struct fg_identified *identified,
                       int64_t authorised_wall_ms, const struct fg_moment *now,
                       struct fg_judgement *ret_judgement)
{
    const struct fg_grounds grounds = {
        .identified = identified,
        .point = &session->point,
        .look = &session->look,
        .list = session->stores.list,
        .journal = session->stores.journal,
        /* What an earlier run left open must be closed before anything new is authorised. */
        .journal_state = fg_recorder_is_settled(&session->recorder)
                             ? fg_recorder_journal_state(&session->recorder)
                             : FG_JOURNAL_NOT_WRITABLE,
        .operator_in = &session->operator_in,
        .fill = &session->fill,
        .settings = &session->settings.fill,
        .plant = &session->plant.state,
        .now = now,
        .authorised_wall_ms = authorised_wall_ms,
    };

    fg_session_look_at_list(session);
    fg_decide(&grounds, ret_judgement);
    if (ret_judgement->list_tampered && !session->list_tamper_told) {
        session->list_tamper_told = true;
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, ret_judgement->tampered_text, now);
    }
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
    step(session, &event, now);
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

/* ---- a decision does not outlive its grounds ---- */

static void tag_identify(struct fg_session *session, const struct fg_reader_report *report,
                         struct fg_identified *ret_identified)
{
    fg_identify_tag(&session->genuine, report, session->settings.trusted, session->settings.trusted_count,
                    ret_identified);
}

/* Everything once more, on what is so now: the tag's signature by the keys that count now, list, clock,
 * operator, journal, plant. */
static void grounds_again(struct fg_session *session, const struct fg_moment *now,
                          struct fg_judgement *ret_fresh)
{
    const struct fg_reader_report *memory = fg_tag_watch_memory(&session->tag);
    struct fg_identified identified = session->judgement.identified;

    if (memory != NULL && identified.identity != FG_IDENTITY_MANUAL)
        tag_identify(session, memory, &identified);
    fg_session_gather(session, &identified, session->authorised_wall_ms, now, ret_fresh);
}

/* Items confirmed for other limits, or by another list of items, are to be confirmed again. */
static void scan_renew(struct fg_session *session, const struct fg_judgement *fresh,
                       const struct fg_moment *now)
{
    if (fresh->decision.reasons.count > 0 || fg_scan_is_same(&fresh->scan, &session->fill.scan))
        return;
    fg_log_line(&session->log, "accepted again: %s, the list changed", fresh->identified.code.text);
    step(session, &(struct fg_fill_event){.kind = FG_FILL_EVENT_ACCEPTED, .scan = fresh->scan}, now);
}

static void start_ask(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = FG_FILL_EVENT_START};
    struct fg_judgement fresh;

    if (session->fill.phase == FG_FILL_PRE_CHECK) {
        grounds_again(session, now, &fresh);
        scan_renew(session, &fresh, now);
        event.grounds_hold = fresh.decision.reasons.count == 0;
        session->judgement = fresh; /* what is written next is about the row as it is now */
    }
    step(session, &event, now);
}

/* The fill ends; its REFUSED entry says what no longer holds. Its ENDED is about the fill as it began. */
static void resume_refused(struct fg_session *session, const struct fg_judgement *fresh,
                           const struct fg_moment *now)
{
    session->judgement.decision = fresh->decision;
    session->decisions++;
    fg_tag_watch_refused(&session->tag, true);
    refused_write(session, fresh, now);
    refused_log(session, fresh);
}

/* RESUME, or the tag is back. */
static void resume_ask(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = (uint8_t)kind};
    struct fg_judgement fresh = {.decision = {.reasons = {.count = 0}}};

    if (session->fill.phase == FG_FILL_SUSPENDED) {
        grounds_again(session, now, &fresh);
        event.grounds_hold =
            fresh.decision.reasons.count == 0 && fg_scan_is_same(&fresh.scan, &session->fill.scan);
    }
    step(session, &event, now);
    if (session->fill.stop == FG_STOP_GROUNDS_GONE && fresh.decision.reasons.count > 0)
        resume_refused(session, &fresh, now);
}

void fg_session_press(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now)
{
    if (kind == FG_FILL_EVENT_STOP)
        fg_people_second_give_up(session, "stopped", now);
    if (kind == FG_FILL_EVENT_START)
        start_ask(session, now);
    else if (kind == FG_FILL_EVENT_RESUME)
        resume_ask(session, kind, now);
    else
        fg_session_step_kind(session, kind, now);
}

/* ---- scans ---- */

bool fg_session_may_scan(const struct fg_session *session)
{
    return session->fill.phase == FG_FILL_IDLE && !session->shutting_down;
}

/* ---- the tag ---- */

/* The tag that the fill under way knows; NULL: no fill. A fill by hand knows none. */
static const struct fg_uid *fill_uid(const struct fg_session *session)
{
    static const struct fg_uid none = {0};

    if (session->fill.phase == FG_FILL_IDLE)
        return NULL;
    return session->fill_is_manual ? &none : &session->judgement.identified.uid;
}

static void tag_changed(struct fg_session *session, enum fg_tag_change change, const struct fg_moment *now)
{
    if (change == FG_TAG_UNCHANGED || session->fill.phase == FG_FILL_IDLE)
        return;
    if (change == FG_TAG_SAME) {
        fg_log_line(&session->log, "tag: back in the field");
        resume_ask(session, FG_FILL_EVENT_TAG_SAME, now);
    } else if (change == FG_TAG_OTHER) {
        fg_log_line(&session->log, "tag: another one in the field");
        fg_session_step_kind(session, FG_FILL_EVENT_TAG_OTHER, now);
    } else if (!session->fill_is_manual) {
        fg_log_line(&session->log, "tag: gone");
        fg_session_step_kind(session, FG_FILL_EVENT_TAG_GONE, now);
    }
}

/* Decisions wait until what an earlier run left open is in the journal, unless the journal is broken: then
 * the refusal says so. */
static bool may_decide(const struct fg_session *session)
{
    if (!session->started || !fg_session_may_scan(session))
        return false;
    return session->recorder.write_broken || fg_recorder_is_settled(&session->recorder);
}

static void tag_scan(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_identified identified;

    tag_identify(session, &session->tag.tag, &identified);
    /* A damaged tag that names nothing is why a code is typed: it may lie there, and come and go. */
    if (session->second.is_wanted && identified.code.text[0] == '\0')
        return;
    fg_people_second_give_up(session, "a cylinder was scanned", now);
    fg_session_decide(session, &identified, now);
}

static void scan_if_due(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_identified two = {.tag = FG_TAG_TWO, .identity = FG_IDENTITY_NONE};

    while (may_decide(session)) {
        switch (fg_tag_watch_due(&session->tag, now->mono_ms)) {
        case FG_TAG_DUE_TWO:
            if (!session->second.is_wanted)
                fg_session_decide(session, &two, now);
            break;
        case FG_TAG_DUE_CARD:
            if (fg_people_card_take(session, now))
                fg_tag_watch_done(&session->tag);
            break;
        case FG_TAG_DUE_SCAN:
            tag_scan(session, now);
            break;
        case FG_TAG_DUE_NOTHING:
        default:
            return;
        }
    }
}

enum fg_err fg_session_scan_again(struct fg_session *session, const struct fg_moment *now,
                                  struct fg_error *error)
{
    if (!fg_session_may_scan(session))
        return fg_fail(error, FG_E_BUSY, "a fill is under way");
    if (!fg_tag_watch_is_present(&session->tag))
        return fg_fail(error, FG_E_NOT_FOUND, "no tag is in the field");
    fg_tag_watch_done(&session->tag);
    /* What lies there already proves nobody's presence. */
    fg_people_second_give_up(session, "the tag in the field is looked at", now);
    if (fg_people_card_take(session, now))
        return fg_fail(error, FG_E_STATE, "the tag in the field is an operator's card");
    fg_tag_watch_scan_again(&session->tag, now->mono_ms);
    return FG_OK;
}

bool fg_session_wants_reading(struct fg_session *session, const struct fg_moment *now, struct fg_uid *ret_uid)
{
    return fg_tag_watch_wants_reading(&session->tag, ret_uid, now->mono_ms);
}

void fg_session_report(struct fg_session *session, const struct fg_reader_report *report,
                       const struct fg_moment *now)
{
    bool was_faulty = session->tag.reader_text[0] != '\0';

    fg_session_look(session);
    tag_changed(session, fg_tag_watch_report(&session->tag, report, fill_uid(session), now->mono_ms), now);
    if (report->kind == FG_READER_FAULT)
        fg_session_raise(session, FG_EVENT_READER_FAULT, report->text, now);
    else if (report->kind == FG_READER_BACK || (was_faulty && session->tag.reader_up))
        fg_session_raise(session, FG_EVENT_READER_BACK, "", now);
    scan_if_due(session, now);
}

/* ---- the plant ---- */

static void buttons_watch(struct fg_session *session, const struct fg_moment *now)
{
    if (fg_plant_watch_stop_pressed(&session->plant))
        fg_session_press(session, FG_FILL_EVENT_STOP, now);
    if (fg_plant_watch_start_pressed(&session->plant))
        start_ask(session, now);
}

static void devices_watch(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t count = session->plant.port.device_count(session->plant.port.context);
    bool coming_up = now->mono_ms - session->started_mono_ms < DEVICES_UP_MS;

    for (uint8_t i = 0; i < count && i < FG_DEVICES_MAX; i++) {
        struct fg_device_status status;
        char text[FG_TEXT_MAX + 1];
        bool lost = false;
        bool changed = fg_plant_watch_device_changed(&session->plant, i, coming_up, &status, &lost);

        if (fg_plant_watch_bus_became_shared(&session->plant, &status))
            fg_session_raise(session, FG_EVENT_BUS_SHARED, status.bus_text, now);
        if (!changed)
            continue;
        (void)snprintf(text, sizeof(text), "%s%s%s%.40s", status.bus_shared ? FG_BUDGET_SHARED_BUS ": " : "",
                       status.name, lost ? ": " : "", lost ? status.last_error : "");
        fg_session_raise(session, lost ? FG_EVENT_DEVICE_FAULT : FG_EVENT_DEVICE_BACK, text, now);
    }
}

/* Both dark: ready. Green: this cylinder may be filled, or is being filled. Both: the fill is suspended. Red:
 * refused. Red blinking: the point itself needs a person. */
static void lamps_show(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t phase = session->fill.phase;
    bool refused = phase == FG_FILL_IDLE && session->tag.refused;
    bool trouble = session->fill.locked_out || fg_session_plant_is_faulty(session, now) ||
                   emergency_stop_is_pressed(session);
    bool blink = now->mono_ms / LAMP_BLINK_MS % 2 == 0;

    fg_plant_watch_lamp(&session->plant, FG_LAMP_GREEN,
                        phase >= FG_FILL_PRE_CHECK && phase <= FG_FILL_SUSPENDED);
    fg_plant_watch_lamp(&session->plant, FG_LAMP_RED,
                        refused || phase == FG_FILL_SUSPENDED || (trouble && blink));
}

/* ---- time ---- */

static void receipt_look(struct fg_session *session, const struct fg_moment *now)
{
    if (session->stores.journal != NULL && session->stores.journal_start.receipt_false)
        fg_session_raise(session, FG_EVENT_JOURNAL_TAMPERED, "the kept receipt is not the bureau's", now);
}

static void session_begin(struct fg_session *session, const struct fg_moment *now)
{
    session->started = true;
    session->started_mono_ms = now->mono_ms;
    if (session->stores.journal == NULL)
        fg_log_line(&session->log, "journal: %s; every scan is refused",
                    session->stores.journal_tampered ? "does not verify and is left as it is" : "not open");
    pending_write(session, now);
    receipt_look(session, now);
    if (session->stores.journal != NULL)
        fg_people_pins_begin(session, now);
    fg_session_list_changed(session, now);
}

/* With a tag in the field somebody waits, and a piece takes as long as the disk wants. */
static void prune_if_idle(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    if (session->fill.phase == FG_FILL_IDLE && session->tag.presence.uid.length == 0 &&
        !session->shutting_down)
        fg_recorder_prune(&session->recorder, &about);
}

void fg_session_tick(struct fg_session *session, const struct fg_moment *now)
{
    fg_session_look(session);
    fg_recorder_board_day(&session->recorder, now);
    if (!session->started)
        session_begin(session, now);
    tag_changed(session, fg_tag_watch_tick(&session->tag, fill_uid(session), now->mono_ms), now);
    buttons_watch(session, now);
    fg_session_step_kind(session, FG_FILL_EVENT_TICK, now);
    devices_watch(session, now);
    pending_write(session, now);
    prune_if_idle(session, now);
    scan_if_due(session, now);
    fg_people_second_watch(session, now);
    fg_pin_gate_watch(&session->pins, now->mono_ms);
    fg_people_operator_watch(session, now);
    fg_progress_watch(&session->progress, &session->fill, &session->plant.state, now->mono_ms);
    lamps_show(session, now);
}

void fg_session_give_journal(struct fg_session *session, struct fg_journal *journal,
                             const struct fg_journal_start *start, const struct fg_moment *now)
{
    session->stores.journal = journal;
    session->stores.journal_start = *start;
    fg_recorder_open(&session->recorder, journal, start);
    safety_restore(session);
    if (!session->started)
        return;
    fg_log_line(&session->log, "journal: open");
    pending_write(session, now);
    receipt_look(session, now);
    fg_people_pins_begin(session, now);
    fg_session_list_changed(session, now); /* the journal knows which versions were in force */
}

void fg_session_give_list(struct fg_session *session, struct fg_list *list, const struct fg_moment *now)
{
    session->stores.list = list;
    if (!session->started)
        return;
    fg_log_line(&session->log, "list: store open");
    fg_session_list_changed(session, now);
}

void fg_session_list_changed(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t state;

    fg_session_look_at_list(session);
    state = session->look.state;
    session->recorder.board.version++; /* it shows the list's operators */
    if (state == FG_LIST_NOT_AUTHENTIC && session->stores.list != NULL && !session->list_tamper_told) {
        session->list_tamper_told = true;
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, "the manifest in force does not verify", now);
    } else if (state == FG_LIST_ROLLED_BACK) {
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, "the list is older than one already in force", now);
    } else if (state == FG_LIST_IN_FORCE) {
        session->list_tamper_told = false;
        session->operator_review = true;
        fg_recorder_list_in_force(&session->recorder, &session->look.manifest);
    } else {
        fg_log_line(&session->log, "list: none in force; every scan is refused");
    }
    pending_write(session, now);
}

void fg_session_clock_stepped(struct fg_session *session, int64_t by_ms, const struct fg_moment *now)
{
    char text[FG_TEXT_MAX + 1];

    (void)snprintf(text, sizeof(text), "by %lld ms", (long long)by_ms);
    fg_session_raise(session, FG_EVENT_CLOCK_STEP, text, now);
}

enum fg_err fg_session_clock_lowered(struct fg_session *session, int64_t floor_ms, int64_t before_ms,
                                     const char *reason, const struct fg_moment *now, struct fg_error *error)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    return fg_recorder_clock_lowered(&session->recorder, floor_ms, before_ms, reason, &about, error);
}

void fg_session_shutdown(struct fg_session *session, const struct fg_moment *now)
{
    session->shutting_down = true;
    fg_session_look(session);
    fg_people_second_give_up(session, "the controller stops", now);
    fg_session_step_kind(session, FG_FILL_EVENT_SHUTDOWN, now);
}

void fg_session_finish(struct fg_session *session, const struct fg_moment *now)
{
    fg_plant_watch_lamp(&session->plant, FG_LAMP_GREEN, false);
    fg_plant_watch_lamp(&session->plant, FG_LAMP_RED, false);
    fg_session_raise(session, FG_EVENT_SHUTDOWN, "", now);
}

bool fg_session_is_quiet(const struct fg_session *session)
{
    return session->fill.phase == FG_FILL_IDLE && !session->recorder.open_fill_pending;
}

/* ---- what it is given, and what is asked of it ---- */

void fg_session_set_reader_restarts(struct fg_session *session, uint32_t restarts)
{
    session->reader_restarts = restarts;
}

void fg_session_set_receipt_key(struct fg_session *session, const struct fg_public_key *key)
{
    session->receipt_key = *key;
    session->has_receipt_key = true;
}

void fg_session_receipt_contradicts(struct fg_session *session, const struct fg_moment *now)
{
    if (session->receipt_tamper_told)
        return;
    session->receipt_tamper_told = true;
    fg_session_raise(session, FG_EVENT_JOURNAL_TAMPERED, "the bureau's receipt contradicts the journal", now);
}

const struct fg_public_key *fg_session_receipt_key(const struct fg_session *session)
{
    return session->has_receipt_key ? &session->receipt_key : NULL;
}

void fg_session_set_tag_keys(struct fg_session *session, const struct fg_public_key *keys, size_t count)
{
    struct fg_session_settings *settings = &session->settings;

    settings->trusted_count =
        (uint8_t)(count < FG_SESSION_TAG_KEYS_MAX ? count : (size_t)FG_SESSION_TAG_KEYS_MAX);
    memcpy(settings->trusted, keys, settings->trusted_count * sizeof(*keys));
    fg_genuine_tags_forget(&session->genuine);
}

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

const char *fg_session_check_text(const struct fg_session *session)
{
    const struct fg_reasons *reasons = &session->judgement.decision.reasons;
    bool of_check = reasons->count > 0 && reason_is_of_check((enum fg_reason)reasons->reasons[0]);

    return of_check || session->checks.failed != 0 ? session->checks.names : "";
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
