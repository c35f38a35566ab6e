/* What each role may ask of the bureau's pages, every role against every right. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/user/rights.h"
#include "tests/lib/check.h"

/* In the order of enum fg_web_right: read export verify sample trail users registry cases publish devices. */
static const struct {
    const char *role;
    const char *rights;
} expected[] = {
    {"auditor", "1111100000"},        {"registrar", "1000001000"}, {"supervisor", "1111100110"},
    {"administrator", "1000110001"},  {"", "0000000000"},          {"Auditor", "0000000000"},
    {"administrator ", "0000000000"}, {"root", "0000000000"},
};

TEST("each role has the rights of the table and no other")
{
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct fg_web_user user = {0};

        (void)snprintf(user.role, sizeof(user.role), "%s", expected[i].role);
        CHECK_INT(strlen(expected[i].rights), FG_WEB_RIGHT_COUNT);
        for (int right = 0; right < FG_WEB_RIGHT_COUNT; right++)
            CHECK_INT(fg_web_user_may(&user, (enum fg_web_right)right), expected[i].rights[right] == '1');
    }
}

TEST("a right that does not exist is nobody's")
{
    struct fg_web_user user = {.role = "administrator"};

    CHECK(!fg_web_user_may(&user, FG_WEB_RIGHT_COUNT));
    CHECK(!fg_web_user_may(&user, (enum fg_web_right)33));
}
