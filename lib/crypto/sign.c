/* ECDSA P-256 and SHA-256 (sign.h) on mbedTLS: digests, keys as numbers, signatures bound to a purpose.
 * Not: key files (key_file.c). Relies on: mbedTLS 2.28. */
#include "lib/crypto/sign.h"

#include <pthread.h>
#include <string.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include "lib/crypto/mbedtls_random.h"

#define SCALAR_BYTES 32

_Static_assert(sizeof(struct fg_sha256_stream) >= sizeof(mbedtls_sha256_context), "stream storage too small");

void fg_sha256_start(struct fg_sha256_stream *stream)
{
    mbedtls_sha256_context *context;

    memset(stream, 0, sizeof(*stream));
    context = (mbedtls_sha256_context *)(void *)stream->storage;
    mbedtls_sha256_init(context);
    (void)mbedtls_sha256_starts_ret(context, 0);
}

void fg_sha256_add(struct fg_sha256_stream *stream, const void *data, size_t length)
{
    if (length > 0)
        (void)mbedtls_sha256_update_ret((mbedtls_sha256_context *)(void *)stream->storage, data, length);
}

void fg_sha256_finish(struct fg_sha256_stream *stream, struct fg_digest *ret_digest)
{
    mbedtls_sha256_context *context = (mbedtls_sha256_context *)(void *)stream->storage;

    (void)mbedtls_sha256_finish_ret(context, ret_digest->bytes);
    mbedtls_sha256_free(context);
}

void fg_sha256(const void *data, size_t length, struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, data, length);
    fg_sha256_finish(&stream, ret_digest);
}

static void digest_for_purpose(const char *purpose, const void *message, size_t length,
                               struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, purpose, strlen(purpose) + 1);
    fg_sha256_add(&stream, message, length);
    fg_sha256_finish(&stream, ret_digest);
}

static void set_public(const uint8_t point[FG_POINT_BYTES], struct fg_public_key *ret_key)
{
    struct fg_digest digest;

    memcpy(ret_key->point, point, FG_POINT_BYTES);
    fg_sha256(point, FG_POINT_BYTES, &digest);
    memcpy(ret_key->id.bytes, digest.bytes, FG_KEY_ID_BYTES);
}

/* The curve, loaded once for all threads. mbedTLS keeps the multiples of the generator in it that the first
 * multiplication makes, which more than halves the time of a signature; after that one it is only read, so
 * that no thread disturbs another. */
static mbedtls_ecp_group curve;

static bool curve_load(void)
{
    bool loaded;
    mbedtls_ecp_point point;
    mbedtls_mpi one;

    mbedtls_ecp_group_init(&curve);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&one);
    loaded = mbedtls_ecp_group_load(&curve, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
             mbedtls_mpi_lset(&one, 1) == 0 &&
             mbedtls_ecp_mul(&curve, &point, &one, &curve.G, fg_mbedtls_random, NULL) == 0;
    mbedtls_mpi_free(&one);
    mbedtls_ecp_point_free(&point);
    if (!loaded)
        mbedtls_ecp_group_free(&curve);
    return loaded;
}

/* NULL: no memory, or no random numbers; the next call tries again. */
static mbedtls_ecp_group *curve_get(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    bool usable;

    (void)pthread_mutex_lock(&lock);
    loaded = loaded || curve_load();
    usable = loaded;
    (void)pthread_mutex_unlock(&lock);
    return usable ? &curve : NULL;
}

/* Refuses anything but an uncompressed point on the curve. */
static bool load_point(mbedtls_ecp_group *group, const uint8_t bytes[FG_POINT_BYTES],
                       mbedtls_ecp_point *point)
{
    return group != NULL && bytes[0] == 0x04 &&
           mbedtls_ecp_point_read_binary(group, point, bytes, FG_POINT_BYTES) == 0 &&
           mbedtls_ecp_check_pubkey(group, point) == 0;
}

enum fg_err fg_public_key_from_point(const uint8_t point[FG_POINT_BYTES], struct fg_public_key *ret_key,
                                     struct fg_error *error)
{
    mbedtls_ecp_group *group = curve_get();
    mbedtls_ecp_point loaded;
    enum fg_err result = FG_OK;

    mbedtls_ecp_point_init(&loaded);
    if (load_point(group, point, &loaded))
        set_public(point, ret_key);
    else
        result = fg_fail(error, FG_E_FORMAT, "public key: not an uncompressed point of the curve P-256");
    mbedtls_ecp_point_free(&loaded);
    return result;
}

enum fg_err fg_private_key_from_scalar(const uint8_t scalar[SCALAR_BYTES], struct fg_private_key *ret_key,
                                       struct fg_error *error)
{
    mbedtls_ecp_group *group = curve_get();
    mbedtls_ecp_point point;
    mbedtls_mpi number;
    uint8_t bytes[FG_POINT_BYTES];
    size_t written = 0;
    enum fg_err result;

    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&number);
    result = fg_fail(error, FG_E_FORMAT, "private key: not a number of the curve P-256");
    if (group == NULL || mbedtls_mpi_read_binary(&number, scalar, SCALAR_BYTES) != 0 ||
        mbedtls_ecp_check_privkey(group, &number) != 0)
        goto done;
    if (mbedtls_ecp_mul(group, &point, &number, &group->G, fg_mbedtls_random, NULL) != 0 ||
        mbedtls_ecp_point_write_binary(group, &point, MBEDTLS_ECP_PF_UNCOMPRESSED, &written, bytes,
                                       sizeof(bytes)) != 0 ||
        written != sizeof(bytes)) {
        result = fg_fail(error, FG_E_IO, "private key: cannot compute its public half");
        goto done;
    }
    memcpy(ret_key->scalar, scalar, SCALAR_BYTES);
    set_public(bytes, &ret_key->public_key);
    result = FG_OK;
done:
    mbedtls_mpi_free(&number);
    mbedtls_ecp_point_free(&point);
    return result;
}

enum fg_err fg_private_key_new(struct fg_private_key *ret_key, struct fg_error *error)
{
    mbedtls_ecp_group *group = curve_get();
    mbedtls_mpi number;
    uint8_t scalar[SCALAR_BYTES];
    enum fg_err result;

    mbedtls_mpi_init(&number);
    if (group == NULL || mbedtls_ecp_gen_privkey(group, &number, fg_mbedtls_random, NULL) != 0 ||
        mbedtls_mpi_write_binary(&number, scalar, sizeof(scalar)) != 0)
        result = fg_fail(error, FG_E_IO, "new key: no random numbers from the operating system");
    else
        result = fg_private_key_from_scalar(scalar, ret_key, error);
    mbedtls_platform_zeroize(scalar, sizeof(scalar));
    mbedtls_mpi_free(&number);
    return result;
}

void fg_private_key_wipe(struct fg_private_key *key)
{
    mbedtls_platform_zeroize(key, sizeof(*key));
}

enum fg_err fg_sign(const struct fg_private_key *key, const char *purpose, const void *message, size_t length,
                    struct fg_signature *ret_signature, struct fg_error *error)
{
    mbedtls_ecp_group *group = curve_get();
    mbedtls_mpi number;
    mbedtls_mpi r;
    mbedtls_mpi s;
    struct fg_digest digest;
    struct fg_signature signature;
    enum fg_err result = FG_OK;

    mbedtls_mpi_init(&number);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    digest_for_purpose(purpose, message, length, &digest);
    if (group == NULL || mbedtls_mpi_read_binary(&number, key->scalar, SCALAR_BYTES) != 0 ||
        mbedtls_ecdsa_sign_det_ext(group, &r, &s, &number, digest.bytes, sizeof(digest.bytes),
                                   MBEDTLS_MD_SHA256, fg_mbedtls_random, NULL) != 0 ||
        mbedtls_mpi_write_binary(&r, signature.bytes, SCALAR_BYTES) != 0 ||
        mbedtls_mpi_write_binary(&s, signature.bytes + SCALAR_BYTES, SCALAR_BYTES) != 0)
        result = fg_fail(error, FG_E_ARG, "cannot sign \"%s\": the private key is not usable", purpose);
    else
        *ret_signature = signature;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&number);
    return result;
}

enum fg_err fg_sign_verify(const struct fg_public_key *key, const char *purpose, const void *message,
                           size_t length, const struct fg_signature *signature, struct fg_error *error)
{
    mbedtls_ecp_group *group = curve_get();
    mbedtls_ecp_point point;
    mbedtls_mpi r;
    mbedtls_mpi s;
    struct fg_digest digest;
    enum fg_err result = FG_OK;

    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    digest_for_purpose(purpose, message, length, &digest);
    if (!load_point(group, key->point, &point) ||
        mbedtls_mpi_read_binary(&r, signature->bytes, SCALAR_BYTES) != 0 ||
        mbedtls_mpi_read_binary(&s, signature->bytes + SCALAR_BYTES, SCALAR_BYTES) != 0 ||
        mbedtls_ecdsa_verify(group, digest.bytes, sizeof(digest.bytes), &point, &r, &s) != 0)
        result = fg_fail(error, FG_E_AUTH, "signature for \"%s\" is invalid", purpose);
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&point);
    return result;
}

bool fg_bytes_equal(const void *a, const void *b, size_t length)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < length; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    return difference == 0;
}
