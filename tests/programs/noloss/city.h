/* One seed's city: its keys, files and database, the real processes (a bureau, a station, two links) with a
 * proxy before the station and one before the bureau, and the controllers' own code in this process.
 *
 * Not: what befalls it (misfortune.h, trust.h), how it is judged (judge.h). Relies on: the built programs,
 * tests/lib/fault_proxy.h, tests/programs/noloss/hop.h. One thread. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_CITY_H
#define FG_TESTS_PROGRAMS_NOLOSS_CITY_H

#include <sys/types.h>

#include "firmware/controller/control_server.h"
#include "firmware/journal/journal.h"
#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "proto/journal/chain.h"
#include "proto/key/roster.h"
#include "tests/lib/fault_proxy.h"
#include "tests/programs/noloss/fault.h"
#include "tests/programs/noloss/hop.h"

#define CITY_CONTROLLERS 2
#define CITY_PROCESSES (2 + CITY_CONTROLLERS)
#define CITY_PATH_BYTES 256
#define CITY_FAULT_BYTES 200
#define CITY_DAY_MS INT64_C(86400000)
#define CITY_TURN_MS 5        /* at least; a busy machine takes longer, and so do the processes on it */
#define CITY_QUIET_TURN_MS 20 /* when nothing is drawn any more */
#define CITY_BUREAU_NAME "bureau.noloss" /* the station is called by its address, which the bureau is not */

enum city_process { CITY_BUREAU, CITY_STATION, CITY_LINK };
enum city_hop { CITY_BEFORE_STATION, CITY_BEFORE_BUREAU, CITY_HOPS };
extern const char *const city_ids[CITY_PROCESSES];
extern const char *const city_folders[CITY_PROCESSES];

struct city;
struct city_controller {
    const char *id;
    struct city *city;
    struct fg_private_key device_key;
    struct fg_journal *journal;
    struct fg_control_server *server;
    const struct fg_public_key *receipt_key;
    uint64_t appended;       /* entries that the journal must have */
    size_t batch_max;        /* entries of one answer; 0 = as many as fit */
    uint64_t false_receipts; /* that were refused */
    /* The last receipt that proved to be the bureau's: most come more than once. */
    size_t genuine_length;
    uint8_t genuine[FG_STATEMENT_BYTES_MAX];
};

/* When a clerk suspended or released a device, and how far the bureau held the controller's journal then: it
 * goes on taking entries meanwhile. */
struct city_moment {
    int64_t at_ms;
    uint64_t held_before;
    uint64_t held_after;
};

enum city_release {
    CITY_RELEASE_IN_TIME,
    CITY_RELEASE_WHEN_SEEN,     /* not before the station has the roster that says it is suspended */
    CITY_RELEASE_WHEN_RECEIVED, /* not before every entry has its receipt */
    CITY_RELEASES
};

/* What the seed has drawn of suspensions and certificates (trust.h). Times are in turns of CITY_TURN_MS from
 * the seed's start. */
struct city_trust {
    uint64_t random; /* a stream of its own: what is drawn does not hang on how fast the seed runs */
    bool suspends;
    size_t suspended; /* which process' device: a controller or the station */
    uint32_t suspend_ms;
    uint32_t release_ms;
    enum city_release release;
    bool release_restarts; /* the station is started again then: it does not wait until it asks again */
    bool is_suspended;
    bool is_seen;
    bool is_released;
    struct city_moment suspension;
    struct city_moment end_of_suspension;
    bool renews[CITY_PROCESSES];
    uint32_t renew_ms[CITY_PROCESSES];
    bool is_short[CITY_PROCESSES]; /* the short certificate is in place */
    bool is_renewed[CITY_PROCESSES];
    bool expires;
    size_t expired; /* which process */
    uint32_t expire_ms;
    uint32_t rejoin_ms;
    bool is_expired;
    bool is_joined_again;
    pid_t joining; /* 0 = nobody */
    unsigned join_tries;
    int64_t join_until_mono_ms; /* or, between two tries, when the next begins */
    bool cheats[CITY_HOPS];
    uint32_t cheat_from_ms[CITY_HOPS];
    bool is_cheating[CITY_HOPS];
    int64_t look_mono_ms;
    int64_t station_again_mono_ms; /* when it is started again to look at its certificate */
};

/* What was seen of a seed while it runs (judge.h). */
struct city_sight {
    /* Entries before this one have a receipt, and the bureau was seen to hold them. */
    uint64_t proven_next[CITY_CONTROLLERS];
    int64_t roster_mono_ms; /* when it is looked at next */
    size_t roster_length;   /* of the one that the station keeps */
    uint8_t roster_bytes[FG_ROSTER_BYTES_MAX];
    struct fg_roster roster; /* the same, verified; version 0: none yet */
};

struct city {
    const char *build;
    char keys[CITY_PATH_BYTES]; /* keys and long certificates of this worker, used for all of its seeds */
    char directory[CITY_PATH_BYTES];
    uint64_t random;
    uint16_t port_station;
    uint16_t port_bureau;
    struct fg_ca *ca;
    struct fg_private_key receipt_key;
    struct city_controller controllers[CITY_CONTROLLERS];
    struct fg_proxy *proxies[CITY_HOPS];
    struct hop *hops[CITY_HOPS]; /* of this worker; NULL when nobody cheats */
    pid_t pids[CITY_PROCESSES];
    int64_t back_mono_ms[CITY_PROCESSES]; /* when it is started or continued again; 0 = runs */
    int64_t back_step_s[CITY_PROCESSES];  /* and then with its clock so far off */
    bool stopped[CITY_PROCESSES];
    bool limited[CITY_PROCESSES];
    struct city_trust trust;
    struct city_sight sight;
    struct fault_totals totals;
    char fault[CITY_FAULT_BYTES]; /* found while it ran; "" = none */
    uint64_t catch_up;            /* entries of each controller; 0 = misfortunes instead */
};

/* ---- what cannot go on ends the process ---- */

_Noreturn void city_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void city_must(enum fg_err result, const struct fg_error *error, const char *what);
/* The first fault of a seed is kept. */
void city_fault(struct city *city, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- files ---- */

void city_path(const struct city *city, const char *folder, const char *name, char ret_path[CITY_PATH_BYTES]);
/* Of a worker's own files: keys/NAME.ENDING. */
void city_key_path(const struct city *city, const char *name, const char *ending,
                   char ret_path[CITY_PATH_BYTES]);
int64_t city_now_ms(void);
/* Once per worker. */
void city_keys_make(struct city *city);
/* A certificate for a process' key, as the authority would issue it. path: where it is put, at once. */
void city_certificate_make(struct city *city, size_t index, int64_t from_ms, int64_t to_ms, const char *path);
/* The bureau's database; FG_OK or whatever fg_sql_open says: it may be locked by a process that is stopped.
 */
enum fg_err city_database(const struct city *city, uint32_t deadline_ms, struct fg_sql **ret_sql,
                          struct fg_error *error);
/* How many of a controller's first `most` entries the bureau holds. */
enum fg_err city_held_count(struct fg_sql *sql, const char *controller, uint64_t most, uint64_t *ret_count,
                            struct fg_error *error);

/* ---- life ---- */

/* Where a stream of random numbers of this seed begins (fg_random_next); each has its own. */
enum { CITY_STREAM_CHANCE, CITY_STREAM_TRUST };
uint64_t city_stream(uint64_t seed, uint64_t number);

/* Files, database, proxies and controllers of one seed; nothing runs yet. */
void city_open(struct city *city, uint64_t seed);
void city_close(struct city *city);
/* Runs one of the built programs in the folder of that process, its output added to the log there. arguments:
 * the name first, NULL last. step_s: its clock is so far off; 0 = right. */
pid_t city_run(const struct city *city, size_t index, const char *program, const char *const *arguments,
               int64_t step_s);
void city_process_start(struct city *city, size_t index, int64_t step_s);
void city_process_kill(struct city *city, size_t index);
void city_disk_limit(struct city *city, size_t index, bool full);
bool city_clock_can_step(const char *build);

void city_entry_append(struct city *city);
/* One turn of at least so long: controllers are served, processes are started again when it is time. */
void city_turn(struct city *city, int64_t turn_ms);
bool city_all_receipted(const struct city *city);

#endif
