/* Publishing lists from the pages, on both back ends: a supervisor's word makes a list that the stations
 * can take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/fixture/host/web_fixture.h"

static struct fg_web_fixture *world(bool postgres, const char *who)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);

    fg_fixture_web_user(fixture, "li", "registrar");
    fg_fixture_web_user(fixture, "chen", "auditor");
    fg_fixture_web_user(fixture, "zhao", "supervisor");
    fg_fixture_sql_run(fixture->sql,
                       "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, "
                       "list_medium, list_days, rules) VALUES ('S1', '', '', '', 0, 0, 0, 30, '[rules]\n"
                       "station = S1\nmedia = cng\n')");
    CHECK_INT(fg_fixture_web_sign_in(fixture, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(
        fg_fixture_web_ask(
            fixture, "PATCH", "/api/v1/cylinders/HZ-1",
            "{\"version\":0,\"why\":\"new\",\"state\":\"in_service\",\"medium\":\"cng\",\"nominal_kpa\":"
            "\"20000\",\"capacity_dl\":\"700\",\"uid\":\"04000000000001\",\"inspection_due\":"
            "\"2027-06-01\"}",
            NULL),
        200);
    CHECK_INT(fg_fixture_web_sign_in(fixture, who, FG_FIXTURE_PASSWORD), 200);
    return fixture;
}

static int publish(struct fg_web_fixture *fixture, const char *id, bool force)
{
    char path[80];

    (void)snprintf(path, sizeof(path), "/api/v1/lists/%s/publish", id);
    return fg_fixture_web_ask(fixture, "POST", path, force ? "{\"force\":true}" : "{\"force\":false}", NULL);
}

static void published(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "zhao");
    char file[300];

    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/lists", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"can_publish\":true");
    CHECK_HAS(fixture->answer, "\"id\":\"S1\",\"version\":0");
    CHECK_INT(publish(fixture, "S1", false), 200);
    CHECK_HAS(fixture->answer, "\"published\":true");
    CHECK_HAS(fixture->answer, "\"version\":1,\"rows\":1");
    (void)snprintf(file, sizeof(file), "%s/S1/1.fgl", fixture->list_directory);
    CHECK_INT(access(file, R_OK), 0);
    CHECK_INT(publish(fixture, "S1", false), 200);
    CHECK_HAS(fixture->answer, "\"published\":false"); /* nothing has changed */
    CHECK_INT(publish(fixture, "S1", true), 200);
    CHECK_HAS(fixture->answer, "\"version\":2");
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/lists", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"id\":\"S1\",\"version\":2");
    CHECK_HAS(fixture->answer, "\"who\":\"zhao\"");
    CHECK_INT(publish(fixture, "S9", false), 404);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM trail WHERE action = 'PUBLISH'"), 4);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a supervisor publishes a list, once for each change, and the version says who")
{
    published(false);
}
TEST("PostgreSQL: a supervisor publishes a list, once for each change, and the version says who")
{
    published(true);
}

TEST("without the key that signs lists nothing is published, and no version is used up")
{
    struct fg_web_fixture *fixture = world(false, "zhao");

    CHECK_INT(unlink(fixture->list_key), 0);
    CHECK_INT(publish(fixture, "S1", false), 503);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM list_version"), 0);
    fg_fixture_web_stop(fixture);
}

TEST("with a clock in doubt the pages publish only for who insists, and the trail has that")
{
    struct fg_web_fixture *fixture = world(false, "zhao");

    fg_fixture_sql_run(
        fixture->sql,
        "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, expires_ms, "
        "published_ms, who) VALUES ('S2', 1, '', '', 0, 0, 0, 9000000000000, 'x')");
    CHECK_INT(publish(fixture, "S1", true), 409);
    CHECK_HAS(fixture->answer, "CLOCK_DOUBT");
    CHECK_HAS(fixture->answer, "was it set back?");
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM list_version WHERE list_id = 'S1'"),
              0);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/lists/S1/publish",
                                 "{\"force\":true,\"insist\":true}", NULL),
              200);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM trail WHERE action = 'PUBLISH' AND detail "
                                    "LIKE '%insist=true%'"),
              1);
    fg_fixture_web_stop(fixture);
}

TEST("only supervisors publish")
{
    static const char *const others[] = {"chen", "li"};
    struct fg_web_fixture *fixture = world(false, "li");

    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(fg_fixture_web_sign_in(fixture, others[i], FG_FIXTURE_PASSWORD), 200);
        CHECK_INT(publish(fixture, "S1", true), 403);
        CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM list_version"), 0);
        CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/lists", NULL, NULL), 200);
    }
    fg_fixture_web_stop(fixture);
}
