/* A code that was typed in and waits for its second person: one at a time, and not for long.
 *
 * Not: who the second person may be and what becomes of the code then (session/people.c). Pure: time in, no
 * clock. Relies on: decide.h. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_SECOND_PERSON_H
#define FG_FIRMWARE_CONTROLLER_DECISION_SECOND_PERSON_H

#include "firmware/controller/decision/decide.h"

/* So long after the code was typed the second person may prove himself. */
#define FG_SECOND_WAIT_MS 60000

/* Zero-initialised: nothing waits. */
struct fg_second {
    bool is_wanted;
    int64_t until_mono_ms;
    struct fg_judgement judgement; /* what was found out of the code when it was typed */
};

/* Is it decided but for a second person, who alone is missing? */
bool fg_second_alone_is_missing(const struct fg_decision *decision);

void fg_second_want(struct fg_second *second, const struct fg_judgement *judgement, int64_t now_mono_ms);
void fg_second_done(struct fg_second *second);

/* Until it is too late, 0: nothing waits, or it is too late. */
int64_t fg_second_left_ms(const struct fg_second *second, int64_t now_mono_ms);

#endif
