/* Implementation of list_build.h: from the ordered registry to a signed list file. */
#include "host/bureau/publish/list_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/publish/list_rows.h"
#include "host/bureau/registry/station_rules.h"
#include "lib/base/file.h"
#include "proto/list/bucket.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"

#define ROWS_PER_BUCKET 16

struct build {
    const struct fg_list_build_options *options;
    struct fg_list_rows registry;
    struct fg_manifest manifest;
    size_t signed_length;
    uint8_t signed_manifest[FG_MANIFEST_SIGNED_MAX];
    uint8_t bucket[FG_BUCKET_BYTES_MAX];
};

static void put_length(uint8_t bytes[FG_LIST_FILE_LENGTH_BYTES], size_t length)
{
    for (int i = 0; i < FG_LIST_FILE_LENGTH_BYTES; i++)
        bytes[i] = (uint8_t)(length >> (8 * i));
}

/* Puts the rows of one bucket together; *next goes behind its last row. */
static enum fg_err make_bucket(struct build *build, uint32_t index, size_t *next, size_t *ret_length,
                               struct fg_error *error)
{
    uint8_t row[FG_ROW_BYTES_MAX];
    size_t length = 0;

    while (*next < build->registry.count && build->registry.rows[*next]->bucket == index) {
        size_t row_length;
        enum fg_err result =
            fg_list_rows_bytes(&build->registry, build->registry.rows[*next], row, &row_length, error);

        if (result == FG_OK)
            result = fg_bucket_append(build->bucket, sizeof(build->bucket), &length, row, row_length, error);
        if (result != FG_OK)
            return result;
        (*next)++;
    }
    *ret_length = length;
    return FG_OK;
}

static enum fg_err compute_root(struct build *build, uint8_t bits, struct fg_error *error)
{
    struct fg_tree_builder tree;
    uint64_t body_bytes = 0;
    size_t next = 0;

    fg_list_rows_order(&build->registry, bits);
    fg_tree_start(&tree, bits, NULL, NULL);
    for (uint32_t i = 0; i >> bits == 0; i++) {
        struct fg_digest leaf;
        size_t length;
        enum fg_err result = make_bucket(build, i, &next, &length, error);

        if (result != FG_OK)
            return result;
        fg_tree_leaf(build->bucket, length, &leaf);
        result = fg_tree_add(&tree, &leaf, error);
        if (result != FG_OK)
            return result;
        body_bytes += FG_LIST_FILE_LENGTH_BYTES + length;
    }
    build->manifest.bucket_bits = bits;
    build->manifest.row_count = build->registry.count;
    build->manifest.body_bytes = body_bytes;
    return fg_tree_finish(&tree, &build->manifest.root, error);
}

/* With freedom of choice, a bucket that overflows is answered with more buckets. */
static enum fg_err choose_bits(struct build *build, struct fg_error *error)
{
    uint8_t bits = 0;
    enum fg_err result;

    if (build->options->bucket_bits != FG_LIST_BUILD_BITS_CHOOSE)
        return compute_root(build, (uint8_t)build->options->bucket_bits, error);
    while (bits < FG_BUCKET_BITS_MAX && build->registry.count >> bits > ROWS_PER_BUCKET)
        bits++;
    do
        result = compute_root(build, bits++, error);
    while (result == FG_E_SIZE && bits <= FG_BUCKET_BITS_MAX);
    return result;
}

static enum fg_err write_stream(struct build *build, FILE *stream, struct fg_error *error)
{
    uint8_t length_bytes[FG_LIST_FILE_LENGTH_BYTES];
    size_t next = 0;

    put_length(length_bytes, build->signed_length);
    (void)fwrite(FG_LIST_FILE_MAGIC, 1, FG_LIST_FILE_MAGIC_BYTES, stream);
    (void)fwrite(length_bytes, 1, sizeof(length_bytes), stream);
    (void)fwrite(build->signed_manifest, 1, build->signed_length, stream);
    for (uint32_t i = 0; i >> build->manifest.bucket_bits == 0 && !ferror(stream); i++) {
        size_t length;
        enum fg_err result = make_bucket(build, i, &next, &length, error);

        if (result != FG_OK)
            return result;
        put_length(length_bytes, length);
        (void)fwrite(length_bytes, 1, sizeof(length_bytes), stream);
        (void)fwrite(build->bucket, 1, length, stream);
    }
    return FG_OK;
}

static enum fg_err write_file(struct build *build, struct fg_error *error)
{
    struct fg_file_draft draft;
    enum fg_err result = fg_file_draft_start(&draft, build->options->out_path, 0644, error);

    if (result != FG_OK)
        return result;
    result = write_stream(build, draft.stream, error);
    return fg_file_draft_finish(&draft, result, error);
}

/* Everything but the rows: what the clerk asked for must be possible before a long registry is read. */
static enum fg_err start_manifest(struct build *build, const struct fg_station_rules *rules,
                                  struct fg_error *error)
{
    const struct fg_list_build_options *options = build->options;
    struct fg_manifest *manifest = &build->manifest;

    if (strlen(options->list_id) > FG_NAME_MAX)
        return fg_fail(error, FG_E_ARG, "list id: at most %d bytes are allowed", FG_NAME_MAX);
    if (options->bucket_bits < FG_LIST_BUILD_BITS_CHOOSE || options->bucket_bits > FG_BUCKET_BITS_MAX)
        return fg_fail(error, FG_E_ARG, "bucket bits: must be 0 to %d", FG_BUCKET_BITS_MAX);
    memcpy(manifest->list_id, options->list_id, strlen(options->list_id));
    manifest->version = options->version;
    manifest->issued_ms = options->issued_ms;
    manifest->expires_ms = options->expires_ms;
    manifest->body_bytes = FG_LIST_FILE_LENGTH_BYTES;
    manifest->rules = *rules;
    return fg_manifest_check(manifest, error);
}

/* What was signed elsewhere must be the manifest of these very rows. */
static enum fg_err take_signed(struct build *build, struct fg_error *error)
{
    const struct fg_list_build_options *options = build->options;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length = 0;
    enum fg_err result = fg_manifest_encode(&build->manifest, bytes, sizeof(bytes), &length, error);

    if (result != FG_OK)
        return result;
    if (options->signed_length != FG_MANIFEST_SIGNED_MIN + length ||
        memcmp(options->signed_manifest + FG_MANIFEST_SIGNED_MIN, bytes, length) != 0)
        return fg_fail(error, FG_E_STATE,
                       "the registry has changed since this manifest was prepared; prepare and sign again");
    memcpy(build->signed_manifest, options->signed_manifest, options->signed_length);
    build->signed_length = options->signed_length;
    return FG_OK;
}

/* From the rows on. */
static enum fg_err finish(struct build *build, const struct fg_list_row_columns *columns,
                          struct fg_list_row_faults *faults, struct fg_error *error)
{
    const struct fg_list_build_options *options = build->options;
    enum fg_err result = fg_list_rows_join(&build->registry, columns, faults, error);

    if (result == FG_OK)
        result = choose_bits(build, error);
    if (result != FG_OK || (options->signed_manifest == NULL && options->key == NULL) ||
        (options->is_wanted != NULL && !options->is_wanted(options->context, &build->manifest)))
        return result;
    if (options->signed_manifest != NULL)
        result = take_signed(build, error);
    else
        result = fg_manifest_sign(&build->manifest, options->key, build->signed_manifest,
                                  sizeof(build->signed_manifest), &build->signed_length, error);
    return result == FG_OK ? write_file(build, error) : result;
}

static enum fg_err run(struct build *build, struct fg_list_row_faults *faults, struct fg_error *error)
{
    struct fg_list_row_columns columns = {0};
    struct fg_station_rules rules;
    enum fg_err result = fg_rules_read(build->options->rules_path, &rules, error);

    if (result == FG_OK)
        result = start_manifest(build, &rules, error);
    if (result == FG_OK)
        result = fg_list_rows_read(&build->registry, build->options->csv_path, &columns, faults, error);
    return result == FG_OK ? finish(build, &columns, faults, error) : result;
}

static void result_fill(const struct build *build, struct fg_list_build_result *ret_result)
{
    ret_result->manifest = build->manifest;
    ret_result->file_bytes = FG_LIST_FILE_MAGIC_BYTES + FG_LIST_FILE_LENGTH_BYTES +
                             (uint64_t)build->signed_length + build->manifest.body_bytes;
}

enum fg_err fg_list_build(const struct fg_list_build_options *options,
                          struct fg_list_build_result *ret_result, fg_list_build_report report,
                          void *report_context, struct fg_error *error)
{
    struct fg_list_row_faults faults = {
        .report = report, .context = report_context, .name = options->csv_path, .error = error};
    struct build *build = calloc(1, sizeof(*build));
    enum fg_err result;

    if (build == NULL)
        return fg_fail(error, FG_E_MEMORY, "list build: out of memory");
    build->options = options;
    result = run(build, &faults, error);
    if (result == FG_OK)
        result_fill(build, ret_result);
    fg_list_rows_free(&build->registry);
    free(build);
    return result;
}

enum fg_err fg_list_build_rows(const struct fg_list_build_options *options,
                               const struct fg_station_rules *rules, fg_list_build_giver give, void *context,
                               struct fg_list_build_result *ret_result, struct fg_error *error)
{
    struct fg_list_row_columns columns = {.code = 1, .uid = 2, .plate = 3};
    struct fg_list_row_faults faults = {.name = "registry", .error = error};
    struct build *build = calloc(1, sizeof(*build));
    enum fg_err result;

    if (build == NULL)
        return fg_fail(error, FG_E_MEMORY, "list build: out of memory");
    build->options = options;
    result = start_manifest(build, rules, error);
    if (result == FG_OK)
        result = give(context, &build->registry, error);
    if (result == FG_OK)
        result = finish(build, &columns, &faults, error);
    if (result == FG_OK)
        result_fill(build, ret_result);
    fg_list_rows_free(&build->registry);
    free(build);
    return result;
}
