/* Certificates as PEM files: written so that a reader never sees half of one, and asked for their dates and
 * fingerprints.
 *
 * Not: making them (host/pki), what they say (certificate.h). Relies on: mbedTLS, POSIX files. */
#ifndef FG_LIB_CRYPTO_CERTIFICATE_FILE_H
#define FG_LIB_CRYPTO_CERTIFICATE_FILE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* Writes DER certificates as one PEM file, one after another (own first, then the chain), as
 * fg_file_write does. FG_E_SIZE: a certificate is too long; FG_E_MEMORY, FG_E_IO. */
struct fg_certificate_part {
    const uint8_t *bytes;
    size_t length;
};
enum fg_err fg_certificates_write(const char *path, const struct fg_certificate_part *parts, size_t count,
                                  struct fg_error *error);

/* From when to when the first certificate of a PEM file is valid; ret_begin_ms may be NULL. FG_E_FORMAT: not
 * such a file, or not readable. */
enum fg_err fg_certificate_times(const char *path, int64_t *ret_begin_ms, int64_t *ret_end_ms,
                                 struct fg_error *error);

/* A DER certificate as PEM text with its NUL. FG_E_SIZE. */
#define FG_CERTIFICATE_PEM_MAX 4096
enum fg_err fg_certificate_text(const uint8_t *der, size_t length, char *buffer, size_t capacity,
                                struct fg_error *error);

/* SHA-256 over the DER of a PEM file's first certificate: its fingerprint. FG_E_FORMAT. */
enum fg_err fg_certificate_file_digest(const char *path, struct fg_digest *ret_digest,
                                       struct fg_error *error);

#endif
