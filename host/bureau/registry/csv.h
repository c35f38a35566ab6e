/* Reading comma-separated values (RFC 4180) line by line, with the place of every fault.
 *
 * Fields may be quoted, a quote inside is doubled; a record is one line. A byte order mark and CR LF are
 * passed over. Not: what the columns mean (list_build.c). Relies on: the C library. One thread. */
#ifndef FG_HOST_BUREAU_REGISTRY_CSV_H
#define FG_HOST_BUREAU_REGISTRY_CSV_H

#include <stdio.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_CSV_LINE_MAX 4096
#define FG_CSV_FIELDS_MAX 64

struct fg_csv {
    FILE *stream;  /* the caller's */
    uint64_t line; /* of the record in fields[], from 1 */
    size_t count;
    char *fields[FG_CSV_FIELDS_MAX]; /* into text; NUL-terminated */
    char text[FG_CSV_LINE_MAX + 2];
};

void fg_csv_start(struct fg_csv *csv, FILE *stream);

/* Reads the next record; empty lines are passed over. FG_E_NOT_FOUND at the end. FG_E_FORMAT or FG_E_SIZE:
 * the line is faulty (*ret_column, from 1, or 0 for the whole line) and the next call goes on behind it.
 * FG_E_IO: reading failed. */
enum fg_err fg_csv_next(struct fg_csv *csv, size_t *ret_column, struct fg_error *error);

#endif
