/* Entries that the journal did not take: the events in their order, and the ENDED of the open fill. They wait
 * with all that was known then, in memory and, where a store is given, over a restart.
 *
 * Not: trying again (recorder.h), the file (waiting_store.h). One thread. Relies on: journal/journal.h. */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_WAITING_H
#define FG_FIRMWARE_CONTROLLER_RECORD_WAITING_H

#include "firmware/controller/record/point_log.h"
#include "firmware/controller/record/waiting_store.h"
#include "firmware/journal/journal.h"

/* Written by waiting.c alone; others read. Zero-initialised: nothing waits, and nothing is kept. */
struct fg_waiting_list {
    uint8_t event_count;
    uint32_t events_lost;                          /* there was no room for them */
    struct fg_entry events[FG_WAITING_EVENTS_MAX]; /* oldest first */
    bool has_ended;
    struct fg_entry ended;
    bool is_kept; /* over a restart, in store */
    struct fg_waiting_store store;
    uint64_t after;  /* the journal's newest entry when the list began to fill */
    bool is_changed; /* since it was kept */
    bool is_broken;  /* the newest try to keep it failed, and was told */
    int64_t retry_mono_ms;
};

/* An event, or the ENDED of the open fill, has to wait; journal_last is the journal's newest entry. */
void fg_waiting_add(struct fg_waiting_list *list, const struct fg_entry *entry, uint64_t journal_last);

/* The oldest event as it is to be written now; of one with which others were lost the text says so. */
void fg_waiting_oldest(const struct fg_waiting_list *list, struct fg_entry *ret_event);

/* The oldest event, or the ENDED, is durable in the journal. */
void fg_waiting_event_written(struct fg_waiting_list *list);
void fg_waiting_ended_written(struct fg_waiting_list *list);

/* Keeps the list as it is now; to be called after changes and at every tick. A failure is tried again. */
void fg_waiting_keep(struct fg_waiting_list *list, int64_t now_mono_ms, const struct fg_log *log);

/* From now on the list is kept in the store; what an earlier run left there comes before what waits already,
 * less what the journal at path has. open_sequence: of the fill that is open there, 0 = none; no other ENDED
 * counts. FG_OK, also when there was nothing. Else nothing was taken over; FG_E_AUTH, FG_E_FORMAT,
 * FG_E_RANGE: the file was not written by this controller. */
enum fg_err fg_waiting_restore(struct fg_waiting_list *list, const struct fg_waiting_store *store,
                               const char *path, uint64_t open_sequence, struct fg_error *error);

#endif
