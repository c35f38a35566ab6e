/* May this cylinder be filled? The rules, in their fixed order, over plain facts gathered by the caller.
 *
 * Not: gathering the facts (tag, list, journal, clock), showing or logging the answer. Pure: no I/O, no
 * allocation, no clock. Relies on: lib/domain/types.h. */
#ifndef FG_FIRMWARE_CORE_RULES_H
#define FG_FIRMWARE_CORE_RULES_H

#include "lib/domain/types.h"

/* What reading the tag gave. */
enum fg_tag_result {
    FG_TAG_OK = 0, /* record parsed; signature good when identity says so */
    FG_TAG_UNREADABLE,
    FG_TAG_TWO,
    FG_TAG_BAD_FORMAT,
    FG_TAG_BAD_SIGNATURE,
};

/* What the verified look-up of one code gave. Anything but FOUND and ABSENT is not proof. */
enum fg_lookup_result { FG_LOOKUP_ABSENT = 0, FG_LOOKUP_FOUND, FG_LOOKUP_NOT_AUTHENTIC };

/* One cylinder as the list and the journal know it. history_* are taken from this point's journal. */
struct fg_cylinder_facts {
    uint8_t lookup; /* enum fg_lookup_result */
    struct fg_code code;
    struct fg_row row;         /* valid when lookup is FOUND */
    int64_t last_fill_wall_ms; /* 0 = never here */
    uint32_t fills_today;
};

/* Everything the decision uses. cylinders[0] is the one scanned, the rest those of row.others, in that order.
 */
struct fg_facts {
    uint8_t tag;      /* enum fg_tag_result */
    uint8_t identity; /* enum fg_identity */
    struct fg_uid uid;
    uint8_t cylinder_count;
    struct fg_cylinder_facts cylinders[FG_VEHICLE_CYLINDERS_MAX];

    uint8_t list; /* enum fg_list_state */
    int64_t list_issued_ms;
    int64_t list_expires_ms;
    struct fg_station_rules rules; /* from the manifest in force */

    uint8_t clock_quality; /* enum fg_clock_quality; UNKNOWN is not trusted */
    int64_t now_ms;        /* wall time, UTC */
    int32_t today;         /* the station's local day */

    bool operator_signed_in;
    int32_t operator_certificate_end_day; /* 0 = none given */
    bool second_person_present;           /* manual entry: another operator proved who he is */
    int32_t second_certificate_end_day;   /* his; 0 = none given */
    uint32_t manual_today;

    char point[FG_NAME_MAX + 1]; /* this filling point's id */
    uint8_t medium;              /* what this point fills */
    uint32_t fill_pressure_kpa;  /* pressure class of this point; a cylinder's nominal must not be below */

    uint8_t journal; /* enum fg_journal_state */
    bool locked_out;
    bool device_fault;
    bool emergency_stop;
};

struct fg_decision {
    struct fg_reasons reasons;   /* count 0: may be filled */
    struct fg_code failing_code; /* of the vehicle's other cylinder, for OTHER_CYLINDER_FAILS */
    uint8_t failing_reason;      /* why that one fails */
    uint8_t programme;           /* enum fg_programme, when it may be filled */
    bool list_age_warning;
};

/* Runs every rule over *facts and states every failing reason, in the order of lib/domain/reasons.def.
 * The worst of all cylinders of a vehicle decides. Never fails. */
void fg_rules_decide(const struct fg_facts *facts, struct fg_decision *ret_decision);

#endif
