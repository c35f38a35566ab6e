/* Reading a command's body (panel_command.h). */
#include "firmware/panel/panel_command.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "firmware/panel/panel_json.h"

#define PAIR_DIGITS 8

/* Beside "sequence" and "command". */
enum members {
    MEMBER_OPERATOR = 1 << 0,
    MEMBER_PIN = 1 << 1,
    MEMBER_CHECKS = 1 << 2,
    MEMBER_FAILED = 1 << 3,
    MEMBER_CODE = 1 << 4,
    MEMBER_SEQUENCE = 1 << 5,
    MEMBER_COMMAND = 1 << 6,
};

static const struct {
    const char *name;
    unsigned flag;
} members[] = {
    {"operator", MEMBER_OPERATOR}, {"pin", MEMBER_PIN},   {"checks", MEMBER_CHECKS},
    {"failed", MEMBER_FAILED},     {"code", MEMBER_CODE}, {"sequence", MEMBER_SEQUENCE},
    {"command", MEMBER_COMMAND},
};

static const struct {
    const char *name;
    uint8_t kind;
    unsigned members;
} commands[] = {
    {"sign_in", FG_CONTROL_SIGN_IN, MEMBER_OPERATOR | MEMBER_PIN},
    {"sign_out", FG_CONTROL_SIGN_OUT, 0},
    {"check", FG_CONTROL_CHECK, MEMBER_CHECKS | MEMBER_FAILED},
    {"start", FG_CONTROL_START, 0},
    {"stop", FG_CONTROL_STOP, 0},
    {"suspend", FG_CONTROL_SUSPEND, 0},
    {"resume", FG_CONTROL_RESUME, 0},
    {"recheck", FG_CONTROL_RECHECK, 0},
    {"clear_lock_out", FG_CONTROL_CLEAR_LOCK_OUT, 0},
    {"manual", FG_CONTROL_MANUAL, MEMBER_CODE},
    {"second", FG_CONTROL_SECOND, MEMBER_OPERATOR | MEMBER_PIN},
};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- JSON ---- */

static void wipe(cJSON *object)
{
    for (cJSON *member = object != NULL ? object->child : NULL; member != NULL; member = member->next) {
        if (cJSON_IsString(member) && member->valuestring != NULL)
            mbedtls_platform_zeroize(member->valuestring, strlen(member->valuestring));
    }
    cJSON_Delete(object);
}

static bool has_nul(const uint8_t *body, size_t length)
{
    static const char escape[] = "\\u0000";

    return memchr(body, '\0', length) != NULL || memmem(body, length, escape, sizeof(escape) - 1) != NULL;
}

static enum fg_err parse_object(const uint8_t *body, size_t length, cJSON **ret_object,
                                struct fg_error *error)
{
    const char *end = NULL;
    cJSON *object;

    if (length > FG_PANEL_BODY_MAX)
        return fg_fail(error, FG_E_SIZE, "the body is larger than %d bytes", FG_PANEL_BODY_MAX);
    /* The parser would end a string there. */
    if (has_nul(body, length))
        return fg_fail(error, FG_E_FORMAT, "the body has a NUL");
    object = cJSON_ParseWithLengthOpts((const char *)body, length, &end, false);
    if (object == NULL)
        return fg_fail(error, FG_E_FORMAT, "the body is not JSON");
    for (const char *at = end; at < (const char *)body + length; at++) {
        if (strchr(" \t\r\n", *at) == NULL) {
            wipe(object);
            return fg_fail(error, FG_E_FORMAT, "the body goes on after the JSON object");
        }
    }
    if (!cJSON_IsObject(object)) {
        wipe(object);
        return fg_fail(error, FG_E_FORMAT, "the body is not a JSON object");
    }
    *ret_object = object;
    return FG_OK;
}

static enum fg_err take_text(const cJSON *object, const char *name, char *ret_text, size_t capacity,
                             struct fg_error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    char clean[FG_PANEL_BODY_MAX + 1];
    size_t length;

    if (!cJSON_IsString(member))
        return fg_fail(error, FG_E_RANGE, "\"%s\" must be a text", name);
    length = strlen(member->valuestring);
    if (length < 1 || length >= capacity)
        return fg_fail(error, FG_E_RANGE, "\"%s\" must have 1 to %zu bytes", name, capacity - 1);
    fg_panel_clean_text(member->valuestring, clean, sizeof(clean));
    if (strcmp(clean, member->valuestring) != 0) {
        mbedtls_platform_zeroize(clean, sizeof(clean));
        return fg_fail(error, FG_E_RANGE, "\"%s\" must be UTF-8 without control characters", name);
    }
    memcpy(ret_text, clean, length + 1);
    mbedtls_platform_zeroize(clean, sizeof(clean));
    return FG_OK;
}

static enum fg_err take_number(const cJSON *object, const char *name, int64_t least, int64_t most,
                               uint64_t *ret_number, struct fg_error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    if (!cJSON_IsNumber(member) || !(member->valuedouble >= (double)least) ||
        !(member->valuedouble <= (double)most) || floor(member->valuedouble) < member->valuedouble)
        return fg_fail(error, FG_E_RANGE, "\"%s\" must be a whole number from %lld to %lld", name,
                       (long long)least, (long long)most);
    *ret_number = (uint64_t)member->valuedouble;
    return FG_OK;
}

static enum fg_err only_of(const char *text, const char *allowed, const char *name, struct fg_error *error)
{
    if (text[strspn(text, allowed)] != '\0')
        return fg_fail(error, FG_E_RANGE, "\"%s\" has a character that it cannot have", name);
    return FG_OK;
}

/* ---- commands ---- */

/* Every member is known and there once; *ret_present which. */
static enum fg_err count_members(const cJSON *object, unsigned *ret_present, struct fg_error *error)
{
    unsigned present = 0;

    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        size_t i = 0;

        while (i < LENGTH_OF(members) && strcmp(member->string, members[i].name) != 0)
            i++;
        if (i == LENGTH_OF(members))
            return fg_fail(error, FG_E_RANGE, "the body has an unknown member");
        if ((present & members[i].flag) != 0)
            return fg_fail(error, FG_E_RANGE, "\"%s\" is given twice", members[i].name);
        present |= members[i].flag;
    }
    *ret_present = present;
    return FG_OK;
}

static enum fg_err take_arguments(const cJSON *object, unsigned wanted, struct fg_control_request *request,
                                  struct fg_error *error)
{
    const cJSON *failed = cJSON_GetObjectItemCaseSensitive(object, "failed");
    uint64_t checks = 0;
    enum fg_err code = FG_OK;

    if ((wanted & MEMBER_OPERATOR) != 0)
        code = take_text(object, "operator", request->operator_id, sizeof(request->operator_id), error);
    if (code == FG_OK && (wanted & MEMBER_PIN) != 0) {
        code = take_text(object, "pin", request->pin, sizeof(request->pin), error);
        if (code == FG_OK)
            code = only_of(request->pin, "0123456789", "pin", error);
    }
    if (code == FG_OK && (wanted & MEMBER_CHECKS) != 0)
        code = take_number(object, "checks", 0, (1 << FG_CHECK_ITEMS_MAX) - 1, &checks, error);
    if (code == FG_OK && (wanted & MEMBER_FAILED) != 0 && !cJSON_IsBool(failed))
        code = fg_fail(error, FG_E_RANGE, "\"failed\" must be true or false");
    if (code == FG_OK && (wanted & MEMBER_CODE) != 0) {
        code = take_text(object, "code", request->code.text, sizeof(request->code.text), error);
        if (code == FG_OK)
            code = only_of(request->code.text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", "code", error);
    }
    request->checks = (uint32_t)checks;
    request->check_failed = cJSON_IsTrue(failed);
    return code;
}

static enum fg_err take_command(const cJSON *object, struct fg_panel_command *command, struct fg_error *error)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "command");
    unsigned present = 0;
    size_t i = 0;
    enum fg_err code = count_members(object, &present, error);

    if (code == FG_OK)
        code = take_number(object, "sequence", 1, FG_PANEL_SEQUENCE_MAX, &command->sequence, error);
    if (code != FG_OK)
        return code;
    if (!cJSON_IsString(name))
        return fg_fail(error, FG_E_RANGE, "\"command\" must be a text");
    while (i < LENGTH_OF(commands) && strcmp(name->valuestring, commands[i].name) != 0)
        i++;
    if (i == LENGTH_OF(commands))
        return fg_fail(error, FG_E_RANGE, "there is no such command");
    if (present != (commands[i].members | MEMBER_SEQUENCE | MEMBER_COMMAND))
        return fg_fail(error, FG_E_RANGE, "\"%s\" has the wrong members", commands[i].name);
    command->request.kind = commands[i].kind;
    return take_arguments(object, commands[i].members, &command->request, error);
}

enum fg_err fg_panel_command_parse(const uint8_t *body, size_t length, struct fg_panel_command *ret_command,
                                   struct fg_error *error)
{
    struct fg_panel_command command;
    cJSON *object = NULL;
    enum fg_err code = parse_object(body, length, &object, error);

    if (code != FG_OK)
        return code;
    memset(&command, 0, sizeof(command));
    code = take_command(object, &command, error);
    wipe(object);
    if (code == FG_OK)
        *ret_command = command;
    mbedtls_platform_zeroize(&command, sizeof(command));
    return code;
}

enum fg_err fg_panel_pair_parse(const uint8_t *body, size_t length, char ret_code[9], struct fg_error *error)
{
    char digits[PAIR_DIGITS + 1] = "";
    cJSON *object = NULL;
    enum fg_err code = parse_object(body, length, &object, error);

    if (code != FG_OK)
        return code;
    if (object->child == NULL || object->child->next != NULL)
        code = fg_fail(error, FG_E_RANGE, "the body must have \"code\" and nothing else");
    if (code == FG_OK)
        code = take_text(object, "code", digits, sizeof(digits), error);
    if (code == FG_OK && strlen(digits) != PAIR_DIGITS)
        code = fg_fail(error, FG_E_RANGE, "\"code\" must have %d digits", PAIR_DIGITS);
    if (code == FG_OK)
        code = only_of(digits, "0123456789", "code", error);
    wipe(object);
    if (code == FG_OK)
        memcpy(ret_code, digits, sizeof(digits));
    mbedtls_platform_zeroize(digits, sizeof(digits));
    return code;
}
