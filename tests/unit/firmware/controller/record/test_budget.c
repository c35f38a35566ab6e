/* The budget of causes: what is written at once, what is counted, and that nothing is lost between. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/record/budget.h"
#include "tests/lib/check.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define WALL_MS INT64_C(1790000000000)

static struct fg_budget budget;

/* What a run wrote. */
struct run {
    uint32_t entries;
    uint64_t occurrences; /* that these entries stand for */
    struct fg_entry last;
};

static struct fg_entry refused(uint8_t reason, const uint8_t *uid, uint8_t uid_length)
{
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED, .reasons = {1, {reason}}};

    entry.uid.length = uid_length;
    memcpy(entry.uid.bytes, uid, uid_length);
    return entry;
}

static struct fg_entry refused_number(uint32_t number)
{
    const uint8_t uid[7] = {
        4, 0, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

    return refused(FG_REASON_NOT_LISTED, uid, sizeof(uid));
}

static struct fg_entry event_of(enum fg_event_kind event, const char *text)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = (uint8_t)event};

    (void)snprintf(entry.text, sizeof(entry.text), "%s", text);
    return entry;
}

static void take(struct run *run, const struct fg_entry *entry)
{
    run->entries++;
    run->occurrences += fg_entry_occurrences(entry);
    run->last = *entry;
}

static void due_write(struct run *run, int64_t mono_ms)
{
    struct fg_entry entry;
    unsigned place = 0;

    while (fg_budget_due(&budget, mono_ms, &entry, &place)) {
        take(run, &entry);
        fg_budget_written(&budget, place);
    }
}

static enum fg_budget_verdict offer(struct run *run, struct fg_entry entry, int64_t mono_ms)
{
    enum fg_budget_verdict verdict;

    due_write(run, mono_ms);
    entry.wall_ms = WALL_MS + mono_ms;
    verdict = fg_budget_offer(&budget, &entry, mono_ms);
    if (verdict == FG_BUDGET_WRITE)
        take(run, &entry);
    return verdict;
}

TEST("the first three of one cause are written at once, the next ones as one with first, last and how many")
{
    struct fg_entry entry = refused_number(1);
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(offer(&run, entry, i * 100), FG_BUDGET_WRITE);
    for (int i = 3; i < 10; i++)
        CHECK_INT(offer(&run, entry, i * 100), FG_BUDGET_COUNTED);
    CHECK_INT(run.entries, 3);
    due_write(&run, 300 + 10 * SECOND_MS - 1);
    CHECK_INT(run.entries, 3);
    due_write(&run, 300 + 10 * SECOND_MS);
    CHECK_INT(run.entries, 4);
    CHECK_INT(run.last.repeat_count, 7);
    CHECK_INT(run.last.repeat_first_wall_ms, WALL_MS + 300);
    CHECK_INT(run.last.repeat_last_wall_ms, WALL_MS + 900);
    CHECK_INT(run.occurrences, 10);
}

TEST("windows grow to an hour while a cause goes on, and a cause that was quiet is a new one")
{
    struct fg_entry entry = refused_number(1);
    struct run run = {0};
    int64_t mono_ms = 0;

    fg_budget_start(&budget, 0);
    for (; mono_ms < DAY_MS; mono_ms += SECOND_MS)
        (void)offer(&run, entry, mono_ms);
    CHECK(run.entries >= 24 + 3);
    CHECK(run.entries <= 24 + 3 + 6);
    due_write(&run, mono_ms + HOUR_MS);
    CHECK_INT(run.occurrences, DAY_MS / SECOND_MS);
    CHECK_INT(offer(&run, entry, mono_ms + 3 * HOUR_MS), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, entry, mono_ms + 3 * HOUR_MS), FG_BUDGET_WRITE);
}

TEST("two tags by turns are two causes, each counted on its own")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int64_t i = 0; i < 3600; i++)
        (void)offer(&run, refused_number((uint32_t)(i % 2)), i * SECOND_MS);
    CHECK(run.entries <= 20);
    due_write(&run, 3 * HOUR_MS);
    CHECK_INT(run.occurrences, 3600);
}

TEST("eight causes of a kind are told apart at one time, the ninth is among various")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (uint32_t cause = 1; cause <= FG_BUDGET_CAUSES; cause++) {
        for (int i = 0; i < 4; i++)
            CHECK_INT(offer(&run, refused_number(cause), 0),
                      cause < FG_BUDGET_CAUSES && i < 3 ? FG_BUDGET_WRITE : FG_BUDGET_COUNTED);
    }
    CHECK_INT(run.entries, 24);
    due_write(&run, 10 * SECOND_MS);
    CHECK_INT(run.entries, 24 + 8);
    CHECK_INT(run.occurrences, 8 * 4);
    due_write(&run, 600 * SECOND_MS);
    CHECK_INT(run.occurrences, 9 * 4);
    CHECK_HAS(run.last.text, "various");
}

TEST("random UIDs are one cause, whatever they are")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (uint32_t i = 0; i < 24 * 3600; i++) {
        const uint8_t uid[4] = {0x08, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

        (void)offer(&run, refused(FG_REASON_TAG_FORMAT, uid, 4), (int64_t)i * 1000 / 24);
    }
    CHECK(run.entries <= 12);
    due_write(&run, 3 * HOUR_MS);
    CHECK_INT(run.occurrences, 24 * 3600);
}

TEST("a UID of 4 bytes that begins with 08 is random, no other is")
{
    const struct fg_uid random = {4, {0x08, 1, 2, 3}};
    const struct fg_uid fixed = {4, {0x09, 1, 2, 3}};
    const struct fg_uid seven = {7, {0x08, 1, 2, 3, 4, 5, 6}};

    CHECK(fg_uid_is_random(&random));
    CHECK(!fg_uid_is_random(&fixed));
    CHECK(!fg_uid_is_random(&seven));
}

TEST("a stream of ever other causes is bounded by its kind's store, and every one of them is counted")
{
    struct run run = {0};
    uint32_t count = 10 * 24 * 3600;

    fg_budget_start(&budget, 0);
    for (uint32_t i = 0; i < count; i++)
        (void)offer(&run, refused_number(i), (int64_t)i * 1000);
    due_write(&run, (int64_t)count * 1000 + 3 * HOUR_MS);
    printf("    %u refusals of as many tags in 10 days: %u entries\n", count, run.entries);
    CHECK(run.entries <= 100 + 10 * (480 + 30));
    CHECK_INT(run.occurrences, count);
    CHECK_HAS(run.last.text, "various");
}

TEST("a device that flaps does not use up the budget of refusals, nor that of grave events")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int64_t i = 0; i < 3600 * 10; i++) {
        char text[FG_TEXT_MAX + 1];

        (void)snprintf(text, sizeof(text), "device-%d: time-out %d", (int)(i % 40), (int)i);
        (void)offer(&run, event_of(i % 2 == 0 ? FG_EVENT_DEVICE_FAULT : FG_EVENT_DEVICE_BACK, text), i * 100);
    }
    CHECK(run.entries < 80);
    CHECK_INT(offer(&run, refused_number(1), HOUR_MS), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, event_of(FG_EVENT_FLOW_WITHOUT_AUTHORITY, ""), HOUR_MS), FG_BUDGET_WRITE);
}

TEST("LOG-BEFORE-OPEN, ONE-END: fills, starts and lists have no budget")
{
    static const uint8_t kinds[] = {FG_ENTRY_BOOT, FG_ENTRY_LIST, FG_ENTRY_AUTHORISED, FG_ENTRY_ENDED};
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (size_t i = 0; i < sizeof(kinds) * 500; i++) {
        struct fg_entry entry = {.kind = kinds[i % sizeof(kinds)]};

        CHECK_INT(offer(&run, entry, 0), FG_BUDGET_WRITE);
        CHECK(!fg_budget_count(&budget, &entry, 0));
    }
    CHECK_INT(offer(&run, event_of(FG_EVENT_SHUTDOWN, ""), 0), FG_BUDGET_WRITE);
}

TEST("what could not be written is counted and comes again; a count that fails is postponed, not lost")
{
    struct fg_entry entry = refused_number(1);
    struct run run = {0};
    unsigned place = 0;

    fg_budget_start(&budget, 0);
    CHECK_INT(fg_budget_offer(&budget, &entry, 0), FG_BUDGET_WRITE);
    CHECK(fg_budget_count(&budget, &entry, 0));
    CHECK(fg_budget_due(&budget, 10 * SECOND_MS, &entry, &place));
    fg_budget_postpone(&budget, place, 10 * SECOND_MS);
    CHECK(!fg_budget_due(&budget, 60 * SECOND_MS, &entry, &place));
    due_write(&run, 70 * SECOND_MS);
    CHECK_INT(run.entries, 1);
    CHECK_INT(run.last.repeat_count, 1);
}

TEST("at the end everything that was counted is due")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (uint32_t i = 0; i < 500; i++)
        (void)offer(&run, refused_number(i), 0);
    fg_budget_flush(&budget, 1);
    due_write(&run, 1);
    CHECK_INT(run.occurrences, 500);
}

TEST("with little room left a store refills more slowly")
{
    struct run plenty = {0};
    struct run scarce = {0};

    for (int pressed = 0; pressed < 2; pressed++) {
        fg_budget_start(&budget, 0);
        fg_budget_press(&budget, pressed == 1);
        for (uint32_t i = 0; i < 24 * 3600; i++)
            (void)offer(pressed ? &scarce : &plenty, refused_number(i), (int64_t)i * 1000);
    }
    CHECK(scarce.entries < plenty.entries / 2);
}

TEST("BAD-INPUT-IS-SAFE: 'various' never cuts a character in two")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (uint32_t i = 0; i < 400; i++) {
        struct fg_entry entry = refused_number(i);

        for (size_t at = 0; at + 3 < sizeof(entry.text); at += 3)
            memcpy(entry.text + at, "\xe5\x85\x85", 4);
        (void)offer(&run, entry, 0);
    }
    fg_budget_flush(&budget, 1);
    due_write(&run, 1);
    CHECK_HAS(run.last.text, "various, the last: ");
    CHECK((strlen(run.last.text) - strlen("various, the last: ")) % 3 == 0);
}

TEST("scans that were accepted and left are told one by one, as far as people do it")
{
    struct run run = {0};
    const uint8_t uid[7] = {4};

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 60; i++)
        CHECK_INT(offer(&run, refused(FG_REASON_PRE_CHECK_LEFT, uid, 7), i * SECOND_MS), FG_BUDGET_WRITE);
    for (int i = 60; i < 4 * 3600; i++)
        (void)offer(&run, refused(FG_REASON_PRE_CHECK_LEFT, uid, 7), i * SECOND_MS);
    CHECK(run.entries < 200);
}

TEST("FAIL-CLOSED: the first alarm after each fill is written at once, for a restart reads it back")
{
    const struct fg_entry authorised = {.kind = FG_ENTRY_AUTHORISED};
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 200; i++) {
        CHECK_INT(offer(&run, event_of(FG_EVENT_FLOW_WITHOUT_AUTHORITY, ""), i * SECOND_MS),
                  i <= 4 || i % 2 == 1 ? FG_BUDGET_WRITE : FG_BUDGET_COUNTED);
        if (i % 2 == 0)
            CHECK_INT(offer(&run, authorised, i * SECOND_MS), FG_BUDGET_WRITE);
    }
    CHECK_INT(offer(&run, event_of(FG_EVENT_LOCK_OUT, ""), 0), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, event_of(FG_EVENT_LOCK_OUT_CLEARED, ""), 0), FG_BUDGET_WRITE);
}

TEST("each kind has its own store: so many entries, one back in so many minutes, so many of a cause at once")
{
    const uint8_t uid[4] = {4, 1, 2, 3};
    const struct {
        struct fg_entry entry;
        uint32_t capacity;
        int64_t refill_min;
        uint32_t at_once;
    } kinds[] = {
        {refused(FG_REASON_TAG_FORMAT, uid, 4), 100, 3, 3},
        {refused(FG_REASON_TAG_SIGNATURE, uid, 4), 40, 6, 3},
        {refused(FG_REASON_PRE_CHECK_FAILED, uid, 4), 100, 3, 100},
        {event_of(FG_EVENT_DEVICE_FAULT, "meter"), 40, 6, 3},
        {event_of(FG_EVENT_READER_FAULT, ""), 20, 12, 3},
        {event_of(FG_EVENT_LIST_REFUSED, ""), 20, 12, 3},
        {{.kind = FG_ENTRY_OPERATOR}, 60, 6, 3},
        {event_of(FG_EVENT_EMERGENCY_STOP, ""), 40, 6, 3},
        {event_of(FG_EVENT_CLOCK_STEP, ""), 20, 12, 3},
        {event_of(FG_EVENT_BUS_SHARED, ""), 40, 6, 3},
        {event_of(FG_EVENT_JOURNAL_NEARLY_FULL, ""), 20, 12, 3},
    };

    CHECK_INT(sizeof(kinds) / sizeof(kinds[0]), FG_BUDGET_KINDS - 1);
    for (unsigned kind = 1; kind < FG_BUDGET_KINDS; kind++) {
        const struct fg_budget_store *store = &budget.stores[kind];
        const struct fg_entry *entry = &kinds[kind - 1].entry;
        uint32_t left = kinds[kind - 1].capacity - kinds[kind - 1].at_once;

        for (int64_t slower = 1; slower <= 8; slower += 7) {
            int64_t refill_ms = kinds[kind - 1].refill_min * 60 * SECOND_MS * slower;
            struct fg_entry due;
            unsigned place = 0;

            fg_budget_start(&budget, 0);
            fg_budget_press(&budget, slower > 1);
            CHECK_INT(fg_budget_kind_of(entry), kind);
            CHECK_INT(store->entries, kinds[kind - 1].capacity);
            for (uint32_t i = 0; i < kinds[kind - 1].at_once; i++)
                CHECK_INT(fg_budget_offer(&budget, entry, 0), FG_BUDGET_WRITE);
            CHECK_INT(fg_budget_offer(&budget, entry, 0), FG_BUDGET_COUNTED);
            CHECK_INT(store->entries, left);
            (void)fg_budget_due(&budget, refill_ms - 1, &due, &place);
            CHECK_INT(store->entries, left);
            (void)fg_budget_due(&budget, refill_ms, &due, &place);
            CHECK_INT(store->entries, left + 1);
        }
    }
}

TEST("each event has its kind, and what belongs to fills, to the end or to pruning has none")
{
    static const struct {
        enum fg_event_kind event;
        enum fg_budget_kind kind;
    } cases[] = {
        {FG_EVENT_SHUTDOWN, FG_BUDGET_NONE},
        {FG_EVENT_JOURNAL_PRUNED, FG_BUDGET_NONE},
        {FG_EVENT_LOCK_OUT, FG_BUDGET_NONE},
        {FG_EVENT_LOCK_OUT_CLEARED, FG_BUDGET_NONE},
        {FG_EVENT_DEVICE_FAULT, FG_BUDGET_DEVICE},
        {FG_EVENT_DEVICE_BACK, FG_BUDGET_DEVICE},
        {FG_EVENT_READER_FAULT, FG_BUDGET_READER},
        {FG_EVENT_READER_BACK, FG_BUDGET_READER},
        {FG_EVENT_LIST_REFUSED, FG_BUDGET_LIST},
        {FG_EVENT_BUREAU_TIME_AHEAD, FG_BUDGET_LIST},
        {FG_EVENT_SIGN_IN_BLOCKED, FG_BUDGET_OPERATOR},
        {FG_EVENT_EMERGENCY_STOP, FG_BUDGET_STOP},
        {FG_EVENT_CLOCK_STEP, FG_BUDGET_CLOCK},
        {FG_EVENT_VALVE_FAULT, FG_BUDGET_GRAVE},
        {FG_EVENT_LIST_TAMPERED, FG_BUDGET_GRAVE},
        {FG_EVENT_JOURNAL_NEARLY_FULL, FG_BUDGET_OTHER},
    };
    static const uint8_t left[] = {FG_REASON_PRE_CHECK_FAILED, FG_REASON_PRE_CHECK_TIMED_OUT,
                                   FG_REASON_PRE_CHECK_LEFT};
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fg_entry event = event_of(cases[i].event, "");

        CHECK_INT(fg_budget_kind_of(&event), cases[i].kind);
    }
    CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_REFUSED);
    for (size_t i = 0; i < sizeof(left); i++) {
        entry.reasons = (struct fg_reasons){1, {left[i]}};
        CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_ACCEPTED);
        entry.reasons.count = 0;
        CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_REFUSED);
        entry.reasons = (struct fg_reasons){2, {FG_REASON_TAG_FORMAT, left[i]}};
        CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_REFUSED);
    }
    entry.reasons = (struct fg_reasons){1, {FG_REASON_TAG_SIGNATURE}};
    CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_REFUSED_GRAVE);
    entry.reasons.count = 0;
    CHECK_INT(fg_budget_kind_of(&entry), FG_BUDGET_REFUSED);
}

static struct fg_entry plain_number(uint32_t number)
{
    const uint8_t uid[7] = {
        4, 0, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

    return refused(FG_REASON_TAG_FORMAT, uid, sizeof(uid));
}

/* Does b count as one more of a's cause? */
static bool is_one_cause(struct fg_entry a, struct fg_entry b)
{
    fg_budget_start(&budget, 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(fg_budget_offer(&budget, &a, 0), FG_BUDGET_WRITE);
    return fg_budget_offer(&budget, &b, 0) == FG_BUDGET_COUNTED;
}

TEST("a cause is a tag with its code and the first reason; an operator coming or going; a device; an event")
{
    const uint8_t random[4] = {0x08, 1, 2, 3};
    const uint8_t other_random[4] = {0x08, 9, 9, 9};
    struct fg_entry a = refused_number(1);
    struct fg_entry b = a;

    CHECK(is_one_cause(a, b));
    b.reasons = (struct fg_reasons){2, {FG_REASON_NOT_LISTED, FG_REASON_TOO_SOON}};
    CHECK(is_one_cause(a, b));
    b.reasons.reasons[0] = FG_REASON_LOST;
    CHECK(!is_one_cause(a, b));
    b = a;
    b.uid.bytes[6] = 2;
    CHECK(!is_one_cause(a, b));
    b = a;
    b.row.code.text[0] = 'x';
    CHECK(!is_one_cause(a, b));
    a = refused(FG_REASON_TAG_FORMAT, random, 4);
    b = refused(FG_REASON_TAG_FORMAT, other_random, 4);
    b.row.code.text[0] = 'x';
    CHECK(is_one_cause(a, b));
    a = b = (struct fg_entry){.kind = FG_ENTRY_OPERATOR, .operator_id = "zhao", .operator_in = true};
    CHECK(is_one_cause(a, b));
    b.operator_in = false;
    CHECK(!is_one_cause(a, b));
    b = a;
    b.operator_id[0] = 'Z';
    CHECK(!is_one_cause(a, b));
    CHECK(is_one_cause(event_of(FG_EVENT_DEVICE_FAULT, "meter: a"),
                       event_of(FG_EVENT_DEVICE_FAULT, "meter: b")));
    CHECK(!is_one_cause(event_of(FG_EVENT_DEVICE_FAULT, "meter: a"),
                        event_of(FG_EVENT_DEVICE_FAULT, "relay: a")));
    CHECK(!is_one_cause(event_of(FG_EVENT_DEVICE_FAULT, "meter"), event_of(FG_EVENT_DEVICE_BACK, "meter")));
    CHECK(!is_one_cause(event_of(FG_EVENT_DEVICE_BACK, "meter"), event_of(FG_EVENT_DEVICE_BACK, "relay")));
    CHECK(is_one_cause(event_of(FG_EVENT_LIST_REFUSED, "a"), event_of(FG_EVENT_LIST_REFUSED, "b")));
    CHECK(!is_one_cause(event_of(FG_EVENT_LIST_REFUSED, ""), event_of(FG_EVENT_BUREAU_TIME_AHEAD, "")));
}

TEST("of devices on a disturbed bus none is written at once, and only what begins with these words is such")
{
    struct run run = {0};

    fg_budget_start(&budget, 0);
    CHECK_INT(offer(&run, event_of(FG_EVENT_DEVICE_FAULT, "bus shared: meter: x"), 0), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, event_of(FG_EVENT_DEVICE_FAULT, "bus shared: relay: x"), 0), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, event_of(FG_EVENT_DEVICE_BACK, "bus shared: relay"), 0), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, event_of(FG_EVENT_BUS_SHARED, "bus shared: x"), 0), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, event_of(FG_EVENT_READER_FAULT, "bus shared: x"), 0), FG_BUDGET_WRITE);
    due_write(&run, 10 * SECOND_MS);
    CHECK_INT(run.entries, 2 + 2);
    CHECK_INT(run.occurrences, 5);
    CHECK_INT(offer(&run, event_of(FG_EVENT_DEVICE_FAULT, "bus sharedx"), 0), FG_BUDGET_WRITE);
    fg_budget_start(&budget, 0);
    CHECK_INT(offer(&run, event_of(FG_EVENT_DEVICE_FAULT, "bus shared"), 0), FG_BUDGET_WRITE);
}

TEST("windows are 10 s, then four times as long each, and an hour from then on")
{
    static const int64_t windows_s[] = {10, 40, 160, 640, 2560, 3600, 3600};
    struct fg_entry entry = refused_number(1);
    struct run run = {0};
    int64_t mono_ms = 5000;

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(offer(&run, entry, mono_ms), FG_BUDGET_WRITE);
    for (size_t i = 0; i < sizeof(windows_s) / sizeof(windows_s[0]); i++) {
        CHECK_INT(offer(&run, entry, mono_ms), FG_BUDGET_COUNTED);
        CHECK_INT(offer(&run, entry, mono_ms + 1), FG_BUDGET_COUNTED); /* does not put it off */
        mono_ms += windows_s[i] * SECOND_MS;
        due_write(&run, mono_ms - 1);
        CHECK_INT(run.entries, 3 + i);
        due_write(&run, mono_ms);
        CHECK_INT(run.entries, 4 + i);
        CHECK_INT(run.last.repeat_count, 2);
    }
}

TEST("a cause is new when it was quiet for a quarter of an hour, and for one window of its own")
{
    struct fg_entry entry = refused_number(1);

    for (int64_t more = -1; more <= 0; more++) {
        struct run run = {0};
        int64_t quiet_ms = 900 * SECOND_MS + more;

        fg_budget_start(&budget, 0);
        for (int i = 0; i < 3; i++)
            CHECK_INT(offer(&run, entry, 0), FG_BUDGET_WRITE);
        CHECK_INT(offer(&run, entry, quiet_ms), more < 0 ? FG_BUDGET_COUNTED : FG_BUDGET_WRITE);
        fg_budget_start(&budget, 0);
        for (int64_t at_ms = 0; at_ms < 7 * HOUR_MS; at_ms += 10 * SECOND_MS)
            (void)offer(&run, entry, at_ms); /* its window is an hour now */
        fg_budget_flush(&budget, 7 * HOUR_MS);
        due_write(&run, 7 * HOUR_MS);
        quiet_ms = 7 * HOUR_MS - 10 * SECOND_MS + HOUR_MS + more;
        CHECK_INT(offer(&run, entry, quiet_ms), more < 0 ? FG_BUDGET_COUNTED : FG_BUDGET_WRITE);
    }
}

TEST("a ninth cause takes the place of the one that is quiet for longest, never of one that is counting")
{
    static const uint32_t order[] = {5, 1, 2, 3, 4, 6, 7, 8};
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (size_t i = 0; i < 8; i++) {
        for (int n = 0; n < 3; n++)
            CHECK_INT(offer(&run, refused_number(order[i]), (int64_t)(i + 1) * 100), FG_BUDGET_WRITE);
    }
    CHECK_INT(offer(&run, refused_number(9), 1000), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, refused_number(1), 1000), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, refused_number(5), 1000), FG_BUDGET_WRITE); /* in the place of 2 */
    CHECK_INT(offer(&run, refused_number(3), 1000), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, refused_number(2), 1000), FG_BUDGET_WRITE); /* in the place of 4 */
    CHECK_INT(offer(&run, refused_number(6), 1000), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, refused_number(1), 1000), FG_BUDGET_COUNTED);
}

TEST(
    "NO-LOSS: a count that is due while its store is empty joins various, with its first time and its number")
{
    struct run run = {0};
    struct fg_entry entry;
    unsigned place = 0;

    fg_budget_start(&budget, 0);
    budget.stores[FG_BUDGET_REFUSED].entries = 0;
    for (int i = 5; i <= 7; i++)
        CHECK_INT(offer(&run, plain_number(1), i), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, plain_number(2), 8), FG_BUDGET_COUNTED);
    CHECK(!fg_budget_due(&budget, 10 * SECOND_MS + 8, &entry, &place));
    CHECK(!fg_budget_due(&budget, 610 * SECOND_MS + 7, &entry, &place));
    CHECK(fg_budget_due(&budget, 610 * SECOND_MS + 8, &entry, &place));
    CHECK_INT(place, FG_BUDGET_REFUSED * FG_BUDGET_CAUSES);
    CHECK_TEXT(entry.text, "various");
    CHECK_INT(entry.repeat_count, 4);
    CHECK_INT(entry.repeat_first_wall_ms, WALL_MS + 8); /* 2 joined first */
    CHECK_INT(entry.repeat_last_wall_ms, WALL_MS + 7);
}

TEST("a store refills by whole entries up to its capacity, and what was left of the time counts for the next")
{
    const int64_t refill_ms = 180 * SECOND_MS;
    struct fg_budget_store *store = &budget.stores[FG_BUDGET_REFUSED];
    struct fg_entry due;
    unsigned place = 0;

    fg_budget_start(&budget, 1000);
    store->entries = 90;
    CHECK(!fg_budget_due(&budget, 1000 + refill_ms - 1, &due, &place));
    CHECK_INT(store->entries, 90);
    CHECK(!fg_budget_due(&budget, 1000 + 2 * refill_ms + 5000, &due, &place));
    CHECK_INT(store->entries, 92);
    CHECK(!fg_budget_due(&budget, 1000 + 3 * refill_ms - 1, &due, &place));
    CHECK_INT(store->entries, 92);
    CHECK(!fg_budget_due(&budget, 1000 + 3 * refill_ms, &due, &place));
    CHECK_INT(store->entries, 93);
    CHECK(!fg_budget_due(&budget, 1000 + 9 * refill_ms, &due, &place));
    CHECK_INT(store->entries, 99);
    CHECK(!fg_budget_due(&budget, 1000 + 99 * refill_ms, &due, &place));
    CHECK_INT(store->entries, 100);
}

TEST("a written count costs its store one entry, one of various none; a failed one comes in a minute exactly")
{
    struct fg_budget_store *store = &budget.stores[FG_BUDGET_REFUSED];
    struct fg_entry entry;
    struct run run = {0};
    unsigned place = 0;

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 4; i++)
        (void)offer(&run, plain_number(1), 0);
    CHECK_INT(store->entries, 97);
    CHECK(fg_budget_due(&budget, 10 * SECOND_MS, &entry, &place));
    fg_budget_postpone(&budget, place, 10 * SECOND_MS);
    CHECK(!fg_budget_due(&budget, 70 * SECOND_MS - 1, &entry, &place));
    CHECK(fg_budget_due(&budget, 70 * SECOND_MS, &entry, &place));
    fg_budget_written(&budget, place);
    CHECK_INT(store->entries, 96);
    store->entries = 1;
    fg_budget_written(&budget, place);
    CHECK_INT(store->entries, 0);
    store->entries = 96;
    CHECK(!fg_budget_due(&budget, 70 * SECOND_MS, &entry, &place));
    for (uint32_t i = 1; i <= 9; i++) {
        for (int n = 0; n < 4; n++)
            (void)offer(&run, plain_number(i), 71 * SECOND_MS);
    }
    due_write(&run, 600 * SECOND_MS);
    {
        uint32_t before = store->entries;

        due_write(&run, 671 * SECOND_MS);
        CHECK_HAS(run.last.text, "various");
        CHECK_INT(store->entries, before);
    }
}

TEST("a number that no entry can hold stays at the greatest")
{
    struct fg_budget_cause *cause = &budget.stores[FG_BUDGET_REFUSED].causes[1];
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 4; i++)
        (void)offer(&run, plain_number(1), 0);
    CHECK_INT(cause->count, 1);
    cause->count = UINT32_MAX - 1;
    (void)offer(&run, plain_number(1), 0);
    CHECK_INT(cause->count, UINT32_MAX);
    (void)offer(&run, plain_number(1), 0);
    CHECK_INT(cause->count, UINT32_MAX);
}

TEST("various names the last text as far as it fits, and itself alone where there is none")
{
    char text[FG_TEXT_MAX + 1];

    for (size_t length = 0; length <= FG_TEXT_MAX; length++) {
        struct run run = {0};

        memset(text, 'x', length);
        text[length] = '\0';
        fg_budget_start(&budget, 0);
        budget.stores[FG_BUDGET_OTHER].entries = 0;
        CHECK_INT(offer(&run, event_of(FG_EVENT_JOURNAL_NEARLY_FULL, text), 0), FG_BUDGET_COUNTED);
        fg_budget_flush(&budget, 0);
        due_write(&run, 0); /* joins various */
        fg_budget_flush(&budget, 0);
        due_write(&run, 0);
        CHECK_INT(run.entries, 1);
        if (length == 0)
            CHECK_TEXT(run.last.text, "various");
        else {
            CHECK_INT(memcmp(run.last.text, "various, the last: xx", length > 1 ? 21 : 20), 0);
            CHECK_INT(strlen(run.last.text), 19 + length < FG_TEXT_MAX ? 19 + length : FG_TEXT_MAX);
        }
    }
}

TEST("FAIL-CLOSED: an alarm that is counting is written at once after the next fill all the same, once")
{
    const struct fg_entry authorised = {.kind = FG_ENTRY_AUTHORISED};
    struct run run = {0};

    fg_budget_start(&budget, 0);
    for (int i = 0; i < 6; i++)
        (void)offer(&run, event_of(FG_EVENT_VALVE_FAULT, ""), i);
    CHECK_INT(run.entries, 3);
    budget.stores[FG_BUDGET_GRAVE].entries = 0;
    CHECK_INT(offer(&run, authorised, 10), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, event_of(FG_EVENT_VALVE_FAULT, ""), 11), FG_BUDGET_WRITE);
    CHECK_INT(offer(&run, event_of(FG_EVENT_VALVE_FAULT, ""), 12), FG_BUDGET_COUNTED);
    CHECK_INT(offer(&run, refused_number(1), 12), FG_BUDGET_WRITE);
}
