/* The simulated wire: bytes are through when the baud rate lets them, and not before. */
#include <string.h>

#include "boards/sim/wire.h"
#include "tests/lib/check.h"

static struct fg_wire wire;
static uint8_t got[FG_WIRE_BYTES_MAX];

static void fresh(uint32_t baud)
{
    memset(&wire, 0, sizeof(wire));
    fg_wire_set_baud(&wire, baud);
}

TEST("without a rate, bytes are through at once")
{
    fresh(0);
    CHECK_INT(fg_wire_put(&wire, (const uint8_t *)"abc", 3, 1000), 3);
    CHECK_INT(fg_wire_due_ns(&wire), 1000);
    CHECK_INT(fg_wire_take(&wire, got, 1000), 3);
    CHECK_BYTES(got, "abc", 3);
    CHECK_INT(fg_wire_due_ns(&wire), 0);
}

TEST("at 10000 baud a byte of ten bits takes a millisecond")
{
    fresh(10000);
    CHECK_INT(fg_wire_put(&wire, (const uint8_t *)"abcd", 4, 5000), 4);
    CHECK_INT(fg_wire_due_ns(&wire), 5000 + 4000000);
    CHECK_INT(fg_wire_take(&wire, got, 5000 + 3999999), 0);
    CHECK_INT(fg_wire_take(&wire, got, 5000 + 4000000), 4);
    CHECK_BYTES(got, "abcd", 4);
}

TEST("a byte waits until the one before it is through")
{
    fresh(10000);
    (void)fg_wire_put(&wire, (const uint8_t *)"a", 1, 0);
    (void)fg_wire_put(&wire, (const uint8_t *)"b", 1, 500000);
    CHECK_INT(fg_wire_due_ns(&wire), 2000000);
    CHECK_INT(fg_wire_take(&wire, got, 9000000), 2);
    (void)fg_wire_put(&wire, (const uint8_t *)"c", 1, 9000000);
    CHECK_INT(fg_wire_due_ns(&wire), 10000000);
}

TEST("what does not fit is lost, and nothing else")
{
    static uint8_t much[FG_WIRE_BYTES_MAX + 5];

    fresh(115200);
    CHECK_INT(fg_wire_put(&wire, much, sizeof(much), 0), FG_WIRE_BYTES_MAX);
    CHECK_INT(fg_wire_put(&wire, much, 1, 0), 0);
    CHECK_INT(fg_wire_take(&wire, got, INT64_MAX), FG_WIRE_BYTES_MAX);
}

TEST("an adapter that keeps bytes back hands them over when its time is over, also when nothing is put "
     "meanwhile")
{
    static struct fg_wire slow;
    uint8_t bytes[FG_WIRE_BYTES_MAX];

    slow.delay_ns = 16000;
    CHECK_INT(fg_wire_put(&slow, (const uint8_t *)"abc", 3, 1000), 3);
    CHECK_INT(fg_wire_due_ns(&slow), 17000);
    CHECK_INT(fg_wire_put(&slow, NULL, 0, 9000), 0);
    CHECK_INT(fg_wire_take(&slow, bytes, 16999), 0);
    CHECK_INT(fg_wire_take(&slow, bytes, 17000), 3);
    CHECK_INT(fg_wire_due_ns(&slow), 0);
}
