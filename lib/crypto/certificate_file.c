/* Implementation of certificates as PEM files (certificate_file.h), with mbedTLS's PEM writer. */
#include "lib/crypto/certificate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/pem.h>
#include <mbedtls/x509_crt.h>

#include "lib/crypto/sign.h"
#include "lib/crypto/x509_time.h"

#define PATH_BYTES 512

enum fg_err fg_certificate_text(const uint8_t *der, size_t length, char *buffer, size_t capacity,
                                struct fg_error *error)
{
    size_t written = 0;

    if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", der, length,
                                 (unsigned char *)buffer, capacity, &written) != 0)
        return fg_fail(error, FG_E_SIZE, "a certificate is too long for its file");
    return FG_OK;
}

static enum fg_err write_whole(int descriptor, const char *path, const char *text, size_t length,
                               struct fg_error *error)
{
    if (write(descriptor, text, length) == (ssize_t)length)
        return FG_OK;
    return fg_fail(error, FG_E_IO, "%s: cannot write: %s", path, strerror(errno));
}

enum fg_err fg_certificates_write(const char *path, const struct fg_certificate_part *parts, size_t count,
                                  struct fg_error *error)
{
    char temporary[PATH_BYTES];
    char text[FG_CERTIFICATE_PEM_MAX];
    enum fg_err result = FG_OK;
    int descriptor;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", temporary, strerror(errno));
    for (size_t i = 0; result == FG_OK && i < count; i++) {
        result = fg_certificate_text(parts[i].bytes, parts[i].length, text, sizeof(text), error);
        if (result == FG_OK)
            result = write_whole(descriptor, temporary, text, strlen(text), error);
    }
    if (result == FG_OK && fsync(descriptor) != 0)
        result = fg_fail(error, FG_E_IO, "%s: cannot sync: %s", temporary, strerror(errno));
    (void)close(descriptor);
    if (result == FG_OK && rename(temporary, path) != 0)
        result = fg_fail(error, FG_E_IO, "%s: cannot put in place: %s", path, strerror(errno));
    if (result != FG_OK)
        (void)unlink(temporary);
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
