/* The session with the real rules, machine, journal, list and tag signatures; only plant, reader and time are
 * played. Wall time is the moment of the test's world, never the computer's. */
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/controller/record/waiting_store.h"
#include "firmware/controller/session/session.h"
#include "firmware/core/limits.h"
#include "lib/crypto/pin.h"
#include "proto/journal/sync.h"
#include "proto/list/bucket.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"
#include "proto/list/row.h"
#include "proto/list/tree.h"
#include "proto/point/tag.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define START_WALL_MS INT64_C(1795000000000) /* 2026-11-18 */
#define TODAY ((int32_t)(START_WALL_MS / 86400000))
#define TICK_MS 20

struct world {
    struct fg_private_key bureau;
    struct fg_private_key device;
    struct fg_session_settings settings;
    struct fg_session_stores stores;
    struct fg_plant_port port;
    struct fg_session *session;
    struct fg_control_answer answer;
    int64_t mono_ms;
    bool post_check;        /* is wanted by the lists that are written from now on */
    uint8_t operator_count; /* in the lists that are written from now on */
    struct fg_operator operators[FG_OPERATORS_MAX];
    void (*list_change)(struct fg_manifest *manifest, struct fg_row rows[3]); /* of lists written from now */
    int64_t wall_extra_ms;                                                    /* the clock goes ahead */
    int32_t utc_offset_s;
    uint8_t clock_quality;
    bool asker_is_other; /* the next requests come from another user than fillgated's */
    /* the played plant */
    struct fg_plant_state plant;
    bool valve;
    bool meter_silent;
    bool stuck_open;
    bool feedback_dead;
    int64_t hold_until_ms;
    uint64_t opened_without_entry; /* the promise's counter */
    uint64_t opened;
    bool lamps[FG_LAMP_COUNT];
    bool bus_shared;
    uint8_t devices;
    uint8_t link;
    /* the played field */
    uint8_t tags_in_field;
    bool reader_silent;
    bool reader_reads_nothing;
    unsigned readings;              /* that the session asked for */
    struct fg_reader_report memory; /* of the tag presented last */
    struct fg_uid uid;
};

static struct world w;
static char log_text[65536];

static void say(void *context, const char *line)
{
    size_t used = strlen(log_text);

    (void)context;
    (void)snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static int lines_with(const char *part)
{
    int count = 0;

    for (const char *at = strstr(log_text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* ---- the played plant ---- */

static void plant_read(void *context, struct fg_plant_state *ret_state)
{
    (void)context;
    *ret_state = w.plant;
}

static enum fg_err open_fill_count(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                   size_t byte_count, struct fg_error *error)
{
    int *open = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    *open += entry->kind == FG_ENTRY_AUTHORISED ? 1 : entry->kind == FG_ENTRY_ENDED ? -1 : 0;
    return FG_OK;
}

static void plant_hold_open(void *context)
{
    struct fg_journal_filter filter = {0};
    int open = 0;

    (void)context;
    if (!w.valve) {
        (void)fg_journal_each(fg_test_path("journal.db"), &filter, open_fill_count, &open, NULL);
        if (open != 1)
            w.opened_without_entry++;
        w.opened++;
    }
    w.valve = true;
    w.hold_until_ms = w.mono_ms + w.settings.lease_ms;
}

static void plant_shut(void *context)
{
    (void)context;
    w.valve = false;
}

static void plant_lamp(void *context, enum fg_lamp lamp, bool on)
{
    (void)context;
    w.lamps[lamp] = on;
}

static uint8_t plant_devices(void *context)
{
    (void)context;
    return w.devices;
}

static void plant_device(void *context, uint8_t index, struct fg_device_status *ret_status)
{
    (void)context;
    memset(ret_status, 0, sizeof(*ret_status));
    (void)snprintf(ret_status->name, sizeof(ret_status->name), "%s", index == 0 ? "meter" : "relay");
    ret_status->requests = 1000U + index;
    ret_status->failures = 10U + index;
    (void)snprintf(ret_status->last_error, sizeof(ret_status->last_error), "no answer");
    ret_status->link = w.link;
    ret_status->bus_shared = w.bus_shared;
    (void)snprintf(ret_status->bus_text, sizeof(ret_status->bus_text), "bus main: another master is on it");
}

static void reading_set(enum fg_signal signal, int64_t value)
{
    w.plant.configured[signal] = true;
    w.plant.readings[signal] = (struct fg_reading){value, w.mono_ms, FG_READING_GOOD};
}

static int64_t reading(enum fg_signal signal)
{
    return w.plant.readings[signal].value;
}

static void plant_play(void)
{
    bool open = w.valve || w.stuck_open;

    if (w.valve && w.mono_ms > w.hold_until_ms)
        w.valve = open = false;
    reading_set(FG_SIGNAL_VALVE_OPEN, open);
    if (w.feedback_dead)
        w.plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_TIME_OUT;
    reading_set(FG_SIGNAL_FLOW_G_MIN, open ? 15000 : 0);
    reading_set(FG_SIGNAL_PRESSURE_KPA, reading(FG_SIGNAL_PRESSURE_KPA) + (open ? 10 : 0));
    reading_set(FG_SIGNAL_INVENTORY_G, reading(FG_SIGNAL_INVENTORY_G) + (open ? 5 : 0));
    reading_set(FG_SIGNAL_TEMPERATURE_DC, 200);
    if (w.plant.configured[FG_SIGNAL_SCALE_G])
        reading_set(FG_SIGNAL_SCALE_G, reading(FG_SIGNAL_SCALE_G));
    for (int signal = FG_SIGNAL_EMERGENCY_STOP; signal <= FG_SIGNAL_STOP_BUTTON; signal++)
        reading_set((enum fg_signal)signal, reading((enum fg_signal)signal));
    if (w.meter_silent) {
        w.plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_TIME_OUT;
        w.plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_TIME_OUT;
    }
}

/* ---- time and field ---- */

static struct fg_moment moment(void)
{
    return (struct fg_moment){w.mono_ms, START_WALL_MS + w.wall_extra_ms + w.mono_ms, w.clock_quality,
                              w.utc_offset_s};
}

/* The reader reads the tag again when the session wants it to. */
static void reader_read_again(void)
{
    struct fg_moment now = moment();
    struct fg_uid uid;

    if (!fg_session_wants_reading(w.session, &now, &uid) || w.reader_reads_nothing)
        return;
    w.readings++;
    if (memcmp(&uid, &w.memory.uid, sizeof(uid)) == 0)
        fg_session_report(w.session, &w.memory, &now);
}

static void turns(int count)
{
    for (int i = 0; i < count; i++) {
        struct fg_reader_report report = {.kind = FG_READER_POLL, .tag_count = w.tags_in_field};
        struct fg_moment now;

        w.mono_ms += TICK_MS;
        plant_play();
        now = moment();
        if (w.tags_in_field == 1)
            report.uid = w.uid;
        if (!w.reader_silent && i % 2 == 0)
            fg_session_report(w.session, &report, &now);
        fg_session_tick(w.session, &now);
        reader_read_again();
    }
}

static enum fg_err ask(const struct fg_control_request *request)
{
    struct fg_moment now;

    w.mono_ms += 1;
    now = moment();
    fg_session_command(w.session, request, !w.asker_is_other, &now, &w.answer);
    return w.answer.result;
}

static enum fg_err ask_kind(enum fg_control_kind kind)
{
    return ask(&(struct fg_control_request){.kind = (uint8_t)kind});
}

static const struct fg_control_state *state(void)
{
    (void)ask_kind(FG_CONTROL_STATE);
    return &w.answer.state;
}

static enum fg_err sign_in(const char *operator_id)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SIGN_IN, .certificate_end_day = TODAY + 100};

    (void)snprintf(request.operator_id, sizeof(request.operator_id), "%s", operator_id);
    return ask(&request);
}

static struct fg_uid uid_of(uint8_t number)
{
    return (struct fg_uid){7, {4, 1, 2, 3, 4, 5, number}};
}

/* A tag whose record was signed for signed_uid is held to the reader with uid. */
static void present_copy(const char *code, const struct fg_uid *uid, const struct fg_uid *signed_uid)
{
    struct fg_reader_report report = {.kind = FG_READER_TAG, .tag_count = 1, .uid = *uid, .complete = true};
    struct fg_code cylinder = {{0}};
    struct fg_tag_record record;
    struct fg_error error;
    struct fg_moment now;
    size_t length = 0;

    (void)snprintf(cylinder.text, sizeof(cylinder.text), "%s", code);
    CHECK_OK(fg_tag_sign(&w.bureau, signed_uid, &cylinder, &record, &error), &error);
    CHECK_OK(fg_tag_build(&record, report.memory + 16, sizeof(report.memory) - 16, &length, &error), &error);
    memcpy(report.memory, uid->bytes, 3);
    report.memory[3] = (uint8_t)(0x88 ^ uid->bytes[0] ^ uid->bytes[1] ^ uid->bytes[2]);
    memcpy(report.memory + 4, uid->bytes + 3, 4);
    report.memory[8] = (uint8_t)(uid->bytes[3] ^ uid->bytes[4] ^ uid->bytes[5] ^ uid->bytes[6]);
    memcpy(report.memory + 12, "\xe1\x10\x12\x00", 4);
    report.memory_length = 16 + 144;
    w.uid = *uid;
    w.tags_in_field = 1;
    w.memory = report;
    w.mono_ms += 5;
    now = moment();
    fg_session_report(w.session, &report, &now);
}

static void present(const char *code, uint8_t number)
{
    struct fg_uid uid = uid_of(number);

    present_copy(code, &uid, &uid);
}

static void remove_tag(void)
{
    w.tags_in_field = 0;
    turns(20);
}

/* ---- the list ---- */

static void row_make(struct fg_row *row, const char *code, uint8_t number)
{
    memset(row, 0, sizeof(*row));
    (void)snprintf(row->code.text, sizeof(row->code.text), "%s", code);
    row->uid = uid_of(number);
    row->state = FG_CYLINDER_IN_SERVICE;
    row->medium = FG_MEDIUM_CNG;
    row->nominal_pressure_kpa = 20000;
    row->water_capacity_dl = 700;
    row->inspection_due_day = TODAY + 100;
    row->end_of_life_day = TODAY + 1000;
    (void)snprintf(row->owner, sizeof(row->owner), "hz");
    (void)snprintf(row->plate, sizeof(row->plate), "浙E%05d", number);
}

static void u32_write(FILE *file, size_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 24)};

    CHECK(fwrite(bytes, 1, 4, file) == 4);
}

static void rules_make(struct fg_station_rules *rules)
{
    (void)snprintf(rules->station, sizeof(rules->station), "station-1");
    (void)snprintf(rules->owner, sizeof(rules->owner), "hz");
    rules->media_count = 1;
    rules->media[0] = FG_MEDIUM_CNG;
    rules->licence_end_day = TODAY + 100;
    rules->identity_min = FG_IDENTITY_MANUAL;
    rules->manual_entry = true;
    rules->manual_per_day_max = 5;
    rules->pre_check_count = 1;
    (void)snprintf(rules->pre_checks[0], FG_NAME_MAX, "hose");
    rules->post_check_count = w.post_check ? 1 : 0;
    (void)snprintf(rules->post_checks[0], FG_NAME_MAX, "leak");
    rules->operator_count = w.operator_count;
    memcpy(rules->operators, w.operators, sizeof(w.operators));
}

/* A signed list of one bucket: HZ-1 good, HZ-2 overdue, HZ-3 on one vehicle with HZ-2. Codes rise. */
static void list_write(const char *path, uint64_t version)
{
    static uint8_t bucket[FG_BUCKET_BYTES_MAX];
    static uint8_t signed_manifest[FG_MANIFEST_SIGNED_MAX];
    struct fg_manifest manifest = {.list_id = "hz", .version = version, .row_count = 3};
    struct fg_row rows[3];
    struct fg_error error;
    size_t length = 0;
    size_t signed_length = 0;
    FILE *file = fopen(path, "wb");

    row_make(&rows[0], "HZ-1", 1);
    row_make(&rows[1], "HZ-2", 2);
    rows[1].inspection_due_day = TODAY - 1;
    row_make(&rows[2], "HZ-3", 3);
    rows[2].other_count = 1;
    rows[2].others[0] = rows[1].code;
    manifest.issued_ms = START_WALL_MS - 1000;
    manifest.expires_ms = START_WALL_MS + INT64_C(86400000) * 30;
    rules_make(&manifest.rules);
    if (w.list_change != NULL)
        w.list_change(&manifest, rows);
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[FG_ROW_BYTES_MAX];
        size_t row_length = 0;

        CHECK_OK(fg_row_encode(&rows[i], bytes, sizeof(bytes), &row_length, &error), &error);
        CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &length, bytes, row_length, &error), &error);
    }
    fg_tree_leaf(bucket, length, &manifest.root);
    manifest.body_bytes = length + FG_LIST_FILE_LENGTH_BYTES;
    CHECK_OK(fg_manifest_sign(&manifest, &w.bureau, signed_manifest, sizeof(signed_manifest), &signed_length,
                              &error),
             &error);
    CHECK(file != NULL);
    CHECK(fwrite(FG_LIST_FILE_MAGIC, 1, FG_LIST_FILE_MAGIC_BYTES, file) == FG_LIST_FILE_MAGIC_BYTES);
    u32_write(file, signed_length);
    CHECK(fwrite(signed_manifest, 1, signed_length, file) == signed_length);
    u32_write(file, length);
    CHECK(fwrite(bucket, 1, length, file) == length);
    CHECK(fclose(file) == 0);
}

/* ---- the world ---- */

static void journal_open(void)
{
    struct fg_journal_settings journal = {.path = fg_test_path("journal.db"),
                                          .controller = "ctl-1",
                                          .key = &w.device,
                                          .bytes_max = 1 << 22,
                                          .warn_percent = 80,
                                          .stop_reserve_entries = 8,
                                          .zero_fill_g = w.settings.fill.zero_fill_g};
    static char journal_path[256];
    struct fg_error error;

    (void)snprintf(journal_path, sizeof(journal_path), "%s", journal.path);
    w.settings.journal_path = journal_path;
    CHECK_OK(fg_journal_open(&journal, &w.stores.journal, &w.stores.journal_start, &error), &error);
}

static void session_run(void)
{
    struct fg_error error;

    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &w.bureau.public_key, 1, &w.stores.list, &error),
             &error);
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
}

static void world_run(void)
{
    journal_open();
    session_run();
}

/* As a power cut: nothing is told to the session. */
static void world_halt(void)
{
    fg_session_free(w.session);
    fg_list_close(w.stores.list);
    fg_journal_close(w.stores.journal);
    w.session = NULL;
    memset(&w.stores, 0, sizeof(w.stores));
    w.valve = false;
    w.tags_in_field = 0;
}

static void settings_make(void)
{
    w.settings = (struct fg_session_settings){
        .point = "point-1",
        .controller = "ctl-1",
        .medium = FG_MEDIUM_CNG,
        .fill_pressure_kpa = 20000,
        .lease_ms = 200,
        .fill = {.gas = FG_GAS_METHANE,
                 .pre_check_max_ms = 60000,
                 .resume_max_ms = 5000,
                 .fill_max_ms = 600000,
                 .no_flow_max_ms = 5000,
                 .flow_min_g_min = 10,
                 .flow_max_g_min = 40000,
                 .temperature_max_dc = 650,
                 .reading_age_max_ms = 600,
                 .valve_follow_max_ms = 1000,
                 .closing_max_ms = 2000,
                 .post_check_max_ms = 5000,
                 .unauthorised_flow_g = 50,
                 .zero_fill_g = 5,
                 .counter_max_g_min = 10000000,
                 .overfill = {.tolerance_percent = 15,
                              .follow_percent = 50,
                              .follow_pressure_kpa = 3000,
                              .pressure_lead_kpa = 10000,
                              .follow_mass_g = 1000,
                              .capacity_unknown_dl = 700}},
        .presence = {.misses_max = 4, .silence_max_ms = 400},
        .trusted_count = 1,
        .version = "test",
    };
    w.settings.trusted[0] = w.bureau.public_key;
    w.settings.device_key = &w.device;
    w.port = (struct fg_plant_port){NULL,       plant_read,    plant_hold_open, plant_shut,
                                    plant_lamp, plant_devices, plant_device};
}

/* What an earlier world of the same test left. */
static void directory_empty(void)
{
    DIR *directory = opendir(fg_test_directory());
    const struct dirent *file;

    CHECK(directory != NULL);
    while ((file = readdir(directory)) != NULL) {
        if (file->d_name[0] != '.')
            CHECK(unlink(fg_test_path(file->d_name)) == 0);
    }
    CHECK(closedir(directory) == 0);
}

/* A point at rest with list version 5 in force and an operator signed in. */
static void world_make(void)
{
    struct fg_manifest manifest;
    struct fg_error error;

    memset(&w, 0, sizeof(w));
    log_text[0] = '\0';
    directory_empty();
    CHECK_OK(fg_private_key_new(&w.bureau, &error), &error);
    CHECK_OK(fg_private_key_new(&w.device, &error), &error);
    settings_make();
    w.mono_ms = 1000;
    w.clock_quality = FG_CLOCK_SYNCHRONISED;
    w.link = FG_LINK_UP;
    w.devices = 1;
    reading_set(FG_SIGNAL_PRESSURE_KPA, 3000);
    reading_set(FG_SIGNAL_INVENTORY_G, 1000000);
    plant_play();
    world_run();
    list_write(fg_test_path("list.fgl"), 5);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("list.fgl"), START_WALL_MS, &manifest, &error),
             &error);
    turns(3);
    CHECK_INT(sign_in("wang"), FG_OK);
}

static struct fg_entry newest;
static int counts[8];

static enum fg_err entry_keep(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *error)
{
    const uint8_t *kind = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    counts[entry->kind & 7]++;
    if (entry->kind == *kind)
        newest = *entry;
    return FG_OK;
}

/* Leaves the newest entry of the kind in `newest` and the number of each kind in `counts`. */
static const struct fg_entry *journal_newest(enum fg_entry_kind kind)
{
    struct fg_journal_filter filter = {0};
    struct fg_error error;
    uint8_t wanted = (uint8_t)kind;

    memset(&newest, 0, sizeof(newest));
    memset(counts, 0, sizeof(counts));
    CHECK_OK(fg_journal_each(fg_test_path("journal.db"), &filter, entry_keep, &wanted, &error), &error);
    return &newest;
}

static void check_items(uint32_t items)
{
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = items}), FG_OK);
}

/* Scan, check, start: the valve is open afterwards. */
static void fill_start(void)
{
    present("HZ-1", 1);
    turns(2);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(3);
    CHECK(w.valve);
    CHECK_TEXT(state()->phase_name, "FILLING");
}

static void until_idle(void)
{
    for (int i = 0; i < 3000 && state()->phase != FG_FILL_IDLE; i++)
        turns(1);
    CHECK_INT(state()->phase, FG_FILL_IDLE);
}

static void world_end(void)
{
    struct fg_journal_verdict verdict;
    struct fg_error error;

    world_halt();
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &w.device.public_key, &verdict, &error),
             &error);
    CHECK_INT(w.opened_without_entry, 0);
}

static void refused_with(enum fg_reason reason)
{
    const struct fg_control_state *now = state();

    CHECK_INT(now->phase, FG_FILL_IDLE);
    CHECK(now->reasons.count > 0);
    CHECK_TEXT(fg_reason_name((enum fg_reason)now->reasons.reasons[0]), fg_reason_name(reason));
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], reason);
    CHECK_INT(newest.sequence, now->decision_sequence);
    CHECK(!w.valve);
}

TEST("LOG-BEFORE-OPEN: a whole fill, from scan to ENDED, with the valve open only under a durable entry")
{
    world_make();
    fill_start();
    CHECK(w.lamps[FG_LAMP_GREEN]);
    CHECK_INT(state()->authorised_sequence, journal_newest(FG_ENTRY_AUTHORISED)->sequence);
    CHECK_TEXT(newest.row.code.text, "HZ-1");
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_INT(newest.identity, FG_IDENTITY_SIGNED_TAG);
    CHECK_INT(newest.pre_checks, 1);
    CHECK_INT(newest.list_version, 5);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TARGET_REACHED);
    CHECK_INT(counts[FG_ENTRY_AUTHORISED], 1);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    CHECK_INT(counts[FG_ENTRY_BOOT], 1);
    CHECK_INT(counts[FG_ENTRY_LIST], 1);
    CHECK(newest.quantity_g > 100);
    CHECK_TEXT(newest.row.code.text, "HZ-1");
    CHECK_INT(state()->last_stop, FG_STOP_TARGET_REACHED);
    CHECK_INT(state()->fills_ended, 1);
    CHECK(!w.valve);
    /* the tag still lies there: no second fill by itself */
    turns(100);
    CHECK_INT(state()->decisions, 1);
    world_end();
}

TEST("refusals name their reason, are logged, and the tag must leave before it is scanned again")
{
    world_make();
    present("HZ-2", 2);
    turns(50);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    CHECK_INT(state()->decisions, 1);
    CHECK(w.lamps[FG_LAMP_RED]);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    turns(1);
    CHECK_INT(state()->decisions, 2);
    remove_tag();
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_E_NOT_FOUND);
    present("HZ-3", 3);
    turns(2);
    refused_with(FG_REASON_OTHER_CYLINDER_FAILS);
    CHECK_TEXT(state()->failing_code.text, "HZ-2");
    remove_tag();
    present("HZ-9", 9);
    turns(2);
    refused_with(FG_REASON_NOT_LISTED);
    remove_tag();
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_OPERATOR_NOT_SIGNED_IN);
    remove_tag();
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
    present("HZ-2", 2);
    turns(2);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    CHECK_HAS(log_text, "(INSPECTION_OVERDUE, OPERATOR_NOT_SIGNED_IN, EMERGENCY_STOP), entry");
    world_end();
}

TEST("CLONES-SHOW: a record copied to another tag is refused; so are two tags and a blank one")
{
    struct fg_reader_report blank = {.kind = FG_READER_TAG, .tag_count = 1, .complete = true};
    struct fg_uid original = uid_of(1);
    struct fg_uid copy = uid_of(77);
    struct fg_moment now;

    world_make();
    present_copy("HZ-1", &copy, &original);
    turns(2);
    refused_with(FG_REASON_TAG_SIGNATURE);
    remove_tag();
    w.tags_in_field = 2;
    turns(20);
    refused_with(FG_REASON_TWO_TAGS);
    CHECK_INT(state()->decisions, 2);
    remove_tag();
    blank.uid = w.uid = uid_of(50);
    blank.memory_length = 64;
    w.tags_in_field = 1;
    now = moment();
    fg_session_report(w.session, &blank, &now);
    turns(2);
    refused_with(FG_REASON_TAG_FORMAT);
    remove_tag();
    blank.uid = w.uid = uid_of(51);
    blank.complete = false;
    w.tags_in_field = 1;
    now = moment();
    fg_session_report(w.session, &blank, &now);
    turns(2);
    refused_with(FG_REASON_TAG_UNREADABLE);
    world_end();
}

TEST("FAIL-CLOSED: the tag goes, the valve shuts; the same tag resumes, another one ends the fill")
{
    world_make();
    fill_start();
    w.tags_in_field = 0;
    turns(12);
    CHECK(!w.valve);
    CHECK_TEXT(state()->phase_name, "SUSPENDED");
    present("HZ-1", 1);
    turns(4);
    CHECK(w.valve);
    w.tags_in_field = 0;
    turns(12);
    CHECK(!w.valve);
    present("HZ-2", 2);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TAG_SWAPPED);
    turns(60);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    world_end();
}

TEST("FAIL-CLOSED: a silent reader means no tag, a dead meter ends the fill, an emergency stop too")
{
    world_make();
    fill_start();
    w.reader_silent = true;
    turns(30);
    CHECK(!w.valve);
    w.reader_silent = false;
    turns(4);
    CHECK(w.valve);
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
    turns(1);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_EMERGENCY_STOP);
    remove_tag();
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_EMERGENCY_STOP);
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 0);
    remove_tag();
    w.meter_silent = true;
    turns(2);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_DEVICE_FAULT);
    world_end();
}

TEST("FAIL-CLOSED: a reader that fails shuts the valve at once, although the next poll sees the tag again")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "the reader process ended"};
    struct fg_moment now;

    world_make();
    fill_start();
    now = moment();
    fg_session_report(w.session, &fault, &now);
    CHECK(!w.valve);
    CHECK_TEXT(state()->phase_name, "SUSPENDED");
    turns(4);
    CHECK(w.valve);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    world_end();
}

TEST("ONE-END: a fill that a power cut left open gets exactly one ENDED with the meter's difference")
{
    world_make();
    fill_start();
    turns(50);
    world_halt();
    reading_set(FG_SIGNAL_INVENTORY_G, 1000500);
    reading_set(FG_SIGNAL_SCALE_G, 31234);
    log_text[0] = '\0';
    w.meter_silent = true;
    plant_play();
    world_run();
    CHECK(w.stores.journal_start.fill_open);
    turns(50);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->sequence, 0);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(state()->decisions, 0);
    w.meter_silent = false;
    turns(3);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_POWER_LOST);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    CHECK_INT(counts[FG_ENTRY_BOOT], 2);
    CHECK_INT(newest.quantity_g, 500);
    CHECK_INT(newest.start_inventory_g, 1000000);
    CHECK_INT(newest.inventory_g, 1000500);
    CHECK_INT(newest.end_pressure_kpa, reading(FG_SIGNAL_PRESSURE_KPA));
    CHECK_INT(newest.end_temperature_dc, 200);
    CHECK_INT(newest.end_scale_g, 31234);
    CHECK_TEXT(newest.row.code.text, "HZ-1");
    CHECK_TEXT(newest.row.plate, "浙E00001");
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_HAND);
    CHECK_INT(newest.identity, FG_IDENTITY_SIGNED_TAG);
    CHECK_INT(newest.uid.bytes[6], 1);
    world_halt();
    world_run();
    turns(400);
    (void)journal_newest(FG_ENTRY_ENDED);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    world_end();
}

TEST("GAS-ADDS-UP: an absurd first answer of the meter does not become the quantity of a fill left open")
{
    world_make();
    fill_start();
    world_halt();
    reading_set(FG_SIGNAL_INVENTORY_G, 6004098);
    plant_play();
    world_run();
    turns(2);
    reading_set(FG_SIGNAL_INVENTORY_G, 1000500);
    turns(4);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_POWER_LOST);
    CHECK_INT(newest.quantity_g, 500);
    CHECK_INT(newest.meter_state, FG_READING_GOOD);
    world_end();
}

TEST("GAS-ADDS-UP: an impossible reading of the meter is kept as read and stated as such, and told once when "
     "it lasts")
{
    world_make();
    reading_set(FG_SIGNAL_INVENTORY_G, 0);
    turns(1);
    CHECK_INT(sign_in("li"), FG_OK);
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->meter_state, FG_READING_RANGE);
    CHECK_INT(newest.inventory_g, 0);
    turns(200);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_METER_NOT_PLAUSIBLE);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    world_end();
}

TEST("ONE-END: without a meter the open fill is closed after a bounded wait")
{
    world_make();
    fill_start();
    world_halt();
    w.meter_silent = true;
    plant_play();
    world_run();
    turns(300);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_POWER_LOST);
    CHECK_INT(newest.meter_state, FG_READING_TIME_OUT);
    world_end();
}

TEST("FAIL-CLOSED: without a journal every scan is refused, and the state says why")
{
    struct fg_error error;

    world_make();
    world_halt();
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &w.bureau.public_key, 1, &w.stores.list, &error),
             &error);
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
    turns(2);
    CHECK(sign_in("wang") != FG_OK);
    present("HZ-1", 1);
    turns(2);
    CHECK(state()->reasons.count > 0);
    CHECK_INT(state()->journal_state, FG_JOURNAL_NOT_WRITABLE);
    {
        bool named = false;

        for (uint8_t i = 0; i < state()->reasons.count; i++)
            named = named || state()->reasons.reasons[i] == FG_REASON_JOURNAL_NOT_WRITABLE;
        CHECK(named);
    }
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_DENIED);
    CHECK(!w.valve);
    world_end();
}

TEST("FAIL-CLOSED: no list store, no list, and a list older than one logged are refused by name")
{
    struct fg_manifest manifest;
    struct fg_error error;

    world_make();
    world_halt();
    CHECK(unlink(fg_test_path("list.db")) == 0);
    (void)unlink(fg_test_path("list.db-wal"));
    (void)unlink(fg_test_path("list.db-shm"));
    world_run();
    turns(3); /* the counter is believed */
    CHECK_INT(sign_in("wang"), FG_OK);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_LIST_MISSING);
    list_write(fg_test_path("old.fgl"), 4);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("old.fgl"), START_WALL_MS, &manifest, &error),
             &error);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    turns(1);
    refused_with(FG_REASON_LIST_ROLLED_BACK);
    CHECK_INT(state()->list_state, FG_LIST_ROLLED_BACK);
    world_end();
}

TEST("the buttons count when they are pressed, not while they are held")
{
    world_make();
    reading_set(FG_SIGNAL_START_BUTTON, 1);
    turns(2);
    present("HZ-1", 1);
    turns(2);
    check_items(1);
    turns(5);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    reading_set(FG_SIGNAL_START_BUTTON, 0);
    turns(2);
    reading_set(FG_SIGNAL_START_BUTTON, 1);
    turns(3);
    CHECK_TEXT(state()->phase_name, "FILLING");
    reading_set(FG_SIGNAL_STOP_BUTTON, 1);
    turns(2);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    world_end();
}

TEST("operators: sign-in and sign-out are logged; signing out ends the fill")
{
    world_make();
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->operator_in, true);
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_INT(sign_in(""), FG_E_ARG);
    CHECK_INT(sign_in("li"), FG_OK);
    (void)journal_newest(FG_ENTRY_OPERATOR);
    CHECK_INT(counts[FG_ENTRY_OPERATOR], 3);
    fill_start();
    CHECK_INT(sign_in("wang"), FG_E_BUSY);
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    turns(2);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR_LEFT);
    CHECK_TEXT(newest.operator_id, "li");
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_E_STATE);
    world_end();
}

TEST("a failed pre-check is refused; start waits for every item")
{
    world_make();
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK}), FG_E_STATE);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    CHECK_HAS(w.answer.text, "0x1");
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .check_failed = true}), FG_OK);
    turns(2);
    refused_with(FG_REASON_PRE_CHECK_FAILED);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK_INT(ask_kind(FG_CONTROL_CLEAR_LOCK_OUT), FG_E_STATE);
    world_end();
}

TEST("a list is imported over the socket: never in mid-fill, never an older one, logged when in force")
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};

    world_make();
    (void)snprintf(request.path, sizeof(request.path), "list.fgl");
    CHECK_INT(ask(&request), FG_E_ARG);
    list_write(fg_test_path("new.fgl"), 6);
    (void)snprintf(request.path, sizeof(request.path), "%s", fg_test_path("new.fgl"));
    fill_start();
    CHECK_INT(ask(&request), FG_E_BUSY);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    CHECK_INT(ask(&request), FG_OK);
    CHECK_INT(w.answer.list_version, 6);
    CHECK_INT(journal_newest(FG_ENTRY_LIST)->list_version, 6);
    CHECK_INT(state()->list_version, 6);
    list_write(fg_test_path("new.fgl"), 3);
    CHECK_INT(ask(&request), FG_E_OLD);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_REFUSED);
    CHECK_INT(state()->list_version, 6);
    world_end();
}

static void receipt_request(struct fg_control_request *request, uint64_t next, const struct fg_digest *head)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = *head};
    struct fg_signature signature;
    struct fg_error error;
    size_t length = 0;

    memset(request, 0, sizeof(*request));
    request->kind = FG_CONTROL_RECEIPT;
    memcpy(receipt.controller, w.settings.controller, sizeof(receipt.controller));
    CHECK_OK(fg_receipt_sign(&receipt, &w.bureau, &signature, &error), &error);
    CHECK_OK(
        fg_receipt_encode(&receipt, &signature, request->receipt, sizeof(request->receipt), &length, &error),
        &error);
    request->receipt_length = (uint16_t)length;
}

TEST("NO-LOSS: entries go out as a batch that verifies, and a receipt of the bureau makes them sent")
{
    struct fg_control_request request = {.kind = FG_CONTROL_JOURNAL, .from_sequence = 1};
    static struct fg_sync_batch batch;
    struct fg_digest start;
    struct fg_digest head;
    struct fg_error error;

    world_make();
    CHECK_INT(ask(&request), FG_OK);
    CHECK_OK(fg_sync_batch_decode(w.answer.batch, w.answer.batch_length, &batch, &error), &error);
    CHECK_INT(batch.first_sequence, 1);
    CHECK_INT(batch.first_sequence + batch.count, w.answer.next_sequence);
    CHECK_INT(state()->journal_unsent, batch.count);
    CHECK_INT(w.answer.state.receipt_next, 0);
    CHECK(w.answer.state.oldest_unsent_ms >= START_WALL_MS);
    fg_chain_start(w.settings.controller, &start);
    CHECK_INT(ask(&request), FG_OK);
    CHECK_OK(fg_sync_batch_decode(w.answer.batch, w.answer.batch_length, &batch, &error), &error);
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &start, &w.device.public_key, &head, &error), &error);
    request.from_sequence = batch.count + 1;
    CHECK_INT(ask(&request), FG_E_NOT_FOUND);
    receipt_request(&request, batch.count + 1, &head);
    CHECK_INT(ask(&request), FG_E_STATE);
    CHECK_HAS(w.answer.text, "receipt_key");
    fg_session_set_receipt_key(w.session, &w.bureau.public_key);
    CHECK_INT(ask(&request), FG_OK);
    CHECK_INT(w.answer.next_sequence, batch.count + 1);
    CHECK_INT(state()->journal_unsent, 0);
    CHECK_INT(w.answer.state.oldest_unsent_ms, 0);
    CHECK_INT(w.answer.state.receipt_next, batch.count + 1);
    CHECK_INT(w.answer.state.receipt_taken_ms, START_WALL_MS + w.mono_ms - 1);
    world_end();
}

TEST("TAMPER-SHOWS: a receipt that contradicts the journal is refused and logged once")
{
    static const struct fg_digest other = {{1, 2, 3}};
    struct fg_control_request request;
    uint64_t last;

    world_make();
    fg_session_set_receipt_key(w.session, &w.bureau.public_key);
    last = state()->journal_last_sequence;
    receipt_request(&request, last + 100, &other);
    CHECK_INT(ask(&request), FG_E_CORRUPT);
    CHECK_HAS(w.answer.text, "cut or put back");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_JOURNAL_TAMPERED);
    CHECK_INT(newest.sequence, last + 1);
    receipt_request(&request, 2, &other);
    CHECK_INT(ask(&request), FG_E_CORRUPT);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->sequence, last + 1);
    request.receipt[request.receipt_length - 1] ^= 1;
    CHECK_INT(ask(&request), FG_E_AUTH);
    CHECK_INT(state()->journal_unsent, last + 1);
    world_end();
}

TEST("GAS-ADDS-UP: gas that flows while no fill is authorised is an event at once, and refuses fills")
{
    world_make();
    w.stuck_open = true;
    turns(120);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK(counts[FG_ENTRY_EVENT] >= 1);
    CHECK_HAS(log_text, "FLOW_WITHOUT_AUTHORITY");
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_DEVICE_FAULT);
    world_end();
}

/* ---- a decision does not outlive its grounds ---- */

/* Another version of the list comes into force, whatever the point is doing. */
static void list_put(uint64_t version, void (*change)(struct fg_manifest *manifest, struct fg_row rows[3]))
{
    struct fg_moment now = moment();
    struct fg_manifest manifest;
    struct fg_error error;

    w.list_change = change;
    list_write(fg_test_path("next.fgl"), version);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("next.fgl"), START_WALL_MS + w.wall_extra_ms,
                            &manifest, &error),
             &error);
    fg_session_list_changed(w.session, &now);
}

static void good_vehicle(struct fg_manifest *manifest, struct fg_row rows[3])
{
    rows[1].inspection_due_day = TODAY + 100;
    manifest->rules.fills_per_day_max = 1;
    manifest->rules.fill_interval_min_s = 3600;
    manifest->rules.manual_per_day_max = 1;
}

static void due_today(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    rows[2].inspection_due_day = TODAY;
}

static void licence_ends_today(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    manifest->rules.licence_end_day = TODAY;
}

static void suspended(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    rows[2].state = FG_CYLINDER_SUSPENDED;
}

static void other_scrapped(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    rows[1].state = FG_CYLINDER_SCRAPPED;
}

static void point_blocked(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    manifest->rules.blocked_count = 1;
    (void)snprintf(manifest->rules.blocked_points[0], FG_NAME_MAX, "point-1");
}

static void list_runs_out(void)
{
    w.wall_extra_ms += INT64_C(86400000) * 30;
}

static void midnight_passes(void)
{
    w.wall_extra_ms += INT64_C(86400000);
}

static void clock_is_lost(void)
{
    w.clock_quality = FG_CLOCK_UNKNOWN;
}

static void list_key_is_revoked(void)
{
    struct fg_error error;

    CHECK_OK(fg_list_trust(w.stores.list, &w.device.public_key, 1, &error), &error);
}

static void tag_key_is_revoked(void)
{
    fg_session_set_tag_keys(w.session, &w.device.public_key, 1);
}

static void cylinder_is_suspended(void)
{
    list_put(7, suspended);
}

static void other_is_scrapped(void)
{
    list_put(7, other_scrapped);
}

static void point_is_blocked(void)
{
    list_put(7, point_blocked);
}

static const struct loss {
    void (*grounds)(struct fg_manifest *manifest, struct fg_row rows[3]);
    void (*happens)(void);
    enum fg_reason reason;
} losses[] = {
    {good_vehicle, list_runs_out, FG_REASON_LIST_EXPIRED},
    {due_today, midnight_passes, FG_REASON_INSPECTION_OVERDUE},
    {licence_ends_today, midnight_passes, FG_REASON_STATION_LICENCE_EXPIRED},
    {good_vehicle, clock_is_lost, FG_REASON_CLOCK_NOT_TRUSTED},
    {good_vehicle, list_key_is_revoked, FG_REASON_LIST_NOT_AUTHENTIC},
    {good_vehicle, tag_key_is_revoked, FG_REASON_TAG_SIGNATURE},
    {good_vehicle, cylinder_is_suspended, FG_REASON_SUSPENDED},
    {good_vehicle, other_is_scrapped, FG_REASON_OTHER_CYLINDER_FAILS},
    {good_vehicle, point_is_blocked, FG_REASON_POINT_BLOCKED},
};

#define LOSSES (sizeof(losses) / sizeof(losses[0]))

static void scan_on(const struct loss *loss)
{
    world_make();
    list_put(6, loss->grounds);
    present("HZ-3", 3);
    turns(2);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    check_items(1);
}

TEST("FAIL-CLOSED: START opens nothing when the grounds of the scan are gone, and says which")
{
    for (size_t i = 0; i < LOSSES; i++) {
        scan_on(&losses[i]);
        losses[i].happens();
        CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_DENIED);
        CHECK_HAS(w.answer.text, fg_reason_text(FG_LANGUAGE_ENGLISH, losses[i].reason));
        refused_with(losses[i].reason);
        CHECK_INT(counts[FG_ENTRY_AUTHORISED], 0);
        CHECK_TEXT(newest.row.code.text, "HZ-3");
        turns(3);
        CHECK(!w.valve);
        world_end();
    }
}

TEST("FAIL-CLOSED: the start button opens nothing either when the grounds are gone")
{
    scan_on(&losses[0]);
    turns(1);
    losses[0].happens();
    reading_set(FG_SIGNAL_START_BUTTON, 1);
    turns(3);
    refused_with(losses[0].reason);
    world_end();
}

static void fill_on(const struct loss *loss)
{
    scan_on(loss);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(3);
    CHECK(w.valve);
}

/* The fill ended because of this, and the journal says so in a REFUSED and an ENDED. */
static void ended_without_grounds(enum fg_reason reason)
{
    CHECK(!w.valve);
    CHECK_INT(state()->reasons.reasons[0], reason);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], reason);
    CHECK_TEXT(newest.row.code.text, "HZ-3");
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_GROUNDS_GONE);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
}

TEST("FAIL-CLOSED: RESUME opens nothing when the grounds of the fill are gone; the fill ends")
{
    for (size_t i = 0; i < LOSSES; i++) {
        fill_on(&losses[i]);
        CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
        losses[i].happens();
        CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_DENIED);
        CHECK_HAS(w.answer.text, fg_reason_text(FG_LANGUAGE_ENGLISH, losses[i].reason));
        ended_without_grounds(losses[i].reason);
        world_end();
    }
}

TEST("FAIL-CLOSED: the tag that comes back resumes nothing when the grounds are gone; the fill ends")
{
    for (size_t i = 0; i < LOSSES; i++) {
        fill_on(&losses[i]);
        w.tags_in_field = 0;
        turns(12);
        CHECK_TEXT(state()->phase_name, "SUSPENDED");
        losses[i].happens();
        w.tags_in_field = 1;
        turns(4);
        ended_without_grounds(losses[i].reason);
        world_end();
    }
}

TEST("a fill goes on under another list that still allows it, and does not count against itself")
{
    fill_on(&losses[0]);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    list_put(7, good_vehicle);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_OK);
    turns(3);
    CHECK(w.valve);
    world_end();
}

static void strong(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    rows[1].nominal_pressure_kpa = 25000;
    rows[2].nominal_pressure_kpa = 25000;
}

static void pair(struct fg_manifest *manifest, struct fg_row rows[3])
{
    strong(manifest, rows);
    rows[1].nominal_pressure_kpa = 20000;
}

TEST("FAIL-CLOSED: START fills to the limits that the list gives now, after the items were confirmed again")
{
    scan_on(&(struct loss){.grounds = strong});
    CHECK_INT(state()->target, fg_limit_pressure_kpa(FG_GAS_METHANE, 25000, 200));
    list_put(7, pair);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    CHECK_INT(state()->pre_checks_done, 0);
    CHECK_INT(state()->target, fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 200));
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    CHECK_INT(journal_newest(FG_ENTRY_AUTHORISED)->list_version, 7);
    world_end();
}

TEST("FAIL-CLOSED: a fill whose limits the list has changed is not resumed")
{
    fill_on(&(struct loss){.grounds = strong});
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    list_put(7, pair);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_GROUNDS_GONE);
    world_end();
}

TEST("FAIL-CLOSED: the weakest cylinder of a vehicle sets the pressure, whichever was scanned")
{
    scan_on(&(struct loss){.grounds = pair});
    CHECK_INT(state()->target, fg_limit_pressure_kpa(FG_GAS_METHANE, 20000, 200));
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TARGET_REACHED);
    CHECK(newest.end_pressure_kpa < 20300);
    world_end();
}

static void lpg_vehicle(struct fg_manifest *manifest, struct fg_row rows[3])
{
    manifest->rules.media[0] = FG_MEDIUM_LPG;
    for (uint32_t i = 0; i < 3; i++) {
        rows[i].medium = FG_MEDIUM_LPG;
        rows[i].inspection_due_day = TODAY + 100;
        rows[i].tare_g = 15000 + 1000 * i;
        rows[i].maximum_fill_g = 10000 + 100 * i;
    }
}

TEST("FAIL-CLOSED: LPG is not filled on a scale that reads less than the scanned cylinder's tare, and why is "
     "logged")
{
    world_make();
    world_halt();
    w.settings.medium = FG_MEDIUM_LPG;
    w.settings.fill_pressure_kpa = 0;
    w.settings.fill.below_tare_max_g = 500;
    reading_set(FG_SIGNAL_SCALE_G, 16499);
    plant_play();
    world_run();
    list_put(6, lpg_vehicle);
    turns(3);
    CHECK_INT(sign_in("wang"), FG_OK);
    present("HZ-3", 3); /* 17 kg */
    turns(2);
    check_items(1);
    (void)ask_kind(FG_CONTROL_START);
    refused_with(FG_REASON_SCALE_BELOW_TARE);
    world_end();
}

TEST("FAIL-CLOSED: LPG is filled to tare and maximum fill of the cylinder that was scanned")
{
    world_make();
    world_halt();
    w.settings.medium = FG_MEDIUM_LPG;
    w.settings.fill_pressure_kpa = 0;
    reading_set(FG_SIGNAL_SCALE_G, 17500);
    plant_play();
    world_run();
    list_put(6, lpg_vehicle);
    turns(3);
    CHECK_INT(sign_in("wang"), FG_OK);
    present("HZ-3", 3);
    turns(2);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    CHECK_INT(state()->target, fg_limit_gross_g(17000, 10200));
    CHECK_INT(state()->row.tare_g, 17000);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    CHECK_INT(journal_newest(FG_ENTRY_AUTHORISED)->row.maximum_fill_g, 10200);
    CHECK_TEXT(newest.row.plate, "浙E00003");
    turns(3);
    CHECK(w.valve);
    reading_set(FG_SIGNAL_SCALE_G, 17000 + 10200);
    turns(1);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TARGET_REACHED);
    CHECK_INT(newest.end_scale_g, 27200);
    CHECK_INT(newest.start_inventory_g, 1000000);
    CHECK(newest.quantity_g > 0);
    world_end();
}

TEST("FAIL-CLOSED: a relay that welds, or gas that flows, between scan and START refuses")
{
    world_make();
    present("HZ-1", 1);
    turns(2);
    check_items(1);
    w.stuck_open = true;
    turns(120);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    refused_with(FG_REASON_DEVICE_FAULT);
    CHECK_HAS(log_text, "FLOW_WITHOUT_AUTHORITY");
    CHECK_HAS(log_text, "VALVE_FAULT");
    CHECK_INT(counts[FG_ENTRY_AUTHORISED], 0);
    world_end();
}

/* ---- every attempt is logged ---- */

static void three_items(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.pre_check_count = 3;
    (void)snprintf(manifest->rules.pre_checks[1], FG_NAME_MAX, "valve");
    (void)snprintf(manifest->rules.pre_checks[2], FG_NAME_MAX, "passengers_out");
}

static void scan_three_items(void)
{
    world_make();
    list_put(6, three_items);
    present("HZ-1", 1);
    turns(2);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    check_items(1);
}

TEST("every attempt is logged: a scan that nobody starts in time, with the items still open")
{
    scan_three_items();
    turns(3010);
    refused_with(FG_REASON_PRE_CHECK_TIMED_OUT);
    CHECK_INT(newest.pre_checks, 1);
    CHECK_INT(newest.checks_failed, 0);
    CHECK_TEXT(newest.text, "valve, passengers_out");
    CHECK_TEXT(newest.row.code.text, "HZ-1");
    world_end();
}

TEST("every attempt is logged: a scan that is left, by the tag, by STOP, by the operator, at shutdown")
{
    struct fg_moment now;

    scan_three_items();
    remove_tag();
    refused_with(FG_REASON_PRE_CHECK_LEFT);
    CHECK(!w.lamps[FG_LAMP_RED]);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    refused_with(FG_REASON_PRE_CHECK_LEFT);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 2);
    remove_tag();
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    refused_with(FG_REASON_PRE_CHECK_LEFT);
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_INT(counts[FG_ENTRY_REFUSED], 3);
    CHECK_INT(sign_in("wang"), FG_OK);
    remove_tag();
    present("HZ-1", 1);
    turns(2);
    now = moment();
    fg_session_shutdown(w.session, &now);
    refused_with(FG_REASON_PRE_CHECK_LEFT);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 4);
    world_end();
}

TEST("every attempt is logged: a failed item by name, before the fill and after it")
{
    scan_three_items();
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = 4, .check_failed = true}),
              FG_OK);
    CHECK_HAS(w.answer.text, "passengers_out");
    refused_with(FG_REASON_PRE_CHECK_FAILED);
    CHECK_INT(newest.pre_checks, 1);
    CHECK_INT(newest.checks_failed, 4);
    CHECK_TEXT(newest.text, "passengers_out");
    CHECK_TEXT(state()->check_text, "passengers_out");
    remove_tag();
    w.post_check = true;
    list_put(7, NULL);
    fill_start();
    CHECK_TEXT(state()->check_text, "");
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    for (int i = 0; i < 200 && state()->phase != FG_FILL_POST_CHECK; i++)
        turns(1);
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = 1, .check_failed = true}),
              FG_OK);
    until_idle();
    CHECK(journal_newest(FG_ENTRY_ENDED)->post_check_failed);
    CHECK_INT(newest.checks_failed, 1);
    CHECK_TEXT(newest.text, "leak");
    world_end();
}

TEST("an answer of no that names no item speaks of all that were still open")
{
    scan_three_items();
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .check_failed = true}), FG_OK);
    refused_with(FG_REASON_PRE_CHECK_FAILED);
    CHECK_INT(newest.checks_failed, 6);
    CHECK_TEXT(newest.text, "valve, passengers_out");
    world_end();
}

/* ---- safety state survives a restart ---- */

static void restart(void)
{
    world_halt();
    plant_play();
    world_run();
    turns(3); /* the counter has settled */
    CHECK_INT(sign_in("wang"), FG_OK);
}

static void lock_out_after_two(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.zero_fills_lock_out = 2;
}

static void zero_fill(void)
{
    present("HZ-1", 1);
    turns(2);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    CHECK(journal_newest(FG_ENTRY_ENDED)->quantity_g < 5);
    remove_tag();
}

TEST("FAIL-CLOSED: fills of nothing are counted across restarts, and a lock-out survives them")
{
    world_make();
    list_put(6, lock_out_after_two);
    zero_fill();
    restart();
    CHECK(!state()->locked_out);
    zero_fill();
    CHECK(state()->locked_out);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LOCK_OUT);
    restart();
    CHECK(state()->locked_out);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_POINT_LOCKED_OUT);
    remove_tag();
    CHECK_INT(ask_kind(FG_CONTROL_CLEAR_LOCK_OUT), FG_OK);
    restart();
    CHECK(!state()->locked_out);
    zero_fill();
    CHECK(!state()->locked_out);
    world_end();
}

TEST("GAS-ADDS-UP: 24 kg that flowed while fillgated was off raise FLOW_WITHOUT_AUTHORITY at the start")
{
    world_make();
    fill_start();
    turns(50);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    world_halt();
    reading_set(FG_SIGNAL_INVENTORY_G, reading(FG_SIGNAL_INVENTORY_G) + 24000);
    world_run();
    turns(3);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_FLOW_WITHOUT_AUTHORITY);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    turns(100);
    restart();
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    world_end();
}

TEST("FAIL-CLOSED: a journal that opens late brings the lock-out with it, and what flowed since is told")
{
    struct fg_moment now;

    world_make();
    list_put(6, lock_out_after_two);
    zero_fill();
    zero_fill();
    CHECK(state()->locked_out);
    world_halt();
    plant_play();
    session_run();
    turns(5);
    CHECK(!state()->locked_out);
    reading_set(FG_SIGNAL_INVENTORY_G, reading(FG_SIGNAL_INVENTORY_G) + 24000);
    plant_play();
    journal_open();
    now = moment();
    fg_session_give_journal(w.session, w.stores.journal, &w.stores.journal_start, &now);
    turns(3);
    CHECK(state()->locked_out);
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(w.answer.board.fills_today, 2);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_FLOW_WITHOUT_AUTHORITY);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_OPERATOR_NOT_SIGNED_IN);
    CHECK_INT(newest.reasons.reasons[1], FG_REASON_POINT_LOCKED_OUT);
    world_end();
}

TEST("FAIL-CLOSED: an alarm survives a restart as long as the gas flows")
{
    world_make();
    w.stuck_open = true;
    turns(120);
    CHECK_HAS(log_text, "FLOW_WITHOUT_AUTHORITY");
    restart();
    CHECK(state()->device_fault);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_DEVICE_FAULT);
    world_end();
}

/* ---- entries that wait ---- */

/* A fill that the operator stopped; its ENDED waits, and the power goes. Returns its quantity. */
static int64_t fill_stopped_unwritten(void)
{
    int64_t quantity_g;
    sqlite3 *other;

    world_make();
    fill_start();
    turns(50);
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    turns(200);
    CHECK_TEXT(state()->phase_name, "RECORDING");
    quantity_g = state()->quantity_g;
    world_halt();
    fg_test_sqlite_let_go(other);
    (void)journal_newest(FG_ENTRY_ENDED);
    CHECK_INT(counts[FG_ENTRY_ENDED], 0);
    return quantity_g;
}

TEST("ONE-END: the ENDED that the journal did not take keeps its reason and figures over a restart")
{
    int64_t quantity_g = fill_stopped_unwritten();
    uint64_t authorised = journal_newest(FG_ENTRY_AUTHORISED)->sequence;

    reading_set(FG_SIGNAL_INVENTORY_G, reading(FG_SIGNAL_INVENTORY_G) + 24000);
    plant_play();
    world_run();
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    CHECK_INT(newest.quantity_g, quantity_g);
    CHECK_INT(newest.authorised_sequence, authorised);
    CHECK_HAS(log_text, "left open by an earlier run");
    /* What flowed since is nobody's. */
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_FLOW_WITHOUT_AUTHORITY);
    turns(5);
    CHECK(access(fg_test_path("journal.db.waiting"), F_OK) != 0);
    restart();
    (void)journal_newest(FG_ENTRY_ENDED);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    world_end();
}

static void file_copy(const char *from, const char *to)
{
    char bytes[4096];
    FILE *source = fopen(from, "rb");
    FILE *target = fopen(to, "wb");
    size_t length;

    CHECK(source != NULL && target != NULL);
    length = fread(bytes, 1, sizeof(bytes), source);
    CHECK(length > 0 && length < sizeof(bytes));
    CHECK(fwrite(bytes, 1, length, target) == length);
    CHECK(fclose(source) == 0 && fclose(target) == 0);
}

TEST("NO-LOSS: an event that could not be written keeps its text and time over a restart, and counts once")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "port gone"};
    char waiting[256];
    sqlite3 *other;
    struct fg_moment now;

    world_make();
    (void)snprintf(waiting, sizeof(waiting), "%s", fg_test_path("journal.db.waiting"));
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    now = moment();
    fg_session_report(w.session, &fault, &now);
    fg_session_raise(w.session, FG_EVENT_LOCK_OUT, "", &now);
    world_halt();
    fg_test_sqlite_let_go(other);
    file_copy(waiting, fg_test_path("copy"));
    plant_play();
    world_run();
    CHECK(fg_session_fill(w.session)->locked_out);
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LOCK_OUT);
    CHECK_INT(newest.wall_ms, now.wall_ms);
    CHECK(newest.mono_ms >= now.mono_ms);
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    CHECK(access(waiting, F_OK) != 0);
    /* As if the power had gone before the file did. */
    world_halt();
    file_copy(fg_test_path("copy"), waiting);
    world_run();
    turns(5);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    CHECK(access(waiting, F_OK) != 0);
    world_end();
}

TEST("TAMPER-SHOWS: kept entries that were altered count nothing and are told; the fill ends POWER_LOST")
{
    FILE *file;

    (void)fill_stopped_unwritten();
    file = fopen(fg_test_path("journal.db.waiting"), "r+b");
    CHECK(file != NULL);
    CHECK_INT(fseek(file, 60, SEEK_SET), 0);
    CHECK(fputc('x', file) != EOF);
    CHECK_INT(fclose(file), 0);
    plant_play();
    world_run();
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_POWER_LOST);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_JOURNAL_TAMPERED);
    world_end();
}

TEST("NO-LOSS: an event that could not be written keeps its text and time, and its place")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "port gone"};
    sqlite3 *other;
    struct fg_moment now;
    int64_t then_ms;

    world_make();
    w.reader_silent = true;
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    now = moment();
    then_ms = now.wall_ms;
    fg_session_report(w.session, &fault, &now);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->sequence, 0);
    fg_test_sqlite_let_go(other);
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_READER_FAULT);
    CHECK_TEXT(newest.text, "port gone");
    CHECK_INT(newest.wall_ms, then_ms);
    then_ms = (int64_t)newest.sequence;
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->sequence, then_ms + 1);
    turns(50);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    world_end();
}

TEST("NO-LOSS: of a flood of events that cannot be written the first are kept as they were, the others "
     "counted")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "port gone"};
    sqlite3 *other;
    struct fg_moment now;

    world_make();
    w.reader_silent = true;
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    for (int i = 0; i < 40; i++) {
        now = moment();
        fg_session_report(w.session, &fault, &now);
        w.mono_ms += TICK_MS;
    }
    fg_test_sqlite_let_go(other);
    turns(50);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 3);
    CHECK_INT(newest.repeat_count, 0);
    w.mono_ms += 10000;
    turns(50);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 4);
    CHECK_TEXT(newest.text, "port gone");
    CHECK_INT(newest.repeat_count, 37);
    world_end();
}

TEST("NO-LOSS: the last event that found room says how many did not")
{
    sqlite3 *other;
    struct fg_moment now;
    char text[FG_TEXT_MAX + 1];

    world_make();
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    now = moment();
    for (int i = 1; i <= FG_WAITING_EVENTS_MAX + 3; i++) {
        (void)snprintf(text, sizeof(text), "meter-%d: no answer", i);
        fg_session_raise(w.session, FG_EVENT_DEVICE_FAULT, text, &now);
    }
    fg_test_sqlite_let_go(other);
    turns(50);
    (void)snprintf(text, sizeof(text), "meter-%d: no answer; 3 more not kept", FG_WAITING_EVENTS_MAX);
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->text, text);
    CHECK_INT(counts[FG_ENTRY_EVENT], FG_WAITING_EVENTS_MAX);
    now = moment();
    fg_session_raise(w.session, FG_EVENT_DEVICE_BACK, "meter-1", &now);
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->text, "meter-1");
    world_end();
}

/* ---- what is said and done at the edges ---- */

TEST("FAIL-CLOSED: a valve whose feedback is dead is shut all the same")
{
    world_make();
    fill_start();
    w.feedback_dead = true;
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK(!w.valve);
    world_end();
}

TEST("LIST-IS-SIGNED: a manifest that does not verify is an event, once, and so is a row that was edited")
{
    struct fg_moment now;

    world_make();
    list_key_is_revoked();
    now = moment();
    fg_session_list_changed(w.session, &now);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_TAMPERED);
    CHECK_TEXT(newest.text, "the manifest in force does not verify");
    fg_session_list_changed(w.session, &now);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    world_end();

    world_make();
    (void)fg_test_sqlite_edit(fg_test_path("list.db"), "UPDATE bucket SET bytes = zeroblob(length(bytes))");
    for (int i = 0; i < 2; i++) {
        present("HZ-1", 1);
        turns(2);
        refused_with(FG_REASON_LIST_NOT_AUTHENTIC);
        CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_TAMPERED);
        CHECK_INT(counts[FG_ENTRY_EVENT], 1);
        remove_tag();
    }
    world_end();
}

TEST("what is sent without a journal is refused, and readings are told as they are")
{
    struct fg_error error;

    world_make();
    CHECK_INT(state()->readings[FG_SIGNAL_PRESSURE_KPA].value, 3000);
    CHECK_INT(state()->readings[FG_SIGNAL_TEMPERATURE_DC].value, 200);
    CHECK_INT(state()->readings[FG_SIGNAL_INVENTORY_G].state, FG_READING_GOOD);
    world_halt();
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
    CHECK_INT(ask_kind(FG_CONTROL_JOURNAL), FG_E_STATE);
    CHECK_HAS(w.answer.text, "not open");
    CHECK_INT(ask_kind(FG_CONTROL_RECEIPT), FG_E_STATE);
    world_end();
}

TEST("the red lamp is dark after the end, whatever it said before")
{
    struct fg_moment now;

    world_make();
    present("HZ-2", 2);
    turns(3);
    CHECK(w.lamps[FG_LAMP_RED]);
    now = moment();
    fg_session_shutdown(w.session, &now);
    fg_session_finish(w.session, &now);
    CHECK(!w.lamps[FG_LAMP_RED]);
    world_end();
}

TEST("a stop of the controller ends the fill with SHUTDOWN, the valve shut, and takes no new scan")
{
    struct fg_moment now;

    world_make();
    fill_start();
    now = moment();
    fg_session_shutdown(w.session, &now);
    CHECK(!w.valve);
    for (int i = 0; i < 200 && !fg_session_is_quiet(w.session); i++)
        turns(1);
    CHECK(fg_session_is_quiet(w.session));
    now = moment();
    fg_session_finish(w.session, &now);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_SHUTDOWN);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_SHUTDOWN);
    remove_tag();
    present("HZ-1", 1);
    turns(5);
    CHECK_INT(state()->decisions, 1);
    world_end();
}

TEST("another master on the bus is an event, once until it is gone")
{
    world_make();
    turns(5);
    w.bus_shared = true;
    turns(50);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_BUS_SHARED);
    CHECK_TEXT(newest.text, "bus main: another master is on it");
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    w.bus_shared = false;
    turns(5);
    w.bus_shared = true;
    turns(5);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    world_end();
}

TEST("NO-LOSS: devices that come and go while another master disturbs their bus are counted, as one cause")
{
    world_make();
    turns(300); /* the devices are up */
    w.bus_shared = true;
    turns(2);
    for (int i = 0; i < 10; i++) {
        w.link = FG_LINK_DOWN;
        turns(2);
        w.link = FG_LINK_UP;
        turns(2);
    }
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_BUS_SHARED);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    turns(600);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->repeat_count, 10);
    CHECK_HAS(newest.text, "bus shared: meter");
    CHECK_INT(counts[FG_ENTRY_EVENT], 3); /* one that they went, one that they came back */
    w.bus_shared = false;
    turns(2);
    w.link = FG_LINK_DOWN;
    turns(2);
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->text, "meter: no answer");
    CHECK_INT(newest.event, FG_EVENT_DEVICE_FAULT);
    world_end();
}

TEST("faults of reader, devices and clock become events, once each, and so does their end")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "port gone"};
    struct fg_reader_report back = {.kind = FG_READER_BACK};
    struct fg_moment now;

    world_make();
    now = moment();
    fg_session_report(w.session, &fault, &now);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_READER_FAULT);
    CHECK_TEXT(newest.text, "port gone");
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_HAND);
    CHECK(!state()->reader_up);
    fg_session_report(w.session, &back, &now);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_READER_BACK);
    CHECK(state()->reader_up);
    turns(300);
    w.link = FG_LINK_DOWN;
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_DEVICE_FAULT);
    CHECK_TEXT(newest.text, "meter: no answer");
    w.link = FG_LINK_UP;
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_DEVICE_BACK);
    CHECK_INT(counts[FG_ENTRY_EVENT], 4);
    now = moment();
    fg_session_clock_stepped(w.session, 5000, &now);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_CLOCK_STEP);
    fg_session_set_reader_restarts(w.session, 3);
    CHECK_INT(state()->reader_restarts, 3);
    CHECK_INT(state()->devices[0].link, FG_LINK_UP);
    world_end();
}

TEST(
    "FAIL-CLOSED: suspend shuts the valve at once, the tag alone opens nothing, resume goes on with the fill")
{
    world_make();
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_E_STATE);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    fill_start();
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    CHECK(!w.valve);
    CHECK_TEXT(state()->phase_name, "SUSPENDED");
    CHECK(w.answer.state.suspended_by_operator);
    CHECK(w.answer.state.phase_left_ms > 0 && w.answer.state.phase_left_ms <= 5000);
    turns(5);
    CHECK(w.lamps[FG_LAMP_GREEN] && w.lamps[FG_LAMP_RED]);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    remove_tag();
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    CHECK_HAS(w.answer.text, "put the cylinder's tag back");
    present("HZ-1", 1);
    turns(10);
    CHECK(!w.valve);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_OK);
    CHECK(w.valve);
    remove_tag();
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    CHECK_HAS(w.answer.text, "by itself");
    present("HZ-1", 1);
    turns(4);
    CHECK(w.valve);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_EMERGENCY_STOP);
    CHECK_INT(counts[FG_ENTRY_ENDED], 1);
    world_end();
}

TEST("a reader that could not be started, and polls later, is up without its old error, and its return is "
     "told")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "no such program"};
    struct fg_moment now;

    world_make();
    now = moment();
    w.reader_silent = true;
    fg_session_report(w.session, &fault, &now);
    CHECK(!state()->reader_up);
    CHECK_TEXT(state()->reader_text, "no such program");
    w.reader_silent = false;
    turns(20);
    CHECK(state()->reader_up);
    CHECK_TEXT(state()->reader_text, "");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_READER_BACK);
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    world_end();
}

TEST("a fill that the operator suspended and did not resume in time ends as the operator's stop")
{
    world_make();
    fill_start();
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    turns(260);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    world_end();
}

TEST("what the operator does needs one signed in; stopping does not")
{
    static const uint8_t kinds[] = {FG_CONTROL_CHECK,         FG_CONTROL_START,  FG_CONTROL_SUSPEND,
                                    FG_CONTROL_RESUME,        FG_CONTROL_MANUAL, FG_CONTROL_RECHECK,
                                    FG_CONTROL_CLEAR_LOCK_OUT};

    world_make();
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    for (size_t i = 0; i < sizeof(kinds); i++) {
        CHECK_INT(ask_kind((enum fg_control_kind)kinds[i]), FG_E_DENIED);
        CHECK_HAS(w.answer.text, "signed in");
    }
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(ask_kind(FG_CONTROL_STATE), FG_OK);
    world_end();
}

TEST("a certificate date by hand counts only from fillgated's own user")
{
    struct fg_control_request request = {.kind = FG_CONTROL_SIGN_IN, .operator_id = "li"};

    world_make();
    CHECK_INT(ask(&request), FG_E_ARG);
    w.asker_is_other = true;
    CHECK_INT(sign_in("li"), FG_E_DENIED);
    CHECK_HAS(w.answer.text, "PIN or a card");
    CHECK_TEXT(state()->operator_id, "wang");
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    CHECK_INT(sign_in("li"), FG_E_DENIED);
    CHECK_TEXT(state()->operator_id, "");
    w.asker_is_other = false;
    CHECK_INT(sign_in("li"), FG_OK);
    world_end();
}

TEST("an idle operator is signed out, and logged; a scan, a fill and a command count as work")
{
    world_make();
    w.settings.operator_idle_max_ms = 1000;
    world_halt();
    world_run();
    turns(3); /* the counter is believed */
    CHECK_INT(sign_in("wang"), FG_OK);
    CHECK(state()->operator_idle_left_ms > 900);
    turns(40);
    CHECK(state()->operator_idle_left_ms < 250);
    present("HZ-2", 2);
    turns(40);
    CHECK_TEXT(state()->operator_id, "wang");
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    turns(40);
    CHECK_TEXT(state()->operator_id, "wang");
    remove_tag();
    CHECK_INT(sign_in("wang"), FG_OK);
    fill_start();
    turns(200);
    CHECK_TEXT(state()->operator_id, "wang");
    CHECK_INT(w.answer.state.operator_idle_left_ms, 0);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    turns(60);
    CHECK_TEXT(state()->operator_id, "");
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->operator_in, false);
    CHECK_TEXT(newest.operator_id, "wang");
    CHECK_HAS(log_text, "idle");
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    world_end();
}

TEST("the state tells the row, target, progress, remaining time, day, and what keeps the point from filling")
{
    const struct fg_control_state *now;

    world_make();
    fill_start();
    turns(200);
    now = state();
    CHECK(now->row_known);
    CHECK_TEXT(now->row.code.text, "HZ-1");
    CHECK_INT(now->row.inspection_due_day, TODAY + 100);
    CHECK_INT(now->target, 20000);
    CHECK(now->progress_permille > 50 && now->progress_permille < 300);
    CHECK(now->remaining_ms > 10000 && now->remaining_ms < 60000);
    CHECK(now->phase_left_ms > 500000);
    CHECK_INT(now->today, TODAY);
    CHECK_INT(now->utc_offset_s, 0);
    CHECK(!now->device_fault && !now->emergency_stop && !now->point_blocked && !now->sign_in_blocked);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
    w.meter_silent = true;
    turns(2);
    CHECK(state()->device_fault && state()->emergency_stop);
    CHECK_INT(state()->target, 0);
    {
        bool red[2] = {false, false};

        for (int i = 0; i < 60; i++) {
            turns(1);
            red[w.lamps[FG_LAMP_RED]] = true;
        }
        CHECK(red[0] && red[1]); /* it blinks */
        CHECK(!w.lamps[FG_LAMP_GREEN]);
    }
    world_end();
}

TEST("the board counts today's attempts, survives a restart, and begins anew at local midnight")
{
    uint32_t version;

    world_make();
    version = state()->board_version;
    present("HZ-2", 2);
    turns(2);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    remove_tag();
    fill_start();
    CHECK(state()->board_version > version);
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK(w.answer.has_board);
    CHECK_INT(w.answer.board.attempts[0].kind, FG_ENTRY_AUTHORISED);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    for (int i = 0; i < 2; i++) {
        CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
        CHECK_INT(w.answer.board.fills_today, 1);
        CHECK_INT(w.answer.board.refusals_today, 1);
        CHECK_INT(w.answer.board.quantity_today_g, journal_newest(FG_ENTRY_ENDED)->quantity_g);
        CHECK_INT(w.answer.board.attempt_count, 2);
        CHECK_INT(w.answer.board.attempts[0].kind, FG_ENTRY_ENDED);
        CHECK_INT(w.answer.board.attempts[0].sequence, newest.sequence);
        CHECK_TEXT(w.answer.board.attempts[0].plate, "浙E00001");
        CHECK_TEXT(w.answer.board.attempts[0].operator_id, "wang");
        CHECK_INT(w.answer.board.attempts[1].reason, FG_REASON_INSPECTION_OVERDUE);
        version = w.answer.board.version;
        world_halt();
        world_run();
        turns(2);
        CHECK(state()->board_version != version);
    }
    w.mono_ms += INT64_C(86400000);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(w.answer.board.fills_today, 0);
    CHECK_INT(w.answer.board.refusals_today, 0);
    CHECK_INT(w.answer.board.attempt_count, 2);
    world_end();
}

static enum fg_err list_bring(uint64_t version)
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};

    list_write(fg_test_path("next.fgl"), version);
    (void)snprintf(request.path, sizeof(request.path), "%s", fg_test_path("next.fgl"));
    return ask(&request);
}

TEST("the board's day is the local one, also for what is refused after local midnight")
{
    world_make();
    w.utc_offset_s = 8 * 3600;
    w.wall_extra_ms = 6 * INT64_C(3600000); /* 01:06 of the next day there, 17:06 in UTC */
    turns(2);
    present("HZ-2", 2);
    turns(2);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(w.answer.board.refusals_today, 1);
    CHECK_INT(state()->today, TODAY + 1);
    CHECK_INT(state()->utc_offset_s, 8 * 3600);
    world_end();
}

TEST("the state tells the list that is in force when it is asked")
{
    struct fg_manifest manifest;
    struct fg_error error;

    world_make();
    CHECK_INT(state()->list_version, 5);
    list_write(fg_test_path("next.fgl"), 6);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("next.fgl"), START_WALL_MS, &manifest, &error),
             &error);
    CHECK_INT(state()->list_version, 6);
    world_end();
}

TEST("a list is logged once in a run, however often it is looked at")
{
    struct fg_moment now;

    world_make();
    CHECK_INT(list_bring(6), FG_OK);
    turns(2);
    now = moment();
    fg_session_list_changed(w.session, &now);
    turns(2);
    CHECK_INT(journal_newest(FG_ENTRY_LIST)->list_version, 6);
    CHECK_INT(counts[FG_ENTRY_LIST], 2);
    CHECK_INT(strlen(newest.text), 32); /* of the root */
    CHECK_HAS(log_text, "list: hz version 6 in force, 3 cylinders");
    world_end();
}

TEST("a list store that opens late is in force at once, and logged")
{
    struct fg_manifest manifest;
    struct fg_moment now;
    struct fg_error error;

    world_make();
    world_halt();
    journal_open();
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
    turns(3);
    CHECK_INT(state()->list_state, FG_LIST_MISSING);
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &w.bureau.public_key, 1, &w.stores.list, &error),
             &error);
    list_write(fg_test_path("next.fgl"), 6);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("next.fgl"), START_WALL_MS, &manifest, &error),
             &error);
    now = moment();
    fg_session_give_list(w.session, w.stores.list, &now);
    CHECK_INT(journal_newest(FG_ENTRY_LIST)->list_version, 6);
    world_end();
}

static void warn_after_a_day(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.list_warn_age_h = 24;
}

TEST("the state warns of a list that is as old as the rules say, to the millisecond")
{
    world_make();
    w.list_change = warn_after_a_day;
    CHECK_INT(list_bring(6), FG_OK);
    w.wall_extra_ms = INT64_C(86400000) - 1000 - (w.mono_ms + 1) - 1;
    CHECK(!state()->list_age_warning);
    CHECK_INT(w.answer.state.list_age_ms, INT64_C(86400000) - 1);
    CHECK(state()->list_age_warning);
    world_end();
}

/* ---- operators of the list ---- */

#define CARD 200 /* of zhao */

static struct fg_operator *operator_add(const char *id, int32_t certificate_end_day)
{
    struct fg_operator *person = &w.operators[w.operator_count++];

    memset(person, 0, sizeof(*person));
    (void)snprintf(person->id, sizeof(person->id), "%s", id);
    person->certificate_end_day = certificate_end_day;
    return person;
}

/* A PIN as a list may bring it, of few rounds: how many is not what is tried here. */
static void pin_give(struct fg_operator *person, const char *pin)
{
    struct fg_error error;

    person->pin_rounds = 10;
    memset(person->pin_salt, 's', FG_PIN_SALT_BYTES);
    CHECK_OK(fg_pin_derive(pin, strlen(pin), person->pin_salt, FG_PIN_SALT_BYTES, person->pin_rounds,
                           person->pin_digest, &error),
             &error);
}

/* Operators zhao (card and PIN 123456) and qian (PIN 654321) on list version 6; nobody is signed in. */
static void world_with_operators(void)
{
    world_make();
    operator_add("zhao", TODAY + 50)->card = uid_of(CARD);
    pin_give(&w.operators[0], "123456");
    pin_give(operator_add("qian", TODAY + 9), "654321");
    CHECK_INT(list_bring(6), FG_OK);
    turns(2);
    CHECK_TEXT(state()->operator_id, "wang");
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
}

static enum fg_err pin_in(const char *operator_id, const char *pin)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SIGN_IN};

    (void)snprintf(request.operator_id, sizeof(request.operator_id), "%s", operator_id);
    (void)snprintf(request.pin, sizeof(request.pin), "%s", pin);
    return ask(&request);
}

static void card_present(const struct fg_uid *uid)
{
    w.uid = *uid;
    w.tags_in_field = 1;
    turns(4);
}

TEST("a PIN signs in by the list, from any user; a wrong PIN and an unknown operator are told alike")
{
    char text[FG_CONTROL_TEXT_MAX + 1];

    world_with_operators();
    w.asker_is_other = true;
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    CHECK_TEXT(state()->operator_id, "zhao");
    CHECK_INT(w.answer.state.certificate_end_day, TODAY + 50);
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->operator_in, true);
    CHECK_TEXT(newest.operator_id, "zhao");
    CHECK(strstr(log_text, "123456") == NULL);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    CHECK_HAS(w.answer.text, "already");
    CHECK_INT(pin_in("qian", "654321"), FG_OK);
    CHECK_TEXT(state()->operator_id, "qian");
    CHECK_INT(pin_in("qian", "654322"), FG_E_DENIED);
    memcpy(text, w.answer.text, sizeof(text));
    CHECK_INT(pin_in("nobody", "654321"), FG_E_DENIED);
    CHECK_TEXT(w.answer.text, text);
    CHECK_TEXT(state()->operator_id, "qian");
    CHECK_INT(pin_in("z", "1"), FG_E_DENIED);
    CHECK_INT(pin_in("zhao", ""), FG_E_ARG);
    fill_start();
    CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
    world_end();
}

TEST("five wrong PINs block PINs for a minute, then for twice as long, at most a quarter of an hour")
{
    static const int64_t blocks_ms[] = {60000, 120000, 240000, 480000, 900000, 900000};
    struct fg_uid card = uid_of(CARD);

    world_with_operators();
    for (size_t round = 0; round < sizeof(blocks_ms) / sizeof(blocks_ms[0]); round++) {
        for (int i = 0; i < 5; i++) {
            CHECK(!state()->sign_in_blocked);
            CHECK_INT(pin_in(i % 2 == 0 ? "zhao" : "nobody", "000000"), FG_E_DENIED);
        }
        CHECK(state()->sign_in_blocked);
        CHECK(w.answer.state.sign_in_blocked_left_ms > blocks_ms[round] - 1000 &&
              w.answer.state.sign_in_blocked_left_ms <= blocks_ms[round]);
        CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
        CHECK_HAS(w.answer.text, "card");
        CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_SIGN_IN_BLOCKED);
        CHECK_HAS(newest.text, "zhao");
        w.mono_ms += blocks_ms[round] - 1000;
        CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
        w.mono_ms += 1000;
    }
    for (int i = 0; i < 5; i++)
        CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
    card_present(&card);
    CHECK_TEXT(state()->operator_id, "zhao"); /* by card, while PINs are blocked */
    CHECK(w.answer.state.sign_in_blocked);
    w.mono_ms += 900000;
    CHECK_INT(sign_in("wang"), FG_OK); /* a technician answers for somebody: wrong PINs are forgotten */
    for (int i = 0; i < 5; i++)
        CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
    CHECK(state()->sign_in_blocked_left_ms <= 60000);
    CHECK(strstr(log_text, "000000") == NULL);
    world_end();
}

TEST("a card signs its operator in, whatever it holds; it is no cylinder, and refreshes only the own time")
{
    struct fg_uid card = uid_of(CARD);
    struct fg_reader_report unreadable = {
        .kind = FG_READER_TAG, .tag_count = 1, .uid = uid_of(CARD), .complete = false};
    struct fg_moment now;

    world_with_operators();
    card_present(&card);
    now = moment();
    fg_session_report(w.session, &unreadable, &now);
    turns(50);
    CHECK_TEXT(state()->operator_id, "zhao");
    CHECK_INT(w.answer.state.certificate_end_day, TODAY + 50);
    CHECK_INT(w.answer.state.decisions, 0);
    CHECK(!w.lamps[FG_LAMP_RED]);
    (void)journal_newest(FG_ENTRY_OPERATOR);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 0);
    CHECK_INT(counts[FG_ENTRY_OPERATOR], 3);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_E_STATE);
    CHECK_HAS(w.answer.text, "card");
    remove_tag();
    card_present(&card);
    (void)journal_newest(FG_ENTRY_OPERATOR);
    CHECK_INT(counts[FG_ENTRY_OPERATOR], 3);
    remove_tag();
    /* a record of a cylinder on the card does not make it one */
    CHECK_INT(pin_in("qian", "654321"), FG_OK);
    present("HZ-1", CARD);
    turns(50);
    CHECK_TEXT(state()->operator_id, "zhao");
    CHECK_INT(w.answer.state.phase, FG_FILL_IDLE);
    CHECK_INT(w.answer.state.decisions, 0);
    remove_tag();
    /* in a fill it is just another tag; when the fill has ended it signs in */
    CHECK_INT(pin_in("qian", "654321"), FG_OK);
    fill_start();
    card_present(&card);
    turns(10);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TAG_SWAPPED);
    CHECK_TEXT(newest.operator_id, "qian");
    turns(10);
    CHECK_TEXT(state()->operator_id, "zhao");
    world_end();
}

TEST("a new list takes its operators with it: one who is gone is signed out, a new date counts")
{
    struct fg_error error;

    world_with_operators();
    CHECK_INT(pin_in("qian", "654321"), FG_OK);
    w.operators[1].certificate_end_day = TODAY - 1;
    CHECK_INT(list_bring(7), FG_OK);
    turns(2);
    CHECK_TEXT(state()->operator_id, "qian");
    CHECK_INT(w.answer.state.certificate_end_day, TODAY - 1);
    present("HZ-1", 1);
    turns(4);
    refused_with(FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    remove_tag();
    w.operator_count = 1;
    CHECK_INT(list_bring(8), FG_OK);
    turns(2);
    CHECK_TEXT(state()->operator_id, "");
    CHECK_INT(journal_newest(FG_ENTRY_OPERATOR)->operator_in, false);
    CHECK_TEXT(newest.operator_id, "qian");
    CHECK_INT(pin_in("qian", "654321"), FG_E_DENIED);
    /* who was signed in by hand is no matter of the list */
    CHECK_INT(sign_in("qian"), FG_OK);
    CHECK_INT(list_bring(9), FG_OK);
    turns(2);
    CHECK_TEXT(state()->operator_id, "qian");
    CHECK_INT(w.answer.state.certificate_end_day, TODAY + 100);
    /* a list that was replaced outside while a fill runs is looked at when the fill has ended */
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    fill_start();
    w.operator_count = 0;
    list_write(fg_test_path("next.fgl"), 10);
    {
        struct fg_manifest manifest;
        struct fg_moment now = moment();

        CHECK_OK(fg_list_import(w.stores.list, fg_test_path("next.fgl"), START_WALL_MS, &manifest, &error),
                 &error);
        fg_session_list_changed(w.session, &now);
    }
    turns(20);
    CHECK(w.valve);
    CHECK_TEXT(state()->operator_id, "zhao");
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    turns(2);
    CHECK_TEXT(state()->operator_id, "");
    world_end();
}

TEST("the board shows the list's operators; without a list nobody is known by PIN or card")
{
    struct fg_uid card = uid_of(CARD);
    uint32_t version;

    world_with_operators();
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(w.answer.board.operator_count, 2);
    CHECK_TEXT(w.answer.board.operators[0].id, "zhao");
    CHECK(w.answer.board.operators[0].has_card && w.answer.board.operators[0].has_pin);
    CHECK(!w.answer.board.operators[1].has_card);
    CHECK_INT(w.answer.board.operators[1].certificate_end_day, TODAY + 9);
    version = w.answer.board.version;
    CHECK_INT(list_bring(7), FG_OK);
    CHECK(state()->board_version > version);
    world_halt();
    CHECK(unlink(fg_test_path("list.db")) == 0);
    (void)unlink(fg_test_path("list.db-wal"));
    (void)unlink(fg_test_path("list.db-shm"));
    world_run();
    turns(3); /* the counter is believed */
    CHECK_INT(pin_in("zhao", "123456"), FG_E_STATE);
    CHECK(!state()->sign_in_blocked);
    card_present(&card);
    CHECK_TEXT(state()->operator_id, "");
    CHECK_INT(ask_kind(FG_CONTROL_BOARD), FG_OK);
    CHECK_INT(w.answer.board.operator_count, 0);
    world_end();
}

TEST("an operator who leaves after the fill leaves no check open")
{
    world_make();
    w.settings.fill.post_check_max_ms = 600000;
    world_halt();
    world_run();
    turns(3);
    w.post_check = true;
    CHECK_INT(list_bring(6), FG_OK);
    CHECK_INT(sign_in("wang"), FG_OK);
    /* who does the check stands in ENDED with it */
    fill_start();
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    turns(120);
    CHECK_TEXT(state()->phase_name, "POST_CHECK");
    check_items(1);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->post_checks, 1);
    CHECK_TEXT(newest.operator_id, "wang");
    remove_tag();
    fill_start();
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    until_idle();
    CHECK_TEXT(journal_newest(FG_ENTRY_ENDED)->operator_id, "wang");
    CHECK_INT(newest.stop, FG_STOP_OPERATOR_LEFT);
    world_end();
}

/* ---- codes typed by hand, and their second person ---- */

#define OTHER_CARD 201 /* of qian */

/* As world_with_operators; qian has a card too, and zhao is signed in by PIN. */
static void world_with_two(void)
{
    world_with_operators();
    w.operators[1].card = uid_of(OTHER_CARD);
    CHECK_INT(list_bring(7), FG_OK);
    turns(2);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
}

static enum fg_err type_code(const char *code)
{
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};

    (void)snprintf(request.code.text, sizeof(request.code.text), "%s", code);
    return ask(&request);
}

static enum fg_err second_in(const char *operator_id, const char *pin)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SECOND};

    (void)snprintf(request.operator_id, sizeof(request.operator_id), "%s", operator_id);
    (void)snprintf(request.pin, sizeof(request.pin), "%s", pin);
    return ask(&request);
}

static void code_waits(void)
{
    CHECK_INT(type_code("HZ-1"), FG_OK);
    CHECK_TEXT(state()->second_code.text, "HZ-1");
    CHECK(w.answer.state.second_left_ms > 59000 && w.answer.state.second_left_ms <= 60000);
    CHECK_TEXT(w.answer.state.phase_name, "IDLE");
}

/* Nothing waits any more; so many refusals are in the journal, the newest for want of a second person. */
static void given_up(int refusals)
{
    CHECK_TEXT(state()->second_code.text, "");
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_SECOND_PERSON_MISSING);
    CHECK_INT(newest.identity, FG_IDENTITY_MANUAL);
    CHECK_TEXT(newest.row.code.text, "HZ-1");
    CHECK_TEXT(newest.operator_id, "zhao");
    CHECK_TEXT(newest.second_person, "");
    CHECK_INT(newest.second_proof, FG_PERSON_PROOF_NONE);
    CHECK_INT(counts[FG_ENTRY_REFUSED], refusals);
    CHECK_INT(counts[FG_ENTRY_AUTHORISED], 0);
}

/* The code is accepted; its entries say who was there and how that was proven. */
static void filled_by(enum fg_person_proof operator_proof, enum fg_person_proof second_proof)
{
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    CHECK_TEXT(w.answer.state.second_person, "qian");
    CHECK_INT(w.answer.state.second_proof, second_proof);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(3);
    CHECK(w.valve);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    for (unsigned kind = FG_ENTRY_AUTHORISED; kind <= FG_ENTRY_ENDED; kind++) {
        CHECK_INT(journal_newest((enum fg_entry_kind)kind)->identity, FG_IDENTITY_MANUAL);
        CHECK_TEXT(newest.operator_id, "zhao");
        CHECK_INT(newest.operator_proof, operator_proof);
        CHECK_TEXT(newest.second_person, "qian");
        CHECK_INT(newest.second_proof, second_proof);
    }
}

TEST("a typed code is filled when another operator proves himself by PIN; both are recorded, and how")
{
    world_with_two();
    CHECK_INT(type_code(""), FG_E_ARG);
    code_waits();
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->kind, 0);
    CHECK_INT(type_code("HZ-1"), FG_E_BUSY);
    CHECK_INT(second_in("QIAN", "654321"), FG_OK);
    CHECK_INT(second_in("qian", "654321"), FG_E_STATE);
    filled_by(FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_PIN);
    CHECK(strstr(log_text, "654321") == NULL);
    world_end();
}

static void fill_typed(void)
{
    code_waits();
    CHECK_INT(second_in("qian", "654321"), FG_OK);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(20);
    CHECK(w.valve);
}

TEST("a fill after a typed code does not count against its own quota when it goes on")
{
    world_with_two();
    w.list_change = good_vehicle;
    CHECK_INT(list_bring(8), FG_OK);
    fill_typed();
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_OK);
    turns(3);
    CHECK(w.valve);
    world_end();
}

TEST("a fill after a typed code knows no tag: none that goes suspends it, one that comes ends it")
{
    world_with_two();
    fill_typed();
    CHECK_TEXT(state()->phase_name, "FILLING");
    present("HZ-1", 1);
    CHECK(!w.valve);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_TAG_SWAPPED);
    world_end();
}

TEST("a typed code is filled when another operator's card comes to the reader")
{
    struct fg_uid card = uid_of(OTHER_CARD);

    world_with_two();
    code_waits();
    w.mono_ms += 50000;
    card_present(&card);
    CHECK_TEXT(state()->operator_id, "zhao");
    filled_by(FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_CARD);
    world_end();
}

TEST("FAIL-CLOSED: no text is a second person: not a name, not the operator's own, however it is spelt")
{
    struct fg_uid own = uid_of(CARD);

    world_with_two();
    code_waits();
    CHECK_INT(second_in("x", "654321"), FG_E_DENIED);
    CHECK_INT(second_in("qian", "654322"), FG_E_DENIED);
    CHECK_INT(second_in("zhao", "123456"), FG_E_ARG);
    CHECK_INT(second_in("ZHAO", "123456"), FG_E_ARG);
    CHECK_INT(second_in("qian", "6"), FG_E_DENIED);
    CHECK_INT(second_in("qian", ""), FG_E_ARG);
    card_present(&own);
    CHECK_TEXT(state()->second_code.text, "HZ-1");
    CHECK(!w.valve);
    w.mono_ms += 60000;
    turns(1);
    given_up(1);
    CHECK_INT(second_in("qian", "654321"), FG_E_STATE);
    world_end();
}

TEST("FAIL-CLOSED: a second person who comes too late is none, by card or by PIN")
{
    struct fg_uid card = uid_of(OTHER_CARD);

    world_with_two();
    code_waits();
    w.mono_ms += 60000;
    CHECK_INT(second_in("qian", "654321"), FG_E_STATE);
    given_up(1);
    plant_play();
    code_waits();
    w.mono_ms += 59990;
    card_present(&card);
    given_up(2);
    CHECK_TEXT(state()->operator_id, "qian"); /* then it only signs in */
    world_end();
}

TEST("FAIL-CLOSED: a card that lay at the reader before proves nobody's presence")
{
    world_with_two();
    present("HZ-1", OTHER_CARD);
    turns(4);
    CHECK_TEXT(state()->operator_id, "qian");
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    code_waits();
    turns(20);
    CHECK_TEXT(state()->second_code.text, "HZ-1");
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_E_STATE);
    given_up(1);
    world_end();
}

TEST("a typed code is given up and logged when somebody stops, signs out or in, scans, or the controller "
     "stops")
{
    struct fg_moment now;

    world_with_two();
    code_waits();
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    given_up(1);
    code_waits();
    reading_set(FG_SIGNAL_STOP_BUTTON, 1);
    turns(2);
    given_up(2);
    code_waits();
    present("HZ-1", 1);
    turns(2);
    given_up(3);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK"); /* the tag is a scan of its own */
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    turns(2);
    remove_tag();
    code_waits();
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    CHECK_TEXT(state()->second_code.text, "");
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    code_waits();
    CHECK_INT(pin_in("qian", "654321"), FG_OK);
    CHECK_TEXT(state()->second_code.text, "");
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    code_waits();
    now = moment();
    fg_session_shutdown(w.session, &now);
    CHECK_INT(second_in("qian", "654321"), FG_E_STATE);
    CHECK_TEXT(state()->second_code.text, "");
    world_end();
}

TEST("a damaged tag may lie at the reader, and come and go, while a typed code waits")
{
    struct fg_reader_report blank = {
        .kind = FG_READER_TAG, .tag_count = 1, .uid = uid_of(77), .complete = true};
    struct fg_moment now;

    world_with_two();
    code_waits();
    blank.memory_length = 64;
    w.uid = blank.uid;
    w.tags_in_field = 1;
    now = moment();
    fg_session_report(w.session, &blank, &now);
    turns(40);
    CHECK_TEXT(state()->second_code.text, "HZ-1");
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->kind, 0);
    CHECK_INT(second_in("qian", "654321"), FG_OK);
    filled_by(FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_PIN);
    world_end();
}

TEST("what is wrong with a typed code beside is said at once, and again when the second person comes")
{
    world_with_two();
    CHECK_INT(type_code("HZ-2"), FG_E_DENIED);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_INSPECTION_OVERDUE);
    CHECK_INT(newest.reasons.reasons[1], FG_REASON_SECOND_PERSON_MISSING);
    code_waits();
    reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
    turns(2);
    CHECK_INT(second_in("qian", "654321"), FG_E_DENIED);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_EMERGENCY_STOP);
    CHECK_INT(newest.reasons.count, 1);
    CHECK_TEXT(newest.second_person, "qian");
    CHECK_INT(newest.second_proof, FG_PERSON_PROOF_PIN);
    world_end();
}

TEST("a second person whom a new list takes away, or whose certificate has ended, is none")
{
    world_with_two();
    code_waits();
    w.operators[1].certificate_end_day = TODAY - 1;
    CHECK_INT(list_bring(8), FG_OK);
    turns(2);
    CHECK_INT(second_in("qian", "654321"), FG_E_DENIED);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_OPERATOR_CERTIFICATE_EXPIRED);
    code_waits();
    w.operator_count = 1;
    CHECK_INT(list_bring(9), FG_OK);
    turns(2);
    CHECK_INT(second_in("qian", "654321"), FG_E_DENIED);
    CHECK_TEXT(state()->second_code.text, "HZ-1");
    world_end();
}

TEST("FAIL-CLOSED: a second person whom a list takes away between his proof and START is none, and START "
     "says so")
{
    world_with_two();
    code_waits();
    CHECK_INT(second_in("qian", "654321"), FG_OK);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    check_items(1);
    w.operator_count = 1;
    list_put(8, NULL);
    (void)ask_kind(FG_CONTROL_START);
    refused_with(FG_REASON_SECOND_PERSON_MISSING);
    CHECK_TEXT(newest.second_person, "qian");
    (void)journal_newest(FG_ENTRY_AUTHORISED);
    CHECK_INT(counts[FG_ENTRY_AUTHORISED], 0);
    world_end();
}

TEST("wrong PINs of a second person count and block as at signing in; a card still proves him")
{
    struct fg_uid card = uid_of(OTHER_CARD);

    world_with_two();
    code_waits();
    for (int i = 0; i < 3; i++)
        CHECK_INT(second_in("qian", "111111"), FG_E_DENIED);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK); /* his own PIN does not forgive what he tried on qian's */
    for (int i = 0; i < 2; i++)
        CHECK_INT(second_in("qian", "111111"), FG_E_DENIED);
    CHECK_INT(second_in("qian", "654321"), FG_E_BUSY);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_SIGN_IN_BLOCKED);
    card_present(&card);
    filled_by(FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_CARD);
    world_end();
}

/* ---- wrong PINs over a restart ---- */

static void pins_kept(void)
{
    static char path[256];

    world_with_operators();
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("journal.db.pins"));
    w.settings.pin_count_path = path;
    world_halt();
    (void)unlink(path);
    world_run();
    turns(3); /* the counter is believed */
}

static void power_cut(void)
{
    world_halt();
    w.mono_ms += 20000;
    world_run();
    turns(3); /* the counter is believed */
}

TEST("FAIL-CLOSED: cutting the power gives no further tries of a PIN, and does not shorten a block")
{
    pins_kept();
    w.mono_ms += 900000;
    CHECK_INT(sign_in("wang"), FG_OK);
    power_cut();
    for (int i = 0; i < 4; i++) {
        CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
        power_cut();
        CHECK(!state()->sign_in_blocked);
    }
    CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
    for (int i = 0; i < 3; i++) {
        CHECK(state()->sign_in_blocked_left_ms > 59000);
        CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
        power_cut();
    }
    w.mono_ms += 60000;
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    power_cut();
    for (int i = 0; i < 5; i++)
        CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
    CHECK(state()->sign_in_blocked_left_ms <= 60000); /* his good PIN ended the count, in the file too */
    world_end();
}

TEST("TAMPER-SHOWS, FAIL-CLOSED: a count of wrong PINs that is gone, altered or put back blocks PINs, and is "
     "told")
{
    struct fg_uid card = uid_of(CARD);
    char command[1024];

    pins_kept(); /* the journal is older than the file: it is missed */
    CHECK(state()->sign_in_blocked_left_ms > 890000);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_PIN_COUNT_LOST);
    CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
    w.mono_ms += 900000;
    CHECK_INT(sign_in("wang"), FG_OK);
    (void)snprintf(command, sizeof(command), "cp '%s' '%s.old'", w.settings.pin_count_path,
                   w.settings.pin_count_path);
    CHECK_INT(system(command), 0);
    power_cut();
    CHECK(!state()->sign_in_blocked);
    power_cut();
    (void)snprintf(command, sizeof(command), "cp '%s.old' '%s'", w.settings.pin_count_path,
                   w.settings.pin_count_path);
    world_halt();
    CHECK_INT(system(command), 0);
    world_run();
    turns(3); /* the counter is believed */
    CHECK(state()->sign_in_blocked);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_PIN_COUNT_LOST);
    CHECK_HAS(newest.text, "boot");
    world_halt();
    (void)unlink(w.settings.pin_count_path);
    world_run();
    turns(3); /* the counter is believed */
    CHECK(state()->sign_in_blocked);
    card_present(&card);
    CHECK_TEXT(state()->operator_id, "zhao"); /* a card needs no count */
    world_end();
}

TEST("FAIL-CLOSED: a PIN whose try cannot be counted durably is not looked at")
{
    pins_kept();
    w.mono_ms += 900000;
    world_halt();
    w.settings.pin_count_path = "/proc/none/pins";
    world_run();
    turns(3); /* the counter is believed */
    w.mono_ms += 900000;
    CHECK_INT(pin_in("zhao", "123456"), FG_E_IO);
    CHECK_HAS(w.answer.text, "use a card");
    CHECK_TEXT(state()->operator_id, "");
    world_end();
}

TEST("FAIL-CLOSED: a recheck decides on what the reader reads then, and on nothing until it has")
{
    world_make();
    present("HZ-2", 2);
    turns(2);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    w.reader_reads_nothing = true;
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    turns(100);
    CHECK_INT(state()->decisions, 1);
    w.reader_reads_nothing = false;
    w.memory.memory_length = 16; /* it was overwritten meanwhile */
    turns(40);
    CHECK_INT(state()->decisions, 2);
    refused_with(FG_REASON_TAG_FORMAT);
    world_end();
}

TEST("a tag that could not be read is decided on again when it can be, and only then")
{
    struct fg_reader_report whole;
    struct fg_reader_report broken;
    struct fg_moment now;

    world_make();
    present("HZ-2", 2);
    whole = w.memory;
    remove_tag();
    broken = whole;
    broken.complete = false;
    broken.memory_length = 0;
    w.tags_in_field = 1;
    now = moment();
    fg_session_report(w.session, &broken, &now);
    turns(2);
    refused_with(FG_REASON_TAG_UNREADABLE);
    now = moment();
    fg_session_report(w.session, &broken, &now);
    turns(2);
    refused_with(FG_REASON_TAG_UNREADABLE);
    fg_session_report(w.session, &whole, &now);
    turns(2);
    refused_with(FG_REASON_INSPECTION_OVERDUE);
    world_end();
}

TEST("CLONES-SHOW: what a tag held at an earlier visit is not what it is judged by")
{
    struct fg_moment now;
    struct fg_reader_report poll;

    world_make();
    present("HZ-2", 2);
    turns(2);
    remove_tag();
    w.tags_in_field = 1;
    poll = (struct fg_reader_report){.kind = FG_READER_POLL, .tag_count = 1, .uid = w.uid};
    w.memory.memory_length = 16;
    now = moment();
    fg_session_report(w.session, &poll, &now);
    turns(100);
    CHECK_INT(w.readings, 1);
    refused_with(FG_REASON_TAG_FORMAT);
    world_end();
}
/* ---- many of one cause, and what is old ---- */

struct tally {
    uint32_t entries;
    uint32_t occurrences;
    char text[FG_TEXT_MAX + 1];
};

static enum fg_err refusal_tally(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                 size_t byte_count, struct fg_error *error)
{
    struct tally *tally = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    if (entry->kind != FG_ENTRY_REFUSED)
        return FG_OK;
    tally->entries++;
    tally->occurrences += fg_entry_occurrences(entry);
    memcpy(tally->text, entry->text, sizeof(tally->text));
    return FG_OK;
}

static struct tally refusals_tally(void)
{
    struct tally tally = {0};
    struct fg_error error;

    CHECK_OK(fg_journal_each(fg_test_path("journal.db"), NULL, refusal_tally, &tally, &error), &error);
    return tally;
}

/* A phone comes to the reader, with a UID that it drew. */
static void phone_present(uint8_t number)
{
    const struct fg_uid uid = {4, {0x08, number, 7, 9}};
    struct fg_reader_report report = {.kind = FG_READER_TAG, .tag_count = 1, .uid = uid, .complete = true};
    struct fg_moment now;

    w.uid = uid;
    w.tags_in_field = 1;
    w.mono_ms += 5;
    now = moment();
    fg_session_report(w.session, &report, &now);
    turns(2);
    remove_tag();
}

TEST("NO-LOSS: a phone with another random UID each time costs few entries, is named, and none is lost")
{
    struct fg_moment now;
    struct tally tally;

    world_make();
    for (uint8_t i = 0; i < 60; i++)
        phone_present(i);
    CHECK_INT(state()->decisions, 60);
    tally = refusals_tally();
    CHECK(tally.entries >= 3 && tally.entries <= 8);
    CHECK_HAS(tally.text, "random UID");
    fill_start(); /* a cylinder between them is filled and logged as ever */
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_OPERATOR);
    now = moment();
    fg_session_shutdown(w.session, &now);
    fg_session_finish(w.session, &now);
    CHECK_INT(refusals_tally().occurrences, 60);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_SHUTDOWN);
    world_end();
}

/* The bureau acknowledges every entry that there is; another list then comes into force. Returns how many. */
static uint64_t all_acknowledged(uint64_t next_list_version)
{
    static struct fg_sync_batch batch;
    struct fg_control_request request = {.kind = FG_CONTROL_JOURNAL, .from_sequence = 1};
    struct fg_manifest manifest;
    struct fg_digest head;
    struct fg_moment now;
    struct fg_error error;

    fg_session_set_receipt_key(w.session, &w.bureau.public_key);
    CHECK_INT(ask(&request), FG_OK);
    CHECK_OK(fg_sync_batch_decode(w.answer.batch, w.answer.batch_length, &batch, &error), &error);
    fg_chain_start(w.settings.controller, &head);
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &head, &w.device.public_key, &head, &error), &error);
    receipt_request(&request, batch.count + 1, &head);
    CHECK_INT(ask(&request), FG_OK);
    list_write(fg_test_path("list.fgl"), next_list_version);
    CHECK_OK(fg_list_import(w.stores.list, fg_test_path("list.fgl"), START_WALL_MS, &manifest, &error),
             &error);
    now = moment();
    fg_session_list_changed(w.session, &now);
    return batch.count;
}

static void world_with_retention(void)
{
    world_make();
    w.settings.journal_retention_days = 29; /* the list is in force for 30 */
    restart();
}

TEST("NO-LOSS: what a receipt covers goes after the retention time, when nobody is at the point")
{
    uint64_t acknowledged;

    world_with_retention();
    acknowledged = all_acknowledged(6);
    w.mono_ms += INT64_C(86400000) * 28;
    turns(10);
    CHECK_INT(fg_journal_first(w.stores.journal), 1);
    w.mono_ms += INT64_C(86400000) * 400; /* however far a clock runs ahead, the list's end bounds it */
    turns(10);
    CHECK_INT(fg_journal_first(w.stores.journal), acknowledged + 1);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_JOURNAL_PRUNED);
    CHECK_INT(newest.pruned_sequence, acknowledged);
    world_end();
}

TEST("FAIL-CLOSED: a lock-out survives a restart also when its entry was pruned")
{
    uint64_t acknowledged;

    world_with_retention();
    list_put(6, lock_out_after_two);
    zero_fill();
    zero_fill();
    CHECK(state()->locked_out);
    acknowledged = all_acknowledged(7);
    w.mono_ms += INT64_C(86400000) * 400;
    turns(10);
    CHECK_INT(fg_journal_first(w.stores.journal), acknowledged + 1);
    restart();
    CHECK(state()->locked_out);
    world_end();
}

/* ---- what is pruned, and when ---- */

/* Everything so far is acknowledged and older than the retention time, and the run is a minute old. */
static uint64_t all_old(uint64_t next_list_version)
{
    uint64_t acknowledged = all_acknowledged(next_list_version);

    w.wall_extra_ms += INT64_C(86400000) * 30 - 60000;
    w.mono_ms += 60000;
    plant_play();
    return acknowledged;
}

TEST("NO-LOSS: nothing is pruned while a tag lies in the field, while a fill runs, or when the controller "
     "stops")
{
    uint64_t acknowledged;
    struct fg_moment now;

    world_with_retention();
    w.tags_in_field = 1;
    w.uid = uid_of(9);
    turns(2);
    acknowledged = all_old(6);
    turns(20);
    CHECK_INT(fg_journal_first(w.stores.journal), 1);
    remove_tag();
    CHECK_INT(fg_journal_first(w.stores.journal), acknowledged + 1);
    world_end();

    world_with_two();
    w.settings.journal_retention_days = 29;
    world_halt();
    world_run();
    turns(3);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    acknowledged = all_acknowledged(8);
    w.mono_ms += 60000;
    w.clock_quality = FG_CLOCK_INFORMATIVE;
    turns(2);
    w.clock_quality = FG_CLOCK_SYNCHRONISED;
    fill_typed(); /* no tag lies in the field */
    w.wall_extra_ms += INT64_C(86400000) * 30 - 60000;
    turns(20);
    CHECK(w.valve);
    CHECK_INT(fg_journal_first(w.stores.journal), 1);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    turns(1);
    CHECK(fg_journal_first(w.stores.journal) > 1);
    world_end();

    world_with_retention();
    acknowledged = all_old(6);
    now = moment();
    fg_session_shutdown(w.session, &now);
    turns(20);
    CHECK_INT(fg_journal_first(w.stores.journal), 1);
    world_end();
}

/* ---- state of the point and its parts, as a panel is told ---- */

static void five_items(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    manifest->rules.pre_check_count = 3;
    (void)snprintf(manifest->rules.pre_checks[1], FG_NAME_MAX, "valve");
    (void)snprintf(manifest->rules.pre_checks[2], FG_NAME_MAX, "passengers_out");
    manifest->rules.post_check_count = 2;
    (void)snprintf(manifest->rules.post_checks[0], FG_NAME_MAX, "leak");
    (void)snprintf(manifest->rules.post_checks[1], FG_NAME_MAX, "cap");
}

TEST("the state tells the point, its phase, its items and what was confirmed of them, while a fill is under "
     "way")
{
    const struct fg_control_state *now = &w.answer.state;
    int64_t quantity_g;

    world_make();
    list_put(6, five_items);
    turns(1);
    CHECK_TEXT(state()->controller, "ctl-1");
    CHECK_TEXT(now->point, "point-1");
    CHECK_INT(now->medium, FG_MEDIUM_CNG);
    CHECK_INT(now->boot, w.stores.journal_start.boot);
    CHECK_INT(now->boot, 1);
    CHECK_TEXT(now->phase_name, "IDLE");
    CHECK_INT(now->pre_checks_wanted + now->post_checks_wanted + now->programme, 0);
    CHECK_INT(now->pre_check_count, 3);
    CHECK_TEXT(now->pre_checks[2], "passengers_out");
    CHECK_INT(now->post_check_count, 2);
    CHECK_TEXT(now->post_checks[1], "cap");
    CHECK(!now->valve_commanded && !now->tag_present && !now->row_known && !now->locked_out);
    present("HZ-3", 3);
    turns(2);
    check_items(5);
    CHECK_INT(state()->phase, FG_FILL_PRE_CHECK);
    CHECK_INT(now->programme, FG_PROGRAMME_PRESSURE);
    CHECK_INT(now->pre_checks_wanted, 7);
    CHECK_INT(now->pre_checks_done, 5);
    CHECK_INT(now->post_checks_wanted, 3);
    CHECK_INT(now->authorised_sequence, 0);
    CHECK_INT(now->quantity_g, 0);
    CHECK(now->tag_present && now->row_known);
    CHECK_INT(now->uid.bytes[6], 3);
    CHECK_TEXT(now->code.text, "HZ-3");
    CHECK_TEXT(now->plate, "浙E00003");
    CHECK_INT(now->identity, FG_IDENTITY_SIGNED_TAG);
    CHECK_INT(now->phase_left_ms > 59000, 1);
    check_items(2);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(3);
    CHECK_INT(state()->phase, FG_FILL_FILLING);
    CHECK(now->valve_commanded);
    CHECK_INT(now->quantity_g, reading(FG_SIGNAL_INVENTORY_G) - 1000000);
    CHECK(now->quantity_g > 0);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK_INT(state()->phase, FG_FILL_CLOSING);
    CHECK_INT(now->stop, FG_STOP_OPERATOR);
    CHECK(!now->valve_commanded);
    for (int i = 0; i < 200 && state()->phase != FG_FILL_POST_CHECK; i++)
        turns(1);
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = 2}), FG_OK);
    CHECK_TEXT(w.answer.text, "confirmed");
    CHECK_INT(state()->post_checks_done, 2);
    quantity_g = now->quantity_g;
    check_items(1);
    until_idle();
    CHECK_INT(now->fills_ended, 1);
    CHECK_INT(now->last_stop, FG_STOP_OPERATOR);
    CHECK_INT(now->last_quantity_g, quantity_g);
    CHECK_INT(now->last_ended_sequence, journal_newest(FG_ENTRY_ENDED)->sequence);
    CHECK_INT(newest.post_checks, 3);
    CHECK_INT(now->quantity_g + now->post_checks_done + now->programme, 0);
    world_end();
}

TEST("the state tells readings with their age, devices, clock, journal, list and operator")
{
    const struct fg_control_state *now = &w.answer.state;

    world_make();
    w.devices = 2;
    turns(2);
    w.plant.readings[FG_SIGNAL_TOTAL_G] = (struct fg_reading){7, w.mono_ms, FG_READING_MISSING};
    w.plant.readings[FG_SIGNAL_FLOW_G_MIN] = (struct fg_reading){8, w.mono_ms - 99, FG_READING_FAULT};
    (void)state();
    CHECK(now->readings[FG_SIGNAL_PRESSURE_KPA].configured && !now->readings[FG_SIGNAL_SCALE_G].configured);
    CHECK_INT(now->readings[FG_SIGNAL_PRESSURE_KPA].value, 3000);
    CHECK_INT(now->readings[FG_SIGNAL_PRESSURE_KPA].age_ms, 1);
    CHECK_INT(now->readings[FG_SIGNAL_FLOW_G_MIN].value, 0);
    CHECK_INT(now->readings[FG_SIGNAL_FLOW_G_MIN].age_ms, 100);
    CHECK_INT(now->readings[FG_SIGNAL_FLOW_G_MIN].state, FG_READING_FAULT);
    CHECK_INT(now->readings[FG_SIGNAL_TOTAL_G].age_ms, 0);
    CHECK_INT(now->device_count, 2);
    CHECK_TEXT(now->devices[0].name, "meter");
    CHECK_TEXT(now->devices[1].name, "relay");
    CHECK_INT(now->devices[1].link, FG_LINK_UP);
    CHECK_INT(now->devices[1].requests, 1001);
    CHECK_INT(now->devices[1].failures, 11);
    CHECK_TEXT(now->devices[1].last_error, "no answer");
    CHECK_INT(now->clock_quality, FG_CLOCK_SYNCHRONISED);
    CHECK_INT(now->wall_ms, START_WALL_MS + w.mono_ms);
    CHECK_INT(now->journal_state, FG_JOURNAL_OK);
    CHECK_INT(now->journal_count, fg_journal_last(w.stores.journal));
    CHECK_INT(now->journal_last_sequence, now->journal_count);
    CHECK_INT(now->list_state, FG_LIST_IN_FORCE);
    CHECK_TEXT(now->list_id, "hz");
    CHECK_INT(now->list_issued_ms, START_WALL_MS - 1000);
    CHECK_INT(now->list_expires_ms, START_WALL_MS + INT64_C(86400000) * 30);
    CHECK_INT(now->list_age_ms, w.mono_ms + 1000);
    CHECK(!now->list_age_warning);
    CHECK_TEXT(now->operator_id, "wang");
    CHECK_INT(now->operator_proof, FG_PERSON_PROOF_HAND);
    CHECK_INT(now->certificate_end_day, TODAY + 100);
    CHECK(now->manual_entry);
    list_key_is_revoked();
    CHECK_INT(state()->list_state, FG_LIST_NOT_AUTHENTIC);
    CHECK(!now->manual_entry);
    CHECK_TEXT(now->list_id, "");
    CHECK_INT(now->pre_check_count, 0);
    world_end();
}

static void other_points_blocked(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.manual_entry = false;
    manifest->rules.blocked_count = 2;
    (void)snprintf(manifest->rules.blocked_points[0], FG_NAME_MAX, "point-2");
    (void)snprintf(manifest->rules.blocked_points[1], FG_NAME_MAX, "point-11");
}

static void this_point_blocked_too(struct fg_manifest *manifest, struct fg_row rows[3])
{
    other_points_blocked(manifest, rows);
    manifest->rules.blocked_count = 3;
    (void)snprintf(manifest->rules.blocked_points[2], FG_NAME_MAX, "point-1");
}

TEST("the state tells that the bureau has blocked this point, not that it has blocked others")
{
    world_make();
    list_put(6, other_points_blocked);
    CHECK(!state()->point_blocked);
    CHECK(!w.answer.state.manual_entry);
    list_put(7, this_point_blocked_too);
    CHECK(state()->point_blocked);
    CHECK_INT(w.answer.state.phase_left_ms, 0);
    world_end();
}

/* ---- lamps ---- */

static void lamps_are(bool green, bool red)
{
    turns(1);
    CHECK_INT(w.lamps[FG_LAMP_GREEN], green);
    CHECK_INT(w.lamps[FG_LAMP_RED], red);
}

TEST("green is this cylinder's, both are a pause, and both are dark after the fill")
{
    world_make();
    w.post_check = true;
    list_put(6, NULL);
    lamps_are(false, false);
    present("HZ-1", 1);
    lamps_are(true, false);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    lamps_are(true, false);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    lamps_are(true, true);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_OK);
    lamps_are(true, false);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    lamps_are(false, false);
    for (int i = 0; i < 200 && state()->phase != FG_FILL_POST_CHECK; i++)
        turns(1);
    lamps_are(false, false);
    check_items(1);
    until_idle();
    lamps_are(false, false);
    world_end();
}

TEST("red is the refusal of what is in the field: for a failed check too, not for one that was left or typed")
{
    world_make();
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .check_failed = true}), FG_OK);
    CHECK_INT(state()->decisions, 2);
    lamps_are(false, true);
    remove_tag();
    lamps_are(false, false);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    lamps_are(false, false);
    remove_tag();
    present("HZ-2", 2);
    turns(2);
    lamps_are(false, true);
    list_put(6, good_vehicle); /* HZ-2 is in order now */
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    turns(2);
    check_items(1);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_OK);
    turns(20);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    lamps_are(false, false);
    world_end();

    world_with_two();
    present("HZ-2", 2);
    turns(2);
    lamps_are(false, true);
    code_waits();
    lamps_are(false, false);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    lamps_are(false, false);
    world_end();
}

TEST("red blinks every half second while the point needs a person: stop pressed, device lost, or locked out")
{
    for (int way = 0; way < 3; way++) {
        world_make();
        if (way == 0)
            reading_set(FG_SIGNAL_EMERGENCY_STOP, 1);
        else if (way == 1)
            w.meter_silent = true;
        else {
            list_put(6, lock_out_after_two);
            zero_fill();
            zero_fill();
        }
        w.mono_ms += 2000 - w.mono_ms % 1000;
        for (int i = 0; i < 50; i++)
            lamps_are(false, (i + 1) * TICK_MS % 1000 < 500);
        world_end();
    }
}

TEST("at the end no lamp says that a cylinder may be filled")
{
    struct fg_moment now;

    world_make();
    present("HZ-1", 1);
    lamps_are(true, false);
    now = moment();
    fg_session_shutdown(w.session, &now);
    fg_session_finish(w.session, &now);
    CHECK(!w.lamps[FG_LAMP_GREEN]);
    world_end();
}

/* ---- what happens around a scan ---- */

TEST("every attempt is logged: a scan whose tag another one takes the place of, with what was done of it")
{
    scan_three_items();
    present("HZ-2", 2);
    turns(3);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_INSPECTION_OVERDUE);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 2);
    CHECK_TEXT(newest.text, "");
    CHECK_INT(newest.pre_checks, 0);
    CHECK_TEXT(state()->check_text, "");
    remove_tag();
    present("HZ-1", 1);
    turns(2);
    check_items(2);
    remove_tag();
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_PRE_CHECK_LEFT);
    CHECK_INT(newest.pre_checks, 2);
    CHECK_INT(newest.checks_failed, 0);
    CHECK_TEXT(newest.text, "hose, passengers_out");
    CHECK_TEXT(state()->check_text, "hose, passengers_out");
    CHECK_HAS(log_text, "(PRE_CHECK_LEFT): hose, passengers_out, entry");
    world_end();
}

TEST("an answer of no to an item that is not asked speaks of all that were still open")
{
    scan_three_items();
    CHECK_INT(
        ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = 0x80, .check_failed = true}),
        FG_OK);
    CHECK_TEXT(w.answer.text, "recorded as failed: valve, passengers_out");
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->checks_failed, 6);
    world_end();
}

static void long_items(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.pre_check_count = FG_CHECK_ITEMS_MAX;
    for (int i = 0; i < FG_CHECK_ITEMS_MAX; i++)
        (void)snprintf(manifest->rules.pre_checks[i], FG_NAME_MAX + 1, "%0*d", i < 3 ? 30 : 31, i);
    (void)snprintf(manifest->rules.pre_checks[15], FG_NAME_MAX + 1, "x");
}

TEST("of many items as many are named as a text holds, each whole")
{
    world_make();
    list_put(6, long_items);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(state()->pre_checks_wanted, 0xffff);
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .check_failed = true}), FG_OK);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->checks_failed, 0xffff);
    CHECK_TEXT(newest.text, "000000000000000000000000000000, 000000000000000000000000000001, "
                            "000000000000000000000000000002");
    CHECK_INT(strlen(newest.text), 94);
    world_end();

    world_make();
    list_put(6, long_items);
    present("HZ-1", 1);
    turns(2);
    check_items(2);
    CHECK_INT(
        ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .checks = 0x8019, .check_failed = true}),
        FG_OK);
    CHECK_TEXT(journal_newest(FG_ENTRY_REFUSED)->text,
               "000000000000000000000000000000, 0000000000000000000000000000003, x");
    world_end();
}

TEST("NO-LOSS: repeats of one refusal have no entry and no line of their own, and the state says so")
{
    world_make();
    for (int i = 0; i < 5; i++) {
        present("HZ-2", 2);
        turns(2);
        CHECK_INT(state()->decision_sequence != 0, i < 3);
        CHECK_INT(w.answer.state.decisions, i + 1);
        remove_tag();
    }
    CHECK_INT(lines_with("refused: HZ-2: "), 3);
    present("HZ-1", 1);
    turns(2);
    CHECK_HAS(log_text, "accepted: HZ-1 浙E00001\n");
    CHECK_INT(state()->decision_sequence, 0);
    CHECK_TEXT(state()->failing_code.text, "");
    world_end();
}

TEST("FAIL-CLOSED: what the journal does not take as authorised opens nothing, and is refused by that name")
{
    sqlite3 *other;

    world_make();
    present("HZ-1", 1);
    turns(2);
    check_items(1);
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    (void)ask_kind(FG_CONTROL_START);
    turns(3);
    CHECK_INT(state()->phase, FG_FILL_IDLE);
    CHECK(!w.valve);
    CHECK_INT(w.opened, 0);
    CHECK_INT(state()->journal_state, FG_JOURNAL_NOT_WRITABLE);
    fg_test_sqlite_let_go(other);
    remove_tag();
    w.mono_ms += 500; /* then the journal is tried, whatever waits to be written */
    turns(1);
    CHECK_INT(state()->journal_state, FG_JOURNAL_OK);
    fill_start();
    (void)journal_newest(FG_ENTRY_AUTHORISED);
    CHECK_INT(counts[FG_ENTRY_AUTHORISED], 1);
    (void)ask_kind(FG_CONTROL_STOP);
    until_idle();
    w.mono_ms += 10000; /* and the refusal is written with what was counted */
    turns(5);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->reasons.reasons[0], FG_REASON_JOURNAL_NOT_WRITABLE);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 1);
    world_end();
}

TEST("a sign-in that the journal did not take says that nobody is signed in")
{
    sqlite3 *other;

    world_make();
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    CHECK_INT(sign_in("wang"), FG_E_IO);
    CHECK_HAS(w.answer.text, "not signed in: ");
    CHECK_HAS(w.answer.text, "another process holds it");
    fg_test_sqlite_let_go(other);
    world_end();
}

TEST("FAIL-CLOSED: a typed code is refused while the fill of an earlier run has no end yet")
{
    struct fg_moment now;

    world_make();
    fill_start();
    world_halt();
    w.meter_silent = true;
    plant_play();
    world_run();
    turns(10);
    CHECK(!fg_session_is_quiet(w.session));
    CHECK_INT(sign_in("wang"), FG_OK);
    CHECK_INT(type_code("HZ-1"), FG_E_DENIED);
    {
        bool named = false;

        for (uint8_t i = 0; i < state()->reasons.count; i++)
            named = named || state()->reasons.reasons[i] == FG_REASON_JOURNAL_NOT_WRITABLE;
        CHECK(named);
    }
    turns(300);
    CHECK(fg_session_is_quiet(w.session));
    now = moment();
    fg_session_finish(w.session, &now);
    world_end();
}

TEST("FAIL-CLOSED: a fill whose grounds are gone leaves the red lamp on, and counts as a decision")
{
    fill_on(&losses[0]);
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    losses[0].happens();
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_DENIED);
    CHECK_INT(state()->decisions, 2);
    CHECK_INT(w.answer.state.decision_sequence, journal_newest(FG_ENTRY_REFUSED)->sequence);
    until_idle();
    lamps_are(false, true);
    CHECK_HAS(log_text, "refused: HZ-3: ");
    world_end();

    fill_on(&(struct loss){.grounds = strong}); /* other limits are no reason to refuse */
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_OK);
    list_put(7, pair);
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    (void)journal_newest(FG_ENTRY_REFUSED);
    CHECK_INT(counts[FG_ENTRY_REFUSED], 0);
    world_end();
}

TEST("CLONES-SHOW: of the keys that sign tags as many count as there is room for")
{
    struct fg_public_key keys[FG_SESSION_TAG_KEYS_MAX + 1];
    struct fg_moment now;

    world_make();
    for (size_t i = 0; i <= FG_SESSION_TAG_KEYS_MAX; i++)
        keys[i] = w.device.public_key;
    keys[FG_SESSION_TAG_KEYS_MAX] = w.bureau.public_key;
    fg_session_set_tag_keys(w.session, keys, FG_SESSION_TAG_KEYS_MAX + 1);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_TAG_SIGNATURE);
    remove_tag();
    keys[FG_SESSION_TAG_KEYS_MAX - 1] = w.bureau.public_key;
    fg_session_set_tag_keys(w.session, keys, FG_SESSION_TAG_KEYS_MAX);
    now = moment();
    fg_session_tick(w.session, &now);
    present("HZ-1", 1);
    turns(2);
    CHECK_TEXT(state()->phase_name, "PRE_CHECK");
    world_end();
}

/* ---- start, stores that open late, and the end ---- */

TEST("FAIL-CLOSED: whoever lets go of the session finds the valve shut")
{
    world_make();
    fill_start();
    fg_session_free(w.session);
    CHECK(!w.valve);
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &(struct fg_error){0}),
             &(struct fg_error){0});
    world_end();
}

TEST("FAIL-CLOSED: alarms that were raised without a journal stay when it opens")
{
    struct fg_moment now;

    world_make();
    world_halt();
    session_run();
    turns(3);
    w.stuck_open = true;
    turns(120);
    CHECK(fg_session_fill(w.session)->alarm_flow && fg_session_fill(w.session)->alarm_valve);
    journal_open();
    now = moment();
    fg_session_give_journal(w.session, w.stores.journal, &w.stores.journal_start, &now);
    CHECK(fg_session_fill(w.session)->alarm_flow && fg_session_fill(w.session)->alarm_valve);
    CHECK_INT(journal_newest(FG_ENTRY_BOOT)->wall_ms < now.wall_ms - 100, 1);
    CHECK_TEXT(newest.text, "test");
    turns(2);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK(counts[FG_ENTRY_EVENT] >= 2);
    CHECK_HAS(log_text, "journal: open");
    world_end();
}

TEST("stores that open before the first tick are written to with it")
{
    struct fg_moment now;
    struct fg_error error;

    world_make();
    world_halt();
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
    journal_open();
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &w.bureau.public_key, 1, &w.stores.list, &error),
             &error);
    now = moment();
    fg_session_give_journal(w.session, w.stores.journal, &w.stores.journal_start, &now);
    fg_session_give_list(w.session, w.stores.list, &now);
    (void)journal_newest(FG_ENTRY_BOOT);
    CHECK_INT(counts[FG_ENTRY_BOOT], 1);
    turns(1);
    (void)journal_newest(FG_ENTRY_BOOT);
    CHECK_INT(counts[FG_ENTRY_BOOT], 2);
    CHECK_INT(state()->list_state, FG_LIST_IN_FORCE);
    world_end();
}

TEST(
    "TAMPER-SHOWS: a kept receipt that the bureau did not sign is an event at the start, or when the journal "
    "opens")
{
    for (int late = 0; late < 2; late++) {
        struct fg_moment now;

        world_make();
        world_halt();
        if (late) {
            session_run();
            turns(2);
            journal_open();
            w.stores.journal_start.receipt_false = true;
            now = moment();
            fg_session_give_journal(w.session, w.stores.journal, &w.stores.journal_start, &now);
        } else {
            journal_open();
            w.stores.journal_start.receipt_false = true;
            session_run();
            turns(2);
        }
        CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_JOURNAL_TAMPERED);
        CHECK_TEXT(newest.text, "the kept receipt is not the bureau's");
        CHECK_INT(counts[FG_ENTRY_EVENT], 1);
        world_end();
    }
}

TEST("devices have five seconds from the start before one that does not come up is an event")
{
    world_make();
    world_halt();
    w.link = FG_LINK_DOWN;
    w.devices = 2;
    world_run();
    turns(250);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 0);
    turns(1);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_DEVICE_FAULT);
    CHECK_TEXT(newest.text, "relay: no answer");
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    w.link = FG_LINK_UP;
    turns(1);
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->text, "relay");
    CHECK_INT(counts[FG_ENTRY_EVENT], 4);
    world_end();
}

TEST("LIST-IS-SIGNED: each time that the list stops verifying, or is an older one, is an event")
{
    struct fg_moment now;
    struct fg_error error;

    world_make();
    for (int i = 1; i <= 2; i++) {
        list_key_is_revoked();
        now = moment();
        fg_session_list_changed(w.session, &now);
        (void)journal_newest(FG_ENTRY_EVENT);
        CHECK_INT(counts[FG_ENTRY_EVENT], i);
        CHECK_OK(fg_list_trust(w.stores.list, &w.bureau.public_key, 1, &error), &error);
        fg_session_list_changed(w.session, &now);
        CHECK_INT(state()->list_state, FG_LIST_IN_FORCE);
    }
    world_end();

    world_make();
    world_halt();
    (void)unlink(fg_test_path("list.db"));
    (void)unlink(fg_test_path("list.db-wal"));
    (void)unlink(fg_test_path("list.db-shm"));
    world_run();
    turns(2);
    CHECK_HAS(log_text, "list: none in force; every scan is refused");
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 0);
    list_put(4, NULL);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_TAMPERED);
    CHECK_TEXT(newest.text, "the list is older than one already in force");
    CHECK_INT(counts[FG_ENTRY_LIST], 1);
    world_end();
}

TEST("a clock that is stepped, and one whose floor is lowered, are events that say how far")
{
    struct fg_moment now;
    struct fg_error error;

    world_make();
    now = moment();
    fg_session_clock_stepped(w.session, -5000, &now);
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->text, "by -5000 ms");
    CHECK_OK(fg_session_clock_lowered(w.session, 1000, 2000, "a false GPS", &now, &error), &error);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_CLOCK_FLOOR_LOWERED);
    CHECK_INT(newest.clock_floor_ms, 1000);
    CHECK_INT(newest.clock_floor_before_ms, 2000);
    CHECK_TEXT(newest.operator_id, "wang");
    world_end();
}

/* ---- requests, and what is answered ---- */

TEST("what link and panel ask all the time is not in the log, everything else is")
{
    static const uint8_t quiet[] = {FG_CONTROL_STATE, FG_CONTROL_BOARD, FG_CONTROL_JOURNAL,
                                    FG_CONTROL_RECEIPT};
    static const uint8_t said[] = {FG_CONTROL_SIGN_IN, FG_CONTROL_CHECK,       FG_CONTROL_START,
                                   FG_CONTROL_STOP,    FG_CONTROL_IMPORT_LIST, FG_CONTROL_SECOND,
                                   FG_CONTROL_KEYRING, FG_CONTROL_CLOCK};

    world_make();
    log_text[0] = '\0';
    for (size_t i = 0; i < sizeof(quiet); i++)
        (void)ask_kind((enum fg_control_kind)quiet[i]);
    CHECK_INT(lines_with("control: "), 0);
    for (size_t i = 0; i < sizeof(said); i++)
        (void)ask_kind((enum fg_control_kind)said[i]);
    CHECK_INT(lines_with("control: "), (int)sizeof(said));
    CHECK_HAS(log_text, "control: IMPORT_LIST\n");
    CHECK_INT(w.answer.result, FG_E_ARG); /* clock statements are not the session's */
    CHECK_HAS(w.answer.text, "unknown request");
    world_end();
}

TEST("requests that mean nothing now say in which phase, and change nothing")
{
    world_make();
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK_TEXT(w.answer.text, "nothing was running");
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "nothing to start in phase IDLE");
    CHECK_INT(ask_kind(FG_CONTROL_CHECK), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "no check is due in phase IDLE");
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "nothing to suspend in phase IDLE");
    CHECK_INT(ask_kind(FG_CONTROL_RESUME), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "nothing to resume in phase IDLE");
    CHECK_INT(ask_kind(FG_CONTROL_CLEAR_LOCK_OUT), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "the point is not locked out");
    CHECK_INT(ask_kind(FG_CONTROL_SECOND), FG_E_ARG);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_E_NOT_FOUND);
    fill_start();
    CHECK_INT(ask_kind(FG_CONTROL_CHECK), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "no check is due in phase FILLING");
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_STATE);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_E_BUSY);
    CHECK_INT(type_code("HZ-1"), FG_E_BUSY);
    CHECK(w.valve);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    CHECK_TEXT(w.answer.text, "stopped");
    CHECK_INT(ask_kind(FG_CONTROL_SUSPEND), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "nothing to suspend in phase CLOSING");
    world_end();
}

TEST("what was done is answered by name: signed in and out, read again, accepted, cleared")
{
    world_make();
    CHECK_INT(sign_in("li"), FG_OK);
    CHECK_TEXT(w.answer.text, "li signed in");
    CHECK_HAS(log_text, "operator: li signed in by hand");
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_OK);
    CHECK_TEXT(w.answer.text, "li signed out");
    CHECK_HAS(log_text, "operator: li signed out\n");
    CHECK_INT(ask_kind(FG_CONTROL_SIGN_OUT), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "nobody is signed in");
    CHECK_INT(sign_in("li"), FG_OK);
    present("HZ-2", 2);
    turns(2);
    CHECK_INT(ask_kind(FG_CONTROL_RECHECK), FG_OK);
    CHECK_TEXT(w.answer.text, "the tag is read again");
    remove_tag();
    list_put(6, lock_out_after_two);
    zero_fill();
    zero_fill();
    CHECK_INT(ask_kind(FG_CONTROL_CLEAR_LOCK_OUT), FG_OK);
    CHECK_TEXT(w.answer.text, "lock-out cleared");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LOCK_OUT_CLEARED);
    world_end();
}

TEST("only what a stranger's or an old list is refused for is an event; a missing file is not")
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};
    struct fg_private_key bureau;
    FILE *file;

    world_make();
    (void)snprintf(request.path, sizeof(request.path), "%s", fg_test_path("missing.fgl"));
    CHECK_INT(ask(&request), FG_E_IO);
    CHECK_HAS(w.answer.text, "list not imported: ");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->sequence, 0);
    bureau = w.bureau;
    w.bureau = w.device;
    CHECK_INT(list_bring(6), FG_E_AUTH);
    w.bureau = bureau;
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    CHECK_INT(list_bring(4), FG_E_OLD);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_REFUSED);
    CHECK_INT(counts[FG_ENTRY_EVENT], 2);
    file = fopen(fg_test_path("bad.fgl"), "wb");
    CHECK(file != NULL && fputs("no list", file) >= 0 && fclose(file) == 0);
    (void)snprintf(request.path, sizeof(request.path), "%s", fg_test_path("bad.fgl"));
    CHECK_INT(ask(&request), FG_E_FORMAT);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(counts[FG_ENTRY_EVENT], 3);
    CHECK_INT(w.answer.list_version, 0);
    CHECK_INT(list_bring(6), FG_OK);
    CHECK_TEXT(w.answer.text, "list hz version 6 in force");
    world_end();
}

TEST("an expired list is not imported by a clock that is known, and may come by one that is not")
{
    for (int known = 0; known < 2; known++) {
        world_make();
        w.wall_extra_ms = INT64_C(86400000) * 40;
        w.clock_quality = known ? FG_CLOCK_INFORMATIVE : FG_CLOCK_UNKNOWN;
        CHECK_INT(list_bring(6), known ? FG_E_EXPIRED : FG_OK);
        (void)journal_newest(FG_ENTRY_EVENT);
        CHECK_INT(counts[FG_ENTRY_EVENT], known);
        world_end();
    }
}

TEST("without its store no list is imported, and the answer says so")
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};
    struct fg_error error;

    world_make();
    world_halt();
    CHECK_OK(fg_session_new(&w.settings, &w.stores, &w.port, say, NULL, &w.session, &error), &error);
    turns(1);
    CHECK_HAS(log_text, "journal: not open; every scan is refused");
    (void)snprintf(request.path, sizeof(request.path), "%s", fg_test_path("list.fgl"));
    CHECK_INT(ask(&request), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "the list store is not open");
    CHECK_INT(sign_in("li"), FG_E_IO);
    CHECK_HAS(w.answer.text, "not signed in: ");
    CHECK_TEXT(state()->operator_id, "");
    world_end();
}

TEST("as many entries are sent as are asked for, and a receipt is told once, with what is left unsent")
{
    struct fg_control_request request = {.kind = FG_CONTROL_JOURNAL, .from_sequence = 1, .count_max = 2};
    static struct fg_sync_batch batch;
    struct fg_digest head;
    struct fg_error error;

    world_make();
    CHECK_INT(ask(&request), FG_OK);
    CHECK_TEXT(w.answer.text, "entries 1 to 2");
    CHECK_INT(w.answer.next_sequence, 3);
    CHECK_OK(fg_sync_batch_decode(w.answer.batch, w.answer.batch_length, &batch, &error), &error);
    CHECK_INT(batch.count, 2);
    fg_session_set_receipt_key(w.session, &w.bureau.public_key);
    fg_chain_start(w.settings.controller, &head);
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &head, &w.device.public_key, &head, &error), &error);
    receipt_request(&request, 3, &head);
    CHECK_INT(ask(&request), FG_OK);
    CHECK_TEXT(w.answer.text, "entries before 3 are held by the bureau");
    CHECK_INT(w.answer.next_sequence, 3);
    CHECK_HAS(log_text, "receipt: the bureau holds every entry before 3, 1 are unsent");
    CHECK_INT(ask(&request), FG_OK);
    CHECK_INT(lines_with("receipt: the bureau holds"), 1);
    request.receipt[request.receipt_length - 1] ^= 1;
    CHECK_INT(ask(&request), FG_E_AUTH);
    CHECK_INT(w.answer.next_sequence, 3);
    CHECK_HAS(w.answer.text, "receipt refused: ");
    CHECK_INT(lines_with("receipt refused: "), 1);
    world_end();
}

/* ---- who is there ---- */

TEST("a name that is signed in by hand is written as the list writes it, and gives way to a proof")
{
    struct fg_uid card = uid_of(CARD);

    world_with_operators();
    CHECK_INT(sign_in("ZHAO"), FG_OK);
    CHECK_TEXT(state()->operator_id, "zhao");
    CHECK_INT(w.answer.state.operator_proof, FG_PERSON_PROOF_HAND);
    CHECK_INT(w.answer.state.certificate_end_day, TODAY + 100);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    CHECK_TEXT(w.answer.text, "zhao signed in");
    CHECK_INT(state()->operator_proof, FG_PERSON_PROOF_PIN);
    CHECK_INT(w.answer.state.certificate_end_day, TODAY + 50);
    CHECK_HAS(log_text, "operator: zhao signed in by PIN");
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    CHECK_TEXT(w.answer.text, "zhao is signed in already");
    CHECK_INT(sign_in("zhao"), FG_OK);
    card_present(&card);
    CHECK_INT(state()->operator_proof, FG_PERSON_PROOF_CARD);
    CHECK_HAS(log_text, "operator: zhao signed in by card");
    world_end();
}

TEST("the own PIN and the own card count as work")
{
    struct fg_uid card = uid_of(CARD);

    world_with_operators();
    w.settings.operator_idle_max_ms = 1000;
    world_halt();
    world_run();
    turns(3);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    turns(30);
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    CHECK_INT(state()->operator_idle_left_ms, 999);
    turns(30);
    card_present(&card);
    CHECK(state()->operator_idle_left_ms > 900);
    CHECK_INT(w.answer.state.operator_proof, FG_PERSON_PROOF_PIN);
    world_end();
}

TEST(
    "FAIL-CLOSED: who cannot be logged does not sign in, and who leaves is gone although it cannot be logged")
{
    sqlite3 *other;

    world_make();
    other = fg_test_sqlite_hold(fg_test_path("journal.db"));
    CHECK(sign_in("li") != FG_OK);
    CHECK_HAS(w.answer.text, "another process holds it");
    CHECK_TEXT(state()->operator_id, "");
    CHECK_HAS(log_text, "operator: sign-out of wang not logged: ");
    fg_test_sqlite_let_go(other);
    CHECK_INT(sign_in("li"), FG_OK);
    world_end();
}

TEST("a controller that stops signs nobody in")
{
    struct fg_moment now;

    world_with_operators();
    now = moment();
    fg_session_shutdown(w.session, &now);
    CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
    CHECK_INT(sign_in("wang"), FG_E_BUSY);
    CHECK_TEXT(w.answer.text, "a fill is in progress; sign in when it has ended");
    world_end();
}

TEST("the event of a block says for how long, and which name was tried last")
{
    world_with_operators();
    for (int i = 0; i < 5; i++)
        CHECK_INT(pin_in("zhao", "000000"), FG_E_DENIED);
    CHECK_TEXT(w.answer.text, "operator or PIN is wrong");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_SIGN_IN_BLOCKED);
    CHECK_TEXT(newest.text, "for 60 s, last tried: zhao");
    CHECK_INT(counts[FG_ENTRY_EVENT], 1);
    CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
    CHECK_TEXT(w.answer.text, "too many wrong PINs: wait 60 s, or use a card");
    w.mono_ms += 59000;
    CHECK_INT(pin_in("zhao", "123456"), FG_E_BUSY);
    CHECK_TEXT(w.answer.text, "too many wrong PINs: wait 1 s, or use a card");
    w.mono_ms += 1000;
    CHECK_INT(pin_in("zhao", "123456"), FG_OK);
    world_end();
}

TEST("a typed code that waits, and who its second person is, are told and logged")
{
    world_with_two();
    code_waits();
    CHECK_HAS(log_text, "typed: HZ-1, a second person is waited for");
    CHECK_INT(type_code("HZ-3"), FG_E_BUSY);
    CHECK_HAS(w.answer.text, "another code is waiting");
    CHECK_INT(second_in("zhao", "123456"), FG_E_ARG);
    CHECK_HAS(w.answer.text, "must not be zhao");
    CHECK_INT(second_in("qian", "654321"), FG_OK);
    CHECK_TEXT(w.answer.text, "accepted: HZ-1");
    CHECK_HAS(log_text, "typed: qian is the second person, by PIN");
    CHECK_INT(state()->second_left_ms, 0);
    CHECK_INT(second_in("qian", "654321"), FG_E_STATE);
    CHECK_TEXT(w.answer.text, "no typed code is waiting for a second person");
    CHECK_INT(ask(&(struct fg_control_request){.kind = FG_CONTROL_CHECK, .check_failed = true}), FG_OK);
    lamps_are(false, false); /* nothing in the field was refused */
    world_end();
}

static void one_typed_code(struct fg_manifest *manifest, struct fg_row rows[3])
{
    (void)rows;
    manifest->rules.manual_per_day_max = 1;
}

TEST("FAIL-CLOSED: a typed code counts against the quota that the list gives at START, an earlier one's fill "
     "too")
{
    world_with_two();
    fill_typed();
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    until_idle();
    code_waits();
    CHECK_INT(second_in("qian", "654321"), FG_OK);
    check_items(1);
    list_put(8, one_typed_code);
    CHECK_INT(ask_kind(FG_CONTROL_START), FG_E_DENIED);
    refused_with(FG_REASON_MANUAL_QUOTA);
    world_end();
}

static void weak_and_wrong(struct fg_manifest *manifest, struct fg_row rows[3])
{
    good_vehicle(manifest, rows);
    rows[0].nominal_pressure_kpa = 19999;
    rows[1].medium = FG_MEDIUM_LPG;
    rows[1].nominal_pressure_kpa = 0;
    rows[1].tare_g = 15000;
    rows[1].maximum_fill_g = 10000;
    manifest->rules.zero_fills_lock_out = 3;
}

TEST("FAIL-CLOSED: a cylinder of a lower pressure class or another medium than the point's is refused")
{
    world_make();
    list_put(6, weak_and_wrong);
    present("HZ-1", 1);
    turns(2);
    refused_with(FG_REASON_PRESSURE_CLASS);
    remove_tag();
    present("HZ-2", 2);
    turns(2);
    refused_with(FG_REASON_WRONG_MEDIUM);
    world_end();
}

TEST("GAS-ADDS-UP: a vehicle is filled to what all of its cylinders hold, with the items and the lock-out of "
     "the rules")
{
    const struct fg_fill_scan *scan;

    world_make();
    list_put(6, five_items);
    present("HZ-3", 3);
    turns(2);
    scan = &fg_session_fill(w.session)->scan;
    CHECK_INT(scan->water_capacity_dl, 1400);
    CHECK_INT(scan->nominal_kpa, 20000);
    CHECK_INT(scan->pre_checks_wanted, 7);
    CHECK_INT(scan->post_checks_wanted, 3);
    CHECK_INT(scan->zero_fills_lock_out, 0);
    CHECK_INT(ask_kind(FG_CONTROL_STOP), FG_OK);
    remove_tag();
    list_put(7, lock_out_after_two);
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(scan->water_capacity_dl, 700);
    CHECK_INT(scan->zero_fills_lock_out, 2);
    world_end();
}

TEST("TAMPER-SHOWS: the event of a row that was edited says what did not prove, and it is told once a list")
{
    world_make();
    (void)fg_test_sqlite_edit(fg_test_path("list.db"), "UPDATE bucket SET bytes = zeroblob(length(bytes))");
    present("HZ-1", 1);
    turns(2);
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->event, FG_EVENT_LIST_TAMPERED);
    CHECK(strlen(newest.text) > 10);
    CHECK(!state()->row_known);
    CHECK_TEXT(w.answer.state.code.text, "HZ-1");
    world_end();
}
