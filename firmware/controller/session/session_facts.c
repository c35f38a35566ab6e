/* What is so at this moment, for the files on top: the plant, the list in force, the tag's identity, and what
 * the rules say of it all. An event that was found is raised. Nothing here steps the machine. */
#include "firmware/controller/session/private.h"
#include "firmware/core/signals.h"

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

bool fg_session_may_scan(const struct fg_session *session)
{
    return session->fill.phase == FG_FILL_IDLE && !session->shutting_down;
}

void fg_session_identify_tag(struct fg_session *session, const struct fg_reader_report *report,
                             struct fg_identified *ret_identified)
{
    fg_identify_tag(&session->genuine, report, session->settings.trusted, session->settings.trusted_count,
                    ret_identified);
}

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
