/* The entry codec: what goes in comes out, one byte string per entry, and bad bytes get an error. */
#include <string.h>

#include "proto/journal/entry.h"
#include "tests/lib/check.h"

static struct fg_error error;

static void fill_text(char *text, size_t size, char with)
{
    memset(text, with, size - 1);
    text[size - 1] = '\0';
}

/* Every field at its largest. */
static struct fg_entry largest_entry(void)
{
    struct fg_entry entry;

    memset(&entry, 0xff, sizeof(entry));
    fill_text(entry.controller, sizeof(entry.controller), 'c');
    fill_text(entry.list_id, sizeof(entry.list_id), 'l');
    fill_text(entry.operator_id, sizeof(entry.operator_id), 'o');
    fill_text(entry.second_person, sizeof(entry.second_person), 's');
    fill_text(entry.row.code.text, sizeof(entry.row.code.text), 'C');
    fill_text(entry.row.owner, sizeof(entry.row.owner), 'w');
    fill_text(entry.row.plate, sizeof(entry.row.plate), 'p');
    fill_text(entry.failing_code.text, sizeof(entry.failing_code.text), 'f');
    fill_text(entry.text, sizeof(entry.text), 't');
    for (size_t i = 0; i < FG_VEHICLE_OTHERS_MAX; i++)
        fill_text(entry.row.others[i].text, sizeof(entry.row.others[i].text), 'v');
    entry.kind = FG_ENTRY_REFUSED;
    entry.clock_quality = FG_CLOCK_SYNCHRONISED;
    entry.uid.length = FG_UID_MAX;
    entry.row.uid.length = FG_UID_MAX;
    entry.row.other_count = FG_VEHICLE_OTHERS_MAX;
    entry.row.first_fill_pending = true;
    entry.reasons.count = FG_REASONS_MAX;
    entry.post_check_failed = true;
    entry.operator_in = true;
    entry.wall_ms = INT64_MIN;
    entry.quantity_g = INT64_MAX;
    return entry;
}

static struct fg_entry smallest_entry(void)
{
    struct fg_entry entry;

    memset(&entry, 0, sizeof(entry));
    memcpy(entry.controller, "a", 2);
    entry.sequence = 1;
    entry.kind = FG_ENTRY_BOOT;
    entry.clock_quality = FG_CLOCK_UNKNOWN;
    return entry;
}

TEST("the largest entry survives the way there and back, byte for byte")
{
    struct fg_entry entry = largest_entry();
    struct fg_entry back;
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    uint8_t again[FG_ENTRY_BYTES_MAX];
    size_t length = 0;
    size_t again_length = 0;

    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_entry_decode(bytes, length, &back, &error), &error);
    CHECK_INT(back.wall_ms, INT64_MIN);
    CHECK_INT(back.quantity_g, INT64_MAX);
    CHECK_TEXT(back.row.others[6].text, entry.row.others[6].text);
    CHECK_OK(fg_entry_encode(&back, again, sizeof(again), &again_length, &error), &error);
    CHECK_INT(again_length, length);
    CHECK_BYTES(again, bytes, length);
    CHECK_INT(fg_entry_encode(&entry, bytes, length - 1, &length, &error), FG_E_SIZE);
}

TEST("bytes behind a text's end never reach the wire")
{
    static const uint8_t expected[] = {0x0a, 0x01, 'a', 0x10, 0x01, 0x20, 0x01, 0x38, 'U'};
    struct fg_entry entry = smallest_entry();
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    memcpy(entry.controller + 2, "secret", 6);
    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(length, sizeof(expected));
    CHECK_BYTES(bytes, expected, sizeof(expected));
}

TEST("impossible values are refused by name")
{
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;
    struct fg_entry entry = smallest_entry();

    entry.kind = 8;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "kind 8");
    entry = smallest_entry();
    entry.sequence = 0;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    entry.clock_quality = 'X';
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    entry.reasons.count = FG_REASONS_MAX + 1;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    memcpy(entry.operator_id, "\xed\xa0\x80", 4); /* a surrogate */
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "operator_id");
    entry = smallest_entry();
    entry.controller[0] = '\0';
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    memset(entry.text, 'x', sizeof(entry.text));
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    memcpy(entry.text, "\xe5\x85\x85 \xc3\xa9 \xf0\x9f\x94\xa5", 12);
    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
}

TEST("repeats and what was pruned survive the way there and back")
{
    struct fg_entry entry = smallest_entry();
    struct fg_entry back;
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    entry.kind = FG_ENTRY_EVENT;
    CHECK_INT(fg_entry_occurrences(&entry), 1);
    entry.repeat_count = 86400;
    entry.repeat_first_wall_ms = INT64_C(1790000000000);
    entry.repeat_last_wall_ms = -5;
    entry.pruned_sequence = 77;
    memset(entry.pruned_hash.bytes, 0xab, sizeof(entry.pruned_hash.bytes));
    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_entry_decode(bytes, length, &back, &error), &error);
    CHECK_INT(fg_entry_occurrences(&back), 86400);
    CHECK_INT(back.repeat_first_wall_ms, INT64_C(1790000000000));
    CHECK_INT(back.repeat_last_wall_ms, -5);
    CHECK_INT(back.pruned_sequence, 77);
    CHECK_BYTES(back.pruned_hash.bytes, entry.pruned_hash.bytes, sizeof(entry.pruned_hash.bytes));
}

TEST("ONE-END: an entry of a fill or of a start never stands for repeats")
{
    static const uint8_t alone[] = {FG_ENTRY_BOOT, FG_ENTRY_AUTHORISED, FG_ENTRY_ENDED};
    static const uint8_t repeated[] = {FG_ENTRY_LIST, FG_ENTRY_OPERATOR, FG_ENTRY_REFUSED, FG_ENTRY_EVENT};
    struct fg_entry entry = smallest_entry();
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    entry.repeat_count = 2;
    for (size_t i = 0; i < sizeof(alone); i++) {
        entry.kind = alone[i];
        CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
        CHECK_HAS(error.text, "repeats");
    }
    for (size_t i = 0; i < sizeof(repeated); i++) {
        entry.kind = repeated[i];
        CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    }
}

TEST("BAD-INPUT-IS-SAFE: a pruned sequence without its hash, or the reverse, is refused")
{
    static const uint8_t number_only[] = {0x0a, 0x01, 'a', 0x10, 0x01, 0x20,
                                          0x07, 0x38, 'U', 0xa8, 0x02, 0x09};
    static const uint8_t hash_only[] = {0x0a, 0x01, 'a',  0x10, 0x01, 0x20, 0x07,
                                        0x38, 'U',  0xb2, 0x02, 0x02, 0xab, 0xcd};
    struct fg_entry back;

    CHECK_INT(fg_entry_decode(number_only, sizeof(number_only), &back, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "pruned_hash");
    CHECK_INT(fg_entry_decode(hash_only, sizeof(hash_only), &back, &error), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: every cut of an entry is an error or an entry, and too long is refused")
{
    struct fg_entry entry = largest_entry();
    struct fg_entry back;
    uint8_t bytes[FG_ENTRY_BYTES_MAX + 1] = {0};
    size_t length = 0;

    CHECK_OK(fg_entry_encode(&entry, bytes, FG_ENTRY_BYTES_MAX, &length, &error), &error);
    for (size_t cut = 0; cut < length; cut++) {
        enum fg_err code = fg_entry_decode(bytes, cut, &back, &error);

        CHECK(code == FG_OK || code == FG_E_FORMAT || code == FG_E_RANGE);
    }
    CHECK_INT(fg_entry_decode(bytes, FG_ENTRY_BYTES_MAX + 1, &back, &error), FG_E_SIZE);
    CHECK_INT(fg_entry_decode((const uint8_t *)"\xff\xff", 2, &back, &error), FG_E_FORMAT);
}

TEST("a field that a newer controller adds is skipped")
{
    static const uint8_t bytes[] = {0x0a, 0x01, 'a', 0x10, 0x01, 0x20, 0x01, 0x38, 'U', 0xc0, 0x3e, 0x05};
    struct fg_entry back;

    CHECK_OK(fg_entry_decode(bytes, sizeof(bytes), &back, &error), &error);
    CHECK_INT(back.kind, FG_ENTRY_BOOT);
}

TEST("how the persons of an entry were proven survives the way there and back, also what a later controller "
     "adds")
{
    struct fg_entry entry = smallest_entry();
    struct fg_entry back;
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    for (unsigned proof = FG_PERSON_PROOF_NONE; proof <= FG_PERSON_PROOF_PIN + 1; proof++) {
        entry.operator_proof = (uint8_t)proof;
        entry.second_proof = (uint8_t)(FG_PERSON_PROOF_PIN + 1 - proof);
        CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
        CHECK_OK(fg_entry_decode(bytes, length, &back, &error), &error);
        CHECK_INT(back.operator_proof, entry.operator_proof);
        CHECK_INT(back.second_proof, entry.second_proof);
    }
}

static enum fg_err with_operator(const char *id)
{
    struct fg_entry entry = smallest_entry();
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    (void)strncpy(entry.operator_id, id, sizeof(entry.operator_id) - 1);
    return fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error);
}

TEST("BAD-INPUT-IS-SAFE: a text is UTF-8 to the edges of every length, and nothing else is")
{
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",     "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xc2\xc0",
                                      "\xe0\x9f\xbf",
                                      "\xe0",
                                      "\xe1\x80",
                                      "\xe1\x41\x80",
                                      "\xe1\x80\x41",
                                      "\xed\xa0\x80",
                                      "\xef\xc0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf1\x80\x80",
                                      "\xf1\x80\x80\x41",
                                      "\xf1\x80\x41\x80",
                                      "\xf1\x41\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xef\xbf\xbf\x80"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_INT(with_operator(good[i]), FG_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(with_operator(bad[i]), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: a count beyond its array is refused, each of them")
{
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;
    struct fg_entry entry = smallest_entry();

    entry.uid.length = FG_UID_MAX + 1;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    entry.row.uid.length = FG_UID_MAX + 1;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    entry = smallest_entry();
    entry.row.other_count = FG_VEHICLE_OTHERS_MAX + 1;
    CHECK_INT(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
}

/* One field of an otherwise empty row, and whether the row came back. */
#define ROW_KEEPS(member, value)                                                                             \
    do {                                                                                                     \
        struct fg_entry one = smallest_entry();                                                              \
        struct fg_entry back;                                                                                \
        uint8_t bytes[FG_ENTRY_BYTES_MAX];                                                                   \
        size_t length = 0;                                                                                   \
                                                                                                             \
        one.row.member = (value);                                                                            \
        CHECK_OK(fg_entry_encode(&one, bytes, sizeof(bytes), &length, &error), &error);                      \
        CHECK_OK(fg_entry_decode(bytes, length, &back, &error), &error);                                     \
        CHECK_INT(back.row.member, (value));                                                                 \
    } while (0)

TEST("a row with a single field is a row, whichever field it is")
{
    ROW_KEEPS(code.text[0], 'C');
    ROW_KEEPS(uid.length, 4);
    ROW_KEEPS(state, FG_CYLINDER_LOST);
    ROW_KEEPS(medium, FG_MEDIUM_LPG);
    ROW_KEEPS(first_fill_pending, true);
    ROW_KEEPS(nominal_pressure_kpa, 20000U);
    ROW_KEEPS(water_capacity_dl, 700U);
    ROW_KEEPS(tare_g, 58000U);
    ROW_KEEPS(maximum_fill_g, 12000U);
    ROW_KEEPS(inspection_due_day, 20000);
    ROW_KEEPS(end_of_life_day, 20001);
    ROW_KEEPS(owner[0], 'o');
    ROW_KEEPS(plate[0], 'p');
    ROW_KEEPS(other_count, 1);
}
