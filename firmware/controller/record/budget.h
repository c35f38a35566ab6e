/* How many journal entries a cause may have: strangers, loose wires and flapping devices cannot make durable
 * writes without bound.
 *
 * The first occurrences of a cause (the same tag refused for the same reason, the same device failing) are
 * written at once. Those that follow are counted, and one entry stands for all of them at the end of a window
 * that grows from 10 s to 1 h while the cause goes on. Causes belong to kinds; each kind has a store of
 * entries that refills by so many an hour. When it is empty, or there are more causes than places, they are
 * counted together as "various". Nothing is dropped: every occurrence is in an entry of its own or in a
 * count. Fills (AUTHORISED, ENDED), BOOT, LIST and SHUTDOWN have no budget.
 *
 * Counts that no entry tells yet are lost when the power goes: at most those of one window of each cause.
 *
 * Not: writing (recorder.c). Pure: time comes in, no I/O, no allocation. One thread. Relies on:
 * lib/domain/types.h, lib/domain/catalogue.h. */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_BUDGET_H
#define FG_FIRMWARE_CONTROLLER_RECORD_BUDGET_H

#include "lib/domain/types.h"

/* Kinds of cause, each with a store of its own. */
enum fg_budget_kind {
    FG_BUDGET_NONE = 0, /* without budget: always written */
    FG_BUDGET_REFUSED,
    FG_BUDGET_REFUSED_GRAVE,
    FG_BUDGET_ACCEPTED, /* scans that were accepted and left: a person stood there */
    FG_BUDGET_DEVICE,
    FG_BUDGET_READER,
    FG_BUDGET_LIST,
    FG_BUDGET_OPERATOR,
    FG_BUDGET_STOP,
    FG_BUDGET_CLOCK,
    FG_BUDGET_GRAVE,
    FG_BUDGET_OTHER,
    FG_BUDGET_KINDS
};

/* What the text of a DEVICE_FAULT or DEVICE_BACK begins with when the device is on a bus that another master
 * or an echo disturbs. BUS_SHARED tells of that; what comes of it is one cause for all such devices, and only
 * counted. */
#define FG_BUDGET_SHARED_BUS "bus shared"

/* Causes that a kind can tell apart at one time; place 0 is "various". */
#define FG_BUDGET_CAUSES 9

struct fg_budget_cause {
    bool used;
    uint64_t key;
    uint8_t at_once;       /* written at once since the cause was quiet */
    bool first_since_fill; /* grave events: none was written since the newest AUTHORISED */
    uint32_t count;        /* occurrences that no entry tells yet */
    int64_t window_ms;     /* how long they are counted before one is written */
    int64_t due_mono_ms;
    int64_t last_mono_ms;
    int64_t first_wall_ms;
    struct fg_entry last; /* the newest of them */
};

struct fg_budget_store {
    uint32_t entries; /* that may be written now */
    int64_t refilled_mono_ms;
    struct fg_budget_cause causes[FG_BUDGET_CAUSES];
};

struct fg_budget {
    bool pressed;
    struct fg_budget_store stores[FG_BUDGET_KINDS];
};

enum fg_budget_verdict { FG_BUDGET_WRITE = 1, FG_BUDGET_COUNTED = 2 };

/* Full stores, nothing counted. */
void fg_budget_start(struct fg_budget *budget, int64_t mono_ms);

/* The journal has little room left for what belongs to no fill: stores refill eight times slower. */
void fg_budget_press(struct fg_budget *budget, bool pressed);

/* Of which kind the cause of an entry is. */
enum fg_budget_kind fg_budget_kind_of(const struct fg_entry *entry);

/* Something happened that *entry tells. WRITE: the caller writes it now. COUNTED: it is in a count. */
enum fg_budget_verdict fg_budget_offer(struct fg_budget *budget, const struct fg_entry *entry,
                                       int64_t mono_ms);

/* An entry that was to be written could not be: it is counted. Entries without budget are not: false. */
bool fg_budget_count(struct fg_budget *budget, const struct fg_entry *entry, int64_t mono_ms);

/* The next entry that stands for a count, if any is due; its fields are those of the newest occurrence, and
 * the caller must give it the time and the meter of now, because entries of later times may be written
 * already. *ret_place is for written or postpone, one of which must follow. */
bool fg_budget_due(struct fg_budget *budget, int64_t mono_ms, struct fg_entry *ret_entry,
                   unsigned *ret_place);
/* The entry is durable. */
void fg_budget_written(struct fg_budget *budget, unsigned place);
/* It could not be written: again in a minute. */
void fg_budget_postpone(struct fg_budget *budget, unsigned place, int64_t mono_ms);

/* Everything that was counted becomes due: the controller stops. */
void fg_budget_flush(struct fg_budget *budget, int64_t mono_ms);

/* ISO 14443-3: a 4-byte UID that begins with 08 is drawn at random at each approach, as phones do. */
bool fg_uid_is_random(const struct fg_uid *uid);

#endif
