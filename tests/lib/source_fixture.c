/* Implementation of source_fixture.h. */
#include "tests/lib/source_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/list_file.h"
#include "proto/manifest.h"
#include "tests/lib/check.h"
#include "tests/lib/list_fixture.h"

static struct fg_error failure;

void fg_fixture_source_start(struct fg_fixture_source *source)
{
    memset(source, 0, sizeof(*source));
    source->store = fg_fixture_store(fg_test_path("source.db"));
}

void fg_fixture_source_end(struct fg_fixture_source *source)
{
    fg_list_close(source->store);
    source->store = NULL;
}

void fg_fixture_publish(struct fg_fixture_source *source, const struct fg_fixture_city *city)
{
    struct fg_delta_build_result built;
    struct fg_manifest manifest;
    char before[FG_FIXTURE_PATH];
    char name[64];

    memcpy(before, source->file, sizeof(before));
    (void)snprintf(name, sizeof(name), "source-%llu.fgl", (unsigned long long)city->version);
    fg_fixture_city(name, city, source->file);
    CHECK_OK(fg_list_import(source->store, source->file, 0, &manifest, &failure), &failure);
    source->version_before = source->version;
    source->version = city->version;
    source->delta[0] = '\0';
    (void)snprintf(name, sizeof(name), "source-%llu.fgd", (unsigned long long)city->version);
    if (source->version_before != 0 &&
        fg_delta_build(before, source->file, fg_test_path(name), &built, &failure) == FG_OK)
        (void)snprintf(source->delta, sizeof(source->delta), "%s", fg_test_path(name));
}

void fg_fixture_publish_next(struct fg_fixture_source *source)
{
    struct fg_fixture_city city = *source->next;

    city.version = source->version + 1;
    city.suspended_every = (unsigned)city.version;
    fg_fixture_publish(source, &city);
    source->delta[0] = '\0';
}

static enum fg_err count_call(struct fg_fixture_source *source, unsigned *counter, struct fg_error *error)
{
    source->calls++;
    (*counter)++;
    if (source->before_call != NULL)
        source->before_call(source);
    if (source->fail_at != 0 && source->calls == source->fail_at)
        return fg_fail(error, source->fail_code, "the source fails");
    return FG_OK;
}

static enum fg_err get_manifest(void *context, uint8_t *buffer, size_t capacity, size_t *ret_length,
                                struct fg_error *error)
{
    struct fg_fixture_source *source = context;
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    enum fg_err result = count_call(source, &source->manifests, error);

    if (result != FG_OK)
        return result;
    result = fg_list_file_open(source->manifest_file[0] != '\0' ? source->manifest_file : source->file, &file,
                               error);
    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(file, ret_length);
    CHECK(*ret_length <= capacity);
    memcpy(buffer, bytes, *ret_length);
    fg_list_file_close(file);
    return FG_OK;
}

static enum fg_err send_endless(int fd, uint64_t bytes_max, struct fg_error *error)
{
    static const uint8_t bytes[4096];

    (void)error;
    for (uint64_t sent = 0; sent <= bytes_max; sent += sizeof(bytes))
        CHECK_INT(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    return FG_OK;
}

static enum fg_err send_file(struct fg_fixture_source *source, const char *path, int fd, uint64_t done,
                             uint64_t bytes_max, struct fg_error *error)
{
    size_t length;
    size_t end;
    uint8_t *bytes;
    enum fg_err result = FG_OK;

    if (done > 0 && source->no_ranges)
        return fg_fail(error, FG_E_RANGE, "no ranges");
    source->resumed_from = done;
    if (source->endless)
        return send_endless(fd, bytes_max, error);
    bytes = fg_fixture_read(path, &length);
    end = length;
    if (source->cut_after != 0 && done + source->cut_after < length) {
        end = (size_t)(done + source->cut_after);
        source->cut_after = 0;
        result = fg_fail(error, FG_E_GONE, "the connection is cut");
    }
    if (done > end)
        result = fg_fail(error, FG_E_RANGE, "the file ends before");
    else
        CHECK_INT(write(fd, bytes + done, end - (size_t)done), end - (size_t)done);
    free(bytes);
    return result;
}

static enum fg_err get_delta(void *context, uint64_t from, uint64_t to, int fd, uint64_t done,
                             uint64_t bytes_max, struct fg_error *error)
{
    struct fg_fixture_source *source = context;
    enum fg_err result = count_call(source, &source->deltas, error);

    if (result != FG_OK)
        return result;
    if (source->delta[0] == '\0' || from != source->version_before || to != source->version)
        return fg_fail(error, FG_E_NOT_FOUND, "no such delta");
    return send_file(source, source->delta, fd, done, bytes_max, error);
}

static enum fg_err get_file(void *context, uint64_t version, int fd, uint64_t done, uint64_t bytes_max,
                            struct fg_error *error)
{
    struct fg_fixture_source *source = context;
    enum fg_err result = count_call(source, &source->files, error);

    if (result != FG_OK)
        return result;
    if (version != source->version)
        return fg_fail(error, FG_E_NOT_FOUND, "no such file");
    return send_file(source, source->file, fd, done, bytes_max, error);
}

static enum fg_err get_node(void *context, uint64_t version, uint8_t level, uint32_t index,
                            struct fg_digest *ret_digests, size_t count, struct fg_error *error)
{
    struct fg_fixture_source *source = context;
    size_t held = 0;
    enum fg_err result = count_call(source, &source->nodes, error);

    if (result == FG_OK)
        result = fg_list_node_group(source->store, version, level, index, ret_digests, &held, error);
    if (result != FG_OK)
        return result;
    CHECK_INT(held, count);
    if (source->bad_nodes)
        ret_digests[0].bytes[0] ^= 1;
    return FG_OK;
}

static enum fg_err get_bucket(void *context, uint64_t version, uint32_t index, uint8_t *buffer,
                              size_t capacity, size_t *ret_length, struct fg_error *error)
{
    struct fg_fixture_source *source = context;
    enum fg_err result = count_call(source, &source->buckets, error);

    if (result == FG_OK)
        result = fg_list_bucket(source->store, version, index, buffer, capacity, ret_length, error);
    if (result == FG_OK && source->bad_buckets)
        buffer[*ret_length - 1] ^= 1;
    return result;
}

struct fg_list_source fg_fixture_list_source(struct fg_fixture_source *source)
{
    return (struct fg_list_source){.context = source,
                                   .manifest = get_manifest,
                                   .delta = get_delta,
                                   .node = get_node,
                                   .bucket = get_bucket,
                                   .file = get_file};
}

static struct fg_list_file *open_file(const char *path, struct fg_manifest *manifest)
{
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    size_t length;

    CHECK_OK(fg_list_file_open(path, &file, &failure), &failure);
    bytes = fg_list_file_manifest(file, &length);
    CHECK_OK(fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, manifest,
                                &failure),
             &failure);
    CHECK_OK(fg_list_file_expect(file, manifest, &failure), &failure);
    return file;
}

unsigned fg_fixture_differences(const char *a_path, const char *b_path, bool *ret_differs)
{
    struct fg_manifest a_manifest;
    struct fg_manifest b_manifest;
    struct fg_list_file *a = open_file(a_path, &a_manifest);
    struct fg_list_file *b = open_file(b_path, &b_manifest);
    unsigned count = 0;

    CHECK_INT(a_manifest.bucket_bits, b_manifest.bucket_bits);
    for (uint32_t i = 0; i >> a_manifest.bucket_bits == 0; i++) {
        const uint8_t *a_bytes;
        const uint8_t *b_bytes;
        size_t a_length;
        size_t b_length;
        bool differs;

        CHECK_OK(fg_list_file_next(a, &a_bytes, &a_length, &failure), &failure);
        CHECK_OK(fg_list_file_next(b, &b_bytes, &b_length, &failure), &failure);
        differs = a_length != b_length || memcmp(a_bytes, b_bytes, a_length) != 0;
        count += differs;
        if (ret_differs != NULL)
            ret_differs[i] = differs;
    }
    fg_list_file_close(a);
    fg_list_file_close(b);
    return count;
}
