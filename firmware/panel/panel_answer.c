/* Answers to pages (panel_answer.h). */
#include "firmware/panel/panel_answer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/domain/phrase.h"

#define CHINESE_BYTES 512
#define JSON_TYPE "application/json; charset=utf-8"

void fg_panel_add_header(struct fg_answer *answer, const char *name, const char *value)
{
    if (answer->header_count < FG_SERVER_HEADERS_MAX)
        answer->headers[answer->header_count++] = (struct fg_answer_header){name, value};
}

void fg_panel_answer_json(struct fg_answer *answer, uint16_t status, char *text)
{
    if (text == NULL)
        return;
    fg_answer_bytes(answer, status, text, strlen(text));
    answer->content_type = JSON_TYPE;
    free(text);
}

void fg_panel_add_said(struct fg_panel_json *json, const char *text)
{
    char chinese[CHINESE_BYTES];

    (void)fg_phrase_chinese(text, chinese, sizeof(chinese));
    fg_panel_json_text(json, json->root, "text", text);
    fg_panel_json_text(json, json->root, "text_zh", chinese);
}

void fg_panel_refuse(struct fg_answer *answer, uint16_t status, const char *error, const char *text)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_text(&json, json.root, "error", error);
    fg_panel_add_said(&json, text);
    fg_panel_answer_json(answer, status, fg_panel_json_end(&json));
    if (status == 429 || status == 503)
        fg_panel_add_header(answer, "Retry-After", "1");
}
