/* Implementation of keeping reports (reports.h). */
#include "host/bureau/device/reports.h"

#include <stdio.h>
#include <string.h>

/* Sums and differences of two such times cannot overflow. */
#define WALL_MAX INT64_C(9000000000000000)

/* A report with its times on the bureau's clock. */
struct kept {
    const struct fg_sync_report *report;
    const char *role;
    const char *via; /* the station that passed it on, "" = the device itself */
    int64_t contact_ms;
    int64_t clock_offset_ms;
};

static int64_t wall_sane(int64_t wall_ms)
{
    if (wall_ms < 0)
        return 0;
    return wall_ms < WALL_MAX ? wall_ms : WALL_MAX;
}

static int64_t number_sane(uint64_t number)
{
    return number < (uint64_t)INT64_MAX ? (int64_t)number : INT64_MAX;
}

/* A report that is older than what is known, passed on by a slower way, changes nothing. */
static enum fg_err report_write(struct fg_sql *sql, const struct kept *kept, struct fg_error *error)
{
    const struct fg_sync_report *report = kept->report;
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO device_report (device, role, via, contact_ms, wall_ms, clock_quality, clock_offset_ms, "
        "list_id, list_version, list_issued_ms, last_sequence, unsent, oldest_unsent_ms, disk_free_bytes, "
        "version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT "
        "(device) DO UPDATE SET role = excluded.role, via = excluded.via, contact_ms = excluded.contact_ms, "
        "wall_ms = excluded.wall_ms, clock_quality = excluded.clock_quality, clock_offset_ms = "
        "excluded.clock_offset_ms, list_id = excluded.list_id, list_version = excluded.list_version, "
        "list_issued_ms = excluded.list_issued_ms, last_sequence = excluded.last_sequence, unsent = "
        "excluded.unsent, oldest_unsent_ms = excluded.oldest_unsent_ms, disk_free_bytes = "
        "excluded.disk_free_bytes, version = excluded.version WHERE excluded.contact_ms >= "
        "device_report.contact_ms",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, report->device);
    fg_sql_bind_text(statement, 2, kept->role);
    fg_sql_bind_text(statement, 3, kept->via);
    fg_sql_bind_int(statement, 4, kept->contact_ms);
    fg_sql_bind_int(statement, 5, wall_sane(report->wall_ms));
    fg_sql_bind_int(statement, 6, report->clock_quality);
    fg_sql_bind_int(statement, 7, kept->clock_offset_ms);
    fg_sql_bind_text(statement, 8, report->list_id);
    fg_sql_bind_int(statement, 9, number_sane(report->list_version));
    fg_sql_bind_int(statement, 10, wall_sane(report->list_issued_ms));
    fg_sql_bind_int(statement, 11, number_sane(report->last_sequence));
    fg_sql_bind_int(statement, 12, number_sane(report->unsent));
    fg_sql_bind_int(statement, 13, wall_sane(report->oldest_unsent_ms));
    fg_sql_bind_int(statement, 14, number_sane(report->disk_free_bytes));
    fg_sql_bind_text(statement, 15, report->version);
    return fg_sql_run(statement, NULL, error);
}

/* FG_E_NOT_FOUND: not a controller of this station. */
static enum fg_err below_check(struct fg_sql *sql, const char *controller, const char *station,
                               struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT device FROM device WHERE device = $1 AND station = $2 AND role = 'controller'",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_text(statement, 2, station);
    result = fg_sql_next(statement, error);
    fg_sql_reset(statement);
    return result;
}

static enum fg_err below_keep(struct fg_sql *sql, const struct fg_peer *peer,
                              const struct fg_sync_report *report, int64_t station_offset_ms, int64_t now_ms,
                              struct fg_error *error)
{
    int64_t heard_ms = wall_sane(report->heard_ms) - station_offset_ms;
    struct kept kept = {.report = report,
                        .role = "controller",
                        .via = peer->id,
                        .contact_ms = heard_ms < now_ms ? heard_ms : now_ms,
                        .clock_offset_ms = wall_sane(report->wall_ms) - heard_ms};
    enum fg_err result = below_check(sql, report->device, peer->id, error);

    if (result != FG_OK || report->heard_ms == 0) /* 0: the station itself never heard it */
        return result;
    return report_write(sql, &kept, error);
}

static enum fg_err all_keep(struct fg_sql *sql, const struct fg_peer *peer,
                            const struct fg_sync_reports *reports, int64_t now_ms, size_t *ret_strange,
                            struct fg_error *error)
{
    struct kept kept = {.report = &reports->self,
                        .role = peer->role,
                        .via = "",
                        .contact_ms = now_ms,
                        .clock_offset_ms = wall_sane(reports->self.wall_ms) - now_ms};
    enum fg_err result = report_write(sql, &kept, error);

    for (size_t i = 0; result == FG_OK && i < reports->below_count; i++) {
        result = below_keep(sql, peer, &reports->below[i], kept.clock_offset_ms, now_ms, error);
        if (result == FG_E_NOT_FOUND) {
            ++*ret_strange;
            result = FG_OK;
        }
    }
    return result;
}

enum fg_err fg_reports_keep(struct fg_sql *sql, const struct fg_peer *peer,
                            const struct fg_sync_reports *reports, int64_t now_ms,
                            struct fg_sync_report_answer *ret_answer, struct fg_error *error)
{
    struct fg_sync_report_answer answer = {.wall_ms = now_ms};
    size_t strange = 0;
    enum fg_err result;

    if (strcmp(peer->id, reports->self.device) != 0)
        return fg_fail(error, FG_E_DENIED, "%s %s reports as %s", peer->role, peer->id, reports->self.device);
    result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = all_keep(sql, peer, reports, now_ms, &strange, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK) {
        fg_sql_rollback(sql);
        return result;
    }
    if (strange > 0)
        (void)snprintf(answer.text, sizeof(answer.text), "%zu devices are no controllers of %s; not kept",
                       strange, peer->id);
    *ret_answer = answer;
    return FG_OK;
}
