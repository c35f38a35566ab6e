/* Implementation of random samples at the pages (samples.h). */
#include "host/bureau/api/audit/samples.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/entries.h"
#include "host/bureau/api/json_rows.h"
#include "host/bureau/export/sample.h"
#include "host/bureau/web/web_page.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/names.h"

#define DRAW_MAX_MS 120000
#define DETAIL_BYTES 400

/* ---- drawing ---- */

struct patience {
    struct fg_web *web;
    int64_t until_mono_ms;
};

static bool go_on(void *context)
{
    const struct patience *patience = context;

    return !patience->web->stopping && fg_mono_ms() < patience->until_mono_ms;
}

/* FG_E_BUSY: enough are being drawn. */
static enum fg_err draw(struct fg_web_call *call, const struct fg_sample_order *order,
                        struct fg_sample_draw *ret_draw, struct fg_error *error)
{
    struct patience patience = {call->web, fg_mono_ms() + DRAW_MAX_MS};
    enum fg_err result;

    if (atomic_fetch_add(&call->web->draws, 1) >= FG_WEB_DRAWS_MAX)
        result = fg_fail(error, FG_E_BUSY, "samples: enough are being drawn");
    else
        result = fg_sample_take(call->sql, order, go_on, &patience, ret_draw, error);
    (void)atomic_fetch_sub(&call->web->draws, 1);
    return result;
}

static enum fg_err order_take(const struct fg_web_call *call, struct fg_sample_order *ret_order,
                              struct fg_error *error)
{
    const char *seed = fg_web_text_of(call, "seed");
    enum fg_err result = FG_OK;

    memset(ret_order, 0, sizeof(*ret_order));
    ret_order->of = (uint8_t)(fg_web_number_of(call, "of", 0) + FG_SAMPLE_ENTRIES);
    ret_order->wanted = (size_t)fg_web_number_of(call, "count", 1);
    ret_order->seed_given = seed != NULL;
    if (seed != NULL)
        (void)snprintf(ret_order->seed, sizeof(ret_order->seed), "%s", seed);
    else
        result = fg_sample_seed(ret_order->seed, error);
    return result == FG_OK ? fg_web_history_filter(call, &ret_order->filter, error) : result;
}

static enum fg_err sample_keep(struct fg_web_call *call, struct fg_sample *sample, struct fg_error *error)
{
    char subject[24];
    char detail[DETAIL_BYTES];
    size_t used;
    enum fg_err result = fg_sql_begin(call->sql, error);

    if (result == FG_OK)
        result = fg_sample_keep(call->sql, call->web->settings.receipt_key, sample, error);
    if (result == FG_OK) {
        (void)snprintf(subject, sizeof(subject), "%" PRId64, sample->number);
        used = (size_t)snprintf(detail, sizeof(detail),
                                "seed=%s seed_by=%s population=%" PRIu64 " sha256=", sample->order.seed,
                                sample->order.seed_given ? "user" : "bureau", sample->draw.population);
        for (size_t i = 0; i < FG_DIGEST_BYTES; i++)
            used +=
                (size_t)snprintf(detail + used, sizeof(detail) - used, "%02x", sample->draw.digest.bytes[i]);
        result = fg_web_trail_add(call, "SAMPLE_DRAWN", subject, detail, error);
    }
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK)
        fg_sql_rollback(call->sql);
    return result;
}

/* ---- showing ---- */

static enum fg_err entry_write(struct fg_sql *sql, const char *key, struct fg_web_json *json, cJSON *array,
                               struct fg_error *error)
{
    const char *slash = strchr(key, '/');
    char controller[FG_SAMPLE_KEY_BYTES];
    struct fg_history_row row;
    enum fg_err result;

    if (slash == NULL)
        return FG_OK;
    (void)snprintf(controller, sizeof(controller), "%.*s", (int)(slash - key), key);
    result = fg_history_find(sql, controller, strtoull(slash + 1, NULL, 10), &row, error);
    if (result == FG_OK)
        fg_web_entry_write(json, fg_web_json_push(json, array), &row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err cylinder_write(struct fg_sql *sql, const char *key, struct fg_web_json *json, cJSON *array,
                                  struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT " FG_WEB_CYLINDER_COLUMNS " FROM cylinder WHERE code = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, key);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        fg_web_cylinder_write(json, fg_web_json_push(json, array), statement);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* The members as they stand now; what is gone has a key and nothing else. */
static enum fg_err members_write(struct fg_sql *sql, uint8_t of, const struct fg_sample_draw *drawn,
                                 struct fg_web_json *json, struct fg_error *error)
{
    cJSON *keys = fg_web_json_array(json, json->root, "keys");
    cJSON *entries = fg_web_json_array(json, json->root, "entries");
    cJSON *cylinders = fg_web_json_array(json, json->root, "cylinders");
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < drawn->drawn; i++) {
        fg_web_json_push_text(json, keys, drawn->keys[i]);
        result = of == FG_SAMPLE_CYLINDERS ? cylinder_write(sql, drawn->keys[i], json, cylinders, error)
                                           : entry_write(sql, drawn->keys[i], json, entries, error);
    }
    return result;
}

/* What stands in a list of samples, too. */
static void head_write(struct fg_web_json *json, cJSON *object, const struct fg_sample *sample)
{
    const struct fg_history_filter *filter = &sample->order.filter;

    fg_web_json_number(json, object, "number", sample->number);
    fg_web_json_text(json, object, "of", fg_sample_of_name(sample->order.of));
    fg_web_json_number(json, object, "count", (int64_t)sample->order.wanted);
    fg_web_json_text(json, object, "seed", sample->order.seed);
    fg_web_json_bool(json, object, "seed_given", sample->order.seed_given);
    fg_web_json_text(json, object, "station", filter->station);
    fg_web_json_text(json, object, "medium", fg_medium_name(filter->medium));
    fg_web_json_text(json, object, "outcome",
                     filter->kind != 0 ? fg_entry_kind_name((enum fg_entry_kind)filter->kind) : "");
    fg_web_json_number(json, object, "from_ms", filter->from_ms == INT64_MIN ? 0 : filter->from_ms);
    fg_web_json_number(json, object, "until_ms", filter->until_ms == INT64_MAX ? 0 : filter->until_ms);
    fg_web_json_text(json, object, "user", sample->user);
    fg_web_json_number(json, object, "at_ms", sample->at_ms);
    fg_web_json_number(json, object, "population", (int64_t)sample->draw.population);
    fg_web_json_hex(json, object, "population_sha256", sample->draw.digest.bytes, FG_DIGEST_BYTES);
}

static enum fg_err sample_answer(struct fg_web_call *call, const struct fg_sample *sample,
                                 struct fg_error *error)
{
    struct fg_web_json json;
    enum fg_err result;

    fg_web_json_start(&json);
    head_write(&json, json.root, sample);
    fg_web_json_number(&json, json.root, "drawn", (int64_t)sample->draw.drawn);
    result = members_write(call->sql, sample->order.of, &sample->draw, &json, error);
    fg_web_json_text(&json, json.root, "signed", sample->text);
    fg_web_json_hex(&json, json.root, "signature", sample->signature.bytes, FG_SIGNATURE_BYTES);
    fg_web_json_hex(&json, json.root, "key_id", sample->key.bytes, FG_KEY_ID_BYTES);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return result;
}

/* ---- handlers ---- */

enum fg_err fg_web_sample_draw(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sample *sample = calloc(1, sizeof(*sample));
    enum fg_err result = sample != NULL ? FG_OK : fg_fail(error, FG_E_MEMORY, "sample: no memory");

    if (result == FG_OK)
        result = order_take(call, &sample->order, error);
    if (result == FG_OK)
        result = draw(call, &sample->order, &sample->draw, error);
    if (result == FG_OK) {
        sample->at_ms = call->now_ms;
        memcpy(sample->user, call->user.user, sizeof(sample->user));
        memcpy(sample->role, call->user.role, sizeof(sample->role));
        result = sample_keep(call, sample, error);
    }
    if (result == FG_OK)
        result = sample_answer(call, sample, error);
    free(sample);
    return result;
}

enum fg_err fg_web_samples_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sample *sample = calloc(1, sizeof(*sample));
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result = sample != NULL
                             ? fg_sql_prepare(call->sql,
                                              "SELECT " FG_SAMPLE_COLUMNS
                                              " FROM sample WHERE number < $1 ORDER BY number DESC LIMIT $2",
                                              &statement, error)
                             : fg_fail(error, FG_E_MEMORY, "samples: no memory");

    if (result != FG_OK) {
        free(sample);
        return result;
    }
    fg_web_page_start(&page, call, "samples");
    fg_sql_bind_int(statement, 1, fg_web_number_of(call, "after", INT64_MAX));
    fg_sql_bind_int(statement, 2, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        fg_sample_row_take(statement, sample);
        head_write(&page.json, object, sample);
        fg_web_page_key_number(&page, sample->number);
    }
    fg_sql_reset(statement);
    free(sample);
    return fg_web_page_end(&page, call, result);
}

enum fg_err fg_web_sample_show(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sample *sample = calloc(1, sizeof(*sample));
    enum fg_err result = sample != NULL
                             ? fg_sample_find(call->sql, fg_web_number_of(call, "number", 0), sample, error)
                             : fg_fail(error, FG_E_MEMORY, "sample: no memory");

    if (result == FG_OK)
        result = sample_answer(call, sample, error);
    free(sample);
    return result;
}

static bool is_same_draw(const struct fg_sample_draw *one, const struct fg_sample_draw *other)
{
    if (one->drawn != other->drawn)
        return false;
    for (size_t i = 0; i < one->drawn; i++) {
        if (strcmp(one->keys[i], other->keys[i]) != 0)
            return false;
    }
    return true;
}

static enum fg_err repeat_answer(struct fg_web_call *call, const struct fg_sample *sample,
                                 const struct fg_sample_draw *drawn, struct fg_error *error)
{
    bool changed = drawn->population != sample->draw.population ||
                   memcmp(drawn->digest.bytes, sample->draw.digest.bytes, FG_DIGEST_BYTES) != 0;
    struct fg_web_json json;
    enum fg_err result;

    fg_web_json_start(&json);
    fg_web_json_number(&json, json.root, "number", sample->number);
    fg_web_json_text(&json, json.root, "of", fg_sample_of_name(sample->order.of));
    fg_web_json_text(&json, json.root, "seed", sample->order.seed);
    fg_web_json_number(&json, json.root, "at_ms", call->now_ms);
    fg_web_json_number(&json, json.root, "population", (int64_t)drawn->population);
    fg_web_json_hex(&json, json.root, "population_sha256", drawn->digest.bytes, FG_DIGEST_BYTES);
    fg_web_json_bool(&json, json.root, "population_changed", changed);
    fg_web_json_bool(&json, json.root, "same_draw", is_same_draw(drawn, &sample->draw));
    fg_web_json_number(&json, json.root, "drawn", (int64_t)drawn->drawn);
    result = members_write(call->sql, sample->order.of, drawn, &json, error);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return result;
}

enum fg_err fg_web_sample_repeat(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sample *sample = calloc(1, sizeof(*sample));
    struct fg_sample_draw *drawn = calloc(1, sizeof(*drawn));
    enum fg_err result = sample != NULL && drawn != NULL
                             ? fg_sample_find(call->sql, fg_web_number_of(call, "number", 0), sample, error)
                             : fg_fail(error, FG_E_MEMORY, "sample: no memory");

    if (result == FG_OK)
        result = draw(call, &sample->order, drawn, error);
    if (result == FG_OK)
        result = repeat_answer(call, sample, drawn, error);
    free(drawn);
    free(sample);
    return result;
}
