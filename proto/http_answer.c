/* Implementation of reading answers (http_answer.h). */
#include "proto/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static struct fg_http_answer *of(http_parser *parser)
{
    return parser->data;
}

/* Any non-zero result of a callback ends the parsing; the reason is kept. */
static int fail(struct fg_http_answer *answer, enum fg_err code, const char *text)
{
    answer->failure = fg_fail(&answer->error, code, "%s", text);
    return 1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, IMF-fixdate). */
static int64_t date_parse(const char *text)
{
    struct tm parts;
    const char *end;

    memset(&parts, 0, sizeof(parts));
    end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return end != NULL && *end == '\0' ? (int64_t)timegm(&parts) * 1000 : 0;
}

static void header_keep(struct fg_http_answer *answer)
{
    if (strcasecmp(answer->name, "etag") == 0)
        (void)snprintf(answer->answer.etag, sizeof(answer->answer.etag), "%s", answer->value);
    if (strcasecmp(answer->name, "date") == 0)
        answer->answer.date_ms = date_parse(answer->value);
    answer->name[0] = '\0';
    answer->value[0] = '\0';
    answer->value_begun = false;
}

static void append(char *text, size_t capacity, const char *bytes, size_t length)
{
    size_t used = strlen(text);

    /* What is too long for us is none of the headers that we look at. */
    if (length < capacity - used) {
        memcpy(text + used, bytes, length);
        text[used + length] = '\0';
    }
}

static int on_field(http_parser *parser, const char *bytes, size_t length)
{
    struct fg_http_answer *answer = of(parser);

    if (answer->value_begun)
        header_keep(answer);
    append(answer->name, sizeof(answer->name), bytes, length);
    return 0;
}

static int on_value(http_parser *parser, const char *bytes, size_t length)
{
    struct fg_http_answer *answer = of(parser);

    answer->value_begun = true;
    append(answer->value, sizeof(answer->value), bytes, length);
    return 0;
}

static int on_head_end(http_parser *parser)
{
    struct fg_http_answer *answer = of(parser);
    bool chunked = (parser->flags & F_CHUNKED) != 0;
    bool counted = parser->content_length != UINT64_MAX;

    header_keep(answer);
    if (parser->http_major != 1)
        return fail(answer, FG_E_FORMAT, "the answer is not HTTP/1");
    /* 100 Continue has no body and another answer behind it; we never ask for it. */
    if (parser->status_code < 200)
        return fail(answer, FG_E_FORMAT, "an interim answer that nobody asked for");
    if (!chunked && !counted && parser->status_code != 204 && parser->status_code != 304)
        return fail(answer, FG_E_FORMAT, "the answer has neither a length nor chunks");
    if (counted && !chunked && parser->content_length > answer->request->answer_max)
        return fail(answer, FG_E_SIZE, "the answer's body is larger than allowed");
    answer->answer.status = (uint16_t)parser->status_code;
    answer->in_body = true;
    return 0;
}

static int on_body(http_parser *parser, const char *bytes, size_t length)
{
    struct fg_http_answer *answer = of(parser);
    const struct fg_https_request *request = answer->request;

    if (length > request->answer_max - answer->answer.length)
        return fail(answer, FG_E_SIZE, "the answer's body is larger than allowed");
    if (request->taker != NULL) {
        answer->failure =
            request->taker(request->taker_context, (const uint8_t *)bytes, length, &answer->error);
        if (answer->failure != FG_OK)
            return 1;
    } else if (length > 0) {
        memcpy(request->answer_buffer + answer->answer.length, bytes, length);
    }
    answer->answer.length += length;
    return 0;
}

static int on_end(http_parser *parser)
{
    struct fg_http_answer *answer = of(parser);

    answer->complete = true;
    answer->close = http_should_keep_alive(parser) == 0;
    /* Whatever follows is not ours to read. */
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings callbacks = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head_end,
    .on_body = on_body,
    .on_message_complete = on_end,
};

void fg_http_answer_start(struct fg_http_answer *answer, const struct fg_https_request *request)
{
    memset(answer, 0, sizeof(*answer));
    answer->request = request;
    http_parser_init(&answer->parser, HTTP_RESPONSE);
    answer->parser.data = answer;
}

enum fg_err fg_http_answer_feed(struct fg_http_answer *answer, const uint8_t *bytes, size_t length,
                                struct fg_error *error)
{
    size_t taken;

    if (answer->complete)
        return fg_fail(error, FG_E_FORMAT, "bytes behind the end of the answer");
    if (!answer->in_body) {
        answer->head_bytes += length;
        if (answer->head_bytes > FG_HTTPS_HEAD_MAX + (size_t)FG_HTTPS_HEAD_MAX)
            return fg_fail(error, FG_E_SIZE, "the answer's head is longer than %d bytes", FG_HTTPS_HEAD_MAX);
    }
    taken = http_parser_execute(&answer->parser, &callbacks, (const char *)bytes, length);
    if (answer->failure != FG_OK)
        return fg_fail(error, answer->failure, "%s", answer->error.text);
    if (answer->complete)
        return taken >= length || taken + 1 == length
                   ? FG_OK
                   : fg_fail(error, FG_E_FORMAT, "bytes behind the end of the answer");
    if (HTTP_PARSER_ERRNO(&answer->parser) != HPE_OK || taken != length)
        return fg_fail(error, FG_E_FORMAT, "not an HTTP/1.1 answer: %s",
                       http_errno_description(HTTP_PARSER_ERRNO(&answer->parser)));
    return FG_OK;
}
