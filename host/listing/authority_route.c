/* Implementation of handing the authority's certificates out (authority_route.h). */
#include "host/listing/authority_route.h"

#include <stdlib.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/sync.h"

static void serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_authority *authority = malloc(sizeof(*authority));

    (void)request;
    if (authority == NULL || fg_authority_read(context, authority, NULL) != FG_OK) {
        fg_answer_text(ret_answer, 503, "the authority's certificate cannot be read just now; try again");
    } else {
        fg_answer_bytes(ret_answer, 200, authority->pem, strlen(authority->pem));
        ret_answer->content_type = "application/x-pem-file";
    }
    free(authority);
}

struct fg_route fg_authority_route(const char *ca_path)
{
    return (struct fg_route){"GET", FG_SYNC_PATH_AUTHORITY, 0, false, serve, (void *)(uintptr_t)ca_path};
}
