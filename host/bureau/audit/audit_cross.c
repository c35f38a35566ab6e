/* Implementation of comparing the bureau's tables with each other (audit_cross.h). */
#include "host/bureau/audit/audit_cross.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/history/day_sums.h"
#include "host/bureau/journal/journal_columns.h"

#define TOLD_MAX 20

/* A rule: what its statement gives is wrong. $1 is the controller, '' = all. Columns: whom it is about, then
 * up to two numbers that stand in the text. */
struct rule {
    const char *about; /* what the first column is, when it is no controller */
    const char *query;
    const char *format; /* with two PRId64 at most */
};

#define OF(column) "($1 = '' OR " column " = $1) "
#define HELD "COALESCE(h.next_sequence, 1) - 1"

static const struct rule rules[] = {
    {NULL,
     "SELECT r.device, r.last_sequence - r.unsent, " HELD " FROM device_report r LEFT JOIN journal_head h ON "
     "h.controller = r.device WHERE " OF(
         "r.device") "AND r.role = 'controller' AND r.last_sequence - r.unsent > " HELD " ORDER BY r.device",
     "missing: the device reported that it has a receipt for entry %" PRId64 ", but only %" PRId64
     " are held: the store was put back to an older state, or rows were deleted"},
    {NULL,
     "SELECT f.controller, f.next_sequence - 1, " HELD
     " FROM follow f LEFT JOIN journal_head h ON h.controller = "
     "f.controller WHERE " OF("f.controller") "AND f.next_sequence - 1 > " HELD " ORDER BY f.controller",
     "missing: the alarms had read up to entry %" PRId64 ", but only %" PRId64 " are held"},
    {NULL,
     "SELECT f.controller, f.next_sequence - 1, " HELD " FROM sum_follow f LEFT JOIN journal_head h ON "
     "h.controller = f.controller WHERE " OF("f.controller") "AND f.next_sequence - 1 > " HELD
                                                             " ORDER BY f.controller",
     "missing: the sums had counted up to entry %" PRId64 ", but only %" PRId64 " are held"},
    {NULL,
     "SELECT o.c, 0, 0 FROM (SELECT device AS c FROM device_report WHERE role = 'controller' UNION SELECT "
     "device "
     "FROM device_change UNION SELECT device FROM certificate) o LEFT JOIN device d ON d.device = o.c "
     "WHERE " OF("o.c") "AND d.device IS NULL ORDER BY o.c",
     "it was removed from the table of devices; reports, certificates or changes of it are left"},
    {NULL,
     "SELECT c, CAST(SUM(n) AS BIGINT), CAST(SUM(k) AS BIGINT) FROM (SELECT s.controller AS c, s.kind AS "
     "kind, s.entries AS n, 0 AS k, "
     "s.quantity_g AS q FROM controller_sum s WHERE " OF(
         "s.controller") "UNION ALL SELECT e.controller, e.kind, 0, "
                         "SUM(e.repeats), 0 - SUM(CASE WHEN e.quantity_g > 0 AND e.quantity_g < 1000000000 "
                         "THEN e.quantity_g ELSE 0 END) "
                         "FROM journal_entry e JOIN sum_follow f ON f.controller = e.controller WHERE " OF(
                             "e.controller") "AND e.sequence < f.next_sequence AND e.marks IN " FG_MARKS_COUNT
                                             " AND "
                                             "e.kind IN (4, 5, 6) GROUP BY e.controller, e.kind) t "
                                             "GROUP BY c, kind HAVING SUM(n) <> SUM(k) OR SUM(q) <> 0 ORDER "
                                             "BY c",
     "its sums were edited: they count %" PRId64 " entries of a kind, the entries say %" PRId64},
    {NULL,
     "SELECT h.controller, e.sequence, 0 FROM journal_head h JOIN journal_entry e ON e.controller = "
     "h.controller AND "
     "e.sequence = h.next_sequence - 1 WHERE " OF(
         "h.controller") "AND (e.station <> h.station OR e.arrived_ms <> "
                         "h.arrived_ms) ORDER BY h.controller",
     "its head row names another station or time than entry %" PRId64 ", its last"},
};

/* These are about no controller: they run when everything is verified. $1: milliseconds of the zone, $2: the
 * same and half a day. */
#define DAY(time, shift)                                                                                     \
    "CASE WHEN " time " > 0 AND " time " < 253402300800000 THEN (" time " + " shift ") / 86400000 ELSE 0 "   \
    "END"

static const struct rule sums[] = {
    {"station",
     "SELECT station, CAST(SUM(n) AS BIGINT), CAST(SUM(k) AS BIGINT) FROM (SELECT day, station, kind, "
     "reason, entries AS n, 0 AS k, "
     "quantity_g AS q "
     "FROM station_day UNION ALL SELECT " DAY(
         "e.wall_ms",
         "f.utc_offset_min * 60000") ", e.station, e.kind, CASE "
                                     "WHEN e.kind = 4 THEN e.reason ELSE 0 END, 0, e.repeats, CASE WHEN "
                                     "e.quantity_g > 0 AND e.quantity_g < "
                                     "1000000000 THEN 0 - e.quantity_g ELSE 0 END FROM journal_entry e JOIN "
                                     "sum_follow f ON f.controller = "
                                     "e.controller WHERE e.sequence < f.next_sequence AND e.marks "
                                     "IN " FG_MARKS_COUNT " "
                                     "AND e.kind IN (4, 5, 6)) t GROUP BY day, "
                                     "station, kind, reason HAVING SUM(n) <> SUM(k) OR SUM(q) <> 0 ORDER BY "
                                     "station",
     "the sums of a day were edited: they count %" PRId64 " entries, the entries say %" PRId64},
    {"station",
     "SELECT station, CAST(SUM(n) AS BIGINT), CAST(SUM(k) AS BIGINT) FROM (SELECT day, station, entries AS "
     "n, 0 AS k FROM station_night "
     "UNION ALL "
     "SELECT " DAY(
         "e.arrived_ms",
         "(f.utc_offset_min * 60000 + 43200000)") ", e.station, 0, 1 FROM journal_entry e "
                                                  "JOIN sum_follow f ON f.controller = e.controller WHERE "
                                                  "e.sequence < f.next_sequence) t GROUP BY day, station "
                                                  "HAVING SUM(n) <> SUM(k) ORDER BY station",
     "the sums of a night were edited: they count %" PRId64
     " entries that arrived, the entries say %" PRId64},
    {"session",
     "SELECT s.login, s.created_ms, COUNT(*) FROM web_session s GROUP BY s.login, s.created_ms HAVING "
     "COUNT(*) > (SELECT "
     "COUNT(*) FROM trail t WHERE t.login = s.login AND t.outcome = 'DONE' AND t.at_ms = s.created_ms) ORDER "
     "BY s.login",
     "nobody signed in for it: the trail has too few records of %" PRId64 " for %" PRId64 " sessions"},
    {"counter",
     "SELECT 'hazard_counter', c.last, (SELECT COALESCE(MAX(number), 0) FROM hazard_case) FROM "
     "hazard_counter c WHERE "
     "c.last <> (SELECT COALESCE(MAX(number), 0) FROM hazard_case)",
     "it says %" PRId64 ", the newest case is %" PRId64},
    {"counter",
     "SELECT 'sample_counter', c.last, (SELECT COALESCE(MAX(number), 0) FROM sample) FROM sample_counter c "
     "WHERE "
     "c.last <> (SELECT COALESCE(MAX(number), 0) FROM sample)",
     "it says %" PRId64 ", the newest sample is %" PRId64},
    {"table", "SELECT 'trail_tip', COUNT(*), 0 FROM trail_tip HAVING COUNT(*) <> 1",
     "it has %" PRId64 " rows instead of one"},
    {"counters",
     "SELECT 'hazard_counter and sample_counter', (SELECT COUNT(*) FROM hazard_counter), (SELECT COUNT(*) "
     "FROM "
     "sample_counter) WHERE (SELECT COUNT(*) FROM hazard_counter) <> 1 OR (SELECT COUNT(*) FROM "
     "sample_counter) <> 1 OR (SELECT MAX(one) FROM hazard_counter) <> 1 OR (SELECT MAX(one) FROM "
     "sample_counter) <> 1",
     "they have %" PRId64 " and %" PRId64 " rows instead of one, or not the one"},
};

struct cross {
    struct fg_sql *sql;
    const struct fg_audit_settings *settings;
    uint64_t *findings;
    struct fg_error *error;
};

static void tell(const struct cross *cross, const struct fg_audit_finding *finding)
{
    ++*cross->findings;
    if (cross->settings->report != NULL)
        cross->settings->report(cross->settings->context, finding);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* The format is one of the rules' above. */
static void rule_tell(const struct cross *cross, const struct rule *rule, const struct fg_sql_statement *row)
{
    struct fg_audit_finding finding = {.sequence = 0};
    int used = 0;

    if (rule->about != NULL)
        used = snprintf(finding.text, sizeof(finding.text), "%s %.40s: ", rule->about, fg_sql_text(row, 0));
    else
        (void)snprintf(finding.controller, sizeof(finding.controller), "%s", fg_sql_text(row, 0));
    (void)snprintf(finding.text + used, sizeof(finding.text) - (size_t)used, rule->format, fg_sql_int(row, 1),
                   fg_sql_int(row, 2));
    tell(cross, &finding);
}
#pragma GCC diagnostic pop

static enum fg_err rule_run(const struct cross *cross, const struct rule *rule, const char *controller)
{
    struct fg_sql_statement *statement;
    unsigned told = 0;
    enum fg_err result = fg_sql_prepare(cross->sql, rule->query, &statement, cross->error);

    if (result != FG_OK)
        return result;
    if (controller != NULL)
        fg_sql_bind_text(statement, 1, controller);
    while (told < TOLD_MAX && (result = fg_sql_next(statement, cross->error)) == FG_OK) {
        rule_tell(cross, rule, statement);
        told++;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Receipts kept elsewhere, of journals of which nothing at all is held: the walk never meets those. */
static enum fg_err receipts_compare(const struct cross *cross, const char *controller)
{
    const struct fg_audit_settings *settings = cross->settings;
    struct fg_sql_statement *statement;
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < settings->receipt_count; i++) {
        const struct fg_receipt *receipt = &settings->receipts[i];
        struct fg_audit_finding finding = {.sequence = 1};

        if ((controller != NULL && strcmp(receipt->controller, controller) != 0) ||
            receipt->next_sequence <= 1)
            continue;
        result = fg_sql_prepare(cross->sql,
                                "SELECT (SELECT COUNT(*) FROM journal_head WHERE controller = $1) + (SELECT "
                                "COUNT(*) FROM journal_entry WHERE controller = $1 AND sequence = 1)",
                                &statement, cross->error);
        if (result != FG_OK)
            break;
        fg_sql_bind_text(statement, 1, receipt->controller);
        result = fg_sql_next(statement, cross->error);
        if (result != FG_OK)
            break;
        if (fg_sql_int(statement, 0) == 0) {
            memcpy(finding.controller, receipt->controller, sizeof(finding.controller));
            (void)snprintf(finding.text, sizeof(finding.text),
                           "missing: the whole journal is gone; a receipt covers entry %" PRIu64,
                           receipt->next_sequence - 1);
            tell(cross, &finding);
        }
        fg_sql_reset(statement);
    }
    return result;
}

enum fg_err fg_audit_cross(struct fg_sql *sql, const struct fg_audit_settings *settings,
                           const char *controller, uint64_t *findings, struct fg_error *error)
{
    const struct cross cross = {sql, settings, findings, error};
    enum fg_err result = receipts_compare(&cross, controller);

    for (size_t i = 0; result == FG_OK && i < sizeof(rules) / sizeof(rules[0]); i++)
        result = rule_run(&cross, &rules[i], controller != NULL ? controller : "");
    for (size_t i = 0; result == FG_OK && controller == NULL && i < sizeof(sums) / sizeof(sums[0]); i++)
        result = rule_run(&cross, &sums[i], NULL);
    return result;
}
