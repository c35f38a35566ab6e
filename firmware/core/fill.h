/* The fill state machine of one filling point: from an accepted scan to the ENDED entry.
 *
 * A function from (state, event) to (state, commands). It decides when the valve may be open; the shell
 * around it decides (rules.h), writes the journal and drives the plant. Pure: no I/O, no allocation, no
 * clock; every event carries the monotonic time. The state is a plain struct without padding surprises:
 * zeroed at start, printable, comparable. Relies on: lib/domain/types.h, limits.h, signals.h,
 * counter.h, overfill.h.
 *
 * What the shell must keep: times of one clock, those of readings too, and settings within bounds.h;
 * event.plant points to a whole look. The machine asks for no more than that. */
#ifndef FG_FIRMWARE_CORE_FILL_H
#define FG_FIRMWARE_CORE_FILL_H

#include "firmware/core/counter.h"
#include "firmware/core/overfill.h"
#include "lib/domain/types.h"

enum fg_fill_phase {
    FG_FILL_IDLE = 0,    /* waiting for a cylinder; valve shut */
    FG_FILL_PRE_CHECK,   /* accepted; waiting for the attendant's items and start */
    FG_FILL_AUTHORISING, /* AUTHORISED asked of the journal; valve shut until it is durable */
    FG_FILL_FILLING,     /* valve open */
    FG_FILL_SUSPENDED,   /* valve shut; tag gone: only the same tag resumes; by the operator: only RESUME does
                          */
    FG_FILL_CLOSING,     /* valve shut; waiting for its feedback and for the flow to die away */
    FG_FILL_POST_CHECK,  /* waiting for the attendant's items after the fill */
    FG_FILL_RECORDING,   /* ENDED asked of the journal; repeated until it is durable */
    FG_FILL_PHASE_COUNT
};

/* So many fills in a row that gave nothing, or ended NOT_PLAUSIBLE, lock the point out when the newest is one
 * that ended NOT_PLAUSIBLE, also where the station rules ask for more or for no lock-out. */
#define FG_FILL_NOT_BELIEVED_MAX 2

/* Fixed for the life of the machine. All limits are bounds on this filling point, not on a cylinder. */
struct fg_fill_settings {
    uint8_t gas;               /* enum fg_gas */
    uint32_t pre_check_max_ms; /* accepted scan is dropped when start does not come in time */
    uint32_t
        resume_max_ms;    /* suspended fill ends when the tag is not back, or RESUME does not come, in time */
    uint32_t fill_max_ms; /* longest fill, suspensions included */
    uint32_t no_flow_max_ms; /* flow below flow_min_g_min for so long ends the fill */
    uint32_t flow_min_g_min;
    uint32_t flow_max_g_min;    /* burst hose */
    uint32_t counter_max_g_min; /* the meter's counter cannot rise faster; more than flow_max_g_min */
    int32_t temperature_max_dc;
    uint32_t mass_cut_off_early_g; /* pre-cut-off of the mass programme */
    uint32_t below_tare_max_g; /* the scale may read so much less than the cylinder's tare: wear and paint */
    uint32_t reading_age_max_ms;
    uint32_t valve_follow_max_ms; /* feedback must follow the command within */
    uint32_t closing_max_ms;      /* flow must have died away within */
    uint32_t post_check_max_ms;   /* then recorded as not confirmed */
    uint32_t leak_quiet_ms; /* inventory still for so long: that leak is over, the next one is a new one */
    uint32_t unauthorised_flow_g; /* inventory rise with no authority that raises the alarm */
    uint32_t zero_fill_g;         /* a fill below this counts as a zero fill */
    struct fg_overfill_settings overfill;
};

enum fg_fill_event_kind {
    FG_FILL_EVENT_TICK = 0, /* time passed; plant is the latest look at the plant */
    FG_FILL_EVENT_ACCEPTED, /* decision without a reason: scan; in PRE_CHECK: decided on again, and the limits
                             * or items differ now, so that all items are to be confirmed again */
    FG_FILL_EVENT_CHECKED,  /* attendant confirmed items: checks, failed */
    FG_FILL_EVENT_START,    /* start button or command */
    FG_FILL_EVENT_STOP,     /* stop button or command */
    FG_FILL_EVENT_TAG_GONE,
    FG_FILL_EVENT_TAG_SAME,     /* the tag of this fill is back in the field */
    FG_FILL_EVENT_TAG_OTHER,    /* another tag is in the field */
    FG_FILL_EVENT_WRITTEN,      /* the entry asked for is durable: sequence */
    FG_FILL_EVENT_WRITE_FAILED, /* the entry asked for could not be written */
    FG_FILL_EVENT_OPERATOR_LEFT,
    FG_FILL_EVENT_SHUTDOWN, /* the controller stops: shut, and record at once */
    FG_FILL_EVENT_CLEAR_LOCK_OUT,
    FG_FILL_EVENT_SUSPEND, /* the operator asks for a pause: from now on only RESUME resumes */
    FG_FILL_EVENT_RESUME, /* means something only while suspended by the operator with the tag in the field */
    FG_FILL_EVENT_KIND_COUNT
};

/* What the machine must know of an accepted scan. */
struct fg_fill_scan {
    uint8_t programme; /* enum fg_programme */
    uint32_t nominal_kpa;
    uint32_t tare_g;
    uint32_t maximum_fill_g;
    uint32_t water_capacity_dl; /* of all cylinders that the nozzle fills together, 0.1 L */
    uint32_t pre_checks_wanted; /* bit n: item n must be confirmed */
    uint32_t post_checks_wanted;
    uint32_t zero_fills_lock_out; /* from the station rules; 0 = off */
};

struct fg_fill_event {
    uint8_t kind; /* enum fg_fill_event_kind */
    int64_t now_mono_ms;
    const struct fg_plant_state *plant; /* never NULL */
    struct fg_fill_scan scan;           /* ACCEPTED */
    uint32_t checks;                    /* CHECKED: bits confirmed */
    bool check_failed;                  /* CHECKED: an item was answered with no */
    uint64_t sequence;                  /* WRITTEN */
    bool grounds_hold; /* START in PRE_CHECK, RESUME and TAG_SAME in SUSPENDED: the rules were run again just
                        * now and found no reason. Without: the scan is dropped, the fill ends with
                        * GROUNDS_GONE. */
};

/* The whole state. Zero-initialise, then step. Times are absolute monotonic milliseconds. */
struct fg_fill {
    uint8_t phase;
    uint8_t stop;         /* enum fg_stop, once known */
    bool valve_commanded; /* the last step wanted the valve open */
    bool locked_out;
    bool alarm_flow;     /* FLOW_WITHOUT_AUTHORITY raised and not yet over: nothing opens */
    bool alarm_valve;    /* VALVE_FAULT likewise */
    uint8_t leak_raises; /* events of the present leak: each doubles what must flow for the next */
    bool tag_present;
    bool idle_inventory_known;
    bool inventory_restored; /* idle_inventory_g is of an earlier run and not yet compared */
    bool post_check_failed;
    bool write_pending;         /* an entry was asked for and not yet answered */
    bool suspended_by_operator; /* only ever in SUSPENDED */
    struct fg_fill_scan scan;
    uint8_t
        meter_state; /* enum fg_reading_state of the inventory at the last step, for every entry: RANGE while
                      * the counter's newest reading is impossible; the entry's inventory is kept as read */
    uint32_t pre_checks_done;
    uint32_t post_checks_done;
    uint32_t zero_fills; /* in a row; those that ended NOT_PLAUSIBLE among them */
    uint64_t authorised_sequence;
    int64_t phase_since_mono_ms;
    int64_t authorised_mono_ms;
    int64_t flow_low_since_mono_ms;
    int64_t valve_differs_since_mono_ms;
    int64_t idle_inventory_g;  /* inventory that idle flow is measured from */
    int64_t idle_newest_g;     /* inventory when last looked at */
    int64_t leak_rose_mono_ms; /* it last rose with no authority */
    int64_t start_inventory_g;
    int64_t start_pressure_kpa;
    int64_t end_inventory_g;
    int64_t end_pressure_kpa;
    int64_t end_temperature_dc;
    int64_t end_scale_g;
    int64_t end_mono_ms;
    struct fg_counter counter;   /* of the inventory: quantities come from its accepted readings alone */
    struct fg_overfill overfill; /* set in FILLING and SUSPENDED */
};

/* What the shell must do after a step. Writing and raising are asked for once per step that sets them. */
struct fg_fill_commands {
    bool valve_open;       /* level: hold the valve open (true) or shut it now (false) */
    bool write_authorised; /* append AUTHORISED durably, then feed WRITTEN or WRITE_FAILED */
    bool write_ended;      /* append ENDED from the state's fields, then feed WRITTEN or WRITE_FAILED */
    bool scan_dropped;     /* an accepted scan ends without AUTHORISED: log REFUSED */
    uint8_t refusal; /* enum fg_reason: why; NONE only when START came without grounds: the shell has them */
    uint32_t raise_events; /* bit n: log EVENT n (enum fg_event_kind) */
};

/* Prepares a zeroed *fill with what an earlier run knew, before the first step. The first good inventory that
 * is higher than the kept one by more than unauthorised_flow_g then raises FLOW_WITHOUT_AUTHORITY. An
 * inventory that no instrument can measure counts as not known. */
void fg_fill_restore(struct fg_fill *fill, const struct fg_fill_kept *kept);

/* One step. Never fails; an event that means nothing in the present phase changes nothing but time. */
void fg_fill_step(struct fg_fill *fill, const struct fg_fill_settings *settings,
                  const struct fg_fill_event *event, struct fg_fill_commands *ret_commands);

/* Is the plant sound enough to open the valve in this programme: no alarm, every needed signal good
 * (signals.h)? For the fact device_fault of a decision; the emergency stop is a fact of its own and not
 * looked at. */
bool fg_fill_plant_is_sound(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                            const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms);

/* Is the machine ready for a new scan (IDLE, not locked out)? */
bool fg_fill_is_ready(const struct fg_fill *fill);

/* The inventory by the counter's accepted readings. False: none, or too old; *ret_inventory_g is left as it
 * was. */
bool fg_fill_inventory(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                       int64_t now_mono_ms, int64_t *ret_inventory_g);

/* Quantity filled so far or in all, g, as of the last step: from accepted readings alone, so never negative.
 */
int64_t fg_fill_quantity_g(const struct fg_fill *fill);

/* Stable English name of a phase ("FILLING"), for logs and the control socket. */
const char *fg_fill_phase_name(enum fg_fill_phase phase);

#endif
