/* fillgate-reader: holds libnfc in a process of its own and reports what it sees over an inherited
 * socketpair.
 *
 * A step of libnfc may block for ever or abort the process. A watchdog thread ends the process when a step
 * passes its deadline; the parent starts a new one. The process ends by itself when its link is closed. Not:
 * meant to be started by hand. Usage: fillgate-reader --connection STRING --fd N --poll MS --step MS.
 * Relies on: nfc.h, proto/readerlink.h, pthreads. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "firmware/reader/nfc.h"
#include "proto/monotime.h"
#include "proto/readerlink.h"

#define EXIT_USAGE 2
#define EXIT_LINK 3
#define EXIT_HUNG 70
#define WATCHDOG_MS 10
#define OPEN_MAX_MS 3500 /* nfc_open alone takes 1.4 s when nobody answers */
#define LEAVE_MAX_MS 600
#define MEMORY_MAX_MS 4000
#define WRITE_MAX_MS 8000 /* 222 pages written one by one, read back, with retries */
#define BACK_OFF_MIN_MS 200
#define BACK_OFF_MAX_MS 5000
#define ALIVE_MS 200
#define FAILURES_MAX 3

struct options {
    const char *connection;
    int fd;
    long poll_ms;
    long step_max_ms;
};

struct reader {
    struct options options;
    struct fg_nfc *nfc;
    struct fg_uid uid; /* last tag whose memory was reported */
    unsigned failures; /* of the device, in a row */
    int64_t back_off_ms;
    bool works;      /* BACK was the last word on the device, not FAULT */
    bool fault_said; /* FAULT was reported and no BACK since */
};

static _Atomic int64_t step_deadline_mono_ms; /* 0 = no step under way */

/* ---- watchdog -------------------------------------------------------------------------------------- */

static void *watchdog_run(void *unused)
{
    for (;;) {
        int64_t deadline = atomic_load(&step_deadline_mono_ms);

        if (deadline != 0 && fg_mono_ms() > deadline)
            _exit(EXIT_HUNG);
        fg_sleep_ms(WATCHDOG_MS);
    }
    return unused;
}

static void step_begin(int64_t limit_ms)
{
    atomic_store(&step_deadline_mono_ms, fg_mono_ms() + limit_ms);
}

static void step_end(void)
{
    atomic_store(&step_deadline_mono_ms, 0);
}

/* ---- the link -------------------------------------------------------------------------------------- */

/* The parent is gone or wants no more: the chip is put to rest, then the process ends. */
_Noreturn static void leave(struct reader *reader)
{
    step_begin(LEAVE_MAX_MS);
    fg_nfc_close(reader->nfc);
    step_end();
    exit(EXIT_LINK);
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
        leave(reader);
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
            leave(reader);
    }
}

/* ---- polling --------------------------------------------------------------------------------------- */

static void fault_report(struct reader *reader, const char *text)
{
    if (!reader->fault_said)
        report_send_text(reader, FG_READER_FAULT, false, text);
    reader->fault_said = true;
    reader->works = false;
    memset(&reader->uid, 0, sizeof(reader->uid));
}

static void device_open(struct reader *reader)
{
    struct fg_error error;
    enum fg_err code;
    int64_t until;

    step_begin(OPEN_MAX_MS);
    code = fg_nfc_open(reader->options.connection, &reader->nfc, &error);
    step_end();
    if (code == FG_OK) {
        reader->failures = 0;
        return;
    }
    fault_report(reader, error.text);
    until = fg_mono_ms() + reader->back_off_ms;
    reader->back_off_ms =
        reader->back_off_ms * 2 < BACK_OFF_MAX_MS ? reader->back_off_ms * 2 : BACK_OFF_MAX_MS;
    while (fg_mono_ms() < until) {
        report_send_text(reader, FG_READER_ALIVE, true, "");
        link_serve_until(reader, fg_mono_ms() + ALIVE_MS < until ? fg_mono_ms() + ALIVE_MS : until);
    }
}

static void device_close(struct reader *reader)
{
    step_begin(OPEN_MAX_MS);
    fg_nfc_close(reader->nfc);
    step_end();
    reader->nfc = NULL;
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
    reader->fault_said = false;
    reader->failures = 0;
    reader->back_off_ms = BACK_OFF_MIN_MS;
    report_send(reader, &found);
    return tag_report(reader, &found, error);
}

_Noreturn static void reader_run(struct reader *reader)
{
    for (;;) {
        int64_t next = fg_mono_ms() + reader->options.poll_ms;
        struct fg_error error;

        if (reader->nfc == NULL) {
            device_open(reader);
            continue;
        }
        if (device_poll(reader, &error) != FG_OK) {
            /* A working reader's failed poll is a miss; one that never worked has nothing to say of tags. */
            struct fg_reader_report none = {.kind = reader->works ? FG_READER_POLL : FG_READER_ALIVE};

            report_send(reader, &none);
            if (++reader->failures >= FAILURES_MAX) {
                fault_report(reader, error.text);
                device_close(reader);
            }
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

static bool options_read(int argc, char **argv, struct options *ret_options)
{
    long fd = -1;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--connection") == 0)
            ret_options->connection = argv[i + 1];
        else if (strcmp(argv[i], "--fd") != 0 && strcmp(argv[i], "--poll") != 0 &&
                 strcmp(argv[i], "--step") != 0)
            return false;
        else if (!number_read(argv[i + 1], argv[i][2] == 'f' ? 3 : 1, 60000,
                              argv[i][2] == 'f'   ? &fd
                              : argv[i][2] == 'p' ? &ret_options->poll_ms
                                                  : &ret_options->step_max_ms))
            return false;
    }
    ret_options->fd = (int)fd;
    return argc == 9 && ret_options->connection != NULL && fd >= 3 && ret_options->poll_ms > 0 &&
           ret_options->step_max_ms > 0;
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
    struct reader reader = {.back_off_ms = BACK_OFF_MIN_MS};
    pthread_t watchdog;

    if (!descriptors_open())
        return EXIT_LINK;
    if (!options_read(argc, argv, &reader.options)) {
        fprintf(stderr,
                "fillgate-reader is started by fillgated: --connection STRING --fd N --poll MS --step MS\n");
        return EXIT_USAGE;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    /* What fails is said over the link; libnfc's own lines would only fill the log. */
    (void)setenv("LIBNFC_LOG_LEVEL", "0", 0);
    if (pthread_create(&watchdog, NULL, watchdog_run, NULL) != 0)
        return EXIT_LINK;
    reader_run(&reader);
}
