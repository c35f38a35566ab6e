/* Implementation of pages of a list (web_page.h). */
#include "host/bureau/web/web_page.h"

#include <inttypes.h>
#include <stdio.h>

void fg_web_page_start(struct fg_web_page *page, struct fg_web_call *call, const char *name)
{
    page->limit = fg_web_number_of(call, "limit", FG_WEB_PAGE_ROWS);
    page->count = 0;
    page->last[0] = '\0';
    fg_web_json_start(&page->json);
    page->array = fg_web_json_array(&page->json, page->json.root, name);
}

cJSON *fg_web_page_push(struct fg_web_page *page)
{
    return ++page->count > page->limit ? NULL : fg_web_json_push(&page->json, page->array);
}

cJSON *fg_web_page_next(struct fg_web_page *page, struct fg_sql_statement *statement, enum fg_err *ret_result,
                        struct fg_error *error)
{
    *ret_result = fg_sql_next(statement, error);
    return *ret_result == FG_OK ? fg_web_page_push(page) : NULL;
}

void fg_web_page_key(struct fg_web_page *page, const char *key)
{
    (void)snprintf(page->last, sizeof(page->last), "%s", key);
}

void fg_web_page_key_number(struct fg_web_page *page, int64_t key)
{
    (void)snprintf(page->last, sizeof(page->last), "%" PRId64, key);
}

enum fg_err fg_web_page_end(struct fg_web_page *page, struct fg_web_call *call, enum fg_err result)
{
    if (result != FG_OK && result != FG_E_NOT_FOUND) {
        fg_web_json_free(&page->json);
        return result;
    }
    fg_web_json_text(&page->json, page->json.root, "next", page->count > page->limit ? page->last : "");
    return fg_web_answer_json(call, 200, &page->json);
}
