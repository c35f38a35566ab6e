/* The journal's SQL statements: their texts, prepared once, stepped by number. */
#include "firmware/journal/journal_sql.h"
#include "firmware/journal/private.h"

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_INSERT] = "INSERT INTO entry(sequence, bytes, hash, signature, kind, wall_ms, identity,"
                         " quantity_g, code, plate) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_VERSION] = "PRAGMA user_version = 1",
    [STATEMENT_PAGES] = "PRAGMA page_count",
    [STATEMENT_FREE_PAGES] = "PRAGMA freelist_count",
    [STATEMENT_FILLERS] = "SELECT count(*) FROM filler",
    [STATEMENT_FREE_FILLER] = "DELETE FROM filler WHERE id = (SELECT max(id) FROM filler)",
    [STATEMENT_ANCHORED] = "INSERT OR IGNORE INTO meta(name, value) VALUES('anchored', 1)",
    /* More fills of a cylinder, or manual entries, than any rule allows a day. */
    [STATEMENT_FILLS] = "SELECT sequence, wall_ms FROM entry WHERE code = ?1 AND kind = 6 AND quantity_g > 0"
                        " ORDER BY sequence DESC LIMIT 256",
    [STATEMENT_MANUAL] = "SELECT sequence, wall_ms FROM entry WHERE identity = 1 AND kind = 5"
                         " ORDER BY sequence DESC LIMIT 256",
    [STATEMENT_BYTES_FROM] = "SELECT bytes FROM entry WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
    [STATEMENT_ENTRIES] = "SELECT sequence, bytes, hash FROM entry WHERE sequence > ?1 ORDER BY sequence"
                          " LIMIT ?2",
    [STATEMENT_PRUNE] = "DELETE FROM entry WHERE sequence <= ?1",
    [STATEMENT_PUT_MARK] = "INSERT OR REPLACE INTO meta(name, value) VALUES('mark', ?1)",
};

enum fg_err fg_journal_fail(struct fg_journal *journal, int result, const char *doing, struct fg_error *error)
{
    return fg_journal_sqlite_fail(journal->database, result, journal->path, doing, error);
}

enum fg_err fg_journal_prepare(struct fg_journal *journal, struct fg_error *error)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        int result = sqlite3_prepare_v3(journal->database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &journal->statements[i], NULL);

        if (result != SQLITE_OK)
            return fg_journal_fail(journal, result, "opening the journal", error);
    }
    return FG_OK;
}

enum fg_err fg_journal_step(struct fg_journal *journal, enum fg_journal_statement which, const char *doing,
                            struct fg_error *error)
{
    int result = sqlite3_step(journal->statements[which]);

    (void)sqlite3_reset(journal->statements[which]);
    return result == SQLITE_DONE ? FG_OK : fg_journal_fail(journal, result, doing, error);
}

enum fg_err fg_journal_read_number(struct fg_journal *journal, enum fg_journal_statement which,
                                   int64_t *ret_number, struct fg_error *error)
{
    sqlite3_stmt *statement = journal->statements[which];
    int result = sqlite3_step(statement);
    enum fg_err code = FG_OK;

    if (result == SQLITE_ROW)
        *ret_number = sqlite3_column_int64(statement, 0);
    else
        code = fg_journal_fail(journal, result, "reading the journal", error);
    (void)sqlite3_reset(statement);
    return code;
}
