/* Values as clerks write them, in CSV and INI: dates, whole numbers, words of a fixed set.
 *
 * Not: where they stand (csv.h, station_rules.h). Pure functions; any thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_VALUES_H
#define FG_HOST_BUREAU_REGISTRY_VALUES_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* YYYY-MM-DD of the Gregorian calendar, 1970 to 9999, as days since 1970-01-01; "" gives 0. */
bool fg_value_day(const char *text, int32_t *ret_day);

/* The same the other way: "2026-11-23", and "" for 0 or a day outside of those years. */
void fg_value_day_text(int32_t day, char ret_text[16]);

/* Decimal digits only, at most most; "" gives 0. */
bool fg_value_number(const char *text, uint32_t most, uint32_t *ret_number);

/* The place of text in words, which ends with NULL; -1 when it is not there. */
int fg_value_word(const char *text, const char *const *words);

/* Bytes of the well-formed UTF-8 character (RFC 3629) at text, control characters too; 0: there is none.
 * Reads no further than a NUL. */
size_t fg_value_character(const char *text);

/* Well-formed UTF-8 without control characters. */
bool fg_value_text(const char *text);
/* The same, with line breaks and tabs. */
bool fg_value_lines(const char *text);

#endif
