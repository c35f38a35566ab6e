/* What the controller opens at its start, and tries again for as long as it takes: keys, journal, list.
 *
 * What is missing, locked or not writable is waited for; a journal or list that does not verify is tried
 * again, too, but said to be what it is. Until then the point refuses every scan. Not: the configuration
 * (config.h), the control socket and the reader (main.c). Relies on: controller_keys.h, journal.h, list.h,
 * clock.h, retry.h. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_START_H
#define FG_FIRMWARE_CONTROLLER_START_H

#include "firmware/clock/clock.h"
#include "firmware/config/config.h"
#include "firmware/controller/controller_keys.h"
#include "firmware/controller/record/point_log.h"
#include "firmware/controller/retry.h"
#include "firmware/controller/session/session.h"

/* What became possible with a try. */
enum fg_start_news { FG_START_JOURNAL = 1, FG_START_LIST = 2, FG_START_KEYS = 4, FG_START_RECEIPT_KEY = 8 };

/* Read by others, written by start.c alone. */
struct fg_start {
    const struct fg_config *config;
    struct fg_clock *clock;
    struct fg_log log;
    void (*progress)(void *context); /* called while a long journal is verified; NULL = nobody waits */
    void *progress_context;
    struct fg_private_key device_key;
    struct fg_keys keys;
    bool has_receipt_key;
    struct fg_public_key receipt_key;
    struct fg_session_stores stores;
    int64_t ahead_logged_ms; /* the journal tells already that the manifest issued then is ahead; 0: it does
                                not */
    struct fg_retry keys_retry;
    struct fg_retry receipt_retry;
    struct fg_retry journal_retry;
    struct fg_retry list_retry;
};

/* Tries everything once. config, clock and what log holds must outlive *ret_start, which must not be moved.
 * progress: as in the struct. */
void fg_start_begin(struct fg_start *ret_start, const struct fg_config *config, struct fg_clock *clock,
                    const struct fg_log *log, void (*progress)(void *context), void *progress_context,
                    int64_t now_mono_ms);

/* Tries what is due; returns the bits of enum fg_start_news. */
unsigned fg_start_try(struct fg_start *start, int64_t now_mono_ms);

/* The keys that sign lists or tags now (enum fg_keyring_purpose); returns how many. */
size_t fg_start_keys(const struct fg_start *start, uint8_t purpose,
                     struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX]);

/* Takes the key ring in the file at path: from then on lists are judged by its keys. Errors as fg_keys_take.
 */
enum fg_err fg_start_take_ring(struct fg_start *start, const char *path, struct fg_error *error);

/* Another manifest may have come into force: the clock follows it. */
void fg_start_list_changed(struct fg_start *start);

/* Closes everything, wipes the device key. */
void fg_start_end(struct fg_start *start);

#endif
