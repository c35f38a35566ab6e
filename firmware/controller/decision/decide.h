/* From a scan to a decision: the facts are gathered from list, journal, clock and plant, and the rules
 * decide.
 *
 * Not: logging, stepping or showing: it returns. Reads list and journal, writes nothing. One thread. Relies
 * on: core/rules.h, list/list.h, journal/journal.h. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_DECIDE_H
#define FG_FIRMWARE_CONTROLLER_DECISION_DECIDE_H

#include "firmware/controller/decision/list_look.h"
#include "firmware/controller/decision/moment.h"
#include "firmware/controller/decision/tag_identity.h"
#include "firmware/controller/person/operator.h"
#include "firmware/core/fill.h"
#include "firmware/journal/journal.h"

/* What the point itself is. */
struct fg_point_facts {
    char name[FG_NAME_MAX + 1];
    uint8_t medium; /* enum fg_medium */
    uint32_t fill_pressure_kpa;
};

/* All that a decision is made from. Everything is the caller's and only read. */
struct fg_grounds {
    const struct fg_identified *identified;
    const struct fg_point_facts *point;
    const struct fg_list_look *look;
    struct fg_list *list;       /* NULL: not open */
    struct fg_journal *journal; /* NULL: not open */
    uint8_t journal_state;      /* enum fg_journal_state */
    const struct fg_signed_in *operator_in;
    const struct fg_fill *fill;              /* lock-out and alarms */
    const struct fg_fill_settings *settings; /* of the machine */
    const struct fg_plant_state *plant;
    const struct fg_moment *now;
    /* The fill under way when it is about to go on, which must not count against itself: when it was
     * authorised; 0 = it is about to begin. */
    int64_t authorised_wall_ms;
};

/* What was decided, and on which row. */
struct fg_judgement {
    struct fg_identified identified;
    struct fg_decision decision;
    bool row_known;
    struct fg_row row;
    struct fg_fill_scan scan;            /* when it may be filled */
    bool list_tampered;                  /* a look-up did not prove */
    char tampered_text[FG_TEXT_MAX + 1]; /* why */
};

/* Gathers and decides. Every doubt while gathering becomes a fact that refuses. */
void fg_decide(const struct fg_grounds *grounds, struct fg_judgement *ret_judgement);

/* Would both fill in the same way, to the same limits, after the same items? */
bool fg_scan_is_same(const struct fg_fill_scan *a, const struct fg_fill_scan *b);

#endif
