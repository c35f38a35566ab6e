/* The pages' files, made from host/bureau/pages, and how they are answered.
 *
 * Relies on: web_call.h. */
#ifndef FG_HOST_BUREAU_WEB_WEB_FILES_H
#define FG_HOST_BUREAU_WEB_WEB_FILES_H

#include "host/bureau/web/web_call.h"
#include "lib/net/page/page_file.h"

extern const struct fg_page_file fg_web_files[];
extern const size_t fg_web_files_count;

/* Answers a GET of a file; false: there is none of this path. */
bool fg_web_file_answer(struct fg_web_call *call);

#endif
