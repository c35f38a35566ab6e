/* Implementation of manifest.h. */
#include "proto/list/manifest.h"

#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/list/bucket.h"
#include "proto/list/list.pb.h"
#include "proto/list/operators.h"
#include "proto/list/row.h"

#define LENGTH_BYTES 4 /* before each bucket of the body */

_Static_assert(FgManifest_size <= FG_MANIFEST_BYTES_MAX, "every manifest fits its bound");

static bool text_ends(const char *text, size_t size)
{
    return strnlen(text, size) < size;
}

static bool texts_end(char (*texts)[FG_NAME_MAX + 1], size_t count, size_t most)
{
    if (count > most)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!text_ends(texts[i], FG_NAME_MAX + 1) || texts[i][0] == '\0')
            return false;
    }
    return true;
}

static const char *bad_rule(const struct fg_station_rules *rules)
{
    struct fg_station_rules copy = *rules;

    if (!text_ends(rules->station, sizeof(rules->station)))
        return "station";
    if (!text_ends(rules->owner, sizeof(rules->owner)))
        return "owner";
    if (rules->media_count > FG_MEDIA_MAX)
        return "media";
    for (size_t i = 0; i < rules->media_count; i++) {
        if (rules->media[i] == FG_MEDIUM_NONE || rules->media[i] > FG_MEDIUM_LPG)
            return "media";
    }
    if (rules->licence_end_day < 0 || rules->licence_end_day > FG_DAY_MAX)
        return "licence_end_day";
    if (rules->identity_min > FG_IDENTITY_AUTHENTICATED_TAG)
        return "identity_min";
    if (!texts_end(copy.pre_checks, rules->pre_check_count, FG_CHECK_ITEMS_MAX))
        return "pre_checks";
    if (!texts_end(copy.post_checks, rules->post_check_count, FG_CHECK_ITEMS_MAX))
        return "post_checks";
    if (!texts_end(copy.blocked_points, rules->blocked_count, FG_POINTS_BLOCKED_MAX))
        return "blocked_points";
    return NULL;
}

enum fg_err fg_manifest_check(const struct fg_manifest *manifest, struct fg_error *error)
{
    const char *field = NULL;

    if (!text_ends(manifest->list_id, sizeof(manifest->list_id)) || manifest->list_id[0] == '\0')
        field = "list_id";
    else if (manifest->version == 0 || manifest->version > INT64_MAX)
        field = "version";
    else if (manifest->bucket_bits > FG_BUCKET_BITS_MAX)
        field = "bucket_bits";
    else if (manifest->body_bytes > FG_LIST_BODY_MAX || manifest->body_bytes < (uint64_t)LENGTH_BYTES
                                                                                   << manifest->bucket_bits)
        field = "body_bytes";
    else if (manifest->row_count > manifest->body_bytes)
        field = "row_count";
    else if (manifest->issued_ms < 0)
        field = "issued_ms";
    else if (manifest->expires_ms <= manifest->issued_ms)
        field = "expires_ms";
    else
        field = bad_rule(&manifest->rules);
    if (field != NULL)
        return fg_fail(error, FG_E_RANGE, "manifest: %s is not a value that a manifest may have", field);
    if (fg_operators_check(manifest->rules.operators, manifest->rules.operator_count, error) != FG_OK)
        return fg_fail_in(error, FG_E_RANGE, "manifest: ");
    return FG_OK;
}

static void write_operator(const struct fg_operator *person, FgOperator *wire)
{
    memcpy(wire->id, person->id, sizeof(wire->id));
    wire->certificate_end_day = person->certificate_end_day;
    wire->card.size = person->card.length;
    memcpy(wire->card.bytes, person->card.bytes, person->card.length);
    if (person->pin_rounds == 0)
        return;
    wire->pin_rounds = person->pin_rounds;
    wire->pin_salt.size = FG_PIN_SALT_BYTES;
    memcpy(wire->pin_salt.bytes, person->pin_salt, FG_PIN_SALT_BYTES);
    wire->pin_digest.size = FG_PIN_DIGEST_BYTES;
    memcpy(wire->pin_digest.bytes, person->pin_digest, FG_PIN_DIGEST_BYTES);
}

static void write_rules(const struct fg_station_rules *rules, FgRules *wire)
{
    memcpy(wire->station, rules->station, sizeof(wire->station));
    memcpy(wire->owner, rules->owner, sizeof(wire->owner));
    wire->own_cylinders_only = rules->own_cylinders_only;
    wire->media_count = rules->media_count;
    for (size_t i = 0; i < rules->media_count; i++)
        wire->media[i] = rules->media[i];
    wire->licence_end_day = rules->licence_end_day;
    wire->list_warn_age_h = rules->list_warn_age_h;
    wire->list_block_age_h = rules->list_block_age_h;
    wire->fill_interval_min_s = rules->fill_interval_min_s;
    wire->fills_per_day_max = rules->fills_per_day_max;
    wire->zero_fills_lock_out = rules->zero_fills_lock_out;
    wire->identity_min = rules->identity_min;
    wire->manual_entry = rules->manual_entry;
    wire->manual_per_day_max = rules->manual_per_day_max;
    wire->pre_checks_count = rules->pre_check_count;
    wire->post_checks_count = rules->post_check_count;
    wire->blocked_points_count = rules->blocked_count;
    memcpy(wire->pre_checks, rules->pre_checks, sizeof(wire->pre_checks));
    memcpy(wire->post_checks, rules->post_checks, sizeof(wire->post_checks));
    memcpy(wire->blocked_points, rules->blocked_points, sizeof(wire->blocked_points));
    wire->operators_count = rules->operator_count;
    for (size_t i = 0; i < rules->operator_count; i++)
        write_operator(&rules->operators[i], &wire->operators[i]);
}

/* Lengths are judged here, where they still show. */
static enum fg_err read_operator(const FgOperator *wire, size_t number, struct fg_operator *person,
                                 struct fg_error *error)
{
    size_t salt_bytes = wire->pin_rounds == 0 ? 0 : FG_PIN_SALT_BYTES;
    size_t digest_bytes = wire->pin_rounds == 0 ? 0 : FG_PIN_DIGEST_BYTES;

    if (wire->pin_salt.size != salt_bytes || wire->pin_digest.size != digest_bytes)
        return fg_fail(
            error, FG_E_RANGE,
            "manifest: operator %zu: pin_rounds, pin_salt (%d bytes) and pin_digest (%d bytes) must "
            "stand together or not at all",
            number, FG_PIN_SALT_BYTES, FG_PIN_DIGEST_BYTES);
    memcpy(person->id, wire->id, sizeof(person->id));
    person->certificate_end_day = wire->certificate_end_day;
    person->card.length = (uint8_t)wire->card.size;
    memcpy(person->card.bytes, wire->card.bytes, wire->card.size);
    person->pin_rounds = wire->pin_rounds;
    memcpy(person->pin_salt, wire->pin_salt.bytes, salt_bytes);
    memcpy(person->pin_digest, wire->pin_digest.bytes, digest_bytes);
    return FG_OK;
}

/* What does not fit becomes the largest byte, which no field may have. */
static uint8_t byte_of(uint32_t value)
{
    return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

static enum fg_err read_rules(const FgRules *wire, struct fg_station_rules *rules, struct fg_error *error)
{
    memcpy(rules->station, wire->station, sizeof(rules->station));
    memcpy(rules->owner, wire->owner, sizeof(rules->owner));
    rules->own_cylinders_only = wire->own_cylinders_only;
    rules->media_count = (uint8_t)wire->media_count;
    for (size_t i = 0; i < wire->media_count; i++)
        rules->media[i] = byte_of(wire->media[i]);
    rules->licence_end_day = wire->licence_end_day;
    rules->list_warn_age_h = wire->list_warn_age_h;
    rules->list_block_age_h = wire->list_block_age_h;
    rules->fill_interval_min_s = wire->fill_interval_min_s;
    rules->fills_per_day_max = wire->fills_per_day_max;
    rules->zero_fills_lock_out = wire->zero_fills_lock_out;
    rules->identity_min = byte_of(wire->identity_min);
    rules->manual_entry = wire->manual_entry;
    rules->manual_per_day_max = wire->manual_per_day_max;
    rules->pre_check_count = (uint8_t)wire->pre_checks_count;
    rules->post_check_count = (uint8_t)wire->post_checks_count;
    rules->blocked_count = (uint8_t)wire->blocked_points_count;
    memcpy(rules->pre_checks, wire->pre_checks, sizeof(rules->pre_checks));
    memcpy(rules->post_checks, wire->post_checks, sizeof(rules->post_checks));
    memcpy(rules->blocked_points, wire->blocked_points, sizeof(rules->blocked_points));
    rules->operator_count = (uint8_t)wire->operators_count;
    for (size_t i = 0; i < wire->operators_count; i++) {
        enum fg_err result = read_operator(&wire->operators[i], i + 1, &rules->operators[i], error);

        if (result != FG_OK)
            return result;
    }
    return FG_OK;
}

enum fg_err fg_manifest_encode(const struct fg_manifest *manifest, uint8_t *buffer, size_t capacity,
                               size_t *ret_length, struct fg_error *error)
{
    FgManifest wire = FgManifest_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    enum fg_err result = fg_manifest_check(manifest, error);

    if (result != FG_OK)
        return result;
    memcpy(wire.list_id, manifest->list_id, sizeof(wire.list_id));
    wire.version = manifest->version;
    memcpy(wire.root, manifest->root.bytes, sizeof(wire.root));
    wire.bucket_bits = manifest->bucket_bits;
    wire.row_count = manifest->row_count;
    wire.body_bytes = manifest->body_bytes;
    wire.issued_ms = manifest->issued_ms;
    wire.expires_ms = manifest->expires_ms;
    wire.has_rules = true;
    write_rules(&manifest->rules, &wire.rules);
    if (!pb_encode(&stream, FgManifest_fields, &wire))
        return fg_fail(error, FG_E_SIZE, "manifest: does not fit %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_manifest_decode(const uint8_t *bytes, size_t length, struct fg_manifest *ret_manifest,
                               struct fg_error *error)
{
    FgManifest wire = FgManifest_init_zero;
    struct fg_manifest manifest = {0};
    pb_istream_t stream;
    enum fg_err result;

    if (length > FG_MANIFEST_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "manifest: %zu bytes, at most %d are allowed", length,
                       FG_MANIFEST_BYTES_MAX);
    stream = pb_istream_from_buffer(bytes, length);
    if (!pb_decode(&stream, FgManifest_fields, &wire))
        return fg_fail(error, FG_E_FORMAT, "manifest: not an FgManifest message: %s", PB_GET_ERROR(&stream));
    if (!wire.has_rules)
        return fg_fail(error, FG_E_FORMAT, "manifest: the station rules are missing");
    memcpy(manifest.list_id, wire.list_id, sizeof(manifest.list_id));
    manifest.version = wire.version;
    memcpy(manifest.root.bytes, wire.root, sizeof(wire.root));
    manifest.bucket_bits = byte_of(wire.bucket_bits);
    manifest.row_count = wire.row_count;
    manifest.body_bytes = wire.body_bytes;
    manifest.issued_ms = wire.issued_ms;
    manifest.expires_ms = wire.expires_ms;
    result = read_rules(&wire.rules, &manifest.rules, error);
    if (result == FG_OK)
        result = fg_manifest_check(&manifest, error);
    if (result == FG_OK)
        *ret_manifest = manifest;
    return result;
}

enum fg_err fg_manifest_sign(const struct fg_manifest *manifest, const struct fg_private_key *key,
                             uint8_t *buffer, size_t capacity, size_t *ret_length, struct fg_error *error)
{
    struct fg_signature signature;
    size_t length;
    enum fg_err result;

    if (capacity < FG_MANIFEST_SIGNED_MIN)
        return fg_fail(error, FG_E_SIZE, "manifest: does not fit %zu bytes", capacity);
    result = fg_manifest_encode(manifest, buffer + FG_MANIFEST_SIGNED_MIN, capacity - FG_MANIFEST_SIGNED_MIN,
                                &length, error);
    if (result != FG_OK)
        return result;
    result = fg_sign(key, FG_PURPOSE_MANIFEST, buffer + FG_MANIFEST_SIGNED_MIN, length, &signature, error);
    if (result != FG_OK)
        return result;
    memcpy(buffer, key->public_key.id.bytes, FG_KEY_ID_BYTES);
    memcpy(buffer + FG_KEY_ID_BYTES, signature.bytes, FG_SIGNATURE_BYTES);
    *ret_length = FG_MANIFEST_SIGNED_MIN + length;
    return FG_OK;
}

enum fg_err fg_manifest_verify(const uint8_t *signed_bytes, size_t length,
                               const struct fg_public_key *trusted, size_t trusted_count,
                               struct fg_manifest *ret_manifest, struct fg_error *error)
{
    const struct fg_public_key *key = NULL;
    struct fg_signature signature;
    enum fg_err result;

    if (length < FG_MANIFEST_SIGNED_MIN || length > FG_MANIFEST_SIGNED_MAX)
        return fg_fail(error, FG_E_SIZE, "manifest: %zu bytes with signature, %d to %d are allowed", length,
                       FG_MANIFEST_SIGNED_MIN, FG_MANIFEST_SIGNED_MAX);
    for (size_t i = 0; key == NULL && i < trusted_count; i++) {
        if (memcmp(trusted[i].id.bytes, signed_bytes, FG_KEY_ID_BYTES) == 0)
            key = &trusted[i];
    }
    if (key == NULL)
        return fg_fail(error, FG_E_AUTH,
                       "manifest: signed with key %02x%02x%02x%02x..., which is not trusted", signed_bytes[0],
                       signed_bytes[1], signed_bytes[2], signed_bytes[3]);
    memcpy(signature.bytes, signed_bytes + FG_KEY_ID_BYTES, FG_SIGNATURE_BYTES);
    result = fg_sign_verify(key, FG_PURPOSE_MANIFEST, signed_bytes + FG_MANIFEST_SIGNED_MIN,
                            length - FG_MANIFEST_SIGNED_MIN, &signature, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "manifest: ");
    return fg_manifest_decode(signed_bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN,
                              ret_manifest, error);
}
