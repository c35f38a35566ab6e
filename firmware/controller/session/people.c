/* Implementation of people.h, and of what session.h offers to people by name, PIN and card. */
#include "firmware/controller/session/people.h"

#include <stdio.h>

#include "firmware/controller/session/private.h"
#include "proto/list/operators.h"

/* ---- a code typed by hand, and its second person ---- */

static struct fg_identified identified_by_hand(const struct fg_code *code)
{
    return (struct fg_identified){.tag = FG_TAG_OK, .identity = FG_IDENTITY_MANUAL, .code = *code};
}

enum fg_err fg_session_scan_by_hand(struct fg_session *session, const struct fg_code *code,
                                    const struct fg_moment *now, bool *ret_waits,
                                    struct fg_reasons *ret_reasons, struct fg_error *error)
{
    const struct fg_identified identified = identified_by_hand(code);
    struct fg_judgement judgement;

    *ret_waits = false;
    if (!fg_session_may_scan(session))
        return fg_fail(error, FG_E_BUSY, "a fill is in progress");
    if (session->second.is_wanted)
        return fg_fail(error, FG_E_BUSY, "another code is waiting for its second person; stop it first");
    fg_tag_watch_done(&session->tag);
    fg_tag_watch_refused(&session->tag, false);
    fg_session_gather(session, &identified, 0, now, &judgement);
    if (fg_second_alone_is_missing(&judgement.decision)) {
        *ret_waits = true;
        fg_second_want(&session->second, &judgement, now->mono_ms);
        fg_log_line(&session->log, "typed: %s, a second person is waited for", code->text);
        return FG_OK;
    }
    session->judgement = judgement;
    fg_session_take_judgement(session, now);
    *ret_reasons = judgement.decision.reasons;
    return FG_OK;
}

/* The code that waits, if one does, is refused: nobody else proved who he is. */
void fg_people_second_give_up(struct fg_session *session, const char *why, const struct fg_moment *now)
{
    if (!session->second.is_wanted)
        return;
    fg_log_line(&session->log, "typed: the second person is waited for no longer: %s", why);
    session->judgement = session->second.judgement;
    fg_second_done(&session->second);
    fg_session_take_judgement(session, now);
}

void fg_people_second_watch(struct fg_session *session, const struct fg_moment *now)
{
    if (fg_second_left_ms(&session->second, now->mono_ms) == 0)
        fg_people_second_give_up(session, "too late", now);
}

/* Everything is found out again: the list, the clock and the plant may have changed while he came. */
static void second_take(struct fg_session *session, const struct fg_operator *person,
                        enum fg_person_proof proof, const struct fg_moment *now)
{
    struct fg_identified identified = session->second.judgement.identified;

    (void)snprintf(identified.second_person, sizeof(identified.second_person), "%s", person->id);
    identified.second_proof = (uint8_t)proof;
    fg_log_line(&session->log, "typed: %s is the second person, by %s", person->id,
                fg_person_proof_name((uint8_t)proof));
    fg_second_done(&session->second);
    fg_session_decide(session, &identified, now);
}

/* ---- who is signed in ---- */

static void operator_out(struct fg_session *session, const char *why, const struct fg_moment *now)
{
    struct fg_circumstances about = fg_session_circumstances(session, now);
    const char *id = session->operator_in.id;
    struct fg_error error = {0};

    fg_people_second_give_up(session, "the operator leaves", now);
    /* The fill is stopped first; its ENDED names this operator whenever it is written. */
    fg_session_step_kind(session, FG_FILL_EVENT_OPERATOR_LEFT, now);
    if (fg_recorder_operator(&session->recorder, &session->operator_in, false, &about, &error) != FG_OK)
        fg_log_line(&session->log, "operator: sign-out of %s not logged: %s", id, error.text);
    fg_log_line(&session->log, "operator: %s signed out%s", id, why);
    fg_operator_leave(&session->operator_in);
}

static const char *proof_words(enum fg_person_proof proof)
{
    return proof == FG_PERSON_PROOF_CARD ? "by card" : proof == FG_PERSON_PROOF_PIN ? "by PIN" : "by hand";
}

static enum fg_err operator_in(struct fg_session *session, const char *id, int32_t certificate_end_day,
                               enum fg_person_proof proof, const struct fg_moment *now,
                               struct fg_error *error)
{
    struct fg_signed_in who = {0};
    struct fg_circumstances about;
    struct fg_error cause = {0};
    enum fg_err code;

    if (fg_operator_is_in(&session->operator_in))
        operator_out(session, "", now);
    fg_operator_enter(&who, id, certificate_end_day, proof, now->mono_ms);
    about = fg_session_circumstances(session, now);
    code = fg_recorder_operator(&session->recorder, &who, true, &about, &cause);
    if (code != FG_OK) /* the journal's own codes mean other things to who signs in */
        return fg_fail(error, code == FG_E_FULL ? code : FG_E_IO, "the journal cannot take it: %s",
                       cause.text);
    session->operator_in = who;
    fg_log_line(&session->log, "operator: %s signed in %s", who.id, proof_words(proof));
    return FG_OK;
}

static enum fg_err operator_of_list_in(struct fg_session *session, const struct fg_operator *person,
                                       enum fg_person_proof proof, const struct fg_moment *now,
                                       struct fg_error *error)
{
    return operator_in(session, person->id, person->certificate_end_day, proof, now, error);
}

/* Signed in as this operator of the list, and not by hand? */
static bool operator_is(const struct fg_session *session, const struct fg_operator *person)
{
    return fg_operator_id_is_same(person->id, session->operator_in.id) &&
           session->operator_in.proof != FG_PERSON_PROOF_HAND;
}

void fg_session_sign_out(struct fg_session *session, const struct fg_moment *now)
{
    operator_out(session, "", now);
}

void fg_session_operator_used(struct fg_session *session, const struct fg_moment *now)
{
    fg_operator_used(&session->operator_in, now->mono_ms);
}

static enum fg_err may_sign_in(const struct fg_session *session, struct fg_error *error)
{
    if (!fg_session_may_scan(session))
        return fg_fail(error, FG_E_BUSY, "a fill is in progress; sign in when it has ended");
    return FG_OK;
}

/* Looks at a PIN that is said to be this operator's. *ret_person: who it is then, until the list is looked at
 * again. */
static enum fg_err pin_check(struct fg_session *session, const char *id, const char *pin,
                             const struct fg_moment *now, const struct fg_operator **ret_person,
                             struct fg_error *error)
{
    const struct fg_operator *person;
    char text[FG_TEXT_MAX + 1];
    bool blocked = false;
    enum fg_err code;

    fg_session_look_at_list(session);
    if (session->look.state != FG_LIST_IN_FORCE)
        return fg_fail(error, FG_E_STATE, "no list is in force, so no PIN can be checked");
    person = fg_list_operator(&session->look, id);
    code = fg_pin_gate_try(&session->pins, person, id, pin, now->mono_ms, &blocked, error);
    if (blocked) {
        (void)snprintf(text, sizeof(text), "for %lld s, last tried: %s",
                       (long long)(fg_pin_gate_left_ms(&session->pins, now->mono_ms) / 1000), id);
        fg_session_raise(session, FG_EVENT_SIGN_IN_BLOCKED, text, now);
    }
    if (code == FG_OK)
        *ret_person = person;
    return code;
}

enum fg_err fg_session_sign_in_by_pin(struct fg_session *session, const char *operator_id, const char *pin,
                                      const struct fg_moment *now, bool *ret_already, struct fg_error *error)
{
    const struct fg_operator *person = NULL;
    enum fg_err code = may_sign_in(session, error);

    *ret_already = false;
    if (code == FG_OK)
        code = pin_check(session, operator_id, pin, now, &person, error);
    if (code != FG_OK)
        return code;
    *ret_already = operator_is(session, person);
    if (!*ret_already)
        return operator_of_list_in(session, person, FG_PERSON_PROOF_PIN, now, error);
    fg_operator_used(&session->operator_in, now->mono_ms);
    return FG_OK;
}

/* A name of the list is written as the list writes it. */
enum fg_err fg_session_sign_in_by_hand(struct fg_session *session, const char *operator_id,
                                       int32_t certificate_end_day, const struct fg_moment *now,
                                       struct fg_error *error)
{
    const struct fg_operator *person;
    enum fg_err code = may_sign_in(session, error);

    if (code != FG_OK)
        return code;
    fg_session_look_at_list(session);
    person = fg_list_operator(&session->look, operator_id);
    code = operator_in(session, person != NULL ? person->id : operator_id, certificate_end_day,
                       FG_PERSON_PROOF_HAND, now, error);
    if (code == FG_OK)
        fg_pin_gate_clear(&session->pins);
    return code;
}

enum fg_err fg_session_second_by_pin(struct fg_session *session, const char *operator_id, const char *pin,
                                     const struct fg_moment *now, struct fg_reasons *ret_reasons,
                                     struct fg_error *error)
{
    const struct fg_operator *person = NULL;
    enum fg_err code;

    fg_people_second_watch(session, now);
    if (!session->second.is_wanted)
        return fg_fail(error, FG_E_STATE, "no typed code is waiting for a second person");
    if (fg_operator_id_is_same(operator_id, session->operator_in.id))
        return fg_fail(error, FG_E_ARG, "the second person must not be %s", session->operator_in.id);
    code = pin_check(session, operator_id, pin, now, &person, error);
    if (code != FG_OK)
        return code;
    second_take(session, person, FG_PERSON_PROOF_PIN, now);
    *ret_reasons = session->judgement.decision.reasons;
    return FG_OK;
}

/* Is the tag in the field an operator's card? Then that operator is the second person of the code that waits
 * for one, or is signed in. */
bool fg_people_card_take(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_operator *person = NULL;
    struct fg_error error = {0};

    fg_people_second_watch(session, now);
    fg_session_look_at_list(session);
    person = fg_list_card(&session->look, &session->tag.presence.uid);
    if (person == NULL)
        return false;
    if (fg_operator_id_is_same(person->id, session->operator_in.id) && session->second.is_wanted)
        fg_log_line(&session->log, "typed: %s cannot be the second person of his own code", person->id);
    else if (session->second.is_wanted)
        second_take(session, person, FG_PERSON_PROOF_CARD, now);
    else if (operator_is(session, person))
        fg_operator_used(&session->operator_in, now->mono_ms);
    else if (operator_of_list_in(session, person, FG_PERSON_PROOF_CARD, now, &error) != FG_OK)
        fg_log_line(&session->log, "operator: %s not signed in: %s", person->id, error.text);
    return true;
}

/* In a list that came into force the bureau may have taken the operator away, or moved the date. */
static void operator_review(struct fg_session *session, const struct fg_moment *now)
{
    session->operator_review = false;
    fg_session_look_at_list(session);
    if (session->look.state != FG_LIST_IN_FORCE)
        return;
    if (!fg_operator_review(&session->operator_in, fg_list_operator(&session->look, session->operator_in.id)))
        operator_out(session, ": not among the operators of the list in force any more", now);
}

void fg_people_operator_watch(struct fg_session *session, const struct fg_moment *now)
{
    if (!fg_operator_is_in(&session->operator_in)) {
        session->operator_review = false;
        /* Nobody is there any more who could do the check after the fill. */
        if (session->fill.phase == FG_FILL_POST_CHECK)
            fg_session_step_kind(session, FG_FILL_EVENT_OPERATOR_LEFT, now);
        return;
    }
    if (session->fill.phase != FG_FILL_IDLE)
        fg_operator_used(&session->operator_in, now->mono_ms);
    else if (session->operator_review)
        operator_review(session, now);
    else if (fg_operator_is_idle(&session->operator_in, session->settings.operator_idle_max_ms, now->mono_ms))
        operator_out(session, ": idle for too long", now);
}

/* ---- the kept count of wrong PINs ---- */

/* The count of wrong PINs of the last run goes on. Its file is sealed with the device key, which is there
 * when the journal is open. */
void fg_people_pins_begin(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_session_settings *settings = &session->settings;
    struct fg_pin_store store = {.key = settings->device_key, .boot = session->stores.journal_start.boot};
    struct fg_error error = {0};
    char text[FG_TEXT_MAX + 1];

    if (settings->pin_count_path == NULL)
        return;
    (void)snprintf(store.path, sizeof(store.path), "%s", settings->pin_count_path);
    (void)snprintf(store.controller, sizeof(store.controller), "%s", settings->controller);
    if (fg_pin_gate_keep(&session->pins, &store, now->mono_ms, &error) == FG_OK)
        return;
    (void)snprintf(text, sizeof(text), "PINs are blocked for %lld s: %.*s",
                   (long long)(fg_pin_gate_left_ms(&session->pins, now->mono_ms) / 1000), 48, error.text);
    fg_session_raise(session, FG_EVENT_PIN_COUNT_LOST, text, now);
}
