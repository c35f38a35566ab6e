/* Implementation of clerks' changes (record_edit.h). */
#include "host/bureau/registry/record_edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/operator_records.h"

/* So that a vehicle that won one cylinder and lost another has another version. */
#define VERSION_PER_CYLINDER 1000000

/* ---- one record ---- */

enum fg_err fg_record_version(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                              int64_t *ret_version, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT COALESCE(MAX(number), 0) FROM change WHERE kind = $1 AND subject = $2",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, kind->name);
    fg_sql_bind_text(statement, 2, key);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_version = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

static enum fg_err stale(const char *kind, const char *key, struct fg_error *error)
{
    return fg_fail(error, FG_E_OLD, "%s %.40s: somebody else changed it", kind, key);
}

/* Two who pass this at the same moment differ at the key of the history's table. */
static enum fg_err version_check(struct fg_sql *sql, const struct fg_record_kind *kind, const char *key,
                                 int64_t version, struct fg_error *error)
{
    int64_t present = 0;
    enum fg_err result = fg_record_version(sql, kind, key, &present, error);

    return result == FG_OK && present != version ? stale(kind->name, key, error) : result;
}

static enum fg_err transaction_end(struct fg_sql *sql, enum fg_err result, const char *kind, const char *key,
                                   struct fg_error *error)
{
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result == FG_E_EXISTS ? stale(kind, key, error) : result;
}

enum fg_err fg_record_edit(struct fg_sql *sql, const struct fg_record *record, int64_t version,
                           const struct fg_change_by *by, uint32_t *ret_changed, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = version_check(sql, record->kind, record->values[0], version, error);
    if (result == FG_OK)
        result = fg_record_put(sql, record, by, ret_changed, error);
    return transaction_end(sql, result, record->kind->name, record->values[0], error);
}

enum fg_err fg_operator_pin_edit(struct fg_sql *sql, const char *id, const char *pin, int64_t version,
                                 const struct fg_change_by *by, struct fg_error *error)
{
    const struct fg_record_kind *kind = fg_record_kind("operator");
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = version_check(sql, kind, id, version, error);
    if (result == FG_OK)
        result = fg_operator_pin_put(sql, id, pin, by, NULL, error);
    return transaction_end(sql, result, kind->name, id, error);
}

/* ---- a vehicle ---- */

static void same_keep(char *text, size_t size, const char *value, bool first)
{
    if (first)
        (void)snprintf(text, size, "%s", value);
    else if (strcmp(text, value) != 0)
        text[0] = '\0';
}

enum fg_err fg_vehicle_find(struct fg_sql *sql, const char *plate, struct fg_vehicle *ret_vehicle,
                            struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT c.code, c.owner, c.area, (SELECT COALESCE(MAX(h.number), 0) FROM change h WHERE h.kind = "
        "'cylinder' AND h.subject = c.code) FROM cylinder c WHERE c.plate = $1 ORDER BY c.code",
        &statement, error);

    memset(ret_vehicle, 0, sizeof(*ret_vehicle));
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, plate);
    while (ret_vehicle->count < FG_VEHICLE_EDIT_CYLINDERS_MAX &&
           (result = fg_sql_next(statement, error)) == FG_OK) {
        bool first = ret_vehicle->count == 0;

        (void)snprintf(ret_vehicle->codes[ret_vehicle->count++], FG_CODE_MAX + 1, "%s",
                       fg_sql_text(statement, 0));
        same_keep(ret_vehicle->owner, sizeof(ret_vehicle->owner), fg_sql_text(statement, 1), first);
        same_keep(ret_vehicle->area, sizeof(ret_vehicle->area), fg_sql_text(statement, 2), first);
        ret_vehicle->version += VERSION_PER_CYLINDER + fg_sql_int(statement, 3);
    }
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND && ret_vehicle->count == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "vehicle %.40s: no cylinder has this plate", plate);
    if (result == FG_OK)
        return fg_fail(error, FG_E_SIZE, "vehicle %.40s: %d or more cylinders have this plate", plate,
                       FG_VEHICLE_EDIT_CYLINDERS_MAX);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err field_give(struct fg_record *record, const char *name, const char *value,
                              struct fg_error *error)
{
    if (value == NULL)
        return FG_OK;
    return fg_record_give(record, (size_t)fg_record_field(record->kind, name), value, error);
}

static enum fg_err cylinder_change(struct fg_sql *sql, const char *code, const struct fg_vehicle_edit *edit,
                                   const struct fg_change_by *by, uint32_t *changed, struct fg_error *error)
{
    struct fg_record *record = malloc(sizeof(*record));
    uint32_t fields = 0;
    enum fg_err result;

    if (record == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    fg_record_start(record, fg_record_kind("cylinder"));
    result = fg_record_give(record, 0, code, error);
    if (result == FG_OK)
        result = field_give(record, "plate", edit->new_plate, error);
    if (result == FG_OK)
        result = field_give(record, "owner", edit->owner, error);
    if (result == FG_OK)
        result = field_give(record, "area", edit->area, error);
    if (result == FG_OK)
        result = fg_record_put(sql, record, by, &fields, error);
    free(record);
    *changed += fields;
    return result;
}

enum fg_err fg_vehicle_change(struct fg_sql *sql, const struct fg_vehicle_edit *edit,
                              const struct fg_change_by *by, uint32_t *ret_changed, struct fg_error *error)
{
    struct fg_vehicle vehicle;
    uint32_t changed = 0;
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = fg_vehicle_find(sql, edit->plate, &vehicle, error);
    if (result == FG_OK && vehicle.version != edit->version)
        result = stale("vehicle", edit->plate, error);
    for (size_t i = 0; result == FG_OK && i < vehicle.count; i++)
        result = cylinder_change(sql, vehicle.codes[i], edit, by, &changed, error);
    if (result == FG_OK && edit->new_plate != NULL && edit->new_plate[0] != '\0')
        result = fg_vehicle_find(sql, edit->new_plate, &vehicle, error);
    result = transaction_end(sql, result, "vehicle", edit->plate, error);
    if (result == FG_OK)
        *ret_changed = changed;
    return result;
}
