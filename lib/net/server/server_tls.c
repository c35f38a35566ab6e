/* The server's TLS identity and the peers of its sessions (private.h).
 *
 * Not: HTTP. Relies on: GnuTLS for sessions, mbedTLS (server_peer.h) for client certificates. */
#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "lib/base/file.h"
#include "lib/crypto/sign.h"
#include "lib/net/server/private.h"
#include "lib/net/server/server_peer.h"

#define PEM_MAX 65536

/* The whole file with its NUL, from malloc. */
static enum fg_err read_file(const char *path, char **ret_text, size_t *ret_length, struct fg_error *error)
{
    enum fg_err result = fg_file_read_text(path, FG_FILE_OPTIONAL, PEM_MAX - 1, ret_text, ret_length, error);

    if (result == FG_E_SIZE)
        return fg_fail(error, FG_E_FORMAT, "%s: longer than a certificate file can be (%d bytes)", path,
                       PEM_MAX);
    return result;
}

static enum fg_err load_chain(const char *path, gnutls_x509_crt_t chain[FG_SERVER_CHAIN_MAX],
                              unsigned *ret_length, struct fg_error *error)
{
    char *text = NULL;
    size_t length = 0;
    unsigned count = FG_SERVER_CHAIN_MAX;
    gnutls_datum_t datum;
    enum fg_err result = read_file(path, &text, &length, error);
    int imported;

    if (result != FG_OK)
        return result;
    datum = (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)length};
    imported = gnutls_x509_crt_list_import(chain, &count, &datum, GNUTLS_X509_FMT_PEM,
                                           GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    if (imported <= 0)
        result =
            fg_fail(error, FG_E_FORMAT, "%s: not 1 to %d certificates in PEM", path, FG_SERVER_CHAIN_MAX);
    else
        *ret_length = (unsigned)imported;
    free(text);
    return result;
}

static enum fg_err load_key(const char *path, gnutls_x509_privkey_t *ret_key, struct fg_error *error)
{
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    gnutls_x509_privkey_t loaded = NULL;
    gnutls_datum_t x = {.data = key.public_key.point + 1, .size = 32};
    gnutls_datum_t y = {.data = key.public_key.point + 33, .size = 32};
    gnutls_datum_t scalar = {.data = key.scalar, .size = sizeof(key.scalar)};
    enum fg_err result = fg_private_key_read(path, &key, error);

    if (result != FG_OK)
        return result;
    if (gnutls_x509_privkey_init(&loaded) != 0 ||
        gnutls_x509_privkey_import_ecc_raw(loaded, GNUTLS_ECC_CURVE_SECP256R1, &x, &y, &scalar) != 0) {
        if (loaded != NULL)
            gnutls_x509_privkey_deinit(loaded);
        result = fg_fail(error, FG_E_FORMAT, "%s: the TLS library does not take this key", path);
    } else {
        *ret_key = loaded;
    }
    fg_private_key_wipe(&key);
    return result;
}

static bool belong_together(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
    unsigned char of_certificate[64];
    unsigned char of_key[64];
    size_t certificate_length = sizeof(of_certificate);
    size_t key_length = sizeof(of_key);

    return gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, of_certificate,
                                      &certificate_length) == 0 &&
           gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_length) == 0 &&
           certificate_length == key_length && fg_bytes_equal(of_certificate, of_key, key_length);
}

static void free_identity(gnutls_x509_crt_t *chain, unsigned length, gnutls_x509_privkey_t key)
{
    for (unsigned i = 0; i < length; i++)
        gnutls_x509_crt_deinit(chain[i]);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
}

/* A certificate chain and its key: on failure nothing is the caller's to free. */
static enum fg_err read_identity(const struct fg_server_tls *tls, gnutls_x509_crt_t *chain,
                                 unsigned *ret_length, gnutls_x509_privkey_t *ret_key, struct fg_error *error)
{
    gnutls_x509_privkey_t key = NULL;
    unsigned length = 0;
    enum fg_err result = load_chain(tls->certificate_path, chain, &length, error);

    if (result == FG_OK)
        result = load_key(tls->key_path, &key, error);
    if (result == FG_OK && !belong_together(chain[0], key))
        result = fg_fail(error, FG_E_AUTH, "%s: not the certificate of the key in %s", tls->certificate_path,
                         tls->key_path);
    if (result != FG_OK) {
        free_identity(chain, length, key);
        return result;
    }
    *ret_length = length;
    *ret_key = key;
    return FG_OK;
}

static void free_authorities(mbedtls_x509_crt *authorities)
{
    if (authorities != NULL)
        mbedtls_x509_crt_free(authorities);
    free(authorities);
}

/* *ret_pem and *ret_authorities are the caller's to free, also on failure. */
static enum fg_err read_authorities(const char *path, char **ret_pem, mbedtls_x509_crt **ret_authorities,
                                    struct fg_error *error)
{
    size_t length = 0;
    enum fg_err result = read_file(path, ret_pem, &length, error);

    if (result != FG_OK)
        return result;
    *ret_authorities = calloc(1, sizeof(**ret_authorities));
    if (*ret_authorities == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the authorities");
    mbedtls_x509_crt_init(*ret_authorities);
    if (mbedtls_x509_crt_parse(*ret_authorities, (const unsigned char *)*ret_pem, length + 1) != 0)
        return fg_fail(error, FG_E_FORMAT, "%s: not certificates in PEM", path);
    return FG_OK;
}

static void put_identity(struct fg_server_tls *tls, gnutls_x509_crt_t *chain, unsigned length,
                         gnutls_x509_privkey_t key)
{
    gnutls_x509_crt_t old_chain[FG_SERVER_CHAIN_MAX];
    gnutls_x509_privkey_t old_key;
    unsigned old_length;

    (void)pthread_mutex_lock(&tls->mutex);
    memcpy(old_chain, tls->chain, sizeof(old_chain));
    old_length = tls->chain_length;
    old_key = tls->key;
    memcpy(tls->chain, chain, sizeof(chain[0]) * length);
    tls->chain_length = length;
    tls->key = key;
    (void)pthread_mutex_unlock(&tls->mutex);
    free_identity(old_chain, old_length, old_key);
}

/* pem stays the caller's unless it is the first. */
static void put_authorities(struct fg_server_tls *tls, char **pem, mbedtls_x509_crt *authorities)
{
    mbedtls_x509_crt *old;

    (void)pthread_rwlock_wrlock(&tls->authorities_lock);
    old = tls->authorities;
    tls->authorities = authorities;
    (void)pthread_rwlock_unlock(&tls->authorities_lock);
    free_authorities(old);
    if (tls->authority_pem == NULL) {
        tls->authority_pem = *pem;
        *pem = NULL;
    }
}

enum fg_err fg_server_tls_load(struct fg_server_tls *tls, struct fg_error *error)
{
    gnutls_x509_crt_t chain[FG_SERVER_CHAIN_MAX];
    gnutls_x509_privkey_t key = NULL;
    mbedtls_x509_crt *authorities = NULL;
    char *pem = NULL;
    unsigned length = 0;
    enum fg_err result = FG_OK;

    if (tls->asks)
        result = read_authorities(tls->ca_path, &pem, &authorities, error);
    if (result == FG_OK)
        result = read_identity(tls, chain, &length, &key, error);
    if (result == FG_OK) {
        put_identity(tls, chain, length, key);
        if (tls->asks) {
            put_authorities(tls, &pem, authorities);
            authorities = NULL;
        }
    }
    free_authorities(authorities);
    free(pem);
    return result;
}

enum fg_err fg_server_tls_start(struct fg_server_tls *tls, const struct fg_server_settings *settings,
                                struct fg_error *error)
{
    *tls = (struct fg_server_tls){.asks = false};
    (void)pthread_mutex_init(&tls->mutex, NULL);
    (void)pthread_rwlock_init(&tls->authorities_lock, NULL);
    if (settings->plain)
        return FG_OK;
    if (settings->certificate_path == NULL || settings->key_path == NULL ||
        strlen(settings->certificate_path) >= sizeof(tls->certificate_path) ||
        strlen(settings->key_path) >= sizeof(tls->key_path) ||
        (settings->ca_path != NULL && strlen(settings->ca_path) >= sizeof(tls->ca_path)))
        return fg_fail(error, FG_E_ARG,
                       "HTTPS server: needs the paths of a certificate and its key, each path "
                       "shorter than %d bytes",
                       FG_SERVER_FILE_PATH_MAX);
    (void)strcpy(tls->certificate_path, settings->certificate_path);
    (void)strcpy(tls->key_path, settings->key_path);
    tls->asks = settings->ca_path != NULL;
    if (tls->asks)
        (void)strcpy(tls->ca_path, settings->ca_path);
    return fg_server_tls_load(tls, error);
}

void fg_server_tls_end(struct fg_server_tls *tls)
{
    free_identity(tls->chain, tls->chain_length, tls->key);
    free_authorities(tls->authorities);
    free(tls->authority_pem);
    (void)pthread_rwlock_destroy(&tls->authorities_lock);
    (void)pthread_mutex_destroy(&tls->mutex);
}

/* The session's database pointer is ours to use: there is no session database, since nothing is resumed. */
void fg_server_tls_bind(struct fg_server_tls *tls, gnutls_session_t session)
{
    gnutls_db_set_ptr(session, tls);
}

/* With the mutex held. *ret_key and *ret_chain are the caller's to free on failure. */
static bool copy_identity(const struct fg_server_tls *tls, gnutls_pcert_st *chain, unsigned *ret_done,
                          gnutls_privkey_t *ret_key)
{
    for (*ret_done = 0; *ret_done < tls->chain_length; (*ret_done)++) {
        if (gnutls_pcert_import_x509(&chain[*ret_done], tls->chain[*ret_done], 0) != 0)
            return false;
    }
    return tls->chain_length > 0 && gnutls_privkey_init(ret_key) == 0 &&
           gnutls_privkey_import_x509(*ret_key, tls->key, GNUTLS_PRIVKEY_IMPORT_COPY) == 0;
}

int fg_server_tls_give(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                       gnutls_pcert_st **ret_chain, unsigned int *ret_length, gnutls_ocsp_data_st **ret_ocsp,
                       unsigned int *ret_ocsp_length, gnutls_privkey_t *ret_key, unsigned int *ret_flags)
{
    struct fg_server_tls *tls = gnutls_db_get_ptr(session);
    gnutls_pcert_st *chain;
    gnutls_privkey_t key = NULL;
    unsigned done = 0;
    bool ok;

    (void)info;
    *ret_ocsp = NULL;
    *ret_ocsp_length = 0;
    if (tls == NULL)
        return -1;
    chain = gnutls_calloc(FG_SERVER_CHAIN_MAX, sizeof(*chain));
    if (chain == NULL)
        return -1;
    (void)pthread_mutex_lock(&tls->mutex);
    ok = copy_identity(tls, chain, &done, &key);
    (void)pthread_mutex_unlock(&tls->mutex);
    if (!ok) {
        for (unsigned i = 0; i < done; i++)
            gnutls_pcert_deinit(&chain[i]);
        gnutls_free(chain);
        if (key != NULL)
            gnutls_privkey_deinit(key);
        return -1;
    }
    *ret_chain = chain;
    *ret_length = done;
    *ret_key = key;
    *ret_flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return 0;
}

enum fg_err fg_server_tls_peer(struct fg_server_tls *tls, gnutls_session_t session, int64_t now_ms,
                               struct fg_peer *ret_peer, struct fg_error *error)
{
    unsigned count = 0;
    const gnutls_datum_t *chain;
    enum fg_err result;

    *ret_peer = (struct fg_peer){.kind = FG_PEER_NONE};
    if (!tls->asks)
        return FG_OK;
    chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0)
        return FG_OK;
    (void)pthread_rwlock_rdlock(&tls->authorities_lock);
    result = fg_peer_establish(chain[0].data, chain[0].size, tls->authorities, now_ms, ret_peer, error);
    (void)pthread_rwlock_unlock(&tls->authorities_lock);
    return result;
}
