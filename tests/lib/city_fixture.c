/* Implementation of city_fixture.h. */
#include "tests/lib/city_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/bureau/list_build.h"
#include "tests/lib/check.h"
#include "tests/lib/list_fixture.h"

static bool hit(unsigned number, unsigned every)
{
    return every != 0 && number % every == every - 1;
}

static void write_registry(const char *path, const struct fg_fixture_city *city)
{
    FILE *stream = fopen(path, "wb");

    CHECK(stream != NULL);
    CHECK(fputs("code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,"
                "inspection_due,end_of_life,owner,plate\n",
                stream) >= 0);
    for (unsigned i = 0; i < city->rows; i++) {
        if (hit(i, city->missing_every))
            continue;
        CHECK(fprintf(stream, "HZ-CNG-%08u,04%012x,%s,cng,0,20000,650,%u,0,%s,2040-01-31,HZGAS,E%07u\n", i,
                      i * 2654435761U, hit(i, city->suspended_every) ? "suspended" : "in_service",
                      60000 + i % 5000, hit(i, city->dated_every) ? "2030-06-30" : "2028-06-30", i / 2) > 0);
    }
    CHECK(fclose(stream) == 0);
}

void fg_fixture_city(const char *name, const struct fg_fixture_city *city, char ret_path[FG_FIXTURE_PATH])
{
    char csv[FG_FIXTURE_PATH];
    struct fg_list_build_options options = {
        .csv_path = csv,
        .rules_path = fg_fixture_write("rules.ini", "[rules]\nstation = S1\nmedia = cng\n"),
        .out_path = ret_path,
        .key = city->key != NULL ? city->key : fg_fixture_key(),
        .list_id = city->list_id != NULL ? city->list_id : "city",
        .version = city->version,
        .issued_ms = FG_FIXTURE_ISSUED_MS,
        .expires_ms = city->expires_ms != 0 ? city->expires_ms : FG_FIXTURE_EXPIRES_MS,
        .bucket_bits = city->bucket_bits,
    };
    struct fg_list_build_result built;
    struct fg_error error = {0};

    (void)snprintf(csv, sizeof(csv), "%s.csv", fg_test_path(name));
    (void)snprintf(ret_path, FG_FIXTURE_PATH, "%s", fg_test_path(name));
    write_registry(csv, city);
    CHECK_OK(fg_list_build(&options, &built, NULL, NULL, &error), &error);
    (void)remove(csv);
}

void fg_fixture_delta(const char *name, const char *from_path, const char *to_path,
                      char ret_path[FG_FIXTURE_PATH], struct fg_delta_build_result *ret_result)
{
    struct fg_error error = {0};

    (void)snprintf(ret_path, FG_FIXTURE_PATH, "%s", fg_test_path(name));
    CHECK_OK(fg_delta_build(from_path, to_path, ret_path, ret_result, &error), &error);
}

uint8_t *fg_fixture_read(const char *path, size_t *ret_length)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *bytes;
    long size;

    CHECK(stream != NULL);
    CHECK(fseek(stream, 0, SEEK_END) == 0);
    size = ftell(stream);
    CHECK(size >= 0);
    bytes = malloc((size_t)size + 1);
    CHECK(bytes != NULL);
    rewind(stream);
    CHECK_INT(fread(bytes, 1, (size_t)size, stream), size);
    (void)fclose(stream);
    *ret_length = (size_t)size;
    return bytes;
}

void fg_fixture_write_bytes(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");

    CHECK(stream != NULL);
    CHECK_INT(fwrite(bytes, 1, length, stream), length);
    CHECK(fclose(stream) == 0);
}
