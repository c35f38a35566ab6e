/* Implementation of what certificates say (certificate.h). */
#include "lib/crypto/certificate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <mbedtls/oid.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define LABEL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
#define FIELDS_MAX 8
#define TAG_DNS (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2)
#define TAG_IP (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7)
#define ADDRESS_MAX 16

/* ---- the subject ---- */

static bool oid_is(const mbedtls_asn1_buf *oid, const char *expected, size_t length)
{
    return oid->len == length && memcmp(oid->p, expected, length) == 0;
}

static bool take_name(const mbedtls_asn1_buf *value, char *ret_name)
{
    char name[FG_NAME_MAX + 1] = "";

    if (ret_name[0] != '\0' || value->len == 0 || value->len > FG_NAME_MAX ||
        (value->tag != MBEDTLS_ASN1_UTF8_STRING && value->tag != MBEDTLS_ASN1_PRINTABLE_STRING))
        return false;
    memcpy(name, value->p, value->len);
    if (strspn(name, NAME_CHARACTERS) != value->len)
        return false;
    memcpy(ret_name, name, sizeof(name));
    return true;
}

bool fg_certificate_subject(const mbedtls_x509_name *subject, char ret_role[FG_NAME_MAX + 1],
                            char ret_id[FG_NAME_MAX + 1])
{
    char organisation[FG_NAME_MAX + 1] = "";
    char role[FG_NAME_MAX + 1] = "";
    char id[FG_NAME_MAX + 1] = "";
    unsigned fields = 0;
    bool ok = true;

    for (const mbedtls_x509_name *part = subject; ok && part != NULL; part = part->next) {
        if (++fields > FIELDS_MAX)
            ok = false;
        else if (oid_is(&part->oid, MBEDTLS_OID_AT_ORGANIZATION,
                        MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION)))
            ok = take_name(&part->val, organisation);
        else if (oid_is(&part->oid, MBEDTLS_OID_AT_ORG_UNIT, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORG_UNIT)))
            ok = take_name(&part->val, role);
        else if (oid_is(&part->oid, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN)))
            ok = take_name(&part->val, id);
        else
            ok = false;
    }
    if (!ok || strcmp(organisation, "fillgate") != 0 || role[0] == '\0' || id[0] == '\0')
        return false;
    memcpy(ret_role, role, sizeof(role));
    memcpy(ret_id, id, sizeof(id));
    return true;
}

/* ---- names ---- */

/* Bytes of the address in ret_address, 0 when the name is none. */
static size_t address_of(const char *name, uint8_t ret_address[ADDRESS_MAX])
{
    if (inet_pton(AF_INET, name, ret_address) == 1)
        return 4;
    return inet_pton(AF_INET6, name, ret_address) == 1 ? 16 : 0;
}

bool fg_host_name_is_good(const char *name)
{
    uint8_t address[ADDRESS_MAX];

    if (address_of(name, address) > 0)
        return true;
    if (name[0] == '\0' || strlen(name) > FG_CERTIFICATE_NAME_MAX)
        return false;
    for (;;) {
        size_t label = strspn(name, LABEL_CHARACTERS);

        if (label == 0 || (name[label] != '.' && name[label] != '\0'))
            return false;
        if (name[label] == '\0')
            return true;
        name += label + 1;
    }
}

bool fg_host_name_equal(const char *a, const char *b)
{
    uint8_t address_a[ADDRESS_MAX];
    uint8_t address_b[ADDRESS_MAX];
    size_t length = address_of(a, address_a);

    if (length > 0)
        return length == address_of(b, address_b) && memcmp(address_a, address_b, length) == 0;
    return strcasecmp(a, b) == 0;
}

static bool name_text(const mbedtls_x509_buf *name, char ret_text[FG_CERTIFICATE_NAME_MAX + 1])
{
    if (name->tag == TAG_IP)
        return (name->len == 4 || name->len == 16) &&
               inet_ntop(name->len == 4 ? AF_INET : AF_INET6, name->p, ret_text,
                         FG_CERTIFICATE_NAME_MAX + 1) != NULL;
    if (name->len == 0 || name->len > FG_CERTIFICATE_NAME_MAX)
        return false;
    memcpy(ret_text, name->p, name->len);
    ret_text[name->len] = '\0';
    return strlen(ret_text) == name->len && fg_host_name_is_good(ret_text);
}

static enum fg_err names_read(const mbedtls_x509_crt *certificate, struct fg_certificate_names *ret_names,
                              struct fg_error *error)
{
    struct fg_certificate_names names = {0};

    if ((certificate->ext_types & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) != 0) {
        for (const mbedtls_x509_sequence *at = &certificate->subject_alt_names; at != NULL; at = at->next) {
            if (at->buf.tag != TAG_DNS && at->buf.tag != TAG_IP)
                continue;
            if (names.count == FG_CERTIFICATE_NAMES_MAX || !name_text(&at->buf, names.names[names.count]))
                return fg_fail(error, FG_E_FORMAT,
                               "certificate: more than %d names, or one that is not a host name",
                               FG_CERTIFICATE_NAMES_MAX);
            names.count++;
        }
    }
    *ret_names = names;
    return FG_OK;
}

/* To be freed whatever is returned. */
static enum fg_err der_parse(mbedtls_x509_crt *certificate, const uint8_t *der, size_t length,
                             struct fg_error *error)
{
    mbedtls_x509_crt_init(certificate);
    if (length == 0 || mbedtls_x509_crt_parse_der(certificate, der, length) != 0)
        return fg_fail(error, FG_E_FORMAT, "certificate: not a readable X.509 certificate");
    return FG_OK;
}

enum fg_err fg_certificate_names(const uint8_t *der, size_t length, struct fg_certificate_names *ret_names,
                                 struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result = der_parse(&certificate, der, length, error);

    if (result == FG_OK)
        result = names_read(&certificate, ret_names, error);
    mbedtls_x509_crt_free(&certificate);
    return result;
}

enum fg_err fg_certificate_file_names(const char *path, struct fg_certificate_names *ret_names,
                                      struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, path) != 0)
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    else
        result = names_read(&certificate, ret_names, error);
    mbedtls_x509_crt_free(&certificate);
    return result;
}

/* ---- role ---- */

static bool has_part(const mbedtls_x509_name *subject, const char *oid, size_t oid_length, const char *value)
{
    for (const mbedtls_x509_name *part = subject; part != NULL; part = part->next) {
        if (oid_is(&part->oid, oid, oid_length) && part->val.len == strlen(value) &&
            memcmp(part->val.p, value, part->val.len) == 0)
            return true;
    }
    return false;
}

static enum fg_err bureau_check(const mbedtls_x509_crt *certificate, struct fg_error *error)
{
    char role[FG_NAME_MAX + 1];
    char id[FG_NAME_MAX + 1];

    if (!has_part(&certificate->issuer, MBEDTLS_OID_AT_ORGANIZATION,
                  MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION), "fillgate") ||
        !has_part(&certificate->issuer, MBEDTLS_OID_AT_ORG_UNIT, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORG_UNIT),
                  "ca"))
        return FG_OK;
    if (!fg_certificate_subject(&certificate->subject, role, id))
        return fg_fail(error, FG_E_AUTH, "its certificate says no role");
    if (strcmp(role, "bureau") != 0)
        return fg_fail(error, FG_E_AUTH, "its certificate is for %s %s", role, id);
    return FG_OK;
}

enum fg_err fg_certificate_is_bureau(const uint8_t *der, size_t length, struct fg_error *error)
{
    mbedtls_x509_crt certificate;
    enum fg_err result = der_parse(&certificate, der, length, error);

    if (result == FG_OK)
        result = bureau_check(&certificate, error);
    mbedtls_x509_crt_free(&certificate);
    return result;
}
