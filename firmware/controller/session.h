/* The shell around the fill logic of one filling point: gathers the facts of a scan, asks the rules, feeds
 * the fill machine, writes the journal, commands the valve, and answers the control socket.
 *
 * Not: the main loop, sockets, files' paths or processes (fillgated_main.c, control_server.c). Its edges are
 * given to it: time with every call, plant and log as function pointers, so that tests drive the real rules,
 * machine, journal and list. One thread. Relies on: firmware/core, list, journal, reader/watch.h, proto. */
#ifndef FG_CONTROLLER_SESSION_H
#define FG_CONTROLLER_SESSION_H

#include "firmware/core/fill.h"
#include "firmware/core/presence.h"
#include "firmware/journal/journal.h"
#include "firmware/list/list.h"
#include "firmware/plant/plant.h"
#include "firmware/reader/watch.h"
#include "proto/catalogue.h"
#include "proto/control.h"

/* Now, in every way that is needed. Calls give rising mono_ms. */
struct fg_moment {
    int64_t mono_ms;
    int64_t wall_ms;
    uint8_t clock_quality; /* enum fg_clock_quality */
    int32_t utc_offset_s;  /* of the station's local time at wall_ms */
};

/* The plant as the session sees it; functions as in plant/plant.h, with context in front. */
struct fg_plant_port {
    void *context;
    void (*read)(void *context, struct fg_plant_state *ret_state);
    void (*hold_open)(void *context);
    void (*shut)(void *context);
    void (*set_lamp)(void *context, enum fg_lamp lamp, bool on);
    uint8_t (*device_count)(void *context);
    void (*device_status)(void *context, uint8_t index, struct fg_device_status *ret_status);
};

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
    const char *journal_path; /* to look up the newest list version logged; NULL = not looked up */
    const char *version;      /* text of BOOT */
};

/* What the session works on. Owned by the caller, must outlive the session. */
struct fg_session_stores {
    struct fg_journal *journal; /* NULL: could not be opened; every scan is refused */
    struct fg_journal_start journal_start;
    bool journal_tampered; /* why it could not be opened */
    struct fg_list *list;  /* NULL: could not be opened */
};

struct fg_session;

/* One line of log, without newline, free of control characters. */
typedef void (*fg_session_say)(void *context, const char *line);

/* Makes the session and shuts the valve; nothing is written yet (the first tick writes BOOT). FG_E_MEMORY. */
enum fg_err fg_session_new(const struct fg_session_settings *settings, const struct fg_session_stores *stores,
                           const struct fg_plant_port *plant, fg_session_say say, void *say_context,
                           struct fg_session **ret_session, struct fg_error *error);
void fg_session_free(struct fg_session *session); /* may be NULL; the valve is shut */

/* To be called at every event of the plant and at least every 20 ms. */
void fg_session_tick(struct fg_session *session, const struct fg_moment *now);

/* Something the reader said. */
void fg_session_report(struct fg_session *session, const struct fg_reader_report *report,
                       const struct fg_moment *now);

/* A request of the control socket; always answers. asker_is_own: it came from the user that this process runs
 * as, or from root; only they may sign somebody in with a certificate date given by hand. */
void fg_session_command(struct fg_session *session, const struct fg_control_request *request,
                        bool asker_is_own, const struct fg_moment *now, struct fg_control_answer *ret_answer);

/* The list in force may have changed outside (start-up does it itself): logs LIST when it did. */
void fg_session_list_changed(struct fg_session *session, const struct fg_moment *now);

/* The clock was stepped by so many milliseconds: logged. */
void fg_session_clock_stepped(struct fg_session *session, int64_t by_ms, const struct fg_moment *now);

/* The key that the bureau signs receipts with; until it is given, receipts are refused. */
void fg_session_set_receipt_key(struct fg_session *session, const struct fg_public_key *key);

/* From now on tags count as signed when one of these keys signed them; what was decided stays. At most
 * FG_SESSION_TAG_KEYS_MAX, more are left out. */
void fg_session_set_tag_keys(struct fg_session *session, const struct fg_public_key *keys, size_t count);

/* For the STATE answer. */
void fg_session_set_reader_restarts(struct fg_session *session, uint32_t restarts);

/* The controller stops: no new scans, the valve shut, a running fill recorded as soon as possible. Tick on
 * until fg_session_is_quiet, then fg_session_finish writes the SHUTDOWN event. */
void fg_session_shutdown(struct fg_session *session, const struct fg_moment *now);
void fg_session_finish(struct fg_session *session, const struct fg_moment *now);

/* No fill under way and nothing left to write. */
bool fg_session_is_quiet(const struct fg_session *session);

#endif
