/* Changes of the registry by the pages: GET /api/v1/registry/{kind}/{key}, PATCH /cylinders/{code},
 * /vehicles/{plate}, /stations/{station}, /points/{point}, /operators/{operator}, POST
 * /operators/{operator}/pin, POST /registry/{kind}/import. Fields and their values are those of `fillgate
 * registry`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/registry/operator_records.h"
#include "host/bureau/registry/record_edit.h"

#define API "/api/v1/"

static struct fg_change_by by_of(const struct fg_web_call *call)
{
    return (struct fg_change_by){call->user.user, fg_web_text_of(call, "why"), call->now_ms};
}

/* ---- a record as JSON ---- */

static enum fg_err fields_write(struct fg_web_call *call, struct fg_web_json *json,
                                const struct fg_record_kind *kind, const char *key, struct fg_error *error)
{
    cJSON *object = fg_web_json_object(json, json->root, "fields");
    struct fg_record *record = malloc(sizeof(*record));
    enum fg_err result;

    if (record == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    result = fg_record_find(call->sql, kind, key, record, error);
    for (size_t i = 0; result == FG_OK && i < kind->field_count; i++)
        fg_web_json_text(json, object, kind->fields[i].name, record->values[i]);
    free(record);
    return result;
}

static enum fg_err record_write(struct fg_web_call *call, struct fg_web_json *json,
                                const struct fg_record_kind *kind, const char *key, struct fg_error *error)
{
    int64_t version = 0;
    bool has_pin = false;
    enum fg_err result = fg_record_version(call->sql, kind, key, &version, error);

    fg_web_json_number(json, json->root, "version", version);
    if (result == FG_OK)
        result = fields_write(call, json, kind, key, error);
    if (result == FG_OK && strcmp(kind->name, "operator") == 0)
        result = fg_operator_has_pin(call->sql, key, &has_pin, error);
    fg_web_json_bool(json, json->root, "has_pin", has_pin);
    return result;
}

/* Without a plate: what is left of a vehicle that its cylinders have left. */
static enum fg_err vehicle_write(struct fg_web_call *call, struct fg_web_json *json, const char *plate,
                                 struct fg_error *error)
{
    struct fg_vehicle vehicle = {0};
    cJSON *object;
    enum fg_err result = FG_OK;

    if (plate[0] != '\0')
        result = fg_vehicle_find(call->sql, plate, &vehicle, error);
    if (result != FG_OK)
        return result;
    fg_web_json_number(json, json->root, "version", vehicle.version);
    object = fg_web_json_object(json, json->root, "fields");
    fg_web_json_text(json, object, "plate", plate);
    fg_web_json_text(json, object, "owner", vehicle.owner);
    fg_web_json_text(json, object, "area", vehicle.area);
    fg_web_json_bool(json, json->root, "has_pin", false);
    return FG_OK;
}

/* kind "vehicle" is none of records. */
static enum fg_err record_answer(struct fg_web_call *call, const char *kind, const char *key,
                                 struct fg_error *error)
{
    struct fg_web_json json;
    enum fg_err result;

    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "kind", kind);
    fg_web_json_text(&json, json.root, "key", key);
    result = strcmp(kind, "vehicle") == 0 ? vehicle_write(call, &json, key, error)
                                          : record_write(call, &json, fg_record_kind(kind), key, error);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return result;
}

enum fg_err fg_web_registry_show(struct fg_web_call *call, struct fg_error *error)
{
    return record_answer(call, fg_web_text_of(call, "kind"), fg_web_text_of(call, "key"), error);
}

/* ---- changes ---- */

/* The kind of record that the route's path names: "/api/v1/cylinders/{code}". */
static const struct fg_record_kind *kind_of(const struct fg_web_call *call)
{
    const char *segment = call->route->path + strlen(API);
    char name[16];

    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(segment, "/"), segment);
    name[strlen(name) - 1] = '\0';
    return fg_record_kind(name);
}

static enum fg_err fields_take(const struct fg_web_call *call, struct fg_record *record,
                               struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < record->kind->field_count; i++) {
        const char *value = fg_web_text_of(call, record->kind->fields[i].name);

        if (value != NULL)
            result = fg_record_give(record, i, value, error);
    }
    return result;
}

enum fg_err fg_web_registry_change(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_record_kind *kind = kind_of(call);
    struct fg_change_by by = by_of(call);
    struct fg_record *record = malloc(sizeof(*record));
    uint32_t changed = 0;
    enum fg_err result;

    if (record == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    fg_record_start(record, kind);
    result = fields_take(call, record, error);
    if (result == FG_OK)
        result =
            fg_record_edit(call->sql, record, fg_web_number_of(call, "version", 0), &by, &changed, error);
    free(record);
    if (result != FG_OK)
        return result;
    return record_answer(call, kind->name, fg_web_text_of(call, kind->fields[0].name), error);
}

enum fg_err fg_web_vehicle_change(struct fg_web_call *call, struct fg_error *error)
{
    const char *plate = fg_web_text_of(call, "plate");
    const char *new_plate = fg_web_text_of(call, "new_plate");
    struct fg_vehicle_edit edit = {.plate = plate,
                                   .new_plate = new_plate,
                                   .owner = fg_web_text_of(call, "owner"),
                                   .area = fg_web_text_of(call, "area"),
                                   .version = fg_web_number_of(call, "version", 0)};
    struct fg_change_by by = by_of(call);
    uint32_t changed = 0;
    enum fg_err result = fg_vehicle_change(call->sql, &edit, &by, &changed, error);

    return result == FG_OK ? record_answer(call, "vehicle", new_plate != NULL ? new_plate : plate, error)
                           : result;
}

/* The PIN is wiped with the request. */
enum fg_err fg_web_operator_pin(struct fg_web_call *call, struct fg_error *error)
{
    const char *id = fg_web_text_of(call, "operator");
    const char *pin = fg_web_text_of(call, "pin");
    struct fg_change_by by = by_of(call);
    enum fg_err result = fg_operator_pin_edit(call->sql, id, pin[0] != '\0' ? pin : NULL,
                                              fg_web_number_of(call, "version", 0), &by, error);

    return result == FG_OK ? record_answer(call, "operator", id, error) : result;
}

/* ---- import ---- */

struct faults {
    struct fg_web_json *json;
    cJSON *array;
};

static void fault_add(void *context, uint64_t line, size_t column, const char *text)
{
    struct faults *faults = context;
    cJSON *object = fg_web_json_push(faults->json, faults->array);

    fg_web_json_number(faults->json, object, "line", (int64_t)line);
    fg_web_json_number(faults->json, object, "column", (int64_t)column);
    fg_web_json_phrase(faults->json, object, "text", text);
}

enum fg_err fg_web_registry_import(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_record_kind *kind = fg_record_kind(fg_web_text_of(call, "kind"));
    const char *csv = fg_web_text_of(call, "csv");
    bool dry = fg_web_number_of(call, "dry_run", 0) != 0;
    struct fg_change_by by = by_of(call);
    struct fg_import_result imported = {0};
    struct fg_web_json json;
    struct faults faults = {.json = &json};
    FILE *stream = fmemopen((void *)(uintptr_t)csv, strlen(csv), "r");
    enum fg_err result;

    if (stream == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    fg_web_json_start(&json);
    faults.array = fg_web_json_array(&json, json.root, "faults");
    result = fg_record_import(call->sql, kind, stream, "csv", &by, dry, fault_add, &faults, &imported, error);
    (void)fclose(stream);
    if (result != FG_OK && result != FG_E_FORMAT) {
        fg_web_json_free(&json);
        return result == FG_E_EXISTS ? fg_fail(error, FG_E_OLD, "somebody else changed one of them") : result;
    }
    fg_web_json_bool(&json, json.root, "imported", result == FG_OK && !dry);
    fg_web_json_number(&json, json.root, "lines", (int64_t)imported.lines);
    fg_web_json_number(&json, json.root, "changed", (int64_t)imported.changed);
    return fg_web_answer_json(call, 200, &json);
}
