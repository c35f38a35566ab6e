/* Entries that the journal did not take, over a restart: a small file beside the journal, signed with the
 * device's key.
 *
 * It holds the events that wait, oldest first, and the ENDED of a fill that is still open in the journal,
 * each with its text and time. It is replaced when another entry has to wait and removed when the journal has
 * all of them. Where nothing beside the journal can be written either, what waits lives as long as the
 * process.
 *
 * The limit: who can write the disk can delete the file, or put back an older one; entries that the journal
 * has already do not count again, and an ENDED only counts for the fill that is open.
 *
 * Not: writing entries (recorder.h). Relies on: proto/journal/entry.h, lib/crypto/sign.h, file.h. One
 * thread. */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_WAITING_STORE_H
#define FG_FIRMWARE_CONTROLLER_RECORD_WAITING_STORE_H

#include "lib/base/file.h"
#include "lib/crypto/sign.h"
#include "proto/journal/entry.h"

#define FG_PURPOSE_WAITING "fillgate waiting entries v1"
#define FG_WAITING_EVENTS_MAX 32
#define FG_WAITING_MAX (FG_WAITING_EVENTS_MAX + 1)
/* Magic, controller, sequence, count, entries with their lengths, signature. */
#define FG_WAITING_BYTES_MAX (8 + 32 + 8 + 1 + FG_WAITING_MAX * (2 + FG_ENTRY_BYTES_MAX) + FG_SIGNATURE_BYTES)

struct fg_waiting_store {
    char path[FG_FILE_PATH_BYTES];
    char controller[FG_NAME_MAX + 1];
    const struct fg_private_key *key; /* outlives the store */
};

struct fg_waiting {
    uint64_t after; /* the journal's newest entry when these began to wait */
    uint8_t count;
    struct fg_entry entries[FG_WAITING_MAX]; /* EVENT and ENDED alone; large */
};

/* The file's bytes, and back. FG_E_FORMAT: not such a file; FG_E_AUTH: not signed by this key, or for another
 * controller; FG_E_RANGE: entries that cannot wait. */
enum fg_err fg_waiting_encode(const struct fg_waiting_store *store, const struct fg_waiting *waiting,
                              uint8_t ret_bytes[FG_WAITING_BYTES_MAX], size_t *ret_length,
                              struct fg_error *error);
enum fg_err fg_waiting_decode(const struct fg_waiting_store *store, const uint8_t *bytes, size_t length,
                              struct fg_waiting *ret_waiting, struct fg_error *error);

/* FG_E_NOT_FOUND: nothing waits. FG_E_IO, and those of fg_waiting_decode. */
enum fg_err fg_waiting_load(const struct fg_waiting_store *store, struct fg_waiting *ret_waiting,
                            struct fg_error *error);

/* Durable when it returns FG_OK; count 0 removes the file. FG_E_IO, FG_E_RANGE, FG_E_SIZE. */
enum fg_err fg_waiting_save(const struct fg_waiting_store *store, const struct fg_waiting *waiting,
                            struct fg_error *error);

#endif
