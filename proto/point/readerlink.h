/* The messages between fillgated and its tag reader process, one per packet of a SOCK_SEQPACKET socketpair.
 *
 * The reader is not trusted: what it says is decoded here and believed only as far as it parses. Not:
 * starting or watching the process (firmware/reader/watch.h). Relies on: types.h, nanopb. Any thread, no
 * global state. */
#ifndef FG_PROTO_POINT_READERLINK_H
#define FG_PROTO_POINT_READERLINK_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_READERLINK_PACKET_MAX 1280
#define FG_READER_TEXT_BYTES 96

/* Values travel: never renumber. */
enum fg_reader_report_kind {
    FG_READER_NOTHING = 0,
    FG_READER_POLL = 1,    /* one poll: tag_count 0, 1 (uid) or 2 (two or more tags) */
    FG_READER_TAG = 2,     /* a new tag's memory was read, or could not be: uid, memory, complete */
    FG_READER_FAULT = 3,   /* the device or the process failed: text; no tag until BACK */
    FG_READER_BACK = 4,    /* works again */
    FG_READER_WRITTEN = 5, /* answer to a write: ok, text */
    FG_READER_ALIVE = 6,   /* waiting to open the device again; says only that the process lives */
    FG_READER_KIND_COUNT
};

/* What the reader said. */
struct fg_reader_report {
    uint8_t kind; /* enum fg_reader_report_kind */
    uint8_t tag_count;
    struct fg_uid uid;
    bool complete; /* TAG: read as far as its record asks for (fg_tag_extent), or to the end of the chip */
    bool ok;       /* WRITTEN */
    uint16_t memory_length;
    uint8_t memory[FG_TAG_MEMORY_MAX]; /* pages from 0; pages 0 to 2 are not read and are 0 */
    char text[FG_READER_TEXT_BYTES];
};

/* Write data from page 4 on to the tag with this uid, read it back, and lock it when lock is set. Or, with
 * read_again: read its memory once more and report it as TAG, if it is in the field. */
struct fg_reader_write {
    struct fg_uid uid;
    uint16_t length; /* a multiple of 4, at least 4; 0 with read_again */
    uint8_t data[FG_TAG_MEMORY_MAX];
    bool lock;
    bool read_again;
};

/* FG_E_SIZE when capacity is too small or a length is out of bounds. */
enum fg_err fg_readerlink_encode_report(const struct fg_reader_report *report, uint8_t *buffer,
                                        size_t capacity, size_t *ret_length, struct fg_error *error);
enum fg_err fg_readerlink_encode_write(const struct fg_reader_write *write, uint8_t *buffer, size_t capacity,
                                       size_t *ret_length, struct fg_error *error);

/* FG_E_SIZE: longer than FG_READERLINK_PACKET_MAX. FG_E_FORMAT: no such message, or a field beyond its bound.
 * FG_E_RANGE: unknown kind, more than two tags, a tag without UID, a text with other than printable ASCII, a
 * length that is not a multiple of 4. */
enum fg_err fg_readerlink_decode_report(const uint8_t *bytes, size_t length,
                                        struct fg_reader_report *ret_report, struct fg_error *error);
enum fg_err fg_readerlink_decode_write(const uint8_t *bytes, size_t length, struct fg_reader_write *ret_write,
                                       struct fg_error *error);

#endif
