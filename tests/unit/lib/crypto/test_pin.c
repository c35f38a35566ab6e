/* Operators' PINs: the derivation against published answers, what is a PIN, what fits. */
#include <string.h>

#include "lib/crypto/pin.h"
#include "tests/lib/check.h"

static struct fg_error error;

struct known {
    const char *secret;
    size_t secret_length;
    const char *salt;
    size_t salt_length;
    uint32_t rounds;
    uint8_t digest[FG_PIN_DIGEST_BYTES]; /* or their first bytes, where more were published */
};

/* The first two: RFC 7914, section 11 (first 32 of 64 bytes). The others: the inputs of RFC 6070, section 2,
 * with SHA-256, as published at stackoverflow.com/a/5136918 and computed anew with OpenSSL 3.0. */
static const struct known answers[] = {
    {"passwd", 6, "salt", 4, 1, {0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f, 0xec, 0x16, 0x91,
                                 0xc2, 0x25, 0x44, 0xb6, 0x05, 0xf9, 0x41, 0x85, 0x21, 0x6d, 0xde,
                                 0x04, 0x65, 0xe6, 0x8b, 0x9d, 0x57, 0xc2, 0x0d, 0xac, 0xbc}},
    {"Password", 8, "NaCl", 4, 80000, {0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21, 0x83, 0x0c, 0xee,
                                       0x5e, 0xf2, 0x27, 0x01, 0xf9, 0x64, 0x1a, 0x44, 0x18, 0xd0, 0x4c,
                                       0x04, 0x14, 0xae, 0xff, 0x08, 0x87, 0x6b, 0x34, 0xab, 0x56}},
    {"password", 8, "salt", 4, 2, {0xae, 0x4d, 0x0c, 0x95, 0xaf, 0x6b, 0x46, 0xd3, 0x2d, 0x0a, 0xdf,
                                   0xf9, 0x28, 0xf0, 0x6d, 0xd0, 0x2a, 0x30, 0x3f, 0x8e, 0xf3, 0xc2,
                                   0x51, 0xdf, 0xd6, 0xe2, 0xd8, 0x5a, 0x95, 0x47, 0x4c, 0x43}},
    {"passwordPASSWORDpassword",
     24,
     "saltSALTsaltSALTsaltSALTsaltSALTsalt",
     36,
     4096,
     {0x34, 0x8c, 0x89, 0xdb, 0xcb, 0xd3, 0x2b, 0x2f, 0x32, 0xd8, 0x14, 0xb8, 0x11, 0x6e, 0x84, 0xcf,
      0x2b, 0x17, 0x34, 0x7e, 0xbc, 0x18, 0x00, 0x18, 0x1c, 0x4e, 0x2a, 0x1f, 0xb8, 0xdd, 0x53, 0xe1}},
    {"pass\0word", 9, "sa\0lt", 5, 4096, {0x89, 0xb6, 0x9d, 0x05, 0x16, 0xf8, 0x29, 0x89, 0x3c, 0x69, 0x62,
                                          0x26, 0x65, 0x0a, 0x86, 0x87, 0x8c, 0x02, 0x9a, 0xc1, 0x3e, 0xe2,
                                          0x76, 0x50, 0x9d, 0x5a, 0xe5, 0x8b, 0x64, 0x66, 0xa7, 0x24}},
};

TEST("the derivation gives the published answers of RFC 7914 and those of RFC 6070's inputs")
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct known *known = &answers[i];
        uint8_t digest[FG_PIN_DIGEST_BYTES];

        CHECK_OK(fg_pin_derive(known->secret, known->secret_length, known->salt, known->salt_length,
                               known->rounds, digest, &error),
                 &error);
        CHECK_BYTES(digest, known->digest, sizeof(digest));
    }
}

/* PIN 246810, salt a0 a1 ... af, 20000 rounds; computed with Python 3.11's hashlib.pbkdf2_hmac. */
static struct fg_operator known_operator(void)
{
    static const uint8_t digest[] = {0xbd, 0x51, 0x6d, 0xba, 0xa1, 0x8a, 0x64, 0xf3, 0xf5, 0x2d, 0x7f,
                                     0x34, 0xf8, 0x42, 0x2c, 0x20, 0x4d, 0x0d, 0xf5, 0x62, 0x22, 0x0e,
                                     0x23, 0xe6, 0x84, 0xd4, 0xda, 0x44, 0x2e, 0xe9, 0xe2, 0xee};
    struct fg_operator known = {.id = "op-wang", .pin_rounds = 20000};

    for (size_t i = 0; i < FG_PIN_SALT_BYTES; i++)
        known.pin_salt[i] = (uint8_t)(0xa0 + i);
    memcpy(known.pin_digest, digest, sizeof(digest));
    return known;
}

TEST("a digest that another program made is fitted by its PIN and by no other")
{
    struct fg_operator known = known_operator();

    CHECK(fg_pin_fits(&known, "246810"));
    CHECK(!fg_pin_fits(&known, "246811"));
    CHECK(!fg_pin_fits(&known, "2468100"));
    CHECK(!fg_pin_fits(&known, "0246810"));
    known.pin_digest[31] ^= 1;
    CHECK(!fg_pin_fits(&known, "246810"));
    known = known_operator();
    known.pin_salt[0] ^= 1;
    CHECK(!fg_pin_fits(&known, "246810"));
    known = known_operator();
    known.pin_rounds--;
    CHECK(!fg_pin_fits(&known, "246810"));
}

TEST("a PIN that is set fits, with a salt of its own each time")
{
    struct fg_operator first = {.id = "op-wang", .certificate_end_day = 7};
    struct fg_operator second = {0};

    CHECK_OK(fg_pin_set(&first, "123456", &error), &error);
    CHECK_OK(fg_pin_set(&second, "123456", &error), &error);
    CHECK_INT(first.pin_rounds, FG_PIN_ROUNDS);
    CHECK(memcmp(first.pin_salt, second.pin_salt, FG_PIN_SALT_BYTES) != 0);
    CHECK(memcmp(first.pin_digest, second.pin_digest, FG_PIN_DIGEST_BYTES) != 0);
    CHECK(fg_pin_fits(&first, "123456"));
    CHECK(!fg_pin_fits(&first, "123457"));
    CHECK_TEXT(first.id, "op-wang");
    CHECK_INT(first.certificate_end_day, 7);
    CHECK_OK(fg_pin_set(&first, "999999999999", &error), &error);
    CHECK(fg_pin_fits(&first, "999999999999"));
    CHECK(!fg_pin_fits(&first, "9999999999990"));
    CHECK(!fg_pin_fits(&first, "123456"));
}

TEST("BAD-INPUT-IS-SAFE: what is no PIN is not set, and changes nothing")
{
    static const char *const bad[] = {"",        "12345",   "1234567890123", "12345a",
                                      "123 456", "-123456", "１２３４５６",  "123456\n"};
    struct fg_operator person = known_operator();
    struct fg_operator before = person;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(fg_pin_set(&person, bad[i], &error), FG_E_FORMAT);
        CHECK_HAS(error.text, "6 to 12 decimal digits");
        CHECK(!fg_pin_fits(&person, bad[i]));
    }
    CHECK_BYTES(&person, &before, sizeof(before));
}

/* Who writes a digest of a text that is no PIN into a list must not open a way around the keypad's rules. */
TEST("a text that is no PIN never fits, even where its digest stands")
{
    struct fg_operator person = known_operator();

    CHECK_OK(fg_pin_derive("wang", 4, person.pin_salt, FG_PIN_SALT_BYTES, 1000, person.pin_digest, &error),
             &error);
    person.pin_rounds = 1000;
    CHECK(!fg_pin_fits(&person, "wang"));
    CHECK_OK(fg_pin_derive("1234567890123", 13, person.pin_salt, FG_PIN_SALT_BYTES, 1000, person.pin_digest,
                           &error),
             &error);
    CHECK(!fg_pin_fits(&person, "1234567890123"));
    CHECK_OK(fg_pin_derive("123456", 6, person.pin_salt, FG_PIN_SALT_BYTES, 1000, person.pin_digest, &error),
             &error);
    CHECK(fg_pin_fits(&person, "123456"));
}

TEST("an operator without a PIN, or with more rounds than are allowed, is fitted by none")
{
    struct fg_operator person = known_operator();
    uint8_t digest[FG_PIN_DIGEST_BYTES] = {0};

    person.pin_rounds = 0;
    CHECK(!fg_pin_fits(&person, "246810"));
    person.pin_rounds = FG_PIN_ROUNDS_MAX + 1;
    CHECK(!fg_pin_fits(&person, "246810"));
    CHECK_INT(fg_pin_derive("246810", 6, "salt", 4, FG_PIN_ROUNDS_MAX + 1, digest, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "200001 rounds");
    CHECK_INT(fg_pin_derive("246810", 6, "salt", 4, 0, digest, &error), FG_E_RANGE);
    CHECK_INT(digest[0], 0);
}
