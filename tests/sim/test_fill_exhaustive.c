/* Walks every state that the real fill machine can reach, with every event, and
 * checks the promises at each step.
 *
 * The machine's state is finite once times are taken relative to now, sequence
 * numbers as equal or not, and quantities as small numbers: the settings below
 * use limits of a few units, the clock moves by steps that straddle every
 * limit, ages beyond the longest limit count as one, and the plant is one of a
 * few looks that between them make every rule true and false, among them a
 * pressure that stands still, a counter that lies, a welded valve and a silent
 * stop button. States are kept as small keys; the walk ends when no step gives
 * a new one.
 *
 * What the machine cannot know itself (was the entry durable? how many ENDED
 * for one AUTHORISED? for how long has the counter lied?) is kept in a witness
 * that is part of the walked state. The same walk over machines with a seeded
 * fault must find each fault, or it proves nothing. Left to other tests: the
 * flow added up over time (test_fill_random, test_fill). Relies on:
 * firmware/core/fill.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/core/fill.h"
#include "firmware/core/limits.h"
#include "tests/lib/check.h"

#define NOW_MS 1000000
#define LIMIT_MS 10
#define READING_AGE_MS                                                                                       \
    5 /* below the shorter pause, so that a counter can lie for longer within                                \
         one fill */
#define AGE_MAX_MS (LIMIT_MS + 1)
#define TABLE_BITS 21
#define TABLE_SIZE (1u << TABLE_BITS)
#define STATES_MAX (TABLE_SIZE / 2)
#define INVENTORY_G 1000
#define STILL_KPA 5000
#define TARE_G 50
#define FILLED_KPA 9000 /* what 3 g more make of it in the walk's 0.1 L */

/* What the outside has seen: the promises are about this. */
struct witness {
    bool durable;       /* an AUTHORISED entry is durable and has no ENDED yet */
    bool authorise_due; /* the journal was asked for AUTHORISED and has not
                           answered */
    bool end_due;       /* the same for ENDED */
    bool tag_there;
    bool paused;       /* the operator asked for a pause in the fill, and since for
                          nothing that ends it */
    bool alarmed;      /* gas or the valve was raised since the scan */
    bool followed;     /* the pressure was seen to rise in this fill */
    uint8_t lie_ms;    /* the counter has read what cannot be for so long, while the
                          valve was open */
    uint8_t welded_ms; /* the valve has read open against its command for so long */
};

struct node {
    struct fg_fill fill;
    struct witness witness;
};

/* A state without what no later step can tell apart: ages instead of times. */
struct key {
    struct witness witness;
    bool flags[15];
    uint8_t phase;
    uint8_t stop;
    uint8_t leak_raises;
    uint8_t pre_checks_done;
    uint8_t post_checks_done;
    uint8_t zero_fills;
    uint8_t phase_age;
    uint8_t authorised_age;
    uint8_t flow_low_age;
    uint8_t valve_differs_age;
    uint8_t leak_rose_age;
    uint8_t counter_age;
    uint8_t agreeing;
    int16_t idle_g;
    int16_t idle_newest_g;
    int16_t start_g;
    int16_t end_g;
    int16_t counter_g;
    int16_t seen_g;
    int16_t limit_g;
    int16_t start_density;
    int16_t start_kpa;
    int16_t due_expected;
    int16_t due_weighed;
};

/* One look at the plant, in the few ways that matter. */
struct look {
    uint8_t scenes;   /* bit n: part of that scene */
    bool silent;      /* no signal is good */
    bool implausible; /* the pressure is out of range */
    bool old;         /* every reading is too old */
    bool stop_silent; /* only the stop button does not answer */
    bool emergency;
    bool valve_open; /* feedback */
    bool at_target;
    bool over_pressure;
    bool below_tare; /* the scale reads less than the cylinder alone weighs */
    bool still;      /* the pressure has not moved, whatever the counter says */
    bool flowing;
    bool lies;     /* the counter reads what cannot be, never the same twice */
    int32_t gas_g; /* inventory above INVENTORY_G */
};

enum fault {
    FAULT_NONE,
    FAULT_OPENS_EARLY,
    FAULT_IGNORES_TAG,
    FAULT_ENDS_TWICE,
    FAULT_TRUSTS_OLD_READING,
    FAULT_RESUMES_BY_TAG,
    FAULT_IGNORES_GROUNDS,
    FAULT_IGNORES_ALARM,
    FAULT_IGNORES_STOP_BUTTON,
    FAULT_IGNORES_STILL_PRESSURE,
    FAULT_RIDES_OUT_FOR_EVER,
    FAULT_BELIEVES_COUNTER,
    FAULT_IGNORES_FEEDBACK,
    FAULT_IGNORES_TARE,
    FAULT_COUNT
};

/* Looks that belong together; a walk over all of them at once would take
 * minutes and find no more. */
enum scene { SCENE_VALVE, SCENE_READINGS, SCENE_INSTRUMENTS, SCENE_SCALE, SCENE_COUNT };

/* The scale's scene fills by mass, the others by pressure. */
static enum scene scene_now;

struct walk {
    enum fault fault;
    enum scene scene;
    struct key *keys;
    uint32_t *table; /* index + 1 of a key, 0 = free */
    uint32_t count;
    uint64_t transitions;
    uint64_t phase_seen[FG_FILL_PHASE_COUNT];
    char violation[128];
};

static const struct fg_fill_settings settings = {
    .gas = FG_GAS_METHANE,
    .pre_check_max_ms = LIMIT_MS,
    .resume_max_ms = LIMIT_MS,
    .fill_max_ms = LIMIT_MS,
    .no_flow_max_ms = LIMIT_MS,
    .flow_min_g_min = 10,
    .flow_max_g_min = 1000,
    .temperature_max_dc = 600,
    .mass_cut_off_early_g = 1,
    .below_tare_max_g = 2,
    .reading_age_max_ms = READING_AGE_MS,
    .valve_follow_max_ms = LIMIT_MS,
    .closing_max_ms = LIMIT_MS,
    .post_check_max_ms = LIMIT_MS,
    .unauthorised_flow_g = 1,
    .leak_quiet_ms = 0, /* over with the first moment of stillness: keeps the walk small */
    .zero_fill_g = 2,
    .counter_max_g_min = 600, /* 10 g from one look to the next: 3 are possible, 100 are not */
    .overfill = {.tolerance_percent = 15,
                 .follow_percent = 50,
                 .follow_pressure_kpa = 3000,
                 .pressure_lead_kpa = 1000,
                 .follow_mass_g = 1000000,
                 .capacity_unknown_dl = 1},
};

#define IN(scene) (1u << (scene))
#define IN_ALL (IN(SCENE_COUNT) - 1u)

static const struct look looks[] = {
    {.scenes = IN_ALL, .flowing = false},
    {.scenes = IN_ALL, .valve_open = true, .flowing = true, .gas_g = 0},
    {.scenes = IN(SCENE_VALVE), .valve_open = true, .flowing = false},
    {.scenes = IN_ALL, .valve_open = true, .flowing = true, .gas_g = 3},
    {.scenes = IN(SCENE_VALVE), .valve_open = false, .flowing = true, .gas_g = 3},
    {.scenes = IN(SCENE_INSTRUMENTS), .valve_open = true, .flowing = true, .still = true, .gas_g = 3},
    {.scenes = IN(SCENE_INSTRUMENTS), .valve_open = true, .flowing = true, .lies = true},
    {.scenes = IN(SCENE_READINGS), .valve_open = true, .flowing = true, .at_target = true, .gas_g = 3},
    {.scenes = IN(SCENE_READINGS), .valve_open = true, .flowing = true, .over_pressure = true},
    {.scenes = IN(SCENE_VALVE), .emergency = true},
    {.scenes = IN(SCENE_VALVE), .silent = true},
    {.scenes = IN(SCENE_READINGS), .stop_silent = true, .valve_open = true, .flowing = true},
    {.scenes = IN(SCENE_READINGS), .old = true, .valve_open = true, .flowing = true},
    {.scenes = IN(SCENE_READINGS), .implausible = true},
    {.scenes = IN(SCENE_SCALE), .below_tare = true},
    {.scenes = IN(SCENE_SCALE), .below_tare = true, .valve_open = true, .flowing = true},
};

#define LOOKS (sizeof(looks) / sizeof(looks[0]))

/* An honest counter never goes back; one that lies says what cannot be, never
 * the same twice. */
static int64_t counter_after(const struct look *look, const struct fg_fill *fill)
{
    int64_t reading_g = INVENTORY_G + look->gas_g;

    if (look->lies)
        return fill->counter.seen_g == 0 ? 30000 : 0;
    if (fill->counter.settled && !fill->counter.lies && fill->counter.value_g > reading_g)
        return fill->counter.value_g;
    return reading_g;
}

static void look_fill(const struct look *look, const struct fg_fill *fill, int64_t now,
                      struct fg_plant_state *plant)
{
    int64_t values[FG_SIGNAL_COUNT] = {0};

    values[FG_SIGNAL_PRESSURE_KPA] = STILL_KPA;
    if (counter_after(look, fill) == INVENTORY_G + 3 && !look->still)
        values[FG_SIGNAL_PRESSURE_KPA] = FILLED_KPA;
    if (look->at_target)
        values[FG_SIGNAL_PRESSURE_KPA] = 20001;
    if (look->over_pressure)
        values[FG_SIGNAL_PRESSURE_KPA] = 25001;
    values[FG_SIGNAL_TEMPERATURE_DC] = 200;
    values[FG_SIGNAL_FLOW_G_MIN] = look->flowing ? 100 : 0;
    values[FG_SIGNAL_INVENTORY_G] = counter_after(look, fill);
    values[FG_SIGNAL_SCALE_G] = look->below_tare ? TARE_G - 3 : TARE_G - 2;
    values[FG_SIGNAL_VALVE_OPEN] = look->valve_open;
    values[FG_SIGNAL_EMERGENCY_STOP] = look->emergency;
    memset(plant, 0, sizeof(*plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant->configured[i] = (i != FG_SIGNAL_SCALE_G || scene_now == SCENE_SCALE) && i != FG_SIGNAL_TOTAL_G;
        plant->readings[i].value = values[i];
        plant->readings[i].at_mono_ms = look->old ? now - LIMIT_MS - 1 : now;
        plant->readings[i].state = look->silent ? FG_READING_TIME_OUT : FG_READING_GOOD;
    }
    if (look->stop_silent)
        plant->readings[FG_SIGNAL_STOP_BUTTON].state = FG_READING_TIME_OUT;
    if (look->implausible)
        plant->readings[FG_SIGNAL_PRESSURE_KPA].state = FG_READING_RANGE;
}

/* ---- states and their table
 * ----------------------------------------------------------------------- */

static uint8_t age_of(int64_t then, int64_t now)
{
    int64_t age = now - then;

    return (uint8_t)(age < 0 || age > AGE_MAX_MS ? AGE_MAX_MS : age);
}

static bool in_fill(uint8_t phase)
{
    return phase == FG_FILL_FILLING || phase == FG_FILL_SUSPENDED;
}

/* A time that the present phase never looks at, and the next one sets afresh,
 * makes no difference. */
static void key_take_ages(const struct fg_fill *fill, int64_t now, struct key *key)
{
    uint8_t phase = fill->phase;

    if (phase != FG_FILL_IDLE && phase != FG_FILL_AUTHORISING && phase != FG_FILL_FILLING)
        key->phase_age = age_of(fill->phase_since_mono_ms, now);
    if (in_fill(phase))
        key->authorised_age = age_of(fill->authorised_mono_ms, now);
    if (phase == FG_FILL_FILLING)
        key->flow_low_age = age_of(fill->flow_low_since_mono_ms, now);
    key->valve_differs_age = age_of(fill->valve_differs_since_mono_ms, now);
    if (fill->leak_raises > 0) /* else there is no leak that could end */
        key->leak_rose_age = fill->leak_rose_mono_ms < now;
}

static void key_take_counter(const struct fg_fill *fill, int64_t now, struct key *key)
{
    const struct fg_counter *counter = &fill->counter;

    key->flags[12] = counter->settled;
    key->flags[13] = counter->lies;
    key->flags[14] = fg_counter_is_sure(counter);
    key->agreeing = counter->agreeing;
    key->seen_g = (int16_t)counter->seen_g;
    if (counter->settled && !counter->lies) {
        key->counter_g = (int16_t)counter->value_g;
        key->counter_age = age_of(counter->value_mono_ms, now);
    }
}

/* Between fills only differences of the counter count: it is moved back, so
 * that gas can flow again. */
static void key_shift(const struct fg_fill *fill, struct key *key)
{
    if (fill->phase != FG_FILL_IDLE || !fg_counter_is_sure(&fill->counter) || !fill->idle_inventory_known ||
        fill->idle_inventory_g != fill->counter.value_g)
        return;
    key->counter_g = key->seen_g = key->idle_g = INVENTORY_G;
    if (fill->leak_raises > 0)
        key->idle_newest_g = INVENTORY_G;
}

static void key_take_overfill(const struct fg_fill *fill, struct key *key)
{
    if (!in_fill(fill->phase))
        return;
    key->limit_g = (int16_t)fill->overfill.limit_g;
    key->start_density = (int16_t)fill->overfill.start_density_cg_l;
    key->start_kpa = (int16_t)fill->overfill.start_weighed;
    key->due_expected = (int16_t)fill->overfill.due_expected;
    key->due_weighed = (int16_t)fill->overfill.due_weighed;
}

static void node_pack(const struct node *node, int64_t now, struct key *key)
{
    const struct fg_fill *fill = &node->fill;

    memset(key, 0, sizeof(*key));
    key->witness = node->witness;
    key->flags[0] = fill->valve_commanded;
    key->flags[1] = fill->locked_out;
    key->flags[2] = fill->alarm_flow;
    key->flags[3] = fill->alarm_valve;
    key->flags[4] = fill->tag_present;
    key->flags[5] = fill->idle_inventory_known;
    key->flags[6] = fill->post_check_failed;
    key->flags[7] = fill->write_pending;
    key->flags[8] = fill->suspended_by_operator;
    key->flags[9] = fill->authorised_sequence != 0;
    key->flags[10] = fill->scan.programme != 0;
    key->flags[11] = fill->scan.post_checks_wanted != 0;
    key->phase = fill->phase;
    key->stop = fill->stop;
    key->leak_raises = fill->leak_raises;
    key->pre_checks_done = (uint8_t)fill->pre_checks_done;
    key->post_checks_done = (uint8_t)fill->post_checks_done;
    key->zero_fills = (uint8_t)fill->zero_fills;
    key->idle_g = (int16_t)(fill->idle_inventory_known ? fill->idle_inventory_g : 0);
    key->idle_newest_g = (int16_t)(fill->leak_raises > 0 ? fill->idle_newest_g : 0);
    key->start_g = (int16_t)fill->start_inventory_g;
    key->end_g = (int16_t)fill->end_inventory_g;
    key_take_ages(fill, now, key);
    key_take_counter(fill, now, key);
    key_take_overfill(fill, key);
    key_shift(fill, key);
}

static struct fg_fill_scan scan_of(unsigned variant)
{
    return (struct fg_fill_scan){.programme =
                                     scene_now == SCENE_SCALE ? FG_PROGRAMME_MASS : FG_PROGRAMME_PRESSURE,
                                 .nominal_kpa = 20000,
                                 .tare_g = TARE_G,
                                 .maximum_fill_g = 100,
                                 .pre_checks_wanted = 1,
                                 .post_checks_wanted = variant == 0 ? 1 : 0,
                                 .zero_fills_lock_out = 2};
}

/* All instruments of a look were read in the same moment, so one remembered
 * sample of each is as good as two.
 */
static void overfill_unpack(const struct key *key, struct fg_fill *fill)
{
    struct fg_overfill *overfill = &fill->overfill;

    overfill->limit_g = key->limit_g;
    overfill->start_counter_g = key->start_g;
    overfill->start_weighed = key->start_kpa;
    overfill->start_density_cg_l = key->start_density;
    overfill->due_expected = key->due_expected;
    overfill->due_weighed = key->due_weighed;
    overfill->flow_since_mono_ms = NOW_MS;
    overfill->flow_counter_g = key->start_g;
    for (int i = 0; i < 2; i++) {
        overfill->counters[i] = (struct fg_overfill_sample){key->counter_g, NOW_MS - 1 - i};
        overfill->weighed[i] = (struct fg_overfill_sample){key->due_weighed, NOW_MS - 1 - i};
    }
}

static void counter_unpack(const struct key *key, struct fg_counter *counter)
{
    counter->settled = key->flags[12];
    counter->lies = key->flags[13];
    counter->agreeing = key->agreeing;
    counter->seen_g = key->seen_g;
    counter->value_g = key->counter_g;
    counter->value_mono_ms = NOW_MS - key->counter_age;
    counter->seen_mono_ms = key->flags[14] ? counter->value_mono_ms : NOW_MS - 1;
}

static void node_unpack(const struct key *key, struct node *node)
{
    struct fg_fill *fill = &node->fill;

    memset(node, 0, sizeof(*node));
    node->witness = key->witness;
    fill->valve_commanded = key->flags[0];
    fill->locked_out = key->flags[1];
    fill->alarm_flow = key->flags[2];
    fill->alarm_valve = key->flags[3];
    fill->tag_present = key->flags[4];
    fill->idle_inventory_known = key->flags[5];
    fill->post_check_failed = key->flags[6];
    fill->write_pending = key->flags[7];
    fill->suspended_by_operator = key->flags[8];
    fill->authorised_sequence = key->flags[9] ? 7 : 0;
    if (key->flags[10])
        fill->scan = scan_of(key->flags[11] ? 0 : 1);
    fill->phase = key->phase;
    fill->stop = key->stop;
    fill->leak_raises = key->leak_raises;
    fill->pre_checks_done = key->pre_checks_done;
    fill->post_checks_done = key->post_checks_done;
    fill->zero_fills = key->zero_fills;
    fill->idle_inventory_g = key->idle_g;
    fill->idle_newest_g = key->idle_newest_g;
    fill->start_inventory_g = key->start_g;
    fill->end_inventory_g = key->end_g;
    fill->phase_since_mono_ms = NOW_MS - key->phase_age;
    fill->authorised_mono_ms = NOW_MS - key->authorised_age;
    fill->flow_low_since_mono_ms = NOW_MS - key->flow_low_age;
    fill->valve_differs_since_mono_ms = NOW_MS - key->valve_differs_age;
    fill->leak_rose_mono_ms = NOW_MS - key->leak_rose_age;
    counter_unpack(key, &fill->counter);
    overfill_unpack(key, fill);
}

static uint64_t key_hash(const struct key *key)
{
    const uint8_t *bytes = (const uint8_t *)key;
    uint64_t hash = UINT64_C(1469598103934665603);

    for (size_t i = 0; i < sizeof(*key); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

static void key_add(struct walk *walk, const struct key *key)
{
    uint32_t slot = (uint32_t)key_hash(key) & (TABLE_SIZE - 1);

    while (walk->table[slot] != 0) {
        if (memcmp(&walk->keys[walk->table[slot] - 1], key, sizeof(*key)) == 0)
            return;
        slot = (slot + 1) & (TABLE_SIZE - 1);
    }
    if (walk->count >= STATES_MAX) {
        (void)snprintf(walk->violation, sizeof(walk->violation), "more than %u states: not finite",
                       STATES_MAX);
        return;
    }
    walk->keys[walk->count++] = *key;
    walk->table[slot] = walk->count;
}

/* ---- machines with a seeded fault
 * ------------------------------------------------------------------ */

static bool counter_lies(const struct fg_fill *fill, int64_t reading_g)
{
    int64_t rise_g = reading_g - fill->counter.value_g;

    return fill->counter.settled && !fill->counter.lies && (rise_g < 0 || rise_g > 10);
}

static void machine_step(enum fault fault, struct fg_fill *fill, const struct fg_fill_event *event,
                         struct fg_fill_commands *ret_commands)
{
    struct fg_fill_event altered = *event;
    struct fg_plant_state fresh = *event->plant;

    altered.plant = &fresh;

    if (fault == FAULT_IGNORES_TAG && event->kind == FG_FILL_EVENT_TAG_GONE)
        altered.kind = FG_FILL_EVENT_TICK;
    if (fault == FAULT_TRUSTS_OLD_READING) {
        for (int i = 0; i < FG_SIGNAL_COUNT; i++)
            fresh.readings[i].at_mono_ms = event->now_mono_ms;
    }
    if (fault == FAULT_RESUMES_BY_TAG && event->kind == FG_FILL_EVENT_TAG_SAME)
        fill->suspended_by_operator = false;
    if (fault == FAULT_IGNORES_GROUNDS)
        altered.grounds_hold = true;
    if (fault == FAULT_IGNORES_STOP_BUTTON)
        fresh.configured[FG_SIGNAL_STOP_BUTTON] = false;
    if (fault == FAULT_IGNORES_STILL_PRESSURE)
        fill->overfill.due_expected = INT16_MAX;
    if (fault == FAULT_RIDES_OUT_FOR_EVER && fill->phase == FG_FILL_FILLING &&
        counter_lies(fill, fresh.readings[FG_SIGNAL_INVENTORY_G].value))
        fresh.readings[FG_SIGNAL_INVENTORY_G].value = fill->counter.value_g;
    if (fault == FAULT_IGNORES_TARE)
        fresh.readings[FG_SIGNAL_SCALE_G].value = TARE_G;
    if (fault == FAULT_IGNORES_FEEDBACK)
        fresh.readings[FG_SIGNAL_VALVE_OPEN].value = fill->valve_commanded;
    fg_fill_step(fill, &settings, &altered, ret_commands);
    if (fault == FAULT_OPENS_EARLY && fill->phase == FG_FILL_AUTHORISING)
        ret_commands->valve_open = true;
    if (fault == FAULT_IGNORES_ALARM)
        fill->alarm_flow = false;
    if (fault == FAULT_IGNORES_ALARM && fill->phase == FG_FILL_AUTHORISING)
        fill->stop = FG_STOP_NONE;
    if (fault == FAULT_BELIEVES_COUNTER && fill->phase == FG_FILL_FILLING)
        fill->end_inventory_g = event->plant->readings[FG_SIGNAL_INVENTORY_G].value;
    if (fault == FAULT_ENDS_TWICE && fill->phase == FG_FILL_RECORDING)
        ret_commands->write_ended = true;
}

/* ---- the promises
 * ----------------------------------------------------------------------------------
 */

static void violation_note(struct walk *walk, const char *promise, const struct node *before,
                           const struct fg_fill_event *event)
{
    if (walk->violation[0] == '\0')
        (void)snprintf(walk->violation, sizeof(walk->violation), "%s: in %s, event %u", promise,
                       fg_fill_phase_name((enum fg_fill_phase)before->fill.phase), event->kind);
}

static bool plant_is_in_order(const struct look *look)
{
    return !look->silent && !look->old && !look->implausible && !look->emergency && !look->over_pressure &&
           !look->stop_silent;
}

static bool has_raised(const struct fg_fill_commands *commands, enum fg_event_kind event)
{
    return (commands->raise_events & 1u << event) != 0;
}

static uint8_t add_ms(uint8_t sum_ms, int64_t more_ms)
{
    return (uint8_t)(sum_ms + more_ms > AGE_MAX_MS ? AGE_MAX_MS : sum_ms + more_ms);
}

static bool counter_reads(const struct look *look)
{
    return !look->silent && !look->old;
}

/* What the plant showed, kept for the promises about instruments. */
static void witness_look(const struct node *before, const struct look *look, int64_t pause_ms,
                         const struct fg_fill_commands *commands, struct node *after)
{
    struct witness *witness = &after->witness;
    bool lies = look->lies && counter_lies(&before->fill, 0);
    bool open = before->fill.valve_commanded;

    if (has_raised(commands, FG_EVENT_FLOW_WITHOUT_AUTHORITY) || has_raised(commands, FG_EVENT_VALVE_FAULT))
        witness->alarmed = true;
    if ((before->fill.phase == FG_FILL_FILLING || after->fill.phase == FG_FILL_FILLING) && !look->still &&
        counter_after(look, &before->fill) == INVENTORY_G + 3)
        witness->followed = true;
    if (after->fill.phase == FG_FILL_IDLE || after->fill.phase > FG_FILL_SUSPENDED)
        witness->alarmed = witness->followed = false;
    witness->lie_ms =
        open && commands->valve_open && lies && counter_reads(look) ? add_ms(witness->lie_ms, pause_ms) : 0;
    witness->welded_ms = !open && counter_reads(look) && look->valve_open && !commands->valve_open
                             ? add_ms(witness->welded_ms, pause_ms)
                             : 0;
}

/* The promises about instruments that lie. */
static void plant_judge(struct walk *walk, const struct node *before, const struct fg_fill_event *event,
                        const struct look *look, const struct fg_fill_commands *commands,
                        const struct node *after)
{
    bool opens = commands->valve_open && !before->fill.valve_commanded;
    int64_t reading_g = event->plant->readings[FG_SIGNAL_INVENTORY_G].value;
    int64_t filled_g = reading_g - after->fill.start_inventory_g;
    int64_t quantity_g = fg_fill_quantity_g(&after->fill);
    bool lies = counter_lies(&before->fill, reading_g);

    if (opens && event->kind != FG_FILL_EVENT_WRITTEN && !event->grounds_hold)
        violation_note(walk, "FAIL-CLOSED: opens on grounds that are gone", before, event);
    if (commands->write_authorised && !event->grounds_hold)
        violation_note(walk, "FAIL-CLOSED: starts on grounds that are gone", before, event);
    if (opens && after->witness.alarmed)
        violation_note(walk, "FAIL-CLOSED: opens after an alarm", before, event);
    if (opens && lies)
        violation_note(walk, "FAIL-CLOSED: opens while the counter lies", before, event);
    if (after->witness.lie_ms > READING_AGE_MS)
        violation_note(walk, "FAIL-CLOSED: open while the counter goes on lying", before, event);
    if ((commands->valve_open || commands->write_authorised) && look->below_tare)
        violation_note(walk, "FAIL-CLOSED: filled on a scale below the tare", before, event);
    if (commands->valve_open && !opens && look->still && filled_g == 3 && !after->witness.followed &&
        after->fill.counter.value_g == reading_g)
        violation_note(walk, "FAIL-CLOSED: open with a pressure that stands still", before, event);
    if (quantity_g != 0 && quantity_g != 3)
        violation_note(walk, "GAS-ADDS-UP: a quantity that never flowed", before, event);
    if (after->witness.welded_ms > LIMIT_MS && !after->fill.alarm_valve)
        violation_note(walk, "FAIL-CLOSED: a welded valve was not raised", before, event);
    if (commands->scan_dropped && commands->refusal == FG_REASON_NONE &&
        !(event->kind == FG_FILL_EVENT_START && !event->grounds_hold))
        violation_note(walk, "a scan was dropped without a reason", before, event);
}

/* Keeps the witness and holds one step against the promises. */
static void step_judge(struct walk *walk, const struct node *before, const struct fg_fill_event *event,
                       const struct look *look, const struct fg_fill_commands *commands, struct node *after)
{
    struct witness *witness = &after->witness;

    if (event->kind == FG_FILL_EVENT_ACCEPTED && before->fill.phase == FG_FILL_IDLE)
        witness->tag_there = true;
    if (event->kind == FG_FILL_EVENT_TAG_GONE || event->kind == FG_FILL_EVENT_TAG_OTHER)
        witness->tag_there = false;
    if (event->kind == FG_FILL_EVENT_TAG_SAME)
        witness->tag_there = true;
    if (event->kind == FG_FILL_EVENT_SUSPEND &&
        (before->fill.phase == FG_FILL_FILLING || before->fill.phase == FG_FILL_SUSPENDED))
        witness->paused = true;
    if (event->kind == FG_FILL_EVENT_RESUME || after->fill.phase > FG_FILL_SUSPENDED)
        witness->paused = false;
    if (event->kind == FG_FILL_EVENT_WRITTEN && before->witness.authorise_due)
        witness->durable = true;
    if (event->kind == FG_FILL_EVENT_WRITTEN && before->witness.end_due)
        witness->durable = false;
    if (event->kind == FG_FILL_EVENT_WRITTEN || event->kind == FG_FILL_EVENT_WRITE_FAILED)
        witness->authorise_due = witness->end_due = false;

    if (commands->write_authorised && (witness->durable || witness->authorise_due || witness->end_due))
        violation_note(walk, "ONE-END: AUTHORISED while one is open", before, event);
    if (commands->write_ended && (!witness->durable || witness->end_due))
        violation_note(walk, "ONE-END: ENDED without, or twice for, its AUTHORISED", before, event);
    witness->authorise_due = witness->authorise_due || commands->write_authorised;
    witness->end_due = witness->end_due || commands->write_ended;

    if (commands->valve_open && !witness->durable)
        violation_note(walk, "LOG-BEFORE-OPEN", before, event);
    if (commands->valve_open && !witness->tag_there)
        violation_note(walk, "FAIL-CLOSED: open without the tag", before, event);
    if (commands->valve_open && !plant_is_in_order(look))
        violation_note(walk, "FAIL-CLOSED: open with the plant out of order", before, event);
    if (after->fill.phase == FG_FILL_IDLE && witness->durable)
        violation_note(walk, "ONE-END: idle with a fill that has no end", before, event);
    if (commands->valve_open && (witness->paused || after->fill.suspended_by_operator))
        violation_note(walk, "FAIL-CLOSED: open while suspended by the operator", before, event);
    if (after->fill.suspended_by_operator && after->fill.phase != FG_FILL_SUSPENDED)
        violation_note(walk, "suspended by the operator outside SUSPENDED", before, event);
    if (commands->valve_open && after->fill.locked_out)
        violation_note(walk, "FAIL-CLOSED: open while locked out", before, event);
}

/* GAS-ADDS-UP: so much gas past a shut valve must raise the event, unless it
 * stands raised already; the same leak again when it has doubled. */
static void gas_judge(struct walk *walk, const struct node *before, const struct fg_fill_event *event,
                      const struct look *look, const struct fg_fill_commands *commands,
                      const struct node *after)
{
    bool quiet_phases = before->fill.phase == FG_FILL_IDLE && after->fill.phase == FG_FILL_IDLE;
    bool rose = before->fill.idle_inventory_known && counter_reads(look) &&
                fg_counter_is_sure(&after->fill.counter) &&
                event->plant->readings[FG_SIGNAL_INVENTORY_G].value - before->fill.idle_inventory_g >
                    (int64_t)settings.unauthorised_flow_g << before->fill.leak_raises;

    if (quiet_phases && rose && !before->fill.alarm_flow &&
        (commands->raise_events & 1u << FG_EVENT_FLOW_WITHOUT_AUTHORITY) == 0)
        violation_note(walk, "GAS-ADDS-UP: gas without authority was not raised", before, event);
}

/* ---- the walk
 * --------------------------------------------------------------------------------------
 */

/* The journal answers only when it was asked; everything else may come at any
 * time. */
static bool event_is_possible(const struct node *node, uint8_t kind)
{
    if (kind == FG_FILL_EVENT_WRITTEN || kind == FG_FILL_EVENT_WRITE_FAILED)
        return node->witness.authorise_due || node->witness.end_due;
    return true;
}

static void node_step(struct walk *walk, const struct node *before, uint8_t kind, unsigned variant,
                      const struct look *look, int64_t pause_ms)
{
    struct node after = *before;
    struct key key;
    struct fg_plant_state plant;
    struct fg_fill_commands commands;
    struct fg_fill_event event = {.kind = kind,
                                  .now_mono_ms = NOW_MS + pause_ms,
                                  .plant = &plant,
                                  .scan = scan_of(variant),
                                  .sequence = 7,
                                  .grounds_hold = variant == 0,
                                  .checks = variant == 0 ? 1 : 0,
                                  .check_failed = variant != 0};

    if ((look->scenes & IN(walk->scene)) == 0)
        return;
    look_fill(look, &before->fill, event.now_mono_ms, &plant);
    machine_step(walk->fault, &after.fill, &event, &commands);
    walk->transitions++;
    witness_look(before, look, pause_ms, &commands, &after);
    step_judge(walk, before, &event, look, &commands, &after);
    plant_judge(walk, before, &event, look, &commands, &after);
    gas_judge(walk, before, &event, look, &commands, &after);
    if (after.fill.phase < FG_FILL_PHASE_COUNT)
        walk->phase_seen[after.fill.phase]++;
    node_pack(&after, event.now_mono_ms, &key);
    key_add(walk, &key);
}

static bool kind_has_variants(uint8_t kind)
{
    return kind == FG_FILL_EVENT_ACCEPTED || kind == FG_FILL_EVENT_CHECKED || kind == FG_FILL_EVENT_START ||
           kind == FG_FILL_EVENT_RESUME || kind == FG_FILL_EVENT_TAG_SAME;
}

static void node_expand(struct walk *walk, const struct node *node)
{
    for (uint8_t kind = 0; kind < FG_FILL_EVENT_KIND_COUNT; kind++) {
        if (!event_is_possible(node, kind))
            continue;
        for (unsigned variant = 0; variant < (kind_has_variants(kind) ? 2u : 1u); variant++) {
            for (size_t look = 0; look < LOOKS; look++)
                node_step(walk, node, kind, variant, &looks[look],
                          kind == FG_FILL_EVENT_TICK ? LIMIT_MS + 1 : 0);
        }
    }
    /* Time passes in steps of which one keeps within every limit and two pass it.
     */
    for (size_t look = 0; look < LOOKS; look++)
        node_step(walk, node, FG_FILL_EVENT_TICK, 0, &looks[look], LIMIT_MS / 2 + 1);
}

static void walk_scene(struct walk *walk, enum scene scene, enum fault fault)
{
    struct node start;
    struct node node;
    struct key key;

    memset(walk, 0, sizeof(*walk));
    memset(&start, 0, sizeof(start));
    start.fill.counter = (struct fg_counter){.settled = true,
                                             .agreeing = FG_COUNTER_SETTLED,
                                             .value_g = INVENTORY_G,
                                             .value_mono_ms = NOW_MS,
                                             .seen_g = INVENTORY_G,
                                             .seen_mono_ms = NOW_MS};
    walk->fault = fault;
    walk->scene = scene;
    scene_now = scene;
    walk->keys = calloc(STATES_MAX, sizeof(*walk->keys));
    walk->table = calloc(TABLE_SIZE, sizeof(*walk->table));
    CHECK(walk->keys != NULL && walk->table != NULL);
    node_pack(&start, NOW_MS, &key);
    key_add(walk, &key);
    for (uint32_t next = 0; next < walk->count && walk->violation[0] == '\0'; next++) {
        node_unpack(&walk->keys[next], &node);
        node_expand(walk, &node);
    }
    free(walk->keys);
    free(walk->table);
}

TEST("LOG-BEFORE-OPEN, FAIL-CLOSED, ONE-END, GAS-ADDS-UP hold in every state "
     "that the fill machine can reach")
{
    for (int scene = 0; scene < SCENE_COUNT; scene++) {
        struct walk walk;

        walk_scene(&walk, (enum scene)scene, FAULT_NONE);
        printf("    %u states, %llu transitions\n", walk.count, (unsigned long long)walk.transitions);
        CHECK_TEXT(walk.violation, "");
        CHECK(walk.count > 1000);
        for (int phase = 0; phase < FG_FILL_PHASE_COUNT; phase++)
            CHECK(walk.phase_seen[phase] > 0);
    }
}

TEST("the walk finds a machine that opens before the entry is durable")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_OPENS_EARLY);
    CHECK_HAS(walk.violation, "LOG-BEFORE-OPEN");
}

TEST("the walk finds a machine that does not shut when the tag goes")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_IGNORES_TAG);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open without the tag");
}

TEST("the walk finds a machine that writes ENDED again before it was answered")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_ENDS_TWICE);
    CHECK_HAS(walk.violation, "ONE-END");
}

TEST("the walk finds a machine that fills on a scale below the tare")
{
    struct walk walk;

    walk_scene(&walk, SCENE_SCALE, FAULT_IGNORES_TARE);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: filled on a scale below the tare");
}

TEST("the walk finds a machine that trusts an old reading")
{
    struct walk walk;

    walk_scene(&walk, SCENE_READINGS, FAULT_TRUSTS_OLD_READING);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open with the plant out of order");
}

TEST("the walk finds a machine that the tag alone resumes after the operator "
     "suspended it")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_RESUMES_BY_TAG);
    CHECK_HAS(walk.violation, "suspended by the operator");
}

TEST("the walk finds a machine that opens on grounds that are gone")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_IGNORES_GROUNDS);
    CHECK_HAS(walk.violation, "on grounds that are gone");
}

TEST("the walk finds a machine that opens after an alarm")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_IGNORES_ALARM);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: opens after an alarm");
}

TEST("the walk finds a machine that goes on without its stop button")
{
    struct walk walk;

    walk_scene(&walk, SCENE_READINGS, FAULT_IGNORES_STOP_BUTTON);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open with the plant out of order");
}

TEST("the walk finds a machine that fills on while the pressure stands still")
{
    struct walk walk;

    walk_scene(&walk, SCENE_INSTRUMENTS, FAULT_IGNORES_STILL_PRESSURE);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open with a pressure that stands still");
}

TEST("the walk finds a machine that rides out a lying counter for ever")
{
    struct walk walk;

    walk_scene(&walk, SCENE_INSTRUMENTS, FAULT_RIDES_OUT_FOR_EVER);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open while the counter goes on lying");
}

TEST("the walk finds a machine that states what a lying counter says")
{
    struct walk walk;

    walk_scene(&walk, SCENE_INSTRUMENTS, FAULT_BELIEVES_COUNTER);
    CHECK_HAS(walk.violation, "GAS-ADDS-UP: a quantity that never flowed");
}

TEST("the walk finds a machine that does not see a welded valve")
{
    struct walk walk;

    walk_scene(&walk, SCENE_VALVE, FAULT_IGNORES_FEEDBACK);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: a welded valve was not raised");
}
