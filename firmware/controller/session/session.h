/* The shell around the fill logic of one filling point: steps the machine with what tag, plant, operator and
 * time say, drives the valve, and has everything recorded.
 *
 * Not: the main loop, sockets, files' paths or processes (firmware/controller/main.c, control_server.c); what
 * is due with a tag (tag_watch.h), who is signed in (operator.h, people.h), what is decided (decide.h), how
 * it is written (recorder.h). Its edges are given to it: time with every call, plant and log as function
 * pointers, so that tests drive the real rules, machine, journal and list. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_SESSION_SESSION_H
#define FG_FIRMWARE_CONTROLLER_SESSION_SESSION_H

#include "firmware/controller/decision/list_look.h"
#include "firmware/controller/decision/moment.h"
#include "firmware/controller/decision/plant_watch.h"
#include "firmware/controller/decision/tag_identity.h"
#include "firmware/controller/record/point_log.h"
#include "firmware/core/fill.h"
#include "firmware/core/presence.h"
#include "firmware/journal/journal.h"
#include "firmware/reader/watch.h"
#include "lib/domain/catalogue.h"
#include "lib/list/list.h"
#include "proto/point/control.h"

#define FG_SESSION_TAG_KEYS_MAX 12

struct fg_session_settings {
    char point[FG_NAME_MAX + 1];
    char controller[FG_NAME_MAX + 1];
    uint8_t medium; /* enum fg_medium */
    uint32_t fill_pressure_kpa;
    enum fg_language language;
    uint32_t
        operator_idle_max_ms; /* signed out after so long without a scan, a fill or a command; 0 = never */
    uint32_t lease_ms;        /* of the plant: the valve is held again four times in this time */
    struct fg_fill_settings fill;
    struct fg_presence_settings presence;
    uint8_t trusted_count;
    struct fg_public_key trusted[FG_SESSION_TAG_KEYS_MAX]; /* the keys that sign tags */
    const char *journal_path;   /* to look up the newest list version logged; NULL = not looked up */
    const char *version;        /* text of BOOT */
    const char *pin_count_path; /* where wrong PINs are counted over a restart; NULL = in memory only */
    const struct fg_private_key *device_key; /* signs that count; must outlive the session */
    uint32_t journal_retention_days;         /* 0 = nothing is ever pruned */
};

/* What the session works on. Owned by the caller, must outlive the session. */
struct fg_session_stores {
    struct fg_journal *journal; /* NULL: could not be opened yet; every scan is refused */
    struct fg_journal_start journal_start;
    bool journal_tampered; /* why it could not be opened */
    struct fg_list *list;  /* NULL: could not be opened yet */
};

struct fg_session;

/* ---- life ---- */

/* Makes the session and shuts the valve; nothing is written yet (the first tick writes BOOT). FG_E_MEMORY. */
enum fg_err fg_session_new(const struct fg_session_settings *settings, const struct fg_session_stores *stores,
                           const struct fg_plant_port *plant, fg_session_say say, void *say_context,
                           struct fg_session **ret_session, struct fg_error *error);
void fg_session_free(struct fg_session *session); /* may be NULL; the valve is shut */

/* To be called at every event of the plant and at least every 20 ms. */
void fg_session_tick(struct fg_session *session, const struct fg_moment *now);

/* The controller stops: no new scans, the valve shut, a running fill recorded as soon as possible. Tick on
 * until fg_session_is_quiet, then fg_session_finish writes the SHUTDOWN event. */
void fg_session_shutdown(struct fg_session *session, const struct fg_moment *now);
void fg_session_finish(struct fg_session *session, const struct fg_moment *now);

/* No fill under way and nothing left to write. */
bool fg_session_is_quiet(const struct fg_session *session);

/* ---- what happened outside ---- */

/* Something the reader said. */
void fg_session_report(struct fg_session *session, const struct fg_reader_report *report,
                       const struct fg_moment *now);

/* Should the reader read the tag in the field again (fg_reader_read_again)? *ret_uid: which. Each wish is
 * told once; to be asked after reports and at every tick. */
bool fg_session_wants_reading(struct fg_session *session, const struct fg_moment *now,
                              struct fg_uid *ret_uid);

/* The journal, or the list store, could be opened after all. Each only once, and only when there was none. */
void fg_session_give_journal(struct fg_session *session, struct fg_journal *journal,
                             const struct fg_journal_start *start, const struct fg_moment *now);
void fg_session_give_list(struct fg_session *session, struct fg_list *list, const struct fg_moment *now);

/* The list in force may have changed outside (start-up does it itself): logs LIST when it did. */
void fg_session_list_changed(struct fg_session *session, const struct fg_moment *now);

/* The clock was stepped by so many milliseconds: logged. */
void fg_session_clock_stepped(struct fg_session *session, int64_t by_ms, const struct fg_moment *now);

/* The key that the bureau signs receipts with; until it is given, receipts are refused. */
void fg_session_set_receipt_key(struct fg_session *session, const struct fg_public_key *key);
const struct fg_public_key *fg_session_receipt_key(const struct fg_session *session); /* NULL: not given */

/* From now on tags count as signed when one of these keys signed them; what was decided stays. At most
 * FG_SESSION_TAG_KEYS_MAX, more are left out. */
void fg_session_set_tag_keys(struct fg_session *session, const struct fg_public_key *keys, size_t count);

/* For the STATE answer. */
void fg_session_set_reader_restarts(struct fg_session *session, uint32_t restarts);

/* An event that whoever calls found out: logged, now or as soon as the journal takes it. */
void fg_session_raise(struct fg_session *session, enum fg_event_kind event, const char *text,
                      const struct fg_moment *now);

/* The clock's floor is about to be lowered on the bureau's word: recorded first. On any error it must stay.
 */
enum fg_err fg_session_clock_lowered(struct fg_session *session, int64_t floor_ms, int64_t before_ms,
                                     const char *reason, const struct fg_moment *now, struct fg_error *error);

/* A genuine receipt contradicts the journal: evidence of tampering, told once, for the same receipt comes
 * again with every batch. */
void fg_session_receipt_contradicts(struct fg_session *session, const struct fg_moment *now);

/* ---- what people ask for ---- */

/* A request of the control socket; always answers (command.c). asker_is_own: it came from the user that this
 * process runs as, or from root; only they may sign somebody in with a certificate date given by hand. */
void fg_session_command(struct fg_session *session, const struct fg_control_request *request,
                        bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *ret_answer);

/* Looks at the plant; to be called before the functions below. */
void fg_session_look(struct fg_session *session);

/* A person pressed something: START, STOP, SUSPEND, RESUME or CLEAR_LOCK_OUT. What became of it is seen in
 * the machine. */
void fg_session_press(struct fg_session *session, enum fg_fill_event_kind kind, const struct fg_moment *now);

/* Check items answered: bits confirmed, or failed. */
void fg_session_check(struct fg_session *session, uint32_t checks, bool failed, const struct fg_moment *now);

/* A cylinder named by hand. *ret_waits: only a second person is missing; for FG_SECOND_WAIT_MS another
 * operator of the list may prove himself by fg_session_second_by_pin, or by his card that comes to the reader
 * in this time. Else *ret_reasons says why it is refused. What waits is refused with SECOND_PERSON_MISSING
 * when nobody comes, when a cylinder is scanned, the operator changes, somebody stops, or the controller
 * does. FG_E_BUSY: a fill is under way, or another code waits. */
enum fg_err fg_session_scan_by_hand(struct fg_session *session, const struct fg_code *code,
                                    const struct fg_moment *now, bool *ret_waits,
                                    struct fg_reasons *ret_reasons, struct fg_error *error);

/* The second person of the code that waits. *ret_reasons: of the decision then, count 0 = accepted.
 * FG_E_STATE: none waits, or no list; FG_E_ARG: it is the operator himself; FG_E_DENIED: operator or PIN is
 * wrong, which counts as at signing in; FG_E_BUSY: PINs are blocked; FG_E_IO: PINs cannot be counted. The
 * code goes on waiting after these. */
enum fg_err fg_session_second_by_pin(struct fg_session *session, const char *operator_id, const char *pin,
                                     const struct fg_moment *now, struct fg_reasons *ret_reasons,
                                     struct fg_error *error);

/* The tag in the field once more: decided on when the reader has read it again. FG_E_BUSY: a fill is under
 * way; FG_E_NOT_FOUND: no tag is in the field; FG_E_STATE: it is an operator's card. */
enum fg_err fg_session_scan_again(struct fg_session *session, const struct fg_moment *now,
                                  struct fg_error *error);

/* Signs in by the list's PIN, or by hand (a technician gives the certificate's last day). *ret_already: was
 * signed in before. FG_E_BUSY: a fill is under way, or PINs are blocked; FG_E_STATE: no list; FG_E_DENIED:
 * operator or PIN is wrong; FG_E_IO: PINs cannot be counted, or the journal does not take the entry;
 * FG_E_FULL: it has no room for it. */
enum fg_err fg_session_sign_in_by_pin(struct fg_session *session, const char *operator_id, const char *pin,
                                      const struct fg_moment *now, bool *ret_already, struct fg_error *error);
enum fg_err fg_session_sign_in_by_hand(struct fg_session *session, const char *operator_id,
                                       int32_t certificate_end_day, const struct fg_moment *now,
                                       struct fg_error *error);

/* Signs out whoever is signed in; a fill under way ends. */
void fg_session_sign_out(struct fg_session *session, const struct fg_moment *now);

/* The operator did something: idleness counts from now. */
void fg_session_operator_used(struct fg_session *session, const struct fg_moment *now);

/* ---- what is so now ---- */

const struct fg_fill *fg_session_fill(const struct fg_session *session);
const char *fg_session_operator(const struct fg_session *session);       /* empty: nobody is signed in */
const struct fg_code *fg_session_code(const struct fg_session *session); /* of the newest scan */
/* Names of the check items that the newest decision, or the newest answer of no, was about; may be empty. */
const char *fg_session_check_text(const struct fg_session *session);

/* Of the newest decision; count 0: it was a yes. */
const struct fg_reasons *fg_session_reasons(const struct fg_session *session);
enum fg_language fg_session_language(const struct fg_session *session);
const struct fg_session_stores *fg_session_stores(const struct fg_session *session);
const struct fg_log *fg_session_log(const struct fg_session *session);

/* Fills state and board of an answer (session_state.c). */
void fg_session_tell_state(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer);
void fg_session_tell_board(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer);

#endif
