/* JSON that the bureau's pages are answered with. A failed allocation is remembered and told at the end, so
 * that handlers need not look at each step.
 *
 * Numbers are written digit by digit, so that 64-bit ones keep every digit; texts that are not UTF-8 (from
 * entries of devices) are mended. Relies on: cJSON. */
#ifndef FG_HOST_BUREAU_WEB_WEB_JSON_H
#define FG_HOST_BUREAU_WEB_WEB_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fg_web_json {
    cJSON *root;
    bool failed;
};

void fg_web_json_start(struct fg_web_json *json);
void fg_web_json_text(struct fg_web_json *json, cJSON *object, const char *name, const char *value);
/* A text that programs made in English, and after it, as name_zh, the same in Chinese; "" where no phrase
 * fits it. */
void fg_web_json_phrase(struct fg_web_json *json, cJSON *object, const char *name, const char *value);
void fg_web_json_number(struct fg_web_json *json, cJSON *object, const char *name, int64_t value);
void fg_web_json_bool(struct fg_web_json *json, cJSON *object, const char *name, bool value);
void fg_web_json_null(struct fg_web_json *json, cJSON *object, const char *name);
/* Lower-case hexadecimal, at most 128 bytes. */
void fg_web_json_hex(struct fg_web_json *json, cJSON *object, const char *name, const void *bytes,
                     size_t length);
/* "YYYY-MM-DD", "" for 0. */
void fg_web_json_day(struct fg_web_json *json, cJSON *object, const char *name, int64_t day);
/* NULL after a failure; the functions here take a NULL object as such. */
cJSON *fg_web_json_object(struct fg_web_json *json, cJSON *parent, const char *name);
cJSON *fg_web_json_array(struct fg_web_json *json, cJSON *parent, const char *name);
cJSON *fg_web_json_push(struct fg_web_json *json, cJSON *array);
void fg_web_json_push_text(struct fg_web_json *json, cJSON *array, const char *value);

/* The text, to be freed by the caller, and the end of the tree; NULL when anything failed. */
char *fg_web_json_end(struct fg_web_json *json);
void fg_web_json_free(struct fg_web_json *json);

#endif
