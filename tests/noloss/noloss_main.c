/* fillgate-noloss: NO-LOSS with real processes. For each seed a bureau, a station and two links run for a
 * while behind proxies that misbehave, are killed, stopped, starved of disk and set to other times; then
 * everything heals, and what the bureau holds must equal the controllers' journals byte for byte.
 *
 * Usage: fillgate-noloss --build DIR [--seeds FIRST COUNT] [--jobs N] [--keep]. One seed alone: --seeds N 1
 * --keep. Of the controllers only fillgated's loop is played: journal, control socket and receipts are its
 * own code. Relies on: the programs in DIR, tests/lib/fault_proxy.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "firmware/controller/control_server.h"
#include "firmware/journal/journal.h"
#include "host/bureau/schema.h"
#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "proto/monotime.h"
#include "tests/lib/fault_proxy.h"

#define CONTROLLERS 2
#define PROCESSES (2 + CONTROLLERS)
#define HEAL_MAX_MS 300000
#define CATCH_UP_MAX_MS 900000
#define SMALL_BATCH 7 /* so that a seed's few entries need many requests */
#define TURN_MS 5
#define YEAR_2099_MS INT64_C(4070908800000)
#define DAY_MS INT64_C(86400000)
#define PORT_FIRST 21000 /* below the kernel's range for outgoing connections */
#define PORTS_PER_RUN 128
#define RUNS_MAX 64 /* at a time on one machine */
#define PATH_BYTES 256
#define FAKETIME "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

enum process { BUREAU, STATION, LINK };
static const char *const programs[] = {"fillgate-bureau", "fillgate-station", "fillgate-link",
                                       "fillgate-link"};
static const char *const folders[PROCESSES] = {"bureau", "station", "c1", "c2"};
static const char *const settings_names[] = {"bureau.ini", "station.ini", "link.ini", "link.ini"};
static const char *const ids[PROCESSES] = {"bureau", "S1", "C1", "C2"};

struct controller {
    struct fg_private_key device_key;
    struct fg_journal *journal;
    struct fg_control_server *server;
    const struct fg_public_key *receipt_key;
    uint64_t receipts_taken;
    size_t batch_max; /* entries of one answer; 0 = as many as fit */
};

struct totals {
    uint64_t entries;
    uint64_t kills;
    uint64_t stops;
    uint64_t full_disks;
    uint64_t clock_steps;
    uint64_t connections;
    uint64_t network_faults;
};

struct city {
    const char *build;
    char keys[PATH_BYTES]; /* certificates and keys of this worker, used for all of its seeds */
    char directory[PATH_BYTES];
    uint64_t random;
    uint16_t port_station;
    uint16_t port_bureau;
    struct fg_private_key receipt_key;
    struct controller controllers[CONTROLLERS];
    struct fg_proxy *proxies[2]; /* to the station, to the bureau */
    pid_t pids[PROCESSES];
    int64_t back_mono_ms[PROCESSES]; /* when it is started or continued again; 0 = runs */
    bool stopped[PROCESSES];
    bool limited[PROCESSES];
    struct totals totals;
    uint64_t catch_up; /* entries of each controller; 0 = misfortunes instead */
};

/* A run that is killed leaves nothing behind that holds ports. */
static void die_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static _Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    _exit(3);
}

static void must(enum fg_err result, const struct fg_error *error, const char *what)
{
    if (result != FG_OK)
        die("%s: %s", what, error->text);
}

static void path_of(const struct city *city, const char *folder, const char *name, char ret_path[PATH_BYTES])
{
    if (snprintf(ret_path, PATH_BYTES, "%s/%s%s%s", city->directory, folder, name[0] != '\0' ? "/" : "",
                 name) >= PATH_BYTES)
        die("the path is too long");
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- keys and certificates ---- */

static void certificate_make(const struct city *city, struct fg_ca *ca, size_t index)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    bool link = index >= LINK;
    struct fg_certificate_order order = {
        .role = index == BUREAU    ? FG_ROLE_BUREAU
                : index == STATION ? FG_ROLE_STATION
                                   : FG_ROLE_CONTROLLER,
        .id = ids[index],
        .key = &key.public_key,
        .device_key = link ? &city->controllers[index - LINK].device_key.public_key : NULL,
        .name_count = link ? 0 : 1,
        .names = {"127.0.0.1"},
        .from_ms = now_ms() - 3650 * DAY_MS,
        .to_ms = now_ms() + 3650 * DAY_MS};
    struct fg_error error;
    char path[PATH_BYTES];

    must(fg_private_key_new(&key, &error), &error, "key");
    must(fg_ca_issue(ca, &order, &certificate, &error), &error, "certificate");
    part.length = certificate.length;
    (void)snprintf(path, sizeof(path), "%.200s/%s.pem", city->keys, ids[index]);
    must(fg_certificates_write(path, &part, 1, &error), &error, "certificate");
    (void)snprintf(path, sizeof(path), "%.200s/%s.key", city->keys, ids[index]);
    must(fg_private_key_write(path, &key, &error), &error, "key");
}

static void keys_make(struct city *city)
{
    struct fg_ca *ca = NULL;
    struct fg_private_key list_key;
    struct fg_error error;
    char path[PATH_BYTES];

    if (mkdir(city->keys, 0700) != 0)
        die("%s: %s", city->keys, strerror(errno));
    (void)snprintf(path, sizeof(path), "%.200s/ca", city->keys);
    must(fg_ca_create(path, "noloss", now_ms() - 3650 * DAY_MS, 7300, &error), &error, "authority");
    must(fg_ca_open(path, &ca, &error), &error, "authority");
    must(fg_private_key_new(&city->receipt_key, &error), &error, "key");
    must(fg_private_key_new(&list_key, &error), &error, "key");
    for (size_t i = 0; i < CONTROLLERS; i++)
        must(fg_private_key_new(&city->controllers[i].device_key, &error), &error, "key");
    (void)snprintf(path, sizeof(path), "%.200s/receipt.pem", city->keys);
    must(fg_private_key_write(path, &city->receipt_key, &error), &error, "key");
    (void)snprintf(path, sizeof(path), "%.200s/receipt.pub", city->keys);
    must(fg_public_key_write(path, &city->receipt_key.public_key, &error), &error, "key");
    (void)snprintf(path, sizeof(path), "%.200s/list.pub", city->keys);
    must(fg_public_key_write(path, &list_key.public_key, &error), &error, "key");
    for (size_t i = 0; i < PROCESSES; i++)
        certificate_make(city, ca, i);
    fg_ca_close(ca);
}

/* ---- one seed's files ---- */

static void settings_write(const struct city *city, size_t index, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void settings_write(const struct city *city, size_t index, const char *format, ...)
{
    char path[PATH_BYTES];
    va_list arguments;
    FILE *file;

    path_of(city, folders[index], settings_names[index], path);
    file = fopen(path, "we");
    if (file == NULL)
        die("%s: %s", path, strerror(errno));
    va_start(arguments, format);
    (void)vfprintf(file, format, arguments);
    va_end(arguments);
    if (fclose(file) != 0)
        die("%s: %s", path, strerror(errno));
}

static void settings_make(const struct city *city)
{
    const char *keys = city->keys;

    settings_write(
        city, BUREAU,
        "[database]\nurl = sqlite:%s/bureau/bureau.db\ndeadline_ms = 2000\n[server]\naddress = "
        "127.0.0.1\nport = %u\n"
        "certificate = %s/bureau.pem\nkey = %s/bureau.key\nca = %s/ca/ca.pem\nthreads = 2\n[keys]\n"
        "receipt_key = %s/receipt.pem\nlist_key = %s/list.pub\n[lists]\ndirectory = lists\n",
        city->directory, city->port_bureau, keys, keys, keys, keys, keys);
    settings_write(
        city, STATION,
        "[station]\nid = S1\n[server]\naddress = 127.0.0.1\nport = %u\ncertificate = %s/S1.pem\nkey = "
        "%s/S1.key\n"
        "ca = %s/ca/ca.pem\nthreads = 2\n[store]\npath = station.db\ndisk_reserve_bytes = 0\n[bureau]\n"
        "url = https://127.0.0.1:%u\nreceipt_key = %s/receipt.pub\ncontinuous = yes\nretry_min_s = 1\n"
        "retry_max_s = 1\nreport_s = 2\nconnect_max_ms = 1000\nanswer_max_ms = 1500\n[list]\nfolder = lists\n"
        "id = S1\nkey = %s/list.pub\nupdate_s = 3600\n",
        city->port_station, keys, keys, keys, fg_proxy_port(city->proxies[1]), keys, keys);
    for (size_t i = 0; i < CONTROLLERS; i++)
        settings_write(
            city, LINK + i,
            "[controller]\ncontrol_socket = control.sock\n[station]\nurl = https://127.0.0.1:%u\nca = "
            "%s/ca/ca.pem\n"
            "certificate = %s/%s.pem\nkey = %s/%s.key\n[list]\nid = S1\nstation = S1\nkey_1 = "
            "%s/list.pub\n[files]\n"
            "work = work\n[times]\npoll_ms = 50\nreport_ms = 1000\nlist_ms = 3600000\nrenew_ms = 3600000\n"
            "renew_days = 1\nask_again_ms = 1000\nretry_min_ms = 50\nretry_max_ms = 400\n[deadlines]\n"
            "connect_max_ms = 1000\nwrite_max_ms = 1000\nfirst_byte_max_ms = 1000\nwhole_max_ms = 2000\n",
            fg_proxy_port(city->proxies[0]), keys, keys, ids[LINK + i], keys, ids[LINK + i], keys);
}

/* The devices as enrolment would have left them. */
static void devices_put(const struct city *city)
{
    struct fg_sql_settings settings = {.deadline_ms = 5000};
    struct fg_sql_statement *statement;
    struct fg_sql *sql = NULL;
    struct fg_public_key key;
    struct fg_error error;
    struct fg_private_key tls_key;
    char url[PATH_BYTES + 16];
    char path[PATH_BYTES];

    path_of(city, "bureau", "bureau.db", path);
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    settings.url = url;
    must(fg_sql_open(&settings, &sql, &error), &error, "database");
    must(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error,
         "schema");
    must(fg_sql_begin(sql, &error), &error, "database");
    for (size_t i = STATION; i < PROCESSES; i++) {
        (void)snprintf(path, sizeof(path), "%.200s/%s.key", city->keys, ids[i]);
        must(fg_private_key_read(path, &tls_key, &error), &error, "key");
        key = tls_key.public_key;
        must(fg_sql_prepare(
                 sql,
                 "INSERT INTO device (device, role, station, list_id, tls_point, device_point, enrolled_ms, "
                 "certificate_end_ms) VALUES ($1, $2, 'S1', 'S1', $3, $4, 1, 4102444800000)",
                 &statement, &error),
             &error, "device");
        fg_sql_bind_text(statement, 1, ids[i]);
        fg_sql_bind_text(statement, 2, i == STATION ? FG_ROLE_STATION : FG_ROLE_CONTROLLER);
        fg_sql_bind_bytes(statement, 3, key.point, FG_POINT_BYTES);
        if (i == STATION)
            fg_sql_bind_null(statement, 4);
        else
            fg_sql_bind_bytes(statement, 4, city->controllers[i - LINK].device_key.public_key.point,
                              FG_POINT_BYTES);
        must(fg_sql_run(statement, NULL, &error), &error, "device");
    }
    must(fg_sql_commit(sql, &error), &error, "database");
    fg_sql_close(sql);
}

/* ---- the controllers ---- */

static void request_handle(void *context, const struct fg_control_request *request,
                           struct fg_control_answer *ret_answer)
{
    struct controller *controller = context;
    struct fg_error error = {.text = ""};
    size_t length = 0;

    memset(ret_answer, 0, sizeof(*ret_answer));
    if (request->kind == FG_CONTROL_STATE) {
        ret_answer->has_state = true;
        (void)snprintf(ret_answer->state.controller, sizeof(ret_answer->state.controller), "C");
        ret_answer->state.wall_ms = now_ms();
        ret_answer->state.clock_quality = FG_CLOCK_INFORMATIVE;
        ret_answer->state.journal_count = fg_journal_count(controller->journal);
        ret_answer->state.journal_last_sequence = fg_journal_count(controller->journal);
        ret_answer->state.journal_unsent = fg_journal_unsent(controller->journal);
    } else if (request->kind == FG_CONTROL_JOURNAL) {
        ret_answer->result = fg_journal_batch(
            controller->journal, request->from_sequence, controller->batch_max, ret_answer->batch,
            sizeof(ret_answer->batch), &length, &ret_answer->next_sequence, &error);
        ret_answer->batch_length = (uint16_t)length;
    } else if (request->kind == FG_CONTROL_RECEIPT) {
        ret_answer->result =
            fg_journal_take_receipt(controller->journal, request->receipt, request->receipt_length,
                                    controller->receipt_key, now_ms(), &error);
        controller->receipts_taken += ret_answer->result == FG_OK;
        /* A genuine receipt that contradicts the journal would be a lost or altered entry. */
        if (ret_answer->result == FG_E_CORRUPT || ret_answer->result == FG_E_AUTH)
            die("a receipt contradicts the journal: %s", error.text);
        ret_answer->next_sequence = fg_journal_receipt_next(controller->journal);
    } else {
        ret_answer->result = FG_E_STATE;
    }
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
}

static void controllers_open(struct city *city)
{
    struct fg_error error;
    char path[PATH_BYTES];

    for (size_t i = 0; i < CONTROLLERS; i++) {
        struct controller *controller = &city->controllers[i];
        struct fg_journal_settings settings = {.path = path,
                                               .controller = ids[LINK + i],
                                               .key = &controller->device_key,
                                               .bytes_max = 256 << 20,
                                               .warn_percent = 80,
                                               .stop_reserve_entries = 8};
        struct fg_journal_start start;

        controller->receipt_key = &city->receipt_key.public_key;
        controller->receipts_taken = 0;
        controller->batch_max = city->catch_up > 0 ? 0 : SMALL_BATCH;
        path_of(city, folders[LINK + i], "journal.db", path);
        must(fg_journal_open(&settings, &controller->journal, &start, &error), &error, "journal");
        path_of(city, folders[LINK + i], "control.sock", path);
        must(fg_control_server_new(path, request_handle, controller, &controller->server, &error), &error,
             "socket");
    }
}

static void controllers_close(struct city *city)
{
    for (size_t i = 0; i < CONTROLLERS; i++) {
        fg_control_server_free(city->controllers[i].server);
        fg_journal_close(city->controllers[i].journal);
    }
}

static void entry_append(struct city *city)
{
    struct controller *controller = &city->controllers[fg_random_below(&city->random, CONTROLLERS)];
    struct fg_entry entry = {
        .kind = FG_ENTRY_EVENT, .wall_ms = now_ms(), .clock_quality = FG_CLOCK_INFORMATIVE, .event = 1};
    uint64_t sequence = 0;
    struct fg_error error;

    /* An entry dated far ahead must not hold back those behind it. */
    if (fg_random_below(&city->random, 20) == 0)
        entry.wall_ms = YEAR_2099_MS;
    (void)snprintf(entry.text, sizeof(entry.text), "%016" PRIx64, fg_random_next(&city->random));
    must(fg_journal_append(controller->journal, &entry, &sequence, &error), &error, "append");
    city->totals.entries++;
}

static void controllers_serve(struct city *city)
{
    struct pollfd polls[CONTROLLERS * FG_CONTROL_POLLS];
    size_t count = 0;

    for (size_t i = 0; i < CONTROLLERS; i++)
        count += fg_control_server_polls(city->controllers[i].server, polls + count);
    (void)poll(polls, (nfds_t)count, TURN_MS);
    for (size_t i = 0; i < CONTROLLERS; i++)
        fg_control_server_serve(city->controllers[i].server);
}

/* ---- processes ---- */

/* step_s: its clock is so far off; 0 = right. */
static void process_start(struct city *city, size_t index, int64_t step_s)
{
    char folder[PATH_BYTES];
    char program[PATH_BYTES];
    char offset[32];
    pid_t pid;

    path_of(city, folders[index], "", folder);
    if (snprintf(program, sizeof(program), "%s/%s", city->build, programs[index]) >= (int)sizeof(program))
        die("the path is too long");
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        int log = -1;

        die_with_parent();
        if (chdir(folder) == 0)
            log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
            _exit(126);
        (void)signal(SIGXFSZ, SIG_IGN);
        if (step_s != 0) {
            (void)snprintf(offset, sizeof(offset), "%+" PRId64 "s", step_s);
            (void)setenv("LD_PRELOAD", FAKETIME, 1);
            (void)setenv("FAKETIME", offset, 1);
            (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
        }
        (void)execl(program, programs[index], "--config", settings_names[index], (char *)NULL);
        _exit(127);
    }
    city->pids[index] = pid;
    city->back_mono_ms[index] = 0;
    city->stopped[index] = false;
    city->limited[index] = false;
}

static void process_kill(struct city *city, size_t index)
{
    if (city->pids[index] == 0)
        return;
    (void)kill(city->pids[index], SIGKILL);
    (void)waitpid(city->pids[index], NULL, 0);
    city->pids[index] = 0;
}

static void disk_limit(struct city *city, size_t index, bool full)
{
    struct rlimit limit = {.rlim_cur = full ? 40960 : RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    if (city->pids[index] != 0)
        (void)prlimit(city->pids[index], RLIMIT_FSIZE, &limit, NULL);
    city->limited[index] = full;
}

static bool clock_can_step(const struct city *city)
{
    return access(FAKETIME, R_OK) == 0 && strstr(city->build, "asan") == NULL;
}

static void process_back(struct city *city, size_t index)
{
    static const int64_t steps_s[] = {3600, -3600, 86400 * 40, -86400 * 40};
    int64_t step_s = 0;

    if (city->stopped[index]) {
        (void)kill(city->pids[index], SIGCONT);
        city->stopped[index] = false;
        city->back_mono_ms[index] = 0;
    } else if (city->limited[index]) {
        disk_limit(city, index, false);
        city->back_mono_ms[index] = 0;
    } else {
        if (clock_can_step(city) && fg_random_below(&city->random, 5) == 0) {
            step_s = steps_s[fg_random_below(&city->random, 4)];
            city->totals.clock_steps++;
        }
        process_start(city, index, step_s);
    }
}

/* ---- misfortunes ---- */

static void network_change(struct city *city)
{
    struct fg_proxy_faults faults = {.refuse_percent = fg_random_below(&city->random, 40),
                                     .cut_percent = fg_random_below(&city->random, 60),
                                     .cut_bytes_max = 1 + fg_random_below(&city->random, 9000),
                                     .stall_percent = fg_random_below(&city->random, 15),
                                     .corrupt_percent = fg_random_below(&city->random, 15),
                                     .delay_max_ms = fg_random_below(&city->random, 30),
                                     .piece_bytes_max = fg_random_below(&city->random, 3) == 0 ? 200 : 0};

    fg_proxy_set(city->proxies[fg_random_below(&city->random, 2)], &faults,
                 fg_random_below(&city->random, 2) == 0);
}

static void misfortune(struct city *city)
{
    uint32_t kind = fg_random_below(&city->random, 10);
    size_t index = fg_random_below(&city->random, PROCESSES);

    if (kind < 4) {
        network_change(city);
        return;
    }
    if (city->back_mono_ms[index] != 0)
        return;
    city->back_mono_ms[index] = fg_mono_ms() + 20 + fg_random_below(&city->random, 300);
    if (kind < 7) {
        process_kill(city, index);
        city->totals.kills++;
    } else if (kind < 9) {
        (void)kill(city->pids[index], SIGSTOP);
        city->stopped[index] = true;
        city->totals.stops++;
    } else {
        disk_limit(city, index, true);
        city->totals.full_disks++;
    }
}

static void processes_mind(struct city *city)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        if (city->back_mono_ms[i] != 0 && fg_mono_ms() >= city->back_mono_ms[i])
            process_back(city, i);
        /* One that ended by itself (a full disk at its start, say) is started again, as its unit would. */
        if (city->pids[i] != 0 && !city->stopped[i] &&
            waitpid(city->pids[i], NULL, WNOHANG) == city->pids[i]) {
            city->pids[i] = 0;
            city->limited[i] = false;
            city->back_mono_ms[i] = fg_mono_ms() + 100;
        }
    }
}

static void heal(struct city *city)
{
    static const struct fg_proxy_faults none;

    for (size_t i = 0; i < 2; i++)
        fg_proxy_set(city->proxies[i], &none, true);
    for (size_t i = 0; i < PROCESSES; i++) {
        if (city->stopped[i])
            (void)kill(city->pids[i], SIGCONT);
        process_kill(city, i);
        process_start(city, i, 0);
    }
}

/* ---- judging ---- */

static bool all_receipted(const struct city *city)
{
    for (size_t i = 0; i < CONTROLLERS; i++) {
        if (fg_journal_unsent(city->controllers[i].journal) != 0)
            return false;
    }
    return true;
}

struct comparison {
    struct fg_sql_statement *rows;
    uint64_t compared;
    char fault[200];
};

static enum fg_err entry_compare(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                 size_t length, struct fg_error *error)
{
    struct comparison *comparison = context;
    const uint8_t *held;
    size_t held_length = 0;

    if (fg_sql_next(comparison->rows, error) != FG_OK) {
        (void)snprintf(comparison->fault, sizeof(comparison->fault),
                       "entry %" PRIu64 " is missing at the bureau", entry->sequence);
        return FG_E_CORRUPT;
    }
    held = fg_sql_bytes(comparison->rows, 1, &held_length);
    if ((uint64_t)fg_sql_int(comparison->rows, 0) != entry->sequence || held_length != length ||
        memcmp(held, bytes, length) != 0) {
        (void)snprintf(comparison->fault, sizeof(comparison->fault),
                       "entry %" PRIu64 " is another at the bureau (%" PRId64 ")", entry->sequence,
                       fg_sql_int(comparison->rows, 0));
        return FG_E_CORRUPT;
    }
    comparison->compared++;
    return FG_OK;
}

/* "" = equal. */
static void journals_compare(const struct city *city, char ret_fault[200])
{
    struct fg_sql_settings settings = {.deadline_ms = 5000};
    struct fg_journal_filter all = {0};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    char url[PATH_BYTES + 16];
    char path[PATH_BYTES];

    path_of(city, "bureau", "bureau.db", path);
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    settings.url = url;
    must(fg_sql_open(&settings, &sql, &error), &error, "database");
    ret_fault[0] = '\0';
    for (size_t i = 0; i < CONTROLLERS && ret_fault[0] == '\0'; i++) {
        struct comparison comparison = {.fault = ""};

        must(fg_sql_prepare(
                 sql, "SELECT sequence, bytes FROM journal_entry WHERE controller = $1 ORDER BY sequence",
                 &comparison.rows, &error),
             &error, "database");
        fg_sql_bind_text(comparison.rows, 1, ids[LINK + i]);
        path_of(city, folders[LINK + i], "journal.db", path);
        if (fg_journal_each(path, &all, entry_compare, &comparison, &error) == FG_OK &&
            fg_sql_next(comparison.rows, &error) == FG_OK)
            (void)snprintf(comparison.fault, sizeof(comparison.fault),
                           "the bureau has more than the journal");
        fg_sql_reset(comparison.rows);
        if (comparison.fault[0] == '\0' &&
            comparison.compared != fg_journal_count(city->controllers[i].journal))
            (void)snprintf(comparison.fault, sizeof(comparison.fault),
                           "%" PRIu64 " entries were compared, not all", comparison.compared);
        if (comparison.fault[0] != '\0')
            (void)snprintf(ret_fault, 200, "%s: %.180s", ids[LINK + i], comparison.fault);
    }
    fg_sql_close(sql);
}

/* ---- one seed ---- */

static void seed_open(struct city *city, uint64_t seed)
{
    char path[PATH_BYTES];

    city->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    if (mkdir(city->directory, 0700) != 0)
        die("%s: %s", city->directory, strerror(errno));
    for (size_t i = 0; i < PROCESSES; i++) {
        path_of(city, folders[i], "", path);
        if (mkdir(path, 0700) != 0)
            die("%s: %s", path, strerror(errno));
    }
    city->proxies[0] = fg_proxy_new(city->port_station, fg_random_next(&city->random));
    city->proxies[1] = fg_proxy_new(city->port_bureau, fg_random_next(&city->random));
    if (city->proxies[0] == NULL || city->proxies[1] == NULL)
        die("no proxy");
    settings_make(city);
    devices_put(city);
    controllers_open(city);
}

static void processes_start(struct city *city)
{
    for (size_t i = 0; i < PROCESSES; i++)
        process_start(city, i, 0);
}

static void seed_close(struct city *city)
{
    uint64_t connections;
    uint64_t faults;

    for (size_t i = 0; i < PROCESSES; i++)
        process_kill(city, i);
    for (size_t i = 0; i < 2; i++) {
        fg_proxy_counts(city->proxies[i], &connections, &faults);
        city->totals.connections += connections;
        city->totals.network_faults += faults;
        fg_proxy_free(city->proxies[i]);
    }
    controllers_close(city);
}

static bool seed_run(struct city *city, uint64_t seed, bool keep)
{
    char fault[200] = "";
    char command[PATH_BYTES + 16];
    int64_t end_mono_ms;

    seed_open(city, seed);
    processes_start(city);
    end_mono_ms = fg_mono_ms() + 700 + fg_random_below(&city->random, 900);
    while (fg_mono_ms() < end_mono_ms) {
        controllers_serve(city);
        processes_mind(city);
        if (fg_random_below(&city->random, 4) == 0)
            entry_append(city);
        if (fg_random_below(&city->random, 12) == 0)
            misfortune(city);
    }
    heal(city);
    end_mono_ms = fg_mono_ms() + HEAL_MAX_MS;
    while (!all_receipted(city) && fg_mono_ms() < end_mono_ms) {
        controllers_serve(city);
        processes_mind(city);
    }
    if (!all_receipted(city))
        (void)snprintf(fault, sizeof(fault), "%d ms after healing not every entry has a receipt",
                       HEAL_MAX_MS);
    else
        journals_compare(city, fault);
    seed_close(city);
    if (fault[0] != '\0')
        (void)fprintf(stderr, "seed %" PRIu64 ": %s; replay: --seeds %" PRIu64 " 1 --keep; files: %s\n", seed,
                      fault, seed, city->directory);
    if (fault[0] == '\0' && !keep) {
        (void)snprintf(command, sizeof(command), "rm -rf %s", city->directory);
        if (system(command) != 0)
            (void)fprintf(stderr, "cannot remove %s\n", city->directory);
    }
    return fault[0] == '\0';
}

/* ---- catching up ---- */

static void backlog_append(struct city *city)
{
    struct fg_error error;
    uint64_t sequence = 0;

    for (uint64_t n = 1; n <= city->catch_up; n++) {
        /* Fills: authorised, ended, and so on. */
        struct fg_entry entry = {.kind = n % 2 == 1 ? FG_ENTRY_AUTHORISED : FG_ENTRY_ENDED,
                                 .wall_ms = now_ms(),
                                 .clock_quality = FG_CLOCK_SYNCHRONISED,
                                 .operator_id = "op-wang",
                                 .meter_state = FG_READING_GOOD};

        entry.authorised_sequence = n % 2 == 0 ? sequence : 0;
        entry.quantity_g = n % 2 == 0 ? 11000 : 0;
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-CNG-%06" PRIu64, n / 2 % 500);
        for (size_t i = 0; i < CONTROLLERS; i++)
            must(fg_journal_append(city->controllers[i].journal, &entry, &sequence, &error), &error,
                 "append");
    }
}

static int catch_up_run(struct city *city)
{
    char fault[200] = "";
    char command[PATH_BYTES + 16];
    int64_t start_mono_ms;
    double seconds;

    keys_make(city);
    seed_open(city, 1);
    backlog_append(city);
    start_mono_ms = fg_mono_ms();
    processes_start(city);
    while (!all_receipted(city) && fg_mono_ms() - start_mono_ms < CATCH_UP_MAX_MS) {
        controllers_serve(city);
        processes_mind(city);
    }
    seconds = (double)(fg_mono_ms() - start_mono_ms) / 1000;
    journals_compare(city, fault);
    printf("catch-up: %d controllers with %" PRIu64
           " entries each through link, station and bureau in %.1f s: %.0f entries/s; %s\n",
           CONTROLLERS, city->catch_up, seconds, (double)(CONTROLLERS * city->catch_up) / seconds,
           fault[0] == '\0' ? "the bureau holds them byte for byte" : fault);
    seed_close(city);
    (void)snprintf(command, sizeof(command), "rm -rf %s", city->directory);
    return system(command) == 0 && fault[0] == '\0' ? 0 : 1;
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
    struct totals totals;
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
            die("cannot make a socket: %s", strerror(errno));
        if (bind(claim, (struct sockaddr *)&name,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
            return (uint16_t)(PORT_FIRST + PORTS_PER_RUN * i);
        (void)close(claim);
    }
    die("%d runs are going on already", RUNS_MAX);
}

static void worker_run(const struct options *options, unsigned number, int result_pipe)
{
    static struct city city;
    struct report report = {0};

    city.build = options->build;
    city.port_station = (uint16_t)(options->port_first + 2 * number);
    city.port_bureau = (uint16_t)(options->port_first + 2 * number + 1);
    (void)snprintf(city.keys, sizeof(city.keys), "%s/keys-%u", options->base, number);
    keys_make(&city);
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
    sum->totals.entries += one->totals.entries;
    sum->totals.kills += one->totals.kills;
    sum->totals.stops += one->totals.stops;
    sum->totals.full_disks += one->totals.full_disks;
    sum->totals.clock_steps += one->totals.clock_steps;
    sum->totals.connections += one->totals.connections;
    sum->totals.network_faults += one->totals.network_faults;
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

int main(int argc, char **argv)
{
    struct options options = {.keep = false};
    struct report sum = {0};
    struct report one;
    uint64_t missing;
    int pipes[2];

    (void)signal(SIGPIPE, SIG_IGN);
    if (!options_read(argc, argv, &options)) {
        (void)fprintf(
            stderr,
            "usage: fillgate-noloss --build DIR [--seeds FIRST COUNT] [--jobs N] [--keep] | --catch-up N\n");
        return 2;
    }
    (void)snprintf(options.base, sizeof(options.base), "/tmp/fillgate-noloss-XXXXXX");
    if (mkdtemp(options.base) == NULL || pipe(pipes) != 0)
        die("cannot start: %s", strerror(errno));
    options.port_first = ports_claim();
    if (options.catch_up > 0) {
        static struct city city;

        city.build = options.build;
        city.catch_up = options.catch_up;
        city.port_station = options.port_first;
        city.port_bureau = (uint16_t)(options.port_first + 1);
        (void)snprintf(city.keys, sizeof(city.keys), "%s/keys", options.base);
        (void)snprintf(city.directory, sizeof(city.directory), "%s/city", options.base);
        return catch_up_run(&city);
    }
    for (unsigned i = 0; i < options.jobs; i++) {
        pid_t pid = fork();

        if (pid < 0)
            die("fork: %s", strerror(errno));
        if (pid == 0) {
            die_with_parent();
            worker_run(&options, i, pipes[1]);
        }
    }
    (void)close(pipes[1]);
    while (read(pipes[0], &one, sizeof(one)) == (ssize_t)sizeof(one))
        report_add(&sum, &one);
    missing = options.count - sum.passed - sum.failed; /* of workers that ended early */
    printf("NO-LOSS: seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " entries; %" PRIu64 " kills, %" PRIu64
           " stops, %" PRIu64 " full disks, %" PRIu64 " clock steps; %" PRIu64 " connections, %" PRIu64
           " of them with a fault\n",
           options.first, options.first + options.count - 1, sum.totals.entries, sum.totals.kills,
           sum.totals.stops, sum.totals.full_disks, sum.totals.clock_steps, sum.totals.connections,
           sum.totals.network_faults);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", sum.passed, sum.failed + missing);
    if (sum.failed + missing == 0 && !options.keep) {
        char command[128];

        (void)snprintf(command, sizeof(command), "rm -rf %s", options.base);
        return system(command) == 0 ? 0 : 1;
    }
    return sum.failed + missing == 0 ? 0 : 1;
}
