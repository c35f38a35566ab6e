/* Room in the journal's file: how much there is, and who may use it (private.h).
 *
 * Filler rows are written when the journal is made. Once the rest of the file is used up the state is FULL
 * and no fill is authorised; what must be written still is, into space that deleting fillers gives back, and
 * the last filler is kept for the ENDED of a fill that is under way.
 *
 * Entries that belong to no fill share a part of the file (100 - fill_reserve_percent). When it is used up,
 * refusals and events that are not grave are no longer taken: fills never find their room eaten by strangers.
 * The controller counts what is not taken (record/budget.h). */
#include "firmware/journal/journal_sql.h"
#include "firmware/journal/private.h"
#include "lib/domain/catalogue.h"

#define PAGE_BYTES FG_JOURNAL_PAGE_BYTES
#define FILLER_PAGES 8
#define FILLER_BYTES 32000        /* fills FILLER_PAGES pages with SQLite's overhead */
#define RESERVED_ENTRY_BYTES 2048 /* an entry with hash, signature and index, on average */
#define MARGIN_PAGES 16           /* an AUTHORISED and its ENDED at their largest, and b-tree splits */
/* An entry's hash, signature, columns, and its share of the b-tree's pages that stay half empty. */
#define ENTRY_OVERHEAD_BYTES 200
#define FILL_RESERVE_PERCENT 50
#define PRESSED_PERCENT 75
#define CHUNK_BYTES_MAX (1 << 30)
/* The log is begun again at 256 pages; one transaction more, of pruning at its largest, and a slow reader. */
#define LOG_BYTES (INT64_C(640) * (PAGE_BYTES + 24))

typedef unsigned long long ull;

uint64_t fg_space_fillers(uint32_t reserve_entries)
{
    return reserve_entries / (FILLER_PAGES * PAGE_BYTES / RESERVED_ENTRY_BYTES) + 2;
}

enum fg_err fg_space_check(const struct fg_journal_settings *settings, struct fg_error *error)
{
    uint64_t pages = settings->bytes_max / PAGE_BYTES;

    if (settings->fill_reserve_percent > 90)
        return fg_fail(error, FG_E_ARG, "%s: fill_reserve_percent %u is more than 90", settings->path,
                       settings->fill_reserve_percent);
    if (pages > INT32_MAX)
        return fg_fail(error, FG_E_ARG, "%s: bytes_max %llu is more than a journal can use", settings->path,
                       (ull)settings->bytes_max);
    if (pages < fg_space_fillers(settings->stop_reserve_entries) * FILLER_PAGES + 4 * MARGIN_PAGES)
        return fg_fail(error, FG_E_ARG, "%s: bytes_max %llu is too small for a reserve of %lu entries",
                       settings->path, (ull)settings->bytes_max,
                       (unsigned long)settings->stop_reserve_entries);
    return FG_OK;
}

void fg_space_set(struct fg_journal_space *space, const struct fg_journal_settings *settings)
{
    uint8_t reserve =
        settings->fill_reserve_percent == 0 ? FILL_RESERVE_PERCENT : settings->fill_reserve_percent;

    space->warn_percent = settings->warn_percent == 0 ? 80 : settings->warn_percent;
    space->pages_max = settings->bytes_max / PAGE_BYTES;
    space->fillers_wanted = fg_space_fillers(settings->stop_reserve_entries);
    space->others_bytes_max =
        (space->pages_max - space->fillers_wanted * FILLER_PAGES) * PAGE_BYTES / 100 * (100 - reserve);
}

enum fg_err fg_space_make_fillers(struct fg_journal *journal, struct fg_error *error)
{
    char insert[160];

    (void)sqlite3_snprintf((int)sizeof(insert), insert,
                           "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < %llu)"
                           " INSERT INTO filler SELECT id, zeroblob(%d) FROM n",
                           (ull)journal->space.fillers_wanted, FILLER_BYTES);
    return fg_journal_run_sql(journal->database, journal->path, insert, error);
}

/* SQLite gives a file its blocks ahead when it has a chunk size, and never takes the last chunk back. */
static void take_blocks(sqlite3_file *file, int64_t bytes)
{
    int chunk = bytes < CHUNK_BYTES_MAX ? (int)bytes : CHUNK_BYTES_MAX;
    sqlite3_int64 size = bytes;

    if (file == NULL || file->pMethods == NULL)
        return;
    if (file->pMethods->xFileControl(file, SQLITE_FCNTL_CHUNK_SIZE, &chunk) == SQLITE_OK)
        (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_SIZE_HINT, &size);
}

void fg_space_take_blocks(struct fg_journal *journal)
{
    sqlite3_file *file = NULL;
    sqlite3_file *log = NULL;

    (void)sqlite3_file_control(journal->database, NULL, SQLITE_FCNTL_FILE_POINTER, &file);
    take_blocks(file, (int64_t)journal->space.pages_max * PAGE_BYTES);
    (void)sqlite3_file_control(journal->database, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    take_blocks(log, LOG_BYTES);
}

enum fg_err fg_space_measure(struct fg_journal *journal, struct fg_error *error)
{
    struct fg_journal_space *space = &journal->space;
    int64_t pages = 0;
    int64_t free_pages = 0;
    int64_t fillers = 0;
    enum fg_err code = fg_journal_read_number(journal, STATEMENT_PAGES, &pages, error);

    if (code == FG_OK)
        code = fg_journal_read_number(journal, STATEMENT_FREE_PAGES, &free_pages, error);
    if (code == FG_OK)
        code = fg_journal_read_number(journal, STATEMENT_FILLERS, &fillers, error);
    if (code != FG_OK)
        return code;
    space->fillers = (uint64_t)fillers;
    space->pages_free = (uint64_t)free_pages;
    space->pages_used = (uint64_t)(pages - free_pages);
    if (space->fillers < space->fillers_wanted)
        space->pages_used += (space->fillers_wanted - space->fillers) * FILLER_PAGES;
    return FG_OK;
}

bool fg_space_is_full(const struct fg_journal *journal)
{
    return journal->space.pages_used + MARGIN_PAGES > journal->space.pages_max;
}

uint8_t fg_journal_state(struct fg_journal *journal)
{
    const struct fg_journal_space *space = &journal->space;

    if (journal->write_failed)
        return FG_JOURNAL_NOT_WRITABLE;
    if (fg_space_is_full(journal))
        return FG_JOURNAL_FULL;
    if (space->pages_used * 100 >= space->pages_max * space->warn_percent || fg_journal_is_pressed(journal))
        return FG_JOURNAL_WARN;
    return FG_JOURNAL_OK;
}

bool fg_journal_is_pressed(const struct fg_journal *journal)
{
    const struct fg_journal_space *space = &journal->space;

    return space->others_bytes >= space->others_bytes_max / 100 * PRESSED_PERCENT;
}

static bool is_of_fill(const struct fg_entry *entry)
{
    return entry->kind == FG_ENTRY_AUTHORISED || entry->kind == FG_ENTRY_ENDED;
}

/* What a stranger can cause, also with a grave reason, and events that nobody must see at once. */
static bool is_ordinary(const struct fg_entry *entry)
{
    switch (entry->kind) {
    case FG_ENTRY_REFUSED:
    case FG_ENTRY_OPERATOR:
        return true;
    case FG_ENTRY_EVENT:
        return entry->event == FG_EVENT_LIST_REFUSED ||
               (entry->event != FG_EVENT_SHUTDOWN && entry->event != FG_EVENT_JOURNAL_PRUNED &&
                entry->event != FG_EVENT_JOURNAL_NEARLY_FULL &&
                !fg_event_is_grave((enum fg_event_kind)entry->event));
    default:
        return false;
    }
}

enum fg_err fg_space_allow(const struct fg_journal *journal, const struct fg_entry *entry,
                           struct fg_error *error)
{
    const struct fg_journal_space *space = &journal->space;

    if (entry->kind == FG_ENTRY_ENDED)
        return FG_OK;
    if (is_ordinary(entry) && space->others_bytes >= space->others_bytes_max)
        return fg_fail(
            error, FG_E_FULL,
            "%s: what belongs to no fill has used up its part of bytes_max; the rest is kept for fills",
            journal->path);
    if (!fg_space_is_full(journal))
        return FG_OK;
    if (entry->kind == FG_ENTRY_AUTHORISED)
        return fg_fail(error, FG_E_FULL, "%s: full: no fill is authorised until entries were sent and pruned",
                       journal->path);
    if (space->fillers <= 1 && space->pages_free < FILLER_PAGES)
        return fg_fail(error, FG_E_FULL, "%s: full: the last space is kept for the end of a fill",
                       journal->path);
    return FG_OK;
}

enum fg_err fg_space_make_room(struct fg_journal *journal, struct fg_error *error)
{
    const struct fg_journal_space *space = &journal->space;

    if (!fg_space_is_full(journal) || space->pages_free >= FILLER_PAGES || space->fillers == 0)
        return FG_OK;
    return fg_journal_step(journal, STATEMENT_FREE_FILLER, "freeing reserved space", error);
}

void fg_space_count(struct fg_journal_space *space, const struct fg_entry *entry, size_t length)
{
    if (!is_of_fill(entry))
        space->others_bytes += length + ENTRY_OVERHEAD_BYTES;
}
