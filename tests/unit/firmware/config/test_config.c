/* The configuration (firmware/config): the documented example is read in full, and each way to get it wrong
 * is refused with file, line and reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "firmware/config/config.h"
#include "tests/lib/check.h"

#define EXAMPLE "boards/sim/fillgated.ini"

static char text[FG_CONFIG_BYTES_MAX + 2];

static size_t example_load(void)
{
    FILE *file = fopen(EXAMPLE, "r");
    size_t length;

    CHECK(file != NULL);
    length = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    return length;
}

/* The example with the first occurrence of `from` replaced by `to`. */
static size_t example_with(const char *from, const char *to)
{
    static char old[sizeof(text)];
    const char *at;
    int length;

    (void)example_load();
    memcpy(old, text, sizeof(old));
    at = strstr(old, from);
    if (at == NULL)
        fg_test_fail(__FILE__, __LINE__, "the example has no \"%s\"", from);
    length = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
    CHECK(length > 0 && (size_t)length < sizeof(text));
    return (size_t)length;
}

static enum fg_err parse_with(const char *from, const char *to, struct fg_error *error)
{
    static struct fg_config config;
    size_t length = example_with(from, to);

    return fg_config_parse(text, length, "etc/x.ini", &config, error);
}

TEST("the documented example is read in full")
{
    static struct fg_config config;
    struct fg_error error;

    CHECK_OK(fg_config_read(EXAMPLE, &config, &error), &error);
    CHECK_TEXT(config.point, "point-1");
    CHECK_TEXT(config.controller, "ctl-1");
    CHECK_TEXT(config.list_id, "huzhou-1");
    CHECK_TEXT(config.station, "HZ-01");
    CHECK_INT(config.medium, FG_MEDIUM_CNG);
    CHECK_INT(config.fill.gas, FG_GAS_METHANE);
    CHECK_INT(config.fill_pressure_kpa, 20000);
    CHECK_INT(config.language, FG_LANGUAGE_ENGLISH);
    CHECK_INT(config.list_key_count, 1);
    CHECK_TEXT(config.reader_program, "fillgate-reader");
    CHECK_INT(config.reader_confine_must, 0);
    CHECK_INT(config.presence.misses_max, 4);
    CHECK_INT(config.journal_bytes_max, 67108864);
    CHECK_INT(config.plant.bus_count, 1);
    CHECK_INT(config.plant.buses[0].parity, 'N');
    CHECK(config.plant.device_count >= 2);
    CHECK_INT(config.fill.temperature_max_dc, 650);
    CHECK_INT(config.fill.reading_age_max_ms, config.plant.reading_age_max_ms);
}

TEST("relative paths count from the directory of the file")
{
    static struct fg_config config;
    struct fg_error error;
    size_t length = example_with("list_keys = bureau.pem.pub", "list_keys = a.pem, /k/b.pem");

    CHECK_OK(fg_config_parse(text, length, "/etc/fg/x.ini", &config, &error), &error);
    CHECK_TEXT(config.list_path, "/etc/fg/list.db");
    CHECK_INT(config.list_key_count, 2);
    CHECK_TEXT(config.list_key_paths[0], "/etc/fg/a.pem");
    CHECK_TEXT(config.list_key_paths[1], "/k/b.pem");
    CHECK_TEXT(config.reader_connection, "pn532_uart:/etc/fg/nfc");
    CHECK_TEXT(config.plant.buses[0].path, "/etc/fg/plant");
    length = example_with("pn532_uart:./nfc", "pn532_uart:/dev/ttyS1");
    CHECK_OK(fg_config_parse(text, length, "x.ini", &config, &error), &error);
    CHECK_TEXT(config.reader_connection, "pn532_uart:/dev/ttyS1");
    CHECK_TEXT(config.list_path, "list.db");
    length = example_with("program = fillgate-reader", "program = bin/fillgate-reader");
    CHECK_OK(fg_config_parse(text, length, "/o/x.ini", &config, &error), &error);
    CHECK_TEXT(config.reader_program, "/o/bin/fillgate-reader");
}

TEST("an unknown key or section stops with file, line and reason")
{
    struct fg_error error;

    CHECK_INT(parse_with("medium = cng", "medium = cng\ncolour = red", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "etc/x.ini:");
    CHECK_HAS(error.text, "[point] colour");
    CHECK_HAS(error.text, "unknown");
    CHECK_INT(parse_with("[journal]", "[diary]", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "[diary]");
    CHECK_INT(parse_with("[point]", "[fill]\nid = x\n[point]", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "[fill] id");
    CHECK_INT(parse_with("kind = rtu", "kind = rtu\nspeed = 1", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "[bus main] speed");
}

TEST("the line in the message is the line of the mistake")
{
    static struct fg_config config;
    struct fg_error error;

    CHECK_INT(fg_config_parse("\n; c\n[point]\nid = p p\n", 21, "f.ini", &config, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "f.ini:4: [point] id: must be 1 to 31");
    CHECK_INT(fg_config_parse("[point]\nnonsense\n", 17, "f.ini", &config, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "f.ini:2: ");
}

TEST("a missing key stops and is named")
{
    struct fg_error error;

    CHECK_INT(parse_with("warn_percent = 80", "", &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "[journal] warn_percent is missing");
    CHECK_INT(parse_with("parity = none", "", &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "[bus main] parity is missing");
    CHECK_INT(parse_with("unit = 1", "", &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "unit is missing");
    CHECK_INT(fg_config_parse("", 0, "f", &(struct fg_config){0}, &error), FG_E_NOT_FOUND);
}

TEST("a configuration from before a key came goes on, with the value that the example has for it")
{
    static struct fg_config config;
    struct fg_error error;
    size_t length = example_with("below_tare_max_g = 500", "");

    CHECK_OK(fg_config_parse(text, length, "etc/x.ini", &config, &error), &error);
    CHECK_INT(config.fill.below_tare_max_g, 500);
    length = example_with("below_tare_max_g = 500", "below_tare_max_g = 700");
    CHECK_OK(fg_config_parse(text, length, "etc/x.ini", &config, &error), &error);
    CHECK_INT(config.fill.below_tare_max_g, 700);
}

TEST("a key given twice, or in two lines, stops")
{
    struct fg_error error;

    CHECK_INT(parse_with("medium = cng", "medium = cng\nmedium = lpg", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "given twice");
    CHECK_INT(parse_with("medium = cng", "medium = cng\n  lpg", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "given twice");
}

TEST("bad values stop and the message says what is allowed")
{
    static const struct {
        const char *from;
        const char *to;
        const char *says;
    } cases[] = {
        {"medium = cng", "medium = gas", "must be cng or lpg"},
        {"gas = methane", "gas = air", "must be methane or natural"},
        {"language = en", "language = fr", "must be en or zh"},
        {"poll_ms = 40", "poll_ms = 9", "must be a whole number from 10 to 1000"},
        {"poll_ms = 40", "poll_ms = 4 0", "whole number"},
        {"poll_ms = 40", "poll_ms =", "whole number"},
        {"poll_ms = 40", "poll_ms = +40", "whole number"},
        {"poll_ms = 40", "poll_ms = 99999999999999999999", "whole number"},
        {"misses_max = 4", "misses_max = 1", "from 2 to 50"},
        {"lease_ms = 200", "lease_ms = 501", "from 50 to 500"},
        {"controller = ctl-1", "controller = a/b", "letters, digits"},
        {"journal = journal.db", "journal =", "must be a path"},
        {"list_keys = bureau.pem.pub", "list_keys = a,b,c,d,e", "1 to 4 paths"},
        {"list_keys = bureau.pem.pub", "list_keys = ,", "1 to 4 paths"},
        {"connection = pn532_uart:./nfc", "connection =", "1 to 255 bytes"},
        {"connection = pn532_uart:./nfc", "connection = pn532_uart:./", "too long or empty"},
        {"connection = pn532_uart:./nfc", "connection = pcsc", "[reader] connection: not a driver"},
        {"connection = pn532_uart:./nfc", "connection = pn532:/dev/ttyS1", "not a driver"},
        {"[bus main]", "[bus ma/in]", "bad name of a bus"},
        {"[device relay]", "[device re/lay]", "bad name of a device"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_error error = {0};
        enum fg_err code = parse_with(cases[i].from, cases[i].to, &error);

        if (code == FG_OK)
            fg_test_fail(__FILE__, __LINE__, "accepted: %s", cases[i].to);
        CHECK_HAS(error.text, cases[i].says);
        CHECK_HAS(error.text, "etc/x.ini:");
    }
}

TEST("keys that have no meaning for the kind of bus, and devices on no bus, stop")
{
    struct fg_error error;

    CHECK_INT(parse_with("stop_bits = 1", "stop_bits = 1\ntcp_port = 502", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "no meaning for kind = rtu");
    CHECK_INT(parse_with("kind = rtu", "kind = tcp\ntcp_port = 502", &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "baud has no meaning for kind = tcp");
    CHECK_INT(parse_with("[bus main]", "[bus other]", &error), FG_E_RANGE);
    CHECK_HAS(error.text, "there is no [bus main]");
}

TEST("a bus over TCP needs address and port only")
{
    static struct fg_config config;
    struct fg_error error;
    size_t length = example_with("kind = rtu\npath = plant\nbaud = 115200\nparity = none\nstop_bits = 1\n",
                                 "kind = tcp\npath = 192.168.7.2\ntcp_port = 502\n");

    CHECK_OK(fg_config_parse(text, length, "/etc/x.ini", &config, &error), &error);
    CHECK_INT(config.plant.buses[0].kind, FG_BUS_TCP);
    CHECK_TEXT(config.plant.buses[0].path, "192.168.7.2");
    CHECK_INT(config.plant.buses[0].tcp_port, 502);
}

TEST("BAD-INPUT-IS-SAFE: too many buses or devices, long lines, zero bytes and huge files stop")
{
    static struct fg_config config;
    struct fg_error error;
    char line[300];

    CHECK_INT(
        parse_with("[bus main]",
                   "[bus a]\nkind=tcp\n[bus b]\nkind=tcp\n[bus c]\nkind=tcp\n[bus d]\nkind=tcp\n[bus main]",
                   &error),
        FG_E_SIZE);
    CHECK_HAS(error.text, "too many buses");
    text[0] = '\0';
    for (int i = 0; i <= FG_DEVICES_MAX; i++) {
        (void)snprintf(line, sizeof(line), "[device d%d]\nunit = 1\n", i);
        strcat(text, line);
    }
    CHECK_INT(fg_config_parse(text, strlen(text), "f", &config, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "too many devices");
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    CHECK_INT(parse_with("medium = cng", line, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "line longer than");
    CHECK_INT(fg_config_parse("[point]\n\0", 9, "f", &config, &error), FG_E_FORMAT);
    memset(text, ';', sizeof(text));
    CHECK_INT(fg_config_parse(text, FG_CONFIG_BYTES_MAX + 1, "f", &config, &error), FG_E_SIZE);
}

TEST("a file that is not there, or is a directory, is named")
{
    static struct fg_config config;
    struct fg_error error;

    CHECK_INT(fg_config_read("/nonexistent/f.ini", &config, &error), FG_E_IO);
    CHECK_HAS(error.text, "/nonexistent/f.ini");
    CHECK_INT(fg_config_read("/tmp", &config, &error), FG_E_IO);
}

TEST("two values of which the one makes the other senseless are refused, with both names and the reason")
{
    static const struct {
        const char *from;
        const char *to;
        const char *names[2];
    } cases[] = {
        {"gone_ms = 350", "gone_ms = 299", {"[reader] gone_ms = 299", "[reader] step_max_ms = 300"}},
        {"poll_ms = 40", "poll_ms = 350", {"[reader] gone_ms = 350", "[reader] poll_ms = 350"}},
        {"silence_max_ms = 1500", "silence_max_ms = 300", {"silence_max_ms = 300", "step_max_ms = 300"}},
        {"flow_max_g_min = 40000", "flow_max_g_min = 50", {"flow_max_g_min = 50", "flow_min_g_min = 50"}},
        {"counter_max_g_min = 60000",
         "counter_max_g_min = 40000",
         {"counter_max_g_min = 40000", "flow_max_g_min = 40000"}},
        {"fill_max_ms = 1800000", "fill_max_ms = 10000", {"fill_max_ms = 10000", "no_flow_max_ms = 10000"}},
        {"resume_max_ms = 15000", "resume_max_ms = 600000\n; ", {"", ""}},
        {"closing_max_ms = 3000",
         "closing_max_ms = 1499",
         {"closing_max_ms = 1499", "valve_follow_max_ms = 1500"}},
        {"pre_check_max_ms = 60000", "pre_check_max_ms = 0", {"pre_check_max_ms = 0", "above 0"}},
        {"no_flow_max_ms = 10000", "no_flow_max_ms = 0", {"no_flow_max_ms = 0", "above 0"}},
        {"fill_pressure_kpa = 20000", "fill_pressure_kpa = 0", {"fill_pressure_kpa = 0", "pressure class"}},
        {"medium = cng", "medium = lpg", {"fill_pressure_kpa = 20000", "must be 0"}},
    };
    struct fg_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool good = cases[i].names[0][0] == '\0';

        CHECK_INT(parse_with(cases[i].from, cases[i].to, &error), good ? FG_OK : FG_E_RANGE);
        if (good)
            continue;
        CHECK_HAS(error.text, "etc/x.ini");
        CHECK_HAS(error.text, cases[i].names[0]);
        CHECK_HAS(error.text, cases[i].names[1]);
    }
    CHECK_OK(parse_with("gone_ms = 350", "gone_ms = 300", &error), &error);
    CHECK_OK(parse_with("counter_max_g_min = 60000", "counter_max_g_min = 40001", &error), &error);
    CHECK_OK(parse_with("closing_max_ms = 3000", "closing_max_ms = 1500", &error), &error);
}

TEST("BAD-INPUT-IS-SAFE: a pipe in the place of a configuration is refused, and not waited for")
{
    static struct fg_config config;
    struct fg_error error;

    CHECK_INT(mkfifo(fg_test_path("point.ini"), 0600), 0);
    CHECK_INT(fg_config_read(fg_test_path("point.ini"), &config, &error), FG_E_IO);
    CHECK_HAS(error.text, "not a regular file");
}
