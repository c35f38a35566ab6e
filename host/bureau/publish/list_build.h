/* Building a signed list file from the bureau's registry (CSV) and the station rules (INI).
 *
 * The CSV's first line names the columns: code, uid, state, medium, first_fill_pending, nominal_kpa,
 * capacity_dl, tare_g, maximum_fill_g, inspection_due, end_of_life, owner, plate; any order, all of them,
 * further ones are passed over. Dates are YYYY-MM-DD or empty, states in_service, suspended, scrapped or
 * lost, media cng or lpg, first_fill_pending 0 or 1. Rows with the same plate are one vehicle: each gets the
 * codes of the others. All rows are held in memory (about 150 bytes each).
 *
 * Not: distribution, stores. Relies on: proto, inih. One thread. */
#ifndef FG_HOST_BUREAU_PUBLISH_LIST_BUILD_H
#define FG_HOST_BUREAU_PUBLISH_LIST_BUILD_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_LIST_BUILD_FAULTS_MAX 20
#define FG_LIST_BUILD_BITS_CHOOSE (-1)

struct fg_list_build_options {
    const char *csv_path;
    const char *rules_path;
    const char *out_path;             /* replaced at once when everything is good, else untouched */
    const struct fg_private_key *key; /* the bureau's */
    const char *list_id;              /* 1 to FG_NAME_MAX bytes */
    uint64_t version;                 /* 1 and up; higher than the one before */
    int64_t issued_ms;
    int64_t expires_ms; /* after issued_ms */
    /* Signed on another machine: the signed manifest, used instead of key when not NULL. It must be that of
     * these rows (FG_E_STATE else); its signature is not verified here. */
    const uint8_t *signed_manifest;
    size_t signed_length;
    int bucket_bits; /* 0 to 24, or FG_LIST_BUILD_BITS_CHOOSE: about 16 rows a bucket */
    /* Asked when the manifest is known, before anything is signed or written; false ends there with FG_OK.
     * NULL: yes. */
    bool (*is_wanted)(void *context, const struct fg_manifest *manifest);
    void *context;
};

struct fg_list_build_result {
    struct fg_manifest manifest;
    uint64_t file_bytes;
};

/* One fault of the CSV. line and column from 1; column counts fields, 0 = the whole line. */
typedef void (*fg_list_build_report)(void *context, uint64_t line, size_t column, const char *text);

/* Builds, signs and writes the list file (temporary file, fsync, rename). Faults of the CSV are reported one
 * by one, at most FG_LIST_BUILD_FAULTS_MAX, then reading stops; with any fault nothing is written and
 * FG_E_FORMAT names the first. report may be NULL. Others: FG_E_ARG, FG_E_RANGE, FG_E_SIZE, FG_E_IO,
 * FG_E_MEMORY, and those of fg_rules_read. */
enum fg_err fg_list_build(const struct fg_list_build_options *options,
                          struct fg_list_build_result *ret_result, fg_list_build_report report,
                          void *report_context, struct fg_error *error);

/* The same from rows that the caller gives instead of a CSV, and from rules that are read already: options'
 * csv_path and rules_path are not used. give is called once and adds rows with fg_list_rows_add
 * (list_rows.h). With options' key NULL nothing is written, only the manifest computed. */
struct fg_list_rows;
typedef enum fg_err (*fg_list_build_giver)(void *context, struct fg_list_rows *registry,
                                           struct fg_error *error);
enum fg_err fg_list_build_rows(const struct fg_list_build_options *options,
                               const struct fg_station_rules *rules, fg_list_build_giver give, void *context,
                               struct fg_list_build_result *ret_result, struct fg_error *error);

#endif
