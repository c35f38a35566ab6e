/* P-256 keys in PEM files (sign.h). Not: what is done with the keys
 * (sign.c). Relies on: mbedTLS's pk, file.h. */
#include "lib/crypto/sign.h"

#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>

#include "lib/base/file.h"
#include "lib/crypto/pk.h"

#define PEM_WRITE_MAX 512

/* The key inside pk, or NULL when it is not one of P-256. */
static mbedtls_ecp_keypair *p256_of(mbedtls_pk_context *pk)
{
    mbedtls_ecp_keypair *pair;

    if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_ECKEY))
        return NULL;
    pair = mbedtls_pk_ec(*pk);
    return pair->grp.id == MBEDTLS_ECP_DP_SECP256R1 ? pair : NULL;
}

/* mbedTLS wants the final NUL inside the buffer. */
static enum fg_err copy_pem(const char *pem, size_t length, uint8_t text[FG_KEY_FILE_MAX + 1],
                            struct fg_error *error)
{
    if (length > FG_KEY_FILE_MAX)
        return fg_fail(error, FG_E_SIZE, "key: longer than %d bytes", FG_KEY_FILE_MAX);
    if (length > 0)
        memcpy(text, pem, length);
    text[length] = '\0';
    if (strstr((const char *)text, "-----BEGIN ") == NULL)
        return fg_fail(error, FG_E_FORMAT, "key: not a PEM file (no \"-----BEGIN\" line)");
    return FG_OK;
}

enum fg_err fg_private_key_parse(const char *pem, size_t length, struct fg_private_key *ret_key,
                                 struct fg_error *error)
{
    uint8_t text[FG_KEY_FILE_MAX + 1];
    uint8_t scalar[32];
    mbedtls_pk_context pk;
    mbedtls_ecp_keypair *pair;
    enum fg_err result;
    int code;

    mbedtls_pk_init(&pk);
    result = copy_pem(pem, length, text, error);
    if (result != FG_OK)
        goto done;
    code = mbedtls_pk_parse_key(&pk, text, length + 1, NULL, 0);
    if (code == MBEDTLS_ERR_PK_PASSWORD_REQUIRED) {
        result = fg_fail(error, FG_E_FORMAT, "private key: encrypted; give it without a password");
        goto done;
    }
    pair = code == 0 ? p256_of(&pk) : NULL;
    if (pair == NULL || mbedtls_mpi_write_binary(&pair->d, scalar, sizeof(scalar)) != 0) {
        result = fg_fail(error, FG_E_FORMAT, "private key: not a PEM private key of the curve P-256");
        goto done;
    }
    result = fg_private_key_from_scalar(scalar, ret_key, error);
done:
    mbedtls_pk_free(&pk);
    mbedtls_platform_zeroize(scalar, sizeof(scalar));
    mbedtls_platform_zeroize(text, sizeof(text));
    return result;
}

enum fg_err fg_public_key_parse(const char *pem, size_t length, struct fg_public_key *ret_key,
                                struct fg_error *error)
{
    uint8_t text[FG_KEY_FILE_MAX + 1];
    uint8_t point[FG_POINT_BYTES];
    mbedtls_pk_context pk;
    mbedtls_ecp_keypair *pair;
    size_t written = 0;
    enum fg_err result;

    mbedtls_pk_init(&pk);
    result = copy_pem(pem, length, text, error);
    if (result != FG_OK)
        goto done;
    pair = mbedtls_pk_parse_public_key(&pk, text, length + 1) == 0 ? p256_of(&pk) : NULL;
    if (pair == NULL || mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED,
                                                       &written, point, sizeof(point)) != 0) {
        result = fg_fail(error, FG_E_FORMAT, "public key: not a PEM public key of the curve P-256");
        goto done;
    }
    result = fg_public_key_from_point(point, ret_key, error);
done:
    mbedtls_pk_free(&pk);
    return result;
}

enum fg_err fg_private_key_read(const char *path, struct fg_private_key *ret_key, struct fg_error *error)
{
    char text[FG_KEY_FILE_MAX];
    size_t length = 0;
    enum fg_err result =
        fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_SECRET, text, sizeof(text), &length, error);

    if (result == FG_OK) {
        result = fg_private_key_parse(text, length, ret_key, error);
        if (result != FG_OK)
            result = fg_fail_in(error, result, "%s: ", path);
    }
    mbedtls_platform_zeroize(text, sizeof(text));
    return result;
}

enum fg_err fg_public_key_read(const char *path, struct fg_public_key *ret_key, struct fg_error *error)
{
    char text[FG_KEY_FILE_MAX];
    size_t length = 0;
    enum fg_err result = fg_file_read(path, FG_FILE_OPTIONAL, text, sizeof(text), &length, error);

    if (result != FG_OK)
        return result;
    result = fg_public_key_parse(text, length, ret_key, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", path);
}

enum fg_err fg_private_key_write(const char *path, const struct fg_private_key *key, struct fg_error *error)
{
    mbedtls_pk_context pk;
    uint8_t text[PEM_WRITE_MAX];
    enum fg_err result;

    mbedtls_pk_init(&pk);
    if (fg_pk_fill(&pk, &key->public_key, key->scalar) &&
        mbedtls_pk_write_key_pem(&pk, text, sizeof(text)) == 0)
        result = fg_file_create(path, 0600, text, strlen((const char *)text), error);
    else
        result = fg_fail(error, FG_E_ARG, "%s: the private key is not usable", path);
    mbedtls_platform_zeroize(text, sizeof(text));
    mbedtls_pk_free(&pk);
    return result;
}

enum fg_err fg_public_key_text(const struct fg_public_key *key, char *buffer, size_t capacity,
                               struct fg_error *error)
{
    mbedtls_pk_context pk;
    enum fg_err result = FG_OK;

    mbedtls_pk_init(&pk);
    if (!fg_pk_fill(&pk, key, NULL))
        result = fg_fail(error, FG_E_ARG, "the public key is not usable");
    else if (mbedtls_pk_write_pubkey_pem(&pk, (unsigned char *)buffer, capacity) != 0)
        result = fg_fail(error, FG_E_SIZE, "the public key does not fit into %zu bytes", capacity);
    mbedtls_pk_free(&pk);
    return result;
}

enum fg_err fg_public_key_write(const char *path, const struct fg_public_key *key, struct fg_error *error)
{
    char text[PEM_WRITE_MAX];
    enum fg_err result = fg_public_key_text(key, text, sizeof(text), error);

    return result == FG_OK ? fg_file_create(path, 0644, text, strlen(text), error)
                           : fg_fail_in(error, result, "%s: ", path);
}
