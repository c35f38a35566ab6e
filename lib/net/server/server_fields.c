/* Header fields that are refused since others on the way could read them differently (private.h): what a
 * proxy takes for one request must not be two here.
 *
 * Not: what fields mean. Relies on: libmicrohttpd, which splits a line at its first colon. */
#include <string.h>
#include <strings.h>

#include "lib/net/server/private.h"

/* What a field's name consists of (RFC 9110, 5.6.2). */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

/* Fields that decide how a request is read or whom it is for. */
static const char *const single_fields[] = {
    MHD_HTTP_HEADER_HOST,   MHD_HTTP_HEADER_CONTENT_LENGTH, MHD_HTTP_HEADER_TRANSFER_ENCODING,
    MHD_HTTP_HEADER_ORIGIN, MHD_HTTP_HEADER_CONTENT_TYPE,   "X-Fillgate-Token",
};
#define SINGLE_COUNT (sizeof(single_fields) / sizeof(single_fields[0]))

struct look {
    unsigned counts[SINGLE_COUNT];
    const char *refusal;
};

static enum MHD_Result field_look(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct look *look = context;

    (void)kind;
    (void)value;
    if (name[0] == '\0' || name[strspn(name, NAME_CHARACTERS)] != '\0') {
        look->refusal = "the name of a header field has a blank or another character that no name has";
        return MHD_NO;
    }
    for (size_t i = 0; i < SINGLE_COUNT; i++) {
        if (strcasecmp(name, single_fields[i]) == 0 && ++look->counts[i] > 1) {
            look->refusal = "a header field that may come once came twice";
            return MHD_NO;
        }
    }
    return MHD_YES;
}

const char *fg_server_fields_check(struct MHD_Connection *library)
{
    struct look look = {.refusal = NULL};

    (void)MHD_get_connection_values(library, MHD_HEADER_KIND, field_look, &look);
    if (look.refusal == NULL && look.counts[1] > 0 && look.counts[2] > 0)
        look.refusal = "the request announces its length in two ways";
    return look.refusal;
}
