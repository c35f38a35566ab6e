/* Random numbers: every byte is filled, no two fills are the same, and mbedTLS gets them in its own shape. */
#include <string.h>

#include "lib/base/random.h"
#include "lib/crypto/mbedtls_random.h"
#include "tests/lib/check.h"

static struct fg_error error;

TEST("every byte is filled, also of more than the kernel gives at once, and none beyond")
{
    static uint8_t bytes[1 << 20];
    uint8_t seen = 0;

    CHECK_OK(fg_random_fill(bytes, sizeof(bytes) - 1, &error), &error);
    CHECK_INT(bytes[sizeof(bytes) - 1], 0);
    for (size_t from = 0; from + 64 < sizeof(bytes); from += 64) {
        seen = 0;
        for (size_t i = 0; i < 64; i++)
            seen |= bytes[from + i];
        CHECK(seen != 0);
    }
}

TEST("two fills are not the same, and nothing is a length that can be filled")
{
    uint8_t first[16] = {0};
    uint8_t second[16] = {0};

    CHECK_OK(fg_random_fill(first, sizeof(first), &error), &error);
    CHECK_OK(fg_random_fill(second, sizeof(second), &error), &error);
    CHECK(memcmp(first, second, sizeof(first)) != 0);
    memcpy(first, second, sizeof(first));
    CHECK_OK(fg_random_fill(first, 0, &error), &error);
    CHECK_BYTES(first, second, sizeof(first));
}

TEST("numbers that spread calls in time differ")
{
    uint32_t first = fg_random_spread();
    bool differs = false;

    for (int i = 0; i < 8; i++)
        differs |= fg_random_spread() != first;
    CHECK(differs);
}

TEST("mbedTLS gets 0 and the bytes")
{
    uint8_t first[16] = {0};
    uint8_t second[16] = {0};

    CHECK_INT(fg_mbedtls_random(NULL, first, sizeof(first)), 0);
    CHECK_INT(fg_mbedtls_random(NULL, second, sizeof(second)), 0);
    CHECK(memcmp(first, second, sizeof(first)) != 0);
}
