/* Random samples: the draw against a plain sort, that it can be drawn again and is fair, both populations on
 * both back ends, what is kept, and the routes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/audit/samples.h"
#include "host/bureau/export/sample.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/history_fixture.h"
#include "tests/lib/fixture/host/web_fixture.h"

/* ---- the draw ---- */

static void drum_fill(struct fg_sample_drum *drum, const char *seed, size_t wanted, size_t population)
{
    char key[FG_SAMPLE_KEY_BYTES];

    fg_sample_drum_start(drum, seed, wanted);
    for (size_t i = 0; i < population; i++) {
        (void)snprintf(key, sizeof(key), "K-%zu", i);
        fg_sample_drum_add(drum, key);
    }
}

TEST("a known draw: what sha256sum and sort give")
{
    static struct fg_sample_drum drum;
    static struct fg_sample_draw drawn;
    struct fg_digest digest;

    /* for i in 0 1 2 3 4 5 6 7 8 9; do echo "$(printf '%s' "00ff:K-$i" | sha256sum) K-$i"; done | sort | head
     * -3 */
    drum_fill(&drum, "00ff", 3, 10);
    fg_sample_drum_finish(&drum, &drawn);
    CHECK_INT(drawn.drawn, 3);
    CHECK_INT(drawn.population, 10);
    CHECK_TEXT(drawn.keys[0], "K-6");
    CHECK_TEXT(drawn.keys[1], "K-0");
    CHECK_TEXT(drawn.keys[2], "K-1");
    fg_sha256("K-0\nK-1\nK-2\nK-3\nK-4\nK-5\nK-6\nK-7\nK-8\nK-9\n", 40, &digest);
    CHECK_BYTES(drawn.digest.bytes, digest.bytes, FG_DIGEST_BYTES);
}

static int by_rank(const void *one, const void *other)
{
    return memcmp(one, other, FG_DIGEST_BYTES);
}

TEST("the smallest ranks are drawn, whatever the order and however many")
{
    static struct fg_sample_drum drum;
    static struct fg_sample_draw drawn;
    static struct fg_sample_ticket tickets[1000];
    static const size_t wanted[] = {1, 2, 7, 199, 200};
    char text[80];

    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(tickets[i].key, sizeof(tickets[i].key), "K-%zu", i);
        (void)snprintf(text, sizeof(text), "abc:K-%zu", i);
        fg_sha256(text, strlen(text), &tickets[i].rank);
    }
    qsort(tickets, 1000, sizeof(tickets[0]), by_rank);
    for (size_t w = 0; w < sizeof(wanted) / sizeof(wanted[0]); w++) {
        drum_fill(&drum, "abc", wanted[w], 1000);
        fg_sample_drum_finish(&drum, &drawn);
        CHECK_INT(drawn.drawn, wanted[w]);
        for (size_t i = 0; i < wanted[w]; i++)
            CHECK_TEXT(drawn.keys[i], tickets[i].key);
    }
    drum_fill(&drum, "abc", 200, 3);
    fg_sample_drum_finish(&drum, &drawn);
    CHECK_INT(drawn.drawn, 3);
    drum_fill(&drum, "abc", 1, 0);
    fg_sample_drum_finish(&drum, &drawn);
    CHECK_INT(drawn.drawn, 0);
}

/* 2000 draws of 10 out of 100: each is drawn 200 times on average with a variance of 180, so the sum of
 * squares over the variance is chi-square with about 99 degrees of freedom; 160 is passed once in ten
 * thousand. The seeds are fixed, so it is passed always or never. */
TEST("the draw is fair: each member is drawn about equally often, at each place")
{
    static struct fg_sample_drum drum;
    static struct fg_sample_draw drawn;
    unsigned counts[100] = {0};
    unsigned first[100] = {0};
    double sum = 0;
    double sum_first = 0;
    char seed[24];

    for (unsigned s = 0; s < 2000; s++) {
        (void)snprintf(seed, sizeof(seed), "%08x", s);
        drum_fill(&drum, seed, 10, 100);
        fg_sample_drum_finish(&drum, &drawn);
        for (size_t i = 0; i < 10; i++)
            counts[atoi(drawn.keys[i] + 2)]++;
        first[atoi(drawn.keys[0] + 2)]++;
    }
    for (size_t i = 0; i < 100; i++) {
        sum += ((double)counts[i] - 200) * ((double)counts[i] - 200) / 180;
        sum_first += ((double)first[i] - 20) * ((double)first[i] - 20) / 19.8;
    }
    CHECK(sum > 50 && sum < 160);
    CHECK(sum_first > 50 && sum_first < 160);
}

/* ---- over the store ---- */

static void cylinders_make(struct fg_sql *sql)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    char code[32];

    for (int64_t i = 0; i < 300; i++) {
        CHECK_OK(fg_sql_prepare(
                     sql,
                     "INSERT INTO cylinder (code, uid, state, medium, first_fill_pending, nominal_kpa, "
                     "capacity_dl, tare_g, maximum_fill_g, inspection_due, end_of_life, owner, plate, "
                     "area) VALUES ($1, '', 1, $2, 0, 20000, 600, 58000, 0, 20999, 23000, 'G', $1, 'x')",
                     &statement, &error),
                 &error);
        (void)snprintf(code, sizeof(code), "%s-%d", i % 2 == 0 ? "HZ-CNG" : "HZ", (int)i);
        fg_sql_bind_text(statement, 1, code);
        fg_sql_bind_int(statement, 2, 1 + i % 2);
        CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    }
}

struct reference {
    struct fg_sample_drum drum;
    struct fg_history_filter filter;
};

static void reference_add(void *context, const struct fg_history_row *row)
{
    struct reference *reference = context;
    char key[FG_SAMPLE_KEY_BYTES];

    if (strcmp(row->station, "S1") != 0 || row->kind != FG_ENTRY_ENDED)
        return;
    (void)snprintf(key, sizeof(key), "%s/%llu", row->controller, (unsigned long long)row->sequence);
    fg_sample_drum_add(&reference->drum, key);
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void store_check(bool postgres, struct fg_sample_draw ret_draws[2])
{
    struct reference *reference = calloc(1, sizeof(*reference));
    struct fg_sample_draw *expected = calloc(1, sizeof(*expected));
    struct fg_sample_order order = {.of = FG_SAMPLE_ENTRIES, .wanted = 20, .seed = "5eed"};
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    struct fg_error error;

    CHECK(reference != NULL && expected != NULL);
    fg_fixture_history(sql, 9, 6000);
    cylinders_make(sql);
    fg_history_filter_start(&order.filter);
    CHECK_OK(fg_history_filter_set(&order.filter, "station", "S1", &error), &error);
    CHECK_OK(fg_history_filter_set(&order.filter, "outcome", "ENDED", &error), &error);
    CHECK_OK(fg_sample_take(sql, &order, NULL, NULL, &ret_draws[0], &error), &error);
    fg_sample_drum_start(&reference->drum, "5eed", 20);
    fg_fixture_history_each(sql, reference_add, reference);
    fg_sample_drum_finish(&reference->drum, expected);
    CHECK_BYTES(&ret_draws[0], expected, sizeof(*expected));

    fg_history_filter_start(&order.filter);
    CHECK_INT(fg_sample_take(sql, &order, never, NULL, expected, &error), FG_E_TIMEOUT);
    order.of = FG_SAMPLE_CYLINDERS;
    order.filter.medium = FG_MEDIUM_CNG;
    CHECK_OK(fg_sample_take(sql, &order, NULL, NULL, &ret_draws[1], &error), &error);
    CHECK_INT(ret_draws[1].population, 150);
    CHECK_INT(ret_draws[1].drawn, 20);
    order.filter.from_ms = 0;
    CHECK_INT(fg_sample_take(sql, &order, NULL, NULL, expected, &error), FG_E_RANGE);
    fg_sql_close(sql);
    free(expected);
    free(reference);
}

TEST("a sample is the same on both back ends, and what a plain loop over the table draws")
{
    struct fg_sample_draw *lite = calloc(2, sizeof(*lite));
    struct fg_sample_draw *postgres = calloc(2, sizeof(*postgres));

    CHECK(lite != NULL && postgres != NULL);
    store_check(false, lite);
    store_check(true, postgres);
    /* The codes by their bytes, though PostgreSQL's own order may be another. */
    CHECK_BYTES(&lite[1], &postgres[1], sizeof(*lite));
    free(lite);
    free(postgres);
}

/* ---- kept and shown ---- */

static void kept_check(struct fg_sql *sql)
{
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    struct fg_sample *sample = calloc(1, sizeof(*sample));
    char *text = malloc(FG_SAMPLE_TEXT_BYTES);
    struct fg_error error;
    size_t length;

    CHECK(sample != NULL && text != NULL);
    CHECK_INT(fg_sample_find(sql, 99, sample, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_sample_find(sql, 1, sample, &error), &error);
    CHECK_TEXT(sample->user, "chen");
    CHECK_TEXT(sample->order.seed, "5eed");
    CHECK(sample->order.seed_given);
    length = fg_sample_write(sample, &sample->key, text);
    CHECK_TEXT(text, sample->text);
    CHECK_OK(fg_sign_verify(&key->public_key, FG_PURPOSE_SAMPLE, text, length, &sample->signature, &error),
             &error);
    CHECK_HAS(
        text,
        "fillgate sample v1\nnumber 1\nuser chen\nrole auditor\nat_ms 1795392000000\nof ENTRIES\nfilter "
        "station=S1 outcome=ENDED\ncount 5\nseed 5eed\nseed_by user\npopulation ");
    free(text);
    free(sample);
}

static void refusals_check(struct fg_web_fixture *fixture)
{
    static const char *const bad[] = {
        "{\"of\":\"ENTRIES\"}",
        "{\"of\":\"PEOPLE\",\"count\":1}",
        "{\"of\":\"ENTRIES\",\"count\":0}",
        "{\"of\":\"ENTRIES\",\"count\":201}",
        "{\"of\":\"ENTRIES\",\"count\":1,\"seed\":\"\"}",
        "{\"of\":\"ENTRIES\",\"count\":1,\"seed\":\"xyz\"}",
        "{\"of\":\"CYLINDERS\",\"count\":1,\"station\":\"S1\"}",
        "{\"of\":\"ENTRIES\",\"count\":1,\"station\":\"' OR 1=1\"}",
        "{\"of\":\"ENTRIES\",\"count\":1,\"more\":1}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/samples", bad[i], NULL), 400);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/samples/99", NULL, NULL), 404);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/samples/99/repeat", NULL, NULL), 404);
    fixture->token[0] = '\0';
    CHECK_INT(
        fg_fixture_web_ask(fixture, "POST", "/api/v1/samples", "{\"of\":\"ENTRIES\",\"count\":5}", NULL),
        403);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(
        fg_fixture_web_ask(fixture, "POST", "/api/v1/samples", "{\"of\":\"ENTRIES\",\"count\":5}", NULL),
        403);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/samples/1", NULL, NULL), 403);
}

static void routes_check(bool postgres)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);
    char seed[80];

    fg_fixture_web_user(fixture, "chen", "auditor");
    fg_fixture_web_user(fixture, "li", "registrar");
    fg_fixture_history(fixture->sql, 9, 1000);
    cylinders_make(fixture->sql);
    CHECK_INT(fg_fixture_web_sign_in(fixture, "chen", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(
        fg_fixture_web_ask(
            fixture, "POST", "/api/v1/samples",
            "{\"of\":\"ENTRIES\",\"count\":5,\"seed\":\"5eed\",\"station\":\"S1\",\"outcome\":\"ENDED\"}",
            NULL),
        200);
    CHECK_HAS(fixture->answer, "\"number\":1,");
    CHECK_HAS(fixture->answer, "\"drawn\":5,");
    CHECK_HAS(fixture->answer, "\"entries\":[{\"controller\":");
    kept_check(fixture->sql);
    CHECK_INT(
        fg_fixture_web_ask(fixture, "POST", "/api/v1/samples", "{\"of\":\"CYLINDERS\",\"count\":7}", NULL),
        200);
    CHECK_HAS(fixture->answer, "\"seed_given\":false");
    CHECK_HAS(fixture->answer, "\"population\":300,");
    (void)snprintf(seed, sizeof(seed), "%s", fg_fixture_web_text(fixture, "seed"));
    CHECK_INT(strlen(seed), 64);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/samples/2", NULL, NULL), 200);
    CHECK_TEXT(fg_fixture_web_text(fixture, "seed"), seed);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/samples?limit=1", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"next\":\"2\"");
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/samples?after=2", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"seed\":\"5eed\"");
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/samples/2/repeat", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"population_changed\":false,\"same_draw\":true");
    fg_fixture_sql_run(fixture->sql, "DELETE FROM cylinder WHERE code = 'HZ-1'");
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/samples/2/repeat", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"population_changed\":true");
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail WHERE action = 'SAMPLE_DRAWN' AND "
                                    "subject = '1' AND detail LIKE 'seed=5eed seed_by=user population=%'"),
              1);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail WHERE action = 'SAMPLE_REPEAT' AND "
                                    "subject = '2'"),
              2);
    refusals_check(fixture);
    fg_fixture_web_stop(fixture);
}

TEST(
    "samples are drawn, kept with a signature, shown, and repeated, which tells a changed population: SQLite")
{
    routes_check(false);
}

TEST("samples are drawn, kept with a signature, shown, and repeated, which tells a changed population: "
     "PostgreSQL")
{
    routes_check(true);
}
