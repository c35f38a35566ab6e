/* Forwarding to the bureau: when a controller's entries are due, and one pass over all controllers.
 *
 * Nightly in a window that begins later at some stations than at others; at once when a grave entry waits;
 * always if so configured. What has been sent is what the bureau's verified receipts cover, nothing else. A
 * controller whose entries the bureau does not take waits longer each time and holds nobody back. Not: the
 * connection, other upstream work (upstream.h). Relies on: store.h, proto/hop/push.h. One thread. */
#ifndef FG_HOST_STATION_UP_FORWARD_H
#define FG_HOST_STATION_UP_FORWARD_H

#include "host/station/store/store.h"
#include "proto/hop/push.h"

struct fg_forward_window {
    bool continuous;
    uint32_t start_s;  /* of the local day, without the offset */
    uint32_t length_s; /* up to a day */
    uint32_t offset_s; /* the station's own later start inside the window */
};

/* The station's window: its offset comes from a hash of its id and leaves at least a quarter of the window.
 */
struct fg_forward_window fg_forward_window_of(const char *station, bool continuous, uint32_t start_s,
                                              uint32_t length_s);
/* second: of the local day. */
bool fg_forward_window_is_open(const struct fg_forward_window *window, uint32_t second);

enum fg_forward_why { FG_FORWARD_NOT = 0, FG_FORWARD_URGENT, FG_FORWARD_WINDOW, FG_FORWARD_CONTINUOUS };
/* Are this controller's entries due, and why? */
enum fg_forward_why fg_forward_due(const struct fg_forward_window *window, uint32_t second,
                                   const struct fg_station_controller *controller);

struct fg_forward;

/* As fg_push_journal with context in place of the connection; tests give their own. */
typedef enum fg_err (*fg_forward_push)(void *context, const struct fg_push_source *source, uint64_t *from,
                                       uint32_t batches_max, uint8_t *buffer,
                                       struct fg_push_result *ret_result, struct fg_error *error);

struct fg_forward_settings {
    struct fg_station_store *store; /* outlives the forwarder; this thread's */
    struct fg_public_key receipt_key;
    struct fg_forward_window window;
    uint32_t retry_min_s;
    uint32_t retry_max_s;
    fg_forward_push push;
    void *push_context;
    bool (*stopping)(void *context); /* asked between controllers; NULL = never */
    void *stopping_context;
};

enum fg_err fg_forward_new(const struct fg_forward_settings *settings, struct fg_forward **ret_forward,
                           struct fg_error *error);
void fg_forward_free(struct fg_forward *forward); /* may be NULL */
/* From now on receipts must be signed with this key. */
void fg_forward_trust(struct fg_forward *forward, const struct fg_public_key *receipt_key);

struct fg_forward_moment {
    int64_t now_ms; /* wall clock */
    int64_t mono_ms;
    uint32_t second; /* of the local day */
    uint32_t random;
};
struct fg_forward_result {
    uint64_t entries; /* newly covered by receipts */
    uint32_t asked;   /* controllers that the bureau gave an answer on */
    bool more;        /* another pass is worth while at once */
};

/* Sends for every controller that is due, a bounded number of batches each. FG_OK also when the bureau
 * refused some; any other result: the bureau cannot be reached or the store cannot be read, and the rest was
 * not tried. *ret_result is set always. */
enum fg_err fg_forward_pass(struct fg_forward *forward, const struct fg_forward_moment *moment,
                            struct fg_forward_result *ret_result, struct fg_error *error);

/* Takes a receipt of the bureau's for `controller`: verifies it against key and store, and keeps it.
 * FG_E_FORMAT, FG_E_AUTH (false signature, another controller's, or over another chain than the one held
 * here), FG_E_OLD (covers less than the one kept; the newer stays). */
enum fg_err fg_forward_take_receipt(struct fg_station_store *store, const struct fg_public_key *receipt_key,
                                    const char *controller, const uint8_t *bytes, size_t length,
                                    int64_t now_ms, struct fg_error *error);

#endif
