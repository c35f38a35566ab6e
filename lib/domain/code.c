/* Codes and UIDs as text (code.h). Not: tags. Relies on: the C library. */
#include "lib/domain/code.h"

#include <stdio.h>
#include <string.h>

enum fg_err fg_code_parse_bytes(const void *bytes, size_t length, struct fg_code *ret_code,
                                struct fg_error *error)
{
    const uint8_t *character = bytes;
    struct fg_code code = {{0}};

    if (length < 1 || length > FG_CODE_MAX)
        return fg_fail(error, FG_E_FORMAT, "code: %zu characters long, must be 1 to %d", length, FG_CODE_MAX);
    for (size_t i = 0; i < length; i++) {
        uint8_t c = character[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'))
            return fg_fail(error, FG_E_FORMAT, "code: character %zu (0x%02x) is not one of 0-9 A-Z -", i + 1,
                           c);
        code.text[i] = (char)c;
    }
    *ret_code = code;
    return FG_OK;
}

enum fg_err fg_code_parse(const char *text, struct fg_code *ret_code, struct fg_error *error)
{
    return fg_code_parse_bytes(text, strnlen(text, FG_CODE_MAX + 1), ret_code, error);
}

void fg_uid_format(const struct fg_uid *uid, char ret_text[FG_UID_TEXT_MAX + 1])
{
    size_t length = uid->length <= FG_UID_MAX ? uid->length : FG_UID_MAX;

    ret_text[0] = '\0';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02X", uid->bytes[i]);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

enum fg_err fg_uid_parse(const char *text, struct fg_uid *ret_uid, struct fg_error *error)
{
    struct fg_uid uid = {0};
    const char *at = text;

    while (is_blank(*at))
        at++;
    while (*at != '\0' && !(is_blank(*at) && is_blank(at[1])) && uid.length < FG_UID_MAX) {
        int high;
        int low;

        if (uid.length > 0 && (*at == ':' || *at == '-' || (*at == ' ' && at[1] != '\0')))
            at++;
        else if (is_blank(*at))
            break;
        high = hex_digit(*at);
        low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            return fg_fail(error, FG_E_FORMAT, "UID: two hex digits expected at character %zu",
                           (size_t)(at - text) + 1);
        uid.bytes[uid.length++] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    while (is_blank(*at))
        at++;
    if (*at != '\0' || (uid.length != 4 && uid.length != 7 && uid.length != 10))
        return fg_fail(error, FG_E_FORMAT, "UID: must be 4, 7 or 10 bytes in hex");
    *ret_uid = uid;
    return FG_OK;
}

/* All bytes the same, 00 or FF. */
static bool is_empty(const struct fg_uid *uid)
{
    for (size_t i = 0; i < uid->length; i++) {
        if (uid->bytes[i] != uid->bytes[0])
            return false;
    }
    return uid->bytes[0] == 0x00 || uid->bytes[0] == 0xFF;
}

bool fg_uid_is_lasting(const struct fg_uid *uid)
{
    if ((uid->length != 4 && uid->length != 7 && uid->length != 10) || is_empty(uid))
        return false;
    return uid->length != 4 || (uid->bytes[0] != 0x08 && uid->bytes[0] != 0x88);
}

enum fg_err fg_uid_parse_lasting(const char *text, struct fg_uid *ret_uid, struct fg_error *error)
{
    struct fg_uid uid;
    enum fg_err code = fg_uid_parse(text, &uid, error);

    if (code != FG_OK)
        return code;
    if (!fg_uid_is_lasting(&uid))
        return fg_fail(error, FG_E_RANGE,
                       "UID %.20s: names no tag: it is random (08...), as a phone's, or empty", text);
    *ret_uid = uid;
    return FG_OK;
}
