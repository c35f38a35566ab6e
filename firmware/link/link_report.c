/* How this controller is doing, told to the next hop (link_report.h). */
#include "firmware/link/link_report.h"
#include "lib/base/version.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define VERSION "fillgate-link " FG_VERSION
#define OFFSET_TOLD_MS 1000
#define BODY_MAX 4096

static void fill_report(const struct fg_link_context *link, struct fg_sync_report *report)
{
    const struct fg_control_state *state = &link->state;
    struct statvfs disk;

    memcpy(report->device, state->controller, sizeof(report->device));
    report->wall_ms = state->wall_ms;
    report->clock_quality = state->clock_quality;
    memcpy(report->list_id, state->list_id, sizeof(report->list_id));
    report->list_version = state->list_version;
    report->list_issued_ms = state->list_issued_ms;
    report->last_sequence = state->journal_last_sequence;
    report->unsent = state->journal_unsent;
    report->oldest_unsent_ms = state->oldest_unsent_ms;
    (void)snprintf(report->version, sizeof(report->version), "%s", VERSION);
    if (statvfs(link->work_directory, &disk) == 0)
        report->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

/* A clock that is wrong by the same amount is told once. */
static void tell_offset(struct fg_link_context *link, struct fg_link_offset *offset, int64_t theirs_ms)
{
    int64_t offset_ms = link->state.wall_ms - theirs_ms;
    int64_t change_ms = offset_ms - offset->told_ms;

    if (offset->known && change_ms < OFFSET_TOLD_MS && change_ms > -OFFSET_TOLD_MS)
        return;
    offset->known = true;
    offset->told_ms = offset_ms;
    fg_link_tell(link, FG_LINK_SAY_REPORT, "clock: %lld ms against the next hop's", (long long)offset_ms);
}

static enum fg_err send_report(struct fg_link_context *link, struct fg_link_offset *offset,
                               struct fg_error *error)
{
    static struct fg_sync_reports reports;
    struct fg_sync_report_answer said;
    struct fg_https_answer answered;
    uint8_t body[BODY_MAX];
    struct fg_https_request request = {.method = "POST",
                                       .path = FG_SYNC_PATH_REPORT,
                                       .body = link->buffer,
                                       .answer_max = sizeof(body),
                                       .answer_buffer = body};
    enum fg_err code = fg_link_connect(link, error);

    memset(&reports, 0, sizeof(reports));
    fill_report(link, &reports.self);
    if (code == FG_OK)
        code = fg_sync_reports_encode(&reports, link->buffer, FG_SYNC_REPORT_BYTES_MAX, &request.body_length,
                                      error);
    if (code == FG_OK)
        code = fg_https_ask(link->https, &request, &answered, error);
    if (code != FG_OK)
        return code;
    if (answered.status != 200)
        return fg_fail(error, answered.status == 503 ? FG_E_BUSY : FG_E_DENIED, "HTTP %u", answered.status);
    code = fg_sync_report_answer_decode(body, (size_t)answered.length, &said, error);
    if (code == FG_OK)
        tell_offset(link, offset, said.wall_ms);
    return code;
}

void fg_link_report(struct fg_link_context *link, struct fg_link_offset *offset)
{
    struct fg_error error = {0};
    enum fg_err code = link->state_known ? send_report(link, offset, &error)
                                         : fg_fail(&error, FG_E_STATE, "fillgated does not answer");

    if (code == FG_OK) {
        fg_link_status_good(link->status, fg_link_now_ms(link));
        fg_link_job_done(link, FG_LINK_REPORT);
        return;
    }
    fg_link_tell(link, FG_LINK_SAY_REPORT, "report not sent: %s", error.text);
    fg_link_status_bad(link->status, error.text);
    fg_link_job_failed(link, FG_LINK_REPORT, code);
}
