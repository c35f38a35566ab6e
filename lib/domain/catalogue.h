/* The one catalogue of texts that people see, in English and Chinese.
 *
 * Each text stands once, in the .def files of catalogue/. Not: log lines for engineers and error texts
 * (English only, err.h). Relies on: types.h. */
#ifndef FG_LIB_DOMAIN_CATALOGUE_H
#define FG_LIB_DOMAIN_CATALOGUE_H

#include <stddef.h>

#include "lib/domain/types.h"

enum fg_language { FG_LANGUAGE_ENGLISH = 0, FG_LANGUAGE_CHINESE, FG_LANGUAGE_COUNT };

enum fg_text_id {
#define FG_TEXT(name, english, chinese) FG_TEXT_##name,
#include "lib/domain/texts.def"
#undef FG_TEXT
    FG_TEXT_ID_COUNT
};

/* Chinese when value (of LC_ALL, LC_MESSAGES or LANG) begins with "zh", else English. value may be NULL. */
enum fg_language fg_language_of(const char *value);

/* The same from the environment, in the order LC_ALL, LC_MESSAGES, LANG. */
enum fg_language fg_language_from_environment(void);

/* Texts; never NULL. An unknown number gives "?". */
const char *fg_text(enum fg_language language, enum fg_text_id id);
const char *fg_reason_text(enum fg_language language, enum fg_reason reason);
const char *fg_stop_text(enum fg_language language, enum fg_stop stop);
const char *fg_event_text(enum fg_language language, enum fg_event_kind event);
const char *fg_entry_kind_text(enum fg_language language, enum fg_entry_kind kind);

/* Stable English names as in the .def files ("INSPECTION_OVERDUE"), for JSON and filters. */
const char *fg_reason_name(enum fg_reason reason);
const char *fg_stop_name(enum fg_stop stop);
const char *fg_event_name(enum fg_event_kind event);
const char *fg_entry_kind_name(enum fg_entry_kind kind);

/* What an attendant does about this reason; never NULL, "?" for an unknown one. */
const char *fg_advice_text(enum fg_language language, enum fg_reason reason);

/* Whole tables, for who hands all texts on (the panel). */
enum fg_text_table {
    FG_TABLE_PANEL = 0, /* the operator's panel, panel.def */
    FG_TABLE_REASON,
    FG_TABLE_ADVICE, /* by the reasons' names */
    FG_TABLE_STOP,
    FG_TABLE_EVENT,
    FG_TABLE_COUNT
};

/* Stable name of a table in lower case ("panel"); "?" for an unknown one. */
const char *fg_table_name(enum fg_text_table table);

/* The stable name of the text at index, and the text; both stay for ever. False: index is behind the last
 * one, or table or language is unknown; then nothing is set. */
bool fg_table_text(enum fg_text_table table, size_t index, enum fg_language language, const char **ret_name,
                   const char **ret_text);

/* The reason, event or kind with this name, or 0. */
enum fg_reason fg_reason_by_name(const char *name);
enum fg_entry_kind fg_entry_kind_by_name(const char *name);

/* Must this be reported to the bureau at once? */
bool fg_reason_is_grave(enum fg_reason reason);
bool fg_event_is_grave(enum fg_event_kind event);

#endif
