/* When controllers were suspended, and so which entries of their journals are evidence.
 *
 * What the bureau vouches for itself is how far it held the journal when it suspended the controller, and
 * when it let it in again: both are read under the lock that ingest takes too, so that no batch is in doubt.
 * Entries between are taken all the same and marked (FG_MARK_SUSPENDED). So are those that came later but say
 * of themselves that they were written during the suspension: otherwise a station would only have to hold
 * them back until the release. An entry's time proves nothing to the contrary, for its controller wrote it.
 * Nothing that happens later changes which entries are marked. The rows stand in the ledger. Not: who may
 * suspend, and the device's own state (enrolment.h). Relies on: host/sql, ledger.h, own_clock.h,
 * proto/journal/chain.h. One database object, one thread. */
#ifndef FG_HOST_BUREAU_JOURNAL_SUSPENSION_H
#define FG_HOST_BUREAU_JOURNAL_SUSPENSION_H

#include "host/sql/sql.h"
#include "lib/base/err.h"
#include "lib/domain/types.h"

/* One suspension: entries from `from_sequence` up to the one before `until_sequence` came while it lasted, by
 * the bureau's clock from `since_ms` to before `until_ms`. until_sequence = 0: it lasts. */
struct fg_suspension {
    uint64_t from_sequence;
    uint64_t until_sequence;
    int64_t since_ms;
    int64_t until_ms;
};

/* Of one controller, in the order in which they came. */
struct fg_suspensions {
    struct fg_suspension *spans;
    size_t count;
};

/* Within the caller's transaction, which changes the device too. Begin does nothing while the controller is
 * suspended already, and for stations, which sign no entries; end nothing when it is not. A suspension is
 * dated now_ms, or just after the newest list of the controller's points when that is later by less than
 * FG_OWN_CLOCK_AGREE_MS. */
enum fg_err fg_suspension_begin(struct fg_sql *sql, const char *device, const char *who, int64_t now_ms,
                                struct fg_error *error);
enum fg_err fg_suspension_end(struct fg_sql *sql, const char *device, const char *who, int64_t now_ms,
                              struct fg_error *error);

/* Since when the controller is suspended. FG_E_NOT_FOUND: it is not. */
enum fg_err fg_suspension_since(struct fg_sql *sql, const char *controller, int64_t *ret_since_ms,
                                struct fg_error *error);

/* Which stations are asked for. */
enum fg_suspension_lists {
    FG_SUSPENSION_ALL,         /* their lists name points of the controller */
    FG_SUSPENSION_GO_ON,       /* and no list was made since it was suspended: the points go on */
    FG_SUSPENSION_STAY_STOPPED /* it was released; the newest list is from the suspension: the points stay
                                  stopped */
};
/* Steps to the next such station by id; station is "" at first. FG_E_NOT_FOUND: there is none after it. */
enum fg_err fg_suspension_station_next(struct fg_sql *sql, const char *controller,
                                       enum fg_suspension_lists lists, char station[FG_NAME_MAX + 1],
                                       struct fg_error *error);

/* FG_SUSPENSION_GO_ON for a statement over table device: 1 when some point of the device goes on. */
#define FG_SUSPENSION_POINT_IS_DUE                                                                           \
    "NOT EXISTS (SELECT 1 FROM list_version v WHERE v.list_id = p.station AND v.issued_ms >= s.since_ms)"
#define FG_SUSPENSION_POINTS_GO_ON(device)                                                                   \
    "CASE WHEN EXISTS (SELECT 1 FROM suspension s JOIN point p ON p.controller = s.controller WHERE "        \
    "s.controller = " device " AND s.until_sequence = 0 AND " FG_SUSPENSION_POINT_IS_DUE ") THEN 1 ELSE 0 "  \
    "END"

/* The suspensions of a controller, to be freed; none when it never was. */
enum fg_err fg_suspensions_read(struct fg_sql *sql, const char *controller,
                                struct fg_suspensions *ret_suspensions, struct fg_error *error);
void fg_suspensions_free(struct fg_suspensions *suspensions);
/* How many entries a suspended controller may hand in on each day of its suspension, the first at once: weeks
 * of a busy point, and so few that a stranger with its key cannot fill the disk. */
#define FG_SUSPENSION_ENTRIES_A_DAY 32768
/* The first number that a suspended controller may not hand in yet; UINT64_MAX: no suspension lasts.
 * a_day: as above, at least 1. */
uint64_t fg_suspensions_limit(const struct fg_suspensions *suspensions, uint64_t a_day, int64_t now_ms);
/* Did the bureau take this entry in while its controller was suspended, or later, but with a time of its own
 * from then? wall_ms: that time; FG_SUSPENSION_NO_TIME when it cannot be read. */
#define FG_SUSPENSION_NO_TIME INT64_MIN
bool fg_suspensions_cover(const struct fg_suspensions *suspensions, uint64_t sequence, int64_t wall_ms);

#endif
