/* Walks every state that the real fill machine can reach, with every event, and checks the promises at each
 * step.
 *
 * The machine's state is finite once times are taken relative to now, sequence numbers as equal or not, and
 * quantities as small numbers: the settings below use limits of a few units, the clock moves by steps that
 * straddle every limit, ages beyond the longest limit count as one, and the plant is one of a few looks that
 * between them make every rule true and false. States are compared after that normalisation; the walk ends
 * when no step gives a new one.
 *
 * What the machine cannot know itself (was the entry durable? how many ENDED for one AUTHORISED?) is kept in
 * a witness that is part of the walked state. The same walk over machines with a seeded fault must find each
 * fault, or it proves nothing. Relies on: firmware/core/fill.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/core/fill.h"
#include "firmware/core/limits.h"
#include "tests/lib/check.h"

#define NOW_MS 1000000
#define LIMIT_MS 10
#define AGE_MAX_MS (LIMIT_MS + 1)
#define TABLE_BITS 20
#define TABLE_SIZE (1u << TABLE_BITS)
#define STATES_MAX (TABLE_SIZE / 2)
#define INVENTORY_G 1000

/* What the outside has seen: the promises are about this. */
struct witness {
    bool durable;       /* an AUTHORISED entry is durable and has no ENDED yet */
    bool authorise_due; /* the journal was asked for AUTHORISED and has not answered */
    bool end_due;       /* the same for ENDED */
    bool tag_there;
    bool paused; /* the operator asked for a pause in the fill, and since for nothing that ends it */
};

struct node {
    struct fg_fill fill;
    struct witness witness;
};

/* One look at the plant, in the few ways that matter. */
struct look {
    bool silent;      /* no signal is good */
    bool implausible; /* the pressure is out of range */
    bool old;         /* every reading is too old */
    bool emergency;
    bool valve_open; /* feedback */
    bool at_target;
    bool over_pressure;
    bool flowing;
    int32_t gas_g; /* inventory above INVENTORY_G */
};

enum fault {
    FAULT_NONE,
    FAULT_OPENS_EARLY,
    FAULT_IGNORES_TAG,
    FAULT_ENDS_TWICE,
    FAULT_TRUSTS_OLD_READING,
    FAULT_RESUMES_BY_TAG,
    FAULT_COUNT
};

struct walk {
    enum fault fault;
    struct node *nodes;
    uint32_t *table; /* index + 1 of a node, 0 = free */
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
    .reading_age_max_ms = LIMIT_MS,
    .valve_follow_max_ms = LIMIT_MS,
    .closing_max_ms = LIMIT_MS,
    .post_check_max_ms = LIMIT_MS,
    .unauthorised_flow_g = 1,
    .leak_quiet_ms = 0, /* over with the first moment of stillness: keeps the walk small */
    .zero_fill_g = 2,
};

static const struct look looks[] = {
    {.flowing = false},
    {.valve_open = true, .flowing = true, .gas_g = 0},
    {.valve_open = true, .flowing = false},
    {.valve_open = false, .flowing = true, .gas_g = 3},
    {.valve_open = true, .flowing = true, .at_target = true, .gas_g = 3},
    {.valve_open = true, .flowing = true, .over_pressure = true},
    {.emergency = true},
    {.silent = true},
    {.old = true, .valve_open = true, .flowing = true},
    {.implausible = true},
};

#define LOOKS (sizeof(looks) / sizeof(looks[0]))

static void look_fill(const struct look *look, int64_t now, struct fg_plant_state *plant)
{
    int64_t values[FG_SIGNAL_COUNT] = {0};

    values[FG_SIGNAL_PRESSURE_KPA] = look->over_pressure ? 25001 : look->at_target ? 20001 : 5000;
    values[FG_SIGNAL_TEMPERATURE_DC] = 200;
    values[FG_SIGNAL_FLOW_G_MIN] = look->flowing ? 100 : 0;
    values[FG_SIGNAL_INVENTORY_G] = INVENTORY_G + look->gas_g;
    values[FG_SIGNAL_VALVE_OPEN] = look->valve_open;
    values[FG_SIGNAL_EMERGENCY_STOP] = look->emergency;
    memset(plant, 0, sizeof(*plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant->configured[i] = i != FG_SIGNAL_SCALE_G && i != FG_SIGNAL_TOTAL_G;
        plant->readings[i].value = values[i];
        plant->readings[i].at_mono_ms = look->old ? now - LIMIT_MS - 1 : now;
        plant->readings[i].state = look->silent ? FG_READING_TIME_OUT : FG_READING_GOOD;
    }
    if (look->implausible)
        plant->readings[FG_SIGNAL_PRESSURE_KPA].state = FG_READING_RANGE;
}

/* ---- states and their table ----------------------------------------------------------------------- */

static int64_t age_normal(int64_t then, int64_t now)
{
    int64_t age = now - then;

    if (age < 0 || age > AGE_MAX_MS)
        age = AGE_MAX_MS;
    return NOW_MS - age;
}

/* Two states that differ only in what no later step can tell apart become the same bytes. */
static void node_normalise(struct node *node, int64_t now)
{
    struct fg_fill *fill = &node->fill;
    struct fg_fill packed;

    memset(&packed, 0, sizeof(packed));
    packed.phase = fill->phase;
    packed.stop = fill->stop;
    packed.valve_commanded = fill->valve_commanded;
    packed.locked_out = fill->locked_out;
    packed.alarm_flow = fill->alarm_flow;
    packed.alarm_valve = fill->alarm_valve;
    packed.tag_present = fill->tag_present;
    packed.leak_raises = fill->leak_raises;
    packed.idle_inventory_known = fill->idle_inventory_known;
    packed.post_check_failed = fill->post_check_failed;
    packed.write_pending = fill->write_pending;
    packed.suspended_by_operator = fill->suspended_by_operator;
    packed.scan.programme = fill->scan.programme;
    packed.scan.nominal_kpa = fill->scan.nominal_kpa;
    packed.scan.tare_g = fill->scan.tare_g;
    packed.scan.maximum_fill_g = fill->scan.maximum_fill_g;
    packed.scan.pre_checks_wanted = fill->scan.pre_checks_wanted;
    packed.scan.post_checks_wanted = fill->scan.post_checks_wanted;
    packed.scan.zero_fills_lock_out = fill->scan.zero_fills_lock_out;
    packed.pre_checks_done = fill->pre_checks_done;
    packed.post_checks_done = fill->post_checks_done;
    packed.zero_fills = fill->zero_fills;
    packed.authorised_sequence = fill->authorised_sequence != 0;
    /* A time that the present phase never looks at, and the next one sets anew, makes no difference. */
    packed.phase_since_mono_ms = NOW_MS;
    if (fill->phase != FG_FILL_IDLE && fill->phase != FG_FILL_AUTHORISING && fill->phase != FG_FILL_FILLING)
        packed.phase_since_mono_ms = age_normal(fill->phase_since_mono_ms, now);
    if (fill->phase == FG_FILL_FILLING || fill->phase == FG_FILL_SUSPENDED)
        packed.authorised_mono_ms = age_normal(fill->authorised_mono_ms, now);
    if (fill->phase == FG_FILL_FILLING)
        packed.flow_low_since_mono_ms = age_normal(fill->flow_low_since_mono_ms, now);
    packed.valve_differs_since_mono_ms = age_normal(fill->valve_differs_since_mono_ms, now);
    packed.idle_inventory_g = fill->idle_inventory_known ? fill->idle_inventory_g : 0;
    if (fill->leak_raises > 0) { /* else there is no leak that could end */
        packed.idle_newest_g = fill->idle_newest_g;
        packed.leak_rose_mono_ms = fill->leak_rose_mono_ms < now ? NOW_MS - AGE_MAX_MS : NOW_MS;
    }
    packed.start_inventory_g = fill->start_inventory_g;
    packed.end_inventory_g = fill->end_inventory_g;
    *fill = packed;
}

static uint64_t node_hash(const struct node *node)
{
    const uint8_t *bytes = (const uint8_t *)node;
    uint64_t hash = UINT64_C(1469598103934665603);

    for (size_t i = 0; i < sizeof(*node); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

static void node_add(struct walk *walk, const struct node *node)
{
    uint32_t slot = (uint32_t)node_hash(node) & (TABLE_SIZE - 1);

    while (walk->table[slot] != 0) {
        if (memcmp(&walk->nodes[walk->table[slot] - 1], node, sizeof(*node)) == 0)
            return;
        slot = (slot + 1) & (TABLE_SIZE - 1);
    }
    if (walk->count >= STATES_MAX) {
        (void)snprintf(walk->violation, sizeof(walk->violation), "more than %u states: not finite",
                       STATES_MAX);
        return;
    }
    walk->nodes[walk->count++] = *node;
    walk->table[slot] = walk->count;
}

/* ---- machines with a seeded fault ------------------------------------------------------------------ */

static void machine_step(enum fault fault, struct fg_fill *fill, const struct fg_fill_event *event,
                         struct fg_fill_commands *ret_commands)
{
    struct fg_fill_event altered = *event;
    struct fg_plant_state fresh;

    if (fault == FAULT_IGNORES_TAG && event->kind == FG_FILL_EVENT_TAG_GONE)
        altered.kind = FG_FILL_EVENT_TICK;
    if (fault == FAULT_TRUSTS_OLD_READING) {
        fresh = *event->plant;
        for (int i = 0; i < FG_SIGNAL_COUNT; i++)
            fresh.readings[i].at_mono_ms = event->now_mono_ms;
        altered.plant = &fresh;
    }
    if (fault == FAULT_RESUMES_BY_TAG && event->kind == FG_FILL_EVENT_TAG_SAME)
        fill->suspended_by_operator = false;
    fg_fill_step(fill, &settings, &altered, ret_commands);
    if (fault == FAULT_OPENS_EARLY && fill->phase == FG_FILL_AUTHORISING)
        ret_commands->valve_open = true;
    if (fault == FAULT_ENDS_TWICE && fill->phase == FG_FILL_RECORDING)
        ret_commands->write_ended = true;
}

/* ---- the promises ---------------------------------------------------------------------------------- */

static void violation_note(struct walk *walk, const char *promise, const struct node *before,
                           const struct fg_fill_event *event)
{
    if (walk->violation[0] == '\0')
        (void)snprintf(walk->violation, sizeof(walk->violation), "%s: in %s, event %u", promise,
                       fg_fill_phase_name((enum fg_fill_phase)before->fill.phase), event->kind);
}

static bool plant_is_in_order(const struct look *look)
{
    return !look->silent && !look->old && !look->implausible && !look->emergency && !look->over_pressure;
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

/* GAS-ADDS-UP: so much gas past a shut valve must raise the event, unless it stands raised already; the same
 * leak again when it has doubled. */
static void gas_judge(struct walk *walk, const struct node *before, const struct fg_fill_event *event,
                      const struct look *look, const struct fg_fill_commands *commands,
                      const struct node *after)
{
    bool quiet_phases = before->fill.phase == FG_FILL_IDLE && after->fill.phase == FG_FILL_IDLE;
    bool rose = before->fill.idle_inventory_known && !look->silent && !look->old &&
                INVENTORY_G + look->gas_g - before->fill.idle_inventory_g >
                    (int64_t)settings.unauthorised_flow_g << before->fill.leak_raises;

    if (quiet_phases && rose && !before->fill.alarm_flow &&
        (commands->raise_events & 1u << FG_EVENT_FLOW_WITHOUT_AUTHORITY) == 0)
        violation_note(walk, "GAS-ADDS-UP: gas without authority was not raised", before, event);
}

/* ---- the walk -------------------------------------------------------------------------------------- */

/* The journal answers only when it was asked; everything else may come at any time. */
static bool event_is_possible(const struct node *node, uint8_t kind)
{
    if (kind == FG_FILL_EVENT_WRITTEN || kind == FG_FILL_EVENT_WRITE_FAILED)
        return node->witness.authorise_due || node->witness.end_due;
    return true;
}

static void node_step(struct walk *walk, uint32_t index, uint8_t kind, unsigned variant,
                      const struct look *look, int64_t pause_ms)
{
    struct node before = walk->nodes[index];
    struct node after = before;
    struct fg_plant_state plant;
    struct fg_fill_commands commands;
    struct fg_fill_event event = {.kind = kind,
                                  .now_mono_ms = NOW_MS + pause_ms,
                                  .plant = &plant,
                                  .sequence = 7,
                                  .grounds_hold = true,
                                  .checks = variant == 0 ? 1 : 0,
                                  .check_failed = variant != 0};

    event.scan.programme = FG_PROGRAMME_PRESSURE;
    event.scan.nominal_kpa = 20000;
    event.scan.pre_checks_wanted = 1;
    event.scan.post_checks_wanted = variant == 0 ? 1 : 0;
    event.scan.zero_fills_lock_out = 2;
    look_fill(look, event.now_mono_ms, &plant);
    machine_step(walk->fault, &after.fill, &event, &commands);
    walk->transitions++;
    step_judge(walk, &before, &event, look, &commands, &after);
    gas_judge(walk, &before, &event, look, &commands, &after);
    if (after.fill.phase < FG_FILL_PHASE_COUNT)
        walk->phase_seen[after.fill.phase]++;
    node_normalise(&after, event.now_mono_ms);
    node_add(walk, &after);
}

static bool kind_has_variants(uint8_t kind)
{
    return kind == FG_FILL_EVENT_ACCEPTED || kind == FG_FILL_EVENT_CHECKED;
}

static void node_expand(struct walk *walk, uint32_t index)
{
    for (uint8_t kind = 0; kind < FG_FILL_EVENT_KIND_COUNT; kind++) {
        if (!event_is_possible(&walk->nodes[index], kind))
            continue;
        for (unsigned variant = 0; variant < (kind_has_variants(kind) ? 2u : 1u); variant++) {
            for (size_t look = 0; look < LOOKS; look++)
                node_step(walk, index, kind, variant, &looks[look],
                          kind == FG_FILL_EVENT_TICK ? LIMIT_MS + 1 : 0);
        }
    }
    /* Time passes in steps of which one keeps within every limit and two pass it. */
    for (size_t look = 0; look < LOOKS; look++)
        node_step(walk, index, FG_FILL_EVENT_TICK, 0, &looks[look], LIMIT_MS / 2 + 1);
}

static void walk_all(struct walk *walk, enum fault fault)
{
    struct node start;

    memset(walk, 0, sizeof(*walk));
    memset(&start, 0, sizeof(start));
    walk->fault = fault;
    walk->nodes = calloc(STATES_MAX, sizeof(*walk->nodes));
    walk->table = calloc(TABLE_SIZE, sizeof(*walk->table));
    CHECK(walk->nodes != NULL && walk->table != NULL);
    node_normalise(&start, NOW_MS);
    node_add(walk, &start);
    for (uint32_t next = 0; next < walk->count && walk->violation[0] == '\0'; next++)
        node_expand(walk, next);
    free(walk->nodes);
    free(walk->table);
}

TEST("LOG-BEFORE-OPEN, FAIL-CLOSED, ONE-END, GAS-ADDS-UP hold in every state that the fill machine can reach")
{
    struct walk walk;

    walk_all(&walk, FAULT_NONE);
    printf("    %u states, %llu transitions\n", walk.count, (unsigned long long)walk.transitions);
    CHECK_TEXT(walk.violation, "");
    CHECK(walk.count > 1000);
    for (int phase = 0; phase < FG_FILL_PHASE_COUNT; phase++)
        CHECK(walk.phase_seen[phase] > 0);
}

TEST("the walk finds a machine that opens before the entry is durable")
{
    struct walk walk;

    walk_all(&walk, FAULT_OPENS_EARLY);
    CHECK_HAS(walk.violation, "LOG-BEFORE-OPEN");
}

TEST("the walk finds a machine that does not shut when the tag goes")
{
    struct walk walk;

    walk_all(&walk, FAULT_IGNORES_TAG);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open without the tag");
}

TEST("the walk finds a machine that writes ENDED again before it was answered")
{
    struct walk walk;

    walk_all(&walk, FAULT_ENDS_TWICE);
    CHECK_HAS(walk.violation, "ONE-END");
}

TEST("the walk finds a machine that trusts an old reading")
{
    struct walk walk;

    walk_all(&walk, FAULT_TRUSTS_OLD_READING);
    CHECK_HAS(walk.violation, "FAIL-CLOSED: open with the plant out of order");
}

TEST("the walk finds a machine that the tag alone resumes after the operator suspended it")
{
    struct walk walk;

    walk_all(&walk, FAULT_RESUMES_BY_TAG);
    CHECK_HAS(walk.violation, "suspended by the operator");
}
