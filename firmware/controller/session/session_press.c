/* What a person presses (session.h): START, STOP, SUSPEND, RESUME, CLEAR_LOCK_OUT, check items. A decision
 * does not outlive its grounds: before a fill begins or goes on everything is found out once more.
 *
 * Not: stepping the machine (session_machine.c). */
#include "firmware/controller/session/people.h"
#include "firmware/controller/session/private.h"

/* Everything once more, on what is so now: the tag's signature by the keys that count now, list, clock,
 * operator, journal, plant. */
static void grounds_again(struct fg_session *session, const struct fg_moment *now,
                          struct fg_judgement *ret_fresh)
{
    const struct fg_reader_report *memory = fg_tag_watch_memory(&session->tag);
    struct fg_identified identified = session->judgement.identified;

    if (memory != NULL && identified.identity != FG_IDENTITY_MANUAL)
        fg_session_identify_tag(session, memory, &identified);
    fg_session_gather(session, &identified, session->authorised_wall_ms, now, ret_fresh);
}

/* Items confirmed for other limits, or by another list of items, are to be confirmed again. */
static void scan_renew(struct fg_session *session, const struct fg_judgement *fresh,
                       const struct fg_moment *now)
{
    if (fresh->decision.reasons.count > 0 || fg_scan_is_same(&fresh->scan, &session->fill.scan))
        return;
    fg_log_line(&session->log, "accepted again: %s, the list changed", fresh->identified.code.text);
    fg_session_step(session, &(struct fg_fill_event){.kind = FG_FILL_EVENT_ACCEPTED, .scan = fresh->scan},
                    now);
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
    fg_session_step(session, &event, now);
}

void fg_session_resume(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = (uint8_t)kind};
    struct fg_judgement fresh = {.decision = {.reasons = {.count = 0}}};

    if (session->fill.phase == FG_FILL_SUSPENDED) {
        grounds_again(session, now, &fresh);
        event.grounds_hold =
            fresh.decision.reasons.count == 0 && fg_scan_is_same(&fresh.scan, &session->fill.scan);
    }
    fg_session_step(session, &event, now);
    if (session->fill.stop == FG_STOP_GROUNDS_GONE && fresh.decision.reasons.count > 0)
        fg_session_refuse_resume(session, &fresh, now);
}

void fg_session_press(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now)
{
    if (kind == FG_FILL_EVENT_STOP)
        fg_people_second_give_up(session, "stopped", now);
    if (kind == FG_FILL_EVENT_START)
        start_ask(session, now);
    else if (kind == FG_FILL_EVENT_RESUME)
        fg_session_resume(session, kind, now);
    else
        fg_session_step_kind(session, kind, now);
}

void fg_session_check(struct fg_session *session, uint32_t checks, bool failed, const struct fg_moment *now)
{
    struct fg_fill_event event = {.kind = FG_FILL_EVENT_CHECKED, .checks = checks, .check_failed = failed};

    fg_session_step(session, &event, now);
}
