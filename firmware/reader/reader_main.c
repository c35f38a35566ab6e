/* fillgate-reader: holds libnfc in a process of its own and reports what it sees over an inherited
 * socketpair.
 *
 * The process gives up what it does not need (confine.h) before a tag can speak to it; so it opens its device
 * once, and ends when the device fails or cannot be opened: the parent starts a new one, with back-off. A
 * step of libnfc may block for ever or abort the process; a timer ends the process when a step passes its
 * deadline. It also ends when its link is closed. Not: meant to be started by hand. Usage: fillgate-reader
 * --connection STRING --fd N --poll MS --step MS --confine must|can. Relies on: nfc.h, confine.h,
 * proto/readerlink.h. One thread. */
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
#include "proto/monotime.h"
#include "proto/readerlink.h"

#define EXIT_USAGE 2
#define EXIT_LINK 3
#define OPEN_MAX_MS 3500 /* nfc_open alone takes 1.4 s when nobody answers */
#define LEAVE_MAX_MS 600
#define MEMORY_MAX_MS 4000
#define WRITE_MAX_MS 8000 /* 222 pages written one by one, read back, with retries */
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
    struct fg_uid uid; /* last tag whose memory was reported */
    unsigned failures; /* of the device, in a row */
    bool works;        /* BACK was said */
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

static void write_do(struct reader *reader, const uint8_t *packet, size_t length)
{
    struct fg_reader_write write;
    struct fg_error error = {.text = "the reader is not open"};
    enum fg_err code = fg_readerlink_decode_write(packet, length, &write, &error);

    if (code == FG_OK && reader->nfc == NULL)
        code = FG_E_STATE;
    if (code == FG_OK) {
        step_begin(WRITE_MAX_MS);
        code = fg_nfc_write(reader->nfc, &write, &error);
        step_end();
    }
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
            write_do(reader, packet, (size_t)count);
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
    struct fg_error error;
    enum fg_err code;

    confine_before(reader);
    step_begin(OPEN_MAX_MS);
    code = fg_nfc_open(reader->options.connection, &reader->nfc, &error);
    step_end();
    if (code != FG_OK)
        fault_leave(reader, error.text);
    confine_after(reader);
}

static bool uid_equal(const struct fg_uid *a, const struct fg_uid *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* Reports a tag's memory once, when the tag is new in the field. */
static enum fg_err tag_report(struct reader *reader, const struct fg_reader_report *found,
                              struct fg_error *error)
{
    struct fg_reader_report report;
    enum fg_err code;

    if (found->tag_count != 1) {
        memset(&reader->uid, 0, sizeof(reader->uid));
        return FG_OK;
    }
    if (uid_equal(&found->uid, &reader->uid))
        return FG_OK;
    step_begin(MEMORY_MAX_MS);
    code = fg_nfc_read(reader->nfc, &report, error);
    step_end();
    if (code != FG_OK)
        return code;
    reader->uid = found->uid;
    report_send(reader, &report);
    return FG_OK;
}

static enum fg_err device_poll(struct reader *reader, struct fg_error *error)
{
    struct fg_reader_report found;
    enum fg_err code;

    step_begin(reader->options.step_max_ms);
    code = fg_nfc_poll(reader->nfc, &found, error);
    step_end();
    if (code != FG_OK)
        return code;
    if (!reader->works)
        report_send_text(reader, FG_READER_BACK, true, "");
    reader->works = true;
    reader->failures = 0;
    report_send(reader, &found);
    return tag_report(reader, &found, error);
}

_Noreturn static void reader_run(struct reader *reader)
{
    device_open(reader);
    for (;;) {
        int64_t next = fg_mono_ms() + reader->options.poll_ms;
        struct fg_error error;

        if (device_poll(reader, &error) != FG_OK) {
            /* A working reader's failed poll is a miss; one that never worked has nothing to say of tags. */
            struct fg_reader_report none = {.kind = reader->works ? FG_READER_POLL : FG_READER_ALIVE};

            report_send(reader, &none);
            if (++reader->failures >= FAILURES_MAX)
                fault_leave(reader, error.text);
        }
        link_serve_until(reader, next);
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
