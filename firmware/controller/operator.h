/* Who is signed in at the point, how long without work, and how often PINs were wrong.
 *
 * Not: logging it or ending a fill because of it (session.c), and who may sign in (the list's operators,
 * list_look.h). Pure: time in, changes out. One thread. Relies on: proto/pin.h. */
#ifndef FG_CONTROLLER_OPERATOR_H
#define FG_CONTROLLER_OPERATOR_H

#include "proto/types.h"

/* Written by operator.c alone; others read. Zero-initialised: nobody is signed in, no PIN was wrong. */
struct fg_signed_in {
    char id[FG_NAME_MAX + 1]; /* empty: nobody */
    int32_t certificate_end_day;
    bool by_hand; /* not one of the list's operators, or not as such */
    int64_t used_mono_ms;
    uint8_t pin_wrong;  /* in a row, since the last block */
    uint8_t pin_blocks; /* in a row */
    int64_t pin_blocked_until_mono_ms;
};

enum fg_pin_result {
    FG_PIN_FITS = 0,
    FG_PIN_WRONG,         /* or nobody has this id: told alike */
    FG_PIN_WRONG_BLOCKED, /* wrong, and the last try before a block */
};

bool fg_operator_is_in(const struct fg_signed_in *who);

/* Signs in, in the place of whoever was. */
void fg_operator_enter(struct fg_signed_in *who, const char *id, int32_t certificate_end_day, bool by_hand,
                       int64_t now_mono_ms);
void fg_operator_leave(struct fg_signed_in *who);

/* The operator did something: idleness counts from now. */
void fg_operator_used(struct fg_signed_in *who, int64_t now_mono_ms);

/* Until the idle operator is signed out, at least 1; 0: nobody is signed in, or idle_max_ms is 0 (never). */
int64_t fg_operator_idle_left_ms(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms);

/* Somebody is signed in and did nothing for idle_max_ms (0 = never). */
bool fg_operator_is_idle(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms);

/* Tries a PIN; not to be called while PINs are blocked. person NULL: nobody has this id. */
enum fg_pin_result fg_operator_try_pin(struct fg_signed_in *who, const struct fg_operator *person,
                                       const char *pin, int64_t now_mono_ms);

/* How long PINs are still blocked, 0 = they are not. */
int64_t fg_operator_pin_blocked_ms(const struct fg_signed_in *who, int64_t now_mono_ms);

/* Somebody proved by other means who he is: wrong PINs are forgotten. */
void fg_operator_forget_wrong_pins(struct fg_signed_in *who);

/* Another list came into force; person: the operator's row there, NULL when there is none. False: the
 * operator may not stay. */
bool fg_operator_review(struct fg_signed_in *who, const struct fg_operator *person);

#endif
