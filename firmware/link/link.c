/* The link's lifetime, turn, log, clock and connection (link.h, private.h). */
#include "firmware/link/link.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "firmware/link/private.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/network_time.h"
#include "proto/hop/authority_update.h"
#include "proto/hop/join.h"
#include "proto/key/enrol.h"

#define REPEAT_MS 600000
#define DAY_MS INT64_C(86400000)
#define WAY_BACK                                                                                             \
    "get a new one-time code from the bureau and run fillgate controller enrol again in the same "           \
    "directory; "                                                                                            \
    "keys and entries stay"

/* ---- log, chance, clock ---- */

void fg_link_tell(struct fg_link *link, enum fg_link_topic topic, const char *format, ...)
{
    char line[sizeof(link->said[0])];
    int64_t now = fg_mono_ms();
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    if (strcmp(line, link->said[topic]) == 0 && now - link->said_mono_ms[topic] < REPEAT_MS)
        return;
    memcpy(link->said[topic], line, sizeof(line));
    link->said_mono_ms[topic] = now;
    link->say(link->say_context, line);
}

void fg_link_forget(struct fg_link *link, enum fg_link_topic topic)
{
    link->said[topic][0] = '\0';
}

uint32_t fg_link_random(void)
{
    uint32_t random = 0;

    /* Only spreads calls in time: without it nothing but the spreading is lost. */
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
        random = (uint32_t)fg_mono_ns();
    return random;
}

int64_t fg_link_now_ms(const struct fg_link *link)
{
    struct fg_network_time known = {.certificate_begin_ms = link->certificate_begin_ms,
                                    .certificate_end_ms = link->certificate_end_ms,
                                    .list_ms = link->list_ms};
    struct timespec wall = {0};

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    known.wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
    if (link->state_known) {
        known.synchronised = link->state.clock_quality == FG_CLOCK_SYNCHRONISED;
        if (link->state.clock_quality != FG_CLOCK_UNKNOWN && known.wall_ms < link->state.wall_ms)
            known.wall_ms = link->state.wall_ms;
    }
    return fg_network_time_ms(&known);
}

static int64_t now_of(void *context)
{
    return fg_link_now_ms(context);
}

/* ---- connections ---- */

struct fg_https_settings fg_link_connection_settings(struct fg_link *link)
{
    const struct fg_link_config *config = &link->config;
    struct fg_https_settings settings = {
        .url = config->url,
        .peer_name = config->peer_name[0] == '\0' ? NULL : config->peer_name,
        .ca_path = config->ca_path,
        .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
        .certificate_path = config->certificate_path,
        .key_path = config->key_path,
        .now_ms = now_of,
        .now_context = link,
        .connect_max_ms = config->connect_max_ms,
        .write_max_ms = config->write_max_ms,
        .first_byte_max_ms = config->first_byte_max_ms,
        .whole_max_ms = config->whole_max_ms,
    };

    return settings;
}

enum fg_err fg_link_connection(struct fg_link *link, struct fg_error *error)
{
    struct fg_https_settings settings = fg_link_connection_settings(link);

    if (link->https != NULL)
        return FG_OK;
    /* Before and not after: when another one comes meanwhile, the next look finds that it is another. */
    memset(&link->https_certificate, 0, sizeof(link->https_certificate));
    (void)fg_certificate_file_digest(link->config.certificate_path, &link->https_certificate, NULL);
    return fg_https_new(&settings, &link->https, error);
}

enum fg_err fg_link_ask_control(struct fg_link *link, const struct fg_control_request *request,
                                uint32_t deadline_ms, struct fg_error *error)
{
    enum fg_err code =
        fg_control_call(link->config.control_socket, request, &link->answer, deadline_ms, error);

    if (code != FG_OK)
        return code;
    if (link->answer.result != FG_OK)
        return fg_fail(error, link->answer.result, "fillgated: %.300s", link->answer.text);
    return FG_OK;
}

/* ---- certificate ---- */

static enum fg_err renew(struct fg_link *link, int64_t end_ms, struct fg_error *error)
{
    struct fg_renewal renewal = {.role = FG_ROLE_CONTROLLER,
                                 .key_path = link->config.key_path,
                                 .certificate_path = link->config.certificate_path,
                                 .ca_path = link->config.ca_path,
                                 .now_ms = fg_link_now_ms(link)};
    enum fg_err code = fg_link_connection(link, error);

    if (code == FG_OK)
        code = fg_certificate_renew(link->https, &renewal, error);
    if (code != FG_OK)
        return fg_fail_in(error, code, "certificate (it ends in %lld days) could not be renewed: ",
                          (long long)((end_ms - fg_link_now_ms(link)) / DAY_MS));
    fg_link_tell(link, FG_LINK_SAY_RENEW, "certificate renewed");
    fg_https_free(link->https);
    link->https = NULL;
    return FG_OK;
}

static enum fg_err certificate_look(struct fg_link *link, struct fg_error *error)
{
    return fg_certificate_times(link->config.certificate_path, &link->certificate_begin_ms,
                                &link->certificate_end_ms, error);
}

/* The device has joined again: the next connection shows the new one. */
static void follow_certificate(struct fg_link *link)
{
    struct fg_digest digest;

    if (link->https == NULL ||
        fg_certificate_file_digest(link->config.certificate_path, &digest, NULL) != FG_OK ||
        fg_bytes_equal(&digest, &link->https_certificate, sizeof(digest)))
        return;
    fg_https_free(link->https);
    link->https = NULL;
}

static void say_certificate(struct fg_link *link)
{
    char line[FG_CERTIFICATE_LINE];

    if (fg_certificate_watch_look(&link->certificate, link->config.certificate_path,
                                  "this point's certificate", fg_link_now_ms(link), line))
        link->say(link->say_context, line);
    fg_link_status_certificate(link->status, link->certificate.end_ms);
}

/* Of an authority that is in force, and of the one that issues now? */
static enum fg_err issuer_look(const struct fg_link *link, bool *ret_outgrown, struct fg_error *error)
{
    enum fg_err code =
        fg_authority_outgrown(link->config.ca_path, link->config.certificate_path, ret_outgrown, error);

    return code == FG_E_AUTH ? fg_fail(error, code, "its authority is no longer in force: " WAY_BACK) : code;
}

static void watch_certificate(struct fg_link *link)
{
    struct fg_error error = {0};
    bool outgrown = false;
    enum fg_err code = certificate_look(link, &error);

    follow_certificate(link);
    if (code == FG_OK && link->certificate_end_ms <= fg_link_now_ms(link))
        code = fg_fail(&error, FG_E_EXPIRED, "it has ended: " WAY_BACK);
    if (code == FG_OK)
        code = issuer_look(link, &outgrown, &error);
    if (code == FG_OK && (outgrown || link->certificate_end_ms - fg_link_now_ms(link) <
                                          (int64_t)link->config.renew_days * DAY_MS))
        code = renew(link, link->certificate_end_ms, &error);
    say_certificate(link);
    if (code == FG_OK) {
        fg_link_plan_done(&link->plan, &link->config.times, FG_LINK_RENEW, fg_mono_ms(), fg_link_random());
        return;
    }
    fg_link_tell(link, FG_LINK_SAY_RENEW, "certificate: %s", error.text);
    fg_link_plan_failed(&link->plan, &link->config.times, FG_LINK_RENEW, code, fg_mono_ms(),
                        fg_link_random());
}

/* ---- turn ---- */

static bool ask_state(struct fg_link *link)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_error error = {0};
    enum fg_err code = fg_link_ask_control(link, &request, FG_LINK_CONTROL_MAX_MS, &error);

    link->state_known = code == FG_OK && link->answer.has_state;
    if (!link->state_known) {
        fg_link_tell(link, FG_LINK_SAY_CONTROL, "fillgated does not answer: %s", error.text);
        return false;
    }
    link->state = link->answer.state;
    fg_link_forget(link, FG_LINK_SAY_CONTROL);
    return true;
}

bool fg_link_turn(struct fg_link *link)
{
    struct fg_link_facts facts = {0};
    bool known = link->state_known;

    if (ask_state(link)) {
        if (!known)
            fg_link_keys_want(link);
        facts.last_sequence = link->state.journal_last_sequence;
        facts.unsent = link->state.journal_unsent;
        if (!fg_link_hand_over_keys(link))
            (void)fg_link_hand_over(link);
    }
    switch (fg_link_plan_next(&link->plan, &facts, fg_mono_ms())) {
    case FG_LINK_PUSH:
        fg_link_push(link);
        return true;
    case FG_LINK_REPORT:
        fg_link_report(link);
        return true;
    case FG_LINK_LIST:
        fg_link_fetch_list(link);
        return true;
    case FG_LINK_RENEW:
        watch_certificate(link);
        return true;
    default:
        return false;
    }
}

/* ---- lifetime ---- */

static enum fg_err make_directory(struct fg_link *link, struct fg_error *error)
{
    char *absolute;
    enum fg_err code = FG_OK;

    if (mkdir(link->config.work_directory, 0750) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: the work directory cannot be made: %s",
                       link->config.work_directory, strerror(errno));
    absolute = realpath(link->config.work_directory, NULL);
    if (absolute == NULL)
        return fg_fail(error, FG_E_IO, "%s: %s", link->config.work_directory, strerror(errno));
    /* Names of up to 64 characters are put behind it. */
    if (strlen(absolute) + 64 > FG_CONTROL_PATH_MAX)
        code = fg_fail(error, FG_E_SIZE, "%s: the path of the work directory is too long", absolute);
    else
        memcpy(link->work_directory, absolute, strlen(absolute) + 1);
    free(absolute);
    return code;
}

/* Without any key every list is refused. */
static enum fg_err open_list(struct fg_link *link, struct fg_error *error)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_manifest manifest;
    char path[FG_CONTROL_PATH_MAX + 1];
    size_t count;
    enum fg_err code;

    fg_link_keys_start(link);
    (void)certificate_look(link, NULL); /* looked at again, and complained of, with the first turn */
    count = fg_link_list_keys(link, keys);
    (void)snprintf(path, sizeof(path), "%.*s/list.db", FG_CONTROL_PATH_MAX - 16, link->work_directory);
    code = fg_list_open(path, NULL, keys, count, &link->list, error);
    if (code == FG_OK)
        code = fg_list_pin(link->list, link->config.list_id, link->config.list_station, error);
    if (code == FG_OK && fg_list_manifest(link->list, &manifest, NULL) == FG_OK)
        link->list_ms = manifest.issued_ms;
    return code;
}

enum fg_err fg_link_new(const struct fg_link_config *config, fg_link_say say, void *say_context,
                        struct fg_link **ret_link, struct fg_error *error)
{
    struct fg_link *link = calloc(1, sizeof(*link));
    enum fg_err code;

    if (link == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the link");
    link->config = *config;
    link->say = say;
    link->say_context = say_context;
    fg_link_plan_start(&link->plan);
    code = make_directory(link, error);
    if (code == FG_OK)
        code = open_list(link, error);
    if (code != FG_OK) {
        fg_link_free(link);
        return code;
    }
    *ret_link = link;
    return FG_OK;
}

void fg_link_watch(struct fg_link *link, struct fg_link_status *status)
{
    link->status = status;
}

void fg_link_free(struct fg_link *link)
{
    if (link == NULL)
        return;
    fg_https_free(link->https);
    fg_list_close(link->list);
    free(link);
}
