/* Exports: the bytes of each record, the stream against a plain loop over the table on both back ends, the
 * signed summary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/entries.h"
#include "host/bureau/export/export_stream.h"
#include "host/bureau/schema/schema.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/history_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

#define ENTRIES 5000
#define BYTES_MAX (8 << 20)

/* ---- records ---- */

static struct fg_history_row row_make(void)
{
    struct fg_history_row row = {.controller = "ctl-1",
                                 .sequence = 7,
                                 .station = "S1",
                                 .arrived_ms = 1795392004200,
                                 .marks = 2 | 4 | 8,
                                 .wall_ms = 1795392000123,
                                 .clock_quality = 'S',
                                 .kind = FG_ENTRY_ENDED,
                                 .medium = FG_MEDIUM_CNG,
                                 .identity = FG_IDENTITY_SIGNED_TAG,
                                 .stop = 1,
                                 .code = "HZ-CNG-1",
                                 .plate = "\346\265\231ED9021",
                                 .operator_id = "op-1",
                                 .quantity_g = 9120,
                                 .authorised_sequence = 6,
                                 .operator_proof = FG_PERSON_PROOF_PIN,
                                 .second_person = "op-2",
                                 .second_proof = FG_PERSON_PROOF_CARD,
                                 .checks_failed = 5,
                                 .repeats = 40,
                                 .repeat_first_wall_ms = 1795391000000,
                                 .repeat_last_wall_ms = 1795392000000,
                                 .clock_floor_ms = 1,
                                 .clock_floor_before_ms = 2};

    memset(row.hash.bytes, 0xab, sizeof(row.hash.bytes));
    return row;
}

static const char *record(enum fg_export_format format, const struct fg_history_row *row)
{
    static char text[FG_EXPORT_RECORD_BYTES + 1];
    size_t length = fg_export_record(format, row, text);

    CHECK(length < FG_EXPORT_RECORD_BYTES);
    text[length] = '\0';
    return text;
}

#define HASH "abababababababababababababababababababababababababababababababab"

TEST("a record is one line of CSV, with the time in words")
{
    struct fg_history_row row = row_make();
    char head[FG_EXPORT_RECORD_BYTES];

    CHECK_INT(fg_export_head(FG_EXPORT_JSONL, head), 0);
    CHECK(fg_export_head(FG_EXPORT_CSV, head) > 3);
    CHECK_BYTES(head,
                "\xef\xbb\xbf"
                "controller,",
                14);
    CHECK_TEXT(record(FG_EXPORT_CSV, &row),
               "ctl-1,7,ENDED,2026-11-23T00:00:00.123Z,1795392000123,S,1795392004200,S1,HZ-CNG-1,\xe6\xb5\x99"
               "ED9021,op-1,CNG,SIGNED_TAG,,TARGET_REACHED,,9120,6,PIN,op-2,CARD,5,40,1795391000000,"
               "1795392000000,1,2,FUTURE FOREIGN SUSPENDED," HASH "\r\n");
    row.wall_ms = INT64_MIN;
    row.marks = 0;
    CHECK_HAS(record(FG_EXPORT_CSV, &row), ",ENDED,,-9223372036854775808,S,");
    row.wall_ms = 253402300799999;
    CHECK_HAS(record(FG_EXPORT_CSV, &row), ",9999-12-31T23:59:59.999Z,253402300799999,");
    row.wall_ms = 951782400000; /* a leap day */
    CHECK_HAS(record(FG_EXPORT_CSV, &row), ",2000-02-29T00:00:00.000Z,");
    row.wall_ms = 0;
    CHECK_HAS(record(FG_EXPORT_CSV, &row), ",1970-01-01T00:00:00.000Z,0,");
}

TEST("a text that a spreadsheet could take for a formula is no formula in the file")
{
    static const char *const pairs[][2] = {
        {"=1+1", "'=1+1"},      {"+1", "'+1"},
        {"-1", "'-1"},          {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "'\t=1"},      {"\r=1", "\"'\r=1\""},
        {"'q", "''q"},          {"  =1", "\"'  =1\""},
        {"a=1", "a=1"},         {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""}, {"=\"a\"", "\"'=\"\"a\"\"\""},
        {"a\nb", "\"a\nb\""},   {"", ""},
        {"\xff", "?"},          {"\357\274\2351", "'\357\274\2351"},
        {"\x7f", "'\x7f"},      {"\xc3\xa4", "\xc3\xa4"},
        {" ", "\" \""},         {"op-1", "op-1"},
    };
    char cell[64];

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        cell[fg_export_cell(pairs[i][0], cell)] = '\0';
        CHECK_TEXT(cell, pairs[i][1]);
    }
}

static void json_check(void *context, const struct fg_history_row *row)
{
    struct fg_web_json json;
    char *text;
    char expected[4096];

    (void)context;
    fg_web_json_start(&json);
    fg_web_entry_write(&json, json.root, row);
    fg_web_json_hex(&json, json.root, "hash", row->hash.bytes, FG_DIGEST_BYTES);
    text = fg_web_json_end(&json);
    CHECK(text != NULL);
    (void)snprintf(expected, sizeof(expected), "%s\n", text != NULL ? text : "");
    free(text);
    CHECK_TEXT(record(FG_EXPORT_JSONL, row), expected);
}

TEST("a JSON line is the API's entry with its hash, byte for byte, whatever its texts")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_history_row row = row_make();

    json_check(NULL, &row);
    fg_fixture_history(sql, 11, 2000);
    fg_fixture_history_each(sql, json_check, NULL);
    fg_sql_close(sql);
}

/* ---- the stream ---- */

struct bytes {
    enum fg_export_format format;
    const struct fg_history_filter *filter;
    char *bytes;
    size_t length;
    uint64_t records;
};

static bool fits(const struct fg_history_filter *filter, const struct fg_history_row *row)
{
    return (filter->code[0] == '\0' || strcmp(filter->code, row->code) == 0) &&
           (filter->station[0] == '\0' || strcmp(filter->station, row->station) == 0) &&
           (filter->controller[0] == '\0' || strcmp(filter->controller, row->controller) == 0) &&
           (filter->kind == 0 || filter->kind == row->kind) &&
           (filter->medium == 0 || filter->medium == row->medium) && row->wall_ms >= filter->from_ms &&
           (filter->until_ms == INT64_MAX || row->wall_ms < filter->until_ms);
}

static void bytes_add(void *context, const struct fg_history_row *row)
{
    struct bytes *bytes = context;

    if (!fits(bytes->filter, row))
        return;
    CHECK(bytes->length + FG_EXPORT_RECORD_BYTES < BYTES_MAX);
    bytes->length += fg_export_record(bytes->format, row, bytes->bytes + bytes->length);
    bytes->records++;
}

static char *export_all(struct fg_sql_pool *pool, const struct fg_history_filter *filter,
                        enum fg_export_format format, size_t piece, size_t *ret_length,
                        struct fg_export_summary *ret_summary)
{
    struct fg_export *export = NULL;
    char *all = malloc(BYTES_MAX);
    size_t length = 0;
    size_t got = 0;
    struct fg_error error;

    CHECK(all != NULL);
    CHECK_OK(fg_export_new(pool, filter, format, &export, &error), &error);
    do {
        CHECK(length + piece <= BYTES_MAX);
        CHECK_OK(fg_export_read(export, (uint8_t *)all + length, piece, &got, &error), &error);
        CHECK(got <= piece);
        length += got;
    } while (got > 0);
    CHECK_INT(fg_export_bytes(export), length);
    fg_export_tell(export, ret_summary);
    fg_export_free(export);
    *ret_length = length;
    return all;
}

static void stream_check(struct fg_sql *sql, struct fg_sql_pool *pool, const struct fg_history_filter *filter,
                         enum fg_export_format format, size_t piece)
{
    struct bytes expected = {.format = format, .filter = filter, .bytes = malloc(BYTES_MAX)};
    struct fg_export_summary summary;
    struct fg_digest digest;
    size_t length = 0;
    char *all = export_all(pool, filter, format, piece, &length, &summary);

    CHECK(expected.bytes != NULL);
    expected.length = fg_export_head(format, expected.bytes);
    fg_fixture_history_each(sql, bytes_add, &expected);
    CHECK_INT(length, expected.length);
    CHECK_BYTES(all, expected.bytes, length);
    CHECK_INT(summary.records, expected.records);
    CHECK_INT(summary.bytes, length);
    fg_sha256(all, length, &digest);
    CHECK_BYTES(summary.sha256.bytes, digest.bytes, FG_DIGEST_BYTES);
    CHECK((strcmp(summary.first.place, "-") == 0) == (expected.records == 0));
    free(expected.bytes);
    free(all);
}

static struct fg_history_filter filter_of(const char *name, const char *value)
{
    struct fg_history_filter filter;
    struct fg_error error;

    fg_history_filter_start(&filter);
    if (name != NULL)
        CHECK_OK(fg_history_filter_set(&filter, name, value, &error), &error);
    return filter;
}

static void streams_check(bool postgres)
{
    static const char *const filters[][2] = {{NULL, NULL},
                                             {"code", "HZ-CNG-1"},
                                             {"station", "S-3"},
                                             {"controller", "CTL-1"},
                                             {"outcome", "ENDED"},
                                             {"medium", "LPG"},
                                             {"code", "NOTHING"},
                                             {"until_ms", "1795393000000"},
                                             {"from_ms", "1795394000000"}};
    char url[300];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_sql_pool *pool = NULL;
    struct fg_sql *sql;
    struct fg_error error;

    (void)snprintf(url, sizeof(url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("export.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    CHECK_OK(fg_sql_pool_new(&settings, 1, &pool, &error), &error);
    fg_fixture_history(sql, 5, ENTRIES);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct fg_history_filter filter = filter_of(filters[i][0], filters[i][1]);

        stream_check(sql, pool, &filter, FG_EXPORT_CSV, 32768);
        stream_check(sql, pool, &filter, FG_EXPORT_JSONL, i == 0 ? 1 << 18 : 3000);
    }
    stream_check(sql, pool,
                 &(struct fg_history_filter){.code = "HZ-CNG-2", .until_ms = INT64_MAX, .from_ms = INT64_MIN},
                 FG_EXPORT_CSV, 1);
    fg_sql_pool_free(pool);
    fg_sql_close(sql);
}

TEST("an export is what a plain loop over the table gives, byte for byte, by any filter: SQLite")
{
    streams_check(false);
}

TEST("an export is what a plain loop over the table gives, byte for byte, by any filter: PostgreSQL")
{
    streams_check(true);
}

TEST("without a free database object the stream waits, and goes on when there is one")
{
    char url[300];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_history_filter filter = filter_of(NULL, NULL);
    struct fg_sql_pool *pool = NULL;
    struct fg_export *export = NULL;
    struct fg_sql *sql;
    struct fg_error error;
    uint8_t buffer[65536];
    size_t length = 0;

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("export.db"));
    CHECK_OK(fg_sql_pool_new(&settings, 1, &pool, &error), &error);
    sql = fg_sql_pool_take(pool, 0);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    fg_fixture_history(sql, 5, 10);
    CHECK_OK(fg_export_new(pool, &filter, FG_EXPORT_JSONL, &export, &error), &error);
    CHECK_INT(fg_export_read(export, buffer, sizeof(buffer), &length, &error), FG_E_BUSY);
    fg_sql_pool_give(pool, sql);
    CHECK_OK(fg_export_read(export, buffer, sizeof(buffer), &length, &error), &error);
    CHECK(length > 1000);
    CHECK_INT(fg_export_records(export), 10);
    fg_export_free(export); /* in the middle */
    fg_sql_pool_free(pool);
}

/* ---- the summary ---- */

static struct fg_export_summary summary_make(const struct fg_private_key *key)
{
    struct fg_history_row row = row_make();
    struct fg_export_summary summary = {.id = "0123456789abcdef0123456789abcdef",
                                        .user = "chen",
                                        .role = "auditor",
                                        .begun_ms = 1795392000000,
                                        .ended_ms = 1795392000400,
                                        .format = FG_EXPORT_JSONL,
                                        .filter = "station=S1 plate=%E6%B5%99ED9021",
                                        .records = 12,
                                        .bytes = 4711,
                                        .key = key->public_key.id};

    (void)snprintf(row.controller, sizeof(row.controller), "a\nb c");
    fg_export_edge_of(&row, &summary.first);
    fg_export_edge_of(&row, &summary.last);
    fg_sha256("x", 1, &summary.sha256);
    return summary;
}

static size_t proof_write(const struct fg_export_summary *summary, const struct fg_private_key *key,
                          char *json, size_t capacity)
{
    char text[FG_EXPORT_SIGNED_BYTES];
    struct fg_signature signature;
    struct fg_web_json tree;
    struct fg_error error;
    size_t length = fg_export_summary_write(summary, text);
    char *printed;

    CHECK_OK(fg_sign(key, FG_PURPOSE_EXPORT, text, length, &signature, &error), &error);
    fg_web_json_start(&tree);
    fg_web_json_text(&tree, tree.root, "id", summary->id);
    fg_web_json_text(&tree, tree.root, "state", "DONE");
    fg_web_json_number(&tree, tree.root, "records", (int64_t)summary->records);
    fg_web_json_number(&tree, tree.root, "bytes", (int64_t)summary->bytes);
    fg_web_json_hex(&tree, tree.root, "sha256", summary->sha256.bytes, FG_DIGEST_BYTES);
    fg_web_json_text(&tree, tree.root, "signed", text);
    fg_web_json_hex(&tree, tree.root, "signature", signature.bytes, FG_SIGNATURE_BYTES);
    fg_web_json_hex(&tree, tree.root, "key_id", summary->key.bytes, FG_KEY_ID_BYTES);
    printed = fg_web_json_end(&tree);
    CHECK(printed != NULL);
    CHECK((size_t)snprintf(json, capacity, "%s", printed != NULL ? printed : "") < capacity);
    free(printed);
    return strlen(json);
}

TEST("the signed text stands as PROTOCOL.md has it, and reads back")
{
    struct fg_export_summary summary = summary_make(fg_fixture_bureau_receipt_key());
    struct fg_export_summary again;
    char text[FG_EXPORT_SIGNED_BYTES];
    struct fg_error error;

    memset(summary.key.bytes, 0x11, sizeof(summary.key.bytes));
    (void)fg_export_summary_write(&summary, text);
    CHECK_TEXT(
        text, "fillgate export v1\nid 0123456789abcdef0123456789abcdef\nuser chen\nrole auditor\nbegun_ms "
              "1795392000000\nended_ms 1795392000400\nformat jsonl\nfilter station=S1 plate=%E6%B5%99ED9021\n"
              "records 12\nbytes 4711\nsha256 "
              "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\nfirst "
              "1795392000123~a%0Ab%20c~7\nfirst_hash " HASH
              "\nlast 1795392000123~a%0Ab%20c~7\nlast_hash " HASH "\nkey 1111111111111111\n");
    CHECK_OK(fg_export_summary_read(text, &again, &error), &error);
    CHECK_BYTES(&again, &summary, sizeof(summary));
    fg_export_edge_of(NULL, &summary.first);
    summary.filter[0] = '\0';
    (void)fg_export_summary_write(&summary, text);
    CHECK_HAS(text, "\nfilter all\n");
    CHECK_HAS(text, "\nfirst -\nfirst_hash -\n");
    CHECK_OK(fg_export_summary_read(text, &again, &error), &error);
}

TEST("a summary verifies with the public key, and with no byte of it changed")
{
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    struct fg_export_summary summary = summary_make(key);
    struct fg_export_proof proof;
    struct fg_private_key other;
    struct fg_error error;
    char json[FG_EXPORT_FILE_MAX];
    size_t length = proof_write(&summary, key, json, sizeof(json));

    CHECK_OK(fg_export_proof_read(json, length, &proof, &error), &error);
    CHECK_OK(fg_export_proof_verify(&proof, &key->public_key, &error), &error);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_INT(fg_export_proof_verify(&proof, &other.public_key, &error), FG_E_AUTH);
    for (size_t i = 0; i < length; i++) {
        char kept = json[i];
        enum fg_err result;

        json[i] = (char)(kept ^ 1);
        result = fg_export_proof_read(json, length, &proof, &error);
        if (result == FG_OK)
            result = fg_export_proof_verify(&proof, &key->public_key, &error);
        if (result == FG_OK)
            fg_test_fail(__FILE__, __LINE__, "byte %zu ('%c') can be changed", i, kept);
        json[i] = kept;
    }
    CHECK_INT(fg_export_proof_read(json, length - 1, &proof, &error), FG_E_FORMAT);
    CHECK_INT(fg_export_proof_read("{}", 2, &proof, &error), FG_E_FORMAT);
    CHECK_INT(fg_export_proof_read("", 0, &proof, &error), FG_E_FORMAT);
}
