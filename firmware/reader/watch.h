/* The controller's side of the tag reader: starts fillgate-reader, watches it, restarts it, believes nothing
 * from it that does not parse.
 *
 * fillgate-reader holds libnfc, which can block without end and abort the process; so it is a child process
 * behind a SOCK_SEQPACKET socketpair, speaking the messages of proto/point/readerlink.h. A dead, silent or
 * babbling reader is killed and started again with back-off; meanwhile it means "no tag". Not: libnfc itself
 * (nfc.c), presence (core/presence.h). One thread. Relies on: proto/point/readerlink.h, POSIX. */
#ifndef FG_FIRMWARE_READER_WATCH_H
#define FG_FIRMWARE_READER_WATCH_H

#include "lib/base/err.h"
#include "lib/domain/types.h"
#include "proto/point/readerlink.h"

/* Why fillgate-reader ended itself. */
enum fg_reader_exit {
    FG_READER_EXIT_HUNG = 70,   /* a step of libnfc passed its deadline */
    FG_READER_EXIT_DEVICE = 71, /* the device failed or cannot be opened, said in a FAULT before */
};

struct fg_reader_settings {
    const char *program;     /* path of fillgate-reader */
    const char *connection;  /* libnfc connection string, for example pn532_uart:/dev/ttyS1 */
    uint32_t poll_ms;        /* cadence of polls, 40 by default */
    uint32_t step_max_ms;    /* outer deadline of every libnfc step; then the reader counts as hung */
    uint32_t silence_max_ms; /* no message for so long: killed and restarted */
    bool confine_must;       /* a kernel without Landlock is a FAULT; else only said on standard error */
};

struct fg_reader;

/* Starts the child. FG_E_IO when the program cannot be executed at all. */
enum fg_err fg_reader_start(const struct fg_reader_settings *settings, struct fg_reader **ret_reader,
                            struct fg_error *error);

/* Descriptor to poll for reading; changes after a restart, so ask before every poll. -1 while the child is
 * down. */
int fg_reader_fd(const struct fg_reader *reader);

/* Takes one report, without blocking. kind NOTHING when there is none. */
void fg_reader_next(struct fg_reader *reader, int64_t now_mono_ms, struct fg_reader_report *ret_report);

/* To be called at least every 50 ms: watches for silence, reaps, restarts with back-off 200 ms to 5 s. */
void fg_reader_tick(struct fg_reader *reader, int64_t now_mono_ms);

/* Asks the reader to write memory (from page 4 on, length a multiple of 4) to the tag with this uid, read it
 * back, and lock it when lock is set. The answer comes as a WRITTEN report. FG_E_BUSY while another write
 * runs. */
enum fg_err fg_reader_write_tag(struct fg_reader *reader, const struct fg_uid *uid, const uint8_t *data,
                                size_t length, bool lock, struct fg_error *error);

/* Asks the reader to read the tag with this uid once more; the answer comes as a TAG report, if that tag is
 * in the field. Does not block. FG_E_BUSY while a write runs; FG_E_GONE: the reader is down; FG_E_IO: it does
 * not listen. */
enum fg_err fg_reader_read_again(struct fg_reader *reader, const struct fg_uid *uid, struct fg_error *error);

/* The child's pid, 0 while down; restarts so far (not those after which the device is only tried again). */
int fg_reader_pid(const struct fg_reader *reader);
uint32_t fg_reader_restarts(const struct fg_reader *reader);

/* Ends the child (closes its link, SIGKILL if it still lives after a second) and frees. reader may be NULL.
 */
void fg_reader_stop(struct fg_reader *reader);

#endif
