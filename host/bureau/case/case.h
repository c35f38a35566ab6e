/* Cases: what is done about each alarm and each hazard that a clerk reports, until somebody else closes it.
 *
 * A case goes from step to step; each step is a row of its history with who, when and why, and nothing is
 * ever deleted. Whoever opened a case, was assigned to it, ordered or recorded an answer has investigated it
 * and may not close it: investigation and decision are separate. The version of a case counts its steps, and
 * a step names the version that it was decided on, so that two clerks cannot overwrite each other. Not: who
 * may do steps at all (rights.h), the pages (cases.c). Relies on: alarms.h, host/sql. One database
 * object, one thread. */
#ifndef FG_HOST_BUREAU_CASE_CASE_H
#define FG_HOST_BUREAU_CASE_CASE_H

#include "host/bureau/alarm/alarms.h"
#include "host/sql/sql.h"
#include "lib/domain/types.h"

#define FG_CASE_BUREAU "fillgate-bureau" /* who opens the cases of alarms */
#define FG_CASE_WHY_MAX FG_ALARM_WHY_MAX
#define FG_CASE_WORDS_MAX 2000 /* bytes of a hazard's words, an order, an answer */
#define FG_CASE_PARTY_MAX 200  /* bytes of a recipient, of who answered */
#define FG_CASE_DUE_DAYS_MAX 1096

enum fg_case_state {
    FG_CASE_OPEN = 1,
    FG_CASE_ASSIGNED,
    FG_CASE_ORDERED, /* a rectification order is out */
    FG_CASE_ANSWERED,
    FG_CASE_CLOSED,
    FG_CASE_STATE_END
};

/* Numbers are stable: they stand in the table. */
enum fg_case_step_kind {
    FG_CASE_OPENING = 1, /* the first row of each history */
    FG_CASE_ASSIGN,
    FG_CASE_ORDER,
    FG_CASE_ANSWER,
    FG_CASE_RETURN,       /* an answer does not suffice, or an order is withdrawn: back to the assigned */
    FG_CASE_CLOSE,        /* after an answer; or from ASSIGNED when there is nothing to rectify */
    FG_CASE_ALARM_ENDED,  /* noted, no step of a person: the case goes on */
    FG_CASE_ALARM_RAISED, /* noted: the same alarm came again before the case was closed */
    FG_CASE_STEP_END
};

/* "OPEN", "ASSIGN" ...; "?" for an unknown one. */
const char *fg_case_state_name(enum fg_case_state state);
const char *fg_case_step_name(enum fg_case_step_kind step);

/* Which state a step of a person leads to; false: it is none, or cannot be taken in this state. */
bool fg_case_step_leads(enum fg_case_state state, enum fg_case_step_kind step, enum fg_case_state *ret_state);

struct fg_case {
    int64_t number;
    enum fg_case_state state;
    int64_t version;
    uint8_t alarm_kind; /* 0 = opened by hand */
    char alarm_subject[FG_ALARM_SUBJECT_MAX + 1];
    int64_t alarm_number;   /* of the newest alarm of the case */
    int64_t alarm_ended_ms; /* 0 = not, or no alarm */
    int64_t opened_ms;
    char opened_by[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    char controller[FG_NAME_MAX + 1];
    char code[FG_CODE_MAX + 1];
    char words[FG_CASE_WORDS_MAX + 1]; /* of who opened it by hand; an alarm's detail */
    char assigned[FG_NAME_MAX + 1];    /* "" = nobody */
    int64_t orders;                    /* the newest order is number "CASE-ORDERS" */
    char order_text[FG_CASE_WORDS_MAX + 1];
    char recipient[FG_CASE_PARTY_MAX + 1];
    int64_t due_day; /* days since 1970 */
    int64_t ordered_ms;
    char ordered_by[FG_NAME_MAX + 1];
    char answer[FG_CASE_WORDS_MAX + 1];
    char answered_by[FG_CASE_PARTY_MAX + 1]; /* at the station */
    int64_t answered_ms;
    int64_t closed_ms;
    char closed_by[FG_NAME_MAX + 1];
    char closed_why[FG_CASE_WHY_MAX + 1];
};

/* The local day at a moment, in days since 1970. */
int64_t fg_case_day(int64_t now_ms, int32_t utc_offset_min);
/* The order's last day has passed and there is no answer. */
bool fg_case_overdue(const struct fg_case *found, int64_t today);

/* FG_E_NOT_FOUND. */
enum fg_err fg_case_find(struct fg_sql *sql, int64_t number, struct fg_case *ret_case,
                         struct fg_error *error);

struct fg_case_filter {
    enum fg_case_state state; /* 0 = all */
    bool not_closed;
    bool overdue;
    int64_t today;        /* with overdue */
    const char *station;  /* NULL = all, as the next */
    const char *assigned; /* user */
    int64_t before;       /* only numbers below this; 0 = all */
    int64_t limit;        /* rows at most */
};
typedef enum fg_err (*fg_case_visit)(void *context, const struct fg_case *found, struct fg_error *error);
/* The newest first. visit must not use sql; anything but FG_OK ends it with that result. */
enum fg_err fg_case_each(struct fg_sql *sql, const struct fg_case_filter *filter, fg_case_visit visit,
                         void *context, struct fg_error *error);

struct fg_case_history {
    int64_t place; /* from 1, without gaps */
    int64_t at_ms;
    enum fg_case_step_kind step;
    const char *who;
    const char *why;
    const char *party; /* the assigned user; an order's recipient; who answered */
    const char *words; /* the hazard's, the order's, the answer's, the alarm's detail */
    int64_t due_day;   /* of an order */
};
typedef enum fg_err (*fg_case_history_visit)(void *context, const struct fg_case_history *step,
                                             struct fg_error *error);
/* A case's steps, the oldest first. */
enum fg_err fg_case_history_each(struct fg_sql *sql, int64_t number, fg_case_history_visit visit,
                                 void *context, struct fg_error *error);

struct fg_case_by {
    const char *who; /* 1 to FG_NAME_MAX bytes */
    const char *why; /* 1 to FG_CASE_WHY_MAX bytes */
    int64_t now_ms;
};

struct fg_case_hazard {
    const char *station; /* "" = none; as the next two */
    const char *controller;
    const char *code;
    const char *words;
};
/* Opens a case by hand, in a transaction of its own. FG_E_RANGE: a text is missing or too long. */
enum fg_err fg_case_open(struct fg_sql *sql, const struct fg_case_hazard *hazard, const struct fg_case_by *by,
                         int64_t *ret_number, struct fg_error *error);

/* A step that a person takes. Texts that its kind does not need must be NULL. */
struct fg_case_move {
    int64_t number;
    int64_t version;
    enum fg_case_step_kind step;
    const char *party; /* ASSIGN: the user, whom the caller knows to exist; ORDER; ANSWER */
    const char *words; /* ORDER, ANSWER */
    int64_t due_day;   /* ORDER: from today on */
    int64_t today;
};
/* In a transaction of its own. FG_E_NOT_FOUND; FG_E_OLD: version is not the newest; FG_E_STATE: not in this
 * state; FG_E_DENIED: who closes has opened or investigated it; FG_E_RANGE: a text or day is missing, too
 * long or not of this step. Closing closes the case's alarm, too, if it is open. */
enum fg_err fg_case_step(struct fg_sql *sql, const struct fg_case_move *move, const struct fg_case_by *by,
                         struct fg_error *error);

/* Makes a case for each alarm that has none, or adds the alarm to the one of the same kind and subject that
 * is not closed yet; notes in cases that their alarm ended. In transactions of its own, some hundred alarms
 * at most; *ret_more: there may be more. */
enum fg_err fg_cases_follow(struct fg_sql *sql, int64_t now_ms, bool *ret_more, struct fg_error *error);

/* Of the cases opened from from_ms until before until_ms at the stations of an area, how many, and how many
 * of them are closed. area NULL = all; "" = those of stations that have no area or are not registered. */
enum fg_err fg_cases_rate(struct fg_sql *sql, const char *area, int64_t from_ms, int64_t until_ms,
                          int64_t *ret_opened, int64_t *ret_closed, struct fg_error *error);

#endif
