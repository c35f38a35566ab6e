/* The history as a stream of bytes: what a filter finds, oldest first, read page by page, so that memory
 * stays the same however much there is.
 *
 * A page takes a database object and gives it back before its bytes are handed on: whoever takes the bytes
 * slowly holds up nobody. Entries that come in meanwhile are in the stream when they belong behind the place
 * reached. Not: who may, how the bytes travel (exports.c), the summary's text (export_summary.h). Relies
 * on: history.h, sql_pool.h. One thread at a time. */
#ifndef FG_HOST_BUREAU_EXPORT_EXPORT_STREAM_H
#define FG_HOST_BUREAU_EXPORT_EXPORT_STREAM_H

#include "host/bureau/export/export_summary.h"
#include "host/sql/sql_pool.h"

struct fg_export;

/* filter's order does not count. pool outlives the export. */
enum fg_err fg_export_new(struct fg_sql_pool *pool, const struct fg_history_filter *filter,
                          enum fg_export_format format, struct fg_export **ret_export,
                          struct fg_error *error);
void fg_export_free(struct fg_export *export); /* may be NULL */

/* The next bytes, at most capacity (1 or more); *ret_length 0: that was all. FG_E_BUSY: nothing just now, all
 * database objects are taken. After another error the stream cannot go on. */
enum fg_err fg_export_read(struct fg_export *export, uint8_t *buffer, size_t capacity, size_t *ret_length,
                           struct fg_error *error);

uint64_t fg_export_records(const struct fg_export *export);
uint64_t fg_export_bytes(const struct fg_export *export);
/* format, filter, records, bytes, sha256, first and last of what was read, which must be all; the rest is the
 * caller's. Once. */
void fg_export_tell(struct fg_export *export, struct fg_export_summary *summary);

#endif
