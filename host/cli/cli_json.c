/* JSON output of the command line (cli.h). Numbers are written as digits of our own, so that 64-bit ones keep
 * every digit. Relies on: cJSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/cli/cli.h"

static cJSON *checked(struct cli_json *json, cJSON *made)
{
    if (made == NULL)
        json->failed = true;
    return made;
}

void cli_json_start(struct cli_json *json)
{
    json->failed = false;
    json->root = checked(json, cJSON_CreateObject());
}

void cli_json_text(struct cli_json *json, cJSON *object, const char *name, const char *value)
{
    (void)checked(json, cJSON_AddStringToObject(object, name, value));
}

void cli_json_number(struct cli_json *json, cJSON *object, const char *name, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%" PRId64, value);
    (void)checked(json, cJSON_AddRawToObject(object, name, digits));
}

void cli_json_bool(struct cli_json *json, cJSON *object, const char *name, bool value)
{
    (void)checked(json, cJSON_AddBoolToObject(object, name, value));
}

void cli_json_hex(struct cli_json *json, cJSON *object, const char *name, const void *bytes, size_t length)
{
    char *text = malloc(2 * length + 1);

    if (text == NULL) {
        json->failed = true;
        return;
    }
    cli_hex(bytes, length, text);
    cli_json_text(json, object, name, text);
    free(text);
}

cJSON *cli_json_object(struct cli_json *json, cJSON *parent, const char *name)
{
    return checked(json, cJSON_AddObjectToObject(parent, name));
}

cJSON *cli_json_array(struct cli_json *json, cJSON *parent, const char *name)
{
    return checked(json, cJSON_AddArrayToObject(parent, name));
}

void cli_json_push_text(struct cli_json *json, cJSON *array, const char *value)
{
    cJSON *text = checked(json, cJSON_CreateString(value));

    if (text != NULL && !cJSON_AddItemToArray(array, text)) {
        cJSON_Delete(text);
        json->failed = true;
    }
}

cJSON *cli_json_push_object(struct cli_json *json, cJSON *array)
{
    cJSON *object = checked(json, cJSON_CreateObject());

    if (object != NULL && !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        json->failed = true;
        return NULL;
    }
    return object;
}

bool cli_json_print(struct cli_json *json, FILE *file)
{
    char *text = json->failed ? NULL : cJSON_PrintUnformatted(json->root);
    bool ok = text != NULL && fprintf(file, "%s\n", text) > 0;

    free(text);
    cJSON_Delete(json->root);
    json->root = NULL;
    return ok;
}

void cli_hex(const void *bytes, size_t length, char *ret_text)
{
    const uint8_t *byte = bytes;

    ret_text[0] = '\0';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02x", byte[i]);
}
