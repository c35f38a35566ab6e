/* Implementation of certificates as PEM files (certificate_file.h), with mbedTLS's PEM writer. */
#include "lib/crypto/certificate_file.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/pem.h>
#include <mbedtls/x509_crt.h>

#include "lib/base/file.h"
#include "lib/crypto/sign.h"
#include "lib/crypto/x509_time.h"

enum fg_err fg_certificate_text(const uint8_t *der, size_t length, char *buffer, size_t capacity,
                                struct fg_error *error)
{
    size_t written = 0;

    if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", der, length,
                                 (unsigned char *)buffer, capacity, &written) != 0)
        return fg_fail(error, FG_E_SIZE, "a certificate is too long for its file");
    return FG_OK;
}

enum fg_err fg_certificates_write(const char *path, const struct fg_certificate_part *parts, size_t count,
                                  struct fg_error *error)
{
    char *text = calloc(count + 1, FG_CERTIFICATE_PEM_MAX);
    size_t length = 0;
    enum fg_err result = FG_OK;

    if (text == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to write it", path);
    for (size_t i = 0; result == FG_OK && i < count; i++) {
        result = fg_certificate_text(parts[i].bytes, parts[i].length, text + length, FG_CERTIFICATE_PEM_MAX,
                                     error);
        length += strlen(text + length);
    }
    if (result == FG_OK)
        result = fg_file_write(path, 0644, text, length, error);
    free(text);
    return result;
}

enum fg_err fg_certificate_times(const char *path, int64_t *ret_begin_ms, int64_t *ret_end_ms,
                                 struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result = FG_OK;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, path) != 0) {
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    } else {
        if (ret_begin_ms != NULL)
            *ret_begin_ms = fg_x509_time_ms(&certificate.valid_from);
        *ret_end_ms = fg_x509_time_ms(&certificate.valid_to);
    }
    mbedtls_x509_crt_free(&certificate);
    return result;
}

enum fg_err fg_certificate_file_digest(const char *path, struct fg_digest *ret_digest, struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result = FG_OK;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, path) != 0)
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    else
        fg_sha256(certificate.raw.p, certificate.raw.len, ret_digest);
    mbedtls_x509_crt_free(&certificate);
    return result;
}
