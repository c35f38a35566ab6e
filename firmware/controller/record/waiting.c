/* Implementation of waiting.h. */
#include "firmware/controller/record/waiting.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define KEEP_AGAIN_MS 500

void fg_waiting_add(struct fg_waiting_list *list, const struct fg_entry *entry, uint64_t journal_last)
{
    if (list->event_count == 0 && !list->has_ended)
        list->after = journal_last;
    if (entry->kind == FG_ENTRY_ENDED) {
        /* Asked for again and again: what was known at the first time is kept once. */
        list->is_changed = list->is_changed || !list->has_ended;
        list->has_ended = true;
        list->ended = *entry;
        return;
    }
    if (list->event_count == FG_WAITING_EVENTS_MAX) {
        if (list->events_lost < UINT32_MAX)
            list->events_lost++;
        return;
    }
    list->events[list->event_count++] = *entry;
    list->is_changed = true;
}

/* Says in text how many events after this one found no room. */
static void lost_note(char text[FG_TEXT_MAX + 1], uint32_t lost)
{
    char note[40];
    size_t length = (size_t)snprintf(note, sizeof(note), "; %u more not kept", (unsigned)lost);
    size_t at = strlen(text);

    if (at > FG_TEXT_MAX - length)
        at = FG_TEXT_MAX - length;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--; /* not in the middle of a character */
    memcpy(text + at, note, length + 1);
}

void fg_waiting_oldest(const struct fg_waiting_list *list, struct fg_entry *ret_event)
{
    assert(list->event_count > 0);
    *ret_event = list->events[0];
    if (list->event_count == 1 && list->events_lost > 0)
        lost_note(ret_event->text, list->events_lost);
}

void fg_waiting_event_written(struct fg_waiting_list *list)
{
    assert(list->event_count > 0);
    list->event_count--;
    memmove(list->events, list->events + 1, list->event_count * sizeof(list->events[0]));
    if (list->event_count == 0)
        list->events_lost = 0;
    list->is_changed = true;
}

void fg_waiting_ended_written(struct fg_waiting_list *list)
{
    list->is_changed = list->is_changed || list->has_ended;
    list->has_ended = false;
}

void fg_waiting_keep(struct fg_waiting_list *list, int64_t now_mono_ms, const struct fg_log *log)
{
    static struct fg_waiting waiting; /* large */
    struct fg_error error = {0};

    if (!list->is_kept || !list->is_changed || (list->is_broken && now_mono_ms < list->retry_mono_ms))
        return;
    waiting.after = list->after;
    waiting.count = list->event_count;
    memcpy(waiting.entries, list->events, list->event_count * sizeof(list->events[0]));
    if (list->has_ended)
        waiting.entries[waiting.count++] = list->ended;
    list->is_changed = fg_waiting_save(&list->store, &waiting, &error) != FG_OK;
    if (list->is_changed && !list->is_broken)
        fg_log_line(log, "waiting entries are not kept over a restart: %s", error.text);
    list->is_broken = list->is_changed;
    list->retry_mono_ms = now_mono_ms + KEEP_AGAIN_MS;
}

/* ---- over a restart ---- */

/* An entry of the journal takes the one that waits with the same content off the list. */
static enum fg_err known_take(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *error)
{
    struct fg_waiting *waiting = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    for (uint8_t i = 0; i < waiting->count; i++) {
        const struct fg_entry *waits = &waiting->entries[i];

        if (waits->kind != entry->kind || waits->kind != FG_ENTRY_EVENT || waits->event != entry->event ||
            waits->wall_ms != entry->wall_ms || strcmp(waits->text, entry->text) != 0)
            continue;
        waiting->count--;
        memmove(&waiting->entries[i], &waiting->entries[i + 1],
                (size_t)(waiting->count - i) * sizeof(waiting->entries[0]));
        break;
    }
    return FG_OK;
}

/* Its monotonic time was another run's and means nothing here. */
static struct fg_entry of_earlier_run(const struct fg_entry *entry)
{
    struct fg_entry taken = *entry;

    taken.mono_ms = 0;
    return taken;
}

static void waiting_take(struct fg_waiting_list *list, const struct fg_waiting *waiting,
                         uint64_t open_sequence)
{
    static struct fg_entry newer[FG_WAITING_EVENTS_MAX]; /* large */
    uint8_t newer_count = list->event_count;

    memcpy(newer, list->events, newer_count * sizeof(newer[0]));
    list->event_count = 0;
    for (uint8_t i = 0; i < waiting->count; i++) {
        const struct fg_entry taken = of_earlier_run(&waiting->entries[i]);

        if (taken.kind == FG_ENTRY_EVENT ||
            (open_sequence != 0 && taken.authorised_sequence == open_sequence))
            fg_waiting_add(list, &taken, waiting->after);
    }
    for (uint8_t i = 0; i < newer_count; i++)
        fg_waiting_add(list, &newer[i], waiting->after);
    list->is_changed = true;
}

enum fg_err fg_waiting_restore(struct fg_waiting_list *list, const struct fg_waiting_store *store,
                               const char *path, uint64_t open_sequence, struct fg_error *error)
{
    static struct fg_waiting waiting; /* large */
    struct fg_journal_filter filter = {0};
    enum fg_err code;

    list->store = *store;
    list->is_kept = true;
    code = fg_waiting_load(store, &waiting, error);
    if (code == FG_E_NOT_FOUND)
        return FG_OK;
    if (code != FG_OK)
        return code;
    filter.from_sequence = waiting.after + 1;
    code = fg_journal_each(path, &filter, known_take, &waiting, error);
    if (code == FG_OK)
        waiting_take(list, &waiting, open_sequence);
    return code;
}
