/* The valve's lease and shutting, buttons and devices edge by edge, on a played plant. */
#include <string.h>

#include "firmware/controller/decision/plant_watch.h"
#include "tests/lib/check.h"

static struct fg_plant_watch watch;
static struct fg_plant_state plant;
static uint8_t link_state;
static int opened;
static int shut;
static int lamp_orders;

static void play_read(void *context, struct fg_plant_state *ret_state)
{
    (void)context;
    *ret_state = plant;
}

static void play_open(void *context)
{
    (void)context;
    opened++;
}

static void play_shut(void *context)
{
    (void)context;
    shut++;
}

static void play_lamp(void *context, enum fg_lamp lamp, bool on)
{
    (void)context;
    (void)lamp;
    (void)on;
    lamp_orders++;
}

static uint8_t play_count(void *context)
{
    (void)context;
    return 1;
}

static void play_status(void *context, uint8_t index, struct fg_device_status *ret_status)
{
    (void)context;
    (void)index;
    memset(ret_status, 0, sizeof(*ret_status));
    ret_status->link = link_state;
}

static void signal_set(enum fg_signal signal, int64_t value, uint8_t state)
{
    plant.configured[signal] = true;
    plant.readings[signal] = (struct fg_reading){.value = value, .state = state};
    fg_plant_watch_look(&watch);
}

static void begin(void)
{
    static const struct fg_plant_port port = {NULL,      play_read,  play_open,  play_shut,
                                              play_lamp, play_count, play_status};

    memset(&plant, 0, sizeof(plant));
    opened = shut = lamp_orders = 0;
    fg_plant_watch_start(&watch, &port, 200);
    CHECK_INT(shut, 1);
    signal_set(FG_SIGNAL_VALVE_OPEN, 0, FG_READING_GOOD);
}

TEST("FAIL-CLOSED: the valve's lease is renewed at a quarter of it, not at every step, and not later")
{
    begin();
    for (int64_t now = 1000; now < 1200; now += 10)
        fg_plant_watch_valve(&watch, true, now);
    CHECK_INT(opened, 4);
    fg_plant_watch_valve(&watch, true, 1200);
    CHECK_INT(opened, 5);
}

TEST("FAIL-CLOSED: a valve that is held is shut at once, whatever its feedback says or does not say")
{
    static const struct fg_reading feedback[] = {
        {.value = 0, .state = FG_READING_GOOD},     {.value = 1, .state = FG_READING_GOOD},
        {.value = 1, .state = FG_READING_TIME_OUT}, {.value = 0, .state = FG_READING_FAULT},
        {.value = 0, .state = FG_READING_MISSING},
    };

    for (size_t i = 0; i < sizeof(feedback) / sizeof(feedback[0]); i++) {
        begin();
        fg_plant_watch_valve(&watch, true, 1000);
        signal_set(FG_SIGNAL_VALVE_OPEN, feedback[i].value, feedback[i].state);
        fg_plant_watch_valve(&watch, false, 1010);
        CHECK_INT(shut, 2);
        CHECK(!watch.valve_held);
    }
}

TEST("FAIL-CLOSED: a valve that still reads open is shut again every 200 ms, one that reads shut is left "
     "alone")
{
    begin();
    fg_plant_watch_valve(&watch, true, 1000);
    signal_set(FG_SIGNAL_VALVE_OPEN, 1, FG_READING_GOOD);
    for (int64_t now = 1010; now < 1410; now += 10)
        fg_plant_watch_valve(&watch, false, now);
    CHECK_INT(shut, 1 + 2);
    signal_set(FG_SIGNAL_VALVE_OPEN, 0, FG_READING_GOOD);
    for (int64_t now = 1410; now < 3000; now += 10)
        fg_plant_watch_valve(&watch, false, now);
    CHECK_INT(shut, 1 + 2);
}

TEST("a button counts when it is pressed, not while it is held, nor at the first look")
{
    begin();
    CHECK(!fg_plant_watch_start_pressed(&watch));
    signal_set(FG_SIGNAL_START_BUTTON, 1, FG_READING_GOOD);
    CHECK(!fg_plant_watch_start_pressed(&watch));
    signal_set(FG_SIGNAL_START_BUTTON, 0, FG_READING_GOOD);
    CHECK(!fg_plant_watch_start_pressed(&watch));
    signal_set(FG_SIGNAL_START_BUTTON, 1, FG_READING_TIME_OUT);
    CHECK(!fg_plant_watch_start_pressed(&watch));
    signal_set(FG_SIGNAL_START_BUTTON, 1, FG_READING_GOOD);
    CHECK(fg_plant_watch_start_pressed(&watch));
    CHECK(!fg_plant_watch_start_pressed(&watch));
    CHECK(!fg_plant_watch_stop_pressed(&watch));
    signal_set(FG_SIGNAL_STOP_BUTTON, 0, FG_READING_GOOD);
    CHECK(!fg_plant_watch_stop_pressed(&watch));
    signal_set(FG_SIGNAL_STOP_BUTTON, 1, FG_READING_GOOD);
    CHECK(fg_plant_watch_stop_pressed(&watch));
}

TEST("a lamp is told what changed, once")
{
    begin();
    fg_plant_watch_lamp(&watch, FG_LAMP_RED, false);
    CHECK_INT(lamp_orders, 0);
    fg_plant_watch_lamp(&watch, FG_LAMP_RED, true);
    fg_plant_watch_lamp(&watch, FG_LAMP_RED, true);
    CHECK_INT(lamp_orders, 1);
    fg_plant_watch_lamp(&watch, FG_LAMP_RED, false);
    CHECK_INT(lamp_orders, 2);
}

static bool changed(bool coming_up, bool *ret_lost)
{
    struct fg_device_status status;

    return fg_plant_watch_device_changed(&watch, 0, coming_up, &status, ret_lost);
}

TEST("a device on its way up is no loss; a lost one is told once, and its coming back too")
{
    bool lost = false;

    begin();
    link_state = FG_LINK_DOWN;
    CHECK(!changed(true, &lost));
    CHECK(changed(false, &lost));
    CHECK(lost);
    CHECK(!changed(false, &lost));
    CHECK(!changed(true, &lost));
    link_state = FG_LINK_PROBING;
    CHECK(!changed(false, &lost));
    link_state = FG_LINK_UP;
    CHECK(changed(false, &lost));
    CHECK(!lost);
    CHECK(!changed(false, &lost));
}

TEST("FAIL-CLOSED: a valve that reads open though nobody holds it is shut; what cannot be read counts as 0")
{
    begin();
    signal_set(FG_SIGNAL_VALVE_OPEN, 1, FG_READING_GOOD);
    CHECK_INT(fg_plant_watch_value(&watch.state, FG_SIGNAL_VALVE_OPEN), 1);
    fg_plant_watch_valve(&watch, false, 199);
    CHECK_INT(shut, 1);
    fg_plant_watch_valve(&watch, false, 200);
    CHECK_INT(shut, 2);
    fg_plant_watch_valve(&watch, false, 399);
    CHECK_INT(shut, 2);
    fg_plant_watch_valve(&watch, false, 400);
    CHECK_INT(shut, 3);
    signal_set(FG_SIGNAL_VALVE_OPEN, 1, FG_READING_FAULT);
    CHECK_INT(fg_plant_watch_value(&watch.state, FG_SIGNAL_VALVE_OPEN), 0);
    CHECK_INT(opened, 0);
}

TEST("FAIL-CLOSED: a valve that was shut and is opened again is held at once, and then by quarters of the "
     "lease")
{
    begin();
    fg_plant_watch_valve(&watch, true, 1000);
    CHECK(watch.valve_held);
    fg_plant_watch_valve(&watch, false, 1001);
    fg_plant_watch_valve(&watch, true, 1002);
    CHECK_INT(opened, 2);
    fg_plant_watch_valve(&watch, true, 1051);
    CHECK_INT(opened, 2);
    fg_plant_watch_valve(&watch, true, 1052);
    CHECK_INT(opened, 3);
}

TEST("a button that the point does not have is never pressed")
{
    begin();
    for (int held = 0; held < 2; held++) {
        signal_set(FG_SIGNAL_START_BUTTON, held, FG_READING_GOOD);
        plant.configured[FG_SIGNAL_START_BUTTON] = false;
        fg_plant_watch_look(&watch);
        CHECK(!fg_plant_watch_start_pressed(&watch));
    }
}

TEST("a bus that another master came to is told once until it is gone, each bus for itself")
{
    struct fg_device_status status = {.bus = 1, .bus_shared = true};

    begin();
    CHECK(fg_plant_watch_bus_became_shared(&watch, &status));
    CHECK(!fg_plant_watch_bus_became_shared(&watch, &status));
    status.bus = FG_BUSES_MAX - 1;
    CHECK(fg_plant_watch_bus_became_shared(&watch, &status));
    status.bus = FG_BUSES_MAX;
    CHECK(!fg_plant_watch_bus_became_shared(&watch, &status));
    status.bus = 1;
    status.bus_shared = false;
    CHECK(!fg_plant_watch_bus_became_shared(&watch, &status));
    status.bus_shared = true;
    CHECK(fg_plant_watch_bus_became_shared(&watch, &status));
}
