/* The link's lifetime and turn (link.h). */
#include "firmware/link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "firmware/link/link_certificate.h"
#include "firmware/link/link_context.h"
#include "firmware/link/link_keys.h"
#include "firmware/link/link_lists.h"
#include "firmware/link/link_push.h"
#include "firmware/link/link_report.h"
#include "lib/base/monotime.h"

struct fg_link {
    struct fg_link_context context;
    /* What each job remembers of its own. */
    struct fg_link_keys keys;
    struct fg_link_hand_over hand_over;
    struct fg_link_offset offset;
    struct fg_certificate_watch certificate;
};

/* ---- turn ---- */

static bool ask_state(struct fg_link_context *link)
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
    struct fg_link_context *context = &link->context;
    struct fg_link_facts facts = {0};
    bool known = context->state_known;

    if (ask_state(context)) {
        if (!known)
            fg_link_keys_want(&link->keys);
        facts.last_sequence = context->state.journal_last_sequence;
        facts.unsent = context->state.journal_unsent;
        if (!fg_link_hand_over_keys(context, &link->keys))
            (void)fg_link_hand_over_list(context, &link->keys, &link->hand_over);
    }
    switch (fg_link_plan_next(&context->plan, &facts, fg_mono_ms())) {
    case FG_LINK_PUSH:
        fg_link_push(context);
        return true;
    case FG_LINK_REPORT:
        fg_link_report(context, &link->offset);
        return true;
    case FG_LINK_LIST:
        fg_link_fetch_list(context, &link->keys, &link->hand_over);
        return true;
    case FG_LINK_RENEW:
        fg_link_follow_certificate(context, &link->certificate);
        return true;
    default:
        return false;
    }
}

/* ---- lifetime ---- */

static enum fg_err make_directory(struct fg_link_context *link, struct fg_error *error)
{
    char *absolute;
    enum fg_err code = FG_OK;

    if (mkdir(link->config.work_directory, 0750) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: the work directory cannot be made: %s",
                       link->config.work_directory, strerror(errno));
    absolute = realpath(link->config.work_directory, NULL);
    if (absolute == NULL)
        return fg_fail(error, FG_E_IO, "%s: %s", link->config.work_directory, strerror(errno));
    /* Names of up to 64 characters follow it. */
    if (strlen(absolute) + 64 > FG_CONTROL_PATH_MAX)
        code = fg_fail(error, FG_E_SIZE, "%s: the path of the work directory is too long", absolute);
    else
        memcpy(link->work_directory, absolute, strlen(absolute) + 1);
    free(absolute);
    return code;
}

/* Without any key every list is refused. */
static enum fg_err open_list(struct fg_link_context *link, const struct fg_link_keys *keys,
                             struct fg_error *error)
{
    struct fg_public_key trusted[FG_KEYRING_KEYS_MAX];
    struct fg_manifest manifest;
    char path[FG_CONTROL_PATH_MAX + 1];
    size_t count = fg_link_list_keys(keys, trusted);
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%.*s/list.db", FG_CONTROL_PATH_MAX - 16, link->work_directory);
    code = fg_list_open(path, NULL, trusted, count, &link->list, error);
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
    link->context.config = *config;
    link->context.say = say;
    link->context.say_context = say_context;
    fg_link_plan_start(&link->context.plan);
    code = make_directory(&link->context, error);
    if (code == FG_OK) {
        fg_link_keys_start(&link->context, &link->keys);
        /* Read again, and complained of, with the first turn. */
        (void)fg_link_read_certificate(&link->context, NULL);
        code = open_list(&link->context, &link->keys, error);
    }
    if (code != FG_OK) {
        fg_link_free(link);
        return code;
    }
    *ret_link = link;
    return FG_OK;
}

void fg_link_watch(struct fg_link *link, struct fg_link_status *status)
{
    link->context.status = status;
}

void fg_link_free(struct fg_link *link)
{
    if (link == NULL)
        return;
    fg_link_disconnect(&link->context);
    fg_list_close(link->context.list);
    free(link);
}
