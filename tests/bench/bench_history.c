/* What auditors wait for, at the API as a browser asks it (real server on loopback, a signed-in auditor,
 * every question in the trail): the history of one cylinder, its page, a month's overview, and the first page
 * of every combination of filters, on SQLite and PostgreSQL, with BENCH_HISTORY_RECORDS entries (1000000)
 * after a tenth of them, so that one sees how each grows. 10000000 take half an hour and 25 GB. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/device/known_devices.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/server/web_server.h"
#include "host/bureau/user/password.h"
#include "host/bureau/user/user.h"
#include "tests/bench/sample_records.h"

#define PATH_BYTES 256
#define QUESTION_BYTES 1024
#define ROUNDS 300
#define OVERVIEWS 20
#define SAMPLES_MAX 4096
#define FILTERS 11
#define PASSWORD "correct horse battery"
#define ADDRESSES 200 /* 127.0.8.1 on: each address may ask only so often */

static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static size_t record_count;
static char cookie[400];
static char answer[1 << 20];
static double samples[SAMPLES_MAX];
static size_t sample_count;
static uint64_t random_state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* ---- asking ---- */

static int connect_to(uint16_t port)
{
    static unsigned turn;
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr = {.s_addr = htonl(0x7f000801u + turn++ / 50 % ADDRESSES)}};
    struct sockaddr_in peer = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 120};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0)
        bench_stop("the bureau's pages", "cannot connect");
    return fd;
}

/* Asks on a connection of its own; the whole answer, which must be 200, is in answer. */
static void ask(uint16_t port, const char *method, const char *path, const char *body)
{
    char request[4096];
    int fd = connect_to(port);
    size_t used = 0;
    ssize_t got;
    int length = snprintf(
        request, sizeof(request),
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\nConnection: close\r\n%s%s%s"
        "%sContent-Length: %zu\r\n\r\n%s",
        method, path, port, port, cookie[0] != '\0' ? "Cookie: " : "", cookie,
        cookie[0] != '\0' ? "\r\n" : "", body[0] != '\0' ? "Content-Type: application/json\r\n" : "",
        strlen(body), body);

    if (length < 0 || (size_t)length >= sizeof(request) ||
        send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        bench_stop(path, "cannot be asked");
    while (used + 1 < sizeof(answer) && (got = recv(fd, answer + used, sizeof(answer) - 1 - used, 0)) > 0)
        used += (size_t)got;
    answer[used] = '\0';
    (void)close(fd);
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
        bench_stop(path, answer);
}

static void question(uint16_t port, const char *path)
{
    double start = bench_now_s();

    ask(port, "GET", path, "");
    if (sample_count < SAMPLES_MAX)
        samples[sample_count++] = (bench_now_s() - start) * 1e3;
}

static void sign_in(uint16_t port)
{
    const char *at;

    cookie[0] = '\0';
    ask(port, "POST", "/api/v1/session", "{\"user\":\"bench\",\"password\":\"" PASSWORD "\"}");
    at = strstr(answer, "Set-Cookie: fillgate=");
    if (at == NULL)
        bench_stop("sign-in", "no cookie");
    at += strlen("Set-Cookie: ");
    (void)snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(at, ";"), at);
}

/* ---- telling ---- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* goal_ms is held against the 99th percentile, or with of_all against the slowest. */
static void tell(const char *what, double goal_ms, bool of_all)
{
    double p99;
    double slowest;

    qsort(samples, sample_count, sizeof(samples[0]), compare);
    p99 = samples[(sample_count * 99 + 99) / 100 - 1];
    slowest = samples[sample_count - 1];
    printf("  %-36s %4zu times: median %7.2f ms, p99 %7.2f ms, slowest %7.2f ms; goal %3.0f ms%s\n", what,
           sample_count, samples[sample_count / 2], p99, slowest, goal_ms,
           (of_all ? slowest : p99) > goal_ms ? ": NOT MET" : "");
    sample_count = 0;
}

/* ---- what is asked ---- */

static void cylinders_ask(uint16_t port, const char *format, const char *what)
{
    char path[QUESTION_BYTES];

    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(path, sizeof(path), format, (unsigned)draw(BENCH_RECORDS_CYLINDERS));
        question(port, path);
    }
    tell(what, 10, false);
}

static void day_write(int64_t wall_ms, char text[16])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;

    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, 16, "%Y-%m-%d", &parts);
}

/* The newest month that there is. */
static void overview_ask(uint16_t port)
{
    int64_t last_ms = BENCH_RECORDS_MS + (int64_t)record_count * BENCH_RECORDS_STEP_MS;
    char path[QUESTION_BYTES];
    char from[16];
    char until[16];

    day_write(last_ms - INT64_C(30) * 86400000, from);
    day_write(last_ms, until);
    (void)snprintf(path, sizeof(path), "/api/v1/overview?from_day=%s&until_day=%s", from, until);
    for (int i = 0; i < OVERVIEWS; i++)
        question(port, path);
    if (strstr(answer, "\"fills\":0,") != NULL && strstr(answer, "\"refused\":0,") != NULL)
        bench_stop(path, "nothing was counted");
    tell("one month's overview", 200, true);
}

/* One value of each filter: often one that is there, sometimes one that is rare or nowhere. */
static void filter_write(unsigned filter, char *text, size_t size)
{
    static const char *const outcomes[] = {"ENDED", "REFUSED", "AUTHORISED", "EVENT"};
    static const char *const reasons[] = {"INSPECTION_OVERDUE", "NOT_LISTED"};
    static const char *const identities[] = {"SIGNED_TAG", "QR"};
    int64_t span_ms = (int64_t)record_count * BENCH_RECORDS_STEP_MS;

    switch (filter) {
    case 0:
        (void)snprintf(text, size, "&code=HZ-CNG-%06u", (unsigned)draw(BENCH_RECORDS_CYLINDERS));
        break;
    case 1:
        (void)snprintf(text, size, "&plate=%%E6%%B5%%99E%05u", (unsigned)draw(BENCH_RECORDS_CYLINDERS));
        break;
    case 2:
        (void)snprintf(text, size, "&station=HZ-%02u", (unsigned)draw(101));
        break;
    case 3:
        (void)snprintf(text, size, "&controller=ctl-%03u", (unsigned)draw(BENCH_RECORDS_CONTROLLERS + 1));
        break;
    case 4:
        (void)snprintf(text, size, "&operator=op-%u", (unsigned)draw(BENCH_RECORDS_OPERATORS + 1));
        break;
    case 5:
        (void)snprintf(text, size, "&medium=%s", draw(4) == 0 ? "LPG" : "CNG");
        break;
    case 6:
        (void)snprintf(text, size, "&outcome=%s", outcomes[draw(4)]);
        break;
    case 7:
        (void)snprintf(text, size, "&reason=%s", reasons[draw(2)]);
        break;
    case 8:
        (void)snprintf(text, size, "&identity=%s", identities[draw(2)]);
        break;
    case 9:
        (void)snprintf(text, size, "&from_ms=%" PRId64 "&until_ms=%" PRId64,
                       BENCH_RECORDS_MS + (int64_t)draw((uint64_t)span_ms / 2),
                       BENCH_RECORDS_MS + span_ms / 2 + (int64_t)draw((uint64_t)span_ms / 2));
        break;
    default:
        (void)snprintf(text, size, "&order=oldest");
        break;
    }
}

/* Every combination once; the slowest one is told. */
static void combinations_ask(uint16_t port)
{
    char slowest_path[QUESTION_BYTES] = "";
    double slowest_ms = 0;

    for (unsigned set = 0; set < 1u << FILTERS; set++) {
        char path[QUESTION_BYTES] = "/api/v1/entries?limit=50";

        for (unsigned filter = 0; filter < FILTERS; filter++) {
            size_t used = strlen(path);

            if ((set >> filter & 1) != 0)
                filter_write(filter, path + used, sizeof(path) - used);
        }
        question(port, path);
        if (samples[sample_count - 1] > slowest_ms) {
            slowest_ms = samples[sample_count - 1];
            (void)snprintf(slowest_path, sizeof(slowest_path), "%s", path);
        }
    }
    tell("first page, every filter combination", 50, true);
    printf("    slowest: %s\n", slowest_path);
}

/* ---- the server ---- */

static int64_t wall_ms(void *context)
{
    (void)context;
    return BENCH_RECORDS_MS + (int64_t)record_count * BENCH_RECORDS_STEP_MS;
}

static void say(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "bench_history: %s\n", line);
}

/* A page of a cylinder has its registration, too. */
static void cylinders_register(struct fg_sql *sql)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    char code[32];
    char plate[32];
    char area[32];

    if (fg_sql_begin(sql, &error) != FG_OK ||
        fg_sql_prepare(
            sql,
            "INSERT INTO cylinder (code, uid, state, medium, first_fill_pending, nominal_kpa, capacity_dl, "
            "tare_g, "
            "maximum_fill_g, inspection_due, end_of_life, owner, plate, area, made) VALUES ($1, $4, 1, 1, 0, "
            "20000, 700, 60000, 0, 21000, 25000, 'HZGAS', $2, $3, 18000)",
            &statement, &error) != FG_OK)
        bench_stop("registry", error.text);
    for (unsigned i = 0; i < BENCH_RECORDS_CYLINDERS; i++) {
        (void)snprintf(code, sizeof(code), "HZ-CNG-%06u", i);
        (void)snprintf(plate, sizeof(plate), "\346\265\231E%05u", i);
        (void)snprintf(area, sizeof(area), "district %u", i % 6);
        fg_sql_bind_text(statement, 1, code);
        fg_sql_bind_text(statement, 2, plate);
        fg_sql_bind_text(statement, 3, area);
        fg_sql_bind_bytes(statement, 4, "", 0);
        if (fg_sql_run(statement, NULL, &error) != FG_OK)
            bench_stop("registry", error.text);
    }
    if (fg_sql_commit(sql, &error) != FG_OK)
        bench_stop("registry", error.text);
}

static void database_prepare(const struct fg_sql_settings *settings)
{
    struct fg_user_by by = {"bench", "bench", BENCH_RECORDS_MS, 0};
    char hash[FG_PASSWORD_HASH_TEXT];
    struct fg_sql *sql = NULL;
    struct fg_error error;
    bool more = true;
    double start = bench_now_s();

    bench_records_make(settings, record_count);
    if (fg_sql_open(settings, &sql, &error) != FG_OK)
        bench_stop("database", error.text);
    start = bench_now_s();
    while (more) {
        if (fg_day_sums_follow(sql, 480, 100000, &more, &error) != FG_OK)
            bench_stop("sums by day", error.text);
    }
    printf("  sums by day followed in %.0f s\n", bench_now_s() - start);
    cylinders_register(sql);
    if (fg_password_hash(PASSWORD, FG_PASSWORD_KNOWN, hash, &error) != FG_OK ||
        fg_sql_begin(sql, &error) != FG_OK ||
        fg_user_add(sql, "bench", "bench", "auditor", hash, false, &by, &error) != FG_OK ||
        fg_sql_commit(sql, &error) != FG_OK)
        bench_stop("user", error.text);
    fg_sql_close(sql);
}

static void measure(const char *url)
{
    struct fg_alarm_settings alarms = {.utc_offset_min = 480};
    struct fg_sql_settings sql = {.url = url, .deadline_ms = 120000};
    struct fg_web_config config;
    struct fg_private_key key;
    struct fg_web_settings settings = {.config = &config,
                                       .database_url = url,
                                       .database_deadline_ms = 60000,
                                       .receipt_key = &key,
                                       .directory = fg_known_devices,
                                       .alarms = &alarms,
                                       .now_ms = wall_ms,
                                       .log = say};
    struct fg_web *web = NULL;
    struct fg_error error;
    uint16_t port;

    database_prepare(&sql);
    fg_web_defaults(&config);
    (void)snprintf(config.address, sizeof(config.address), "127.0.0.1");
    config.port = 0;
    if (fg_private_key_new(&key, &error) != FG_OK || fg_web_start(&settings, &web, &error) != FG_OK)
        bench_stop("pages", error.text);
    port = fg_web_port(web);
    sign_in(port);
    cylinders_ask(port, "/api/v1/entries?code=HZ-CNG-%06u", "history of one cylinder");
    cylinders_ask(port, "/api/v1/cylinders/HZ-CNG-%06u", "page of one cylinder");
    overview_ask(port);
    combinations_ask(port);
    fg_web_stop(web);
}

static void both_measure(size_t records)
{
    char url[PATH_BYTES];
    char path[PATH_BYTES];

    record_count = records;
    printf("history, SQLite, %zu entries\n", records);
    (void)snprintf(url, sizeof(url), "sqlite:%s/%zu.db", directory, records);
    measure(url);
    (void)snprintf(path, sizeof(path), "%s/%zu.db", directory, records);
    (void)unlink(path);
    printf("history, PostgreSQL, %zu entries\n", records);
    (void)snprintf(path, sizeof(path), "%s/postgres-%zu", directory, records);
    bench_postgres_start(path, url, sizeof(url));
    measure(url);
    bench_postgres_stop();
}

int main(void)
{
    const char *wanted = getenv("BENCH_HISTORY_RECORDS");
    size_t records = wanted != NULL ? strtoull(wanted, NULL, 10) : 1000000;
    char command[PATH_BYTES];

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (records < 10000 || mkdtemp(directory) == NULL || chmod(directory, 0711) != 0)
        bench_stop("start", "BENCH_HISTORY_RECORDS must be 10000 or more");
    both_measure(records / 10);
    both_measure(records);
    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command) == 0 ? 0 : 1;
}
