/* The session's parts, and what its files offer each other, from the bottom to the top: session_facts.c,
 * session_machine.c, people.c (people.h), session_press.c, session_scan.c, session.c. session_state.c only
 * reads. Nobody outside of the room includes this, nor does command.c. */
#ifndef FG_FIRMWARE_CONTROLLER_SESSION_PRIVATE_H
#define FG_FIRMWARE_CONTROLLER_SESSION_PRIVATE_H

#include "firmware/controller/decision/decide.h"
#include "firmware/controller/decision/progress.h"
#include "firmware/controller/decision/second_person.h"
#include "firmware/controller/decision/tag_watch.h"
#include "firmware/controller/person/operator.h"
#include "firmware/controller/person/pin_gate.h"
#include "firmware/controller/record/recorder.h"
#include "firmware/controller/session/session.h"

struct fg_session {
    struct fg_session_settings settings;
    struct fg_session_stores stores;
    struct fg_point_facts point;
    struct fg_log log;

    struct fg_fill fill;
    struct fg_plant_watch plant;
    struct fg_tag_watch tag;
    struct fg_signed_in operator_in;
    struct fg_pin_gate pins;
    struct fg_second second; /* of a code that was typed in */
    struct fg_recorder recorder;
    struct fg_progress progress;
    struct fg_list_look look;

    struct fg_genuine_tags genuine;

    /* The scan that the present (or newest) decision was about. */
    struct fg_judgement judgement;
    bool fill_is_manual;
    struct fg_signed_in fill_operator; /* who was signed in when it was accepted */
    int64_t authorised_wall_ms;        /* of the fill under way */
    struct fg_check_outcome checks;    /* of its present or newest check */
    uint64_t decisions;
    uint64_t decision_sequence;

    bool started;
    bool shutting_down;
    int64_t started_mono_ms;
    bool operator_review; /* another list came into force: is the operator still on it? */
    bool list_tamper_told;
    uint32_t reader_restarts;
    bool receipt_tamper_told;
    bool has_receipt_key;
    struct fg_public_key receipt_key;
};

/* ---- session_facts.c ---- */

/* No fill is under way, and the controller goes on. */
bool fg_session_may_scan(const struct fg_session *session);

/* What every entry tells, as it is now. */
struct fg_circumstances fg_session_circumstances(const struct fg_session *session,
                                                 const struct fg_moment *now);

/* Looks at the list in force; session->look is what was seen. */
void fg_session_look_at_list(struct fg_session *session);

/* Something that this point needs for filling does not work, or an alarm is on. */
bool fg_session_plant_is_faulty(const struct fg_session *session, const struct fg_moment *now);

/* What the tag that the reader reported says of itself, and whether it is signed by a key that counts now. */
void fg_session_identify_tag(struct fg_session *session, const struct fg_reader_report *report,
                             struct fg_identified *ret_identified);

/* Runs the rules on what is so now. authorised_wall_ms: of the fill that is about to go on, 0 = about to
 * begin. */
void fg_session_gather(struct fg_session *session, const struct fg_identified *identified,
                       int64_t authorised_wall_ms, const struct fg_moment *now,
                       struct fg_judgement *ret_judgement);

/* ---- session_machine.c ---- */

/* Steps the machine and carries out what it asks for, results fed back included. Time and plant of the event
 * are set here. */
void fg_session_step(struct fg_session *session, const struct fg_fill_event *event,
                     const struct fg_moment *now);

/* The same with an event that carries nothing but its kind. */
void fg_session_step_kind(struct fg_session *session, enum fg_fill_event_kind kind,
                          const struct fg_moment *now);

/* Accepts or refuses by session->judgement. */
void fg_session_take_judgement(struct fg_session *session, const struct fg_moment *now);

/* A scan: gathers, judges, takes the judgement. */
void fg_session_decide(struct fg_session *session, const struct fg_identified *identified,
                       const struct fg_moment *now);

/* A suspended fill has ended because its grounds are gone: its REFUSED entry says what no longer holds. Its
 * ENDED is about the fill as it began. */
void fg_session_refuse_resume(struct fg_session *session, const struct fg_judgement *fresh,
                              const struct fg_moment *now);

/* ---- session_press.c ---- */

/* A suspended fill is to go on: RESUME was pressed, or the tag is back (TAG_SAME). */
void fg_session_resume(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now);

/* ---- session_scan.c ---- */

/* To be called at every tick: the tag may be gone, which a fill under way must know. */
void fg_session_watch_tag(struct fg_session *session, const struct fg_moment *now);

/* Decides on what is due in the field, card or cylinder, when a decision may be taken now. */
void fg_session_scan_if_due(struct fg_session *session, const struct fg_moment *now);

#endif
