/* Clerks' changes of the registry through the pages' server, on both back ends: who may, on which version,
 * with which fields, and what the history says afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/record_edit.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/web_fixture.h"

#define CYLINDER "/api/v1/cylinders/HZ-1"
#define PLATE "/api/v1/vehicles/%E6%B5%99E1"
#define NEW_CYLINDER                                                                                         \
    "{\"version\":0,\"why\":\"new\",\"uid\":\"04000000000001\",\"state\":\"in_service\",\"medium\":\"cng\"," \
    "\"nominal_kpa\":\"20000\",\"capacity_dl\":\"700\",\"inspection_due\":\"2027-06-01\",\"owner\":\"HZ\","  \
    "\"plate\":\"\xe6\xb5\x99"                                                                               \
    "E1\"}"

static struct fg_web_fixture *world(bool postgres, const char *who)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);

    fg_fixture_web_user(fixture, "li", "registrar");
    fg_fixture_web_user(fixture, "chen", "auditor");
    fg_fixture_web_user(fixture, "zhao", "supervisor");
    fg_fixture_web_user(fixture, "admin", "administrator");
    CHECK_INT(fg_fixture_web_sign_in(fixture, who, FG_FIXTURE_PASSWORD), 200);
    return fixture;
}

static int ask(struct fg_web_fixture *fixture, const char *method, const char *path, const char *body)
{
    return fg_fixture_web_ask(fixture, method, path, body, NULL);
}

/* The record's version in the last answer. */
static int64_t version_of(const struct fg_web_fixture *fixture)
{
    const char *at = strstr(fixture->answer, "\"version\":");

    CHECK(at != NULL);
    return strtoll(at + strlen("\"version\":"), NULL, 10);
}

static const char *with_version(const char *format, int64_t version)
{
    static char body[1024];

    (void)snprintf(body, sizeof(body), format, (long long)version);
    return body;
}

static void changes_are_kept(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "li");
    int64_t version;

    CHECK_INT(ask(fixture, "GET", "/api/v1/registry/cylinder/HZ-1", NULL), 404);
    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    CHECK_HAS(fixture->answer, "\"state\":\"in_service\"");
    version = version_of(fixture);
    CHECK(version > 0);
    CHECK_INT(ask(fixture, "PATCH", CYLINDER,
                  with_version("{\"version\":%lld,\"why\":\"cut up\",\"state\":\"scrapped\"}", version)),
              200);
    CHECK_HAS(fixture->answer, "\"state\":\"scrapped\"");
    CHECK_HAS(fixture->answer, "\"nominal_kpa\":\"20000\"");
    CHECK(version_of(fixture) > version);
    CHECK_INT(fg_fixture_sql_number(
                  fixture->sql, "SELECT COUNT(*) FROM change WHERE kind = 'cylinder' AND subject = 'HZ-1' "
                                "AND field = 'state' AND old_value = 'in_service' AND new_value = "
                                "'scrapped' AND who = 'li' AND why = 'cut up'"),
              1);
    CHECK_INT(
        fg_fixture_sql_number(fixture->sql,
                              "SELECT COUNT(*) FROM trail WHERE action = 'CYLINDER_CHANGE' AND login = 'li'"),
        2);
    CHECK_INT(ask(fixture, "GET", "/api/v1/registry/cylinder/HZ-1", NULL), 200);
    CHECK_HAS(fixture->answer, "\"fields\":{\"code\":\"HZ-1\"");
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a registrar makes and changes a cylinder; the history has who, what and why")
{
    changes_are_kept(false);
}
TEST("PostgreSQL: a registrar makes and changes a cylinder; the history has who, what and why")
{
    changes_are_kept(true);
}

static void stale_is_refused(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "li");
    int64_t version;

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    version = version_of(fixture);
    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 409);
    CHECK_HAS(fixture->answer, "\"error\":\"STALE\"");
    CHECK_INT(ask(fixture, "PATCH", CYLINDER,
                  with_version("{\"version\":%lld,\"why\":\"found\",\"state\":\"lost\"}", version)),
              200);
    CHECK_INT(ask(fixture, "PATCH", CYLINDER,
                  with_version("{\"version\":%lld,\"why\":\"found\",\"state\":\"in_service\"}", version)),
              409);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder WHERE state = 4"), 1);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a change on what somebody else has changed meanwhile is refused, and nothing of it is kept")
{
    stale_is_refused(false);
}
TEST("PostgreSQL: a change on what somebody else has changed meanwhile is refused, and nothing of it is kept")
{
    stale_is_refused(true);
}

TEST("BAD-INPUT-IS-SAFE: a wrong value, an unknown field and a missing reason are named, and change nothing")
{
    struct fg_web_fixture *fixture = world(false, "li");

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, "{\"version\":0,\"why\":\"x\",\"state\":\"blue\"}"), 400);
    CHECK_HAS(fixture->answer, "state");
    CHECK_HAS(fixture->answer, "in_service, suspended");
    CHECK_INT(ask(fixture, "PATCH", CYLINDER, "{\"version\":0,\"why\":\"x\",\"colour\":\"blue\"}"), 400);
    CHECK_HAS(fixture->answer, "colour");
    CHECK_INT(ask(fixture, "PATCH", CYLINDER, "{\"version\":0,\"state\":\"lost\",\"medium\":\"cng\"}"), 400);
    CHECK_HAS(fixture->answer, "why");
    CHECK_INT(ask(fixture, "PATCH", CYLINDER,
                  "{\"version\":0,\"why\":\"x\",\"state\":\"lost\",\"medium\":\"cng\",\"inspection_due\":"
                  "\"2027-02-30\"}"),
              400);
    CHECK_HAS(fixture->answer, "inspection_due");
    CHECK_INT(ask(fixture, "PATCH", "/api/v1/cylinders/HZ-1%27%20OR%201=1",
                  "{\"version\":0,\"why\":\"x\",\"state\":\"lost\"}"),
              400);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder"), 0);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM change WHERE kind = 'cylinder'"), 0);
    fg_fixture_web_stop(fixture);
}

static void vehicle_changes(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "li");
    int64_t version;

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    CHECK_INT(ask(fixture, "PATCH", "/api/v1/cylinders/HZ-2",
                  "{\"version\":0,\"why\":\"new\",\"state\":\"in_service\",\"medium\":\"cng\",\"plate\":"
                  "\"\xe6\xb5\x99"
                  "E1\",\"owner\":\"other\"}"),
              200);
    CHECK_INT(ask(fixture, "GET", "/api/v1/registry/vehicle/%E6%B5%99E1", NULL), 200);
    CHECK_HAS(fixture->answer, "\"owner\":\"\""); /* the two differ */
    version = version_of(fixture);
    CHECK_INT(ask(fixture, "PATCH", PLATE,
                  with_version("{\"version\":%lld,\"why\":\"sold\",\"owner\":\"Sun\",\"new_plate\":\"\xe6\xb5"
                               "\x99"
                               "E2\"}",
                               version)),
              200);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder WHERE plate = '\xe6\xb5\x99"
                                                  "E2' AND owner = 'Sun'"),
              2);
    CHECK_INT(ask(fixture, "PATCH", PLATE,
                  with_version("{\"version\":%lld,\"why\":\"again\",\"owner\":\"Wu\"}", version)),
              404);
    CHECK_INT(ask(fixture, "PATCH", "/api/v1/vehicles/%E6%B5%99E2",
                  with_version("{\"version\":%lld,\"why\":\"again\",\"owner\":\"Wu\"}", version)),
              409);
    fg_fixture_web_stop(fixture);
}

/* Others without a plate are there before: they must be neither counted nor shown. */
static void vehicle_is_left(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "li");

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    for (int i = 0; i < FG_VEHICLE_EDIT_CYLINDERS_MAX + 1; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "/api/v1/cylinders/SPARE-%d", i);
        CHECK_INT(ask(fixture, "PATCH", path,
                      "{\"version\":0,\"why\":\"new\",\"state\":\"in_service\",\"medium\":\"cng\"}"),
                  200);
    }
    CHECK_INT(ask(fixture, "GET", "/api/v1/registry/vehicle/%E6%B5%99E1", NULL), 200);
    CHECK_INT(ask(fixture, "PATCH", PLATE,
                  with_version("{\"version\":%lld,\"why\":\"sold abroad\",\"new_plate\":\"\"}",
                               version_of(fixture))),
              200);
    CHECK_HAS(fixture->answer, "\"plate\":\"\"");
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder WHERE plate <> ''"), 0);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: cylinders leave a vehicle")
{
    vehicle_is_left(false);
}
TEST("PostgreSQL: cylinders leave a vehicle")
{
    vehicle_is_left(true);
}

/* What could not be shown afterwards is not done. */
TEST("a plate takes no more cylinders than one vehicle may have")
{
    struct fg_web_fixture *fixture = world(false, "li");

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    for (int i = 0; i < FG_VEHICLE_EDIT_CYLINDERS_MAX - 1; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "/api/v1/cylinders/BUS-%d", i);
        CHECK_INT(ask(fixture, "PATCH", path,
                      "{\"version\":0,\"why\":\"new\",\"state\":\"in_service\",\"medium\":\"cng\",\"plate\":"
                      "\"BUS\"}"),
                  200);
    }
    CHECK_INT(ask(fixture, "GET", "/api/v1/registry/vehicle/%E6%B5%99E1", NULL), 200);
    CHECK(ask(fixture, "PATCH", PLATE,
              with_version("{\"version\":%lld,\"why\":\"sold\",\"new_plate\":\"BUS\"}",
                           version_of(fixture))) >= 400);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder WHERE plate = 'BUS'"),
              FG_VEHICLE_EDIT_CYLINDERS_MAX - 1);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a vehicle's new owner and plate go to all its cylinders at once, or to none")
{
    vehicle_changes(false);
}
TEST("PostgreSQL: a vehicle's new owner and plate go to all its cylinders at once, or to none")
{
    vehicle_changes(true);
}

TEST("stations, points and operators are changed likewise; a PIN is set, cleared, and never shown")
{
    struct fg_web_fixture *fixture = world(false, "li");
    int64_t version;

    CHECK_INT(ask(fixture, "PATCH", "/api/v1/stations/S1",
                  "{\"version\":0,\"why\":\"licensed\",\"name\":\"One\",\"list_days\":\"14\"}"),
              200);
    CHECK_INT(ask(fixture, "PATCH", "/api/v1/points/S1-1",
                  "{\"version\":0,\"why\":\"built\",\"station\":\"S1\",\"controller\":\"ctl-1\",\"medium\":"
                  "\"cng\"}"),
              200);
    CHECK_INT(ask(fixture, "PATCH", "/api/v1/operators/op-7",
                  "{\"version\":0,\"why\":\"hired\",\"name\":\"Wang\",\"certificate_end\":\"2028-01-01\","
                  "\"station\":\"S1\"}"),
              200);
    CHECK_HAS(fixture->answer, "\"has_pin\":false");
    version = version_of(fixture);
    CHECK_INT(ask(fixture, "POST", "/api/v1/operators/op-7/pin",
                  with_version("{\"version\":%lld,\"why\":\"first\",\"pin\":\"246810\"}", version)),
              200);
    CHECK_HAS(fixture->answer, "\"has_pin\":true");
    CHECK(strstr(fixture->answer, "246810") == NULL);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM change WHERE old_value LIKE "
                                                  "'%246810%' OR new_value LIKE '%246810%'"),
              0);
    version = version_of(fixture);
    CHECK_INT(ask(fixture, "POST", "/api/v1/operators/op-7/pin",
                  with_version("{\"version\":%lld,\"why\":\"first\",\"pin\":\"12\"}", version)),
              400);
    CHECK_INT(ask(fixture, "POST", "/api/v1/operators/op-7/pin",
                  with_version("{\"version\":%lld,\"why\":\"left\",\"pin\":\"\"}", version)),
              200);
    CHECK_HAS(fixture->answer, "\"has_pin\":false");
    fg_fixture_web_stop(fixture);
}

static void import_is_whole(bool postgres)
{
    static const char *const path = "/api/v1/registry/cylinder/import";
    struct fg_web_fixture *fixture = world(postgres, "li");

    CHECK_INT(ask(fixture, "POST", path,
                  "{\"csv\":\"code,state,medium\\nHZ-1,in_service,cng\\nHZ-2,blue,cng\\n\",\"why\":\"new\","
                  "\"dry_run\":false}"),
              200);
    CHECK_HAS(fixture->answer, "\"imported\":false");
    CHECK_HAS(fixture->answer, "\"line\":3,\"column\":2");
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder"), 0);
    CHECK_INT(ask(fixture, "POST", path,
                  "{\"csv\":\"code,state,medium\\nHZ-1,in_service,cng\\nHZ-2,lost,cng\\n\",\"why\":\"new\","
                  "\"dry_run\":true}"),
              200);
    CHECK_HAS(fixture->answer, "\"imported\":false");
    CHECK_HAS(fixture->answer, "\"changed\":2");
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder"), 0);
    CHECK_INT(ask(fixture, "POST", path,
                  "{\"csv\":\"code,state,medium\\nHZ-1,in_service,cng\\nHZ-2,lost,cng\\n\",\"why\":\"new\","
                  "\"dry_run\":false}"),
              200);
    CHECK_HAS(fixture->answer, "\"imported\":true");
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM cylinder"), 2);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: an import is all or nothing, names line and column of each fault, and can be tried before")
{
    import_is_whole(false);
}
TEST("PostgreSQL: an import is all or nothing, names line and column of each fault, and can be tried before")
{
    import_is_whole(true);
}

TEST("an import may be longer than other requests, and is bounded all the same")
{
    struct fg_web_fixture *fixture = world(false, "li");
    size_t size = 300000;
    char *body = malloc(size + 200);
    size_t used;

    CHECK(body != NULL);
    used = (size_t)snprintf(body, 200, "{\"why\":\"new\",\"dry_run\":true,\"csv\":\"code,state,medium\\n");
    for (unsigned i = 0; used < 60000; i++)
        used += (size_t)snprintf(body + used, 100, "HZ-%u,in_service,cng\\n", i);
    (void)snprintf(body + used, 3, "\"}");
    CHECK_INT(ask(fixture, "POST", "/api/v1/registry/cylinder/import", body), 200);
    CHECK_INT(ask(fixture, "POST", "/api/v1/samples", body), 413);
    memset(body + used, ' ', size - used);
    memcpy(body + size, "\"}", 3);
    CHECK_INT(ask(fixture, "POST", "/api/v1/registry/cylinder/import", body), 413);
    free(body);
    fg_fixture_web_stop(fixture);
}

TEST("only registrars change the registry; everybody who is signed in may look")
{
    static const char *const others[] = {"chen", "zhao", "admin"};
    struct fg_web_fixture *fixture = world(false, "li");

    CHECK_INT(ask(fixture, "PATCH", CYLINDER, NEW_CYLINDER), 200);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(fg_fixture_web_sign_in(fixture, others[i], FG_FIXTURE_PASSWORD), 200);
        CHECK_INT(ask(fixture, "PATCH", CYLINDER, "{\"version\":15,\"why\":\"x\",\"state\":\"lost\"}"), 403);
        CHECK_INT(ask(fixture, "PATCH", PLATE, "{\"version\":15,\"why\":\"x\",\"owner\":\"x\"}"), 403);
        CHECK_INT(ask(fixture, "POST", "/api/v1/registry/cylinder/import",
                      "{\"csv\":\"code\\n\",\"why\":\"x\",\"dry_run\":true}"),
                  403);
        CHECK_INT(ask(fixture, "POST", "/api/v1/operators/op-7/pin",
                      "{\"version\":0,\"why\":\"x\",\"pin\":\"246810\"}"),
                  403);
        CHECK_INT(ask(fixture, "GET", "/api/v1/registry/cylinder/HZ-1", NULL), 200);
    }
    fg_fixture_web_stop(fixture);
}
