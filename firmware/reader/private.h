/* What the files of nfc.h share: the device and its exchanges with the selected tag. Nobody else includes
 * this.
 *
 * Relies on: libnfc 1.8. */
#ifndef FG_FIRMWARE_READER_PRIVATE_H
#define FG_FIRMWARE_READER_PRIVATE_H

#include <nfc/nfc.h>

#include "firmware/reader/nfc.h"
#include "firmware/reader/target_list.h"

#define FG_NFC_PAGE_BYTES 4
#define FG_NFC_BLOCK_BYTES 16 /* four pages: what READ gives */
#define FG_NFC_FIRST_USER_PAGE 4
/* The chip's frames hold 255 bytes, some of them its own. */
#define FG_NFC_ANSWER_MAX 240

/* One command to the chip itself; the length of its answer, or an error of libnfc's. libnfc exports it and
 * declares it only in its own tree: of its calls no other asks for two tags at once. The device's driver must
 * be one for the PN53x (fg_connection_is_pn53x). */
int pn53x_transceive(struct nfc_device *device, const uint8_t *command, size_t count, uint8_t *ret_answer,
                     size_t size, int wait_ms);

struct fg_nfc {
    nfc_context *context;
    nfc_device *device;
    struct fg_nfc_watcher watcher;
    int lock_fd;
    struct fg_uid uid;   /* of the tag that is held */
    bool holds;          /* a tag was selected, and has not failed to answer since */
    bool field_is_stale; /* a tag may lie halted in the field: reset before a search */
    bool has_company;    /* the last search found two tags; none is held */
    bool sleeps;         /* it was put to sleep, and not spoken to since */
    bool slept;          /* once it goes idle it sleeps again, until the field was off */
    bool first_known;    /* first_pages were read from the tag that is held */
    uint8_t first_pages[2 * FG_NFC_PAGE_BYTES]; /* they hold the UID */
    unsigned searches;
};

/* How a command goes to the tag. FRAMED: the chip knows it, as it knows READ and WRITE; a chip takes some
 * others for commands of another kind of tag, so they go THROUGH it as they are. */
enum fg_nfc_way { FG_NFC_FRAMED, FG_NFC_THROUGH };

/* One command to the selected tag. answer_count: bytes that it must answer, at most FG_NFC_ANSWER_MAX; 0 = an
 * acknowledge. FG_E_NOT_FOUND: no answer, NAK or one of another length (the tag is idle then: select it
 * again); FG_E_IO: the device failed. */
enum fg_err fg_nfc_exchange(struct fg_nfc *nfc, enum fg_nfc_way way, const uint8_t *command, size_t count,
                            uint8_t *ret_answer, size_t answer_count, struct fg_error *error);

/* READ: four pages from this one on, once, or with the tag selected again a few times. Errors as above. */
enum fg_err fg_nfc_block(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[FG_NFC_BLOCK_BYTES],
                         struct fg_error *error);
enum fg_err fg_nfc_block_patiently(struct fg_nfc *nfc, uint8_t page, uint8_t ret_block[FG_NFC_BLOCK_BYTES],
                                   struct fg_error *error);

/* Selects the tag that was held. FG_E_NOT_FOUND: it is not in the field, or another one answers. */
enum fg_err fg_nfc_select_again(struct fg_nfc *nfc, struct fg_error *error);

#endif
