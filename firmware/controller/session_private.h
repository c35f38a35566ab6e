/* What the files of the session share: its whole state, and the verbs that one file offers the others.
 *
 * session.c: events in, machine stepped, commands carried out. session_record.c: journal entries.
 * session_decide.c: facts and decision. session_operator.c: who is signed in. session_command.c: the control
 * socket's requests. session_state.c: what they are told. Nobody else includes this. */
#ifndef FG_CONTROLLER_SESSION_PRIVATE_H
#define FG_CONTROLLER_SESSION_PRIVATE_H

#include "firmware/controller/board.h"
#include "firmware/controller/identify.h"
#include "firmware/controller/progress.h"
#include "firmware/controller/session.h"

/* The scan that the present (or last) decision was about. */
struct scan {
    struct fg_identified identified;
    bool row_known;
    struct fg_row row;
    struct fg_decision decision;
    uint64_t list_version;
    char list_id[FG_NAME_MAX + 1];
};

struct fg_session {
    struct fg_session_settings settings;
    struct fg_session_stores stores;
    struct fg_plant_port port;
    fg_session_say say;
    void *say_context;

    struct fg_plant_state plant; /* the latest look */
    struct fg_fill fill;
    bool shutting_down;

    /* Tag in the field. */
    struct fg_presence presence;
    struct fg_reader_report tag; /* newest memory read; valid for tag.uid */
    bool tag_fresh;              /* read since the tag arrived */
    bool tag_done;               /* decided on, or part of a fill: must leave before it is scanned again */
    bool card_looked_for;        /* whether the tag in the field is an operator's card was found out */
    bool tag_refused;            /* the last decision was about what is in the field now, and it was no */
    bool two_tags;
    int64_t arrived_mono_ms;
    bool reader_up;
    char reader_text[96];
    uint32_t reader_restarts;

    struct scan scan;
    bool fill_is_manual;
    struct fg_uid fill_uid;
    uint64_t decisions;
    uint64_t decision_sequence;
    uint64_t fills_ended;
    uint8_t last_stop;
    uint64_t last_ended_sequence;
    int64_t last_quantity_g;

    char operator_id[FG_NAME_MAX + 1];
    int32_t certificate_end_day;
    bool operator_by_hand; /* not one of the list's operators, or not as such */
    bool operator_review;  /* another list came into force: is the operator still on it? */
    int64_t operator_used_mono_ms;
    char fill_operator_id[FG_NAME_MAX + 1]; /* who was signed in when the present fill was accepted */
    uint8_t pin_wrong;                      /* in a row, since the last block */
    uint8_t pin_blocks;                     /* in a row */
    int64_t pin_blocked_until_mono_ms;

    /* For the panel. */
    struct fg_board board;
    int32_t utc_offset_s; /* as of the last look at the day */
    struct fg_progress progress;

    /* List in force. */
    bool manifest_known;
    struct fg_manifest manifest;
    char list_logged_id[FG_NAME_MAX + 1];
    uint64_t list_logged_version; /* newest in the journal, for roll-back */
    bool list_tamper_told;

    /* Receipts of the bureau. */
    bool has_receipt_key;
    bool receipt_tamper_told;
    struct fg_public_key receipt_key;

    /* Still to be written; tried again every so often. */
    bool boot_pending;
    bool list_pending;
    bool open_fill_pending;
    uint32_t events_pending; /* bit n: EVENT n */
    int64_t write_retry_mono_ms;
    int64_t started_mono_ms;
    bool started;
    bool write_broken; /* the newest append failed */
    bool warned_full;
    uint64_t last_sequence;

    /* Plant, edge by edge. */
    bool start_held;
    bool stop_held;
    bool start_known;
    bool stop_known;
    bool valve_held;
    int64_t held_mono_ms;
    int64_t shut_mono_ms;
    bool lamps[FG_LAMP_COUNT];
    bool device_faults[FG_DEVICES_MAX]; /* DEVICE_FAULT told, DEVICE_BACK not yet */
};

/* ---- session.c ---- */
void fg_session_log(struct fg_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Steps the machine with one event and carries out its commands. event->plant is filled in. */
void fg_session_step(struct fg_session *session, struct fg_fill_event *event, const struct fg_moment *now);
void fg_session_step_kind(struct fg_session *session, enum fg_fill_event_kind kind,
                          const struct fg_moment *now);
/* Value of a signal now, or 0 when it is not good. */
int64_t fg_session_value(const struct fg_session *session, enum fg_signal signal);
bool fg_session_is_on(const struct fg_session *session, enum fg_signal signal);

/* ---- session_record.c ---- */
enum fg_err fg_session_write_boot(struct fg_session *session, const struct fg_moment *now);
enum fg_err fg_session_write_list(struct fg_session *session, const struct fg_moment *now);
enum fg_err fg_session_write_operator(struct fg_session *session, const char *operator_id, bool in,
                                      const struct fg_moment *now, struct fg_error *error);
enum fg_err fg_session_write_refused(struct fg_session *session, const struct fg_reasons *reasons,
                                     const struct fg_moment *now);
enum fg_err fg_session_write_authorised(struct fg_session *session, const struct fg_moment *now,
                                        uint64_t *ret_sequence);
enum fg_err fg_session_write_ended(struct fg_session *session, const struct fg_moment *now,
                                   uint64_t *ret_sequence);
enum fg_err fg_session_write_power_lost(struct fg_session *session, const struct fg_moment *now);
/* Logs an EVENT now, or keeps it for later when the journal does not take it. */
void fg_session_raise(struct fg_session *session, enum fg_event_kind event, const char *text,
                      const struct fg_moment *now);
/* Writes what is pending; to be called at every tick. */
void fg_session_write_pending(struct fg_session *session, const struct fg_moment *now);
/* Reads the board anew when it is not of today's local day. */
void fg_session_board_day(struct fg_session *session, const struct fg_moment *now);
/* Newest list version in the journal, for the roll-back test. */
void fg_session_find_logged_list(struct fg_session *session);
uint8_t fg_session_journal_state(const struct fg_session *session);

/* ---- session_decide.c ---- */
/* Decides on who stands there; REFUSED is logged, an accepted scan goes to the machine. */
void fg_session_decide(struct fg_session *session, const struct fg_identified *identified,
                       const struct fg_moment *now);
/* enum fg_list_state, roll-back included; refreshes session->manifest. */
uint8_t fg_session_list_state(struct fg_session *session);
/* Something that this point needs for filling does not work, or an alarm stands. */
bool fg_session_plant_is_faulty(const struct fg_session *session);

/* ---- session_operator.c ---- */
void fg_session_sign_in(struct fg_session *session, const struct fg_control_request *request,
                        bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *answer);
void fg_session_sign_out(struct fg_session *session, const struct fg_moment *now,
                         struct fg_control_answer *answer);
/* Is the tag in the field an operator's card? Then that operator is signed in. */
bool fg_session_card_sign_in(struct fg_session *session, const struct fg_moment *now);
/* The operator did something: idleness counts from now. */
void fg_session_operator_used(struct fg_session *session, const struct fg_moment *now);
/* Idleness, and what a new list says of the operator; to be called at every tick. */
void fg_session_operator_watch(struct fg_session *session, const struct fg_moment *now);
int64_t fg_session_idle_left_ms(const struct fg_session *session, const struct fg_moment *now);
int64_t fg_session_pin_blocked_ms(const struct fg_session *session, const struct fg_moment *now);

/* ---- session_command.c ---- */
void fg_session_answer(struct fg_control_answer *answer, enum fg_err result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- session_state.c ---- */
void fg_session_tell_state(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer);
void fg_session_tell_board(struct fg_session *session, const struct fg_moment *now,
                           struct fg_control_answer *answer);

#endif
