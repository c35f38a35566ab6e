/* The journal's writer of one filling point: which fields each kind of entry carries, what is still to be
 * written, and what was written last.
 *
 * Not: deciding what happens (session/session.h), the store (journal/journal.h). Facts come in as parameters.
 * One thread. Relies on: journal/journal.h, list_look.h, board.h, core/fill.h. */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_RECORDER_H
#define FG_FIRMWARE_CONTROLLER_RECORD_RECORDER_H

#include "firmware/controller/decision/decide.h"
#include "firmware/controller/decision/moment.h"
#include "firmware/controller/record/board.h"
#include "firmware/controller/record/budget.h"
#include "firmware/controller/record/point_log.h"
#include "firmware/controller/record/waiting.h"

/* The circumstances that every entry tells. */
struct fg_circumstances {
    const struct fg_moment *now;
    const struct fg_plant_state *plant;
    const struct fg_fill *fill; /* for what it believes of the meter */
    const struct fg_list_look *look;
    const struct fg_signed_in *operator_in; /* now */
};

/* What became of the attendant's items. */
struct fg_check_outcome {
    uint32_t done;               /* bit n: item n confirmed */
    uint32_t failed;             /* bit n: item n answered with no */
    char names[FG_TEXT_MAX + 1]; /* of the failed items, else of those still open; cut where it is too long */
};

struct fg_recorder_settings {
    const char *journal_path; /* NULL: nothing is looked up there */
    const char *version;      /* text of BOOT */
    const char *controller;
    const struct fg_private_key *device_key; /* signs what waits over a restart; NULL: nothing is kept */
    uint32_t zero_fill_g;                    /* a fill below this counts as a zero fill */
    uint32_t retention_days; /* how long entries stay after a receipt covers them; 0 = nothing is pruned */
};

/* Written by recorder.c alone; others read. */
struct fg_recorder {
    struct fg_journal *journal; /* NULL: not open */
    const char *journal_path;
    const char *version;
    char controller[FG_NAME_MAX + 1];
    const struct fg_private_key *key;
    uint32_t zero_fill_g;
    struct fg_log log;
    struct fg_board board;
    int32_t utc_offset_s; /* as of the last look at the day */

    /* Still to be written; tried again every so often. */
    bool boot_pending;
    bool list_pending;
    bool open_fill_pending;
    struct fg_entry open_fill; /* of an earlier run */
    struct fg_waiting_list waiting;
    bool waiting_false; /* the file of what waited is not this controller's; to be told */
    int64_t write_retry_mono_ms;
    bool started;
    struct fg_moment started_at;

    struct fg_budget budget; /* of what strangers and loose wires can cause */
    uint32_t retention_days;
    int64_t prune_mono_ms; /* when to look again */
    bool prune_broken;     /* the newest look failed, and was told */

    bool write_broken; /* the newest append failed */
    bool warned_full;
    uint64_t last_sequence;
    struct fg_list_logged list_logged; /* newest in the journal, for roll-back */
    struct fg_fill_kept kept;          /* what earlier runs left of the point's safety */

    /* The newest ENDED. */
    uint64_t fills_ended;
    uint8_t last_stop;
    uint64_t last_ended_sequence;
    int64_t last_quantity_g;
};

/* Begins with what earlier runs left, as the opening of the journal told; journal may be NULL, then nothing
 * is written until fg_recorder_open gives one. Paths and texts must outlive the recorder. */
void fg_recorder_start(struct fg_recorder *recorder, struct fg_journal *journal,
                       const struct fg_journal_start *start, const struct fg_recorder_settings *settings,
                       const struct fg_log *log);

/* The journal could be opened after all: BOOT comes first, then what has waited. Only once, and only when
 * there was none. */
void fg_recorder_open(struct fg_recorder *recorder, struct fg_journal *journal,
                      const struct fg_journal_start *start);

/* enum fg_journal_state. */
uint8_t fg_recorder_journal_state(const struct fg_recorder *recorder);

/* What an earlier run left open is closed in the journal, and this run's BOOT is in it. */
bool fg_recorder_is_settled(const struct fg_recorder *recorder);

/* Writes what is pending; to be called at every tick. The first call fixes when the run began. */
void fg_recorder_write_pending(struct fg_recorder *recorder, const struct fg_circumstances *about);

/* Logs an EVENT now, or keeps it for later, with its text and time, when the journal does not take it. */
void fg_recorder_raise(struct fg_recorder *recorder, enum fg_event_kind event, const char *text,
                       const struct fg_circumstances *about);

/* A list is in force: LIST becomes pending unless the journal tells of it already. */
void fg_recorder_list_in_force(struct fg_recorder *recorder, const struct fg_manifest *manifest);

/* Deletes a piece of what is older than the retention time (fg_journal_prune), now and then; to be called
 * when no fill is under way and nobody waits. Only a synchronised clock that the list's signature vouches for
 * counts: the time until the list expires. */
void fg_recorder_prune(struct fg_recorder *recorder, const struct fg_circumstances *about);

/* Each writes one entry. checks: NULL, or of a scan that ended in its pre-check. FG_OK: it is durable,
 * *ret_sequence is its number; or it is one of many like it, which are counted and written as one (budget.h),
 * and *ret_sequence is 0. Errors as fg_journal_append; nothing was written then, and a refusal is counted. */
enum fg_err fg_recorder_operator(struct fg_recorder *recorder, const struct fg_signed_in *who, bool in,
                                 const struct fg_circumstances *about, struct fg_error *error);
enum fg_err fg_recorder_refused(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                                const struct fg_check_outcome *checks, const struct fg_circumstances *about,
                                uint64_t *ret_sequence);
enum fg_err fg_recorder_authorised(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                                   uint32_t pre_checks_done, const struct fg_circumstances *about,
                                   uint64_t *ret_sequence);
/* checks: of the check after the fill. who: was signed in when the fill was accepted. */
enum fg_err fg_recorder_ended(struct fg_recorder *recorder, const struct fg_judgement *judgement,
                              const struct fg_fill *fill, const struct fg_check_outcome *checks,
                              const struct fg_signed_in *who, const struct fg_circumstances *about,
                              uint64_t *ret_sequence);

/* EVENT CLOCK_FLOOR_LOWERED: written at once or not at all. */
enum fg_err fg_recorder_clock_lowered(struct fg_recorder *recorder, int64_t floor_ms, int64_t before_ms,
                                      const char *reason, const struct fg_circumstances *about,
                                      struct fg_error *error);

/* Reads the board again when it is not of today's local day. */
void fg_recorder_board_day(struct fg_recorder *recorder, const struct fg_moment *now);

#endif
