/* What the benchmarks of the history share: a bureau's database with many entries, and a PostgreSQL server of
 * their own.
 *
 * Not: what is measured. Every function ends the program on failure, and stops the server. Relies on:
 * host/bureau. One thread. */
#ifndef FG_TESTS_BENCH_SAMPLE_RECORDS_H
#define FG_TESTS_BENCH_SAMPLE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "host/sql/sql.h"

#define BENCH_RECORDS_MS INT64_C(1795392000000) /* wall time of the first entry: 2026-11-22 */
#define BENCH_RECORDS_CONTROLLERS 400 /* "ctl-000" to "ctl-399", four at each station "HZ-00" to "HZ-99" */
#define BENCH_RECORDS_OPERATORS 900   /* "op-0" to "op-899" */
#define BENCH_RECORDS_CYLINDERS 50000 /* "HZ-CNG-000000" on, plates E00000 behind the province's letter */
#define BENCH_RECORDS_STEP_MS 900     /* between entries of the city */

/* Says why and ends the program. */
_Noreturn void bench_stop(const char *what, const char *why);
double bench_now_s(void);

/* A new database with all tables and count entries, in order of time, controllers mixed; tells how long it
 * took. */
void bench_records_make(const struct fg_sql_settings *settings, size_t count);

/* Starts a PostgreSQL server in the directory, which is made; the URL goes into ret_url. One at a time. */
void bench_postgres_start(const char *directory, char *ret_url, size_t size);
void bench_postgres_stop(void);

#endif
