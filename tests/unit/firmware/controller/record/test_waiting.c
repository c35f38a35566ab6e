/* Entries that wait: the list, its file, and what a stranger's file does. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/controller/record/waiting.h"
#include "tests/lib/check.h"

static struct fg_private_key key;
static struct fg_error error;
static struct fg_waiting waiting;
static struct fg_waiting back;
static uint8_t bytes[FG_WAITING_BYTES_MAX + 1];
static struct fg_waiting_list list;

static void say(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static struct fg_waiting_store store_at(const char *controller)
{
    struct fg_waiting_store store = {.key = &key};

    if (key.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)snprintf(store.path, sizeof(store.path), "%s", fg_test_path("journal.db.waiting"));
    (void)snprintf(store.controller, sizeof(store.controller), "%s", controller);
    return store;
}

static struct fg_entry event_of(unsigned number)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT,
                             .event = FG_EVENT_DEVICE_FAULT,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .wall_ms = 1000 + number};

    (void)snprintf(entry.text, sizeof(entry.text), "device %u", number);
    return entry;
}

static struct fg_entry ended_of(uint64_t authorised)
{
    return (struct fg_entry){.kind = FG_ENTRY_ENDED,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .stop = FG_STOP_OPERATOR,
                             .authorised_sequence = authorised,
                             .quantity_g = 4711};
}

TEST("what waits is in the file as it was, the ENDED last")
{
    struct fg_waiting_store store = store_at("ctl-1");
    size_t length = 0;

    waiting = (struct fg_waiting){.after = 77, .count = 2, .entries = {event_of(1), ended_of(9)}};
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    CHECK_OK(fg_waiting_load(&store, &back, &error), &error);
    CHECK_INT(back.after, 77);
    CHECK_INT(back.count, 2);
    CHECK_TEXT(back.entries[0].text, "device 1");
    CHECK_INT(back.entries[1].quantity_g, 4711);
    back.count = 0;
    CHECK_OK(fg_waiting_save(&store, &back, &error), &error);
    CHECK_INT(fg_waiting_load(&store, &back, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_waiting_save(&store, &back, &error), &error); /* there was none to remove */
    waiting.entries[0].kind = FG_ENTRY_AUTHORISED;
    CHECK_INT(fg_waiting_encode(&store, &waiting, bytes, &length, &error), FG_E_RANGE);
    waiting.count = FG_WAITING_MAX + 1;
    CHECK_INT(fg_waiting_encode(&store, &waiting, bytes, &length, &error), FG_E_RANGE);
}

TEST("an entry of more than 255 bytes waits like any other")
{
    struct fg_waiting_store store = store_at("point-1");
    struct fg_entry ended = ended_of(INT64_MAX);
    uint8_t entry[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    memset(ended.text, 'x', FG_TEXT_MAX);
    memset(ended.second_person, 'y', FG_NAME_MAX);
    memset(ended.controller, 'z', FG_NAME_MAX);
    ended.sequence = 1;
    ended.mono_ms = INT64_MAX;
    ended.inventory_g = ended.start_inventory_g = ended.quantity_g = ended.duration_ms = INT64_MAX;
    ended.start_pressure_kpa = ended.end_pressure_kpa = ended.end_temperature_dc = ended.end_scale_g =
        INT64_MAX;
    CHECK_OK(fg_entry_encode(&ended, entry, sizeof(entry), &length, &error), &error);
    CHECK(length > 255);
    waiting = (struct fg_waiting){.after = 7, .count = 1};
    waiting.entries[0] = ended;
    CHECK_OK(fg_waiting_encode(&store, &waiting, bytes, &length, &error), &error);
    CHECK_OK(fg_waiting_decode(&store, bytes, length, &back, &error), &error);
    CHECK_INT(back.count, 1);
    CHECK_TEXT(back.entries[0].text, ended.text);
    CHECK_INT(back.entries[0].end_scale_g, INT64_MAX);
}

TEST("TAMPER-SHOWS, BAD-INPUT-IS-SAFE: every changed byte, every cut, another key and another controller's "
     "file "
     "count nothing")
{
    struct fg_waiting_store store = store_at("ctl-1");
    struct fg_waiting_store other = store_at("ctl-10");
    struct fg_private_key stranger;
    size_t length = 0;

    waiting = (struct fg_waiting){.count = 1, .entries = {event_of(1)}};
    CHECK_OK(fg_waiting_encode(&store, &waiting, bytes, &length, &error), &error);
    CHECK_OK(fg_waiting_decode(&store, bytes, length, &back, &error), &error);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 0x01;
        CHECK(fg_waiting_decode(&store, bytes, length, &back, &error) != FG_OK);
        bytes[i] ^= 0x01;
        CHECK(fg_waiting_decode(&store, bytes, i, &back, &error) != FG_OK);
    }
    CHECK_INT(fg_waiting_decode(&store, bytes, 0, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_waiting_decode(&store, bytes, 8 + 32 + 8 + 1 + FG_SIGNATURE_BYTES - 1, &back, &error),
              FG_E_FORMAT);
    CHECK_INT(fg_waiting_decode(&store, bytes, sizeof(bytes), &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_waiting_decode(&other, bytes, length, &back, &error), FG_E_AUTH);
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    store.key = &stranger;
    CHECK_INT(fg_waiting_decode(&store, bytes, length, &back, &error), FG_E_AUTH);
}

TEST("the list keeps its first events, counts the others, and says so with the newest that is written")
{
    const struct fg_log log = {say, NULL};
    struct fg_entry entry;

    memset(&list, 0, sizeof(list));
    for (unsigned i = 0; i < FG_WAITING_EVENTS_MAX + 8; i++) {
        entry = event_of(i);
        fg_waiting_add(&list, &entry, 5);
    }
    CHECK_INT(list.event_count, FG_WAITING_EVENTS_MAX);
    for (unsigned i = 0; i < FG_WAITING_EVENTS_MAX; i++) {
        fg_waiting_oldest(&list, &entry);
        CHECK_INT(entry.wall_ms, 1000 + i);
        CHECK((strstr(entry.text, "; 8 more not kept") != NULL) == (i == FG_WAITING_EVENTS_MAX - 1));
        fg_waiting_event_written(&list);
    }
    CHECK_INT(list.events_lost, 0);
    fg_waiting_keep(&list, 0, &log); /* no store: nothing to do */
    CHECK(list.is_changed);
}

TEST("the file is written once for an ENDED that is asked for again and again, and a failure is tried again")
{
    const struct fg_log log = {say, NULL};
    struct fg_entry entry = ended_of(9);
    struct stat before;
    struct stat after;

    memset(&list, 0, sizeof(list));
    list.store = store_at("ctl-1");
    list.is_kept = true;
    fg_waiting_add(&list, &entry, 5);
    fg_waiting_keep(&list, 0, &log);
    CHECK_INT(stat(list.store.path, &before), 0);
    CHECK_INT(before.st_mode & 0777, 0600);
    fg_waiting_add(&list, &entry, 5);
    fg_waiting_keep(&list, 0, &log);
    CHECK_INT(stat(list.store.path, &after), 0);
    CHECK_INT(before.st_ino, after.st_ino);
    fg_waiting_ended_written(&list);
    fg_waiting_keep(&list, 0, &log);
    CHECK(access(list.store.path, F_OK) != 0);
    (void)snprintf(list.store.path, sizeof(list.store.path), "%s", fg_test_path("missing/x"));
    fg_waiting_add(&list, &entry, 5);
    fg_waiting_keep(&list, 1000, &log);
    CHECK(list.is_broken);
    list.store = store_at("ctl-1");
    fg_waiting_keep(&list, 1499, &log);
    CHECK(access(list.store.path, F_OK) != 0);
    fg_waiting_keep(&list, 1500, &log);
    CHECK(!list.is_broken);
    CHECK_OK(fg_waiting_load(&list.store, &back, &error), &error);
    CHECK_INT(back.entries[0].authorised_sequence, 9);
}

/* Offsets in the file, as waiting_store.c describes it. */
#define AFTER_AT 40
#define COUNT_AT 48
#define ENTRIES_AT 49

/* The first length bytes as a file that this controller signed; decoded. */
static enum fg_err signed_decode(const struct fg_waiting_store *store, size_t length)
{
    static uint8_t file[FG_WAITING_BYTES_MAX];
    struct fg_signature signature;

    memcpy(file, bytes, length);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_WAITING, file, length, &signature, &error), &error);
    memcpy(file + length, signature.bytes, FG_SIGNATURE_BYTES);
    return fg_waiting_decode(store, file, length + FG_SIGNATURE_BYTES, &back, &error);
}

TEST("the file is as it is described: name, number, count and entries where they belong")
{
    static const uint8_t after[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    struct fg_waiting_store store = store_at("ctl-1");
    size_t length = 0;

    memset(bytes, 0xff, sizeof(bytes));
    waiting =
        (struct fg_waiting){.after = UINT64_C(0x0102030405060708), .count = 1, .entries = {event_of(1)}};
    CHECK_OK(fg_waiting_encode(&store, &waiting, bytes, &length, &error), &error);
    CHECK_BYTES(bytes, "FGWAIT1\nctl-1\0", 14);
    CHECK_INT(bytes[AFTER_AT - 1], 0);
    CHECK_BYTES(bytes + AFTER_AT, after, 8);
    CHECK_INT(bytes[COUNT_AT], 1);
    CHECK_INT(bytes[ENTRIES_AT] + 256 * bytes[ENTRIES_AT + 1] + ENTRIES_AT + 2 + FG_SIGNATURE_BYTES, length);
    CHECK_OK(fg_waiting_decode(&store, bytes, length, &back, &error), &error);
    CHECK(back.after == waiting.after);
    CHECK_INT(back.entries[0].wall_ms, 1001);
    CHECK_TEXT(back.entries[0].controller, "ctl-1");
}

TEST(
    "as many entries as may wait are kept, each as long as an entry can be, for a name as long as one can be")
{
    struct fg_waiting_store store = store_at("ctl-1");

    memset(store.controller, 'c', FG_NAME_MAX);
    memset(&waiting, 0, sizeof(waiting));
    waiting.count = FG_WAITING_MAX;
    for (unsigned i = 0; i < FG_WAITING_MAX; i++) {
        waiting.entries[i] = i + 1 < FG_WAITING_MAX ? event_of(i) : ended_of(9);
        memset(waiting.entries[i].text, 'x', FG_TEXT_MAX);
        memset(waiting.entries[i].operator_id, 'o', FG_NAME_MAX);
        memset(waiting.entries[i].row.plate, 'p', FG_PLATE_MAX);
    }
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    CHECK_OK(fg_waiting_load(&store, &back, &error), &error);
    CHECK_INT(back.count, FG_WAITING_MAX);
    CHECK_INT(back.entries[FG_WAITING_MAX - 1].quantity_g, 4711);
    CHECK_INT(back.entries[FG_WAITING_MAX - 2].wall_ms, 1000 + FG_WAITING_MAX - 2);
    store.controller[FG_NAME_MAX - 1] = 'd';
    CHECK_INT(fg_waiting_load(&store, &back, &error), FG_E_AUTH);
}

TEST("BAD-INPUT-IS-SAFE: a signed file whose count, lengths or kinds cannot be counts nothing")
{
    struct fg_waiting_store store = store_at("ctl-1");
    const struct fg_entry boot = {.kind = FG_ENTRY_BOOT,
                                  .clock_quality = FG_CLOCK_SYNCHRONISED,
                                  .controller = "ctl-1",
                                  .sequence = 1,
                                  .wall_ms = 1000};
    size_t length = 0;
    size_t end;

    waiting = (struct fg_waiting){.count = 1, .entries = {event_of(1)}};
    CHECK_OK(fg_waiting_encode(&store, &waiting, bytes, &length, &error), &error);
    end = length - FG_SIGNATURE_BYTES;
    CHECK_OK(signed_decode(&store, end), &error);
    CHECK_INT(signed_decode(&store, end + 1), FG_E_FORMAT);
    CHECK_HAS(error.text, "more follows");
    CHECK_INT(signed_decode(&store, end - 1), FG_E_FORMAT);
    CHECK_HAS(error.text, "waiting entry 1 is cut");
    CHECK_INT(signed_decode(&store, ENTRIES_AT + 1), FG_E_FORMAT);
    CHECK_INT(signed_decode(&store, ENTRIES_AT), FG_E_FORMAT);
    bytes[COUNT_AT] = 2;
    CHECK_INT(signed_decode(&store, end), FG_E_FORMAT);
    CHECK_HAS(error.text, "waiting entry 2 is cut");
    bytes[COUNT_AT] = FG_WAITING_MAX + 1;
    CHECK_INT(signed_decode(&store, end), FG_E_RANGE);
    bytes[COUNT_AT] = 0;
    CHECK_OK(signed_decode(&store, ENTRIES_AT), &error);
    CHECK_INT(back.count, 0);
    bytes[COUNT_AT] = 1;
    memset(bytes + 8, 'c', 32); /* a name without an end */
    CHECK_INT(signed_decode(&store, end), FG_E_AUTH);
    memset(bytes + 8, 0, 32);
    memcpy(bytes + 8, "ctl-1", 5);
    CHECK_OK(fg_entry_encode(&boot, bytes + ENTRIES_AT + 2, FG_ENTRY_BYTES_MAX, &length, &error), &error);
    bytes[ENTRIES_AT] = (uint8_t)length;
    bytes[ENTRIES_AT + 1] = (uint8_t)(length >> 8);
    CHECK_INT(signed_decode(&store, ENTRIES_AT + 2 + length), FG_E_RANGE);
    CHECK_HAS(error.text, "is of kind 1");
}

TEST("a text that is full gives way, between characters, to how many events were lost with it")
{
    struct fg_entry entry = event_of(0);

    memset(&list, 0, sizeof(list));
    for (size_t i = 0; i + 3 <= FG_TEXT_MAX; i += 3)
        memcpy(entry.text + i, "汽", 4);
    for (int i = 0; i < FG_WAITING_EVENTS_MAX; i++)
        fg_waiting_add(&list, &entry, 5);
    while (list.event_count > 1)
        fg_waiting_event_written(&list);
    for (uint32_t lost = 1; lost < 2000; lost = lost * 5 + 1) {
        char note[40];
        size_t note_length = (size_t)snprintf(note, sizeof(note), "; %u more not kept", lost);
        size_t kept;

        list.events_lost = lost;
        fg_waiting_oldest(&list, &entry);
        kept = strlen(entry.text) - note_length;
        CHECK_TEXT(entry.text + kept, note);
        CHECK_INT(kept % 3, 0);
        CHECK(kept + 3 + note_length > FG_TEXT_MAX);
    }
    list.events_lost = 0;
    fg_waiting_oldest(&list, &entry);
    CHECK_INT(strlen(entry.text), FG_TEXT_MAX / 3 * 3);
}

TEST("a list is counted from the entry that was the journal's newest when it began to fill")
{
    struct fg_entry entry = event_of(0);
    struct fg_entry ended = ended_of(9);

    memset(&list, 0, sizeof(list));
    fg_waiting_add(&list, &entry, 5);
    fg_waiting_add(&list, &entry, 6);
    CHECK_INT(list.after, 5);
    fg_waiting_event_written(&list);
    fg_waiting_event_written(&list);
    fg_waiting_add(&list, &ended, 7);
    fg_waiting_add(&list, &entry, 8);
    CHECK_INT(list.after, 7);
    ended.quantity_g = 5000; /* asked for again */
    fg_waiting_add(&list, &ended, 9);
    CHECK_INT(list.ended.quantity_g, 5000);
    fg_waiting_event_written(&list);
    list.is_changed = false;
    fg_waiting_add(&list, &ended, 9);
    CHECK(!list.is_changed);
    fg_waiting_ended_written(&list);
    CHECK(list.is_changed && !list.has_ended);
    list.is_changed = false;
    fg_waiting_ended_written(&list);
    CHECK(!list.is_changed);
}

/* ---- over a restart ---- */

static void journal_with(struct fg_entry entry)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "ctl-1",
                                           .key = &key,
                                           .bytes_max = 1 << 22,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 8};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    uint64_t sequence = 0;

    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    fg_journal_close(journal);
}

static enum fg_err restore(const struct fg_waiting_store *store, uint64_t open_sequence)
{
    return fg_waiting_restore(&list, store, fg_test_path("journal.db"), open_sequence, &error);
}

TEST("NO-LOSS: what waited comes before what waits, less what the journal has; only the open fill's ENDED "
     "counts")
{
    struct fg_waiting_store store = store_at("ctl-1");
    struct fg_entry newer = event_of(50);

    journal_with(event_of(2));
    waiting = (struct fg_waiting){
        .after = 0, .count = 4, .entries = {event_of(1), event_of(2), event_of(3), ended_of(9)}};
    waiting.entries[0].mono_ms = 777;
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    memset(&list, 0, sizeof(list));
    fg_waiting_add(&list, &newer, 1);
    CHECK_OK(restore(&store, 8), &error);
    CHECK_INT(list.event_count, 3);
    CHECK_INT(list.events[0].wall_ms, 1001);
    CHECK_INT(list.events[0].mono_ms, 0);
    CHECK_INT(list.events[1].wall_ms, 1003);
    CHECK_INT(list.events[2].wall_ms, 1050);
    CHECK(!list.has_ended);
    CHECK(list.is_kept && list.is_changed);
    memset(&list, 0, sizeof(list));
    CHECK_OK(restore(&store, 0), &error);
    CHECK(!list.has_ended);
    memset(&list, 0, sizeof(list));
    CHECK_OK(restore(&store, 9), &error);
    CHECK(list.has_ended);
    CHECK_INT(list.ended.quantity_g, 4711);
    CHECK_INT(list.event_count, 2);
    waiting.after = 1; /* the entry of the journal is an older one that only looks the same */
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    memset(&list, 0, sizeof(list));
    CHECK_OK(restore(&store, 9), &error);
    CHECK_INT(list.event_count, 3);
    CHECK_INT(list.after, 1);
}

TEST("NO-LOSS: an entry of the journal that differs in kind, event, time or text takes nothing off")
{
    struct fg_waiting_store store = store_at("ctl-1");
    struct fg_entry other = event_of(1);

    other.text[0] = 'D';
    journal_with(other);
    other = event_of(1);
    other.wall_ms++;
    journal_with(other);
    other = event_of(1);
    other.event = FG_EVENT_DEVICE_BACK;
    journal_with(other);
    waiting = (struct fg_waiting){.count = 2, .entries = {event_of(1), event_of(1)}};
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    memset(&list, 0, sizeof(list));
    CHECK_OK(restore(&store, 0), &error);
    CHECK_INT(list.event_count, 2);
    journal_with(event_of(1)); /* one of the two */
    memset(&list, 0, sizeof(list));
    CHECK_OK(restore(&store, 0), &error);
    CHECK_INT(list.event_count, 1);
}

TEST("where nothing waited, or the journal cannot be read, nothing is taken over, and what waits stays")
{
    struct fg_waiting_store store = store_at("ctl-1");
    struct fg_entry newer = event_of(50);

    (void)unlink(store.path);
    memset(&list, 0, sizeof(list));
    fg_waiting_add(&list, &newer, 1);
    list.is_changed = false;
    CHECK_OK(restore(&store, 9), &error);
    CHECK(list.is_kept && !list.is_changed);
    CHECK_INT(list.event_count, 1);
    waiting = (struct fg_waiting){.count = 1, .entries = {event_of(1)}};
    CHECK_OK(fg_waiting_save(&store, &waiting, &error), &error);
    CHECK(fg_waiting_restore(&list, &store, "/nowhere/journal.db", 9, &error) != FG_OK);
    CHECK_INT(list.event_count, 1);
    CHECK_INT(list.events[0].wall_ms, 1050);
}
