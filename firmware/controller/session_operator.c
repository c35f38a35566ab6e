/* Who is signed in at the point: by card, by PIN, or by hand; idleness; what a new list changes.
 *
 * Wrong PINs are counted for the whole point, and in memory only. Who can cut the controller's power gets
 * five more tries with each start; at a start every 20 s all PINs of six digits still take over a month, and
 * each start leaves a BOOT entry. Who can restart the program otherwise is root or its own user, and needs no
 * PIN.
 */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/session_private.h"
#include "proto/pin.h"

#define PIN_TRIES 5
#define PIN_BLOCK_MS 60000
#define PIN_BLOCK_MAX_MS 900000

static const struct fg_operator *operator_find(const struct fg_session *session, const char *id)
{
    const struct fg_station_rules *rules = &session->manifest.rules;

    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        if (strcmp(rules->operators[i].id, id) == 0)
            return &rules->operators[i];
    }
    return NULL;
}

static const struct fg_operator *card_find(const struct fg_session *session, const struct fg_uid *uid)
{
    const struct fg_station_rules *rules = &session->manifest.rules;

    for (size_t i = 0; uid->length != 0 && i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        const struct fg_uid *card = &rules->operators[i].card;

        if (card->length == uid->length && memcmp(card->bytes, uid->bytes, uid->length) == 0)
            return &rules->operators[i];
    }
    return NULL;
}

/* ---- in and out ---- */

void fg_session_operator_used(struct fg_session *session, const struct fg_moment *now)
{
    session->operator_used_mono_ms = now->mono_ms;
}

static void operator_out(struct fg_session *session, const char *why, const struct fg_moment *now)
{
    struct fg_error error = {0};

    /* The fill is stopped first; its ENDED names this operator whenever it is written. */
    fg_session_step_kind(session, FG_FILL_EVENT_OPERATOR_LEFT, now);
    if (fg_session_write_operator(session, session->operator_id, false, now, &error) != FG_OK)
        fg_session_log(session, "operator: sign-out of %s not logged: %s", session->operator_id, error.text);
    fg_session_log(session, "operator: %s signed out%s", session->operator_id, why);
    session->operator_id[0] = '\0';
    session->certificate_end_day = 0;
    session->operator_by_hand = false;
}

static enum fg_err operator_in(struct fg_session *session, const char *id, int32_t certificate_end_day,
                               bool by_hand, const char *how, const struct fg_moment *now,
                               struct fg_error *error)
{
    enum fg_err code;

    if (session->operator_id[0] != '\0')
        operator_out(session, "", now);
    code = fg_session_write_operator(session, id, true, now, error);
    if (code != FG_OK)
        return code;
    (void)snprintf(session->operator_id, sizeof(session->operator_id), "%s", id);
    session->certificate_end_day = certificate_end_day;
    session->operator_by_hand = by_hand;
    fg_session_operator_used(session, now);
    fg_session_log(session, "operator: %s signed in%s", session->operator_id, how);
    return FG_OK;
}

void fg_session_sign_out(struct fg_session *session, const struct fg_moment *now,
                         struct fg_control_answer *answer)
{
    char id[FG_NAME_MAX + 1];

    if (session->operator_id[0] == '\0') {
        fg_session_answer(answer, FG_E_STATE, "nobody is signed in");
        return;
    }
    memcpy(id, session->operator_id, sizeof(id));
    operator_out(session, "", now);
    fg_session_answer(answer, FG_OK, "%s signed out", id);
}

/* ---- PIN ---- */

int64_t fg_session_pin_blocked_ms(const struct fg_session *session, const struct fg_moment *now)
{
    int64_t left_ms = session->pin_blocked_until_mono_ms - now->mono_ms;

    return session->pin_blocks > 0 && left_ms > 0 ? left_ms : 0;
}

static void pin_forget(struct fg_session *session)
{
    session->pin_wrong = 0;
    session->pin_blocks = 0;
}

static void pin_was_wrong(struct fg_session *session, const char *id, const struct fg_moment *now)
{
    int64_t block_ms = PIN_BLOCK_MS;
    char text[FG_TEXT_MAX + 1];

    session->pin_wrong++;
    if (session->pin_wrong < PIN_TRIES)
        return;
    for (uint8_t i = 0; i < session->pin_blocks && block_ms < PIN_BLOCK_MAX_MS; i++)
        block_ms *= 2;
    if (block_ms > PIN_BLOCK_MAX_MS)
        block_ms = PIN_BLOCK_MAX_MS;
    session->pin_wrong = 0;
    if (session->pin_blocks < UINT8_MAX)
        session->pin_blocks++;
    session->pin_blocked_until_mono_ms = now->mono_ms + block_ms;
    (void)snprintf(text, sizeof(text), "for %lld s, last tried: %s", (long long)(block_ms / 1000), id);
    fg_session_raise(session, FG_EVENT_SIGN_IN_BLOCKED, text, now);
}

static void sign_in_by_pin(struct fg_session *session, const struct fg_control_request *request,
                           const struct fg_moment *now, struct fg_control_answer *answer)
{
    const struct fg_operator *person = NULL;
    int64_t blocked_ms = fg_session_pin_blocked_ms(session, now);
    struct fg_error error = {0};

    if (blocked_ms > 0) {
        fg_session_answer(answer, FG_E_BUSY, "too many wrong PINs: wait %lld s, or sign in with a card",
                          (long long)((blocked_ms + 999) / 1000));
        return;
    }
    if (fg_session_list_state(session) != FG_LIST_IN_FORCE) {
        fg_session_answer(answer, FG_E_STATE, "no list is in force, so nobody is known here by PIN");
        return;
    }
    person = operator_find(session, request->operator_id);
    if (person == NULL || !fg_pin_fits(person, request->pin)) {
        pin_was_wrong(session, request->operator_id, now);
        fg_session_answer(answer, FG_E_DENIED, "operator or PIN is wrong");
        return;
    }
    pin_forget(session);
    if (strcmp(person->id, session->operator_id) == 0 && !session->operator_by_hand) {
        fg_session_operator_used(session, now);
        fg_session_answer(answer, FG_OK, "%s is signed in already", session->operator_id);
    } else if (operator_in(session, person->id, person->certificate_end_day, false, " by PIN", now, &error) !=
               FG_OK) {
        fg_session_answer(answer, error.code, "not signed in: %s", error.text);
    } else {
        fg_session_answer(answer, FG_OK, "%s signed in", session->operator_id);
    }
}

/* ---- by hand ---- */

/* The date of a certificate is the bureau's to say; a technician at the board may say it in its place. */
static void sign_in_by_hand(struct fg_session *session, const struct fg_control_request *request,
                            bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *answer)
{
    struct fg_error error = {0};

    if (!asker_is_own) {
        fg_session_answer(
            answer, FG_E_DENIED,
            "a certificate date given by hand counts only from the user that fillgated runs as, "
            "and from root; sign in with a PIN or a card");
        return;
    }
    if (operator_in(session, request->operator_id, request->certificate_end_day, true, " by hand", now,
                    &error) != FG_OK) {
        fg_session_answer(answer, error.code, "not signed in: %s", error.text);
        return;
    }
    pin_forget(session);
    fg_session_answer(answer, FG_OK, "%s signed in", session->operator_id);
}

void fg_session_sign_in(struct fg_session *session, const struct fg_control_request *request,
                        bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *answer)
{
    bool by_pin = request->pin[0] != '\0';

    if (request->operator_id[0] == '\0')
        fg_session_answer(answer, FG_E_ARG, "operator_id is empty");
    else if (session->fill.phase != FG_FILL_IDLE || session->shutting_down)
        fg_session_answer(answer, FG_E_BUSY, "a fill is under way; sign in when it has ended");
    else if (by_pin && request->certificate_end_day != 0)
        fg_session_answer(answer, FG_E_ARG, "give a PIN or a certificate date, not both");
    else if (by_pin)
        sign_in_by_pin(session, request, now, answer);
    else if (request->certificate_end_day == 0)
        fg_session_answer(answer, FG_E_ARG, "the PIN is empty");
    else
        sign_in_by_hand(session, request, asker_is_own, now, answer);
}

/* ---- card ---- */

bool fg_session_card_sign_in(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_operator *person = NULL;
    struct fg_error error = {0};

    if (fg_session_list_state(session) == FG_LIST_IN_FORCE)
        person = card_find(session, &session->presence.uid);
    if (person == NULL)
        return false;
    if (strcmp(person->id, session->operator_id) == 0 && !session->operator_by_hand)
        fg_session_operator_used(session, now);
    else if (operator_in(session, person->id, person->certificate_end_day, false, " by card", now, &error) !=
             FG_OK)
        fg_session_log(session, "operator: %s not signed in: %s", person->id, error.text);
    return true;
}

/* ---- time and lists ---- */

/* In a list that came into force the bureau may have taken the operator away, or moved the date. */
static void operator_review(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_operator *person = NULL;

    session->operator_review = false;
    if (session->operator_by_hand || fg_session_list_state(session) != FG_LIST_IN_FORCE)
        return;
    person = operator_find(session, session->operator_id);
    if (person == NULL)
        operator_out(session, ": not among the operators of the list in force any more", now);
    else
        session->certificate_end_day = person->certificate_end_day;
}

int64_t fg_session_idle_left_ms(const struct fg_session *session, const struct fg_moment *now)
{
    uint32_t idle_max_ms = session->settings.operator_idle_max_ms;
    int64_t left_ms = session->operator_used_mono_ms + (int64_t)idle_max_ms - now->mono_ms;

    if (session->operator_id[0] == '\0' || idle_max_ms == 0 || session->fill.phase != FG_FILL_IDLE)
        return 0;
    return left_ms > 0 ? left_ms : 1;
}

void fg_session_operator_watch(struct fg_session *session, const struct fg_moment *now)
{
    uint32_t idle_max_ms = session->settings.operator_idle_max_ms;

    if (session->operator_id[0] == '\0') {
        session->operator_review = false;
        /* Nobody is there any more who could do the check after the fill. */
        if (session->fill.phase == FG_FILL_POST_CHECK)
            fg_session_step_kind(session, FG_FILL_EVENT_OPERATOR_LEFT, now);
        return;
    }
    if (session->fill.phase != FG_FILL_IDLE) {
        fg_session_operator_used(session, now);
        return;
    }
    if (session->operator_review)
        operator_review(session, now);
    else if (idle_max_ms != 0 && now->mono_ms - session->operator_used_mono_ms >= (int64_t)idle_max_ms)
        operator_out(session, ": idle for too long", now);
}
