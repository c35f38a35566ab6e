/* Who is signed in: idleness, what a new list changes. Time is played. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/person/operator.h"
#include "tests/lib/check.h"

static struct fg_signed_in who;
static struct fg_operator person;

static void begin(void)
{
    memset(&who, 0, sizeof(who));
    memset(&person, 0, sizeof(person));
    (void)snprintf(person.id, sizeof(person.id), "op-wang");
    person.certificate_end_day = 100;
}

TEST("idleness counts from the last work, not at all for nobody or when it is switched off")
{
    begin();
    CHECK(!fg_operator_is_idle(&who, 1000, 99999));
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 99999), 0);
    fg_operator_enter(&who, "op-wang", 100, FG_PERSON_PROOF_PIN, 5000);
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
    fg_operator_enter(&who, "op-wang", 100, FG_PERSON_PROOF_PIN, 5000);
    person.certificate_end_day = 90;
    CHECK(fg_operator_review(&who, &person));
    CHECK_INT(who.certificate_end_day, 90);
    CHECK(!fg_operator_review(&who, NULL));
    fg_operator_enter(&who, "technician", 80, FG_PERSON_PROOF_HAND, 5000);
    CHECK(fg_operator_review(&who, NULL));
    CHECK_INT(who.certificate_end_day, 80);
    fg_operator_leave(&who);
    CHECK(!fg_operator_is_in(&who));
    CHECK_INT(who.certificate_end_day, 0);
}

TEST("an idle time that is over reads one millisecond until it is noticed, for 0 would mean never")
{
    begin();
    fg_operator_enter(&who, "op-wang", 100, FG_PERSON_PROOF_PIN, 5000);
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 5999), 1);
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 6000), 1);
    CHECK_INT(fg_operator_idle_left_ms(&who, 1000, 5998), 2);
}

TEST("who signs in is known by name, last day and proof, and all of it goes with him")
{
    begin();
    fg_operator_enter(&who, "op-wang", 100, FG_PERSON_PROOF_CARD, 5000);
    CHECK(fg_operator_is_in(&who));
    CHECK_TEXT(who.id, "op-wang");
    CHECK_INT(who.certificate_end_day, 100);
    CHECK_INT(who.proof, FG_PERSON_PROOF_CARD);
    CHECK_INT(who.used_mono_ms, 5000);
    fg_operator_leave(&who);
    CHECK_TEXT(who.id, "");
    CHECK_INT(who.proof, FG_PERSON_PROOF_NONE);
}
