/* Implementation of publishing (publish.h). */
#include "host/bureau/publish/publish.h"
#include "host/bureau/trail/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/publish/list_rows.h"
#include "host/bureau/registry/operator_records.h"
#include "host/bureau/registry/station_rules.h"
#include "proto/list/manifest.h"

#define DAY_MS INT64_C(86400000)

/* What the station's record says of its list. */
struct station {
    char area[FG_NAME_MAX + 1];
    int64_t medium; /* 0 = all */
    int64_t days;
    struct fg_station_rules rules;
};

/* The newest version of a list; version 0 = none yet. */
struct last {
    uint64_t version;
    struct fg_digest root;
    struct fg_digest rules;
    int64_t issued_ms;
    int64_t expires_ms;
};

struct giving {
    struct fg_sql *sql;
    const struct station *station;
};

/* A suspended controller goes on filling by the list that it has: the next one stops its points. */
static enum fg_err points_block(struct fg_sql *sql, const char *station, struct fg_station_rules *rules,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT p.point FROM point p JOIN device d ON d.device = p.controller WHERE p.station = $1 AND "
        "d.suspended <> 0 ORDER BY p.point COLLATE \"C\"",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        const char *point = fg_sql_text(statement, 0);
        bool blocked = false;

        for (unsigned i = 0; i < rules->blocked_count; i++)
            blocked = blocked || strcmp(rules->blocked_points[i], point) == 0;
        if (blocked)
            continue;
        if (rules->blocked_count >= FG_POINTS_BLOCKED_MAX) {
            result = fg_fail(error, FG_E_FULL,
                             "station %.40s: a list blocks at most %d points; take those of suspended "
                             "controllers out of the registry",
                             station, FG_POINTS_BLOCKED_MAX);
            break;
        }
        (void)snprintf(rules->blocked_points[rules->blocked_count++], sizeof(rules->blocked_points[0]), "%s",
                       point);
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err station_read(struct fg_sql *sql, const char *id, struct station *ret_station,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    const char *rules;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT area, list_medium, list_days, rules FROM station WHERE station = $1", &statement, error);

    if (result != FG_OK)
        return result;
    memset(ret_station, 0, sizeof(*ret_station));
    fg_sql_bind_text(statement, 1, id);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "station %.40s: not in the registry", id);
    if (result != FG_OK)
        return result;
    (void)snprintf(ret_station->area, sizeof(ret_station->area), "%s", fg_sql_text(statement, 0));
    ret_station->medium = fg_sql_int(statement, 1);
    ret_station->days = fg_sql_int(statement, 2);
    rules = fg_sql_text(statement, 3);
    if (rules[0] == '\0')
        result = fg_fail(error, FG_E_NOT_FOUND, "station %.40s: it has no rules; set its field rules", id);
    else
        result = fg_rules_parse(id, rules, strlen(rules), &ret_station->rules, error);
    fg_sql_reset(statement);
    if (result == FG_OK)
        result = fg_operators_of_station(sql, id, ret_station->rules.operators,
                                         &ret_station->rules.operator_count, error);
    if (result == FG_OK)
        result = points_block(sql, id, &ret_station->rules, error);
    return result;
}

static enum fg_err last_read(struct fg_sql *sql, const char *list_id, struct last *ret_last,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "SELECT version, root, rules, issued_ms, expires_ms FROM list_version WHERE list_id "
                       "= $1 ORDER BY version DESC LIMIT 1",
                       &statement, error);

    if (result != FG_OK)
        return result;
    memset(ret_last, 0, sizeof(*ret_last));
    fg_sql_bind_text(statement, 1, list_id);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result != FG_OK)
        return result;
    ret_last->version = (uint64_t)fg_sql_int(statement, 0);
    bytes = fg_sql_bytes(statement, 1, &length);
    if (length == FG_DIGEST_BYTES)
        memcpy(ret_last->root.bytes, bytes, length);
    bytes = fg_sql_bytes(statement, 2, &length);
    if (length == FG_DIGEST_BYTES)
        memcpy(ret_last->rules.bytes, bytes, length);
    ret_last->issued_ms = fg_sql_int(statement, 3);
    ret_last->expires_ms = fg_sql_int(statement, 4);
    fg_sql_reset(statement);
    return FG_OK;
}

static enum fg_err row_read(const struct fg_sql_statement *statement, struct fg_row *ret_row,
                            struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *uid = fg_sql_bytes(statement, 1, &length);

    memset(ret_row, 0, sizeof(*ret_row));
    (void)snprintf(ret_row->code.text, sizeof(ret_row->code.text), "%s", fg_sql_text(statement, 0));
    if (length > FG_UID_MAX)
        return fg_fail(error, FG_E_CORRUPT, "cylinder %s: its UID is %zu bytes long", ret_row->code.text,
                       length);
    memcpy(ret_row->uid.bytes, uid, length);
    ret_row->uid.length = (uint8_t)length;
    ret_row->state = (uint8_t)fg_sql_int(statement, 2);
    ret_row->medium = (uint8_t)fg_sql_int(statement, 3);
    ret_row->first_fill_pending = fg_sql_int(statement, 4) != 0;
    ret_row->nominal_pressure_kpa = (uint32_t)fg_sql_int(statement, 5);
    ret_row->water_capacity_dl = (uint32_t)fg_sql_int(statement, 6);
    ret_row->tare_g = (uint32_t)fg_sql_int(statement, 7);
    ret_row->maximum_fill_g = (uint32_t)fg_sql_int(statement, 8);
    ret_row->inspection_due_day = (int32_t)fg_sql_int(statement, 9);
    ret_row->end_of_life_day = (int32_t)fg_sql_int(statement, 10);
    (void)snprintf(ret_row->owner, sizeof(ret_row->owner), "%s", fg_sql_text(statement, 11));
    (void)snprintf(ret_row->plate, sizeof(ret_row->plate), "%s", fg_sql_text(statement, 12));
    return FG_OK;
}

/* $1 area, $2 medium. A vehicle's cylinders go together, whatever area each is registered in: the decision is
 * the worst of all of them, so one that is missing would be one that nobody asks about. */
#define ROWS                                                                                                 \
    "SELECT code, uid, state, medium, first_fill_pending, nominal_kpa, capacity_dl, tare_g, "                \
    "maximum_fill_g, inspection_due, end_of_life, owner, plate FROM cylinder WHERE ($2 = 0 OR medium = $2) " \
    "AND ($1 = '' OR area = $1 OR (plate <> '' AND plate IN (SELECT plate FROM cylinder WHERE area = $1 "    \
    "AND ($2 = 0 OR medium = $2))))"

static enum fg_err rows_give(void *context, struct fg_list_rows *registry, struct fg_error *error)
{
    const struct giving *giving = context;
    struct fg_sql_statement *statement;
    struct fg_row row;
    uint32_t number = 0;
    enum fg_err result = fg_sql_prepare(giving->sql, ROWS, &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, giving->station->area);
    fg_sql_bind_int(statement, 2, giving->station->medium);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        result = row_read(statement, &row, error);
        if (result == FG_OK)
            result = fg_list_rows_add(registry, &row, ++number, error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Rules that mean the same encode alike. */
static enum fg_err rules_digest(const struct fg_station_rules *rules, struct fg_digest *ret_digest,
                                struct fg_error *error)
{
    struct fg_manifest only = {
        .list_id = "x", .version = 1, .body_bytes = FG_LIST_BODY_MAX, .expires_ms = 1, .rules = *rules};
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length = 0;
    enum fg_err result = fg_manifest_encode(&only, bytes, sizeof(bytes), &length, error);

    if (result == FG_OK)
        fg_sha256(bytes, length, ret_digest);
    return result;
}

static enum fg_err version_keep(struct fg_sql *sql, const struct fg_manifest *manifest,
                                const struct fg_digest *rules, const struct fg_publish_order *order,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, "
                       "expires_ms, published_ms, who) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, manifest->list_id);
    fg_sql_bind_int(statement, 2, (int64_t)manifest->version);
    fg_sql_bind_bytes(statement, 3, manifest->root.bytes, FG_DIGEST_BYTES);
    fg_sql_bind_bytes(statement, 4, rules->bytes, FG_DIGEST_BYTES);
    fg_sql_bind_int(statement, 5, (int64_t)manifest->row_count);
    fg_sql_bind_int(statement, 6, manifest->issued_ms);
    fg_sql_bind_int(statement, 7, manifest->expires_ms);
    fg_sql_bind_int(statement, 8, order->now_ms);
    fg_sql_bind_text(statement, 9, order->who);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK ? fg_ledger_added_number(sql, "list_version", manifest->list_id,
                                                    (int64_t)manifest->version, order->who, error)
                           : result;
}

/* What is needed to build the next list of a station, and what was published last. */
struct next {
    struct station station;
    struct last last;
    struct fg_list_build_options options;
    struct fg_list_build_result built;
    struct fg_digest rules;
    bool wanted;
};

static enum fg_err next_start(struct fg_sql *sql, const struct fg_publish_order *order, struct next *ret_next,
                              struct fg_error *error)
{
    enum fg_err result = station_read(sql, order->station, &ret_next->station, error);

    if (result == FG_OK)
        result = last_read(sql, order->station, &ret_next->last, error);
    if (result == FG_OK)
        result = rules_digest(&ret_next->station.rules, &ret_next->rules, error);
    ret_next->wanted = true;
    ret_next->options =
        (struct fg_list_build_options){.out_path = order->out_path,
                                       .list_id = order->station,
                                       .version = ret_next->last.version + 1,
                                       .issued_ms = order->now_ms,
                                       .expires_ms = order->now_ms + ret_next->station.days * DAY_MS,
                                       .bucket_bits = FG_LIST_BUILD_BITS_CHOOSE};
    return result;
}

static enum fg_err next_build(struct fg_sql *sql, struct next *next, struct fg_error *error)
{
    struct giving giving = {.sql = sql, .station = &next->station};

    return fg_list_build_rows(&next->options, &next->station.rules, rows_give, &giving, &next->built, error);
}

/* Not when rows and rules are those of the last version and it has more than half of its days left. */
static bool next_is_wanted(void *context, const struct fg_manifest *manifest)
{
    struct next *next = context;
    const struct last *last = &next->last;

    next->wanted = last->version == 0 ||
                   memcmp(last->root.bytes, manifest->root.bytes, FG_DIGEST_BYTES) != 0 ||
                   memcmp(last->rules.bytes, next->rules.bytes, FG_DIGEST_BYTES) != 0 ||
                   manifest->issued_ms >= last->issued_ms + (last->expires_ms - last->issued_ms) / 2;
    return next->wanted;
}

/* Times are those that were signed. */
static enum fg_err signed_take(const struct fg_publish_order *order, struct next *next,
                               struct fg_error *error)
{
    struct fg_manifest manifest;
    enum fg_err result;

    if (order->signed_length < FG_MANIFEST_SIGNED_MIN)
        return fg_fail(error, FG_E_FORMAT, "signed manifest: it is cut");
    result = fg_manifest_decode(order->signed_manifest + FG_MANIFEST_SIGNED_MIN,
                                order->signed_length - FG_MANIFEST_SIGNED_MIN, &manifest, error);
    if (result != FG_OK)
        return result;
    if (manifest.issued_ms > order->now_ms + FG_OWN_CLOCK_AGREE_MS)
        return fg_fail(
            error, FG_E_RANGE,
            "signed manifest: issued %lld s in the future; set the clock of the machine that prepared "
            "it, or this one's, right",
            (long long)((manifest.issued_ms - order->now_ms) / 1000));
    next->options.issued_ms = manifest.issued_ms;
    next->options.expires_ms = manifest.expires_ms;
    next->options.signed_manifest = order->signed_manifest;
    next->options.signed_length = order->signed_length;
    return FG_OK;
}

/* The rules as they are when the list is recorded. A controller that was suspended since they were read would
 * pass as stopped by this list, which is dated after its suspension and does not name its points. */
static enum fg_err rules_check(struct fg_sql *sql, const struct next *next,
                               const struct fg_publish_order *order, struct fg_error *error)
{
    struct station station;
    struct fg_digest rules;
    enum fg_err result = station_read(sql, order->station, &station, error);

    if (result == FG_OK)
        result = rules_digest(&station.rules, &rules, error);
    if (result == FG_OK && memcmp(rules.bytes, next->rules.bytes, FG_DIGEST_BYTES) != 0)
        result = fg_fail(error, FG_E_BUSY,
                         "list %.40s: the station's rules, operators or blocked points changed meanwhile; "
                         "publish again",
                         order->station);
    return result;
}

/* The key (list, version) decides between two who publish at the same time. */
static enum fg_err version_record(struct fg_sql *sql, const struct next *next,
                                  const struct fg_publish_order *order, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK)
        result = rules_check(sql, next, order, error);
    if (result == FG_OK)
        result = version_keep(sql, &next->built.manifest, &next->rules, order, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_rollback(sql);
    if (result == FG_E_EXISTS)
        return fg_fail(error, FG_E_BUSY, "list %.40s: version %llu was published meanwhile; publish again",
                       order->station, (unsigned long long)next->built.manifest.version);
    return result;
}

/* A list dated by a wrong clock names this bureau at every point, or has run out when it comes: whoever
 * publishes is told of doubts, and has to insist. */
static enum fg_err clock_check(struct fg_sql *sql, const struct fg_publish_order *order,
                               struct fg_error *error)
{
    struct fg_error doubt = {0};
    enum fg_err result;

    if (order->clock_insisted)
        return FG_OK;
    if (order->clock_doubt != NULL)
        result = fg_fail(&doubt, FG_E_STATE, "%s", order->clock_doubt);
    else
        result = fg_own_clock_check(sql, order->now_ms, &doubt);
    if (result == FG_OK)
        return FG_OK;
    return fg_fail(error, result,
                   "nothing is published: %s; set it right, or insist (--insist, publish_insist)",
                   doubt.text);
}

/* Rows are read and hashed outside of a transaction: journals must not wait for that. */
enum fg_err fg_publish(struct fg_sql *sql, const struct fg_publish_order *order,
                       struct fg_publish_result *ret_result, struct fg_error *error)
{
    struct next next;
    enum fg_err result = next_start(sql, order, &next, error);

    if (result == FG_OK)
        result = clock_check(sql, order, error);
    if (result == FG_OK && order->signed_manifest != NULL)
        result = signed_take(order, &next, error);
    if (result != FG_OK)
        return result;
    next.options.key = order->key;
    if (order->signed_manifest == NULL && !order->forced) {
        next.options.is_wanted = next_is_wanted;
        next.options.context = &next;
    }
    result = next_build(sql, &next, error);
    if (result == FG_OK && next.wanted) {
        result = version_record(sql, &next, order, error);
        if (result != FG_OK)
            (void)unlink(order->out_path);
    }
    if (result == FG_OK)
        *ret_result = (struct fg_publish_result){.published = next.wanted, .manifest = next.built.manifest};
    return result;
}

enum fg_err fg_publish_prepare(struct fg_sql *sql, const struct fg_publish_order *order, uint8_t *buffer,
                               size_t capacity, size_t *ret_length, struct fg_error *error)
{
    struct next next;
    enum fg_err result = next_start(sql, order, &next, error);

    if (result == FG_OK)
        result = clock_check(sql, order, error);
    if (result == FG_OK)
        result = next_build(sql, &next, error);
    return result == FG_OK ? fg_manifest_encode(&next.built.manifest, buffer, capacity, ret_length, error)
                           : result;
}

enum fg_err fg_publish_stations(struct fg_sql *sql, fg_station_visit visit, void *context,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char(*stations)[FG_NAME_MAX + 1] = NULL;
    size_t count = 0;
    size_t capacity = 0;
    enum fg_err result = fg_sql_prepare(sql, "SELECT station FROM station WHERE rules <> '' ORDER BY station",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    /* In memory: visit may use the database. */
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        if (count == capacity) {
            void *more =
                realloc(stations, (capacity = capacity == 0 ? 64 : capacity * 2) * sizeof(*stations));

            if (more == NULL) {
                result = fg_fail(error, FG_E_MEMORY, "registry: no memory for %zu stations", capacity);
                break;
            }
            stations = more;
        }
        (void)snprintf(stations[count++], sizeof(*stations), "%s", fg_sql_text(statement, 0));
    }
    fg_sql_reset(statement);
    result = result == FG_E_NOT_FOUND ? FG_OK : result;
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = visit(context, stations[i], error);
    free(stations);
    return result;
}
