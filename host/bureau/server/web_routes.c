/* The table of what the pages may ask (web_call.h). web/openapi.json says the same for people and other
 * programs; a test holds the two against each other. */
#include "host/bureau/server/web_routes.h"
#include "host/bureau/api/account/account.h"
#include "host/bureau/api/account/trail_pages.h"
#include "host/bureau/api/audit/exports.h"
#include "host/bureau/api/audit/samples.h"
#include "host/bureau/api/audit/verifications.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/case/case.h"
#include "host/bureau/export/sample.h"
#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/user/user.h"
#include "lib/crypto/pin.h"
#include "proto/key/enrol.h"

#define API "/api/v1/"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NAME(place, name, needed)                                                                            \
    {                                                                                                        \
        name, place, FG_WEB_NAME, needed, 1, FG_NAME_MAX, NULL                                               \
    }
#define CODE(place, needed)                                                                                  \
    {                                                                                                        \
        "code", place, FG_WEB_CODE, needed, 1, FG_CODE_MAX, NULL                                             \
    }
#define PLATE(place, needed)                                                                                 \
    {                                                                                                        \
        "plate", place, FG_WEB_TEXT, needed, 1, FG_PLATE_MAX, NULL                                           \
    }
#define WORD_OF(name)                                                                                        \
    {                                                                                                        \
        name, FG_WEB_QUERY, FG_WEB_UPPER, false, 1, 40, NULL                                                 \
    }
#define AFTER                                                                                                \
    {                                                                                                        \
        "after", FG_WEB_QUERY, FG_WEB_KEY, false, 1, 260, NULL                                               \
    }
#define LIMIT                                                                                                \
    {                                                                                                        \
        "limit", FG_WEB_QUERY, FG_WEB_NUMBER, false, 1, 200, NULL                                            \
    }

#define WORD(name, words)                                                                                    \
    {                                                                                                        \
        name, FG_WEB_QUERY, FG_WEB_WORD, false, 1, 40, words                                                 \
    }
#define TIME(name)                                                                                           \
    {                                                                                                        \
        name, FG_WEB_QUERY, FG_WEB_NUMBER, false, 0, FG_WEB_WALL_MS_MAX, NULL                                \
    }
/* The filter of the history; host/bureau/history/history.h knows what the parts mean. */
#define FILTER                                                                                               \
    CODE(FG_WEB_QUERY, false), PLATE(FG_WEB_QUERY, false), NAME(FG_WEB_QUERY, "station", false),             \
        NAME(FG_WEB_QUERY, "controller", false), NAME(FG_WEB_QUERY, "point", false),                         \
        NAME(FG_WEB_QUERY, "operator", false), WORD("medium", media), WORD("outcome", outcomes),             \
        WORD_OF("reason"), WORD("identity", identities), WORD("mark", fg_journal_mark_names + 1),            \
        TIME("from_ms"), TIME("until_ms")

static const char *const media[] = {"CNG", "LPG", NULL};
static const char *const outcomes[] = {"BOOT",       "LIST",  "OPERATOR", "REFUSED",
                                       "AUTHORISED", "ENDED", "EVENT",    NULL};
static const char *const identities[] = {"MANUAL", "QR", "BARE_UID", "SIGNED_TAG", "AUTHENTICATED_TAG", NULL};
static const char *const samplings[] = {"ENTRIES", "CYLINDERS", NULL}; /* enum fg_sample_of, from 1 on */
static const char *const formats[] = {"csv", "jsonl", NULL};           /* enum fg_export_format */
static const char *const orders[] = {"newest", "oldest", NULL};

static const char *const roles[] = {"auditor", "registrar", "supervisor", "administrator", NULL};

#define SECRET(name)                                                                                         \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_SECRET, true, 1, FG_PASSWORD_BYTES_MAX, NULL                               \
    }
#define BODY_TEXT(name, most)                                                                                \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_TEXT, true, 1, most, NULL                                                  \
    }
/* Of the second factor; never in the trail, though a used one is worth nothing. */
#define SIX(name, needed)                                                                                    \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_SECRET, needed, FG_TOTP_DIGITS, FG_TOTP_DIGITS, NULL                       \
    }
#define ROLE(needed)                                                                                         \
    {                                                                                                        \
        "role", FG_WEB_BODY, FG_WEB_WORD, needed, 1, 40, roles                                               \
    }

static const struct fg_web_parameter sign_in[] = {NAME(FG_WEB_BODY, "user", true), SECRET("password"),
                                                  SIX("totp", false)};
static const struct fg_web_parameter password_change[] = {SECRET("old"), SECRET("new")};
static const struct fg_web_parameter totp_begin[] = {SECRET("password")};
static const struct fg_web_parameter totp_confirm[] = {SIX("code", true)};
static const struct fg_web_parameter user_add[] = {NAME(FG_WEB_BODY, "user", true),
                                                   BODY_TEXT("name", FG_USER_NAME_MAX), ROLE(true)};
static const struct fg_web_parameter user_change[] = {
    NAME(FG_WEB_PATH, "user", true),
    ROLE(false),
    {"suspended", FG_WEB_BODY, FG_WEB_BOOL, false, 0, 0, NULL},
    BODY_TEXT("why", 200)};
static const struct fg_web_parameter user[] = {NAME(FG_WEB_PATH, "user", true)};
static const struct fg_web_parameter trail[] = {NAME(FG_WEB_QUERY, "user", false), WORD_OF("action"), AFTER,
                                                LIMIT};

static const struct fg_web_parameter overview[] = {
    {"from_day", FG_WEB_QUERY, FG_WEB_DAY, false, 10, 10, NULL},
    {"until_day", FG_WEB_QUERY, FG_WEB_DAY, false, 10, 10, NULL}};
static const struct fg_web_parameter entries[] = {FILTER, WORD("order", orders), AFTER, LIMIT};
static const struct fg_web_parameter export[] = {{"format", FG_WEB_PATH, FG_WEB_WORD, true, 1, 40, formats},
                                                 FILTER};
static const struct fg_web_parameter export_one[] = {{"id", FG_WEB_PATH, FG_WEB_HEX, true, 32, 32, NULL}};
static const struct fg_web_parameter entry[] = {
    NAME(FG_WEB_PATH, "controller", true),
    {"sequence", FG_WEB_PATH, FG_WEB_NUMBER, true, 1, INT64_C(999999999999999), NULL}};
static const struct fg_web_parameter cylinder[] = {CODE(FG_WEB_PATH, true)};
static const struct fg_web_parameter vehicle[] = {PLATE(FG_WEB_PATH, true)};
static const struct fg_web_parameter station[] = {NAME(FG_WEB_PATH, "station", true)};
static const struct fg_web_parameter point[] = {NAME(FG_WEB_PATH, "point", true)};
static const struct fg_web_parameter operator_of[] = {NAME(FG_WEB_PATH, "operator", true)};
static const struct fg_web_parameter cylinders[] = {CODE(FG_WEB_QUERY, false), PLATE(FG_WEB_QUERY, false),
                                                    AFTER, LIMIT};
static const struct fg_web_parameter stations[] = {AFTER, LIMIT};
static const struct fg_web_parameter alarms[] = {{"open", FG_WEB_QUERY, FG_WEB_BOOL, false, 0, 0, NULL},
                                                 WORD_OF("kind"),
                                                 NAME(FG_WEB_QUERY, "station", false),
                                                 AFTER,
                                                 LIMIT};
#define NUMBER_IN(place, name, needed, least, most)                                                          \
    {                                                                                                        \
        name, place, FG_WEB_NUMBER, needed, least, most, NULL                                                \
    }
#define WORD_IN(name, needed, words)                                                                         \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_WORD, needed, 1, 40, words                                                 \
    }
static const struct fg_web_parameter sample[] = {
    WORD_IN("of", true, samplings),
    NUMBER_IN(FG_WEB_BODY, "count", true, 1, FG_SAMPLE_MAX),
    {"seed", FG_WEB_BODY, FG_WEB_HEX, false, 1, FG_SAMPLE_SEED_DIGITS_MAX, NULL},
    NUMBER_IN(FG_WEB_BODY, "from_ms", false, 0, FG_WEB_WALL_MS_MAX),
    NUMBER_IN(FG_WEB_BODY, "until_ms", false, 0, FG_WEB_WALL_MS_MAX),
    NAME(FG_WEB_BODY, "station", false),
    WORD_IN("medium", false, media),
    WORD_IN("outcome", false, outcomes)};
static const struct fg_web_parameter sample_one[] = {
    NUMBER_IN(FG_WEB_PATH, "number", true, 1, INT64_C(999999999999))};
static const struct fg_web_parameter samples[] = {
    NUMBER_IN(FG_WEB_QUERY, "after", false, 1, INT64_C(999999999999)), LIMIT};
static const struct fg_web_parameter verify[] = {NAME(FG_WEB_BODY, "controller", false)};
static const struct fg_web_parameter verification[] = {
    {"id", FG_WEB_PATH, FG_WEB_NUMBER, true, 1, INT64_C(999999999999), NULL}};
static const struct fg_web_parameter public_cylinder[] = {CODE(FG_WEB_PATH, true)};

#define LINES(name, needed, most)                                                                            \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_LINES, needed, 1, most, NULL                                               \
    }
#define WHY                                                                                                  \
    {                                                                                                        \
        "why", FG_WEB_BODY, FG_WEB_TEXT, true, 1, FG_CASE_WHY_MAX, NULL                                      \
    }
#define CASE_NUMBER(place)                                                                                   \
    {                                                                                                        \
        "number", place, FG_WEB_NUMBER, true, 1, INT64_C(999999999999), NULL                                 \
    }
#define TRUTH(name)                                                                                          \
    {                                                                                                        \
        name, FG_WEB_QUERY, FG_WEB_BOOL, false, 0, 0, NULL                                                   \
    }
/* In the order of enum fg_case_state and, from FG_CASE_ASSIGN on, enum fg_case_step_kind. */
static const char *const case_states[] = {"OPEN", "ASSIGNED", "ORDERED", "ANSWERED", "CLOSED", NULL};
static const char *const case_steps[] = {"ASSIGN", "ORDER", "ANSWER", "RETURN", "CLOSE", NULL};
static const struct fg_web_parameter cases[] = {
    WORD("state", case_states),
    TRUTH("open"),
    TRUTH("overdue"),
    NAME(FG_WEB_QUERY, "station", false),
    NAME(FG_WEB_QUERY, "assigned", false),
    {"after", FG_WEB_QUERY, FG_WEB_NUMBER, false, 1, INT64_C(999999999999), NULL},
    LIMIT};
static const struct fg_web_parameter case_open[] = {
    NAME(FG_WEB_BODY, "station", true), NAME(FG_WEB_BODY, "controller", false), CODE(FG_WEB_BODY, false),
    LINES("words", true, FG_CASE_WORDS_MAX), WHY};
static const struct fg_web_parameter case_one[] = {CASE_NUMBER(FG_WEB_PATH)};
static const struct fg_web_parameter case_step[] = {
    CASE_NUMBER(FG_WEB_PATH),
    {"step", FG_WEB_BODY, FG_WEB_WORD, true, 1, 40, case_steps},
    {"version", FG_WEB_BODY, FG_WEB_NUMBER, true, 1, INT64_C(999999999), NULL},
    WHY,
    {"party", FG_WEB_BODY, FG_WEB_TEXT, false, 1, FG_CASE_PARTY_MAX, NULL},
    LINES("words", false, FG_CASE_WORDS_MAX),
    {"due_day", FG_WEB_BODY, FG_WEB_DAY, false, 10, 10, NULL}};

/* A field of the registry, as `fillgate registry set` takes it; record.h checks it. */
#define FIELD(name, most)                                                                                    \
    {                                                                                                        \
        name, FG_WEB_BODY, FG_WEB_TEXT, false, 0, most, NULL                                                 \
    }
#define VERSION                                                                                              \
    {                                                                                                        \
        "version", FG_WEB_BODY, FG_WEB_NUMBER, true, 0, INT64_C(999999999999), NULL                          \
    }
static const char *const registry_kinds[] = {"cylinder", "station", "point", "operator", NULL};
static const char *const shown_kinds[] = {"cylinder", "station", "point", "operator", "vehicle", NULL};
static const struct fg_web_parameter registry_one[] = {
    {"kind", FG_WEB_PATH, FG_WEB_WORD, true, 1, 40, shown_kinds},
    {"key", FG_WEB_PATH, FG_WEB_TEXT, true, 1, FG_CODE_MAX, NULL}};
static const struct fg_web_parameter cylinder_change[] = {CODE(FG_WEB_PATH, true),
                                                          VERSION,
                                                          WHY,
                                                          FIELD("uid", 2 * FG_UID_MAX),
                                                          FIELD("state", 40),
                                                          FIELD("medium", 40),
                                                          FIELD("first_fill_pending", 1),
                                                          FIELD("nominal_kpa", 18),
                                                          FIELD("capacity_dl", 18),
                                                          FIELD("tare_g", 18),
                                                          FIELD("maximum_fill_g", 18),
                                                          FIELD("inspection_due", 10),
                                                          FIELD("end_of_life", 10),
                                                          FIELD("owner", FG_NAME_MAX),
                                                          FIELD("plate", FG_PLATE_MAX),
                                                          FIELD("area", FG_NAME_MAX),
                                                          FIELD("made", 10)};
static const struct fg_web_parameter vehicle_change[] = {
    PLATE(FG_WEB_PATH, true),  VERSION, WHY, FIELD("new_plate", FG_PLATE_MAX), FIELD("owner", FG_NAME_MAX),
    FIELD("area", FG_NAME_MAX)};
static const struct fg_web_parameter station_change[] = {
    NAME(FG_WEB_PATH, "station", true),
    VERSION,
    WHY,
    FIELD("name", 95),
    FIELD("owner", FG_NAME_MAX),
    FIELD("area", FG_NAME_MAX),
    FIELD("latitude_udeg", 18),
    FIELD("longitude_udeg", 18),
    FIELD("list_medium", 40),
    FIELD("list_days", 18),
    {"rules", FG_WEB_BODY, FG_WEB_LINES, false, 0, 8192, NULL}};
static const struct fg_web_parameter point_change[] = {NAME(FG_WEB_PATH, "point", true),
                                                       VERSION,
                                                       WHY,
                                                       FIELD("station", FG_NAME_MAX),
                                                       FIELD("controller", FG_NAME_MAX),
                                                       FIELD("medium", 40),
                                                       FIELD("note", 200)};
static const struct fg_web_parameter operator_change[] = {NAME(FG_WEB_PATH, "operator", true),
                                                          VERSION,
                                                          WHY,
                                                          FIELD("name", 95),
                                                          FIELD("card_uid", 2 * FG_UID_MAX),
                                                          FIELD("certificate_end", 10),
                                                          FIELD("station", FG_NAME_MAX)};
static const struct fg_web_parameter operator_pin[] = {
    NAME(FG_WEB_PATH, "operator", true),
    VERSION,
    WHY,
    {"pin", FG_WEB_BODY, FG_WEB_SECRET, true, 0, FG_PIN_DIGITS_MAX, NULL}};
static const struct fg_web_parameter registry_import[] = {
    {"kind", FG_WEB_PATH, FG_WEB_WORD, true, 1, 40, registry_kinds},
    LINES("csv", true, FG_WEB_IMPORT_BODY_MAX),
    WHY,
    {"dry_run", FG_WEB_BODY, FG_WEB_BOOL, true, 0, 0, NULL}};
static const struct fg_web_parameter lists[] = {AFTER, LIMIT};
static const struct fg_web_parameter list_publish[] = {
    NAME(FG_WEB_PATH, "id", true),
    {"force", FG_WEB_BODY, FG_WEB_BOOL, true, 0, 0, NULL},
    {"insist", FG_WEB_BODY, FG_WEB_BOOL, false, 0, 0, NULL}};
static const char *const device_roles[] = {FG_ROLE_CONTROLLER, FG_ROLE_STATION, NULL};
static const struct fg_web_parameter device_change[] = {NAME(FG_WEB_PATH, "device", true), WHY};
static const struct fg_web_parameter device_code[] = {
    NAME(FG_WEB_BODY, "device", true),
    {"role", FG_WEB_BODY, FG_WEB_WORD, true, 1, 40, device_roles},
    NAME(FG_WEB_BODY, "station", false),
    NAME(FG_WEB_BODY, "list_id", false),
    {"names", FG_WEB_BODY, FG_WEB_TEXT, false, 1, 255, NULL},
    {"hours", FG_WEB_BODY, FG_WEB_NUMBER, false, 1, 744, NULL}};

/* method, path, access, right, action of the trail, parameters, handler */
#define ROUTE(method, path, access, right, action, table, handle)                                            \
    {                                                                                                        \
        method, path, FG_WEB_##access, FG_WEB_MAY_##right, false, action, COUNT(table), table, handle        \
    }
#define PLAIN(method, path, access, right, action, handle)                                                   \
    {                                                                                                        \
        method, path, FG_WEB_##access, FG_WEB_MAY_##right, false, action, 0, NULL, handle                    \
    }

static const struct fg_web_route routes[] = {
    {"GET", API "texts", FG_WEB_PUBLIC, FG_WEB_MAY_READ, true, NULL, 0, NULL, fg_web_texts_show},
    PLAIN("GET", API "session", PUBLIC, READ, NULL, fg_web_session_show),
    ROUTE("POST", API "session", PUBLIC, READ, NULL, sign_in, fg_web_sign_in),
    PLAIN("DELETE", API "session", OWN, READ, NULL, fg_web_sign_out),
    ROUTE("POST", API "session/password", OWN, READ, NULL, password_change, fg_web_password_change),
    ROUTE("POST", API "session/totp", PERMITTED, READ, NULL, totp_begin, fg_web_totp_begin),
    ROUTE("POST", API "session/totp/confirm", PERMITTED, READ, NULL, totp_confirm, fg_web_totp_confirm),
    ROUTE("POST", API "session/totp/remove", PERMITTED, READ, NULL, totp_begin, fg_web_totp_remove),
    PLAIN("GET", API "users", PERMITTED, USERS, "USERS", fg_web_users_list),
    ROUTE("POST", API "users", PERMITTED, USERS, NULL, user_add, fg_web_users_add),
    ROUTE("PATCH", API "users/{user}", PERMITTED, USERS, NULL, user_change, fg_web_users_change),
    ROUTE("POST", API "users/{user}/password", PERMITTED, USERS, NULL, user, fg_web_users_password),
    ROUTE("GET", API "trail", PERMITTED, TRAIL, "TRAIL", trail, fg_web_trail_list),
    ROUTE("GET", API "overview", PERMITTED, READ, NULL, overview, fg_web_overview_show),
    ROUTE("GET", API "entries", PERMITTED, READ, "ENTRIES", entries, fg_web_entries_list),
    ROUTE("GET", API "entries/{controller}/{sequence}", PERMITTED, READ, "ENTRY", entry, fg_web_entry_show),
    ROUTE("GET", API "entries/{controller}/{sequence}/proof", PERMITTED, READ, "PROOF", entry,
          fg_web_proof_show),
    ROUTE("GET", API "export/{format}", PERMITTED, EXPORT, "EXPORT", export, fg_web_export),
    ROUTE("GET", API "exports/{id}", PERMITTED, READ, NULL, export_one, fg_web_export_show),
    ROUTE("GET", API "cylinders", PERMITTED, READ, "CYLINDERS", cylinders, fg_web_cylinders_list),
    ROUTE("GET", API "cylinders/{code}", PERMITTED, READ, "CYLINDER", cylinder, fg_web_cylinder_show),
    ROUTE("GET", API "vehicles/{plate}", PERMITTED, READ, "VEHICLE", vehicle, fg_web_vehicle_show),
    ROUTE("GET", API "stations", PERMITTED, READ, NULL, stations, fg_web_stations_list),
    ROUTE("GET", API "stations/{station}", PERMITTED, READ, "STATION", station, fg_web_station_show),
    ROUTE("GET", API "points/{point}", PERMITTED, READ, "POINT", point, fg_web_point_show),
    ROUTE("GET", API "operators/{operator}", PERMITTED, READ, "OPERATOR", operator_of, fg_web_operator_show),
    ROUTE("GET", API "alarms", PERMITTED, READ, NULL, alarms, fg_web_alarms_list),
    ROUTE("GET", API "cases", PERMITTED, READ, NULL, cases, fg_web_cases_list),
    ROUTE("POST", API "cases", PERMITTED, CASES, "CASE_OPEN", case_open, fg_web_case_open),
    ROUTE("GET", API "cases/{number}", PERMITTED, READ, NULL, case_one, fg_web_case_show),
    ROUTE("POST", API "cases/{number}/steps", PERMITTED, CASES, "CASE_STEP", case_step, fg_web_case_step),
    ROUTE("GET", API "cases/{number}/order", PERMITTED, READ, NULL, case_one, fg_web_case_order),
    ROUTE("GET", API "samples", PERMITTED, SAMPLE, NULL, samples, fg_web_samples_list),
    ROUTE("POST", API "samples", PERMITTED, SAMPLE, "SAMPLE", sample, fg_web_sample_draw),
    ROUTE("GET", API "samples/{number}", PERMITTED, SAMPLE, "SAMPLE_SHOW", sample_one, fg_web_sample_show),
    ROUTE("POST", API "samples/{number}/repeat", PERMITTED, SAMPLE, "SAMPLE_REPEAT", sample_one,
          fg_web_sample_repeat),
    ROUTE("GET", API "registry/{kind}/{key}", PERMITTED, READ, "REGISTRY", registry_one,
          fg_web_registry_show),
    ROUTE("PATCH", API "cylinders/{code}", PERMITTED, REGISTRY, "CYLINDER_CHANGE", cylinder_change,
          fg_web_registry_change),
    ROUTE("PATCH", API "vehicles/{plate}", PERMITTED, REGISTRY, "VEHICLE_CHANGE", vehicle_change,
          fg_web_vehicle_change),
    ROUTE("PATCH", API "stations/{station}", PERMITTED, REGISTRY, "STATION_CHANGE", station_change,
          fg_web_registry_change),
    ROUTE("PATCH", API "points/{point}", PERMITTED, REGISTRY, "POINT_CHANGE", point_change,
          fg_web_registry_change),
    ROUTE("PATCH", API "operators/{operator}", PERMITTED, REGISTRY, "OPERATOR_CHANGE", operator_change,
          fg_web_registry_change),
    ROUTE("POST", API "operators/{operator}/pin", PERMITTED, REGISTRY, "OPERATOR_PIN", operator_pin,
          fg_web_operator_pin),
    ROUTE("POST", API "registry/{kind}/import", PERMITTED, REGISTRY, "REGISTRY_IMPORT", registry_import,
          fg_web_registry_import),
    ROUTE("GET", API "lists", PERMITTED, READ, NULL, lists, fg_web_lists_list),
    ROUTE("POST", API "lists/{id}/publish", PERMITTED, PUBLISH, "PUBLISH", list_publish, fg_web_list_publish),
    ROUTE("GET", API "devices", PERMITTED, DEVICES, NULL, lists, fg_web_devices_list),
    ROUTE("POST", API "devices/{device}/suspend", PERMITTED, DEVICES, "DEVICE_SUSPEND", device_change,
          fg_web_device_suspend),
    ROUTE("POST", API "devices/{device}/resume", PERMITTED, DEVICES, "DEVICE_RESUME", device_change,
          fg_web_device_resume),
    ROUTE("POST", API "devices/codes", PERMITTED, DEVICES, "DEVICE_CODE", device_code, fg_web_device_code),
    PLAIN("GET", API "verifications", PERMITTED, READ, NULL, fg_web_verify_list),
    ROUTE("POST", API "verifications", PERMITTED, VERIFY, "VERIFY", verify, fg_web_verify_start),
    ROUTE("GET", API "verifications/{id}", PERMITTED, READ, NULL, verification, fg_web_verify_show),
    ROUTE("GET", "/public/cylinder/{code}", PUBLIC, READ, NULL, public_cylinder, fg_web_public_cylinder),
};
_Static_assert(COUNT(routes) <= FG_WEB_ROUTES_MAX, "the table is as large as its users think");

const struct fg_web_route *fg_web_routes(size_t *ret_count)
{
    *ret_count = COUNT(routes);
    return routes;
}
