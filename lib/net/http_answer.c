/* Implementation of reading answers (http_answer.h). */
#include "lib/net/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The library's word for "no body follows" as the result of on_headers_complete. */
#define SKIP_BODY 1

static struct fg_http_answer *of(http_parser *parser)
{
    return parser->data;
}

/* A negative result of a callback ends the parsing (1 has another meaning at the end of the head); the reason
 * is kept. */
static int fail(struct fg_http_answer *answer, enum fg_err code, const char *text)
{
    answer->failure = fg_fail(&answer->error, code, "%s", text);
    return -1;
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
    bool whole = !answer->name_cut && !answer->value_cut;

    if (whole && strcasecmp(answer->name, "etag") == 0)
        (void)snprintf(answer->answer.etag, sizeof(answer->answer.etag), "%s", answer->value);
    if (whole && strcasecmp(answer->name, "date") == 0)
        answer->answer.date_ms = date_parse(answer->value);
    answer->name[0] = '\0';
    answer->value[0] = '\0';
    answer->name_cut = false;
    answer->value_cut = false;
    answer->value_begun = false;
}

/* What is too long for us is none of the headers that we look at. */
static void append(char *text, size_t capacity, const char *bytes, size_t length, bool *cut)
{
    size_t used = strlen(text);

    if (*cut || length >= capacity - used) {
        *cut = true;
        return;
    }
    memcpy(text + used, bytes, length);
    text[used + length] = '\0';
}

static int on_field(http_parser *parser, const char *bytes, size_t length)
{
    struct fg_http_answer *answer = of(parser);

    if (answer->value_begun)
        header_keep(answer);
    append(answer->name, sizeof(answer->name), bytes, length, &answer->name_cut);
    return 0;
}

static int on_value(http_parser *parser, const char *bytes, size_t length)
{
    struct fg_http_answer *answer = of(parser);

    answer->value_begun = true;
    append(answer->value, sizeof(answer->value), bytes, length, &answer->value_cut);
    return 0;
}

static int on_head_end(http_parser *parser)
{
    struct fg_http_answer *answer = of(parser);
    bool chunked = (parser->flags & F_CHUNKED) != 0;
    bool counted = parser->content_length != UINT64_MAX;
    /* These have no body, whatever length they name. */
    bool bodiless = parser->status_code == 204 || parser->status_code == 304;

    header_keep(answer);
    if (parser->http_major != 1)
        return fail(answer, FG_E_FORMAT, "the answer is not HTTP/1");
    /* 100 Continue has no body and another answer behind it; we never ask for it. */
    if (parser->status_code < 200)
        return fail(answer, FG_E_FORMAT, "an interim answer that nobody asked for");
    if (!chunked && !counted && !bodiless)
        return fail(answer, FG_E_FORMAT, "the answer has neither a length nor chunks");
    if (counted && !bodiless && parser->content_length > answer->request->answer_max)
        return fail(answer, FG_E_SIZE, "the answer's body is larger than allowed");
    answer->answer.status = (uint16_t)parser->status_code;
    answer->in_body = true;
    return bodiless ? SKIP_BODY : 0;
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
            return -1;
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

/* Bytes of the head, or of the body, or of both: the caller sees to the head's bound. */
static enum fg_err piece_feed(struct fg_http_answer *answer, const uint8_t *bytes, size_t length,
                              struct fg_error *error)
{
    size_t taken;

    if (answer->complete)
        return fg_fail(error, FG_E_FORMAT, "bytes after the end of the answer");
    taken = http_parser_execute(&answer->parser, &callbacks, (const char *)bytes, length);
    if (answer->failure != FG_OK)
        return fg_fail(error, answer->failure, "%s", answer->error.text);
    if (answer->complete)
        return taken == length ? FG_OK : fg_fail(error, FG_E_FORMAT, "bytes after the end of the answer");
    if (HTTP_PARSER_ERRNO(&answer->parser) != HPE_OK || taken != length)
        return fg_fail(error, FG_E_FORMAT, "not an HTTP/1.1 answer: %s",
                       http_errno_description(HTTP_PARSER_ERRNO(&answer->parser)));
    return FG_OK;
}

enum fg_err fg_http_answer_feed(struct fg_http_answer *answer, const uint8_t *bytes, size_t length,
                                struct fg_error *error)
{
    enum fg_err result = FG_OK;
    size_t room = FG_HTTPS_HEAD_MAX - answer->head_bytes;
    size_t first = answer->in_body || length < room ? length : room;

    /* No more than may be head is given to the parser before the head has ended. */
    if (first > 0)
        result = piece_feed(answer, bytes, first, error);
    if (result == FG_OK && !answer->in_body) {
        answer->head_bytes += first;
        if (answer->head_bytes == FG_HTTPS_HEAD_MAX)
            result =
                fg_fail(error, FG_E_SIZE, "the answer's head is longer than %d bytes", FG_HTTPS_HEAD_MAX);
    }
    if (result == FG_OK && first < length)
        result = piece_feed(answer, bytes + first, length - first, error);
    return result;
}
