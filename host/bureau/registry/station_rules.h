/* The station rules as the bureau's clerks write them: an INI file, documented by boards/sim/rules.ini.
 *
 * Keys stand in the section [rules] and are named as the fields of struct fg_station_rules; operator stands
 * once for each of them (operator_line.h). Whatever is
 * unknown, given twice or wrong stops the reading with file and line. Not: deciding by them (firmware/core).
 * Relies on: inih. One thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_STATION_RULES_H
#define FG_HOST_BUREAU_REGISTRY_STATION_RULES_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* FG_E_IO, FG_E_FORMAT (unknown key, section, or not a value of its kind), FG_E_RANGE, FG_E_SIZE. station and
 * media must be given; everything else is 0 or empty when it is not. At most 64 KiB are read. */
enum fg_err fg_rules_read(const char *path, struct fg_station_rules *ret_rules, struct fg_error *error);

/* The same for length bytes of text; name stands in messages. */
enum fg_err fg_rules_parse(const char *name, const char *text, size_t length,
                           struct fg_station_rules *ret_rules, struct fg_error *error);

#endif
