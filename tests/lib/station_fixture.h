/* What the tests of a station's store share. Relies on: check.h; a failure ends the test. */
#ifndef FG_TESTS_LIB_STATION_FIXTURE_H
#define FG_TESTS_LIB_STATION_FIXTURE_H

#include "host/station/intake.h"
#include "tests/lib/bureau_fixture.h"

/* Sends entries first..last of a journal as its own controller; returns the verdict. */
uint8_t fg_fixture_station_send(struct fg_station_store *store, const struct fg_fixture_journal *journal,
                                uint64_t first, uint64_t last, int64_t now_ms);

#endif
