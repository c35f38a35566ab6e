/* What the bureau's pages are told when a request is refused: names, statuses, texts in both languages.
 *
 * Not: sending them (web_call.h). Relies on: host/bureau/web/web_errors.def. Any thread. */
#ifndef FG_HOST_BUREAU_WEB_WEB_ERROR_H
#define FG_HOST_BUREAU_WEB_WEB_ERROR_H

#include "lib/base/err.h"
#include "lib/domain/catalogue.h"

enum fg_web_error {
    FG_WEB_FINE = 0,
#define FG_WEB_ERROR(name, status, english, chinese) FG_WEB_E_##name,
#include "host/bureau/web/web_errors.def"
#undef FG_WEB_ERROR
    FG_WEB_ERROR_END
};

/* Never NULL; "?" and 500 for an unknown one. */
const char *fg_web_error_name(enum fg_web_error error);
const char *fg_web_error_text(enum fg_language language, enum fg_web_error error);
uint16_t fg_web_error_status(enum fg_web_error error);

/* What a failed call of the bureau's other parts is for the page. */
enum fg_web_error fg_web_error_of(enum fg_err code);

#endif
