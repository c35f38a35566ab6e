/* The rules: a good set of facts, and each reason by flipping one fact of it. Relies on:
 * firmware/core/rules.h. */
#include "firmware/core/rules.h"

#include <string.h>

#include "tests/lib/check.h"

#define TODAY 20000
#define NOW_MS (INT64_C(86400000) * TODAY)
#define HOUR_MS INT64_C(3600000)

static struct fg_facts facts;
static struct fg_decision decision;

static void cylinder_make(struct fg_cylinder_facts *cylinder, const char *code)
{
    struct fg_row *row = &cylinder->row;

    cylinder->lookup = FG_LOOKUP_FOUND;
    strcpy(cylinder->code.text, code);
    strcpy(row->code.text, code);
    strcpy(row->owner, "OWNER");
    row->uid = (struct fg_uid){4, {1, 2, 3, 4}};
    row->state = FG_CYLINDER_IN_SERVICE;
    row->medium = FG_MEDIUM_CNG;
    row->nominal_pressure_kpa = 20000;
    row->inspection_due_day = TODAY + 100;
    row->end_of_life_day = TODAY + 1000;
}

static void facts_make(void)
{
    memset(&facts, 0, sizeof(facts));
    facts.identity = FG_IDENTITY_SIGNED_TAG;
    facts.uid = (struct fg_uid){4, {1, 2, 3, 4}};
    facts.cylinder_count = 3;
    cylinder_make(&facts.cylinders[0], "C0");
    cylinder_make(&facts.cylinders[1], "C1");
    cylinder_make(&facts.cylinders[2], "C2");
    facts.list = FG_LIST_IN_FORCE;
    facts.list_issued_ms = NOW_MS - HOUR_MS;
    facts.list_expires_ms = NOW_MS + HOUR_MS;
    strcpy(facts.rules.owner, "OWNER");
    facts.rules.own_cylinders_only = true;
    facts.rules.media_count = 1;
    facts.rules.media[0] = FG_MEDIUM_CNG;
    facts.rules.licence_end_day = TODAY + 10;
    facts.rules.list_warn_age_h = 24;
    facts.rules.list_block_age_h = 48;
    facts.rules.fill_interval_min_s = 600;
    facts.rules.fills_per_day_max = 5;
    facts.rules.identity_min = FG_IDENTITY_SIGNED_TAG;
    facts.rules.manual_entry = true;
    facts.rules.manual_per_day_max = 2;
    facts.rules.blocked_count = 1;
    strcpy(facts.rules.blocked_points[0], "P2");
    facts.clock_quality = FG_CLOCK_SYNCHRONISED;
    facts.now_ms = NOW_MS;
    facts.today = TODAY;
    facts.operator_signed_in = true;
    facts.operator_certificate_end_day = TODAY + 5;
    strcpy(facts.point, "P1");
    facts.medium = FG_MEDIUM_CNG;
    facts.fill_pressure_kpa = 20000;
}

static void second_comes(int32_t certificate_end_day)
{
    facts.second_person_present = true;
    facts.second_certificate_end_day = certificate_end_day;
}

static void expect_good(void)
{
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.reasons[0], FG_REASON_NONE);
    CHECK_INT(decision.reasons.count, 0);
    CHECK(decision.programme != FG_PROGRAMME_NONE || facts.medium > FG_MEDIUM_LPG);
}

static void expect_only(enum fg_reason reason)
{
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.reasons[0], reason);
    CHECK_INT(decision.reasons.count, 1);
    CHECK_INT(decision.programme, FG_PROGRAMME_NONE);
}

#define FLIP(assignment, reason)                                                                             \
    do {                                                                                                     \
        facts_make();                                                                                        \
        assignment;                                                                                          \
        expect_only(reason);                                                                                 \
    } while (0)
#define KEEP(assignment)                                                                                     \
    do {                                                                                                     \
        facts_make();                                                                                        \
        assignment;                                                                                          \
        expect_good();                                                                                       \
    } while (0)

TEST("the good facts may be filled, with the programme of the medium")
{
    KEEP((void)0);
    CHECK_INT(decision.programme, FG_PROGRAMME_PRESSURE);
    CHECK(!decision.list_age_warning);
    facts_make();
    facts.medium = FG_MEDIUM_LPG;
    facts.rules.media[0] = FG_MEDIUM_LPG;
    for (int i = 0; i < 3; i++)
        facts.cylinders[i].row.medium = FG_MEDIUM_LPG;
    expect_good();
    CHECK_INT(decision.programme, FG_PROGRAMME_MASS);
}

TEST("what the tag gave: unreadable, two, format, signature, and a value out of range")
{
    FLIP(facts.tag = FG_TAG_UNREADABLE, FG_REASON_TAG_UNREADABLE);
    FLIP(facts.tag = FG_TAG_TWO, FG_REASON_TWO_TAGS);
    FLIP(facts.tag = FG_TAG_BAD_FORMAT, FG_REASON_TAG_FORMAT);
    FLIP(facts.tag = FG_TAG_BAD_SIGNATURE, FG_REASON_TAG_SIGNATURE);
    FLIP(facts.tag = 200, FG_REASON_TAG_UNREADABLE);
    FLIP(facts.cylinder_count = 0, FG_REASON_TAG_UNREADABLE);
    FLIP(facts.cylinder_count = FG_VEHICLE_CYLINDERS_MAX + 1, FG_REASON_TAG_UNREADABLE);
}

TEST("of a tag that gave no cylinder only that is told: what it seems to name is not judged")
{
    const uint8_t tags[] = {FG_TAG_UNREADABLE, FG_TAG_TWO, FG_TAG_BAD_FORMAT, FG_TAG_BAD_SIGNATURE, 200};

    for (size_t i = 0; i < sizeof(tags); i++) {
        facts_make();
        facts.tag = tags[i];
        facts.uid.length = 0;
        facts.identity = FG_IDENTITY_BARE_UID;
        facts.cylinders[0].row.inspection_due_day = TODAY - 1;
        facts.cylinders[1].lookup = FG_LOOKUP_ABSENT;
        facts.cylinders[2].fills_today = 9;
        fg_rules_decide(&facts, &decision);
        CHECK_INT(decision.reasons.count, 1);
    }
}

TEST("UID_MISMATCH: another, a shorter, no and an impossible identifier")
{
    FLIP(facts.uid.bytes[3] = 9, FG_REASON_UID_MISMATCH);
    FLIP(facts.cylinders[0].row.uid.length = 7, FG_REASON_UID_MISMATCH);
    FLIP(facts.uid.length = 0, FG_REASON_UID_MISMATCH);
    FLIP(facts.uid.length = FG_UID_MAX + 1, FG_REASON_UID_MISMATCH);
    FLIP(facts.uid.length = facts.cylinders[0].row.uid.length = FG_UID_MAX + 1, FG_REASON_UID_MISMATCH);
    FLIP(facts.uid.length = facts.cylinders[0].row.uid.length = 0, FG_REASON_UID_MISMATCH);
    KEEP(facts.uid.length = facts.cylinders[0].row.uid.length = FG_UID_MAX);
    KEEP((facts.identity = FG_IDENTITY_QR, facts.rules.identity_min = FG_IDENTITY_QR, facts.uid.length = 0));
    KEEP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY), facts.uid.length = 0));
}

TEST("IDENTITY_TOO_WEAK: below the least, none, out of range, by hand without rule")
{
    FLIP(facts.identity = FG_IDENTITY_BARE_UID, FG_REASON_IDENTITY_TOO_WEAK);
    FLIP(facts.identity = FG_IDENTITY_NONE, FG_REASON_IDENTITY_TOO_WEAK);
    FLIP(facts.identity = FG_IDENTITY_AUTHENTICATED_TAG + 1, FG_REASON_IDENTITY_TOO_WEAK);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY + 5), facts.rules.manual_entry = false),
         FG_REASON_IDENTITY_TOO_WEAK);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, facts.rules.manual_entry = false),
         FG_REASON_IDENTITY_TOO_WEAK);
    KEEP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY + 5)));
    KEEP(facts.identity = FG_IDENTITY_AUTHENTICATED_TAG);
}

TEST("SECOND_PERSON_MISSING: a typed code needs one where codes may be typed, nothing else does")
{
    FLIP(facts.identity = FG_IDENTITY_MANUAL, FG_REASON_SECOND_PERSON_MISSING);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, facts.second_certificate_end_day = TODAY + 5),
         FG_REASON_SECOND_PERSON_MISSING);
    KEEP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY)));
    KEEP(facts.identity = FG_IDENTITY_SIGNED_TAG);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, facts.list = FG_LIST_MISSING), FG_REASON_LIST_MISSING);
}

TEST("OPERATOR_CERTIFICATE_EXPIRED: the second person's counts as well, but only his of a typed code")
{
    FLIP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY - 1)),
         FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, second_comes(0)), FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    FLIP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY - 1),
          facts.operator_certificate_end_day = 0),
         FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    KEEP(second_comes(TODAY - 1));
}

TEST("the list: missing, false, expired, too old, rolled back, out of range")
{
    FLIP(facts.list = FG_LIST_MISSING, FG_REASON_LIST_MISSING);
    FLIP(facts.list = FG_LIST_NOT_AUTHENTIC, FG_REASON_LIST_NOT_AUTHENTIC);
    FLIP(facts.list = 99, FG_REASON_LIST_NOT_AUTHENTIC);
    FLIP(facts.list = FG_LIST_ROLLED_BACK, FG_REASON_LIST_ROLLED_BACK);
    FLIP(facts.cylinders[0].lookup = FG_LOOKUP_NOT_AUTHENTIC, FG_REASON_LIST_NOT_AUTHENTIC);
    FLIP(facts.cylinders[0].lookup = 77, FG_REASON_LIST_NOT_AUTHENTIC);
    KEEP(facts.list_expires_ms = NOW_MS + 1);
    FLIP(facts.list_expires_ms = NOW_MS, FG_REASON_LIST_EXPIRED);
    KEEP(facts.list_issued_ms = NOW_MS - 48 * HOUR_MS);
    CHECK(decision.list_age_warning);
    FLIP(facts.list_issued_ms = NOW_MS - 48 * HOUR_MS - 1, FG_REASON_LIST_EXPIRED);
    KEEP(facts.list_issued_ms = NOW_MS - 24 * HOUR_MS);
    CHECK(!decision.list_age_warning);
    KEEP((facts.list_issued_ms = 1, facts.rules.list_block_age_h = 0, facts.rules.list_warn_age_h = 0));
    CHECK(!decision.list_age_warning);
}

TEST("CLOCK_NOT_TRUSTED and the journal: only what is known to be good is good")
{
    FLIP(facts.clock_quality = FG_CLOCK_UNKNOWN, FG_REASON_CLOCK_NOT_TRUSTED);
    FLIP(facts.clock_quality = 0, FG_REASON_CLOCK_NOT_TRUSTED);
    KEEP(facts.clock_quality = FG_CLOCK_INFORMATIVE);
    KEEP(facts.journal = FG_JOURNAL_WARN);
    FLIP(facts.journal = FG_JOURNAL_FULL, FG_REASON_JOURNAL_FULL);
    FLIP(facts.journal = FG_JOURNAL_NOT_WRITABLE, FG_REASON_JOURNAL_NOT_WRITABLE);
    FLIP(facts.journal = 55, FG_REASON_JOURNAL_NOT_WRITABLE);
}

TEST("the scanned cylinder: not listed, and each state but in service")
{
    FLIP(facts.cylinders[0].lookup = FG_LOOKUP_ABSENT, FG_REASON_NOT_LISTED);
    FLIP(facts.cylinders[0].row.state = FG_CYLINDER_SCRAPPED, FG_REASON_SCRAPPED);
    FLIP(facts.cylinders[0].row.state = FG_CYLINDER_LOST, FG_REASON_LOST);
    FLIP(facts.cylinders[0].row.state = FG_CYLINDER_SUSPENDED, FG_REASON_SUSPENDED);
    FLIP(facts.cylinders[0].row.state = FG_CYLINDER_UNKNOWN, FG_REASON_SUSPENDED);
    FLIP(facts.cylinders[0].row.state = 250, FG_REASON_SUSPENDED);
}

TEST("dates are good to the end of the day, bad on the next, and a missing date is no permission")
{
    int32_t *const days[] = {&facts.cylinders[0].row.inspection_due_day,
                             &facts.cylinders[0].row.end_of_life_day, &facts.operator_certificate_end_day,
                             &facts.rules.licence_end_day};
    const enum fg_reason reasons[] = {FG_REASON_INSPECTION_OVERDUE, FG_REASON_SERVICE_LIFE_OVER,
                                      FG_REASON_OPERATOR_CERTIFICATE_EXPIRED,
                                      FG_REASON_STATION_LICENCE_EXPIRED};

    for (int i = 0; i < 4; i++) {
        KEEP(*days[i] = TODAY);
        FLIP(*days[i] = TODAY - 1, reasons[i]);
        FLIP(*days[i] = 0, reasons[i]);
        FLIP(*days[i] = -1, reasons[i]);
        FLIP((facts.today = 0, *days[i] = 0), reasons[i]);
    }
}

TEST("first fill, medium, pressure class and owner")
{
    FLIP(facts.cylinders[0].row.first_fill_pending = true, FG_REASON_FIRST_FILL_NOT_PURGED);
    FLIP(facts.cylinders[0].row.medium = FG_MEDIUM_LPG, FG_REASON_WRONG_MEDIUM);
    FLIP(facts.cylinders[0].row.medium = FG_MEDIUM_NONE, FG_REASON_WRONG_MEDIUM);
    FLIP((facts.rules.media_count = 0, facts.cylinder_count = 1), FG_REASON_WRONG_MEDIUM);
    FLIP((facts.medium = 9, facts.cylinders[0].row.medium = 9, facts.rules.media[0] = 9,
          facts.cylinder_count = 1),
         FG_REASON_WRONG_MEDIUM);
    KEEP(facts.fill_pressure_kpa = 20000);
    FLIP(facts.cylinders[0].row.nominal_pressure_kpa = 19999, FG_REASON_PRESSURE_CLASS);
    FLIP(strcpy(facts.cylinders[0].row.owner, "OTHER"), FG_REASON_NOT_OWN_CYLINDER);
    FLIP(strcpy(facts.cylinders[0].row.owner, "OWNER2"), FG_REASON_NOT_OWN_CYLINDER);
    KEEP((strcpy(facts.cylinders[0].row.owner, "OTHER"), facts.rules.own_cylinders_only = false));
}

TEST("the worst cylinder of the vehicle decides, and is named with its first reason")
{
    FLIP(facts.cylinders[2].row.inspection_due_day = TODAY - 1, FG_REASON_OTHER_CYLINDER_FAILS);
    CHECK_TEXT(decision.failing_code.text, "C2");
    CHECK_INT(decision.failing_reason, FG_REASON_INSPECTION_OVERDUE);
    facts.cylinders[1].lookup = FG_LOOKUP_ABSENT;
    expect_only(FG_REASON_OTHER_CYLINDER_FAILS);
    CHECK_TEXT(decision.failing_code.text, "C1");
    CHECK_INT(decision.failing_reason, FG_REASON_NOT_LISTED);
    facts.cylinders[1].lookup = FG_LOOKUP_NOT_AUTHENTIC;
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.count, 2);
    CHECK_INT(decision.reasons.reasons[0], FG_REASON_LIST_NOT_AUTHENTIC);
    CHECK_INT(decision.failing_reason, FG_REASON_LIST_NOT_AUTHENTIC);
}

TEST("permits: operator, blocked point")
{
    FLIP(facts.operator_signed_in = false, FG_REASON_OPERATOR_NOT_SIGNED_IN);
    FLIP(strcpy(facts.rules.blocked_points[0], "P1"), FG_REASON_POINT_BLOCKED);
    KEEP(facts.rules.blocked_count = 0);
    facts_make();
    memset(facts.point, 'X', sizeof(facts.point));
    memset(facts.rules.blocked_points[0], 'X', sizeof(facts.point));
    expect_only(FG_REASON_POINT_BLOCKED);
}

TEST("history: too soon and too often on any cylinder, quota of manual entries")
{
    FLIP(facts.cylinders[0].last_fill_wall_ms = NOW_MS - 599999, FG_REASON_TOO_SOON);
    FLIP(facts.cylinders[2].last_fill_wall_ms = NOW_MS - 599999, FG_REASON_TOO_SOON);
    KEEP(facts.cylinders[0].last_fill_wall_ms = NOW_MS - 600000);
    KEEP((facts.cylinders[0].last_fill_wall_ms = NOW_MS, facts.rules.fill_interval_min_s = 0));
    KEEP(facts.cylinders[1].fills_today = 4);
    FLIP(facts.cylinders[1].fills_today = 5, FG_REASON_TOO_OFTEN);
    KEEP((facts.cylinders[1].fills_today = 5, facts.rules.fills_per_day_max = 0));
    KEEP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY + 5), facts.manual_today = 1));
    FLIP((facts.identity = FG_IDENTITY_MANUAL, second_comes(TODAY + 5), facts.manual_today = 2),
         FG_REASON_MANUAL_QUOTA);
    KEEP(facts.manual_today = 2);
}

TEST("the plant: locked out, device fault, emergency stop")
{
    FLIP(facts.locked_out = true, FG_REASON_POINT_LOCKED_OUT);
    FLIP(facts.device_fault = true, FG_REASON_DEVICE_FAULT);
    FLIP(facts.emergency_stop = true, FG_REASON_EMERGENCY_STOP);
}

TEST("all failing reasons are stated, in the order of the catalogue")
{
    facts_make();
    facts.uid.bytes[0] = 9;
    facts.identity = FG_IDENTITY_BARE_UID;
    facts.list_expires_ms = 0;
    facts.clock_quality = FG_CLOCK_UNKNOWN;
    facts.journal = FG_JOURNAL_FULL;
    facts.cylinders[0].row = (struct fg_row){.first_fill_pending = true};
    facts.cylinders[1].lookup = FG_LOOKUP_ABSENT;
    facts.operator_signed_in = false;
    facts.rules.licence_end_day = 0;
    strcpy(facts.rules.blocked_points[0], "P1");
    facts.cylinders[0].last_fill_wall_ms = NOW_MS;
    facts.cylinders[0].fills_today = 9;
    facts.locked_out = facts.device_fault = facts.emergency_stop = true;
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.count, 21);
    for (int i = 1; i < decision.reasons.count; i++)
        CHECK(decision.reasons.reasons[i] > decision.reasons.reasons[i - 1]);
}

TEST("facts that are all zero, and facts that are all ones, may not be filled")
{
    memset(&facts, 0, sizeof(facts));
    fg_rules_decide(&facts, &decision);
    CHECK(decision.reasons.count > 0);
    facts_make();
    facts.list = 255;
    facts.identity = 255;
    facts.journal = 255;
    facts.medium = 255;
    facts.clock_quality = 255;
    fg_rules_decide(&facts, &decision);
    CHECK(decision.reasons.count >= 3);
}

/* ---- arrays that are full to their last place ------------------------------------------------------- */

static void facts_make_eight(void)
{
    const char *const codes[] = {"C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7"};

    facts_make();
    facts.cylinder_count = FG_VEHICLE_CYLINDERS_MAX;
    for (int i = 0; i < FG_VEHICLE_CYLINDERS_MAX; i++)
        cylinder_make(&facts.cylinders[i], codes[i]);
}

TEST("FAIL-CLOSED: a vehicle of eight cylinders may be filled, and its eighth decides like the others")
{
    facts_make_eight();
    expect_good();
    facts_make_eight();
    facts.cylinders[7].row.inspection_due_day = TODAY - 1;
    expect_only(FG_REASON_OTHER_CYLINDER_FAILS);
    CHECK_TEXT(decision.failing_code.text, "C7");
    facts_make_eight();
    facts.cylinders[7].last_fill_wall_ms = NOW_MS - 1;
    expect_only(FG_REASON_TOO_SOON);
    facts_make_eight();
    facts.cylinders[7].fills_today = 5;
    expect_only(FG_REASON_TOO_OFTEN);
}

TEST("LIST-IS-SIGNED: a look-up of the eighth cylinder that does not prove refuses the list")
{
    facts_make_eight();
    facts.cylinders[7].lookup = FG_LOOKUP_NOT_AUTHENTIC;
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.reasons[0], FG_REASON_LIST_NOT_AUTHENTIC);
}

TEST("cylinders past the count are not looked at")
{
    KEEP((facts.cylinder_count = 2, facts.cylinders[2].row.state = FG_CYLINDER_LOST));
    KEEP((facts.cylinder_count = 2, facts.cylinders[2].last_fill_wall_ms = NOW_MS));
    KEEP((facts.cylinder_count = 2, facts.cylinders[2].fills_today = 9));
    KEEP((facts.cylinder_count = 2, facts.cylinders[2].lookup = FG_LOOKUP_NOT_AUTHENTIC));
}

TEST("FAIL-CLOSED: the first of two media, the last of eight, and none past the count are licensed")
{
    KEEP((facts.rules.media_count = 2, facts.rules.media[1] = FG_MEDIUM_LPG));
    KEEP((facts.rules.media_count = 2, facts.rules.media[0] = FG_MEDIUM_LPG,
          facts.rules.media[1] = FG_MEDIUM_CNG));
    facts_make();
    facts.cylinder_count = 1;
    facts.rules.media_count = FG_MEDIA_MAX;
    memset(facts.rules.media, FG_MEDIUM_LPG, sizeof(facts.rules.media));
    expect_only(FG_REASON_WRONG_MEDIUM);
    facts.rules.media[FG_MEDIA_MAX - 1] = FG_MEDIUM_CNG;
    expect_good();
    FLIP((facts.cylinder_count = 1, facts.rules.media[0] = FG_MEDIUM_LPG,
          facts.rules.media[1] = FG_MEDIUM_CNG),
         FG_REASON_WRONG_MEDIUM);
}

TEST("FAIL-CLOSED: the last of sixteen blocked points is blocked, and none past the count is")
{
    facts_make();
    facts.rules.blocked_count = FG_POINTS_BLOCKED_MAX;
    for (int i = 0; i < FG_POINTS_BLOCKED_MAX; i++)
        strcpy(facts.rules.blocked_points[i], "P2");
    expect_good();
    strcpy(facts.rules.blocked_points[FG_POINTS_BLOCKED_MAX - 1], "P1");
    expect_only(FG_REASON_POINT_BLOCKED);
    KEEP(strcpy(facts.rules.blocked_points[1], "P1"));
    FLIP((facts.list = FG_LIST_MISSING, strcpy(facts.rules.blocked_points[0], "P1")), FG_REASON_LIST_MISSING);
}

TEST("FAIL-CLOSED: one fill a day means one")
{
    KEEP(facts.rules.fills_per_day_max = 1);
    FLIP((facts.rules.fills_per_day_max = 1, facts.cylinders[0].fills_today = 1), FG_REASON_TOO_OFTEN);
}

TEST("without a list neither its age nor its end is stated, and no age warning shows")
{
    FLIP((facts.list = FG_LIST_MISSING, facts.list_expires_ms = 0, facts.list_issued_ms = 0),
         FG_REASON_LIST_MISSING);
    CHECK(!decision.list_age_warning);
}

TEST("CLONES-SHOW: a tag and a row that both have no identifier, or the same impossible one, do not agree")
{
    FLIP((facts.uid.length = 0, facts.cylinders[0].row.uid.length = 0), FG_REASON_UID_MISMATCH);
    FLIP((facts.uid.length = FG_UID_MAX + 1, facts.cylinders[0].row.uid.length = FG_UID_MAX + 1),
         FG_REASON_UID_MISMATCH);
}

TEST("an unreadable tag and a cylinder that is not listed are judged no further")
{
    FLIP((facts.tag = FG_TAG_UNREADABLE, facts.cylinders[0].row.state = FG_CYLINDER_LOST),
         FG_REASON_TAG_UNREADABLE);
    FLIP((facts.cylinders[0].lookup = FG_LOOKUP_ABSENT, facts.cylinders[0].row = (struct fg_row){0}),
         FG_REASON_NOT_LISTED);
}

TEST("owners that differ only after their end are the same")
{
    KEEP((strcpy(facts.rules.owner + 6, "X"), strcpy(facts.cylinders[0].row.owner + 6, "Y")));
}

TEST("BAD-INPUT-IS-SAFE: counts beyond their arrays are taken as full arrays")
{
    facts_make();
    facts.cylinder_count = 1;
    facts.rules.media_count = FG_MEDIA_MAX + 1;
    memset(facts.rules.media, FG_MEDIUM_LPG, sizeof(facts.rules.media));
    expect_only(FG_REASON_WRONG_MEDIUM);
    KEEP(facts.rules.blocked_count = FG_POINTS_BLOCKED_MAX + 1);
}

TEST("names that differ in their first letter differ")
{
    FLIP(strcpy(facts.cylinders[0].row.owner, "XWNER"), FG_REASON_NOT_OWN_CYLINDER);
    KEEP(strcpy(facts.rules.blocked_points[0], "Q1"));
}

TEST("FAIL-CLOSED: no identity at all is too weak even where every identity will do")
{
    FLIP((facts.identity = FG_IDENTITY_NONE, facts.rules.identity_min = FG_IDENTITY_NONE),
         FG_REASON_IDENTITY_TOO_WEAK);
}

TEST("what a list that is not in force says of cylinder, vehicle and licence is not stated")
{
    FLIP((facts.list = FG_LIST_MISSING, facts.cylinders[0].lookup = FG_LOOKUP_ABSENT),
         FG_REASON_LIST_MISSING);
    FLIP((facts.list = FG_LIST_MISSING, facts.cylinders[0].row.state = FG_CYLINDER_LOST),
         FG_REASON_LIST_MISSING);
    FLIP((facts.list = FG_LIST_ROLLED_BACK, facts.cylinders[1].lookup = FG_LOOKUP_ABSENT),
         FG_REASON_LIST_ROLLED_BACK);
    FLIP((facts.list = FG_LIST_MISSING, facts.rules.licence_end_day = 0), FG_REASON_LIST_MISSING);
}

TEST("nobody signed in has no certificate that could be over")
{
    FLIP((facts.operator_signed_in = false, facts.operator_certificate_end_day = 0),
         FG_REASON_OPERATOR_NOT_SIGNED_IN);
}

TEST("an unreadable tag is told beside what else is wrong")
{
    facts_make();
    facts.tag = FG_TAG_UNREADABLE;
    facts.operator_signed_in = false;
    fg_rules_decide(&facts, &decision);
    CHECK_INT(decision.reasons.count, 2);
    CHECK_INT(decision.reasons.reasons[0], FG_REASON_TAG_UNREADABLE);
    CHECK_INT(decision.reasons.reasons[1], FG_REASON_OPERATOR_NOT_SIGNED_IN);
}

TEST(
    "a cylinder that was never filled, or last in the future, is not too soon without an interval or a clock")
{
    KEEP((facts.rules.fill_interval_min_s = 0, facts.cylinders[0].last_fill_wall_ms = NOW_MS + 1000));
    FLIP((facts.clock_quality = FG_CLOCK_UNKNOWN, facts.now_ms = 1000, facts.list_issued_ms = 0),
         FG_REASON_CLOCK_NOT_TRUSTED);
}
