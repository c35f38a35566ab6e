/* One entry of the history as bytes of an exported file: a line of CSV (RFC 4180) or of JSON.
 *
 * The columns are those of an entry in the API (web/openapi.json, Entry), in its order, and the chain's hash.
 * CSV begins with a byte order mark, without which spreadsheets take UTF-8 for something else, and a line of
 * names; it has the time in words (UTC) beside wall_ms, and marks separated by spaces. Devices and people
 * fill the texts, so CSV puts an apostrophe before each that a spreadsheet could take for a formula; JSON
 * needs none. Not: which entries (history.h), streaming (export_stream.h). Pure; any thread. */
#ifndef FG_HOST_BUREAU_EXPORT_EXPORT_FORMAT_H
#define FG_HOST_BUREAU_EXPORT_EXPORT_FORMAT_H

#include "host/bureau/history/history.h"

enum fg_export_format { FG_EXPORT_CSV, FG_EXPORT_JSONL, FG_EXPORT_FORMAT_COUNT };

#define FG_EXPORT_RECORD_BYTES 2048 /* more than any record can be long */

/* "csv" or "jsonl"; the other way -1 for anything else. */
const char *fg_export_format_name(enum fg_export_format format);
int fg_export_format_by_name(const char *name);

/* What stands before the first record; returns its bytes, 0 for JSON lines. */
size_t fg_export_head(enum fg_export_format format, char to[FG_EXPORT_RECORD_BYTES]);
/* One record with its end of line; returns its bytes. Each byte of a text that is no UTF-8 becomes '?'. */
size_t fg_export_record(enum fg_export_format format, const struct fg_history_row *row,
                        char to[FG_EXPORT_RECORD_BYTES]);

/* A text as a cell of CSV: with an apostrophe before it when it begins (after spaces) with = + - @ ' or a
 * control character, or with one of the first four in full width; in quotes when RFC 4180 demands it. Taking
 * one leading apostrophe off such a cell gives the text back. Returns the bytes written, at most 2 * strlen +
 * 3, without NUL. */
size_t fg_export_cell(const char *text, char *to);

#endif
