/* Implementation of the pages' errors (web_error.h). */
#include "host/bureau/web/web_error.h"

struct entry {
    const char *name;
    uint16_t status;
    const char *texts[FG_LANGUAGE_COUNT];
};

static const struct entry entries[FG_WEB_ERROR_END] = {
#define FG_WEB_ERROR(name, status, english, chinese) [FG_WEB_E_##name] = {#name, status, {english, chinese}},
#include "host/bureau/web/web_errors.def"
#undef FG_WEB_ERROR
};

static bool known(enum fg_web_error error)
{
    return (unsigned)error > FG_WEB_FINE && (unsigned)error < FG_WEB_ERROR_END;
}

const char *fg_web_error_name(enum fg_web_error error)
{
    return known(error) ? entries[error].name : "?";
}

const char *fg_web_error_text(enum fg_language language, enum fg_web_error error)
{
    return known(error) && (unsigned)language < FG_LANGUAGE_COUNT ? entries[error].texts[language] : "?";
}

uint16_t fg_web_error_status(enum fg_web_error error)
{
    return known(error) ? entries[error].status : 500;
}

enum fg_web_error fg_web_error_of(enum fg_err code)
{
    switch (code) {
    case FG_OK:
        return FG_WEB_FINE;
    case FG_E_NOT_FOUND:
        return FG_WEB_E_NOT_FOUND;
    case FG_E_RANGE:
    case FG_E_FORMAT:
    case FG_E_SIZE:
        return FG_WEB_E_BAD_PARAMETER;
    case FG_E_EXISTS:
        return FG_WEB_E_EXISTS;
    case FG_E_DENIED:
        return FG_WEB_E_FORBIDDEN;
    case FG_E_OLD:
        return FG_WEB_E_STALE;
    case FG_E_STATE:
        return FG_WEB_E_CONFLICT;
    case FG_E_BUSY:
    case FG_E_TIMEOUT:
    case FG_E_GONE:
        return FG_WEB_E_BUSY;
    default:
        return FG_WEB_E_FAILED;
    }
}
