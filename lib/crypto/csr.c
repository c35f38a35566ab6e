/* Implementation of signing requests (csr.h). */
#include "lib/crypto/csr.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/x509_csr.h>

#include "lib/crypto/mbedtls_random.h"
#include "lib/crypto/pk.h"

enum fg_err fg_csr_make(const struct fg_private_key *key, const char *role, uint8_t *buffer,
                        size_t *ret_length, struct fg_error *error)
{
    mbedtls_x509write_csr writer;
    mbedtls_pk_context pk;
    char subject[64];
    uint8_t bytes[FG_CSR_BYTES_MAX];
    int length = -1;

    mbedtls_x509write_csr_init(&writer);
    mbedtls_pk_init(&pk);
    (void)snprintf(subject, sizeof(subject), "O=fillgate,OU=%s", role);
    mbedtls_x509write_csr_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    if (fg_pk_fill(&pk, &key->public_key, key->scalar) &&
        mbedtls_x509write_csr_set_subject_name(&writer, subject) == 0) {
        mbedtls_x509write_csr_set_key(&writer, &pk);
        length = mbedtls_x509write_csr_der(&writer, bytes, sizeof(bytes), fg_mbedtls_random, NULL);
    }
    mbedtls_x509write_csr_free(&writer);
    mbedtls_pk_free(&pk);
    if (length <= 0)
        return fg_fail(error, FG_E_ARG, "cannot make a signing request for role \"%s\"", role);
    /* mbedTLS writes from the end of the buffer. */
    memcpy(buffer, bytes + sizeof(bytes) - (size_t)length, (size_t)length);
    *ret_length = (size_t)length;
    return FG_OK;
}

enum fg_err fg_csr_key(const uint8_t *bytes, size_t length, struct fg_public_key *ret_key,
                       struct fg_error *error)
{
    mbedtls_x509_csr request;
    struct fg_public_key key;
    struct fg_digest digest;
    enum fg_err result;

    mbedtls_x509_csr_init(&request);
    if (mbedtls_x509_csr_parse_der(&request, bytes, length) != 0) {
        result = fg_fail(error, FG_E_FORMAT, "signing request: not a PKCS#10 in DER");
        goto done;
    }
    if (request.sig_md != MBEDTLS_MD_SHA256 || !mbedtls_pk_can_do(&request.pk, MBEDTLS_PK_ECKEY)) {
        result = fg_fail(error, FG_E_FORMAT, "signing request: not ECDSA with SHA-256");
        goto done;
    }
    result = fg_pk_public(&request.pk, &key, error);
    if (result != FG_OK) {
        result = fg_fail_in(error, result, "signing request: ");
        goto done;
    }
    fg_sha256(request.cri.p, request.cri.len, &digest);
    if (mbedtls_pk_verify(&request.pk, MBEDTLS_MD_SHA256, digest.bytes, sizeof(digest.bytes), request.sig.p,
                          request.sig.len) != 0)
        result = fg_fail(error, FG_E_AUTH, "signing request: its signature is invalid");
    else
        *ret_key = key;
done:
    mbedtls_x509_csr_free(&request);
    return result;
}
