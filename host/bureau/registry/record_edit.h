/* A clerk's change of one record, or of a vehicle, on what the clerk has seen: refused when somebody else has
 * changed it meanwhile.
 *
 * The version of a record is the number of its changes; 0 also means that there is no such record yet. A
 * vehicle is the cylinders that have its plate; its version comes of theirs. Not: fields and their checks
 * (record.h). Relies on: record.h, operator_records.h. One database object, one thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_RECORD_EDIT_H
#define FG_HOST_BUREAU_REGISTRY_RECORD_EDIT_H

#include "host/bureau/registry/record.h"

#define FG_VEHICLE_EDIT_CYLINDERS_MAX 64

enum fg_err fg_record_version(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                              int64_t *ret_version, struct fg_error *error);

/* fg_record_put in a transaction of its own. FG_E_OLD: the record's version is another; others. Version 0
 * makes a record. */
enum fg_err fg_record_edit(struct fg_sql *sql, const struct fg_record *record, int64_t version,
                           const struct fg_change_by *by, uint32_t *ret_changed, struct fg_error *error);

/* Sets, or with pin NULL clears, an operator's PIN in a transaction of its own. FG_E_OLD, and those of
 * fg_operator_pin_put. */
enum fg_err fg_operator_pin_edit(struct fg_sql *sql, const char *id, const char *pin, int64_t version,
                                 const struct fg_change_by *by, struct fg_error *error);

struct fg_vehicle {
    int64_t version;
    size_t count;
    char codes[FG_VEHICLE_EDIT_CYLINDERS_MAX][FG_CODE_MAX + 1];
    char owner[FG_NAME_MAX + 1]; /* "" when the cylinders differ, as the next */
    char area[FG_NAME_MAX + 1];
};
/* FG_E_NOT_FOUND: no cylinder has this plate; FG_E_SIZE: too many have. */
enum fg_err fg_vehicle_find(struct fg_sql *sql, const char *plate, struct fg_vehicle *ret_vehicle,
                            struct fg_error *error);

/* Gives every cylinder of a vehicle another plate (empty: none), owner or area (NULL = as it is), in one
 * transaction of its own. FG_E_OLD as fg_record_edit; FG_E_SIZE as fg_vehicle_find, for the new plate, too.
 */
struct fg_vehicle_edit {
    const char *plate;
    const char *new_plate;
    const char *owner;
    const char *area;
    int64_t version;
};
enum fg_err fg_vehicle_change(struct fg_sql *sql, const struct fg_vehicle_edit *edit,
                              const struct fg_change_by *by, uint32_t *ret_changed, struct fg_error *error);

#endif
