/* The journal's writer alone: every field of every kind of entry, what waits and for how long, what is pruned
 * and when. Journal and list file are real, time and plant are played. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/controller/record/recorder.h"
#include "lib/domain/catalogue.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define WALL_MS INT64_C(1795000000000) /* 2026-11-18 */
#define DAY_MS INT64_C(86400000)
#define RETENTION_DAYS 30

static struct fg_private_key device;
static struct fg_private_key bureau;
static struct fg_journal *journal;
static struct fg_journal_start start;
static struct fg_recorder recorder;
static struct fg_recorder_settings settings;
static struct fg_moment now;
static struct fg_plant_state plant;
static struct fg_fill fill;
static struct fg_list_look look;
static struct fg_signed_in zhao;
static const struct fg_circumstances about = {&now, &plant, &fill, &look, &zhao};
static struct fg_error error;
static char journal_path[256];
static char log_text[16384];

static void say(void *context, const char *line)
{
    size_t used = strlen(log_text);

    (void)context;
    (void)snprintf(log_text + used, sizeof(log_text) - used, "%s\n", line);
}

static const struct fg_log test_log = {say, NULL};

static unsigned lines_with(const char *part)
{
    unsigned count = 0;

    for (const char *at = strstr(log_text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void at_ms(int64_t mono_ms)
{
    now.mono_ms = mono_ms;
    now.wall_ms = WALL_MS + mono_ms;
}

/* ---- the world ---- */

static void journal_open(uint8_t warn_percent)
{
    const struct fg_journal_settings opening = {.path = journal_path,
                                                .controller = "ctl-1",
                                                .key = &device,
                                                .bytes_max = 1 << 20,
                                                .warn_percent = warn_percent,
                                                .stop_reserve_entries = 8};

    CHECK_OK(fg_journal_open(&opening, &journal, &start, &error), &error);
}

static void recorder_begin(void)
{
    fg_recorder_start(&recorder, journal, &start, &settings, &test_log);
    fg_recorder_board_day(&recorder, &now);
    fg_recorder_write_pending(&recorder, &about);
}

static void reading_set(enum fg_signal signal, int64_t value)
{
    plant.readings[signal] = (struct fg_reading){value, now.mono_ms, FG_READING_GOOD};
}

/* A point at rest under list hz version 5, with zhao signed in; nothing is open yet. */
static void point_make(void)
{
    static unsigned journals;
    char name[32];

    journal = NULL;
    log_text[0] = '\0';
    memset(&start, 0, sizeof(start));
    memset(&fill, 0, sizeof(fill));
    memset(&plant, 0, sizeof(plant));
    memset(&look, 0, sizeof(look));
    (void)snprintf(name, sizeof(name), "journal-%u.db", ++journals);
    (void)snprintf(journal_path, sizeof(journal_path), "%s", fg_test_path(name));
    CHECK_OK(fg_private_key_new(&device, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    settings = (struct fg_recorder_settings){.journal_path = journal_path,
                                             .version = "1.2.3",
                                             .controller = "ctl-1",
                                             .device_key = &device,
                                             .zero_fill_g = 5,
                                             .retention_days = RETENTION_DAYS};
    now = (struct fg_moment){.clock_quality = FG_CLOCK_SYNCHRONISED, .utc_offset_s = 0};
    at_ms(1000);
    look.state = FG_LIST_IN_FORCE;
    look.manifest_known = true;
    (void)snprintf(look.manifest.list_id, sizeof(look.manifest.list_id), "hz");
    look.manifest.version = 5;
    look.manifest.row_count = 3;
    look.manifest.expires_ms = WALL_MS + 1000 * DAY_MS;
    for (uint8_t i = 0; i < FG_DIGEST_BYTES; i++)
        look.manifest.root.bytes[i] = (uint8_t)(0xa0 + i);
    zhao = (struct fg_signed_in){
        .id = "zhao", .certificate_end_day = 99999, .proof = FG_PERSON_PROOF_CARD, .used_mono_ms = 1};
    reading_set(FG_SIGNAL_INVENTORY_G, 1000000);
    reading_set(FG_SIGNAL_PRESSURE_KPA, 3001);
    reading_set(FG_SIGNAL_TEMPERATURE_DC, 202);
    reading_set(FG_SIGNAL_SCALE_G, 31003);
    fill.counter = (struct fg_counter){.settled = true,
                                       .agreeing = FG_COUNTER_SETTLED,
                                       .seen_g = 1000000,
                                       .value_g = 1000000,
                                       .seen_mono_ms = 1000,
                                       .value_mono_ms = 1000};
    fill.meter_state = FG_READING_GOOD;
}

static void world_make(void)
{
    point_make();
    journal_open(80);
    recorder_begin();
}

static void world_end(void)
{
    fg_journal_close(journal);
    journal = NULL;
}

static void restart(void)
{
    world_end();
    journal_open(80);
    recorder_begin();
}

static struct fg_entry newest;
static unsigned count;

static enum fg_err entry_keep(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *failure)
{
    const enum fg_entry_kind *kind = context;

    (void)bytes;
    (void)byte_count;
    (void)failure;
    if (entry->kind != *kind)
        return FG_OK;
    newest = *entry;
    count++;
    return FG_OK;
}

/* The newest entry of the kind, and in `count` how many there are. */
static const struct fg_entry *journal_newest(enum fg_entry_kind kind)
{
    memset(&newest, 0, sizeof(newest));
    count = 0;
    CHECK_OK(fg_journal_each(journal_path, NULL, entry_keep, &kind, &error), &error);
    return &newest;
}

static const char *newest_event(void)
{
    return fg_event_name((enum fg_event_kind)journal_newest(FG_ENTRY_EVENT)->event);
}

/* ---- every entry ---- */

static void raise(enum fg_event_kind event, const char *text)
{
    fg_recorder_raise(&recorder, event, text, &about);
}

TEST("every entry tells both times, the clock's quality, the list in force, and the meter as it was read")
{
    world_make();
    at_ms(3000);
    now.clock_quality = FG_CLOCK_INFORMATIVE;
    raise(FG_EVENT_CLOCK_STEP, "by 5 ms");
    CHECK_TEXT(newest_event(), "CLOCK_STEP");
    CHECK_TEXT(newest.text, "by 5 ms");
    CHECK_INT(newest.wall_ms, WALL_MS + 3000);
    CHECK_INT(newest.mono_ms, 3000);
    CHECK_INT(newest.clock_quality, FG_CLOCK_INFORMATIVE);
    CHECK_TEXT(newest.list_id, "hz");
    CHECK_INT(newest.list_version, 5);
    CHECK_INT(newest.meter_state, FG_READING_GOOD);
    CHECK_INT(newest.inventory_g, 1000000);
    CHECK_TEXT(newest.operator_id, "zhao");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_CARD);
    CHECK_INT(newest.sequence, recorder.last_sequence);
    world_end();
}

TEST("GAS-ADDS-UP: an impossible reading is stated as such and kept as read; one that is not there states no "
     "value")
{
    world_make();
    fill.meter_state = FG_READING_RANGE;
    raise(FG_EVENT_CLOCK_STEP, "");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->meter_state, FG_READING_RANGE);
    CHECK_INT(newest.inventory_g, 1000000);
    plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_TIME_OUT;
    raise(FG_EVENT_CLOCK_STEP, "");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->meter_state, FG_READING_TIME_OUT);
    CHECK_INT(newest.inventory_g, 0);
    fill.meter_state = FG_READING_TIME_OUT; /* of the last step, and no matter now */
    reading_set(FG_SIGNAL_INVENTORY_G, 1000005);
    raise(FG_EVENT_CLOCK_STEP, "");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->meter_state, FG_READING_GOOD);
    CHECK_INT(newest.inventory_g, 1000005);
    world_end();
}

TEST("an entry names no list when none is known, also an old one's")
{
    world_make();
    look.manifest_known = false;
    raise(FG_EVENT_CLOCK_STEP, "");
    CHECK_TEXT(journal_newest(FG_ENTRY_EVENT)->list_id, "");
    CHECK_INT(newest.list_version, 0);
    world_end();
}

TEST("BOOT comes first, once a run, with the version and the time at which the run began")
{
    point_make();
    fg_recorder_start(&recorder, NULL, &start, &settings, &test_log);
    CHECK(fg_recorder_is_settled(&recorder));
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_NOT_WRITABLE);
    fg_recorder_write_pending(&recorder, &about);
    at_ms(9000);
    journal_open(80);
    fg_recorder_open(&recorder, journal, &start);
    CHECK(!fg_recorder_is_settled(&recorder));
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_OK);
    raise(FG_EVENT_CLOCK_STEP, "");
    CHECK(fg_recorder_is_settled(&recorder));
    CHECK_INT(journal_newest(FG_ENTRY_BOOT)->sequence, 1);
    CHECK_INT(newest.wall_ms, WALL_MS + 1000);
    CHECK_INT(newest.mono_ms, 1000);
    CHECK_TEXT(newest.text, "1.2.3");
    CHECK_TEXT(newest.operator_id, "");
    CHECK_INT(journal_newest(FG_ENTRY_EVENT)->sequence, 2);
    CHECK_INT(newest.wall_ms, WALL_MS + 9000);
    fg_recorder_write_pending(&recorder, &about);
    (void)journal_newest(FG_ENTRY_BOOT);
    CHECK_INT(count, 1);
    world_end();
}

TEST("FAIL-CLOSED: nothing is authorised before this run's BOOT is written")
{
    struct fg_judgement judgement = {.row_known = true};
    uint64_t sequence = 4711;

    point_make();
    journal_open(80);
    fg_recorder_start(&recorder, journal, &start, &settings, &test_log);
    CHECK_INT(fg_recorder_authorised(&recorder, &judgement, 0, &about, &sequence), FG_E_STATE);
    CHECK_INT(sequence, 4711);
    CHECK_INT(recorder.last_sequence, 0);
    world_end();
}

/* ---- each kind ---- */

static struct fg_judgement judgement_make(void)
{
    struct fg_judgement judgement = {
        .identified = {.tag = FG_TAG_OK,
                       .identity = FG_IDENTITY_MANUAL,
                       .uid = {7, {4, 1, 2, 3, 4, 5, 6}},
                       .code = {"HZ-7"},
                       .second_person = "qian",
                       .second_proof = FG_PERSON_PROOF_PIN},
        .row_known = true,
        .row = {.code = {"HZ-7"}, .plate = "P7", .nominal_pressure_kpa = 20000, .water_capacity_dl = 700}};

    return judgement;
}

/* What every entry about a scan tells. */
static void scan_told(void)
{
    CHECK_TEXT(newest.row.code.text, "HZ-7");
    CHECK_TEXT(newest.operator_id, "zhao");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_CARD);
    CHECK_TEXT(newest.second_person, "qian");
    CHECK_INT(newest.second_proof, FG_PERSON_PROOF_PIN);
    CHECK_INT(newest.identity, FG_IDENTITY_MANUAL);
    CHECK_INT(newest.uid.length, 7);
    CHECK_INT(newest.uid.bytes[6], 6);
}

TEST("every attempt is logged: a refusal with its reasons, the row it was about, and who was there")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    judgement.decision.reasons = (struct fg_reasons){2, {FG_REASON_OTHER_CYLINDER_FAILS, FG_REASON_TOO_SOON}};
    (void)snprintf(judgement.decision.failing_code.text, sizeof(judgement.decision.failing_code.text),
                   "HZ-8");
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &about, &sequence), &error);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->sequence, sequence);
    scan_told();
    CHECK_INT(newest.reasons.count, 2);
    CHECK_INT(newest.reasons.reasons[1], FG_REASON_TOO_SOON);
    CHECK_TEXT(newest.failing_code.text, "HZ-8");
    CHECK_TEXT(newest.row.plate, "P7");
    CHECK_INT(newest.row.nominal_pressure_kpa, 20000);
    CHECK_TEXT(newest.text, "");
    CHECK_INT(newest.pre_checks, 0);
    judgement.row_known = false;
    judgement.decision.reasons.reasons[0] = FG_REASON_NOT_LISTED;
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &about, &sequence), &error);
    CHECK_TEXT(journal_newest(FG_ENTRY_REFUSED)->row.code.text, "HZ-7");
    CHECK_TEXT(newest.row.plate, "");
    CHECK_INT(newest.row.nominal_pressure_kpa, 0);
    world_end();
}

TEST("every attempt is logged: a scan that ended in its check tells the items, a random UID is named")
{
    const struct fg_check_outcome checks = {.done = 5, .failed = 2, .names = "hose"};
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    judgement.decision.reasons = (struct fg_reasons){1, {FG_REASON_PRE_CHECK_FAILED}};
    judgement.identified.uid = (struct fg_uid){4, {0x08, 1, 2, 3}};
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, &checks, &about, &sequence), &error);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->pre_checks, 5);
    CHECK_INT(newest.checks_failed, 2);
    CHECK_TEXT(newest.text, "hose");
    judgement.decision.reasons.reasons[0] = FG_REASON_TAG_FORMAT;
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &about, &sequence), &error);
    CHECK_TEXT(journal_newest(FG_ENTRY_REFUSED)->text, "random UID: a phone or a card that hides its own");
    CHECK_INT(newest.checks_failed, 0);
    world_end();
}

TEST("NO-LOSS: repeats of a refusal are counted, and written as one with the time and the meter of then")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    judgement.decision.reasons = (struct fg_reasons){1, {FG_REASON_NOT_LISTED}};
    for (int i = 0; i < 5; i++) {
        at_ms(2000 + i);
        sequence = 4711;
        CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &about, &sequence), &error);
        CHECK_INT(sequence == 0, i >= 3);
    }
    (void)journal_newest(FG_ENTRY_REFUSED);
    CHECK_INT(count, 3);
    at_ms(12002);
    fg_recorder_write_pending(&recorder, &about);
    (void)journal_newest(FG_ENTRY_REFUSED);
    CHECK_INT(count, 3);
    at_ms(12003);
    reading_set(FG_SIGNAL_INVENTORY_G, 1000777);
    now.clock_quality = FG_CLOCK_INFORMATIVE;
    fg_recorder_write_pending(&recorder, &about);
    CHECK_INT(journal_newest(FG_ENTRY_REFUSED)->repeat_count, 2);
    CHECK_INT(count, 4);
    CHECK_INT(newest.repeat_first_wall_ms, WALL_MS + 2003);
    CHECK_INT(newest.repeat_last_wall_ms, WALL_MS + 2004);
    CHECK_INT(newest.wall_ms, WALL_MS + 12003);
    CHECK_INT(newest.mono_ms, 12003);
    CHECK_INT(newest.clock_quality, FG_CLOCK_INFORMATIVE);
    CHECK_INT(newest.inventory_g, 1000777);
    CHECK_INT(newest.meter_state, FG_READING_GOOD);
    scan_told();
    CHECK_HAS(log_text, "REFUSED : 2 times since, entry");
    world_end();
}

TEST("what was authorised tells the whole row, the items confirmed, and who was there")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &sequence), &error);
    CHECK_INT(journal_newest(FG_ENTRY_AUTHORISED)->sequence, sequence);
    scan_told();
    CHECK_INT(newest.pre_checks, 3);
    CHECK_INT(newest.row.water_capacity_dl, 700);
    world_end();
}

static void fill_make(uint64_t authorised)
{
    fill.phase = FG_FILL_RECORDING;
    fill.authorised_sequence = authorised;
    fill.stop = FG_STOP_TARGET_REACHED;
    fill.authorised_mono_ms = 1500;
    fill.end_mono_ms = 61503;
    fill.start_inventory_g = 1000000;
    fill.end_inventory_g = 1004001;
    fill.start_pressure_kpa = 3002;
    fill.end_pressure_kpa = 19003;
    fill.end_temperature_dc = 304;
    fill.end_scale_g = 35005;
    fill.post_checks_done = 6;
}

TEST("ONE-END: what ended tells the fill's figures, and the operator under whom it began")
{
    const struct fg_signed_in who = {.id = "li", .proof = FG_PERSON_PROOF_HAND};
    const struct fg_check_outcome checks = {.done = 6, .failed = 1, .names = "leak"};
    struct fg_judgement judgement = judgement_make();
    uint64_t authorised = 0;
    uint64_t sequence = 0;

    world_make();
    for (unsigned failed = 0; failed < 2; failed++) {
        CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &authorised), &error);
        fill_make(authorised);
        fill.post_check_failed = failed == 1;
        CHECK_OK(fg_recorder_ended(&recorder, &judgement, &fill, &checks, &who, &about, &sequence), &error);
        CHECK_INT(journal_newest(FG_ENTRY_ENDED)->authorised_sequence, authorised);
        CHECK_INT(newest.sequence, sequence);
        CHECK_INT(newest.post_check_failed, failed);
        CHECK_INT(newest.checks_failed, failed);
        CHECK_TEXT(newest.text, failed ? "leak" : "");
        CHECK_INT(recorder.fills_ended, failed + 1);
    }
    CHECK_TEXT(newest.operator_id, "li");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_HAND);
    CHECK_TEXT(newest.second_person, "qian");
    CHECK_INT(newest.second_proof, FG_PERSON_PROOF_PIN);
    CHECK_INT(newest.identity, FG_IDENTITY_MANUAL);
    CHECK_INT(newest.uid.bytes[6], 6);
    CHECK_TEXT(newest.row.code.text, "HZ-7");
    CHECK_TEXT(newest.row.plate, "P7");
    CHECK_INT(newest.stop, FG_STOP_TARGET_REACHED);
    CHECK_INT(newest.start_inventory_g, 1000000);
    CHECK_INT(newest.quantity_g, 4001);
    CHECK_INT(newest.duration_ms, 60003);
    CHECK_INT(newest.start_pressure_kpa, 3002);
    CHECK_INT(newest.end_pressure_kpa, 19003);
    CHECK_INT(newest.end_temperature_dc, 304);
    CHECK_INT(newest.end_scale_g, 35005);
    CHECK_INT(newest.post_checks, 6);
    CHECK_INT(recorder.last_stop, FG_STOP_TARGET_REACHED);
    CHECK_INT(recorder.last_ended_sequence, sequence);
    CHECK_INT(recorder.last_quantity_g, 4001);
    CHECK_HAS(log_text, "ended: HZ-7, TARGET_REACHED, 4001 g in 60003 ms, 19003 kPa, entry ");
    world_end();
}

TEST("operators come and go in the journal with the proof that they gave")
{
    const struct fg_signed_in li = {.id = "li", .proof = FG_PERSON_PROOF_PIN};

    world_make();
    CHECK_OK(fg_recorder_operator(&recorder, &li, true, &about, &error), &error);
    CHECK(journal_newest(FG_ENTRY_OPERATOR)->operator_in);
    CHECK_TEXT(newest.operator_id, "li");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_PIN);
    CHECK_OK(fg_recorder_operator(&recorder, &li, false, &about, &error), &error);
    CHECK(!journal_newest(FG_ENTRY_OPERATOR)->operator_in);
    world_end();
}

TEST("a clock's floor that is lowered is in the journal first, with both floors, the reason and the operator")
{
    world_make();
    CHECK_OK(fg_recorder_clock_lowered(&recorder, 1111, 2222, "a false GPS", &about, &error), &error);
    CHECK_TEXT(newest_event(), "CLOCK_FLOOR_LOWERED");
    CHECK_INT(newest.clock_floor_ms, 1111);
    CHECK_INT(newest.clock_floor_before_ms, 2222);
    CHECK_TEXT(newest.text, "a false GPS");
    CHECK_TEXT(newest.operator_id, "zhao");
    world_end();
    fg_recorder_start(&recorder, NULL, &start, &settings, &test_log);
    fg_recorder_write_pending(&recorder, &about);
    recorder.boot_pending = true;
    CHECK_INT(fg_recorder_clock_lowered(&recorder, 1111, 2222, "r", &about, &error), FG_E_IO);
    CHECK_HAS(error.text, "not open");
    CHECK_INT(recorder.waiting.event_count, 0);
}

/* ---- the list ---- */

static void in_force(const char *id, uint64_t version)
{
    (void)snprintf(look.manifest.list_id, sizeof(look.manifest.list_id), "%s", id);
    look.manifest.version = version;
    fg_recorder_list_in_force(&recorder, &look.manifest);
}

TEST("a list is logged with its root when the journal does not tell of it: another id, or another version")
{
    world_make();
    in_force("hz", 5);
    CHECK(recorder.list_pending);
    fg_recorder_write_pending(&recorder, &about);
    CHECK(!recorder.list_pending);
    CHECK_INT(journal_newest(FG_ENTRY_LIST)->list_version, 5);
    CHECK_TEXT(newest.text, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
    CHECK_HAS(log_text, "list: hz version 5 in force, 3 cylinders");
    CHECK_TEXT(recorder.list_logged.id, "hz");
    CHECK_INT(recorder.list_logged.version, 5);
    in_force("hz", 5);
    CHECK(!recorder.list_pending);
    in_force("hz", 6);
    CHECK(recorder.list_pending);
    in_force("hy", 5);
    CHECK(recorder.list_pending);
    in_force("hz", 5);
    restart();
    CHECK_TEXT(recorder.list_logged.id, "hz");
    CHECK_INT(recorder.list_logged.version, 5);
    in_force("hz", 5);
    CHECK(!recorder.list_pending);
    world_end();
}

/* ---- the fill of an earlier run ---- */

/* The power goes in the fill of HZ-7, whose meter read 1,000,000 g; the next run begins at 1000 ms. */
static void power_cut_in_fill(uint8_t meter_state)
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    plant.readings[FG_SIGNAL_INVENTORY_G].state = meter_state;
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &sequence), &error);
    world_end();
    journal_open(80);
    CHECK(start.fill_open);
    reading_set(FG_SIGNAL_INVENTORY_G, 1000500);
    zhao.id[0] = '\0';
}

TEST("ONE-END: a fill left open tells whose it was, and what the meter counted since, as POWER_LOST")
{
    power_cut_in_fill(FG_READING_GOOD);
    recorder_begin();
    CHECK(fg_recorder_is_settled(&recorder));
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->stop, FG_STOP_POWER_LOST);
    CHECK_INT(count, 1);
    CHECK_TEXT(newest.operator_id, "zhao");
    CHECK_INT(newest.operator_proof, FG_PERSON_PROOF_CARD);
    CHECK_TEXT(newest.second_person, "qian");
    CHECK_INT(newest.second_proof, FG_PERSON_PROOF_PIN);
    CHECK_INT(newest.identity, FG_IDENTITY_MANUAL);
    CHECK_INT(newest.uid.bytes[6], 6);
    CHECK_TEXT(newest.row.code.text, "HZ-7");
    CHECK_TEXT(newest.row.plate, "P7");
    CHECK_INT(newest.row.nominal_pressure_kpa, 0);
    CHECK_INT(newest.authorised_sequence, start.open_fill.sequence);
    CHECK_INT(newest.start_inventory_g, 1000000);
    CHECK_INT(newest.quantity_g, 500);
    CHECK_INT(newest.end_pressure_kpa, 3001);
    CHECK_INT(newest.end_temperature_dc, 202);
    CHECK_INT(newest.end_scale_g, 31003);
    CHECK_INT(recorder.fills_ended, 1);
    CHECK_INT(recorder.last_quantity_g, 500);
    CHECK_INT(recorder.last_stop, FG_STOP_POWER_LOST);
    CHECK(strstr(log_text, "(meter missing)") == NULL);
    world_end();
}

TEST("GAS-ADDS-UP: a fill left open has no quantity when the meter was not good then, or reads less now")
{
    power_cut_in_fill(FG_READING_TIME_OUT);
    recorder_begin();
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->quantity_g, 0);
    CHECK_INT(newest.start_inventory_g, 0);
    CHECK_INT(newest.inventory_g, 1000500);
    world_end();
}

TEST("GAS-ADDS-UP: a fill left open has no quantity when the meter reads the same or less")
{
    for (int64_t value = 999999; value <= 1000001; value++) {
        power_cut_in_fill(FG_READING_GOOD);
        reading_set(FG_SIGNAL_INVENTORY_G, value);
        recorder_begin();
        CHECK_INT(journal_newest(FG_ENTRY_ENDED)->quantity_g, value > 1000000 ? value - 1000000 : 0);
        world_end();
    }
}

TEST("ONE-END: a fill left open waits five seconds for a meter that is good and sure, to the millisecond")
{
    for (int way = 0; way < 2; way++) {
        power_cut_in_fill(FG_READING_GOOD);
        if (way == 0)
            fill.counter.settled = false;
        else
            plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_FAULT;
        recorder_begin();
        at_ms(5999);
        fg_recorder_write_pending(&recorder, &about);
        CHECK(recorder.open_fill_pending);
        CHECK(!fg_recorder_is_settled(&recorder));
        at_ms(6000);
        fg_recorder_write_pending(&recorder, &about);
        CHECK(!recorder.open_fill_pending);
        CHECK_INT(journal_newest(FG_ENTRY_ENDED)->quantity_g, way == 0 ? 500 : 0);
        CHECK_INT(lines_with("(meter missing)"), way);
        world_end();
    }
}

TEST("GAS-ADDS-UP: what flowed since a fill was left open is its own; since an ENDED or none it is nobody's")
{
    world_make();
    raise(FG_EVENT_CLOCK_STEP, "");
    restart();
    CHECK_INT(lines_with("is lost"), 0);
    CHECK(recorder.board.version > 2 * 65536); /* it is the second boot */
    CHECK(recorder.kept.inventory_known);
    CHECK_INT(recorder.kept.inventory_g, 1000000);
    world_end();
    power_cut_in_fill(FG_READING_GOOD);
    CHECK(start.kept.inventory_known);
    recorder_begin();
    CHECK(!recorder.kept.inventory_known);
    CHECK_HAS(log_text, "left open by an earlier run (entry 2), POWER_LOST, 500 g, entry ");
    world_end();
}

/* ---- what waits ---- */

static const char *waiting_path(void)
{
    static char path[300];

    (void)snprintf(path, sizeof(path), "%s.waiting", journal_path);
    return path;
}

TEST("NO-LOSS: the ENDED that could not be written is written by the next run as it was, at the time of then")
{
    struct fg_judgement judgement = judgement_make();
    const struct fg_check_outcome checks = {.done = 0};
    uint64_t sequence = 0;

    world_make();
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &sequence), &error);
    fill_make(sequence);
    recorder.journal = NULL;
    at_ms(70000);
    CHECK_INT(fg_recorder_ended(&recorder, &judgement, &fill, &checks, &zhao, &about, &sequence), FG_E_IO);
    CHECK_INT(lines_with("journal: ENDED entry not written: the journal is not open"), 1);
    CHECK_INT(fg_recorder_ended(&recorder, &judgement, &fill, &checks, &zhao, &about, &sequence), FG_E_IO);
    CHECK_INT(lines_with("not written"), 1);
    CHECK(recorder.write_broken);
    CHECK_INT(recorder.fills_ended, 0);
    at_ms(500);
    now.wall_ms = WALL_MS + 90000;
    restart();
    CHECK(recorder.kept.inventory_known);
    CHECK_INT(journal_newest(FG_ENTRY_ENDED)->quantity_g, 4001);
    CHECK_INT(count, 1);
    CHECK_INT(newest.wall_ms, WALL_MS + 70000);
    CHECK_INT(newest.mono_ms, 500);
    CHECK_INT(newest.stop, FG_STOP_TARGET_REACHED);
    CHECK(!recorder.waiting.has_ended);
    CHECK(!recorder.open_fill_pending);
    CHECK_INT(recorder.fills_ended, 1);
    fg_recorder_write_pending(&recorder, &about);
    CHECK(access(waiting_path(), F_OK) != 0);
    world_end();
}

TEST("TAMPER-SHOWS: a file of waiting entries that this controller did not write is an event, once")
{
    FILE *file;

    world_make();
    world_end();
    file = fopen(waiting_path(), "wb");
    CHECK(file != NULL && fputs("FGWAIT1\nnonsense", file) >= 0 && fclose(file) == 0);
    journal_open(80);
    recorder_begin();
    CHECK_TEXT(newest_event(), "JOURNAL_TAMPERED");
    CHECK_TEXT(newest.text, "the kept entries that waited fail verification");
    CHECK_INT(count, 1);
    CHECK_INT(lines_with("journal: what the last run could not write is lost: "), 1);
    fg_recorder_write_pending(&recorder, &about);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(count, 1);
    world_end();
}

TEST("what could not be written is tried again after half a second, to the millisecond")
{
    sqlite3 *held;

    world_make();
    in_force("hz", 5);
    held = fg_test_sqlite_hold(journal_path);
    fg_recorder_write_pending(&recorder, &about);
    CHECK(recorder.list_pending);
    CHECK(recorder.write_broken);
    fg_test_sqlite_let_go(held);
    at_ms(1499);
    fg_recorder_write_pending(&recorder, &about);
    CHECK(recorder.list_pending);
    at_ms(1500);
    fg_recorder_write_pending(&recorder, &about);
    CHECK(!recorder.list_pending);
    CHECK(!recorder.write_broken);
    world_end();
}

TEST("FAIL-CLOSED: a journal that did not take an entry is tried by itself every half second, and counts as "
     "writable "
     "once it takes a write")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;
    sqlite3 *held;

    world_make();
    held = fg_test_sqlite_hold(journal_path);
    at_ms(2000);
    CHECK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &sequence) != FG_OK);
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_NOT_WRITABLE);
    fg_recorder_write_pending(&recorder, &about);
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_NOT_WRITABLE);
    fg_test_sqlite_let_go(held);
    at_ms(2499);
    fg_recorder_write_pending(&recorder, &about);
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_NOT_WRITABLE);
    CHECK(recorder.write_broken);
    CHECK_INT(lines_with("journal: takes entries again"), 0);
    at_ms(2500);
    fg_recorder_write_pending(&recorder, &about);
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_OK);
    CHECK(!recorder.write_broken);
    CHECK_INT(lines_with("journal: takes entries again"), 1);
    (void)journal_newest(FG_ENTRY_AUTHORISED);
    CHECK_INT(count, 0); /* nothing was written for it */
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 3, &about, &sequence), &error);
    world_end();
}

TEST("a journal that is nearly full is an event, once until there is room again")
{
    point_make();
    journal_open(1);
    recorder_begin();
    CHECK_INT(fg_recorder_journal_state(&recorder), FG_JOURNAL_WARN);
    fg_recorder_write_pending(&recorder, &about);
    fg_recorder_write_pending(&recorder, &about);
    CHECK_TEXT(newest_event(), "JOURNAL_NEARLY_FULL");
    CHECK_INT(count, 1);
    recorder.warned_full = false;
    fg_recorder_write_pending(&recorder, &about);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(count, 2);
    world_end();
    restart();
    fg_recorder_write_pending(&recorder, &about);
    (void)journal_newest(FG_ENTRY_EVENT);
    CHECK_INT(count, 2);
    CHECK(!recorder.warned_full);
    world_end();
}

/* ---- what is old ---- */

static uint64_t acknowledged;

/* The bureau holds everything that there is, and another list comes into force. */
static void acknowledge(void)
{
    struct fg_receipt receipt = {.controller = "ctl-1"};
    struct fg_journal_verdict verdict;
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_journal_verify(journal_path, NULL, &device.public_key, &verdict, &error), &error);
    acknowledged = fg_journal_last(journal);
    receipt.next_sequence = acknowledged + 1;
    receipt.head = verdict.head;
    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, WALL_MS, &error), &error);
    in_force("hz", look.manifest.version + 1);
    fg_recorder_write_pending(&recorder, &about);
}

/* BOOT and LIST of a synchronised clock lie acknowledged at WALL_MS + 1000; the run goes on at mono_ms. */
static void world_with_old(void)
{
    world_make();
    in_force("hz", 5);
    fg_recorder_write_pending(&recorder, &about);
    acknowledge();
}

/* Wall time `days` after the entries' and more_ms, a minute and more after the start. */
static void old_at(int64_t days, int64_t more_ms)
{
    now.mono_ms = 61000;
    now.wall_ms = WALL_MS + 1000 + days * DAY_MS + more_ms;
}

static uint64_t first_after_prune(void)
{
    fg_recorder_prune(&recorder, &about);
    return fg_journal_first(journal);
}

TEST("NO-LOSS: what a receipt covers goes when the retention time has passed, to the millisecond, and it is "
     "told")
{
    world_with_old();
    old_at(RETENTION_DAYS, 0);
    CHECK_INT(first_after_prune(), 1);
    CHECK_INT(recorder.prune_mono_ms, 61000 + 3600000);
    CHECK_INT(recorder.last_sequence, acknowledged + 1);
    CHECK_INT(lines_with("old entries pruned"), 0);
    recorder.prune_mono_ms = 0;
    old_at(RETENTION_DAYS, 1);
    CHECK_INT(first_after_prune(), acknowledged + 1);
    CHECK_TEXT(newest_event(), "JOURNAL_PRUNED");
    CHECK_INT(newest.pruned_sequence, acknowledged);
    CHECK_INT(newest.sequence, recorder.last_sequence);
    CHECK_INT(newest.wall_ms, now.wall_ms);
    CHECK_INT(newest.list_version, 6);
    CHECK_HAS(log_text, "journal: 2 old entries pruned, entry ");
    world_end();
}

TEST("NO-LOSS: nothing is pruned by a clock that is not synchronised, however late it says it is")
{
    world_with_old();
    old_at(900, 0);
    now.clock_quality = FG_CLOCK_UNKNOWN;
    CHECK_INT(first_after_prune(), 1);
    now.clock_quality = FG_CLOCK_INFORMATIVE;
    CHECK_INT(first_after_prune(), 1);
    now.clock_quality = FG_CLOCK_SYNCHRONISED;
    CHECK_INT(first_after_prune(), acknowledged + 1);
    world_end();
}

TEST("NO-LOSS: nothing is pruned without a list in force, nor later than the list in force says it may be")
{
    static const uint8_t states[] = {FG_LIST_MISSING, FG_LIST_NOT_AUTHENTIC, FG_LIST_ROLLED_BACK};

    world_with_old();
    old_at(900, 0);
    for (size_t i = 0; i < sizeof(states); i++) {
        look.state = states[i];
        CHECK_INT(first_after_prune(), 1);
    }
    look.state = FG_LIST_IN_FORCE;
    look.manifest.expires_ms = WALL_MS + 1000 + RETENTION_DAYS * DAY_MS;
    CHECK_INT(first_after_prune(), 1);
    recorder.prune_mono_ms = 0;
    look.manifest.expires_ms++;
    CHECK_INT(first_after_prune(), acknowledged + 1);
    world_end();
}

TEST("NO-LOSS: nothing is pruned where the configuration keeps everything")
{
    world_with_old();
    recorder.retention_days = 0;
    old_at(900, 0);
    CHECK_INT(first_after_prune(), 1);
    world_end();
}

TEST("NO-LOSS: nothing is pruned before this run's BOOT and the end of a fill left open are written")
{
    world_with_old();
    old_at(900, 0);
    recorder.boot_pending = true;
    CHECK_INT(first_after_prune(), 1);
    recorder.boot_pending = false;
    recorder.open_fill_pending = true;
    CHECK_INT(first_after_prune(), 1);
    recorder.open_fill_pending = false;
    recorder.journal = NULL;
    CHECK_INT(first_after_prune(), 1);
    recorder.journal = journal;
    CHECK_INT(first_after_prune(), acknowledged + 1);
    world_end();
}

TEST("old entries are looked for a minute after the start, and once an hour from then on")
{
    uint64_t before;

    world_with_old();
    old_at(900, 0);
    now.mono_ms = 60999;
    CHECK_INT(first_after_prune(), 1);
    CHECK_INT(recorder.prune_mono_ms, 61000);
    now.mono_ms = 61000;
    CHECK_INT(first_after_prune(), acknowledged + 1);
    CHECK_INT(recorder.prune_mono_ms, 61000 + 3600000);
    acknowledge();
    now.wall_ms += 90 * DAY_MS;
    now.mono_ms = 61000 + 3599999;
    before = fg_journal_first(journal);
    CHECK_INT(first_after_prune(), before);
    now.mono_ms = 61000 + 3600000;
    CHECK_INT(first_after_prune(), acknowledged + 1);
    world_end();
}

TEST("where there is more to prune than one piece, the next piece follows after two seconds")
{
    static char text[16];

    world_make();
    for (int i = 0; i < 1100; i++) {
        struct fg_entry entry = {.kind = FG_ENTRY_EVENT,
                                 .event = FG_EVENT_CLOCK_STEP,
                                 .clock_quality = FG_CLOCK_SYNCHRONISED,
                                 .wall_ms = now.wall_ms,
                                 .mono_ms = now.mono_ms};

        (void)snprintf(text, sizeof(text), "%d", i);
        memcpy(entry.text, text, sizeof(text));
        CHECK_OK(fg_journal_append(journal, &entry, &acknowledged, &error), &error);
    }
    acknowledge();
    old_at(900, 0);
    CHECK(first_after_prune() > 1);
    CHECK(fg_journal_first(journal) < acknowledged);
    CHECK_INT(recorder.prune_mono_ms, 61000 + 2000);
    world_end();
}

TEST("a journal that cannot be pruned is said once, and tried again in an hour")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_with_old();
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 0, &about, &sequence), &error);
    old_at(900, 0);
    CHECK_INT(first_after_prune(), 1);
    CHECK(recorder.prune_broken);
    CHECK_INT(recorder.prune_mono_ms, 61000 + 3600000);
    now.mono_ms += 3600000;
    CHECK_INT(first_after_prune(), 1);
    CHECK_INT(lines_with("journal: nothing pruned: "), 1);
    world_end();
}

/* ---- the day ---- */

TEST("the board is of the local day, and read from the journal again when that changes")
{
    struct fg_judgement judgement = judgement_make();
    uint64_t sequence = 0;

    world_make();
    judgement.decision.reasons = (struct fg_reasons){1, {FG_REASON_NOT_LISTED}};
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &about, &sequence), &error);
    CHECK_INT(recorder.board.refusals, 1);
    restart();
    CHECK_INT(recorder.board.refusals, 1);
    CHECK_INT(recorder.board.attempt_count, 1);
    now.wall_ms += DAY_MS;
    fg_recorder_board_day(&recorder, &now);
    CHECK_INT(recorder.board.refusals, 0);
    CHECK_INT(recorder.board.attempt_count, 1);
    now.wall_ms -= DAY_MS;
    fg_recorder_board_day(&recorder, &now);
    CHECK_INT(recorder.board.refusals, 1);
    now.utc_offset_s = 14 * 3600; /* there it is tomorrow, for the refusal too */
    fg_recorder_board_day(&recorder, &now);
    CHECK_INT(recorder.board.refusals, 1);
    CHECK_INT(recorder.utc_offset_s, 14 * 3600);
    recorder.journal_path = "/nowhere/journal.db";
    now.wall_ms += DAY_MS;
    fg_recorder_board_day(&recorder, &now);
    CHECK_INT(lines_with("journal: today's sums cannot be read: "), 1);
    world_end();
}
