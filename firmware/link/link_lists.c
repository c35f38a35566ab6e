/* Lists from the next hop, and to fillgated (link_lists.h). */
#include "firmware/link/link_lists.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/link/link_authority.h"
#include "lib/base/backoff.h"
#include "lib/base/monotime.h"
#include "lib/base/random.h"
#include "lib/list/list_update.h"

/* An import of a large list takes a while on a small board. */
#define IMPORT_MAX_MS 300000

static const char *const ways[] = {"nothing new", "delta", "repair", "whole file"};

static void tell_update(struct fg_link_context *link, const struct fg_list_update_result *result,
                        struct fg_link_hand_over *hand_over)
{
    if (result->way == FG_LIST_UPDATE_NONE) {
        fg_link_forget(link, FG_LINK_SAY_LIST);
        return;
    }
    fg_link_tell(link, FG_LINK_SAY_LIST,
                 "list %s version %llu fetched after %llu by %s: %u buckets, %llu bytes",
                 result->manifest.list_id, (unsigned long long)result->manifest.version,
                 (unsigned long long)result->version_before, ways[result->way], result->buckets_fetched,
                 (unsigned long long)result->bytes_fetched);
    hand_over->due_mono_ms = 0;
    hand_over->failures = 0;
    hand_over->delta_failed = false;
}

void fg_link_fetch_list(struct fg_link_context *link, struct fg_link_keys *keys,
                        struct fg_link_hand_over *hand_over)
{
    struct fg_list_https context = {0};
    struct fg_list_update_result result;
    struct fg_list_source source;
    struct fg_error error = {0};
    enum fg_err code = fg_link_fetch_authorities(link, &error);

    /* Then the keys, so that a manifest of a new one is understood. */
    if (code == FG_OK)
        code = fg_link_fetch_keys(link, keys, &error);
    if (code == FG_OK) {
        context.https = link->https;
        memcpy(context.list_id, link->config.list_id, sizeof(context.list_id));
        fg_list_https_source(&context, &source);
        code = fg_list_update(link->list, link->config.list_id, &source, link->work_directory,
                              fg_link_now_ms(link), &result, &error);
    }
    if (code != FG_OK) {
        fg_link_tell(link, FG_LINK_SAY_LIST, "list not fetched: %s", error.text);
        fg_link_status_bad(link->status, error.text);
        fg_link_job_failed(link, FG_LINK_LIST, code);
        return;
    }
    fg_link_status_good(link->status, fg_link_now_ms(link));
    link->list_ms = result.manifest.issued_ms;
    tell_update(link, &result, hand_over);
    fg_link_job_done(link, FG_LINK_LIST);
}

/* ---- to fillgated ---- */

static bool is_wanted(const struct fg_link_context *link, const struct fg_manifest *own)
{
    const struct fg_control_state *state = &link->state;

    return state->list_state != FG_LIST_IN_FORCE || strcmp(state->list_id, own->list_id) != 0 ||
           own->version > state->list_version;
}

/* The delta that leads from fillgated's version to ours, if the last update left it. */
static bool find_delta(const struct fg_link_context *link, const struct fg_link_hand_over *hand_over,
                       const struct fg_manifest *own, char *ret_path, size_t size)
{
    if (hand_over->delta_failed || link->state.list_state != FG_LIST_IN_FORCE ||
        strcmp(link->state.list_id, own->list_id) != 0)
        return false;
    (void)snprintf(ret_path, size, "%s/%llu-%llu.fgd", link->work_directory,
                   (unsigned long long)link->state.list_version, (unsigned long long)own->version);
    return access(ret_path, R_OK) == 0;
}

static enum fg_err give_file(struct fg_link_context *link, const char *path, struct fg_error *error)
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};

    if (strlen(path) >= sizeof(request.path))
        return fg_fail(error, FG_E_SIZE, "%s: path too long for the controller", path);
    memcpy(request.path, path, strlen(path) + 1);
    return fg_link_ask_control(link, &request, IMPORT_MAX_MS, error);
}

static enum fg_err give_whole(struct fg_link_context *link, struct fg_error *error)
{
    char path[FG_LINK_PATH_BYTES];
    struct fg_manifest manifest;
    enum fg_err code;

    (void)snprintf(path, sizeof(path), "%s/hand-over.fgl", link->work_directory);
    code = fg_list_export(link->list, path, &manifest, error);
    if (code != FG_OK)
        return code;
    code = give_file(link, path, error);
    (void)unlink(path);
    return code;
}

static void hand_over_failed(struct fg_link_context *link, struct fg_link_keys *keys,
                             struct fg_link_hand_over *hand_over, enum fg_err code, bool by_delta,
                             const struct fg_error *error)
{
    /* A fill under way is no failure: it ends within minutes. */
    if (code == FG_E_BUSY) {
        hand_over->due_mono_ms = fg_mono_ms() + FG_LINK_RETRY_MIN_MS;
        return;
    }
    fg_link_tell(link, FG_LINK_SAY_HAND_OVER, "list not handed over%s: %s", by_delta ? " as delta" : "",
                 error->text);
    /* Whatever is wrong with the delta, the whole list does not need it. */
    if (by_delta && code != FG_E_GONE && code != FG_E_TIMEOUT) {
        hand_over->delta_failed = true;
        hand_over->due_mono_ms = 0;
        return;
    }
    if (code == FG_E_AUTH)
        fg_link_keys_want(keys);
    hand_over->failures++;
    hand_over->due_mono_ms = fg_mono_ms() + fg_backoff_ms(hand_over->failures, FG_LINK_RETRY_MIN_MS,
                                                          FG_LINK_RETRY_MAX_MS, fg_random_spread());
}

bool fg_link_hand_over_list(struct fg_link_context *link, struct fg_link_keys *keys,
                            struct fg_link_hand_over *hand_over)
{
    char path[FG_LINK_PATH_BYTES];
    struct fg_manifest own;
    struct fg_error error = {0};
    bool by_delta;
    enum fg_err code;

    if (fg_mono_ms() < hand_over->due_mono_ms || fg_list_manifest(link->list, &own, NULL) != FG_OK ||
        !is_wanted(link, &own))
        return false;
    by_delta = find_delta(link, hand_over, &own, path, sizeof(path));
    code = by_delta ? give_file(link, path, &error) : give_whole(link, &error);
    if (code != FG_OK) {
        hand_over_failed(link, keys, hand_over, code, by_delta, &error);
        return true;
    }
    hand_over->failures = 0;
    hand_over->delta_failed = false;
    fg_link_forget(link, FG_LINK_SAY_HAND_OVER);
    fg_link_tell(link, FG_LINK_SAY_HAND_OVER, "list %s version %llu handed over %s", own.list_id,
                 (unsigned long long)own.version, by_delta ? "as delta" : "whole");
    return true;
}
