/* Versions of one list for tests: a city's cylinders, of which some change from version to version, and the
 * delta files between them.
 *
 * Not: the behaviour of what is tested. Every function ends the test on failure. Relies on: list_fixture.h.
 */
#ifndef FG_TESTS_CITY_FIXTURE_H
#define FG_TESTS_CITY_FIXTURE_H

#include "host/listing/delta_build.h"
#include "proto/types.h"

struct fg_fixture_city {
    uint64_t version;
    int bucket_bits;                  /* -1 = chosen */
    unsigned rows;                    /* codes HZ-CNG-00000000 and up, two a vehicle */
    unsigned suspended_every;         /* every n-th cylinder is suspended; 0 = none */
    unsigned dated_every;             /* every n-th has another inspection date */
    unsigned missing_every;           /* every n-th is not on the list */
    const char *list_id;              /* NULL = "city" */
    int64_t expires_ms;               /* 0 = FG_FIXTURE_EXPIRES_MS */
    const struct fg_private_key *key; /* NULL = fg_fixture_key() */
};

/* Builds the list file under the test's directory; ret_path is the caller's. */
#define FG_FIXTURE_PATH 256
void fg_fixture_city(const char *name, const struct fg_fixture_city *city, char ret_path[FG_FIXTURE_PATH]);

void fg_fixture_delta(const char *name, const char *from_path, const char *to_path,
                      char ret_path[FG_FIXTURE_PATH], struct fg_delta_build_result *ret_result);

/* Whole file in memory of the caller's to free. */
uint8_t *fg_fixture_read(const char *path, size_t *ret_length);
void fg_fixture_write_bytes(const char *path, const uint8_t *bytes, size_t length);

#endif
