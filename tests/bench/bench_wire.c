/* From a tag entering the field to the command that opens the valve, for each kind of tag, beside the least
 * time that the wires need for it at the set baud rates. The real fillgated and fillgate-reader run against
 * fillgate-sim, whose wires are paced. The tag comes at any moment of a search, and the time until the next
 * search begins is counted, too.
 *
 * The attendant's part is taken out: no pre-check is asked for, and start is said over the control socket the
 * moment the controller says that the cylinder may be filled. Reference: the frames that no reader can leave
 * out (select the tag, read its container, read the rest of the record by FAST_READ or, from a tag without
 * it, by READs) and the valve's own request on the bus. All moments are from the simulator's record, on the
 * same clock. Beside it the parts that follow each other: search; select to record; from there, with what is
 * decided and written, to the valve. Not: radio time. Relies on: tools/point.sh, to be run from the top of
 * the tree; proto/point/control.h, proto/point/tag.h. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/monotime.h"
#include "lib/domain/code.h"
#include "proto/point/control.h"
#include "proto/point/tag.h"

/* Of each kind so many tags, each twice: new, so that its signature is verified, and back after the others.
 */
#define TAGS 25
#define VISITS 2
#define TAPS (TAGS * VISITS) /* of each kind */
#define BAUD 115200
#define VALVE_REQUEST_BYTES 8
/* A frame of the PN532 (UM0701-02, 6.2): start, length, direction, checksum; an acknowledge. */
#define FRAME_BYTES 8
#define ACK_BYTES 6
#define SELECT_BYTES                                                                                         \
    (FRAME_BYTES + 3 + ACK_BYTES + FRAME_BYTES + 14) /* 4A 01 00; 4B, count, number, ATQA, SAK, UID of 7 */
#define READ_BYTES                                                                                           \
    (FRAME_BYTES + 4 + ACK_BYTES + FRAME_BYTES + 2 + 16) /* 40 01 30 page; 41, status, four pages */
#define FAST_READ_BYTES(pages)                                                                               \
    (FRAME_BYTES + 4 + ACK_BYTES + FRAME_BYTES + 2 + 4 * (pages)) /* 42 3A from to; 43, status */
#define CHIP_BYTES_MIN (ACK_BYTES + FRAME_BYTES + 1)              /* more than any command that reads */
#define BLOCK_ANSWER_BYTES (ACK_BYTES + FRAME_BYTES + 2 + 16)
#define SELECT_ANSWER_BYTES (ACK_BYTES + FRAME_BYTES + 14)
#define CONTAINER_PAGES_END 7 /* the block with the container holds pages 3 to 6 */
#define BITS_A_BYTE 10
#define STEP_MAX_MS 5000
#define CODE_BYTES 24
#define UID_BYTES 24
#define RULES                                                                                                \
    "[rules]\\nstation = HZ-01\\nmedia = cng\\nlicence_end_day = 2099-12-31\\nidentity_min = "               \
    "signed_tag\\nlist_warn_age_h = "                                                                        \
    "0\\nlist_block_age_h = 0\\n"
#define LIST_VERSION 900

struct tap {
    int64_t arrived_ns;
    int64_t decided_ns;
    int64_t started_ns;
    int64_t authorised_ns;
    int64_t opened_ns;
    int64_t selecting_ns; /* the command that found the tag begins */
    int64_t read_ns;      /* the last byte of its record is there */
};

static const struct kind {
    const char *type;
    bool fast_read;
} kinds[] = {{"ntag213", true},
             {"ntag215", true},
             {"ntag216", true},
             {"ultralight_ev1", true},
             {"ultralight_c", false}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct bench {
    char directory[40];
    char build[200];
    char socket_path[80];
    pid_t controller;
    int log_fd; /* what fillgated says */
    char line[1024];
    size_t line_length;
    struct tap taps[KINDS * TAPS];
    size_t record_bytes; /* from page 4 on */
};

static struct bench bench = {.directory = "/tmp/fillgate-wire-XXXXXX", .log_fd = -1};

static void point_end(void)
{
    if (bench.controller > 0) {
        (void)kill(bench.controller, SIGTERM);
        (void)waitpid(bench.controller, NULL, 0);
    }
    bench.controller = 0;
    if (getenv("DIR") == NULL)
        return;
    (void)!system("cp $DIR/record.jsonl /tmp/rec.jsonl");
    (void)!system("tools/point.sh sim-stop");
    (void)!system("rm -rf \"$DIR\"");
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_wire: %s failed; see %s\n", what, bench.directory);
    exit(1);
}

/* Runs a shell command in which $BUILD and $DIR are known. */
__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    char command[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    need(system(command) == 0, command);
}

static void ask(const struct fg_control_request *request)
{
    struct fg_control_answer answer;
    struct fg_error error = {FG_OK, ""};
    enum fg_err code = fg_control_call(bench.socket_path, request, &answer, STEP_MAX_MS, &error);

    if (code == FG_OK && answer.result == FG_OK)
        return;
    (void)fprintf(stderr, "bench_wire: %s: %s\n", fg_control_kind_name(request->kind),
                  code == FG_OK ? answer.text : error.text);
    exit(1);
}

static void ask_kind(uint8_t kind)
{
    struct fg_control_request request = {.kind = kind};

    ask(&request);
}

/* Waits until fillgated says a line with this in it, and returns when it was read. */
static int64_t await(const char *part)
{
    int64_t deadline_ms = fg_mono_ms() + STEP_MAX_MS;

    for (;;) {
        struct pollfd item = {.fd = bench.log_fd, .events = POLLIN};
        char byte = '\0';

        need(fg_mono_ms() < deadline_ms && poll(&item, 1, STEP_MAX_MS) == 1 &&
                 read(bench.log_fd, &byte, 1) == 1,
             part);
        if (byte != '\n') {
            if (bench.line_length + 1 < sizeof(bench.line))
                bench.line[bench.line_length++] = byte;
            continue;
        }
        bench.line[bench.line_length] = '\0';
        bench.line_length = 0;
        if (strstr(bench.line, part) != NULL)
            return fg_mono_ns();
    }
}

static void controller_start(void)
{
    char program[256];
    int ends[2];

    (void)snprintf(program, sizeof(program), "%s/fillgated", bench.build);
    need(pipe2(ends, O_CLOEXEC) == 0, "pipe");
    bench.controller = fork();
    need(bench.controller >= 0, "fork");
    if (bench.controller == 0) {
        if (chdir(bench.directory) == 0 && dup2(ends[1], STDERR_FILENO) >= 0)
            (void)execl(program, program, "--config", "point.ini", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    bench.log_fd = ends[0];
    (void)await("started");
}

/* A scan before the first readings of the instruments is refused. */
static void plant_await(void)
{
    struct fg_control_request status = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer = {.state = {.device_fault = true}};
    int64_t deadline_ms = fg_mono_ms() + STEP_MAX_MS;

    while (answer.state.device_fault) {
        struct fg_error error;

        need(fg_mono_ms() < deadline_ms &&
                 fg_control_call(bench.socket_path, &status, &answer, STEP_MAX_MS, &error) == FG_OK,
             "waiting for the plant");
        fg_sleep_ms(20);
    }
}

/* Each kind has cylinders of its own: a tag of one kind was not there as another. */
static void cylinder_name(size_t kind, int tag, char ret_code[CODE_BYTES], char ret_uid[UID_BYTES])
{
    (void)snprintf(ret_code, CODE_BYTES, "HZ-CNG-8%02zu%03d", kind, tag);
    (void)snprintf(ret_uid, UID_BYTES, "0480000000%02zx%02x", kind, tag);
}

/* They are added to the city's. */
static void cylinders_register(void)
{
    char path[80];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/registry.csv", bench.directory);
    file = fopen(path, "ae");
    need(file != NULL, path);
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (int tag = 0; tag < TAGS; tag++) {
            char code[CODE_BYTES];
            char uid[UID_BYTES];

            cylinder_name(kind, tag, code, uid);
            (void)fprintf(
                file, "%s,%s,in_service,cng,0,20000,600,54048,0,2099-08-22,2099-10-02,HZGAS,浙EZ%zu%03d\n",
                code, uid, kind, tag);
        }
    }
    need(fclose(file) == 0, path);
}

static void point_begin(const char *program)
{
    struct fg_control_request sign_in = {
        .kind = FG_CONTROL_SIGN_IN, .operator_id = "bench", .certificate_end_day = 30000};
    struct fg_control_request import = {.kind = FG_CONTROL_IMPORT_LIST};
    char *path = realpath(program, NULL);

    need(path != NULL && mkdtemp(bench.directory) != NULL, "making a directory");
    *strrchr(path, '/') = '\0';
    (void)snprintf(bench.build, sizeof(bench.build), "%s", path);
    free(path);
    (void)snprintf(bench.socket_path, sizeof(bench.socket_path), "%s/control.sock", bench.directory);
    need(setenv("BUILD", bench.build, 1) == 0 && setenv("DIR", bench.directory, 1) == 0, "setenv");
    (void)atexit(point_end);
    run("tools/point.sh prepare");
    run("tools/point.sh sim");
    cylinders_register();
    run("printf '%s' >\"$DIR/bench.ini\"", RULES);
    run("\"$BUILD/fillgate\" list build --csv \"$DIR/registry.csv\" --rules \"$DIR/bench.ini\" --key "
        "\"$DIR/bureau.pem\""
        " --id huzhou-1 --version %d --out \"$DIR/bench.fgl\" >\"$DIR/build.log\" 2>&1",
        LIST_VERSION);
    controller_start();
    ask(&sign_in);
    (void)snprintf(import.path, sizeof(import.path), "%s/bench.fgl", bench.directory);
    ask(&import);
    plant_await();
    run("\"$BUILD/fillgate-sim\" --dir \"$DIR\" send 'pace %d %d' >\"$DIR/send.log\"", BAUD, BAUD);
}

/* The cylinders' tags, of this kind; how long a record is. */
static void tags_make(size_t kind)
{
    char code_text[CODE_BYTES];
    char uid_text[UID_BYTES];
    struct fg_private_key key;
    struct fg_tag_record record;
    struct fg_code code;
    struct fg_uid uid;
    struct fg_error error;
    uint8_t bytes[FG_TAG_BUILD_MAX];
    char path[80];
    size_t length = 0;

    for (int i = 0; i < TAGS; i++) {
        cylinder_name(kind, i, code_text, uid_text);
        run("\"$BUILD/fillgate-sim\" --dir \"$DIR\" send 'tag bench%d type=%s uid=%s' >\"$DIR/send.log\"", i,
            kinds[kind].type, uid_text);
        run("\"$BUILD/fillgate-sim\" --dir \"$DIR\" send \"tag bench%d sign code=%s key=$DIR/bureau.pem\" "
            ">\"$DIR/send.log\"",
            i, code_text);
    }
    (void)snprintf(path, sizeof(path), "%s/bureau.pem", bench.directory);
    need(fg_private_key_read(path, &key, &error) == FG_OK &&
             fg_code_parse(code_text, &code, &error) == FG_OK &&
             fg_uid_parse(uid_text, &uid, &error) == FG_OK &&
             fg_tag_sign(&key, &uid, &code, &record, &error) == FG_OK &&
             fg_tag_build(&record, bytes, sizeof(bytes), &length, &error) == FG_OK,
         "making a record");
    bench.record_bytes = 2U + bytes[1];
}

/* The least that the wires need for such a tag, and for the valve's request. */
static double least_ms(const struct kind *kind)
{
    size_t pages = 4 + (bench.record_bytes + 3) / 4 - CONTAINER_PAGES_END;
    size_t bytes = SELECT_BYTES + READ_BYTES + VALVE_REQUEST_BYTES;

    bytes += kind->fast_read ? FAST_READ_BYTES(pages) : (pages + 3) / 4 * READ_BYTES;
    return (double)bytes * BITS_A_BYTE * 1e3 / BAUD;
}

/* One tap, a fill of nothing, and everything back to rest. The pause lets taps meet every moment of a poll.
 */
static void tap_do(struct tap *tap, int number)
{
    run("\"$BUILD/fillgate-sim\" --dir \"$DIR\" send 'present bench%d' >\"$DIR/send.log\"", number % TAGS);
    tap->decided_ns = await("phase: PRE_CHECK");
    tap->started_ns = fg_mono_ns();
    ask_kind(FG_CONTROL_START);
    tap->authorised_ns = fg_mono_ns(); /* it is answered when the entry is durable */
    (void)await("phase: FILLING");
    fg_sleep_ms(100);
    ask_kind(FG_CONTROL_STOP);
    (void)await("phase: IDLE");
    run("\"$BUILD/fillgate-sim\" --dir \"$DIR\" send remove >\"$DIR/send.log\"");
    fg_sleep_ms(500 + number * 7 % 100);
}

/* One frame on the reader's wire. The tag is found by the first answer that is long enough, and read by the
 * last one that is at least a block before the valve's command. */
static void frame_take(struct tap *tap, int64_t time_ns, int64_t wire_ns, size_t bytes)
{
    static int64_t asked_ns;

    if (bytes < CHIP_BYTES_MIN)
        asked_ns = time_ns;
    else if (tap->opened_ns != 0)
        return;
    else if (tap->selecting_ns == 0)
        tap->selecting_ns = bytes >= SELECT_ANSWER_BYTES ? asked_ns : 0;
    else if (bytes >= BLOCK_ANSWER_BYTES)
        tap->read_ns = time_ns + wire_ns;
}

/* The number after a name in a line of the record. */
static int64_t number_of(const char *line, const char *name)
{
    const char *at = strstr(line, name);

    return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

/* Finds each tap's moments in the simulator's record. */
static void record_read(void)
{
    char path[80];
    char line[512];
    FILE *file;
    int at = -1;

    (void)snprintf(path, sizeof(path), "%s/record.jsonl", bench.directory);
    file = fopen(path, "re");
    need(file != NULL, path);
    while (fgets(line, sizeof(line), file) != NULL) {
        int64_t time_ns = number_of(line, "\"t_ns\":");

        if (strstr(line, "\"present\":1") != NULL && ++at < (int)(KINDS * TAPS))
            bench.taps[at].arrived_ns = time_ns;
        if (at < 0 || at >= (int)(KINDS * TAPS))
            continue;
        if (strstr(line, "\"on\":\"nfc\"") != NULL)
            frame_take(&bench.taps[at], time_ns, number_of(line, "\"ns\":"),
                       (size_t)number_of(line, "\"bytes\":"));
        if (strstr(line, "valve_command") != NULL && strstr(line, "\"hold_ms\":0,") == NULL &&
            bench.taps[at].opened_ns == 0)
            bench.taps[at].opened_ns = time_ns;
    }
    (void)fclose(file);
    need(at + 1 == (int)(KINDS * TAPS), "finding every tap in the record");
    for (size_t i = 0; i < KINDS * TAPS; i++)
        need(bench.taps[i].opened_ns > bench.taps[i].arrived_ns && bench.taps[i].read_ns != 0,
             "finding the record and the valve's command in the simulator's record");
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

/* Sorts TAGS values and returns the one that so many percent of them do not exceed. */
static double percentile(double *values, int percent)
{
    qsort(values, TAGS, sizeof(values[0]), compare);
    return values[(TAGS - 1) * percent / 100];
}

enum part { PART_TOTAL, PART_SEARCH, PART_READ, PART_VALVE, PART_DECIDED, PART_STARTED, PART_COUNT };

static void parts_take(const struct tap *tap, double ret_ms[PART_COUNT])
{
    ret_ms[PART_TOTAL] = (double)(tap->opened_ns - tap->arrived_ns) / 1e6;
    ret_ms[PART_SEARCH] = (double)(tap->selecting_ns - tap->arrived_ns) / 1e6;
    ret_ms[PART_READ] = (double)(tap->read_ns - tap->selecting_ns) / 1e6;
    ret_ms[PART_VALVE] = (double)(tap->opened_ns - tap->read_ns) / 1e6;
    ret_ms[PART_DECIDED] = (double)(tap->decided_ns - tap->read_ns) / 1e6;
    ret_ms[PART_STARTED] = (double)(tap->authorised_ns - tap->started_ns) / 1e6;
}

static void visit_print(const struct kind *kind, const char *which, const struct tap taps[TAGS])
{
    double values[PART_COUNT][TAGS];
    double median[PART_COUNT];
    double least = least_ms(kind);
    double valve = (double)VALVE_REQUEST_BYTES * BITS_A_BYTE * 1e3 / BAUD;

    for (int i = 0; i < TAGS; i++) {
        double one[PART_COUNT];

        parts_take(&taps[i], one);
        for (int part = 0; part < PART_COUNT; part++)
            values[part][i] = one[part];
    }
    for (int part = 0; part < PART_COUNT; part++)
        median[part] = percentile(values[part], 50);
    printf("%s, %s, in field to valve command: median %.1f ms, p99 %.1f ms; least wire time %.1f ms, ratio "
           "median "
           "%.2f, p99 %.2f (goal 1.25)\n",
           kind->type, which, median[PART_TOTAL], percentile(values[PART_TOTAL], 99), least,
           median[PART_TOTAL] / least, percentile(values[PART_TOTAL], 99) / least);
    printf("  search %.1f ms; select to record %.1f (its frames %.1f); from there to the valve %.1f (%.1f): "
           "decided "
           "after %.1f, authorised %.1f after start. %d taps at %d baud\n",
           median[PART_SEARCH], median[PART_READ], least - valve, median[PART_VALVE], valve,
           median[PART_DECIDED], median[PART_STARTED], TAGS, BAUD);
}

int main(int argc, char **argv)
{
    need(argc == 1, "usage: bench_wire, without arguments");
    point_begin(argv[0]);
    for (size_t kind = 0; kind < KINDS; kind++) {
        tags_make(kind);
        for (int i = 0; i < TAPS; i++)
            tap_do(&bench.taps[kind * TAPS + (size_t)i], i);
    }
    record_read();
    for (size_t kind = 0; kind < KINDS; kind++) {
        visit_print(&kinds[kind], "a new tag", bench.taps + kind * TAPS);
        visit_print(&kinds[kind], "a known tag", bench.taps + kind * TAPS + TAGS);
    }
    return 0;
}
