/* Implementation of keeping what verifications found (audit_findings.h). */
#include "host/bureau/audit/audit_findings.h"

#include <stdio.h>
#include <string.h>

/* Runs a statement whose $1 is the controller, "" for all, $2 and $3 numbers. */
static enum fg_err run(struct fg_sql *sql, const char *text, const char *controller, int64_t sequence,
                       int64_t at_ms, const char *finding, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, text, &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, sequence);
    fg_sql_bind_int(statement, 3, at_ms);
    fg_sql_bind_text(statement, 4, finding);
    return fg_sql_run(statement, NULL, error);
}

/* What this verification did not find again goes; what it found again keeps its time, marked by a number
 * below zero meanwhile. */
static enum fg_err all_keep(struct fg_sql *sql, const char *controller,
                            const struct fg_audit_finding *findings, size_t count, int64_t started_ms,
                            struct fg_error *error)
{
    enum fg_err result =
        run(sql,
            "UPDATE finding SET found_ms = 0 - found_ms WHERE (controller = $1 OR $1 = '') AND "
            "found_ms > 0 AND $2 = $2 AND $3 = $3 AND $4 = $4",
            controller, 0, 0, "", error);

    for (size_t i = 0; result == FG_OK && i < count; i++)
        result =
            run(sql,
                "INSERT INTO finding (controller, sequence, found_ms, text) VALUES ($1, $2, $3, $4) ON "
                "CONFLICT (controller, sequence) DO UPDATE SET found_ms = ABS(finding.found_ms), text = "
                "excluded.text",
                findings[i].controller, (int64_t)findings[i].sequence, started_ms, findings[i].text, error);
    if (result == FG_OK)
        result =
            run(sql,
                "DELETE FROM finding WHERE (controller = $1 OR $1 = '') AND found_ms < 0 AND $2 = $2 AND "
                "$3 = $3 AND $4 = $4",
                controller, 0, 0, "", error);
    if (result == FG_OK)
        result =
            run(sql,
                "INSERT INTO verified (controller, whole_ms, checked_ms, findings) SELECT c, CASE WHEN n "
                "= 0 THEN $3 ELSE 0 END, $3, n FROM (SELECT controller AS c, (SELECT COUNT(*) FROM "
                "finding f WHERE f.controller = h.controller) AS n FROM journal_head h WHERE controller "
                "= $1 OR $1 = '') t WHERE $2 = $2 AND $4 = $4 ON CONFLICT (controller) DO UPDATE SET "
                "checked_ms = excluded.checked_ms, findings = excluded.findings, whole_ms = CASE WHEN "
                "excluded.findings = 0 THEN excluded.whole_ms ELSE verified.whole_ms END",
                controller, 0, started_ms, "", error);
    return result;
}

enum fg_err fg_audit_findings_keep(struct fg_sql *sql, const char *controller,
                                   const struct fg_audit_finding *findings, size_t count, int64_t started_ms,
                                   struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = all_keep(sql, controller != NULL ? controller : "", findings, count, started_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_audit_finding_note(struct fg_sql *sql, const struct fg_audit_finding *finding, int64_t at_ms,
                                  struct fg_error *error)
{
    return run(sql,
               "INSERT INTO finding (controller, sequence, found_ms, text) VALUES ($1, $2, $3, $4) ON "
               "CONFLICT (controller, sequence) DO NOTHING",
               finding->controller, (int64_t)finding->sequence, at_ms, finding->text, error);
}

enum fg_err fg_audit_findings_list(struct fg_sql *sql, size_t limit, struct fg_audit_finding_kept *findings,
                                   size_t *ret_count, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    size_t count = 0;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT f.controller, f.sequence, f.text, f.found_ms, COALESCE(v.whole_ms, 0) FROM "
                       "finding f LEFT JOIN verified v ON v.controller = f.controller ORDER BY f.found_ms "
                       "DESC, f.controller, f.sequence LIMIT $1",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, (int64_t)limit);
    while (count < limit && (result = fg_sql_next(statement, error)) == FG_OK) {
        struct fg_audit_finding_kept *one = &findings[count++];

        memset(one, 0, sizeof(*one));
        (void)snprintf(one->what.controller, sizeof(one->what.controller), "%s", fg_sql_text(statement, 0));
        one->what.sequence = (uint64_t)fg_sql_int(statement, 1);
        (void)snprintf(one->what.text, sizeof(one->what.text), "%s", fg_sql_text(statement, 2));
        one->found_ms = fg_sql_int(statement, 3);
        one->whole_ms = fg_sql_int(statement, 4);
    }
    fg_sql_reset(statement);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    *ret_count = count;
    return FG_OK;
}

enum fg_err fg_audit_findings_count(struct fg_sql *sql, uint64_t *ret_count, struct fg_error *error)
{
    int64_t count = 0;
    enum fg_err result = fg_sql_number(sql, "SELECT COUNT(*) FROM finding", &count, error);

    if (result == FG_OK)
        *ret_count = (uint64_t)count;
    return result;
}

enum fg_err fg_audit_finding_times(struct fg_sql *sql, const char *controller, uint64_t sequence,
                                   struct fg_audit_finding_times *ret_times, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT COALESCE((SELECT found_ms FROM finding WHERE controller = $1 AND sequence = $2), 0), "
        "COALESCE((SELECT whole_ms FROM verified WHERE controller = $1), 0), COALESCE((SELECT checked_ms "
        "FROM "
        "verified WHERE controller = $1), 0)",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)sequence);
    result = fg_sql_next(statement, error);
    if (result != FG_OK)
        return result;
    ret_times->found_ms = fg_sql_int(statement, 0);
    ret_times->whole_ms = fg_sql_int(statement, 1);
    ret_times->checked_ms = fg_sql_int(statement, 2);
    fg_sql_reset(statement);
    return FG_OK;
}
