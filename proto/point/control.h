/* The control socket of fillgated: what panel, link and command line ask, and what they are told.
 *
 * A Unix socket of type SOCK_SEQPACKET; one request per packet, one answer per request, each a protobuf
 * message of at most 64 KiB (control.proto; PROTOCOL.md, "Control socket"). Who may connect is a matter of
 * the socket file's permissions. control.c: the codec; control_client.c: the client. Not: the server
 * (firmware/controller/control_server.h). Relies on: types.h, nanopb, POSIX sockets. All functions: any
 * thread, no global state. */
#ifndef FG_PROTO_POINT_CONTROL_H
#define FG_PROTO_POINT_CONTROL_H

#include "lib/base/err.h"
#include "lib/domain/types.h"
#include "proto/journal/chain.h"

#define FG_CONTROL_PACKET_MAX 65536
#define FG_CONTROL_BATCH_MAX                                                                                 \
    53248 /* bytes of a journal batch in an answer; beside it there is room for the rest */
#define FG_CONTROL_DEVICES_MAX 12
#define FG_CONTROL_PATH_MAX 255
#define FG_CONTROL_TEXT_MAX 319
#define FG_CONTROL_ATTEMPTS_MAX 20
#define FG_CONTROL_CAUSE_MAX 160 /* bytes of a cause in the state */
#define FG_PIN_MAX 12            /* decimal digits, as lib/crypto/pin.h */

/* Values travel: never renumber. */
enum fg_control_kind {
    FG_CONTROL_STATE = 1,
    FG_CONTROL_SIGN_IN = 2,        /* operator_id with pin; or, from fillgated's own user and root only, with
                                      certificate_end_day by hand (a technician at the board) */
    FG_CONTROL_SIGN_OUT = 3,       /* a running fill ends with OPERATOR_LEFT */
    FG_CONTROL_CHECK = 4,          /* checks, check_failed: items of the pre- or the post-check */
    FG_CONTROL_START = 5,          /* as the start button */
    FG_CONTROL_STOP = 6,           /* as the stop button */
    FG_CONTROL_CLEAR_LOCK_OUT = 7, /* needs a signed-in operator */
    FG_CONTROL_MANUAL = 8,         /* code: manual entry instead of a tag; waits for a second person */
    FG_CONTROL_IMPORT_LIST = 9,    /* path of a signed list file, absolute */
    FG_CONTROL_RECHECK = 10,       /* decide again on the tag that lies in the field */
    FG_CONTROL_JOURNAL = 11,       /* from_sequence, count_max: entries as an FgJournalBatch */
    FG_CONTROL_RECEIPT = 12,       /* receipt: the bureau's newest, as it came */
    FG_CONTROL_KEYRING = 13,       /* path of a key ring file, absolute */
    FG_CONTROL_SUSPEND = 14,       /* shuts the valve; the fill waits for RESUME, as for a tag that is gone */
    FG_CONTROL_RESUME = 15,        /* needs the same tag in the field */
    FG_CONTROL_BOARD = 16,         /* what changes seldom: operators, today's sums, the last attempts */
    FG_CONTROL_SECOND = 17,        /* operator_id, pin: the second person of the code that waits; a card needs
                                      no request */
    FG_CONTROL_CLOCK = 18,         /* path of a clock statement file, absolute */
    FG_CONTROL_KIND_COUNT
};

/* One request. Fields that a kind does not use are zero. */
struct fg_control_request {
    uint8_t kind; /* enum fg_control_kind */
    char operator_id[FG_NAME_MAX + 1];
    int32_t certificate_end_day; /* days since 1970-01-01, 0 = none given */
    char pin[FG_PIN_MAX + 1];    /* SIGN_IN, SECOND; wipe after use */
    uint32_t checks;             /* bit n: item n confirmed */
    bool check_failed;           /* an item was answered with no */
    struct fg_code code;
    char path[FG_CONTROL_PATH_MAX + 1];
    uint64_t from_sequence;
    uint32_t count_max; /* 0 = as many as fit */
    uint16_t receipt_length;
    uint8_t receipt[FG_STATEMENT_BYTES_MAX];
};

/* One signal as of the moment of the answer. */
struct fg_control_reading {
    bool configured;
    uint8_t state;  /* enum fg_reading_state */
    int64_t value;  /* in the signal's unit; meaningful only when state is GOOD */
    int64_t age_ms; /* since it was read; 0 when never */
};

struct fg_control_device {
    char name[FG_NAME_MAX + 1];
    uint8_t link; /* 0 down, 1 probing, 2 up */
    uint64_t requests;
    uint64_t failures;
    char last_error[128];
};

/* Everything that a panel shows. */
struct fg_control_state {
    char controller[FG_NAME_MAX + 1];
    char point[FG_NAME_MAX + 1];
    uint8_t medium; /* enum fg_medium that this point fills */
    uint32_t boot;

    /* The fill machine. */
    uint8_t phase; /* enum fg_fill_phase of firmware/core/fill.h */
    char phase_name[FG_NAME_MAX + 1];
    bool valve_commanded;
    bool locked_out;
    uint8_t programme;            /* enum fg_programme of the present fill */
    int64_t quantity_g;           /* of the present fill */
    uint64_t authorised_sequence; /* of the present fill, 0 = none */
    uint32_t pre_checks_wanted;   /* bit n: item n */
    uint32_t pre_checks_done;
    uint32_t post_checks_wanted;
    uint32_t post_checks_done;
    uint8_t pre_check_count; /* the items' texts, from the station rules */
    uint8_t post_check_count;
    char pre_checks[FG_CHECK_ITEMS_MAX][FG_NAME_MAX + 1];
    char post_checks[FG_CHECK_ITEMS_MAX][FG_NAME_MAX + 1];

    /* The tag in the field, and the last decision (which may be of an earlier tag). */
    bool tag_present;
    struct fg_uid uid;
    struct fg_code code; /* of the last decision; empty when the tag gave none */
    char plate[FG_PLATE_MAX + 1];
    uint64_t decisions;                  /* since start: a change tells that there is a new one */
    uint8_t identity;                    /* enum fg_identity */
    char second_person[FG_NAME_MAX + 1]; /* who proved himself for a typed code, empty: nobody */
    uint8_t second_proof;                /* enum fg_person_proof */
    struct fg_reasons reasons;
    struct fg_code failing_code;
    uint8_t failing_reason;
    uint64_t decision_sequence; /* the REFUSED entry, 0 when accepted or not logged */

    /* The last fill that ended. */
    uint64_t fills_ended; /* since start */
    uint8_t last_stop;    /* enum fg_stop */
    uint64_t last_ended_sequence;
    int64_t last_quantity_g;

    struct fg_control_reading readings[FG_SIGNAL_COUNT];

    uint8_t list_state; /* enum fg_list_state */
    char list_id[FG_NAME_MAX + 1];
    uint64_t list_version;
    int64_t list_issued_ms;
    int64_t list_expires_ms;
    int64_t list_age_ms; /* since issued */
    bool list_age_warning;

    uint8_t journal_state; /* enum fg_journal_state */
    uint64_t journal_count;
    uint64_t journal_unsent; /* no receipt of the bureau covers them */
    uint64_t journal_last_sequence;
    int64_t oldest_unsent_ms; /* wall time of the oldest of them, 0 = none */
    uint64_t receipt_next;    /* first entry that the newest receipt does not cover, 0 = no receipt yet */
    int64_t receipt_taken_ms; /* wall time when it was taken */

    uint8_t clock_quality; /* enum fg_clock_quality */
    int64_t wall_ms;

    char operator_id[FG_NAME_MAX + 1]; /* empty: nobody signed in */
    uint8_t operator_proof;            /* enum fg_person_proof */
    int32_t certificate_end_day;
    int64_t operator_idle_left_ms; /* until signed out for idleness; 0 = not counted (nobody, or a fill) */
    bool sign_in_blocked;          /* too many wrong PINs: only a card signs in for now */
    int64_t sign_in_blocked_left_ms;
    bool manual_entry;          /* the station rules in force allow codes to be typed */
    struct fg_code second_code; /* typed, and waiting for its second person; empty: none */
    int64_t second_left_ms;     /* for so long */

    /* What the panel shows beside. */
    bool row_known; /* the last decision's code was on the list */
    struct fg_row row;
    bool suspended_by_operator; /* phase SUSPENDED and RESUME is waited for, not the tag */
    int64_t phase_left_ms;      /* until this phase ends by itself; 0 = it does not */
    int64_t target;             /* of the present fill: kPa at present temperature, or gross g; 0 = none */
    int64_t progress_permille;  /* 0 to 1000 of the way from the start's reading to the target */
    int64_t remaining_ms;       /* estimated from the last seconds; 0 = not known */
    uint8_t stop;               /* enum fg_stop of a fill that is ending, 0 = none */
    bool device_fault;          /* a device of this point keeps it from filling */
    bool emergency_stop;
    bool point_blocked;      /* by the bureau */
    uint32_t board_version;  /* rises whenever BOARD's answer changes */
    int32_t utc_offset_s;    /* of the station's local time now */
    int32_t today;           /* the station's local day */
    int64_t clock_floor_ms;  /* the clock is not trusted below this */
    int64_t bureau_ahead_ms; /* the manifest in force is dated so much later than the clock: the bureau's
                                fault; 0 = not so */
    /* Why it cannot be opened or read yet, while that is tried again; empty: it is there. */
    char journal_text[FG_CONTROL_CAUSE_MAX + 1];
    char list_text[FG_CONTROL_CAUSE_MAX + 1];
    char keys_text[FG_CONTROL_CAUSE_MAX + 1];
    /* When the last decision is a PRE_CHECK_ reason: the items that failed, else those still open, as the
     * rules name them, ", " between two. */
    char check_text[FG_TEXT_MAX + 1];

    uint8_t device_count;
    struct fg_control_device devices[FG_CONTROL_DEVICES_MAX];
    bool reader_up;
    uint32_t reader_restarts;
    char reader_text[96]; /* the reader's last fault, empty while up */
};

/* One attempt as the panel lists it. */
struct fg_control_attempt {
    uint64_t sequence;   /* of the REFUSED or ENDED entry; of AUTHORISED while the fill runs */
    int64_t wall_ms;     /* of the decision */
    struct fg_code code; /* empty when the tag gave none */
    char plate[FG_PLATE_MAX + 1];
    char operator_id[FG_NAME_MAX + 1];
    char second_person[FG_NAME_MAX + 1]; /* of a typed code */
    uint8_t operator_proof;              /* enum fg_person_proof */
    uint8_t second_proof;
    uint8_t kind;       /* enum fg_entry_kind: REFUSED, AUTHORISED (not yet ended) or ENDED */
    uint8_t reason;     /* enum fg_reason, REFUSED: the first */
    uint8_t stop;       /* enum fg_stop, ENDED */
    uint8_t identity;   /* enum fg_identity */
    int64_t quantity_g; /* ENDED */
};

struct fg_control_reason_count {
    uint8_t reason; /* enum fg_reason */
    uint32_t count;
};

struct fg_control_operator {
    char id[FG_NAME_MAX + 1];
    int32_t certificate_end_day;
    bool has_card;
    bool has_pin;
};

/* What changes seldom. Rebuilt from the journal at start; today's sums are of the station's local day. */
struct fg_control_board {
    uint32_t version;
    uint8_t operator_count;
    struct fg_control_operator operators[FG_OPERATORS_MAX];
    uint32_t fills_today; /* ended */
    uint32_t refusals_today;
    int64_t quantity_today_g;
    uint8_t reason_count; /* first reasons of today's refusals, most frequent first */
    struct fg_control_reason_count reasons[FG_REASONS_MAX];
    uint8_t attempt_count; /* newest first */
    struct fg_control_attempt attempts[FG_CONTROL_ATTEMPTS_MAX];
};

/* One answer. result FG_OK: done; text then says what was done, else why not. */
struct fg_control_answer {
    enum fg_err result;
    char text[FG_CONTROL_TEXT_MAX + 1];
    uint64_t list_version; /* IMPORT_LIST: the version now in force */
    bool has_state;        /* STATE */
    struct fg_control_state state;
    bool has_board; /* BOARD */
    struct fg_control_board board;
    uint64_t next_sequence; /* JOURNAL: the entry behind the batch; RECEIPT: first that the kept receipt does
                               not cover */
    uint16_t batch_length;  /* JOURNAL: an encoded FgJournalBatch (sync.h) */
    uint8_t batch[FG_CONTROL_BATCH_MAX];
};

/* Encodes into buffer of capacity bytes. FG_E_SIZE when it does not fit, FG_E_RANGE for a bad count. */
enum fg_err fg_control_encode_request(const struct fg_control_request *request, uint8_t *buffer,
                                      size_t capacity, size_t *ret_length, struct fg_error *error);
enum fg_err fg_control_encode_answer(const struct fg_control_answer *answer, uint8_t *buffer, size_t capacity,
                                     size_t *ret_length, struct fg_error *error);

/* Decode bytes from the other end. FG_E_FORMAT: not such a message; FG_E_RANGE: an unknown kind, a code with
 * forbidden characters, a text that is not UTF-8 or has control characters, a count out of bounds; FG_E_SIZE:
 * larger than FG_CONTROL_PACKET_MAX. */
enum fg_err fg_control_decode_request(const uint8_t *bytes, size_t length,
                                      struct fg_control_request *ret_request, struct fg_error *error);
enum fg_err fg_control_decode_answer(const uint8_t *bytes, size_t length,
                                     struct fg_control_answer *ret_answer, struct fg_error *error);

/* Connects to the socket at path, asks, and waits for the answer, all within deadline_ms from now. FG_OK: an
 * answer came; ret_answer->result says whether the controller did what was asked. FG_E_GONE: nobody listens,
 * or it closed without an answer; FG_E_TIMEOUT; FG_E_DENIED; FG_E_SIZE: path too long. */
enum fg_err fg_control_call(const char *path, const struct fg_control_request *request,
                            struct fg_control_answer *ret_answer, uint32_t deadline_ms,
                            struct fg_error *error);

/* A connection that stays open for many requests: for a panel that asks several times a second. One thread.
 */
struct fg_control_client;

/* Connects. Errors as fg_control_call. */
enum fg_err fg_control_client_open(const char *path, uint32_t deadline_ms,
                                   struct fg_control_client **ret_client, struct fg_error *error);
/* As fg_control_call. After any error but a refusal by fillgated the client can only be closed. */
enum fg_err fg_control_client_ask(struct fg_control_client *client, const struct fg_control_request *request,
                                  struct fg_control_answer *ret_answer, uint32_t deadline_ms,
                                  struct fg_error *error);
void fg_control_client_close(struct fg_control_client *client); /* may be NULL */

/* Stable English name of a request kind ("SIGN_IN"), or "?". */
const char *fg_control_kind_name(uint8_t kind);

#endif
