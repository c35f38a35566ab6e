/* Alarms: what a clerk must look at. One open alarm per kind and subject; when its cause is seen again it is
 * counted, not doubled.
 *
 * Three places raise them: ingest and the audit directly; follow, which reads the held entries once each, in
 * order, with its state in tables, so that a batch costs work in proportion to itself; and sweep, which looks
 * at the clock. Not: telling anybody (the pages and the command line list them). Relies on: host/sql. One
 * database object, one thread at a time. */
#ifndef FG_HOST_BUREAU_ALARM_ALARMS_H
#define FG_HOST_BUREAU_ALARM_ALARMS_H

#include "host/sql/sql.h"
#include "lib/base/err.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/types.h"

#define FG_ALARM_SUBJECT_MAX 95
#define FG_ALARM_DETAIL_MAX 299
#define FG_ALARM_WHY_MAX 199

enum fg_alarm_kind {
    FG_ALARM_NONE = 0,
#define FG_ALARM(number, name, heals, english, chinese) FG_ALARM_##name = number,
#include "host/bureau/alarm/alarms.def"
#undef FG_ALARM
};

/* Never NULL; "?" for an unknown number. */
const char *fg_alarm_name(enum fg_alarm_kind kind);
const char *fg_alarm_text(enum fg_language language, enum fg_alarm_kind kind);
enum fg_alarm_kind fg_alarm_by_name(const char *name); /* FG_ALARM_NONE when there is none */

struct fg_alarm {
    uint8_t kind;                           /* enum fg_alarm_kind */
    char subject[FG_ALARM_SUBJECT_MAX + 1]; /* whom it is about: with kind, what one open alarm is of */
    char controller[FG_NAME_MAX + 1];       /* "" = none */
    char station[FG_NAME_MAX + 1];
    char code[FG_CODE_MAX + 1];
    uint64_t sequence; /* of the newest entry that shows it, 0 = none */
    char detail[FG_ALARM_DETAIL_MAX + 1];
    /* Set by the table. */
    uint64_t number; /* of this kind and subject, from 1 */
    uint64_t count;
    int64_t since_ms;
    int64_t last_ms;
    int64_t closed_ms; /* 0 = open */
    char closed_by[FG_NAME_MAX + 1];
    char closed_why[FG_ALARM_WHY_MAX + 1];
};

/* Says to the ledger that an alarm's row is about to change (ledger.h), or all rows that a statement gives,
 * whose columns are kind, subject, number. Inside of the change's transaction. */
enum fg_err fg_alarm_touch(struct fg_sql *sql, int64_t kind, const char *subject, int64_t number,
                           const char *who, struct fg_error *error);
enum fg_err fg_alarms_touch(struct fg_sql *sql, struct fg_sql_statement *statement, const char *who,
                            struct fg_error *error);

/* Opens the alarm, or counts it (then detail and sequence are the newest): alarm->count times, 0 = once.
 * Inside of a transaction, or in one of its own. */
enum fg_err fg_alarm_raise(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                           struct fg_error *error);

/* Opens the alarm unless it is open. */
enum fg_err fg_alarm_ensure(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                            struct fg_error *error);

/* Closes the open alarm of this kind and subject, by whom and why. FG_E_NOT_FOUND when none is open. */
enum fg_err fg_alarm_close(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject, const char *who,
                           const char *why, int64_t now_ms, struct fg_error *error);

struct fg_alarm_filter {
    bool closed_too;
    uint8_t kind;        /* 0 = all */
    const char *subject; /* NULL = all */
};
/* Calls visit for each alarm, the oldest first; anything but FG_OK ends it with that result. visit must not
 * use sql. */
typedef enum fg_err (*fg_alarm_visit)(void *context, const struct fg_alarm *alarm, struct fg_error *error);
enum fg_err fg_alarm_each(struct fg_sql *sql, const struct fg_alarm_filter *filter, fg_alarm_visit visit,
                          void *context, struct fg_error *error);

/* Thresholds. 0 switches a check off unless said otherwise. */
struct fg_alarm_settings {
    uint32_t speed_max_km_h;        /* of a cylinder between two stations */
    uint32_t sighting_window_h;     /* sightings farther apart in time are not compared */
    uint32_t clock_tolerance_s;     /* added to the time between two sightings */
    uint32_t fills_max;             /* of one cylinder ... */
    uint32_t fills_period_h;        /* ... in each period of so many hours (24: a local day) */
    int32_t utc_offset_min;         /* where local days begin */
    uint32_t unaccounted_g;         /* more gas than this between two fills */
    uint32_t unaccounted_total_g;   /* or than this in small pieces */
    uint32_t station_silent_min;    /* no report from a station or a controller that reports itself */
    uint32_t controller_silent_min; /* a station did not hear its controller */
    uint32_t list_age_max_h;        /* since the list in force at a device was issued */
    uint32_t clock_offset_max_s;    /* either way */
    bool own_clock_doubted;         /* the bureau's clock is not synchronised: fewer devices prove it wrong */
    uint32_t gap_stays_min;         /* since the first batch behind a gap */
    uint32_t unsent_age_max_h;      /* of a device's oldest unsent entry */
    uint64_t disk_free_min_bytes;
    uint32_t certificate_days_min; /* left to a device's certificate, which renews itself before */
    /* Where a station is, in millionths of a degree (WGS 84). FG_E_NOT_FOUND: not known. May be NULL. */
    enum fg_err (*place)(void *context, struct fg_sql *sql, const char *station, int32_t *ret_latitude_udeg,
                         int32_t *ret_longitude_udeg, struct fg_error *error);
    void *place_context;
};
/* The defaults of bureau.ini. */
void fg_alarm_defaults(struct fg_alarm_settings *settings);

/* Reads entries that were not yet looked at, entries_max at most, in transactions of their own. *ret_more:
 * there are more. Call again until it is false. */
enum fg_err fg_alarms_follow(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                             uint32_t entries_max, int64_t now_ms, bool *ret_more, struct fg_error *error);

/* What only time shows: silence, old lists, wrong clocks, gaps that stay; closes those that are over. */
enum fg_err fg_alarms_sweep(struct fg_sql *sql, const struct fg_alarm_settings *settings, int64_t now_ms,
                            struct fg_error *error);

#endif
