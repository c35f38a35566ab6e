/* The signed heads of the bureau's trail that this station keeps, as a witness: in a file beside its store,
 * named like it with ".witness" at the end.
 *
 * Kept are the newest head, of those before it the first of each hour for two days, and the first of each
 * day, FG_STATION_WITNESS_MAX in all. Numbers only rise: a head that does not follow the newest is refused,
 * told, and kept apart, for the bureau's trail was then put back or rewritten. With each report the newest
 * and one of the others, in turn, go back to the bureau, which compares them with what it has
 * (host/bureau/watch/trail_witness.h); an auditor does the same with the file (`fillgate audit trail --verify
 * --witness FILE`).
 *
 * The file: "fillgate witness v1" and a line feed; then pieces of FG_STATION_WITNESS_PIECE bytes, each when
 * it came by the station's clock (8 bytes, big-endian, ms since 1970) and the statement
 * (proto/journal/trail_head.h). The first piece is the newest refused head, all zero when there is none.
 * Relies on: kept_file.h. One thread; the file may be read by others. */
#ifndef FG_HOST_STATION_STORE_HEAD_WITNESS_H
#define FG_HOST_STATION_STORE_HEAD_WITNESS_H

#include "host/station/store/kept_file.h"
#include "proto/journal/sync.h"
#include "proto/journal/trail_head.h"

#define FG_STATION_WITNESS_MAX 128
#define FG_STATION_WITNESS_PIECE (8 + FG_TRAIL_STATEMENT_BYTES)
#define FG_STATION_WITNESS_BYTES_MAX (20 + (1 + FG_STATION_WITNESS_MAX) * FG_STATION_WITNESS_PIECE)

struct fg_witnessed {
    int64_t arrived_ms; /* 0 = there is none */
    struct fg_trail_statement statement;
};
struct fg_station_heads_kept {
    struct fg_witnessed refused;
    size_t count;
    struct fg_witnessed heads[FG_STATION_WITNESS_MAX]; /* numbers rise */
};

/* FG_E_FORMAT. Signatures are not verified. */
enum fg_err fg_station_witness_decode(const uint8_t *bytes, size_t length,
                                      struct fg_station_heads_kept *ret_kept, struct fg_error *error);
/* bytes has FG_STATION_WITNESS_BYTES_MAX. */
void fg_station_witness_encode(const struct fg_station_heads_kept *kept, uint8_t *ret_bytes,
                               size_t *ret_length);
/* FG_E_AUTH names the first head whose signature is false. One of a key that is none of these passes: keys
 * change. */
enum fg_err fg_station_witness_check(const struct fg_station_heads_kept *kept,
                                     const struct fg_public_key *keys, size_t key_count,
                                     struct fg_error *error);
/* FG_E_NOT_FOUND: there is no such file; FG_E_IO; FG_E_FORMAT. */
enum fg_err fg_station_witness_read(const char *path, struct fg_station_heads_kept *ret_kept,
                                    struct fg_error *error);
enum fg_err fg_station_witness_path(const char *store_path, char *ret_path, size_t capacity,
                                    struct fg_error *error);

/* Takes a verified head that came now. FG_E_EXISTS: it is the newest one, or was refused before; FG_E_OLD: it
 * does not follow the newest, and is kept as the refused one. arrived_ms above 0. */
enum fg_err fg_station_witness_add(struct fg_station_heads_kept *kept,
                                   const struct fg_trail_statement *statement, int64_t arrived_ms,
                                   struct fg_error *error);
/* Was the newest thing that the bureau gave a refused head? */
bool fg_station_witness_is_back(const struct fg_station_heads_kept *kept);

/* The same for the thread that talks with the bureau. */
struct fg_station_witness {
    char path[FG_KEPT_FILE_PATH_BYTES];
    struct fg_station_heads_kept kept;
    size_t turn;                     /* which older head goes back next */
    char said[FG_SYNC_TEXT_MAX + 1]; /* in the log already, as the next */
    char trouble[FG_SYNC_TEXT_MAX + 1];
};
/* Reads the file and checks it. One that does not hold is put aside as PATH.damaged; where that or reading
 * fails no heads are kept. The log says so. FG_E_SIZE, FG_E_MEMORY. */
enum fg_err fg_station_witness_start(const char *store_path, const struct fg_public_key *keys,
                                     size_t key_count, struct fg_station_witness *ret_witness,
                                     struct fg_error *error);
/* Puts the heads that go back into a report. */
void fg_station_witness_hand_back(struct fg_station_witness *witness, struct fg_sync_reports *reports);
/* Takes what the bureau answered to the report: its head, if one of the keys signed it, durably; what is
 * wrong goes into the log, once. */
void fg_station_witness_take(struct fg_station_witness *witness, const struct fg_public_key *keys,
                             size_t key_count, const struct fg_sync_report_answer *answer, int64_t now_ms);

#endif
