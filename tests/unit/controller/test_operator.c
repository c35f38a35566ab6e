/* Who is signed in: idleness, wrong PINs, what a new list changes. Time is played. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/operator.h"
#include "proto/pin.h"
#include "tests/lib/check.h"

static struct fg_signed_in who;
static struct fg_operator person;

static void begin(void)
{
    struct fg_error error;

    memset(&who, 0, sizeof(who));
    memset(&person, 0, sizeof(person));
    (void)snprintf(person.id, sizeof(person.id), "op-wang");
    person.certificate_end_day = 100;
    CHECK_OK(fg_pin_set(&person, "123456", &error), &error);
}

static enum fg_pin_result wrong(int64_t now_mono_ms)
{
    return fg_operator_try_pin(&who, NULL, "999999", now_mono_ms);
}

TEST("five wrong PINs block for 1, 2, 4, 8, then always 15 minutes; a right one begins at the beginning")
{
    static const int64_t minutes[] = {1, 2, 4, 8, 15, 15};
    int64_t now = 1000;

    begin();
    for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
        for (int n = 0; n < 4; n++)
            CHECK_INT(wrong(now), FG_PIN_WRONG);
        CHECK_INT(fg_operator_pin_blocked_ms(&who, now), 0);
        CHECK_INT(wrong(now), FG_PIN_WRONG_BLOCKED);
        CHECK_INT(fg_operator_pin_blocked_ms(&who, now), minutes[i] * 60000);
        now += minutes[i] * 60000;
        CHECK_INT(fg_operator_pin_blocked_ms(&who, now - 1), 1);
        CHECK_INT(fg_operator_pin_blocked_ms(&who, now), 0);
    }
    CHECK_INT(fg_operator_try_pin(&who, &person, "123456", now), FG_PIN_FITS);
    for (int n = 0; n < 4; n++)
        CHECK_INT(wrong(now), FG_PIN_WRONG);
    CHECK_INT(wrong(now), FG_PIN_WRONG_BLOCKED);
    CHECK_INT(fg_operator_pin_blocked_ms(&who, now), 60000);
}

TEST("an unknown operator counts like a wrong PIN; another proof forgets what was wrong")
{
    begin();
    CHECK_INT(fg_operator_try_pin(&who, &person, "123457", 1000), FG_PIN_WRONG);
    for (int n = 0; n < 3; n++)
        CHECK_INT(fg_operator_try_pin(&who, NULL, "123456", 1000), FG_PIN_WRONG);
    fg_operator_forget_wrong_pins(&who);
    CHECK_INT(fg_operator_try_pin(&who, NULL, "123456", 1000), FG_PIN_WRONG);
    CHECK_INT(fg_operator_pin_blocked_ms(&who, 1000), 0);
}

TEST("idleness counts from the last work, not at all for nobody or when it is switched off")
{
    begin();
    CHECK(!fg_operator_is_idle(&who, 1000, 99999));
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 99999), 0);
    fg_operator_enter(&who, "op-wang", 100, false, 5000);
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 5400), 600);
    CHECK(!fg_operator_is_idle(&who, 1000, 5999));
    CHECK(fg_operator_is_idle(&who, 1000, 6000));
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 7000), 1);
    CHECK(!fg_operator_is_idle(&who, 0, 99999));
    CHECK_INT(fg_operator_idle_left_ms(&who, 0, 99999), 0);
    fg_operator_used(&who, 6500);
    CHECK(!fg_operator_is_idle(&who, 1000, 7000));
}

TEST("a new list takes its operators with it; who was signed in by hand stays")
{
    begin();
    fg_operator_enter(&who, "op-wang", 100, false, 5000);
    person.certificate_end_day = 90;
    CHECK(fg_operator_review(&who, &person));
    CHECK_INT(who.certificate_end_day, 90);
    CHECK(!fg_operator_review(&who, NULL));
    fg_operator_enter(&who, "technician", 80, true, 5000);
    CHECK(fg_operator_review(&who, NULL));
    CHECK_INT(who.certificate_end_day, 80);
    fg_operator_leave(&who);
    CHECK(!fg_operator_is_in(&who));
    CHECK_INT(who.certificate_end_day, 0);
}
