/* One tag reader through libnfc: open, poll, read and write type 2 tags. Only fillgate-reader uses it.
 *
 * libnfc can block without end and can abort the process; whoever calls these functions must be a process of
 * its own with a watchdog around each call (reader_main.c). Not: deciding what a tag means. Relies on:
 * libnfc 1.8. One thread. */
#ifndef FG_READER_NFC_H
#define FG_READER_NFC_H

#include "proto/err.h"
#include "proto/readerlink.h"
#include "proto/types.h"

struct fg_nfc;

/* Locks the port (when the connection string names one), opens the device and makes it an initiator with
 * finite selects. FG_E_BUSY: another process holds the port; FG_E_IO: no such device, or it does not answer.
 */
enum fg_err fg_nfc_open(const char *connection, struct fg_nfc **ret_nfc, struct fg_error *error);
void fg_nfc_close(struct fg_nfc *nfc); /* may be NULL */

/* One poll. Fills ret_report as POLL. A tag that was found stays selected, and the next poll asks it for its
 * first page again. FG_E_IO: the device itself failed. */
enum fg_err fg_nfc_poll(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error);

/* Reads the memory of the tag that the last poll found. Fills ret_report as TAG; an unreadable tag is no
 * error but complete = false. */
enum fg_err fg_nfc_read(struct fg_nfc *nfc, struct fg_reader_report *ret_report, struct fg_error *error);

/* Writes to the selected tag, reads back, locks. FG_E_NOT_FOUND: another tag or none is there; FG_E_SIZE: the
 * tag is too small; FG_E_IO: a page did not take; FG_E_AUTH: what was read back differs. */
enum fg_err fg_nfc_write(struct fg_nfc *nfc, const struct fg_reader_write *write, struct fg_error *error);

#endif
