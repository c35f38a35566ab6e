/* Behaviour of the profile parser: what is shipped loads, what is left open is refused by line. */
#include "firmware/plant/profile.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

#define DEVICE "[device]\nname = D\nsource = S\nblock_gap = 0\nsilence_ms = 0\n"
#define PRESSURE                                                                                             \
    "[signal pressure]\ntable = holding\naddress = 2\nbase = 0\ntype = f32\norder = 1-2-3-4\nscale = 1\n"    \
    "unit = bar\nminimum = 0\nmaximum = 300\nfault = nan\n"
#define VALVE                                                                                                \
    "[output valve]\nform = timed\ntable = coil\naddress = 0\nbase = 0\ntimed_address = 0x200\n"             \
    "tick_ms = 100\nrelease_ms = 300\n"

static struct fg_profile profile;
static struct fg_error error;

static enum fg_err parse(const char *text)
{
    memset(&profile, 0, sizeof(profile));
    memset(&error, 0, sizeof(error));
    return fg_profile_parse("x.profile", text, strlen(text), &profile, &error);
}

/* base with its first occurrence of old replaced. */
static const char *with(const char *base, const char *old, const char *new)
{
    static char texts[4][4096];
    static unsigned next;
    char *text = texts[next++ % 4];
    const char *at = strstr(base, old);

    CHECK(at != NULL);
    (void)snprintf(text, sizeof(texts[0]), "%.*s%s%s", (int)(at - base), base, new, at + strlen(old));
    return text;
}

TEST("the shipped profiles load")
{
    static const char *const paths[] = {
        "boards/profiles/waveshare-relay-8ch.profile", "boards/profiles/keller-33x.profile",
        "boards/profiles/micro-motion-mvd.profile",    "boards/profiles/endress-promass-83.profile",
        "boards/sim/profiles/point-io.profile",        "boards/sim/profiles/scale.profile",
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CHECK_OK(fg_profile_load(paths[i], &profile, &error), &error);
}

TEST("a profile says what it states")
{
    CHECK_OK(fg_profile_load("boards/profiles/micro-motion-mvd.profile", &profile, &error), &error);
    CHECK_INT(profile.order.address, 520);
    CHECK_INT(profile.order.count, 4);
    CHECK_INT(profile.order.orders[1], FG_ORDER_3412);
    CHECK_INT(profile.signals[FG_SIGNAL_FLOW_G_MIN].address, 246);
    CHECK_INT(profile.signals[FG_SIGNAL_FLOW_G_MIN].order, FG_ORDER_ASKED);
    CHECK_INT((int)profile.signals[FG_SIGNAL_FLOW_G_MIN].factor, 60);
    CHECK_INT(profile.signals[FG_SIGNAL_INVENTORY_G].faults[0], 0x7FA00000);
    CHECK_OK(fg_profile_load("boards/profiles/endress-promass-83.profile", &profile, &error), &error);
    CHECK_INT(profile.status.address, 6858);
    CHECK_INT(profile.order.orders[3], FG_ORDER_3412);
    CHECK_OK(fg_profile_load("boards/profiles/waveshare-relay-8ch.profile", &profile, &error), &error);
    CHECK_INT(profile.outputs[FG_OUTPUT_VALVE].timed_address, 0x200);
    CHECK_INT(profile.outputs[FG_OUTPUT_VALVE].release_ms, 300);
}

TEST("every key of a signal, an output and a device is needed")
{
    static const char base[] = DEVICE PRESSURE VALVE;
    char line[80];

    CHECK_OK(parse(base), &error);
    for (const char *at = base; *at != '\0'; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');

        if (*at == '[')
            continue;
        (void)snprintf(line, sizeof(line), "%.*s\n", (int)(end - at), at);
        /* The first match may be another section's line: that one is needed as well. */
        CHECK(parse(with(base, line, "")) == FG_E_FORMAT);
        CHECK_HAS(error.text, "does not state");
        CHECK_HAS(error.text, "x.profile:");
    }
}

TEST("unknown, double and misplaced keys are refused with their line")
{
    CHECK_INT(parse(DEVICE "colour = red\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6: unknown key \"colour\"");
    CHECK_INT(parse(DEVICE "name = E\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6: given twice");
    CHECK_INT(parse(DEVICE PRESSURE "bit = 3\n"), FG_E_FORMAT);
    CHECK_HAS(error.text, "must not state \"bit\"");
    CHECK_INT(parse(DEVICE "[signal colour]\ntable = coil\n"), FG_E_FORMAT);
    CHECK_HAS(error.text, "unknown section");
    CHECK_INT(parse(DEVICE "[valves]\ntable = coil\n"), FG_E_FORMAT);
    CHECK_HAS(error.text, "unknown section \"valves\"");
    CHECK_INT(parse(with(DEVICE PRESSURE, "signal pressure", "signal.pressure")), FG_E_FORMAT);
    CHECK_HAS(error.text, "unknown section \"signal.pressure\"");
    CHECK_INT(parse(with(DEVICE VALVE, "output valve", "output.valve")), FG_E_FORMAT);
    CHECK_HAS(error.text, "unknown section \"output.valve\"");
    CHECK_INT(parse("name = D\n" DEVICE PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:1: unknown section \"\"");
    CHECK_INT(parse(DEVICE "bit = 3\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6: unknown key \"bit\"");
    CHECK_INT(parse(DEVICE "silence_ms = 0\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6: given twice: \"silence_ms\"");
    CHECK_INT(parse(with(DEVICE PRESSURE, "source = S", "source =")), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:3: empty or too long: \"source\"");
    CHECK_INT(parse(with(DEVICE PRESSURE, "address = 2", "address = two")), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:8: [signal pressure] address = two");
    CHECK_INT(parse(with(DEVICE PRESSURE, "address = 2\n", "")), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:7: [signal pressure] does not state \"address\"");
    CHECK_INT(parse(DEVICE "what is this\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6:");
    CHECK_INT(parse(DEVICE), FG_E_FORMAT);
    CHECK_INT(parse(PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "no [device]");
}

/* The message shows one of these lines of a profile, key and value. */
static void check_line_shown(const char *lines)
{
    for (const char *at = lines; at != NULL; at = strchr(at, '\n')) {
        char line[160];

        at += *at == '\n' ? 1 : 0;
        (void)snprintf(line, sizeof(line), "] %.*s: ", (int)strcspn(at, "\n"), at);
        if (strstr(error.text, line) != NULL)
            return;
    }
    fg_test_fail(__FILE__, __LINE__, "\"%s\" shows no line of \"%s\"", error.text, lines);
}

TEST("values that mean nothing are refused with their line")
{
    static const struct {
        const char *old;
        const char *new;
        int err;
    } cases[] = {
        {"address = 2", "address = two", FG_E_FORMAT},
        {"address = 2", "address = 65535", FG_E_RANGE},
        {"address = 2", "address = -1", FG_E_FORMAT},
        {"address = 2", "address = 2x", FG_E_FORMAT},
        {"address = 2", "address = 0a", FG_E_FORMAT},
        {"address = 2", "address = 1x2", FG_E_FORMAT},
        {"address = 2", "address = 99999999999999999999", FG_E_FORMAT},
        {"order = 1-2-3-4", "order = register:0", FG_E_FORMAT},
        {"base = 0", "base = 2", FG_E_RANGE},
        {"type = f32", "type = f16", FG_E_FORMAT},
        {"type = f32", "type = bit", FG_E_FORMAT},
        {"table = holding", "table = coil", FG_E_FORMAT},
        {"order = 1-2-3-4", "order = 1-2-4-3", FG_E_FORMAT},
        {"order = 1-2-3-4", "order = register:520", FG_E_FORMAT},
        {"scale = 1", "scale = 0", FG_E_RANGE},
        {"scale = 1", "scale = nan", FG_E_FORMAT},
        {"unit = bar", "unit = kg", FG_E_FORMAT},
        {"unit = bar", "unit = furlong", FG_E_FORMAT},
        {"minimum = 0", "minimum = 300", FG_E_RANGE},
        {"fault = nan", "fault = none", FG_E_FORMAT},
        {"fault = nan", "fault = nan, 7", FG_E_FORMAT},
        {"fault = nan", "fault = nan, 0x100000000", FG_E_FORMAT},
        {"fault = nan", "fault = 0x7FA00000", FG_E_FORMAT},
        {"block_gap = 0", "block_gap = 33", FG_E_RANGE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(parse(with(DEVICE PRESSURE, cases[i].old, cases[i].new)), cases[i].err);
        CHECK_HAS(error.text, "x.profile:");
        check_line_shown(cases[i].new);
    }
    CHECK_INT(parse(with(DEVICE PRESSURE, "type = f32", "type = u16")), FG_E_FORMAT);
    CHECK_HAS(error.text, "[signal pressure] must not state \"order\"");
}

TEST("FAIL-CLOSED: a valve without a timed or watched form is refused")
{
    CHECK_INT(parse(DEVICE "[output valve]\nform = plain\ntable = coil\naddress = 0\nbase = 0\n"),
              FG_E_FORMAT);
    CHECK_HAS(error.text, "fall shut by itself");
    check_line_shown("form = plain");
    CHECK_INT(parse(with(DEVICE VALVE, "form = timed", "form = magic")), FG_E_FORMAT);
    check_line_shown("form = magic");
    CHECK_INT(parse(with(DEVICE VALVE, "release_ms = 300", "release_ms = 500")), FG_E_RANGE);
    CHECK_INT(parse(with(DEVICE VALVE, "release_ms = 300", "release_ms = 250")), FG_E_RANGE);
    CHECK_INT(parse(with(DEVICE VALVE, "table = coil", "table = holding")), FG_E_FORMAT);
    check_line_shown("table = holding");
    CHECK_OK(parse(DEVICE "[output valve]\nform = watchdog\ntable = coil\naddress = 1\nbase = 1\n"
                          "heartbeat_address = 100\nrelease_ms = 400\n"),
             &error);
    CHECK_INT(profile.outputs[FG_OUTPUT_VALVE].heartbeat, 99);
    CHECK_INT(parse(DEVICE "[output red]\nform = timed\ntable = coil\n"), FG_E_FORMAT);
}

TEST("order and status sections are checked")
{
    static const char base[] =
        DEVICE "[order]\ntable = holding\naddress = 521\nbase = 1\nmap = 0=1-2-3-4\n"
               "[status]\ntable = input\naddress = 1\nbase = 0\nmask = 3\ngood = 1\n" PRESSURE;

    CHECK_OK(parse(with(base, "order = 1-2-3-4", "order = register:520")), &error);
    CHECK_INT(parse(with(base, "order = 1-2-3-4", "order = register:521")), FG_E_FORMAT);
    CHECK_INT(parse(with(base, "order = 1-2-3-4", "order = register.520")), FG_E_FORMAT);
    CHECK_INT(parse(with(base, "map = 0=1-2-3-4", "map = 0=1-2-3")), FG_E_FORMAT);
    check_line_shown("map = 0=1-2-3");
    CHECK_INT(parse(with(base, "map = 0=1-2-3-4", "map = ,")), FG_E_FORMAT);
    check_line_shown("map = ,");
    CHECK_INT(parse(with(base, "table = holding", "table = coil")), FG_E_FORMAT);
    check_line_shown("table = coil");
    CHECK_INT(parse(with(base, "table = holding", "table = magic")), FG_E_FORMAT);
    check_line_shown("table = magic");
    CHECK_INT(parse(with(base, "good = 1", "good = 4")), FG_E_RANGE);
    check_line_shown("good = 4");
    CHECK_INT(parse(with(base, "mask = 3", "mask = 0")), FG_E_RANGE);
    check_line_shown("mask = 0");
    CHECK_INT(parse(with(base, "map = 0=1-2-3-4\n", "")), FG_E_FORMAT);
    CHECK_HAS(error.text, "[order] does not state \"map\"");
    CHECK_INT(parse(with(base, "mask = 3\n", "")), FG_E_FORMAT);
    CHECK_HAS(error.text, "[status] does not state \"mask\"");
}

TEST("bits in coils and registers, integers and 64-bit floats are taken")
{
    CHECK_OK(parse(DEVICE
                   "[signal stop_button]\ntable = input\naddress = 7\nbase = 0\ntype = bit\nactive = 0\n"
                   "bit = 12\n[signal scale]\ntable = input\naddress = 0\nbase = 0\ntype = u16\n"
                   "scale = 0.1\nunit = kg\nminimum = 0\nmaximum = 100\nfault = 0xFFFF, 0xFFFE\n"),
             &error);
    CHECK_INT(profile.signals[FG_SIGNAL_STOP_BUTTON].bit, 12);
    CHECK_INT(profile.signals[FG_SIGNAL_SCALE_G].fault_count, 2);
    CHECK_OK(parse(with(with(DEVICE PRESSURE, "type = f32", "type = f64"), "order = 1-2-3-4",
                        "order = 8-7-6-5-4-3-2-1")),
             &error);
    CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].order, FG_ORDER_4321);
}

TEST("BAD-INPUT-IS-SAFE: long lines, control characters, huge and missing files are refused")
{
    static char text[FG_PROFILE_BYTES_MAX + 2];

    memset(text, 'a', 300);
    CHECK_INT(parse(text), FG_E_SIZE);
    memset(text, '\n', sizeof(text));
    CHECK_INT(fg_profile_parse("x", text, sizeof(text), &profile, &error), FG_E_SIZE);
    CHECK_INT(fg_profile_parse("x", "a\0b", 3, &profile, &error), FG_E_FORMAT);
    CHECK_INT(fg_profile_load(fg_test_path("none.profile"), &profile, &error), FG_E_IO);
    CHECK_HAS(error.text, "none.profile");
}

#define TOTAL                                                                                                \
    "[signal inventory]\ntable = holding\naddress = 2810\nbase = 1\noverflow_address = 2812\n"               \
    "overflow_step = 10000000\ntype = f32\norder = 1-2-3-4\nscale = 1\nunit = g\nminimum = 0\n"              \
    "maximum = 1e14\nfault = nan\n"

TEST("a total may be told in two parts, which are read together")
{
    uint16_t first = 0;

    CHECK_OK(parse(DEVICE TOTAL), &error);
    CHECK(profile.signals[FG_SIGNAL_INVENTORY_G].has_overflow);
    CHECK_INT(profile.signals[FG_SIGNAL_INVENTORY_G].overflow_address, 2811);
    CHECK_INT(fg_signal_span(&profile.signals[FG_SIGNAL_INVENTORY_G], &first), 4);
    CHECK_INT(first, 2809);
    CHECK_OK(parse(with(DEVICE TOTAL, "overflow_address = 2812", "overflow_address = 2800")), &error);
    CHECK_INT(fg_signal_span(&profile.signals[FG_SIGNAL_INVENTORY_G], &first), 12);
    CHECK_INT(first, 2799);
    CHECK_OK(parse(with(DEVICE TOTAL, "overflow_address = 2812\noverflow_step = 10000000\n", "")), &error);
    CHECK_INT(fg_signal_span(&profile.signals[FG_SIGNAL_INVENTORY_G], &first), 2);
}

TEST("parts of a total that cannot be added are refused")
{
    static const struct {
        const char *from;
        const char *to;
        const char *why;
    } cases[] = {
        {"overflow_step = 10000000\n", "", "does not state \"overflow_step\""},
        {"overflow_address = 2812\n", "", "does not state \"overflow_address\""},
        {"overflow_address = 2812", "overflow_address = 2811", "beside address"},
        {"overflow_address = 2812", "overflow_address = 2810", "beside address"},
        {"overflow_address = 2812", "overflow_address = 2843", "at most 32"},
        {"overflow_step = 10000000", "overflow_step = 0", "above 0"},
        {"overflow_step = 10000000", "overflow_step = -1", "above 0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(parse(with(DEVICE TOTAL, cases[i].from, cases[i].to)), i < 2 ? FG_E_FORMAT : FG_E_RANGE);
        CHECK_HAS(error.text, "x.profile:");
        CHECK_HAS(error.text, cases[i].why);
        if (i >= 2)
            check_line_shown(cases[i].to);
    }
    CHECK(parse(with(DEVICE PRESSURE, "type = f32", "overflow_address = 4\noverflow_step = 1\ntype = f32")) !=
          FG_OK);
    CHECK_HAS(error.text, "only a mass");
}

/* What must be accepted, then what must be refused, for one number of a profile: its least and its greatest.
 */
struct limit {
    const char *base;
    const char *line;
    const char *good[2];
    const char *bad[2];
    const char *why;
};

static void check_limit(const struct limit *limit)
{
    for (unsigned i = 0; i < 2; i++) {
        if (limit->good[i] != NULL)
            CHECK_OK(parse(with(limit->base, limit->line, limit->good[i])), &error);
        if (limit->bad[i] == NULL)
            continue;
        CHECK(parse(with(limit->base, limit->line, limit->bad[i])) != FG_OK);
        CHECK_HAS(error.text, limit->why);
        check_line_shown(limit->bad[i]);
    }
}

#define BUTTON                                                                                               \
    "[signal stop_button]\ntable = input\naddress = 7\nbase = 0\ntype = bit\nactive = 0\nbit = 12\n"
#define ORDER "[order]\ntable = holding\naddress = 521\nbase = 1\nmap = 0=1-2-3-4\n"
#define STATUS "[status]\ntable = input\naddress = 1\nbase = 0\nmask = 3\ngood = 1\n"
#define WATCHED                                                                                              \
    "[output valve]\nform = watchdog\ntable = coil\naddress = 0\nbase = 0\nheartbeat_address = 100\n"        \
    "release_ms = 400\n"

TEST("every number is allowed up to its first and its last value, and not beyond")
{
    static const struct limit limits[] = {
        {DEVICE PRESSURE,
         "address = 2",
         {"address = 0", "address = 65534"},
         {"address = 65535", "address = 65536"},
         "must be 0 to 65534"},
        {DEVICE PRESSURE,
         "address = 2\nbase = 0",
         {"address = 1\nbase = 1", "address = 65535\nbase = 1"},
         {"address = 0\nbase = 1", "address = 65536\nbase = 1"},
         "must be 1 to 65535"},
        {DEVICE PRESSURE, "base = 0", {"base = 1", NULL}, {"base = 2", NULL}, "must be 0 to 1"},
        {DEVICE BUTTON,
         "address = 7",
         {"address = 0", "address = 65535"},
         {"address = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE PRESSURE,
         "block_gap = 0",
         {"block_gap = 32", NULL},
         {"block_gap = 33", NULL},
         "must be 0 to 32"},
        {DEVICE PRESSURE,
         "silence_ms = 0",
         {"silence_ms = 20", "silence_ms = 0x14"},
         {"silence_ms = 21", "silence_ms = 0x15"},
         "must be 0 to 20"},
        {DEVICE BUTTON, "bit = 12", {"bit = 0", "bit = 15"}, {"bit = 16", NULL}, "must be 0 to 15"},
        {DEVICE BUTTON, "active = 0", {"active = 1", NULL}, {"active = 2", NULL}, "must be 0 to 1"},
        {DEVICE VALVE,
         "tick_ms = 100",
         {"tick_ms = 1", "tick_ms = 300"},
         {"tick_ms = 0", "tick_ms = 1001"},
         "must be 1 to 1000"},
        {DEVICE VALVE,
         "tick_ms = 100\nrelease_ms = 300",
         {NULL, NULL},
         {"tick_ms = 1000\nrelease_ms = 300", "tick_ms = 7\nrelease_ms = 300"},
         "multiple of tick_ms"},
        {DEVICE VALVE,
         "tick_ms = 100\nrelease_ms = 300",
         {"tick_ms = 1\nrelease_ms = 60", "tick_ms = 1\nrelease_ms = 400"},
         {"tick_ms = 1\nrelease_ms = 59", "tick_ms = 1\nrelease_ms = 401"},
         "must be 60 to 400"},
        {DEVICE VALVE,
         "address = 0",
         {"address = 1", "address = 65535"},
         {"address = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE VALVE,
         "timed_address = 0x200",
         {"timed_address = 0", "timed_address = 65535"},
         {"timed_address = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE WATCHED,
         "heartbeat_address = 100",
         {"heartbeat_address = 0", "heartbeat_address = 65535"},
         {"heartbeat_address = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE WATCHED,
         "release_ms = 400",
         {"release_ms = 60", NULL},
         {"release_ms = 59", "release_ms = 401"},
         "must be 60 to 400"},
        {DEVICE PRESSURE STATUS,
         "mask = 3\ngood = 1",
         {"mask = 1\ngood = 0", "mask = 65535\ngood = 65535"},
         {"mask = 0\ngood = 0", "mask = 65536\ngood = 0"},
         "must be 1 to 65535"},
        {DEVICE PRESSURE STATUS,
         "good = 1",
         {"good = 3", NULL},
         {"good = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE PRESSURE STATUS, "good = 1", {NULL, NULL}, {"good = 4", "good = 7"}, "bits outside mask"},
        {DEVICE ORDER PRESSURE,
         "map = 0=1-2-3-4",
         {"map = 65535=4-3-2-1", "map = 0=1-2-3-4,1=3-4-1-2, 2=2-1-4-3 3=4-3-2-1"},
         {"map = 65536=4-3-2-1", "map = 0=1-2-3-4,1=3-4-1-2,2=2-1-4-3,3=4-3-2-1,4=1-2-3-4"},
         "give up to four VALUE=ORDER"},
        {DEVICE ORDER PRESSURE,
         "map = 0=1-2-3-4",
         {NULL, NULL},
         {"map = -1=1-2-3-4", "map = 0:1-2-3-4"},
         "give up to four VALUE=ORDER"},
        {DEVICE ORDER PRESSURE,
         "map = 0=1-2-3-4",
         {"map = 9=1-2-3-4", NULL},
         {"map = +1=1-2-3-4", "map = =1-2-3-4"},
         "give up to four VALUE=ORDER"},
        {DEVICE ORDER PRESSURE,
         "map = 0=1-2-3-4",
         {NULL, NULL},
         {"map = 0=1-2-3-4-5-6-7-8", NULL},
         "give up to four VALUE=ORDER"},
        {DEVICE PRESSURE, "order = 1-2-3-4", {NULL, NULL}, {"order = 1-2-3-4-5-6-7-8", NULL}, "give 1-2-3-4"},
        {DEVICE ORDER PRESSURE,
         "address = 521",
         {"address = 1", "address = 65536"},
         {"address = 0", "address = 65537"},
         "must be 1 to 65536"},
        {DEVICE STATUS PRESSURE,
         "address = 1",
         {"address = 0", "address = 65535"},
         {"address = 65536", NULL},
         "must be 0 to 65535"},
        {DEVICE PRESSURE,
         "scale = 1",
         {"scale = -1e15", "scale = 1e15"},
         {"scale = 1.001e15", "scale = -1.001e15"},
         "not a number"},
        {DEVICE PRESSURE, "scale = 1", {"scale = 0.5", NULL}, {"scale = 1x", "scale = x"}, "not a number"},
        {DEVICE PRESSURE,
         "minimum = 0",
         {"minimum = 299.9", NULL},
         {"minimum = 300", "minimum = 301"},
         "below maximum"},
        {DEVICE TOTAL,
         "overflow_address = 2812",
         {"overflow_address = 2842", "overflow_address = 2778"},
         {"overflow_address = 2843", "overflow_address = 2777"},
         "at most 32 registers"},
        {DEVICE TOTAL,
         "overflow_address = 2812",
         {"overflow_address = 2808", NULL},
         {"overflow_address = 2811", "overflow_address = 2809"},
         "beside address"},
        {DEVICE TOTAL,
         "overflow_step = 10000000",
         {"overflow_step = 0.001", NULL},
         {"overflow_step = 0", NULL},
         "above 0"},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        check_limit(&limits[i]);
}

TEST("fault patterns fit the type, four at most, and a float's name nan")
{
#define U16                                                                                                  \
    "table = holding\naddress = 2\nbase = 0\ntype = u16\nscale = 1\nunit = bar\nminimum = 0\nmaximum = 9\n"
#define COUNTED DEVICE "[signal pressure]\n" U16 "fault = none\n"
    static const struct limit limits[] = {
        {COUNTED,
         "fault = none",
         {"fault = 0xFFFF", "fault = 0x0,0x1, 0x2 0x3"},
         {"fault = 0x10000", "fault = 0x0,0x1,0x2,0x3,0x4"},
         "raw patterns"},
        {COUNTED, "fault = none", {NULL, NULL}, {"fault = nan", "fault = 0x"}, "raw patterns"},
        {COUNTED, "fault = none", {NULL, NULL}, {"fault = 7", "fault = 0x7g"}, "raw patterns"},
        {DEVICE PRESSURE,
         "fault = nan",
         {"fault = nan, 0xFFFFFFFF", NULL},
         {"fault = nan, 0x100000000", NULL},
         "raw patterns"},
        {DEVICE PRESSURE, "fault = nan", {NULL, NULL}, {"fault = 0x7FA00000", NULL}, "must name nan"},
        {DEVICE PRESSURE,
         "type = f32\norder = 1-2-3-4\nscale = 1\nunit = bar\nminimum = 0\nmaximum = 300\nfault = nan",
         {"type = f64\norder = 1-2-3-4-5-6-7-8\nscale = 1\nunit = bar\nminimum = 0\nmaximum = 300\nfault = "
          "0xFFFFFFFFFFFFFFFF,nan",
          NULL},
         {"type = f64\norder = 1-2-3-4-5-6-7-8\nscale = 1\nunit = bar\nminimum = 0\nmaximum = 300\nfault = "
          "0x1FFFFFFFFFFFFFFFF,nan",
          NULL},
         "raw patterns"},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        check_limit(&limits[i]);
    CHECK_OK(parse(with(COUNTED, "fault = none", "fault = 0x0,0x1, 0x2 0xABC")), &error);
    CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].fault_count, 4);
    CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].faults[3], 0xABC);
}

TEST("each unit is worth what it says, to its own signals alone")
{
    static const char *const signals[] = {"pressure", "temperature", "flow", "total", "inventory", "scale"};
    static const struct {
        const char *unit;
        const char *first; /* signal that it fits */
        unsigned signals;  /* how many from that one on */
        double six;        /* what 6 of it is */
    } units[] = {{"kPa", "pressure", 1, 6},
                 {"bar", "pressure", 1, 600},
                 {"MPa", "pressure", 1, 6000},
                 {"kPa_gauge", "pressure", 1, 107.325},
                 {"bar_gauge", "pressure", 1, 701.325},
                 {"MPa_gauge", "pressure", 1, 6101.325},
                 {"degC", "temperature", 1, 60},
                 {"K", "temperature", 1, -2671.5},
                 {"g/s", "flow", 1, 360},
                 {"g/min", "flow", 1, 6},
                 {"kg/min", "flow", 1, 6000},
                 {"kg/s", "flow", 1, 360000},
                 {"kg/h", "flow", 1, 100},
                 {"g", "total", 3, 6},
                 {"kg", "total", 3, 6000},
                 {"t", "total", 3, 6000000}};

    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        unsigned fits = 0;

        for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
            const struct fg_profile_signal *signal = &profile.signals[i];
            char text[512];
            enum fg_err code;
            double off;

            fits = strcmp(signals[i], units[u].first) == 0 ? units[u].signals : fits;
            (void)snprintf(text, sizeof(text), "%s[signal %s]\n%sfault = none\n", DEVICE, signals[i],
                           with(U16, "unit = bar", "UNIT"));
            code = parse(with(text, "UNIT", with("unit = X", "X", units[u].unit)));
            CHECK_INT(code, fits > 0 ? FG_OK : FG_E_FORMAT);
            if (fits == 0) {
                CHECK_HAS(error.text, "not a unit of this signal");
                continue;
            }
            CHECK(signal->present);
            off = 6 * signal->factor + signal->offset - units[u].six;
            CHECK(off < 1e-9 && off > -1e-9);
            fits--;
        }
    }
}

TEST("signals, tables, types and orders are what their names say")
{
    static const char *const flags[] = {"valve_open", "emergency_stop", "start_button", "stop_button"};
    static const char *const tables[] = {"coil", "discrete", "holding", "input"};
    static const struct {
        const char *name;
        const char *order;
        unsigned words;
    } types[] = {{"u16", NULL, 1},      {"i16", NULL, 1},      {"u32", "2-1-4-3", 2},
                 {"i32", "3-4-1-2", 2}, {"f32", "4-3-2-1", 2}, {"f64", "2-1-4-3-6-5-8-7", 4}};
    static const char *const orders[] = {"1-2-3-4", "3-4-1-2", "2-1-4-3", "4-3-2-1"};
    static const char *const wide_orders[] = {"1-2-3-4-5-6-7-8", "7-8-5-6-3-4-1-2", "2-1-4-3-6-5-8-7",
                                              "8-7-6-5-4-3-2-1"};
    char text[512];

    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(text, sizeof(text),
                       "%s[signal %s]\ntable = %s\naddress = 7\nbase = 0\ntype = bit\nactive = 1\n%s", DEVICE,
                       flags[i], tables[i], i < 2 ? "" : "bit = 3\n");
        CHECK_OK(parse(text), &error);
        CHECK(profile.signals[FG_SIGNAL_VALVE_OPEN + i].present);
        CHECK(profile.signals[FG_SIGNAL_VALVE_OPEN + i].active);
        CHECK_INT(profile.signals[FG_SIGNAL_VALVE_OPEN + i].table, FG_TABLE_COIL + i);
        CHECK_TEXT(fg_signal_name((enum fg_signal)(FG_SIGNAL_VALVE_OPEN + i)), flags[i]);
        CHECK_OK(parse(with(DEVICE PRESSURE, "order = 1-2-3-4", with("order = X", "X", orders[i]))), &error);
        CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].order, i);
        CHECK_OK(parse(with(with(DEVICE PRESSURE, "type = f32", "type = f64"), "order = 1-2-3-4",
                            with("order = X", "X", wide_orders[i]))),
                 &error);
        CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].order, i);
    }
    CHECK_TEXT(fg_signal_name(FG_SIGNAL_COUNT), "?");
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        (void)snprintf(
            text, sizeof(text),
            "%s[signal flow]\ntable = input\naddress = 7\nbase = 0\ntype = %s\nscale = 2\nunit = "
            "g/s\nminimum = 0\nmaximum = 9\nfault = %s\n%s%s\n",
            DEVICE, types[i].name, types[i].name[0] == 'f' ? "nan" : "none",
            types[i].order == NULL ? "" : "order = ", types[i].order == NULL ? "" : types[i].order);
        CHECK_OK(parse(text), &error);
        CHECK_INT(profile.signals[FG_SIGNAL_FLOW_G_MIN].type, FG_TYPE_U16 + i);
        CHECK_INT(fg_type_words((enum fg_value_type)profile.signals[FG_SIGNAL_FLOW_G_MIN].type),
                  types[i].words);
        CHECK_INT(profile.signals[FG_SIGNAL_FLOW_G_MIN].table, FG_TABLE_INPUT);
    }
    CHECK_INT(fg_type_words(FG_TYPE_BIT), 1);
    CHECK_OK(parse(DEVICE "[output red]\nform = plain\ntable = coil\naddress = 5\nbase = 1\n"), &error);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].form, FG_FORM_PLAIN);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].address, 4);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].release_ms, 0);
    CHECK_OK(parse(DEVICE "[output green]\nform = plain\ntable = coil\naddress = 5\nbase = 0\n"), &error);
    CHECK_INT(profile.outputs[FG_OUTPUT_GREEN].form, FG_FORM_PLAIN);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].form, FG_FORM_NONE);
}

TEST("BAD-INPUT-IS-SAFE: names, values, lines and files are taken up to their greatest length and no further")
{
    static char text[FG_PROFILE_BYTES_MAX + 2];
    char part[256];
    size_t length;

    for (unsigned over = 0; over < 2; over++) {
        memset(part, 'n', sizeof(part));
        (void)snprintf(part + FG_PROFILE_NAME_MAX + over, sizeof(part) - FG_PROFILE_NAME_MAX - over, "\n");
        CHECK_INT(parse(with(DEVICE PRESSURE, "D\n", part)), over == 0 ? FG_OK : FG_E_SIZE);
        CHECK_INT(strlen(profile.name), over == 0 ? FG_PROFILE_NAME_MAX : 0);
        if (over != 0)
            CHECK_HAS(error.text, "x.profile:2: [device] name = nnn");
        memset(part, 's', sizeof(part));
        (void)snprintf(part + 180 + over, sizeof(part) - 180 - over, "\n");
        CHECK_INT(parse(with(with(DEVICE PRESSURE, "source = S", "source=S"), "S\n", part)),
                  over == 0 ? FG_OK : FG_E_FORMAT);
        memset(part, '#', sizeof(part));
        (void)snprintf(part + 190 + over, sizeof(part) - 190 - over, "\n[");
        CHECK_INT(parse(with(DEVICE PRESSURE, "[", part)), over == 0 ? FG_OK : FG_E_SIZE);
        CHECK_INT(parse(with(DEVICE PRESSURE, "[signal", with("#S", "#S", with(part, "\n[", "\n[signal")))),
                  over == 0 ? FG_OK : FG_E_SIZE);
        memset(text, '\n', sizeof(text));
        memcpy(text, DEVICE PRESSURE, sizeof(DEVICE PRESSURE) - 1);
        length = FG_PROFILE_BYTES_MAX + over;
        CHECK_INT(fg_profile_parse("x", text, length, &profile, &error), over == 0 ? FG_OK : FG_E_SIZE);
    }
    /* Lists of the greatest length are read to their last digit. */
    memset(part, '0', sizeof(part));
    memcpy(part, "fault = nan, 0x", 15);
    (void)snprintf(part + 8 + 180 - 1, 16, "7\n");
    CHECK_OK(parse(with(DEVICE PRESSURE, "fault = nan\n", part)), &error);
    CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].faults[0], 7);
    memset(part, '0', sizeof(part));
    memcpy(part, "map = ", 6);
    (void)snprintf(part + 6 + 180 - 9, 16, "5=4-3-2-1\n");
    CHECK_OK(parse(with(DEVICE ORDER PRESSURE, "map = 0=1-2-3-4\n", part)), &error);
    CHECK_INT(profile.order.values[0], 5);
    CHECK_INT(profile.order.orders[0], FG_ORDER_4321);
    CHECK_OK(parse(with(DEVICE PRESSURE, "[signal", "#\ta tab\r\n[signal")), &error);
    CHECK_INT(parse(with(DEVICE PRESSURE, "[signal", "#\x1f\n[signal")), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6: control character 0x1F");
    CHECK_INT(parse(with(DEVICE PRESSURE, "[signal", "#\x7f\n[signal")), FG_E_FORMAT);
}

TEST("one device may give every signal and every output at once")
{
    static const char *const units[] = {"kPa", "degC", "g/min", "g", "g", "g"};
    static char text[8192];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s", DEVICE ORDER STATUS VALVE);

    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++) {
        const char *name = fg_signal_name((enum fg_signal)i);

        if (i < FG_SIGNAL_VALVE_OPEN)
            used +=
                (size_t)snprintf(text + used, sizeof(text) - used,
                                 "[signal %s]\ntable = input\naddress = %u\nbase = 0\ntype = u16\nscale = "
                                 "1\nunit = %s\nminimum = 0\nmaximum = 9\nfault = none\n",
                                 name, i, units[i]);
        else
            used += (size_t)snprintf(
                text + used, sizeof(text) - used,
                "[signal %s]\ntable = coil\naddress = %u\nbase = 0\ntype = bit\nactive = 1\n", name, i);
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used,
                             "[output green]\nform = plain\ntable = coil\naddress = 5\nbase = 0\n"
                             "[output red]\nform = plain\ntable = coil\naddress = 6\nbase = 0\n");
    CHECK(used < sizeof(text));
    CHECK_OK(parse(text), &error);
    for (unsigned i = 0; i < FG_SIGNAL_COUNT; i++)
        CHECK(profile.signals[i].present);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].form, FG_FORM_PLAIN);
    CHECK_INT(profile.outputs[FG_OUTPUT_RED].address, 6);
    (void)snprintf(text + used, sizeof(text) - used, "[signal weather]\ntable = coil\n");
    CHECK_INT(parse(text), FG_E_FORMAT);
    CHECK_HAS(error.text, "unknown section \"signal weather\"");
}

TEST("a number is decimal, or hexadecimal with 0x in front of it, and nothing that went wrong before counts")
{
    static const struct {
        const char *line;
        uint16_t address;
    } numbers[] = {{"address = 9", 9}, {"address = 010", 10}, {"address = 0x10", 16}, {"address = 0X1f", 31}};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK_OK(parse(with(DEVICE PRESSURE, "address = 2", numbers[i].line)), &error);
        CHECK_INT(profile.signals[FG_SIGNAL_PRESSURE_KPA].address, numbers[i].address);
    }
    /* A number too small for a double is 0, which the C library calls an error. */
    CHECK_OK(parse(with(with(DEVICE PRESSURE, "minimum = 0", "minimum = 1e-320"), "fault = nan",
                        "fault = nan, 0x7FA00000")),
             &error);
}

TEST("BAD-INPUT-IS-SAFE: a profile ends at its length, with or without an end of its last line")
{
    static const char text[] = DEVICE PRESSURE;
    char longer[sizeof(text) + 8];

    (void)snprintf(longer, sizeof(longer), "%.*sxyz\n", (int)(sizeof(text) - 2), text);
    CHECK_OK(fg_profile_parse("x.profile", longer, sizeof(text) - 2, &profile, &error), &error);
    CHECK_INT(fg_profile_parse("x.profile", longer, sizeof(text) - 1, &profile, &error), FG_E_FORMAT);
}

TEST("a bit states what a bit has and nothing else, and a total in two parts has its byte order")
{
    CHECK_INT(parse(DEVICE BUTTON "scale = 1\n"), FG_E_FORMAT);
    CHECK_HAS(error.text, "must not state \"scale\"");
    CHECK_INT(parse(with(DEVICE BUTTON, "table = input", "table = coil")), FG_E_FORMAT);
    CHECK_HAS(error.text, "must not state \"bit\"");
    CHECK_INT(parse(with(DEVICE BUTTON, "type = bit\n", "")), FG_E_FORMAT);
    CHECK_HAS(error.text, "does not state \"type\"");
    CHECK_INT(parse(with(DEVICE BUTTON, "table = input\n", "")), FG_E_FORMAT);
    CHECK_HAS(error.text, "does not state \"table\"");
    CHECK_OK(parse(with(DEVICE TOTAL, "order = 1-2-3-4", "order = 4-3-2-1")), &error);
    CHECK_INT(profile.signals[FG_SIGNAL_INVENTORY_G].order, FG_ORDER_4321);
}
