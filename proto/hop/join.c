/* Implementation of a device's side of enrolment (join.h). */
#include "proto/hop/join.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "lib/crypto/certificate.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/server/server_peer.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol_code.h"

/* ---- asking ---- */

static enum fg_err refusal(uint16_t status, const uint8_t *body, size_t length, struct fg_error *error)
{
    enum fg_err code = status == 503 ? FG_E_BUSY : FG_E_DENIED;
    char text[FG_ENROL_TEXT_MAX + 1];
    size_t kept = length < sizeof(text) - 1 ? length : sizeof(text) - 1;

    for (size_t i = 0; i < kept; i++)
        text[i] = (char)(body[i] >= 0x20 && body[i] != 0x7f ? body[i] : ' ');
    text[kept] = '\0';
    return fg_fail(error, code, "the bureau answered %u: %s", (unsigned)status, text);
}

/* answer has FG_ENROL_BYTES_MAX bytes. */
static enum fg_err ask(struct fg_https *https, const char *path, const uint8_t *body, size_t body_length,
                       uint8_t *answer, size_t *ret_length, struct fg_error *error)
{
    struct fg_https_request request = {.method = "POST",
                                       .path = path,
                                       .body = body,
                                       .body_length = body_length,
                                       .answer_max = FG_ENROL_BYTES_MAX,
                                       .answer_buffer = answer};
    struct fg_https_answer answered;
    enum fg_err result = fg_https_ask(https, &request, &answered, error);

    if (result != FG_OK)
        return result;
    if (answered.status != 200)
        return refusal(answered.status, answer, (size_t)answered.length, error);
    *ret_length = (size_t)answered.length;
    return FG_OK;
}

/* ---- judging a certificate for a key of ours ---- */

/* Is it for this key, role and journal key? */
static enum fg_err bearer_check(const struct fg_peer *peer, const char *role, const struct fg_public_key *key,
                                const struct fg_public_key *device_key, struct fg_error *error)
{
    if (!fg_bytes_equal(peer->key.point, key->point, FG_POINT_BYTES))
        return fg_fail(error, FG_E_AUTH, "the certificate that came is for another key");
    if (strcmp(peer->role, role) != 0)
        return fg_fail(error, FG_E_AUTH, "the certificate that came is for a %s, not for a %s", peer->role,
                       role);
    if (peer->has_device_key != (device_key != NULL) ||
        (device_key != NULL && !fg_bytes_equal(peer->device_key.point, device_key->point, FG_POINT_BYTES)))
        return fg_fail(error, FG_E_AUTH, "the certificate that came names another journal key");
    return FG_OK;
}

static enum fg_err names_check(const uint8_t *der, size_t length, struct fg_error *error)
{
    struct fg_certificate_names names;
    enum fg_err result = fg_certificate_names(der, length, &names, error);

    if (result == FG_OK && names.count == 0)
        result =
            fg_fail(error, FG_E_AUTH,
                    "the certificate that came has no name by which controllers could call this station");
    return result;
}

/* ---- joining ---- */

/* body has FG_ENROL_BYTES_MAX bytes. */
static enum fg_err request_write(const struct fg_join *join, uint8_t *body, size_t *ret_length,
                                 struct fg_error *error)
{
    struct fg_private_key code_key = {{0}, {{0}, {{0}}}};
    struct fg_enrol_request request;
    struct fg_signature signature;
    size_t length = 0;
    enum fg_err result = fg_enrol_code_key(join->code, &code_key, error);

    if (result == FG_OK)
        result = fg_enrol_request_make(join->role, false, join->tls_key, join->device_key, &request, error);
    if (result == FG_OK)
        result = fg_enrol_request_encode(&request, body + FG_ENROL_FRAME_BYTES,
                                         FG_ENROL_BYTES_MAX - FG_ENROL_FRAME_BYTES, &length, error);
    if (result == FG_OK)
        result =
            fg_sign(&code_key, FG_PURPOSE_ENROL_CODE, body + FG_ENROL_FRAME_BYTES, length, &signature, error);
    if (result == FG_OK) {
        fg_enrol_frame_put(body, &code_key.public_key.id, &signature);
        *ret_length = length + FG_ENROL_FRAME_BYTES;
    }
    fg_private_key_wipe(&code_key);
    return result;
}

/* Signature first, then content. */
static enum fg_err answer_open(const struct fg_join *join, const uint8_t *bytes, size_t length,
                               const struct fg_digest *request_digest, struct fg_enrol_answer *ret_answer,
                               struct fg_error *error)
{
    struct fg_enrol_frame frame;
    enum fg_err result = fg_enrol_frame_read(bytes, length, &frame, error);

    if (result == FG_OK)
        result = fg_authority_verify(join->authority, FG_PURPOSE_ENROL_ANSWER, &frame.key_id,
                                     &frame.signature, frame.message, frame.message_length, error);
    if (result == FG_OK)
        result = fg_enrol_answer_decode(frame.message, frame.message_length, ret_answer, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "the answer is not the bureau's: ");
    if (!ret_answer->has_request_digest ||
        !fg_bytes_equal(ret_answer->request_digest.bytes, request_digest->bytes, FG_DIGEST_BYTES))
        return fg_fail(error, FG_E_AUTH,
                       "the answer is the bureau's, but for another request: an old one was played again, or "
                       "ours was changed on the way");
    return FG_OK;
}

static enum fg_err answer_judge(const struct fg_join *join, const struct fg_enrol_answer *answer,
                                struct fg_error *error)
{
    struct fg_peer peer;
    enum fg_err result;

    if (answer->certificate_length == 0)
        return fg_fail(error, FG_E_DENIED, "the bureau gave no certificate: %s", answer->text);
    if (!answer->has_receipt_key || answer->list_key_count == 0 || answer->tag_key_count == 0)
        return fg_fail(error, FG_E_AUTH, "the bureau's answer has no list, tag or receipt key");
    result = fg_authority_judge(join->authority, answer->certificate, answer->certificate_length,
                                join->now_ms, &peer, error);
    if (result == FG_OK)
        result = bearer_check(&peer, join->role, &join->tls_key->public_key,
                              join->device_key != NULL ? &join->device_key->public_key : NULL, error);
    if (result == FG_OK && strcmp(peer.id, answer->id) != 0)
        result = fg_fail(error, FG_E_AUTH, "the certificate that came is %s's, and the answer %s's", peer.id,
                         answer->id);
    if (result == FG_OK && strcmp(join->role, FG_ROLE_STATION) == 0)
        result = names_check(answer->certificate, answer->certificate_length, error);
    return result;
}

enum fg_err fg_join_answer_take(const struct fg_join *join, const uint8_t *bytes, size_t length,
                                const struct fg_digest *request_digest, struct fg_enrol_answer *ret_answer,
                                struct fg_error *error)
{
    struct fg_enrol_answer answer;
    enum fg_err result = answer_open(join, bytes, length, request_digest, &answer, error);

    if (result == FG_OK)
        result = answer_judge(join, &answer, error);
    if (result == FG_OK)
        *ret_answer = answer;
    return result;
}

enum fg_err fg_join_ask(struct fg_https *https, const struct fg_join *join,
                        struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    uint8_t body[FG_ENROL_BYTES_MAX];
    uint8_t answer_bytes[FG_ENROL_BYTES_MAX];
    struct fg_digest digest;
    size_t body_length = 0;
    size_t length = 0;
    enum fg_err result = request_write(join, body, &body_length, error);

    if (result != FG_OK)
        return result;
    fg_sha256(body, body_length, &digest);
    result = ask(https, FG_SYNC_PATH_ENROL, body, body_length, answer_bytes, &length, error);
    return result == FG_OK ? fg_join_answer_take(join, answer_bytes, length, &digest, ret_answer, error)
                           : result;
}

/* ---- renewal ---- */

/* The certificate that is to be replaced: what it says, not whether it is still good. */
static enum fg_err old_read(const char *path, struct fg_peer *ret_peer, bool *ret_named,
                            struct fg_error *error)
{
    struct fg_certificate_names names;
    mbedtls_x509_crt certificate;
    enum fg_err result = FG_OK;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, path) != 0)
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    if (result == FG_OK)
        result = fg_peer_parse(certificate.raw.p, certificate.raw.len, ret_peer, error);
    if (result == FG_OK)
        result = fg_certificate_names(certificate.raw.p, certificate.raw.len, &names, error);
    if (result == FG_OK)
        *ret_named = names.count > 0;
    mbedtls_x509_crt_free(&certificate);
    return result;
}

static enum fg_err renewal_judge(const struct fg_renewal *renewal, const struct fg_public_key *key,
                                 const struct fg_enrol_answer *answer, struct fg_error *error)
{
    struct fg_authority authority;
    struct fg_peer before = {0};
    struct fg_peer after = {0};
    bool named = false;
    enum fg_err result = old_read(renewal->certificate_path, &before, &named, error);

    if (result == FG_OK)
        result = fg_authority_read(renewal->ca_path, &authority, error);
    if (result == FG_OK)
        result = fg_authority_judge(&authority, answer->certificate, answer->certificate_length,
                                    renewal->now_ms, &after, error);
    if (result == FG_OK)
        result = bearer_check(&after, renewal->role, key, before.has_device_key ? &before.device_key : NULL,
                              error);
    if (result == FG_OK && strcmp(after.id, before.id) != 0)
        result = fg_fail(error, FG_E_AUTH, "the certificate that came is %s's, and we are %s", after.id,
                         before.id);
    if (result == FG_OK && named)
        result = names_check(answer->certificate, answer->certificate_length, error);
    if (result == FG_OK && after.not_after_ms < before.not_after_ms)
        result = fg_fail(error, FG_E_OLD,
                         "the certificate that came ends before the one that we have: an old one was played "
                         "again");
    return result;
}

enum fg_err fg_certificate_renew(struct fg_https *https, const struct fg_renewal *renewal,
                                 struct fg_error *error)
{
    uint8_t body[FG_ENROL_BYTES_MAX];
    uint8_t answer_bytes[FG_ENROL_BYTES_MAX];
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_certificate_part part;
    size_t body_length = 0;
    size_t length = 0;
    enum fg_err result = fg_private_key_read(renewal->key_path, &key, error);

    if (result == FG_OK)
        result = fg_enrol_request_make(renewal->role, true, &key, NULL, &request, error);
    if (result == FG_OK)
        result = fg_enrol_request_encode(&request, body, sizeof(body), &body_length, error);
    if (result == FG_OK)
        result = ask(https, FG_SYNC_PATH_RENEW, body, body_length, answer_bytes, &length, error);
    if (result == FG_OK)
        result = fg_enrol_answer_decode(answer_bytes, length, &answer, error);
    if (result == FG_OK && answer.certificate_length == 0)
        result = fg_fail(error, FG_E_DENIED, "the bureau gave no certificate: %s", answer.text);
    if (result == FG_OK)
        result = renewal_judge(renewal, &key.public_key, &answer, error);
    fg_private_key_wipe(&key);
    if (result != FG_OK)
        return result;
    part = (struct fg_certificate_part){answer.certificate, answer.certificate_length};
    return fg_certificates_write(renewal->certificate_path, &part, 1, error);
}
