/* Sessions at the bureau's pages: sign-in, sign-out, one's own password and second factor. Handlers.
 *
 * How guessing is slowed down without letting anybody lock others out. Wrong tries use up allowances that
 * come back with time; nothing is ever locked:
 * - a browser that has signed this user in before (its long-lived cookie says so) has an allowance of its
 * own: whatever others do, it is let in;
 * - an address that this user has signed in from before shares an allowance with what else comes from it, by
 *   user and address, and one of the address;
 * - everybody else further shares one allowance for the user, so that many addresses together do not guess
 *   faster than one: who attacks can delay the user at new browsers alone.
 * A sign-in that succeeds gives back what it took, so only wrong tries count. Passwords are hashed two at a
 * time, one of the places being for those that are known (password.h).
 *
 * Relies on: user.h, user_session.h, trail.h, web_rate.h. */
#ifndef FG_HOST_BUREAU_API_ACCOUNT_ACCOUNT_H
#define FG_HOST_BUREAU_API_ACCOUNT_ACCOUNT_H

#include "host/bureau/web/web_call.h"

enum fg_err fg_web_session_show(struct fg_web_call *call, struct fg_error *error);
/* sign_in.c */
enum fg_err fg_web_sign_in(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_sign_out(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_password_change(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_totp_begin(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_totp_confirm(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_totp_remove(struct fg_web_call *call, struct fg_error *error);

/* Answers who is signed in with this cookie, which it also sets. */
enum fg_err fg_web_session_answer(struct fg_web_call *call, const char *cookie, struct fg_error *error);

#endif
