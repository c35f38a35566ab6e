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
    static char texts[2][4096];
    static unsigned next;
    char *text = texts[next++ % 2];
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
    CHECK_INT(parse(DEVICE "what is this\n" PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "x.profile:6:");
    CHECK_INT(parse(DEVICE), FG_E_FORMAT);
    CHECK_INT(parse(PRESSURE), FG_E_FORMAT);
    CHECK_HAS(error.text, "no [device]");
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
        {"base = 0", "base = 2", FG_E_RANGE},
        {"type = f32", "type = f16", FG_E_FORMAT},
        {"type = f32", "type = bit", FG_E_FORMAT},
        {"type = f32", "type = u16", FG_E_FORMAT},
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
    }
}

TEST("FAIL-CLOSED: a valve without a timed or watched form is refused")
{
    CHECK_INT(parse(DEVICE "[output valve]\nform = plain\ntable = coil\naddress = 0\nbase = 0\n"),
              FG_E_FORMAT);
    CHECK_HAS(error.text, "fall shut by itself");
    CHECK_INT(parse(with(DEVICE VALVE, "release_ms = 300", "release_ms = 500")), FG_E_RANGE);
    CHECK_INT(parse(with(DEVICE VALVE, "release_ms = 300", "release_ms = 250")), FG_E_RANGE);
    CHECK_INT(parse(with(DEVICE VALVE, "table = coil", "table = holding")), FG_E_FORMAT);
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
    CHECK_INT(parse(with(base, "map = 0=1-2-3-4", "map = 0=1-2-3")), FG_E_FORMAT);
    CHECK_INT(parse(with(base, "map = 0=1-2-3-4", "map = ,")), FG_E_FORMAT);
    CHECK_INT(parse(with(base, "table = holding", "table = coil")), FG_E_FORMAT);
    CHECK_INT(parse(with(base, "good = 1", "good = 4")), FG_E_RANGE);
    CHECK_INT(parse(with(base, "mask = 3", "mask = 0")), FG_E_RANGE);
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
        {"overflow_step = 10000000\n", "", "overflow_step"},
        {"overflow_address = 2812\n", "", "overflow_address"},
        {"overflow_address = 2812", "overflow_address = 2811", "beside address"},
        {"overflow_address = 2812", "overflow_address = 2810", "beside address"},
        {"overflow_address = 2812", "overflow_address = 2843", "at most 32"},
        {"overflow_step = 10000000", "overflow_step = 0", "above 0"},
        {"overflow_step = 10000000", "overflow_step = -1", "above 0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(parse(with(DEVICE TOTAL, cases[i].from, cases[i].to)) != FG_OK);
        CHECK_HAS(error.text, "x.profile:");
        CHECK_HAS(error.text, cases[i].why);
    }
    CHECK(parse(with(DEVICE PRESSURE, "type = f32", "overflow_address = 4\noverflow_step = 1\ntype = f32")) !=
          FG_OK);
    CHECK_HAS(error.text, "only a mass");
}
