/* fillgate-noloss: NO-LOSS with real processes. For each seed a bureau, a station and two links run for a
 * while with proxies between them that misbehave, are killed, stopped, starved of disk and set to other
 * times; devices are suspended and released, certificates renewed or left to end, and hops on the way cheat;
 * then everything heals, and what the bureau holds must equal the controllers' journals byte for byte, with
 * the mark of a suspension where it belongs and nowhere else.
 *
 * Usage: fillgate-noloss --build DIR [--seeds FIRST COUNT] [--jobs N] [--keep]. One seed alone: --seeds N 1
 * --keep. Of the controllers only fillgated's loop is played: journal, control socket and receipts are its
 * own code. Relies on: the programs in DIR, tests/lib/fault_proxy.h. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/monotime.h"
#include "tests/programs/noloss/judge.h"
#include "tests/programs/noloss/misfortune.h"
#include "tests/programs/noloss/trust.h"

#define HEAL_MAX_MS 300000
#define CATCH_UP_MAX_MS 900000
#define PORT_FIRST 21000 /* below the kernel's range for outgoing connections */
#define PORTS_PER_RUN 128
#define RUNS_MAX 64       /* at a time on one machine */
#define SEEDS_FOR_ALL 400 /* so many seeds show every kind of fault, or one is drawn too rarely */

/* ---- one seed ---- */

static void processes_start(struct city *city)
{
    for (size_t i = 0; i < CITY_PROCESSES; i++)
        city_process_start(city, i, 0);
}

/* The time of trouble, in turns: a seed draws the same entries and misfortunes on any machine. */
static void seed_play(struct city *city)
{
    uint32_t turns = 120 + fg_random_below(&city->random, 140);

    for (uint32_t turn = 0; turn < turns; turn++) {
        city_turn(city, CITY_TURN_MS);
        judge_look(city);
        if (fg_random_below(&city->random, 4) == 0)
            city_entry_append(city);
        if (fg_random_below(&city->random, 12) == 0)
            misfortune_befall(city);
        trust_go_on(city, (int64_t)turn * CITY_TURN_MS);
    }
}

/* All is well again: whatever was late arrives. */
static void seed_heal(struct city *city)
{
    int64_t end_mono_ms = fg_mono_ms() + HEAL_MAX_MS;
    bool well = false;

    misfortune_heal(city);
    while (!well && city->fault[0] == '\0' && fg_mono_ms() < end_mono_ms) {
        city_turn(city, CITY_QUIET_TURN_MS);
        judge_look(city);
        well = trust_is_well(city) && city_all_receipted(city) && judge_roster_is_right(city);
    }
    if (!city_all_receipted(city))
        city_fault(city, "%d ms after healing not every entry has a receipt", HEAL_MAX_MS);
    else if (!well)
        city_fault(city, "%d ms after healing certificates or the roster are not as they should be",
                   HEAL_MAX_MS);
}

static bool seed_run(struct city *city, uint64_t seed, bool keep)
{
    char command[CITY_PATH_BYTES + 16];

    city_open(city, seed);
    trust_draw(city, seed);
    processes_start(city);
    seed_play(city);
    seed_heal(city);
    if (city->fault[0] == '\0')
        judge_journals(city);
    trust_close(city);
    city_close(city);
    if (city->fault[0] == '\0')
        judge_store(city);
    if (city->fault[0] != '\0')
        (void)fprintf(stderr, "seed %" PRIu64 ": %s; replay: --seeds %" PRIu64 " 1 --keep; files: %s\n", seed,
                      city->fault, seed, city->directory);
    if (city->fault[0] == '\0' && !keep) {
        (void)snprintf(command, sizeof(command), "rm -rf %s", city->directory);
        if (system(command) != 0)
            (void)fprintf(stderr, "cannot remove %s\n", city->directory);
    }
    return city->fault[0] == '\0';
}

/* ---- catching up ---- */

static void backlog_append(struct city *city)
{
    struct fg_error error;
    uint64_t sequence = 0;

    for (uint64_t n = 1; n <= city->catch_up; n++) {
        /* Fills: authorised, ended, and so on. */
        struct fg_entry entry = {.kind = n % 2 == 1 ? FG_ENTRY_AUTHORISED : FG_ENTRY_ENDED,
                                 .wall_ms = city_now_ms(),
                                 .clock_quality = FG_CLOCK_SYNCHRONISED,
                                 .operator_id = "op-wang",
                                 .meter_state = FG_READING_GOOD};

        entry.authorised_sequence = n % 2 == 0 ? sequence : 0;
        entry.quantity_g = n % 2 == 0 ? 11000 : 0;
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-CNG-%06" PRIu64, n / 2 % 500);
        for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
            city_must(fg_journal_append(city->controllers[i].journal, &entry, &sequence, &error), &error,
                      "append");
            city->controllers[i].appended++;
        }
    }
}

static int catch_up_run(struct city *city)
{
    char command[CITY_PATH_BYTES + 16];
    int64_t start_mono_ms;
    double seconds;

    city_keys_make(city);
    city_open(city, 1);
    backlog_append(city);
    start_mono_ms = fg_mono_ms();
    processes_start(city);
    while (!city_all_receipted(city) && fg_mono_ms() - start_mono_ms < CATCH_UP_MAX_MS)
        city_turn(city, CITY_TURN_MS);
    seconds = (double)(fg_mono_ms() - start_mono_ms) / 1000;
    judge_journals(city);
    printf("catch-up: %d controllers with %" PRIu64
           " entries each through link, station and bureau in %.1f s: %.0f entries/s; %s\n",
           CITY_CONTROLLERS, city->catch_up, seconds, (double)(CITY_CONTROLLERS * city->catch_up) / seconds,
           city->fault[0] == '\0' ? "the bureau holds them byte for byte" : city->fault);
    city_close(city);
    (void)snprintf(command, sizeof(command), "rm -rf %s", city->directory);
    return system(command) == 0 && city->fault[0] == '\0' ? 0 : 1;
}

/* ---- many seeds ---- */

struct options {
    const char *build;
    char base[64];
    uint16_t port_first;
    uint64_t first;
    uint64_t count;
    unsigned jobs;
    bool keep;
    uint64_t catch_up;
};

struct report {
    uint64_t passed;
    uint64_t failed;
    struct fault_totals totals;
};

/* Ports that no other run on this machine uses: the kernel gives the name back when this run ends, however.
 */
static uint16_t ports_claim(void)
{
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "fillgate-noloss-%u", i);
        int claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (claim < 0)
            city_die("cannot make a socket: %s", strerror(errno));
        if (bind(claim, (struct sockaddr *)&name,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
            return (uint16_t)(PORT_FIRST + PORTS_PER_RUN * i);
        (void)close(claim);
    }
    city_die("%d runs are going on already", RUNS_MAX);
}

static void worker_run(const struct options *options, unsigned number, int result_pipe)
{
    static struct city city;
    struct report report = {0};

    city.build = options->build;
    city.port_station = (uint16_t)(options->port_first + 2 * number);
    city.port_bureau = (uint16_t)(options->port_first + 2 * number + 1);
    (void)snprintf(city.keys, sizeof(city.keys), "%s/keys-%u", options->base, number);
    city_keys_make(&city);
    trust_prepare(&city);
    for (uint64_t i = number; i < options->count; i += options->jobs) {
        (void)snprintf(city.directory, sizeof(city.directory), "%s/seed-%" PRIu64, options->base,
                       options->first + i);
        if (seed_run(&city, options->first + i, options->keep))
            report.passed++;
        else
            report.failed++;
    }
    report.totals = city.totals;
    if (write(result_pipe, &report, sizeof(report)) != (ssize_t)sizeof(report))
        _exit(3);
    _exit(0);
}

static void report_add(struct report *sum, const struct report *one)
{
    sum->passed += one->passed;
    sum->failed += one->failed;
    fault_add(&sum->totals, &one->totals);
}

static bool options_read(int argc, char **argv, struct options *options)
{
    options->count = 1;
    options->first = 1;
    options->jobs = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--build") == 0 && i + 1 < argc) {
            options->build = realpath(argv[++i], NULL);
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 2 < argc) {
            options->first = strtoull(argv[i + 1], NULL, 10);
            options->count = strtoull(argv[i + 2], NULL, 10);
            i += 2;
        } else if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc) {
            options->jobs = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--catch-up") == 0 && i + 1 < argc) {
            options->catch_up = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--keep") == 0) {
            options->keep = true;
        } else {
            return false;
        }
    }
    return options->build != NULL && options->jobs >= 1 && options->jobs <= 64;
}

static int catch_up_start(const struct options *options)
{
    static struct city city;

    city.build = options->build;
    city.catch_up = options->catch_up;
    city.port_station = options->port_first;
    city.port_bureau = (uint16_t)(options->port_first + 1);
    (void)snprintf(city.keys, sizeof(city.keys), "%s/keys", options->base);
    (void)snprintf(city.directory, sizeof(city.directory), "%s/city", options->base);
    return catch_up_run(&city);
}

static void workers_run(const struct options *options, struct report *sum)
{
    struct report one;
    int pipes[2];

    if (pipe(pipes) != 0)
        city_die("pipe: %s", strerror(errno));
    for (unsigned i = 0; i < options->jobs; i++) {
        pid_t pid = fork();

        if (pid < 0)
            city_die("fork: %s", strerror(errno));
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a run that is killed holds no ports */
            worker_run(options, i, pipes[1]);
        }
    }
    (void)close(pipes[1]);
    while (read(pipes[0], &one, sizeof(one)) == (ssize_t)sizeof(one))
        report_add(sum, &one);
    (void)close(pipes[0]);
    while (wait(NULL) > 0)
        continue;
}

/* What was, and whether it was enough. */
static bool sum_print(const struct options *options, const struct report *sum)
{
    uint64_t missing = options->count - sum->passed - sum->failed; /* of workers that ended early */
    const char *never = options->count < SEEDS_FOR_ALL
                            ? NULL
                            : fault_missing(&sum->totals, !city_clock_can_step(options->build));

    printf("NO-LOSS: seeds %" PRIu64 " to %" PRIu64 ": ", options->first,
           options->first + options->count - 1);
    fault_print(&sum->totals);
    if (never != NULL)
        printf("FAILED: among so many seeds there were no %s\n", never);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", sum->passed, sum->failed + missing);
    return sum->failed + missing == 0 && never == NULL;
}

int main(int argc, char **argv)
{
    struct options options = {.keep = false};
    struct report sum = {0};
    char command[128];

    (void)signal(SIGPIPE, SIG_IGN);
    if (!options_read(argc, argv, &options)) {
        (void)fprintf(
            stderr,
            "usage: fillgate-noloss --build DIR [--seeds FIRST COUNT] [--jobs N] [--keep] | --catch-up N\n");
        return 2;
    }
    (void)snprintf(options.base, sizeof(options.base), "/tmp/fillgate-noloss-XXXXXX");
    if (mkdtemp(options.base) == NULL)
        city_die("%s: %s", options.base, strerror(errno));
    options.port_first = ports_claim();
    if (options.catch_up > 0)
        return catch_up_start(&options);
    workers_run(&options, &sum);
    if (!sum_print(&options, &sum))
        return 1;
    (void)snprintf(command, sizeof(command), "rm -rf %s", options.base);
    return options.keep || system(command) == 0 ? 0 : 1;
}
