/* Entries that wait: the list, its file, and what a stranger's file does. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/controller/waiting.h"
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
