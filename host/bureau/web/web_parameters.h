/* What requests of the bureau's pages may say: every parameter of path, query and body by a table that gives
 * its type and bounds.
 *
 * Pure: texts in, values or a refusal out. What a table does not name is refused, and so is what comes twice.
 * Not: what the values mean. Relies on: cJSON. Any thread. */
#ifndef FG_HOST_BUREAU_WEB_WEB_PARAMETERS_H
#define FG_HOST_BUREAU_WEB_WEB_PARAMETERS_H

#include <cjson/cJSON.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_WEB_PARAMETERS_MAX 24
#define FG_WEB_SEGMENT_MAX 127 /* bytes of one segment of a path */
#define FG_WEB_WALL_MS_MAX INT64_C(253402300799999)

enum fg_web_place { FG_WEB_PATH, FG_WEB_QUERY, FG_WEB_BODY };

enum fg_web_type {
    FG_WEB_CODE,   /* of a cylinder: 0-9 A-Z - */
    FG_WEB_NAME,   /* letters, digits, '.', '_', '-' */
    FG_WEB_TEXT,   /* UTF-8 without control characters */
    FG_WEB_LINES,  /* the same with line breaks and tabs */
    FG_WEB_SECRET, /* any UTF-8: passwords */
    FG_WEB_UPPER,  /* A-Z and '_': names of reasons, alarms ... */
    FG_WEB_HEX,    /* lower case */
    FG_WEB_DAY,    /* YYYY-MM-DD; number = days since 1970 */
    FG_WEB_WORD,   /* one of words; number = its place */
    FG_WEB_NUMBER, /* decimal; least and most bound it */
    FG_WEB_BOOL,   /* true or false; number 1 or 0 */
    FG_WEB_KEY,    /* of a page: letters, digits, '.', '_', '~', ':', '-' */
};

struct fg_web_parameter {
    const char *name;
    enum fg_web_place place;
    enum fg_web_type type;
    bool needed;
    int64_t least; /* of a number; of other types bytes */
    int64_t most;
    const char *const *words; /* ended by NULL; only FG_WEB_WORD */
};

struct fg_web_value {
    const char *text; /* NULL = not given; memory of the request */
    int64_t number;
};

/* One value. FG_E_RANGE says what it must be. */
enum fg_err fg_web_value_take(const struct fg_web_parameter *parameter, const char *text,
                              struct fg_web_value *ret_value, struct fg_error *error);

/* Does a decoded path fit a pattern as "/api/v1/entries/{controller}/{sequence}"? Fills segments in the order
 * of the pattern's braces; count of them at most FG_WEB_PARAMETERS_MAX. */
struct fg_web_segments {
    size_t count;
    char text[4][FG_WEB_SEGMENT_MAX + 1];
};
bool fg_web_path_fits(const char *pattern, const char *path, struct fg_web_segments *ret_segments);

/* Segments into values; the table has its path parameters first, in the pattern's order. */
enum fg_err fg_web_segments_take(const struct fg_web_parameter *table, size_t count,
                                 const struct fg_web_segments *segments, struct fg_web_value *values,
                                 struct fg_error *error);

/* One parameter of the query; value NULL = without '='. */
enum fg_err fg_web_query_take(const struct fg_web_parameter *table, size_t count, const char *name,
                              const char *value, struct fg_web_value *values, struct fg_error *error);

/* The body, a JSON object. The values point into *ret_body, which the caller wipes and deletes, also after a
 * failure (NULL then when nothing was parsed). FG_E_FORMAT: no such object; FG_E_RANGE: a member. */
enum fg_err fg_web_body_take(const struct fg_web_parameter *table, size_t count, const uint8_t *bytes,
                             size_t length, struct fg_web_value *values, cJSON **ret_body,
                             struct fg_error *error);

/* Is everything there that must be? FG_E_RANGE. */
enum fg_err fg_web_values_check(const struct fg_web_parameter *table, size_t count,
                                const struct fg_web_value *values, struct fg_error *error);

#endif
