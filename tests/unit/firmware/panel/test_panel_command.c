/* Bodies of commands, good ones and every kind of bad one. */
#include "firmware/panel/panel_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check.h"

static struct fg_panel_command command;
static struct fg_error error;

/* The body in memory of exactly its size, so that a read behind it is seen. */
static enum fg_err parse(const char *text)
{
    size_t length = strlen(text);
    uint8_t *body = malloc(length + (length == 0));
    enum fg_err code;

    memcpy(body, text, length);
    memset(&command, 0x55, sizeof(command));
    error.text[0] = '\0';
    code = fg_panel_command_parse(body, length, &command, &error);
    free(body);
    return code;
}

TEST("every command is read into what fillgated is asked")
{
    static const struct {
        const char *name;
        uint8_t kind;
    } plain[] = {{"sign_out", FG_CONTROL_SIGN_OUT},
                 {"start", FG_CONTROL_START},
                 {"stop", FG_CONTROL_STOP},
                 {"suspend", FG_CONTROL_SUSPEND},
                 {"resume", FG_CONTROL_RESUME},
                 {"recheck", FG_CONTROL_RECHECK},
                 {"clear_lock_out", FG_CONTROL_CLEAR_LOCK_OUT}};
    char text[128];

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        (void)snprintf(text, sizeof(text), " {\"command\":\"%s\", \"sequence\": %zu}\n", plain[i].name,
                       i + 1);
        CHECK_OK(parse(text), &error);
        CHECK_INT(command.request.kind, plain[i].kind);
        CHECK_INT(command.sequence, i + 1);
    }
    CHECK_OK(
        parse(
            "{\"sequence\":9007199254740991,\"command\":\"sign_in\",\"operator\":\"王\",\"pin\":\"012345\"}"),
        &error);
    CHECK_INT(command.request.kind, FG_CONTROL_SIGN_IN);
    CHECK_TEXT(command.request.operator_id, "王");
    CHECK_TEXT(command.request.pin, "012345");
    CHECK_INT(command.sequence, FG_PANEL_SEQUENCE_MAX);
    CHECK_OK(parse("{\"sequence\":1,\"command\":\"check\",\"checks\":65535,\"failed\":true}"), &error);
    CHECK_INT(command.request.checks, 65535);
    CHECK(command.request.check_failed);
    CHECK_OK(parse("{\"sequence\":1,\"command\":\"check\",\"checks\":0,\"failed\":false}"), &error);
    CHECK(!command.request.check_failed);
    CHECK_OK(parse("{\"sequence\":1,\"command\":\"manual\",\"code\":\"HZ-1\"}"), &error);
    CHECK_TEXT(command.request.code.text, "HZ-1");
    CHECK_OK(parse("{\"sequence\":1,\"command\":\"second\",\"operator\":\"op-2\",\"pin\":\"135790\"}"),
             &error);
    CHECK_INT(command.request.kind, FG_CONTROL_SECOND);
    CHECK_TEXT(command.request.operator_id, "op-2");
    CHECK_TEXT(command.request.pin, "135790");
    CHECK_INT(command.request.path[0], 0);
}

TEST("BAD-INPUT-IS-SAFE: a body that is not one JSON object is refused")
{
    static const char *const rows[] = {"",
                                       "{",
                                       "[]",
                                       "7",
                                       "null",
                                       "\"stop\"",
                                       "{\"sequence\":1,\"command\":\"stop\"} x",
                                       "{\"sequence\":1,\"command\":\"stop\"}{}",
                                       "{\"sequence\":1,\"command\":\"stop\\u0000\"}",
                                       "{'sequence':1,'command':'stop'}"};
    static const uint8_t nul[] = "{\"sequence\":1,\"command\":\"stop\"}";
    uint8_t large[FG_PANEL_BODY_MAX + 1];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(parse(rows[i]), FG_E_FORMAT);
    CHECK_INT(fg_panel_command_parse(nul, sizeof(nul), &command, &error), FG_E_FORMAT);
    memset(large, ' ', sizeof(large));
    CHECK_INT(fg_panel_command_parse(large, sizeof(large), &command, &error), FG_E_SIZE);
}

TEST("BAD-INPUT-IS-SAFE: a member that is unknown, missing, twice there, of a wrong type or out of bounds is "
     "refused")
{
    static const char *const rows[] = {
        "{}",
        "{\"command\":\"stop\"}",
        "{\"sequence\":1}",
        "{\"sequence\":0,\"command\":\"stop\"}",
        "{\"sequence\":-1,\"command\":\"stop\"}",
        "{\"sequence\":1.5,\"command\":\"stop\"}",
        "{\"sequence\":9007199254740992,\"command\":\"stop\"}",
        "{\"sequence\":1e400,\"command\":\"stop\"}",
        "{\"sequence\":\"1\",\"command\":\"stop\"}",
        "{\"sequence\":1,\"command\":7}",
        "{\"sequence\":1,\"command\":\"STOP\"}",
        "{\"sequence\":1,\"command\":\"import_list\"}",
        "{\"sequence\":1,\"command\":\"stop\",\"path\":\"/etc/passwd\"}",
        "{\"sequence\":1,\"command\":\"stop\",\"pin\":\"123456\"}",
        "{\"sequence\":1,\"sequence\":2,\"command\":\"stop\"}",
        "{\"sequence\":1,\"Command\":\"stop\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\",\"pin\":123456}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\",\"pin\":\"1234567890123\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\",\"pin\":\"12345a\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\",\"pin\":\"\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"\",\"pin\":\"123456\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\\nb\",\"pin\":\"123456\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"\xff\",\"pin\":\"123456\"}",
        "{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"\xed\xa0\x80\",\"pin\":\"123456\"}",
        ("{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"12345678901234567890123456789012\",\"pin\":"
         "\"123456\"}"),
        "{\"sequence\":1,\"command\":\"check\",\"checks\":65536,\"failed\":false}",
        "{\"sequence\":1,\"command\":\"check\",\"checks\":-1,\"failed\":false}",
        "{\"sequence\":1,\"command\":\"check\",\"checks\":1,\"failed\":\"false\"}",
        "{\"sequence\":1,\"command\":\"check\",\"checks\":1,\"failed\":null}",
        "{\"sequence\":1,\"command\":\"manual\",\"code\":\"hz-1\"}",
        "{\"sequence\":1,\"command\":\"manual\",\"code\":\"HZ 1\"}",
        "{\"sequence\":1,\"command\":\"manual\",\"code\":\"HZ-1\",\"second_person\":\"b\"}",
        "{\"sequence\":1,\"command\":\"second\",\"operator\":\"op-2\"}",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (parse(rows[i]) != FG_E_RANGE)
            fg_test_fail(__FILE__, __LINE__, "not refused as it should be: %s", rows[i]);
        CHECK(error.text[0] != '\0');
    }
}

TEST("a refusal's text does not quote what was sent")
{
    CHECK_INT(parse("{\"sequence\":1,\"command\":\"sign_in\",\"operator\":\"a\",\"pin\":\"98x765\"}"),
              FG_E_RANGE);
    CHECK(strstr(error.text, "98x765") == NULL);
}

TEST("a pairing code is 8 digits and nothing else")
{
    static const char *const bad[] = {"{}",
                                      "{\"code\":12345678}",
                                      "{\"code\":\"1234567\"}",
                                      "{\"code\":\"123456789\"}",
                                      "{\"code\":\"1234567x\"}",
                                      "{\"code\":\"12345678\",\"x\":1}",
                                      "[]",
                                      "{\"kode\":\"12345678\"}"};
    static const char good[] = "{\"code\":\"01234567\"}";
    char code[9] = "";

    CHECK_OK(fg_panel_pair_parse((const uint8_t *)good, strlen(good), code, &error), &error);
    CHECK_TEXT(code, "01234567");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(fg_panel_pair_parse((const uint8_t *)bad[i], strlen(bad[i]), code, &error) != FG_OK);
    CHECK_TEXT(code, "01234567");
}
