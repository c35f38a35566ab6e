/* The configuration of one controller: an INI file, read once at start.
 *
 * Every key must be there, none may be there twice, and an unknown key, section or bad value stops the start
 * with file, line and reason; boards/sim/fillgated.ini explains every key. So do two values of which the one
 * makes the other senseless. Relative paths count from the
 * directory of the configuration file. Not: the station rules, which come signed with the list. Relies on:
 * inih; core/fill.h, core/presence.h and plant/plant.h for the settings' shapes. */
#ifndef FG_FIRMWARE_CONFIG_CONFIG_H
#define FG_FIRMWARE_CONFIG_CONFIG_H

#include "firmware/core/fill.h"
#include "firmware/core/presence.h"
#include "firmware/plant/plant.h"
#include "lib/base/err.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/types.h"

#define FG_CONFIG_BYTES_MAX 65536
#define FG_CONFIG_LIST_KEYS_MAX 4

struct fg_config {
    /* [point] */
    char point[FG_NAME_MAX + 1];
    char controller[FG_NAME_MAX + 1];
    uint8_t medium; /* enum fg_medium */
    uint32_t fill_pressure_kpa;
    uint32_t operator_idle_max_ms; /* 0 = never signed out for idleness */
    enum fg_language language;     /* of the texts that the log and answers quote from the catalogue */

    /* [files]; absolute, or relative to the working directory of the caller */
    char list_path[FG_PATH_MAX + 1];
    char journal_path[FG_PATH_MAX + 1];
    char device_key_path[FG_PATH_MAX + 1];
    uint8_t list_key_count;
    char list_key_paths[FG_CONFIG_LIST_KEYS_MAX][FG_PATH_MAX + 1];
    char keyring_path[FG_PATH_MAX + 1];     /* the key rings that were taken; made when the first comes */
    char receipt_key_path[FG_PATH_MAX + 1]; /* of the bureau; the file may come later than the start */
    char control_socket_path[FG_PATH_MAX + 1];

    /* [list]: what the manifest must name */
    char list_id[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];

    /* [reader]; program without a slash: looked for beside fillgated itself */
    char reader_program[FG_PATH_MAX + 1];
    char reader_connection[FG_PATH_MAX + 1];
    uint8_t reader_confine_must; /* 1: a kernel that cannot confine the reader is a fault of the reader */
    uint32_t reader_poll_ms;
    uint32_t reader_step_max_ms;
    uint32_t reader_silence_max_ms;
    struct fg_presence_settings presence;

    /* [journal] */
    uint64_t journal_bytes_max;
    uint8_t journal_warn_percent;
    uint32_t journal_stop_reserve_entries;
    uint8_t journal_fill_reserve_percent;
    uint32_t journal_retention_days;

    /* [plant], [bus NAME], [device NAME] */
    struct fg_plant_settings plant;

    /* [fill]; gas is in [point], reading_age_max_ms in [plant] */
    struct fg_fill_settings fill;
};

/* Reads the file at path, at most FG_CONFIG_BYTES_MAX bytes. Errors: FG_E_IO (cannot be read), FG_E_SIZE,
 * FG_E_FORMAT (syntax, unknown or repeated key or section), FG_E_NOT_FOUND (missing key), FG_E_RANGE (bad
 * value); the text begins with "path:line: ". */
enum fg_err fg_config_read(const char *path, struct fg_config *ret_config, struct fg_error *error);

/* The same from memory. path is what messages name and what relative paths count from. */
enum fg_err fg_config_parse(const char *text, size_t length, const char *path, struct fg_config *ret_config,
                            struct fg_error *error);

#endif
