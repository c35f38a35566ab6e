/* The signed summary of an export: who took what, when, how much, and the SHA-256 of every byte, so that the
 * file can be checked later with the bureau's public key alone.
 *
 * The signature (purpose FG_PURPOSE_EXPORT, the receipt key) covers a text of lines "NAME VALUE", each ended
 * by a line feed, in this order and no other: "fillgate export v1" alone, id (32 lower-case hexadecimal
 * digits), user, role, begun_ms, ended_ms, format (csv or jsonl), filter (fg_history_filter_text; "all" for
 * everything), records, bytes, sha256, then of the first and last record first, first_hash, last, last_hash
 * ("-" for no record), key (the signing key's id). A place is "WALL_MS~CONTROLLER~SEQUENCE" with the
 * controller encoded as in the filter; the hashes are the journal's chain up to that entry. Numbers are
 * decimal, bytes lower-case hexadecimal. Around it is a JSON object, ExportSummary of web/openapi.json, whose
 * further members say the same again and must agree.
 *
 * Not: making the export (export_stream.h). Relies on: lib/crypto/sign.h, cJSON. Pure; any thread. */
#ifndef FG_HOST_BUREAU_EXPORT_EXPORT_SUMMARY_H
#define FG_HOST_BUREAU_EXPORT_EXPORT_SUMMARY_H

#include "host/bureau/export/export_format.h"
#include "lib/crypto/sign.h"

#define FG_EXPORT_ID_DIGITS 32
#define FG_EXPORT_PLACE_BYTES 160
#define FG_EXPORT_SIGNED_BYTES 3072
#define FG_EXPORT_FILE_MAX 16384 /* of the JSON object */

struct fg_export_edge {
    char place[FG_EXPORT_PLACE_BYTES]; /* "-": there is no record */
    struct fg_digest hash;
};

struct fg_export_summary {
    char id[FG_EXPORT_ID_DIGITS + 1];
    char user[FG_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    int64_t begun_ms;
    int64_t ended_ms;
    uint8_t format; /* enum fg_export_format */
    char filter[FG_HISTORY_FILTER_BYTES];
    uint64_t records;
    uint64_t bytes;
    struct fg_digest sha256;
    struct fg_export_edge first;
    struct fg_export_edge last;
    struct fg_key_id key;
};

/* An edge for this entry; row NULL: none. */
void fg_export_edge_of(const struct fg_history_row *row, struct fg_export_edge *ret_edge);

/* The text that is signed; returns its bytes without the NUL. */
size_t fg_export_summary_write(const struct fg_export_summary *summary,
                               char ret_text[FG_EXPORT_SIGNED_BYTES]);
/* The other way; exactly what fg_export_summary_write writes, or FG_E_FORMAT. text ends with a NUL. */
enum fg_err fg_export_summary_read(const char *text, struct fg_export_summary *ret_summary,
                                   struct fg_error *error);

/* A summary as it came out of a file. */
struct fg_export_proof {
    struct fg_export_summary summary;
    char text[FG_EXPORT_SIGNED_BYTES];
    struct fg_signature signature;
};
/* Reads the JSON object. FG_E_FORMAT: it is not one, or its members do not agree with the text. The signature
 * is not looked at yet. */
enum fg_err fg_export_proof_read(const char *json, size_t length, struct fg_export_proof *ret_proof,
                                 struct fg_error *error);
/* FG_E_AUTH: another key, or the signature is false. */
enum fg_err fg_export_proof_verify(const struct fg_export_proof *proof, const struct fg_public_key *key,
                                   struct fg_error *error);

#endif
