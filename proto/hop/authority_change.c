/* Implementation of changes of authorities (authority_change.h). */
#include "proto/hop/authority_change.h"

#include <assert.h>
#include <inttypes.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/certificate_file.h"
#include "proto/hop/authority_change.pb.h"
#include "proto/key/enrol.h"

static_assert(FgAuthorityChange_size <= FG_AUTHORITY_CHANGE_BYTES_MAX,
              "a change with all its signatures fits");
static_assert(FgAuthorities_size <= sizeof(((FgAuthorityChange *)0)->authorities.bytes),
              "every message fits");
static_assert(sizeof(((FgAuthorities *)0)->certificates[0].bytes) == FG_AUTHORITY_CHANGE_CERTIFICATE_MAX,
              "certificate sizes agree");

/* ---- the form ---- */

static enum fg_err envelope_write(const FgAuthorityChange *envelope, uint8_t *buffer, size_t *ret_length,
                                  struct fg_error *error)
{
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, FG_AUTHORITY_CHANGE_BYTES_MAX);

    if (!pb_encode(&stream, FgAuthorityChange_fields, envelope))
        return fg_fail(error, FG_E_SIZE, "authorities: they do not fit");
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err envelope_read(const uint8_t *bytes, size_t length, FgAuthorityChange *ret_envelope,
                                 struct fg_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);

    if (length > FG_AUTHORITY_CHANGE_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "authorities: %zu bytes, at most %d are allowed", length,
                       FG_AUTHORITY_CHANGE_BYTES_MAX);
    *ret_envelope = (FgAuthorityChange)FgAuthorityChange_init_zero;
    if (!pb_decode(&stream, FgAuthorityChange_fields, ret_envelope) || ret_envelope->authorities.size == 0)
        return fg_fail(error, FG_E_FORMAT, "authorities: not a change of authorities");
    for (size_t i = 0; i < ret_envelope->signatures_count; i++) {
        if (ret_envelope->signatures[i].key_id.size != FG_KEY_ID_BYTES ||
            ret_envelope->signatures[i].signature.size != FG_SIGNATURE_BYTES)
            return fg_fail(error, FG_E_FORMAT, "authorities: signature %zu is cut", i + 1);
    }
    return FG_OK;
}

static enum fg_err change_check(const struct fg_authority_change *change, struct fg_error *error)
{
    if (change->version == 0 || change->version > INT64_MAX)
        return fg_fail(error, FG_E_RANGE, "authorities: the version must be 1 or more");
    if (change->count == 0 || change->count > FG_AUTHORITY_CHANGE_MAX)
        return fg_fail(error, FG_E_RANGE, "authorities: there must be 1 to %d", FG_AUTHORITY_CHANGE_MAX);
    for (size_t i = 0; i < change->count; i++) {
        if (change->certificates[i].length == 0 ||
            change->certificates[i].length > FG_AUTHORITY_CHANGE_CERTIFICATE_MAX)
            return fg_fail(error, FG_E_RANGE, "authorities: certificate %zu is empty or too long", i + 1);
    }
    return FG_OK;
}

enum fg_err fg_authority_change_encode(const struct fg_authority_change *change, uint8_t *buffer,
                                       size_t *ret_length, struct fg_error *error)
{
    FgAuthorities message = FgAuthorities_init_zero;
    FgAuthorityChange envelope = FgAuthorityChange_init_zero;
    pb_ostream_t stream =
        pb_ostream_from_buffer(envelope.authorities.bytes, sizeof(envelope.authorities.bytes));
    enum fg_err result = change_check(change, error);

    if (result != FG_OK)
        return result;
    message.version = change->version;
    message.issued_ms = change->issued_ms;
    message.certificates_count = (pb_size_t)change->count;
    for (size_t i = 0; i < change->count; i++) {
        message.certificates[i].size = (pb_size_t)change->certificates[i].length;
        memcpy(message.certificates[i].bytes, change->certificates[i].der, change->certificates[i].length);
    }
    if (!pb_encode(&stream, FgAuthorities_fields, &message))
        return fg_fail(error, FG_E_SIZE, "authorities: they do not fit");
    envelope.authorities.size = (pb_size_t)stream.bytes_written;
    return envelope_write(&envelope, buffer, ret_length, error);
}

static enum fg_err change_read(const FgAuthorityChange *envelope, struct fg_authority_change *ret_change,
                               struct fg_error *error)
{
    FgAuthorities message = FgAuthorities_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(envelope->authorities.bytes, envelope->authorities.size);

    if (!pb_decode(&stream, FgAuthorities_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "authorities: what was signed is not a change of authorities");
    memset(ret_change, 0, sizeof(*ret_change));
    ret_change->version = message.version;
    ret_change->issued_ms = message.issued_ms;
    for (; ret_change->count < message.certificates_count; ret_change->count++) {
        ret_change->certificates[ret_change->count].length = message.certificates[ret_change->count].size;
        memcpy(ret_change->certificates[ret_change->count].der, message.certificates[ret_change->count].bytes,
               message.certificates[ret_change->count].size);
    }
    return change_check(ret_change, error);
}

enum fg_err fg_authority_change_decode(const uint8_t *bytes, size_t length,
                                       struct fg_authority_change *ret_change, size_t *ret_signature_count,
                                       struct fg_error *error)
{
    FgAuthorityChange envelope;
    struct fg_authority_change change;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result == FG_OK)
        result = change_read(&envelope, &change, error);
    if (result != FG_OK)
        return result;
    *ret_change = change;
    *ret_signature_count = envelope.signatures_count;
    return FG_OK;
}

enum fg_err fg_authority_change_message(const uint8_t *bytes, size_t length, uint8_t *buffer,
                                        size_t *ret_length, struct fg_error *error)
{
    FgAuthorityChange envelope;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result != FG_OK)
        return result;
    memcpy(buffer, envelope.authorities.bytes, envelope.authorities.size);
    *ret_length = envelope.authorities.size;
    return FG_OK;
}

enum fg_err fg_authority_change_add(const uint8_t *bytes, size_t length, const struct fg_key_id *key_id,
                                    const struct fg_signature *signature, uint8_t *buffer, size_t *ret_length,
                                    struct fg_error *error)
{
    FgAuthorityChange envelope;
    FgAuthoritySignature *added;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < envelope.signatures_count; i++) {
        if (memcmp(envelope.signatures[i].key_id.bytes, key_id->bytes, FG_KEY_ID_BYTES) == 0)
            return fg_fail(error, FG_E_EXISTS, "authorities: this authority has signed already");
    }
    if (envelope.signatures_count == FG_AUTHORITY_CHANGE_SIGNATURES_MAX)
        return fg_fail(error, FG_E_FULL, "authorities: there are %d signatures already",
                       FG_AUTHORITY_CHANGE_SIGNATURES_MAX);
    added = &envelope.signatures[envelope.signatures_count++];
    added->key_id.size = FG_KEY_ID_BYTES;
    memcpy(added->key_id.bytes, key_id->bytes, FG_KEY_ID_BYTES);
    added->signature.size = FG_SIGNATURE_BYTES;
    memcpy(added->signature.bytes, signature->bytes, FG_SIGNATURE_BYTES);
    return envelope_write(&envelope, buffer, ret_length, error);
}

/* ---- judging ---- */

/* Has one of these signed it? */
static bool is_signed_by(const FgAuthorityChange *envelope, const struct fg_authority *authority)
{
    for (size_t i = 0; i < envelope->signatures_count; i++) {
        struct fg_key_id key_id;
        struct fg_signature signature;

        memcpy(key_id.bytes, envelope->signatures[i].key_id.bytes, FG_KEY_ID_BYTES);
        memcpy(signature.bytes, envelope->signatures[i].signature.bytes, FG_SIGNATURE_BYTES);
        if (fg_authority_verify(authority, FG_PURPOSE_AUTHORITIES, &key_id, &signature,
                                envelope->authorities.bytes, envelope->authorities.size, NULL) == FG_OK)
            return true;
    }
    return false;
}

/* Appends one certificate to next, and takes it alone into *ret_alone. */
static enum fg_err certificate_take(const struct fg_authority_change *change, size_t index,
                                    struct fg_authority *next, struct fg_authority *ret_alone,
                                    struct fg_error *error)
{
    char text[FG_CERTIFICATE_PEM_MAX];
    size_t used = strlen(next->pem);
    enum fg_err result = fg_certificate_text(change->certificates[index].der,
                                             change->certificates[index].length, text, sizeof(text), error);

    if (result == FG_OK)
        result = fg_authority_parse(text, strlen(text), ret_alone, error);
    if (result == FG_OK && strlen(text) > FG_AUTHORITY_PEM_MAX - used)
        result = fg_fail(error, FG_E_SIZE, "authorities: they do not fit into a file");
    if (result == FG_OK)
        memcpy(next->pem + used, text, strlen(text) + 1);
    return result;
}

static enum fg_err newcomers_judge(const struct fg_authority *in_force, const FgAuthorityChange *envelope,
                                   const struct fg_authority_change *change, struct fg_authority *next,
                                   struct fg_authority *alone, struct fg_error *error)
{
    for (size_t i = 0; i < change->count; i++) {
        enum fg_err result = certificate_take(change, i, next, alone, error);

        if (result != FG_OK)
            return result;
        if (!fg_authority_has(in_force, change->certificates[i].der, change->certificates[i].length) &&
            !is_signed_by(envelope, alone))
            return fg_fail(error, FG_E_AUTH, "authorities: the new one, number %zu, has not signed", i + 1);
    }
    return FG_OK;
}

enum fg_err fg_authority_change_judge(const struct fg_authority *in_force, const uint8_t *bytes,
                                      size_t length, struct fg_authority *ret_next, struct fg_error *error)
{
    struct work {
        FgAuthorityChange envelope;
        struct fg_authority_change change;
        struct fg_authority next;
        struct fg_authority alone;
    } *work = calloc(1, sizeof(*work));
    enum fg_err result;

    if (work == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a change of authorities");
    result = envelope_read(bytes, length, &work->envelope, error);
    if (result == FG_OK)
        result = change_read(&work->envelope, &work->change, error);
    if (result == FG_OK && work->change.version <= in_force->version)
        result = fg_fail(error, FG_E_OLD,
                         "authorities: version %" PRIu64 " is not newer than version %" PRIu64
                         ", which is in force",
                         work->change.version, in_force->version);
    if (result == FG_OK && !is_signed_by(&work->envelope, in_force))
        result = fg_fail(error, FG_E_AUTH, "authorities: none that is in force has signed the change");
    if (result == FG_OK) {
        (void)snprintf(work->next.pem, sizeof(work->next.pem), FG_AUTHORITY_VERSION_LINE "\n",
                       work->change.version);
        result = newcomers_judge(in_force, &work->envelope, &work->change, &work->next, &work->alone, error);
    }
    if (result == FG_OK)
        result = fg_authority_parse(work->next.pem, strlen(work->next.pem), ret_next, error);
    free(work);
    return result;
}
