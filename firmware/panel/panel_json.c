/* Building JSON and clean texts (panel_json.h). */
#include "firmware/panel/panel_json.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 1024 /* longer than every text that stands in a state or in the catalogue */

/* Bytes of the valid UTF-8 character at text, 0 when it is none (RFC 3629: no overlong forms, no surrogates,
 * nothing behind U+10FFFF). */
static size_t character_length(const unsigned char *text)
{
    unsigned char least = 0x80;
    unsigned char most = 0xbf;
    size_t length;

    if (text[0] >= 0x20 && text[0] < 0x7f)
        return 1;
    if (text[0] >= 0xc2 && text[0] <= 0xdf)
        length = 2;
    else if (text[0] >= 0xe0 && text[0] <= 0xef)
        length = 3;
    else if (text[0] >= 0xf0 && text[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (text[0] == 0xe0)
        least = 0xa0;
    else if (text[0] == 0xed)
        most = 0x9f;
    else if (text[0] == 0xf0)
        least = 0x90;
    else if (text[0] == 0xf4)
        most = 0x8f;
    if (text[1] < least || text[1] > most)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

void fg_panel_clean_text(const char *text, char *ret_text, size_t capacity)
{
    const unsigned char *from = (const unsigned char *)text;
    size_t used = 0;

    while (*from != '\0') {
        size_t length = character_length(from);
        size_t needed = length > 0 ? length : 1;

        if (used + needed + 1 > capacity)
            break;
        if (length > 0)
            memcpy(ret_text + used, from, length);
        else
            ret_text[used] = '?';
        used += needed;
        from += needed;
    }
    ret_text[used] = '\0';
}

/* ---- builders ---- */

static bool add(struct fg_panel_json *json, cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && object != NULL &&
        (name != NULL ? cJSON_AddItemToObject(object, name, value) : cJSON_AddItemToArray(object, value)))
        return true;
    cJSON_Delete(value);
    json->failed = true;
    return false;
}

void fg_panel_json_start(struct fg_panel_json *json)
{
    json->root = cJSON_CreateObject();
    json->failed = json->root == NULL;
}

void fg_panel_json_text(struct fg_panel_json *json, cJSON *object, const char *name, const char *text)
{
    char clean[TEXT_BYTES];

    fg_panel_clean_text(text, clean, sizeof(clean));
    (void)add(json, object, name, cJSON_CreateString(clean));
}

void fg_panel_json_number(struct fg_panel_json *json, cJSON *object, const char *name, int64_t number)
{
    (void)add(json, object, name, cJSON_CreateNumber((double)number));
}

void fg_panel_json_bool(struct fg_panel_json *json, cJSON *object, const char *name, bool value)
{
    (void)add(json, object, name, cJSON_CreateBool(value));
}

void fg_panel_json_null(struct fg_panel_json *json, cJSON *object, const char *name)
{
    (void)add(json, object, name, cJSON_CreateNull());
}

cJSON *fg_panel_json_object(struct fg_panel_json *json, cJSON *object, const char *name)
{
    cJSON *inner = cJSON_CreateObject();

    return add(json, object, name, inner) ? inner : NULL;
}

cJSON *fg_panel_json_array(struct fg_panel_json *json, cJSON *object, const char *name)
{
    cJSON *inner = cJSON_CreateArray();

    return add(json, object, name, inner) ? inner : NULL;
}

cJSON *fg_panel_json_element(struct fg_panel_json *json, cJSON *array)
{
    return fg_panel_json_object(json, array, NULL);
}

void fg_panel_json_text_element(struct fg_panel_json *json, cJSON *array, const char *text)
{
    fg_panel_json_text(json, array, NULL, text);
}

char *fg_panel_json_end(struct fg_panel_json *json)
{
    char *text = json->failed ? NULL : cJSON_PrintUnformatted(json->root);

    cJSON_Delete(json->root);
    json->root = NULL;
    return text;
}

char *fg_panel_text_json(const char *text)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_text(&json, json.root, "text", text);
    return fg_panel_json_end(&json);
}
