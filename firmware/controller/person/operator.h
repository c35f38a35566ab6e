/* Who is signed in at the point, how that was proven, and how long without work.
 *
 * Not: logging it or ending a fill because of it (session/people.c), who may sign in (the list's operators,
 * list_look.h), PINs (pin_gate.h). Pure: time in, changes out. One thread. Relies on: lib/domain/types.h. */
#ifndef FG_FIRMWARE_CONTROLLER_PERSON_OPERATOR_H
#define FG_FIRMWARE_CONTROLLER_PERSON_OPERATOR_H

#include "lib/domain/types.h"

/* Written by operator.c alone; others read. Zero-initialised: nobody is signed in. */
struct fg_signed_in {
    char id[FG_NAME_MAX + 1]; /* empty: nobody */
    int32_t certificate_end_day;
    uint8_t proof; /* enum fg_person_proof; HAND: not one of the list's operators, or not as such */
    int64_t used_mono_ms;
};

bool fg_operator_is_in(const struct fg_signed_in *who);

/* Signs in, in the place of whoever was. */
void fg_operator_enter(struct fg_signed_in *who, const char *id, int32_t certificate_end_day,
                       enum fg_person_proof proof, int64_t now_mono_ms);
void fg_operator_leave(struct fg_signed_in *who);

/* The operator did something: idleness counts from now. */
void fg_operator_used(struct fg_signed_in *who, int64_t now_mono_ms);

/* Until the idle operator is signed out, at least 1; 0: nobody is signed in, or idle_max_ms is 0 (never). */
int64_t fg_operator_idle_left_ms(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms);

/* Somebody is signed in and did nothing for idle_max_ms (0 = never). */
bool fg_operator_is_idle(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms);

/* Another list came into force; person: the operator's row there, NULL when there is none. False: the
 * operator may not stay. */
bool fg_operator_review(struct fg_signed_in *who, const struct fg_operator *person);

#endif
