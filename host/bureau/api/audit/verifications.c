/* Implementation of verifying whole journals (verifications.h). */
#include "host/bureau/api/audit/verifications.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/web/web_shared.h"

/* One statement goes through a whole journal. */
#define DEADLINE_MS 600000

struct fg_web_verifier {
    struct fg_web *web;
    struct fg_sql *sql;
    pthread_t thread;
    pthread_mutex_t mutex; /* of everything below */
    pthread_cond_t changed;
    bool stopping;
    uint64_t last_id;
    struct fg_web_verification *running; /* asked for, or being done */
    struct fg_web_verification kept[FG_WEB_VERIFICATIONS_MAX];
};

/* ---- the thread ---- */

static void found(void *context, const struct fg_audit_finding *finding)
{
    struct fg_web_verifier *verifier = context;
    struct fg_web_verification *running = verifier->running;

    (void)pthread_mutex_lock(&verifier->mutex);
    running->findings++;
    if (running->found_count < FG_WEB_FINDINGS_MAX)
        running->found[running->found_count++] = *finding;
    (void)pthread_mutex_unlock(&verifier->mutex);
}

static bool progress(void *context, uint64_t entries)
{
    struct fg_web_verifier *verifier = context;
    bool go_on;

    (void)pthread_mutex_lock(&verifier->mutex);
    verifier->running->entries_done = entries;
    go_on = !verifier->stopping;
    (void)pthread_mutex_unlock(&verifier->mutex);
    return go_on;
}

static void verify(struct fg_web_verifier *verifier)
{
    struct fg_web_verification *running = verifier->running;
    const struct fg_web_settings *web = &verifier->web->settings;
    struct fg_audit_settings settings = {.directory = web->directory,
                                         .receipt_key = &web->receipt_key->public_key,
                                         .report = found,
                                         .progress = progress,
                                         .context = verifier};
    struct fg_audit_result sum = {0};
    struct fg_error error;
    enum fg_err result = fg_bureau_verify(
        verifier->sql, &settings, running->controller[0] != '\0' ? running->controller : NULL, &sum, &error);

    if (result == FG_OK)
        result =
            fg_audit_findings_keep(verifier->sql, running->controller[0] != '\0' ? running->controller : NULL,
                                   running->found, running->found_count, running->started_ms, &error);
    if (result != FG_OK)
        fg_web_say(verifier->web, "verification %llu: %s", (unsigned long long)running->id, error.text);
    (void)pthread_mutex_lock(&verifier->mutex);
    running->state = result == FG_OK ? FG_WEB_VERIFY_DONE : FG_WEB_VERIFY_FAILED;
    running->ended_ms = web->now_ms(web->context);
    if (result == FG_OK) {
        running->entries_done = sum.entries;
        running->signatures = sum.signatures;
        running->findings = sum.findings;
    }
    verifier->running = NULL;
    (void)pthread_mutex_unlock(&verifier->mutex);
}

static void *run(void *argument)
{
    struct fg_web_verifier *verifier = argument;
    bool stopping = false;

    while (!stopping) {
        (void)pthread_mutex_lock(&verifier->mutex);
        while (!verifier->stopping && verifier->running == NULL)
            (void)pthread_cond_wait(&verifier->changed, &verifier->mutex);
        stopping = verifier->stopping;
        (void)pthread_mutex_unlock(&verifier->mutex);
        if (!stopping)
            verify(verifier);
    }
    return NULL;
}

enum fg_err fg_web_verifier_new(struct fg_web *web, const struct fg_sql_settings *sql,
                                struct fg_web_verifier **ret_verifier, struct fg_error *error)
{
    struct fg_web_verifier *verifier = calloc(1, sizeof(*verifier));
    struct fg_sql_settings settings = *sql;
    enum fg_err result;

    if (verifier == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for verifications");
    verifier->web = web;
    settings.deadline_ms = DEADLINE_MS;
    (void)pthread_mutex_init(&verifier->mutex, NULL);
    (void)pthread_cond_init(&verifier->changed, NULL);
    result = fg_sql_open(&settings, &verifier->sql, error);
    if (result == FG_OK && pthread_create(&verifier->thread, NULL, run, verifier) != 0)
        result = fg_fail(error, FG_E_IO, "no thread for verifications");
    if (result != FG_OK) {
        fg_sql_close(verifier->sql);
        (void)pthread_cond_destroy(&verifier->changed);
        (void)pthread_mutex_destroy(&verifier->mutex);
        free(verifier);
        return result;
    }
    *ret_verifier = verifier;
    return FG_OK;
}

void fg_web_verifier_free(struct fg_web_verifier *verifier)
{
    if (verifier == NULL)
        return;
    (void)pthread_mutex_lock(&verifier->mutex);
    verifier->stopping = true;
    (void)pthread_cond_broadcast(&verifier->changed);
    (void)pthread_mutex_unlock(&verifier->mutex);
    fg_sql_interrupt(verifier->sql);
    (void)pthread_join(verifier->thread, NULL);
    fg_sql_close(verifier->sql);
    (void)pthread_cond_destroy(&verifier->changed);
    (void)pthread_mutex_destroy(&verifier->mutex);
    free(verifier);
}

/* ---- handlers ---- */

static void write_json(struct fg_web_json *json, cJSON *object, const struct fg_web_verification *one)
{
    static const char *const states[] = {"RUNNING", "DONE", "FAILED"};
    char id[24];
    cJSON *array;

    (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)one->id);
    fg_web_json_text(json, object, "id", id);
    fg_web_json_text(json, object, "controller", one->controller);
    fg_web_json_text(json, object, "state", states[one->state]);
    fg_web_json_number(json, object, "started_ms", one->started_ms);
    fg_web_json_number(json, object, "ended_ms", one->ended_ms);
    fg_web_json_number(json, object, "entries_done", (int64_t)one->entries_done);
    fg_web_json_number(json, object, "entries_total", (int64_t)one->entries_total);
    fg_web_json_number(json, object, "signatures", (int64_t)one->signatures);
    fg_web_json_number(json, object, "findings", (int64_t)one->findings);
    array = fg_web_json_array(json, object, "found");
    for (size_t i = 0; i < one->found_count; i++) {
        cJSON *finding = fg_web_json_push(json, array);

        fg_web_json_text(json, finding, "controller", one->found[i].controller);
        fg_web_json_number(json, finding, "sequence", (int64_t)one->found[i].sequence);
        fg_web_json_phrase(json, finding, "text", one->found[i].text);
    }
}

/* How many entries are held; FG_E_NOT_FOUND for a controller without a journal. */
static enum fg_err count_held(struct fg_web_call *call, const char *controller, uint64_t *ret_count,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(call->sql,
                                        "SELECT COUNT(*), CAST(COALESCE(SUM(next_sequence - 1), 0) AS "
                                        "BIGINT) FROM journal_head WHERE controller = $1 OR "
                                        "$1 = ''",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    if (result == FG_OK && fg_sql_int(statement, 0) == 0 && controller[0] != '\0')
        result = fg_fail(error, FG_E_NOT_FOUND, "controller");
    else if (result == FG_OK)
        *ret_count = (uint64_t)fg_sql_int(statement, 1);
    fg_sql_reset(statement);
    return result;
}

/* The mutex is held. The place of the oldest that has ended. */
static struct fg_web_verification *place_take(struct fg_web_verifier *verifier)
{
    struct fg_web_verification *place = &verifier->kept[0];

    for (size_t i = 1; i < FG_WEB_VERIFICATIONS_MAX; i++) {
        if (verifier->kept[i].id < place->id)
            place = &verifier->kept[i];
    }
    return place;
}

enum fg_err fg_web_verify_start(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web_verifier *verifier = call->web->verifier;
    const char *controller = fg_web_text_of(call, "controller");
    struct fg_web_verification *one = NULL;
    struct fg_web_json json;
    uint64_t total = 0;
    enum fg_err result;

    if (controller == NULL)
        controller = "";
    result = count_held(call, controller, &total, error);
    if (result != FG_OK)
        return result;
    (void)pthread_mutex_lock(&verifier->mutex);
    if (verifier->running == NULL) {
        one = place_take(verifier);
        memset(one, 0, sizeof(*one));
        one->id = ++verifier->last_id;
        (void)snprintf(one->controller, sizeof(one->controller), "%s", controller);
        one->started_ms = call->now_ms;
        one->entries_total = total;
        verifier->running = one;
        (void)pthread_cond_broadcast(&verifier->changed);
        fg_web_json_start(&json);
        write_json(&json, json.root, one);
    }
    (void)pthread_mutex_unlock(&verifier->mutex);
    if (one == NULL)
        return fg_fail(error, FG_E_STATE, "a verification is running");
    return fg_web_answer_json(call, 202, &json);
}

enum fg_err fg_web_verify_show(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web_verifier *verifier = call->web->verifier;
    uint64_t id = (uint64_t)fg_web_number_of(call, "id", 0);
    struct fg_web_json json;
    bool known = false;

    fg_web_json_start(&json);
    (void)pthread_mutex_lock(&verifier->mutex);
    for (size_t i = 0; i < FG_WEB_VERIFICATIONS_MAX && !known; i++) {
        known = verifier->kept[i].id == id;
        if (known)
            write_json(&json, json.root, &verifier->kept[i]);
    }
    (void)pthread_mutex_unlock(&verifier->mutex);
    if (known)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return fg_fail(error, FG_E_NOT_FOUND, "verification");
}

enum fg_err fg_web_verify_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web_verifier *verifier = call->web->verifier;
    struct fg_web_json json;
    cJSON *array;

    (void)error;
    fg_web_json_start(&json);
    array = fg_web_json_array(&json, json.root, "verifications");
    (void)pthread_mutex_lock(&verifier->mutex);
    for (uint64_t id = verifier->last_id; id > 0 && id + FG_WEB_VERIFICATIONS_MAX > verifier->last_id; id--) {
        for (size_t i = 0; i < FG_WEB_VERIFICATIONS_MAX; i++) {
            if (verifier->kept[i].id == id)
                write_json(&json, fg_web_json_push(&json, array), &verifier->kept[i]);
        }
    }
    (void)pthread_mutex_unlock(&verifier->mutex);
    return fg_web_answer_json(call, 200, &json);
}
