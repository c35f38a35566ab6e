/* Key rings: rotation with old and new keys, and everything that must not replace a ring. */
#include <pb_encode.h>
#include <string.h>

#include "proto/key/keyring.h"
#include "proto/key/keyring.pb.h"
#include "tests/lib/check.h"

struct bench {
    struct fg_private_key old_list;
    struct fg_private_key new_list;
    struct fg_private_key tag;
    struct fg_private_key stranger;
    struct fg_keyring in_force;
    struct fg_keyring next;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length;
};

static void bench_fill(struct bench *bench)
{
    struct fg_error error;

    memset(bench, 0, sizeof(*bench));
    CHECK_OK(fg_private_key_new(&bench->old_list, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->new_list, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->tag, &error), &error);
    CHECK_OK(fg_private_key_new(&bench->stranger, &error), &error);
    bench->in_force = (struct fg_keyring){.version = 1, .key_count = 2};
    bench->in_force.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, bench->old_list.public_key};
    bench->in_force.keys[1] = (struct fg_keyring_key){FG_KEYRING_TAG, bench->tag.public_key};
    bench->next = (struct fg_keyring){.version = 2, .issued_ms = 1795392000000, .key_count = 2};
    bench->next.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, bench->new_list.public_key};
    bench->next.keys[1] = (struct fg_keyring_key){FG_KEYRING_TAG, bench->tag.public_key};
}

static void next_encode(struct bench *bench)
{
    struct fg_error error;

    CHECK_OK(fg_keyring_encode(&bench->next, bench->bytes, sizeof(bench->bytes), &bench->length, &error),
             &error);
}

static void next_sign(struct bench *bench, const struct fg_private_key *key)
{
    struct fg_error error;

    CHECK_OK(fg_keyring_sign(bench->bytes, bench->length, key, bench->bytes, sizeof(bench->bytes),
                             &bench->length, &error),
             &error);
}

static enum fg_err next_verify(struct bench *bench, struct fg_keyring *ret_ring, struct fg_error *error)
{
    return fg_keyring_verify(bench->bytes, bench->length, &bench->in_force, ret_ring, error);
}

TEST("TUF rule: a ring signed by old and new keys replaces the one before")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_public_key keys[4];
    struct fg_error error;

    bench_fill(&bench);
    next_encode(&bench);
    next_sign(&bench, &bench.old_list);
    next_sign(&bench, &bench.new_list);
    CHECK_OK(next_verify(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, 2);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_LIST, keys, 4), 1);
    CHECK_BYTES(keys[0].point, bench.new_list.public_key.point, FG_POINT_BYTES);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_TAG, keys, 4), 1);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_RECEIPT, keys, 4), 0);
}

TEST("TUF rule: a ring without a signature of an old list key is refused, whoever else signed")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    next_encode(&bench);
    next_sign(&bench, &bench.new_list);
    next_sign(&bench, &bench.tag);
    next_sign(&bench, &bench.stranger);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "no list key that is in force");
}

TEST("TUF rule: a new key that has not signed is refused")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    next_encode(&bench);
    next_sign(&bench, &bench.old_list);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "new key 1");
}

TEST("TUF rule: a ring that is not newer is refused")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    bench.next.version = 1;
    next_encode(&bench);
    next_sign(&bench, &bench.old_list);
    next_sign(&bench, &bench.new_list);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_OLD);
}

TEST("TAMPER-SHOWS: any byte of a ring file changed is refused")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;
    size_t taken = 0;

    bench_fill(&bench);
    next_encode(&bench);
    next_sign(&bench, &bench.old_list);
    next_sign(&bench, &bench.new_list);
    for (size_t i = 0; i < bench.length; i++) {
        bench.bytes[i] ^= 0x10;
        taken += next_verify(&bench, &ring, &error) == FG_OK;
        bench.bytes[i] ^= 0x10;
    }
    CHECK_INT(taken, 0);
}

TEST("BAD-INPUT-IS-SAFE: a ring without list keys, with an unknown purpose or signed twice by one key is "
     "refused")
{
    struct bench bench;
    struct fg_error error;

    bench_fill(&bench);
    bench.next.keys[0].purpose = FG_KEYRING_TAG;
    CHECK_INT(fg_keyring_encode(&bench.next, bench.bytes, sizeof(bench.bytes), &bench.length, &error),
              FG_E_RANGE);
    bench.next.keys[0].purpose = 9;
    CHECK_INT(fg_keyring_encode(&bench.next, bench.bytes, sizeof(bench.bytes), &bench.length, &error),
              FG_E_RANGE);
    bench.next.keys[0].purpose = FG_KEYRING_LIST;
    next_encode(&bench);
    next_sign(&bench, &bench.old_list);
    CHECK_INT(fg_keyring_sign(bench.bytes, bench.length, &bench.old_list, bench.bytes, sizeof(bench.bytes),
                              &bench.length, &error),
              FG_E_EXISTS);
}

/* A ring whose bytes say what no ring of ours says, signed by old and new keys all the same. */
static void strange_sign(struct bench *bench, uint64_t version, uint32_t purpose)
{
    FgKeyring ring = FgKeyring_init_zero;
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    pb_ostream_t inner = pb_ostream_from_buffer(envelope.ring.bytes, sizeof(envelope.ring.bytes));
    pb_ostream_t outer = pb_ostream_from_buffer(bench->bytes, sizeof(bench->bytes));

    ring.version = version;
    ring.keys_count = 2;
    for (size_t i = 0; i < 2; i++) {
        ring.keys[i].purpose = i == 0 ? FG_KEYRING_LIST : purpose;
        ring.keys[i].point.size = FG_POINT_BYTES;
        memcpy(ring.keys[i].point.bytes,
               i == 0 ? bench->old_list.public_key.point : bench->new_list.public_key.point, FG_POINT_BYTES);
    }
    CHECK(pb_encode(&inner, FgKeyring_fields, &ring));
    envelope.ring.size = (pb_size_t)inner.bytes_written;
    CHECK(pb_encode(&outer, FgSignedKeyring_fields, &envelope));
    bench->length = outer.bytes_written;
    next_sign(bench, &bench->old_list);
    next_sign(bench, &bench->new_list);
}

TEST("LIST-IS-SIGNED: a version that is none, or a purpose beyond a byte, is refused though all have signed")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    strange_sign(&bench, 2, FG_KEYRING_LIST);
    CHECK_OK(next_verify(&bench, &ring, &error), &error);
    strange_sign(&bench, 2, 256 + FG_KEYRING_LIST);
    CHECK(next_verify(&bench, &ring, &error) != FG_OK);
    strange_sign(&bench, (uint64_t)INT64_MAX, FG_KEYRING_LIST);
    CHECK_OK(next_verify(&bench, &ring, &error), &error);
    strange_sign(&bench, (uint64_t)INT64_MAX + 1, FG_KEYRING_LIST);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_RANGE);
    bench.in_force.version = 0; /* as the ring of enrolment */
    strange_sign(&bench, 0, FG_KEYRING_LIST);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_RANGE);
}

TEST("a ring of as many keys and signatures as there may be is read, one of more is refused")
{
    struct bench bench;
    struct fg_private_key keys[FG_KEYRING_SIGNATURES_MAX + 1];
    struct fg_keyring ring;
    struct fg_public_key found[FG_KEYRING_KEYS_MAX];
    struct fg_error error;
    uint8_t kept[FG_KEYRING_BYTES_MAX];
    size_t signatures = 99;
    size_t length = 0;

    bench_fill(&bench);
    bench.next.version = INT64_MAX;
    bench.next.key_count = FG_KEYRING_KEYS_MAX;
    for (size_t i = 2; i < FG_KEYRING_KEYS_MAX; i++)
        bench.next.keys[i] = (struct fg_keyring_key){FG_KEYRING_RECEIPT, bench.tag.public_key};
    next_encode(&bench);
    for (size_t i = 0; i <= FG_KEYRING_SIGNATURES_MAX; i++)
        CHECK_OK(fg_private_key_new(&keys[i], &error), &error);
    for (size_t i = 0; i < FG_KEYRING_SIGNATURES_MAX; i++)
        next_sign(&bench, &keys[i]);
    CHECK_INT(fg_keyring_sign(bench.bytes, bench.length, &keys[FG_KEYRING_SIGNATURES_MAX], kept, sizeof(kept),
                              &length, &error),
              FG_E_SIZE);
    CHECK_HAS(error.text, "it has 16 signatures already");
    CHECK_OK(fg_keyring_decode(bench.bytes, bench.length, &ring, &signatures, &error), &error);
    CHECK_INT(signatures, FG_KEYRING_SIGNATURES_MAX);
    CHECK_INT(ring.key_count, FG_KEYRING_KEYS_MAX);
    CHECK_INT(ring.version, INT64_MAX);
    CHECK_INT(ring.issued_ms, 1795392000000);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_RECEIPT, found, FG_KEYRING_KEYS_MAX),
              FG_KEYRING_KEYS_MAX - 2);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_RECEIPT, found, 3), 3);
    CHECK_OK(fg_keyring_decode(bench.bytes, bench.length, &ring, NULL, &error), &error);
    bench.next.key_count++;
    CHECK_INT(fg_keyring_encode(&bench.next, kept, sizeof(kept), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "more than");
    bench.next.key_count = 0;
    CHECK_INT(fg_keyring_encode(&bench.next, kept, sizeof(kept), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "without a list key");
    bench.next.key_count = 1;
    bench.next.keys[0].purpose = 0;
    CHECK_INT(fg_keyring_encode(&bench.next, kept, sizeof(kept), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "key 1 has the unknown purpose 0");
    bench.next.keys[0].purpose = FG_KEYRING_RECEIPT + 1;
    CHECK_INT(fg_keyring_encode(&bench.next, kept, sizeof(kept), &length, &error), FG_E_RANGE);
}

TEST(
    "BAD-INPUT-IS-SAFE: a ring file that is too long, empty or cut is no ring, and none is written too small")
{
    static uint8_t bytes[FG_KEYRING_BYTES_MAX + 1];
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;
    size_t length = 0;

    bench_fill(&bench);
    next_encode(&bench);
    CHECK_INT(fg_keyring_encode(&bench.next, bytes, bench.length - 1, &length, &error), FG_E_SIZE);
    CHECK_OK(fg_keyring_encode(&bench.next, bytes, bench.length, &length, &error), &error);
    next_sign(&bench, &bench.old_list);
    CHECK_INT(fg_keyring_decode(bytes, sizeof(bytes), &ring, NULL, &error), FG_E_SIZE);
    CHECK_INT(fg_keyring_decode(bytes, 0, &ring, NULL, &error), FG_E_FORMAT);
    CHECK_INT(fg_keyring_decode(bench.bytes, bench.length - 1, &ring, NULL, &error), FG_E_FORMAT);
    memcpy(bytes, bench.bytes, bench.length);
    bytes[bench.length - FG_SIGNATURE_BYTES - 1]--; /* a signature of 63 bytes, which comes last */
    bytes[bench.length - FG_SIGNATURE_BYTES - 1 - 1 - FG_KEY_ID_BYTES - 2]--;
    CHECK(fg_keyring_decode(bytes, bench.length - 1, &ring, NULL, &error) != FG_OK);
}

TEST("TUF rule: a signature of any old list key is enough, and a new key proves itself whatever it is for")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    bench.in_force.key_count = 3;
    bench.in_force.keys[2] = (struct fg_keyring_key){FG_KEYRING_LIST, bench.stranger.public_key};
    next_encode(&bench);
    next_sign(&bench, &bench.stranger);
    next_sign(&bench, &bench.new_list);
    CHECK_OK(next_verify(&bench, &ring, &error), &error);
    bench.next.key_count = 3;
    CHECK_OK(fg_private_key_new(&bench.tag, &error), &error);
    bench.next.keys[2] = (struct fg_keyring_key){FG_KEYRING_RECEIPT, bench.tag.public_key};
    next_encode(&bench);
    next_sign(&bench, &bench.stranger);
    next_sign(&bench, &bench.new_list);
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "new key 3");
    next_sign(&bench, &bench.tag);
    CHECK_OK(next_verify(&bench, &ring, &error), &error);
}

TEST("BAD-INPUT-IS-SAFE: bytes that are no ring are neither signed nor believed")
{
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;
    pb_ostream_t stream;

    bench_fill(&bench);
    envelope.ring.size = 3;
    memset(envelope.ring.bytes, 0xFF, 3);
    stream = pb_ostream_from_buffer(bench.bytes, sizeof(bench.bytes));
    CHECK(pb_encode(&stream, FgSignedKeyring_fields, &envelope));
    bench.length = stream.bytes_written;
    CHECK_INT(next_verify(&bench, &ring, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not a key ring");
}
