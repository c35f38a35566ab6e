/* Implementation of what becomes of trust (trust.h). */
#include "tests/programs/noloss/trust.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/bureau/device/enrolment.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"

#define CLERK_WAIT_MS 100 /* for a database that a stopped process has locked; then the next turn */
#define CLERK "noloss"
#define HOUR_MS INT64_C(3600000)
#define SHORT_MS (20 * HOUR_MS) /* less than renew_days */
#define LOOK_EVERY_MS 50
#define HEALED_MS INT64_MAX /* whatever was drawn is due */
#define STATION_AGAIN_MS 4000
#define JOIN_WAIT_MS 3000 /* times the number of tries: then it is cut off and done again */
#define JOIN_PAUSE_MS 300
#define JOIN_TRIES_MAX 30

/* ---- hops ---- */

void trust_prepare(struct city *city)
{
    char paths[CITY_PROCESSES][2][CITY_PATH_BYTES];
    char ca_path[CITY_PATH_BYTES];

    for (size_t i = 0; i < CITY_PROCESSES; i++) {
        city_key_path(city, city_ids[i], "pem", paths[i][0]);
        city_key_path(city, city_ids[i], "key", paths[i][1]);
    }
    city_key_path(city, "ca/ca", "pem", ca_path);
    for (size_t i = 0; i < CITY_HOPS; i++) {
        bool station = i == CITY_BEFORE_STATION;
        size_t self = station ? CITY_STATION : CITY_BUREAU;
        struct hop_settings settings = {.certificate_path = paths[self][0],
                                        .key_path = paths[self][1],
                                        .ca_path = ca_path,
                                        .target_port = station ? city->port_station : city->port_bureau,
                                        .target_name = station ? NULL : CITY_BUREAU_NAME,
                                        .receipt_key = &city->receipt_key};
        size_t count = station ? CITY_CONTROLLERS : 1;

        for (size_t k = 0; k < count; k++) {
            size_t sender = station ? CITY_LINK + k : CITY_STATION;

            settings.senders[k] = (struct hop_sender){city_ids[sender], paths[sender][0], paths[sender][1]};
        }
        settings.senders[count].id = "";
        city->hops[i] = hop_new(&settings);
    }
}

/* Connections that are open are reset by it. */
static void proxy_lead(struct city *city, size_t place)
{
    uint16_t target = place == CITY_BEFORE_STATION ? city->port_station : city->port_bureau;

    fg_proxy_target(city->proxies[place],
                    city->trust.is_cheating[place] ? hop_port(city->hops[place]) : target);
}

/* It stays on the way: when its cheats are spent, it passes everything on. */
static void cheat_begin(struct city *city, size_t place)
{
    if (city->trust.is_cheating[place])
        return;
    city->trust.is_cheating[place] = true;
    proxy_lead(city, place);
}

/* ---- the draw ---- */

static bool one_in(struct city_trust *trust, uint32_t of)
{
    return fg_random_below(&trust->random, of) == 0;
}

static void certificates_draw(struct city_trust *trust)
{
    for (size_t i = CITY_STATION; i < CITY_PROCESSES; i++) {
        trust->renews[i] = one_in(trust, 4);
        /* A station looks at its certificate hourly, and when it starts. */
        trust->renew_ms[i] = i == CITY_STATION ? 0 : fg_random_below(&trust->random, 600);
    }
    trust->expires = one_in(trust, 5);
    trust->expired = CITY_LINK + fg_random_below(&trust->random, CITY_CONTROLLERS);
    trust->expire_ms = 50 + fg_random_below(&trust->random, 400);
    trust->rejoin_ms = trust->expire_ms + 50 + fg_random_below(&trust->random, 300);
    if (trust->expires)
        trust->renews[trust->expired] = false;
}

static void suspension_draw(struct city_trust *trust)
{
    trust->suspends = one_in(trust, 3);
    trust->suspended =
        one_in(trust, 5) ? CITY_STATION : CITY_LINK + fg_random_below(&trust->random, CITY_CONTROLLERS);
    trust->suspend_ms = 50 + fg_random_below(&trust->random, 500);
    trust->release_ms = trust->suspend_ms + 100 + fg_random_below(&trust->random, 900);
    trust->release = (enum city_release)fg_random_below(&trust->random, CITY_RELEASES);
    trust->release_restarts = !one_in(trust, 4);
    if (trust->suspended != CITY_STATION)
        return;
    /* It is given no roster meanwhile, and one that never had any serves nobody. */
    trust->release = CITY_RELEASE_IN_TIME;
    trust->release_restarts = true; /* its renewal may have been refused */
}

void trust_draw(struct city *city, uint64_t seed)
{
    struct city_trust *trust = &city->trust;

    memset(trust, 0, sizeof(*trust));
    trust->random = city_stream(seed, CITY_STREAM_TRUST);
    certificates_draw(trust);
    suspension_draw(trust);
    for (size_t i = 0; i < CITY_HOPS; i++) {
        struct hop_play play = {.seed = fg_random_next(&trust->random),
                                .percent = 40 + fg_random_below(&trust->random, 60),
                                .journal_cheats = 1 + fg_random_below(&trust->random, 4),
                                .roster_cheats = 1 + fg_random_below(&trust->random, 2),
                                .other_cheats = fg_random_below(&trust->random, 3)};

        trust->cheats[i] = fg_random_below(&trust->random, 5) < 2;
        trust->cheat_from_ms[i] = one_in(trust, 2) ? 0 : fg_random_below(&trust->random, 700);
        hop_play_start(city->hops[i], &play);
    }
}

/* ---- the clerk ---- */

static bool device_suspend(struct city *city, bool suspended, struct city_moment *ret_moment)
{
    size_t index = city->trust.suspended;
    const char *id = city_ids[index];
    struct city_moment moment = {.at_ms = city_now_ms()};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = city_database(city, CLERK_WAIT_MS, &sql, &error);

    if (result == FG_OK)
        result = city_held_count(sql, id, UINT64_MAX, &moment.held_before, &error);
    if (result == FG_OK)
        result = fg_device_suspend(sql, id, suspended, CLERK, "as the seed says", moment.at_ms, &error);
    if (result == FG_OK && city_held_count(sql, id, UINT64_MAX, &moment.held_after, &error) != FG_OK)
        moment.held_after = index >= CITY_LINK ? city->controllers[index - CITY_LINK].appended : 0;
    if (result == FG_OK)
        *ret_moment = moment;
    fg_sql_close(sql);
    return result == FG_OK;
}

/* Unless it is away. */
static void process_restart(struct city *city, size_t index)
{
    if (city->back_mono_ms[index] != 0)
        return;
    city_process_kill(city, index);
    city_process_start(city, index, 0);
}

static bool release_is_due(const struct city *city, int64_t elapsed_ms)
{
    const struct city_trust *trust = &city->trust;

    if (trust->release == CITY_RELEASE_WHEN_RECEIVED)
        return elapsed_ms == HEALED_MS && city_all_receipted(city);
    return elapsed_ms >= trust->release_ms && (trust->is_seen || trust->release == CITY_RELEASE_IN_TIME);
}

static void released(struct city *city)
{
    struct city_trust *trust = &city->trust;

    trust->is_released = true;
    city->totals.counts[FAULT_RELEASE]++;
    if (trust->release == CITY_RELEASE_WHEN_RECEIVED) {
        city->totals.counts[FAULT_RELEASE_WHEN_RECEIVED]++;
        city_entry_append(city); /* nothing of this seed has come after the release yet */
    }
    if (trust->release_restarts)
        process_restart(city, CITY_STATION);
}

static void suspension_go_on(struct city *city, int64_t elapsed_ms)
{
    struct city_trust *trust = &city->trust;

    if (!trust->suspends || elapsed_ms < trust->suspend_ms)
        return;
    if (!trust->is_suspended && device_suspend(city, true, &trust->suspension)) {
        trust->is_suspended = true;
        city->totals.counts[FAULT_SUSPENSION]++;
        city->totals.counts[FAULT_SUSPENSION_OF_STATION] += trust->suspended == CITY_STATION;
    }
    if (trust->is_suspended && !trust->is_released && release_is_due(city, elapsed_ms) &&
        device_suspend(city, false, &trust->end_of_suspension))
        released(city);
}

/* ---- certificates ---- */

static void certificate_path(const struct city *city, size_t index, char ret_path[CITY_PATH_BYTES])
{
    city_path(city, city_folders[index], "device/tls.pem", ret_path);
}

/* As it is after some eleven months of the year that it was issued for. */
static void certificate_shorten(struct city *city, size_t index)
{
    char path[CITY_PATH_BYTES];

    certificate_path(city, index, path);
    city_certificate_make(city, index, city_now_ms() - 345 * CITY_DAY_MS, city_now_ms() + SHORT_MS, path);
    city->trust.is_short[index] = true;
}

static void renewal_look(struct city *city, size_t index)
{
    char path[CITY_PATH_BYTES];
    struct fg_error error;
    int64_t end_ms = 0;

    certificate_path(city, index, path);
    if (fg_certificate_times(path, NULL, &end_ms, &error) != FG_OK)
        city_fault(city, "%s: its certificate file is not good: %s", city_ids[index], error.text);
    if (end_ms < city_now_ms() + 2 * CITY_DAY_MS)
        return;
    city->trust.is_renewed[index] = true;
    city->totals.counts[index == CITY_STATION ? FAULT_RENEWAL_STATION : FAULT_RENEWAL_CONTROLLER]++;
}

/* The device slept through its last month: from now on nobody takes anything from it. */
static void certificate_end(struct city *city)
{
    struct city_trust *trust = &city->trust;
    char path[CITY_PATH_BYTES];

    certificate_path(city, trust->expired, path);
    city_certificate_make(city, trust->expired, city_now_ms() - 365 * CITY_DAY_MS, city_now_ms() - 1000,
                          path);
    process_restart(city, trust->expired);
    trust->is_expired = true;
    city->totals.counts[FAULT_EXPIRY]++;
}

static bool code_write(struct city *city, char path[CITY_PATH_BYTES])
{
    struct fg_one_time_order order = {.device = city_ids[city->trust.expired],
                                      .role = FG_ROLE_CONTROLLER,
                                      .station = city_ids[CITY_STATION],
                                      .list_id = city_ids[CITY_STATION],
                                      .who = CLERK,
                                      .expires_ms = city_now_ms() + 100 * CITY_DAY_MS};
    char code[FG_ONE_TIME_CODE_TEXT];
    struct fg_sql *sql = NULL;
    struct fg_error error;
    FILE *file;
    enum fg_err result = city_database(city, CLERK_WAIT_MS, &sql, &error);

    if (result == FG_OK)
        result = fg_one_time_code_new(sql, &order, city_now_ms(), code, &error);
    fg_sql_close(sql);
    if (result != FG_OK)
        return false;
    city_path(city, city_folders[city->trust.expired], "code", path);
    file = fopen(path, "we");
    if (file == NULL || fprintf(file, "%s\n", code) < 0 || fclose(file) != 0)
        city_die("%s: %s", path, strerror(errno));
    return true;
}

/* The documented way back: a new code, and the device joins again in its directory, through the station. */
static void joining_start(struct city *city)
{
    struct city_trust *trust = &city->trust;
    char url[32];
    char ca_path[CITY_PATH_BYTES];
    char code_path[CITY_PATH_BYTES];
    const char *const arguments[] = {"fillgate", "controller", "enrol",       "device",  "--url", url,
                                     "--ca",     ca_path,      "--code-file", code_path, NULL};

    if (!code_write(city, code_path))
        return;
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u",
                   fg_proxy_port(city->proxies[CITY_BEFORE_STATION]));
    city_key_path(city, "ca/ca", "pem", ca_path);
    trust->join_tries++;
    trust->join_until_mono_ms = fg_mono_ms() + JOIN_WAIT_MS * (int64_t)trust->join_tries;
    trust->joining = city_run(city, trust->expired, "fillgate", arguments, 0);
}

static void joining_go_on(struct city *city)
{
    struct city_trust *trust = &city->trust;
    int status = 0;

    if (trust->joining == 0) {
        if (trust->join_tries >= JOIN_TRIES_MAX)
            city_fault(city, "%s cannot join again", city_ids[trust->expired]);
        else if (fg_mono_ms() >= trust->join_until_mono_ms)
            joining_start(city);
        return;
    }
    if (fg_mono_ms() >= trust->join_until_mono_ms)
        (void)kill(trust->joining, SIGKILL);
    if (waitpid(trust->joining, &status, WNOHANG) != trust->joining)
        return;
    trust->joining = 0;
    trust->join_until_mono_ms = fg_mono_ms() + JOIN_PAUSE_MS;
    trust->is_joined_again = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    city->totals.counts[trust->is_joined_again ? FAULT_JOINED_AGAIN : FAULT_JOINING_BROKEN]++;
}

/* A station that failed to renew tries again in an hour, or when it is started again. */
static void station_look(struct city *city)
{
    struct city_trust *trust = &city->trust;
    bool waits = trust->is_short[CITY_STATION] && !trust->is_renewed[CITY_STATION] &&
                 trust->suspends == trust->is_released;

    if (!waits || fg_mono_ms() < trust->station_again_mono_ms)
        return;
    if (trust->station_again_mono_ms != 0)
        process_restart(city, CITY_STATION);
    trust->station_again_mono_ms = fg_mono_ms() + STATION_AGAIN_MS;
}

static void certificates_go_on(struct city *city, int64_t elapsed_ms)
{
    struct city_trust *trust = &city->trust;

    for (size_t i = CITY_STATION; i < CITY_PROCESSES; i++) {
        if (trust->renews[i] && !trust->is_short[i] && elapsed_ms >= trust->renew_ms[i])
            certificate_shorten(city, i);
        else if (trust->is_short[i] && !trust->is_renewed[i])
            renewal_look(city, i);
    }
    if (elapsed_ms == HEALED_MS)
        station_look(city);
    if (trust->expires && !trust->is_expired && elapsed_ms >= trust->expire_ms)
        certificate_end(city);
    if (trust->is_expired && !trust->is_joined_again && elapsed_ms >= trust->rejoin_ms)
        joining_go_on(city);
}

/* ---- the whole ---- */

void trust_go_on(struct city *city, int64_t elapsed_ms)
{
    struct city_trust *trust = &city->trust;

    for (size_t i = 0; i < CITY_HOPS; i++) {
        if (trust->cheats[i] && elapsed_ms >= trust->cheat_from_ms[i])
            cheat_begin(city, i);
    }
    if (fg_mono_ms() < trust->look_mono_ms)
        return;
    trust->look_mono_ms = fg_mono_ms() + LOOK_EVERY_MS;
    suspension_go_on(city, elapsed_ms);
    certificates_go_on(city, elapsed_ms);
}

bool trust_is_well(struct city *city)
{
    const struct city_trust *trust = &city->trust;
    bool well = trust->suspends == trust->is_released && trust->expires == trust->is_joined_again;

    for (size_t i = 0; i < CITY_PROCESSES; i++)
        well = well && trust->renews[i] == trust->is_renewed[i];
    /* The station asks for its roster once a second: the play waits for the cheats that were drawn. */
    if (trust->is_cheating[CITY_BEFORE_BUREAU])
        well = well && !hop_has_roster_cheats_left(city->hops[CITY_BEFORE_BUREAU]);
    if (!well)
        trust_go_on(city, HEALED_MS);
    return well;
}

void trust_close(struct city *city)
{
    struct city_trust *trust = &city->trust;
    bool followed = false;

    if (trust->joining != 0) {
        (void)kill(trust->joining, SIGKILL);
        (void)waitpid(trust->joining, NULL, 0);
        trust->joining = 0;
    }
    for (size_t i = 0; i < CITY_HOPS; i++) {
        hop_counts_take(city->hops[i], &city->totals, &followed);
        if (followed)
            city_fault(city, "a redirect was followed");
    }
}
