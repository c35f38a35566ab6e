/* A typed code that waits for its second person. Time is played. */
#include <string.h>

#include "firmware/controller/decision/second_person.h"
#include "tests/lib/check.h"

static struct fg_second second;

static bool waits_for_second(uint8_t count, uint8_t first, uint8_t next)
{
    const struct fg_decision decision = {.reasons = {count, {first, next}}};

    return fg_second_alone_is_missing(&decision);
}

TEST("a code waits only when nothing but the second person is missing")
{
    CHECK(waits_for_second(1, FG_REASON_SECOND_PERSON_MISSING, 0));
    CHECK(!waits_for_second(0, FG_REASON_SECOND_PERSON_MISSING, 0));
    CHECK(!waits_for_second(0, 0, 0));
    CHECK(!waits_for_second(1, FG_REASON_POINT_BLOCKED, 0));
    CHECK(!waits_for_second(1, FG_REASON_TOO_SOON, 0));
    CHECK(!waits_for_second(2, FG_REASON_SECOND_PERSON_MISSING, FG_REASON_MANUAL_QUOTA));
    CHECK(!waits_for_second(2, FG_REASON_POINT_BLOCKED, FG_REASON_SECOND_PERSON_MISSING));
}

TEST("it waits for sixty seconds, to the millisecond, with what was found out; then, or when done, no longer")
{
    struct fg_judgement judgement = {.row_known = true, .identified = {.code = {"HZ-1"}}};

    memset(&second, 0, sizeof(second));
    CHECK_INT(FG_SECOND_WAIT_MS, 60000);
    CHECK_INT(fg_second_left_ms(&second, -5), 0);
    fg_second_want(&second, &judgement, 5000);
    CHECK_INT(fg_second_left_ms(&second, 5000), 60000);
    CHECK_INT(fg_second_left_ms(&second, 64999), 1);
    CHECK_INT(fg_second_left_ms(&second, 65000), 0);
    CHECK_INT(fg_second_left_ms(&second, 70000), 0);
    CHECK_TEXT(second.judgement.identified.code.text, "HZ-1");
    fg_second_done(&second);
    CHECK(!second.is_wanted);
    CHECK_INT(fg_second_left_ms(&second, 5000), 0);
    CHECK_TEXT(second.judgement.identified.code.text, "");
}
