/* Rosters: what is signed comes back, and everything else is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/key/roster.h"
#include "tests/lib/check.h"

struct bench {
    struct fg_private_key key;
    struct fg_private_key other;
    struct fg_roster roster;
    struct fg_roster read;
    uint8_t bytes[FG_ROSTER_BYTES_MAX];
    size_t length;
    struct fg_error error;
};

static void device_add(struct bench *bench, const char *id, int64_t suspended_ms)
{
    struct fg_roster_device *device = &bench->roster.devices[bench->roster.count++];

    (void)strcpy(device->id, id);
    (void)strcpy(device->list_id, "city");
    device->tls_key = bench->key.public_key;
    device->device_key = bench->other.public_key;
    device->suspended_ms = suspended_ms;
}

static struct bench *bench_open(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench != NULL);
    CHECK_OK(fg_private_key_new(&bench->key, &bench->error), &bench->error);
    CHECK_OK(fg_private_key_new(&bench->other, &bench->error), &bench->error);
    (void)strcpy(bench->roster.station, "S1");
    bench->roster.version = 7;
    bench->roster.issued_ms = 1795392000000;
    device_add(bench, "ctl-1", 0);
    device_add(bench, "ctl-2", 1795392000001);
    return bench;
}

static enum fg_err sign(struct bench *bench)
{
    return fg_roster_sign(&bench->roster, &bench->key, bench->bytes, sizeof(bench->bytes), &bench->length,
                          &bench->error);
}

static enum fg_err verify(struct bench *bench, const struct fg_public_key *key)
{
    return fg_roster_verify(bench->bytes, bench->length, key, 1, &bench->read, &bench->error);
}

TEST("a roster says whom the bureau vouches for, with which keys, and who is suspended since when")
{
    struct bench *bench = bench_open();
    const struct fg_roster_device *device;

    CHECK_OK(sign(bench), &bench->error);
    CHECK_OK(verify(bench, &bench->key.public_key), &bench->error);
    CHECK_TEXT(bench->read.station, "S1");
    CHECK_INT(bench->read.version, 7);
    device = fg_roster_find(&bench->read, "ctl-2");
    CHECK(device != NULL);
    CHECK_INT(device->suspended_ms, 1795392000001);
    CHECK_TEXT(device->list_id, "city");
    CHECK_BYTES(device->tls_key.point, bench->key.public_key.point, FG_POINT_BYTES);
    CHECK_BYTES(device->device_key.point, bench->other.public_key.point, FG_POINT_BYTES);
    CHECK(fg_roster_find(&bench->read, "ctl-3") == NULL);
    free(bench);
}

TEST("BAD-INPUT-IS-SAFE: a roster of another key, of another purpose, or with any bit turned is refused")
{
    struct bench *bench = bench_open();
    struct fg_signature signature;

    CHECK_OK(sign(bench), &bench->error);
    CHECK_INT(verify(bench, &bench->other.public_key), FG_E_AUTH);
    for (size_t at = 0; at < bench->length; at += 5) {
        bench->bytes[at] ^= 1;
        CHECK_INT(verify(bench, &bench->key.public_key), FG_E_AUTH);
        bench->bytes[at] ^= 1;
    }
    CHECK_OK(fg_sign(&bench->key, FG_PURPOSE_RECEIPT, bench->bytes + FG_ROSTER_SIGNED_AT,
                     bench->length - FG_ROSTER_SIGNED_AT, &signature, &bench->error),
             &bench->error);
    memcpy(bench->bytes + sizeof(struct fg_key_id), signature.bytes, FG_SIGNATURE_BYTES);
    CHECK_INT(verify(bench, &bench->key.public_key), FG_E_AUTH);
    bench->length = FG_ROSTER_SIGNED_AT;
    CHECK_INT(verify(bench, &bench->key.public_key), FG_E_SIZE);
    free(bench);
}

TEST("a roster that names nobody in order, a device twice, or a name that is none is not signed")
{
    struct bench *bench = bench_open();

    bench->roster.version = 0;
    CHECK_INT(sign(bench), FG_E_RANGE);
    bench->roster.version = 7;
    (void)strcpy(bench->roster.devices[1].id, "ctl-1");
    CHECK_INT(sign(bench), FG_E_RANGE);
    (void)strcpy(bench->roster.devices[1].id, "ctl-0");
    CHECK_INT(sign(bench), FG_E_RANGE);
    (void)strcpy(bench->roster.devices[1].id, "ctl/2");
    CHECK_INT(sign(bench), FG_E_RANGE);
    (void)strcpy(bench->roster.devices[1].id, "ctl-2");
    bench->roster.station[0] = '\0';
    CHECK_INT(sign(bench), FG_E_RANGE);
    free(bench);
}

TEST("the largest roster fits, and its digest is that of whom it names, not of its version")
{
    struct bench *bench = bench_open();
    struct fg_digest before;
    struct fg_digest after;
    char id[FG_NAME_MAX + 1];

    bench->roster.count = 0;
    for (int i = 0; i < FG_ROSTER_DEVICES_MAX; i++) {
        (void)snprintf(id, sizeof(id), "controller-%03u-with-a-long-nam", (unsigned)i % 1000);
        device_add(bench, id, INT64_MAX);
    }
    CHECK_OK(sign(bench), &bench->error);
    CHECK_OK(verify(bench, &bench->key.public_key), &bench->error);
    CHECK_INT(bench->read.count, FG_ROSTER_DEVICES_MAX);
    CHECK_OK(fg_roster_digest(&bench->roster, &before, &bench->error), &bench->error);
    bench->roster.version = 8;
    bench->roster.issued_ms++;
    CHECK_OK(fg_roster_digest(&bench->roster, &after, &bench->error), &bench->error);
    CHECK_BYTES(after.bytes, before.bytes, sizeof(after.bytes));
    bench->roster.devices[3].suspended_ms = 0;
    CHECK_OK(fg_roster_digest(&bench->roster, &after, &bench->error), &bench->error);
    CHECK(memcmp(after.bytes, before.bytes, sizeof(after.bytes)) != 0);
    free(bench);
}

TEST("a roster's names, version and times are held to their bounds")
{
    struct bench *bench = bench_open();
    char name[FG_NAME_MAX + 2];

    memset(name, 'n', sizeof(name));
    name[FG_NAME_MAX] = '\0';
    bench->roster.version = INT64_MAX;
    bench->roster.issued_ms = 0;
    (void)strcpy(bench->roster.station, name);
    (void)strcpy(bench->roster.devices[1].id, name);
    (void)strcpy(bench->roster.devices[1].list_id, name);
    bench->roster.devices[0].list_id[0] = '\0';
    CHECK_OK(sign(bench), &bench->error);
    CHECK_OK(verify(bench, &bench->key.public_key), &bench->error);
    CHECK_TEXT(bench->read.devices[1].list_id, name);
    CHECK_TEXT(bench->read.devices[0].list_id, "");
    CHECK_INT(bench->read.issued_ms, 0);
    bench->roster.version = (uint64_t)INT64_MAX + 1;
    CHECK_INT(sign(bench), FG_E_RANGE);
    bench->roster.version = 1;
    bench->roster.issued_ms = -1;
    CHECK_INT(sign(bench), FG_E_RANGE);
    bench->roster.issued_ms = 1;
    bench->roster.devices[1].suspended_ms = -1;
    CHECK_INT(sign(bench), FG_E_RANGE);
    CHECK_HAS(bench->error.text, "device 2 is not well formed");
    bench->roster.devices[1].suspended_ms = 0;
    (void)strcpy(bench->roster.devices[0].list_id, "a b");
    CHECK_INT(sign(bench), FG_E_RANGE);
    CHECK_HAS(bench->error.text, "device 1 is not well formed");
    bench->roster.devices[0].list_id[0] = '\0';
    bench->roster.count = FG_ROSTER_DEVICES_MAX + 1;
    CHECK_INT(sign(bench), FG_E_RANGE);
    CHECK_HAS(bench->error.text, "more than");
    bench->roster.count = 0;
    CHECK_OK(sign(bench), &bench->error);
    CHECK_OK(verify(bench, &bench->key.public_key), &bench->error);
    CHECK_INT(bench->read.count, 0);
    free(bench);
}

TEST("a roster is written into what just holds it, and any of the keys that sign receipts may have signed it")
{
    struct bench *bench = bench_open();
    struct fg_public_key keys[2];
    size_t whole;

    keys[0] = bench->other.public_key;
    keys[1] = bench->key.public_key;
    CHECK_OK(sign(bench), &bench->error);
    whole = bench->length;
    CHECK_OK(fg_roster_sign(&bench->roster, &bench->key, bench->bytes, whole, &bench->length, &bench->error),
             &bench->error);
    CHECK_INT(bench->length, whole);
    CHECK_INT(
        fg_roster_sign(&bench->roster, &bench->key, bench->bytes, whole - 1, &bench->length, &bench->error),
        FG_E_SIZE);
    CHECK_INT(fg_roster_sign(&bench->roster, &bench->key, bench->bytes, FG_ROSTER_SIGNED_AT - 1,
                             &bench->length, &bench->error),
              FG_E_SIZE);
    CHECK_HAS(bench->error.text, "too few");
    CHECK_OK(sign(bench), &bench->error);
    CHECK_OK(fg_roster_verify(bench->bytes, bench->length, keys, 2, &bench->read, &bench->error),
             &bench->error);
    CHECK_INT(fg_roster_verify(bench->bytes, bench->length, keys, 1, &bench->read, &bench->error), FG_E_AUTH);
    CHECK_INT(fg_roster_verify(bench->bytes, bench->length, keys, 0, &bench->read, &bench->error), FG_E_AUTH);
    CHECK_INT(fg_roster_verify(bench->bytes, FG_ROSTER_BYTES_MAX + 1, keys, 2, &bench->read, &bench->error),
              FG_E_SIZE);
    CHECK_INT(fg_roster_verify(bench->bytes, FG_ROSTER_SIGNED_AT + 1, keys, 2, &bench->read, &bench->error),
              FG_E_AUTH);
    free(bench);
}
