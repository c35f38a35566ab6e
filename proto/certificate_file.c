/* Certificates as PEM files (enrol.h): written so that a reader never sees half of one, and asked for their
 * end. Not: making them (host/pki). Relies on: mbedTLS's PEM writer, POSIX files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/pem.h>
#include <mbedtls/x509_crt.h>

#include "proto/enrol.h"

#define PATH_BYTES 512
#define PEM_BYTES 4096

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
    uint8_t text[PEM_BYTES];
    size_t length = 0;
    enum fg_err result = FG_OK;
    int descriptor;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", temporary, strerror(errno));
    for (size_t i = 0; result == FG_OK && i < count; i++) {
        if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
                                     parts[i].bytes, parts[i].length, text, sizeof(text), &length) != 0)
            result = fg_fail(error, FG_E_SIZE, "%s: a certificate is too long", path);
        else
            result = write_whole(descriptor, temporary, (const char *)text, length - 1, error);
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

/* Days since 1970-01-01 of a date of the Gregorian calendar, without the system's time zone. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

enum fg_err fg_certificate_end(const char *path, int64_t *ret_end_ms, struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result = FG_OK;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, path) != 0) {
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    } else {
        const mbedtls_x509_time *end = &certificate.valid_to;

        *ret_end_ms =
            (days_of(end->year, end->mon, end->day) * 86400 + end->hour * 3600 + end->min * 60 + end->sec) *
            INT64_C(1000);
    }
    mbedtls_x509_crt_free(&certificate);
    return result;
}
