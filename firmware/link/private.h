/* What the files of the link share. link.c: lifetime, turn, log, clock, connection. link_push.c: entries and
 * receipts. link_report.c: reports. link_lists.c: lists, from the network to fillgated. link_keys.c: key
 * rings, likewise. link_authority.c: changes of authorities. Nobody else includes this. */
#ifndef FG_FIRMWARE_LINK_PRIVATE_H
#define FG_FIRMWARE_LINK_PRIVATE_H

#include "firmware/link/link.h"
#include "lib/crypto/certificate_watch.h"
#include "lib/list/list.h"
#include "lib/net/https_client.h"
#include "proto/hop/push.h"
#include "proto/key/keyring_file.h"
#include "proto/point/control.h"

#define FG_LINK_VERSION "fillgate-link 0.1.0"
#define FG_LINK_CONTROL_MAX_MS 5000

/* A line that says the same as before on its topic is not repeated for a while. */
enum fg_link_topic {
    FG_LINK_SAY_CONTROL,
    FG_LINK_SAY_CONNECTION,
    FG_LINK_SAY_PUSH,
    FG_LINK_SAY_RECEIPT,
    FG_LINK_SAY_REPORT,
    FG_LINK_SAY_KEYS,
    FG_LINK_SAY_KEYS_OVER,
    FG_LINK_SAY_AUTHORITY,
    FG_LINK_SAY_LIST,
    FG_LINK_SAY_HAND_OVER,
    FG_LINK_SAY_RENEW,
    FG_LINK_SAY_TOPICS
};

struct fg_link {
    struct fg_link_config config;
    char work_directory[FG_CONTROL_PATH_MAX + 1]; /* absolute: fillgated takes no other paths */
    fg_link_say say;
    void *say_context;
    char said[FG_LINK_SAY_TOPICS][400];
    int64_t said_mono_ms[FG_LINK_SAY_TOPICS];

    struct fg_link_status *status; /* NULL: nobody wants to know */

    struct fg_https *https;             /* NULL: not made yet, or to be made again */
    struct fg_digest https_certificate; /* the one that lay there just before it was made */
    struct fg_list *list;
    struct fg_link_plan plan;
    struct fg_certificate_watch certificate;

    /* fillgated's newest state. */
    struct fg_control_state state;
    bool state_known;
    /* What the time is judged by when nothing synchronises the clock (lib/net/network_time.h). */
    int64_t list_ms;
    int64_t certificate_begin_ms;
    int64_t certificate_end_ms;

    /* The bureau's keys. */
    struct fg_keyring first_ring; /* as configured */
    struct fg_keyring ring;       /* in force; version 0: as configured */
    bool has_keys;                /* false: no configured key could be read, and no ring can follow */
    bool keys_wanted;             /* the ring is to be handed to fillgated */
    int64_t keys_due_mono_ms;
    uint32_t keys_failures;

    /* Handing a list to fillgated. */
    int64_t hand_over_due_mono_ms;
    uint32_t hand_over_failures;
    bool delta_failed; /* the next attempt is with the whole list */
    int64_t offset_told_ms;
    bool offset_known;

    struct fg_control_answer answer; /* large; kept off the stack */
    uint8_t buffer[FG_SYNC_BATCH_BYTES_MAX];
};

/* ---- link.c ---- */
void fg_link_tell(struct fg_link *link, enum fg_link_topic topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The topic is well again: the next trouble is told at once. */
void fg_link_forget(struct fg_link *link, enum fg_link_topic topic);
uint32_t fg_link_random(void);
/* The clock that certificates are tested against: the system's, but never before fillgated's own clock,
 * unless it is certainly false (lib/net/network_time.h). */
int64_t fg_link_now_ms(const struct fg_link *link);
/* The connection, made when it is not there. FG_E_* of fg_https_new. */
enum fg_err fg_link_connection(struct fg_link *link, struct fg_error *error);
/* What it is made from; valid as long as the link. */
struct fg_https_settings fg_link_connection_settings(struct fg_link *link);
/* Asks fillgated; link->answer is then its answer, and its own refusal is this call's result. */
enum fg_err fg_link_ask_control(struct fg_link *link, const struct fg_control_request *request,
                                uint32_t deadline_ms, struct fg_error *error);

/* ---- the jobs: each does all of it, tells the log, and reports to the plan ---- */
void fg_link_push(struct fg_link *link);
void fg_link_report(struct fg_link *link);
void fg_link_fetch_list(struct fg_link *link);
/* What the next hop has of changes of authorities; the connection is made anew when one is taken. A change
 * that is not good is told and changes nothing. An error: the hop did not answer, or there is no connection.
 */
enum fg_err fg_link_fetch_authorities(struct fg_link *link, struct fg_error *error);
/* What the next hop has of newer key rings, with the connection made. A ring that is not good is told and
 * changes nothing. False: the hop did not answer, and why. */
bool fg_link_fetch_keys(struct fg_link *link, enum fg_err *ret_code, struct fg_error *ret_error);
/* Hands fillgated the newest list when its own is older or not good. True: it tried. */
bool fg_link_hand_over(struct fg_link *link);

/* ---- link_keys.c, beside its job ---- */
/* Reads the configured keys and the kept rings. Keys that cannot be read are told and left out. */
void fg_link_keys_start(struct fg_link *link);
/* The list keys in force; returns how many. */
size_t fg_link_list_keys(const struct fg_link *link, struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX]);
/* fillgated may lack the ring in force: it is handed over at the next opportunity. */
void fg_link_keys_want(struct fg_link *link);
/* True: it tried, and fillgated's state is to be asked anew. */
bool fg_link_hand_over_keys(struct fg_link *link);

#endif
