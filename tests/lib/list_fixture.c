/* Implementation of list_fixture.h. */
#include "tests/lib/list_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/list_build.h"
#include "tests/lib/check.h"

#define HEADER                                                                                               \
    "code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,"                \
    "inspection_due,end_of_life,owner,plate\n"

const struct fg_private_key *fg_fixture_key(void)
{
    static struct fg_private_key key;
    static bool made;
    struct fg_error error = {0};

    if (!made)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    made = true;
    return &key;
}

const char *fg_fixture_write(const char *name, const char *text)
{
    const char *path = fg_test_path(name);
    FILE *stream = fopen(path, "wb");

    CHECK(stream != NULL);
    CHECK(fputs(text, stream) >= 0);
    CHECK(fclose(stream) == 0);
    return path;
}

const char *fg_fixture_registry(const char *name, unsigned rows, const char *extra)
{
    const char *path = fg_test_path(name);
    FILE *stream = fopen(path, "wb");

    CHECK(stream != NULL);
    CHECK(fputs(HEADER, stream) >= 0);
    for (unsigned i = 0; i < rows; i++)
        CHECK(fprintf(stream,
                      "T-%05u,04%012x,in_service,cng,0,20000,650,60000,0,2028-06-30,2040-01-31,HZGAS,\n", i,
                      i + 1) > 0);
    if (extra != NULL)
        CHECK(fputs(extra, stream) >= 0);
    CHECK(fclose(stream) == 0);
    return path;
}

const char *fg_fixture_list(const char *name, const char *csv_path, uint64_t version, int bucket_bits)
{
    struct fg_list_build_options options = {
        .csv_path = csv_path,
        .rules_path = fg_fixture_write("rules.ini", "[rules]\nstation = S1\nmedia = cng\n"),
        .out_path = fg_test_path(name),
        .key = fg_fixture_key(),
        .list_id = "city",
        .version = version,
        .issued_ms = FG_FIXTURE_ISSUED_MS,
        .expires_ms = FG_FIXTURE_EXPIRES_MS,
        .bucket_bits = bucket_bits,
    };
    struct fg_list_build_result built;
    struct fg_error error = {0};

    CHECK_OK(fg_list_build(&options, &built, NULL, NULL, &error), &error);
    return options.out_path;
}

struct fg_list *fg_fixture_store(const char *path)
{
    struct fg_list *list = NULL;
    struct fg_error error;

    CHECK_OK(fg_list_open(path, NULL, &fg_fixture_key()->public_key, 1, &list, &error), &error);
    return list;
}

enum fg_err fg_fixture_take(const char *path, const struct fg_public_key *keys, size_t key_count,
                            const char *list_id, const char *station, const char *file,
                            struct fg_error *ret_error)
{
    struct fg_manifest manifest;
    struct fg_list *list = NULL;
    struct fg_error error;
    enum fg_err code;

    CHECK_OK(fg_list_open(path, NULL, keys, key_count, &list, &error), &error);
    CHECK_OK(fg_list_pin(list, list_id, station, &error), &error);
    code = fg_list_import(list, file, 0, &manifest, ret_error);
    fg_list_close(list);
    return code;
}

struct fg_code fg_fixture_code(const char *text)
{
    struct fg_code code = {{0}};

    CHECK(strlen(text) <= FG_CODE_MAX);
    memcpy(code.text, text, strlen(text));
    return code;
}
