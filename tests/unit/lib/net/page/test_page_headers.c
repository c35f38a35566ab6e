/* Tests of lib/net/page/page_headers.h. */
#include <string.h>

#include "lib/net/page/page_headers.h"
#include "tests/lib/check.h"

static const char *value_of(bool https, const char *name)
{
    size_t count = 0;
    const struct fg_answer_header *headers = fg_page_headers(https, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

TEST("pages may load and run nothing but their own files, and nobody may frame them")
{
    const char *policy = value_of(false, "Content-Security-Policy");

    CHECK(policy != NULL);
    CHECK_HAS(policy, "default-src 'none'");
    CHECK_HAS(policy, "script-src 'self';");
    CHECK_HAS(policy, "frame-ancestors 'none'");
    CHECK(strstr(policy, "unsafe") == NULL);
    CHECK(strcmp(value_of(true, "X-Frame-Options"), "DENY") == 0);
    CHECK(strcmp(value_of(true, "Referrer-Policy"), "no-referrer") == 0);
}

TEST("browsers are bound to HTTPS only by HTTPS itself")
{
    CHECK(value_of(false, "Strict-Transport-Security") == NULL);
    CHECK_HAS(value_of(true, "Strict-Transport-Security"), "max-age=");
}
