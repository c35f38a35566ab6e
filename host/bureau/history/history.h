/* The history of fills: which journal entries a filter names, in order of time, page by page or as a stream.
 *
 * Each page is found by index and by the key of the last entry before it, never by counting rows off, so
 * that its cost does not grow with the table (history.c says how). Pages show what the columns of
 * journal_entry say; whether an entry's proofs hold is another question (entry_check.h). Not: who may ask
 * (host/bureau/api), how entries look in a file. Relies on: host/sql, the indices of schema_history.h. One
 * database object, one thread at a time, outside of transactions; the filter's functions are pure. */
#ifndef FG_HOST_BUREAU_HISTORY_HISTORY_H
#define FG_HOST_BUREAU_HISTORY_HISTORY_H

#include "host/bureau/journal/journal_columns.h"
#include "host/sql/sql.h"
#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_HISTORY_PAGE_MAX 2000
#define FG_HISTORY_KEY_BYTES 96

/* "" and 0 ask for nothing; all others must hold together. */
struct fg_history_filter {
    char code[FG_CODE_MAX + 1];
    char plate[FG_PLATE_MAX + 1];
    char station[FG_NAME_MAX + 1]; /* that the controller belonged to when the entry came in */
    char controller[FG_NAME_MAX + 1];
    char point[FG_NAME_MAX + 1]; /* its controllers, each while the registry had it there */
    char operator_id[FG_NAME_MAX + 1];
    uint8_t medium;   /* enum fg_medium */
    uint8_t kind;     /* enum fg_entry_kind: the outcome */
    uint8_t reason;   /* enum fg_reason: the first failing one */
    uint8_t identity; /* enum fg_identity */
    uint8_t mark;     /* a place among fg_journal_mark_names: entries that have it, whatever else they have */
    int64_t from_ms;  /* by the controller's clock, inclusive */
    int64_t until_ms; /* exclusive; INT64_MAX: for ever */
    bool oldest_first;
};

/* Asks for everything, the newest first. */
void fg_history_filter_start(struct fg_history_filter *ret_filter);

/* Sets one part by the name that it has in the API: code, plate, station, controller, point, operator,
 * medium, outcome, reason, identity, mark, from_ms, until_ms, order. FG_E_NOT_FOUND: no part has this name;
 * FG_E_RANGE: it cannot have this value, the text says what it can have. */
enum fg_err fg_history_filter_set(struct fg_history_filter *filter, const char *name, const char *value,
                                  struct fg_error *error);

/* The names that fg_history_filter_set knows, by index; NULL behind the last. */
const char *fg_history_filter_name(size_t index);

/* The filter as text, "code=X outcome=ENDED", parts in a fixed order, the order of entries left out; texts
 * are percent-encoded, so that no two filters give one text. "" asks for everything. Bytes: at most
 * FG_HISTORY_FILTER_BYTES with the NUL. */
#define FG_HISTORY_FILTER_BYTES 1024
void fg_history_filter_text(const struct fg_history_filter *filter, char ret_text[FG_HISTORY_FILTER_BYTES]);

/* A text as it stands in there: what is not a letter, digit, '.', '_' or '-' as "%2F". Returns the bytes
 * written, at most three times those of value; no NUL. */
size_t fg_history_encode(const char *value, char *to);

/* Where an entry stands: by time, then controller (by bytes), then number. */
struct fg_history_key {
    int64_t wall_ms;
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;
};
/* "WALL~CONTROLLER~SEQUENCE". Reading takes any text; FG_E_RANGE. */
void fg_history_key_write(const struct fg_history_key *key, char ret_text[FG_HISTORY_KEY_BYTES]);
enum fg_err fg_history_key_read(const char *text, struct fg_history_key *ret_key, struct fg_error *error);

/* One entry's columns; numbers as the journal has them. */
struct fg_history_row {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;
    struct fg_digest hash; /* of the chain up to here; zeros when the column's length is wrong */
    char station[FG_NAME_MAX + 1];
    int64_t arrived_ms;
    uint32_t marks; /* FG_MARK_* */
    int64_t wall_ms;
    char clock_quality; /* 'U', 'I', 'S'; whatever the column says else as '?' */
    uint8_t kind;       /* 0 when the entry cannot be decoded; 255: beyond what the column can say */
    uint8_t medium;
    uint8_t identity;
    uint8_t reason;
    uint8_t stop;
    uint8_t event;
    char code[FG_CODE_MAX + 1];
    char plate[FG_PLATE_MAX + 1];
    char operator_id[FG_NAME_MAX + 1];
    int64_t quantity_g;
    uint64_t authorised_sequence;
    char second_person[FG_NAME_MAX + 1];
    uint8_t operator_proof; /* enum fg_person_proof, as second_proof */
    uint8_t second_proof;
    uint32_t checks_failed; /* bit n: item n was answered with no */
    uint32_t repeats;       /* how many occurrences the entry stands for; 1 = its own */
    int64_t repeat_first_wall_ms;
    int64_t repeat_last_wall_ms;
    int64_t clock_floor_ms; /* of CLOCK_FLOOR_LOWERED */
    int64_t clock_floor_before_ms;
};
void fg_history_key_of(const struct fg_history_row *row, struct fg_history_key *ret_key);

/* The columns that a row is made of, for other statements over journal_entry; text cut to what fits. */
#define FG_HISTORY_COLUMNS                                                                                   \
    "controller, sequence, hash, station, arrived_ms, marks, kind, wall_ms, clock_quality, code, plate, "    \
    "operator_id, medium, identity, reason, stop, event, quantity_g, "                                       \
    "authorised_sequence, " FG_JOURNAL_DETAILS
void fg_history_row_take(const struct fg_sql_statement *statement, struct fg_history_row *ret_row);
/* The row of one entry. FG_E_NOT_FOUND: the bureau does not hold it. */
enum fg_err fg_history_find(struct fg_sql *sql, const char *controller, uint64_t sequence,
                            struct fg_history_row *ret_row, struct fg_error *error);

/* One page: at most limit (1 to FG_HISTORY_PAGE_MAX) rows behind *after (NULL: from the beginning) into
 * rows[0..limit). *ret_more: there are further ones, behind the key of the last. Unknown names (a point that
 * the registry does not have) find nothing. */
enum fg_err fg_history_page(struct fg_sql *sql, const struct fg_history_filter *filter,
                            const struct fg_history_key *after, size_t limit, struct fg_history_row *rows,
                            size_t *ret_count, bool *ret_more, struct fg_error *error);

/* What a filter that names exactly one of code, plate, station, controller, point or operator sums up to over
 * all time; its other parts are not looked at. Stations and controllers by their sums (day_sums.h), which
 * lag a little; the others by their entries. */
struct fg_history_sums {
    int64_t fills; /* that ended */
    int64_t refusals;
    int64_t quantity_g;
};
enum fg_err fg_history_sum(struct fg_sql *sql, const struct fg_history_filter *filter,
                           struct fg_history_sums *ret_sums, struct fg_error *error);

/* Every row, in order, page by page: no statement runs while visit does, so that it may use sql, and no
 * statement is longer than a page. Entries that come in meanwhile are met when they belong behind the place
 * reached. Anything but FG_OK from visit ends it with that result. */
typedef enum fg_err (*fg_history_visit)(void *context, const struct fg_history_row *row,
                                        struct fg_error *error);
enum fg_err fg_history_each(struct fg_sql *sql, const struct fg_history_filter *filter,
                            fg_history_visit visit, void *context, struct fg_error *error);

#endif
