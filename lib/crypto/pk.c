/* Implementation of the bridge to mbedTLS (pk.h). */
#include "lib/crypto/pk.h"

#include <mbedtls/ecp.h>

bool fg_pk_fill(mbedtls_pk_context *pk, const struct fg_public_key *key, const uint8_t *scalar)
{
    mbedtls_ecp_keypair *pair;

    if (mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0)
        return false;
    pair = mbedtls_pk_ec(*pk);
    return mbedtls_ecp_group_load(&pair->grp, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&pair->grp, &pair->Q, key->point, sizeof(key->point)) == 0 &&
           (scalar == NULL || mbedtls_mpi_read_binary(&pair->d, scalar, 32) == 0);
}

enum fg_err fg_pk_public(mbedtls_pk_context *pk, struct fg_public_key *ret_key, struct fg_error *error)
{
    uint8_t point[FG_POINT_BYTES];
    mbedtls_ecp_keypair *pair;
    size_t written = 0;

    pair = mbedtls_pk_can_do(pk, MBEDTLS_PK_ECKEY) ? mbedtls_pk_ec(*pk) : NULL;
    if (pair == NULL || pair->grp.id != MBEDTLS_ECP_DP_SECP256R1 ||
        mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &written, point,
                                       sizeof(point)) != 0)
        return fg_fail(error, FG_E_FORMAT, "public key: not one of the curve P-256");
    return fg_public_key_from_point(point, ret_key, error);
}
