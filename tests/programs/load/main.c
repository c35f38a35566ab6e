/* fillgate-load: many stations in one night window against a real fillgate-bureau, over real mutual TLS.
 *
 * Usage: fillgate-load --build DIR [--stations N] [--entries N] [--threads N] [--database URL]
 * Each station connects once, sends the entries of its one controller in batches of 250 (chained, each
 * batch's head signed with the journal key), and checks the bureau's receipt; --threads stations are at work
 * at a time. At the end the bureau must hold exactly what was sent. Prints sessions, entries a second, p50
 * and p99 of a batch and of a session, and the bureau's peak memory. For the sake of time all devices share
 * one TLS key and one journal key; certificates are their own. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/schema/schema.h"
#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/https_client.h"
#include "proto/journal/sync.h"

#define BATCH_ENTRIES 250
#define THREADS_MAX 64
#define PATH_BYTES 256
#define DAY_MS INT64_C(86400000)
#define START_MAX_MS 20000

struct load {
    char build[PATH_BYTES];
    char directory[64];
    char url[PATH_BYTES]; /* of the database */
    unsigned stations;
    unsigned entries; /* of each */
    unsigned threads;
    uint16_t port;
    pid_t bureau;
    struct fg_ca *ca;
    pthread_mutex_t ca_lock;
    struct fg_private_key tls_key;
    struct fg_private_key journal_key;
    struct fg_private_key receipt_key;
    char tls_key_path[PATH_BYTES];
    char ca_path[PATH_BYTES];
    atomic_uint next_station;
    atomic_uint failures;
    double *session_ms; /* of each station */
    double *batch_ms;
    unsigned batches_each;
};

static _Noreturn void die(const char *what, const struct fg_error *error)
{
    (void)fprintf(stderr, "fillgate-load: %s: %s\n", what, error != NULL ? error->text : strerror(errno));
    _exit(3);
}

static void must(enum fg_err result, const struct fg_error *error, const char *what)
{
    if (result != FG_OK)
        die(what, error);
}

static int64_t now_ms(void *context)
{
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void path_join(const struct load *load, const char *name, char ret_path[PATH_BYTES])
{
    (void)snprintf(ret_path, PATH_BYTES, "%s/%s", load->directory, name);
}

/* ---- preparation ---- */

static void certificate_write(struct load *load, const char *role, const char *id, const char *path)
{
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    bool server = strcmp(role, FG_ROLE_BUREAU) == 0;
    struct fg_certificate_order order = {.role = role,
                                         .id = id,
                                         .key = &load->tls_key.public_key,
                                         .name_count = server ? 1 : 0,
                                         .names = {"127.0.0.1"},
                                         .from_ms = now_ms(NULL) - DAY_MS,
                                         .to_ms = now_ms(NULL) + DAY_MS};
    struct fg_error error;

    (void)pthread_mutex_lock(&load->ca_lock);
    must(fg_ca_issue(load->ca, &order, &certificate, &error), &error, "certificate");
    (void)pthread_mutex_unlock(&load->ca_lock);
    part.length = certificate.length;
    must(fg_certificates_write(path, &part, 1, &error), &error, "certificate");
}

static void keys_make(struct load *load)
{
    struct fg_error error;
    char path[PATH_BYTES];

    path_join(load, "ca", path);
    must(fg_ca_create(path, "load", now_ms(NULL) - DAY_MS, 30, &error), &error, "authority");
    must(fg_ca_open(path, &load->ca, &error), &error, "authority");
    path_join(load, "ca/ca.pem", load->ca_path);
    must(fg_private_key_new(&load->tls_key, &error), &error, "key");
    must(fg_private_key_new(&load->journal_key, &error), &error, "key");
    must(fg_private_key_new(&load->receipt_key, &error), &error, "key");
    path_join(load, "tls.key", load->tls_key_path);
    must(fg_private_key_write(load->tls_key_path, &load->tls_key, &error), &error, "key");
    path_join(load, "receipt.pem", path);
    must(fg_private_key_write(path, &load->receipt_key, &error), &error, "key");
    path_join(load, "list.pub", path);
    must(fg_public_key_write(path, &load->journal_key.public_key, &error), &error, "key");
    path_join(load, "bureau.pem", path);
    certificate_write(load, FG_ROLE_BUREAU, "bureau", path);
}

static void device_put(const struct load *load, struct fg_sql *sql, const char *role, unsigned station)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    bool controller = strcmp(role, FG_ROLE_CONTROLLER) == 0;
    char id[FG_NAME_MAX + 1];
    char station_id[FG_NAME_MAX + 1];

    (void)snprintf(id, sizeof(id), "%s%u", controller ? "C" : "S", station);
    (void)snprintf(station_id, sizeof(station_id), "S%u", station);
    must(fg_sql_prepare(
             sql,
             "INSERT INTO device (device, role, station, list_id, tls_point, device_point, enrolled_ms, "
             "certificate_end_ms) VALUES ($1, $2, $3, $3, $4, $5, 1, 4102444800000)",
             &statement, &error),
         &error, "device");
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_text(statement, 2, role);
    fg_sql_bind_text(statement, 3, station_id);
    fg_sql_bind_bytes(statement, 4, load->tls_key.public_key.point, FG_POINT_BYTES);
    fg_sql_bind_bytes(statement, 5, load->journal_key.public_key.point, controller ? FG_POINT_BYTES : 0);
    must(fg_sql_run(statement, NULL, &error), &error, "device");
}

static struct fg_sql *database_open(const struct load *load)
{
    struct fg_sql_settings settings = {.url = load->url, .deadline_ms = 60000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    must(fg_sql_open(&settings, &sql, &error), &error, "database");
    must(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error,
         "schema");
    return sql;
}

static void devices_put(const struct load *load)
{
    struct fg_sql *sql = database_open(load);
    struct fg_error error;

    must(fg_sql_begin(sql, &error), &error, "database");
    for (unsigned i = 0; i < load->stations; i++) {
        device_put(load, sql, FG_ROLE_STATION, i);
        device_put(load, sql, FG_ROLE_CONTROLLER, i);
    }
    must(fg_sql_commit(sql, &error), &error, "database");
    fg_sql_close(sql);
}

/* ---- the bureau ---- */

static uint16_t port_read(const char *log_path)
{
    int64_t deadline = fg_mono_ms() + START_MAX_MS;
    char line[512];
    unsigned port = 0;

    while (port == 0 && fg_mono_ms() < deadline) {
        FILE *file = fopen(log_path, "re");

        while (file != NULL && port == 0 && fgets(line, sizeof(line), file) != NULL) {
            const char *at = strstr(line, " port ");

            if (at != NULL)
                port = (unsigned)strtoul(at + 6, NULL, 10);
        }
        if (file != NULL)
            (void)fclose(file);
        fg_sleep_ms(20);
    }
    if (port == 0)
        die("the bureau does not come up; see its log", NULL);
    return (uint16_t)port;
}

static void bureau_start(struct load *load)
{
    char path[PATH_BYTES];
    char program[PATH_BYTES + 32];
    FILE *file;

    path_join(load, "bureau.ini", path);
    file = fopen(path, "we");
    if (file == NULL)
        die(path, NULL);
    (void)fprintf(
        file,
        "[database]\nurl = %s\n[server]\naddress = 127.0.0.1\nport = 0\ncertificate = bureau.pem\nkey = "
        "tls.key\n"
        "ca = ca/ca.pem\nthreads = 4\n[keys]\nreceipt_key = receipt.pem\nlist_key = list.pub\n[lists]\n"
        "directory = lists\n[alarms]\nfills_max = 0\nunaccounted_g = 0\nspeed_max_km_h = 0\n",
        load->url);
    (void)fclose(file);
    (void)snprintf(program, sizeof(program), "%s/fillgate-bureau", load->build);
    load->bureau = fork();
    if (load->bureau < 0)
        die("fork", NULL);
    if (load->bureau == 0) {
        int log = chdir(load->directory) == 0 ? open("log", O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

        if (log >= 0 && dup2(log, STDERR_FILENO) >= 0)
            (void)execl(program, "fillgate-bureau", "--config", "bureau.ini", (char *)NULL);
        _exit(127);
    }
    path_join(load, "log", path);
    load->port = port_read(path);
}

static long peak_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long peak = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return peak;
}

/* ---- one station ---- */

struct station {
    struct load *load;
    unsigned number;
    struct fg_https *https;
    struct fg_digest head;
    struct fg_sync_batch batch;
    size_t used;
    uint8_t entries[BATCH_ENTRIES * 256];
    uint8_t body[FG_SYNC_BATCH_BYTES_MAX];
};

static void batch_make(struct station *station, uint64_t first)
{
    struct fg_entry entry = {.boot = 1,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .list_id = "HZ-01",
                             .list_version = 7,
                             .operator_id = "op-wang",
                             .meter_state = FG_READING_GOOD};
    struct fg_sync_batch *batch = &station->batch;
    struct fg_head head;
    struct fg_error error;

    memset(batch, 0, sizeof(*batch));
    (void)snprintf(batch->controller, sizeof(batch->controller), "C%u", station->number);
    (void)snprintf(entry.controller, sizeof(entry.controller), "%s", batch->controller);
    batch->first_sequence = first;
    station->used = 0;
    while (batch->count < BATCH_ENTRIES && first + batch->count <= station->load->entries) {
        size_t length = 0;

        entry.sequence = first + batch->count;
        entry.wall_ms = now_ms(NULL);
        /* Fills: authorised, ended, and so on. */
        entry.kind = entry.sequence % 2 == 1 ? FG_ENTRY_AUTHORISED : FG_ENTRY_ENDED;
        entry.identity = entry.kind == FG_ENTRY_AUTHORISED ? FG_IDENTITY_SIGNED_TAG : 0;
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-CNG-%06" PRIu64,
                       station->number * UINT64_C(500) + entry.sequence / 2 % 500);
        entry.authorised_sequence = entry.kind == FG_ENTRY_ENDED ? entry.sequence - 1 : 0;
        entry.quantity_g = entry.kind == FG_ENTRY_ENDED ? 11000 : 0;
        must(fg_entry_encode(&entry, station->entries + station->used,
                             sizeof(station->entries) - station->used, &length, &error),
             &error, "entry");
        fg_chain_next(&station->head, station->entries + station->used, length, &station->head);
        batch->entries[batch->count++] = (struct fg_sync_slice){station->entries + station->used, length};
        station->used += length;
    }
    head = (struct fg_head){.sequence = first + batch->count - 1, .hash = station->head};
    memcpy(head.controller, batch->controller, sizeof(head.controller));
    must(fg_head_sign(&head, &station->load->journal_key, &batch->head_signature, &error), &error, "head");
}

static bool receipt_is_good(const struct station *station, const struct fg_sync_answer *answer)
{
    struct fg_receipt receipt;
    struct fg_signature signature;

    return answer->verdict == FG_SYNC_HELD &&
           fg_receipt_decode(answer->receipt, answer->receipt_length, &receipt, &signature, NULL) == FG_OK &&
           fg_receipt_verify(&receipt, &signature, &station->load->receipt_key.public_key, NULL) == FG_OK &&
           receipt.next_sequence == station->batch.first_sequence + station->batch.count &&
           memcmp(receipt.head.bytes, station->head.bytes, FG_DIGEST_BYTES) == 0;
}

static bool batch_send(struct station *station, struct fg_error *error)
{
    uint8_t answer_bytes[FG_SYNC_ANSWER_BYTES_MAX];
    struct fg_https_request request = {.method = "POST",
                                       .path = FG_SYNC_PATH_JOURNAL,
                                       .body = station->body,
                                       .answer_max = sizeof(answer_bytes),
                                       .answer_buffer = answer_bytes};
    struct fg_https_answer answered;
    struct fg_sync_answer answer;

    must(fg_sync_batch_encode(&station->batch, station->body, sizeof(station->body), &request.body_length,
                              error),
         error, "batch");
    if (fg_https_ask(station->https, &request, &answered, error) != FG_OK)
        return false;
    if (fg_sync_answer_decode(answer_bytes, (size_t)answered.length, &answer, error) != FG_OK)
        return false;
    if (receipt_is_good(station, &answer))
        return true;
    (void)fg_fail(error, FG_E_AUTH, "HTTP %u, verdict %u: %s", answered.status, answer.verdict, answer.text);
    return false;
}

static bool session_run(struct station *station, const char *certificate_path, struct fg_error *error)
{
    struct load *load = station->load;
    char url[64];
    struct fg_https_settings settings = {.url = url,
                                         .ca_path = load->ca_path,
                                         .peer_roles = FG_HTTPS_BUREAU,
                                         .certificate_path = certificate_path,
                                         .key_path = load->tls_key_path,
                                         .now_ms = now_ms,
                                         .connect_max_ms = 60000,
                                         .write_max_ms = 60000,
                                         .first_byte_max_ms = 60000,
                                         .whole_max_ms = 120000};
    bool ok;

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", load->port);
    ok = fg_https_new(&settings, &station->https, error) == FG_OK;
    for (unsigned i = 0; ok && i < load->batches_each; i++) {
        int64_t start_ns;

        batch_make(station, (uint64_t)i * BATCH_ENTRIES + 1);
        start_ns = fg_mono_ns();
        ok = batch_send(station, error);
        load->batch_ms[station->number * load->batches_each + i] = (double)(fg_mono_ns() - start_ns) / 1e6;
    }
    fg_https_free(station->https);
    station->https = NULL;
    return ok;
}

static void *stations_run(void *context)
{
    struct load *load = context;
    struct station *station = calloc(1, sizeof(*station));
    char id[FG_NAME_MAX + 1];
    char name[FG_NAME_MAX + 8];
    char path[PATH_BYTES];
    struct fg_error error;

    if (station == NULL)
        die("no memory", NULL);
    station->load = load;
    while ((station->number = atomic_fetch_add(&load->next_station, 1)) < load->stations) {
        int64_t start_ns;

        (void)snprintf(id, sizeof(id), "S%u", station->number);
        (void)snprintf(name, sizeof(name), "%s.pem", id);
        path_join(load, name, path);
        certificate_write(load, FG_ROLE_STATION, id, path);
        (void)snprintf(name, sizeof(name), "C%u", station->number);
        fg_chain_start(name, &station->head);
        start_ns = fg_mono_ns();
        if (!session_run(station, path, &error)) {
            if (atomic_fetch_add(&load->failures, 1) < 5)
                (void)fprintf(stderr, "station %u: %s\n", station->number, error.text);
        }
        load->session_ms[station->number] = (double)(fg_mono_ns() - start_ns) / 1e6;
        (void)unlink(path);
    }
    free(station);
    return NULL;
}

/* ---- the whole ---- */

static int double_compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double percentile(double *values, size_t count, unsigned percent)
{
    qsort(values, count, sizeof(*values), double_compare);
    return values[(count - 1) * percent / 100];
}

static uint64_t held_count(const struct load *load)
{
    struct fg_sql *sql = database_open(load);
    struct fg_sql_statement *statement;
    struct fg_error error;
    uint64_t count;

    must(fg_sql_prepare(sql, "SELECT COUNT(*) FROM journal_entry", &statement, &error), &error, "database");
    must(fg_sql_next(statement, &error), &error, "database");
    count = (uint64_t)fg_sql_int(statement, 0);
    fg_sql_close(sql);
    return count;
}

static int load_run(struct load *load)
{
    pthread_t threads[THREADS_MAX];
    uint64_t sent = (uint64_t)load->stations * load->entries;
    uint64_t held;
    size_t batches = (size_t)load->stations * load->batches_each;
    double seconds;
    int64_t start_ns = fg_mono_ns();

    for (unsigned i = 0; i < load->threads; i++) {
        if (pthread_create(&threads[i], NULL, stations_run, load) != 0)
            die("threads", NULL);
    }
    for (unsigned i = 0; i < load->threads; i++)
        (void)pthread_join(threads[i], NULL);
    seconds = (double)(fg_mono_ns() - start_ns) / 1e9;
    printf("load: %u stations, %u at a time, %" PRIu64
           " entries in %.1f s: %.0f sessions/s, %.0f entries/s, %u failures\n",
           load->stations, load->threads, sent, seconds, load->stations / seconds, (double)sent / seconds,
           atomic_load(&load->failures));
    printf("load: batch of %d p50 %.1f ms, p99 %.1f ms; session p50 %.1f ms, p99 %.1f ms; bureau's peak "
           "memory %ld KiB\n",
           BATCH_ENTRIES, percentile(load->batch_ms, batches, 50), percentile(load->batch_ms, batches, 99),
           percentile(load->session_ms, load->stations, 50), percentile(load->session_ms, load->stations, 99),
           peak_kib(load->bureau));
    (void)kill(load->bureau, SIGTERM);
    (void)waitpid(load->bureau, NULL, 0);
    held = held_count(load);
    printf("load: the bureau holds %" PRIu64 " of %" PRIu64 " entries\n", held, sent);
    return held == sent && atomic_load(&load->failures) == 0 ? 0 : 1;
}

/* Absolute, since the bureau starts in its own directory. */
static void build_set(struct load *load, const char *path)
{
    char *absolute = realpath(path, NULL);

    if (absolute != NULL)
        (void)snprintf(load->build, sizeof(load->build), "%s", absolute);
    free(absolute);
}

static bool options_read(int argc, char **argv, struct load *load)
{
    load->stations = 2000;
    load->entries = 1000; /* a day of 500 fills */
    load->threads = 16;
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned number = (unsigned)strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--build") == 0) {
            build_set(load, argv[i + 1]);
        } else if (strcmp(argv[i], "--stations") == 0)
            load->stations = number;
        else if (strcmp(argv[i], "--entries") == 0)
            load->entries = number;
        else if (strcmp(argv[i], "--threads") == 0)
            load->threads = number;
        else if (strcmp(argv[i], "--database") == 0)
            (void)snprintf(load->url, sizeof(load->url), "%s", argv[i + 1]);
        else
            return false;
    }
    return argc % 2 == 1 && load->build[0] != '\0' && load->stations > 0 && load->entries > 0 &&
           load->threads > 0 && load->threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
    static struct load load;
    char command[128];
    int code;

    (void)signal(SIGPIPE, SIG_IGN);
    if (!options_read(argc, argv, &load)) {
        (void)fprintf(
            stderr,
            "usage: fillgate-load --build DIR [--stations N] [--entries N] [--threads N] [--database URL]\n");
        return 2;
    }
    (void)snprintf(load.directory, sizeof(load.directory), "/tmp/fillgate-load-XXXXXX");
    if (mkdtemp(load.directory) == NULL)
        die("temporary directory", NULL);
    if (load.url[0] == '\0')
        (void)snprintf(load.url, sizeof(load.url), "sqlite:%s/bureau.db", load.directory);
    (void)pthread_mutex_init(&load.ca_lock, NULL);
    load.batches_each = (load.entries + BATCH_ENTRIES - 1) / BATCH_ENTRIES;
    load.session_ms = calloc(load.stations, sizeof(double));
    load.batch_ms = calloc((size_t)load.stations * load.batches_each, sizeof(double));
    if (load.session_ms == NULL || load.batch_ms == NULL)
        die("no memory", NULL);
    keys_make(&load);
    devices_put(&load);
    bureau_start(&load);
    code = load_run(&load);
    fg_ca_close(load.ca);
    free(load.batch_ms);
    free(load.session_ms);
    (void)snprintf(command, sizeof(command), "rm -rf %s", load.directory);
    return system(command) == 0 ? code : 1;
}
