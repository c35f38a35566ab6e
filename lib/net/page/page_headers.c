/* Implementation of page_headers.h. */
#include "lib/net/page/page_headers.h"

#define CONTENT_POLICY                                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "    \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define PERMISSIONS                                                                                          \
    "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=(), "                              \
    "display-capture=(), midi=()"

static const struct fg_answer_header headers[] = {
    {"Content-Security-Policy", CONTENT_POLICY},
    {"Referrer-Policy", "no-referrer"},
    {"Permissions-Policy", PERMISSIONS},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    /* Last: not sent with plain HTTP. */
    {"Strict-Transport-Security", "max-age=31536000"},
};
#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

const struct fg_answer_header *fg_page_headers(bool https, size_t *ret_count)
{
    *ret_count = https ? HEADER_COUNT : HEADER_COUNT - 1;
    return headers;
}
