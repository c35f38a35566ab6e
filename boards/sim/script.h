/* The simulator's command language: one line is a verb, words and key=value words; # begins a comment.
 *
 * Parses and checks the shape of a line. Not: doing it (sim.h). Relies on: lib/base/err.h. Pure functions. */
#ifndef FG_BOARDS_SIM_SCRIPT_H
#define FG_BOARDS_SIM_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

#define FG_SCRIPT_LINE_MAX 4000 /* a tag's memory in hex fits */
#define FG_SCRIPT_WORDS_MAX 16

struct fg_script_line {
    unsigned count; /* of words; 0 = blank or comment */
    char words[FG_SCRIPT_WORDS_MAX][FG_SCRIPT_LINE_MAX + 1];
};

/* Parses length bytes without the line end. FG_E_FORMAT: a control character, an unknown verb, or too few or
 * too many words for the verb (the text shows its use). FG_E_SIZE: line too long or too many words. */
enum fg_err fg_script_parse(const char *bytes, size_t length, struct fg_script_line *ret_line,
                            struct fg_error *error);

/* The value of the word key=value, or NULL. */
const char *fg_script_value(const struct fg_script_line *line, const char *key);

/* A whole decimal number in min to max; what names it in the error. */
enum fg_err fg_script_number(const char *text, const char *what, int64_t min, int64_t max,
                             int64_t *ret_number, struct fg_error *error);

/* key=value as a number; fallback when the key is missing. */
enum fg_err fg_script_number_of(const struct fg_script_line *line, const char *key, int64_t min, int64_t max,
                                int64_t fallback, int64_t *ret_number, struct fg_error *error);

/* Hex digits in pairs, at most capacity bytes. */
enum fg_err fg_script_hex(const char *text, const char *what, uint8_t *ret_bytes, size_t capacity,
                          size_t *ret_count, struct fg_error *error);

/* All verbs and their use, one per line. */
const char *fg_script_help(void);

#endif
