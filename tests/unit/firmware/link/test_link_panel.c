/* How the link keeps its panel's certificate in sight: in the log, and for the page. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "firmware/link/link_panel.h"
#include "host/pki/ca.h"
#include "tests/lib/check.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

static char log_text[2000];

static void keep_line(void *context, const char *line)
{
    (void)context;
    (void)snprintf(log_text + strlen(log_text), sizeof(log_text) - strlen(log_text), "%s\n", line);
}

/* An authority's certificate stands for the panel's: who issued it does not matter here. Its name is the
 * folder's. */
static int64_t certificate_make(const char *folder, int64_t days)
{
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    struct fg_error error;

    CHECK_OK(fg_ca_create(fg_test_path(folder), "panel", now_ms - 400 * DAY_MS + HOUR_MS,
                          (uint32_t)(400 + days), &error),
             &error);
    return now_ms + days * DAY_MS + HOUR_MS;
}

static struct fg_link_condition look(const char *folder)
{
    static struct fg_link_config config; /* panel_listen is empty: nothing is served */
    struct fg_link_panel panel;
    struct fg_link_condition condition;
    char name[64];

    (void)snprintf(name, sizeof(name), "%s/ca.pem", folder);
    (void)snprintf(config.panel_certificate, sizeof(config.panel_certificate), "%s", fg_test_path(name));
    log_text[0] = '\0';
    fg_link_panel_start(&panel, &config, keep_line, NULL);
    fg_link_panel_tend(&panel);
    fg_link_panel_tend(&panel); /* the same is told once */
    fg_link_status_read(&panel.status, &condition);
    fg_link_panel_end(&panel);
    return condition;
}

TEST("the panel's certificate is told 30, 15 and 7 days before its end, and when it has ended")
{
    static const struct {
        const char *folder;
        int64_t days;
        const char *words;
    } ends[] = {{"in-29", 29, "the panel's certificate ends on "},
                {"in-14", 14, "in 14 days"},
                {"in-6", 6, "in 6 days"},
                {"over", -2, "the panel's certificate has ended on "}};
    struct fg_link_condition condition;
    int64_t end_ms = certificate_make("in-40", 40);

    condition = look("in-40");
    CHECK_TEXT(log_text, "");
    CHECK(condition.panel_certificate_end_ms >= end_ms - 2000 &&
          condition.panel_certificate_end_ms <= end_ms + 2000);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        end_ms = certificate_make(ends[i].folder, ends[i].days);
        condition = look(ends[i].folder);
        CHECK_HAS(log_text, ends[i].words);
        CHECK(strchr(log_text, '\n') == strrchr(log_text, '\n'));
        CHECK(condition.panel_certificate_end_ms <= end_ms + 2000);
    }
}

TEST("a contact with the next hop, or a failure, does not lose what is known of certificates")
{
    struct fg_link_status status;
    struct fg_link_condition condition;

    fg_link_status_start(&status);
    fg_link_status_certificate(&status, 1000);
    fg_link_status_panel_certificate(&status, 2000);
    fg_link_status_bad(&status, "no route");
    fg_link_status_good(&status, 3000);
    fg_link_status_read(&status, &condition);
    CHECK_INT(condition.certificate_end_ms, 1000);
    CHECK_INT(condition.panel_certificate_end_ms, 2000);
    CHECK(condition.connected);
    CHECK_TEXT(condition.text, "");
    fg_link_status_end(&status);
}
