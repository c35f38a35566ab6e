/* The registry in memory while a list is built: rows as encoded bytes, ordered, without doubles, and joined
 * by plate.
 *
 * Not: reading CSV (list_rows_csv.c), hashing and signing (list_build.c). One thread. Relies on: proto. */
#ifndef FG_HOST_BUREAU_PUBLISH_LIST_ROWS_H
#define FG_HOST_BUREAU_PUBLISH_LIST_ROWS_H

#include "host/bureau/publish/list_build.h"
#include "proto/list/row.h"

#define FG_LIST_ROWS_MAX (UINT32_C(1) << 27)

/* One row as kept: its encoded bytes without the codes of the vehicle's others. */
struct fg_list_row {
    uint32_t bucket; /* set by fg_list_rows_order */
    uint32_t line;
    uint32_t vehicle_first; /* in by_plate */
    uint8_t vehicle_count;  /* 0 or 1: alone */
    struct fg_uid uid;
    char plate[FG_PLATE_MAX + 1];
    uint16_t length;
    uint8_t bytes[];
};

struct fg_list_row_chunk;

struct fg_list_rows {
    struct fg_list_row **rows;
    size_t count;
    size_t capacity;
    struct fg_list_row **by_plate; /* those with a plate, ordered by plate and code */
    size_t plate_count;
    struct fg_list_row_chunk *chunks;
};

/* Faults are counted and the first is kept, so that several can be shown at once. */
struct fg_list_row_faults {
    fg_list_build_report report;
    void *context;
    const char *name; /* of the file, for the first fault's message */
    size_t count;
    struct fg_error *error;
};
/* Reports a fault; always returns FG_E_FORMAT. */
enum fg_err fg_list_rows_fault(struct fg_list_row_faults *faults, uint64_t line, size_t column,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Columns as places in the CSV, from 1; for messages. */
struct fg_list_row_columns {
    size_t code;
    size_t uid;
    size_t plate;
};

/* Starts empty: memset to 0. Add copies the row (others are not kept). */
enum fg_err fg_list_rows_add(struct fg_list_rows *registry, const struct fg_row *row, uint32_t line,
                             struct fg_error *error);
void fg_list_rows_free(struct fg_list_rows *registry);

/* Reports codes and UIDs that stand twice and vehicles with more than FG_VEHICLE_CYLINDERS_MAX cylinders, and
 * joins the rows of each vehicle. */
enum fg_err fg_list_rows_join(struct fg_list_rows *registry, const struct fg_list_row_columns *columns,
                              struct fg_list_row_faults *faults, struct fg_error *error);

/* Orders rows by bucket (of 2^bits) and code. */
void fg_list_rows_order(struct fg_list_rows *registry, uint8_t bits);

/* The final bytes of a row, with the codes of the vehicle's others. buffer holds FG_ROW_BYTES_MAX. */
enum fg_err fg_list_rows_bytes(const struct fg_list_rows *registry, const struct fg_list_row *row,
                               uint8_t *buffer, size_t *ret_length, struct fg_error *error);

/* Reads a CSV into an empty registry, reporting every fault. FG_E_FORMAT when there was one. */
enum fg_err fg_list_rows_read(struct fg_list_rows *registry, const char *path,
                              struct fg_list_row_columns *ret_columns, struct fg_list_row_faults *faults,
                              struct fg_error *error);

#endif
