/* Which one word a panel shows from three metres: the controller's state and a little memory of what came
 * before it.
 *
 * Pure: time comes with the call. The memory exists because some words outlive their cause: a refusal stays a
 * while after its tag, a finished fill after its end. Not: JSON (panel_json.h), texts (lib/domain).
 * Relies on: proto/point/control.h, firmware/core/fill.h for the phases. One thread per memory. */
#ifndef FG_FIRMWARE_PANEL_PANEL_DISPLAY_H
#define FG_FIRMWARE_PANEL_PANEL_DISPLAY_H

#include "proto/point/control.h"

#define FG_PANEL_REFUSED_MS 5000 /* behind the tag, or the decision when there is no tag */
#define FG_PANEL_DONE_MS 10000   /* behind a fill's end */
#define FG_PANEL_CHECKING_MAX_MS                                                                             \
    5000 /* a tag on which nobody decides (an operator's card) is no news then                               \
          */
#define FG_PANEL_STARTING_MAX_MS 10000
#define FG_PANEL_READER_DOWN_MS 3000 /* a reader that is restarted in time is no fault */

enum fg_panel_display {
    FG_PANEL_STARTING = 0,
    FG_PANEL_READY,
    FG_PANEL_CHECKING,
    FG_PANEL_REFUSED,
    FG_PANEL_PRE_CHECK,
    FG_PANEL_AUTHORISING,
    FG_PANEL_FILLING,
    FG_PANEL_SUSPENDED,
    FG_PANEL_CLOSING,
    FG_PANEL_POST_CHECK,
    FG_PANEL_DONE,
    FG_PANEL_FAULT,
    FG_PANEL_LOCKED,
    FG_PANEL_SIGN_IN,
    FG_PANEL_DISPLAY_COUNT
};

/* What was seen before. Zeroed at start. */
struct fg_panel_memory {
    bool known;
    uint32_t boot;
    uint64_t decisions;
    uint64_t fills_ended;
    bool tag_present;
    struct fg_uid uid;
    int64_t boot_mono_ms;
    bool checking;
    int64_t checking_mono_ms;
    bool refused;
    int64_t refused_mono_ms; /* newest moment at which the refused tag lay there */
    bool done;
    int64_t done_mono_ms;
    bool reader_down;
    int64_t reader_down_mono_ms;
};

/* Takes in one state, in the order in which they were told, and says what to show. */
enum fg_panel_display fg_panel_display_step(struct fg_panel_memory *memory,
                                            const struct fg_control_state *state, int64_t now_mono_ms);

/* Stable English name ("READY"); never NULL. */
const char *fg_panel_display_name(enum fg_panel_display display);

#endif
