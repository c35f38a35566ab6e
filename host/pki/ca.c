/* Implementation of the certificate authority (ca.h). */
#include "host/pki/ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

#include "host/pki/extension.h"
#include "lib/base/random.h"
#include "lib/crypto/certificate_file.h"
#include "lib/crypto/mbedtls_random.h"
#include "lib/crypto/pk.h"

#define PATH_BYTES 512
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

struct fg_ca {
    struct fg_private_key key;
    mbedtls_pk_context pk;
    mbedtls_x509_crt certificate;
    char subject[256];
};

static enum fg_err paths_make(const char *directory, char key_path[PATH_BYTES],
                              char certificate_path[PATH_BYTES], struct fg_error *error)
{
    if ((size_t)snprintf(key_path, PATH_BYTES, "%s/ca.key", directory) >= PATH_BYTES ||
        (size_t)snprintf(certificate_path, PATH_BYTES, "%s/ca.pem", directory) >= PATH_BYTES)
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", directory);
    return FG_OK;
}

/* X.509 times have whole seconds: 14 digits. */
static bool time_text(int64_t wall_ms, char ret_text[16])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;

    return gmtime_r(&seconds, &parts) != NULL && strftime(ret_text, 16, "%Y%m%d%H%M%S", &parts) == 14;
}

/* ---- writing one certificate ---- */

struct issue {
    const char *subject;
    const char *issuer;
    const struct fg_public_key *key;
    const struct fg_private_key *signer;
    const struct fg_certificate_order *order; /* NULL: the CA itself */
    int64_t from_ms;
    int64_t to_ms;
};

static bool put_serial(mbedtls_x509write_cert *writer, uint8_t serial[FG_SERIAL_BYTES])
{
    mbedtls_mpi number;
    bool ok;

    mbedtls_mpi_init(&number);
    ok = fg_random_fill(serial, FG_SERIAL_BYTES, NULL) == FG_OK;
    /* Positive and of full length (RFC 5280, 4.1.2.2). */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    ok = ok && mbedtls_mpi_read_binary(&number, serial, FG_SERIAL_BYTES) == 0 &&
         mbedtls_x509write_crt_set_serial(writer, &number) == 0;
    mbedtls_mpi_free(&number);
    return ok;
}

static enum fg_err put_device_extensions(mbedtls_x509write_cert *writer,
                                         const struct fg_certificate_order *order, struct fg_error *error)
{
    bool server = strcmp(order->role, FG_ROLE_CONTROLLER) != 0;
    uint8_t buffer[FG_EXTENSION_BYTES_MAX];
    const uint8_t *start = NULL;
    size_t length = 0;
    enum fg_err result = fg_extension_key_usage(server, buffer, &start, &length, error);

    if (result != FG_OK)
        return result;
    if (mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                                            MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, start,
                                            length) != 0 ||
        mbedtls_x509write_crt_set_basic_constraints(writer, 0, -1) != 0 ||
        mbedtls_x509write_crt_set_key_usage(writer, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
        return fg_fail(error, FG_E_MEMORY, "certificate: no memory for its extensions");
    result = fg_extension_names(order, buffer, &start, &length, error);
    if (result == FG_OK && length > 0 &&
        mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                            MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, start,
                                            length) != 0)
        result = fg_fail(error, FG_E_MEMORY, "certificate: no memory for its names");
    return result;
}

static enum fg_err issue_write(mbedtls_x509write_cert *writer, const struct issue *issue,
                               struct fg_certificate *ret_certificate, struct fg_error *error)
{
    char from[16];
    char to[16];
    enum fg_err result = FG_OK;
    int length;

    mbedtls_x509write_crt_set_version(writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writer, MBEDTLS_MD_SHA256);
    if (!time_text(issue->from_ms, from) || !time_text(issue->to_ms, to) || issue->to_ms <= issue->from_ms ||
        mbedtls_x509write_crt_set_validity(writer, from, to) != 0)
        return fg_fail(error, FG_E_RANGE, "certificate: its dates are impossible");
    if (mbedtls_x509write_crt_set_subject_name(writer, issue->subject) != 0 ||
        mbedtls_x509write_crt_set_issuer_name(writer, issue->issuer) != 0)
        return fg_fail(error, FG_E_RANGE, "certificate: \"%s\" cannot be a subject", issue->subject);
    if (!put_serial(writer, ret_certificate->serial))
        return fg_fail(error, FG_E_IO, "certificate: no random numbers from the operating system");
    if (issue->order != NULL)
        result = put_device_extensions(writer, issue->order, error);
    else if (mbedtls_x509write_crt_set_basic_constraints(writer, 1, 0) != 0 ||
             mbedtls_x509write_crt_set_key_usage(writer, MBEDTLS_X509_KU_KEY_CERT_SIGN |
                                                             MBEDTLS_X509_KU_CRL_SIGN) != 0)
        result = fg_fail(error, FG_E_MEMORY, "certificate: no memory for its extensions");
    if (result != FG_OK)
        return result;
    if (mbedtls_x509write_crt_set_subject_key_identifier(writer) != 0 ||
        mbedtls_x509write_crt_set_authority_key_identifier(writer) != 0)
        return fg_fail(error, FG_E_MEMORY, "certificate: no memory for its extensions");
    length = mbedtls_x509write_crt_der(writer, ret_certificate->bytes, sizeof(ret_certificate->bytes),
                                       fg_mbedtls_random, NULL);
    if (length <= 0)
        return fg_fail(error, FG_E_SIZE, "certificate: it needs more than %d bytes",
                       FG_ENROL_CERTIFICATE_MAX);
    memmove(ret_certificate->bytes, ret_certificate->bytes + sizeof(ret_certificate->bytes) - (size_t)length,
            (size_t)length);
    ret_certificate->length = (size_t)length;
    return FG_OK;
}

static enum fg_err issue_run(const struct issue *issue, struct fg_certificate *ret_certificate,
                             struct fg_error *error)
{
    mbedtls_x509write_cert writer;
    mbedtls_pk_context subject_pk;
    mbedtls_pk_context signer_pk;
    enum fg_err result;

    mbedtls_x509write_crt_init(&writer);
    mbedtls_pk_init(&subject_pk);
    mbedtls_pk_init(&signer_pk);
    if (!fg_pk_fill(&subject_pk, issue->key, NULL) ||
        !fg_pk_fill(&signer_pk, &issue->signer->public_key, issue->signer->scalar)) {
        result = fg_fail(error, FG_E_ARG, "certificate: a key is not usable");
        goto done;
    }
    mbedtls_x509write_crt_set_subject_key(&writer, &subject_pk);
    mbedtls_x509write_crt_set_issuer_key(&writer, &signer_pk);
    result = issue_write(&writer, issue, ret_certificate, error);
done:
    mbedtls_x509write_crt_free(&writer);
    mbedtls_pk_free(&signer_pk);
    mbedtls_pk_free(&subject_pk);
    return result;
}

/* ---- the authority ---- */

enum fg_err fg_ca_create(const char *directory, const char *name, int64_t now_ms, uint32_t days,
                         struct fg_error *error)
{
    char key_path[PATH_BYTES];
    char certificate_path[PATH_BYTES];
    char subject[128];
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_certificate certificate;
    struct fg_certificate_part part;
    struct issue issue = {.subject = subject, .issuer = subject, .signer = &key, .key = &key.public_key};
    enum fg_err result = paths_make(directory, key_path, certificate_path, error);
    size_t length = strlen(name);

    if (result != FG_OK)
        return result;
    if (length == 0 || length > FG_NAME_MAX || strspn(name, ID_CHARACTERS " ") != length)
        return fg_fail(error, FG_E_RANGE,
                       "\"%s\" cannot be a name: 1 to %d letters, digits, '.', '_', '-', spaces", name,
                       FG_NAME_MAX);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", directory, strerror(errno));
    (void)snprintf(subject, sizeof(subject), "O=fillgate,OU=ca,CN=%s", name);
    issue.from_ms = now_ms;
    issue.to_ms = now_ms + (int64_t)days * 86400000;
    result = fg_private_key_new(&key, error);
    if (result == FG_OK)
        result = issue_run(&issue, &certificate, error);
    if (result == FG_OK)
        result = fg_private_key_write(key_path, &key, error);
    if (result == FG_OK) {
        part = (struct fg_certificate_part){certificate.bytes, certificate.length};
        result = fg_certificates_write(certificate_path, &part, 1, error);
        /* A key without its certificate would stop the next try. */
        if (result != FG_OK)
            (void)unlink(key_path);
    }
    fg_private_key_wipe(&key);
    return result;
}

enum fg_err fg_ca_open(const char *directory, struct fg_ca **ret_ca, struct fg_error *error)
{
    char key_path[PATH_BYTES];
    char certificate_path[PATH_BYTES];
    struct fg_ca *ca = NULL;
    enum fg_err result = paths_make(directory, key_path, certificate_path, error);

    if (result != FG_OK)
        return result;
    ca = calloc(1, sizeof(*ca));
    if (ca == NULL)
        return fg_fail(error, FG_E_MEMORY, "certificate authority: no memory");
    mbedtls_pk_init(&ca->pk);
    mbedtls_x509_crt_init(&ca->certificate);
    result = fg_private_key_read(key_path, &ca->key, error);
    if (result != FG_OK)
        goto fail;
    if (mbedtls_x509_crt_parse_file(&ca->certificate, certificate_path) != 0) {
        result =
            fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", certificate_path);
        goto fail;
    }
    if (!fg_pk_fill(&ca->pk, &ca->key.public_key, ca->key.scalar) ||
        mbedtls_pk_check_pair(&ca->certificate.pk, &ca->pk) != 0) {
        result = fg_fail(error, FG_E_AUTH, "%s: %s is the key of another certificate", directory, key_path);
        goto fail;
    }
    if (mbedtls_x509_dn_gets(ca->subject, sizeof(ca->subject), &ca->certificate.subject) <= 0) {
        result = fg_fail(error, FG_E_FORMAT, "%s: its subject cannot be read", certificate_path);
        goto fail;
    }
    *ret_ca = ca;
    return FG_OK;
fail:
    fg_ca_close(ca);
    return result;
}

void fg_ca_close(struct fg_ca *ca)
{
    if (ca == NULL)
        return;
    mbedtls_x509_crt_free(&ca->certificate);
    mbedtls_pk_free(&ca->pk);
    fg_private_key_wipe(&ca->key);
    free(ca);
}

const uint8_t *fg_ca_certificate(const struct fg_ca *ca, size_t *ret_length)
{
    *ret_length = ca->certificate.raw.len;
    return ca->certificate.raw.p;
}

enum fg_err fg_ca_sign(const struct fg_ca *ca, const char *purpose, const void *message, size_t length,
                       struct fg_key_id *ret_key_id, struct fg_signature *ret_signature,
                       struct fg_error *error)
{
    enum fg_err result = fg_sign(&ca->key, purpose, message, length, ret_signature, error);

    if (result == FG_OK)
        *ret_key_id = ca->key.public_key.id;
    return result;
}

enum fg_err fg_ca_issue(struct fg_ca *ca, const struct fg_certificate_order *order,
                        struct fg_certificate *ret_certificate, struct fg_error *error)
{
    char subject[160];
    struct fg_certificate certificate;
    struct issue issue = {.subject = subject,
                          .issuer = ca->subject,
                          .key = order->key,
                          .signer = &ca->key,
                          .order = order,
                          .from_ms = order->from_ms,
                          .to_ms = order->to_ms};
    size_t length = strlen(order->id);
    enum fg_err result;

    if (strcmp(order->role, FG_ROLE_CONTROLLER) != 0 && strcmp(order->role, FG_ROLE_STATION) != 0 &&
        strcmp(order->role, FG_ROLE_BUREAU) != 0)
        return fg_fail(error, FG_E_RANGE, "\"%s\": the role is controller, station or bureau", order->role);
    if (length == 0 || length > FG_NAME_MAX || strspn(order->id, ID_CHARACTERS) != length)
        return fg_fail(error, FG_E_RANGE, "\"%s\" cannot be an id: 1 to %d letters, digits, '.', '_', '-'",
                       order->id, FG_NAME_MAX);
    (void)snprintf(subject, sizeof(subject), "O=fillgate,OU=%s,CN=%s", order->role, order->id);
    memset(&certificate, 0, sizeof(certificate));
    result = issue_run(&issue, &certificate, error);
    if (result == FG_OK)
        *ret_certificate = certificate;
    return result;
}
