/* How requests of the pages are answered: JSON, refusals, cookies (web_call.h). The headers that go with
 * every answer are the listener's (web_server.c). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/web/web_call.h"
#include "host/bureau/web/web_shared.h"
#include "lib/domain/phrase.h"

#define JSON_TYPE "application/json; charset=utf-8"
#define TEXT_BYTES 512
#define COOKIE_BYTES 256

void fg_web_header(struct fg_web_call *call, const char *name, const char *value)
{
    struct fg_answer *answer = call->answer;

    if (answer->header_count < FG_SERVER_HEADERS_MAX)
        answer->headers[answer->header_count++] = (struct fg_answer_header){name, value};
}

enum fg_err fg_web_answer_json(struct fg_web_call *call, uint16_t status, struct fg_web_json *json)
{
    char *text = fg_web_json_end(json);

    if (text == NULL)
        return FG_E_MEMORY;
    fg_answer_bytes(call->answer, status, text, strlen(text));
    call->answer->content_type = JSON_TYPE;
    free(text);
    return FG_OK;
}

void fg_web_refuse(struct fg_web_call *call, enum fg_web_error error, const char *detail)
{
    uint16_t status = fg_web_error_status(error);
    char english[TEXT_BYTES];
    char chinese[2 * TEXT_BYTES];
    char detail_chinese[TEXT_BYTES] = "";
    bool more = detail != NULL && detail[0] != '\0';
    struct fg_web_json json;

    (void)snprintf(english, sizeof(english), "%s%s%s", fg_web_error_text(FG_LANGUAGE_ENGLISH, error),
                   more ? ": " : "", more ? detail : "");
    if (more && !fg_phrase_chinese(detail, detail_chinese, sizeof(detail_chinese)))
        (void)snprintf(detail_chinese, sizeof(detail_chinese), "%s", detail);
    (void)snprintf(chinese, sizeof(chinese), "%s%s%s", fg_web_error_text(FG_LANGUAGE_CHINESE, error),
                   more ? "：" : "", detail_chinese);
    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "error", fg_web_error_name(error));
    fg_web_json_text(&json, json.root, "text_en", english);
    fg_web_json_text(&json, json.root, "text_zh", chinese);
    if (fg_web_answer_json(call, status, &json) != FG_OK)
        fg_answer_bytes(call->answer, status, NULL, 0);
    if (status == 429 || status == 503)
        fg_web_header(call, "Retry-After", "2");
}

void fg_web_cookie(struct fg_web_call *call, const char *value)
{
    /* The server reads it on this thread, after the handler has returned. */
    static _Thread_local char text[COOKIE_BYTES];

    (void)snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", call->web->cookie_name,
                   value, call->web->names.https ? "; Secure" : "", value[0] == '\0' ? "; Max-Age=0" : "");
    fg_web_header(call, "Set-Cookie", text);
}

void fg_web_say(const struct fg_web *web, const char *format, ...)
{
    char line[640] = "web: ";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line + 5, sizeof(line) - 5, format, arguments);
    va_end(arguments);
    web->settings.log(web->settings.context, line);
}

/* ---- values ---- */

static const struct fg_web_value *value_of(const struct fg_web_call *call, const char *name)
{
    for (size_t i = 0; i < call->route->parameter_count; i++) {
        if (strcmp(call->route->parameters[i].name, name) == 0)
            return &call->values[i];
    }
    return NULL;
}

const char *fg_web_text_of(const struct fg_web_call *call, const char *name)
{
    const struct fg_web_value *value = value_of(call, name);

    return value != NULL ? value->text : NULL;
}

const char *fg_web_text_or_empty(const struct fg_web_call *call, const char *name)
{
    const char *text = fg_web_text_of(call, name);

    return text != NULL ? text : "";
}

int64_t fg_web_number_of(const struct fg_web_call *call, const char *name, int64_t otherwise)
{
    const struct fg_web_value *value = value_of(call, name);

    return value != NULL && value->text != NULL ? value->number : otherwise;
}
