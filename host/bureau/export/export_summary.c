/* Implementation of the signed summary of an export (export_summary.h). */
#include "host/bureau/export/export_summary.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD "fillgate export v1\n"
#define LINES 15

void fg_export_edge_of(const struct fg_history_row *row, struct fg_export_edge *ret_edge)
{
    char controller[3 * FG_NAME_MAX + 1];

    memset(ret_edge, 0, sizeof(*ret_edge));
    if (row == NULL) {
        ret_edge->place[0] = '-';
        return;
    }
    controller[fg_history_encode(row->controller, controller)] = '\0';
    (void)snprintf(ret_edge->place, sizeof(ret_edge->place), "%" PRId64 "~%s~%" PRIu64, row->wall_ms,
                   controller, row->sequence);
    ret_edge->hash = row->hash;
}

/* ---- writing ---- */

static const char *hex_of(const void *bytes, size_t length, char text[2 * FG_DIGEST_BYTES + 1])
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < length; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", from[i]);
    text[2 * length] = '\0';
    return text;
}

static const char *edge_hash_of(const struct fg_export_edge *edge, char text[2 * FG_DIGEST_BYTES + 1])
{
    return strcmp(edge->place, "-") == 0 ? "-" : hex_of(edge->hash.bytes, FG_DIGEST_BYTES, text);
}

size_t fg_export_summary_write(const struct fg_export_summary *summary, char ret_text[FG_EXPORT_SIGNED_BYTES])
{
    char sha256[2 * FG_DIGEST_BYTES + 1];
    char first[2 * FG_DIGEST_BYTES + 1];
    char last[2 * FG_DIGEST_BYTES + 1];
    char key[2 * FG_DIGEST_BYTES + 1];

    return (size_t)snprintf(
        ret_text, FG_EXPORT_SIGNED_BYTES,
        HEAD "id %s\nuser %s\nrole %s\nbegun_ms %" PRId64 "\nended_ms %" PRId64 "\nformat %s\nfilter %s\n"
             "records %" PRIu64 "\nbytes %" PRIu64
             "\nsha256 %s\nfirst %s\nfirst_hash %s\nlast %s\nlast_hash %s\nkey %s\n",
        summary->id, summary->user, summary->role, summary->begun_ms, summary->ended_ms,
        fg_export_format_name((enum fg_export_format)summary->format),
        summary->filter[0] != '\0' ? summary->filter : "all", summary->records, summary->bytes,
        hex_of(summary->sha256.bytes, FG_DIGEST_BYTES, sha256), summary->first.place,
        edge_hash_of(&summary->first, first), summary->last.place, edge_hash_of(&summary->last, last),
        hex_of(summary->key.bytes, FG_KEY_ID_BYTES, key));
}

/* ---- reading ---- */

/* Values by line, cut out of a copy of the text. Reading is lenient: what was read is written again and
 * compared, which leaves exactly one text for each summary. */
static enum fg_err lines_cut(char *text, const char *values[LINES], struct fg_error *error)
{
    static const char *const names[LINES] = {"id",     "user",       "role",    "begun_ms",  "ended_ms",
                                             "format", "filter",     "records", "bytes",     "sha256",
                                             "first",  "first_hash", "last",    "last_hash", "key"};
    char *at = text + strlen(HEAD);

    if (strncmp(text, HEAD, strlen(HEAD)) != 0)
        return fg_fail(error, FG_E_FORMAT, "summary: not a summary of an export");
    for (size_t i = 0; i < LINES; i++) {
        size_t length = strlen(names[i]);
        char *end = strchr(at, '\n');

        if (end == NULL || strncmp(at, names[i], length) != 0 || at[length] != ' ')
            return fg_fail(error, FG_E_FORMAT, "summary: line %zu is not \"%s\"", i + 2, names[i]);
        *end = '\0';
        values[i] = at + length + 1;
        at = end + 1;
    }
    return FG_OK;
}

static bool text_take(const char *value, char *to, size_t size)
{
    size_t length = strlen(value);

    if (length >= size)
        return false;
    memcpy(to, value, length + 1);
    return true;
}

static bool number_take(const char *value, int64_t *ret_number)
{
    return sscanf(value, "%18" SCNd64, ret_number) == 1;
}

static bool hex_take(const char *value, uint8_t *bytes, size_t length)
{
    if (strlen(value) != 2 * length || strspn(value, "0123456789abcdef") != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned byte = 0;

        (void)sscanf(value + 2 * i, "%2x", &byte);
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

static bool edge_take(const char *place, const char *hash, struct fg_export_edge *edge)
{
    if (!text_take(place, edge->place, sizeof(edge->place)))
        return false;
    return strcmp(place, "-") == 0 || hex_take(hash, edge->hash.bytes, FG_DIGEST_BYTES);
}

static bool values_take(const char *const values[LINES], struct fg_export_summary *summary)
{
    int format = fg_export_format_by_name(values[5]);
    int64_t records = 0;
    int64_t bytes = 0;
    bool fine =
        format >= 0 && text_take(values[0], summary->id, sizeof(summary->id)) &&
        text_take(values[1], summary->user, sizeof(summary->user)) &&
        text_take(values[2], summary->role, sizeof(summary->role)) &&
        number_take(values[3], &summary->begun_ms) && number_take(values[4], &summary->ended_ms) &&
        text_take(strcmp(values[6], "all") == 0 ? "" : values[6], summary->filter, sizeof(summary->filter)) &&
        number_take(values[7], &records) && number_take(values[8], &bytes) && records >= 0 && bytes >= 0 &&
        hex_take(values[9], summary->sha256.bytes, FG_DIGEST_BYTES) &&
        edge_take(values[10], values[11], &summary->first) &&
        edge_take(values[12], values[13], &summary->last) &&
        hex_take(values[14], summary->key.bytes, FG_KEY_ID_BYTES);

    summary->format = (uint8_t)(format >= 0 ? format : 0);
    summary->records = (uint64_t)records;
    summary->bytes = (uint64_t)bytes;
    return fine;
}

enum fg_err fg_export_summary_read(const char *text, struct fg_export_summary *ret_summary,
                                   struct fg_error *error)
{
    char copy[FG_EXPORT_SIGNED_BYTES];
    const char *values[LINES];
    struct fg_export_summary summary;
    enum fg_err result;

    memset(&summary, 0, sizeof(summary));
    if (!text_take(text, copy, sizeof(copy)))
        return fg_fail(error, FG_E_FORMAT, "summary: longer than %zu bytes", sizeof(copy) - 1);
    result = lines_cut(copy, values, error);
    if (result != FG_OK)
        return result;
    if (!values_take(values, &summary))
        return fg_fail(error, FG_E_FORMAT, "summary: a value is not valid");
    (void)fg_export_summary_write(&summary, copy);
    if (strcmp(copy, text) != 0)
        return fg_fail(error, FG_E_FORMAT, "summary: not written as the bureau writes it");
    *ret_summary = summary;
    return FG_OK;
}

/* ---- the JSON object ---- */

static const char *member_text(const cJSON *root, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(root, name);

    return cJSON_IsString(member) ? member->valuestring : "";
}

static bool member_number_is(const cJSON *root, const char *name, uint64_t expected)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(root, name);

    /* Beyond 2^53 a double does not tell neighbours apart; no export has that many bytes. */
    return cJSON_IsNumber(member) && member->valuedouble >= 0 && member->valuedouble < 9007199254740992.0 &&
           (uint64_t)member->valuedouble == expected && (double)expected == member->valuedouble;
}

static enum fg_err members_check(const cJSON *root, const struct fg_export_proof *proof,
                                 struct fg_error *error)
{
    const struct fg_export_summary *summary = &proof->summary;
    char sha256[2 * FG_DIGEST_BYTES + 1];
    char key[2 * FG_DIGEST_BYTES + 1];

    if (cJSON_GetArraySize(root) != 8 || strcmp(member_text(root, "state"), "DONE") != 0 ||
        strcmp(member_text(root, "id"), summary->id) != 0 ||
        !member_number_is(root, "records", summary->records) ||
        !member_number_is(root, "bytes", summary->bytes) ||
        strcmp(member_text(root, "sha256"), hex_of(summary->sha256.bytes, FG_DIGEST_BYTES, sha256)) != 0 ||
        strcmp(member_text(root, "key_id"), hex_of(summary->key.bytes, FG_KEY_ID_BYTES, key)) != 0)
        return fg_fail(error, FG_E_FORMAT, "summary: the fields beside the signed text contradict it");
    return FG_OK;
}

enum fg_err fg_export_proof_read(const char *json, size_t length, struct fg_export_proof *ret_proof,
                                 struct fg_error *error)
{
    const char *end = NULL;
    cJSON *root = length <= FG_EXPORT_FILE_MAX ? cJSON_ParseWithLengthOpts(json, length, &end, false) : NULL;
    struct fg_export_proof proof;
    enum fg_err result;

    memset(&proof, 0, sizeof(proof));
    while (root != NULL && end < json + length && (*end == '\n' || *end == '\r' || *end == ' '))
        end++;
    if (!cJSON_IsObject(root) || end != json + length) {
        result = fg_fail(error, FG_E_FORMAT, "summary: not the JSON object of an export");
        goto done;
    }
    result = fg_export_summary_read(member_text(root, "signed"), &proof.summary, error);
    if (result != FG_OK)
        goto done;
    (void)text_take(member_text(root, "signed"), proof.text, sizeof(proof.text));
    if (!hex_take(member_text(root, "signature"), proof.signature.bytes, FG_SIGNATURE_BYTES))
        result = fg_fail(error, FG_E_FORMAT, "summary: no signature");
    else
        result = members_check(root, &proof, error);
    if (result == FG_OK)
        *ret_proof = proof;
done:
    cJSON_Delete(root);
    return result;
}

enum fg_err fg_export_proof_verify(const struct fg_export_proof *proof, const struct fg_public_key *key,
                                   struct fg_error *error)
{
    if (memcmp(proof->summary.key.bytes, key->id.bytes, FG_KEY_ID_BYTES) != 0)
        return fg_fail(error, FG_E_AUTH, "summary: signed with another key than the given one");
    return fg_sign_verify(key, FG_PURPOSE_EXPORT, proof->text, strlen(proof->text), &proof->signature, error);
}
