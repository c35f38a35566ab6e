/* fillgate-reader: holds libnfc in a process of its own and reports what it sees over an inherited
 * socketpair.
 *
 * The process gives up what it does not need (confine.h) before a tag can speak to it; so it opens its device
 * once, and ends when the device fails or cannot be opened: the parent starts a new one, with back-off. A
 * step of libnfc may block for ever or abort the process; a timer ends the process when a step passes its
 * deadline. It also ends when its link is closed. Not: meant to be started by hand. Usage: fillgate-reader
 * --connection STRING --fd N --poll MS --step MS --confine must|can. Relies on: nfc.h, confine.h,
 * proto/point/readerlink.h. One thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "firmware/reader/confine.h"
#include "firmware/reader/nfc.h"
#include "firmware/reader/watch.h"
#include "lib/base/monotime.h"
#include "lib/base/version.h"
#include "proto/point/readerlink.h"

#define EXIT_USAGE 2
#define EXIT_LINK 3
#define OPEN_MAX_MS 3500 /* nfc_open alone takes 1.4 s when nobody answers */
#define LEAVE_MAX_MS 600
#define SEARCH_EVERY_MS 3  /* an empty field: whoever holds a tag there waits; 2.4 of them are on the wire */
#define POLLS_ALONE 12     /* a held tag hides a second one: looked for at every such poll */
#define READS_AGAIN 8      /* of a tag that cannot be read, while it lies there */
#define READ_AGAIN_POLLS 6 /* one of them at every such poll */
#define FAILURES_MAX 3

struct options {
    const char *connection;
    int fd;
    long poll_ms;
    long step_max_ms;
    bool confine_must; /* no reading where the kernel cannot confine */
};

struct reader {
    struct options options;
    struct fg_nfc *nfc;
    struct fg_uid uid; /* the single tag in the field, as reported; length 0: none */
    bool was_two;      /* the last search found two tags */
    bool read_asked;   /* the memory of uid is asked for again */
    unsigned polls;    /* since uid came */
    unsigned reads_left;
    unsigned failures;    /* of the device, in a row */
    bool works;           /* BACK was said */
    int64_t said_mono_ms; /* when the last poll was reported */
    bool tells_seen;      /* a long reading or writing is under way */
};

/* ---- watchdog -------------------------------------------------------------------------------------- */

static void deadline_passed(int signal)
{
    (void)signal;
    _exit(FG_READER_EXIT_HUNG);
}

static void alarm_set(int64_t after_ms)
{
    struct itimerval timer = {.it_value = {after_ms / 1000, after_ms % 1000 * 1000}};

    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void step_begin(int64_t limit_ms)
{
    alarm_set(limit_ms);
}

static void step_end(void)
{
    alarm_set(0);
}

/* ---- the link -------------------------------------------------------------------------------------- */

/* Without the work that programs do at their exit: a leak check, for one, looks into the process in ways that
 * a confined one is refused. */
_Noreturn static void process_end(int code)
{
#ifdef FG_COVERAGE
    exit(code); /* which writes the figures */
#else
    _exit(code);
#endif
}

/* The chip is put to rest, then the process ends. */
_Noreturn static void leave(struct reader *reader, int code)
{
    step_begin(LEAVE_MAX_MS);
    fg_nfc_close(reader->nfc);
    step_end();
    process_end(code);
}

static void report_send(struct reader *reader, const struct fg_reader_report *report)
{
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    size_t length = 0;
    ssize_t sent;

    if (fg_readerlink_encode_report(report, packet, sizeof(packet), &length, NULL) != FG_OK)
        return;
    do
        sent = send(reader->options.fd, packet, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        leave(reader, EXIT_LINK);
}

static void report_send_text(struct reader *reader, uint8_t kind, bool ok, const char *text)
{
    struct fg_reader_report report = {.kind = kind, .ok = ok};
    size_t i = 0;

    for (; i < sizeof(report.text) - 1 && text[i] != '\0'; i++)
        report.text[i] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    report_send(reader, &report);
}

static void poll_say(struct reader *reader, uint8_t tag_count, const struct fg_uid *uid)
{
    struct fg_reader_report report = {.kind = FG_READER_POLL, .tag_count = tag_count};

    if (tag_count == 1)
        report.uid = *uid;
    reader->said_mono_ms = fg_mono_ms();
    report_send(reader, &report);
}

/* Between two exchanges of a long reading or writing: the step's time begins again, and a tag that answers is
 * seen, however long all of it takes. */
static void exchange_done(void *context, bool seen)
{
    struct reader *reader = context;

    step_begin(reader->options.step_max_ms);
    if (seen && reader->tells_seen && reader->uid.length > 0 &&
        fg_mono_ms() - reader->said_mono_ms >= (int64_t)reader->options.poll_ms)
        poll_say(reader, 1, &reader->uid);
}

static enum fg_err write_do(struct reader *reader, const struct fg_reader_write *write,
                            struct fg_error *error)
{
    enum fg_err code;

    step_begin(reader->options.step_max_ms);
    reader->tells_seen = true;
    code = fg_nfc_write(reader->nfc, write, error);
    reader->tells_seen = false;
    step_end();
    return code;
}

static void command_do(struct reader *reader, const uint8_t *packet, size_t length)
{
    struct fg_reader_write write = {.length = 0};
    struct fg_error error = {.text = ""};
    enum fg_err code = fg_readerlink_decode_write(packet, length, &write, &error);

    if (code == FG_OK && write.read_again) {
        reader->read_asked = reader->read_asked || fg_uid_is_same(&write.uid, &reader->uid);
        return;
    }
    if (code == FG_OK)
        code = write_do(reader, &write, &error);
    report_send_text(reader, FG_READER_WRITTEN, code == FG_OK,
                     code == FG_OK ? (write.lock ? "written, read back, locked" : "written, read back")
                                   : error.text);
}

/* Waits until a time, serving requests from the link meanwhile; ends the process when the link is closed. */
static void link_serve_until(struct reader *reader, int64_t until_mono_ms)
{
    for (;;) {
        struct pollfd link = {.fd = reader->options.fd, .events = POLLIN};
        int64_t left_ms = until_mono_ms - fg_mono_ms();
        uint8_t packet[FG_READERLINK_PACKET_MAX];
        ssize_t count;

        if (poll(&link, 1, left_ms > 0 ? (int)left_ms : 0) <= 0) {
            if (fg_mono_ms() >= until_mono_ms)
                return;
            continue;
        }
        count = recv(reader->options.fd, packet, sizeof(packet), MSG_DONTWAIT);
        if (count > 0)
            command_do(reader, packet, (size_t)count);
        else if (count == 0 || (errno != EAGAIN && errno != EINTR))
            leave(reader, EXIT_LINK);
    }
}

/* ---- polling --------------------------------------------------------------------------------------- */

/* Says what is wrong with the device and ends the process; the next one opens the device again. */
_Noreturn static void fault_leave(struct reader *reader, const char *text)
{
    report_send_text(reader, FG_READER_FAULT, false, text);
    leave(reader, FG_READER_EXIT_DEVICE);
}

/* Before the device is opened: whatever answers on its line is a stranger. */
static void confine_before(struct reader *reader)
{
#ifndef FG_COVERAGE
    struct fg_error error;
    enum fg_err code = fg_confine_files(reader->options.connection, &error);

    if (code == FG_E_NOT_FOUND && !reader->options.confine_must) {
        (void)fprintf(stderr, "fillgate-reader: %s; it can open no file only once its device is open\n",
                      error.text);
        code = FG_OK;
    }
    if (code == FG_OK)
        code = fg_confine_calls(true, &error);
    if (code != FG_OK)
        fault_leave(reader, error.text);
#else
    (void)reader;
#endif
}

/* Before the first tag: nothing more is opened. */
static void confine_after(struct reader *reader)
{
#ifndef FG_COVERAGE
    struct fg_error error;

    if (fg_confine_calls(false, &error) != FG_OK)
        fault_leave(reader, error.text);
#else
    (void)reader;
#endif
}

static void device_open(struct reader *reader)
{
    struct fg_nfc_watcher watcher = {exchange_done, reader};
    struct fg_error error;
    enum fg_err code;

    confine_before(reader);
    step_begin(OPEN_MAX_MS);
    code = fg_nfc_open(reader->options.connection, &watcher, &reader->nfc, &error);
    step_end();
    if (code != FG_OK)
        fault_leave(reader, error.text);
    confine_after(reader);
}

static void works_say(struct reader *reader)
{
    if (!reader->works)
        report_send_text(reader, FG_READER_BACK, true, "");
    reader->works = true;
    reader->failures = 0;
}

/* Nothing in the field, or two: what was read counts no longer. An empty field is told at the cadence of
 * polls. */
static void none_report(struct reader *reader, bool two)
{
    bool told = reader->uid.length == 0 && reader->was_two == two &&
                fg_mono_ms() - reader->said_mono_ms < (int64_t)reader->options.poll_ms;

    memset(&reader->uid, 0, sizeof(reader->uid));
    reader->was_two = two;
    reader->read_asked = false;
    if (!told)
        poll_say(reader, two ? 2 : 0, NULL);
}

static enum fg_err memory_read(struct reader *reader, struct fg_reader_report *ret_report,
                               struct fg_error *error)
{
    enum fg_err code;

    step_begin(reader->options.step_max_ms);
    reader->tells_seen = true;
    code = fg_nfc_read(reader->nfc, ret_report, error);
    reader->tells_seen = false;
    step_end();
    if (code != FG_OK)
        return code;
    if (ret_report->complete)
        reader->reads_left = 0;
    else if (reader->reads_left > 0)
        reader->reads_left--;
    return FG_OK;
}

/* A tag that was not there before is told at once: what its UID alone decides need not wait for its memory.
 */
static enum fg_err tag_take(struct reader *reader, const struct fg_uid *uid, struct fg_error *error)
{
    struct fg_reader_report memory;
    enum fg_err code;

    reader->uid = *uid;
    reader->reads_left = READS_AGAIN;
    reader->polls = 0;
    reader->was_two = false;
    reader->read_asked = false;
    poll_say(reader, 1, uid);
    code = memory_read(reader, &memory, error);
    if (code == FG_OK)
        report_send(reader, &memory);
    else
        memset(&reader->uid, 0, sizeof(reader->uid));
    return code;
}

/* A tag that stays: read again when it was asked for or could not be read. */
static enum fg_err tag_keep(struct reader *reader, struct fg_error *error)
{
    struct fg_reader_report memory;
    enum fg_err code;

    poll_say(reader, 1, &reader->uid);
    if (!reader->read_asked && (reader->reads_left == 0 || reader->polls % READ_AGAIN_POLLS != 0))
        return FG_OK;
    code = memory_read(reader, &memory, error);
    if (code == FG_OK && (reader->read_asked || memory.complete))
        report_send(reader, &memory);
    reader->read_asked = false;
    return code;
}

/* What is in the field? A held tag hides one that comes to lie beside it, until all of it is searched. */
static enum fg_err field_look(struct reader *reader, struct fg_nfc_field *ret_field, struct fg_error *error)
{
    bool whole = reader->uid.length > 0 && ++reader->polls % POLLS_ALONE == 0;
    enum fg_err code;

    step_begin(reader->options.step_max_ms);
    code = whole ? fg_nfc_search(reader->nfc, ret_field, error) : fg_nfc_find(reader->nfc, ret_field, error);
    step_end();
    return code;
}

static enum fg_err device_poll(struct reader *reader, struct fg_error *error)
{
    struct fg_nfc_field field;
    enum fg_err code = field_look(reader, &field, error);

    if (code != FG_OK)
        return code;
    works_say(reader);
    if (field.tag_count != 1) {
        none_report(reader, field.tag_count > 1);
        return FG_OK;
    }
    return fg_uid_is_same(&field.uid, &reader->uid) ? tag_keep(reader, error)
                                                    : tag_take(reader, &field.uid, error);
}

_Noreturn static void reader_run(struct reader *reader)
{
    device_open(reader);
    for (;;) {
        int64_t began = fg_mono_ms();
        struct fg_error error;

        if (device_poll(reader, &error) != FG_OK) {
            /* A working reader's failed poll is a miss; one that never worked has nothing to say of tags. */
            struct fg_reader_report none = {.kind = reader->works ? FG_READER_POLL : FG_READER_ALIVE};

            report_send(reader, &none);
            if (++reader->failures >= FAILURES_MAX)
                fault_leave(reader, error.text);
        }
        link_serve_until(reader, began + (reader->uid.length > 0 || reader->failures > 0
                                              ? (int64_t)reader->options.poll_ms
                                              : SEARCH_EVERY_MS));
    }
}

/* ---- start ----------------------------------------------------------------------------------------- */

static bool number_read(const char *text, long minimum, long maximum, long *ret_number)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < minimum || number > maximum)
        return false;
    *ret_number = number;
    return true;
}

static bool option_read(const char *name, const char *value, struct options *options)
{
    long fd = -1;

    if (strcmp(name, "--connection") == 0) {
        options->connection = value;
        return true;
    }
    if (strcmp(name, "--confine") == 0) {
        options->confine_must = strcmp(value, "must") == 0;
        return options->confine_must || strcmp(value, "can") == 0;
    }
    if (strcmp(name, "--poll") == 0)
        return number_read(value, 1, 60000, &options->poll_ms);
    if (strcmp(name, "--step") == 0)
        return number_read(value, 1, 60000, &options->step_max_ms);
    if (strcmp(name, "--fd") != 0 || !number_read(value, 3, 1023, &fd))
        return false;
    options->fd = (int)fd;
    return true;
}

static bool options_read(int argc, char **argv, struct options *ret_options)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!option_read(argv[i], argv[i + 1], ret_options))
            return false;
    }
    return argc == 11 && ret_options->connection != NULL && ret_options->fd >= 3 &&
           ret_options->poll_ms > 0 && ret_options->step_max_ms > 0;
}

/* libnfc takes descriptor 0 for "none"; and nothing else should be lent to it. */
static bool descriptors_open(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct reader reader = {.nfc = NULL};
    struct fg_error error;

    if (!descriptors_open())
        return EXIT_LINK;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("fillgate-reader %s\n", FG_VERSION) < 0 ? EXIT_LINK : 0;
    if (!options_read(argc, argv, &reader.options)) {
        fprintf(stderr,
                "fillgate-reader is started by fillgated: --connection STRING --fd N --poll MS --step MS "
                "--confine must|can\n");
        return EXIT_USAGE;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGALRM, deadline_passed);
    /* What fails is said over the link; libnfc's own lines would only fill the log. */
    (void)setenv("LIBNFC_LOG_LEVEL", "0", 0);
    if (fg_confine_start(&error) != FG_OK)
        fault_leave(&reader, error.text);
    reader_run(&reader);
}
