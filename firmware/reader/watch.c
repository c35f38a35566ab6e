/* Starting, watching and restarting the reader process (watch.h). */
#include "firmware/reader/watch.h"
#include "lib/base/monotime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/backoff.h"

#define BACK_OFF_MIN_MS 200
#define BACK_OFF_MAX_MS 5000
#define STEADY_MS 5000      /* a child that lived so long starts the back-off anew */
#define OPENING_MAX_MS 4500 /* opening a device that does not answer is silent for so long */
#define WRITING_MAX_MS 9000 /* and writing and locking the largest tag for so long */
#define STOP_MAX_MS 1000
#define CAUSE_MAX_MS 50 /* a FAULT waits so long for the dead process to say what it died of */
#define BAD_MESSAGES_MAX 3
/* Of a reader that polls every 10 ms, and what waited while the caller was busy, twice over. More would keep
 * the caller from ever sleeping. */
#define MESSAGES_MAX 500
#define MESSAGES_MS 1000
#define LINK_FD 3

struct fg_reader {
    char program[256];
    char connection[256];
    uint32_t poll_ms;
    uint32_t step_max_ms;
    uint32_t silence_max_ms;
    bool confine_must;
    pid_t pid;   /* 0 = down */
    pid_t dying; /* killed, not yet reaped; 0 = none */
    int fd;      /* -1 = down */
    uint32_t restarts;
    struct fg_backoff restarting;
    int64_t started_mono_ms;
    int64_t heard_mono_ms;
    int64_t ended_mono_ms;
    unsigned bad_messages;
    unsigned messages; /* since counted_mono_ms */
    int64_t counted_mono_ms;
    bool polled;       /* this child has polled the field at least once */
    bool opening;      /* this child opens its device, or waits to do so */
    bool tries_device; /* the last child ended because its device failed, not by a fault of its own */
    bool faulty;       /* FAULT was given and no BACK since */
    bool fault_due;    /* a FAULT is to be given next */
    bool writing;
    bool written_due; /* the write under way was lost with its process */
    char fault_text[FG_READER_TEXT_BYTES];
};

/* ---- the child -------------------------------------------------------------------------------------- */

struct arguments {
    char poll[16];
    char step[16];
};

/* Between fork and exec: only calls that are safe in a copy of a process with threads. */
_Noreturn static void child_exec(const struct fg_reader *reader, const struct arguments *texts, int fd)
{
    const char *arguments[] = {
        reader->program,
        "--connection",
        reader->connection,
        "--fd",
        "3",
        "--poll",
        texts->poll,
        "--step",
        texts->step,
        "--confine",
        reader->confine_must ? "must" : "can",
        NULL,
    };
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (fd == LINK_FD) {
        if (fcntl(fd, F_SETFD, 0) < 0)
            _exit(127);
    } else if (dup2(fd, LINK_FD) < 0) {
        _exit(127);
    }
    /* Nothing else of the controller's is lent: neither its journal nor the bus. */
    (void)close_range(LINK_FD + 1, ~0U, 0);
    execv(reader->program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static enum fg_err child_start(struct fg_reader *reader, int64_t now_mono_ms, struct fg_error *error)
{
    struct arguments texts;
    int ends[2];
    pid_t pid;

    (void)snprintf(texts.poll, sizeof(texts.poll), "%u", reader->poll_ms);
    (void)snprintf(texts.step, sizeof(texts.step), "%u", reader->step_max_ms);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return fg_fail(error, FG_E_IO, "reader: socketpair: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        child_exec(reader, &texts, ends[1]);
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return fg_fail(error, FG_E_IO, "reader: fork: %s", strerror(errno));
    }
    reader->pid = pid;
    reader->fd = ends[0];
    reader->started_mono_ms = now_mono_ms;
    reader->heard_mono_ms = now_mono_ms;
    reader->bad_messages = 0;
    reader->messages = 0;
    reader->polled = false;
    reader->opening = true;
    return FG_OK;
}

/* The first cause is the one to be told: what follows until BACK comes of it. */
static void fault_note(struct fg_reader *reader, const char *text)
{
    if (reader->faulty && !reader->fault_due)
        return;
    (void)snprintf(reader->fault_text, sizeof(reader->fault_text), "%s", text);
    if (!reader->faulty)
        reader->fault_due = true;
    reader->faulty = true;
}

/* Takes the killed child off the process table, without waiting for it. True when it is gone. */
static bool child_reap(struct fg_reader *reader)
{
    int status = 0;
    pid_t pid;

    if (reader->dying == 0)
        return true;
    pid = waitpid(reader->dying, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    reader->dying = 0;
    reader->tries_device = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == FG_READER_EXIT_DEVICE;
    if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
        fault_note(reader, "the reader process aborted (a frame that libnfc does not survive)");
    else if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == FG_READER_EXIT_HUNG)
        fault_note(reader, "the reader hung: a step passed its deadline");
    else if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
        fault_note(reader, "the reader's program cannot be executed");
    return true;
}

/* Kills what is left of the child and plans the next start. */
static void child_end(struct fg_reader *reader, int64_t now_mono_ms, const char *why)
{
    if (reader->pid > 0)
        (void)kill(reader->pid, SIGKILL);
    if (reader->fd >= 0)
        (void)close(reader->fd);
    reader->dying = reader->pid;
    reader->ended_mono_ms = now_mono_ms;
    reader->pid = 0;
    reader->fd = -1;
    if (now_mono_ms - reader->started_mono_ms > STEADY_MS)
        reader->restarting = (struct fg_backoff){0};
    fg_backoff_fail(&reader->restarting, BACK_OFF_MIN_MS, BACK_OFF_MAX_MS, now_mono_ms, 0);
    if (reader->writing)
        reader->written_due = true;
    reader->writing = false;
    fault_note(reader, why);
}

/* ---- messages ---------------------------------------------------------------------------------------- */

static bool talks_too_much(struct fg_reader *reader, int64_t now_mono_ms)
{
    if (now_mono_ms - reader->counted_mono_ms >= MESSAGES_MS) {
        reader->counted_mono_ms = now_mono_ms;
        reader->messages = 0;
    }
    return ++reader->messages > MESSAGES_MAX;
}

/* Receives one packet; false when there is none (or the child is gone). */
static bool packet_take(struct fg_reader *reader, int64_t now_mono_ms, struct fg_reader_report *ret_report)
{
    uint8_t packet[FG_READERLINK_PACKET_MAX + 1];
    ssize_t count = recv(reader->fd, packet, sizeof(packet), MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count <= 0) {
        child_end(reader, now_mono_ms, "the reader process ended");
        return false;
    }
    if (talks_too_much(reader, now_mono_ms)) {
        child_end(reader, now_mono_ms, "the reader process babbles");
        return false;
    }
    if (fg_readerlink_decode_report(packet, (size_t)count, ret_report, NULL) != FG_OK) {
        if (++reader->bad_messages >= BAD_MESSAGES_MAX)
            child_end(reader, now_mono_ms, "the reader process babbles");
        ret_report->kind = FG_READER_NOTHING;
        return true;
    }
    reader->heard_mono_ms = now_mono_ms;
    return true;
}

/* Turns what the child says into what the caller is told. */
static void report_settle(struct fg_reader *reader, struct fg_reader_report *report)
{
    switch (report->kind) {
    case FG_READER_POLL:
    case FG_READER_TAG:
        reader->polled = true;
        /* Before BACK there is no tag, whatever the child says. */
        if (reader->faulty)
            report->kind = FG_READER_NOTHING;
        break;
    case FG_READER_FAULT:
        reader->opening = true;
        fault_note(reader, report->text);
        report->kind = FG_READER_NOTHING;
        break;
    case FG_READER_BACK:
        if (!reader->faulty)
            report->kind = FG_READER_NOTHING;
        reader->opening = false;
        reader->faulty = false;
        break;
    case FG_READER_WRITTEN:
        if (!reader->writing) /* nobody asked */
            report->kind = FG_READER_NOTHING;
        reader->writing = false;
        break;
    case FG_READER_ALIVE:
        report->kind = FG_READER_NOTHING;
        break;
    default:
        break;
    }
}

void fg_reader_next(struct fg_reader *reader, int64_t now_mono_ms, struct fg_reader_report *ret_report)
{
    struct fg_reader_report report;

    memset(ret_report, 0, sizeof(*ret_report));
    /* Bounded: a babbling child cannot hold the caller here. */
    for (int i = 0; i < 16 && !reader->fault_due && !reader->written_due && reader->fd >= 0; i++) {
        memset(&report, 0, sizeof(report));
        if (!packet_take(reader, now_mono_ms, &report))
            break;
        report_settle(reader, &report);
        if (report.kind != FG_READER_NOTHING) {
            *ret_report = report;
            return;
        }
    }
    if (reader->fault_due) {
        if (!child_reap(reader) && now_mono_ms - reader->ended_mono_ms < CAUSE_MAX_MS)
            return;
        reader->fault_due = false;
        ret_report->kind = FG_READER_FAULT;
        memcpy(ret_report->text, reader->fault_text, sizeof(ret_report->text));
    } else if (reader->written_due) {
        reader->written_due = false;
        ret_report->kind = FG_READER_WRITTEN;
        (void)snprintf(ret_report->text, sizeof(ret_report->text), "the reader process ended");
    }
}

static int64_t silence_max_ms(const struct fg_reader *reader)
{
    int64_t limit_ms = reader->silence_max_ms;

    if ((reader->opening || !reader->polled) && limit_ms < OPENING_MAX_MS)
        limit_ms = OPENING_MAX_MS;
    if (reader->writing && limit_ms < WRITING_MAX_MS)
        limit_ms = WRITING_MAX_MS;
    return limit_ms;
}

/* Has the child said something that nobody has listened to yet? */
static bool something_waits(const struct fg_reader *reader)
{
    uint8_t byte;

    return recv(reader->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
}

void fg_reader_tick(struct fg_reader *reader, int64_t now_mono_ms)
{
    if (reader->pid > 0) {
        /* A caller that was long busy itself must not call the child silent. */
        if (now_mono_ms - reader->heard_mono_ms > silence_max_ms(reader) && !something_waits(reader))
            child_end(reader, now_mono_ms, "the reader process is silent");
        return;
    }
    /* The old process holds the port until it is gone. */
    if (!child_reap(reader) || !fg_backoff_is_over(&reader->restarting, now_mono_ms))
        return;
    if (!reader->tries_device)
        reader->restarts++;
    if (child_start(reader, now_mono_ms, NULL) != FG_OK)
        reader->restarting.until_mono_ms = now_mono_ms + BACK_OFF_MAX_MS;
}

/* ---- the caller's side ------------------------------------------------------------------------------- */

enum fg_err fg_reader_start(const struct fg_reader_settings *settings, struct fg_reader **ret_reader,
                            struct fg_error *error)
{
    struct fg_reader *reader;
    enum fg_err code;

    if (access(settings->program, X_OK) != 0)
        return fg_fail(error, FG_E_IO, "%.200s: cannot be executed: %s", settings->program, strerror(errno));
    if (strlen(settings->program) >= sizeof(reader->program) ||
        strlen(settings->connection) >= sizeof(reader->connection))
        return fg_fail(error, FG_E_SIZE, "reader: program or connection string too long");
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return fg_fail(error, FG_E_MEMORY, "reader: out of memory");
    memcpy(reader->program, settings->program, strlen(settings->program));
    memcpy(reader->connection, settings->connection, strlen(settings->connection));
    reader->poll_ms = settings->poll_ms;
    reader->step_max_ms = settings->step_max_ms;
    reader->silence_max_ms = settings->silence_max_ms;
    reader->confine_must = settings->confine_must;
    reader->fd = -1;
    code = child_start(reader, fg_mono_ms(), error);
    if (code != FG_OK) {
        free(reader);
        return code;
    }
    *ret_reader = reader;
    return FG_OK;
}

int fg_reader_fd(const struct fg_reader *reader)
{
    return reader->fd;
}

static enum fg_err command_send(const struct fg_reader *reader, const struct fg_reader_write *command,
                                struct fg_error *error)
{
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    size_t count = 0;
    enum fg_err code;

    if (reader->writing)
        return fg_fail(error, FG_E_BUSY, "another tag is being written");
    if (reader->fd < 0)
        return fg_fail(error, FG_E_GONE, "the reader is down: %s", reader->fault_text);
    code = fg_readerlink_encode_write(command, packet, sizeof(packet), &count, error);
    if (code != FG_OK)
        return code;
    if (send(reader->fd, packet, count, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return fg_fail(error, FG_E_IO, "the reader does not listen: %s", strerror(errno));
    return FG_OK;
}

enum fg_err fg_reader_write_tag(struct fg_reader *reader, const struct fg_uid *uid, const uint8_t *data,
                                size_t length, bool lock, struct fg_error *error)
{
    struct fg_reader_write write = {.uid = *uid, .lock = lock};
    enum fg_err code;

    if (length == 0 || length > sizeof(write.data) || length % 4 != 0)
        return fg_fail(error, FG_E_ARG, "%zu bytes cannot be written to a tag", length);
    memcpy(write.data, data, length);
    write.length = (uint16_t)length;
    code = command_send(reader, &write, error);
    if (code == FG_OK)
        reader->writing = true;
    return code;
}

enum fg_err fg_reader_read_again(struct fg_reader *reader, const struct fg_uid *uid, struct fg_error *error)
{
    struct fg_reader_write command = {.uid = *uid, .read_again = true};

    return command_send(reader, &command, error);
}

int fg_reader_pid(const struct fg_reader *reader)
{
    return (int)reader->pid;
}

uint32_t fg_reader_restarts(const struct fg_reader *reader)
{
    return reader->restarts;
}

/* Waits for the child's end until a time; false = it still lives. */
static bool child_await(pid_t pid, int64_t until_mono_ms)
{
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (fg_mono_ms() > until_mono_ms)
            return false;
        fg_sleep_ms(5);
    }
    return true;
}

void fg_reader_stop(struct fg_reader *reader)
{
    if (reader == NULL)
        return;
    /* A closed link lets it put its chip to rest. */
    if (reader->fd >= 0)
        (void)close(reader->fd);
    if (reader->pid > 0 && !child_await(reader->pid, fg_mono_ms() + STOP_MAX_MS)) {
        (void)kill(reader->pid, SIGKILL);
        (void)child_await(reader->pid, fg_mono_ms() + STOP_MAX_MS);
    }
    if (reader->dying > 0)
        (void)child_await(reader->dying, fg_mono_ms() + STOP_MAX_MS);
    free(reader);
}
