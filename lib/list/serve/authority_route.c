/* Implementation of handing the authority's certificates out (authority_route.h). */
#include "lib/list/serve/authority_route.h"

#include <stdlib.h>
#include <string.h>

#include "lib/list/serve/list_folder.h"
#include "proto/hop/authority_update.h"
#include "proto/journal/sync.h"

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

static void serve_change(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const char *text = fg_request_query(request, "after");
    uint8_t *bytes = NULL;
    uint64_t after = 0;
    size_t length = 0;
    enum fg_err code = FG_E_MEMORY;

    if (text == NULL || (strcmp(text, "0") != 0 && !fg_folder_number(text, strnlen(text, 20), &after))) {
        fg_answer_text(ret_answer, 400, "after= must be a whole number");
        return;
    }
    bytes = malloc(FG_AUTHORITY_CHANGE_BYTES_MAX);
    if (bytes != NULL)
        code = fg_authority_change_kept(context, after, bytes, &length, NULL);
    if (code == FG_OK)
        fg_answer_bytes(ret_answer, 200, bytes, length);
    else if (code == FG_E_NOT_FOUND)
        fg_answer_text(ret_answer, 404, "there is no newer change of authorities");
    else
        fg_answer_text(ret_answer, 503, "the changes of authorities cannot be read just now");
    free(bytes);
}

struct fg_route fg_authority_changes_route(const char *ca_path)
{
    return (struct fg_route){"GET",        FG_SYNC_PATH_AUTHORITIES,  0, false,
                             serve_change, (void *)(uintptr_t)ca_path};
}
