/* The session's heart: events in (time, plant, reader), the fill machine stepped, its commands carried out.
 */
#include "firmware/controller/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/controller/session_private.h"

/* A reader that never lost the tag does not read it again; then what it read before is taken. */
#define FRESH_WAIT_MS 500
/* Devices may take so long to come up after the start before that is an event. */
#define DEVICES_UP_MS 5000
#define SHUT_AGAIN_MS 200
#define LAMP_BLINK_MS 500
/* Write, its result, and what the result leads to: more steps than that in a row mean nothing. */
#define STEPS_MAX 4

void fg_session_log(struct fg_session *session, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    session->say(session->say_context, line);
}

int64_t fg_session_value(const struct fg_session *session, enum fg_signal signal)
{
    const struct fg_reading *reading = &session->plant.readings[signal];

    return reading->state == FG_READING_GOOD ? reading->value : 0;
}

bool fg_session_is_on(const struct fg_session *session, enum fg_signal signal)
{
    return fg_session_value(session, signal) != 0;
}

/* ---- making ---- */

enum fg_err fg_session_new(const struct fg_session_settings *settings, const struct fg_session_stores *stores,
                           const struct fg_plant_port *plant, fg_session_say say, void *say_context,
                           struct fg_session **ret_session, struct fg_error *error)
{
    struct fg_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the session");
    session->settings = *settings;
    session->stores = *stores;
    session->port = *plant;
    session->say = say;
    session->say_context = say_context;
    session->boot_pending = stores->journal != NULL;
    session->open_fill_pending = stores->journal != NULL && stores->journal_start.fill_open;
    session->last_sequence = stores->journal_start.last_sequence;
    fg_board_start(&session->board, stores->journal_start.boot);
    session->port.shut(session->port.context);
    fg_session_find_logged_list(session);
    *ret_session = session;
    return FG_OK;
}

void fg_session_free(struct fg_session *session)
{
    if (session == NULL)
        return;
    session->port.shut(session->port.context);
    free(session);
}

/* ---- the machine ---- */

static void valve_apply(struct fg_session *session, bool open, const struct fg_moment *now)
{
    if (open) {
        if (!session->valve_held || now->mono_ms - session->held_mono_ms >= session->settings.lease_ms / 4) {
            session->port.hold_open(session->port.context);
            session->held_mono_ms = now->mono_ms;
        }
        session->valve_held = true;
        return;
    }
    if (session->valve_held || (fg_session_is_on(session, FG_SIGNAL_VALVE_OPEN) &&
                                now->mono_ms - session->shut_mono_ms >= SHUT_AGAIN_MS)) {
        session->port.shut(session->port.context);
        session->shut_mono_ms = now->mono_ms;
    }
    session->valve_held = false;
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

    /* The valve first: nothing that may take long stands between the machine and shutting it. */
    valve_apply(session, commands->valve_open, now);
    events_raise(session, commands->raise_events, now);
    if (commands->scan_dropped && commands->refusal != FG_REASON_NONE) {
        struct fg_reasons reasons = {.count = 1, .reasons = {commands->refusal}};

        session->scan.decision.reasons = reasons;
        session->tag_refused = true;
        session->decisions++;
        (void)fg_session_write_refused(session, &reasons, now);
        fg_session_log(session, "refused: %s: %s", session->scan.identified.code.text,
                       fg_reason_text(session->settings.language, (enum fg_reason)commands->refusal));
    }
    if (!commands->write_authorised && !commands->write_ended)
        return false;
    if (commands->write_authorised)
        written = fg_session_write_authorised(session, now, &sequence);
    else
        written = fg_session_write_ended(session, now, &sequence);
    *ret_next = (struct fg_fill_event){
        .kind = written == FG_OK ? FG_FILL_EVENT_WRITTEN : FG_FILL_EVENT_WRITE_FAILED, .sequence = sequence};
    return true;
}

void fg_session_step(struct fg_session *session, struct fg_fill_event *event, const struct fg_moment *now)
{
    struct fg_fill_event next = *event;
    bool again = true;

    for (int i = 0; i < STEPS_MAX && again; i++) {
        uint8_t before = session->fill.phase;
        struct fg_fill_commands commands = {0};
        struct fg_fill_event current = next;

        current.now_mono_ms = now->mono_ms;
        current.plant = &session->plant;
        fg_fill_step(&session->fill, &session->settings.fill, &current, &commands);
        if (session->fill.phase != before)
            fg_session_log(session, "phase: %s", fg_fill_phase_name((enum fg_fill_phase)session->fill.phase));
        again = commands_do(session, &commands, now, &next);
    }
}

void fg_session_step_kind(struct fg_session *session, enum fg_fill_event_kind kind,
                          const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = (uint8_t)kind, .grounds_hold = true};

    fg_session_step(session, &event, now);
}

/* ---- the tag ---- */

static bool uid_equal(const struct fg_uid *a, const struct fg_uid *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void tag_arrived(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_uid *uid = &session->presence.uid;
    bool same = !session->fill_is_manual && uid_equal(uid, &session->fill_uid);

    session->arrived_mono_ms = now->mono_ms;
    session->tag_fresh = false;
    session->tag_done = false;
    session->card_looked_for = false;
    session->tag_refused = false;
    if (session->fill.phase == FG_FILL_IDLE)
        return;
    session->tag_done = same;
    fg_session_log(session, same ? "tag: back in the field" : "tag: another one in the field");
    fg_session_step_kind(session, same ? FG_FILL_EVENT_TAG_SAME : FG_FILL_EVENT_TAG_OTHER, now);
}

static void tag_gone(struct fg_session *session, const struct fg_moment *now)
{
    session->tag_fresh = false;
    session->tag_done = false;
    session->tag_refused = false;
    session->two_tags = false;
    if (session->fill.phase == FG_FILL_IDLE || session->fill_is_manual)
        return;
    fg_session_log(session, "tag: gone");
    fg_session_step_kind(session, FG_FILL_EVENT_TAG_GONE, now);
}

static void presence_changed(struct fg_session *session, enum fg_presence_change change,
                             const struct fg_moment *now)
{
    if (change == FG_PRESENCE_ARRIVED || change == FG_PRESENCE_SWAPPED)
        tag_arrived(session, now);
    else if (change == FG_PRESENCE_GONE)
        tag_gone(session, now);
}

/* Decisions wait until what an earlier run left open is in the journal, unless the journal is broken: then
 * the refusal says so. */
static bool may_decide(const struct fg_session *session)
{
    if (session->shutting_down || !session->started || session->fill.phase != FG_FILL_IDLE)
        return false;
    return session->write_broken || (!session->boot_pending && !session->open_fill_pending);
}

static void scan_if_due(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_identified identified;

    if (session->tag_done || session->presence.uid.length == 0 || !may_decide(session))
        return;
    /* Only the UID counts on a card, so that nothing of it needs to be readable. */
    if (!session->card_looked_for) {
        session->card_looked_for = true;
        session->tag_done = fg_session_card_sign_in(session, now);
    }
    if (session->tag_done || !uid_equal(&session->tag.uid, &session->presence.uid))
        return;
    if (!session->tag_fresh && now->mono_ms - session->arrived_mono_ms < FRESH_WAIT_MS)
        return;
    session->tag_done = true;
    fg_identify_tag(&session->tag, session->settings.trusted, session->settings.trusted_count, &identified);
    fg_session_decide(session, &identified, now);
}

static void two_tags_refuse(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_identified identified = {.tag = FG_TAG_TWO, .identity = FG_IDENTITY_NONE};

    if (session->two_tags || !may_decide(session))
        return;
    session->two_tags = true;
    fg_session_decide(session, &identified, now);
}

/* With two tags in the field nobody knows which cylinder stands at the nozzle: that counts as a miss. */
static void poll_take(struct fg_session *session, const struct fg_reader_report *report,
                      const struct fg_moment *now)
{
    static const struct fg_uid nothing = {0};
    const struct fg_uid *uid = report->tag_count == 1 ? &report->uid : &nothing;

    presence_changed(
        session, fg_presence_poll(&session->presence, &session->settings.presence, uid, now->mono_ms), now);
    if (report->tag_count > 1)
        two_tags_refuse(session, now);
    if (report->tag_count == 0) {
        session->two_tags = false;
        session->tag_refused = session->tag_refused && session->presence.uid.length != 0;
    }
}

void fg_session_report(struct fg_session *session, const struct fg_reader_report *report,
                       const struct fg_moment *now)
{
    session->port.read(session->port.context, &session->plant);
    switch (report->kind) {
    case FG_READER_POLL:
        poll_take(session, report, now);
        break;
    case FG_READER_TAG:
        presence_changed(
            session,
            fg_presence_poll(&session->presence, &session->settings.presence, &report->uid, now->mono_ms),
            now);
        session->tag = *report;
        session->tag_fresh = true;
        break;
    case FG_READER_FAULT:
        session->reader_up = false;
        /* A reader that is quickly up again must not hide that for a while nobody watched the tag. */
        presence_changed(session, fg_presence_drop(&session->presence), now);
        (void)snprintf(session->reader_text, sizeof(session->reader_text), "%s", report->text);
        fg_session_raise(session, FG_EVENT_READER_FAULT, report->text, now);
        break;
    case FG_READER_BACK:
        session->reader_text[0] = '\0';
        session->reader_up = true;
        fg_session_raise(session, FG_EVENT_READER_BACK, "", now);
        break;
    default:
        break;
    }
    if (report->kind == FG_READER_POLL || report->kind == FG_READER_TAG)
        session->reader_up = true;
    scan_if_due(session, now);
}

/* ---- the plant ---- */

/* A button counts when it goes from released to held; the first good reading is only the starting point. */
static bool button_pressed(const struct fg_session *session, enum fg_signal signal, bool *known, bool *held)
{
    bool was_held = *held;
    bool was_known = *known;

    if (!session->plant.configured[signal] || session->plant.readings[signal].state != FG_READING_GOOD)
        return false;
    *held = session->plant.readings[signal].value != 0;
    *known = true;
    return was_known && *held && !was_held;
}

static void buttons_watch(struct fg_session *session, const struct fg_moment *now)
{
    if (button_pressed(session, FG_SIGNAL_STOP_BUTTON, &session->stop_known, &session->stop_held))
        fg_session_step_kind(session, FG_FILL_EVENT_STOP, now);
    if (button_pressed(session, FG_SIGNAL_START_BUTTON, &session->start_known, &session->start_held))
        fg_session_step_kind(session, FG_FILL_EVENT_START, now);
}

static void devices_watch(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t count = session->port.device_count(session->port.context);
    bool coming_up = now->mono_ms - session->started_mono_ms < DEVICES_UP_MS;

    for (uint8_t i = 0; i < count && i < FG_DEVICES_MAX; i++) {
        struct fg_device_status status;
        char text[FG_TEXT_MAX + 1];
        bool fault;

        session->port.device_status(session->port.context, i, &status);
        fault = status.link == FG_LINK_DOWN && !(coming_up && !session->device_faults[i]);
        if (fault == session->device_faults[i] || (!fault && status.link != FG_LINK_UP))
            continue;
        session->device_faults[i] = fault;
        (void)snprintf(text, sizeof(text), "%s%s%.60s", status.name, fault ? ": " : "",
                       fault ? status.last_error : "");
        fg_session_raise(session, fault ? FG_EVENT_DEVICE_FAULT : FG_EVENT_DEVICE_BACK, text, now);
    }
}

static void lamp_set(struct fg_session *session, enum fg_lamp lamp, bool on)
{
    if (session->lamps[lamp] == on)
        return;
    session->lamps[lamp] = on;
    session->port.set_lamp(session->port.context, lamp, on);
}

/* Both dark: ready. Green: this cylinder may be filled, or is being filled. Both: the fill is suspended. Red:
 * refused. Red blinking: the point itself needs a person. */
static void lamps_show(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t phase = session->fill.phase;
    bool refused = phase == FG_FILL_IDLE && session->tag_refused;
    bool trouble = session->fill.locked_out || fg_session_plant_is_faulty(session) ||
                   fg_session_is_on(session, FG_SIGNAL_EMERGENCY_STOP);
    bool blink = now->mono_ms / LAMP_BLINK_MS % 2 == 0;

    lamp_set(session, FG_LAMP_GREEN, phase >= FG_FILL_PRE_CHECK && phase <= FG_FILL_SUSPENDED);
    lamp_set(session, FG_LAMP_RED, refused || phase == FG_FILL_SUSPENDED || (trouble && blink));
}

/* ---- time ---- */

static void session_begin(struct fg_session *session, const struct fg_moment *now)
{
    session->started = true;
    session->started_mono_ms = now->mono_ms;
    if (session->stores.journal == NULL)
        fg_session_log(session, "journal: %s; every scan is refused",
                       session->stores.journal_tampered ? "does not verify and is left as it is"
                                                        : "not open");
    fg_session_write_pending(session, now);
    if (session->stores.journal != NULL && session->stores.journal_start.receipt_false)
        fg_session_raise(session, FG_EVENT_JOURNAL_TAMPERED, "the kept receipt is not the bureau's", now);
    fg_session_list_changed(session, now);
}

void fg_session_tick(struct fg_session *session, const struct fg_moment *now)
{
    session->port.read(session->port.context, &session->plant);
    fg_session_board_day(session, now);
    if (!session->started)
        session_begin(session, now);
    presence_changed(session, fg_presence_tick(&session->presence, &session->settings.presence, now->mono_ms),
                     now);
    buttons_watch(session, now);
    fg_session_step_kind(session, FG_FILL_EVENT_TICK, now);
    devices_watch(session, now);
    fg_session_write_pending(session, now);
    scan_if_due(session, now);
    fg_session_operator_watch(session, now);
    fg_progress_watch(&session->progress, &session->fill, &session->plant, now->mono_ms);
    lamps_show(session, now);
}

void fg_session_list_changed(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t state = fg_session_list_state(session);

    session->board.version++; /* it shows the list's operators */
    if (state == FG_LIST_NOT_AUTHENTIC && session->stores.list != NULL && !session->list_tamper_told) {
        session->list_tamper_told = true;
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, "the manifest in force does not verify", now);
    } else if (state == FG_LIST_ROLLED_BACK) {
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, "the list is older than one already in force", now);
    } else if (state == FG_LIST_IN_FORCE) {
        session->list_tamper_told = false;
        session->operator_review = true;
        session->list_pending = strcmp(session->manifest.list_id, session->list_logged_id) != 0 ||
                                session->manifest.version != session->list_logged_version;
    } else {
        fg_session_log(session, "list: none in force; every scan is refused");
    }
    fg_session_write_pending(session, now);
}

void fg_session_clock_stepped(struct fg_session *session, int64_t by_ms, const struct fg_moment *now)
{
    char text[FG_TEXT_MAX + 1];

    (void)snprintf(text, sizeof(text), "by %lld ms", (long long)by_ms);
    fg_session_raise(session, FG_EVENT_CLOCK_STEP, text, now);
}

void fg_session_set_reader_restarts(struct fg_session *session, uint32_t restarts)
{
    session->reader_restarts = restarts;
}

void fg_session_shutdown(struct fg_session *session, const struct fg_moment *now)
{
    session->shutting_down = true;
    session->port.read(session->port.context, &session->plant);
    fg_session_step_kind(session, FG_FILL_EVENT_SHUTDOWN, now);
}

void fg_session_finish(struct fg_session *session, const struct fg_moment *now)
{
    lamp_set(session, FG_LAMP_GREEN, false);
    lamp_set(session, FG_LAMP_RED, false);
    fg_session_raise(session, FG_EVENT_SHUTDOWN, "", now);
}

bool fg_session_is_quiet(const struct fg_session *session)
{
    return session->fill.phase == FG_FILL_IDLE && !session->open_fill_pending;
}
