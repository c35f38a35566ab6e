/* The people's half of the session: who signs in, by card, by PIN or by hand, and leaves; the code that is
 * typed in and its second person; wrong PINs.
 *
 * Not: what a scan is decided on (session_facts.c) or a fill does (session_machine.c), whether a PIN fits
 * (pin_gate.h), the state of who is in (operator.h) or of what waits (second_person.h). One thread. Relies
 * on: private.h. */
#ifndef FG_FIRMWARE_CONTROLLER_SESSION_PEOPLE_H
#define FG_FIRMWARE_CONTROLLER_SESSION_PEOPLE_H

#include "firmware/controller/session/session.h"

/* The code that waits for its second person, if one does, is refused: nobody else proved who he is. */
void fg_people_second_give_up(struct fg_session *session, const char *why, const struct fg_moment *now);

/* To be called at every tick: refuses the waiting code when it is too late. */
void fg_people_second_watch(struct fg_session *session, const struct fg_moment *now);

/* To be called at every tick: signs out who is idle or taken off the list; ends a check that nobody can do.
 */
void fg_people_operator_watch(struct fg_session *session, const struct fg_moment *now);

/* Is the tag in the field an operator's card? Then that operator is the second person of the code that waits,
 * or is signed in. False: it is no card. */
bool fg_people_card_take(struct fg_session *session, const struct fg_moment *now);

/* The journal is open: the count of wrong PINs of the last run goes on. */
void fg_people_pins_begin(struct fg_session *session, const struct fg_moment *now);

#endif
