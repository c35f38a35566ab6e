/* The bureau's keys at a filling point: which sign lists, tags and receipts now, and how a newer ring
 * replaces them.
 *
 * The first keys are files of the configuration; from then on the newest kept ring decides. Not: rings
 * themselves (proto/key/keyring.h) and their file (proto/key/keyring_file.h). Relies on: config.h, both of
 * these. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_CONTROLLER_KEYS_H
#define FG_FIRMWARE_CONTROLLER_CONTROLLER_KEYS_H

#include "firmware/config/config.h"
#include "proto/key/keyring_file.h"

struct fg_keys {
    char kept_path[FG_PATH_MAX + 1];
    char receipt_key_path[FG_PATH_MAX + 1];
    size_t list_key_count;
    struct fg_public_key list_keys[FG_CONFIG_LIST_KEYS_MAX]; /* as configured */
    struct fg_keyring ring;                                  /* in force; version 0: as configured */
};

/* Told of a key file that could not be read, and of kept rings that do not hold: the point goes on with what
 * is good, and refuses what the missing keys signed. */
typedef void (*fg_keys_complain)(void *context, const char *what, const struct fg_error *error);

/* Reads the configured keys and the kept rings. A ring that does not hold leaves no key but the configured
 * ones in force. Without any list key nothing is in force: every list and tag is refused. */
void fg_keys_start(const struct fg_config *config, fg_keys_complain complain, void *context,
                   struct fg_keys *ret_keys);

/* Takes the ring in the file at path (absolute), durably. Errors as fg_keyring_file_add; FG_E_ARG: the path
 * is not absolute; FG_E_IO: cannot be read; FG_E_SIZE: larger than a ring can be. */
enum fg_err fg_keys_take(struct fg_keys *keys, const char *path, struct fg_error *error);

/* The key that receipts are signed with: of the ring, or of the configured file while the ring has none. The
 * file may come later than the start. FG_E_NOT_FOUND and what fg_public_key_read says. */
enum fg_err fg_keys_receipt(const struct fg_keys *keys, struct fg_public_key *ret_key,
                            struct fg_error *error);

#endif
