/* The plain types of fillgate's trade: what a cylinder, a row, a reading or a journal entry is, in C structs
 * of fixed size. Not: how they travel (the codecs beside this file) or what is decided on them
 * (firmware/core). Relies on: name.h and <stdbool.h>, <stddef.h>, <stdint.h>, <string.h> only, so that
 * firmware/core may use it.
 *
 * Times: *_ms wall times are milliseconds since 1970-01-01 UTC, monotonic times are named *_mono_ms; dates
 * are days since 1970-01-01 of the station's local calendar, 0 = not given. Strings are NUL-terminated UTF-8.
 */
#ifndef FG_LIB_DOMAIN_TYPES_H
#define FG_LIB_DOMAIN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/name.h"

#define FG_CODE_MAX 32          /* characters of a cylinder code, 0-9 A-Z - */
#define FG_UID_MAX 10           /* ISO 14443-3A: 4, 7 or 10 bytes */
#define FG_PLATE_MAX 15         /* UTF-8 bytes of a vehicle plate */
#define FG_VEHICLE_OTHERS_MAX 7 /* further cylinders on one vehicle */
#define FG_VEHICLE_CYLINDERS_MAX (FG_VEHICLE_OTHERS_MAX + 1)
#define FG_CHECK_ITEMS_MAX 16 /* pre-check or post-check items that rules can demand */
#define FG_MEDIA_MAX 8
#define FG_POINTS_BLOCKED_MAX 16
#define FG_OPERATORS_MAX 32 /* of one station */
#define FG_PIN_SALT_BYTES 16
#define FG_PIN_DIGEST_BYTES 32
#define FG_REASONS_MAX 40 /* more than there are reasons */
#define FG_TEXT_MAX 95    /* free text of an EVENT */
#define FG_DIGEST_BYTES 32
#define FG_SIGNATURE_BYTES 64  /* ECDSA P-256, r || s, big-endian */
#define FG_KEY_ID_BYTES 8      /* first bytes of SHA-256(uncompressed public point) */
#define FG_TAG_MEMORY_MAX 1024 /* NTAG216 has 924 */

struct fg_digest {
    uint8_t bytes[FG_DIGEST_BYTES];
};

struct fg_signature {
    uint8_t bytes[FG_SIGNATURE_BYTES];
};

struct fg_key_id {
    uint8_t bytes[FG_KEY_ID_BYTES];
};

struct fg_uid {
    uint8_t length; /* 0 = none */
    uint8_t bytes[FG_UID_MAX];
};

/* The same UID, or both none. One that is longer than it can be is never the same. */
static inline bool fg_uid_is_same(const struct fg_uid *a, const struct fg_uid *b)
{
    return a->length == b->length && a->length <= FG_UID_MAX && memcmp(a->bytes, b->bytes, a->length) == 0;
}

struct fg_code {
    char text[FG_CODE_MAX + 1];
};

/* Values of these enums stand in lists and journals: never renumber. */
enum fg_medium { FG_MEDIUM_NONE = 0, FG_MEDIUM_CNG = 1, FG_MEDIUM_LPG = 2 };
enum fg_gas { FG_GAS_METHANE = 0, FG_GAS_NATURAL = 1, FG_GAS_COUNT };
enum fg_cylinder_state {
    FG_CYLINDER_UNKNOWN = 0,
    FG_CYLINDER_IN_SERVICE = 1,
    FG_CYLINDER_SUSPENDED = 2,
    FG_CYLINDER_SCRAPPED = 3,
    FG_CYLINDER_LOST = 4,
};
enum fg_programme { FG_PROGRAMME_NONE = 0, FG_PROGRAMME_PRESSURE = 1, FG_PROGRAMME_MASS = 2 };
/* How surely the cylinder was identified, weakest first (compare OCMF's identification levels). */
enum fg_identity {
    FG_IDENTITY_NONE = 0,
    FG_IDENTITY_MANUAL = 1,
    FG_IDENTITY_QR = 2,
    FG_IDENTITY_BARE_UID = 3,
    FG_IDENTITY_SIGNED_TAG = 4,
    FG_IDENTITY_AUTHENTICATED_TAG = 5,
};
/* How it was found out who a person is; an entry says it of each person that it names. */
enum fg_person_proof {
    FG_PERSON_PROOF_NONE = 0, /* not at all: a name that somebody gave, or nobody */
    FG_PERSON_PROOF_HAND = 1, /* a technician at the board answered for him */
    FG_PERSON_PROOF_CARD = 2, /* the card that the signed list gives him was held to the reader */
    FG_PERSON_PROOF_PIN = 3,  /* his PIN, checked against the signed list */
};
/* Quality of a wall time, letters as in OCMF table 19. */
/* What the list store and the journal say of themselves. */
enum fg_list_state { FG_LIST_MISSING = 0, FG_LIST_IN_FORCE, FG_LIST_NOT_AUTHENTIC, FG_LIST_ROLLED_BACK };
enum fg_journal_state { FG_JOURNAL_OK = 0, FG_JOURNAL_WARN, FG_JOURNAL_FULL, FG_JOURNAL_NOT_WRITABLE };
enum fg_clock_quality { FG_CLOCK_UNKNOWN = 'U', FG_CLOCK_INFORMATIVE = 'I', FG_CLOCK_SYNCHRONISED = 'S' };
enum fg_entry_kind {
    FG_ENTRY_BOOT = 1,
    FG_ENTRY_LIST = 2,
    FG_ENTRY_OPERATOR = 3,
    FG_ENTRY_REFUSED = 4,
    FG_ENTRY_AUTHORISED = 5,
    FG_ENTRY_ENDED = 6,
    FG_ENTRY_EVENT = 7,
};

enum fg_reason {
    FG_REASON_NONE = 0,
#define FG_REASON(number, name, grave, english, chinese) FG_REASON_##name = number,
#include "lib/domain/reasons.def"
#undef FG_REASON
};
enum fg_stop {
    FG_STOP_NONE = 0,
#define FG_STOP(number, name, english, chinese) FG_STOP_##name = number,
#include "lib/domain/stops.def"
#undef FG_STOP
};
enum fg_event_kind {
    FG_EVENT_NONE = 0,
#define FG_EVENT(number, name, grave, english, chinese) FG_EVENT_##name = number,
#include "lib/domain/events.def"
#undef FG_EVENT
};

/* All failing reasons of one decision, in rule order. reasons[0] is the one shown; count 0 = may be filled.
 */
struct fg_reasons {
    uint8_t count;
    uint8_t reasons[FG_REASONS_MAX]; /* enum fg_reason */
};

/* One row of the bureau's list: what a station must know of one cylinder. */
struct fg_row {
    struct fg_code code;
    struct fg_uid uid;
    uint8_t state;  /* enum fg_cylinder_state */
    uint8_t medium; /* enum fg_medium */
    bool first_fill_pending;
    uint32_t nominal_pressure_kpa;
    uint32_t water_capacity_dl; /* 0.1 L */
    uint32_t tare_g;
    uint32_t maximum_fill_g;
    int32_t inspection_due_day;
    int32_t end_of_life_day;
    char owner[FG_NAME_MAX + 1];
    char plate[FG_PLATE_MAX + 1];
    uint8_t other_count;
    struct fg_code others[FG_VEHICLE_OTHERS_MAX];
};

/* Somebody who may fill at this station. Travels signed inside the manifest. The PIN itself never does: only
 * what it is checked against (lib/crypto/pin.h). */
struct fg_operator {
    char id[FG_NAME_MAX + 1];
    int32_t certificate_end_day; /* last day, as given; 0 = none */
    struct fg_uid card;          /* the tag that signs this operator in; length 0 = none */
    uint32_t pin_rounds;         /* 0 = no PIN, else of PBKDF2-HMAC-SHA256 */
    uint8_t pin_salt[FG_PIN_SALT_BYTES];
    uint8_t pin_digest[FG_PIN_DIGEST_BYTES];
};

/* The station rules that travel signed inside the manifest. 0 switches a limit off unless said otherwise. */
struct fg_station_rules {
    char station[FG_NAME_MAX + 1];
    char owner[FG_NAME_MAX + 1]; /* the filling unit that own-cylinders-only compares with */
    bool own_cylinders_only;
    uint8_t media_count;
    uint8_t media[FG_MEDIA_MAX]; /* enum fg_medium */
    int32_t licence_end_day;
    uint32_t list_warn_age_h;
    uint32_t list_block_age_h;
    uint32_t fill_interval_min_s; /* shortest time between two fills of one cylinder */
    uint32_t fills_per_day_max;
    uint32_t zero_fills_lock_out; /* lock the point after N fills in a row of zero quantity */
    uint8_t identity_min;         /* enum fg_identity */
    bool manual_entry;            /* allowed at all; needs a second operator who proves himself */
    uint32_t manual_per_day_max;
    uint8_t pre_check_count; /* items the attendant confirms before and after the fill */
    uint8_t post_check_count;
    char pre_checks[FG_CHECK_ITEMS_MAX][FG_NAME_MAX + 1]; /* catalogue keys or free text */
    char post_checks[FG_CHECK_ITEMS_MAX][FG_NAME_MAX + 1];
    uint8_t blocked_count;
    char blocked_points[FG_POINTS_BLOCKED_MAX][FG_NAME_MAX + 1];
    uint8_t operator_count;
    struct fg_operator operators[FG_OPERATORS_MAX];
};

/* What the bureau signs: one state of one list. */
struct fg_manifest {
    char list_id[FG_NAME_MAX + 1];
    uint64_t version;
    struct fg_digest root;
    uint8_t bucket_bits; /* k: the list has 2^k buckets, 0 <= k <= 24 */
    uint64_t row_count;
    uint64_t body_bytes; /* all buckets together, so that sizes are known before anything is parsed */
    int64_t issued_ms;
    int64_t expires_ms;
    struct fg_station_rules rules;
};

/* What the plant measures, or states. The unit is in the name. */
enum fg_signal {
    FG_SIGNAL_PRESSURE_KPA = 0, /* at the nozzle, absolute */
    FG_SIGNAL_TEMPERATURE_DC,   /* gas, 0.1 degC */
    FG_SIGNAL_FLOW_G_MIN,       /* mass flow */
    FG_SIGNAL_TOTAL_G,          /* resettable total, for display only */
    FG_SIGNAL_INVENTORY_G,      /* non-resettable total, for the audit */
    FG_SIGNAL_SCALE_G,          /* gross mass on the scale */
    FG_SIGNAL_VALVE_OPEN,       /* 0 or 1, read back from the relay or a limit switch */
    FG_SIGNAL_EMERGENCY_STOP,   /* 1 = pressed */
    FG_SIGNAL_START_BUTTON,     /* 1 = held */
    FG_SIGNAL_STOP_BUTTON,
    FG_SIGNAL_COUNT
};

/* State of one reading; letters follow OCMF table 10 where it has one. */
enum fg_reading_state {
    FG_READING_MISSING = 0, /* never read, or no such device here */
    FG_READING_GOOD = 'G',
    FG_READING_TIME_OUT = 'T', /* the device did not answer, or the reading is too old */
    FG_READING_RANGE = 'O',    /* outside the profile's plausible range */
    FG_READING_FAULT = 'E',    /* NaN, fault pattern or status word */
};

struct fg_reading {
    int64_t value; /* in the signal's unit; meaningful only when state is GOOD */
    int64_t at_mono_ms;
    uint8_t state; /* enum fg_reading_state */
};

/* One look at the whole plant. configured[] is false for a signal that this point does not have. */
struct fg_plant_state {
    bool configured[FG_SIGNAL_COUNT];
    struct fg_reading readings[FG_SIGNAL_COUNT];
};

/* Safety state of a filling point that outlives the process: the journal's entries tell it
 * (firmware/journal/safety.h), and the mark of pruning what the pruned ones told. */
struct fg_fill_kept {
    bool locked_out; /* LOCK_OUT without LOCK_OUT_CLEARED since */
    bool alarm_flow; /* FLOW_WITHOUT_AUTHORITY or VALVE_FAULT is the newest that is known of it; each ends, */
    bool alarm_valve;     /* as ever, when the plant is seen still and shut */
    bool inventory_known; /* false also when a fill was open: what flowed since belongs to its ENDED */
    uint32_t zero_fills;  /* in a row, the newest fills; those that ended NOT_PLAUSIBLE among them */
    int64_t inventory_g;  /* of the newest entry with a good meter */
};

/* One journal entry. Fields that a kind does not use are zero. proto/PROTOCOL.md says which uses which. */
struct fg_entry {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence; /* 1 is the first; set by the journal */
    uint32_t boot;     /* set by the journal */
    uint8_t kind;      /* enum fg_entry_kind */
    int64_t wall_ms;
    int64_t mono_ms;
    uint8_t clock_quality; /* enum fg_clock_quality */
    char list_id[FG_NAME_MAX + 1];
    uint64_t list_version;

    /* What was presented and what the decision used: REFUSED, AUTHORISED. */
    char operator_id[FG_NAME_MAX + 1];
    char second_person[FG_NAME_MAX + 1]; /* manual entry only; ENDED too */
    uint8_t identity;                    /* enum fg_identity */
    struct fg_uid uid;
    struct fg_row row; /* the row used; only row.code when not listed */
    struct fg_reasons reasons;
    struct fg_code failing_code; /* the vehicle's other cylinder that failed, if any */
    uint32_t pre_checks;         /* bit n: item n confirmed */

    /* The meter at this moment: every kind that has one. */
    uint8_t meter_state; /* enum fg_reading_state */
    int64_t inventory_g;

    /* ENDED. */
    uint64_t authorised_sequence;
    uint8_t stop; /* enum fg_stop */
    int64_t start_inventory_g;
    int64_t quantity_g;
    int64_t duration_ms;
    int64_t start_pressure_kpa;
    int64_t end_pressure_kpa;
    int64_t end_temperature_dc;
    int64_t end_scale_g;
    uint32_t post_checks;
    bool post_check_failed;

    /* Items answered with no, bit n: item n; of the pre-check in REFUSED, of the post-check in ENDED. Their
     * names are in text; where a pre-check was not finished, text names the items still open. */
    uint32_t checks_failed;

    /* OPERATOR: operator_id and in/out. EVENT: which and a short text. BOOT: software version in text. */
    bool operator_in;
    uint8_t event; /* enum fg_event_kind */
    char text[FG_TEXT_MAX + 1];

    /* Repeats of one cause in one entry: it stands for so many occurrences, counted since the last entry of
     * this cause; 0 = for one, its own. Never in AUTHORISED, ENDED, BOOT. */
    uint32_t repeat_count;
    int64_t repeat_first_wall_ms;
    int64_t repeat_last_wall_ms;

    /* EVENT JOURNAL_PRUNED: the last entry pruned (0 = not this event), and the chain's hash there. */
    uint64_t pruned_sequence;
    struct fg_digest pruned_hash;
    /* How operator_id and second_person were proven: every kind that names them. enum fg_person_proof. */
    uint8_t operator_proof;
    uint8_t second_proof;

    /* EVENT CLOCK_FLOOR_LOWERED: the clock's floor from then on, and before; wall ms. */
    int64_t clock_floor_ms;
    int64_t clock_floor_before_ms;
};

/* How many occurrences an entry stands for: at least 1. */
static inline uint32_t fg_entry_occurrences(const struct fg_entry *entry)
{
    return entry->repeat_count == 0 ? 1 : entry->repeat_count;
}

#endif
