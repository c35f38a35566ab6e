/* The rules, one small function each, run in the order of the catalogue (rules.h). A fact that is missing or
 * out of its range fails closed: it counts as the reason that belongs to it. */
#include "firmware/core/rules.h"

#include "firmware/core/signals.h"

#include <string.h>

#define MS_PER_HOUR INT64_C(3600000)

static void reason_add(struct fg_decision *decision, enum fg_reason reason)
{
    struct fg_reasons *reasons = &decision->reasons;

    if (reasons->count < FG_REASONS_MAX)
        reasons->reasons[reasons->count++] = (uint8_t)reason;
}

static void reason_add_if(struct fg_decision *decision, bool failed, enum fg_reason reason)
{
    if (failed)
        reason_add(decision, reason);
}

static bool text_equal(const char *a, const char *b, size_t capacity)
{
    for (size_t i = 0; i < capacity; i++) {
        if (a[i] != b[i])
            return false;
        if (a[i] == '\0')
            return true;
    }
    return true;
}

static bool is_hand_made(uint8_t identity)
{
    return identity == FG_IDENTITY_MANUAL || identity == FG_IDENTITY_QR;
}

/* ---- one cylinder ------------------------------------------------------------------------------- */

static enum fg_reason state_reason(uint8_t state)
{
    if (state == FG_CYLINDER_IN_SERVICE)
        return FG_REASON_NONE;
    if (state == FG_CYLINDER_SCRAPPED)
        return FG_REASON_SCRAPPED;
    if (state == FG_CYLINDER_LOST)
        return FG_REASON_LOST;
    return FG_REASON_SUSPENDED;
}

/* Dates hold to the end of the day; no date given is no permission. */
static bool is_past(int32_t day, int32_t today)
{
    return day <= 0 || today > day;
}

static bool is_foreign(const struct fg_station_rules *rules, const struct fg_row *row)
{
    return rules->own_cylinders_only && !text_equal(rules->owner, row->owner, sizeof(row->owner));
}

/* A medium is right when the point fills it, the station may, and the cylinder is made for it. */
static bool is_wrong_medium(const struct fg_facts *facts, const struct fg_row *row)
{
    bool licensed = false;

    for (unsigned i = 0; i < facts->rules.media_count && i < FG_MEDIA_MAX; i++)
        licensed = licensed || facts->rules.media[i] == facts->medium;
    return fg_programme_of_medium(facts->medium) == FG_PROGRAMME_NONE || row->medium != facts->medium ||
           !licensed;
}

/* The reasons of one listed cylinder that do not depend on how often it was filled, in the catalogue's order.
 */
static void cylinder_decide(const struct fg_facts *facts, const struct fg_cylinder_facts *cylinder,
                            struct fg_decision *decision)
{
    const struct fg_row *row = &cylinder->row;
    enum fg_reason state = state_reason(row->state);

    reason_add_if(decision, state != FG_REASON_NONE, state);
    reason_add_if(decision, is_past(row->inspection_due_day, facts->today), FG_REASON_INSPECTION_OVERDUE);
    reason_add_if(decision, is_past(row->end_of_life_day, facts->today), FG_REASON_SERVICE_LIFE_OVER);
    reason_add_if(decision, row->first_fill_pending, FG_REASON_FIRST_FILL_NOT_PURGED);
    reason_add_if(decision, is_wrong_medium(facts, row), FG_REASON_WRONG_MEDIUM);
    reason_add_if(decision, row->nominal_pressure_kpa < facts->fill_pressure_kpa, FG_REASON_PRESSURE_CLASS);
    reason_add_if(decision, is_foreign(&facts->rules, row), FG_REASON_NOT_OWN_CYLINDER);
}

/* ---- groups of rules, in order ------------------------------------------------------------------- */

static bool tag_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    switch (facts->tag) {
    case FG_TAG_OK:
        break;
    case FG_TAG_TWO:
        reason_add(decision, FG_REASON_TWO_TAGS);
        return false;
    case FG_TAG_BAD_FORMAT:
        reason_add(decision, FG_REASON_TAG_FORMAT);
        return false;
    case FG_TAG_BAD_SIGNATURE:
        reason_add(decision, FG_REASON_TAG_SIGNATURE);
        return false;
    case FG_TAG_UNREADABLE:
    default:
        reason_add(decision, FG_REASON_TAG_UNREADABLE);
        return false;
    }
    return facts->cylinder_count > 0 && facts->cylinder_count <= FG_VEHICLE_CYLINDERS_MAX;
}

static bool uid_differs(const struct fg_facts *facts)
{
    const struct fg_cylinder_facts *cylinder = &facts->cylinders[0];

    if (is_hand_made(facts->identity) || cylinder->lookup != FG_LOOKUP_FOUND)
        return false;
    return facts->uid.length == 0 || !fg_uid_is_same(&cylinder->row.uid, &facts->uid);
}

static bool identity_is_weak(const struct fg_facts *facts)
{
    const struct fg_station_rules *rules = &facts->rules;

    if (facts->identity == FG_IDENTITY_NONE || facts->identity > FG_IDENTITY_AUTHENTICATED_TAG)
        return true;
    if (facts->identity == FG_IDENTITY_MANUAL)
        return !rules->manual_entry;
    return facts->identity < rules->identity_min;
}

static void identity_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    reason_add_if(decision, uid_differs(facts), FG_REASON_UID_MISMATCH);
    /* Which identity is enough is said by the list; without one there is nothing to compare with. */
    if (facts->list == FG_LIST_IN_FORCE)
        reason_add_if(decision, identity_is_weak(facts), FG_REASON_IDENTITY_TOO_WEAK);
}

static bool list_is_false(const struct fg_facts *facts)
{
    for (unsigned i = 0; i < facts->cylinder_count && i < FG_VEHICLE_CYLINDERS_MAX; i++) {
        if (facts->cylinders[i].lookup != FG_LOOKUP_ABSENT && facts->cylinders[i].lookup != FG_LOOKUP_FOUND)
            return true;
    }
    return facts->list == FG_LIST_NOT_AUTHENTIC || facts->list > FG_LIST_ROLLED_BACK;
}

static bool list_is_stale(const struct fg_facts *facts)
{
    int64_t block_ms = (int64_t)facts->rules.list_block_age_h * MS_PER_HOUR;

    if (facts->now_ms >= facts->list_expires_ms)
        return true;
    return block_ms > 0 && facts->now_ms - facts->list_issued_ms > block_ms;
}

static void list_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    int64_t warn_ms = (int64_t)facts->rules.list_warn_age_h * MS_PER_HOUR;
    bool in_force = facts->list == FG_LIST_IN_FORCE;

    reason_add_if(decision, facts->list == FG_LIST_MISSING, FG_REASON_LIST_MISSING);
    reason_add_if(decision, list_is_false(facts), FG_REASON_LIST_NOT_AUTHENTIC);
    reason_add_if(decision, in_force && list_is_stale(facts), FG_REASON_LIST_EXPIRED);
    reason_add_if(decision, facts->list == FG_LIST_ROLLED_BACK, FG_REASON_LIST_ROLLED_BACK);
    decision->list_age_warning = in_force && warn_ms > 0 && facts->now_ms - facts->list_issued_ms > warn_ms;
}

static void record_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    bool trusted =
        facts->clock_quality == FG_CLOCK_INFORMATIVE || facts->clock_quality == FG_CLOCK_SYNCHRONISED;

    reason_add_if(decision, !trusted, FG_REASON_CLOCK_NOT_TRUSTED);
    reason_add_if(decision, facts->journal == FG_JOURNAL_FULL, FG_REASON_JOURNAL_FULL);
    reason_add_if(decision, facts->journal > FG_JOURNAL_FULL, FG_REASON_JOURNAL_NOT_WRITABLE);
}

/* The vehicle's other cylinders: the first that fails is named with its first reason. */
static void others_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    for (unsigned i = 1; i < facts->cylinder_count && i < FG_VEHICLE_CYLINDERS_MAX; i++) {
        const struct fg_cylinder_facts *other = &facts->cylinders[i];
        struct fg_decision own = {0};

        if (other->lookup == FG_LOOKUP_FOUND)
            cylinder_decide(facts, other, &own);
        else
            reason_add(&own, other->lookup == FG_LOOKUP_ABSENT ? FG_REASON_NOT_LISTED
                                                               : FG_REASON_LIST_NOT_AUTHENTIC);
        if (own.reasons.count > 0) {
            reason_add(decision, FG_REASON_OTHER_CYLINDER_FAILS);
            decision->failing_code = other->code;
            decision->failing_reason = own.reasons.reasons[0];
            return;
        }
    }
}

static void vehicle_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    const struct fg_cylinder_facts *scanned = &facts->cylinders[0];

    if (facts->list != FG_LIST_IN_FORCE)
        return;
    if (scanned->lookup == FG_LOOKUP_ABSENT)
        reason_add(decision, FG_REASON_NOT_LISTED);
    if (scanned->lookup != FG_LOOKUP_FOUND)
        return;
    cylinder_decide(facts, scanned, decision);
    others_decide(facts, decision);
}

static bool point_is_blocked(const struct fg_facts *facts)
{
    for (unsigned i = 0; i < facts->rules.blocked_count && i < FG_POINTS_BLOCKED_MAX; i++) {
        if (text_equal(facts->rules.blocked_points[i], facts->point, sizeof(facts->point)))
            return true;
    }
    return false;
}

/* Whether a code that was typed in needs somebody more is for the rules that allow typing to say. */
static bool second_person_counts(const struct fg_facts *facts)
{
    return facts->list == FG_LIST_IN_FORCE && facts->identity == FG_IDENTITY_MANUAL &&
           facts->rules.manual_entry;
}

static bool certificate_is_over(const struct fg_facts *facts)
{
    if (facts->operator_signed_in && is_past(facts->operator_certificate_end_day, facts->today))
        return true;
    return second_person_counts(facts) && facts->second_person_present &&
           is_past(facts->second_certificate_end_day, facts->today);
}

static void permits_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    bool in_force = facts->list == FG_LIST_IN_FORCE;

    reason_add_if(decision, !facts->operator_signed_in, FG_REASON_OPERATOR_NOT_SIGNED_IN);
    reason_add_if(decision, certificate_is_over(facts), FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    reason_add_if(decision, in_force && is_past(facts->rules.licence_end_day, facts->today),
                  FG_REASON_STATION_LICENCE_EXPIRED);
    reason_add_if(decision, in_force && point_is_blocked(facts), FG_REASON_POINT_BLOCKED);
    reason_add_if(decision, second_person_counts(facts) && !facts->second_person_present,
                  FG_REASON_SECOND_PERSON_MISSING);
}

static bool is_too_soon(const struct fg_facts *facts, const struct fg_cylinder_facts *cylinder)
{
    int64_t interval_ms = (int64_t)facts->rules.fill_interval_min_s * 1000;

    return interval_ms > 0 && cylinder->last_fill_wall_ms > 0 &&
           facts->now_ms - cylinder->last_fill_wall_ms < interval_ms;
}

static bool is_too_often(const struct fg_facts *facts, const struct fg_cylinder_facts *cylinder)
{
    return facts->rules.fills_per_day_max > 0 && cylinder->fills_today >= facts->rules.fills_per_day_max;
}

/* The other cylinders of the vehicle were filled through the same nozzle, whichever of them was scanned. */
static void history_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    bool too_soon = false;
    bool too_often = false;

    for (unsigned i = 0; i < facts->cylinder_count && i < FG_VEHICLE_CYLINDERS_MAX; i++) {
        too_soon = too_soon || is_too_soon(facts, &facts->cylinders[i]);
        too_often = too_often || is_too_often(facts, &facts->cylinders[i]);
    }
    reason_add_if(decision, too_soon, FG_REASON_TOO_SOON);
    reason_add_if(decision, too_often, FG_REASON_TOO_OFTEN);
    reason_add_if(decision,
                  facts->identity == FG_IDENTITY_MANUAL &&
                      facts->manual_today >= facts->rules.manual_per_day_max,
                  FG_REASON_MANUAL_QUOTA);
}

static void plant_decide(const struct fg_facts *facts, struct fg_decision *decision)
{
    reason_add_if(decision, facts->locked_out, FG_REASON_POINT_LOCKED_OUT);
    reason_add_if(decision, facts->device_fault, FG_REASON_DEVICE_FAULT);
    reason_add_if(decision, facts->emergency_stop, FG_REASON_EMERGENCY_STOP);
}

void fg_rules_decide(const struct fg_facts *facts, struct fg_decision *ret_decision)
{
    struct fg_decision decision;
    bool cylinder_known;

    memset(&decision, 0, sizeof(decision));
    cylinder_known = tag_decide(facts, &decision);
    if (cylinder_known)
        identity_decide(facts, &decision);
    list_decide(facts, &decision);
    record_decide(facts, &decision);
    if (cylinder_known)
        vehicle_decide(facts, &decision);
    permits_decide(facts, &decision);
    if (cylinder_known)
        history_decide(facts, &decision);
    plant_decide(facts, &decision);

    /* A scan without a cylinder is no scan, whatever the other facts say. */
    if (!cylinder_known && decision.reasons.count == 0)
        reason_add(&decision, FG_REASON_TAG_UNREADABLE);
    if (decision.reasons.count == 0)
        decision.programme = (uint8_t)fg_programme_of_medium(facts->medium);
    *ret_decision = decision;
}
