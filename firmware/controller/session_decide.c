/* From a scan to a decision: the facts are gathered from list, journal, clock and plant, the rules decide,
 * the answer is logged. Every doubt while gathering becomes a fact that refuses. */
#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/controller/session_private.h"

#define BIT(signal) (UINT32_C(1) << (signal))

/* Signals without which this medium cannot be filled safely. */
static uint32_t signals_needed(uint8_t medium)
{
    uint32_t needed = BIT(FG_SIGNAL_INVENTORY_G) | BIT(FG_SIGNAL_VALVE_OPEN) | BIT(FG_SIGNAL_FLOW_G_MIN);

    if (medium == FG_MEDIUM_CNG)
        needed |= BIT(FG_SIGNAL_PRESSURE_KPA) | BIT(FG_SIGNAL_TEMPERATURE_DC);
    else
        needed |= BIT(FG_SIGNAL_SCALE_G);
    return needed;
}

/* Signals that a point need not have, but that must work where it has them. */
#define SIGNALS_OF_SAFETY                                                                                    \
    (BIT(FG_SIGNAL_EMERGENCY_STOP) | BIT(FG_SIGNAL_START_BUTTON) | BIT(FG_SIGNAL_STOP_BUTTON))

bool fg_session_plant_is_faulty(const struct fg_session *session)
{
    uint32_t needed = signals_needed(session->settings.medium);

    if (session->fill.alarm_flow || session->fill.alarm_valve)
        return true;
    for (int signal = 0; signal < FG_SIGNAL_COUNT; signal++) {
        bool good = session->plant.readings[signal].state == FG_READING_GOOD;

        if ((needed & BIT(signal)) != 0 && !(session->plant.configured[signal] && good))
            return true;
        if ((SIGNALS_OF_SAFETY & BIT(signal)) != 0 && session->plant.configured[signal] && !good)
            return true;
    }
    return false;
}

uint8_t fg_session_list_state(struct fg_session *session)
{
    uint8_t state = FG_LIST_MISSING;
    struct fg_manifest manifest;

    session->manifest_known = false;
    if (session->stores.list == NULL)
        return FG_LIST_NOT_AUTHENTIC;
    state = fg_list_state(session->stores.list);
    if (state != FG_LIST_IN_FORCE)
        return state;
    if (fg_list_manifest(session->stores.list, &manifest, NULL) != FG_OK)
        return FG_LIST_NOT_AUTHENTIC;
    session->manifest = manifest;
    session->manifest_known = true;
    if (strcmp(manifest.list_id, session->list_logged_id) == 0 &&
        manifest.version < session->list_logged_version)
        return FG_LIST_ROLLED_BACK;
    return FG_LIST_IN_FORCE;
}

static void cylinder_look_up(struct fg_session *session, const struct fg_code *code, int32_t today,
                             const struct fg_moment *now, struct fg_facts *facts)
{
    struct fg_cylinder_facts *cylinder = &facts->cylinders[facts->cylinder_count];
    struct fg_error error = {0};
    enum fg_err found = fg_list_find(session->stores.list, code, &cylinder->row, &error);

    cylinder->code = *code;
    cylinder->lookup = FG_LOOKUP_NOT_AUTHENTIC;
    if (found == FG_OK) {
        cylinder->lookup = FG_LOOKUP_FOUND;
    } else if (found == FG_E_NOT_FOUND) {
        cylinder->lookup = FG_LOOKUP_ABSENT;
    } else if (!session->list_tamper_told) {
        session->list_tamper_told = true;
        fg_session_raise(session, FG_EVENT_LIST_TAMPERED, error.text, now);
    }
    if (session->stores.journal == NULL ||
        fg_journal_history(session->stores.journal, code, today, now->utc_offset_s,
                           &cylinder->last_fill_wall_ms, &cylinder->fills_today, &error) != FG_OK)
        facts->journal = FG_JOURNAL_NOT_WRITABLE;
    facts->cylinder_count++;
}

/* The scanned cylinder first, then the others of its vehicle in the row's order. */
static void cylinders_look_up(struct fg_session *session, const struct fg_code *code,
                              const struct fg_moment *now, struct fg_facts *facts)
{
    int32_t today = facts->today;
    const struct fg_row *row = &facts->cylinders[0].row;

    cylinder_look_up(session, code, today, now, facts);
    if (facts->cylinders[0].lookup != FG_LOOKUP_FOUND)
        return;
    for (uint8_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        cylinder_look_up(session, &row->others[i], today, now, facts);
}

static void facts_gather(struct fg_session *session, const struct fg_identified *identified,
                         const struct fg_moment *now, struct fg_facts *facts)
{
    memset(facts, 0, sizeof(*facts));
    facts->tag = identified->tag;
    facts->identity = identified->identity;
    facts->uid = identified->uid;
    facts->list = fg_session_list_state(session);
    if (session->manifest_known) {
        facts->list_issued_ms = session->manifest.issued_ms;
        facts->list_expires_ms = session->manifest.expires_ms;
        facts->rules = session->manifest.rules;
    }
    facts->clock_quality = now->clock_quality;
    facts->now_ms = now->wall_ms;
    facts->today = fg_clock_local_day(now->wall_ms, now->utc_offset_s);
    facts->operator_signed_in = session->operator_id[0] != '\0';
    facts->operator_certificate_end_day = session->certificate_end_day;
    facts->second_person_present =
        identified->second_person[0] != '\0' && strcmp(identified->second_person, session->operator_id) != 0;
    memcpy(facts->point, session->settings.point, sizeof(facts->point));
    facts->medium = session->settings.medium;
    facts->fill_pressure_kpa = session->settings.fill_pressure_kpa;
    facts->journal = fg_session_journal_state(session);
    /* What an earlier run left open must be closed in the journal before anything new is authorised. */
    if (session->boot_pending || session->open_fill_pending)
        facts->journal = FG_JOURNAL_NOT_WRITABLE;
    facts->locked_out = session->fill.locked_out;
    facts->device_fault = fg_session_plant_is_faulty(session);
    facts->emergency_stop = fg_session_is_on(session, FG_SIGNAL_EMERGENCY_STOP);
    if (session->stores.journal != NULL &&
        fg_journal_manual_count(session->stores.journal, facts->today, now->utc_offset_s,
                                &facts->manual_today, NULL) != FG_OK)
        facts->journal = FG_JOURNAL_NOT_WRITABLE;
    if (session->manifest_known && identified->code.text[0] != '\0')
        cylinders_look_up(session, &identified->code, now, facts);
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

static void scan_accept(struct fg_session *session, const struct fg_facts *facts, const struct fg_moment *now)
{
    const struct fg_row *row = &facts->cylinders[0].row;
    struct fg_fill_event event = {
        .kind = FG_FILL_EVENT_ACCEPTED,
        .scan = {.programme = session->scan.decision.programme,
                 .nominal_kpa = weakest_nominal_kpa(facts),
                 .tare_g = row->tare_g,
                 .maximum_fill_g = row->maximum_fill_g,
                 .pre_checks_wanted = items_mask(facts->rules.pre_check_count),
                 .post_checks_wanted = items_mask(facts->rules.post_check_count),
                 .zero_fills_lock_out = facts->rules.zero_fills_lock_out},
    };

    session->fill_uid = session->scan.identified.uid;
    session->fill_is_manual = session->scan.identified.identity == FG_IDENTITY_MANUAL;
    memcpy(session->fill_operator_id, session->operator_id, sizeof(session->fill_operator_id));
    session->decision_sequence = 0;
    fg_session_log(session, "accepted: %s %s%s", session->scan.identified.code.text, row->plate,
                   session->scan.decision.list_age_warning ? " (the list is getting old)" : "");
    fg_session_step(session, &event, now);
}

static void scan_refuse(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_reasons *reasons = &session->scan.decision.reasons;
    char others[256] = "";
    size_t used = 0;

    for (uint8_t i = 1; i < reasons->count && used + 64 < sizeof(others); i++) {
        const char *name = fg_reason_name((enum fg_reason)reasons->reasons[i]);

        memcpy(others + used, ", ", 2);
        used += 2;
        memcpy(others + used, name, strlen(name) + 1);
        used += strlen(name);
    }
    session->tag_refused = session->scan.identified.identity != FG_IDENTITY_MANUAL;
    (void)fg_session_write_refused(session, reasons, now);
    fg_session_log(session, "refused: %s: %s (%s%s)%s%s, entry %llu",
                   session->scan.identified.code.text[0] == '\0' ? "no code"
                                                                 : session->scan.identified.code.text,
                   fg_reason_text(session->settings.language, (enum fg_reason)reasons->reasons[0]),
                   fg_reason_name((enum fg_reason)reasons->reasons[0]), others,
                   session->scan.decision.failing_code.text[0] == '\0' ? "" : ": ",
                   session->scan.decision.failing_code.text, (unsigned long long)session->decision_sequence);
}

void fg_session_decide(struct fg_session *session, const struct fg_identified *identified,
                       const struct fg_moment *now)
{
    static struct fg_facts facts; /* large; one thread */
    struct scan *scan = &session->scan;

    fg_session_operator_used(session, now);
    session->tag_refused = false;
    facts_gather(session, identified, now, &facts);
    memset(scan, 0, sizeof(*scan));
    scan->identified = *identified;
    scan->row_known = facts.cylinder_count > 0 && facts.cylinders[0].lookup == FG_LOOKUP_FOUND;
    if (scan->row_known)
        scan->row = facts.cylinders[0].row;
    fg_rules_decide(&facts, &scan->decision);
    session->decisions++;
    if (scan->decision.reasons.count == 0)
        scan_accept(session, &facts, now);
    else
        scan_refuse(session, now);
}
