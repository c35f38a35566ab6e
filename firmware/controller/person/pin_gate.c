/* Implementation of pin_gate.h. */
#include "firmware/controller/person/pin_gate.h"

#include <string.h>

#include "lib/crypto/pin.h"

static enum fg_err keep(const struct fg_pin_gate *gate, const struct fg_pin_count *count,
                        struct fg_error *error)
{
    return gate->is_kept ? fg_pin_store_save(&gate->store, count, error) : FG_OK;
}

enum fg_err fg_pin_gate_keep(struct fg_pin_gate *gate, const struct fg_pin_store *store, int64_t now_mono_ms,
                             struct fg_error *error)
{
    enum fg_err code;

    gate->store = *store;
    gate->is_kept = true;
    code = fg_pin_store_load(&gate->store, now_mono_ms, &gate->count, error);
    /* Under this boot's number, or at the next start it would be one from before. What cannot be kept now is
     * tried again before any PIN is looked at. */
    (void)keep(gate, &gate->count, NULL);
    return code;
}

int64_t fg_pin_gate_left_ms(const struct fg_pin_gate *gate, int64_t now_mono_ms)
{
    return fg_pin_block_left_ms(&gate->count, now_mono_ms);
}

/* What stays in the file when this write fails is a try too many: the safe side. */
static void take_good(struct fg_pin_gate *gate, const struct fg_pin_count *before, const char *id,
                      int64_t now_mono_ms)
{
    gate->count = *before;
    fg_pin_count_good(&gate->count, id, now_mono_ms);
    (void)keep(gate, &gate->count, NULL);
}

enum fg_err fg_pin_gate_try(struct fg_pin_gate *gate, const struct fg_operator *person, const char *id,
                            const char *pin, int64_t now_mono_ms, bool *ret_blocked, struct fg_error *error)
{
    struct fg_pin_count before = gate->count;
    int64_t left_ms = fg_pin_gate_left_ms(gate, now_mono_ms);
    struct fg_error why = {0};

    *ret_blocked = false;
    if (left_ms > 0)
        return fg_fail(error, FG_E_BUSY, "too many wrong PINs: wait %lld s, or use a card",
                       (long long)((left_ms + 999) / 1000));
    fg_pin_count_try(&gate->count, id, now_mono_ms);
    if (keep(gate, &gate->count, &why) != FG_OK) {
        gate->count = before;
        return fg_fail(error, FG_E_IO, "wrong PINs cannot be counted now (%s): use a card", why.text);
    }
    if (person == NULL || !fg_pin_fits(person, pin)) {
        *ret_blocked = gate->count.is_blocked;
        return fg_fail(error, FG_E_DENIED, "operator or PIN is wrong");
    }
    take_good(gate, &before, person->id, now_mono_ms);
    return FG_OK;
}

void fg_pin_gate_watch(struct fg_pin_gate *gate, int64_t now_mono_ms)
{
    if (fg_pin_count_watch(&gate->count, now_mono_ms))
        (void)keep(gate, &gate->count, NULL);
}

void fg_pin_gate_clear(struct fg_pin_gate *gate)
{
    fg_pin_count_clear(&gate->count);
    (void)keep(gate, &gate->count, NULL);
}
