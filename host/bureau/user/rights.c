/* The rights of roles (rights.h): a table, and nothing else decides. A role that it does not name may do
 * nothing. */
#include "host/bureau/user/rights.h"

#include <string.h>

#define BIT(right) (UINT32_C(1) << FG_WEB_MAY_##right)

/* The registry, its supervision and the users are changed by three different people: who may name the users
 * can neither change a cylinder nor close a case, and an auditor changes nothing. */
static const struct {
    const char *role;
    uint32_t rights;
} roles[] = {
    {"auditor", BIT(READ) | BIT(EXPORT) | BIT(VERIFY) | BIT(SAMPLE) | BIT(TRAIL)},
    {"registrar", BIT(READ) | BIT(REGISTRY)},
    {"supervisor",
     BIT(READ) | BIT(EXPORT) | BIT(VERIFY) | BIT(SAMPLE) | BIT(TRAIL) | BIT(CASES) | BIT(PUBLISH)},
    {"administrator", BIT(READ) | BIT(TRAIL) | BIT(USERS) | BIT(DEVICES)},
};

bool fg_web_user_may(const struct fg_web_user *user, enum fg_web_right right)
{
    if ((unsigned)right >= FG_WEB_RIGHT_COUNT)
        return false;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].role, user->role) == 0)
            return (roles[i].rights >> right & 1) != 0;
    }
    return false;
}
