/* Signed heads of the trail: their bytes, and whose signature holds. */
#include <string.h>

#include "proto/journal/trail_head.h"
#include "tests/lib/check.h"

#define AT_MS INT64_C(1795392000123)

static struct fg_error error;

static void key_make(struct fg_private_key *key)
{
    CHECK_OK(fg_private_key_from_scalar((const uint8_t *)"fillgate heads' fuzzing key 0001", key, &error),
             &error);
}

static struct fg_trail_statement made(const struct fg_private_key *key)
{
    struct fg_trail_head head = {.number = 0x0102030405060708};
    struct fg_trail_statement statement;

    memset(head.hash.bytes, 0xAB, sizeof(head.hash.bytes));
    CHECK_OK(fg_trail_statement_sign(&head, AT_MS, key, &statement, &error), &error);
    return statement;
}

TEST("a signed head comes back from its bytes: key, signature, number, time, hash, in this order")
{
    struct fg_private_key key;
    struct fg_trail_statement statement;
    struct fg_trail_statement back;
    uint8_t bytes[FG_TRAIL_STATEMENT_BYTES];
    const uint8_t tail[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x01, 0xA2, 0x05, 0xB3, 0xD0, 0x7B, 0xAB, 0xAB};

    key_make(&key);
    statement = made(&key);
    fg_trail_statement_encode(&statement, bytes);
    CHECK_BYTES(bytes, key.public_key.id.bytes, FG_KEY_ID_BYTES);
    CHECK_BYTES(bytes + 8, statement.signature.bytes, FG_SIGNATURE_BYTES);
    CHECK_BYTES(bytes + 72, tail, sizeof(tail));
    CHECK_OK(fg_trail_statement_decode(bytes, sizeof(bytes), &back, &error), &error);
    CHECK_INT(back.at_ms, AT_MS);
    CHECK(fg_trail_head_equal(&back.head, &statement.head));
    CHECK_OK(fg_trail_statement_verify(&back, &key.public_key, 1, &error), &error);
}

TEST("a head of a changed number, time or hash is not what was signed; another key's is not known")
{
    struct fg_private_key key;
    struct fg_private_key other;
    struct fg_public_key keys[2];
    struct fg_trail_statement statement;

    key_make(&key);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    keys[0] = other.public_key;
    keys[1] = key.public_key;
    statement = made(&key);
    CHECK_OK(fg_trail_statement_verify(&statement, keys, 2, &error), &error);
    CHECK_INT(fg_trail_statement_verify(&statement, keys, 1, &error), FG_E_NOT_FOUND);
    statement.head.number++;
    CHECK_INT(fg_trail_statement_verify(&statement, keys, 2, &error), FG_E_AUTH);
    statement = made(&key);
    statement.at_ms++;
    CHECK_INT(fg_trail_statement_verify(&statement, keys, 2, &error), FG_E_AUTH);
    statement = made(&key);
    statement.head.hash.bytes[31] ^= 1;
    CHECK_INT(fg_trail_statement_verify(&statement, keys, 2, &error), FG_E_AUTH);
}

TEST("BAD-INPUT-IS-SAFE: a head of another length, of no number or of an impossible one or time is refused")
{
    struct fg_private_key key;
    struct fg_trail_statement statement;
    struct fg_trail_statement back;
    uint8_t bytes[FG_TRAIL_STATEMENT_BYTES + 1] = {0};

    key_make(&key);
    statement = made(&key);
    fg_trail_statement_encode(&statement, bytes);
    CHECK_INT(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES - 1, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES + 1, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_trail_statement_decode(bytes, 0, &back, &error), FG_E_FORMAT);
    memset(bytes + 72, 0, 8);
    CHECK_INT(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES, &back, &error), FG_E_FORMAT);
    bytes[72] = 0x80;
    CHECK_INT(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES, &back, &error), FG_E_FORMAT);
    bytes[72] = 0x7F;
    CHECK_OK(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES, &back, &error), &error);
    bytes[80] = 0x80;
    CHECK_INT(fg_trail_statement_decode(bytes, FG_TRAIL_STATEMENT_BYTES, &back, &error), FG_E_FORMAT);
}

TEST("a head as text has its number and its hash")
{
    struct fg_trail_head head = {.number = UINT64_MAX};
    char text[FG_TRAIL_HEAD_TEXT_BYTES];

    head.hash.bytes[0] = 0x0F;
    head.hash.bytes[31] = 0xF0;
    fg_trail_head_text(&head, text);
    CHECK_TEXT(text, "18446744073709551615:0f000000000000000000000000000000000000000000000000000000000000f0");
}
