/* Changes of authorities from the next hop (link_authority.h). */
#include "firmware/link/link_authority.h"

#include "lib/base/monotime.h"
#include "proto/hop/authority_update.h"

enum fg_err fg_link_fetch_authorities(struct fg_link_context *link, struct fg_error *error)
{
    struct fg_https_settings settings = fg_link_connection_settings(link);
    struct fg_authority_update update;
    enum fg_err code = fg_link_connect(link, error);

    if (code != FG_OK)
        return code;
    code = fg_authority_update(link->https, &settings, false, &update, error);
    if (update.taken > 0) {
        fg_link_tell(link, FG_LINK_SAY_AUTHORITY, "authorities, version %llu, are in force",
                     (unsigned long long)update.version);
        fg_link_disconnect(link);
        link->plan.due_mono_ms[FG_LINK_RENEW] = fg_mono_ms(); /* the new one issues from now on */
    }
    if (code != FG_OK && !update.answered)
        return code;
    if (code != FG_OK)
        fg_link_tell(link, FG_LINK_SAY_AUTHORITY, "change of authorities not taken: %s", error->text);
    else if (update.taken == 0)
        fg_link_forget(link, FG_LINK_SAY_AUTHORITY);
    return fg_link_connect(link, error);
}
