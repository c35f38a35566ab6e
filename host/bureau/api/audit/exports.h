/* Exports at the pages: GET /api/v1/export/{format} streams the history, GET /api/v1/exports/{id} gives the
 * signed summary once the stream has come to its end.
 *
 * A few at a time, of one person and altogether. Who takes the bytes too slowly is cut off. The trail has two
 * records of each: EXPORT when it begins, with the filter (the guard writes it), and EXPORT_DONE or
 * EXPORT_GIVEN_UP with the count. Not: the stream itself (export_stream.h). Relies on: web_call.h. */
#ifndef FG_HOST_BUREAU_API_AUDIT_EXPORTS_H
#define FG_HOST_BUREAU_API_AUDIT_EXPORTS_H

#include "host/bureau/web/web_call.h"

#define FG_WEB_EXPORTS_OF_ONE 2
#define FG_WEB_EXPORTS_MAX 4

struct fg_web_exports;

enum fg_err fg_web_exports_new(struct fg_web *web, struct fg_web_exports **ret_exports,
                               struct fg_error *error);
void fg_web_exports_free(struct fg_web_exports *exports); /* none runs any more; may be NULL */

enum fg_err fg_web_export(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_export_show(struct fg_web_call *call, struct fg_error *error);

#endif
