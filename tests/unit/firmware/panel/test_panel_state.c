/* State and board as JSON, against what API.md shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/core/fill.h"
#include "firmware/panel/panel_json.h"
#include "tests/lib/check.h"

#define NAME(field, text) (void)snprintf(field, sizeof(field), "%s", text)

static struct fg_control_state state;
static const struct fg_panel_link link = {
    .connected = true, .contact_ms = 1763899990000, .text = "", .certificate_end_ms = INT64_C(1766492000000)};

static void fill_point(void)
{
    memset(&state, 0, sizeof(state));
    NAME(state.point, "point-1");
    NAME(state.controller, "ctl-1");
    state.medium = FG_MEDIUM_CNG;
    state.wall_ms = 1763900000000;
    state.utc_offset_s = 28800;
    state.today = 20415;
    state.list_state = FG_LIST_IN_FORCE;
    NAME(state.list_id, "huzhou-1");
    state.list_version = 3;
    state.clock_quality = FG_CLOCK_SYNCHRONISED;
    state.reader_up = true;
    state.board_version = 12;
    state.readings[FG_SIGNAL_PRESSURE_KPA] = (struct fg_control_reading){
        .configured = true, .state = FG_READING_GOOD, .value = 12000, .age_ms = 40};
    state.readings[FG_SIGNAL_SCALE_G] = (struct fg_control_reading){
        .configured = true, .state = FG_READING_TIME_OUT, .value = 99, .age_ms = 5000};
}

static void fill_cylinder(void)
{
    state.tag_present = true;
    state.uid = (struct fg_uid){.length = 7, .bytes = {0x04, 0x90, 0, 0, 0, 0, 0x01}};
    state.decisions = 3;
    NAME(state.code.text, "HZ-CNG-900001");
    NAME(state.plate, "浙ED9101");
    state.identity = FG_IDENTITY_SIGNED_TAG;
    NAME(state.second_person, "qian");
    state.second_proof = FG_PERSON_PROOF_CARD;
    state.reasons.count = 2;
    state.reasons.reasons[0] = FG_REASON_INSPECTION_OVERDUE;
    state.reasons.reasons[1] = FG_REASON_OTHER_CYLINDER_FAILS;
    NAME(state.failing_code.text, "HZ-CNG-900010");
    NAME(state.check_text, "hose, valve");
    state.failing_reason = FG_REASON_SCRAPPED;
    state.decision_sequence = 17;
    state.row_known = true;
    state.row.medium = FG_MEDIUM_CNG;
    state.row.nominal_pressure_kpa = 20000;
    state.row.water_capacity_dl = 700;
    state.row.tare_g = 58000;
    state.row.inspection_due_day = 20600;
    state.row.end_of_life_day = 25000;
    state.row.other_count = 1;
    NAME(state.row.others[0].text, "HZ-CNG-900010");
    NAME(state.row.owner, "HZGAS");
}

static void fill_fill(void)
{
    state.phase = FG_FILL_FILLING;
    state.programme = FG_PROGRAMME_PRESSURE;
    state.quantity_g = 1200;
    state.target = 19800;
    state.progress_permille = 432;
    state.remaining_ms = 95000;
    state.authorised_sequence = 16;
    state.valve_commanded = true;
    state.stop = FG_STOP_OPERATOR;
    state.pre_check_count = 1;
    NAME(state.pre_checks[0], "valve_and_piping");
    state.pre_checks_wanted = 1;
    state.fills_ended = 2;
    state.last_stop = FG_STOP_TARGET_REACHED;
    state.last_quantity_g = 9120;
    state.last_ended_sequence = 15;
    NAME(state.operator_id, "op-\"王\"");
    state.operator_proof = FG_PERSON_PROOF_PIN;
    state.certificate_end_day = 20480;
    state.operator_idle_left_ms = 540000;
    state.device_count = 1;
    NAME(state.devices[0].name, "meter");
    state.devices[0].link = 2;
    NAME(state.devices[0].last_error, "x\xff\ny");
}

static const char *const empty_golden =
    "{\"now_ms\":1763900000000,\"utc_offset_s\":28800,\"today\":20415,\"point\":\"point-1\",\"controller\":"
    "\"ctl-1\","
    "\"medium\":\"CNG\",\"display\":\"READY\",\"phase\":\"IDLE\",\"phase_left_ms\":0,\"suspended_by_"
    "operator\":false,"
    "\"stop\":null,\"valve\":false,\"locked_out\":false,\"device_fault\":false,\"emergency_stop\":false,"
    "\"point_blocked\":false,\"tag\":{\"present\":false,\"uid\":\"\"},\"decision\":null,\"cylinder\":null,"
    "\"fill\":null,"
    "\"readings\":{\"pressure_kpa\":{\"state\":\"GOOD\",\"value\":12000,\"age_ms\":40},\"temperature_dc\":"
    "null,"
    "\"flow_g_min\":null,\"total_g\":null,\"inventory_g\":null,\"scale_g\":{\"state\":\"TIME_OUT\",\"value\":"
    "0,"
    "\"age_ms\":5000},\"valve_open\":null,\"emergency_stop\":null,\"start_button\":null,\"stop_button\":null}"
    ","
    "\"checks\":{\"pre\":[],\"pre_wanted\":0,\"pre_done\":0,\"post\":[],\"post_wanted\":0,\"post_done\":0},"
    "\"operator\":null,\"sign_in_blocked_ms\":0,\"manual\":{\"allowed\":false,\"code\":\"\",\"left_ms\":0},"
    "\"last\":null,\"list\":{\"state\":\"IN_FORCE\",\"id\":"
    "\"huzhou-1\","
    "\"version\":3,\"issued_ms\":0,\"expires_ms\":0,\"age_ms\":0,\"warning\":false,\"text\":\"\"},"
    "\"journal\":{\"state\":"
    "\"OK\","
    "\"count\":0,\"unsent\":0,\"oldest_unsent_ms\":0,\"text\":\"\"},\"clock\":{\"quality\":\"S\",\"bureau_"
    "ahead_ms\":0},\"devices\":[],"
    "\"reader\":{\"up\":true,\"restarts\":0,\"text\":\"\"},\"link\":{\"connected\":true,\"contact_ms\":"
    "1763899990000,"
    "\"text\":\"\",\"certificate_end\":20445},\"board\":12}";

TEST("a point at rest, every member in its place")
{
    char *text;

    fill_point();
    text = fg_panel_state_json(&state, FG_PANEL_READY, &link);
    CHECK_TEXT(text, empty_golden);
    free(text);
}

TEST("a cylinder, its decision, a fill, an operator: names, nothing unescaped")
{
    static const char *const parts[] = {
        "\"display\":\"FILLING\",\"phase\":\"FILLING\"",
        "\"stop\":\"OPERATOR\",\"valve\":true",
        "\"tag\":{\"present\":true,\"uid\":\"04900000000001\"}",
        ("\"decision\":{\"count\":3,\"code\":\"HZ-CNG-900001\",\"plate\":\"浙ED9101\",\"identity\":\"SIGNED_"
         "TAG\",\"second_person\":\"qian\",\"second_proof\":\"CARD\","
         "\"reasons\":[\"INSPECTION_OVERDUE\",\"OTHER_CYLINDER_FAILS\"],\"failing_code\":\"HZ-CNG-900010\","
         "\"check_items\":\"hose, valve\","
         "\"failing_reason\":\"SCRAPPED\",\"sequence\":17}"),
        ("\"cylinder\":{\"medium\":\"CNG\",\"nominal_kpa\":20000,\"capacity_dl\":700,\"tare_g\":58000,"
         "\"maximum_fill_g\":0,"
         "\"inspection_due\":20600,\"end_of_life\":25000,\"others\":[\"HZ-CNG-900010\"],\"owner\":"
         "\"HZGAS\"}"),
        ("\"fill\":{\"programme\":\"PRESSURE\",\"quantity_g\":1200,\"target\":19800,\"progress_permille\":"
         "432,"
         "\"remaining_ms\":95000,\"authorised\":16}"),
        "\"checks\":{\"pre\":[\"valve_and_piping\"],\"pre_wanted\":1,",
        "\"operator\":{\"id\":\"op-\\\"王\\\"\",\"proof\":\"PIN\",\"certificate_end\":20480,\"idle_left_ms\":"
        "540000}",
        "\"last\":{\"fills\":2,\"stop\":\"TARGET_REACHED\",\"quantity_g\":9120,\"sequence\":15}",
        "\"devices\":[{\"name\":\"meter\",\"link\":\"UP\",\"failures\":0,\"text\":\"x??y\"}]",
    };
    char *text;

    fill_point();
    fill_cylinder();
    fill_fill();
    text = fg_panel_state_json(&state, FG_PANEL_FILLING, &link);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        CHECK_HAS(text, parts[i]);
    CHECK(strchr(text, '\n') == NULL);
    free(text);
}

TEST("what passes by itself is no change, what happens is")
{
    char *first;
    char *second;

    fill_point();
    fill_cylinder();
    fg_panel_state_still(&state);
    first = fg_panel_state_json(&state, FG_PANEL_READY, &link);
    state.wall_ms += 50;
    state.list_age_ms += 50;
    state.phase_left_ms = 7;
    state.operator_idle_left_ms = 8;
    state.readings[FG_SIGNAL_PRESSURE_KPA].age_ms = 90;
    fg_panel_state_still(&state);
    second = fg_panel_state_json(&state, FG_PANEL_READY, &link);
    CHECK_TEXT(second, first);
    free(second);
    state.readings[FG_SIGNAL_PRESSURE_KPA].value++;
    second = fg_panel_state_json(&state, FG_PANEL_READY, &link);
    CHECK(strcmp(first, second) != 0);
    free(first);
    free(second);
}

TEST("numbers that no enum has and counts out of bounds are shown as unknown, not followed")
{
    char *text;

    fill_point();
    memset(&state.medium, 200, sizeof(state.medium));
    state.phase = 200;
    state.programme = 200;
    state.identity = 200;
    state.list_state = 200;
    state.journal_state = 200;
    state.decisions = 1;
    state.reasons.count = 255;
    state.failing_reason = 255;
    state.row_known = true;
    state.row.other_count = 255;
    state.pre_check_count = 255;
    state.post_check_count = 255;
    state.device_count = 255;
    state.uid.length = 255;
    state.tag_present = true;
    text = fg_panel_state_json(&state, FG_PANEL_READY, &link);
    CHECK_HAS(text, "\"medium\":\"?\"");
    CHECK_HAS(text, "\"phase\":\"?\"");
    free(text);
}

TEST("the board: operators, today, attempts")
{
    static struct fg_control_board board;
    char *text;

    board.version = 12;
    board.operator_count = 1;
    NAME(board.operators[0].id, "op-wang");
    board.operators[0].certificate_end_day = 20480;
    board.operators[0].has_card = true;
    board.fills_today = 14;
    board.refusals_today = 2;
    board.quantity_today_g = 130400;
    board.reason_count = 1;
    board.reasons[0] = (struct fg_control_reason_count){FG_REASON_TOO_SOON, 2};
    board.attempt_count = 3;
    board.attempts[0] = (struct fg_control_attempt){.sequence = 17,
                                                    .wall_ms = 1763900000000,
                                                    .kind = FG_ENTRY_REFUSED,
                                                    .reason = FG_REASON_INSPECTION_OVERDUE,
                                                    .identity = FG_IDENTITY_SIGNED_TAG};
    board.attempts[1] = (struct fg_control_attempt){
        .sequence = 15, .kind = FG_ENTRY_ENDED, .stop = FG_STOP_TARGET_REACHED, .quantity_g = 9120};
    board.attempts[2] = (struct fg_control_attempt){.sequence = 14, .kind = FG_ENTRY_AUTHORISED};
    text = fg_panel_board_json(&board);
    CHECK_TEXT(
        text,
        "{\"version\":12,\"operators\":[{\"id\":\"op-wang\",\"certificate_end\":20480,\"card\":true,"
        "\"pin\":false}],"
        "\"today\":{\"fills\":14,\"refusals\":2,\"quantity_g\":130400,\"reasons\":[{\"reason\":\"TOO_"
        "SOON\",\"count\":2}]},"
        "\"attempts\":[{\"sequence\":17,\"at_ms\":1763900000000,\"code\":\"\",\"plate\":\"\","
        "\"operator\":\"\",\"operator_proof\":\"NONE\",\"second_person\":\"\",\"second_proof\":\"NONE\","
        "\"outcome\":\"REFUSED\",\"reason\":\"INSPECTION_OVERDUE\",\"stop\":null,\"quantity_g\":0,"
        "\"identity\":\"SIGNED_TAG\"},{\"sequence\":15,\"at_ms\":0,\"code\":\"\",\"plate\":\"\","
        "\"operator\":\"\",\"operator_proof\":\"NONE\",\"second_person\":\"\",\"second_proof\":\"NONE\","
        "\"outcome\":\"ENDED\",\"reason\":null,\"stop\":\"TARGET_REACHED\",\"quantity_g\":9120,"
        "\"identity\":\"NONE\"},"
        "{\"sequence\":14,\"at_ms\":0,\"code\":\"\",\"plate\":\"\",\"operator\":\"\",\"operator_proof\":"
        "\"NONE\",\"second_person\":\"\",\"second_proof\":\"NONE\",\"outcome\":"
        "\"AUTHORISED\","
        "\"reason\":null,\"stop\":null,\"quantity_g\":0,\"identity\":\"NONE\"}]}");
    free(text);
}

TEST("a text is made valid UTF-8, and is never cut inside a character")
{
    char text[8];

    fg_panel_clean_text("a\x01\xc0\xaf\xed\xa0\x80", text, sizeof(text));
    CHECK_TEXT(text, "a??????");
    fg_panel_clean_text("浙浙浙", text, sizeof(text));
    CHECK_TEXT(text, "浙浙");
    fg_panel_clean_text("\xf0\x9f\x98\x80\xf5\x80\x80\x80", text, 5);
    CHECK_TEXT(text, "\xf0\x9f\x98\x80");
    fg_panel_clean_text("\xe6\xb5", text, sizeof(text));
    CHECK_TEXT(text, "??");
}
