/* What a scan is compared by, and what the rules are given when nothing can be looked up. Decisions on real
 * lists and journals are tried with the session. */
#include <string.h>

#include "firmware/controller/decision/decide.h"
#include "tests/lib/check.h"

static const struct fg_fill_scan whole = {.programme = FG_PROGRAMME_PRESSURE,
                                          .nominal_kpa = 20000,
                                          .tare_g = 16000,
                                          .maximum_fill_g = 14000,
                                          .water_capacity_dl = 700,
                                          .pre_checks_wanted = 3,
                                          .post_checks_wanted = 1,
                                          .zero_fills_lock_out = 2};

TEST("FAIL-CLOSED: two scans are the same only when programme, limits, items and lock-out are")
{
    struct fg_fill_scan others[8] = {whole, whole, whole, whole, whole, whole, whole, whole};
    struct fg_fill_scan same = whole;

    others[0].programme = FG_PROGRAMME_MASS;
    others[1].nominal_kpa++;
    others[2].tare_g++;
    others[3].maximum_fill_g++;
    others[4].water_capacity_dl++;
    others[5].pre_checks_wanted = 1;
    others[6].post_checks_wanted = 3;
    others[7].zero_fills_lock_out = 0;
    CHECK(fg_scan_is_same(&whole, &same));
    for (size_t i = 0; i < 8; i++) {
        CHECK(!fg_scan_is_same(&whole, &others[i]));
        CHECK(!fg_scan_is_same(&others[i], &whole));
    }
}

static struct fg_identified identified;
static struct fg_point_facts point = {.name = "point-1", .medium = FG_MEDIUM_CNG, .fill_pressure_kpa = 20000};
static struct fg_list_look look;
static struct fg_signed_in who;
static struct fg_fill fill;
static struct fg_fill_settings settings;
static struct fg_plant_state plant;
static struct fg_moment now;
static struct fg_judgement judgement;

static void decide(void)
{
    const struct fg_grounds grounds = {.identified = &identified,
                                       .point = &point,
                                       .look = &look,
                                       .journal_state = FG_JOURNAL_OK,
                                       .operator_in = &who,
                                       .fill = &fill,
                                       .settings = &settings,
                                       .plant = &plant,
                                       .now = &now};

    fg_decide(&grounds, &judgement);
}

static bool refused_for(enum fg_reason reason)
{
    for (uint8_t i = 0; i < judgement.decision.reasons.count; i++) {
        if (judgement.decision.reasons.reasons[i] == reason)
            return true;
    }
    return false;
}

TEST("FAIL-CLOSED: with no list, operator, clock and plant everything is named that is missing")
{
    identified = (struct fg_identified){
        .tag = FG_TAG_OK, .identity = FG_IDENTITY_SIGNED_TAG, .uid = {7, {4}}, .code = {"HZ-1"}};
    look.state = FG_LIST_MISSING;
    now.clock_quality = FG_CLOCK_UNKNOWN;
    decide();
    CHECK(refused_for(FG_REASON_LIST_MISSING));
    CHECK(refused_for(FG_REASON_OPERATOR_NOT_SIGNED_IN));
    CHECK(refused_for(FG_REASON_CLOCK_NOT_TRUSTED));
    CHECK(refused_for(FG_REASON_DEVICE_FAULT));
    CHECK(!refused_for(FG_REASON_POINT_LOCKED_OUT));
    CHECK(!refused_for(FG_REASON_EMERGENCY_STOP));
    CHECK(!judgement.row_known);
    CHECK(!judgement.list_tampered);
    CHECK_TEXT(judgement.identified.code.text, "HZ-1");
    CHECK_INT(judgement.scan.programme, FG_PROGRAMME_NONE);
}

TEST("FAIL-CLOSED: an emergency stop and a lock-out are facts of their own, beside a plant that is not sound")
{
    fill.locked_out = true;
    plant.configured[FG_SIGNAL_EMERGENCY_STOP] = true;
    plant.readings[FG_SIGNAL_EMERGENCY_STOP] = (struct fg_reading){1, 0, FG_READING_GOOD};
    decide();
    CHECK(refused_for(FG_REASON_EMERGENCY_STOP));
    CHECK(refused_for(FG_REASON_POINT_LOCKED_OUT));
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].state = FG_READING_TIME_OUT;
    decide();
    CHECK(!refused_for(FG_REASON_EMERGENCY_STOP));
    CHECK(refused_for(FG_REASON_DEVICE_FAULT));
    fill.locked_out = false;
}

/* A manifest in force that knows zhao and qian, and allows typed codes. */
static void rules_make(void)
{
    struct fg_station_rules *rules = &look.manifest.rules;

    look.state = FG_LIST_IN_FORCE;
    look.manifest_known = true;
    rules->operator_count = 2;
    memcpy(rules->operators[0].id, "zhao", 5);
    memcpy(rules->operators[1].id, "qian", 5);
    rules->operators[0].certificate_end_day = rules->operators[1].certificate_end_day = 99999;
    rules->identity_min = FG_IDENTITY_MANUAL;
    rules->manual_entry = true;
    identified = (struct fg_identified){.tag = FG_TAG_OK, .identity = FG_IDENTITY_MANUAL};
    memcpy(who.id, "zhao", 5);
    who.certificate_end_day = 99999;
}

TEST("FAIL-CLOSED: a second person counts when he proved himself, is on the list, and is not the operator")
{
    rules_make();
    decide();
    CHECK(refused_for(FG_REASON_SECOND_PERSON_MISSING));
    memcpy(identified.second_person, "qian", 5);
    decide();
    CHECK(refused_for(FG_REASON_SECOND_PERSON_MISSING));
    identified.second_proof = FG_PERSON_PROOF_PIN;
    decide();
    CHECK(!refused_for(FG_REASON_SECOND_PERSON_MISSING));
    memcpy(identified.second_person, "ZHAO", 5);
    decide();
    CHECK(refused_for(FG_REASON_SECOND_PERSON_MISSING));
    memcpy(identified.second_person, "sunn", 5);
    decide();
    CHECK(refused_for(FG_REASON_SECOND_PERSON_MISSING));
    memcpy(identified.second_person, "qian", 5);
    look.manifest.rules.operators[1].certificate_end_day = 1;
    now.wall_ms = INT64_C(86400000) * 2;
    decide();
    CHECK(refused_for(FG_REASON_OPERATOR_CERTIFICATE_EXPIRED));
}
