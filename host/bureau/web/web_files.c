/* Implementation of the pages' files (web_files.h). */
#include "host/bureau/web/web_files.h"

#include <string.h>

static const struct fg_page_file *file_find(const char *path)
{
    for (size_t i = 0; i < fg_web_files_count; i++) {
        if (strcmp(fg_web_files[i].path, path) == 0)
            return &fg_web_files[i];
    }
    return NULL;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".json", "application/json; charset=utf-8"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i][0], dot) == 0)
            return types[i][1];
    }
    /* Pages go by their names alone. */
    return dot == NULL ? types[0][1] : "application/octet-stream";
}

/* One coding by name, not "gzip;q=0". */
static bool takes_gzip(const char *accept)
{
    const char *at = accept != NULL ? strstr(accept, "gzip") : NULL;

    return at != NULL && strncmp(at, "gzip;q=0", 8) != 0;
}

bool fg_web_file_answer(struct fg_web_call *call)
{
    const struct fg_page_file *file = file_find(call->request->path);
    const char *known = fg_request_header(call->request, "If-None-Match");
    bool packed;

    if (file == NULL)
        return false;
    packed = file->gzip != NULL && takes_gzip(fg_request_header(call->request, "Accept-Encoding"));
    fg_web_header(call, "ETag", file->etag);
    fg_web_header(call, "Cache-Control", "no-cache");
    fg_web_header(call, "Vary", "Accept-Encoding");
    if (known != NULL && strcmp(known, file->etag) == 0) {
        fg_answer_bytes(call->answer, 304, NULL, 0);
    } else if (packed) {
        fg_answer_bytes(call->answer, 200, file->gzip, file->gzip_length);
        fg_web_header(call, "Content-Encoding", "gzip");
    } else {
        fg_answer_bytes(call->answer, 200, file->bytes, file->length);
    }
    call->answer->content_type = type_of(file->path);
    return true;
}
