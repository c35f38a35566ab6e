/* Implementation of the bureau's verifying thread (bureau_verifier.h). */
#include "host/bureau/audit/bureau_verifier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/audit/bureau_verify.h"
#include "lib/base/monotime.h"
#include "lib/system/turns.h"

#define DEADLINE_MS 600000
#define KEPT_MAX 400
#define NICE 15
#define HOUR_MS INT64_C(3600000)
#define SAID_EVERY_MS 60000
#define STOP_MS 3000
#define LINE_BYTES 512
#define ALARM_SUBJECT "bureau"

struct fg_bureau_verifier {
    struct fg_bureau_verifier_settings settings;
    struct fg_sql *sql;
    struct fg_turns turns;
    int64_t said_mono_ms;
    uint64_t listed_findings; /* of this verification, in the folder of lists */
    uint64_t total;           /* entries that are held when a verification begins */
    size_t kept_count;
    struct fg_audit_finding kept[KEPT_MAX];
};

static void say(struct fg_bureau_verifier *verifier, const char *line)
{
    verifier->settings.log(verifier->settings.context, line);
}

static void found(void *context, const struct fg_audit_finding *finding)
{
    struct fg_bureau_verifier *verifier = context;
    char line[LINE_BYTES];

    (void)snprintf(line, sizeof(line), "TAMPERED STORE: %s: entry %" PRIu64 ": %s",
                   finding->controller[0] != '\0' ? finding->controller : ALARM_SUBJECT, finding->sequence,
                   finding->text);
    if (finding->sequence == 0 || finding->controller[0] == '\0')
        (void)snprintf(line, sizeof(line), "TAMPERED STORE: %s: %s",
                       finding->controller[0] != '\0' ? finding->controller : ALARM_SUBJECT, finding->text);
    say(verifier, line);
    if (verifier->kept_count < KEPT_MAX)
        verifier->kept[verifier->kept_count++] = *finding;
}

/* Numbered on from what was found about no controller before. */
static void listed_found(void *context, const char *text)
{
    struct fg_bureau_verifier *verifier = context;
    struct fg_audit_finding finding = {.sequence = 1};

    for (size_t i = 0; i < verifier->kept_count; i++)
        finding.sequence += verifier->kept[i].controller[0] == '\0';
    (void)snprintf(finding.text, sizeof(finding.text), "%s", text);
    verifier->listed_findings++;
    found(verifier, &finding);
}

static bool progress(void *context, uint64_t entries)
{
    struct fg_bureau_verifier *verifier = context;
    char line[LINE_BYTES];

    if (fg_mono_ms() >= verifier->said_mono_ms) {
        verifier->said_mono_ms = fg_mono_ms() + SAID_EVERY_MS;
        (void)snprintf(line, sizeof(line), "verifying the store: %" PRIu64 " of about %" PRIu64 " entries",
                       entries, verifier->total);
        say(verifier, line);
    }
    return fg_turns_go_on(&verifier->turns);
}

static enum fg_err total_read(struct fg_bureau_verifier *verifier, struct fg_error *error)
{
    int64_t total = 0;
    enum fg_err result = fg_sql_number(
        verifier->sql, "SELECT CAST(COALESCE(SUM(next_sequence - 1), 0) AS BIGINT) FROM journal_head", &total,
        error);

    if (result == FG_OK)
        verifier->total = (uint64_t)total;
    return result;
}

/* One open alarm for the store while something is found; it ends when everything holds again. */
static enum fg_err alarm_set(struct fg_bureau_verifier *verifier, uint64_t findings, int64_t now_ms,
                             struct fg_error *error)
{
    struct fg_alarm alarm = {.kind = FG_ALARM_STORE_TAMPERED, .subject = ALARM_SUBJECT};
    enum fg_err result;

    if (findings == 0) {
        result = fg_alarm_close(verifier->sql, FG_ALARM_STORE_TAMPERED, ALARM_SUBJECT, "fillgate-bureau",
                                "over", now_ms, NULL);
        return result == FG_E_NOT_FOUND ? FG_OK : result;
    }
    (void)snprintf(alarm.detail, sizeof(alarm.detail), "%" PRIu64 " findings; the first: %.40s%s%.200s",
                   findings, verifier->kept[0].controller,
                   verifier->kept[0].controller[0] != '\0' ? ": " : "", verifier->kept[0].text);
    return fg_alarm_ensure(verifier->sql, &alarm, now_ms, error);
}

static enum fg_err verify_once(struct fg_bureau_verifier *verifier, struct fg_audit_result *ret_sum,
                               struct fg_error *error)
{
    const struct fg_audit_settings settings = {.directory = verifier->settings.directory,
                                               .receipt_key = verifier->settings.receipt_key,
                                               .report = found,
                                               .progress = progress,
                                               .context = verifier};
    struct fg_listed listed = verifier->settings.listed;
    int64_t started_ms = verifier->settings.now_ms(verifier->settings.context);
    enum fg_err result = total_read(verifier, error);

    verifier->kept_count = 0;
    verifier->said_mono_ms = fg_mono_ms() + SAID_EVERY_MS;
    if (result == FG_OK)
        result = fg_bureau_verify(verifier->sql, &settings, NULL, ret_sum, error);
    listed.now_ms = started_ms;
    verifier->listed_findings = 0;
    if (result == FG_OK)
        result = fg_listed_verify(verifier->sql, &listed, listed_found, verifier, error);
    ret_sum->findings += verifier->listed_findings;
    if (result == FG_OK)
        result = fg_audit_findings_keep(verifier->sql, NULL, verifier->kept, verifier->kept_count, started_ms,
                                        error);
    return result == FG_OK ? alarm_set(verifier, ret_sum->findings, started_ms, error) : result;
}

static void verify(struct fg_bureau_verifier *verifier)
{
    struct fg_audit_result sum = {0};
    struct fg_error error;
    char line[LINE_BYTES];
    enum fg_err result = verify_once(verifier, &sum, &error);

    if (result == FG_OK)
        (void)snprintf(line, sizeof(line),
                       "the store was verified: %" PRIu64 " journals, %" PRIu64 " entries, %" PRIu64
                       " findings",
                       sum.controllers, sum.entries, sum.findings);
    else
        (void)snprintf(line, sizeof(line), "verifying the store: %s", error.text);
    if (fg_turns_go_on(&verifier->turns))
        say(verifier, line);
}

static void *run(void *argument)
{
    struct fg_bureau_verifier *verifier = argument;

    /* Of this thread alone: Linux counts them as processes here. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    do {
        verify(verifier);
    } while (fg_turns_rest(&verifier->turns, verifier->settings.every_h * HOUR_MS, false));
    return NULL;
}

enum fg_err fg_bureau_verifier_start(const struct fg_bureau_verifier_settings *settings,
                                     struct fg_bureau_verifier **ret_verifier, struct fg_error *error)
{
    struct fg_bureau_verifier *verifier = calloc(1, sizeof(*verifier));
    struct fg_sql_settings sql = *settings->sql;
    enum fg_err result;

    if (verifier == NULL)
        return fg_fail(error, FG_E_MEMORY, "verifying the store: no memory");
    verifier->settings = *settings;
    verifier->settings.sql = NULL;
    sql.deadline_ms = DEADLINE_MS;
    result = fg_sql_open(&sql, &verifier->sql, error);
    if (result == FG_OK)
        result = fg_turns_start(&verifier->turns, run, verifier, "verifying the store", error);
    if (result != FG_OK) {
        fg_sql_close(verifier->sql);
        free(verifier);
        return result;
    }
    *ret_verifier = verifier;
    return FG_OK;
}

void fg_bureau_verifier_stop(struct fg_bureau_verifier *verifier)
{
    if (verifier == NULL)
        return;
    fg_turns_tell_to_stop(&verifier->turns);
    fg_sql_interrupt(verifier->sql);
    if (!fg_turns_stop_within(&verifier->turns, STOP_MS))
        return;
    fg_sql_close(verifier->sql);
    free(verifier);
}
