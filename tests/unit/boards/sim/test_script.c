/* The command language, and commands on a simulated point without its poll loop. */
#include "boards/sim/script.h"
#include "boards/sim/sim.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

static struct fg_script_line line;
static struct fg_sim sim;
static char reply[FG_SIM_REPLY_MAX];
static struct fg_sim_pause pause_wanted;
static struct fg_error error;

static enum fg_err parse(const char *text)
{
    return fg_script_parse(text, strlen(text), &line, &error);
}

static enum fg_err run(const char *text)
{
    return fg_sim_execute(&sim, text, strlen(text), reply, &pause_wanted, &error);
}

TEST("a line is words and key=value words; blanks and comments are nothing")
{
    CHECK_OK(parse("  cylinder A\tmedium=cng capacity_dl=700 # a taxi's\r"), &error);
    CHECK_INT(line.count, 4);
    CHECK_TEXT(line.words[1], "A");
    CHECK_TEXT(fg_script_value(&line, "capacity_dl"), "700");
    CHECK(fg_script_value(&line, "capacity") == NULL);
    CHECK_OK(parse(""), &error);
    CHECK_INT(line.count, 0);
    CHECK_OK(parse(" # only this"), &error);
    CHECK_INT(line.count, 0);
}

TEST("BAD-INPUT-IS-SAFE: lines that don't parse are named")
{
    static char longest[FG_SCRIPT_LINE_MAX + 2];

    CHECK_INT(parse("explode"), FG_E_FORMAT);
    CHECK_HAS(error.text, "explode");
    CHECK_INT(parse("connect"), FG_E_FORMAT);
    CHECK_HAS(error.text, "connect NAME");
    CHECK_INT(parse("connect A B"), FG_E_FORMAT);
    CHECK_INT(parse("connect \x01"), FG_E_FORMAT);
    CHECK_HAS(error.text, "column 9");
    CHECK_INT(parse("a a a a a a a a a a a a a a a a a"), FG_E_SIZE);
    memset(longest, 'x', sizeof(longest) - 1);
    CHECK_INT(parse(longest), FG_E_SIZE);
    longest[FG_SCRIPT_LINE_MAX] = '\0';
    CHECK_INT(parse(longest), FG_E_FORMAT);
}

TEST("numbers and hex are checked")
{
    int64_t number = 7;
    uint8_t bytes[2];
    size_t count = 0;

    CHECK_INT(fg_script_number("12x", "speed", 0, 99, &number, &error), FG_E_FORMAT);
    CHECK_INT(fg_script_number("", "speed", 0, 99, &number, &error), FG_E_FORMAT);
    CHECK_INT(fg_script_number("100", "speed", 0, 99, &number, &error), FG_E_RANGE);
    CHECK_INT(fg_script_number("99999999999999999999", "speed", 0, INT64_MAX, &number, &error), FG_E_RANGE);
    CHECK_INT(number, 7);
    CHECK_OK(fg_script_number("-5", "speed", -9, 9, &number, &error), &error);
    CHECK_INT(number, -5);
    CHECK_OK(fg_script_hex("04fA", "uid", bytes, 2, &count, &error), &error);
    CHECK_INT(count, 2);
    CHECK_INT(bytes[1], 0xFA);
    CHECK_INT(fg_script_hex("04f", "uid", bytes, 2, &count, &error), FG_E_FORMAT);
    CHECK_INT(fg_script_hex("04fg", "uid", bytes, 2, &count, &error), FG_E_FORMAT);
    CHECK_INT(fg_script_hex("040506", "uid", bytes, 2, &count, &error), FG_E_SIZE);
}

TEST("cylinders, tags, buttons and faults do what their commands say")
{
    CHECK_OK(fg_sim_init(&sim, fg_test_directory(), 1000000000, &error), &error);
    CHECK_OK(run("cylinder A pressure_kpa=3000"), &error);
    CHECK_OK(run("connect A"), &error);
    CHECK_INT(run("connect B"), FG_E_NOT_FOUND);
    CHECK_INT(run("cylinder C medium=beer"), FG_E_FORMAT);
    CHECK_OK(run("tag T type=ntag215 uid=04112233445566"), &error);
    CHECK_INT(run("tag U type=ntag999 uid=04112233445566"), FG_E_NOT_FOUND);
    CHECK_INT(run("tag U type=ntag215 uid=0411"), FG_E_SIZE);
    CHECK_OK(run("tag T data=0300FE"), &error);
    CHECK_OK(run("tag clone type=ntag213 uid=04112233445577"), &error);
    CHECK_OK(run("tag clone copy T"), &error);
    CHECK_INT(run("tag clone copy U"), FG_E_NOT_FOUND);
    CHECK_BYTES(sim.tags[1].memory + 16, sim.tags[0].memory + 16, 100);
    CHECK(sim.tags[1].memory[7] == 0x77);
    CHECK_INT(run("present U"), FG_E_NOT_FOUND);
    CHECK_OK(run("present T"), &error);
    CHECK_OK(run("button start hold"), &error);
    CHECK_INT(run("button middle hold"), FG_E_FORMAT);
    CHECK_OK(run("estop on"), &error);
    CHECK_OK(run("fault bus nan on unit=3"), &error);
    CHECK_INT(run("fault bus cold on"), FG_E_NOT_FOUND);
    CHECK_INT(run("fault bus nan"), FG_E_FORMAT);
    CHECK_INT(run("power cut"), FG_E_STATE);
    CHECK(sim.plant.faults[3][FG_FAULT_NAN] && !sim.plant.faults[2][FG_FAULT_NAN]);
    CHECK_OK(run("state"), &error);
    CHECK_HAS(reply, "estop=1\n");
    CHECK_HAS(reply, "start=1\n");
    CHECK_HAS(reply, "pressure_kpa=3000\n");
    CHECK_HAS(reply, "A.connected=1\n");
    CHECK_HAS(reply, "tags_present=1\n");
    fg_sim_close(&sim);
}

TEST("wait and expect say what to wait for")
{
    CHECK_OK(fg_sim_init(&sim, fg_test_directory(), 1000000000, &error), &error);
    CHECK_OK(run("wait 20"), &error);
    CHECK_INT(pause_wanted.until_ns, 1020000000);
    CHECK_OK(run("expect valve = 0 within 10"), &error);
    CHECK(fg_sim_is_met(&sim, &pause_wanted));
    CHECK_OK(run("expect inventory_g > 9999999 within 10"), &error);
    CHECK(!fg_sim_is_met(&sim, &pause_wanted));
    CHECK_OK(run("expect nothing = 0 within 10"), &error);
    CHECK(!fg_sim_is_met(&sim, &pause_wanted));
    CHECK_INT(run("expect valve is 0 within 10"), FG_E_FORMAT);
    fg_sim_close(&sim);
}

TEST("FAIL-CLOSED: the record has each valve command and how long after the last one the relay fell")
{
    uint8_t open_timed[8] = {1, 5, 2, 0, 0, 4};
    uint16_t crc = fg_modbus_crc(open_timed, 6);
    char text[1000];
    FILE *file;
    size_t count;

    CHECK_OK(fg_sim_init(&sim, fg_test_directory(), 1000000000, &error), &error);
    (void)snprintf(text, sizeof(text), "record %s", fg_test_path("record.jsonl"));
    CHECK_OK(run(text), &error);
    CHECK_OK(run("witness /nowhere/journal.db"), &error);
    open_timed[6] = (uint8_t)crc;
    open_timed[7] = (uint8_t)(crc >> 8);
    fg_modbus_slave_take(&sim.slave, open_timed, sizeof(open_timed), sim.now_ns);
    fg_sim_advance(&sim, sim.now_ns + 401000000);
    CHECK_INT(sim.valve_opened, 1);
    CHECK_INT(sim.release_ms, 401);
    CHECK_INT(sim.witness_violations, 1);
    fg_sim_close(&sim);
    file = fopen(fg_test_path("record.jsonl"), "re");
    CHECK(file != NULL);
    count = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[count] = '\0';
    CHECK_HAS(text,
              "\"what\":\"valve_command\",\"hold_ms\":400,\"was_open\":false,\"witness\":\"violation\"}");
    CHECK_HAS(text, "\"open\":false,\"by\":\"timed-release\",\"since_command_us\":401000}");
}
