/* Implementation of a device's side of enrolment (join.h). */
#include "proto/join.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "proto/sync.h"

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

enum fg_err fg_enrol_ask(struct fg_https *https, const char *path, const struct fg_enrol_request *request,
                         struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    uint8_t body[FG_ENROL_BYTES_MAX];
    uint8_t answer_body[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_https_request ask = {.method = "POST",
                                   .path = path,
                                   .body = body,
                                   .answer_max = sizeof(answer_body),
                                   .answer_buffer = answer_body};
    struct fg_https_answer answer;
    struct fg_enrol_answer decoded;
    enum fg_err result = fg_enrol_request_encode(request, body, sizeof(body), &length, error);

    if (result != FG_OK)
        return result;
    ask.body_length = length;
    result = fg_https_ask(https, &ask, &answer, error);
    mbedtls_platform_zeroize(body, sizeof(body)); /* the one-time code */
    if (result != FG_OK)
        return result;
    if (answer.status != 200)
        return refusal(answer.status, answer_body, (size_t)answer.length, error);
    result = fg_enrol_answer_decode(answer_body, (size_t)answer.length, &decoded, error);
    if (result == FG_OK && decoded.certificate_length == 0)
        return fg_fail(error, FG_E_DENIED, "the bureau gave no certificate: %s", decoded.text);
    if (result == FG_OK)
        *ret_answer = decoded;
    return result;
}

enum fg_err fg_certificate_renew(struct fg_https *https, const char *role, const char *key_path,
                                 const char *certificate_path, const char *const *names, size_t name_count,
                                 struct fg_error *error)
{
    struct fg_private_key key;
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_certificate_part part;
    enum fg_err result = fg_private_key_read(key_path, &key, error);

    if (result != FG_OK)
        return result;
    result = fg_enrol_request_make(role, "", &key, NULL, names, name_count, &request, error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_enrol_ask(https, FG_SYNC_PATH_RENEW, &request, &answer, error);
    if (result != FG_OK)
        return result;
    part = (struct fg_certificate_part){answer.certificate, answer.certificate_length};
    return fg_certificates_write(certificate_path, &part, 1, error);
}
