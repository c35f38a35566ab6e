/* Answers of the HTTPS server: headers, bodies from memory, files and sources, ranges (private.h).
 *
 * Each piece of a file or source that the peer takes gives the connection a new deadline, so that a long
 * answer over a slow line is not cut, and a peer that takes nothing is. Not: what is answered. Relies on:
 * libmicrohttpd. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "lib/net/server/private.h"

#define BLOCK_BYTES 32768
#define TEXT_BYTES 512
#define PAUSE_NS 50000000L /* between two questions to a source that has nothing */
#define OWN_THREAD_PAUSE_NS 1000000L

/* ---- for handlers ---- */

static void answer_clear_body(struct fg_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
    answer->body_length = 0;
}

void fg_answer_bytes(struct fg_answer *answer, uint16_t status, const void *bytes, size_t length)
{
    answer_clear_body(answer);
    answer->status = 500;
    answer->body = malloc(length > 0 ? length : 1);
    if (answer->body == NULL)
        return;
    if (length > 0)
        memcpy(answer->body, bytes, length);
    answer->body_length = length;
    answer->status = status;
}

void fg_answer_text(struct fg_answer *answer, uint16_t status, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    length = strlen(text);
    text[length++] = '\n';
    fg_answer_bytes(answer, status, text, length);
    answer->content_type = "text/plain; charset=utf-8";
}

/* ---- ranges ---- */

/* A decimal number that fits; *at moves behind it. */
static bool take_number(const char **at, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *start = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');

        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return *at != start;
}

/* "FROM-[TO]" or "-LAST". False: not one of these. */
static bool parse_bounds(const char *text, uint64_t length, uint64_t *ret_from, uint64_t *ret_end)
{
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;

    if (text[0] == '-') {
        text++;
        if (!take_number(&text, &last) || *text != '\0')
            return false;
        *ret_from = last >= length ? 0 : length - last;
        *ret_end = last == 0 ? *ret_from : length;
        return true;
    }
    if (!take_number(&text, &first) || *text++ != '-')
        return false;
    if (*text != '\0' && (!take_number(&text, &last) || *text != '\0' || last < first))
        return false;
    *ret_from = first;
    *ret_end = last >= length ? length : last + 1;
    return true;
}

void fg_server_range_parse(const char *header, uint64_t length, uint16_t *ret_status, uint64_t *ret_from,
                           uint64_t *ret_length)
{
    uint64_t from = 0;
    uint64_t end = 0;

    *ret_status = 200;
    *ret_from = 0;
    *ret_length = length;
    /* Several ranges, or what is none, may be answered with the whole (RFC 9110, 14.2). */
    if (header == NULL || strncmp(header, "bytes=", 6) != 0 || !parse_bounds(header + 6, length, &from, &end))
        return;
    if (from >= end) {
        *ret_status = 416;
        *ret_length = 0;
        return;
    }
    *ret_status = 206;
    *ret_from = from;
    *ret_length = end - from;
}

/* ---- bodies that are read piece by piece ---- */

struct stream {
    struct fg_server_connection *connection;
    int file_descriptor;
    uint64_t file_offset;
    fg_answer_source source;
    void *source_context;
    void (*source_free)(void *context);
};

static void stream_free(void *context)
{
    struct stream *stream = context;

    if (stream->file_descriptor >= 0)
        (void)close(stream->file_descriptor);
    if (stream->source_free != NULL)
        stream->source_free(stream->source_context);
    free(stream);
}

static ssize_t stream_file(void *context, uint64_t offset, char *buffer, size_t capacity)
{
    struct stream *stream = context;
    ssize_t count = pread(stream->file_descriptor, buffer, capacity, (off_t)(stream->file_offset + offset));

    fg_server_connection_enter(stream->connection, FG_SERVER_ANSWERING);
    return count > 0 ? count : MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t stream_source(void *context, uint64_t offset, char *buffer, size_t capacity)
{
    struct stream *stream = context;
    size_t length = 0;
    enum fg_err result;

    if (fg_server_stopping(stream->connection->server))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    fg_server_connection_enter(stream->connection, FG_SERVER_HANDLING);
    result = stream->source(stream->source_context, offset, (uint8_t *)buffer, capacity, &length);
    fg_server_connection_enter(stream->connection, FG_SERVER_ANSWERING);
    if (result == FG_E_BUSY) {
        bool own = stream->connection->server->settings.thread_per_connection;

        (void)nanosleep(&(struct timespec){.tv_nsec = own ? OWN_THREAD_PAUSE_NS : PAUSE_NS}, NULL);
        return 0;
    }
    if (result != FG_OK || length > capacity)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return length > 0 ? (ssize_t)length : MHD_CONTENT_READER_END_OF_STREAM;
}

/* Takes over what the answer owns of files and sources. */
static struct stream *stream_new(struct fg_server_connection *connection, struct fg_answer *answer)
{
    struct stream *stream = malloc(sizeof(*stream));

    if (stream == NULL)
        return NULL;
    *stream = (struct stream){.connection = connection,
                              .file_descriptor = answer->file_descriptor,
                              .file_offset = answer->file_offset,
                              .source = answer->source,
                              .source_context = answer->source_context,
                              .source_free = answer->source_free};
    answer->file_descriptor = -1;
    answer->source_free = NULL;
    return stream;
}

static struct MHD_Response *stream_response(struct fg_server_connection *connection, struct fg_answer *answer,
                                            uint64_t from, uint64_t length)
{
    bool file = answer->file_descriptor >= 0;
    struct stream *stream = stream_new(connection, answer);
    struct MHD_Response *response;

    if (stream == NULL)
        return NULL;
    stream->file_offset += from;
    response = MHD_create_response_from_callback(file ? length : MHD_SIZE_UNKNOWN, BLOCK_BYTES,
                                                 file ? stream_file : stream_source, stream, stream_free);
    if (response == NULL)
        stream_free(stream);
    return response;
}

/* ---- the response ---- */

static const char *answer_header(const struct fg_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    }
    return NULL;
}

static void answer_release(struct fg_answer *answer)
{
    answer_clear_body(answer);
    if (answer->file_descriptor >= 0)
        (void)close(answer->file_descriptor);
    answer->file_descriptor = -1;
    if (answer->source_free != NULL)
        answer->source_free(answer->source_context);
    answer->source_free = NULL;
}

/* The range that the request wants of a file answer; sets status and Content-Range. */
static void choose_range(struct MHD_Connection *library, struct fg_answer *answer, uint64_t *ret_from,
                         uint64_t *ret_length, char *content_range, size_t capacity)
{
    const char *range = MHD_lookup_connection_value(library, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
    const char *condition = MHD_lookup_connection_value(library, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_RANGE);
    const char *etag = answer_header(answer, MHD_HTTP_HEADER_ETAG);
    uint64_t total = answer->file_length;

    *ret_from = 0;
    *ret_length = total;
    content_range[0] = '\0';
    if (answer->status != 200 || (condition != NULL && (etag == NULL || strcmp(condition, etag) != 0)))
        return;
    fg_server_range_parse(range, total, &answer->status, ret_from, ret_length);
    if (answer->status == 206)
        (void)snprintf(content_range, capacity, "bytes %llu-%llu/%llu", (unsigned long long)*ret_from,
                       (unsigned long long)(*ret_from + *ret_length - 1), (unsigned long long)total);
    else if (answer->status == 416)
        (void)snprintf(content_range, capacity, "bytes */%llu", (unsigned long long)total);
}

static struct MHD_Response *make_response(struct fg_server_connection *connection,
                                          struct MHD_Connection *library, struct fg_answer *answer)
{
    char content_range[96] = "";
    uint64_t from = 0;
    uint64_t length = 0;
    bool file = answer->file_descriptor >= 0;
    struct MHD_Response *response;
    void *body;

    if (file)
        choose_range(library, answer, &from, &length, content_range, sizeof(content_range));
    if ((file && length > 0) || (!file && answer->source != NULL)) {
        response = stream_response(connection, answer, from, length);
    } else {
        body = answer->body;
        response =
            MHD_create_response_from_buffer(body != NULL ? answer->body_length : 0, body,
                                            body != NULL ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
        if (response != NULL)
            answer->body = NULL;
    }
    if (response != NULL && file)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (response != NULL && content_range[0] != '\0')
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, content_range);
    return response;
}

/* The Date that clients compare their clocks with: ours, not the system's. */
static void add_date(struct MHD_Response *response, const struct fg_server_settings *settings)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(settings->now_ms(settings->now_context) / 1000);
    struct tm parts;
    char text[64];

    if (gmtime_r(&now, &parts) == NULL)
        return;
    (void)snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                   parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                   parts.tm_sec);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, text);
}

static void add_headers(struct MHD_Response *response, const struct fg_answer *answer,
                        const struct fg_server_settings *settings, const char *allow)
{
    size_t count =
        answer->header_count < FG_SERVER_HEADERS_MAX ? answer->header_count : FG_SERVER_HEADERS_MAX;

    if (answer_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE) == NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      answer->content_type != NULL ? answer->content_type
                                                                   : "application/octet-stream");
    if (answer_header(answer, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < settings->header_count; i++) {
        if (answer_header(answer, settings->headers[i].name) == NULL)
            (void)MHD_add_response_header(response, settings->headers[i].name, settings->headers[i].value);
    }
    if (answer_header(answer, MHD_HTTP_HEADER_DATE) == NULL)
        add_date(response, settings);
    for (size_t i = 0; i < count; i++)
        (void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    if (allow != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    if (answer->close)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

enum MHD_Result fg_server_answer_send(struct fg_server_connection *connection, struct MHD_Connection *library,
                                      struct fg_answer *answer, const char *allow)
{
    struct MHD_Response *response;
    enum MHD_Result result = MHD_NO;

    if (answer->status < 200 || answer->status > 599)
        answer->status = 500;
    if (answer->header_count > FG_SERVER_HEADERS_MAX)
        answer->header_count = FG_SERVER_HEADERS_MAX;
    response = make_response(connection, library, answer);
    if (response != NULL) {
        add_headers(response, answer, &connection->server->settings, allow);
        result = MHD_queue_response(library, answer->status, response);
        MHD_destroy_response(response);
    }
    answer_release(answer);
    return result;
}
