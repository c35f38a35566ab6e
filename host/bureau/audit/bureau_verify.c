/* Implementation of verifying the bureau's whole store (bureau_verify.h). */
#include "host/bureau/audit/bureau_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/audit/audit_cross.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/ledger_verify.h"
#include "host/bureau/trail/trail.h"
#include "host/bureau/watch/trail_witness.h"
#include "host/sql/sql_check.h"

/* Stands between the parts and the caller's report: it counts, and numbers what is about no controller. */
struct verify {
    const struct fg_audit_settings *asked;
    uint64_t findings;
    uint64_t numbered;
};

static void found(void *context, const struct fg_audit_finding *finding)
{
    struct verify *verify = context;
    struct fg_audit_finding passed = *finding;

    if (passed.controller[0] == '\0')
        passed.sequence = ++verify->numbered;
    if (verify->asked->report != NULL)
        verify->asked->report(verify->asked->context, &passed);
}

static bool progress(void *context, uint64_t entries)
{
    const struct verify *verify = context;

    return verify->asked->progress == NULL || verify->asked->progress(verify->asked->context, entries);
}

static void text_found(struct verify *verify, const char *before, const char *text)
{
    struct fg_audit_finding finding = {.sequence = 0};

    verify->findings++;
    (void)snprintf(finding.text, sizeof(finding.text), "%s%.240s", before, text);
    found(verify, &finding);
}

static void database_found(void *context, const char *text)
{
    text_found(context, "the database: ", text);
}

static void ledger_found(void *context, const char *text)
{
    text_found(context, "", text);
}

static enum fg_err trail_check(struct fg_sql *sql, struct verify *verify, struct fg_error *error)
{
    struct fg_trail_verdict verdict;
    char text[FG_AUDIT_TEXT_MAX + 1];
    enum fg_err result = fg_trail_verify(sql, verify->asked->receipt_key, NULL, &verdict, error);

    if (result == FG_OK && verdict.broken != 0) {
        (void)snprintf(text, sizeof(text), "record %" PRIu64 ": %s", verdict.broken, verdict.why);
        text_found(verify, "the trail: ", text);
    } else if (result == FG_E_CORRUPT) {
        text_found(verify, "", error->text);
        result = FG_OK;
    }
    return result;
}

static void witness_found(void *context, const char *text)
{
    text_found(context, "the trail: ", text);
}

enum fg_err fg_bureau_verify(struct fg_sql *sql, const struct fg_audit_settings *settings,
                             const char *controller, struct fg_audit_result *ret_result,
                             struct fg_error *error)
{
    struct verify verify = {.asked = settings};
    struct fg_audit_settings passed = *settings;
    struct fg_audit_result sum = {0};
    enum fg_err result = FG_OK;

    passed.report = found;
    passed.progress = progress;
    passed.context = &verify;
    if (controller == NULL)
        result = fg_sql_check(sql, fg_bureau_migrations, fg_bureau_migration_count, database_found, &verify,
                              NULL, error);
    if (result == FG_OK && controller == NULL)
        result = trail_check(sql, &verify, error);
    if (result == FG_OK && controller == NULL)
        result = fg_witness_verify(sql, witness_found, &verify, error);
    if (result == FG_OK && controller == NULL)
        result = fg_ledger_verify(sql, ledger_found, &verify, error);
    if (result == FG_OK)
        result = fg_audit_cross(sql, &passed, controller, &verify.findings, error);
    if (result == FG_OK)
        result = fg_audit_walk(sql, &passed, controller, &sum, error);
    /* A controller without a journal of which something else knows is a finding, not an unknown name. */
    if (result == FG_E_NOT_FOUND && verify.findings > 0)
        result = FG_OK;
    sum.findings += verify.findings;
    if (result == FG_OK)
        *ret_result = sum;
    return result;
}
