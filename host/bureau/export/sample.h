/* Random samples for inspection that anybody can draw again: which entries of the history, or which cylinders
 * of the registry, and how it came to be these.
 *
 * Each member of the population has a key: "CONTROLLER/SEQUENCE" for an entry, the code for a cylinder
 * (encoded as in fg_history_filter_text, which changes nothing in ordinary names). Its rank is the SHA-256 of
 * the text "SEED:KEY", SEED being hexadecimal digits. The members with the smallest ranks, compared as bytes,
 * are the sample, in that order. Nobody who does not know the seed can tell or choose a rank, and who knows
 * seed and keys needs nothing but sha256sum and sort to draw it again. The digest of the population is the
 * SHA-256 of all keys, each followed by a line feed, in the order of an export (entries) or of the codes'
 * bytes (cylinders).
 *
 * What is recorded is signed with the receipt key, purpose FG_PURPOSE_SAMPLE (proto/PROTOCOL.md has the
 * text). A seed that a user gives could have been tried out before; each draw is kept, and so is who gave the
 * seed. Not: who may draw, how it is shown (samples.c). Relies on: history.h, lib/crypto/sign.h. The draw
 * itself is pure; a database object is used by one thread at a time, outside of transactions but where it
 * says so. */
#ifndef FG_HOST_BUREAU_EXPORT_SAMPLE_H
#define FG_HOST_BUREAU_EXPORT_SAMPLE_H

#include "host/bureau/history/history.h"
#include "lib/crypto/sign.h"

#define FG_SAMPLE_MAX 200 /* members of one sample */
#define FG_SAMPLE_KEY_BYTES 128
#define FG_SAMPLE_SEED_DIGITS_MAX 64
#define FG_SAMPLE_TEXT_BYTES 32768

enum fg_sample_of { FG_SAMPLE_ENTRIES = 1, FG_SAMPLE_CYLINDERS = 2 };
/* "ENTRIES", "CYLINDERS", "?". */
const char *fg_sample_of_name(uint8_t of);

/* ---- the draw ---- */

struct fg_sample_draw {
    uint64_t population;
    struct fg_digest digest; /* of the population */
    size_t drawn;
    char keys[FG_SAMPLE_MAX][FG_SAMPLE_KEY_BYTES]; /* by rank */
};

struct fg_sample_ticket {
    struct fg_digest rank;
    char key[FG_SAMPLE_KEY_BYTES];
};

/* Keeps the smallest ranks of those that were added; memory does not grow with the population. */
struct fg_sample_drum {
    char seed[FG_SAMPLE_SEED_DIGITS_MAX + 1];
    size_t wanted;
    size_t held;
    uint64_t population;
    struct fg_sha256_stream digest;
    struct fg_sample_ticket heap[FG_SAMPLE_MAX]; /* none is larger than heap[0] */
};
/* wanted: 1 to FG_SAMPLE_MAX. */
void fg_sample_drum_start(struct fg_sample_drum *drum, const char *seed, size_t wanted);
/* key: shorter than FG_SAMPLE_KEY_BYTES. */
void fg_sample_drum_add(struct fg_sample_drum *drum, const char *key);
void fg_sample_drum_finish(struct fg_sample_drum *drum, struct fg_sample_draw *ret_draw);

/* ---- over the store ---- */

struct fg_sample_order {
    uint8_t of; /* enum fg_sample_of */
    size_t wanted;
    char seed[FG_SAMPLE_SEED_DIGITS_MAX + 1]; /* lower-case hexadecimal, 1 or more */
    bool seed_given;                          /* by the user; else the bureau drew it */
    struct fg_history_filter filter; /* of the population: station, medium, kind, from_ms, until_ms; of
                                        cylinders only medium */
};
/* 32 random bytes. FG_E_IO. */
enum fg_err fg_sample_seed(char ret_seed[FG_SAMPLE_SEED_DIGITS_MAX + 1], struct fg_error *error);

/* Goes through the whole population. go_on is asked now and then; false ends it with FG_E_TIMEOUT.
 * FG_E_RANGE: the order names a part of the filter that this population does not have. */
typedef bool (*fg_sample_go_on)(void *context);
enum fg_err fg_sample_take(struct fg_sql *sql, const struct fg_sample_order *order, fg_sample_go_on go_on,
                           void *context, struct fg_sample_draw *ret_draw, struct fg_error *error);

/* ---- the record ---- */

struct fg_sample {
    int64_t number; /* 0: not kept yet */
    int64_t at_ms;
    char user[FG_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    struct fg_sample_order order;
    struct fg_sample_draw draw;
    char text[FG_SAMPLE_TEXT_BYTES]; /* that is signed */
    struct fg_signature signature;
    struct fg_key_id key;
};
/* Gives it the next number, signs it and keeps it, within the caller's transaction. */
enum fg_err fg_sample_keep(struct fg_sql *sql, const struct fg_private_key *key, struct fg_sample *sample,
                           struct fg_error *error);
/* The columns of what a sample was drawn from, without its members and its signature, for statements over
 * sample that list it. */
#define FG_SAMPLE_COLUMNS                                                                                    \
    "number, at_ms, login, role, of_kind, wanted, seed, seed_given, station, medium, outcome, from_ms, "     \
    "until_ms, population, digest"
void fg_sample_row_take(const struct fg_sql_statement *row, struct fg_sample *sample);
/* FG_E_NOT_FOUND. */
enum fg_err fg_sample_find(struct fg_sql *sql, int64_t number, struct fg_sample *ret_sample,
                           struct fg_error *error);
/* The text of a sample that has its number; returns its bytes. */
size_t fg_sample_write(const struct fg_sample *sample, const struct fg_key_id *key,
                       char ret_text[FG_SAMPLE_TEXT_BYTES]);

#endif
