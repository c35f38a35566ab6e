/* A source of list data for tests: versions that are published into it, and everything that a source can do
 * wrong.
 *
 * Not: a network. One at a time is usual, several are possible. Functions end the test on failure. */
#ifndef FG_TESTS_SOURCE_FIXTURE_H
#define FG_TESTS_SOURCE_FIXTURE_H

#include "firmware/list/update.h"
#include "tests/lib/city_fixture.h"

struct fg_fixture_source {
    struct fg_list *store; /* nodes and buckets */
    uint64_t version;      /* published now, 0 = none */
    uint64_t version_before;
    char file[FG_FIXTURE_PATH];
    char delta[FG_FIXTURE_PATH];         /* "" = there is none */
    char manifest_file[FG_FIXTURE_PATH]; /* "" = file: whose manifest is told */

    unsigned calls;
    unsigned manifests;
    unsigned deltas;
    unsigned nodes;
    unsigned buckets;
    unsigned files;
    uint64_t resumed_from; /* of the last delta or file */

    unsigned fail_at; /* this call fails (1 = the first), 0 = none */
    enum fg_err fail_code;
    uint64_t cut_after; /* a delta or file breaks off with FG_E_GONE after so many bytes, once; 0 = never */
    bool no_ranges;     /* FG_E_RANGE for everything that does not begin at 0 */
    bool endless;       /* a delta or file never ends, until bytes_max is passed by this source's will */
    bool bad_nodes;     /* one bit of each */
    bool bad_buckets;
    void (*before_call)(struct fg_fixture_source *source); /* may publish */
    const struct fg_fixture_city *next; /* what fg_fixture_publish_next makes a version of */
};

void fg_fixture_source_start(struct fg_fixture_source *source);
void fg_fixture_source_end(struct fg_fixture_source *source);

/* Builds the city's list and publishes it, with a delta from the version before. */
void fg_fixture_publish(struct fg_fixture_source *source, const struct fg_fixture_city *city);

/* To be called before each call: there is always a newer version, and no delta to it. */
void fg_fixture_publish_next(struct fg_fixture_source *source);

struct fg_list_source fg_fixture_list_source(struct fg_fixture_source *source);

/* Number of buckets whose bytes differ between two list files of the same shape, and which (may be NULL). */
unsigned fg_fixture_differences(const char *a_path, const char *b_path, bool *ret_differs);

#endif
