/* A line of log as it reaches whoever reads it: without what a tag, a device or a socket could hide in it. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/record/point_log.h"
#include "tests/lib/check.h"

static char heard[1024];
static int lines;

static void say(void *context, const char *line)
{
    lines += *(const int *)context;
    (void)snprintf(heard, sizeof(heard), "%s", line);
}

static const int one = 1;
static const struct fg_log test_log = {say, (void *)&one};

TEST("BAD-INPUT-IS-SAFE: control characters become question marks, everything else is said as it is")
{
    fg_log_line(&test_log, "a\x01z%s", "\t\n\x1b\x1f \x7e\x7f\x80 汽");
    CHECK_TEXT(heard, "a?z???? \x7e?\x80 汽");
    CHECK_INT(lines, 1);
}

TEST("BAD-INPUT-IS-SAFE: a line has at most 511 bytes, however long what it tells is")
{
    char text[1001];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fg_log_line(&test_log, "tag: %s", text);
    CHECK_INT(strlen(heard), 511);
    CHECK_HAS(heard, "tag: xxx");
}
