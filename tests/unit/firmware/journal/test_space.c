/* Who may use which room of a journal, and what its entries say of the point's safety: the rules alone, on
 * figures instead of a file. */
#include <string.h>

#include "firmware/journal/private.h"
#include "firmware/journal/safety.h"
#include "lib/domain/catalogue.h"
#include "tests/lib/check.h"

#define PAGE 4096

static struct fg_error error;

static struct fg_journal_settings settings_of(uint64_t pages, uint32_t reserve_entries, uint8_t percent)
{
    return (struct fg_journal_settings){.path = "journal.db",
                                        .bytes_max = pages * PAGE,
                                        .stop_reserve_entries = reserve_entries,
                                        .fill_reserve_percent = percent};
}

static struct fg_journal journal_of(uint64_t pages, uint64_t used)
{
    struct fg_journal_settings settings = settings_of(pages, 32, 50);
    struct fg_journal journal = {.path = (char *)"journal.db"};

    fg_space_set(&journal.space, &settings);
    journal.space.pages_used = used;
    journal.space.fillers = journal.space.fillers_wanted;
    return journal;
}

TEST("a reserve of 16 entries takes a filler, and there are two beside them")
{
    CHECK_INT(fg_space_fillers(0), 2);
    CHECK_INT(fg_space_fillers(15), 2);
    CHECK_INT(fg_space_fillers(16), 3);
    CHECK_INT(fg_space_fillers(32), 4);
}

TEST("a journal is as small as its reserve and four margins, as large as SQLite counts, and no smaller or "
     "larger")
{
    struct fg_journal_settings settings = settings_of(4 * 8 + 64, 32, 90);

    CHECK_OK(fg_space_check(&settings, &error), &error);
    settings.bytes_max--;
    CHECK_INT(fg_space_check(&settings, &error), FG_E_ARG);
    CHECK_HAS(error.text, "too small for a reserve of 32");
    settings = settings_of(INT32_MAX, 32, 0);
    settings.bytes_max += PAGE - 1;
    CHECK_OK(fg_space_check(&settings, &error), &error);
    settings.bytes_max++;
    CHECK_INT(fg_space_check(&settings, &error), FG_E_ARG);
    CHECK_HAS(error.text, "more than a journal can use");
    settings = settings_of(1000, 32, 91);
    CHECK_INT(fg_space_check(&settings, &error), FG_E_ARG);
    CHECK_HAS(error.text, "91 is more than 90");
}

TEST("what belongs to no fill has its part of the file: half of it unless the settings say otherwise")
{
    static const struct {
        uint8_t percent;
        uint64_t others;
    } cases[] = {{0, 50}, {50, 50}, {1, 99}, {80, 20}, {90, 10}};
    struct fg_journal_space space = {.pages_used = 0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_journal_settings settings = settings_of(1032, 32, cases[i].percent);

        fg_space_set(&space, &settings);
        CHECK_INT(space.pages_max, 1032);
        CHECK_INT(space.fillers_wanted, 4);
        CHECK_INT(space.others_bytes_max, UINT64_C(1000) * PAGE / 100 * cases[i].others);
        CHECK_INT(space.warn_percent, 80);
        settings.warn_percent = 1;
        fg_space_set(&space, &settings);
        CHECK_INT(space.warn_percent, 1);
    }
}

TEST("an entry of no fill counts with its bytes and 200 more, one of a fill does not count")
{
    struct fg_journal journal = journal_of(1000, 0);
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED};

    fg_space_count(&journal.space, &entry, 100);
    CHECK_INT(journal.space.others_bytes, 300);
    entry.kind = FG_ENTRY_EVENT;
    fg_space_count(&journal.space, &entry, 1);
    CHECK_INT(journal.space.others_bytes, 501);
    entry.kind = FG_ENTRY_AUTHORISED;
    fg_space_count(&journal.space, &entry, 100);
    entry.kind = FG_ENTRY_ENDED;
    fg_space_count(&journal.space, &entry, 100);
    CHECK_INT(journal.space.others_bytes, 501);
}

TEST("a journal is full 16 pages before its end, warns from its percentage on, and says first that it fails")
{
    struct fg_journal journal = journal_of(1000, 984);

    CHECK(!fg_space_is_full(&journal));
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_WARN);
    journal.space.pages_used++;
    CHECK(fg_space_is_full(&journal));
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_FULL);
    journal.write_failed = true;
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_NOT_WRITABLE);
    journal = journal_of(1000, 800);
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_WARN);
    journal.space.pages_used--;
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_OK);
    journal.space.others_bytes = journal.space.others_bytes_max / 100 * 75;
    CHECK(fg_journal_is_pressed(&journal));
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_WARN);
    journal.space.others_bytes--;
    CHECK(!fg_journal_is_pressed(&journal));
    CHECK_INT(fg_journal_state(&journal), FG_JOURNAL_OK);
}

static enum fg_err allow(const struct fg_journal *journal, uint8_t kind)
{
    struct fg_entry entry = {.kind = kind};

    if (kind == FG_ENTRY_EVENT)
        entry.event = FG_EVENT_FLOW_WITHOUT_AUTHORITY;
    return fg_space_allow(journal, &entry, &error);
}

TEST("ONE-END: a full journal keeps its last filler for the end of a fill, and gives the others to what must "
     "be "
     "written")
{
    struct fg_journal journal = journal_of(1000, 985);

    CHECK_OK(allow(&journal, FG_ENTRY_ENDED), &error);
    CHECK_INT(allow(&journal, FG_ENTRY_AUTHORISED), FG_E_FULL);
    CHECK_HAS(error.text, "no fill is authorised");
    CHECK_OK(allow(&journal, FG_ENTRY_REFUSED), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_EVENT), &error);
    journal.space.fillers = 2;
    CHECK_OK(allow(&journal, FG_ENTRY_EVENT), &error);
    journal.space.fillers = 1;
    CHECK_INT(allow(&journal, FG_ENTRY_EVENT), FG_E_FULL);
    CHECK_HAS(error.text, "kept for the end of a fill");
    CHECK_OK(allow(&journal, FG_ENTRY_ENDED), &error);
    journal.space.pages_free = 7;
    CHECK_INT(allow(&journal, FG_ENTRY_EVENT), FG_E_FULL);
    journal.space.pages_free = 8;
    CHECK_OK(allow(&journal, FG_ENTRY_EVENT), &error);
    journal = journal_of(1000, 984);
    CHECK_OK(allow(&journal, FG_ENTRY_AUTHORISED), &error);
}

TEST("strangers' entries are no longer taken from the very byte on at which their part is used up")
{
    struct fg_journal journal = journal_of(1000, 100);

    journal.space.others_bytes = journal.space.others_bytes_max - 1;
    CHECK_OK(allow(&journal, FG_ENTRY_REFUSED), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_OPERATOR), &error);
    journal.space.others_bytes++;
    CHECK_INT(allow(&journal, FG_ENTRY_REFUSED), FG_E_FULL);
    CHECK_INT(allow(&journal, FG_ENTRY_OPERATOR), FG_E_FULL);
    CHECK_OK(allow(&journal, FG_ENTRY_AUTHORISED), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_ENDED), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_BOOT), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_LIST), &error);
    CHECK_OK(allow(&journal, FG_ENTRY_EVENT), &error);
}

TEST("no filler is given back while there is room, or free pages, or none is left")
{
    struct fg_journal journal = journal_of(1000, 984); /* no statement could run here */

    CHECK_OK(fg_space_make_room(&journal, &error), &error);
    journal.space.pages_used = 985;
    journal.space.pages_free = 8;
    CHECK_OK(fg_space_make_room(&journal, &error), &error);
    journal.space.pages_free = 0;
    journal.space.fillers = 0;
    CHECK_OK(fg_space_make_room(&journal, &error), &error);
}

/* ---- what the entries say of the point's safety ---- */

static void event(struct fg_fill_kept *kept, uint8_t kind)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = kind};

    fg_safety_take(kept, &entry, 50);
}

static void ended(struct fg_fill_kept *kept, uint8_t stop, int64_t quantity_g)
{
    struct fg_entry entry = {.kind = FG_ENTRY_ENDED, .stop = stop, .quantity_g = quantity_g};

    fg_safety_take(kept, &entry, 50);
}

TEST("FAIL-CLOSED: fills of nothing in a row are counted until one of enough, and not where the power was "
     "lost")
{
    struct fg_fill_kept kept = {.locked_out = false};

    ended(&kept, FG_STOP_TARGET_REACHED, 49);
    ended(&kept, FG_STOP_TARGET_REACHED, -1);
    CHECK_INT(kept.zero_fills, 2);
    ended(&kept, FG_STOP_POWER_LOST, 0);
    ended(&kept, FG_STOP_POWER_LOST, 5000);
    CHECK_INT(kept.zero_fills, 2);
    ended(&kept, FG_STOP_NOT_PLAUSIBLE, 5000);
    CHECK_INT(kept.zero_fills, 3);
    ended(&kept, FG_STOP_TARGET_REACHED, 50);
    CHECK_INT(kept.zero_fills, 0);
    kept.zero_fills = UINT32_MAX;
    ended(&kept, FG_STOP_TARGET_REACHED, 0);
    CHECK_INT(kept.zero_fills, UINT32_MAX);
}

TEST("FAIL-CLOSED: a lock-out stays until it is cleared, an alarm until the next authorisation")
{
    struct fg_fill_kept kept = {.zero_fills = 3};
    struct fg_entry entry = {.kind = FG_ENTRY_AUTHORISED};

    event(&kept, FG_EVENT_LOCK_OUT);
    event(&kept, FG_EVENT_FLOW_WITHOUT_AUTHORITY);
    CHECK(kept.locked_out && kept.alarm_flow && !kept.alarm_valve);
    event(&kept, FG_EVENT_VALVE_FAULT);
    event(&kept, FG_EVENT_DEVICE_FAULT);
    CHECK(kept.locked_out && kept.alarm_flow && kept.alarm_valve);
    fg_safety_take(&kept, &entry, 50);
    CHECK(kept.locked_out && !kept.alarm_flow && !kept.alarm_valve);
    CHECK_INT(kept.zero_fills, 3);
    event(&kept, FG_EVENT_LOCK_OUT_CLEARED);
    CHECK(!kept.locked_out);
    CHECK_INT(kept.zero_fills, 0);
}

TEST("GAS-ADDS-UP: the last inventory is that of the last entry whose meter was good, of whatever kind")
{
    struct fg_fill_kept kept = {.inventory_known = false};
    struct fg_entry entry = {.kind = FG_ENTRY_BOOT, .meter_state = FG_READING_GOOD, .inventory_g = 700};

    fg_safety_take(&kept, &entry, 50);
    CHECK(kept.inventory_known);
    CHECK_INT(kept.inventory_g, 700);
    entry.meter_state = FG_READING_FAULT;
    entry.inventory_g = 900;
    fg_safety_take(&kept, &entry, 50);
    CHECK_INT(kept.inventory_g, 700);
    entry.kind = FG_ENTRY_ENDED;
    entry.meter_state = FG_READING_GOOD;
    fg_safety_take(&kept, &entry, 50);
    CHECK_INT(kept.inventory_g, 900);
}
