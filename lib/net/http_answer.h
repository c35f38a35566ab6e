/* Reading HTTP/1.1 answers from bytes as they come, with bounds, by the http-parser library.
 *
 * Not: the connection (https_client.c). Relies on: http-parser. One object, one thread at a time. */
#ifndef FG_LIB_NET_HTTP_ANSWER_H
#define FG_LIB_NET_HTTP_ANSWER_H

#include <http_parser.h>

#include "lib/net/https_client.h"

enum fg_http_field { FG_HTTP_FIELD_OTHER, FG_HTTP_FIELD_ETAG, FG_HTTP_FIELD_DATE };

struct fg_http_answer {
    http_parser parser;
    const struct fg_https_request *request;
    struct fg_https_answer answer;
    size_t head_bytes;
    bool in_body;
    bool complete;
    bool close; /* the connection must not be used again */
    bool value_begun;
    char name[32]; /* as value: "" when longer than fits, so that no part is taken for the whole */
    char value[80];
    bool name_cut;
    bool value_cut;
    enum fg_err failure;
    struct fg_error error; /* when failure is not FG_OK */
};

/* request must stay while the answer is read: its taker or buffer gets the body, its answer_max is the bound.
 */
void fg_http_answer_start(struct fg_http_answer *answer, const struct fg_https_request *request);

/* Takes bytes; answer->complete tells that the answer is whole. FG_E_FORMAT: no HTTP/1.1 answer, or one
 * without a length; FG_E_SIZE: a head longer than FG_HTTPS_HEAD_MAX or a body larger than allowed; or what
 * the taker returned. Bytes behind a whole answer are FG_E_FORMAT: nobody asked for more. */
enum fg_err fg_http_answer_feed(struct fg_http_answer *answer, const uint8_t *bytes, size_t length,
                                struct fg_error *error);

#endif
