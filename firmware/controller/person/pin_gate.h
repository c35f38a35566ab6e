/* The one place where a PIN is looked at: counted first and kept, then compared, then forgiven or not.
 *
 * Not: who the person is and what he may do then (session/people.c). Relies on: pin_count.h, pin_store.h,
 * lib/crypto/pin.h. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_PERSON_PIN_GATE_H
#define FG_FIRMWARE_CONTROLLER_PERSON_PIN_GATE_H

#include "firmware/controller/person/pin_store.h"

/* Written by pin_gate.c alone; others read. Zero-initialised: nothing was wrong, and nothing is kept. */
struct fg_pin_gate {
    struct fg_pin_count count;
    struct fg_pin_store store;
    bool is_kept; /* over a restart */
};

/* From now on the count is kept in the store, whose key must outlive the gate. FG_OK: the count of the last
 * run goes on. Else it was lost, and PINs are blocked for as long as can be; error says why. */
enum fg_err fg_pin_gate_keep(struct fg_pin_gate *gate, const struct fg_pin_store *store, int64_t now_mono_ms,
                             struct fg_error *error);

/* Tries a PIN of an operator of the list; person NULL: nobody has this id. FG_OK: it fits. FG_E_DENIED: it
 * does not, or nobody has the id, told alike; *ret_blocked: this was the last try before a block. FG_E_BUSY:
 * PINs are blocked. FG_E_IO: the try cannot be counted durably, so the PIN was not looked at. */
enum fg_err fg_pin_gate_try(struct fg_pin_gate *gate, const struct fg_operator *person, const char *id,
                            const char *pin, int64_t now_mono_ms, bool *ret_blocked, struct fg_error *error);

/* To be called at every tick: what time changes is kept too, so that a block that is over does not begin
 * again at the next start. */
void fg_pin_gate_watch(struct fg_pin_gate *gate, int64_t now_mono_ms);

/* Forgets all wrong PINs: a technician at the board answered for somebody. */
void fg_pin_gate_clear(struct fg_pin_gate *gate);

/* How long PINs are still blocked, 0 = they are not. */
int64_t fg_pin_gate_left_ms(const struct fg_pin_gate *gate, int64_t now_mono_ms);

#endif
