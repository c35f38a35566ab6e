/* Reading answers (lib/net/http_answer): whole and in pieces of every size, bounds to the byte, what is
 * refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/http_answer.h"
#include "tests/lib/check.h"

#define BODY_MAX 64

static uint8_t body[BODY_MAX];
static const struct fg_https_request request = {
    .method = "GET", .path = "/", .answer_max = BODY_MAX, .answer_buffer = body};

/* Feeds the text in pieces of at most this size, each in memory of its own so that nothing beyond is read. */
static enum fg_err feed(struct fg_http_answer *answer, const char *text, size_t length, size_t piece,
                        struct fg_error *error)
{
    enum fg_err result = FG_OK;

    fg_http_answer_start(answer, &request);
    for (size_t at = 0; at < length && result == FG_OK; at += piece) {
        size_t take = length - at < piece ? length - at : piece;
        uint8_t *copy = malloc(take);

        CHECK(copy != NULL);
        memcpy(copy, text + at, take);
        result = fg_http_answer_feed(answer, copy, take, error);
        free(copy);
    }
    return result;
}

TEST("an answer is the same however it is cut into pieces")
{
    static const char *const texts[] = {
        "HTTP/1.1 206 Partial\r\nETag: \"7\"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: "
        "5\r\n\r\nhello",
        "HTTP/1.1 206 Partial\r\nTransfer-Encoding: chunked\r\nETag: \"7\"\r\nDate: Sun, 06 Nov 1994 "
        "08:49:37 "
        "GMT\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 206 Partial\r\nTransfer-Encoding: chunked\r\nETag: \"7\"\r\nDate: Sun, 06 Nov 1994 "
        "08:49:37 "
        "GMT\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"};
    struct fg_http_answer answer;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t piece = 1; piece <= strlen(texts[i]); piece++) {
            memset(body, 0, sizeof(body));
            CHECK_OK(feed(&answer, texts[i], strlen(texts[i]), piece, &error), &error);
            CHECK(answer.complete);
            CHECK(!answer.close);
            CHECK_INT(answer.answer.status, 206);
            CHECK_INT(answer.answer.length, 5);
            CHECK_BYTES(body, "hello", 6);
            CHECK_TEXT(answer.answer.etag, "\"7\"");
            CHECK_INT(answer.answer.date_ms, INT64_C(784111777000));
        }
    }
}

TEST("BAD-INPUT-IS-SAFE: what is no answer of ours is refused in pieces of every size")
{
    static const struct {
        const char *text;
        enum fg_err code;
        const char *says;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", FG_E_FORMAT, "after the end"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nH", FG_E_FORMAT, "after the end"},
        {"HTTP/1.1 204 No\r\n\r\nH", FG_E_FORMAT, "after the end"},
        {"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\nhello", FG_E_FORMAT, "after the end"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nH", FG_E_FORMAT,
         "after the end"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", FG_E_SIZE, "larger than allowed"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         FG_E_SIZE, "larger than allowed"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", FG_E_FORMAT, "not an HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", FG_E_FORMAT, "not an HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", FG_E_FORMAT,
         "not an HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", FG_E_FORMAT, "not an HTTP"},
        {"HTTP/1.1 200 OK\r\n\r\nabc", FG_E_FORMAT, "neither a length nor chunks"},
        {"HTTP/1.1 100 Continue\r\n\r\n", FG_E_FORMAT, "interim"},
        {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", FG_E_FORMAT, "not HTTP/1"},
        {"GET / HTTP/1.1\r\n\r\n", FG_E_FORMAT, "not an HTTP"},
    };
    struct fg_http_answer answer;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].text); piece++) {
            CHECK_INT(feed(&answer, cases[i].text, strlen(cases[i].text), piece, &error), cases[i].code);
            CHECK_HAS(error.text, cases[i].says);
        }
    }
}

/* A head of exactly this many bytes, then a body of one byte. */
static size_t head_of(char *text, size_t head_bytes)
{
    static const char start[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: ";
    static const char end[] = "\r\n\r\na";

    memset(text, 'x', head_bytes);
    memcpy(text, start, sizeof(start) - 1);
    memcpy(text + head_bytes - 4, end, sizeof(end) - 1);
    return head_bytes + 1;
}

TEST("BAD-INPUT-IS-SAFE: a head of FG_HTTPS_HEAD_MAX bytes is read, one byte more is too long")
{
    static const size_t pieces[] = {1, 1000, FG_HTTPS_HEAD_MAX - 1, FG_HTTPS_HEAD_MAX, FG_HTTPS_HEAD_MAX + 2};
    static char text[FG_HTTPS_HEAD_MAX + 8];
    struct fg_http_answer answer;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t length = head_of(text, FG_HTTPS_HEAD_MAX);

        CHECK_OK(feed(&answer, text, length, pieces[i], &error), &error);
        CHECK(answer.complete);
        length = head_of(text, FG_HTTPS_HEAD_MAX + 1);
        CHECK_INT(feed(&answer, text, length, pieces[i], &error), FG_E_SIZE);
        CHECK_HAS(error.text, "head is longer than 8192 bytes");
    }
}

TEST("answers without a body need no length, and a header too long for us is left out, not cut")
{
    static const char long_etag[] =
        "HTTP/1.1 304 Same\r\nContent-Length: 70\r\nETag: "
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012"
        "345678901234567890\"\r\nDate: tomorrow\r\n\r\n";
    static const char long_name[] = "HTTP/1.1 204 No\r\nX-0123456789012345678901234567890ETag: 7\r\n"
                                    "Connection: close\r\n\r\n";
    struct fg_http_answer answer;
    struct fg_error error;

    for (size_t piece = 1; piece < sizeof(long_etag); piece++) {
        CHECK_OK(feed(&answer, long_etag, sizeof(long_etag) - 1, piece, &error), &error);
        CHECK(answer.complete);
        CHECK_INT(answer.answer.status, 304);
        CHECK_INT(answer.answer.length, 0);
        CHECK_TEXT(answer.answer.etag, "");
        CHECK_INT(answer.answer.date_ms, 0);
    }
    for (size_t piece = 1; piece < sizeof(long_name); piece++) {
        CHECK_OK(feed(&answer, long_name, sizeof(long_name) - 1, piece, &error), &error);
        CHECK(answer.complete);
        CHECK(answer.close);
        CHECK_TEXT(answer.answer.etag, "");
    }
}

static enum fg_err refuse(void *context, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    (void)bytes;
    *(size_t *)context += length;
    return fg_fail(error, FG_E_FULL, "the disk is full");
}

TEST("a taker that refuses ends the answer with its reason")
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    size_t taken = 0;
    struct fg_https_request with_taker = {
        .method = "GET", .path = "/", .answer_max = BODY_MAX, .taker = refuse, .taker_context = &taken};
    struct fg_http_answer answer;
    struct fg_error error;

    fg_http_answer_start(&answer, &with_taker);
    CHECK_INT(fg_http_answer_feed(&answer, (const uint8_t *)text, sizeof(text) - 1, &error), FG_E_FULL);
    CHECK_TEXT(error.text, "the disk is full");
    CHECK_INT(taken, 3);
}
