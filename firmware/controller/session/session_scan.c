/* What comes from the reader: the tag of the fill stays, goes or is another one; a tag that is due is a card
 * (people.h) or a cylinder to be decided on.
 *
 * Not: when a tag is due (decision/tag_watch.h), the decision (session_machine.c, decision/decide.h). */
#include "firmware/controller/session/people.h"
#include "firmware/controller/session/private.h"

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
        fg_session_resume(session, FG_FILL_EVENT_TAG_SAME, now);
    } else if (change == FG_TAG_OTHER) {
        fg_log_line(&session->log, "tag: another one in the field");
        fg_session_step_kind(session, FG_FILL_EVENT_TAG_OTHER, now);
    } else if (!session->fill_is_manual) {
        fg_log_line(&session->log, "tag: gone");
        fg_session_step_kind(session, FG_FILL_EVENT_TAG_GONE, now);
    }
}

void fg_session_watch_tag(struct fg_session *session, const struct fg_moment *now)
{
    tag_changed(session, fg_tag_watch_tick(&session->tag, fill_uid(session), now->mono_ms), now);
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

    fg_session_identify_tag(session, &session->tag.tag, &identified);
    /* A damaged tag that names nothing is why a code is typed: it may lie there, and come and go. */
    if (session->second.is_wanted && identified.code.text[0] == '\0')
        return;
    fg_people_second_give_up(session, "a cylinder was scanned", now);
    fg_session_decide(session, &identified, now);
}

void fg_session_scan_if_due(struct fg_session *session, const struct fg_moment *now)
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
        return fg_fail(error, FG_E_BUSY, "a fill is in progress");
    if (!fg_tag_watch_is_present(&session->tag))
        return fg_fail(error, FG_E_NOT_FOUND, "no tag is at the reader");
    fg_tag_watch_done(&session->tag);
    /* What lies there already proves nobody's presence. */
    fg_people_second_give_up(session, "the tag in the field is looked at", now);
    if (fg_people_card_take(session, now))
        return fg_fail(error, FG_E_STATE, "the tag at the reader is an operator's card");
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
    fg_session_scan_if_due(session, now);
}
