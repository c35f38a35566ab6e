/* Reading the configuration (config.h): one table of keys says where each value goes and what it may be. */
#include "firmware/config/config.h"
#include "firmware/reader/connection_string.h"
#include "lib/base/ini_line.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"

enum value_type { VALUE_NAME, VALUE_PATH, VALUE_TEXT, VALUE_U8, VALUE_U16, VALUE_U32, VALUE_U64, VALUE_I32 };

struct choice {
    const char *text;
    int64_t value;
};

/* One key: section (or the kind of a named section), name, where its value goes, what it may be. */
struct key {
    const char *section;
    const char *name;
    enum value_type type;
    size_t offset;
    int64_t least;
    int64_t most;
    const struct choice *choices; /* ended by a NULL text; NULL = a number */
};

static const struct choice media[] = {{"cng", FG_MEDIUM_CNG}, {"lpg", FG_MEDIUM_LPG}, {NULL, 0}};
static const struct choice gases[] = {{"methane", FG_GAS_METHANE}, {"natural", FG_GAS_NATURAL}, {NULL, 0}};
static const struct choice bus_kinds[] = {{"rtu", FG_BUS_RTU}, {"tcp", FG_BUS_TCP}, {NULL, 0}};
static const struct choice parities[] = {{"none", 'N'}, {"even", 'E'}, {"odd", 'O'}, {NULL, 0}};
static const struct choice confinements[] = {{"must", true}, {"can", false}, {NULL, 0}};
static const struct choice languages[] = {
    {"en", FG_LANGUAGE_ENGLISH}, {"zh", FG_LANGUAGE_CHINESE}, {NULL, 0}};

_Static_assert(sizeof(enum fg_language) == sizeof(uint32_t), "language is stored as a 32-bit number");

#define AT(member) offsetof(struct fg_config, member)
#define PATH_KEY(section, name, member)                                                                      \
    {                                                                                                        \
        section, name, VALUE_PATH, AT(member), 0, 0, NULL                                                    \
    }
#define NUMBER_KEY(section, name, type, member, least, most)                                                 \
    {                                                                                                        \
        section, name, type, AT(member), least, most, NULL                                                   \
    }
#define FILL_KEY(name, most)                                                                                 \
    {                                                                                                        \
        "fill", #name, VALUE_U32, AT(fill.name), 0, most, NULL                                               \
    }

static const struct key fixed_keys[] = {
    {"point", "id", VALUE_NAME, AT(point), 0, 0, NULL},
    {"point", "controller", VALUE_NAME, AT(controller), 0, 0, NULL},
    {"point", "medium", VALUE_U8, AT(medium), 0, 0, media},
    {"point", "gas", VALUE_U8, AT(fill.gas), 0, 0, gases},
    NUMBER_KEY("point", "fill_pressure_kpa", VALUE_U32, fill_pressure_kpa, 0, 100000),
    NUMBER_KEY("point", "operator_idle_max_ms", VALUE_U32, operator_idle_max_ms, 0, 86400000),
    {"point", "language", VALUE_U32, AT(language), 0, 0, languages},
    PATH_KEY("files", "list", list_path),
    PATH_KEY("files", "journal", journal_path),
    PATH_KEY("files", "device_key", device_key_path),
    {"files", "list_keys", VALUE_TEXT, 0, 0, 0, NULL}, /* a list: taken apart by list_keys_take */
    PATH_KEY("files", "keyring", keyring_path),
    PATH_KEY("files", "receipt_key", receipt_key_path),
    PATH_KEY("files", "control_socket", control_socket_path),
    {"list", "id", VALUE_NAME, AT(list_id), 0, 0, NULL},
    {"list", "station", VALUE_NAME, AT(station), 0, 0, NULL},
    {"reader", "program", VALUE_TEXT, AT(reader_program), 0, 0, NULL},
    {"reader", "connection", VALUE_TEXT, AT(reader_connection), 0, 0, NULL},
    {"reader", "confine", VALUE_U8, AT(reader_confine_must), 0, 0, confinements},
    NUMBER_KEY("reader", "poll_ms", VALUE_U32, reader_poll_ms, 10, 1000),
    NUMBER_KEY("reader", "step_max_ms", VALUE_U32, reader_step_max_ms, 50, 10000),
    NUMBER_KEY("reader", "silence_max_ms", VALUE_U32, reader_silence_max_ms, 100, 60000),
    NUMBER_KEY("reader", "misses_max", VALUE_U8, presence.misses_max, 2, 50),
    NUMBER_KEY("reader", "gone_ms", VALUE_U32, presence.silence_max_ms, 100, 10000),
    NUMBER_KEY("journal", "bytes_max", VALUE_U64, journal_bytes_max, 65536, INT64_C(1) << 40),
    NUMBER_KEY("journal", "warn_percent", VALUE_U8, journal_warn_percent, 10, 99),
    NUMBER_KEY("journal", "stop_reserve_entries", VALUE_U32, journal_stop_reserve_entries, 4, 100000),
    NUMBER_KEY("journal", "fill_reserve_percent", VALUE_U8, journal_fill_reserve_percent, 10, 90),
    NUMBER_KEY("journal", "retention_days", VALUE_U32, journal_retention_days, 30, 36500),
    NUMBER_KEY("plant", "reading_age_max_ms", VALUE_U32, plant.reading_age_max_ms, 50, 10000),
    NUMBER_KEY("plant", "lease_ms", VALUE_U32, plant.lease_ms, 50, 500),
    FILL_KEY(pre_check_max_ms, 3600000),
    FILL_KEY(resume_max_ms, 600000),
    FILL_KEY(fill_max_ms, 14400000),
    FILL_KEY(no_flow_max_ms, 600000),
    FILL_KEY(flow_min_g_min, 1000000),
    FILL_KEY(flow_max_g_min, 1000000),
    {"fill", "temperature_max_dc", VALUE_I32, AT(fill.temperature_max_dc), -400, 2000, NULL},
    FILL_KEY(mass_cut_off_early_g, 100000),
    FILL_KEY(below_tare_max_g, 10000),
    FILL_KEY(valve_follow_max_ms, 60000),
    FILL_KEY(closing_max_ms, 600000),
    FILL_KEY(post_check_max_ms, 3600000),
    FILL_KEY(unauthorised_flow_g, 1000000),
    FILL_KEY(leak_quiet_ms, 3600000),
    FILL_KEY(zero_fill_g, 1000000),
    NUMBER_KEY("fill", "counter_max_g_min", VALUE_U32, fill.counter_max_g_min, 1, 10000000),
    NUMBER_KEY("fill", "overfill_tolerance_percent", VALUE_U32, fill.overfill.tolerance_percent, 0, 50),
    NUMBER_KEY("fill", "follow_percent", VALUE_U32, fill.overfill.follow_percent, 10, 100),
    NUMBER_KEY("fill", "follow_pressure_kpa", VALUE_U32, fill.overfill.follow_pressure_kpa, 500, 10000),
    NUMBER_KEY("fill", "pressure_lead_kpa", VALUE_U32, fill.overfill.pressure_lead_kpa, 0, 30000),
    NUMBER_KEY("fill", "follow_mass_g", VALUE_U32, fill.overfill.follow_mass_g, 100, 20000),
    NUMBER_KEY("fill", "capacity_unknown_dl", VALUE_U32, fill.overfill.capacity_unknown_dl, 0, 100000),
};
#define FIXED_KEYS (sizeof(fixed_keys) / sizeof(fixed_keys[0]))
_Static_assert(FIXED_KEYS <= 64, "seen keys are kept in one 64-bit word");

/* Keys that came when configurations were in use already: a file from before has the value that the example
 * has, so that its point goes on filling. All are VALUE_U32. */
static const struct later_key {
    const char *section;
    const char *name;
    uint32_t value;
} later_keys[] = {
    {"fill", "below_tare_max_g", 500},
};

#define IN_BUS(member) offsetof(struct fg_bus_settings, member)
enum bus_key { BUS_KIND, BUS_PATH, BUS_PORT, BUS_BAUD, BUS_PARITY, BUS_STOP_BITS, BUS_RESPONSE, BUS_CYCLE };
static const struct key bus_keys[] = {
    [BUS_KIND] = {"bus", "kind", VALUE_U8, IN_BUS(kind), 0, 0, bus_kinds},
    [BUS_PATH] = {"bus", "path", VALUE_TEXT, IN_BUS(path), 0, 0, NULL},
    [BUS_PORT] = {"bus", "tcp_port", VALUE_U16, IN_BUS(tcp_port), 1, 65535, NULL},
    [BUS_BAUD] = {"bus", "baud", VALUE_U32, IN_BUS(baud), 1200, 4000000, NULL},
    [BUS_PARITY] = {"bus", "parity", VALUE_U8, IN_BUS(parity), 0, 0, parities},
    [BUS_STOP_BITS] = {"bus", "stop_bits", VALUE_U8, IN_BUS(stop_bits), 1, 2, NULL},
    [BUS_RESPONSE] = {"bus", "response_max_ms", VALUE_U32, IN_BUS(response_max_ms), 5, 5000, NULL},
    [BUS_CYCLE] = {"bus", "cycle_ms", VALUE_U32, IN_BUS(cycle_ms), 10, 10000, NULL},
};
#define BUS_KEYS (sizeof(bus_keys) / sizeof(bus_keys[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define BUS_ALWAYS (BIT(BUS_KIND) | BIT(BUS_PATH) | BIT(BUS_RESPONSE) | BIT(BUS_CYCLE))
#define BUS_OF_RTU (BIT(BUS_BAUD) | BIT(BUS_PARITY) | BIT(BUS_STOP_BITS))
#define BUS_OF_TCP BIT(BUS_PORT)

#define IN_DEVICE(member) offsetof(struct fg_device_settings, member)
static const struct key device_keys[] = {
    {"device", "bus", VALUE_NAME, IN_DEVICE(bus), 0, 0, NULL},
    {"device", "profile", VALUE_PATH, IN_DEVICE(profile_path), 0, 0, NULL},
    {"device", "unit", VALUE_U8, IN_DEVICE(unit), 0, 247, NULL},
};
#define DEVICE_KEYS (sizeof(device_keys) / sizeof(device_keys[0]))

/* One reading of one file. The first error found is kept; later lines are then skipped. */
struct parse {
    struct fg_ini_lines lines;
    struct fg_config config;
    uint64_t fixed_seen;
    uint64_t bus_seen[FG_BUSES_MAX];
    uint64_t device_seen[FG_DEVICES_MAX];
    enum fg_err code;
    struct fg_error *error;
};

/* ---- values ---- */

static bool name_is_good(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > FG_NAME_MAX)
        return false;
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* Puts the directory of the configuration file in front of a relative path. */
static enum fg_err path_resolve(const struct parse *parse, const char *value, char *ret_path)
{
    const char *slash = strrchr(parse->lines.path, '/');
    int directory_length = slash == NULL ? 0 : (int)(slash - parse->lines.path) + 1;
    char whole[2 * FG_PATH_MAX];
    int length;

    if (value[0] == '\0')
        return FG_E_RANGE;
    if (value[0] == '/')
        directory_length = 0;
    length = snprintf(whole, sizeof(whole), "%.*s%s", directory_length, parse->lines.path, value);
    if (length < 0 || length > FG_PATH_MAX)
        return FG_E_SIZE;
    memcpy(ret_path, whole, (size_t)length + 1);
    return FG_OK;
}

static bool number_parse(const char *text, int64_t *ret_number)
{
    char *end = NULL;
    long long number;

    if (!((text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text[1] >= '0' && text[1] <= '9')))
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static enum fg_err choice_parse(const struct key *key, const char *value, int64_t *ret_number, char *ret_why,
                                size_t why_size)
{
    size_t used = 0;

    for (const struct choice *choice = key->choices; choice->text != NULL; choice++) {
        if (strcmp(choice->text, value) == 0) {
            *ret_number = choice->value;
            return FG_OK;
        }
    }
    used = (size_t)snprintf(ret_why, why_size, "must be");
    for (const struct choice *choice = key->choices; choice->text != NULL && used < why_size; choice++)
        used += (size_t)snprintf(ret_why + used, why_size - used, "%s %s",
                                 choice == key->choices ? "" : " or", choice->text);
    return FG_E_RANGE;
}

static void number_store(const struct key *key, int64_t number, void *to)
{
    uint8_t u8 = (uint8_t)number;
    uint16_t u16 = (uint16_t)number;
    uint32_t u32 = (uint32_t)number;
    int32_t i32 = (int32_t)number;
    uint64_t u64 = (uint64_t)number;

    if (key->type == VALUE_U8)
        memcpy(to, &u8, sizeof(u8));
    else if (key->type == VALUE_U16)
        memcpy(to, &u16, sizeof(u16));
    else if (key->type == VALUE_U32)
        memcpy(to, &u32, sizeof(u32));
    else if (key->type == VALUE_I32)
        memcpy(to, &i32, sizeof(i32));
    else
        memcpy(to, &u64, sizeof(u64));
}

/* Stores value at base + key->offset; on failure *ret_why is a sentence for the person who wrote it. */
static enum fg_err value_store(const struct parse *parse, const struct key *key, const char *value,
                               void *base, char *ret_why, size_t why_size)
{
    char *to = (char *)base + key->offset;
    int64_t number = 0;

    if (key->type == VALUE_NAME) {
        (void)snprintf(ret_why, why_size, "must be 1 to %d letters, digits, '.', '_' or '-'", FG_NAME_MAX);
        if (!name_is_good(value))
            return FG_E_RANGE;
        memcpy(to, value, strlen(value) + 1);
        return FG_OK;
    }
    if (key->type == VALUE_PATH) {
        (void)snprintf(ret_why, why_size, "must be a path of 1 to %d bytes", FG_PATH_MAX);
        return path_resolve(parse, value, to);
    }
    if (key->type == VALUE_TEXT) {
        (void)snprintf(ret_why, why_size, "must have 1 to %d bytes", FG_PATH_MAX);
        if (value[0] == '\0' || strlen(value) > FG_PATH_MAX)
            return FG_E_RANGE;
        memcpy(to, value, strlen(value) + 1);
        return FG_OK;
    }
    if (key->choices != NULL) {
        if (choice_parse(key, value, &number, ret_why, why_size) != FG_OK)
            return FG_E_RANGE;
    } else {
        (void)snprintf(ret_why, why_size, "must be a whole number from %lld to %lld", (long long)key->least,
                       (long long)key->most);
        if (!number_parse(value, &number) || number < key->least || number > key->most)
            return FG_E_RANGE;
    }
    number_store(key, number, to);
    return FG_OK;
}

/* "a.pem, b.pem": paths, separated by commas. */
static enum fg_err list_keys_take(struct parse *parse, const char *value, char *ret_why, size_t why_size)
{
    struct fg_config *config = &parse->config;
    char copy[2 * FG_PATH_MAX];
    char *state = NULL;

    (void)snprintf(ret_why, why_size, "must be 1 to %d paths separated by commas", FG_CONFIG_LIST_KEYS_MAX);
    if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
        return FG_E_SIZE;
    for (char *item = strtok_r(copy, ", \t", &state); item != NULL; item = strtok_r(NULL, ", \t", &state)) {
        if (config->list_key_count == FG_CONFIG_LIST_KEYS_MAX ||
            path_resolve(parse, item, config->list_key_paths[config->list_key_count]) != FG_OK)
            return FG_E_RANGE;
        config->list_key_count++;
    }
    return config->list_key_count == 0 ? FG_E_RANGE : FG_OK;
}

/* ---- sections ---- */

static enum fg_err refuse(struct parse *parse, enum fg_err code, const char *section, const char *name,
                          const char *why)
{
    return fg_fail(parse->error, code, "%s:%d: [%s] %s: %s", parse->lines.path, parse->lines.line, section,
                   name, why);
}

static enum fg_err key_take(struct parse *parse, const struct key *keys, size_t count, void *base,
                            uint64_t *seen, const char *section, const char *name, const char *value)
{
    char why[128];
    enum fg_err code;
    size_t i = 0;

    while (i < count &&
           (strcmp(keys[i].name, name) != 0 || (keys == fixed_keys && strcmp(keys[i].section, section) != 0)))
        i++;
    if (i == count)
        return refuse(parse, FG_E_FORMAT, section, name, "unknown key or section");
    if ((*seen & BIT(i)) != 0)
        return refuse(parse, FG_E_FORMAT, section, name,
                      "given twice (a line that begins with a blank counts)");
    *seen |= BIT(i);
    if (keys == fixed_keys && strcmp(name, "list_keys") == 0)
        code = list_keys_take(parse, value, why, sizeof(why));
    else
        code = value_store(parse, &keys[i], value, base, why, sizeof(why));
    if (code != FG_OK)
        return refuse(parse, FG_E_RANGE, section, name, why);
    return FG_OK;
}

static enum fg_err bus_take(struct parse *parse, const char *section, const char *bus_name, const char *name,
                            const char *value)
{
    struct fg_plant_settings *plant = &parse->config.plant;
    uint8_t i = 0;

    while (i < plant->bus_count && strcmp(plant->buses[i].name, bus_name) != 0)
        i++;
    if (i == FG_BUSES_MAX)
        return refuse(parse, FG_E_SIZE, section, name, "too many buses");
    if (i == plant->bus_count) {
        if (!name_is_good(bus_name))
            return refuse(parse, FG_E_RANGE, section, name, "bad name of a bus");
        memcpy(plant->buses[i].name, bus_name, strlen(bus_name) + 1);
        plant->bus_count++;
    }
    return key_take(parse, bus_keys, BUS_KEYS, &plant->buses[i], &parse->bus_seen[i], section, name, value);
}

static enum fg_err device_take(struct parse *parse, const char *section, const char *device_name,
                               const char *name, const char *value)
{
    struct fg_plant_settings *plant = &parse->config.plant;
    uint8_t i = 0;

    while (i < plant->device_count && strcmp(plant->devices[i].name, device_name) != 0)
        i++;
    if (i == FG_DEVICES_MAX)
        return refuse(parse, FG_E_SIZE, section, name, "too many devices");
    if (i == plant->device_count) {
        if (!name_is_good(device_name))
            return refuse(parse, FG_E_RANGE, section, name, "bad name of a device");
        memcpy(plant->devices[i].name, device_name, strlen(device_name) + 1);
        plant->device_count++;
    }
    return key_take(parse, device_keys, DEVICE_KEYS, &plant->devices[i], &parse->device_seen[i], section,
                    name, value);
}

/* inih's handler; 0 tells inih that the line is wrong. */
static int line_take(void *context, const char *section, const char *name, const char *value)
{
    struct parse *parse = context;

    if (parse->code != FG_OK)
        return 0;
    if (strncmp(section, "bus ", 4) == 0)
        parse->code = bus_take(parse, section, section + 4, name, value);
    else if (strncmp(section, "device ", 7) == 0)
        parse->code = device_take(parse, section, section + 7, name, value);
    else
        parse->code =
            key_take(parse, fixed_keys, FIXED_KEYS, &parse->config, &parse->fixed_seen, section, name, value);
    return parse->code == FG_OK;
}

/* inih's reader, as fgets. */
static char *line_give(char *buffer, int capacity, void *stream)
{
    struct parse *parse = stream;

    return parse->code != FG_OK ? NULL
                                : fg_ini_line(&parse->lines, buffer, capacity, &parse->code, parse->error);
}

/* ---- the whole ---- */

static enum fg_err missing(const struct parse *parse, const char *section, const char *instance,
                           const char *name)
{
    return fg_fail(parse->error, FG_E_NOT_FOUND,
                   "%s:%d: [%s%s%s] %s is missing; boards/sim/fillgated.ini explains every key",
                   parse->lines.path, parse->lines.line, section, instance[0] == '\0' ? "" : " ", instance,
                   name);
}

/* True: the key is one that a file from before does not have; it has its value now. */
static bool later_take(struct parse *parse, const struct key *key)
{
    for (size_t i = 0; i < sizeof(later_keys) / sizeof(later_keys[0]); i++) {
        if (strcmp(later_keys[i].section, key->section) != 0 || strcmp(later_keys[i].name, key->name) != 0)
            continue;
        memcpy((char *)&parse->config + key->offset, &later_keys[i].value, sizeof(later_keys[i].value));
        return true;
    }
    return false;
}

static enum fg_err bus_finish(struct parse *parse, size_t index)
{
    struct fg_bus_settings *bus = &parse->config.plant.buses[index];
    uint64_t seen = parse->bus_seen[index];
    bool rtu = bus->kind == FG_BUS_RTU;
    uint64_t wanted = BUS_ALWAYS | (rtu ? BUS_OF_RTU : BUS_OF_TCP);

    for (size_t i = 0; i < BUS_KEYS; i++) {
        if ((seen & BIT(i)) == 0 && (wanted & BIT(i)) != 0)
            return missing(parse, "bus", bus->name, bus_keys[i].name);
        if ((seen & BIT(i)) != 0 && (wanted & BIT(i)) == 0)
            return fg_fail(parse->error, FG_E_FORMAT, "%s:%d: [bus %s] %s has no meaning for kind = %s",
                           parse->lines.path, parse->lines.line, bus->name, bus_keys[i].name,
                           rtu ? "rtu" : "tcp");
    }
    if (rtu) {
        char given[FG_PATH_MAX + 1];

        memcpy(given, bus->path, sizeof(given));
        if (path_resolve(parse, given, bus->path) != FG_OK)
            return fg_fail(parse->error, FG_E_SIZE, "%s:%d: [bus %s] path: too long", parse->lines.path,
                           parse->lines.line, bus->name);
    }
    return FG_OK;
}

static enum fg_err device_finish(const struct parse *parse, size_t index)
{
    const struct fg_plant_settings *plant = &parse->config.plant;
    const struct fg_device_settings *device = &plant->devices[index];
    uint8_t bus = 0;

    for (size_t i = 0; i < DEVICE_KEYS; i++) {
        if ((parse->device_seen[index] & BIT(i)) == 0)
            return missing(parse, "device", device->name, device_keys[i].name);
    }
    while (bus < plant->bus_count && strcmp(plant->buses[bus].name, device->bus) != 0)
        bus++;
    if (bus == plant->bus_count)
        return fg_fail(parse->error, FG_E_RANGE, "%s:%d: [device %s] bus: there is no [bus %s]",
                       parse->lines.path, parse->lines.line, device->name, device->bus);
    return FG_OK;
}

/* Relative paths of the reader: a program with a slash, and "driver:./path". */
static enum fg_err reader_finish(struct parse *parse)
{
    struct fg_config *config = &parse->config;
    char given[FG_PATH_MAX + 1];
    char resolved[FG_PATH_MAX + 1];
    const char *at;

    memcpy(given, config->reader_program, sizeof(given));
    if (strchr(given, '/') != NULL && path_resolve(parse, given, config->reader_program) != FG_OK)
        return refuse(parse, FG_E_SIZE, "reader", "program", "too long");
    if (!fg_connection_is_pn53x(config->reader_connection))
        return refuse(parse, FG_E_RANGE, "reader", "connection",
                      "not a driver of libnfc for a PN531, PN532 or PN533 (" FG_CONNECTION_DRIVERS ")");
    at = strstr(config->reader_connection, ":./");
    if (at == NULL)
        return FG_OK;
    memcpy(given, config->reader_connection, sizeof(given));
    given[at - config->reader_connection] = '\0';
    if (path_resolve(parse, at + 3, resolved) != FG_OK || strlen(given) + 1 + strlen(resolved) > FG_PATH_MAX)
        return refuse(parse, FG_E_SIZE, "reader", "connection", "too long or empty");
    memcpy(config->reader_connection + strlen(given) + 1, resolved, strlen(resolved) + 1);
    return FG_OK;
}

/* Two values of which the one must be at least (or more than) the other, or the point could never work. A
 * number in place of the second: name NULL. */
struct order_rule {
    const char *section;
    const char *name;
    size_t offset;
    bool above; /* more than, not only as much */
    const char *other_section;
    const char *other_name;
    size_t other_offset;
    const char *why;
};

static const struct order_rule order_rules[] = {
    {"reader", "gone_ms", AT(presence.silence_max_ms), false, "reader", "step_max_ms", AT(reader_step_max_ms),
     "a step that takes as long as it may would count as a tag that is gone"},
    {"reader", "gone_ms", AT(presence.silence_max_ms), true, "reader", "poll_ms", AT(reader_poll_ms),
     "between two polls every tag would count as gone"},
    {"reader", "silence_max_ms", AT(reader_silence_max_ms), true, "reader", "step_max_ms",
     AT(reader_step_max_ms), "a reader in a step that takes as long as it may would be killed"},
    {"reader", "silence_max_ms", AT(reader_silence_max_ms), true, "reader", "poll_ms", AT(reader_poll_ms),
     "a reader between two polls would be killed"},
    {"fill", "flow_max_g_min", AT(fill.flow_max_g_min), true, "fill", "flow_min_g_min",
     AT(fill.flow_min_g_min), "every flow would be too low or too high"},
    {"fill", "counter_max_g_min", AT(fill.counter_max_g_min), true, "fill", "flow_max_g_min",
     AT(fill.flow_max_g_min), "a meter would lie at a flow that is allowed"},
    {"fill", "fill_max_ms", AT(fill.fill_max_ms), true, "fill", "no_flow_max_ms", AT(fill.no_flow_max_ms),
     "a fill would be over before its flow may be missed"},
    {"fill", "fill_max_ms", AT(fill.fill_max_ms), true, "fill", "resume_max_ms", AT(fill.resume_max_ms),
     "a fill would be over before it may be resumed"},
    {"fill", "closing_max_ms", AT(fill.closing_max_ms), false, "fill", "valve_follow_max_ms",
     AT(fill.valve_follow_max_ms), "the closing valve would not be waited for as long as it may take"},
    {"fill", "pre_check_max_ms", AT(fill.pre_check_max_ms), true, NULL, NULL, 0,
     "every accepted scan would be dropped at once"},
    {"fill", "no_flow_max_ms", AT(fill.no_flow_max_ms), true, NULL, NULL, 0,
     "every fill would end before its flow has begun"},
};

static uint32_t number_at(const struct fg_config *config, size_t offset)
{
    uint32_t number;

    memcpy(&number, (const char *)config + offset, sizeof(number));
    return number;
}

static enum fg_err orders_check(const struct parse *parse)
{
    for (size_t i = 0; i < sizeof(order_rules) / sizeof(order_rules[0]); i++) {
        const struct order_rule *rule = &order_rules[i];
        uint32_t value = number_at(&parse->config, rule->offset);
        uint32_t other = rule->other_name == NULL ? 0 : number_at(&parse->config, rule->other_offset);

        if (rule->above ? value > other : value >= other)
            continue;
        if (rule->other_name == NULL)
            return fg_fail(parse->error, FG_E_RANGE, "%s: [%s] %s = %u: must be above 0: %s",
                           parse->lines.path, rule->section, rule->name, value, rule->why);
        return fg_fail(parse->error, FG_E_RANGE, "%s: [%s] %s = %u: must be %s [%s] %s = %u: %s",
                       parse->lines.path, rule->section, rule->name, value,
                       rule->above ? "above" : "at least", rule->other_section, rule->other_name, other,
                       rule->why);
    }
    return FG_OK;
}

/* The pressure class is what keeps a weaker cylinder away, and means nothing for a liquefied gas. */
static enum fg_err medium_check(const struct parse *parse)
{
    const struct fg_config *config = &parse->config;

    if ((config->medium == FG_MEDIUM_CNG) == (config->fill_pressure_kpa != 0))
        return FG_OK;
    return fg_fail(parse->error, FG_E_RANGE, "%s: [point] fill_pressure_kpa = %u: %s", parse->lines.path,
                   config->fill_pressure_kpa,
                   config->medium == FG_MEDIUM_CNG ? "medium = cng needs the point's pressure class"
                                                   : "must be 0 for medium = lpg");
}

static enum fg_err parse_finish(struct parse *parse)
{
    struct fg_config *config = &parse->config;
    enum fg_err code = FG_OK;

    for (size_t i = 0; i < FIXED_KEYS; i++) {
        if ((parse->fixed_seen & BIT(i)) == 0 && !later_take(parse, &fixed_keys[i]))
            return missing(parse, fixed_keys[i].section, "", fixed_keys[i].name);
    }
    if (config->plant.bus_count == 0)
        return missing(parse, "bus", "NAME", "section");
    if (config->plant.device_count == 0)
        return missing(parse, "device", "NAME", "section");
    for (size_t i = 0; i < config->plant.bus_count && code == FG_OK; i++)
        code = bus_finish(parse, i);
    for (size_t i = 0; i < config->plant.device_count && code == FG_OK; i++)
        code = device_finish(parse, i);
    if (code == FG_OK)
        code = reader_finish(parse);
    if (code == FG_OK)
        code = medium_check(parse);
    if (code == FG_OK)
        code = orders_check(parse);
    config->fill.reading_age_max_ms = config->plant.reading_age_max_ms;
    return code;
}

enum fg_err fg_config_parse(const char *text, size_t length, const char *path, struct fg_config *ret_config,
                            struct fg_error *error)
{
    struct parse parse = {.lines = {.path = path, .next = text, .end = text + length}, .error = error};
    int bad_line;

    if (length > FG_CONFIG_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "%s:1: larger than %d bytes", path, FG_CONFIG_BYTES_MAX);
    if (length != 0 && memchr(text, '\0', length) != NULL)
        return fg_fail(error, FG_E_FORMAT, "%s:1: it has a zero byte; not a text file", path);
    bad_line = ini_parse_stream(line_give, &parse, line_take, &parse);
    if (parse.code != FG_OK)
        return parse.code;
    if (bad_line != 0)
        return fg_fail(error, FG_E_FORMAT, "%s:%d: neither [section], key = value, nor a comment", path,
                       bad_line);
    parse.code = parse_finish(&parse);
    if (parse.code == FG_OK)
        *ret_config = parse.config;
    return parse.code;
}

enum fg_err fg_config_read(const char *path, struct fg_config *ret_config, struct fg_error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum fg_err code = fg_file_read_text(path, 0, FG_CONFIG_BYTES_MAX, &text, &length, error);

    if (code == FG_OK)
        code = fg_config_parse(text, length, path, ret_config, error);
    free(text);
    return code;
}
