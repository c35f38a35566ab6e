/* The log, the clock and the connections that the jobs share (link_context.h). */
#include "firmware/link/link_context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/monotime.h"
#include "lib/base/random.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/network_time.h"

#define REPEAT_MS 600000

/* ---- log, chance, clock ---- */

void fg_link_tell(struct fg_link_context *link, enum fg_link_topic topic, const char *format, ...)
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

void fg_link_forget(struct fg_link_context *link, enum fg_link_topic topic)
{
    link->said[topic][0] = '\0';
}

int64_t fg_link_now_ms(const struct fg_link_context *link)
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

/* ---- plan ---- */

void fg_link_job_done(struct fg_link_context *link, enum fg_link_job job)
{
    fg_link_plan_done(&link->plan, &link->config.times, job, fg_mono_ms(), fg_random_spread());
}

void fg_link_job_failed(struct fg_link_context *link, enum fg_link_job job, enum fg_err code)
{
    fg_link_plan_failed(&link->plan, &link->config.times, job, code, fg_mono_ms(), fg_random_spread());
}

/* ---- connections ---- */

struct fg_https_settings fg_link_connection_settings(struct fg_link_context *link)
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

enum fg_err fg_link_connect(struct fg_link_context *link, struct fg_error *error)
{
    struct fg_https_settings settings = fg_link_connection_settings(link);

    if (link->https != NULL)
        return FG_OK;
    /* Before and not after: when another one comes meanwhile, the next look finds that it is another. */
    memset(&link->https_certificate, 0, sizeof(link->https_certificate));
    (void)fg_certificate_file_digest(link->config.certificate_path, &link->https_certificate, NULL);
    return fg_https_new(&settings, &link->https, error);
}

void fg_link_disconnect(struct fg_link_context *link)
{
    fg_https_free(link->https);
    link->https = NULL;
}

enum fg_err fg_link_ask_control(struct fg_link_context *link, const struct fg_control_request *request,
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
