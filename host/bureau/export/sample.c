/* Implementation of random samples (sample.h). */
#include "host/bureau/export/sample.h"
#include "host/bureau/trail/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/random.h"

#define ASK_EVERY 4096 /* members between two questions whether to go on */

const char *fg_sample_of_name(uint8_t of)
{
    static const char *const names[] = {"?", "ENTRIES", "CYLINDERS"};

    return of < sizeof(names) / sizeof(names[0]) ? names[of] : "?";
}

/* ---- the draw ---- */

void fg_sample_drum_start(struct fg_sample_drum *drum, const char *seed, size_t wanted)
{
    assert(wanted >= 1 && wanted <= FG_SAMPLE_MAX);
    memset(drum, 0, sizeof(*drum));
    (void)snprintf(drum->seed, sizeof(drum->seed), "%s", seed);
    drum->wanted = wanted;
    fg_sha256_start(&drum->digest);
}

/* By rank; keys only when SHA-256 is broken. */
static int compare(const void *one, const void *other)
{
    const struct fg_sample_ticket *a = one;
    const struct fg_sample_ticket *b = other;
    int order = memcmp(a->rank.bytes, b->rank.bytes, FG_DIGEST_BYTES);

    return order != 0 ? order : strcmp(a->key, b->key);
}

static void swap(struct fg_sample_ticket *one, struct fg_sample_ticket *other)
{
    struct fg_sample_ticket kept = *one;

    *one = *other;
    *other = kept;
}

static void heap_push(struct fg_sample_drum *drum, const struct fg_sample_ticket *ticket)
{
    size_t at = drum->held++;

    drum->heap[at] = *ticket;
    while (at > 0 && compare(&drum->heap[at], &drum->heap[(at - 1) / 2]) > 0) {
        swap(&drum->heap[at], &drum->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

/* In the place of the largest. */
static void heap_replace(struct fg_sample_drum *drum, const struct fg_sample_ticket *ticket)
{
    size_t at = 0;

    drum->heap[0] = *ticket;
    for (;;) {
        size_t largest = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < drum->held; child++) {
            if (compare(&drum->heap[child], &drum->heap[largest]) > 0)
                largest = child;
        }
        if (largest == at)
            return;
        swap(&drum->heap[at], &drum->heap[largest]);
        at = largest;
    }
}

void fg_sample_drum_add(struct fg_sample_drum *drum, const char *key)
{
    char text[FG_SAMPLE_SEED_DIGITS_MAX + 1 + FG_SAMPLE_KEY_BYTES];
    size_t length = strlen(key);
    size_t seed_length = strlen(drum->seed);
    struct fg_sample_ticket ticket;

    assert(length < FG_SAMPLE_KEY_BYTES);
    memset(&ticket, 0, sizeof(ticket));
    memcpy(text, drum->seed, seed_length);
    text[seed_length] = ':';
    memcpy(text + seed_length + 1, key, length);
    fg_sha256(text, seed_length + 1 + length, &ticket.rank);
    memcpy(ticket.key, key, length + 1);
    text[seed_length + 1 + length] = '\n';
    fg_sha256_add(&drum->digest, text + seed_length + 1, length + 1);
    drum->population++;
    if (drum->held < drum->wanted)
        heap_push(drum, &ticket);
    else if (compare(&ticket, &drum->heap[0]) < 0)
        heap_replace(drum, &ticket);
}

void fg_sample_drum_finish(struct fg_sample_drum *drum, struct fg_sample_draw *ret_draw)
{
    memset(ret_draw, 0, sizeof(*ret_draw));
    qsort(drum->heap, drum->held, sizeof(drum->heap[0]), compare);
    fg_sha256_finish(&drum->digest, &ret_draw->digest);
    ret_draw->population = drum->population;
    ret_draw->drawn = drum->held;
    for (size_t i = 0; i < drum->held; i++)
        memcpy(ret_draw->keys[i], drum->heap[i].key, FG_SAMPLE_KEY_BYTES);
}

enum fg_err fg_sample_seed(char ret_seed[FG_SAMPLE_SEED_DIGITS_MAX + 1], struct fg_error *error)
{
    uint8_t bytes[FG_SAMPLE_SEED_DIGITS_MAX / 2];
    enum fg_err result = fg_random_fill(bytes, sizeof(bytes), error);

    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(ret_seed + 2 * i, 3, "%02x", bytes[i]);
    return FG_OK;
}

/* ---- over the store ---- */

struct taking {
    struct fg_sample_drum drum;
    fg_sample_go_on go_on;
    void *context;
};

static enum fg_err member_add(struct taking *taking, const char *key, struct fg_error *error)
{
    fg_sample_drum_add(&taking->drum, key);
    if (taking->drum.population % ASK_EVERY == 0 && taking->go_on != NULL && !taking->go_on(taking->context))
        return fg_fail(error, FG_E_TIMEOUT, "sample: the population takes too long to go through");
    return FG_OK;
}

static enum fg_err entry_add(void *context, const struct fg_history_row *row, struct fg_error *error)
{
    char key[FG_SAMPLE_KEY_BYTES];
    size_t length = fg_history_encode(row->controller, key);

    (void)snprintf(key + length, sizeof(key) - length, "/%" PRIu64, row->sequence);
    return member_add(context, key, error);
}

/* One statement, not page by page: no index has the codes by their bytes on every database. */
static enum fg_err cylinders_add(struct fg_sql *sql, const struct fg_history_filter *filter,
                                 struct taking *taking, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT code FROM cylinder WHERE medium = $1 OR $1 = 0 ORDER BY code COLLATE \"C\"", &statement,
        error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, filter->medium);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        char code[FG_CODE_MAX + 1];
        char key[FG_SAMPLE_KEY_BYTES];

        (void)snprintf(code, sizeof(code), "%s", fg_sql_text(statement, 0));
        key[fg_history_encode(code, key)] = '\0';
        result = member_add(taking, key, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err order_check(const struct fg_sample_order *order, struct fg_error *error)
{
    const struct fg_history_filter *filter = &order->filter;

    if (order->wanted < 1 || order->wanted > FG_SAMPLE_MAX)
        return fg_fail(error, FG_E_RANGE, "count must be a number from 1 to %d", FG_SAMPLE_MAX);
    if (order->seed[0] == '\0' || strspn(order->seed, "0123456789abcdef") != strlen(order->seed))
        return fg_fail(error, FG_E_RANGE, "seed must have 1 to %d characters of 0-9 a-f",
                       FG_SAMPLE_SEED_DIGITS_MAX);
    if (order->of == FG_SAMPLE_CYLINDERS && (filter->station[0] != '\0' || filter->kind != 0 ||
                                             filter->from_ms != INT64_MIN || filter->until_ms != INT64_MAX))
        return fg_fail(error, FG_E_RANGE, "a sample of cylinders can only be narrowed by medium");
    return FG_OK;
}

enum fg_err fg_sample_take(struct fg_sql *sql, const struct fg_sample_order *order, fg_sample_go_on go_on,
                           void *context, struct fg_sample_draw *ret_draw, struct fg_error *error)
{
    struct fg_history_filter filter = order->filter;
    struct taking *taking = NULL;
    enum fg_err result = order_check(order, error);

    if (result != FG_OK)
        return result;
    taking = calloc(1, sizeof(*taking));
    if (taking == NULL)
        return fg_fail(error, FG_E_MEMORY, "sample: no memory");
    taking->go_on = go_on;
    taking->context = context;
    fg_sample_drum_start(&taking->drum, order->seed, order->wanted);
    filter.oldest_first = true;
    if (order->of == FG_SAMPLE_CYLINDERS)
        result = cylinders_add(sql, &filter, taking, error);
    else
        result = fg_history_each(sql, &filter, entry_add, taking, error);
    if (result == FG_OK)
        fg_sample_drum_finish(&taking->drum, ret_draw);
    free(taking);
    return result;
}

/* ---- the record ---- */

static void hex_write(const void *bytes, size_t length, char *text)
{
    const uint8_t *from = bytes;

    text[0] = '\0';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", from[i]);
}

size_t fg_sample_write(const struct fg_sample *sample, const struct fg_key_id *key,
                       char ret_text[FG_SAMPLE_TEXT_BYTES])
{
    const struct fg_sample_order *order = &sample->order;
    char filter[FG_HISTORY_FILTER_BYTES];
    char digest[2 * FG_DIGEST_BYTES + 1];
    char signer[2 * FG_KEY_ID_BYTES + 1];
    size_t used;

    fg_history_filter_text(&order->filter, filter);
    hex_write(sample->draw.digest.bytes, FG_DIGEST_BYTES, digest);
    hex_write(key->bytes, FG_KEY_ID_BYTES, signer);
    used = (size_t)snprintf(ret_text, FG_SAMPLE_TEXT_BYTES,
                            "fillgate sample v1\nnumber %" PRId64 "\nuser %s\nrole %s\nat_ms %" PRId64
                            "\nof %s\nfilter %s\ncount %zu\nseed %s\nseed_by %s\npopulation %" PRIu64
                            "\npopulation_sha256 %s\ndrawn %zu\n",
                            sample->number, sample->user, sample->role, sample->at_ms,
                            fg_sample_of_name(order->of), filter[0] != '\0' ? filter : "all", order->wanted,
                            order->seed, order->seed_given ? "user" : "bureau", sample->draw.population,
                            digest, sample->draw.drawn);
    for (size_t i = 0; i < sample->draw.drawn; i++)
        used += (size_t)snprintf(ret_text + used, FG_SAMPLE_TEXT_BYTES - used, "drawn_key %s\n",
                                 sample->draw.keys[i]);
    used += (size_t)snprintf(ret_text + used, FG_SAMPLE_TEXT_BYTES - used, "key %s\n", signer);
    return used;
}
_Static_assert(FG_SAMPLE_MAX *(FG_SAMPLE_KEY_BYTES + 10) + 2048 <= FG_SAMPLE_TEXT_BYTES,
               "every sample has room");

static enum fg_err number_take(struct fg_sql *sql, int64_t *ret_number, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE sample_counter SET last = last + 1 WHERE one = 1", &statement, error);

    if (result == FG_OK)
        result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "SELECT last FROM sample_counter WHERE one = 1", &statement, error);
    if (result == FG_OK)
        result = fg_sql_next(statement, error);
    if (result != FG_OK)
        return result;
    *ret_number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return FG_OK;
}

static enum fg_err row_insert(struct fg_sql *sql, const struct fg_sample *sample, struct fg_error *error)
{
    const struct fg_sample_order *order = &sample->order;
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO sample (number, at_ms, login, role, of_kind, wanted, seed, seed_given, station, medium, "
        "outcome, from_ms, until_ms, population, digest, signed, signature, key_id) VALUES ($1, $2, $3, $4, "
        "$5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, sample->number);
    fg_sql_bind_int(statement, 2, sample->at_ms);
    fg_sql_bind_text(statement, 3, sample->user);
    fg_sql_bind_text(statement, 4, sample->role);
    fg_sql_bind_int(statement, 5, order->of);
    fg_sql_bind_int(statement, 6, (int64_t)order->wanted);
    fg_sql_bind_text(statement, 7, order->seed);
    fg_sql_bind_int(statement, 8, order->seed_given);
    fg_sql_bind_text(statement, 9, order->filter.station);
    fg_sql_bind_int(statement, 10, order->filter.medium);
    fg_sql_bind_int(statement, 11, order->filter.kind);
    fg_sql_bind_int(statement, 12, order->filter.from_ms);
    fg_sql_bind_int(statement, 13, order->filter.until_ms);
    fg_sql_bind_int(statement, 14, (int64_t)sample->draw.population);
    fg_sql_bind_bytes(statement, 15, sample->draw.digest.bytes, FG_DIGEST_BYTES);
    fg_sql_bind_text(statement, 16, sample->text);
    fg_sql_bind_bytes(statement, 17, sample->signature.bytes, FG_SIGNATURE_BYTES);
    fg_sql_bind_bytes(statement, 18, sample->key.bytes, FG_KEY_ID_BYTES);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK ? fg_ledger_added_number(sql, "sample", NULL, sample->number, sample->user, error)
                           : result;
}

static enum fg_err keys_insert(struct fg_sql *sql, const struct fg_sample *sample, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char number[24];
    enum fg_err result = FG_OK;

    (void)snprintf(number, sizeof(number), "%" PRId64, (int64_t)sample->number);
    for (size_t i = 0; result == FG_OK && i < sample->draw.drawn; i++) {
        result = fg_sql_prepare(sql, "INSERT INTO sample_key (number, place, key) VALUES ($1, $2, $3)",
                                &statement, error);
        if (result != FG_OK)
            break;
        fg_sql_bind_int(statement, 1, sample->number);
        fg_sql_bind_int(statement, 2, (int64_t)i);
        fg_sql_bind_text(statement, 3, sample->draw.keys[i]);
        result = fg_sql_run(statement, NULL, error);
        if (result == FG_OK)
            result = fg_ledger_added_number(sql, "sample_key", number, (int64_t)i, sample->user, error);
    }
    return result;
}

enum fg_err fg_sample_keep(struct fg_sql *sql, const struct fg_private_key *key, struct fg_sample *sample,
                           struct fg_error *error)
{
    size_t length;
    enum fg_err result = number_take(sql, &sample->number, error);

    if (result != FG_OK)
        return result;
    sample->key = key->public_key.id;
    length = fg_sample_write(sample, &sample->key, sample->text);
    result = fg_sign(key, FG_PURPOSE_SAMPLE, sample->text, length, &sample->signature, error);
    if (result == FG_OK)
        result = row_insert(sql, sample, error);
    if (result == FG_OK)
        result = keys_insert(sql, sample, error);
    return result;
}

static void bytes_take(const struct fg_sql_statement *row, unsigned column, void *to, size_t wanted)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    if (length == wanted)
        memcpy(to, bytes, wanted);
}

void fg_sample_row_take(const struct fg_sql_statement *row, struct fg_sample *sample)
{
    struct fg_sample_order *order = &sample->order;

    sample->number = fg_sql_int(row, 0);
    sample->at_ms = fg_sql_int(row, 1);
    (void)snprintf(sample->user, sizeof(sample->user), "%s", fg_sql_text(row, 2));
    (void)snprintf(sample->role, sizeof(sample->role), "%s", fg_sql_text(row, 3));
    order->of = (uint8_t)fg_sql_int(row, 4);
    order->wanted = (size_t)fg_sql_int(row, 5);
    (void)snprintf(order->seed, sizeof(order->seed), "%s", fg_sql_text(row, 6));
    order->seed_given = fg_sql_int(row, 7) != 0;
    fg_history_filter_start(&order->filter);
    (void)snprintf(order->filter.station, sizeof(order->filter.station), "%s", fg_sql_text(row, 8));
    order->filter.medium = (uint8_t)fg_sql_int(row, 9);
    order->filter.kind = (uint8_t)fg_sql_int(row, 10);
    order->filter.from_ms = fg_sql_int(row, 11);
    order->filter.until_ms = fg_sql_int(row, 12);
    sample->draw.population = (uint64_t)fg_sql_int(row, 13);
    bytes_take(row, 14, sample->draw.digest.bytes, FG_DIGEST_BYTES);
}

static enum fg_err keys_find(struct fg_sql *sql, struct fg_sample *sample, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT key FROM sample_key WHERE number = $1 ORDER BY place LIMIT $2", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, sample->number);
    fg_sql_bind_int(statement, 2, FG_SAMPLE_MAX);
    while (sample->draw.drawn < FG_SAMPLE_MAX && (result = fg_sql_next(statement, error)) == FG_OK)
        (void)snprintf(sample->draw.keys[sample->draw.drawn++], FG_SAMPLE_KEY_BYTES, "%s",
                       fg_sql_text(statement, 0));
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_sample_find(struct fg_sql *sql, int64_t number, struct fg_sample *ret_sample,
                           struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT " FG_SAMPLE_COLUMNS ", signed, signature, key_id FROM sample WHERE number = $1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        memset(ret_sample, 0, sizeof(*ret_sample));
        fg_sample_row_take(statement, ret_sample);
        (void)snprintf(ret_sample->text, sizeof(ret_sample->text), "%s", fg_sql_text(statement, 15));
        bytes_take(statement, 16, ret_sample->signature.bytes, FG_SIGNATURE_BYTES);
        bytes_take(statement, 17, ret_sample->key.bytes, FG_KEY_ID_BYTES);
        fg_sql_reset(statement);
        return keys_find(sql, ret_sample, error);
    }
    return result == FG_E_NOT_FOUND ? fg_fail(error, FG_E_NOT_FOUND, "sample") : result;
}
