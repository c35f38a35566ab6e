/* Implementation of the pages' JSON (web_json.h). */
#include "host/bureau/web/web_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/values.h"
#include "lib/domain/phrase.h"

#define CHINESE_BYTES 1024
#define HEX_BYTES_MAX 128

static cJSON *checked(struct fg_web_json *json, cJSON *made)
{
    if (made == NULL)
        json->failed = true;
    return made;
}

void fg_web_json_start(struct fg_web_json *json)
{
    json->failed = false;
    json->root = checked(json, cJSON_CreateObject());
}

/* ---- UTF-8 ---- */

static bool is_whole(const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t length = fg_value_character(at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/* A copy with '?' for each byte that is no UTF-8. */
static char *mend(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return NULL;
    for (char *at = copy; *at != '\0';) {
        size_t length = fg_value_character(at);

        if (length == 0)
            *at = '?';
        at += length > 0 ? length : 1;
    }
    return copy;
}

static cJSON *make_text(const char *value)
{
    char *mended;
    cJSON *made;

    if (is_whole(value))
        return cJSON_CreateString(value);
    mended = mend(value);
    made = mended != NULL ? cJSON_CreateString(mended) : NULL;
    free(mended);
    return made;
}

/* ---- members ---- */

static void add(struct fg_web_json *json, cJSON *object, const char *name, cJSON *made)
{
    if (made != NULL && object != NULL && cJSON_AddItemToObject(object, name, made))
        return;
    cJSON_Delete(made);
    json->failed = true;
}

void fg_web_json_text(struct fg_web_json *json, cJSON *object, const char *name, const char *value)
{
    add(json, object, name, make_text(value));
}

void fg_web_json_phrase(struct fg_web_json *json, cJSON *object, const char *name, const char *value)
{
    char name_chinese[32];
    char chinese[CHINESE_BYTES];

    (void)snprintf(name_chinese, sizeof(name_chinese), "%s_zh", name);
    (void)fg_phrase_chinese(value, chinese, sizeof(chinese));
    fg_web_json_text(json, object, name, value);
    fg_web_json_text(json, object, name_chinese, chinese);
}

void fg_web_json_number(struct fg_web_json *json, cJSON *object, const char *name, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%" PRId64, value);
    add(json, object, name, cJSON_CreateRaw(digits));
}

void fg_web_json_bool(struct fg_web_json *json, cJSON *object, const char *name, bool value)
{
    add(json, object, name, cJSON_CreateBool(value));
}

void fg_web_json_null(struct fg_web_json *json, cJSON *object, const char *name)
{
    add(json, object, name, cJSON_CreateNull());
}

void fg_web_json_hex(struct fg_web_json *json, cJSON *object, const char *name, const void *bytes,
                     size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    char text[2 * HEX_BYTES_MAX + 1];

    if (length > HEX_BYTES_MAX)
        length = HEX_BYTES_MAX;
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[from[i] >> 4];
        text[2 * i + 1] = digits[from[i] & 15];
    }
    text[2 * length] = '\0';
    fg_web_json_text(json, object, name, text);
}

void fg_web_json_day(struct fg_web_json *json, cJSON *object, const char *name, int64_t day)
{
    char text[16];

    fg_value_day_text(day > 0 && day < INT32_MAX ? (int32_t)day : 0, text);
    fg_web_json_text(json, object, name, text);
}

cJSON *fg_web_json_object(struct fg_web_json *json, cJSON *parent, const char *name)
{
    return checked(json, cJSON_AddObjectToObject(parent, name));
}

cJSON *fg_web_json_array(struct fg_web_json *json, cJSON *parent, const char *name)
{
    return checked(json, cJSON_AddArrayToObject(parent, name));
}

static cJSON *push(struct fg_web_json *json, cJSON *array, cJSON *made)
{
    if (made != NULL && array != NULL && cJSON_AddItemToArray(array, made))
        return made;
    cJSON_Delete(made);
    json->failed = true;
    return NULL;
}

cJSON *fg_web_json_push(struct fg_web_json *json, cJSON *array)
{
    return push(json, array, cJSON_CreateObject());
}

void fg_web_json_push_text(struct fg_web_json *json, cJSON *array, const char *value)
{
    (void)push(json, array, make_text(value));
}

char *fg_web_json_end(struct fg_web_json *json)
{
    char *text = json->failed ? NULL : cJSON_PrintUnformatted(json->root);

    fg_web_json_free(json);
    return text;
}

void fg_web_json_free(struct fg_web_json *json)
{
    cJSON_Delete(json->root);
    json->root = NULL;
}
