/* The device's own certificate (link_certificate.h). */
#include "firmware/link/link_certificate.h"

#include "lib/crypto/certificate_file.h"
#include "proto/hop/authority_update.h"
#include "proto/hop/join.h"
#include "proto/key/enrol.h"

#define DAY_MS INT64_C(86400000)
#define WAY_BACK                                                                                             \
    "get a new one-time code from the bureau and run fillgate controller enrol again in the same "           \
    "directory; "                                                                                            \
    "keys and entries stay"

static enum fg_err renew(struct fg_link_context *link, int64_t end_ms, struct fg_error *error)
{
    struct fg_renewal renewal = {.role = FG_ROLE_CONTROLLER,
                                 .key_path = link->config.key_path,
                                 .certificate_path = link->config.certificate_path,
                                 .ca_path = link->config.ca_path,
                                 .now_ms = fg_link_now_ms(link)};
    enum fg_err code = fg_link_connect(link, error);

    if (code == FG_OK)
        code = fg_certificate_renew(link->https, &renewal, error);
    if (code != FG_OK)
        return fg_fail_in(error, code, "certificate (it ends in %lld days) could not be renewed: ",
                          (long long)((end_ms - fg_link_now_ms(link)) / DAY_MS));
    fg_link_tell(link, FG_LINK_SAY_RENEW, "certificate renewed");
    fg_link_disconnect(link);
    return FG_OK;
}

enum fg_err fg_link_read_certificate(struct fg_link_context *link, struct fg_error *error)
{
    return fg_certificate_times(link->config.certificate_path, &link->certificate_begin_ms,
                                &link->certificate_end_ms, error);
}

/* The device has joined again: the next connection shows the new one. */
static void drop_old_connection(struct fg_link_context *link)
{
    struct fg_digest digest;

    if (link->https == NULL ||
        fg_certificate_file_digest(link->config.certificate_path, &digest, NULL) != FG_OK ||
        fg_bytes_equal(&digest, &link->https_certificate, sizeof(digest)))
        return;
    fg_link_disconnect(link);
}

static void say_certificate(struct fg_link_context *link, struct fg_certificate_watch *watch)
{
    char line[FG_CERTIFICATE_LINE];

    if (fg_certificate_watch_look(watch, link->config.certificate_path, "this point's certificate",
                                  fg_link_now_ms(link), line))
        link->say(link->say_context, line);
    fg_link_status_certificate(link->status, watch->end_ms);
}

/* Of an authority that is in force, and of the one that issues now? */
static enum fg_err issuer_look(const struct fg_link_context *link, bool *ret_outgrown, struct fg_error *error)
{
    enum fg_err code =
        fg_authority_outgrown(link->config.ca_path, link->config.certificate_path, ret_outgrown, error);

    return code == FG_E_AUTH ? fg_fail(error, code, "its authority is no longer in force: " WAY_BACK) : code;
}

void fg_link_follow_certificate(struct fg_link_context *link, struct fg_certificate_watch *watch)
{
    struct fg_error error = {0};
    bool outgrown = false;
    enum fg_err code = fg_link_read_certificate(link, &error);

    drop_old_connection(link);
    if (code == FG_OK && link->certificate_end_ms <= fg_link_now_ms(link))
        code = fg_fail(&error, FG_E_EXPIRED, "it has ended: " WAY_BACK);
    if (code == FG_OK)
        code = issuer_look(link, &outgrown, &error);
    if (code == FG_OK && (outgrown || link->certificate_end_ms - fg_link_now_ms(link) <
                                          (int64_t)link->config.renew_days * DAY_MS))
        code = renew(link, link->certificate_end_ms, &error);
    say_certificate(link, watch);
    if (code == FG_OK) {
        fg_link_job_done(link, FG_LINK_RENEW);
        return;
    }
    fg_link_tell(link, FG_LINK_SAY_RENEW, "certificate: %s", error.text);
    fg_link_job_failed(link, FG_LINK_RENEW, code);
}
