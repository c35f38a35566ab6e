/* The chain and its two signed statements. */
#include <string.h>

#include "proto/journal/chain.h"
#include "tests/lib/check.h"

static struct fg_error error;

TEST("the chain starts with the controller's id and follows bytes under a prefix")
{
    struct fg_digest start;
    struct fg_digest next;
    struct fg_digest expected;
    uint8_t message[1 + FG_DIGEST_BYTES + 3] = {0x02};

    fg_chain_start("point-1", &start);
    fg_sha256("fillgate chain v1point-1", 24, &expected);
    CHECK_BYTES(start.bytes, expected.bytes, FG_DIGEST_BYTES);
    memcpy(message + 1, start.bytes, FG_DIGEST_BYTES);
    memcpy(message + 1 + FG_DIGEST_BYTES, "abc", 3);
    fg_sha256(message, sizeof(message), &expected);
    fg_chain_next(&start, (const uint8_t *)"abc", 3, &next);
    CHECK_BYTES(next.bytes, expected.bytes, FG_DIGEST_BYTES);
    fg_chain_next(&start, (const uint8_t *)"abc", 3, &start);
    CHECK_BYTES(start.bytes, expected.bytes, FG_DIGEST_BYTES);
}

TEST("TAMPER-SHOWS: a head verifies only as it was signed, and never as a receipt")
{
    struct fg_head head = {.controller = "point-1", .sequence = 7};
    struct fg_receipt receipt = {.controller = "point-1", .next_sequence = 7};
    struct fg_private_key key;
    struct fg_signature signature;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_head_sign(&head, &key, &signature, &error), &error);
    CHECK_OK(fg_head_verify(&head, &signature, &key.public_key, &error), &error);
    CHECK_INT(fg_receipt_verify(&receipt, &signature, &key.public_key, &error), FG_E_AUTH);
    head.sequence = 8;
    CHECK_INT(fg_head_verify(&head, &signature, &key.public_key, &error), FG_E_AUTH);
    head.sequence = 7;
    head.hash.bytes[31] = 1;
    CHECK_INT(fg_head_verify(&head, &signature, &key.public_key, &error), FG_E_AUTH);
}

TEST("a receipt travels there and back")
{
    struct fg_receipt receipt = {.controller = "point-1", .next_sequence = 100};
    struct fg_receipt back;
    struct fg_private_key key;
    struct fg_signature signature;
    struct fg_signature back_signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    memset(receipt.head.bytes, 0x5a, sizeof(receipt.head.bytes));
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_receipt_sign(&receipt, &key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_receipt_decode(bytes, length, &back, &back_signature, &error), &error);
    CHECK_OK(fg_receipt_verify(&back, &back_signature, &key.public_key, &error), &error);
    CHECK_INT(back.next_sequence, 100);
    for (size_t cut = 0; cut < length; cut++)
        CHECK(fg_receipt_decode(bytes, cut, &back, &back_signature, &error) != FG_OK);
    CHECK_INT(fg_receipt_encode(&receipt, &signature, bytes, length - 1, &length, &error), FG_E_SIZE);
}

TEST("a statement without a controller or with a receipt's number 0 is refused")
{
    struct fg_head head = {.sequence = 1};
    struct fg_receipt receipt = {.controller = "a", .next_sequence = 0};
    struct fg_signature signature = {{0}};
    uint8_t bytes[FG_STATEMENT_BYTES_MAX + 1] = {0};
    size_t length = 0;

    CHECK_INT(fg_head_encode(&head, &signature, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fg_receipt_decode(bytes, length, &receipt, &signature, &error), FG_E_RANGE);
    CHECK_INT(fg_head_decode(bytes, sizeof(bytes), &head, &signature, &error), FG_E_SIZE);
}

TEST("TAMPER-SHOWS: a statement whose fields come in another order says the same and is refused")
{
    struct fg_receipt receipt = {.controller = "point-1", .next_sequence = 100};
    struct fg_signature signature = {{7}};
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    uint8_t other[FG_STATEMENT_BYTES_MAX];
    size_t name = 2 + strlen(receipt.controller); /* field 1 */
    size_t number = 2;                            /* field 2: below 128 */
    size_t length = 0;

    memset(receipt.head.bytes, 0x5a, sizeof(receipt.head.bytes));
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    memcpy(other, bytes, length);
    CHECK_INT(bytes[2], 0x0a);
    CHECK_INT(bytes[2 + name], 0x10);
    memcpy(other + 2, bytes + 2 + name, number);
    memcpy(other + 2 + number, bytes + 2, name);
    CHECK_OK(fg_receipt_decode(bytes, length, &receipt, &signature, &error), &error);
    CHECK_INT(fg_receipt_decode(other, length, &receipt, &signature, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "canonical");
}
