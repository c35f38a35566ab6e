/* Random samples at the pages: POST /api/v1/samples draws one and keeps it, GET lists them and shows one,
 * POST /api/v1/samples/{number}/repeat draws again with the same seed from what there is now.
 *
 * A draw goes through the whole population, so only a few run at a time, for a bounded time. Not: the draw
 * (sample.h). Relies on: web_call.h. */
#ifndef FG_HOST_BUREAU_API_AUDIT_SAMPLES_H
#define FG_HOST_BUREAU_API_AUDIT_SAMPLES_H

#include "host/bureau/web/web_call.h"

#define FG_WEB_DRAWS_MAX 2

enum fg_err fg_web_sample_draw(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_samples_list(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_sample_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_sample_repeat(struct fg_web_call *call, struct fg_error *error);

#endif
