/* The session made, and carried on in time: what each tick does and in which order; journal, list, clock and
 * keys that change; the end of the run. On top of the room's other files but command.c.
 *
 * Not: stepping the machine (session_machine.c), scans (session_scan.c), people (people.c, session_press.c).
 */
#include "firmware/controller/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/controller/session/people.h"
#include "firmware/controller/session/private.h"
#include "firmware/core/signals.h"

/* Devices may take so long to come up after the start before that is an event. */
#define DEVICES_UP_MS 5000
#define LAMP_BLINK_MS 500

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

/* ---- the plant ---- */

static void buttons_watch(struct fg_session *session, const struct fg_moment *now)
{
    if (fg_plant_watch_stop_pressed(&session->plant))
        fg_session_press(session, FG_FILL_EVENT_STOP, now);
    if (fg_plant_watch_start_pressed(&session->plant))
        fg_session_press(session, FG_FILL_EVENT_START, now);
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

static bool emergency_stop_is_pressed(const struct fg_session *session)
{
    return fg_plant_watch_value(&session->plant.state, FG_SIGNAL_EMERGENCY_STOP) != 0;
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

static void pending_write(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);

    fg_recorder_write_pending(&session->recorder, &about);
}

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
    fg_session_watch_tag(session, now);
    buttons_watch(session, now);
    fg_session_step_kind(session, FG_FILL_EVENT_TICK, now);
    devices_watch(session, now);
    pending_write(session, now);
    prune_if_idle(session, now);
    fg_session_scan_if_due(session, now);
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
