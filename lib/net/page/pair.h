/* Pairing a panel's browser with a filling point: one-time codes that a person makes at the controller, and
 * the devices that traded one for a lasting secret. Shared by fillgate-link and the command line.
 *
 * All of it are small files of mode 0600 in one directory of the link's: the code (only what it is checked
 * against, its end and the tries left) and one file for each paired device, named by the SHA-256 of its
 * secret. So nobody who reads the directory can speak as a device, and taking a device's file away ends its
 * rights at once. Not: HTTP, cookies. Relies on: mbedTLS. Callers of one process take turns. Wall times come
 * with the call. */
#ifndef FG_LIB_NET_PAGE_PAIR_H
#define FG_LIB_NET_PAGE_PAIR_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PAIR_CODE_DIGITS 8
#define FG_PAIR_CODE_MS 600000 /* a code is good for so long */
#define FG_PAIR_TRIES 5
#define FG_PAIR_DEVICES_MAX 32
#define FG_PAIR_SECRET_DIGITS 64 /* 256 random bits, hexadecimal */
#define FG_PAIR_ID_DIGITS 64     /* SHA-256 of the secret, hexadecimal */
#define FG_PAIR_NOTE_MAX 63

struct fg_pair_device {
    char id[FG_PAIR_ID_DIGITS + 1];
    int64_t paired_ms;
    char note[FG_PAIR_NOTE_MAX + 1]; /* the address that it paired from */
};

/* Makes a new code; an older one ends. The directory is made when missing. Root becomes the link first
 * (become_owner.h). FG_E_IO. */
enum fg_err fg_pair_code_new(const char *directory, int64_t now_ms, char ret_code[FG_PAIR_CODE_DIGITS + 1],
                             struct fg_error *error);

/* Uses up the code, or one of its tries. FG_E_AUTH: another code, or FG_PAIR_TRIES wrong ones; FG_E_EXPIRED;
 * FG_E_NOT_FOUND: there is none; FG_E_IO. */
enum fg_err fg_pair_code_try(const char *directory, const char *code, int64_t now_ms, struct fg_error *error);

/* Draws a device's secret and keeps its hash. FG_E_FULL: FG_PAIR_DEVICES_MAX are paired; FG_E_IO. */
enum fg_err fg_pair_device_add(const char *directory, int64_t now_ms, const char *note,
                               char ret_secret[FG_PAIR_SECRET_DIGITS + 1], char ret_id[FG_PAIR_ID_DIGITS + 1],
                               struct fg_error *error);
/* The id of a secret, whether it is paired or not. */
void fg_pair_id_of(const char *secret, char ret_id[FG_PAIR_ID_DIGITS + 1]);
/* Is the device still paired? */
bool fg_pair_device_known(const char *directory, const char *id);

/* At most FG_PAIR_DEVICES_MAX, oldest first. FG_E_IO; a directory that is missing has none. */
enum fg_err fg_pair_devices(const char *directory, struct fg_pair_device ret_devices[FG_PAIR_DEVICES_MAX],
                            size_t *ret_count, struct fg_error *error);
/* Ends the device whose id begins so. FG_E_NOT_FOUND, FG_E_EXISTS (more than one), FG_E_FORMAT. */
enum fg_err fg_pair_device_remove(const char *directory, const char *id_begin, struct fg_error *error);

/* One code file's text. FG_E_FORMAT. For fg_pair_code_try and its fuzz target. */
struct fg_pair_code {
    uint32_t tries_left;
    int64_t end_ms;
    uint8_t salt[16];
    uint8_t digest[32];
};
enum fg_err fg_pair_code_parse(const char *text, size_t length, struct fg_pair_code *ret_code,
                               struct fg_error *error);
/* One paired device's file: when it was paired, and its note; its id is in the file's name. A file that is
 * not so is a device all the same, since the file gives rights: then 0 and no note. For fg_pair_devices and
 * its fuzz target. */
void fg_pair_device_parse(const char *text, size_t length, struct fg_pair_device *device);

#endif
