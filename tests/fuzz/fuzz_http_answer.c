/* HTTP answers in pieces of any size. */
#include <stddef.h>
#include <stdint.h>

#include "lib/net/http_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t body[256];
    struct fg_https_request request = {
        .method = "GET", .path = "/", .answer_max = sizeof(body), .answer_buffer = body};
    struct fg_http_answer answer;
    struct fg_error error;
    size_t piece = length > 0 ? (size_t)bytes[0] + 1 : 1;

    fg_http_answer_start(&answer, &request);
    for (size_t at = 1; at < length; at += piece) {
        size_t take = length - at < piece ? length - at : piece;

        if (fg_http_answer_feed(&answer, bytes + at, take, &error) != FG_OK)
            break;
    }
    return 0;
}
