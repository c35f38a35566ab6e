/* The mark of pruning: signed, canonical, and never without a receipt that covers what went. */
#include <string.h>

#include "proto/journal/mark.h"
#include "tests/lib/check.h"

static struct fg_error error;
static struct fg_private_key device;
static struct fg_private_key bureau;

static struct fg_mark mark_make(void)
{
    struct fg_mark mark = {.controller = "point-1",
                           .sequence = 8,
                           .pruned_wall_ms = INT64_C(1790000000000),
                           .receipt = {.controller = "point-1", .next_sequence = 9}};

    if (device.public_key.point[0] == 0) {
        CHECK_OK(fg_private_key_new(&device, &error), &error);
        CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    }
    memset(mark.hash.bytes, 0x5a, sizeof(mark.hash.bytes));
    mark.receipt.head = mark.hash;
    CHECK_OK(fg_receipt_sign(&mark.receipt, &bureau, &mark.receipt_signature, &error), &error);
    return mark;
}

TEST("a mark survives the way there and back, and holds for the device's key alone")
{
    struct fg_mark mark = mark_make();
    struct fg_mark back;
    struct fg_signature signature;
    struct fg_signature back_signature;
    uint8_t bytes[FG_MARK_BYTES_MAX];
    size_t length = 0;

    mark.kept = (struct fg_fill_kept){true, true, true, true, UINT32_MAX, INT64_MIN};
    CHECK_OK(fg_mark_sign(&mark, &device, &signature, &error), &error);
    CHECK_OK(fg_mark_encode(&mark, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_mark_decode(bytes, length, &back, &back_signature, &error), &error);
    CHECK_TEXT(back.controller, "point-1");
    CHECK_INT(back.sequence, 8);
    CHECK_INT(back.pruned_wall_ms, INT64_C(1790000000000));
    CHECK(back.kept.locked_out && back.kept.alarm_flow && back.kept.alarm_valve);
    CHECK(back.kept.inventory_known);
    CHECK_INT(back.kept.zero_fills, UINT32_MAX);
    CHECK_INT(back.kept.inventory_g, INT64_MIN);
    CHECK_OK(fg_mark_verify(&back, &back_signature, &device.public_key, &error), &error);
    back.kept.locked_out = false; /* whoever edits the mark unlocks no point */
    CHECK_INT(fg_mark_verify(&back, &back_signature, &device.public_key, &error), FG_E_AUTH);
    back.kept.locked_out = true;
    CHECK_OK(fg_receipt_verify(&back.receipt, &back.receipt_signature, &bureau.public_key, &error), &error);
    CHECK_INT(fg_mark_verify(&back, &back_signature, &bureau.public_key, &error), FG_E_AUTH);
    back.sequence = 7;
    CHECK_INT(fg_mark_verify(&back, &back_signature, &device.public_key, &error), FG_E_AUTH);
    CHECK_INT(fg_mark_encode(&mark, &signature, bytes, length - 1, &length, &error), FG_E_SIZE);
}

TEST("NO-LOSS: no mark is signed for entries that its receipt does not cover")
{
    struct fg_mark mark = mark_make();
    struct fg_signature signature;

    mark.receipt.next_sequence = 8;
    CHECK_INT(fg_mark_sign(&mark, &device, &signature, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "ends before entry 8");
    mark.receipt.next_sequence = 10;
    CHECK_OK(fg_mark_sign(&mark, &device, &signature, &error), &error);
    mark.receipt.next_sequence = 9;
    mark.hash.bytes[0] ^= 1;
    CHECK_INT(fg_mark_sign(&mark, &device, &signature, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "another hash");
    mark = mark_make();
    mark.receipt.controller[0] = 'q';
    CHECK_INT(fg_mark_sign(&mark, &device, &signature, &error), FG_E_RANGE);
    mark = mark_make();
    mark.sequence = 0;
    CHECK_INT(fg_mark_sign(&mark, &device, &signature, &error), FG_E_RANGE);
    mark = mark_make();
    mark.controller[0] = '\0';
    CHECK_INT(fg_mark_sign(&mark, &device, &signature, &error), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: every cut and every flipped bit of a mark is an error or does not verify")
{
    struct fg_mark mark = mark_make();
    struct fg_mark back;
    struct fg_signature signature;
    struct fg_signature back_signature;
    uint8_t bytes[FG_MARK_BYTES_MAX + 1] = {0};
    size_t length = 0;

    CHECK_OK(fg_mark_sign(&mark, &device, &signature, &error), &error);
    CHECK_OK(fg_mark_encode(&mark, &signature, bytes, FG_MARK_BYTES_MAX, &length, &error), &error);
    for (size_t cut = 0; cut < length; cut++)
        CHECK(fg_mark_decode(bytes, cut, &back, &back_signature, &error) != FG_OK);
    for (size_t at = 0; at < length; at++) {
        bytes[at] ^= 0x04;
        CHECK(fg_mark_decode(bytes, length, &back, &back_signature, &error) != FG_OK ||
              fg_mark_verify(&back, &back_signature, &device.public_key, &error) != FG_OK);
        bytes[at] ^= 0x04;
    }
    CHECK_INT(fg_mark_decode(bytes, FG_MARK_BYTES_MAX + 1, &back, &back_signature, &error), FG_E_SIZE);
}
