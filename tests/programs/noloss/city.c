/* Implementation of one seed's city (city.h). */
#include "tests/programs/noloss/city.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/ledger.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"

#define SMALL_BATCH 7 /* so that a seed's few entries need many requests */
/* A journal reserves its room when it is made: that of a real one takes more time than the rest of a seed. */
#define JOURNAL_BYTES (INT64_C(4) << 20)
#define JOURNAL_CATCH_UP_BYTES (INT64_C(256) << 20)
#define YEAR_2099_MS INT64_C(4070908800000)
#define LONG_DAYS 3650
#define PROGRAM_ARGUMENTS_MAX 12
#define FAKETIME "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

static const char *const programs[] = {"fillgate-bureau", "fillgate-station", "fillgate-link",
                                       "fillgate-link"};
const char *const city_folders[CITY_PROCESSES] = {"bureau", "station", "c1", "c2"};
static const char *const settings_names[] = {"bureau.ini", "station.ini", "link.ini", "link.ini"};
const char *const city_ids[CITY_PROCESSES] = {"bureau", "S1", "C1", "C2"};

/* A run that is killed leaves nothing that holds ports. */
static void die_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

_Noreturn void city_die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    _exit(3);
}

void city_must(enum fg_err result, const struct fg_error *error, const char *what)
{
    if (result != FG_OK)
        city_die("%s: %s", what, error->text);
}

void city_fault(struct city *city, const char *format, ...)
{
    va_list arguments;

    if (city->fault[0] != '\0')
        return;
    va_start(arguments, format);
    (void)vsnprintf(city->fault, sizeof(city->fault), format, arguments);
    va_end(arguments);
}

void city_path(const struct city *city, const char *folder, const char *name, char ret_path[CITY_PATH_BYTES])
{
    if (snprintf(ret_path, CITY_PATH_BYTES, "%s/%s%s%s", city->directory, folder, name[0] != '\0' ? "/" : "",
                 name) >= CITY_PATH_BYTES)
        city_die("the path is too long");
}

void city_key_path(const struct city *city, const char *name, const char *ending,
                   char ret_path[CITY_PATH_BYTES])
{
    if (snprintf(ret_path, CITY_PATH_BYTES, "%s/%s.%s", city->keys, name, ending) >= CITY_PATH_BYTES)
        city_die("the path is too long");
}

int64_t city_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- keys and certificates ---- */

void city_certificate_make(struct city *city, size_t index, int64_t from_ms, int64_t to_ms, const char *path)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    bool link = index >= CITY_LINK;
    struct fg_certificate_order order = {
        .role = index == CITY_BUREAU    ? FG_ROLE_BUREAU
                : index == CITY_STATION ? FG_ROLE_STATION
                                        : FG_ROLE_CONTROLLER,
        .id = city_ids[index],
        .key = &key.public_key,
        .device_key = link ? &city->controllers[index - CITY_LINK].device_key.public_key : NULL,
        .name_count = link ? 0 : 1,
        .names = {index == CITY_BUREAU ? CITY_BUREAU_NAME : "127.0.0.1"},
        .from_ms = from_ms,
        .to_ms = to_ms};
    struct fg_error error;
    char key_path[CITY_PATH_BYTES];

    city_key_path(city, city_ids[index], "key", key_path);
    city_must(fg_private_key_read(key_path, &key, &error), &error, "key");
    city_must(fg_ca_issue(city->ca, &order, &certificate, &error), &error, "certificate");
    part.length = certificate.length;
    city_must(fg_certificates_write(path, &part, 1, &error), &error, "certificate");
}

static void key_make(const struct city *city, const char *name, struct fg_private_key *ret_key)
{
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    city_must(fg_private_key_new(ret_key, &error), &error, "key");
    city_key_path(city, name, "key", path);
    city_must(fg_private_key_write(path, ret_key, &error), &error, "key");
    city_key_path(city, name, "pub", path);
    city_must(fg_public_key_write(path, &ret_key->public_key, &error), &error, "key");
}

void city_keys_make(struct city *city)
{
    static const char *const devices[CITY_CONTROLLERS] = {"C1-device", "C2-device"};
    int64_t now_ms = city_now_ms();
    struct fg_private_key key;
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    if (mkdir(city->keys, 0700) != 0)
        city_die("%s: %s", city->keys, strerror(errno));
    if (snprintf(path, sizeof(path), "%s/ca", city->keys) >= (int)sizeof(path))
        city_die("the path is too long");
    city_must(fg_ca_create(path, "noloss", now_ms - LONG_DAYS * CITY_DAY_MS, 2 * LONG_DAYS, &error), &error,
              "authority");
    city_must(fg_ca_open(path, &city->ca, &error), &error, "authority");
    key_make(city, "receipt", &city->receipt_key);
    key_make(city, "list", &key);
    for (size_t i = 0; i < CITY_CONTROLLERS; i++)
        key_make(city, devices[i], &city->controllers[i].device_key);
    for (size_t i = 0; i < CITY_PROCESSES; i++) {
        key_make(city, city_ids[i], &key);
        city_key_path(city, city_ids[i], "pem", path);
        city_certificate_make(city, i, now_ms - LONG_DAYS * CITY_DAY_MS, now_ms + LONG_DAYS * CITY_DAY_MS,
                              path);
    }
}

/* ---- one seed's files ---- */

static void settings_write(const struct city *city, size_t index, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void settings_write(const struct city *city, size_t index, const char *format, ...)
{
    char path[CITY_PATH_BYTES];
    va_list arguments;
    FILE *file;

    city_path(city, city_folders[index], settings_names[index], path);
    file = fopen(path, "we");
    if (file == NULL)
        city_die("%s: %s", path, strerror(errno));
    va_start(arguments, format);
    (void)vfprintf(file, format, arguments);
    va_end(arguments);
    if (fclose(file) != 0)
        city_die("%s: %s", path, strerror(errno));
}

static void bureau_settings_make(const struct city *city)
{
    const char *keys = city->keys;

    settings_write(
        city, CITY_BUREAU,
        "[database]\nurl = sqlite:%s/bureau/bureau.db\ndeadline_ms = 2000\n[server]\naddress = "
        "127.0.0.1\nport = %u\n"
        "certificate = %s/bureau.pem\nkey = %s/bureau.key\nca = %s/ca/ca.pem\nthreads = 2\n[keys]\n"
        "receipt_key = %s/receipt.key\nlist_key = %s/list.pub\n[lists]\ndirectory = lists\n[enrolment]\n"
        "ca_directory = %s/ca\n",
        city->directory, city->port_bureau, keys, keys, keys, keys, keys, keys);
}

/* The roster comes with each look at lists: as often as can be set. */
static void settings_make(const struct city *city)
{
    const char *keys = city->keys;
    unsigned list_update_s = city->catch_up > 0 ? 3600 : 1;

    bureau_settings_make(city);
    settings_write(
        city, CITY_STATION,
        "[station]\nid = S1\n[server]\naddress = 127.0.0.1\nport = %u\ncertificate = device/tls.pem\nkey = "
        "device/tls.key\n"
        "ca = %s/ca/ca.pem\nthreads = 2\n[store]\npath = station.db\ndisk_reserve_bytes = 0\n[bureau]\n"
        "url = https://127.0.0.1:%u\nname = %s\nreceipt_key = %s/receipt.pub\ncontinuous = "
        "yes\nretry_min_s = 1\n"
        "retry_max_s = 1\nreport_s = 2\nconnect_max_ms = 1000\nanswer_max_ms = 1500\nrenew_days = 1\n"
        "[list]\nfolder = lists\nid = S1\nkey = %s/list.pub\nupdate_s = %u\n",
        city->port_station, keys, fg_proxy_port(city->proxies[CITY_BEFORE_BUREAU]), CITY_BUREAU_NAME, keys,
        keys, list_update_s);
    for (size_t i = 0; i < CITY_CONTROLLERS; i++)
        settings_write(
            city, CITY_LINK + i,
            "[controller]\ncontrol_socket = control.sock\n[station]\nurl = https://127.0.0.1:%u\nca = "
            "%s/ca/ca.pem\n"
            "certificate = device/tls.pem\nkey = device/tls.key\n[list]\nid = S1\nstation = S1\nkey_1 = "
            "%s/list.pub\n[files]\n"
            "work = work\n[times]\npoll_ms = 50\nreport_ms = 1000\nlist_ms = 3600000\nrenew_ms = 1000\n"
            "renew_days = 1\nask_again_ms = 1000\nretry_min_ms = 50\nretry_max_ms = 400\n[deadlines]\n"
            "connect_max_ms = 1000\nwrite_max_ms = 1000\nfirst_byte_max_ms = 1000\nwhole_max_ms = 2000\n",
            fg_proxy_port(city->proxies[CITY_BEFORE_STATION]), keys, keys);
}

static void copy_file(const char *from, const char *to)
{
    uint8_t bytes[8192];
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t length = source < 0 || target < 0 ? -1 : read(source, bytes, sizeof(bytes));

    if (length < 0 || write(target, bytes, (size_t)length) != length || close(target) != 0)
        city_die("%s: %s", to, strerror(errno));
    (void)close(source);
}

/* What joining would have left in the directory of a device: keys and certificate are the seed's own. */
static void device_files_make(const struct city *city, size_t index)
{
    static const char *const devices[CITY_PROCESSES] = {NULL, NULL, "C1-device", "C2-device"};
    char from[CITY_PATH_BYTES];
    char to[CITY_PATH_BYTES];

    city_path(city, city_folders[index], "device", to);
    if (mkdir(to, 0700) != 0)
        city_die("%s: %s", to, strerror(errno));
    city_key_path(city, city_ids[index], "pem", from);
    city_path(city, city_folders[index], "device/tls.pem", to);
    copy_file(from, to);
    city_key_path(city, city_ids[index], "key", from);
    city_path(city, city_folders[index], "device/tls.key", to);
    copy_file(from, to);
    if (devices[index] == NULL)
        return;
    city_key_path(city, devices[index], "key", from);
    city_path(city, city_folders[index], "device/device.key", to);
    copy_file(from, to);
}

enum fg_err city_database(const struct city *city, uint32_t deadline_ms, struct fg_sql **ret_sql,
                          struct fg_error *error)
{
    struct fg_sql_settings settings = {.deadline_ms = deadline_ms};
    char url[CITY_PATH_BYTES + 16];
    char path[CITY_PATH_BYTES];

    city_path(city, city_folders[CITY_BUREAU], "bureau.db", path);
    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    settings.url = url;
    return fg_sql_open(&settings, ret_sql, error);
}

enum fg_err city_held_count(struct fg_sql *sql, const char *controller, uint64_t most, uint64_t *ret_count,
                            struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT COUNT(*) FROM journal_entry WHERE controller = $1 AND sequence BETWEEN 1 AND $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, most < INT64_MAX ? (int64_t)most : INT64_MAX);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_count = (uint64_t)fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

/* The devices as enrolment would have left them. */
static void devices_put(const struct city *city)
{
    struct fg_sql_statement *statement;
    struct fg_sql *sql = NULL;
    struct fg_public_key key;
    struct fg_error error;
    struct fg_private_key tls_key;
    char path[CITY_PATH_BYTES];

    city_must(city_database(city, 5000, &sql, &error), &error, "database");
    city_must(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error,
              "schema");
    city_must(fg_sql_begin(sql, &error), &error, "database");
    for (size_t i = CITY_STATION; i < CITY_PROCESSES; i++) {
        city_key_path(city, city_ids[i], "key", path);
        city_must(fg_private_key_read(path, &tls_key, &error), &error, "key");
        key = tls_key.public_key;
        city_must(
            fg_sql_prepare(
                sql,
                "INSERT INTO device (device, role, station, list_id, tls_point, device_point, enrolled_ms, "
                "certificate_end_ms, names) VALUES ($1, $2, 'S1', 'S1', $3, $4, 1, 4102444800000, $5)",
                &statement, &error),
            &error, "device");
        fg_sql_bind_text(statement, 1, city_ids[i]);
        fg_sql_bind_text(statement, 2, i == CITY_STATION ? FG_ROLE_STATION : FG_ROLE_CONTROLLER);
        fg_sql_bind_bytes(statement, 3, key.point, FG_POINT_BYTES);
        if (i == CITY_STATION)
            fg_sql_bind_null(statement, 4);
        else
            fg_sql_bind_bytes(statement, 4, city->controllers[i - CITY_LINK].device_key.public_key.point,
                              FG_POINT_BYTES);
        fg_sql_bind_text(statement, 5, i == CITY_STATION ? "127.0.0.1" : "");
        city_must(fg_sql_run(statement, NULL, &error), &error, "device");
    }
    city_must(fg_ledger_adopt(sql, &error), &error, "ledger");
    city_must(fg_sql_commit(sql, &error), &error, "database");
    fg_sql_close(sql);
}

/* ---- the controllers ---- */

/* Did the bureau sign it for this very controller? */
static bool receipt_is_genuine(struct city_controller *controller, const uint8_t *bytes, size_t length)
{
    struct fg_signature signature;
    struct fg_receipt receipt;

    if (length == controller->genuine_length && memcmp(bytes, controller->genuine, length) == 0)
        return true;
    if (fg_receipt_decode(bytes, length, &receipt, &signature, NULL) != FG_OK ||
        strcmp(receipt.controller, controller->id) != 0 ||
        fg_receipt_verify(&receipt, &signature, controller->receipt_key, NULL) != FG_OK)
        return false;
    controller->genuine_length = length;
    memcpy(controller->genuine, bytes, length);
    return true;
}

static void receipt_take(struct city_controller *controller, const struct fg_control_request *request,
                         struct fg_control_answer *ret_answer, struct fg_error *error)
{
    bool genuine = receipt_is_genuine(controller, request->receipt, request->receipt_length);
    uint64_t next_before = fg_journal_receipt_next(controller->journal);

    ret_answer->result =
        fg_journal_take_receipt(controller->journal, request->receipt, request->receipt_length,
                                controller->receipt_key, city_now_ms(), error);
    ret_answer->next_sequence = fg_journal_receipt_next(controller->journal);
    if (genuine && (ret_answer->result == FG_E_CORRUPT || ret_answer->result == FG_E_AUTH))
        city_fault(controller->city, "%s: a receipt contradicts the journal: %s", controller->id,
                   error->text);
    if (!genuine && (ret_answer->result == FG_OK || ret_answer->next_sequence != next_before))
        city_fault(controller->city, "%s took a receipt that the bureau did not give", controller->id);
    if (ret_answer->next_sequence < next_before)
        city_fault(controller->city, "%s counts fewer entries as received than before", controller->id);
    controller->false_receipts += !genuine;
}

static void request_handle(void *context, const struct fg_control_request *request,
                           struct fg_control_answer *ret_answer)
{
    struct city_controller *controller = context;
    struct fg_error error = {.text = ""};
    size_t length = 0;

    memset(ret_answer, 0, sizeof(*ret_answer));
    if (request->kind == FG_CONTROL_STATE) {
        ret_answer->has_state = true;
        (void)snprintf(ret_answer->state.controller, sizeof(ret_answer->state.controller), "C");
        ret_answer->state.wall_ms = city_now_ms();
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
        receipt_take(controller, request, ret_answer, &error);
    } else {
        ret_answer->result = FG_E_STATE;
    }
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
}

static void controllers_open(struct city *city)
{
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
        struct city_controller *controller = &city->controllers[i];
        struct fg_journal_settings settings = {.path = path,
                                               .controller = city_ids[CITY_LINK + i],
                                               .key = &controller->device_key,
                                               .bytes_max = city->catch_up > 0 ? JOURNAL_CATCH_UP_BYTES
                                                                               : JOURNAL_BYTES,
                                               .warn_percent = 80,
                                               .stop_reserve_entries = 8};
        struct fg_journal_start start;

        controller->id = city_ids[CITY_LINK + i];
        controller->city = city;
        controller->receipt_key = &city->receipt_key.public_key;
        controller->false_receipts = 0;
        controller->genuine_length = 0;
        controller->batch_max = city->catch_up > 0 ? 0 : SMALL_BATCH;
        city_path(city, city_folders[CITY_LINK + i], "journal.db", path);
        city_must(fg_journal_open(&settings, &controller->journal, &start, &error), &error, "journal");
        controller->appended = fg_journal_count(controller->journal);
        city_path(city, city_folders[CITY_LINK + i], "control.sock", path);
        city_must(fg_control_server_new(path, request_handle, controller, &controller->server, &error),
                  &error, "socket");
    }
}

static void controllers_close(struct city *city)
{
    for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
        city->totals.counts[FAULT_RECEIPT_REFUSED] += city->controllers[i].false_receipts;
        fg_control_server_free(city->controllers[i].server);
        fg_journal_close(city->controllers[i].journal);
    }
}

void city_entry_append(struct city *city)
{
    struct city_controller *controller = &city->controllers[fg_random_below(&city->random, CITY_CONTROLLERS)];
    struct fg_entry entry = {
        .kind = FG_ENTRY_EVENT, .wall_ms = city_now_ms(), .clock_quality = FG_CLOCK_INFORMATIVE, .event = 1};
    uint64_t sequence = 0;
    struct fg_error error;

    /* An entry dated far ahead must not hold back those after it. */
    if (fg_random_below(&city->random, 20) == 0)
        entry.wall_ms = YEAR_2099_MS;
    (void)snprintf(entry.text, sizeof(entry.text), "%016" PRIx64, fg_random_next(&city->random));
    city_must(fg_journal_append(controller->journal, &entry, &sequence, &error), &error, "append");
    controller->appended++;
    city->totals.entries++;
}

bool city_all_receipted(const struct city *city)
{
    for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
        if (fg_journal_unsent(city->controllers[i].journal) != 0)
            return false;
    }
    return true;
}

/* A whole turn long: else the time of trouble would be over sooner the more the controllers are asked. */
static void controllers_serve(struct city *city, int64_t turn_ms)
{
    int64_t end_mono_ms = fg_mono_ms() + turn_ms;

    for (int64_t left_ms = turn_ms; left_ms > 0; left_ms = end_mono_ms - fg_mono_ms()) {
        struct pollfd polls[CITY_CONTROLLERS * FG_CONTROL_POLLS];
        size_t count = 0;

        for (size_t i = 0; i < CITY_CONTROLLERS; i++)
            count += fg_control_server_polls(city->controllers[i].server, polls + count);
        (void)poll(polls, (nfds_t)count, (int)left_ms);
        for (size_t i = 0; i < CITY_CONTROLLERS; i++)
            fg_control_server_serve(city->controllers[i].server);
    }
}

/* ---- processes ---- */

static void clock_set(int64_t step_s)
{
    char offset[32];

    (void)snprintf(offset, sizeof(offset), "%+" PRId64 "s", step_s);
    (void)setenv("LD_PRELOAD", FAKETIME, 1);
    (void)setenv("FAKETIME", offset, 1);
    (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
}

/* Never returns: the child becomes the program. */
static _Noreturn void child_run(const char *folder, const char *program, char *const *arguments,
                                int64_t step_s)
{
    int log = -1;

    die_with_parent();
    if (chdir(folder) == 0)
        log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (step_s != 0)
        clock_set(step_s);
    (void)execv(program, arguments);
    _exit(127);
}

pid_t city_run(const struct city *city, size_t index, const char *program, const char *const *arguments,
               int64_t step_s)
{
    char texts[PROGRAM_ARGUMENTS_MAX][CITY_PATH_BYTES];
    char *list[PROGRAM_ARGUMENTS_MAX + 1] = {NULL};
    char folder[CITY_PATH_BYTES];
    char path[CITY_PATH_BYTES];
    pid_t pid;

    city_path(city, city_folders[index], "", folder);
    if (snprintf(path, sizeof(path), "%s/%s", city->build, program) >= (int)sizeof(path))
        city_die("the path is too long");
    for (size_t i = 0; i < PROGRAM_ARGUMENTS_MAX && arguments[i] != NULL; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%s", arguments[i]);
        list[i] = texts[i];
    }
    pid = fork();
    if (pid < 0)
        city_die("fork: %s", strerror(errno));
    if (pid == 0)
        child_run(folder, path, list, step_s);
    return pid;
}

void city_process_start(struct city *city, size_t index, int64_t step_s)
{
    const char *const arguments[] = {programs[index], "--config", settings_names[index], NULL};

    city->pids[index] = city_run(city, index, programs[index], arguments, step_s);
    city->back_mono_ms[index] = 0;
    city->stopped[index] = false;
    city->limited[index] = false;
}

void city_process_kill(struct city *city, size_t index)
{
    if (city->pids[index] == 0)
        return;
    (void)kill(city->pids[index], SIGKILL);
    (void)waitpid(city->pids[index], NULL, 0);
    city->pids[index] = 0;
}

void city_disk_limit(struct city *city, size_t index, bool full)
{
    struct rlimit limit = {.rlim_cur = full ? 40960 : RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    if (city->pids[index] != 0)
        (void)prlimit(city->pids[index], RLIMIT_FSIZE, &limit, NULL);
    city->limited[index] = full;
}

bool city_clock_can_step(const char *build)
{
    return access(FAKETIME, R_OK) == 0 && strstr(build, "asan") == NULL;
}

static void process_back(struct city *city, size_t index)
{
    if (city->stopped[index]) {
        (void)kill(city->pids[index], SIGCONT);
        city->stopped[index] = false;
        city->back_mono_ms[index] = 0;
    } else if (city->limited[index]) {
        city_disk_limit(city, index, false);
        city->back_mono_ms[index] = 0;
    } else {
        city->totals.counts[FAULT_CLOCK_STEP] += city->back_step_s[index] != 0;
        city_process_start(city, index, city->back_step_s[index]);
    }
}

static void processes_mind(struct city *city)
{
    for (size_t i = 0; i < CITY_PROCESSES; i++) {
        if (city->back_mono_ms[i] != 0 && fg_mono_ms() >= city->back_mono_ms[i])
            process_back(city, i);
        /* One that ended by itself (a full disk at its start, say) is started again, as its unit would. */
        if (city->pids[i] != 0 && !city->stopped[i] &&
            waitpid(city->pids[i], NULL, WNOHANG) == city->pids[i]) {
            city->pids[i] = 0;
            city->limited[i] = false;
            city->back_step_s[i] = 0;
            city->back_mono_ms[i] = fg_mono_ms() + 100;
        }
    }
}

void city_turn(struct city *city, int64_t turn_ms)
{
    controllers_serve(city, turn_ms);
    processes_mind(city);
}

/* ---- the seed ---- */

/* The generator's own numbers are the starts. Seeds or their multiples would be numbers out of one and the
 * same sequence, and neighbours would meet nearly the same faults. */
uint64_t city_stream(uint64_t seed, uint64_t number)
{
    uint64_t state = seed;
    uint64_t start = fg_random_next(&state) + number;

    return fg_random_next(&start);
}

void city_open(struct city *city, uint64_t seed)
{
    uint16_t ports[CITY_HOPS] = {city->port_station, city->port_bureau};
    char path[CITY_PATH_BYTES];

    city->random = city_stream(seed, CITY_STREAM_CHANCE);
    city->fault[0] = '\0';
    memset(&city->sight, 0, sizeof(city->sight));
    if (mkdir(city->directory, 0700) != 0)
        city_die("%s: %s", city->directory, strerror(errno));
    for (size_t i = 0; i < CITY_PROCESSES; i++) {
        city_path(city, city_folders[i], "", path);
        if (mkdir(path, 0700) != 0)
            city_die("%s: %s", path, strerror(errno));
        if (i != CITY_BUREAU)
            device_files_make(city, i);
    }
    for (size_t i = 0; i < CITY_HOPS; i++) {
        city->proxies[i] = fg_proxy_new(ports[i], fg_random_next(&city->random));
        if (city->proxies[i] == NULL)
            city_die("no proxy");
    }
    settings_make(city);
    devices_put(city);
    controllers_open(city);
}

void city_close(struct city *city)
{
    uint64_t connections;
    uint64_t faults;

    for (size_t i = 0; i < CITY_PROCESSES; i++)
        city_process_kill(city, i);
    for (size_t i = 0; i < CITY_HOPS; i++) {
        fg_proxy_counts(city->proxies[i], &connections, &faults);
        city->totals.connections += connections;
        city->totals.counts[FAULT_NETWORK] += faults;
        fg_proxy_free(city->proxies[i]);
    }
    controllers_close(city);
}
