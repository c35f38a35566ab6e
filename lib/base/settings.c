/* Implementation of settings by a table (settings.h), on inih. */
#include "lib/base/settings.h"
#include "lib/base/ini_line.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"

#define WHY_BYTES 256
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* One reading of one text. The first error found is kept; later lines are then skipped. */
struct parse {
    struct fg_ini_lines lines;
    const struct fg_setting *table;
    size_t count;
    uint64_t seen; /* bit n: key n of the table */
    char *base;
    enum fg_err code;
    struct fg_error *error;
};

/* ---- values: on failure ret_why is a sentence for the person who wrote it ---- */

static enum fg_err name_store(const char *value, char *to, char ret_why[WHY_BYTES])
{
    size_t length = strlen(value);

    (void)snprintf(ret_why, WHY_BYTES, "must be 1 to %d letters, digits, '.', '_' or '-'", FG_NAME_MAX);
    if (length == 0 || length > FG_NAME_MAX || strspn(value, NAME_CHARACTERS) != length)
        return FG_E_RANGE;
    memcpy(to, value, length + 1);
    return FG_OK;
}

/* A relative path counts from the directory of the settings file. */
static enum fg_err path_store(const struct parse *parse, const char *value, char *to, char ret_why[WHY_BYTES])
{
    const char *slash = strrchr(parse->lines.path, '/');
    int directory = slash == NULL || value[0] == '/' ? 0 : (int)(slash - parse->lines.path) + 1;
    char whole[FG_SETTING_PATH_MAX + 1];
    int length = snprintf(whole, sizeof(whole), "%.*s%s", directory, parse->lines.path, value);

    (void)snprintf(ret_why, WHY_BYTES, "must be a path of 1 to %d bytes", FG_SETTING_PATH_MAX);
    if (value[0] == '\0' || length < 0 || length > FG_SETTING_PATH_MAX)
        return FG_E_RANGE;
    memcpy(to, whole, (size_t)length + 1);
    return FG_OK;
}

static enum fg_err text_store(const char *value, char *to, char ret_why[WHY_BYTES])
{
    size_t length = strlen(value);

    (void)snprintf(ret_why, WHY_BYTES, "must have 1 to %d bytes", FG_SETTING_PATH_MAX);
    if (length == 0 || length > FG_SETTING_PATH_MAX)
        return FG_E_RANGE;
    memcpy(to, value, length + 1);
    return FG_OK;
}

static enum fg_err number_store(const struct fg_setting *setting, const char *value, void *to,
                                char ret_why[WHY_BYTES])
{
    unsigned long long number;
    char *end = NULL;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    (void)snprintf(ret_why, WHY_BYTES, "must be a whole number from %llu to %llu",
                   (unsigned long long)setting->least, (unsigned long long)setting->most);
    errno = 0;
    number = strtoull(value, &end, 10);
    if (errno != 0 || value[0] < '0' || value[0] > '9' || *end != '\0' || number < setting->least ||
        number > setting->most)
        return FG_E_RANGE;
    u16 = (uint16_t)number;
    u32 = (uint32_t)number;
    u64 = number;
    if (setting->type == FG_SETTING_U16)
        memcpy(to, &u16, sizeof(u16));
    else if (setting->type == FG_SETTING_U32)
        memcpy(to, &u32, sizeof(u32));
    else
        memcpy(to, &u64, sizeof(u64));
    return FG_OK;
}

static enum fg_err choice_store(const struct fg_setting_choice *choices, const char *value, char *to,
                                char ret_why[WHY_BYTES])
{
    size_t used = (size_t)snprintf(ret_why, WHY_BYTES, "must be");

    for (const struct fg_setting_choice *choice = choices; choice->text != NULL; choice++) {
        if (strcmp(choice->text, value) == 0) {
            *to = (char)choice->value;
            return FG_OK;
        }
        if (used < WHY_BYTES)
            used += (size_t)snprintf(ret_why + used, WHY_BYTES - used, "%s %s",
                                     choice == choices ? "" : " or", choice->text);
    }
    return FG_E_RANGE;
}

static enum fg_err value_store(const struct parse *parse, const struct fg_setting *setting, const char *value,
                               char ret_why[WHY_BYTES])
{
    static const struct fg_setting_choice yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
    char *to = parse->base + setting->offset;

    switch (setting->type) {
    case FG_SETTING_NAME:
        return name_store(value, to, ret_why);
    case FG_SETTING_PATH:
        return path_store(parse, value, to, ret_why);
    case FG_SETTING_TEXT:
        return text_store(value, to, ret_why);
    case FG_SETTING_BOOL:
        return choice_store(yes_no, value, to, ret_why);
    case FG_SETTING_CHOICE:
        return choice_store(setting->choices, value, to, ret_why);
    case FG_SETTING_U16:
    case FG_SETTING_U32:
    case FG_SETTING_U64:
        break;
    }
    return number_store(setting, value, to, ret_why);
}

/* ---- lines ---- */

static enum fg_err refuse(struct parse *parse, enum fg_err code, const char *section, const char *name,
                          const char *why)
{
    return fg_fail(parse->error, code, "%s:%d: [%s] %s: %s", parse->lines.path, parse->lines.line, section,
                   name, why);
}

static enum fg_err key_take(struct parse *parse, const char *section, const char *name, const char *value)
{
    char why[WHY_BYTES];
    enum fg_err code;
    size_t i = 0;

    while (i < parse->count &&
           (strcmp(parse->table[i].name, name) != 0 || strcmp(parse->table[i].section, section) != 0))
        i++;
    if (i == parse->count)
        return refuse(parse, FG_E_FORMAT, section, name, "unknown key or section");
    if ((parse->seen & (UINT64_C(1) << i)) != 0)
        return refuse(parse, FG_E_FORMAT, section, name,
                      "given twice (a line that begins with a blank counts)");
    parse->seen |= UINT64_C(1) << i;
    code = value_store(parse, &parse->table[i], value, why);
    return code == FG_OK ? FG_OK : refuse(parse, code, section, name, why);
}

/* inih's handler; 0 tells inih that the line is wrong. */
static int line_take(void *context, const char *section, const char *name, const char *value)
{
    struct parse *parse = context;

    if (parse->code == FG_OK)
        parse->code = key_take(parse, section, name, value);
    return parse->code == FG_OK;
}

/* inih's reader, as fgets. */
static char *line_give(char *buffer, int capacity, void *stream)
{
    struct parse *parse = stream;

    return parse->code != FG_OK ? NULL
                                : fg_ini_line(&parse->lines, buffer, capacity, &parse->code, parse->error);
}

static enum fg_err missing_check(struct parse *parse)
{
    for (size_t i = 0; i < parse->count; i++) {
        if ((parse->seen & (UINT64_C(1) << i)) == 0 && !parse->table[i].optional)
            return fg_fail(parse->error, FG_E_NOT_FOUND, "%s:%d: [%s] %s is missing", parse->lines.path,
                           parse->lines.line, parse->table[i].section, parse->table[i].name);
    }
    return FG_OK;
}

enum fg_err fg_settings_parse(const char *text, size_t length, const char *path,
                              const struct fg_setting *table, size_t count, void *ret_struct,
                              size_t struct_size, struct fg_error *error)
{
    struct parse parse = {.lines = {.path = path, .next = text, .end = text + length},
                          .table = table,
                          .count = count,
                          .error = error};
    int bad_line;

    if (count > FG_SETTINGS_KEYS_MAX)
        return fg_fail(error, FG_E_ARG, "settings: a table of more than %d keys", FG_SETTINGS_KEYS_MAX);
    if (length > FG_SETTINGS_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "%s: longer than %d bytes", path, FG_SETTINGS_BYTES_MAX);
    if (length > 0 && memchr(text, '\0', length) != NULL)
        return fg_fail(error, FG_E_FORMAT, "%s: not a text file (it has a zero byte)", path);
    parse.base = malloc(struct_size);
    if (parse.base == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory", path);
    memcpy(parse.base, ret_struct, struct_size);
    bad_line = ini_parse_stream(line_give, &parse, line_take, &parse);
    if (parse.code == FG_OK && bad_line != 0)
        parse.code =
            fg_fail(error, FG_E_FORMAT, "%s:%d: neither \"[section]\" nor \"key = value\"", path, bad_line);
    if (parse.code == FG_OK)
        parse.code = missing_check(&parse);
    if (parse.code == FG_OK)
        memcpy(ret_struct, parse.base, struct_size);
    free(parse.base);
    return parse.code;
}

enum fg_err fg_settings_read(const char *path, const struct fg_setting *table, size_t count, void *ret_struct,
                             size_t struct_size, struct fg_error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum fg_err result = fg_file_read_text(path, 0, FG_SETTINGS_BYTES_MAX, &text, &length, error);

    if (result == FG_OK)
        result = fg_settings_parse(text, length, path, table, count, ret_struct, struct_size, error);
    free(text);
    return result;
}
