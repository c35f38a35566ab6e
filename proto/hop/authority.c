/* Implementation of the authority as a device knows it (authority.h). */
#include "proto/hop/authority.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/crypto/certificate_file.h"
#include "lib/crypto/pk.h"
#include "lib/net/server/server_peer.h"
#include "proto/journal/sync.h"

/* ---- certificates in PEM ---- */

/* What the first line says; 0: it is no such line. */
static uint64_t version_read(const char *pem)
{
    static const char begin[] = "# fillgate authorities, version ";
    char line[80];
    uint64_t version = 0;
    const char *at = pem + sizeof(begin) - 1;

    if (strncmp(pem, begin, sizeof(begin) - 1) != 0)
        return 0;
    for (; *at >= '0' && *at <= '9' && version < UINT64_C(1000000000000000000); at++)
        version = version * 10 + (uint64_t)(*at - '0');
    (void)snprintf(line, sizeof(line), FG_AUTHORITY_VERSION_LINE "\n", version);
    return strncmp(pem, line, strlen(line)) == 0 ? version : 0;
}

/* The caller frees *chain, also on failure. */
static enum fg_err chain_parse(const char *pem, mbedtls_x509_crt *chain, struct fg_error *error)
{
    if (mbedtls_x509_crt_parse(chain, (const unsigned char *)pem, strlen(pem) + 1) != 0)
        return fg_fail(error, FG_E_FORMAT, "authority: not certificates in PEM alone");
    for (const mbedtls_x509_crt *at = chain; at != NULL; at = at->next) {
        if (at->ca_istrue == 0)
            return fg_fail(error, FG_E_FORMAT, "authority: a certificate that is not an authority's");
    }
    return FG_OK;
}

enum fg_err fg_authority_parse(const char *pem, size_t length, struct fg_authority *ret_authority,
                               struct fg_error *error)
{
    struct fg_authority authority;
    mbedtls_x509_crt chain;
    enum fg_err result;

    if (length > FG_AUTHORITY_PEM_MAX)
        return fg_fail(error, FG_E_SIZE, "authority: more than %d bytes", FG_AUTHORITY_PEM_MAX);
    memcpy(authority.pem, pem, length);
    authority.pem[length] = '\0';
    authority.version = version_read(authority.pem);
    mbedtls_x509_crt_init(&chain);
    result = chain_parse(authority.pem, &chain, error);
    mbedtls_x509_crt_free(&chain);
    if (result == FG_OK)
        *ret_authority = authority;
    return result;
}

enum fg_err fg_authority_read(const char *path, struct fg_authority *ret_authority, struct fg_error *error)
{
    char text[FG_AUTHORITY_PEM_MAX];
    size_t length = 0;
    enum fg_err result = fg_file_read(path, 0, text, sizeof(text), &length, error);

    if (result == FG_OK && fg_authority_parse(text, length, ret_authority, error) != FG_OK)
        result = fg_fail_in(error, FG_E_FORMAT, "%s: ", path);
    return result;
}

/* ---- by fingerprint ---- */

enum fg_err fg_fingerprint_parse(const char *text, struct fg_digest *ret_digest, struct fg_error *error)
{
    static const char hex[] = "0123456789abcdef";
    struct fg_digest digest = {{0}};
    size_t count = 0;

    for (; *text != '\0'; text++) {
        const char *found = strchr(hex, tolower((unsigned char)*text));

        if (*text == ':' || *text == ' ')
            continue;
        if (found == NULL || count == (size_t)2 * FG_DIGEST_BYTES)
            return fg_fail(error, FG_E_FORMAT, "the fingerprint must have %d hex digits",
                           2 * FG_DIGEST_BYTES);
        digest.bytes[count / 2] = (uint8_t)(digest.bytes[count / 2] << 4 | (found - hex));
        count++;
    }
    if (count != (size_t)2 * FG_DIGEST_BYTES)
        return fg_fail(error, FG_E_FORMAT, "the fingerprint must have %d hex digits, not %zu",
                       2 * FG_DIGEST_BYTES, count);
    *ret_digest = digest;
    return FG_OK;
}

/* The one certificate of the fingerprint, as PEM. */
static enum fg_err chain_pick(const mbedtls_x509_crt *chain, const struct fg_digest *fingerprint,
                              struct fg_authority *ret_authority, struct fg_error *error)
{
    for (const mbedtls_x509_crt *at = chain; at != NULL; at = at->next) {
        struct fg_authority authority;
        struct fg_digest digest;
        enum fg_err result;

        fg_sha256(at->raw.p, at->raw.len, &digest);
        if (!fg_bytes_equal(digest.bytes, fingerprint->bytes, FG_DIGEST_BYTES))
            continue;
        result = fg_certificate_text(at->raw.p, at->raw.len, authority.pem, sizeof(authority.pem), error);
        if (result != FG_OK)
            return result;
        authority.version = 0;
        *ret_authority = authority;
        return FG_OK;
    }
    return fg_fail(error, FG_E_AUTH,
                   "the authority there does not have this fingerprint: compare it with what the bureau told "
                   "you, digit by digit; if it is the same, somebody is in between");
}

enum fg_err fg_authority_fetch(struct fg_https *https, const struct fg_digest *fingerprint,
                               struct fg_authority *ret_authority, struct fg_error *error)
{
    char text[FG_AUTHORITY_PEM_MAX];
    struct fg_https_request ask = {.method = "GET",
                                   .path = FG_SYNC_PATH_AUTHORITY,
                                   .answer_max = sizeof(text),
                                   .answer_buffer = (uint8_t *)text};
    struct fg_https_answer answer;
    struct fg_authority all;
    mbedtls_x509_crt chain;
    enum fg_err result = fg_https_ask(https, &ask, &answer, error);

    if (result != FG_OK)
        return result;
    if (answer.status != 200)
        return fg_fail(error, FG_E_NOT_FOUND,
                       "the next hop hands out no authority (HTTP %u); bring ca.pem by hand",
                       (unsigned)answer.status);
    result = fg_authority_parse(text, (size_t)answer.length, &all, error);
    if (result != FG_OK)
        return result;
    mbedtls_x509_crt_init(&chain);
    result = chain_parse(all.pem, &chain, error);
    if (result == FG_OK)
        result = chain_pick(&chain, fingerprint, ret_authority, error);
    mbedtls_x509_crt_free(&chain);
    return result;
}

/* ---- judging by it ---- */

enum fg_err fg_authority_verify(const struct fg_authority *authority, const char *purpose,
                                const struct fg_key_id *key_id, const struct fg_signature *signature,
                                const void *message, size_t length, struct fg_error *error)
{
    mbedtls_x509_crt chain;
    enum fg_err result;

    mbedtls_x509_crt_init(&chain);
    result = chain_parse(authority->pem, &chain, error);
    if (result == FG_OK) {
        result = fg_fail(error, FG_E_AUTH, "the authority that was brought by hand did not sign this");
        for (mbedtls_x509_crt *at = &chain; at != NULL; at = at->next) {
            struct fg_public_key key;

            if (fg_pk_public(&at->pk, &key, NULL) == FG_OK &&
                fg_bytes_equal(key.id.bytes, key_id->bytes, FG_KEY_ID_BYTES)) {
                result = fg_sign_verify(&key, purpose, message, length, signature, error);
                break;
            }
        }
    }
    mbedtls_x509_crt_free(&chain);
    return result;
}

bool fg_authority_has(const struct fg_authority *authority, const uint8_t *der, size_t length)
{
    mbedtls_x509_crt chain;
    bool has = false;

    mbedtls_x509_crt_init(&chain);
    if (chain_parse(authority->pem, &chain, NULL) == FG_OK) {
        for (const mbedtls_x509_crt *at = &chain; at != NULL && !has; at = at->next)
            has = at->raw.len == length && memcmp(at->raw.p, der, length) == 0;
    }
    mbedtls_x509_crt_free(&chain);
    return has;
}

/* Of one authority alone; dates are somebody else's question. */
static bool has_issued(mbedtls_x509_crt *authority, mbedtls_x509_crt *certificate)
{
    mbedtls_x509_crt *next = authority->next;
    uint32_t flags = 0;

    authority->next = NULL;
    (void)mbedtls_x509_crt_verify(certificate, authority, NULL, NULL, &flags, NULL, NULL);
    authority->next = next;
    return (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) == 0;
}

enum fg_err fg_authority_place(const struct fg_authority *authority, const char *path, size_t *ret_place,
                               struct fg_error *error)
{
    mbedtls_x509_crt chain;
    mbedtls_x509_crt certificate;
    size_t place = 0;
    enum fg_err result;

    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crt_init(&certificate);
    result = chain_parse(authority->pem, &chain, error);
    if (result == FG_OK && mbedtls_x509_crt_parse_file(&certificate, path) != 0)
        result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", path);
    if (result == FG_OK) {
        result = fg_fail(error, FG_E_AUTH, "%s: of an authority that is not in force", path);
        for (mbedtls_x509_crt *at = &chain; at != NULL && result != FG_OK; at = at->next, place++) {
            if (has_issued(at, &certificate)) {
                *ret_place = place;
                result = FG_OK;
            }
        }
    }
    mbedtls_x509_crt_free(&certificate);
    mbedtls_x509_crt_free(&chain);
    return result;
}

enum fg_err fg_authority_judge(const struct fg_authority *authority, const uint8_t *der, size_t length,
                               int64_t now_ms, struct fg_peer *ret_peer, struct fg_error *error)
{
    mbedtls_x509_crt chain;
    enum fg_err result;

    mbedtls_x509_crt_init(&chain);
    result = chain_parse(authority->pem, &chain, error);
    if (result == FG_OK)
        result = fg_peer_establish(der, length, &chain, now_ms, ret_peer, error);
    mbedtls_x509_crt_free(&chain);
    return result;
}
