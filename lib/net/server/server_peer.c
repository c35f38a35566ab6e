/* Implementation of peers from certificates (server_peer.h). */
#include "lib/net/server/server_peer.h"

#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>

#include "lib/crypto/certificate.h"
#include "lib/crypto/pk.h"

#define DEVICE_URI "fillgate:device:"
#define TAG_URI (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 6)
#define TIME_TEXT_BYTES 32

static int64_t time_s(const mbedtls_x509_time *time)
{
    struct tm parts = {.tm_year = time->year - 1900,
                       .tm_mon = time->mon - 1,
                       .tm_mday = time->day,
                       .tm_hour = time->hour,
                       .tm_min = time->min,
                       .tm_sec = time->sec};

    return (int64_t)timegm(&parts);
}

static const char *time_text(int64_t time, char text[TIME_TEXT_BYTES])
{
    time_t seconds = (time_t)time;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, TIME_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        (void)strcpy(text, "(no time)");
    return text;
}

/* ---- the device key ---- */

static int digit_of(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return -1;
}

static bool parse_hex(const uint8_t *text, uint8_t ret_point[FG_POINT_BYTES])
{
    for (size_t i = 0; i < FG_POINT_BYTES; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret_point[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum fg_err parse_device_key(const mbedtls_x509_crt *certificate, struct fg_peer *peer,
                                    struct fg_error *error)
{
    size_t prefix = strlen(DEVICE_URI);
    uint8_t point[FG_POINT_BYTES];

    if ((certificate->ext_types & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) == 0)
        return FG_OK;
    for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name != NULL;
         name = name->next) {
        if (name->buf.tag != TAG_URI || name->buf.len < prefix ||
            memcmp(name->buf.p, DEVICE_URI, prefix) != 0)
            continue;
        if (peer->has_device_key || name->buf.len != prefix + (size_t)2 * FG_POINT_BYTES ||
            !parse_hex(name->buf.p + prefix, point) ||
            fg_public_key_from_point(point, &peer->device_key, error) != FG_OK)
            return fg_fail(error, FG_E_FORMAT, "client certificate: the device key in it is malformed");
        peer->has_device_key = true;
    }
    return FG_OK;
}

/* ---- the certificate ---- */

static enum fg_err read_peer(mbedtls_x509_crt *certificate, struct fg_peer *ret_peer, struct fg_error *error)
{
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED};
    enum fg_err result;

    if (certificate->ca_istrue != 0 || (certificate->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) == 0 ||
        mbedtls_x509_crt_check_extended_key_usage(certificate, MBEDTLS_OID_CLIENT_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)) != 0 ||
        mbedtls_x509_crt_check_key_usage(certificate, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
        return fg_fail(error, FG_E_FORMAT,
                       "client certificate: its purpose is not TLS client authentication");
    if (fg_pk_public(&certificate->pk, &peer.key, error) != FG_OK)
        return fg_fail(error, FG_E_FORMAT, "client certificate: its key is not of the curve P-256");
    if (!fg_certificate_subject(&certificate->subject, peer.role, peer.id))
        return fg_fail(
            error, FG_E_FORMAT,
            "client certificate: its subject is not O=fillgate, OU=role, CN=id; ask the bureau for "
            "a new certificate");
    result = parse_device_key(certificate, &peer, error);
    if (result != FG_OK)
        return result;
    peer.not_after_ms = time_s(&certificate->valid_to) * 1000 + 999;
    *ret_peer = peer;
    return FG_OK;
}

static enum fg_err read_certificate(const uint8_t *der, size_t length, mbedtls_x509_crt *certificate,
                                    struct fg_error *error)
{
    if (length == 0 || length > FG_PEER_CERTIFICATE_MAX)
        return fg_fail(error, FG_E_FORMAT, "client certificate: %zu bytes, at most %d are read", length,
                       FG_PEER_CERTIFICATE_MAX);
    if (mbedtls_x509_crt_parse_der(certificate, der, length) != 0)
        return fg_fail(error, FG_E_FORMAT, "client certificate: not a readable X.509 certificate");
    return FG_OK;
}

enum fg_err fg_peer_parse(const uint8_t *der, size_t length, struct fg_peer *ret_peer, struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result;

    mbedtls_x509_crt_init(&certificate);
    result = read_certificate(der, length, &certificate, error);
    if (result == FG_OK)
        result = read_peer(&certificate, ret_peer, error);
    mbedtls_x509_crt_free(&certificate);
    return result;
}

/* ---- who stands behind it ---- */

/* mbedTLS has tested the dates against the system's clock: what it found is replaced by what our clock says.
 */
static int test_dates(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    const int64_t *now_s = context;

    (void)depth;
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (*now_s > time_s(&certificate->valid_to))
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    if (*now_s < time_s(&certificate->valid_from))
        *flags |= MBEDTLS_X509_BADCERT_FUTURE;
    return 0;
}

static enum fg_err fail_dates(const mbedtls_x509_crt *certificate, int64_t now_s, struct fg_error *error)
{
    char date[TIME_TEXT_BYTES];
    char now[TIME_TEXT_BYTES];

    (void)time_text(now_s, now);
    if (now_s > time_s(&certificate->valid_to))
        return fg_fail(error, FG_E_EXPIRED,
                       "client certificate: expired at %s UTC, it is %s here; renew it or set the clock",
                       time_text(time_s(&certificate->valid_to), date), now);
    if (now_s < time_s(&certificate->valid_from))
        return fg_fail(error, FG_E_EXPIRED,
                       "client certificate: not valid before %s UTC, it is %s here; set the clock",
                       time_text(time_s(&certificate->valid_from), date), now);
    return fg_fail(
        error, FG_E_EXPIRED,
        "client certificate: the CA that issued it is not valid at %s UTC; renew the CA or set the "
        "clock",
        now);
}

enum fg_err fg_peer_establish(const uint8_t *der, size_t length, mbedtls_x509_crt *authorities,
                              int64_t now_ms, struct fg_peer *ret_peer, struct fg_error *error)
{
    const uint32_t dates = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
    mbedtls_x509_crt certificate;
    uint32_t flags = 0;
    int64_t now_s = now_ms / 1000;
    enum fg_err result;
    int verified;

    mbedtls_x509_crt_init(&certificate);
    result = read_certificate(der, length, &certificate, error);
    if (result != FG_OK)
        goto done;
    verified = mbedtls_x509_crt_verify(&certificate, authorities, NULL, NULL, &flags, test_dates, &now_s);
    if (verified != 0 && (flags & ~dates) == 0 && flags != 0)
        result = fail_dates(&certificate, now_s, error);
    else if (verified != 0)
        result = fg_fail(error, FG_E_AUTH,
                         "client certificate: not issued by the CA that is trusted here; enrol with this "
                         "bureau");
    else
        result = read_peer(&certificate, ret_peer, error);
done:
    mbedtls_x509_crt_free(&certificate);
    return result;
}
