/* One page of a list as JSON: its rows, and under "next" the key behind which the next page begins ("" on the
 * last one).
 *
 * Whoever lists asks its table for page.limit + 1 rows: the one too many tells that there is a next page, and
 * is not written. Not: which rows, in which order, and what their keys are.
 * Relies on: web_call.h, host/sql. */
#ifndef FG_HOST_BUREAU_WEB_WEB_PAGE_H
#define FG_HOST_BUREAU_WEB_WEB_PAGE_H

#include "host/bureau/web/web_call.h"
#include "host/sql/sql.h"

#define FG_WEB_PAGE_ROWS 50 /* when the request does not say */

struct fg_web_page {
    struct fg_web_json json;
    cJSON *array;
    int64_t limit;
    int64_t count; /* rows met, the one too many among them */
    char last[FG_WEB_SEGMENT_MAX * 3];
};

/* Rows go into the array of this name. */
void fg_web_page_start(struct fg_web_page *page, struct fg_web_call *call, const char *name);
/* The object of one more row; NULL: the page is full. */
cJSON *fg_web_page_push(struct fg_web_page *page);
/* The object of the statement's next row. NULL: none or the page is full, *ret_result says which or why. */
cJSON *fg_web_page_next(struct fg_web_page *page, struct fg_sql_statement *statement, enum fg_err *ret_result,
                        struct fg_error *error);
/* The key of the row just written. */
void fg_web_page_key(struct fg_web_page *page, const char *key);
void fg_web_page_key_number(struct fg_web_page *page, int64_t key);
/* Answers, unless result says that the rows failed: FG_OK and FG_E_NOT_FOUND (their end) do not. Releases the
 * page either way. */
enum fg_err fg_web_page_end(struct fg_web_page *page, struct fg_web_call *call, enum fg_err result);

#endif
