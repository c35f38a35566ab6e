/* Feeds the rules any bytes as facts; traps when a fill would be allowed on facts that cannot allow it, or
 * when the reasons are not in the catalogue's order. */
#include <stdint.h>
#include <string.h>

#include "firmware/core/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        __builtin_trap();
}

/* bool objects must hold 0 or 1; everything else may hold anything. */
static void booleans_tame(struct fg_facts *facts)
{
    bool *const flags[] = {&facts->operator_signed_in, &facts->second_person_present,
                           &facts->locked_out,         &facts->device_fault,
                           &facts->emergency_stop,     &facts->rules.own_cylinders_only,
                           &facts->rules.manual_entry};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        memset(flags[i], *(const uint8_t *)flags[i] & 1, 1);
    for (size_t i = 0; i < FG_VEHICLE_CYLINDERS_MAX; i++) {
        bool *pending = &facts->cylinders[i].row.first_fill_pending;

        memset(pending, *(const uint8_t *)pending & 1, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_facts facts;
    struct fg_decision decision;

    memset(&facts, 0, sizeof(facts));
    memcpy(&facts, data, size < sizeof(facts) ? size : sizeof(facts));
    booleans_tame(&facts);
    /* Differences of times must not overflow: wall times are checked where they are made. */
    facts.now_ms %= INT64_C(1) << 60;
    facts.list_issued_ms %= INT64_C(1) << 60;
    for (size_t i = 0; i < FG_VEHICLE_CYLINDERS_MAX; i++)
        facts.cylinders[i].last_fill_wall_ms %= INT64_C(1) << 60;
    fg_rules_decide(&facts, &decision);
    require(decision.reasons.count <= FG_REASONS_MAX);
    for (unsigned i = 1; i < decision.reasons.count; i++)
        require(decision.reasons.reasons[i] >= decision.reasons.reasons[i - 1]);
    if (decision.reasons.count > 0) {
        require(decision.programme == FG_PROGRAMME_NONE);
        return 0;
    }
    require(facts.tag == FG_TAG_OK && facts.list == FG_LIST_IN_FORCE && facts.operator_signed_in);
    require(facts.journal <= FG_JOURNAL_WARN && !facts.locked_out && !facts.device_fault &&
            !facts.emergency_stop);
    require(facts.cylinder_count >= 1 && facts.cylinder_count <= FG_VEHICLE_CYLINDERS_MAX);
    for (unsigned i = 0; i < facts.cylinder_count; i++)
        require(facts.cylinders[i].lookup == FG_LOOKUP_FOUND &&
                facts.cylinders[i].row.state == FG_CYLINDER_IN_SERVICE);
    require(decision.programme != FG_PROGRAMME_NONE);
    return 0;
}
