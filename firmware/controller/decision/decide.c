/* Facts for the rules. What cannot be found out counts as what refuses. */
#include "firmware/controller/decision/decide.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/controller/decision/plant_watch.h"
#include "firmware/core/signals.h"
#include "proto/list/operators.h"

static struct fg_journal_now journal_now(const struct fg_grounds *grounds)
{
    return (struct fg_journal_now){.wall_ms = grounds->now->wall_ms,
                                   .mono_ms = grounds->now->mono_ms,
                                   .utc_offset_s = grounds->now->utc_offset_s};
}

static void cylinder_look_up(const struct fg_grounds *grounds, const struct fg_code *code,
                             struct fg_facts *facts, struct fg_judgement *judgement)
{
    struct fg_cylinder_facts *cylinder = &facts->cylinders[facts->cylinder_count];
    const struct fg_journal_now now = journal_now(grounds);
    struct fg_error error = {0};
    enum fg_err found = fg_list_find(grounds->list, code, &cylinder->row, &error);

    cylinder->code = *code;
    cylinder->lookup = FG_LOOKUP_NOT_AUTHENTIC;
    if (found == FG_OK) {
        cylinder->lookup = FG_LOOKUP_FOUND;
    } else if (found == FG_E_NOT_FOUND) {
        cylinder->lookup = FG_LOOKUP_ABSENT;
    } else if (!judgement->list_tampered) {
        judgement->list_tampered = true;
        (void)snprintf(judgement->tampered_text, sizeof(judgement->tampered_text), "%.*s", FG_TEXT_MAX,
                       error.text);
    }
    if (grounds->journal == NULL ||
        fg_journal_history(grounds->journal, code, &now, &cylinder->last_fill_wall_ms, &cylinder->fills_today,
                           &error) != FG_OK)
        facts->journal = FG_JOURNAL_NOT_WRITABLE;
    facts->cylinder_count++;
}

/* The scanned cylinder first, then the others of its vehicle in the row's order. */
static void cylinders_look_up(const struct fg_grounds *grounds, struct fg_facts *facts,
                              struct fg_judgement *judgement)
{
    const struct fg_row *row = &facts->cylinders[0].row;

    cylinder_look_up(grounds, &grounds->identified->code, facts, judgement);
    if (facts->cylinders[0].lookup != FG_LOOKUP_FOUND)
        return;
    for (uint8_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        cylinder_look_up(grounds, &row->others[i], facts, judgement);
}

static void list_facts(const struct fg_grounds *grounds, struct fg_facts *facts)
{
    const struct fg_list_look *look = grounds->look;

    facts->list = look->state;
    if (!look->manifest_known)
        return;
    facts->list_issued_ms = look->manifest.issued_ms;
    facts->list_expires_ms = look->manifest.expires_ms;
    facts->rules = look->manifest.rules;
}

static void person_facts(const struct fg_grounds *grounds, struct fg_facts *facts)
{
    const struct fg_signed_in *who = grounds->operator_in;
    const struct fg_operator *second = NULL;

    facts->operator_signed_in = fg_operator_is_in(who);
    facts->operator_certificate_end_day = who->certificate_end_day;
    /* Who proved himself must still be on the list. */
    if (grounds->identified->second_proof != FG_PERSON_PROOF_NONE)
        second = fg_list_operator(grounds->look, grounds->identified->second_person);
    if (second == NULL)
        return;
    facts->second_person_present = !fg_operator_id_is_same(second->id, who->id);
    facts->second_certificate_end_day = second->certificate_end_day;
}

static void point_facts(const struct fg_grounds *grounds, struct fg_facts *facts)
{
    const struct fg_point_facts *point = grounds->point;

    memcpy(facts->point, point->name, sizeof(facts->point));
    facts->medium = point->medium;
    facts->fill_pressure_kpa = point->fill_pressure_kpa;
    facts->locked_out = grounds->fill->locked_out;
    facts->device_fault =
        !fg_fill_plant_is_sound(grounds->fill, grounds->settings, grounds->plant,
                                (uint8_t)fg_programme_of_medium(point->medium), grounds->now->mono_ms);
    facts->emergency_stop = fg_plant_watch_value(grounds->plant, FG_SIGNAL_EMERGENCY_STOP) != 0;
}

static void manual_facts(const struct fg_grounds *grounds, struct fg_facts *facts)
{
    const struct fg_journal_now now = journal_now(grounds);
    int32_t utc_offset_s = grounds->now->utc_offset_s;

    if (grounds->journal == NULL)
        return;
    if (fg_journal_manual_count(grounds->journal, &now, &facts->manual_today, NULL) != FG_OK) {
        facts->journal = FG_JOURNAL_NOT_WRITABLE;
        return;
    }
    /* History counts fills that ended, manual entries count when they are authorised. */
    if (facts->manual_today > 0 && grounds->authorised_wall_ms != 0 &&
        facts->identity == FG_IDENTITY_MANUAL &&
        fg_clock_local_day(grounds->authorised_wall_ms, utc_offset_s) == facts->today)
        facts->manual_today--;
}

static void facts_gather(const struct fg_grounds *grounds, struct fg_facts *facts,
                         struct fg_judgement *judgement)
{
    const struct fg_identified *identified = grounds->identified;
    const struct fg_moment *now = grounds->now;

    assert(now->wall_ms >= 0); /* firmware/core/bounds.h */
    memset(facts, 0, sizeof(*facts));
    facts->tag = identified->tag;
    facts->identity = identified->identity;
    facts->uid = identified->uid;
    facts->clock_quality = now->clock_quality;
    facts->now_ms = now->wall_ms;
    facts->today = fg_clock_local_day(now->wall_ms, now->utc_offset_s);
    facts->journal = grounds->journal_state;
    list_facts(grounds, facts);
    person_facts(grounds, facts);
    point_facts(grounds, facts);
    manual_facts(grounds, facts);
    if (grounds->look->manifest_known && identified->code.text[0] != '\0')
        cylinders_look_up(grounds, facts, judgement);
    else if (identified->code.text[0] != '\0')
        facts->cylinders[0].code = identified->code;
}

static uint32_t items_mask(uint8_t count)
{
    return count == 0 ? 0 : (UINT32_C(1) << (count > FG_CHECK_ITEMS_MAX ? FG_CHECK_ITEMS_MAX : count)) - 1;
}

/* One nozzle fills all cylinders of the vehicle, so the weakest one sets the pressure. */
static uint32_t weakest_nominal_kpa(const struct fg_facts *facts)
{
    uint32_t weakest = facts->cylinders[0].row.nominal_pressure_kpa;

    for (uint8_t i = 1; i < facts->cylinder_count; i++) {
        if (facts->cylinders[i].row.nominal_pressure_kpa < weakest)
            weakest = facts->cylinders[i].row.nominal_pressure_kpa;
    }
    return weakest;
}

static uint32_t water_capacity_dl(const struct fg_facts *facts)
{
    uint32_t sum_dl = 0;

    for (uint8_t i = 0; i < facts->cylinder_count; i++) {
        uint32_t own_dl = facts->cylinders[i].row.water_capacity_dl;

        sum_dl = own_dl > UINT32_MAX - sum_dl ? UINT32_MAX : sum_dl + own_dl;
    }
    return sum_dl;
}

static struct fg_fill_scan scan_of(const struct fg_facts *facts, uint8_t programme)
{
    const struct fg_row *row = &facts->cylinders[0].row;

    return (struct fg_fill_scan){.programme = programme,
                                 .nominal_kpa = weakest_nominal_kpa(facts),
                                 .tare_g = row->tare_g,
                                 .maximum_fill_g = row->maximum_fill_g,
                                 .water_capacity_dl = water_capacity_dl(facts),
                                 .pre_checks_wanted = items_mask(facts->rules.pre_check_count),
                                 .post_checks_wanted = items_mask(facts->rules.post_check_count),
                                 .zero_fills_lock_out = facts->rules.zero_fills_lock_out};
}

bool fg_scan_is_same(const struct fg_fill_scan *a, const struct fg_fill_scan *b)
{
    return a->programme == b->programme && a->nominal_kpa == b->nominal_kpa && a->tare_g == b->tare_g &&
           a->maximum_fill_g == b->maximum_fill_g && a->water_capacity_dl == b->water_capacity_dl &&
           a->pre_checks_wanted == b->pre_checks_wanted && a->post_checks_wanted == b->post_checks_wanted &&
           a->zero_fills_lock_out == b->zero_fills_lock_out;
}

void fg_decide(const struct fg_grounds *grounds, struct fg_judgement *ret_judgement)
{
    static struct fg_facts facts; /* large; one thread */

    memset(ret_judgement, 0, sizeof(*ret_judgement));
    ret_judgement->identified = *grounds->identified;
    facts_gather(grounds, &facts, ret_judgement);
    ret_judgement->row_known = facts.cylinder_count > 0 && facts.cylinders[0].lookup == FG_LOOKUP_FOUND;
    if (ret_judgement->row_known)
        ret_judgement->row = facts.cylinders[0].row;
    fg_rules_decide(&facts, &ret_judgement->decision);
    if (ret_judgement->decision.reasons.count == 0)
        ret_judgement->scan = scan_of(&facts, ret_judgement->decision.programme);
}
