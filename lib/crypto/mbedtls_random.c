/* Implementation of mbedTLS's random numbers (mbedtls_random.h). */
#include "lib/crypto/mbedtls_random.h"

#include <mbedtls/ecp.h>

#include "lib/base/random.h"

int fg_mbedtls_random(void *context, unsigned char *bytes, size_t length)
{
    (void)context;
    return fg_random_fill(bytes, length, NULL) == FG_OK ? 0 : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}
