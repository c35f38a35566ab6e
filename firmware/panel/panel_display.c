/* The one word and its time-outs (panel_display.h). */
#include "firmware/panel/panel_display.h"

#include <string.h>

#include "firmware/core/fill.h"

enum device_link { DEVICE_DOWN = 0, DEVICE_PROBING = 1, DEVICE_UP = 2 };

static const char *const names[FG_PANEL_DISPLAY_COUNT] = {
    "STARTING",  "READY",   "CHECKING",   "REFUSED", "PRE_CHECK", "AUTHORISING", "FILLING",
    "SUSPENDED", "CLOSING", "POST_CHECK", "DONE",    "FAULT",     "LOCKED",      "SIGN_IN"};

const char *fg_panel_display_name(enum fg_panel_display display)
{
    return (unsigned)display < FG_PANEL_DISPLAY_COUNT ? names[display] : "?";
}

/* ---- memory ---- */

static bool uid_differs(const struct fg_uid *a, const struct fg_uid *b)
{
    return a->length != b->length || (a->length <= FG_UID_MAX && memcmp(a->bytes, b->bytes, a->length) != 0);
}

/* A controller that is new to us: only a refusal that still lies there is news. */
static void begin(struct fg_panel_memory *memory, const struct fg_control_state *state, int64_t now_mono_ms)
{
    memset(memory, 0, sizeof(*memory));
    memory->known = true;
    memory->boot = state->boot;
    memory->boot_mono_ms = now_mono_ms;
    memory->refused = state->tag_present && state->decisions > 0 && state->reasons.count > 0;
    memory->refused_mono_ms = now_mono_ms;
}

static void note_changes(struct fg_panel_memory *memory, const struct fg_control_state *state,
                         int64_t now_mono_ms)
{
    bool decided = state->decisions != memory->decisions;

    if (state->tag_present && (!memory->tag_present || uid_differs(&state->uid, &memory->uid))) {
        memory->refused = false;
        memory->done = false;
        memory->checking = true;
        memory->checking_mono_ms = now_mono_ms;
    }
    if (decided) {
        memory->checking = false;
        memory->done = false;
        memory->refused = state->reasons.count > 0;
        memory->refused_mono_ms = now_mono_ms;
    }
    if (state->fills_ended != memory->fills_ended) {
        memory->done = true;
        memory->done_mono_ms = now_mono_ms;
    }
}

static void note_ends(struct fg_panel_memory *memory, const struct fg_control_state *state,
                      int64_t now_mono_ms)
{
    if (!state->tag_present || state->phase != FG_FILL_IDLE ||
        now_mono_ms - memory->checking_mono_ms >= FG_PANEL_CHECKING_MAX_MS)
        memory->checking = false;
    if (state->phase != FG_FILL_IDLE) {
        memory->refused = false;
        memory->done = false;
    }
    if (memory->refused && state->tag_present)
        memory->refused_mono_ms = now_mono_ms;
    if (now_mono_ms - memory->refused_mono_ms >= FG_PANEL_REFUSED_MS)
        memory->refused = false;
    if (now_mono_ms - memory->done_mono_ms >= FG_PANEL_DONE_MS)
        memory->done = false;
    if (!state->reader_up && !memory->reader_down)
        memory->reader_down_mono_ms = now_mono_ms;
    memory->reader_down = !state->reader_up;
}

/* ---- the word ---- */

static enum fg_panel_display of_phase(const struct fg_control_state *state)
{
    switch (state->phase) {
    case FG_FILL_PRE_CHECK:
        return FG_PANEL_PRE_CHECK;
    case FG_FILL_AUTHORISING:
        return FG_PANEL_AUTHORISING;
    case FG_FILL_FILLING:
        return FG_PANEL_FILLING;
    case FG_FILL_SUSPENDED:
        return FG_PANEL_SUSPENDED;
    case FG_FILL_POST_CHECK:
        return FG_PANEL_POST_CHECK;
    case FG_FILL_RECORDING:
        /* Takes no time as a rule: what was shown before goes on. */
        return state->post_checks_wanted != 0 ? FG_PANEL_POST_CHECK : FG_PANEL_CLOSING;
    default:
        return FG_PANEL_CLOSING;
    }
}

static bool is_starting(const struct fg_panel_memory *memory, const struct fg_control_state *state,
                        int64_t now_mono_ms)
{
    bool probing = false;

    if (now_mono_ms - memory->boot_mono_ms >= FG_PANEL_STARTING_MAX_MS)
        return false;
    for (size_t i = 0; i < state->device_count && i < FG_CONTROL_DEVICES_MAX; i++) {
        if (state->devices[i].link == DEVICE_DOWN)
            return false;
        probing |= state->devices[i].link == DEVICE_PROBING;
    }
    return probing || (!state->reader_up && state->reader_restarts == 0);
}

static bool is_fault(const struct fg_panel_memory *memory, const struct fg_control_state *state,
                     int64_t now_mono_ms)
{
    bool expired = state->list_expires_ms != 0 && state->wall_ms >= state->list_expires_ms;

    return state->device_fault || state->emergency_stop || state->list_state != FG_LIST_IN_FORCE || expired ||
           state->journal_state >= FG_JOURNAL_FULL || state->clock_quality == FG_CLOCK_UNKNOWN ||
           (memory->reader_down && now_mono_ms - memory->reader_down_mono_ms >= FG_PANEL_READER_DOWN_MS);
}

enum fg_panel_display fg_panel_display_step(struct fg_panel_memory *memory,
                                            const struct fg_control_state *state, int64_t now_mono_ms)
{
    if (!memory->known || memory->boot != state->boot)
        begin(memory, state, now_mono_ms);
    else
        note_changes(memory, state, now_mono_ms);
    note_ends(memory, state, now_mono_ms);
    memory->decisions = state->decisions;
    memory->fills_ended = state->fills_ended;
    memory->tag_present = state->tag_present;
    memory->uid = state->uid;
    if (state->phase != FG_FILL_IDLE)
        return of_phase(state);
    if (memory->refused)
        return FG_PANEL_REFUSED;
    if (memory->checking)
        return FG_PANEL_CHECKING;
    if (state->locked_out || state->point_blocked)
        return FG_PANEL_LOCKED;
    if (!state->emergency_stop && is_starting(memory, state, now_mono_ms))
        return FG_PANEL_STARTING;
    if (is_fault(memory, state, now_mono_ms))
        return FG_PANEL_FAULT;
    if (memory->done)
        return FG_PANEL_DONE;
    return state->operator_id[0] == '\0' ? FG_PANEL_SIGN_IN : FG_PANEL_READY;
}
