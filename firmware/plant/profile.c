/* Device profiles: reading, checking (profile.h). Two passes: first every line is put into its section and
 * unknown or double keys are refused; then each section is interpreted and must be complete. */
#include "firmware/plant/profile.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"

#define SECTIONS_MAX (3 + FG_SIGNAL_COUNT + FG_OUTPUT_COUNT) /* [device], [order], [status] */
#define VALUE_MAX 180
#define LINE_MAX_BYTES 190 /* inih cuts longer lines silently */

enum key {
    KEY_NAME,
    KEY_SOURCE,
    KEY_BLOCK_GAP,
    KEY_SILENCE,
    KEY_TABLE,
    KEY_ADDRESS,
    KEY_BASE,
    KEY_TYPE,
    KEY_ORDER,
    KEY_SCALE,
    KEY_UNIT,
    KEY_MINIMUM,
    KEY_MAXIMUM,
    KEY_FAULT,
    KEY_BIT,
    KEY_ACTIVE,
    KEY_MAP,
    KEY_MASK,
    KEY_GOOD,
    KEY_FORM,
    KEY_TIMED_ADDRESS,
    KEY_HEARTBEAT,
    KEY_TICK,
    KEY_RELEASE,
    KEY_OVERFLOW,
    KEY_OVERFLOW_STEP,
    KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
    "name",
    "source",
    "block_gap",
    "silence_ms",
    "table",
    "address",
    "base",
    "type",
    "order",
    "scale",
    "unit",
    "minimum",
    "maximum",
    "fault",
    "bit",
    "active",
    "map",
    "mask",
    "good",
    "form",
    "timed_address",
    "heartbeat_address",
    "tick_ms",
    "release_ms",
    "overflow_address",
    "overflow_step",
};

#define K(key) (1u << KEY_##key)
#define KEYS_DEVICE (K(NAME) | K(SOURCE) | K(BLOCK_GAP) | K(SILENCE))
#define KEYS_ORDER (K(TABLE) | K(ADDRESS) | K(BASE) | K(MAP))
#define KEYS_STATUS (K(TABLE) | K(ADDRESS) | K(BASE) | K(MASK) | K(GOOD))
#define KEYS_BIT (K(TABLE) | K(ADDRESS) | K(BASE) | K(TYPE) | K(ACTIVE))
#define KEYS_NUMBER                                                                                          \
    (K(TABLE) | K(ADDRESS) | K(BASE) | K(TYPE) | K(SCALE) | K(UNIT) | K(MINIMUM) | K(MAXIMUM) | K(FAULT))
#define KEYS_OVERFLOW (K(OVERFLOW) | K(OVERFLOW_STEP)) /* neither or both */
#define KEYS_SIGNAL (KEYS_BIT | KEYS_NUMBER | KEYS_OVERFLOW | K(ORDER) | K(BIT))
#define KEYS_PLAIN (K(FORM) | K(TABLE) | K(ADDRESS) | K(BASE))
#define KEYS_TIMED (KEYS_PLAIN | K(TIMED_ADDRESS) | K(TICK) | K(RELEASE))
#define KEYS_WATCHDOG (KEYS_PLAIN | K(HEARTBEAT) | K(RELEASE))
#define KEYS_OUTPUT (KEYS_TIMED | KEYS_WATCHDOG)

enum section_kind { SECTION_DEVICE, SECTION_ORDER, SECTION_STATUS, SECTION_SIGNAL, SECTION_OUTPUT };

struct section {
    char name[52];
    uint8_t kind;
    uint8_t index; /* signal or output */
    unsigned line; /* of its first key */
    uint32_t seen;
    unsigned lines[KEY_COUNT];
    char values[KEY_COUNT][VALUE_MAX + 1];
};

struct parser {
    const char *file;
    const char *text;
    size_t length;
    size_t position;
    unsigned line;
    unsigned section_count;
    struct section sections[SECTIONS_MAX];
    struct fg_error failure; /* the first; code FG_OK = none */
};

static const char *const signal_names[FG_SIGNAL_COUNT] = {
    "pressure", "temperature", "flow",           "total",        "inventory",
    "scale",    "valve_open",  "emergency_stop", "start_button", "stop_button",
};
static const char *const output_names[FG_OUTPUT_COUNT] = {"valve", "green", "red"};
static const char *const table_names[] = {"", "coil", "discrete", "holding", "input"};
static const char *const type_names[] = {"", "bit", "u16", "i16", "u32", "i32", "f32", "f64"};
static const char *const order_names[2][4] = {
    {"1-2-3-4", "3-4-1-2", "2-1-4-3", "4-3-2-1"},
    {"1-2-3-4-5-6-7-8", "7-8-5-6-3-4-1-2", "2-1-4-3-6-5-8-7", "8-7-6-5-4-3-2-1"},
};

/* Gauge pressures count from the standard atmosphere: the error is the weather's, about 5 kPa. */
static const struct unit {
    const char *name;
    uint32_t signals; /* bits */
    double factor;
    double offset;
} units[] = {
#define MASSES ((1u << FG_SIGNAL_TOTAL_G) | (1u << FG_SIGNAL_INVENTORY_G) | (1u << FG_SIGNAL_SCALE_G))
    {"kPa", 1u << FG_SIGNAL_PRESSURE_KPA, 1.0, 0.0},
    {"bar", 1u << FG_SIGNAL_PRESSURE_KPA, 100.0, 0.0},
    {"MPa", 1u << FG_SIGNAL_PRESSURE_KPA, 1000.0, 0.0},
    {"kPa_gauge", 1u << FG_SIGNAL_PRESSURE_KPA, 1.0, 101.325},
    {"bar_gauge", 1u << FG_SIGNAL_PRESSURE_KPA, 100.0, 101.325},
    {"MPa_gauge", 1u << FG_SIGNAL_PRESSURE_KPA, 1000.0, 101.325},
    {"degC", 1u << FG_SIGNAL_TEMPERATURE_DC, 10.0, 0.0},
    {"K", 1u << FG_SIGNAL_TEMPERATURE_DC, 10.0, -2731.5},
    {"g/s", 1u << FG_SIGNAL_FLOW_G_MIN, 60.0, 0.0},
    {"g/min", 1u << FG_SIGNAL_FLOW_G_MIN, 1.0, 0.0},
    {"kg/min", 1u << FG_SIGNAL_FLOW_G_MIN, 1000.0, 0.0},
    {"kg/s", 1u << FG_SIGNAL_FLOW_G_MIN, 60000.0, 0.0},
    {"kg/h", 1u << FG_SIGNAL_FLOW_G_MIN, 1000.0 / 60.0, 0.0},
    {"g", MASSES, 1.0, 0.0},
    {"kg", MASSES, 1000.0, 0.0},
    {"t", MASSES, 1000000.0, 0.0},
};

const char *fg_signal_name(enum fg_signal signal)
{
    return (unsigned)signal < FG_SIGNAL_COUNT ? signal_names[signal] : "?";
}

uint16_t fg_signal_span(const struct fg_profile_signal *signal, uint16_t *ret_first)
{
    uint16_t other = signal->has_overflow ? signal->overflow_address : signal->address;
    uint16_t first = other < signal->address ? other : signal->address;
    uint16_t last = other > signal->address ? other : signal->address;

    *ret_first = first;
    return (uint16_t)(last - first + fg_type_words((enum fg_value_type)signal->type));
}

uint8_t fg_type_words(enum fg_value_type type)
{
    switch (type) {
    case FG_TYPE_U32:
    case FG_TYPE_I32:
    case FG_TYPE_F32:
        return 2;
    case FG_TYPE_F64:
        return 4;
    case FG_TYPE_BIT:
    case FG_TYPE_U16:
    case FG_TYPE_I16:
    default:
        return 1;
    }
}

/* ---- first pass: lines into sections ------------------------------------------------------------------ */

static void note_failure(struct parser *parser, enum fg_err code, const char *what, const char *which)
{
    if (parser->failure.code == FG_OK)
        (void)fg_fail(&parser->failure, code, "%s:%u: %s \"%s\"", parser->file, parser->line, what, which);
}

static int index_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static bool classify(struct section *section)
{
    const char *name = section->name;
    int index = 0;

    if (strcmp(name, "device") == 0) {
        section->kind = SECTION_DEVICE;
    } else if (strcmp(name, "order") == 0) {
        section->kind = SECTION_ORDER;
    } else if (strcmp(name, "status") == 0) {
        section->kind = SECTION_STATUS;
    } else if (strncmp(name, "signal ", 7) == 0) {
        section->kind = SECTION_SIGNAL;
        index = index_of(signal_names, FG_SIGNAL_COUNT, name + 7);
    } else if (strncmp(name, "output ", 7) == 0) {
        section->kind = SECTION_OUTPUT;
        index = index_of(output_names, FG_OUTPUT_COUNT, name + 7);
    } else {
        return false;
    }
    section->index = (uint8_t)index;
    return index >= 0;
}

static struct section *find_section(struct parser *parser, const char *name)
{
    struct section *section;

    for (unsigned i = 0; i < parser->section_count; i++) {
        if (strcmp(parser->sections[i].name, name) == 0)
            return &parser->sections[i];
    }
    if (parser->section_count == SECTIONS_MAX)
        return NULL;
    section = &parser->sections[parser->section_count];
    (void)snprintf(section->name, sizeof(section->name), "%s", name);
    if (!classify(section))
        return NULL;
    section->line = parser->line;
    parser->section_count++;
    return section;
}

static int take_line(void *user, const char *section_name, const char *name, const char *value)
{
    static const uint32_t allowed[] = {KEYS_DEVICE, KEYS_ORDER, KEYS_STATUS, KEYS_SIGNAL, KEYS_OUTPUT};
    struct parser *parser = user;
    struct section *section;
    int key;

    if (name == NULL || value == NULL || parser->failure.code != FG_OK)
        return 1;
    section = find_section(parser, section_name);
    key = index_of(key_names, KEY_COUNT, name);
    if (section == NULL)
        note_failure(parser, FG_E_FORMAT, "unknown section", section_name);
    else if (key < 0 || (allowed[section->kind] & (1u << key)) == 0)
        note_failure(parser, FG_E_FORMAT, "unknown key", name);
    else if ((section->seen & (1u << key)) != 0)
        note_failure(parser, FG_E_FORMAT, "given twice:", name);
    else if (value[0] == '\0' || strlen(value) > VALUE_MAX)
        note_failure(parser, FG_E_FORMAT, "empty or too long:", name);
    if (parser->failure.code != FG_OK)
        return 1;
    section->seen |= 1u << key;
    section->lines[key] = parser->line;
    (void)snprintf(section->values[key], sizeof(section->values[key]), "%s", value);
    return 1;
}

/* inih's reader of lines, over memory; counts them, because inih does not tell the handler. */
static char *next_line(char *buffer, int size, void *stream)
{
    struct parser *parser = stream;
    int used = 0;

    if (parser->position >= parser->length)
        return NULL;
    parser->line++;
    while (used < size - 1 && parser->position < parser->length) {
        char byte = parser->text[parser->position++];

        buffer[used++] = byte;
        if (byte == '\n')
            break;
    }
    buffer[used] = '\0';
    return buffer;
}

static enum fg_err check_text(const char *file, const char *text, size_t length, struct fg_error *error)
{
    unsigned line = 1;
    size_t column = 0;

    if (length > FG_PROFILE_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "%s: longer than %d bytes", file, FG_PROFILE_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '\n') {
            line++;
            column = 0;
            continue;
        }
        if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F)
            return fg_fail(error, FG_E_FORMAT, "%s:%u: control character 0x%02X", file, line, byte);
        if (++column > LINE_MAX_BYTES)
            return fg_fail(error, FG_E_SIZE, "%s:%u: line longer than %d bytes", file, line, LINE_MAX_BYTES);
    }
    return FG_OK;
}

/* ---- second pass: sections into the profile ------------------------------------------------------------ */

static enum fg_err refuse(const struct parser *parser, const struct section *section, enum key key,
                          enum fg_err code, const char *why, struct fg_error *error)
{
    return fg_fail(error, code, "%s:%u: [%s] %s = %s: %s", parser->file, section->lines[key], section->name,
                   key_names[key], section->values[key], why);
}

static enum fg_err need(const struct parser *parser, const struct section *section, uint32_t wanted,
                        struct fg_error *error)
{
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        bool given = (section->seen & (1u << key)) != 0;

        if (given == ((wanted & (1u << key)) != 0))
            continue;
        return fg_fail(error, FG_E_FORMAT, "%s:%u: [%s] %s \"%s\"%s", parser->file,
                       given ? section->lines[key] : section->line, section->name,
                       given ? "must not state" : "does not state", key_names[key],
                       given ? " for this type, table or form" : "; nothing is assumed, state it");
    }
    return FG_OK;
}

static enum fg_err take_integer(const struct parser *parser, const struct section *section, enum key key,
                                unsigned long minimum, unsigned long maximum, unsigned long *ret_value,
                                struct fg_error *error)
{
    const char *text = section->values[key];
    char *end = NULL;
    unsigned long value;

    if (text[0] < '0' || text[0] > '9')
        return refuse(parser, section, key, FG_E_FORMAT, "not a number (decimal or 0x...)", error);
    errno = 0;
    value = strtoul(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
    if (errno != 0 || *end != '\0')
        return refuse(parser, section, key, FG_E_FORMAT, "not a number (decimal or 0x...)", error);
    if (value < minimum || value > maximum) {
        char why[64];

        (void)snprintf(why, sizeof(why), "must be %lu to %lu", minimum, maximum);
        return refuse(parser, section, key, FG_E_RANGE, why, error);
    }
    *ret_value = value;
    return FG_OK;
}

static enum fg_err take_number(const struct parser *parser, const struct section *section, enum key key,
                               double *ret_value, struct fg_error *error)
{
    const char *text = section->values[key];
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || fabs(value) > 1e15)
        return refuse(parser, section, key, FG_E_FORMAT, "not a number", error);
    *ret_value = value;
    return FG_OK;
}

static enum fg_err take_name(const struct parser *parser, const struct section *section, enum key key,
                             const char *const *names, size_t count, uint8_t *ret_index,
                             struct fg_error *error)
{
    int index = index_of(names, count, section->values[key]);

    if (index < 0)
        return refuse(parser, section, key, FG_E_FORMAT, "no such word here", error);
    *ret_index = (uint8_t)index;
    return FG_OK;
}

/* An address as the PDU carries it: the base that the source counts from is taken off. */
static enum fg_err take_address(const struct parser *parser, const struct section *section, enum key key,
                                unsigned words, uint16_t *ret_address, struct fg_error *error)
{
    unsigned long base = 0;
    unsigned long address = 0;
    enum fg_err err;

    if ((err = take_integer(parser, section, KEY_BASE, 0, 1, &base, error)) != FG_OK)
        return err;
    if ((err = take_integer(parser, section, key, base, 65536 + base - words, &address, error)) != FG_OK)
        return err;
    *ret_address = (uint16_t)(address - base);
    return FG_OK;
}

static enum fg_err take_faults(const struct parser *parser, const struct section *section,
                               struct fg_profile_signal *signal, struct fg_error *error)
{
    bool is_float = signal->type == FG_TYPE_F32 || signal->type == FG_TYPE_F64;
    unsigned bits = fg_type_words((enum fg_value_type)signal->type) * 16u;
    char text[VALUE_MAX + 1];
    char *rest = NULL;
    bool nan_named = false;

    (void)snprintf(text, sizeof(text), "%s", section->values[KEY_FAULT]);
    if (strcmp(text, "none") == 0 && !is_float)
        return FG_OK;
    for (char *word = strtok_r(text, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
        char *end = NULL;
        unsigned long long pattern;

        if (strcmp(word, "nan") == 0 && is_float) {
            nan_named = true;
            continue;
        }
        errno = 0;
        pattern = strtoull(word, &end, 16);
        if (strncmp(word, "0x", 2) != 0 || word[2] == '\0' || *end != '\0' || errno != 0 ||
            (bits < 64 && pattern >> bits != 0) || signal->fault_count == FG_FAULTS_MAX)
            return refuse(parser, section, KEY_FAULT, FG_E_FORMAT,
                          "give none, nan (floats) or up to 4 raw patterns 0x... that fit the type", error);
        signal->faults[signal->fault_count++] = pattern;
    }
    if (is_float && !nan_named)
        return refuse(parser, section, KEY_FAULT, FG_E_FORMAT, "a float's fault patterns must name nan",
                      error);
    return FG_OK;
}

static enum fg_err take_order(const struct parser *parser, const struct section *section,
                              const struct fg_profile *profile, struct fg_profile_signal *signal,
                              struct fg_error *error)
{
    const char *text = section->values[KEY_ORDER];
    int index;

    if (strncmp(text, "register:", 9) == 0) {
        char told[16];

        (void)snprintf(told, sizeof(told), "%u", profile->order.address);
        if (!profile->order.present || strcmp(text + 9, told) != 0)
            return refuse(parser, section, KEY_ORDER, FG_E_FORMAT,
                          "an [order] section must describe this register (by its PDU address, decimal)",
                          error);
        signal->order = FG_ORDER_ASKED;
        return FG_OK;
    }
    index = index_of(order_names[signal->type == FG_TYPE_F64], 4, text);
    if (index < 0)
        return refuse(parser, section, KEY_ORDER, FG_E_FORMAT,
                      "give 1-2-3-4, 3-4-1-2, 2-1-4-3, 4-3-2-1 (f64: all eight) or register:N", error);
    signal->order = (uint8_t)index;
    return FG_OK;
}

static enum fg_err take_unit(const struct parser *parser, const struct section *section,
                             struct fg_profile_signal *signal, struct fg_error *error)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, section->values[KEY_UNIT]) != 0)
            continue;
        if ((units[i].signals & (1u << section->index)) == 0)
            break;
        signal->factor = units[i].factor;
        signal->offset = units[i].offset;
        return FG_OK;
    }
    return refuse(parser, section, KEY_UNIT, FG_E_FORMAT, "not a unit of this signal", error);
}

static enum fg_err take_overflow(const struct parser *parser, const struct section *section,
                                 struct fg_profile_signal *signal, struct fg_error *error)
{
    unsigned words = fg_type_words((enum fg_value_type)signal->type);
    unsigned apart;
    enum fg_err err;

    if (((1u << section->index) & MASSES) == 0)
        return refuse(parser, section, KEY_OVERFLOW, FG_E_FORMAT, "only a mass is told in two parts", error);
    if ((err = take_address(parser, section, KEY_ADDRESS, words, &signal->address, error)) != FG_OK ||
        (err = take_address(parser, section, KEY_OVERFLOW, words, &signal->overflow_address, error)) !=
            FG_OK ||
        (err = take_number(parser, section, KEY_OVERFLOW_STEP, &signal->overflow_step, error)) != FG_OK)
        return err;
    apart = signal->address > signal->overflow_address ? (unsigned)signal->address - signal->overflow_address
                                                       : (unsigned)signal->overflow_address - signal->address;
    if (apart < words || apart > FG_OVERFLOW_APART_MAX)
        return refuse(parser, section, KEY_OVERFLOW, FG_E_RANGE,
                      "must be beside address and at most 32 registers from it: both are read at once",
                      error);
    if (signal->overflow_step <= 0.0)
        return refuse(parser, section, KEY_OVERFLOW_STEP, FG_E_RANGE, "must be above 0", error);
    signal->has_overflow = true;
    return FG_OK;
}

static enum fg_err interpret_number(const struct parser *parser, const struct section *section,
                                    const struct fg_profile *profile, struct fg_profile_signal *signal,
                                    struct fg_error *error)
{
    bool wide = fg_type_words((enum fg_value_type)signal->type) > 1;
    bool in_two_parts = (section->seen & KEYS_OVERFLOW) != 0;
    enum fg_err err;

    if (signal->table != FG_TABLE_HOLDING && signal->table != FG_TABLE_INPUT)
        return refuse(parser, section, KEY_TABLE, FG_E_FORMAT, "numbers are in holding or input registers",
                      error);
    if ((err = need(parser, section,
                    KEYS_NUMBER | (wide ? K(ORDER) : 0u) | (in_two_parts ? KEYS_OVERFLOW : 0u), error)) !=
            FG_OK ||
        (err = take_number(parser, section, KEY_SCALE, &signal->scale, error)) != FG_OK ||
        (err = take_unit(parser, section, signal, error)) != FG_OK ||
        (err = take_number(parser, section, KEY_MINIMUM, &signal->minimum, error)) != FG_OK ||
        (err = take_number(parser, section, KEY_MAXIMUM, &signal->maximum, error)) != FG_OK ||
        (err = take_faults(parser, section, signal, error)) != FG_OK)
        return err;
    if (signal->scale == 0.0)
        return refuse(parser, section, KEY_SCALE, FG_E_RANGE, "must not be 0", error);
    if (signal->minimum >= signal->maximum)
        return refuse(parser, section, KEY_MINIMUM, FG_E_RANGE, "must be below maximum", error);
    if (in_two_parts && (err = take_overflow(parser, section, signal, error)) != FG_OK)
        return err;
    return wide ? take_order(parser, section, profile, signal, error) : FG_OK;
}

static enum fg_err interpret_bit(const struct parser *parser, const struct section *section,
                                 struct fg_profile_signal *signal, struct fg_error *error)
{
    bool in_register = signal->table == FG_TABLE_HOLDING || signal->table == FG_TABLE_INPUT;
    unsigned long number = 0;
    enum fg_err err;

    if ((err = need(parser, section, KEYS_BIT | (in_register ? K(BIT) : 0u), error)) != FG_OK ||
        (err = take_integer(parser, section, KEY_ACTIVE, 0, 1, &number, error)) != FG_OK)
        return err;
    signal->active = number == 1;
    if (!in_register)
        return FG_OK;
    if ((err = take_integer(parser, section, KEY_BIT, 0, 15, &number, error)) == FG_OK)
        signal->bit = (uint8_t)number;
    return err;
}

static enum fg_err interpret_signal(const struct parser *parser, const struct section *section,
                                    struct fg_profile *profile, struct fg_error *error)
{
    struct fg_profile_signal *signal = &profile->signals[section->index];
    bool is_flag = section->index >= FG_SIGNAL_VALVE_OPEN;
    enum fg_err err;

    if ((section->seen & K(TYPE)) == 0 || (section->seen & K(TABLE)) == 0)
        return need(parser, section, section->seen | K(TYPE) | K(TABLE), error);
    if ((err = take_name(parser, section, KEY_TABLE, table_names, 5, &signal->table, error)) != FG_OK ||
        (err = take_name(parser, section, KEY_TYPE, type_names, 8, &signal->type, error)) != FG_OK)
        return err;
    if ((signal->type == FG_TYPE_BIT) != is_flag)
        return refuse(parser, section, KEY_TYPE, FG_E_FORMAT,
                      is_flag ? "this signal is a bit" : "this signal is a number", error);
    err = is_flag ? interpret_bit(parser, section, signal, error)
                  : interpret_number(parser, section, profile, signal, error);
    if (err != FG_OK ||
        (err = take_address(parser, section, KEY_ADDRESS, fg_type_words((enum fg_value_type)signal->type),
                            &signal->address, error)) != FG_OK)
        return err;
    signal->present = true;
    return FG_OK;
}

static enum fg_err interpret_output(const struct parser *parser, const struct section *section,
                                    struct fg_profile *profile, struct fg_error *error)
{
    static const char *const forms[] = {"", "plain", "timed", "watchdog"};
    static const uint32_t wanted[] = {0, KEYS_PLAIN, KEYS_TIMED, KEYS_WATCHDOG};
    struct fg_profile_output *output = &profile->outputs[section->index];
    unsigned long number = 0;
    uint8_t form = 0;
    enum fg_err err;

    if ((section->seen & K(FORM)) == 0)
        return need(parser, section, section->seen | K(FORM), error);
    if ((err = take_name(parser, section, KEY_FORM, forms, 4, &form, error)) != FG_OK)
        return err;
    if ((section->index == FG_OUTPUT_VALVE) == (form == FG_FORM_PLAIN))
        return refuse(parser, section, KEY_FORM, FG_E_FORMAT,
                      "a valve needs timed or watchdog (it must fall shut by itself), a lamp plain", error);
    if ((err = need(parser, section, wanted[form], error)) != FG_OK)
        return err;
    if (strcmp(section->values[KEY_TABLE], "coil") != 0)
        return refuse(parser, section, KEY_TABLE, FG_E_FORMAT, "outputs are coils", error);
    if ((err = take_address(parser, section, KEY_ADDRESS, 1, &output->address, error)) != FG_OK)
        return err;
    if (form == FG_FORM_TIMED &&
        ((err = take_address(parser, section, KEY_TIMED_ADDRESS, 1, &output->timed_address, error)) !=
             FG_OK ||
         (err = take_integer(parser, section, KEY_TICK, 1, 1000, &number, error)) != FG_OK))
        return err;
    output->tick_ms = (uint32_t)number;
    if (form == FG_FORM_WATCHDOG &&
        (err = take_address(parser, section, KEY_HEARTBEAT, 1, &output->heartbeat, error)) != FG_OK)
        return err;
    /* 400 ms at most, so that with the last refresh still on its way the valve is shut within 500 ms. */
    if (form != FG_FORM_PLAIN &&
        (err = take_integer(parser, section, KEY_RELEASE, 60, 400, &number, error)) != FG_OK)
        return err;
    output->release_ms = (uint32_t)number;
    if (form == FG_FORM_TIMED && output->release_ms % output->tick_ms != 0)
        return refuse(parser, section, KEY_RELEASE, FG_E_RANGE, "must be a multiple of tick_ms", error);
    output->form = form;
    return FG_OK;
}

static enum fg_err take_register(const struct parser *parser, const struct section *section,
                                 uint8_t *ret_table, uint16_t *ret_address, struct fg_error *error)
{
    enum fg_err err;

    if ((err = take_name(parser, section, KEY_TABLE, table_names, 5, ret_table, error)) != FG_OK)
        return err;
    if (*ret_table != FG_TABLE_HOLDING && *ret_table != FG_TABLE_INPUT)
        return refuse(parser, section, KEY_TABLE, FG_E_FORMAT, "must be holding or input", error);
    return take_address(parser, section, KEY_ADDRESS, 1, ret_address, error);
}

static enum fg_err interpret_order(const struct parser *parser, const struct section *section,
                                   struct fg_profile *profile, struct fg_error *error)
{
    struct fg_profile_order *order = &profile->order;
    char text[VALUE_MAX + 1];
    char *rest = NULL;
    enum fg_err err;

    if ((err = need(parser, section, KEYS_ORDER, error)) != FG_OK ||
        (err = take_register(parser, section, &order->table, &order->address, error)) != FG_OK)
        return err;
    (void)snprintf(text, sizeof(text), "%s", section->values[KEY_MAP]);
    for (char *word = strtok_r(text, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest)) {
        char *end = NULL;
        unsigned long value = strtoul(word, &end, 10);
        int index = *end == '=' ? index_of(order_names[0], 4, end + 1) : -1;

        if (word[0] < '0' || word[0] > '9' || value > 65535 || index < 0 || order->count == 4)
            return refuse(parser, section, KEY_MAP, FG_E_FORMAT,
                          "give up to four VALUE=ORDER, like 0=1-2-3-4,1=3-4-1-2", error);
        order->values[order->count] = (uint16_t)value;
        order->orders[order->count++] = (uint8_t)index;
    }
    if (order->count == 0)
        return refuse(parser, section, KEY_MAP, FG_E_FORMAT, "maps nothing", error);
    order->present = true;
    return FG_OK;
}

static enum fg_err interpret_status(const struct parser *parser, const struct section *section,
                                    struct fg_profile *profile, struct fg_error *error)
{
    struct fg_profile_status *status = &profile->status;
    unsigned long mask = 0;
    unsigned long good = 0;
    enum fg_err err;

    if ((err = need(parser, section, KEYS_STATUS, error)) != FG_OK ||
        (err = take_register(parser, section, &status->table, &status->address, error)) != FG_OK ||
        (err = take_integer(parser, section, KEY_MASK, 1, 65535, &mask, error)) != FG_OK ||
        (err = take_integer(parser, section, KEY_GOOD, 0, 65535, &good, error)) != FG_OK)
        return err;
    if ((good & ~mask) != 0)
        return refuse(parser, section, KEY_GOOD, FG_E_RANGE, "has bits outside mask", error);
    status->mask = (uint16_t)mask;
    status->good = (uint16_t)good;
    status->present = true;
    return FG_OK;
}

static enum fg_err interpret_device(const struct parser *parser, const struct section *section,
                                    struct fg_profile *profile, struct fg_error *error)
{
    unsigned long gap = 0;
    unsigned long silence = 0;
    enum fg_err err;

    if ((err = need(parser, section, KEYS_DEVICE, error)) != FG_OK ||
        (err = take_integer(parser, section, KEY_BLOCK_GAP, 0, 32, &gap, error)) != FG_OK ||
        (err = take_integer(parser, section, KEY_SILENCE, 0, 20, &silence, error)) != FG_OK)
        return err;
    if (strlen(section->values[KEY_NAME]) > FG_PROFILE_NAME_MAX)
        return refuse(parser, section, KEY_NAME, FG_E_SIZE, "longer than 63 bytes", error);
    (void)snprintf(profile->name, sizeof(profile->name), "%.63s", section->values[KEY_NAME]);
    profile->block_gap = (uint8_t)gap;
    profile->silence_ms = (uint8_t)silence;
    return FG_OK;
}

static enum fg_err interpret(const struct parser *parser, struct fg_profile *profile, struct fg_error *error)
{
    static enum fg_err (*const by_kind[])(const struct parser *, const struct section *, struct fg_profile *,
                                          struct fg_error *) = {
        interpret_device, interpret_order, interpret_status, interpret_signal, interpret_output,
    };
    bool found[5] = {false};

    /* By kind, so that [order] is known when a signal refers to it, wherever it stands in the file. */
    for (unsigned kind = 0; kind < 5; kind++) {
        for (unsigned i = 0; i < parser->section_count; i++) {
            const struct section *section = &parser->sections[i];
            enum fg_err err;

            if (section->kind != kind)
                continue;
            found[kind] = true;
            if ((err = by_kind[kind](parser, section, profile, error)) != FG_OK)
                return err;
        }
    }
    if (!found[SECTION_DEVICE])
        return fg_fail(error, FG_E_FORMAT, "%s: no [device] section (name, source, block_gap, silence_ms)",
                       parser->file);
    if (!found[SECTION_SIGNAL] && !found[SECTION_OUTPUT])
        return fg_fail(error, FG_E_FORMAT, "%s: neither a signal nor an output is described", parser->file);
    return FG_OK;
}

enum fg_err fg_profile_parse(const char *file, const char *text, size_t length,
                             struct fg_profile *ret_profile, struct fg_error *error)
{
    struct fg_profile profile = {0};
    struct parser *parser;
    enum fg_err err;
    int bad_line;

    if ((err = check_text(file, text, length, error)) != FG_OK)
        return err;
    parser = calloc(1, sizeof(*parser));
    if (parser == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory", file);
    parser->file = file;
    parser->text = text;
    parser->length = length;
    bad_line = ini_parse_stream(next_line, parser, take_line, parser);
    if (parser->failure.code != FG_OK)
        err = fg_fail(error, parser->failure.code, "%s", parser->failure.text);
    else if (bad_line != 0)
        err = fg_fail(error, FG_E_FORMAT, "%s:%d: neither [section] nor key = value", file, bad_line);
    else
        err = interpret(parser, &profile, error);
    if (err == FG_OK)
        *ret_profile = profile;
    free(parser);
    return err;
}

enum fg_err fg_profile_load(const char *path, struct fg_profile *ret_profile, struct fg_error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum fg_err err = fg_file_read_text(path, 0, FG_PROFILE_BYTES_MAX, &text, &length, error);

    if (err != FG_OK)
        return fg_fail_in(error, err, "device profile ");
    err = fg_profile_parse(path, text, length, ret_profile, error);
    free(text);
    return err;
}
