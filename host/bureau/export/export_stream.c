/* Implementation of the export stream (export_stream.h). */
#include "host/bureau/export/export_stream.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS FG_HISTORY_PAGE_MAX
#define SQL_WAIT_MS 500

struct fg_export {
    struct fg_sql_pool *pool;
    struct fg_history_filter filter;
    enum fg_export_format format;
    /* The page: rows[next..count) are not written yet. */
    struct fg_history_row *rows;
    size_t count;
    size_t next;
    bool more;
    struct fg_history_key after;
    bool begun;
    /* A record that did not fit into the caller's rest: held[sent..held_length) is to come. */
    char held[FG_EXPORT_RECORD_BYTES];
    size_t held_length;
    size_t sent;
    struct fg_sha256_stream sha256;
    uint64_t records;
    uint64_t bytes;
    struct fg_export_edge first;
    struct fg_export_edge last;
};

enum fg_err fg_export_new(struct fg_sql_pool *pool, const struct fg_history_filter *filter,
                          enum fg_export_format format, struct fg_export **ret_export, struct fg_error *error)
{
    struct fg_export *export = calloc(1, sizeof(*export));

    if (export != NULL)
        export->rows = calloc(PAGE_ROWS, sizeof(*export->rows));
    if (export == NULL || export->rows == NULL) {
        free(export);
        return fg_fail(error, FG_E_MEMORY, "export: no memory for a page");
    }
    export->pool = pool;
    export->filter = *filter;
    export->filter.oldest_first = true;
    export->format = format;
    export->more = true;
    export->held_length = fg_export_head(format, export->held);
    fg_sha256_start(&export->sha256);
    fg_export_edge_of(NULL, &export->first);
    fg_export_edge_of(NULL, &export->last);
    *ret_export = export;
    return FG_OK;
}

void fg_export_free(struct fg_export *export)
{
    if (export == NULL)
        return;
    free(export->rows);
    free(export);
}

static enum fg_err page_read(struct fg_export *export, struct fg_error *error)
{
    struct fg_sql *sql = fg_sql_pool_take(export->pool, SQL_WAIT_MS);
    size_t count = 0;
    bool more = false;
    enum fg_err result;

    if (sql == NULL)
        return fg_fail(error, FG_E_BUSY, "export: all database objects are taken");
    result = fg_history_page(sql, &export->filter, export->begun ? &export->after : NULL, PAGE_ROWS,
                             export->rows, &count, &more, error);
    fg_sql_pool_give(export->pool, sql);
    if (result != FG_OK)
        return result;
    if (count > 0 && !export->begun)
        fg_export_edge_of(&export->rows[0], &export->first);
    if (count > 0) {
        fg_history_key_of(&export->rows[count - 1], &export->after);
        fg_export_edge_of(&export->rows[count - 1], &export->last);
    }
    export->begun = export->begun || count > 0;
    export->count = count;
    export->next = 0;
    export->more = more && count > 0;
    return FG_OK;
}

/* The held record's rest, as much as fits. */
static size_t held_give(struct fg_export *export, uint8_t *buffer, size_t capacity)
{
    size_t length = export->held_length - export->sent;

    if (length > capacity)
        length = capacity;
    memcpy(buffer, export->held + export->sent, length);
    export->sent += length;
    return length;
}

/* The page's next record, into the buffer if it surely fits, else into held. */
static size_t record_give(struct fg_export *export, uint8_t *buffer, size_t capacity)
{
    const struct fg_history_row *row = &export->rows[export->next++];

    export->records++;
    if (capacity >= FG_EXPORT_RECORD_BYTES)
        return fg_export_record(export->format, row, (char *)buffer);
    export->held_length = fg_export_record(export->format, row, export->held);
    export->sent = 0;
    return 0;
}

enum fg_err fg_export_read(struct fg_export *export, uint8_t *buffer, size_t capacity, size_t *ret_length,
                           struct fg_error *error)
{
    size_t length = 0;

    while (length < capacity) {
        if (export->sent < export->held_length) {
            length += held_give(export, buffer + length, capacity - length);
        } else if (export->next < export->count) {
            length += record_give(export, buffer + length, capacity - length);
        } else if (!export->more || length > 0) {
            break; /* what is ready goes before the database is asked */
        } else {
            enum fg_err result = page_read(export, error);

            if (result != FG_OK)
                return result;
        }
    }
    fg_sha256_add(&export->sha256, buffer, length);
    export->bytes += length;
    *ret_length = length;
    return FG_OK;
}

uint64_t fg_export_records(const struct fg_export *export)
{
    return export->records;
}

uint64_t fg_export_bytes(const struct fg_export *export)
{
    return export->bytes;
}

void fg_export_tell(struct fg_export *export, struct fg_export_summary *summary)
{
    summary->format = (uint8_t) export->format;
    fg_history_filter_text(&export->filter, summary->filter);
    summary->records = export->records;
    summary->bytes = export->bytes;
    fg_sha256_finish(&export->sha256, &summary->sha256);
    summary->first = export->first;
    summary->last = export->last;
}
