/* One tag reader through libnfc: open, find, read and write type 2 tags. Only fillgate-reader uses it.
 *
 * libnfc can block without end and can abort the process; whoever calls these functions must be a process of
 * its own with a watchdog (main.c). Not: deciding what a tag means. Relies on: libnfc 1.8. One thread.
 */
#ifndef FG_FIRMWARE_READER_NFC_H
#define FG_FIRMWARE_READER_NFC_H

#include "lib/base/err.h"
#include "lib/domain/types.h"
#include "proto/point/readerlink.h"

struct fg_nfc;

/* Told after every single exchange with the chip, in the middle of the calls below. seen: the tag that is
 * held answered just now. */
struct fg_nfc_watcher {
    void (*progress)(void *context, bool seen);
    void *context;
};

/* Locks the port (when the connection string names one), opens the device and makes it an initiator with
 * finite selects. FG_E_BUSY: another process holds the port; FG_E_IO: no such device, or it does not answer.
 */
enum fg_err fg_nfc_open(const char *connection, const struct fg_nfc_watcher *watcher, struct fg_nfc **ret_nfc,
                        struct fg_error *error);
void fg_nfc_close(struct fg_nfc *nfc); /* may be NULL */

/* What is in the field. */
struct fg_nfc_field {
    uint8_t tag_count; /* 2: two or more, and none is held */
    struct fg_uid uid; /* of the single tag, which is held from then on; length 0 otherwise */
};

/* Asks the held tag for its first pages, or searches the field when there is none or it does not answer.
 * While a tag is held, one that comes to lie beside it is not seen: fg_nfc_search sees it. FG_E_IO: the
 * device itself failed. */
enum fg_err fg_nfc_find(struct fg_nfc *nfc, struct fg_nfc_field *ret_field, struct fg_error *error);

/* Switches the field off and on, so that all tags are awake, and searches it. Errors as above. */
enum fg_err fg_nfc_search(struct fg_nfc *nfc, struct fg_nfc_field *ret_field, struct fg_error *error);

/* Reads the held tag's memory as far as fg_tag_extent asks for. Fills ret_report as TAG. complete: that much
 * was read, or the tag answers well but has no more memory; a tag that does not answer is no error but
 * complete = false. */
enum fg_err fg_nfc_read(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error);

/* Writes to the held tag what it does not hold yet, reads back, locks. While it writes, the message's length
 * is 0, so that a write that was cut off leaves no half record. Locked is what refused to be written then.
 * FG_E_NOT_FOUND: another tag or none is there; FG_E_SIZE: the tag is too small; FG_E_IO: a page did not
 * take; FG_E_AUTH: what was read back differs, or pages stay writable. */
enum fg_err fg_nfc_write(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error);

#endif
