/* Entries in the order in which things happened: BOOT first, then what waits, then what is new. Nothing is
 * written past an event that still waits. */
#include "firmware/controller/record/recorder.h"

#include <stdio.h>
#include <string.h>

#include "firmware/clock/clock.h"
#include "firmware/controller/decision/plant_watch.h"
#include "firmware/journal/safety.h"
#include "lib/domain/catalogue.h"

#define RETRY_MS 500
#define DAY_MS INT64_C(86400000)
/* Old entries are looked for so often; while there are more of them, one piece follows the other sooner. */
#define PRUNE_AFTER_START_MS 60000
#define PRUNE_EVERY_MS 3600000
#define PRUNE_PIECE_MS 2000
/* How long a fill that a power cut left open waits for the meter before it is closed without it. */
#define METER_WAIT_MS 5000

/* ---- one entry ---- */

static void entry_start(struct fg_entry *entry, enum fg_entry_kind kind, const struct fg_circumstances *about)
{
    const struct fg_reading *inventory = &about->plant->readings[FG_SIGNAL_INVENTORY_G];

    memset(entry, 0, sizeof(*entry));
    entry->kind = (uint8_t)kind;
    entry->wall_ms = about->now->wall_ms;
    entry->mono_ms = about->now->mono_ms;
    entry->clock_quality = about->now->clock_quality;
    if (about->look->manifest_known) {
        memcpy(entry->list_id, about->look->manifest.list_id, sizeof(entry->list_id));
        entry->list_version = about->look->manifest.version;
    }
    /* An impossible reading is stated as such, and kept as read. */
    entry->meter_state = inventory->state;
    if (inventory->state == FG_READING_GOOD && about->fill->meter_state == FG_READING_RANGE)
        entry->meter_state = FG_READING_RANGE;
    if (inventory->state == FG_READING_GOOD)
        entry->inventory_g = inventory->value;
}

static void entry_add_operator(struct fg_entry *entry, const struct fg_signed_in *who)
{
    memcpy(entry->operator_id, who->id, sizeof(entry->operator_id));
    entry->operator_proof = who->proof;
}

static void entry_add_second(struct fg_entry *entry, const struct fg_identified *identified)
{
    memcpy(entry->second_person, identified->second_person, sizeof(entry->second_person));
    entry->second_proof = identified->second_proof;
}

static void entry_add_scan(struct fg_entry *entry, const struct fg_judgement *judgement,
                           const struct fg_circumstances *about)
{
    const struct fg_identified *identified = &judgement->identified;

    entry_add_operator(entry, about->operator_in);
    entry_add_second(entry, identified);
    entry->identity = identified->identity;
    entry->uid = identified->uid;
    if (judgement->row_known)
        entry->row = judgement->row;
    else
        entry->row.code = identified->code;
    entry->failing_code = judgement->decision.failing_code;
}

static void entry_add_failed(struct fg_entry *entry, const struct fg_check_outcome *checks)
{
    entry->checks_failed = checks->failed;
    memcpy(entry->text, checks->names, sizeof(entry->text));
}

static enum fg_err entry_put(struct fg_recorder *recorder, struct fg_entry *entry, uint64_t *ret_sequence,
                             struct fg_error *error)
{
    struct fg_error local = {0};
    uint64_t sequence = 0;
    enum fg_err code;

    if (recorder->journal == NULL)
        code = fg_fail(&local, FG_E_IO, "the journal is not open");
    else
        code = fg_journal_append(recorder->journal, entry, &sequence, &local);
    if (code != FG_OK && !recorder->write_broken)
        fg_log_line(&recorder->log, "journal: %s entry not written: %s", fg_entry_kind_name(entry->kind),
                    local.text);
    recorder->write_broken = code != FG_OK;
    if (code != FG_OK) {
        if (error != NULL)
            *error = local;
        return code;
    }
    recorder->last_sequence = sequence;
    entry->sequence = sequence;
    fg_board_take(&recorder->board, entry, recorder->utc_offset_s);
    if (ret_sequence != NULL)
        *ret_sequence = sequence;
    return FG_OK;
}

/* ---- what waits ---- */

/* Kept at once: the process may end before the journal takes it. */
static void entry_wait(struct fg_recorder *recorder, const struct fg_entry *entry, int64_t now_mono_ms)
{
    fg_waiting_add(&recorder->waiting, entry, recorder->last_sequence);
    fg_waiting_keep(&recorder->waiting, now_mono_ms, &recorder->log);
}

static enum fg_err events_write(struct fg_recorder *recorder, struct fg_error *error)
{
    while (recorder->waiting.event_count > 0) {
        struct fg_entry entry;
        enum fg_err code;

        fg_waiting_oldest(&recorder->waiting, &entry);
        if (entry.mono_ms == 0)
            entry.mono_ms = recorder->started_at.mono_ms;
        code = entry_put(recorder, &entry, NULL, error);
        if (code != FG_OK)
            return code;
        fg_waiting_event_written(&recorder->waiting);
    }
    return FG_OK;
}

/* The run's own time, however late the journal takes it: what waits must not be older than BOOT. */
static enum fg_err boot_write(struct fg_recorder *recorder, const struct fg_circumstances *about,
                              struct fg_error *error)
{
    struct fg_circumstances then = *about;
    struct fg_entry entry;

    then.now = &recorder->started_at;
    entry_start(&entry, FG_ENTRY_BOOT, &then);
    (void)snprintf(entry.text, sizeof(entry.text), "%s", recorder->version);
    return entry_put(recorder, &entry, NULL, error);
}

/* What waits goes first: BOOT, then the events. */
static enum fg_err waiting_write(struct fg_recorder *recorder, const struct fg_circumstances *about,
                                 struct fg_error *error)
{
    if (!recorder->started)
        return fg_fail(error, FG_E_STATE, "this run's BOOT entry is not written yet");
    if (recorder->boot_pending) {
        enum fg_err code = boot_write(recorder, about, error);

        if (code != FG_OK)
            return code;
        recorder->boot_pending = false;
    }
    return events_write(recorder, error);
}

static enum fg_err entry_append(struct fg_recorder *recorder, const struct fg_circumstances *about,
                                struct fg_entry *entry, uint64_t *ret_sequence, struct fg_error *error)
{
    enum fg_err code = waiting_write(recorder, about, error);

    if (code != FG_OK)
        return code;
    return entry_put(recorder, entry, ret_sequence, error);
}

/* ---- many of one cause ---- */

/* As entry_append, unless the entry is one of many of its cause: then it is counted, *ret_sequence is 0. */
static enum fg_err entry_offer(struct fg_recorder *recorder, const struct fg_circumstances *about,
                               struct fg_entry *entry, uint64_t *ret_sequence, struct fg_error *error)
{
    if (fg_budget_offer(&recorder->budget, entry, about->now->mono_ms) == FG_BUDGET_WRITE)
        return entry_append(recorder, about, entry, ret_sequence, error);
    if (ret_sequence != NULL)
        *ret_sequence = 0;
    return FG_OK;
}

/* Time and meter are of now: entries that were written meanwhile are older. */
static void count_bring_up_to_date(struct fg_entry *entry, const struct fg_circumstances *about)
{
    struct fg_entry now;

    entry_start(&now, (enum fg_entry_kind)entry->kind, about);
    entry->wall_ms = now.wall_ms;
    entry->mono_ms = now.mono_ms;
    entry->clock_quality = now.clock_quality;
    entry->meter_state = now.meter_state;
    entry->inventory_g = now.inventory_g;
}

static void counts_write(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    struct fg_entry entry;
    unsigned place = 0;

    fg_budget_press(&recorder->budget, recorder->journal != NULL && fg_journal_is_pressed(recorder->journal));
    while (fg_budget_due(&recorder->budget, about->now->mono_ms, &entry, &place)) {
        count_bring_up_to_date(&entry, about);
        if (entry_append(recorder, about, &entry, NULL, NULL) != FG_OK) {
            fg_budget_postpone(&recorder->budget, place, about->now->mono_ms);
            return;
        }
        fg_budget_written(&recorder->budget, place);
        fg_log_line(&recorder->log, "%s %s: %u times since, entry %llu", fg_entry_kind_name(entry.kind),
                    entry.kind == FG_ENTRY_EVENT ? fg_event_name((enum fg_event_kind)entry.event) : "",
                    (unsigned)entry.repeat_count, (unsigned long long)entry.sequence);
    }
}

void fg_recorder_raise(struct fg_recorder *recorder, enum fg_event_kind event, const char *text,
                       const struct fg_circumstances *about)
{
    struct fg_entry entry;

    entry_start(&entry, FG_ENTRY_EVENT, about);
    entry_add_operator(&entry, about->operator_in);
    entry.event = (uint8_t)event;
    (void)snprintf(entry.text, sizeof(entry.text), "%s", text);
    if (event == FG_EVENT_SHUTDOWN) {
        fg_budget_flush(&recorder->budget, about->now->mono_ms);
        counts_write(recorder, about);
    }
    if (fg_budget_offer(&recorder->budget, &entry, about->now->mono_ms) == FG_BUDGET_COUNTED)
        return;
    fg_log_line(&recorder->log, "event: %s%s%s", fg_event_name(event), text[0] == '\0' ? "" : ": ", text);
    if (entry_append(recorder, about, &entry, NULL, NULL) != FG_OK)
        entry_wait(recorder, &entry, about->now->mono_ms);
}

enum fg_err fg_recorder_clock_lowered(struct fg_recorder *recorder, int64_t floor_ms, int64_t before_ms,
                                      const char *reason, const struct fg_circumstances *about,
                                      struct fg_error *error)
{
    struct fg_entry entry;

    entry_start(&entry, FG_ENTRY_EVENT, about);
    entry_add_operator(&entry, about->operator_in);
    entry.event = FG_EVENT_CLOCK_FLOOR_LOWERED;
    (void)snprintf(entry.text, sizeof(entry.text), "%s", reason);
    entry.clock_floor_ms = floor_ms;
    entry.clock_floor_before_ms = before_ms;
    return entry_append(recorder, about, &entry, NULL, error);
}

/* ---- each kind ---- */

enum fg_err fg_recorder_operator(struct fg_recorder *recorder, const struct fg_signed_in *who, bool in,
                                 const struct fg_circumstances *about, struct fg_error *error)
{
    struct fg_entry entry;

    entry_start(&entry, FG_ENTRY_OPERATOR, about);
    entry_add_operator(&entry, who);
    entry.operator_in = in;
    return entry_offer(recorder, about, &entry, NULL, error);
}

enum fg_err fg_recorder_refused(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                                const struct fg_check_outcome *checks, const struct fg_circumstances *about,
                                uint64_t *ret_sequence)
{
    struct fg_entry entry;
    enum fg_err code;

    entry_start(&entry, FG_ENTRY_REFUSED, about);
    entry_add_scan(&entry, judgement, about);
    entry.reasons = judgement->decision.reasons;
    if (checks != NULL) {
        entry.pre_checks = checks->done;
        entry_add_failed(&entry, checks);
    }
    if (fg_uid_is_random(&entry.uid) && entry.text[0] == '\0')
        (void)snprintf(entry.text, sizeof(entry.text), "random UID: a phone or a card that hides its own");
    code = entry_offer(recorder, about, &entry, ret_sequence, NULL);
    if (code != FG_OK)
        (void)fg_budget_count(&recorder->budget, &entry, about->now->mono_ms);
    return code;
}

enum fg_err fg_recorder_authorised(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                                   uint32_t pre_checks_done, const struct fg_circumstances *about,
                                   uint64_t *ret_sequence)
{
    struct fg_entry entry;

    entry_start(&entry, FG_ENTRY_AUTHORISED, about);
    entry_add_scan(&entry, judgement, about);
    entry.pre_checks = pre_checks_done;
    return entry_offer(recorder, about, &entry, ret_sequence, NULL);
}

static void ended_keep(struct fg_recorder *recorder, const struct fg_entry *entry)
{
    recorder->fills_ended++;
    recorder->last_stop = entry->stop;
    recorder->last_ended_sequence = entry->sequence;
    recorder->last_quantity_g = entry->quantity_g;
}

static void ended_add_fill(struct fg_entry *entry, const struct fg_fill *fill)
{
    entry->authorised_sequence = fill->authorised_sequence;
    entry->stop = fill->stop;
    entry->start_inventory_g = fill->start_inventory_g;
    entry->quantity_g = fg_fill_quantity_g(fill);
    entry->duration_ms = fill->end_mono_ms - fill->authorised_mono_ms;
    entry->start_pressure_kpa = fill->start_pressure_kpa;
    entry->end_pressure_kpa = fill->end_pressure_kpa;
    entry->end_temperature_dc = fill->end_temperature_dc;
    entry->end_scale_g = fill->end_scale_g;
    entry->post_checks = fill->post_checks_done;
    entry->post_check_failed = fill->post_check_failed;
}

enum fg_err fg_recorder_ended(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                              const struct fg_fill *fill, const struct fg_check_outcome *checks,
                              const struct fg_signed_in *who, const struct fg_circumstances *about,
                              uint64_t *ret_sequence)
{
    struct fg_entry entry;
    enum fg_err code;

    entry_start(&entry, FG_ENTRY_ENDED, about);
    /* Not whoever is signed in now: the operator may have left meanwhile, which ended the fill. */
    entry_add_operator(&entry, who);
    entry_add_second(&entry, &judgement->identified);
    entry.uid = judgement->identified.uid;
    entry.identity = judgement->identified.identity;
    entry.row.code = judgement->identified.code;
    memcpy(entry.row.plate, judgement->row.plate, sizeof(entry.row.plate));
    ended_add_fill(&entry, fill);
    if (fill->post_check_failed)
        entry_add_failed(&entry, checks);
    code = entry_append(recorder, about, &entry, ret_sequence, NULL);
    if (code != FG_OK) {
        entry_wait(recorder, &entry, about->now->mono_ms);
        return code;
    }
    fg_waiting_ended_written(&recorder->waiting);
    ended_keep(recorder, &entry);
    fg_log_line(&recorder->log, "ended: %s, %s, %lld g in %lld ms, %lld kPa, entry %llu", entry.row.code.text,
                fg_stop_name((enum fg_stop)entry.stop), (long long)entry.quantity_g,
                (long long)entry.duration_ms, (long long)entry.end_pressure_kpa,
                (unsigned long long)entry.sequence);
    return FG_OK;
}

/* What the earlier run could not write, but kept. */
static void open_fill_kept(const struct fg_recorder *recorder, const struct fg_circumstances *about,
                           struct fg_entry *ret_entry)
{
    *ret_entry = recorder->waiting.ended;
    ret_entry->mono_ms = about->now->mono_ms;
}

/* Nobody knows how it ended: what the meter counted since is its quantity. */
static void open_fill_lost(const struct fg_recorder *recorder, const struct fg_circumstances *about,
                           struct fg_entry *ret_entry)
{
    const struct fg_entry *open = &recorder->open_fill;
    struct fg_entry entry;

    entry_start(&entry, FG_ENTRY_ENDED, about);
    memcpy(entry.operator_id, open->operator_id, sizeof(entry.operator_id));
    entry.operator_proof = open->operator_proof;
    memcpy(entry.second_person, open->second_person, sizeof(entry.second_person));
    entry.second_proof = open->second_proof;
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
    entry.end_pressure_kpa = fg_plant_watch_value(about->plant, FG_SIGNAL_PRESSURE_KPA);
    entry.end_temperature_dc = fg_plant_watch_value(about->plant, FG_SIGNAL_TEMPERATURE_DC);
    entry.end_scale_g = fg_plant_watch_value(about->plant, FG_SIGNAL_SCALE_G);
    *ret_entry = entry;
}

/* Closes the fill that an earlier run left open. */
static enum fg_err open_fill_close(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    struct fg_entry entry;
    enum fg_err code;

    if (recorder->waiting.has_ended)
        open_fill_kept(recorder, about, &entry);
    else
        open_fill_lost(recorder, about, &entry);
    code = entry_append(recorder, about, &entry, NULL, NULL);
    if (code != FG_OK)
        return code;
    fg_waiting_ended_written(&recorder->waiting);
    ended_keep(recorder, &entry);
    fg_log_line(
        &recorder->log, "ended: %s, left open by an earlier run (entry %llu), %s, %lld g%s, entry %llu",
        entry.row.code.text, (unsigned long long)entry.authorised_sequence,
        fg_stop_name((enum fg_stop)entry.stop), (long long)entry.quantity_g,
        entry.meter_state == FG_READING_GOOD ? "" : " (meter missing)", (unsigned long long)entry.sequence);
    return FG_OK;
}

static enum fg_err list_write(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    const struct fg_manifest *manifest = &about->look->manifest;
    struct fg_entry entry;
    enum fg_err code;

    entry_start(&entry, FG_ENTRY_LIST, about);
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(entry.text + 2 * i, sizeof(entry.text) - 2 * i, "%02x", manifest->root.bytes[i]);
    code = entry_append(recorder, about, &entry, NULL, NULL);
    if (code != FG_OK)
        return code;
    memcpy(recorder->list_logged.id, manifest->list_id, sizeof(recorder->list_logged.id));
    recorder->list_logged.version = manifest->version;
    fg_log_line(&recorder->log, "list: %s version %llu in force, %llu cylinders", manifest->list_id,
                (unsigned long long)manifest->version, (unsigned long long)manifest->row_count);
    return FG_OK;
}

/* ---- what is pending ---- */

void fg_recorder_list_in_force(struct fg_recorder *recorder, const struct fg_manifest *manifest)
{
    recorder->list_pending = strcmp(manifest->list_id, recorder->list_logged.id) != 0 ||
                             manifest->version != recorder->list_logged.version;
}

static bool open_fill_is_due(const struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    return recorder->waiting.has_ended ||
           (about->plant->readings[FG_SIGNAL_INVENTORY_G].state == FG_READING_GOOD &&
            fg_counter_is_sure(&about->fill->counter)) ||
           about->now->mono_ms - recorder->started_at.mono_ms >= METER_WAIT_MS;
}

static enum fg_err pending_write(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    if (waiting_write(recorder, about, NULL) != FG_OK)
        return FG_E_IO;
    if (recorder->open_fill_pending && open_fill_is_due(recorder, about)) {
        if (open_fill_close(recorder, about) != FG_OK)
            return FG_E_IO;
        recorder->open_fill_pending = false;
    }
    if (recorder->list_pending) {
        if (list_write(recorder, about) != FG_OK)
            return FG_E_IO;
        recorder->list_pending = false;
    }
    return FG_OK;
}

/* Does it take entries? One that did not is tried by itself: the next scan must not be refused for what is
 * over.
 */
static bool journal_takes(struct fg_recorder *recorder)
{
    if (fg_recorder_journal_state(recorder) != FG_JOURNAL_NOT_WRITABLE)
        return true;
    if (fg_journal_try(recorder->journal, NULL) != FG_OK)
        return false;
    recorder->write_broken = false;
    fg_log_line(&recorder->log, "journal: takes entries again");
    return true;
}

/* Somebody else's file in the place of the waiting entries is evidence. */
static void waiting_told(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    if (recorder->waiting_false)
        fg_recorder_raise(recorder, FG_EVENT_JOURNAL_TAMPERED,
                          "the kept entries that waited fail verification", about);
    recorder->waiting_false = false;
}

void fg_recorder_write_pending(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    bool nearly_full;
    uint8_t state;

    if (!recorder->started) {
        recorder->started = true;
        recorder->started_at = *about->now;
        recorder->prune_mono_ms = about->now->mono_ms + PRUNE_AFTER_START_MS;
    }
    fg_waiting_keep(&recorder->waiting, about->now->mono_ms, &recorder->log);
    if (recorder->journal == NULL || about->now->mono_ms < recorder->write_retry_mono_ms)
        return;
    waiting_told(recorder, about);
    if (!journal_takes(recorder) || pending_write(recorder, about) != FG_OK) {
        recorder->write_retry_mono_ms = about->now->mono_ms + RETRY_MS;
        return;
    }
    counts_write(recorder, about);
    state = fg_recorder_journal_state(recorder);
    nearly_full = state == FG_JOURNAL_WARN || state == FG_JOURNAL_FULL;
    if (nearly_full && !recorder->warned_full)
        fg_recorder_raise(recorder, FG_EVENT_JOURNAL_NEARLY_FULL, "", about);
    recorder->warned_full = nearly_full;
}

uint8_t fg_recorder_journal_state(const struct fg_recorder *recorder)
{
    if (recorder->journal == NULL)
        return FG_JOURNAL_NOT_WRITABLE;
    return fg_journal_state(recorder->journal);
}

bool fg_recorder_is_settled(const struct fg_recorder *recorder)
{
    return !recorder->boot_pending && !recorder->open_fill_pending;
}

/* ---- what is old ---- */

/* Wall time before which nothing need be kept; false: nobody can say. A clock that ran ahead would have
 * outrun the list that the bureau signed. */
static bool retention_end(const struct fg_recorder *recorder, const struct fg_circumstances *about,
                          int64_t *ret_before_ms)
{
    const struct fg_list_look *look = about->look;
    int64_t now_ms = about->now->wall_ms;

    if (recorder->retention_days == 0 || about->now->clock_quality != FG_CLOCK_SYNCHRONISED ||
        look->state != FG_LIST_IN_FORCE)
        return false;
    if (now_ms > look->manifest.expires_ms)
        now_ms = look->manifest.expires_ms;
    *ret_before_ms = now_ms - (int64_t)recorder->retention_days * DAY_MS;
    return true;
}

void fg_recorder_prune(struct fg_recorder *recorder, const struct fg_circumstances *about)
{
    struct fg_error error = {0};
    struct fg_entry entry;
    int64_t before_ms = 0;
    uint64_t pruned = 0;
    bool more = false;
    enum fg_err code;

    if (recorder->journal == NULL || !fg_recorder_is_settled(recorder) ||
        about->now->mono_ms < recorder->prune_mono_ms || !retention_end(recorder, about, &before_ms) ||
        waiting_write(recorder, about, NULL) != FG_OK)
        return;
    entry_start(&entry, FG_ENTRY_EVENT, about);
    code = fg_journal_prune(recorder->journal, before_ms, &entry, &pruned, &more, &error);
    recorder->prune_mono_ms = about->now->mono_ms + (code == FG_OK && more ? PRUNE_PIECE_MS : PRUNE_EVERY_MS);
    if (code != FG_OK && !recorder->prune_broken)
        fg_log_line(&recorder->log, "journal: nothing pruned: %s", error.text);
    recorder->prune_broken = code != FG_OK;
    if (code != FG_OK || pruned == 0)
        return;
    recorder->last_sequence = entry.sequence;
    fg_log_line(&recorder->log, "journal: %llu old entries pruned, entry %llu", (unsigned long long)pruned,
                (unsigned long long)entry.sequence);
}

/* ---- start and day ---- */

/* What the last run could not write counts as if it were in the journal, from which it is missing. */
static void waiting_restore(struct fg_recorder *recorder, const struct fg_journal_start *start)
{
    const struct fg_waiting_list *waiting = &recorder->waiting;
    struct fg_waiting_store store = {.key = recorder->key};
    struct fg_error error = {0};
    enum fg_err code;

    if (recorder->journal_path == NULL || recorder->key == NULL)
        return;
    (void)snprintf(store.path, sizeof(store.path), "%s.waiting", recorder->journal_path);
    memcpy(store.controller, recorder->controller, sizeof(store.controller));
    code = fg_waiting_restore(&recorder->waiting, &store, recorder->journal_path,
                              start->fill_open ? start->open_fill.sequence : 0, &error);
    if (code != FG_OK)
        fg_log_line(&recorder->log, "journal: what the last run could not write is lost: %s", error.text);
    recorder->waiting_false = code == FG_E_AUTH || code == FG_E_FORMAT || code == FG_E_RANGE;
    for (uint8_t i = 0; i < waiting->event_count; i++)
        fg_safety_take(&recorder->kept, &waiting->events[i], recorder->zero_fill_g);
    if (waiting->has_ended)
        fg_safety_take(&recorder->kept, &waiting->ended, recorder->zero_fill_g);
}

void fg_recorder_open(struct fg_recorder *recorder, struct fg_journal *journal,
                      const struct fg_journal_start *start)
{
    recorder->journal = journal;
    recorder->boot_pending = true;
    recorder->open_fill_pending = start->fill_open;
    recorder->open_fill = start->open_fill;
    recorder->last_sequence = start->last_sequence;
    recorder->write_retry_mono_ms = 0;
    fg_board_start(&recorder->board, start->boot);
    recorder->kept = start->kept;
    memcpy(recorder->list_logged.id, start->list_id, sizeof(recorder->list_logged.id));
    recorder->list_logged.version = start->list_version;
    waiting_restore(recorder, start);
    /* What flowed since a fill was left open belongs to its ENDED. */
    if (start->fill_open && !recorder->waiting.has_ended)
        recorder->kept.inventory_known = false;
}

void fg_recorder_start(struct fg_recorder *recorder, struct fg_journal *journal,
                       const struct fg_journal_start *start, const struct fg_recorder_settings *settings,
                       const struct fg_log *log)
{
    memset(recorder, 0, sizeof(*recorder));
    recorder->journal_path = settings->journal_path;
    recorder->version = settings->version;
    recorder->zero_fill_g = settings->zero_fill_g;
    recorder->key = settings->device_key;
    (void)snprintf(recorder->controller, sizeof(recorder->controller), "%s", settings->controller);
    recorder->log = *log;
    fg_budget_start(&recorder->budget, 0);
    recorder->retention_days = settings->retention_days;
    if (journal != NULL)
        fg_recorder_open(recorder, journal, start);
    else
        fg_board_start(&recorder->board, 0);
}

void fg_recorder_board_day(struct fg_recorder *recorder, const struct fg_moment *now)
{
    int32_t today = fg_clock_local_day(now->wall_ms, now->utc_offset_s);
    struct fg_error error;

    recorder->utc_offset_s = now->utc_offset_s;
    if (recorder->board.day_known && recorder->board.day == today)
        return;
    if (fg_board_rebuild(&recorder->board, recorder->journal == NULL ? NULL : recorder->journal_path,
                         recorder->last_sequence, today, now->utc_offset_s, &error) != FG_OK)
        fg_log_line(&recorder->log, "journal: today's sums cannot be read: %s", error.text);
}
