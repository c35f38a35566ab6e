/* When a certificate's end is told: 30, 15 and 7 days ahead, then daily, and again after a renewal. */
#include <stdio.h>
#include <string.h>

#include "host/pki/ca.h"
#include "lib/crypto/certificate_watch.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795392000000) /* 2026-11-23 */
#define DAY_MS INT64_C(86400000)

static char line[FG_CERTIFICATE_LINE];

/* An authority's certificate that ends in so many days, as DIR/NAME/ca.pem. */
static void make(const char *name, uint32_t days)
{
    struct fg_error error;

    CHECK_OK(fg_ca_create(fg_test_path(name), "test", NOW_MS, days, &error), &error);
}

static bool look(struct fg_certificate_watch *watch, const char *name, int64_t day)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/ca.pem", name);
    return fg_certificate_watch_look(watch, fg_test_path(path), "the certificate",
                                     NOW_MS + day * DAY_MS + 1000, line);
}

TEST("a certificate's end is told 30, 15 and 7 days ahead, then each day, also when it has passed")
{
    static const int64_t expected[] = {70, 85, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102};
    struct fg_certificate_watch watch = {0};
    size_t told = 0;

    make("ca", 100);
    for (int64_t day = 0; day <= 102; day++) {
        if (!look(&watch, "ca", day) || look(&watch, "ca", day))
            continue;
        CHECK(told < sizeof(expected) / sizeof(expected[0]));
        CHECK_INT(day, expected[told]);
        told++;
        if (day == 70)
            CHECK_HAS(line, "the certificate ends on 2027-03-03, in 29 days");
        if (day == 100)
            CHECK_HAS(line, "has ended on 2027-03-03");
    }
    CHECK_INT(told, sizeof(expected) / sizeof(expected[0]));
}

TEST("what is told first is told at once, whenever the watch begins, and again when a renewed one comes to "
     "its end")
{
    struct fg_certificate_watch watch = {0};

    make("ca", 100);
    make("next", 200);
    CHECK(look(&watch, "ca", 90));
    CHECK(!look(&watch, "next", 90));
    CHECK(look(&watch, "next", 171));
    CHECK_HAS(line, "in 28 days");
}

TEST("a certificate that cannot be read is told once, and when it is there again its end counts")
{
    struct fg_certificate_watch watch = {0};

    make("ca", 100);
    CHECK(look(&watch, "none", 0));
    CHECK_HAS(line, "the certificate: ");
    CHECK(!look(&watch, "none", 1));
    CHECK(look(&watch, "ca", 90));
    CHECK(look(&watch, "none", 91));
}
