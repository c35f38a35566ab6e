/* What programs say in English about one case, said in Chinese: details of alarms, reasons of refusals,
 * faults of an import.
 *
 * Such texts are made in English by printf formats deep below the pages, are kept in tables and logs, and are
 * compared there; so they are turned into Chinese where they are shown, by the patterns of phrases.def. Not:
 * texts that are shown by name (catalogue.h). Relies on: types.h. Any thread. */
#ifndef FG_LIB_DOMAIN_PHRASE_H
#define FG_LIB_DOMAIN_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes english in Chinese, cut between characters when size (at least 1) bytes are too few. False: no
 * pattern fits it; then ret_chinese is "". */
bool fg_phrase_chinese(const char *english, char *ret_chinese, size_t size);

#endif
