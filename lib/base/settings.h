/* Settings from an INI file by a table of keys: the one way in which link, station and bureau read theirs.
 *
 * An unknown or repeated key or section, a missing key that is not optional, or a bad value stops the reading
 * with "path:line: reason". Relative paths count from the directory of the file. Not: fillgated's
 * configuration with its named sections (firmware/config). Relies on: inih. No global state. */
#ifndef FG_LIB_BASE_SETTINGS_H
#define FG_LIB_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/name.h"

#define FG_SETTINGS_BYTES_MAX 65536
#define FG_SETTINGS_KEYS_MAX 64
#define FG_SETTING_PATH_MAX 255 /* characters of a path or URL; members are char[FG_SETTING_PATH_MAX + 1] */

enum fg_setting_type {
    FG_SETTING_NAME, /* char[FG_NAME_MAX + 1]: letters, digits, '.', '_', '-' */
    FG_SETTING_PATH, /* char[FG_SETTING_PATH_MAX + 1], made absolute or relative to the caller */
    FG_SETTING_TEXT, /* char[FG_SETTING_PATH_MAX + 1], as it stands */
    FG_SETTING_U16,
    FG_SETTING_U32,
    FG_SETTING_U64,
    FG_SETTING_BOOL,  /* yes or no */
    FG_SETTING_CHOICE /* uint8_t */
};

struct fg_setting_choice {
    const char *text; /* NULL ends */
    uint8_t value;
};

struct fg_setting {
    const char *section;
    const char *name;
    enum fg_setting_type type;
    size_t offset; /* in the caller's struct */
    uint64_t least;
    uint64_t most;
    const struct fg_setting_choice *choices;
    bool optional; /* when missing, the member keeps what the caller put there */
};

/* FG_E_IO, FG_E_SIZE, FG_E_FORMAT, FG_E_NOT_FOUND (missing key), FG_E_RANGE. *ret_struct is changed only on
 * success. */
enum fg_err fg_settings_read(const char *path, const struct fg_setting *table, size_t count, void *ret_struct,
                             size_t struct_size, struct fg_error *error);
enum fg_err fg_settings_parse(const char *text, size_t length, const char *path,
                              const struct fg_setting *table, size_t count, void *ret_struct,
                              size_t struct_size, struct fg_error *error);

#endif
