/* One tag reader through libnfc: open, find, read and write type 2 tags. Only fillgate-reader uses it.
 *
 * libnfc can block without end and can abort the process; whoever calls these functions must be a process of
 * its own with a watchdog (reader_main.c). Not: deciding what a tag means. Relies on: libnfc 1.8. One thread.
 */
#ifndef FG_READER_NFC_H
#define FG_READER_NFC_H

#include "proto/err.h"
#include "proto/readerlink.h"
#include "proto/types.h"

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

/* Looks for a tag: asks the one that is held for its first pages, or searches the field. ret_uid: the tag
 * that is held now, length 0 = none. Whether it is alone is not known yet. FG_E_IO: the device itself failed.
 */
enum fg_err fg_nfc_find(struct fg_nfc *nfc, struct fg_uid *ret_uid, struct fg_error *error);

/* Is there no other tag beside the one that is held? That one is put to sleep for it, and found again by
 * fg_nfc_wake; when there are two, none is held any more. */
enum fg_err fg_nfc_is_alone(struct fg_nfc *nfc, bool *ret_alone, struct fg_error *error);

/* Selects the held tag again after fg_nfc_is_alone. FG_E_NOT_FOUND: it left the field. */
enum fg_err fg_nfc_wake(struct fg_nfc *nfc, struct fg_error *error);

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
