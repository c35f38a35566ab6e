/* The bureau's fast signatures give what the ones of proto give, for good and for bad. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/journal/gnutls_signature.h"
#include "tests/lib/check.h"

#define ROUNDS 40

static struct fg_error error;

static void head_make(unsigned number, struct fg_head *ret_head)
{
    memset(ret_head, 0, sizeof(*ret_head));
    (void)snprintf(ret_head->controller, sizeof(ret_head->controller), "ctl-%u", number);
    ret_head->sequence = (uint64_t)number * 1000003;
    fg_sha256(&number, sizeof(number), &ret_head->hash);
}

/* Both say the same of the signature. */
static void same(const struct fg_head *head, const struct fg_signature *signature,
                 const struct fg_public_key *key, enum fg_err expected)
{
    CHECK_INT(fg_head_verify(head, signature, key, NULL), expected);
    CHECK_INT(fg_gnutls_head_verify(head, signature, key, &error), expected);
}

TEST("heads verify as they do in proto, with any key, and not when anything differs")
{
    for (unsigned i = 1; i <= ROUNDS; i++) {
        struct fg_private_key key;
        struct fg_private_key other;
        struct fg_head head;
        struct fg_signature signature;
        struct fg_signature bad;

        CHECK_OK(fg_private_key_new(&key, &error), &error);
        CHECK_OK(fg_private_key_new(&other, &error), &error);
        head_make(i, &head);
        CHECK_OK(fg_head_sign(&head, &key, &signature, &error), &error);
        same(&head, &signature, &key.public_key, FG_OK);
        same(&head, &signature, &other.public_key, FG_E_AUTH);
        bad = signature;
        bad.bytes[i % FG_SIGNATURE_BYTES] ^= (uint8_t)(1U << (i % 8));
        same(&head, &bad, &key.public_key, FG_E_AUTH);
        head.sequence++;
        same(&head, &signature, &key.public_key, FG_E_AUTH);
    }
}

TEST("malformed numbers and points are false signatures: 0, the order, all ones, off the curve")
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                      0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    struct fg_private_key key;
    struct fg_public_key off;
    struct fg_signature signature;
    struct fg_signature bad;
    struct fg_head head;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    head_make(7, &head);
    CHECK_OK(fg_head_sign(&head, &key, &signature, &error), &error);
    for (size_t half = 0; half < 2; half++) {
        bad = signature;
        memset(bad.bytes + half * 32, 0, 32);
        same(&head, &bad, &key.public_key, FG_E_AUTH);
        memset(bad.bytes + half * 32, 0xff, 32);
        same(&head, &bad, &key.public_key, FG_E_AUTH);
        memcpy(bad.bytes + half * 32, order, 32);
        same(&head, &bad, &key.public_key, FG_E_AUTH);
    }
    memset(&bad, 0, sizeof(bad));
    same(&head, &bad, &key.public_key, FG_E_AUTH);
    off = key.public_key;
    off.point[64] ^= 1;
    same(&head, &signature, &off, FG_E_AUTH);
    memset(off.point + 1, 0, 64);
    same(&head, &signature, &off, FG_E_AUTH);
}

TEST("receipts are signed with the very bytes that proto gives")
{
    for (unsigned i = 1; i <= ROUNDS; i++) {
        struct fg_private_key key;
        struct fg_head head;
        struct fg_receipt receipt = {.next_sequence = i};
        struct fg_signature slow;
        struct fg_signature fast;

        CHECK_OK(fg_private_key_new(&key, &error), &error);
        head_make(i, &head);
        memcpy(receipt.controller, head.controller, sizeof(receipt.controller));
        receipt.head = head.hash;
        CHECK_OK(fg_receipt_sign(&receipt, &key, &slow, &error), &error);
        CHECK_OK(fg_gnutls_receipt_sign(&receipt, &key, &fast, &error), &error);
        CHECK_BYTES(fast.bytes, slow.bytes, FG_SIGNATURE_BYTES);
    }
}

TEST("a statement without a controller is refused before anything is signed")
{
    struct fg_private_key key;
    struct fg_receipt receipt = {.next_sequence = 1};
    struct fg_signature signature;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_INT(fg_gnutls_receipt_sign(&receipt, &key, &signature, &error), FG_E_RANGE);
}
