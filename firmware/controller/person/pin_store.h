/* The count of wrong PINs over a restart: a small file beside the journal, signed with the device's key.
 *
 * It is written, whole and synced, at each start and before each PIN is looked at, so that cutting the power
 * gives no further tries. It names the boot that wrote it: a file that is gone, altered, another controller's
 * or older than the last boot is a lost count, and a lost count is a blocked one (fg_pin_count_lost). Writes
 * of strangers are bounded by the blocks: FG_PIN_TRIES and one for each of them, always into the same few
 * bytes.
 *
 * The limit: who can take the disk out and write it while this boot's file is on it can put back a file of
 * the same boot. He can also read the list, and with it search for the PINs elsewhere (PROTOCOL.md, section
 * 4).
 *
 * Not: counting (pin_count.h). Relies on: lib/crypto/sign.h, file.h. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_PERSON_PIN_STORE_H
#define FG_FIRMWARE_CONTROLLER_PERSON_PIN_STORE_H

#include "firmware/controller/person/pin_count.h"
#include "lib/base/file.h"
#include "lib/crypto/sign.h"

#define FG_PURPOSE_PIN_COUNT "fillgate pin count v1"
#define FG_PIN_STORE_BYTES 143

struct fg_pin_store {
    char path[FG_FILE_PATH_BYTES];
    char controller[FG_NAME_MAX + 1];
    const struct fg_private_key *key; /* outlives the store */
    uint32_t boot;                    /* this run's */
};

/* The file's bytes, and back. FG_E_FORMAT: not such a file; FG_E_AUTH: not signed by this key, or for another
 * controller; FG_E_RANGE: a count that cannot be. Times do not travel: a kept block begins again, whole. */
enum fg_err fg_pin_store_encode(const struct fg_pin_store *store, const struct fg_pin_count *count,
                                uint8_t ret_bytes[FG_PIN_STORE_BYTES], struct fg_error *error);
enum fg_err fg_pin_store_decode(const struct fg_pin_store *store, const uint8_t *bytes, size_t length,
                                uint32_t *ret_boot, struct fg_pin_count *ret_count, struct fg_error *error);

/* Reads the count that the last run kept; blocks and calm begin at now_mono_ms. FG_OK: it is kept, or this is
 * the first boot of all and there is none. Else *ret_count is set too, to a lost one, and error says why:
 * FG_E_NOT_FOUND, FG_E_OLD (of an earlier boot than the last), FG_E_IO, those of fg_pin_store_decode. */
enum fg_err fg_pin_store_load(const struct fg_pin_store *store, int64_t now_mono_ms,
                              struct fg_pin_count *ret_count, struct fg_error *error);

/* Durable when it returns FG_OK; otherwise what was kept before is kept still. FG_E_IO, FG_E_SIZE. */
enum fg_err fg_pin_store_save(const struct fg_pin_store *store, const struct fg_pin_count *count,
                              struct fg_error *error);

#endif
