/* Journal entries of the session: which fields each kind carries, and what is still to be written. */
#include <stdio.h>
#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/controller/session_private.h"

#define RETRY_MS 500
/* How long a fill that a power cut left open waits for the meter before it is closed without it. */
#define METER_WAIT_MS 5000

static void entry_start(struct fg_session *session, struct fg_entry *entry, enum fg_entry_kind kind,
                        const struct fg_moment *now)
{
    const struct fg_reading *inventory = &session->plant.readings[FG_SIGNAL_INVENTORY_G];

    memset(entry, 0, sizeof(*entry));
    entry->kind = (uint8_t)kind;
    entry->wall_ms = now->wall_ms;
    entry->mono_ms = now->mono_ms;
    entry->clock_quality = now->clock_quality;
    if (session->manifest_known) {
        memcpy(entry->list_id, session->manifest.list_id, sizeof(entry->list_id));
        entry->list_version = session->manifest.version;
    }
    entry->meter_state = inventory->state;
    if (inventory->state == FG_READING_GOOD)
        entry->inventory_g = inventory->value;
}

static void entry_add_scan(const struct fg_session *session, struct fg_entry *entry)
{
    const struct scan *scan = &session->scan;

    memcpy(entry->operator_id, session->operator_id, sizeof(entry->operator_id));
    memcpy(entry->second_person, scan->identified.second_person, sizeof(entry->second_person));
    entry->identity = scan->identified.identity;
    entry->uid = scan->identified.uid;
    if (scan->row_known)
        entry->row = scan->row;
    else
        entry->row.code = scan->identified.code;
    entry->failing_code = scan->decision.failing_code;
}

static enum fg_err entry_append(struct fg_session *session, struct fg_entry *entry, uint64_t *ret_sequence,
                                struct fg_error *error)
{
    struct fg_error local = {0};
    uint64_t sequence = 0;
    enum fg_err code;

    if (session->stores.journal == NULL) {
        code = fg_fail(&local, FG_E_IO, "the journal is not open");
    } else {
        code = fg_journal_append(session->stores.journal, entry, &sequence, &local);
    }
    if (code != FG_OK && !session->write_broken)
        fg_session_log(session, "journal: %s entry not written: %s", fg_entry_kind_name(entry->kind),
                       local.text);
    session->write_broken = code != FG_OK;
    if (code != FG_OK) {
        if (error != NULL)
            *error = local;
        return code;
    }
    session->last_sequence = sequence;
    entry->sequence = sequence;
    fg_board_take(&session->board, entry, session->utc_offset_s);
    if (ret_sequence != NULL)
        *ret_sequence = sequence;
    return FG_OK;
}

uint8_t fg_session_journal_state(const struct fg_session *session)
{
    if (session->stores.journal == NULL)
        return FG_JOURNAL_NOT_WRITABLE;
    return fg_journal_state(session->stores.journal);
}

enum fg_err fg_session_write_boot(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_entry entry;

    entry_start(session, &entry, FG_ENTRY_BOOT, now);
    (void)snprintf(entry.text, sizeof(entry.text), "%s", session->settings.version);
    return entry_append(session, &entry, NULL, NULL);
}

enum fg_err fg_session_write_list(struct fg_session *session, const struct fg_moment *now)
{
    struct fg_entry entry;
    enum fg_err code;

    entry_start(session, &entry, FG_ENTRY_LIST, now);
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(entry.text + 2 * i, sizeof(entry.text) - 2 * i, "%02x",
                       session->manifest.root.bytes[i]);
    code = entry_append(session, &entry, NULL, NULL);
    if (code == FG_OK) {
        memcpy(session->list_logged_id, session->manifest.list_id, sizeof(session->list_logged_id));
        session->list_logged_version = session->manifest.version;
        fg_session_log(session, "list: %s version %llu in force, %llu cylinders", session->manifest.list_id,
                       (unsigned long long)session->manifest.version,
                       (unsigned long long)session->manifest.row_count);
    }
    return code;
}

enum fg_err fg_session_write_operator(struct fg_session *session, const char *operator_id, bool in,
                                      const struct fg_moment *now, struct fg_error *error)
{
    struct fg_entry entry;

    entry_start(session, &entry, FG_ENTRY_OPERATOR, now);
    (void)snprintf(entry.operator_id, sizeof(entry.operator_id), "%s", operator_id);
    entry.operator_in = in;
    return entry_append(session, &entry, NULL, error);
}

enum fg_err fg_session_write_refused(struct fg_session *session, const struct fg_reasons *reasons,
                                     const struct fg_moment *now)
{
    struct fg_entry entry;
    uint64_t sequence = 0;
    enum fg_err code;

    entry_start(session, &entry, FG_ENTRY_REFUSED, now);
    entry_add_scan(session, &entry);
    entry.reasons = *reasons;
    if (reasons->reasons[0] == FG_REASON_PRE_CHECK_FAILED)
        entry.pre_checks = session->fill.pre_checks_done;
    code = entry_append(session, &entry, &sequence, NULL);
    session->decision_sequence = sequence;
    return code;
}

enum fg_err fg_session_write_authorised(struct fg_session *session, const struct fg_moment *now,
                                        uint64_t *ret_sequence)
{
    struct fg_entry entry;
    enum fg_err code;

    entry_start(session, &entry, FG_ENTRY_AUTHORISED, now);
    entry_add_scan(session, &entry);
    entry.pre_checks = session->fill.pre_checks_done;
    code = entry_append(session, &entry, ret_sequence, NULL);
    if (code == FG_OK)
        fg_session_log(session, "authorised: %s, entry %llu", entry.row.code.text,
                       (unsigned long long)*ret_sequence);
    return code;
}

enum fg_err fg_session_write_ended(struct fg_session *session, const struct fg_moment *now,
                                   uint64_t *ret_sequence)
{
    const struct fg_fill *fill = &session->fill;
    struct fg_entry entry;
    enum fg_err code;

    entry_start(session, &entry, FG_ENTRY_ENDED, now);
    /* Not whoever is signed in now: the operator may have left meanwhile, which ended the fill. */
    memcpy(entry.operator_id, session->fill_operator_id, sizeof(entry.operator_id));
    entry.uid = session->scan.identified.uid;
    entry.identity = session->scan.identified.identity;
    entry.row.code = session->scan.identified.code;
    memcpy(entry.row.plate, session->scan.row.plate, sizeof(entry.row.plate));
    entry.authorised_sequence = fill->authorised_sequence;
    entry.stop = fill->stop;
    entry.start_inventory_g = fill->start_inventory_g;
    entry.quantity_g = fg_fill_quantity_g(fill, &session->plant);
    entry.duration_ms = fill->end_mono_ms - fill->authorised_mono_ms;
    entry.start_pressure_kpa = fill->start_pressure_kpa;
    entry.end_pressure_kpa = fill->end_pressure_kpa;
    entry.end_temperature_dc = fill->end_temperature_dc;
    entry.end_scale_g = fill->end_scale_g;
    entry.post_checks = fill->post_checks_done;
    entry.post_check_failed = fill->post_check_failed;
    code = entry_append(session, &entry, ret_sequence, NULL);
    if (code != FG_OK)
        return code;
    session->fills_ended++;
    session->last_stop = entry.stop;
    session->last_ended_sequence = *ret_sequence;
    session->last_quantity_g = entry.quantity_g;
    fg_session_log(session, "ended: %s, %s, %lld g in %lld ms, %lld kPa, entry %llu", entry.row.code.text,
                   fg_stop_name((enum fg_stop)entry.stop), (long long)entry.quantity_g,
                   (long long)entry.duration_ms, (long long)entry.end_pressure_kpa,
                   (unsigned long long)*ret_sequence);
    return FG_OK;
}

/* Closes the fill that an earlier run left open: what the meter counted since is its quantity. */
enum fg_err fg_session_write_power_lost(struct fg_session *session, const struct fg_moment *now)
{
    const struct fg_entry *open = &session->stores.journal_start.open_fill;
    struct fg_entry entry;
    uint64_t sequence = 0;
    enum fg_err code;

    entry_start(session, &entry, FG_ENTRY_ENDED, now);
    memcpy(entry.operator_id, open->operator_id, sizeof(entry.operator_id));
    entry.uid = open->uid;
    entry.identity = open->identity;
    entry.row.code = open->row.code;
    memcpy(entry.row.plate, open->row.plate, sizeof(entry.row.plate));
    entry.authorised_sequence = open->sequence;
    entry.stop = FG_STOP_POWER_LOST;
    entry.start_inventory_g = open->inventory_g;
    if (entry.meter_state == FG_READING_GOOD && open->meter_state == FG_READING_GOOD &&
        entry.inventory_g > open->inventory_g)
        entry.quantity_g = entry.inventory_g - open->inventory_g;
    entry.end_pressure_kpa = fg_session_value(session, FG_SIGNAL_PRESSURE_KPA);
    entry.end_temperature_dc = fg_session_value(session, FG_SIGNAL_TEMPERATURE_DC);
    entry.end_scale_g = fg_session_value(session, FG_SIGNAL_SCALE_G);
    code = entry_append(session, &entry, &sequence, NULL);
    if (code != FG_OK)
        return code;
    session->fills_ended++;
    session->last_stop = entry.stop;
    session->last_ended_sequence = sequence;
    session->last_quantity_g = entry.quantity_g;
    fg_session_log(session, "ended: %s, left open by an earlier run (entry %llu), %lld g%s, entry %llu",
                   entry.row.code.text, (unsigned long long)open->sequence, (long long)entry.quantity_g,
                   entry.meter_state == FG_READING_GOOD ? "" : " (meter missing)",
                   (unsigned long long)sequence);
    return FG_OK;
}

static enum fg_err event_append(struct fg_session *session, enum fg_event_kind event, const char *text,
                                const struct fg_moment *now)
{
    struct fg_entry entry;

    entry_start(session, &entry, FG_ENTRY_EVENT, now);
    memcpy(entry.operator_id, session->operator_id, sizeof(entry.operator_id));
    entry.event = (uint8_t)event;
    (void)snprintf(entry.text, sizeof(entry.text), "%s", text);
    return entry_append(session, &entry, NULL, NULL);
}

void fg_session_raise(struct fg_session *session, enum fg_event_kind event, const char *text,
                      const struct fg_moment *now)
{
    fg_session_log(session, "event: %s%s%s", fg_event_name(event), text[0] == '\0' ? "" : ": ", text);
    /* BOOT comes first in every run, so nothing is written around it. */
    if (session->boot_pending || event_append(session, event, text, now) != FG_OK)
        session->events_pending |= UINT32_C(1) << event;
}

static bool open_fill_is_due(const struct fg_session *session, const struct fg_moment *now)
{
    return session->plant.readings[FG_SIGNAL_INVENTORY_G].state == FG_READING_GOOD ||
           now->mono_ms - session->started_mono_ms >= METER_WAIT_MS;
}

static enum fg_err events_write(struct fg_session *session, const struct fg_moment *now)
{
    for (unsigned event = 1; event < 32; event++) {
        uint32_t bit = UINT32_C(1) << event;

        if ((session->events_pending & bit) == 0)
            continue;
        if (event_append(session, (enum fg_event_kind)event, "logged late", now) != FG_OK)
            return FG_E_IO;
        session->events_pending &= ~bit;
    }
    return FG_OK;
}

static enum fg_err pending_write(struct fg_session *session, const struct fg_moment *now)
{
    if (session->boot_pending) {
        if (fg_session_write_boot(session, now) != FG_OK)
            return FG_E_IO;
        session->boot_pending = false;
    }
    if (session->open_fill_pending && open_fill_is_due(session, now)) {
        if (fg_session_write_power_lost(session, now) != FG_OK)
            return FG_E_IO;
        session->open_fill_pending = false;
    }
    if (session->list_pending) {
        if (fg_session_write_list(session, now) != FG_OK)
            return FG_E_IO;
        session->list_pending = false;
    }
    return events_write(session, now);
}

void fg_session_write_pending(struct fg_session *session, const struct fg_moment *now)
{
    uint8_t state = fg_session_journal_state(session);

    if (session->stores.journal == NULL || now->mono_ms < session->write_retry_mono_ms)
        return;
    if (pending_write(session, now) != FG_OK) {
        session->write_retry_mono_ms = now->mono_ms + RETRY_MS;
        return;
    }
    if ((state == FG_JOURNAL_WARN || state == FG_JOURNAL_FULL) && !session->warned_full)
        fg_session_raise(session, FG_EVENT_JOURNAL_NEARLY_FULL, "", now);
    session->warned_full = state == FG_JOURNAL_WARN || state == FG_JOURNAL_FULL;
}

void fg_session_board_day(struct fg_session *session, const struct fg_moment *now)
{
    int32_t today = fg_clock_local_day(now->wall_ms, now->utc_offset_s);
    struct fg_error error;

    session->utc_offset_s = now->utc_offset_s;
    if (session->board.day_known && session->board.day == today)
        return;
    if (fg_board_rebuild(&session->board,
                         session->stores.journal == NULL ? NULL : session->settings.journal_path,
                         session->last_sequence, today, now->utc_offset_s, &error) != FG_OK)
        fg_session_log(session, "journal: today's sums cannot be read: %s", error.text);
}

static enum fg_err newest_list_keep(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                    size_t byte_count, struct fg_error *error)
{
    struct fg_session *session = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    if (entry->kind != FG_ENTRY_LIST)
        return FG_OK;
    memcpy(session->list_logged_id, entry->list_id, sizeof(session->list_logged_id));
    session->list_logged_version = entry->list_version;
    return FG_OK;
}

void fg_session_find_logged_list(struct fg_session *session)
{
    struct fg_journal_filter filter = {.kind = FG_ENTRY_LIST};
    struct fg_error error;

    if (session->stores.journal == NULL || session->settings.journal_path == NULL)
        return;
    if (fg_journal_each(session->settings.journal_path, &filter, newest_list_keep, session, &error) != FG_OK)
        fg_session_log(session, "journal: cannot look for the newest list: %s", error.text);
}
