/* The two switches of secrecy.h. */
#include "lib/system/secrecy.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum fg_err fg_secrecy_start(struct fg_error *error)
{
    static const struct rlimit none = {0, 0};

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fg_fail(error, FG_E_IO, "the process's memory cannot be kept from others: %s",
                       strerror(errno));
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return fg_fail(error, FG_E_IO, "core dumps cannot be switched off: %s", strerror(errno));
    return FG_OK;
}
