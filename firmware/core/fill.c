/* The fill state machine (fill.h): one function per phase. What each phase leaves to, and on what:
 *
 * - IDLE to PRE_CHECK: an accepted scan, unless locked out or an alarm is on.
 * - PRE_CHECK to AUTHORISING: start on grounds that hold, with every item confirmed, the tag there and the
 * plant in order.
 * - PRE_CHECK to IDLE: start without grounds, a failed item, an alarm, tag gone or changed, stop, time.
 * - AUTHORISING to FILLING: the entry is durable and nothing has spoken against it meanwhile.
 * - AUTHORISING to CLOSING: the entry is durable, but something has.
 * - AUTHORISING to IDLE: the entry could not be written.
 * - FILLING to SUSPENDED: tag gone, or the operator suspends.
 * - FILLING to CLOSING: any reason to stop.
 * - SUSPENDED to FILLING: the plant in order, the grounds hold and, after tag gone, the same tag back;
 * suspended by the operator, RESUME with the tag there. The tag's coming and going resumes nothing then.
 * - SUSPENDED to CLOSING: any reason to stop, grounds gone, an alarm, another tag, time.
 * - CLOSING to POST_CHECK or RECORDING: valve and flow are shut, or time.
 * - POST_CHECK to RECORDING: items answered, or time.
 * - RECORDING to IDLE: ENDED is durable.
 *
 * The valve is wanted open in FILLING and nowhere else. The plant is looked at before the event is, so that
 * no event can hide a reading that speaks for shutting, and none opens on an alarm of the same look.
 *
 * Gas is watched in every phase. In FILLING and CLOSING it flows by right, and for closing_max_ms after a
 * suspension it may still run in. Gas that then flows while SUSPENDED is raised like any other and ends the
 * fill, for it passes a valve that is commanded shut; its grams stay in that fill's quantity, since the same
 * cylinder got them. */
#include "firmware/core/fill.h"

#include "firmware/core/limits.h"
#include "firmware/core/signals.h"

#define RECORD_AGAIN_MS 500
#define LEAK_RAISES_MAX 16 /* from then on what must flow for the next event grows no more */

/* One step under way. */
struct step {
    struct fg_fill *fill;
    const struct fg_fill_settings *settings;
    const struct fg_fill_event *event;
    struct fg_fill_commands *commands;
};

/* ---- looking at the plant ------------------------------------------------------------------------ */

static bool reading_good(const struct step *step, enum fg_signal signal, int64_t *ret_value)
{
    return fg_signal_read(step->event->plant, signal, step->event->now_mono_ms,
                          step->settings->reading_age_max_ms, ret_value);
}

static enum fg_stop devices_stop(const struct step *step)
{
    return fg_signals_stop(step->event->plant, step->fill->scan.programme, step->event->now_mono_ms,
                           step->settings->reading_age_max_ms);
}

static struct fg_counter_rules counter_rules(const struct fg_fill_settings *settings)
{
    struct fg_counter_rules rules = {settings->counter_max_g_min, settings->reading_age_max_ms};

    return rules;
}

/* The inventory, by accepted readings alone. */
static bool inventory_read(const struct step *step, int64_t *ret_inventory_g)
{
    return fg_fill_inventory(step->fill, step->settings, step->event->now_mono_ms, ret_inventory_g);
}

static struct fg_overfill_vessel vessel_of(const struct step *step)
{
    const struct fg_fill_scan *scan = &step->fill->scan;
    struct fg_overfill_vessel vessel = {scan->programme, (enum fg_gas)step->settings->gas, scan->nominal_kpa,
                                        scan->water_capacity_dl, scan->maximum_fill_g};

    return vessel;
}

/* What overfill.h compares. The needed signals are good when this is called. */
static struct fg_overfill_look overfill_look(const struct step *step)
{
    const struct fg_counter *counter = &step->fill->counter;
    bool by_mass = step->fill->scan.programme == FG_PROGRAMME_MASS;
    enum fg_signal weighed = by_mass ? FG_SIGNAL_SCALE_G : FG_SIGNAL_PRESSURE_KPA;
    struct fg_overfill_look look = {0};

    look.counter.value = counter->value_g;
    look.counter.at_mono_ms = counter->value_mono_ms;
    (void)reading_good(step, weighed, &look.weighed.value);
    look.weighed.at_mono_ms = step->event->plant->readings[weighed].at_mono_ms;
    if (!by_mass)
        (void)reading_good(step, FG_SIGNAL_TEMPERATURE_DC, &look.temperature_dc);
    (void)reading_good(step, FG_SIGNAL_FLOW_G_MIN, &look.flow_g_min);
    look.now_mono_ms = step->event->now_mono_ms;
    return look;
}

/* Why an alarm forbids to open the valve, or to go on. */
static enum fg_stop alarm_stop(const struct fg_fill *fill)
{
    if (fill->alarm_valve)
        return FG_STOP_VALVE_FAULT;
    return fill->alarm_flow ? FG_STOP_GROUNDS_GONE : FG_STOP_NONE;
}

static enum fg_stop pressure_stop(const struct step *step)
{
    const struct fg_fill_scan *scan = &step->fill->scan;
    int64_t pressure_kpa = 0;
    int64_t temperature_dc = 0;

    if (!reading_good(step, FG_SIGNAL_PRESSURE_KPA, &pressure_kpa))
        return FG_STOP_DEVICE_SILENT;
    if (!reading_good(step, FG_SIGNAL_TEMPERATURE_DC, &temperature_dc))
        return FG_STOP_DEVICE_SILENT;
    return fg_limit_pressure_stop((enum fg_gas)step->settings->gas, scan->nominal_kpa, pressure_kpa,
                                  temperature_dc, step->settings->temperature_max_dc);
}

static enum fg_stop mass_stop(const struct step *step)
{
    const struct fg_fill_scan *scan = &step->fill->scan;
    uint32_t gross_g = fg_limit_gross_g(scan->tare_g, scan->maximum_fill_g);
    int64_t scale_g = 0;

    if (!reading_good(step, FG_SIGNAL_SCALE_G, &scale_g))
        return FG_STOP_DEVICE_SILENT;
    if (gross_g == 0)
        return FG_STOP_NOT_PLAUSIBLE;
    return scale_g + (int64_t)step->settings->mass_cut_off_early_g >= (int64_t)gross_g
               ? FG_STOP_TARGET_REACHED
               : FG_STOP_NONE;
}

/* A scale that stands for less than the empty cylinder would let in more than the cylinder may hold. */
static bool scale_is_below_tare(const struct step *step)
{
    const struct fg_fill_scan *scan = &step->fill->scan;
    int64_t scale_g = 0;

    return scan->programme == FG_PROGRAMME_MASS && reading_good(step, FG_SIGNAL_SCALE_G, &scale_g) &&
           fg_limit_is_below_tare(scale_g, scan->tare_g, step->settings->below_tare_max_g);
}

static enum fg_stop target_stop(const struct step *step)
{
    if (step->fill->scan.programme == FG_PROGRAMME_PRESSURE)
        return pressure_stop(step);
    if (step->fill->scan.programme == FG_PROGRAMME_MASS)
        return mass_stop(step);
    return FG_STOP_NOT_PLAUSIBLE;
}

static enum fg_stop flow_stop(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    int64_t now = step->event->now_mono_ms;
    int64_t flow_g_min = 0;

    if (!reading_good(step, FG_SIGNAL_FLOW_G_MIN, &flow_g_min))
        return FG_STOP_DEVICE_SILENT;
    if (flow_g_min > (int64_t)step->settings->flow_max_g_min)
        return FG_STOP_FLOW_TOO_HIGH;
    if (flow_g_min >= (int64_t)step->settings->flow_min_g_min)
        fill->flow_low_since_mono_ms = now;
    return now - fill->flow_low_since_mono_ms > (int64_t)step->settings->no_flow_max_ms ? FG_STOP_NO_FLOW
                                                                                        : FG_STOP_NONE;
}

static bool time_is_over(const struct step *step, int64_t since_mono_ms, uint32_t limit_ms)
{
    return step->event->now_mono_ms - since_mono_ms > (int64_t)limit_ms;
}

/* true once the valve's feedback has contradicted the command for too long. */
static bool valve_differs_too_long(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    int64_t open = 0;

    if (!reading_good(step, FG_SIGNAL_VALVE_OPEN, &open) || (open != 0) == fill->valve_commanded) {
        fill->valve_differs_since_mono_ms = step->event->now_mono_ms;
        return false;
    }
    return time_is_over(step, fill->valve_differs_since_mono_ms, step->settings->valve_follow_max_ms);
}

/* ---- moving between phases ----------------------------------------------------------------------- */

static void event_raise(const struct step *step, enum fg_event_kind event)
{
    step->commands->raise_events |= UINT32_C(1) << event;
}

static void phase_enter(const struct step *step, enum fg_fill_phase phase)
{
    step->fill->phase = (uint8_t)phase;
    step->fill->phase_since_mono_ms = step->event->now_mono_ms;
}

/* Back to IDLE: everything of the scan is forgotten; lock-out, alarms and the watches live on. */
static void scan_forget(const struct step *step)
{
    static const struct fg_fill_scan no_scan = {0};
    struct fg_fill *fill = step->fill;

    fill->stop = FG_STOP_NONE;
    fill->tag_present = false;
    fill->post_check_failed = false;
    fill->write_pending = false;
    fill->suspended_by_operator = false;
    fill->scan = no_scan;
    fill->pre_checks_done = 0;
    fill->post_checks_done = 0;
    fill->authorised_sequence = 0;
    fill->authorised_mono_ms = 0;
    fill->flow_low_since_mono_ms = 0;
    fill->start_inventory_g = 0;
    fill->start_pressure_kpa = 0;
    fill->end_inventory_g = 0;
    fill->end_pressure_kpa = 0;
    fill->end_temperature_dc = 0;
    fill->end_scale_g = 0;
    fill->end_mono_ms = 0;
    phase_enter(step, FG_FILL_IDLE);
}

static void scan_drop(const struct step *step, enum fg_reason refusal)
{
    step->commands->scan_dropped = true;
    step->commands->refusal = (uint8_t)refusal;
    scan_forget(step);
}

static void fill_stop(const struct step *step, enum fg_stop stop)
{
    step->fill->stop = (uint8_t)stop;
    step->fill->suspended_by_operator = false;
    if (stop == FG_STOP_EMERGENCY_STOP)
        event_raise(step, FG_EVENT_EMERGENCY_STOP);
    if (stop == FG_STOP_VALVE_FAULT && !step->fill->alarm_valve)
        event_raise(step, FG_EVENT_VALVE_FAULT);
    phase_enter(step, FG_FILL_CLOSING);
}

static void end_ask(const struct step *step)
{
    step->fill->write_pending = true;
    step->commands->write_ended = true;
    phase_enter(step, FG_FILL_RECORDING);
}

/* ---- one function per phase ------------------------------------------------------------------------ */

static void idle_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;

    if (step->event->kind == FG_FILL_EVENT_CLEAR_LOCK_OUT && fill->locked_out) {
        fill->locked_out = false;
        fill->zero_fills = 0;
        event_raise(step, FG_EVENT_LOCK_OUT_CLEARED);
    }
    if (step->event->kind != FG_FILL_EVENT_ACCEPTED || fill->locked_out)
        return;
    if (alarm_stop(fill) != FG_STOP_NONE) { /* raised in this very look: after the decision */
        scan_drop(step, FG_REASON_DEVICE_FAULT);
        return;
    }
    fill->scan = step->event->scan;
    fill->tag_present = true;
    phase_enter(step, FG_FILL_PRE_CHECK);
}

static void pre_check_start(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    enum fg_stop stop;

    if (!step->event->grounds_hold) {
        scan_drop(step, FG_REASON_NONE);
        return;
    }
    if ((fill->pre_checks_done & fill->scan.pre_checks_wanted) != fill->scan.pre_checks_wanted)
        return;
    stop = devices_stop(step);
    if (stop == FG_STOP_NONE && !fg_counter_is_sure(&fill->counter))
        stop = FG_STOP_NOT_PLAUSIBLE;
    if (stop != FG_STOP_NONE) {
        scan_drop(step, stop == FG_STOP_EMERGENCY_STOP ? FG_REASON_EMERGENCY_STOP : FG_REASON_DEVICE_FAULT);
        return;
    }
    if (scale_is_below_tare(step)) {
        scan_drop(step, FG_REASON_SCALE_BELOW_TARE);
        return;
    }
    fill->write_pending = true;
    step->commands->write_authorised = true;
    phase_enter(step, FG_FILL_AUTHORISING);
}

static void pre_check_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;

    if (alarm_stop(fill) != FG_STOP_NONE) {
        scan_drop(step, FG_REASON_DEVICE_FAULT);
        return;
    }
    switch (step->event->kind) {
    case FG_FILL_EVENT_CHECKED:
        if (step->event->check_failed)
            scan_drop(step, FG_REASON_PRE_CHECK_FAILED);
        else
            fill->pre_checks_done |= step->event->checks & fill->scan.pre_checks_wanted;
        return;
    case FG_FILL_EVENT_ACCEPTED:
        fill->scan = step->event->scan;
        fill->pre_checks_done = 0;
        return;
    case FG_FILL_EVENT_START:
        pre_check_start(step);
        return;
    case FG_FILL_EVENT_STOP:
    case FG_FILL_EVENT_TAG_GONE:
    case FG_FILL_EVENT_TAG_OTHER:
    case FG_FILL_EVENT_OPERATOR_LEFT:
    case FG_FILL_EVENT_SHUTDOWN:
        scan_drop(step, FG_REASON_PRE_CHECK_LEFT);
        return;
    default:
        break;
    }
    if (time_is_over(step, fill->phase_since_mono_ms, step->settings->pre_check_max_ms))
        scan_drop(step, FG_REASON_PRE_CHECK_TIMED_OUT);
}

/* What an event says against filling on, whatever the phase. */
static enum fg_stop event_stop(const struct fg_fill_event *event)
{
    switch (event->kind) {
    case FG_FILL_EVENT_STOP:
        return FG_STOP_OPERATOR;
    case FG_FILL_EVENT_TAG_OTHER:
        return FG_STOP_TAG_SWAPPED;
    case FG_FILL_EVENT_OPERATOR_LEFT:
        return FG_STOP_OPERATOR_LEFT;
    case FG_FILL_EVENT_SHUTDOWN:
        return FG_STOP_SHUTDOWN;
    default:
        return FG_STOP_NONE;
    }
}

/* Everything that speaks against opening now that AUTHORISED is durable. */
static enum fg_stop opening_stop(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    struct fg_overfill_vessel vessel = vessel_of(step);
    struct fg_overfill_look look;
    enum fg_stop stop = devices_stop(step);

    if (stop != FG_STOP_NONE)
        return stop;
    stop = alarm_stop(fill);
    if (stop != FG_STOP_NONE)
        return stop;
    stop = (enum fg_stop)fill->stop;
    if (stop != FG_STOP_NONE)
        return stop;
    if (!fg_counter_is_sure(&fill->counter) || scale_is_below_tare(step))
        return FG_STOP_NOT_PLAUSIBLE;
    stop = target_stop(step);
    if (stop != FG_STOP_NONE)
        return stop;
    if (!fill->tag_present)
        return FG_STOP_TAG_GONE;
    look = overfill_look(step);
    if (!fg_overfill_start(&step->settings->overfill, &vessel, &look, &fill->overfill))
        return FG_STOP_NOT_PLAUSIBLE;
    return FG_STOP_NONE;
}

/* The only way into FILLING: flow and feedback are given their time from now on. */
static void valve_open(const struct step *step)
{
    struct fg_fill *fill = step->fill;

    fill->suspended_by_operator = false;
    fill->idle_inventory_known = false;
    fill->flow_low_since_mono_ms = step->event->now_mono_ms;
    fill->valve_differs_since_mono_ms = step->event->now_mono_ms;
    phase_enter(step, FG_FILL_FILLING);
}

static void authorised_begin(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    enum fg_stop stop = opening_stop(step);

    fill->write_pending = false;
    fill->leak_raises = 0; /* what leaks between two fills is told anew for each such time */
    fill->authorised_sequence = step->event->sequence;
    fill->authorised_mono_ms = step->event->now_mono_ms;
    /* Where the meter cannot be read, the last accepted reading is what the fill begins with. */
    fill->start_inventory_g = fill->counter.value_g;
    (void)reading_good(step, FG_SIGNAL_PRESSURE_KPA, &fill->start_pressure_kpa);
    fill->end_inventory_g = fill->start_inventory_g;
    if (stop != FG_STOP_NONE) {
        fill_stop(step, stop);
        return;
    }
    valve_open(step);
}

static enum fg_stop authorising_stop(const struct step *step)
{
    enum fg_stop stop = alarm_stop(step->fill);

    if (stop != FG_STOP_NONE)
        return stop;
    if (!step->fill->counter.settled) /* it lied since START */
        return FG_STOP_NOT_PLAUSIBLE;
    return event_stop(step->event);
}

static void authorising_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    enum fg_stop stop = authorising_stop(step);

    if (step->event->kind == FG_FILL_EVENT_WRITTEN) {
        authorised_begin(step);
        return;
    }
    if (step->event->kind == FG_FILL_EVENT_WRITE_FAILED) {
        scan_drop(step, FG_REASON_JOURNAL_NOT_WRITABLE);
        return;
    }
    /* The entry may already be on the disk, so that a reason to stop has to wait for the answer. */
    if (stop != FG_STOP_NONE && fill->stop == FG_STOP_NONE)
        fill->stop = (uint8_t)stop;
}

static enum fg_stop agreement_stop(const struct step *step)
{
    struct fg_overfill_vessel vessel = vessel_of(step);
    struct fg_overfill_look look = overfill_look(step);

    return fg_overfill_agrees(&step->fill->overfill, &step->settings->overfill, &vessel, &look)
               ? FG_STOP_NONE
               : FG_STOP_NOT_PLAUSIBLE;
}

static enum fg_stop filling_stop(const struct step *step)
{
    enum fg_stop stop = devices_stop(step);

    if (stop != FG_STOP_NONE)
        return stop;
    stop = event_stop(step->event);
    if (stop != FG_STOP_NONE)
        return stop;
    if (valve_differs_too_long(step))
        return FG_STOP_VALVE_FAULT;
    if (step->fill->counter.lies || scale_is_below_tare(step))
        return FG_STOP_NOT_PLAUSIBLE;
    stop = target_stop(step);
    if (stop != FG_STOP_NONE)
        return stop;
    stop = agreement_stop(step);
    if (stop != FG_STOP_NONE)
        return stop;
    stop = flow_stop(step);
    if (stop != FG_STOP_NONE)
        return stop;
    if (time_is_over(step, step->fill->authorised_mono_ms, step->settings->fill_max_ms))
        return FG_STOP_TIME_OUT;
    return FG_STOP_NONE;
}

static void filling_step(const struct step *step)
{
    enum fg_stop stop = filling_stop(step);

    if (stop != FG_STOP_NONE) {
        fill_stop(step, stop);
        return;
    }
    step->fill->suspended_by_operator = step->event->kind == FG_FILL_EVENT_SUSPEND;
    if (!step->fill->tag_present || step->fill->suspended_by_operator)
        phase_enter(step, FG_FILL_SUSPENDED);
}

static bool event_would_resume(const struct fg_fill_event *event)
{
    return event->kind == FG_FILL_EVENT_RESUME || event->kind == FG_FILL_EVENT_TAG_SAME;
}

static enum fg_stop suspended_stop(const struct step *step)
{
    enum fg_stop stop = devices_stop(step);

    if (stop != FG_STOP_NONE)
        return stop;
    stop = alarm_stop(step->fill);
    if (stop != FG_STOP_NONE)
        return stop;
    stop = event_stop(step->event);
    if (stop != FG_STOP_NONE)
        return stop;
    if (step->fill->counter.lies)
        return FG_STOP_NOT_PLAUSIBLE;
    stop = target_stop(step);
    if (stop != FG_STOP_NONE)
        return stop;
    if (event_would_resume(step->event) && !step->event->grounds_hold)
        return FG_STOP_GROUNDS_GONE;
    /* Meanwhile the cylinder may stand beside the scale; to go on it must be back. */
    if (event_would_resume(step->event) &&
        (!fg_counter_is_sure(&step->fill->counter) || scale_is_below_tare(step)))
        return FG_STOP_NOT_PLAUSIBLE;
    if (time_is_over(step, step->fill->phase_since_mono_ms, step->settings->resume_max_ms))
        return step->fill->suspended_by_operator ? FG_STOP_OPERATOR : FG_STOP_TAG_GONE;
    if (time_is_over(step, step->fill->authorised_mono_ms, step->settings->fill_max_ms))
        return FG_STOP_TIME_OUT;
    return FG_STOP_NONE;
}

static bool suspended_may_resume(const struct step *step)
{
    if (step->fill->suspended_by_operator)
        return step->event->kind == FG_FILL_EVENT_RESUME && step->fill->tag_present;
    return step->event->kind == FG_FILL_EVENT_TAG_SAME;
}

static void suspended_step(const struct step *step)
{
    enum fg_stop stop = suspended_stop(step);
    struct fg_overfill_look look;

    if (stop != FG_STOP_NONE) {
        fill_stop(step, stop);
        return;
    }
    if (step->event->kind == FG_FILL_EVENT_SUSPEND)
        step->fill->suspended_by_operator = true;
    if (!suspended_may_resume(step))
        return;
    look = overfill_look(step);
    fg_overfill_resume(&step->fill->overfill, &look);
    valve_open(step);
}

/* From here on gas flows without authority. A meter that was silent when the valve shut may have counted what
 * still ran in; one that lies says nothing to measure from. */
static void idle_watch_begin(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    struct fg_counter_rules rules = counter_rules(step->settings);
    int64_t raw_g = 0;

    fill->idle_inventory_known = fill->counter.settled && !fill->counter.lies;
    fill->idle_inventory_g = fill->end_inventory_g;
    if (!reading_good(step, FG_SIGNAL_INVENTORY_G, &raw_g))
        fill->idle_inventory_g +=
            fg_counter_rise_max_g(&rules, step->event->now_mono_ms - fill->counter.value_mono_ms);
}

static void end_capture(const struct step *step)
{
    struct fg_fill *fill = step->fill;

    idle_watch_begin(step);
    (void)reading_good(step, FG_SIGNAL_PRESSURE_KPA, &fill->end_pressure_kpa);
    (void)reading_good(step, FG_SIGNAL_TEMPERATURE_DC, &fill->end_temperature_dc);
    (void)reading_good(step, FG_SIGNAL_SCALE_G, &fill->end_scale_g);
    fill->end_mono_ms = step->event->now_mono_ms;
}

static bool closing_is_done(const struct step *step)
{
    int64_t open = 0;
    int64_t flow_g_min = 0;

    if (!reading_good(step, FG_SIGNAL_VALVE_OPEN, &open) || open != 0)
        return false;
    return reading_good(step, FG_SIGNAL_FLOW_G_MIN, &flow_g_min) &&
           flow_g_min < (int64_t)step->settings->flow_min_g_min;
}

static void closing_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    bool shutdown = step->event->kind == FG_FILL_EVENT_SHUTDOWN || fill->stop == FG_STOP_SHUTDOWN;

    if (!closing_is_done(step) && !shutdown &&
        !time_is_over(step, fill->phase_since_mono_ms, step->settings->closing_max_ms))
        return;
    end_capture(step);
    if (shutdown || fill->scan.post_checks_wanted == 0)
        end_ask(step);
    else
        phase_enter(step, FG_FILL_POST_CHECK);
}

static void post_check_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    bool over = time_is_over(step, fill->phase_since_mono_ms, step->settings->post_check_max_ms);

    if (step->event->kind == FG_FILL_EVENT_CHECKED) {
        if (step->event->check_failed)
            fill->post_check_failed = true;
        else
            fill->post_checks_done |= step->event->checks & fill->scan.post_checks_wanted;
    }
    if (over || fill->post_check_failed || fill->post_checks_done == fill->scan.post_checks_wanted ||
        step->event->kind == FG_FILL_EVENT_SHUTDOWN || step->event->kind == FG_FILL_EVENT_OPERATOR_LEFT)
        end_ask(step);
}

/* A dead meter shows as fills of nothing; after several in a row the point locks itself. A fill that no one
 * can believe counts, too, however much it gave: each is bounded, but attempts one after the other add up in
 * the same cylinder. */
static void zero_fill_count(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    uint32_t limit = fill->scan.zero_fills_lock_out;
    bool believed = fill->stop != FG_STOP_NOT_PLAUSIBLE;

    if (believed && fill->end_inventory_g - fill->start_inventory_g >= (int64_t)step->settings->zero_fill_g) {
        fill->zero_fills = 0;
        return;
    }
    if (!believed && (limit == 0 || limit > FG_FILL_NOT_BELIEVED_MAX))
        limit = FG_FILL_NOT_BELIEVED_MAX;
    if (limit == 0 || fill->locked_out)
        return;
    if (fill->zero_fills < limit)
        fill->zero_fills++;
    if (fill->zero_fills >= limit) {
        fill->locked_out = true;
        event_raise(step, FG_EVENT_LOCK_OUT);
    }
}

static void recording_step(const struct step *step)
{
    struct fg_fill *fill = step->fill;

    if (step->event->kind == FG_FILL_EVENT_WRITTEN && fill->write_pending) {
        zero_fill_count(step);
        scan_forget(step);
    } else if (step->event->kind == FG_FILL_EVENT_WRITE_FAILED) {
        fill->write_pending = false;
    } else if (!fill->write_pending && time_is_over(step, fill->phase_since_mono_ms, RECORD_AGAIN_MS)) {
        end_ask(step);
    }
}

/* ---- watching for gas that nobody authorised -------------------------------------------------------- */

/* Gas may flow while the valve is commanded open, and for as long as closing may take after that. */
static bool gas_may_flow(const struct step *step)
{
    const struct fg_fill *fill = step->fill;

    if (fill->phase == FG_FILL_SUSPENDED)
        return !time_is_over(step, fill->phase_since_mono_ms, step->settings->closing_max_ms);
    return fill->phase == FG_FILL_FILLING || fill->phase == FG_FILL_CLOSING;
}

/* A leak is over when the inventory has stood still for a while. Until then it is one and the same, however
 * slowly it seeps: each event asks for twice as much gas as the one before, or a slow leak would fill the
 * journal. */
static void leak_track(const struct step *step, int64_t inventory_g)
{
    struct fg_fill *fill = step->fill;

    if (inventory_g > fill->idle_newest_g)
        fill->leak_rose_mono_ms = step->event->now_mono_ms;
    fill->idle_newest_g = inventory_g;
    if (time_is_over(step, fill->leak_rose_mono_ms, step->settings->leak_quiet_ms))
        fill->leak_raises = 0;
}

/* Is more gas through than may be? What the last run knew is compared even while an alarm is on, once. */
static bool leak_is_told(const struct step *step, int64_t inventory_g)
{
    struct fg_fill *fill = step->fill;
    int64_t allowed_g = (int64_t)step->settings->unauthorised_flow_g << fill->leak_raises;
    bool first_look = fill->inventory_restored;

    fill->inventory_restored = false;
    return (!fill->alarm_flow || first_look) && inventory_g - fill->idle_inventory_g > allowed_g;
}

static void flow_watch(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    int64_t inventory_g = 0;
    int64_t flow_g_min = 0;

    if (gas_may_flow(step) || !fg_counter_is_sure(&fill->counter) ||
        !reading_good(step, FG_SIGNAL_INVENTORY_G, &inventory_g))
        return;
    leak_track(step, inventory_g);
    if (fill->inventory_restored && inventory_g < fill->idle_inventory_g)
        event_raise(step, FG_EVENT_METER_NOT_PLAUSIBLE);
    if (!fill->idle_inventory_known || inventory_g < fill->idle_inventory_g) {
        fill->idle_inventory_known = true;
        fill->inventory_restored = false;
        fill->idle_inventory_g = inventory_g;
        return;
    }
    if (leak_is_told(step, inventory_g)) {
        if (fill->leak_raises < LEAK_RAISES_MAX)
            fill->leak_raises++;
        fill->alarm_flow = true;
        fill->leak_rose_mono_ms = step->event->now_mono_ms;
        fill->idle_inventory_g = inventory_g;
        event_raise(step, FG_EVENT_FLOW_WITHOUT_AUTHORITY);
    } else if (fill->alarm_flow) {
        fill->idle_inventory_g = inventory_g;
        fill->alarm_flow = !reading_good(step, FG_SIGNAL_FLOW_G_MIN, &flow_g_min) ||
                           flow_g_min >= (int64_t)step->settings->flow_min_g_min;
    }
}

static void valve_watch(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    int64_t open = 0;

    if (fill->phase == FG_FILL_FILLING)
        return;
    if (valve_differs_too_long(step)) {
        if (!fill->alarm_valve)
            event_raise(step, FG_EVENT_VALVE_FAULT);
        fill->alarm_valve = true;
    } else if (reading_good(step, FG_SIGNAL_VALVE_OPEN, &open) && open == 0) {
        fill->alarm_valve = false;
    }
}

static bool is_open_fill(const struct fg_fill *fill)
{
    return fill->phase >= FG_FILL_FILLING;
}

/* Takes the counter's reading before anything else looks at it, and says what entries say of the meter; a
 * reading too old is a missing one, whatever the plant calls it. */
static void meter_look(const struct step *step)
{
    struct fg_fill *fill = step->fill;
    const struct fg_reading *reading = &step->event->plant->readings[FG_SIGNAL_INVENTORY_G];
    struct fg_counter_rules rules = counter_rules(step->settings);
    int64_t raw_g = 0;

    fill->meter_state = reading->state;
    if (!reading_good(step, FG_SIGNAL_INVENTORY_G, &raw_g)) {
        if (reading->state == FG_READING_GOOD)
            fill->meter_state = FG_READING_TIME_OUT;
        return;
    }
    if (fg_counter_take(&fill->counter, &rules, raw_g, reading->at_mono_ms, step->event->now_mono_ms,
                        !is_open_fill(fill))) {
        fill->idle_inventory_known = false;
        event_raise(step, FG_EVENT_METER_NOT_PLAUSIBLE);
    }
    if ((fill->counter.settled || is_open_fill(fill)) && !fg_counter_is_sure(&fill->counter))
        fill->meter_state = FG_READING_RANGE;
    if (fill->phase >= FG_FILL_FILLING && fill->phase <= FG_FILL_CLOSING)
        (void)inventory_read(step, &fill->end_inventory_g);
}

static void tag_track(const struct step *step)
{
    if (step->event->kind == FG_FILL_EVENT_TAG_GONE || step->event->kind == FG_FILL_EVENT_TAG_OTHER)
        step->fill->tag_present = false;
    else if (step->event->kind == FG_FILL_EVENT_TAG_SAME && step->fill->phase != FG_FILL_IDLE)
        step->fill->tag_present = true;
}

static void phase_step(const struct step *step)
{
    switch (step->fill->phase) {
    case FG_FILL_IDLE:
        idle_step(step);
        break;
    case FG_FILL_PRE_CHECK:
        pre_check_step(step);
        break;
    case FG_FILL_AUTHORISING:
        authorising_step(step);
        break;
    case FG_FILL_FILLING:
        filling_step(step);
        break;
    case FG_FILL_SUSPENDED:
        suspended_step(step);
        break;
    case FG_FILL_CLOSING:
        closing_step(step);
        break;
    case FG_FILL_POST_CHECK:
        post_check_step(step);
        break;
    case FG_FILL_RECORDING:
        recording_step(step);
        break;
    default: /* no phase of this machine: it opens nothing */
        break;
    }
}

void fg_fill_restore(struct fg_fill *fill, const struct fg_fill_kept *kept)
{
    fill->locked_out = kept->locked_out;
    fill->alarm_flow = kept->alarm_flow;
    fill->alarm_valve = kept->alarm_valve;
    fill->zero_fills = kept->zero_fills;
    if (!kept->inventory_known || kept->inventory_g < -FG_SIGNAL_VALUE_MAX ||
        kept->inventory_g > FG_SIGNAL_VALUE_MAX)
        return;
    fill->idle_inventory_known = true;
    fill->inventory_restored = true;
    fill->idle_inventory_g = kept->inventory_g;
    fill->idle_newest_g = kept->inventory_g;
}

void fg_fill_step(struct fg_fill *fill, const struct fg_fill_settings *settings,
                  const struct fg_fill_event *event, struct fg_fill_commands *ret_commands)
{
    struct fg_fill_commands commands = {0};
    struct step step = {fill, settings, event, &commands};

    meter_look(&step);
    tag_track(&step);
    flow_watch(&step);
    valve_watch(&step);
    phase_step(&step);
    commands.valve_open = fill->phase == FG_FILL_FILLING;
    fill->valve_commanded = commands.valve_open;
    *ret_commands = commands;
}

bool fg_fill_plant_is_sound(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                            const struct fg_plant_state *plant, uint8_t programme, int64_t now_mono_ms)
{
    if (fill->alarm_flow || fill->alarm_valve || !fg_counter_is_sure(&fill->counter))
        return false;
    return fg_signals_bad(plant, programme, now_mono_ms, settings->reading_age_max_ms) == 0;
}

bool fg_fill_is_ready(const struct fg_fill *fill)
{
    return fill->phase == FG_FILL_IDLE && !fill->locked_out;
}

bool fg_fill_inventory(const struct fg_fill *fill, const struct fg_fill_settings *settings,
                       int64_t now_mono_ms, int64_t *ret_inventory_g)
{
    struct fg_counter_rules rules = counter_rules(settings);

    return fg_counter_read(&fill->counter, &rules, now_mono_ms, ret_inventory_g);
}

int64_t fg_fill_quantity_g(const struct fg_fill *fill)
{
    if (!is_open_fill(fill))
        return 0;
    return fill->end_inventory_g - fill->start_inventory_g;
}

const char *fg_fill_phase_name(enum fg_fill_phase phase)
{
    static const char *const names[FG_FILL_PHASE_COUNT] = {
        "IDLE", "PRE_CHECK", "AUTHORISING", "FILLING", "SUSPENDED", "CLOSING", "POST_CHECK", "RECORDING",
    };

    return (unsigned)phase < FG_FILL_PHASE_COUNT ? names[phase] : "?";
}
