/* Implementation of the history (history.h).
 *
 * A page must not cost more because what it looks for is rare. So no statement here filters its way through
 * a long stretch of an index: the four small columns are one number, the class, of which few values exist,
 * and the indices of stations, controllers and operators lead with it behind the name. A search goes
 * through the classes that exist under the name (one step by index each), takes the first entries of each
 * that fits, in order of time, and merges them; once the page is full, its last entry bounds what is asked
 * of the further ones. Codes and plates have few entries and are filtered directly, and so are those with a
 * mark, whose index leads with the marks. Only names that have an
 * absurd number of groups (a hostile controller's) are searched along the index of time alone.
 *
 * A point is its controllers, each for the time that the registry had it there (history_point.c). */
#include "host/bureau/history/private.h"

#include <stdlib.h>
#include <string.h>

#include "host/bureau/tables/schema_history.h"

/* Groups of one search; more are not searched one by one. */
#define GROUPS_MAX 4096
#define STREAM_ROWS 1000

/* Where a statement starts. */
enum drive {
    DRIVE_CODE,
    DRIVE_PLATE,
    DRIVE_TIME,
    DRIVE_MARK,
    DRIVE_CLASS,
    DRIVE_STATION,
    DRIVE_CONTROLLER,
    DRIVE_OPERATOR,
    DRIVE_COUNT
};

/* Entries of one name and one class. */
struct group {
    char controller[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    int64_t class; /* DRIVE_MARK: the marks */
};

struct groups {
    struct group *groups;
    size_t count;
    size_t capacity;
};

struct search {
    struct fg_sql *sql;
    const struct fg_history_filter *filter;
    const struct fg_history_key *after;
    struct fg_history_row *rows;
    size_t *order; /* places in rows, as they are to be answered */
    size_t count;
    size_t limit; /* one more than the page, which tells whether there is more */
    struct fg_error *error;
};

/* ---- rows ---- */

static void text_take(const struct fg_sql_statement *statement, unsigned column, char *to, size_t size)
{
    const char *text = fg_sql_text(statement, column);
    size_t length = strnlen(text, size - 1);

    memcpy(to, text, length);
    to[length] = '\0';
}

static uint8_t small_take(const struct fg_sql_statement *statement, unsigned column)
{
    int64_t number = fg_sql_int(statement, column);

    return number >= 0 && number <= UINT8_MAX ? (uint8_t)number : UINT8_MAX;
}

/* FG_JOURNAL_DETAILS, from the given column on. */
static void details_take(const struct fg_sql_statement *statement, unsigned first, struct fg_history_row *row)
{
    text_take(statement, first, row->second_person, sizeof(row->second_person));
    row->operator_proof = small_take(statement, first + 1);
    row->second_proof = small_take(statement, first + 2);
    row->checks_failed = (uint32_t)fg_sql_int(statement, first + 3);
    row->repeats = (uint32_t)fg_sql_int(statement, first + 4);
    row->repeat_first_wall_ms = fg_sql_int(statement, first + 5);
    row->repeat_last_wall_ms = fg_sql_int(statement, first + 6);
    row->clock_floor_ms = fg_sql_int(statement, first + 7);
    row->clock_floor_before_ms = fg_sql_int(statement, first + 8);
}

void fg_history_row_take(const struct fg_sql_statement *statement, struct fg_history_row *ret_row)
{
    struct fg_history_row *row = ret_row;
    size_t length = 0;
    const uint8_t *hash = fg_sql_bytes(statement, 2, &length);
    int64_t quality = fg_sql_int(statement, 8);

    memset(row, 0, sizeof(*row));
    text_take(statement, 0, row->controller, sizeof(row->controller));
    row->sequence = (uint64_t)fg_sql_int(statement, 1);
    if (length == FG_DIGEST_BYTES)
        memcpy(row->hash.bytes, hash, FG_DIGEST_BYTES);
    text_take(statement, 3, row->station, sizeof(row->station));
    row->arrived_ms = fg_sql_int(statement, 4);
    row->marks = (uint32_t)fg_sql_int(statement, 5);
    row->kind = small_take(statement, 6);
    row->wall_ms = fg_sql_int(statement, 7);
    row->clock_quality =
        quality == FG_CLOCK_UNKNOWN || quality == FG_CLOCK_INFORMATIVE || quality == FG_CLOCK_SYNCHRONISED
            ? (char)quality
            : '?';
    text_take(statement, 9, row->code, sizeof(row->code));
    text_take(statement, 10, row->plate, sizeof(row->plate));
    text_take(statement, 11, row->operator_id, sizeof(row->operator_id));
    row->medium = small_take(statement, 12);
    row->identity = small_take(statement, 13);
    row->reason = small_take(statement, 14);
    row->stop = small_take(statement, 15);
    row->event = small_take(statement, 16);
    row->quantity_g = fg_sql_int(statement, 17);
    row->authorised_sequence = (uint64_t)fg_sql_int(statement, 18);
    details_take(statement, 19, row);
}

enum fg_err fg_history_find(struct fg_sql *sql, const char *controller, uint64_t sequence,
                            struct fg_history_row *ret_row, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT " FG_HISTORY_COLUMNS " FROM journal_entry WHERE controller = $1 AND sequence = $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)sequence);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        fg_history_row_take(statement, ret_row);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? fg_fail(error, result, "entry") : result;
}

void fg_history_key_of(const struct fg_history_row *row, struct fg_history_key *ret_key)
{
    ret_key->wall_ms = row->wall_ms;
    memcpy(ret_key->controller, row->controller, sizeof(ret_key->controller));
    ret_key->sequence = row->sequence;
}

/* ---- merging ---- */

static bool comes_before(const struct search *search, const struct fg_history_row *one,
                         const struct fg_history_row *other)
{
    int sign = search->filter->oldest_first ? 1 : -1;
    int controllers;

    if (one->wall_ms != other->wall_ms)
        return (one->wall_ms < other->wall_ms) == search->filter->oldest_first;
    controllers = strcmp(one->controller, other->controller) * sign;
    if (controllers != 0)
        return controllers < 0;
    return one->sequence != other->sequence &&
           (one->sequence < other->sequence) == search->filter->oldest_first;
}

/* Puts a row into its place; the last falls off a full page. */
static void merge(struct search *search, const struct fg_history_row *row)
{
    size_t place = search->count;
    size_t slot = place;

    while (place > 0 && comes_before(search, row, &search->rows[search->order[place - 1]]))
        place--;
    if (place == search->limit)
        return;
    if (search->count == search->limit) {
        slot = search->order[search->limit - 1];
        search->count--;
    }
    memmove(&search->order[place + 1], &search->order[place],
            (search->count - place) * sizeof(search->order[0]));
    search->order[place] = slot;
    search->rows[slot] = *row;
    search->count++;
}

/* ---- one statement ---- */

#define SELECT "SELECT " FG_HISTORY_COLUMNS " FROM journal_entry"
/* What the index did not say already. */
#define REST                                                                                                 \
    "($1 = '' OR code = $1) AND ($2 = '' OR plate = $2) AND ($3 = '' OR station = $3) AND ($4 = '' OR "      \
    "controller = $4) AND ($5 = '' OR operator_id = $5) AND ($6 = 0 OR kind = $6) AND ($7 = 0 OR medium = "  \
    "$7) AND ($8 = 0 OR identity = $8) AND ($9 = 0 OR reason = $9) AND ($16 = 0 OR (marks & $16) <> 0) AND "
#define RANGE "wall_ms >= $10 AND wall_ms <= $11 AND "
#define ID "controller COLLATE \"C\""
#define NEWEST                                                                                               \
    RANGE "(wall_ms, " ID ", sequence) < ($12, $13, $14) ORDER BY wall_ms DESC, " ID " DESC, "               \
          "sequence DESC LIMIT $17"
#define OLDEST                                                                                               \
    RANGE "(wall_ms, " ID ", sequence) > ($12, $13, $14) ORDER BY wall_ms, " ID ", sequence LIMIT $17"
/* With one controller its name is no part of the order, as it is none of the index. */
#define NEWEST_OF_ONE RANGE "(wall_ms, sequence) < ($12, $14) ORDER BY wall_ms DESC, sequence DESC LIMIT $17"
#define OLDEST_OF_ONE RANGE "(wall_ms, sequence) > ($12, $14) ORDER BY wall_ms, sequence LIMIT $17"
#define CLASS FG_HISTORY_CLASS " = $15 AND "
#define TEXTS(index, condition, newest, oldest)                                                              \
    {                                                                                                        \
        {SELECT " WHERE " condition newest, SELECT " WHERE " condition oldest},                              \
        {                                                                                                    \
            SELECT " INDEXED BY journal_entry_of_" index " WHERE " condition newest,                         \
                SELECT " INDEXED BY journal_entry_of_" index " WHERE " condition oldest                      \
        }                                                                                                    \
    }

/* By back end (SQLite is told the index: without statistics it takes a station's entries for as many as
 * those of a class) and order. */
static const char *const texts[DRIVE_COUNT][2][2] = {
    [DRIVE_CODE] = TEXTS("code", "code = $1 AND code <> '' AND " REST, NEWEST, OLDEST),
    [DRIVE_PLATE] = TEXTS("plate", "plate = $2 AND plate <> '' AND " REST, NEWEST, OLDEST),
    [DRIVE_TIME] = TEXTS("time", REST, NEWEST, OLDEST),
    [DRIVE_MARK] = TEXTS("mark", "marks = $15 AND marks <> 0 AND " REST, NEWEST, OLDEST),
    [DRIVE_CLASS] = TEXTS("class", CLASS, NEWEST, OLDEST),
    [DRIVE_STATION] = TEXTS("station", "station = $3 AND " CLASS, NEWEST, OLDEST),
    [DRIVE_CONTROLLER] =
        TEXTS("controller", "controller = $4 AND station = $3 AND " CLASS, NEWEST_OF_ONE, OLDEST_OF_ONE),
    [DRIVE_OPERATOR] = TEXTS("operator",
                             "operator_id = $5 AND operator_id <> '' AND controller = $4 AND " CLASS
                             "($3 = '' OR station = $3) AND ",
                             NEWEST_OF_ONE, OLDEST_OF_ONE),
};

static const char *text_of(const struct search *search, enum drive drive)
{
    bool sqlite = strcmp(fg_sql_kind(search->sql), "sqlite") == 0;

    return texts[drive][sqlite ? 1 : 0][search->filter->oldest_first ? 1 : 0];
}

/* Entries after the key of this controller: keys of the same time differ from it by name before number. A key
 * before the span's beginning is that beginning: PostgreSQL takes the key, not the span, as the place in the
 * index to begin at, and would go through all that lies between them. */
static void key_bind(const struct search *search, struct fg_sql_statement *statement,
                     const struct fg_history_span *span, const char *controller)
{
    const struct fg_history_key *after = search->after;
    bool oldest_first = search->filter->oldest_first;
    int64_t last_ms = span->until_ms == INT64_MAX ? INT64_MAX : span->until_ms - 1;
    int64_t begin_ms = oldest_first ? span->from_ms : last_ms;
    int64_t sequence = oldest_first ? -1 : INT64_MAX;
    int order;

    if (after == NULL || (oldest_first ? after->wall_ms < begin_ms : after->wall_ms > begin_ms)) {
        fg_sql_bind_int(statement, 12, begin_ms);
        fg_sql_bind_text(statement, 13, oldest_first ? "" : "~"); /* behind every name */
        fg_sql_bind_int(statement, 14, sequence);
        return;
    }
    order = controller != NULL ? strcmp(controller, after->controller) : 0;
    if (order == 0)
        sequence = (int64_t)after->sequence;
    else if ((order < 0) == oldest_first)
        sequence = oldest_first ? INT64_MAX : -1;
    fg_sql_bind_int(statement, 12, after->wall_ms);
    fg_sql_bind_text(statement, 13, after->controller);
    fg_sql_bind_int(statement, 14, sequence);
}

/* The last of a full page bounds what can still come onto it. So does the key behind which it begins: SQLite
 * takes one bound of the time as the place in the index to begin at, and it need not be the key's. */
static void range_bind(const struct search *search, struct fg_sql_statement *statement,
                       const struct fg_history_span *span)
{
    int64_t first_ms = span->from_ms;
    int64_t last_ms = span->until_ms == INT64_MAX ? INT64_MAX : span->until_ms - 1;

    if (search->count == search->limit) {
        int64_t page_ms = search->rows[search->order[search->limit - 1]].wall_ms;

        if (search->filter->oldest_first && page_ms < last_ms)
            last_ms = page_ms;
        else if (!search->filter->oldest_first && page_ms > first_ms)
            first_ms = page_ms;
    }
    if (search->after != NULL && search->filter->oldest_first && search->after->wall_ms > first_ms)
        first_ms = search->after->wall_ms;
    else if (search->after != NULL && !search->filter->oldest_first && search->after->wall_ms < last_ms)
        last_ms = search->after->wall_ms;
    fg_sql_bind_int(statement, 10, first_ms);
    fg_sql_bind_int(statement, 11, last_ms);
}

/* Merges what one statement finds. group NULL: without a class. */
static enum fg_err entries_take(struct search *search, enum drive drive, const struct fg_history_span *span,
                                const struct group *group)
{
    const struct fg_history_filter *filter = search->filter;
    const char *controller =
        group != NULL && group->controller[0] != '\0' ? group->controller : span->controller;
    struct fg_sql_statement *statement;
    struct fg_history_row row;
    enum fg_err result = fg_sql_prepare(search->sql, text_of(search, drive), &statement, search->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, filter->code);
    fg_sql_bind_text(statement, 2, filter->plate);
    fg_sql_bind_text(statement, 3,
                     drive == DRIVE_CONTROLLER && group != NULL ? group->station : filter->station);
    fg_sql_bind_text(statement, 4, controller);
    fg_sql_bind_text(statement, 5, filter->operator_id);
    fg_sql_bind_int(statement, 6, filter->kind);
    fg_sql_bind_int(statement, 7, filter->medium);
    fg_sql_bind_int(statement, 8, filter->identity);
    fg_sql_bind_int(statement, 9, filter->reason);
    range_bind(search, statement, span);
    key_bind(search, statement, span,
             drive == DRIVE_CONTROLLER || drive == DRIVE_OPERATOR ? controller : NULL);
    fg_sql_bind_int(statement, 17, (int64_t)search->limit);
    fg_sql_bind_int(statement, 16, filter->mark != 0 ? FG_MARK_OF(filter->mark) : 0);
    fg_sql_bind_int(statement, 15, group != NULL ? group->class : 0);
    while ((result = fg_sql_next(statement, search->error)) == FG_OK) {
        fg_history_row_take(statement, &row);
        merge(search, &row);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- which groups exist ---- */

static bool class_fits(const struct fg_history_filter *filter, int64_t class)
{
    return (filter->kind == 0 || class >> 24 == filter->kind) &&
           (filter->medium == 0 || (class >> 16 & 0xff) == filter->medium) &&
           (filter->identity == 0 || (class >> 8 & 0xff) == filter->identity) &&
           (filter->reason == 0 || (class & 0xff) == filter->reason);
}

static enum fg_err groups_add(struct groups *groups, const struct group *group, struct fg_error *error)
{
    if (groups->count == groups->capacity) {
        size_t capacity = groups->capacity == 0 ? 64 : 2 * groups->capacity;
        struct group *grown = realloc(groups->groups, capacity * sizeof(*grown));

        if (grown == NULL)
            return fg_fail(error, FG_E_MEMORY, "history: no memory for %zu groups", capacity);
        groups->groups = grown;
        groups->capacity = capacity;
    }
    groups->groups[groups->count++] = *group;
    return FG_OK;
}

/* Steps from group to group: the next class under the same names. FG_E_NOT_FOUND: there is none. */
static const char *const next_class[DRIVE_COUNT] = {
    [DRIVE_CLASS] = "SELECT " FG_HISTORY_CLASS " FROM journal_entry WHERE " FG_HISTORY_CLASS
                    " > $4 ORDER BY " FG_HISTORY_CLASS " LIMIT $5",
    [DRIVE_STATION] =
        "SELECT " FG_HISTORY_CLASS " FROM journal_entry WHERE station = $1 AND " FG_HISTORY_CLASS
        " > $4 ORDER BY " FG_HISTORY_CLASS " LIMIT $5",
    [DRIVE_CONTROLLER] = "SELECT " FG_HISTORY_CLASS
                         " FROM journal_entry WHERE controller = $2 AND station = $1 AND " FG_HISTORY_CLASS
                         " > $4 ORDER BY " FG_HISTORY_CLASS " LIMIT $5",
    [DRIVE_OPERATOR] = "SELECT " FG_HISTORY_CLASS
                       " FROM journal_entry WHERE operator_id = $3 AND operator_id <> '' AND controller = $2 "
                       "AND " FG_HISTORY_CLASS " > $4 ORDER BY " FG_HISTORY_CLASS " LIMIT $5",
};
#define NEXT_STATION                                                                                         \
    "SELECT station FROM journal_entry WHERE controller = $2 AND station > $1 ORDER BY station LIMIT $5"
#define NEXT_CONTROLLER                                                                                      \
    "SELECT controller FROM journal_entry WHERE operator_id = $3 AND operator_id <> '' AND controller > $2 " \
    "ORDER BY controller LIMIT $5"

static enum fg_err step(const struct search *search, const char *text, const struct group *group,
                        struct fg_sql_statement **ret_statement)
{
    enum fg_err result = fg_sql_prepare(search->sql, text, ret_statement, search->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(*ret_statement, 1, group->station);
    fg_sql_bind_text(*ret_statement, 2, group->controller);
    fg_sql_bind_text(*ret_statement, 3, search->filter->operator_id);
    fg_sql_bind_int(*ret_statement, 4, group->class);
    fg_sql_bind_int(*ret_statement, 5, 1);
    return fg_sql_next(*ret_statement, search->error);
}

/* Adds the classes under the names of *names that the filter wants. */
static enum fg_err classes_find(const struct search *search, enum drive drive, const struct group *names,
                                struct groups *groups)
{
    struct fg_sql_statement *statement;
    struct group group = *names;
    enum fg_err result = FG_OK;

    group.class = INT64_MIN;
    for (size_t steps = 0; result == FG_OK && steps < GROUPS_MAX; steps++) {
        result = step(search, next_class[drive], &group, &statement);
        if (result != FG_OK)
            break;
        group.class = fg_sql_int(statement, 0);
        fg_sql_reset(statement);
        if (class_fits(search->filter, group.class))
            result = groups_add(groups, &group, search->error);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* A name behind the one that *at has, put there; FG_E_NOT_FOUND: none. */
static enum fg_err name_step(const struct search *search, const char *text, const struct group *group,
                             char at[FG_NAME_MAX + 1])
{
    struct fg_sql_statement *statement;
    enum fg_err result = step(search, text, group, &statement);

    if (result == FG_OK) {
        text_take(statement, 0, at, FG_NAME_MAX + 1);
        fg_sql_reset(statement);
    }
    return result;
}

/* The groups of a controller: by the stations that it had. */
static enum fg_err controller_groups_find(const struct search *search, const char *controller,
                                          struct groups *groups)
{
    struct group names = {.class = 0};
    enum fg_err result = FG_OK;

    memcpy(names.controller, controller, sizeof(names.controller));
    memcpy(names.station, search->filter->station, sizeof(names.station));
    result = classes_find(search, DRIVE_CONTROLLER, &names, groups);
    while (result == FG_OK && search->filter->station[0] == '\0' && groups->count < GROUPS_MAX) {
        result = name_step(search, NEXT_STATION, &names, names.station);
        if (result == FG_OK)
            result = classes_find(search, DRIVE_CONTROLLER, &names, groups);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Was this controller ever at the station that the filter names? */
static enum fg_err is_at_station(const struct search *search, const struct group *names, bool *ret_is)
{
    struct fg_sql_statement *statement;
    struct group at = *names;
    enum fg_err result;

    *ret_is = search->filter->station[0] == '\0';
    if (*ret_is)
        return FG_OK;
    memcpy(at.station, search->filter->station, sizeof(at.station));
    at.class = INT64_MIN;
    result = step(search, next_class[DRIVE_CONTROLLER], &at, &statement);
    if (result == FG_OK)
        fg_sql_reset(statement);
    *ret_is = result == FG_OK;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* The groups of an operator: by the controllers where the operator worked. */
static enum fg_err operator_groups_find(const struct search *search, const char *controller,
                                        struct groups *groups)
{
    struct group names = {.class = 0};
    bool is_there = false;
    enum fg_err result = FG_OK;

    memcpy(names.controller, controller, sizeof(names.controller));
    if (controller[0] != '\0')
        return classes_find(search, DRIVE_OPERATOR, &names, groups);
    while (result == FG_OK && groups->count < GROUPS_MAX) {
        result = name_step(search, NEXT_CONTROLLER, &names, names.controller);
        if (result == FG_OK)
            result = is_at_station(search, &names, &is_there);
        if (result == FG_OK && is_there)
            result = classes_find(search, DRIVE_OPERATOR, &names, groups);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* One for each set of marks that has the wanted one. */
static enum fg_err mark_groups_add(const struct search *search, struct groups *groups)
{
    struct group group = {.class = 0};
    uint32_t end = 1;
    enum fg_err result = FG_OK;

    for (size_t i = 1; fg_journal_mark_names[i] != NULL; i++)
        end *= 2;
    for (uint32_t marks = 1; result == FG_OK && marks < end; marks++) {
        group.class = marks;
        if ((marks & FG_MARK_OF(search->filter->mark)) != 0)
            result = groups_add(groups, &group, search->error);
    }
    return result;
}

static enum fg_err groups_find(const struct search *search, enum drive drive,
                               const struct fg_history_span *span, struct groups *groups)
{
    struct group names = {.class = 0};

    switch (drive) {
    case DRIVE_CONTROLLER:
        return controller_groups_find(search, span->controller, groups);
    case DRIVE_OPERATOR:
        return operator_groups_find(search, span->controller, groups);
    case DRIVE_STATION:
    case DRIVE_CLASS:
        memcpy(names.station, search->filter->station, sizeof(names.station));
        return classes_find(search, drive, &names, groups);
    case DRIVE_MARK:
        return mark_groups_add(search, groups);
    case DRIVE_CODE:
    case DRIVE_PLATE:
    case DRIVE_TIME:
    case DRIVE_COUNT:
    default:
        return groups_add(groups, &names, search->error);
    }
}

/* ---- one page ---- */

static enum drive drive_of(const struct fg_history_filter *filter, const struct fg_history_span *span)
{
    if (filter->code[0] != '\0')
        return DRIVE_CODE;
    if (filter->plate[0] != '\0')
        return DRIVE_PLATE;
    if (filter->mark != 0)
        return DRIVE_MARK;
    if (filter->operator_id[0] != '\0')
        return DRIVE_OPERATOR;
    if (span->controller[0] != '\0')
        return DRIVE_CONTROLLER;
    if (filter->station[0] != '\0')
        return DRIVE_STATION;
    return filter->kind != 0 || filter->medium != 0 || filter->identity != 0 || filter->reason != 0
               ? DRIVE_CLASS
               : DRIVE_TIME;
}

static enum fg_err span_search(struct search *search, const struct fg_history_span *span)
{
    enum drive drive = drive_of(search->filter, span);
    struct groups groups = {0};
    enum fg_err result = groups_find(search, drive, span, &groups);

    if (result == FG_OK && groups.count >= GROUPS_MAX)
        result = entries_take(search, DRIVE_TIME, span, NULL);
    else
        for (size_t i = 0; result == FG_OK && i < groups.count; i++)
            result = entries_take(search, drive, span, &groups.groups[i]);
    free(groups.groups);
    return result;
}

static enum fg_err page_search(struct search *search)
{
    struct fg_history_spans spans;
    enum fg_err result = fg_history_spans_find(search->sql, search->filter, &spans, search->error);

    for (size_t i = 0; result == FG_OK && i < spans.count; i++)
        result = span_search(search, &spans.spans[i]);
    return result;
}

enum fg_err fg_history_page(struct fg_sql *sql, const struct fg_history_filter *filter,
                            const struct fg_history_key *after, size_t limit, struct fg_history_row *rows,
                            size_t *ret_count, bool *ret_more, struct fg_error *error)
{
    struct search search = {.sql = sql, .filter = filter, .after = after, .limit = limit + 1, .error = error};
    enum fg_err result;

    if (limit < 1 || limit > FG_HISTORY_PAGE_MAX)
        return fg_fail(error, FG_E_RANGE, "history: a page of %zu rows; 1 to %d", limit, FG_HISTORY_PAGE_MAX);
    search.rows = calloc(limit + 1, sizeof(*search.rows));
    search.order = calloc(limit + 2, sizeof(*search.order));
    if (search.rows == NULL || search.order == NULL) {
        result = fg_fail(error, FG_E_MEMORY, "history: no memory for %zu rows", limit);
        goto done;
    }
    result = page_search(&search);
    if (result != FG_OK)
        goto done;
    *ret_more = search.count > limit;
    *ret_count = search.count < limit ? search.count : limit;
    for (size_t i = 0; i < *ret_count; i++)
        rows[i] = search.rows[search.order[i]];
done:
    free(search.order);
    free(search.rows);
    return result;
}

enum fg_err fg_history_each(struct fg_sql *sql, const struct fg_history_filter *filter,
                            fg_history_visit visit, void *context, struct fg_error *error)
{
    struct fg_history_row *rows = calloc(STREAM_ROWS, sizeof(*rows));
    struct fg_history_key key;
    size_t count = 0;
    bool more = true;
    bool first = true;
    enum fg_err result = FG_OK;

    if (rows == NULL)
        return fg_fail(error, FG_E_MEMORY, "history: no memory for %d rows", STREAM_ROWS);
    while (result == FG_OK && more) {
        result = fg_history_page(sql, filter, first ? NULL : &key, STREAM_ROWS, rows, &count, &more, error);
        first = false;
        for (size_t i = 0; result == FG_OK && i < count; i++)
            result = visit(context, &rows[i], error);
        if (result == FG_OK && more)
            fg_history_key_of(&rows[count - 1], &key);
    }
    free(rows);
    return result;
}
